"""`alarm install` and `alarm remove`, killed for real at each of their calls, and run again.

As in test_killed_commands.py; the services are moto's, over HTTP.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from alarm.account import GROUP, NOTHING, Account, account, forgotten
from cli import killed_account
from cli.killed_world import Dead
from counted import Record
from recoverable_secrets import cli
from recoverable_secrets.alarm import alarms
from sections import KILLED, tell

__all__ = ["account", "forgotten"]  # fixtures

SOAK = float(os.environ.get("RECOVERABLE_SECRETS_SOAK", "0"))
Words = tuple[str, ...]
Point = tuple[int, str]

EVENTS = ("alarm", "install", "--way", "events", "--email", "a@example.com")
TRAIL = ("alarm", "install", "--way", "trail", "--log-group", GROUP)
NAME = "recoverable-secrets-access-alarm"
REMOVE = ("alarm", "remove", "--yes")
COMMANDS: dict[str, tuple[tuple[Words, ...], Words]] = {
    "install, by events": ((), EVENTS),
    "install, by trail": ((), TRAIL),
    "another way": ((TRAIL,), EVENTS),
    "another way, and back": ((EVENTS,), TRAIL),
    "remove, by events": ((EVENTS,), REMOVE),
    "remove, by trail": ((TRAIL,), REMOVE),
}
"""What was run before, and what is run."""


class Home:
    """An account with what a process needs to find it.

    Attributes:
        called: What was called, in order.
        at: Where a process is to be killed: the number of the call, and on which side of it.
    """

    def __init__(self, account: Account) -> None:
        self.account = account
        self.called: list[str] = []
        self.at: Point | None = None
        self.env: dict[str, str] = {}
        self._process: subprocess.Popen[str] | None = None

    def before(self, called: str) -> None:
        self.called.append(called)
        self._strike("before")

    def after(self, _: str) -> None:
        self._strike("after")

    def _strike(self, when: str) -> None:
        if self.at == (len(self.called), when):
            assert self._process
            self._process.kill()
            self.at = None
            if when == "before":
                raise Dead

    def run(self, words: Words, at: Point | None = None) -> tuple[int, str]:
        """Run a command as a process; return its exit code and what it wrote."""
        self.called.clear()
        self.at = at
        self._process = subprocess.Popen(
            [sys.executable, "-m", "recoverable_secrets", *words],
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        with self._process as process:
            try:
                written, _ = process.communicate(timeout=120)
            finally:
                process.kill()
        return process.returncode, written

    def prepared(self, before: Sequence[Words]) -> None:
        """Empty the account, and run what comes before, in this process."""
        for words in (REMOVE, *before):
            assert cli.main(words) == 0
        assert before or self.account.names() == NOTHING

    def end(self) -> dict[str, Any]:
        """Return what there is, and how each part of it is."""
        here = self.account.here
        found = {wanted: alarms.look(here, wanted) for wanted in alarms.find(here, NAME)}
        return {"names": self.account.names(), "alarms": found}


@pytest.fixture
def home(account: Account) -> Iterator[Home]:
    """An account that processes can find."""
    made = Home(account)
    with killed_account.serve(made.before, made.after) as url:
        own = {name: text for name, text in os.environ.items() if name.startswith("AWS_")}
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        provider = str(Path(cli.__file__).parents[2])
        made.env = {**kept, **own, "AWS_ENDPOINT_URL": url, "PYTHONPATH": provider}
        yield made


def swept(home: Home, name: str, how_many: int | None = None) -> tuple[int, dict[str, Any]]:
    """Kill a command at all points, or at some; return how many, and where the end was another."""
    before, words = COMMANDS[name]
    home.prepared(before)
    code, written = home.run(words)
    assert code == 0, written
    calls = list(home.called)
    assert len({each.partition(":")[0] for each in calls}) > 1, "several services"
    expected = home.end()
    points = [(nth, when) for nth in range(1, len(calls) + 1) for when in ("before", "after")]
    drawn = points if how_many is None else random.Random(name).sample(points, how_many)
    found = {}
    for nth, when in drawn:
        home.prepared(before)
        killed, _ = home.run(words, (nth, when))
        again, written = home.run(words)
        end = home.end()
        if (killed, again, end) != (-signal.SIGKILL, 0, expected):
            found[f"{when} {nth} {calls[nth - 1]}"] = (killed, again, written, end, expected)
    return len(drawn), found


@pytest.mark.skipif(not SOAK, reason="minutes: RECOVERABLE_SECRETS_SOAK=1")
@pytest.mark.parametrize("name", COMMANDS)
def test_at_each_call(home: Home, name: str, record_property: Record) -> None:
    killed, found = swept(home, name)
    tell(record_property, KILLED, "commands", killed)
    assert found == {}


@pytest.mark.parametrize("name", ["another way"])
def test_at_some_calls(home: Home, name: str, record_property: Record) -> None:
    """Drawn from all of them."""
    killed, found = swept(home, name, 2)
    tell(record_property, KILLED, "commands", killed)
    assert found == {}
