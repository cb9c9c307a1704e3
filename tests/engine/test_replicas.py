"""Replicas on AWS: waited for, made once more if they fail, and put back if a deletion fails."""

from __future__ import annotations

from typing import Any

import pytest

from emulation import faults
from engine.scene import (
    CHECK,
    CREATE,
    DELETE,
    FAR,
    KEY,
    LOOK,
    NAME,
    NEAR,
    NO_ROTATION,
    REPLICAS,
    REPLICATE,
    ROTATE,
    ROTATION,
    STRANGER,
    TAG,
    UNREPLICATE,
    Scene,
    gone,
    kept,
    memory_of,
    spec,
)  # fmt: skip
from recoverable_secrets.core import errors, facts, ownership, plan
from recoverable_secrets.core.policy import Policy

REPLICATED = spec(replicas=REPLICAS)
IN_THE_WAY = f"Secret name {NAME} already exists in region {FAR}."


def in_the_way(scene: Scene) -> None:
    """Let another secret of the same name be where a replica is wanted."""
    scene.aws.by_hand("CreateSecret", Name=NAME, SecretString="theirs", region=FAR)


def statuses(scene: Scene) -> dict[str, str]:
    return {region: one.status for region, one in scene.secret.replicas.items()}


def test_a_replica_that_fails_is_an_error_with_the_services_reason(scene: Scene) -> None:
    """Tried twice; nothing is undone, and the text says what to do."""
    in_the_way(scene)
    with pytest.raises(errors.StoreError) as caught:
        scene.run(kept(REPLICATED))
    assert caught.value.code == "ReplicationFailed"
    text = str(caught.value)
    assert f"the replica in {FAR} failed: Replication failed: Secret name" in text
    assert text.endswith("Remove what is in its way or set force_overwrite_replica_secret to true; "
                         "run again")  # fmt: skip
    assert len(text) <= errors.LIMIT
    assert scene.calls == [CREATE, LOOK, UNREPLICATE, LOOK, REPLICATE, LOOK]
    assert statuses(scene) == {NEAR: "InSync", FAR: "Failed"}
    assert scene.secret.state == "live"
    assert scene.aws.secret(NAME, region=FAR).value == "theirs"


def test_the_next_run_heals_it(scene: Scene) -> None:
    """Nobody remembers the secret, as its creation failed: it is found, and all is made good."""
    in_the_way(scene)
    with pytest.raises(errors.StoreError):
        scene.run(kept(REPLICATED))
    scene.aws.by_hand("DeleteSecret", SecretId=NAME, ForceDeleteWithoutRecovery=True, region=FAR)
    scene.aws.clock.advance(seconds=120)
    before = scene.secret
    scene.run(kept(REPLICATED))
    assert statuses(scene) == {NEAR: "InSync", FAR: "InSync"}
    assert (scene.secret.arn, len(scene.secret.versions)) == (before.arn, 1)


def test_a_failure_that_passes_is_not_even_told(scene: Scene) -> None:
    """Such as a name that was reserved: the second attempt succeeds within the operation."""
    in_the_way(scene)
    scene.aws.hook(UNREPLICATE, "after", lambda _: (
        scene.aws.by_hand("DeleteSecret", SecretId=NAME, ForceDeleteWithoutRecovery=True,
                          region=FAR),
        scene.aws.clock.advance(seconds=120),
    ))  # fmt: skip
    scene.run(kept(REPLICATED))
    assert statuses(scene) == {NEAR: "InSync", FAR: "InSync"}
    assert scene.said == []


def test_an_update_after_a_failure(scene: Scene) -> None:
    """Where the failed update is remembered as not done, the same one again heals it."""
    memory = scene.remember()
    in_the_way(scene)
    with pytest.raises(errors.StoreError, match=f"the replica in {FAR} failed"):
        scene.run(kept(REPLICATED, memory))
    scene.run(kept(REPLICATED, memory), force_overwrite_replica_secret=True)
    assert scene.calls == [LOOK, UNREPLICATE, LOOK, REPLICATE, LOOK]
    assert statuses(scene) == {NEAR: "InSync", FAR: "InSync"}
    assert scene.aws.secret(NAME, region=FAR).value == "the value"


@pytest.mark.parametrize("again", [False, True], ids=["at creation", "later"])
def test_what_is_in_the_way_goes_only_if_told(scene: Scene, *, again: bool) -> None:
    memory = scene.remember() if again else None
    in_the_way(scene)
    scene.run(kept(REPLICATED, memory), force_overwrite_replica_secret=True)
    sent = [one.parameters for one in scene.aws.calls if "AddReplicaRegions" in one.parameters]
    assert [one["ForceOverwriteReplicaSecret"] for one in sent] == [True]
    assert statuses(scene) == {NEAR: "InSync", FAR: "InSync"}


def test_waiting_ends_in_time_and_changes_nothing(scene: Scene) -> None:
    """A replica that never comes about: the secret is there, and the next run goes on."""
    scene.aws.behaviour.replication_seconds = 1000
    with pytest.raises(errors.OutOfTime, match="done so far: Create"):
        scene.run(kept(REPLICATED), timeout=120)
    assert scene.calls[0] == CREATE
    assert set(scene.calls[1:]) == {LOOK}
    assert (scene.secret.state, scene.said) == ("live", [])
    scene.aws.clock.advance(seconds=1000)
    scene.run(kept(REPLICATED))
    assert REPLICATE not in scene.calls


def test_a_replica_of_others_is_not_waited_for(scene: Scene) -> None:
    """It is no business of ours whether it comes about."""
    memory = scene.remember()
    scene.aws.behaviour.replication_seconds = 1000
    scene.aws.by_hand(REPLICATE, SecretId=NAME, AddReplicaRegions=[{"Region": NEAR}])
    scene.run(kept(spec(description="new"), memory))
    assert scene.time.pauses == []
    assert set(scene.secret.replicas) == {NEAR}


def test_a_wrong_region_is_refused_naming_the_right_one(scene: Scene) -> None:
    """Where our secret is a replica, nothing can be done: the primary's region is told."""
    scene.run(kept(REPLICATED))
    elsewhere = scene.aws.secret(NAME, region=NEAR)
    seen = scene.store.observe(facts.Ref(NAME, elsewhere.arn))
    assert isinstance(seen, facts.Present)
    for wanted in (kept(), gone()):
        with pytest.raises(errors.Refused, match=f"its primary is in {scene.aws.region}"):
            scene.engine.run(wanted, Policy(), known=seen)
    assert scene.secret.state == "live"


PARTNER = "arn:aws:secretsmanager:us-west-2:444455556666:secret:theirs-AbCdEf"


@pytest.mark.parametrize("wish", ["update", "delete", "create"])
def test_a_replica_in_another_account_is_named_before_anything_is_touched(
    scene: Scene, wish: str
) -> None:
    memory = scene.remember(REPLICATED)
    scene.aws.plant(NAME, CrossAccountReplicas=[{"ReplicaSecretARN": PARTNER}])
    wanted = {"update": kept(spec("new"), memory), "delete": gone(memory), "create": kept()}[wish]
    before = scene.secret
    with pytest.raises(errors.Refused, match=PARTNER):
        scene.run(wanted)
    assert set(scene.calls) <= {CREATE, LOOK}
    assert scene.secret == before


REMOVED = f"{NAME}: replicas in {FAR}, {NEAR} removed; they come back with a restore"
BACK = [
    f"{NAME}: put back after the failure (AddReplicas)",
    f"{NAME}: put back after the failure (SetRotation)",
]
FAILURES: list[Any] = [
    pytest.param(lambda s: s.aws.deny("secretsmanager:DeleteSecret"), errors.AccessDenied,
                 id="not allowed"),
    pytest.param(lambda s: s.aws.inject(faults.Error(DELETE, code="Odd", message="no")),
                 errors.StoreError, id="refused"),
    pytest.param(lambda s: s.aws.inject(faults.Throttle(DELETE, times=None)), errors.Temporary,
                 id="throttled to the end"),
]  # fmt: skip


@pytest.mark.parametrize(("fail", "raised"), FAILURES)
def test_a_deletion_that_fails_puts_all_back(
    scene: Scene, fail: Any, raised: type[Exception]
) -> None:
    """Replicas with their keys, the rotation as it was; said, and the next run ends it."""
    memory = scene.remember(spec(replicas=REPLICAS, **ROTATION))
    before = scene.secret
    fail(scene)
    with pytest.raises(raised):
        scene.run(gone(memory))
    made = list(dict.fromkeys(scene.calls))
    assert made == [LOOK, NO_ROTATION, UNREPLICATE, DELETE, REPLICATE, ROTATE]
    assert scene.said == [REMOVED, *BACK]
    after = scene.secret
    assert statuses(scene) == {NEAR: "InSync", FAR: "InSync"}
    keys = [{r: one.kms_key_id for r, one in s.replicas.items()} for s in (before, after)]
    assert [key or None for key in keys[0].values()] == [
        None if key == "alias/aws/secretsmanager" else key for key in keys[1].values()
    ]
    assert after.rotation["RotationEnabled"] is True
    assert (after.state, after.value) == ("live", before.value)
    scene.aws.heal()
    scene.aws.allow_everything()
    scene.run(gone(memory))
    assert (scene.secret.state, statuses(scene)) == ("pending", {})


def test_what_cannot_be_put_back_is_said(scene: Scene) -> None:
    """Nobody may believe that there are replicas when there are none."""
    memory = scene.remember(REPLICATED)
    scene.aws.deny("secretsmanager:DeleteSecret", "secretsmanager:ReplicateSecretToRegions")
    with pytest.raises(errors.AccessDenied, match=f"{DELETE} of {NAME} was denied"):
        scene.run(gone(memory))
    assert scene.said[0] == REMOVED
    assert scene.said[1].startswith(f"{NAME}: AddReplicas after the failure failed too: ")
    assert scene.secret.tags[ownership.REPLICAS] == f"{FAR}=alias/far {NEAR}"


def test_a_removal_that_takes_a_moment(scene: Scene) -> None:
    """AWS refuses the deletion until it is through: looked at, waited for, done."""
    memory = scene.remember(REPLICATED)
    scene.aws.behaviour.removal_seconds = 6
    scene.run(gone(memory))
    assert scene.calls == [LOOK, UNREPLICATE, DELETE, *4 * [LOOK], DELETE]
    assert scene.time.pauses == [1, 2, 4]
    assert scene.secret.state == "pending"


def test_a_removal_that_never_ends(scene: Scene) -> None:
    """Out of time, told so; the replicas are on their way out, and so not put back."""
    memory = scene.remember(REPLICATED)
    scene.aws.behaviour.removal_seconds = 10_000
    with pytest.raises(errors.OutOfTime, match="RemoveReplicas"):
        scene.run(gone(memory), timeout=200)
    assert scene.said[-1] == f"{NAME}: could not be put back (AddReplicas)"
    scene.aws.clock.advance(seconds=10_000)
    scene.run(gone(memory))
    assert scene.calls == [LOOK, DELETE]
    scene.run(kept())
    assert set(scene.secret.replicas) == {NEAR, FAR}, "the record was kept"


def test_somebody_adds_a_replica_before_the_deletion(scene: Scene) -> None:
    """Faster than the deletion: found by the look after the refusal, and written down too."""
    memory = scene.remember()
    scene.aws.hook(DELETE, "before", lambda _: scene.aws.by_hand(
        REPLICATE, SecretId=NAME, AddReplicaRegions=[{"Region": NEAR}]))  # fmt: skip
    scene.run(gone(memory))
    assert scene.calls == [LOOK, DELETE, LOOK, TAG, UNREPLICATE, DELETE]
    assert scene.secret.tags[ownership.REPLICAS] == NEAR


def test_new_replicas_go_again_with_a_restore_that_fails(scene: Scene) -> None:
    """What has replicas cannot be scheduled: they go first, then the secret does."""
    scene.pending(spec(replicas=REPLICAS, **ROTATION))
    scene.aws.deny("secretsmanager:RotateSecret")
    with pytest.raises(errors.AccessDenied, match=ROTATE):
        scene.run(kept(spec(replicas=REPLICAS, **ROTATION)))
    assert scene.calls[-4:] == [REPLICATE, ROTATE, UNREPLICATE, DELETE]
    assert (scene.secret.state, statuses(scene)) == ("pending", {})
    assert scene.said[1:] == [
        f"{NAME}: put back after the failure (RemoveReplicas)",
        f"{NAME}: put back after the failure (ScheduleDeletion)",
    ]


def test_a_failed_replica_takes_a_restore_back(scene: Scene) -> None:
    scene.pending(REPLICATED)
    in_the_way(scene)
    with pytest.raises(errors.StoreError, match=f"the replica in {FAR} failed"):
        scene.run(kept(REPLICATED))
    assert (scene.secret.state, statuses(scene)) == ("pending", {})
    assert scene.aws.secret(NAME, region=FAR).value == "theirs"


def test_a_restore_is_taken_back_though_removing_takes_a_moment(scene: Scene) -> None:
    """The deletion is refused until the new replicas are gone: that is waited for, and said."""
    scene.pending(spec(replicas=REPLICAS, **ROTATION))
    scene.aws.behaviour.removal_seconds = 5
    scene.aws.deny("secretsmanager:RotateSecret")
    with pytest.raises(errors.AccessDenied, match=ROTATE):
        scene.run(kept(spec(replicas=REPLICAS, **ROTATION)))
    assert scene.secret.state == "pending"
    assert scene.said[-1] == f"{NAME}: put back after the failure (ScheduleDeletion)"


def test_a_restore_cannot_be_taken_back_in_time(scene: Scene) -> None:
    """Live, and nobody is told otherwise."""
    scene.pending(spec(replicas=REPLICAS, **ROTATION))
    scene.aws.behaviour.removal_seconds = 100_000
    scene.aws.deny("secretsmanager:RotateSecret")
    with pytest.raises(errors.AccessDenied, match=ROTATE):
        scene.run(kept(spec(replicas=REPLICAS, **ROTATION)))
    assert scene.secret.state == "live"
    assert scene.said[-1].startswith(f"{NAME}: ScheduleDeletion after the failure failed too: ")
    assert sum(scene.time.pauses) <= 300


def test_a_strangers_replicas_stay(scene: Scene) -> None:
    """Teardown of what is not ours takes nothing away."""
    memory = scene.remember(REPLICATED)
    scene.hand_over(STRANGER)
    scene.run(gone(memory))
    assert scene.calls == [LOOK]
    assert set(scene.secret.replicas) == {NEAR, FAR}


def test_more_replicas_than_a_tag_has_room_for(scene: Scene) -> None:
    """The regions go first; the keys are left out, and that comes back."""
    regions = [f"eu-west-{number}" for number in range(1, 10)]
    long = [{"region": one, "kms_key_id": f"alias/{one}/{'k' * 40}"} for one in regions]
    scene.pending(spec(replicas=long))
    record = scene.secret.tags[ownership.REPLICAS]
    assert record == " ".join(regions)
    scene.run(kept())
    assert {r: one.kms_key_id for r, one in scene.secret.replicas.items()} == dict.fromkeys(regions)


@pytest.mark.parametrize(
    ("fewer", "record"), [(REPLICAS[:1], NEAR), ([], "")], ids=["one less", "none any more"]
)
def test_a_teardown_puts_the_record_right(scene: Scene, fewer: list[Any], record: str) -> None:
    """An update does not write it: until the teardown the declaration tells."""
    memory = scene.remember(REPLICATED)
    wanted = kept(spec(replicas=fewer), memory)
    result = scene.run(wanted)
    assert [type(one) for one in result.actions] == [plan.RemoveReplicas]
    scene.run(gone(memory_of(result, wanted)))
    assert scene.secret.tags[ownership.REPLICAS] == record
    scene.run(kept(spec()))
    assert [*scene.secret.replicas] == [each["region"] for each in fewer]


def test_the_key_is_told_of_before_anything_is_taken_away(scene: Scene) -> None:
    """A refused look at the key changes nothing either."""
    memory = scene.remember(spec(replicas=REPLICAS, kms_key_id=KEY))
    scene.aws.add_key(KEY)
    scene.run(gone(memory))
    assert scene.calls_of_all == [LOOK, CHECK, UNREPLICATE, DELETE]
