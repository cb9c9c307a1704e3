"""A stack is updated: each property, nothing at all, another name, and what fails."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from emulation import SecretSnapshot, faults
from stacks import cloud as clouds
from stacks import stories
from stacks.cloud import Cloud

KEY = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
Look = Callable[[SecretSnapshot], object]


def users_tags(secret: SecretSnapshot) -> dict[str, str]:
    """Return its tags, without ours."""
    return {key: value for key, value in secret.tags.items() if key not in stories.MARKS}


@pytest.mark.parametrize(
    ("before", "after", "look", "expected"),
    [
        ({"Description": "a"}, {"Description": "b"}, lambda one: one.description, "b"),
        ({"Description": "a"}, {}, lambda one: one.description, None),
        ({"KmsKeyId": "alias/a"}, {"KmsKeyId": KEY}, lambda one: one.kms_key_id, KEY),
        ({"SecretString": "a"}, {"SecretString": "b"}, lambda one: one.value, "b"),
        ({"SecretString": "a"}, {"SecretBinary": "AP8="}, lambda one: one.value, b"\0\xff"),
        ({"SecretBinary": "YQ=="}, {"SecretBinary": "Yg=="}, lambda one: one.value, b"b"),
        ({}, {"SecretString": "a"}, lambda one: one.value, "a"),
        (
            {"Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]},
            {"Tags": [{"Key": "b", "Value": "3"}, {"Key": "c", "Value": "4"}]},
            users_tags,
            {"b": "3", "c": "4"},
        ),
        ({"Tags": [{"Key": "a", "Value": "1"}]}, {}, users_tags, {}),
    ],
    ids=[
        "description",
        "description, no longer declared",
        "key",
        "value",
        "text becomes bytes",
        "bytes",
        "first value",
        "tags: one changed, one dropped, one new",
        "tags, no longer declared",
    ],
)
def test_a_property_changes(
    cloud: Cloud, before: dict[str, Any], after: dict[str, Any], look: Look, expected: object
) -> None:
    created = cloud.create("shop", cloud.template(**before))
    updated = cloud.update("shop", cloud.template(**after))
    secret = cloud.secret()
    assert look(secret) == expected
    assert secret.arn == created.outputs["Ref"] == updated.outputs["Ref"], "the same secret"
    assert updated.outputs["VersionId"] == (secret.version_id or "")
    assert updated.statuses() == ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]


@pytest.mark.parametrize(
    "properties",
    [
        {"RecoveryWindowInDays": 7},
        {"Deletion": "retain"},
        {"OnRecreate": "fail"},
        {"OnValueDrift": "overwrite"},
        {"Adopt": "unowned"},
        {"ForceDeleteWithoutRecovery": True},
        {"timeout": 44},
    ],
    ids=lambda properties: next(iter(properties)),
)
def test_what_is_only_allowed_writes_nothing(cloud: Cloud, properties: dict[str, Any]) -> None:
    """Nor does what is for CloudFormation alone: the last one is its ServiceTimeout."""
    settings = stories.GENEROUS
    kept = {"settings": settings, "SecretString": "first", "Description": "kept"}
    cloud.create("shop", cloud.template(**kept))
    before = cloud.secret()
    cloud.aws.calls.clear()
    outcome = cloud.update("shop", cloud.template(**kept, **properties))
    assert outcome.statuses() == ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]
    assert cloud.writes(before) == []
    assert cloud.secret() == before


def test_the_window_that_was_declared_last_counts(cloud: Cloud) -> None:
    cloud.create("shop", cloud.template(SecretString="x"))
    cloud.update("shop", cloud.template(SecretString="x", RecoveryWindowInDays=7))
    cloud.delete("shop")
    secret = cloud.secret()
    assert secret.purge_date is not None
    assert secret.deleted_date is not None
    assert secret.purge_date - secret.deleted_date == dt.timedelta(days=7)


def test_a_value_that_a_person_put_is_kept(cloud: Cloud) -> None:
    """A description is no reason to lose it; `overwrite` is one."""
    cloud.create("shop", cloud.template(SecretString="first"))
    cloud.aws.put_by_hand("shop/Secret", "by hand")
    cloud.update("shop", cloud.template(SecretString="first", Description="new"))
    assert (cloud.secret().value, cloud.secret().description) == ("by hand", "new")
    declared = cloud.template(SecretString="first", Description="new", OnValueDrift="overwrite")
    cloud.update("shop", declared)
    assert cloud.secret().value == "first"


def test_the_stacks_tags_come_with_the_next_update(cloud: Cloud) -> None:
    """CloudFormation tells of no change of tags alone."""
    cloud.create("shop", cloud.template(SecretString="x"), tags={"a": "1", "b": "2"})
    declared = cloud.template(SecretString="x", Description="new")
    cloud.update("shop", declared, tags={"b": "3"})
    assert users_tags(cloud.secret())["b"] == "3"


# Another name ----------------------------------------------------------------------------------


def test_another_name_is_another_secret(cloud: Cloud) -> None:
    """The old one is scheduled by the cleanup; a way back restores it."""
    cloud.create("shop", cloud.template(Name="old", SecretString="x"))
    old = cloud.secret("old")
    outcome = cloud.update("shop", cloud.template(Name="new", SecretString="x"))
    assert (cloud.secret("old").state, cloud.secret("new").state) == ("pending", "live")
    assert outcome.outputs["Ref"] == cloud.secret("new").arn != old.arn
    assert outcome.outputs["Name"] == "new"
    outcome = cloud.update("shop", cloud.template(Name="old", SecretString="x"))
    assert (cloud.secret("old").state, cloud.secret("new").state) == ("live", "pending")
    assert outcome.outputs["Restored"] == "true"
    assert stories.same(cloud.secret("old"), old)


def test_a_rename_that_is_rolled_back(cloud: Cloud) -> None:
    """The old one was never touched, the new one is scheduled; the next attempt restores it."""
    cloud.create("shop", cloud.template(Name="old", SecretString="x"))
    before = cloud.secret("old")
    failing = cloud.template({"Broken": clouds.broken("Secret")}, Name="new", SecretString="x")
    outcome = cloud.update("shop", failing, ends="UPDATE_ROLLBACK_COMPLETE")
    assert stories.same(cloud.secret("old"), before)
    assert cloud.secret("old").state == "live"
    assert cloud.secret("new").state == "pending"
    assert outcome.outputs["Ref"] == before.arn
    assert cloud.resources("shop")["Secret"] == before.arn
    new = cloud.secret("new")
    outcome = cloud.update("shop", cloud.template(Name="new", SecretString="x"))
    assert (cloud.secret("old").state, cloud.secret("new").state) == ("pending", "live")
    assert stories.same(cloud.secret("new"), new)
    assert outcome.outputs["Restored"] == "true"


def test_a_way_back_that_is_rolled_back(cloud: Cloud) -> None:
    """What it had restored is scheduled again."""
    for name in ("old", "new"):
        do = cloud.create if name == "old" else cloud.update
        do("shop", cloud.template(Name=name, SecretString="x"))
    before = cloud.secret("new")
    failing = cloud.template({"Broken": clouds.broken("Secret")}, Name="old", SecretString="x")
    outcome = cloud.update("shop", failing, ends="UPDATE_ROLLBACK_COMPLETE")
    assert cloud.secret("old").state == "pending"
    assert cloud.secret("new") == before
    assert outcome.outputs["Ref"] == before.arn


def test_a_secret_moves_to_another_logical_id(cloud: Cloud) -> None:
    """The new one adopts it before the old one's cleanup, which then leaves it alone."""
    settings = stories.GENEROUS
    cloud.create("shop", cloud.template(settings=settings, Name="db", SecretString="x"))
    before = cloud.secret("db")
    moved = cloud.declare(settings=settings, Name="db", SecretString="x", Adopt="any")
    cloud.update("shop", {"Resources": {"Moved": moved}})
    after = cloud.secret("db")
    assert after.state == "live"
    assert stories.same(after, before)
    assert stories.owner(after) == "cloudformation/shop/Moved"


def test_a_rename_to_what_is_anothers_fails(cloud: Cloud) -> None:
    cloud.create("shop", cloud.template(Name="old", SecretString="x"))
    before = cloud.secret("old"), stories.by_hand(cloud, "taken")
    renamed = cloud.template(Name="taken", SecretString="x")
    outcome = cloud.update("shop", renamed, ends="UPDATE_ROLLBACK_COMPLETE")
    assert "taken" in outcome.reason()
    assert (cloud.secret("old"), cloud.secret("taken")) == before


# What fails ------------------------------------------------------------------------------------


def test_a_bad_property_changes_nothing(cloud: Cloud) -> None:
    cloud.create("shop", cloud.template(SecretString="first"))
    before = cloud.secret()
    cloud.aws.calls.clear()
    bad = cloud.template(SecretString="second", RecoveryWindowInDays=99)
    outcome = cloud.update("shop", bad, ends="UPDATE_ROLLBACK_COMPLETE")
    assert "RecoveryWindowInDays" in outcome.reason()
    assert cloud.secret() == before
    assert cloud.writes(before) == [], "but CloudFormation has it looked at, to take it back"


def test_what_the_store_refuses_is_taken_back(cloud: Cloud) -> None:
    """Half of the update was done: CloudFormation sends what was declared before."""
    first = {"SecretString": "first", "Description": "a", "Tags": [{"Key": "a", "Value": "1"}]}
    cloud.create("shop", cloud.template(**first))
    cloud.aws.inject(faults.Error("TagResource", code="ValidationException"))
    second = {"SecretString": "second", "Description": "b", "Tags": [{"Key": "a", "Value": "2"}]}
    outcome = cloud.update("shop", cloud.template(**second), ends="UPDATE_ROLLBACK_COMPLETE")
    assert "ValidationException" in outcome.reason()
    secret = cloud.secret()
    assert (secret.value, secret.description, users_tags(secret)) == ("first", "a", {"a": "1"})


def test_another_resources_failure_takes_the_update_back(cloud: Cloud) -> None:
    cloud.create("shop", cloud.template(SecretString="first", Description="a"))
    failing = cloud.template(
        {"Broken": clouds.broken("Secret")}, SecretString="second", Description="b"
    )
    cloud.update("shop", failing, ends="UPDATE_ROLLBACK_COMPLETE")
    assert (cloud.secret().value, cloud.secret().description) == ("first", "a")
    assert cloud.secret().state == "live"
