"""A Delete event: what may go, on whose word, and what is left alone.

Whether CloudFormation deletes or takes something back, the event does not tell. Statuses and
events of the stack prove an ordinary deletion; without proof it is a rollback (stacks.py).
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import os

from recoverable_secrets.core import decide, errors, facts, ownership, parse
from recoverable_secrets.core.facts import Gone, Mandate, Memory
from recoverable_secrets.core.policy import Policy
from recoverable_secrets.stores import limits, patience

from . import identity, operation, properties, stacks
from .properties import Installation
from .protocol import Answer, Request


def removed(request: Request) -> Answer:
    """Do with the secret what its policy says; leave alone what is not provably its stack's.

    Raises:
        RecoverableSecretsError: As `Engine.run` does.
    """
    allowed = Installation.of(os.environ, request.function)
    policy = _policy(request, allowed)
    if request.id.startswith("arn:") and not identity.is_here(request):
        return _nothing("the id is no secret of this account and region", request)
    stack, path = _stack_to_leave(request)
    wanted = _meant(request, allowed, path)
    if wanted is None:
        return _nothing("there can be no secret of that name", request)
    if stack and not wanted.memory and not stack.gives_up:
        return _nothing("the id is none of a secret, and the stack keeps what it has", request)
    known: facts.Observed | None = None
    if stack is None or stack.deletion is stacks.Deletion.UNPROVEN:
        known = patience.look(operation.store(), facts.ref(wanted))
    if stack is None:
        wanted = _by_its_mark(known, wanted, request)
    else:
        mandate = _mandate(stack, known, wanted, policy)
        wanted = dataclasses.replace(wanted, mandate=mandate)
    operation.run(wanted, policy, request, known)
    return Answer(request.placeholder, {})


def _nothing(why: str, request: Request) -> Answer:
    """Answer with success: a resource that cannot be deleted would block its stack."""
    operation.say(f"{why}: nothing was done")
    return Answer(request.placeholder, {})


def _policy(request: Request, allowed: Installation) -> Policy:
    """Return what the user allows, as far as the installation does."""
    told = properties.recalled(request.properties)
    policy = properties.within(told, allowed).policy
    if policy.force != told.policy.force:
        operation.say("this installation does not allow force: the deletion is scheduled")
    return policy


def _meant(request: Request, allowed: Installation, path: tuple[str, ...]) -> Gone | None:
    """Return which secret is to go, taken for a rollback; `None` if there can be none.

    Raises:
        Refused: The id is of a secret that this installation does not reach any more.
    """
    here = identity.is_here(request)
    spec = properties.recalled(request.properties).spec
    named = spec.name or identity.default_name(request, allowed, path, spec.name_prefix)
    name = identity.name_in(request.id) if here else named
    outside = any(properties.name_problems(name, allowed))
    if outside and here:
        raise errors.Refused(
            f"{errors.short(name)} is outside the NamePrefix of this installation: not deleted. "
            "Set NamePrefix back, or keep the secret with DeletionPolicy: Retain"
        )
    if outside or any(parse.name_problems(name, limits.AWS)):
        return None
    owner = identity.owner(request, path)
    return Gone(
        name=name,
        owner=owner,
        memory=Memory(id=request.id, owner=owner, spec=spec) if here else None,
        instance=identity.mark_to_delete(request),
        mandate=Mandate.ROLLBACK,
        now=dt.datetime.now(dt.UTC),
    )


def _stack_to_leave(request: Request) -> tuple[stacks.Stack | None, tuple[str, ...]]:
    """Return the stack of a Delete and its path; a deletion goes on without knowing the stack."""
    try:
        stack = stacks.look(request.stack_id)
    except (errors.AccessDenied, errors.StoreError) as failure:
        operation.say(f"taken for a rollback, as the stack is not known: {failure}")
        return None, (stacks.name(request.stack_id),)
    return stack, stack.path


_MANDATES = {
    stacks.Deletion.ORDINARY: Mandate.DEPUTY,
    stacks.Deletion.ROLLBACK: Mandate.ROLLBACK,
    stacks.Deletion.LATE: Mandate.LATE,
}


def _mandate(
    stack: stacks.Stack, known: facts.Observed | None, wanted: Gone, policy: Policy
) -> Mandate:
    """Return on whose word the secret goes; what is not proved to be ordinary is a rollback.

    Proof is sought only where it makes a difference. A secret whose id CloudFormation was never
    told goes in a rollback, whatever the stack does now.
    """
    if wanted.memory is None:
        return Mandate.ROLLBACK
    if known is None:
        return _MANDATES[stack.deletion]
    ordinary, rollback = (
        decide.decide(known, dataclasses.replace(wanted, mandate=mandate), policy, limits.AWS)
        for mandate in (Mandate.DEPUTY, Mandate.ROLLBACK)
    )
    proved = ordinary != rollback and stacks.once_complete(stack.root)
    return Mandate.DEPUTY if proved else Mandate.ROLLBACK


def _by_its_mark(known: facts.Observed | None, wanted: Gone, request: Request) -> Gone:
    """Return what is to go under the owner that stands in its tag, if it has this stack's mark.

    The mark is made of the StackId: it proves as much as the owner, whose nested name only a look
    at the stack tells.
    """
    if not isinstance(known, facts.Present | facts.PendingDeletion):
        return wanted
    tags = known.secret.tags
    if not ownership.marks(identity.of_stack(request.mark), tags):
        return wanted
    return dataclasses.replace(wanted, owner=tags.get(ownership.OWNER, wanted.owner))
