"""What becomes of a secret that a person asks for by name, without a declaration.

A person names a secret, is shown what it is, and confirms. Nothing but what was asked for changes:
what a declaration would bring in order stays as it is. A secret that changed hands since it was
shown is left alone.

    asked for   live                              pending deletion    absent
    ----------  --------------------------------  ------------------  -------
    back        what is missing of it             restore             refuse
    handed      set or drop the owner tag         refuse              refuse
    labelled    move labels                       refuse              refuse

After a restore come the replicas of the record and the rotation that the teardown cancelled. It
is never taken back if one of these fails: the secret itself is what people want to save.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from . import keys, ownership, plan, refusals, replication, rotation, values
from .errors import short
from .facts import (
    Absent,
    Asked,
    Back,
    Handed,
    Labelled,
    Observed,
    PendingDeletion,
    Present,
    Purging,
    Replica,
    Secret,
    Unknown,
)
from .plan import Decision, Plan, Refusal
from .policy import Capabilities, Policy


def asked(observed: Observed, wanted: Asked, policy: Policy, store: Capabilities) -> Decision:
    """Return what to do next for a person, or why nothing is done."""
    if isinstance(observed, Unknown):
        return Plan((plan.Look(),))
    if isinstance(observed, Absent | Purging):
        return Refusal(
            f"{short(wanted.name)} does not exist, or its name is reserved for some moments "
            "after it was deleted for good: there is nothing to bring back"
        )
    refusal = refusals.tied(observed.secret) or _in_other_hands(observed.secret, wanted)
    if refusal:
        return refusal
    if isinstance(observed, PendingDeletion):
        return _pending(observed, wanted, policy, store)
    if isinstance(wanted, Back):
        return _back(observed, policy, store)
    if isinstance(wanted, Handed):
        return Plan(tuple(_handed(observed.secret, wanted)))
    return _labelled(observed.secret, wanted)


def _in_other_hands(secret: Secret, wanted: Asked) -> Refusal | None:
    """Refuse a secret whose owner is not the one that was shown when it was confirmed."""
    if isinstance(wanted, Handed) and secret.tags.get(ownership.OWNER) == wanted.owner:
        return None  # It is as was asked already.
    return refusals.changed_hands(secret, wanted.memory)


def _pending(
    pending: PendingDeletion, wanted: Asked, policy: Policy, store: Capabilities
) -> Plan | Refusal:
    if isinstance(wanted, Back):
        restored = Present(secret=pending.secret, restored=True)
        return Plan((plan.Restore(), *_missing(restored, policy, store)))
    what = "its owner" if isinstance(wanted, Handed) else "its labels"
    return Refusal(
        f"{short(pending.secret.name)} is scheduled for deletion, and nothing of it can be changed "
        f"until it is restored, {what} neither: restore it first"
    )


def _back(present: Present, policy: Policy, store: Capabilities) -> Decision:
    """Return what is missing of a live secret, or what has to be waited for."""
    steps = _missing(present, policy, store) or replication.settled(present, _copies(present))
    if isinstance(steps, plan.Failure):
        return steps
    dead = keys.unusable(present)
    whole = not (steps or present.restored)
    live = f"{short(present.secret.name)} is live: nothing to restore"
    return Plan(steps, (*((dead.text,) if dead else ()), *((live,) if whole else ())))


def _missing(present: Present, policy: Policy, store: Capabilities) -> tuple[plan.Action, ...]:
    """Return what a restored secret had before; what is known of its key is found out first."""
    unknown = keys.check(present, store) if present.restored else ()
    steps = unknown or (
        *replication.actions(present, _copies(present), policy),
        *rotation.brought_back(present),
    )
    return tuple(dataclasses.replace(step, undo=None) for step in steps)


def _copies(present: Present) -> tuple[Replica, ...]:
    """Return the copies that should be there: those that are, and those of the record.

    A live secret with copies in step is whole; without any, an earlier restore broke off.
    """
    live = present.secret.replicas
    broken_off = all(replica.failed or replica.status for replica in live)
    recorded = replication.of_record(present.secret) if present.restored or broken_off else None
    regions = {replica.region for replica in live}
    return (*live, *(replica for replica in recorded or () if replica.region not in regions))


def _handed(secret: Secret, wanted: Handed) -> Iterator[plan.Action]:
    """Yield what gives a secret to another owner, or to none.

    The new owner takes over what was another's, and so changes nothing that it does not declare.
    """
    live = secret.tags
    claim = tuple(key for key in ownership.CLAIM if key in live)
    if wanted.owner is None and claim:
        yield plan.DropTags(keys=claim)
    if wanted.owner is not None and live.get(ownership.OWNER) != wanted.owner:
        marks = {ownership.OWNER: wanted.owner, ownership.ORIGIN: ownership.ADOPTED}
        yield plan.SetTags(tags=plan.frozen(marks))


def _labelled(secret: Secret, wanted: Labelled) -> Plan | Refusal:
    if values.CURRENT in wanted.labels and wanted.labels[values.CURRENT] is None:
        return Refusal(
            f"AWSCURRENT of {short(secret.name)} cannot be taken off, only moved: give the version "
            "that is to become the current one"
        )
    now = held(secret)
    moves = tuple(
        plan.MoveStage(current=now.get(label), to=version, stage=label)
        for label, version in wanted.labels.items()
        if now.get(label) != version
    )
    for move in moves:
        if move.current != wanted.shown.get(move.stage):
            return Refusal(
                f"{short(move.stage, 32)} of {short(secret.name)} moved since it was shown: "
                f"{_at(move.current)} now. Look again, then decide anew"
            )
    return Plan(moves)


def held(secret: Secret) -> dict[str, str | None]:
    """Return which version has each staging label."""
    return {**secret.labels, values.CURRENT: secret.version, values.PREVIOUS: secret.previous}


def _at(version: str | None) -> str:
    return f"version {short(version, 56)} has it" if version else "no version has it"
