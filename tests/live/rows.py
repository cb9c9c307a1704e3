"""What a row is: one fact about AWS, as a function that finds it out.

    rows = Rows("Values")

    @rows.add("PutSecretValue, known token, other value", "D")
    def put_other(at: Scene) -> Outcome:
        ...

Sources, as in the fact sheet: D the API reference, S public snapshot tests, T errors quoted in
public issues, E the emulator's guess, ? left open by AWS.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Literal

from .outcome import Outcome
from .scene import Scene

Source = Literal["D", "S", "T", "E", "?"]
Play = Callable[[Scene], Outcome]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
    """One fact.

    Attributes:
        section: What it belongs to.
        title: What is called, and in which state.
        source: Where the double's answer comes from.
        play: Finds it out on one side; None where AWS cannot be brought to it.
        quoted: The text of the double's error is known to be AWS's own, so that it has to match.
        knob: The field of `emulation.Behaviour` that selects the double's answer.
        slow: Why it takes long; such rows are left out unless asked for.
        never: Why it cannot be played.
    """

    section: str
    title: str
    source: Source
    play: Play | None
    quoted: bool = False
    knob: str | None = None
    slow: str = ""
    never: str = ""


class Rows:
    """The rows of one section, in order."""

    def __init__(self, section: str) -> None:
        """Start a section."""
        self.section = section
        self._rows: list[Row] = []

    def __iter__(self) -> Iterator[Row]:
        """Go through the rows."""
        return iter(self._rows)

    def put(
        self,
        play: Play,
        title: str,
        source: Source,
        *,
        quoted: bool = False,
        knob: str | None = None,
        slow: str = "",
    ) -> None:
        """Append a row."""
        row = Row(
            section=self.section,
            title=title,
            source=source,
            play=play,
            quoted=quoted,
            knob=knob,
            slow=slow,
        )
        self._rows.append(row)

    def add(
        self,
        title: str,
        source: Source,
        *,
        quoted: bool = False,
        knob: str | None = None,
        slow: str = "",
    ) -> Callable[[Play], Play]:
        """Append the function below as a row."""

        def register(play: Play) -> Play:
            self.put(play, title, source, quoted=quoted, knob=knob, slow=slow)
            return play

        return register

    def unplayable(self, title: str, source: Source, why: str, *, knob: str | None = None) -> None:
        """Append a fact that AWS cannot be brought to show here."""
        row = Row(section=self.section, title=title, source=source, play=None, knob=knob, never=why)
        self._rows.append(row)
