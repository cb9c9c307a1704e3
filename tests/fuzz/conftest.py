"""Each target's time, the report of what was done with it, and nothing of the machine's own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from contract import worlds
from emulation import Clock
from fuzz import budget, counts
from protocol.passing import Passing


@pytest.fixture(autouse=True)
def _isolated(monkeypatch: pytest.MonkeyPatch) -> None:
    worlds.isolate(monkeypatch)
    Passing(Clock()).install(monkeypatch)  # Who waits for a deadline would wait for real.


@pytest.fixture
def fuzz(request: pytest.FixtureRequest) -> Iterator[budget.Fuzz]:
    """The fuzzing of the target that the test is named for."""
    target = request.node.originalname.removeprefix("test_")
    fuzzing = budget.of(target)
    yield fuzzing
    request.node.user_properties.append((counts.NAME, [target, dict(fuzzing.verdicts)]))
