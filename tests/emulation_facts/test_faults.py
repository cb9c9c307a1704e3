"""Faults below the SDK's retry loop, over both transports."""

from __future__ import annotations

import contextlib

import pytest
from botocore import exceptions

from emulation import faults

RNF = "ResourceNotFoundException"


@pytest.fixture(autouse=True)
def _no_sleep(monkeypatch):
    """Let botocore's back-off take no time."""
    monkeypatch.setattr("time.sleep", lambda _seconds: None)


@pytest.mark.parametrize(
    ("fault", "code"),
    [(faults.Throttle, "ThrottlingException"), (faults.InternalError, "InternalServiceError")],
)
def test_sdk_retries(aws, anyhow, refused, fault, code):
    """SDK: botocore's standard mode does throttling and 5xx (3 attempts)."""
    sm = anyhow(attempts=3)
    sm.create_secret(Name="s")
    aws.calls.clear()
    aws.inject(fault("DescribeSecret", times=2))
    assert sm.describe_secret(SecretId="s")["Name"] == "s"
    assert [call.outcome for call in aws.calls] == [code, code, "ok"]
    aws.inject(fault("DescribeSecret", times=3))
    assert refused(sm.describe_secret, SecretId="s")[0] == code


def test_http_status_of_errors(aws, anyhow):
    """Throttling is a 400, InternalServiceError a 500, not found a 400."""
    sm = anyhow()
    aws.inject(faults.Throttle(nth=1))
    aws.inject(faults.InternalError(nth=2))
    statuses = []
    for _ in range(3):
        with pytest.raises(exceptions.ClientError) as caught:
            sm.describe_secret(SecretId="s")
        statuses.append(caught.value.response["ResponseMetadata"]["HTTPStatusCode"])
    assert statuses == [400, 500, 400]


def test_connection_reset_carries_nothing_out(aws, anyhow):
    """Connection reset before the call is carried out."""
    aws.inject(faults.ConnectionReset("CreateSecret"))
    sm = anyhow()
    with pytest.raises(exceptions.ConnectionClosedError):
        sm.create_secret(Name="s")
    assert aws.secret("s").state == "absent"
    assert [call.outcome for call in aws.calls] == ["connection reset"]
    sm.create_secret(Name="s")


def test_lost_response_is_carried_out(aws, anyhow):
    """Lost response: carried out, then the connection is dropped."""
    aws.inject(faults.LostResponse("CreateSecret"))
    sm = anyhow()
    with pytest.raises(exceptions.ConnectionClosedError):
        sm.create_secret(Name="s")
    assert aws.secret("s").state == "live"
    assert [call.outcome for call in aws.calls] == ["response lost"]
    assert sm.describe_secret(SecretId="s")["Name"] == "s"


def test_lost_delete_looks_like_a_refusal(aws, anyhow, refused):
    """A lost response to DeleteSecret and the SDK's own retry give IRE."""
    sm = anyhow(attempts=3)
    sm.create_secret(Name="s")
    aws.inject(faults.LostResponse("DeleteSecret"))
    assert refused(sm.delete_secret, SecretId="s")[0] == "InvalidRequestException"
    assert sm.describe_secret(SecretId="s")["DeletedDate"]


def test_lost_create_with_a_token_is_harmless(aws, anyhow):
    """The SDK's own retry after a lost CreateSecret: same token + same value, 200."""
    sm = anyhow(attempts=3)
    aws.inject(faults.LostResponse("CreateSecret"))
    assert sm.create_secret(Name="s", SecretString="v")["Name"] == "s"
    assert len(aws.secret("s").versions) == 1


def test_lost_update_looks_like_a_conflict(aws, anyhow, refused):
    """UpdateSecret: after a lost response the SDK's own retry looks like a conflict."""
    sm = anyhow(attempts=3)
    sm.create_secret(Name="s", SecretString="v")
    aws.inject(faults.LostResponse("UpdateSecret"))
    assert refused(sm.update_secret, SecretId="s", SecretString="w")[0] == (
        "ResourceExistsException"
    )
    assert aws.secret("s").value == "w"


def test_stale_describe(aws, sm, refused):
    """DescribeSecret right after Create can be RNF for moments; later answers are older ones."""
    arn = sm.create_secret(Name="s", Description="old")["ARN"]
    aws.inject(faults.StaleDescribe(times=2))
    assert refused(sm.describe_secret, SecretId="s")[0] == RNF
    assert refused(sm.describe_secret, SecretId=arn)[0] == RNF
    assert sm.describe_secret(SecretId="s")["Description"] == "old"
    sm.update_secret(SecretId="s", Description="new")
    aws.inject(faults.StaleDescribe())
    assert sm.describe_secret(SecretId="s")["Description"] == "old"
    assert sm.describe_secret(SecretId="s")["Description"] == "new"
    sm.delete_secret(SecretId="s")
    aws.inject(faults.StaleDescribe())
    assert "DeletedDate" not in sm.describe_secret(SecretId=arn)
    assert "DeletedDate" in sm.describe_secret(SecretId=arn)


def test_stale_describe_after_a_refused_write(aws, sm, refused):
    """A write that was refused leaves no trace in the past."""
    sm.create_secret(Name="s")
    sm.update_secret(SecretId="s", Description="1")
    sm.update_secret(SecretId="s", Description="2")
    refused(sm.update_secret, SecretId="s", Description="x" * 2049)
    aws.inject(faults.StaleDescribe())
    assert sm.describe_secret(SecretId="s")["Description"] == "1"


def test_stale_describe_without_a_write(aws, sm, refused):
    """What was never written to is answered as it is."""
    aws.inject(faults.StaleDescribe())
    assert refused(sm.describe_secret, SecretId="s")[0] == RNF


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (lambda: faults.Error("ListSecrets", code="Odd", message="text"), "Odd"),
        (lambda: faults.ExpiredToken("ListSecrets"), "ExpiredTokenException"),
        (lambda: faults.InvalidCredentials("ListSecrets"), "UnrecognizedClientException"),
    ],
    ids=["any", "expired", "invalid"],
)
def test_errors_to_order(aws, anyhow, refused, fault, code):
    """An arbitrary AWS error code and message; invalid and expired credentials."""
    aws.inject(fault())
    found = refused(anyhow().list_secrets)
    assert found[0] == code
    assert code != "Odd" or found[1] == "text"
    anyhow().list_secrets()


def test_unsupported_principal(aws, sm, refused):
    """Put policy right after creating the role: MalformedPolicyDocument "unsupported principal"."""
    sm.create_secret(Name="s")
    aws.inject(faults.UnsupportedPrincipal())
    policy = {"SecretId": "s", "ResourcePolicy": '{"Statement": []}'}
    code, message = refused(sm.put_resource_policy, **policy)
    assert code == "MalformedPolicyDocumentException"
    assert "unsupported principal" in message
    sm.put_resource_policy(**policy)


def test_nth_call_and_how_often(aws, sm):
    """Applied to the nth call, k times; `times=None` is for ever, until healed."""

    def outcomes(count):
        aws.calls.clear()
        for _ in range(count):
            with contextlib.suppress(exceptions.ClientError):
                sm.list_secrets()
        return "".join("." if call.outcome == "ok" else "x" for call in aws.calls)

    aws.inject(faults.Throttle("ListSecrets", nth=3, times=2))
    assert outcomes(6) == "..xx.."
    forever = aws.inject(faults.Throttle({"ListSecrets", "CreateSecret"}, times=None))
    assert outcomes(4) == "xxxx"
    aws.remove(forever)
    assert outcomes(2) == ".."
    aws.inject(faults.Throttle(times=None))
    aws.heal()
    assert outcomes(2) == ".."
    aws.inject(faults.Throttle("DescribeSecret"))
    assert outcomes(2) == ".."


def test_where(aws, make, refused):
    """A fault can be kept to one secret, region or caller."""
    aws.inject(faults.Throttle(times=None, where=lambda request: request.region == "eu-west-1"))
    make().list_secrets()
    assert refused(make(region="eu-west-1").list_secrets)[0] == "ThrottlingException"


def test_sts_faults(aws, anyhow, refused):
    """The same faults on STS."""
    aws.inject(faults.Throttle("GetCallerIdentity"))
    sts = anyhow("sts")
    assert refused(sts.get_caller_identity)[0] == "Throttling"
    aws.inject(faults.ConnectionReset("GetCallerIdentity"))
    with pytest.raises(exceptions.ConnectionClosedError):
        sts.get_caller_identity()
    assert anyhow("sts", attempts=3).get_caller_identity()["Account"]


@pytest.mark.parametrize(("when", "state"), [("before", "absent"), ("after", "live")])
def test_hook_acts_in_between(aws, anyhow, when, state):
    """A callback lets tests act before or after a call is carried out."""
    seen = []
    aws.hook("CreateSecret", when, lambda request: seen.append((request.action, aws.secret("s"))))
    sm = anyhow()
    sm.create_secret(Name="s")
    sm.create_secret(Name="t")
    assert [(action, secret.state) for action, secret in seen] == [("CreateSecret", state)]


def test_hook_may_call_itself(aws, anyhow):
    """A hook changes the secret as another user, through a client of its own."""
    sm, other = anyhow(), anyhow()
    sm.create_secret(Name="s", SecretString="v")
    aws.hook(
        "PutSecretValue",
        "before",
        lambda _: other.put_secret_value(SecretId="s", SecretString="theirs"),
    )
    sm.put_secret_value(SecretId="s", SecretString="mine")
    assert [version.value for version in aws.secret("s").versions.values()] == [
        "v",
        "theirs",
        "mine",
    ]


class Killed(BaseException):
    """A process that dies."""


def test_hook_kills_the_caller(aws, sm):
    """What a hook raises reaches the caller in-process: kill a process after the call."""

    def die(_request):
        raise Killed

    aws.hook("CreateSecret", "after", die)
    with pytest.raises(Killed):
        sm.create_secret(Name="s")
    assert aws.secret("s").state == "live"
    assert aws.calls[-1].outcome == "Killed"


def test_hook_that_raises_over_http(aws, session):
    """Over HTTP the connection breaks."""

    def die(_request):
        raise Killed

    aws.hook("CreateSecret", "before", die)
    with aws.serve() as url:
        sm = session.client("secretsmanager", region_name="us-east-1", endpoint_url=url)
        assert sm.create_secret(Name="s")["Name"] == "s"
    assert [call.outcome for call in aws.calls] == ["Killed", "ok"]
