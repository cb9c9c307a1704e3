"""Deleting what rows have made, whatever became of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import botocore.exceptions

from .scene import Side

PREFIX = "recoverable-secrets-live-"
"""What the names of all runs begin with."""

RUN = re.compile(re.escape(PREFIX) + r"[0-9a-f]{8}/")
REPLICA_SECONDS = 120.0

_POSSIBLE = re.compile(r"[A-Za-z0-9/_+=.@!-]{1,512}")


def find(side: Side) -> list[tuple[str, str]]:
    """Return region and name of every secret that is left, of any run under the side's prefix."""
    return sorted({found for region in (side.region, side.far) for found in _listed(side, region)})


def _listed(side: Side, region: str) -> Iterator[tuple[str, str]]:
    pages = side.client(region).get_paginator("list_secrets")
    by_name = [{"Key": "name", "Values": [side.prefix]}]
    for page in pages.paginate(Filters=by_name, IncludePlannedDeletion=True):
        for entry in page["SecretList"]:
            name = entry["Name"]
            # What a replica is goes with its primary.
            primary = entry.get("PrimaryRegion") in (None, region)
            if primary and name.startswith(side.prefix) and RUN.match(name):
                yield region, name


def delete(side: Side, secrets: Iterable[tuple[str, str]]) -> list[str]:
    """Delete secrets for good; return a line for each that could not be."""
    problems = []
    # A replica cannot be deleted where it is: it goes with its primary.
    for region, name in sorted(secrets, key=lambda one: (one[0] != side.region, one)):
        if not _POSSIBLE.fullmatch(name):
            continue  # AWS refused it, and what it never had it cannot lose.
        try:
            _delete(side, region, name)
        except (
            botocore.exceptions.BotoCoreError,
            botocore.exceptions.ClientError,
        ) as error:
            problems.append(f"{name} in {region}: {error}")
        else:
            side.made.discard((region, name))
    return problems


def _delete(side: Side, region: str, name: str) -> None:
    """Delete one secret, its replicas first; one that is gone already is fine."""
    client = side.client(region)
    waited = 0.0
    while True:
        for replica in _replicas(client, name):
            client.remove_regions_from_replication(SecretId=name, RemoveReplicaRegions=[replica])
        try:
            client.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
        except client.exceptions.InvalidParameterException:
            if waited >= REPLICA_SECONDS:  # The replica is still being made, or unmade.
                raise
            side.pause(10)
            waited += 10
        else:
            return


def _replicas(client: Any, name: str) -> list[str]:
    try:
        described = client.describe_secret(SecretId=name)
    except client.exceptions.ResourceNotFoundException:
        return []  # Gone, or not seen yet: a forced deletion is right for both.
    return [one["Region"] for one in described.get("ReplicationStatus", [])]
