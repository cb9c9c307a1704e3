"""What is throttled is called again, for as long as there is time, and by one of many at a time."""

from __future__ import annotations

import boto3
import pytest

from emulation import faults, wire
from engine.operations import ANY, OPERATIONS
from engine.scene import CREATE, LOOK, Scene, end, kept, make_scene, spec
from recoverable_secrets.core import errors, plan
from recoverable_secrets.core.policy import Policy
from recoverable_secrets.engine import Engine
from recoverable_secrets.stores import patience

ATTEMPTS = 6
"""How often the SDK makes a call that is throttled, before the engine does."""


class EachThrottled(faults.Throttle):
    """Of each call all tries of the SDK, and one more."""

    def hits(self, request: wire.Request) -> bool:
        if request.action not in self.action:
            return False
        self._seen += 1
        return self._seen % (ATTEMPTS + 2) != 0


class Pauses:
    """A clock that notes each pause."""

    def __init__(self) -> None:
        self.pauses: list[float] = []

    def monotonic(self) -> float:
        return sum(self.pauses)

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)


def busy(times: int, clock: Pauses, left: float = 1000.0) -> list[int]:
    """Make a call that is throttled so many times; return how often it was made."""
    made: list[int] = []

    def call() -> None:
        made.append(len(made) + 1)
        if len(made) <= times:
            raise errors.Throttled("too many")

    patience.answered(call, lambda: left - clock.monotonic(), clock)
    return made


def test_pauses_are_random_and_grow() -> None:
    one, other = Pauses(), Pauses()
    assert len(busy(4, one)) == len(busy(4, other)) == 5
    assert one.pauses != other.pauses
    for pauses in (one.pauses, other.pauses):
        for pause, longest in zip(pauses, (1, 2, 4, 8), strict=True):
            assert 0 < pause <= longest


def test_the_patience_is_a_minute() -> None:
    clock = Pauses()
    with pytest.raises(errors.Throttled):
        busy(10**6, clock)
    assert sum(clock.pauses) == pytest.approx(60)
    assert max(clock.pauses) <= patience.LONGEST_PAUSE


def test_no_pause_outlasts_the_time_that_is_left() -> None:
    clock = Pauses()
    with pytest.raises(errors.Throttled):
        busy(10**6, clock, left=5)
    assert sum(clock.pauses) == pytest.approx(5)


def test_no_other_trouble_is_called_again() -> None:
    made = []

    def call() -> None:
        made.append(1)
        raise errors.Temporary("got no answer")

    with pytest.raises(errors.Temporary, match="got no answer"):
        patience.answered(call, clock=Pauses())
    assert made == [1]


@pytest.mark.parametrize("name", ["create", "restore, every group differs", "delete"])
def test_each_call_of_an_operation_outlasts_what_the_sdk_gives_up_on(
    session: boto3.Session, name: str
) -> None:
    operation = OPERATIONS[name]

    def played(fault: faults.Fault | None) -> Scene:
        scene = make_scene(session)
        with scene.aws.in_process():
            wanted = operation.prepare(scene)
            if fault:
                scene.aws.inject(fault)
            scene.run(wanted, **operation.policy)
        return scene

    quiet, loud = played(None), played(EachThrottled(ANY))
    assert end(loud.aws) == end(quiet.aws)
    assert len(loud.calls) == (ATTEMPTS + 2) * len(quiet.calls)


def test_a_preview_waits_for_its_look(scene: Scene) -> None:
    scene.run(kept())
    scene.aws.inject(faults.Throttle(LOOK, times=ATTEMPTS + 1))
    engine = Engine(scene.store, clock=scene.time)
    decision = engine.preview(kept(spec(description="another")), Policy())
    assert isinstance(decision, plan.Plan)
    assert "SetMetadata" in {type(action).__name__ for action in decision.actions}


def test_what_never_ends_fails_as_what_can_be_run_again(scene: Scene) -> None:
    scene.aws.inject(faults.Throttle(CREATE, times=None))
    with pytest.raises(errors.Throttled, match="too many calls at once; run again later"):
        scene.run(kept())
