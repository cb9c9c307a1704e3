"""Environments of their own for what cannot share the tests': made once, kept in the cache.

Two processes may ask at once: one makes it, the other waits. Every step is bounded in time. What
was made half is made anew.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tools import pulumi_cli

ANSWER_SECONDS = 30.0
BUILD_SECONDS = 600.0
LOCK_SECONDS = 2 * BUILD_SECONDS


@dataclass(frozen=True)
class Environment:
    """A virtual environment, whether it is there yet or not.

    Attributes:
        folder: Where it belongs.
        base: The Python that it is made with.
        install: Arguments of `pip install`: requirements, and options if need be.
        probe: A program that runs if it is whole.
        title: What it is, for the texts.
    """

    folder: Path
    base: Path
    install: Sequence[str]
    probe: str
    title: str

    @property
    def python(self) -> Path:
        """Its executable."""
        return self.folder / "bin" / "python"

    def made(self) -> Path:
        """Return its executable; makes it the first time.

        Raises:
            pulumi_cli.Attempt: It cannot be made, or not in time; the text says why.
        """
        if self.ready():
            return self.python
        try:
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            lock = self.folder.parent / f"{self.folder.name}.lock"
            with pulumi_cli.locked(lock, LOCK_SECONDS, self.title):
                if not self.ready():  # Another process may have made it meanwhile.
                    self._make()
        except OSError as error:
            raise pulumi_cli.Attempt(f"the cache folder: {error}") from error
        return self.python

    def ready(self) -> bool:
        """Whether it is there, whole, and still works."""
        if not self._whole.exists():
            return False
        with contextlib.suppress(pulumi_cli.Attempt):
            command = [str(self.python), "-c", self.probe]
            return pulumi_cli.run(command, seconds=ANSWER_SECONDS).code == 0
        return False

    @property
    def _whole(self) -> Path:
        return self.folder / "whole"

    def _make(self) -> None:
        """Make it and mark it as whole.

        Wheels only: building one from source takes longer than a test may.
        """
        pulumi_cli.say(f"setting up {self.title}, about a minute, once")
        shutil.rmtree(self.folder, ignore_errors=True)
        pip = [str(self.python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        for command in (
            [str(self.base), "-m", "venv", str(self.folder)],
            [*pip, "--only-binary", ":all:", *self.install],
        ):
            ran = pulumi_cli.run(command, seconds=BUILD_SECONDS)
            if ran.code != 0:
                raise pulumi_cli.Attempt(f"{self.title}: {command[2]}: {ran.last_line()}")
        self._whole.touch()
