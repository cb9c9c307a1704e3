"""What CloudWatch Logs makes of a filter pattern for JSON, as its user guide tells it.

    matches('{ ($.a = "b*") && ($.c != "d") }', {"a": "bc"})

Only strings are compared, by `=` and `!=`. `&&` binds closer than `||`. A field that is not there,
or is not text, matches nothing. An asterisk stands for anything; no other character means
something else than itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

TOKEN = re.compile(
    r"""\s*(?: (?P<mark> && | \|\| | [(){}] | != | = )
      | (?P<field> \$ (?: \.[A-Za-z0-9_]+ )+ )
      | "(?P<text> (?: [^"\\] | \\. )* )" )""",
    re.VERBOSE,
)
LIMIT = 1024


class PatternError(Exception):
    """CloudWatch Logs would refuse this pattern."""


def tokens(pattern: str) -> list[tuple[str, str]]:
    """Split a pattern; each token with its kind."""
    if len(pattern) > LIMIT:
        raise PatternError("too long")
    found, at, end = [], 0, len(pattern.rstrip())
    while at < end:
        token = TOKEN.match(pattern, at)
        if token is None:
            raise PatternError(f"at {pattern[at : at + 20]!r}")
        kind = str(token.lastgroup)
        found.append((kind, token[kind]))
        at = token.end()
    return found


class Reading:
    """A pattern that is read from left to right, and what it makes of a record."""

    def __init__(self, pattern: str, record: Mapping[str, Any]) -> None:
        self.left = tokens(pattern)
        self.record = record

    def take(self, *wanted: str) -> str:
        kind, text = self.left.pop(0) if self.left else ("end", "")
        if wanted and kind not in wanted and text not in wanted:
            raise PatternError(f"{text!r} where {wanted} should be")
        return text

    def next_is(self, text: str) -> bool:
        return bool(self.left) and self.left[0] == ("mark", text)

    def whole(self) -> bool:
        self.take("{")
        found = self.either()
        self.take("}")
        if self.left:
            raise PatternError("something stands after the pattern")
        return found

    def either(self) -> bool:
        found = self.all()
        while self.next_is("||"):
            self.take()
            found = self.all() or found
        return found

    def all(self) -> bool:
        found = self.one()
        while self.next_is("&&"):
            self.take()
            found = self.one() and found
        return found

    def one(self) -> bool:
        if self.next_is("("):
            self.take()
            found = self.either()
            self.take(")")
            return found
        field = self.take("field")
        equal = self.take("=", "!=") == "="
        wanted = self.take("text").replace('\\"', '"')
        held: Any = self.record
        for name in field.split(".")[1:]:
            held = held.get(name) if isinstance(held, Mapping) else None
        if not isinstance(held, str):
            return False
        form = ".*".join(map(re.escape, wanted.split("*")))
        return (re.fullmatch(form, held, re.DOTALL) is not None) is equal


def matches(pattern: str, record: Mapping[str, Any]) -> bool:
    """Whether a record matches.

    Raises:
        PatternError: The pattern is none.
    """
    return Reading(pattern, record).whole()
