"""The decision table: observed x whose x tie x wanted x memory x policy x store, multiplied out.

The rows are read from the specification, not from the source: the first row that fits a cell says
what must be decided, and why. What cannot be is left out by `impossible()`, with its reason. What
differs in the value is a table of its own: test_value_table.py.
"""

from __future__ import annotations

import collections
import datetime as dt
import functools
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from core import cases
from recoverable_secrets.core import facts, plan
from recoverable_secrets.core.decide import decide

FACTORS: Mapping[str, tuple[str, ...]] = {
    "observed": ("unknown", "absent", "purging", "present", "pending"),
    "whose": ("ours", "renamed", "stray", "unowned", "foreign"),
    "tie": ("free", "replica", "service", "partner"),
    "wanted": ("kept", "gone"),
    "memory": ("none", "unchanged", "changed", "other incarnation", "other id"),
    "deletion": ("schedule", "force", "force flag", "retain"),
    "on_recreate": ("restore", "fail", "replace"),
    "adopt": ("no", "unowned", "any"),
    "guard": ("off", "read lately"),
    "store": ("full", "no policies", "value required"),
}
"""`renamed`: the tag is the owner in memory; `stray`: the same tag, which nothing remembers.

`guard`: what was read lately, and whether `refuse_deletion_if_accessed_within` is set.
"""

Cell = dict[str, str]


def impossible(cell: Cell) -> str | None:
    """Return why no such case exists."""
    if cell["observed"] in cases.UNSEEN:
        if (cell["whose"], cell["tie"]) != ("ours", "free"):
            return "what is not seen is nobody's, and tied to nothing"
        if cell["memory"] == "other id":
            return "another id than that of nothing"
        if cell["guard"] == "read lately":
            return "nobody knows who read what is not seen"
        return None
    remembers = cell["memory"] in {"unchanged", "changed", "other incarnation"}
    if cell["whose"] == "renamed" and not remembers:
        return "an owner of old is known only by the memory of this id"
    if cell["whose"] == "stray" and remembers:
        return "what memory knows is no stray"
    return None


@dataclass(frozen=True)
class Row:
    """What must be decided for all cells that fit, and why.

    Attributes:
        why: The reason.
        then: Names of the actions; `("refuse",)` for a refusal.
        says: Must stand in the refusal, or in a note.
        when: The values that fit, by factor; factors left out fit always.
    """

    why: str
    then: tuple[str, ...]
    says: str = ""
    when: Mapping[str, str] = field(default_factory=dict)

    def fits(self, cell: Cell) -> bool:
        return all(cell[name] in wanted.split("|") for name, wanted in self.when.items())


def row(why: str, then: str, says: str = "", **when: str) -> Row:
    return Row(why, tuple(then.split()), says, when)


REMEMBERED = "unchanged|changed|other incarnation|other id"
FORCE = "force|force flag"
TIED = "replica|service|partner"

CREATED = (
    row("a store of values keeps no secret without one; known before the first call",
        "refuse", "without a value", observed="unknown|absent|purging", memory="none",
        store="value required"),
    row("one call if the name is free; a conflict tells if not", "Create",
        observed="unknown", memory="none"),
    row("memory alone proves that nothing differs: no call", "",
        observed="unknown", memory="unchanged"),
    row("something differs from what is remembered", "Look", observed="unknown"),
    row("nothing there and nothing remembered", "Create", observed="absent", memory="none"),
    row("the name is still reserved", "Wait Create", observed="purging", memory="none"),
    row("an update cannot answer the id of a new secret", "refuse", "refresh",
        observed="absent|purging"),
)  # fmt: skip

LEFT_TO_OTHERS = (
    row("writes go to the primary's region", "refuse", "us-west-2", tie="replica"),
    row("the service that owns it would refuse", "refuse", "rds", tie="service"),
    row("tied to another account", "refuse", "444455556666", tie="partner"),
    row("nobody's is not ours to take", "refuse", "adopt", whose="unowned", adopt="no"),
    row("another's is not ours to take", "refuse", cases.OTHERS, whose="foreign",
        adopt="no|unowned"),
    row("the owner of old counts for the remembered id only", "refuse", cases.RENAMED,
        whose="stray", adopt="no|unowned"),
)  # fmt: skip

RECREATED = (
    row("the user wants to be asked", "refuse", "on_recreate is fail",
        observed="pending", on_recreate="fail"),
    row("replaced means a new id, which an update cannot answer", "refuse", "refresh",
        observed="pending", whose="ours|renamed", on_recreate="replace", deletion=FORCE,
        memory=REMEMBERED),
    row("nothing is purged for a secret that then cannot be created", "refuse", "without a value",
        observed="pending", whose="ours", on_recreate="replace", deletion=FORCE,
        store="value required"),
    row("replace and force, in so many words", "Purge Wait Create",
        observed="pending", whose="ours", on_recreate="replace", deletion=FORCE),
)  # fmt: skip

DIFFERENCES = (
    row("taken over: claimed first, then only what is declared changes", "SetTags SetMetadata",
        whose="stray|unowned|foreign", memory="none|unchanged"),
    row("taken over: claimed first, and a tag declared before and not now is removed",
        "SetTags SetMetadata DropTags", whose="stray|unowned|foreign"),
    row("ours and not remembered: exactly as declared, the resource policy first",
        "DropPolicy SetMetadata SetTags DropTags", whose="ours", memory="none",
        store="full|value required"),
    row("no policy to drop where there are none", "SetMetadata SetTags DropTags", whose="ours",
        memory="none"),
    row("no tag was declared before that is not now", "SetMetadata SetTags", memory="unchanged"),
    row("a tag declared before and not now is removed", "SetMetadata SetTags DropTags"),
)  # fmt: skip

TORN_DOWN = (
    row("retain: nothing is done, nothing is called", "", "retain", deletion="retain"),
    row("what is to go is looked at first", "Look", observed="unknown"),
    row("gone already", "", observed="absent|purging"),
    row("the old half of a replacement purges nothing", "", observed="pending",
        memory="other incarnation"),
    row("somebody needs it: not hastened", "refuse", "last read on 2029-12-25", observed="pending",
        whose="ours|renamed", deletion=FORCE, guard="read lately"),
    row("force hastens what is ours", "Purge", observed="pending", whose="ours|renamed",
        deletion=FORCE),
    row("on its way already; another's is none of our business", "", observed="pending"),
    row("another's stays, and that is said", "", cases.OTHERS, whose="foreign"),
    row("an owner of old that nothing remembers is another", "", cases.RENAMED, whose="stray"),
    row("the new half of a replacement goes on with it", "", "left alone",
        memory="other incarnation"),
    *LEFT_TO_OTHERS[:3],
    row("the id is remembered, and somebody needs it", "refuse", "last read on 2029-12-25",
        whose="unowned", memory="unchanged|changed", guard="read lately"),
    row("lost its owner tag, but the id is remembered; force would destroy what is not proved ours",
        "ScheduleDeletion", "not purged", whose="unowned", memory="unchanged|changed",
        deletion=FORCE),
    row("lost its owner tag, but the id is remembered", "ScheduleDeletion", whose="unowned",
        memory="unchanged|changed"),
    row("nothing proves that it is ours", "refuse", "no owner", whose="unowned"),
    row("somebody needs it: neither scheduled nor purged", "refuse", "last read on 2029-12-25",
        guard="read lately"),
    row("force, and the owner is ours", "Purge", deletion=FORCE),
    row("ours goes with a recovery window", "ScheduleDeletion"),
)  # fmt: skip


def under(rows: tuple[Row, ...], prefix: str = "", **when: str) -> tuple[Row, ...]:
    """Return rows that hold under some more conditions, an action put before theirs."""
    first = tuple(prefix.split())
    return tuple(Row(r.why, first + r.then, r.says, {**r.when, **when}) for r in rows)


ROWS = (
    *under(TORN_DOWN, wanted="gone"),
    *CREATED,
    *LEFT_TO_OTHERS,
    *RECREATED,
    *under(DIFFERENCES, "Restore", observed="pending"),
    *DIFFERENCES,
)


def cells() -> Iterator[Cell]:
    for combination in itertools.product(*FACTORS.values()):
        cell = dict(zip(FACTORS, combination, strict=True))
        if not impossible(cell):
            yield cell


NOW = dt.datetime(2030, 1, 1, 12, tzinfo=dt.UTC)
DECLARED = cases.spec(description="new text", tags={"team": "b"})
BEFORE = cases.spec(description="old text", tags={"team": "a", "once": "declared"})


@functools.cache
def remembered(kind: str, whose: str) -> facts.Memory | None:
    told: dict[str, str] = {}
    if whose in {"renamed", "stray"}:
        told["owner"] = cases.RENAMED
    match kind:
        case "none":
            return None
        case "unchanged":
            return cases.memory(**told, spec=DECLARED)
        case "other incarnation":
            return cases.memory(**told, spec=BEFORE, instance=cases.PAST_MARK)
        case "other id":
            return cases.memory(**told, spec=BEFORE, id=cases.OTHER_ID)
        case _:
            return cases.memory(**told, spec=BEFORE)


@functools.cache
def observed(state: str, whose: str, tie: str) -> facts.Observed:
    if state in cases.UNSEEN:
        return cases.UNSEEN[state]
    owner = {
        "ours": cases.OURS,
        "renamed": cases.RENAMED,
        "stray": cases.RENAMED,
        "unowned": None,
        "foreign": cases.OTHERS,
    }[whose]
    ties: dict[str, dict[str, Any]] = {
        "free": {},
        "replica": {"primary_region": "us-west-2"},
        "service": {"service": "rds"},
        "partner": {"partners": ("arn:aws:secretsmanager:eu-west-1:444455556666:secret:x-AbCdEf",)},
    }
    users = {"team": "a", "once": "declared", "by": "hand"}
    found = cases.secret(
        description="old text",
        version=cases.FOREIGN,
        tags={**users, **cases.marks(owner)},
        accessed=NOW - dt.timedelta(days=7),
        **ties[tie],
    )
    if state == "pending":
        return facts.PendingDeletion(secret=found)
    return facts.Present(secret=found)


def decided(cell: Cell) -> plan.Plan | plan.Refusal:
    memory = remembered(cell["memory"], cell["whose"])
    wanted: facts.Wanted = cases.gone(memory=memory, now=NOW)
    if cell["wanted"] == "kept":
        wanted = cases.kept(DECLARED, memory=memory)
    flag = cell["deletion"] == "force flag"
    policy = cases.policy(
        deletion="schedule" if flag else cell["deletion"],
        force_delete_without_recovery=flag,
        on_recreate=cell["on_recreate"],
        adopt=cell["adopt"],
        refuse_deletion_if_accessed_within=0 if cell["guard"] == "off" else 14,
    )
    store = {
        "full": cases.AWS,
        "no policies": cases.NO_POLICIES,
        "value required": cases.VALUE_REQUIRED,
    }[cell["store"]]
    seen = observed(cell["observed"], cell["whose"], cell["tie"])
    return decide(seen, wanted, policy, store)


def fault(cell: Cell, expected: Row) -> str | None:
    """Return how a decision differs from its row."""
    decision = decided(cell)
    if cases.kinds(decision) != expected.then:
        return f"decided {cases.kinds(decision)}, not {expected.then}"
    told = decision.text if isinstance(decision, plan.Refusal) else " ".join(decision.notes)
    if expected.says not in told:
        return f"{expected.says!r} is not said: {told!r}"
    if not expected.says and told:
        return f"nothing is to be said, but is: {told!r}"
    if len(told) > 240:
        return f"{len(told)} characters"
    return None


def test_every_cell_is_decided_as_its_row_says() -> None:
    faults: dict[str, list[str]] = collections.defaultdict(list)
    used: collections.Counter[str] = collections.Counter()
    for cell in cells():
        expected = next(r for r in ROWS if r.fits(cell))
        used[repr(expected)] += 1
        found = fault(cell, expected)
        if found:
            faults[f"{expected.why}: {found}"].append(", ".join(cell.values()))
    shown = [f"{why}\n  {len(at)} cells, first: {at[0]}" for why, at in faults.items()]
    assert not shown, "\n".join(shown)
    assert not [r.why for r in ROWS if repr(r) not in used], "rows that no cell needs"


def test_the_table_is_told_in_full() -> None:
    """A factor or a value that gets lost would pass unseen otherwise."""
    whole = [
        impossible(dict(zip(FACTORS, combination, strict=True)))
        for combination in itertools.product(*FACTORS.values())
    ]
    assert (len(whole), whole.count(None)) == (216_000, 71_712)
    assert len(set(whole) - {None}) == 5
