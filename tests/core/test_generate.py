"""Generated values: every allowed password equally likely, and the template around it."""

from __future__ import annotations

import itertools
import json
import math
import random
import secrets
import string
from collections import Counter, defaultdict
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import states
from recoverable_secrets.core import generate
from recoverable_secrets.core.fields import snake
from recoverable_secrets.core.generate import Generate
from recoverable_secrets.core.sealed import Sealed

PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
"""As AWS documents it for GetRandomPassword."""
KINDS = {
    "exclude_lowercase": string.ascii_lowercase,
    "exclude_uppercase": string.ascii_uppercase,
    "exclude_numbers": "0123456789",
    "exclude_punctuation": PUNCTUATION,
}
ALL = "".join(KINDS.values()) + " "


def only(characters: str, length: int, **told: Any) -> Generate:
    """Return parameters that leave these characters; kinds without any are switched off."""
    switches = {name: True for name, kind in KINDS.items() if not set(kind) & set(characters)}
    excluded = "".join(each for each in ALL if each not in characters)
    ready = {"exclude_characters": excluded, "include_space": True, **switches}
    return Generate.model_validate({**ready, "password_length": length, **told})


def made(parameters: Generate, below: generate.Below) -> str:
    value = generate.generate(parameters, below).reveal()
    assert isinstance(value, str)
    return value


def kinds_in(text: str) -> set[str]:
    return {name for name, kind in KINDS.items() if set(kind) & set(text)}


# every password has the same chance ---------------------------------------------------------------


class MoreWanted(Exception):
    """The source was asked for one more number, below `size`: how the search below goes on."""

    def __init__(self, size: int) -> None:
        self.size = size


class Script:
    """A source that gives the numbers of a list, and tells how unlikely that was."""

    def __init__(self, numbers: tuple[int, ...]) -> None:
        self.numbers = list(numbers)
        self.chance = Fraction(1)

    def __call__(self, size: int) -> int:
        if not self.numbers:
            raise MoreWanted(size)
        self.chance /= size
        return self.numbers.pop(0)


def chances(parameters: Generate) -> dict[str, Fraction]:
    """Return the exact chance of each password, by going through all that the source can give."""
    found: dict[str, Fraction] = defaultdict(Fraction)
    todo: list[tuple[int, ...]] = [()]
    while todo:
        numbers = todo.pop()
        script = Script(numbers)
        try:
            password = made(parameters, script)
        except MoreWanted as more:
            todo += [(*numbers, each) for each in range(more.size)]
        else:
            found[password] += script.chance
    return found


SMALL: dict[str, Generate] = {
    "one kind": only("abc", 2),
    "two kinds, and a character of one of them is rarer": only("ab1", 3),
    "three kinds, no more room than that": only("aB1", 3),
    "three kinds in four places": only("aB1", 4),
    "four kinds": only("aB1.", 4),
    "a space is allowed and not required": only("a1 ", 3),
    "nothing but spaces": only(" ", 2),
    "a single character": only("a", 1),
    "no kind is required": only("ab1", 3, require_each_included_type=False),
    "an empty kind, as none is required": only(
        "ab", 2, exclude_numbers=False, require_each_included_type=False
    ),
}


@pytest.mark.parametrize("parameters", SMALL.values(), ids=SMALL)
def test_every_allowed_password_has_the_same_chance(parameters: Generate) -> None:
    """Exactly, not by sampling: to put a character of each kind somewhere would not be fair."""
    characters = [each for each in ALL if each not in (parameters.exclude_characters or "")]
    required = kinds_in("".join(characters)) if parameters.require_each_included_type else set()
    allowed = {
        "".join(text)
        for text in itertools.product(characters, repeat=parameters.password_length)
        if kinds_in("".join(text)) >= required
    }
    assert chances(parameters) == dict.fromkeys(allowed, Fraction(1, len(allowed)))


@pytest.mark.parametrize("length", [4, 8], ids=["no room to spare", "room to spare"])
def test_no_place_and_no_character_is_preferred(length: int) -> None:
    """At full size, by counting: within five standard deviations of what is to be expected."""
    draw, count = random.Random(4), 4000
    passwords = [made(Generate(password_length=length), draw.randrange) for _ in range(count)]
    assert all(len(text) == length and len(kinds_in(text)) == 4 for text in passwords)
    assert len(set(passwords)) == count
    for kind in KINDS.values():
        places = [sum(text[at] in kind for text in passwords) for at in range(length)]
        characters = Counter("".join(passwords))
        among = [characters[each] for each in kind]
        for found in (places, among):
            expected = sum(found) / len(found)
            assert all(abs(n - expected) < 5 * math.sqrt(expected) for n in found), (kind, found)


def test_the_source_of_the_engine_serves() -> None:
    values = {made(Generate(), secrets.randbelow) for _ in range(100)}
    assert len(values) == 100
    assert {len(value) for value in values} == {32}


def test_the_longest_password_is_soon_there() -> None:
    """The numbers asked for have thousands of digits until all kinds are there."""
    value = made(Generate(password_length=4096), random.Random(4).randrange)
    assert len(value) == 4096
    assert set(value) == set(ALL) - {" "}


# which characters ---------------------------------------------------------------------------------

LETTERS = string.ascii_letters

# Why: what is declared, and which characters a long password then has.
CHARACTERS: dict[str, tuple[dict[str, Any], str]] = {
    "all kinds by default, no space": ({}, LETTERS + "0123456789" + PUNCTUATION),
    "no lowercase": (
        {"exclude_lowercase": True}, string.ascii_uppercase + "0123456789" + PUNCTUATION),
    "no uppercase": (
        {"exclude_uppercase": True}, string.ascii_lowercase + "0123456789" + PUNCTUATION),
    "no numbers": ({"exclude_numbers": True}, LETTERS + PUNCTUATION),
    "no punctuation": ({"exclude_punctuation": True}, LETTERS + "0123456789"),
    "with spaces": ({"include_space": True}, ALL),
    "a space that is excluded again": (
        {"include_space": True, "exclude_characters": " "}, ALL.rstrip(" ")),
    "without some of several kinds": (
        {"exclude_characters": "/@\"'\\ aZ0"},
        "".join(each for each in ALL if each not in "/@\"'\\ aZ0")),
    "what is excluded may be said twice, and need not exist": (
        {"exclude_characters": "aa\N{BULLET}"}, ALL.rstrip(" ").replace("a", "")),
    "nothing excluded in so many words": ({"exclude_characters": ""}, ALL.rstrip(" ")),
    "numbers only": (
        {"exclude_lowercase": True, "exclude_uppercase": True, "exclude_punctuation": True},
        "0123456789"),
}  # fmt: skip


@pytest.mark.parametrize(("told", "characters"), CHARACTERS.values(), ids=CHARACTERS)
@pytest.mark.parametrize("required", [True, False], ids=["each", "any"])
def test_which_characters(told: dict[str, Any], characters: str, *, required: bool) -> None:
    parameters = Generate(
        password_length=4096, require_each_included_type=required, **told
    )  # 4096 draws miss none of 95 characters, but once in 10**16
    assert set(made(parameters, random.Random(4).randrange)) == set(characters)


@st.composite
def declared(draw: st.DrawFn) -> Generate:
    told: dict[str, Any] = {name: draw(st.booleans()) for name in KINDS}
    told["include_space"] = draw(st.booleans())
    told["require_each_included_type"] = draw(st.booleans())
    told["password_length"] = draw(st.integers(1, 9))
    told["exclude_characters"] = draw(
        st.none() | st.sampled_from(["0123456789", PUNCTUATION, ALL[:-1]]) | st.text(ALL)
    )
    if draw(st.booleans()):
        told["secret_string_template"] = draw(st.sampled_from(['{"a": 1}', "{}"]))
        told["generate_string_key"] = draw(st.text(st.characters(exclude_categories=["Cs"])))
    return Generate(**told)


@given(declared(), st.integers())
@states.STEADY
def test_what_has_no_problems_makes_a_value(parameters: Generate, seed: int) -> None:
    if list(generate.problems(parameters, snake)):
        return
    value = made(parameters, random.Random(seed).randrange)
    assert Sealed(value).size <= generate.largest(parameters)
    password = value
    if parameters.generate_string_key is not None:
        password = json.loads(value)[parameters.generate_string_key]
    assert len(password) == parameters.password_length
    assert not set(password) & set(parameters.exclude_characters or "")
    included = {name for name in KINDS if not getattr(parameters, name)}
    assert kinds_in(password) <= included
    assert parameters.include_space or " " not in password
    if parameters.require_each_included_type:
        assert kinds_in(password) == included


# the template -------------------------------------------------------------------------------------

# Why: the template, the key, and the value with "a" as the password.
TEMPLATES: dict[str, tuple[str, str, str]] = {
    "an entry more": (
        '{"username": "app"}', "password", '{"username": "app", "password": "a"}'),
    "the first entry": ("{}", "password", '{"password": "a"}'),
    "blanks in an empty object": ("{ \n }", "password", '{"password": "a"}'),
    "blanks around": (' \t{"a": 1\n}\r\n', "p", ' \t{"a": 1, "p": "a"}'),
    "deeper braces": ('{"a": {"b": {}}}', "p", '{"a": {"b": {}}, "p": "a"}'),
    "the key deeper is another one": ('{"a": {"p": 1}}', "p", '{"a": {"p": 1}, "p": "a"}'),
    "numbers as they are written": (
        '{"a": 1e400, "b": 1.10}', "p", '{"a": 1e400, "b": 1.10, "p": "a"}'),
    "very long numbers": ('{"a": ' + "9" * 5000 + "}", "p", '{"a": ' + "9" * 5000 + ', "p": "a"}'),
    "escapes as they are written": ('{"a": "\\ud800"}', "p", '{"a": "\\ud800", "p": "a"}'),
    "letters beyond ASCII": ('{"ä": "é"}', "ü", '{"ä": "é", "ü": "a"}'),
    "quotes in the key": ("{}", 'a"b\\', '{"a\\"b\\\\": "a"}'),
    "a key with a meaning elsewhere": ("{}", "__proto__", '{"__proto__": "a"}'),
}  # fmt: skip


@pytest.mark.parametrize(("template", "key", "value"), TEMPLATES.values(), ids=TEMPLATES)
def test_the_template_stays_as_it_is_written(template: str, key: str, value: str) -> None:
    told = {"secret_string_template": template, "generate_string_key": key}
    parameters = only("a", 1, **told)
    assert list(generate.problems(parameters, snake)) == []
    assert made(parameters, lambda _: 0) == value
    assert json.loads(value, parse_int=str)[key] == "a"


@pytest.mark.parametrize("password", ['"', "\\", "/", "<"])
def test_a_password_is_escaped_as_json_wants_it(password: str) -> None:
    told = {"secret_string_template": "{}", "generate_string_key": "p"}
    value = made(only(password, 3, **told), lambda _: 0)
    assert json.loads(value) == {"p": 3 * password}


# Why: the parameters, and the most bytes that they can make.
LARGEST: dict[str, tuple[Generate, int]] = {
    "a password is as long as it is said": (Generate(), 32),
    "in JSON, quotes take two bytes": (
        Generate(secret_string_template="{}", generate_string_key="p"), 9 + 2 * 32),
    "without them one": (
        only("a/", 32, secret_string_template="{}", generate_string_key="p"), 9 + 32),
    "a backslash alone": (
        only("\\", 32, secret_string_template="{}", generate_string_key="p"), 9 + 2 * 32),
    "letters beyond ASCII": (
        only("a", 1, secret_string_template='{"é": 1}', generate_string_key="ü"), 20),
    "no object, and behind it a blank that JSON does not know": (
        only("a", 1, secret_string_template="{}\u00a0", generate_string_key="p"), 13),
    "such a blank inside": (
        only("a", 1, secret_string_template="{\u00a0}", generate_string_key="p"), 14),
    "such a blank before": (
        only("a", 1, secret_string_template="\u00a0{}", generate_string_key="p"), 14),
}  # fmt: skip


@pytest.mark.parametrize(("parameters", "size"), LARGEST.values(), ids=LARGEST)
def test_how_large_a_value_can_get(parameters: Generate, size: int) -> None:
    assert generate.largest(parameters) == size


def test_a_value_is_sealed() -> None:
    value = generate.generate(only("a", 6), lambda _: 0)
    assert value == Sealed("aaaaaa")
    assert "aaaaaa" not in f"{value} {value!r}"
