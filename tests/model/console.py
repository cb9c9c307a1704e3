"""What people do to a secret in the console, passing by the product."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from emulation import SecretSnapshot
from recoverable_secrets.core import ownership

from .declarations import BY_HAND, FAR, FUNCTION, NEAR

BLUE = "pulumi/shop/blue/db:0123456789abcdef"
RENAMED = "pulumi/shop/cyan/db:0123456789abcdef"
GREEN = "pulumi/shop/green/db:fedcba9876543210"
CLOUD = "cloudformation/shop/Secret:00112233445566aa"
OWNERS = (None, BLUE, GREEN, CLOUD, "somebody")
ACTS = (
    "put", "put", "put aside", "delete", "delete", "restore", "owner", "owner", "tag", "copy",
    "policy", "no policy", "rotate", "cancel", "move back", "label", "describe", "create",
)  # fmt: skip


def call(
    what: str, found: SecretSnapshot, draw: Callable[..., Any], token: str
) -> tuple[str, dict[str, Any]]:
    """Return a call of the console on a secret as it was found.

    Args:
        what: One of `ACTS`, but for creating and deleting.
        found: The secret.
        draw: Chooses what the person chooses.
        token: A version id that was not used yet.
    """
    versions = sorted(found.versions)
    label = "AWSCURRENT" if what == "move back" else "theirs"
    holder = [v for v, held in found.versions.items() if label in held.labels]
    moved: dict[str, Any] = {"VersionStage": label}
    moved |= {"MoveToVersionId": draw(st.sampled_from(versions))} if versions else {}
    moved |= {"RemoveFromVersionId": holder[0]} if holder else {}
    owner, region = draw(st.sampled_from(OWNERS)), draw(st.sampled_from((NEAR, FAR, "eu-west-3")))
    put = {"SecretString": draw(st.sampled_from(BY_HAND)),
           "ClientRequestToken": token}  # fmt: skip
    rotation = {"RotationLambdaARN": FUNCTION,
                "RotationRules": {"AutomaticallyAfterDays": 20}}  # fmt: skip
    copied = (
        ("RemoveRegionsFromReplication", {"RemoveReplicaRegions": [region]})
        if region in found.replicas
        else ("ReplicateSecretToRegions", {"AddReplicaRegions": [{"Region": region}]})
    )
    owned = (
        ("UntagResource", {"TagKeys": [ownership.OWNER]})
        if owner is None
        else ("TagResource", {"Tags": [{"Key": ownership.OWNER, "Value": owner}]})
    )
    key = draw(st.sampled_from([ownership.INSTANCE, ownership.ORIGIN, "a", "hand"]))
    calls: dict[str, tuple[str, dict[str, Any]]] = {
        "put": ("PutSecretValue", put),
        "put aside": ("PutSecretValue", {**put, "VersionStages": ["theirs"]}),
        "restore": ("RestoreSecret", {}),
        "owner": owned,
        "tag": ("TagResource", {"Tags": [{"Key": key, "Value": "by hand"}]}),
        "copy": copied,
        "policy": ("PutResourcePolicy", {"ResourcePolicy": '{"Statement": []}'}),
        "no policy": ("DeleteResourcePolicy", {}),
        "rotate": ("RotateSecret", rotation),
        "cancel": ("CancelRotateSecret", {}),
        "move back": ("UpdateSecretVersionStage", moved),
        "label": ("UpdateSecretVersionStage", moved),
        "describe": ("UpdateSecret", {"Description": "by hand"}),
    }
    return calls[what]
