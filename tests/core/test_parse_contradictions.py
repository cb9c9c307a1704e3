"""What fits no secret although each argument alone is right; and names that mean the same."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import pytest

from core.cases import CANARY
from core.test_parse import problems
from recoverable_secrets.core import contradictions, fields, parse
from recoverable_secrets.core.fields import camel, pascal, snake
from recoverable_secrets.core.model import Replica, RotationRules, Spec
from recoverable_secrets.core.references import ValueFrom
from recoverable_secrets.core.sealed import Sealed
from recoverable_secrets.stores import limits

FUNCTION = "arn:aws:lambda:eu-west-1:111122223333:function:rotate"
DAYS = {"automatically_after_days": 30}

WAYS: Mapping[str, Any] = {
    "secret_string": CANARY,
    "secret_binary": "YQ==",
    "secret_json": {"a": CANARY},
    "secret_string_wo": CANARY,
    "generate_secret_string": {},
    "value_from": {"file": "a"},
}


def way(name: str) -> dict[str, Any]:
    """Return one way to give a value, with what goes with it."""
    more = {"secret_string_wo_version": 1} if name == "secret_string_wo" else {}
    return {name: WAYS[name], **more}


def test_all_ways_are_tried_here() -> None:
    assert tuple(WAYS) == contradictions.VALUES


@pytest.mark.parametrize(("one", "other"), [*itertools.combinations(WAYS, 2)])
def test_two_ways_to_give_a_value_exclude_each_other(one: str, other: str) -> None:
    (told,) = problems(way(one) | way(other))
    assert told.startswith(f"{one} and {other} exclude each other")


def test_more_than_two_are_told_at_once() -> None:
    (told,) = problems({**WAYS, "secret_string_wo_version": 1})
    assert all(name in told for name in WAYS)


@pytest.mark.parametrize("name", WAYS)
def test_each_way_alone_is_right(name: str) -> None:
    assert getattr(parse.parse(way(name), limits.AWS).spec, name) is not None


# What is given, and what each of the problems must say.
BAD: dict[str, tuple[Mapping[str, Any], tuple[str, ...]]] = {
    "write-only without a version": (
        {"secret_string_wo": CANARY}, ("secret_string_wo needs secret_string_wo_version, as a",)),
    "a version without what it is of": (
        {"secret_string_wo_version": 1}, ("secret_string_wo_version needs secret_string_wo, as",)),
    "a trigger without a generator": (
        {"regenerate_when": "1"}, ("regenerate_when needs generate_secret_string",)),
    "a trigger without a place": ({"value_version": "1"}, ("value_version needs value_from",)),
    "a trigger of another way": (
        {"secret_string": CANARY, "value_version": "1"}, ("value_version needs value_from",)),
    "no place": ({"value_from": {}}, ("value_from says no place to read the value from",)),
    "two places": (
        {"value_from": {"file": "a", "secret": "b"}},
        ("value_from.file and value_from.secret exclude each other",)),
    "four places": (
        {"value_from": {
            "environment_variable": "A", "file": "a", "ssm_parameter": "a", "secret": "a"}},
        ("value_from.environment_variable and value_from.file and value_from.ssm_parameter and",)),
    "a place misspelt: one problem, not two": (
        {"value_from": {"path": "a"}}, ("value_from.path is not an argument",)),
    "a place of the wrong type: one problem, not two": (
        {"value_from": {"file": 5}}, ("value_from.file must be text",)),
    "a name and its beginning": (
        {"name": "a", "name_prefix": "b"}, ("name and name_prefix exclude each other",)),
    "a function without a date": (
        {"rotation_lambda_arn": FUNCTION}, ("rotation_lambda_arn needs rotation_rules, as they",)),
    "a function and rules that are wrong: one problem, not two": (
        {"rotation_lambda_arn": FUNCTION, "rotation_rules": "daily"},
        ("rotation_rules must be a mapping",)),
    "days and a schedule": (
        {"rotation_rules": {**DAYS, "schedule_expression": "rate(1 day)"}},
        ("rotation_rules.automatically_after_days and rotation_rules.schedule_expression ex",)),
    "neither": (
        {"rotation_rules": {"duration": "3h"}},
        ("rotation_rules needs rotation_rules.automatically_after_days or rotation_rules.sched",)),
    "days of the wrong type: one problem, not two": (
        {"rotation_rules": {"automatically_after_days": "x"}}, ("whole number from 1 to 1000",)),
    "rotation off, and a function": (
        {"rotation_enabled": False, "rotation_lambda_arn": FUNCTION, "rotation_rules": DAYS},
        ("rotation_enabled = false excludes rotation_lambda_arn and rotation_rules",)),
    "rotation off, and a partner's": (
        {"rotation_enabled": False, "external_secret_rotation_metadatas": {"a": "b"}},
        ("rotation_enabled = false excludes external_secret_rotation_metadatas",)),
    "rotation on, and no date": (
        {"rotation_enabled": True}, ("rotation_enabled = true needs rotation_rules",)),
    "rotation on by a function, and no date": (
        {"rotation_enabled": True, "rotation_lambda_arn": FUNCTION},
        ("rotation_lambda_arn needs rotation_rules",)),
}  # fmt: skip


@pytest.mark.parametrize(("given", "told"), BAD.values(), ids=BAD)
def test_what_is_wrong_is_told(given: Mapping[str, Any], told: tuple[str, ...]) -> None:
    found = problems(given)
    assert len(found) == len(told), found
    for text, beginning in zip(found, told, strict=True):
        assert beginning in text


@pytest.mark.parametrize(
    ("spelling", "given", "said"),
    [
        (pascal, {"SecretStringWo": CANARY}, "SecretStringWo needs SecretStringWoVersion"),
        (pascal, {"ValueFrom": {}}, "declare one, such as ValueFrom.SsmParameter"),
        (camel, {"valueFrom": {"file": "a", "secret": "b"}}, "valueFrom.file and valueFrom.secret"),
        (pascal, {"RotationEnabled": "true"}, "RotationEnabled = true needs RotationRules"),
        (pascal, {"RotationRules": {"Duration": "3h"}}, "RotationRules.AutomaticallyAfterDays or"),
        (pascal, {"ReplicaRegions": [{}]}, "ReplicaRegions[0].Region is missing"),
        (pascal, {"SecretJson": CANARY}, "SecretJson must be a mapping; text goes into SecretStri"),
        (camel, {"secretJson": CANARY}, "text goes into secretString"),
    ],
)
def test_problems_are_told_in_the_surface_s_spelling(
    spelling: Any, given: Mapping[str, Any], said: str
) -> None:
    (found,) = problems(given, spelling=spelling)
    assert said in found


# Where and how: the spelling, what is given twice, and the two names.
TWICE: tuple[tuple[fields.Spelling, Mapping[str, Any], str], ...] = (
    (snake, {"replicas": [], "replica_regions": []}, "replicas and replica_regions"),
    (camel, {"policy": "", "resourcePolicy": ""}, "policy and resourcePolicy"),
    (pascal, {"ReplicaRegions": [], "Replicas": []}, "ReplicaRegions and Replicas"),
    (pascal, {"Policy": "", "ResourcePolicy": ""}, "ResourcePolicy and Policy"),
    (pascal, {"RotateImmediately": "true", "RotateImmediatelyOnUpdate": "true"},
     "RotateImmediatelyOnUpdate and RotateImmediately"),
)  # fmt: skip


@pytest.mark.parametrize(("spelling", "given", "names"), TWICE, ids=[row[2] for row in TWICE])
def test_two_names_of_one_argument_exclude_each_other(
    spelling: fields.Spelling, given: Mapping[str, Any], names: str
) -> None:
    (found,) = problems(given, spelling=spelling)
    assert found == f"{names} are two names of one argument: keep one of them"


def test_a_name_without_content_counts_as_not_given() -> None:
    found = parse.parse({"replicas": None, "replica_regions": []}, limits.AWS)
    assert found.spec.replicas == []


@pytest.mark.parametrize("spelling", [snake, camel, pascal])
def test_other_names_are_taken_and_remembered(spelling: fields.Spelling) -> None:
    given = {
        spelling("replica_regions"): [{spelling("region"): "eu-west-1"}],
        spelling("resource_policy"): {"Statement": []},
        spelling("external_secret_rotation_metadata"): {"a": "b"},
    }
    found = parse.parse(given, limits.AWS, spelling=spelling)
    assert found.spec.replicas == [Replica(region="eu-west-1")]
    assert found.spec.policy == '{"Statement":[]}'
    assert found.spec.external_secret_rotation_metadatas == {"a": "b"}
    assert parse.recall(given, spelling) == found


def test_parts_that_a_surface_does_not_have_are_told_with_the_reason() -> None:
    (found,) = problems(
        {"ValueFrom": {"File": "a"}},
        spelling=pascal,
        elsewhere={"value_from.file": "the function's files are its own"},
    )
    assert found.startswith("ValueFrom.File is not an argument")
    assert found.endswith(": the function's files are its own")


REMEMBERED: dict[str, tuple[Mapping[str, Any], Spec]] = {
    "replicas, without those that are not understood": (
        {"replicas": [{"region": "eu-west-1"}, {"region": 5}, {}, "x", {"region": "a", "z": 1}]},
        Spec(replicas=[Replica(region="a"), Replica(region="eu-west-1")]),
    ),
    "no list of replicas": ({"replicas": {"region": "eu-west-1"}}, Spec()),
    "rules, without what is not understood": (
        {"rotation_rules": {"automatically_after_days": 7.0, "duration": 5}},
        Spec(rotation_rules=RotationRules(automatically_after_days=7)),
    ),
    "two places": (
        {"value_from": {"file": "a", "secret": "b"}},
        Spec(value_from=ValueFrom(file="a", secret="b")),
    ),
    "ways that exclude each other": (
        {"secret_string": "a", "secret_json": {"a": 1.0}},
        Spec(secret_string=Sealed("a"), secret_json=Sealed('{"a": 1}')),
    ),
    "a policy that is none": ({"policy": "{", "version_stages": "x"}, Spec()),
    "both names: the field's own": (
        {"replicas": [], "replica_regions": [{"region": "a"}]}, Spec(replicas=[])),
}  # fmt: skip


@pytest.mark.parametrize(("told", "found"), REMEMBERED.values(), ids=REMEMBERED)
def test_what_is_remembered_is_kept_where_it_is_understood(
    told: Mapping[str, Any], found: Spec
) -> None:
    assert parse.recall(told).spec == found


def test_a_template_s_parts_are_remembered() -> None:
    """In its own spelling, and all scalars as text."""
    told = {
        "RotationRules": {"AutomaticallyAfterDays": "30"},
        "GenerateSecretString": {"PasswordLength": "20"},
        "Replicas": [{"Region": "eu-west-1", "KmsKeyId": "alias/a"}],
    }
    spec = parse.recall(told, pascal).spec
    assert spec.rotation_rules == RotationRules(automatically_after_days=30)
    assert spec.generate_secret_string is not None
    assert spec.generate_secret_string.password_length == 20
    assert spec.replicas == [Replica(region="eu-west-1", kms_key_id="alias/a")]


# What is given, and all that is told of it.
TEXTS: dict[str, tuple[Mapping[str, Any], str]] = {
    "two ways to give a value": (
        {"secret_string": CANARY, "secret_binary": "YQ=="},
        ("secret_string and secret_binary exclude each other: a version holds one of them; keep "
         "one")),
    "a function without a date": (
        {"rotation_lambda_arn": FUNCTION},
        ("rotation_lambda_arn needs rotation_rules, as they say when it rotates the value: declare "
         "both")),
    "a name and its beginning": (
        {"name": "a", "name_prefix": "b"},
        ("name and name_prefix exclude each other: keep one of them")),
    "force and a window": (
        {"deletion": "force", "recovery_window_in_days": 7},
        ("recovery_window_in_days and deletion by force exclude each other: remove one of them")),
    "force and schedule": (
        {"force_delete_without_recovery": True, "deletion": "schedule"},
        ("force_delete_without_recovery contradicts deletion = schedule: remove one of them")),
    "replace without force": (
        {"on_recreate": "replace"},
        ("on_recreate = replace destroys the pending secret for good: it needs "
         "force_delete_without_recovery as well, or use restore")),
    "rotation off, and a function": (
        {"rotation_enabled": False, "rotation_lambda_arn": FUNCTION, "rotation_rules": DAYS},
        ("rotation_enabled = false excludes rotation_lambda_arn and rotation_rules: remove it, or "
         "remove them")),
    "rotation on, and no date": (
        {"rotation_enabled": True},
        ("rotation_enabled = true needs rotation_rules, which say when the value is rotated: "
         "declare them")),
    "days and a schedule": (
        {"rotation_rules": {**DAYS, "schedule_expression": "rate(1 day)"}},
        ("rotation_rules.automatically_after_days and rotation_rules.schedule_expression exclude "
         "each other: keep one of them")),
    "two places": (
        {"value_from": {"file": "a", "secret": "b"}},
        ("value_from.file and value_from.secret exclude each other: a value is in one place; keep "
         "one")),
    "no place": (
        {"value_from": {}},
        ("value_from says no place to read the value from: declare one, such as "
         "value_from.ssm_parameter")),
}  # fmt: skip


@pytest.mark.parametrize(("given", "text"), TEXTS.values(), ids=TEXTS)
def test_what_is_wrong_is_told_in_whole(given: Mapping[str, Any], text: str) -> None:
    assert problems(given) == (text,)


def test_a_duration_that_is_not_understood_is_no_date_either() -> None:
    either = "automatically_after_days or rotation_rules.schedule_expression"
    assert problems({"rotation_rules": {"duration": 5}}) == (
        "rotation_rules.duration must be text",
        f"rotation_rules needs rotation_rules.{either}: declare one of them",
    )
