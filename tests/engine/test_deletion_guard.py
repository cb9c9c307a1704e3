"""The deletion guard, call by call: one look as ever, and nothing else before a refusal."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from engine.scene import (
    DELETE,
    FAR,
    LOOK,
    NAME,
    NEAR,
    NO_ROTATION,
    REPLICAS,
    ROTATION,
    STRANGER,
    UNREPLICATE,
    Scene,
    end,
    gone,
    spec,
)  # fmt: skip
from recoverable_secrets.core import errors, plan
from recoverable_secrets.core.facts import Gone, Mandate, Memory
from recoverable_secrets.core.policy import Policy

GUARD: dict[str, Any] = {"refuse_deletion_if_accessed_within": 7}
FORCE: dict[str, Any] = {"deletion": "force"}
WHOLE = spec(replicas=REPLICAS, **ROTATION)


@pytest.fixture
def whole(scene: Scene) -> Memory:
    """What is remembered of a secret with copies and a rotation."""
    return scene.remember(WHOLE)


def read(scene: Scene) -> None:
    """Read the value, as an application does."""
    scene.aws.by_hand("GetSecretValue", SecretId=NAME)


def wish(scene: Scene, memory: Memory | None, **told: Any) -> Gone:
    """Return the wish that the secret goes, as a surface makes it now."""
    return dataclasses.replace(gone(memory), now=scene.aws.clock.now(), **told)


@pytest.mark.parametrize("policy", [{}, FORCE, {"force_delete_without_recovery": True}])
def test_what_was_read_is_refused_after_one_look(
    scene: Scene, whole: Memory, policy: dict[str, Any]
) -> None:
    read(scene)
    before = end(scene.aws)
    with pytest.raises(errors.Refused, match=f"{NAME} was last read on "):
        scene.run(wish(scene, whole), **GUARD, **policy)
    assert scene.calls_of_all == [LOOK]
    assert (end(scene.aws), scene.said) == (before, [])


def test_a_preview_says_so_and_asks_no_more(scene: Scene, whole: Memory) -> None:
    read(scene)
    scene.aws.calls.clear()
    decision = scene.engine.preview(wish(scene, whole), Policy(**GUARD))
    assert scene.calls_of_all == [LOOK]
    assert isinstance(decision, plan.Refusal)
    with pytest.raises(errors.Refused) as caught:
        scene.run(wish(scene, whole), **GUARD)
    assert str(caught.value) == decision.text
    assert plan.describe(decision) == f"refused: {decision.text}"


@pytest.mark.parametrize("ago", [3, 9])
def test_a_read_in_another_region_counts(scene: Scene, whole: Memory, ago: int) -> None:
    """The primary's own date says nothing of its copies: each entry of a copy has another."""
    scene.aws.clock.advance(days=30)
    date = scene.aws.clock.timestamp() - ago * 86_400
    unread, read = ({"Region": region, "Status": "InSync"} for region in (NEAR, FAR))
    copies = [unread, {**read, "LastAccessedDate": date}]
    scene.aws.plant(NAME, ReplicationStatus=copies)
    decision = scene.engine.preview(wish(scene, whole), Policy(**GUARD))
    assert isinstance(decision, plan.Refusal) == (ago == 3), decision


@pytest.mark.parametrize("guard", [{}, GUARD], ids=["no guard", "guard"])
def test_what_nobody_reads_goes_with_the_same_calls(
    scene: Scene, whole: Memory, guard: dict[str, Any]
) -> None:
    """A guard costs nothing: the look that a deletion begins with tells all."""
    scene.run(wish(scene, whole), **guard)
    assert scene.calls == [LOOK, NO_ROTATION, UNREPLICATE, DELETE]
    assert scene.secret.state == "pending"


def test_what_was_read_long_ago_goes(scene: Scene) -> None:
    memory = scene.remember()
    read(scene)
    scene.aws.clock.advance(days=8)
    scene.run(wish(scene, memory), **GUARD)
    assert (scene.calls, scene.secret.state) == ([LOOK, DELETE], "pending")


def test_the_refusal_ends_on_the_day_that_it_names(scene: Scene) -> None:
    memory = scene.remember()
    read(scene)
    for day in range(8):
        with pytest.raises(errors.Refused, match="was last read on"):
            scene.run(wish(scene, memory), **GUARD)
        assert scene.secret.state == "live", day
        scene.aws.clock.advance(days=1)
    scene.run(wish(scene, memory), **GUARD)
    assert scene.secret.state == "pending"


def test_a_shorter_guard_lets_it_go(scene: Scene) -> None:
    """What the refusal says to do."""
    memory = scene.remember()
    read(scene)
    scene.aws.clock.advance(days=2)
    with pytest.raises(errors.Refused):
        scene.run(wish(scene, memory), **GUARD)
    scene.run(wish(scene, memory), refuse_deletion_if_accessed_within=1)
    assert scene.secret.state == "pending"


def test_force_does_not_hasten_what_was_read(scene: Scene) -> None:
    """Scheduled, and then to be purged: who needs it may not have noticed yet."""
    memory = scene.remember()
    read(scene)
    scene.run(wish(scene, memory))
    with pytest.raises(errors.Refused, match="was last read on"):
        scene.run(wish(scene, memory), **GUARD, **FORCE)
    assert (scene.calls, scene.secret.state) == ([LOOK], "pending")
    scene.aws.clock.advance(days=8)
    scene.run(wish(scene, memory), **GUARD, **FORCE)
    assert (scene.calls, scene.secret.state) == ([LOOK, DELETE], "purging")


@pytest.mark.parametrize("times", [1, 2])
def test_what_is_on_its_way_already_is_no_failure(scene: Scene, times: int) -> None:
    """Run again after it was scheduled, nothing is left to refuse."""
    memory = scene.remember()
    read(scene)
    scene.run(wish(scene, memory))
    for _ in range(times):
        scene.run(wish(scene, memory), **GUARD)
        assert (scene.calls, scene.secret.state) == ([LOOK], "pending")


def test_what_is_kept_anyway_is_not_looked_at(scene: Scene) -> None:
    memory = scene.remember()
    read(scene)
    scene.run(wish(scene, memory), **GUARD, deletion="retain")
    assert (scene.calls, scene.secret.state) == ([], "live")


def test_another_owners_secret_is_left_alone_and_no_failure(scene: Scene) -> None:
    memory = scene.remember()
    read(scene)
    scene.hand_over(STRANGER)
    result = scene.run(wish(scene, memory), **GUARD)
    assert (scene.calls, result.actions) == ([LOOK], ())
    assert result.notes[0].endswith("left alone")


def test_a_rollback_is_not_held_up(scene: Scene) -> None:
    """It takes back what an operation did; a refusal would leave the stack stuck half-way."""
    memory = scene.remember()
    read(scene)
    mark = memory.instance
    scene.run(wish(scene, memory, mandate=Mandate.ROLLBACK, instance=mark), **GUARD, **FORCE)
    assert scene.secret.state == "pending", "scheduled, never purged"


def test_what_is_read_during_a_teardown_does_not_stop_it_half_way(
    scene: Scene, whole: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its copies are gone by then: a refusal would leave it live, and less than it was."""
    wanted, apply = wish(scene, whole), scene.store.apply

    def read_meanwhile(*given: Any) -> plan.Outcome:
        if isinstance(given[1], plan.ScheduleDeletion):
            read(scene)
        return apply(*given)

    monkeypatch.setattr(scene.store, "apply", read_meanwhile)
    scene.aws.behaviour.removal_seconds = 5
    scene.run(wanted, **GUARD)
    assert scene.calls.count(LOOK) > 1, "it looked again, and saw the read"
    assert scene.secret.state == "pending"
