"""Serve ministack until the process that started this one is gone; runs in ministack's own Python.

Settings come from the environment, see emulator.py.
"""

from __future__ import annotations

import os
import signal
import sys
import threading

from ministack import app
from ministack.core import lambda_runtime

FIRST_LINE_SECONDS = 0.01


def end_with_the_parent() -> None:
    """Wait for the end of stdin, which comes also when the parent was killed, and end the group."""
    sys.stdin.buffer.read()
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    threading.Thread(target=end_with_the_parent, daemon=True).start()
    # With TLS it would take port 443 besides, if it may: one server a test run would get it.
    app._port_is_bindable = lambda *_: False
    # After each call it waits for a first line of the log; what comes later goes with the next
    # call. Its 50 ms add up to a quarter of all that the tests take.
    lambda_runtime.Worker._drain_stderr_bounded.__defaults__ = (FIRST_LINE_SECONDS, 0.005, 0.25)
    app.main()
