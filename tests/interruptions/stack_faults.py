"""What goes wrong with a call on CloudFormation, which the function asks about its stack."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from interruptions.disturbances import Call, Killed
from protocol import stacks
from protocol.world import REGION
from recoverable_secrets.stores import aws as aws_store


@dataclasses.dataclass
class Fault(stacks.Fault):
    """A fault that begins at a certain call.

    Attributes:
        nth: The first call of the action that it hits.
        seen: How many there were.
    """

    nth: int = 1
    seen: int = 0
    pointless = False

    def hits(self, action: str, stack: str) -> bool:
        """Count a call, and tell whether it applies."""
        if self.action not in {"*", action}:
            return False
        self.seen += 1
        return self.seen >= self.nth and (self.times is None or self.seen < self.nth + self.times)

    @property
    def met(self) -> bool:
        """Whether it hit as many calls as it was to."""
        return self.seen >= self.nth + (self.times or 1) - 1


KINDS: Mapping[str, stacks.Kind] = {
    "throttled": "throttle", "500": "internal", "reset": "reset", "denied": "denied",
}  # fmt: skip


def disturb(known: stacks.Stacks, call: Call, name: str) -> Fault:
    """Let a call go wrong."""
    times = call.attempts if "too often" in name else None if "from here on" in name else 1
    fault = Fault(KINDS[name.partition(" ")[0]], call.action, times, nth=call.nth)
    known.faults.append(fault)
    return fault


@dataclasses.dataclass
class Death:
    """The process dies around a call."""

    call: Call
    seen: int = 0
    met: bool = False
    pointless = False

    def meet(self, **_: Any) -> None:
        """Die, if this is the call."""
        self.seen += 1
        if self.seen == self.call.nth:
            self.met = True
            raise Killed


@contextlib.contextmanager
def killing(call: Call, name: str) -> Iterator[Death]:
    """Let the process die before or after a call, which the client tells of."""
    death = Death(call)
    when = "before" if name == "killed before" else "after"
    known = aws_store.open_store(aws_store.Connection()).client("cloudformation", REGION)
    at = f"{when}-call.cloudformation.{call.action}"
    known.meta.events.register_last(at, death.meet)
    try:
        yield death
    finally:
        known.meta.events.unregister(at, death.meet)
