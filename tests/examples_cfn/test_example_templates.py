"""The CloudFormation examples: clean by cfn-lint with the rules, told, and true to each other.

That they work on stacks is tested in tests/stacks/test_examples.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from cfnlint import api
from cfnlint.config import ManualArgs
from cfnlint.decode import cfn_yaml

from lint.linting import OURS, RULES, linted
from recoverable_secrets import cloudformation
from recoverable_secrets.core import ownership

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
FOLDERS = sorted(path.parent.name for path in EXAMPLES.glob("*/template.yaml"))
FILES = sorted(path.relative_to(EXAMPLES).as_posix() for path in EXAMPLES.glob("*/*.yaml")
               if path.name != "Pulumi.yaml")  # fmt: skip
EXPORT = "recoverable-secrets-service-token"


def load(path: Path) -> dict[str, Any]:
    """Return a template, its functions in their long form."""
    template = cfn_yaml.loads(path.read_text())
    found: dict[str, Any] = json.loads(json.dumps(template, default=str))
    return found


TEMPLATES: Mapping[str, dict[str, Any]] = {name: load(EXAMPLES / name) for name in FILES}


def ours(template: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the secrets of a template by logical id."""
    found = template["Resources"].items()
    return {name: each for name, each in found if each["Type"] == cloudformation.TYPE}


def test_there_is_an_example_for_each_subject() -> None:
    assert FOLDERS == [
        "02-cloudformation-secret",
        "03-generated-value",
        "04-migrate-from-native",
        "05-nested-stacks",
        "06-shared-function",
        "08-replicas-policy-rotation",
        "09-access-alarm",
    ]
    numbers = sorted(int(path.name[:2]) for path in EXAMPLES.iterdir() if path.is_dir())
    assert numbers == list(range(1, len(numbers) + 1)), "numbered without gaps"


@pytest.mark.parametrize("name", FILES)
def test_it_is_clean(name: str) -> None:
    found = api.lint_file(
        EXAMPLES / name, config=ManualArgs(append_rules=[RULES], regions=["eu-west-1"])
    )
    assert [f"{match.rule.id} {match.message}" for match in found] == []


@pytest.mark.parametrize("name", [name for name in FILES if ours(TEMPLATES[name])])
def test_a_planted_fault_is_found(name: str) -> None:
    """So that the test above can fail."""
    template = load(EXAMPLES / name)
    for resource in ours(template).values():
        resource["Properties"]["Descripton"] = resource["Properties"].pop("Description")
    found = [fault for fault in linted(template) if fault.rule in OURS]
    assert len(found) == len(ours(template))
    assert all("did you mean Description?" in fault.message for fault in found)


@pytest.mark.parametrize("name", FILES)
def test_the_token_is_imported_and_the_wait_bounded(name: str) -> None:
    installation = load(ROOT / "lambda_handler" / "template.yaml")
    exported = [output.get("Export", {}).get("Name") for output in installation["Outputs"].values()]
    assert EXPORT in exported
    (timeout,) = {
        resource["Properties"]["Timeout"]
        for resource in installation["Resources"].values()
        if resource["Type"] == "AWS::Lambda::Function"
    }
    for resource in ours(TEMPLATES[name]).values():
        assert resource["Properties"]["ServiceToken"] == {"Fn::ImportValue": EXPORT}
        assert timeout < resource["Properties"]["ServiceTimeout"] <= 3600, "the function first"


@pytest.mark.parametrize("folder", FOLDERS)
def test_its_readme_names_its_files(folder: str) -> None:
    text = (EXAMPLES / folder / "README.md").read_text()
    assert text.startswith("# ")
    named = set(re.findall(r"--template-file (\S+)", text)) - {"packaged.yaml"}
    assert named <= {path.name for path in (EXAMPLES / folder).iterdir()}
    for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL):
        assert re.match(r"(aws cloudformation|cfn-lint) ", block)


# Migration -------------------------------------------------------------------------------------

BEFORE, RETAIN, ADOPT = (
    TEMPLATES[f"04-migrate-from-native/{name}.yaml"] for name in ("before", "retain", "template")
)


def the_secret(template: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the only secret of a template, native or ours."""
    kinds = {cloudformation.TYPE, "AWS::SecretsManager::Secret"}
    found = template["Resources"].items()
    ((name, resource),) = [each for each in found if each[1]["Type"] in kinds]
    return name, resource


def the_policy(template: Mapping[str, Any]) -> dict[str, Any]:
    """Return the resource of a native policy."""
    kind, found = "AWS::SecretsManager::ResourcePolicy", template["Resources"].values()
    (resource,) = [each for each in found if each["Type"] == kind]
    return dict(resource)


def test_the_same_secret_goes_through_the_migration() -> None:
    properties = [the_secret(each)[1]["Properties"] for each in (BEFORE, RETAIN, ADOPT)]
    for name in ("Name", "Description", "GenerateSecretString", "ReplicaRegions"):
        assert properties[0][name] == properties[1][name] == properties[2][name]
    policies = [the_policy(each)["Properties"]["ResourcePolicy"] for each in (BEFORE, RETAIN)]
    assert policies == [properties[2]["ResourcePolicy"]] * 2
    assert len(ADOPT["Resources"]) == 1, "the policy is no resource of its own any more"
    assert [list(each["Outputs"]) for each in (BEFORE, RETAIN, ADOPT)] == [["SecretArn"]] * 3


def test_deployment_1_retains_and_says_so() -> None:
    before, retain = the_secret(BEFORE), the_secret(RETAIN)
    assert before[0] == retain[0], "the same logical id: nothing is removed"
    assert "DeletionPolicy" not in before[1]
    assert retain[1]["DeletionPolicy"] == "Retain"
    assert "DeletionPolicy" not in the_policy(BEFORE)
    assert the_policy(RETAIN)["DeletionPolicy"] == "Retain", "its deletion would drop the policy"
    assert [tag["Key"] for tag in retain[1]["Properties"]["Tags"]] == [ownership.HANDOVER]


def test_deployment_2_adopts_under_another_logical_id() -> None:
    (native, _), (adopting, secret) = the_secret(RETAIN), the_secret(ADOPT)
    assert native != adopting, "CloudFormation refuses another type under the same one"
    assert secret["Properties"]["Adopt"] == "unowned"
    assert secret["Properties"]["Name"] == the_secret(RETAIN)[1]["Properties"]["Name"]
