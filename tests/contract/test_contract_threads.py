"""One store serves several operations at once."""

from __future__ import annotations

import concurrent.futures
import sys
from collections.abc import Iterator

import pytest

from contract import running, table, worlds
from recoverable_secrets.core import facts, plan
from recoverable_secrets.core.ownership import version_id
from recoverable_secrets.core.sealed import Sealed

THREADS = 8


@pytest.fixture(autouse=True)
def _switching() -> Iterator[None]:
    """Let threads take turns as often as can be."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


def test_one_name_is_created_once(world: worlds.World) -> None:
    def create(number: int) -> plan.Outcome:
        version = version_id(f"{number:032x}")
        value = Sealed(f"value {number}")
        return world.store.apply(facts.Ref(table.NAME), table.creation(version=version), value)

    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        outcomes = list(pool.map(create, range(THREADS)))
    won = [number for number, outcome in enumerate(outcomes) if isinstance(outcome, plan.Done)]
    assert len(won) == 1
    assert world.shot(table.NAME).value == f"value {won[0]}"


def test_the_current_version_is_moved_once(world: worlds.World) -> None:
    """Naming the version that it leaves makes the move the one thing that compares and sets."""
    ref = running.prepare(world, "live", written=True)
    move = plan.MoveStage(current=table.NEXT, to=table.FIRST)
    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        outcomes = list(pool.map(lambda _: world.store.apply(ref, move), range(THREADS)))
    assert sum(isinstance(outcome, plan.Done) for outcome in outcomes) == 1
    shot = world.shot(table.NAME)
    assert (shot.version, shot.previous) == (table.FIRST, table.NEXT)


@pytest.mark.parametrize(
    ("first", "action"),
    [
        pytest.param((), table.REPLICATE, id="replicas are made"),
        pytest.param((table.REPLICATE,), plan.RemoveReplicas(regions=(table.FAR.region,)),
                     id="a replica is removed"),
        pytest.param((table.LABEL,), plan.MoveStage(current=table.FIRST, to=None, stage="blue"),
                     id="a label is taken away"),
    ],
)  # fmt: skip
def test_what_takes_effect_once(
    world: worlds.World, first: tuple[plan.Action, ...], action: plan.Action
) -> None:
    """Of several that try at once one does it, and all the others are told that it is done."""
    ref = running.prepare(world, "live", first=first)
    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        outcomes = list(pool.map(lambda _: world.store.apply(ref, action), range(THREADS)))
    assert sum(isinstance(outcome, plan.Done) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, plan.Conflict) for outcome in outcomes) == THREADS - 1
    running.agrees(world, ref)


def test_no_secret_gets_anothers_value(world: worlds.World) -> None:
    """Each thread's values end in its own secret, whatever the others do meanwhile."""

    def work(number: int) -> None:
        name, store = f"secret {number}".replace(" ", "/"), world.store
        made = store.apply(facts.Ref(name), table.creation(), Sealed(f"first of {number}"))
        assert isinstance(made, plan.Done)
        ref = facts.Ref(name, made.id)
        store.apply(ref, plan.SetTags(tags=plan.frozen({"number": str(number)})))
        compare = plan.Compare(source=plan.Source.LITERAL, version=table.FIRST)
        assert isinstance(store.apply(ref, compare, Sealed(f"first of {number}")), plan.Done)
        write = plan.SetMetadata(source=plan.Source.LITERAL, version=table.NEXT)
        assert isinstance(store.apply(ref, write, Sealed(f"second of {number}")), plan.Done)
        store.apply(ref, plan.ScheduleDeletion(days=7))
        store.apply(ref, plan.Restore())

    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, range(2 * THREADS)))
    for number in range(2 * THREADS):
        shot = world.shot(f"secret/{number}")
        assert (shot.state, shot.value, shot.versions) == ("live", f"second of {number}", 2)
        assert shot.tags["number"] == str(number)
