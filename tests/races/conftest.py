"""Nobody waits, and nothing of the machine's own settings is used."""

from __future__ import annotations

import pytest

from contract import worlds


@pytest.fixture(autouse=True)
def _isolated(monkeypatch: pytest.MonkeyPatch) -> None:
    worlds.isolate(monkeypatch)
