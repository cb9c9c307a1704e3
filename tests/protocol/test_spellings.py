"""What each property may be spelt like: CloudFormation sends text, nested content included.

Each row: the property, what arrives, what it means (a dict of facts of the secret afterwards), or
`REFUSED`; and why. A direct invocation may send JSON's own numbers and truth values.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from protocol.stack import Stack
from protocol.world import World

REFUSED: Any = object()
NAME = "shop/Secret"
TAGS: Any = [{"Key": "a", "Value": "1"}]
POLICY: Any = {"Statement": [{
    "Effect": "Deny", "Action": "secretsmanager:DeleteSecret", "Resource": "*",
    "Principal": {"AWS": "111122223333"},
}]}  # fmt: skip
FUNCTION = "arn:aws:lambda:eu-central-1:111122223333:function:rotate"
PARAMETER = "arn:aws:ssm:eu-central-1:111122223333:parameter/app/db"
FORCE = {"state": "purging"}
SOFT = {"state": "pending"}

# Facts are checked after a Delete for what only counts then, else after the Create.
AT_DELETE = {
    "ForceDeleteWithoutRecovery", "RecoveryWindowInDays", "Deletion",
    "RefuseDeletionIfAccessedWithin",
}  # fmt: skip

ROWS: list[tuple[str, Any, Any, str]] = [
    ("ForceDeleteWithoutRecovery", "true", FORCE, "as CloudFormation sends it"),
    ("ForceDeleteWithoutRecovery", "false", SOFT, "text that is not empty, and yet not true"),
    ("ForceDeleteWithoutRecovery", "True", FORCE, "as Python and old YAML write it"),
    ("ForceDeleteWithoutRecovery", "FALSE", SOFT, "capitals make no difference"),
    ("ForceDeleteWithoutRecovery", True, FORCE, "JSON's own"),
    ("ForceDeleteWithoutRecovery", False, SOFT, "JSON's own"),
    ("ForceDeleteWithoutRecovery", "yes", REFUSED, "near misses must not destroy, nor be ignored"),
    ("ForceDeleteWithoutRecovery", "1", REFUSED, "one is no truth value"),
    ("ForceDeleteWithoutRecovery", 1, REFUSED, "nor as a number"),
    ("ForceDeleteWithoutRecovery", "", REFUSED, "empty text is neither"),
    ("ForceDeleteWithoutRecovery", " true", REFUSED, "blanks are a slip"),
    ("ForceDeleteWithoutRecovery", "true\n", REFUSED, "line ends are a slip"),
    ("ForceDeleteWithoutRecovery", ["true"], REFUSED, "a list for a scalar"),
    ("ForceDeleteWithoutRecovery", {"a": "true"}, REFUSED, "an object for a scalar"),
    ("ForceDeleteWithoutRecovery", None, SOFT, "null means not declared"),
    ("RecoveryWindowInDays", "7", {"window": 7}, "as CloudFormation sends it"),
    ("RecoveryWindowInDays", "30", {"window": 30}, "the longest"),
    ("RecoveryWindowInDays", 7, {"window": 7}, "JSON's own"),
    ("RecoveryWindowInDays", 7.0, {"window": 7}, "JSON knows no whole numbers"),
    ("RecoveryWindowInDays", "07", {"window": 7}, "a leading nought changes nothing"),
    ("RecoveryWindowInDays", "7.0", REFUSED, "text with a fraction is a slip"),
    ("RecoveryWindowInDays", 7.5, REFUSED, "half a day"),
    ("RecoveryWindowInDays", " 7", REFUSED, "blanks are a slip"),
    ("RecoveryWindowInDays", "7 ", REFUSED, "behind it as well"),
    ("RecoveryWindowInDays", "7\n", REFUSED, "line ends are a slip"),
    ("RecoveryWindowInDays", "+7", REFUSED, "signs are a slip"),
    ("RecoveryWindowInDays", "1e1", REFUSED, "exponents are a slip"),
    ("RecoveryWindowInDays", "0x7", REFUSED, "other bases are a slip"),
    ("RecoveryWindowInDays", "1_0", REFUSED, "Python's own spelling of ten"),
    ("RecoveryWindowInDays", "\u0667", REFUSED, "another script's seven"),
    ("RecoveryWindowInDays", "6", REFUSED, "too short for the service"),
    ("RecoveryWindowInDays", "31", REFUSED, "too long for the service"),
    ("RecoveryWindowInDays", "0", REFUSED, "elsewhere it means force: who means it says so"),
    ("RecoveryWindowInDays", "-7", REFUSED, "negative"),
    ("RecoveryWindowInDays", "7" * 5000, REFUSED, "more digits than Python converts"),
    ("RecoveryWindowInDays", 1e400, REFUSED, "JSON's infinity"),
    ("RecoveryWindowInDays", "", REFUSED, "empty text is no number"),
    ("RecoveryWindowInDays", True, REFUSED, "true is no number"),
    ("RecoveryWindowInDays", "true", REFUSED, "nor as text"),
    ("RecoveryWindowInDays", ["7"], REFUSED, "a list for a scalar"),
    ("RecoveryWindowInDays", None, {"window": 30}, "null means not declared"),
    ("Deletion", "retain", {"state": "live"}, "one of three words"),
    ("Deletion", "force", FORCE, "one of three words"),
    ("Deletion", "Force", REFUSED, "words are exact"),
    ("Deletion", "", REFUSED, "empty text is none of them"),
    ("Deletion", ["schedule"], REFUSED, "a list for a scalar"),
    ("OnRecreate", "restore", {}, "one of three words"),
    ("OnRecreate", "RESTORE", REFUSED, "words are exact"),
    ("OnRecreate", "true", REFUSED, "another type's"),
    ("Adopt", "no", {}, "the default, said"),
    ("Adopt", "unowned", {}, "one of three words"),
    ("Adopt", "yes", REFUSED, "which of the two is not clear"),
    ("Adopt", "any ", REFUSED, "blanks are a slip"),
    ("OnValueDrift", "keep", {}, "one of two words"),
    ("OnValueDrift", "Keep", REFUSED, "words are exact"),
    ("Name", "app/db", {"name": "app/db"}, "a name"),
    ("Name", "7", {"name": "7"}, "a number is a name too: it is text on the way"),
    ("Name", "true", {"name": "true"}, "and so is a truth value"),
    ("Name", 7, REFUSED, "a number that is none on the way was not sent by CloudFormation"),
    ("Name", "", REFUSED, "the empty name"),
    ("Name", " app", REFUSED, "blanks in a name"),
    ("Name", "app\n", REFUSED, "line ends in a name"),
    ("Name", "äpp", REFUSED, "letters that the service does not take"),
    ("Name", ["app"], REFUSED, "a list for a scalar"),
    ("Name", None, {"name": NAME}, "null means not declared"),
    ("Description", "", {"description": None}, "empty text clears it"),
    ("Description", " x ", {"description": " x "}, "blanks are part of a text"),
    ("Description", "true", {"description": "true"}, "text stays text"),
    ("Description", "7.0", {"description": "7.0"}, "text stays text"),
    ("Description", True, REFUSED, "truth is no text"),
    ("Description", 7, REFUSED, "nor is a number"),
    ("Description", ["x"], REFUSED, "a list for a scalar"),
    ("Description", {"Ref": "x"}, REFUSED, "an unresolved function"),
    ("KmsKeyId", "alias/app", {"key": "alias/app"}, "an alias"),
    ("KmsKeyId", "", {"key": None}, "empty text: the service's own key"),
    ("KmsKeyId", " alias/app", REFUSED, "blanks are a slip"),
    ("KmsKeyId", ["alias/app"], REFUSED, "a list for a scalar"),
    ("SecretString", "7.0", {"value": "7.0"}, "a value stays exactly as it is"),
    ("SecretString", "true", {"value": "true"}, "a value stays exactly as it is"),
    ("SecretString", " \n", {"value": " \n"}, "blanks are a value"),
    ("SecretString", "null", {"value": "null"}, "the word null is a value"),
    ("SecretString", '{"a": 1}', {"value": '{"a": 1}'}, "JSON text is text"),
    ("SecretString", {"a": "1"}, REFUSED, "an object would have to be turned into text: how?"),
    ("SecretString", ["a"], REFUSED, "a list for a scalar"),
    ("SecretString", 7, REFUSED, "a number that is none on the way"),
    ("SecretString", "{{resolve:ssm-secure:a}}", REFUSED, "a reference that was left as it is"),
    ("SecretString", "{{ resolve }}", {"value": "{{ resolve }}"}, "braces alone are a value"),
    ("SecretString", "", REFUSED, "the service keeps no empty value"),
    ("SecretString", None, {"value": None}, "null means not declared"),
    ("SecretBinary", "AAEC", {"value": b"\x00\x01\x02"}, "base64 of the bytes"),
    ("SecretBinary", "AA EC\n", {"value": b"\x00\x01\x02"}, "base64 in lines"),
    ("SecretBinary", "no base64!", REFUSED, "not base64"),
    ("SecretBinary", "AAE", REFUSED, "base64 cut off"),
    ("SecretBinary", "", REFUSED, "the service keeps no empty value"),
    ("SecretBinary", [0, 1], REFUSED, "a list for a scalar"),
    ("Tags", TAGS, {"tags": {"a": "1"}}, "as the native type has them"),
    ("Tags", {"a": "1"}, {"tags": {"a": "1"}}, "a mapping is accepted"),
    ("Tags", [], {"tags": {}}, "none"),
    ("Tags", {}, {"tags": {}}, "none"),
    ("Tags", [{"Key": "a", "Value": ""}], {"tags": {"a": ""}}, "a value may be empty"),
    ("Tags", [{"Key": "a", "Value": "true"}], {"tags": {"a": "true"}}, "nested text stays text"),
    ("Tags", [{"Key": "a", "Value": True}], REFUSED, "nested truth is no text"),
    ("Tags", [{"Key": "a", "Value": 7}], REFUSED, "nor is a nested number"),
    ("Tags", [{"Key": "a", "Value": None}], REFUSED, "nor is null"),
    ("Tags", [{"Key": "a"}], REFUSED, "a value is missing"),
    ("Tags", [{"Key": "", "Value": "1"}], REFUSED, "the empty key"),
    ("Tags", [{"Key": ["a"], "Value": "1"}], REFUSED, "a list for a nested scalar"),
    ("Tags", [{"Key": "a", "Value": "1", "Foo": "x"}], REFUSED, "an unknown nested key"),
    ("Tags", ["a=1"], REFUSED, "another tool's spelling"),
    ("Tags", "a=1", REFUSED, "text for a list"),
    ("Tags", "", REFUSED, "empty text for a list"),
    ("Tags", [[]], REFUSED, "a list in a list"),
    ("GenerateSecretString", {}, {"size": 32}, "all by default"),
    ("GenerateSecretString", {"PasswordLength": "20"}, {"size": 20}, "nested text as a number"),
    ("GenerateSecretString", {"PasswordLength": 20}, {"size": 20}, "JSON's own, nested"),
    ("GenerateSecretString", {"PasswordLength": "20.0"}, REFUSED, "a fraction, nested"),
    ("GenerateSecretString", {"PasswordLength": " 20"}, REFUSED, "blanks, nested"),
    ("GenerateSecretString", {"PasswordLength": ""}, REFUSED, "empty text, nested"),
    ("GenerateSecretString", {"PasswordLength": ["20"]}, REFUSED, "a nested list for a scalar"),
    ("GenerateSecretString", {"PasswordLength": None}, {"size": 32}, "nested null: not declared"),
    ("GenerateSecretString", {"ExcludePunctuation": "True"}, {"size": 32}, "nested text, capitals"),
    ("GenerateSecretString", {"ExcludePunctuation": "no"}, REFUSED, "nested near miss"),
    ("GenerateSecretString", {"ExcludePunctuation": "0"}, REFUSED, "nested nought"),
    ("GenerateSecretString", {"PasswordLengt": "20"}, REFUSED, "an unknown nested key"),
    ("GenerateSecretString", "", REFUSED, "text for an object"),
    ("GenerateSecretString", "true", REFUSED, "text for an object"),
    ("GenerateSecretString", [], REFUSED, "a list for an object"),
    ("ServiceTimeout", "60", {}, "CloudFormation's own: it acts on it"),
    ("ServiceTimeout", ["x"], {}, "CloudFormation's own: it would have refused it"),
    ("NamePrefix", "app/", {"value": None}, "the rest of the name is added"),
    ("NamePrefix", "", REFUSED, "a name must not end up without a beginning"),
    (
        "Type",
        "SnowflakeKeyPairAuthentication",
        {"type": "SnowflakeKeyPairAuthentication"},
        "a type",
    ),
    ("Type", "", REFUSED, "empty text is no type"),
    ("SecretJson", {"b": "1", "a": "x"}, {"value": '{"a": "x", "b": "1"}'}, "numbers are text"),
    ("SecretJson", {"a": ["true"]}, {"value": '{"a": ["true"]}'}, "truth is text, nested"),
    ("SecretJson", '{"a": "x"}', REFUSED, "text goes into SecretString"),
    ("SecretJson", {"a": "{{resolve:ssm-secure:a}}"}, REFUSED, "a reference that was left, nested"),
    ("SecretStringWo", "x", REFUSED, "it needs a version"),
    ("SecretStringWoVersion", "1", REFUSED, "it needs what it is of"),
    ("RegenerateWhen", "1", REFUSED, "it needs a generator"),
    ("ValueVersion", "1", REFUSED, "it needs a place"),
    ("ValueFrom", {"SsmParameter": "/app/db"}, {"value": "planted"}, "a parameter by its name"),
    ("ValueFrom", {"SsmParameter": PARAMETER}, {"value": "planted"}, "a parameter by its ARN"),
    ("ValueFrom", {"Secret": "app/none"}, REFUSED, "another secret, which is not there"),
    ("ValueFrom", {"SsmParameter": "/other/db"}, REFUSED, "not what the installation allows"),
    ("ValueFrom", {"File": "/etc/passwd"}, REFUSED, "never the function's files"),
    ("ValueFrom", {"EnvironmentVariable": "PATH"}, REFUSED, "never the function's environment"),
    ("ValueFrom", {}, REFUSED, "no place"),
    ("ValueFrom", "/app/db", REFUSED, "text for an object"),
    ("VersionStages", ["live"], {"labels": set()}, "a label of a version that is not there yet"),
    ("VersionStages", [], {}, "none"),
    ("VersionStages", "live", REFUSED, "text for a list"),
    ("VersionStages", ["AWSPENDING"], REFUSED, "the service's own"),
    ("ReplicaRegions", [], {"replicas": set()}, "none"),
    ("ReplicaRegions", [{"Region": "eu-west-1"}], {"replicas": {"eu-west-1"}}, "one"),
    ("ReplicaRegions", {"Region": "eu-west-1"}, REFUSED, "an object for a list"),
    ("ReplicaRegions", ["eu-west-1"], REFUSED, "text for an object, nested"),
    ("ReplicaRegions", [{"region": "eu-west-1"}], REFUSED, "another surface's spelling, nested"),
    ("ReplicaRegions", [{"KmsKeyId": "alias/a"}], REFUSED, "a region is missing"),
    ("ReplicaRegions", [{"Region": "eu-central-1"}], REFUSED, "the stack's own region"),
    ("Replicas", [{"Region": "eu-west-1"}], {"replicas": {"eu-west-1"}}, "by its other name"),
    ("Replicas", "", REFUSED, "by its other name, which is told"),
    ("RefuseDeletionIfAccessedWithin", "14", SOFT, "as CloudFormation sends it; nobody reads it"),
    ("RefuseDeletionIfAccessedWithin", "0", SOFT, "off, said"),
    ("RefuseDeletionIfAccessedWithin", "365", SOFT, "the longest"),
    ("RefuseDeletionIfAccessedWithin", None, SOFT, "null means not declared"),
    ("RefuseDeletionIfAccessedWithin", "366", REFUSED, "too long"),
    ("RefuseDeletionIfAccessedWithin", "-1", REFUSED, "negative"),
    ("RefuseDeletionIfAccessedWithin", "7.0", REFUSED, "text with a fraction is a slip"),
    ("RefuseDeletionIfAccessedWithin", "true", REFUSED, "true is no number"),
    ("ForceOverwriteReplicaSecret", "true", {}, "as CloudFormation sends it"),
    ("ForceOverwriteReplicaSecret", "1", REFUSED, "a near miss"),
    ("ResourcePolicy", POLICY, {"policed": True}, "a mapping"),
    ("ResourcePolicy", json.dumps(POLICY), {"policed": True}, "JSON text"),
    ("ResourcePolicy", {}, {"policed": False}, "none"),
    ("ResourcePolicy", "", {"policed": False}, "none"),
    ("ResourcePolicy", "{", REFUSED, "no JSON"),
    ("ResourcePolicy", [POLICY], REFUSED, "a list for an object"),
    ("Policy", POLICY, {"policed": True}, "by its other name"),
    ("BlockPublicPolicy", "true", {}, "the default, said"),
    ("BlockPublicPolicy", "false", {}, "allowed here"),
    ("BlockPublicPolicy", "no", REFUSED, "a near miss"),
    ("RotationLambdaARN", FUNCTION, REFUSED, "it needs rules"),
    ("RotationLambdaARN", "rotate", REFUSED, "a name is no ARN"),
    ("RotationLambdaArn", FUNCTION, REFUSED, "by its other name: it needs rules as well"),
    ("RotationRules", {"AutomaticallyAfterDays": "0"}, REFUSED, "nested text as a number, too few"),
    ("RotationRules", {"AutomaticallyAfterDays": "7.0"}, REFUSED, "a fraction, nested"),
    ("RotationRules", {"Duration": "3h"}, REFUSED, "neither days nor a schedule"),
    ("RotationRules", [], REFUSED, "a list for an object"),
    ("RotationEnabled", "false", {}, "as CloudFormation sends it"),
    ("RotationEnabled", "true", REFUSED, "it needs rules"),
    ("RotationEnabled", "off", REFUSED, "a near miss"),
    ("RotateImmediatelyOnUpdate", "false", {}, "nothing to rotate"),
    ("RotateImmediatelyOnUpdate", "0", REFUSED, "a near miss"),
    ("RotateImmediately", "true", {}, "by its other name"),
    ("ExternalSecretRotationMetadata", "a", REFUSED, "text for a list"),
    ("ExternalSecretRotationMetadata", [{"Key": "a"}], REFUSED, "a value is missing"),
    ("ExternalSecretRotationMetadatas", "a", REFUSED, "by its other name"),
    ("ExternalSecretRotationRoleArn", "role", REFUSED, "a name is no ARN"),
    ("PreviousVersion", "deprecate", {}, "one of two words"),
    ("PreviousVersion", "Keep", REFUSED, "words are exact"),
    ("name", "app/db", REFUSED, "names of properties are exact"),
    ("secret_string", "x", REFUSED, "another surface's spelling"),
    ("secretString", "x", REFUSED, "another surface's spelling"),
    ("SecretString ", "x", REFUSED, "a blank behind a property's name"),
    ("", "x", REFUSED, "a property without a name"),
]


@pytest.mark.parametrize(
    ("name", "content", "meant"),
    [row[:3] for row in ROWS],
    ids=[f"{row[0]}={str(row[1])[:24]!r} {row[3]}" for row in ROWS],
)
def test_spelling(world: World, name: str, content: Any, meant: Any) -> None:
    world.install(
        ALLOW_FORCE_DELETE="yes",
        ALLOW_ADOPT="any",
        ALLOW_PUBLIC_POLICY="yes",
        ALLOWED_VALUE_SOURCES="arn:aws:ssm:*:*:parameter/app/*",
        ALLOWED_ROTATION_FUNCTIONS="arn:aws:lambda:*:*:function:*",
    )
    world.aws.add_parameter("/app/db", "planted")
    stack = Stack(world)
    stack.record.becomes("CREATE_IN_PROGRESS")
    event = stack.event("Create", {})
    event["ResourceProperties"][name] = content
    made = world.deliver(event)
    if meant is REFUSED:
        reason = made.expect_failure()
        assert not made.actions
        assert not name.strip() or name.strip() in reason, "the property is named"
        return
    told = made.expect_success()
    if name in AT_DELETE:
        stack.record.becomes("CREATE_COMPLETE")
        stack.record.becomes("DELETE_IN_PROGRESS")
        event = {**event, "RequestType": "Delete", "PhysicalResourceId": made.id}
        world.deliver(event).expect_success()
    one = world.aws.secret(told["Name"])
    days = one.purge_date - one.deleted_date if one.purge_date and one.deleted_date else None
    seen = {
        "name": one.name,
        "state": one.state,
        "value": one.value,
        "size": len(one.value or ""),
        "description": one.description,
        "key": one.kms_key_id,
        "tags": {k: v for k, v in one.tags.items() if not k.startswith("recoverable-secrets:")},
        "window": days and days.days,
        "type": one.type,
        "labels": {label for each in one.versions.values() for label in each.labels},
        "replicas": set(one.replicas),
        "policed": bool(one.policy),
    }
    assert {fact: seen[fact] for fact in meant} == meant


def test_every_property_is_in_the_table() -> None:
    from recoverable_secrets import cloudformation  # noqa: PLC0415 - only here

    known = {*cloudformation.PROPERTIES, *cloudformation.ALIASES, "ServiceTimeout"}
    assert known <= {row[0] for row in ROWS}
