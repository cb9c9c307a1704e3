"""What holds for all tests."""

from __future__ import annotations

import logging
import signal
from collections.abc import Iterator

import pytest


def pytest_configure() -> None:
    """Take signals for what they are, also where the tests run in the background.

    A shell starts background jobs with SIGINT ignored, `nohup` ignores SIGHUP, and every child
    inherits that: tests that interrupt a process would wait for ever.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGHUP, signal.SIGTERM):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was counted."""
    import sections  # noqa: PLC0415  # The path is set by now.
    from fuzz import counts as fuzzed  # noqa: PLC0415
    from interruptions import counts as interrupted  # noqa: PLC0415

    for each in (fuzzed, interrupted, sections):
        each.report(terminalreporter)


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    """Put levels and filters of all loggers back: the function sets them for its own process."""
    loggers = [logging.root, *map(logging.getLogger, logging.root.manager.loggerDict)]
    before = [(logger, logger.level, logger.filters[:]) for logger in loggers]
    yield
    known = {logger for logger, _, _ in before}
    for name in tuple(logging.root.manager.loggerDict):
        late = logging.getLogger(name)
        if late not in known:
            late.filters.clear()
    for logger, level, filters in before:
        logger.filters[:] = filters
        if logger.level != level:
            logger.setLevel(level)
