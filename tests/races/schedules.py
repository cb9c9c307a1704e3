"""All interleavings of the calls of several actors, one after the other, always the same ones.

Each actor runs in a thread of its own, but only one of them at a time: in front of every call,
and of every pause of an engine, it stops at its gate until its turn comes. Which calls an actor
makes depends on what it has seen, so schedules are not computed but discovered: one is played to
its end, then the last turn at which another actor could have gone is given to that one.

Two calls in a row that both change nothing come to the same in either order, so only one of the
two orders is played: the one in which the first actor goes first. Nothing else is left out.
"""

from __future__ import annotations

import _thread
import fnmatch
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import emulation
from emulation import errors, wire
from engine.scene import NAME
from recoverable_secrets.core import ownership

TURNS = 120
"""More turns than any play here takes: actors that wait for each other for ever are found."""

_stage = threading.local()


class Abandoned(BaseException):
    """Ends an actor whose play is not played to its end."""


class Actor:
    """Somebody who acts step by step, each in its turn.

    Attributes:
        name: What it is called in the record.
        came_to: What it returned.
        failed: What it raised instead.
    """

    def __init__(self, name: str, act: Callable[[], Any]) -> None:
        self.name, self._act = name, act
        self.came_to: Any = None
        self.failed: BaseException | None = None
        self.over = False
        # Two locks that are held from the start: each is released by one side, taken by the other.
        self._turn, self._stopped = threading.Lock(), threading.Lock()
        self._turn.acquire()
        self._stopped.acquire()
        self._abandoned = False

    def enter(self) -> None:
        """Go up to the first gate."""
        _thread.start_new_thread(self._live, ())
        self._stopped.acquire()

    def step(self) -> None:
        """Take one step: through the gate, and up to the next one."""
        self._turn.release()
        self._stopped.acquire()

    def leave(self) -> None:
        """End, wherever it stands."""
        self._abandoned = True
        while not self.over:
            self.step()

    def gate(self) -> None:
        """Stop until it is this actor's turn."""
        self._stopped.release()
        self._turn.acquire()
        if self._abandoned:
            raise Abandoned

    def _live(self) -> None:
        _stage.actor = self
        try:
            self.came_to = self._act()
        except BaseException as failure:  # noqa: BLE001 - told in the main thread
            self.failed = failure
        self.over = True
        self._stopped.release()


def acting() -> Actor | None:
    """Return the actor in whose thread this is; `None` outside of a play."""
    return getattr(_stage, "actor", None)


def gate() -> None:
    """Stop whoever acts here until its turn comes."""
    actor = acting()
    if actor:
        actor.gate()


@dataclass(frozen=True)
class Step:
    """One step of an actor.

    Attributes:
        actor: Whose.
        action: AWS's name of the call, or what a person did.
        before: The secret right before.
        after: The secret right after.
        outcome: What the double's log says of the call.
    """

    actor: str
    action: str
    before: emulation.SecretSnapshot
    after: emulation.SecretSnapshot
    outcome: str = "ok"
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def changed(self) -> bool:
        """Whether anything is other than before, dates of the service not counted."""
        return essence(self.before) != essence(self.after)


def essence(secret: emulation.SecretSnapshot) -> tuple[Any, ...]:
    """Return all of a secret that an actor can change."""
    return (
        secret.state, secret.arn, secret.versions, secret.tags, secret.description, secret.policy,
        secret.kms_key_id, secret.replicas, secret.rotation, secret.type,
    )  # fmt: skip


class Double(emulation.Aws):
    """The strict double with a gate in front of each call, and a record of all steps.

    Attributes:
        steps: What actors did, in order.
        quiet: Whether nothing has changed in this turn.
        conditions: The owner tags, as a pattern, that IAM lets an actor write to.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.steps: list[Step] = []
        self.quiet = True
        self.conditions: dict[str, str] = {}

    def handle(self, request: wire.Request) -> Any:
        """Answer one call when its turn comes."""
        actor = acting()
        if actor is None:
            return super().handle(request)
        actor.gate()
        return self.record(
            actor.name, request.action, lambda: self._answered(actor.name, request), request
        )

    def _answered(self, who: str, request: wire.Request) -> Any:
        """Answer, unless IAM refuses: it compares the owner tag as it is when the call arrives."""
        pattern = self.conditions.get(who)
        if pattern is None or request.action in {"CreateSecret", "DescribeSecret"}:
            return super().handle(request)
        secret = self.secret(NAME)
        owner = secret.tags.get(ownership.OWNER, "")
        if secret.state in {"live", "pending"} and not fnmatch.fnmatchcase(owner, pattern):
            return wire.failure(request.service, errors.AwsError("AccessDeniedException", "no"))
        return super().handle(request)

    def pass_time(self, seconds: float) -> None:
        """Move the clock."""
        self.clock.advance(seconds=seconds)
        self.quiet = False

    def record(
        self, who: str, what: str, act: Callable[[], Any], request: wire.Request | None = None
    ) -> Any:
        """Act, and note what it changed."""
        before = self.secret(NAME)
        answer = act()
        refused = isinstance(answer, wire.Response) and answer.status != 200
        told = "refused" if refused else "ok"
        sent = request.parameters if request else {}
        step = Step(who, what, before, self.secret(NAME), told, sent)
        self.steps.append(step)
        self.quiet = self.quiet and not step.changed
        return answer


@dataclass
class Play:
    """Actors on one double, and the turns that they took.

    Attributes:
        turns: Of each turn which actor took it, of how many that could have.
    """

    double: Double
    actors: Sequence[Actor]
    turns: list[tuple[int, int]] = field(default_factory=list)

    def perform(self, first: Sequence[int], *, all_orders: bool = False) -> bool:
        """Play to the end; the first turns are given, then the first actor who can goes on.

        Returns:
            Whether it was played to the end: not if another order comes to the same.

        Raises:
            AssertionError: It does not end.
        """
        before: tuple[int, bool] = (0, False)
        try:
            for actor in self.actors:
                actor.enter()
            while ready := [actor for actor in self.actors if not actor.over]:
                number = len(self.turns)
                assert number < TURNS, f"no end: {self.script()}"
                choice = first[number] if number < len(first) else 0
                self.turns.append((choice, len(ready)))
                actor = ready[choice]
                self.double.quiet = True
                actor.step()
                now = (self.actors.index(actor), self.double.quiet)
                if before[0] > now[0] and before[1] and now[1] and not all_orders:
                    return False
                before = now
            return True
        finally:
            for actor in self.actors:
                actor.leave()

    def script(self) -> str:
        """Return who did what, in order, to be read by people."""
        return ", ".join(
            f"{step.actor}: {step.action} {step.outcome}" for step in self.double.steps
        )


def schedules(make: Callable[[], Play], *, all_orders: bool = False) -> Iterator[Play]:
    """Yield a play for each interleaving there is, each played to its end.

    Args:
        make: Sets the stage; the same each time.
        all_orders: Whether to play both orders of calls that change nothing, too.
    """
    first: list[int] = []
    while True:
        play = make()
        if play.perform(first, all_orders=all_orders):
            yield play
        taken = list(play.turns)
        while taken and taken[-1][0] + 1 == taken[-1][1]:
            taken.pop()
        if not taken:
            return
        first = [choice for choice, _ in taken[:-1]] + [taken[-1][0] + 1]
