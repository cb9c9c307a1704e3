"""The function in its world: AWS, the stacks, the receiver of its answers, and its sandboxes."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import importlib
import json
import sys
import threading
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from emulation import Aws, Record

from . import judge
from .context import FUNCTION, Context
from .passing import Passing
from .receiver import Put, Receiver
from .stacks import Call, Stacks

ACCOUNT = "111122223333"
REGION = "eu-central-1"
TYPE = "Custom::RecoverableSecret"
ENTRY = "lambda_handler.handler"

TROUBLES = {
    "ThrottlingException",
    "InternalServiceError",
    "connection reset",
    "response lost",
    "Throttling",
    "InternalFailure",
    "reset",
}
"""Outcomes of calls after which the SDK tries again."""

MISSING: Any = object()
"""In place of a key's content: the event does not have that key."""

Event = dict[str, Any]
Handler = Callable[[Event, Context], object]


class Sandbox:
    """One execution environment of the function: modules imported once, warm from then on.

    Two of them share no module of `lambda_handler`, as two in Lambda share nothing.
    """

    def __init__(self, entry: str = ENTRY) -> None:
        """Make a cold start."""
        self._package = entry.partition(".")[0]
        self._modules: dict[str, types.ModuleType] = {}
        with self._in_place():
            self.handler: Handler = importlib.import_module(entry).handler

    def __call__(self, event: Event, context: Context) -> object:
        """Run the handler; what it imports late stays in this sandbox."""
        with self._in_place():
            return self.handler(event, context)

    @contextlib.contextmanager
    def _in_place(self) -> Iterator[None]:
        others = _taken(self._package)
        sys.modules.update(self._modules)
        try:
            yield
        finally:
            self._modules = _taken(self._package)
            sys.modules.update(others)


def _taken(package: str) -> dict[str, types.ModuleType]:
    """Take a package's modules out of those that are imported."""
    if package not in sys.modules:
        return {}  # Looking through all of them takes a millisecond.
    names = [name for name in sys.modules if name.startswith(package)]
    return {name: sys.modules.pop(name) for name in names}


@dataclasses.dataclass(frozen=True)
class Delivery:
    """What came of delivering one event.

    Attributes:
        event: The event as it was sent.
        puts: What arrived at its ResponseURL.
        calls: The calls on Secrets Manager and STS.
        looks: The calls on CloudFormation.
        raised: What the handler raised.
        vanished: There was no secret with the event's id in this account and region.
    """

    event: Event
    puts: tuple[Put, ...]
    calls: tuple[Record, ...]
    looks: tuple[Call, ...]
    raised: BaseException | None
    vanished: bool

    @property
    def answer(self) -> dict[str, Any]:
        """The one answer; all that must hold of any answer is checked."""
        assert self.raised is None, f"the handler raised {self.raised!r}"
        wrong = list(judge.faults(self.event, self.puts, vanished=self.vanished))
        assert not wrong, f"{wrong}: {[put.body for put in self.puts]}"
        answer: dict[str, Any] = json.loads(self.puts[-1].body)
        return answer

    @property
    def id(self) -> str:
        """The physical id that it answered."""
        return str(self.answer["PhysicalResourceId"])

    @property
    def reason(self) -> str:
        """The reason that it answered."""
        return str(self.answer["Reason"])

    @property
    def succeeded(self) -> bool:
        """Whether the answer is SUCCESS."""
        return bool(self.answer["Status"] == "SUCCESS")

    @property
    def actions(self) -> list[str]:
        """The calls on Secrets Manager, each attempt counted."""
        return [call.action for call in self.calls if call.service == "secretsmanager"]

    def expect_success(self) -> dict[str, str]:
        """Check that it succeeded, and return its data."""
        assert self.succeeded, self.reason
        data: dict[str, str] = self.answer["Data"]
        return data

    def expect_failure(self, *texts: str) -> str:
        """Check that it failed and says so; return the reason."""
        assert not self.succeeded, self.answer
        for text in texts:
            assert text in self.reason
        return self.reason


class World:
    """Everything around the function.

    Attributes:
        aws: Secrets Manager and STS.
        stacks: CloudFormation's API.
        receiver: Where answers go.
        time: The time that passes.
        sandbox: Where events are delivered if no other is named.
        deliveries: All deliveries, in order of their end.
        qualifier: What follows the function's ARN: an alias or a version, with its colon.
    """

    def __init__(  # noqa: PLR0917 - made in one place
        self,
        aws: Aws,
        stacks: Stacks,
        receiver: Receiver,
        time: Passing,
        patch: pytest.MonkeyPatch,
        sandbox: Handler,
    ) -> None:
        """Take the parts; nothing happens yet."""
        self.aws, self.stacks, self.receiver, self.time = aws, stacks, receiver, time
        self._patch = patch
        self.sandbox: Handler = sandbox
        self.deliveries: list[Delivery] = []
        self.qualifier = ""

    def install(self, **parameters: str) -> None:
        """Set install parameters of the function, e.g. `NAME_PREFIX="team/"`."""
        for name, content in parameters.items():
            self._patch.setenv(name, content)

    def troubles(self) -> list[str]:
        """Return the outcomes of calls that failed so that the SDK tried again."""
        calls = (*self.aws.calls, *self.stacks.calls)
        return [call.outcome for call in calls if call.outcome in TROUBLES]

    def token(self) -> str:
        """Return the ServiceToken."""
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{FUNCTION}"

    def deliver(
        self, event: Mapping[str, Any], *, seconds: float = 300, sandbox: Handler | None = None
    ) -> Delivery:
        """Hand an event to the function, as Lambda does, and collect what comes of it.

        Args:
            event: The event; gets a ResponseURL of its own unless it has that key.
            seconds: How long the function may run.
            sandbox: Where it runs.
        """
        whole = {"ResponseURL": self.receiver.url(), **event}
        sent: Event = {name: content for name, content in whole.items() if content is not MISSING}
        calls, looks, threads = (
            len(self.aws.calls),
            len(self.stacks.calls),
            set(threading.enumerate()),
        )
        raised: BaseException | None = None
        here = [one for one in self.aws.secrets() if (one.account, one.region) == (ACCOUNT, REGION)]
        alive = {one.arn for one in here}
        context = Context(self.time, seconds=seconds, account=ACCOUNT, region=REGION)
        context.invoked_function_arn += self.qualifier
        try:
            (sandbox or self.sandbox)(copy.deepcopy(sent), context)
        except Exception as problem:  # noqa: BLE001 - whatever it raises is judged later
            raised = problem
        _no_timer_left(threads)
        url = sent.get("ResponseURL")
        made = Delivery(
            event=sent,
            puts=tuple(self.receiver.sent_to(url)) if isinstance(url, str) and url else (),
            calls=tuple(self.aws.calls[calls:]),
            looks=tuple(self.stacks.calls[looks:]),
            raised=raised,
            vanished=str(sent.get("PhysicalResourceId")) not in alive,
        )
        self.deliveries.append(made)
        return made

    def deliver_aside(self, event: Mapping[str, Any], sandbox: Handler) -> Delivery:
        """Deliver in another thread and sandbox, while an invocation is in the middle of a call."""
        made: list[Delivery] = []
        thread = threading.Thread(target=lambda: made.append(self.deliver(event, sandbox=sandbox)))
        thread.start()
        thread.join(30)
        assert made, "the delivery aside did not end"
        return made[0]


def _no_timer_left(before: set[threading.Thread]) -> None:
    """Check that no timer is left behind that could answer a second time."""
    for thread in set(threading.enumerate()) - before:
        if isinstance(thread, threading.Timer):
            thread.join(0.5)
            assert not thread.is_alive(), "a timer is still running after the invocation"
