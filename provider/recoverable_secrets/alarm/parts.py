"""What an access alarm is made of, as data in the words of CloudFormation.

    trail     topic, its policy, addresses <- alarm <- metric <- filter on CloudTrail's log group
              and a second filter, whose metric tells who read what
    events    topic, its policy, addresses <- target, which words the message <- rule

A topic that is given stays as it is: its policy and its subscriptions are its owner's.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from recoverable_secrets.core import errors
from recoverable_secrets.stores import limits

from . import patterns

NAMESPACE = "RecoverableSecrets"
"""Namespace of the metrics."""

PERIOD_SECONDS = 300
TARGET_ID = "topic"
EVERY_READ = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
"""State of a rule that is given read-only events too: GetSecretValue is one."""

DESCRIPTION_LIMIT = 1024
"""Most characters of an alarm's description."""

PREFIX_LIMIT = 96
"""Most characters of a name prefix, so that pattern and description have room for it."""

PREFIX_FORM = f"(?!(a|ar|arn)$){limits.AWS.name_characters}*"
"""What a name prefix may be. Reads by ARN would all begin with these three."""

_NAME = re.compile(r"[A-Za-z0-9_-]{1,56}")
_PREFIX = re.compile(PREFIX_FORM)
_GROUP = re.compile(r"[A-Za-z0-9._/#-]{1,512}")
_TOPIC = re.compile(r"arn:aws[a-z-]*:sns:([a-z0-9-]+):[0-9]{12}:[A-Za-z0-9_-]{1,256}")
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


class Way(enum.StrEnum):
    """How a read is noticed."""

    TRAIL = "trail"
    EVENTS = "events"


class Kind(enum.StrEnum):
    """What a part is, by CloudFormation's name of it."""

    TOPIC = "AWS::SNS::Topic"
    TOPIC_POLICY = "AWS::SNS::TopicPolicy"
    SUBSCRIPTION = "AWS::SNS::Subscription"
    FILTER = "AWS::Logs::MetricFilter"
    ALARM = "AWS::CloudWatch::Alarm"
    RULE = "AWS::Events::Rule"
    TARGET = "AWS::Events::Rule Target"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """An alarm as it is asked for.

    Attributes:
        name: Name of the alarm or rule and of all else that is made.
        way: How a read is noticed.
        log_group_name: Log group that CloudTrail delivers to; for `trail` only.
        topic_arn: Topic to tell; without, one is made.
        email: Addresses that subscribe to a topic that is made.
        name_prefix: Only secrets whose names begin so.
    """

    name: str
    way: Way
    log_group_name: str | None = None
    topic_arn: str | None = None
    email: tuple[str, ...] = ()
    name_prefix: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an alarm is.

    Attributes:
        partition: Such as `aws` or `aws-cn`.
        region: Its region.
        account: Its account, twelve digits.
    """

    partition: str
    region: str
    account: str

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of a resource here."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"


@dataclass(frozen=True, slots=True)
class Part:
    """One thing in AWS.

    Attributes:
        kind: What it is.
        name: By which it is found, among its kind; of a target its rule's, of a topic its ARN.
        properties: What it has to be like, as CloudFormation spells it.
    """

    kind: Kind
    name: str
    properties: Mapping[str, Any]

    @property
    def label(self) -> str:
        """What people call it."""
        return f"{LABELS[self.kind]} {errors.short(self.name)}"


LABELS: Mapping[Kind, str] = {
    Kind.TOPIC: "topic",
    Kind.TOPIC_POLICY: "policy of topic",
    Kind.SUBSCRIPTION: "subscription of",
    Kind.FILTER: "metric filter",
    Kind.ALARM: "alarm",
    Kind.RULE: "rule",
    Kind.TARGET: "target of rule",
}


def parse(
    settings: Mapping[str, Any], region: str | None = None, unknown: Collection[str] = ()
) -> Wanted:
    """Return the alarm that plain settings ask for.

    Args:
        settings: `name` and the fields of `Wanted`.
        region: Where it is to be, if that is known: a topic has to be there.
        unknown: Names of settings that are not known yet, and so are not looked at.

    Raises:
        InvalidInput: With all problems at once.
    """
    problems = tuple(_problems(settings, region, frozenset(unknown)))
    if problems:
        raise errors.InvalidInput(problems)
    known = {name: each for name, each in settings.items() if name not in unknown}
    return Wanted(
        name=known.get("name") or "",
        way=Way(known.get("way") or Way.EVENTS),
        log_group_name=known.get("log_group_name"),
        topic_arn=known.get("topic_arn"),
        email=tuple(dict.fromkeys(known.get("email") or ())),
        name_prefix=known.get("name_prefix") or "",
    )


def _problems(
    given: Mapping[str, Any], region: str | None, unknown: frozenset[str]
) -> Iterator[str]:
    def malformed(field: str, form: re.Pattern[str]) -> bool:
        content = given.get(field)
        told = field not in unknown and content is not None
        return told and not (isinstance(content, str) and form.fullmatch(content))

    if "way" not in unknown and given.get("way") not in list(Way):
        yield "way must be trail (CloudWatch Logs) or events (EventBridge)"
    if malformed("name", _NAME):
        yield "name must have 1 to 56 letters, digits, hyphens and underscores"
    if malformed("name_prefix", _PREFIX) or (
        "name_prefix" not in unknown and len(str(given.get("name_prefix") or "")) > PREFIX_LIMIT
    ):
        yield (
            f"name_prefix must have at most {PREFIX_LIMIT} characters that names have, and not be "
            "a, ar or arn: every ARN begins so"
        )
    if malformed("log_group_name", _GROUP):
        yield "log_group_name must be a log group's name, not its ARN"
    yield from _of_topic(given, region, unknown)
    if not {"way", "log_group_name"} & unknown:
        group = given.get("log_group_name")
        if given.get("way") == Way.TRAIL and not group:
            yield "log_group_name is needed with way trail: the log group CloudTrail delivers to"
        if given.get("way") == Way.EVENTS and group:
            yield "log_group_name has no meaning with way events: leave it out"


def _of_topic(
    given: Mapping[str, Any], region: str | None, unknown: frozenset[str]
) -> Iterator[str]:
    topic, emails = given.get("topic_arn"), given.get("email")
    if "topic_arn" not in unknown and topic is not None:
        found = _TOPIC.fullmatch(topic) if isinstance(topic, str) else None
        if not found:
            yield "topic_arn must be the ARN of an SNS topic that is not FIFO"
        elif region and found[1] != region:
            yield f"topic_arn is in {found[1]}, but the alarm in {region}: they have to be together"
    if "email" in unknown or emails is None:
        return
    if not isinstance(emails, list | tuple) or not all(
        isinstance(each, str) and _ADDRESS.fullmatch(each) for each in emails
    ):
        yield "email must be a list of e-mail addresses"
    elif emails and topic is not None:
        yield "email is for a topic that is made: subscribe the addresses to your own topic"


def topic(wanted: Wanted, place: Place) -> str:
    """Return the ARN of the topic that is told, given or made."""
    return wanted.topic_arn or place.arn("sns", wanted.name)


def parts(wanted: Wanted, place: Place) -> tuple[Part, ...]:
    """Return all that an alarm is made of, in the order to make it."""
    told = topic(wanted, place)
    watch = _by_trail if wanted.way is Way.TRAIL else _by_events
    return (*_topic_parts(wanted, place, told), *watch(wanted, told))


def _topic_parts(wanted: Wanted, place: Place, told: str) -> Iterator[Part]:
    if wanted.topic_arn:
        return
    yield Part(Kind.TOPIC, told, {"TopicName": wanted.name})
    document = publishing(wanted.way, told, watcher(wanted, place), place.account)
    yield Part(Kind.TOPIC_POLICY, told, {"Topics": [told], "PolicyDocument": document})
    for address in wanted.email:
        endpoint = {"TopicArn": told, "Protocol": "email", "Endpoint": address}
        yield Part(Kind.SUBSCRIPTION, address, endpoint)


def watcher(wanted: Wanted, place: Place) -> str:
    """Return the ARN of what publishes: the alarm or the rule."""
    if wanted.way is Way.TRAIL:
        return place.arn("cloudwatch", f"alarm:{wanted.name}")
    return place.arn("events", f"rule/{wanted.name}")


def publishing(way: Way, told: str, by: str, account: str) -> dict[str, Any]:
    """Return the policy of a topic that lets an alarm or a rule publish, and no other.

    Args:
        way: Which service publishes.
        told: The topic's ARN.
        by: ARN of the alarm or rule.
        account: Its account.
    """
    service = "cloudwatch" if way is Way.TRAIL else "events"
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "AccessAlarm",
                "Effect": "Allow",
                "Principal": {"Service": f"{service}.amazonaws.com"},
                "Action": "sns:Publish",
                "Resource": told,
                "Condition": {
                    "StringEquals": {"aws:SourceAccount": account},
                    "ArnEquals": {"aws:SourceArn": by},
                },
            }
        ],
    }


def _by_trail(wanted: Wanted, told: str) -> Iterator[Part]:
    counted, told_apart = wanted.name, by_reader(wanted.name)
    pattern = patterns.metric_filter(wanted.name_prefix)

    def filtered(name: str, dimensions: Mapping[str, str]) -> Part:
        metric: dict[str, Any] = {
            "MetricNamespace": NAMESPACE,
            "MetricName": name,
            "MetricValue": "1",
        }
        if dimensions:
            metric["Dimensions"] = [{"Key": k, "Value": v} for k, v in dimensions.items()]
        return Part(
            Kind.FILTER,
            name,
            {
                "LogGroupName": wanted.log_group_name,
                "FilterName": name,
                "FilterPattern": pattern,
                "MetricTransformations": [metric],
            },
        )

    yield filtered(counted, {})
    # A filter of its own: AWS stops one that meets too many readers, and the alarm must go on.
    yield filtered(
        told_apart,
        {"Principal": "$.userIdentity.arn", "Secret": "$.requestParameters.secretId"},
    )
    yield Part(
        Kind.ALARM,
        wanted.name,
        {
            "AlarmName": wanted.name,
            "AlarmDescription": describe(wanted),
            "ActionsEnabled": True,
            "AlarmActions": [told],
            "Namespace": NAMESPACE,
            "MetricName": counted,
            "Statistic": "Sum",
            "Period": PERIOD_SECONDS,
            "EvaluationPeriods": 1,
            "Threshold": 1,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "TreatMissingData": "notBreaching",
        },
    )


def by_reader(name: str) -> str:
    """Return the name of the second filter of an alarm, and of its metric."""
    return f"{name}-by-reader"


def describe(wanted: Wanted) -> str:
    """Return the alarm's description, which is in its message: how to see who read what."""
    told = (
        "Something tried to read a secret whose deletion is scheduled. Who read what: metric "
        f"{NAMESPACE}/{by_reader(wanted.name)}, or this query of CloudWatch Logs Insights"
    )
    group = f" on log group {wanted.log_group_name}" if wanted.log_group_name else ""
    asked = f": {patterns.query(wanted.name_prefix)}"
    whole = told + group + asked
    return whole if len(whole) <= DESCRIPTION_LIMIT else told + asked


PATHS: Mapping[str, str] = {
    "secret": "$.detail.requestParameters.secretId",
    "arn": "$.detail.userIdentity.arn",
    "type": "$.detail.userIdentity.type",
    "principal": "$.detail.userIdentity.principalId",
    "account": "$.detail.userIdentity.accountId",
    "service": "$.detail.userIdentity.invokedBy",
    "holder": "$.account",
    "region": "$.detail.awsRegion",
    "time": "$.detail.eventTime",
    "address": "$.detail.sourceIPAddress",
    "agent": "$.detail.userAgent",
    "call": "$.detail.eventName",
    "event": "$.detail.eventID",
}
"""Where the message's words come from. What a record does not have, stays empty."""

MESSAGE = (
    "Something tried to read a secret whose deletion is scheduled.",
    "Secret: <secret>",
    "In account and region: <holder> <region>",
    "Read by: <arn>",
    "Identity: <type> <principal> <service>",
    "Of account: <account>",
    "At: <time>, by <call>, CloudTrail event <event>",
    "From: <address>",
    "User agent: <agent>",
    "Still needed? Keep it: recoverable-secrets restore <secret> --region <region>",
)


def _by_events(wanted: Wanted, told: str) -> Iterator[Part]:
    yield Part(
        Kind.RULE,
        wanted.name,
        {
            "Name": wanted.name,
            "Description": "Tells of attempts to read secrets whose deletion is scheduled",
            "EventPattern": patterns.event_pattern(wanted.name_prefix),
            "State": EVERY_READ,
        },
    )
    worded = "\n".join(f'"{line}"' for line in MESSAGE)
    transformer = {"InputPathsMap": dict(PATHS), "InputTemplate": worded}
    yield Part(
        Kind.TARGET,
        wanted.name,
        {"Id": TARGET_ID, "Arn": told, "InputTransformer": transformer},
    )
