"""The CloudFormation surface in its stage: the function, and a stack that survives its death.

Theory: CloudFormation sends an event and waits. If the function dies, Lambda runs it again with the
same event (*duplicate*); or it has given up by then: no answer comes, the stack rolls back, and the
user deploys again (*retry*). A failure that was answered rolls back in any case. After an event
that succeeded, *duplicate* delivers it once more, as Lambda may at any time.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

import emulation
from contract import worlds
from interruptions import disturbances, stack_faults
from interruptions.disturbances import CLOUDFORMATION, SURVIVED, Call, Killed
from interruptions.harness import Stage, StageOnDouble
from protocol import stack as played
from protocol.passing import Passing
from protocol.receiver import Receiver
from protocol.stack import SECRET, Properties, Resource
from protocol.stacks import Stacks
from protocol.world import ACCOUNT, REGION, Delivery, Sandbox, World

DUPLICATE, RETRY = "duplicate event", "the stack's retry"


def ways(_: Operation, fault: str) -> tuple[str, ...]:
    """Return what may follow a fault; of what was answered with a failure there is no duplicate."""
    if fault.startswith("killed"):
        return (DUPLICATE, RETRY)
    return (DUPLICATE,) if fault in {*SURVIVED, "stale"} else (RETRY,)


NAME = "shop/Secret"


class Stack(played.Stack):
    """A stack whose function may die.

    Attributes:
        way: What follows an event that was not answered; empty if every one is delivered once.
        heal: Ends the disturbance.
        over: Whether it was met.
    """

    way = ""
    heal: Callable[[], None] = staticmethod(lambda: None)
    over: Callable[[], bool] = staticmethod(lambda: False)

    def send(self, kind: str, properties: Properties, **more: Any) -> Delivery:
        """Send an event; if the function dies over it, see what Lambda does."""
        event = self.event(kind, properties, **more)
        try:
            made = self.world.deliver(event)
        except Killed:
            self.heal()
            if self.way == RETRY:
                raise
            return self.world.deliver(event)
        if not made.succeeded:
            self.heal()
        elif self.way == DUPLICATE and self.over():
            self.world.deliver(event).expect_success()
        return made

    def _forward(
        self, logical: str, properties: Properties, *, lost: bool
    ) -> tuple[Delivery, bool]:
        try:
            return super()._forward(logical, properties, lost=lost)
        except Killed:
            held = self.resources.get(logical)
            made_up = f"{self.record.name}-{logical}-1ABCDEFGHIJK"
            self.resources[logical] = Resource(held.id if held else made_up, properties)
            return UNANSWERED, False

    def _delete(self, logical: str, held: Resource) -> Delivery:
        """Send a Delete; CloudFormation itself tries one again that ends an update."""
        with contextlib.suppress(Killed):
            made = super()._delete(logical, held)
            if made.succeeded:
                return made
        return super()._delete(logical, held)

    def torn_down(self) -> bool:
        """Delete the stack; whether nothing of it failed."""
        self.record.becomes("DELETE_IN_PROGRESS")
        for logical, held in reversed(tuple(self.resources.items())):
            made = None
            with contextlib.suppress(Killed):
                made = super()._delete(logical, held)
            if made is None or not made.succeeded:
                self.record.becomes("DELETE_FAILED")
                return False
            del self.resources[logical]
        self.record.becomes("DELETE_COMPLETE")
        return True


UNANSWERED: Any = None
_A_WHILE = 60
"""Seconds until somebody deploys again: what AWS does in its own time is done by then."""


@dataclass(frozen=True)
class Operation:
    """A deployment or a deletion of a stack with one secret.

    Attributes:
        properties: What is declared then; `None` deletes the stack.
        prepare: Brings stack and double to where it begins.
        expects: Calls that it makes at least, in this order.
        fails: Whether another resource fails after ours, so that all is rolled back.
        install: Install parameters of the function.
        behaviour: What AWS does where it leaves that open.
    """

    properties: Properties | None
    prepare: Callable[[StackStage], None] = lambda _: None
    expects: tuple[str, ...] = ()
    fails: bool = False
    install: Mapping[str, str] = field(default_factory=dict)
    behaviour: Mapping[str, Any] = field(default_factory=dict)


class StackStage(StageOnDouble):
    """One operation, its double and its stack."""

    def __init__(self, operation: Operation, world: World) -> None:
        self.operation, self.world, self.aws = operation, world, world.aws
        self.stack = Stack(world)
        self._ends = contextlib.ExitStack()

    def log(self) -> list[tuple[str, str]]:
        """Return the calls so far; those on CloudFormation last."""
        return [*super().log(), *((CLOUDFORMATION, one.action) for one in self.world.stacks.calls)]

    def disturb(self, call: Call, fault: str) -> disturbances.Disturbed:
        """Let a call go wrong."""
        disturbed = self._disturbed(call, fault)
        self.stack.heal, self.stack.over = self.heal, lambda: disturbed.met
        return disturbed

    def _disturbed(self, call: Call, fault: str) -> disturbances.Disturbed:
        if call.service != CLOUDFORMATION:
            return super().disturb(call, fault)
        if fault.startswith("killed"):
            return self._ends.enter_context(stack_faults.killing(call, fault))
        return stack_faults.disturb(self.world.stacks, call, fault)

    def heal(self) -> None:
        """Let nothing go wrong any more."""
        super().heal()
        self.world.stacks.faults.clear()
        self._ends.close()

    def run(self) -> bool:
        """Play the stack's operation, and a rollback if it fails."""
        self.stack.way = self.way
        if self.operation.properties is None:
            return self.stack.torn_down()
        self.stack.deploy({SECRET: self.operation.properties}, fails=self.operation.fails)
        if self.operation.fails:
            return self.stack.record.status in {"ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"}
        return self.stack.record.status in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}

    def again(self) -> bool:
        """Deploy or delete once more, as users do; a stack that was rolled back whole is new."""
        if self.operation.fails:
            return True  # Its user wants no more than that all is taken back.
        if self.stack.record.status == "ROLLBACK_COMPLETE":
            self.stack.delete()
            self.stack = Stack(self.world)
        self.way = ""
        self.world.time.skip(_A_WHILE)
        return self.run()

    def settled(self) -> str:
        """Return what is wrong with the id that CloudFormation keeps."""
        held = self.stack.resources.get(SECRET)
        if held is None:
            return ""
        live = self.aws.secret(held.id.rpartition(":")[2][:-7])
        return "" if held.id == live.arn else f"{held.id} instead of {live.arn}"


@dataclass(frozen=True)
class Cloud:
    """What all stages of a test share: servers, and a warm function."""

    stacks: Stacks
    receiver: Receiver
    sandbox: Sandbox

    @contextlib.contextmanager
    def staged(self, operation: Operation) -> Iterator[Stage]:
        """Set a stage for an operation."""
        self.stacks.reset()
        self.receiver.reset()
        behaviour = emulation.Behaviour(reserved_seconds=3, deleted_visible_seconds=1)
        double = emulation.Aws(
            clock=emulation.Clock(worlds.START), account=ACCOUNT, region=REGION,
            behaviour=dataclasses.replace(behaviour, **operation.behaviour),
        )  # fmt: skip
        for key in ("alias/ours", "alias/near", "alias/far"):
            double.add_key(key)
        with double.in_process(), pytest.MonkeyPatch.context() as patch:
            time = Passing(double.clock)
            time.install(patch)
            world = World(double, self.stacks, self.receiver, time, patch, self.sandbox)
            world.install(**operation.install)
            stage = StackStage(operation, world)
            operation.prepare(stage)
            double.calls.clear()
            self.stacks.calls.clear()
            yield stage
            stage.heal()
