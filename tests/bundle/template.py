"""The installation's template, evaluated for given parameters as CloudFormation does."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cfnlint.decode.cfn_yaml

PATH = Path(__file__).parents[2] / "lambda_handler" / "template.yaml"
PSEUDO = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "eu-central-1",
    "AWS::StackName": "installation",
    "AWS::URLSuffix": "amazonaws.com",
}
REQUIRED = {"CodeBucket": "code", "CodeKey": "lambda-arm64.zip"}
ABSENT = object()
"""What `AWS::NoValue` stands for."""


@functools.cache
def source() -> dict[str, Any]:
    """Return the template as it is written, its functions in their long form."""
    loaded: dict[str, Any] = cfnlint.decode.cfn_yaml.load(str(PATH))
    return loaded


def evaluated(**given: str) -> dict[str, Any]:
    """Return the template with all functions evaluated, and without what conditions leave out."""
    return Evaluation(source(), {**REQUIRED, **given}).result()


class Evaluation:
    """One template with one set of parameters; knows the functions that ours uses."""

    def __init__(self, template: Mapping[str, Any], given: Mapping[str, str]) -> None:
        self.template = template
        declared: Mapping[str, Any] = template["Parameters"]
        assert set(given) <= set(declared), "a parameter that the template does not have"
        defaults = {name: one["Default"] for name, one in declared.items() if "Default" in one}
        self.known = {**PSEUDO, **defaults, **given, "AWS::NoValue": ABSENT}
        for name, one in declared.items():
            if one["Type"] == "CommaDelimitedList":
                self.known[name] = [each.strip() for each in str(self.known[name]).split(",")]
            for each in _each(self.known[name]):
                _check(name, one, each)

    def result(self) -> dict[str, Any]:
        """Return the whole, evaluated."""
        sections = {key: self.template[key] for key in ("Resources", "Outputs")}
        for resource in list(sections["Resources"]):
            self.known.setdefault(resource, f"ref:{resource}")
        evaluated: dict[str, Any] = self.of(sections)
        return evaluated

    def of(self, node: Any) -> Any:
        """Return a node evaluated."""
        if isinstance(node, dict):
            return self._mapping(node)
        if isinstance(node, list):
            return [one for one in map(self.of, node) if one is not ABSENT]
        return node

    def _mapping(self, node: Mapping[str, Any]) -> Any:
        if "Condition" in node and isinstance(node["Condition"], str) and len(node) == 1:
            return self.holds(node["Condition"])
        if len(node) == 1:
            (name, argument) = next(iter(node.items()))
            if name == "Ref" or name.startswith("Fn::"):
                return self._called(name, argument)
        if isinstance(node.get("Condition"), str) and not self.holds(node["Condition"]):
            return ABSENT  # A resource that is left out.
        found = {key: self.of(inner) for key, inner in node.items()}
        return {key: inner for key, inner in found.items() if inner is not ABSENT}

    def _called(self, name: str, argument: Any) -> Any:
        match name:
            case "Ref":
                return self.known[argument]
            case "Fn::GetAtt":
                return "getatt:" + (argument if isinstance(argument, str) else ".".join(argument))
            case "Fn::Sub":
                return re.sub(r"\$\{([\w:]+)\}", lambda one: str(self.known[one[1]]), argument)
            case "Fn::If":
                condition, then, otherwise = argument
                return self.of(then if self.holds(condition) else otherwise)
            case "Fn::Equals":
                left, right = map(self.of, argument)
                return left == right
            case "Fn::Not":
                return not self.of(argument[0])
            case "Fn::Or":
                return any(map(self.of, argument))
            case "Fn::And":
                return all(map(self.of, argument))
            case "Fn::Join":
                between, parts = argument
                return between.join(self.of(parts))
        raise AssertionError(f"{name} is not known here")

    def holds(self, condition: str) -> bool:
        """Whether a condition holds."""
        return bool(self.of(self.template["Conditions"][condition]))


def _each(given: Any) -> list[Any]:
    """Return what is checked: of a list each item, as CloudFormation does."""
    return given if isinstance(given, list) else [given]


def _check(name: str, declared: Mapping[str, Any], given: Any) -> None:
    """Refuse what CloudFormation refuses.

    Raises:
        ValueError: The parameter's content is not one that its declaration allows.
    """
    allowed = declared.get("AllowedValues")
    fits = (
        (allowed is None or given in allowed or str(given) in map(str, allowed))
        and re.search(declared.get("AllowedPattern", ""), str(given)) is not None
        and declared.get("MinLength", 0) <= len(str(given)) <= declared.get("MaxLength", 4096)
    )
    if not fits:
        raise ValueError(f"{name}: {given!r}")
