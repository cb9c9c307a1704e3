"""What the declaration of a field tells its readers: the shape, the meaning, the default."""

from __future__ import annotations

import enum
import re
import types
import typing
from typing import Any

from pydantic.fields import FieldInfo

from .core import fields, model, parse
from .core.fields import Spelling
from .core.model import FIELDS


class Shape(enum.Enum):
    """What can be written for a field; the value says it in plain words."""

    CHOICE = "one of some words"
    TRUTH = "boolean"
    NUMBER = "integer"
    TEXT = "text"
    TRIGGER = "text or integer"
    JSON = "mapping"
    DOCUMENT = "JSON text or mapping"
    MAP = "map of text"
    TEXTS = "list of text"
    PART = "mapping, see below"
    PARTS = "list of mappings, see below"


_SPECIAL = (
    (model.SealedJson, Shape.JSON),
    (model.Document, Shape.DOCUMENT),
    (fields.Trigger, Shape.TRIGGER),
)
_PLAIN = {dict: Shape.MAP, list: Shape.TEXTS, bool: Shape.TRUTH, int: Shape.NUMBER}


def shape(info: FieldInfo) -> Shape:
    """Return a field's shape."""
    kind = bare(info)
    if fields.nested(info):
        return Shape.PARTS if parse.many(info) else Shape.PART
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return Shape.CHOICE
    for marked, special in _SPECIAL:
        if marked in typing.get_args(info.annotation):
            return special
    return _PLAIN.get(typing.get_origin(kind) or kind, Shape.TEXT)


def bare(info: FieldInfo) -> Any:
    """Return a field's type without `None` and without how it is checked."""
    kind = info.annotation
    if isinstance(kind, types.UnionType) or typing.get_origin(kind) is typing.Union:
        kind = next(each for each in typing.get_args(kind) if each is not type(None))
    return typing.get_args(kind)[0] if hasattr(kind, "__metadata__") else kind


def type_name(name: str, info: FieldInfo) -> str:
    """Return what a schema calls the type of a field that has parts, or of its items."""
    part = fields.nested(info)
    return part.__name__ if part and parse.many(info) else fields.pascal(name)


def doc(info: FieldInfo) -> str:
    """Return a field's meaning, with its default where it has one of its own."""
    default = info.default
    if default is None or info.is_required():
        return str(info.description)
    shown = str(default).lower() if isinstance(default, bool) else str(default)
    return f"{info.description} Default: {shown}."


def respelt(text: str, spelling: Spelling) -> str:
    """Return a meaning with the fields that it names in a surface's own spelling."""
    return re.sub(
        r"`([a-z_]+)`",
        lambda found: f"`{spelling(found[1])}`" if found[1] in _NAMES else found[0],
        text,
    )


_NAMES = frozenset(FIELDS) | {
    part
    for info in FIELDS.values()
    for part in getattr(fields.nested(info), "model_fields", ())
    if "_" in part
}
"""What can be named in a meaning. A part's name of one word would also be an ordinary word."""
