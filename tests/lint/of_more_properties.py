"""Mistakes in values, replicas, policies, rotation and labels; test_faults.py looks for them."""

from __future__ import annotations

from collections.abc import Mapping

from lint.linting import CANARY, NO_PROPERTY, Case, one

VALUES = (
    "SecretString, SecretBinary, SecretJson, SecretStringWo, GenerateSecretString, ValueFrom "
    "exclude each other: keep one of them"
)
PLACE = "ValueFrom needs one place to read the value from: declare SsmParameter or Secret"
PLACES = "SsmParameter and Secret exclude each other: keep one of them"
DATES = "AutomaticallyAfterDays and ScheduleExpression exclude each other: keep one of them"
RULES = "RotationRules need AutomaticallyAfterDays or ScheduleExpression: declare one of them"
LABEL = "a label must be none of the service's own: AWSCURRENT, AWSPREVIOUS, AWSPENDING"
DAYS = {"AutomaticallyAfterDays": 30}

CASES: Mapping[str, Case] = {
    "value in JSON as text": one(
        "SecretJson", f'{{"a": "{CANARY}"}}',
        "SecretJson must be a mapping; text goes into SecretString",
    ),
    "JSON and text": Case(
        {"SecretString": CANARY, "SecretJson": {"a": CANARY}}, ("SecretJson",), VALUES
    ),
    "read and generated": Case(
        {"GenerateSecretString": {}, "ValueFrom": {"Secret": "a"}}, ("ValueFrom",), VALUES
    ),
    "object for a write-only value": Case(
        {"SecretStringWo": [CANARY], "SecretStringWoVersion": 1},
        ("SecretStringWo",),
        "SecretStringWo must be text; turn other data into JSON text first",
    ),
    "write-only without a version": one(
        "SecretStringWo",
        CANARY,
        "SecretStringWo needs SecretStringWoVersion, as a change of it writes the value again: "
        "declare both",
    )._replace(place=()),
    "trigger without a generator": Case(
        {"RegenerateWhen": 1},
        (),
        "RegenerateWhen needs GenerateSecretString, as it says when a new value is generated: "
        "declare both",
    ),
    "trigger without a place": Case(
        {"ValueVersion": 1},
        (),
        "ValueVersion needs ValueFrom, as it says when the value is read again: declare both",
    ),
    "no place": one("ValueFrom", {}, PLACE),
    "two places": one("ValueFrom", {"Secret": "a", "SsmParameter": "a"}, PLACES, "Secret"),
    "file of the function": one(
        "ValueFrom",
        {"Secret": "a", "File": "/etc/passwd"},
        f"ValueFrom.File {NO_PROPERTY} the function's files are its own; use SsmParameter or "
        "Secret",
        "File",
    ),
    "partial ARN of a secret": one(
        "ValueFrom",
        {"Secret": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:app/db"},
        "Secret must be the exact name or the full ARN of a secret",
        "Secret",
    ),
    "wildcard for a parameter": one(
        "ValueFrom",
        {"SsmParameter": "/app/*"},
        "SsmParameter must be the name or ARN of a parameter of Systems Manager",
        "SsmParameter",
    ),
    "name and its beginning": Case(
        {"Name": "a", "NamePrefix": "b"},
        ("NamePrefix",),
        "Name and NamePrefix exclude each other: keep one of them",
    ),
    "prefix too long": one(
        "NamePrefix", "n" * 487, "NamePrefix must have 1 to 486 characters: 26 more are added"
    ),
    "empty type": one("Type", "", "Type must have 1 to 256 characters"),
    "text for labels": one("VersionStages", "live", "VersionStages must be a list of text"),
    "label of the service": one("VersionStages", ["AWSCURRENT"], LABEL, 0),
    "label twice": one(
        "VersionStages", ["a", "a"], "VersionStages must not have the same label twice"
    ),
    "too many labels": one(
        "VersionStages", [f"l{n}" for n in range(19)],
        "VersionStages may have 18 labels: remove some",
    ),
    "text for replicas": one(
        "ReplicaRegions", "eu-west-1", "ReplicaRegions must be a list of mappings"
    ),
    "text for a replica": one(
        "ReplicaRegions", ["eu-west-1"], "an item of ReplicaRegions must be a mapping", 0
    ),
    "replica without a region": one(
        "ReplicaRegions", [{"KmsKeyId": "alias/a"}], "Region is missing: declare it", 0
    ),
    "replica in no region": one(
        "ReplicaRegions",
        [{"Region": "europe"}],
        "Region must be a region such as eu-west-1",
        0,
        "Region",
    ),
    "replica misspelt": one(
        "ReplicaRegions",
        [{"Region": "eu-west-1", "KmsKey": "a"}],
        f"ReplicaRegions.0.KmsKey {NO_PROPERTY} did you mean KmsKeyId?",
        0,
        "KmsKey",
    ),
    "region twice": one(
        "ReplicaRegions",
        [{"Region": "eu-west-1"}, {"Region": "eu-west-1"}],
        "ReplicaRegions must not name a region twice",
    ),
    "replicas by their other name": one(
        "Replicas", "eu-west-1", "Replicas must be a list of mappings"
    ),
    "replicas by both names": Case(
        {"ReplicaRegions": [], "Replicas": []},
        ("Replicas",),
        "ReplicaRegions and Replicas are two names of one property: keep one of them",
    ),
    "policy that is no JSON": one(
        "ResourcePolicy", "none", "ResourcePolicy must be a policy as JSON text or as a mapping"
    ),
    "policy without a statement": one(
        "ResourcePolicy", {"Version": "2012-10-17"}, "a policy must have a Statement"
    ),
    "statement that is text": one(
        "ResourcePolicy",
        {"Statement": ["Deny"]},
        "the Statement of a policy must be a mapping or a list of mappings",
        "Statement",
        0,
    ),
    "switch of policies in words": one(
        "BlockPublicPolicy", "no", "BlockPublicPolicy must be true or false"
    ),
    "function by name": Case(
        {"RotationLambdaARN": "rotate", "RotationRules": DAYS},
        ("RotationLambdaARN",),
        "RotationLambdaARN must be the ARN of a Lambda function",
    ),
    "function without rules": Case(
        {"RotationLambdaArn": "arn:aws:lambda:eu-west-1:111122223333:function:rotate"},
        (),
        "RotationLambdaArn needs RotationRules, as they say when it rotates the value: declare "
        "both",
    ),
    "days and a schedule": one(
        "RotationRules", DAYS | {"ScheduleExpression": "rate(1 day)"}, DATES, "ScheduleExpression"
    ),
    "neither days nor a schedule": one("RotationRules", {"Duration": "3h"}, RULES),
    "days out of range": one(
        "RotationRules",
        {"AutomaticallyAfterDays": "1001"},
        "AutomaticallyAfterDays must be a whole number from 1 to 1000",
        "AutomaticallyAfterDays",
    ),
    "duration in minutes": one(
        "RotationRules",
        DAYS | {"Duration": "90m"},
        "Duration must be hours, such as 3h",
        "Duration",
    ),
    "schedule in words": one(
        "RotationRules",
        {"ScheduleExpression": "daily"},
        "ScheduleExpression must be such as rate(10 days) or cron(0 8 1 * ? *)",
        "ScheduleExpression",
    ),
    "rotation off, with rules": Case(
        {"RotationEnabled": "false", "RotationRules": DAYS},
        ("RotationRules",),
        "RotationEnabled = false excludes RotationLambdaARN, RotationLambdaArn, RotationRules, "
        "ExternalSecretRotationMetadata, ExternalSecretRotationMetadatas, "
        "ExternalSecretRotationRoleArn: remove it, or remove them",
    ),
    "rotation on, without rules": Case(
        {"RotationEnabled": True},
        (),
        "RotationEnabled = true needs RotationRules, which say when the value is rotated: declare "
        "them",
    ),
    "metadata without content": one(
        "ExternalSecretRotationMetadata",
        [{"Key": "a", "Value": ""}],
        "a value of metadata must have 1 to 2048 characters",
        0,
        "Value",
    ),
    "metadata twice": one(
        "ExternalSecretRotationMetadata",
        [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}],
        "ExternalSecretRotationMetadata must not have the same key twice",
    ),
    "role by name": one(
        "ExternalSecretRotationRoleArn",
        "partner",
        "ExternalSecretRotationRoleArn must be the ARN of an IAM role",
    ),
    "unknown way with the version before": one(
        "PreviousVersion", "drop", "PreviousVersion must be one of keep, deprecate"
    ),
}  # fmt: skip
