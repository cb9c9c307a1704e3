"""The engine, as this function runs it: its own account, its own time, its notes in the log."""

from __future__ import annotations

import logging

from recoverable_secrets.core import facts
from recoverable_secrets.core.policy import Policy
from recoverable_secrets.core.references import ValueFrom
from recoverable_secrets.core.sealed import Sealed
from recoverable_secrets.engine import Engine, Result
from recoverable_secrets.stores import aws

from . import properties
from .protocol import Request

logger = logging.getLogger(__name__)


def store() -> aws.AwsStore:
    """Return the store of the function's own account and region; warm invocations share it."""
    return aws.open_store(aws.Connection())


def run(
    wanted: facts.Wanted, policy: Policy, request: Request, known: facts.Observed | None
) -> Result:
    """Do what is wanted, with a deadline that ends well before the function's.

    Raises:
        RecoverableSecretsError: As `Engine.run` does.
    """
    timed = policy.model_copy(update={"timeout": max(1, int(request.seconds()))})
    return Engine(store(), say=say, read=_read).run(wanted, timed, known=known)


def _read(reference: ValueFrom) -> Sealed:
    """Return the value that a reference points at, which the installation was found to allow.

    Raises:
        RecoverableSecretsError: It cannot be read; nothing was changed.
    """
    from recoverable_secrets import sources  # noqa: PLC0415  # Few need it: off the cold path.

    return sources.read(reference, store())


def say(note: str) -> None:
    """Write a sentence for people to the log."""
    logger.info("%s", properties.spelt(note))
