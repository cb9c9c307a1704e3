"""What is done about the value: declared x remembered x current x known x drift, multiplied out.

No value is read for it: who wrote the current version stands in its id, which one held the
declared value stands in memory. Rows as in test_decision_table.py: the first that fits decides.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Mapping

import pytest

from core import cases
from recoverable_secrets.core import facts, ownership, plan, values
from recoverable_secrets.core.decide import decide
from recoverable_secrets.core.generate import Generate

FACTORS: Mapping[str, tuple[str, ...]] = {
    "declared": ("none", "literal", "generated"),
    "remembered": (
        *("nothing", "no value", "removed", "same", "another"),
        *("alike", "otherwise"),
    ),
    "current": ("none", "remembered", "interrupted", "older", "foreign"),
    "known": ("nothing", "holds", "differs"),
    "drift": ("keep", "overwrite"),
}
"""`removed`: a value was declared once, and then no more; it stayed where it was.
`alike`, `otherwise`: it was generated, by the same parameters or by others.
`interrupted`: the version that our own update makes after the remembered one."""

Cell = dict[str, str]


def impossible(cell: Cell) -> str | None:
    """Return why no such case exists."""
    if cell["current"] == "none" and cell["known"] != "nothing":
        return "nothing is known of a version that is not there"
    if cell["remembered"] == "nothing" and cell["current"] in {"remembered", "interrupted"}:
        return "without memory all versions of ours look alike"
    if cell["remembered"] == "no value" and cell["current"] == "remembered":
        return "no version held a value that was not declared"
    if cell["declared"] != "literal" and cell["known"] == "differs":
        return "without a literal nothing was compared"
    if cell["declared"] == "none" and cell["known"] == "holds":
        return "nothing was written that was not declared"
    return None


ROWS: tuple[tuple[str, str, Mapping[str, str]], ...] = (
    ("nothing is declared, so nothing is managed", "leave", {"declared": "none"}),
    ("this operation knows that it is there", "leave", {"known": "holds"}),
    ("there is none yet", "write", {"current": "none"}),
    (
        "generated: what is there is as good as a new one",
        "leave",
        {"declared": "generated", "remembered": "nothing|alike"},
    ),
    (
        "generated: that it is declared otherwise counts for a new one only",
        "say",
        {"declared": "generated"},
    ),
    ("this operation knows that another is there", "write", {"known": "differs"}),
    (
        "restored: a value that others put is kept",
        "keep",
        {"remembered": "nothing", "current": "foreign", "drift": "keep"},
    ),
    ("restored: ours may hold an older literal", "compare", {"remembered": "nothing"}),
    (
        "declared again, and it may well be what was declared once",
        "compare",
        {"remembered": "removed", "current": "remembered"},
    ),
    (
        "declared otherwise than what is there",
        "write",
        {"remembered": "another|alike|otherwise", "current": "remembered"},
    ),
    (
        "declared otherwise, and our interrupted update may have written it already",
        "compare",
        {"remembered": "another|removed|no value|alike|otherwise"},
    ),
    ("it is there already", "leave", {"current": "remembered"}),
    ("our own update that broke off", "compare", {"current": "interrupted"}),
    (
        "unchanged, and a value that others put is kept",
        "keep",
        {"current": "foreign", "drift": "keep"},
    ),
    ("unchanged: ours, but not the declared one; kept as well", "leave", {"drift": "keep"}),
    ("unchanged, and what others put is overwritten", "compare", {"drift": "overwrite"}),
)


def rule(cell: Cell) -> tuple[str, str]:
    """Return why, and what must be done."""
    return next(
        (why, then)
        for why, then, when in ROWS
        if all(cell[name] in allowed.split("|") for name, allowed in when.items())
    )


def cells() -> Iterator[Cell]:
    for combination in itertools.product(*FACTORS.values()):
        cell = dict(zip(FACTORS, combination, strict=True))
        if not impossible(cell):
            yield cell


TAGS = {"team": "a"}


def remembered(kind: str) -> facts.Memory | None:
    if kind == "nothing":
        return None
    value = {"same": cases.VALUE, "another": cases.OTHER_VALUE}.get(kind)
    how = {"alike": Generate(), "otherwise": Generate(password_length=8)}.get(kind)
    version = None if kind == "no value" else cases.FIRST
    declared = cases.spec(value, tags=TAGS, generate_secret_string=how)
    return cases.memory(spec=declared, version=version)


def current(cell: Cell) -> str | None:
    before = None if cell["remembered"] == "no value" else cases.FIRST
    return {
        "none": None,
        "remembered": cases.FIRST,
        "interrupted": ownership.next_version_id(cases.ID, before),
        "older": cases.OLDER,
        "foreign": cases.FOREIGN,
    }[cell["current"]]


def case(cell: Cell) -> tuple[facts.Present, facts.Kept]:
    """Return a live secret that differs in nothing but its value, and what is wanted."""
    version = current(cell)
    live = facts.Present(
        secret=cases.secret(version=version, tags={**TAGS, **cases.marks()}),
        restored=cell["remembered"] == "nothing",
        policed=True,
        holds=version if cell["known"] == "holds" else None,
        differs=frozenset({version} if cell["known"] == "differs" and version else ()),
    )
    value = cases.VALUE if cell["declared"] == "literal" else None
    how = Generate() if cell["declared"] == "generated" else None
    declared = cases.spec(value, tags=TAGS, generate_secret_string=how)
    return live, cases.kept(declared, memory=remembered(cell["remembered"]))


@functools.cache
def expected(then: str, declared: str, version: str | None) -> plan.Plan:
    match then:
        case "compare":
            compare = plan.Compare(source=plan.Source.LITERAL, version=str(version))
            return plan.Plan((compare,))
        case "write":
            following = ownership.next_version_id(cases.ID, version)
            source = plan.Source(declared)
            return plan.Plan((plan.SetMetadata(source=source, version=following),))
        case "keep":
            note = f"{cases.NAME} keeps the value that was put outside of this declaration "
            return plan.Plan(notes=(note + "(on_value_drift is keep)",))
        case "say":
            note = f"{cases.NAME} keeps its value: one is generated only where there is none"
            return plan.Plan(notes=(note,))
        case _:
            return plan.Plan()


def test_every_cell_is_decided_as_its_row_says() -> None:
    faults, used = [], set()
    for cell in cells():
        live, wanted = case(cell)
        why, then = rule(cell)
        used.add(why)
        found = decide(live, wanted, cases.policy(on_value_drift=cell["drift"]), cases.AWS)
        if found != expected(then, cell["declared"], live.secret.version):
            faults.append(f"{why} ({', '.join(cell.values())}): {then}, not {found}")
    assert not faults, "\n".join(faults)
    assert used == {why for why, _, _ in ROWS}, "rows that no cell needs"


def test_a_pending_secret_is_restored_and_then_treated_alike() -> None:
    faults = []
    for cell in cells():
        if cell["known"] != "nothing":
            continue  # Nothing can be compared while the deletion is pending.
        live, wanted = case(cell)
        why, then = rule(cell)
        pending = facts.PendingDeletion(secret=live.secret)
        policy = cases.policy(on_value_drift=cell["drift"])
        found = decide(pending, wanted, policy, cases.NO_POLICIES)
        after = expected(then, cell["declared"], live.secret.version)
        if found != plan.Plan((plan.Restore(), *after.actions), after.notes):
            faults.append(f"{why} ({', '.join(cell.values())}): {then}, not {found}")
    assert not faults, "\n".join(faults)


def test_the_table_is_told_in_full() -> None:
    """A factor or a value that gets lost would pass unseen otherwise."""
    whole = [
        impossible(dict(zip(FACTORS, combination, strict=True)))
        for combination in itertools.product(*FACTORS.values())
    ]
    assert (len(whole), whole.count(None)) == (630, 342)
    assert len(set(whole) - {None}) == 5


@pytest.mark.parametrize(
    ("version", "live", "drift", "drifted"),
    [
        pytest.param(cases.FIRST, cases.FIRST, "overwrite", False, id="ours is still there"),
        pytest.param(cases.FIRST, cases.FOREIGN, "overwrite", True, id="a person put another"),
        pytest.param(cases.FIRST, None, "overwrite", True, id="there is none any more"),
        pytest.param(None, None, "overwrite", False, id="there never was one"),
        pytest.param(cases.FIRST, cases.FOREIGN, "keep", False, id="it may stay"),
        pytest.param(None, cases.FIRST, "overwrite", False, id="no version is remembered: ours"),
        pytest.param(None, cases.FOREIGN, "overwrite", True, id="likewise: a person's"),
    ],
)
def test_drift_of_the_value_is_told_from_version_ids(
    version: str | None, live: str | None, drift: str, *, drifted: bool
) -> None:
    assert values.drifted(version, live, cases.policy(on_value_drift=drift)) is drifted
