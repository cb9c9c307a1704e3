"""Who takes part in a race: operations of stacks, and people who act in between.

A part is played by an engine of its own, as another process would have it: its own clock to wait
by, its own sentences, its own memory.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from emulation import errors
from engine.scene import NAME, OWNER, STRANGER, kept, spec
from races import direct, schedules
from recoverable_secrets.core import facts, ownership
from recoverable_secrets.core.facts import Gone, Handed, Kept, Mandate, Memory
from recoverable_secrets.core.model import Spec
from recoverable_secrets.core.policy import Policy
from recoverable_secrets.engine import Engine, Result

Wish = Callable[[Memory | None], facts.Wanted]


class Time:
    """An engine's clock: each pause is a step of its own, and moves the time for everybody."""

    def __init__(self, double: schedules.Double) -> None:
        self.double, self.start = double, double.clock.timestamp()

    def monotonic(self) -> float:
        return self.double.clock.timestamp() - self.start

    def sleep(self, seconds: float) -> None:
        schedules.gate()
        self.double.pass_time(seconds)


@dataclass(frozen=True)
class Part:
    """An operation that takes part.

    Attributes:
        name: What it is called in the record.
        wish: What is wanted, from what its surface remembers; fresh marks each time.
        policy: What its user allows.
        remembers: Whether its surface remembers the secret that was there at the beginning.
    """

    name: str
    wish: Wish
    policy: Mapping[str, Any] = field(default_factory=dict)
    remembers: bool = False


@dataclass(frozen=True)
class Person:
    """Somebody, or the time, who acts without our product, step by step.

    Attributes:
        name: What it is called in the record.
        acts: What is done; one that AWS refuses is left out.
    """

    name: str
    acts: tuple[Callable[[schedules.Double], object], ...]


@dataclass
class Running:
    """A part on the stage.

    Attributes:
        wanted: What is wanted in this run.
        said: The sentences for its user.
        actor: Who plays it.
    """

    part: Part
    wanted: facts.Wanted
    engine: Engine
    said: list[str] = field(default_factory=list)
    actor: schedules.Actor = field(init=False)

    def __post_init__(self) -> None:
        self.actor = schedules.Actor(self.part.name, self.run)

    @property
    def policy(self) -> Policy:
        """What its user allows."""
        return Policy(**self.part.policy)

    def run(self) -> Result:
        """Run it once."""
        return self.engine.run(self.wanted, self.policy)


def running(double: schedules.Double, part: Part, memory: Memory | None, store: Any) -> Running:
    """Return a part, ready to run."""
    said: list[str] = []
    engine = Engine(store or direct.store(double), clock=Time(double), say=said.append)
    return Running(part, part.wish(memory), engine, said)


def person(double: schedules.Double, who: Person) -> schedules.Actor:
    """Return a person, ready to act."""

    def act() -> None:
        for step in who.acts:
            schedules.gate()
            double.record(who.name, step.__name__, lambda step=step: step(double))  # type: ignore[misc]

    return schedules.Actor(who.name, act)


# Operations ------------------------------------------------------------------------------------

DECLARED = spec()
CHANGED = spec("new", description="new", tags={"team": "b", "new": "1"})
STACK, NEW_LIFE = "c" * 16, "d" * 16


def up(
    name: str, declared: Spec = DECLARED, *, owner: str = OWNER, remembers: bool = False,
    **policy: Any,
) -> Part:  # fmt: skip
    """Return an `up`: the secret as declared."""
    return Part(name, lambda memory: kept(declared, memory, owner), policy, remembers)


def destroy(name: str, *, owner: str = OWNER, remembers: bool = True, **policy: Any) -> Part:
    """Return a `destroy`."""
    return Part(name, lambda memory: Gone(name=NAME, owner=owner, memory=memory), policy, remembers)


def event(
    name: str, request: str, declared: Spec = DECLARED, *, stack: str = STACK,
    remembers: bool = False, **policy: Any,
) -> Part:  # fmt: skip
    """Return one delivery of a Create or Update event: all deliveries carry the same mark."""

    def wish(memory: Memory | None) -> Kept:
        told = memory and Memory(id=memory.id, owner=memory.owner, spec=memory.spec)
        wanted = kept(declared, told)
        return dataclasses.replace(wanted, instance=f"{stack}.{request}", mandate=Mandate.DEPUTY)

    return Part(name, wish, policy, remembers)


def deletion(name: str, mandate: Mandate, *, remembers: bool = True, **policy: Any) -> Part:
    """Return one delivery of a Delete event."""

    def wish(memory: Memory | None) -> Gone:
        return Gone(
            name=NAME,
            owner=OWNER,
            memory=memory and Memory(id=memory.id, owner=memory.owner, spec=memory.spec),
            instance=STACK,
            mandate=mandate,
        )

    return Part(name, wish, policy, remembers)


def back(name: str) -> Part:
    """Return a person's `restore` with the command."""

    def wish(memory: Memory | None) -> facts.Back:
        assert memory
        return facts.Back(name=NAME, memory=memory)

    return Part(name, wish, remembers=True)


def handed(name: str, owner: str | None) -> Part:
    """Return a person's `owner set` with the command."""

    def wish(memory: Memory | None) -> Handed:
        assert memory
        return Handed(name=NAME, memory=memory, owner=owner)

    return Part(name, wish, remembers=True)


# What people and the time do -------------------------------------------------------------------


def _tag(double: schedules.Double, key: str, content: str) -> None:
    _if_possible(double, "TagResource", Tags=[{"Key": key, "Value": content}])


def _if_possible(double: schedules.Double, action: str, **more: Any) -> None:
    try:
        double.by_hand(action, SecretId=NAME, **more)
    except errors.AwsError:
        return


def restores(double: schedules.Double) -> None:
    """Cancel a scheduled deletion."""
    _if_possible(double, "RestoreSecret")


def schedules_deletion(double: schedules.Double) -> None:
    """Schedule the deletion."""
    _if_possible(double, "DeleteSecret", RecoveryWindowInDays=7)


def destroys(double: schedules.Double) -> None:
    """Delete for good."""
    _if_possible(double, "DeleteSecret", ForceDeleteWithoutRecovery=True)


def hands_to_a_stranger(double: schedules.Double) -> None:
    """Write another's owner tag."""
    _tag(double, ownership.OWNER, STRANGER)


def takes_the_owner_tag(double: schedules.Double) -> None:
    """Take the owner tag away."""
    _if_possible(double, "UntagResource", TagKeys=[ownership.OWNER])


def marks_anew(double: schedules.Double) -> None:
    """Write another incarnation mark."""
    _tag(double, ownership.INSTANCE, "by hand")


def puts_a_value(double: schedules.Double) -> None:
    """Put a value."""
    try:
        double.put_by_hand(NAME, "by a person")
    except errors.AwsError:
        return


def seconds_pass(double: schedules.Double) -> None:
    """Let the last seconds of a window pass."""
    double.pass_time(2)
