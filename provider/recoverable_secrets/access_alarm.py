"""`AccessAlarm` for Pulumi programs, and the dynamic provider behind it.

This module's path and the provider's class name are in the state of every stack that uses them, and
stay as they are for ever, as those of `dynamic` do (docs/decisions/0001).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pulumi
from pulumi import dynamic

from . import configuration, serving
from .alarm import managed
from .core import ownership
from .dynamic import default_owner
from .engine import random_hex

ENDPOINTS = {
    "cloudwatch": ("cloudwatch",),
    "events": ("events", "eventbridge", "cloudwatchevents"),
    "logs": ("logs", "cloudwatchlogs"),
    "sns": ("sns",),
    "sts": ("sts",),
}
"""Services, and the names that pulumi-aws has for them under `aws:endpoints`."""

_LABEL_LIMIT = 47


class AccessAlarmProvider(dynamic.ResourceProvider):
    """The dynamic provider of `AccessAlarm`. Stateless; several threads call one of it."""

    serialize_as_secret_always = False

    @serving.scrubbed
    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> dynamic.CheckResult:
        """Refuse bad input, all problems at once."""
        problems = managed.check(serving.plain(news), serving.unknown(news))
        return dynamic.CheckResult(news, [dynamic.CheckFailure("", text) for text in problems])

    @serving.scrubbed
    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> dynamic.DiffResult:
        """Tell whether there is anything to do. Calls nothing."""
        olds, news = serving.plain(_olds), serving.plain(_news)
        changes, replaces = managed.diff(olds, news, serving.unknown(_news))
        return dynamic.DiffResult(changes=changes, replaces=replaces, delete_before_replace=False)

    @serving.scrubbed
    def create(self, props: dict[str, Any]) -> dynamic.CreateResult:
        """Make the alarm with all its parts."""
        id_, outputs = managed.create(serving.plain(props), random_hex(), serving.say)
        return dynamic.CreateResult(id_, outputs)

    @serving.scrubbed
    def read(self, id_: str, props: dict[str, Any]) -> dynamic.ReadResult:
        """Look at all parts; an alarm of which nothing is left is gone for Pulumi."""
        outputs = managed.read(serving.plain(props))
        return dynamic.ReadResult("", {}) if outputs is None else dynamic.ReadResult(id_, outputs)

    @serving.scrubbed
    def update(
        self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]
    ) -> dynamic.UpdateResult:
        """Bring all parts to what is declared; take away those that are not any more."""
        olds, news = serving.plain(_olds), serving.plain(_news)
        return dynamic.UpdateResult(managed.update(olds, news, serving.say))

    @serving.scrubbed
    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Take away what was made; a topic that was given stays."""
        managed.delete(serving.plain(_props), serving.say)


class AccessAlarm(dynamic.Resource, module="recoverable-secrets", name="AccessAlarm"):
    """Tells a topic of attempts to read secrets whose deletion is scheduled."""

    arn: pulumi.Output[str]
    """ARN of the CloudWatch alarm or of the EventBridge rule."""
    name: pulumi.Output[str]
    """Its name."""
    region: pulumi.Output[str]
    """The region it watches."""
    topic_arn: pulumi.Output[str]
    """ARN of the topic that is told, given or made."""

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        way: pulumi.Input[str],
        log_group_name: pulumi.Input[str] | None = None,
        topic_arn: pulumi.Input[str] | None = None,
        email: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        name_prefix: pulumi.Input[str] | None = None,
        name: pulumi.Input[str] | None = None,
        region: pulumi.Input[str] | None = None,
        profile: pulumi.Input[str] | None = None,
        assume_role_arn: pulumi.Input[str] | None = None,
        allowed_account_ids: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
    ) -> None:
        """Declare an access alarm. It is explained in docs/access-alarm.md.

        Args:
            resource_name: Pulumi's name of the resource; also makes the default of `name`.
            opts: Pulumi's resource options.
            way: `trail`: metric filter and alarm on the log group that CloudTrail delivers to.
                `events`: rule of EventBridge on CloudTrail's management events.
            log_group_name: That log group, needed with `trail`.
            topic_arn: SNS topic to tell, in the same region. Without, one is made.
            email: Addresses that subscribe to the topic that is made.
            name_prefix: Only secrets whose names begin so.
            name: Name of the alarm or rule and of the topic. A change means another alarm.
            region: Region; a change means another alarm.
            profile: Profile of the shared AWS configuration.
            assume_role_arn: Role to assume for all calls.
            allowed_account_ids: The only accounts in which anything may be done.
        """
        props: dict[str, Any] = {
            "way": way,
            "log_group_name": log_group_name,
            "topic_arn": topic_arn,
            "email": email,
            "name_prefix": name_prefix,
            "name": name,
            "region": region,
            "profile": profile,
            "assume_role_arn": assume_role_arn,
            "allowed_account_ids": allowed_account_ids,
            "arn": None,
        }
        configuration.configure(props)
        del props["default_tags"]
        props["endpoints"] = _endpoints()
        urn = serving.urn(resource_name, opts, self._resource_type_name)
        props["default_name"] = urn.apply(default_name)
        props["default_owner"] = urn.apply(default_owner)
        super().__init__(AccessAlarmProvider(), resource_name, props, opts)


def default_name(urn: str) -> str:
    """Return the name of an alarm that declares none: the same at each run, and unique.

    >>> default_name("urn:pulumi:dev::shop::pulumi-python:dynamic/a:AccessAlarm::alarm")
    'shop-dev-alarm-fd6f2df7'
    """
    stack, project, _, name = urn.removeprefix("urn:pulumi:").split("::", 3)
    label = re.sub(r"[^A-Za-z0-9_-]+", "-", f"{project}-{stack}-{name}")
    return f"{label[:_LABEL_LIMIT]}-{ownership.digest(urn, length=8)}"


def _endpoints() -> dict[str, str] | None:
    """Return what `aws:endpoints` says of the services that are called here."""
    configured = pulumi.Config("aws").get_object("endpoints") or []
    entries = configured if isinstance(configured, list) else [configured]
    urls = {name: url for entry in entries for name, url in entry.items() if url}
    return {
        service: urls[name]
        for service, names in ENDPOINTS.items()
        for name in names
        if name in urls
    } or None
