"""Each fault is found: the place, and what to do, but never what was written for a value."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from cfnlint.jsonschema import ValidationError

from lint import of_more_properties
from lint.linting import CANARY, NO_PROPERTY, Case, Fault, by_resource, one, secret
from lint.of_more_properties import VALUES
from recoverable_secrets import lint

WINDOW = (
    "RecoveryWindowInDays must be a whole number from 7 to 30; who means deletion without recovery "
    "says ForceDeleteWithoutRecovery"
)
GUARD = "RefuseDeletionIfAccessedWithin must be a whole number from 0 to 365"
BOTH = "RecoveryWindowInDays and deletion by force exclude each other: remove one of them"
REPLACE = (
    "OnRecreate = replace destroys the pending secret for good: it needs "
    "ForceDeleteWithoutRecovery as well, or use restore"
)
PAIR = (
    "SecretStringTemplate and GenerateStringKey need each other: declare both, or none for the "
    "password alone"
)
NOTHING = "all characters are excluded: allow some, such as by IncludeSpace"
BINARY = "SecretBinary must be base64 text of one byte or more"
ADOPT = (
    'Adopt must be one of no, unowned, any; write "no" in quotes, because YAML takes it for false'
)
MANY = "Tags may have 47 tags: a secret has 50, 3 of them kept for ownership"
NAME = "Name may contain letters, digits and /_+=.@-! only: remove other characters"
KEY_TEXT = (
    "a tag's key may contain letters, digits, spaces and _.:/=+-@, and must not begin with aws: "
    "or recoverable-secrets:"
)
TAG_TEXT = "a tag's value may contain letters, digits, spaces and _.:/=+-@"
SIZE = "must have 1 to 65536 bytes; leave it out for no value"
ALL_EXCLUDED = {
    "ExcludeLowercase": True,
    "ExcludeUppercase": True,
    "ExcludeNumbers": "true",
    "ExcludePunctuation": True,
}


CASES: Mapping[str, Case] = {
    "name with a space": one("Name", "bad name", NAME),
    "name with a line end, as a YAML block leaves it": one("Name", "name\n", NAME),
    "empty name": one("Name", "", "Name must have 1 to 512 characters"),
    "name too long": one("Name", "n" * 513, "Name must have 1 to 512 characters"),
    "list for a name": one("Name", ["a"], "Name must be text"),
    "description too long": one(
        "Description", "d" * 2049, "Description must have at most 2048 characters"
    ),
    "key with a space": one("KmsKeyId", "a key", "KmsKeyId must be an ARN, id or alias of a key"),
    "empty value": one("SecretString", "", f"SecretString {SIZE}"),
    "value too long": one("SecretString", "x" * 65_537, f"SecretString {SIZE}"),
    "object for a value": one(
        "SecretString",
        {"password": CANARY},
        "SecretString must be text; turn other data into JSON text first",
    ),
    "binary that is no base64": one(
        "SecretBinary", f"{CANARY}!", BINARY
    ),
    "list for a binary": one("SecretBinary", [CANARY], "SecretBinary must be text"),
    "window too short": one("RecoveryWindowInDays", 6, WINDOW),
    "window too long, as text": one("RecoveryWindowInDays", "31", WINDOW),
    "window 0, Terraform's way to force": one("RecoveryWindowInDays", 0, WINDOW),
    "window with a fraction": one("RecoveryWindowInDays", "7.0", WINDOW),
    "window in words": one("RecoveryWindowInDays", "seven", WINDOW),
    "yes for true": one(
        "ForceDeleteWithoutRecovery", "yes", "ForceDeleteWithoutRecovery must be true or false"
    ),
    "1 for true": one(
        "ForceDeleteWithoutRecovery", 1, "ForceDeleteWithoutRecovery must be true or false"
    ),
    "unknown way to delete": one(
        "Deletion", "purge", "Deletion must be one of schedule, force, retain"
    ),
    "option in capitals": one(
        "OnRecreate", "Restore", "OnRecreate must be one of restore, fail, replace"
    ),
    "true for an option": one("Adopt", True, ADOPT),
    "no for an option, which YAML takes for false": one("Adopt", False, ADOPT),
    "empty binary": one("SecretBinary", "", BINARY),
    "blank binary": one("SecretBinary", " ", BINARY),
    "guard of more than a year": one("RefuseDeletionIfAccessedWithin", 366, GUARD),
    "guard below nought, as text": one("RefuseDeletionIfAccessedWithin", "-1", GUARD),
    "guard in words": one("RefuseDeletionIfAccessedWithin", "a week", GUARD),
    "unknown drift": one("OnValueDrift", "ask", "OnValueDrift must be one of keep, overwrite"),
    "timeout out of range": one(
        "ServiceTimeout", 3601, "ServiceTimeout must be a whole number from 1 to 3600"
    ),
    "text for tags": one("Tags", "a=b", "Tags must be a list of Key and Value, or a mapping"),
    "tag without a value": one("Tags", [{"Key": "a"}], "'Value' is a required property", 0),
    "tag with a misspelt key": Case(
        {"Tags": [{"Key": "a", "Value": "b", "Valu": "b"}]},
        ("Tags", 0, "Valu"),
        f"Tags.0.Valu {NO_PROPERTY} did you mean Value?",
    ),
    "tag with a reserved key": one(
        "Tags", [{"Key": "AWS:x", "Value": ""}], KEY_TEXT, 0, "Key"
    ),
    "tag that claims an owner": one(
        "Tags", [{"Key": "recoverable-secrets:owner", "Value": ""}], KEY_TEXT, 0, "Key"
    ),
    "tag in a mapping that claims an owner": one(
        "Tags", {"Recoverable-Secrets:owner": ""}, KEY_TEXT, "Recoverable-Secrets:owner"
    ),
    "tag with an empty key": one(
        "Tags", [{"Key": "", "Value": ""}], "a tag's key must have 1 to 128 characters", 0, "Key"
    ),
    "tag with other characters": one(
        "Tags", [{"Key": "a", "Value": "b;c"}], TAG_TEXT, 0, "Value"
    ),
    "tag with other characters, in a mapping": one("Tags", {"a": "b;c"}, TAG_TEXT, "a"),
    "tag too long": one(
        "Tags",
        {"a": "v" * 257},
        "a tag's value must have at most 256 characters",
        "a",
    ),
    "same tag twice": one(
        "Tags",
        [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}],
        "Tags must not have the same key twice",
    ),
    "too many tags": one("Tags", [{"Key": f"k{n}", "Value": ""} for n in range(48)], MANY),
    "too many tags in a mapping": one("Tags", {f"k{n}": "" for n in range(48)}, MANY),
    "text and binary": Case(
        {"SecretString": "a", "SecretBinary": "YQ=="}, ("SecretBinary",), VALUES
    ),
    "text and generated": Case(
        {"SecretString": CANARY, "GenerateSecretString": {}}, ("GenerateSecretString",), VALUES
    ),
    "binary and generated": Case(
        {"SecretBinary": "YQ==", "GenerateSecretString": {}}, ("GenerateSecretString",), VALUES
    ),
    "window and force": Case(
        {"RecoveryWindowInDays": 7, "ForceDeleteWithoutRecovery": "true"},
        ("RecoveryWindowInDays",),
        BOTH,
    ),
    "window and deletion by force": Case(
        {"RecoveryWindowInDays": 7, "Deletion": "force"}, ("RecoveryWindowInDays",), BOTH
    ),
    "force and a kinder deletion": Case(
        {"ForceDeleteWithoutRecovery": True, "Deletion": "retain"},
        ("Deletion",),
        "ForceDeleteWithoutRecovery contradicts Deletion: remove one of them",
    ),
    "replacing without force": Case({"OnRecreate": "replace"}, (), REPLACE),
    "replacing with force refused": Case(
        {"OnRecreate": "replace", "ForceDeleteWithoutRecovery": False},
        ("ForceDeleteWithoutRecovery",),
        REPLACE,
    ),
    "text for a generator": one(
        "GenerateSecretString", CANARY, "GenerateSecretString must be a mapping"
    ),
    "password too long": one(
        "GenerateSecretString",
        {"PasswordLength": "5000"},
        "PasswordLength must be a whole number from 1 to 4096",
        "PasswordLength",
    ),
    "generator's switch in words": one(
        "GenerateSecretString",
        {"IncludeSpace": "on"},
        "IncludeSpace must be true or false",
        "IncludeSpace",
    ),
    "generator's template without a key": one(
        "GenerateSecretString", {"SecretStringTemplate": f'{{"user": "{CANARY}"}}'}, PAIR
    ),
    "generator's key without a template": one(
        "GenerateSecretString", {"GenerateStringKey": CANARY}, PAIR
    ),
    "generator without characters": one("GenerateSecretString", ALL_EXCLUDED, NOTHING),
    "generator without characters, space refused": one(
        "GenerateSecretString", ALL_EXCLUDED | {"IncludeSpace": False}, NOTHING, "IncludeSpace"
    ),
    "generator's property misspelt": one(
        "GenerateSecretString",
        {"PaswordLength": 32},
        f"GenerateSecretString.PaswordLength {NO_PROPERTY} did you mean PasswordLength?",
        "PaswordLength",
    ),
    "generator's property that only a secret has": one(
        "GenerateSecretString",
        {"Type": "x"},
        f"GenerateSecretString.Type {NO_PROPERTY} remove it",
        "Type",
    ),
    "property misspelt": one(
        "SecretStrin",
        CANARY,
        f"SecretStrin {NO_PROPERTY} did you mean SecretString or SecretStringWo?",
    ),
    "property in lower case": one(
        "kmskeyid", "k", f"kmskeyid {NO_PROPERTY} did you mean KmsKeyId?"
    ),
    "property of nothing": one("Colour", "red", f"Colour {NO_PROPERTY} remove it"),
    "attribute for a property": one(
        "Arn", "a", "Arn is an attribute, not a property: read it with Fn::GetAtt"
    ),
    "owner": one(
        "Owner",
        "a",
        f"Owner {NO_PROPERTY} the stack and the logical id are the owner: a property could claim "
        "another's",
    ),
    "region": one(
        "Region",
        "eu-west-1",
        f"Region {NO_PROPERTY} the function works in its own account and region, which are the "
        "stack's",
    ),
    **of_more_properties.CASES,
}  # fmt: skip


@pytest.fixture(scope="module")
def found() -> Mapping[str, list[Fault]]:
    """What is said of each case; all are one template."""
    return by_resource(
        {f"R{at}": secret(case.properties) for at, case in enumerate(CASES.values())}
    )


@pytest.mark.parametrize("reason", CASES)
def test_a_fault_is_found(reason: str, found: Mapping[str, list[Fault]]) -> None:
    case = CASES[reason]
    told = found[f"R{list(CASES).index(reason)}"]
    assert told == [Fault("E9501", case.place, case.message)], "this, and nothing else"


def test_no_message_shows_a_value(found: Mapping[str, list[Fault]]) -> None:
    """A linter's output stands in the logs of pipelines."""
    said = [fault.message for faults in found.values() for fault in faults]
    assert len(said) == len(CASES)
    assert not [message for message in said if CANARY in message]


def test_not_even_a_text_that_the_schema_does_not_know() -> None:
    """cfn-lint may find more one day, and says it with what was written."""
    rule = lint.RecoverableSecretProperties()
    place = ["SecretString"]
    words = ["properties", "SecretString", "format"]
    fault = ValidationError(
        f"{CANARY!r} is no date", validator="format", path=place, schema_path=words, rule=rule
    )
    assert rule._told(fault) == "SecretString does not fit the schema: see its format"


def test_all_faults_of_one_resource_are_told_at_once() -> None:
    properties = {"Name": "a b", "Tgs": [], "RecoveryWindowInDays": 3, "Deletion": "no"}
    (told,) = by_resource({"Secret": secret(properties)}).values()
    assert {fault.place for fault in told} == {(name,) for name in properties}


def test_a_missing_service_token_is_left_to_cfn_lint() -> None:
    """It says so of any custom resource: once is enough."""
    resource = {"Type": "Custom::RecoverableSecret", "Properties": {"ServiceTimeout": 60}}
    found = by_resource({"Secret": resource})
    assert [fault.rule for fault in found["Secret"]] == ["E3003"]
    found = by_resource({"Secret": {"Type": "Custom::RecoverableSecret"}})
    assert [fault.rule for fault in found["Secret"]] == ["E3003"]


def test_properties_that_are_no_mapping_are_left_to_cfn_lint() -> None:
    found = by_resource({"Secret": {"Type": "Custom::RecoverableSecret", "Properties": ["a"]}})
    assert found["Secret"]
    assert not [fault for fault in found["Secret"] if fault.rule == "E9501"]


def test_a_wrong_function_is_told_once() -> None:
    """By cfn-lint, which looks for them in any type."""
    found = by_resource({"Secret": secret({"Name": {"Ref": "Nobody"}})})
    assert [fault.rule for fault in found["Secret"]] == ["E1020"]
