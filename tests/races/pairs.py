"""The races of two operations, and of operations with people and the time."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import emulation
from engine.scene import (
    DOCUMENT,
    FUNCTION,
    NAME,
    NEAR,
    REPLICAS,
    REPLICATE,
    ROTATE,
    STRANGER,
    Scene,
    gone,
    kept,
    memory_of,
    spec,
)
from races import parts
from races.parts import CHANGED, Person, back, deletion, destroy, event, handed, up
from races.stage import Race
from recoverable_secrets.core.facts import Kept, Mandate, Memory
from recoverable_secrets.core.policy import Policy

FORCE = {"deletion": "force"}
COPIED = spec(replicas=REPLICAS[:1])
GUARDED = spec(policy=DOCUMENT)


def brief() -> emulation.Behaviour:
    """Return names that are reserved for a second: two who wait for them take many turns."""
    return emulation.Behaviour(reserved_seconds=1, deleted_visible_seconds=0)


def nothing(_: Scene) -> None:
    """Start from a free name."""


def live(scene: Scene) -> Memory:
    """Start from a live secret."""
    return scene.remember()


def pending(scene: Scene) -> Memory:
    """Start from a scheduled deletion."""
    return scene.pending()


def copied(scene: Scene) -> Memory:
    """Start from a live secret with a replica."""
    return scene.remember(COPIED)


def copied_pending(scene: Scene) -> Memory:
    """Start from a scheduled deletion of a secret that had a replica."""
    return scene.pending(COPIED)


def enriched(scene: Scene) -> Memory:
    """Start from a live secret to which people have added a replica and rotation."""
    memory = scene.remember()
    scene.aws.by_hand(REPLICATE, SecretId=NAME, AddReplicaRegions=[{"Region": NEAR}])
    scene.aws.by_hand(
        ROTATE, SecretId=NAME, RotationLambdaARN=FUNCTION, RotateImmediately=False,
        RotationRules={"AutomaticallyAfterDays": 30},
    )  # fmt: skip
    return memory


def strangers(scene: Scene) -> None:
    """Start from another's live secret."""
    scene.run(kept(owner=STRANGER))


def ending(scene: Scene) -> Memory:
    """Start from the last second of a window."""
    memory = scene.remember()
    scene.run(gone(memory), recovery_window_in_days=7)
    scene.aws.clock.advance(days=7, seconds=-1)
    return memory


def of_a_stack(scene: Scene) -> Memory:
    """Start from what an event created."""
    part = event("before", "0" * 16)
    wanted = part.wish(None)
    assert isinstance(wanted, Kept)
    return memory_of(scene.engine.run(wanted, Policy()), wanted)


ONE, TWO = "one", "two"
WINDOW = Person("time", (parts.seconds_pass,))

CREATES = {
    "create, create: two owners": Race(
        nothing, (up(ONE, GUARDED), up(TWO, GUARDED, owner=STRANGER))
    ),
    "create, create: one program twice": Race(nothing, (up(ONE, GUARDED), up(TWO, GUARDED))),
    "create, create: two programs of one stack": Race(
        nothing, (up(ONE, GUARDED), up(TWO, CHANGED))
    ),
    "create, create: one event twice": Race(
        nothing, (event(ONE, "1" * 16, GUARDED), event(TWO, "1" * 16, GUARDED))
    ),
    "create, create: two owners, one adopts": Race(
        nothing, (up(ONE, GUARDED), up(TWO, owner=STRANGER, adopt="any"))
    ),
    "create, destroy: a stack, by name": Race(
        nothing, (up(ONE, GUARDED), destroy(TWO, remembers=False))
    ),
    "create, its rollback": Race(
        nothing, (event(ONE, "1" * 16, GUARDED), deletion(TWO, Mandate.ROLLBACK, remembers=False))
    ),
}

LIVE = {
    "up, destroy: remembered": Race(live, (up(ONE, CHANGED, remembers=True), destroy(TWO))),
    "up, destroy: state lost": Race(live, (up(ONE, CHANGED), destroy(TWO, remembers=False))),
    "up, force": Race(live, (up(ONE, CHANGED, remembers=True), destroy(TWO, **FORCE))),
    "up, up: remembered": Race(
        live, (up(ONE, CHANGED, remembers=True), up(TWO, spec("third"), remembers=True))
    ),
    "up, up: one event twice": Race(
        of_a_stack,
        (
            event(ONE, "2" * 16, CHANGED, remembers=True),
            event(TWO, "2" * 16, CHANGED, remembers=True),
        ),
    ),
    "destroy, destroy": Race(live, (destroy(ONE), destroy(TWO))),
    "destroy, force": Race(live, (destroy(ONE), destroy(TWO, **FORCE))),
    "delete, delete: one event twice": Race(
        of_a_stack, (deletion(ONE, Mandate.DEPUTY), deletion(TWO, Mandate.DEPUTY))
    ),
    "delete with force, a new life of the stack": Race(
        of_a_stack,
        (deletion(ONE, Mandate.DEPUTY, **FORCE), event(TWO, "3" * 16, stack=parts.NEW_LIFE)),
    ),
    "up, adopt": Race(
        live, (up(ONE, CHANGED, remembers=True), up(TWO, owner=STRANGER, adopt="any"))
    ),
    "destroy, adopt": Race(live, (destroy(ONE), up(TWO, owner=STRANGER, adopt="any"))),
    "force, adopt": Race(live, (destroy(ONE, **FORCE), up(TWO, owner=STRANGER, adopt="any"))),
    "up, owner set": Race(live, (up(ONE, CHANGED, remembers=True), handed(TWO, STRANGER))),
    "destroy, owner set": Race(live, (destroy(ONE), handed(TWO, STRANGER))),
    "force, owner set": Race(live, (destroy(ONE, **FORCE), handed(TWO, STRANGER))),
    "destroy, owner taken": Race(live, (destroy(ONE), handed(TWO, None))),
    "force, owner taken": Race(live, (destroy(ONE, **FORCE), handed(TWO, None))),
    "owner set, owner set": Race(live, (handed(ONE, STRANGER), handed(TWO, "third"))),
    "up, destroy: replicas": Race(
        copied,
        (up(ONE, spec("new", replicas=REPLICAS[:1]), remembers=True), destroy(TWO, timeout=20)),
    ),
    "destroy, destroy: replicas": Race(copied, (destroy(ONE), destroy(TWO))),
}

PENDING = {
    "restore, restore": Race(pending, (up(ONE), up(TWO))),
    "restore, restore: two programs": Race(pending, (up(ONE, CHANGED), up(TWO))),
    "restore, restore: one event twice": Race(
        pending, (event(ONE, "1" * 16), event(TWO, "1" * 16))
    ),
    "restore, restore: by hand": Race(pending, (up(ONE), back(TWO))),
    "restore, restore: by hand, replicas": Race(copied_pending, (up(ONE, COPIED), back(TWO))),
    "restore, destroy": Race(pending, (up(ONE), destroy(TWO))),
    "restore, force": Race(pending, (up(ONE), destroy(TWO, **FORCE))),
    "restore, adopt": Race(pending, (up(ONE), up(TWO, owner=STRANGER, adopt="any"))),
    "force, adopt: pending": Race(
        pending, (destroy(ONE, **FORCE), up(TWO, owner=STRANGER, adopt="any"))
    ),
    "replace, restore": Race(
        pending,
        (up(ONE, CHANGED, on_recreate="replace", **FORCE), up(TWO)),
        behaviour=brief(),
    ),
    "restore, the window ends": Race(ending, (up(ONE),), (WINDOW,)),
    "restore and change, the window ends": Race(ending, (up(ONE, CHANGED),), (WINDOW,)),
    "restore of a stack, the window ends": Race(
        ending, (event(ONE, "1" * 16, CHANGED),), (WINDOW,)
    ),
    "restore, restore, the window ends": Race(
        ending, (up(ONE), up(TWO)), (WINDOW,), behaviour=brief()
    ),
    "restore, force, the window ends": Race(ending, (up(ONE), destroy(TWO, **FORCE)), (WINDOW,)),
    "restore by hand, the window ends": Race(ending, (back(ONE),), (WINDOW,)),
    "replace, the window ends": Race(ending, (up(ONE, on_recreate="replace", **FORCE),), (WINDOW,)),
    "force, the window ends": Race(ending, (destroy(ONE, **FORCE),), (WINDOW,)),
    "restore, adopt, the window ends": Race(
        ending, (up(ONE),), (WINDOW, Person("person", (parts.hands_to_a_stranger,)))
    ),
}

RACES: Mapping[str, Race] = {**CREATES, **LIVE, **PENDING}

ACTS = (
    parts.restores, parts.schedules_deletion, parts.destroys, parts.hands_to_a_stranger,
    parts.takes_the_owner_tag, parts.marks_anew, parts.puts_a_value,
)  # fmt: skip
OPERATIONS = {
    "create": (nothing, up(ONE)),
    "update": (live, up(ONE, CHANGED, remembers=True)),
    "update, state lost": (live, up(ONE, CHANGED)),
    "update of a stack": (of_a_stack, event(ONE, "2" * 16, CHANGED, remembers=True)),
    "destroy": (live, destroy(ONE)),
    "destroy with replicas": (copied, destroy(ONE)),
    "destroy, all that others added": (enriched, destroy(ONE)),
    "force": (live, destroy(ONE, **FORCE)),
    "force, all that others added": (enriched, destroy(ONE, **FORCE)),
    "delete of a stack": (of_a_stack, deletion(ONE, Mandate.DEPUTY)),
    "restore": (pending, up(ONE, CHANGED)),
    "restore with replicas": (copied_pending, up(ONE, COPIED)),
    "restore by hand": (copied_pending, back(ONE)),
    "replace": (pending, up(ONE, CHANGED, on_recreate="replace", **FORCE)),
    "adopt": (strangers, up(ONE, adopt="any")),
    "owner set": (live, handed(ONE, STRANGER)),
}
PEOPLE: Mapping[str, Race] = {
    f"{name}; a person {act.__name__.replace('_', ' ')}": Race(
        prepare, (part,), (Person("person", (act,)),)
    )
    for (name, (prepare, part)), act in itertools.product(OPERATIONS.items(), ACTS)
}
TWICE: Mapping[str, Race] = {
    f"{name}; a person {one.__name__}, {two.__name__}".replace("_", " "): Race(
        prepare, (part,), (Person("person", (one, two)),)
    )
    for (name, (prepare, part)), one, two in itertools.product(OPERATIONS.items(), ACTS, ACTS)
    if one is not two
}
