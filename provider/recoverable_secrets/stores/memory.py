"""A store without a service: secrets in this process, with a clock that can be moved.

It passes the same contract as the real ones, so that programs and tests can run the engine
without a cloud. Nothing is written anywhere; everything is gone with the process.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import secrets
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from recoverable_secrets.core import documents, errors, facts, plan, values
from recoverable_secrets.core.pending import check_prefix
from recoverable_secrets.core.policy import Capabilities
from recoverable_secrets.core.sealed import Sealed

from . import Page
from .limits import MEMORY

_PAGE = 100


@dataclass(slots=True)
class Entry:
    """One secret as the store holds it.

    Attributes:
        secret: What a look shows.
        values: Every version's value by its id.
        delete_on: When the scheduled deletion is carried out; `None` while live.
        policy: The resource policy in normal form; `None` if it has none.
        written: When each version was made, by its id.
    """

    secret: facts.Secret
    values: dict[str, Sealed] = field(default_factory=dict)
    delete_on: dt.datetime | None = None
    policy: str | None = None
    written: dict[str, dt.datetime] = field(default_factory=dict)


class MemoryStore:
    """Secrets in memory, under the rules of a service with recovery windows."""

    def __init__(
        self,
        *,
        now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
        reserved_seconds: float = 0,
        capabilities: Capabilities = MEMORY,
    ) -> None:
        """Make an empty store.

        Args:
            now: Tells the time, in UTC.
            reserved_seconds: How long a purged secret's name stays taken.
            capabilities: Limits to show.

        States of keys that are not usable can be put into `keys`: what they encrypt cannot be
        written.
        """
        self.entries: dict[str, Entry] = {}
        self.reserved: dict[str, dt.datetime] = {}
        self.keys: dict[str, facts.Key] = {}
        self._now, self._reserved_for = now, dt.timedelta(seconds=reserved_seconds)
        self._capabilities = capabilities
        self._lock = threading.RLock()

    @property
    def capabilities(self) -> Capabilities:
        """The limits that this store was made with."""
        return self._capabilities

    def observe(
        self, ref: facts.Ref, *, policy: bool = False
    ) -> facts.Absent | facts.Present | facts.PendingDeletion:
        """Return what is known of a secret; see `SecretStore`."""
        with self._lock:
            entry = self._find(ref)
            if entry is None:
                return facts.Absent()
            if entry.delete_on is not None:
                return facts.PendingDeletion(secret=entry.secret, date=entry.delete_on)
            if policy:
                return facts.Present(
                    secret=dataclasses.replace(entry.secret, policy=entry.policy or "")
                )
            return facts.Present(secret=entry.secret)

    def apply(
        self, ref: facts.Ref, action: plan.Action, payload: Sealed | None = None
    ) -> plan.Outcome:
        """Carry out one action; see `SecretStore`."""
        with self._lock:
            if isinstance(action, plan.Create):
                return self._create(ref, action, payload)
            if isinstance(action, plan.CheckKey):
                usable = facts.Key(state=facts.KeyState.USABLE)
                return plan.Done(key=self.keys.get(action.kms_key_id, usable))
            entry = self._find(ref)
            deletes = isinstance(action, plan.ScheduleDeletion | plan.Purge)
            if deletes and entry is not None and entry.secret.replicas:
                return plan.Conflict("HasReplicas")
            if isinstance(action, plan.Purge):
                return self._purge(entry, self._now())
            if entry is None:
                return plan.Conflict("ResourceNotFound")
            if (entry.delete_on is not None) != isinstance(action, plan.Restore):
                return plan.Conflict("InvalidState")
            return self._change(entry, action, payload)

    def pages(self, *, prefix: str = "", pending: bool = False) -> Iterator[Page]:
        """Return all secrets, those made last first; see `Inventory`."""
        check_prefix(prefix, self._capabilities)
        return self._listed(prefix, pending=pending)

    def _listed(self, prefix: str, *, pending: bool) -> Iterator[Page]:
        with self._lock:
            kept = filter(None, (self._find(facts.Ref(name)) for name in tuple(self.entries)))
            found = [
                facts.Listed(
                    secret=dataclasses.replace(entry.secret, replicas=()), date=entry.delete_on
                )
                for entry in kept
                if entry.secret.name.startswith(prefix) and (pending or entry.delete_on is None)
            ][::-1]
        for start in range(0, max(len(found), 1), _PAGE):
            end = start + _PAGE
            yield Page(tuple(found[start:end]), more=end < len(found))

    def versions(self, ref: facts.Ref) -> tuple[facts.Version, ...]:
        """Return all versions, the oldest first; see `Inventory`."""
        with self._lock:
            entry = self._find(ref)
            if entry is None:
                text = f"there is no secret {errors.short(ref.name)}: check its name"
                raise errors.StoreError(text, "ResourceNotFoundException")
            told = entry.secret
            labels = {values.CURRENT: told.version, values.PREVIOUS: told.previous, **told.labels}
            return tuple(
                facts.Version(
                    id=version,
                    labels=tuple(sorted(name for name, at in labels.items() if at == version)),
                    created=entry.written.get(version),
                )
                for version in entry.values
            )

    def put(self, name: str, value: Sealed) -> str:
        """Put a value as a person would, and return its version id.

        Raises:
            KeyError: There is no live secret of that name.
        """
        with self._lock:
            entry = self._find(facts.Ref(name))
            if entry is None or entry.delete_on is not None:
                raise KeyError(name)
            version = secrets.token_hex(16)
            self._write(entry, version, value)
            return version

    def _find(self, ref: facts.Ref) -> Entry | None:
        """Return a secret by id or exact name, after purging it if its window has ended."""
        if ref.id is None:
            entry = self.entries.get(ref.name)
        else:
            found = (each for each in self.entries.values() if each.secret.id == ref.id)
            entry = next(found, None)
        if entry and entry.delete_on and entry.delete_on <= self._now():
            self._purge(entry, entry.delete_on)
            return None
        return entry

    def _create(self, ref: facts.Ref, action: plan.Create, payload: Sealed | None) -> plan.Outcome:
        entry = self._find(facts.Ref(ref.name))
        if entry is not None:
            repeated = entry.values.get(action.version)
            if entry.delete_on is None and payload is not None and repeated == payload:
                return plan.Done(id=entry.secret.id, version=action.version)
            return plan.Conflict("ResourceExists")
        if self.reserved.get(ref.name, self._now()) > self._now():
            return plan.Conflict("NameReserved")
        self._need(action.kms_key_id)
        entry = Entry(
            facts.Secret(
                id=f"memory:{ref.name}:{secrets.token_hex(3)}",
                name=ref.name,
                description=action.description or "",
                kms_key_id=action.kms_key_id or None,
                tags=action.tags,
                type=action.type,
                replicas=action.replicas,
                created=self._now(),
                changed=self._now(),
            )
        )
        self.entries[ref.name] = entry
        if payload is not None:
            self._write(entry, action.version, payload)
        return plan.Done(id=entry.secret.id, version=entry.secret.version)

    def _purge(self, entry: Entry | None, at: dt.datetime) -> plan.Outcome:
        if entry is not None:
            del self.entries[entry.secret.name]
            self.reserved[entry.secret.name] = at + self._reserved_for
        return plan.Done()

    def _change(self, entry: Entry, action: plan.Action, payload: Sealed | None) -> plan.Outcome:
        match action:
            case plan.Restore():
                entry.delete_on = None
            case plan.ScheduleDeletion():
                entry.delete_on = self._now() + dt.timedelta(days=action.days)
                return plan.Done(date=entry.delete_on)
            case plan.SetPolicy():
                entry.policy = documents.normal(action.document)
            case plan.DropPolicy():
                entry.policy = None
            case plan.Compare():
                same = entry.values.get(action.version) == payload
                return plan.Done() if same else plan.Conflict("OtherValue")
            case plan.MoveStage():
                return self._move(entry, action)
            case plan.SetMetadata():
                return self._set_metadata(entry, action, payload)
            case _:
                return self._change_more(entry, action)
        return plan.Done()

    def _change_more(self, entry: Entry, action: plan.Action) -> plan.Outcome:
        secret = entry.secret
        match action:
            case plan.SetTags():
                self._update(entry, tags=plan.frozen({**secret.tags, **action.tags}))
            case plan.DropTags():
                kept = {k: v for k, v in secret.tags.items() if k not in action.keys}
                self._update(entry, tags=plan.frozen(kept))
            case plan.AddReplicas() | plan.RemoveReplicas():
                return self._replicate(entry, action)
            case plan.SetRotation():
                self._update(entry, rotation=action.rotation)
                if action.immediately:
                    self._write(entry, secrets.token_hex(16), Sealed(secrets.token_urlsafe()))
            case plan.CancelRotation():
                if secret.rotation:
                    off = dataclasses.replace(secret.rotation, enabled=False)
                    self._update(entry, rotation=off)
            case _:
                raise errors.StoreError(f"{type(action).__name__} is not for stores", "NoAction")
        return plan.Done()

    def _replicate(
        self, entry: Entry, action: plan.AddReplicas | plan.RemoveReplicas
    ) -> plan.Outcome:
        live = entry.secret.replicas
        held = {replica.region for replica in live}
        if isinstance(action, plan.RemoveReplicas):
            if not held.issuperset(action.regions):
                return plan.Conflict("NoReplica")
            self._update(entry, replicas=tuple(r for r in live if r.region not in action.regions))
            return plan.Done()
        if held.intersection(replica.region for replica in action.replicas):
            return plan.Conflict("ReplicaExists")
        self._update(entry, replicas=live + action.replicas)
        return plan.Done()

    def _move(self, entry: Entry, action: plan.MoveStage) -> plan.Outcome:
        secret = entry.secret
        if action.stage == values.CURRENT:
            if secret.version != action.current or action.to not in entry.values:
                return plan.Conflict("OtherVersion")
            self._update(entry, version=action.to, previous=action.current)
            return plan.Done()
        labels = {**secret.labels, values.PREVIOUS: secret.previous}
        missing = action.to is not None and action.to not in entry.values
        allowed = {None, action.to} if action.current is None else {action.current}
        nowhere = action.current is action.to is None
        if labels.get(action.stage) not in allowed or missing or nowhere:
            return plan.Conflict("OtherVersion")
        labels[action.stage] = action.to
        previous = labels.pop(values.PREVIOUS)
        kept = {label: version for label, version in labels.items() if version is not None}
        self._update(entry, previous=previous, labels=plan.frozen(kept))
        return plan.Done()

    def _set_metadata(
        self, entry: Entry, action: plan.SetMetadata, payload: Sealed | None
    ) -> plan.Outcome:
        if action.version is not None and action.version in entry.values:
            return plan.Conflict("VersionExists", version_known=True)
        if payload is not None or action.kms_key_id is not None:
            key = action.kms_key_id
            self._need(entry.secret.kms_key_id if key is None else key)
        if action.description is not None:
            self._update(entry, description=action.description)
        if action.kms_key_id is not None:
            self._update(entry, kms_key_id=action.kms_key_id or None)
        if action.type is not None:
            self._update(entry, type=action.type or None)
        if payload is not None and action.version is not None:
            self._write(entry, action.version, payload)
        return plan.Done(version=action.version)

    def _need(self, key: str | None) -> None:
        """Refuse to encrypt with a key that is known not to be usable."""
        known = self.keys.get(key or "")
        if known and known.state is not facts.KeyState.USABLE:
            raise errors.StoreError(f"the key {key} is {known.state.value}", "EncryptionFailure")

    def _write(self, entry: Entry, version: str, value: Sealed) -> None:
        entry.values[version] = value
        entry.written[version] = self._now()
        self._update(entry, version=version, previous=entry.secret.version)

    def _update(self, entry: Entry, **changes: object) -> None:
        dated = {"changed": self._now(), **changes}
        entry.secret = dataclasses.replace(entry.secret, **dated)  # type: ignore[arg-type]
