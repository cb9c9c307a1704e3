"""Create, delete, restore, describe, list: the calls that move a name between states."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from moto.secretsmanager.list_secrets import filters as moto_filters

from . import errors, replication, versions
from .context import Context, Operation, page
from .store import (
    CURRENT,
    DAY,
    Deletion,
    Replica,
    Secret,
    Tombstone,
    describe,
)
from .wire import Params

DEFAULT_WINDOW_DAYS = 30
_ONLY_DESCRIBED = frozenset(
    {"VersionIdsToStages", "ReplicationStatus", "CrossAccountPrimary", "CrossAccountReplicas"}
)
_FILTER_VALUE = re.compile(r"!?[a-zA-Z0-9 :_@/+=.!-]{0,512}")
_FILTER_VALUES = range(1, 11)


def create(ctx: Context) -> Params:
    """Carry out CreateSecret on a name that is free or live."""
    if ctx.found is not None:
        return _create_again(ctx)
    params = ctx.params
    ctx.require_encryption(params.get("KmsKeyId"))
    regions = params.get("AddReplicaRegions") or []
    replication.check_regions(ctx.shelf.region, regions)
    secret = Secret(ctx.shelf.account, ctx.shelf.region, params, ctx.now)
    answer: Params = {"ARN": secret.arn, "Name": secret.name}
    if versions.value_of(params):
        answer["VersionId"] = versions.add(secret, params, [CURRENT], ctx.now)
    ctx.shelf.add(secret)
    if regions:
        answer["ReplicationStatus"] = replication.add(ctx, secret, regions)
    return answer


def _create_again(ctx: Context) -> Params:
    # "CreateSecret, same ClientRequestToken + same value: 200, does nothing; other value: REE".
    token, found = ctx.params.get("ClientRequestToken"), ctx.found
    known = found.versions.get(token or "") if isinstance(found, Secret) else None
    if known is None or token is None:
        raise errors.exists(ctx.params["Name"])
    if not versions.holds(known, versions.value_of(ctx.params)):
        raise errors.token_in_use(token, ctx.secret.arn)
    return {**ctx.identity, "VersionId": token}


def delete(ctx: Context) -> Params:
    """Carry out DeleteSecret: schedule, or purge at once when forced."""
    forced = bool(ctx.params.get("ForceDeleteWithoutRecovery"))
    secret = ctx.found
    if not isinstance(secret, Secret):
        return _delete_nothing(ctx)
    regions = [replica.region for replica in secret.replicas]
    if regions:
        raise errors.has_replicas(secret.name, regions)
    if secret.planted.get("CrossAccountReplicas"):
        raise errors.has_cross_account_replica(secret.name)
    if forced:
        ctx.store.purge(ctx.shelf, secret, ctx.now)
        return {"ARN": secret.arn, "Name": secret.name, "DeletionDate": ctx.now}
    window = ctx.params.get("RecoveryWindowInDays") or DEFAULT_WINDOW_DAYS
    secret.deletion = Deletion(ctx.now, ctx.now + window * DAY)
    return {**ctx.identity, "DeletionDate": secret.deletion.ends_at}


def _delete_nothing(ctx: Context) -> Params:
    # "DeleteSecret(force), absent name: 200, no RNF". AWS answers an ARN all the same.
    secret_id: str = ctx.params["SecretId"]
    if isinstance(ctx.found, Tombstone):
        arn, name = ctx.found.arn, ctx.found.name
    elif secret_id.startswith("arn:"):
        arn, name = secret_id, secret_id.rpartition(":")[2]
    else:
        made_up = {"Name": secret_id}
        arn = Secret(ctx.shelf.account, ctx.shelf.region, made_up, ctx.now).arn
        name = secret_id
    return {"ARN": arn, "Name": name, "DeletionDate": ctx.now}


def restore(ctx: Context) -> Params:
    """Carry out RestoreSecret: everything is kept, only the deletion is taken back."""
    if ctx.secret.deletion:
        ctx.secret.restored_at = ctx.now
    ctx.secret.deletion = None
    return ctx.identity


def describe_secret(ctx: Context) -> Params:
    """Carry out DescribeSecret."""
    assert ctx.found is not None
    return describe(ctx.found, ctx.store)


def _begins(text: str | None, prefixes: list[str]) -> bool:
    return text is not None and text.startswith(tuple(prefixes))


_FILTERS: dict[str, Callable[..., bool]] = {
    "all": moto_filters.filter_all,
    "name": moto_filters.name_filter,
    "description": moto_filters.description_filter,
    "tag-key": moto_filters.tag_key,
    "tag-value": moto_filters.tag_value,
    "owning-service": lambda one, values: _begins(one.primary.planted.get("OwningService"), values),
    "primary-region": lambda one, values: _begins(one.primary.region, values),
}


def _check_filters(filters: Iterable[Params]) -> None:
    for entry in filters:
        values: list[str] = entry.get("Values") or []
        wrong = [text for text in values if not _FILTER_VALUE.fullmatch(text)]
        if entry.get("Key") not in _FILTERS:
            field = "filters.key"
        elif wrong or len(values) not in _FILTER_VALUES:
            field = "filters.values"
        else:
            continue
        message = f"1 validation error detected: Value at '{field}' failed to satisfy constraint"
        raise errors.validation(message)


_SORT_KEYS: dict[str, Callable[[Secret], Any]] = {
    "created-date": lambda secret: secret.created_date,
    "last-accessed-date": lambda secret: secret.accessed or 0,
    "last-changed-date": lambda secret: secret.last_changed_date,
    "name": lambda secret: secret.name,
}


def list_secrets(ctx: Context) -> Params:
    """Carry out ListSecrets: pending ones only with IncludePlannedDeletion.

    Only the page is rendered: a listing of thousands takes as many calls as it has pages.
    """
    params = ctx.params
    pending, filters = bool(params.get("IncludePlannedDeletion")), params.get("Filters") or []
    _check_filters(filters)
    found = [
        secret
        for secret in ctx.shelf
        if (pending or not secret.primary.deletion)
        and all(_FILTERS[entry["Key"]](secret, entry["Values"]) for entry in filters)
    ]
    key = _SORT_KEYS[params.get("SortBy", "created-date")]
    newest_first = params.get("SortOrder", "desc") == "desc"
    found.sort(key=lambda secret: key(secret.primary), reverse=newest_first)
    shown, more = page([{"found": secret} for secret in found], params)
    return {"SecretList": [_entry(one["found"], ctx) for one in shown], **more}


def _entry(secret: Secret | Replica, ctx: Context) -> Params:
    """Render one entry: what DescribeSecret shows, without what only that shows."""
    full = describe(secret, ctx.store)
    entry = {key: value for key, value in full.items() if key not in _ONLY_DESCRIBED}
    if "VersionIdsToStages" in full:
        entry["SecretVersionsToStages"] = full["VersionIdsToStages"]
    return entry


OPERATIONS: dict[str, Operation] = {
    "CreateSecret": create,
    "DeleteSecret": delete,
    "DescribeSecret": describe_secret,
    "ListSecrets": list_secrets,
    "RestoreSecret": restore,
}
