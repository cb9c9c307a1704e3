"""CloudFormation gave up on a Create that still runs, and sends its Delete: at every call.

Lambda runs each in a sandbox of its own. What must hold whatever the order is: both answer,
nothing is purged, nothing of others is touched, and the next deployment gets the secret back.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from emulation import faults
from protocol.stack import Stack
from protocol.test_time import OLD, SECRET, adoption, creation, restoration
from protocol.world import Delivery, Event, Sandbox, World

Scene = Callable[[World], tuple[Stack, Event]]
EVERY = [
    (scene, nth, when)
    for scene, calls in ((creation, 1), (restoration, 9), (adoption, 4))
    for nth in range(1, calls + 1)
    for when in ("before", "after")
]


@pytest.mark.parametrize(
    ("scene", "nth", "when"), EVERY, ids=[f"{s.__name__}-{w}-{n}" for s, n, w in EVERY]
)
def test_a_delete_while_the_create_runs(
    world: World, second: Sandbox, scene: Scene, nth: int, when: str
) -> None:
    world.install(ALLOW_FORCE_DELETE="yes")
    stack, event = scene(world)
    forced = {**event["ResourceProperties"], "ForceDeleteWithoutRecovery": "true"}
    event = {**event, "ResourceProperties": forced}
    deletions: list[Delivery] = []

    def give_up(_request: object) -> None:
        stack.record.becomes("ROLLBACK_IN_PROGRESS")
        asked = {**event, "RequestType": "Delete", "PhysicalResourceId": "shop-Secret-1ABCDEFGH"}
        asked |= {"RequestId": "another", "ResponseURL": world.receiver.url()}
        deletions.append(world.deliver_aside(asked, second))

    at = faults.Hook(nth=nth, when="before" if when == "before" else "after", callback=give_up)
    world.aws.inject(at)
    made = world.deliver(event)
    assert made.answer["PhysicalResourceId"]
    [deletion] = deletions
    deletion.expect_success()
    left = {one.name: one for one in world.aws.secrets()}
    assert set(left) == {SECRET}
    possible = {"live"} if scene is adoption else {"live", "pending"}
    assert left[SECRET].state in possible, "never purged, and what was adopted stays"
    world.aws.heal()
    after = Stack(world).create({**OLD, **({"Adopt": "unowned"} if scene is adoption else {})})
    after.expect_success()
    assert world.aws.secret(SECRET).state == "live"
    assert world.aws.secret(SECRET).arn == left[SECRET].arn


def test_a_delete_right_after_the_create_took_effect(world: World, second: Sandbox) -> None:
    """The usual order: the secret is made, the answer is not sent yet. It is scheduled."""
    stack, event = creation(world)

    def give_up(_request: object) -> None:
        stack.record.becomes("ROLLBACK_IN_PROGRESS")
        asked = {**event, "RequestType": "Delete", "PhysicalResourceId": "shop-Secret-1ABCDEFGH"}
        world.deliver_aside({**asked, "ResponseURL": world.receiver.url()}, second)

    world.aws.hook("CreateSecret", "after", give_up)
    world.deliver(event)
    assert world.aws.secret(SECRET).state == "pending"


def test_two_creates_of_one_request_at_the_same_time(world: World, second: Sandbox) -> None:
    """Delivered twice at once: one secret, one version, both answer the same id."""
    _, event = creation(world)
    others: list[Delivery] = []

    def double(_request: object) -> None:
        asked = {**event, "ResponseURL": world.receiver.url()}
        others.append(world.deliver_aside(asked, second))

    world.aws.hook("CreateSecret", "before", double)
    made = world.deliver(event)
    assert made.id == others[0].id
    one = world.aws.secret(SECRET)
    assert (one.value, len(one.versions)) == ("second-value", 1)
    assert one.tags["recoverable-secrets:origin"] == "created"


def test_two_stacks_of_one_name_want_one_secret(world: World, second: Sandbox) -> None:
    """The first wins; the second is refused, and its rollback leaves the first's alone."""
    first, other = Stack(world, "a"), Stack(world, "b")
    for stack in (first, other):
        stack.record.becomes("CREATE_IN_PROGRESS")
    lost: list[Delivery] = []
    rival = other.event("Create", {"Name": "app/db", "SecretString": "other-value"})
    world.aws.hook(
        "CreateSecret", "after", lambda _: lost.append(world.deliver_aside(rival, second))
    )
    made = first.send("Create", {"Name": "app/db", "SecretString": "first-value"})
    made.expect_success()
    lost[0].expect_failure("cloudformation/a/Secret")
    other.record.becomes("ROLLBACK_IN_PROGRESS")
    other.send("Delete", {"Name": "app/db"}, id=lost[0].id).expect_success()
    assert world.aws.secret("app/db").value == "first-value"
    assert world.aws.secret("app/db").state == "live"


def test_an_update_and_the_delete_of_another_life(world: World, second: Sandbox) -> None:
    """A late Delete of the stack's former life arrives in the middle of an Update."""
    before = Stack(world)
    id_ = before.create(OLD).id
    before.delete()
    stack = Stack(world)
    stack.create(OLD).expect_success()
    stack.record.becomes("UPDATE_IN_PROGRESS")
    late = before.event("Delete", OLD, id=id_)
    world.aws.hook("UpdateSecret", "before", lambda _: world.deliver_aside(late, second))
    stack.send("Update", {**OLD, "Description": "new"}, old=OLD, id=id_).expect_success()
    one = world.aws.secret(SECRET)
    assert (one.state, one.description) == ("live", "new")
