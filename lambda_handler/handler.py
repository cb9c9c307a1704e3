"""`Custom::RecoverableSecret`: what a Create, Update or Delete event asks of the engine.

    Create, Update    properties -> Declaration -> Kept -> engine -> Data
    Delete            id, properties -> Gone -> engine -> nothing

These functions translate. What may happen to a secret, the core decides (core/decide.py); on
whose word, the stack's status tells (stacks.py).
"""

from __future__ import annotations

import dataclasses
import logging
import os
import re
from typing import Any

from recoverable_secrets.core import decide, errors, facts, ownership, parse
from recoverable_secrets.core.facts import Gone, Kept, Mandate, Memory
from recoverable_secrets.core.policy import Policy
from recoverable_secrets.engine import Engine, random_hex
from recoverable_secrets.stores import SecretStore, aws, aws_wire, limits

from . import properties, stacks
from .properties import Installation
from .protocol import NOT_CREATED, Answer, Protocol, Request

logger = logging.getLogger(__name__)


def handler(event: Any, context: Any) -> None:
    """Do what an event of CloudFormation asks, and answer it.

    Args:
        event: A custom resource request, as Lambda hands it over.
        context: Lambda's context: remaining time, and the function's own ARN.
    """
    Protocol(_work, properties.spelt)(event, context)


def _work(request: Request) -> Answer:
    return _removed(request) if request.kind == "Delete" else _kept(request)


def _kept(request: Request) -> Answer:
    """Bring the secret to what is declared.

    Raises:
        InvalidInput: The properties are wrong; nothing was called.
        Refused: The stack is not at work, so nobody asked for this.
        RecoverableSecretsError: As `Engine.run` does.
    """
    allowed = Installation.of(os.environ)
    stacks.name(request.stack_id)
    properties.declared(request.properties, allowed)
    stack = stacks.look(request.stack_id)
    declaration = properties.declared(request.properties, allowed, stack.tags)
    name = declaration.spec.name or _undeclared_name(request, allowed, stack.path)
    problems = tuple(parse.name_problems(name, limits.AWS, "Name"))
    if problems:
        raise errors.InvalidInput(problems)
    owner = _owner(request, stack.path)
    memory = None
    if _here(request) and _name_in(request.id) == name:
        memory = Memory(id=request.id, owner=owner, spec=properties.recalled(request.old).spec)
    store = _store()
    if not stack.works_on(request.kind):
        return _told(_late(store, facts.Ref(name, memory.id if memory else None), owner, request))
    for warning in parse.warnings(name, limits.AWS) if request.kind == "Create" else ():
        logger.warning("%s", warning)
    wanted = Kept(
        name=name,
        spec=declaration.spec,
        owner=owner,
        instance=request.mark,
        version=ownership.version_id(random_hex()),
        memory=memory,
        mandate=Mandate.ROLLBACK if stack.rolling_back else Mandate.DEPUTY,
    )
    engine = Engine(store, say=_say)
    result = engine.run(wanted, _timed(declaration.policy, request), look=memory is not None)
    if not isinstance(result.known, facts.Present):
        raise errors.StoreError(f"{errors.short(name)} is not there in the end", "NotThere")
    return _told(result.known.secret)


def _undeclared_name(request: Request, allowed: Installation, path: tuple[str, ...]) -> str:
    """Return the name that a secret has had without one declared, else the one that it gets."""
    if request.kind == "Update" and "Name" not in request.old and _here(request):
        return _name_in(request.id)
    return _default_name(request, allowed, path)


def _late(store: SecretStore, ref: facts.Ref, owner: str, request: Request) -> facts.Secret:
    """Return the secret of an event that comes after its operation, and leave it as it is.

    Raises:
        Refused: There is no such secret of this stack, so the event made no sense ever.
    """
    seen = store.observe(ref)
    if (
        isinstance(seen, facts.Present)
        and seen.secret.tags.get(ownership.OWNER) == owner
        and ownership.marks(_of_stack(request.mark), seen.secret.tags)
    ):
        logger.warning("%s is left as it is: its stack is not at work", errors.short(ref.name))
        return seen.secret
    raise errors.Refused(
        f"the stack of {errors.short(request.logical_id)} is not being created or updated: nothing "
        "was done. Deploy the stack; only CloudFormation may send events"
    )


def _removed(request: Request) -> Answer:
    """Do with the secret what its policy says; leave alone what is not provably its stack's.

    Raises:
        RecoverableSecretsError: As `Engine.run` does.
    """
    gone = Answer(request.placeholder, {})
    allowed = Installation.of(os.environ)
    told = properties.recalled(request.properties)
    declaration = properties.at_teardown(told, allowed)
    if declaration is not told:
        _say("this installation does not allow force: the deletion is scheduled")
    here = _here(request)
    if request.id.startswith("arn:") and not here:
        _say("the id is no secret of this account and region: nothing was done")
        return gone
    stack, path = _stack_to_leave(request)
    name = _name_in(request.id) if here else told.spec.name or _default_name(request, allowed, path)
    if any(parse.name_problems(name, limits.AWS)):
        _say("there can be no secret of that name: nothing was done")
        return gone
    store, owner = _store(), _owner(request, path)
    wanted = Gone(
        name=name,
        owner=owner,
        memory=Memory(id=request.id, owner=owner) if here else None,
        instance=_mark_to_delete(request),
        mandate=Mandate.ROLLBACK,
    )
    policy = _timed(declaration.policy, request)
    if stack is None:
        wanted = _by_its_mark(store, wanted, request)
    elif _is_ordinary(stack, store, wanted, policy):
        wanted = dataclasses.replace(wanted, mandate=Mandate.DEPUTY)
    Engine(store, say=_say).run(wanted, policy)
    return gone


def _stack_to_leave(request: Request) -> tuple[stacks.Stack | None, tuple[str, ...]]:
    """Return the stack of a Delete and its path; a deletion goes on without knowing the stack."""
    try:
        stack = stacks.look(request.stack_id)
    except (errors.AccessDenied, errors.StoreError) as failure:
        _say(f"taken for a rollback, as the stack is not known: {failure}")
        return None, (stacks.name(request.stack_id),)
    return stack, stack.path


def _is_ordinary(stack: stacks.Stack, store: SecretStore, wanted: Gone, policy: Policy) -> bool:
    """Whether this deletion is proved to be none of a rollback, where that makes a difference."""
    if stack.deletion is not stacks.Deletion.UNPROVEN:
        return stack.deletion is stacks.Deletion.ORDINARY
    seen = store.observe(facts.ref(wanted))
    ordinary, rollback = (
        decide.decide(seen, dataclasses.replace(wanted, mandate=mandate), policy, limits.AWS)
        for mandate in (Mandate.DEPUTY, Mandate.ROLLBACK)
    )
    return ordinary != rollback and stacks.once_complete(stack.root)


def _by_its_mark(store: SecretStore, wanted: Gone, request: Request) -> Gone:
    """Return what is to go under the owner that stands in its tag, if it has this stack's mark.

    The mark is made of the StackId: it proves as much as the owner, whose nested name only a look
    at the stack tells.
    """
    seen = store.observe(facts.ref(wanted))
    if not isinstance(seen, facts.Present | facts.PendingDeletion):
        return wanted
    tags = seen.secret.tags
    if not ownership.marks(_of_stack(request.mark), tags):
        return wanted
    return dataclasses.replace(wanted, owner=tags.get(ownership.OWNER, wanted.owner))


def _mark_to_delete(request: Request) -> str:
    """Return the mark of what may go: of one failed Create if the id tells which, else any."""
    told = request.id.removeprefix(NOT_CREATED)
    own = told != request.id and _of_stack(told) == _of_stack(request.mark)
    return told if own else _of_stack(request.mark)


def _of_stack(mark: str) -> str:
    return mark.partition(".")[0]


def _owner(request: Request, path: tuple[str, ...]) -> str:
    """Return the owner tag: names only, so that a stack that is created anew knows its own."""
    label = ("cloudformation", *path, request.logical_id)
    return ownership.owner(label, "\0".join(label))


def _default_name(request: Request, allowed: Installation, path: tuple[str, ...]) -> str:
    room = limits.AWS.name_length - len(allowed.name_prefix)
    made = ownership.default_name([*path, request.logical_id])
    return allowed.name_prefix + ownership.escape_tail(made, room)


def _here(request: Request) -> bool:
    """Whether the physical id is a full ARN of a secret in this account and region."""
    function = request.function.split(":")
    where = (function[1], function[3], function[4])
    arn = aws_wire.Arn.parse(request.id)
    if arn is None or (arn.partition, arn.region, arn.account) != where:
        return False
    return _ARN_END.fullmatch(request.id.rpartition(":")[2]) is not None


_ARN_END = re.compile(f"({limits.AWS.name_characters})+-[A-Za-z0-9]{{6}}")


def _name_in(arn: str) -> str:
    return arn.rpartition(":")[2].rpartition("-")[0]


def _timed(policy: Policy, request: Request) -> Policy:
    """Return the policy with a deadline that ends well before the function's."""
    return policy.model_copy(update={"timeout": max(1, int(request.seconds()))})


def _store() -> SecretStore:
    """Return the store of the function's own account and region; warm invocations share it."""
    return aws.open_store(aws.Connection())


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


def _say(note: str) -> None:
    logger.info("%s", properties.spelt(note))
