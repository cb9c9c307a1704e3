"""The table in docs/values.md, cell by cell: the page and the code cannot part.

A row is a situation, made here once for each way to declare a value; a cell says what is done.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core import cases
from recoverable_secrets.core import facts, learn, ownership, plan, values
from recoverable_secrets.core.decide import decide
from recoverable_secrets.core.facts import Mandate
from recoverable_secrets.core.generate import Generate
from recoverable_secrets.core.model import Spec
from recoverable_secrets.core.references import ValueFrom
from recoverable_secrets.core.sealed import Sealed

PAGE = Path(__file__).parents[2] / "docs" / "values.md"
NO_CASE = "-"
SOURCES = {
    "text": plan.Source.LITERAL,
    "JSON": plan.Source.LITERAL,
    "binary": plan.Source.LITERAL,
    "write-only": plan.Source.WRITE_ONLY,
    "referenced": plan.Source.REFERENCED,
    "generated": plan.Source.GENERATED,
    "none": None,
}
TAGS = {"team": "a"}


def declared(kind: str, said: str = "old", trigger: int = 1) -> Spec:
    """Return a declaration.

    Args:
        kind: A column of the table.
        said: What is said of the value itself.
        trigger: What makes a value that cannot be told by comparing be written again.
    """
    told: dict[str, dict[str, Any]] = {
        "text": {"secret_string": Sealed(said)},
        "JSON": {"secret_json": Sealed(f'{{"a": "{said}"}}')},
        "binary": {"secret_binary": Sealed(said.encode())},
        "write-only": {"secret_string_wo": Sealed(said), "secret_string_wo_version": trigger},
        "referenced": {"value_from": ValueFrom(file=said), "value_version": str(trigger)},
        "generated": {
            "generate_secret_string": Generate(password_length=8 + len(said)),
            "regenerate_when": str(trigger),
        },
        "none": {},
    }
    return Spec(tags=TAGS, **told[kind])


def memory(spec: Spec, **told: Any) -> facts.Memory:
    """Return what is remembered of a secret; a value that is write-only is not."""
    forgotten = spec.model_copy(update={"secret_string_wo": None})
    versions = {"version": cases.FIRST, "live_version": cases.FIRST}
    return cases.memory(**{**versions, **told}, spec=forgotten)


def seen(version: str | None = cases.FIRST, **told: Any) -> facts.Present:
    """Return a live secret that differs in nothing but its value."""
    known = {name: told.pop(name) for name in ("restored", "spent") if name in told}
    tags = {**TAGS, **cases.marks(told.pop("owner", cases.OURS))}
    secret = cases.secret(version=version, tags=tags, **told)
    return facts.Present(secret=secret, policed=True, **known)


@dataclasses.dataclass(frozen=True)
class Case:
    """One situation for one way to declare a value."""

    observed: facts.Observed
    spec: Spec
    memory: facts.Memory | None = None
    drift: str = "keep"
    adopt: str = "no"
    mandate: Mandate = Mandate.OWN

    @property
    def wanted(self) -> facts.Kept:
        mark = cases.FRESH_MARK if self.mandate is Mandate.OWN else "aaaa.1"
        told = {"memory": self.memory, "mandate": self.mandate, "instance": mark}
        return cases.kept(self.spec, **told)

    def decided(self, known: facts.Observed | None = None) -> plan.Plan:
        policy = cases.policy(on_value_drift=self.drift, adopt=self.adopt)
        decision = decide(known or self.observed, self.wanted, policy, cases.AWS)
        assert isinstance(decision, plan.Plan), decision
        return decision


Situation = Callable[[str], Case]


def _changed(kind: str) -> Spec:
    return declared(kind, "new", 2)


def _unchanged(observed: facts.Observed, drift: str = "keep") -> Situation:
    """Return the situation in which what is declared is what is remembered."""

    def case(kind: str) -> Case:
        return Case(observed, declared(kind), memory(declared(kind)), drift)

    return case


def _changing(observed: facts.Observed) -> Situation:
    def case(kind: str) -> Case:
        return Case(observed, _changed(kind), memory(declared(kind)))

    return case


def _forgotten(observed: facts.Observed, drift: str = "keep", adopt: str = "no") -> Situation:
    return lambda kind: Case(observed, declared(kind), None, drift, adopt)


def _another_way(before: str) -> Situation:
    """Return the situation in which a value was declared otherwise before, and not the same."""

    def case(kind: str) -> Case:
        observed = facts.Unknown() if kind == "none" else seen()
        return Case(observed, declared(kind), memory(declared(before, "another")))

    return case


def _all_but_the_trigger(kind: str) -> Case:
    return Case(facts.Unknown(), declared(kind, "other", 1), memory(declared(kind)))


def _no_longer(kind: str) -> Case:
    return Case(facts.Unknown(), declared(kind), memory(declared("text")))


def written_under(kind: str, **remembered: Any) -> str:
    """Return the id under which an update from the old declaration writes."""
    known = dataclasses.replace(seen(), differs=frozenset({cases.FIRST}))
    found = Case(known, _changed(kind), memory(declared(kind), **remembered)).decided()
    (write,) = (step for step in found.actions if isinstance(step, plan.SetMetadata))
    assert write.version is not None
    return write.version


def _interrupted(kind: str) -> Case:
    """The new version is current, and what remembers the secret has not heard of it."""
    version = written_under(kind)
    return Case(seen(version, previous=cases.FIRST), _changed(kind), memory(declared(kind)))


NO_VERSION: dict[str, Any] = {"version": None, "live_version": None}
"""What a surface remembers of versions that keeps nothing but declarations."""


def _twice(kind: str) -> Case:
    version = written_under(kind, **NO_VERSION)
    before = memory(declared(kind), **NO_VERSION)
    live = seen(version, previous=cases.FIRST)
    return Case(live, _changed(kind), before, mandate=Mandate.DEPUTY)


def _no_version(observed: facts.Observed, drift: str) -> Situation:
    """Return a deputy's situation: what it remembers is what was declared, and no version."""

    def case(kind: str) -> Case:
        before = memory(declared(kind), **NO_VERSION)
        return Case(observed, declared(kind), before, drift, mandate=Mandate.DEPUTY)

    return case


def _made_before(kind: str) -> Case:
    """It was written once, and somebody moved the label back."""
    version = written_under(kind)
    live = seen(previous=version, spent=version)
    return Case(live, _changed(kind), memory(declared(kind)))


MOVED = seen(cases.OLDER, previous=cases.FIRST)
RESTORED = functools.partial(seen, restored=True)
STRANGERS = seen(cases.FOREIGN, owner=None)

SITUATIONS: dict[str, Situation] = {
    "it is created": _forgotten(facts.Absent()),
    "nothing is declared otherwise": _unchanged(facts.Unknown()),
    "nothing is declared otherwise, and it is looked at": _unchanged(seen()),
    "the text, or the trigger, changes": _changing(seen()),
    "all but the trigger changes": _all_but_the_trigger,
    "it is no longer declared": _no_longer,
    "it was none before, and one is there": _another_way("none"),
    "it was text before": _another_way("text"),
    "it was generated before": _another_way("generated"),
    "there is no current version any more": _unchanged(seen(None)),
    "another put one (`on_value_drift = keep`)": _unchanged(seen(cases.FOREIGN)),
    "another put one (`overwrite`)": _unchanged(seen(cases.FOREIGN), "overwrite"),
    "another put one, and the text, or the trigger, changes": _changing(seen(cases.FOREIGN)),
    "the label was moved to an older version (`keep`)": _unchanged(MOVED),
    "the label was moved to an older version (`overwrite`)": _unchanged(MOVED, "overwrite"),
    "an update broke off after it was written": _interrupted,
    "an update is delivered twice (CloudFormation)": _twice,
    "nothing is declared otherwise (CloudFormation, `overwrite`)": _no_version(seen(), "overwrite"),
    "another put one (CloudFormation, `overwrite`)": _no_version(seen(cases.FOREIGN), "overwrite"),
    "a write is refused, as that version was made before": _made_before,
    "restored, and remembered": _unchanged(RESTORED()),
    "restored, not remembered, and ours is there": _forgotten(RESTORED()),
    "restored, not remembered, and another's is there (`keep`)": _forgotten(
        RESTORED(cases.FOREIGN)
    ),
    "restored, not remembered, and another's is there (`overwrite`)": _forgotten(
        RESTORED(cases.FOREIGN), "overwrite"
    ),
    "restored without a value": _forgotten(RESTORED(None)),
    "adopted, and another's is there (`keep`)": _forgotten(STRANGERS, adopt="any"),
    "adopted, and another's is there (`overwrite`)": _forgotten(STRANGERS, "overwrite", "any"),
}


def rows() -> dict[str, list[str]]:
    """Return the table of the page: the words of each cell, by situation."""
    told = PAGE.read_text().splitlines()
    lines = [line.strip("|").split("|") for line in told if line.startswith("| ")]
    table = [[cell.strip() for cell in line] for line in lines if len(line) == len(SOURCES) + 1]
    assert table[0] == ["situation", *SOURCES]
    found = {line[0]: line[1:] for line in table[1:]}
    assert len(found) == len(table) - 1, "one situation told twice"
    return found


CELLS = [
    pytest.param(situation, kind, cell, id=f"{situation} - {kind}")
    for situation, cells in rows().items()
    for kind, cell in zip(SOURCES, cells, strict=True)
    if cell != NO_CASE
]


def after(case: Case, steps: plan.Plan, *, differs: bool) -> facts.Present:
    """Return what is known after a plan, its comparison answered."""
    known = case.observed
    for step in steps.actions:
        if differs and isinstance(step, plan.Compare):
            assert isinstance(known, facts.Present)
            known = dataclasses.replace(known, differs=known.differs | {step.version})
            continue
        made = getattr(step, "version", None) if plan.valued(step) else None
        known = learn.fold(known, step, plan.Done(version=made), facts.Ref(cases.NAME))
    assert isinstance(known, facts.Present)
    return known


def about_value(steps: plan.Plan) -> Iterator[plan.Action]:
    """Yield the steps that are about the value."""
    kinds = plan.Create | plan.Compare | plan.MoveStage
    for step in steps.actions:
        if isinstance(step, kinds) or plan.valued(step):
            yield step


def settled(case: Case, known: facts.Present) -> bool:
    """Whether nothing is left to do about the value."""
    return not list(about_value(case.decided(known)))


def done(case: Case) -> str:
    """Return what is done, in the words of the page; what follows a comparison is played out."""
    decision, source = case.decided(), values.source(case.spec)
    said = ", said" if decision.notes else ""
    steps = list(about_value(decision))
    if isinstance(case.observed, facts.Unknown):
        return f"no call{said}" if not decision.actions else cases.kinds(decision)[0]
    match steps:
        case []:
            return f"kept{said}"
        case [plan.Create(source=None)]:
            return "none"
        case [plan.Create() | plan.SetMetadata() as write] if write.source is source:
            assert settled(case, after(case, decision, differs=False)), "one write is enough"
            return f"written{said}"
        case [plan.Compare() as compare] if compare.source is source:
            return compared(case, decision, compare.version) + said
    return f"unknown to this test: {steps}"


def compared(case: Case, decision: plan.Plan, version: str) -> str:
    """Return which way a comparison goes on: by a write, or by a label that moves."""
    assert isinstance(case.observed, facts.Present)
    current = case.observed.secret.version
    equal = after(case, decision, differs=False)
    if version != current:  # An earlier version: if that one holds it, the label moves there.
        moved = case.decided(equal)
        assert list(about_value(moved)) == [plan.MoveStage(current=current, to=version)]
        assert settled(case, after(dataclasses.replace(case, observed=equal), moved, differs=False))
        return "compared, moved"
    assert settled(case, equal), "an equal value is left alone"
    other = after(case, decision, differs=True)
    then = case.decided(other)
    ended = after(dataclasses.replace(case, observed=other), then, differs=False)
    assert settled(case, ended)
    match list(about_value(then)):
        case [plan.SetMetadata(source=source)] if source is compare_source(case):
            return "compared"
        case [plan.MoveStage(to=to)] if to == cases.FIRST:
            return "compared, moved"
    return f"compared, then {cases.kinds(then)}"


def compare_source(case: Case) -> plan.Source | None:
    return values.source(case.spec)


@pytest.mark.parametrize(("situation", "kind", "cell"), CELLS)
def test_a_cell_of_the_page_is_what_is_done(situation: str, kind: str, cell: str) -> None:
    assert done(SITUATIONS[situation](kind)) == cell


def test_the_page_tells_every_situation_and_no_other() -> None:
    assert list(rows()) == list(SITUATIONS)


def test_a_dash_stands_where_there_is_no_case() -> None:
    """Nothing changes where nothing is declared, and a literal has no trigger."""
    dashes = {
        (situation, kind)
        for situation, cells in rows().items()
        for kind, cell in zip(SOURCES, cells, strict=True)
        if cell == NO_CASE
    }
    literals = {"text", "JSON", "binary"}
    expected = {
        "all but the trigger changes": {*literals, "none"},
        "it is no longer declared": {*SOURCES} - {"none"},
        "it was none before, and one is there": {"none"},
        "it was text before": {*literals, "none"},
        "it was generated before": {"generated"},
        "the text, or the trigger, changes": {"none"},
        "another put one, and the text, or the trigger, changes": {"none"},
        "an update broke off after it was written": {"none"},
        "an update is delivered twice (CloudFormation)": {"none"},
        "a write is refused, as that version was made before": {"none"},
    }
    assert dashes == {(row, kind) for row, kinds in expected.items() for kind in kinds}


@pytest.mark.parametrize("kind", [kind for kind in SOURCES if kind != "none"])
def test_a_pending_secret_is_restored_and_then_treated_alike(kind: str) -> None:
    """What is done in the plan that restores is what is done once it is restored."""
    live = RESTORED()
    store = cases.NO_POLICIES
    wanted = cases.kept(declared(kind))
    pending = facts.PendingDeletion(secret=live.secret)
    before = decide(pending, wanted, cases.policy(), store)
    then = decide(live, wanted, cases.policy(), store)
    assert isinstance(before, plan.Plan)
    assert isinstance(then, plan.Plan)
    assert before.actions == (plan.Restore(), *then.actions)


def test_a_value_to_be_read_or_generated_needs_a_look_where_none_is_known_to_be() -> None:
    """Memory alone proves nothing of a version that it has not seen."""
    for kind, known in (("referenced", "Look"), ("generated", "Look"), ("write-only", "")):
        before = memory(declared(kind), **NO_VERSION)
        found = Case(facts.Unknown(), declared(kind), before).decided()
        assert "".join(cases.kinds(found)) == known
        assert values.valueless(declared(kind), None) is bool(known)
        assert not values.valueless(declared(kind), cases.FIRST)


def test_the_id_of_a_replacement_is_the_same_at_each_attempt_and_another_at_the_next() -> None:
    """Where no version is remembered, it comes from both declarations."""
    for kind in ("write-only", "referenced", "generated"):
        once = written_under(kind, **NO_VERSION)
        assert ownership.is_ours(once)
        there, here = memory(declared(kind), **NO_VERSION), memory(_changed(kind), **NO_VERSION)
        ids = values.replacements(cases.ID, there, _changed(kind))
        back = values.replacements(cases.ID, here, declared(kind))
        assert once == ids[0]
        assert not set(ids) & set(back)
