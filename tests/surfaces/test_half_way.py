"""An operation that is refused half-way, and run again, as `pulumi up` is after an error.

A create that failed is in no state: the next one finds a secret that is ours and goes on.
"""

from __future__ import annotations

from typing import Any

import pytest

from emulation import Aws
from recoverable_secrets.core import errors
from surfaces.held import CANARY, Held, declare
from surfaces.whole import LAMBDA, NAME, WHOLE, as_declared, attached, policy, regions, rotates

STEPS = {
    "policy": "secretsmanager:PutResourcePolicy",
    "labels": "secretsmanager:UpdateSecretVersionStage",
    "rotation": "secretsmanager:RotateSecret",
    "the function that rotates": "lambda:InvokeFunction",
}


@pytest.mark.parametrize("denied", STEPS.values(), ids=STEPS)
def test_create(denied: str, aws: Aws) -> None:
    aws.deny(denied)
    with pytest.raises(errors.AccessDenied, match=denied):
        declare(**WHOLE).create()
    assert aws.secret(NAME).state == "live"
    aws.allow_everything()
    held = declare(**WHOLE).create()
    assert as_declared(aws)
    assert len(aws.secret(NAME).versions) == 1
    assert held.diff() == (False, [])


@pytest.mark.parametrize("denied", STEPS.values(), ids=STEPS)
def test_create_that_restores(denied: str, aws: Aws) -> None:
    """It is scheduled again, whole: nobody holds it, so it must not stay live."""
    declare(**WHOLE).create().delete()
    aws.by_hand("RestoreSecret", SecretId=NAME)
    labelled = aws.secret(NAME)
    for label in ("BLUE", "GREEN"):
        aws.by_hand("UpdateSecretVersionStage", SecretId=NAME, VersionStage=label,
                    RemoveFromVersionId=labelled.version_id)  # fmt: skip
    aws.by_hand("DeleteSecret", SecretId=NAME, RecoveryWindowInDays=30)
    aws.deny(denied)
    with pytest.raises(errors.AccessDenied, match=denied):
        declare(**WHOLE).create()
    gone = aws.secret(NAME)
    assert (gone.state, gone.replicas, rotates(aws)) == ("pending", {}, False)
    aws.allow_everything()
    held = declare(**WHOLE).create()
    assert (as_declared(aws), held.outputs["restored"]) == (True, True)


@pytest.mark.parametrize(
    "denied",
    [
        *STEPS.values(),
        "secretsmanager:ReplicateSecretToRegions",
        "secretsmanager:UpdateSecret",
    ],
)
def test_update(denied: str, aws: Aws) -> None:
    held = declare(secret_string="first").create()
    aws.deny(denied)
    before = dict(held.outputs)
    with pytest.raises(errors.AccessDenied, match=denied):
        held.update(**WHOLE)
    assert held.outputs == before
    aws.allow_everything()
    held.update(**WHOLE)
    assert as_declared(aws)
    assert len(aws.secret(NAME).versions) == 2
    assert held.diff() == (False, [])


@pytest.mark.parametrize(
    "denied",
    [
        "secretsmanager:DeleteSecret",
        "secretsmanager:CancelRotateSecret",
        "secretsmanager:RemoveRegionsFromReplication",
    ],
)
def test_delete(denied: str, aws: Aws) -> None:
    held = declare(**WHOLE).create()
    aws.deny(denied)
    with pytest.raises(errors.AccessDenied, match=denied):
        held.delete()
    assert as_declared(aws), "replicas and rotation are put back"
    aws.allow_everything()
    held.delete()
    assert aws.secret(NAME).state == "pending"
    declare(**WHOLE).create()
    assert as_declared(aws)


# what rotation and people do to versions ----------------------------------------------------------


@pytest.fixture
def rotated(aws: Aws) -> Held:
    """A secret that is rotated as soon as rotation is set."""
    rules: dict[str, Any] = {"rotation_rules": {"automatically_after_days": 30}}
    return declare(
        secret_string=CANARY, rotation_lambda_arn=LAMBDA, **rules, rotate_immediately=True
    ).create()


def test_a_value_that_rotation_put_is_kept(rotated: Held, aws: Aws) -> None:
    value = aws.secret(NAME).value
    assert value != CANARY
    rotated.refresh()
    assert rotated.outputs["version_id"] == aws.secret(NAME).version_id
    assert rotated.diff() == (False, [])
    rotated.update(description="d", policy=policy())
    rotated.delete()
    aws.clock.advance(days=29)
    declare(**rotated.inputs).create()
    live = aws.secret(NAME)
    assert (live.description, rotates(aws), attached(aws) is not None) == ("d", True, True)
    assert regions(aws) == {}


def test_a_label_that_was_moved_back_is_moved_forward_again(aws: Aws) -> None:
    """Where drift is overwritten: the declared value is there already, under another label."""
    held = declare(secret_string="a", on_value_drift="overwrite").create()
    first = held.outputs["version_id"]
    held.update(secret_string="b")
    second = held.outputs["version_id"]
    aws.by_hand("UpdateSecretVersionStage", SecretId=NAME, VersionStage="AWSCURRENT",
                MoveToVersionId=first, RemoveFromVersionId=second)  # fmt: skip
    held.refresh()
    assert held.diff() == (True, [])
    held.update()
    live = aws.secret(NAME)
    assert (live.value, live.version_id, len(live.versions)) == ("b", second, 2)
    assert held.diff() == (False, [])


# its key ------------------------------------------------------------------------------------------


def test_a_key_that_may_not_be_described_holds_up_nothing(aws: Aws) -> None:
    aws.add_key("alias/shop")
    held = declare(kms_key_id="alias/shop", secret_string=CANARY).create()
    aws.deny("kms:DescribeKey")
    held.delete()
    again = declare(kms_key_id="alias/shop", secret_string=CANARY).create()
    assert (again.outputs["restored"], again.diff()) == (True, (False, []))


@pytest.mark.parametrize(
    ("state", "remedy"),
    [
        pytest.param("PendingDeletion", "CancelKeyDeletion and EnableKey", id="to be deleted"),
        pytest.param("Disabled", "Call EnableKey", id="disabled"),
    ],
)
def test_a_secret_whose_key_cannot_be_used_is_not_restored(
    state: Any, remedy: str, aws: Aws
) -> None:
    """It would be live, and unreadable; so it is scheduled again, until the key is mended."""
    aws.add_key("alias/shop")
    fields: dict[str, Any] = {**WHOLE, "kms_key_id": "alias/shop"}
    held = declare(**fields).create()
    held.delete()
    assert any("only as long as its key alias/shop exists" in note for note in held.said)
    aws.add_key("alias/shop", state=state)
    with pytest.raises(errors.StoreError, match=remedy):
        declare(**fields).create()
    gone = aws.secret(NAME)
    assert (gone.state, gone.replicas, rotates(aws)) == ("pending", {}, False)
    aws.enable_key("alias/shop")
    again = declare(**fields).create()
    assert (as_declared(aws), again.id) == (True, held.id)
