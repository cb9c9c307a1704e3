"""Each action is exactly one call with exactly these parameters."""

from __future__ import annotations

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
        plan.ScheduleDeletion(days=7), None, "DeleteSecret",
        {"SecretId": ARN, "RecoveryWindowInDays": 7}, id="a window, and no word of force",
    ),
    pytest.param(
        plan.Purge(), None, "DeleteSecret",
        {"SecretId": ARN, "ForceDeleteWithoutRecovery": True}, id="force, and no window",
    ),
]  # fmt: skip


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
