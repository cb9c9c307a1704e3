"""Any operation, interrupted anywhere, ends where an undisturbed one ends: promise 3.

No call is listed by hand: an undisturbed run tells how many there are, and each of them is
then disturbed in turn.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import boto3
import pytest

import emulation
from contract import worlds
from emulation import faults
from engine.operations import ANY, OPERATIONS, Operation
from engine.scene import LOOK, RESTORE, Scene, end, make_scene
from recoverable_secrets.core import errors


class Killed(BaseException):
    """A process that dies."""


class Stage:
    """Plays an operation as often as asked, each time on an empty double."""

    def __init__(
        self, session: boto3.Session, operation: Operation, behaviour: emulation.Behaviour
    ) -> None:
        self.operation, self.behaviour = operation, behaviour
        self.store = make_scene(session).store
        undisturbed = self.play(None)
        self.calls = undisturbed.calls
        self.expected = end(undisturbed.aws)

    def play(
        self, disturb: Callable[[Scene], object] | None, *, rerun: type[BaseException] | None = None
    ) -> Scene:
        """Run the operation, disturbed; if it is to break off, heal and run it once more."""
        double = emulation.Aws(
            clock=emulation.Clock(worlds.START), behaviour=dataclasses.replace(self.behaviour)
        )
        scene = Scene(double, self.store)
        with scene.aws.in_process():
            wanted = self.operation.prepare(scene)
            if disturb:
                disturb(scene)
            if rerun:
                with pytest.raises(rerun):
                    scene.run(wanted, **self.operation.policy)
                scene.aws.heal()
                wanted = self.operation.again(wanted)
            scene.run(wanted, **self.operation.policy)
        return scene

    def failures(
        self,
        disturb: Callable[[Scene, int], object],
        *,
        rerun: type[BaseException] | None = None,
        start: int = 1,
    ) -> dict[str, Any]:
        """Disturb each call in turn; return where the end was another one, and what it was."""
        found: dict[str, Any] = {}
        for number, action in enumerate(self.calls[start - 1 :], start):
            try:
                scene = self.play(lambda s, n=number: disturb(s, n), rerun=rerun)  # type: ignore[misc]
            except (errors.RecoverableSecretsError, AssertionError, pytest.fail.Exception) as odd:
                found[f"{number} {action}"] = repr(odd)
                continue
            came_to = end(scene.aws)
            if came_to != self.expected:
                found[f"{number} {action}"] = {
                    part: (content, self.expected[part])
                    for part, content in came_to.items()
                    if content != self.expected[part]
                }
        return found


# Names are reserved for a few rounds only: each of their calls is disturbed in its turn.
ONE_SIDE = emulation.Behaviour(reserved_seconds=3, deleted_visible_seconds=1)
OTHER_SIDE = dataclasses.replace(
    ONE_SIDE,
    restore_on_live="refused",
    purging_error="refused",
    deleted_date="window-end",
    replication_seconds=2,
    removal_seconds=2,
    cancel_unconfigured="ok",
    primary_shows_region=True,
)
STAGES = [
    pytest.param((operation, side), id=f"{name}{told}")
    for name, operation in OPERATIONS.items()
    for side, told in ((ONE_SIDE, ""), (OTHER_SIDE, ", the other side"))
    if side is ONE_SIDE or operation.open_side
]


@pytest.fixture(params=STAGES)
def stage(request: pytest.FixtureRequest, session: boto3.Session) -> Stage:
    """Each operation in turn, with both answers to what AWS leaves open where that matters."""
    operation, side = request.param
    return Stage(session, operation, side)


def _die(_: object) -> None:
    raise Killed


def test_the_operations_are_what_they_are_called(stage: Stage) -> None:
    """Each of them changes something, and what is unlike by chance is not compared."""
    assert stage.calls
    assert end(stage.play(None).aws) == stage.expected


def test_a_killed_process(stage: Stage) -> None:
    """The process dies after a call; nobody remembers anything; the same program runs again."""
    found = stage.failures(
        lambda scene, nth: scene.aws.hook(ANY, "after", _die, nth=nth), rerun=Killed
    )
    assert found == {}


@pytest.mark.parametrize("kind", [faults.LostResponse, faults.ConnectionReset])
def test_a_call_that_is_tried_again(stage: Stage, kind: type[faults.Fault]) -> None:
    """The operation gets through by itself: the call took effect once, or is made again."""
    assert stage.failures(lambda scene, nth: scene.aws.inject(kind(ANY, nth=nth))) == {}


REFUSALS = [
    pytest.param("AccessDeniedException", errors.AccessDenied, id="a permission is missing"),
    pytest.param("EncryptionFailure", errors.StoreError, id="the key is disabled"),
]


@pytest.mark.parametrize(("code", "raised"), REFUSALS)
def test_a_call_that_is_refused(stage: Stage, code: str, raised: type[Exception]) -> None:
    """The run fails, takes back what it restored, and the next one ends as if nothing was."""
    assert (
        stage.failures(
            lambda scene, nth: scene.aws.inject(
                faults.Error(ANY, code=code, message="no", nth=nth)
            ),
            rerun=raised,
        )
        == {}
    )


def test_an_outage_in_the_middle(stage: Stage) -> None:
    """From some call on nothing answers any more, so nothing can be taken back either."""
    assert (
        stage.failures(
            lambda scene, nth: scene.aws.inject(faults.ConnectionReset(times=None, nth=nth)),
            rerun=errors.Temporary,
        )
        == {}
    )


RECREATIONS = [name for name in OPERATIONS if name.startswith(("restore", "replace"))]


@pytest.mark.parametrize("name", RECREATIONS)
def test_a_look_that_is_late(session: boto3.Session, name: str) -> None:
    """A look shows what was before the last write: what it misleads into does not stay."""
    stage = Stage(session, OPERATIONS[name], ONE_SIDE)
    found = {}
    for nth in range(1, stage.calls.count(LOOK) + 1):
        scene = stage.play(lambda s, n=nth: s.aws.inject(faults.StaleDescribe(nth=n)))  # type: ignore[misc]
        if end(scene.aws) != stage.expected:
            found[nth] = end(scene.aws)
    assert found == {}


RESTORES = [name for name in OPERATIONS if name.startswith("restore")]


@pytest.mark.parametrize("side", [ONE_SIDE, OTHER_SIDE], ids=["", "the other side"])
@pytest.mark.parametrize("name", RESTORES)
def test_killed_while_it_takes_back(
    session: boto3.Session, side: emulation.Behaviour, name: str
) -> None:
    """A refused call, and the process dies right after the deletion is scheduled again."""
    stage = Stage(session, OPERATIONS[name], side)

    def disturb(scene: Scene, nth: int) -> None:
        scene.aws.inject(faults.Error(ANY, code="EncryptionFailure", message="no", nth=nth))
        scene.aws.hook("DeleteSecret", "after", _die)

    later = stage.calls.index(RESTORE) + 1  # Until then there is nothing to take back.
    found = stage.failures(disturb, rerun=Killed, start=later + 1)
    assert found == {}


@pytest.mark.parametrize("name", ["create", "restore, every group differs", "adopt"])
def test_killed_at_every_step_of_every_run(session: boto3.Session, name: str) -> None:
    """A machine that dies one call later each time still comes to the end, run by run."""
    stage = Stage(session, OPERATIONS[name], ONE_SIDE)
    scene = make_scene(session)
    deaths = 0
    with scene.aws.in_process():
        wanted = stage.operation.prepare(scene)
        for nth in range(1, 30):
            scene.aws.heal()
            scene.aws.hook(ANY, "after", _die, nth=nth)
            wanted = stage.operation.again(wanted)
            try:
                scene.run(wanted, **stage.operation.policy)
            except Killed:
                deaths += 1
                continue
            break
    assert 3 <= deaths < 29
    assert end(scene.aws) == stage.expected
