"""Every action in every state, each done twice, over every store."""

from __future__ import annotations

import pytest

from contract import running, table, worlds
from recoverable_secrets.core import errors, facts, plan

ENGINES_OWN = {plan.Look, plan.Wait}


@pytest.mark.parametrize(
    ("row", "state"), table.cases(), ids=[f"{s} - {r.why}" for r, s in table.cases()]
)
def test_action_in_state(world: worlds.World, row: table.Row, state: str) -> None:
    running.run_twice(world, row, state)


def test_the_table_has_every_action() -> None:
    """A new action has to say what it does in each state."""
    declared = {
        kind
        for kind in vars(plan).values()
        if isinstance(kind, type) and issubclass(kind, plan.Action) and kind is not plan.Action
    }
    assert {type(row.action) for row in table.ROWS} == declared - ENGINES_OWN


@pytest.mark.parametrize("action", [plan.Look(), plan.Wait()], ids=["look", "wait"])
def test_actions_of_the_engine_are_not_for_stores(world: worlds.World, action: plan.Action) -> None:
    ref = running.prepare(world, "live")
    before = world.shot(table.NAME)
    with pytest.raises(errors.StoreError, match="not for stores") as caught:
        world.store.apply(ref, action)
    assert caught.value.code == "NoAction"
    assert world.shot(table.NAME) == before


def test_undo_of_a_restore_is_an_action_like_others(world: worlds.World) -> None:
    """An action's `undo` is the engine's business: the store neither runs nor minds it."""
    ref = running.prepare(world, "pending")
    undoable = plan.Restore(undo=plan.ScheduleDeletion(days=7))
    assert isinstance(world.store.apply(ref, undoable), plan.Done)
    assert world.shot(table.NAME).state == "live"
    assert undoable.undo is not None
    assert isinstance(world.store.apply(ref, undoable.undo), plan.Done)
    assert isinstance(world.store.observe(facts.Ref(table.NAME)), facts.PendingDeletion)
