"""The access alarm as a template, on stacks; and all of its ways from a read to a message.

ministack does not make metrics of what CloudTrail writes into a log group, takes no events in AWS's
own name, and serves only rules that are merely ENABLED. So the metric is put by hand, and the rule
is given another source and state for a moment. What remains open by that, the tests of the patterns
cover.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cfnlint.decode import cfn_yaml

from alarm import records
from emulation import DEFAULT_ACCOUNT, DEFAULT_REGION
from recoverable_secrets.alarm import patterns
from stacks.cloud import Cloud, StackError, Template
from stacks.emulator import CREDENTIAL, Emulator

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE: Template = json.loads(
    json.dumps(cfn_yaml.loads((ROOT / "examples/09-access-alarm/template.yaml").read_text()))
)
GROUP = "CloudTrail/DefaultLogGroup"
STATE = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
SECONDS = 20.0

EVENTS_ONLY = {"Topic", "TopicPolicy", "Rule"}
TRAIL_ONLY = {"Topic", "TopicPolicy", "Filter", "ReaderFilter", "Alarm"}


@pytest.fixture
def group(cloud: Cloud) -> Iterator[str]:
    """The log group that CloudTrail delivers to."""
    logs = cloud.client("logs")
    logs.create_log_group(logGroupName=GROUP)
    yield GROUP
    cloud.clear()
    logs.delete_log_group(logGroupName=GROUP)


class Inbox:
    """A queue that listens to a topic."""

    def __init__(self, cloud: Cloud, topic: str) -> None:
        self.sqs = cloud.client("sqs")
        self.url = self.sqs.create_queue(QueueName="inbox")["QueueUrl"]
        attributes = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])
        cloud.client("sns").subscribe(
            TopicArn=topic, Protocol="sqs", Endpoint=attributes["Attributes"]["QueueArn"]
        )

    def message(self) -> dict[str, str]:
        """Return the next message, as SNS wraps it."""
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            got = self.sqs.receive_message(QueueUrl=self.url, WaitTimeSeconds=1)
            for each in got.get("Messages", ()):
                self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=each["ReceiptHandle"])
                told: dict[str, str] = json.loads(each["Body"])
                return told
        raise AssertionError("no message")

    def empty(self) -> bool:
        return not self.sqs.receive_message(QueueUrl=self.url).get("Messages")


@pytest.fixture
def clear_inbox(cloud: Cloud) -> Iterator[None]:
    yield
    sqs = cloud.client("sqs")
    for url in sqs.list_queues().get("QueueUrls", ()):
        sqs.delete_queue(QueueUrl=url)


def rule(cloud: Cloud, stack: str = "alarm") -> dict[str, Any]:
    """Return the rule of a stack, with its targets."""
    events, name = cloud.client("events"), cloud.resources(stack)["Rule"]
    targets = events.list_targets_by_rule(Rule=name)["Targets"]
    return {**events.describe_rule(Name=name), "Targets": targets}


def filters(cloud: Cloud) -> dict[str, dict[str, Any]]:
    """Return the metric filters of the log group, by their metrics."""
    found = cloud.client("logs").describe_metric_filters(logGroupName=GROUP)["metricFilters"]
    return {each["metricTransformations"][0]["metricName"]: each for each in found}


def everything(cloud: Cloud) -> list[str]:
    """Return the names of all that an alarm can be made of."""
    client = cloud.client
    return [
        *(each["TopicArn"] for each in client("sns").list_topics()["Topics"]),
        *(each["Name"] for each in client("events").list_rules()["Rules"]),
        *(each["AlarmName"] for each in client("cloudwatch").describe_alarms()["MetricAlarms"]),
        *(each["filterName"] for each in client("logs").describe_metric_filters()["metricFilters"]),
    ]


def policy(cloud: Cloud, topic: str) -> dict[str, Any]:
    attributes = cloud.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]
    (statement,) = json.loads(attributes["Policy"])["Statement"]
    return dict(statement)


# Stacks ------------------------------------------------------------------------------------------


def test_by_events_made_changed_removed_and_made_again(cloud: Cloud) -> None:
    made = cloud.create("alarm", TEMPLATE, parameters={"Email": "ops@example.com"})
    topic = made.outputs["TopicArn"]
    assert set(cloud.resources("alarm")) == {*EVENTS_ONLY, "Subscription"}
    found = rule(cloud)
    assert found["State"] == STATE
    assert json.loads(found["EventPattern"]) == patterns.event_pattern()
    assert [each["Arn"] for each in found["Targets"]] == [topic]
    (subscribed,) = cloud.client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert (subscribed["Protocol"], subscribed["Endpoint"]) == ("email", "ops@example.com")
    statement = policy(cloud, topic)
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Condition"] == {
        "StringEquals": {"aws:SourceAccount": DEFAULT_ACCOUNT},
        "ArnEquals": {"aws:SourceArn": found["Arn"]},
    }
    cloud.update("alarm", TEMPLATE, parameters={"NamePrefix": "shop/"})
    assert set(cloud.resources("alarm")) == EVENTS_ONLY
    changed = rule(cloud)
    assert json.loads(changed["EventPattern"]) == patterns.event_pattern("shop/")
    assert (changed["Name"], changed["State"]) == (found["Name"], STATE)
    cloud.delete("alarm")
    assert everything(cloud) == []
    cloud.create("alarm", TEMPLATE, parameters={})
    assert rule(cloud)["State"] == STATE
    cloud.clear()
    assert everything(cloud) == []


def test_by_trail_made_changed_removed_and_made_again(cloud: Cloud, group: str) -> None:
    made = cloud.create("alarm", TEMPLATE, parameters={"Way": "trail"})
    topic = made.outputs["TopicArn"]
    assert set(cloud.resources("alarm")) == TRAIL_ONLY
    found = filters(cloud)
    assert set(found) == {"alarm", "alarm-by-reader"}
    for each in found.values():
        assert each["filterPattern"] == patterns.metric_filter()
        assert each["metricTransformations"][0]["metricNamespace"] == "RecoverableSecrets"
    assert found["alarm-by-reader"]["metricTransformations"][0]["dimensions"] == {
        "Principal": "$.userIdentity.arn",
        "Secret": "$.requestParameters.secretId",
    }
    (alarm,) = cloud.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("RecoverableSecrets", "alarm")
    assert alarm["AlarmActions"] == [topic]
    assert alarm["AlarmDescription"].endswith(patterns.query())
    statement = policy(cloud, topic)
    assert statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert statement["Condition"]["ArnEquals"] == {"aws:SourceArn": alarm["AlarmArn"]}
    cloud.update("alarm", TEMPLATE, parameters={"Way": "trail", "NamePrefix": "shop/"})
    for each in filters(cloud).values():
        assert each["filterPattern"] == patterns.metric_filter("shop/")
    cloud.delete("alarm")
    assert everything(cloud) == []
    cloud.create("alarm", TEMPLATE, parameters={"Way": "trail"})
    assert set(filters(cloud)) == {"alarm", "alarm-by-reader"}


def test_a_topic_that_is_given_stays(cloud: Cloud, group: str) -> None:
    topic = cloud.client("sns").create_topic(Name="ops")["TopicArn"]
    given = {"TopicArn": topic}
    made = cloud.create("alarm", TEMPLATE, parameters=given)
    assert made.outputs == {"TopicArn": topic}
    assert set(cloud.resources("alarm")) == {"Rule"}
    assert [each["Arn"] for each in rule(cloud)["Targets"]] == [topic]
    cloud.update("alarm", TEMPLATE, parameters={**given, "Way": "trail"})
    assert set(cloud.resources("alarm")) == {"Filter", "ReaderFilter", "Alarm"}
    (alarm,) = cloud.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert alarm["AlarmActions"] == [topic]
    cloud.delete("alarm")
    assert everything(cloud) == [topic]
    cloud.client("sns").delete_topic(TopicArn=topic)


def test_without_its_log_group_nothing_is_left(cloud: Cloud) -> None:
    with pytest.raises(StackError, match="log group"):
        cloud.create("alarm", TEMPLATE, parameters={"Way": "trail", "LogGroupName": "nowhere"})
    cloud.clear()
    assert everything(cloud) == []


# From a read to a message ------------------------------------------------------------------------


def test_the_rule_matches_reads_of_pending_secrets_and_nothing_else(cloud: Cloud) -> None:
    """By ministack's own matcher, with the pattern that the stack put there."""
    cloud.create("alarm", TEMPLATE, parameters={"NamePrefix": "shop/"})
    events, pattern = cloud.client("events"), rule(cloud)["EventPattern"]

    def matches(record: dict[str, Any]) -> bool:
        told = events.test_event_pattern(
            EventPattern=pattern, Event=json.dumps(records.event(record))
        )
        return bool(told["Result"])

    found = {name for name, record in records.TELLS.items() if matches(record)}
    assert set(records.TELLS) - found == {"batch-as-a-whole"}, "it names several secrets"
    assert not [name for name, record in records.QUIET.items() if matches(record)]


def test_an_event_becomes_a_message_that_says_who_read_what(
    cloud: Cloud, clear_inbox: None
) -> None:
    made = cloud.create("alarm", TEMPLATE, parameters={})
    inbox, events, found = (
        Inbox(cloud, made.outputs["TopicArn"]),
        cloud.client("events"),
        rule(cloud),
    )
    pattern = {**json.loads(found["EventPattern"]), "source": ["test.secretsmanager"]}
    events.put_rule(Name=found["Name"], EventPattern=json.dumps(pattern), State="ENABLED")

    def put(record: dict[str, Any]) -> None:
        event = records.event(record)
        entry = {
            "Source": "test.secretsmanager",
            "DetailType": event["detail-type"],
            "Detail": json.dumps(record),
        }
        assert events.put_events(Entries=[entry])["FailedEntryCount"] == 0

    for record in records.QUIET.values():
        if record["eventSource"] == patterns.SOURCE:
            put(record)
    put(records.TELLS["by-user"])
    text = inbox.message()["Message"]
    record = records.TELLS["by-user"]
    for told in (
        "arn:aws:iam::123456789012:user/batch-job",
        "shop/prod/db",
        f"{DEFAULT_ACCOUNT} {record['awsRegion']}",
        record["eventTime"],
        record["sourceIPAddress"],
        record["userAgent"],
        record["eventID"],
    ):
        assert told in text
    assert not re.search("<[a-z]+>", text)
    assert inbox.empty(), "the others matched nothing"


def test_a_metric_becomes_an_alarm_and_a_message_that_says_how_to_see_who(
    cloud: Cloud, group: str, clear_inbox: None
) -> None:
    made = cloud.create("alarm", TEMPLATE, parameters={"Way": "trail"})
    inbox, watch = Inbox(cloud, made.outputs["TopicArn"]), cloud.client("cloudwatch")
    reads = {"MetricName": "alarm", "Value": 1.0}
    watch.put_metric_data(Namespace="RecoverableSecrets", MetricData=[reads])
    deadline, state = time.monotonic() + SECONDS, ""
    while state != "ALARM" and time.monotonic() < deadline:
        (alarm,) = watch.describe_alarms()["MetricAlarms"]
        state = alarm["StateValue"]
    assert state == "ALARM"
    told = json.loads(inbox.message()["Message"])
    assert told["NewStateValue"] == "ALARM"
    assert patterns.query() in told["AlarmDescription"]


# The command, as a process -----------------------------------------------------------------------


def ran(running: Emulator, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command against ministack."""
    env = {
        "PATH": str(Path(sys.executable).parent),
        "PYTHONPATH": str(ROOT / "provider"),
        "AWS_ENDPOINT_URL": running.url,
        "AWS_CA_BUNDLE": str(running.certificate),
        "AWS_ACCESS_KEY_ID": DEFAULT_ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": CREDENTIAL,
        "AWS_REGION": DEFAULT_REGION,
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "COLUMNS": "200",
    }
    return subprocess.run(
        [sys.executable, "-m", "recoverable_secrets", "alarm", *arguments],
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_command_installs_shows_and_removes(
    running: Emulator, cloud: Cloud, group: str
) -> None:
    regions = ("--region", DEFAULT_REGION, "--region", "eu-west-1")
    made = ran(running, "install", "--way", "events", "--name-prefix", "shop/", *regions, "--json")
    assert made.returncode == 0, made.stderr
    assert [each["region"] for each in json.loads(made.stdout)["alarms"]] == [
        DEFAULT_REGION,
        "eu-west-1",
    ]
    shown = ran(running, "status", *regions)
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.count("recoverable-secrets-access-alarm") >= 8
    cloud.client("events").disable_rule(Name="recoverable-secrets-access-alarm")
    broken = ran(running, "status", *regions, "--json")
    assert broken.returncode == 6
    states = [
        part["state"] for each in json.loads(broken.stdout)["alarms"] for part in each["parts"]
    ]
    assert states.count("changed") == 1
    other = ran(running, "install", "--way", "trail", "--log-group", group, "--name", "other")
    assert other.returncode == 0, other.stderr
    nowhere = ran(running, "install", "--way", "trail", "--log-group", "nowhere")
    assert nowhere.returncode == 2
    assert "no log group nowhere in us-east-1" in nowhere.stderr
    for name in ("other", "recoverable-secrets-access-alarm"):
        gone = ran(running, "remove", "--yes", "--name", name, *regions)
        assert gone.returncode == 0, gone.stderr
    assert everything(cloud) == []
    assert ran(running, "status", *regions).returncode == 6
    for run in (made, shown, broken, other, nowhere):
        assert CREDENTIAL not in run.stdout + run.stderr


def test_the_command_writes_the_template_without_any_credentials(running: Emulator) -> None:
    written = ran(running, "show-template")
    assert written.stdout == (ROOT / "examples/09-access-alarm/template.yaml").read_text()
    assert json.loads(ran(running, "show-template", "--json").stdout) == TEMPLATE
