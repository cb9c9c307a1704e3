"""What nobody would write, and what becomes of good input when parts of it are changed.

Mutations keep most of an input as it was: so they come past the first check.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st

Path = tuple[Any, ...]
Draw = Callable[[st.SearchStrategy[Any]], Any]

_DEEPEST = 8
_MOST_PATHS = 200
HUGE = 10**5000
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
WRAPPED = "4dabf18193072939515e22adb298388d"


def deep(levels: int, *, lists: bool = False) -> Any:
    """Return data that is nested so deeply."""
    made: Any = "end"
    for _ in range(levels):
        made = [made] if lists else {"a": made}
    return made


def levels(whole: Any) -> int:
    """Return how deeply data is nested."""
    found, left = 0, [(whole, 1)]
    while left:
        part, level = left.pop()
        found = max(found, level)
        inner = part.values() if isinstance(part, dict) else part
        if isinstance(part, dict | list):
            left += [(each, level + 1) for each in inner]
    return found


def wrapped(content: object) -> dict[str, object]:
    """Return content as Pulumi marks a secret."""
    return {WRAPPED: "1b47061264138c4ac30d75fd1eb44270", "value": content}


SCRAPS = (
    "", " ", "\0", "\n", "\t", "\x1b[31m", "\x7f", "\u00a0", "\u200b", "\u202e", "\u2028", "\ufeff",
    "\ud800", "\udfff", "\U0001f511", "\uff41", "\u0430", "\u0131", "\u212a", "\u0663", "\uff11",
    "e\u0301", "'", '"', "\\", "$", "{", "}", "*", "?", "-", "=", "==", ":", "/", "..", ",", "%00",
    "arn:", "${x}", "{{resolve:ssm-secure:x}}", "0", "-0", "+1", "1e3", "0x7", "1_0", "b'x'",
)  # fmt: skip
"""Pieces of text that tend to be taken for something else, or for nothing."""

TEXTS = (
    *SCRAPS, "true", "True", "TRUE", "false", "yes", "no", "null", "None", "NaN", "Infinity", "7",
    "7.0", "30", "0007", "9" * 400, "a" * 300, "a" * 10_000, "\U0001f511" * 700, "-AbCdEf",
    "not json", "{}", "[]", '{"a":1,"a":2}', '{"a":NaN}', '{"a":' + "9" * 5000 + "}",
    "[" * 3000, '{"a":' * 1000 + "1" + "}" * 1000, '"\\ud800"', UNKNOWN, "aws:x", "AWSCURRENT",
)  # fmt: skip

ATOMS: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 7, 7.0, 7.5, 30, 2**31, 2**63, HUGE, -HUGE, 1e22, 1e308, -0.0,
    float("nan"), float("inf"), -float("inf"), [], {}, [[]], [{}], [None], {"a": None}, {"": ""},
    {"Ref": "AWS::NoValue"}, {"Fn::GetAtt": ["A", "Arn"]}, {"Key": "a", "Value": "b"},
    [{"Key": "a", "Value": "b"}, {"Key": "a", "Value": "c"}], wrapped("x"), wrapped(None),
    deep(50), deep(50, lists=True), deep(900), deep(900, lists=True), deep(5000),
    ["a"] * 2000, {str(n): n for n in range(1000)}, *TEXTS,
)  # fmt: skip
"""What an engine or a template can hand over in place of anything."""


def long(atom: object) -> bool:
    """Whether this is a number that JSON's reader refuses for its length."""
    return isinstance(atom, int) and abs(atom) >= HUGE


def atoms(*more: Any) -> st.SearchStrategy[Any]:
    """Odd content."""
    return st.sampled_from((*ATOMS, *more))


def _paths(whole: Any) -> list[Path]:
    """Return the places of all parts, those near the surface only."""
    found: list[Path] = [()]
    for path in found:
        if len(path) >= _DEEPEST or len(found) > _MOST_PATHS:
            break
        part = at(whole, path)
        if isinstance(part, dict):
            found += [(*path, key) for key in part]
        elif isinstance(part, list):
            found += [(*path, number) for number in range(len(part))]
    return found


def at(whole: Any, path: Path) -> Any:
    """Return the part of data at a place."""
    for step in path:
        whole = whole[step]
    return whole


def put(whole: Any, path: Path, content: Any) -> Any:
    """Return data with other content at a place; what is on the way is copied."""
    if not path:
        return content
    copied = dict(whole) if isinstance(whole, dict) else list(whole)
    copied[path[0]] = put(whole[path[0]], path[1:], content)
    return copied


def _without(whole: Any, path: Path) -> Any:
    if not path:
        return {}
    parent = at(whole, path[:-1])
    if isinstance(parent, dict):
        rest: Any = {key: part for key, part in parent.items() if key != path[-1]}
    else:
        rest = parent[: path[-1]] + parent[path[-1] + 1 :]
    return put(whole, path[:-1], rest)


def _renamed(draw: Draw, whole: Any, path: Path, names: Sequence[str]) -> Any:
    """Return data with a part under another name, or a second time under it."""
    parent = at(whole, path[:-1]) if path else whole
    if not path or not isinstance(parent, dict) or not isinstance(path[-1], str):
        return whole
    other = draw(st.sampled_from((*names, *SCRAPS)) | mutated_text(st.just(path[-1])))
    kept = draw(st.booleans())
    rest = {key: part for key, part in parent.items() if kept or key != path[-1]}
    return put(whole, path[:-1], {**rest, other: parent[path[-1]]})


def _doubled(whole: Any, path: Path) -> Any:
    parent = at(whole, path[:-1]) if path else None
    if not isinstance(parent, list):
        return put(whole, path, [at(whole, path)] * 2)
    return put(whole, path[:-1], [*parent, parent[path[-1]]])


def _retyped(draw: Draw, part: Any) -> Any:
    """Return content in another type that may, or may not, mean the same."""
    ways: list[Callable[[Any], Any]] = [
        lambda each: [each], lambda each: {"a": each}, wrapped, lambda each: [each, each],
    ]  # fmt: skip
    if isinstance(part, bool | int | float | str):
        ways += [_shown, lambda each: _shown(each).upper()]
    if isinstance(part, str):
        ways += [len, lambda each: each.encode("utf-8", "surrogatepass"), repr]
    if isinstance(part, dict | list):
        ways += [_json, list, lambda each: str(len(each))]
    if isinstance(part, int) and abs(part) < 1e15:
        ways += [float, lambda each: each + 1, lambda each: -each, bool]
    return draw(st.sampled_from(ways))(part)


def _shown(part: Any) -> str:
    try:
        return str(part)
    except ValueError:  # More digits than Python turns into text.
        return "9" * 5001


def _json(part: Any) -> str:
    try:
        return json.dumps(part, default=str)
    except (ValueError, TypeError, RecursionError):
        return "[" * 2000


@st.composite
def mutated_text(draw: Draw, bases: st.SearchStrategy[str], most: int = 2) -> str:
    """Texts with a few characters changed, put in, taken away, repeated, or cut off."""
    text = draw(bases)
    for _ in range(draw(st.integers(1, most))):
        place = draw(st.integers(0, len(text)))
        how = draw(st.integers(0, 7))
        scrap = draw(st.sampled_from(SCRAPS))
        text = (
            text[:place] + scrap + text[place:],
            text[:place] + scrap + text[place + 1 :],
            text[:place] + text[place + 1 :],
            text[:place],
            text[place:] + text[:place],
            text[:place] + text[place : place + 9] * 3 + text[place:],
            text.swapcase(),
            text[:place] + text[place:].replace(text[place : place + 1], scrap)
            if place < len(text)
            else scrap * 300,
        )[how]
    return text


@st.composite
def mutated(
    draw: Draw,
    bases: st.SearchStrategy[Any],
    names: Sequence[str] = (),
    most: int = 3,
    more: Sequence[Any] = (),
) -> Any:
    """Data with some parts changed; about a fourth stays as it is.

    Args:
        draw: Hypothesis's.
        bases: Good data.
        names: Keys to rename others to.
        most: The most changes.
        more: Content, besides `ATOMS`, to put in place of any.
    """
    whole = draw(bases)
    for _ in range(draw(st.integers(0, most))):
        paths = _paths(whole)
        path = draw(st.sampled_from(paths[1:] or paths))
        part = at(whole, path)
        match draw(st.integers(0, 8)):
            case 0 | 1:
                whole = put(whole, path, draw(atoms(*more)))
            case 2 if path:
                whole = _without(whole, path)
            case 3 if path:
                whole = _renamed(draw, whole, path, names)
            case 4:
                whole = put(whole, path, at(whole, draw(st.sampled_from(paths))))
            case 5:
                whole = _doubled(whole, path)
            case 6 | 7 if isinstance(part, str):
                whole = put(whole, path, draw(mutated_text(st.just(part))))
            case _:
                whole = put(whole, path, _retyped(draw, part))
    return whole
