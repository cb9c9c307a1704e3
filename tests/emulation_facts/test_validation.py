"""What AWS refuses whatever the secret's state; botocore lets all of it pass."""

from __future__ import annotations

import json

import pytest

import emulation

IRE, IPE = "InvalidRequestException", "InvalidParameterException"
VALIDATION, MALFORMED = "ValidationException", "MalformedPolicyDocumentException"


def tags(count=1, key="k", value="v"):
    """Return `count` tags with different keys."""
    return [{"Key": f"{key}{n or ''}", "Value": value} for n in range(count)]


BAD_CREATES = {
    "name of 513": ({"Name": "n" * 513}, VALIDATION),
    "name with a space": ({"Name": "a b"}, VALIDATION),
    "name with a colon": ({"Name": "a:b"}, VALIDATION),
    "name not ASCII": ({"Name": "é"}, VALIDATION),
    "description of 2049": ({"Description": "d" * 2049}, VALIDATION),
    "value of 65,537 bytes": ({"SecretString": "v" * 65_537}, VALIDATION),
    "value counted in bytes, not characters": ({"SecretString": "é" * 32_769}, VALIDATION),
    "binary of 65,537 bytes": ({"SecretBinary": b"v" * 65_537}, VALIDATION),
    "string or binary, not both": ({"SecretString": "v", "SecretBinary": b"v"}, IPE),
    "token of 65": ({"ClientRequestToken": "t" * 65}, IPE),
    "51 tags": ({"Tags": tags(51)}, IPE),
    "tag key of 129": ({"Tags": tags(key="k" * 129)}, VALIDATION),
    "tag value of 257": ({"Tags": tags(value="v" * 257)}, VALIDATION),
    "aws: reserved": ({"Tags": tags(key="aws:k")}, IPE),
    "AWS: reserved in any case": ({"Tags": tags(key="AWS:k")}, IPE),
    "tag value with a comma": ({"Tags": tags(value="a,b")}, IPE),
    "tag value with a bracket": ({"Tags": tags(value="{a}")}, IPE),
    "tag key with a star": ({"Tags": tags(key="k*")}, IPE),
    "tag key twice": ({"Tags": tags() + tags()}, IPE),
    "key of 2049": ({"KmsKeyId": "k" * 2049}, VALIDATION),
}
GOOD_CREATES = {
    "name of 512": {"Name": "n" * 512},
    "every allowed character": {"Name": "aZ09/_+=.@-"},
    "exclamation mark too, in practice": {"Name": "rds!db"},
    "hyphen and six characters": {"Name": "app-secret"},
    "description of 2048": {"Description": "d" * 2048},
    "value of 65,536 bytes": {"SecretString": "v" * 65_536},
    "binary of 65,536 bytes": {"SecretBinary": b"v" * 65_536},
    "token of 32": {"ClientRequestToken": "t" * 32, "SecretString": "v"},
    "token of 64": {"ClientRequestToken": "t" * 64, "SecretString": "v"},
    "50 tags": {"Tags": tags(50)},
    "tag of 128 and 256": {"Tags": tags(key="k" * 128, value="v" * 256)},
    "tag letters, digits, space, punctuation": {"Tags": tags(value="Aé9 _.:/=+-@")},
    "empty tag value": {"Tags": tags(value="")},
}


@pytest.mark.parametrize(("params", "code"), BAD_CREATES.values(), ids=BAD_CREATES)
def test_create_refuses(aws, sm, refused, params, code):
    """Limits of names, values, tags, description, token and key, one past the end."""
    assert refused(sm.create_secret, **({"Name": "s"} | params))[0] == code
    assert aws.secrets() == []


@pytest.mark.parametrize("params", GOOD_CREATES.values(), ids=GOOD_CREATES)
def test_create_takes(aws, sm, params):
    """The same limits, at the end."""
    sm.create_secret(**({"Name": "s"} | params))
    assert [secret.state for secret in aws.secrets()] == ["live"]


BAD_CALLS = {
    "put without a value": ("put_secret_value", {}, IRE),
    "put of 65,537 bytes": ("put_secret_value", {"SecretString": "v" * 65_537}, VALIDATION),
    "put of both": ("put_secret_value", {"SecretString": "v", "SecretBinary": b"v"}, IPE),
    "21 stages": (
        "put_secret_value",
        {"SecretString": "v", "VersionStages": [str(n) for n in range(21)]},
        VALIDATION,
    ),
    "update of 2049": ("update_secret", {"Description": "d" * 2049}, VALIDATION),
    "update with a long token": ("update_secret", {"ClientRequestToken": "t" * 65}, IPE),
    "tag aws:": ("tag_resource", {"Tags": tags(key="aws:x")}, IPE),
    "tags 51 in all": ("tag_resource", {"Tags": tags(50, key="other")}, IPE),
    "untag aws:": ("untag_resource", {"TagKeys": ["aws:x"]}, IPE),
    "policy not JSON": ("put_resource_policy", {"ResourcePolicy": "{"}, MALFORMED),
    "policy without statement": ("put_resource_policy", {"ResourcePolicy": "{}"}, MALFORMED),
    "policy of 20,481": ("put_resource_policy", {"ResourcePolicy": "x" * 20_481}, VALIDATION),
    "SecretId of 2049": ("describe_secret", {"SecretId": "s" * 2049}, VALIDATION),
}


@pytest.mark.parametrize(("method", "params", "code"), BAD_CALLS.values(), ids=BAD_CALLS)
def test_call_refuses(aws, sm, refused, method, params, code):
    """The same limits in the other calls; the secret stays as it was."""
    sm.create_secret(Name="s", SecretString="v", Tags=tags())
    before = aws.secret("s")
    assert refused(getattr(sm, method), **({"SecretId": "s"} | params))[0] == code
    assert aws.secret("s") == before


def test_changing_a_tag_at_the_limit(aws, sm):
    """50 tags: changing one of them is no 51st."""
    sm.create_secret(Name="s", Tags=tags(50))
    sm.tag_resource(SecretId="s", Tags=tags(1, value="new"))
    assert (len(aws.secret("s").tags), aws.secret("s").tags["k"]) == (50, "new")
    sm.untag_resource(SecretId="s", TagKeys=["k", "never there"])
    assert len(aws.secret("s").tags) == 49


PUBLIC = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}


def test_block_public_policy(aws, sm, refused):
    """BlockPublicPolicy refuses a policy for everybody."""
    sm.create_secret(Name="s")
    policy = json.dumps({"Statement": [PUBLIC]})
    call = {"SecretId": "s", "ResourcePolicy": policy, "BlockPublicPolicy": True}
    assert refused(sm.put_resource_policy, **call)[0] == "PublicPolicyException"
    assert aws.secret("s").policy is None
    sm.put_resource_policy(**(call | {"BlockPublicPolicy": False}))
    assert sm.get_resource_policy(SecretId="s")["ResourcePolicy"] == policy
    sm.delete_resource_policy(SecretId="s")
    assert "ResourcePolicy" not in sm.get_resource_policy(SecretId="s")
    assert sm.validate_resource_policy(ResourcePolicy=policy)["PolicyValidationPassed"]


def test_rotation(aws, sm, refused):
    """RotateSecret without a Lambda IRE; CancelRotateSecret fails on pending."""
    sm.create_secret(Name="s", SecretString="v")
    rules = {"AutomaticallyAfterDays": 30}
    assert refused(sm.rotate_secret, SecretId="s", RotationRules=rules)[0] == IRE
    assert refused(sm.cancel_rotate_secret, SecretId="s")[0] == IRE
    function = "arn:aws:lambda:us-east-1:123456789012:function:f"
    both = rules | {"ScheduleExpression": "rate(1 day)"}
    call = {"SecretId": "s", "RotationLambdaARN": function}
    assert refused(sm.rotate_secret, **call, RotationRules=both)[0] == IPE
    sm.rotate_secret(**call, RotationRules=rules)
    described = sm.describe_secret(SecretId="s")
    assert (described["RotationEnabled"], described["RotationRules"]) == (True, rules)
    assert (described["NextRotationDate"] - aws.clock.now()).days == 30
    sm.cancel_rotate_secret(SecretId="s")
    assert "NextRotationDate" not in sm.describe_secret(SecretId="s")
    assert sm.describe_secret(SecretId="s")["RotationEnabled"] is False


def test_rotation_by_schedule(sm):
    """RotationRules: days xor schedule."""
    sm.create_secret(Name="s")
    function = "arn:aws:lambda:us-east-1:123456789012:function:f"
    rules = {"ScheduleExpression": "rate(1 day)"}
    sm.rotate_secret(SecretId="s", RotationLambdaARN=function, RotationRules=rules)
    assert sm.describe_secret(SecretId="s")["RotationRules"] == rules


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"SecretBinary": "not base64!"}, "SerializationException"),
        ({"SecretString": ""}, VALIDATION),
        ({"KmsKeyId": None, "Name": ""}, VALIDATION),
    ],
    ids=["binary that is not base64", "empty value", "empty name"],
)
def test_what_botocore_would_not_send(aws, params, code):
    """Other callers get AWS's errors for what botocore refuses itself."""
    with pytest.raises(emulation.AwsError) as caught:
        aws.by_hand("CreateSecret", **({"Name": "s"} | params))
    assert caught.value.code == code


def test_random_password(sm):
    """GetRandomPassword is moto's; its length is bounded."""
    assert len(sm.get_random_password(PasswordLength=20)["RandomPassword"]) == 20


def test_random_password_too_long(sm, refused):
    """PasswordLength 1-4096."""
    assert refused(sm.get_random_password, PasswordLength=4097)[0] == VALIDATION
