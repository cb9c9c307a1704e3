"""The permission table and what the double makes of it."""

from __future__ import annotations

import pytest

import emulation
from emulation import When

DENIED = "AccessDeniedException"
USER = "arn:aws:iam::123456789012:user/x"
KEY = "alias/mine"
NEEDS = {
    "create": ("create_secret", {}, {"CreateSecret"}),
    "create + tags needs TagResource": (
        "create_secret",
        {"Tags": [{"Key": "k", "Value": "v"}]},
        {"CreateSecret", "TagResource"},
    ),
    "create + key needs kms:GenerateDataKey, kms:Decrypt": (
        "create_secret",
        {"KmsKeyId": KEY},
        {"CreateSecret", "kms:GenerateDataKey", "kms:Decrypt"},
    ),
    "create + managed key needs no kms": (
        "create_secret",
        {"KmsKeyId": "alias/aws/secretsmanager"},
        {"CreateSecret"},
    ),
    "create + replicas needs ReplicateSecretToRegions": (
        "create_secret",
        {"AddReplicaRegions": [{"Region": "eu-west-1"}]},
        {"CreateSecret", "ReplicateSecretToRegions"},
    ),
    "replica key needs kms:GenerateDataKey, kms:Encrypt": (
        "create_secret",
        {"AddReplicaRegions": [{"Region": "eu-west-1", "KmsKeyId": KEY}]},
        {"CreateSecret", "ReplicateSecretToRegions", "kms:GenerateDataKey", "kms:Encrypt"},
    ),
    "put": ("put_secret_value", {"SecretString": "x"}, {"PutSecretValue"}),
    "update": ("update_secret", {"SecretString": "x"}, {"UpdateSecret"}),
    "update to a customer key": (
        "update_secret",
        {"KmsKeyId": KEY},
        {"UpdateSecret", "kms:GenerateDataKey", "kms:Encrypt", "kms:Decrypt"},
    ),
    "delete": ("delete_secret", {}, {"DeleteSecret"}),
    "describe": ("describe_secret", {}, {"DescribeSecret"}),
    "get": ("get_secret_value", {}, {"GetSecretValue"}),
    "tag": ("tag_resource", {"Tags": [{"Key": "k", "Value": "v"}]}, {"TagResource"}),
    "rotate": (
        "rotate_secret",
        {"RotationLambdaARN": "arn:aws:lambda:us-east-1:123456789012:function:f"},
        {"RotateSecret", "lambda:InvokeFunction"},
    ),
}


@pytest.mark.parametrize(("method", "params", "needs"), NEEDS.values(), ids=NEEDS)
def test_exactly_these_are_needed(aws, sm, refused, method, params, needs):
    """With all of them the call works; without any one of them it does not."""
    if method != "create_secret":
        aws.by_hand("CreateSecret", Name="s", SecretString="v")
    params = {"Name" if method == "create_secret" else "SecretId": "s"} | params
    full = {need if ":" in need else f"secretsmanager:{need}" for need in needs}
    before = aws.secret("s")
    for missing in full:
        aws.allow_only(full - {missing})
        code, message = refused(getattr(sm, method), **params)
        assert code == DENIED
        expected = "Access to KMS is not allowed" if missing.startswith("kms:") else missing
        assert expected in message
        assert aws.secret("s") == before
    aws.allow_only(full)
    getattr(sm, method)(**params)
    assert aws.calls[-1].outcome == "ok"


def test_the_message_is_iams(aws, sm, refused):
    """User: … is not authorized to perform: … because no identity-based policy allows it."""
    sm.create_secret(Name="s", SecretString="v")
    aws.deny("secretsmanager:PutSecretValue")
    code, message = refused(sm.put_secret_value, SecretId="s", SecretString="x")
    assert code == DENIED
    assert message == (
        f"User: {USER} is not authorized to perform: secretsmanager:PutSecretValue on resource: s"
        " because no identity-based policy allows the secretsmanager:PutSecretValue action"
    )
    assert aws.calls[-1].outcome == DENIED


def test_key_in_use_counts(aws, sm, refused):
    """A customer key on the secret makes kms:Decrypt necessary to read it."""
    sm.create_secret(Name="s", SecretString="v", KmsKeyId=KEY)
    aws.deny("kms:*")
    assert refused(sm.get_secret_value, SecretId="s") == (DENIED, "Access to KMS is not allowed")
    assert refused(sm.put_secret_value, SecretId="s", SecretString="x")[0] == DENIED
    sm.update_secret(SecretId="s", Description="no value, no key")
    sm.describe_secret(SecretId="s")
    aws.allow_everything()
    assert sm.get_secret_value(SecretId="s")["SecretString"] == "v"


def test_wildcards(aws, sm, refused):
    """`*` works as in IAM."""
    aws.allow_only({"secretsmanager:List*"})
    sm.list_secrets()
    assert refused(sm.get_random_password)[0] == DENIED


def test_caller_identity_cannot_be_refused(aws, make, refused):
    """IAM cannot refuse GetCallerIdentity; AssumeRole it can."""
    aws.allow_only(set())
    sts = make("sts")
    assert sts.get_caller_identity()["Account"] == emulation.DEFAULT_ACCOUNT
    role = {"RoleArn": "arn:aws:iam::999999999999:role/r", "RoleSessionName": "me"}
    assert refused(sts.assume_role, **role)[0] == "AccessDenied"


def test_every_call_needs_its_own_permission():
    """The table has each action under its own name, and dependents only with their reason."""
    for action, needs in emulation.PERMISSIONS.items():
        if action in ("GetCallerIdentity", "AssumeRole"):
            continue
        service = {"DescribeKey": "kms", "GetParameter": "ssm"}.get(action, "secretsmanager")
        assert needs[0] == emulation.Permission(f"{service}:{action}", When.ALWAYS)


def test_function_in_use_counts(aws, sm, refused):
    """Rotating again needs lambda:InvokeFunction, though this call does not name the function."""
    sm.create_secret(Name="s", SecretString="v")
    function = "arn:aws:lambda:us-east-1:123456789012:function:f"
    sm.rotate_secret(SecretId="s", RotationLambdaARN=function)
    aws.deny("lambda:*")
    assert refused(sm.rotate_secret, SecretId="s")[0] == DENIED
    sm.cancel_rotate_secret(SecretId="s")


def test_keys_and_parameters_need_their_own(aws, make, refused):
    """kms:DescribeKey; ssm:GetParameter, and kms:Decrypt for a customer key when decrypting."""
    aws.add_key(KEY)
    aws.add_parameter("/db", "v", key=KEY)
    aws.allow_only({"ssm:GetParameter"})
    code, message = refused(make("kms").describe_key, KeyId=KEY)
    assert (code, "kms:DescribeKey" in message) == (DENIED, True)
    ssm = make("ssm")
    ssm.get_parameter(Name="/db")
    assert refused(ssm.get_parameter, Name="/db", WithDecryption=True)[0] == DENIED
    aws.allow_only({"kms:*"})
    code, message = refused(ssm.get_parameter, Name="/db")
    assert (code, "ssm:GetParameter" in message) == (DENIED, True)
    make("kms").describe_key(KeyId=KEY)
