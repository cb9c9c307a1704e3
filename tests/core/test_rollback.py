"""An update that is taken back: only what the live secret still shows of the attempt is undone.

What was attempted may have failed before its first call, so every group is tried in three worlds:
the attempt is live, what was before is live, something else is live that a person has put.
"""

from __future__ import annotations

from typing import Any

import pytest

from core import cases
from core.attempts import MARK, NEW, OLD, steps, wanted
from recoverable_secrets.core import errors, facts, learn, ownership, plan, rollback, values
from recoverable_secrets.core.decide import decide
from recoverable_secrets.core.facts import Mandate
from recoverable_secrets.core.generate import Generate
from recoverable_secrets.core.model import Spec
from recoverable_secrets.core.references import ValueFrom

ATTEMPTED, BEFORE = cases.OTHER_VALUE, cases.VALUE


TEXTS: list[Any] = [
    pytest.param("was", "tried", "tried", "was", id="the attempt is live"),
    pytest.param("was", "tried", "was", None, id="never attempted"),
    pytest.param("was", "tried", "a person's", None, id="a person's since"),
    pytest.param("was", None, "", "was", id="removed by the attempt"),
    pytest.param("was", None, "a person's", None, id="a person's after a removal"),
    pytest.param(None, "tried", "tried", "", id="there was none"),
    pytest.param(None, "tried", "a person's", None, id="there was none, but a person's is"),
    pytest.param("same", "same", "a person's", None, id="no difference: drift is left alone"),
    pytest.param(None, None, "a person's", None, id="never declared"),
    pytest.param("", "tried", "tried", "", id="empty before"),
    pytest.param("", None, "", None, id="empty before and after"),
]


@pytest.mark.parametrize(("before", "attempted", "live", "back"), TEXTS)
def test_a_description(
    before: str | None, attempted: str | None, live: str, back: str | None
) -> None:
    done = steps(
        cases.spec(description=before), cases.spec(description=attempted), description=live
    )
    assert done == ([] if back is None else [plan.SetMetadata(description=back)])


KEYS: list[Any] = [
    pytest.param("alias/a", "alias/b", "arn:aws:kms:x:1:alias/b", "alias/a", id="it is live"),
    pytest.param("alias/a", "alias/b", "alias/a", None, id="never attempted"),
    pytest.param("alias/a", "alias/b", "alias/c", None, id="a person's since"),
    pytest.param("alias/a", None, None, "alias/a", id="removed by the attempt"),
    pytest.param(None, "alias/b", "alias/b", "", id="there was none"),
    pytest.param("alias/a", "arn:aws:kms:x:1:alias/a", "alias/c", None, id="two spellings of one"),
]


@pytest.mark.parametrize(("before", "attempted", "live", "back"), KEYS)
def test_a_key(
    before: str | None, attempted: str | None, live: str | None, back: str | None
) -> None:
    done = steps(cases.spec(kms_key_id=before), cases.spec(kms_key_id=attempted), kms_key_id=live)
    assert done == ([] if back is None else [plan.SetMetadata(kms_key_id=back)])


TAGS: list[Any] = [
    pytest.param({"t": "a"}, {"t": "b"}, {"t": "b"}, {"t": "a"}, (), id="changed by the attempt"),
    pytest.param({"t": "a"}, {"t": "b"}, {"t": "a"}, {}, (), id="never attempted"),
    pytest.param({"t": "a"}, {"t": "b"}, {"t": "p"}, {}, (), id="a person's since"),
    pytest.param({"t": "a"}, {}, {}, {"t": "a"}, (), id="removed by the attempt"),
    pytest.param({"t": "a"}, {}, {"t": "p"}, {}, (), id="removed, then a person's"),
    pytest.param({}, {"t": "b"}, {"t": "b"}, {}, ("t",), id="added by the attempt"),
    pytest.param({}, {"t": "b"}, {"t": "p"}, {}, (), id="added, then a person's"),
    pytest.param({}, {"t": "b"}, {"x": "y"}, {}, (), id="added, then removed by a person"),
    pytest.param({"t": "a"}, {"u": "b"}, {"u": "b", "x": "y"}, {"t": "a"}, ("u",), id="exchanged"),
]


@pytest.mark.parametrize(("before", "attempted", "live", "back", "extra"), TAGS)
def test_tags(
    before: dict[str, str],
    attempted: dict[str, str],
    live: dict[str, str],
    back: dict[str, str],
    extra: tuple[str, ...],
) -> None:
    expected: list[plan.Action] = [plan.SetTags(tags=back)] if back else []
    expected += [plan.DropTags(keys=extra)] if extra else []
    assert steps(cases.spec(tags=before), cases.spec(tags=attempted), tags=live) == expected


COMPARE = plan.Compare(source=plan.Source.ATTEMPTED, version=NEW)
MOVE = plan.MoveStage(current=NEW, to=OLD)
VALUES: list[Any] = [
    pytest.param(
        BEFORE, ATTEMPTED, {"previous": NEW, "holds": NEW}, [], id="both labels on one version"
    ),
    pytest.param(BEFORE, ATTEMPTED, {}, [COMPARE], id="whether it was done is asked first"),
    pytest.param(BEFORE, ATTEMPTED, {"holds": NEW}, [MOVE], id="done: the one before is current"),
    pytest.param(BEFORE, ATTEMPTED, {"differs": frozenset({NEW})}, [], id="never done"),
    pytest.param(None, ATTEMPTED, {"holds": NEW}, [MOVE], id="none was declared before"),
    pytest.param(BEFORE, None, {}, [], id="the attempt declared none, so it wrote none"),
    pytest.param(BEFORE, BEFORE, {}, [], id="the same"),
    pytest.param(BEFORE, ATTEMPTED, {"version": cases.FOREIGN}, [], id="a person's is current"),
    pytest.param(BEFORE, ATTEMPTED, {"version": None}, [], id="there is no value"),
    pytest.param(BEFORE, ATTEMPTED, {"previous": None}, [], id="nothing is there to go back to"),
]


@pytest.mark.parametrize(("before", "attempted", "known", "expected"), VALUES)
def test_a_value(
    before: Any, attempted: Any, known: dict[str, Any], expected: list[plan.Action]
) -> None:
    """The version before may be a person's or a generated one: none is ever written."""
    live = {"version": NEW, "previous": OLD, **known}
    assert steps(cases.spec(before), cases.spec(attempted), **live) == expected


def test_a_value_that_cannot_be_told_by_comparing_is_told_by_its_id() -> None:
    """What was generated or read is not there any more to compare with."""
    specs = [
        [Spec(generate_secret_string=Generate(), regenerate_when=str(n)) for n in (1, 2)],
        [Spec(value_from=ValueFrom(file="f"), value_version=str(n)) for n in (1, 2)],
        [Spec(secret_string_wo=ATTEMPTED, secret_string_wo_version=n) for n in (1, 2)],
    ]
    for before, attempted in specs:
        told = facts.Memory(id=cases.ID, owner=cases.OURS, spec=before)
        made = values.replacements(cases.ID, told, attempted)[0]
        moved = steps(before, attempted, version=made, previous=OLD)
        assert moved == [plan.MoveStage(current=made, to=OLD)]
        assert steps(before, attempted, version=OLD, previous=made) == [], "never done, or undone"
        assert steps(before, attempted, version=cases.FOREIGN, previous=made) == [], "a person's"


def test_a_move_ends_it() -> None:
    """What is current then does not hold what was attempted, and is not asked again."""
    before, attempted = cases.spec(BEFORE), cases.spec(ATTEMPTED)
    secret = cases.secret(version=NEW, previous=OLD)
    known: facts.Observed = cases.present(secret, holds=NEW)
    known = learn.fold(known, MOVE, plan.Done(), facts.Ref(cases.NAME))
    assert isinstance(known, facts.Present)
    assert (known.secret.version, known.secret.previous) == (OLD, NEW)
    assert list(rollback.actions(known, wanted(before, attempted), cases.AWS)) == []


def test_tags_that_do_not_fit_together_are_dropped_first() -> None:
    before, attempted = ({f"{letter}{n}": "" for n in range(30)} for letter in "ab")
    kinds = [
        type(step).__name__
        for step in steps(cases.spec(tags=before), cases.spec(tags=attempted), tags=attempted)
    ]
    assert kinds == ["DropTags", "SetTags"]


def test_our_own_tags_are_never_changed_back() -> None:
    forged = cases.spec(tags={ownership.ORIGIN: "created"})
    assert steps(forged, cases.spec(tags={})) == []
    assert steps(cases.spec(tags={}), forged, tags={}) == []


def decided(seen: facts.Observed, **policy: Any) -> plan.Decision:
    """Return what is decided about a description that was attempted and did take effect."""
    update = wanted(cases.spec(description="was"), cases.spec(description="tried"))
    return decide(seen, update, cases.policy(**policy), cases.AWS)


def live(owner: str | None = cases.OURS, **told: Any) -> facts.Secret:
    return cases.secret(tags=cases.marks(owner, "aaaa.2222"), description="tried", **told)


@pytest.mark.parametrize("owner", [None, cases.OTHERS], ids=["nobody's", "another's"])
@pytest.mark.parametrize("state", [facts.Present, facts.PendingDeletion])
@pytest.mark.parametrize("adopt", ["no", "any"])
def test_what_is_not_ours_is_left_alone_and_that_is_no_failure(
    owner: str | None, state: type, adopt: str
) -> None:
    """The attempt was refused for it; a rollback that fails as well has to be mended by hand."""
    found = decided(state(secret=live(owner)), adopt=adopt)
    assert isinstance(found, plan.Plan)
    assert found.actions == ()
    assert "left alone" in found.notes[0]


def test_what_is_tied_is_left_alone() -> None:
    found = decided(cases.present(live(primary_region="us-west-2")))
    assert isinstance(found, plan.Plan)
    assert (found.actions, len(found.notes)) == ((), 1)


def test_what_is_pending_is_restored_and_put_back() -> None:
    found = decided(facts.PendingDeletion(secret=live()), recovery_window_in_days=9)
    assert cases.kinds(found) == ("Restore", "SetMetadata")
    assert isinstance(found, plan.Plan)
    assert found.actions[0].undo == plan.ScheduleDeletion(days=9)


def test_unless_the_user_wants_to_be_asked() -> None:
    found = decided(facts.PendingDeletion(secret=live()), on_recreate="fail")
    assert isinstance(found, plan.Plan)
    assert (found.actions, len(found.notes)) == ((), 1)


def test_after_a_change_of_name_the_old_secret_is_not_touched() -> None:
    """Nothing was done to it: the attempt made another one."""
    back = wanted(cases.spec(BEFORE, description="was"), None)
    assert decide(cases.present(live()), back, cases.policy(), cases.AWS) == plan.Plan()
    restored = decide(facts.PendingDeletion(secret=live()), back, cases.policy(), cases.AWS)
    assert cases.kinds(restored) == ("Restore",)


def test_what_is_gone_is_created_again() -> None:
    back = wanted(cases.spec(BEFORE), cases.spec(ATTEMPTED))
    assert cases.kinds(decide(facts.Absent(), back, cases.policy(), cases.AWS)) == ("Create",)


SAME = cases.spec(description="tried")


@pytest.mark.parametrize("remembered", [False, True])
def test_a_late_request_succeeds_where_nothing_differs(*, remembered: bool) -> None:
    tags = cases.marks(cases.OURS, MARK)
    seen = cases.present(cases.secret(tags=tags, description="tried"))
    late = wanted(SAME, SAME if remembered else None, mandate=Mandate.LATE)
    assert decide(seen, late, cases.policy(), cases.AWS) == plan.Plan()


WOULD_CHANGE: list[Any] = [
    pytest.param(cases.present(live()), id="another mark"),
    pytest.param(cases.present(cases.secret(tags=cases.marks(cases.OURS, MARK))), id="a text"),
    pytest.param(facts.PendingDeletion(secret=live()), id="pending"),
    pytest.param(facts.Absent(), id="not there"),
    pytest.param(facts.Purging(), id="a reserved name"),
]


@pytest.mark.parametrize("seen", WOULD_CHANGE)
def test_a_late_request_changes_nothing(seen: facts.Observed) -> None:
    """And is no success: CloudFormation would take the declaration for what is."""
    late = wanted(SAME, None, mandate=Mandate.LATE)
    refused = decide(seen, late, cases.policy(adopt="any"), cases.AWS)
    assert isinstance(refused, plan.Refusal)
    assert "not being created or updated" in refused.text
    assert str(errors.Refused(refused.text)) == refused.text


def test_a_late_request_looks_first() -> None:
    for memory in (None, SAME):
        late = wanted(SAME, memory, mandate=Mandate.LATE)
        assert cases.kinds(decide(facts.Unknown(), late, cases.policy(), cases.AWS)) == ("Look",)
