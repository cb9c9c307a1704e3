"""What tests have counted, told at the end of the run, also where other processes counted it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

Record = Callable[[str, object], None]
"""pytest's `record_property`."""


def told(terminalreporter: pytest.TerminalReporter) -> Iterator[tuple[str, Any]]:
    """Yield what each test has recorded; its last report has all of it."""
    for reports in terminalreporter.stats.values():
        for each in reports:
            if getattr(each, "when", "") == "teardown":
                yield from each.user_properties


def totals(terminalreporter: pytest.TerminalReporter, prefix: str) -> Counter[str]:
    """Return the sums of the numbers whose names begin so, without that beginning."""
    found: Counter[str] = Counter()
    for name, number in told(terminalreporter):
        if name.startswith(prefix):
            found[name.removeprefix(prefix)] += number
    return found
