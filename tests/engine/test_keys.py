"""Encryption keys on AWS: a restored secret whose key cannot be used is no working secret."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from engine.scene import (
    CHECK,
    COMPARE,
    CREATE,
    DELETE,
    KEY,
    LOOK,
    NAME,
    NO_POLICY,
    RESTORE,
    TAG,
    UPDATE,
    Scene,
    gone,
    kept,
    spec,
)  # fmt: skip
from recoverable_secrets.core import errors

KEYED = spec(kms_key_id=KEY)
RESTORED = [CREATE, LOOK, RESTORE, NO_POLICY, CHECK]
DAY = dt.datetime(2040, 1, 9, tzinfo=dt.UTC)
UNUSABLE: list[Any] = [
    pytest.param(
        "PendingDeletion", "KeyPendingDeletion",
        f"{NAME} cannot be read: its key {KEY} is pending deletion. Call CancelKeyDeletion and "
        "EnableKey for it, then run again",
        id="pending deletion",
    ),
    pytest.param(
        "Disabled", "KeyDisabled",
        f"{NAME} cannot be read: its key {KEY} is disabled. Call EnableKey for it, then run again",
        id="disabled",
    ),
]  # fmt: skip


@pytest.mark.parametrize("declared", [KEYED, spec(), spec(None)],
                         ids=["the same key", "no key any more", "nor a value"])  # fmt: skip
@pytest.mark.parametrize(("state", "code", "text"), UNUSABLE)
def test_a_restored_secret_that_cannot_be_read(
    scene: Scene, state: Any, code: str, text: str, declared: Any
) -> None:
    """Named with its remedy; the secret is scheduled again, and comes back once it is followed."""
    scene.pending(KEYED)
    before = scene.secret
    scene.aws.add_key(KEY, state, DAY)
    with pytest.raises(errors.StoreError) as caught:
        scene.run(kept(declared))
    assert (caught.value.code, str(caught.value)) == (code, text)
    assert scene.calls_of_all == [*RESTORED, DELETE]
    assert scene.said[-1] == f"{NAME}: put back after the failure (ScheduleDeletion)"
    assert scene.secret.state == "pending"
    scene.aws.enable_key(KEY)
    scene.run(kept(declared))
    assert (scene.secret.state, scene.secret.value) == ("live", before.value)


def test_a_key_that_cannot_be_looked_at_stops_nothing(scene: Scene) -> None:
    """People need no right to their key for this; a value that must be written still tells."""
    scene.pending(KEYED)
    scene.aws.disable_key(KEY)
    scene.aws.deny("kms:DescribeKey")
    scene.run(kept(KEYED))
    assert scene.calls_of_all == [*RESTORED, COMPARE]
    assert scene.secret.state == "live"
    scene.run(gone())
    with pytest.raises(errors.StoreError, match="CancelKeyDeletion; if it is disabled, EnableKey"):
        scene.run(kept(spec("new", kms_key_id=KEY)))
    assert scene.secret.state == "pending"


def test_the_default_key_is_not_asked_of(scene: Scene) -> None:
    """However it is spelt: nobody can disable or delete it."""
    for spelt in (None, "", "alias/aws/secretsmanager"):
        scene.run(kept(spec(kms_key_id=spelt)))
        scene.run(gone())
        assert CHECK not in scene.calls_of_all
        scene.run(kept(spec(kms_key_id=spelt)))
        assert CHECK not in scene.calls_of_all
        scene.run(gone())


WARNINGS: list[Any] = [
    pytest.param(
        "PendingDeletion", f"key {KEY} of {NAME} is to be deleted on 2040-01-09: after that its "
        "value is lost, restored or not. CancelKeyDeletion keeps it", id="pending deletion",
    ),
    pytest.param(
        "Disabled", f"key {KEY} of {NAME} is disabled: its value cannot be read until EnableKey",
        id="disabled",
    ),
    pytest.param(
        "Enabled", f"{NAME} can be read again only as long as its key {KEY} exists: if that goes "
        "with this stack, CancelKeyDeletion keeps it", id="usable: it may go with the same stack",
    ),
    pytest.param(
        None, f"key {KEY} of {NAME} was not found: its value may be lost", id="no such key",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("state", "note"), WARNINGS)
def test_what_a_teardown_says_of_the_key(scene: Scene, state: Any, note: str) -> None:
    """It goes on all the same: the deletion can be taken back, and so can the key's."""
    memory = scene.remember(KEYED)
    if state:
        scene.aws.add_key(KEY, state, DAY)
    scene.run(gone(memory))
    assert scene.calls_of_all == [LOOK, CHECK, DELETE]
    assert scene.said == [
        note, f"{NAME} scheduled for deletion on 2040-01-31; until then it can be restored",
    ]  # fmt: skip


def test_a_teardown_that_cannot_look_at_the_key_says_nothing(scene: Scene) -> None:
    memory = scene.remember(KEYED)
    scene.aws.deny("kms:DescribeKey")
    scene.run(gone(memory))
    assert len(scene.said) == 1
    assert scene.secret.state == "pending"


CHANGES: list[Any] = [
    pytest.param(None, KEY, KEY, id="to one's own"),
    pytest.param(KEY, "alias/other", "alias/other", id="to another"),
    pytest.param(KEY, None, None, id="no longer declared: back to the default one"),
    pytest.param(KEY, "", None, id="empty: back to the default one"),
]


@pytest.mark.parametrize(("before", "after", "live"), CHANGES)
def test_a_key_is_changed_in_place(
    scene: Scene, before: str | None, after: str | None, live: str | None
) -> None:
    memory = scene.remember(spec(kms_key_id=before))
    was = scene.secret
    scene.run(kept(spec(kms_key_id=after), memory))
    assert scene.calls_of_all == [LOOK, UPDATE]
    assert (scene.secret.kms_key_id, scene.secret.arn) == (live, was.arn)
    assert scene.secret.versions == was.versions


def test_a_live_secret_is_changed_though_its_key_is_disabled(scene: Scene) -> None:
    """Only a restore asks of it: an update of other things needs no key."""
    memory = scene.remember(KEYED)
    scene.aws.disable_key(KEY)
    scene.run(kept(spec(kms_key_id=KEY, tags={"team": "b", "stage": "p"}), memory))
    assert scene.calls_of_all == [LOOK, TAG]
