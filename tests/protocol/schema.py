"""A small strict checker for JSON schemas: a keyword that it does not know is an error."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

RESPONSE: Mapping[str, Any] = json.loads(
    (Path(__file__).parent / "response.schema.json").read_text()
)

_TYPES: Mapping[str, type] = {"object": dict, "array": list, "string": str, "boolean": bool}
_Check = Callable[[Any, Any, Mapping[str, Any], str], Iterator[str]]


def problems(value: Any, schema: Mapping[str, Any] = RESPONSE, at: str = "") -> Iterator[str]:
    """Yield what is wrong with a value, each with its place.

    Raises:
        NotImplementedError: The schema has a keyword that is not implemented here.
    """
    unknown = set(schema) - set(_KEYWORDS) - {"title", "then"}
    if unknown:
        raise NotImplementedError(f"keywords {sorted(unknown)} at {at or 'the top'}")
    for keyword, check in _KEYWORDS.items():
        if keyword in schema:
            yield from check(value, schema[keyword], schema, at)


def _type(value: Any, wanted: str, _schema: Mapping[str, Any], at: str) -> Iterator[str]:
    if not isinstance(value, _TYPES[wanted]):
        yield f"{at} is no {wanted}"


def _required(value: Any, wanted: list[str], _schema: Mapping[str, Any], at: str) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (f"{at}.{name} is missing" for name in wanted if name not in value)


def _closed(value: Any, allowed: bool, schema: Mapping[str, Any], at: str) -> Iterator[str]:  # noqa: FBT001 - a keyword's content
    if isinstance(value, dict) and not allowed:
        extra = set(value) - set(schema["properties"])
        yield from (f"{at}.{name} is not foreseen" for name in sorted(extra))


def _properties(
    value: Any, inner: Mapping[str, Any], _schema: Mapping[str, Any], at: str
) -> Iterator[str]:
    if isinstance(value, dict):
        for name, schema in inner.items():
            if name in value:
                yield from problems(value[name], schema, f"{at}.{name}")


def _enum(value: Any, allowed: list[Any], _schema: Mapping[str, Any], at: str) -> Iterator[str]:
    if value not in allowed:
        yield f"{at} is none of {allowed}"


def _const(value: Any, wanted: Any, _schema: Mapping[str, Any], at: str) -> Iterator[str]:
    if value != wanted:
        yield f"{at} is not {wanted}"


def _shortest(value: Any, limit: int, _schema: Mapping[str, Any], at: str) -> Iterator[str]:
    if isinstance(value, str) and len(value) < limit:
        yield f"{at} is shorter than {limit}"


def _longest(value: Any, limit: int, _schema: Mapping[str, Any], at: str) -> Iterator[str]:
    if isinstance(value, str) and len(value) > limit:
        yield f"{at} is longer than {limit}"


def _most(value: Any, limit: int, _schema: Mapping[str, Any], at: str) -> Iterator[str]:
    if isinstance(value, dict) and len(value) > limit:
        yield f"{at} has more than {limit} properties"


def _pattern(value: Any, wanted: str, _schema: Mapping[str, Any], at: str) -> Iterator[str]:
    if isinstance(value, str) and not re.search(wanted, value):
        yield f"{at} does not look like {wanted}"


def _all(value: Any, inner: list[Any], _schema: Mapping[str, Any], at: str) -> Iterator[str]:
    for schema in inner:
        yield from problems(value, schema, at)


def _if(
    value: Any, condition: Mapping[str, Any], schema: Mapping[str, Any], at: str
) -> Iterator[str]:
    if not any(problems(value, condition, at)):
        yield from problems(value, schema["then"], at)


_KEYWORDS: Mapping[str, _Check] = {
    "type": _type,
    "required": _required,
    "additionalProperties": _closed,
    "properties": _properties,
    "enum": _enum,
    "const": _const,
    "minLength": _shortest,
    "maxLength": _longest,
    "maxProperties": _most,
    "pattern": _pattern,
    "allOf": _all,
    "if": _if,
}
