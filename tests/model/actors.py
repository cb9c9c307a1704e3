"""Those who act on secrets: a Pulumi stack, a CloudFormation stack, and what they remember.

Each acts as its engine makes it act: `resource.py` for Pulumi, with the trip of its state through
JSON; the engine with a deputy's mandates for CloudFormation, whose events may come twice.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from emulation import inspection
from recoverable_secrets import resource
from recoverable_secrets.core import facts, ownership, parse
from recoverable_secrets.core.facts import Gone, Kept, Mandate, Memory
from recoverable_secrets.core.model import Declaration
from recoverable_secrets.core.policy import Adopt, Deletion, OnRecreate, PreviousVersion
from recoverable_secrets.engine import Engine, random_hex
from recoverable_secrets.stores import aws as aws_store
from recoverable_secrets.stores import limits
from surfaces.held import sent

from .promise import Right

Fields = Mapping[str, Any]
Say = Callable[[str], None]

REGION = "us-east-1"
_numbers = itertools.count(1)


@dataclasses.dataclass(frozen=True)
class State:
    """What an engine remembers of a secret.

    Attributes:
        id: Its ARN.
        fields: What was declared.
        outputs: What the provider answered; empty for CloudFormation.
    """

    id: str
    fields: Fields
    outputs: Fields = dataclasses.field(default_factory=dict)


class Actor(Protocol):
    """A stack that declares a secret."""

    name: str
    owner: str
    state: State | None

    def mark(self) -> str:
        """Return the mark of one operation."""

    def up(self, state: State | None, fields: Fields, say: Say, mark: str) -> State:
        """Bring the secret to what is declared."""

    def down(self, state: State | None, say: Say, mark: str) -> None:
        """Tear the secret down."""

    def recorded(self, state: State | None) -> str:
        """Return the owner that is remembered with the id."""

    def bound(self, state: State | None) -> bool:
        """Whether only the remembered secret will do."""


def parsed(fields: Fields) -> Declaration:
    """Return a declaration that must be right."""
    return parse.parse(fields, limits.AWS)


def engine(say: Say) -> Engine:
    """Return the engine as the surfaces run it."""
    store = aws_store.open_store(aws_store.connection({"region": REGION}))
    return Engine(store, say=say, read=lambda reference: resource.sources.read(reference, store))


@dataclasses.dataclass
class Program:
    """A resource of a Pulumi program, and the state of its stack."""

    name: str
    owner: str
    renamed: str
    state: State | None = None

    def mark(self) -> str:
        """Pulumi has none: each call makes its own."""
        return ""

    def inputs(self, fields: Fields) -> dict[str, Any]:
        """Return the inputs as the engine sends them."""
        whole = {"default_name": self.name, "default_owner": self.owner, "region": REGION}
        return dict(sent({**whole, **fields}))

    def up(self, state: State | None, fields: Fields, say: Say, mark: str) -> State:
        """Do what `pulumi up` does: check, diff, then create, update or nothing."""
        inputs = self.inputs(fields)
        assert resource.check(inputs, (), first=state is None, say=say) == ()
        if state is None:
            id_, outputs = resource.create(inputs, say)
            return State(id_, fields, sent(outputs))
        if self.same(state, fields):
            return state
        return State(state.id, fields, sent(resource.update(state.id, state.outputs, inputs, say)))

    def same(self, state: State, fields: Fields) -> bool:
        """Whether Pulumi would say that nothing changed."""
        changes, replaces = resource.diff(state.outputs, self.inputs(fields), ())
        assert replaces == []
        if changes is None:
            return False  # It sees other inputs itself, and calls update.
        return not changes

    def refreshed(self, state: State, say: Say) -> State | None:
        """Do what `pulumi refresh` does."""
        outputs = resource.read(state.id, state.outputs, say)
        return None if outputs is None else dataclasses.replace(state, outputs=sent(outputs))

    def down(self, state: State | None, say: Say, mark: str) -> None:
        """Do what `pulumi destroy` does."""
        if state is not None:
            resource.delete(state.id, state.outputs, say)

    def recorded(self, state: State | None) -> str:
        """Return the owner in the state."""
        return str(state.outputs.get("owner")) if state else self.owner

    def bound(self, state: State | None) -> bool:
        """Pulumi cannot change the id of a resource."""
        return state is not None


@dataclasses.dataclass
class Template:
    """A custom resource of a CloudFormation stack."""

    name: str
    owner: str
    stack: str
    state: State | None = None

    def mark(self) -> str:
        """Return the mark of one event."""
        return f"{self.stack}.{next(_numbers):016x}"

    def _memory(self, state: State | None) -> Memory | None:
        if state is None:
            return None
        return Memory(id=state.id, owner=self.owner, spec=parsed(state.fields).spec)

    def up(
        self,
        state: State | None,
        fields: Fields,
        say: Say,
        mark: str,
        mandate: Mandate = Mandate.DEPUTY,
    ) -> State:
        """Do what the function does with a Create or an Update."""
        told, memory = parsed(fields), self._memory(state)
        wanted = Kept(
            name=self.name, spec=told.spec, owner=self.owner, instance=mark, memory=memory,
            version=ownership.version_id(random_hex()), mandate=mandate,
        )  # fmt: skip
        runner = engine(say)
        known = runner.store.observe(facts.ref(wanted)) if memory else None
        result = runner.run(wanted, told.policy, known=known)
        assert isinstance(result.known, facts.Present | facts.PendingDeletion)
        return State(result.known.secret.id, fields)

    def down(
        self,
        state: State | None,
        say: Say,
        mark: str = "",
        mandate: Mandate = Mandate.DEPUTY,
        fields: Fields | None = None,
    ) -> None:
        """Do what the function does with a Delete; without a state, for one failed Create."""
        if state is None and fields is None:
            return
        told = parsed(state.fields if state else fields or {})
        wanted = Gone(
            name=self.name, owner=self.owner, memory=self._memory(state),
            instance=self.stack if state else mark,
            mandate=mandate if state else Mandate.ROLLBACK,
        )  # fmt: skip
        engine(say).run(wanted, told.policy)

    def recorded(self, state: State | None) -> str:
        """CloudFormation remembers no owner."""
        return self.owner

    def bound(self, state: State | None) -> bool:
        """The function can answer another id."""
        return False


def ours(actor: Actor, state: State | None, found: inspection.SecretSnapshot) -> bool:
    """Whether a secret is a stack's own: by its tag, or by what the stack remembers."""
    tag = found.tags.get(ownership.OWNER)
    known = state is not None and state.id == found.arn and tag == actor.recorded(state)
    return tag is not None and (tag == actor.owner or known)


def may_take(actor: Actor, state: State | None, fields: Fields, one: Any) -> bool:
    """Whether a declaration may change a secret at all."""
    adopt, tag = parsed(fields).policy.adopt, one.tags.get(ownership.OWNER)
    adopted = adopt is Adopt.ANY or (adopt is Adopt.UNOWNED and tag is None)
    return ours(actor, state, one) or adopted


def right_to_up(
    actor: Actor, state: State | None, fields: Fields, there: Mapping[str, Any]
) -> Right:
    """Return what a declaration may do, as its policy says."""
    policy = parsed(fields).policy
    named = [one for one in there.values() if one.name == actor.name]
    here = [one for one in named if one.region == REGION]
    mine = [one for one in here if may_take(actor, state, fields, one)]
    forced = {
        one.arn
        for one in mine
        if policy.on_recreate is OnRecreate.REPLACE
        and policy.force
        and one.state == "pending"
        and may_destroy(actor, state, one)
        and not actor.bound(state)
    }
    overwrites = policy.force_overwrite_replica_secret
    copied = {
        one.arn for one in named if one.region != REGION and overwrites and (mine or not here)
    }
    return Right(
        touch=frozenset({one.arn for one in mine} | copied),
        reschedule=policy.recovery_window_in_days,
        force=frozenset(forced | copied),
        creates=actor.name,
        unlabel=policy.previous_version is PreviousVersion.DEPRECATE,
        puts=1,
    )


def may_destroy(actor: Actor, state: State | None, one: inspection.SecretSnapshot) -> bool:
    """Whether force counts: a function that serves many stacks needs more proof."""
    created = one.tags.get(ownership.ORIGIN) == ownership.CREATED
    return ours(actor, state, one) and (created or isinstance(actor, Program))


def right_to_down(
    actor: Actor, state: State | None, fields: Fields, there: Mapping[str, Any]
) -> Right:
    """Return what a teardown may do, as the policy says that is remembered."""
    policy = parsed(fields).policy
    here = [one for one in there.values() if (one.name, one.region) == (actor.name, REGION)]
    own = [one for one in here if ours(actor, state, one)]
    known = [
        one for one in here if state and one.arn == state.id and ownership.OWNER not in one.tags
    ]
    known = known if isinstance(actor, Program) else []
    force = policy.force and not policy.retain
    return Right(
        touch=frozenset(str(one.arn) for one in (*own, *known)),
        window=None if policy.deletion is Deletion.RETAIN else policy.recovery_window_in_days,
        force=frozenset(str(one.arn) for one in own if force and may_destroy(actor, state, one)),
    )
