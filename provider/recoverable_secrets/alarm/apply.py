"""One part in AWS: how it is, how it is put, and how it is taken away.

Every put can be repeated, and a look tells a part in the words that `parts` has for it, so that
`==` tells whether there is anything to do. Only what a part declares is looked at.

What is made is marked by tags: its owner and, since the owner's next alarm may have the same name
before this one is taken away, the incarnation. Metric filters have no tags; they go with the alarm.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from recoverable_secrets.core import documents, errors, ownership

from .parts import NAMESPACE, Kind, Part
from .region import PERMISSIONS, TAGGING, Region

__all__ = [
    "MARKED",
    "PERMISSIONS",
    "TAGGING",
    "Mark",
    "drop",
    "look",
    "mark",
    "marked",
    "of_others",
    "put",
    "subscriptions",
]

MARKED = frozenset({Kind.TOPIC, Kind.ALARM, Kind.RULE})
"""Kinds that carry a mark."""

_OF_METRIC = ("MetricNamespace", "MetricName", "MetricValue")
_ON = {Kind.ALARM: "cloudwatch", Kind.RULE: "events", Kind.TOPIC: "sns"}


@dataclass(frozen=True, slots=True)
class Mark:
    """Whose a part is.

    Attributes:
        owner: Who made it.
        instance: In which incarnation.
    """

    owner: str
    instance: str

    @property
    def tags(self) -> list[dict[str, str]]:
        """As all the services take it."""
        told = {ownership.OWNER: self.owner, ownership.INSTANCE: self.instance}
        return [{"Key": key, "Value": content} for key, content in told.items()]


# Looking ---------------------------------------------------------------------------------------


def look(region: Region, part: Part) -> Mapping[str, Any] | None:
    """Return the properties of a part as they are, or `None` if there is no such part."""
    return _LOOKS[part.kind](region, part)


def _topic(region: Region, part: Part) -> Mapping[str, Any] | None:
    return {"TopicName": part.name.rpartition(":")[2]} if _attributes(region, part.name) else None


def _attributes(region: Region, arn: str) -> Mapping[str, str]:
    told = region.call("sns", "GetTopicAttributes", arn, {"TopicArn": arn})
    found: Mapping[str, str] = told.get("Attributes", {})
    return found


def _topic_policy(region: Region, part: Part) -> Mapping[str, Any] | None:
    text = _attributes(region, part.name).get("Policy")
    if not text:
        return None
    with contextlib.suppress(ValueError):  # SNS respells what it is given.
        if documents.normal(text) == documents.normal(part.properties.get("PolicyDocument")):
            return part.properties
    return {"Topics": [part.name], "PolicyDocument": json.loads(text)}


def _subscription(region: Region, part: Part) -> Mapping[str, Any] | None:
    return part.properties if _subscribed(region, part) else None


def _subscribed(region: Region, part: Part) -> str | None:
    """Return the ARN of a subscription, which is none yet until it is confirmed."""
    found = subscriptions(region, part.properties["TopicArn"], part.name)
    return next((arn for address, arn in found if address == part.name), None)


def subscriptions(region: Region, topic: str, name: str) -> Iterator[tuple[str, str]]:
    """Yield address and ARN of a topic's subscriptions by mail.

    Args:
        region: Where.
        topic: ARN of the topic.
        name: What is looked for, for the texts.
    """
    request = {"TopicArn": topic}
    for page in region.pages("sns", "ListSubscriptionsByTopic", name, request, "NextToken"):
        for each in page.get("Subscriptions", ()):
            if each["Protocol"] == "email":
                yield each["Endpoint"], str(each["SubscriptionArn"])


def _filter(region: Region, part: Part) -> Mapping[str, Any] | None:
    if not part.properties["LogGroupName"]:
        return None  # Of an alarm that was found alone.
    request = {"logGroupName": part.properties["LogGroupName"], "filterNamePrefix": part.name}
    for page in region.pages("logs", "DescribeMetricFilters", part.name, request, "nextToken"):
        for each in page.get("metricFilters", ()):
            if each["filterName"] == part.name:
                return _as_filter({**each, "logGroupName": request["logGroupName"]})
    return None


def _as_filter(told: Mapping[str, Any]) -> dict[str, Any]:
    metrics = []
    for each in told["metricTransformations"]:
        metric = {name: each.get(_lowered(name)) for name in _OF_METRIC}
        if each.get("dimensions"):
            pairs = sorted(each["dimensions"].items())
            metric["Dimensions"] = [{"Key": key, "Value": selector} for key, selector in pairs]
        metrics.append(metric)
    return {
        "LogGroupName": told["logGroupName"],
        "FilterName": told["filterName"],
        "FilterPattern": told.get("filterPattern", ""),
        "MetricTransformations": metrics,
    }


def _alarm(region: Region, part: Part) -> Mapping[str, Any] | None:
    told = region.call("cloudwatch", "DescribeAlarms", part.name, {"AlarmNames": [part.name]})
    for each in told.get("MetricAlarms", ()):
        return {name: each.get(name) for name in part.properties}
    return None


def _rule(region: Region, part: Part) -> Mapping[str, Any] | None:
    told = region.call("events", "DescribeRule", part.name, {"Name": part.name})
    if not told.get("Name"):
        return None
    seen = {name: told.get(name) for name in part.properties}
    seen["EventPattern"] = json.loads(told.get("EventPattern") or "null")
    return seen


def _target(region: Region, part: Part) -> Mapping[str, Any] | None:
    request = {"Rule": part.name}
    for page in region.pages("events", "ListTargetsByRule", part.name, request, "NextToken"):
        for each in page.get("Targets", ()):
            if each["Id"] == part.properties["Id"]:
                return {name: each.get(name) for name in part.properties}
    return None


_LOOKS: Mapping[Kind, Callable[[Region, Part], Mapping[str, Any] | None]] = {
    Kind.TOPIC: _topic,
    Kind.TOPIC_POLICY: _topic_policy,
    Kind.SUBSCRIPTION: _subscription,
    Kind.FILTER: _filter,
    Kind.ALARM: _alarm,
    Kind.RULE: _rule,
    Kind.TARGET: _target,
}


# Marks -----------------------------------------------------------------------------------------


def _arn(region: Region, part: Part) -> str:
    if part.kind is Kind.TOPIC:
        return part.name
    if part.kind is Kind.ALARM:
        return region.place.arn("cloudwatch", f"alarm:{part.name}")
    return region.place.arn("events", f"rule/{part.name}")


def marked(region: Region, part: Part) -> Mark | None:
    """Return the mark of a part that exists, of a kind that carries one."""
    service = _ON[part.kind]
    request = {_key(service): _arn(region, part)}
    told = region.call(service, "ListTagsForResource", part.name, request)
    tags = {each["Key"]: each["Value"] for each in told.get("Tags", ())}
    if ownership.OWNER not in tags:
        return None
    return Mark(tags[ownership.OWNER], tags.get(ownership.INSTANCE, ""))


def mark(region: Region, part: Part, whose: Mark) -> None:
    """Mark a part."""
    service = _ON[part.kind]
    request = {_key(service): _arn(region, part), "Tags": whose.tags}
    if not region.call(service, "TagResource", part.name, request):
        raise _vanished(part)


def _key(service: str) -> str:
    return "ResourceArn" if service == "sns" else "ResourceARN"


def of_others(part: Part, seen: Mapping[str, Any]) -> bool:
    """Whether a metric filter of this name counts something else than ours does."""
    metrics = seen["MetricTransformations"] if part.kind is Kind.FILTER else ()
    return any(each.get("MetricNamespace") != NAMESPACE for each in metrics)


# Putting and dropping --------------------------------------------------------------------------


def put(region: Region, part: Part, new: Mark | None = None) -> None:
    """Make a part, or bring it to what it has to be like.

    Args:
        region: Where.
        part: What.
        new: Its mark if there is no such part yet, so that it never exists without.

    Raises:
        RecoverableSecretsError: It cannot be.
    """
    service, operation, request = _put(part)
    if new and part.kind in MARKED:
        request["Tags"] = new.tags
    told = region.call(service, operation, part.name, request)
    if not told:
        raise _vanished(part)
    if told.get("FailedEntryCount"):
        code = told["FailedEntries"][0].get("ErrorCode", "Unknown")
        raise errors.StoreError(f"PutTargets of {errors.short(part.name)} failed: {code}", code)


def _vanished(part: Part) -> errors.Temporary:
    return errors.Temporary(
        f"{part.label}, or what it belongs to, vanished while it was put: something else removes "
        "it. Run again"
    )


def _put(part: Part) -> tuple[str, str, dict[str, Any]]:
    """Return service, operation and request that put a part."""
    given = part.properties
    match part.kind:
        case Kind.TOPIC:
            return "sns", "CreateTopic", {"Name": given["TopicName"]}
        case Kind.TOPIC_POLICY:
            document = json.dumps(given["PolicyDocument"])
            request = {"AttributeName": "Policy", "AttributeValue": document}
            return "sns", "SetTopicAttributes", {"TopicArn": part.name, **request}
        case Kind.SUBSCRIPTION:
            return "sns", "Subscribe", dict(given)
        case Kind.FILTER:
            return "logs", "PutMetricFilter", _filter_request(given)
        case Kind.ALARM:
            return "cloudwatch", "PutMetricAlarm", dict(given)
        case Kind.RULE:
            pattern = json.dumps(given["EventPattern"])
            return "events", "PutRule", {**given, "EventPattern": pattern}
        case Kind.TARGET:
            return "events", "PutTargets", {"Rule": part.name, "Targets": [dict(given)]}


def _filter_request(given: Mapping[str, Any]) -> dict[str, Any]:
    metrics = []
    for each in given["MetricTransformations"]:
        metric = {_lowered(name): each[name] for name in each if name != "Dimensions"}
        if "Dimensions" in each:
            metric["dimensions"] = {pair["Key"]: pair["Value"] for pair in each["Dimensions"]}
        metrics.append(metric)
    rest = {_lowered(name): each for name, each in given.items() if name != "MetricTransformations"}
    return {**rest, "metricTransformations": metrics}


def _lowered(name: str) -> str:
    return name[0].lower() + name[1:]


def drop(region: Region, part: Part) -> None:
    """Take a part away; that it is gone already is fine.

    A topic's policy goes with the topic, and a subscription that nobody confirmed goes by itself.
    """
    for service, operation, request in _drop(region, part):
        region.call(service, operation, part.name, request)


def _drop(region: Region, part: Part) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield service, operation and request that take a part away."""
    match part.kind:
        case Kind.TOPIC_POLICY:
            return
        case Kind.TOPIC:
            yield "sns", "DeleteTopic", {"TopicArn": part.name}
        case Kind.SUBSCRIPTION:
            arn = _subscribed(region, part) or ""
            if arn.startswith("arn:"):
                yield "sns", "Unsubscribe", {"SubscriptionArn": arn}
        case Kind.FILTER:
            group = part.properties["LogGroupName"]
            request = {"logGroupName": group, "filterName": part.name}
            yield "logs", "DeleteMetricFilter", request
        case Kind.ALARM:
            yield "cloudwatch", "DeleteAlarms", {"AlarmNames": [part.name]}
        case Kind.RULE:
            yield "events", "DeleteRule", {"Name": part.name}
        case Kind.TARGET:
            ids = [part.properties["Id"]]
            yield "events", "RemoveTargets", {"Rule": part.name, "Ids": ids}
