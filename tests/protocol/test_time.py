"""Time that runs out at every step: one answer, never an empty id, and the next attempt ends well.

`slow`: a call takes so long that the engine's own deadline comes. `hung`: a call does not come
back before the timer answers; what the work then says must not be sent.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from emulation import faults
from protocol.stack import Stack
from protocol.world import Event, World

SECRET = "shop/Secret"
OLD = {"SecretString": "first-value", "Description": "old", "Tags": [{"Key": "a", "Value": "1"}]}
NEW = {"SecretString": "second-value", "Description": "new", "Tags": [{"Key": "b", "Value": "2"}]}
SECONDS = 300.0
LITTLE, HANGS = 0.62, 0.25
"""The timer answers half a second before the end at the latest: while a call hangs."""


def creation(world: World) -> tuple[Stack, Event]:
    """A Create of a new secret."""
    stack = Stack(world)
    stack.record.becomes("CREATE_IN_PROGRESS")
    return stack, stack.event("Create", NEW)


def restoration(world: World) -> tuple[Stack, Event]:
    """A Create of a secret that is pending, and has to be changed as well."""
    before = Stack(world)
    before.create(OLD)
    before.delete()
    return creation(world)


def adoption(world: World) -> tuple[Stack, Event]:
    """A Create that takes a secret of nobody over."""
    world.install(ALLOW_ADOPT="unowned")
    world.aws.by_hand("CreateSecret", Name=SECRET, SecretString="theirs")
    stack = Stack(world)
    stack.record.becomes("CREATE_IN_PROGRESS")
    return stack, stack.event("Create", {**NEW, "Adopt": "unowned"})


def change(world: World) -> tuple[Stack, Event]:
    """An Update of everything."""
    stack = Stack(world)
    id_ = stack.create(OLD).id
    stack.record.becomes("UPDATE_IN_PROGRESS")
    return stack, stack.event("Update", NEW, old=OLD, id=id_)


def renaming(world: World) -> tuple[Stack, Event]:
    """An Update that makes another secret."""
    stack = Stack(world)
    id_ = stack.create(OLD).id
    stack.record.becomes("UPDATE_IN_PROGRESS")
    return stack, stack.event("Update", {**NEW, "Name": "app/db"}, old=OLD, id=id_)


def deletion(world: World) -> tuple[Stack, Event]:
    """An ordinary Delete."""
    stack = Stack(world)
    id_ = stack.create(OLD).id
    stack.record.becomes("DELETE_IN_PROGRESS")
    return stack, stack.event("Delete", OLD, id=id_)


def releasing(world: World) -> tuple[Stack, Event]:
    """A Delete that takes an adoption back."""
    stack, event = adoption(world)
    id_ = world.deliver(event).id
    stack.record.becomes("ROLLBACK_IN_PROGRESS")
    return stack, {**event, "RequestType": "Delete", "PhysicalResourceId": id_}


Scene = Callable[[World], tuple[Stack, Event]]
STEPS: list[tuple[Scene, int]] = [
    (creation, 1),
    (restoration, 9),
    (adoption, 4),
    (change, 5),
    (renaming, 1),
    (deletion, 2),
    (releasing, 2),
]
EVERY = [(scene, nth) for scene, calls in STEPS for nth in range(1, calls + 1)]
NAMED = [f"{scene.__name__}-{nth}" for scene, nth in EVERY]


def again(world: World, event: Event) -> None:
    """Deliver the event once more, as a retried deployment does, and check that it ends well."""
    world.aws.heal()
    world.deliver({**event, "ResponseURL": world.receiver.url()}).expect_success()


def ends_as_undisturbed(world: World, scene: Scene) -> None:
    """Check what every scene comes to in the end."""
    names = {SECRET, "app/db"} if scene is renaming else {SECRET}
    assert {one.name for one in world.aws.secrets()} == names
    one = world.aws.secret("app/db" if scene is renaming else SECRET)
    if scene is deletion:
        assert one.state == "pending"
    elif scene is releasing:
        assert (one.state, one.value) == ("live", "theirs")
        assert not [tag for tag in one.tags if tag.startswith("recoverable-secrets:")]
    else:
        value = "theirs" if scene is adoption else "second-value"
        tags = {k: v for k, v in one.tags.items() if not k.startswith("recoverable-secrets:")}
        assert (one.state, one.value, one.description) == ("live", value, "new")
        assert tags == {"b": "2"}


@pytest.mark.parametrize(("scene", "calls"), STEPS, ids=[scene.__name__ for scene, _ in STEPS])
def test_the_steps_are_all_there(world: World, scene: Scene, calls: int) -> None:
    """As many calls as the tests below interrupt; without trouble each scene ends well."""
    _, event = scene(world)
    made = world.deliver(event)
    made.expect_success()
    assert len(made.actions) == calls, made.actions
    ends_as_undisturbed(world, scene)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("scene", "nth"), EVERY, ids=NAMED)
def test_a_slow_call(world: World, scene: Scene, nth: int, when: str) -> None:
    """The call takes nearly all the time there is: the engine stops before Lambda does."""
    _, event = scene(world)
    world.aws.inject(
        faults.Hook(
            nth=nth,
            when="before" if when == "before" else "after",
            callback=lambda _: world.time.skip(SECONDS - 25),
        )
    )
    made = world.deliver(event, seconds=SECONDS)
    assert made.answer["PhysicalResourceId"]
    again(world, event)
    ends_as_undisturbed(world, scene)


@pytest.mark.parametrize(("scene", "nth"), EVERY, ids=NAMED)
def test_a_hung_call(world: World, scene: Scene, nth: int) -> None:
    """The timer answers first: that one answer stands, and has an id."""
    _, event = scene(world)
    hung = threading.Event()
    world.aws.inject(faults.Hook(nth=nth, callback=lambda _: hung.wait(HANGS)))
    made = world.deliver(event, seconds=LITTLE)
    assert not made.succeeded
    assert len(made.puts) == 1
    again(world, event)
    ends_as_undisturbed(world, scene)


def test_a_hung_look_at_the_stack(world: World) -> None:
    """CloudFormation's API hangs: the same."""
    _, event = creation(world)
    hung = threading.Event()
    world.stacks.hooks.append(lambda *_: hung.wait(HANGS))
    made = world.deliver(event, seconds=LITTLE)
    assert not made.succeeded
    assert len(made.puts) == 1
    assert made.id.startswith("recoverable-secrets:not-created:")


def test_the_id_of_a_timed_out_create_finds_what_it_made(world: World) -> None:
    """The Create went through in the end, after FAILED was answered: its Delete has that id."""
    stack, event = creation(world)
    hung = threading.Event()
    world.aws.inject(faults.Hook(when="after", callback=lambda _: hung.wait(HANGS)))
    made = world.deliver(event, seconds=LITTLE)
    made.expect_failure("time")
    assert world.aws.secret(SECRET).state == "live"
    stack.record.becomes("ROLLBACK_IN_PROGRESS")
    stack.send("Delete", NEW, id=made.id).expect_success()
    assert world.aws.secret(SECRET).state == "pending"


@pytest.mark.parametrize("seconds", [0.51, 0.6, 1.0, 2.0, 10.0, 25.0])
def test_hardly_any_time_from_the_start(world: World, seconds: float) -> None:
    """A function with a short timeout: either way one answer."""
    _, event = creation(world)
    made = world.deliver(event, seconds=seconds)
    assert made.answer["PhysicalResourceId"]
    again(world, event)
    ends_as_undisturbed(world, creation)


@pytest.mark.parametrize(
    ("seconds", "waits", "timer"),
    [
        (2, {}, 1.5),
        (4, {}, 3.5),
        (16, {}, 14.0),
        (40, {}, 35.0),
        (480, {}, 475.0),
        (480, {"ServiceTimeout": "600"}, 475.0),
        (480, {"ServiceTimeout": "60"}, 55.0),
        (480, {"ServiceTimeout": "8"}, 7.0),
        (480, {"ServiceTimeout": "0"}, 475.0),
        (480, {"ServiceTimeout": "soon"}, 475.0),
    ],
)
def test_when_the_timer_answers(
    world: World, seconds: float, waits: dict[str, str], timer: float
) -> None:
    """Before Lambda's end and CloudFormation's: with half to five seconds for the way there."""
    stack = Stack(world)
    stack.record.becomes("CREATE_IN_PROGRESS")
    set_to: list[float] = []

    def look(_: object) -> None:
        running = (one for one in threading.enumerate() if isinstance(one, threading.Timer))
        set_to.extend(one.interval for one in running)

    world.aws.inject(faults.Hook(callback=look))
    world.deliver(stack.event("Create", {**NEW, **waits}), seconds=seconds).expect_success()
    assert set_to == [pytest.approx(timer, abs=0.2)]


def test_the_time_was_over_before_it_began(world: World) -> None:
    """The timer's length is negative then."""
    _, event = creation(world)
    assert world.deliver(event, seconds=0).answer["PhysicalResourceId"]


def test_a_name_that_stays_reserved_is_waited_for_and_given_up_in_time(world: World) -> None:
    """Just purged, and reserved for ever: the engine says so before Lambda ends."""
    world.aws.behaviour.reserved_seconds = 10**6
    scene = deletion(world)[1]
    world.deliver(scene).expect_success()
    world.aws.purge(SECRET)
    _, event = creation(world)
    started = world.time.monotonic()
    made = world.deliver(event, seconds=SECONDS)
    made.expect_failure("reserved")
    assert world.time.monotonic() - started < SECONDS - 10


def test_an_answer_that_hangs_is_the_only_one(world: World) -> None:
    """The receiver takes the answer and never says so: the timer must not send another."""
    world.receiver.conducts[:] = ["hang"]
    _, event = creation(world)
    released = threading.Timer(0.5, world.receiver.released.set)
    released.start()
    made = world.deliver(event, seconds=0.8)
    released.join()
    assert len({put.body for put in made.puts}) == 1
