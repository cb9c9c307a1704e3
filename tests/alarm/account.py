"""CloudWatch, EventBridge and SNS in this process: moto's, free of the caller's own settings."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import boto3
import moto
import pytest
from botocore.awsrequest import AWSResponse
from moto.logs.metric_filters import MetricFilters

from recoverable_secrets.alarm.region import Region
from recoverable_secrets.stores import aws as aws_store

HOME = "us-east-1"
GROUP = "CloudTrail/DefaultLogGroup"


ADD, OPEN = MetricFilters.add_filter, aws_store.AwsStore.client
DENIED = {"Code": "AccessDenied", "Message": "no"}

Response = tuple[AWSResponse, dict[str, Any]]
Intercept = Callable[[str, str], Response | None]
"""Takes boto3's name of a service and an operation; answers the call, or lets it through."""


def overwrite(held: Any, name: str, pattern: str, group: str, *rest: Any) -> None:
    """Put a metric filter as AWS does, in place of one of this name; moto keeps both."""
    same = {"filterName": name, "logGroupName": group}
    held.metric_filters = [each for each in held.metric_filters if not same.items() <= each.items()]
    ADD(held, name, pattern, group, *rest)


def response(status: int, content: Mapping[str, Any]) -> Response:
    """Return what botocore makes of an answer over HTTP."""
    meta = {"ResponseMetadata": {"HTTPStatusCode": status, "HTTPHeaders": {}}}
    return AWSResponse("", status, {}, None), {**content, **meta}


@functools.cache
def _client(service: str) -> Any:
    """Return a client; making one takes longer than a test may."""
    return boto3.client(service, HOME)


class Account:
    """An account, empty but for the log group of CloudTrail.

    Attributes:
        here: Its home region, as the package sees it.
        said: What the user was told.
        intercepts: Answer calls of the package's, below its own retries.
    """

    def __init__(self) -> None:
        self.said: list[str] = []
        self.intercepts: list[Intercept] = []
        self.client("logs").create_log_group(logGroupName=GROUP)

    def intercepted(self, intercept: Intercept) -> Callable[[], None]:
        """Let calls be answered by this, if it answers; return the end of that."""
        self.intercepts.append(intercept)
        return lambda: self.intercepts.remove(intercept)

    def answers(
        self, service: str, operation: str, status: int, content: Mapping[str, Any]
    ) -> Callable[[], None]:
        """Let a call of the package's be answered so; return the end of that."""
        return self.intercepted(
            lambda *called: response(status, content) if called == (service, operation) else None
        )

    def refuses(
        self, service: str, operation: str, code: str = "AccessDenied", text: str = "no"
    ) -> Callable[[], None]:
        """Let a call of the package's be refused; return the end of that."""
        return self.answers(service, operation, 403, {"Error": {"Code": code, "Message": text}})

    @property
    def here(self) -> Region:
        return Region(aws_store.open_store(aws_store.Connection(region=HOME)))

    def interrupted(self, at: int) -> Callable[[], None]:
        """Refuse the package's call of this number, and all after it; return the end of that."""
        left = at

        def intercept(_service: str, _operation: str) -> Response | None:
            nonlocal left
            left -= 1
            return None if left >= 0 else response(403, {"Error": DENIED})

        return self.intercepted(intercept)

    def client(self, service: str) -> Any:
        return _client(service)

    def names(self) -> dict[str, list[str]]:
        """Return all there is, by kind."""
        logs, watch = self.client("logs"), self.client("cloudwatch")
        topics = self.client("sns").list_topics()["Topics"]
        return {
            "topics": [each["TopicArn"].rpartition(":")[2] for each in topics],
            "filters": [
                each["filterName"] for each in logs.describe_metric_filters()["metricFilters"]
            ],
            "alarms": [each["AlarmName"] for each in watch.describe_alarms()["MetricAlarms"]],
            "rules": [each["Name"] for each in self.client("events").list_rules()["Rules"]],
        }

    def topic(self, name: str = "ops") -> str:
        """Make a topic by hand, and return its ARN."""
        return str(self.client("sns").create_topic(Name=name)["TopicArn"])


NOTHING: dict[str, list[str]] = {"topics": [], "filters": [], "alarms": [], "rules": []}


@pytest.fixture(scope="module", autouse=True)
def forgotten() -> Iterator[None]:
    """No store and no client of another module, whose credentials may be others."""
    aws_store.open_store.cache_clear()
    _client.cache_clear()
    yield
    aws_store.open_store.cache_clear()


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    """An account."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    own = {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ACCESS_KEY_ID": "AKIANOBODY",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_REGION": HOME,
        "AWS_DEFAULT_REGION": HOME,
    }
    for name, content in own.items():
        monkeypatch.setenv(name, content)
    monkeypatch.setattr(MetricFilters, "add_filter", overwrite)
    with moto.mock_aws():
        made = Account()
        watched: set[int] = set()

        def client(store: aws_store.AwsStore, service: str, region: str) -> Any:
            """Return the package's own client, each call of which the account may answer."""
            opened = OPEN(store, service, region)
            if id(opened) not in watched:
                watched.add(id(opened))
                opened.meta.events.register_first("before-call", answer, unique_id=id(made))
            return opened

        def answer(model: Any, **_: object) -> Response | None:
            names = model.service_model.service_name, model.name
            found = (intercept(*names) for intercept in made.intercepts)
            return next(filter(None, found), None)

        monkeypatch.setattr(aws_store.AwsStore, "client", client)
        yield made
        made.intercepts.clear()
