"""`doctor`: what is there, what is missing, and what to grant."""

from __future__ import annotations

import datetime as dt
import fnmatch
import json
import os
from collections.abc import Iterator
from typing import Any

import pytest

from bundle import iam
from cli import services
from cli.schema import problems_of
from cli.services import DENIED, Fault, Services, once
from emulation import faults
from recoverable_secrets.alarm import region as alarm_region
from recoverable_secrets.cli import doctor, findings, needs
from recoverable_secrets.cli.findings import For, State
from recoverable_secrets.stores import aws_checks, aws_errors, aws_inventory, aws_stacks, aws_trails

HERE, THERE = "us-east-1", "eu-west-1"
ACCOUNT = "123456789012"
TABLES = (aws_errors, aws_inventory, aws_stacks, aws_trails, aws_checks, alarm_region)
NONE = Fault("ResourceNotFoundException", "no such thing")
TRAIL = {
    "Name": "main",
    "HomeRegion": HERE,
    "TrailARN": f"arn:aws:cloudtrail:{HERE}:{ACCOUNT}:trail/main",
    "CloudWatchLogsLogGroupArn": f"arn:aws:logs:{HERE}:{ACCOUNT}:log-group:trail/logs:*",
}
ALL = {"EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": True}]}


class Account(Services):
    """An account where all is well, but for what a test takes away.

    Attributes:
        denied: Patterns of actions that IAM does not allow.
        told: What its simulation tells besides, by action.
    """

    def __init__(self) -> None:
        super().__init__()
        self.denied: list[str] = []
        self.told: dict[str, dict[str, Any]] = {}


def _simulated(canned: Account, params: dict[str, Any]) -> dict[str, Any]:
    (arn,) = params["ResourceArns"]
    start = int(params.get("Marker", "0"))
    results = []
    for action in params["ActionNames"][start : start + 5]:
        denied = any(fnmatch.fnmatchcase(action, pattern) for pattern in canned.denied)
        decision = "implicitDeny" if denied else "allowed"
        told = {"EvalActionName": action, "EvalResourceName": arn, "EvalDecision": decision}
        results.append(told | canned.told.get(action, {}))
    more = len(params["ActionNames"]) > start + 5
    place = {"Marker": str(start + 5)} if more else {}
    return {"EvaluationResults": results, "IsTruncated": more, **place}


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch, world: Any) -> Iterator[Account]:
    """All services, and a trail that sees reads; each call is made once."""
    once(monkeypatch)
    with services.serve() as (canned, variables):
        for name, url in variables.items():
            monkeypatch.setenv(name, url)
            world.env[name] = url
        whole = Account()
        whole.answers = canned.answers
        whole.asked = canned.asked
        whole.answers.update(
            {
                "iam:SimulatePrincipalPolicy": lambda params, _: _simulated(whole, params),
                "cloudformation:ListStackResources": Fault("ValidationError", "does not exist"),
                "cloudformation:ListStacks": {"StackSummaries": []},
                "cloudtrail:DescribeTrails": {"trailList": [TRAIL]},
                "cloudtrail:GetTrailStatus": {"IsLogging": True},
                "cloudtrail:GetEventSelectors": ALL,
                "cloudwatch:DescribeAlarms": {},
                "events:DescribeRule": NONE,
                "events:ListTargetsByRule": NONE,
                "logs:DescribeMetricFilters": {"metricFilters": []},
                "sns:GetTopicAttributes": Fault("NotFound", "no topic", 404),
                "sns:ListSubscriptionsByTopic": Fault("NotFound", "no topic", 404),
            }
        )
        yield whole


def _found(ran: Any, *arguments: str, code: int) -> findings.Doctor:
    run = ran("doctor", "--json", *arguments)
    assert run.code == code, run.err + run.out
    assert problems_of("doctor", run.json) == []
    return findings.Doctor.model_validate(run.json)


def _one(told: findings.Doctor, what: str, region: str | None = HERE) -> findings.Check:
    (check,) = [each for each in told.checks if each.what == what and each.region == region]
    return check


# Where all is well ----------------------------------------------------------------------------


def test_all_is_well(account: Account, ran: Any) -> None:
    told = _found(ran, code=0)
    states = {each.state for each in told.checks if each.area != "endpoint"}
    assert states == {State.OK}
    assert told.policy is None
    assert told.missing == 0
    assert f"user/x of account {ACCOUNT}" in _one(told, "caller").detail
    assert _one(told, "region").detail == f"{HERE}, from AWS_REGION"


def test_nothing_is_changed(account: Account, world: Any, ran: Any) -> None:
    world.make("shop/db")
    before = world.aws.secret("shop/db")
    _found(ran, "--name", "shop/db", code=0)
    assert world.aws.secret("shop/db") == before
    asked = {record.action for record in world.aws.calls}
    asked |= {operation for _, operation, _, _ in account.asked}
    read = ("Get", "List", "Describe", "Simulate")
    assert all(each.startswith(read) for each in asked)
    assert "GetSecretValue" not in asked


def test_every_action_that_is_called_anywhere_is_checked() -> None:
    tables = {each for one in TABLES for actions in one.PERMISSIONS.values() for each in actions}
    tables |= {each for actions in aws_errors.KMS_PERMISSIONS.values() for each in actions}
    own = {"sts:AssumeRole", "iam:SimulatePrincipalPolicy", "iam:GetRole"}
    own |= {each for each in tables if each.startswith("cloudtrail:")}
    checked = {action for need in needs.NEEDS for action in need.actions}
    assert tables - own <= checked
    more = {each.partition(":")[2] for each in checked - tables}
    assert more <= set(alarm_region.TAGGING), "nothing is asked for that is never called"
    assert {need.area for need in needs.NEEDS} == set(For)


def test_the_documents_hold_what_stands_in_the_tables() -> None:
    for need in needs.NEEDS:
        assert need.actions, f"{need.what} needs nothing?"
        assert len(set(need.actions)) == len(need.actions)


def test_two_regions(account: Account, ran: Any) -> None:
    told = _found(ran, "--region", HERE, "--region", THERE, code=0)
    assert told.regions == [HERE, THERE]
    for region in (HERE, THERE):
        assert _one(told, "region", region).detail == f"{region}, from --region"
        assert _one(told, "teardown", region).state is State.OK
    simulated = [params for _, operation, _, params in account.asked if "Simulate" in operation]
    arns = [arn for params in simulated for arn in params["ResourceArns"] if arn != "*"]
    assert {arn.split(":")[3] for arn in arns} == {HERE, THERE}


def test_only_what_is_asked_for(account: Account, ran: Any) -> None:
    told = _found(ran, "--for", "rotation", code=0)
    areas = {each.area for each in told.checks}
    assert areas == {"endpoint", "region", "clock", "credentials", "rotation"}
    assert not account.operations("cloudtrail")


# Permissions ----------------------------------------------------------------------------------


def test_what_is_missing_is_granted_by_the_policy(account: Account, ran: Any) -> None:
    account.denied = ["secretsmanager:DeleteSecret", "secretsmanager:Rotate*"]
    told = _found(ran, "--for", "resource", "--name", "shop/db", code=6)
    check = _one(told, "teardown")
    assert check.state is State.MISSING
    assert "missing: secretsmanager:DeleteSecret (nothing allows it)" in check.detail
    assert told.missing == 1
    assert told.policy is not None
    (statement,) = told.policy["Statement"]
    assert statement["Action"] == ["secretsmanager:DeleteSecret"], "what is not needed is not asked"
    arn = f"arn:aws:secretsmanager:{HERE}:{ACCOUNT}:secret:shop/db"
    wanted = iam.Request("secretsmanager:DeleteSecret", f"{arn}-AbCdEf")
    assert iam.allows([statement], wanted)
    assert not iam.allows([statement], iam.Request("secretsmanager:DeleteSecret", f"{arn}2-AbCdEf"))


def test_the_policy_is_as_small_as_can_be(account: Account, ran: Any) -> None:
    account.denied = ["secretsmanager:DeleteSecret", "sns:*", "events:PutRule"]
    given = ("--for", "resource", "--for", "alarm", "--region", HERE, "--region", THERE)
    told = _found(ran, *given, code=6)
    assert told.policy is not None
    by_first = {each["Action"][0]: each for each in told.policy["Statement"]}
    assert len(by_first) == 3
    assert len(by_first["secretsmanager:DeleteSecret"]["Resource"]) == 2, "one for each region"
    assert all(each.startswith("sns:") for each in by_first["sns:CreateTopic"]["Action"])
    assert "*" not in by_first["sns:CreateTopic"]["Resource"]


def test_what_can_be_tried_is_tried(account: Account, world: Any, ran: Any) -> None:
    world.aws.deny("secretsmanager:ListSecrets", "secretsmanager:DescribeSecret")
    told = _found(ran, "--for", "commands", code=6)
    assert _one(told, "pending").state is State.MISSING, "IAM's simulation would allow it"
    assert told.policy is not None
    resources = {each["Action"][0]: each["Resource"] for each in told.policy["Statement"]}
    assert resources["secretsmanager:ListSecrets"] == ["*"], "IAM knows it for no single secret"
    assert resources["secretsmanager:DescribeSecret"][0].endswith(":secret:*")


def test_a_denial_in_the_words_of_sns(account: Account, ran: Any) -> None:
    account.answers["sns:GetTopicAttributes"] = Fault("AuthorizationError", "not allowed", 403)
    told = _found(ran, "--for", "alarm", code=6)
    assert "missing: sns:GetTopicAttributes" in _one(told, "alarm by a rule of EventBridge").detail


@pytest.mark.parametrize(
    ("told", "says"),
    [
        pytest.param({"EvalDecision": "explicitDeny"}, "an explicit deny", id="explicit deny"),
        pytest.param(
            {
                "EvalDecision": "implicitDeny",
                "OrganizationsDecisionDetail": {"AllowedByOrganizations": False},
            },
            "a service control policy",
            id="organization",
        ),
        pytest.param(
            {
                "EvalDecision": "implicitDeny",
                "PermissionsBoundaryDecisionDetail": {"AllowedByPermissionsBoundary": False},
            },
            "the permissions boundary",
            id="boundary",
        ),
    ],
)
def test_what_a_grant_would_not_help(
    account: Account, ran: Any, told: dict[str, Any], says: str
) -> None:
    account.told["secretsmanager:DeleteSecret"] = told
    found = _found(ran, "--for", "resource", code=6)
    assert says in _one(found, "teardown").detail
    assert found.policy is None, "it would promise what it does not hold"


def test_an_explicit_deny_that_was_met(account: Account, ran: Any) -> None:
    text = "User: x is not authorized to perform: y with an explicit deny in an identity policy"
    account.answers["cloudformation:ListStacks"] = Fault("AccessDenied", text, 403)
    found = _found(ran, "--for", "commands", code=6)
    assert "an explicit deny forbids it" in _one(found, "orphans").detail
    assert found.policy is None


def test_conditions_that_are_not_known(account: Account, ran: Any) -> None:
    account.told["secretsmanager:DeleteSecret"] = {
        "EvalDecision": "implicitDeny",
        "MissingContextValues": ["aws:ResourceTag/team"],
    }
    check = _one(_found(ran, "--for", "resource", code=0), "teardown")
    assert check.state is State.UNKNOWN, "with the right tag it may well be allowed"
    assert "aws:ResourceTag/team" in check.detail


def test_what_matters_for_one_thing_only(account: Account, ran: Any) -> None:
    account.denied = ["lambda:InvokeFunction", "iam:PassRole", "kms:Decrypt"]
    found = _found(ran, "--for", "rotation", "--for", "key", code=0)
    assert _one(found, "rotation").state is State.UNKNOWN, "of which function, is not known"
    assert _one(found, "a key of your own").state is State.UNKNOWN, "its policy may allow it"


def test_iam_may_not_be_asked(account: Account, ran: Any) -> None:
    account.answers["iam:SimulatePrincipalPolicy"] = DENIED
    told = _found(ran, "--for", "resource", "--for", "commands", code=0)
    assert _one(told, "pending").state is State.OK, "this could be tried"
    check = _one(told, "teardown")
    assert check.state is State.UNKNOWN
    assert "unknown: secretsmanager:DeleteSecret (only IAM could tell" in check.detail
    assert told.policy is not None
    (statement,) = told.policy["Statement"]
    assert (statement["Sid"], statement["Action"]) == ("Doctor", ["iam:SimulatePrincipalPolicy"])


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        pytest.param(Fault("Throttling", "Rate exceeded"), "run again later", id="throttled"),
        pytest.param(None, "no answer", id="unreachable"),
        pytest.param(Fault("NoSuchEntity", "no such role"), "NoSuchEntity", id="no such role"),
        pytest.param({"EvaluationResults": []}, "says nothing", id="silent"),
    ],
)
def test_iam_does_not_tell(account: Account, ran: Any, answer: Any, says: str) -> None:
    account.answers["iam:SimulatePrincipalPolicy"] = answer
    check = _one(_found(ran, "--for", "resource", code=0), "teardown")
    assert check.state is State.UNKNOWN
    assert says in check.detail


def test_a_service_without_answer_is_waited_for_once(account: Account, ran: Any) -> None:
    for name in [name for name in account.answers if name.startswith("sns:")]:
        account.answers[name] = None
    told = _found(ran, "--for", "alarm", code=0)
    assert account.operations("sns") == ["GetTopicAttributes"]
    assert _one(told, "alarm by a rule of EventBridge").state is State.OK, "IAM's word stands"


def test_a_service_that_answers_nonsense_tells_nothing(account: Account, ran: Any) -> None:
    account.answers["events:DescribeRule"] = Fault("InternalError", "?", 400)
    account.denied = ["events:DescribeRule"]
    told = _found(ran, "--for", "alarm", code=6)
    assert "missing: events:DescribeRule" in _one(told, "alarm by a rule of EventBridge").detail


def test_an_answer_that_does_not_fit(account: Account, ran: Any) -> None:
    account.answers["iam:SimulatePrincipalPolicy"] = Fault("ResourceNotFoundException", "?")
    assert _one(_found(ran, "--for", "resource", code=0), "teardown").state is State.UNKNOWN


# Who it is ------------------------------------------------------------------------------------


ROLE = f"arn:aws:iam::{ACCOUNT}:role/teams/deployer"


@pytest.mark.parametrize(
    ("answer", "source"),
    [
        pytest.param({"Role": {"Arn": ROLE}}, ROLE, id="with its path"),
        pytest.param(DENIED, f"arn:aws:iam::{ACCOUNT}:role/deployer", id="as far as it is known"),
    ],
)
def test_of_a_session_its_role_is_asked_for(
    account: Account, ran: Any, answer: Any, source: str
) -> None:
    role = {"Path": "/", "RoleName": "x", "RoleId": "x", "CreateDate": "2026-01-01T00:00:00Z"}
    account.answers["iam:GetRole"] = (
        {"Role": role | answer["Role"]} if isinstance(answer, dict) else answer
    )
    told = _found(ran, "--for", "resource", "--role-arn", ROLE, code=0)
    assert "assumed-role/deployer" in _one(told, "caller").detail
    asked = [params for _, operation, _, params in account.asked if "Simulate" in operation]
    assert {params["PolicySourceArn"] for params in asked} == {source}


def test_the_root_user(account: Account, world: Any, ran: Any, monkeypatch: Any) -> None:
    from emulation import sts  # noqa: PLC0415

    root = sts.Caller(ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT)
    credentials = world.aws._identities.add(root)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", credentials.access_key_id)
    told = _found(ran, "--for", "resource", code=0)
    assert _one(told, "caller").state is State.WARNING
    assert "users and roles alone" in _one(told, "teardown").detail


def test_no_credentials(account: Account, ran: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    run = ran("doctor", "--json")
    assert run.code == 4
    told = findings.Doctor.model_validate(run.json)
    assert "no usable AWS credentials" in told.problems[0].text
    assert _one(told, "region").state is State.OK, "what could be checked is shown"
    assert _one(told, "clock").state is State.UNKNOWN
    assert not account.asked


def test_credentials_that_expired(account: Account, world: Any, ran: Any) -> None:
    world.aws.expire()
    run = ran("doctor")
    assert run.code == 4
    assert "expired" in run.err


def test_no_profile_and_no_region(ran: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    run = ran("doctor", "--profile", "nobody")
    assert run.code == 4
    monkeypatch.delenv("AWS_REGION")
    run = ran("doctor")
    assert run.code == 2
    assert "AWS_REGION" in run.err


def test_a_role_that_may_not_be_assumed(account: Account, world: Any, ran: Any) -> None:
    world.aws.deny("sts:AssumeRole")
    run = ran("doctor", "--role-arn", ROLE)
    assert run.code == 4
    assert "sts:AssumeRole" in run.err


def test_credentials_are_never_shown(
    account: Account, ran: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = os.environ["AWS_ENDPOINT_URL"]
    monkeypatch.setenv("AWS_ENDPOINT_URL", url.replace("://", "://user:canary-pass@"))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary-key")
    for arguments in (("doctor",), ("doctor", "--json")):
        run = ran(*arguments)
        assert "canary" not in run.out + run.err


def test_regions_that_are_not_enabled_are_skipped(
    account: Account, world: Any, ran: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from recoverable_secrets.stores.aws import AwsStore  # noqa: PLC0415

    monkeypatch.setattr(AwsStore, "regions", (HERE, THERE))
    there = faults.Error(
        "GetCallerIdentity",
        code="UnrecognizedClientException",
        times=None,
        where=lambda request: request.region == THERE,
    )
    world.aws.inject(there)
    told = _found(ran, "--all-regions", "--for", "policy", code=0)
    assert (told.regions, told.skipped) == ([HERE], [THERE])
    assert {each.region for each in told.checks} == {None, HERE}
    assert _one(told, "region").detail.endswith("--all-regions")


# Clock and region -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "state", "code"),
    [
        pytest.param(0, State.OK, 0, id="right"),
        pytest.param(90, State.WARNING, 0, id="ahead, still taken"),
        pytest.param(-90, State.WARNING, 0, id="behind, still taken"),
        pytest.param(600, State.MISSING, 6, id="ahead, refused"),
        pytest.param(-600, State.MISSING, 6, id="behind, refused"),
    ],
)
def test_the_clock(
    account: Account, ran: Any, monkeypatch: Any, seconds: int, state: State, code: int
) -> None:
    off = dt.timedelta(seconds=seconds)
    monkeypatch.setattr(doctor, "_now", lambda: dt.datetime.now(dt.UTC) + off)
    check = _one(_found(ran, "--for", "policy", code=code), "clock")
    assert check.state is state
    if seconds:
        assert ("ahead" if seconds > 0 else "behind") in check.detail


def test_a_clock_that_is_wrong_is_said_where_the_credentials_are_refused_for_it(
    account: Account, world: Any, ran: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.aws.inject(faults.Error("GetCallerIdentity", code="SignatureDoesNotMatch", times=None))
    late = dt.timedelta(minutes=-7)
    monkeypatch.setattr(doctor, "_now", lambda: dt.datetime.now(dt.UTC) + late)
    run = ran("doctor", "--json")
    assert run.code == 6
    assert _one(findings.Doctor.model_validate(run.json), "clock").state is State.MISSING


def test_an_answer_without_a_time(account: Account, ran: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(aws_checks, "_date", lambda _: None)
    assert _one(_found(ran, "--for", "policy", code=0), "clock").state is State.UNKNOWN


@pytest.mark.parametrize("text", ["", "yesterday", "Mon, 99 Foo 2026"])
def test_what_is_no_date(text: str) -> None:
    assert aws_checks._date(text) is None


def test_a_region_that_is_spelt_wrong(account: Account, ran: Any) -> None:
    told = _found(ran, "--region", "us-esat-1", "--for", "policy", code=0)
    assert _one(told, "region", "us-esat-1").state is State.WARNING


def test_names_that_cannot_be(ran: Any) -> None:
    run = ran("doctor", "--name", "a b")
    assert run.code == 2
    assert "--name" in run.err


# CloudTrail -----------------------------------------------------------------------------------


def _trails(account: Account, ran: Any, code: int) -> tuple[findings.Doctor, findings.Check]:
    told = _found(ran, "--for", "alarm", code=code)
    return told, _one(told, "trail")


def test_no_trail(account: Account, ran: Any) -> None:
    account.answers["cloudtrail:DescribeTrails"] = {"trailList": []}
    told, check = _trails(account, ran, 6)
    assert check.state is State.MISSING
    assert "create one" in check.detail
    assert "log group" not in {each.what for each in told.checks}


@pytest.mark.parametrize(
    ("changed", "answer", "says"),
    [
        pytest.param("GetTrailStatus", {"IsLogging": False}, "is switched off", id="off"),
        pytest.param(
            "GetEventSelectors",
            {"EventSelectors": [{"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True}]},
            "does not log read-only",
            id="writes only",
        ),
    ],
)
def test_a_trail_that_sees_no_reads(
    account: Account, ran: Any, changed: str, answer: Any, says: str
) -> None:
    account.answers[f"cloudtrail:{changed}"] = answer
    check = _trails(account, ran, 6)[1]
    assert check.state is State.MISSING
    assert f"(main {says}" in check.detail


@pytest.mark.parametrize(
    ("changed", "answer", "says"),
    [
        pytest.param("GetTrailStatus", DENIED, "grant cloudtrail:GetTrailStatus", id="denied"),
        pytest.param("GetEventSelectors", Fault("Odd", "?"), "Odd", id="odd"),
        pytest.param(
            "GetEventSelectors",
            {"AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "x", "Equals": ["y"]}]}]},
            "not known here",
            id="fields that nobody knows",
        ),
        pytest.param("GetEventSelectors", NONE, "does not log", id="it went away meanwhile"),
    ],
)
def test_a_trail_that_cannot_be_judged(
    account: Account, ran: Any, changed: str, answer: Any, says: str
) -> None:
    account.answers[f"cloudtrail:{changed}"] = answer
    gone = answer is NONE
    told, check = _trails(account, ran, 6 if gone else 0)
    assert check.state is (State.MISSING if gone else State.UNKNOWN)
    assert says in check.detail
    asks = told.policy["Statement"][0]["Action"] if told.policy else []
    assert ("cloudtrail:GetTrailStatus" in asks) is (answer is DENIED)


def test_trails_cannot_be_listed(account: Account, ran: Any) -> None:
    account.answers["cloudtrail:DescribeTrails"] = DENIED
    told, check = _trails(account, ran, 0)
    assert check.state is State.UNKNOWN
    assert "cloudtrail:DescribeTrails" in check.detail
    assert told.policy is not None
    assert told.policy["Statement"][0]["Action"] == ["cloudtrail:DescribeTrails"]
    account.answers["cloudtrail:DescribeTrails"] = Fault("Throttling", "Rate exceeded")
    told, check = _trails(account, ran, 0)
    assert (check.state, told.policy) == (State.UNKNOWN, None)


def test_a_trail_of_another_region_or_without_a_log_group(account: Account, ran: Any) -> None:
    shadow = {"Name": "shadow", "HomeRegion": THERE, "TrailARN": "arn:shadow"}
    account.answers["cloudtrail:DescribeTrails"] = {"trailList": [shadow]}
    told, check = _trails(account, ran, 0)
    assert check.state is State.OK
    homes = {region for service, op, region, _ in account.asked
             if service == "cloudtrail" and op != "DescribeTrails"}  # fmt: skip
    assert homes == {THERE}, "only there it can be looked at"
    group = _one(told, "log group")
    assert group.state is State.WARNING
    assert "--way events" in group.detail


def test_the_log_group_of_a_trail(account: Account, ran: Any) -> None:
    group = _one(_trails(account, ran, 0)[0], "log group")
    assert group.state is State.OK
    assert f"trail/logs in {HERE}" in group.detail


# What people see ------------------------------------------------------------------------------


def test_the_table(account: Account, ran: Any) -> None:
    account.denied = ["secretsmanager:DeleteSecret"]
    run = ran("doctor", "--region", HERE, "--region", THERE)
    assert run.code == 6
    for text in ("missing", "resource: teardown", HERE, THERE, "AWS_ENDPOINT_URL"):
        assert text in run.out
    assert "--name makes it" in run.out
    policy = json.loads(run.out[run.out.index("{") :])
    assert policy["Statement"][0]["Action"] == ["secretsmanager:DeleteSecret"]


def test_the_policy_for_one_secret_and_for_doctor(account: Account, ran: Any) -> None:
    account.answers["cloudtrail:DescribeTrails"] = DENIED
    account.denied = ["secretsmanager:DeleteSecret"]
    run = ran("doctor", "--name", "shop/db")
    assert run.code == 6
    assert "To grant (the statement Doctor only" in run.out
    account.answers["cloudtrail:DescribeTrails"] = {"trailList": [TRAIL]}
    assert "To grant:" in ran("doctor", "--name", "shop/db").out


def test_as_a_process(account: Account, world: Any) -> None:
    account.denied = ["secretsmanager:DeleteSecret"]
    run = world.process("doctor", "--json", "--for", "resource")
    assert run.code == 6
    assert run.json["missing"] == 1
    run = world.process("doctor", "--json", env={"AWS_ACCESS_KEY_ID": ""})
    assert run.code == 4


def test_services_that_answer_nonsense(world: Any, ran: Any) -> None:
    told = _found(ran, code=0)
    assert _one(told, "caller").state is State.OK
    assert _one(told, "trail").state is State.UNKNOWN, "an endpoint that knows no CloudTrail"
    assert _one(told, "teardown").state is State.UNKNOWN
    assert _one(told, "status").state is State.OK, "what does answer is believed"
    assert all(len(each.detail) < 4000 for each in told.checks)
