"""A Delete event: what may go, on whose word, and what is left alone.

Whether CloudFormation deletes or takes something back, the event does not tell. Statuses and
events of the stack prove an ordinary deletion; without proof it is a rollback (stacks.py).
"""

from __future__ import annotations

import dataclasses
import os

from recoverable_secrets.core import decide, errors, facts, ownership, parse
from recoverable_secrets.core.facts import Gone, Mandate, Memory
from recoverable_secrets.core.policy import Policy
from recoverable_secrets.stores import limits

from . import identity, operation, properties, stacks
from .properties import Installation
from .protocol import Answer, Request


def removed(request: Request) -> Answer:
    """Do with the secret what its policy says; leave alone what is not provably its stack's.

    Raises:
        RecoverableSecretsError: As `Engine.run` does.
    """
    allowed = Installation.of(os.environ)
    told = properties.recalled(request.properties)
    policy = properties.within(told, allowed).policy
    if policy.force != told.policy.force:
        operation.say("this installation does not allow force: the deletion is scheduled")
    here = identity.is_here(request)
    if request.id.startswith("arn:") and not here:
        return _nothing("the id is no secret of this account and region", request)
    stack, path = _stack_to_leave(request)
    declared = told.spec.name or identity.default_name(request, allowed, path)
    name = identity.name_in(request.id) if here else declared
    if any(parse.name_problems(name, limits.AWS)):
        return _nothing("there can be no secret of that name", request)
    if any(properties.name_problems(name, allowed)):
        if here:
            raise errors.Refused(
                f"{errors.short(name)} is outside the NamePrefix of this installation: not "
                "deleted. Set NamePrefix back, or keep the secret with DeletionPolicy: Retain"
            )
        return _nothing("there can be no secret of that name", request)
    owner = identity.owner(request, path)
    wanted = Gone(
        name=name,
        owner=owner,
        memory=Memory(id=request.id, owner=owner) if here else None,
        instance=identity.mark_to_delete(request),
        mandate=Mandate.ROLLBACK,
    )
    known: facts.Observed | None = None
    if stack is None or stack.deletion is stacks.Deletion.UNPROVEN:
        known = operation.store().observe(facts.ref(wanted))
    if _is_ordinary(stack, known, wanted, policy):
        wanted = dataclasses.replace(wanted, mandate=Mandate.DEPUTY)
    if stack is None:
        wanted = _by_its_mark(known, wanted, request)
    operation.run(wanted, policy, request, known)
    return Answer(request.placeholder, {})


def _nothing(why: str, request: Request) -> Answer:
    """Answer with success: a resource that cannot be deleted would block its stack."""
    operation.say(f"{why}: nothing was done")
    return Answer(request.placeholder, {})


def _stack_to_leave(request: Request) -> tuple[stacks.Stack | None, tuple[str, ...]]:
    """Return the stack of a Delete and its path; a deletion goes on without knowing the stack."""
    try:
        stack = stacks.look(request.stack_id)
    except (errors.AccessDenied, errors.StoreError) as failure:
        operation.say(f"taken for a rollback, as the stack is not known: {failure}")
        return None, (stacks.name(request.stack_id),)
    return stack, stack.path


def _is_ordinary(
    stack: stacks.Stack | None, known: facts.Observed | None, wanted: Gone, policy: Policy
) -> bool:
    """Whether this deletion is proved to be none of a rollback, where that makes a difference."""
    if stack is None or known is None:
        return stack is not None and stack.deletion is stacks.Deletion.ORDINARY
    ordinary, rollback = (
        decide.decide(known, dataclasses.replace(wanted, mandate=mandate), policy, limits.AWS)
        for mandate in (Mandate.DEPUTY, Mandate.ROLLBACK)
    )
    return ordinary != rollback and stacks.once_complete(stack.root)


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
