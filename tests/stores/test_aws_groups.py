"""What a look tells of replicas, rotation, labels, the policy and the key, as AWS words it."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

import emulation
from contract import table
from emulation import faults
from recoverable_secrets.core import documents, errors, facts, plan
from recoverable_secrets.core.facts import Key, KeyState, Replica, Rotation
from recoverable_secrets.stores.aws import AwsStore

MANAGED = "alias/aws/secretsmanager"


def told(store: AwsStore, ref: facts.Ref, *, policy: bool = False) -> facts.Secret:
    """Return what a look tells of a live secret."""
    seen = store.observe(ref, policy=policy)
    assert isinstance(seen, facts.Present)
    return seen.secret


STATUSES: list[Any] = [
    pytest.param(
        {"Status": "InSync", "KmsKeyId": MANAGED, "StatusMessage": "Replication succeeded"},
        Replica(region="eu-west-1", kms_key_id=MANAGED, message="Replication succeeded"),
        id="in step",
    ),
    pytest.param(
        {"Status": "InProgress", "KmsKeyId": "alias/k"},
        Replica(region="eu-west-1", kms_key_id="alias/k", status="InProgress"), id="under way",
    ),
    pytest.param(
        {"Status": "Pending"}, Replica(region="eu-west-1", status="Pending"),
        id="not begun, and no key told",
    ),
    pytest.param(
        {"Status": "Failed", "StatusMessage": " No\nway. "},
        Replica(region="eu-west-1", failed=True, message="No way."),
        id="failed, with AWS's reason on one line",
    ),
    pytest.param({}, Replica(region="eu-west-1"), id="no status at all: nothing to wait for"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "replica"), STATUSES)
def test_how_far_a_replica_is(
    aws: emulation.Aws,
    store: AwsStore,
    ref: facts.Ref,
    status: dict[str, Any],
    replica: facts.Replica,
) -> None:
    aws.plant(ref.name, ReplicationStatus=[{"Region": "eu-west-1", **status}])
    assert told(store, ref).replicas == (replica,)


def test_a_replica_on_its_way(aws: emulation.Aws, store: AwsStore, ref: facts.Ref) -> None:
    """Under way first; what stands in its way is told when it has failed."""
    aws.behaviour.replication_seconds = 10
    aws.by_hand("CreateSecret", Name=ref.name, region="ap-south-1")
    store.apply(ref, table.REPLICATE)
    assert {one.region: one.status for one in told(store, ref).replicas} == {
        "ap-south-1": "InProgress", "eu-west-1": "InProgress",
    }  # fmt: skip
    aws.clock.advance(seconds=10)
    far, near = sorted(told(store, ref).replicas, key=lambda one: one.region)
    assert (far.failed, far.kms_key_id, near.failed) == (True, table.FAR.kms_key_id, False)
    assert "already exists in region ap-south-1" in far.message


ROTATIONS: list[Any] = [
    pytest.param({}, None, id="never set"),
    pytest.param(
        {"RotationEnabled": True, "RotationLambdaARN": "f",
         "RotationRules": {"AutomaticallyAfterDays": 30, "Duration": "3h"}},
        Rotation(function="f", days=30, duration="3h"), id="by days",
    ),
    pytest.param(
        {"RotationEnabled": True, "RotationLambdaARN": "f",
         "RotationRules": {"AutomaticallyAfterDays": 9, "ScheduleExpression": "rate(10 days)"}},
        Rotation(function="f", days=9, schedule="rate(10 days)"),
        id="by a schedule, and the days that AWS makes of it",
    ),
    pytest.param(
        {"RotationEnabled": False, "RotationLambdaARN": "f",
         "RotationRules": {"AutomaticallyAfterDays": 30}},
        Rotation(enabled=False, function="f", days=30), id="cancelled: how it was set stays",
    ),
    pytest.param(
        {"RotationLambdaARN": "f"}, Rotation(enabled=False, function="f"),
        id="cancelled, and no rules told",
    ),
    pytest.param(
        {"RotationEnabled": True, "RotationRules": {"ScheduleExpression": "rate(1 day)"},
         "ExternalSecretRotationRoleArn": "r",
         "ExternalSecretRotationMetadata": [{"Key": "k", "Value": "v"}]},
        Rotation(schedule="rate(1 day)", metadata={"k": "v"}, role="r"),
        id="an external partner's",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("planted", "rotation"), ROTATIONS)
def test_rotation(
    aws: emulation.Aws,
    store: AwsStore,
    ref: facts.Ref,
    planted: dict[str, Any],
    rotation: facts.Rotation | None,
) -> None:
    aws.plant(ref.name, **planted)
    assert told(store, ref).rotation == rotation


def test_labels_are_told_without_those_that_aws_moves(
    aws: emulation.Aws, store: AwsStore, ref: facts.Ref
) -> None:
    """AWSPENDING counts as anybody's: it shows that a rotation is under way."""
    put = aws.put_by_hand(ref.name, "by a person")
    for label, version in (("blue", table.FIRST), ("green", put), ("AWSPENDING", put)):
        aws.by_hand(
            "UpdateSecretVersionStage", SecretId=ref.name, VersionStage=label,
            MoveToVersionId=version,
        )  # fmt: skip
    secret = told(store, ref)
    assert secret.labels == {"blue": table.FIRST, "green": put, "AWSPENDING": put}
    assert (secret.version, secret.previous) == (put, table.FIRST)


WRITTEN = '{ "Statement": [{"Effect": "Deny", "Action": ["*"], "Principal": "*", "Resource": "*"}]}'
POLICIES: list[Any] = [
    pytest.param(None, "", id="none"),
    pytest.param(WRITTEN, documents.normal(WRITTEN), id="in normal form, however it is written"),
    pytest.param('{"Statement": 1}', '{"Statement": 1}', id="odd: as it stands"),
]


@pytest.mark.parametrize(("written", "policy"), POLICIES)
def test_the_policy_is_told_if_asked_for(
    aws: emulation.Aws, store: AwsStore, ref: facts.Ref, written: str | None, policy: str
) -> None:
    aws.by_hand("DeleteResourcePolicy", SecretId=ref.name)
    if written:
        shelf = aws._shelf(None, None)
        shelf.backend.put_resource_policy(ref.id, written)
    assert told(store, ref, policy=True).policy == policy
    assert told(store, ref).policy is None
    store.apply(ref, plan.ScheduleDeletion(days=7))
    aws.calls.clear()
    seen = store.observe(ref, policy=True)
    assert isinstance(seen, facts.PendingDeletion)
    assert (seen.secret.policy, aws.actions()) == (None, ["DescribeSecret"])


def test_a_policy_of_what_is_scheduled_meanwhile(
    aws: emulation.Aws, store: AwsStore, ref: facts.Ref
) -> None:
    """Between the two calls of a look: the policy is not known, and that is no error."""
    aws.hook(
        "GetResourcePolicy", "before", lambda _: aws.by_hand("DeleteSecret", SecretId=ref.name)
    )
    assert told(store, ref, policy=True).policy is None


def test_a_policy_that_may_not_be_read(aws: emulation.Aws, store: AwsStore, ref: facts.Ref) -> None:
    """Not knowing it is not the same as none: the permission is named."""
    aws.deny("secretsmanager:GetResourcePolicy")
    store.observe(ref)
    with pytest.raises(errors.AccessDenied, match="needs secretsmanager:GetResourcePolicy"):
        store.observe(ref, policy=True)


DAY = dt.datetime(2040, 1, 15, tzinfo=dt.UTC)
KEYS: list[Any] = [
    pytest.param("Enabled", Key(state=KeyState.USABLE), id="enabled"),
    pytest.param("Disabled", Key(state=KeyState.DISABLED), id="disabled"),
    pytest.param("PendingDeletion", Key(state=KeyState.PENDING_DELETION, date=DAY), id="pending"),
    pytest.param("Unavailable", Key(state=KeyState.UNTOLD), id="a state that says nothing to us"),
    pytest.param(None, Key(state=KeyState.MISSING), id="no such key"),
]


@pytest.mark.parametrize(("state", "key"), KEYS)
def test_the_state_of_a_key(
    aws: emulation.Aws, store: AwsStore, ref: facts.Ref, state: Any, key: facts.Key
) -> None:
    if state:
        aws.add_key(table.KEY, state, DAY)
    assert store.apply(ref, plan.CheckKey(kms_key_id=table.KEY)) == plan.Done(key=key)


def test_the_default_key_is_nobodys_to_delete(
    aws: emulation.Aws, store: AwsStore, ref: facts.Ref
) -> None:
    done = store.apply(ref, plan.CheckKey(kms_key_id=MANAGED))
    assert done == plan.Done(key=Key(state=KeyState.UNTOLD))


TROUBLES: list[Any] = [
    pytest.param(faults.Error("DescribeKey", code="AccessDeniedException", times=None),
                 id="not allowed: people need no right to their key for this"),
    pytest.param(faults.Throttle("DescribeKey", times=None), id="throttled to the end"),
    pytest.param(faults.ConnectionReset("DescribeKey", times=None), id="no way to the service"),
    pytest.param(faults.ExpiredToken("DescribeKey", times=None), id="credentials just ended"),
]  # fmt: skip


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_key_that_cannot_be_looked_at_is_no_failure(
    aws: emulation.Aws, store: AwsStore, ref: facts.Ref, trouble: faults.Fault
) -> None:
    """It is good to know, and not needed: two attempts at most."""
    aws.add_key(table.KEY, "Disabled")
    aws.inject(trouble)
    done = store.apply(ref, plan.CheckKey(kms_key_id=table.KEY))
    assert done == plan.Done(key=Key(state=KeyState.UNTOLD))
    assert 1 <= len(aws.actions("kms")) <= 2


NEW_ROLE = "arn:aws:iam::123456789012:role/new"


def test_a_principal_that_is_not_known_yet(
    aws: emulation.Aws, store: AwsStore, ref: facts.Ref
) -> None:
    """Nothing changes, and the same call goes through when AWS knows it."""
    aws.know_principal_after(NEW_ROLE, 30)
    document = json.dumps({"Statement": [{
        "Effect": "Allow", "Principal": {"AWS": NEW_ROLE}, "Resource": "*",
        "Action": "secretsmanager:GetSecretValue",
    }]})  # fmt: skip
    action, before = plan.SetPolicy(document=document, block_public=True), aws.secret(ref.name)
    met = store.apply(ref, action)
    assert isinstance(met, plan.Later)
    assert met.code == "MalformedPolicyDocumentException"
    assert aws.secret(ref.name) == before
    aws.clock.advance(seconds=30)
    assert isinstance(store.apply(ref, action), plan.Done)
    assert aws.secret(ref.name).policy == document
