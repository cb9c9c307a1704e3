"""The access alarm on the real engine, over ministack: made, kept, changed, replaced, gone."""

from __future__ import annotations

import functools
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pulumi
import pytest
from tools import pulumi_cli

from e2e.engine import example
from recoverable_secrets import AccessAlarm
from recoverable_secrets.alarm import patterns
from stacks import emulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from e2e.engine import Engine, Program

ACCOUNT, REGION = "123456789012", "us-east-1"
EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "09-access-alarm"
GROUP = "CloudTrail/DefaultLogGroup"
pytestmark = [pytest.mark.stacks, pytest.mark.timeout(400)]
"""On an emulator, whose environment may have to be made first."""

SNS, EVENTS, LOGS, WATCH = "sns", "events", "logs", "cloudwatch"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[emulator.Emulator]:
    """A ministack with the log group of CloudTrail."""
    try:
        with emulator.start(tmp_path_factory.mktemp("ministack")) as started:
            started.client(LOGS).create_log_group(logGroupName=GROUP)
            yield started
    except (emulator.EmulatorError, pulumi_cli.Attempt) as error:
        if os.environ.get("CI", "").lower() in {"1", "true"}:
            pytest.fail(str(error), pytrace=False)
        pytest.skip(str(error))


def engine_env(running: emulator.Emulator) -> dict[str, str]:
    """Return the variables that lead a stack to ministack."""
    services = ("CLOUDWATCH", "CLOUDWATCH_LOGS", "EVENTBRIDGE", "SNS")
    return {
        **{f"AWS_ENDPOINT_URL_{service}": running.url for service in services},
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": emulator.CREDENTIAL,
        "AWS_CA_BUNDLE": str(running.certificate),
    }


@pytest.fixture
def engine(make_engine: Callable[..., Engine], running: emulator.Emulator) -> Engine:
    """A stack whose alarms are made in ministack."""
    return make_engine(env=engine_env(running))


def alarm(**given: Any) -> Program:
    def program() -> None:
        made = AccessAlarm("alarm", **given)
        pulumi.export("arn", made.arn)
        pulumi.export("topic", made.topic_arn)
        pulumi.export("name", made.name)

    return program


by_events = functools.partial(alarm, way="events")
by_trail = functools.partial(alarm, way="trail", log_group_name=GROUP)


def nothing() -> None:
    """A program without an alarm."""


def everything(running: emulator.Emulator) -> list[str]:
    """Return the kinds of all that there is."""
    client = running.client
    found = {
        "topic": client(SNS).list_topics()["Topics"],
        "rule": client(EVENTS).list_rules()["Rules"],
        "alarm": client(WATCH).describe_alarms()["MetricAlarms"],
        "filter": client(LOGS).describe_metric_filters()["metricFilters"],
    }
    return [kind for kind, each in found.items() for _ in each]


BY_EVENTS, BY_TRAIL = ["topic", "rule"], ["topic", "alarm", "filter", "filter"]


def pattern(running: emulator.Emulator, name: str) -> Any:
    return json.loads(running.client(EVENTS).describe_rule(Name=name)["EventPattern"])


def test_a_life(engine: Engine, running: emulator.Emulator) -> None:
    """Looked ahead, made, kept, changed, another way, removed, made again, destroyed."""
    assert engine.preview(by_events()).steps == {"create": 2}
    assert everything(running) == [], "only looked ahead"
    assert engine.up(by_events(email=["ops@example.com"])).steps == {"create": 2}
    assert everything(running) == BY_EVENTS
    told = engine.outputs()
    assert told["name"].startswith("demo-dev-alarm-")
    assert told["arn"] == f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{told['name']}"
    assert told["topic"] == f"arn:aws:sns:{REGION}:{ACCOUNT}:{told['name']}"
    subscribed = running.client(SNS).list_subscriptions_by_topic(TopicArn=told["topic"])
    assert [each["Endpoint"] for each in subscribed["Subscriptions"]] == ["ops@example.com"]
    assert engine.up(by_events(email=["ops@example.com"])).steps == {"same": 2}
    assert engine.up(by_events(name_prefix="shop/")).steps == {"update": 1, "same": 1}
    assert pattern(running, told["name"]) == patterns.event_pattern("shop/")
    assert engine.up(by_trail()).steps == {"update": 1, "same": 1}
    assert everything(running) == BY_TRAIL
    assert engine.outputs()["topic"] == told["topic"]
    assert engine.up(nothing).steps == {"delete": 1, "same": 1}
    assert everything(running) == []
    engine.up(by_events())
    assert everything(running) == BY_EVENTS
    assert engine.outputs() == told
    engine.destroy()
    assert everything(running) == []


def test_drift_is_shown_and_repaired(engine: Engine, running: emulator.Emulator) -> None:
    engine.up(by_trail())
    name = engine.outputs()["name"]
    assert engine.refresh(by_trail()).steps == {"same": 2}
    running.client(WATCH).delete_alarms(AlarmNames=[name])
    running.client(LOGS).delete_metric_filter(logGroupName=GROUP, filterName=name)
    assert engine.up(by_trail()).steps == {"same": 2}, "nobody looked"
    engine.refresh(by_trail())
    held = engine.resource("alarm")["outputs"]
    assert held["drifted"] == [f"metric filter {name}", f"alarm {name}"]
    assert engine.up(by_trail()).steps == {"update": 1, "same": 1}
    assert everything(running) == BY_TRAIL
    assert engine.refresh(by_trail()).steps == {"same": 2}
    running.client(WATCH).disable_alarm_actions(AlarmNames=[name])
    engine.up(by_trail(), refresh=True)
    (found,) = running.client(WATCH).describe_alarms()["MetricAlarms"]
    assert found["ActionsEnabled"] is True
    engine.destroy()
    assert everything(running) == []


def test_one_that_is_gone_is_made_anew(engine: Engine, running: emulator.Emulator) -> None:
    engine.up(by_events())
    told = engine.outputs()
    running.client(EVENTS).remove_targets(Rule=told["name"], Ids=["topic"])
    running.client(EVENTS).delete_rule(Name=told["name"])
    running.client(SNS).delete_topic(TopicArn=told["topic"])
    assert engine.refresh(by_events()).steps["delete"] == 1
    assert engine.up(by_events()).steps["create"] == 1
    assert everything(running) == BY_EVENTS
    engine.destroy()


def test_a_given_topic_stays(engine: Engine, running: emulator.Emulator) -> None:
    topic = running.client(SNS).create_topic(Name="ops")["TopicArn"]
    run = engine.up(by_events(topic_arn=topic))
    assert "the policy of topic" in run.output
    assert "events.amazonaws.com" in run.output
    assert engine.outputs()["topic"] == topic
    assert everything(running) == BY_EVENTS
    engine.up(by_events())
    assert engine.outputs()["topic"] != topic, "its own one now"
    engine.up(by_trail(topic_arn=topic))
    assert everything(running) == BY_TRAIL, "and its own one is gone"
    engine.destroy()
    assert everything(running) == ["topic"]
    running.client(SNS).delete_topic(TopicArn=topic)


def test_replaced_under_the_same_name_it_stays(engine: Engine, running: emulator.Emulator) -> None:
    """The engine makes the new one first, and then deletes the old one."""
    engine.up(by_events())
    before = engine.resource("alarm")
    run = engine.up(by_events(), replace=[before["urn"]])
    assert run.steps["replace"] == 1
    assert everything(running) == BY_EVENTS
    assert "is left alone" in run.output
    after = engine.resource("alarm")
    assert after["outputs"]["instance"] != before["outputs"]["instance"]
    assert engine.refresh(by_events()).steps == {"same": 2}
    engine.destroy()
    assert everything(running) == []


def test_another_name_is_another_alarm(engine: Engine, running: emulator.Emulator) -> None:
    engine.up(by_events())
    assert engine.up(by_events(name="reads")).steps == {"replace": 1, "same": 1}
    (rule,) = running.client(EVENTS).list_rules()["Rules"]
    assert rule["Name"] == "reads"
    engine.rename("prod")
    assert engine.up(by_events()).steps == {"same": 2}, "the name sticks"
    engine.destroy()
    assert everything(running) == []


def test_bad_input_makes_nothing(engine: Engine, running: emulator.Emulator) -> None:
    run = engine.preview(alarm(way="both", email=["x"], name_prefix="*"), expect_failure=True)
    for told in ("way must be trail", "email must be a list", "name_prefix must have"):
        assert told in run.output
    run = engine.up(by_trail(log_group_name="nowhere"), expect_failure=True)
    assert "no log group nowhere in us-east-1" in run.output
    assert "ResourceNotFoundException" not in run.output, "no chained causes"
    assert everything(running) == []


def test_two_stacks_do_not_share_an_alarm(
    engine: Engine, make_engine: Callable[..., Engine], running: emulator.Emulator, tmp_path: Path
) -> None:
    engine.up(by_events(name="shared"))
    other = make_engine(stack="other", folder=tmp_path / "other", env=engine_env(running))
    run = other.up(by_events(name="shared"), expect_failure=True)
    assert "belongs to pulumi/demo/dev/alarm" in run.output
    engine.destroy()
    assert everything(running) == []


def test_the_example_runs(engine: Engine, running: emulator.Emulator) -> None:
    program = example(EXAMPLE / "__main__.py")
    engine.cli("config", "set", "--path", "demo:email[0]", "ops@example.com")
    assert engine.up(program).steps == {"create": 2}
    topic = engine.outputs()["topic"]
    subscribed = running.client(SNS).list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert [each["Endpoint"] for each in subscribed] == ["ops@example.com"]
    engine.configure({"demo:way": "trail", "demo:log-group": GROUP, "demo:prefix": "shop/"})
    assert engine.up(program).steps == {"update": 1, "same": 1}
    assert everything(running) == BY_TRAIL
    assert engine.up(program).steps == {"same": 2}
    engine.destroy(program)
    assert everything(running) == []
