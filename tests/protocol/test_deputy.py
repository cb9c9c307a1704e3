"""One function serves many stacks: nobody gets at another's secret through it.

The attacker may deploy stacks with the ServiceToken, and may invoke the function with any event.
The victim is a stack of the same account. What an invoker can do by design stands in the
documentation (docs/security.md): these tests try the rest.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from typing import Any

import pytest

from emulation import SecretSnapshot
from protocol.stack import SECRET, Stack
from protocol.world import ACCOUNT, REGION, Delivery, World

VALUE = "victims-value"
NAME = "victim/Secret"
POLICY = '{"Version": "2012-10-17", "Statement": []}'
EVERYTHING_ALLOWED = {
    "ALLOW_FORCE_DELETE": "yes",
    "ALLOW_ADOPT": "unowned",
    "ALLOW_PUBLIC_POLICY": "yes",
    "ALLOWED_VALUE_SOURCES": "arn:aws:ssm:*:*:*,arn:aws:secretsmanager:*:*:secret:thief/*",
    "ALLOWED_ROTATION_FUNCTIONS": "arn:aws:lambda:*:*:function:*",
}
"""All but `ALLOW_ADOPT: any`, with which taking over is allowed to all."""

MARKS = ("owner", "instance", "origin")

EVIL: list[tuple[str, dict[str, Any]]] = [
    ("takes it by its name", {"Name": NAME}),
    ("takes it over", {"Name": NAME, "Adopt": "unowned"}),
    ("takes it over from its owner", {"Name": NAME, "Adopt": "any"}),
    ("puts another value", {"Name": NAME, "SecretString": "evil", "OnValueDrift": "overwrite"}),
    ("generates another value", {"Name": NAME, "GenerateSecretString": {}}),
    ("purges it", {"Name": NAME, "ForceDeleteWithoutRecovery": "true"}),
    ("purges and replaces it", {"Name": NAME, "Deletion": "force", "OnRecreate": "replace"}),
    ("says that it owns it", {"Name": NAME, "Owner": "cloudformation/victim/Secret"}),
    ("names another's role", {"Name": NAME, "AssumeRoleArn": f"arn:aws:iam::{ACCOUNT}:role/x"}),
    ("names a profile", {"Name": NAME, "Profile": "admin"}),
    ("names a region", {"Name": NAME, "Region": "us-east-1"}),
    ("names accounts", {"Name": NAME, "AllowedAccountIds": [ACCOUNT]}),
    ("names an endpoint", {"Name": NAME, "Endpoints": {"secretsmanager": "http://127.0.0.1:9"}}),
    ("waits for ever", {"Name": NAME, "Timeout": "3600"}),
    ("names it by its ARN", {"Name": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{NAME}"}),
    ("puts a policy on it", {"Name": NAME, "ResourcePolicy": POLICY}),
    ("puts a policy on it, natively", {"Name": NAME, "Policy": POLICY}),
    ("copies it to another region", {"Name": NAME, "ReplicaRegions": [{"Region": "us-east-1"}]}),
    ("rotates it", {"Name": NAME, "RotationLambdaARN": "arn:aws:lambda:x:1:function:f"}),
    ("copies its value", {"SecretStringFrom": NAME}),
    ("copies its value by another name", {"ValueFrom": {"SecretsManager": NAME}}),
    ("copies its value by its name", {"ValueFrom": {"Secret": NAME}}),
    ("copies its value through Systems Manager",
     {"ValueFrom": {"SsmParameter": f"/aws/reference/secretsmanager/{NAME}"}}),
    ("overwrites it with a replica", {"Name": "thief/Secret", "ForceOverwriteReplicaSecret": "true",
                                      "ReplicaRegions": [{"Region": REGION}]}),
    ("labels it", {"Name": NAME, "VersionStages": ["evil"]}),
    ("rotates it by rules",
     {"Name": NAME, "RotationLambdaARN": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:evil",
      "RotationRules": {"AutomaticallyAfterDays": "1"}, "RotateImmediatelyOnUpdate": "true"}),
    ("stops its rotation", {"Name": NAME, "RotationEnabled": "false"}),
    ("opens it", {"Name": NAME, "BlockPublicPolicy": "false", "ResourcePolicy": POLICY}),
    ("puts it together with its own prefix", {"NamePrefix": NAME}),
    ("writes the owner's tag", {"Name": "thief/db", "Tags": [
        {"Key": "recoverable-secrets:owner", "Value": "cloudformation/victim/Secret"}]}),
    ("writes the owner's tag in capitals", {"Name": "thief/db", "Tags": [
        {"Key": "Recoverable-Secrets:Owner", "Value": "cloudformation/victim/Secret"}]}),
    ("writes the mark", {"Name": "thief/db", "Tags": [
        {"Key": "recoverable-secrets:instance", "Value": "x"}]}),
]  # fmt: skip


@dataclasses.dataclass
class Victim:
    """A stack with a secret, and how that was at first."""

    stack: Stack
    before: SecretSnapshot
    world: World

    @property
    def arn(self) -> str:
        """ARN of its secret."""
        assert self.before.arn is not None
        return self.before.arn

    def assert_untouched(self) -> None:
        """Check that nothing about the secret is otherwise than before."""
        assert self.world.aws.secret(NAME) == self.before
        holders = [one.name for one in self.world.aws.secrets() if one.value == VALUE]
        assert holders == [NAME], "nobody else got its value"


@pytest.fixture
def victim(world: World) -> Victim:
    """A stack `victim` that is complete, below an installation that allows a lot."""
    world.install(**EVERYTHING_ALLOWED)
    stack = Stack(world, "victim")
    stack.create({"SecretString": VALUE, "Description": "mine"}).expect_success()
    world.aws.by_hand("PutResourcePolicy", SecretId=NAME, ResourcePolicy=POLICY)
    return Victim(stack, world.aws.secret(NAME), world)


def shows_nothing(*deliveries: Delivery) -> None:
    """Check that no answer holds the victim's value."""
    for each in deliveries:
        assert all(VALUE.encode() not in put.body for put in each.puts)


@pytest.mark.parametrize("properties", [row[1] for row in EVIL], ids=[row[0] for row in EVIL])
def test_another_stack_deploys(world: World, victim: Victim, properties: dict[str, Any]) -> None:
    """Create, Update to it, and the Deletes and rollbacks that follow."""
    thief = Stack(world, "thief")
    shows_nothing(*thief.deploy({SECRET: properties}))
    victim.assert_untouched()
    thief = Stack(world, "thief")
    shows_nothing(*thief.deploy({SECRET: {"SecretString": "own-value", "Name": "thief/own"}}))
    shows_nothing(*thief.deploy({SECRET: properties}))
    shows_nothing(*thief.deploy({SECRET: properties}, fails=True))
    shows_nothing(*thief.delete())
    victim.assert_untouched()


@pytest.mark.parametrize("properties", [row[1] for row in EVIL], ids=[row[0] for row in EVIL])
def test_an_invoker_uses_the_victims_arn(
    world: World, victim: Victim, properties: dict[str, Any]
) -> None:
    """A direct invocation for a stack of one's own that is at work, with the victim's ARN."""
    thief = Stack(world, "thief")
    thief.record.becomes("CREATE_COMPLETE")
    for kind in ("Create", "Update", "Delete"):
        thief.record.becomes({"Delete": "DELETE_IN_PROGRESS"}.get(kind, "UPDATE_IN_PROGRESS"))
        made = world.deliver(thief.event(kind, properties, old={"Name": NAME}, id=victim.arn))
        assert made.answer
        shows_nothing(made)
        victim.assert_untouched()


def test_a_copy_in_another_region_is_not_meant(world: World, victim: Victim) -> None:
    """A promoted replica has all tags of its primary: owner, mark and all.

    The function works in its own region only, which its role cannot tell from an ARN's tags.
    """
    tags = [{"Key": key, "Value": value} for key, value in victim.before.tags.items()]
    arn = world.aws.by_hand("CreateSecret", region="us-east-1", Name=NAME, Tags=tags)["ARN"]
    before = world.aws.secret(NAME, region="us-east-1")
    victim.stack.record.becomes("DELETE_IN_PROGRESS")
    made = victim.stack.send("Delete", {"Deletion": "force"}, id=arn)
    made.expect_success()
    assert made.actions == []
    victim.stack.record.becomes("UPDATE_IN_PROGRESS")
    properties = {"SecretString": VALUE, "Description": "mine"}
    assert victim.stack.send("Update", properties, old=properties, id=arn).id == victim.arn
    assert world.aws.secret(NAME, region="us-east-1") == before
    assert world.aws.secret(NAME).value == VALUE


STACK_IDS = {
    "another GUID": "arn:aws:cloudformation:{region}:{account}:stack/victim/{guid}",
    "another account": "arn:aws:cloudformation:{region}:999999999999:stack/victim/{guid}",
    "another region": "arn:aws:cloudformation:us-east-1:{account}:stack/victim/{guid}",
    "no GUID": "arn:aws:cloudformation:{region}:{account}:stack/victim",
    "the name": "victim",
    "a path in the name": "arn:aws:cloudformation:{region}:{account}:stack/victim/Secret/{guid}",
    "a wildcard": "arn:aws:cloudformation:{region}:{account}:stack/victim/*",
    "an empty name": "arn:aws:cloudformation:{region}:{account}:stack//{guid}",
    "line ends": "arn:aws:cloudformation:{region}:{account}:stack/victim/{guid}\n",
    "parameters": "victim&StackName=thief",
}


@pytest.mark.parametrize("kind", ["Create", "Update", "Delete"])
@pytest.mark.parametrize("stack_id", STACK_IDS.values(), ids=STACK_IDS)
def test_an_invoker_makes_a_stack_id_up(
    world: World, victim: Victim, kind: str, stack_id: str
) -> None:
    """The victim's name in a StackId that is not the victim's; with its ARN, a made-up id, none."""
    guid = "00000000-0000-0000-0000-000000000000"
    event = victim.stack.event(kind, {"SecretString": "evil", "Deletion": "force"}, old={})
    event["StackId"] = stack_id.format(region=REGION, account=ACCOUNT, guid=guid)
    for status in ("DELETE_IN_PROGRESS", "UPDATE_IN_PROGRESS"):
        victim.stack.record.status = status
        for id_ in (victim.arn, "victim-Secret-1ABCDEFGHIJKL", ""):
            assert world.deliver({**event, "PhysicalResourceId": id_}).answer
            victim.assert_untouched()


@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_an_invoker_uses_the_victims_own_stack_id_while_it_rests(
    world: World, victim: Victim, kind: str
) -> None:
    """A settled stack sends nothing: the event only looks, and says that it comes too late."""
    properties = {"SecretString": "evil-value", "Description": "evil", "Tags": []}
    made = victim.stack.send(kind, properties, old={}, id=victim.arn)
    made.expect_failure("not being created or updated")
    assert made.actions == ["DescribeSecret"]
    victim.assert_untouched()


def test_an_invoker_deletes_with_the_victims_own_stack_id(world: World, victim: Victim) -> None:
    """By design a Delete of a settled stack counts as a rollback: scheduled, never more."""
    made = victim.stack.send("Delete", {"Deletion": "force"}, id=victim.arn)
    made.expect_success()
    left = world.aws.secret(NAME)
    assert (left.state, left.value, left.arn) == ("pending", VALUE, victim.arn)


def test_another_logical_id_of_the_same_stack_is_another_owner(
    world: World, victim: Victim
) -> None:
    victim.stack.record.becomes("UPDATE_IN_PROGRESS")
    made = victim.stack.send("Create", {"Name": NAME}, logical="Other")
    made.expect_failure("cloudformation/victim/Secret")
    victim.stack.record.becomes("DELETE_IN_PROGRESS")
    made = victim.stack.send("Delete", {"Deletion": "force"}, logical="Other", id=victim.arn)
    made.expect_success()
    victim.assert_untouched()


LOGICAL = ["../victim/Secret", "Secret:0123456789abcdef", "Secret/x", "S\u00e4cret", "*", " Secret"]


@pytest.mark.parametrize("logical", LOGICAL)
def test_a_logical_id_that_no_template_can_have(world: World, victim: Victim, logical: str) -> None:
    """Letters and digits only, says CloudFormation: an invoker is not bound by that."""
    for name in ("victim", "thief", "thief/../victim"):
        stack = Stack(world, name)
        stack.record.becomes("CREATE_IN_PROGRESS")
        assert stack.send("Create", {"SecretString": "evil"}, logical=logical).answer
        stack.record.becomes("DELETE_IN_PROGRESS")
        asked = stack.send("Delete", {"Deletion": "force"}, logical=logical, id=victim.arn)
        assert asked.answer
        victim.assert_untouched()


def test_names_that_look_alike_have_owners_apart(world: World) -> None:
    owners: dict[str, tuple[str, str]] = {}
    for name, logical in (("a-b", "c"), ("a", "b-c"), ("a", "b"), ("A", "b"), ("a=2F", "b")):
        stack = Stack(world, name)
        stack.create({}, lost=()) if logical == SECRET else stack.deploy({logical: {}})
        [made] = [d for d in world.deliveries[-1:] if d.succeeded]
        owner = world.aws.secret(made.answer["Data"]["Name"]).tags["recoverable-secrets:owner"]
        assert owner not in owners
        owners[owner] = (name, logical)


def test_old_properties_cannot_name_our_tags(world: World, victim: Victim) -> None:
    """What was declared and is no longer is dropped: our own tags were never declared."""
    tags = [{"Key": f"recoverable-secrets:{name}", "Value": "x"} for name in MARKS]
    victim.stack.record.becomes("UPDATE_IN_PROGRESS")
    properties = {"SecretString": VALUE, "Description": "mine"}
    old = {**properties, "Tags": tags}
    assert victim.stack.send("Update", properties, old=old, id=victim.arn).answer
    victim.assert_untouched()


@pytest.mark.parametrize("status", ["UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS"])
def test_an_origin_cannot_be_forged(world: World, status: str) -> None:
    """What was adopted is never purged: not if the properties say that it was created.

    In a rollback bad properties are not refused, so that it does not get stuck: they must not
    count either.
    """
    world.install(**EVERYTHING_ALLOWED)
    world.aws.by_hand("CreateSecret", Name="shop/Secret", SecretString=VALUE)
    stack = Stack(world)
    id_ = stack.create({"Adopt": "unowned"}).id
    stack.record.becomes(status)
    forged = [{"Key": "recoverable-secrets:origin", "Value": "created"}]
    properties = {"Tags": forged, "ForceDeleteWithoutRecovery": True, "Nonsense": "x"}
    assert stack.send("Update", properties, old={}, id=id_).answer
    assert world.aws.secret("shop/Secret").tags["recoverable-secrets:origin"] == "adopted"
    stack.record.becomes("UPDATE_COMPLETE")
    stack.record.becomes("DELETE_IN_PROGRESS")
    stack.send("Delete", properties, id=id_).expect_success()
    assert world.aws.secret("shop/Secret").state == "pending"


@pytest.mark.parametrize("status", ["UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS"])
def test_limits_hold_in_a_rollback_too(world: World, status: str) -> None:
    """Names, tags and sizes that the service refuses are never sent to it."""
    stack = Stack(world)
    id_ = stack.create({"SecretString": VALUE}).id
    stack.record.becomes(status)
    tags = [{"Key": f"aws:k{number}", "Value": "x"} for number in range(60)]
    properties = {"Name": "bad name!", "Description": "x" * 3000, "Tags": tags}
    made = stack.send("Update", properties, old={"SecretString": VALUE}, id=id_)
    assert made.answer
    assert not {"CreateSecret", "UpdateSecret", "TagResource"} & set(made.actions)
    assert world.aws.secret("shop/Secret").value == VALUE


# The function's own environment, files and reach -------------------------------------------------

CANARY = "canary-of-the-function-77aa"
LURES = [
    "${CANARY}", "$CANARY", "%CANARY%", "{{CANARY}}", "{CANARY}", "env:CANARY", "env://CANARY",
    "os.environ['CANARY']", "!Sub ${CANARY}", "{resolve:ssm:CANARY}", "file://{path}",
    "file:{path}", "@{path}", "{path}", "fileb://{path}", "http://127.0.0.1:1/{path}",
]  # fmt: skip


@pytest.mark.parametrize("lure", LURES)
def test_texts_stay_as_they_are(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Any, lure: str
) -> None:
    """No text is expanded, opened or fetched: what is declared is what is stored."""
    monkeypatch.setenv("CANARY", CANARY)
    file = tmp_path / "credentials"
    file.write_text(CANARY)
    text = lure.replace("{path}", str(file))
    stack = Stack(world)
    made = stack.create({"SecretString": text, "Description": text, "KmsKeyId": "alias/x"})
    made.expect_success()
    one = world.aws.secret("shop/Secret")
    assert (one.value, one.description) == (text, text)
    world.receiver.reset()
    again = Stack(world, "other").create({"Name": text, "Adopt": text, text: text})
    again.expect_failure()
    assert CANARY not in again.puts[0].body.decode()


@pytest.mark.parametrize("service", ["ssm", "ssm-secure", "secretsmanager"])
def test_a_reference_that_is_not_resolved_is_refused(world: World, service: str) -> None:
    """CloudFormation resolves it or refuses it: the function must not store it, nor resolve it."""
    made = Stack(world).create({"SecretString": f"{{{{resolve:{service}:CANARY}}}}"})
    made.expect_failure("SecretString", "reference")
    assert not made.actions


SOURCES = [
    "ValueFrom", "SecretStringFrom", "SecretStringValueFrom", "FromEnvironment", "Environment",
    "SecretStringFile", "ParameterName", "SsmParameter", "SourceSecretArn", "SecretStringWo",
    "SecretStringWoVersion", "AllowedValueSources", "AllowAdopt", "AllowForceDelete",
    "AllowPublicPolicy", "AllowedRotationFunctions",
]  # fmt: skip


@pytest.mark.parametrize("name", SOURCES)
def test_no_property_reaches_into_the_function(world: World, name: str) -> None:
    """Unknown properties are refused, never ignored, before any call."""
    made = Stack(world).create({name: "yes"})
    made.expect_failure(name)
    assert not made.actions


PREFIXED = ["other/db", "tea", "team", "Team/db", " team/db", "../team/db", "xteam/db"]


@pytest.mark.parametrize("name", PREFIXED)
def test_names_outside_the_prefix(world: World, name: str) -> None:
    world.install(NAME_PREFIX="team/", ALLOW_ADOPT="any", ALLOW_FORCE_DELETE="yes")
    world.aws.by_hand("CreateSecret", Name="other/db", SecretString=VALUE)
    before = world.aws.secret("other/db")
    stack = Stack(world)
    made, deletion = stack.deploy({SECRET: {"Name": name, "Adopt": "any", "Deletion": "force"}})
    made.expect_failure("Name")
    deletion.expect_success()
    assert not made.actions
    assert world.aws.secret("other/db") == before


def test_an_update_under_an_arn_outside_the_prefix(world: World) -> None:
    """Neither an id nor old properties lead out of the prefix."""
    world.install(NAME_PREFIX="team/", ALLOW_ADOPT="any", ALLOW_FORCE_DELETE="yes")
    arn = world.aws.by_hand("CreateSecret", Name="other/db", SecretString=VALUE)["ARN"]
    before = world.aws.secret("other/db")
    stack = Stack(world)
    stack.record.becomes("CREATE_COMPLETE")
    stack.record.becomes("UPDATE_IN_PROGRESS")
    properties = {"Adopt": "any", "SecretString": "evil"}
    assert stack.send("Update", properties, old={}, id=arn).answer
    assert stack.send("Update", properties, old={"Name": "other/db"}, id=arn).answer
    stack.record.becomes("DELETE_IN_PROGRESS")
    assert stack.send("Delete", {"Deletion": "force"}, id=arn).answer
    assert world.aws.secret("other/db") == before


def test_the_functions_settings_cannot_be_sent(world: World) -> None:
    """Install parameters come from the environment alone, event keys change nothing."""
    extra: Mapping[str, Any] = {
        "ALLOW_ADOPT": "any",
        "Environment": {"ALLOW_ADOPT": "any"},
        "NAME_PREFIX": "",
        "ResourceOwner": "x",
    }
    world.aws.by_hand("CreateSecret", Name="shop/Secret", SecretString=VALUE)
    stack = Stack(world)
    stack.record.becomes("CREATE_IN_PROGRESS")
    made = stack.send("Create", {"Adopt": "any"}, **extra)
    made.expect_failure("AllowAdopt")
    assert "ALLOW_ADOPT" not in os.environ
