"""What the engine asks of a service that keeps secrets.

One file per service implements `SecretStore`; `memory.py` is the faithful one without a
service. `tests/contract` holds every store to the obligations written here.
"""

from __future__ import annotations

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
