"""What is right is taken for what it means, up to the limits; what is not known yet is left out."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Mapping
from typing import Any

import pytest

from recoverable_secrets.core import errors, parse
from recoverable_secrets.core.documents import Document
from recoverable_secrets.core.fields import camel, pascal, snake
from recoverable_secrets.core.generate import Generate
from recoverable_secrets.core.model import FIELDS, Declaration, Replica, RotationRules
from recoverable_secrets.core.policy import (
    Adopt,
    Deletion,
    OnRecreate,
    OnValueDrift,
    Policy,
    PreviousVersion,
)
from recoverable_secrets.core.references import ValueFrom
from recoverable_secrets.core.sealed import Sealed
from recoverable_secrets.stores import limits

BIG = 65_536
TAGS_47 = {f"key{number}": "x" for number in range(47)}
NAME_OF_ALL = "azAZ09/_+=.@!-"
TAG_OF_ALL = {"aé1 _.:/=+-@": "ñ_.:/=+-@"}
NEARLY = {"awsome": "aws:", "x:aws:": ""}
KEY = "arn:aws:kms:eu-west-1:1:key/a-1"
NEAR, FAR = Replica(region="eu-west-1"), Replica(region="us-east-2", kms_key_id="alias/a")
FUNCTION = "arn:aws:lambda:eu-west-1:111122223333:function:rotate_it-1"
POLICY = '{"Statement":{"Action":"*","Effect":"Deny"}}'
LABELS_18 = [f"label{number:02}" for number in range(18)]
ROLE = "arn:aws-cn:iam::111122223333:role/a/b"

# Why it is right: the field, what is given, and what is declared by it.
TAKEN: dict[str, tuple[str, object, object]] = {
    "CloudFormation's number": ("recovery_window_in_days", "7", 7),
    "Pulumi's number": ("recovery_window_in_days", 7.0, 7),
    "the shortest window": ("recovery_window_in_days", 7, 7),
    "the longest window": ("recovery_window_in_days", 30, 30),
    "the shortest time": ("timeout", 1, 1),
    "the longest time": ("timeout", "3600", 3600),
    "true": ("force_delete_without_recovery", True, True),
    "CloudFormation's true": ("force_delete_without_recovery", "true", True),
    "CloudFormation's false": ("force_delete_without_recovery", "False", False),
    "a policy in words": ("deletion", "retain", Deletion.RETAIN),
    "its member": ("deletion", Deletion.FORCE, Deletion.FORCE),
    "fail": ("on_recreate", "fail", OnRecreate.FAIL),
    "any": ("adopt", "any", Adopt.ANY),
    "overwrite": ("on_value_drift", "overwrite", OnValueDrift.OVERWRITE),
    "one character": ("name", "a", "a"),
    "512 characters": ("name", "a" * 512, "a" * 512),
    "all characters of a name": ("name", NAME_OF_ALL, NAME_OF_ALL),
    "2048 characters": ("description", "é" * 2048, "é" * 2048),
    "no description": ("description", "", ""),
    "the default key": ("kms_key_id", "", ""),
    "a key's ARN": ("kms_key_id", KEY, KEY),
    "an alias": ("kms_key_id", "alias/my_key", "alias/my_key"),
    "a value": ("secret_string", "a", Sealed("a")),
    "a value of 65536 bytes": ("secret_string", "a" * BIG, Sealed("a" * BIG)),
    "the same in characters of two bytes": (
        "secret_string", "é" * (BIG // 2), Sealed("é" * (BIG // 2))),
    "a value that looks like a number": ("secret_string", "5", Sealed("5")),
    "a value of spaces": ("secret_string", " ", Sealed(" ")),
    "a value that was sealed already": ("secret_string", Sealed("a"), Sealed("a")),
    "base64": ("secret_binary", "AP8=", Sealed(b"\x00\xff")),
    "base64 over lines": ("secret_binary", "AP\n8=\n", Sealed(b"\x00\xff")),
    "bytes as they are": ("secret_binary", b"\x00\xff", Sealed(b"\x00\xff")),
    "bytes that were sealed already": ("secret_binary", Sealed(b"a"), Sealed(b"a")),
    "65536 bytes": (
        "secret_binary", base64.b64encode(b"a" * BIG).decode(), Sealed(b"a" * BIG)),
    "no more than that it is generated": ("generate_secret_string", {}, Generate()),
    "47 tags": ("tags", TAGS_47, TAGS_47),
    "no tags": ("tags", {}, {}),
    "a list of pairs": (
        "tags", [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}], {"a": "1", "b": ""}),
    "a list of pairs, spelt small": ("tags", [{"key": "a", "value": "1"}], {"a": "1"}),
    "an empty list": ("tags", [], {}),
    "a key of 128 characters": ("tags", {"a" * 128: "b"}, {"a" * 128: "b"}),
    "a tag of 256 characters": ("tags", {"a": "b" * 256}, {"a": "b" * 256}),
    "all characters of a tag": ("tags", TAG_OF_ALL, TAG_OF_ALL),
    "only the prefix is reserved": ("tags", NEARLY, NEARLY),
    "an owner": ("owner", "team a", "team a"),
    "an owner of 256 characters": ("owner", "a" * 256, "a" * 256),
    "a region": ("region", "us-gov-west-1", "us-gov-west-1"),
    "a profile": ("profile", "my profile", "my profile"),
    "a role with a path": (
        "assume_role_arn", ROLE, ROLE),
    "accounts": ("allowed_account_ids", ["111122223333"], ["111122223333"]),
    "an account that became a number": ("allowed_account_ids", [111122223333], ["111122223333"]),
    "one that lost its zeros": ("allowed_account_ids", [22223333.0], ["000022223333"]),
    "no account": ("allowed_account_ids", [], []),
    "a type of a partner": ("type", "SalesforceClientSecret", "SalesforceClientSecret"),
    "a mapping as a value": (
        "secret_json", {"b": [1.0, True, None], "a": "x"},
        Sealed('{"a": "x", "b": [1, true, null]}')),
    "no label": ("version_stages", [], []),
    "labels, in any order": ("version_stages", ["b", "a" * 256], ["a" * 256, "b"]),
    "as many labels as fit": ("version_stages", LABELS_18, LABELS_18),
    "no replica": ("replicas", [], []),
    "replicas, in any order": (
        "replicas", [FAR, NEAR], [NEAR, FAR]),
    "a policy as text": ("policy", f" {POLICY} ", Document(POLICY)),
    "a policy as a mapping": (
        "policy", {"Statement": [{"Effect": "Deny", "Action": ["*"]}]}, Document(POLICY)),
    "no policy": ("policy", "{}", Document()),
    "a public policy, wanted": ("block_public_policy", "false", False),
    "rotation cancelled": ("rotation_enabled", "false", False),
    "a partner's metadata": (
        "external_secret_rotation_metadatas", [{"Key": "k" * 256, "Value": "v" * 2048}],
        {"k" * 256: "v" * 2048}),
    "a partner's role": ("external_secret_rotation_role_arn", ROLE, ROLE),
    "deprecated": ("previous_version", "deprecate", PreviousVersion.DEPRECATE),
    "replicas that overwrite": ("force_overwrite_replica_secret", True, True),
    "no guard": ("refuse_deletion_if_accessed_within", "0", 0),
    "the shortest guard": ("refuse_deletion_if_accessed_within", 1.0, 1),
    "the longest guard": ("refuse_deletion_if_accessed_within", "365", 365),
    "rotation at once": ("rotate_immediately", "true", True),
    "a prefix": ("name_prefix", "a/", "a/"),
    "a prefix of 486 characters": ("name_prefix", "a" * 486, "a" * 486),
    "a parameter": (
        "value_from", ValueFrom(ssm_parameter="/app/db:3"), ValueFrom(ssm_parameter="/app/db:3")),
    "rules by days": (
        "rotation_rules", RotationRules(automatically_after_days=1000),
        RotationRules(automatically_after_days=1000)),
}  # fmt: skip
GOES_WITH = {
    "secret_string_wo", "secret_string_wo_version", "regenerate_when", "value_version",
    "rotation_lambda_arn",
}  # fmt: skip
"""Fields that mean nothing alone: they are taken below."""


@pytest.mark.parametrize(("name", "given", "taken"), TAKEN.values(), ids=TAKEN)
@pytest.mark.parametrize("spelling", [snake, camel, pascal], ids=lambda s: s.__name__)
def test_what_is_right_is_taken(name: str, given: object, taken: object, spelling: Any) -> None:
    found = parse.parse({spelling(name): given}, limits.AWS, spelling=spelling).of(name)
    assert (found, type(found)) == (taken, type(taken))


def test_every_field_is_taken_above() -> None:
    assert {name for name, _, _ in TAKEN.values()} == set(FIELDS) - GOES_WITH
    together = [name for given in TOGETHER.values() for name in given]
    assert set(together) >= GOES_WITH


@pytest.mark.parametrize("name", FIELDS)
def test_nothing_given_is_the_default(name: str) -> None:
    assert parse.parse({name: None}, limits.AWS) == parse.parse({}, limits.AWS) == Declaration()


def test_the_defaults_lose_nothing() -> None:
    policy = parse.parse({}, limits.AWS).policy
    assert policy == Policy(
        recovery_window_in_days=30, deletion=Deletion.SCHEDULE, on_recreate=OnRecreate.RESTORE,
        adopt=Adopt.NO, on_value_drift=OnValueDrift.KEEP, timeout=300,
        previous_version=PreviousVersion.KEEP, force_overwrite_replica_secret=False,
        rotate_immediately=False, refuse_deletion_if_accessed_within=0,
    )  # fmt: skip
    assert not policy.force
    assert not policy.retain
    assert parse.parse({}, limits.AWS).spec.block_public_policy is True


TOGETHER: dict[str, Mapping[str, object]] = {
    "force in both words": {"force_delete_without_recovery": True, "deletion": "force"},
    "no force, and a window": {
        "force_delete_without_recovery": False, "recovery_window_in_days": 7},
    "retain, and a window for later": {"deletion": "retain", "recovery_window_in_days": 7},
    "replace and force": {"on_recreate": "replace", "force_delete_without_recovery": True},
    "replace and force in other words": {"on_recreate": "replace", "deletion": "force"},
    "fail and force": {"on_recreate": "fail", "deletion": "force"},
    "write-only": {"secret_string_wo": Sealed("a"), "secret_string_wo_version": 0},
    "generated, and when again": {
        "generate_secret_string": Generate(), "regenerate_when": "2026"},
    "read, and when again": {"value_from": ValueFrom(file="a"), "value_version": "1"},
    "rotation by a function": {
        "rotation_lambda_arn": FUNCTION, "rotation_enabled": True,
        "rotation_rules": RotationRules(schedule_expression="rate(10 days)", duration="3h")},
    "rotation at once, and no rotation": {"rotate_immediately": True},
    "an alias of a function": {
        "rotation_lambda_arn": f"{FUNCTION}:live",
        "rotation_rules": RotationRules(schedule_expression="cron(0 8 ? * 2#1 *)")},
}  # fmt: skip


@pytest.mark.parametrize("given", TOGETHER.values(), ids=TOGETHER)
def test_what_goes_together_is_taken(given: Mapping[str, object]) -> None:
    found = parse.parse(given, limits.AWS)
    assert {name: found.of(name) for name in given} == given


UNKNOWN: dict[str, tuple[Mapping[str, object], tuple[str, ...]]] = {
    "an unknown value is not looked at": ({"name": object()}, ("name",)),
    "nor is one that is not given at all": ({}, ("secret_string",)),
    "force may yet be true": ({"on_recreate": "replace"}, ("force_delete_without_recovery",)),
    "deletion may yet be force": ({"on_recreate": "replace"}, ("deletion",)),
    "one of two values is unknown": (
        {"secret_string": "a", "secret_binary": object()}, ("secret_binary",)),
    "names of others are no matter": ({}, ("__provider", "zzz")),
    "the version may yet be known": ({"secret_string_wo": "a"}, ("secret_string_wo_version",)),
    "and the value": ({"secret_string_wo_version": 1}, ("secret_string_wo",)),
    "rules may yet be known": ({"rotation_lambda_arn": FUNCTION}, ("rotation_rules",)),
    "and with rotation switched on": ({"rotation_enabled": True}, ("rotation_rules",)),
    "the way may yet be known": ({"regenerate_when": "1"}, ("generate_secret_string",)),
    "and the place": ({"value_version": "1"}, ("value_from",)),
    "by its other name": ({"replica_regions": object()}, ("replica_regions",)),
}  # fmt: skip


@pytest.mark.parametrize(("given", "unknown"), UNKNOWN.values(), ids=UNKNOWN)
def test_what_is_not_known_yet_is_left_out(
    given: Mapping[str, object], unknown: tuple[str, ...]
) -> None:
    found = parse.parse(given, limits.AWS, unknown=unknown)
    default = Declaration()
    assert all(found.of(name) == default.of(name) for name in unknown if name in FIELDS)


def test_what_is_known_is_checked_all_the_same() -> None:
    with pytest.raises(errors.InvalidInput) as caught:
        parse.parse(
            {"name": object(), "timeout": 0, "onRecreate": "replace"},
            limits.AWS,
            unknown=("name", "tags"),
        )
    assert len(caught.value.problems) == 2
    with pytest.raises(errors.InvalidInput, match="ForceDeleteWithoutRecovery as well"):
        parse.parse(
            {"OnRecreate": "replace"},
            limits.AWS,
            spelling=pascal,
            unknown=("RecoveryWindowInDays",),
        )


def test_what_is_remembered_is_kept_where_it_is_understood() -> None:
    remembered = {
        "name": "a", "arn": "x", "timeout": 0, "tags": {"a": "b"}, "deletion": "of old",
        "secret_string": "value", "recovery_window_in_days": 7.0, "adopt": None,
        "allowed_account_ids": [111122223333],
    }  # fmt: skip
    found = parse.recall(remembered)
    assert found == parse.parse(
        {
            "name": "a", "tags": {"a": "b"}, "secret_string": "value",
            "recovery_window_in_days": 7, "allowed_account_ids": ["111122223333"],
        },
        limits.AWS,
    )  # fmt: skip


@pytest.mark.parametrize(
    "remembered",
    [
        pytest.param({"secret_string": "a", "secret_binary": "YQ=="}, id="contradictory"),
        pytest.param({"name": "?" * 600}, id="beyond the limits"),
        pytest.param({"tags": {"aws:a": "b"}}, id="reserved"),
    ],
)
def test_what_was_allowed_once_is_still_remembered(remembered: Mapping[str, Any]) -> None:
    found = parse.recall(remembered)
    assert all(found.of(name) for name in remembered)


SUFFIXED = {
    "app-secret": True,
    "prod-apikey": True,
    "a/b-AbC123": True,
    "app-secrets": False,
    "app-secre": False,
    "secret": False,
    "app_secret": False,
    "app-secret-": False,
    "app-sec.et": False,
}


@pytest.mark.parametrize(("name", "warned"), SUFFIXED.items())
def test_names_that_look_like_the_end_of_an_arn_are_warned_of(name: str, *, warned: bool) -> None:
    told = list(parse.warnings(name, limits.AWS))
    assert len(told) == (1 if warned else 0)
    assert all("partial ARN" in text and name in text for text in told)


def test_stores_without_such_suffixes_do_not_warn() -> None:
    plain = dataclasses.replace(limits.AWS, hyphen_suffix=False)
    assert list(parse.warnings("app-secret", plain)) == []
