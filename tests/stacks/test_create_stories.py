"""A stack is created: the secret, what other resources get of it, and what is refused."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from stacks import stories
from stacks.cloud import ATTRIBUTES, Cloud


def test_a_secret_is_created_in_one_call(cloud: Cloud) -> None:
    declared = cloud.template(
        SecretString="first",
        Description="of the shop",
        Tags=[{"Key": "team", "Value": "blue"}],
    )
    outcome = cloud.create("shop", declared, tags={"cost": "42"})
    secret = cloud.secret("shop/Secret")
    assert (secret.state, secret.value, secret.description) == ("live", "first", "of the shop")
    assert stories.owner(secret) == "cloudformation/shop/Secret"
    assert re.fullmatch(r"[0-9a-f]{16}\.[0-9a-f]{16}", secret.tags[stories.INSTANCE])
    assert secret.tags[stories.ORIGIN] == "created"
    assert {k: v for k, v in secret.tags.items() if k not in stories.MARKS} == {
        "team": "blue",
        "cost": "42",
    }, "its own tags and the stack's"
    assert outcome.outputs == {
        "Ref": secret.arn,
        "Arn": secret.arn,
        "Id": secret.arn,
        "Name": "shop/Secret",
        "VersionId": secret.version_id,
        "Restored": "false",
    }
    assert cloud.writes() == ["CreateSecret"]


def test_its_own_tag_goes_before_the_stacks(cloud: Cloud) -> None:
    declared = cloud.template(SecretString="x", Tags=[{"Key": "cost", "Value": "1"}])
    cloud.create("shop", declared, tags={"cost": "42", "team": "blue"})
    tags = cloud.secret().tags
    assert (tags["cost"], tags["team"]) == ("1", "blue")


def test_other_resources_use_it(cloud: Cloud) -> None:
    """Ref and each attribute, as the value of a parameter of its own."""
    values: dict[str, Any] = {name: {"Fn::GetAtt": ["Secret", name]} for name in ATTRIBUTES}
    values["Ref"] = {"Ref": "Secret"}
    others = {
        f"Has{name}": {
            "Type": "AWS::SSM::Parameter",
            "Properties": {"Name": f"/shop/{name}", "Type": "String", "Value": value},
        }
        for name, value in values.items()
    }
    outcome = cloud.create("shop", cloud.template(others, SecretString="x"))
    ssm = cloud.client("ssm")
    got = {name: ssm.get_parameter(Name=f"/shop/{name}")["Parameter"]["Value"] for name in values}
    assert got == outcome.outputs
    assert got["Ref"] == cloud.secret().arn


def test_without_a_value_there_is_no_version(cloud: Cloud) -> None:
    outcome = cloud.create("shop", cloud.template(Description="filled later"))
    assert outcome.outputs["VersionId"] == ""
    assert (cloud.secret().state, cloud.secret().versions) == ("live", {})


def test_a_name_is_taken_as_given(cloud: Cloud) -> None:
    outcome = cloud.create("shop", cloud.template(Name="db/password", SecretBinary="AP8="))
    secret = cloud.secret("db/password")
    assert secret.value == b"\0\xff"
    assert outcome.outputs["Name"] == "db/password"
    assert outcome.outputs["Ref"] == secret.arn


def test_the_installations_prefix(cloud: Cloud) -> None:
    """Before names of its own making; other names have to begin with it."""
    prefixed = {"NAME_PREFIX": "team/"}
    cloud.create("shop", cloud.template(settings=prefixed, SecretString="x"))
    assert cloud.secret("team/shop/Secret").state == "live"
    wrong = cloud.template(settings=prefixed, Name="db", SecretString="x")
    outcome = cloud.create("other", wrong, ends="ROLLBACK_COMPLETE")
    assert "team/" in outcome.reason()
    assert cloud.secret("db").state == "absent"


def test_all_problems_are_named_at_once(cloud: Cloud) -> None:
    """Before the first call."""
    declared = cloud.template(
        SecretStrin="x",
        RecoveryWindowInDays="3",
        ForceDeleteWithoutRecovery="perhaps",
        Name="no spaces",
    )
    outcome = cloud.create("shop", declared, ends="ROLLBACK_COMPLETE")
    for problem in ("SecretStrin", "RecoveryWindowInDays", "ForceDeleteWithoutRecovery", "Name"):
        assert problem in outcome.reason(), problem
    assert len(outcome.reason()) <= 240
    assert cloud.aws.calls == []


@pytest.mark.parametrize(
    ("properties", "told"),
    [
        ({"SecretString": "a", "SecretBinary": "YQ=="}, "SecretBinary"),
        ({"Owner": "somebody"}, "Owner"),
        ({"Region": "eu-west-1"}, "Region"),
        ({"Tags": [{"Key": stories.OWNER, "Value": "x"}]}, "Tags"),
        ({"RecoveryWindowInDays": 0}, "RecoveryWindowInDays"),
    ],
    ids=[
        "one value at a time",
        "owners come from the stack, never from a property",
        "the function's region is the stack's",
        "our own tags",
        "a window of 0 is no way to force",
    ],
)
def test_what_cannot_be_is_refused(cloud: Cloud, properties: dict[str, Any], told: str) -> None:
    outcome = cloud.create("shop", cloud.template(**properties), ends="ROLLBACK_COMPLETE")
    assert told in outcome.reason()
    assert cloud.aws.secrets() == []


def test_what_the_store_refuses_fails_the_stack(cloud: Cloud) -> None:
    cloud.aws.deny("secretsmanager:CreateSecret")
    outcome = cloud.create("shop", cloud.template(SecretString="x"), ends="ROLLBACK_COMPLETE")
    assert "secretsmanager:CreateSecret" in outcome.reason()
    assert cloud.aws.secrets() == []


def test_a_strangers_secret_is_not_taken(cloud: Cloud) -> None:
    """Not with adoption either, as long as the installation does not allow it."""
    before = stories.by_hand(cloud, "db", stories.SOMEBODY)
    outcome = cloud.create("shop", cloud.template(Name="db"), ends="ROLLBACK_COMPLETE")
    assert "pulumi/other/dev/db" in outcome.reason()
    cloud.create("again", cloud.template(Name="db", Adopt="any"), ends="ROLLBACK_COMPLETE")
    assert cloud.secret("db") == before
    assert cloud.writes() == ["CreateSecret"], "the attempt that found it"


def test_a_strangers_secret_can_be_adopted(cloud: Cloud) -> None:
    """Where both the installation and the declaration say so."""
    before = stories.by_hand(cloud, "db", stories.SOMEBODY)
    declared = cloud.template(settings=stories.GENEROUS, Name="db", Adopt="any")
    outcome = cloud.create("shop", declared)
    after = cloud.secret("db")
    assert stories.same(after, before)
    assert after.tags[stories.ORIGIN] == "adopted"
    assert stories.owner(after) == "cloudformation/shop/Secret"
    assert outcome.outputs["Ref"] == before.arn


# Generated values -----------------------------------------------------------------------------


def test_a_value_is_generated_once(cloud: Cloud) -> None:
    """And kept: through updates, and through a deletion and a restore."""
    asked = {"PasswordLength": 20, "ExcludePunctuation": True}
    first = cloud.template(GenerateSecretString=asked)
    cloud.create("shop", first)
    made = cloud.secret().value
    assert isinstance(made, str)
    assert re.fullmatch(r"[A-Za-z0-9]{20}", made)
    cloud.update("shop", cloud.template(GenerateSecretString=asked, Description="new"))
    assert cloud.secret().value == made
    cloud.delete("shop")
    cloud.create("shop", first)
    assert cloud.secret().value == made


def test_a_generated_value_takes_its_place_in_a_template(cloud: Cloud) -> None:
    asked = {"SecretStringTemplate": '{"user": "shop"}', "GenerateStringKey": "password"}
    cloud.create("shop", cloud.template(GenerateSecretString=asked))
    value = cloud.secret().value
    assert isinstance(value, str)
    parts = json.loads(value)
    assert parts["user"] == "shop"
    assert len(parts["password"]) == 32


def test_another_way_to_generate_leaves_the_value(cloud: Cloud) -> None:
    """It is for a secret without one; that the value stays is said in the log."""
    cloud.create("shop", cloud.template(GenerateSecretString={"PasswordLength": 20}))
    before = cloud.secret()
    cloud.update("shop", cloud.template(GenerateSecretString={"PasswordLength": 24}))
    assert cloud.secret() == before
