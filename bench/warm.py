"""What the Lambda function adds to the calls that it makes: an unchanged update, when it is warm.

    python bench/warm.py [ROUNDS]

The handler runs in this process, CloudFormation's part and Secrets Manager are the tests' own, and
what is told is the median of many events: the calls, the answer, and what is left, which is ours.
"""

from __future__ import annotations

import contextlib
import logging
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
from emulation import Aws, Clock  # noqa: E402  # found only now
from protocol import certificate, receiver, stack, stacks  # noqa: E402
from protocol.passing import Passing  # noqa: E402
from protocol.world import ACCOUNT, REGION, Sandbox, World  # noqa: E402

ROUNDS = 101
DECLARED = {
    "Description": "of the shop",
    "SecretString": "first",
    "RecoveryWindowInDays": "7",
    "Tags": [{"Key": "team", "Value": "shop"}],
}
PARTS = ("whole", "calls", "answer")


class Stopwatch:
    """How long each part of the events took, in milliseconds."""

    def __init__(self) -> None:
        self.spent: dict[str, list[float]] = {part: [] for part in PARTS}

    def next_event(self) -> None:
        """Begin with another event."""
        for times in self.spent.values():
            times.append(0.0)

    def timed(self, part: str, inner: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function, its time counted as a part of the event."""

        def outer(*arguments: Any, **options: Any) -> Any:
            before = time.perf_counter()
            try:
                return inner(*arguments, **options)
            finally:
                self.spent[part][-1] += 1000 * (time.perf_counter() - before)

        return outer

    def medians(self) -> dict[str, float]:
        """Return each part's median, and that of what is left."""
        found = {part: statistics.median(times) for part, times in self.spent.items()}
        rows = zip(*(self.spent[part] for part in PARTS), strict=True)
        found["ours"] = statistics.median(whole - calls - answer for whole, calls, answer in rows)
        return found


@contextlib.contextmanager
def world() -> Iterator[tuple[World, pytest.MonkeyPatch]]:
    """The function in a world of its own, and the patches that end with it."""
    with contextlib.ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory()))
        patch = held.enter_context(pytest.MonkeyPatch.context())
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        trusted = certificate.make(folder)
        formation = held.enter_context(stacks.Stacks().running())
        for name, content in {
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL_CLOUDFORMATION": formation.url,
            "SSL_CERT_FILE": str(trusted),
        }.items():
            patch.setenv(name, content)
        answers = held.enter_context(receiver.Receiver(trusted).running())
        aws = Aws(clock=Clock(), account=ACCOUNT, region=REGION)
        held.enter_context(aws.in_process())
        yield World(aws, formation, answers, Passing(aws.clock), patch, Sandbox()), patch


def measured(rounds: int) -> tuple[dict[str, float], list[str]]:
    """Return the medians in milliseconds, and the calls of one event."""
    watch = Stopwatch()
    with world() as (around, patch):
        import botocore.client  # noqa: PLC0415  # the sandbox has loaded both
        import crhelper  # noqa: PLC0415

        used = stack.Stack(around)
        made = used.create(DECLARED)
        assert made.succeeded, made.reason
        for part, kind, method in (
            ("calls", botocore.client.BaseClient, "_make_api_call"),
            ("answer", crhelper.CfnResource, "_send"),
        ):
            patch.setattr(kind, method, watch.timed(part, getattr(kind, method)))
        around.sandbox = watch.timed("whole", around.sandbox)
        used.record.becomes("UPDATE_IN_PROGRESS")
        for _ in range(rounds):
            watch.next_event()
            done = used.send("Update", DECLARED, old=DECLARED, id=made.id)
            assert done.succeeded, done.reason
        return watch.medians(), [*(call.action for call in done.looks), *done.actions]


def main(arguments: list[str]) -> int:
    """Measure and print; always exit code 0, for there is no target."""
    logging.disable(logging.CRITICAL)
    rounds = int(arguments[0]) if arguments else ROUNDS
    medians, calls = measured(rounds)
    table = Table("unchanged update, warm", "ms", title=f"Medians of {rounds} events")
    for row, part in (
        ("all of it", "whole"),
        (f"calls: {', '.join(calls)}", "calls"),
        ("the answer, with a new TLS connection each time", "answer"),
        ("what is left: ours", "ours"),
    ):
        table.add_row(row, f"{medians[part]:.2f}")
    Console(width=100).print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
