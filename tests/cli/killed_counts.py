"""How many processes the tests have killed, told at the end, also where other processes did it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

PREFIX = "killed for real: "
"""How the properties of a test's report begin that hold a number of cases."""

Record = Callable[[str, object], None]
"""pytest's `record_property`."""


def tell(record: Record, what: str, cases: int) -> None:
    """Record how many cases a test tried."""
    record(f"{PREFIX}{what}", cases)


def report(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many there were; for the hook of that name in tests/conftest.py."""
    told: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for each in reports:
            if getattr(each, "when", "") == "call":
                for name, cases in each.user_properties:
                    if name.startswith(PREFIX):
                        told[name.removeprefix(PREFIX)] += cases
    if told:
        terminalreporter.section("killed for real")
        for what, cases in told.items():
            terminalreporter.write_line(f"{what}: {cases}")
