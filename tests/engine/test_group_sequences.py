"""The calls for replicas, policy, rotation, labels and key, one by one: design, section 10."""

from __future__ import annotations

from typing import Any

import pytest

from engine.scene import (
    CHECK,
    COMPARE,
    CREATE,
    DELETE,
    DOCUMENT,
    FAR,
    FUNCTION,
    KEY,
    LOOK,
    MOVE,
    NEAR,
    NO_POLICY,
    NO_ROTATION,
    PUT_POLICY,
    REPLICAS,
    REPLICATE,
    RESTORE,
    ROTATE,
    ROTATION,
    TAG,
    UNREPLICATE,
    UNTAG,
    UPDATE,
    Scene,
    gone,
    kept,
    memory_of,
    spec,
)  # fmt: skip
from recoverable_secrets.core import facts, ownership

Fields = dict[str, Any]
ALL: Fields = {"replicas": REPLICAS, "policy": DOCUMENT, **ROTATION}
NONE: Fields = {"replicas": [], "policy": "", "rotation_enabled": False}
OTHER_DOCUMENT = DOCUMENT.replace("Deny", "Allow").replace('"*"', '"123456789012"')


def settled(scene: Scene, fields: Fields, wanted: facts.Kept, known: object) -> None:
    """Check that the same declaration once more makes no call at all."""
    assert isinstance(known, facts.Present)
    memory = facts.Memory(
        id=known.secret.id, owner=wanted.owner, spec=wanted.spec,
        instance=known.secret.tags[ownership.INSTANCE], version=known.holds,
        live_version=known.secret.version,
    )  # fmt: skip
    before = scene.secret
    scene.run(kept(spec(**fields), memory))
    assert scene.calls_of_all == []
    assert scene.secret == before


CREATES: list[Any] = [
    pytest.param({"replicas": REPLICAS}, [CREATE, LOOK], id="replicas: one call, and a poll"),
    pytest.param({"replicas": []}, [CREATE], id="no replicas: nothing to wait for"),
    pytest.param({"policy": DOCUMENT}, [CREATE, PUT_POLICY], id="policy"),
    pytest.param({"policy": ""}, [CREATE], id="no policy: a new secret has none"),
    pytest.param(ROTATION, [CREATE, ROTATE], id="rotation"),
    pytest.param({"rotation_enabled": False}, [CREATE], id="no rotation: a new secret has none"),
    pytest.param({"version_stages": ["blue"]}, [CREATE, MOVE], id="a label"),
    pytest.param({"version_stages": ["blue", "green"]}, [CREATE, MOVE, MOVE], id="two labels"),
    pytest.param({"type": "Partner"}, [CREATE], id="type"),
    pytest.param({**ALL, "kms_key_id": KEY}, [CREATE, PUT_POLICY, ROTATE, LOOK], id="everything"),
]


@pytest.mark.parametrize(("fields", "calls"), CREATES)
def test_create(scene: Scene, fields: Fields, calls: list[str]) -> None:
    wanted = kept(spec(**fields))
    result = scene.run(wanted)
    assert scene.calls_of_all == calls
    settled(scene, fields, wanted, result.known)


def test_each_poll_is_one_look(scene: Scene) -> None:
    """Until all are in step, with pauses that grow; all else is done meanwhile."""
    scene.aws.behaviour.replication_seconds = 20
    scene.run(kept(spec(**ALL)))
    assert scene.calls == [CREATE, PUT_POLICY, ROTATE, *5 * [LOOK]]
    assert scene.time.pauses == [1, 2, 4, 8, 15]
    assert {one.status for one in scene.secret.replicas.values()} == {"InSync"}


@pytest.mark.parametrize("fields", [ALL, NONE, {**ALL, "kms_key_id": KEY}],
                         ids=["all", "none", "and a key"])  # fmt: skip
def test_unchanged_is_no_call(scene: Scene, fields: Fields) -> None:
    memory = scene.remember(spec(**fields))
    result = scene.run(kept(spec(**fields), memory), previous_version="deprecate",
                       force_overwrite_replica_secret=True, rotate_immediately=True)  # fmt: skip
    assert (scene.calls_of_all, result.actions, scene.said) == ([], (), [])


KEYED = {"region": NEAR, "kms_key_id": "alias/near"}
DAYS = {"automatically_after_days": 9}
UPDATES: list[Any] = [
    pytest.param({}, {"replicas": REPLICAS}, [REPLICATE, LOOK],
                 id="replicas: made, one poll"),
    pytest.param({"replicas": REPLICAS[:1]}, {"replicas": REPLICAS}, [REPLICATE, LOOK],
                 id="one replica more"),
    pytest.param({"replicas": REPLICAS}, {"replicas": REPLICAS[:1]}, [UNREPLICATE],
                 id="one replica less"),
    pytest.param({"replicas": REPLICAS}, {"replicas": []}, [UNREPLICATE],
                 id="no replicas any more"),
    pytest.param({"replicas": REPLICAS}, {}, [UNTAG, UNREPLICATE],
                 id="replicas no longer declared"),
    pytest.param({"replicas": REPLICAS}, {"replicas": REPLICAS[::-1]}, None,
                 id="replicas in another order: nothing"),
    pytest.param({"replicas": REPLICAS}, {"replicas": [KEYED, REPLICAS[1]]},
                 [UNREPLICATE, LOOK, REPLICATE, LOOK],
                 id="a replica's key: removed, seen to be gone, made anew"),
    pytest.param({"replicas": REPLICAS[:1]}, {"replicas": REPLICAS[1:]},
                 [UNREPLICATE, REPLICATE, LOOK], id="another region"),
    pytest.param({}, {"policy": DOCUMENT}, [PUT_POLICY], id="policy attached"),
    pytest.param({"policy": DOCUMENT}, {"policy": OTHER_DOCUMENT}, [PUT_POLICY],
                 id="policy changed"),
    pytest.param({"policy": DOCUMENT}, {"policy": DOCUMENT, "block_public_policy": False},
                 [PUT_POLICY], id="policy that may let everyone in"),
    pytest.param({"policy": DOCUMENT}, {}, [NO_POLICY], id="policy no longer declared"),
    pytest.param({"policy": DOCUMENT}, {"policy": ""}, [NO_POLICY], id="policy emptied"),
    pytest.param({"policy": DOCUMENT}, {"policy": DOCUMENT.replace('":', '" : ')}, None,
                 id="the same policy, written otherwise: nothing"),
    pytest.param({}, ROTATION, [ROTATE], id="rotation set"),
    pytest.param(ROTATION, {**ROTATION, "rotation_rules": DAYS}, [ROTATE], id="rotation changed"),
    pytest.param(ROTATION, {}, [UNTAG, NO_ROTATION], id="rotation no longer declared"),
    pytest.param(ROTATION, {"rotation_enabled": False}, [NO_ROTATION],
                 id="rotation turned off"),
    pytest.param({}, {"rotation_enabled": False}, [], id="turned off where it never was: a look"),
    pytest.param({}, {"type": "Partner"}, [UPDATE], id="type"),
    pytest.param({}, {"type": "Partner", "description": "new", "kms_key_id": KEY}, [UPDATE],
                 id="type, description and key together"),
    pytest.param({}, {"version_stages": ["blue"]}, [MOVE], id="label attached"),
    pytest.param({"version_stages": ["blue"]}, {}, [MOVE], id="label no longer declared"),
    pytest.param({"version_stages": ["blue"]}, {"version_stages": ["green"]}, [MOVE, MOVE],
                 id="another label"),
    pytest.param({}, {**ALL, "description": "new", "tags": {"n": "1"}},
                 [PUT_POLICY, UPDATE, TAG, UNTAG, REPLICATE, ROTATE, LOOK], id="every group"),
    pytest.param(ALL, {"tags": {"team": "a"}},
                 [NO_POLICY, UNTAG, UNREPLICATE, NO_ROTATION], id="every group away"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "fields", "calls"), UPDATES)
def test_update_is_a_look_and_one_call_a_group(
    scene: Scene, before: Fields, fields: Fields, calls: list[str] | None
) -> None:
    """The records in our tags are left to the teardown; None is no call at all."""
    memory = scene.remember(spec(**before))
    wanted = kept(spec(**fields), memory)
    result = scene.run(wanted)
    assert scene.calls_of_all == ([] if calls is None else [LOOK, *calls])
    assert scene.said == []
    if calls is not None:
        settled(scene, fields, wanted, result.known)


def test_what_an_update_leaves(scene: Scene) -> None:
    """Not only that the calls are made: what they carry arrives."""
    memory = scene.remember()
    scene.run(kept(spec(**ALL, type="Partner", version_stages=["blue"]), memory))
    secret = scene.secret
    assert {region: one.kms_key_id for region, one in secret.replicas.items()} == {
        NEAR: None, FAR: "alias/far",
    }  # fmt: skip
    assert (secret.policy, secret.type) == (DOCUMENT, "Partner")
    assert secret.rotation["RotationLambdaARN"] == FUNCTION
    assert secret.versions[memory.version or ""].labels == ("AWSCURRENT", "blue")
    assert not {ownership.REPLICAS, ownership.ROTATION} & secret.tags.keys(), "a teardown's work"


DELETES: list[Any] = [
    pytest.param({"replicas": REPLICAS}, {}, [LOOK, UNREPLICATE, DELETE],
                 id="replicas: recorded already"),
    pytest.param(ROTATION, {}, [LOOK, NO_ROTATION, DELETE], id="rotation: recorded already"),
    pytest.param({"policy": DOCUMENT}, {}, [LOOK, DELETE], id="a policy goes and comes with it"),
    pytest.param({"version_stages": ["blue"]}, {}, [LOOK, DELETE], id="labels likewise"),
    pytest.param({"kms_key_id": KEY}, {}, [LOOK, CHECK, DELETE], id="a customer's key is asked of"),
    pytest.param({**ALL, "kms_key_id": KEY}, {}, [LOOK, CHECK, NO_ROTATION, UNREPLICATE, DELETE],
                 id="all of them"),
    pytest.param({**ALL, "kms_key_id": KEY}, {"deletion": "force"}, [LOOK, UNREPLICATE, DELETE],
                 id="for good: what will never come back needs no care"),
    pytest.param(ALL, {"deletion": "retain"}, [], id="retain: nothing is taken away"),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "policy", "calls"), DELETES)
def test_delete(scene: Scene, fields: Fields, policy: Fields, calls: list[str]) -> None:
    memory = scene.remember(spec(**fields))
    scene.run(gone(memory), **policy)
    assert scene.calls_of_all == calls


def test_delete_of_what_others_have_added(scene: Scene) -> None:
    """Replicas and a rotation that no declaration knows: written down first, in one tag call."""
    memory = scene.remember()
    scene.aws.by_hand(REPLICATE, SecretId=scene.secret.arn, AddReplicaRegions=[{"Region": NEAR}])
    scene.aws.by_hand(
        ROTATE, SecretId=scene.secret.arn, RotationLambdaARN=FUNCTION, RotateImmediately=False,
        RotationRules={"AutomaticallyAfterDays": 30},
    )  # fmt: skip
    scene.run(gone(memory))
    assert scene.calls == [LOOK, TAG, NO_ROTATION, UNREPLICATE, DELETE]
    assert scene.secret.tags[ownership.REPLICAS] == NEAR
    assert scene.secret.tags[ownership.ROTATION] == "on"
    scene.run(kept())
    assert scene.calls == [*HEAD, NO_POLICY, COMPARE, REPLICATE, ROTATE, LOOK]
    assert set(scene.secret.replicas) == {NEAR}
    assert scene.secret.rotation["RotationEnabled"] is True


HEAD = [CREATE, LOOK, RESTORE]
RECREATES: list[Any] = [
    pytest.param({"policy": DOCUMENT}, {"policy": DOCUMENT}, [*HEAD, PUT_POLICY, COMPARE],
                 id="policy: set blindly, in place of a removal"),
    pytest.param({"policy": DOCUMENT}, {}, [*HEAD, NO_POLICY, COMPARE], id="policy not declared"),
    pytest.param({}, {"policy": DOCUMENT}, [*HEAD, PUT_POLICY, COMPARE], id="policy declared now"),
    pytest.param({"replicas": REPLICAS}, {"replicas": REPLICAS},
                 [*HEAD, NO_POLICY, COMPARE, REPLICATE, LOOK], id="replicas as declared"),
    pytest.param({"replicas": REPLICAS}, {}, [*HEAD, NO_POLICY, COMPARE, REPLICATE, LOOK],
                 id="replicas from the record"),
    pytest.param({"replicas": REPLICAS}, {"replicas": REPLICAS[:1]},
                 [*HEAD, NO_POLICY, COMPARE, REPLICATE, LOOK],
                 id="a declared list wins over the record"),
    pytest.param({"replicas": REPLICAS}, {"replicas": []}, [*HEAD, NO_POLICY, COMPARE],
                 id="an empty list too, and nothing comes back"),
    pytest.param(ROTATION, ROTATION, [*HEAD, NO_POLICY, COMPARE, ROTATE], id="rotation"),
    pytest.param(ROTATION, {}, [*HEAD, NO_POLICY, COMPARE, ROTATE], id="rotation from the record"),
    pytest.param(ROTATION, {"rotation_enabled": False}, [*HEAD, NO_POLICY, COMPARE],
                 id="rotation turned off"),
    pytest.param({"version_stages": ["blue"]}, {"version_stages": ["blue"]},
                 [*HEAD, NO_POLICY, COMPARE], id="labels have come with it"),
    pytest.param({"kms_key_id": KEY}, {"kms_key_id": KEY}, [*HEAD, NO_POLICY, CHECK, COMPARE],
                 id="a customer's key is asked of, after the policy"),
    pytest.param(ALL, ALL, [*HEAD, PUT_POLICY, COMPARE, REPLICATE, ROTATE, LOOK], id="all"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "fields", "calls"), RECREATES)
def test_recreate_while_pending(
    scene: Scene, before: Fields, fields: Fields, calls: list[str]
) -> None:
    scene.pending(spec(**before))
    if before.get("kms_key_id"):
        scene.aws.add_key(KEY)
    wanted = kept(spec(**fields))
    result = scene.run(wanted)
    assert scene.calls_of_all == calls
    assert result.restored
    settled(scene, fields, wanted, result.known)


def test_a_policy_is_the_first_thing_after_a_restore(scene: Scene) -> None:
    """Whoever it let in before must not have a moment more than needed."""
    scene.pending(spec(**ALL, kms_key_id=KEY))
    for declared in (spec(policy=DOCUMENT), spec()):
        scene.run(kept(declared))
        place = scene.calls_of_all.index(RESTORE) + 1
        assert scene.calls_of_all[place] in {PUT_POLICY, NO_POLICY}
        scene.run(gone())


PREVIOUS: list[Any] = [
    pytest.param({}, [LOOK, UPDATE], True, id="kept by default"),
    pytest.param({"previous_version": "keep"}, [LOOK, UPDATE], True, id="kept"),
    pytest.param({"previous_version": "deprecate"}, [LOOK, UPDATE, MOVE], False, id="deprecated"),
]


@pytest.mark.parametrize(("policy", "calls", "stays"), PREVIOUS)
def test_the_version_before_a_new_value(
    scene: Scene, policy: Fields, calls: list[str], *, stays: bool
) -> None:
    """Without a label AWS drops it in its own time; nothing else is ever dropped."""
    memory = scene.remember()
    wanted = kept(spec("new"), memory)
    result = scene.run(wanted, **policy)
    assert scene.calls == calls
    scene.aws.drop_unlabelled()
    assert (memory.version in scene.secret.versions) is stays
    assert scene.secret.value == "new"
    scene.run(kept(spec("new"), memory_of(result, wanted)), **policy)
    assert scene.calls == []
