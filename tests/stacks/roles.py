"""A role's policy, enforced by the double: what IAM does before Secrets Manager gets a call.

ministack enforces a role's policy on what functions ask of ministack. Their calls to Secrets
Manager go to the double, so this stands in for IAM there: for each permission that a call needs
(emulation/permissions.py), the policy is asked with the keys that the call has.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from bundle import iam
from emulation import (
    DEFAULT_ACCOUNT,
    DEFAULT_REGION,
    Aws,
    Request,
    SecretSnapshot,
    errors,
    faults,
    permissions,
)

SECRETS = f"arn:aws:secretsmanager:{DEFAULT_REGION}:{DEFAULT_ACCOUNT}:secret:"
ROLE = f"arn:aws:sts::{DEFAULT_ACCOUNT}:assumed-role/recoverable-secrets/function"


@dataclasses.dataclass
class Enforced(faults.Fault):
    """Refuses what a policy does not allow; as a fault it comes before everything else.

    Args:
        statements: The policy's.
    """

    statements: tuple[iam.Statement, ...] = ()
    times: int | None = None

    def before(self, aws: Aws, request: Request) -> faults.Answer | None:
        """Refuse the call, naming the first permission that is missing, or let it go on."""
        live = found(aws, request.parameters)
        wanted = request.parameters.get("SecretId") or request.parameters.get("Name")
        arn = live.arn if live and live.arn else f"{SECRETS}{wanted}-AbCdEf"
        key = request.parameters.get("KmsKeyId") or (live.kms_key_id if live else None)
        for permission in permissions.needed(request.action, request.parameters, key):
            resource = str(key) if permission.startswith("kms:") else arn
            asked = iam.Request(permission, resource, dict(keys(request.parameters, live)))
            if iam.allows(self.statements, asked):
                continue
            if permission.startswith("kms:"):
                raise errors.kms_denied()
            raise errors.access_denied(ROLE, permission, resource)
        return None


def found(aws: Aws, parameters: dict[str, Any]) -> SecretSnapshot | None:
    """Return the secret that a call is about, if it is there."""
    wanted = {parameters.get("SecretId"), parameters.get("Name")} - {None}
    there = (one for one in aws.secrets() if one.state in {"live", "pending"})
    return next((one for one in there if wanted & {one.arn, one.name}), None)


def keys(parameters: dict[str, Any], live: SecretSnapshot | None) -> Iterator[tuple[str, str]]:
    """Yield the condition keys that IAM has for a call."""
    yield "kms:ViaService", f"secretsmanager.{DEFAULT_REGION}.amazonaws.com"
    forced = parameters.get("ForceDeleteWithoutRecovery", False)
    yield "secretsmanager:ForceDeleteWithoutRecovery", str(forced).lower()
    for tag in parameters.get("Tags") or ():
        yield f"aws:RequestTag/{tag['Key']}", tag["Value"]
    for name, value in (live.tags if live else {}).items():
        yield f"aws:ResourceTag/{name}", value
