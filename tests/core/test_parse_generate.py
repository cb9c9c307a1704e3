"""The parameters of generated values: taken in each spelling, all that is wrong told by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import states
from core.test_parse import problems
from recoverable_secrets.core import fields, parse
from recoverable_secrets.core.fields import camel, pascal, snake
from recoverable_secrets.core.generate import Generate
from recoverable_secrets.core.policy import Policy
from recoverable_secrets.stores import limits

FIELD = "generate_secret_string"
PARAMETERS = tuple(Generate.model_fields)
TEMPLATE = '{"username": "app"}'
IN_JSON = {"secret_string_template": TEMPLATE, "generate_string_key": "password"}
DIGITS = "0123456789"

# Why it is right: the parameter, what is given, and what is meant.
TAKEN: dict[str, tuple[str, object, object]] = {
    "the shortest": ("password_length", 4, 4),
    "the longest": ("password_length", 4096, 4096),
    "CloudFormation's number": ("password_length", "20", 20),
    "Pulumi's number": ("password_length", 20.0, 20),
    "characters": ("exclude_characters", "/@\" '\\", "/@\" '\\"),
    "no characters": ("exclude_characters", "", ""),
    "as many as there may be": ("exclude_characters", "a" * 4096, "a" * 4096),
    "CloudFormation's true": ("exclude_lowercase", "true", True),
    "uppercase": ("exclude_uppercase", True, True),
    "CloudFormation's false": ("exclude_numbers", "False", False),
    "punctuation": ("exclude_punctuation", True, True),
    "spaces": ("include_space", "TRUE", True),
    "not each kind": ("require_each_included_type", "false", False),
}


def respelt(told: Mapping[str, object], spelling: fields.Spelling) -> dict[str, object]:
    return {spelling(name): content for name, content in told.items()}


def taken(told: Any, spelling: fields.Spelling = snake) -> Generate | None:
    given = {spelling(FIELD): told}
    return parse.parse(given, limits.AWS, spelling=spelling).spec.generate_secret_string


@pytest.mark.parametrize(("name", "content", "meant"), TAKEN.values(), ids=TAKEN)
@pytest.mark.parametrize("spelling", [snake, camel, pascal], ids=lambda s: s.__name__)
def test_what_is_right_is_taken(
    name: str, content: object, meant: object, spelling: fields.Spelling
) -> None:
    found = getattr(taken({spelling(name): content}, spelling), name)
    assert (found, type(found)) == (meant, type(meant))


@pytest.mark.parametrize("spelling", [snake, camel, pascal], ids=lambda s: s.__name__)
def test_template_and_key_go_together(spelling: fields.Spelling) -> None:
    assert taken(respelt(IN_JSON, spelling), spelling) == Generate(**IN_JSON)


def test_every_parameter_is_taken_above() -> None:
    assert {name for name, _, _ in TAKEN.values()} | set(IN_JSON) == set(PARAMETERS)


def test_nothing_said_means_the_defaults_of_the_native_type() -> None:
    assert taken({}) == taken(dict.fromkeys(PARAMETERS)) == Generate(
        secret_string_template=None, generate_string_key=None, password_length=32,
        exclude_characters=None, exclude_lowercase=False, exclude_uppercase=False,
        exclude_numbers=False, exclude_punctuation=False, include_space=False,
        require_each_included_type=True,
    )  # fmt: skip
    assert taken(None) is None, "not declared is not the same as declared empty"


def test_parameters_that_were_made_already_are_taken() -> None:
    ready = Generate(password_length=8)
    assert taken(ready) is ready


# What is wrong: what is given, and what each of the problems must say.
BAD: dict[str, tuple[object, tuple[str, ...]]] = {
    "text": ("32", ("generate_secret_string must be a mapping",)),
    "true": (True, ("generate_secret_string must be a mapping",)),
    "a list": ([{}], ("generate_secret_string must be a mapping",)),
    "no length": (
        {"password_length": 0},
        ("generate_secret_string.password_length must be a whole number from 1 to 4096",)),
    "too long": ({"password_length": 4097}, ("whole number from 1 to 4096",)),
    "half a character": ({"password_length": "7.5"}, ("whole number from 1 to 4096",)),
    "true is no length": ({"password_length": True}, ("whole number from 1 to 4096",)),
    "yes is not true": (
        {"exclude_numbers": "yes"},
        ("generate_secret_string.exclude_numbers must be true or false",)),
    "1 is not true": ({"include_space": 1}, (".include_space must be true or false",)),
    "characters in a list": (
        {"exclude_characters": ["a"]}, (".exclude_characters must be text",)),
    "half of a surrogate pair": ({"exclude_characters": "\ud800"}, ("must be valid Unicode",)),
    "more characters than AWS takes": (
        {"exclude_characters": "a" * 4097}, (".exclude_characters must have at most 4096",)),
    "misspelt": (
        {"pasword_length": 8},
        ("generate_secret_string.pasword_length is not an argument of a recoverable secret: did",
         )),
    "another surface's spelling": (
        {"PasswordLength": 8}, ("did you mean password_length",)),
    "nothing like it": ({"zzz": 8}, ("generate_secret_string.zzz is not an argument",)),
    "not even text": ({5: 1}, ("generate_secret_string.5 is not an argument",)),
    "a template without a key": (
        {"secret_string_template": TEMPLATE},
        (f"{FIELD}.secret_string_template and {FIELD}.generate_string_key need each other",)),
    "a key without a template": (
        {"generate_string_key": "password"}, ("need each other",)),
    "an empty key": (
        {**IN_JSON, "generate_string_key": ""},
        (".generate_string_key must have at least one character",)),
    "an empty template": (
        {**IN_JSON, "secret_string_template": ""},
        ('.secret_string_template must be the text of a JSON object, such as {"username": "app"}',
         )),
    "a template that is no JSON": (
        {**IN_JSON, "secret_string_template": "{'a': 1}"}, ("must be the text of a JSON object",)),
    "a template of two objects": (
        {**IN_JSON, "secret_string_template": "{}{}"}, ("must be the text of a JSON object",)),
    "a JSON list": ({**IN_JSON, "secret_string_template": "[]"}, ("of a JSON object",)),
    "JSON text": ({**IN_JSON, "secret_string_template": '"a"'}, ("of a JSON object",)),
    "not a number, which only Python takes": (
        {**IN_JSON, "secret_string_template": '{"a": NaN}'}, ("of a JSON object",)),
    "JSON without an end": (
        {**IN_JSON, "secret_string_template": "[" * 50_000}, ("of a JSON object",)),
    "a mark at the beginning that JSON forbids": (
        {**IN_JSON, "secret_string_template": "\ufeff{}"}, ("of a JSON object",)),
    "a mapping as a template": (
        {**IN_JSON, "secret_string_template": {"a": 1}},
        (".secret_string_template must be text",)),
    "the template has the key already: which one is meant?": (
        {**IN_JSON, "generate_string_key": "username"},
        (f"{FIELD}.secret_string_template has the key of {FIELD}.generate_string_key already",)),
    "a template without a key, and no JSON either": (
        {"secret_string_template": "?"}, ("need each other", "of a JSON object")),
    "no kind is left": (
        {"exclude_lowercase": True, "exclude_uppercase": True, "exclude_numbers": True,
         "exclude_punctuation": True},
        (f"all characters are excluded: allow some, such as by {FIELD}.include_space",)),
    "no character is left: one problem, not one for each kind": (
        {"exclude_characters": "".join(map(chr, range(33, 127)))}, ("all characters are excl",)),
    "a required kind of which nothing is left": (
        {"exclude_characters": DIGITS},
        (f"leaves nothing of a required kind: set {FIELD}.exclude_numbers to true as well, or",)),
    "two of them": (
        {"exclude_characters": DIGITS + "abcdefghijklmnopqrstuvwxyz"},
        (".exclude_lowercase to true", ".exclude_numbers to true")),
    "shorter than one of each kind": (
        {"password_length": 3}, (".password_length must be at least 4, one character of each",)),
    "shorter, with fewer kinds": (
        {"password_length": 2, "exclude_numbers": True, "include_space": True},
        ("must be at least 3",)),
    "larger than a value can be": (
        {**IN_JSON, "secret_string_template": '{"a": "' + 65_000 * "a" + '"}',
         "password_length": 4096},
        ("generate_secret_string can make a value of 73217 bytes, but 65536 fit",)),
    "all at once": (
        {"password_length": "long", "include_space": 5, "exclude_characters": [], "zzz": 1,
         "generate_string_key": "a"},
        ("zzz", "password_length", "exclude_characters", "include_space", "need each other")),
    "nothing is concluded from what was not understood": (
        {"exclude_characters": 5, "exclude_lowercase": True, "exclude_uppercase": True,
         "exclude_numbers": True, "exclude_punctuation": True},
        (".exclude_characters must be text",)),
    "nor from a requirement that was not understood": (
        {"require_each_included_type": "x", "password_length": 1, "exclude_characters": DIGITS},
        (".require_each_included_type must be true or false",)),
    "nor from such a length": (
        {"password_length": "x", "exclude_characters": DIGITS},
        (".password_length must be", ".exclude_numbers to true")),
    "nor from such a key": (
        {**IN_JSON, "generate_string_key": 5}, (".generate_string_key must be text",)),
}  # fmt: skip


@pytest.mark.parametrize(("told", "said"), BAD.values(), ids=BAD)
def test_what_is_wrong_is_told(told: object, said: tuple[str, ...]) -> None:
    found = problems({FIELD: told})
    assert len(found) == len(said), found
    for text, fragment in zip(found, said, strict=True):
        assert fragment in text


@pytest.mark.parametrize(
    ("spelling", "told", "said"),
    [
        pytest.param(
            camel, {"passwordLength": 0}, "generateSecretString.passwordLength must be",
            id="a bound"),
        pytest.param(
            pascal, {"PasswordLength": "0"}, "GenerateSecretString.PasswordLength must be",
            id="a bound in a template"),
        pytest.param(
            pascal, {"PaswordLength": "8"},
            "GenerateSecretString.PaswordLength is not an argument of a recoverable secret: did "
            "you mean PasswordLength", id="a near miss"),
        pytest.param(
            pascal, {"SecretStringTemplate": "{}"},
            "GenerateSecretString.SecretStringTemplate and GenerateSecretString.GenerateStringKey",
            id="two that go together"),
        pytest.param(
            camel, {"excludeCharacters": DIGITS},
            "kind: set generateSecretString.excludeNumbers to true as well, or",
            id="a kind that is empty"),
        pytest.param(pascal, [], "GenerateSecretString must be a mapping", id="no mapping"),
    ],
)  # fmt: skip
def test_problems_are_told_in_the_surface_s_spelling(
    spelling: fields.Spelling, told: object, said: str
) -> None:
    (found,) = problems({spelling(FIELD): told}, spelling=spelling)
    assert said in found


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"secret_string": "a", FIELD: {}}, "secret_string and generate_secret_string exclude"),
        ({"secret_binary": "YQ==", FIELD: {}}, "secret_binary and generate_secret_string exclude"),
        (
            {"secret_string": "a", "secret_binary": "YQ==", FIELD: {}},
            "secret_string and secret_binary and generate_secret_string exclude each other",
        ),
    ],
    ids=["string", "binary", "all three"],
)
def test_a_value_is_declared_in_one_way(told: dict[str, Any], said: str) -> None:
    (found,) = problems(told)
    assert said in found


def test_what_is_not_known_yet_is_left_out() -> None:
    """An output inside the parameters makes all of them unknown."""
    told = {FIELD: {"password_length": object()}, "secret_string": "a"}
    found = parse.parse(told, limits.AWS, unknown=(FIELD,))
    assert found.spec.generate_secret_string is None


REMEMBERED: dict[str, tuple[object, Generate | None]] = {
    "as it was declared": ({"password_length": 8.0}, Generate(password_length=8)),
    "the parts that are understood": (
        {"password_length": "of old", "include_space": True, "of_another_version": 1},
        Generate(include_space=True),
    ),
    "contradictions": (
        {"secret_string_template": "?", "password_length": 1},
        Generate(secret_string_template="?", password_length=1),
    ),
    "nothing in it": ({}, Generate()),
    "nothing that is understood": ("of old", None),
}


@pytest.mark.parametrize(("told", "found"), REMEMBERED.values(), ids=REMEMBERED)
def test_what_is_remembered_is_kept_where_it_is_understood(
    told: object, found: Generate | None
) -> None:
    assert parse.recall({FIELD: told}).spec.generate_secret_string == found


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from([*PARAMETERS, "stranger"]), JSON) | JSON)
@states.STEADY
def test_nothing_that_is_remembered_fails(told: object) -> None:
    found = parse.recall({FIELD: told})
    assert found.policy == Policy()
    assert found.spec.model_fields_set <= {FIELD}


@pytest.mark.parametrize("name", PARAMETERS)
def test_every_parameter_tells_what_it_means(name: str) -> None:
    info = Generate.model_fields[name]
    assert str(info.description)[0].isupper()
    assert str(info.description).endswith(".")
    assert not fields.traits(info).sensitive
