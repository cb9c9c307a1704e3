"""What the engine asks of a service that keeps secrets, and what operators ask besides.

One file per service implements `SecretStore`; `memory.py` is the faithful one without a
service. `tests/contract` holds every store to the obligations written here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from recoverable_secrets.core import facts, plan
from recoverable_secrets.core.policy import Capabilities
from recoverable_secrets.core.sealed import Sealed


class SecretStore(Protocol):
    """Two verbs on secrets. Thread-safe: one store serves several operations at once.

    Both verbs raise `AccessDenied` naming the action, the secret and the permission that is
    missing; `Temporary` when the same call may succeed later, after the store's own retries;
    `StoreError` with the service's code for all else. No text that they raise or log holds a
    value, and none has a chained cause.
    """

    @property
    def capabilities(self) -> Capabilities:
        """What the service can do, and its limits."""
        ...

    def observe(
        self, ref: facts.Ref, *, policy: bool = False
    ) -> facts.Absent | facts.Present | facts.PendingDeletion:
        """Return what the service knows of a secret, without reading its value.

        Looks up by `ref.id` if there is one, else by the exact name: never by a part of either.
        `Absent` is answered only if the caller was looking in the account that `ref.id` names;
        looking in another one raises `Refused`.

        Args:
            ref: Which secret.
            policy: Whether the resource policy of a live secret is asked for too, by one more
                call.
        """
        ...

    def apply(
        self, ref: facts.Ref, action: plan.Action, payload: Sealed | None = None
    ) -> plan.Outcome:
        """Carry out one action, in at most one call that changes anything.

        Idempotent: done twice, the end state is the same; the second time answers `Done` or
        `Conflict`. `Later` says that the service does not know yet what the action refers to, and
        that nothing was changed. `Conflict` says that the secret is in another state than the
        action needs, and changes nothing. Whether the name of a scheduled or purged secret is
        taken, only `Create` finds out.

        Args:
            ref: Which secret; every action but `Create` is given its id.
            action: Any action but `Look` and `Wait`, which are the engine's own.
            payload: The value, for an action with a `Source`; no one else ever holds it.
        """
        ...


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing.

    Attributes:
        rows: What is on it, in the service's own order; there may be nothing.
        more: Whether another page follows.
    """

    rows: tuple[facts.Listed, ...]
    more: bool


class Inventory(Protocol):
    """What there is, for people who look after many secrets. Changes nothing, reads no value.

    Both verbs raise what `SecretStore` raises; a listing raises it where it happens, after the
    pages before it. Each iterator is its caller's own.
    """

    def pages(self, *, prefix: str = "", pending: bool = False) -> Iterator[Page]:
        """Return all secrets of the store's account and region, page by page.

        There is at least one page, and one call for each; the next call is made when the next
        page is asked for. What changes meanwhile may be missing, or come twice. A service may
        list a change only some minutes after it: look at a secret before acting on it.

        Args:
            prefix: What their names begin with, in its case.
            pending: Whether those whose deletion is scheduled are listed too.

        Raises:
            InvalidInput: No name can begin with that; raised at once.
        """
        ...

    def versions(self, ref: facts.Ref) -> tuple[facts.Version, ...]:
        """Return all versions of a secret, those without labels included.

        In the service's own order; also of a secret whose deletion is scheduled.

        Args:
            ref: Which secret, by id if there is one, else by its exact name.

        Raises:
            StoreError: There is no such secret, or it is being purged.
        """
        ...
