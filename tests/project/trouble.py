"""docs/when-something-went-wrong.md, taken apart, so that tests say and do what it says.

    trouble.check("Throttled", text)                    each quoted line stands in what was told
    trouble.follow("Throttled", {"pulumi up": again})   each command is done, in its order

What is quoted is a block of `text`, a line for a message; `…` stands for anything. What is to be
done is a block of `sh`. test_trouble_page.py finds out whether each block is in some test's hands.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path

from project import readme

PATH = Path(__file__).parents[2] / "docs" / "when-something-went-wrong.md"
PAGE = PATH.read_text()

_HEAD, *_PARTS = re.split(r"^## (.+)$", PAGE, flags=re.MULTILINE)
SECTIONS = {"": _HEAD, **dict(zip(_PARTS[::2], _PARTS[1::2], strict=True))}
"""What stands under each heading; what stands before the first one, under ""."""

Does = Mapping[str, Callable[..., object]]


def blocks(heading: str, language: str) -> list[str]:
    """Return the blocks of one language under a heading."""
    return [each.text for each in readme.blocks(SECTIONS[heading]) if each.language == language]


def check(heading: str, told: str, block: int = 0) -> None:
    """Check that each line of a block of `text` was told."""
    plain = " ".join(re.sub(r"\x1b[^a-zA-Z]*[a-zA-Z]", " ", told).split())
    for line in blocks(heading, "text")[block].splitlines():
        wanted = ".+?".join(re.escape(part) for part in " ".join(line.split()).split("…"))
        assert re.search(wanted, plain), f"not told: {line}\n{told}"


def commands(heading: str, block: int = 0) -> list[str]:
    """Return the lines of a block of `sh`."""
    return blocks(heading, "sh")[block].splitlines()


def follow(heading: str, does: Does, block: int = 0) -> None:
    """Do the commands of a block, each by what stands for its first words.

    Args:
        heading: Where the block stands.
        does: By its first words what a command does; it is given the words that are left.
        block: Which one.
    """
    for line in commands(heading, block):
        known = [first for first in does if f"{line} ".startswith(f"{first} ")]
        assert known, f"nothing here does: {line}"
        first = max(known, key=len)
        does[first](*shlex.split(line.removeprefix(first)))
