"""Secrets Manager as a state machine: validate, look, ask the table, carry out."""

from __future__ import annotations

from . import (
    errors,
    lifecycle,
    metadata,
    replication,
    rotation,
    state,
    validation,
    values,
    versions,
)
from .context import Context, Operation
from .store import Found, Replica, Secret, Shelf, Store, describe, stage_of
from .wire import Params

OPERATIONS: dict[str, Operation] = {
    **lifecycle.OPERATIONS,
    **metadata.OPERATIONS,
    **replication.OPERATIONS,
    **rotation.OPERATIONS,
    **values.OPERATIONS,
}
_WITHOUT_SECRET = frozenset({"BatchGetSecretValue", "GetRandomPassword", "ListSecrets"})


class SecretsManager:
    """The service, without any transport, credentials or faults.

    Attributes:
        store: All secrets.
    """

    def __init__(self, store: Store) -> None:
        self.store = store

    def settle(self) -> None:
        """Bring everything to the present, as the clock has it."""
        self.store.settle()
        rotation.settle(self.store)
        self._age_versions()

    def _age_versions(self) -> None:
        kept = self.store.behaviour.unlabelled_seconds
        if kept is not None:
            self.drop_unlabelled(kept)

    def drop_unlabelled(self, kept_seconds: float = 0) -> None:
        """Drop the versions of all secrets that have had no label for that long."""
        for shelf in self.store.shelves.values():
            for secret in shelf:
                if isinstance(secret, Secret):
                    versions.drop_unlabelled(secret, self.store.clock.timestamp(), kept_seconds)

    def perform(self, account: str, region: str, action: str, params: Params) -> Params:
        """Carry out one call.

        Raises:
            AwsError: What AWS answers instead.
        """
        operation = OPERATIONS.get(action)
        if operation is None:
            raise errors.unknown_operation(action)
        self.settle()
        validation.check(action, params)
        shelf = self.store.shelf(account, region)
        found = self.look_up(shelf, action, params)
        if action not in _WITHOUT_SECRET:
            self._guard(action, params, found)
        ctx = Context(self.store, shelf, found, params)
        if action not in state.WRITES:
            return operation(ctx)
        before = describe(found, self.store) if found else None
        answer = operation(ctx)
        self._age_versions()  # notes since when a version has had no label
        shelf.before[answer.get("Name") or ctx.secret.name] = before
        return answer

    def look_up(self, shelf: Shelf, action: str, params: Params) -> Found | None:
        """Find the secret a call is about."""
        if action == "CreateSecret":
            return shelf.named(params.get("Name", ""))
        secret_id = params.get("SecretId")
        return shelf.find(secret_id) if secret_id else None

    def _guard(self, action: str, params: Params, found: Found | None) -> None:
        if action == "ValidateResourcePolicy":
            return
        forced = action == "DeleteSecret" and params.get("ForceDeleteWithoutRecovery")
        row = state.FORCED if forced else action
        shown = self.store.is_shown(found)
        what = state.verdict(row, stage_of(found))
        refusal = state.refusal(what, self.store.behaviour, shown=shown)
        if refusal is not None:
            raise refusal
        if action not in state.WRITES or action in ("CreateSecret", "StopReplicationToReplica"):
            return
        if isinstance(found, Replica):
            raise errors.is_replica()
        if isinstance(found, Secret) and "OwningService" in found.planted:
            raise errors.is_owned(found.planted["OwningService"])

    def before_last_write(self, account: str, region: str, params: Params) -> Params | None:
        """Return DescribeSecret's answer as it was before the last write.

        Raises:
            AwsError: ResourceNotFound, when the last write created the secret.
        """
        shelf = self.store.shelf(account, region)
        found = shelf.find(params.get("SecretId", ""))
        if found is None or found.name not in shelf.before:
            return None
        before = shelf.before[found.name]
        if before is None:
            raise errors.not_found()
        return before
