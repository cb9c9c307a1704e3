"""What needs which permissions: by the tables of those that make the calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from recoverable_secrets.alarm import region
from recoverable_secrets.stores import aws_checks, aws_errors, aws_inventory, aws_stacks, aws_trails

from .findings import For


@dataclass(frozen=True, slots=True)
class Need:
    """Something that needs permissions.

    Attributes:
        area: What it is a part of.
        what: What it is, for people.
        operations: AWS's names of the operations.
        services: Whose tags are set and listed.
    """

    area: For
    what: str
    operations: tuple[str, ...]
    services: tuple[str, ...] = ()

    @property
    def actions(self) -> tuple[str, ...]:
        """The actions of IAM, each once."""
        return tuple(dict.fromkeys(self._actions()))

    def _actions(self) -> Iterator[str]:
        for operation in self.operations:
            if self.area is For.KEY:
                yield from aws_errors.KMS_PERMISSIONS.get(operation, ())
            yield from next((one[operation] for one in _tables(self.area) if operation in one), ())
        for service in self.services:
            yield from (f"{service}:{operation}" for operation in region.TAGGING)


def _tables(area: For) -> tuple[Mapping[str, tuple[str, ...]], ...]:
    if area is For.ALARM:
        return (region.PERMISSIONS, aws_trails.PERMISSIONS)
    if area is For.KEY:
        return ({"DescribeKey": aws_errors.PERMISSIONS["DescribeKey"]},)
    return (
        aws_errors.PERMISSIONS,
        aws_inventory.PERMISSIONS,
        aws_stacks.PERMISSIONS,
        aws_checks.PERMISSIONS,
    )


_LOOK = "DescribeSecret"
_TOPIC = ("CreateTopic", "DeleteTopic", "GetTopicAttributes", "SetTopicAttributes")
_ADDRESSES = ("Subscribe", "Unsubscribe", "ListSubscriptionsByTopic")

NEEDS = (
    Need(For.RESOURCE, "create and restore", ("CreateSecret", _LOOK, "RestoreSecret")),
    Need(
        For.RESOURCE,
        "update and adopt",
        (_LOOK, "UpdateSecret", "PutSecretValue", "TagResource", "UntagResource"),
    ),
    Need(For.RESOURCE, "teardown", (_LOOK, "DeleteSecret")),
    Need(
        For.REPLICAS,
        "replicas, and their return",
        ("ReplicateSecretToRegions", "RemoveRegionsFromReplication", "TagResource"),
    ),
    Need(
        For.POLICY,
        "resource policy",
        ("PutResourcePolicy", "GetResourcePolicy", "DeleteResourcePolicy"),
    ),
    Need(
        For.ROTATION,
        "rotation",
        (
            "RotateSecret",
            "CancelRotateSecret",
            "TagResource",
            "UntagResource",
            "UpdateSecretVersionStage",
        ),
    ),
    Need(
        For.KEY,
        "a key of your own",
        (
            "CreateSecret",
            "PutSecretValue",
            "UpdateSecret",
            "ReplicateSecretToRegions",
            "DescribeKey",
        ),
    ),
    Need(For.COMMANDS, "pending", ("ListSecrets",)),
    Need(For.COMMANDS, "status", (_LOOK, "ListSecretVersionIds")),
    Need(
        For.COMMANDS,
        "restore",
        ("ListSecrets", _LOOK, "RestoreSecret", "ReplicateSecretToRegions"),
    ),
    Need(
        For.COMMANDS,
        "delete and purge",
        (_LOOK, "DeleteSecret", "RemoveRegionsFromReplication", "TagResource"),
    ),
    Need(
        For.COMMANDS,
        "restore and delete what is rotated",
        ("RotateSecret", "CancelRotateSecret", "UpdateSecretVersionStage"),
    ),
    Need(For.COMMANDS, "versions", (_LOOK, "ListSecretVersionIds", "UpdateSecretVersionStage")),
    Need(For.COMMANDS, "owner", (_LOOK, "TagResource", "UntagResource")),
    Need(For.COMMANDS, "orphans", ("ListSecrets", "ListStackResources", "ListStacks")),
    Need(
        For.ALARM,
        "alarm on a trail's log group",
        (
            *_TOPIC,
            *_ADDRESSES,
            "PutMetricFilter",
            "DeleteMetricFilter",
            "DescribeMetricFilters",
            "PutMetricAlarm",
            "DeleteAlarms",
            "DescribeAlarms",
        ),
        ("sns", "cloudwatch"),
    ),
    Need(
        For.ALARM,
        "alarm by a rule of EventBridge",
        (
            *_TOPIC,
            *_ADDRESSES,
            "PutRule",
            "DeleteRule",
            "DescribeRule",
            "PutTargets",
            "RemoveTargets",
            "ListTargetsByRule",
        ),
        ("sns", "events"),
    ),
)
"""All of them, in the order in which they are shown."""
