"""The command as a whole: what there is to say, and what becomes of it."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import Any

import typer

import recoverable_secrets
from recoverable_secrets.core import errors

from . import (
    alarm,
    change,
    doctor,
    exits,
    orphans,
    output,
    owner,
    pending,
    reports,
    status,
    versions,
)
from .exits import Exit

app = typer.Typer(
    name="recoverable-secrets",
    help="Secrets that survive their stack: what is pending deletion, and how to bring it back.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    epilog="Exit codes: 0 done, 1 failed, 2 wrong input, 3 refused, 4 no credentials or "
    "permission, 5 try again later, 6 found what was looked for, 130 interrupted.",
)


def _version(asked: bool) -> None:  # noqa: FBT001  # as typer calls it
    if asked:
        typer.echo(f"recoverable-secrets {recoverable_secrets.__version__}")
        raise typer.Exit


@app.callback()
def _whole(
    *,
    version: bool = typer.Option(  # Its callback does it.
        False, "--version", help="Say which version this is.", callback=_version, is_eager=True
    ),
) -> None:
    pass


for part in (pending, status, change, versions, owner, orphans, alarm, doctor):
    part.register(app)


def run(arguments: Sequence[str]) -> int:
    """Run the command, and return its exit code.

    Args:
        arguments: What stands after the command's name.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        with _asked_to_end():
            return _run(arguments)
    except exits.Closed:  # What ended the command could not be written either.
        return int(Exit.FAILED)
    except OSError as error:  # A page of help cannot be written.
        with contextlib.suppress(exits.Closed):
            output.Output().closed(error)
        return int(Exit.FAILED)
    finally:
        output.forget_unwritten()


@contextlib.contextmanager
def _asked_to_end() -> Iterator[None]:
    """Take what asks a process to end for Ctrl-C: it says how far it came, and then ends."""
    asked = [getattr(signal, name, None) for name in ("SIGTERM", "SIGHUP")]
    before: dict[int, Any] = {}

    def end(number: int, frame: FrameType | None) -> None:
        for each in before:  # They often come in twos, and it is ending already.
            signal.signal(each, lambda *_: None)
        signal.default_int_handler(number, frame)

    if threading.current_thread() is threading.main_thread():
        for number in filter(None, asked):
            if signal.getsignal(number) is signal.SIG_DFL:  # Not so under nohup.
                before[number] = signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _run(arguments: Sequence[str]) -> int:
    whole = typer.main.get_command(app)
    end = SystemExit(int(Exit.DONE))
    try:
        whole.main(args=list(arguments), prog_name="recoverable-secrets")
    except SystemExit as told:  # It always ends itself.
        end = told
    wrong = getattr(end.__context__, "format_message", None)
    if wrong is not None and "--json" in arguments:
        problem = reports.Problem(error="InvalidInput", text=errors.clip(errors.readable(wrong())))
        out = output.Output(json=True)
        out.streams = "--stream" in arguments
        out.document(reports.Failed(problems=[problem]))
    return int(end.code or 0)
