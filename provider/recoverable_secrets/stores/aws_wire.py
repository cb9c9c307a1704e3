"""AWS's words and the core's: what DescribeSecret shows, and which call an action is.

Knows the shapes of the API, not the SDK.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from recoverable_secrets.core import errors, facts, plan


@dataclass(frozen=True, slots=True)
class Arn:
    """The parts of a secret's ARN that tell where it is."""

    partition: str
    region: str
    account: str

    @classmethod
    def parse(cls, text: str) -> Arn | None:
        """Return the parts of a full secret ARN, or `None` for anything else."""
        match text.split(":"):
            case ["arn", partition, "secretsmanager", region, account, "secret", _]:
                return cls(partition, region, account)
        return None


def utc(date: dt.datetime | None) -> dt.datetime | None:
    """Return a date in UTC; boto3 gives the machine's own time zone."""
    return None if date is None else date.astimezone(dt.UTC)


def secret(found: Mapping[str, Any]) -> facts.Secret:
    """Return what DescribeSecret shows of a secret."""
    tags = {tag["Key"]: tag["Value"] for tag in found.get("Tags") or ()}
    arn = Arn.parse(found["ARN"])
    primary = found.get("PrimaryRegion")
    labelled = {
        label: version
        for version, labels in (found.get("VersionIdsToStages") or {}).items()
        for label in labels
    }
    ties = [found.get("CrossAccountPrimary") or {}, *(found.get("CrossAccountReplicas") or ())]
    return facts.Secret(
        id=found["ARN"],
        name=found["Name"],
        description=found.get("Description") or "",
        kms_key_id=found.get("KmsKeyId") or None,
        tags=MappingProxyType(tags),
        version=labelled.get("AWSCURRENT"),
        previous=labelled.get("AWSPREVIOUS"),
        primary_region=primary if arn and primary != arn.region else None,
        service=found.get("OwningService"),
        partners=tuple(
            tie.get("ReplicaSecretARN") or tie["PrimarySecretARN"] for tie in ties if tie
        ),
        manager=_manager(tags),
        replicas=tuple(
            sorted(replica["Region"] for replica in found.get("ReplicationStatus") or ())
        ),
    )


def _manager(tags: Mapping[str, str]) -> str | None:
    """Return which resource of CloudFormation's own type a secret is; it tags what it makes."""
    stack, resource = (
        tags.get(f"aws:cloudformation:{key}") for key in ("stack-name", "logical-id")
    )
    return f"resource {resource} of stack {stack}" if stack and resource else None


def request(ref: facts.Ref, action: plan.Action) -> tuple[str, dict[str, Any]]:
    """Return the operation that carries an action out, and its parameters without the value."""
    match action:
        case plan.Create():
            return "CreateSecret", _given(
                Name=ref.name,
                ClientRequestToken=action.version,
                Description=action.description,
                KmsKeyId=action.kms_key_id,
                Tags=_tag_list(action.tags),
            )
        case plan.SetMetadata():
            return "UpdateSecret", _given(
                SecretId=ref.id,
                ClientRequestToken=action.version,
                Description=action.description,
                KmsKeyId=action.kms_key_id,
            )
        case plan.Compare():
            return "PutSecretValue", {"SecretId": ref.id, "ClientRequestToken": action.version}
        case plan.MoveStage():
            return "UpdateSecretVersionStage", {
                "SecretId": ref.id,
                "VersionStage": "AWSCURRENT",
                "RemoveFromVersionId": action.current,
                "MoveToVersionId": action.to,
            }
        case plan.SetTags():
            return "TagResource", {"SecretId": ref.id, "Tags": _tag_list(action.tags)}
        case plan.DropTags():
            return "UntagResource", {"SecretId": ref.id, "TagKeys": list(action.keys)}
    simple = _SIMPLE.get(type(action))
    if simple is None:
        raise errors.StoreError(f"{type(action).__name__} is not for stores", "NoAction")
    return simple[0], {"SecretId": ref.id, **simple[1](action)}


_SIMPLE: Mapping[type[plan.Action], tuple[str, Callable[[Any], dict[str, Any]]]] = {
    plan.Restore: ("RestoreSecret", lambda _: {}),
    plan.DropPolicy: ("DeleteResourcePolicy", lambda _: {}),
    plan.ScheduleDeletion: ("DeleteSecret", lambda a: {"RecoveryWindowInDays": a.days}),
    plan.Purge: ("DeleteSecret", lambda _: {"ForceDeleteWithoutRecovery": True}),
}


def _given(**parameters: Any) -> dict[str, Any]:
    return {name: content for name, content in parameters.items() if content is not None}


def _tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": content} for key, content in sorted(tags.items())]
