"""Time that passes by command: sleeping takes none, and a call can take as long as it likes."""

from __future__ import annotations

import time

import pytest

from emulation import Clock

_real = time.monotonic


class Passing:
    """One time for all: this process's monotonic clock, its sleeping, and the double's clock.

    Real time goes on as well, so that what waits for real ends.

    Attributes:
        slept: The sleeps that were asked for, in seconds.
    """

    def __init__(self, clock: Clock) -> None:
        """Begin now."""
        self._clock = clock
        self._skipped = 0.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        """Return seconds since some fixed moment."""
        return _real() + self._skipped

    def sleep(self, seconds: float) -> None:
        """Return at once, so many seconds later."""
        self.slept.append(seconds)
        self.skip(seconds)

    def skip(self, seconds: float) -> None:
        """Let time pass."""
        self._skipped += seconds
        self._clock.advance(seconds=seconds)

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Make it this process's time; threads wait in real time all the same."""
        patch.setattr("time.sleep", self.sleep)
        patch.setattr("time.monotonic", self.monotonic)
