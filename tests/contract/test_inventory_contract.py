"""Every store lists what there is, and what a secret's versions are, in the same way."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import pytest

from contract import running, table, worlds
from recoverable_secrets.core import errors, facts, pending, plan
from recoverable_secrets.core.plan import Source
from recoverable_secrets.core.sealed import Sealed
from recoverable_secrets.stores import Inventory
from recoverable_secrets.stores.aws import AwsStore
from recoverable_secrets.stores.aws_inventory import AwsInventory

HERE = facts.Ref(table.NAME)
MANY = 101


def inventory_of(world: worlds.World) -> Inventory:
    if isinstance(world, worlds.MemoryWorld):
        return world.memory
    assert isinstance(world.store, AwsStore)
    return AwsInventory(world.store)


def now(world: worlds.World) -> dt.datetime:
    clock = world.clock if isinstance(world, worlds.MemoryWorld) else world.aws.clock  # type: ignore[attr-defined]
    told: dt.datetime = clock.now()
    return told


def make(world: worlds.World, *names: str) -> list[facts.Ref]:
    made = []
    for name in names:
        done = world.store.apply(facts.Ref(name), table.creation(None))
        assert isinstance(done, plan.Done)
        made.append(facts.Ref(name, done.id))
    return made


def listed(world: worlds.World, **asked: Any) -> dict[str, facts.Listed]:
    found = [row for page in inventory_of(world).pages(**asked) for row in page.rows]
    assert len({row.secret.id for row in found}) == len(found)
    return {row.secret.name: row for row in found}


def told(secret: facts.Secret) -> dict[str, Any]:
    """Return all that is told of a secret, the dates included, in which equal ones may differ."""
    return {each.name: getattr(secret, each.name) for each in dataclasses.fields(secret)}


def test_nothing_is_one_empty_page(world: worlds.World) -> None:
    (page,) = inventory_of(world).pages(pending=True)
    assert (page.rows, page.more) == ((), False)


@pytest.mark.parametrize(
    ("count", "sizes"),
    [
        pytest.param(100, [(100, False)], id="exactly one page"),
        pytest.param(MANY, [(100, True), (1, False)], id="one more"),
    ],
)
def test_pages_of_a_hundred(world: worlds.World, count: int, sizes: list[tuple[int, bool]]) -> None:
    names = [f"s{number:03}" for number in range(count)]
    make(world, *names)
    pages = list(inventory_of(world).pages())
    assert [(len(page.rows), page.more) for page in pages] == sizes
    assert sorted(row.secret.name for page in pages for row in page.rows) == names


def test_two_listings_do_not_know_each_other(world: worlds.World) -> None:
    make(world, *(f"s{number:03}" for number in range(MANY)))
    inventory = inventory_of(world)
    first, second = inventory.pages(), inventory.pages()
    for _ in range(2):
        assert next(first) == next(second)


def test_pending_ones_are_listed_when_asked_for(world: worlds.World) -> None:
    live, doomed = make(world, "live", "doomed")
    world.store.apply(doomed, plan.ScheduleDeletion(days=30))
    assert {name: row.date for name, row in listed(world).items()} == {"live": None}
    both = listed(world, pending=True)
    assert both.keys() == {"live", "doomed"}
    assert both["live"].date is None
    assert both["doomed"].date is not None
    assert (both["live"].secret.id, both["doomed"].secret.id) == (live.id, doomed.id)


@pytest.mark.parametrize("days", [7, 13, 30])
def test_no_store_makes_us_promise_too_much(world: worlds.World, days: int) -> None:
    """Whichever date it tells, the end of the window is where we say that it may be."""
    (ref,) = make(world, "s")
    end = now(world) + days * pending.DAY
    world.store.apply(ref, plan.ScheduleDeletion(days=days))
    world.pass_time(days=5)
    (row,) = pending.rows(listed(world, pending=True).values(), now(world))
    assert row.surely_until <= end <= row.at_most_until
    assert row.days_left <= days - 5


def test_a_restored_one_is_live(world: worlds.World) -> None:
    (ref,) = make(world, "s")
    world.store.apply(ref, plan.ScheduleDeletion(days=7))
    world.store.apply(ref, plan.Restore())
    assert listed(world)["s"].date is None


@pytest.mark.parametrize("state", ["absent", "reserved"])
def test_what_is_gone_is_not_listed(world: worlds.World, state: str) -> None:
    running.prepare(world, state)
    assert listed(world, pending=True) == {}


def test_what_is_purged_by_time_is_not_listed(world: worlds.World) -> None:
    (ref,) = make(world, "s")
    world.store.apply(ref, plan.ScheduleDeletion(days=7))
    world.pass_time(days=7)
    assert listed(world, pending=True) == {}


PREFIXES = [
    pytest.param("", {"app/a", "app/b", "APP/c", "xapp/", "!app"}, id="all"),
    pytest.param("app/", {"app/a", "app/b"}, id="in its case, at the beginning"),
    pytest.param("app/a", {"app/a"}, id="a whole name"),
    pytest.param("!", {"!app"}, id="no notation of any service"),
    pytest.param("nothing", set(), id="none"),
]


@pytest.mark.parametrize(("prefix", "names"), PREFIXES)
def test_prefixes(world: worlds.World, prefix: str, names: set[str]) -> None:
    make(world, "app/a", "app/b", "APP/c", "xapp/", "!app")
    assert listed(world, prefix=prefix).keys() == names


@pytest.mark.parametrize("prefix", ["a*", "ä", "a" * 513])
def test_impossible_prefixes(world: worlds.World, prefix: str) -> None:
    """Told when asked, and not when the first page is read."""
    with pytest.raises(errors.InvalidInput):
        inventory_of(world).pages(prefix=prefix)


@pytest.mark.parametrize("state", ["live", "live without a value", "pending"])
def test_an_entry_tells_what_a_look_tells(world: worlds.World, state: str) -> None:
    """But for the copies in other regions, which may be missing; and it changes nothing."""
    first = (table.ROTATE, plan.AddReplicas(replicas=(table.FAR,)))
    running.prepare(world, state, written=True, first=first)
    before, look = world.shot(table.NAME), world.store.observe(HERE)
    assert isinstance(look, facts.Present | facts.PendingDeletion)
    row = listed(world, pending=True)[table.NAME]
    assert told(row.secret) == {**told(look.secret), "replicas": ()}
    assert row.date == (look.date if isinstance(look, facts.PendingDeletion) else None)
    assert world.shot(table.NAME) == before


def test_when_it_was_made_and_changed(world: worlds.World) -> None:
    begin = now(world).replace(microsecond=0)
    ref = running.prepare(world, "live")
    world.pass_time(days=3)
    world.store.apply(ref, plan.SetMetadata(description="another"))
    secret = listed(world)[table.NAME].secret
    assert secret.created
    assert secret.changed
    assert begin <= secret.created < begin + pending.DAY
    assert begin + 3 * pending.DAY <= secret.changed < begin + 4 * pending.DAY
    assert (secret.accessed, secret.rotated_next) == (None, None)


# Versions ---------------------------------------------------------------------------------------


def test_versions_with_and_without_labels(world: worlds.World) -> None:
    begin = now(world).replace(microsecond=0)
    ref = running.prepare(world, "live", written=True)
    world.pass_time(days=1)
    third = world.person_puts(table.NAME, "by a person")
    moved = plan.MoveStage(stage="AA", current=None, to=table.NEXT)
    assert isinstance(world.store.apply(ref, moved), plan.Done)
    found = {version.id: version for version in inventory_of(world).versions(ref)}
    assert {key: version.labels for key, version in found.items()} == {
        table.FIRST: (), table.NEXT: ("AA", "AWSPREVIOUS"), third: ("AWSCURRENT",),
    }  # fmt: skip
    created, accessed = found[third].created, {version.accessed for version in found.values()}
    assert created
    assert begin + pending.DAY <= created < begin + 2 * pending.DAY
    assert accessed == {None}


@pytest.mark.parametrize("by_id", [True, False], ids=["by id", "by name"])
@pytest.mark.parametrize("state", ["live", "pending"])
def test_versions_of_what_is_there(world: worlds.World, state: str, *, by_id: bool) -> None:
    ref = running.prepare(world, state)
    (version,) = inventory_of(world).versions(ref if by_id else HERE)
    assert (version.id, version.labels) == (table.FIRST, ("AWSCURRENT",))


@pytest.mark.parametrize("state", ["live without a value", "pending without a value"])
def test_no_value_no_version(world: worlds.World, state: str) -> None:
    assert inventory_of(world).versions(running.prepare(world, state)) == ()


@pytest.mark.parametrize("state", ["absent", "reserved"])
def test_versions_of_what_is_gone(world: worlds.World, state: str) -> None:
    ref = running.prepare(world, state)
    for gone in (ref, HERE):
        with pytest.raises(errors.StoreError):
            inventory_of(world).versions(gone)


def test_versions_of_a_former_incarnation(world: worlds.World) -> None:
    """The same name again is another secret."""
    old = running.prepare(world, "absent")
    write = plan.SetMetadata(source=Source.LITERAL, version=table.NEXT)
    (new,) = make(world, table.NAME)
    assert isinstance(world.store.apply(new, write, Sealed("v")), plan.Done)
    with pytest.raises(errors.StoreError):
        inventory_of(world).versions(old)
    assert [version.id for version in inventory_of(world).versions(new)] == [table.NEXT]
