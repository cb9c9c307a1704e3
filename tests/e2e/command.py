"""The CLI under the Automation API: bounded in time, and free of the caller's own settings.

Theory: the Automation API runs every operation through ``PulumiCommand.run``, so a subclass of that
decides environment and time limit, and remembers both outputs also of a command that failed.

Rules:

- One that runs out of time is interrupted, as a user would, so that the engine can end its
  providers and let go of the stack's lock; what is left is killed by process id, it and its own.
- No AWS or Pulumi variable of the caller is handed on.
"""

from __future__ import annotations

import asyncio
import functools
import gc
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pulumi import automation as auto
from pulumi.automation import errors
from pulumi.automation._stack import StackInitMode  # not exported, but an argument of Stack

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SECONDS = 90.0
"""Time limit of one CLI call; a run of the tests' size takes 1 to 5 s."""

FOREIGN = ("AWS_", "PULUMI_")
"""Prefixes of the caller's variables that never reach the CLI."""


class Command(auto.PulumiCommand):
    """The CLI with a time limit and without the caller's own settings."""

    def __init__(self, root: Path) -> None:
        """Use ``root/bin/pulumi``."""
        super().__init__(root=str(root))
        self.seconds = SECONDS
        self.last = auto.CommandResult("", "", 0)

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: Callable[[str], Any] | None = None,
        on_error: Callable[[str], Any] | None = None,
    ) -> auto.CommandResult:
        """Run one command; as the method that it replaces, but bounded in time.

        Raises:
            pulumi.automation.errors.CommandError: the command failed or was killed.
        """
        del on_output, on_error  # Nobody listens: outputs are read as a whole.
        own = {key: text for key, text in os.environ.items() if not key.startswith(FOREIGN)}
        env = {**own, **additional_env, "PULUMI_AUTOMATION_API": "true"}
        env["PATH"] = os.pathsep.join([str(Path(self.command).parent), env["PATH"]])
        process = subprocess.Popen(
            [self.command, "--non-interactive", *args],
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        note = ""
        try:
            stdout, stderr = process.communicate(timeout=self.seconds)
        except BaseException as error:
            stdout, stderr = end(process)
            if not isinstance(error, subprocess.TimeoutExpired):
                raise
            note = f"\nkilled by the test harness: {args[0]} took over {self.seconds:.0f} s"
        code = process.returncode
        self.last = auto.CommandResult(stdout, stderr + note, -1 if note else code)
        if self.last.code != 0:
            raise errors.create_command_error(self.last)
        return self.last


def descendants(pid: int) -> list[int]:
    """Ids of all processes below one, nearest first."""
    listing = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, timeout=10, check=True
    )
    pairs = [tuple(map(int, line.split())) for line in listing.stdout.splitlines()]
    found: list[int] = []
    parents = [pid]
    while parents:
        parents = [child for child, parent in pairs if parent in parents]
        found += parents
    return found


def end(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Interrupt the CLI as a user would, then kill what is left of it and below it."""
    below = descendants(process.pid)
    for patience in (4.0, 2.0):  # The second interrupt makes the engine give up at once.
        process.send_signal(signal.SIGINT)
        try:
            return process.communicate(timeout=patience)
        except subprocess.TimeoutExpired:
            below += descendants(process.pid)
    for pid in [*set(below), process.pid]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    return process.communicate()


class Quick(auto.Stack):
    """A stack that does not ask for outputs and history after every run."""

    def outputs(self) -> auto.OutputMap:
        """Nothing: see ``Engine.outputs``."""
        return {}

    def info(self, show_secrets: bool = True) -> auto.UpdateSummary | None:  # noqa: FBT001, FBT002
        """Nothing: the steps are taken from the engine's own events."""
        return auto.UpdateSummary("", datetime.now(UTC), "", {}, {}, "")


@functools.cache
def of(root: Path) -> Command:
    """The CLI in a folder; one per process, since making it asks the CLI for its version."""
    ignore_left_overs()
    return Command(root)


def stack(name: str, workspace: auto.Workspace, *, exists: bool) -> auto.Stack:
    """Select a stack, or make it."""
    return Quick(name, workspace, StackInitMode.SELECT if exists else StackInitMode.CREATE)


def watched(program: Callable[[], Any]) -> tuple[Callable[[], Any], Callable[[], None]]:
    """A program, and what waits for the end of its run and clears up after it.

    When the engine gives up, the program's side of the run finds its connection gone and ends on an
    error of its own, a little later, and with its event loop left open.
    """
    loops: list[asyncio.AbstractEventLoop] = []

    def noted() -> Any:
        loops.append(asyncio.get_running_loop())
        return program()

    def clear_up() -> None:
        quiet = 0
        while quiet < 5 and loops and not loops[0].is_closed():  # 0.25 s without a sign of life
            quiet = 0 if loops[0].is_running() else quiet + 1
            time.sleep(0.05)
        for loop in loops:
            loop.close()
        gc.collect()

    return noted, clear_up


def ignore_left_overs() -> None:
    """Drop complaints about Pulumi's own coroutines, which a failed run leaves unfinished.

    They would fail whichever test runs when the garbage collector finds them.
    """
    before = sys.unraisablehook
    package = str(Path(auto.__file__).parent.parent)

    def hook(unraisable: sys.UnraisableHookArgs) -> None:
        code = getattr(unraisable.object, "cr_code", None)
        if code is None or not code.co_filename.startswith(package):
            before(unraisable)

    sys.unraisablehook = hook
