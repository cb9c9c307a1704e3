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

LIVE = secret(version=cases.FIRST, description="old", kms_key_id="k", tags={"a": "1", "b": "1"})
FOUND = Present(secret=LIVE)


def but(**told: object) -> Present:
    """Return the live secret with something changed."""
    tags = told.pop("tags", None)
    if isinstance(tags, dict):
        told["tags"] = plan.frozen(tags)
    return Present(secret=dataclasses.replace(LIVE, **told))


def knows(present: Present, **told: object) -> Present:
    return dataclasses.replace(present, **told)  # type: ignore[arg-type]


FOLDED: dict[str, tuple[facts.Observed, plan.Action, plan.Done, facts.Observed]] = {
    "created": (
        Unknown(), CREATE, plan.Done(id=ID, version=cases.FRESH),
        Present(
            secret=facts.Secret(id=ID, name=NAME, description="text", kms_key_id="k",
                                tags={"a": "1"}, version=cases.FRESH),
            unpoliced=True, holds=cases.FRESH,
        )),
    "created without a value": (
        Absent(), BARE, plan.Done(id=ID),
        Present(secret=facts.Secret(id=ID, name=NAME, tags={}), unpoliced=True)),
    "created, and the store tells no id": (
        Absent(), BARE, plan.Done(),
        Present(secret=facts.Secret(id="", name=NAME, tags={}), unpoliced=True)),
    "purged while live": (FOUND, plan.Purge(), plan.Done(), Purging()),
    "purged while pending": (
        PendingDeletion(secret=LIVE), plan.Purge(), plan.Done(), Purging()),
    "restored": (
        PendingDeletion(secret=LIVE), plan.Restore(), plan.Done(), knows(FOUND, restored=True)),
    "scheduled": (
        FOUND, plan.ScheduleDeletion(days=30), plan.Done(date=DATE),
        PendingDeletion(secret=LIVE, date=DATE)),
    "policy dropped": (FOUND, plan.DropPolicy(), plan.Done(), knows(FOUND, unpoliced=True)),
    "compared": (
        FOUND, plan.Compare(source=LITERAL, version=cases.FIRST), plan.Done(),
        knows(FOUND, holds=cases.FIRST)),
    "tags set": (
        FOUND, plan.SetTags(tags={"b": "2", "c": "3"}), plan.Done(),
        but(tags={"a": "1", "b": "2", "c": "3"})),
    "tags dropped, also those that are not there": (
        FOUND, plan.DropTags(keys=("a", "x")), plan.Done(), but(tags={"b": "1"})),
    "description set": (
        FOUND, plan.SetMetadata(description="new"), plan.Done(), but(description="new")),
    "description cleared": (
        FOUND, plan.SetMetadata(description=""), plan.Done(), but(description="")),
    "key set": (FOUND, plan.SetMetadata(kms_key_id="other"), plan.Done(), but(kms_key_id="other")),
    "key cleared": (FOUND, plan.SetMetadata(kms_key_id=""), plan.Done(), but(kms_key_id=None)),
    "value set": (
        FOUND, plan.SetMetadata(source=LITERAL, version=NEXT), plan.Done(version=NEXT),
        knows(but(version=NEXT), holds=NEXT)),
    "what is known of the value outlives a change of the rest": (
        knows(FOUND, holds=cases.FIRST, differs="x", restored=True, unpoliced=True),
        plan.SetMetadata(description="new"), plan.Done(),
        knows(but(description="new"), holds=cases.FIRST, differs="x", restored=True,
              unpoliced=True)),
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
KNOWING = knows(FOUND, holds=cases.FIRST, restored=True, unpoliced=True)
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
