"""Copies in other regions: made, removed, waited for, written down and brought back.

What is done is a table: what is live x declared x remembered x recorded x restored.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest

from core import cases, states
from core.tables import Cell, Row, cells, check
from recoverable_secrets.core import errors, facts, learn, model, ownership, plan, replication
from recoverable_secrets.core.decide import decide
from recoverable_secrets.core.facts import Replica
from recoverable_secrets.core.model import Spec

KEY = "arn:aws:kms:us-east-2:111122223333:key/1111-2222"
OHIO, PARIS = Replica(region="us-east-2"), Replica(region="eu-west-3")
KEYED = Replica(region="us-east-2", kms_key_id=KEY)
BUSY = dataclasses.replace(OHIO, status="InProgress")
FAILED = dataclasses.replace(OHIO, status="Failed", failed=True, message="the name is taken")

ABOUT = {"AddReplicas", "RemoveReplicas", "Wait", "Look", "fail"}


def spec(*replicas: Replica, **told: Any) -> Spec:
    """Return a spec that declares these copies."""
    declared = [model.Replica(region=r.region, kms_key_id=r.kms_key_id) for r in replicas]
    return cases.spec(replicas=declared, **told)


def live(*replicas: Replica, record: str = "", **known: Any) -> facts.Present:
    """Return a live secret that differs in nothing but its copies."""
    recorded = {ownership.REPLICAS: record} if record else {}
    secret = cases.secret(replicas=replicas, tags={**recorded, **cases.marks()})
    return cases.present(secret, policed=True, **known)


def decided(found: facts.Present, wanted: facts.Kept, **policy: Any) -> plan.Decision:
    return decide(found, wanted, cases.policy(**policy), cases.AWS)


def next_steps(found: facts.Present, wanted: facts.Kept, **policy: Any) -> tuple[str, ...]:
    """Return what is decided of copies, if need be once all else is done: waiting comes last."""
    known: facts.Observed = found
    decision = decided(found, wanted, **policy)
    if isinstance(decision, plan.Plan) and not about(decision):
        for step in decision.actions:
            known = learn.fold(known, step, plan.Done(), facts.Ref(cases.NAME))
        assert isinstance(known, facts.Present)
        decision = decided(known, wanted, **policy)
    return about(decision)


def about(decision: plan.Decision) -> tuple[str, ...]:
    return tuple(kind for kind in cases.kinds(decision) if kind in ABOUT)


FACTORS = {
    "live": ("none", "in step", "under way", "failed", "another key"),
    "declared": ("not", "it", "none"),
    "remembered": ("nothing", "not declared", "declared"),
    "recorded": (False, True),
    "restored": (False, True),
}
LIVE = {
    "none": (),
    "in step": (OHIO,),
    "under way": (BUSY,),
    "failed": (FAILED,),
    "another key": (KEYED,),
}
DECLARED = {"not": cases.spec(), "it": spec(OHIO), "none": spec()}


def unmanaged(c: Cell) -> bool:
    """Whether nothing says which copies there should be."""
    broken_off = c.remembered == "nothing" and c.live not in {"in step", "another key"}
    back = c.recorded and (c.restored or broken_off)
    return c.declared == "not" and c.remembered != "declared" and not back


def unwanted(c: Cell) -> bool:
    """Whether it is said that there should be none."""
    return c.declared == "none" or (c.declared == "not" and c.remembered == "declared")


ROWS: tuple[Row, ...] = (
    ("nobody says anything: what there is, is left alone, failed or not", unmanaged, ()),
    ("none should be, and none is", lambda c: unwanted(c) and c.live == "none", ()),
    ("none should be: declared so, or declared before and not now", unwanted, ("RemoveReplicas",)),
    ("declared, or recorded by a teardown, and missing",
     lambda c: c.live == "none", ("AddReplicas",)),
    ("it is there", lambda c: c.live == "in step", ()),
    ("it is on its way", lambda c: c.live == "under way", ("Wait", "Look")),
    ("failed, or of another key: made anew, as soon as the old one is gone",
     lambda _: True, ("RemoveReplicas", "Wait", "Look")),
)  # fmt: skip


def case(c: Cell) -> tuple[facts.Present, facts.Kept]:
    before = {"not declared": cases.spec(), "declared": spec(OHIO)}.get(c.remembered)
    memory = None if before is None else cases.memory(spec=before)
    record = OHIO.region if c.recorded else ""
    found = live(*LIVE[c.live], record=record, restored=c.restored)
    return found, cases.kept(DECLARED[c.declared], memory=memory)


def test_what_is_done_about_copies() -> None:
    def found() -> Iterator[tuple[Cell, tuple[str, ...]]]:
        for cell in cells(FACTORS):
            yield cell, next_steps(*case(cell))

    assert check(ROWS, found()) == 180


def test_a_new_copy_goes_again_where_what_was_restored_cannot_stay() -> None:
    """Nothing that has copies can be scheduled for deletion again."""
    wanted = cases.kept(spec(OHIO), memory=cases.memory(spec=spec(OHIO)))
    for restored, undo in ((True, plan.RemoveReplicas(regions=("us-east-2",))), (False, None)):
        decision = decided(live(restored=restored), wanted)
        assert isinstance(decision, plan.Plan)
        (added,) = (a for a in decision.actions if isinstance(a, plan.AddReplicas))
        assert (added.replicas, added.undo) == ((OHIO,), undo)


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_secret_in_the_way_is_overwritten_only_on_demand(*, overwrite: bool) -> None:
    wanted = cases.kept(spec(OHIO), memory=cases.memory())
    decision = decided(live(), wanted, force_overwrite_replica_secret=overwrite)
    assert isinstance(decision, plan.Plan)
    adds = [step for step in decision.actions if isinstance(step, plan.AddReplicas)]
    assert [step.overwrite for step in adds] == [overwrite]


def test_each_difference_is_one_call_for_all_regions() -> None:
    """Removed first: a region that lists the old copy would refuse the new one."""
    wanted = cases.kept(spec(OHIO, PARIS), memory=cases.memory(spec=spec(OHIO, PARIS)))
    others = (Replica(region="sa-east-1"), Replica(region="ap-south-1"))
    decision = decided(live(*others), wanted)
    assert decision == plan.Plan(
        (
            plan.RemoveReplicas(regions=("ap-south-1", "sa-east-1")),
            plan.AddReplicas(replicas=(PARIS, OHIO)),
        )
    )


def test_a_copy_that_is_made_anew_is_removed_once_and_waited_for() -> None:
    """A region may list the old copy for a moment after it was removed."""
    wanted = cases.kept(spec(OHIO), memory=cases.memory(spec=spec(OHIO)))
    found: facts.Observed = live(KEYED, record="us-east-2")
    first = decide(found, wanted, cases.policy(), cases.AWS)
    assert isinstance(first, plan.Plan)
    assert about(first) == ("RemoveReplicas", "Wait", "Look")
    gone = learn.fold(found, first.actions[0], plan.Done(), facts.Ref(cases.NAME))
    lagging = learn.looked(gone, live(KEYED, record="us-east-2"))
    assert about(decide(lagging, wanted, cases.policy(), cases.AWS)) == ("Wait", "Look")
    there = learn.looked(gone, live(record="us-east-2"))
    assert about(decide(there, wanted, cases.policy(), cases.AWS)) == ("AddReplicas",)


@pytest.mark.parametrize(
    ("added", "then"),
    [
        pytest.param((), ("RemoveReplicas", "Wait", "Look"), id="of an earlier operation"),
        pytest.param(("us-east-2",), ("RemoveReplicas", "Wait", "Look"), id="of this one: again"),
        pytest.param(("us-east-2", "us-east-2"), ("fail",), id="twice is enough"),
    ],
)
def test_a_copy_that_failed_is_tried_twice_an_operation(
    added: tuple[str, ...], then: tuple[str, ...]
) -> None:
    wanted = cases.kept(spec(OHIO), memory=cases.memory(spec=spec(OHIO)))
    assert about(decided(live(FAILED, record="us-east-2", added=added), wanted)) == then


@pytest.mark.parametrize("message", ["", "the name is taken", "m" * 500])
@pytest.mark.parametrize("name", [cases.NAME, states.LONG], ids=["a name", "a long name"])
def test_a_failure_says_where_why_and_what_to_do(message: str, name: str) -> None:
    copy = dataclasses.replace(FAILED, region="ap-southeast-2", message=message)
    found = cases.present(cases.secret(name=name, replicas=(copy,)))
    failure = replication.settled(found, (Replica(region="ap-southeast-2"),))
    assert isinstance(failure, plan.Failure)
    assert "ap-southeast-2" in failure.text
    assert (message[:60] or "no reason is told") in failure.text
    assert "force_overwrite_replica_secret to true; run again" in failure.text
    assert (len(failure.text) <= errors.LIMIT, failure.code) == (True, "ReplicationFailed")


SETTLED: dict[str, tuple[tuple[Replica, ...], tuple[Replica, ...] | None, tuple[str, ...]]] = {
    "in step": ((OHIO, PARIS), (OHIO, PARIS), ()),
    "one is on its way": ((BUSY, PARIS), (OHIO, PARIS), ("Wait", "Look")),
    "somebody else makes one": ((BUSY, PARIS), (PARIS,), ()),
    "somebody else's failed": ((FAILED, PARIS), (PARIS,), ()),
    "none is managed": ((BUSY,), None, ()),
    "one failed and one is on its way: nothing is waited for": (
        (dataclasses.replace(BUSY, region="eu-west-3"), FAILED), (OHIO, PARIS), ("fail",)),
}  # fmt: skip


@pytest.mark.parametrize(("copies", "target", "then"), SETTLED.values(), ids=SETTLED)
def test_what_is_waited_for(
    copies: tuple[Replica, ...], target: tuple[Replica, ...] | None, then: tuple[str, ...]
) -> None:
    settled = replication.settled(live(*copies), target)
    if isinstance(settled, plan.Failure):
        assert then == ("fail",)
    else:
        assert cases.kinds(plan.Plan(settled)) == then


RECORDS: dict[str, tuple[tuple[Replica, ...], str]] = {
    "none": ((), ""),
    "regions alone": ((OHIO, PARIS), "eu-west-3 us-east-2"),
    "the default key, said in so many words": (
        (dataclasses.replace(OHIO, kms_key_id="alias/aws/secretsmanager"),), "us-east-2"),
    "a key": ((KEYED, PARIS), f"eu-west-3 us-east-2={KEY}"),
    "keys that do not fit together are left out": (
        (dataclasses.replace(KEYED, kms_key_id="k" * 250), PARIS), "eu-west-3 us-east-2"),
    "regions that do not fit are left out": (
        tuple(Replica(region=f"region-{n:02}") for n in range(40)),
        " ".join(f"region-{n:02}" for n in range(25))),
}  # fmt: skip


@pytest.mark.parametrize(("copies", "text"), RECORDS.values(), ids=RECORDS)
def test_a_record_is_short_and_can_be_read_again(copies: tuple[Replica, ...], text: str) -> None:
    assert replication.record(copies) == text
    assert replication.record(reversed(copies)) == text, "their order means nothing"
    assert len(text) <= 256
    again = replication.recorded({ownership.REPLICAS: text})
    assert replication.record(again) == text


def test_no_record_stands_for_no_copies() -> None:
    assert replication.recorded({}) == ()
    found = replication.recorded({ownership.REPLICAS: f"eu-west-3 us-east-2={KEY}"})
    assert found == (PARIS, KEYED)


TO_WRITE: dict[str, tuple[tuple[Replica, ...], str | None, str | None]] = {
    "nothing to write down": ((), None, None),
    "not written down yet": ((OHIO, KEYED), None, f"us-east-2 us-east-2={KEY}"),
    "written down": ((OHIO,), "us-east-2", None),
    "another key than is written down": ((KEYED,), "us-east-2", f"us-east-2={KEY}"),
    "the same key in another spelling": ((KEYED,), "us-east-2=1111-2222", None),
    "more is written down: a teardown broke off": ((OHIO,), "eu-west-3 us-east-2", None),
    "all were taken away by a teardown that broke off": ((), "eu-west-3 us-east-2", None),
    "one that failed is none": ((FAILED,), None, None),
    "a region more than is written down": ((OHIO, PARIS), "us-east-2", "eu-west-3 us-east-2"),
}


@pytest.mark.parametrize(("copies", "record", "text"), TO_WRITE.values(), ids=TO_WRITE)
def test_what_a_teardown_writes_down(
    copies: tuple[Replica, ...], record: str | None, text: str | None
) -> None:
    secret = live(*copies, record=record or "").secret
    assert replication.to_record(secret, Spec()) == text


@pytest.mark.parametrize(
    ("copies", "declared", "record", "text"),
    [
        pytest.param((), (OHIO,), "us-east-2", None, id="a teardown broke off"),
        pytest.param((), (OHIO,), "", "us-east-2", id="it broke off, and nothing was written"),
        pytest.param((OHIO,), (OHIO, PARIS), "us-east-2", None, id="what is there counts"),
        pytest.param((OHIO,), (OHIO,), "eu-west-3 us-east-2", "us-east-2", id="there is less now"),
        pytest.param((), (), "us-east-2", "", id="there are none any more"),
        pytest.param((), (), "", None, id="there never were any"),
    ],
)
def test_what_was_declared_says_that_there_should_be_no_more(
    copies: tuple[Replica, ...], declared: tuple[Replica, ...], record: str, text: str | None
) -> None:
    assert replication.to_record(live(*copies, record=record).secret, spec(*declared)) == text


def test_a_new_secret_gets_its_copies_with_the_call_that_makes_it() -> None:
    wanted = cases.kept(spec(KEYED, PARIS))
    made = decide(facts.Absent(), wanted, cases.policy(), cases.AWS)
    assert isinstance(made, plan.Plan)
    (create,) = made.actions
    assert isinstance(create, plan.Create)
    assert (create.replicas, create.overwrite) == ((PARIS, KEYED), False)
    assert create.tags[ownership.REPLICAS] == f"eu-west-3 us-east-2={KEY}"
    known = learn.fold(facts.Absent(), create, plan.Done(id=cases.ID), facts.Ref(cases.NAME))
    assert cases.kinds(decide(known, wanted, cases.policy(), cases.AWS)) == ("Wait", "Look")
    forced = cases.policy(force_overwrite_replica_secret=True)
    for declared, overwrite in ((spec(OHIO), True), (spec(), False)):
        made = decide(facts.Absent(), cases.kept(declared), forced, cases.AWS)
        assert isinstance(made, plan.Plan)
        assert [getattr(step, "overwrite", None) for step in made.actions] == [overwrite]


def test_what_is_shown_are_the_copies_that_there_are() -> None:
    """As declared where they are so: another spelling of a key is no drift."""
    declared = spec(Replica(region="us-east-2", kms_key_id="1111-2222"))
    assert replication.shown(live(KEYED).secret, declared) == declared.replicas
    assert replication.shown(live().secret, declared) == [], "removed by hand"
    assert replication.shown(live(FAILED).secret, declared) == [], "failed: to be made anew"
    other = dataclasses.replace(KEYED, kms_key_id="alias/other")
    shown = replication.shown(live(other, PARIS).secret, declared)
    assert [(r.region, r.kms_key_id) for r in shown] == [
        ("eu-west-3", None),
        ("us-east-2", "alias/other"),
    ]
    assert [r.region for r in replication.shown(live(OHIO).secret, cases.spec())] == ["us-east-2"]
