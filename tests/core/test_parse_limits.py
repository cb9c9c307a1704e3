"""What a store would refuse is refused before the first call, also where it can do less."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

import pytest

from core.cases import CANARY
from core.test_parse import problems
from recoverable_secrets.core import errors, ownership, parse
from recoverable_secrets.core.fields import pascal
from recoverable_secrets.core.policy import Capabilities
from recoverable_secrets.stores import limits

AWS = limits.AWS
FUNCTION = "arn:aws:lambda:eu-west-1:111122223333:function:rotate"
ROLE = "arn:aws:iam::111122223333:role/partner"
SECRET = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:app/db-AbCdEf"
DAYS = {"automatically_after_days": 30}


def replicas(*regions: str) -> dict[str, Any]:
    """Return a declaration of replicas."""
    return {"replicas": [{"region": region} for region in regions]}


def source(kind: str, place: str) -> dict[str, Any]:
    """Return a declaration of where a value is."""
    return {"value_from": {kind: place}}


def rules(**content: Any) -> dict[str, Any]:
    """Return a declaration of when a value is rotated."""
    return {"rotation_rules": {**DAYS, **content}}


def schedule(expression: str) -> dict[str, Any]:
    """Return a declaration of a rotation by dates."""
    return {"rotation_rules": {"schedule_expression": expression}}


def statement(sid: str) -> dict[str, Any]:
    """Return a policy of some length."""
    return {"Statement": [{"Sid": sid, "Effect": "Deny", "Action": "*", "Principal": "*"}]}


LONGEST = "x" * (
    AWS.policy_length
    - len('{"Statement":[{"Sid":"","Effect":"Deny","Action":"*","Principal":"*"}]}')
)
PARAMETER = "value_from.ssm_parameter must be the name or ARN of a parameter"
REFERENCE = "value_from.secret must be the exact name or the full ARN"
SCHEDULE = "rotation_rules.schedule_expression must be such as rate(10 days)"

# What is given, and what each of the problems must say.
BAD: dict[str, tuple[Mapping[str, Any], tuple[str, ...]]] = {
    "an empty prefix": ({"name_prefix": ""}, ("name_prefix must have 1 to 486 characters (26",)),
    "a prefix of 487 characters": ({"name_prefix": "a" * 487}, ("it has 487",)),
    "a space in a prefix": ({"name_prefix": "a b"}, ("name_prefix may contain letters",)),
    "an empty type": ({"type": ""}, ("type must have 1 to 256 characters",)),
    "a type of 257 characters": ({"type": "t" * 257}, ("type must have 1 to 256 characters",)),
    "a list as a value in JSON": ({"secret_json": [CANARY]}, ("secret_json must be a mapping",)),
    "NaN in JSON": (
        {"secret_json": {"a": float("nan"), "b": CANARY}},
        ("secret_json must hold text, numbers, truths, lists and mappings",)),
    "a set in JSON": ({"secret_json": {"a": {CANARY}}}, ("secret_json must hold text, numbers",)),
    "JSON that is too long": ({"secret_json": {"a": "x" * 65_530}}, ("secret_json must have 1",)),
    "an empty write-only value": (
        {"secret_string_wo": "", "secret_string_wo_version": 1}, ("secret_string_wo must have 1",)),
    "a negative version": (
        {"secret_string_wo": CANARY, "secret_string_wo_version": -1},
        ("secret_string_wo_version must be a whole number from 0",)),
    "half a version": (
        {"secret_string_wo": CANARY, "secret_string_wo_version": 1.5}, ("must be a whole number",)),
    "a variable with an equals sign": (
        source("environment_variable", "A=b"),
        ("value_from.environment_variable must be the name of an environment variable",)),
    "an empty variable": (source("environment_variable", ""), ("the name of an environment",)),
    "an empty path": (source("file", ""), ("value_from.file must be the path of a file",)),
    "a path with a zero": (source("file", "a\0b"), ("value_from.file must be the path of a file",)),
    "an empty parameter": (source("ssm_parameter", ""), (PARAMETER,)),
    "a wildcard as a parameter": (source("ssm_parameter", "/app/*"), (PARAMETER,)),
    "a line end behind a parameter": (source("ssm_parameter", "/app\n"), (PARAMETER,)),
    "a secret by way of a parameter": (
        source("ssm_parameter", "/aws/reference/secretsmanager/app/db"),
        ("names a secret by way of a parameter: use value_from.secret",)),
    "in capitals, with a selector": (
        source("ssm_parameter", "/AWS/Reference/SecretsManager/db:parameter"),
        ("names a secret by way of a parameter",)),
    "by its ARN": (
        source("ssm_parameter",
               "arn:aws:ssm:eu-west-1:111122223333:parameter/aws/reference/secretsmanager/db"),
        ("names a secret by way of a parameter",)),
    "an empty secret": (source("secret", ""), (REFERENCE,)),
    "a wildcard as a secret": (source("secret", "app/*"), (REFERENCE,)),
    "a partial ARN": (source("secret", SECRET[:-7]), (REFERENCE,)),
    "another service's ARN": (source("secret", FUNCTION), (REFERENCE,)),
    "a region that is none": (replicas("europe"), ("replicas[0].region must be a region such as",)),
    "the second region is none": (replicas("us-east-1", "eu"), ("replicas[1].region must be a",)),
    "a replica without a region": (
        {"replicas": [{"kms_key_id": "alias/a"}]}, ("replicas[0].region is missing",)),
    "a replica with a wrong key": (
        {"replicas": [{"region": "eu-west-1", "kms_key_id": "a b"}]},
        ("replicas[0].kms_key_id must be an ARN, id or alias",)),
    "a replica with both wrong": (
        {"replicas": [{"region": 5, "kms_key_id": "a b"}]},
        ("replicas[0].region must be text", "replicas[0].kms_key_id must be an ARN")),
    "a replica misspelt": (
        {"replicas": [{"regin": "eu-west-1", "region": "eu-west-1"}]},
        ("replicas[0].regin is not an argument of a recoverable secret: did you mean region",)),
    "regions without a mapping": (
        {"replicas": ["eu-west-1"]}, ("replicas[0] must be a mapping",)),
    "one replica, not in a list": (
        {"replicas": {"region": "eu-west-1"}}, ("replicas must be a list of mappings",)),
    "a region twice": (
        replicas("us-east-1", "eu-west-1", "us-east-1"), ("replicas name us-east-1 twice",)),
    "the secret's own region": (
        {**replicas("eu-west-1"), "region": "eu-west-1"}, ("where the secret itself is",)),
    "a policy that is no JSON": (
        {"policy": "{"}, ("policy must be valid JSON",)),
    "a policy that is a list": (
        {"policy": []},
        ("policy must be a JSON object, as text or as a mapping",)),
    "a policy without statements": (
        {"policy": {"Version": "2012-10-17"}},
        ("policy must have a Statement",)),
    "a policy that is too long": (
        {"policy": statement(LONGEST + "x")}, ("at most 20480 characters without spaces",)),
    "a label of the service": (
        {"version_stages": ["AWSCURRENT"]}, ("version_stages (AWSCURRENT): this label is the",)),
    "all labels of the service": (
        {"version_stages": ["AWSPENDING", "AWSPREVIOUS"]}, ("(AWSPENDING)", "(AWSPREVIOUS)")),
    "an empty label": ({"version_stages": [""]}, ("a label must have 1 to 256 characters",)),
    "a label of 257 characters": ({"version_stages": ["l" * 257]}, ("1 to 256 characters",)),
    "a label twice": ({"version_stages": ["a", "b", "a"]}, ("(a): this label is there twice",)),
    "19 labels": (
        {"version_stages": [f"l{n}" for n in range(19)]}, ("has 19 labels, but 18 fit",)),
    "one label, not in a list": (
        {"version_stages": "live"}, ("version_stages must be a list of text",)),
    "a number as a label": ({"version_stages": [1]}, ("version_stages (0) must be text",)),
    "a function by name": (
        {"rotation_lambda_arn": "rotate", **rules()}, ("must be the ARN of a Lambda function",)),
    "a function by wildcard": (
        {"rotation_lambda_arn": FUNCTION + "*", **rules()}, ("the ARN of a Lambda function",)),
    "no days": (rules(automatically_after_days=0), ("days must be a whole number from 1 to 1000",)),
    "1001 days": (rules(automatically_after_days="1001"), ("from 1 to 1000",)),
    "a duration of minutes": (rules(duration="90m"), ("rotation_rules.duration must be hours",)),
    "a duration of 100 hours": (rules(duration="100h"), ("must be hours, such as 3h",)),
    "a schedule in words": (schedule("daily"), (SCHEDULE,)),
    "an empty schedule": (schedule(""), (SCHEDULE,)),
    "a schedule without an end": (schedule("rate(1 day"), (SCHEDULE,)),
    "a schedule with a quote": (schedule("rate('1 day')"), (SCHEDULE,)),
    "a schedule that is too long": (schedule(f"cron({'1' * 251})"), (SCHEDULE,)),
    "rules misspelt": (
        rules(days=5), ("rotation_rules.days is not an argument",)),
    "an empty key of metadata": (
        {"external_secret_rotation_metadatas": {"": "a"}}, ("a key must have 1 to 256",)),
    "an empty value of metadata": (
        {"external_secret_rotation_metadatas": {"a": ""}}, ("a value must have 1 to 2048",)),
    "metadata that is too long": (
        {"external_secret_rotation_metadatas": {"k" * 257: "v" * 2049}},
        ("a key must have 1 to 256", "a value must have 1 to 2048")),
    "a user as a partner's role": (
        {"external_secret_rotation_role_arn": ROLE.replace("role", "user")},
        ("external_secret_rotation_role_arn must be the ARN of an IAM role",)),
    "truth as a trigger": (
        {"generate_secret_string": {}, "regenerate_when": True}, ("regenerate_when must be text",)),
    "an unknown way with the version before": (
        {"previous_version": "drop"}, ("previous_version must be one of keep or deprecate",)),
}  # fmt: skip


@pytest.mark.parametrize(("given", "told"), BAD.values(), ids=BAD)
def test_what_is_wrong_is_told(given: Mapping[str, Any], told: tuple[str, ...]) -> None:
    found = problems(given)
    assert len(found) == len(told), found
    for text, fragment in zip(found, told, strict=True):
        assert fragment in text


RIGHT: dict[str, Mapping[str, Any]] = {
    "an ARN as a secret": source("secret", SECRET),
    "an exact name as a secret": source("secret", "app/db!-AbCdEf"),
    "a parameter with a label": source("ssm_parameter", "/app/db:live"),
    "a parameter by its ARN": source(
        "ssm_parameter", "arn:aws:ssm:eu-west-1:111122223333:parameter/app/db"),
    "a path with spaces": source("file", "/my files/a=b"),
    "the longest policy": {"policy": statement(LONGEST)},
    "the same policy over lines": {"policy": json.dumps(statement(LONGEST), indent=4)},
    "the longest schedule": schedule(f"cron({'1' * 250})"),
    "99 hours": rules(duration="99h"),
    "a label that looks like the service's": {"version_stages": ["AWSCURRENTLY", "awscurrent"]},
    "two regions": replicas("us-gov-west-1", "eu-west-1"),
}  # fmt: skip


@pytest.mark.parametrize("given", RIGHT.values(), ids=RIGHT)
def test_what_is_right_is_taken(given: Mapping[str, Any]) -> None:
    parse.parse(given, AWS)


def test_the_place_of_a_replica_is_as_it_was_written() -> None:
    """The model sorts them: the third that is written has to be told as the third."""
    (found,) = problems(
        {"ReplicaRegions": [{"Region": f"{each}-east-1"} for each in ("us", "eu", "1")]},
        spelling=pascal,
    )
    assert found.startswith("ReplicaRegions[2].Region must be a region")


def test_the_secret_s_own_region_may_come_from_the_surface() -> None:
    (found,) = problems(replicas("us-east-1", "eu-west-1"), region="eu-west-1")
    assert found.startswith("replicas name eu-west-1, where the secret itself is")
    declared = {**replicas("eu-west-1"), "region": "us-east-1"}
    assert parse.parse(declared, AWS, region="eu-west-1").spec.replicas, "what is declared counts"


def tags(count: int) -> dict[str, Any]:
    """Return a declaration of some tags."""
    return {"tags": {f"key{number}": "" for number in range(count)}}


@pytest.mark.parametrize(
    ("more", "room"),
    [
        pytest.param({}, 47, id="three marks"),
        pytest.param(replicas("eu-west-1"), 46, id="and a record of the replicas"),
        pytest.param(rules(), 46, id="and a record of the rotation"),
        pytest.param({**replicas("eu-west-1"), **rules()}, 45, id="and both"),
        pytest.param({"replicas": [], "rotation_enabled": False}, 47, id="neither, said so"),
    ],
)
def test_our_own_tags_are_counted(more: Mapping[str, Any], room: int) -> None:
    parse.parse({**more, **tags(room)}, AWS)
    (found,) = problems({**more, **tags(room + 1)})
    assert (
        f"tags has {room + 1} tags, but {room} fit: a secret has 50, {50 - room} of them" in found
    )


# What a store cannot do, what is asked of it, and what it is asked by.
UNABLE: dict[str, tuple[Mapping[str, Any], Mapping[str, Any], str]] = {
    "no replicas": ({"replicas": False}, replicas("eu-west-1"), "replicas: remove replicas"),
    "no policies": ({"policies": False}, {"policy": statement("a")}, "policies: remove policy"),
    "no types": ({"types": False}, {"type": "a"}, "types: remove type"),
    "no labels": ({"labels": 0}, {"version_stages": ["a"]}, "own: remove version_stages"),
    "no rotation": (
        {"rotation": False}, {"rotation_lambda_arn": FUNCTION, **rules()},
        "rotation: remove rotation_lambda_arn and rotation_rules"),
}  # fmt: skip


def less(able: Mapping[str, Any]) -> Capabilities:
    """Return a store that can do less."""
    return dataclasses.replace(AWS, service="A smaller store", **able)


@pytest.mark.parametrize(("able", "given", "told"), UNABLE.values(), ids=UNABLE)
def test_what_a_store_cannot_do_is_refused(
    able: Mapping[str, Any], given: Mapping[str, Any], told: str
) -> None:
    with pytest.raises(errors.InvalidInput) as caught:
        parse.parse(given, less(able))
    (found,) = caught.value.problems
    assert found.startswith("A smaller store has no ")
    assert found.endswith(told)
    parse.parse(given, AWS)


def test_nothing_asked_is_nothing_refused() -> None:
    """None of something that a store does not have is all right."""
    able = {"replicas": False, "policies": False, "types": False, "labels": 0, "rotation": False}
    none = {"replicas": [], "policy": "", "version_stages": [], "rotation_enabled": False}
    parse.parse(none, less(able))


def test_limits_of_a_policy_and_of_labels_are_the_store_s_own() -> None:
    small = dataclasses.replace(AWS, policy_length=20, labels=1)
    with pytest.raises(errors.InvalidInput) as caught:
        parse.parse({"policy": statement("a"), "version_stages": ["a", "b"]}, small)
    assert len(caught.value.problems) == 2


def test_a_prefix_leaves_room_for_what_is_added() -> None:
    made = ownership.prefixed_name("a" * (AWS.name_length - parse.SUFFIX), "owner")
    assert len(made) == AWS.name_length
    assert list(parse.name_problems(made, AWS)) == []
