"""`aws:defaultTags`, names made of a prefix, and arguments that have two names."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from emulation import Aws
from recoverable_secrets import dynamic, resource
from recoverable_secrets.core import ownership
from surfaces import registered
from surfaces.held import CANARY, DEFAULTS, ENGINE_DECIDES, NOTHING, Held, declare, sent
from surfaces.whole import attached, policy, regions

NAME = DEFAULTS["default_name"]
COMPANY = {"company": "acme", "team": "platform"}


# default tags -------------------------------------------------------------------------------------


def tags(aws: Aws) -> dict[str, str]:
    return ownership.of_users(aws.secret(NAME).tags)


def run(config: object, **arguments: Any) -> dict[str, Any]:
    """Return the inputs of a program that is configured so."""
    told = {"aws:defaultTags": json.dumps(config)}
    return registered.run(lambda: dynamic.Secret("db", **arguments), config=told).inputs()


@pytest.fixture
def held(aws: Aws) -> Held:
    """A secret with tags of its own and default ones; the call that made it is forgotten."""
    made = declare(tags={"team": "shop"}, default_tags=COMPANY, description="d").create()
    aws.calls.clear()
    return made


def test_the_program_s_configuration_is_taken_over() -> None:
    inputs = run({"tags": COMPANY}, tags={"team": "shop"})
    assert (inputs["default_tags"], inputs["tags"]) == (COMPANY, {"team": "shop"})
    assert "default_tags" not in run({})
    assert "default_tags" not in run({"tags": None})


def test_an_own_tag_wins_over_a_default_one(held: Held, aws: Aws) -> None:
    assert tags(aws) == {"company": "acme", "team": "shop"}
    assert held.outputs["tags"] == {"team": "shop"}
    assert held.outputs["tags_all"] == {"company": "acme", "team": "shop"}
    assert held.diff() == NOTHING
    held.update()
    held.refresh()
    assert (aws.actions(), held.diff()) == (["DescribeSecret"], NOTHING)


@pytest.mark.parametrize(
    ("changes", "after"),
    [
        pytest.param({"default_tags": None}, {"team": "shop"}, id="no longer configured"),
        pytest.param(
            {"default_tags": {"cost": "1"}}, {"cost": "1", "team": "shop"}, id="others configured"
        ),
        pytest.param({"tags": None}, COMPANY, id="own ones no longer declared"),
        pytest.param({"tags": {}}, COMPANY, id="none of its own"),
        pytest.param({"tags": None, "default_tags": None}, {}, id="none at all"),
        pytest.param(
            {"tags": [{"Key": "team", "Value": "web"}]},
            {"company": "acme", "team": "web"},
            id="own ones as a list of pairs",
        ),
    ],
)
def test_changed(changes: dict[str, Any], after: dict[str, str], held: Held, aws: Aws) -> None:
    assert held.diff(**changes) == ENGINE_DECIDES
    held.update(**changes)
    assert tags(aws) == held.outputs["tags_all"] == after
    assert held.diff() == NOTHING
    held.refresh()
    assert held.diff() == NOTHING


def test_the_same_tag_from_elsewhere_is_no_change(held: Held, aws: Aws) -> None:
    """The engine has to know the new inputs, but no call is made."""
    held.update(default_tags=None, tags={"company": "acme", "team": "shop"})
    assert aws.calls == []
    assert held.diff() == NOTHING


@pytest.mark.parametrize("key", ["company", "team"], ids=["a default one", "an own one"])
def test_a_tag_removed_by_hand_comes_back(key: str, held: Held, aws: Aws) -> None:
    aws.by_hand("UntagResource", SecretId=NAME, TagKeys=[key])
    held.refresh()
    assert held.outputs["drifted"] == ["tags"]
    assert key not in held.outputs["tags_all"]
    own = {} if key == "team" else {"team": "shop"}
    assert held.outputs["tags"] == own, "default ones are not shown as arguments"
    assert held.diff() == (True, [])
    held.update()
    assert tags(aws) == {"company": "acme", "team": "shop"}
    assert held.diff() == NOTHING


def test_default_tags_alone_drift_too(aws: Aws) -> None:
    held = declare(default_tags=COMPANY).create()
    aws.by_hand("UntagResource", SecretId=NAME, TagKeys=["team"])
    held.refresh()
    assert "tags" not in held.outputs
    assert held.diff() == (True, [])
    held.update()
    assert tags(aws) == COMPANY


def test_they_go_and_come_back(held: Held, aws: Aws) -> None:
    held.delete()
    again = declare(tags={"team": "shop"}, default_tags={"company": "b"}).create()
    assert tags(aws) == {"company": "b", "team": "shop"}
    assert again.diff() == NOTHING


@pytest.mark.parametrize(
    "defaults",
    [
        pytest.param({"recoverable-secrets:owner": "me"}, id="ours"),
        pytest.param({"aws:x": "y"}, id="AWS's"),
        pytest.param({"number": 7.0}, id="no text"),
        pytest.param({str(number): "x" for number in range(48)}, id="too many"),
    ],
)
def test_they_are_checked_like_tags(defaults: dict[str, Any], aws: Aws) -> None:
    problems = resource.check({**DEFAULTS, "default_tags": defaults}, (), first=True, say=print)
    assert len(problems) == 1
    assert problems[0].startswith("tags ")


def test_tags_that_are_not_known_yet_are_not_merged() -> None:
    inputs = {**DEFAULTS, "default_tags": COMPANY, "tags": object()}
    assert resource.check(inputs, {"tags"}, first=True, say=print) == ()
    outputs = {"name": NAME, "owner": DEFAULTS["default_owner"], "default_tags": COMPANY}
    assert resource.diff(outputs, inputs, {"tags"}) == ENGINE_DECIDES


# a prefix -----------------------------------------------------------------------------------------


def test_a_prefix_makes_a_name_that_is_the_same_at_each_run(aws: Aws) -> None:
    held = declare(name_prefix="shop-", secret_string=CANARY).create()
    name = held.outputs["name"]
    assert re.fullmatch(r"shop-[0-9a-f]{26}", name)
    assert aws.secret(name).arn == held.id
    held.delete()
    again = declare(name_prefix="shop-", secret_string=CANARY).create()
    assert (again.id, again.outputs["restored"]) == (held.id, True), "found by its name"
    other = {**DEFAULTS, "default_owner": "pulumi/shop/dev/other:0123456789abcdef"}
    assert declare(**other, name_prefix="shop-").create().outputs["name"] != name


def test_a_name_made_of_a_prefix_stays(aws: Aws) -> None:
    held = declare(name_prefix="shop-").create()
    renamed = {"default_owner": "pulumi/shop/prod/db:0123456789abcdef"}
    assert held.diff(**renamed) == ENGINE_DECIDES
    name = held.outputs["name"]
    held.update(**renamed)
    assert held.outputs["name"] == name, "a renamed stack keeps its secret"
    assert held.diff(name_prefix=None, name=name) == NOTHING, "its name, now said"
    assert held.diff(name_prefix="web-") == (None, ["name_prefix"])
    assert held.diff(name_prefix=None, name="else") == (None, ["name"])
    plain = declare(name="plain").create()
    assert plain.diff(name=None, name_prefix="p") == (None, ["name_prefix"])


def test_a_name_and_a_prefix_exclude_each_other() -> None:
    both = {**DEFAULTS, "name": "a", "name_prefix": "b"}
    (problem,) = resource.check(both, (), first=True, say=print)
    assert "name" in problem
    assert "name_prefix" in problem


def test_the_warning_is_of_the_name_itself(aws: Aws) -> None:
    """No name of a prefix ends in a hyphen and six characters."""
    said: list[str] = []
    inputs = {**DEFAULTS, "default_name": "app-secret", "name_prefix": "app-"}
    assert resource.check(inputs, (), first=True, say=said.append) == ()
    assert said == []


# two names ----------------------------------------------------------------------------------------


def test_arguments_by_their_other_names(aws: Aws) -> None:
    """For plain functions; the class hands over the first name."""
    replicas = [{"region": "eu-west-1"}]
    held = declare(replica_regions=replicas, resource_policy=policy()).create()
    assert regions(aws) == {"eu-west-1": None}
    assert attached(aws) == "secretsmanager:getsecretvalue"
    assert (held.outputs["replicas"], held.outputs["policy"]) == (replicas, sent(policy()))
    assert {"replica_regions", "resource_policy"}.isdisjoint(held.outputs)
    assert held.diff() == NOTHING
    renamed = {"replica_regions": None, "replicas": replicas}
    assert held.diff(**renamed) == NOTHING
    aws.calls.clear()
    held.update(**renamed)
    assert aws.calls == []


@pytest.mark.parametrize(
    ("name", "alias", "given"),
    [
        pytest.param("replicas", "replica_regions", [{"region": "eu-west-1"}], id="replicas"),
        pytest.param("policy", "resource_policy", "{}", id="policy"),
    ],
)
def test_the_class_takes_either_name_and_not_both(name: str, alias: str, given: Any) -> None:
    for one in (name, alias):
        inputs = registered.run(lambda one=one: dynamic.Secret("db", **{one: given})).inputs()
        assert inputs[name] == given
        assert alias not in inputs
    both = registered.run(lambda: dynamic.Secret("db", **{name: given, alias: given})).inputs()
    (problem,) = resource.check(both, (), first=True, say=print)
    assert f"{name} and {alias} are two names of one argument" in problem
