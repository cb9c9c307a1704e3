"""Staging labels, the version that a new value replaces, and labels that move back.

What is done about a label is a table: where it is x declared x remembered.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from core import cases
from core.tables import Cell, Row, cells, check
from recoverable_secrets.core import facts, learn, ownership, plan, values
from recoverable_secrets.core.decide import decide
from recoverable_secrets.core.model import Spec

NEW, OLD = cases.FIRST, cases.OLDER
GREEN = {"version_stages": ["green"]}


def live(labels: Mapping[str, str] | None = None, **told: Any) -> facts.Present:
    known = {name: told.pop(name) for name in ("holds", "differs", "spent") if name in told}
    version = told.pop("version", NEW)
    secret = cases.secret(version=version, labels=plan.frozen(labels or {}), **told)
    return cases.present(secret, policed=True, **known)


def kept(spec: Spec, before: Spec | None = None, **told: Any) -> facts.Kept:
    ready = {"version": NEW, "live_version": NEW}
    return cases.kept(spec, memory=cases.memory(spec=before or spec, **{**ready, **told}))


def decided(found: facts.Observed, wanted: facts.Kept, **policy: Any) -> tuple[plan.Action, ...]:
    decision = decide(found, wanted, cases.policy(**policy), cases.AWS)
    assert isinstance(decision, plan.Plan), decision
    return decision.actions


FACTORS = {
    "at": ("nowhere", "current", "older"),
    "declared": (False, True),
    "remembered": (False, True),
    "version": (NEW, None),
}
AT: dict[str, dict[str, str]] = {"nowhere": {}, "current": {"green": NEW}, "older": {"green": OLD}}

ROWS: tuple[Row, ...] = (
    ("there is no version to label", lambda c: c.version is None, ()),
    ("declared, and there", lambda c: c.declared and c.at == "current", ()),
    ("declared, and missing or elsewhere", lambda c: c.declared, ("MoveStage",)),
    ("declared before and not now", lambda c: c.remembered and c.at != "nowhere", ("MoveStage",)),
    ("declared before, and gone already", lambda c: c.remembered, ()),
    ("another's is left alone", lambda _: True, ()),
)  # fmt: skip


def test_what_is_done_about_a_label() -> None:
    def found() -> Iterator[tuple[Cell, tuple[str, ...]]]:
        for cell in cells(FACTORS):
            labels = AT[cell.at] if cell.version else {}
            declared = cases.spec(**GREEN) if cell.declared else cases.spec()
            before = cases.spec(**GREEN) if cell.remembered else cases.spec()
            steps = decided(live(labels, version=cell.version), kept(declared, before))
            to = NEW if cell.declared else None
            for step in steps:
                assert step == plan.MoveStage(current=labels.get("green"), to=to, stage="green")
            yield cell, cases.kinds(plan.Plan(steps))

    assert check(ROWS, found()) == 24


def test_each_label_is_one_call_in_the_same_order_each_time() -> None:
    spec = cases.spec(version_stages=["green", "blue"])
    steps = decided(
        live({"green": OLD, "red": OLD}), kept(spec, cases.spec(version_stages=["red"]))
    )
    assert [(step.stage, step.to) for step in steps if isinstance(step, plan.MoveStage)] == [
        ("blue", NEW),
        ("green", NEW),
        ("red", None),
    ]


def test_labels_follow_a_value_that_is_written() -> None:
    """They are not put on a version that is about to be replaced."""
    spec = cases.spec(cases.VALUE, **GREEN)
    wanted = kept(spec, cases.spec(cases.OTHER_VALUE, **GREEN))
    found: facts.Observed = live({"green": NEW})
    (write,) = decided(found, wanted)
    assert isinstance(write, plan.SetMetadata)
    done = plan.Done(version=write.version)
    found = learn.fold(found, write, done, facts.Ref(cases.NAME))
    assert decided(found, wanted) == (plan.MoveStage(current=NEW, to=write.version, stage="green"),)


NEXT = ownership.next_version_id(cases.ID, NEW)
WRITTEN = {"version": NEXT, "previous": NEW, "holds": NEXT}
PREVIOUS: dict[str, tuple[dict[str, Any], str, bool]] = {
    "a new value was written": (WRITTEN, "deprecate", True),
    "likewise, and it is kept": (WRITTEN, "keep", False),
    "there was none before": ({"version": NEXT, "holds": NEXT}, "deprecate", False),
    "nothing was written, nor compared": ({"previous": OLD}, "deprecate", False),
}  # fmt: skip


@pytest.mark.parametrize(("known", "policy", "dropped"), PREVIOUS.values(), ids=PREVIOUS)
def test_what_a_new_value_replaces_is_dropped_on_demand(
    known: dict[str, Any], policy: str, *, dropped: bool
) -> None:
    """By the user guide: a version without a label is the service's to drop."""
    found = live(**known)
    steps = tuple(values.deprecated(found, cases.policy(previous_version=policy)))
    expected = plan.MoveStage(current=NEW, to=None, stage="AWSPREVIOUS")
    assert steps == ((expected,) if dropped else ())
    spec = cases.spec(cases.VALUE)
    steps = decided(found, kept(spec), previous_version=policy)
    assert (expected in steps) is dropped


def test_a_dropped_version_is_dropped_once() -> None:
    known: facts.Observed = live(version=NEXT, previous=NEW, holds=NEXT)
    wanted = kept(cases.spec(cases.VALUE))
    (step,) = decided(known, wanted, previous_version="deprecate")
    known = learn.fold(known, step, plan.Done(), facts.Ref(cases.NAME))
    assert decided(known, wanted, previous_version="deprecate") == ()


LITERAL = plan.Source.LITERAL
CHANGED = kept(cases.spec(cases.VALUE), cases.spec(cases.OTHER_VALUE))
DRIFTED = kept(cases.spec(cases.VALUE), version=OLD)
BACK: dict[str, tuple[facts.Present, facts.Kept, tuple[plan.Action, ...]]] = {
    "the version that held it is the one before": (
        live(previous=OLD, differs=frozenset({NEW})), DRIFTED,
        (plan.MoveStage(current=NEW, to=OLD),)),
    "it has another label": (
        live({"blue": OLD}, differs=frozenset({NEW})), DRIFTED,
        (plan.MoveStage(current=NEW, to=OLD),)),
    "it has no label, and so may be gone": (
        live(differs=frozenset({NEW})), DRIFTED,
        (plan.SetMetadata(source=LITERAL, version=NEXT),)),
    "it was found not to hold it": (
        live(previous=OLD, differs=frozenset({NEW, OLD})), DRIFTED,
        (plan.SetMetadata(source=LITERAL, version=NEXT),)),
    "the id was used, and that version is asked": (
        live(previous=NEXT, spent=NEXT), CHANGED, (plan.Compare(source=LITERAL, version=NEXT),)),
    "it was asked, and holds it": (
        live(previous=NEXT, spent=NEXT, holds=NEXT), CHANGED,
        (plan.MoveStage(current=NEW, to=NEXT),)),
    "it was asked, and holds another: the next id": (
        live(previous=NEXT, spent=NEXT, differs=frozenset({NEXT})), CHANGED,
        (plan.SetMetadata(source=LITERAL,
                          version=ownership.next_version_id(cases.ID, NEXT)),)),
    "the id was used, and that version has no label": (
        live(spent=NEXT), CHANGED,
        (plan.SetMetadata(source=LITERAL,
                          version=ownership.next_version_id(cases.ID, NEXT)),)),
}  # fmt: skip


@pytest.mark.parametrize(("found", "wanted", "then"), BACK.values(), ids=BACK)
def test_a_version_that_is_there_is_made_current_and_not_written_again(
    found: facts.Present, wanted: facts.Kept, then: tuple[plan.Action, ...]
) -> None:
    assert decided(found, wanted, on_value_drift="overwrite") == then


def test_the_ids_of_replacements_are_used_one_after_the_other() -> None:
    """Where a declaration goes back and forth, and each of its values was written before."""
    before = cases.spec(secret_string_wo_version=1)
    now = cases.spec(secret_string_wo=cases.VALUE, secret_string_wo_version=2)
    wanted = kept(now, before)
    assert wanted.memory is not None
    ids = values.replacements(cases.ID, wanted.memory, now)
    for spent, then in ((None, ids[0]), (ids[0], ids[1]), (ids[-1], ids[0]), ("x", ids[0])):
        found = dataclasses.replace(live(), spent=spent)
        assert values.next_version(found, wanted) == then
    assert len(set(ids)) == len(ids)
