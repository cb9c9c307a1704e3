# Signatures as in pulumi-aws 7.51.1, all arguments of the classes included.

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

class Secret(pulumi.CustomResource):
    arn: pulumi.Output[str]
    name: pulumi.Output[str]

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        description: pulumi.Input[str | None] = None,
        force_overwrite_replica_secret: pulumi.Input[bool | None] = None,
        kms_key_id: pulumi.Input[str | None] = None,
        name: pulumi.Input[str | None] = None,
        name_prefix: pulumi.Input[str | None] = None,
        policy: pulumi.Input[str | None] = None,
        recovery_window_in_days: pulumi.Input[int | None] = None,
        region: pulumi.Input[str | None] = None,
        replicas: pulumi.Input[Sequence[pulumi.Input[Any]] | None] = None,
        tags: pulumi.Input[Mapping[str, pulumi.Input[str]] | None] = None,
        type: pulumi.Input[str | None] = None,  # noqa: A002  # AWS's own name
    ) -> None: ...

class SecretVersion(pulumi.CustomResource):
    version_id: pulumi.Output[str]

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        region: pulumi.Input[str | None] = None,
        secret_binary: pulumi.Input[str | None] = None,
        secret_id: pulumi.Input[str | None] = None,
        secret_string: pulumi.Input[str | None] = None,
        secret_string_wo: pulumi.Input[str | None] = None,
        secret_string_wo_version: pulumi.Input[int | None] = None,
        version_stages: pulumi.Input[Sequence[pulumi.Input[str]] | None] = None,
    ) -> None: ...

class SecretPolicy(pulumi.CustomResource):
    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        block_public_policy: pulumi.Input[bool | None] = None,
        policy: pulumi.Input[str | None] = None,
        region: pulumi.Input[str | None] = None,
        secret_arn: pulumi.Input[str | None] = None,
    ) -> None: ...

class SecretRotation(pulumi.CustomResource):
    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        external_secret_rotation_metadatas: pulumi.Input[Sequence[pulumi.Input[Any]] | None] = None,
        external_secret_rotation_role_arn: pulumi.Input[str | None] = None,
        region: pulumi.Input[str | None] = None,
        rotate_immediately: pulumi.Input[bool | None] = None,
        rotation_enabled: pulumi.Input[bool | None] = None,
        rotation_lambda_arn: pulumi.Input[str | None] = None,
        rotation_rules: pulumi.Input[Any | None] = None,
        secret_id: pulumi.Input[str | None] = None,
    ) -> None: ...
