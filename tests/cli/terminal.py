"""A process on a pseudo-terminal, as somebody sits before it."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

SECONDS = 60.0


@dataclass
class Screen:
    """What a process writes to its terminal.

    Attributes:
        process: The process.
        shown: All that it wrote so far, control sequences included.
    """

    process: subprocess.Popen[bytes]
    _master: int
    shown: str = field(default="")

    def wait_for(self, text: str) -> None:
        """Read until a text is shown.

        Raises:
            TimeoutError: It does not come.
        """
        end = time.monotonic() + SECONDS
        while text not in self.shown:
            if time.monotonic() > end or not self._read():
                raise TimeoutError(f"{text!r} was not shown, but {self.shown!r}")

    def type(self, line: str) -> None:
        """Type a line."""
        os.write(self._master, f"{line}\n".encode())

    def end(self) -> int:
        """Read to the end, and return the exit code."""
        while self._read():
            pass
        return self.process.wait(SECONDS)

    def _read(self) -> bool:
        ready, _, _ = select.select([self._master], [], [], SECONDS)
        try:
            read = os.read(self._master, 65536) if ready else b""
        except OSError:  # The process has closed its end.
            read = b""
        self.shown += read.decode(errors="replace")
        return bool(read)


@contextlib.contextmanager
def on_a_terminal(
    env: Mapping[str, str], *arguments: str, stdout: int | None = None
) -> Iterator[Screen]:
    """Run the command on a terminal; on leaving it is ended.

    Args:
        env: Its environment.
        arguments: What stands after the command's name.
        stdout: Where its results go in place of the terminal.
    """
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "recoverable_secrets", *arguments],
        env={"TERM": "xterm-256color", "COLUMNS": "80", **env},
        stdin=slave,
        stdout=slave if stdout is None else stdout,
        stderr=slave,
        start_new_session=True,
    )
    os.close(slave)
    try:
        yield Screen(process, master)
    finally:
        process.kill()
        process.wait()
        os.close(master)
