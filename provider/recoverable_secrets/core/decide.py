"""The only place that decides.

`decide()` looks up one row of this table; nothing else in the project asks what state a secret
is in.

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
"""

from __future__ import annotations

from typing import assert_never

from . import diff, ownership, plan, rollback
from .diff import Relation
from .errors import clip, short
from .facts import (
    Absent,
    Gone,
    Kept,
    Mandate,
    Observed,
    PendingDeletion,
    Present,
    Purging,
    Secret,
    Unknown,
    Wanted,
)
from .plan import Plan, Refusal
from .policy import Adopt, Capabilities, OnRecreate, Policy


def decide(
    observed: Observed, wanted: Wanted, policy: Policy, store: Capabilities
) -> Plan | Refusal:
    """Return what to do next, or why nothing is done. Total and deterministic.

    An empty plan means that the secret is as wanted.
    """
    if isinstance(wanted, Gone):
        return _gone(observed, wanted, policy)
    if wanted.mandate is Mandate.ROLLBACK:
        return _put_back(observed, wanted, policy, store)
    late = wanted.mandate is Mandate.LATE
    if late and isinstance(observed, Unknown):
        return Plan((plan.Look(),))
    decided = _kept(observed, wanted, policy, store)
    return _too_late(wanted) if late and isinstance(decided, Plan) and decided.actions else decided


def _kept(observed: Observed, wanted: Kept, policy: Policy, store: Capabilities) -> Plan | Refusal:
    match observed:
        case Unknown():
            if diff.unchanged(wanted, policy):
                # Memory alone proves it: a change of policy makes no call.
                return Plan(notes=_notes(wanted, policy))
            if wanted.memory:
                return Plan((plan.Look(),))
            return _create(wanted, store)  # One call if the name is free; a conflict tells if not.
        case Absent() | Purging():
            if _bound(wanted):
                return _vanished(wanted)
            waits = (plan.Wait(),) if isinstance(observed, Purging) else ()
            return _create(wanted, store, *waits)
        case Present(secret=secret) | PendingDeletion(secret=secret):
            refusal = (
                _tied(secret)
                or _not_ours(secret, wanted, policy, observed)
                or _stuck(secret, wanted, store)
            )
            if refusal:
                return refusal
            if isinstance(observed, PendingDeletion):
                return _recreated(observed, wanted, policy, store)
            steps = tuple(diff.actions(observed, wanted, policy, store))
            return Plan(steps, _notes(wanted, policy, observed))
        case _:
            assert_never(observed)


def _put_back(
    observed: Observed, wanted: Kept, policy: Policy, store: Capabilities
) -> Plan | Refusal:
    """Decide for an update that is taken back. It must not fail where nothing is to be done."""
    if not isinstance(observed, Present | PendingDeletion):
        return _kept(observed, wanted, policy, store)
    secret = observed.secret
    if diff.relation(secret, wanted) is not Relation.OURS:
        return Plan(notes=(f"{_who(secret)}: left alone",))
    if _tied(secret):
        return Plan(notes=(f"{short(secret.name)} is not ours alone to change: left alone",))
    if isinstance(observed, Present):
        return Plan(tuple(rollback.actions(observed, wanted, store)))
    if policy.on_recreate is OnRecreate.FAIL:
        return Plan(notes=(f"{short(secret.name)} stays scheduled: on_recreate is fail",))
    restore = plan.Restore(undo=plan.ScheduleDeletion(days=policy.recovery_window_in_days))
    return Plan((restore, *rollback.actions(Present(secret=secret, restored=True), wanted, store)))


def _gone(observed: Observed, wanted: Gone, policy: Policy) -> Plan | Refusal:
    takes_back = wanted.mandate in {Mandate.ROLLBACK, Mandate.LATE}
    if policy.retain and not takes_back:
        return _retained(wanted)
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
            if _may_purge(secret, wanted, policy) and _same_instance(secret, wanted):
                return Plan((plan.Purge(),))
            return Plan()  # Already on its way; another's is none of our business.
        case Present(secret=secret):
            deputy = wanted.mandate is not Mandate.OWN
            if deputy and not observed.confirmed and not _provably_ours(secret, wanted):
                # The marks may be some moments older than what the operation wrote.
                return Plan((plan.Wait(), plan.Look()))
            return _torn_down(secret, wanted, policy)
        case _:
            assert_never(observed)


def _provably_ours(secret: Secret, wanted: Gone) -> bool:
    return diff.relation(secret, wanted) is Relation.OURS and _same_instance(secret, wanted)


def _torn_down(secret: Secret, wanted: Gone, policy: Policy) -> Plan | Refusal:
    """Decide for a live secret that its owner no longer wants."""
    related = diff.relation(secret, wanted)
    if related is Relation.FOREIGN:
        return Plan(notes=(f"{_who(secret)}: left alone",))
    deputy = wanted.mandate is not Mandate.OWN
    if deputy and related is Relation.UNOWNED:
        return Plan(notes=(f"{short(secret.name)} has no owner tag: left alone",))
    if not _same_instance(secret, wanted):
        # The old half of a replacement: the new half goes on with the same secret.
        life = "another life of its stack" if deputy else "its replacement"
        return Plan(notes=(f"{short(secret.name)} goes on in {life}: left alone",))
    tied = _tied(secret)
    if tied:
        return tied
    schedule = plan.ScheduleDeletion(days=policy.recovery_window_in_days)
    if wanted.mandate in {Mandate.ROLLBACK, Mandate.LATE}:
        return _rolled_back(secret, wanted, policy, schedule)
    if related is Relation.UNOWNED and (not wanted.memory or wanted.memory.id != secret.id):
        return Refusal(
            f"{short(secret.name)} has no owner tag and is not remembered: not deleted. "
            "Delete it by hand, or give it the owner tag"
        )
    if _may_purge(secret, wanted, policy):
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


def _may_purge(secret: Secret, wanted: Wanted, policy: Policy) -> bool:
    """Whether a secret may be destroyed for good: force was said, and it is ours to lose."""
    if not policy.force or diff.relation(secret, wanted) is not Relation.OURS:
        return False
    created = secret.tags.get(ownership.ORIGIN) == ownership.CREATED
    return wanted.mandate is Mandate.OWN or (wanted.mandate is Mandate.DEPUTY and created)


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
    if policy.on_recreate is OnRecreate.REPLACE and _may_purge(secret, wanted, policy):
        if _bound(wanted):
            return _vanished(wanted)
        return _create(wanted, store, plan.Purge(), plan.Wait())
    if policy.on_recreate is OnRecreate.REPLACE and wanted.mandate is Mandate.DEPUTY:
        return Refusal(
            f"{short(secret.name)} was not created by its stack, so on_recreate = replace does not "
            "destroy it: set on_recreate to restore"
        )
    restore = plan.Restore(undo=plan.ScheduleDeletion(days=policy.recovery_window_in_days))
    restored = Present(secret=secret, restored=True)
    steps = tuple(diff.actions(restored, wanted, policy, store))
    return Plan((restore, *steps), _notes(wanted, policy, restored))


def _create(wanted: Kept, store: Capabilities, *before: plan.Action) -> Plan | Refusal:
    create = diff.desired(wanted)
    if store.value_required and create.source is None:
        return Refusal(
            f"{store.service} keeps no secret without a value: declare a value for "
            f"{short(wanted.name)}"
        )
    return Plan((*before, create))


def _not_ours(secret: Secret, wanted: Kept, policy: Policy, observed: Observed) -> Refusal | None:
    state = "is scheduled for deletion" if isinstance(observed, PendingDeletion) else "exists"
    related = diff.relation(secret, wanted)
    if related is Relation.UNOWNED and policy.adopt is Adopt.NO:
        return Refusal(
            f"{short(secret.name)} {state} and has no owner: left alone. Use another name, or "
            "set adopt to unowned to take it over"
        )
    if related is Relation.FOREIGN and policy.adopt is not Adopt.ANY:
        return Refusal(
            f"{_who(secret)} and {state}: left alone. Use another name, or set adopt to any to "
            "take it over"
        )
    held = secret.manager and ownership.HANDOVER not in secret.tags
    if related is not Relation.OURS and held:
        return Refusal(
            f"{short(secret.name, 40)} is {clip(secret.manager or '', 56)}, which would destroy it "
            "for good when removed: deploy that with DeletionPolicy: Retain and the tag "
            f"{ownership.HANDOVER} first"
        )
    return None


def _tied(secret: Secret) -> Refusal | None:
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


def _stuck(secret: Secret, wanted: Kept, store: Capabilities) -> Refusal | None:
    if diff.stuck_key(secret, wanted, store):
        return Refusal(
            f"the key of {short(secret.name)} cannot be changed: {store.service} fixes it at "
            "creation. Declare the key that it has, or another name"
        )
    return None


def _same_instance(secret: Secret, wanted: Gone) -> bool:
    """Whether the live incarnation is the one that is to go.

    Where the user acts, a mark that is missing counts as the right one; a deputy needs proof.
    """
    remembered = wanted.instance or (wanted.memory.instance if wanted.memory else None)
    if wanted.mandate is not Mandate.OWN:
        return remembered is not None and ownership.marks(remembered, secret.tags)
    live = secret.tags.get(ownership.INSTANCE)
    return remembered is None or live is None or live == remembered


def _bound(wanted: Kept) -> bool:
    """Whether the surface must answer the id that it remembers: Pulumi cannot change it."""
    return wanted.memory is not None and wanted.mandate is Mandate.OWN


def _retained(wanted: Gone) -> Plan:
    return Plan(notes=(f"{short(wanted.name)} stays as it is: deletion is retain",))


def _too_late(wanted: Kept) -> Refusal:
    return Refusal(
        f"the stack of {short(wanted.name)} is not being created or updated: nothing was done. "
        "Deploy the stack; only CloudFormation may send events"
    )


def _vanished(wanted: Kept) -> Refusal:
    return Refusal(
        f"{short(wanted.name)} is remembered but cannot be brought back in place: run a refresh, "
        "then deploy again"
    )


def _who(secret: Secret) -> str:
    owner = secret.tags.get(ownership.OWNER, "nobody")
    return f"{short(secret.name)} belongs to {short(owner, 60)}"


def _notes(wanted: Kept, policy: Policy, present: Present | None = None) -> tuple[str, ...]:
    """Return what to say of a value that stays although something else is declared."""
    notes: list[str] = []
    if present and diff.kept_foreign_value(present, wanted, policy):
        notes.append("the value that was put outside of this declaration (on_value_drift is keep)")
    if diff.kept_generated_value(present, wanted):
        notes.append("its value: one is generated only where there is none")
    return tuple(f"{short(wanted.name)} keeps {note}" for note in notes)
