"""How values come about: generated, read from elsewhere; when they are rotated."""

from __future__ import annotations

import dataclasses
import json
import os
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from fuzz import grammar, judge, odd
from fuzz.budget import ACCEPTED, REFUSED, Fuzz
from recoverable_secrets import sources
from recoverable_secrets.core import bounds, generate, parse, rotation
from recoverable_secrets.core.generate import Generate
from recoverable_secrets.core.references import ValueFrom
from recoverable_secrets.core.sealed import Sealed
from recoverable_secrets.stores import limits

Draw = Callable[[st.SearchStrategy[Any]], Any]

PARAMETERS = odd.mutated(
    grammar.generated(), names=tuple(Generate.model_fields), most=2, more=(0, 4096, 4097, "4")
)


def drawn(parameters: Generate, levels: int = 0) -> str:
    """Return what is generated, so many calls further down: a value must not hang on that."""
    if levels:
        return drawn(parameters, levels - 1)
    value = generate.generate(parameters, random.Random(1).randrange).reveal()
    assert isinstance(value, str)
    return value


def test_generated_values(fuzz: Fuzz) -> None:
    """What is accepted makes a value, as it was asked for; a template's object stays whole."""

    def check(given: Any) -> str:
        told, texts = judge.outcome(
            lambda: parse.parse({"generate_secret_string": given}, limits.AWS)
        )
        parameters = told.spec.generate_secret_string if told else None
        if texts or parameters is None:
            return REFUSED
        value = drawn(parameters)
        size = len(value.encode())
        assert size <= generate.largest(parameters) <= limits.AWS.value_bytes
        template = parameters.secret_string_template
        password = value
        if template is not None:
            made = pairs_of(value)
            assert made[:-1] == pairs_of(template), "the template's own members have changed"
            key, password = made[-1]
            assert key == parameters.generate_string_key
        assert len(password) == parameters.password_length
        assert not set(password) & set(parameters.exclude_characters or "")
        for switch, characters in generate._KINDS.items():
            excluded = getattr(parameters, switch)
            assert not (excluded and set(password) & set(characters))
            required = parameters.require_each_included_type and not excluded
            assert not required or set(password) & set(characters)
        assert parameters.include_space or " " not in password
        return ACCEPTED

    fuzz.run(check, PARAMETERS)


def pairs_of(text: str) -> list[tuple[str, Any]]:
    """Return an object's members in order, those that are there twice too."""
    found: list[list[tuple[str, Any]]] = []

    def kept(pairs: list[tuple[str, Any]]) -> object:
        found.append(pairs)
        return pairs

    json.loads(text, object_pairs_hook=kept, parse_float=str, parse_int=str)
    return found[-1]


@pytest.mark.parametrize("levels", [0, 50, 100, 400])
def test_a_value_does_not_hang_on_how_deep_the_caller_is(levels: int) -> None:
    """What a template says is found out from its text, wherever that happens."""
    template = '{"a":' + "[" * levels + "]" * levels + "0" * (not levels) + "}"
    given = {"secret_string_template": template, "generate_string_key": "password"}
    told, texts = judge.outcome(lambda: parse.parse({"generate_secret_string": given}, limits.AWS))
    if texts:
        assert levels > 100, "a template that somebody could mean is refused"
        return
    parameters = told.spec.generate_secret_string
    assert drawn(parameters, 500) == drawn(parameters)
    assert [key for key, _ in pairs_of(drawn(parameters, 500))] == ["a", "password"]


EXPRESSIONS = st.sampled_from(grammar.SCHEDULES)
PLACES = st.sampled_from((*grammar.PARAMETERS, *grammar.NAMES, grammar.ARN, grammar.FUNCTION,
                          grammar.ROLE, *grammar.KEYS, *grammar.REGIONS, "3h", "24h", "dev",
                          "111122223333", "HOME", "/run/secrets/db"))  # fmt: skip
BY_PATH: dict[str, Callable[[str], dict[str, Any]]] = {
    "kms_key_id": lambda text: {"kms_key_id": text},
    "rotation_lambda_arn": lambda text: {
        "rotation_lambda_arn": text, "rotation_rules": {"automatically_after_days": 1}},
    "external_secret_rotation_role_arn": lambda text: {"external_secret_rotation_role_arn": text},
    "region": lambda text: {"region": text},
    "assume_role_arn": lambda text: {"assume_role_arn": text},
    "replicas.region": lambda text: {"replicas": [{"region": text}]},
    "replicas.kms_key_id": lambda text: {"replicas": [{"region": "a-1", "kms_key_id": text}]},
    "rotation_rules.schedule_expression": lambda text: {
        "rotation_rules": {"schedule_expression": text}},
    "rotation_rules.duration": lambda text: {
        "rotation_rules": {"automatically_after_days": 1, "duration": text}},
    "value_from.ssm_parameter": lambda text: {"value_from": {"ssm_parameter": text}},
    "value_from.secret": lambda text: {"value_from": {"secret": text}},
}  # fmt: skip


def test_schedules_and_places(fuzz: Fuzz) -> None:
    """A text that has a form is taken as it stands, or refused; nothing odd gets through."""

    def check(given: tuple[str, str]) -> str:
        path, text = given
        told, texts = judge.outcome(lambda: parse.parse(BY_PATH[path](text), limits.AWS))
        if texts:
            return REFUSED
        assert told is not None
        assert text.isascii(), "look-alikes are taken"
        assert text.isprintable()
        if path.startswith("rotation_rules"):
            asked = rotation.declared(told.spec)
            assert asked is not None
            assert text in {asked.schedule, asked.duration}
            assert rotation.fits(asked, asked)
            assert not rotation.fits(asked, dataclasses.replace(asked, days=999, schedule="x"))
            assert path != "rotation_rules.schedule_expression" or re.fullmatch(
                r"(rate|cron)\(.+\)", text
            )
        return ACCEPTED

    texts = EXPRESSIONS | PLACES
    given = st.tuples(st.sampled_from(sorted(BY_PATH)), texts | odd.mutated_text(texts))
    fuzz.run(check, given)
    assert BY_PATH.keys() < bounds.PATTERNS.keys()


class Nowhere:
    """A store that has what it is asked for."""

    def read_parameter(self, name: str) -> Sealed:
        return Sealed(f"parameter {name}")

    def read_secret(self, id: str) -> Sealed:  # noqa: A002  # as all ids here
        return Sealed(f"secret {id}")


@st.composite
def references(draw: Draw) -> Any:
    """Where a value is, in a folder that has files of several kinds."""
    kind = draw(st.sampled_from(sorted(ValueFrom.model_fields)))
    place = draw(st.sampled_from((*grammar.PARAMETERS, grammar.ARN, "VALUE", "EMPTY", "BYTES",
                                  "file", "empty", "large", "folder", "pipe", "gone",
                                  "file/x", "./file", "folder/../file")))  # fmt: skip
    return draw(odd.mutated(st.just({kind: place}), names=tuple(ValueFrom.model_fields), most=1))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, and variables, with values of several kinds."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text(judge.CANARY)
    (tmp_path / "empty").touch()
    (tmp_path / "large").write_text(judge.CANARY * 10_000)
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.setenv("VALUE", judge.CANARY)
    monkeypatch.setenv("EMPTY", "")
    os.environb[b"BYTES"] = b"\xff" + judge.CANARY.encode()
    return tmp_path


def test_references(fuzz: Fuzz, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A place is read, or refused with its name and nothing of what is in it."""

    def check(given: Any) -> str:
        told, texts = judge.outcome(lambda: parse.parse({"value_from": given}, limits.AWS))
        if texts or told is None or told.spec.value_from is None:
            return REFUSED
        reference = told.spec.value_from
        assert len(reference.places) == 1
        value, texts = judge.outcome(lambda: sources.read(reference, Nowhere()))
        if texts:
            return "not there"
        assert isinstance(value, Sealed)
        assert 1 <= value.size <= limits.AWS.value_bytes
        judge.hidden([value, reference])
        return ACCEPTED

    fuzz.run(check, references())
    monkeypatch.delenv("BYTES")
