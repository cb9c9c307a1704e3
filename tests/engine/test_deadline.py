"""An operation ends in time: no call is begun whose worst case would not fit, pauses grow."""

from __future__ import annotations

from typing import Any

import pytest

from engine.scene import (
    COMPARE,
    CREATE,
    DELETE,
    LOOK,
    NAME,
    NO_POLICY,
    RESTORE,
    TAG,
    UNTAG,
    UPDATE,
    Scene,
    gone,
    kept,
    spec,
)  # fmt: skip
from recoverable_secrets.core import errors
from recoverable_secrets.core.policy import Policy
from recoverable_secrets.stores import limits

CHANGED = spec("new", description="new", tags={"new": "1"})
CALL = limits.AWS.call_seconds
EVERY = {CREATE, LOOK, RESTORE, UPDATE, COMPARE, DELETE, TAG, UNTAG, NO_POLICY}


def slow(scene: Scene, seconds: float) -> list[float]:
    """Let every call take so long; return a list of when each one began, since the start."""
    began: list[float] = []

    def pass_time(_: object) -> None:
        began.append(scene.time.monotonic() - scene.started)  # type: ignore[attr-defined]
        scene.aws.clock.advance(seconds=seconds)

    scene.started = scene.time.monotonic()  # type: ignore[attr-defined]
    scene.aws.hook(EVERY, "before", pass_time, times=None)
    return began


UPDATES: list[Any] = [
    pytest.param(300, 60, [LOOK, UPDATE, TAG, UNTAG], None, id="just in time"),
    pytest.param(300, 100, [LOOK, UPDATE], "SetMetadata", id="two of four calls"),
    pytest.param(300, 191, [LOOK], "nothing", id="not a second left"),
    pytest.param(300, 190.9, [LOOK, UPDATE], "SetMetadata", id="a moment left"),
    pytest.param(120, 25, [LOOK, UPDATE, TAG], "SetMetadata, SetTags",
                 id="short: half of it is kept free"),
    pytest.param(1, 0.2, [LOOK, UPDATE, TAG], "SetMetadata, SetTags",
                 id="shortest: half of it too"),
    pytest.param(1, 0, [LOOK, UPDATE, TAG, UNTAG], None, id="shortest, and all goes well"),
]  # fmt: skip


@pytest.mark.parametrize(("timeout", "seconds", "calls", "done"), UPDATES)
def test_no_call_begins_too_late(
    scene: Scene, timeout: int, seconds: float, calls: list[str], done: str | None
) -> None:
    memory = scene.remember()
    began = slow(scene, seconds)
    if done is None:
        scene.run(kept(CHANGED, memory), timeout=timeout)
    else:
        with pytest.raises(errors.OutOfTime) as caught:
            scene.run(kept(CHANGED, memory), timeout=timeout)
        assert str(caught.value) == (
            f"{NAME} is not finished after {timeout} seconds: done so far: {done}. Run again, or "
            "set a longer timeout"
        )
    assert scene.calls == calls
    assert all(at + min(CALL, timeout / 2) < timeout for at in began)


def test_running_again_ends_it(scene: Scene) -> None:
    memory = scene.remember()
    slow(scene, 100)
    with pytest.raises(errors.OutOfTime):
        scene.run(kept(CHANGED, memory))
    scene.aws.heal()
    scene.run(kept(CHANGED, memory))
    assert scene.calls == [LOOK, COMPARE, TAG, UNTAG]
    assert (len(scene.secret.versions), scene.secret.value) == (2, "new")


def test_out_of_time_is_temporary(scene: Scene) -> None:
    """A caller that runs again on Temporary runs again on this."""
    memory = scene.remember()
    slow(scene, 1000)
    with pytest.raises(errors.Temporary):
        scene.run(kept(CHANGED, memory))


@pytest.mark.parametrize(
    ("seconds", "calls"),
    [
        pytest.param(120, [CREATE, LOOK], id="the restore would not fit"),
        pytest.param(60, [CREATE, LOOK, RESTORE, DELETE],
                     id="nor would what follows, and its undo"),
        pytest.param(40, [CREATE, LOOK, RESTORE, NO_POLICY, DELETE],
                     id="time to take back is kept free"),
    ],
)  # fmt: skip
def test_time_to_take_back_is_kept_free(scene: Scene, seconds: float, calls: list[str]) -> None:
    """What was restored is scheduled again, and that still ends in time."""
    scene.pending()
    slow(scene, seconds)
    start = scene.time.monotonic()
    with pytest.raises(errors.OutOfTime):
        scene.run(kept(CHANGED))
    assert scene.calls == calls
    assert scene.secret.state == "pending"
    assert scene.time.monotonic() - start <= Policy().timeout


def test_a_look_after_a_conflict_is_in_time_too(scene: Scene) -> None:
    scene.pending()
    slow(scene, 250)
    with pytest.raises(errors.OutOfTime, match="done so far: nothing"):
        scene.run(kept())
    assert scene.calls == [CREATE]


def test_the_text_fits(scene: Scene) -> None:
    """What was done and what to do are both still there with the longest name."""
    name = "n" * 512
    wanted = kept()
    scene.aws.by_hand("CreateSecret", Name=name)
    slow(scene, 1000)
    with pytest.raises(errors.OutOfTime) as caught:
        scene.run(type(wanted)(
            name=name, spec=CHANGED, owner=wanted.owner, instance=wanted.instance,
            version=wanted.version,
        ))  # fmt: skip
    assert len(str(caught.value)) <= errors.LIMIT
    assert str(caught.value).endswith("Run again, or set a longer timeout")


PAUSES = [1, 2, 4, 8, 15, 15, 15]


@pytest.mark.parametrize(
    ("reserved", "pauses"),
    [
        pytest.param(1, PAUSES[:1], id="free at once"),
        pytest.param(7, PAUSES[:3], id="a few seconds"),
        pytest.param(60, PAUSES, id="a minute"),
        pytest.param(120, [*PAUSES, 15, 15, 15, 15], id="two minutes: the longest seen"),
    ],
)
def test_pauses_grow_and_stay_bounded(scene: Scene, reserved: float, pauses: list[int]) -> None:
    scene.aws.behaviour.reserved_seconds = reserved
    scene.run(gone(scene.remember()), deletion="force")
    result = scene.run(kept())
    assert scene.time.pauses == pauses
    assert [type(action).__name__ for action in result.actions] == ["Create"]
    assert scene.secret.state == "live"


@pytest.mark.parametrize("timeout", [1, 10, 60, 119, 300])
def test_a_name_that_stays_reserved(scene: Scene, timeout: int) -> None:
    """Waiting ends in time, says why, and has changed nothing."""
    scene.aws.behaviour.reserved_seconds = 100_000
    scene.run(gone(scene.remember()), deletion="force")
    start = scene.time.monotonic()
    with pytest.raises(errors.OutOfTime) as caught:
        scene.run(kept(), timeout=timeout)
    reserve = min(CALL, timeout / 2)
    assert sum(scene.time.pauses) == pytest.approx(timeout - reserve)
    assert scene.time.monotonic() - start <= timeout - reserve + 1e-6
    assert max(scene.time.pauses) <= 15
    assert str(caught.value) == (
        f"{NAME} is not finished after {timeout} seconds: its name is still reserved; done so far: "
        "nothing. Run again, or set a longer timeout"
    )
    assert scene.secret.state == "purging"


def test_the_deadline_is_the_operations_own(scene: Scene) -> None:
    """An engine that has run for long begins each operation afresh."""
    memory = scene.remember()
    scene.aws.clock.advance(seconds=100_000)
    scene.run(kept(CHANGED, memory), timeout=1)
    assert scene.calls == [LOOK, UPDATE, TAG, UNTAG]
