"""Values by reference: read where the work is done, at the moment when they are needed.

The place is all that programs, templates and states hold. A place that cannot be read is an
error before anything is changed; its text names the place, never what is in it.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Protocol

from .core import errors
from .core.references import ValueFrom
from .core.sealed import Sealed
from .stores import limits

_LIMIT = limits.AWS.value_bytes


class Readable(Protocol):
    """A store that can read values beside those that it keeps."""

    def read_parameter(self, name: str) -> Sealed:
        """Return the value of a parameter, by name or ARN."""
        ...

    def read_secret(self, id: str) -> Sealed:  # noqa: A002  # as all ids here
        """Return the current value of a secret, by exact name or full ARN."""
        ...


def read(reference: ValueFrom, store: Readable) -> Sealed:
    """Return the value that a reference points at: text where it is UTF-8, else binary.

    Nothing is added, cut off or decoded: a file's last line end is part of the value.

    Args:
        reference: Exactly one place.
        store: Reads what is not on this machine.

    Raises:
        InvalidInput: There is no such place here, or no value in it that a secret can have.
        RecoverableSecretsError: As the store says.
    """
    match reference:
        case ValueFrom(environment_variable=str(name)):
            return _variable(name)
        case ValueFrom(file=str(path)):
            return _file(path)
        case ValueFrom(ssm_parameter=str(name)):
            return store.read_parameter(name)
        case ValueFrom(secret=str(name)):
            return store.read_secret(name)
    raise errors.InvalidInput(["value_from names no place: name exactly one"])


def _variable(name: str) -> Sealed:
    at = f"value_from.environment_variable {errors.short(name)}"
    if name not in os.environ:
        raise errors.InvalidInput(
            [f"{at} is not set in the process that does the work: set it there, then run again"]
        )
    return _checked(_sealed(os.fsencode(os.environ[name])), at)


def _file(path: str) -> Sealed:
    at = f"value_from.file {errors.short(path)}"
    try:
        found = _content(Path(path))
    except OSError as failure:
        fault = f"cannot be read ({failure.strerror or type(failure).__name__})"
    except ValueError:
        fault = "is no path"
    else:
        if found is not None:
            return _checked(found, at)
        fault = "is no regular file"
    raise errors.InvalidInput(
        [f"{at} {fault}: name a file that can be read where the work is done, best by a full path"]
    )


def _content(place: Path) -> Sealed | None:
    """Return what is in a regular file, but not much more than a secret can hold."""
    if not stat.S_ISREG(place.stat().st_mode):
        return None  # A pipe could block for ever.
    with place.open("rb") as opened:
        return _sealed(opened.read(_LIMIT + 1))


def _checked(found: Sealed, at: str) -> Sealed:
    """Return a value that a secret can have; sealed, so that no frame of an error shows it."""
    if found.size == 0:
        raise errors.InvalidInput([f"{at} is empty: put the value there, then run again"])
    if found.size > _LIMIT:
        raise errors.InvalidInput(
            [f"{at} holds more than {_LIMIT} bytes, the most that a secret can: shorten it"]
        )
    return found


def _sealed(content: bytes) -> Sealed:
    try:
        return Sealed(content.decode())
    except UnicodeDecodeError:
        return Sealed(content)
