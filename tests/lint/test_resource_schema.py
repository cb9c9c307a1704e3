"""The schema file: as generated, complete, and no narrower than the native type's."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import regex
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from recoverable_secrets import cloudformation, cloudformation_schema, schema
from recoverable_secrets.core import fields, policy
from recoverable_secrets.core.model import FIELDS

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "provider" / "recoverable_secrets" / "cloudformation.json"
SCHEMA: dict[str, Any] = json.loads(FILE.read_text())
PROPERTIES: dict[str, dict[str, Any]] = SCHEMA["properties"]
NATIVE: dict[str, Any] = PROVIDER_SCHEMA_MANAGER.get_resource_schema(
    "us-east-1", "AWS::SecretsManager::Secret"
).schema
ECHOING = {
    "additionalProperties", "dependentExcluded", "dependentRequired", "enum", "maximum", "maxItems",
    "maxLength", "maxProperties", "minimum", "minLength", "pattern", "type", "uniqueKeys",
}  # fmt: skip
"""Words whose texts show what was written, unless the schema has its own."""


def test_it_is_as_generated() -> None:
    assert FILE.read_text() == schema.main(["cloudformation"])


def test_its_form() -> None:
    assert SCHEMA["typeName"] == "Custom::RecoverableSecret"
    assert SCHEMA["additionalProperties"] is False
    assert SCHEMA["required"] == ["ServiceToken"]
    assert SCHEMA["createOnlyProperties"] == ["/properties/Name", "/properties/NamePrefix"]
    assert SCHEMA["readOnlyProperties"] == [
        f"/properties/{name}" for name in ("Arn", "Id", "VersionId", "Restored")
    ]
    values = (
        "SecretString", "SecretBinary", "SecretJson", "SecretStringWo", "GenerateSecretString",
        "ValueFrom",
    )  # fmt: skip
    assert SCHEMA["writeOnlyProperties"] == [f"/properties/{name}" for name in values]
    assert SCHEMA["primaryIdentifier"] == ["/properties/Arn"]


def test_every_field_is_a_property_or_has_a_reason_not_to_be() -> None:
    told = {name for name in cloudformation.ATTRIBUTES if name != "Name"}
    ours = {*cloudformation.PROPERTIES, *cloudformation.ALIASES}
    assert set(PROPERTIES) == {*ours, *cloudformation.OWN, *told}
    assert {*cloudformation.PROPERTIES.values(), *cloudformation.ELSEWHERE} == set(FIELDS)
    assert not set(cloudformation.PROPERTIES.values()) & set(cloudformation.ELSEWHERE)
    assert all(cloudformation.PROPERTIES[fields.pascal(f)] == f for f in FIELDS
               if f not in cloudformation.ELSEWHERE)  # fmt: skip


def test_every_property_is_described_in_the_spelling_of_templates() -> None:
    texts = {name: each["description"] for name, each in PROPERTIES.items()}
    for definition in SCHEMA["definitions"].values():
        inner = definition["properties"].items()
        texts |= {n: e["description"] for n, e in inner if n not in {"Key", "Value"}}
    assert all(text.endswith(".") for text in texts.values())
    snake = {name for name in FIELDS if "_" in name}
    assert [text for text in texts.values() if snake & set(re.findall(r"`(\w+)`", text))] == []


def test_limits() -> None:
    """By number, so that a bound that is lost in the model is not lost here unseen."""
    window, name = PROPERTIES["RecoveryWindowInDays"], PROPERTIES["Name"]
    assert (window["minimum"], window["maximum"]) == (7, 30)
    assert (name["minLength"], name["maxLength"]) == (1, 512)
    assert PROPERTIES["Description"]["maxLength"] == 2048
    assert PROPERTIES["SecretString"]["maxLength"] == 65_536
    assert PROPERTIES["Tags"]["maxItems"] == PROPERTIES["Tags"]["maxProperties"] == 47
    key, value = (SCHEMA["definitions"]["Tag"]["properties"][part] for part in ("Key", "Value"))
    assert (key["minLength"], key["maxLength"], value["maxLength"]) == (1, 128, 256)
    length = SCHEMA["definitions"]["GenerateSecretString"]["properties"]["PasswordLength"]
    assert (length["minimum"], length["maximum"]) == (1, 4096)
    assert PROPERTIES["ServiceTimeout"]["maximum"] == 3600
    assert PROPERTIES["SecretStringWo"]["maxLength"] == 65_536
    assert PROPERTIES["NamePrefix"]["maxLength"] == 486
    assert PROPERTIES["Type"]["maxLength"] == 256
    assert PROPERTIES["VersionStages"]["maxItems"] == 18
    assert PROPERTIES["VersionStages"]["items"]["maxLength"] == 256
    days = SCHEMA["definitions"]["RotationRules"]["properties"]["AutomaticallyAfterDays"]
    assert (days["minimum"], days["maximum"]) == (1, 1000)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Deletion", policy.Deletion),
        ("OnRecreate", policy.OnRecreate),
        ("Adopt", policy.Adopt),
        ("OnValueDrift", policy.OnValueDrift),
        ("PreviousVersion", policy.PreviousVersion),
    ],
)
def test_choices_are_complete(name: str, kind: Iterable[str]) -> None:
    """For editors, which offer them; the pattern beside them is for cfn-lint."""
    assert PROPERTIES[name]["enum"] == [str(one) for one in kind]


def parts(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield all schemas inside a schema, itself included."""
    if isinstance(schema, dict):
        yield schema
        for word, inner in schema.items():
            if word == "message":
                continue
            named = word in {"properties", "definitions"}
            for each in inner.values() if named else [inner]:
                yield from parts(each)
    if isinstance(schema, list):
        for each in schema:
            yield from parts(each)


def test_references_and_pointers_lead_somewhere() -> None:
    referred = {part["$ref"] for part in parts(SCHEMA) if "$ref" in part}
    assert referred == {f"#/definitions/{name}" for name in SCHEMA["definitions"]}
    for word in ("createOnly", "readOnly", "writeOnly"):
        for pointer in SCHEMA[f"{word}Properties"]:
            assert pointer.removeprefix("/properties/") in PROPERTIES


def test_every_pattern_is_about_the_whole_text() -> None:
    patterns = {part["pattern"] for part in parts(SCHEMA) if "pattern" in part}
    assert len(patterns) > 6
    for pattern in patterns:
        assert regex.search(pattern, "\0") is None
        assert pattern.startswith("^(?:")
        assert pattern.endswith(r")(?!\n)$")


def test_no_text_of_a_value_shows_it() -> None:
    """Each word that can fail inside them has a text of its own."""
    names = ("SecretString", "SecretBinary", "SecretJson", "SecretStringWo")
    inside = [PROPERTIES[name] for name in names]
    for made in ("GenerateSecretString", "ValueFrom"):
        definition = SCHEMA["definitions"][made]
        inside += [definition, *definition["properties"].values()]
    for part in inside:
        words = ECHOING & set(part) - {"additionalProperties"}
        assert words <= set(part["message"]), part


@pytest.mark.parametrize("alias", cloudformation.ALIASES)
def test_another_name_is_described_as_the_property_itself(alias: str) -> None:
    name = cloudformation.ALIASES[alias]
    ours, same = PROPERTIES[alias], PROPERTIES[name]
    assert ours["description"] == f"The same as `{name}`."
    words = set(same) - {"message", "description"}
    assert {word: ours[word] for word in words} == {word: same[word] for word in words}
    assert not [text for text in ours["message"].values() if f"{name} " in text]


def test_the_native_generator_is_known() -> None:
    ours = SCHEMA["definitions"]["GenerateSecretString"]["properties"]
    native = NATIVE["definitions"]["GenerateSecretString"]["properties"]
    assert {name: each["type"] for name, each in ours.items()} == {
        name: each["type"] for name, each in native.items()
    }


@pytest.mark.parametrize("name", ["Name", "Description", "SecretString"])
def test_native_limits_are_no_wider(name: str) -> None:
    """Else a template that is right there would be wrong here; an empty name means none there."""
    assert PROPERTIES[name]["maxLength"] == NATIVE["properties"][name]["maxLength"]


def test_what_a_template_may_write() -> None:
    arguments = cloudformation_schema.arguments_schema(SCHEMA)
    assert set(arguments["properties"]) == {
        *cloudformation.PROPERTIES, *cloudformation.ALIASES, *cloudformation.OWN,
    }  # fmt: skip
    assert set(SCHEMA["properties"]) == set(PROPERTIES), "the schema itself is left alone"


def test_the_data_is_cheap_to_load() -> None:
    """The function loads it at each cold start: nothing comes with it but the model."""
    source = Path(cloudformation.__file__).read_text()
    imported = re.findall(r"^(?:from|import) (\S+)(?: import|$)", source, re.MULTILINE)
    assert imported == ["__future__", "collections.abc", ".core", ".core.model"]
