"""A small strict checker for the schema of the documents: an unknown keyword is an error."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

WHOLE: Mapping[str, Any] = json.loads(
    (Path(__file__).parents[2] / "docs" / "cli.schema.json").read_text()
)
"""The schema as it is published."""

_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "array": lambda value: isinstance(value, list),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "null": lambda value: value is None,
    "object": lambda value: isinstance(value, dict),
    "string": lambda value: isinstance(value, str),
}
_FORMATS: Mapping[str, Callable[[str], object]] = {
    "date": dt.date.fromisoformat,
    "date-time": dt.datetime.fromisoformat,
}
_SILENT = {"default", "description", "title"}


def problems_of(command: str, document: Any) -> list[str]:
    """Return what is wrong with what a command wrote, each with its place."""
    return list(problems(document, WHOLE["documents"][command], command))


def problems(value: Any, schema: Mapping[str, Any], at: str) -> Iterator[str]:
    """Yield what is wrong with a value, each with its place.

    Raises:
        NotImplementedError: The schema has a keyword that is not implemented here.
    """
    unknown = set(schema) - set(_KEYWORDS) - _SILENT
    if unknown:
        raise NotImplementedError(f"{sorted(unknown)} at {at}")
    for keyword, check in _KEYWORDS.items():
        if keyword in schema:
            yield from check(value, schema, at)


def _ref(value: Any, schema: Mapping[str, Any], at: str) -> Iterator[str]:
    yield from problems(value, WHOLE["$defs"][schema["$ref"].removeprefix("#/$defs/")], at)


def _any_of(value: Any, schema: Mapping[str, Any], at: str) -> Iterator[str]:
    tried = [list(problems(value, each, at)) for each in schema["anyOf"]]
    if all(tried):
        yield from tried[0]


def _type(value: Any, schema: Mapping[str, Any], at: str) -> Iterator[str]:
    if not _TYPES[schema["type"]](value):
        yield f"{at} is no {schema['type']}: {value!r}"


def _enum(value: Any, schema: Mapping[str, Any], at: str) -> Iterator[str]:
    if value not in schema["enum"]:
        yield f"{at} is none of {schema['enum']}: {value!r}"


def _const(value: Any, schema: Mapping[str, Any], at: str) -> Iterator[str]:
    if value != schema["const"]:
        yield f"{at} is not {schema['const']}: {value!r}"


def _format(value: Any, schema: Mapping[str, Any], at: str) -> Iterator[str]:
    try:
        if isinstance(value, str):
            _FORMATS[schema["format"]](value)
    except ValueError:
        yield f"{at} is no {schema['format']}: {value!r}"


def _items(value: Any, schema: Mapping[str, Any], at: str) -> Iterator[str]:
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from problems(item, schema["items"], f"{at}[{number}]")


def _required(value: Any, schema: Mapping[str, Any], at: str) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (f"{at}.{name} is missing" for name in schema["required"] if name not in value)


def _properties(value: Any, schema: Mapping[str, Any], at: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name in value.keys() & schema["properties"].keys():
            yield from problems(value[name], schema["properties"][name], f"{at}.{name}")


def _others(value: Any, schema: Mapping[str, Any], at: str) -> Iterator[str]:
    if not isinstance(value, dict):
        return
    allowed = schema["additionalProperties"]
    for name in value.keys() - schema.get("properties", {}).keys():
        if allowed is False:
            yield f"{at}.{name} is not foreseen"
        elif isinstance(allowed, dict):
            yield from problems(value[name], allowed, f"{at}.{name}")


_KEYWORDS: Mapping[str, Callable[[Any, Mapping[str, Any], str], Iterator[str]]] = {
    "$ref": _ref,
    "additionalProperties": _others,
    "anyOf": _any_of,
    "const": _const,
    "enum": _enum,
    "format": _format,
    "items": _items,
    "properties": _properties,
    "required": _required,
    "type": _type,
}
