"""What a person asks for by name: the calls, the sentences, and what stacks do then."""

from __future__ import annotations

from typing import Any

import pytest

from engine.operations import BY_HAND
from engine.scene import (
    DOCUMENT,
    LOOK,
    MOVE,
    NAME,
    REPLICATE,
    RESTORE,
    ROTATE,
    STRANGER,
    TAG,
    UNTAG,
    Scene,
    gone,
    kept,
    memory_of,
    spec,
)  # fmt: skip
from recoverable_secrets.core import errors, facts, ownership
from recoverable_secrets.core.facts import Back, Handed, Memory

CALLS: dict[str, tuple[list[str], list[str]]] = {
    "by hand: restored": (
        [LOOK, RESTORE, REPLICATE, ROTATE, LOOK],
        [f"{NAME} restored: its scheduled deletion is cancelled"],
    ),
    "by hand: handed over": ([LOOK, TAG], [f"{NAME} belongs to {STRANGER} now"]),
    "by hand: released": ([LOOK, UNTAG], [f"{NAME} belongs to nobody now"]),
    "by hand: rolled back, and labelled": ([LOOK, MOVE, MOVE], []),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_calls_and_sentences(scene: Scene, name: str) -> None:
    """Done twice it looks once more, and does nothing."""
    calls, said = CALLS[name]
    wanted = BY_HAND[name].prepare(scene)
    scene.run(wanted)
    assert scene.calls == calls
    assert scene.said == said
    after = scene.secret
    scene.run(wanted)
    assert scene.calls == [LOOK]
    assert scene.secret == after


def shown(scene: Scene, owner: str = "") -> Memory:
    return Memory(id=str(scene.secret.arn), owner=owner or scene.secret.tags[ownership.OWNER])


def test_a_restore_keeps_what_no_declaration_tells(scene: Scene) -> None:
    """Policy, tags, labels and value are as they were: nobody has declared anything."""
    memory = scene.remember(spec(policy=DOCUMENT, version_stages=["blue"]))
    before = scene.secret
    scene.run(gone(memory))
    scene.run(Back(name=NAME, memory=shown(scene)))
    assert scene.secret == before


def handed(scene: Scene, owner: str | None, **fields: Any) -> Memory:
    """Hand a secret over; return what its old stack remembers."""
    memory = scene.remember(spec(**fields))
    scene.run(Handed(name=NAME, memory=shown(scene), owner=owner))
    return memory


def test_the_old_stack_lets_go_of_what_was_handed_over(scene: Scene) -> None:
    memory = handed(scene, STRANGER)
    before = scene.secret
    result = scene.run(gone(memory), deletion="force")
    assert "left alone" in result.notes[0]
    with pytest.raises(errors.Refused, match="belongs to"):
        scene.run(kept(spec("other"), memory))
    assert scene.secret == before


def test_the_new_stack_takes_it_over_and_changes_only_what_it_declares(scene: Scene) -> None:
    handed(scene, STRANGER, policy=DOCUMENT, tags={"team": "a"})
    before = scene.secret
    declared = facts.Spec(description="of the new stack")
    wanted = kept(declared, owner=STRANGER)
    memory = memory_of(scene.run(wanted), wanted)
    assert scene.secret.description == "of the new stack"
    assert scene.secret.policy == before.policy
    assert scene.secret.tags["team"] == "a"
    assert scene.secret.value == before.value
    scene.run(gone(memory, owner=STRANGER))
    assert scene.secret.state == "pending"


def test_a_released_secret_still_goes_with_the_stack_that_remembers_it(scene: Scene) -> None:
    """Its id is in that stack's memory, and no one else lays claim to it."""
    memory = handed(scene, None)
    with pytest.raises(errors.Refused, match="has no owner"):
        scene.run(kept(owner=STRANGER))
    scene.run(gone(memory))
    assert scene.secret.state == "pending"


def test_it_changed_hands_since_it_was_shown(scene: Scene) -> None:
    memory = shown_before = Memory(id=scene.remember().id, owner=STRANGER)
    for wanted in (
        Back(name=NAME, memory=shown_before),
        Handed(name=NAME, memory=memory, owner="x"),
    ):
        with pytest.raises(errors.Refused, match="changed hands"):
            scene.run(wanted)
        assert scene.calls == [LOOK]
