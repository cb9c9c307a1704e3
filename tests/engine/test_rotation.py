"""Rotation on AWS: it never fires right after a restore, and what it puts is kept."""

from __future__ import annotations

from typing import Any

import pytest

import emulation
from engine.scene import (
    CREATE,
    DELETE,
    FUNCTION,
    LOOK,
    NAME,
    NO_ROTATION,
    ROTATE,
    ROTATION,
    STRANGER,
    UPDATE,
    Scene,
    gone,
    kept,
    memory_of,
    spec,
)  # fmt: skip
from recoverable_secrets.core import errors, facts, ownership

MONTHLY = spec(**ROTATION)


def rotate_by_itself(scene: Scene) -> str:
    """Let the date come; return the version that rotation has put."""
    before = scene.secret.version_id
    scene.aws.clock.advance(days=31)
    assert scene.secret.version_id != before, "it was due"
    return str(scene.secret.version_id)


BACK: list[Any] = [
    pytest.param(MONTHLY, id="declared"),
    pytest.param(spec(), id="from the record"),
]


@pytest.mark.parametrize("declared", BACK)
def test_a_date_that_passed_while_pending_does_not_fire(scene: Scene, declared: Any) -> None:
    """Its dates count from the restore on: the value is the one that people know."""
    scene.remember(MONTHLY)
    scene.aws.clock.advance(days=20)
    scene.run(gone())
    scene.aws.clock.advance(days=25)
    before = scene.secret
    result = scene.run(kept(declared))
    assert result.restored
    for days in (0, 1, 28):
        scene.aws.clock.advance(days=days)
        assert scene.secret.version_id == before.version_id
    assert rotate_by_itself(scene)


def test_without_our_care_it_would_fire(scene: Scene) -> None:
    """The double does what AWS may do, so the test above can fail."""
    scene.remember(MONTHLY)
    before = scene.secret.version_id
    scene.aws.clock.advance(days=20)
    scene.aws.by_hand(DELETE, SecretId=NAME)
    scene.aws.clock.advance(days=25)
    scene.aws.by_hand("RestoreSecret", SecretId=NAME)
    assert scene.secret.version_id != before


@pytest.mark.parametrize("policy", [{}, {"rotate_immediately": True}], ids=["by date", "at once"])
def test_when_it_begins(scene: Scene, policy: dict[str, Any]) -> None:
    scene.run(kept(MONTHLY), **policy)
    sent = scene.aws.calls[-1].parameters
    assert (scene.calls, sent["RotateImmediately"]) == ([CREATE, ROTATE], bool(policy))
    assert ownership.is_ours(scene.secret.version_id or "") is not bool(policy)


def test_what_rotation_put_is_kept(scene: Scene) -> None:
    """Through updates of other things, a deletion and a restore; the old value never returns."""
    memory = scene.remember(MONTHLY)
    put = rotate_by_itself(scene)
    wanted = kept(spec(description="new", **ROTATION), memory)
    result = scene.run(wanted)
    assert scene.calls == [LOOK, UPDATE]
    scene.run(gone(memory_of(result, wanted)))
    scene.run(kept(MONTHLY))
    assert scene.secret.version_id == put
    kept_value = f"{NAME} keeps the value that was put outside of this declaration"
    assert [note for note in scene.said if note.startswith(kept_value)]


def test_cancelled_by_hand_it_stays_so_while_nothing_else_is_said(scene: Scene) -> None:
    """Memory shows no change: only a refresh brings it to light."""
    memory = scene.remember(MONTHLY)
    scene.aws.by_hand(NO_ROTATION, SecretId=NAME)
    scene.run(kept(MONTHLY, memory))
    assert scene.calls == []
    scene.run(kept(spec(description="new", **ROTATION), memory))
    assert scene.calls == [LOOK, UPDATE, ROTATE], "a look does"


def test_a_rotation_of_others_is_left_alone(scene: Scene) -> None:
    """Not declared is not managed: it stays through an update, and comes back with a restore."""
    memory = scene.remember()
    scene.aws.by_hand(
        ROTATE, SecretId=NAME, RotationLambdaARN=FUNCTION, RotateImmediately=False,
        RotationRules={"ScheduleExpression": "rate(10 days)", "Duration": "2h"},
    )  # fmt: skip
    before = scene.secret.rotation
    scene.run(kept(spec(description="new"), memory))
    assert scene.secret.rotation == before
    scene.run(gone(memory))
    assert scene.secret.rotation["RotationEnabled"] is False
    scene.run(kept())
    after = scene.secret.rotation
    parts = ("RotationEnabled", "RotationLambdaARN", "RotationRules")
    assert [after[part] for part in parts] == [before[part] for part in parts]


def test_what_was_cancelled_before_the_teardown_stays_cancelled(scene: Scene) -> None:
    """Only a rotation that the teardown itself has cancelled comes back by itself."""
    memory = scene.remember()
    scene.aws.by_hand(
        ROTATE, SecretId=NAME, RotationLambdaARN=FUNCTION, RotateImmediately=False,
        RotationRules={"AutomaticallyAfterDays": 30},
    )  # fmt: skip
    scene.aws.by_hand(NO_ROTATION, SecretId=NAME)
    scene.run(gone(memory))
    assert scene.calls == [LOOK, DELETE]
    scene.run(kept())
    assert ROTATE not in scene.calls
    assert scene.secret.rotation["RotationEnabled"] is False


def test_a_rotation_that_is_under_way_is_an_error_that_says_so(scene: Scene) -> None:
    """AWS takes no other one meanwhile; the next run does."""
    memory = scene.remember(MONTHLY)
    scene.aws.behaviour.rotation_seconds = 60
    scene.aws.clock.advance(days=30)
    other = spec(rotation_lambda_arn=FUNCTION, rotation_rules={"automatically_after_days": 9})
    with pytest.raises(errors.StoreError, match="previous rotation isn't complete"):
        scene.run(kept(other, memory))
    scene.aws.clock.advance(seconds=60)
    scene.run(kept(other, memory))
    assert scene.secret.rotation["RotationRules"] == {"AutomaticallyAfterDays": 9}


def test_a_rotation_begins_between_the_look_and_the_deletion(scene: Scene) -> None:
    """It was cancelled right after: its value is not lost, whichever became current."""
    memory = scene.remember(MONTHLY)

    def fire(_: emulation.Request) -> None:
        scene.aws.by_hand(ROTATE, SecretId=NAME)

    scene.aws.hook(NO_ROTATION, "before", fire)
    scene.run(gone(memory))
    put = scene.secret.version_id
    assert (scene.secret.state, put == memory.version) == ("pending", False)
    scene.run(kept(MONTHLY))
    assert scene.secret.version_id == put


def test_a_strangers_rotation_goes_on(scene: Scene) -> None:
    memory = scene.remember(MONTHLY)
    scene.hand_over(STRANGER)
    scene.run(gone(memory))
    assert scene.secret.rotation["RotationEnabled"] is True


PARTNERS = {
    "type": "Partner",
    "rotation_rules": {"schedule_expression": "rate(10 days)"},
    "external_secret_rotation_metadatas": {"k": "v"},
    "external_secret_rotation_role_arn": "arn:aws:iam::123456789012:role/partner",
}


def test_an_external_partners_secret(scene: Scene) -> None:
    """Without a function of one's own; it comes back with its role and what it needs."""
    scene.pending(spec(None, **PARTNERS))
    result = scene.run(kept(spec(None, **PARTNERS)))
    rotation = scene.secret.rotation
    assert rotation["ExternalSecretRotationMetadata"] == [{"Key": "k", "Value": "v"}]
    assert (
        rotation["ExternalSecretRotationRoleArn"] == PARTNERS["external_secret_rotation_role_arn"]
    )
    assert (rotation["RotationEnabled"], scene.secret.type) == (True, "Partner")
    assert isinstance(result.known, facts.Present)
    assert result.known.secret.rotation == facts.Rotation(
        schedule="rate(10 days)", metadata={"k": "v"},
        role="arn:aws:iam::123456789012:role/partner",
    )  # fmt: skip
