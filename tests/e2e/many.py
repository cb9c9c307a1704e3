"""Many secrets in one stack: what each run has to send, what it sent, and how much it took.

    for run in lives(engine, aws, 1000):
        assert run.calls == run.design(1000)

Attempts that AWS throttled are counted apart: what is left is the same however often that was.
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import functools
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from e2e.secrets_program import COMPARE, CREATE, DELETE, LOOK, RESTORE, declare

if TYPE_CHECKING:
    from e2e.engine import Engine, Program, Run
    from emulation import Aws

THROTTLED = "ThrottlingException"

DESIGN: dict[str, list[str]] = {
    "up": CREATE,
    "unchanged up": [],
    "refresh": LOOK,
    "destroy": DELETE,
    "up again": RESTORE + COMPARE,
}
"""What each run sends for one secret (design, section 10)."""

UNSAVED = {"PULUMI_EXPERIMENTAL": "true", "PULUMI_SKIP_CHECKPOINTS": "true"}
"""Variables by which the engine saves its state once, at the end.

Else it writes all of it at each step: with a thousand resources it makes two steps a second on a
small machine, and nothing can throttle it.
"""

_PARTS = {"provider": "pulumi.dynamic", "engine": "/bin/pulumi "}
"""What the command line has of each process whose memory is told."""

_PAUSE = 0.5


@dataclasses.dataclass
class Life:
    """One run of a stack of many.

    Attributes:
        name: Which, as `DESIGN` has it.
        steps: Resources by operation.
        calls: Calls that AWS took up, by action.
        throttled: Attempts that it throttled, by action.
        seconds: How long it took.
        memory: The most that a process had, in MiB, by part; nothing where that cannot be seen.
    """

    name: str
    steps: dict[str, int]
    calls: collections.Counter[str]
    throttled: collections.Counter[str]
    seconds: float
    memory: dict[str, float]

    def design(self, count: int) -> collections.Counter[str]:
        """Return the calls that so many secrets take by the design."""
        return collections.Counter(dict.fromkeys(DESIGN[self.name], count))


def many(count: int) -> Program:
    """Secrets with a description, a tag and a value each."""

    def program() -> None:
        for number in range(count):
            declare(
                f"s{number}",
                description=f"number {number}",
                secret_string=f"value of {number}",
                tags={"number": str(number)},
            )

    return program


def lives(
    engine: Engine,
    aws: Aws,
    count: int,
    *,
    names: tuple[str, ...] = tuple(DESIGN),
    parallel: int | None = None,
    seconds: float = 3000,
) -> Iterator[Life]:
    """Run these one after the other, and yield what each came to.

    Args:
        engine: An empty stack.
        aws: What it talks to.
        count: How many secrets.
        names: Which runs, in which order.
        parallel: Most operations at once; the engine's own number where none is given.
        seconds: Time limit of each.
    """
    program = many(count)
    operations: dict[str, Callable[..., Run]] = {
        "up": functools.partial(engine.up, program),
        "unchanged up": functools.partial(engine.up, program),
        "refresh": engine.refresh,
        "destroy": engine.destroy,
        "up again": functools.partial(engine.up, program),
    }
    options = {} if parallel is None else {"parallel": parallel}
    for name in names:
        aws.calls.clear()
        with watched() as memory:
            run = operations[name](seconds=seconds, **options)
        sent = [(record.action, record.outcome == THROTTLED) for record in aws.calls]
        yield Life(
            name=name,
            steps=run.steps,
            calls=collections.Counter(action for action, refused in sent if not refused),
            throttled=collections.Counter(action for action, refused in sent if refused),
            seconds=run.seconds,
            memory=memory,
        )


def check(aws: Aws, count: int, state: str = "live") -> None:
    """Check that all secrets are there in this state, each with its own value and no version more.

    Raises:
        AssertionError: They are not.
    """
    found = {one.name: one for one in aws.secrets()}
    assert set(found) == {f"demo/dev/s{number}" for number in range(count)}
    assert {one.state for one in found.values()} == {state}
    for number in range(count):
        one = found[f"demo/dev/s{number}"]
        assert one.value == f"value of {number}"
        assert one.description == f"number {number}"
        assert len(one.versions) == 1


@contextlib.contextmanager
def watched() -> Iterator[dict[str, float]]:
    """Note the peaks of the engine and the provider that run meanwhile, in MiB.

    The system keeps each process's peak, so that few looks suffice; only what it grows by after
    the last one is missed.
    """
    peaks: dict[str, float] = {}
    over = threading.Event()

    def look() -> None:
        while not over.wait(_PAUSE):
            for part, size in _sizes(os.getpid()):
                peaks[part] = max(peaks.get(part, 0), size)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield peaks
    finally:
        over.set()
        thread.join()


def _sizes(above: int) -> Iterator[tuple[str, float]]:
    """Yield part and peak of each process below one that is a part."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # It has ended.
            stat = (folder / "stat").read_text()
            parents[int(folder.name)] = int(stat.rpartition(")")[2].split()[1])
    for pid in parents:
        line = pid
        while line in parents and line != above:
            line = parents[line]
        if line != above:
            continue
        with contextlib.suppress(OSError):
            command = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
            status = Path(f"/proc/{pid}/status").read_text()
            for part, telling in _PARTS.items():
                if telling in command and "VmHWM:" in status:
                    yield part, int(status.partition("VmHWM:")[2].split()[0]) / 1024
