"""What a call came to, in words that are the same on both sides.

Names, ARNs, accounts, regions, tokens and version ids differ from run to run; what is left of an
answer once they are replaced can be compared.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

from botocore import exceptions

OK = "ok"

_ARN = re.compile(r"arn:aws[\w-]*:[a-z]+:[\w-]*:\d*:[^\s\"'\],]*[^\s\"'\],.]")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclasses.dataclass(frozen=True)
class Outcome:
    """An answer, normalized.

    Attributes:
        code: "ok", or the error code.
        shape: The members of the answer, and what the row found out besides, as "name = what".
        message: The text of an error.
        note: What is worth knowing but differs from run to run: never compared.
    """

    code: str = OK
    shape: tuple[str, ...] = ()
    message: str = ""
    note: str = dataclasses.field(default="", compare=False)

    def also(self, *, note: str = "", **found: object) -> Outcome:
        """Add what a row found out besides the answer."""
        more = tuple(f"{name} = {what}" for name, what in found.items())
        return dataclasses.replace(self, shape=(*self.shape, *more), note=note or self.note)

    def __str__(self) -> str:
        """Return one line for people."""
        text = ": ".join(part for part in (self.code, self.message) if part)
        shape = ", ".join(self.shape)
        return " ".join(
            part for part in (text, f"({shape})" if shape else "", f"[{self.note}]") if part
        ).removesuffix(" []")


class Words:
    """Replaces what differs from run to run by what it is."""

    def __init__(self, known: Mapping[str, str]) -> None:
        """Start with some texts and what stands for them."""
        self._known = dict(known)

    def learn(self, text: str, placeholder: str) -> None:
        """Know one more text."""
        self._known[text] = placeholder

    def of(self, text: str) -> str:
        """Return a text with everything known replaced, the longest first."""
        text = _ARN.sub("<arn>", text)
        for known in sorted(self._known, key=len, reverse=True):
            text = text.replace(known, self._known[known])
        return _UUID.sub("<id>", text)

    def value(self, content: Any) -> str:
        """Render a part of an answer."""
        if isinstance(content, Mapping):
            inner = sorted(f"{self.of(str(k))}: {self.value(v)}" for k, v in content.items())
            return "{" + ", ".join(inner) + "}"
        if isinstance(content, list | tuple):
            return "[" + ", ".join(map(self.value, content)) + "]"
        if isinstance(content, dt.datetime):
            return "<date>"
        return self.of(str(content))

    def answer(self, given: Mapping[str, Any], show: tuple[str, ...] = ()) -> Outcome:
        """Normalize an answer: its members, and what is in those to show."""
        members = sorted(set(given) - {"ResponseMetadata"})
        return Outcome(
            shape=tuple(
                f"{name} = {self.value(given[name])}" if name in show else name for name in members
            )
        )

    def error(self, error: exceptions.ClientError) -> Outcome:
        """Normalize an error."""
        told = error.response["Error"]
        return Outcome(code=str(told.get("Code")), message=self.of(str(told.get("Message", ""))))
