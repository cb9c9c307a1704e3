"""Where things are written: a terminal, a pipe that closes, text that is not safe."""

from __future__ import annotations

import datetime as dt
import io
import json
import sys

import pytest

from cli.conftest import Runner, World
from recoverable_secrets import cli
from recoverable_secrets.cli import exits, output
from recoverable_secrets.cli.output import Column, Output
from recoverable_secrets.cli.reports import Failed


class Screen(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


class Closed(io.StringIO):
    """A stream that nobody reads any more, after so many writes."""

    def __init__(self, writes: int = 0) -> None:
        super().__init__()
        self.writes = writes

    def write(self, text: str) -> int:
        if self.writes <= 0:
            raise BrokenPipeError
        self.writes -= 1
        return super().write(text)


def on_a_screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    """Let stderr be a terminal."""
    screen = Screen()
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr(sys, "stderr", screen)
    return screen


def test_progress_stands_in_a_line_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    screen, out = on_a_screen(monkeypatch), Output()
    with out.progress("us-east-1") as told:
        told(3, 250)
        out.note("meanwhile")
    assert "us-east-1: 3 pages, 250 secrets ..." in screen.getvalue()
    assert "note: meanwhile\n" in screen.getvalue().replace("\x1b[0m", "").replace("\x1b[2m", "")


def test_results_do_not_end_up_in_the_progress(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    screen, out = on_a_screen(monkeypatch), Output()
    with out.busy("restoring"):
        out.line("db: done")
        out.raw('{"name": "db"}')
    assert capsys.readouterr().out == 'db: done\n{"name": "db"}\n'
    assert "restoring ..." in screen.getvalue()
    assert "db" not in screen.getvalue()


@pytest.mark.parametrize("way", ["line", "table", "raw", "document", "pairs"])
def test_nobody_reads_the_results(monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    monkeypatch.setattr(sys, "stdout", Closed())
    out = Output(json=way == "document")
    write = {
        "line": lambda: out.line("text"),
        "table": lambda: out.table([Column(head="A")], [["b"]]),
        "raw": lambda: out.raw("text"),
        "document": lambda: out.document(Failed(problems=[])),
        "pairs": lambda: out.pairs([("a", "b")]),
    }[way]
    with pytest.raises(exits.Closed):
        write()


def test_what_must_be_finished_goes_on_at_stderr(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdout", Closed())
    out = Output()
    out.must_finish = True
    out.line("a: done")
    out.line("b: done")
    assert capsys.readouterr().err.splitlines()[-1] == "b: done"


def test_what_is_no_result_is_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    out = Output()
    out.note("a")
    out.warn("b")
    out.problem("c")
    out.aside("d")
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "note: a\nwarning: b\nerror: c\nd\n")


def test_nobody_reads_the_problems_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Closed())
    Output().problem("unheard")


def test_a_command_whose_reader_went_away_ends_quietly(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world.pending("db")
    monkeypatch.setattr(sys, "stdout", Closed())
    assert cli.main(["pending"]) == 1
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("two\nlines", "two\nlines"),
        ("\x1b]0;title\x07", "\ufffd]0;title\ufffd"),
        ("back\x08space\r", "back\ufffdspace\ufffd"),
        ("[red]no markup[/red]", "[red]no markup[/red]"),
        ("\u202eturned", "\ufffdturned"),
    ],
)
def test_nothing_steers_the_terminal(
    capsys: pytest.CaptureFixture[str], text: str, shown: str
) -> None:
    Output().line(text)
    assert capsys.readouterr().out == shown + "\n"


def test_with_json_results_are_the_document_alone(capsys: pytest.CaptureFixture[str]) -> None:
    out = Output(json=True)
    out.line("left out")
    out.document(Failed(problems=[]))
    assert json.loads(capsys.readouterr().out) == {"problems": []}
    Output().document(Failed(problems=[]))
    assert capsys.readouterr().out == ""


def test_days_are_in_utc() -> None:
    late = dt.datetime(2030, 1, 1, 23, 30, tzinfo=dt.timezone(-dt.timedelta(hours=5)))
    assert output.day(late) == "2030-01-02"
    assert (output.day(None), output.day(None, "?")) == ("-", "?")


def test_the_version_is_told(ran: Runner) -> None:
    assert ran("--version").out.startswith("recoverable-secrets ")


def test_streams_of_another_kind_are_left_as_they_are(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An embedding program may have put its own in their place."""
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert cli.main(["pending"]) == 0
    assert isinstance(sys.stdout, io.StringIO)
    assert "no secret is scheduled" in sys.stdout.getvalue()
