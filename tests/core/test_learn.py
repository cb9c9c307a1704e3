"""What outcomes teach: done steps are folded in, conflicts are looked into."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from core import cases
from core.cases import ID, NAME, secret
from recoverable_secrets.core import facts, learn, ownership, plan
from recoverable_secrets.core.facts import Absent, PendingDeletion, Present, Purging, Unknown

LITERAL = plan.Source.LITERAL
REF = facts.Ref(NAME, ID)
DATE = dt.datetime(2030, 1, 31, tzinfo=dt.UTC)
NEXT = ownership.next_version_id(ID, cases.FIRST)
CREATE = plan.Create(
    description="text", kms_key_id="k", tags={"a": "1"}, version=cases.FRESH, source=LITERAL
)
BARE = plan.Create(description=None, kms_key_id=None, tags={}, version=cases.FRESH, source=None)

PARIS = facts.Replica(region="eu-west-3", kms_key_id="k")
OHIO = facts.Replica(region="us-east-2")
MONTHLY = facts.Rotation(function=cases.FUNCTION, days=30)
DISABLED = facts.Key(state=facts.KeyState.DISABLED)


def begun(replica: facts.Replica) -> facts.Replica:
    """Return a replica as it is right after the call that made it."""
    return dataclasses.replace(replica, status="InProgress")


LIVE = secret(version=cases.FIRST, description="old", kms_key_id="k", tags={"a": "1", "b": "1"})
FOUND = Present(secret=LIVE)


def but(**told: object) -> Present:
    """Return the live secret with something changed."""
    for name in ("tags", "labels"):
        content = told.pop(name, None)
        if isinstance(content, dict):
            told[name] = plan.frozen(content)
    return Present(secret=dataclasses.replace(LIVE, **told))


def knows(present: Present, **told: object) -> Present:
    return dataclasses.replace(present, **told)  # type: ignore[arg-type]


FOLDED: dict[str, tuple[facts.Observed, plan.Action, plan.Done, facts.Observed]] = {
    "created": (
        Unknown(), CREATE, plan.Done(id=ID, version=cases.FRESH),
        Present(
            secret=facts.Secret(id=ID, name=NAME, description="text", kms_key_id="k",
                                tags={"a": "1"}, version=cases.FRESH),
            created=True, holds=cases.FRESH,
        )),
    "created without a value": (
        Absent(), BARE, plan.Done(id=ID),
        Present(secret=facts.Secret(id=ID, name=NAME, tags={}), created=True)),
    "created without a value: what the store calls its version is no value of ours": (
        Absent(), BARE, plan.Done(id=ID, version=cases.FRESH),
        Present(
            secret=facts.Secret(id=ID, name=NAME, tags={}, version=cases.FRESH), created=True)),
    "created, and the store tells no id": (
        Absent(), BARE, plan.Done(),
        Present(secret=facts.Secret(id="", name=NAME, tags={}), created=True)),
    "purged while live": (FOUND, plan.Purge(), plan.Done(), Purging()),
    "purged while pending": (
        PendingDeletion(secret=LIVE), plan.Purge(), plan.Done(), Purging()),
    "restored": (
        PendingDeletion(secret=LIVE), plan.Restore(), plan.Done(), knows(FOUND, restored=True)),
    "scheduled": (
        FOUND, plan.ScheduleDeletion(days=30), plan.Done(date=DATE),
        PendingDeletion(secret=LIVE, date=DATE)),
    "policy dropped": (FOUND, plan.DropPolicy(), plan.Done(), knows(FOUND, policed=True)),
    "compared": (
        FOUND, plan.Compare(source=LITERAL, version=cases.FIRST), plan.Done(),
        knows(FOUND, holds=cases.FIRST)),
    "tags set": (
        FOUND, plan.SetTags(tags={"b": "2", "c": "3"}), plan.Done(),
        but(tags={"a": "1", "b": "2", "c": "3"})),
    "tags dropped, also those that are not there: no look is needed to know the rest": (
        FOUND, plan.DropTags(keys=("a", "x")), plan.Done(),
        knows(but(tags={"b": "1"}), confirmed=True)),
    "tags set: nothing was looked at a second time": (
        knows(FOUND, confirmed=True), plan.SetTags(tags={"b": "2"}), plan.Done(),
        knows(but(tags={"a": "1", "b": "2"}), confirmed=True)),
    "description set": (
        FOUND, plan.SetMetadata(description="new"), plan.Done(), but(description="new")),
    "description cleared": (
        FOUND, plan.SetMetadata(description=""), plan.Done(), but(description="")),
    "key set": (FOUND, plan.SetMetadata(kms_key_id="other"), plan.Done(), but(kms_key_id="other")),
    "key cleared": (FOUND, plan.SetMetadata(kms_key_id=""), plan.Done(), but(kms_key_id=None)),
    "value set: what was current is the version before": (
        FOUND, plan.SetMetadata(source=LITERAL, version=NEXT), plan.Done(version=NEXT),
        knows(but(version=NEXT, previous=cases.FIRST), holds=NEXT)),
    "value set again: it is not the version before that one": (
        but(previous=cases.OLDER), plan.SetMetadata(source=LITERAL, version=NEXT),
        plan.Done(version=NEXT), knows(but(version=NEXT, previous=cases.FIRST), holds=NEXT)),
    "first value set: there is none before": (
        but(version=None), plan.SetMetadata(source=LITERAL, version=NEXT),
        plan.Done(version=NEXT), knows(but(version=NEXT, previous=None), holds=NEXT)),
    "description set: no other version, and none before": (
        but(previous=cases.OLDER), plan.SetMetadata(description="new"), plan.Done(),
        but(description="new", previous=cases.OLDER)),
    "moved back: what was attempted is the version before, and its value is not current": (
        knows(but(version=NEXT, previous=cases.FIRST), holds=NEXT),
        plan.MoveStage(current=NEXT, to=cases.FIRST), plan.Done(),
        knows(but(version=cases.FIRST, previous=NEXT), holds=NEXT)),
    "moved, but it was not known to be live": (
        Unknown(), plan.MoveStage(current=NEXT, to=cases.FIRST), plan.Done(), Unknown()),
    "what is known of the value outlives a change of the rest": (
        knows(FOUND, holds=cases.FIRST, differs=frozenset({"x"}), restored=True, policed=True),
        plan.SetMetadata(description="new"), plan.Done(),
        knows(but(description="new"), holds=cases.FIRST, differs=frozenset({"x"}), restored=True,
              policed=True)),
    "created with replicas: nothing is known of them yet": (
        Unknown(), dataclasses.replace(BARE, replicas=(PARIS, OHIO), type="partner"),
        plan.Done(id=ID),
        Present(
            secret=facts.Secret(id=ID, name=NAME, tags={}, type="partner",
                                replicas=(begun(PARIS), begun(OHIO))),
            created=True, added=("eu-west-3", "us-east-2"),
        )),
    "policy set": (
        FOUND, plan.SetPolicy(document="{}", block_public=True), plan.Done(),
        knows(FOUND, policed=True)),
    "the key was looked at": (
        FOUND, plan.CheckKey(kms_key_id="k"), plan.Done(key=DISABLED), knows(FOUND, key=DISABLED)),
    "type set": (FOUND, plan.SetMetadata(type="partner"), plan.Done(), but(type="partner")),
    "AWSPREVIOUS taken away": (
        but(previous=cases.OLDER),
        plan.MoveStage(current=cases.OLDER, to=None, stage="AWSPREVIOUS"), plan.Done(),
        but(previous=None)),
    "AWSPREVIOUS moved": (
        but(previous=cases.OLDER),
        plan.MoveStage(current=cases.OLDER, to=cases.FOREIGN, stage="AWSPREVIOUS"), plan.Done(),
        but(previous=cases.FOREIGN)),
    "a label attached": (
        but(labels={"blue": cases.OLDER}),
        plan.MoveStage(current=None, to=cases.FIRST, stage="green"), plan.Done(),
        but(labels={"blue": cases.OLDER, "green": cases.FIRST})),
    "a label moved": (
        but(labels={"green": cases.OLDER}),
        plan.MoveStage(current=cases.OLDER, to=cases.FIRST, stage="green"), plan.Done(),
        but(labels={"green": cases.FIRST})),
    "a label taken away": (
        but(labels={"green": cases.OLDER, "blue": cases.OLDER}),
        plan.MoveStage(current=cases.OLDER, to=None, stage="green"), plan.Done(),
        but(labels={"blue": cases.OLDER})),
    "replicas added: begun, in place of what was there before": (
        knows(but(replicas=(PARIS, OHIO)), added=("us-east-2",),
              removed=frozenset({"us-east-2", "eu-west-3"})),
        plan.AddReplicas(replicas=(OHIO,)), plan.Done(),
        knows(but(replicas=(PARIS, begun(OHIO))), added=("us-east-2", "us-east-2"),
              removed=frozenset({"eu-west-3"}))),
    "replicas removed": (
        but(replicas=(PARIS, OHIO)), plan.RemoveReplicas(regions=("us-east-2", "x")), plan.Done(),
        knows(but(replicas=(PARIS,)), removed=frozenset({"us-east-2", "x"}))),
    "rotation set": (
        FOUND, plan.SetRotation(rotation=MONTHLY), plan.Done(),
        knows(but(rotation=MONTHLY), rotated=True)),
    "rotation cancelled: function and rules are still told": (
        but(rotation=MONTHLY), plan.CancelRotation(), plan.Done(),
        knows(but(rotation=dataclasses.replace(MONTHLY, enabled=False)), rotated=True)),
    "rotation cancelled that never was": (
        FOUND, plan.CancelRotation(), plan.Done(), knows(FOUND, rotated=True)),
    "a look teaches nothing by itself": (FOUND, plan.Look(), plan.Done(), FOUND),
    "restored, but it was not known to be pending": (FOUND, plan.Restore(), plan.Done(), FOUND),
    "scheduled, but it was not known to be live": (
        Absent(), plan.ScheduleDeletion(days=7), plan.Done(), Absent()),
    "tagged, but it was not known to be live": (
        Unknown(), plan.SetTags(tags={}), plan.Done(), Unknown()),
}  # fmt: skip


@pytest.mark.parametrize(("known", "action", "done", "then"), FOLDED.values(), ids=FOLDED)
def test_a_step_that_took_effect_is_folded_in(
    known: facts.Observed, action: plan.Action, done: plan.Done, then: facts.Observed
) -> None:
    assert learn.fold(known, action, done, REF) == then


PENDING = PendingDeletion(secret=LIVE)
OTHER = Present(secret=secret(version=cases.FOREIGN))
KNOWING = knows(FOUND, holds=cases.FIRST, restored=True, policed=True)
TAG = plan.SetTags(tags={})

IT = plan.Conflict("NotSo")
KNOWN = plan.Conflict("VersionExists", version_known=True)
WRITE = plan.SetMetadata(source=LITERAL, version=NEXT)
SPENT = knows(FOUND, spent=cases.OLDER)

# known before, the action, the conflict, what a look shows, whether the name was met reserved,
# what it means
MET: dict[
    str,
    tuple[facts.Observed, plan.Action, plan.Conflict, facts.Observed, bool, facts.Observed],
] = {
    "the name is taken, and nobody has it": (Unknown(), CREATE, IT, Absent(), False, Purging()),
    "the name is taken by a live one": (Unknown(), CREATE, IT, FOUND, False, FOUND),
    "the name is taken by a pending one": (Unknown(), CREATE, IT, PENDING, False, PENDING),
    "a purged one still shows its date": (Purging(), CREATE, IT, PENDING, True, Purging()),
    "still reserved": (Purging(), CREATE, IT, Absent(), True, Purging()),
    "past saving while its date still shows": (
        PENDING, plan.Restore(), IT, PENDING, False, Purging()),
    "the purge was faster than the restore": (
        PENDING, plan.Restore(), IT, Absent(), False, Purging()),
    "restored by our own call, its answer lost": (
        PENDING, plan.Restore(), IT, FOUND, False, knows(FOUND, restored=True)),
    "someone scheduled it meanwhile": (FOUND, TAG, IT, PENDING, False, PENDING),
    "it vanished meanwhile": (FOUND, TAG, IT, Absent(), False, Absent()),
    "it changed meanwhile; what this operation did stays known": (
        KNOWING, TAG, IT, OTHER, False, knows(KNOWING, secret=OTHER.secret)),
    "the deletion was scheduled already": (
        FOUND, plan.ScheduleDeletion(days=7), IT, PENDING, False, PENDING),
    "another version is current: a person was faster than the move": (
        knows(but(version=NEXT, previous=cases.FIRST), holds=NEXT),
        plan.MoveStage(current=NEXT, to=cases.FIRST), IT, OTHER, False,
        knows(OTHER, holds=NEXT)),
    "moved already: our own call, its answer lost": (
        knows(but(version=NEXT, previous=cases.FIRST), holds=NEXT),
        plan.MoveStage(current=NEXT, to=cases.FIRST), IT,
        but(version=cases.FIRST, previous=NEXT), False,
        knows(but(version=cases.FIRST, previous=NEXT), holds=NEXT)),
    "purged before the move": (
        FOUND, plan.MoveStage(current=NEXT, to=cases.FIRST), IT, Absent(), False, Absent()),
    "the version id was used already: by ourselves, or somebody moved back from it": (
        FOUND, WRITE, KNOWN, FOUND, False, knows(FOUND, spent=NEXT)),
    "the one after it was used as well": (
        SPENT, WRITE, KNOWN, FOUND, False, knows(FOUND, spent=NEXT)),
    "refused for another reason: what was used stays known": (
        SPENT, WRITE, IT, FOUND, False, SPENT),
}  # fmt: skip


@pytest.mark.parametrize(
    ("known", "action", "met", "seen", "reserved", "then"), MET.values(), ids=MET
)
def test_a_conflict_is_looked_into(
    known: facts.Observed,
    action: plan.Action,
    met: plan.Conflict,
    seen: facts.Observed,
    *,
    reserved: bool,
    then: facts.Observed,
) -> None:
    assert learn.after_conflict(known, action, met, seen, reserved=reserved) == then


def test_an_operation_is_about_the_remembered_id_else_about_the_name() -> None:
    assert facts.ref(cases.kept()) == facts.Ref(NAME)
    assert facts.ref(cases.gone(memory=cases.memory())) == facts.Ref(NAME, ID)


def test_a_second_look_that_finds_nothing_confirms_it() -> None:
    absent, present = facts.Absent(), cases.present()
    assert learn.looked(absent, absent) == facts.Absent(confirmed=True)
    assert learn.looked(facts.Unknown(), absent) == absent
    assert learn.looked(absent, present) is present
    assert learn.looked(facts.Absent(confirmed=True), absent) == facts.Absent(confirmed=True)


def seen(tags: dict[str, str], **told: object) -> Present:
    """Return what a look shows: these tags, and perhaps something else that is new."""
    return but(tags=tags, **told)


def test_a_second_look_that_shows_the_same_marks_confirms_them() -> None:
    """A copy that lags behind would have caught up; what else changed meanwhile is no matter."""
    first, second = seen({"a": "1"}), seen({"a": "1"}, description="new")
    assert learn.looked(first, second) == knows(second, confirmed=True)
    assert learn.looked(knows(first, confirmed=True), second) == knows(second, confirmed=True)


@pytest.mark.parametrize(
    "known",
    [
        pytest.param(facts.Unknown(), id="the first look"),
        pytest.param(facts.Absent(), id="nothing was there"),
        pytest.param(facts.Absent(confirmed=True), id="surely nothing was there"),
        pytest.param(facts.Purging(), id="it was going"),
        pytest.param(PENDING, id="it was pending, with the same marks"),
        pytest.param(seen({"a": "0", "b": "1"}), id="another mark"),
        pytest.param(seen({"a": "1"}), id="a mark less"),
        pytest.param(seen({}), id="no mark"),
        pytest.param(knows(seen({}), confirmed=True), id="other marks that were confirmed"),
    ],
)
def test_a_look_that_shows_other_marks_confirms_nothing(known: facts.Observed) -> None:
    assert learn.looked(known, FOUND) == FOUND


@pytest.mark.parametrize(
    "now",
    [
        pytest.param(facts.Absent(), id="gone"),
        pytest.param(PENDING, id="scheduled"),
    ],
)
def test_a_look_that_shows_no_live_secret_confirms_nothing(now: facts.Observed) -> None:
    assert learn.looked(knows(FOUND, confirmed=True), now) == now
