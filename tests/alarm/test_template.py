"""The CloudFormation template: of the same parts, valid, and the one in the examples."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from cfnlint import api
from cfnlint.config import ManualArgs

from recoverable_secrets.alarm import parts, template
from recoverable_secrets.alarm.parts import Kind, Place

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "09-access-alarm" / "template.yaml"
HERE = Place("aws", "eu-west-1", "123456789012")
TOPIC = "arn:aws:sns:eu-west-1:123456789012:ops"
NAMES = {"AlarmName", "FilterName", "Name", "TopicName"}


def test_the_example_is_fresh() -> None:
    """If not: recoverable-secrets alarm show-template > examples/09-access-alarm/template.yaml."""
    assert EXAMPLE.read_text(encoding="utf-8") == template.text()


def test_the_yaml_says_what_the_template_says() -> None:
    assert yaml.safe_load(template.text()) == template.template()


@pytest.mark.parametrize(
    "text", ["yes", "No", "null", "1", "", " a", "a ", "a: b", "a:", "# a", "*"]
)
def test_texts_stay_texts_in_yaml(text: str) -> None:
    written = "\n".join(template._lines({text: [text, {"k": text}], "n": [1, True, None]}))
    assert yaml.safe_load(written) == {text: [text, {"k": text}], "n": [1, True, None]}


@pytest.mark.parametrize("region", ["eu-west-1", "us-gov-west-1", "cn-north-1"])
def test_cfn_lint_finds_nothing(region: str) -> None:
    found = api.lint(template.text(), config=ManualArgs(regions=[region]))
    assert [f"{match.rule.id} {match.message}" for match in found] == []


def resolved(content: Any, values: dict[str, Any], conditions: dict[str, bool]) -> Any:
    """Return content as CloudFormation would resolve it."""
    if isinstance(content, list):
        return [resolved(each, values, conditions) for each in content]
    if not isinstance(content, dict):
        return content
    if len(content) == 1:
        ((name, given),) = content.items()
        if name == "Ref":
            return values[given]
        if name == "Fn::GetAtt":
            return values[".".join(given)]
        if name == "Fn::If":
            return resolved(given[1 if conditions[given[0]] else 2], values, conditions)
        if name == "Fn::Sub":
            for word, text in values.items():
                given = given.replace(f"${{{word}}}", text)
            return given
    return {name: resolved(each, values, conditions) for name, each in content.items()}


@pytest.mark.parametrize(
    ("way", "prefix", "topic", "email"),
    list(itertools.product(parts.Way, ["", "shop/"], ["", TOPIC], ["", "a@b.c"])),
)
def test_it_makes_the_same_parts(way: str, prefix: str, topic: str, email: str) -> None:
    """As the command and Pulumi make, in each combination of its parameters."""
    if topic and email:
        return  # The command refuses it; the template ignores the address, as it says.
    wanted = parts.parse(
        {
            "name": "stack",
            "way": way,
            "log_group_name": "trail" if way == "trail" else None,
            "topic_arn": topic or None,
            "email": [email] if email else None,
            "name_prefix": prefix,
        },
        HERE.region,
    )
    made = HERE.arn("sns", "stack")
    values = {
        "Way": way, "LogGroupName": "trail", "TopicArn": topic, "Email": email,
        "NamePrefix": prefix, "Topic": made, "AWS::StackName": "stack",
        "AWS::Region": HERE.region, "AWS::AccountId": HERE.account, "AWS::Partition": "aws",
        "Alarm.Arn": HERE.arn("cloudwatch", "alarm:stack"),
        "Rule.Arn": HERE.arn("events", "rule/stack"),
    }  # fmt: skip
    conditions = {
        "ByTrail": way == "trail",
        "ByEvents": way == "events",
        "MakeTopic": not topic,
        "WithEmail": bool(email and not topic),
        "WithPrefix": bool(prefix),
    }
    document = template.template()
    assert set(document["Conditions"]) == set(conditions)
    found = [
        (each["Type"], resolved(each.get("Properties", {}), values, conditions))
        for each in document["Resources"].values()
        if conditions[each["Condition"]]
    ]
    expected = []
    for part in parts.parts(wanted, HERE):
        own = {name: each for name, each in part.properties.items() if name not in NAMES}
        if part.kind is Kind.TARGET:
            expected[-1][1]["Targets"] = [own]
            continue
        if part.kind is Kind.ALARM:
            own["AlarmDescription"] = own["AlarmDescription"].replace(" on log group trail", "")
        expected.append((part.kind.value, own))
    assert sorted(map(json.dumps, found)) == sorted(map(json.dumps, expected))
    assert resolved(document["Outputs"]["TopicArn"]["Value"], values, conditions) == (topic or made)
