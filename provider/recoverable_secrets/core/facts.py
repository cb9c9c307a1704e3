"""What is known: of the live secret, of the past, and of what is wanted.

`decide()` sees nothing else. The engine learns these facts; see engine.py.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from .model import Spec


@dataclass(frozen=True, slots=True)
class Ref:
    """Which secret is meant.

    Attributes:
        name: Its exact name.
        id: The store's own id for it (on AWS the full ARN), once known. Opaque to the core.
    """

    name: str
    id: str | None = None


class KeyState(enum.Enum):
    """Whether an encryption key can be used, as far as it can be known."""

    UNTOLD = "untold"
    USABLE = "usable"
    DISABLED = "disabled"
    PENDING_DELETION = "pending deletion"
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """What is known of a customer's own encryption key.

    Attributes:
        state: Whether it can be used.
        date: When it is going to be deleted, in UTC, if its deletion is scheduled.
    """

    state: KeyState
    date: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Replica:
    """A copy of a secret in another region.

    Attributes:
        region: Where it is.
        kms_key_id: Its key; `None` for the region's default key.
        status: How far it is, in the store's own words; `None` if it is in step.
        failed: Whether it cannot come about.
        message: What the store says about that.
    """

    region: str
    kms_key_id: str | None = None
    status: str | None = None
    failed: bool = False
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """How a value is rotated by the service.

    Attributes:
        enabled: Whether it is on; what else is told may be of before it was cancelled.
        function: What rotates it (on AWS the ARN of a Lambda function).
        days: Days from one rotation to the next.
        schedule: When to rotate, in the service's own notation.
        duration: How long one may take, in the service's own notation.
        metadata: What an external partner needs.
        role: With which rights an external partner's secret is rotated.
    """

    enabled: bool = True
    function: str | None = None
    days: int | None = None
    schedule: str | None = None
    duration: str | None = None
    metadata: Mapping[str, str] | None = None
    role: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """What the store tells of a secret without reading its value.

    Attributes:
        id: The store's id (on AWS the full ARN).
        name: Its exact name.
        description: Its description; empty if it has none.
        kms_key_id: Its key as the store tells it; `None` for the store's default key.
        tags: All its tags, ours and the service's own included.
        version: Id of the current version; `None` if it has no value.
        previous: Id of the version that was current before; `None` if there is none.
        labels: All other staging labels, each with the id of the version that has it.
        type: Its type, if an external partner rotates it.
        region: Where it is, if the store has regions.
        primary_region: Where its primary is, if this one is a replica.
        service: The service that owns it, if one does.
        partners: Secrets of other accounts that it is tied to.
        manager: What else manages it, in words, and may destroy it one day.
        replicas: Its copies in other regions, those that failed included.
        rotation: How it is rotated; `None` if that was never set.
        policy: Its resource policy in normal form, empty for none; `None` if it was not asked
            for.
        created: When it was made.
        changed: When anything of it was last changed.
        accessed: On which day its value was last read, here or in a region that has a copy;
            `None` if that was never done, or is not told.
        rotated_next: Until when it is rotated next; `None` if it is not.

    All dates are in UTC, and `None` where the store does not tell them. They are as of the last
    look, and no part of what a secret is: two that differ in them alone are equal.
    """

    id: str
    name: str
    description: str = ""
    kms_key_id: str | None = None
    tags: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    version: str | None = None
    previous: str | None = None
    labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    type: str | None = None
    region: str | None = None
    primary_region: str | None = None
    service: str | None = None
    partners: tuple[str, ...] = ()
    manager: str | None = None
    replicas: tuple[Replica, ...] = ()
    rotation: Rotation | None = None
    policy: str | None = None
    created: dt.datetime | None = field(default=None, compare=False)
    changed: dt.datetime | None = field(default=None, compare=False)
    accessed: dt.datetime | None = field(default=None, compare=False)
    rotated_next: dt.datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A secret as a listing shows it: its copies in other regions may be missing.

    Attributes:
        secret: What the listing tells of it.
        date: `None` if it is live; else the date that the store tells, as for `PendingDeletion`.
    """

    secret: Secret
    date: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of a secret's value, without the value.

    Attributes:
        id: Its id.
        labels: Its staging labels, sorted; without any, the store drops the version in time.
        created: When it was made, in UTC.
        accessed: On which day it was last read, in UTC; `None` if never, or not told.
    """

    id: str
    labels: tuple[str, ...] = ()
    created: dt.datetime | None = None
    accessed: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nothing was looked at yet."""


@dataclass(frozen=True, slots=True)
class Absent:
    """No such secret, and the caller looked in the right account.

    Attributes:
        confirmed: A second look, some moments after the first, found nothing either.
    """

    confirmed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """A live secret, and what this operation has found out about it.

    Attributes:
        secret: What the store tells of it.
        created: This operation created it.
        restored: This operation restored it.
        policed: This operation settled its resource policy.
        holds: The version that is known to hold the declared value.
        differs: The versions that are known to hold another value.
        spent: The last version id that was refused because the secret has had it.
        confirmed: A second look, some moments after the first, showed the same marks.
        added: Regions to which this operation added a replica, once for each time.
        removed: Regions from which this operation removed a replica.
        rotated: This operation settled its rotation.
        key: What this operation found out about its key; `None` if it did not ask.
    """

    secret: Secret
    created: bool = False
    restored: bool = False
    policed: bool = False
    holds: str | None = None
    differs: frozenset[str] = frozenset()
    spent: str | None = None
    confirmed: bool = False
    added: tuple[str, ...] = ()
    removed: frozenset[str] = frozenset()
    rotated: bool = False
    key: Key | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingDeletion:
    """A secret whose deletion is scheduled.

    Attributes:
        secret: What the store tells of it.
        date: The date that the store tells, as it tells it: on AWS either the time of the
            request or the end of the window.
    """

    secret: Secret
    date: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Purging:
    """The name is reserved and there is nothing to restore. Inferred, never observed."""


Observed = Unknown | Absent | Present | PendingDeletion | Purging


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What a surface remembers of a secret: Pulumi's state, CloudFormation's old properties.

    Attributes:
        id: The store's id.
        owner: The owner tag as it was recorded then.
        spec: The spec as last declared, brought up to date with drift where it was refreshed.
        instance: The incarnation mark; `None` if the surface keeps none.
        version: The version that held the declared value.
        live_version: The version that was current when last seen.
        drifted: The fields of `spec` that a look found otherwise than declared.
    """

    id: str
    owner: str
    spec: Spec = field(default_factory=Spec)
    instance: str | None = None
    version: str | None = None
    live_version: str | None = None
    drifted: frozenset[str] = frozenset()


class Mandate(enum.Enum):
    """On whose word an operation acts, which says how far it may go.

    Attributes:
        OWN: The user's own credentials: what the declaration says is done.
        DEPUTY: A function with rights of its own, which serves many stacks. It acts on what is
            provably its stack's, writes down how it came by a secret, and can answer a new id.
        ROLLBACK: Such a function takes back what an operation did, and no more than that.
        LATE: Such a function is asked for what its stack is not at work on: the request was
            delivered late, or is forged. Nothing is changed that could not be brought back.
    """

    OWN = "own"
    DEPUTY = "deputy"
    ROLLBACK = "rollback"
    LATE = "late"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The secret should exist as declared.

    Attributes:
        name: Its exact name.
        spec: What it should be.
        owner: The owner tag it should carry.
        instance: A fresh incarnation mark, used if this operation needs one.
        version: A fresh version id, used if this operation creates the secret.
        memory: What is remembered of it; `None` where nothing existed.
        mandate: On whose word.
    """

    name: str
    spec: Spec
    owner: str
    instance: str
    version: str
    memory: Memory | None = None
    mandate: Mandate = Mandate.OWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """The secret should no longer be there for its owner.

    Attributes:
        name: Its exact name.
        owner: The owner tag of who asks.
        memory: What is remembered of it; `None` if it is only known by name.
        instance: The incarnation mark of what is to go, where `memory` has none.
        mandate: On whose word.
        now: What time it is, timezone-aware; without it, a read counts however old it is.
        by_hand: Whether a person asks for it by name: `memory` is what was shown to that person,
            and a secret that changed hands since, if only to nobody's, is not deleted.
    """

    name: str
    owner: str
    memory: Memory | None = None
    instance: str | None = None
    mandate: Mandate = Mandate.OWN
    now: dt.datetime | None = None
    by_hand: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Back:
    """The secret should be live again as it was; a person asks for it by name.

    Attributes:
        name: Its exact name.
        memory: Its id and owner as they were shown to that person; an empty owner is none.
    """

    name: str
    memory: Memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """The secret should belong to another owner, or to none; a person asks for it by name.

    Attributes:
        name: Its exact name.
        memory: Its id and owner as they were shown to that person; an empty owner is none.
        owner: The owner tag it should carry; `None` for none.
    """

    name: str
    memory: Memory
    owner: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """Some labels should stand at other versions; a person asks for it by name.

    Attributes:
        name: The secret's exact name.
        memory: Its id and owner as they were shown to that person; an empty owner is none.
        labels: Each label with the id of the version that is to have it; `None` for none.
        shown: The ids of the versions that have these labels, as they were shown to that person;
            `None`, or left out, for a label that no version has.
    """

    name: str
    memory: Memory
    labels: Mapping[str, str | None]
    shown: Mapping[str, str | None]


Asked = Back | Handed | Labelled
"""What a person asks for by name, without a declaration."""

Declared = Kept | Gone
"""What a declaration says, or no longer says."""

Wanted = Declared | Asked


def ref(wanted: Wanted) -> Ref:
    """Return which secret an operation is about, as far as it is known at its start."""
    return Ref(wanted.name, wanted.memory.id if wanted.memory else None)
