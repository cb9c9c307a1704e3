"""What goes wrong with one API call: each fault by its name, and how to tell that it was met.

A killed process is played by `Killed`, which the double raises in the process under test. It is no
`Exception`, so nothing in the product can catch it: there is no `except BaseException`, and what
stands behind `finally` puts back variables, signal handlers and a timer, and calls nothing. Only
`test_killed_for_real.py` can tell more, and does: there the process gets a SIGKILL.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from emulation import errors, faults, wire
from recoverable_secrets.stores import aws as aws_store
from recoverable_secrets.stores import limits

if TYPE_CHECKING:
    from emulation import Aws

READS = ("DescribeSecret", "ListSecrets")
"""The calls that can show what was before the last write."""

_HASTY = int(aws_store.HASTY.retries["total_max_attempts"])  # type: ignore[attr-defined]


class Killed(BaseException):
    """The process is no more."""


@dataclass(frozen=True)
class Call:
    """One call of an undisturbed run.

    Attributes:
        number: Its place among all calls, from 1.
        action: AWS's name of it.
        nth: Its place among the calls of this name, from 1.
        service: Whose call it is.
    """

    number: int
    action: str
    nth: int
    service: str = wire.SECRETS_MANAGER

    @property
    def attempts(self) -> int:
        """How often the SDK makes it at most."""
        return _HASTY if self.service == wire.KMS else limits.CALL_ATTEMPTS

    def __str__(self) -> str:
        return f"{self.number} {self.action}"


def enumerated(actions: list[tuple[str, str]]) -> list[Call]:
    """Return calls from a log of services and actions."""
    names = [action for _, action in actions]
    return [
        Call(number, action, names[:number].count(action), service)
        for number, (service, action) in enumerate(actions, 1)
    ]


@dataclasses.dataclass
class Stale(faults.Fault):
    """A read that shows what was before the last write; it may be that nothing was.

    Attributes:
        lists: What ListSecrets showed then.
        shown: Whether an older answer was given.
    """

    lists: wire.Params | None = None
    shown: bool = False

    def before(self, aws: Aws, request: wire.Request) -> faults.Answer | None:
        """Answer from the past, if there is one."""
        if request.action == "ListSecrets":
            answer = self.lists and wire.success(request, self.lists)
        else:
            try:
                answer = aws.stale_answer(request)
            except errors.AwsError:
                self.shown = True
                raise
        self.shown = self.shown or answer is not None
        return answer


@dataclasses.dataclass
class Death(faults.Hook):
    """The process dies at this call."""

    died: bool = False

    def __post_init__(self) -> None:
        self.callback = self._die

    def _die(self, _: wire.Request) -> None:
        self.died = True
        raise Killed


Make = Callable[[Call], faults.Fault]


def _denied(call: Call) -> faults.Fault:
    text = f"User: x is not authorized to perform: {call.service}:{call.action}"
    return faults.Error(call.action, nth=call.nth, code="AccessDeniedException", message=text)


DISTURBANCES: Mapping[str, Make] = {
    "throttled once": lambda c: faults.Throttle(c.action, nth=c.nth),
    "throttled too often": lambda c: faults.Throttle(c.action, nth=c.nth, times=c.attempts),
    "500": lambda c: faults.InternalError(c.action, nth=c.nth),
    "reset before": lambda c: faults.ConnectionReset(c.action, nth=c.nth),
    "reset from here on": lambda c: faults.ConnectionReset(nth=c.number, times=None),
    "response lost": lambda c: faults.LostResponse(c.action, nth=c.nth),
    "responses lost": lambda c: faults.LostResponse(c.action, nth=c.nth, times=c.attempts),
    "denied": _denied,
    "stale": lambda c: Stale(c.action, nth=c.nth),
    "killed before": lambda c: Death(c.action, nth=c.nth),
    "killed after": lambda c: Death(c.action, nth=c.nth, when="after"),
}
"""Each fault by its name. "too often" is more than the SDK tries."""

SURVIVED = {"throttled once", "500", "reset before", "response lost"}
"""Those that the SDK's own retries overcome: the run has to succeed at once."""


CLOUDFORMATION = "cloudformation"


def apply_to(call: Call) -> list[str]:
    """Return which of them can meet a call. A read whose response is lost is as one not made."""
    if call.service == CLOUDFORMATION:
        return [name for name in DISTURBANCES if name != "stale" and "lost" not in name]
    return [name for name in DISTURBANCES if name != "stale" or call.action in READS]


class Disturbed(Protocol):
    """A stage on which something goes wrong."""

    @property
    def met(self) -> bool:
        """Whether the fault hit as many calls as it was to."""

    @property
    def pointless(self) -> bool:
        """Whether there was nothing older that a stale read could show."""


@dataclass(frozen=True)
class OnDouble:
    """A fault of the double."""

    fault: faults.Fault

    @property
    def met(self) -> bool:
        """Whether it hit as many calls as it was to."""
        if isinstance(self.fault, Death):
            return self.fault.died
        return self.fault._seen >= self.fault.nth + (self.fault.times or 1) - 1

    @property
    def pointless(self) -> bool:
        """Whether nothing older could be shown."""
        return isinstance(self.fault, Stale) and not self.fault.shown


def disturb(double: Aws, call: Call, name: str, lists: wire.Params | None = None) -> OnDouble:
    """Let something go wrong with a call of the double."""
    fault = double.inject(DISTURBANCES[name](call))
    if isinstance(fault, Stale):
        fault.lists = lists
    return OnDouble(fault)
