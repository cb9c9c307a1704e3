"""Looking at a secret from outside, as a test does: no call, no log, no fault."""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
from collections.abc import Mapping
from typing import Any, Literal, cast

from . import versions
from .store import (
    CURRENT,
    Deletion,
    Found,
    Replica,
    Shelf,
    Store,
    Tombstone,
    describe,
    replication_status,
    stage_of,
)

State = Literal["live", "pending", "purging", "absent"]


@dataclasses.dataclass(frozen=True)
class VersionSnapshot:
    """One version: its labels in the order they came, and its value."""

    labels: tuple[str, ...]
    value: str | bytes


@dataclasses.dataclass(frozen=True)
class ReplicaSnapshot:
    """One entry of a primary's ReplicationStatus; kms_key_id None is the managed key."""

    status: str
    message: str | None
    kms_key_id: str | None


@dataclasses.dataclass(frozen=True)
class SecretSnapshot:
    """A secret at one moment.

    Attributes:
        state: "live", "pending", "purging" (purged, name reserved) or "absent".
        value: The current version's value; None without one.
        version_id: The current version's id.
        versions: All versions by id, the unlabelled ones too.
        kms_key_id: None for the managed key.
        deleted_date: When deletion was asked for, whatever DescribeSecret shows.
        purge_date: When the window ends, or when the purge was.
        replicas: By region; on the primary only.
        primary_region: Set on a replica only.
        type: The partner of a managed external secret.
        rotation: What RotateSecret configured, in DescribeSecret's terms.
    """

    name: str
    region: str
    account: str
    state: State = "absent"
    arn: str | None = None
    value: str | bytes | None = None
    version_id: str | None = None
    versions: Mapping[str, VersionSnapshot] = dataclasses.field(default_factory=dict)
    tags: Mapping[str, str] = dataclasses.field(default_factory=dict)
    description: str | None = None
    kms_key_id: str | None = None
    policy: str | None = None
    deleted_date: dt.datetime | None = None
    purge_date: dt.datetime | None = None
    replicas: Mapping[str, ReplicaSnapshot] = dataclasses.field(default_factory=dict)
    primary_region: str | None = None
    type: str | None = None
    rotation: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    described: Mapping[str, Any] = dataclasses.field(default_factory=dict)


def snapshot(store: Store, shelf: Shelf, name: str) -> SecretSnapshot:
    """Take a snapshot of the secret with this exact name."""
    found = shelf.named(name)
    blank = SecretSnapshot(name, shelf.region, shelf.account)
    if found is None:
        return blank
    known = dataclasses.replace(
        blank, state=stage_of(found).value, arn=found.arn, described=describe(found, store)
    )
    if isinstance(found, Tombstone):
        return dataclasses.replace(known, purge_date=_date(found.purged_at))
    secret = found.primary
    stored = {
        version_id: VersionSnapshot(tuple(version["version_stages"]), _value(version))
        for version_id, version in secret.versions.items()
    }
    current = versions.with_label(secret, CURRENT)
    deletion: Deletion | None = secret.deletion
    return dataclasses.replace(
        known,
        value=stored[current].value if current else None,
        version_id=current,
        versions=stored,
        tags={tag["Key"]: tag["Value"] for tag in secret.tags or []},
        description=secret.description or None,
        kms_key_id=found.kms_key_id,
        policy=secret.policy,
        deleted_date=_date(deletion.requested_at) if deletion else None,
        purge_date=_date(deletion.ends_at) if deletion else None,
        replicas=_replicas(found, store),
        primary_region=secret.region if isinstance(found, Replica) else None,
        type=secret.type,
        rotation=dict(secret.rotation),
    )


def _replicas(found: Found, store: Store) -> dict[str, ReplicaSnapshot]:
    if isinstance(found, Replica | Tombstone):
        return {}
    keys = {one.region: one.kms_key_id for one in found.replicas if isinstance(one, Replica)}
    return {
        entry["Region"]: ReplicaSnapshot(
            entry["Status"], entry.get("StatusMessage"), keys[entry["Region"]]
        )
        for entry in replication_status(found, store.clock.timestamp())
    }


def _value(version: dict[str, Any]) -> str | bytes:
    if "secret_string" in version:
        return cast("str", version["secret_string"])
    return base64.b64decode(version["secret_binary"])


def _date(at: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(at, tz=dt.UTC)
