"""The scheduler plays every order, and what it plays is what would happen on the wire."""

from __future__ import annotations

import collections
import math
from collections.abc import Callable

import boto3
import pytest

import emulation
from contract import worlds
from engine.scene import NAME, make_scene
from races import pairs, parts, promises, schedules, stage
from recoverable_secrets.stores import aws


def _writers(steps: tuple[int, ...], seen: list[str]) -> Callable[[], schedules.Play]:
    """Return a play of actors that take so many steps each, all of which change something."""

    def make() -> schedules.Play:
        double = schedules.Double(clock=emulation.Clock(worlds.START))
        order: list[str] = []

        def act(name: str, times: int) -> None:
            for _ in range(times):
                schedules.gate()
                order.append(name)
                double.pass_time(1)
            if len(order) == sum(steps):
                seen.append("".join(order))

        actors = [
            schedules.Actor(name, lambda name=name, times=times: act(name, times))  # type: ignore[misc]
            for name, times in zip("abc", steps, strict=False)
        ]
        return schedules.Play(double, actors)

    return make


@pytest.mark.parametrize("steps", [(1, 1), (3, 4), (5, 5), (2, 2, 2), (3, 2, 1)])
def test_every_order_is_played_once(steps: tuple[int, ...]) -> None:
    """Their number is the multinomial coefficient, and no two are alike."""
    seen: list[str] = []
    plays = sum(1 for _ in schedules.schedules(_writers(steps, seen)))
    expected = math.factorial(sum(steps))
    for each in steps:
        expected //= math.factorial(each)
    assert plays == len(set(seen)) == expected


def _ends(race: stage.Race, *, all_orders: bool) -> set[tuple[object, ...]]:
    return {staged.essentials() for staged in stage.played(race, all_orders=all_orders)}


@pytest.mark.parametrize("name", ["up, destroy: state lost", "up, adopt", "restore, force"])
def test_orders_left_out_come_to_the_same(name: str) -> None:
    """Calls that change nothing commute: all orders reach the ends that the played ones do."""
    race = pairs.RACES[name]
    assert _ends(race, all_orders=False) == _ends(race, all_orders=True)


@pytest.fixture(scope="module")
def session() -> boto3.Session:
    """One session: reading the service models is what takes the time."""
    return boto3.Session(aws_access_key_id="AKIANOBODY", aws_secret_access_key="none")


@pytest.mark.parametrize("name", ["up, owner set", "restore, force"])
def test_the_real_client_comes_to_the_same(name: str, session: boto3.Session) -> None:
    """Over signing, parsing and the SDK's own threads of the body: the same calls and ends."""

    def scripts(store: aws.AwsStore | None) -> collections.Counter[str]:
        return collections.Counter(
            f"{staged.play.script()}; {staged.secret.state}"
            for staged in stage.played(pairs.RACES[name], store, all_orders=True)
        )

    store = make_scene(session).store
    assert isinstance(store, aws.AwsStore)
    assert scripts(store) == scripts(None)


def test_a_broken_promise_is_found() -> None:
    """A purge in an operation's name, without force: the judge tells in which order it was."""
    culprit = parts.Person("one", (parts.destroys,))
    race = stage.Race(pairs.live, (parts.destroy("one"),), (culprit,))
    with pytest.raises(AssertionError, match="purged without force") as caught:
        stage.judged(race)
    assert "one: destroys ok" in caught.value.__notes__[0]


def test_a_write_to_what_was_seen_to_be_anothers_is_found() -> None:
    """Two calls in an operation's name: a look that shows another's secret, and a change of it."""
    race = stage.Race(pairs.strangers, (parts.destroy("one", remembers=False),))
    staged = next(stage.played(race))
    (look,) = staged.double.steps
    changed = schedules.Step(
        "one", "TagResource", look.after, emulation.SecretSnapshot(NAME, "us-east-1", "1")
    )
    with pytest.raises(AssertionError, match="saw was not its own"):
        promises.leftovers(staged.runs[0], [look, changed])
    with pytest.raises(AssertionError, match="never looked at"):
        promises.leftovers(staged.runs[0], [changed])
