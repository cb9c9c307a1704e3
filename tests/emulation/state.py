"""The states of a secret and what each call does in them, as one table.

A name is absent, live, pending (scheduled for deletion), or purging (deleted for good, its name
still reserved). The table is the first one of the facts, line by line.
"""

from __future__ import annotations

import enum
from typing import NamedTuple

from . import errors
from .behaviour import Behaviour


class Stage(enum.Enum):
    """Where a name stands. The values are what `Aws.secret(...).state` says."""

    LIVE = "live"
    PENDING = "pending"
    PURGING = "purging"
    ABSENT = "absent"


class Verdict(enum.Enum):
    """What a call in a stage comes to."""

    CARRY_OUT = enum.auto()
    NAME_SCHEDULED = enum.auto()
    MARKED_FOR_DELETION = enum.auto()
    ALREADY_SCHEDULED = enum.auto()
    NOT_FOUND = enum.auto()
    NOT_FOUND_OR_REFUSED = enum.auto()
    OK_OR_REFUSED = enum.auto()
    SHOWN_FOR_A_WHILE = enum.auto()


class Row(NamedTuple):
    """The verdicts of one call, one column per stage."""

    live: Verdict
    pending: Verdict
    purging: Verdict
    absent: Verdict


_V = Verdict
FORCED = "DeleteSecret, forced"

# What most calls do; the table below holds the exceptions.
USUAL = Row(_V.CARRY_OUT, _V.MARKED_FOR_DELETION, _V.NOT_FOUND_OR_REFUSED, _V.NOT_FOUND)

ROWS: dict[str, Row] = {
    # A live name may still be fine: same ClientRequestToken and same value do nothing.
    "CreateSecret": Row(_V.CARRY_OUT, _V.NAME_SCHEDULED, _V.NAME_SCHEDULED, _V.CARRY_OUT),
    "DescribeSecret": Row(_V.CARRY_OUT, _V.CARRY_OUT, _V.SHOWN_FOR_A_WHILE, _V.NOT_FOUND),
    "ListSecretVersionIds": Row(_V.CARRY_OUT, _V.CARRY_OUT, _V.NOT_FOUND_OR_REFUSED, _V.NOT_FOUND),
    "RestoreSecret": Row(_V.OK_OR_REFUSED, _V.CARRY_OUT, _V.NOT_FOUND_OR_REFUSED, _V.NOT_FOUND),
    # The date cannot be moved without restoring first.
    "DeleteSecret": Row(_V.CARRY_OUT, _V.ALREADY_SCHEDULED, _V.NOT_FOUND_OR_REFUSED, _V.NOT_FOUND),
    # "force" purges early, and proves nothing about existence.
    FORCED: Row(_V.CARRY_OUT, _V.CARRY_OUT, _V.CARRY_OUT, _V.CARRY_OUT),
}

# Calls that change a secret. A replica and a service-owned secret refuse them all.
WRITES = frozenset(
    {
        "CancelRotateSecret",
        "CreateSecret",
        "DeleteResourcePolicy",
        "DeleteSecret",
        "PutResourcePolicy",
        "PutSecretValue",
        "RemoveRegionsFromReplication",
        "ReplicateSecretToRegions",
        "RestoreSecret",
        "RotateSecret",
        "StopReplicationToReplica",
        "TagResource",
        "UntagResource",
        "UpdateSecret",
        "UpdateSecretVersionStage",
    }
)


def verdict(action: str, stage: Stage) -> Verdict:
    """Look up what `action` comes to in `stage`."""
    row = ROWS.get(action, USUAL)
    return {
        Stage.LIVE: row.live,
        Stage.PENDING: row.pending,
        Stage.PURGING: row.purging,
        Stage.ABSENT: row.absent,
    }[stage]


def refusal(what: Verdict, behaviour: Behaviour, *, shown: bool) -> errors.AwsError | None:
    """Turn a verdict into AWS's error; None means that the call is carried out.

    Args:
        what: The verdict of the table.
        behaviour: The selected sides of what AWS leaves open.
        shown: Whether a purged secret is still within its visible seconds.
    """
    purging = errors.was_deleted if behaviour.purging_error == "refused" else errors.not_found
    found: dict[Verdict, errors.AwsError | None] = {
        Verdict.CARRY_OUT: None,
        Verdict.NAME_SCHEDULED: errors.name_scheduled(),
        Verdict.MARKED_FOR_DELETION: errors.marked_for_deletion(),
        Verdict.ALREADY_SCHEDULED: errors.already_scheduled(),
        Verdict.NOT_FOUND: errors.not_found(),
        Verdict.NOT_FOUND_OR_REFUSED: purging(),
        Verdict.OK_OR_REFUSED: (None if behaviour.restore_on_live == "ok" else errors.not_marked()),
        Verdict.SHOWN_FOR_A_WHILE: None if shown else errors.not_found(),
    }
    return found[what]
