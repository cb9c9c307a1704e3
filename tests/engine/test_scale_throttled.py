"""Many operations on one store while AWS throttles all along: none fails before its own deadline.

The SDK's retries have a budget for each client, which a thousand secrets of one stack use up.
"""

from __future__ import annotations

import dataclasses
import random

import pytest

from emulation import faults, rates
from engine.scene import CREATE, DELETE, RESTORE, Scene, gone, kept, memory_of
from protocol.passing import Passing
from recoverable_secrets.core import errors, facts

COUNT = 40
SLOW = 1 / 500
"""A call of each kind in ten seconds: all retries of the SDK together take about that long."""


@pytest.fixture
def passing(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Passing:
    """The pauses of the SDK move the double's clock as well."""
    random.seed(11)
    time = Passing(scene.aws.clock)
    time.install(monkeypatch)
    return time


def named(number: int) -> facts.Kept:
    return dataclasses.replace(kept(), name=f"prod/{number}")


def timed(scene: Scene, wanted: facts.Wanted) -> facts.Memory | None:
    """Run an operation to its end, within its time."""
    start = scene.aws.clock.timestamp()
    result = scene.run(wanted)
    assert scene.aws.clock.timestamp() - start < 300
    return memory_of(result, wanted) if isinstance(wanted, facts.Kept) else None


def test_many_that_are_throttled_again_and_again(scene: Scene, passing: Passing) -> None:
    scene.aws.inject(rates.Rates(share=SLOW))
    paused = 0
    for number in range(COUNT):
        memory = timed(scene, named(number))
        paused += len(scene.time.pauses)
        assert scene.calls.count(CREATE) == len(scene.calls)
        timed(scene, dataclasses.replace(gone(memory), name=f"prod/{number}"))
        assert scene.calls.count(DELETE) == len(scene.calls) - 1
    assert {one.state for one in scene.aws.secrets()} == {"pending"}
    for number in range(COUNT):
        timed(scene, named(number))
        assert RESTORE in scene.calls
    assert [one.state for one in scene.aws.secrets()] == ["live"] * COUNT
    assert paused > 10, "the SDK's own retries were enough: nothing is proved"


@pytest.mark.parametrize("seconds", [30, 300])
def test_throttled_for_ever_ends_in_time(scene: Scene, passing: Passing, seconds: int) -> None:
    scene.aws.inject(faults.Throttle(CREATE, times=None))
    start = scene.aws.clock.timestamp()
    with pytest.raises(errors.Temporary, match="run again"):
        scene.run(kept(), timeout=seconds)
    took = scene.aws.clock.timestamp() - start
    assert took < seconds
    assert took > seconds / 3, "gave up though there was time"
    assert scene.aws.secrets() == []
