"""What makes no value, in whole sentences; and that nothing is concluded from what is unclear."""

from __future__ import annotations

from typing import Any

import pytest

from core.test_parse import problems
from recoverable_secrets.core import generate
from recoverable_secrets.core.fields import camel, pascal, snake
from recoverable_secrets.core.generate import Generate

DIGITS = "0123456789"
NO_KIND = {
    "exclude_lowercase": True,
    "exclude_uppercase": True,
    "exclude_numbers": True,
    "exclude_punctuation": True,
}

# What is declared, and what is told of it in CloudFormation's spelling.
TEXTS: dict[str, tuple[dict[str, Any], str]] = {
    "no character": (
        NO_KIND, "all characters are excluded: allow some, such as by IncludeSpace"),
    "nothing of a required kind": (
        {"exclude_characters": DIGITS},
        ("ExcludeCharacters leaves nothing of a required kind: set ExcludeNumbers to true as "
        "well, or RequireEachIncludedType to false")),
    "shorter than one of each kind": (
        {"password_length": 3},
        ("PasswordLength must be at least 4, one character of each kind: or exclude kinds, or "
        "set RequireEachIncludedType to false")),
    "more excluded than AWS takes": (
        {"exclude_characters": "a" * 4097, "exclude_lowercase": True},
        "ExcludeCharacters must have at most 4096 characters"),
    "a key alone": (
        {"generate_string_key": "a"},
        ("SecretStringTemplate and GenerateStringKey need each other: declare both, or none "
        "for the password alone")),
    "no template": (
        {"secret_string_template": "[]", "generate_string_key": "a"},
        'SecretStringTemplate must be the text of a JSON object, such as {"username": "app"}'),
    "an empty key": (
        {"secret_string_template": "{}", "generate_string_key": ""},
        "GenerateStringKey must have at least one character"),
    "a key that is there": (
        {"secret_string_template": '{"a": 1}', "generate_string_key": "a"},
        ("SecretStringTemplate has the key of GenerateStringKey already: the password goes "
        "there; remove the key")),
}  # fmt: skip


@pytest.mark.parametrize(("told", "text"), TEXTS.values(), ids=TEXTS)
def test_what_makes_no_value_is_told(told: dict[str, Any], text: str) -> None:
    assert list(generate.problems(Generate(**told), pascal)) == [text]


def test_they_are_told_where_they_stand() -> None:
    """In a surface's spelling, all names of the sentence alike."""
    found = problems(
        {"generateSecretString": {"excludeCharacters": DIGITS, "passwordLength": 3}},
        spelling=camel,
    )
    at = "generateSecretString"
    empty = (
        f"{at}.excludeCharacters leaves nothing of a required kind: set {at}.excludeNumbers to "
        f"true as well, or {at}.requireEachIncludedType to false"
    )
    short = (
        f"{at}.passwordLength must be at least 4, one character of each kind: or exclude kinds, "
        f"or set {at}.requireEachIncludedType to false"
    )
    assert found == (empty, short)


@pytest.mark.parametrize(
    ("told", "unsure"),
    [
        pytest.param(NO_KIND, "include_space", id="whether spaces are left"),
        pytest.param(NO_KIND, "exclude_characters", id="which characters are left"),
        *(pytest.param(NO_KIND, name, id=f"whether {name}") for name in NO_KIND),
        pytest.param({"password_length": 3}, "password_length", id="how long it is to be"),
        pytest.param(
            {"password_length": 3}, "require_each_included_type", id="whether each is required"),
    ],
)  # fmt: skip
def test_nothing_is_concluded_from_what_was_not_understood(
    told: dict[str, Any], unsure: str
) -> None:
    parameters = Generate(**told)
    assert len(list(generate.problems(parameters, snake))) == 1
    assert list(generate.problems(parameters, snake, {unsure})) == []


def test_spaces_that_were_not_understood_are_one_problem() -> None:
    told = {"generate_secret_string": {**NO_KIND, "include_space": "yes"}}
    assert problems(told) == ("generate_secret_string.include_space must be true or false",)
