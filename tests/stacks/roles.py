"""A role's policy, enforced by the double: what IAM does before Secrets Manager gets a call.

ministack enforces a role's policy on what functions ask of ministack. Their calls to Secrets
Manager, KMS and Systems Manager go to the double, so this stands in for IAM there: for each
permission that a call needs (emulation/permissions.py), the policy is asked with the keys that the
call has.
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
PARAMETERS = f"arn:aws:ssm:{DEFAULT_REGION}:{DEFAULT_ACCOUNT}:parameter"
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
        given = request.parameters
        live = found(aws, given) if request.service == "secretsmanager" else None
        key = given.get("KmsKeyId") or given.get("KeyId") or (live.kms_key_id if live else None)
        rotator = live.rotation.get("RotationLambdaARN") if live else None
        for permission in permissions.needed(request.action, given, key, rotator):
            resource = about(permission, given, live, key)
            asked = iam.Request(permission, resource, dict(keys(given, live)))
            if iam.allows(self.statements, asked):
                continue
            if permission.startswith("kms:"):
                raise errors.kms_denied()
            raise errors.access_denied(ROLE, permission, resource)
        for replica in given.get("AddReplicaRegions") or ():
            self._replica(replica)
        return None

    def _replica(self, replica: dict[str, Any]) -> None:
        """Refuse a replica whose own key the role may not use there."""
        via = f"secretsmanager.{replica['Region']}.amazonaws.com"
        for permission in ("kms:GenerateDataKey", "kms:Encrypt") if replica.get("KmsKeyId") else ():
            asked = iam.Request(permission, replica["KmsKeyId"], {"kms:ViaService": via})
            if not iam.allows(self.statements, asked):
                raise errors.kms_denied()


def about(
    permission: str, given: dict[str, Any], live: SecretSnapshot | None, key: str | None
) -> str:
    """Return the ARN of what a permission is asked for."""
    named = given.get("SecretId") or given.get("Name")
    match permission.partition(":")[0]:
        case "kms":
            return str(key)
        case "lambda":
            rotator = live.rotation.get("RotationLambdaARN") if live else None
            return str(given.get("RotationLambdaARN") or rotator)
        case "ssm":
            return f"{PARAMETERS}/{str(named).removeprefix('/')}"
    return live.arn if live and live.arn else f"{SECRETS}{named}-AbCdEf"


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
    overwrites = parameters.get("ForceOverwriteReplicaSecret", False)
    yield "secretsmanager:ForceOverwriteReplicaSecret", str(overwrites).lower()
    if "BlockPublicPolicy" in parameters:
        blocks = str(parameters["BlockPublicPolicy"]).lower()
        yield "secretsmanager:BlockPublicPolicy", blocks
    if "RotationLambdaARN" in parameters:
        yield "secretsmanager:RotationLambdaARN", parameters["RotationLambdaARN"]
    for tag in parameters.get("Tags") or ():
        yield f"aws:RequestTag/{tag['Key']}", tag["Value"]
    for name, value in (live.tags if live else {}).items():
        yield f"aws:ResourceTag/{name}", value
