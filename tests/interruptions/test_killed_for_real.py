"""A process of the product gets a SIGKILL at a call, and the operation is run again.

The double answers over HTTP. It kills the process that calls, before the call takes effect or right
after, and hangs up. Whatever an interpreter does at its end, it does not do here: what `Killed`
stands for in the other tests is shown to be the same.
"""

from __future__ import annotations

import contextlib
import functools
import os
import signal
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from pulumi import dynamic

from emulation import faults, wire
from interruptions import (
    command_operations,
    command_stage,
    counts,
    disturbances,
    harness,
    pulumi_operations,
    pulumi_stage,
    stack_excuses,
    stack_operations,
    stack_stage,
    victim,
)
from interruptions.disturbances import Call, Killed
from interruptions.harness import Stage, StageOnDouble
from interruptions.stack_stage import Cloud
from interruptions.victim import Victim
from protocol.conftest import environment, sandboxes, served_receiver, served_stacks
from protocol.context import Context
from protocol.receiver import Receiver
from protocol.stacks import Stacks
from protocol.world import Event
from recoverable_secrets.core import errors
from recoverable_secrets.dynamic import SecretProvider

__all__ = ["environment", "sandboxes", "served_receiver", "served_stacks"]

SHARE = 12
"""The normal run plays one case of so many; with RECOVERABLE_SECRETS_SOAK all are played."""

PULUMI = (
    "create, all groups", "update, everything", "restore, everything differs",
    "delete, all groups", "force delete, all groups", "replace, another name, all groups",
)  # fmt: skip
COMMANDS = (
    "restore, all groups", "restore --all", "delete, all groups", "purge, all groups",
    "owner set", "versions deprecate",
)  # fmt: skip
STACKS = ("create, all groups", "update, everything", "restore", "delete, all groups")
KILLS = ("killed before", "killed after")


@pytest.fixture(scope="module")
def killed() -> Iterator[Victim]:
    """The process whose children are killed."""
    with victim.started() as made:
        yield made


class Provider(SecretProvider):
    """The provider in a child process: what calls AWS may be killed."""

    def __init__(self, killed: Victim) -> None:
        self.killed = killed

    def _ask(self, method: str, *args: Any) -> Any:
        answer = self.killed.ask("pulumi", method=method, args=args)
        if answer is None:
            raise Killed
        if "failed" in answer:
            raise errors.StoreError(answer["failed"], "failed")
        return answer["made"]

    def create(self, props: dict[str, Any]) -> dynamic.CreateResult:
        return dynamic.CreateResult(*self._ask("create", _plain(props)))

    def update(
        self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]
    ) -> dynamic.UpdateResult:
        return dynamic.UpdateResult(self._ask("update", _id, _plain(_olds), _plain(_news)))

    def read(self, id_: str, props: dict[str, Any]) -> dynamic.ReadResult:
        outputs = self._ask("read", id_, _plain(props))
        return dynamic.ReadResult("", {}) if outputs is None else dynamic.ReadResult(id_, outputs)

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        self._ask("delete", _id, _plain(_props))


def _plain(props: dict[str, Any]) -> dict[str, Any]:
    return {name: content for name, content in props.items() if name != "__provider"}


def murder(stage: StageOnDouble, killed: Victim, call: Call, name: str) -> disturbances.Disturbed:
    """Let the double kill the process that makes a call, and hang up."""

    def kill(_: wire.Request) -> None:
        os.kill(killed.pid, signal.SIGKILL)
        death.died = True
        raise ConnectionResetError

    when: Any = name.removeprefix("killed ")
    death = disturbances.Death(call.action, nth=call.nth, when=when)
    death.callback = kill
    stage.aws.inject(cast("faults.Fault", death))
    return disturbances.OnDouble(death)


@contextlib.contextmanager
def over_http(
    staged: Callable[[Any], contextlib.AbstractContextManager[Stage]],
    killed: Victim,
    bind: Callable[[Any], None],
    operation: Any,
) -> Iterator[Stage]:
    """Set a stage whose operation runs in another process from now on."""
    with staged(operation) as made, made.aws.serve() as url:
        stage = cast("Any", made)
        killed.env = {"AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "AKIAEMULATEDDEFAULT0"}
        killed.env["AWS_SECRET_ACCESS_KEY"] = "emulated"
        bind(stage)
        stage.disturb = functools.partial(murder, stage, killed)
        yield made


def play(
    of: harness.Interruptions, calls: set[str], record: counts.Record, surface: str, killed: Victim
) -> None:
    """Kill at the calls, and check that as many died as were to."""
    before, came = killed.deaths, harness.Came()
    for case in of.cases():
        kill = case.fault in KILLS and case.call.service not in calls
        if kill and (harness.SOAK or case.drawn(f"{of.name}, for real", SHARE)):
            of.play_one(case, came)
    counts.tell(record, f"{surface}, SIGKILL", came)
    assert not came.wrong, came.told()
    assert came.unmet == []
    assert killed.deaths - before == came.cases


@pytest.mark.parametrize("name", PULUMI)
def test_the_provider(
    name: str, pauses: None, killed: Victim, record_property: counts.Record
) -> None:
    def bind(stage: pulumi_stage.PulumiStage) -> None:
        stage.engine.provider = Provider(killed)

    staged = functools.partial(over_http, pulumi_stage.staged, killed, bind)
    operation = pulumi_operations.OPERATIONS[name]
    of = harness.of(name, operation, staged, pulumi_stage.ways)
    play(of, set(), record_property, "Pulumi", killed)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_command(
    name: str, pauses: None, killed: Victim, record_property: counts.Record
) -> None:
    def typed(stage: command_stage.CommandStage, *words: str) -> bool:
        given = [word.format(**stage.words) for word in words]
        answer = killed.ask("command", words=given)
        if answer is None:
            raise Killed
        return bool(answer["code"] == 0)

    def bind(stage: command_stage.CommandStage) -> None:
        stage.typed = functools.partial(typed, stage)  # type: ignore[method-assign]

    staged = functools.partial(over_http, command_stage.staged, killed, bind)
    operation = command_operations.OPERATIONS[name]
    of = harness.of(name, operation, staged, command_stage.ways)
    play(of, set(), record_property, "the command", killed)


@pytest.mark.parametrize("name", STACKS)
def test_the_function(
    name: str,
    environment: None,
    served_stacks: Stacks,
    served_receiver: Receiver,
    killed: Victim,
    record_property: counts.Record,
) -> None:
    def handler(event: Event, context: Context) -> None:
        seconds = context.get_remaining_time_in_millis() / 1000
        arn = context.invoked_function_arn
        if killed.ask("function", event=event, arn=arn, seconds=seconds) is None:
            raise Killed

    def bind(stage: stack_stage.StackStage) -> None:
        stage.world.sandbox = handler

    from protocol.world import Sandbox  # noqa: PLC0415

    cloud = Cloud(served_stacks, served_receiver, Sandbox())
    staged = functools.partial(over_http, cloud.staged, killed, bind)
    operation = stack_operations.OPERATIONS[name]
    of = harness.of(name, operation, staged, stack_stage.ways, stack_excuses.excuse)
    play(of, {disturbances.CLOUDFORMATION}, record_property, "CloudFormation", killed)
