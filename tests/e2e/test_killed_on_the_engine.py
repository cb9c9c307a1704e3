"""Pulumi, its provider, or both, killed for real at each call of each operation; then put right.

Of each operation an undisturbed run tells what calls there are; see killed.py for how they are
tried. What a user does then stands in docs/when-something-went-wrong.md, and is read there.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable

import pytest

from counted import Record
from e2e import killed
from e2e.engine import Engine
from e2e.secrets_program import Story
from emulation import Aws
from sections import KILLED, tell

SOAK = float(os.environ.get("RECOVERABLE_SECRETS_SOAK", "0"))
Make = Callable[[str], killed.Scene]


@pytest.fixture
def make(make_engine: Callable[..., Engine], aws: Aws) -> Make:
    """Make a stack in which an operation can be killed."""

    def made(operation: str) -> killed.Scene:
        story = Story(make_engine("shop", "prod"), aws)
        return killed.Scene(story, killed.OPERATIONS[operation])

    return made


def counted(scene: killed.Scene, record: Record) -> None:
    """Have it told at the end how much was tried."""
    tell(record, KILLED, "runs of the engine", scene.count.runs)
    tell(record, KILLED, "points of calls in them", scene.count.points)


@pytest.mark.skipif(not SOAK, reason="an hour: RECOVERABLE_SECRETS_SOAK=1")
@pytest.mark.parametrize("killed_one", killed.SETS)
@pytest.mark.parametrize("operation", killed.OPERATIONS)
def test_at_each_call(make: Make, operation: str, killed_one: str, record_property: Record) -> None:
    scene, processes = make(operation), killed.SETS[killed_one]
    points = scene.points(processes)
    found = scene.sweep(processes, points)
    counted(scene, record_property)
    assert found == {}
    assert scene.count.points == len(points)


@pytest.mark.parametrize(("operation", "killed_one"), [("restore", "both"), ("update", "pulumi")])
def test_at_some_calls(
    make: Make, operation: str, killed_one: str, record_property: Record
) -> None:
    """As many as one run can try, drawn from all of them."""
    scene, processes = make(operation), killed.SETS[killed_one]
    drawn = random.Random(operation).sample(scene.points(processes), len(killed.SECRETS))
    found = scene.sweep(processes, drawn)
    counted(scene, record_property)
    assert found == {}
    assert scene.count.points == len(drawn)
    assert (scene.count.outlived > 0) is (killed_one == "pulumi"), "as the page says"
