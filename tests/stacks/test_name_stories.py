"""Names: those that are declared, those that are not, and what becomes of the one before."""

from __future__ import annotations

import pytest

from stacks import stories
from stacks.cloud import Cloud


@pytest.mark.parametrize("name", ["prod-apikey", "a/b_c+d=e.f@g-h", "x"])
def test_whatever_a_name_looks_like(cloud: Cloud, name: str) -> None:
    """The first one ends as the ARN of another would: a hyphen and six characters."""
    cloud.create("shop", cloud.template(Name=name, SecretString="x"))
    before = cloud.secret(name)
    cloud.update("shop", cloud.template(Name=name, SecretString="x", Description="new"))
    assert cloud.secret(name).description == "new"
    cloud.delete("shop")
    assert cloud.secret(name).state == "pending"
    cloud.create("shop", cloud.template(Name=name, SecretString="x"))
    assert cloud.secret(name).state == "live"
    assert stories.same(cloud.secret(name), before)


def test_to_declare_the_name_that_it_has_changes_nothing(cloud: Cloud) -> None:
    cloud.create("shop", cloud.template(SecretString="x"))
    before = cloud.secret()
    cloud.aws.calls.clear()
    cloud.update("shop", cloud.template(Name="shop/Secret", SecretString="x"))
    assert cloud.secret() == before
    assert cloud.writes(before) == []
    cloud.update("shop", cloud.template(SecretString="x"))
    assert cloud.secret() == before


def test_a_name_that_is_no_longer_declared(cloud: Cloud) -> None:
    cloud.create("shop", cloud.template(Name="db", SecretString="x"))
    outcome = cloud.update("shop", cloud.template(SecretString="x"))
    assert outcome.outputs["Name"] == "shop/Secret"
    assert (cloud.secret("db").state, cloud.secret().state) == ("pending", "live")


def test_what_a_rename_leaves_by_its_policy(cloud: Cloud) -> None:
    """UpdateReplacePolicy: Retain. The old one stays live, and is found by a way back."""

    def named(name: str) -> None:
        template = cloud.template(Name=name, SecretString="x")
        template["Resources"]["Secret"]["UpdateReplacePolicy"] = "Retain"
        do = cloud.update if cloud.secret("old").arn else cloud.create
        do("shop", template)

    named("old")
    before = cloud.secret("old")
    named("new")
    assert cloud.secret("old") == before
    named("old")
    assert stories.same(cloud.secret("old"), before)
    cloud.delete("shop")
    assert (cloud.secret("old").state, cloud.secret("new").state) == ("pending", "live")


def test_two_stacks_of_similar_names(cloud: Cloud) -> None:
    """Names are joined so that one stack's secret can never be another's."""
    for stack in ("shop", "shop-Secret"):
        cloud.create(stack, {"Resources": {"A": cloud.declare(SecretString=stack)}})
    assert cloud.secret("shop/A").value == "shop"
    assert cloud.secret("shop-Secret/A").value == "shop-Secret"


# From the native type ---------------------------------------------------------------------------

NATIVE = [
    {"Key": "aws:cloudformation:stack-name", "Value": "legacy"},
    {"Key": "aws:cloudformation:logical-id", "Value": "Password"},
]
HANDOVER = {"Key": "recoverable-secrets:handover", "Value": "yes"}


def test_a_native_secret_is_handed_over(cloud: Cloud) -> None:
    """Retained and tagged first, then adopted: the same secret, now under another care."""
    before = stories.by_hand(cloud, "db")
    cloud.aws.plant("db", Tags=[*NATIVE, HANDOVER])
    declared = cloud.template(settings=stories.GENEROUS, Name="db", Adopt="unowned")
    outcome = cloud.create("shop", declared)
    assert outcome.outputs["Ref"] == before.arn
    assert stories.same(cloud.secret("db"), before)
    assert stories.owner(cloud.secret("db")) == "cloudformation/shop/Secret"


@pytest.mark.parametrize("adopt", ["unowned", "any"])
def test_in_the_wrong_order_nothing_is_lost(cloud: Cloud, adopt: str) -> None:
    """The native resource would destroy what was adopted from under it."""
    stories.by_hand(cloud, "db")
    cloud.aws.plant("db", Tags=NATIVE)
    before = cloud.secret("db")
    declared = cloud.template(settings=stories.GENEROUS, Name="db", Adopt=adopt)
    outcome = cloud.create("shop", declared, ends="ROLLBACK_COMPLETE")
    assert "handover" in outcome.reason()
    assert cloud.secret("db") == before
