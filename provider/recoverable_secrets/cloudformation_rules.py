"""What fits no secret although each property alone is right, in the words of the property schema.

Each rule has one text, so each stands by itself in `allOf`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from . import cloudformation
from .core import contradictions, fields
from .core.rotation import FIELDS as ROTATION

Schema = dict[str, Any]

TRUE = [True, "true", "True", "TRUE"]
FALSE = [False, "false", "False", "FALSE"]

_FORCE, _DELETION, _WINDOW = "ForceDeleteWithoutRecovery", "Deletion", "RecoveryWindowInDays"
_BOTH = f"{_WINDOW} and deletion by force exclude each other: remove one of them"
_REPLACE = (
    f"OnRecreate = replace destroys the pending secret for good: it needs {_FORCE} as well, or use "
    "restore"
)
_ENABLED, _RULES = "RotationEnabled", "RotationRules"


def of_secret() -> Schema:
    """Return the rules for the properties of a secret."""
    values = values_of_secret()
    return {
        "dependentExcluded": {name: values[at + 1 :] for at, name in enumerate(values[:-1])},
        "allOf": [*_teardown(), *_names(), *_needs(), *_rotation()],
        "message": {
            "dependentExcluded": f"{', '.join(values)} exclude each other: keep one of them"
        },
    }


def values_of_secret() -> list[str]:
    """Return the properties that hold a value, make one, or say where it is."""
    return [fields.pascal(name) for name in contradictions.VALUES]


def _excludes(name: str, others: Sequence[str], told: str) -> Schema:
    return {
        "dependentExcluded": {name: list(others)},
        "message": {"dependentExcluded": told},
    }


def _requires(name: str, other: str, told: str) -> Schema:
    return {"dependentRequired": {name: [other]}, "message": {"dependentRequired": told}}


def _if(name: str, values: list[Any], consequence: Schema) -> Schema:
    """Return "if so, then" as "if not so, or else".

    A dynamic reference passes any condition; in this form nothing follows from it.
    """
    return {"if": {"properties": {name: {"not": {"enum": values}}}}, "else": consequence}


def _teardown() -> Iterator[Schema]:
    yield _if(_FORCE, TRUE, _excludes(_FORCE, [_WINDOW], _BOTH))
    yield _if(_DELETION, ["force"], _excludes(_DELETION, [_WINDOW], _BOTH))
    contradicts = f"{_FORCE} contradicts {_DELETION}: remove one of them"
    kinder = {"enum": ["force"], "message": {"enum": contradicts}}
    yield _if(_FORCE, TRUE, {"properties": {_DELETION: kinder}})
    needs_force = {
        "if": {"properties": {_DELETION: {"enum": ["force"]}}, "required": [_DELETION]},
        "else": {
            "properties": {_FORCE: {"enum": TRUE, "message": {"enum": _REPLACE}}},
            "required": [_FORCE],
            "message": {"required": _REPLACE},
        },
    }
    yield _if("OnRecreate", ["replace"], needs_force)


def _names() -> Iterator[Schema]:
    yield _excludes(
        "Name", ["NamePrefix"], "Name and NamePrefix exclude each other: keep one of them"
    )
    for alias, name in cloudformation.ALIASES.items():
        told = f"{name} and {alias} are two names of one property: keep one of them"
        yield _excludes(name, [alias], told)


def _needs() -> Iterator[Schema]:
    for field, (needed, why) in contradictions.NEEDS.items():
        for name in _spelt(field):
            other = fields.pascal(needed)
            yield _requires(name, other, f"{name} needs {other}, as {why}: declare both")


def _rotation() -> Iterator[Schema]:
    others = [each for field in ROTATION for each in _spelt(field) if each != _ENABLED]
    cancelled = f"{_ENABLED} = false excludes {', '.join(others)}: remove it, or remove them"
    yield _if(_ENABLED, FALSE, _excludes(_ENABLED, others, cancelled))
    undated = f"{_ENABLED} = true needs {_RULES}, which say when the value is rotated: declare them"
    yield _if(_ENABLED, TRUE, _requires(_ENABLED, _RULES, undated))


def _spelt(field: str) -> list[str]:
    """Return all names of a field's property."""
    name = fields.pascal(field)
    return [name, *(alias for alias, meant in cloudformation.ALIASES.items() if meant == name)]


def _one_of(name: str, other: str, none: str) -> Schema:
    """Return that exactly one of two is declared. `requiredXor` would tell both of each other."""
    both = f"{name} and {other} exclude each other: keep one of them"
    return {
        "requiredOr": [name, other],
        "dependentExcluded": {name: [other]},
        "message": {"requiredOr": none, "dependentExcluded": both},
    }


_SWITCHES = ("ExcludeLowercase", "ExcludeUppercase", "ExcludeNumbers", "ExcludePunctuation")
_NOTHING_LEFT = "all characters are excluded: allow some, such as by IncludeSpace"

OF_PARTS: Mapping[str, Schema] = {
    "generate_secret_string": {
        "dependentRequired": {
            "SecretStringTemplate": ["GenerateStringKey"],
            "GenerateStringKey": ["SecretStringTemplate"],
        },
        "message": {
            "dependentRequired": "SecretStringTemplate and GenerateStringKey need each other: "
            "declare both, or none for the password alone"
        },
        "if": {"anyOf": [{"properties": {name: {"not": {"enum": TRUE}}}} for name in _SWITCHES]},
        "else": {
            "properties": {"IncludeSpace": {"enum": TRUE, "message": {"enum": _NOTHING_LEFT}}},
            "required": ["IncludeSpace"],
            "message": {"required": _NOTHING_LEFT},
        },
    },
    "rotation_rules": _one_of(
        "AutomaticallyAfterDays",
        "ScheduleExpression",
        f"{_RULES} need AutomaticallyAfterDays or ScheduleExpression: declare one of them",
    ),
    "value_from": _one_of(
        "SsmParameter",
        "Secret",
        "ValueFrom needs one place to read the value from: declare SsmParameter or Secret",
    ),
    "replicas": {"required": ["Region"], "message": {"required": "Region is missing: declare it"}},
}
"""The same for the parts of a property, by the model's field."""
