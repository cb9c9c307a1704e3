"""Properties that are lists of keys and values, or mappings: tags, and a partner's metadata."""

from __future__ import annotations

from typing import Any

from .core import bounds, ownership
from .stores import limits

Schema = dict[str, Any]

_AWS = limits.AWS
_TAG_TEXT = r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*"


def whole(pattern: str) -> str:
    """Return a pattern for the whole text: `$` alone lets a line end pass."""
    return f"^(?:{pattern})(?!\\n)$"


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


def tag() -> Schema:
    """Return an item of the native list of tags."""
    return {
        "type": "object",
        "properties": {"Key": _tag_key(), "Value": _tag_value()},
        "required": ["Key", "Value"],
        "additionalProperties": False,
    }


def tags(name: str) -> Schema:
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


def metadatum() -> Schema:
    """Return an item of the native list of a partner's metadata."""
    key, value = _metadata_parts()
    return {
        "type": "object",
        "properties": {"Key": key, "Value": value},
        "required": ["Key", "Value"],
        "additionalProperties": False,
    }


def _metadata_parts() -> tuple[Schema, Schema]:
    """Return what a key and a value of an external partner's metadata look like."""
    key = f"a key of metadata must have 1 to {bounds.LABEL_LENGTH} characters"
    value = f"a value of metadata must have 1 to {bounds.METADATA_LENGTH} characters"
    return (
        {
            "type": "string",
            "minLength": 1,
            "maxLength": bounds.LABEL_LENGTH,
            "message": {"minLength": key, "maxLength": key},
        },
        {
            "type": "string",
            "minLength": 1,
            "maxLength": bounds.METADATA_LENGTH,
            "message": {"minLength": value, "maxLength": value},
        },
    )


def metadata(name: str) -> Schema:
    """Return the native list of keys and values, or a mapping of text to text."""
    key, value = _metadata_parts()
    return {
        "type": ["array", "object"],
        "items": {"$ref": "#/definitions/Metadata"},
        "uniqueKeys": ["Key"],
        "propertyNames": {word: each for word, each in key.items() if word != "type"},
        "additionalProperties": value,
        "message": {
            "type": f"{name} must be a list of Key and Value, or a mapping",
            "uniqueKeys": f"{name} must not have the same key twice",
        },
    }
