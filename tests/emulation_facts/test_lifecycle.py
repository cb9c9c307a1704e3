"""Delete, restore, purge and the reserved name, on the movable clock."""

from __future__ import annotations

import datetime as dt

import pytest

import emulation

IRE, IPE = "InvalidRequestException", "InvalidParameterException"
RNF = "ResourceNotFoundException"


@pytest.mark.parametrize(("asked", "days"), [(7, 7), (30, 30), (None, 30)])
def test_deletion_date_is_now_plus_window(aws, sm, asked, days):
    """DeleteSecret(window): "200, DeletionDate = now + window (D)"; 30 days when none is given."""
    sm.create_secret(Name="s", SecretString="v")
    window = {} if asked is None else {"RecoveryWindowInDays": asked}
    answer = sm.delete_secret(SecretId="s", **window)
    assert answer["DeletionDate"] == aws.clock.now() + dt.timedelta(days=days)
    assert aws.secret("s").purge_date == answer["DeletionDate"]


@pytest.mark.parametrize("days", [0, 1, 6, 31, 365, -7])
def test_window_outside_7_to_30(sm, refused, days):
    """Window 7..30 (else IPE)."""
    sm.create_secret(Name="s")
    assert refused(sm.delete_secret, SecretId="s", RecoveryWindowInDays=days)[0] == IPE


def test_force_and_window_exclude_each_other(aws, sm, refused):
    """Force + window together: IPE; `force=false` + window is fine."""
    sm.create_secret(Name="s")
    both = {"RecoveryWindowInDays": 7, "ForceDeleteWithoutRecovery": True}
    assert refused(sm.delete_secret, SecretId="s", **both)[0] == IPE
    assert aws.secret("s").state == "live"
    sm.delete_secret(SecretId="s", **(both | {"ForceDeleteWithoutRecovery": False}))
    assert aws.secret("s").state == "pending"


def test_restore_keeps_everything(aws, sm):
    """RestoreSecret: "200 {ARN, Name}; value, ARN, tags, policy kept (S)"."""
    sm.create_secret(Name="s", SecretString="v", Description="d", Tags=[{"Key": "k", "Value": "v"}])
    sm.put_resource_policy(SecretId="s", ResourcePolicy='{"Statement": []}')
    before = aws.secret("s")
    assert (before.value, before.policy, dict(before.tags)) == (
        "v",
        '{"Statement": []}',
        {"k": "v"},
    )
    sm.delete_secret(SecretId="s")
    aws.clock.advance(days=29)
    answer = sm.restore_secret(SecretId="s")
    assert {key: answer[key] for key in answer if key != "ResponseMetadata"} == {
        "ARN": before.arn,
        "Name": "s",
    }
    assert aws.secret("s") == before
    assert "DeletedDate" not in sm.describe_secret(SecretId="s")


@pytest.mark.parametrize(("semantic", "days"), [("requested", 0), ("window-end", 7)])
def test_deleted_date_means_either(aws, sm, semantic, days):
    """`DeletedDate`: the docs contradict each other (end of window / time of request)."""
    aws.behaviour.deleted_date = semantic
    sm.create_secret(Name="s")
    assert "DeletedDate" not in sm.describe_secret(SecretId="s")
    sm.delete_secret(SecretId="s", RecoveryWindowInDays=7)
    requested = aws.clock.now()
    aws.clock.advance(days=3)
    shown = sm.describe_secret(SecretId="s")["DeletedDate"]
    assert shown == requested + dt.timedelta(days=days)
    assert aws.secret("s").deleted_date == requested


def test_purged_name_is_reserved_then_free(aws, sm, refused):
    """Purging: "name reserved for seconds up to ~2 minutes"; then the name is free."""
    sm.create_secret(Name="s", SecretString="v")
    sm.delete_secret(SecretId="s", ForceDeleteWithoutRecovery=True)
    aws.clock.advance(seconds=59)
    assert refused(sm.create_secret, Name="s")[0] == IRE
    aws.clock.advance(seconds=1)
    assert aws.secret("s").state == "absent"
    sm.create_secret(Name="s")
    assert aws.secret("s").state == "live"


def test_reservation_time_is_selectable(aws, sm):
    """Reserved for a configurable time, none included."""
    aws.behaviour.reserved_seconds = 0
    sm.create_secret(Name="s")
    sm.delete_secret(SecretId="s", ForceDeleteWithoutRecovery=True)
    sm.create_secret(Name="s")
    aws.behaviour.reserved_seconds = 120
    sm.delete_secret(SecretId="s", ForceDeleteWithoutRecovery=True)
    aws.clock.advance(seconds=119)
    assert aws.secret("s").state == "purging"


def test_describe_after_force(aws, sm, refused):
    """DescribeSecret, purging: "DeletedDate for some seconds, then RNF (S)"."""
    sm.create_secret(Name="s")
    sm.delete_secret(SecretId="s", ForceDeleteWithoutRecovery=True)
    assert sm.describe_secret(SecretId="s")["DeletedDate"] == aws.clock.now()
    aws.clock.advance(seconds=9)
    assert "DeletedDate" in sm.describe_secret(SecretId="s")
    aws.clock.advance(seconds=1)
    assert refused(sm.describe_secret, SecretId="s")[0] == RNF
    assert aws.secret("s").state == "purging"


def test_recreated_secret_has_another_arn(aws, sm):
    """After purge + create the ARN has a new 6-character suffix; after restore the same one."""
    first = sm.create_secret(Name="s")["ARN"]
    sm.delete_secret(SecretId="s")
    assert sm.restore_secret(SecretId="s")["ARN"] == first
    sm.delete_secret(SecretId="s", ForceDeleteWithoutRecovery=True)
    aws.clock.advance(seconds=60)
    second = sm.create_secret(Name="s")["ARN"]
    assert second != first
    assert second.rpartition("-")[0] == first.rpartition("-")[0]
    assert len(second.rpartition("-")[2]) == 6


def test_purged_at_the_end_of_the_window(aws, sm, refused):
    """Pending "until its date"; its name likewise passes through the reserved phase."""
    sm.create_secret(Name="s", SecretString="v")
    sm.delete_secret(SecretId="s", RecoveryWindowInDays=7)
    aws.clock.advance(seconds=7 * 86400 - 1)
    assert aws.secret("s").state == "pending"
    aws.clock.advance(seconds=1)
    assert aws.secret("s").state == "purging"
    assert refused(sm.restore_secret, SecretId="s")[0] == RNF
    assert refused(sm.create_secret, Name="s")[0] == IRE
    aws.clock.advance(seconds=60)
    assert aws.secret("s").state == "absent"


def test_long_after_the_window_the_name_is_free_at_once(aws, sm):
    """The purge happens at its date, not when somebody looks."""
    sm.create_secret(Name="s")
    sm.delete_secret(SecretId="s")
    aws.clock.advance(days=31)
    assert aws.secret("s").state == "absent"


def test_purge_may_come_late(aws, sm):
    """The window is "a minimum: the purge is a low-priority background job"."""
    aws.behaviour.purge_delay_seconds = 3600
    sm.create_secret(Name="s", SecretString="v")
    sm.delete_secret(SecretId="s", RecoveryWindowInDays=7)
    aws.clock.advance(days=7)
    aws.clock.advance(seconds=3599)
    assert aws.secret("s").state == "pending"
    sm.restore_secret(SecretId="s")
    assert aws.secret("s").value == "v"
    sm.delete_secret(SecretId="s", RecoveryWindowInDays=7)
    aws.clock.advance(days=7)
    aws.clock.advance(seconds=3600)
    assert aws.secret("s").state == "purging"


def test_purge_now(aws, sm):
    """A test can purge a pending secret itself; a live one it cannot."""
    sm.create_secret(Name="s")
    with pytest.raises(ValueError, match="not pending"):
        aws.purge("s")
    sm.delete_secret(SecretId="s")
    aws.purge("s")
    assert aws.secret("s").state == "purging"


def test_restoring_loses_the_race_against_the_purge(aws, sm, refused):
    """Restoring races with the purge: RNF/IRE then means look again and create."""
    sm.create_secret(Name="s")
    sm.delete_secret(SecretId="s")
    aws.hook("RestoreSecret", "before", lambda _: aws.purge("s"))
    assert refused(sm.restore_secret, SecretId="s")[0] == RNF


def test_clock_only_goes_forward():
    """The clock is moved by hand and has a timezone."""
    clock = emulation.Clock(dt.datetime(2030, 1, 1, tzinfo=dt.UTC))
    clock.advance(days=1, seconds=5)
    assert clock.now() == dt.datetime(2030, 1, 2, 0, 0, 5, tzinfo=dt.UTC)
    with pytest.raises(ValueError, match="backwards"):
        clock.advance(seconds=-1)
    with pytest.raises(ValueError, match="timezone"):
        emulation.Clock(dt.datetime(2030, 1, 1))  # noqa: DTZ001 - that is the point
    now = dt.datetime.now(tz=dt.UTC)
    assert abs(emulation.Clock().now() - now) < dt.timedelta(seconds=5)
