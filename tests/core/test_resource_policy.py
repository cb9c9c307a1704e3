"""The resource policy: set and dropped without looking, and first of all after a restore.

What is done is a table: how the secret was come by x declared x remembered.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from core import cases
from core.tables import Cell, Row, cells, check
from recoverable_secrets.core import facts, learn, plan
from recoverable_secrets.core.decide import decide
from recoverable_secrets.core.facts import Mandate
from recoverable_secrets.core.model import Spec

DOCUMENT = cases.DOCUMENT
OTHER = DOCUMENT.replace("Allow", "Deny")
SET = plan.SetPolicy(document=DOCUMENT, block_public=True)
ABOUT = (plan.SetPolicy, plan.DropPolicy)

FACTORS = {
    "come by": ("found", "created", "restored", "pending", "adopted", "adopted pending"),
    "declared": ("not", "empty", "it", "public"),
    "remembered": ("nothing", "not declared", "empty", "it", "another", "public"),
    "settled": (False, True),
}
SPECS: dict[str, Spec | None] = {
    "nothing": None,
    "not": cases.spec(),
    "not declared": cases.spec(),
    "empty": cases.spec(policy=""),
    "it": cases.spec(policy=DOCUMENT),
    "another": cases.spec(policy=OTHER),
    "public": cases.spec(policy=DOCUMENT, block_public_policy=False),
}


def back(c: Cell) -> bool:
    return c.told["come by"] in {"restored", "pending", "adopted pending"}


def ours(c: Cell) -> bool:
    return not c.told["come by"].startswith("adopted")


ROWS: tuple[Row, ...] = (
    ("this operation settled it", lambda c: c.settled and "pending" not in c.told["come by"], ()),
    ("declared, and who made or restored it knows nothing of what it had",
     lambda c: c.declared in {"it", "public"} and (back(c) or c.told["come by"] == "created"),
     ("SetPolicy",)),
    ("declared as remembered", lambda c: c.declared == c.remembered and c.declared != "empty"
     and c.declared in {"it", "public"}, ()),
    ("declared, and not remembered, or remembered otherwise",
     lambda c: c.declared in {"it", "public"}, ("SetPolicy",)),
    ("a new secret has none", lambda c: c.told["come by"] == "created", ()),
    ("declared before, and not now", lambda c: c.remembered in {"it", "another", "public"},
     ("DropPolicy",)),
    ("nothing is remembered of what is ours: as if it were new",
     lambda c: ours(c) and c.remembered == "nothing", ("DropPolicy",)),
    ("none is declared, and nothing proves that there is none",
     lambda c: c.declared == "empty" and c.remembered in {"nothing", "not declared"},
     ("DropPolicy",)),
    ("not declared, neither now nor before", lambda _: True, ()),
)  # fmt: skip


def observed(c: Cell) -> facts.Observed:
    by = c.told["come by"]
    secret = cases.secret(tags=cases.marks(cases.OTHERS if by.startswith("adopted") else None))
    secret = cases.secret() if ours(c) else secret
    if by.endswith("pending"):
        return facts.PendingDeletion(secret=secret)
    created, restored = by == "created", by == "restored"
    return cases.present(secret, created=created, restored=restored, policed=c.settled)


def about(decision: plan.Decision) -> tuple[plan.Action, ...]:
    assert isinstance(decision, plan.Plan), decision
    return tuple(step for step in decision.actions if isinstance(step, ABOUT))


def decided(c: Cell) -> tuple[plan.Action, ...]:
    before, now = SPECS[c.remembered], SPECS[c.declared]
    memory = None if before is None else cases.memory(spec=before)
    wanted = cases.kept(now, memory=memory)
    return about(decide(observed(c), wanted, cases.policy(adopt="any"), cases.AWS))


def test_when_a_policy_is_set_and_when_it_is_dropped() -> None:
    def found() -> Iterator[tuple[Cell, tuple[str, ...]]]:
        for cell in cells(FACTORS):
            steps = decided(cell)
            for step in steps:
                if isinstance(step, plan.SetPolicy):
                    assert step.block_public is (cell.declared != "public")
                    assert step.document == DOCUMENT
            yield cell, cases.kinds(plan.Plan(steps))

    assert check(ROWS, found()) == 288


@pytest.mark.parametrize(("spec", "kind"), [(SPECS["it"], "SetPolicy"), (None, "DropPolicy")])
def test_it_is_the_first_thing_after_a_restore(spec: Spec | None, kind: str) -> None:
    """What the old policy lets in must not outlive the restore by a moment more than needed."""
    full = cases.secret(description="x", tags={"a": "b", **cases.marks()}, version=cases.FIRST)
    wanted = cases.kept(spec)
    decision = decide(facts.PendingDeletion(secret=full), wanted, cases.policy(), cases.AWS)
    assert cases.kinds(decision)[:2] == ("Restore", kind)
    broken_off = decide(cases.present(full), wanted, cases.policy(), cases.AWS)
    assert cases.kinds(broken_off)[0] == kind, "also where a crash came between"


def test_what_is_not_ours_is_claimed_before() -> None:
    found = cases.present(cases.secret(tags=cases.marks(None)))
    decision = decide(found, cases.kept(SPECS["it"]), cases.policy(adopt="any"), cases.AWS)
    assert cases.kinds(decision) == ("SetTags", "SetPolicy")


def test_a_policy_is_settled_once_an_operation() -> None:
    wanted = cases.kept(SPECS["it"])
    found: facts.Observed = cases.present(cases.secret(), restored=True)
    for step in about(decide(found, wanted, cases.policy(), cases.AWS)):
        found = learn.fold(found, step, plan.Done(), facts.Ref(cases.NAME))
    assert cases.kinds(decide(found, wanted, cases.policy(), cases.AWS)) == ()


@pytest.mark.parametrize("declared", ["not", "it"])
def test_where_there_are_no_policies_none_is_touched(declared: str) -> None:
    found = cases.present(cases.secret(), restored=True)
    decision = decide(found, cases.kept(SPECS[declared]), cases.policy(), cases.NO_POLICIES)
    assert about(decision) == ()


UNCHANGED: dict[str, tuple[dict[str, Any], dict[str, Any], tuple[str, ...]]] = {
    "the same": ({"policy": DOCUMENT}, {"policy": DOCUMENT}, ()),
    "another": ({"policy": DOCUMENT}, {"policy": OTHER}, ("Look",)),
    "no longer declared": ({}, {"policy": DOCUMENT}, ("Look",)),
    "the same, and a public one is refused no more": (
        {"policy": DOCUMENT, "block_public_policy": False}, {"policy": DOCUMENT}, ("Look",)),
    "none, and a public one would be refused no more": ({"block_public_policy": False}, {}, ()),
}  # fmt: skip


@pytest.mark.parametrize(("now", "before", "then"), UNCHANGED.values(), ids=UNCHANGED)
def test_memory_alone_proves_that_a_policy_is_as_declared(
    now: dict[str, Any], before: dict[str, Any], then: tuple[str, ...]
) -> None:
    wanted = cases.kept(cases.spec(**now), memory=cases.memory(spec=cases.spec(**before)))
    assert cases.kinds(decide(facts.Unknown(), wanted, cases.policy(), cases.AWS)) == then


def test_a_late_request_takes_it_for_settled() -> None:
    """A look does not show it, so that nothing could be said of it."""
    wanted = cases.kept(SPECS["it"], instance=cases.LIVE_MARK, mandate=Mandate.LATE)
    assert decide(cases.present(), wanted, cases.policy(), cases.AWS) == plan.Plan()
