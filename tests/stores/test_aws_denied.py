"""A missing permission: the text names the operation, the secret and the permission."""

from __future__ import annotations

from typing import Any

import pytest

import emulation
from contract import table, worlds
from emulation import When, faults
from recoverable_secrets.core import errors, facts, plan
from recoverable_secrets.core.plan import Source
from recoverable_secrets.core.sealed import Sealed
from recoverable_secrets.stores import aws_errors
from recoverable_secrets.stores.aws import AwsStore

WRITE = plan.SetMetadata(source=Source.LITERAL, version=table.NEXT)
COMPARE = plan.Compare(source=Source.LITERAL, version=table.FIRST)
MOVE = plan.MoveStage(current=table.NEXT, to=table.FIRST)
REPLICATE = plan.AddReplicas(replicas=(table.FAR,))
UNREPLICATE = plan.RemoveReplicas(regions=(table.FAR.region,))
DENIED = [
    ("CreateSecret", table.creation(), "secretsmanager:CreateSecret"),
    ("CreateSecret", table.creation(), "secretsmanager:TagResource"),
    ("RestoreSecret", plan.Restore(), "secretsmanager:RestoreSecret"),
    ("UpdateSecret", WRITE, "secretsmanager:UpdateSecret"),
    ("PutSecretValue", COMPARE, "secretsmanager:PutSecretValue"),
    ("UpdateSecretVersionStage", MOVE, "secretsmanager:UpdateSecretVersionStage"),
    ("TagResource", plan.SetTags(tags=table.TAGS), "secretsmanager:TagResource"),
    ("UntagResource", plan.DropTags(keys=("team",)), "secretsmanager:UntagResource"),
    ("DeleteResourcePolicy", plan.DropPolicy(), "secretsmanager:DeleteResourcePolicy"),
    ("PutResourcePolicy", table.SET_POLICY, "secretsmanager:PutResourcePolicy"),
    ("RotateSecret", table.ROTATE, "secretsmanager:RotateSecret"),
    ("RotateSecret", table.ROTATE, "lambda:InvokeFunction"),
    ("CancelRotateSecret", plan.CancelRotation(), "secretsmanager:CancelRotateSecret"),
    ("ReplicateSecretToRegions", REPLICATE, "secretsmanager:ReplicateSecretToRegions"),
    ("RemoveRegionsFromReplication", UNREPLICATE, "secretsmanager:RemoveRegionsFromReplication"),
    ("DeleteSecret", plan.ScheduleDeletion(days=7), "secretsmanager:DeleteSecret"),
    ("DeleteSecret", plan.Purge(), "secretsmanager:DeleteSecret"),
]
IDS = [f"{type(a).__name__} without {p.split(':')[1]}" for _, a, p in DENIED]
NAMES = [pytest.param("s", id="short name"), pytest.param("a/" + "b" * 510, id="512 characters")]
KMS_CALLS = [("CreateSecret", table.creation()), ("UpdateSecret", WRITE),
             ("PutSecretValue", COMPARE), ("ReplicateSecretToRegions", REPLICATE)]  # fmt: skip


def secret_named(store: AwsStore, name: str, action: plan.Action) -> facts.Ref:
    """Make what the action needs: nothing, a live secret, one with a replica, or one pending."""
    if isinstance(action, plan.Create):
        return facts.Ref(name)
    made = store.apply(facts.Ref(name), table.creation(), Sealed("old"))
    assert isinstance(made, plan.Done)
    ref = facts.Ref(name, made.id)
    if isinstance(action, plan.MoveStage):
        store.apply(ref, WRITE, Sealed("new"))
    if isinstance(action, plan.Restore):
        store.apply(ref, plan.ScheduleDeletion(days=7))
    if action is UNREPLICATE:
        store.apply(ref, REPLICATE)
    if isinstance(action, plan.CancelRotation):
        store.apply(ref, table.ROTATE)
    return ref


def denied(store: AwsStore, ref: facts.Ref, action: plan.Action) -> str:
    """Do what is denied; return the text."""
    payload = Sealed("new") if plan.valued(action) else None
    with pytest.raises(errors.AccessDenied) as caught:
        store.apply(ref, action, payload)
    text = str(caught.value)
    assert len(text) <= errors.LIMIT
    return text


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("operation", "action", "permission"), DENIED, ids=IDS)
def test_every_action(
    aws: emulation.Aws,
    store: AwsStore,
    operation: str,
    action: plan.Action,
    permission: str,
    name: str,
) -> None:
    ref = secret_named(store, name, action)
    before = aws.secret(name)
    aws.deny(permission)
    assert denied(store, ref, action) == (
        f"{operation} of {errors.short(name)} was denied: it needs {permission}. "
        "Grant it to the credentials in use"
    )
    assert aws.secret(name) == before
    assert len(aws.actions()) == len(set(aws.actions())), "a denial is final: nothing to retry"


@pytest.mark.parametrize("by_id", [True, False], ids=["by id", "by name"])
def test_a_look(aws: emulation.Aws, store: AwsStore, ref: facts.Ref, *, by_id: bool) -> None:
    """A look that is denied is not a secret that is gone."""
    aws.deny("secretsmanager:DescribeSecret")
    with pytest.raises(errors.AccessDenied, match="needs secretsmanager:DescribeSecret"):
        store.observe(ref if by_id else facts.Ref(ref.name))


KMS_DENIED = [
    pytest.param(operation, action, need.action, id=f"{operation} without {need.action}")
    for operation, action in KMS_CALLS
    for need in emulation.PERMISSIONS[operation]
    if need.when is When.CUSTOMER_KEY
    or (need.when is When.CUSTOMER_REPLICA_KEY and action is REPLICATE)
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("operation", "action", "permission"), KMS_DENIED)
def test_the_key_of_kms(
    aws: emulation.Aws,
    store: AwsStore,
    operation: str,
    action: plan.Action,
    permission: str,
    name: str,
) -> None:
    """KMS does not say which permission it misses: all that the operation needs are named."""
    ref = secret_named(store, name, action)
    aws.deny(permission)
    text = denied(store, ref, action)
    assert text.startswith(f"{operation} of {errors.short(name)} was denied: it needs kms:")
    assert permission in text
    assert "of its KMS key" in text


def test_a_secret_with_kms_in_its_name(aws: emulation.Aws, store: AwsStore) -> None:
    """Its name is no reason to speak of a key."""
    ref = secret_named(store, "prod/KMS-token", plan.DropPolicy())
    aws.deny("secretsmanager:DeleteResourcePolicy")
    assert "of its KMS key" not in denied(store, ref, plan.DropPolicy())


WORDINGS: list[Any] = [
    pytest.param(
        "User: arn:aws:iam::1:user/x is not authorized to perform: secretsmanager:UpdateSecret on "
        "resource: s because no identity-based policy allows the secretsmanager:UpdateSecret "
        "action",
        "it needs secretsmanager:UpdateSecret. Grant it",
        id="no policy allows it",
    ),
    pytest.param(
        "User: arn:aws:iam::1:user/x is not authorized to perform: secretsmanager:UpdateSecret on "
        "resource: s with an explicit deny in a resource-based policy",
        "it needs secretsmanager:UpdateSecret, which an explicit deny forbids. Grant it",
        id="explicit deny: a grant alone does not help",
    ),
    pytest.param(
        "User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: kms:GenerateDataKey "
        "on resource: arn:aws:kms:eu-west-1:1:key/k because no resource-based policy allows it",
        "it needs kms:GenerateDataKey of its KMS key. Grant it",
        id="KMS names what it misses",
    ),
    pytest.param(
        "Access to KMS is not allowed",
        "of its KMS key. Grant it",
        id="KMS names nothing",
    ),
    pytest.param(
        "You are not allowed to do that.",
        "it needs secretsmanager:UpdateSecret. Grant it",
        id="nobody names anything: what the operation needs",
    ),
    pytest.param("", "it needs secretsmanager:UpdateSecret. Grant it", id="no text at all"),
]


@pytest.mark.parametrize(("told", "says"), WORDINGS)
def test_wordings_of_aws(told: str, says: str) -> None:
    response = {"Error": {"Code": "AccessDeniedException", "Message": told}}
    error = aws_errors.from_service(response, aws_errors.Subject("UpdateSecret", "s"))
    assert isinstance(error, errors.AccessDenied)
    assert says in str(error)


@pytest.mark.parametrize("operation", aws_errors.PERMISSIONS)
def test_the_permission_tables(operation: str) -> None:
    """They list what AWS documents for our calls: always, with tags, with a customer's key."""
    needs = emulation.PERMISSIONS[operation]
    always = {When.ALWAYS, When.TAGS, When.FUNCTION, When.ROLE}
    plain = {need.action for need in needs if need.when in always}
    of_key = {When.CUSTOMER_KEY}
    if operation == "ReplicateSecretToRegions":  # A creation may have replicas, it need not.
        of_key.add(When.CUSTOMER_REPLICA_KEY)
    keyed = {need.action for need in needs if need.when in of_key}
    assert set(aws_errors.PERMISSIONS[operation]) == plain
    assert set(aws_errors.KMS_PERMISSIONS.get(operation, ())) == keyed


def test_the_permission_table_has_every_call(
    aws: emulation.Aws, store: AwsStore, ref: facts.Ref
) -> None:
    """And no other: the operations that the store calls are its keys."""
    store.observe(facts.Ref("never"))
    store.observe(ref, policy=True)
    store.apply(ref, plan.CheckKey(kms_key_id=table.KEY))
    for _, action, _ in DENIED:
        store.apply(ref, action, Sealed("new") if plan.valued(action) else None)
    ours = {"AssumeRole", "GetCallerIdentity"}
    called = {*aws.actions(), *aws.actions("kms")}
    assert called == set(aws_errors.PERMISSIONS) - ours


def test_a_call_that_is_given_to_all(aws: emulation.Aws, store: AwsStore) -> None:
    """A service control policy can deny even what needs no permission."""
    gone = f"arn:aws:secretsmanager:{worlds.REGION}:{aws.account}:secret:s-AbCdEf"
    aws.inject(faults.Error(
        "GetCallerIdentity", code="AccessDenied", status=403, message="with an explicit deny"
    ))  # fmt: skip
    with pytest.raises(errors.AccessDenied) as caught:
        store.observe(facts.Ref("s", gone))
    assert str(caught.value) == (
        "GetCallerIdentity of the caller was denied: it needs sts:GetCallerIdentity, which an "
        "explicit deny forbids. Grant it to the credentials in use"
    )


@pytest.mark.parametrize(("operation", "action"), KMS_CALLS, ids=[call for call, _ in KMS_CALLS])
def test_the_table_is_enough(
    aws: emulation.Aws, store: AwsStore, operation: str, action: plan.Action
) -> None:
    """With what the table names, and no more, the call goes through under a customer's key."""
    ref = secret_named(store, table.NAME, action)
    aws.allow_only({*aws_errors.PERMISSIONS[operation], *aws_errors.KMS_PERMISSIONS[operation]})
    payload = Sealed("old") if plan.valued(action) else None
    assert isinstance(store.apply(ref, action, payload), plan.Done)
    assert aws.secret(table.NAME).kms_key_id == table.KEY
