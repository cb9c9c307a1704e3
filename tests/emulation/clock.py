"""A clock that tests move by hand; nothing in this package sleeps or reads the real time."""

from __future__ import annotations

import datetime as dt


class Clock:
    """The time the double lives in; it stands still until a test moves it.

    Args:
        start: First time shown, timezone-aware. By default the real time at construction, so
            that a process with a real clock agrees about what lies in the future.
    """

    def __init__(self, start: dt.datetime | None = None) -> None:
        first = start or dt.datetime.now(tz=dt.UTC).replace(microsecond=0)
        if first.tzinfo is None:
            message = "Clock needs a timezone-aware start"
            raise ValueError(message)
        self._now = first

    def now(self) -> dt.datetime:
        """Return the present time, timezone-aware."""
        return self._now

    def timestamp(self) -> float:
        """Return the present time in seconds since 1970, as AWS's JSON writes dates."""
        return self._now.timestamp()

    def advance(self, *, days: float = 0, seconds: float = 0) -> None:
        """Move the time forward; going back is refused."""
        step = dt.timedelta(days=days, seconds=seconds)
        if step < dt.timedelta(0):
            message = "a Clock does not go backwards"
            raise ValueError(message)
        self._now += step
