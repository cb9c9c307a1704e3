"""The property schema of `Custom::RecoverableSecret`, in CloudFormation's resource-schema form.

CloudFormation itself checks nothing of a custom resource before its function runs. This schema
lets linters and editors find the same faults earlier; it is made from the model, with which the
function checks. What JSON schema cannot say (bytes of text, prefixes that an installation
demands) only the function knows.

The vocabulary is cfn-lint's: `dependentExcluded` beside the standard words, and `message`, which
says what to do in place of the linter's own text. Scalars may be written as text ("7", "true"),
which is how CloudFormation sends them.
"""

from __future__ import annotations

import enum
import typing
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic.fields import FieldInfo

from . import cloudformation, described
from .core import fields, ownership
from .core.model import FIELDS
from .stores import limits

Schema = dict[str, Any]

_AWS = limits.AWS
_TAG_TEXT = r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*"
_BASE64 = (
    r"(?=\s*\S)\s*(?:(?:[A-Za-z0-9+/]\s*){4})*"
    r"(?:(?:[A-Za-z0-9+/]\s*){2}(?:=\s*){2}|(?:[A-Za-z0-9+/]\s*){3}=\s*)?"
)
_TRUE = [True, "true", "True", "TRUE"]


def whole(pattern: str) -> str:
    """Return a pattern for the whole text: `$` alone lets a line end pass."""
    return f"^(?:{pattern})(?!\\n)$"


def resource_schema() -> Schema:
    """Return the schema, with the attributes as read-only properties."""
    given = {name: FIELDS[field] for name, field in cloudformation.PROPERTIES.items()}
    told = {name: text for name, text in cloudformation.ATTRIBUTES.items() if name not in given}
    return {
        "typeName": cloudformation.TYPE,
        "description": "A secret in AWS Secrets Manager that survives its stack: deleting the "
        "stack schedules its deletion, deploying it again restores it.",
        "definitions": {"Tag": _tag(), **dict(_nested(given))},
        "properties": _own()
        | {name: _property(name, info) for name, info in given.items()}
        | {name: {"type": "string", "description": text} for name, text in told.items()},
        "additionalProperties": False,
        "required": ["ServiceToken"],
        **_exclusions(given),
        "createOnlyProperties": _pointers(n for n, i in given.items() if fields.traits(i).replaces),
        "readOnlyProperties": _pointers(told),
        "writeOnlyProperties": _pointers(_values(given)),
        "primaryIdentifier": _pointers(["Arn"]),
    }


def arguments_schema(schema: Schema) -> Schema:
    """Return what a template may write: the schema without what can only be read."""
    read_only = {pointer.rpartition("/")[2] for pointer in schema["readOnlyProperties"]}
    kept = {name: each for name, each in schema["properties"].items() if name not in read_only}
    return {**schema, "properties": kept}


def _pointers(names: Any) -> list[str]:
    return [f"/properties/{name}" for name in names]


def _own() -> dict[str, Schema]:
    """Describe what CloudFormation itself acts on."""
    return {
        "ServiceToken": {
            "type": "string",
            "description": "ARN of the function, exported by its stack as "
            "`recoverable-secrets-service-token`. It can never be changed.",
            "minLength": 1,
        },
        "ServiceTimeout": _whole("ServiceTimeout", 1, 3600)
        | {
            "description": "Seconds that CloudFormation waits for the function, 1 to 3600. "
            "Default: 3600."
        },
    }


def _property(name: str, info: FieldInfo) -> Schema:
    text = described.respelt(described.doc(info), fields.pascal)
    return _type(name, info) | {"description": cloudformation.MEANINGS.get(name, text)}


def _type(name: str, info: FieldInfo) -> Schema:
    """Return a field's type and limits."""
    kind, known = described.bare(info), fields.traits(info)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return _choice(name, kind)
    if fields.nested(info):
        return {"$ref": f"#/definitions/{name}"}
    if typing.get_origin(kind) is dict:
        return _tags(name)
    if kind is bool:
        return {"type": "boolean", "message": {"type": f"{name} must be true or false"}}
    if kind is int:
        return _whole(name, known.minimum, known.maximum)
    return _text(name)


def _choice(name: str, kind: type[enum.Enum]) -> Schema:
    choices = [str(member.value) for member in kind]
    told = f"{name} must be one of {', '.join(choices)}"
    if "no" in choices:
        told += '; write "no" in quotes, because YAML takes it for false'
    return {
        "type": "string",
        "enum": choices,
        "pattern": whole("|".join(choices)),  # cfn-lint takes "false" for any text but "true".
        "message": dict.fromkeys(("type", "enum", "pattern"), told),
    }


def _whole(name: str, minimum: int | None, maximum: int | None) -> Schema:
    told = f"{name} must be a whole number from {minimum} to {maximum}"
    if name == "RecoveryWindowInDays":
        told += "; who means deletion without recovery says ForceDeleteWithoutRecovery"
    return {
        "type": "integer",
        "minimum": minimum,
        "maximum": maximum,
        "pattern": whole("-?[0-9]{1,9}"),
        "message": dict.fromkeys(("type", "minimum", "maximum", "pattern"), told),
    }


def _text(name: str) -> Schema:
    """Return text with the limits of its property. No message shows what was written."""
    value = f"{name} must have 1 to {_AWS.value_bytes} bytes; leave it out for no value"
    name_length = f"{name} must have 1 to {_AWS.name_length} characters"
    key = f"{name} must be an ARN, id or alias of a key"
    known: Mapping[str, Mapping[str, tuple[Any, str]]] = {
        "Name": {
            "minLength": (1, name_length),
            "maxLength": (_AWS.name_length, name_length),
            "pattern": (
                whole(f"(?:{_AWS.name_characters})*"),
                f"{name} may contain letters, digits and /_+=.@-! only: remove other characters",
            ),
        },
        "Description": {
            "maxLength": (
                _AWS.description_length,
                f"{name} must have at most {_AWS.description_length} characters",
            )
        },
        "KmsKeyId": {
            "maxLength": (2048, key),
            "pattern": (whole(r"[A-Za-z0-9_+=,.@:/\-]*"), key),
        },
        "SecretString": {"minLength": (1, value), "maxLength": (_AWS.value_bytes, value)},
        "SecretBinary": {
            "pattern": (whole(_BASE64), f"{name} must be base64 text of one byte or more"),
        },
        "GenerateStringKey": {"minLength": (1, f"{name} must have at least one character")},
        "ExcludeCharacters": {"maxLength": (4096, f"{name} must have at most 4096 characters")},
    }
    bounds = known.get(name, {})
    shape = "must be text"
    if name == "SecretString":
        shape = "must be text; turn other data into JSON text first"
    return {
        "type": "string",
        **{word: bound for word, (bound, _) in bounds.items()},
        "message": {"type": f"{name} {shape}"} | {word: told for word, (_, told) in bounds.items()},
    }


def _tag_key() -> Schema:
    reserved = "|".join(_any_case(one) for one in (*_AWS.reserved_tags, ownership.PREFIX))
    length = f"a tag's key must have 1 to {_AWS.tag_key_length} characters"
    return {
        "type": "string",
        "minLength": 1,
        "maxLength": _AWS.tag_key_length,
        "pattern": whole(f"(?!{reserved}){_TAG_TEXT}"),
        "message": {
            "minLength": length,
            "maxLength": length,
            "pattern": "a tag's key may contain letters, digits, spaces and _.:/=+-@, and must not "
            f"begin with {' or '.join((*_AWS.reserved_tags, ownership.PREFIX))}",
        },
    }


def _tag_value() -> Schema:
    return {
        "type": "string",
        "maxLength": _AWS.tag_value_length,
        "pattern": whole(_TAG_TEXT),
        "message": {
            "maxLength": f"a tag's value must have at most {_AWS.tag_value_length} characters",
            "pattern": "a tag's value may contain letters, digits, spaces and _.:/=+-@",
        },
    }


def _any_case(text: str) -> str:
    """Return a pattern for a text in upper or lower case."""
    return "".join(f"[{c}{c.upper()}]" if c.isalpha() else c.replace("-", r"\-") for c in text)


def _tag() -> Schema:
    return {
        "type": "object",
        "properties": {"Key": _tag_key(), "Value": _tag_value()},
        "required": ["Key", "Value"],
        "additionalProperties": False,
    }


def _tags(name: str) -> Schema:
    """Return the native list of keys and values, or a mapping of text to text."""
    room = _AWS.tags - ownership.MARKS
    many = (
        f"{name} may have {room} tags: a secret has {_AWS.tags}, {ownership.MARKS} of them kept "
        "for ownership"
    )
    key = {word: each for word, each in _tag_key().items() if word != "type"}
    return {
        "type": ["array", "object"],
        "items": {"$ref": "#/definitions/Tag"},
        "uniqueKeys": ["Key"],
        "maxItems": room,
        "propertyNames": key,
        "additionalProperties": _tag_value(),
        "maxProperties": room,
        "message": {
            "type": f"{name} must be a list of Key and Value, or a mapping",
            "uniqueKeys": f"{name} must not have the same key twice",
            "maxItems": many,
            "maxProperties": many,
        },
    }


def _nested(given: Mapping[str, FieldInfo]) -> Iterator[tuple[str, Schema]]:
    """Yield a definition for each property that has properties of its own."""
    for name, info in given.items():
        kind = fields.nested(info)
        if kind:
            inner = {fields.pascal(n): each for n, each in kind.model_fields.items()}
            shape = {"type": f"{name} must be a mapping"}
            yield (
                name,
                {
                    "type": "object",
                    "properties": {n: _property(n, each) for n, each in inner.items()},
                    "additionalProperties": False,
                    **_GENERATE,
                    "message": shape | _GENERATE["message"],
                },
            )


_SWITCHES = ("ExcludeLowercase", "ExcludeUppercase", "ExcludeNumbers", "ExcludePunctuation")
_NOTHING_LEFT = "all characters are excluded: allow some, such as by IncludeSpace"
_GENERATE: Schema = {
    "dependentRequired": {
        "SecretStringTemplate": ["GenerateStringKey"],
        "GenerateStringKey": ["SecretStringTemplate"],
    },
    "message": {
        "dependentRequired": "SecretStringTemplate and GenerateStringKey need each other: declare "
        "both, or none for the password alone"
    },
    "if": {"anyOf": [{"properties": {name: {"not": {"enum": _TRUE}}}} for name in _SWITCHES]},
    "else": {
        "properties": {"IncludeSpace": {"enum": _TRUE, "message": {"enum": _NOTHING_LEFT}}},
        "required": ["IncludeSpace"],
        "message": {"required": _NOTHING_LEFT},
    },
}
"""What fits no generated value although each parameter alone is right."""


def _values(given: Mapping[str, FieldInfo]) -> list[str]:
    """Return the properties that hold a value, or make one."""
    return [n for n, i in given.items() if fields.traits(i).sensitive or fields.nested(i)]


def _exclusions(given: Mapping[str, FieldInfo]) -> Schema:
    """Return what fits no secret although each property alone is right."""
    values = _values(given)
    return {
        "dependentExcluded": {
            name: values[at + 1 :] for at, name in enumerate(values[:-1])
        },
        "allOf": [_rule(*each) for each in _RULES],
        "message": {
            "dependentExcluded": f"{', '.join(values)} exclude each other: keep one of them"
        },
    }  # fmt: skip


_FORCE, _DELETION, _WINDOW = "ForceDeleteWithoutRecovery", "Deletion", "RecoveryWindowInDays"
_BOTH = f"{_WINDOW} and deletion by force exclude each other: remove one of them"
_REPLACE = (
    f"OnRecreate = replace destroys the pending secret for good: it needs {_FORCE} as well, or use "
    "restore"
)


def _excludes(name: str) -> Schema:
    return {"dependentExcluded": {name: [_WINDOW]}, "message": {"dependentExcluded": _BOTH}}


_RULES: tuple[tuple[str, list[Any], Schema], ...] = (
    (_FORCE, _TRUE, _excludes(_FORCE)),
    (_DELETION, ["force"], _excludes(_DELETION)),
    (
        _FORCE,
        _TRUE,
        {
            "properties": {
                _DELETION: {
                    "enum": ["force"],
                    "message": {"enum": f"{_FORCE} contradicts {_DELETION}: remove one of them"},
                }
            }
        },
    ),
    (
        "OnRecreate",
        ["replace"],
        {
            "if": {"properties": {_DELETION: {"enum": ["force"]}}, "required": [_DELETION]},
            "else": {
                "properties": {_FORCE: {"enum": _TRUE, "message": {"enum": _REPLACE}}},
                "required": [_FORCE],
                "message": {"required": _REPLACE},
            },
        },
    ),
)
"""If the property has one of the values, then this holds too."""


def _rule(name: str, values: list[Any], consequence: Schema) -> Schema:
    """Return "if so, then" as "if not so, or else".

    A dynamic reference passes any condition; in this form nothing follows from it.
    """
    return {"if": {"properties": {name: {"not": {"enum": values}}}}, "else": consequence}
