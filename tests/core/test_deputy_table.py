"""What a deputy decides, which acts for many stacks: rows over factors multiplied out.

The rows are read from the specification: a deputy deletes what carries its stack's mark, purges
what its stack created, and takes back in a rollback what the operation did and no more. How it
came by a secret it writes down with the last call, for the rollback that may follow.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from core import cases
from core.tables import Cell, Row, cells, check
from recoverable_secrets.core import facts, learn, ownership, plan
from recoverable_secrets.core.decide import decide
from recoverable_secrets.core.facts import Mandate

THIS, SAME_STACK, OTHER_STACK = "aaaa.1111", "aaaa.2222", "bbbb.3333"
"""Marks: of this operation, of another one of its stack, and of another stack."""

ORIGINS = (
    "created",
    "restored",
    "found",
    "found adopted",
    "adopted",
    "adopted pending",
    None,
)
MANDATES = (Mandate.DEPUTY, Mandate.ROLLBACK, Mandate.LATE)

AS_IT_WAS = "as it was"
NOW = dt.datetime(2030, 1, 1, 12, tzinfo=dt.UTC)


def secret(cell: Cell, **told: Any) -> facts.Secret:
    owner = {"ours": cases.OURS, "nobody's": None, "another's": cases.OTHERS}[cell.whose]
    return cases.secret(tags=cases.marks(owner, cell.mark, cell.origin), **told)


GONE = {
    "state": ("unknown", "absent", "purging", "present", "pending"),
    "whose": ("ours", "nobody's", "another's"),
    "mark": (SAME_STACK, OTHER_STACK, None),
    "origin": ORIGINS,
    "mandate": MANDATES,
    "deletion": ("schedule", "force", "retain"),
    "tied": (False, True),
    "remembered": (False, True),
    "confirmed": (False, True),
    "read": (False, True),
}
"""`read`: lately, and `refuse_deletion_if_accessed_within` is set."""


def proved(c: Cell) -> bool:
    """Whether owner and mark are this stack's."""
    return bool(c.whose == "ours" and c.mark == SAME_STACK)


GONE_ROWS: tuple[Row, ...] = (
    ("retain, in an ordinary deletion: nothing is called",
     lambda c: c.deletion == "retain" and c.mandate is Mandate.DEPUTY, ()),
    ("what is to go is looked at first", lambda c: c.state == "unknown", ("Look",)),
    ("not there, though its id is known: a look may be late",
     lambda c: c.state == "absent" and c.remembered and not c.confirmed, ("Wait", "Look")),
    ("gone already", lambda c: c.state in {"absent", "purging"}, ()),
    ("the marks may be late as well",
     lambda c: c.state == "present" and not proved(c) and not c.confirmed, ("Wait", "Look")),
    ("another's or nobody's is left alone, whatever is remembered",
     lambda c: c.whose != "ours", ()),
    ("of another stack, or of none that can be proved", lambda c: c.mark != SAME_STACK, ()),
    ("force would hasten what somebody needs",
     lambda c: c.state == "pending" and c.mandate is Mandate.DEPUTY and c.deletion == "force"
     and c.origin == "created" and c.read, ("refuse",)),
    ("force hastens what the stack created",
     lambda c: c.state == "pending" and c.mandate is Mandate.DEPUTY and c.deletion == "force"
     and c.origin == "created", ("Purge",)),
    ("on its way already", lambda c: c.state == "pending", ()),
    ("AWS would refuse", lambda c: c.tied, ("refuse",)),
    ("an ordinary deletion of what somebody needs; what is taken back is not held up",
     lambda c: c.mandate is Mandate.DEPUTY and c.read, ("refuse",)),
    ("an ordinary deletion by force, of what the stack created",
     lambda c: c.mandate is Mandate.DEPUTY and c.deletion == "force" and c.origin == "created",
     ("Purge",)),
    ("an ordinary deletion schedules, however the secret came to the stack",
     lambda c: c.mandate is Mandate.DEPUTY, ("ScheduleDeletion",)),
    ("it was live and ours before: as it was", lambda c: str(c.origin).startswith("found"), ()),
    ("a late request takes no adoption back",
     lambda c: c.mandate is Mandate.LATE and str(c.origin).startswith("adopted"), ()),
    ("it was live and others' before: released", lambda c: c.origin == "adopted", ("DropTags",)),
    ("it was pending and others' before: so again",
     lambda c: c.origin == "adopted pending", ("DropTags", "ScheduleDeletion")),
    ("it was pending before: so again, whatever is declared", lambda c: c.origin == "restored",
     ("ScheduleDeletion",)),
    ("retain, of what the operation created", lambda c: c.deletion == "retain", ()),
    ("created and restored go, and force is not heard of", lambda _: True, ("ScheduleDeletion",)),
)  # fmt: skip


def gone(cell: Cell) -> tuple[str, ...]:
    tie = {"primary_region": "us-west-2"} if cell.tied else {}
    found = secret(cell, accessed=NOW - dt.timedelta(days=7), **tie)
    seen = {
        **cases.UNSEEN,
        "absent": facts.Absent(confirmed=cell.confirmed),
        "present": facts.Present(secret=found, confirmed=cell.confirmed),
        "pending": facts.PendingDeletion(secret=found),
    }[cell.state]
    memory = facts.Memory(id=cases.ID, owner=cases.OURS) if cell.remembered else None
    wanted = cases.gone(memory=memory, instance="aaaa", mandate=cell.mandate, now=NOW)
    guard = {"refuse_deletion_if_accessed_within": 14 if cell.read else 0}
    policy = cases.policy(deletion=cell.deletion, **guard)
    return cases.kinds(decide(seen, wanted, policy, cases.AWS))


def test_what_a_deputy_deletes() -> None:
    assert check(GONE_ROWS, ((cell, gone(cell)) for cell in cells(GONE))) == 45_360


def test_one_failed_creation_takes_back_no_more_than_its_own() -> None:
    """The whole mark is known then: an older secret of the same stack is not its doing."""
    policy = cases.policy()
    for mark, expected in ((THIS, ("ScheduleDeletion",)), (SAME_STACK, ()), ("aaaa.11112", ())):
        seen = cases.present(cases.secret(tags=cases.marks(cases.OURS, mark)), confirmed=True)
        wanted = cases.gone(instance=THIS, mandate=Mandate.ROLLBACK)
        assert cases.kinds(decide(seen, wanted, policy, cases.AWS)) == expected, mark


@pytest.mark.parametrize("mandate", MANDATES)
def test_a_deputy_without_a_mark_deletes_nothing(mandate: Mandate) -> None:
    wanted = cases.gone(memory=facts.Memory(id=cases.ID, owner=cases.OURS), mandate=mandate)
    seen = cases.present(confirmed=True)
    assert cases.kinds(decide(seen, wanted, cases.policy(), cases.AWS)) == ()


@pytest.mark.parametrize("origin", ORIGINS)
def test_a_rollback_ends(origin: str | None) -> None:
    """What is released is nobody's then, and left alone at the next look."""
    seen: facts.Observed = cases.present(
        cases.secret(tags=cases.marks(cases.OURS, SAME_STACK, origin))
    )
    wanted = cases.gone(instance="aaaa", mandate=Mandate.ROLLBACK)
    decided = decide(seen, wanted, cases.policy(), cases.AWS)
    assert isinstance(decided, plan.Plan)
    for action in decided.actions:
        seen = learn.fold(seen, action, plan.Done(), facts.Ref(cases.NAME))
    assert cases.kinds(decide(seen, wanted, cases.policy(), cases.AWS)) == ()


KEPT = {
    "state": ("present", "pending"),
    "whose": ("ours", "nobody's", "another's"),
    "mark": (THIS, SAME_STACK, OTHER_STACK, None),
    "origin": ORIGINS,
    "mandate": (Mandate.DEPUTY,),
    "remembered": (False, True),
}


def claimed(c: Cell) -> bool:
    """Whether this operation wrote the mark."""
    return bool(c.mark == THIS)


MARK_ROWS: tuple[Row, ...] = (
    ("adopted while it was pending",
     lambda c: c.whose != "ours" and c.state == "pending", (THIS, "adopted pending")),
    ("adopted while it was live", lambda c: c.whose != "ours", (THIS, "adopted")),
    ("remembered, or of this very operation: as it is",
     lambda c: c.mark is not None and (c.remembered or claimed(c)), (AS_IT_WAS, AS_IT_WAS)),
    ("remembered, but its mark got lost", lambda c: c.remembered, (THIS, AS_IT_WAS)),
    ("restored by this operation", lambda c: c.state == "pending", (THIS, "restored")),
    ("it was there already, and others' before that",
     lambda c: str(c.origin) in {"adopted", "adopted pending", "found adopted"},
     (THIS, "found adopted")),
    ("it was there already", lambda _: True, (THIS, "found")),
)  # fmt: skip


def marked(cell: Cell) -> tuple[str | None, str | None]:
    """Return mark and origin after all that was decided took effect."""
    before = secret(cell)
    seen: facts.Observed = facts.Present(secret=before)
    if cell.state == "pending":
        seen = facts.PendingDeletion(secret=before)
    memory = facts.Memory(id=cases.ID, owner=cases.OURS) if cell.remembered else None
    wanted = cases.kept(instance=THIS, memory=memory, mandate=cell.mandate)
    decided = decide(seen, wanted, cases.policy(adopt="any"), cases.AWS)
    assert isinstance(decided, plan.Plan), decided
    for action in decided.actions:
        seen = learn.fold(seen, action, plan.Done(), facts.Ref(cases.NAME))
    again = decide(seen, wanted, cases.policy(adopt="any"), cases.AWS)
    assert cases.kinds(again) == (), f"one plan is not enough: {again}"
    assert isinstance(seen, facts.Present)
    assert seen.secret.tags[ownership.OWNER] == cases.OURS
    return seen.secret.tags.get(ownership.INSTANCE), seen.secret.tags.get(ownership.ORIGIN)


def test_what_a_deputy_writes_down() -> None:
    def found() -> Iterator[tuple[Cell, tuple[str, ...]]]:
        for cell in cells(KEPT):
            expected = next(row[2] for row in MARK_ROWS if row[1](cell))
            pairs = zip(marked(cell), (cell.mark, cell.origin), expected, strict=True)
            yield (
                cell,
                tuple(
                    AS_IT_WAS if told == AS_IT_WAS and now == before else str(now)
                    for now, before, told in pairs
                ),
            )

    assert check(MARK_ROWS, found()) == 336


EXACT_ROWS: tuple[Row, ...] = (
    ("others' work before", lambda c: c.whose != "ours", ()),
    ("remembered: only what was declared before is removed", lambda c: c.remembered, ()),
    ("restored after this operation adopted it", lambda c: c.state == "pending" and claimed(c)
     and "adopted" in str(c.origin), ()),
    ("restored: as if it were new", lambda c: c.state == "pending", ("DropPolicy", "DropTags")),
    ("delivered twice: what others added stays", claimed, ()),
    ("others' before, however long ago",
     lambda c: "adopted" in str(c.origin), ()),
    ("there already: as if it were new", lambda _: True, ("DropPolicy", "DropTags")),
)  # fmt: skip


def dropped(cell: Cell) -> tuple[str, ...]:
    """Return what is removed that nobody declares."""
    live = secret(cell)
    live = cases.secret(tags={**live.tags, "by": "others"})
    seen = facts.PendingDeletion(secret=live) if cell.state == "pending" else cases.present(live)
    memory = facts.Memory(id=cases.ID, owner=cases.OURS) if cell.remembered else None
    wanted = cases.kept(instance=THIS, memory=memory, mandate=cell.mandate)
    kinds = cases.kinds(decide(seen, wanted, cases.policy(adopt="any"), cases.AWS))
    return tuple(kind for kind in kinds if kind.startswith("Drop"))


def test_what_a_deputy_removes() -> None:
    assert check(EXACT_ROWS, ((cell, dropped(cell)) for cell in cells(KEPT))) == 336


def test_the_mark_is_the_last_call() -> None:
    """It says that all else was done: a run that broke off before starts again in full."""
    spec = cases.spec(description="new", tags={"team": "a"})
    live = cases.secret(tags={"by": "others", **cases.marks(cases.OURS, OTHER_STACK)})
    wanted = cases.kept(spec, instance=THIS, mandate=Mandate.DEPUTY)
    seen = facts.PendingDeletion(secret=live)
    decided = decide(seen, wanted, cases.policy(), cases.AWS)
    expected = ("Restore", "DropPolicy", "SetMetadata", "SetTags", "DropTags", "SetTags")
    assert cases.kinds(decided) == expected
    assert isinstance(decided, plan.Plan)
    assert decided.actions[-1] == plan.SetTags(
        tags={ownership.INSTANCE: THIS, ownership.ORIGIN: "restored"}
    )


@pytest.mark.parametrize("state", ["absent", "purging"])
@pytest.mark.parametrize("mandate", [Mandate.DEPUTY, Mandate.ROLLBACK])
def test_a_deputy_creates_anew_what_it_remembers(state: str, mandate: Mandate) -> None:
    """It can answer a new id."""
    memory = facts.Memory(id=cases.ID, owner=cases.OURS)
    wanted = cases.kept(memory=memory, instance=THIS, mandate=mandate)
    decided = decide(cases.UNSEEN[state], wanted, cases.policy(), cases.AWS)
    assert cases.kinds(decided)[-1] == "Create"


REPLACE = {
    "origin": ORIGINS,
    "mandate": (Mandate.DEPUTY, Mandate.ROLLBACK),
    "remembered": (False, True),
}
REPLACE_ROWS: tuple[Row, ...] = (
    ("replace and force, in so many words, of what the stack created",
     lambda c: c.mandate is Mandate.DEPUTY and c.origin == "created", ("Purge", "Wait", "Create")),
    ("never as the side effect of a rollback", lambda c: c.mandate is Mandate.ROLLBACK,
     ("Restore",)),
    ("not created by its stack, so not to be destroyed", lambda _: True, ("refuse",)),
)  # fmt: skip


def replaced(cell: Cell) -> tuple[str, ...]:
    live = cases.secret(tags=cases.marks(cases.OURS, SAME_STACK, cell.origin))
    memory = facts.Memory(id=cases.ID, owner=cases.OURS) if cell.remembered else None
    wanted = cases.kept(instance=THIS, memory=memory, mandate=cell.mandate)
    policy = cases.policy(on_recreate="replace", deletion="force")
    kinds = cases.kinds(decide(facts.PendingDeletion(secret=live), wanted, policy, cases.AWS))
    return kinds[:1] if kinds[0] == "Restore" else kinds


def test_when_a_deputy_replaces() -> None:
    assert check(REPLACE_ROWS, ((cell, replaced(cell)) for cell in cells(REPLACE))) == 28


def test_a_mark_is_told_from_one_that_begins_like_it() -> None:
    tags = {ownership.INSTANCE: "aaaa.1111"}
    assert ownership.marks("aaaa", tags)
    assert ownership.marks("aaaa.1111", tags)
    assert not ownership.marks("aaa", tags)
    assert not ownership.marks("aaaa.111", tags)
    assert not ownership.marks("aaaa", {})
