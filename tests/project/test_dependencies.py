"""What is installed for the tests is what the constraints pin, and no more than is asked for."""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
OWN = "recoverable-secrets"
SEEDS = {"pip"}
"""What a virtual environment begins with."""


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pinned = [re.fullmatch(r"([A-Za-z0-9._-]+)==(\S+)", line) for line in lines]
    return {canonicalize_name(found[1]): found[2] for found in pinned if found}


def needed(name: str, extras: frozenset[str], seen: set[tuple[str, frozenset[str]]]) -> None:
    """Note a distribution and all that it asks for here, with these extras."""
    if (name, extras) in seen:
        return
    seen.add((name, extras))
    for text in importlib.metadata.requires(name) or ():
        asked = Requirement(text)
        if any(_applies(asked, extra) for extra in (*extras, "")):
            needed(canonicalize_name(asked.name), frozenset(asked.extras), seen)


def _applies(asked: Requirement, extra: str) -> bool:
    return asked.marker is None or asked.marker.evaluate({"extra": extra})


def asked_for() -> Iterator[str]:
    seen: set[tuple[str, frozenset[str]]] = set()
    needed(OWN, frozenset({"test"}), seen)
    yield from ({name for name, _ in seen} - {OWN})


def test_all_that_is_asked_for_is_installed_as_pinned() -> None:
    wrong = {
        name: (importlib.metadata.version(name), pins().get(name))
        for name in asked_for()
        if importlib.metadata.version(name) != pins().get(name)
    }
    assert wrong == {}


def test_nothing_is_pinned_that_nobody_asks_for() -> None:
    """A pin that is left over is audited and updated for nothing."""
    assert set(pins()) - set(asked_for()) - SEEDS == set()


def test_every_line_is_a_pin() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    assert [line for line in lines if line and line[0] != "#" and "==" not in line] == []
