"""docs/reference.md: as generated, and complete."""

from __future__ import annotations

import enum
import re
from pathlib import Path

import pytest

from recoverable_secrets import Secret, cloudformation, schema
from recoverable_secrets.core import contradictions, fields, parse
from recoverable_secrets.core.model import FIELDS
from recoverable_secrets.core.policy import (
    Adopt,
    Deletion,
    OnRecreate,
    OnValueDrift,
    PreviousVersion,
)

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = (ROOT / "docs" / "reference.md").read_text()
ROWS = {
    row.split("`")[1]: [cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]]
    for row in PAGE.splitlines()
    if row.startswith("| `")
}


def test_it_is_as_generated() -> None:
    assert schema.main(["reference"]) == PAGE


@pytest.mark.parametrize("name", FIELDS)
def test_every_field_has_its_row(name: str) -> None:
    cells, info = ROWS[name], FIELDS[name]
    python, template = (
        ", ".join(f"`{each}`" for each in parse.spellings(name, info, spelling))
        for spelling in (fields.snake, fields.pascal)
    )
    elsewhere = name in cloudformation.ELSEWHERE
    assert cells[:3] == [python, f"`{fields.camel(name)}`", "-" if elsewhere else template]
    assert str(FIELDS[name].description) in cells[5]
    traits = fields.traits(FIELDS[name])
    expected = {
        "another secret": traits.replaces,
        "policy": traits.policy_only,
        "nothing until there is no value": traits.initial,
    }
    assert cells[4] == next((told for told, so in expected.items() if so), "update in place")


PARTS = {
    f"{name}.{part}": info
    for name, inner in ((name, fields.nested(info)) for name, info in FIELDS.items())
    for part, info in (inner.model_fields if inner else {}).items()
}


@pytest.mark.parametrize("name", PARTS)
def test_every_part_of_a_field_has_its_row(name: str) -> None:
    part = name.rpartition(".")[2]
    cells = ROWS[name]
    elsewhere = name in cloudformation.PARTS_ELSEWHERE
    template = "-" if elsewhere else f"`{fields.pascal(part)}`"
    assert cells[1:3] == [f"`{fields.camel(part)}`", template]
    assert cells[3] in {"text", "integer", "boolean"}
    assert str(PARTS[name].description) in cells[4]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("adopt", Adopt),
        ("deletion", Deletion),
        ("on_recreate", OnRecreate),
        ("on_value_drift", OnValueDrift),
        ("previous_version", PreviousVersion),
    ],
)
def test_every_option_is_named(name: str, kind: type[enum.StrEnum]) -> None:
    assert ROWS[name][3] == r" \| ".join(f"`{one.value}`" for one in kind)


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("description", "text"),
        ("tags", "map of text"),
        ("allowed_account_ids", "list of text"),
        ("timeout", "integer"),
        ("force_delete_without_recovery", "boolean"),
        ("generate_secret_string", "mapping, see below"),
        ("replicas", "list of mappings, see below"),
        ("secret_json", "mapping"),
        ("policy", "JSON text or mapping"),
        ("regenerate_when", "text or integer"),
    ],
)
def test_types_in_plain_words(name: str, word: str) -> None:
    assert ROWS[name][3] == word


def test_every_way_to_give_a_value_is_in_the_table_of_values() -> None:
    section = PAGE.partition("## Values")[2].partition("## ")[0]
    ways = [row for row in section.splitlines() if row.startswith("| ")]
    assert {len(row.split(" | ")) for row in ways} == {5}
    named = set(re.findall(r"`([a-z_]+)`", section))
    triggers = {"secret_string_wo_version", "regenerate_when", "value_version"}
    assert {*contradictions.VALUES, *triggers, "on_value_drift", "previous_version"} <= named
    assert named - {"keep", "overwrite", "deprecate"} <= set(FIELDS)


def test_every_part_that_is_missing_in_templates_has_its_reason() -> None:
    for why in {**cloudformation.ELSEWHERE, **cloudformation.PARTS_ELSEWHERE}.values():
        assert f": {why}." in PAGE


def test_every_output_has_its_row() -> None:
    told = set(Secret.__annotations__) - set(FIELDS)
    assert told == set(schema.OUTPUTS)
    assert set(ROWS) == {*FIELDS, *PARTS, *told, *cloudformation.ATTRIBUTES}
