"""Tables of rows over factors multiplied out: the first row that fits a cell says what must be."""

from __future__ import annotations

import collections
import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Row = tuple[str, Callable[[Any], bool], tuple[str, ...]]
"""Why, for which cells, and the names of what must be done."""


class Cell:
    """One combination; attributes by the names of the factors."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        self.told = told

    def __getattr__(self, name: str) -> Any:
        return self.told[name]

    def __repr__(self) -> str:
        return ", ".join(f"{name} {told}" for name, told in self.told.items())


def cells(factors: Mapping[str, tuple[Any, ...]]) -> Iterator[Cell]:
    for combination in itertools.product(*factors.values()):
        yield Cell(dict(zip(factors, combination, strict=True)))


def check(rows: tuple[Row, ...], found: Iterator[tuple[Cell, tuple[str, ...]]]) -> int:
    """Hold each cell against the first row that fits; return how many cells there were."""
    used: collections.Counter[str] = collections.Counter()
    wrong = []
    for cell, actions in found:
        why, _, expected = next(row for row in rows if row[1](cell))
        used[why] += 1
        if actions != expected:
            wrong.append(f"{why}: {actions}, not {expected} at {cell}")
    assert not wrong, "\n".join(wrong[:20])
    assert not {row[0] for row in rows} - set(used), "rows that no cell needs"
    return used.total()
