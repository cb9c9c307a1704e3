"""What the rule accepts the function accepts, and the other way round.

Both come from the model, but a schema says things in its own way. Each document stands in a
template for the rule; for the function it goes the way that CloudFormation sends it, every
scalar as text.
"""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Mapping
from typing import Any

import pytest
from lambda_handler import properties

from lint.linting import by_resource, secret
from recoverable_secrets import cloudformation
from recoverable_secrets.core import errors, fields
from recoverable_secrets.core.model import FIELDS
from recoverable_secrets.core.policy import Adopt

ALLOWED = properties.Installation(
    force=True,
    adopt=Adopt.ANY,
    value_sources=("arn:*:ssm:*:*:*", "arn:*:secretsmanager:*:*:*"),
    rotation_functions=("arn:*:lambda:*:*:*", "arn:*:iam:*:*:*"),
    public_policy=True,
    home=("aws", "eu-central-1", "111122223333"),
)


def wire(content: Any) -> Any:
    """Return what CloudFormation makes of a template's content: scalars become text."""
    if isinstance(content, Mapping):
        return {name: wire(each) for name, each in content.items()}
    if isinstance(content, list):
        return [wire(each) for each in content]
    return str(content).lower() if isinstance(content, bool) else str(content)


def taken(document: Mapping[str, Any]) -> bool:
    """Whether the function takes the properties."""
    try:
        properties.declared(wire(secret(document)["Properties"]), ALLOWED)
    except errors.InvalidInput:
        return False
    return True


SCALARS: tuple[Any, ...] = (
    "", " ", "a", "a b", "7", " 7", "7 ", "7\n", "\u0667", "07", "+7", "-7", "7.0", "7e0", "²",
    "30", "31", "6", "0", "1000000000000", 7, 30, 31, 6, 0, -1, 7.0, 7.5, True, False, "true",
    "false", "True", "False", "TRUE", "FALSE", "1", "yes", "no", "on", "null", "schedule", "force",
    "retain", "Force", "restore", "fail", "replace", "unowned", "any", "keep", "overwrite",
    "YQ==", "YWI=", "YWJj", "YQ", "YQ=", "=", "Y Q\n==", "Y!==", "x\n", "n" * 512, "n" * 513,
    "d" * 2048, "d" * 2049, "v" * 65_536, "v" * 65_537, "ä", "a;b", "alias/a", "name!",
)  # fmt: skip
LISTS: tuple[Any, ...] = ([], ["a"], {}, {"a": "b"}, {"Key": "a", "Value": "b"}, [[]], [7])
TAGS: tuple[Any, ...] = (
    [{"Key": "a", "Value": "b"}],
    [{"Key": "a", "Value": ""}],
    [{"Key": "a", "Value": 7}],
    [{"Key": 7, "Value": True}],
    [{"Key": "a"}],
    [{"Value": "a"}],
    [{"Key": "a", "Value": ["b"]}],
    [{"Key": "a", "Value": "b", "Extra": "c"}],
    [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}],
    [{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}],
    [{"Key": f"k{n}", "Value": ""} for n in range(47)],
    [{"Key": f"k{n}", "Value": ""} for n in range(48)],
    {f"k{n}": "" for n in range(47)},
    {f"k{n}": "" for n in range(48)},
    {"a": ["b"]},
    {"a": {"b": "c"}},
    *({key: ""} for key in (
        "", "k" * 128, "k" * 129, "aws:x", "AWS:x", "Aws", "aws", "recoverable-secrets:owner",
        "Recoverable-Secrets:x", "recoverable-secrets", "ä ö", "a;b", "a\n", "²", "a\u2028b",
        "a\tb", "_.:/=+-@", "a*", "日本",
    )),
    *({"key": text} for text in (
        "v" * 256, "v" * 257, "aws:x", "ä ö", "a;b", "a\n", "²", "a\tb", "_.:/=+-@", "a*", "日本",
    )),
)  # fmt: skip
SWITCHES = ("ExcludeLowercase", "ExcludeUppercase", "ExcludeNumbers", "ExcludePunctuation")
GENERATORS: tuple[Any, ...] = (
    {},
    "",
    [],
    {"Nothing": 1},
    *({"PasswordLength": n} for n in (0, 4, 32, "32", "32.0", 4096, 4097, "", "x", True)),
    *({name: v} for name in (*SWITCHES, "IncludeSpace") for v in (True, "true", "False", "1", "")),
    *({"RequireEachIncludedType": v} for v in (True, "false", 0)),
    {"ExcludeCharacters": ""},
    {"ExcludeCharacters": '"@/\\'},
    {"ExcludeCharacters": ["a"]},
    {"ExcludeCharacters": "é" * 4096},
    {"ExcludeCharacters": "é" * 4097},
    {"SecretStringTemplate": "{}"},
    {"GenerateStringKey": "a"},
    {"SecretStringTemplate": "{}", "GenerateStringKey": "a"},
    {"SecretStringTemplate": "{}", "GenerateStringKey": ""},
    {"SecretStringTemplate": {}, "GenerateStringKey": "a"},
    dict.fromkeys(SWITCHES, True),
    dict.fromkeys(SWITCHES, "true") | {"IncludeSpace": False},
    dict.fromkeys(SWITCHES, "true") | {"IncludeSpace": "true"},
    dict.fromkeys(SWITCHES[:3], True),
)
TRUTHS: tuple[Any, ...] = (True, False, "true", "false", None)
TOGETHER: tuple[Mapping[str, Any], ...] = (
    {},
    {"SecretString": "a", "SecretBinary": "YQ=="},
    {"SecretString": "a", "GenerateSecretString": {}},
    {"SecretBinary": "YQ==", "GenerateSecretString": {}},
    {"SecretString": "a", "SecretBinary": "YQ==", "GenerateSecretString": {}},
    *(
        {name: content for name, content in chosen.items() if content is not None}
        for force in TRUTHS
        for deletion in ("schedule", "force", "retain", None)
        for window in (7, None)
        for recreate in ("restore", "fail", "replace", None)
        for chosen in ({
            "ForceDeleteWithoutRecovery": force,
            "Deletion": deletion,
            "RecoveryWindowInDays": window,
            "OnRecreate": recreate,
        },)
    ),
)  # fmt: skip
NATIVE_POLICY = {"Statement": [{"Effect": "Deny", "Action": "*", "Principal": "*"}]}
FUNCTION = "arn:aws:lambda:eu-west-1:111122223333:function:rotate"
ROLE = "arn:aws:iam::111122223333:role/partner"
SECRET = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:app/db-AbCdEf"
RULES = {"AutomaticallyAfterDays": 30}
GROUPS: Mapping[str, tuple[Any, ...]] = {
    "ReplicaRegions": (
        [{"Region": "eu-west-1"}],
        [{"Region": "eu-west-1", "KmsKeyId": "alias/a"}, {"Region": "us-east-1"}],
        [{"Region": "eu-west-1"}, {"Region": "eu-west-1"}],
        [{"Region": "europe"}],
        [{"Region": "eu-west-1", "KmsKeyId": "a b"}],
        [{"KmsKeyId": "alias/a"}],
        [{"Region": "eu-west-1", "Colour": "red"}],
        [{}],
        [{"Region": ["eu-west-1"]}],
    ),
    "ResourcePolicy": (
        NATIVE_POLICY,
        {"Version": "2012-10-17", "Statement": NATIVE_POLICY["Statement"][0]},
        {"Version": "2012-10-17"},
        json.dumps(NATIVE_POLICY),
        " {} ",
        {"Statement": "Deny"},
        {"Statement": []},
    ),
    "VersionStages": (
        ["live"], ["a", "b"], ["a", "a"], ["AWSCURRENT"], ["AWSPENDING", "a"], [""], ["l" * 256],
        ["l" * 257], [7], [f"l{n}" for n in range(18)], [f"l{n}" for n in range(19)], [["a"]],
        ["awscurrent"],
    ),
    "ExternalSecretRotationMetadata": (
        [{"Key": "a", "Value": "b"}], {"a": "b"}, {"a": ""}, {"": "a"}, {"k" * 256: "v" * 2048},
        {"k" * 257: "v"}, {"k": "v" * 2049}, [{"Key": "a", "Value": ""}], [{"Key": "a"}],
        [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}], {"a": "ä;b*"}, {"a": 7},
    ),
    "ExternalSecretRotationRoleArn": (ROLE, f"{ROLE}/a", ROLE.replace("role", "user"), ROLE + " "),
    "RotationRules": (
        RULES, {}, {"AutomaticallyAfterDays": "1000"}, {"AutomaticallyAfterDays": 1001},
        {"AutomaticallyAfterDays": 0}, {"ScheduleExpression": "rate(10 days)"},
        {"ScheduleExpression": "cron(0 8 1 * ? *)", "Duration": "3h"},
        {**RULES, "ScheduleExpression": "rate(10 days)"}, {"Duration": "3h"},
        {**RULES, "Duration": "3"}, {**RULES, "Duration": "99h"}, {**RULES, "Duration": "100h"},
        {"ScheduleExpression": "daily"}, {"ScheduleExpression": f"cron({'1' * 250})"},
        {"ScheduleExpression": f"cron({'1' * 251})"}, {**RULES, "Days": 1},
    ),
    "ValueFrom": (
        {}, {"SsmParameter": "/app/db"}, {"SsmParameter": "app:3"}, {"SsmParameter": "a b"},
        {"SsmParameter": ""}, {"Secret": "app/db"}, {"Secret": SECRET}, {"Secret": SECRET[:-7]},
        {"Secret": "a" * 512}, {"Secret": "a" * 513}, {"Secret": "a", "SsmParameter": "a"},
        {"File": "/a"}, {"EnvironmentVariable": "A"}, {"File": "/a", "Secret": "a"},
    ),
    "SecretJson": ({}, {"a": 1}, {"a": {"b": ["c", True]}}, '{"a": 1}'),
}  # fmt: skip
"""Contents that only one property can have."""
ROTATION: tuple[Mapping[str, Any], ...] = (
    {"RotationLambdaARN": FUNCTION},
    {"RotationLambdaARN": FUNCTION, "RotationRules": RULES},
    {"RotationLambdaArn": FUNCTION},
    {"RotationLambdaArn": FUNCTION, "RotationRules": RULES},
    {"RotationLambdaARN": "rotate", "RotationRules": RULES},
    {"RotationLambdaARN": f"{FUNCTION}:live", "RotationRules": RULES},
    {"RotationLambdaARN": f"{FUNCTION}*", "RotationRules": RULES},
    *(
        {"RotationEnabled": enabled, **more}
        for enabled in (True, False, "true", "False", "FALSE")
        for more in (
            {},
            {"RotationRules": RULES},
            {"RotationLambdaARN": FUNCTION, "RotationRules": RULES},
            {"RotationLambdaARN": FUNCTION},
            {"ExternalSecretRotationMetadata": {"a": "b"}},
            {"ExternalSecretRotationMetadatas": {"a": "b"}},
            {"ExternalSecretRotationRoleArn": ROLE},
        )
    ),
)
WAYS: Mapping[str, Mapping[str, Any]] = {
    "SecretString": {"SecretString": "a"},
    "SecretBinary": {"SecretBinary": "YQ=="},
    "SecretJson": {"SecretJson": {"a": "b"}},
    "SecretStringWo": {"SecretStringWo": "a", "SecretStringWoVersion": 1},
    "GenerateSecretString": {"GenerateSecretString": {}},
    "ValueFrom": {"ValueFrom": {"Secret": "a"}},
}
VALUES: tuple[Mapping[str, Any], ...] = (
    *WAYS.values(),
    *({**one, **other} for one, other in itertools.combinations(WAYS.values(), 2)),
    *(
        {**way, name: content}
        for way in ({}, *WAYS.values())
        for name in ("RegenerateWhen", "ValueVersion", "SecretStringWoVersion")
        for content in (1, "2026")
    ),
    {"SecretStringWo": "a"},
)
NAMES: tuple[Mapping[str, Any], ...] = (
    {"Name": "a", "NamePrefix": "b"},
    {"NamePrefix": "a" * 486},
    {"NamePrefix": "a" * 487},
    *(
        {name: content, alias: content}
        for alias, name, content in (
            ("Replicas", "ReplicaRegions", []),
            ("Policy", "ResourcePolicy", "{}"),
            ("RotateImmediately", "RotateImmediatelyOnUpdate", True),
        )
    ),
)
STRANGERS = (
    *(name for name in cloudformation.ATTRIBUTES if name not in cloudformation.PROPERTIES),
    *map(fields.pascal, cloudformation.ELSEWHERE),
    *FIELDS,
    "Colour",
)
DOCUMENTS: tuple[Mapping[str, Any], ...] = (
    *(
        {name: each}
        for name in (*cloudformation.PROPERTIES, *cloudformation.ALIASES)
        for each in (*SCALARS, *LISTS)
    ),
    *({name: each} for name, contents in GROUPS.items() for each in contents),
    *({"Replicas": each} for each in GROUPS["ReplicaRegions"]),
    *({"Policy": each} for each in GROUPS["ResourcePolicy"]),
    *ROTATION,
    *VALUES,
    *NAMES,
    *({"Tags": each} for each in TAGS),
    *({"GenerateSecretString": each} for each in GENERATORS),
    *TOGETHER,
    *({name: "a"} for name in STRANGERS),
)

AT_ONCE = 300
"""Resources of one template: cfn-lint takes half a minute for them on a slow machine."""

FUNCTION_IS_STRICTER: Mapping[str, Mapping[str, Any]] = {
    "bytes, not characters": {"SecretString": "ä" * 40_000},
    "bytes of a binary": {"SecretBinary": base64.b64encode(b"x" * 65_537).decode()},
    "a template that is no JSON": {
        "GenerateSecretString": {"SecretStringTemplate": "{", "GenerateStringKey": "a"}
    },
    "a template that has the key": {
        "GenerateSecretString": {"SecretStringTemplate": '{"a": 1}', "GenerateStringKey": "a"}
    },
    "shorter than the kinds that it must have": {"GenerateSecretString": {"PasswordLength": 3}},
    "all of a kind excluded one by one": {
        "GenerateSecretString": {"ExcludeCharacters": "0123456789"}
    },
    "bytes of JSON": {"SecretJson": {"a": "x" * 65_536}},
    "JSON that is none": {"ResourcePolicy": '{"Statement": }'},
    "JSON without a statement": {"ResourcePolicy": '{"Version": "2012-10-17"}'},
    "a policy that is too long": {"ResourcePolicy": {"Statement": [{"Sid": "x" * 20_480}]}},
    "a replica in the stack's own region": {"ReplicaRegions": [{"Region": "eu-central-1"}]},
    "tags of ours for a restore": {
        "ReplicaRegions": [{"Region": "eu-west-1"}],
        "Tags": {f"k{n}": "" for n in range(47)},
    },
    "a secret by way of a parameter": {
        "ValueFrom": {"SsmParameter": "/aws/reference/secretsmanager/db"}
    },
    "a path that goes up": {"ValueFrom": {"SsmParameter": "/app/../db"}},
}
"""What JSON schema cannot say, or only in a way that nobody could read."""

RULE_IS_STRICTER: Mapping[str, Mapping[str, Any]] = {
    "keys of tags in other cases, for Pulumi's sake": {"Tags": [{"key": "a", "VALUE": "b"}]},
    "truth in odd letters": {"ForceDeleteWithoutRecovery": "tRUE"},
}
"""What the function takes, but nobody should write."""


@pytest.mark.parametrize("start", range(0, len(DOCUMENTS), AT_ONCE))
def test_the_rule_and_the_function_agree(start: int) -> None:
    """And no exception in the rule, which cfn-lint would report as E0002 and go on."""
    documents = DOCUMENTS[start : start + AT_ONCE]
    resources = {f"R{at}": secret(document) for at, document in enumerate(documents)}
    found = by_resource(resources)
    assert {fault.rule for faults in found.values() for fault in faults} <= {"E9501", "E3510"}
    refused = [any(fault.rule == "E9501" for fault in found.get(name, ())) for name in resources]
    differ = [
        f"{str(document)[:90]}: the function {'takes' if wrong else 'refuses'} it"
        for document, wrong in zip(documents, refused, strict=True)
        if taken(document) is wrong
    ]
    assert differ == []


def test_many_are_taken_and_many_refused() -> None:
    accepted = sum(map(taken, DOCUMENTS))
    assert 200 < accepted < len(DOCUMENTS) - 200


@pytest.mark.parametrize("reason", FUNCTION_IS_STRICTER)
def test_what_only_the_function_finds(reason: str) -> None:
    """A list to be kept short; when this fails, the rule has learnt it."""
    document = FUNCTION_IS_STRICTER[reason]
    assert not taken(document)
    assert by_resource({"Secret": secret(document)}).get("Secret", []) == []


@pytest.mark.parametrize("reason", RULE_IS_STRICTER)
def test_what_only_the_rule_finds(reason: str) -> None:
    document = RULE_IS_STRICTER[reason]
    assert taken(document)
    assert {f.rule for f in by_resource({"Secret": secret(document)})["Secret"]} == {"E9501"}
