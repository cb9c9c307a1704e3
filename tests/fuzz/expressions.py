"""Whether a regular expression can take very long: an unbounded repeat within another.

Such a pair is harmless where each round of the outer one has to begin or end with a character that
the inner one does not take: then a text falls apart in one way only.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from typing import Any

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from re import _constants as codes
    from re import _parser as parser

MANY = 64
"""A repeat that can be longer than this counts as unbounded."""
_ALL = frozenset(map(chr, range(256)))
_REPEATS = {codes.MAX_REPEAT, codes.MIN_REPEAT}
_KINDS = {codes.CATEGORY_DIGIT: r"\d", codes.CATEGORY_SPACE: r"\s", codes.CATEGORY_WORD: r"\w",
          codes.CATEGORY_NOT_DIGIT: r"\D", codes.CATEGORY_NOT_SPACE: r"\S",
          codes.CATEGORY_NOT_WORD: r"\W"}  # fmt: skip


def doubtful(pattern: str) -> list[str]:
    """Return what is wrong with an expression; nothing if it ends soon on any text."""
    return list(_walk(list(parser.parse(pattern)), None))


def _walk(parts: list[Any], around: list[Any] | None) -> Iterator[str]:
    """Yield faults of a sequence; `around` is the body of the unbounded repeat that it is in."""
    for number, (op, content) in enumerate(parts):
        if op in _REPEATS:
            most, body = content[1], list(content[2])
            unbounded = most is codes.MAXREPEAT or most > MANY
            if unbounded and around is not None and not _apart(body, parts, number):
                yield f"a repeat within a repeat: {body}"
            yield from _walk(body, body if unbounded else around)
        elif op is codes.SUBPATTERN:
            yield from _walk(list(content[3]), around)
        elif op is codes.BRANCH:
            for branch in content[1]:
                yield from _walk(list(branch), around)


def _apart(body: list[Any], parts: list[Any], number: int) -> bool:
    """Whether what follows or goes before a repeat, in the same round, shares nothing with it."""
    inner = frozenset().union(*(_taken(part) for part in body))
    beside = parts[:number] + parts[number + 1 :]
    return any(_required(part) and not _taken(part) & inner for part in beside)


def _required(part: tuple[Any, Any]) -> bool:
    op, content = part
    return content[0] > 0 if op in _REPEATS else op in {codes.LITERAL, codes.IN, codes.NOT_LITERAL}


def _taken(part: tuple[Any, Any]) -> frozenset[str]:
    """Return the characters that a part can take, of the first 256."""
    op, content = part
    if op is codes.LITERAL:
        return frozenset({chr(content)})
    if op is codes.NOT_LITERAL:
        return _ALL - {chr(content)}
    if op is codes.IN:
        return _of_set(content)
    if op in _REPEATS:
        return frozenset().union(*(_taken(each) for each in content[2]))
    if op is codes.SUBPATTERN:
        return frozenset().union(*(_taken(each) for each in content[3]))
    if op is codes.BRANCH:
        return frozenset().union(*(_taken(each) for one in content[1] for each in one))
    return frozenset() if op in {codes.AT, codes.ASSERT, codes.ASSERT_NOT} else _ALL


def _of_set(members: list[Any]) -> frozenset[str]:
    taken: set[str] = set()
    for op, content in members:
        if op is codes.LITERAL:
            taken.add(chr(content))
        elif op is codes.RANGE:
            taken |= set(map(chr, range(content[0], min(content[1], 255) + 1)))
        elif op is codes.CATEGORY:
            taken |= {each for each in _ALL if re.match(_KINDS[content], each)}
    negated = any(op is codes.NEGATE for op, _ in members)
    return _ALL - taken if negated else frozenset(taken)
