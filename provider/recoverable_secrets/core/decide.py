"""The only place that decides.

`decide()` looks up one row of this table; nothing outside of the core decides by the state of a
secret. The column on the right is carried out by teardown.py, "what differs" by diff.py.

    observed            kept                                  gone
    ------------------  ------------------------------------  -----------------------------------
    unknown             create at once (look, with memory)    look
    absent              create; with memory: refuse           nothing
    purging             wait, create; with memory: refuse     nothing
    present, ours       what differs                          schedule | purge | nothing (retain)
    present, unowned    refuse, unless adopted                schedule if remembered, else refuse
    present, foreign    refuse, unless adopted                leave it alone, and say so
    present, tied       refuse                                refuse
    pending, ours       restore | fail | purge and create     nothing; purge by force
    pending, others'    as present, and never purged          nothing

A deputy (see `Mandate`) goes less far. It can answer a new id, so an absent secret that it
remembers is created anew. What it is to delete must carry its stack's mark, and force counts only
for what its stack created. What it takes back, or is asked for late:

                        rollback                              late
    ------------------  ------------------------------------  -----------------------------------
    kept, ours          what of the attempt shows is undone   nothing, if nothing differs
    kept, others'       leave it alone, and say so            refuse
    gone, created       schedule, never purge                 schedule
    gone, restored      schedule, never purge                 schedule
    gone, found         leave it alone                        leave it alone
    gone, adopted       drop our tags, leave it live          leave it alone

What a person asks for by name, without a declaration, stands in by_hand.py.
"""

from __future__ import annotations

import dataclasses
from typing import assert_never

from . import by_hand, diff, keys, plan, refusals, rollback, teardown, values
from .diff import Relation
from .errors import short
from .facts import (
    Absent,
    Asked,
    Gone,
    Kept,
    Mandate,
    Observed,
    PendingDeletion,
    Present,
    Purging,
    Unknown,
    Wanted,
)
from .plan import Decision, Plan, Refusal
from .policy import Capabilities, OnRecreate, Policy


def decide(observed: Observed, wanted: Wanted, policy: Policy, store: Capabilities) -> Decision:
    """Return what to do next, or why nothing is done. Total and deterministic.

    An empty plan means that the secret is as wanted.
    """
    if isinstance(wanted, Asked):
        return by_hand.asked(observed, wanted, policy, store)
    if isinstance(wanted, Gone):
        return teardown.gone(observed, wanted, policy, store)
    if wanted.mandate is Mandate.ROLLBACK:
        return _put_back(observed, wanted, policy, store)
    if wanted.mandate is Mandate.LATE:
        return _late(observed, wanted, policy, store)
    return _kept(observed, wanted, policy, store)


def _late(observed: Observed, wanted: Kept, policy: Policy, store: Capabilities) -> Decision:
    """Decide for what comes too late: all is well if nothing differs, as far as a look tells."""
    if isinstance(observed, Unknown):
        return Plan((plan.Look(),))
    if isinstance(observed, Present):
        observed = dataclasses.replace(observed, policed=True)
    decided = _kept(observed, wanted, policy, store)
    differs = isinstance(decided, Plan) and decided.actions
    return refusals.too_late(wanted) if differs else decided


def _kept(observed: Observed, wanted: Kept, policy: Policy, store: Capabilities) -> Decision:
    match observed:
        case Unknown():
            if diff.unchanged(wanted, policy):
                # Memory alone proves it: a change of policy makes no call.
                return Plan(notes=_notes(wanted, policy))
            if wanted.memory:
                return Plan((plan.Look(),))
            return _create(
                wanted, policy, store
            )  # One call if the name is free; a conflict tells if not.
        case Absent() | Purging():
            if _bound(wanted):
                return refusals.vanished(wanted)
            waits = (plan.Wait(),) if isinstance(observed, Purging) else ()
            return _create(wanted, policy, store, *waits)
        case Present(secret=secret) | PendingDeletion(secret=secret):
            refusal = (
                refusals.tied(secret)
                or refusals.not_ours(secret, wanted, policy, observed)
                or refusals.stuck(secret, wanted, store)
            )
            if refusal:
                return refusal
            if isinstance(observed, PendingDeletion):
                return _recreated(observed, wanted, policy, store)
            return _brought(observed, wanted, policy, store)
        case _:
            assert_never(observed)


def _brought(present: Present, wanted: Kept, policy: Policy, store: Capabilities) -> Decision:
    """Decide for a live secret that is, or may be taken for, ours."""
    dead = keys.unusable(present) if present.restored else None
    if dead:
        return dead
    steps = tuple(diff.actions(present, wanted, policy, store)) or diff.unsettled(present, wanted)
    if isinstance(steps, plan.Failure):
        return steps
    return Plan(steps, _notes(wanted, policy, present))


def _put_back(observed: Observed, wanted: Kept, policy: Policy, store: Capabilities) -> Decision:
    """Decide for an update that is taken back. It must not fail where nothing is to be done."""
    if not isinstance(observed, Present | PendingDeletion):
        return _kept(observed, wanted, policy, store)
    secret = observed.secret
    if diff.relation(secret, wanted) is not Relation.OURS:
        return Plan(notes=(f"{refusals.who(secret)}: left alone",))
    if refusals.tied(secret):
        return Plan(notes=(f"{short(secret.name)} is not ours alone to change: left alone",))
    if isinstance(observed, Present):
        return Plan(tuple(rollback.actions(observed, wanted, store)))
    if policy.on_recreate is OnRecreate.FAIL:
        return Plan(notes=(f"{short(secret.name)} stays scheduled: on_recreate is fail",))
    restore = plan.Restore(undo=plan.ScheduleDeletion(days=policy.recovery_window_in_days))
    return Plan((restore, *rollback.actions(Present(secret=secret), wanted, store)))


def _recreated(
    pending: PendingDeletion, wanted: Kept, policy: Policy, store: Capabilities
) -> Plan | Refusal:
    """Decide for a declaration that finds its secret pending deletion."""
    secret = pending.secret
    if policy.on_recreate is OnRecreate.FAIL:
        return Refusal(
            f"{short(secret.name)} is scheduled for deletion and on_recreate is fail: restore it "
            "by hand, or set on_recreate to restore"
        )
    if policy.on_recreate is OnRecreate.REPLACE and teardown.may_purge(secret, wanted, policy):
        if _bound(wanted):
            return refusals.vanished(wanted)
        return _create(wanted, policy, store, plan.Purge(), plan.Wait())
    if policy.on_recreate is OnRecreate.REPLACE and wanted.mandate is Mandate.DEPUTY:
        return Refusal(
            f"{short(secret.name)} was not created by its stack, so on_recreate = replace does not "
            "destroy it: set on_recreate to restore"
        )
    restore = plan.Restore(undo=plan.ScheduleDeletion(days=policy.recovery_window_in_days))
    restored = Present(secret=secret, restored=True)
    steps = tuple(diff.actions(restored, wanted, policy, store))
    return Plan((restore, *steps), _notes(wanted, policy, restored))


def _create(
    wanted: Kept, policy: Policy, store: Capabilities, *before: plan.Action
) -> Plan | Refusal:
    create = diff.desired(wanted, policy)
    if store.value_required and create.source is None:
        return Refusal(
            f"{store.service} keeps no secret without a value: declare a value for "
            f"{short(wanted.name)}"
        )
    return Plan((*before, create))


def _bound(wanted: Kept) -> bool:
    """Whether the surface must answer the id that it remembers: Pulumi cannot change it."""
    return wanted.memory is not None and wanted.mandate is Mandate.OWN


def _notes(wanted: Kept, policy: Policy, present: Present | None = None) -> tuple[str, ...]:
    """Return what to say of a value that stays although something else is declared."""
    notes: list[str] = []
    if present and values.kept_foreign(present, wanted, policy):
        notes.append("the value that was put outside of this declaration (on_value_drift is keep)")
    if values.kept_generated(present, wanted):
        notes.append("its value: one is generated only where there is none")
    return tuple(f"{short(wanted.name)} keeps {note}" for note in notes)
