"""The alarm as an engine manages it: answers to check, diff, create, read, update and delete."""

from __future__ import annotations

from typing import Any

import pytest

from alarm.account import GROUP, HOME, NOTHING, Account
from recoverable_secrets.alarm import managed
from recoverable_secrets.core import errors
from surfaces.held import sent

DEFAULTS = {
    "default_name": "shop-dev-alarm-12345678",
    "default_owner": "pulumi/shop/dev/alarm:0123456789abcdef",
    "default_region": HOME,
}
TRAIL = {"way": "trail", "log_group_name": GROUP}
NAME = DEFAULTS["default_name"]


class Held:
    """An alarm as an engine holds it: inputs and outputs, after their trip through the engine."""

    def __init__(self, account: Account, **given: Any) -> None:
        self.account = account
        self.inputs = sent({**DEFAULTS, **given})
        self.id, outputs = managed.create(self.inputs, "1", account.said.append)
        self.outputs = sent(outputs)

    def diff(self, **given: Any) -> tuple[bool | None, list[str]]:
        return managed.diff(self.outputs, sent({**DEFAULTS, **given}), ())

    def update(self, **given: Any) -> None:
        self.inputs = sent({**DEFAULTS, **given})
        self.outputs = sent(managed.update(self.outputs, self.inputs, self.account.said.append))

    def refresh(self) -> list[str] | None:
        """Return what has drifted; `None` if the alarm is gone."""
        found = managed.read(self.outputs)
        if found is None:
            return None
        self.outputs = sent(found)
        return list(self.outputs.get("drifted", []))

    def delete(self) -> None:
        managed.delete(self.outputs, self.account.said.append)


@pytest.mark.parametrize("given", [TRAIL, {"way": "events", "email": ["a@b.c"]}])
def test_a_life(account: Account, given: dict[str, Any]) -> None:
    held = Held(account, **given)
    assert held.id == held.outputs["arn"]
    assert held.outputs["name"] == NAME
    assert held.outputs["topic_arn"] == f"arn:aws:sns:{HOME}:123456789012:{NAME}"
    assert held.diff(**given) == (False, [])
    assert held.refresh() == []
    assert held.diff(**given) == (False, [])
    assert held.diff(**given, name_prefix="shop/") == (None, [])
    held.update(**given, name_prefix="shop/")
    assert held.refresh() == []
    assert held.diff(**given, name_prefix="shop/") == (False, [])
    held.delete()
    assert (account.names(), account.said) == (NOTHING, [])


def test_where_it_is_and_its_name_force_another(account: Account) -> None:
    held = Held(account, way="events")
    assert held.diff(way="events", region="eu-west-1") == (None, ["region"])
    assert held.diff(way="events", name="y", region=HOME) == (None, ["name"])
    assert held.diff(way="events", name=NAME, region=HOME) == (False, [])


def test_the_stack_may_be_renamed_and_the_region_of_others_may_change(account: Account) -> None:
    """Name, region and owner stay as they were."""
    held = Held(account, way="events")
    renamed = {"default_name": "other", "default_owner": "other", "default_region": "eu-west-1"}
    assert held.diff(way="events", **renamed) == (False, [])
    held.update(way="events", name_prefix="a/", **renamed)
    assert (held.outputs["name"], held.outputs["region"]) == (NAME, HOME)
    assert held.refresh() == []


@pytest.mark.parametrize("name", ["profile", "assume_role_arn", "allowed_account_ids"])
def test_a_change_of_the_connection_is_remembered(account: Account, name: str) -> None:
    assert Held(account, way="events").diff(way="events", **{name: "other"}) == (None, [])


def test_what_is_not_known_yet_is_not_compared(account: Account) -> None:
    held = Held(account, way="events")
    inputs = {**DEFAULTS, "way": "events", "topic_arn": object(), "region": object()}
    assert managed.diff(held.outputs, inputs, {"topic_arn", "region"}) == (None, [])
    assert managed.check({**inputs, "name_prefix": "*"}, {"topic_arn", "region"})[0].startswith(
        "name_prefix"
    )
    assert managed.check({**inputs, "default_name": object()}, {"topic_arn", "default_name"}) == ()


@pytest.mark.parametrize("given", [TRAIL, {"way": "events"}])
def test_drift_is_shown_and_repaired(account: Account, given: dict[str, Any]) -> None:
    held = Held(account, **given)
    if given is TRAIL:
        account.client("cloudwatch").delete_alarms(AlarmNames=[NAME])
    else:
        account.client("events").disable_rule(Name=NAME)
    part = "alarm" if given is TRAIL else "rule"
    assert held.refresh() == [f"{part} {NAME}"]
    assert held.diff(**given) == (True, [])
    held.update(**given)
    assert held.diff(**given) == (False, [])
    assert held.refresh() == []


def test_what_others_took_over_is_drift_too(account: Account) -> None:
    held = Held(account, way="events")
    topic = held.outputs["topic_arn"]
    tags = [{"Key": "recoverable-secrets:owner", "Value": "they"}]
    account.client("sns").tag_resource(ResourceArn=topic, Tags=tags)
    assert held.refresh() == [f"topic {topic}"]
    with pytest.raises(errors.Refused, match="belongs to they"):
        held.update(way="events")
    held.delete()
    assert account.names()["topics"] == [NAME], "left alone"


def test_gone_is_gone(account: Account) -> None:
    held = Held(account, way="events")
    held.delete()
    assert held.refresh() is None
    held.delete()


def test_its_replacement_of_the_same_name_survives_it(account: Account) -> None:
    """`pulumi up --replace` creates first, whatever the provider says, and then deletes."""
    held = Held(account, way="events")
    managed.create(held.inputs, "2", account.said.append)
    held.delete()
    assert account.names() == {**NOTHING, "topics": [NAME], "rules": [NAME]}
    assert "is left alone" in account.said[0]


def test_another_way_and_back(account: Account) -> None:
    held = Held(account, way="events")
    first = held.outputs["arn"]
    held.update(**TRAIL)
    assert account.names() == {
        **NOTHING,
        "topics": [NAME],
        "alarms": [NAME],
        "filters": [NAME, f"{NAME}-by-reader"],
    }
    assert held.outputs["arn"] == f"arn:aws:cloudwatch:{HOME}:123456789012:alarm:{NAME}"
    held.update(way="events")
    assert (account.names()["rules"], held.outputs["arn"]) == ([NAME], first)
    held.delete()
    assert account.names() == NOTHING


def test_all_problems_of_a_declaration_come_at_once() -> None:
    problems = managed.check({**DEFAULTS, "way": "no", "email": "x", "name_prefix": "*"}, ())
    assert [text.split()[0] for text in problems] == ["way", "name_prefix", "email"]


def test_a_topic_elsewhere_is_refused_before_anything(account: Account) -> None:
    """By the default region too, where that is known."""
    topic = "arn:aws:sns:eu-west-1:123456789012:ops"
    (problem,) = managed.check({**DEFAULTS, "way": "events", "topic_arn": topic}, ())
    assert "they have to be together" in problem
