"""A store that does as it is told: for what no real store does on purpose."""

from __future__ import annotations

from collections.abc import Callable

from engine.scene import NAME, OWNER
from recoverable_secrets.core import facts, ownership, plan
from recoverable_secrets.core.policy import Capabilities
from recoverable_secrets.core.sealed import Sealed
from recoverable_secrets.stores import limits

ID = "memory:prod/db-secret:aaaaaa"
MARK = "0" * 32
VERSION = ownership.version_id("0" * 32)

Seen = facts.Absent | facts.Present | facts.PendingDeletion


def secret(**fields: object) -> facts.Secret:
    """Return a secret of ours as a look shows it."""
    tags = {ownership.OWNER: OWNER, ownership.INSTANCE: MARK, "team": "a", "stage": "p"}
    usual = {"description": "of the database", "tags": tags, "version": VERSION}
    return facts.Secret(id=ID, name=NAME, **{**usual, **fields})  # type: ignore[arg-type]


class Scripted:
    """Answers each look and each action by a function of how many there were before.

    Attributes:
        looks: How often it was looked.
        applied: What was to be done, in order.
    """

    def __init__(
        self,
        look: Callable[[int], Seen],
        act: Callable[[int, plan.Action], plan.Outcome] = lambda _, __: plan.Done(),
    ) -> None:
        self.look, self.act = look, act
        self.looks = 0
        self.applied: list[plan.Action] = []

    @property
    def capabilities(self) -> Capabilities:
        return limits.MEMORY

    def observe(self, ref: facts.Ref, *, policy: bool = False) -> Seen:
        self.looks += 1
        return self.look(self.looks - 1)

    def apply(
        self, ref: facts.Ref, action: plan.Action, payload: Sealed | None = None
    ) -> plan.Outcome:
        self.applied.append(action)
        return self.act(len(self.applied) - 1, action)


class StandingClock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
