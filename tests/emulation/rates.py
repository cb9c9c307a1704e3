"""Throttling by rate: as many calls a second as AWS's quotas allow, the rest refused.

    aws.inject(rates.Rates())                                   # AWS's own rates
    aws.inject(rates.Rates(share=0.1, seconds=time.monotonic))  # a tenth, in real time

A bucket of tokens for each quota, account and region: a call takes one, and they come back at the
quota's rate. By the double's own clock, so that a test that moves it knows what is refused; when
the double is served to processes whose pauses are real, by a real one.
"""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from . import errors, faults, wire

if TYPE_CHECKING:
    from .aws import Aws

CHANGES = 50.0
"""Calls a second of each quota that is no reading one."""

QUOTAS: tuple[tuple[tuple[str, ...], float], ...] = (
    (
        (
            "DeleteResourcePolicy",
            "GetResourcePolicy",
            "PutResourcePolicy",
            "ValidateResourcePolicy",
        ),
        CHANGES,
    ),
    (
        (
            "PutSecretValue",
            "RemoveRegionsFromReplication",
            "ReplicateSecretToRegions",
            "StopReplicationToReplica",
            "UpdateSecret",
            "UpdateSecretVersionStage",
        ),
        CHANGES,
    ),
    (("RestoreSecret",), CHANGES),
    (("CancelRotateSecret", "RotateSecret"), CHANGES),
    (("TagResource", "UntagResource"), CHANGES),
    (("CreateSecret",), CHANGES),
    (("DeleteSecret",), CHANGES),
    (("GetRandomPassword",), CHANGES),
    (("ListSecretVersionIds",), CHANGES),
    (("ListSecrets",), 100.0),
    (("BatchGetSecretValue",), 100.0),
    (("DescribeSecret", "GetSecretValue"), 10_000.0),
)
"""Calls a second by quota: one number for all actions of a quota together.

From "AWS Secrets Manager quotas" in its user guide, and for ListSecrets from "AWS Secrets Manager
increases API requests per second limits" (November 2022). DescribeSecret has been given more since;
creating and deleting are taken for changes like all others.
"""

_QUOTA = {action: number for number, (actions, _) in enumerate(QUOTAS) for action in actions}


@dataclasses.dataclass
class _Bucket:
    """The calls that can be made now.

    Attributes:
        most: How many it holds when nobody calls: those of one second.
        rate: How many come back in a second.
        left: How many there were at `at`.
        at: When it was last looked at.
    """

    most: float
    rate: float
    left: float
    at: float

    def take(self, now: float) -> bool:
        self.left = min(self.most, self.left + (now - self.at) * self.rate)
        self.at = now
        if self.left < 1:
            return False
        self.left -= 1
        return True


@dataclasses.dataclass
class Rates(faults.Fault):
    """More calls than the quotas allow get ThrottlingException; those take no token.

    Args:
        share: Which part of AWS's rates is there, as if others used up the rest.
        seconds: A clock; the double's own where none is given.
    """

    times: int | None = None
    share: float = 1.0
    seconds: Callable[[], float] | None = None
    _buckets: dict[tuple[int, str, str], _Bucket] = dataclasses.field(
        default_factory=dict, init=False, repr=False
    )
    _guard: threading.Lock = dataclasses.field(
        default_factory=threading.Lock, init=False, repr=False
    )

    def before(self, aws: Aws, request: wire.Request) -> faults.Answer | None:
        """Refuse what is too much."""
        quota = _QUOTA.get(request.action)
        if quota is None or request.service != wire.SECRETS_MANAGER:
            return None
        account = aws._identities.account_of(request.access_key)
        with self._guard:
            now = (self.seconds or aws.clock.timestamp)()
            rate = QUOTAS[quota][1] * self.share
            most = max(1.0, rate)
            bucket = self._buckets.setdefault(
                (quota, account, request.region), _Bucket(most, rate, most, now)
            )
            allowed = bucket.take(now)
        if not allowed:
            raise errors.throttled()
        return None
