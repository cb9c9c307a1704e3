"""An update that is taken back, on AWS: which calls, and whose value is current in the end."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

import emulation
from emulation import faults
from engine.scene import COMPARE, LOOK, NAME, TAG, UNTAG, UPDATE, Scene, kept, spec
from recoverable_secrets.core import errors, facts, plan
from recoverable_secrets.core.facts import Mandate, Memory
from recoverable_secrets.core.model import Spec
from recoverable_secrets.engine import Result

MOVE = "UpdateSecretVersionStage"
BEFORE, ATTEMPTED = spec("before"), spec("attempted")
OTHERWISE = spec("attempted", description="other", tags={"team": "b", "more": "1"})


def attempt(scene: Scene, attempted: Spec = ATTEMPTED, before: Spec = BEFORE) -> facts.Kept:
    """Create a secret and update it; return the request that takes the update back."""
    memory = scene.remember(before)
    scene.run(kept(attempted, memory))
    return request(scene, attempted, before)


def request(scene: Scene, attempted: Spec = ATTEMPTED, before: Spec = BEFORE) -> facts.Kept:
    """Return the request that takes an update back, whatever was done of it."""
    wanted = kept(before)
    memory = Memory(id=str(scene.secret.arn), owner=wanted.owner, spec=attempted)
    return dataclasses.replace(wanted, memory=memory, mandate=Mandate.ROLLBACK)


def moves(result: Result) -> int:
    return sum(isinstance(action, plan.MoveStage) for action in result.actions)


def test_the_value_alone(scene: Scene) -> None:
    """Compared with what was attempted, then moved: no value is read, no version is made."""
    wanted = attempt(scene)
    versions = dict(scene.secret.versions)
    result = scene.run(wanted)
    assert scene.calls == [LOOK, COMPARE, MOVE]
    assert scene.secret.value == "before"
    assert scene.secret.versions.keys() == versions.keys()
    assert isinstance(result.known, facts.Present)
    assert result.known.secret == facts_of(scene)


def facts_of(scene: Scene) -> facts.Secret:
    """Return what a look tells now."""
    seen = scene.store.observe(facts.Ref(NAME))
    assert isinstance(seen, facts.Present)
    return seen.secret


def test_every_group(scene: Scene) -> None:
    wanted = attempt(scene, OTHERWISE)
    scene.run(wanted)
    assert scene.calls == [LOOK, COMPARE, UPDATE, TAG, UNTAG, MOVE]
    secret = scene.secret
    assert (secret.value, secret.description) == ("before", BEFORE.description)
    assert {key: secret.tags.get(key) for key in ("team", "stage", "more")} == {
        "team": "a", "stage": "p", "more": None,
    }  # fmt: skip


def test_delivered_again_it_changes_nothing(scene: Scene) -> None:
    """The current version is ours, so it is compared once more; it is not what was attempted."""
    wanted = attempt(scene, OTHERWISE)
    scene.run(wanted)
    before = scene.secret
    result = scene.run(wanted)
    assert scene.calls == [LOOK, COMPARE]
    assert (moves(result), scene.secret) == (0, before)


def test_an_attempt_that_never_began(scene: Scene) -> None:
    """What the update would have changed is as it was, so there is nothing to take back."""
    scene.remember(BEFORE)
    before = scene.secret
    scene.run(request(scene, OTHERWISE))
    assert scene.calls == [LOOK], "there is no version before this one to compare for"
    assert scene.secret == before


def test_an_attempt_that_began_a_life_later(scene: Scene) -> None:
    """The value had changed before: that change stays."""
    first = spec("at first")
    scene.run(kept(BEFORE, scene.remember(first)))
    before = scene.secret
    result = scene.run(request(scene))
    assert scene.calls == [LOOK, COMPARE]
    assert (moves(result), scene.secret) == (0, before)


def test_a_person_put_a_value_after_the_attempt(scene: Scene) -> None:
    """Theirs stays, and is not even compared: ours is not current."""
    wanted = attempt(scene)
    scene.aws.put_by_hand(NAME, "by a person")
    scene.run(wanted)
    assert scene.calls == [LOOK]
    assert scene.secret.value == "by a person"


def test_a_person_put_a_value_before_the_attempt(scene: Scene) -> None:
    """Theirs was current before: it is current again, not what was declared before."""
    memory = scene.remember(BEFORE)
    put = scene.aws.put_by_hand(NAME, "by a person")
    scene.run(kept(ATTEMPTED, memory), on_value_drift="overwrite")
    assert scene.secret.value == "attempted"
    scene.run(request(scene))
    assert (scene.secret.version_id, scene.secret.value) == (put, "by a person")


@pytest.mark.parametrize("before", [COMPARE, MOVE])
def test_a_person_is_faster(scene: Scene, before: str) -> None:
    """Between the look and the move: AWS refuses the move, and theirs stays."""
    wanted = attempt(scene)

    def put(_: emulation.Request) -> None:
        scene.aws.put_by_hand(NAME, "by a person")

    scene.aws.hook(before, "before", put)
    result = scene.run(wanted)
    assert scene.calls == [LOOK, COMPARE, MOVE, LOOK]
    assert (moves(result), scene.secret.value) == (0, "by a person")


def test_the_answer_of_the_move_is_lost(scene: Scene) -> None:
    """The SDK's second try is refused; a look shows why, and all is as wanted."""
    wanted = attempt(scene)
    scene.aws.inject(faults.LostResponse(MOVE))
    result = scene.run(wanted)
    assert scene.calls[:5] == [LOOK, COMPARE, MOVE, MOVE, LOOK]
    assert scene.secret.value == "before"
    assert isinstance(result.known, facts.Present)
    assert result.known.secret == facts_of(scene)


REFUSALS: list[Any] = [
    pytest.param("InvalidParameterException", "refused twice", id="as if the label were elsewhere"),
    pytest.param("ValidationException", "refused with Validation", id="for another reason"),
]


@pytest.mark.parametrize(("code", "says"), REFUSALS)
def test_a_move_that_is_always_refused(scene: Scene, code: str, says: str) -> None:
    """It ends, with AWS's reason, and the value is what it was."""
    wanted = attempt(scene)
    scene.aws.inject(faults.Error(MOVE, code=code, message="Told by AWS.", times=None))
    with pytest.raises(errors.StoreError, match=says) as caught:
        scene.run(wanted)
    assert "Told by AWS." in str(caught.value)
    assert scene.calls.count(MOVE) <= 2
    assert scene.secret.value == "attempted"


def test_a_move_that_is_denied(scene: Scene) -> None:
    wanted = attempt(scene)
    scene.aws.deny(f"secretsmanager:{MOVE}")
    with pytest.raises(errors.AccessDenied, match=f"needs secretsmanager:{MOVE}"):
        scene.run(wanted)
    assert scene.secret.value == "attempted"
