"""A teardown: what is done before a secret goes, so that it can go and comes back whole.

The order is always: the key is looked at, the record is written, rotation is cancelled, replicas
are removed, the deletion is scheduled.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from core import cases, states
from core.tables import Cell, Row, cells, check
from recoverable_secrets.core import errors, facts, learn, ownership, plan, replication, rotation
from recoverable_secrets.core.decide import decide
from recoverable_secrets.core.facts import Key, KeyState, Mandate, Replica
from recoverable_secrets.core.policy import Policy

OHIO, PARIS = Replica(region="us-east-2"), Replica(region="eu-west-3", kms_key_id="alias/a")
FAILED = Replica(region="sa-east-1", failed=True, status="Failed", message="taken")
RECORD = "eu-west-3=alias/a us-east-2"
MONTHLY = facts.Rotation(function=cases.FUNCTION, days=30)
USABLE = Key(state=KeyState.USABLE)
GONE = cases.gone(memory=cases.memory())

FACTORS = {
    "replicas": ((), (OHIO, PARIS), (FAILED,)),
    "recorded": ("", RECORD, "us-east-2"),
    "rotation": ("never", "on", "off"),
    "flagged": (False, True),
    "removed": (False, True),
    "deletion": ("schedule", "force"),
    "key": ("default", "unseen", "seen"),
    "store": (cases.AWS, cases.BARE),
}


def listed(c: Cell) -> bool:
    return bool(c.replicas)


def expected(c: Cell) -> tuple[str, ...]:
    """Return what must be done, put together as the module's first sentence says it."""
    forced, lagging = c.deletion == "force", listed(c) and c.removed
    if c.store is cases.BARE:
        return ("Purge",) if forced else (*recorded(c), "ScheduleDeletion")
    away = ("Wait", "Look") if lagging else ("RemoveReplicas",) if listed(c) else ()
    if forced:
        return (*away, "Purge") if not lagging else away
    if c.key == "unseen":
        return ("CheckKey",)
    if lagging:
        return away
    cancel = ("CancelRotation",) if c.rotation == "on" else ()
    return (*recorded(c), *cancel, *away, "ScheduleDeletion")


def recorded(c: Cell) -> tuple[str, ...]:
    live = {replica.region for replica in c.replicas if not replica.failed}
    missing = bool(live) and c.recorded != RECORD
    unflagged = c.rotation == "on" and not c.flagged
    return ("SetTags",) if missing or unflagged else ()


def present(c: Cell) -> facts.Present:
    told = {ownership.REPLICAS: c.recorded} if c.recorded else {}
    told |= {ownership.ROTATION: "on"} if c.flagged else {}
    rotation = {"never": None, "on": MONTHLY}.get(
        c.rotation, dataclasses.replace(MONTHLY, enabled=False)
    )
    secret = cases.secret(
        replicas=c.replicas,
        rotation=rotation,
        kms_key_id=None if c.key == "default" else cases.KEY,
        tags={**told, **cases.marks()},
    )
    regions = {replica.region for replica in c.replicas} if c.removed else set()
    key = USABLE if c.key == "seen" else None
    return cases.present(secret, removed=frozenset(regions), key=key)


def impossible(c: Cell) -> bool:
    """Whether a store shows what it cannot have, or something was removed that is not there."""
    bare = c.store is cases.BARE and (listed(c) or c.rotation != "never" or c.key != "default")
    return bool(bare or (c.removed and not c.replicas))


def test_what_is_done_before_a_secret_goes() -> None:
    faults, count = [], 0
    for cell in cells(FACTORS):
        if impossible(cell):
            continue
        count += 1
        policy = cases.policy(deletion=cell.deletion)
        found = cases.kinds(decide(present(cell), GONE, policy, cell.store))
        if found != expected(cell):
            faults.append(f"{cell}: {found}, not {expected(cell)}")
    assert not faults, "\n".join(faults[:20])
    assert count == 552


def live(tags: Mapping[str, str] | None = None, **told: Any) -> facts.Present:
    return cases.present(cases.secret(tags={**(tags or {}), **cases.marks()}, **told))


def decided(found: facts.Observed, **policy: Any) -> plan.Plan:
    decision = decide(found, GONE, cases.policy(**policy), cases.AWS)
    assert isinstance(decision, plan.Plan), decision
    return decision


def test_all_that_comes_back_is_written_down_in_one_call() -> None:
    found = decided(live(replicas=(OHIO, PARIS, FAILED), rotation=MONTHLY))
    assert found.actions == (
        plan.SetTags(tags={ownership.REPLICAS: RECORD, ownership.ROTATION: "on"}),
        plan.CancelRotation(),
        plan.RemoveReplicas(regions=("eu-west-3", "sa-east-1", "us-east-2")),
        plan.ScheduleDeletion(days=30),
    )


def test_a_deletion_that_fails_leaves_all_as_it_was() -> None:
    """Last first: the copies come back, but for those that never were; then the rotation."""
    found = decided(live(replicas=(OHIO, PARIS, FAILED), rotation=MONTHLY))
    assert [step.undo for step in found.actions] == [
        None,
        plan.SetRotation(rotation=MONTHLY),
        plan.AddReplicas(replicas=(OHIO, PARIS)),
        None,
    ]


def test_nothing_comes_back_of_copies_that_failed() -> None:
    found = decided(live(replicas=(FAILED,)))
    assert cases.kinds(found) == ("RemoveReplicas", "ScheduleDeletion")
    assert found.actions[0].undo is None


def test_what_the_live_list_tells_counts_and_not_what_is_declared_or_written_down() -> None:
    spec = cases.spec(replicas=[])
    gone = cases.gone(memory=cases.memory(spec=spec))
    found = decide(
        live({ownership.REPLICAS: "ap-south-1"}, replicas=(OHIO,)), gone, cases.policy(), cases.AWS
    )
    assert isinstance(found, plan.Plan)
    assert plan.RemoveReplicas(regions=("us-east-2",)) in found.actions


def test_an_interrupted_teardown_keeps_its_record() -> None:
    """After its copies are gone, a run that starts again sees none: the record must stay."""
    first = decided(live(replicas=(OHIO, PARIS), rotation=MONTHLY))
    known: facts.Observed = live(replicas=(OHIO, PARIS), rotation=MONTHLY)
    for step in first.actions[:-1]:
        known = learn.fold(known, step, plan.Done(), facts.Ref(cases.NAME))
    assert isinstance(known, facts.Present)
    again = decided(facts.Present(secret=known.secret))
    assert again.actions == (plan.ScheduleDeletion(days=30),)
    assert replication.recorded(known.secret.tags) == (PARIS, OHIO)


FULL = {f"t{number}": "" for number in range(50 - ownership.MARKS)}


def test_where_there_is_no_room_for_a_record_that_is_said() -> None:
    """A secret that cannot be recorded goes all the same; where declared, its copies come back."""
    found = decided(live(FULL, replicas=(OHIO, PARIS)))
    assert cases.kinds(found) == ("RemoveReplicas", "ScheduleDeletion")
    (note,) = found.notes
    assert "no room in the tags" in note
    assert "us-east-2, eu-west-3" in note


def test_what_fits_is_written_down_and_the_rest_is_said() -> None:
    """The record comes first: what rotated is told by the service all the same."""
    room = dict(list(FULL.items())[1:])
    found = decided(live(room, replicas=(OHIO,), rotation=MONTHLY))
    assert found.actions[0] == plan.SetTags(tags={ownership.REPLICAS: "us-east-2"})
    (note,) = found.notes
    assert "for its rotation" in note
    flagged = decided(live({**room, ownership.ROTATION: "on"}, rotation=MONTHLY))
    assert (cases.kinds(flagged), flagged.notes) == (("CancelRotation", "ScheduleDeletion"), ())


def test_a_record_that_is_there_can_be_written_anew_where_nothing_else_fits() -> None:
    tags = {**dict(list(FULL.items())[1:]), ownership.REPLICAS: "us-east-2"}
    found = decided(live(tags, replicas=(OHIO, PARIS)))
    assert found.actions[0] == plan.SetTags(tags={ownership.REPLICAS: RECORD})
    assert found.notes == ()


def test_regions_that_a_record_cannot_hold_are_named() -> None:
    many = tuple(Replica(region=f"us-test-region-{number:02}") for number in range(20))
    found = decided(live(replicas=many))
    (note,) = found.notes
    assert "us-test-region-19" in note
    assert "us-test-region-00" not in note


@pytest.mark.parametrize("count", [1, 40])
def test_what_is_said_of_regions_fits(count: int) -> None:
    many = tuple(Replica(region=f"ap-southeast-{number:02}") for number in range(count))
    found = decide(
        facts.Present(secret=dataclasses.replace(live(FULL, replicas=many).secret, name=LONG)),
        cases.gone(name=LONG, memory=cases.memory()),
        cases.policy(),
        cases.AWS,
    )
    assert isinstance(found, plan.Plan)
    assert all(len(note) <= errors.LIMIT for note in found.notes)


LONG = states.LONG


def test_what_is_lagging_is_waited_for_and_then_scheduled() -> None:
    """A region may list a copy for a moment after it was removed: a deletion would be refused."""
    found: facts.Observed = live({ownership.REPLICAS: "us-east-2"}, replicas=(OHIO,))
    first = decided(found)
    assert cases.kinds(first) == ("RemoveReplicas", "ScheduleDeletion")
    gone = learn.fold(found, first.actions[0], plan.Done(), facts.Ref(cases.NAME))
    lagging = learn.looked(gone, found)
    assert cases.kinds(decided(lagging)) == ("Wait", "Look")
    assert cases.kinds(decided(gone)) == ("ScheduleDeletion",)


RELEASED_ROWS: tuple[Row, ...] = (
    ("it stays live, with all that it has", lambda c: c.origin == "adopted", ("DropTags",)),
    ("it was pending before: so again, with no tag of ours",
     lambda c: c.origin == "adopted pending",
     ("CancelRotation", "RemoveReplicas", "DropTags", "ScheduleDeletion")),
    ("it goes, and is written down", lambda c: c.origin in {"created", "restored"},
     ("SetTags", "CancelRotation", "RemoveReplicas", "ScheduleDeletion")),
    ("it was there before", lambda _: True, ()),
)  # fmt: skip


def test_a_rollback_takes_copies_away_only_from_what_it_schedules() -> None:
    def found() -> Iterator[tuple[Cell, tuple[str, ...]]]:
        for cell in cells({"origin": ("created", "restored", "found", *ADOPTED)}):
            tags = cases.marks(instance="aaaa.1", origin=cell.origin)
            secret = cases.secret(tags=tags, replicas=(OHIO,), rotation=MONTHLY)
            gone = cases.gone(instance="aaaa", mandate=Mandate.ROLLBACK)
            decision = decide(cases.present(secret), gone, cases.policy(), cases.AWS)
            yield cell, cases.kinds(decision)

    assert check(RELEASED_ROWS, found()) == 5


ADOPTED = ("adopted", "adopted pending")


@pytest.mark.parametrize("tie", [{"primary_region": "us-west-2"}, {"service": "rds"}])
def test_what_cannot_go_keeps_all_it_has(tie: dict[str, Any]) -> None:
    decision = decide(live(replicas=(OHIO,), **tie), GONE, cases.policy(), cases.AWS)
    assert cases.kinds(decision) == ("refuse",)


def test_a_rotation_that_is_declared_to_be_off_does_not_come_back() -> None:
    """The record from before says "on": only the declaration tells that it is not wanted."""
    tags = {**cases.marks(), ownership.ROTATION: rotation.CANCELLED}
    secret = cases.secret(tags=tags, rotation=facts.Rotation(enabled=False))
    memory = cases.memory(spec=cases.spec(rotation_enabled=False))
    wanted = facts.Gone(name=cases.NAME, owner=cases.OURS, memory=memory)
    told = decide(cases.present(secret), wanted, Policy(), cases.AWS)
    assert isinstance(told, plan.Plan)
    assert plan.SetTags(tags={ownership.ROTATION: rotation.OFF}) in told.actions


ALONE, LOOKED, GOES = (), ("Wait", "Look"), ("ScheduleDeletion",)
MARKED: dict[str, tuple[str | None, str, str | None, Mandate, tuple[str, ...]]] = {
    "the mark of the one that is remembered": (
        None, cases.LIVE_MARK, cases.LIVE_MARK, Mandate.OWN, GOES),
    "another mark than that": (None, cases.LIVE_MARK, cases.PAST_MARK, Mandate.OWN, ALONE),
    "no mark is remembered": (None, cases.LIVE_MARK, None, Mandate.OWN, GOES),
    "what is asked for counts more than what is remembered": (
        cases.LIVE_MARK, cases.LIVE_MARK, cases.PAST_MARK, Mandate.OWN, GOES),
    "the mark that a deputy remembers": (None, "aaaa.1", "aaaa", Mandate.DEPUTY, GOES),
    "no mark that a deputy knows": (None, "aaaa.1", None, Mandate.DEPUTY, ALONE),
}  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "found", "before", "mandate", "then"), MARKED.values(), ids=MARKED
)
def test_which_life_of_a_secret_is_to_go(
    asked: str | None, found: str, before: str | None, mandate: Mandate, then: tuple[str, ...]
) -> None:
    seen = cases.present(cases.secret(tags=cases.marks(instance=found)), confirmed=True)
    gone = cases.gone(instance=asked, memory=cases.memory(instance=before), mandate=mandate)
    assert cases.kinds(decide(seen, gone, cases.policy(), cases.AWS)) == then


PROOF: dict[str, tuple[str | None, str, tuple[str, ...]]] = {
    "its stack's, and its stack's mark": (cases.OURS, "aaaa.1", GOES),
    "its stack's, and another mark": (cases.OURS, "bbbb.1", LOOKED),
    "another's, and its stack's mark": (cases.OTHERS, "aaaa.1", LOOKED),
    "nobody's, and its stack's mark": (None, "aaaa.1", LOOKED),
    "another's, and another mark": (cases.OTHERS, "bbbb.1", LOOKED),
}


@pytest.mark.parametrize("mandate", [Mandate.DEPUTY, Mandate.ROLLBACK, Mandate.LATE])
@pytest.mark.parametrize(("owner", "mark", "then"), PROOF.values(), ids=PROOF)
def test_a_deputy_looks_twice_at_what_is_not_provably_its_stack_s(
    owner: str | None, mark: str, then: tuple[str, ...], mandate: Mandate
) -> None:
    """The marks may be some moments older than what the operation wrote."""
    secret = cases.secret(tags=cases.marks(owner, mark))
    gone = cases.gone(instance="aaaa", mandate=mandate)
    assert cases.kinds(decide(cases.present(secret), gone, cases.policy(), cases.AWS)) == then
    again = decide(cases.present(secret, confirmed=True), gone, cases.policy(), cases.AWS)
    assert cases.kinds(again) == (then if then is GOES else ALONE)


@pytest.mark.parametrize("mandate", Mandate)
@pytest.mark.parametrize("memory", [None, cases.memory()], ids=["not remembered", "remembered"])
def test_who_takes_back_what_is_not_there_looks_twice(
    memory: facts.Memory | None, mandate: Mandate
) -> None:
    """A rollback deletes within moments of the creation, which a look may not show yet."""
    gone = cases.gone(instance="aaaa", memory=memory, mandate=mandate)
    again = memory is not None and mandate is not Mandate.OWN
    found = decide(facts.Absent(), gone, cases.policy(), cases.AWS)
    assert cases.kinds(found) == (LOOKED if again else ALONE)
    assert decide(facts.Absent(confirmed=True), gone, cases.policy(), cases.AWS) == plan.Plan()
