"""Calls of AWS on which no secret's state depends: made, told and paged in one way.

The store's own calls may tell that a secret is in another state than they need. These have no
such answer: what would be one, is an error like all others.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Container, Iterator, Mapping
from typing import Any, Protocol, TypeVar

from recoverable_secrets.core import errors, plan

from . import aws_errors, patience

_T = TypeVar("_T")


class Clients(Protocol):
    """What is needed of the AWS store: its clients, and that its account is looked at."""

    @property
    def region(self) -> str:
        """The region of what tells none."""
        ...

    def client(self, service: str, region: str) -> Any:
        """Return the boto3 client of a service."""
        ...

    def ask(self, service: str, region: str, operation: str, request: Mapping[str, Any]) -> Any:
        """Make one call, unless the account is not allowed; see `AwsStore`."""
        ...


def answered(subject: aws_errors.Subject, call: Callable[[], _T]) -> _T:
    """Return what a call returns, and translate all that can go wrong.

    Args:
        subject: What it is about, for the texts.
        call: Makes it.

    Raises:
        RecoverableSecretsError: As `stores.aws.translated` says; `StoreError` for a conflict.
    """
    from . import aws  # noqa: PLC0415  # boto3: only who calls

    answer = patience.answered(lambda: aws.translated(subject, call))
    if isinstance(answer, plan.Conflict | plan.Later):
        raise errors.StoreError(
            f"{subject.operation} of {errors.short(subject.name)} was refused with {answer.code}: "
            f"{errors.clip(answer.text, 120)}",
            answer.code,
        )
    return answer


def called(
    store: Clients,
    service: str,
    region: str,
    subject: aws_errors.Subject,
    request: Mapping[str, Any],
    *,
    missing: Container[str] = (),
) -> dict[str, Any]:
    """Make one call, and return its answer.

    Args:
        store: Whose clients to use.
        service: As boto3 names it, such as `secretsmanager`.
        region: Where to call it.
        subject: The operation, what it is about, and what it needs.
        request: Its parameters.
        missing: Codes that say that the thing does not exist: the answer is empty then.

    Raises:
        RecoverableSecretsError: As `answered` says.
    """
    made: Callable[[], dict[str, Any]] = functools.partial(
        store.ask, service, region, subject.operation, request
    )
    try:
        return answered(subject, made)
    except errors.StoreError as failure:
        if failure.code not in missing:
            raise
        return {}


def pages(
    store: Clients,
    service: str,
    region: str,
    subject: aws_errors.Subject,
    request: Mapping[str, Any],
    *,
    token: str = "NextToken",
    missing: Container[str] = (),
) -> Iterator[dict[str, Any]]:
    """Yield the answers of a call that comes in pages, until the last one.

    Args:
        store: Whose clients to use.
        service: As boto3 names it.
        region: Where to call it.
        subject: The operation, what it is about, and what it needs.
        request: Its parameters.
        token: The name of what leads to the next page, in answers and requests alike.
        missing: As for `called`.

    Raises:
        RecoverableSecretsError: As `answered` says; `StoreError` for a page that leads to itself.
    """
    place: dict[str, Any] = {}
    while True:
        page = called(store, service, region, subject, {**request, **place}, missing=missing)
        yield page
        following = page.get(token)
        if not following:
            return
        if place.get(token) == following:  # What is missing would pass for gone.
            raise errors.StoreError(
                f"{subject.operation} of {errors.short(subject.name)} answers the same page again "
                "and again. What was shown is not all; look at the endpoint, then run again",
                "SamePageAgain",
            )
        place = {token: following}
