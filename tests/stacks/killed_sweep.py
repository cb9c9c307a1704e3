"""Lives of stacks, each disturbed at another point, and what each has to come to."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from cli import killed_world
from stacks import killed_functions as killed
from stacks.cloud import Cloud
from stacks.killed_functions import Life, Trouble

Installed = Callable[[str], tuple[Cloud, str]]
"""Returns an account without stacks, and what leads to the function of this name."""

WAYS = {
    "killed": ("unanswered", "killed"),
    "killed, and delivered again": ("retried", "killed"),
    "its time was up": ("unanswered", "hangs"),
}
"""By what happens: the function, and what is done to it."""


class Sweep:
    """Lives of stacks, each disturbed at another point of one operation.

    Attributes:
        points: Both sides of each call; of an operation that fails, of those of its rollback.
        tried: How many there were.
    """

    def __init__(self, installed: Installed, way: str, name: str) -> None:
        function, kind = WAYS[way]
        self.operation, self.again = killed.OPERATIONS[name], function == "retried"
        self.tried = 0
        self._life = lambda: Life(*installed(function), function, self.operation)
        last, self._end = self._undisturbed()
        first, self._whole = 0, self._end
        if self.operation.fails:
            self.operation = dataclasses.replace(self.operation, fails=False)
            first, self._whole = self._undisturbed()
            self.operation = killed.OPERATIONS[name]
        numbers = range(first + 1, last + 1)
        self.points = [Trouble(nth, when, kind) for nth in numbers for when in ("before", "after")]

    def _undisturbed(self) -> tuple[int, dict[str, Any]]:
        """Do the operation; return how many calls it makes, and what it leaves."""
        life = self._life()
        outcome = life.operate()
        assert outcome.status == life.goes_well, outcome
        calls, left = len(life.cloud.aws.actions()), killed.held(life.cloud)
        life.cloud.clear()
        return calls, left

    def differences(self, points: Sequence[Trouble]) -> dict[str, Any]:
        """Try points; return where something is other than it should be."""
        found = {}
        for point in points:
            try:
                differing = self._tried(point)
            except AssertionError as problem:
                differing = {"raised": str(problem)}
            self.tried += 1
            if differing:
                found[str(point)] = differing
        return found

    def _tried(self, point: Trouble) -> dict[str, Any]:
        life = self._life()
        try:
            outcome = life.disturbed(point)
            if self.again:
                assert outcome.status == life.goes_well, outcome
                return killed_world.difference(killed.held(life.cloud), self._end)
            assert outcome.status in life.badly, outcome
            self._keep_the_promises(life)
            status = life.put_right(outcome.status)
            if status == "UPDATE_ROLLBACK_COMPLETE":
                back = killed_world.difference(killed.held(life.cloud), life.before)
                assert back == {}, back
            if self.operation.wanted is not None:
                life.deploy(self.operation.wanted)
            return killed_world.difference(killed.held(life.cloud), self._whole)
        finally:
            life.cloud.clear()

    def _keep_the_promises(self, life: Life) -> None:
        """Check that no value is lost, and that what is of another is as it was."""
        now, before = killed.held(life.cloud), life.before
        assert now[killed.OTHERS] == before[killed.OTHERS]
        assert now.keys() >= before.keys() - killed.replicas(before)
        for secret in life.cloud.aws.secrets():
            forced = self.operation == killed.OPERATIONS["force"] and secret.state == "purging"
            assert forced or (secret.state in {"live", "pending"} and secret.value), secret
