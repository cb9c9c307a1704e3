"""A secret value that cannot be shown by accident."""

from __future__ import annotations

import hmac
from typing import Any, NoReturn, Self

from pydantic import GetCoreSchemaHandler
from pydantic_core import core_schema

SHOWN = "[sealed]"


class Sealed:
    """Text or bytes that no repr, format, pickle or JSON shows.

    Whoever needs the content says `reveal()`: only the stores do, in the call that stores
    it, and the surface that hands it back to where it came from.

    >>> Sealed("hunter2")
    Sealed([sealed])
    """

    __slots__ = ("_content",)

    def __init__(self, content: str | bytes) -> None:
        self._content = content

    def reveal(self) -> str | bytes:
        """Return the content: text as `str`, binary as `bytes`."""
        return self._content

    @property
    def size(self) -> int:
        """Length in bytes, text counted in UTF-8."""
        return len(_bytes(self._content))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sealed):
            return NotImplemented
        same_kind = isinstance(self._content, str) == isinstance(other._content, str)
        return same_kind and hmac.compare_digest(_bytes(self._content), _bytes(other._content))

    def __hash__(self) -> int:
        return hash(Sealed)  # one bucket for all: a hash must not tell values apart

    def __repr__(self) -> str:
        return f"Sealed({SHOWN})"

    def __str__(self) -> str:
        return SHOWN

    def __format__(self, spec: str) -> str:
        return format(SHOWN, spec)

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a sealed value is never pickled: pass its source and read it again there")

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """Accept instances only, and show none of them in JSON."""
        return core_schema.is_instance_schema(
            cls,
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda _: SHOWN, when_used="json"
            ),
        )


def _bytes(content: str | bytes) -> bytes:
    return content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
