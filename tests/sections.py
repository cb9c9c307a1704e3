"""What the end of a run says: how many processes were killed, orders played, steps taken."""

from __future__ import annotations

import pytest

import counted
from counted import Record

KILLED = "killed for real"
RACES = "races"
MODEL = "promises against random programs"


def tell(record: Record, section: str, what: str, number: int) -> None:
    """Record a number for a section of the summary; those of equal names are added up."""
    record(f"{section}: {what}", number)


def report(terminalreporter: pytest.TerminalReporter) -> None:
    """Write the sections that have something to say."""
    for section in (KILLED, RACES, MODEL):
        told = counted.totals(terminalreporter, f"{section}: ")
        if told:
            terminalreporter.section(section)
            for what, number in told.items():
                terminalreporter.write_line(f"{number:>7}  {what}")
