"""Warm invocations share clients and nothing else: no event shows in the next one."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from emulation import faults
from protocol.stack import SECRET, Stack
from protocol.stacks import Fault
from protocol.world import MISSING, Sandbox, World


def test_two_stacks_one_after_the_other(world: World) -> None:
    first = Stack(world, "a", tags={"team": "a"}).create({"SecretString": "value-of-a"})
    second = Stack(world, "b").create({})
    assert first.id != second.id
    assert second.answer["StackId"] == second.event["StackId"]
    assert world.aws.secret("b/Secret").value is None
    assert "team" not in world.aws.secret("b/Secret").tags
    assert [put.target for put in first.puts] != [put.target for put in second.puts]


def test_a_failure_does_not_show_in_the_next(world: World) -> None:
    failed = Stack(world, "a").send("Create", {"Name": "bad name!"})
    failed.expect_failure("Name")
    assert Stack(world, "b").create({}).answer["Reason"] == ""


def test_data_does_not_show_in_the_next(world: World) -> None:
    """A Delete has no data, whatever was answered before; a failure neither."""
    stack = Stack(world, "a")
    stack.create({}).expect_success()
    assert stack.delete()[0].answer["Data"] == {}
    assert Stack(world, "b").send("Create", {"Foo": "x"}).answer["Data"] == {}


def test_a_fault_of_our_own_does_not_show_in_the_next(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from recoverable_secrets import engine  # noqa: PLC0415 - only here

    with monkeypatch.context() as patch:
        patch.setattr(engine.Engine, "run", lambda *_args, **_kwargs: 1 / 0)
        failed = Stack(world, "a").deploy({SECRET: {}})[0]
        failed.expect_failure("ZeroDivisionError")
    Stack(world, "b").create({}).expect_success()


MALFORMED: list[dict[str, Any]] = [
    {"ResponseURL": MISSING},
    {"ResponseURL": None},
    {"ResponseURL": ""},
    {"StackId": MISSING},
    {"RequestId": None},
    {"LogicalResourceId": MISSING},
    {"RequestType": MISSING},
    {"RequestType": ["Create"]},
    {"ResourceProperties": None},
]


def _shown(changes: dict[str, Any]) -> str:
    [(name, content)] = changes.items()
    return f"{name} {'missing' if content is MISSING else content!r}"


@pytest.mark.parametrize("changes", MALFORMED, ids=_shown)
def test_a_malformed_event_is_never_answered_to_the_url_before(
    world: World, changes: dict[str, Any]
) -> None:
    """The function of a warm sandbox knows the last URL: it must have forgotten it."""
    good = Stack(world, "a").create({})
    arrived = len(world.receiver.puts)
    stack = Stack(world, "b")
    stack.record.becomes("CREATE_IN_PROGRESS")
    made = world.deliver({**stack.event("Create", {}), **changes})
    assert made.raised is None
    old = good.puts[0].target
    assert old not in [put.target for put in world.receiver.puts[arrived:]]
    for put in made.puts:
        assert json.loads(put.body)["StackId"] == made.event["StackId"]
        assert json.loads(put.body)["PhysicalResourceId"] != good.id


@pytest.mark.parametrize("event", [None, [], "x", 7, {}, {"a": "b"}], ids=repr)
def test_what_is_no_event_at_all_is_dropped(world: World, event: Any) -> None:
    good = Stack(world, "a").create({})
    arrived = len(world.receiver.puts)
    world.sandbox(event, None)  # type: ignore[arg-type]
    assert len(world.receiver.puts) == arrived
    assert good.succeeded


def test_a_timer_of_the_event_before_is_gone(world: World) -> None:
    """The first event leaves hardly any time; the second takes longer than that was."""
    first, second = Stack(world, "a"), Stack(world, "b")
    for stack in (first, second):
        stack.record.becomes("CREATE_IN_PROGRESS")
    world.deliver(first.event("Create", {}), seconds=1.0).expect_success()
    hung = threading.Event()
    world.aws.inject(faults.Hook(callback=lambda _: hung.wait(0.7)))
    world.deliver(second.event("Create", {})).expect_success()
    assert len(world.receiver.puts) == 2


def test_an_answer_that_was_lost_is_not_sent_with_the_next(world: World) -> None:
    """crhelper tries again within its own event only."""
    stack = Stack(world, "a")
    stack.record.becomes("CREATE_IN_PROGRESS")
    world.receiver.conducts[:] = ["fail"]
    first = stack.send("Create", {})
    second = Stack(world, "b").create({})
    assert (len(first.puts), len(second.puts)) == (1, 1)


def test_install_parameters_are_those_of_now(world: World) -> None:
    """Lambda makes new sandboxes when they change; a test in one sandbox sees both."""
    Stack(world, "a").send("Create", {"Adopt": "any"}).expect_failure("AllowAdopt")
    world.install(ALLOW_ADOPT="any", NAME_PREFIX="team/")
    told = Stack(world, "b").create({"Adopt": "any"}).expect_success()
    assert told["Name"] == "team/b/Secret"


def test_clients_are_shared(world: World) -> None:
    """Making clients takes most of an invocation's time: the second event makes none."""
    sandbox = Sandbox()
    world.sandbox = sandbox
    Stack(world, "a").create({}).expect_success()
    made: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        from botocore import session  # noqa: PLC0415 - only here

        create = session.Session.create_client

        def counted(self: Any, service_name: str, *args: Any, **kwargs: Any) -> Any:
            made.append(service_name)
            return create(self, service_name, *args, **kwargs)

        patch.setattr(session.Session, "create_client", counted)
        stack = Stack(world, "b")
        stack.create({}).expect_success()
        stack.delete()[0].expect_success()
    assert made == []


def test_credentials_that_were_renewed_are_used(world: World) -> None:
    """Expired ones of a sandbox that slept too long: an error that says so, and the next works."""
    world.aws.inject(faults.ExpiredToken(times=1))
    Stack(world, "a").send("Create", {}).expect_failure("ExpiredToken")
    Stack(world, "b").create({}).expect_success()


def test_what_one_stack_is_said_to_be_is_asked_again_for_the_next(world: World) -> None:
    """Statuses change between two events of one stack: nothing is remembered."""
    stack = Stack(world, "a")
    stack.create({}).expect_success()
    late = stack.send("Update", {"Description": "late"}, old={}, id=stack.resources[SECRET].id)
    late.expect_failure("not being created or updated")
    assert world.aws.secret("a/Secret").description is None
    stack.update({"Description": "now"}).expect_success()
    assert world.aws.secret("a/Secret").description == "now"


def test_many_failures_do_not_use_up_the_clients(world: World) -> None:
    """botocore's clients have a budget for retries, which a bad hour must not leave empty."""
    for _ in range(3):
        world.stacks.faults[:] = [Fault("throttle", times=None)]
        Stack(world, "a").send("Create", {}).expect_failure()
    world.stacks.faults[:] = [Fault("throttle", times=1)]
    Stack(world, "b").create({}).expect_success()


@pytest.mark.parametrize("qualifier", [":live", ":17", ":$LATEST"])
def test_called_through_an_alias_or_a_version(world: World, qualifier: str) -> None:
    """The function's own ARN tells where secrets are: an ending must not confuse that."""
    world.qualifier = qualifier
    stack = Stack(world)
    stack.create({}).expect_success()
    stack.update({"Description": "new"}).expect_success()
    stack.delete()[0].expect_success()
    assert world.aws.secret("shop/Secret").state == "pending"
