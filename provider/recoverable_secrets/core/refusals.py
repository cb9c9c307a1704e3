"""Why a secret is left alone, in the words that people read."""

from __future__ import annotations

import datetime as dt

from . import diff, ownership
from .diff import Relation
from .errors import clip, short
from .facts import Gone, Kept, Memory, Observed, PendingDeletion, Secret
from .plan import Refusal
from .policy import Adopt, Capabilities, Policy


def not_ours(secret: Secret, wanted: Kept, policy: Policy, observed: Observed) -> Refusal | None:
    """Refuse what belongs to another, or to nobody, unless it may be adopted."""
    pending = isinstance(observed, PendingDeletion)
    state = "is scheduled for deletion" if pending else "exists"
    # While a deletion is pending, nobody can change a tag.
    handed = "" if pending else ", or run recoverable-secrets owner set"
    related = diff.relation(secret, wanted)
    if related is Relation.UNOWNED and policy.adopt is Adopt.NO:
        return Refusal(
            f"{short(secret.name)} {state} and has no owner: left alone. Use another name, "
            f"set adopt to unowned to take it over{handed}"
        )
    if related is Relation.FOREIGN and policy.adopt is not Adopt.ANY:
        return Refusal(
            f"{who(secret, 48)} and {state}: left alone. Use another name, set adopt to any to "
            f"take it over{handed}"
        )
    held = secret.manager and ownership.HANDOVER not in secret.tags
    if related is not Relation.OURS and held:
        return Refusal(
            f"{short(secret.name, 40)} is {clip(secret.manager or '', 56)}, which would destroy it "
            "for good when removed: deploy that with DeletionPolicy: Retain and the tag "
            f"{ownership.HANDOVER} first"
        )
    return None


def tied(secret: Secret) -> Refusal | None:
    """Refuse what AWS would refuse half-way, before anything is touched."""
    name = short(secret.name)
    if secret.primary_region:
        return Refusal(
            f"{name} is a replica here: its primary is in {secret.primary_region}. Set region to "
            "that one, or promote the replica first"
        )
    if secret.service:
        return Refusal(
            f"{name} is managed by {short(secret.service, 40)}: left alone. Change it through "
            "that service, or use another name"
        )
    if secret.partners:
        return Refusal(
            f"{name} is tied across accounts to {clip(secret.partners[0], 90)}: left alone. "
            "Disassociate that replica first"
        )
    return None


def read_within(accessed: dt.datetime | None, days: int, now: dt.datetime | None) -> bool:
    """Whether a value was, or may have been, read in the last `days` times 24 hours.

    Only the day of a read is known, in UTC: what may have been at its end is taken to have been.

    Args:
        accessed: On which day it was last read; `None` if never.
        days: How many days back count; 0 is none.
        now: What time it is, timezone-aware; without it, a read counts however old it is.
    """
    if accessed is None or days == 0:
        return False
    return now is None or now.astimezone(dt.UTC).date() < _forgotten(accessed, days)


def _forgotten(accessed: dt.datetime, days: int) -> dt.date:
    """Return the first day on which a read no longer counts."""
    return accessed.astimezone(dt.UTC).date() + dt.timedelta(days=days + 1)


def still_read(secret: Secret, wanted: Gone, policy: Policy) -> Refusal | None:
    """Refuse to delete what somebody seems to need."""
    days, accessed = policy.refuse_deletion_if_accessed_within, secret.accessed
    if accessed is None or not read_within(accessed, days, wanted.now):
        return None
    return Refusal(
        f"{short(secret.name)} was last read on {accessed.astimezone(dt.UTC):%Y-%m-%d}: not "
        "deleted. Find the reader (CloudTrail, access alarm), wait until "
        f"{_forgotten(accessed, days)}, or set refuse_deletion_if_accessed_within to less and "
        "deploy first"
    )


def stuck(secret: Secret, wanted: Kept, store: Capabilities) -> Refusal | None:
    """Refuse a key that the store cannot change any more."""
    if diff.stuck_key(secret, wanted, store):
        return Refusal(
            f"the key of {short(secret.name)} cannot be changed: {store.service} fixes it at "
            "creation. Declare the key that it has, or another name"
        )
    return None


def too_late(wanted: Kept) -> Refusal:
    """Refuse what a stack asks for that is not at work."""
    return Refusal(
        f"the stack of {short(wanted.name)} is not being created or updated: nothing was done. "
        "Deploy the stack; only CloudFormation may send events"
    )


def vanished(wanted: Kept) -> Refusal:
    """Refuse to make what a surface remembers under an id that cannot come back."""
    return Refusal(
        f"{short(wanted.name)} is remembered but cannot be brought back in place: run a refresh, "
        "then deploy again"
    )


def changed_hands(secret: Secret, memory: Memory) -> Refusal | None:
    """Refuse a secret whose owner is not the one that was shown when it was confirmed."""
    if secret.tags.get(ownership.OWNER, "") == memory.owner:
        return None
    return Refusal(
        f"{who(secret)} now, not to {short(memory.owner or 'nobody', 40)}: it changed hands since "
        "it was shown. Look again"
    )


def who(secret: Secret, limit: int = 64) -> str:
    """Return whose a secret is, for the texts."""
    owner = secret.tags.get(ownership.OWNER, "nobody")
    return f"{short(secret.name, limit)} belongs to {short(owner, 60)}"
