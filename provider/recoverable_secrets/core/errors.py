"""The errors, classed by what the caller should do next.

    RecoverableSecretsError       never raised itself; catch it to catch them all
    +-- InvalidInput              correct the declaration, or what it refers to (nothing changed)
    +-- Refused                   decide: the secret is not ours, or the policy forbids it
    +-- AccessDenied              grant the permission that is named
    +-- Temporary                 run it again
    |   +-- OutOfTime             run it again, or allow more time
    |   +-- Throttled             run it again, more slowly (nothing changed)
    +-- StoreError                read what the service said

A text says what happened, why, and what to do, in at most 240 characters: CloudFormation
shows no more. None of them ever carries the value of a secret.
"""

from collections.abc import Iterable

LIMIT = 240


def clip(text: str, limit: int = LIMIT) -> str:
    """Return `text` in at most `limit` characters; the end is what gets lost.

    >>> clip("abcdef", 4)
    'abc…'
    """
    return text if len(text) <= limit else text[: limit - 1] + "…"


def readable(text: str) -> str:
    """Return text that any log or terminal can take, whatever a user gave as a name."""
    return text.encode("utf-8", "backslashreplace").decode()


def short(name: str, limit: int = 64) -> str:
    """Return a name of at most `limit` characters that keeps its telling end.

    >>> short("a/very/long/name", 8)
    '…ng/name'
    """
    return name if len(name) <= limit else "…" + name[-(limit - 1) :]


class RecoverableSecretsError(Exception):
    """Base of all errors of this package; `str()` is what people read."""

    def __init__(self, text: str) -> None:
        super().__init__(clip(readable(text)))


class InvalidInput(RecoverableSecretsError):
    """The declaration is wrong, or what it refers to cannot be read; nothing was changed.

    Attributes:
        problems: One text of at most 240 characters for each fault found.
    """

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(clip(readable(problem)) for problem in problems)
        Exception.__init__(self, "; ".join(self.problems))


class Refused(RecoverableSecretsError):
    """What was asked would touch a secret that is not ours, or break the policy."""


class AccessDenied(RecoverableSecretsError):
    """The credentials lack a permission, are missing, or have expired."""


class Temporary(RecoverableSecretsError):
    """The service could not answer now; the same run later may succeed."""


class OutOfTime(Temporary):
    """The operation's own deadline came; the text says what was done by then."""


class Throttled(Temporary):
    """The service refused a call only because there were too many; the call did nothing."""


class StoreError(RecoverableSecretsError):
    """The service refused for a reason of its own.

    Attributes:
        code: The service's error code, such as `LimitExceededException`.
    """

    def __init__(self, text: str, code: str) -> None:
        super().__init__(text)
        self.code = code


def fault(failure: Exception) -> StoreError:
    """Return what people may read of an error that is not ours: where it is, never its text."""
    at = failure.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    where = f"{at.tb_frame.f_globals.get('__name__')}:{at.tb_lineno}" if at else "?"
    return StoreError(
        f"a fault of recoverable-secrets itself: {type(failure).__name__} at {where}. "
        "Please report it with this line",
        type(failure).__name__,
    )
