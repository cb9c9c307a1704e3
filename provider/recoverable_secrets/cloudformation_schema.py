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
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic.fields import FieldInfo

from . import cloudformation, cloudformation_rules, described
from . import cloudformation_pairs as pairs
from .core import bounds, fields, parse
from .core.model import FIELDS
from .described import Shape
from .stores import limits

Schema = dict[str, Any]

_AWS = limits.AWS
_BASE64 = (
    r"(?=\s*\S)\s*(?:(?:[A-Za-z0-9+/]\s*){4})*"
    r"(?:(?:[A-Za-z0-9+/]\s*){2}(?:=\s*){2}|(?:[A-Za-z0-9+/]\s*){3}=\s*)?"
)


def resource_schema() -> Schema:
    """Return the schema, with the attributes as read-only properties."""
    given = {name: FIELDS[field] for name, field in cloudformation.PROPERTIES.items()}
    told = {name: text for name, text in cloudformation.ATTRIBUTES.items() if name not in given}
    properties = {
        name: _property(field, FIELDS[field]) for name, field in cloudformation.PROPERTIES.items()
    }
    return {
        "typeName": cloudformation.TYPE,
        "description": "A secret in AWS Secrets Manager that survives its stack: deleting the "
        "stack schedules its deletion, deploying it again restores it.",
        "definitions": {
            "Tag": pairs.tag(),
            "Metadata": pairs.metadatum(),
            **dict(_definitions()),
        },
        "properties": _own()
        | properties
        | {alias: _alias(properties, alias) for alias in cloudformation.ALIASES}
        | {name: {"type": "string", "description": text} for name, text in told.items()},
        "additionalProperties": False,
        "required": ["ServiceToken"],
        **cloudformation_rules.of_secret(),
        "createOnlyProperties": _pointers(n for n, i in given.items() if fields.traits(i).replaces),
        "readOnlyProperties": _pointers(told),
        "writeOnlyProperties": _pointers(cloudformation_rules.values_of_secret()),
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


def _property(path: str, info: FieldInfo) -> Schema:
    """Describe a field of the model, or a part of one, such as `replicas.region`."""
    name = fields.pascal(path.rpartition(".")[2])
    text = described.respelt(described.doc(info), fields.pascal)
    meaning = text if "." in path else cloudformation.MEANINGS.get(name, text)
    return _type(path, name, info) | {"description": meaning}


def _alias(properties: Mapping[str, Schema], alias: str) -> Schema:
    """Describe another name of a property, with that name in its texts."""
    name = cloudformation.ALIASES[alias]
    same = properties[name]
    told = {word: text.replace(name, alias) for word, text in same.get("message", {}).items()}
    return same | {"message": told, "description": f"The same as `{name}`."}


def _type(path: str, name: str, info: FieldInfo) -> Schema:
    """Return a field's type and limits."""
    known, ref = fields.traits(info), f"#/definitions/{described.type_name(path, info)}"
    match described.shape(info):
        case Shape.CHOICE:
            return _choice(name, described.bare(info))
        case Shape.PART:
            return {"$ref": ref}
        case Shape.PARTS:
            return _parts(name, ref)
        case Shape.MAP:
            return pairs.tags(name) if path == "tags" else pairs.metadata(name)
        case Shape.TRUTH:
            return _shaped(name, "boolean", "must be true or false")
        case Shape.NUMBER:
            return _whole(name, known.minimum, known.maximum)
        case Shape.TEXTS:
            return _labels(name)
        case Shape.JSON:
            return _shaped(name, "object", "must be a mapping; text goes into SecretString")
        case Shape.DOCUMENT:
            return _document(name)
        case _:
            return _text(path, name)


def _shaped(name: str, kind: str, told: str) -> Schema:
    return {"type": kind, "message": {"type": f"{name} {told}"}}


def _parts(name: str, ref: str) -> Schema:
    return {
        "type": "array",
        "items": {"$ref": ref},
        "uniqueKeys": ["Region"],
        "message": {
            "type": f"{name} must be a list of mappings",
            "uniqueKeys": f"{name} must not name a region twice",
        },
    }


def _labels(name: str) -> Schema:
    length = f"a label of {name} must have 1 to {bounds.LABEL_LENGTH} characters"
    reserved = "a label must be none of the service's own: " + ", ".join(bounds.LABELS_OF_SERVICE)
    return {
        "type": "array",
        "items": {
            "type": "string",
            "minLength": 1,
            "maxLength": bounds.LABEL_LENGTH,
            "not": {"enum": list(bounds.LABELS_OF_SERVICE)},
            "message": {
                "type": "a label must be text",
                "minLength": length,
                "maxLength": length,
                "not": reserved,
            },
        },
        "maxItems": _AWS.labels,
        "uniqueItems": True,
        "message": {
            "type": f"{name} must be a list of text",
            "maxItems": f"{name} may have {_AWS.labels} labels: remove some",
            "uniqueItems": f"{name} must not have the same label twice",
        },
    }


def _document(name: str) -> Schema:
    """Return what a resource policy looks like from outside; the function reads it."""
    told = f"{name} must be a policy as JSON text or as a mapping"
    statement = "the Statement of a policy must be a mapping or a list of mappings"
    return {
        "type": ["object", "string"],
        "pattern": pairs.whole(r"\s*(?:\{[\s\S]*\}\s*)?"),
        "properties": {
            "Statement": {
                "type": ["array", "object"],
                "items": {"type": "object", "message": {"type": statement}},
                "message": {"type": statement},
            }
        },
        "if": {"required": ["Statement"]},
        "else": {"enum": [{}], "message": {"enum": "a policy must have a Statement"}},
        "message": {"type": told, "pattern": told},
    }


def _choice(name: str, kind: type[enum.Enum]) -> Schema:
    choices = [str(member.value) for member in kind]
    told = f"{name} must be one of {', '.join(choices)}"
    if "no" in choices:
        told += '; write "no" in quotes, because YAML takes it for false'
    return {
        "type": "string",
        "enum": choices,
        "pattern": pairs.whole(
            "|".join(choices)
        ),  # cfn-lint takes "false" for any text but "true".
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
        "pattern": pairs.whole("-?[0-9]{1,9}"),
        "message": dict.fromkeys(("type", "minimum", "maximum", "pattern"), told),
    }


def _text(path: str, name: str) -> Schema:
    """Return text with the limits of its field. No message shows what was written."""
    limits_of_text = dict(_limits(path, name))
    shape = "must be text"
    if path in {"secret_string", "secret_string_wo"}:
        shape = "must be text; turn other data into JSON text first"
    return {
        "type": "string",
        **{word: bound for word, (bound, _) in limits_of_text.items()},
        "message": {"type": f"{name} {shape}"}
        | {word: told for word, (_, told) in limits_of_text.items()},
    }


def _limits(path: str, name: str) -> Iterator[tuple[str, tuple[Any, str]]]:
    """Yield each word of the schema that limits a text, with its content and what to say."""
    if path in bounds.PATTERNS:
        pattern, meant = bounds.PATTERNS[path]
        yield "pattern", (pairs.whole(pattern), f"{name} must be {meant}")
    if path in {"name", "name_prefix"}:
        characters = "may contain letters, digits and /_+=.@-! only: remove other characters"
        yield "pattern", (pairs.whole(f"(?:{_AWS.name_characters})*"), f"{name} {characters}")
    if path == "secret_binary":
        yield "pattern", (pairs.whole(_BASE64), f"{name} must be base64 text of one byte or more")
    if path not in _LENGTHS:
        return
    least, most, told = _LENGTHS[path]
    if least:
        yield "minLength", (least, f"{name} {told}")
    if most:
        yield "maxLength", (most, f"{name} {told}")


_PREFIX_LENGTH = _AWS.name_length - parse.SUFFIX
_VALUE = (
    1,
    _AWS.value_bytes,
    f"must have 1 to {_AWS.value_bytes} bytes; leave it out for no value",
)
_LENGTHS: Mapping[str, tuple[int, int, str]] = {
    "name": (1, _AWS.name_length, f"must have 1 to {_AWS.name_length} characters"),
    "name_prefix": (
        1,
        _PREFIX_LENGTH,
        f"must have 1 to {_PREFIX_LENGTH} characters: {parse.SUFFIX} more are added",
    ),
    "description": (
        0,
        _AWS.description_length,
        f"must have at most {_AWS.description_length} characters",
    ),
    "type": (1, bounds.TYPE_LENGTH, f"must have 1 to {bounds.TYPE_LENGTH} characters"),
    "secret_string": _VALUE,
    "secret_string_wo": _VALUE,
    "generate_secret_string.generate_string_key": (1, 0, "must have at least one character"),
    "generate_secret_string.exclude_characters": (0, 4096, "must have at most 4096 characters"),
}
"""The least and the most characters of a text, 0 for no bound, and what to say."""


def _definitions() -> Iterator[tuple[str, Schema]]:
    """Yield a definition for each property that has properties of its own."""
    for name, field in cloudformation.PROPERTIES.items():
        info = FIELDS[field]
        part = fields.nested(info)
        if part is None:
            continue
        rules = cloudformation_rules.OF_PARTS[field]
        kind = described.type_name(field, info)
        shown = "an item of " + name if parse.many(info) else name
        yield (
            kind,
            {
                "type": "object",
                "properties": {
                    fields.pascal(inner): _property(f"{field}.{inner}", each)
                    for inner, each in part.model_fields.items()
                    if f"{field}.{inner}" not in cloudformation.PARTS_ELSEWHERE
                },
                "additionalProperties": False,
                **rules,
                "message": {"type": f"{shown} must be a mapping"} | rules["message"],
            },
        )
