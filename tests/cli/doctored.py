"""An account for the tests of `doctor`, where all is well but for what a test takes away."""

from __future__ import annotations

import contextlib
import fnmatch
from collections.abc import Iterator
from typing import Any

import pytest

from cli import services
from cli.schema import problems_of
from cli.services import Fault, Services, once
from recoverable_secrets.cli import findings

HERE, THERE = "us-east-1", "eu-west-1"
ACCOUNT = "123456789012"
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


def simulated(canned: Account, params: dict[str, Any]) -> dict[str, Any]:
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


@contextlib.contextmanager
def well(monkeypatch: pytest.MonkeyPatch, world: Any) -> Iterator[Account]:
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
                "iam:SimulatePrincipalPolicy": lambda params, _: simulated(whole, params),
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


def examined(ran: Any, *arguments: str, code: int) -> findings.Doctor:
    run = ran("doctor", "--json", *arguments)
    assert run.code == code, run.err + run.out
    assert problems_of("doctor", run.json) == []
    return findings.Doctor.model_validate(run.json)


def one(told: findings.Doctor, what: str, region: str | None = HERE) -> findings.Check:
    (check,) = [each for each in told.checks if each.what == what and each.region == region]
    return check
