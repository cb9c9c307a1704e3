"""A secret that keeps changing, or a store that always refuses: the operation still ends."""

from __future__ import annotations

from typing import Any

import pytest

from engine import scripted
from engine.scene import NAME, OWNER, gone, kept, spec
from engine.scripted import ID, MARK, VERSION, Scripted, StandingClock, secret
from recoverable_secrets.core import errors, facts, ownership, plan
from recoverable_secrets.core.facts import Memory
from recoverable_secrets.core.policy import Policy
from recoverable_secrets.engine import ROUNDS, Engine

MEMORY = Memory(
    id=ID, owner=OWNER, spec=spec(), instance=MARK, version=VERSION, live_version=VERSION
)
MANY = {f"tag-{number:02}": "wanted" for number in range(40)}


def run(store: Scripted, wanted: facts.Wanted, **policy: Any) -> None:
    Engine(store, clock=StandingClock()).run(wanted, Policy(**policy))


def refused(code: str = "Odd", text: str = "") -> plan.Conflict:
    return plan.Conflict(code, text)


def flapping(number: int) -> facts.Present:
    """Show another tag astray at each look."""
    astray = {f"tag-{number:02}": "astray"}
    marks = {ownership.OWNER: OWNER, ownership.INSTANCE: MARK}
    return facts.Present(secret=secret(tags={**MANY, **marks, **astray}))


def test_a_secret_that_is_another_one_at_each_look() -> None:
    store = Scripted(flapping, lambda _, __: refused())
    with pytest.raises(errors.StoreError) as caught:
        run(store, kept(spec(tags=MANY), MEMORY))
    assert caught.value.code == "NoFixedPoint"
    assert str(caught.value) == (
        f"{NAME} kept changing: done so far: nothing. Look what else changes it, then run again"
    )
    assert len(store.applied) == ROUNDS - 1  # The first round was the look.
    assert store.looks == ROUNDS


def test_a_secret_that_settles_in_the_last_round() -> None:
    """One round less is enough."""
    settled = ROUNDS - 2

    def look(number: int) -> facts.Present:
        return flapping(number if number < settled else 99)

    store = Scripted(look, lambda n, __: refused() if n < settled else plan.Done())
    run(store, kept(spec(tags={**MANY, "tag-99": "astray"}), MEMORY))
    assert len(store.applied) == settled


@pytest.mark.parametrize(
    ("wanted", "seen", "step"),
    [
        pytest.param(kept(), facts.Present(secret=secret()), plan.DropPolicy, id="a creation"),
        pytest.param(kept(spec(description="new"), MEMORY), facts.Present(secret=secret()),
                     plan.SetMetadata, id="an update"),
        pytest.param(kept(spec(tags={}), MEMORY), facts.Present(secret=secret()), plan.DropTags,
                     id="tags"),
        pytest.param(gone(MEMORY), facts.Present(secret=secret()), plan.ScheduleDeletion,
                     id="a deletion"),
    ],
)  # fmt: skip
def test_a_store_that_always_refuses(
    wanted: facts.Wanted, seen: scripted.Seen, step: type[plan.Action]
) -> None:
    """The same step refused twice is an error, with the service's code and its words."""
    store = Scripted(lambda _: seen, lambda _, __: refused("OddCode", "the moon is full"))
    with pytest.raises(errors.StoreError) as caught:
        run(store, wanted)
    assert caught.value.code == "OddCode"
    assert str(caught.value) == (
        f"{step.__name__} of {NAME} was refused twice: the moon is full. Look what else changes "
        "it, then run again"
    )
    assert sum(isinstance(action, step) for action in store.applied) == 2


def test_a_refusal_without_words_shows_its_code() -> None:
    store = Scripted(lambda _: facts.Present(secret=secret()), lambda _, __: refused("OddCode"))
    with pytest.raises(errors.StoreError, match="was refused twice: OddCode"):
        run(store, gone(MEMORY))


def test_a_long_refusal_leaves_room_for_what_to_do() -> None:
    store = Scripted(lambda _: facts.Present(secret=secret()),
                     lambda _, __: refused("OddCode", "x" * 5000))  # fmt: skip
    with pytest.raises(errors.StoreError) as caught:
        run(store, gone(MEMORY))
    assert len(str(caught.value)) <= errors.LIMIT


def test_a_secret_that_is_live_and_pending_in_turn() -> None:
    """Restored by us, scheduled by another, over and over: somebody has to be told."""

    def look(number: int) -> scripted.Seen:
        if number % 2:
            return facts.Present(secret=secret())
        return facts.PendingDeletion(secret=secret())

    store = Scripted(look, lambda _, __: refused("InvalidRequestException"))
    with pytest.raises(errors.StoreError) as caught:
        run(store, kept(), timeout=60)
    assert caught.value.code == "InvalidRequestException"
    assert len(store.applied) <= ROUNDS


def test_a_name_that_is_taken_and_never_seen() -> None:
    """Waiting is no round: the deadline ends it, not their number."""
    store = Scripted(lambda _: facts.Absent(), lambda _, __: refused("ResourceExistsException"))
    with pytest.raises(errors.OutOfTime, match="name is still reserved"):
        run(store, kept(), timeout=3600)
    assert len(store.applied) > 2 * ROUNDS


def test_a_comparison_that_is_refused_is_an_answer() -> None:
    """It holds another value: no second look, no conflict to count."""

    def act(_: int, action: plan.Action) -> plan.Outcome:
        if isinstance(action, plan.Create | plan.Compare):
            return refused("ResourceExistsException")
        version = getattr(action, "version", None)
        return plan.Done(version=version)

    store = Scripted(lambda _: facts.Present(secret=secret()), act)
    run(store, kept(spec("new")))
    assert [type(action).__name__ for action in store.applied] == [
        "Create", "DropPolicy", "Compare", "SetMetadata", "SetTags",
    ]  # fmt: skip
    assert store.looks == 1


def test_a_version_id_that_is_spent_is_not_used_again() -> None:
    """Somebody moved back to an older version: the next id is derived from the one refused."""

    def act(_: int, action: plan.Action) -> plan.Outcome:
        if isinstance(action, plan.Compare):
            return refused("ResourceExistsException")
        if isinstance(action, plan.SetMetadata) and action.version == first:
            return plan.Conflict("ResourceExistsException", version_known=True)
        return plan.Done(version=getattr(action, "version", None))

    first = ownership.next_version_id(ID, VERSION)
    store = Scripted(lambda _: facts.Present(secret=secret()), act)
    run(store, kept(spec("new"), MEMORY))
    versions = [a.version for a in store.applied if isinstance(a, plan.SetMetadata)]
    assert versions == [first, ownership.next_version_id(ID, first)]


def test_a_deletion_without_a_date() -> None:
    """A service that tells no date: people are told the days."""
    store = Scripted(lambda _: facts.Present(secret=secret()))
    said: list[str] = []
    Engine(store, clock=StandingClock(), say=said.append).run(
        gone(MEMORY), Policy(recovery_window_in_days=9)
    )
    assert said == [f"{NAME} scheduled for deletion in 9 days; until then it can be restored"]
