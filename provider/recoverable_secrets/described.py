"""What the declaration of a field tells its readers: the bare type, the meaning, the default."""

from __future__ import annotations

import re
import types
import typing
from typing import Any

from pydantic.fields import FieldInfo

from .core.fields import Spelling
from .core.model import FIELDS


def bare(info: FieldInfo) -> Any:
    """Return a field's type without `None` and without how it is checked."""
    kind = info.annotation
    if isinstance(kind, types.UnionType) or typing.get_origin(kind) is typing.Union:
        kind = next(each for each in typing.get_args(kind) if each is not type(None))
    return typing.get_args(kind)[0] if hasattr(kind, "__metadata__") else kind


def doc(info: FieldInfo) -> str:
    """Return a field's meaning, with its default where it has one of its own."""
    default = info.default
    if default is None:
        return str(info.description)
    shown = str(default).lower() if isinstance(default, bool) else str(default)
    return f"{info.description} Default: {shown}."


def respelt(text: str, spelling: Spelling) -> str:
    """Return a meaning with the fields that it names in a surface's own spelling."""
    return re.sub(
        r"`([a-z_]+)`",
        lambda found: f"`{spelling(found[1])}`" if found[1] in FIELDS else found[0],
        text,
    )
