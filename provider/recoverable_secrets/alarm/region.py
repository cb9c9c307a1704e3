"""One region of one account: the calls that are made there, and what each of them needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from recoverable_secrets.core import errors
from recoverable_secrets.stores import aws_errors

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

_MISSING = frozenset({"NotFound", "NotFoundException", "ResourceNotFound"})
_METHODS = {
    name: "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")
    for name in (*PERMISSIONS, *TAGGING)
}


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
            self.store.admit()
            self._place = Place(told["Arn"].split(":")[1], self.name, told["Account"])
        return self._place

    def call(
        self, service: str, operation: str, name: str, request: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Make one call; an answer without content says that the thing does not exist.

        Raises:
            RecoverableSecretsError: As `stores.aws.translated` says.
        """
        from recoverable_secrets.stores import aws  # noqa: PLC0415  # boto3: only who calls

        own = (f"{service}:{operation}",) if operation in TAGGING else ()
        subject = aws_errors.Subject(
            operation, name, needs=own or PERMISSIONS.get(operation, ("sts:GetCallerIdentity",))
        )

        def made() -> dict[str, Any]:
            client = self.store.client(service, self.name)
            method = getattr(client, _METHODS.get(operation, "get_caller_identity"))
            answer: dict[str, Any] = method(**request)
            return answer

        try:
            answer = aws.translated(subject, made)
        except errors.StoreError as failure:
            if failure.code not in _MISSING:
                raise
            return {}
        return answer if isinstance(answer, dict) else {}

    def pages(
        self, service: str, operation: str, name: str, request: Mapping[str, Any], token: str
    ) -> Iterator[dict[str, Any]]:
        """Yield all pages of an answer; `token` is the name of what leads to the next one."""
        following: dict[str, Any] = {}
        while True:
            page = self.call(service, operation, name, {**request, **following})
            yield page
            if not page.get(token):
                return
            following = {token: page[token]}
