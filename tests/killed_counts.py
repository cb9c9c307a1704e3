"""How many processes the tests have killed."""

from __future__ import annotations

import pytest

import counted
from counted import Record

PREFIX = "killed for real: "
"""How the properties of a test's report begin that hold a number of cases."""


def tell(record: Record, what: str, cases: int) -> None:
    """Record how many cases a test tried."""
    record(f"{PREFIX}{what}", cases)


def report(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many there were."""
    told = counted.totals(terminalreporter, PREFIX)
    if told:
        terminalreporter.section("killed for real")
        for what, cases in told.items():
            terminalreporter.write_line(f"{what}: {cases}")
