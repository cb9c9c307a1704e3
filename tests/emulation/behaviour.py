"""What AWS leaves open, contradicts itself about, or does in its own time: one knob each."""

from __future__ import annotations

import dataclasses
from typing import Literal


@dataclasses.dataclass
class Behaviour:
    """The selectable facts. Tests run against both sides of those that AWS does not settle.

    Attributes:
        reserved_seconds: How long a purged secret's name cannot be created ("name reserved for
            seconds up to ~2 minutes").
        deleted_visible_seconds: How long DescribeSecret still answers after a purge
            ("DeletedDate for some seconds, then RNF").
        purge_delay_seconds: How late the purge at the end of the window comes ("a minimum: the
            purge is a low-priority background job").
        purging_error: Other calls on a purged secret whose name is reserved ("RNF or IRE").
        restore_on_live: RestoreSecret on a live secret ("not documented: accept both").
        deleted_date: What DescribeSecret's DeletedDate means ("the docs contradict each other").
        foreign_arn: A secret's ARN that names another account.
        replication_seconds: How long ReplicationStatus says InProgress.
        primary_shows_region: Whether a primary that has replicas shows its own PrimaryRegion.
        removal_seconds: How long a removed replica is still listed, and the primary's deletion
            refused.
        rotation_seconds: How long a rotation, or the test of one, has an AWSPENDING version.
        overdue_rotation_fires: Whether a rotation whose date passed while deletion was pending
            "may fire right after a restore" does.
        cron_seconds: How far off the next date of a cron() schedule is.
        cancel_unconfigured: CancelRotateSecret without any rotation.
        unlabelled_seconds: How long a version without labels is kept; None for ever ("AWS drops
            them in time").
        type_change: UpdateSecret with another Type (the documents of AWS and its tools differ).
    """

    reserved_seconds: float = 60
    deleted_visible_seconds: float = 10
    purge_delay_seconds: float = 0
    purging_error: Literal["not-found", "refused"] = "not-found"
    restore_on_live: Literal["ok", "refused"] = "ok"
    deleted_date: Literal["requested", "window-end"] = "requested"
    foreign_arn: Literal["not-found", "access-denied"] = "not-found"
    replication_seconds: float = 0
    primary_shows_region: bool = False
    removal_seconds: float = 0
    rotation_seconds: float = 0
    overdue_rotation_fires: bool = True
    cron_seconds: float = 86_400
    cancel_unconfigured: Literal["refused", "ok"] = "refused"
    unlabelled_seconds: float | None = None
    type_change: Literal["ok", "refused"] = "ok"
