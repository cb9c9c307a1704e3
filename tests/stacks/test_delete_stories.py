"""A stack is deleted, and comes back: scheduled and restored, unless it was said otherwise."""

from __future__ import annotations

import datetime as dt

import pytest

from stacks import cloud as clouds
from stacks import stories
from stacks.cloud import Cloud


def test_a_stack_goes_and_its_secret_is_scheduled(cloud: Cloud) -> None:
    cloud.create("shop", cloud.template(SecretString="first"))
    before = cloud.secret()
    cloud.aws.calls.clear()
    outcome = cloud.delete("shop")
    after = cloud.secret()
    assert outcome.statuses() == ["DELETE_IN_PROGRESS", "DELETE_COMPLETE"]
    assert (after.state, after.tags) == ("pending", before.tags)
    assert stories.same(after, before)
    assert after.purge_date is not None
    assert after.deleted_date is not None
    assert after.purge_date - after.deleted_date == dt.timedelta(days=30)
    assert cloud.writes() == ["DeleteSecret"]


def test_a_stack_comes_back_and_so_does_its_secret(cloud: Cloud) -> None:
    cloud.create("shop", cloud.template(SecretString="first"))
    before = cloud.secret()
    cloud.delete("shop")
    cloud.aws.clock.advance(days=29)
    outcome = cloud.create("shop", cloud.template(SecretString="first"))
    after = cloud.secret()
    assert after.state == "live"
    assert stories.same(after, before)
    assert outcome.outputs["Ref"] == before.arn
    assert outcome.outputs["Restored"] == "true"
    assert after.tags[stories.ORIGIN] == "restored"
    assert after.tags[stories.INSTANCE] != before.tags[stories.INSTANCE], "another life"


def test_what_was_put_meanwhile_comes_back_too(cloud: Cloud) -> None:
    """A value that a person put is kept over the declared one; the rest is as declared."""
    cloud.create("shop", cloud.template(SecretString="first", Description="a"))
    cloud.aws.put_by_hand("shop/Secret", "by hand")
    cloud.delete("shop")
    cloud.create("shop", cloud.template(SecretString="first", Description="b"))
    assert (cloud.secret().value, cloud.secret().description) == ("by hand", "b")


def test_after_the_window_there_is_a_new_one(cloud: Cloud) -> None:
    cloud.create("shop", cloud.template(SecretString="first", RecoveryWindowInDays=7))
    before = cloud.secret()
    cloud.delete("shop")
    cloud.aws.clock.advance(days=7, seconds=300)
    assert cloud.secret().state == "absent"
    outcome = cloud.create("shop", cloud.template(SecretString="second"))
    after = cloud.secret()
    assert (after.state, after.value) == ("live", "second")
    assert after.arn not in {before.arn, None}
    assert outcome.outputs["Restored"] == "false"


def test_it_may_be_asked_not_to_restore(cloud: Cloud) -> None:
    cloud.create("shop", cloud.template(SecretString="first"))
    cloud.delete("shop")
    before = cloud.secret()
    declared = cloud.template(SecretString="first", OnRecreate="fail")
    outcome = cloud.create("shop", declared, ends="ROLLBACK_COMPLETE")
    assert outcome.reason()
    assert cloud.secret() == before


@pytest.mark.parametrize("how", ["DeletionPolicy", "Deletion"])
def test_what_is_retained_is_found_again(cloud: Cloud, how: str) -> None:
    """By CloudFormation, which then sends no Delete, or by the function."""
    ways = {"DeletionPolicy": {"retain": True}, "Deletion": {"Deletion": "retain"}}
    declared = cloud.template(SecretString="first", **ways[how])
    cloud.create("shop", declared)
    before = cloud.secret()
    cloud.delete("shop")
    assert cloud.secret() == before
    outcome = cloud.create("shop", declared)
    after = cloud.secret()
    assert (after.state, after.tags[stories.ORIGIN]) == ("live", "found")
    assert stories.same(after, before)
    assert outcome.outputs["Ref"] == before.arn
    assert outcome.outputs["Restored"] == "false"


def test_retained_except_where_its_creation_fails(cloud: Cloud) -> None:
    template = cloud.template({"Broken": clouds.broken("Secret")}, SecretString="x")
    template["Resources"]["Secret"]["DeletionPolicy"] = "RetainExceptOnCreate"
    cloud.create("shop", template, ends="ROLLBACK_COMPLETE", RetainExceptOnCreate=True)
    assert cloud.secret().state == "pending"
    cloud.delete("shop")
    del template["Resources"]["Broken"]
    cloud.create("shop", template)
    cloud.delete("shop")
    assert cloud.secret().state == "live"


def test_what_somebody_reads_stays_until_nobody_does(cloud: Cloud) -> None:
    cloud.create("shop", cloud.template(SecretString="first", RefuseDeletionIfAccessedWithin=7))
    cloud.aws.by_hand("GetSecretValue", SecretId="shop/Secret")
    before = cloud.secret()
    cloud.aws.calls.clear()
    outcome = cloud.delete("shop", ends="DELETE_FAILED")
    assert "shop/Secret was last read on" in outcome.reason()
    assert (cloud.secret(), cloud.writes()) == (before, [])
    long_ago = cloud.aws.clock.timestamp() - 9 * 86_400
    cloud.aws.plant("shop/Secret", LastAccessedDate=long_ago)
    cloud.delete("shop")
    assert (cloud.secret().state, cloud.writes()) == ("pending", ["DeleteSecret"])


# Force -----------------------------------------------------------------------------------------

FORCED = [{"ForceDeleteWithoutRecovery": True}, {"Deletion": "force"}]


@pytest.mark.parametrize("force", FORCED, ids=["by its own name", "as a kind of deletion"])
def test_force_deletes_for_good(cloud: Cloud, force: dict[str, object]) -> None:
    """Where the installation allows it, in an ordinary deletion, what was created."""
    declared = cloud.template(settings=stories.GENEROUS, SecretString="first", **force)
    cloud.create("shop", declared)
    before = cloud.secret()
    cloud.delete("shop")
    assert cloud.secret().state == "purging"
    cloud.aws.clock.advance(seconds=300)
    cloud.create("shop", declared)
    assert cloud.secret().state == "live"
    assert cloud.secret().arn != before.arn


@pytest.mark.parametrize("force", FORCED, ids=["by its own name", "as a kind of deletion"])
def test_force_is_not_allowed_unless_the_installation_says_so(
    cloud: Cloud, force: dict[str, object]
) -> None:
    declared = cloud.template(SecretString="x", **force)
    outcome = cloud.create("shop", declared, ends="ROLLBACK_COMPLETE")
    assert "AllowForceDelete" in outcome.reason()
    assert cloud.aws.calls == []


def test_force_that_is_no_longer_allowed_schedules(cloud: Cloud) -> None:
    """A stack must be able to go, whatever its secrets were declared with."""
    token = cloud.functions.install("once-generous", stories.GENEROUS)
    cloud.create("shop", cloud.template(token=token, ForceDeleteWithoutRecovery=True))
    cloud.functions.configure(token, {"ALLOW_FORCE_DELETE": "no"})
    cloud.delete("shop")
    assert cloud.secret().state == "pending"


@pytest.mark.parametrize("origin", ["restored", "adopted", "found"])
def test_force_is_for_what_was_created(cloud: Cloud, origin: str) -> None:
    """Who restored or took a secret over may not know whose else it is."""
    force = {"settings": stories.GENEROUS, "ForceDeleteWithoutRecovery": True, "Name": "db"}
    if origin == "adopted":
        stories.by_hand(cloud, "db")
    else:
        retain = origin == "found"
        cloud.create("shop", cloud.template(Name="db", SecretString="x", retain=retain))
        cloud.delete("shop")
    cloud.create("shop", cloud.template(**force, Adopt="unowned"))
    assert cloud.secret("db").tags[stories.ORIGIN] == origin
    cloud.delete("shop")
    assert cloud.secret("db").state == "pending"


def test_replace_makes_a_new_one(cloud: Cloud) -> None:
    """Only together with force: it destroys what it finds pending."""
    declared = cloud.template(
        settings=stories.GENEROUS,
        OnRecreate="replace",
        ForceDeleteWithoutRecovery=True,
        SecretString="second",
    )
    cloud.create("shop", cloud.template(settings=stories.GENEROUS, SecretString="first"))
    before = cloud.secret()
    cloud.delete("shop")
    cloud.aws.hook("DeleteSecret", "after", lambda _: cloud.aws.clock.advance(seconds=300))
    outcome = cloud.create("shop", declared)
    assert cloud.secret().arn == outcome.outputs["Ref"] != before.arn
    assert (cloud.secret().value, outcome.outputs["Restored"]) == ("second", "false")


# What is not ours ------------------------------------------------------------------------------


def test_a_secret_that_got_another_owner_is_left_alone(cloud: Cloud) -> None:
    cloud.create("shop", cloud.template(SecretString="x"))
    tags = [{"Key": key, "Value": value} for key, value in stories.SOMEBODY.items()]
    cloud.aws.by_hand("TagResource", SecretId="shop/Secret", Tags=tags)
    before = cloud.secret()
    cloud.delete("shop")
    assert cloud.secret() == before


def test_what_was_adopted_is_scheduled_with_its_stack(cloud: Cloud) -> None:
    """It was live through a whole stack's life: it is that stack's, and comes back with it."""
    before = stories.by_hand(cloud, "db")
    declared = cloud.template(settings=stories.GENEROUS, Name="db", Adopt="unowned")
    cloud.create("shop", declared)
    cloud.delete("shop")
    assert cloud.secret("db").state == "pending"
    cloud.create("shop", cloud.template(Name="db"))
    assert cloud.secret("db").state == "live"
    assert stories.same(cloud.secret("db"), before)


def test_a_secret_that_is_gone_is_no_reason_to_fail(cloud: Cloud) -> None:
    cloud.create("shop", cloud.template(SecretString="x"))
    cloud.aws.by_hand("DeleteSecret", SecretId="shop/Secret", ForceDeleteWithoutRecovery=True)
    cloud.aws.clock.advance(seconds=300)
    cloud.delete("shop")
    assert cloud.secret().state == "absent"


def test_a_secret_that_a_person_scheduled_is_no_reason_to_fail(cloud: Cloud) -> None:
    cloud.create("shop", cloud.template(SecretString="x"))
    cloud.aws.by_hand("DeleteSecret", SecretId="shop/Secret", RecoveryWindowInDays=7)
    before = cloud.secret()
    cloud.delete("shop")
    assert cloud.secret() == before


def test_a_deletion_that_fails_can_be_tried_again(cloud: Cloud) -> None:
    cloud.create("shop", cloud.template(SecretString="x"))
    cloud.aws.deny("secretsmanager:DeleteSecret")
    outcome = cloud.delete("shop", ends="DELETE_FAILED")
    assert "secretsmanager:DeleteSecret" in outcome.reason()
    assert cloud.secret().state == "live"
    cloud.aws.allow_everything()
    cloud.delete("shop")
    assert cloud.secret().state == "pending"
