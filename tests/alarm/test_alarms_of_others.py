"""What is not ours, or not this alarm's any more, is left alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from alarm.account import GROUP, NOTHING, Account
from alarm.installing import LATER, MADE, MINE, THEIRS, WAYS, each_way, install, states, wanted
from recoverable_secrets.alarm import alarms
from recoverable_secrets.alarm.alarms import State
from recoverable_secrets.core import errors


@each_way
def test_what_belongs_to_another_is_left_alone(account: Account, way: str) -> None:
    asked = wanted(way)
    install(account, asked, THEIRS)
    with pytest.raises(errors.Refused, match="belongs to somebody else"):
        install(account, wanted(way, name_prefix="shop/"))
    assert states(account, asked) == {State.OK}
    assert alarms.remove(account.here, asked, MINE, account.said.append) == ()
    assert "is not of this alarm any more" in account.said[0]
    assert account.names() == MADE[way]


@each_way
def test_what_an_incarnation_took_over_stays(account: Account, way: str) -> None:
    """A replacement of the same name is made before its predecessor is deleted."""
    asked = wanted(way)
    install(account, asked, MINE)
    install(account, asked, LATER)
    assert alarms.remove(account.here, asked, MINE, account.said.append) == ()
    assert (account.names(), states(account, asked)) == (MADE[way], {State.OK})
    alarms.remove(account.here, asked, LATER, account.said.append)
    assert account.names() == NOTHING


BY_HAND: dict[str, tuple[str, Callable[[Account], object]]] = {
    "topic": ("events", lambda w: w.topic("x")),
    "rule": ("events", lambda w: w.client("events").put_rule(Name="x", EventPattern="{}")),
    "alarm": (
        "trail",
        lambda w: w.client("cloudwatch").put_metric_alarm(
            AlarmName="x",
            Namespace="n",
            MetricName="m",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            Statistic="Sum",
            ComparisonOperator="LessThanThreshold",
        ),
    ),
    "metric filter": (
        "trail",
        lambda w: w.client("logs").put_metric_filter(
            logGroupName=GROUP,
            filterName="x",
            filterPattern="",
            metricTransformations=[{"metricName": "m", "metricNamespace": "n", "metricValue": "1"}],
        ),
    ),
}


@pytest.mark.parametrize("kind", BY_HAND)
def test_what_somebody_made_by_hand_is_left_alone(account: Account, kind: str) -> None:
    way, make = BY_HAND[kind]
    make(account)
    before = account.names()
    with pytest.raises(errors.Refused, match=f"^{kind} .* was not made for an access alarm"):
        install(account, wanted(way))
    alarms.remove(account.here, wanted(way), MINE, account.said.append)
    assert account.names() == before


def test_parts_of_the_old_way_that_are_anothers_are_left_alone(account: Account) -> None:
    topic = account.topic()
    first, second = (wanted(way, topic_arn=topic) for way in WAYS)
    install(account, first, THEIRS)
    with pytest.raises(errors.Refused, match="alarm x belongs to somebody else"):
        install(account, second, old=[first])
    assert account.names() == {**MADE["trail"], "topics": ["ops"]}
