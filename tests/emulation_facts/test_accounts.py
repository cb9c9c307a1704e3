"""Who calls: STS, accounts, credentials."""

from __future__ import annotations

import pytest

import emulation

RNF = "ResourceNotFoundException"
OTHER = "999999999999"


def test_caller_identity(anyhow):
    """The caller's account comes from STS."""
    answer = anyhow("sts").get_caller_identity()
    assert answer["Account"] == emulation.DEFAULT_ACCOUNT
    assert answer["Arn"] == "arn:aws:iam::123456789012:user/x"


def test_another_account_sees_nothing(aws, anyhow, refused):
    """Calls in another account do not see the first account's secrets (RNF)."""
    arn = anyhow().create_secret(Name="s", SecretString="v")["ARN"]
    other = anyhow(**aws.user("them", OTHER).as_kwargs())
    assert refused(other.describe_secret, SecretId="s")[0] == RNF
    assert refused(other.describe_secret, SecretId=arn)[0] == RNF
    other.create_secret(Name="s", SecretString="theirs")
    assert aws.secret("s").value == "v"
    assert aws.secret("s", account=OTHER).value == "theirs"


def test_assumed_role(aws, anyhow):
    """AssumeRole changes the account."""
    role = f"arn:aws:iam::{OTHER}:role/path/deploy"
    answer = anyhow("sts").assume_role(RoleArn=role, RoleSessionName="me")
    issued = answer["Credentials"]
    assert (issued["Expiration"] - aws.clock.now()).total_seconds() == 3600
    keys = {
        "aws_access_key_id": issued["AccessKeyId"],
        "aws_secret_access_key": issued["SecretAccessKey"],
        "aws_session_token": issued["SessionToken"],
    }
    who = anyhow("sts", **keys).get_caller_identity()
    assert who["Account"] == OTHER
    assert who["Arn"] == f"arn:aws:sts::{OTHER}:assumed-role/deploy/me"
    anyhow(**keys).create_secret(Name="s")
    assert aws.secret("s", account=OTHER).state == "live"
    assert aws.calls[-1].account == OTHER


def test_assume_role_needs_an_arn(make, refused):
    """A RoleArn that is none is refused."""
    sts = make("sts")
    call = {"RoleArn": "not an arn at all......", "RoleSessionName": "me"}
    assert refused(sts.assume_role, **call)[0] == "ValidationError"
    assert refused(sts.get_session_token)[0] == "UnknownOperationException"


@pytest.mark.parametrize(
    ("how", "code", "sts_code"),
    [
        ("expire", "ExpiredTokenException", "ExpiredToken"),
        ("revoke", "UnrecognizedClientException", "InvalidClientTokenId"),
    ],
)
def test_credentials_that_stopped_working(aws, anyhow, refused, how, code, sts_code):
    """Expired and deleted credentials; other callers go on."""
    mine = aws.user("mine").as_kwargs()
    getattr(aws, how)(mine["aws_access_key_id"])
    assert refused(anyhow(**mine).list_secrets)[0] == code
    assert refused(anyhow("sts", **mine).get_caller_identity)[0] == sts_code
    anyhow().list_secrets()
    getattr(aws, how)()
    assert refused(anyhow().list_secrets)[0] == code


def test_two_doubles_do_not_mix(aws, sm):
    """Each double has its own storage, moto's global one is not used."""
    sm.create_secret(Name="s")
    assert emulation.Aws().secrets() == []
    assert len(aws.secrets()) == 1
