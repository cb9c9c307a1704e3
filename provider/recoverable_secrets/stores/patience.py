"""Calls again what the service refused only because there were too many calls.

A hundred secrets of one stack are made at once, and other stacks share the account's rate. An SDK
gives up after seconds, and one secret that failed rolls back the whole stack.
"""

from __future__ import annotations

import functools
import math
import secrets
import time
from collections.abc import Callable
from typing import Protocol, TypeVar

from recoverable_secrets.core import errors, facts

from . import SecretStore

_Answer = TypeVar("_Answer")

LONGEST_PAUSE = 15.0
"""Most seconds between two tries."""

_PATIENCE = 60.0
"""Seconds of pauses for one call, those of the SDK not counted."""


class Clock(Protocol):
    """Time, as what waits needs it."""

    def monotonic(self) -> float:
        """Return seconds since some fixed moment."""
        ...

    def sleep(self, seconds: float) -> None:
        """Return after so many seconds."""
        ...


def answered(
    call: Callable[[], _Answer],
    left: Callable[[], float] = lambda: math.inf,
    clock: Clock = time,
) -> _Answer:
    """Make a call until it is not throttled, with pauses of random length that grow.

    Args:
        call: What to call; called again only if it did nothing.
        left: Returns for how many seconds there may be pauses, if less than a minute.
        clock: What lets the time pass.

    Raises:
        Throttled: There is no time left.
    """
    patience, longest = _PATIENCE, 1.0
    while True:
        try:
            return call()
        except errors.Throttled:
            # Random, or all that were refused together would come back together.
            pause = min(longest * (1 + secrets.randbelow(1000)) / 1000, patience, left())
            if pause <= 0:
                raise
        clock.sleep(pause)
        patience, longest = patience - pause, min(2 * longest, LONGEST_PAUSE)


def look(
    store: SecretStore, ref: facts.Ref, *, policy: bool = False, clock: Clock = time
) -> facts.Absent | facts.Present | facts.PendingDeletion:
    """Return what a store sees; arguments and errors as for `SecretStore.observe()`."""
    return answered(functools.partial(store.observe, ref, policy=policy), clock=clock)
