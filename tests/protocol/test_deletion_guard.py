"""RefuseDeletionIfAccessedWithin: an ordinary deletion fails, and nothing else is held up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

from emulation import Aws, Clock
from protocol.stack import Failing, Stack
from protocol.world import ACCOUNT, REGION, World

SECRET = "shop/Secret"
ONE = {"SecretString": "first-value"}
AGO = 40
"""So many days ago is now, in AWS: what the function takes for today is this process's date."""
WITHIN = {**ONE, "RefuseDeletionIfAccessedWithin": AGO + 5}
LONG_AGO = {**ONE, "RefuseDeletionIfAccessedWithin": AGO - 5}
FORCE = {"ForceDeleteWithoutRecovery": True}


@pytest.fixture
def aws(environment: None) -> Iterator[Aws]:
    """The double, at a time that is past for the function."""
    clock = Clock(dt.datetime.now(dt.UTC) - dt.timedelta(days=AGO))
    with Aws(clock=clock, account=ACCOUNT, region=REGION).in_process() as double:
        yield double


def read(world: World, name: str = SECRET) -> None:
    """Read the value, as an application does."""
    world.aws.by_hand("GetSecretValue", SecretId=name)


def read_on(world: World) -> str:
    """Return the day on which it was read, as people write it."""
    return f"{world.aws.clock.now():%Y-%m-%d}"


@pytest.mark.parametrize("force", [{}, FORCE], ids=["scheduled", "forced"])
def test_the_deletion_fails_after_one_look(world: World, force: dict[str, bool]) -> None:
    world.install(ALLOW_FORCE_DELETE="yes")
    stack = Stack(world)
    made = stack.create({**WITHIN, **force})
    read(world)
    (deletion,) = stack.delete()
    until = world.aws.clock.now().date() + dt.timedelta(days=AGO + 6)
    assert deletion.expect_failure() == (
        f"{SECRET} was last read on {read_on(world)}: not deleted. Find the reader (CloudTrail, "
        f"access alarm), wait until {until}, or use RetainResources: "
        "RefuseDeletionIfAccessedWithin is set"
    )
    assert deletion.actions == ["DescribeSecret"]
    assert (deletion.id, world.aws.secret(SECRET).state) == (made.id, "live")


def test_what_was_refused_can_be_deleted_later(world: World) -> None:
    """The second attempt finds a stack whose deletion has failed: it is an ordinary one still."""
    stack = Stack(world)
    held = stack.create(WITHIN).id
    read(world)
    stack.delete()[0].expect_failure()
    stack.record.becomes("DELETE_FAILED")
    stack.record.becomes("DELETE_IN_PROGRESS")
    stack.send("Delete", WITHIN, id=held).expect_failure("was last read on")
    stack.send("Delete", LONG_AGO, id=held).expect_success()
    assert world.aws.secret(SECRET).state == "pending"


@pytest.mark.parametrize(
    ("properties", "reads"),
    [
        pytest.param(WITHIN, False, id="nobody reads it"),
        pytest.param(LONG_AGO, True, id="it was read long ago"),
        pytest.param({**ONE, "RefuseDeletionIfAccessedWithin": 0}, True, id="off"),
        pytest.param(ONE, True, id="not declared"),
    ],
)
def test_what_nobody_needs_goes(
    world: World, properties: dict[str, object], *, reads: bool
) -> None:
    stack = Stack(world)
    stack.create(properties)
    if reads:
        read(world)
    (deletion,) = stack.delete()
    deletion.expect_success()
    assert deletion.actions == ["DescribeSecret", "DeleteSecret"]


def test_it_can_be_lowered_before_the_deletion(world: World) -> None:
    stack = Stack(world)
    stack.create(WITHIN)
    read(world)
    assert stack.update(LONG_AGO).expect_success()["Restored"] == "false"
    stack.delete()[0].expect_success()
    assert world.aws.secret(SECRET).state == "pending"


@pytest.mark.parametrize("old", ["soon", "-1", "366", ["7"], ""])
def test_what_is_not_understood_holds_no_deletion_up(world: World, old: object) -> None:
    """The event of a Delete may have properties that no Create has accepted."""
    stack = Stack(world)
    held = stack.create(ONE).id
    read(world)
    stack.record.becomes("DELETE_IN_PROGRESS")
    event = stack.event("Delete", ONE, id=held)
    event["ResourceProperties"]["RefuseDeletionIfAccessedWithin"] = old
    world.deliver(event).expect_success()
    assert world.aws.secret(SECRET).state == "pending"


def test_a_resource_that_is_taken_out_of_the_template(world: World) -> None:
    """In the cleanup of an update. CloudFormation tries three times and then forgets it."""
    stack = Stack(world)
    stack.deploy({"Secret": WITHIN, "Other": ONE})
    read(world)
    (deletion,) = stack.deploy({"Other": ONE})
    deletion.expect_failure("was last read on")
    assert world.aws.secret(SECRET).state == "live"


FAILING: list[Failing] = ["rollback", "delete"]


@pytest.mark.parametrize("failing", FAILING)
def test_a_creation_that_is_taken_back_is_not_held_up(world: World, failing: Failing) -> None:
    """Read between its creation and the failure of another resource, as a database does."""
    stack = Stack(world)
    stack.record.becomes("CREATE_IN_PROGRESS")
    held = stack.send("Create", WITHIN).id
    read(world)
    away = failing == "delete"
    stack.record.becomes("DELETE_IN_PROGRESS" if away else "ROLLBACK_IN_PROGRESS")
    stack.send("Delete", WITHIN, id=held).expect_success()
    assert world.aws.secret(SECRET).state == "pending"


def test_an_update_that_is_taken_back_is_not_held_up(world: World) -> None:
    """What the update has added goes again, though its reader has started already."""
    stack = Stack(world)
    stack.create(ONE)
    stack.record.updated = stack.record.created
    stack.record.becomes("UPDATE_IN_PROGRESS")
    held = stack.send("Create", WITHIN, logical="Added").id
    read(world, "shop/Added")
    stack.record.becomes("UPDATE_ROLLBACK_IN_PROGRESS")
    stack.record.becomes("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
    stack.send("Delete", WITHIN, logical="Added", id=held).expect_success()
    assert world.aws.secret("shop/Added").state == "pending"


def test_a_stack_that_nobody_knows_holds_nothing_up(world: World) -> None:
    """Without proof it is a rollback: scheduled, so that nothing is lost."""
    stack = Stack(world)
    held = stack.create(WITHIN).id
    read(world)
    world.stacks.forget(stack.id)
    stack.send("Delete", WITHIN, id=held).expect_success()
    assert world.aws.secret(SECRET).state == "pending"


def test_what_no_deletion_asks_for_is_a_rollback(world: World) -> None:
    """A late Delete, or a forged one, of a stack that is not at work: it can be restored."""
    stack = Stack(world)
    held = stack.create(WITHIN).id
    read(world)
    stack.send("Delete", WITHIN, id=held).expect_success()
    assert world.aws.secret(SECRET).state == "pending"


def test_another_stacks_secret_is_left_alone_without_a_failure(world: World) -> None:
    stack = Stack(world)
    stack.create(WITHIN)
    read(world)
    tags = [{"Key": "recoverable-secrets:owner", "Value": "cloudformation/another/x:0"}]
    world.aws.by_hand("TagResource", SecretId=SECRET, Tags=tags)
    stack.delete()[0].expect_success()
    assert world.aws.secret(SECRET).state == "live"
