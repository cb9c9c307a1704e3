"""Whole alarms over moto: made, kept, changed, found again and taken away."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from alarm.account import GROUP, NOTHING, Account
from alarm.installing import MADE, MINE, each_way, install, states, wanted
from recoverable_secrets.alarm import alarms, apply, parts
from recoverable_secrets.alarm.alarms import State
from recoverable_secrets.alarm.parts import Kind
from recoverable_secrets.core import errors


@each_way
def test_made_once_kept_and_taken_away(account: Account, way: str) -> None:
    asked = wanted(way, email=["a@b.c"], name_prefix="shop/")
    assert states(account, asked) == {State.MISSING}
    assert len(install(account, asked)) == len(parts.parts(asked, account.here.place))
    assert account.names() == MADE[way]
    assert states(account, asked) == {State.OK}
    assert install(account, asked) == [], "nothing to do"
    assert alarms.find(account.here, "x") == (asked,)
    alarms.remove(account.here, asked, MINE, account.said.append)
    assert (account.names(), account.said) == (NOTHING, [])
    assert alarms.find(account.here, "x") == ()
    assert alarms.remove(account.here, asked, MINE, account.said.append) == (), "again"


@each_way
def test_a_given_topic_stays(account: Account, way: str) -> None:
    topic = account.topic()
    asked = wanted(way, topic_arn=topic)
    before = account.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]
    install(account, asked)
    assert alarms.find(account.here, "x") == (asked,)
    alarms.remove(account.here, asked, MINE, account.said.append)
    assert account.names() == {**NOTHING, "topics": ["ops"]}
    assert account.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"] == before


@pytest.mark.parametrize(("way", "warned"), [("trail", False), ("events", True)])
def test_a_topic_that_lets_nobody_publish_is_warned_of(
    account: Account,
    way: str,
    warned: bool,  # noqa: FBT001
) -> None:
    """A new topic's policy lets its account publish: alarms do that in its name, rules do not."""
    install(account, wanted(way, topic_arn=account.topic()))
    assert bool(account.said) is warned
    assert all("does not name events.amazonaws.com" in text for text in account.said)


def test_a_topic_that_does_not_exist_is_refused(account: Account) -> None:
    topic = account.topic().replace(":ops", ":gone")
    with pytest.raises(errors.InvalidInput, match=r"topic .*:gone does not exist"):
        install(account, wanted("events", topic_arn=topic))
    assert account.names()["rules"] == []


def test_a_log_group_that_does_not_exist_is_refused(account: Account) -> None:
    """Before anything is made. moto knows none that it would miss."""
    account.refuses("logs", "DescribeMetricFilters", "ResourceNotFoundException")
    with pytest.raises(errors.InvalidInput, match="no log group nowhere in us-east-1"):
        install(account, wanted("trail", log_group_name="nowhere"))
    assert account.names()["topics"] == []


def unsubscribe(account: Account) -> None:
    sns = account.client("sns")
    for each in sns.list_subscriptions()["Subscriptions"]:
        sns.unsubscribe(SubscriptionArn=each["SubscriptionArn"])


CHANGES: dict[str, tuple[str, str, Callable[[Account], object]]] = {
    "topic deleted": ("trail", "topic", lambda w: w.client("sns").delete_topic(TopicArn=arn(w))),
    "policy changed": (
        "trail",
        "policy of topic",
        lambda w: w.client("sns").set_topic_attributes(
            TopicArn=arn(w), AttributeName="Policy", AttributeValue='{"Statement": []}'
        ),
    ),
    "alarm muted": (
        "trail",
        "alarm",
        lambda w: w.client("cloudwatch").disable_alarm_actions(AlarmNames=["x"]),
    ),
    "alarm deleted": (
        "trail",
        "alarm",
        lambda w: w.client("cloudwatch").delete_alarms(AlarmNames=["x"]),
    ),
    "filter changed": (
        "trail",
        "metric filter",
        lambda w: w.client("logs").put_metric_filter(
            logGroupName=GROUP,
            filterName="x",
            filterPattern="{ $.a = 1 }",
            metricTransformations=[
                {"metricName": "x", "metricNamespace": parts.NAMESPACE, "metricValue": "1"}
            ],
        ),
    ),
    "filter deleted": (
        "trail",
        "metric filter",
        lambda w: w.client("logs").delete_metric_filter(logGroupName=GROUP, filterName="x"),
    ),
    "rule disabled": ("events", "rule", lambda w: w.client("events").disable_rule(Name="x")),
    "rule enabled for changes only": (
        "events",
        "rule",
        lambda w: w.client("events").put_rule(Name="x", State="ENABLED", EventPattern="{}"),
    ),
    "target taken away": (
        "events",
        "target of rule",
        lambda w: w.client("events").remove_targets(Rule="x", Ids=["topic"]),
    ),
    "another message": (
        "events",
        "target of rule",
        lambda w: w.client("events").put_targets(
            Rule="x", Targets=[{"Id": "topic", "Arn": arn(w), "Input": '"hello"'}]
        ),
    ),
    "address unsubscribed": ("events", "subscription", unsubscribe),
}


def arn(account: Account) -> str:
    return account.here.place.arn("sns", "x")


@pytest.mark.parametrize("name", CHANGES)
def test_what_others_change_is_seen_and_brought_back(account: Account, name: str) -> None:
    way, label, change = CHANGES[name]
    asked = wanted(way, email=["a@b.c"])
    install(account, asked)
    change(account)
    differing = [each for each in alarms.look(account.here, asked) if each.state is not State.OK]
    assert differing
    assert differing[0].part.label.startswith(label)
    assert not [each for each in differing if each.others]
    install(account, asked)
    assert states(account, asked) == {State.OK}
    assert install(account, asked) == []


def test_a_policy_that_aws_respells_is_the_same(account: Account) -> None:
    asked = wanted("events")
    install(account, asked)
    sns = account.client("sns")
    text = sns.get_topic_attributes(TopicArn=arn(account))["Attributes"]["Policy"]
    document = json.loads(text)
    document["Statement"][0]["Action"] = ["SNS:Publish"]
    sns.set_topic_attributes(
        TopicArn=arn(account), AttributeName="Policy", AttributeValue=json.dumps(document)
    )
    assert install(account, asked) == []


def test_another_way(account: Account) -> None:
    """The topic stays, with its subscriptions; its policy names the other service."""
    first, second = wanted("trail", email=["a@b.c"]), wanted("events", email=["a@b.c"])
    install(account, first)
    assert Kind.TOPIC not in install(account, second, old=[first])
    assert account.names() == MADE["events"]
    assert states(account, second) == {State.OK}
    install(account, first, old=[second])
    assert account.names() == MADE["trail"]


def test_another_log_group(account: Account) -> None:
    account.client("logs").create_log_group(logGroupName="other")
    first, second = wanted("trail"), wanted("trail", log_group_name="other")
    install(account, first)
    install(account, second, old=[first])
    filters = account.client("logs").describe_metric_filters()["metricFilters"]
    assert {each["logGroupName"] for each in filters} == {"other"}


def test_a_topic_of_ones_own_takes_the_place_of_the_made_one(account: Account) -> None:
    topic, first = account.topic(), wanted("events")
    install(account, first)
    second = wanted("events", topic_arn=topic)
    install(account, second, old=[first])
    assert account.names() == {**NOTHING, "topics": ["ops"], "rules": ["x"]}
    (target,) = account.client("events").list_targets_by_rule(Rule="x")["Targets"]
    assert target["Arn"] == topic


def test_addresses_come_and_go(account: Account) -> None:
    first = wanted("events", email=["a@b.c", "d@e.f"])
    second = wanted("events", email=["d@e.f", "g@h.i"])
    install(account, first)
    assert install(account, second, old=[first]) == [Kind.SUBSCRIPTION]
    subscribed = account.client("sns").list_subscriptions()["Subscriptions"]
    assert {each["Endpoint"] for each in subscribed} == {"d@e.f", "g@h.i"}


def test_an_address_that_nobody_confirmed_goes_by_itself(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS has no ARN for it until then, and forgets it after two days. moto confirms at once."""
    asked = wanted("events", email=["a@b.c"])
    install(account, asked)
    monkeypatch.setattr(apply, "_subscribed", lambda *_: "PendingConfirmation")
    (part,) = (each for each in parts.parts(asked, account.here.place) if each.name == "a@b.c")
    apply.drop(account.here, part)
    assert account.client("sns").list_subscriptions()["Subscriptions"]


def test_what_is_left_of_an_alarm_is_found(account: Account) -> None:
    """So that the command can show and remove it."""
    asked = wanted("trail")
    install(account, asked)
    account.client("logs").delete_metric_filter(logGroupName=GROUP, filterName="x")
    assert alarms.find(account.here, "x") == (asked,), "by the other filter"
    account.client("cloudwatch").delete_alarms(AlarmNames=["x"])
    assert alarms.find(account.here, "x") == (asked,)
    account.client("logs").delete_metric_filter(logGroupName=GROUP, filterName="x-by-reader")
    (found,) = alarms.find(account.here, "x")
    assert found == wanted("events"), "a topic alone does not tell the way"
    alarms.remove(account.here, found, MINE, account.said.append)
    assert account.names() == NOTHING


def test_pages_are_followed_to_the_end(account: Account) -> None:
    install(account, wanted("events"))
    sns = account.client("sns")
    for number in range(120):
        sns.subscribe(TopicArn=arn(account), Protocol="email", Endpoint=f"{number}@b.c")
    (found,) = alarms.find(account.here, "x")
    assert len(found.email) == 120
    assert states(account, wanted("events", email=["119@b.c"])) == {State.OK}
