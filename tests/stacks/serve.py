"""Serve ministack until the process that started this one is gone; runs in ministack's own Python.

Settings come from the environment, see emulator.py.
"""

from __future__ import annotations

import os
import signal
import sys
import threading

from ministack import app


def end_with_the_parent() -> None:
    """Wait for the end of stdin, which comes also when the parent was killed, and end the group."""
    sys.stdin.buffer.read()
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    threading.Thread(target=end_with_the_parent, daemon=True).start()
    # With TLS it would take port 443 besides, if it may: one server a test run would get it.
    app._port_is_bindable = lambda *_: False
    app.main()
