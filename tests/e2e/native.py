"""pulumi-aws as far as a secret's migration needs it: its resources, by what they call.

A stand-in: the package's plugin is not to be had here. Which calls its resources make, and in
which order the engine deletes what a program no longer declares, is what matters; the first is
read from its source, the second is the real engine's.
"""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

import boto3
import pulumi
from pulumi import dynamic


def client() -> Any:
    """Return a client of the process's own settings; in the provider's process these are ours."""
    return boto3.client("secretsmanager")


class SecretProvider(dynamic.ResourceProvider):
    """`aws.secretsmanager.Secret`: a secret without a value."""

    def create(self, props: dict[str, Any]) -> dynamic.CreateResult:
        """Create it; a name whose deletion is pending is an error in the end."""
        tags = [{"Key": key, "Value": text} for key, text in props.get("tags", {}).items()]
        made = client().create_secret(
            Name=props["name"],
            Description=props["description"],
            Tags=tags,
            AddReplicaRegions=[{"Region": replica["region"]} for replica in props["replicas"]],
        )
        return dynamic.CreateResult(made["ARN"], {**props, "arn": made["ARN"]})

    def delete(self, id: str, props: dict[str, Any]) -> None:  # noqa: A002  # Pulumi's name
        """Take its replicas away, by the state, and schedule its deletion."""
        regions = [replica["region"] for replica in props["replicas"]]
        client().remove_regions_from_replication(SecretId=id, RemoveReplicaRegions=regions)
        client().delete_secret(
            SecretId=id, RecoveryWindowInDays=int(props.get("recovery_window_in_days", 30))
        )


class VersionProvider(dynamic.ResourceProvider):
    """`aws.secretsmanager.SecretVersion`."""

    def create(self, props: dict[str, Any]) -> dynamic.CreateResult:
        """Put the value."""
        made = client().put_secret_value(
            SecretId=props["secret_id"],
            SecretString=props["secret_string"],
            ClientRequestToken=str(uuid.uuid4()),
        )
        return dynamic.CreateResult(f"{made['ARN']}|{made['VersionId']}", props)

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Do nothing: AWSCURRENT cannot be taken off, and there is no other label."""


class PolicyProvider(dynamic.ResourceProvider):
    """`aws.secretsmanager.SecretPolicy`."""

    def create(self, props: dict[str, Any]) -> dynamic.CreateResult:
        """Attach it."""
        made = client().put_resource_policy(
            SecretId=props["secret_arn"], ResourcePolicy=props["policy"]
        )
        return dynamic.CreateResult(made["ARN"], props)

    def delete(self, id: str, _props: dict[str, Any]) -> None:  # noqa: A002
        """Detach it."""
        client().delete_resource_policy(SecretId=id)


class _Resource(dynamic.Resource):
    provider: ClassVar[type[dynamic.ResourceProvider]]

    def __init__(
        self, resource_name: str, opts: pulumi.ResourceOptions | None = None, **arguments: Any
    ) -> None:
        super().__init__(self.provider(), resource_name, {"arn": None, **arguments}, opts)


class Secret(_Resource, module="aws", name="Secret"):
    """A secret."""

    arn: pulumi.Output[str]
    provider = SecretProvider


class SecretVersion(_Resource, module="aws", name="SecretVersion"):
    """Its value."""

    provider = VersionProvider


class SecretPolicy(_Resource, module="aws", name="SecretPolicy"):
    """Its policy."""

    provider = PolicyProvider
