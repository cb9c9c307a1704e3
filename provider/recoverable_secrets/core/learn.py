"""What an action's outcome teaches about the secret. Pure.

Purging is the one state that cannot be observed. It is inferred: nothing is there although a
create was refused, or nothing can be restored although it was pending.
"""

from __future__ import annotations

import dataclasses

from . import plan
from .facts import Absent, Observed, PendingDeletion, Present, Purging, Ref, Secret


def looked(known: Observed, seen: Observed) -> Observed:
    """Return what a look means after what was known before it."""
    match known, seen:
        case Absent(), Absent():
            return Absent(confirmed=True)
        case Present(), Present() if known.secret.tags == seen.secret.tags:
            return dataclasses.replace(seen, confirmed=True)
    return seen


def fold(observed: Observed, action: plan.Action, done: plan.Done, ref: Ref) -> Observed:
    """Return what is known after an action took effect."""
    match action:
        case plan.Create():
            return Present(
                secret=Secret(
                    id=done.id or "",
                    name=ref.name,
                    description=action.description or "",
                    kms_key_id=action.kms_key_id,
                    tags=action.tags,
                    version=done.version,
                ),
                unpoliced=True,
                holds=done.version if action.source else None,
            )
        case plan.Purge():
            return Purging()
        case plan.Restore() if isinstance(observed, PendingDeletion):
            return Present(secret=observed.secret, restored=True)
        case plan.ScheduleDeletion() if isinstance(observed, Present):
            return PendingDeletion(secret=observed.secret, date=done.date)
    return _folded(observed, action, done) if isinstance(observed, Present) else observed


def _folded(present: Present, action: plan.Action, done: plan.Done) -> Present:
    """Return a live secret with one group changed."""
    secret = present.secret
    match action:
        case plan.DropPolicy():
            return dataclasses.replace(present, unpoliced=True)
        case plan.Compare():
            return dataclasses.replace(present, holds=action.version)
        case plan.MoveStage():
            moved = dataclasses.replace(secret, version=action.to, previous=action.current)
            return dataclasses.replace(present, secret=moved, differs=action.to)
        case plan.SetTags():
            tags = plan.frozen({**secret.tags, **action.tags})
            return dataclasses.replace(present, secret=dataclasses.replace(secret, tags=tags))
        case plan.DropTags():
            tags = plan.frozen({k: v for k, v in secret.tags.items() if k not in action.keys})
            dropped = dataclasses.replace(secret, tags=tags)
            return dataclasses.replace(present, secret=dropped, confirmed=True)
        case plan.SetMetadata():
            version = done.version if action.source else secret.version
            changed = dataclasses.replace(
                secret,
                description=_set(action.description, secret.description) or "",
                kms_key_id=_set(action.kms_key_id, secret.kms_key_id),
                version=version,
                previous=secret.version if action.source else secret.previous,
            )
            holds = version if action.source else present.holds
            return dataclasses.replace(present, secret=changed, holds=holds)
    return present


def _set(new: str | None, old: str | None) -> str | None:
    return old if new is None else new or None


def after_conflict(
    known: Observed,
    action: plan.Action,
    met: plan.Conflict,
    seen: Observed,
    *,
    reserved: bool,
) -> Observed:
    """Return what a look after a conflict means.

    Args:
        known: What was believed before the action.
        action: The action that met the conflict.
        met: The conflict.
        seen: What the store shows now.
        reserved: Whether this operation has met a reserved name already.
    """
    if isinstance(action, plan.Create) and isinstance(seen, Absent):
        return Purging()  # The name is taken, and nobody has it.
    if isinstance(action, plan.Restore) and isinstance(seen, PendingDeletion | Absent):
        return Purging()  # It was, or just now is, past saving.
    if isinstance(action, plan.Restore) and isinstance(seen, Present):
        return dataclasses.replace(seen, restored=True)  # Our own call, its answer lost.
    if reserved and isinstance(seen, PendingDeletion):
        return Purging()  # A purged secret shows its deletion date for some more seconds.
    if isinstance(known, Present) and isinstance(seen, Present):
        spent = action.version if isinstance(action, plan.SetMetadata) else None
        return dataclasses.replace(
            known, secret=seen.secret, spent=spent if met.version_known else known.spent
        )
    return seen
