"""Copies in other regions at the edges: how much a record holds, and what it is read as."""

from __future__ import annotations

import dataclasses

import pytest

from core import cases, states
from core.test_replication import BUSY, FAILED, KEYED, OHIO, PARIS, live, spec
from recoverable_secrets.core import errors, facts, model, ownership, plan, replication, rollback
from recoverable_secrets.core.facts import Replica

FILLING = tuple(Replica(region=f"region-{number:02}") for number in range(25))
"""Their record has room for seven characters more."""
REGIONS = " ".join(copy.region for copy in FILLING)

ROOM: dict[str, tuple[tuple[Replica, ...], str]] = {
    "a key that fits to the last character": (
        (dataclasses.replace(OHIO, kms_key_id=246 * "k"),), "us-east-2=" + 246 * "k"),
    "a key of one character more": (
        (dataclasses.replace(OHIO, kms_key_id=247 * "k"),), "us-east-2"),
    "a region that fits to the last character": (
        (Replica(region="zone-1"), *FILLING), f"{REGIONS} zone-1"),
    "without their keys they fit to the last character": (
        (Replica(region="zone-1", kms_key_id="k"), *FILLING), f"{REGIONS} zone-1"),
    "and so it does if others follow": (
        (Replica(region="zone-1"), Replica(region="zone-2"), *FILLING), f"{REGIONS} zone-1"),
    "a region of one character more": ((Replica(region="zone-01"), *FILLING), REGIONS),
    "a region far too much": ((Replica(region="zone-01"), *FILLING, OHIO), REGIONS),
}  # fmt: skip


@pytest.mark.parametrize(("copies", "text"), ROOM.values(), ids=ROOM)
def test_how_much_a_record_holds(copies: tuple[Replica, ...], text: str) -> None:
    assert replication.record(copies) == text
    assert replication.record(iter(copies)) == text


def test_a_record_without_room_for_the_keys_is_written_once() -> None:
    copies = tuple(dataclasses.replace(copy, kms_key_id="alias/a") for copy in FILLING)
    for record, text in (("", REGIONS), (REGIONS[:-10], REGIONS), (REGIONS, None)):
        assert replication.to_record(live(*copies, record=record).secret, cases.spec()) == text


READ: dict[str, tuple[str, tuple[Replica, ...]]] = {
    "a key": (f"us-east-2={KEYED.kms_key_id}", (KEYED,)),
    "no key after the sign": ("us-east-2=", (OHIO,)),
    "a key with the sign in it": (
        "us-east-2=a=b", (dataclasses.replace(OHIO, kms_key_id="a=b"),)),
    "a region twice: the first counts": ("us-east-2 us-east-2=alias/a eu-west-3", (OHIO, PARIS)),
    "what is no region": ("us-east us-east-2! US-EAST-2 eu-west-3", (PARIS,)),
    "what is no key": ("us-east-2=alias/ü eu-west-3", (PARIS,)),
    "much room between them": ("  eu-west-3   us-east-2 ", (PARIS, OHIO)),
}  # fmt: skip


@pytest.mark.parametrize(("text", "copies"), READ.values(), ids=READ)
def test_what_a_record_is_read_as(text: str, copies: tuple[Replica, ...]) -> None:
    """Anybody may write a tag: what is no copy is passed over."""
    assert replication.recorded({ownership.REPLICAS: text}) == copies


ALONE: dict[str, tuple[str | None, tuple[Replica, ...] | None]] = {
    "a region that is not among them": ("eu-west-1", (OHIO, PARIS)),
    "a region that is: it was a copy itself": ("eu-west-3", None),
    "a store without regions": (None, (OHIO, PARIS)),
}


@pytest.mark.parametrize(("region", "copies"), ALONE.values(), ids=ALONE)
def test_a_copy_that_was_made_a_secret_of_its_own_does_not_heed_the_record_of_its_primary(
    region: str | None, copies: tuple[Replica, ...] | None
) -> None:
    tags = {ownership.REPLICAS: "us-east-2 eu-west-3", **cases.marks()}
    secret = cases.secret(region=region, tags=tags)
    assert replication.of_record(secret) == copies
    restored = cases.present(secret, restored=True)
    assert replication.wanted(restored, cases.kept(), exact=True) == copies


RECORD = "us-east-2"
WANTED: dict[str, tuple[facts.Present, facts.Kept, bool, tuple[Replica, ...] | None]] = {
    "declared": (
        live(PARIS, record=RECORD, restored=True), cases.kept(spec(PARIS)), True, (PARIS,)),
    "declared to be none": (live(record=RECORD, restored=True), cases.kept(spec()), True, ()),
    "declared before": (
        live(record=RECORD, restored=True),
        cases.kept(memory=cases.memory(spec=spec(OHIO))), False, ()),
    "restored": (live(PARIS, record=RECORD, restored=True), cases.kept(), False, (OHIO,)),
    "restored, and nothing is recorded": (live(restored=True), cases.kept(), True, None),
    "a run broke off before any copy": (live(record=RECORD), cases.kept(), True, (OHIO,)),
    "a run broke off while copies were made": (
        live(BUSY, FAILED, record=RECORD), cases.kept(), True, (OHIO,)),
    "no run of ours was at work": (live(BUSY, record=RECORD), cases.kept(), False, None),
    "a copy in step: no run broke off": (
        live(BUSY, PARIS, record=RECORD), cases.kept(), True, None),
}  # fmt: skip


@pytest.mark.parametrize(("seen", "kept", "exact", "copies"), WANTED.values(), ids=WANTED)
def test_which_copies_there_should_be(
    seen: facts.Present,
    kept: facts.Kept,
    copies: tuple[Replica, ...] | None,
    *,
    exact: bool,
) -> None:
    assert replication.wanted(seen, kept, exact=exact) == copies


WHY = (
    "{}: the replica in us-east-2 failed: {}. Remove what is in its way or set "
    "force_overwrite_replica_secret to true; run again"
)
TOLD: dict[str, tuple[str, str]] = {
    "a reason": ("the name is taken", "the name is taken"),
    "a sentence": ("The name is taken.", "The name is taken"),
    "a sentence that ends in a letter of its own": ("Taken by X.", "Taken by X"),
    "no reason": ("", "no reason is told"),
    "a long one": ("m" * 73, "m" * 71 + "…"),
    "the longest that is told whole": ("m" * 72, "m" * 72),
}


@pytest.mark.parametrize(("message", "told"), TOLD.values(), ids=TOLD)
def test_what_is_said_of_a_copy_that_failed(message: str, told: str) -> None:
    for name, shown in ((cases.NAME, cases.NAME), (states.LONG, "…" + states.LONG[-39:])):
        copy = dataclasses.replace(FAILED, message=message)
        seen = cases.present(cases.secret(name=name, replicas=(copy,)))
        failure = replication.settled(seen, (OHIO,))
        assert failure == plan.Failure(WHY.format(shown, told), "ReplicationFailed")
        assert len(failure.text) <= errors.LIMIT


def test_what_is_taken_away_comes_back_with_its_keys_if_the_deletion_fails() -> None:
    (step,) = replication.taken_away(live(KEYED, PARIS), cases.AWS)
    assert step == plan.RemoveReplicas(regions=("eu-west-3", "us-east-2"))
    assert step.undo == plan.AddReplicas(replicas=(KEYED, PARIS))
    assert replication.taken_away(live(), cases.AWS) == ()
    assert replication.taken_away(live(KEYED), cases.BARE) == ()
    gone = frozenset({"us-east-2"})
    assert replication.taken_away(live(KEYED, removed=gone), cases.AWS) == (
        plan.Wait(),
        plan.Look(),
    )


def test_copies_are_shown_in_the_order_of_their_regions() -> None:
    other = model.Replica(region="us-east-2", kms_key_id="alias/other")
    declared = cases.spec(replicas=[other, model.Replica(region="eu-west-3")])
    found = replication.shown(live(KEYED, PARIS, FAILED).secret, declared)
    assert found == [
        model.Replica(region="eu-west-3"),
        model.Replica(region="us-east-2", kms_key_id=KEYED.kms_key_id),
    ]


def test_what_was_removed_is_not_removed_again_with_what_appears_meanwhile() -> None:
    """AWS refuses to remove a copy that is gone, and lists it for a while."""
    seen = dataclasses.replace(live(OHIO, PARIS), removed=frozenset({OHIO.region}))
    undo = plan.AddReplicas(replicas=(PARIS,))
    step = plan.RemoveReplicas(regions=(PARIS.region,), undo=undo)
    assert replication.taken_away(seen, cases.AWS) == (step,)
    assert step.undo == undo
    everywhere = cases.kept(cases.spec(replicas=[]), memory=cases.memory(spec=spec(OHIO, PARIS)))
    assert [*rollback.actions(seen, everywhere, cases.AWS)] == [step]
