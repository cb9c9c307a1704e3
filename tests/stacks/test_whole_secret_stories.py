"""Replicas, policy, rotation, values and labels on real stacks: made, changed, removed, restored.

What a single event does stands in tests/protocol/cases; here it is CloudFormation's own order of
events, and what a template's texts and mappings become on their way.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from emulation import DEFAULT_ACCOUNT, DEFAULT_REGION, SecretSnapshot
from stacks import cloud as clouds
from stacks.cloud import Cloud

WEST, EAST = "eu-west-1", "eu-central-1"
KEY, WEST_KEY = (
    f"arn:aws:kms:{region}:{DEFAULT_ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
    for region in (DEFAULT_REGION, WEST)
)
FUNCTIONS = f"arn:aws:lambda:{DEFAULT_REGION}:{DEFAULT_ACCOUNT}:function"
PARAMETERS = f"arn:aws:ssm:{DEFAULT_REGION}:{DEFAULT_ACCOUNT}:parameter"
SHARING = {
    "ALLOWED_VALUE_SOURCES": f"{PARAMETERS}/shared/*",
    "ALLOWED_ROTATION_FUNCTIONS": f"{FUNCTIONS}:rotate-*",
}
RECORD, CANCELLED = "recoverable-secrets:replicas", "recoverable-secrets:rotation"


def policy(action: str) -> dict[str, Any]:
    """Return a policy that lets another account do one thing."""
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": ["arn:aws:iam::210987654321:root"]},
        "Action": [f"secretsmanager:{action}"],
        "Resource": "*",
        "Condition": {"Bool": {"aws:SecureTransport": True}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


FIRST: dict[str, Any] = {
    "SecretJson": {"user": "app", "password": "first"},
    "Description": "first",
    "KmsKeyId": KEY,
    "Type": "SalesforceClientSecret",
    "Tags": [{"Key": "stage", "Value": "first"}],
    "ReplicaRegions": [{"Region": WEST, "KmsKeyId": WEST_KEY}, {"Region": EAST}],
    "ResourcePolicy": policy("GetSecretValue"),
    "RotationLambdaARN": f"{FUNCTIONS}:rotate-db",
    "RotationRules": {"AutomaticallyAfterDays": 30, "Duration": "3h"},
    "VersionStages": ["blue"],
}
SECOND: dict[str, Any] = {
    "SecretJson": {"user": "app", "password": "second"},
    "Description": "second",
    "Type": "BigIDClientSecret",
    "Tags": [{"Key": "stage", "Value": "second"}],
    "ReplicaRegions": [{"Region": WEST}],
    "ResourcePolicy": json.dumps(policy("DescribeSecret")),
    "RotationLambdaARN": f"{FUNCTIONS}:rotate-web",
    "RotationRules": {"ScheduleExpression": "rate(10 days)"},
    "VersionStages": ["green"],
}
BARE: dict[str, Any] = {"SecretJson": {"user": "app", "password": "first"}}
"""The value and nothing else: all groups are removed."""


def shown(secret: SecretSnapshot) -> dict[str, Any]:
    """Return every group of a secret as it is, in the words of the properties."""
    current = secret.versions[str(secret.version_id)]
    statement = json.loads(secret.policy)["Statement"] if secret.policy else None
    rotates = secret.rotation.get("RotationEnabled", False)
    return {
        "value": secret.value,
        "description": secret.description,
        "key": secret.kms_key_id,
        "type": secret.type,
        "stage": secret.tags.get("stage"),
        "replicas": {region: one.kms_key_id for region, one in secret.replicas.items()},
        "policy": statement and json.dumps(statement),
        "rotator": secret.rotation.get("RotationLambdaARN") if rotates else None,
        "rules": secret.rotation.get("RotationRules") if rotates else None,
        "labels": sorted(set(current.labels) - {"AWSCURRENT", "AWSPREVIOUS", "AWSPENDING"}),
    }


def assert_is(secret: SecretSnapshot, declared: dict[str, Any]) -> None:
    """Check that a live secret is as it is declared, group by group."""
    assert secret.state == "live"
    now = shown(secret)
    replicas = declared.get("ReplicaRegions", ())
    rules = declared.get("RotationRules")
    document = declared.get("ResourcePolicy")
    action = "GetSecretValue" if isinstance(document, dict) else "DescribeSecret"
    assert json.loads(str(now.pop("value"))) == declared["SecretJson"]
    held = now.pop("policy")
    assert (held is not None) == (document is not None)
    assert document is None or action in held
    assert now == {
        "description": declared.get("Description"),
        "key": declared.get("KmsKeyId"),
        # AWS has no way to take a type away.
        "type": declared.get("Type", now["type"]),
        "stage": next((tag["Value"] for tag in declared.get("Tags", ())), None),
        "replicas": {one["Region"]: one.get("KmsKeyId") for one in replicas},
        "rotator": declared.get("RotationLambdaARN"),
        "rules": rules,
        "labels": declared.get("VersionStages", []),
    }


def test_created_changed_removed_deleted_and_restored(cloud: Cloud) -> None:
    """All of a secret at once, through a stack's whole life."""
    first, second, bare = (
        cloud.template(settings=SHARING, **each) for each in (FIRST, SECOND, BARE)
    )
    arn = cloud.create("shop", first).outputs["Ref"]
    assert_is(cloud.secret(), FIRST)
    made = ["CreateSecret", "PutResourcePolicy", "UpdateSecretVersionStage", "RotateSecret"]
    assert cloud.writes() == made, "replicas come with the creation"
    cloud.update("shop", second)
    assert_is(cloud.secret(), SECOND)
    cloud.delete("shop")
    gone = cloud.secret()
    assert (gone.state, gone.replicas) == ("pending", {})
    assert not gone.rotation["RotationEnabled"]
    assert (gone.tags[RECORD], gone.tags[CANCELLED]) == (WEST, "on")
    outcome = cloud.create("shop", second)
    assert (outcome.outputs["Ref"], outcome.outputs["Restored"]) == (arn, "true")
    assert_is(cloud.secret(), SECOND)
    cloud.update("shop", bare)
    assert_is(cloud.secret(), {**BARE})
    assert not {RECORD, CANCELLED} & set(cloud.secret().tags)


def test_restored_with_other_settings_than_before(cloud: Cloud) -> None:
    """The stack has forgotten everything; what is declared now holds, the value stays."""
    cloud.create("shop", cloud.template(settings=SHARING, **FIRST))
    cloud.delete("shop")
    cloud.create("shop", cloud.template(settings=SHARING, **{**SECOND, **BARE}))
    assert_is(cloud.secret(), {**SECOND, **BARE})


def test_restored_without_saying_anything_of_them(cloud: Cloud) -> None:
    """Replicas and rotation come back from their records; the old policy does not."""
    cloud.create("shop", cloud.template(settings=SHARING, **FIRST))
    cloud.delete("shop")
    cloud.aws.clock.advance(days=29)
    cloud.create("shop", cloud.template(settings=SHARING, **BARE))
    after = cloud.secret()
    assert after.state == "live"
    assert {region: one.kms_key_id for region, one in after.replicas.items()} == {
        WEST: WEST_KEY,
        EAST: None,
    }
    assert after.policy is None
    assert after.rotation["RotationEnabled"]
    assert after.rotation["RotationLambdaARN"] == FIRST["RotationLambdaARN"]
    assert json.loads(str(after.value)) == BARE["SecretJson"], "an overdue rotation did not fire"


FAILING = {"Broken": clouds.broken("Secret")}


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({}, id="every group at once"),
        pytest.param(BARE, id="every group removed"),
    ],
)
def test_an_update_is_rolled_back_in_every_group(cloud: Cloud, changed: dict[str, Any]) -> None:
    cloud.create("shop", cloud.template(settings=SHARING, **FIRST))
    before = shown(cloud.secret())
    failing = cloud.template(FAILING, settings=SHARING, **(changed or SECOND))
    cloud.update("shop", failing, ends="UPDATE_ROLLBACK_COMPLETE")
    assert shown(cloud.secret()) == before
    cloud.delete("shop")
    assert cloud.secret().tags[RECORD] == f"{EAST} {WEST}={WEST_KEY}", "put right by the teardown"


def test_an_update_that_added_every_group_is_rolled_back(cloud: Cloud) -> None:
    cloud.create("shop", cloud.template(settings=SHARING, **BARE))
    before = shown(cloud.secret())
    added = {**FIRST, **BARE, "Type": None}
    failing = cloud.template(
        FAILING, settings=SHARING, **{name: each for name, each in added.items() if each}
    )
    cloud.update("shop", failing, ends="UPDATE_ROLLBACK_COMPLETE")
    assert shown(cloud.secret()) == before
    assert not {RECORD, CANCELLED} & set(cloud.secret().tags)


def test_an_update_that_failed_itself_is_rolled_back(cloud: Cloud) -> None:
    """All but its last step was done, and is taken back: rotation comes last."""
    cloud.create("shop", cloud.template(settings=SHARING, **FIRST))
    before = shown(cloud.secret())
    cloud.aws.deny("secretsmanager:RotateSecret")
    broken = cloud.template(settings=SHARING, **SECOND)
    outcome = cloud.update("shop", broken, ends="UPDATE_ROLLBACK_COMPLETE")
    assert "secretsmanager:RotateSecret" in outcome.reason()
    assert {"PutResourcePolicy", "UpdateSecret", "RemoveRegionsFromReplication"} <= {
        *cloud.writes()
    }
    assert shown(cloud.secret()) == before


def test_a_stack_that_fails_leaves_nothing_in_other_regions(cloud: Cloud) -> None:
    template = cloud.template(FAILING, settings=SHARING, **FIRST)
    cloud.create("shop", template, ends="ROLLBACK_COMPLETE")
    assert (cloud.secret().state, cloud.secret().replicas) == ("pending", {})
    assert cloud.secret("shop/Secret").tags[RECORD] == f"{EAST} {WEST}={WEST_KEY}"
    for region in (WEST, EAST):
        assert cloud.aws.secret("shop/Secret", region=region).state == "absent"


def test_a_value_is_read_and_read_again(cloud: Cloud) -> None:
    """In no template, no parameter and no event of the stack; see test_leaks_of_stacks.py."""
    cloud.aws.add_parameter("/shared/db", "first")
    place = {"SsmParameter": "/shared/db"}
    cloud.create("shop", cloud.template(settings=SHARING, ValueFrom=place, ValueVersion=1))
    assert cloud.secret().value == "first"
    cloud.aws.add_parameter("/shared/db", "second")
    more = {"settings": SHARING, "ValueFrom": place, "Description": "new"}
    cloud.update("shop", cloud.template(ValueVersion=1, **more))
    assert cloud.secret().value == "first"
    failing = cloud.template(FAILING, ValueVersion=2, **more)
    cloud.update("shop", failing, ends="UPDATE_ROLLBACK_COMPLETE")
    assert cloud.secret().value == "first"
    cloud.update("shop", cloud.template(ValueVersion=3, **more))
    assert cloud.secret().value == "second"
    cloud.delete("shop")
    cloud.create("shop", cloud.template(ValueVersion=3, **more))
    assert cloud.secret().value == "second"


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        ({"ValueFrom": {"SsmParameter": "/private/db"}}, "AllowedValueSources"),
        ({"ValueFrom": {"SsmParameter": "/shared/gone"}}, "/shared/gone"),
        ({"RotationLambdaARN": f"{FUNCTIONS}:other", "RotationRules": {
            "AutomaticallyAfterDays": 1}}, "AllowedRotationFunctions"),
        ({"ReplicaRegions": [{"Region": DEFAULT_REGION}]}, "ReplicaRegions"),
        ({"ResourcePolicy": "no policy"}, "ResourcePolicy"),
        ({"ResourcePolicy": policy("*"), "BlockPublicPolicy": False}, "AllowPublicPolicy"),
    ],
    ids=["no source", "no such source", "no rotator", "its own region", "no policy", "public"],
)  # fmt: skip
def test_what_cannot_be_is_refused_before_anything_is_made(
    cloud: Cloud, declared: dict[str, Any], told: str
) -> None:
    template = cloud.template(settings=SHARING, **declared)
    outcome = cloud.create("shop", template, ends="ROLLBACK_COMPLETE")
    assert told in outcome.reason()
    assert cloud.aws.secrets() == []


def test_a_value_is_generated_again_when_it_is_said(cloud: Cloud) -> None:
    """Once for each change, taken back with a failed update, and kept by a restore."""
    asked = {"GenerateSecretString": {"PasswordLength": 20}, "RegenerateWhen": 1}
    cloud.create("shop", cloud.template(**asked))
    values = [cloud.secret().value]
    cloud.update("shop", cloud.template(**{**asked, "RegenerateWhen": 2}))
    values.append(cloud.secret().value)
    again = {**asked, "RegenerateWhen": 3}
    cloud.update("shop", cloud.template(FAILING, **again), ends="UPDATE_ROLLBACK_COMPLETE")
    assert cloud.secret().value == values[-1]
    cloud.update("shop", cloud.template(**again))
    values.append(cloud.secret().value)
    cloud.delete("shop")
    cloud.create("shop", cloud.template(**{**asked, "RegenerateWhen": 4}))
    assert cloud.secret().value == values[-1], "what comes back is not generated anew"
    assert len({*values}) == 3


def test_a_key_that_is_to_be_deleted_with_the_stack(cloud: Cloud) -> None:
    """The deletion goes on and says so; the restore does not pretend that all is well."""
    cloud.aws.add_key(KEY)
    template = cloud.template(SecretString="x", KmsKeyId=KEY)
    cloud.create("shop", template)
    cloud.aws.add_key(KEY, "PendingDeletion", cloud.aws.clock.now() + dt.timedelta(days=7))
    cloud.delete("shop")
    assert cloud.secret().state == "pending"
    outcome = cloud.create(
        "again",
        cloud.template(SecretString="x", KmsKeyId=KEY, Name="shop/Other"),
        ends="ROLLBACK_COMPLETE",
    )
    assert "CancelKeyDeletion" in outcome.reason()
    outcome = cloud.create("shop", template, ends="ROLLBACK_COMPLETE")
    assert "CancelKeyDeletion" in outcome.reason()
    assert cloud.secret().state == "pending"
    cloud.delete("shop")
    cloud.aws.enable_key(KEY)
    cloud.create("shop", template)
    assert (cloud.secret().state, cloud.secret().value) == ("live", "x")


def test_what_was_changed_by_hand_stays_until_it_is_declared_otherwise(cloud: Cloud) -> None:
    """CloudFormation sends no event for a stack that does not change; the next change repairs."""
    cloud.create("shop", cloud.template(settings=SHARING, **FIRST))
    cloud.aws.by_hand(
        "RemoveRegionsFromReplication", SecretId="shop/Secret", RemoveReplicaRegions=[WEST]
    )
    cloud.aws.by_hand("CancelRotateSecret", SecretId="shop/Secret")
    changed = {**FIRST, "Description": "repaired"}
    cloud.update("shop", cloud.template(settings=SHARING, **changed))
    assert_is(cloud.secret(), changed)
