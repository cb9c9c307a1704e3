"""The table of states: every call in every column, as the fact sheet has it."""

from __future__ import annotations

import pytest

import emulation

IRE, IPE = "InvalidRequestException", "InvalidParameterException"
RNF, REE = "ResourceNotFoundException", "ResourceExistsException"
MARKED = "You can't perform this operation on the secret because it was marked for deletion."
SCHEDULED = (
    "You can't create this secret because a secret with this name is already scheduled for"
    " deletion."
)
TOKEN = "0" * 32
VALUE = "first"

# Every call on an existing secret, with parameters that succeed on a live one.
CALLS: dict[str, dict[str, object]] = {
    "CancelRotateSecret": {},
    "DeleteResourcePolicy": {},
    "DeleteSecret": {"RecoveryWindowInDays": 7},
    "DescribeSecret": {},
    "GetResourcePolicy": {},
    "GetSecretValue": {},
    "ListSecretVersionIds": {},
    "PutResourcePolicy": {"ResourcePolicy": '{"Statement": []}'},
    "PutSecretValue": {"SecretString": "x"},
    "RemoveRegionsFromReplication": {"RemoveReplicaRegions": ["eu-west-1"]},
    "ReplicateSecretToRegions": {"AddReplicaRegions": [{"Region": "eu-west-1"}]},
    "RestoreSecret": {},
    "RotateSecret": {"RotationLambdaARN": "arn:aws:lambda:us-east-1:123456789012:function:f"},
    "TagResource": {"Tags": [{"Key": "k", "Value": "v"}]},
    "UntagResource": {"TagKeys": ["k"]},
    "UpdateSecret": {"Description": "d"},
    "UpdateSecretVersionStage": {
        "VersionStage": "mine",
        "MoveToVersionId": TOKEN,
    },
}
# "DescribeSecret ok, DeletedDate present (D)"; "ListSecretVersionIds ok (D)"; RestoreSecret 200.
WORK_ON_PENDING = {"DescribeSecret", "ListSecretVersionIds", "RestoreSecret"}


def in_state(aws: emulation.Aws, state: str) -> None:
    """Bring the secret "s" into a state."""
    if state == "absent":
        return
    aws.by_hand("CreateSecret", Name="s", SecretString=VALUE, ClientRequestToken=TOKEN)
    if state == "pending":
        aws.by_hand("DeleteSecret", SecretId="s")
    if state == "purging":
        aws.by_hand("DeleteSecret", SecretId="s", ForceDeleteWithoutRecovery=True)
    assert aws.secret("s").state == state


def call(client, action):
    """Get the client's method for an action."""
    name = "".join("_" + c.lower() if c.isupper() else c for c in action).lstrip("_")
    return getattr(client, name)


@pytest.mark.parametrize("action", sorted(set(CALLS) - {"DescribeSecret"}))
def test_works_on_live(aws, sm, action):
    """The column "live": ok."""
    in_state(aws, "live")
    if action == "CancelRotateSecret":
        aws.by_hand("RotateSecret", SecretId="s", **CALLS["RotateSecret"])
    if action == "RemoveRegionsFromReplication":
        aws.by_hand("ReplicateSecretToRegions", SecretId="s", **CALLS["ReplicateSecretToRegions"])
    answer = call(sm, action)(SecretId="s", **CALLS[action])
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert aws.calls[-1].outcome == "ok"


@pytest.mark.parametrize("action", sorted(set(CALLS) - WORK_ON_PENDING - {"DeleteSecret"}))
def test_refused_on_pending(aws, sm, refused, action):
    """The column "pending deletion": IRE "…was marked for deletion." (T/S)."""
    in_state(aws, "pending")
    before = aws.secret("s")
    assert refused(call(sm, action), SecretId="s", **CALLS[action]) == (IRE, MARKED)
    assert aws.secret("s") == before


@pytest.mark.parametrize("action", sorted(WORK_ON_PENDING))
def test_works_on_pending(aws, sm, action):
    """DescribeSecret, ListSecretVersionIds and RestoreSecret work on a pending secret."""
    in_state(aws, "pending")
    assert call(sm, action)(SecretId="s")["Name"] == "s"


def test_second_deletion_is_refused_and_the_date_stays(aws, sm, refused):
    """DeleteSecret(window) on pending: "IRE; the date cannot be moved without restoring first"."""
    in_state(aws, "pending")
    date = aws.secret("s").purge_date
    aws.clock.advance(days=1)
    code, message = refused(sm.delete_secret, SecretId="s", RecoveryWindowInDays=30)
    assert (code, "already scheduled for deletion" in message) == (IRE, True)
    assert aws.secret("s").purge_date == date


@pytest.mark.parametrize("action", sorted(CALLS))
def test_not_found_when_absent(sm, refused, action):
    """The column "absent": RNF."""
    code, message = refused(call(sm, action), SecretId="s", **CALLS[action])
    assert (code, message) == (RNF, "Secrets Manager can't find the specified secret.")


@pytest.mark.parametrize("answer", ["not-found", "refused"])
@pytest.mark.parametrize("action", sorted(set(CALLS) - {"DescribeSecret"}))
def test_purging_answers_either(aws, sm, refused, action, answer):
    """The column "purging": "RNF or IRE", as selected."""
    aws.behaviour.purging_error = answer
    in_state(aws, "purging")
    code, message = refused(call(sm, action), SecretId="s", **CALLS[action])
    expected = (RNF, "find") if answer == "not-found" else (IRE, "was deleted")
    assert code == expected[0]
    assert expected[1] in message


@pytest.mark.parametrize("state", ["pending", "purging"])
def test_create_on_a_scheduled_name(aws, sm, refused, state):
    """CreateSecret(same name): IRE "…already scheduled for deletion." while pending or purging."""
    in_state(aws, state)
    assert refused(sm.create_secret, Name="s", SecretString="x") == (IRE, SCHEDULED)
    assert aws.secret("s").state == state


def test_create_on_a_live_name(aws, sm, refused):
    """CreateSecret(same name) on live: REE "…already exists" (S)."""
    in_state(aws, "live")
    code, message = refused(sm.create_secret, Name="s", SecretString="x")
    assert (code, message.endswith("already exists.")) == (REE, True)
    assert aws.secret("s").value == VALUE


def test_force_on_pending_purges_early(aws, sm):
    """DeleteSecret(force) on pending: "200: purges early (S)"."""
    in_state(aws, "pending")
    sm.delete_secret(SecretId="s", ForceDeleteWithoutRecovery=True)
    assert aws.secret("s").state == "purging"


@pytest.mark.parametrize("state", ["absent", "purging"])
def test_force_proves_nothing_about_existence(aws, sm, state):
    """DeleteSecret(force), absent name: "200, no RNF (D)"; purging: 200."""
    in_state(aws, state)
    answer = sm.delete_secret(SecretId="s", ForceDeleteWithoutRecovery=True)
    assert answer["Name"] == "s"
    assert ":secret:s-" in answer["ARN"]
    assert aws.secret("s").state == state


@pytest.mark.parametrize("answer", ["ok", "refused"])
def test_restore_on_live_is_selectable(aws, sm, refused, answer):
    """RestoreSecret on live: "not documented: accept both 200 and IRE"."""
    aws.behaviour.restore_on_live = answer
    in_state(aws, "live")
    if answer == "ok":
        assert sm.restore_secret(SecretId="s")["Name"] == "s"
    else:
        assert refused(sm.restore_secret, SecretId="s")[0] == IRE
    assert aws.secret("s").state == "live"


def test_every_action_of_the_table_is_a_real_one(sm):
    """The double knows no action that botocore does not know."""
    elsewhere = {"AssumeRole", "DescribeKey", "GetCallerIdentity", "GetParameter"}
    assert set(emulation.PERMISSIONS) - elsewhere <= set(sm.meta.service_model.operation_names)


def test_unknown_action(sm, refused):
    """What is not emulated says so instead of guessing."""
    code, _ = refused(sm.list_resource_policies, SecretId="s")
    assert code == "UnknownOperationException"
