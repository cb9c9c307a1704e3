"""Each command that changes something, killed for real at each of its calls, and run again.

What calls there are, an undisturbed run tells. The processes are killed by the double, right before
a call is carried out, or right after and before its answer leaves. What a user does then stands in
docs/when-something-went-wrong.md.
"""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from cli import killed_world
from cli.conftest import Ran, World
from cli.killed_commands import COMMANDS, DB
from cli.killed_world import Dead
from counted import Record
from project import trouble
from sections import KILLED, tell

SOAK = float(os.environ.get("RECOVERABLE_SECRETS_SOAK", "0"))
SOAKED = pytest.mark.skipif(not SOAK, reason="minutes: RECOVERABLE_SECRETS_SOAK=1")


@dataclass(frozen=True)
class Kill:
    """When the command is killed: at its call of this number, before or after it is carried out."""

    nth: int
    when: str


class Sweep:
    """One command, killed again and again, each time from the same beginning.

    Attributes:
        done: How an undisturbed run ends.
        calls: What it sends.
        points: Both sides of each call.
        killed: How often it was killed.
    """

    def __init__(self, world: World, name: str) -> None:
        self.world, self.command = world, COMMANDS[name]
        self.words = self.command.prepare(world)
        self._put_back = killed_world.kept(world.aws)
        world.aws.calls.clear()
        done = world.process(*self.words)
        assert done.code == 0, done
        self.done = done
        self.calls = world.aws.actions()
        self._end = killed_world.held(world.aws)
        numbers = range(1, len(self.calls) + 1)
        self.points = [Kill(nth, when) for nth in numbers for when in ("before", "after")]
        self.killed = 0

    def differences(self, points: Sequence[Kill]) -> dict[str, Any]:
        """Kill at these points; return where the end is another than that of an undisturbed run."""
        found = {}
        for point in points:
            self._put_back()
            self._kill(point)
            again = self._again()
            differing = killed_world.difference(killed_world.held(self.world.aws), self._end)
            if differing or again.code:
                told = f"{point.when} {point.nth} {self.calls[point.nth - 1]}"
                found[told] = {**differing, "again": again}
        return found

    def _kill(self, point: Kill) -> None:
        started: list[subprocess.Popen[str]] = []

        def strike(_: object) -> None:
            started[0].kill()
            if point.when == "before":
                raise Dead

        self.world.aws.hook("*", point.when, strike, nth=point.nth)  # type: ignore[arg-type]
        started.append(self.world.start(*self.words))
        out, err = started[0].communicate(timeout=60)
        self.world.aws.heal()
        assert started[0].returncode == -signal.SIGKILL
        assert len(out.splitlines()) < len(self.done.out.splitlines()), "it does not say done"
        assert nameless(self.done.err).startswith(nameless(err)), "nor anything else"
        self.killed += 1

    def _again(self) -> Ran:
        """Do as the page says; return how it ended."""
        ended = [Ran(0, "", "")]

        def ours(*words: str) -> None:
            ended.append(self.world.process(*words))

        does = {"recoverable-secrets": ours}
        if self.command.all_of_them:
            trouble.follow("The command was killed", does, block=0)
        elif self.command.looks:
            trouble.follow("The command was killed", does, block=1)
        if not (self.command.looks and self._took_effect()):
            ours(*self.words)
        return max(ended, key=lambda each: each.code)

    def _took_effect(self) -> bool:
        """Whether the versions are as they were to be."""
        versions = f"{DB} in us-east-1", "versions"
        now = killed_world.held(self.world.aws)
        return bool(now[versions[0]][versions[1]] == self._end[versions[0]][versions[1]])


def nameless(text: str) -> str:
    """Return a text without what AWS puts behind a secret's name: another one each time."""
    return re.sub(r"-[A-Za-z0-9]{6}$", "", text, flags=re.MULTILINE)


def tried(sweep: Sweep, points: Sequence[Kill], record: Record) -> None:
    """Try points, and have it told at the end how many there were."""
    found = sweep.differences(points)
    tell(record, KILLED, "commands", sweep.killed)
    assert found == {}
    assert sweep.killed == len(points) > 0


@SOAKED
@pytest.mark.parametrize("name", COMMANDS)
def test_at_each_call(world: World, name: str, record_property: Record) -> None:
    sweep = Sweep(world, name)
    tried(sweep, sweep.points, record_property)


SOME = {"restore": 2, "restore --all": 1, "delete": 2, "purge": 1, "versions rollback": 2}
"""How many points of which commands the normal run tries."""


@pytest.mark.parametrize("name", SOME)
def test_at_some_calls(world: World, name: str, record_property: Record) -> None:
    """Drawn from all of them."""
    sweep = Sweep(world, name)
    tried(sweep, random.Random(name).sample(sweep.points, SOME[name]), record_property)


def test_each_command_that_changes_secrets_is_there() -> None:
    """By the pages of the commands: those that can be told not to ask, or to do nothing."""
    page = (trouble.PATH.parent / "commands.md").read_text()
    sections = {each.partition("\n")[0]: each for each in page.split("\n## ")[1:]}
    changing = {name for name, text in sections.items() if "--dry-run" in text}
    here = {
        name for name in changing if any(f"{each} ".startswith(f"{name} ") for each in COMMANDS)
    }
    assert changing - here == {"alarm install", "alarm remove"}, "see test_killed_alarm.py"
