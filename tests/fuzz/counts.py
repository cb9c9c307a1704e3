"""What the terminal says of the fuzzing at the end, also where other processes did it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pytest

import counted

NAME = "fuzz"
"""The property of a test's report that holds a target and its verdicts."""


def report(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many inputs each target had, and what they came to."""
    told: dict[str, Counter[str]] = {}
    for name, content in counted.told(terminalreporter):
        if name == NAME:
            told.setdefault(content[0], Counter()).update(content[1])
    if told:
        terminalreporter.section("fuzz executions")
        for line in summary(told):
            terminalreporter.write_line(line)


def summary(told: Mapping[str, Mapping[str, int]]) -> list[str]:
    """Return the lines of a report: executions by target, and their verdicts."""
    lines = [
        f"{target:24}{sum(verdicts.values()):>9}  "
        + ", ".join(f"{count} {verdict}" for verdict, count in sorted(verdicts.items()))
        for target, verdicts in sorted(told.items())
    ]
    total = sum(sum(verdicts.values()) for verdicts in told.values())
    return [*lines, f"{'all targets':24}{total:>9}"]
