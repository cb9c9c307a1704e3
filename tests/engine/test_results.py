"""What an operation answers and says: it is what AWS shows afterwards, each thing said once."""

from __future__ import annotations

import dataclasses
import io
from typing import Any

import pytest

from emulation import faults
from engine.scene import (
    CREATE,
    DELETE,
    DOCUMENT,
    KEY,
    LOOK,
    NAME,
    OWNER,
    REPLICAS,
    RESTORE,
    ROTATION,
    STRANGER,
    Scene,
    gone,
    kept,
    spec,
)  # fmt: skip
from recoverable_secrets.core import errors, facts, ownership, plan
from recoverable_secrets.core.model import Spec
from recoverable_secrets.core.policy import Policy
from recoverable_secrets.engine import Engine, random_hex
from recoverable_secrets.stores.memory import MemoryStore

CHANGED = spec("new", description="new", kms_key_id=KEY, tags={"team": "b", "new": ""})
GROUPS: dict[str, Any] = {
    "replicas": REPLICAS, "policy": DOCUMENT, "version_stages": ["blue"], "type": "Partner",
    **ROTATION,
}  # fmt: skip
DECLARED: list[Any] = [
    pytest.param(CHANGED, id="every group"),
    pytest.param(spec(description="", tags={}), id="cleared"),
    pytest.param(Spec(), id="nothing declared"),
    pytest.param(spec(), id="as it was"),
    pytest.param(spec(**GROUPS), id="replicas, policy, rotation, labels, type"),
    pytest.param(spec(replicas=[], policy="", rotation_enabled=False), id="none of them"),
]


def told(scene: Scene, known: facts.Observed) -> None:
    """Check that what the engine believes is what a look tells."""
    assert isinstance(known, facts.Present)
    seen = scene.store.observe(facts.Ref(NAME))
    assert isinstance(seen, facts.Present)
    # Where it is, only a look tells.
    assert known.secret == dataclasses.replace(seen.secret, region=known.secret.region)


@pytest.mark.parametrize("declared", DECLARED)
def test_a_creation_is_known_as_it_is(scene: Scene, declared: Spec) -> None:
    told(scene, scene.run(kept(declared)).known)


@pytest.mark.parametrize("declared", DECLARED)
def test_an_update_is_known_as_it_is(scene: Scene, declared: Spec) -> None:
    memory = scene.remember(spec(kms_key_id=KEY))
    told(scene, scene.run(kept(declared, memory)).known)


@pytest.mark.parametrize("declared", DECLARED)
def test_an_update_of_all_there_is_is_known_as_it_is(scene: Scene, declared: Spec) -> None:
    memory = scene.remember(spec(kms_key_id=KEY, **GROUPS))
    told(scene, scene.run(kept(declared, memory)).known)


@pytest.mark.parametrize("declared", DECLARED)
def test_a_restore_is_known_as_it_is(scene: Scene, declared: Spec) -> None:
    scene.pending(spec(kms_key_id=KEY, **GROUPS))
    told(scene, scene.run(kept(declared)).known)


@pytest.mark.parametrize("declared", DECLARED)
def test_an_adoption_is_known_as_it_is(scene: Scene, declared: Spec) -> None:
    scene.remember(spec(kms_key_id=KEY))
    scene.hand_over(STRANGER)
    told(scene, scene.run(kept(declared), adopt="any", on_value_drift="overwrite").known)


def test_what_holds_the_declared_value(scene: Scene) -> None:
    """The version that a surface may record as its own, and none that others put."""
    wanted = kept()
    made = scene.run(wanted)
    assert isinstance(made.known, facts.Present)
    assert made.known.holds == made.known.secret.version == wanted.version
    put = scene.aws.put_by_hand(NAME, "by a person")
    scene.run(gone())
    restored = scene.run(kept())
    assert isinstance(restored.known, facts.Present)
    assert (restored.known.holds, restored.known.secret.version) == (None, put)


def test_restored_is_told_of_this_operation_only(scene: Scene) -> None:
    scene.pending()
    assert scene.run(kept()).restored
    assert not scene.run(kept()).restored
    assert not scene.run(gone()).restored


def test_a_restore_whose_answer_was_lost_is_said(scene: Scene) -> None:
    scene.pending()
    scene.aws.behaviour.restore_on_live = "refused"
    scene.aws.inject(faults.LostResponse(RESTORE))
    result = scene.run(kept())
    assert result.restored
    assert scene.said == [f"{NAME} restored: its scheduled deletion is cancelled"]


def test_a_deletion_is_said_with_its_date(scene: Scene) -> None:
    memory = scene.remember()
    result = scene.run(gone(memory), recovery_window_in_days=7)
    assert scene.said == [
        f"{NAME} scheduled for deletion on 2040-01-08; until then it can be restored"
    ]
    assert result.notes == tuple(scene.said)
    assert isinstance(result.known, facts.PendingDeletion)


def test_a_deletion_whose_answer_was_lost_ends(scene: Scene) -> None:
    """Found scheduled, by a look: that is what was wanted."""
    memory = scene.remember()
    scene.aws.inject(faults.LostResponse(DELETE))
    result = scene.run(gone(memory))
    assert scene.calls == [LOOK, DELETE, DELETE, LOOK]
    assert isinstance(result.known, facts.PendingDeletion)
    assert [type(action) for action in result.actions] == [plan.ScheduleDeletion]
    assert scene.said == [
        f"{NAME} scheduled for deletion in 30 days; until then it can be restored"
    ]
    assert scene.secret.state == "pending"


SAID: list[Any] = [
    pytest.param({"deletion": "force"}, OWNER, f"{NAME} deleted for good, without recovery",
                 id="purged"),
    pytest.param({"deletion": "retain"}, OWNER, f"{NAME} stays as it is: deletion is retain",
                 id="retained"),
    pytest.param({}, STRANGER, f"{NAME} belongs to {STRANGER}: left alone", id="a stranger's"),
    pytest.param({"deletion": "force"}, STRANGER, f"{NAME} belongs to {STRANGER}: left alone",
                 id="a stranger's, by force"),
    pytest.param({"deletion": "force"}, None,
                 f"{NAME} has lost its owner tag: it is scheduled, not purged",
                 id="nobody's, by force"),
]  # fmt: skip


@pytest.mark.parametrize(("policy", "owner", "note"), SAID)
def test_what_teardown_says(
    scene: Scene, policy: dict[str, Any], owner: str | None, note: str
) -> None:
    memory = scene.remember()
    if owner != OWNER:
        scene.hand_over(owner)
    result = scene.run(gone(memory), **policy)
    assert scene.said[0] == note
    assert result.notes == tuple(scene.said)


def test_a_kept_value_is_said_once(scene: Scene) -> None:
    """However many rounds it takes."""
    scene.remember()
    scene.aws.put_by_hand(NAME, "by a person")
    scene.run(gone())
    scene.aws.inject(faults.Error("TagResource", code="InvalidRequestException"))
    scene.run(kept(spec(tags={"team": "b"})))
    kept_value = [note for note in scene.said if "keeps the value" in note]
    assert len(kept_value) == 1
    assert len(scene.said) == 2


def test_a_quiet_operation_says_nothing(scene: Scene) -> None:
    memory = scene.remember()
    assert scene.said == []
    result = scene.run(kept(CHANGED, memory))
    assert (scene.said, result.notes) == ([], ())


def test_what_was_done_in_order(scene: Scene) -> None:
    scene.pending()
    result = scene.run(kept(CHANGED))
    assert [type(action) for action in result.actions] == [
        plan.Restore, plan.DropPolicy, plan.SetMetadata, plan.SetTags, plan.DropTags,
        plan.CheckKey,
    ]  # fmt: skip


RACES: list[Any] = [
    pytest.param(kept(), LOOK, {}, [CREATE, LOOK], id="before the look of a creation"),
    pytest.param(gone(), LOOK, {}, [LOOK], id="before the look of a deletion"),
    pytest.param(gone(), LOOK, {"deletion": "force"}, [LOOK], id="before that of a forced one"),
]


@pytest.mark.parametrize(("wanted", "when", "policy", "calls"), RACES)
def test_a_stranger_takes_over_before_the_look(
    scene: Scene, wanted: facts.Wanted, when: str, policy: dict[str, Any], calls: list[str]
) -> None:
    """The owner is looked at in the operation itself, whatever was known before it."""
    scene.remember()
    scene.aws.hook(when, "before", lambda _: scene.hand_over(STRANGER))
    if isinstance(wanted, facts.Kept):
        with pytest.raises(errors.Refused, match=f"{NAME} belongs to"):
            scene.run(wanted, **policy)
    else:
        scene.run(wanted, **policy)
    assert scene.calls == calls
    assert scene.secret.state == "live"
    assert scene.secret.tags[ownership.OWNER] == STRANGER


def test_a_stranger_takes_over_before_a_conflict_is_looked_into(scene: Scene) -> None:
    """Scheduled by a person and taken over: after the conflict nothing is ours to change."""
    memory = scene.remember()

    def take(_: object) -> None:
        scene.hand_over(STRANGER)
        scene.aws.by_hand("DeleteSecret", SecretId=NAME)

    scene.aws.hook("UpdateSecret", "before", take)
    with pytest.raises(errors.Refused, match=r"belongs to .* and is scheduled for deletion"):
        scene.run(kept(CHANGED, memory))
    assert scene.calls == [LOOK, "UpdateSecret", LOOK]
    assert scene.secret.value == "the value"


def test_a_person_deletes_it_in_the_middle_of_an_update(scene: Scene) -> None:
    """Pending again: restored, and brought to what is wanted."""
    memory = scene.remember()
    scene.aws.hook(
        "TagResource", "before", lambda _: scene.aws.by_hand("DeleteSecret", SecretId=NAME)
    )
    result = scene.run(kept(CHANGED, memory))
    assert result.restored
    told(scene, result.known)
    assert (scene.secret.state, scene.secret.value) == ("live", "new")
    assert len(scene.secret.versions) == 2


def test_a_person_restores_it_in_the_middle_of_a_recreation(scene: Scene) -> None:
    scene.pending()
    scene.aws.behaviour.restore_on_live = "refused"
    scene.aws.hook(RESTORE, "before", lambda _: scene.aws.by_hand("RestoreSecret", SecretId=NAME))
    told(scene, scene.run(kept(CHANGED)).known)
    assert scene.secret.value == "new"


@pytest.mark.parametrize("planted", [{"OwningService": "rds"},
                                     {"CrossAccountReplicas": [{"ReplicaSecretARN": "arn:x"}]}],
                         ids=["owned by a service", "tied across accounts"])  # fmt: skip
def test_a_tied_secret_is_refused_before_anything_is_touched(
    scene: Scene, planted: dict[str, Any]
) -> None:
    memory = scene.remember()
    scene.aws.plant(NAME, **planted)
    for wanted in (kept(CHANGED, memory), gone(memory), kept(CHANGED)):
        with pytest.raises(errors.Refused):
            scene.run(wanted)
        assert set(scene.calls) <= {CREATE, LOOK}
    assert (scene.secret.state, scene.secret.value) == ("live", "the value")


def test_the_engine_alone() -> None:
    """With the memory store, the real clock and nobody to talk to: the defaults work."""
    engine = Engine(MemoryStore())
    first = engine.run(kept(), Policy())
    assert isinstance(first.known, facts.Present)
    assert isinstance(engine.run(gone(), Policy()).known, facts.PendingDeletion)
    again = engine.run(kept(), Policy())
    assert again.restored
    assert isinstance(again.known, facts.Present)
    assert again.known.secret.id == first.known.secret.id
    assert "restored" in again.notes[0]


def test_random_marks_differ() -> None:
    marks = {random_hex() for _ in range(100)}
    assert len(marks) == 100
    assert all(ownership.is_ours(ownership.version_id(mark)) for mark in marks)


def test_no_result_shows_a_value(scene: Scene) -> None:
    """Nor does a plan, a note or what is known."""
    wanted = kept(spec("canary-93c1e7f0"))
    out = io.StringIO()
    for result in (scene.run(wanted), scene.run(gone()), scene.run(wanted)):
        print(
            result, result.known, result.actions, result.notes, scene.said, wanted, file=out
        )  # into a text
    shown = scene.engine.preview(wanted, Policy())
    print(shown, plan.describe(shown), file=out)  # likewise
    assert "93c1e7f0" not in out.getvalue()
    assert scene.secret.value == "canary-93c1e7f0"
