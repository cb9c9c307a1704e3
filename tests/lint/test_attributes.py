"""E9502: what a template asks a secret for. cfn-lint itself accepts any attribute of any name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from lint.linting import TOKEN, Fault, by_resource, linted, secret
from recoverable_secrets import cloudformation

RESOURCES: Mapping[str, Any] = {
    "Secret": secret({}),
    "Other": {
        "Type": "Custom::Other",
        "Properties": {"ServiceToken": TOKEN, "ServiceTimeout": 60},
    },
}
ALL = "it has Arn, Id, Name, VersionId, Restored"
NONE = "is not an attribute of Custom::RecoverableSecret:"


CONDITIONS = {"Never": {"Fn::Equals": ["a", "b"]}}


def asked(values: Mapping[str, Any]) -> Mapping[str, list[Fault]]:
    """Return what is said of each value, all of them outputs of one template."""
    outputs = {f"Output{at}": {"Value": value} for at, value in enumerate(values.values())}
    found = linted({"Resources": RESOURCES, "Outputs": outputs, "Conditions": CONDITIONS})
    return {
        reason: [fault for fault in found if fault.place[:2] == ("Outputs", f"Output{at}")]
        for at, reason in enumerate(values)
    }


RIGHT: Mapping[str, Any] = {
    **{f"attribute {name}": {"Fn::GetAtt": ["Secret", name]} for name in cloudformation.ATTRIBUTES},
    **{
        f"text with {name}": {"Fn::Sub": f"${{Secret.{name}}}"}
        for name in cloudformation.ATTRIBUTES
    },
    "Ref, the ARN": {"Ref": "Secret"},
    "Ref in a text": {"Fn::Sub": "${Secret}"},
    "another type's attribute": {"Fn::GetAtt": ["Other", "Anything"]},
    "another type's attribute in a text": {"Fn::Sub": "${Other.Anything}"},
    "a literal that looks like one": {"Fn::Sub": "${!Secret.Nothing} ${Secret}"},
    "a name of the text's own": {"Fn::Sub": ["${Secret.Nothing}", {"Secret.Nothing": "x"}]},
}
WRONG: Mapping[str, tuple[Any, str]] = {
    "misspelt": ({"Fn::GetAtt": ["Secret", "Arnn"]}, "Secret.Arnn {} did you mean Arn?"),
    "in lower case": ({"Fn::GetAtt": ["Secret", "arn"]}, "Secret.arn {} did you mean Arn?"),
    "as one text": ({"Fn::GetAtt": "Secret.Version"}, "Secret.Version {} did you mean VersionId?"),
    "a value, which is never told": (
        {"Fn::GetAtt": ["Secret", "SecretString"]},
        f"Secret.SecretString {{}} {ALL}",
    ),
    "in a text": ({"Fn::Sub": "a ${Secret.Value} b"}, f"Secret.Value {{}} {ALL}"),
    "in a text with names of its own": (
        {"Fn::Sub": ["${Secret.Value}${A}", {"A": "x"}]},
        f"Secret.Value {{}} {ALL}",
    ),
    "deep inside": (
        {"Fn::Join": ["", ["a", {"Fn::If": ["Never", {"Fn::GetAtt": ["Secret", "X"]}, "b"]}]]},
        f"Secret.X {{}} {ALL}",
    ),
}


@pytest.fixture(scope="module")
def found() -> Mapping[str, list[Fault]]:
    """What is said of each case."""
    return asked(RIGHT | {reason: value for reason, (value, _) in WRONG.items()})


@pytest.mark.parametrize("reason", RIGHT)
def test_nothing_is_said_of(reason: str, found: Mapping[str, list[Fault]]) -> None:
    assert [fault for fault in found[reason] if fault.rule == "E9502"] == []


@pytest.mark.parametrize("reason", WRONG)
def test_an_attribute_that_there_is_not(reason: str, found: Mapping[str, list[Fault]]) -> None:
    (told,) = [fault for fault in found[reason] if fault.rule == "E9502"]
    assert told.message == WRONG[reason][1].format(NONE)


def test_it_is_found_in_another_resource() -> None:
    other = {**RESOURCES["Other"]["Properties"], "Arn": {"Fn::GetAtt": ["Secret", "Nothing"]}}
    resources = {**RESOURCES, "Other": {**RESOURCES["Other"], "Properties": other}}
    (told,) = by_resource(resources)["Other"]
    assert (told.rule, told.place) == ("E9502", ("Arn", "Fn::GetAtt"))


def test_malformed_functions_are_left_to_cfn_lint() -> None:
    values = [{"Fn::GetAtt": ["Secret"]}, {"Fn::GetAtt": 7}, {"Fn::Sub": [7]}, {"Fn::Sub": 7}]
    for told in asked({str(value): value for value in values}).values():
        assert told
        assert {fault.rule for fault in told} & {"E9501", "E9502", "E0002"} == set()
