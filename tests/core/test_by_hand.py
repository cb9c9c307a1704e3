"""What a person asks for by name: observed x in whose hands x what is asked, multiplied out."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import pytest

from core import cases
from recoverable_secrets.core import by_hand, errors, facts, ownership, plan, rotation
from recoverable_secrets.core.decide import decide
from recoverable_secrets.core.facts import Back, Handed, Labelled, Replica
from recoverable_secrets.core.policy import Policy

OHIO, PARIS = Replica(region="us-east-2"), Replica(region="eu-west-3", kms_key_id="alias/p")
RECORD = "eu-west-3=alias/p us-east-2"
CANCELLED = facts.Rotation(enabled=False, function=cases.FUNCTION, days=30)


def shown(owner: str | None = cases.OURS) -> facts.Memory:
    """What a person was shown."""
    return facts.Memory(id=cases.ID, owner=owner or "")


def back(owner: str | None = cases.OURS) -> Back:
    return Back(name=cases.NAME, memory=shown(owner))


def handed(to: str | None, owner: str | None = cases.OURS) -> Handed:
    return Handed(name=cases.NAME, memory=shown(owner), owner=to)


def labelled(
    labels: dict[str, str | None],
    owner: str | None = cases.OURS,
    *,
    at: dict[str, str | None] | None = None,
) -> Labelled:
    known = {"AWSCURRENT": cases.FIRST} if at is None else at
    return Labelled(name=cases.NAME, memory=shown(owner), labels=labels, shown=known)


def decided(observed: facts.Observed, wanted: facts.Asked) -> plan.Decision:
    return decide(observed, wanted, Policy(), cases.AWS)


def steps(observed: facts.Observed, wanted: facts.Asked) -> tuple[plan.Action, ...]:
    told = decided(observed, wanted)
    assert isinstance(told, plan.Plan), told
    return told.actions


def names(actions: tuple[plan.Action, ...]) -> list[str]:
    return [type(action).__name__ for action in actions]


def refused(observed: facts.Observed, wanted: facts.Asked) -> str:
    told = decided(observed, wanted)
    assert isinstance(told, plan.Refusal), told
    assert len(told.text) <= errors.LIMIT
    return told.text


ASKED: dict[str, Any] = {
    "back": back,
    "handed": lambda owner: handed(cases.RENAMED, owner),
    "released": lambda owner: handed(None, owner),
    "labelled": lambda owner: labelled({"AWSCURRENT": cases.OLDER}, owner),
}
OWNERS = {"owned": cases.OURS, "unowned": None}
LIVE = {
    "back": [],
    "handed": ["SetTags"],
    "released": ["DropTags"],
    "labelled": ["MoveStage"],
}


def seen(owner: str | None, **told: Any) -> facts.Secret:
    marks = cases.marks(owner) if owner else {}
    return cases.secret(tags=marks, version=cases.FIRST, **told)


@pytest.mark.parametrize(("what", "whose"), list(itertools.product(ASKED, OWNERS)))
def test_each_state(what: str, whose: str) -> None:
    """A secret without an owner is no less a person's to bring back than one with."""
    owner, wanted = OWNERS[whose], ASKED[what](OWNERS[whose])
    secret = seen(owner)
    live = facts.Present(secret=secret)
    expected = [] if (what, owner) == ("released", None) else LIVE[what]
    assert names(steps(facts.Unknown(), wanted)) == ["Look"]
    assert "does not exist" in refused(facts.Absent(), wanted)
    assert "does not exist" in refused(facts.Purging(), wanted)
    assert names(steps(live, wanted)) == expected
    pending = facts.PendingDeletion(secret=secret)
    if what == "back":
        assert names(steps(pending, wanted)) == ["Restore"]
    else:
        assert "restore it first" in refused(pending, wanted)


@pytest.mark.parametrize("what", ASKED)
@pytest.mark.parametrize("observed", [facts.Present, facts.PendingDeletion])
@pytest.mark.parametrize(
    ("was", "now"),
    [(cases.OURS, cases.OTHERS), (cases.OURS, None), (None, cases.OTHERS)],
    ids=["another's now", "nobody's now", "somebody's now"],
)
def test_changed_hands_since_it_was_shown(
    what: str,
    observed: type[facts.Present | facts.PendingDeletion],
    was: str | None,
    now: str | None,
) -> None:
    """What was confirmed is not what is there: nothing happens, unless it already is as asked."""
    met, wanted = observed(secret=seen(now)), ASKED[what](was)
    as_asked = what == "released" and now is None
    if as_asked and isinstance(met, facts.Present):
        assert steps(met, wanted) == ()
    else:
        assert ("restore it first" if as_asked else "changed hands") in refused(met, wanted)


TIES = {
    "primary_region": "us-west-2",
    "service": "rds",
    "partners": ("arn:aws:secretsmanager:us-west-2:444455556666:secret:x-AbCdEf",),
}


@pytest.mark.parametrize(("what", "tie"), list(itertools.product(ASKED, TIES)))
def test_what_is_tied_is_left_alone(what: str, tie: str) -> None:
    secret = dataclasses.replace(seen(cases.OURS), **{tie: TIES[tie]})  # type: ignore[arg-type]
    assert refused(cases.present(secret), ASKED[what](cases.OURS))


def flagged(**told: Any) -> facts.Secret:
    tags = {
        **cases.marks(),
        ownership.REPLICAS: RECORD,
        ownership.ROTATION: rotation.CANCELLED,
    }
    return cases.secret(tags=tags, rotation=CANCELLED, **told)


def test_a_restore_brings_back_what_was_recorded() -> None:
    """Nothing of it is ever taken back: the secret is what people want to save."""
    told = steps(facts.PendingDeletion(secret=flagged()), back())
    assert told == (
        plan.Restore(),
        plan.AddReplicas(replicas=(PARIS, OHIO)),
        plan.SetRotation(rotation=dataclasses.replace(CANCELLED, enabled=True)),
    )
    assert [step.undo for step in told] == [None, None, None]


def test_the_key_is_looked_at_before_what_needs_it() -> None:
    secret = flagged(kms_key_id=cases.KEY)
    pending = facts.PendingDeletion(secret=secret)
    assert names(steps(pending, back())) == ["Restore", "CheckKey"]
    for state in facts.KeyState:
        restored = cases.present(secret, restored=True, key=facts.Key(state=state))
        told = decided(restored, back())
        assert isinstance(told, plan.Plan)
        assert names(told.actions) == ["AddReplicas", "SetRotation"]
        dead = state in {facts.KeyState.DISABLED, facts.KeyState.PENDING_DELETION}
        assert any("cannot be read" in note for note in told.notes) is dead


@pytest.mark.parametrize(
    ("live", "added"),
    [
        pytest.param((), (PARIS, OHIO), id="none: an earlier restore broke off"),
        pytest.param(
            (dataclasses.replace(OHIO, status="InProgress"),), (PARIS,), id="one is on its way"
        ),
        pytest.param((OHIO,), (), id="one is in step: so it is as people want it"),
    ],
)
def test_a_restore_that_broke_off_is_finished(
    live: tuple[Replica, ...], added: tuple[Replica, ...]
) -> None:
    *copies, rotated = steps(cases.present(flagged(replicas=live)), back())
    assert copies == ([plan.AddReplicas(replicas=added)] if added else [])
    assert isinstance(rotated, plan.SetRotation)


def test_a_copy_that_failed_is_made_once_more() -> None:
    failed = dataclasses.replace(OHIO, failed=True)
    told = steps(cases.present(flagged(replicas=(failed,))), back())
    assert told[:3] == (plan.RemoveReplicas(regions=("us-east-2",)), plan.Wait(), plan.Look())


def test_copies_are_waited_for_and_one_that_fails_is_told() -> None:
    under_way = flagged(replicas=(PARIS, dataclasses.replace(OHIO, status="InProgress")))
    here = cases.present(under_way, restored=True, rotated=True)
    assert names(steps(here, back())) == ["Wait", "Look"]
    failed = flagged(replicas=(PARIS, dataclasses.replace(OHIO, failed=True, message="no room")))
    again = cases.present(failed, restored=True, rotated=True, added=("us-east-2",) * 2)
    told = decided(again, back())
    assert isinstance(told, plan.Failure)
    assert "no room" in told.text


def test_what_is_live_and_whole_needs_nothing() -> None:
    told = decided(cases.present(), back())
    assert told == plan.Plan(notes=(f"{cases.NAME} is live: nothing to restore",))
    assert decided(cases.present(restored=True), back()) == plan.Plan()


def test_a_new_owner_takes_over_what_was_anothers() -> None:
    """As an adoption does: what the new owner does not declare stays as it is."""
    (told,) = steps(cases.present(), handed(cases.OTHERS))
    marks = {ownership.OWNER: cases.OTHERS, ownership.ORIGIN: ownership.ADOPTED}
    assert told == plan.SetTags(tags=marks)
    assert steps(cases.present(seen(cases.OTHERS)), handed(cases.OTHERS)) == ()


def test_no_owner_means_none_of_our_marks() -> None:
    (told,) = steps(cases.present(), handed(None))
    assert told == plan.DropTags(keys=ownership.CLAIM)


def test_labels_move_from_where_they_are() -> None:
    secret = cases.secret(
        version=cases.FIRST, previous=cases.OLDER, labels=plan.frozen({"blue": cases.FOREIGN})
    )
    wanted = labelled(
        {
            "AWSCURRENT": cases.OLDER,
            "AWSPREVIOUS": None,
            "blue": cases.FIRST,
            "green": cases.FIRST,
            "gone": None,
        },
        at=by_hand.held(secret),
    )
    assert steps(cases.present(secret), wanted) == (
        plan.MoveStage(current=cases.FIRST, to=cases.OLDER),
        plan.MoveStage(current=cases.OLDER, to=None, stage="AWSPREVIOUS"),
        plan.MoveStage(current=cases.FOREIGN, to=cases.FIRST, stage="blue"),
        plan.MoveStage(current=None, to=cases.FIRST, stage="green"),
    )
    assert "only moved" in refused(cases.present(secret), labelled({"AWSCURRENT": None}))


@pytest.mark.parametrize(
    ("label", "to", "shown_at", "now_at"),
    [
        pytest.param("AWSPREVIOUS", None, cases.OLDER, cases.FIRST, id="another is previous now"),
        pytest.param("AWSCURRENT", cases.OLDER, cases.FOREIGN, cases.FIRST, id="a newer value"),
        pytest.param("blue", cases.FIRST, None, cases.FOREIGN, id="somebody put it elsewhere"),
        pytest.param("blue", cases.FIRST, cases.FOREIGN, None, id="somebody took it off"),
    ],
)
def test_a_label_that_moved_since_it_was_shown_stays(
    label: str, to: str | None, shown_at: str | None, now_at: str | None
) -> None:
    """It would be taken from a version that nobody meant, which AWS then may delete."""
    told: dict[str, Any] = {
        "AWSPREVIOUS": {"previous": now_at, "version": cases.FOREIGN},
        "AWSCURRENT": {"version": now_at},
    }.get(label, {"labels": plan.frozen({label: now_at} if now_at else {})})
    live = cases.present(cases.secret(**told))
    text = refused(live, labelled({label: to}, at={label: shown_at}))
    assert f"{label} of {cases.NAME} moved since it was shown" in text
    assert (now_at or "no version has it") in text
    done = labelled({label: now_at}, at={label: shown_at})
    if now_at:
        assert steps(live, done) == (), "it is as was asked already"


LONG = "x" * 512


def test_its_texts_are_short_however_long_the_names() -> None:
    secret = cases.secret(name=LONG, labels=plan.frozen({LONG[:256]: LONG[:64]}))
    wanted = Labelled(name=LONG, memory=shown(), labels={LONG[:256]: None}, shown={})
    assert "moved" in refused(cases.present(secret), wanted)
    foreign = cases.secret(name=LONG, tags=cases.marks(LONG[:256]))
    for asked in (back(LONG[1:256]), handed("x", LONG[1:256])):
        assert "changed hands" in refused(cases.present(foreign), asked)
        assert "changed hands" in refused(facts.PendingDeletion(secret=foreign), asked)
    mine = facts.PendingDeletion(secret=cases.secret(name=LONG))
    for changed in (handed("x"), labelled({"blue": None})):
        assert "restore it first" in refused(mine, changed)
    assert "bring back" in refused(facts.Absent(), dataclasses.replace(back(), name=LONG))


@pytest.mark.parametrize("deletion", ["schedule", "force"])
@pytest.mark.parametrize("observed", [facts.Present, facts.PendingDeletion])
@pytest.mark.parametrize("now", [cases.OTHERS, None], ids=["another's now", "nobody's now"])
def test_what_changed_hands_is_not_deleted_by_hand(
    deletion: str, observed: type[facts.Present | facts.PendingDeletion], now: str | None
) -> None:
    """A stack that remembers a secret schedules it, if it is nobody's; a person was shown whose."""
    met = observed(secret=seen(now))
    wanted = cases.gone(memory=shown(), by_hand=True)
    told = decide(met, wanted, cases.policy(deletion=deletion), cases.AWS)
    assert isinstance(told, plan.Refusal)
    assert "changed hands" in told.text
    same = cases.gone(memory=shown(now), owner=now or "", by_hand=True)
    assert isinstance(decide(met, same, cases.policy(deletion=deletion), cases.AWS), plan.Plan)


PENDING = (
    "{} is scheduled for deletion, and nothing of it can be changed until it is restored, {} "
    "neither: restore it first"
)
MOVED = "{} of {} moved since it was shown: {} now. Look again, then decide anew"


def labels(**told: str) -> facts.Present:
    """Return a live secret with labels."""
    return cases.present(cases.secret(labels=plan.frozen(told)))


WHOLE_TEXTS: dict[str, tuple[facts.Observed, facts.Asked, str]] = {
    "nothing of that name": (
        facts.Absent(), back(),
        (f"{cases.NAME} does not exist, or its name is reserved for some moments after it was "
         "deleted for good: there is nothing to bring back")),
    "an owner for what is pending": (
        facts.PendingDeletion(secret=cases.secret()), handed(cases.RENAMED),
        PENDING.format(cases.NAME, "its owner")),
    "a label for what is pending": (
        facts.PendingDeletion(secret=cases.secret()), labelled({"blue": cases.FIRST}),
        PENDING.format(cases.NAME, "its labels")),
    "no current version": (
        cases.present(), labelled({"AWSCURRENT": None}),
        (f"AWSCURRENT of {cases.NAME} cannot be taken off, only moved: give the version that is "
         "to become the current one")),
    "a label that somebody took off": (
        cases.present(), labelled({"blue": cases.FIRST}, at={"blue": cases.OLDER}),
        MOVED.format("blue", cases.NAME, "no version has it")),
    "the longest label and version that are told whole": (
        labels(**{"l" * 32: "v" * 56}), labelled({"l" * 32: None}),
        MOVED.format("l" * 32, cases.NAME, f"version {'v' * 56} has it")),
    "one character more of both": (
        labels(**{"l" * 33: "v" * 57}), labelled({"l" * 33: None}),
        MOVED.format("…" + "l" * 31, cases.NAME, f"version …{'v' * 55} has it")),
}  # fmt: skip


@pytest.mark.parametrize(("observed", "wanted", "text"), WHOLE_TEXTS.values(), ids=WHOLE_TEXTS)
def test_what_is_refused_is_told_in_whole(
    observed: facts.Observed, wanted: facts.Asked, text: str
) -> None:
    assert refused(observed, wanted) == text


def test_the_key_of_a_live_secret_is_not_looked_at() -> None:
    """It can be read or not, as it was before: only a restore makes the difference."""
    live = cases.present(flagged(kms_key_id=cases.KEY))
    assert names(steps(live, back())) == ["AddReplicas", "SetRotation"]
