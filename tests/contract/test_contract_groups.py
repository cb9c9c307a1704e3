"""Obligations about what a secret has besides a value: replicas, policy, rotation, labels, key."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from contract import running, table, worlds
from contract.table import FIRST, NAME, NEW, NEXT, OLD
from recoverable_secrets.core import errors, facts, ownership, plan
from recoverable_secrets.core.facts import KeyState

WRITE = plan.SetMetadata(source=plan.Source.LITERAL, version=NEXT)


def done(world: worlds.World, ref: facts.Ref, *actions: plan.Action) -> None:
    """Do what has to succeed."""
    for action in actions:
        assert isinstance(world.store.apply(ref, action), plan.Done), action


def test_everything_but_replicas_and_rotation_outlives_a_deletion(world: worlds.World) -> None:
    """What a restore brings back by itself, and what a teardown has to care for."""
    ref = running.prepare(world, "live", first=(table.SET_POLICY, table.LABEL))
    done(world, ref, plan.SetMetadata(type="Partner"), table.REPLICATE, table.ROTATE)
    before = world.shot(NAME)
    assert isinstance(world.store.apply(ref, plan.ScheduleDeletion(days=7)), plan.Conflict)
    assert world.shot(NAME) == before, "what has replicas stays live"
    regions = tuple(before.replicas)
    done(world, ref, plan.CancelRotation(), plan.RemoveReplicas(regions=regions))
    done(world, ref, plan.ScheduleDeletion(days=7), plan.Restore())
    after = world.shot(NAME)
    assert (after.policy, after.labels, after.type) == (before.policy, before.labels, before.type)
    assert (after.replicas, after.rotation["enabled"]) == ({}, False)
    done(world, ref, table.REPLICATE, table.ROTATE)
    assert world.shot(NAME) == before


def test_one_region_that_refuses_leaves_all_as_they_are(world: worlds.World) -> None:
    """Neither half of a call takes effect: a look tells what is so."""
    ref = running.prepare(world, "live", first=(plan.AddReplicas(replicas=(table.FAR,)),))
    before = world.shot(NAME)
    both = (table.FAR.region, table.NEAR.region)
    for action in (table.REPLICATE, plan.RemoveReplicas(regions=both)):
        assert isinstance(world.store.apply(ref, action), plan.Conflict)
        assert world.shot(NAME) == before
        running.agrees(world, ref)


def test_a_replica_gets_another_key_by_being_made_anew(world: worlds.World) -> None:
    ref = running.prepare(world, "live", first=(table.REPLICATE,))
    other = facts.Replica(region=table.FAR.region, kms_key_id="alias/other")
    done(world, ref, plan.RemoveReplicas(regions=(other.region,)))
    done(world, ref, plan.AddReplicas(replicas=(other,)))
    assert world.shot(NAME).replicas == {table.NEAR.region: None, other.region: "alias/other"}
    running.agrees(world, ref)


def test_the_policy_is_told_in_normal_form(world: worlds.World) -> None:
    """However it is written, what it means can be compared as text."""
    ref = running.prepare(world, "live")
    spread = json.dumps(json.loads(table.DOCUMENT), indent=4)
    done(world, ref, plan.SetPolicy(document=spread, block_public=False))
    seen = world.store.observe(ref, policy=True)
    assert seen.secret.policy == table.DOCUMENT  # type: ignore[union-attr]
    done(world, ref, plan.DropPolicy())
    seen = world.store.observe(ref, policy=True)
    assert seen.secret.policy == ""  # type: ignore[union-attr]


def test_labels_stay_where_they_are_when_a_value_is_written(world: worlds.World) -> None:
    """Only AWSCURRENT and AWSPREVIOUS move by themselves."""
    ref = running.prepare(world, "live", first=(table.LABEL,))
    assert isinstance(world.store.apply(ref, WRITE, NEW), plan.Done)
    shot = world.shot(NAME)
    assert (shot.version, shot.previous, shot.labels) == (NEXT, FIRST, {"blue": FIRST})
    running.agrees(world, ref)


def test_two_labels_on_one_version(world: worlds.World) -> None:
    ref = running.prepare(world, "live", first=(table.LABEL,))
    done(world, ref, plan.MoveStage(current=None, to=FIRST, stage="green"))
    assert world.shot(NAME).labels == {"blue": FIRST, "green": FIRST}
    done(world, ref, plan.MoveStage(current=FIRST, to=None, stage="blue"))
    assert world.shot(NAME).labels == {"green": FIRST}
    running.agrees(world, ref)


def test_rotation_at_once_puts_a_value_that_is_not_ours(world: worlds.World) -> None:
    """So a surface sees by the version id that somebody else wrote it."""
    ref = running.prepare(world, "live")
    done(world, ref, plan.SetRotation(rotation=table.ROTATION, immediately=True))
    shot = world.shot(NAME)
    assert shot.version is not None
    assert not ownership.is_ours(shot.version)
    assert (shot.previous, shot.value == OLD.reveal()) == (FIRST, False)
    running.agrees(world, ref)


DAY = dt.datetime(2040, 2, 3, tzinfo=dt.UTC)
STATES = [
    pytest.param(KeyState.USABLE, None, id="usable"),
    pytest.param(KeyState.DISABLED, None, id="disabled"),
    pytest.param(KeyState.PENDING_DELETION, DAY, id="pending deletion, with its date"),
]


@pytest.mark.parametrize(("state", "date"), STATES)
def test_a_key_is_looked_at(world: worlds.World, state: KeyState, date: dt.datetime | None) -> None:
    ref = running.prepare(world, "live")
    world.key_is(table.KEY, state, date)
    told = world.store.apply(ref, plan.CheckKey(kms_key_id=table.KEY))
    assert told == plan.Done(key=facts.Key(state=state, date=date))


@pytest.mark.parametrize(("state", "date"), STATES[1:])
def test_what_a_key_that_cannot_be_used_forbids(
    world: worlds.World, state: KeyState, date: dt.datetime | None
) -> None:
    """Values can be neither made nor written; all else goes on, a restore too."""
    ref = running.prepare(world, "live")
    world.key_is(table.KEY, state, date)
    before = world.shot(NAME)
    for action, payload in ((WRITE, NEW), (plan.SetMetadata(kms_key_id=table.KEY), None)):
        with pytest.raises(errors.StoreError) as caught:
            world.store.apply(ref, action, payload)
        assert caught.value.code == "EncryptionFailure"
        assert len(str(caught.value)) <= errors.LIMIT
    with pytest.raises(errors.StoreError):
        world.store.apply(facts.Ref("another"), table.creation(), OLD)
    assert (world.shot(NAME), world.shot("another").state) == (before, "absent")
    done(world, ref, plan.SetTags(tags=plan.frozen({"a": "1"})), plan.DropPolicy())
    done(world, ref, plan.ScheduleDeletion(days=7), plan.Restore())
    done(world, ref, plan.SetMetadata(kms_key_id=""))
    assert isinstance(world.store.apply(ref, WRITE, NEW), plan.Done), "under the default key"
