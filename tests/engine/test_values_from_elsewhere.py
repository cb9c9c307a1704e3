"""Values that are read, written once or moved back: which calls, and what is read when."""

from __future__ import annotations

from typing import Any

import pytest

from emulation import faults
from engine.scene import (
    COMPARE,
    CREATE,
    CURRENT,
    LOOK,
    MOVE,
    NAME,
    NO_POLICY,
    PREVIOUS,
    RESTORE,
    UPDATE,
    Scene,
    generated,
    gone,
    kept,
    memory_of,
    referenced,
    spec,
    write_only,
)  # fmt: skip
from recoverable_secrets.core import errors, ownership
from recoverable_secrets.core.facts import Memory
from recoverable_secrets.core.policy import Policy
from recoverable_secrets.core.references import ValueFrom
from recoverable_secrets.core.sealed import Sealed
from recoverable_secrets.engine import Engine

HEAD = [CREATE, LOOK, RESTORE, NO_POLICY]


def unreadable(_: ValueFrom) -> Sealed:
    """Read nothing: the variable is not set."""
    raise errors.InvalidInput(["value_from: the environment variable DB_PASSWORD is not set"])


STARTS: dict[str, Any] = {
    "nothing": (lambda _: kept(referenced())),
    "a change": (lambda s: kept(
        referenced(value_version="2", description="new", policy=""),
        s.remember(referenced(value_version="1", policy='{"Statement":[]}')))),
    "no value so far": lambda s: kept(referenced(), s.remember(spec(None))),
}  # fmt: skip


@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
def test_what_cannot_be_read_leaves_all_as_it_was(scene: Scene, start: Any) -> None:
    """The value is read before the first change, also of what has nothing to do with it."""
    wanted = start(scene)
    before = scene.aws.secret(NAME)
    scene.aws.calls.clear()
    engine = Engine(scene.store, clock=scene.time, read=unreadable)
    with pytest.raises(errors.InvalidInput, match="DB_PASSWORD is not set"):
        engine.run(wanted, Policy())
    assert set(scene.calls_of_all) <= {LOOK}
    assert scene.aws.secret(NAME) == before


def test_an_engine_without_a_way_to_read_says_so(scene: Scene) -> None:
    with pytest.raises(errors.InvalidInput, match="value_from is not available here"):
        Engine(scene.store, clock=scene.time).run(kept(referenced()), Policy())
    assert scene.calls_of_all == []


def test_what_needs_no_value_reads_none(scene: Scene) -> None:
    """What was read once stays: what it was read from may be gone by then."""
    wanted = kept(referenced())
    memory = memory_of(scene.run(wanted), wanted)
    engine = Engine(scene.store, clock=scene.time, read=unreadable)
    engine.run(kept(referenced(description="new"), memory), Policy())
    engine.run(gone(memory), Policy())
    scene.aws.calls.clear()
    result = engine.run(kept(referenced(description="newer"), memory), Policy())
    assert result.restored
    assert scene.calls == [LOOK, RESTORE, UPDATE]
    assert scene.secret.value == "what stands elsewhere"


def test_a_reference_is_read_once_an_operation(scene: Scene) -> None:
    """All calls of an operation carry the same value, however long it takes."""
    reads: list[ValueFrom] = []

    def read(source: ValueFrom) -> Sealed:
        reads.append(source)
        return Sealed(f"value {len(reads)}")

    scene.run(gone(scene.remember()), deletion="force")
    Engine(scene.store, clock=scene.time, read=read).run(kept(referenced()), Policy())
    assert len(reads) == 1
    assert scene.secret.value == "value 1"


def test_a_reference_is_read_again_only_if_told(scene: Scene) -> None:
    """What stands elsewhere may change at any time; `value_version` says when that counts."""
    wanted = kept(referenced(value_version="1"))
    memory = memory_of(scene.run(wanted), wanted)
    scene.elsewhere = "another one"
    scene.run(kept(referenced(value_version="1"), memory))
    assert (scene.calls, scene.secret.value) == ([], "what stands elsewhere")
    scene.run(kept(referenced(value_version="1", description="new"), memory))
    assert (scene.calls, scene.secret.value) == ([LOOK, UPDATE], "what stands elsewhere")
    scene.run(kept(referenced(value_version="2"), memory))
    assert scene.calls == [LOOK, UPDATE]
    assert scene.secret.value == "another one"


TRIGGERED: list[Any] = [
    pytest.param(write_only("a", 1), write_only("b", 2), "b", [LOOK, COMPARE],
                 id="write-only: what was declared then has to be compared"),
    pytest.param(generated(regenerate_when="1"), generated(regenerate_when="2"), None,
                 [LOOK], id="generated: its id tells"),
]  # fmt: skip


@pytest.mark.parametrize(("first", "second", "value", "again"), TRIGGERED)
def test_a_trigger_makes_one_version(
    scene: Scene, first: Any, second: Any, value: str | None, again: list[str]
) -> None:
    """Delivered twice, it is the same version."""
    memory = scene.remember(first)
    old = scene.secret.value
    scene.run(kept(second, memory))
    assert scene.calls == [LOOK, UPDATE]
    new = scene.secret
    assert new.value != old
    assert value in {None, new.value}
    assert ownership.is_ours(new.version_id or "")
    scene.run(kept(second, memory))
    assert scene.calls == again
    assert scene.secret == new


def test_a_write_only_value_that_changes_alone_is_not_written(scene: Scene) -> None:
    """Nobody remembers it, so nobody can tell: only its version counts."""
    memory = scene.remember(write_only("a", 1))
    scene.run(kept(write_only("b", 1), memory))
    assert (scene.calls, scene.secret.value) == ([], "a")


def moved_back(scene: Scene) -> tuple[Memory, Memory]:
    """Let a person make the first of two values current again; return both memories."""
    first = scene.remember(spec("first"))
    wanted = kept(spec("second"), first)
    second = memory_of(scene.run(wanted), wanted)
    scene.aws.by_hand(
        MOVE, SecretId=NAME, VersionStage=CURRENT, MoveToVersionId=first.version,
        RemoveFromVersionId=second.version,
    )  # fmt: skip
    return first, second


def test_a_value_that_is_there_becomes_current_without_a_new_version(scene: Scene) -> None:
    """The label moves: a version of the declared value is known, so none is made."""
    first, second = moved_back(scene)
    drifted = Memory(
        id=second.id, owner=second.owner, spec=second.spec, instance=second.instance,
        version=second.version, live_version=first.version,
    )  # fmt: skip
    scene.run(kept(spec("second"), drifted), on_value_drift="overwrite")
    assert scene.calls == [LOOK, COMPARE, MOVE]
    assert (scene.secret.value, scene.secret.version_id) == ("second", second.version)
    assert len(scene.secret.versions) == 2


def test_what_a_person_moved_back_is_kept_by_default(scene: Scene) -> None:
    first, second = moved_back(scene)
    scene.run(kept(spec("second", description="new"), second))
    assert scene.calls == [LOOK, UPDATE]
    assert (scene.secret.value, scene.secret.version_id) == ("first", first.version)


def test_a_known_token_moves_the_label_back(scene: Scene) -> None:
    """The update was done, then taken back by hand, and runs again: its version is found."""
    first, second = moved_back(scene)
    scene.run(kept(spec("second"), first))
    assert scene.calls == [LOOK, UPDATE, LOOK, COMPARE, MOVE]
    assert (scene.secret.value, scene.secret.version_id) == ("second", second.version)
    assert len(scene.secret.versions) == 2


def test_a_known_token_of_another_value_is_not_moved_back(scene: Scene) -> None:
    """The version under that id holds something else: the next id is taken."""
    first, second = moved_back(scene)
    scene.run(kept(spec("third"), first))
    assert scene.calls == [LOOK, UPDATE, LOOK, COMPARE, UPDATE]
    assert scene.secret.value == "third"
    assert scene.secret.version_id not in {first.version, second.version}


DRIFTS: list[Any] = [
    pytest.param("keep", [], "by a person", id="kept"),
    pytest.param(
        "overwrite",
        [LOOK, COMPARE, MOVE],
        "the value",
        id="overwritten: ours is still there, under AWSPREVIOUS",
    ),
]


@pytest.mark.parametrize(("drift", "calls", "value"), DRIFTS)
def test_a_value_that_a_refresh_has_shown(
    scene: Scene, drift: str, calls: list[str], value: str
) -> None:
    wanted = kept()
    memory = memory_of(scene.run(wanted), wanted)
    put = scene.aws.put_by_hand(NAME, "by a person")
    seen = Memory(
        id=memory.id, owner=memory.owner, spec=memory.spec, instance=memory.instance,
        version=memory.version, live_version=put,
    )  # fmt: skip
    scene.run(kept(memory=seen), on_value_drift=drift)
    assert (scene.calls, scene.secret.value) == (calls, value)


def test_a_person_put_the_declared_value(scene: Scene) -> None:
    """Compared, found to be the same: no version is made for it."""
    wanted = kept()
    memory = memory_of(scene.run(wanted), wanted)
    put = scene.aws.put_by_hand(NAME, "the value")
    result = scene.run(kept(spec(description="new"), memory), on_value_drift="overwrite")
    assert scene.calls == [LOOK, COMPARE, UPDATE]
    assert (scene.secret.version_id, len(scene.secret.versions)) == (put, 2)
    assert memory_of(result, wanted).version == put


def test_a_deprecation_that_fails_is_made_good(scene: Scene) -> None:
    """The value is written by then; the same update again takes the label away."""
    memory = scene.remember()
    scene.aws.deny(f"secretsmanager:{MOVE}")
    with pytest.raises(errors.AccessDenied, match=MOVE):
        scene.run(kept(spec("new"), memory), previous_version="deprecate")
    assert scene.secret.versions[memory.version or ""].labels == (PREVIOUS,)
    scene.aws.allow_everything()
    scene.run(kept(spec("new"), memory), previous_version="deprecate")
    assert scene.calls == [LOOK, COMPARE, MOVE]
    assert scene.secret.versions[memory.version or ""].labels == ()


def test_the_version_before_is_not_deprecated_unless_it_is_our_doing(scene: Scene) -> None:
    """Whoever put a value by hand may want to go back to the one before."""
    memory = scene.remember()
    scene.aws.put_by_hand(NAME, "by a person")
    scene.run(kept(spec(description="new"), memory), previous_version="deprecate")
    assert scene.calls == [LOOK, UPDATE]
    assert scene.secret.versions[memory.version or ""].labels == (PREVIOUS,)


def test_labels_follow_the_value(scene: Scene) -> None:
    """They are of the current version: a new value takes them along, others' labels stay."""
    memory = scene.remember(spec(version_stages=["blue"]))
    scene.aws.by_hand(
        MOVE, SecretId=NAME, VersionStage="theirs", MoveToVersionId=scene.secret.version_id
    )
    scene.run(kept(spec("new", version_stages=["blue"]), memory))
    assert scene.calls == [LOOK, UPDATE, MOVE]
    assert scene.secret.versions[scene.secret.version_id or ""].labels == (CURRENT, "blue")
    assert set(scene.secret.versions[memory.version or ""].labels) == {PREVIOUS, "theirs"}


def test_a_label_that_somebody_moves_meanwhile(scene: Scene) -> None:
    """AWS refuses the move from where it no longer is; a look, and then it is right."""
    wanted = kept(spec(version_stages=["blue"]))
    memory = memory_of(scene.run(wanted), wanted)
    put = scene.aws.put_by_hand(NAME, "by a person")
    scene.aws.hook(MOVE, "before", lambda _: scene.aws.by_hand(
        MOVE, SecretId=NAME, VersionStage="blue", MoveToVersionId=put,
        RemoveFromVersionId=memory.version))  # fmt: skip
    scene.run(kept(spec(version_stages=["blue"], description="new"), memory))
    assert scene.calls == [LOOK, UPDATE, MOVE, LOOK]
    assert scene.secret.versions[put].labels == (CURRENT, "blue")


@pytest.mark.parametrize("fault", [faults.LostResponse, faults.ConnectionReset])
def test_a_read_value_is_sent_again_as_it_was(scene: Scene, fault: type[faults.Fault]) -> None:
    """Whatever stands there by now: the second attempt of a call is the same call."""
    scene.aws.inject(fault(CREATE))
    scene.run(kept(referenced()))
    assert scene.calls == [CREATE, CREATE]
    assert (scene.secret.value, len(scene.secret.versions)) == ("what stands elsewhere", 1)
