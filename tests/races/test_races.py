"""Two operations at once on one secret, and operations with people in between: every order.

What holds in each of them (promises 1, 2, 4, 6, 8 and 11 of the design): nothing is purged without
force and our owner tag; nothing is changed that the operation saw to be another's, or did not look
at; no version is lost; a restore, and what is left alone, is said; who lost is refused for a reason
or, run again, ends as if alone; and then an unchanged declaration makes no call.

AWS has no compare-and-set. A write can therefore meet a secret that somebody has retagged since
the operation's look. These are all of them, in the schedules of this file; "calls" is how many
calls of the operation lie between the look and the write, itself included:

    write                        calls  times  what it does to the secret that changed hands
    ---------------------------  -----  -----  ---------------------------------------------
    DeleteSecret, forced         1-2       14  it is destroyed, as its owner at the look said
    DeleteSecret                 1-4       11  it is scheduled: its new owner restores it
    RemoveRegionsFromReplication 1-3        5  the copies of the teardown's look go, not the value
    CancelRotateSecret           2          2  it is no longer rotated
    UpdateSecret                 1-4       23  description, key or value; the old one stays as
                                               AWSPREVIOUS
    PutResourcePolicy            1          2  the declared policy serves
    TagResource                  1-5       64  declared tags or marks; `owner set`: the owner
    UntagResource                3-6       76  tags that were declared before
    ReplicateSecretToRegions     2-4        8  declared copies are made

The first call after a look cannot be spared such a race by any client; a look before each later
write would narrow the others, and close none. IAM does: it compares the owner tag as it is when the
call arrives. Under the condition of docs/security.md not one of these writes takes effect.
"""

from __future__ import annotations

import collections
import re

import pytest

from counted import Record
from races import pairs, promises, stage
from sections import RACES, tell

SCHEDULES = {
    "create, create: two owners": (6, 0),
    "create, create: one program twice": (10, 0),
    "create, create: two programs of one stack": (9, 0),
    "create, create: one event twice": (8, 0),
    "create, create: two owners, one adopts": (6, 2),
    "create, destroy: a stack, by name": (4, 0),
    "create, its rollback": (4, 0),
    "up, destroy: remembered": (11, 0),
    "up, destroy: state lost": (14, 0),
    "up, force": (11, 0),
    "up, up: remembered": (30, 0),
    "up, up: one event twice": (116, 0),
    "destroy, destroy": (4, 0),
    "destroy, force": (4, 0),
    "delete, delete: one event twice": (4, 0),
    "delete with force, a new life of the stack": (7, 0),
    "up, adopt": (47, 59),
    "destroy, adopt": (6, 2),
    "force, adopt": (6, 2),
    "up, owner set": (11, 10),
    "destroy, owner set": (4, 1),
    "force, owner set": (4, 1),
    "destroy, owner taken": (4, 0),
    "force, owner taken": (4, 1),
    "owner set, owner set": (4, 2),
    "up, destroy: replicas": (42, 0),
    "destroy, destroy: replicas": (14, 0),
    "restore, restore": (14, 0),
    "restore, restore: two programs": (168, 0),
    "restore, restore: one event twice": (44, 0),
    "restore, restore: by hand": (5, 0),
    "restore, restore: by hand, replicas": (140, 0),
    "restore, destroy": (4, 0),
    "restore, force": (9, 0),
    "restore, adopt": (30, 12),
    "force, adopt: pending": (10, 4),
    "replace, restore": (101, 0),
    "restore, the window ends": (6, 0),
    "restore and change, the window ends": (9, 0),
    "restore of a stack, the window ends": (10, 0),
    "restore, restore, the window ends": (252, 0),
    "restore, force, the window ends": (113, 0),
    "restore by hand, the window ends": (3, 0),
    "replace, the window ends": (9, 0),
    "force, the window ends": (3, 0),
    "restore, adopt, the window ends": (30, 0),
}
"""Of each race how many schedules there are, and how many writes that nobody could prevent."""

WITH_PEOPLE = {
    "create": (14, 0),
    "update": (34, 12),
    "update, state lost": (52, 24),
    "update of a stack": (40, 18),
    "destroy": (20, 1),
    "destroy with replicas": (25, 3),
    "destroy, all that others added": (39, 10),
    "force": (20, 2),
    "force, all that others added": (25, 5),
    "delete of a stack": (20, 1),
    "restore": (51, 24),
    "restore with replicas": (48, 6),
    "restore by hand": (34, 2),
    "replace": (39, 0),
    "adopt": (30, 0),
    "owner set": (20, 1),
}
"""The same for an operation, with each of the seven things that a person may do meanwhile."""

FURTHEST = {
    "DeleteSecret, forced": 2,
    "DeleteSecret": 4,
    "RemoveRegionsFromReplication": 3,
    "CancelRotateSecret": 2,
    "UpdateSecret": 4,
    "PutResourcePolicy": 1,
    "TagResource": 5,
    "UntagResource": 6,
    "ReplicateSecretToRegions": 4,
}
"""How many calls after the look a write comes at most: a purge with one write between at most."""


def prove(races: list[stage.Race], record: Record) -> tuple[int, int]:
    """Play races in all orders; return how many, and how many writes nobody could prevent."""
    found: collections.Counter[promises.Leftover] = collections.Counter()
    schedules = 0
    for race in races:
        came = stage.judged(race)
        schedules += came.schedules
        found += came.leftovers
        if came.leftovers:
            assert not stage.judged(race, conditions=True).leftovers, "IAM lets it through"
    tell(record, RACES, "races", len(races))
    tell(record, RACES, "orders of calls", schedules)
    tell(record, RACES, "writes that no client could prevent", found.total())
    assert all(left.calls <= FURTHEST[left.action] for left in found)
    return schedules, found.total()


LONG = {"restore, restore: by hand, replicas"}
"""Races that take seconds, and are kept for `RECOVERABLE_SECRETS_SOAK`."""


@pytest.mark.parametrize("name", pairs.RACES)
def test_two_at_once(name: str, record_property: Record) -> None:
    if name in LONG and not stage.SOAK:
        pytest.skip("seconds: with RECOVERABLE_SECRETS_SOAK only")
    came = prove([pairs.RACES[name]], record_property)
    assert stage.SOAK or came == SCHEDULES[name]


@pytest.mark.parametrize("name", pairs.OPERATIONS)
def test_a_person_in_between(name: str, record_property: Record) -> None:
    came = prove(
        [race for what, race in pairs.PEOPLE.items() if what.startswith(f"{name};")],
        record_property,
    )
    assert stage.SOAK or came == WITH_PEOPLE[name]


@pytest.mark.skipif(not stage.SOAK, reason="a minute: with RECOVERABLE_SECRETS_SOAK only")
@pytest.mark.parametrize("name", pairs.OPERATIONS)
def test_a_person_in_between_twice(name: str, record_property: Record) -> None:
    """Two acts in a row, such as a deletion and a restore."""
    prove(
        [race for what, race in pairs.TWICE.items() if what.startswith(f"{name};")],
        record_property,
    )


def test_the_tables_are_complete() -> None:
    """Also the one at the top of this file, which docs/security.md quotes."""
    assert SCHEDULES.keys() == pairs.RACES.keys()
    assert WITH_PEOPLE.keys() == pairs.OPERATIONS.keys()
    rows = re.findall(
        r"^    (\w+(?:, forced)?) +(?:\d-)?(\d) +(\d+)  ", __doc__ or "", re.MULTILINE
    )
    assert {action: int(most) for action, most, _ in rows} == FURTHEST
    counted = [*SCHEDULES.values(), *WITH_PEOPLE.values()]
    assert sum(int(times) for _, _, times in rows) == sum(left for _, left in counted) == 205
    assert sum(schedules for schedules, _ in counted) == 1_865
