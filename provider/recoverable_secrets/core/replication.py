"""Copies of a secret in other regions: what is missing, what is too much, what did not come about.

A service refuses to delete a secret that has replicas, and a restore does not bring them back. So
a teardown takes them away, and a record in one of our tags says which there were:

    recoverable-secrets:replicas = "eu-west-1 us-east-2=alias/other-key"

A declared list wins over the record.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from . import keys, model, ownership
from .errors import clip, short
from .facts import Kept, Present, Replica, Secret
from .model import Spec
from .plan import Action, AddReplicas, Failure, Look, RemoveReplicas, Wait
from .policy import Capabilities, Policy

REGION = r"([a-z]+-)+[0-9]+"
"""What a region looks like."""

_ATTEMPTS = 2
_TAG_LENGTH = 256


def declared(spec: Spec) -> tuple[Replica, ...] | None:
    """Return the copies that a spec declares, `None` if it does not manage any."""
    if spec.replicas is None:
        return None
    return tuple(Replica(region=r.region, kms_key_id=r.kms_key_id) for r in spec.replicas)


def record(replicas: Iterable[Replica]) -> str:
    """Return the text that stands for some copies; a key or a region is left out if too long."""
    replicas = tuple(replicas)
    with_keys = [
        r.region if keys.same(r.kms_key_id, None) else f"{r.region}={r.kms_key_id}"
        for r in replicas
    ]
    text = " ".join(sorted(with_keys))
    if len(text) <= _TAG_LENGTH:
        return text
    regions = "".join(f"{region} " for region in sorted(r.region for r in replicas))
    return regions[: _TAG_LENGTH + 1].rpartition(" ")[0]


def recorded(tags: Mapping[str, str]) -> tuple[Replica, ...]:
    """Return the copies that a record stands for; what others wrote there and is none is not."""
    entries = (entry.partition("=") for entry in tags.get(ownership.REPLICAS, "").split())
    told: dict[str, Replica] = {}
    for region, _, key in entries:
        if re.fullmatch(REGION, region) and re.fullmatch(keys.PATTERN, key):
            told.setdefault(region, Replica(region=region, kms_key_id=key or None))
    return tuple(told.values())


def wanted(present: Present, kept: Kept, *, exact: bool) -> tuple[Replica, ...] | None:
    """Return the copies that should be there, `None` where they are not ours to manage."""
    said = declared(kept.spec)
    if said is not None:
        return said
    if kept.memory and kept.memory.spec.replicas is not None:
        return ()
    # Without any copy in step a run may have broken off between the restore and the copies.
    broken_off = exact and all(r.failed or r.status for r in present.secret.replicas)
    if (present.restored or broken_off) and ownership.REPLICAS in present.secret.tags:
        return of_record(present.secret)
    return None


def of_record(secret: Secret) -> tuple[Replica, ...] | None:
    """Return the copies of a secret's record, `None` if it is that of another secret.

    A replica that was made a secret of its own still has the tags of its primary, and is itself
    among the copies of that record.
    """
    told = recorded(secret.tags)
    return None if secret.region in {replica.region for replica in told} else told


def actions(
    present: Present, target: tuple[Replica, ...] | None, policy: Policy
) -> Iterator[Action]:
    """Yield what brings the copies to what is wanted.

    A copy that has failed is made once more. After a restore new copies go again if the rest
    fails, because nothing that has copies can be scheduled for deletion.
    """
    if target is None:
        return
    live = {replica.region: replica for replica in present.secret.replicas}
    asked = {replica.region: replica for replica in target}
    stale = {r for r, held in live.items() if r not in asked or _other(held, asked[r], present)}
    missing = tuple(asked[r] for r in asked if r not in live or r in stale)
    if gone := stale - present.removed:
        yield RemoveReplicas(regions=tuple(sorted(gone)))
    if stale & asked.keys():
        # A region that still lists the old copy would refuse the new one.
        yield from (Wait(), Look())
    elif missing:
        undo = RemoveReplicas(regions=tuple(replica.region for replica in missing))
        yield AddReplicas(
            replicas=missing,
            overwrite=policy.force_overwrite_replica_secret,
            undo=undo if present.restored else None,
        )


def _other(held: Replica, asked: Replica, present: Present) -> bool:
    """Whether a copy has to be made anew."""
    again = held.failed and present.added.count(held.region) < _ATTEMPTS
    return again or not keys.same(asked.kms_key_id, held.kms_key_id)


def settled(present: Present, target: tuple[Replica, ...] | None) -> Failure | tuple[Action, ...]:
    """Return what has to be waited for until all copies are in step; nothing if they are.

    Only what is wanted counts: a copy that somebody else makes is not waited for.
    """
    regions = {replica.region for replica in target or ()}
    awaited = [replica for replica in present.secret.replicas if replica.region in regions]
    for replica in awaited:
        if replica.failed:
            return Failure(_why(present.secret.name, replica), "ReplicationFailed")
    return (Wait(), Look()) if any(replica.status for replica in awaited) else ()


def _why(name: str, replica: Replica) -> str:
    told = clip((replica.message or "no reason is told").rstrip("."), 72)
    return (
        f"{short(name, 40)}: the replica in {replica.region} failed: {told}. Remove what is in its "
        "way or set force_overwrite_replica_secret to true; run again"
    )


def taken_away(present: Present, store: Capabilities) -> tuple[Action, ...]:
    """Return what makes a secret deletable, and puts its copies back if the deletion fails."""
    if not present.secret.replicas or not store.replicas:
        return ()
    live = [one for one in present.secret.replicas if one.region not in present.removed]
    if not live:
        return (Wait(), Look())  # They are still listed, so a deletion would be refused.
    back = tuple(Replica(region=r.region, kms_key_id=r.kms_key_id) for r in live if not r.failed)
    undo = AddReplicas(replicas=back) if back else None
    return (RemoveReplicas(regions=tuple(sorted(one.region for one in live)), undo=undo),)


def to_record(secret: Secret, spec: Spec) -> str | None:
    """Return what a teardown has to write down, `None` if that stands there already.

    A record of more than there is, is kept: a teardown that broke off has taken the rest away.
    Only a declaration tells that there should be no more.

    Args:
        secret: The live secret.
        spec: What was declared last, as far as it is remembered.
    """
    live, said = tuple(r for r in secret.replicas if not r.failed), declared(spec)
    target, known = live or said or (), of_record(secret) or ()
    told = _within(target, known) and (said is None or _within(known, target))
    text = record(target)
    return None if told or text == secret.tags.get(ownership.REPLICAS) else text


def _within(some: tuple[Replica, ...], others: tuple[Replica, ...]) -> bool:
    """Whether all of some copies are among others."""
    by_region = {replica.region: replica for replica in others}
    return all(
        replica.region in by_region
        and keys.same(replica.kms_key_id, by_region[replica.region].kms_key_id)
        for replica in some
    )


def shown(secret: Secret, spec: Spec) -> list[model.Replica]:
    """Return the copies that there are, those that are as declared as they are declared."""
    said = {replica.region: replica for replica in spec.replicas or ()}
    return sorted(
        (
            said[live.region]
            if live.region in said and keys.same(said[live.region].kms_key_id, live.kms_key_id)
            else model.Replica(region=live.region, kms_key_id=live.kms_key_id)
            for live in secret.replicas
            if not live.failed
        ),
        key=lambda replica: replica.region,
    )
