"""What may be asked for, and what an alarm is made of."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from alarm import records
from recoverable_secrets.alarm import parts
from recoverable_secrets.alarm.parts import Kind, Place, Wanted, Way
from recoverable_secrets.core import errors

HERE = Place("aws", "us-east-1", "123456789012")
TOPIC = "arn:aws:sns:us-east-1:123456789012:ops"
TRAIL = {"name": "x", "way": "trail", "log_group_name": "trail"}
EVENTS = {"name": "x", "way": "events"}


def made(**settings: Any) -> dict[Kind, list[parts.Part]]:
    """Return the parts of an alarm, by their kinds."""
    found: dict[Kind, list[parts.Part]] = {}
    for part in parts.parts(parts.parse(settings, HERE.region), HERE):
        found.setdefault(part.kind, []).append(part)
    return found


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"name": "x"}, "way must be"),
        ({**EVENTS, "way": "both"}, "way must be"),
        ({**EVENTS, "name": "a b"}, "name must have"),
        ({**EVENTS, "name": "x" * 57}, "name must have"),
        ({**EVENTS, "name": 1}, "name must have"),
        ({"name": "x", "way": "trail"}, "log_group_name is needed"),
        ({**EVENTS, "log_group_name": "g"}, "log_group_name has no meaning"),
        ({**TRAIL, "log_group_name": "arn:aws:logs:us-east-1:1:log-group:g"}, "not its ARN"),
        ({**EVENTS, "topic_arn": "ops"}, "must be the ARN of an SNS topic"),
        ({**EVENTS, "topic_arn": f"{TOPIC}.fifo"}, "not FIFO"),
        ({**EVENTS, "topic_arn": TOPIC.replace("east", "west")}, "they have to be together"),
        ({**EVENTS, "topic_arn": 1}, "must be the ARN of an SNS topic"),
        ({**EVENTS, "email": "a@b.c"}, "must be a list"),
        ({**EVENTS, "email": ["nobody"]}, "must be a list"),
        ({**EVENTS, "email": [1]}, "must be a list"),
        ({**EVENTS, "email": ["a@b.c"], "topic_arn": TOPIC}, "subscribe the addresses to your own"),
    ],
)
def test_what_is_refused(settings: dict[str, Any], problem: str) -> None:
    with pytest.raises(errors.InvalidInput) as refused:
        parts.parse(settings, HERE.region)
    (text,) = refused.value.problems
    assert problem in text


def test_all_problems_come_at_once() -> None:
    wrong = {"way": "no", "name": "", "name_prefix": "*", "topic_arn": "t", "email": ["x"]}
    with pytest.raises(errors.InvalidInput) as refused:
        parts.parse(wrong)
    assert len(refused.value.problems) == 5


@pytest.mark.parametrize("name", ["way", "name_prefix", "log_group_name", "topic_arn", "email"])
def test_what_is_not_known_yet_is_not_judged(name: str) -> None:
    good = {**TRAIL, "topic_arn": TOPIC}
    assert parts.parse({**good, name: object()}, HERE.region, {name}).name == "x"


def test_by_trail() -> None:
    found = made(**TRAIL, email=["a@b.c", "d@e.f", "a@b.c"])
    assert {kind: len(each) for kind, each in found.items()} == {
        Kind.TOPIC: 1,
        Kind.TOPIC_POLICY: 1,
        Kind.SUBSCRIPTION: 2,
        Kind.FILTER: 2,
        Kind.ALARM: 1,
    }
    counted, told_apart = (each.properties for each in found[Kind.FILTER])
    (alarm,) = (each.properties for each in found[Kind.ALARM])
    (metric,) = counted["MetricTransformations"]
    assert (metric["MetricNamespace"], metric["MetricName"]) == (
        alarm["Namespace"],
        alarm["MetricName"],
    )
    assert "Dimensions" not in metric, "an alarm sees one set of dimensions only"
    assert alarm["AlarmActions"] == ["arn:aws:sns:us-east-1:123456789012:x"]
    assert counted["FilterPattern"] == told_apart["FilterPattern"]
    (metric,) = told_apart["MetricTransformations"]
    assert metric["MetricName"] != alarm["MetricName"]
    assert len(metric["Dimensions"]) <= 3, "AWS's limit"


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, record in records.TELLS.items()
        if "arn" in record["userIdentity"] and "secretId" in record["requestParameters"]
    ],
)
def test_the_second_metric_tells_who_read_what(name: str) -> None:
    (metric,) = made(**TRAIL)[Kind.FILTER][1].properties["MetricTransformations"]
    told = {each["Key"]: at(records.TELLS[name], each["Value"]) for each in metric["Dimensions"]}
    assert told["Principal"].startswith("arn:aws:")
    assert "shop/prod/db" in told["Secret"]


def at(record: Any, path: str) -> Any:
    """Return what stands at a path, or an empty text."""
    for name in path.removeprefix("$.").split("."):
        record = record.get(name, "")
        if not record:
            return ""
    return record


def test_by_events() -> None:
    found = made(**EVENTS)
    assert set(found) == {Kind.TOPIC, Kind.TOPIC_POLICY, Kind.RULE, Kind.TARGET}
    (rule,), (target,) = found[Kind.RULE], found[Kind.TARGET]
    assert rule.properties["State"] == "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
    assert target.properties["Arn"] == "arn:aws:sns:us-east-1:123456789012:x"


@pytest.mark.parametrize("name", records.TELLS)
def test_the_message_says_who_read_what(name: str) -> None:
    """All that the record has of it; what it does not have leaves no trace."""
    (target,) = made(**EVENTS)[Kind.TARGET]
    transformer = target.properties["InputTransformer"]
    record = records.event(records.TELLS[name])
    text = "\n".join(json.loads(line) for line in transformer["InputTemplate"].splitlines())
    assert set(re.findall("<([^>]+)>", text)) == set(transformer["InputPathsMap"])
    for word, path in transformer["InputPathsMap"].items():
        text = text.replace(f"<{word}>", at(record, path))
    detail = record["detail"]
    identity = detail["userIdentity"]
    for told in (
        *(identity.get(key, "") for key in ("arn", "principalId", "accountId", "invokedBy")),
        detail["requestParameters"].get("secretId", ""),
        detail["awsRegion"],
        detail["eventTime"],
        detail["sourceIPAddress"],
        detail["userAgent"],
        detail["eventID"],
    ):
        assert told in text
    assert identity.get("accessKeyId") or "AKIA" not in text
    assert "ASIAEXAMPLE" not in text, "no key id"


def test_a_given_topic_is_only_told() -> None:
    for settings in (TRAIL, EVENTS):
        found = made(**settings, topic_arn=TOPIC)
        assert not {Kind.TOPIC, Kind.TOPIC_POLICY, Kind.SUBSCRIPTION} & set(found)
        assert TOPIC in json.dumps([dict(p.properties) for each in found.values() for p in each])


@pytest.mark.parametrize(
    ("settings", "service", "source"),
    [
        (TRAIL, "cloudwatch.amazonaws.com", "arn:aws:cloudwatch:us-east-1:123456789012:alarm:x"),
        (EVENTS, "events.amazonaws.com", "arn:aws:events:us-east-1:123456789012:rule/x"),
    ],
)
def test_only_the_alarm_may_publish(settings: dict[str, Any], service: str, source: str) -> None:
    (policy,) = made(**settings)[Kind.TOPIC_POLICY]
    (statement,) = policy.properties["PolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": service}
    assert statement["Action"] == "sns:Publish"
    assert statement["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "123456789012"},
        "ArnEquals": {"aws:SourceArn": source},
    }


@pytest.mark.parametrize("group", ["g", "g" * 512])
def test_the_description_fits_and_keeps_its_query_whole(group: str) -> None:
    wanted = Wanted(
        name="x" * 56, way=Way.TRAIL, log_group_name=group, name_prefix="p" * parts.PREFIX_LIMIT
    )
    text = parts.describe(wanted)
    assert len(text) <= 1024
    assert text.endswith("| sort @timestamp desc")
    assert (f"on log group {group}:" in text) is (group == "g")


def test_labels_cover_all_kinds() -> None:
    assert set(parts.LABELS) == set(Kind)
