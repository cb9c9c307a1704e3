"""One region of one account: the calls that are made there, and what each of them needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from recoverable_secrets.stores import aws_calls, aws_errors

from .parts import Place

if TYPE_CHECKING:
    from recoverable_secrets.stores.aws import AwsStore

SERVICES = ("cloudwatch", "events", "logs", "sns")
"""What is called, as boto3 names it; besides STS, for the account."""

PERMISSIONS: Mapping[str, tuple[str, ...]] = {
    "CreateTopic": ("sns:CreateTopic", "sns:TagResource"),
    "DeleteTopic": ("sns:DeleteTopic",),
    "GetTopicAttributes": ("sns:GetTopicAttributes",),
    "SetTopicAttributes": ("sns:SetTopicAttributes",),
    "Subscribe": ("sns:Subscribe",),
    "Unsubscribe": ("sns:Unsubscribe",),
    "ListSubscriptionsByTopic": ("sns:ListSubscriptionsByTopic",),
    "PutMetricFilter": ("logs:PutMetricFilter",),
    "DeleteMetricFilter": ("logs:DeleteMetricFilter",),
    "DescribeMetricFilters": ("logs:DescribeMetricFilters",),
    "PutMetricAlarm": ("cloudwatch:PutMetricAlarm", "cloudwatch:TagResource"),
    "DeleteAlarms": ("cloudwatch:DeleteAlarms",),
    "DescribeAlarms": ("cloudwatch:DescribeAlarms",),
    "PutRule": ("events:PutRule", "events:TagResource"),
    "DeleteRule": ("events:DeleteRule",),
    "DescribeRule": ("events:DescribeRule",),
    "PutTargets": ("events:PutTargets",),
    "RemoveTargets": ("events:RemoveTargets",),
    "ListTargetsByRule": ("events:ListTargetsByRule",),
}
"""What each operation needs; the two about tags exist once in each service."""

TAGGING = ("ListTagsForResource", "TagResource")

_MISSING = frozenset(
    {"NotFound", "NotFoundException", "ResourceNotFound", "ResourceNotFoundException"}
)


class Region:
    """One region of one account, and the calls that are made there.

    Attributes:
        store: Says as whom to call.
        name: The region's name.
    """

    def __init__(self, store: AwsStore, region: str | None = None) -> None:
        """Make it; nothing is called yet.

        Args:
            store: Says as whom to call.
            region: Which one; by default the store's.
        """
        self.store = store
        self.name = region or store.region
        self._place: Place | None = None

    @property
    def place(self) -> Place:
        """Where this is, asked of STS once.

        Raises:
            RecoverableSecretsError: The credentials are none, or of an account not allowed.
        """
        if self._place is None:
            told = self.call("sts", "GetCallerIdentity", "the caller", {})
            self._place = Place(told["Arn"].split(":")[1], self.name, told["Account"])
        return self._place

    def call(
        self, service: str, operation: str, name: str, request: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Make one call; an answer without content says that the thing does not exist.

        Raises:
            RecoverableSecretsError: As `stores.aws_calls.answered` says.
        """
        subject = _subject(service, operation, name)
        return aws_calls.called(self.store, service, self.name, subject, request, missing=_MISSING)

    def pages(
        self, service: str, operation: str, name: str, request: Mapping[str, Any], token: str
    ) -> Iterator[dict[str, Any]]:
        """Return all pages of an answer; `token` is the name of what leads to the next one."""
        subject = _subject(service, operation, name)
        return aws_calls.pages(
            self.store, service, self.name, subject, request, token=token, missing=_MISSING
        )


def _subject(service: str, operation: str, name: str) -> aws_errors.Subject:
    """Return what a call is about, and what it needs."""
    if operation in TAGGING:
        return aws_errors.Subject(operation, name, needs=(f"{service}:{operation}",))
    needs = PERMISSIONS.get(operation, ("sts:GetCallerIdentity",))
    return aws_errors.Subject(operation, name, needs=needs)
