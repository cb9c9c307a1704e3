"""The stores under contract, each with what a test needs around it.

A world is a store, a clock to move, a look from outside that passes by the store's own
`observe()`, and a person who acts without our product.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
from collections.abc import Mapping
from typing import Any, Protocol

import pytest

import emulation
from recoverable_secrets.core import documents, facts
from recoverable_secrets.core.sealed import Sealed
from recoverable_secrets.stores import SecretStore, aws, memory

REGION = emulation.DEFAULT_REGION
RESERVED_SECONDS = 60.0
POLICY = documents.normal({"Version": "2012-10-17", "Statement": []})
MANAGED_KEY = "alias/aws/secretsmanager"


@dataclasses.dataclass(frozen=True)
class Shot:
    """A secret at one moment, in the same words for every store.

    Attributes:
        state: "absent", "live", "pending", or "reserved" (purged, its name still taken).
        labels: All staging labels but AWSCURRENT and AWSPREVIOUS, each with its version's id.
        policy: The resource policy in normal form.
        replicas: The key of each replica by its region; None for the region's default key.
        rotation: How it is rotated, by the names of `facts.Rotation`, what is not set left out.
    """

    state: str = "absent"
    id: str | None = None
    version: str | None = None
    previous: str | None = None
    value: str | bytes | None = None
    versions: int = 0
    tags: Mapping[str, str] = dataclasses.field(default_factory=dict)
    description: str = ""
    key: str | None = None
    policy: str | None = None
    labels: Mapping[str, str] = dataclasses.field(default_factory=dict)
    replicas: Mapping[str, str | None] = dataclasses.field(default_factory=dict)
    rotation: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    type: str | None = None


def replicas_of(replicas: tuple[facts.Replica, ...]) -> dict[str, str | None]:
    """Return the keys of replicas by region; the default key may be told by its alias."""
    keys = {replica.region: replica.kms_key_id for replica in replicas}
    return {region: None if key == MANAGED_KEY else key for region, key in keys.items()}


def rotation_of(rotation: facts.Rotation | None) -> dict[str, Any]:
    """Return what is set of a rotation; nothing if it never was."""
    told = {} if rotation is None else dataclasses.asdict(rotation)
    return {name: content for name, content in told.items() if content is not None}


class World(Protocol):
    """What the contract tests ask of each store's surroundings."""

    store: SecretStore

    def pass_time(self, *, days: float = 0, seconds: float = 0) -> None:
        """Move the clock forward."""

    def shot(self, name: str) -> Shot:
        """Look at a secret from outside."""

    def person_puts(self, name: str, value: str | bytes) -> str:
        """Put a value as a person would; returns its version id."""

    def person_writes_policy(self, name: str) -> None:
        """Attach a resource policy."""

    def key_is(self, key: str, state: facts.KeyState, date: dt.datetime | None = None) -> None:
        """Bring an encryption key into a state."""


class MemoryWorld:
    """The memory store."""

    def __init__(self) -> None:
        self.clock = emulation.Clock()
        self.memory = memory.MemoryStore(now=self.clock.now, reserved_seconds=RESERVED_SECONDS)
        self.store: SecretStore = self.memory

    def pass_time(self, *, days: float = 0, seconds: float = 0) -> None:
        self.clock.advance(days=days, seconds=seconds)

    def shot(self, name: str) -> Shot:
        now, entry = self.clock.now(), self.memory.entries.get(name)
        until = self.memory.reserved.get(name, now)
        if entry and entry.delete_on and entry.delete_on <= now:  # Nobody has looked since.
            until, entry = entry.delete_on + dt.timedelta(seconds=RESERVED_SECONDS), None
        if entry is None:
            return Shot("reserved" if until > now else "absent")
        value = entry.values.get(entry.secret.version or "")
        return Shot(
            state="pending" if entry.delete_on else "live",
            id=entry.secret.id,
            version=entry.secret.version,
            previous=entry.secret.previous,
            value=value.reveal() if value else None,
            versions=len(entry.values),
            tags=dict(entry.secret.tags),
            description=entry.secret.description,
            key=entry.secret.kms_key_id,
            policy=entry.policy,
            labels=dict(entry.secret.labels),
            replicas=replicas_of(entry.secret.replicas),
            rotation=rotation_of(entry.secret.rotation),
            type=entry.secret.type,
        )

    def person_puts(self, name: str, value: str | bytes) -> str:
        return self.memory.put(name, Sealed(value))

    def person_writes_policy(self, name: str) -> None:
        self.memory.entries[name].policy = POLICY

    def key_is(self, key: str, state: facts.KeyState, date: dt.datetime | None = None) -> None:
        self.memory.keys[key] = facts.Key(state=state, date=date)


class AwsWorld:
    """The AWS store, over the strict double."""

    def __init__(self, double: emulation.Aws, store: SecretStore) -> None:
        self.aws, self.store = double, store

    def pass_time(self, *, days: float = 0, seconds: float = 0) -> None:
        self.aws.clock.advance(days=days, seconds=seconds)

    def shot(self, name: str) -> Shot:
        seen = self.aws.secret(name)
        if seen.state in {"absent", "purging"}:
            return Shot({"purging": "reserved"}.get(seen.state, seen.state))
        labelled = {label: key for key, one in seen.versions.items() for label in one.labels}
        return Shot(
            state=seen.state,
            id=seen.arn,
            version=seen.version_id,
            previous=labelled.get("AWSPREVIOUS"),
            value=seen.value,
            versions=len(seen.versions),
            tags=dict(seen.tags),
            description=seen.description or "",
            key=seen.kms_key_id,
            policy=documents.normal(seen.policy) if seen.policy else None,
            labels={k: v for k, v in labelled.items() if k not in {"AWSCURRENT", "AWSPREVIOUS"}},
            replicas={region: one.kms_key_id for region, one in seen.replicas.items()},
            rotation=_rotation(seen.rotation),
            type=seen.type,
        )

    def person_puts(self, name: str, value: str | bytes) -> str:
        return self.aws.put_by_hand(name, value)

    def person_writes_policy(self, name: str) -> None:
        self.aws.by_hand("PutResourcePolicy", SecretId=name, ResourcePolicy=POLICY)

    def key_is(self, key: str, state: facts.KeyState, date: dt.datetime | None = None) -> None:
        told: dict[facts.KeyState, Any] = {
            facts.KeyState.USABLE: "Enabled",
            facts.KeyState.DISABLED: "Disabled",
            facts.KeyState.PENDING_DELETION: "PendingDeletion",
        }
        self.aws.add_key(key, told[state], date)


def _rotation(described: Mapping[str, Any]) -> dict[str, Any]:
    """Return what AWS holds of a rotation, in the words of `facts.Rotation`."""
    rules = described.get("RotationRules") or {}
    told = {
        "enabled": described.get("RotationEnabled"),
        "function": described.get("RotationLambdaARN"),
        "days": rules.get("AutomaticallyAfterDays"),
        "schedule": rules.get("ScheduleExpression"),
        "duration": rules.get("Duration"),
        "role": described.get("ExternalSecretRotationRoleArn"),
    }
    return {name: content for name, content in told.items() if content is not None}


def connection(url: str | None = None) -> aws.Connection:
    """Return how to reach the double: within the process, or at a URL."""
    services = ("kms", "secretsmanager", "ssm", "sts") if url else ()
    endpoints = tuple((service, str(url)) for service in services)
    return aws.Connection(region=REGION, endpoints=endpoints)


def isolate(patch: pytest.MonkeyPatch) -> None:
    """Cut the process off from the machine's own AWS settings, and let no retry take time."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        patch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        patch.setenv(name, os.devnull)
    patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    patch.setattr("time.sleep", lambda _seconds: None)


START = dt.datetime(2040, 1, 1, tzinfo=dt.UTC)
"""When the double's clock starts, far from the real time: nothing may depend on that."""
