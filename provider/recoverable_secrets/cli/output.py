"""What people and scripts read: results to stdout, all else to stderr.

Nothing here gets to see a value: no command asks for one.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from json import dumps as json_text
from typing import IO, Any, cast

from pydantic import BaseModel
from rich import box
from rich.console import Console
from rich.status import Status
from rich.table import Table
from rich.text import Text

from . import exits

_NARROWEST = 60
"""Fewest characters in a line of a table."""

_BEYOND_ASCII = re.compile(r"[^\n -~]")

_EACH = 10
"""How many pages go by from one line of progress to the next where no terminal is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table.

    Attributes:
        head: What stands above it.
        ratio: Its share of the width that is left; none if it is as wide as its content.
        right: Whether it holds numbers.
        style: How it looks on a terminal.
    """

    head: str
    ratio: int | None = None
    right: bool = False
    style: str = ""


def clean(text: object) -> str:
    """Return text that cannot steer a terminal, whatever somebody wrote into a description."""
    return "".join(
        c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in str(text)
    )


def day(date: dt.datetime | None, unknown: str = "-") -> str:
    """Return a date as people read it, in UTC."""
    return unknown if date is None else f"{date.astimezone(dt.UTC):%Y-%m-%d}"


def flat(text: object) -> str:
    """Return text that stays in its field of its line."""
    return clean(text).replace("\n", "\N{REPLACEMENT CHARACTER}")


def _escaped(json: str) -> str:
    """Return JSON, the same in meaning, that cannot steer a terminal either."""
    return _BEYOND_ASCII.sub(
        lambda found: found[0] if found[0].isprintable() else json_text(found[0])[1:-1], json
    )


class Output:
    """Where a command writes.

    Attributes:
        json: Whether results are one JSON document, and no text.
        must_finish: Whether the command goes on when nobody reads its results any more, because
            it is changing secrets: what it says then goes to stderr.
        streams: Whether each document is one line.
    """

    def __init__(self, *, json: bool = False) -> None:
        """Write to the process's own streams.

        Args:
            json: Whether results are JSON.
        """
        self.json = json
        self.must_finish = False
        self.streams = False
        self._stream = sys.stdout  # rich puts another in its place while it shows progress.
        self._results = _console(self._stream)
        self._asides = _console(_Patient(sys.stderr))
        self._status: Status | None = None

    @property
    def width(self) -> int:
        """How many characters fit in a line."""
        return self._results.width

    def table(
        self, columns: Sequence[Column], rows: Sequence[Sequence[object]], title: str = ""
    ) -> None:
        """Show rows under their columns, and say so where there are none."""
        table = Table(
            title=Text(clean(title)) if title else None,
            title_justify="left",
            box=box.SIMPLE_HEAD,
            pad_edge=False,
            expand=any(column.ratio for column in columns),
        )
        for column in columns:
            table.add_column(
                column.head,
                ratio=column.ratio,
                justify="right" if column.right else "left",
                style=column.style,
                overflow="fold",
                no_wrap=column.ratio is None,
            )
        for row in rows:
            table.add_row(*(cell if isinstance(cell, Text) else Text(clean(cell)) for cell in row))
        self._write(table)

    def line(self, text: str, style: str = "") -> None:
        """Show a result as text; with JSON it is left out, for it stands in the document."""
        if not self.json:
            self._write(Text(clean(text), style))

    def pairs(self, pairs: Sequence[tuple[str, object]]) -> None:
        """Show what is known of one thing: names and contents."""
        grid = Table.grid(padding=(0, 2))
        grid.add_column(style="bold", no_wrap=True)
        grid.add_column(overflow="fold")
        for name, content in pairs:
            grid.add_row(Text(name), Text(clean(content)))
        self._write(grid)

    def document(self, report: BaseModel) -> None:
        """Write the JSON document of a command; without `--json` nothing."""
        if self.json:
            self.raw(_escaped(report.model_dump_json(indent=None if self.streams else 2)))

    def fields(self, fields: Sequence[object]) -> None:
        """Write a line of fields with tabs between them, however long it is."""
        self.raw("\t".join(map(flat, fields)))

    def raw(self, text: str) -> None:
        """Write a line exactly as it is, however long it is."""
        try:
            self._stream.write(text + "\n")
            self._stream.flush()
        except OSError as error:
            self.closed(error)

    def note(self, text: str) -> None:
        """Say what people should know besides."""
        self._aside(f"note: {text}", "dim")

    def warn(self, text: str) -> None:
        """Say what people should beware of."""
        self._aside(f"warning: {text}", "yellow")

    def problem(self, text: str) -> None:
        """Say what went wrong."""
        self._aside(f"error: {text}", "red")

    def aside(self, text: str) -> None:
        """Say to people what is no result, such as a plan that waits for their word."""
        self._aside(text, "")

    @contextlib.contextmanager
    def progress(self, what: str) -> Iterator[Callable[[int, int], None]]:
        """Show that long work goes on: on a terminal all the time, elsewhere in plain lines.

        Args:
            what: What is done, such as `us-east-1`.

        Yields:
            What to call after each page, with the numbers of pages and of secrets so far.
        """
        if not self._live:

            def told(pages: int, secrets: int) -> None:
                if pages % _EACH == 0:
                    self._aside(_progress(what, pages, secrets), "")

            yield told
            return
        with self.busy(what):
            status = self._status
            yield (
                lambda pages, secrets: (
                    status.update(Text(_progress(what, pages, secrets))) if status else None
                )
            )

    @contextlib.contextmanager
    def busy(self, what: str) -> Iterator[None]:
        """Show on a terminal that something is being done."""
        if not self._live:
            yield
            return
        with self._asides.status(Text(f"{clean(what)} ...")) as status:
            self._status = status
            try:
                yield
            finally:
                self._status = None

    def confirm(self, question: str, *, yes: bool) -> bool:
        """Ask for a yes; whether there is one.

        Args:
            question: What is to be confirmed.
            yes: The user said it already, by `--yes`.

        Raises:
            InvalidInput: There is nobody to ask.
        """
        return yes or self.ask(f"{question} [y/N]").lower() in {"y", "yes"}

    def ask(self, question: str, way: str = "--yes") -> str:
        """Ask for a line of text.

        Args:
            question: What is asked.
            way: What to say on the command line where there is nobody to ask.

        Raises:
            InvalidInput: There is nobody to ask.
        """
        if not sys.stdin.isatty():
            raise exits.wrong(
                f"this has to be confirmed, and there is no terminal to ask: say {way}"
            )
        self._asides.print(Text(clean(question)), end=" ")
        return sys.stdin.readline().strip()

    @property
    def _live(self) -> bool:
        """Whether stderr is a terminal on which a line can be written anew."""
        return sys.stderr.isatty() and self._asides.is_interactive

    def _write(self, shown: Table | Text) -> None:
        try:
            with self._still():
                self._results.print(shown, soft_wrap=isinstance(shown, Text))
        except OSError as error:
            self.closed(error)

    @contextlib.contextmanager
    def _still(self) -> Iterator[None]:
        """Take the line of progress away while something else is written."""
        if self._status is None:
            yield
            return
        self._status.stop()
        try:
            yield
        finally:
            self._status.start()

    def closed(self, error: OSError) -> None:
        """Nobody reads any more: end, or go on with stderr in its place.

        Raises:
            Closed: It is to end.
        """
        if not isinstance(error, BrokenPipeError):
            self.problem(f"the results cannot be written: {os.strerror(error.errno or 0)}")
        _sink(self._stream)
        if not self.must_finish:
            raise exits.Closed
        self._results = self._asides

    def _aside(self, text: str, style: str) -> None:
        with self._still():
            self._asides.print(Text(clean(text), style), soft_wrap=True)


class _Patient:
    """A stream that may be lost, such as a terminal that was closed: the work goes on."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write text if that is possible."""
        with contextlib.suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush it if that is possible."""
        with contextlib.suppress(OSError):
            self._stream.flush()


class _Console(Console):
    """A console that says when nobody reads it, and does not end the process itself."""

    def on_broken_pipe(self) -> None:
        """Forget what could not be written."""
        self.quiet = True
        raise BrokenPipeError


def forget_unwritten() -> None:
    """Let go of what cannot be written: Python would try again when it ends, and complain."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            _sink(stream)


def _sink(stream: IO[str]) -> None:
    """Let nobody read a stream."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _console(stream: IO[str] | _Patient) -> _Console:
    console = _Console(file=cast("IO[str]", stream), highlight=False, markup=False, emoji=False)
    console.width = max(console.width, _NARROWEST)  # A narrower one breaks the lines itself.
    return console


def _progress(what: str, pages: int, secrets: int) -> str:
    return f"{clean(what)}: {pages} pages, {secrets} secrets ..."
