"""`Custom::RecoverableSecret`: what a Create, Update or Delete event asks of the engine.

    Create, Update    properties -> Declaration -> Kept -> engine -> Data
    Delete            id, properties -> Gone -> engine -> nothing

These functions translate. What may happen to a secret, the core decides (core/decide.py); on
whose word, the stack's status tells (stacks.py).
"""

from __future__ import annotations

import os
from typing import Any

from recoverable_secrets.core import errors, facts, ownership, parse
from recoverable_secrets.core.facts import Kept, Mandate, Memory
from recoverable_secrets.core.model import Declaration, Spec
from recoverable_secrets.engine import random_hex
from recoverable_secrets.stores import limits, patience

from . import deletion, identity, operation, properties, stacks
from .properties import Installation
from .protocol import Answer, Protocol, Request


def handler(event: Any, context: Any) -> None:
    """Do what an event of CloudFormation asks, and answer it.

    Args:
        event: A custom resource request, as Lambda hands it over.
        context: Lambda's context: remaining time, and the function's own ARN.
    """
    Protocol(_work, properties.spelt)(event, context)


def _work(request: Request) -> Answer:
    return deletion.removed(request) if request.kind == "Delete" else _kept(request)


def _kept(request: Request) -> Answer:
    """Bring the secret to what is declared.

    Raises:
        InvalidInput: The properties are wrong; nothing was called.
        Refused: The stack is not at work, so nobody asked for this.
        RecoverableSecretsError: As `Engine.run` does.
    """
    allowed = Installation.of(os.environ, request.function)
    stacks.name(request.stack_id)
    stack, declaration = _declared(request, allowed)
    name = declaration.spec.name or _undeclared_name(request, allowed, stack.path, declaration.spec)
    problems = [*parse.name_problems(name, limits.AWS, "Name")]
    problems += properties.name_problems(name, allowed)
    if problems:
        raise errors.InvalidInput(problems)
    owner = identity.owner(request, stack.path)
    memory = None
    if identity.is_here(request) and identity.name_in(request.id) == name:
        memory = Memory(id=request.id, owner=owner, spec=properties.recalled(request.old).spec)
    for warning in parse.warnings(name, limits.AWS) if request.kind == "Create" else ():
        operation.say(warning)
    wanted = Kept(
        name=name,
        spec=declaration.spec,
        owner=owner,
        instance=request.mark,
        version=ownership.version_id(random_hex()),
        memory=memory,
        mandate=_mandate(stack, request),
    )
    # Memory alone may prove that nothing differs, but the answer has to tell what is.
    known = None
    if memory or wanted.mandate is Mandate.LATE:
        known = patience.look(operation.store(), facts.ref(wanted))
    result = operation.run(wanted, declaration.policy, request, known)
    if not isinstance(result.known, facts.Present | facts.PendingDeletion):
        raise errors.StoreError(f"{errors.short(name)} is not there in the end", "NotThere")
    return _told(result.known.secret)


def _declared(request: Request, allowed: Installation) -> tuple[stacks.Stack, Declaration]:
    """Return the stack and what it declares. What is wrong is refused before the first call.

    What a rollback goes back to was right once: an installation that allows less by now must not
    make the rollback fail.
    """
    try:
        properties.declared(request.properties, allowed)
        stack = stacks.look(request.stack_id)
        return stack, properties.declared(request.properties, allowed, stack.tags)
    except errors.InvalidInput:
        if request.kind == "Create":
            raise
    stack = stacks.look(request.stack_id)
    if stack.rolling_back:
        return stack, properties.within(properties.recalled(request.properties), allowed)
    return stack, properties.declared(request.properties, allowed, stack.tags)


def _undeclared_name(
    request: Request, allowed: Installation, path: tuple[str, ...], spec: Spec
) -> str:
    """Return the name that a secret has had without one declared, else the one that it gets."""
    same = "Name" not in request.old and request.old.get("NamePrefix") == spec.name_prefix
    if request.kind == "Update" and same and identity.is_here(request):
        return identity.name_in(request.id)
    return identity.default_name(request, allowed, path, spec.name_prefix)


def _mandate(stack: stacks.Stack, request: Request) -> Mandate:
    if not stack.works_on(request.kind):
        return Mandate.LATE
    return Mandate.ROLLBACK if stack.rolling_back else Mandate.DEPUTY


def _told(secret: facts.Secret) -> Answer:
    """Return what `Ref` and `Fn::GetAtt` give: all names always, no value ever."""
    origin = secret.tags.get(ownership.ORIGIN)
    restored = origin in {ownership.RESTORED, ownership.ADOPTED_PENDING}
    return Answer(
        secret.id,
        {
            "Arn": secret.id,
            "Id": secret.id,
            "Name": secret.name,
            "VersionId": secret.version or "",
            "Restored": "true" if restored else "false",
        },
    )
