"""docs/install-cloudformation.md: what it says of the template is what the template says."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import botocore
import botocore.session
import pytest

from bundle import template
from project import readme

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "install-cloudformation.md").read_text()
SHELL = "\n".join(block.text for block in readme.blocks(PAGE) if block.language == "sh")
DECLARED = template.source()["Parameters"]
HIGHER = {("s3", "cp"), ("cloudformation", "deploy")}
"""Commands of the AWS CLI that are more than one call."""
OF_DEPLOY = {"stack-name", "template-file", "capabilities", "parameter-overrides"}


def rows() -> dict[str, str]:
    """Return the table's defaults by parameter."""
    found = re.findall(r"^\| (`[A-Z].+?) \| (.*?) ?\| .+ \|$", PAGE, re.MULTILINE)
    return {name: default for names, default in found for name in re.findall(r"`(\w+)`", names)}


def commands() -> Iterator[list[str]]:
    """Yield the words of each command."""
    for line in SHELL.replace("\\\n", " ").splitlines():
        for part in line.split(" | "):
            if part.strip():
                yield shlex.split(part)


AWS = [words[1:] for words in commands() if words[0] == "aws"]


def test_every_parameter_is_told() -> None:
    assert set(rows()) == set(DECLARED)


@pytest.mark.parametrize("name", DECLARED)
def test_defaults_are_the_templates(name: str) -> None:
    default = str(DECLARED[name].get("Default", ""))
    told = rows()[name]
    assert told.strip("`") == default if default else told in {"", "none", "the newest"}


def test_there_are_commands() -> None:
    assert len(AWS) >= 10
    assert ["make", "lambda"] in list(commands())
    others = {words[0] for words in commands()} - {"aws", "make"}
    assert others == {"openssl", "base64"}


@pytest.mark.parametrize("words", AWS, ids=lambda words: " ".join(words[:2]))
def test_commands_are_calls_that_exist(words: list[str]) -> None:
    """With options that they have; the CLI has one for each parameter of the API."""
    service, command, *rest = words
    given = {word.removeprefix("--") for word in rest if word.startswith("--")} - {"query"}
    if (service, command) in HIGHER:
        assert given <= OF_DEPLOY
        return
    model = botocore.session.get_session().get_service_model(service)
    calls = {botocore.xform_name(name, "-"): name for name in model.operation_names}
    shape = model.operation_model(calls[command]).input_shape
    known = {botocore.xform_name(name, "-") for name in shape.members}
    assert {name.removeprefix("no-") for name in given} <= known
    required = {botocore.xform_name(name, "-") for name in shape.required_members}
    assert required <= {name.removeprefix("no-") for name in given}


def test_parameters_in_commands_are_the_templates() -> None:
    named = set(re.findall(r"(?:ParameterKey=|[ ])(\w+)(?:,ParameterValue)?=", SHELL))
    assert named - {"ParameterKey"} == {"CodeBucket", "CodeKey"}
    required = {name for name, one in DECLARED.items() if "Default" not in one}
    assert required == {"CodeBucket", "CodeKey"}, "and no other has to be given"


def test_names_are_the_templates() -> None:
    """Those by which what stays is found and removed."""
    evaluated = template.evaluated()
    for name, key in (("Function", "FunctionName"), ("LogGroup", "LogGroupName")):
        assert evaluated["Resources"][name]["Properties"][key] in SHELL
    role = evaluated["Resources"]["Role"]["Properties"]
    assert role["RoleName"].replace("eu-central-1", "REGION") in SHELL
    assert f"--policy-name {role['Policies'][0]['PolicyName']}" in SHELL
    assert evaluated["Outputs"]["ServiceToken"]["Export"]["Name"] in PAGE
    assert str(evaluated["Resources"]["Function"]["Properties"]["Timeout"]) in PAGE
    kept = [name for name, one in evaluated["Resources"].items() if "DeletionPolicy" in one]
    assert kept == ["Function", "LogGroup", "Role"]
