"""What was restored is scheduled again when the rest fails for good, and people are told."""

from __future__ import annotations

from typing import Any

import pytest

from emulation import faults
from engine.scene import (
    COMPARE,
    CREATE,
    DELETE,
    KEY,
    LOOK,
    NAME,
    NO_POLICY,
    RESTORE,
    STRANGER,
    TAG,
    UNTAG,
    UPDATE,
    Scene,
    gone,
    kept,
    spec,
)  # fmt: skip
from recoverable_secrets.core import errors, facts, plan
from recoverable_secrets.core.facts import Memory

CHANGED = spec("new", description="new", tags={"new": "1"})
ALL = [CREATE, LOOK, RESTORE, NO_POLICY, COMPARE, UPDATE, TAG, UNTAG]
PUT_BACK = f"{NAME}: put back after the failure (ScheduleDeletion)"
RESTORED = f"{NAME} restored: its scheduled deletion is cancelled"


@pytest.fixture
def before(scene: Scene) -> Memory:
    """A secret of ours, pending deletion."""
    return scene.pending()


AFTER_THE_RESTORE = [
    pytest.param("secretsmanager:DeleteResourcePolicy", NO_POLICY, id="policy"),
    pytest.param("secretsmanager:PutSecretValue", COMPARE, id="compare"),
    pytest.param("secretsmanager:UpdateSecret", UPDATE, id="update"),
    pytest.param("secretsmanager:TagResource", TAG, id="tags added"),
    pytest.param("secretsmanager:UntagResource", UNTAG, id="tags dropped"),
]


@pytest.mark.parametrize(("permission", "call"), AFTER_THE_RESTORE)
def test_a_permission_is_missing_after_the_restore(
    scene: Scene, before: Memory, permission: str, call: str
) -> None:
    if permission == "secretsmanager:TagResource":  # Create's own tags need it as well.
        scene.aws.hook(RESTORE, "after", lambda _: scene.aws.deny(permission))
    else:
        scene.aws.deny(permission)
    with pytest.raises(errors.AccessDenied, match=f"{call} of {NAME} was denied: .*{permission}"):
        scene.run(kept(CHANGED), recovery_window_in_days=9)
    assert scene.calls == [*ALL[: ALL.index(call) + 1], DELETE]
    assert scene.aws.calls[-1].parameters["RecoveryWindowInDays"] == 9
    assert scene.secret.state == "pending"
    assert scene.said == [RESTORED, PUT_BACK]


@pytest.mark.parametrize(
    ("permission", "calls"),
    [
        pytest.param("secretsmanager:CreateSecret", [CREATE], id="create"),
        pytest.param("secretsmanager:DescribeSecret", [CREATE, LOOK], id="look"),
        pytest.param("secretsmanager:RestoreSecret", [CREATE, LOOK, RESTORE], id="restore"),
    ],
)
def test_a_permission_is_missing_before(
    scene: Scene, before: Memory, permission: str, calls: list[str]
) -> None:
    """There is nothing to take back, and nothing is said."""
    scene.aws.deny(permission)
    was = scene.secret
    with pytest.raises(errors.AccessDenied, match=permission):
        scene.run(kept(CHANGED))
    assert (scene.calls, scene.said, scene.secret) == (calls, [], was)


FAILURES: list[Any] = [
    pytest.param(lambda: faults.Error(NO_POLICY, code="Odd", message="no"), errors.StoreError,
                 id="the service refuses"),
    pytest.param(lambda: faults.Throttle(NO_POLICY, times=None), errors.Throttled,
                 id="throttled to the end"),
    pytest.param(lambda: faults.ExpiredToken(NO_POLICY), errors.AccessDenied, id="expired"),
    pytest.param(lambda: faults.Error(NO_POLICY, times=2, code="InvalidRequestException"),
                 errors.StoreError, id="the same conflict twice"),
]  # fmt: skip


@pytest.mark.parametrize(("fault", "raised"), FAILURES)
def test_every_terminal_error_takes_back(
    scene: Scene, before: Memory, fault: Any, raised: type[Exception]
) -> None:
    scene.aws.inject(fault())
    with pytest.raises(raised) as caught:
        scene.run(kept())
    assert type(caught.value) is raised
    assert scene.secret.state == "pending"
    assert scene.said == [RESTORED, PUT_BACK]


def test_the_error_is_the_first_one_and_the_undos_is_said(scene: Scene, before: Memory) -> None:
    """Nobody may believe that it is scheduled when it is not."""
    scene.aws.deny("secretsmanager:PutSecretValue", "secretsmanager:DeleteSecret")
    with pytest.raises(errors.AccessDenied, match="PutSecretValue"):
        scene.run(kept(CHANGED))
    assert scene.secret.state == "live"
    assert scene.said == [
        RESTORED,
        (
            f"{NAME}: ScheduleDeletion after the failure failed too: DeleteSecret of {NAME} was "
            "denied: it needs secretsmanager:DeleteSecret. Grant it to the credentials in use"
        ),
    ]


def test_an_undo_whose_answer_is_lost(scene: Scene, before: Memory) -> None:
    """The SDK's second try meets its own deletion: it is scheduled, and that must be said."""
    scene.aws.deny("secretsmanager:PutSecretValue")
    scene.aws.inject(faults.LostResponse(DELETE))
    with pytest.raises(errors.AccessDenied):
        scene.run(kept(CHANGED))
    assert scene.secret.state == "pending"
    assert scene.said == [RESTORED, PUT_BACK]


def test_an_undo_that_meets_another_state(scene: Scene, before: Memory) -> None:
    """Purged by a person in between: nothing is there to schedule, which must be said."""
    scene.aws.deny("secretsmanager:PutSecretValue")
    scene.aws.behaviour.deleted_visible_seconds = 0
    scene.aws.hook(DELETE, "before", lambda _: scene.aws.by_hand(
        "DeleteSecret", SecretId=NAME, ForceDeleteWithoutRecovery=True))  # fmt: skip
    with pytest.raises(errors.AccessDenied, match="PutSecretValue"):
        scene.run(kept(CHANGED))
    assert scene.secret.state == "purging"
    assert scene.said == [RESTORED, f"{NAME}: could not be put back (ScheduleDeletion)"]


def test_a_restore_whose_answer_is_lost(scene: Scene, before: Memory) -> None:
    """It is ours all the same: said, and taken back when the rest fails."""
    scene.aws.behaviour.restore_on_live = "refused"
    scene.aws.inject(faults.LostResponse(RESTORE))
    scene.aws.deny("secretsmanager:PutSecretValue")
    with pytest.raises(errors.AccessDenied):
        scene.run(kept(CHANGED))
    assert scene.said[:1] == [RESTORED]
    assert scene.secret.state == "pending"


def test_a_secret_that_turns_out_to_be_anothers_is_not_put_back(
    scene: Scene, before: Memory
) -> None:
    """Restored, then taken over by a stranger: it is not ours any more to schedule."""
    scene.aws.hook(NO_POLICY, "before", lambda _: scene.hand_over(STRANGER))
    scene.aws.inject(faults.Error(NO_POLICY, code="InvalidRequestException"))
    with pytest.raises(errors.Refused, match="belongs to"):
        scene.run(kept(CHANGED))
    assert scene.calls == [CREATE, LOOK, RESTORE, NO_POLICY, LOOK]
    assert scene.secret.state == "live"


def test_what_was_not_restored_is_not_scheduled(scene: Scene) -> None:
    """A live secret stays live whatever fails, and so does a new one."""
    memory = scene.remember()
    scene.aws.deny("secretsmanager:UntagResource")
    with pytest.raises(errors.AccessDenied):
        scene.run(kept(CHANGED, memory))
    assert (scene.secret.state, scene.said) == ("live", [])
    assert scene.calls == [LOOK, UPDATE, TAG, UNTAG]


def test_an_adopted_pending_secret_goes_back_too(scene: Scene) -> None:
    """The operation is undone, whosever it was; it was never purged."""
    scene.pending()
    scene.aws.by_hand("RestoreSecret", SecretId=NAME)
    scene.hand_over(STRANGER)
    scene.aws.by_hand("DeleteSecret", SecretId=NAME)
    before = scene.secret.tags
    scene.aws.deny("secretsmanager:UpdateSecret")
    with pytest.raises(errors.AccessDenied):
        scene.run(kept(CHANGED), adopt="any")
    assert scene.calls == [CREATE, LOOK, RESTORE, TAG, COMPARE, UPDATE, TAG, DELETE]
    assert scene.secret.state == "pending"
    assert {k: scene.secret.tags[k] for k in before} == before, "whose it was, it is again"
    assert "ForceDeleteWithoutRecovery" not in scene.aws.calls[-1].parameters


@pytest.mark.parametrize("deletion", ["schedule", "force", "retain"])
def test_an_undo_never_purges(scene: Scene, before: Memory, deletion: str) -> None:
    """Whatever is said of teardown: this is none."""
    scene.aws.deny("secretsmanager:PutSecretValue")
    with pytest.raises(errors.AccessDenied):
        scene.run(kept(CHANGED), deletion=deletion)
    assert "ForceDeleteWithoutRecovery" not in scene.aws.calls[-1].parameters
    assert scene.secret.state == "pending"


def test_no_error_no_undo(scene: Scene, before: Memory) -> None:
    result = scene.run(kept(CHANGED))
    assert scene.said == [RESTORED]
    assert [type(action) for action in result.actions] == [
        plan.Restore, plan.DropPolicy, plan.SetMetadata, plan.SetTags, plan.DropTags,
    ]  # fmt: skip
    assert isinstance(result.known, facts.Present)


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
def test_what_is_not_our_error_takes_nothing_back(
    scene: Scene, before: Memory, error: type[BaseException]
) -> None:
    """An interrupted process makes no more calls; the next run ends what it began."""

    def interrupt(_: object) -> None:
        raise error

    scene.aws.hook(COMPARE, "before", interrupt)
    with pytest.raises(error):
        scene.run(kept(CHANGED))
    assert scene.calls == [CREATE, LOOK, RESTORE, NO_POLICY, COMPARE]
    assert scene.secret.state == "live"


def test_a_key_that_is_disabled(scene: Scene) -> None:
    """It restores, but the value could be neither read nor written: back it goes."""
    scene.pending(spec(kms_key_id=KEY))
    scene.aws.disable_key(KEY)
    with pytest.raises(errors.StoreError) as caught:
        scene.run(kept(spec("new", kms_key_id=KEY)))
    assert caught.value.code == "KeyDisabled"
    assert scene.said == [RESTORED, PUT_BACK]
    assert scene.secret.state == "pending"
    assert scene.run(gone()).actions == ()
