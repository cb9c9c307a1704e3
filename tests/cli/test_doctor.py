"""`doctor`: which permissions are there, which are missing, and what to grant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bundle import iam
from cli import doctored
from cli.doctored import ACCOUNT, HERE, THERE, Account, examined, one
from cli.services import DENIED, Fault
from recoverable_secrets.alarm import region as alarm_region
from recoverable_secrets.cli import needs
from recoverable_secrets.cli.findings import For, State
from recoverable_secrets.stores import aws_checks, aws_errors, aws_inventory, aws_stacks, aws_trails

TABLES = (aws_errors, aws_inventory, aws_stacks, aws_trails, aws_checks, alarm_region)


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch, world: Any) -> Iterator[Account]:
    """An account where all is well; each call is made once."""
    with doctored.well(monkeypatch, world) as whole:
        yield whole


# Where all is well ----------------------------------------------------------------------------


def test_all_is_well(account: Account, ran: Any) -> None:
    told = examined(ran, code=0)
    states = {each.state for each in told.checks if each.area != "endpoint"}
    assert states == {State.OK}
    assert told.policy is None
    assert told.missing == 0
    assert f"user/x of account {ACCOUNT}" in one(told, "caller").detail
    assert one(told, "region").detail == f"{HERE}, from AWS_REGION"


def test_nothing_is_changed(account: Account, world: Any, ran: Any) -> None:
    world.make("shop/db")
    before = world.aws.secret("shop/db")
    examined(ran, "--name", "shop/db", code=0)
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
    told = examined(ran, "--region", HERE, "--region", THERE, code=0)
    assert told.regions == [HERE, THERE]
    for region in (HERE, THERE):
        assert one(told, "region", region).detail == f"{region}, from --region"
        assert one(told, "teardown", region).state is State.OK
    simulated = [params for _, operation, _, params in account.asked if "Simulate" in operation]
    arns = [arn for params in simulated for arn in params["ResourceArns"] if arn != "*"]
    assert {arn.split(":")[3] for arn in arns} == {HERE, THERE}


def test_only_what_is_asked_for(account: Account, ran: Any) -> None:
    told = examined(ran, "--for", "rotation", code=0)
    areas = {each.area for each in told.checks}
    assert areas == {"endpoint", "region", "clock", "credentials", "rotation"}
    assert not account.operations("cloudtrail")


# Permissions ----------------------------------------------------------------------------------


def test_what_is_missing_is_granted_by_the_policy(account: Account, ran: Any) -> None:
    account.denied = ["secretsmanager:DeleteSecret", "secretsmanager:Rotate*"]
    told = examined(ran, "--for", "resource", "--name", "shop/db", code=6)
    check = one(told, "teardown")
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
    told = examined(ran, *given, code=6)
    assert told.policy is not None
    by_first = {each["Action"][0]: each for each in told.policy["Statement"]}
    assert len(by_first) == 3
    assert len(by_first["secretsmanager:DeleteSecret"]["Resource"]) == 2, "one for each region"
    assert all(each.startswith("sns:") for each in by_first["sns:CreateTopic"]["Action"])
    assert "*" not in by_first["sns:CreateTopic"]["Resource"]


def test_what_can_be_tried_is_tried(account: Account, world: Any, ran: Any) -> None:
    world.aws.deny("secretsmanager:ListSecrets", "secretsmanager:DescribeSecret")
    told = examined(ran, "--for", "commands", code=6)
    assert one(told, "pending").state is State.MISSING, "IAM's simulation would allow it"
    assert told.policy is not None
    resources = {each["Action"][0]: each["Resource"] for each in told.policy["Statement"]}
    assert resources["secretsmanager:ListSecrets"] == ["*"], "IAM knows it for no single secret"
    assert resources["secretsmanager:DescribeSecret"][0].endswith(":secret:*")


def test_a_denial_in_the_words_of_sns(account: Account, ran: Any) -> None:
    account.answers["sns:GetTopicAttributes"] = Fault("AuthorizationError", "not allowed", 403)
    told = examined(ran, "--for", "alarm", code=6)
    assert "missing: sns:GetTopicAttributes" in one(told, "alarm by a rule of EventBridge").detail


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
    found = examined(ran, "--for", "resource", code=6)
    assert says in one(found, "teardown").detail
    assert found.policy is None, "it would promise what it does not hold"


def test_an_explicit_deny_that_was_met(account: Account, ran: Any) -> None:
    text = "User: x is not authorized to perform: y with an explicit deny in an identity policy"
    account.answers["cloudformation:ListStacks"] = Fault("AccessDenied", text, 403)
    found = examined(ran, "--for", "commands", code=6)
    assert "an explicit deny forbids it" in one(found, "orphans").detail
    assert found.policy is None


def test_conditions_that_are_not_known(account: Account, ran: Any) -> None:
    account.told["secretsmanager:DeleteSecret"] = {
        "EvalDecision": "implicitDeny",
        "MissingContextValues": ["aws:ResourceTag/team"],
    }
    check = one(examined(ran, "--for", "resource", code=0), "teardown")
    assert check.state is State.UNKNOWN, "with the right tag it may well be allowed"
    assert "aws:ResourceTag/team" in check.detail


def test_what_matters_for_one_thing_only(account: Account, ran: Any) -> None:
    account.denied = ["lambda:InvokeFunction", "iam:PassRole", "kms:Decrypt"]
    found = examined(ran, "--for", "rotation", "--for", "key", code=0)
    assert one(found, "rotation").state is State.UNKNOWN, "of which function, is not known"
    assert one(found, "a key of your own").state is State.UNKNOWN, "its policy may allow it"


def test_iam_may_not_be_asked(account: Account, ran: Any) -> None:
    account.answers["iam:SimulatePrincipalPolicy"] = DENIED
    told = examined(ran, "--for", "resource", "--for", "commands", code=0)
    assert one(told, "pending").state is State.OK, "this could be tried"
    check = one(told, "teardown")
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
@pytest.mark.usefixtures("_no_waiting")
def test_iam_does_not_tell(account: Account, ran: Any, answer: Any, says: str) -> None:
    account.answers["iam:SimulatePrincipalPolicy"] = answer
    check = one(examined(ran, "--for", "resource", code=0), "teardown")
    assert check.state is State.UNKNOWN
    assert says in check.detail


def test_a_service_without_answer_is_waited_for_once(account: Account, ran: Any) -> None:
    for name in [name for name in account.answers if name.startswith("sns:")]:
        account.answers[name] = None
    told = examined(ran, "--for", "alarm", code=0)
    assert account.operations("sns") == ["GetTopicAttributes"]
    assert one(told, "alarm by a rule of EventBridge").state is State.OK, "IAM's word stands"


def test_a_service_that_answers_nonsense_tells_nothing(account: Account, ran: Any) -> None:
    account.answers["events:DescribeRule"] = Fault("InternalError", "?", 400)
    account.denied = ["events:DescribeRule"]
    told = examined(ran, "--for", "alarm", code=6)
    assert "missing: events:DescribeRule" in one(told, "alarm by a rule of EventBridge").detail


def test_an_answer_that_does_not_fit(account: Account, ran: Any) -> None:
    account.answers["iam:SimulatePrincipalPolicy"] = Fault("ResourceNotFoundException", "?")
    assert one(examined(ran, "--for", "resource", code=0), "teardown").state is State.UNKNOWN
