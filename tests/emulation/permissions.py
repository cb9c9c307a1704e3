"""Which permissions each call needs, from the API reference's "Required permissions".

The dependents are in it too: what AWS asks for beside the call's own permission, and when.
"""

from __future__ import annotations

import dataclasses
import enum
import fnmatch
from collections.abc import Collection, Iterable, Iterator

from . import errors
from .wire import Params

MANAGED_KEY = "alias/aws/secretsmanager"


class When(enum.Enum):
    """The part of a call that makes a permission necessary."""

    ALWAYS = "always"
    TAGS = "the call has Tags"
    REPLICAS = "the call has AddReplicaRegions"
    CUSTOMER_KEY = "a customer managed key encrypts or decrypts the value"
    CUSTOMER_REPLICA_KEY = "a replica gets a customer managed key"
    FILTERS = "the call has Filters"
    FUNCTION = "the rotation is done by a Lambda function"
    ROLE = "the call hands over the role of a partner"


@dataclasses.dataclass(frozen=True)
class Permission:
    """One IAM action and when a call needs it."""

    action: str
    when: When = When.ALWAYS


def _own(name: str) -> Permission:
    return Permission(f"secretsmanager:{name}")


def _kms(*names: str, when: When = When.CUSTOMER_KEY) -> tuple[Permission, ...]:
    return tuple(Permission(f"kms:{name}", when) for name in names)


PERMISSIONS: dict[str, tuple[Permission, ...]] = {
    "BatchGetSecretValue": (
        _own("BatchGetSecretValue"),
        _own("GetSecretValue"),
        Permission("secretsmanager:ListSecrets", When.FILTERS),
        *_kms("Decrypt"),
    ),
    "CancelRotateSecret": (_own("CancelRotateSecret"),),
    "CreateSecret": (
        _own("CreateSecret"),
        Permission("secretsmanager:TagResource", When.TAGS),
        Permission("secretsmanager:ReplicateSecretToRegions", When.REPLICAS),
        *_kms("GenerateDataKey", "Decrypt"),
        *_kms("GenerateDataKey", "Encrypt", when=When.CUSTOMER_REPLICA_KEY),
    ),
    "DeleteResourcePolicy": (_own("DeleteResourcePolicy"),),
    "DeleteSecret": (_own("DeleteSecret"),),
    "DescribeSecret": (_own("DescribeSecret"),),
    "GetRandomPassword": (_own("GetRandomPassword"),),
    "GetResourcePolicy": (_own("GetResourcePolicy"),),
    "GetSecretValue": (_own("GetSecretValue"), *_kms("Decrypt")),
    "ListSecretVersionIds": (_own("ListSecretVersionIds"),),
    "ListSecrets": (_own("ListSecrets"),),
    "PutResourcePolicy": (_own("PutResourcePolicy"),),
    "PutSecretValue": (_own("PutSecretValue"), *_kms("GenerateDataKey", "Decrypt")),
    "RemoveRegionsFromReplication": (_own("RemoveRegionsFromReplication"),),
    "ReplicateSecretToRegions": (
        _own("ReplicateSecretToRegions"),
        *_kms("Decrypt"),
        *_kms("GenerateDataKey", "Encrypt", when=When.CUSTOMER_REPLICA_KEY),
    ),
    "RestoreSecret": (_own("RestoreSecret"),),
    "RotateSecret": (
        _own("RotateSecret"),
        Permission("lambda:InvokeFunction", When.FUNCTION),
        Permission("iam:PassRole", When.ROLE),
    ),
    "StopReplicationToReplica": (_own("StopReplicationToReplica"),),
    "TagResource": (_own("TagResource"),),
    "UntagResource": (_own("UntagResource"),),
    "UpdateSecret": (_own("UpdateSecret"), *_kms("GenerateDataKey", "Encrypt", "Decrypt")),
    "UpdateSecretVersionStage": (_own("UpdateSecretVersionStage"),),
    "ValidateResourcePolicy": (_own("ValidateResourcePolicy"),),
    "DescribeKey": (Permission("kms:DescribeKey"),),
    "GetParameter": (Permission("ssm:GetParameter"), *_kms("Decrypt")),
    "AssumeRole": (Permission("sts:AssumeRole"),),
    # IAM cannot refuse this one.
    "GetCallerIdentity": (),
}

# Of the calls that have key permissions, those that do not use the key unless a value or a
# key is in the request.
_KEY_UNUSED_WITHOUT = {
    "GetParameter": ("WithDecryption",),
    "UpdateSecret": ("SecretString", "SecretBinary", "KmsKeyId"),
}


def is_customer_key(key: str | None) -> bool:
    """Tell whether `key` is a customer's; none, "" and the managed alias are not."""
    return bool(key) and not str(key).endswith(MANAGED_KEY)


def needed(
    action: str, params: Params, key: str | None, function: str | None = None
) -> Iterator[str]:
    """Yield the permissions that this very call needs.

    Args:
        action: AWS's name of the call.
        params: Its parameters.
        key: The KMS key of the secret or parameter it is about, as stored.
        function: The rotation function of the secret it is about, as stored.
    """
    regions: list[Params] = params.get("AddReplicaRegions") or []
    triggers = _KEY_UNUSED_WITHOUT.get(action)
    uses_key = triggers is None or any(params.get(name) not in (None, False) for name in triggers)
    keys = (key, params.get("KmsKeyId"))
    holds = {
        When.ALWAYS: True,
        When.TAGS: bool(params.get("Tags")),
        When.REPLICAS: bool(regions),
        When.CUSTOMER_KEY: uses_key and any(is_customer_key(one) for one in keys),
        When.CUSTOMER_REPLICA_KEY: any(is_customer_key(r.get("KmsKeyId")) for r in regions),
        When.FILTERS: bool(params.get("Filters")),
        When.FUNCTION: bool(params.get("RotationLambdaARN") or function),
        When.ROLE: bool(params.get("ExternalSecretRotationRoleArn")),
    }
    for permission in PERMISSIONS.get(action, ()):
        if holds[permission.when]:
            yield permission.action


class Grants:
    """What the callers may do: everything, until a test takes something away."""

    def __init__(self) -> None:
        self._denied: set[str] = set()
        self._allowed: frozenset[str] | None = None

    def deny(self, patterns: Iterable[str]) -> None:
        """Take permissions away; `*` and `?` are wildcards as in IAM."""
        self._denied.update(patterns)

    def allow_only(self, patterns: Collection[str] | None) -> None:
        """Leave nothing but these; None gives everything back, denials included."""
        self._allowed = None if patterns is None else frozenset(patterns)
        self._denied.clear()

    def check(self, caller: str, resource: str, permissions: Iterable[str]) -> None:
        """Refuse the first permission that is missing.

        Raises:
            AwsError: AccessDeniedException, in IAM's words or in KMS's.
        """
        for permission in permissions:
            denied = _matches(permission, self._denied)
            if denied or not (self._allowed is None or _matches(permission, self._allowed)):
                if permission.startswith("kms:") and permission != "kms:DescribeKey":
                    raise errors.kms_denied()
                raise errors.access_denied(caller, permission, resource)


def _matches(permission: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(permission, pattern) for pattern in patterns)
