"""What declarations would do with a secret now, by the same decisions that they come to."""

from __future__ import annotations

import dataclasses
import datetime as dt

from recoverable_secrets.core import decide, facts, learn, ownership, plan
from recoverable_secrets.core.facts import Gone, Kept, Mandate, Memory
from recoverable_secrets.core.model import Spec
from recoverable_secrets.core.policy import Policy

from .targets import Target


def after(target: Target, decision: plan.Decision) -> Target:
    """Return a secret as it would be once a plan is carried out."""
    seen: facts.Observed = target.seen
    ref = facts.Ref(target.secret.name, target.secret.id)
    for action in decision.actions if isinstance(decision, plan.Plan) else ():
        seen = learn.fold(seen, action, plan.Done(), ref)
    if isinstance(seen, facts.Present | facts.PendingDeletion):
        return Target(target.place, seen)
    return target  # There would be none; what is gone is handed to nobody.


def recreate(target: Target, owner: str | None) -> plan.Decision:
    """Return what a new declaration of this owner would do, one that remembers nothing.

    It declares no more than the secret's name, so that what would differ is what comes with any
    declaration.
    """
    return _kept(target, owner, None)


def update(target: Target, owner: str, memory: Memory) -> plan.Decision:
    """Return what the declaration would do that remembers the secret as its own."""
    return _kept(target, owner, memory)


def teardown(target: Target, owner: str | None, memory: Memory | None = None) -> plan.Decision:
    """Return what this owner's declaration would do when it is removed.

    Args:
        target: The secret.
        owner: Whose declaration.
        memory: What it remembers; by default the secret as it is.
    """
    known = memory or target.memory
    wanted = Gone(
        name=target.secret.name,
        owner=owner or "",
        memory=known,
        mandate=_mandate(owner),
        now=dt.datetime.now(dt.UTC),
    )
    return _decided(target, wanted)


def _kept(target: Target, owner: str | None, memory: Memory | None) -> plan.Decision:
    wanted = Kept(
        name=target.secret.name,
        spec=Spec(),
        owner=owner or "",
        instance=target.secret.tags.get(ownership.INSTANCE, "new"),
        version=ownership.version_id("0" * 32),
        memory=memory,
        mandate=_mandate(owner),
    )
    return _decided(target, wanted)


def _mandate(owner: str | None) -> Mandate:
    """Return on whose word an owner's declaration acts: a stack's, on that of a function."""
    of_stack = owner is not None and owner.startswith("cloudformation/")
    return Mandate.DEPUTY if of_stack else Mandate.OWN


def _decided(target: Target, wanted: facts.Wanted) -> plan.Decision:
    seen = target.seen
    if isinstance(seen, facts.Present):
        seen = dataclasses.replace(seen, confirmed=True)  # A deputy would look twice.
    return decide.decide(seen, wanted, Policy(), target.place.store.capabilities)
