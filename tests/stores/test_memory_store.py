"""What the memory store has besides the contract: it is made for programs and tests."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from contract import table
from recoverable_secrets.core import facts, plan
from recoverable_secrets.core.sealed import Sealed
from recoverable_secrets.stores import limits
from recoverable_secrets.stores.memory import MemoryStore

REF = facts.Ref("s")


@pytest.fixture
def memory() -> MemoryStore:
    """A store with the real clock, and a live secret in it."""
    made = MemoryStore()
    made.apply(REF, table.creation(), Sealed("v"))
    return made


def test_by_default_no_name_stays_reserved(memory: MemoryStore) -> None:
    memory.apply(REF, plan.Purge())
    assert isinstance(memory.apply(REF, table.creation(), Sealed("v")), plan.Done)


def test_a_person_puts_a_value(memory: MemoryStore) -> None:
    put = memory.put("s", Sealed("by a person"))
    assert memory.entries["s"].secret.version == put
    assert memory.entries["s"].values[put] == Sealed("by a person")
    assert memory.put("s", Sealed("again")) != put


def test_a_version_that_nobody_labels_can_be_current_again(memory: MemoryStore) -> None:
    """It forgets no value; services may do that."""
    first, second = table.FIRST, memory.put("s", Sealed("w"))
    third = memory.put("s", Sealed("x"))
    assert memory.entries["s"].secret.previous == second
    move = plan.MoveStage(current=third, to=first)
    assert isinstance(memory.apply(REF, move), plan.Done)
    told = memory.entries["s"].secret
    assert (told.version, told.previous) == (first, third)
    assert memory.entries["s"].values.keys() == {first, second, third}


@pytest.mark.parametrize("name", ["never", "pending"], ids=["no such secret", "pending deletion"])
def test_nobody_puts_a_value_where_none_can_be(memory: MemoryStore, name: str) -> None:
    memory.apply(facts.Ref("pending"), table.creation(), Sealed("v"))
    memory.apply(facts.Ref("pending"), plan.ScheduleDeletion(days=7))
    with pytest.raises(KeyError, match=name):
        memory.put(name, Sealed("w"))


def test_its_limits_are_its_makers_choice() -> None:
    strict = dataclasses.replace(limits.MEMORY, value_required=True, service="a strict one")
    assert MemoryStore(capabilities=strict).capabilities is strict
    assert MemoryStore().capabilities is limits.MEMORY


def test_it_shows_the_limits_of_the_service_it_stands_for() -> None:
    """A program that fits here fits there."""
    named = {"service", "call_seconds"}
    ours, theirs = dataclasses.asdict(limits.MEMORY), dataclasses.asdict(limits.AWS)
    assert {name for name in ours if ours[name] != theirs[name]} == named


def test_its_clock_is_the_real_one_by_default(memory: MemoryStore) -> None:
    before = dt.datetime.now(dt.UTC)
    done = memory.apply(REF, plan.ScheduleDeletion(days=7))
    assert isinstance(done, plan.Done)
    assert done.date is not None
    assert before <= done.date - dt.timedelta(days=7) <= dt.datetime.now(dt.UTC)


def test_a_look_does_not_change_with_the_secret(memory: MemoryStore) -> None:
    """What was seen stays as it was seen."""
    seen = memory.observe(REF)
    assert isinstance(seen, facts.Present)
    was = dataclasses.replace(seen.secret)
    memory.apply(REF, plan.SetTags(tags=plan.frozen({"new": "tag"})))
    memory.put("s", Sealed("w"))
    assert seen.secret == was
