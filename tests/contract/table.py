"""What every action does in every state of a secret: the contract as a table.

Every row carries its reason. `D` is Done, `C` is Conflict; a Conflict changes nothing. Where
services differ and the contract allows both, the cell says `E`: either, and the same end state.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from contract import worlds
from contract.worlds import Shot
from recoverable_secrets.core import facts, ownership, plan
from recoverable_secrets.core.plan import Source
from recoverable_secrets.core.sealed import Sealed

NAME = "prod/db-secret"
Kinds = frozenset[type[plan.Done] | type[plan.Conflict]]
D: Final[Kinds] = frozenset({plan.Done})
C: Final[Kinds] = frozenset({plan.Conflict})
E: Final[Kinds] = D | C

FIRST: Final = ownership.version_id("1" * 32)
NEXT: Final = ownership.version_id("2" * 32)
NEVER: Final = ownership.version_id("3" * 32)
OLD, NEW = Sealed("correct horse"), Sealed("battery staple")
TAGS = plan.frozen({"team": "payments", "stage": "prod", "recoverable-secrets:owner": "me"})
KEY = "alias/ours"

STATES = ("absent", "live", "live without a value", "pending", "pending without a value",
          "reserved")  # fmt: skip


def creation(source: Source | None = Source.LITERAL, version: str = FIRST) -> plan.Create:
    """Return the call that makes the secret of these tests."""
    return plan.Create(
        description="of the database", kms_key_id=KEY, tags=TAGS, version=version, source=source
    )


def prepare(world: worlds.World, state: str, *, written: bool = False) -> facts.Ref:
    """Bring the name into a state, through the store alone; return how an engine refers to it.

    Absent is a secret that was: actions know it by the id that it had.

    Args:
        world: Where.
        state: Which one.
        written: Whether the value was written anew since its creation, if it has one.
    """
    valued = "without" not in state
    made = world.store.apply(
        facts.Ref(NAME), creation(Source.LITERAL if valued else None), OLD if valued else None
    )
    assert isinstance(made, plan.Done)
    ref = facts.Ref(NAME, made.id)
    world.person_writes_policy(NAME)
    if written and valued:
        write = plan.SetMetadata(source=Source.LITERAL, version=NEXT)
        assert isinstance(world.store.apply(ref, write, NEW), plan.Done)
    if state.startswith("pending"):
        assert isinstance(world.store.apply(ref, plan.ScheduleDeletion(days=30)), plan.Done)
    elif state in {"reserved", "absent"}:
        assert isinstance(world.store.apply(ref, plan.Purge()), plan.Done)
    if state == "absent":
        world.pass_time(seconds=worlds.RESERVED_SECONDS)
    return ref


@dataclass(frozen=True, kw_only=True)
class Row:
    """One action and what it comes to.

    Attributes:
        why: The reason of the row.
        cells: For each state that lets it take effect, the outcomes of doing it twice.
        after: What it makes of the secret there.
        payload: The value that goes with it.
        written: Whether the value was written anew before.
    """

    why: str
    action: plan.Action
    cells: Mapping[str, tuple[Kinds, Kinds]]
    after: Callable[[Shot], Shot]
    payload: Sealed | None = None
    written: bool = False


def _with(**changes: object) -> Callable[[Shot], Shot]:
    return lambda before: dataclasses.replace(before, **changes)  # type: ignore[arg-type]


def _valued(before: Shot) -> Shot:
    return dataclasses.replace(
        before, value=NEW.reveal(), version=NEXT, previous=before.version,
        versions=before.versions + 1,
    )  # fmt: skip


def _retagged(before: Shot) -> Shot:
    return dataclasses.replace(before, tags={**TAGS, "stage": "test", "new": ""})


def _made(*, valued: bool) -> Callable[[Shot], Shot]:
    parts = {"value": OLD.reveal(), "version": FIRST, "versions": 1} if valued else {}
    return lambda _: Shot("live", tags=TAGS, description="of the database", key=KEY, **parts)  # type: ignore[arg-type]


BOTH_LIVE = {"live": (D, D), "live without a value": (D, D)}

ROWS = (
    Row(
        why="create: same version and same value again is the same creation",
        action=creation(), payload=OLD, cells={"absent": (D, D), "live": (D, D)},
        after=lambda before: before if before.state == "live" else _made(valued=True)(before),
    ),
    Row(
        why="create without a value: nothing tells a repetition from another's secret",
        action=creation(source=None), cells={"absent": (D, C)}, after=_made(valued=False),
    ),
    Row(
        why="create with another version: the name is taken by the first call",
        action=creation(version=NEXT), payload=NEW, cells={"absent": (D, D)},
        after=lambda before: dataclasses.replace(
            _made(valued=True)(before), value=NEW.reveal(), version=NEXT
        ),
    ),
    Row(
        why="restore: services differ on a live secret, none of them changes it",
        action=plan.Restore(),
        cells={
            "pending": (D, E), "pending without a value": (D, E),
            "live": (E, E), "live without a value": (E, E),
        },
        after=_with(state="live"),
    ),
    Row(
        why="description and key are set in place, without a version",
        action=plan.SetMetadata(description="new", kms_key_id="alias/other"), cells=BOTH_LIVE,
        after=_with(description="new", key="alias/other"),
    ),
    Row(
        why="empty text clears the description and goes back to the service's key",
        action=plan.SetMetadata(description="", kms_key_id=""), cells=BOTH_LIVE,
        after=_with(description="", key=None),
    ),
    Row(
        why="a value is written once: its version id is known the second time",
        action=plan.SetMetadata(source=Source.LITERAL, version=NEXT), payload=NEW,
        cells={"live": (D, C), "live without a value": (D, C)}, after=_valued,
    ),
    Row(
        why="description, key and value go together in one action",
        action=plan.SetMetadata(
            description="new", kms_key_id="", source=Source.LITERAL, version=NEXT
        ),
        payload=NEW,
        cells={"live": (D, C), "live without a value": (D, C)},
        after=lambda before: dataclasses.replace(_valued(before), description="new", key=None),
    ),
    Row(
        why="compare with what is held: the same, and nothing changes",
        action=plan.Compare(source=Source.LITERAL, version=FIRST), payload=OLD,
        cells={"live": (D, D)}, after=_with(),
    ),
    Row(
        why="compare with another value: a conflict is the answer",
        action=plan.Compare(source=Source.LITERAL, version=FIRST), payload=NEW,
        cells={"live": (C, C)}, after=_with(),
    ),
    Row(
        why="compare text with the same bytes: binary is another value",
        action=plan.Compare(source=Source.LITERAL, version=FIRST),
        payload=Sealed(str(OLD.reveal()).encode()),
        cells={"live": (C, C)}, after=_with(),
    ),
    Row(
        why="the version before is current again, without a new one; then it is current already",
        action=plan.MoveStage(current=NEXT, to=FIRST), written=True, cells={"live": (D, C)},
        after=_with(version=FIRST, previous=NEXT, value=OLD.reveal()),
    ),
    Row(
        why="another version is current than was believed: it stays so",
        action=plan.MoveStage(current=FIRST, to=NEXT), written=True, cells={}, after=_with(),
    ),
    Row(
        why="the version that is believed to be current never was: nothing moves",
        action=plan.MoveStage(current=NEVER, to=FIRST), written=True, cells={}, after=_with(),
    ),
    Row(
        why="there is no version to go back to: the current one stays",
        action=plan.MoveStage(current=FIRST, to=NEVER), cells={}, after=_with(),
    ),
    Row(
        why="tags are added and changed, the others stay",
        action=plan.SetTags(tags=plan.frozen({"stage": "test", "new": ""})), cells=BOTH_LIVE,
        after=_retagged,
    ),
    Row(
        why="tags are dropped, one that is not there is no matter",
        action=plan.DropTags(keys=("stage", "never")), cells=BOTH_LIVE,
        after=_with(tags={k: v for k, v in TAGS.items() if k != "stage"}),
    ),
    Row(
        why="the resource policy is dropped, whether there is one or not",
        action=plan.DropPolicy(), cells=BOTH_LIVE, after=_with(policy=None),
    ),
    Row(
        why="a deletion is scheduled once: the date cannot be moved",
        action=plan.ScheduleDeletion(days=7),
        cells={"live": (D, C), "live without a value": (D, C)}, after=_with(state="pending"),
    ),
    Row(
        why="a purge leaves nothing but a taken name, and proves nothing about existence",
        action=plan.Purge(),
        cells={
            "live": (D, D), "live without a value": (D, D), "pending": (D, D),
            "pending without a value": (D, D), "reserved": (D, D), "absent": (D, D),
        },
        after=lambda before: Shot("absent" if before.state == "absent" else "reserved"),
    ),
)  # fmt: skip


def cases() -> list[tuple[Row, str]]:
    """Return every row in every state that makes sense for it.

    A version that was never there cannot be compared with: no decision asks for that.
    """
    return [
        (row, state)
        for row in ROWS
        for state in STATES
        if not (isinstance(row.action, plan.Compare) and state == "live without a value")
    ]


def run_twice(world: worlds.World, row: Row, state: str) -> None:
    """Do an action twice, and hold what came of it against the table."""
    ref = prepare(world, state, written=row.written)
    before = world.shot(NAME)
    first_kinds, second_kinds = row.cells.get(state, (C, C))
    expected = row.after(before) if state in row.cells else before

    first = world.store.apply(ref, row.action, row.payload)
    middle = world.shot(NAME)
    second = world.store.apply(_known(ref, first), row.action, row.payload)

    assert type(first) in first_kinds, first
    if isinstance(row.action, plan.Create) and isinstance(first, plan.Done):
        assert middle.id == first.id
        expected = dataclasses.replace(expected, id=first.id)
    assert middle == expected
    assert type(second) in second_kinds, second
    assert world.shot(NAME) == expected, "done twice, the end state is another one"
    agrees(world, facts.Ref(NAME))
    agrees(world, _known(ref, first))


def _known(ref: facts.Ref, outcome: plan.Outcome) -> facts.Ref:
    made = outcome.id if isinstance(outcome, plan.Done) else None
    return facts.Ref(ref.name, made or ref.id)


def agrees(world: worlds.World, ref: facts.Ref) -> None:
    """Check that a look tells what is there, all of it, and changes nothing."""
    shot = world.shot(ref.name)
    seen = world.store.observe(ref)
    assert world.shot(ref.name) == shot
    if shot.state == "absent":
        assert seen == facts.Absent()
    elif shot.state == "reserved":
        assert isinstance(seen, facts.Absent | facts.PendingDeletion)
    else:
        kind = facts.Present if shot.state == "live" else facts.PendingDeletion
        assert isinstance(seen, kind)
        told = (seen.secret.id, seen.secret.version, seen.secret.previous, seen.secret.tags,
                seen.secret.description, seen.secret.kms_key_id, seen.secret.name)  # fmt: skip
        assert told == (shot.id, shot.version, shot.previous, shot.tags, shot.description,
                        shot.key, ref.name)  # fmt: skip
