"""The Pulumi surface in its stage: as much of Pulumi's engine as decides what it calls and keeps.

check and diff go before every step; a step that fails or dies leaves the state as it was; what is
replaced is created first and deleted last; a refresh reads everything before all else. That the
real engine does so, tests/e2e shows.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import emulation
from contract import worlds
from interruptions.disturbances import SURVIVED
from interruptions.harness import Stage, StageOnDouble
from recoverable_secrets.core import errors
from recoverable_secrets.dynamic import SecretProvider
from surfaces.held import DEFAULTS, GOLDEN, sent

Inputs = dict[str, Any]
Program = Mapping[str, Inputs]

NAME = DEFAULTS["default_name"]
REFRESH, PLAIN = "up --refresh", "up"


EMPTY: Program = {}


def program(**fields: Any) -> Program:
    """Return a program that declares one secret."""
    return {"db": {**DEFAULTS, "__provider": GOLDEN, **fields}}


@dataclass
class Entry:
    """A resource in the state."""

    id: str
    inputs: Inputs
    outputs: dict[str, Any]


@dataclass
class Engine:
    """What keeps a state, and calls the provider.

    Attributes:
        state: The resources.
        doomed: What was replaced and is still to be deleted.
    """

    provider: SecretProvider = field(default_factory=SecretProvider)
    state: dict[str, Entry] = field(default_factory=dict)
    doomed: list[Entry] = field(default_factory=list)

    def up(
        self, declared: Program, *, refresh: bool = False, replace: Collection[str] = ()
    ) -> None:
        """Bring everything to what is declared; what is declared no more goes last.

        Raises:
            RecoverableSecretsError: A step failed; nothing follows it.
        """
        if refresh:
            self.refresh()
        for name, inputs in declared.items():
            self._step(name, sent(inputs), replace=name in replace)
        for entry in tuple(self.doomed):
            self.provider.delete(entry.id, sent(entry.outputs))
            self.doomed.remove(entry)
        for name in self.state.keys() - declared.keys():
            self.provider.delete(self.state[name].id, sent(self.state[name].outputs))
            del self.state[name]

    def refresh(self) -> None:
        """Read everything; what is gone leaves the state."""
        for name, entry in tuple(self.state.items()):
            read = self.provider.read(entry.id, sent(entry.outputs))
            if read.id:
                entry.outputs = sent(read.outs)
            else:
                del self.state[name]

    def _step(self, name: str, inputs: Inputs, *, replace: bool) -> None:
        held = self.state.get(name)
        checked = self.provider.check(held.inputs if held else {}, inputs)
        assert not checked.failures
        if held is None:
            self._create(name, inputs)
            return
        seen = self.provider.diff(held.id, sent(held.outputs), inputs)
        if seen.replaces or replace:
            self._create(name, inputs)
            self.doomed.append(held)
        elif seen.changes or (seen.changes is None and held.inputs != inputs):
            made = self.provider.update(held.id, sent(held.outputs), inputs)
            held.inputs, held.outputs = inputs, sent(made.outs)

    def _create(self, name: str, inputs: Inputs) -> None:
        made = self.provider.create(inputs)
        self.state[name] = Entry(made.id, inputs, sent(made.outs))


def ways(operation: Operation, fault: str) -> tuple[str, ...]:
    """Return what users run after a fault: the page for them wants a refresh after a crash."""
    if operation.refresh:
        return (REFRESH,)
    return (PLAIN,) if fault in SURVIVED else (PLAIN, REFRESH)


Prepare = Callable[["PulumiStage"], None]


@dataclass(frozen=True)
class Operation:
    """An `up`, from where it begins.

    Attributes:
        program: What is declared then.
        prepare: Brings the double and the state to where it begins.
        expects: Calls that it makes at least, in this order.
        refresh: Whether it begins with a refresh.
        replace: Whether the secret is to be replaced, as `--replace` says.
        behaviour: What AWS does where it leaves that open.
    """

    program: Program
    prepare: Prepare = lambda _: None
    expects: tuple[str, ...] = ()
    refresh: bool = False
    replace: bool = False
    behaviour: Mapping[str, Any] = field(default_factory=dict)


class PulumiStage(StageOnDouble):
    """One operation, its double and its state."""

    def __init__(self, operation: Operation) -> None:
        self.operation, self.engine = operation, Engine()
        behaviour = emulation.Behaviour(reserved_seconds=3, deleted_visible_seconds=1)
        self.aws = emulation.Aws(
            clock=emulation.Clock(worlds.START),
            behaviour=dataclasses.replace(behaviour, **operation.behaviour),
        )

    def run(self) -> bool:
        """Run the operation once."""
        return self._up(refresh=self.operation.refresh, replace=self.operation.replace)

    def again(self) -> bool:
        """Run `up` on the state that Pulumi would have kept."""
        # Whether the replacement was made is in the state; if not, the user asks for it again.
        return self._up(refresh=self.way == REFRESH, replace=self.operation.replace)

    def _up(self, *, refresh: bool, replace: bool) -> bool:
        replaced = bool(self.engine.doomed)
        try:
            self.engine.up(
                self.operation.program, refresh=refresh,
                replace=("db",) if replace and not replaced else (),
            )  # fmt: skip
        except errors.RecoverableSecretsError:
            return False
        return True

    def settled(self) -> str:
        """Return what is wrong with the state, or calls made by an `up` that changes nothing."""
        if self.engine.state.keys() != self.operation.program.keys() or self.engine.doomed:
            return f"in the state: {[*self.engine.state]}, {len(self.engine.doomed)} to delete"
        for entry in self.engine.state.values():
            live = self.aws.secret(entry.outputs["name"])
            told = entry.id, entry.outputs["arn"], entry.outputs.get("version_id")
            if told != (live.arn, live.arn, live.version_id):
                return f"{told} instead of {(live.arn, live.version_id)}"
        self.aws.calls.clear()
        done = self._up(refresh=False, replace=False)
        return "" if done and not self.aws.calls else f"an unchanged up calls {self.aws.actions()}"


@contextlib.contextmanager
def staged(operation: Operation) -> Iterator[Stage]:
    """Set a stage for an operation."""
    stage = PulumiStage(operation)
    for key in ("alias/ours", "alias/other", "alias/near", "alias/far"):
        stage.aws.add_key(key)
    with stage.aws.in_process():
        operation.prepare(stage)
        stage.aws.calls.clear()
        yield stage
