"""The contract over HTTP: the rows that take effect, and those that meet a taken name."""

from __future__ import annotations

import pytest

from contract import running, table, worlds
from recoverable_secrets.core import plan


def _important() -> list[tuple[table.Row, str]]:
    """Return what changes something, and what a creation meets."""
    return [
        (row, state)
        for row, state in table.cases()
        if (state in row.cells and "without" not in state) or isinstance(row.action, plan.Create)
    ]


@pytest.mark.parametrize(
    ("row", "state"), _important(), ids=[f"{s} - {r.why}" for r, s in _important()]
)
def test_action_over_http(http_world: worlds.World, row: table.Row, state: str) -> None:
    running.run_twice(http_world, row, state)
