"""The calls of every operation, one by one: design, section 10."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engine.scene import (
    COMPARE,
    CREATE,
    DELETE,
    KEY,
    LOOK,
    NAME,
    NO_POLICY,
    RESTORE,
    STRANGER,
    TAG,
    UNTAG,
    UPDATE,
    Scene,
    gone,
    kept,
    memory_of,
    spec,
)  # fmt: skip
from recoverable_secrets.core import errors, facts, ownership, plan
from recoverable_secrets.core.facts import Memory
from recoverable_secrets.core.model import Spec
from recoverable_secrets.core.policy import Policy

BINARY = Spec.model_validate({"secret_binary": b"\x00\xff"})
CREATES = [
    pytest.param(spec(), id="value, description, tags"),
    pytest.param(spec(kms_key_id=KEY), id="and a key"),
    pytest.param(spec(None), id="no value"),
    pytest.param(BINARY, id="binary"),
    pytest.param(Spec(), id="nothing declared"),
]


@pytest.mark.parametrize("declared", CREATES)
def test_create_is_one_call(scene: Scene, declared: Spec) -> None:
    result = scene.run(kept(declared))
    assert scene.calls == [CREATE]
    assert isinstance(result.known, facts.Present)
    assert [type(action) for action in result.actions] == [plan.Create]
    assert scene.secret.state == "live"


UNCHANGED: list[Any] = [
    pytest.param({}, id="nothing changed"),
    pytest.param({"recovery_window_in_days": 7}, id="window"),
    pytest.param({"force_delete_without_recovery": True}, id="force"),
    pytest.param({"deletion": "retain"}, id="retain"),
    pytest.param({"refuse_deletion_if_accessed_within": 7}, id="guard"),
    pytest.param({"on_recreate": "fail"}, id="on_recreate"),
    pytest.param({"adopt": "any"}, id="adopt"),
    pytest.param({"on_value_drift": "overwrite"}, id="on_value_drift, no drift known"),
    pytest.param({"timeout": 1}, id="timeout"),
]


@pytest.mark.parametrize("declared", CREATES)
@pytest.mark.parametrize("policy", UNCHANGED)
def test_unchanged_or_policy_only_is_no_call(
    scene: Scene, policy: dict[str, Any], declared: Spec
) -> None:
    memory = scene.remember(declared)
    before = scene.secret
    result = scene.run(kept(declared, memory), **policy)
    assert scene.aws.calls == []
    assert (result.actions, result.notes, scene.said) == ((), (), [])
    assert scene.secret == before


UPDATES: list[Any] = [
    pytest.param(spec(description="new"), [UPDATE], id="description"),
    pytest.param(spec(description=""), [UPDATE], id="description cleared"),
    pytest.param(spec(description=None), [UPDATE], id="description no longer declared"),
    pytest.param(spec(kms_key_id=KEY), [UPDATE], id="key"),
    pytest.param(spec("new"), [UPDATE], id="value"),
    pytest.param(spec("new", description="new", kms_key_id=KEY), [UPDATE],
                 id="description, key and value together"),
    pytest.param(spec(tags={"team": "a", "stage": "p", "new": "1"}), [TAG], id="tag added"),
    pytest.param(spec(tags={"team": "a", "stage": "q"}), [TAG], id="tag changed"),
    pytest.param(spec(tags={"team": "a"}), [UNTAG], id="tag dropped"),
    pytest.param(spec(tags={}), [UNTAG], id="all tags dropped"),
    pytest.param(spec(tags=None), [UNTAG], id="tags no longer declared"),
    pytest.param(spec(tags={"team": "b"}), [TAG, UNTAG], id="tag changed and dropped"),
    pytest.param(spec("new", description="new", tags={"new": "1"}), [UPDATE, TAG, UNTAG],
                 id="every group"),
]  # fmt: skip


@pytest.mark.parametrize(("declared", "calls"), UPDATES)
def test_update_is_a_look_and_one_call_a_group(
    scene: Scene, declared: Spec, calls: list[str]
) -> None:
    memory = scene.remember()
    wanted = kept(declared, memory)
    result = scene.run(wanted)
    assert scene.calls == [LOOK, *calls]
    assert len(result.actions) == len(calls)
    assert len(scene.secret.versions) == (2 if scene.secret.value == "new" else 1)
    after = memory_of(result, wanted)
    assert scene.run(kept(declared, after)).actions == ()
    assert scene.calls == []


def test_a_value_that_is_no_longer_declared_is_no_call(scene: Scene) -> None:
    """It stays, whatever it is: memory proves that there is nothing to do."""
    memory = scene.remember()
    result = scene.run(kept(spec(None), memory))
    assert (scene.calls_of_all, result.actions) == ([], ())
    assert scene.secret.value == "the value"


def test_a_renamed_owner_is_a_look_and_a_tag(scene: Scene) -> None:
    """Nothing is replaced: the tag is rewritten in place."""
    memory = scene.remember()
    scene.run(kept(memory=memory, owner=STRANGER))
    assert scene.calls == [LOOK, TAG]
    assert scene.secret.tags[ownership.OWNER] == STRANGER


DELETES: list[Any] = [
    pytest.param({}, [LOOK, DELETE], "pending", id="schedule"),
    pytest.param({"deletion": "force"}, [LOOK, DELETE], "purging", id="force"),
    pytest.param({"deletion": "retain"}, [], "live", id="retain"),
]


@pytest.mark.parametrize(("policy", "calls", "state"), DELETES)
def test_delete(scene: Scene, policy: dict[str, Any], calls: list[str], state: str) -> None:
    memory = scene.remember()
    scene.run(gone(memory), **policy)
    assert (scene.calls, scene.secret.state) == (calls, state)


def test_delete_of_what_is_on_its_way_or_gone(scene: Scene) -> None:
    """A look is enough; what is gone is believed after the account was asked for."""
    memory = scene.pending()
    assert scene.run(gone(memory)).actions == ()
    assert scene.calls == [LOOK]
    scene.aws.clock.advance(days=31)
    assert scene.run(gone(memory)).actions == ()
    assert scene.calls == [LOOK]
    assert scene.aws.actions("sts") == ["GetCallerIdentity"]


def test_force_ends_what_is_pending(scene: Scene) -> None:
    memory = scene.pending()
    scene.run(gone(memory), deletion="force")
    assert (scene.calls, scene.secret.state) == ([LOOK, DELETE], "purging")


HEAD = [CREATE, LOOK, RESTORE, NO_POLICY]
RECREATES: list[Any] = [
    pytest.param(spec(), [*HEAD, COMPARE], id="nothing differs"),
    pytest.param(spec(None), HEAD, id="no literal: nothing to compare"),
    pytest.param(spec(description="new"), [*HEAD, COMPARE, UPDATE], id="description"),
    pytest.param(spec(description=None), [*HEAD, COMPARE, UPDATE], id="description not declared"),
    pytest.param(spec("new"), [*HEAD, COMPARE, UPDATE], id="value"),
    pytest.param(spec("new", description="n", kms_key_id=KEY), [*HEAD, COMPARE, UPDATE],
                 id="description, key and value together"),
    pytest.param(spec(tags={"team": "b", "stage": "p"}), [*HEAD, COMPARE, TAG], id="tag changed"),
    pytest.param(spec(tags={"team": "a"}), [*HEAD, COMPARE, UNTAG], id="tag dropped"),
    pytest.param(spec("new", description="n", tags={"n": "1"}),
                 [*HEAD, COMPARE, UPDATE, TAG, UNTAG], id="every group"),
]  # fmt: skip


@pytest.mark.parametrize(("declared", "calls"), RECREATES)
def test_recreate_while_pending(scene: Scene, declared: Spec, calls: list[str]) -> None:
    """Five calls at most if nothing differs, and one more for each group that does."""
    old = scene.pending()
    before = scene.secret
    wanted = kept(declared)
    result = scene.run(wanted)
    assert scene.calls == calls
    assert result.restored
    assert (scene.secret.arn, scene.secret.state) == (before.arn, "live")
    assert scene.secret.tags[ownership.INSTANCE] == old.instance
    assert len(scene.secret.versions) == (2 if scene.secret.value == "new" else 1)
    memory = memory_of(result, wanted)
    assert scene.run(kept(declared, memory)).actions == ()
    assert scene.calls == []


def test_recreate_keeps_what_a_person_put(scene: Scene) -> None:
    scene.remember()
    put = scene.aws.put_by_hand(NAME, "by a person")
    scene.run(gone())
    scene.run(kept(spec("new")))
    assert scene.calls == HEAD
    assert (scene.secret.version_id, scene.secret.value) == (put, "by a person")


def test_recreate_overwrites_what_a_person_put_if_told(scene: Scene) -> None:
    scene.remember()
    scene.aws.put_by_hand(NAME, "by a person")
    scene.run(gone())
    scene.run(kept(spec("new")), on_value_drift="overwrite")
    assert scene.calls == [*HEAD, COMPARE, UPDATE]
    assert scene.secret.value == "new"


def test_recreate_without_a_value_before(scene: Scene) -> None:
    """There is nothing to compare with: the value is written."""
    scene.pending(spec(None))
    scene.run(kept(spec("new")))
    assert scene.calls == [*HEAD, UPDATE]
    assert scene.secret.value == "new"


def test_a_run_that_broke_off_after_the_creation(scene: Scene) -> None:
    """Nobody remembers the secret, but it is ours: a fresh mark, and nothing is written."""
    scene.remember()
    scene.run(kept())
    assert scene.calls == [CREATE, LOOK, NO_POLICY, COMPARE, TAG]
    assert len(scene.secret.versions) == 1


ADOPTIONS: list[Any] = [
    pytest.param(None, {"adopt": "unowned"}, {}, [CREATE, LOOK, TAG], id="unowned"),
    pytest.param(STRANGER, {"adopt": "any"}, {}, [CREATE, LOOK, TAG], id="foreign"),
    pytest.param(None, {"adopt": "unowned", "on_value_drift": "overwrite"}, {},
                 [CREATE, LOOK, TAG, COMPARE, UPDATE], id="its value overwritten"),
    pytest.param(STRANGER, {"adopt": "any"}, {"description": "new"},
                 [CREATE, LOOK, TAG, UPDATE], id="described anew"),
]  # fmt: skip


@pytest.mark.parametrize(("owner", "policy", "fields", "calls"), ADOPTIONS)
def test_adoption(
    scene: Scene,
    owner: str | None,
    policy: dict[str, Any],
    fields: dict[str, Any],
    calls: list[str],
) -> None:
    scene.aws.by_hand(
        "CreateSecret", Name=NAME, SecretString="theirs", Description="of the database"
    )
    scene.person_tags(team="a", stage="p", theirs="stays")
    if owner:
        scene.hand_over(owner)
    scene.run(kept(spec(**fields)), **policy)
    assert scene.calls == calls
    assert scene.secret.tags["theirs"] == "stays"
    assert scene.secret.tags[ownership.ORIGIN] == ownership.ADOPTED


@pytest.mark.parametrize("owner", [None, STRANGER], ids=["unowned", "foreign"])
@pytest.mark.parametrize("pending", [False, True], ids=["live", "pending"])
def test_what_is_not_ours_is_looked_at_and_left(
    scene: Scene, owner: str | None, *, pending: bool
) -> None:
    scene.remember()
    scene.hand_over(owner)
    if pending:
        scene.aws.by_hand("DeleteSecret", SecretId=NAME)
    before = scene.secret
    with pytest.raises(errors.Refused):
        scene.run(kept())
    assert scene.calls == [CREATE, LOOK]
    assert scene.secret == before


PREVIEWS: list[Any] = [
    pytest.param(lambda memory: kept(spec("new"), memory), True, [LOOK], [plan.SetMetadata],
                 id="change, looked at"),
    pytest.param(lambda memory: kept(spec("new"), memory), False, [], [plan.Look],
                 id="change, from memory"),
    pytest.param(lambda memory: kept(memory=memory), False, [], [], id="no change, from memory"),
    pytest.param(lambda _: kept(), False, [], [plan.Create], id="creation, from memory"),
    pytest.param(gone, True, [LOOK], [plan.ScheduleDeletion], id="deletion, looked at"),
]  # fmt: skip


@pytest.mark.parametrize(("wish", "look", "calls", "steps"), PREVIEWS)
def test_preview_does_nothing(
    scene: Scene,
    wish: Callable[[Memory], facts.Wanted],
    look: bool,  # noqa: FBT001  # a parameter of the test
    calls: list[str],
    steps: list[type[plan.Action]],
) -> None:
    wanted = wish(scene.remember())
    scene.aws.calls.clear()
    before = scene.secret
    shown = scene.engine.preview(wanted, Policy(), look=look)
    assert isinstance(shown, plan.Plan)
    assert [type(action) for action in shown.actions] == steps
    assert scene.calls == calls
    assert scene.secret == before


def test_preview_of_what_will_be_refused(scene: Scene) -> None:
    scene.remember()
    scene.hand_over(STRANGER)
    shown = scene.engine.preview(kept(), Policy())
    assert isinstance(shown, plan.Refusal)
    assert STRANGER in plan.describe(shown)
