"""What holds for all tests."""

from __future__ import annotations

import signal


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
