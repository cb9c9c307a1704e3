"""What becomes of a secret that its owner no longer wants.

The table stands in decide.py. Whatever makes a deletion impossible, or would bite after a restore,
is put out of the way first and written down, so that it comes back with the secret: replicas are
taken from the live list, and a rotation is cancelled. A secret that was read lately is refused
before any of that, where the user has asked for this guard.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import assert_never

from . import diff, keys, ownership, plan, refusals, replication, rotation
from .diff import Relation
from .errors import short
from .facts import (
    Absent,
    Declared,
    Gone,
    Mandate,
    Observed,
    PendingDeletion,
    Present,
    Purging,
    Secret,
    Unknown,
)
from .model import Spec
from .plan import Plan, Refusal
from .policy import Capabilities, Policy

_TAKING_BACK = frozenset({Mandate.ROLLBACK, Mandate.LATE})


def gone(observed: Observed, wanted: Gone, policy: Policy, store: Capabilities) -> Plan | Refusal:
    """Return what to do next with a secret that should no longer be there for its owner."""
    if policy.retain and wanted.mandate not in _TAKING_BACK:
        return _retained(wanted)
    return _changed_hands(observed, wanted) or _going(observed, wanted, policy, store)


def _changed_hands(observed: Observed, wanted: Gone) -> Refusal | None:
    """Refuse a person what was shown to be another's, or nobody's, before it was confirmed."""
    if wanted.by_hand and wanted.memory and isinstance(observed, Present | PendingDeletion):
        return refusals.changed_hands(observed.secret, wanted.memory)
    return None


def _going(observed: Observed, wanted: Gone, policy: Policy, store: Capabilities) -> Plan | Refusal:
    """Decide by what there is."""
    match observed:
        case Unknown():
            return Plan((plan.Look(),))
        case Absent(confirmed=confirmed):
            # A rollback deletes within moments of the creation, which a look may not show yet.
            if wanted.memory and not confirmed and wanted.mandate is not Mandate.OWN:
                return Plan((plan.Wait(), plan.Look()))
            return Plan()
        case Purging():
            return Plan()
        case PendingDeletion(secret=secret):
            if may_purge(secret, wanted, policy) and _same_instance(secret, wanted):
                return refusals.still_read(secret, wanted, policy) or Plan((plan.Purge(),))
            return Plan()  # Already on its way; another's is none of our business.
        case Present(secret=secret):
            deputy = wanted.mandate is not Mandate.OWN
            if deputy and not observed.confirmed and not _provably_ours(secret, wanted):
                # The marks may be some moments older than what the operation wrote.
                return Plan((plan.Wait(), plan.Look()))
            return _ended(observed, wanted, policy, store)
        case _:
            assert_never(observed)


def _ended(present: Present, wanted: Gone, policy: Policy, store: Capabilities) -> Plan | Refusal:
    """Decide for a live secret, with what has to be done before it can go."""
    decided = _torn_down(present.secret, wanted, policy)
    if isinstance(decided, Refusal):
        return decided
    guarded = _guarded(present, decided, wanted, policy)
    return guarded or _prepared(present, decided, wanted, store)


def _guarded(present: Present, decided: Plan, wanted: Gone, policy: Policy) -> Refusal | None:
    """Refuse to delete what was read lately: before anything is changed, or not at all.

    What is taken back must not fail, and it is scheduled at most.
    """
    begun = present.rotated or present.removed
    if begun or wanted.mandate in _TAKING_BACK or not decided.destructive:
        return None
    return refusals.still_read(present.secret, wanted, policy)


def _prepared(present: Present, decided: Plan, wanted: Gone, store: Capabilities) -> Plan:
    """Return the plan with what has to be done before a secret can go, and come back whole."""
    if not decided.destructive:
        return decided
    scheduled = any(isinstance(step, plan.ScheduleDeletion) for step in decided.actions)
    unknown = keys.check(present, store) if scheduled else ()
    if unknown:
        return Plan(unknown)
    away = replication.taken_away(present, store)
    if any(isinstance(step, plan.Wait) for step in away):
        return Plan(away)
    if not scheduled:
        return dataclasses.replace(decided, actions=(*away, *decided.actions))
    before = (*rotation.cancelled(present.secret, store), *away)
    told = keys.warnings(present)
    if not any(isinstance(step, plan.DropTags) for step in decided.actions):  # Still ours.
        declared = wanted.memory.spec if wanted.memory else Spec()
        worth = dict(_worth_telling(present.secret, declared))
        record = _fitting(worth, present.secret, store)
        before = ((plan.SetTags(tags=plan.frozen(record)),) if record else ()) + before
        told += tuple(_forgotten(present.secret, worth, record))
        told += tuple(_without_keys(present.secret, record))
    return Plan((*before, *decided.actions), (*decided.notes, *told))


def _worth_telling(secret: Secret, spec: Spec) -> Iterator[tuple[str, str]]:
    """Yield the tags that say what a restore has to bring back, and are not there yet."""
    replicas, live = replication.to_record(secret, spec), secret.rotation
    if replicas is not None:
        yield ownership.REPLICAS, replicas
    flagged = secret.tags.get(ownership.ROTATION) == rotation.CANCELLED
    if live and live.enabled and not flagged:
        yield ownership.ROTATION, rotation.CANCELLED
    elif flagged and rotation.managed(spec) and rotation.declared(spec) is None:
        yield ownership.ROTATION, rotation.OFF


def _fitting(worth: Mapping[str, str], secret: Secret, store: Capabilities) -> dict[str, str]:
    """Return those tags for which there is room."""
    fitting: dict[str, str] = {}
    for key, content in worth.items():
        if len({*secret.tags, *fitting, key}) <= store.tags:
            fitting[key] = content
    return fitting


def _forgotten(
    secret: Secret, worth: Mapping[str, str], record: Mapping[str, str]
) -> Iterator[str]:
    """Yield what to say of that of which a restore will not know."""
    at = f"no room in the tags of {short(secret.name)} for"
    named = {replica.region for replica in replication.recorded({**secret.tags, **record})}
    lost = [r.region for r in secret.replicas if not r.failed and r.region not in named]
    if lost and ownership.REPLICAS in worth:
        yield (
            f"{at} its replicas in {short(', '.join(lost), 72)}: a restore brings them back only "
            "where they are declared"
        )
    if ownership.ROTATION in worth.keys() - record.keys():
        yield f"{at} its rotation: a restore brings it back only where it is declared"


def _without_keys(secret: Secret, record: Mapping[str, str]) -> Iterator[str]:
    """Yield what to say of keys of replicas for which the record has no room."""
    known = {r.region: r for r in replication.recorded({**secret.tags, **record})}
    lost = [
        r.region
        for r in secret.replicas
        if not r.failed
        and r.region in known
        and not keys.same(r.kms_key_id, known[r.region].kms_key_id)
    ]
    if lost:
        yield (
            f"no room in the tags of {short(secret.name)} for the keys of its replicas in "
            f"{short(', '.join(lost), 48)}: where they are not declared, they get the default key"
        )


def _provably_ours(secret: Secret, wanted: Gone) -> bool:
    return diff.relation(secret, wanted) is Relation.OURS and _same_instance(secret, wanted)


def _torn_down(secret: Secret, wanted: Gone, policy: Policy) -> Plan | Refusal:
    """Decide for a live secret that its owner no longer wants."""
    related = diff.relation(secret, wanted)
    if related is Relation.FOREIGN:
        return Plan(notes=(f"{refusals.who(secret)}: left alone",))
    deputy = wanted.mandate is not Mandate.OWN
    if deputy and related is Relation.UNOWNED:
        return Plan(notes=(f"{short(secret.name)} has no owner tag: left alone",))
    if not _same_instance(secret, wanted):
        # The old half of a replacement: the new half goes on with the same secret.
        life = "another life of its stack" if deputy else "its replacement"
        return Plan(notes=(f"{short(secret.name)} goes on in {life}: left alone",))
    tied = refusals.tied(secret)
    if tied:
        return tied
    schedule = plan.ScheduleDeletion(days=policy.recovery_window_in_days)
    if wanted.mandate in _TAKING_BACK:
        return _rolled_back(secret, wanted, policy, schedule)
    if related is Relation.UNOWNED and (not wanted.memory or wanted.memory.id != secret.id):
        return Refusal(
            f"{short(secret.name)} has no owner tag and is not remembered: not deleted. "
            "Delete it by hand, or give it the owner tag"
        )
    if may_purge(secret, wanted, policy):
        return Plan((plan.Purge(),))
    if not policy.force:
        return Plan((schedule,))
    # What cannot be proved ours is never destroyed for good.
    reason = "was not created by its stack" if deputy else "has lost its owner tag"
    return Plan((schedule,), (f"{short(secret.name)} {reason}: it is scheduled, not purged",))


def _rolled_back(
    secret: Secret, wanted: Gone, policy: Policy, schedule: plan.ScheduleDeletion
) -> Plan:
    """Decide for a live secret whose operation is taken back: undo that, and no more."""
    release = plan.DropTags(keys=ownership.CLAIM)
    origin, late = secret.tags.get(ownership.ORIGIN), wanted.mandate is Mandate.LATE
    match origin:
        case ownership.FOUND | ownership.FOUND_ADOPTED:
            return Plan(notes=(f"{short(secret.name)} was there before: left alone",))
        case ownership.ADOPTED | ownership.ADOPTED_PENDING if late:
            return Plan(notes=(f"{short(secret.name)} was adopted for good: left alone",))
        case ownership.ADOPTED:
            return Plan((release,), (f"{short(secret.name)} released: it stays live",))
        case ownership.ADOPTED_PENDING:
            return Plan((release, schedule))
        case ownership.RESTORED:
            return Plan((schedule,))
    return _retained(wanted) if policy.retain else Plan((schedule,))


def may_purge(secret: Secret, wanted: Declared, policy: Policy) -> bool:
    """Whether a secret may be destroyed for good: force was said, and it is ours to lose."""
    if not policy.force or diff.relation(secret, wanted) is not Relation.OURS:
        return False
    created = secret.tags.get(ownership.ORIGIN) == ownership.CREATED
    return wanted.mandate is Mandate.OWN or (wanted.mandate is Mandate.DEPUTY and created)


def _same_instance(secret: Secret, wanted: Gone) -> bool:
    """Whether the live incarnation is the one that is to go.

    Where the user acts, a mark that is missing counts as the right one; a deputy needs proof.
    """
    remembered = wanted.instance or (wanted.memory.instance if wanted.memory else None)
    if wanted.mandate is not Mandate.OWN:
        return remembered is not None and ownership.marks(remembered, secret.tags)
    live = secret.tags.get(ownership.INSTANCE)
    return remembered is None or live is None or live == remembered


def _retained(wanted: Gone) -> Plan:
    return Plan(notes=(f"{short(wanted.name)} stays as it is: deletion is retain",))
