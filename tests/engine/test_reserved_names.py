"""After a purge the name stays taken for a while: wait, then create; never an id for another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

import emulation
from emulation import faults
from engine.scene import (
    CREATE,
    DELETE,
    LOOK,
    NAME,
    NO_POLICY,
    RESTORE,
    STRANGER,
    Scene,
    gone,
    kept,
    make_scene,
    spec,
)  # fmt: skip
from recoverable_secrets.core import errors, facts

REPLACE: dict[str, Any] = {"deletion": "force", "on_recreate": "replace"}
SIDES = [
    pytest.param(emulation.Behaviour(deleted_visible_seconds=0), id="invisible at once"),
    pytest.param(emulation.Behaviour(deleted_visible_seconds=30), id="shows its date for long"),
    pytest.param(emulation.Behaviour(purging_error="refused"), id="refused instead of not found"),
]


@pytest.fixture(params=SIDES)
def anyhow(request: pytest.FixtureRequest, session: boto3.Session) -> Iterator[Scene]:
    """A scene under each way in which AWS purges."""
    made = make_scene(session, request.param)
    with made.aws.in_process():
        yield made


def test_create_after_a_purge(anyhow: Scene) -> None:
    """Whoever purged it and whenever: a new secret comes, without a trace of the old."""
    old = anyhow.remember()
    anyhow.run(gone(old), deletion="force")
    anyhow.aws.clock.advance(seconds=2)
    result = anyhow.run(kept(spec("new")))
    assert isinstance(result.known, facts.Present)
    assert result.known.secret.id == anyhow.secret.arn != old.id
    assert not result.restored
    assert (anyhow.secret.state, anyhow.secret.value) == ("live", "new")
    assert len(anyhow.secret.versions) == 1
    assert 50 < sum(anyhow.time.pauses) <= 75


def test_replace_purges_waits_and_creates(anyhow: Scene) -> None:
    old = anyhow.pending()
    result = anyhow.run(kept(spec("new")), **REPLACE)
    assert anyhow.calls[:4] == [CREATE, LOOK, DELETE, CREATE]
    assert set(anyhow.calls[4:]) == {CREATE, LOOK}
    assert [type(action).__name__ for action in result.actions] == ["Purge", "Create"]
    assert anyhow.said == [f"{NAME} deleted for good, without recovery"]
    assert anyhow.secret.state == "live"
    assert anyhow.secret.arn != old.id
    assert (anyhow.secret.value, len(anyhow.secret.versions)) == ("new", 1)
    assert 50 < sum(anyhow.time.pauses) <= 75


def test_replace_where_no_name_is_reserved(scene: Scene) -> None:
    scene.aws.behaviour.reserved_seconds = 0
    scene.pending()
    scene.run(kept(spec("new")), **REPLACE)
    assert scene.calls == [CREATE, LOOK, DELETE, CREATE]
    assert scene.time.pauses == [1]


def test_replace_never_purges_anothers(anyhow: Scene) -> None:
    anyhow.remember()
    anyhow.hand_over(STRANGER)
    anyhow.aws.by_hand("DeleteSecret", SecretId=NAME)
    with pytest.raises(errors.Refused):
        anyhow.run(kept(), **REPLACE)
    assert anyhow.secret.state == "pending"
    anyhow.run(kept(), adopt="any", **REPLACE)
    assert (anyhow.secret.state, anyhow.secret.value) == ("live", "the value")
    assert DELETE not in anyhow.calls


def test_replace_that_runs_out_of_time(scene: Scene) -> None:
    """It says that the old one is gone already."""
    scene.aws.behaviour.reserved_seconds = 100_000
    scene.pending()
    with pytest.raises(errors.OutOfTime, match="name is still reserved; done so far: Purge"):
        scene.run(kept(), **REPLACE)
    assert scene.secret.state == "purging"


def test_a_restore_that_loses_against_the_purge(anyhow: Scene) -> None:
    """The window ends between the look and the restore: look again, and create."""
    old = anyhow.pending()
    anyhow.aws.hook(RESTORE, "before", lambda _: anyhow.aws.purge(NAME))
    result = anyhow.run(kept(spec("new")))
    assert anyhow.calls[:4] == [CREATE, LOOK, RESTORE, LOOK]
    assert set(anyhow.calls[4:]) == {CREATE, LOOK}
    assert (result.restored, anyhow.said) == (False, [])
    assert anyhow.secret.arn != old.id
    assert (anyhow.secret.state, anyhow.secret.value) == ("live", "new")


def test_a_purge_right_after_the_restore_was_lost(scene: Scene) -> None:
    """Purged between two of our calls: nothing is believed, the secret is made anew."""
    scene.pending()
    scene.aws.hook(NO_POLICY, "before", lambda _: scene.aws.by_hand(
        "DeleteSecret", SecretId=NAME, ForceDeleteWithoutRecovery=True))  # fmt: skip
    scene.run(kept(spec("new")))
    assert (scene.secret.state, scene.secret.value) == ("live", "new")


def test_the_window_ends_between_create_and_look(scene: Scene) -> None:
    scene.pending()
    scene.aws.hook(LOOK, "before", lambda _: scene.aws.purge(NAME))
    scene.run(kept(spec("new")))
    assert (scene.secret.state, scene.secret.value) == ("live", "new")


def test_a_stranger_is_faster_with_the_name(scene: Scene) -> None:
    """While we wait, somebody else creates it: refused, and theirs is left as it is."""
    scene.run(gone(scene.remember()), deletion="force")

    def take(_: object) -> None:
        scene.aws.clock.advance(seconds=60)
        scene.aws.by_hand("CreateSecret", Name=NAME, SecretString="theirs")

    scene.aws.hook(CREATE, "before", take, nth=3)
    with pytest.raises(errors.Refused, match="has no owner"):
        scene.run(kept())
    assert scene.secret.value == "theirs"


def test_with_memory_a_purged_secret_is_not_made_anew(anyhow: Scene) -> None:
    """A surface cannot answer a new id for a resource that it knows: refresh, then deploy."""
    memory = anyhow.remember()
    anyhow.run(gone(memory), deletion="force")
    anyhow.aws.clock.advance(seconds=61)
    with pytest.raises(errors.Refused, match="run a refresh, then deploy again"):
        anyhow.run(kept(spec("new"), memory))
    assert anyhow.calls == [LOOK]
    assert anyhow.secret.state == "absent"


def test_a_look_that_is_late(scene: Scene) -> None:
    """DescribeSecret answers not found for a moment after a creation: no second secret comes."""
    scene.remember()
    scene.aws.inject(faults.StaleDescribe())
    scene.run(kept())
    assert scene.calls[:4] == [CREATE, LOOK, CREATE, LOOK]
    assert scene.time.pauses == [1]
    assert len(scene.aws.secrets()) == 1
    assert len(scene.secret.versions) == 1


def test_a_look_that_always_lags_by_one_write(scene: Scene) -> None:
    """Every look shows the state before the last write: it still comes to the end."""
    scene.pending()
    scene.aws.inject(faults.StaleDescribe(times=None))
    before = scene.secret
    with pytest.raises(errors.StoreError) as caught:
        scene.run(kept(spec("new")))
    assert caught.value.code == "InvalidRequestException"
    assert scene.secret.versions == before.versions
