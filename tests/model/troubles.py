"""What goes wrong between an operation and AWS, at one of its calls."""

from __future__ import annotations

import dataclasses
from typing import Any

import emulation
from emulation import faults

WRITES = frozenset({
    "CreateSecret", "DeleteSecret", "RestoreSecret", "UpdateSecret", "TagResource",
    "UntagResource", "PutResourcePolicy", "DeleteResourcePolicy", "ReplicateSecretToRegions",
    "RemoveRegionsFromReplication", "RotateSecret", "CancelRotateSecret",
    "UpdateSecretVersionStage",
})  # fmt: skip
SECRETS_MANAGER = WRITES | {"DescribeSecret", "PutSecretValue"}


class Killed(BaseException):
    """A process that dies."""


@dataclasses.dataclass(frozen=True)
class Trouble:
    """What goes wrong, and at which call of an operation."""

    kind: str
    nth: int

    def inject(self, aws: emulation.Aws) -> faults.Fault:
        """Let it go wrong."""
        start = len(aws.calls)

        def written(_request: object) -> bool:
            return any(
                call.action in SECRETS_MANAGER - {"DescribeSecret"} and call.outcome == "ok"
                for call in aws.calls[start:-1]
            )

        def die(_request: object) -> None:
            raise Killed

        any_call, nth = SECRETS_MANAGER, self.nth
        match self.kind:
            case "throttled":
                return aws.inject(faults.Throttle(any_call, times=2, nth=nth))
            case "500":
                return aws.inject(faults.InternalError(any_call, nth=nth))
            case "reset":
                return aws.inject(faults.ConnectionReset(any_call, nth=nth))
            case "lost":
                return aws.inject(faults.LostResponse(any_call, nth=nth))
            case "down":
                return aws.inject(faults.InternalError(any_call, times=9, nth=nth))
            case "denied" | "refused":
                code = {"denied": "AccessDeniedException", "refused": "EncryptionFailure"}
                return aws.inject(
                    faults.Error(any_call, code=code[self.kind], message="no", nth=nth)
                )
            case "killed before" | "killed after":
                when: Any = self.kind.removeprefix("killed ")
                return aws.hook(any_call, when, die, nth=nth)
        # Only what the operation itself wrote may not show yet: no client could know the rest.
        return aws.inject(faults.StaleDescribe(where=written))


TROUBLES = (
    "throttled", "500", "reset", "lost", "down", "denied", "refused", "killed before",
    "killed after", "stale",
)  # fmt: skip
