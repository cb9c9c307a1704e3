"""Each action is exactly one call with exactly these parameters."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

import emulation
from contract import table
from emulation import VALUE_MARKER
from recoverable_secrets.core import errors, facts, plan
from recoverable_secrets.core.plan import Source
from recoverable_secrets.core.sealed import Sealed
from recoverable_secrets.stores.aws import AwsStore

TAG_LIST = [{"Key": key, "Value": content} for key, content in sorted(table.TAGS.items())]
ARN = "<arn>"
TOKEN = "<random>"
ROLE = "arn:aws:iam::123456789012:role/partner"

FAR = {"Region": table.FAR.region, "KmsKeyId": table.FAR.kms_key_id}

CREATES = [
    pytest.param(
        table.creation(), Sealed("v"),
        {"Name": table.NAME, "ClientRequestToken": table.FIRST, "Description": "of the database",
         "KmsKeyId": table.KEY, "Tags": TAG_LIST, "SecretString": VALUE_MARKER},
        id="all there is",
    ),
    pytest.param(
        table.creation(), Sealed(b"v"),
        {"Name": table.NAME, "ClientRequestToken": table.FIRST, "Description": "of the database",
         "KmsKeyId": table.KEY, "Tags": TAG_LIST, "SecretBinary": VALUE_MARKER},
        id="binary",
    ),
    pytest.param(
        plan.Create(description=None, kms_key_id=None, tags=plan.frozen({}), version=table.FIRST,
                    source=None),
        None,
        {"Name": table.NAME, "ClientRequestToken": table.FIRST, "Tags": []},
        id="nothing but a name: what is not declared is not sent",
    ),
    pytest.param(
        plan.Create(description=None, kms_key_id=None, tags=plan.frozen({}), version=table.FIRST,
                    source=None, replicas=(facts.Replica(region="eu-west-1"), table.FAR),
                    overwrite=True, type="Partner"),
        None,
        {"Name": table.NAME, "ClientRequestToken": table.FIRST, "Tags": [], "Type": "Partner",
         "AddReplicaRegions": [{"Region": "eu-west-1"}, FAR], "ForceOverwriteReplicaSecret": True},
        id="replicas, each with its key or the default one, and a type",
    ),
]  # fmt: skip

CHANGES = [
    pytest.param(plan.Restore(), None, "RestoreSecret", {"SecretId": ARN}, id="restore"),
    pytest.param(
        plan.SetMetadata(description="d"), None, "UpdateSecret",
        {"SecretId": ARN, "ClientRequestToken": TOKEN, "Description": "d"},
        id="description only: the key is not sent",
    ),
    pytest.param(
        plan.SetMetadata(description="", kms_key_id=""), None, "UpdateSecret",
        {"SecretId": ARN, "ClientRequestToken": TOKEN, "Description": "", "KmsKeyId": ""},
        id="empty text is sent: it clears",
    ),
    pytest.param(
        plan.SetMetadata(kms_key_id="k", source=Source.LITERAL, version=table.NEXT),
        Sealed("w"), "UpdateSecret",
        {"SecretId": ARN, "ClientRequestToken": table.NEXT, "KmsKeyId": "k",
         "SecretString": VALUE_MARKER},
        id="key and value together",
    ),
    pytest.param(
        plan.SetMetadata(source=Source.LITERAL, version=table.NEXT), Sealed(b"w"), "UpdateSecret",
        {"SecretId": ARN, "ClientRequestToken": table.NEXT, "SecretBinary": VALUE_MARKER},
        id="binary value: the text is not sent",
    ),
    pytest.param(
        plan.Compare(source=Source.LITERAL, version=table.FIRST), Sealed("old"), "PutSecretValue",
        {"SecretId": ARN, "ClientRequestToken": table.FIRST, "SecretString": VALUE_MARKER},
        id="compare under the current version's id",
    ),
    pytest.param(
        plan.Compare(source=Source.ATTEMPTED, version=table.FIRST), Sealed("old"),
        "PutSecretValue",
        {"SecretId": ARN, "ClientRequestToken": table.FIRST, "SecretString": VALUE_MARKER},
        id="compare with what was attempted: the same call",
    ),
    pytest.param(
        plan.SetTags(tags=plan.frozen({"b": "2", "a": "1"})), None, "TagResource",
        {"SecretId": ARN, "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]},
        id="only the tags to set, in order",
    ),
    pytest.param(
        plan.DropTags(keys=("stage", "team")), None, "UntagResource",
        {"SecretId": ARN, "TagKeys": ["stage", "team"]}, id="only the tags to drop",
    ),
    pytest.param(
        plan.DropPolicy(), None, "DeleteResourcePolicy", {"SecretId": ARN}, id="drop the policy",
    ),
    pytest.param(
        plan.SetPolicy(document=table.DOCUMENT, block_public=True), None, "PutResourcePolicy",
        {"SecretId": ARN, "ResourcePolicy": table.DOCUMENT, "BlockPublicPolicy": True},
        id="attach a policy, a public one refused",
    ),
    pytest.param(
        plan.SetPolicy(document=table.DOCUMENT, block_public=False), None, "PutResourcePolicy",
        {"SecretId": ARN, "ResourcePolicy": table.DOCUMENT, "BlockPublicPolicy": False},
        id="attach a policy, whatever it says: the service's default is not relied upon",
    ),
    pytest.param(
        plan.AddReplicas(replicas=(table.FAR,)), None, "ReplicateSecretToRegions",
        {"SecretId": ARN, "AddReplicaRegions": [FAR]}, id="a replica: no word of overwriting",
    ),
    pytest.param(
        plan.AddReplicas(replicas=(facts.Replica(region="eu-west-1"),), overwrite=True), None,
        "ReplicateSecretToRegions",
        {"SecretId": ARN, "AddReplicaRegions": [{"Region": "eu-west-1"}],
         "ForceOverwriteReplicaSecret": True},
        id="a replica under the default key, and what is in its way goes",
    ),
    pytest.param(
        plan.SetRotation(rotation=table.ROTATION), None, "RotateSecret",
        {"SecretId": ARN, "RotateImmediately": False, "ClientRequestToken": TOKEN,
         "RotationLambdaARN": table.ROTATION.function,
         "RotationRules": {"AutomaticallyAfterDays": 30, "Duration": "3h"}},
        id="rotation by days, and not at once: the service's default is at once",
    ),
    pytest.param(
        plan.SetRotation(
            rotation=dataclasses.replace(table.ROTATION, schedule="rate(10 days)", duration=None),
            immediately=True,
        ),
        None, "RotateSecret",
        {"SecretId": ARN, "RotateImmediately": True, "ClientRequestToken": TOKEN,
         "RotationLambdaARN": table.ROTATION.function,
         "RotationRules": {"ScheduleExpression": "rate(10 days)"}},
        id="by a schedule: the days that AWS shows with one are not sent, it takes one of both",
    ),
    pytest.param(
        plan.SetRotation(rotation=facts.Rotation(
            schedule="cron(0 8 1 * ? *)", metadata={"b": "2", "a": "1"}, role=ROLE)),
        None, "RotateSecret",
        {"SecretId": ARN, "RotateImmediately": False, "ClientRequestToken": TOKEN,
         "RotationRules": {"ScheduleExpression": "cron(0 8 1 * ? *)"},
         "ExternalSecretRotationMetadata": [{"Key": "a", "Value": "1"},
                                            {"Key": "b", "Value": "2"}],
         "ExternalSecretRotationRoleArn": ROLE},
        id="an external partner's",
    ),
    pytest.param(
        plan.SetMetadata(type="Partner"), None, "UpdateSecret",
        {"SecretId": ARN, "ClientRequestToken": TOKEN, "Type": "Partner"}, id="type only",
    ),
    pytest.param(
        plan.MoveStage(current=None, to=table.FIRST, stage="blue"), None,
        "UpdateSecretVersionStage",
        {"SecretId": ARN, "VersionStage": "blue", "MoveToVersionId": table.FIRST},
        id="attach a label: it is nowhere so far",
    ),
    pytest.param(
        plan.ScheduleDeletion(days=7), None, "DeleteSecret",
        {"SecretId": ARN, "RecoveryWindowInDays": 7}, id="a window, and no word of force",
    ),
    pytest.param(
        plan.Purge(), None, "DeleteSecret",
        {"SecretId": ARN, "ForceDeleteWithoutRecovery": True}, id="force, and no window",
    ),
]  # fmt: skip


AFTERWARDS: list[Any] = [
    pytest.param(
        plan.AddReplicas(replicas=(table.FAR,)), plan.RemoveReplicas(regions=(table.FAR.region,)),
        "RemoveRegionsFromReplication", {"RemoveReplicaRegions": [table.FAR.region]},
        id="replicas removed: only the regions are named",
    ),
    pytest.param(
        plan.SetRotation(rotation=table.ROTATION), plan.CancelRotation(), "CancelRotateSecret", {},
        id="rotation cancelled",
    ),
    pytest.param(
        plan.MoveStage(current=None, to=table.FIRST, stage="blue"),
        plan.MoveStage(current=table.FIRST, to=None, stage="blue"), "UpdateSecretVersionStage",
        {"VersionStage": "blue", "RemoveFromVersionId": table.FIRST},
        id="a label taken away: from where it is, and to nowhere",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("first", "then", "operation", "parameters"), AFTERWARDS)
def test_what_takes_away(
    aws: emulation.Aws,
    store: AwsStore,
    ref: facts.Ref,
    first: plan.Action,
    then: plan.Action,
    operation: str,
    parameters: dict[str, Any],
) -> None:
    assert isinstance(store.apply(ref, first), plan.Done)
    aws.calls.clear()
    assert isinstance(store.apply(ref, then), plan.Done)
    assert only_call(aws) == (operation, {"SecretId": ref.id, **parameters})


def test_a_look_with_the_policy_is_one_call_more(
    aws: emulation.Aws, store: AwsStore, ref: facts.Ref
) -> None:
    store.observe(ref, policy=True)
    assert [(one.action, one.parameters) for one in aws.calls] == [
        ("DescribeSecret", {"SecretId": ref.id}), ("GetResourcePolicy", {"SecretId": ref.id}),
    ]  # fmt: skip


def test_a_check_of_a_key_is_a_call_to_another_service(
    aws: emulation.Aws, store: AwsStore, ref: facts.Ref
) -> None:
    """In the secret's region: a key is where what it encrypts is."""
    store.apply(ref, plan.CheckKey(kms_key_id=table.KEY))
    (record,) = aws.calls
    assert (record.service, record.action, record.region) == ("kms", "DescribeKey", aws.region)
    assert record.parameters == {"KeyId": table.KEY}


def only_call(aws: emulation.Aws) -> tuple[str, dict[str, Any]]:
    """Return the one call that was made."""
    (record,) = aws.calls
    return record.action, record.parameters


@pytest.mark.parametrize(("create", "value", "parameters"), CREATES)
def test_create(
    aws: emulation.Aws,
    store: AwsStore,
    create: plan.Create,
    value: Sealed | None,
    parameters: dict[str, Any],
) -> None:
    done = store.apply(facts.Ref(table.NAME), create, value)
    assert only_call(aws) == ("CreateSecret", parameters)
    assert done == plan.Done(id=aws.secret(table.NAME).arn, version=table.FIRST if value else None)


@pytest.mark.parametrize(("action", "value", "operation", "parameters"), CHANGES)
def test_change(
    aws: emulation.Aws,
    store: AwsStore,
    ref: facts.Ref,
    action: plan.Action,
    value: Sealed | None,
    operation: str,
    parameters: dict[str, Any],
) -> None:
    assert isinstance(store.apply(ref, action, value), plan.Done)
    called, sent = only_call(aws)
    expected = {**parameters, "SecretId": ref.id}
    if parameters.get("ClientRequestToken") == TOKEN:  # The SDK makes one up; it names nothing.
        expected["ClientRequestToken"] = sent["ClientRequestToken"]
    assert (called, sent) == (operation, expected)


def test_move_to_the_version_before(aws: emulation.Aws, store: AwsStore, ref: facts.Ref) -> None:
    """The label is named, where it is and where it goes: AWS refuses it if it is elsewhere."""
    put = aws.put_by_hand(ref.name, "by a person")
    aws.calls.clear()
    done = store.apply(ref, plan.MoveStage(current=put, to=table.FIRST))
    assert done == plan.Done(id=ref.id), "no version was made"
    assert only_call(aws) == (
        "UpdateSecretVersionStage",
        {"SecretId": ref.id, "VersionStage": "AWSCURRENT", "RemoveFromVersionId": put,
         "MoveToVersionId": table.FIRST},
    )  # fmt: skip


@pytest.mark.parametrize("known", [True, False], ids=["by its id", "by its name"])
def test_observe(aws: emulation.Aws, store: AwsStore, ref: facts.Ref, *, known: bool) -> None:
    """A look is one DescribeSecret: the value is never read."""
    store.observe(ref if known else facts.Ref(ref.name))
    assert only_call(aws) == ("DescribeSecret", {"SecretId": ref.id if known else ref.name})


def test_no_account_is_asked_for_while_all_is_found(
    aws: emulation.Aws, store: AwsStore, ref: facts.Ref
) -> None:
    """STS is asked only where an answer depends on it."""
    store.observe(ref)
    store.apply(ref, plan.DropPolicy())
    assert aws.actions("sts") == []


@pytest.mark.parametrize("action", [plan.Look(), plan.Wait()], ids=["look", "wait"])
def test_nothing_is_called_for_the_engines_own_actions(
    aws: emulation.Aws, store: AwsStore, ref: facts.Ref, action: plan.Action
) -> None:
    with pytest.raises(errors.StoreError, match=f"{type(action).__name__} is not for stores"):
        store.apply(ref, action)
    assert aws.calls == []


def test_an_action_without_the_id_it_needs(aws: emulation.Aws, store: AwsStore) -> None:
    """No call goes out that could mean some other secret."""
    with pytest.raises(errors.InvalidInput, match=r"DeleteSecret of .*malformed"):
        store.apply(facts.Ref(table.NAME), plan.Purge())
    assert aws.calls == []


def test_nothing_is_called_when_a_store_is_made(aws: emulation.Aws) -> None:
    from recoverable_secrets.stores import aws as aws_store  # noqa: PLC0415

    aws_store.AwsStore(aws_store.Connection(region="eu-west-1"))
    assert aws.calls == []
