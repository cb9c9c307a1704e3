"""KMS and SSM, as far as secrets need them."""

from __future__ import annotations

import datetime as dt

import pytest

KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"
ARN = f"arn:aws:kms:us-east-1:123456789012:key/{KEY}"
ALIAS = "alias/mine"


@pytest.mark.parametrize("form", [KEY, ARN, ALIAS, ARN.replace(f"key/{KEY}", ALIAS)])
def test_key_is_found_in_every_form(aws, anyhow, form):
    """By id, ARN, alias and alias ARN, over both transports; calls are logged."""
    aws.add_key(KEY, alias=ALIAS)
    found = anyhow("kms").describe_key(KeyId=form)["KeyMetadata"]
    assert (found["KeyId"], found["Arn"]) == (KEY, ARN)
    assert (found["KeyState"], found["KeyManager"]) == ("Enabled", "CUSTOMER")
    assert "DeletionDate" not in found
    assert aws.actions("kms") == ["DescribeKey"]
    assert aws.actions() == []


@pytest.mark.parametrize(
    "key", [KEY.replace("1", "2"), "alias/other", ARN.replace("us-east", "eu-west")]
)
def test_unknown_key(aws, make, refused, key):
    """NotFoundException; a key of another region is not here either."""
    aws.add_key(KEY, alias=ALIAS)
    assert refused(make("kms").describe_key, KeyId=key)[0] == "NotFoundException"


def test_managed_key(make):
    """aws/secretsmanager belongs to AWS."""
    found = make("kms").describe_key(KeyId="alias/aws/secretsmanager")["KeyMetadata"]
    assert (found["KeyManager"], found["KeyState"]) == ("AWS", "Enabled")


def test_key_pending_deletion(aws, make, sm, refused):
    """DeletionDate is shown, values are out of reach, CancelKeyDeletion + EnableKey heal."""
    gone = aws.clock.now() + dt.timedelta(days=7)
    sm.create_secret(Name="s", SecretString="1", KmsKeyId=ALIAS)
    aws.add_key(KEY, "PendingDeletion", gone, alias=ALIAS)
    kms = make("kms")
    found = kms.describe_key(KeyId=ALIAS)["KeyMetadata"]
    assert (found["KeyState"], found["DeletionDate"]) == ("PendingDeletion", gone)
    assert found["Enabled"] is False
    sm.delete_secret(SecretId="s")
    sm.restore_secret(SecretId="s")
    assert refused(sm.get_secret_value, SecretId="s")[0] == "DecryptionFailure"
    new = {"Name": "t", "KmsKeyId": ARN, "SecretString": "x"}
    assert refused(sm.create_secret, **new)[0] == "EncryptionFailure"
    aws.enable_key(KEY)
    assert sm.get_secret_value(SecretId="s")["SecretString"] == "1"
    aws.add_key(KEY, "PendingDeletion", gone)
    aws.clock.advance(days=7)
    assert refused(kms.describe_key, KeyId=KEY)[0] == "NotFoundException"
    assert refused(sm.get_secret_value, SecretId="s")[0] == "DecryptionFailure"


def test_disabled_key_shows(aws, make):
    """disable_key and enable_key show up in KeyState."""
    kms = make("kms")
    aws.disable_key(ALIAS)
    assert kms.describe_key(KeyId=ALIAS)["KeyMetadata"]["KeyState"] == "Disabled"
    aws.enable_key(ALIAS)
    assert kms.describe_key(KeyId=ALIAS)["KeyMetadata"]["KeyState"] == "Enabled"


@pytest.mark.parametrize("name", ["/app/db", "arn:aws:ssm:us-east-1:123456789012:parameter/app/db"])
def test_parameter(aws, anyhow, name):
    """A SecureString is decrypted only when asked for; over both transports; logged."""
    aws.add_parameter("/app/db", "v")
    ssm = anyhow("ssm")
    found = ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]
    assert (found["Name"], found["Type"], found["Value"]) == ("/app/db", "SecureString", "v")
    assert ssm.get_parameter(Name=name)["Parameter"]["Value"] != "v"
    assert aws.actions("ssm") == ["GetParameter"] * 2
    assert aws.calls[0].parameters == {"Name": name, "WithDecryption": True}


def test_plain_parameter(aws, make):
    """A String needs no decryption; planting it again makes a new version."""
    aws.add_parameter("db", "v", secure=False)
    aws.add_parameter("db", "w", secure=False)
    found = make("ssm").get_parameter(Name="db")["Parameter"]
    assert (found["Type"], found["Value"], found["Version"]) == ("String", "w", 2)
    assert found["ARN"] == "arn:aws:ssm:us-east-1:123456789012:parameter/db"


@pytest.mark.parametrize("name", ["/db", "app", "arn:aws:ssm:eu-west-1:1:parameter/db"])
def test_unknown_parameter(aws, make, refused, name):
    """ParameterNotFound, HTTP 400, without any text."""
    aws.add_parameter("db", "v")
    aws.add_parameter("app", "v", region="eu-west-1")
    assert refused(make("ssm").get_parameter, Name=name) == ("ParameterNotFound", "")


def test_parameter_with_a_disabled_key(aws, make, refused):
    """Its value cannot be had."""
    aws.add_parameter("/db", "v", key=ALIAS)
    aws.disable_key(ALIAS)
    call = {"Name": "/db", "WithDecryption": True}
    assert refused(make("ssm").get_parameter, **call)[0] == "InvalidKeyId"


@pytest.mark.parametrize(("service", "method"), [("kms", "enable_key"), ("ssm", "get_parameters")])
def test_other_calls_are_unknown(make, refused, service, method):
    """What is not emulated says so."""
    given = {"KeyId": KEY} if service == "kms" else {"Names": ["x"]}
    assert refused(getattr(make(service), method), **given)[0] == "UnknownOperationException"
