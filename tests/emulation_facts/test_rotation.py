"""Rotation: configured, shown, cancelled, and when it fires."""

from __future__ import annotations

import pytest

IRE, IPE = "InvalidRequestException", "InvalidParameterException"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"
ROLE = "arn:aws:iam::123456789012:role/partner"
A, B = "a" * 32, "b" * 32
MONTHLY = {"AutomaticallyAfterDays": 30, "Duration": "2h"}


@pytest.fixture
def rotate(sm):
    """Rotate a secret that is there, with a function; arguments override."""
    sm.create_secret(Name="s", SecretString="v", ClientRequestToken=A)

    def call(**params):
        return sm.rotate_secret(**{"SecretId": "s", "RotationLambdaARN": FUNCTION, **params})

    return call


def test_configured_and_shown(aws, sm, rotate):
    """What RotateSecret got is what DescribeSecret shows."""
    metadata = [{"Key": "k", "Value": "v"}]
    rotate(
        RotationRules=MONTHLY,
        ExternalSecretRotationMetadata=metadata,
        ExternalSecretRotationRoleArn=ROLE,
    )
    shown = sm.describe_secret(SecretId="s")
    assert shown["RotationEnabled"] is True
    assert (shown["RotationLambdaARN"], shown["RotationRules"]) == (FUNCTION, MONTHLY)
    assert shown["ExternalSecretRotationMetadata"] == metadata
    assert shown["ExternalSecretRotationRoleArn"] == ROLE
    assert (shown["NextRotationDate"] - aws.clock.now()).days == 30
    assert shown["LastRotatedDate"] == aws.clock.now()


def test_at_once_unless_told_not_to(aws, sm, rotate):
    """RotateImmediately defaults to true; the token becomes the version id."""
    answer = rotate(RotateImmediately=False)
    assert "VersionId" not in answer
    assert aws.secret("s").version_id == A
    assert "LastRotatedDate" not in sm.describe_secret(SecretId="s")
    assert rotate(ClientRequestToken=B)["VersionId"] == B
    secret = aws.secret("s")
    assert (secret.version_id, secret.versions[A].labels) == (B, ("AWSPREVIOUS",))
    assert secret.value != "v"
    drawn = rotate()["VersionId"]
    assert aws.secret("s").version_id == drawn
    assert drawn not in {A, B}


def test_without_a_function(sm, refused):
    """IRE; a partner's role does instead of a function."""
    sm.create_secret(Name="s", SecretString="v", Type="SalesforceClientSecret")
    assert refused(sm.rotate_secret, SecretId="s")[0] == IRE
    assert "RotationEnabled" not in sm.describe_secret(SecretId="s")
    sm.rotate_secret(SecretId="s", ExternalSecretRotationRoleArn=ROLE)


def test_cancelled(aws, sm, rotate):
    """The function and the rules stay, nothing fires, and the next call need not name them."""
    rotate(RotationRules=MONTHLY, RotateImmediately=False)
    for _ in range(2):
        sm.cancel_rotate_secret(SecretId="s")
    shown = sm.describe_secret(SecretId="s")
    assert shown["RotationEnabled"] is False
    assert (shown["RotationLambdaARN"], shown["RotationRules"]) == (FUNCTION, MONTHLY)
    assert "NextRotationDate" not in shown
    aws.clock.advance(days=31)
    assert aws.secret("s").version_id == A
    sm.rotate_secret(SecretId="s", RotateImmediately=False)
    again = sm.describe_secret(SecretId="s")
    assert (again["RotationEnabled"], again["RotationRules"]) == (True, MONTHLY)


@pytest.mark.parametrize("answer", ["ok", "refused"])
def test_cancelling_what_never_was(aws, sm, refused, answer):
    """Not documented: both answers are selectable."""
    aws.behaviour.cancel_unconfigured = answer
    sm.create_secret(Name="s", SecretString="v")
    if answer == "ok":
        sm.cancel_rotate_secret(SecretId="s")
    else:
        assert refused(sm.cancel_rotate_secret, SecretId="s")[0] == IRE


def test_refused_on_pending(sm, rotate, refused):
    """Neither call works while deletion is pending."""
    rotate(RotationRules=MONTHLY)
    sm.delete_secret(SecretId="s")
    assert refused(sm.cancel_rotate_secret, SecretId="s")[0] == IRE
    assert refused(rotate)[0] == IRE


@pytest.mark.parametrize(
    ("rules", "days"),
    [
        ({"AutomaticallyAfterDays": 10}, 10),
        ({"ScheduleExpression": "rate(3 days)"}, 3),
        ({"ScheduleExpression": "rate(48 hours)"}, 2),
        ({"ScheduleExpression": "cron(0 8 1 * ? *)"}, 1),
    ],
)
def test_fires_when_due(aws, sm, rotate, rules, days):
    """Live: at its date and not before, and once for each look after it."""
    rotate(RotationRules=rules, RotateImmediately=False)
    aws.clock.advance(days=days, seconds=-1)
    assert aws.secret("s").version_id == A
    aws.clock.advance(seconds=1)
    fired = aws.secret("s").version_id
    assert fired != A
    assert aws.secret("s").version_id == fired
    shown = sm.describe_secret(SecretId="s")
    assert shown["LastRotatedDate"] == aws.clock.now()
    assert (shown["NextRotationDate"] - aws.clock.now()).days == days


@pytest.mark.parametrize("fires", [True, False])
def test_overdue_after_a_restore(aws, sm, rotate, fires):
    """Its date passed while pending: it "may fire right after a restore"."""
    aws.behaviour.overdue_rotation_fires = fires
    rotate(RotationRules={"AutomaticallyAfterDays": 1}, RotateImmediately=False)
    sm.delete_secret(SecretId="s")
    aws.clock.advance(days=5)
    assert aws.secret("s").version_id == A
    sm.restore_secret(SecretId="s")
    assert (aws.secret("s").version_id != A) is fires
    assert (sm.describe_secret(SecretId="s")["NextRotationDate"] - aws.clock.now()).days == 1


def test_unusable_key_stops_it(aws, sm, rotate):
    """The function cannot write a value without the key."""
    sm.update_secret(SecretId="s", KmsKeyId="alias/mine")
    rotate(RotationRules={"AutomaticallyAfterDays": 1}, RotateImmediately=False)
    aws.disable_key("alias/mine")
    aws.clock.advance(days=1)
    assert aws.secret("s").version_id == A


def test_rotation_that_takes_a_while(aws, rotate, refused):
    """AWSPENDING until it is through; meanwhile another one is refused."""
    aws.behaviour.rotation_seconds = 60
    rotate(ClientRequestToken=B)
    assert aws.secret("s").versions[B].labels == ("AWSPENDING",)
    code, message = refused(rotate)
    assert (code, "previous rotation isn't complete" in message) == (IRE, True)
    aws.clock.advance(seconds=60)
    assert aws.secret("s").versions[B].labels == ("AWSCURRENT",)
    rotate()


def test_the_test_of_a_function(aws, rotate):
    """RotateImmediately false "still tests the function (an AWSPENDING version)", which goes."""
    aws.behaviour.rotation_seconds = 60
    rotate(ClientRequestToken=B, RotateImmediately=False)
    assert aws.secret("s").versions[B].labels == ("AWSPENDING",)
    assert aws.secret("s").version_id == A
    aws.clock.advance(seconds=60)
    assert set(aws.secret("s").versions) == {A}


def test_cancelled_under_way(aws, sm, rotate, refused):
    """AWSPENDING stays where it was, and blocks the next one until it is taken off."""
    aws.behaviour.rotation_seconds = 60
    rotate(ClientRequestToken=B)
    sm.cancel_rotate_secret(SecretId="s")
    aws.clock.advance(seconds=60)
    assert aws.secret("s").versions[B].labels == ("AWSPENDING",)
    assert refused(rotate)[0] == IRE
    stage = {"SecretId": "s", "VersionStage": "AWSPENDING", "RemoveFromVersionId": B}
    sm.update_secret_version_stage(**stage)
    rotate()


@pytest.mark.parametrize(
    "params",
    [
        pytest.param({"RotationRules": {"AutomaticallyAfterDays": 1001}}, id="days"),
        pytest.param(
            {"RotationRules": {"AutomaticallyAfterDays": 3, "ScheduleExpression": "rate(3 days)"}},
            id="days xor schedule",
        ),
        pytest.param({"RotationRules": {"Duration": "2d"}}, id="duration in hours"),
        pytest.param({"RotationRules": {"Duration": "100h"}}, id="duration too long"),
        pytest.param({"RotationRules": {"ScheduleExpression": "rate(3_days)"}}, id="characters"),
        pytest.param({"RotationRules": {"ScheduleExpression": "x" * 257}}, id="long schedule"),
        pytest.param({"RotationLambdaARN": "x" * 2049}, id="long ARN"),
        pytest.param(
            {"ExternalSecretRotationMetadata": [{"Key": "x" * 257, "Value": "v"}]}, id="long key"
        ),
        pytest.param(
            {"ExternalSecretRotationMetadata": [{"Key": "k", "Value": "x" * 2049}]}, id="long value"
        ),
    ],
)
def test_what_the_service_refuses(aws, rotate, refused, params):
    """botocore lets these pass; nothing is configured."""
    assert refused(rotate, **params)[0] in {IPE, "ValidationException"}
    assert aws.secret("s").rotation == {}
