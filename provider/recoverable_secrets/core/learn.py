"""What an action's outcome teaches about the secret. Pure.

Purging is the one state that cannot be observed. It is inferred: nothing is there although a
create was refused, or nothing can be restored although it was pending.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from . import plan, values
from .facts import Absent, Observed, PendingDeletion, Present, Purging, Ref, Replica, Secret


def looked(known: Observed, seen: Observed) -> Observed:
    """Return what a look means after what was known before it."""
    match known, seen:
        case Absent(), Absent():
            return Absent(confirmed=True)
        case Present(), Present():
            same = known.secret.tags == seen.secret.tags
            return dataclasses.replace(known, secret=seen.secret, confirmed=same)
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
                    type=action.type,
                    replicas=_begun(action.replicas),
                ),
                created=True,
                added=tuple(replica.region for replica in action.replicas),
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
    match action:
        case plan.DropPolicy() | plan.SetPolicy():
            return dataclasses.replace(present, policed=True)
        case plan.Compare():
            return dataclasses.replace(present, holds=action.version)
        case plan.CheckKey():
            return dataclasses.replace(present, key=done.key)
        case plan.MoveStage():
            return _moved(present, action)
        case plan.SetTags() | plan.DropTags():
            return _tagged(present, action)
        case plan.SetMetadata():
            return _described(present, action, done)
        case plan.AddReplicas() | plan.RemoveReplicas():
            return _replicated(present, action)
        case plan.SetRotation() | plan.CancelRotation():
            return _rotated(present, action)
    return present


def _tagged(present: Present, action: plan.SetTags | plan.DropTags) -> Present:
    live = present.secret.tags
    if isinstance(action, plan.SetTags):
        return _with(present, tags=plan.frozen({**live, **action.tags}))
    kept = {key: content for key, content in live.items() if key not in action.keys}
    return dataclasses.replace(_with(present, tags=plan.frozen(kept)), confirmed=True)


def _replicated(present: Present, action: plan.AddReplicas | plan.RemoveReplicas) -> Present:
    live = present.secret.replicas
    if isinstance(action, plan.RemoveReplicas):
        left = tuple(replica for replica in live if replica.region not in action.regions)
        removed = present.removed | {*action.regions}
        return dataclasses.replace(_with(present, replicas=left), removed=removed)
    regions = tuple(replica.region for replica in action.replicas)
    others = tuple(replica for replica in live if replica.region not in regions)
    return dataclasses.replace(
        _with(present, replicas=others + _begun(action.replicas)),
        added=present.added + regions,
        removed=present.removed - {*regions},
    )


def _rotated(present: Present, action: plan.SetRotation | plan.CancelRotation) -> Present:
    live = present.secret.rotation
    if isinstance(action, plan.SetRotation):
        live = action.rotation
    elif live is not None:
        live = dataclasses.replace(live, enabled=False)
    return dataclasses.replace(_with(present, rotation=live), rotated=True)


def _with(present: Present, **changes: Any) -> Present:
    return dataclasses.replace(present, secret=dataclasses.replace(present.secret, **changes))


def _begun(replicas: tuple[Replica, ...]) -> tuple[Replica, ...]:
    """Return copies as they are right after the call: nothing is known of them yet."""
    return tuple(dataclasses.replace(replica, status="InProgress") for replica in replicas)


def _moved(present: Present, action: plan.MoveStage) -> Present:
    """Return a secret after a label was moved."""
    labels = dict(present.secret.labels)
    if action.stage == values.CURRENT:
        return _with(present, version=action.to, previous=action.current)
    if action.stage == values.PREVIOUS:
        return _with(present, previous=action.to)
    labels.pop(action.stage, None)
    if action.to is not None:
        labels[action.stage] = action.to
    return _with(present, labels=plan.frozen(labels))


def _described(present: Present, action: plan.SetMetadata, done: plan.Done) -> Present:
    """Return a secret after description, key, type and value were set."""
    secret, written = present.secret, action.source is not None
    changed = _with(
        present,
        description=_set(action.description, secret.description) or "",
        kms_key_id=_set(action.kms_key_id, secret.kms_key_id),
        type=_set(action.type, secret.type),
        version=done.version if written else secret.version,
        previous=secret.version if written else secret.previous,
    )
    return dataclasses.replace(changed, holds=done.version) if written else changed


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
