"""Exit codes: what a script can tell from how the command ended.

0    done
1    the service or something else failed, or several things for different reasons
2    wrong input
3    refused: not confirmed, another's secret, or against a guard
4    no credentials, or a permission is missing
5    try again later: throttled, unreachable, out of time
6    found what was looked for: `pending --fail-if-within`, `doctor`, `orphans`, `alarm status`
130  interrupted
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping

from recoverable_secrets.core import errors


class Exit(enum.IntEnum):
    """How a command ended."""

    DONE = 0
    FAILED = 1
    INPUT = 2
    REFUSED = 3
    DENIED = 4
    LATER = 5
    FOUND = 6
    INTERRUPTED = 130


_CODES: Mapping[type[errors.RecoverableSecretsError], Exit] = {
    errors.InvalidInput: Exit.INPUT,
    errors.Refused: Exit.REFUSED,
    errors.AccessDenied: Exit.DENIED,
    errors.Temporary: Exit.LATER,
    errors.StoreError: Exit.FAILED,
}


class Interrupted(Exception):  # Nothing went wrong.
    """The user interrupted a command that has said itself how far it came."""


class Told(Exception):
    """What keeps a command from going on was reported already."""


class Closed(Exception):  # Nothing went wrong.
    """Nobody reads the results any more."""


def of(error: errors.RecoverableSecretsError) -> Exit:
    """Return the exit code of an error."""
    return next(code for kind, code in _CODES.items() if isinstance(error, kind))


def told(failure: Exception) -> errors.RecoverableSecretsError:
    """Return an error that people may read: the text of one that is not ours may hold anything."""
    if isinstance(failure, errors.RecoverableSecretsError):
        return failure
    return errors.fault(failure)


def wrong(text: str) -> errors.InvalidInput:
    """Return the error for wrong input of one kind."""
    return errors.InvalidInput([text])


def together(codes: Iterable[Exit]) -> Exit:
    """Return the exit code of several ends: what they agree in.

    What was looked for and found weighs most: it is certain, and the reason for asking.
    """
    bad = set(codes) - {Exit.DONE}
    for code in (Exit.INTERRUPTED, Exit.FOUND):
        if code in bad:
            return code
    return bad.pop() if len(bad) == 1 else Exit.FAILED if bad else Exit.DONE
