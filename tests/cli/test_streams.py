"""Streams that are closed or full, and requests to end, within this process."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import signal
import sys
import threading

import pytest

from recoverable_secrets import cli
from recoverable_secrets.cli import app


class Full(io.StringIO):
    """A stream to a disk that is full."""

    def write(self, _: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_closed_streams_are_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    code = cli.main(["--version"])
    for name in ("stdin", "stdout", "stderr"):
        with contextlib.suppress(OSError):
            getattr(sys, name).close()
    assert code == 1, "the version could not be said"


def test_a_full_disk_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdout", Full())
    assert cli.main(["--help"]) == 1
    assert "cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_being_asked_to_end_is_as_ctrl_c(number: signal.Signals) -> None:
    with pytest.raises(KeyboardInterrupt), app._asked_to_end():
        os.kill(os.getpid(), number)
    assert signal.getsignal(number) is signal.SIG_DFL


def test_in_another_thread_signals_are_left_alone() -> None:
    codes: list[int] = []
    thread = threading.Thread(target=lambda: codes.append(cli.main(["--version"])))
    thread.start()
    thread.join()
    assert codes == [0]
