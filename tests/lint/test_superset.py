"""Ours can do what the types can that it replaces: every property and argument has its place.

CloudFormation's types are compared with the schemas that cfn-lint ships; a property that is new
there makes this fail, to be taken up. Pulumi's are a table: its aws plugin is no part of the tests.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from recoverable_secrets import cloudformation, cloudformation_schema

ROOT = Path(__file__).resolve().parents[2]
OURS: dict[str, Any] = cloudformation_schema.resource_schema()
PACKAGE: dict[str, Any] = json.loads((ROOT / "schema.json").read_text())
SECRET = PACKAGE["resources"]["recoverable-secrets:index:Secret"]

TYPES = ("Secret", "ResourcePolicy", "RotationSchedule")

NOT_OURS: Mapping[str, str] = {
    "Id": "read only: an attribute of ours as well",
    "SecretId": "one resource holds all, so there is nothing to point at",
    "HostedRotationLambda": "no part of the service: CloudFormation deploys a function with it, "
    "which works on any secret's ARN, ours included",
}
"""The properties that are not taken over, with the reason."""


def native(name: str) -> dict[str, Any]:
    """Return the schema of a native type."""
    whole = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", f"AWS::SecretsManager::{name}")
    schema: dict[str, Any] = whole.schema
    return schema


def paths(
    schema: dict[str, Any], at: Any, place: tuple[str, ...] = ()
) -> Iterator[tuple[Any, ...]]:
    """Yield the place and the types of each property, those inside others included."""
    for name, each in at.get("properties", {}).items():
        whole = resolved(schema, each)
        kinds = whole["type"] if isinstance(whole["type"], list) else [whole["type"]]
        yield (*place, name), frozenset(kinds)
        yield from paths(schema, whole, (*place, name))
        yield from paths(schema, resolved(schema, whole.get("items", {})), (*place, name, "[]"))


def resolved(schema: dict[str, Any], part: Any) -> Any:
    """Return what a reference leads to."""
    at = part
    while "$ref" in at:
        at = schema["definitions"][at["$ref"].rpartition("/")[2]]
    return at


OF_OURS = dict(paths(OURS, OURS))
OF_NATIVES = {
    (name, place): kinds
    for name in TYPES
    for place, kinds in paths(native(name), native(name))
    if place[0] not in NOT_OURS
}


@pytest.mark.parametrize(
    ("name", "place"), OF_NATIVES, ids=[f"{name}-{'.'.join(place)}" for name, place in OF_NATIVES]
)
def test_every_native_property_is_one_of_ours(name: str, place: tuple[str, ...]) -> None:
    """By the same name, in the same place, and of the same type at least."""
    assert place in OF_OURS
    assert OF_NATIVES[name, place] <= OF_OURS[place]


def test_there_is_something_to_compare() -> None:
    assert len(OF_NATIVES) > 30
    places = {place for _, place in OF_NATIVES}
    assert {("ReplicaRegions", "[]", "KmsKeyId"), ("RotationRules", "Duration")} <= places


@pytest.mark.parametrize("name", NOT_OURS)
def test_what_is_not_taken_over_is_still_there_natively(name: str) -> None:
    """A reason without its property would hide the next one of that name."""
    assert any(name in native(kind)["properties"] for kind in TYPES)
    assert name not in cloudformation.PROPERTIES


@pytest.mark.parametrize("kind", TYPES)
def test_nothing_is_required_that_is_not_required_natively(kind: str) -> None:
    """A template of native resources fits by renaming, with the token of the function."""
    assert set(OURS["required"]) - {"ServiceToken"} <= set(native(kind).get("required", ()))


def test_limits_are_no_narrower_than_the_native_ones() -> None:
    """Where those have any: the schema of replicas and rules has none."""
    for kind in TYPES:
        for name, each in native(kind)["properties"].items():
            for word in {"maxLength", "maxItems"} & set(each):
                ours = OURS["properties"].get(name, {})
                if word in ours:
                    assert ours[word] >= each[word], f"{name}: {word}"


# Pulumi -----------------------------------------------------------------------------------

REPLICA_TOLD = "computed: the service tells it, and nobody can say it"
MERGED = "one resource holds all, so there is nothing to point at"

ARGUMENTS: Mapping[str, Mapping[str, str]] = {
    "aws.secretsmanager.Secret": {
        "description": "string",
        "forceOverwriteReplicaSecret": "boolean",
        "kmsKeyId": "string",
        "name": "string",
        "namePrefix": "string",
        "policy": "string",
        "recoveryWindowInDays": "integer",
        "region": "string",
        "replicas": "array",
        "replicas.kmsKeyId": "string",
        "replicas.lastAccessedDate": REPLICA_TOLD,
        "replicas.region": "string",
        "replicas.status": REPLICA_TOLD,
        "replicas.statusMessage": REPLICA_TOLD,
        "tags": "object",
        "type": "string",
    },
    "aws.secretsmanager.SecretVersion": {
        "region": "string",
        "secretBinary": "string",
        "secretId": MERGED,
        "secretString": "string",
        "secretStringWo": "string",
        "secretStringWoVersion": "integer",
        "versionStages": "array",
    },
    "aws.secretsmanager.SecretPolicy": {
        "blockPublicPolicy": "boolean",
        "policy": "string",
        "region": "string",
        "secretArn": MERGED,
    },
    "aws.secretsmanager.SecretRotation": {
        "externalSecretRotationMetadatas": "object",  # There a list of keys and values, taken too.
        "externalSecretRotationRoleArn": "string",
        "region": "string",
        "rotateImmediately": "boolean",
        "rotationEnabled": "boolean",
        "rotationLambdaArn": "string",
        "rotationRules": "object",
        "rotationRules.automaticallyAfterDays": "integer",
        "rotationRules.duration": "string",
        "rotationRules.scheduleExpression": "string",
        "secretId": MERGED,
    },
}
"""All arguments in the version of pulumi-aws that was looked at, 7.51.1, and the type of each; or
the reason why it is none of ours."""
REASONS = {REPLICA_TOLD, MERGED}
OUTPUTS = ("arn", "tagsAll", "versionId")


def typed(path: str) -> str:
    """Return the type of an argument of ours, `string` for what takes text among others."""
    *outer, name = path.split(".")
    properties = SECRET["inputProperties"]
    for part in outer:
        ref = properties[part].get("items", properties[part])["$ref"]
        properties = PACKAGE["types"][ref.removeprefix("#/types/")]["properties"]
    described = properties[name]
    if described.get("$ref") == "pulumi.json#/Any":
        return "string"
    return str(described.get("type", "object"))


ROWS = [(kind, path) for kind, arguments in ARGUMENTS.items() for path in arguments]


@pytest.mark.parametrize(("kind", "path"), ROWS, ids=[f"{kind}-{path}" for kind, path in ROWS])
def test_every_argument_is_one_of_ours(kind: str, path: str) -> None:
    expected = ARGUMENTS[kind][path]
    if expected in REASONS:
        with pytest.raises(KeyError):
            typed(path)
        return
    assert typed(path) == expected


@pytest.mark.parametrize("name", OUTPUTS)
def test_every_output_is_one_of_ours(name: str) -> None:
    assert name in SECRET["properties"]


def test_an_argument_that_is_not_there_is_missed() -> None:
    """So that the table can fail."""
    with pytest.raises(KeyError):
        typed("replicas.status")
