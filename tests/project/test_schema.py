"""schema.json: as generated, taken by Pulumi's own checker, and free of misspelt keys."""

from __future__ import annotations

import copy
import enum
import json
import os
import re
import subprocess
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import recoverable_secrets
from project import metaschema
from recoverable_secrets import described, schema
from recoverable_secrets.core import fields
from recoverable_secrets.core.generate import Generate
from recoverable_secrets.core.model import FIELDS
from recoverable_secrets.core.policy import (
    Adopt,
    Deletion,
    OnRecreate,
    OnValueDrift,
    PreviousVersion,
)

ROOT = Path(__file__).resolve().parent.parent.parent
TOKEN = "recoverable-secrets:index:Secret"

PACKAGE: dict[str, Any] = json.loads((ROOT / "schema.json").read_text())
SECRET: dict[str, Any] = PACKAGE["resources"][TOKEN]
INPUTS: dict[str, Any] = SECRET["inputProperties"]
OUTPUTS: dict[str, Any] = SECRET["properties"]


def checked(package: Path, root: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run Pulumi's checker."""
    own = {key: text for key, text in os.environ.items() if not key.startswith("PULUMI_")}
    return subprocess.run(
        [root / "bin" / "pulumi", "schema", "check", package],
        env={**own, "PULUMI_HOME": str(folder), "PULUMI_SKIP_UPDATE_CHECK": "true"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_it_is_as_generated() -> None:
    assert (ROOT / "schema.json").read_text() == schema.main(["pulumi"])


@pytest.mark.engine
def test_pulumi_takes_it(pulumi_root: Path, tmp_path: Path) -> None:
    ran = checked(ROOT / "schema.json", pulumi_root, tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.engine
def test_pulumi_refuses_what_is_wrong(pulumi_root: Path, tmp_path: Path) -> None:
    """So that the test above can fail."""
    wrong = copy.deepcopy(PACKAGE)
    wrong["resources"][TOKEN]["properties"]["arn"]["type"] = "strnig"
    path = tmp_path / "schema.json"
    path.write_text(json.dumps(wrong))
    ran = checked(path, pulumi_root, tmp_path)
    assert ran.returncode != 0
    assert "strnig" in ran.stderr


def test_every_key_is_known() -> None:
    assert list(metaschema.unknown_keys(PACKAGE)) == []


def respelt(package: dict[str, Any], *path: str | int) -> str:
    """Misspell the last key of a path; return the misspelling."""
    part: Any = package
    for step in path[:-1]:
        part = part[step]
    key = str(path[-1])
    part[key + "x"] = part.pop(key)
    return key + "x"


ENUM = f"{TOKEN.rpartition(':')[0]}:Adopt"
OBJECT = f"{TOKEN.rpartition(':')[0]}:GenerateSecretString"
LEVELS: dict[str, tuple[str | int, ...]] = {
    "package": ("displayName",),
    "provider": ("provider", "description"),
    "resource, inputs": ("resources", TOKEN, "requiredInputs"),
    "resource, outputs": ("resources", TOKEN, "required"),
    "input": ("resources", TOKEN, "inputProperties", "name", "willReplaceOnChanges"),
    "input's secret": ("resources", TOKEN, "inputProperties", "secretString", "secret"),
    "output's secret": ("resources", TOKEN, "properties", "secretString", "secret"),
    "object": ("types", OBJECT, "description"),
    "object's property": ("types", OBJECT, "properties", "passwordLength", "description"),
    "enum": ("types", ENUM, "description"),
    "enum value": ("types", ENUM, "enum", 0, "name"),
}


@pytest.mark.parametrize("path", LEVELS.values(), ids=LEVELS)
def test_a_misspelt_key_is_found(path: tuple[str | int, ...]) -> None:
    package = copy.deepcopy(PACKAGE)
    wrong = respelt(package, *path)
    found = list(metaschema.unknown_keys(package))
    assert [place.rpartition(".")[2] for place in found] == [wrong]


def test_a_misspelt_key_inside_a_type_is_found() -> None:
    package = copy.deepcopy(PACKAGE)
    package["resources"][TOKEN]["inputProperties"]["tags"]["additionalProperties"]["plian"] = True
    package["resources"][TOKEN]["properties"]["allowedAccountIds"]["items"]["typ"] = "string"
    found = {place.rpartition(".")[2] for place in metaschema.unknown_keys(package)}
    assert found == {"plian", "typ"}


def test_parts_without_a_table_are_not_passed_over() -> None:
    with pytest.raises(NotImplementedError, match="functions"):
        list(metaschema.unknown_keys({"functions": {"a:b:c": {"imputs": {}}}}))
    with pytest.raises(NotImplementedError, match="methods"):
        list(metaschema.unknown_keys({"resources": {TOKEN: {"methods": {"a": "b"}}}}))


@pytest.mark.engine
def test_pulumi_itself_does_not_mind_a_misspelt_key(pulumi_root: Path, tmp_path: Path) -> None:
    """The reason for the table of keys: when this fails, the checker has learnt to see them."""
    package = copy.deepcopy(PACKAGE)
    respelt(package, "resources", TOKEN, "inputProperties", "secretString", "secret")
    respelt(package, "resources", TOKEN, "requiredInputs")
    path = tmp_path / "schema.json"
    path.write_text(json.dumps(package))
    assert checked(path, pulumi_root, tmp_path).returncode == 0


def test_every_field_is_an_input_and_an_output() -> None:
    names = [fields.camel(name) for name in FIELDS]
    assert list(INPUTS) == names
    told = [name for name in names if name != "secretStringWo"]  # Write-only.
    assert list(OUTPUTS) == [*told, "arn", "versionId", "restored", "tagsAll"]
    assert all(re.fullmatch(r"[a-z]+([A-Z][a-z]+)*", name) for name in OUTPUTS)


@pytest.mark.parametrize("name", FIELDS)
def test_a_field_is_described_as_declared(name: str) -> None:
    declared, given = FIELDS[name], INPUTS[fields.camel(name)]
    told = OUTPUTS.get(fields.camel(name), given)  # Write-only ones are no outputs.
    traits = fields.traits(declared)
    assert described.respelt(str(declared.description), fields.camel) in given["description"]
    assert given.get("secret", False) is told.get("secret", False) is traits.sensitive
    assert given.get("willReplaceOnChanges", False) is traits.replaces
    assert not any("willReplaceOnChanges" in each for each in OUTPUTS.values()), "of inputs"
    assert "default" not in given, "an SDK would send it as if the user had said so"
    if declared.default is not None:
        default = str(declared.default)
        default = default.lower() if isinstance(declared.default, bool) else default
        assert given["description"].endswith(f" Default: {default}.")


def test_secrets_and_replacements() -> None:
    """By name, so that a lost trait is not lost in both places at once."""
    secret = {name for name, shown in INPUTS.items() if shown.get("secret")}
    assert secret == {"secretString", "secretBinary", "secretJson", "secretStringWo"}
    replaced = {name for name, shown in INPUTS.items() if shown.get("willReplaceOnChanges")}
    assert replaced == {"name", "namePrefix", "region"}


TYPES: Mapping[str, dict[str, Any]] = {
    "secretString": {"type": "string"},
    "recoveryWindowInDays": {"type": "integer"},
    "forceDeleteWithoutRecovery": {"type": "boolean"},
    "tags": {"type": "object", "additionalProperties": {"type": "string"}},
    "allowedAccountIds": {"type": "array", "items": {"type": "string"}},
    "deletion": {"$ref": "#/types/recoverable-secrets:index:Deletion"},
    "generateSecretString": {"$ref": "#/types/recoverable-secrets:index:GenerateSecretString"},
    "replicas": {
        "type": "array",
        "items": {"$ref": "#/types/recoverable-secrets:index:Replica"},
    },
    "secretJson": {"type": "object", "additionalProperties": {"$ref": "pulumi.json#/Any"}},
    "policy": {"$ref": "pulumi.json#/Any"},
    "regenerateWhen": {"oneOf": [{"type": "string"}, {"type": "integer"}]},
    "versionStages": {"type": "array", "items": {"type": "string"}},
}


@pytest.mark.parametrize("name", TYPES)
def test_types(name: str) -> None:
    """One of each kind."""
    for shown in (INPUTS[name], OUTPUTS[name]):
        assert {key: shown[key] for key in TYPES[name]} == TYPES[name]


def test_parts_of_a_field_are_described_as_declared() -> None:
    shown = PACKAGE["types"][OBJECT]
    assert list(shown) == ["type", "description", "properties"]
    assert shown["type"] == "object"
    inner = shown["properties"]
    assert list(inner) == [fields.camel(name) for name in Generate.model_fields]
    assert inner["passwordLength"] == {
        "type": "integer",
        "description": "Characters of the password, 1 to 4096. Default: 32.",
    }
    assert {each["type"] for each in inner.values()} == {"string", "integer", "boolean"}
    assert not any(each.get("secret") for each in inner.values())


def test_an_item_of_a_list_is_described_as_declared() -> None:
    replica = PACKAGE["types"]["recoverable-secrets:index:Replica"]
    assert list(replica["properties"]) == ["region", "kmsKeyId"]
    assert replica["required"] == ["region"]


@pytest.mark.parametrize("name", [name for name, info in FIELDS.items() if fields.nested(info)])
def test_every_part_is_described(name: str) -> None:
    kind = described.type_name(name, FIELDS[name])
    part = fields.nested(FIELDS[name])
    assert part is not None
    inner = PACKAGE["types"][f"recoverable-secrets:index:{kind}"]["properties"]
    assert list(inner) == [fields.camel(each) for each in part.model_fields]


KINDS = (Adopt, Deletion, OnRecreate, OnValueDrift, PreviousVersion)


@pytest.mark.parametrize("kind", KINDS)
def test_enums_are_complete(kind: type[enum.StrEnum]) -> None:
    shown = PACKAGE["types"][f"recoverable-secrets:index:{kind.__name__}"]
    assert [member["value"] for member in shown["enum"]] == [one.value for one in kind]
    assert [member["name"].upper() for member in shown["enum"]] == [one.name for one in kind]


def test_references_lead_somewhere() -> None:
    text = (ROOT / "schema.json").read_text()
    referred = set(re.findall(r'"#/types/([^"]+)"', text))
    assert referred == set(PACKAGE["types"])
    assert len(KINDS) == sum("enum" in each for each in PACKAGE["types"].values())


def test_what_is_required_exists() -> None:
    assert set(SECRET["required"]) <= set(OUTPUTS)
    assert set(SECRET["required"]) == {"arn", "name", "region", "restored"}
    assert SECRET["requiredInputs"] == []


def test_one_version_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert PACKAGE["version"] == project["version"] == recoverable_secrets.__version__
    assert PACKAGE["name"] == project["name"]
    assert PACKAGE["license"] == project["license"]


@pytest.mark.parametrize("arguments", [[], ["terraform"], ["pulumi", "reference"]])
def test_the_generator_says_how_to_call_it(arguments: list[str]) -> None:
    with pytest.raises(SystemExit, match=re.escape("pulumi | reference")):
        schema.main(arguments)
