"""How the cases of a test reach the end of the run, where the terminal says how many they were."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import counted
from counted import Record

if TYPE_CHECKING:  # The summary must not need the product: it may be a broken copy.
    from interruptions.harness import Came

PREFIX = "interruptions: "


def tell(record: Record, surface: str, came: Came) -> None:
    """Record what the cases of an operation came to, for the summary."""
    record(f"{PREFIX}{surface}, cases", came.cases)
    record(f"{PREFIX}{surface}, run again", came.again)
    record(f"{PREFIX}{surface}, left undone by a look at the past", len(came.undone))
    for reason, number in came.excused.items():
        record(f"{PREFIX}{surface}, {reason}", number)


def report(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many interruptions were played."""
    told = counted.totals(terminalreporter, PREFIX)
    if not told:
        return
    terminalreporter.section("interruptions")
    for name in sorted(told):
        terminalreporter.write_line(f"{told[name]:>7}  {name}")
    whole = sum(number for name, number in told.items() if name.endswith(", cases"))
    terminalreporter.write_line(f"{whole:>7}  cases in all")
