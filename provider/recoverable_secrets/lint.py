"""Rules for cfn-lint, which by itself accepts any property of a custom resource.

    cfn-lint template.yaml -a recoverable_secrets.lint

or, for every run in a folder, in its `.cfnlintrc`:

    append_rules: [recoverable_secrets.lint]

E9501 checks the properties of `Custom::RecoverableSecret` by the schema that comes with this
package; E9502 the attributes that `Fn::GetAtt` and `Fn::Sub` ask it for; E9503 that a native secret
which is handed over to ours is retained. No other type is looked at, and no message shows what a
template says of a value.
"""

from __future__ import annotations

import difflib
import importlib.resources
import json
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from cfnlint import helpers, jsonschema, rules, template
from cfnlint.rules import jsonschema as checks

from . import cloudformation, cloudformation_schema
from .core import errors, fields, ownership

_SCHEMA = importlib.resources.files(__package__) / "cloudformation.json"
_NATIVE = "AWS::SecretsManager::Secret"
_RETAINED = ("Retain", "RetainExceptOnCreate")
_IN_TEXT = re.compile(r"\$\{([^!.}][^.}]*)\.([^}]+)\}")


class RecoverableSecretProperties(checks.CfnLintJsonSchema):  # type: ignore[misc] # untyped
    """Checks the properties of a recoverable secret, as its function would."""

    id = "E9501"
    shortdesc = "Properties of a recoverable secret are invalid"
    description = "CloudFormation would hand them to the function, which would refuse them"
    tags = ("resources", "recoverable-secrets")

    def __init__(self) -> None:
        super().__init__(keywords=["Resources/*"], all_matches=True)
        schema = json.loads(_SCHEMA.read_text(encoding="utf-8"))
        arguments = cloudformation_schema.arguments_schema(schema)
        # cfn-lint itself asks for a ServiceToken in any custom resource.
        self._arguments = {word: each for word, each in arguments.items() if word != "required"}
        self._hidden = {pointer.rpartition("/")[2] for pointer in schema["writeOnlyProperties"]}
        self._texts = tuple(_messages(schema))

    def validate(
        self,
        validator: jsonschema.Validator,
        keywords: Any,  # noqa: ARG002 - the signature is cfn-lint's
        instance: Any,
        schema: Any,  # noqa: ARG002
    ) -> Iterator[jsonschema.ValidationError]:
        """Yield what is wrong with one resource of a template, if it is one of ours."""
        if not isinstance(instance, dict) or instance.get("Type") != cloudformation.TYPE:
            return
        properties = instance.get("Properties", {})
        if not isinstance(properties, dict):
            return  # cfn-lint says so itself, of any type.
        ready = _ready(validator, instance)
        for fault in self._iter_errors(
            self.extend_validator(ready, self._arguments, ready.context), properties
        ):
            message = self._told(fault)
            if message:
                fault.message = message
                fault.path.appendleft("Properties")
                yield fault

    def _told(self, fault: jsonschema.ValidationError) -> str:
        """Return what to say of a fault, or nothing where cfn-lint says it of any type."""
        if fault.validator == "additionalProperties":
            return _stranger(fault)
        message = str(fault.message)
        if message.startswith(self._texts):
            return message
        instead = _instead(self._arguments, fault.schema_path)
        if instead or fault.rule is not self:
            return instead  # A wrong function is no matter of the schema.
        if set(fault.path) & self._hidden:
            return f"{fault.path[0]} does not fit the schema: see its {fault.validator}"
        return message


def _instead(schema: dict[str, Any], path: Iterable[str | int]) -> str:
    """Return the schema's own text for a fault, or none.

    cfn-lint finds it by itself, but not for words that it tries on each outcome of the
    conditions, such as `required`.
    """
    at: Any = schema
    *place, word = path
    for step in place:
        if isinstance(at, dict) and step not in at:
            continue  # A function on the way to the value, such as `fn_if`.
        at = at[step]
        if "$ref" in at:
            at = schema["definitions"][at["$ref"].rpartition("/")[2]]
    return str(at.get("message", {}).get(word, "")) if isinstance(at, dict) else ""


def _ready(validator: jsonschema.Validator, resource: dict[str, Any]) -> jsonschema.Validator:
    """Return what checks a resource's properties: functions and conditions are understood."""
    condition = resource.get("Condition")
    context = validator.context
    path = context.path.evolve(cfn_path=deque(["Resources", cloudformation.TYPE, "Properties"]))
    return validator.evolve(
        context=context.evolve(
            functions=list(helpers.FUNCTIONS),
            strict_types=False,
            conditions=context.conditions.evolve(
                {condition: True} if isinstance(condition, str) else {}
            ),
            path=path.descend(path="Properties"),
        ),
        function_filter=validator.function_filter.evolve(add_cfn_lint_keyword=False),
    )


def _messages(schema: Any) -> Iterator[str]:
    """Yield all texts with which a schema replaces the linter's own."""
    if isinstance(schema, dict):
        yield from schema.get("message", {}).values()
        schema = list(schema.values())
    if isinstance(schema, list):
        for part in schema:
            yield from _messages(part)


def _stranger(fault: jsonschema.ValidationError) -> str:
    """Say what to do about a property that is none."""
    *place, key = map(str, fault.path)
    shown = errors.short(".".join([*place, key]))
    elsewhere = {fields.pascal(name): why for name, why in cloudformation.ELSEWHERE.items()}
    if not place and key in cloudformation.ATTRIBUTES:
        return f"{shown} is an attribute, not a property: read it with Fn::GetAtt"
    if not place and key in elsewhere:
        return f"{shown} is not a property of {cloudformation.TYPE}: {elsewhere[key]}"
    parts = {_part(path): why for path, why in cloudformation.PARTS_ELSEWHERE.items()}
    if shown in parts:
        return f"{shown} is not a property of {cloudformation.TYPE}: {parts[shown]}"
    names = list(fault.schema["properties"])
    return f"{shown} is not a property of {cloudformation.TYPE}: {_nearest(key, names)}"


def _part(path: str) -> str:
    """Return what a template calls a part of a field."""
    return ".".join(map(fields.pascal, path.split(".")))


def _nearest(given: str, names: Sequence[str]) -> str:
    """Return which of the names may have been meant."""
    lower = {name.lower(): name for name in names}
    near = difflib.get_close_matches(given.lower(), lower, n=2, cutoff=0.65)
    return f"did you mean {' or '.join(lower[each] for each in near)}?" if near else "remove it"


class RecoverableSecretAttributes(rules.CloudFormationLintRule):  # type: ignore[misc] # untyped
    """Checks what a template asks a recoverable secret for; CloudFormation would fail later."""

    id = "E9502"
    shortdesc = "Attribute of a recoverable secret does not exist"
    description = "An attribute that the function does not answer fails the whole operation"
    tags = ("functions", "getatt", "recoverable-secrets")

    def match(self, cfn: template.Template) -> list[rules.RuleMatch]:
        """Return a match for each attribute that there is not."""
        secrets = {
            name
            for name, resource in cfn.get_resources().items()
            if resource.get("Type") == cloudformation.TYPE
        }
        return [
            rules.RuleMatch(path, _unknown(secret, attribute))
            for path, secret, attribute in _asked(cfn)
            if secret in secrets and attribute not in cloudformation.ATTRIBUTES
        ]


def _unknown(secret: str, attribute: str) -> str:
    told = tuple(cloudformation.ATTRIBUTES)
    shown = f"{errors.short(secret, 40)}.{errors.short(attribute, 40)}"
    near = _nearest(attribute, told)
    hint = f"it has {', '.join(told)}" if near == "remove it" else near
    return f"{shown} is not an attribute of {cloudformation.TYPE}: {hint}"


def _asked(cfn: template.Template) -> Iterator[tuple[list[Any], str, str]]:
    """Yield the place, the resource and the attribute of each that is asked for by name."""
    for *path, asked in cfn.search_deep_keys("Fn::GetAtt"):
        match asked.split(".", 1) if isinstance(asked, str) else asked:
            case [str(resource), str(attribute)]:
                yield path, resource, attribute
    for *path, asked in cfn.search_deep_keys("Fn::Sub"):
        match asked if isinstance(asked, list) else [asked, {}]:
            case [str(text), *given]:
                known = given[0] if given and isinstance(given[0], dict) else {}
                for resource, attribute in _IN_TEXT.findall(text):
                    if f"{resource}.{attribute}" not in known:
                        yield path, resource.strip(), attribute.strip()


class HandedOverSecretIsRetained(rules.CloudFormationLintRule):  # type: ignore[misc] # untyped
    """Checks the word that a native secret gives: the function believes its tag."""

    id = "E9503"
    shortdesc = "A secret that is handed over would be destroyed"
    description = "The tag says that DeletionPolicy is Retain, and CloudFormation tells nobody"
    tags = ("resources", "recoverable-secrets")

    def match(self, cfn: template.Template) -> list[rules.RuleMatch]:
        """Return a match for each native secret with the tag and without the policy."""
        return [
            rules.RuleMatch(
                ["Resources", name],
                f"{errors.short(name, 40)} has the tag {ownership.HANDOVER}, but is destroyed when "
                "it is removed: set DeletionPolicy to Retain",
            )
            for name, resource in cfn.get_resources(_NATIVE).items()
            if resource.get("DeletionPolicy") not in _RETAINED and _handed_over(resource)
        ]


def _handed_over(resource: dict[str, Any]) -> bool:
    match resource:
        case {"Properties": {"Tags": [*tags]}}:
            keys = [tag.get("Key") for tag in tags if isinstance(tag, dict)]
            return ownership.HANDOVER in keys
    return False
