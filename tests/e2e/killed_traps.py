"""Secrets held at points of an operation, until the processes that work on them are killed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from cli import killed_world
from e2e import killed_ends
from e2e.command import descendants
from emulation import Aws, Request

PROVIDER, PULUMI = "pulumi.dynamic", "pulumi --non-interactive"

PATIENCE_SECONDS = 3.0
"""Who is not at its point after so long without a call cannot be there together with the others."""

QUIET_SECONDS = 1.0
"""After so long without a call, a provider that outlived its engine is through."""


@dataclass(frozen=True)
class Point:
    """One side of a call.

    Attributes:
        nth: The call's number among those about a secret, counted from 1.
        when: "before" it is carried out, or "after" that, before its answer leaves.
    """

    nth: int
    when: str


class Trap:
    """Holds each secret at its point, has the processes killed, and lets go.

    Attributes:
        reached: Points at which a secret was held when they were killed.
        outlived: Whether a provider went on after its engine was killed.
    """

    def __init__(self, aws: Aws, points: Mapping[str, Point], processes: Sequence[str]) -> None:
        self.reached: list[Point] = []
        self.outlived = False
        self._aws, self._points, self._processes = aws, points, processes
        self._counts: Counter[str] = Counter()
        self._held: set[str] = set()
        self._sprung = False
        self._moved = time.monotonic()
        self._change = threading.Condition()
        self._survivors: list[int] = []

    def __enter__(self) -> Self:
        self._aws.hook("*", "before", self._before, times=None)
        self._aws.hook("*", "after", self._after, times=None)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        """Let a provider that outlived its engine come to the end of its operations; end it."""
        self.outlived = PROVIDER not in self._processes and any(map(alive, self._survivors))
        calls = self._aws.calls
        seen, since = len(calls), time.monotonic()
        while any(map(alive, self._survivors)) and time.monotonic() - since < QUIET_SECONDS:
            if len(calls) != seen:
                seen, since = len(calls), time.monotonic()
            time.sleep(0.02)
        kill(self._survivors)
        self._aws.heal()

    def _before(self, request: Request) -> None:
        name = killed_ends.subject(request.parameters)
        with self._change:
            self._counts[name] += 1
            self._moved = time.monotonic()
        self._hold(name, "before")

    def _after(self, request: Request) -> None:
        self._hold(killed_ends.subject(request.parameters), "after")

    def _hold(self, name: str, when: str) -> None:
        """Hold who is at its point.

        Raises:
            Dead: Its process was killed before the call was carried out.
        """
        with self._change:
            if self._sprung or self._points.get(name) != Point(self._counts[name], when):
                return
            self._held.add(name)
            while not self._sprung:
                patience = time.monotonic() - self._moved < PATIENCE_SECONDS
                if self._held == self._points.keys() or not patience:
                    self._spring()
                else:
                    self._change.wait(0.05)
        if when == "before" and PROVIDER in self._processes:
            raise killed_world.Dead

    def _spring(self) -> None:
        """Kill."""
        self._sprung = True
        self.reached = [self._points[name] for name in sorted(self._held)]
        found = running()
        self._survivors = found[PROVIDER]
        for process in self._processes:
            assert found[process], f"nothing runs {process}"
            kill(found[process])
        self._change.notify_all()


def running() -> dict[str, list[int]]:
    """Return the ids of the processes below this one, by what they are run by."""
    below = {str(pid) for pid in descendants(os.getpid())}
    listing = subprocess.run(
        ["ps", "-A", "-ww", "-o", "pid=,stat=,command="], capture_output=True, text=True, check=True
    )
    rows = [line.split(None, 2) for line in listing.stdout.splitlines()]
    return {
        process: [
            int(pid)
            for pid, stat, line in rows
            if pid in below and process in line and not stat.startswith("Z")
        ]
        for process in (PROVIDER, PULUMI)
    }


def kill(pids: Sequence[int]) -> None:
    """Kill processes, those that are gone already left out."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def alive(pid: int) -> bool:
    """Whether a process is still there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
