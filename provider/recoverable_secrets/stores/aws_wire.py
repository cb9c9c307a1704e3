"""AWS's words and the core's: what its answers show, and which call an action is.

Knows the shapes of the API, not the SDK.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from recoverable_secrets.core import documents, errors, facts, plan


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
    """Return what DescribeSecret, or an entry of ListSecrets, shows of a secret."""
    tags = {tag["Key"]: tag["Value"] for tag in found.get("Tags") or ()}
    arn = Arn.parse(found["ARN"])
    primary = found.get("PrimaryRegion")
    # Both show the same, but for the name of this field, and that an entry has no copies.
    staged = found.get("VersionIdsToStages") or found.get("SecretVersionsToStages") or {}
    labelled = {label: version for version, labels in staged.items() for label in labels}
    current, previous = labelled.pop("AWSCURRENT", None), labelled.pop("AWSPREVIOUS", None)
    ties = [found.get("CrossAccountPrimary") or {}, *(found.get("CrossAccountReplicas") or ())]
    return facts.Secret(
        id=found["ARN"],
        name=found["Name"],
        description=found.get("Description") or "",
        kms_key_id=found.get("KmsKeyId") or None,
        tags=MappingProxyType(tags),
        version=current,
        previous=previous,
        labels=MappingProxyType(labelled),
        type=found.get("Type") or None,
        region=arn.region if arn else None,
        primary_region=primary if arn and primary != arn.region else None,
        service=found.get("OwningService"),
        partners=tuple(
            tie.get("ReplicaSecretARN") or tie["PrimarySecretARN"] for tie in ties if tie
        ),
        manager=_manager(tags),
        replicas=tuple(_replica(told) for told in found.get("ReplicationStatus") or ()),
        rotation=_rotation(found),
        created=utc(found.get("CreatedDate")),
        changed=utc(found.get("LastChangedDate")),
        accessed=_accessed(found),
        rotated_next=utc(found.get("NextRotationDate")),
    )


def described(found: Mapping[str, Any]) -> facts.Present | facts.PendingDeletion:
    """Return what DescribeSecret shows."""
    seen = secret(found)
    if not (isinstance(seen.id, str) and isinstance(seen.name, str)):
        raise TypeError
    if "DeletedDate" in found:
        return facts.PendingDeletion(secret=seen, date=utc(found["DeletedDate"]))
    return facts.Present(secret=seen)


def done(action: plan.Action, answer: Mapping[str, Any]) -> plan.Done:
    """Return what the answer of the call for an action tells."""
    return plan.Done(
        id=answer.get("ARN"),
        version=answer.get("VersionId") if plan.valued(action) else None,
        date=utc(answer.get("DeletionDate")),
    )


def listed(found: Mapping[str, Any]) -> facts.Listed:
    """Return what an entry of ListSecrets shows."""
    return facts.Listed(secret=secret(found), date=utc(found.get("DeletedDate")))


def version(found: Mapping[str, Any]) -> facts.Version:
    """Return what an entry of ListSecretVersionIds shows."""
    return facts.Version(
        id=found["VersionId"],
        labels=tuple(sorted(found.get("VersionStages") or ())),
        created=utc(found.get("CreatedDate")),
        accessed=utc(found.get("LastAccessedDate")),
    )


def _accessed(found: Mapping[str, Any]) -> dt.datetime | None:
    """Return when a secret or one of its copies was last read: each region tells its own."""
    told = [found, *(found.get("ReplicationStatus") or ())]
    dates = [utc(each["LastAccessedDate"]) for each in told if each.get("LastAccessedDate")]
    return max((date for date in dates if date), default=None)


def _replica(told: Mapping[str, Any]) -> facts.Replica:
    status = told.get("Status")
    return facts.Replica(
        region=told["Region"],
        kms_key_id=told.get("KmsKeyId") or None,
        status=status if status in _UNDER_WAY else None,
        failed=status == "Failed",
        message=" ".join(str(told.get("StatusMessage") or "").split()),
    )


_UNDER_WAY = frozenset({"InProgress", "Pending"})


def _rotation(found: Mapping[str, Any]) -> facts.Rotation | None:
    """Return how a secret is rotated, or was before that was cancelled."""
    rules, told = found.get("RotationRules") or {}, found.get("ExternalSecretRotationMetadata")
    if not (rules or found.get("RotationEnabled") or found.get("RotationLambdaARN")):
        return None
    return facts.Rotation(
        enabled=bool(found.get("RotationEnabled")),
        function=found.get("RotationLambdaARN") or None,
        days=rules.get("AutomaticallyAfterDays"),
        schedule=rules.get("ScheduleExpression"),
        duration=rules.get("Duration"),
        metadata={item["Key"]: item["Value"] for item in told} if told else None,
        role=found.get("ExternalSecretRotationRoleArn"),
    )


def policy(found: Mapping[str, Any]) -> str:
    """Return what GetResourcePolicy shows, in normal form; empty for none.

    What is no policy to us, is one that nobody declares: it is shown as it stands.
    """
    text = found.get("ResourcePolicy") or ""
    try:
        return documents.normal(text)
    except ValueError:
        return str(text)


def key(found: Mapping[str, Any]) -> facts.Key:
    """Return what DescribeKey shows of a key."""
    state = {
        "Enabled": facts.KeyState.USABLE,
        "Disabled": facts.KeyState.DISABLED,
        "PendingDeletion": facts.KeyState.PENDING_DELETION,
        "PendingReplicaDeletion": facts.KeyState.PENDING_DELETION,
    }.get(str(found.get("KeyState")), facts.KeyState.UNTOLD)
    if state is facts.KeyState.USABLE and found.get("KeyManager") == "AWS":
        state = facts.KeyState.UNTOLD  # Nobody can delete it.
    return facts.Key(state=state, date=utc(found.get("DeletionDate")))


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
                AddReplicaRegions=_replica_list(action.replicas) or None,
                ForceOverwriteReplicaSecret=action.overwrite or None,
                Type=action.type,
            )
        case plan.SetMetadata():
            return "UpdateSecret", _given(
                SecretId=ref.id,
                ClientRequestToken=action.version,
                Description=action.description,
                KmsKeyId=action.kms_key_id,
                Type=action.type,
            )
        case plan.Compare():
            return "PutSecretValue", {"SecretId": ref.id, "ClientRequestToken": action.version}
        case plan.MoveStage():
            return "UpdateSecretVersionStage", _given(
                SecretId=ref.id,
                VersionStage=action.stage,
                RemoveFromVersionId=action.current,
                MoveToVersionId=action.to,
            )
        case plan.AddReplicas():
            return "ReplicateSecretToRegions", _given(
                SecretId=ref.id,
                AddReplicaRegions=_replica_list(action.replicas),
                ForceOverwriteReplicaSecret=action.overwrite or None,
            )
        case plan.SetRotation():
            return "RotateSecret", _given(
                SecretId=ref.id,
                RotateImmediately=action.immediately,
                **_rotation_request(action.rotation),
            )
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
    plan.SetPolicy: (
        "PutResourcePolicy",
        lambda a: {"ResourcePolicy": a.document, "BlockPublicPolicy": a.block_public},
    ),
    plan.RemoveReplicas: (
        "RemoveRegionsFromReplication",
        lambda a: {"RemoveReplicaRegions": list(a.regions)},
    ),
    plan.CancelRotation: ("CancelRotateSecret", lambda _: {}),
    plan.ScheduleDeletion: ("DeleteSecret", lambda a: {"RecoveryWindowInDays": a.days}),
    plan.Purge: ("DeleteSecret", lambda _: {"ForceDeleteWithoutRecovery": True}),
}


def _given(**parameters: Any) -> dict[str, Any]:
    return {name: content for name, content in parameters.items() if content is not None}


def _replica_list(replicas: tuple[facts.Replica, ...]) -> list[dict[str, str]]:
    return [_given(Region=each.region, KmsKeyId=each.kms_key_id) for each in replicas]


def _rotation_request(rotation: facts.Rotation) -> dict[str, Any]:
    rules = _given(
        AutomaticallyAfterDays=rotation.days if rotation.schedule is None else None,
        ScheduleExpression=rotation.schedule,
        Duration=rotation.duration,
    )
    metadata = rotation.metadata or {}
    return _given(
        RotationLambdaARN=rotation.function,
        RotationRules=rules or None,
        ExternalSecretRotationMetadata=_tag_list(metadata) or None,
        ExternalSecretRotationRoleArn=rotation.role,
    )


def _tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": content} for key, content in sorted(tags.items())]
