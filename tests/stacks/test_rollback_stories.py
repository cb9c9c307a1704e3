"""Something else fails after the secret was made: what the operation did is undone, no more."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stacks import cloud as clouds
from stacks import stories
from stacks.cloud import Cloud

FAILING = {"Broken": clouds.broken("Secret")}


def fails(cloud: Cloud, how: str = "ROLLBACK", **declared: Any) -> None:
    """Create a stack in which something fails after the secret is done."""
    ends = {"ROLLBACK": "ROLLBACK_COMPLETE", "DELETE": "DELETE_COMPLETE"}[how]
    cloud.create("shop", cloud.template(FAILING, **declared), OnFailure=how, ends=ends)


@pytest.mark.parametrize("how", ["ROLLBACK", "DELETE"])
@pytest.mark.parametrize("forced", [False, True], ids=["", "forced"])
def test_a_created_one_is_scheduled(cloud: Cloud, how: str, *, forced: bool) -> None:
    """Force is for teardown: a rollback never destroys. The next attempt gets it back."""
    declared: dict[str, Any] = {"settings": stories.GENEROUS, "SecretString": "x"}
    if forced:
        declared["ForceDeleteWithoutRecovery"] = True
    fails(cloud, how, **declared)
    made = cloud.secret()
    assert made.state == "pending"
    if how == "ROLLBACK":
        cloud.delete("shop")
    outcome = cloud.create("shop", cloud.template(**declared))
    assert outcome.outputs["Restored"] == "true"
    assert stories.same(cloud.secret(), made)


@pytest.mark.parametrize("how", ["ROLLBACK", "DELETE"])
@pytest.mark.parametrize("forced", [False, True], ids=["", "forced"])
def test_a_restored_one_is_scheduled_again(cloud: Cloud, how: str, *, forced: bool) -> None:
    declared: dict[str, Any] = {"settings": stories.GENEROUS, "SecretString": "x"}
    cloud.create("shop", cloud.template(**declared))
    cloud.delete("shop")
    before = cloud.secret()
    if forced:
        declared["ForceDeleteWithoutRecovery"] = True
    fails(cloud, how, **declared)
    assert cloud.secret().state == "pending"
    assert stories.same(cloud.secret(), before)


@pytest.mark.parametrize("how", ["ROLLBACK", "DELETE"])
def test_one_that_was_adopted_live_stays_live(cloud: Cloud, how: str) -> None:
    """Without our tags: it is nobody's again, as it was."""
    before = stories.by_hand(cloud, tags={"team": "blue"})
    fails(cloud, how, settings=stories.GENEROUS, Name="legacy", Adopt="unowned")
    after = cloud.secret("legacy")
    assert (after.state, after.tags) == ("live", {"team": "blue"})
    assert stories.same(after, before)


def test_one_that_was_adopted_pending_is_scheduled_again(cloud: Cloud) -> None:
    before = stories.by_hand(cloud, tags={"team": "blue"})
    cloud.aws.by_hand("DeleteSecret", SecretId="legacy")
    fails(cloud, settings=stories.GENEROUS, Name="legacy", Adopt="unowned")
    after = cloud.secret("legacy")
    assert (after.state, after.tags) == ("pending", {"team": "blue"})
    assert stories.same(after, before)


def test_one_that_was_ours_and_live_is_left_alone(cloud: Cloud) -> None:
    """It was retained when its stack went, and is there for the next attempt."""
    cloud.create("shop", cloud.template(retain=True, SecretString="x"))
    cloud.delete("shop")
    before = cloud.secret()
    assert before.state == "live"
    fails(cloud, SecretString="x")
    after = cloud.secret()
    assert after.state == "live"
    assert stories.same(after, before)
    assert after.tags[stories.OWNER] == before.tags[stories.OWNER]


def test_a_resource_that_an_update_added_is_scheduled(cloud: Cloud) -> None:
    cloud.create("shop", cloud.template(SecretString="x"))
    more = {"More": cloud.declare(SecretString="y"), "Broken": clouds.broken("More")}
    failing = cloud.template(more, SecretString="x")
    cloud.update("shop", failing, ends="UPDATE_ROLLBACK_COMPLETE")
    assert cloud.secret("shop/Secret").state == "live"
    assert cloud.secret("shop/More").state == "pending"


def test_what_an_update_adopted_is_released(cloud: Cloud) -> None:
    before = stories.by_hand(cloud, tags={"team": "blue"})
    cloud.create("shop", cloud.template(SecretString="x"))
    declared = {"settings": stories.GENEROUS, "Name": "legacy", "Adopt": "unowned"}
    more = {"More": cloud.declare(**declared), "Broken": clouds.broken("More")}
    failing = cloud.template(more, SecretString="x")
    cloud.update("shop", failing, ends="UPDATE_ROLLBACK_COMPLETE")
    after = cloud.secret("legacy")
    assert (after.state, after.tags) == ("live", {"team": "blue"})
    assert stories.same(after, before)


def test_a_resource_that_an_update_removes_is_scheduled(cloud: Cloud) -> None:
    cloud.create("shop", cloud.template({"More": cloud.declare(SecretString="y")}))
    cloud.update("shop", cloud.template())
    assert cloud.secret("shop/Secret").state == "live"
    assert cloud.secret("shop/More").state == "pending"


def test_a_create_that_stopped_half_way_and_is_deleted(cloud: Cloud) -> None:
    """DO_NOTHING leaves the stack as it failed; deleting it then ends in the same state."""
    template = cloud.template(FAILING, SecretString="x")
    cloud.create("shop", template, OnFailure="DO_NOTHING", ends="CREATE_FAILED")
    assert cloud.secret().state == "live"
    cloud.delete("shop")
    assert cloud.secret().state == "pending"


def nested(cloud: Cloud, **declared: Any) -> dict[str, Any]:
    """Return a template with a stack in it that has one secret; something fails after it."""
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="templates")
    child = json.dumps(cloud.template(**declared))
    s3.put_object(Bucket="templates", Key="child.json", Body=child)
    url = f"{s3.meta.endpoint_url}/templates/child.json"
    inner = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}
    return {"Resources": {"Child": inner, "Broken": clouds.broken("Child")}}


def test_a_parents_rollback_schedules_what_its_child_created(cloud: Cloud) -> None:
    """Not purged, whatever the child's own status says: it had completed."""
    declared = {"settings": stories.GENEROUS, "Name": "db", "ForceDeleteWithoutRecovery": True}
    cloud.create("shop", nested(cloud, **declared, SecretString="x"), ends="ROLLBACK_COMPLETE")
    assert cloud.secret("db").state == "pending"


def test_a_parents_rollback_keeps_live_what_its_child_adopted(cloud: Cloud) -> None:
    """ministack shows neither the parent nor that the child is at work: the claim stays then."""
    before = stories.by_hand(cloud, tags={"team": "blue"})
    declared = {"settings": stories.GENEROUS, "Name": "legacy", "Adopt": "unowned"}
    cloud.create("shop", nested(cloud, **declared), ends="ROLLBACK_COMPLETE")
    after = cloud.secret("legacy")
    assert (after.state, after.tags["team"]) == ("live", "blue")
    assert after.tags[stories.ORIGIN] == "adopted"
    assert stories.same(after, before)
