"""Defects: what stands at the head of a patch, and how it is applied to a copy.

    Promise: 1
    Lost: what a user would lose, in one line
    Caught by: tests/core/test_teardown.py::test_something
    --- a/provider/...
    +++ b/provider/...
    @@ ... @@

Lines may have moved since a patch was written: a hunk goes where its lines stand, if they stand
in one place only, and the numbers in its head are not read. So a patch is renewed by hand: its
lines are put as they are now. No tool is needed to apply one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
RENEW = "renew the patch"


class Outdated(AssertionError):
    """The code has changed where a patch wants to change it."""


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines of a file, and what takes their place."""

    path: str
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect:
    """A patch that breaks a promise.

    Attributes:
        name: The file's name without its ending.
        promises: The numbers in section 4 of the design.
        lost: What a user would lose.
        caught_by: The node ids of the tests that fail.
        hunks: What is changed.
    """

    name: str
    promises: tuple[int, ...]
    lost: str
    caught_by: tuple[str, ...]
    hunks: tuple[Hunk, ...]

    @property
    def paths(self) -> tuple[str, ...]:
        """The files that are changed."""
        return tuple(dict.fromkeys(hunk.path for hunk in self.hunks))

    def apply(self, copy: Path) -> None:
        """Change a copy of the product.

        Raises:
            Outdated: What is to be changed does not stand there any more.
        """
        for hunk in self.hunks:
            place = copy / hunk.path
            if not place.is_file():
                raise Outdated(f"{self.name}: there is no {hunk.path}: {RENEW}")
            place.write_text(exchanged(place.read_text(), hunk, self.name))


def exchanged(text: str, hunk: Hunk, name: str) -> str:
    """Return a file's text with one hunk applied."""
    lines, size = text.split("\n"), len(hunk.before)
    found = [at for at in range(len(lines)) if tuple(lines[at : at + size]) == hunk.before]
    if len(found) != 1:
        shown = "\n".join(hunk.before)
        raise Outdated(f"{name}: {hunk.path} has {len(found)} times, not once: {RENEW}\n{shown}")
    return "\n".join([*lines[: found[0]], *hunk.after, *lines[found[0] + size :]])


def read(path: Path, *, drawn: bool = False) -> Defect:
    """Return the defect that a file holds; one that was drawn tells no promise, but its mutant."""
    head, mark, body = path.read_text().partition("\n--- ")
    told = [line.partition(": ")[::2] for line in head.splitlines()]
    known = {"Mutant", "Caught by"} if drawn else {"Promise", "Lost", "Caught by"}
    assert {key for key, _ in told} == known, f"{path.name}: its head has other keys than {known}"
    said = {key: [content for name, content in told if name == key] for key in known}
    return Defect(
        name=path.stem,
        promises=() if drawn else tuple(map(int, " ".join(said["Promise"]).split())),
        lost=" ".join(said["Mutant" if drawn else "Lost"]),
        caught_by=tuple(said["Caught by"]),
        hunks=tuple(_hunks(mark + body)),
    )


def _hunks(diff: str) -> Iterator[Hunk]:
    """Yield the hunks of a unified diff; an empty line stands for an empty line of context."""
    for part in re.split(r"\n(?=--- )", diff):
        head, *hunks = re.split(r"^@@ .*\n", part, flags=re.MULTILINE)
        path = head.partition("+++ b/")[2].strip()
        for hunk in hunks:
            lines = [line or " " for line in hunk.removesuffix("\n").split("\n")]
            before = tuple(line[1:] for line in lines if line[0] in " -")
            yield Hunk(path, before, tuple(line[1:] for line in lines if line[0] in " +"))


DEFECTS = tuple(read(path) for path in sorted(FOLDER.glob("*.patch")))
DRAWN = tuple(read(path, drawn=True) for path in sorted((FOLDER / "drawn").glob("*.patch")))
"""Fifty mutants of the core and the engine, drawn by a fixed seed: see tools/mutation.py."""
