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
from recoverable_secrets.core import documents, facts, ownership, plan
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
FAR = facts.Replica(region="ap-south-1", kms_key_id="alias/theirs")
NEAR = facts.Replica(region="eu-west-1")
DOCUMENT = documents.normal({
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "secretsmanager:DeleteSecret",
                   "Resource": "*"}],
})  # fmt: skip
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:rotate"
SCHEDULE = "cron(0 8 1 * ? *)"
ROTATION = facts.Rotation(function=FUNCTION, days=30, duration="3h")
SET_POLICY = plan.SetPolicy(document=DOCUMENT, block_public=True)
ROTATE = plan.SetRotation(rotation=ROTATION)
REPLICATE = plan.AddReplicas(replicas=(FAR, NEAR))
LABEL = plan.MoveStage(current=None, to=FIRST, stage="blue")

STATES = ("absent", "live", "live without a value", "pending", "pending without a value",
          "reserved")  # fmt: skip


def creation(source: Source | None = Source.LITERAL, version: str = FIRST) -> plan.Create:
    """Return the call that makes the secret of these tests."""
    return plan.Create(
        description="of the database", kms_key_id=KEY, tags=TAGS, version=version, source=source
    )


@dataclass(frozen=True, kw_only=True)
class Row:
    """One action and what it comes to.

    Attributes:
        why: The reason of the row.
        cells: For each state that lets it take effect, the outcomes of doing it twice.
        after: What it makes of the secret there.
        payload: The value that goes with it.
        written: Whether the value was written anew before.
        first: What else was done before, in the state "live".
    """

    why: str
    action: plan.Action
    cells: Mapping[str, tuple[Kinds, Kinds]]
    after: Callable[[Shot], Shot]
    payload: Sealed | None = None
    written: bool = False
    first: tuple[plan.Action, ...] = ()


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


def _replicated(_: Shot) -> Shot:
    made = _made(valued=True)(_)
    return dataclasses.replace(made, replicas=worlds.replicas_of((FAR, NEAR)), type="Partner")


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
    Row(
        why="create with replicas and a type: all in the one call",
        action=dataclasses.replace(
            creation(), replicas=(FAR, NEAR), overwrite=True, type="Partner"
        ),
        payload=OLD, cells={"absent": (D, D), "live": (D, D)},
        after=lambda before: before if before.state == "live" else _replicated(before),
    ),
    Row(
        why="the type is set in place, without a version",
        action=plan.SetMetadata(type="Partner"), cells=BOTH_LIVE, after=_with(type="Partner"),
    ),
    Row(
        why="a resource policy takes the place of any other",
        action=SET_POLICY, cells=BOTH_LIVE, after=_with(policy=DOCUMENT),
    ),
    Row(
        why="replicas are added once: where there is one, none is made",
        action=REPLICATE, cells={"live": (D, C), "live without a value": (D, C)},
        after=_with(replicas=worlds.replicas_of((FAR, NEAR))),
    ),
    Row(
        why="a region that has a replica refuses another one, of another key too",
        action=plan.AddReplicas(replicas=(facts.Replica(region=FAR.region),)),
        cells={"live without a value": (D, C)}, first=(REPLICATE,),
        after=_with(replicas={FAR.region: None}),
    ),
    Row(
        why="one replica is removed, the other stays; what is gone, a service may refuse to remove",
        action=plan.RemoveReplicas(regions=(FAR.region,)), cells={"live": (D, E)},
        first=(REPLICATE,), after=_with(replicas=worlds.replicas_of((NEAR,))),
    ),
    Row(
        why="no deletion is scheduled of what has replicas",
        action=plan.ScheduleDeletion(days=7), cells={"live without a value": (D, C)},
        first=(REPLICATE,), after=_with(state="pending"),
    ),
    Row(
        why="nothing that has replicas is purged",
        action=plan.Purge(), first=(REPLICATE,),
        cells={
            "live without a value": (D, D), "pending": (D, D), "pending without a value": (D, D),
            "reserved": (D, D), "absent": (D, D),
        },
        after=lambda before: Shot("absent" if before.state == "absent" else "reserved"),
    ),
    Row(
        why="rotation is set, and nothing is rotated at once",
        action=ROTATE, cells=BOTH_LIVE, after=_with(rotation=worlds.rotation_of(ROTATION)),
    ),
    Row(
        why="rotation is set otherwise than before",
        action=plan.SetRotation(rotation=facts.Rotation(function=FUNCTION, schedule=SCHEDULE)),
        cells=BOTH_LIVE, first=(ROTATE,),
        after=_with(rotation={"enabled": True, "function": FUNCTION, "schedule": SCHEDULE}),
    ),
    Row(
        why="rotation is cancelled: how it was set stays; where it never was, nothing is",
        action=plan.CancelRotation(), first=(ROTATE,),
        cells={"live": (D, D), "live without a value": (E, E)},
        after=lambda before: dataclasses.replace(
            before, rotation={**before.rotation, "enabled": False} if before.rotation else {}
        ),
    ),
    Row(
        why="a label that is nowhere is attached; a service may say that it is there already",
        action=LABEL, cells={"live": (D, E)}, after=_with(labels={"blue": FIRST}),
    ),
    Row(
        why="a label moves from one version to another, once",
        action=plan.MoveStage(current=FIRST, to=NEXT, stage="blue"), cells={"live": (D, C)},
        written=True, first=(LABEL,), after=_with(labels={"blue": NEXT}),
    ),
    Row(
        why="a label is taken away, once",
        action=plan.MoveStage(current=FIRST, to=None, stage="blue"), cells={"live": (D, C)},
        first=(LABEL,), after=_with(labels={}),
    ),
    Row(
        why="a label that is on another version than was believed stays there",
        action=plan.MoveStage(current=NEXT, to=FIRST, stage="blue"), cells={}, written=True,
        first=(LABEL,), after=_with(),
    ),
    Row(
        why="a label that is attached is not taken from where nobody said that it is",
        action=plan.MoveStage(current=None, to=NEXT, stage="blue"), cells={}, written=True,
        first=(LABEL,), after=_with(),
    ),
    Row(
        why="the version before loses its label, so that it is dropped; the current one stays",
        action=plan.MoveStage(current=FIRST, to=None, stage="AWSPREVIOUS"), written=True,
        cells={"live": (D, C)}, after=_with(previous=None),
    ),
    Row(
        why="the current version never loses its label",
        action=plan.MoveStage(current=FIRST, to=None), cells={}, after=_with(),
    ),
    Row(
        why="a key is looked at, whatever becomes of the secret, and nothing changes",
        action=plan.CheckKey(kms_key_id=KEY), cells=dict.fromkeys(STATES, (D, D)),
        after=_with(),
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
