"""What must hold of every error and of every text, whatever was given."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from recoverable_secrets.core import errors

CANARY = "canary-3f9c71"
"""Stands in every value: no text may hold it."""

SENSITIVE = frozenset({"secret_string", "secret_binary", "secret_json", "secret_string_wo"})
_INNARDS = re.compile(r"Traceback|0x[0-9a-f]{6,}|<class |<function |pydantic|Errno")
_MOST_NODES = 20_000


def text(told: str) -> None:
    """Check one text that people read."""
    assert told.strip(), "an error says nothing"
    assert len(told) <= errors.LIMIT, f"{len(told)} characters: {told}"
    told.encode()
    assert not _INNARDS.search(told), f"not for people: {told}"


def failure(error: BaseException) -> list[str]:
    """Check what came out, and return its texts; anything but an error of ours is a bug."""
    if not isinstance(error, errors.RecoverableSecretsError):
        raise error
    assert type(error) is not errors.RecoverableSecretsError, "the base is never raised"
    texts = list(error.problems) if isinstance(error, errors.InvalidInput) else [str(error)]
    assert texts, "an error without a problem"
    for each in texts:
        text(each)
    return texts


def outcome(work: Callable[[], Any], *, silent: bool = True) -> tuple[Any, list[str]]:
    """Do some work; return what it gave, or the texts of its refusal.

    Args:
        work: What is to end well, or with an error of ours.
        silent: Whether no text of a refusal may hold the canary.
    """
    try:
        return work(), []
    except Exception as failed:  # noqa: BLE001  # it is judged
        error = failed
    texts = failure(error)
    if silent:
        hidden([*texts, str(error), repr(error), str(error.__cause__)])
    return None, texts


def hidden(texts: Iterable[object]) -> None:
    """Check that nothing shows a value."""
    for each in texts:
        assert CANARY not in str(each), "a value is shown"
        assert CANARY not in repr(each), "a value is shown by repr"


def astray(given: object, sensitive: Iterable[str] = SENSITIVE) -> bool:
    """Whether a value stands where no value belongs: then it may be shown, as any other name."""
    names = set(sensitive)
    if not isinstance(given, Mapping):
        return found(given)
    return any(found(key) or (key not in names and found(part)) for key, part in given.items())


def found(given: object) -> bool:
    """Whether the canary stands anywhere in plain data; of deep data, near its surface."""
    left, nodes = [given], 0
    while left and nodes < _MOST_NODES:
        part, nodes = left.pop(), nodes + 1
        if isinstance(part, str) and CANARY in part:
            return True
        if isinstance(part, bytes) and CANARY.encode() in part:
            return True
        if isinstance(part, Mapping):
            left += [*part.keys(), *part.values()]
        elif isinstance(part, list | tuple):
            left += part
    return False
