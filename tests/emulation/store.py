"""Where the secrets are: moto's objects, with what moto's model lacks beside them.

moto generates the ARNs and holds values, versions, tags and policies. Its own request handling
is not used: it is wrong about deletion, labels, replicas and validation (see the fact sheet).
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Iterator

from moto.secretsmanager import models as moto

from .behaviour import Behaviour
from .clock import Clock
from .keys import Keys
from .permissions import is_customer_key
from .state import Stage
from .wire import Params

DAY = dt.timedelta(days=1).total_seconds()
CURRENT = "AWSCURRENT"
PREVIOUS = "AWSPREVIOUS"
PENDING = "AWSPENDING"

_ARN = re.compile(
    r"arn:[^:]+:secretsmanager:(?P<region>[^:]*):(?P<account>[^:]*):secret:(?P<rest>.+)"
)
# "One whose name ends in - + 6 characters is taken for a complete ARN."
_LOOKS_COMPLETE = re.compile(r".-[A-Za-z0-9]{6}$")


@dataclasses.dataclass(frozen=True)
class Deletion:
    """A scheduled deletion: when it was asked for and when the window ends."""

    requested_at: float
    ends_at: float


@dataclasses.dataclass(frozen=True)
class Turn:
    """A rotation under way; one that is not `lasting` only tests the function."""

    version_id: str
    ends_at: float
    lasting: bool


class Secret(moto.FakeSecret):
    """moto's secret and what it has no place for.

    Attributes:
        deletion: Set while deletion is pending.
        rotation: What RotateSecret configured, in DescribeSecret's terms.
        planted: Parts of DescribeSecret that only other services or accounts can cause.
        accessed: When the value was last read.
        turn: The rotation under way.
        restored_at: When a deletion was last taken back.
    """

    def __init__(self, account: str, region: str, params: Params, now: float) -> None:
        super().__init__(
            account_id=account,
            region_name=region,
            secret_id=params["Name"],
            secret_version={},
            version_id="",
            description=params.get("Description"),
            tags=[dict(tag) for tag in params.get("Tags") or []],
            created_date=int(now),
            last_changed_date=int(now),
        )
        self.kms_key_id = customer_key(params.get("KmsKeyId"))
        self.deletion: Deletion | None = None
        self.rotation: Params = {}
        self.planted: Params = {}
        self.accessed: float | None = None
        self.turn: Turn | None = None
        self.restored_at: float | None = None
        self.type: str | None = params.get("Type")

    @property
    def primary(self) -> Secret:
        """Return the secret that holds the data: itself."""
        return self


class Replica(moto.ReplicaSecret):
    """One entry of a primary's replication; a secret of its own unless it failed.

    Attributes:
        kms_key_id: The replica's own key; None is the managed one.
        ready_at: Until then the status says InProgress.
        gone_at: Set once it is removed; until then it is there.
    """

    def __init__(
        self, source: Secret, region: str, key: str | None, ready_at: float, failure: str | None
    ) -> None:
        super().__init__(source, region, "Failed" if failure else None, failure)
        self.primary = source
        self.kms_key_id = customer_key(key)
        self.ready_at = ready_at
        self.gone_at: float | None = None


@dataclasses.dataclass(frozen=True)
class Tombstone:
    """What is left of a purged secret: its name is reserved, its description shown briefly."""

    name: str
    arn: str
    purged_at: float
    description: Params


Found = Secret | Replica | Tombstone


def customer_key(key: str | None) -> str | None:
    """Return the key to remember: None for the managed key, however it is written."""
    return key if is_customer_key(key) else None


class Shelf:
    """The secrets of one account in one region.

    Attributes:
        tombstones: Purged names that are still reserved.
        before: Per name, what DescribeSecret said before the last write (None: not found).
    """

    def __init__(self, account: str, region: str) -> None:
        self.account = account
        self.region = region
        self.backend = moto.SecretsManagerBackend(region, account)
        self.tombstones: dict[str, Tombstone] = {}
        self.before: dict[str, Params | None] = {}

    def __iter__(self) -> Iterator[Secret | Replica]:
        """Go through the secrets, replicas included; the shelf may change meanwhile."""
        for secret in list(dict.values(self.backend.secrets)):
            # Only this package puts anything there.
            assert isinstance(secret, Secret | Replica)
            yield secret

    def add(self, secret: Secret | Replica) -> None:
        """Put a secret in; a replica is keyed by its ARN, as moto does it."""
        key = secret.arn if isinstance(secret, Replica) else secret.name
        dict.__setitem__(self.backend.secrets, key, secret)

    def remove(self, secret: Secret | Replica) -> None:
        """Take a secret out without a trace."""
        key = secret.arn if isinstance(secret, Replica) else secret.name
        dict.pop(self.backend.secrets, key)

    def named(self, name: str) -> Found | None:
        """Find by exact name."""
        for secret in self:
            if secret.name == name:
                return secret
        return self.tombstones.get(name)

    def is_foreign(self, secret_id: str) -> bool:
        """Tell whether this is the ARN of a secret in another account."""
        arn = _ARN.fullmatch(secret_id)
        return arn is not None and arn["account"] != self.account

    def find(self, secret_id: str) -> Found | None:
        """Find by exact name, full ARN or partial ARN, as AWS does."""
        arn = _ARN.fullmatch(secret_id)
        if arn is None:
            return self.named(secret_id)
        everything: list[Found] = [*self, *self.tombstones.values()]
        for found in everything:
            if found.arn == secret_id:
                return found
        here = (arn["account"], arn["region"]) == (self.account, self.region)
        if not here or _LOOKS_COMPLETE.search(arn["rest"]):
            return None
        return self.named(arn["rest"])


def stage_of(found: Found | None) -> Stage:
    """Tell in which stage a lookup's result is."""
    if found is None:
        return Stage.ABSENT
    if isinstance(found, Tombstone):
        return Stage.PURGING
    return Stage.PENDING if found.primary.deletion else Stage.LIVE


class Store:
    """All secrets of all accounts and regions, and their purging."""

    def __init__(self, clock: Clock, behaviour: Behaviour) -> None:
        self.clock = clock
        self.behaviour = behaviour
        self.shelves: dict[tuple[str, str], Shelf] = {}
        self.keys = Keys(clock)
        # From when on the principals in resource policies are known; others always are.
        self.principals: dict[str, float] = {}

    def shelf(self, account: str, region: str) -> Shelf:
        """Return the shelf of an account in a region, new or known."""
        key = (account, region)
        if key not in self.shelves:
            self.shelves[key] = Shelf(account, region)
        return self.shelves[key]

    def settle(self) -> None:
        """Bring everything to the present: purge what is due, free names whose time is over."""
        now = self.clock.timestamp()
        for shelf in self.shelves.values():
            for secret in shelf:
                if isinstance(secret, Secret):
                    self.remove_replicas(secret)
                if isinstance(secret, Secret) and secret.deletion:
                    due = secret.deletion.ends_at + self.behaviour.purge_delay_seconds
                    if due <= now:
                        self.purge(shelf, secret, due)
            for stone in list(shelf.tombstones.values()):
                if stone.purged_at + self.behaviour.reserved_seconds <= now:
                    del shelf.tombstones[stone.name]

    def remove_replicas(self, secret: Secret) -> None:
        """Take away the replicas whose removal is through."""
        now = self.clock.timestamp()
        for replica in list(secret.replicas):
            assert isinstance(replica, Replica)
            if replica.gone_at is not None and replica.gone_at <= now:
                self.take_away(replica)

    def take_away(self, replica: Replica) -> None:
        """Take a replica away from its primary and its region."""
        replica.primary.replicas.remove(replica)
        # A failed one never was a secret: what has the name there is somebody else's.
        if replica.has_replica:
            self.shelf(replica.primary.account_id, replica.region).remove(replica)

    def purge(self, shelf: Shelf, secret: Secret, at: float) -> None:
        """Delete for good, as of the time `at`; the name stays reserved."""
        requested = secret.deletion.requested_at if secret.deletion else at
        if secret.deletion is None:
            secret.deletion = Deletion(requested, at)
        shown = describe(secret, self)
        shelf.remove(secret)
        shelf.tombstones[secret.name] = Tombstone(secret.name, secret.arn, at, shown)

    def is_shown(self, found: Found | None) -> bool:
        """Tell whether DescribeSecret still answers for a purged secret."""
        if not isinstance(found, Tombstone):
            return False
        age = self.clock.timestamp() - found.purged_at
        return age < self.behaviour.deleted_visible_seconds


def replication_status(secret: Secret, now: float) -> list[Params]:
    """Render ReplicationStatus as of `now`."""
    entries = []
    for replica in secret.replicas:
        assert isinstance(replica, Replica)
        ready = replica.ready_at <= now
        entries.append(
            {
                "Region": replica.region,
                "KmsKeyId": replica.kms_key_id or "alias/aws/secretsmanager",
                "Status": replica.status if ready else "InProgress",
                **({"StatusMessage": replica.message} if ready else {}),
            }
        )
    return entries


def labelled(secret: Secret) -> dict[str, list[str]]:
    """Return VersionIdsToStages: "labelled versions only"."""
    return {
        version_id: list(version["version_stages"])
        for version_id, version in secret.versions.items()
        if version["version_stages"]
    }


def describe(found: Secret | Replica | Tombstone, store: Store) -> Params:
    """Render DescribeSecret; what is not set is left out, as AWS does."""
    if isinstance(found, Tombstone):
        return dict(found.description)
    secret, now = found.primary, store.clock.timestamp()
    fields: Params = {
        "ARN": found.arn,
        "Name": found.name,
        "Type": secret.type,
        "Description": secret.description,
        # "omitted for the managed key"
        "KmsKeyId": found.kms_key_id,
        "Tags": [dict(tag) for tag in secret.tags or []],
        "CreatedDate": secret.created_date,
        "LastChangedDate": secret.last_changed_date,
        # AWS tells the day, not the time.
        "LastAccessedDate": secret.accessed and secret.accessed // DAY * DAY,
        "VersionIdsToStages": labelled(secret),
        "PrimaryRegion": _primary_region(found, store.behaviour),
        "ReplicationStatus": replication_status(secret, now),
        **secret.rotation,
        **secret.planted,
    }
    if secret.deletion:
        ends = store.behaviour.deleted_date == "window-end"
        fields["DeletedDate"] = secret.deletion.ends_at if ends else secret.deletion.requested_at
    return {key: value for key, value in fields.items() if value not in (None, "", [], {})}


def _primary_region(found: Secret | Replica, behaviour: Behaviour) -> str | None:
    if isinstance(found, Replica):
        return found.primary.region
    return found.region if behaviour.primary_shows_region and found.replicas else None
