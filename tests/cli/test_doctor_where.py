"""`doctor`: credentials, clock, region and CloudTrail, and what people see."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Iterator
from typing import Any

import pytest

from cli import doctored
from cli.doctored import ACCOUNT, HERE, NONE, THERE, TRAIL, Account, examined, one
from cli.services import DENIED, Fault
from emulation import faults
from recoverable_secrets.cli import doctor, findings
from recoverable_secrets.cli.findings import State
from recoverable_secrets.stores import aws_checks


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch, world: Any) -> Iterator[Account]:
    """An account where all is well; each call is made once."""
    with doctored.well(monkeypatch, world) as whole:
        yield whole


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
    told = examined(ran, "--for", "resource", "--role-arn", ROLE, code=0)
    assert "assumed-role/deployer" in one(told, "caller").detail
    asked = [params for _, operation, _, params in account.asked if "Simulate" in operation]
    assert {params["PolicySourceArn"] for params in asked} == {source}


def test_the_root_user(account: Account, world: Any, ran: Any, monkeypatch: Any) -> None:
    from emulation import sts  # noqa: PLC0415

    root = sts.Caller(ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT)
    credentials = world.aws._identities.add(root)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", credentials.access_key_id)
    told = examined(ran, "--for", "resource", code=0)
    assert one(told, "caller").state is State.WARNING
    assert "users and roles alone" in one(told, "teardown").detail


def test_no_credentials(account: Account, ran: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    run = ran("doctor", "--json")
    assert run.code == 4
    told = findings.Doctor.model_validate(run.json)
    assert "no usable AWS credentials" in told.problems[0].text
    assert one(told, "region").state is State.OK, "what could be checked is shown"
    assert one(told, "clock").state is State.UNKNOWN
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
    told = examined(ran, "--all-regions", "--for", "policy", code=0)
    assert (told.regions, told.skipped) == ([HERE], [THERE])
    assert {each.region for each in told.checks} == {None, HERE}
    assert one(told, "region").detail.endswith("--all-regions")


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
    check = one(examined(ran, "--for", "policy", code=code), "clock")
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
    assert one(findings.Doctor.model_validate(run.json), "clock").state is State.MISSING


def test_an_answer_without_a_time(account: Account, ran: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(aws_checks, "_date", lambda _: None)
    assert one(examined(ran, "--for", "policy", code=0), "clock").state is State.UNKNOWN


@pytest.mark.parametrize("text", ["", "yesterday", "Mon, 99 Foo 2026"])
def test_what_is_no_date(text: str) -> None:
    assert aws_checks._date(text) is None


def test_a_region_that_is_spelt_wrong(account: Account, ran: Any) -> None:
    told = examined(ran, "--region", "us-esat-1", "--for", "policy", code=0)
    assert one(told, "region", "us-esat-1").state is State.WARNING


def test_names_that_cannot_be(ran: Any) -> None:
    run = ran("doctor", "--name", "a b")
    assert run.code == 2
    assert "--name" in run.err


# CloudTrail -----------------------------------------------------------------------------------


def _trails(account: Account, ran: Any, code: int) -> tuple[findings.Doctor, findings.Check]:
    told = examined(ran, "--for", "alarm", code=code)
    return told, one(told, "trail")


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


@pytest.mark.usefixtures("_no_waiting")
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
    group = one(told, "log group")
    assert group.state is State.WARNING
    assert "--way events" in group.detail


def test_the_log_group_of_a_trail(account: Account, ran: Any) -> None:
    group = one(_trails(account, ran, 0)[0], "log group")
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
    told = examined(ran, code=0)
    assert one(told, "caller").state is State.OK
    assert one(told, "trail").state is State.UNKNOWN, "an endpoint that knows no CloudTrail"
    assert one(told, "teardown").state is State.UNKNOWN
    assert one(told, "status").state is State.OK, "what does answer is believed"
    assert all(len(each.detail) < 4000 for each in told.checks)
