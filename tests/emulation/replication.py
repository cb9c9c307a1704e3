"""Replicas in other regions: adding, removing, promoting."""

from __future__ import annotations

import copy
from collections.abc import Iterable

from . import errors
from .context import Context, Operation
from .store import Replica, Secret, replication_status
from .wire import Params


def check_regions(primary: str, entries: Iterable[Params]) -> None:
    """Refuse a replica in the primary's own region.

    Raises:
        AwsError: InvalidParameterException.
    """
    if any(entry["Region"] == primary for entry in entries):
        message = "Invalid replica region."
        raise errors.invalid_parameter(message)


def add(ctx: Context, secret: Secret, entries: list[Params]) -> list[Params]:
    """Add replicas and return ReplicationStatus as AWS answers it: always InProgress first.

    "Replicating onto an existing name: the call succeeds, ReplicationStatus says Failed".
    """
    ready_at = ctx.now + ctx.store.behaviour.replication_seconds
    for entry in entries:
        region, key = entry["Region"], entry.get("KmsKeyId")
        shelf = ctx.store.shelf(ctx.shelf.account, region)
        taken = shelf.named(secret.name)
        overwrite = ctx.params.get("ForceOverwriteReplicaSecret")
        if isinstance(taken, Secret | Replica) and overwrite:
            shelf.remove(taken)
            taken = None
        failure = (
            f"Replication failed: Secret name {secret.name} already exists in region {region}."
            if taken
            else None
        )
        replica = Replica(secret, region, key, ready_at, failure)
        secret.replicas.append(replica)
        if failure is None:
            shelf.add(replica)
    added = {entry["Region"] for entry in entries}
    return [
        {"Region": status["Region"], "KmsKeyId": status["KmsKeyId"], "Status": "InProgress"}
        if status["Region"] in added
        else status
        for status in replication_status(secret, ctx.now)
    ]


def replicate(ctx: Context) -> Params:
    """Carry out ReplicateSecretToRegions."""
    secret, entries = ctx.secret, ctx.params["AddReplicaRegions"]
    check_regions(secret.region, entries)
    present = {replica.region for replica in secret.replicas if replica.status != "Failed"}
    again = [entry["Region"] for entry in entries if entry["Region"] in present]
    if again:
        message = f"Secret is already replicated to region(s) {', '.join(again)}."
        raise errors.invalid_parameter(message)
    # Trying again replaces the entry of the attempt that failed.
    wanted = {entry["Region"] for entry in entries}
    secret.replicas = [replica for replica in secret.replicas if replica.region not in wanted]
    return {"ARN": secret.arn, "ReplicationStatus": add(ctx, secret, entries)}


def remove(ctx: Context) -> Params:
    """Carry out RemoveRegionsFromReplication: the replicas are gone at once, or soon."""
    secret, regions = ctx.secret, ctx.params["RemoveReplicaRegions"]
    unknown = set(regions) - {replica.region for replica in secret.replicas}
    if unknown:
        message = f"Secret is not replicated to region(s) {', '.join(sorted(unknown))}."
        raise errors.invalid_parameter(message)
    for replica in list(secret.replicas):
        assert isinstance(replica, Replica)
        if replica.region in regions:
            replica.gone_at = replica.gone_at or ctx.now + ctx.store.behaviour.removal_seconds
    ctx.store.remove_replicas(secret)
    return {"ARN": secret.arn, "ReplicationStatus": replication_status(secret, ctx.now)}


def stop(ctx: Context) -> Params:
    """Carry out StopReplicationToReplica: the replica becomes a secret of its own."""
    replica = ctx.found
    if not isinstance(replica, Replica):
        message = "Operation not permitted on a primary secret."
        raise errors.invalid_parameter(message)
    ctx.store.take_away(replica)
    alone = copy.deepcopy(replica.primary)
    alone.arn, alone.region, alone.kms_key_id = replica.arn, replica.region, replica.kms_key_id
    alone.replicas = []
    ctx.shelf.add(alone)
    return {"ARN": alone.arn}


OPERATIONS: dict[str, Operation] = {
    "RemoveRegionsFromReplication": remove,
    "ReplicateSecretToRegions": replicate,
    "StopReplicationToReplica": stop,
}
