"""`Secret` for Pulumi programs, and the dynamic provider behind it.

This module's path and the provider's class name are in the state of every stack that uses them:
Pulumi stores the provider by reference and deletes with what it finds there. Both stay as they
are for ever (docs/decisions/0001). The provider holds no data, so that reference is all there is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pulumi
from pulumi import dynamic

from . import configuration, resource, serving
from .arguments import GenerateSecretString, Replica, RotationRules, ValueFrom, deferred
from .core import ownership

_VALUES = ("secret_string", "secret_binary", "secret_json", "secret_string_wo")
"""What is always handled as a Pulumi secret."""


class SecretProvider(dynamic.ResourceProvider):
    """The dynamic provider of `Secret`. Stateless; several threads call one of it."""

    serialize_as_secret_always = False

    @serving.scrubbed
    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> dynamic.CheckResult:
        """Refuse bad input, all problems at once; names the fields in the reasons only.

        The engine prints the content of a property that a failure names.
        """
        problems = resource.check(
            serving.plain(news), serving.unknown(news), first=not _olds, say=serving.say
        )
        return dynamic.CheckResult(news, [dynamic.CheckFailure("", text) for text in problems])

    @serving.scrubbed
    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> dynamic.DiffResult:
        """Tell whether there is anything to do. Calls nothing."""
        changes, replaces = resource.diff(
            serving.plain(_olds), serving.plain(_news), serving.unknown(_news)
        )
        return dynamic.DiffResult(changes=changes, replaces=replaces, delete_before_replace=False)

    @serving.scrubbed
    def create(self, props: dict[str, Any]) -> dynamic.CreateResult:
        """Create, restore or take over the secret."""
        id_, outputs = resource.create(serving.plain(props), serving.say)
        return dynamic.CreateResult(id_, outputs)

    @serving.scrubbed
    def read(self, id_: str, props: dict[str, Any]) -> dynamic.ReadResult:
        """Refresh the outputs; a secret that is gone or pending deletion is gone for Pulumi."""
        outputs = resource.read(id_, serving.plain(props), serving.say)
        if outputs is None:
            return dynamic.ReadResult("", {})
        return dynamic.ReadResult(id_, outputs)

    @serving.scrubbed
    def update(
        self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]
    ) -> dynamic.UpdateResult:
        """Bring the secret to what is declared."""
        return dynamic.UpdateResult(
            resource.update(_id, serving.plain(_olds), serving.plain(_news), serving.say)
        )

    @serving.scrubbed
    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Schedule the deletion, or what else the policy says."""
        resource.delete(_id, serving.plain(_props), serving.say)


class Secret(dynamic.Resource, module="recoverable-secrets", name="Secret"):
    """A secret in AWS Secrets Manager that survives its stack.

    `pulumi destroy` schedules its deletion; `pulumi up` within the recovery window restores it,
    with the same ARN and the same value.
    """

    arn: pulumi.Output[str]
    """The full ARN; the same again after a restore."""
    name: pulumi.Output[str]
    """The exact name."""
    region: pulumi.Output[str]
    """The region it is in."""
    owner: pulumi.Output[str]
    """The owner tag as recorded."""
    description: pulumi.Output[str | None]
    """The description, if one is declared."""
    type: pulumi.Output[str | None]
    """The type of an external partner's secret, if one is declared."""
    kms_key_id: pulumi.Output[str | None]
    """The key, if one is declared."""
    tags: pulumi.Output[Mapping[str, str] | None]
    """The tags that are declared."""
    tags_all: pulumi.Output[Mapping[str, str]]
    """The same, with the default tags of the program's configuration."""
    replicas: pulumi.Output[Sequence[Mapping[str, str]] | None]
    """The replicas that are declared."""
    policy: pulumi.Output[Any]
    """The resource policy as it is declared, text or a mapping; `None` if none is."""
    rotation_enabled: pulumi.Output[bool | None]
    """Whether the value is rotated, if that is declared."""
    rotation_lambda_arn: pulumi.Output[str | None]
    """The function that rotates the value, if one is declared."""
    rotation_rules: pulumi.Output[Mapping[str, Any] | None]
    """When the value is rotated, if that is declared."""
    version_stages: pulumi.Output[Sequence[str] | None]
    """The extra staging labels that are declared."""
    version_id: pulumi.Output[str | None]
    """Id of the version that was current when last seen; none without a value."""
    restored: pulumi.Output[bool]
    """Whether the last operation that made it restored it."""

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        name: pulumi.Input[str] | None = None,
        name_prefix: pulumi.Input[str] | None = None,
        description: pulumi.Input[str] | None = None,
        kms_key_id: pulumi.Input[str] | None = None,
        type: pulumi.Input[str] | None = None,  # noqa: A002  # AWS's own name
        secret_string: pulumi.Input[str] | None = None,
        secret_binary: pulumi.Input[str] | None = None,
        secret_json: pulumi.Input[Mapping[str, Any]] | None = None,
        secret_string_wo: pulumi.Input[str] | None = None,
        secret_string_wo_version: pulumi.Input[int] | None = None,
        generate_secret_string: pulumi.Input[GenerateSecretString] | None = None,
        regenerate_when: pulumi.Input[str | int] | None = None,
        value_from: pulumi.Input[ValueFrom] | None = None,
        value_version: pulumi.Input[str | int] | None = None,
        version_stages: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        tags: pulumi.Input[Mapping[str, pulumi.Input[str]]] | None = None,
        replicas: pulumi.Input[Sequence[pulumi.Input[Replica]]] | None = None,
        replica_regions: pulumi.Input[Sequence[pulumi.Input[Replica]]] | None = None,
        policy: pulumi.Input[str | Mapping[str, Any]] | None = None,
        resource_policy: pulumi.Input[str | Mapping[str, Any]] | None = None,
        block_public_policy: pulumi.Input[bool] | None = None,
        rotation_lambda_arn: pulumi.Input[str] | None = None,
        rotation_rules: pulumi.Input[RotationRules] | None = None,
        rotation_enabled: pulumi.Input[bool] | None = None,
        external_secret_rotation_metadatas: pulumi.Input[Any] | None = None,
        external_secret_rotation_role_arn: pulumi.Input[str] | None = None,
        owner: pulumi.Input[str] | None = None,
        recovery_window_in_days: pulumi.Input[int] | None = None,
        force_delete_without_recovery: pulumi.Input[bool] | None = None,
        deletion: pulumi.Input[str] | None = None,
        refuse_deletion_if_accessed_within: pulumi.Input[int] | None = None,
        on_recreate: pulumi.Input[str] | None = None,
        adopt: pulumi.Input[str] | None = None,
        on_value_drift: pulumi.Input[str] | None = None,
        previous_version: pulumi.Input[str] | None = None,
        force_overwrite_replica_secret: pulumi.Input[bool] | None = None,
        rotate_immediately: pulumi.Input[bool] | None = None,
        timeout: pulumi.Input[int] | None = None,
        region: pulumi.Input[str] | None = None,
        profile: pulumi.Input[str] | None = None,
        assume_role_arn: pulumi.Input[str] | None = None,
        allowed_account_ids: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
    ) -> None:
        """Declare a secret. The arguments are explained in docs/reference.md.

        Args:
            resource_name: Pulumi's name of the resource; also makes the default of `name`.
            opts: Pulumi's resource options.
            name: Name of the secret. A change means another secret.
            name_prefix: Beginning of the name; the rest is the same at each run.
            description: Description; empty text clears it.
            kms_key_id: ARN, id or alias of the KMS key.
            type: Type of a secret that an external partner rotates.
            secret_string: The value, as text. Always handled as a Pulumi secret.
            secret_binary: The value, as base64 of its bytes. Likewise.
            secret_json: The value, as a mapping that is stored as JSON text. Likewise.
            secret_string_wo: The value, as text that no output keeps. Likewise.
            secret_string_wo_version: A change writes `secret_string_wo` again.
            generate_secret_string: How to generate a value where there is none; `{}` for defaults.
            regenerate_when: A change generates a new value.
            value_from: Where the value is read from.
            value_version: A change reads the value again.
            version_stages: Staging labels of the current version besides AWSCURRENT.
            tags: Tags; those that others add are left alone.
            replicas: Copies in other regions.
            replica_regions: Another name of `replicas`.
            policy: Resource policy, as JSON text or as a mapping.
            resource_policy: Another name of `policy`.
            block_public_policy: Refuse a policy that lets everyone in; true by default.
            rotation_lambda_arn: ARN of the function that rotates the value.
            rotation_rules: When the value is rotated.
            rotation_enabled: `False` cancels rotation.
            external_secret_rotation_metadatas: What an external partner needs to rotate it.
            external_secret_rotation_role_arn: The role for that.
            owner: Owner to write into the owner tag, to hand a secret over.
            recovery_window_in_days: 7 to 30 days, 30 by default.
            force_delete_without_recovery: Delete for good at teardown.
            deletion: `schedule`, `force` or `retain`.
            refuse_deletion_if_accessed_within: Days without a read before a teardown may delete.
            on_recreate: `restore`, `fail` or `replace`.
            adopt: `no`, `unowned` or `any`.
            on_value_drift: `keep` or `overwrite`.
            previous_version: `keep` or `deprecate` the version that a new value replaces.
            force_overwrite_replica_secret: Let new replicas overwrite secrets of the same name.
            rotate_immediately: Rotate at once when rotation is set or changed.
            timeout: Seconds for one operation, 300 by default.
            region: Region; a change means another secret.
            profile: Profile of the shared AWS configuration.
            assume_role_arn: Role to assume for all calls.
            allowed_account_ids: The only accounts in which anything may be done.
        """
        props: dict[str, Any] = {
            "name": name,
            "name_prefix": name_prefix,
            "description": description,
            "kms_key_id": kms_key_id,
            "type": type,
            "secret_string": _as_secret(secret_string, _is_text),
            "secret_binary": _as_secret(secret_binary, _is_text),
            "secret_json": _as_secret(secret_json, _is_json),
            "secret_string_wo": _as_secret(secret_string_wo, _is_text),
            "secret_string_wo_version": secret_string_wo_version,
            "generate_secret_string": generate_secret_string,
            "regenerate_when": regenerate_when,
            "value_from": value_from,
            "value_version": value_version,
            "version_stages": version_stages,
            "tags": tags,
            **_either("replicas", replicas, "replica_regions", replica_regions),
            **_either("policy", policy, "resource_policy", resource_policy),
            "block_public_policy": block_public_policy,
            "rotation_lambda_arn": rotation_lambda_arn,
            "rotation_rules": rotation_rules,
            "rotation_enabled": rotation_enabled,
            "external_secret_rotation_metadatas": external_secret_rotation_metadatas,
            "external_secret_rotation_role_arn": external_secret_rotation_role_arn,
            "owner": owner,
            "recovery_window_in_days": recovery_window_in_days,
            "force_delete_without_recovery": force_delete_without_recovery,
            "deletion": deletion,
            "refuse_deletion_if_accessed_within": refuse_deletion_if_accessed_within,
            "on_recreate": on_recreate,
            "adopt": adopt,
            "on_value_drift": on_value_drift,
            "previous_version": previous_version,
            "force_overwrite_replica_secret": force_overwrite_replica_secret,
            "rotate_immediately": rotate_immediately,
            "timeout": timeout,
            "region": region,
            "profile": profile,
            "assume_role_arn": assume_role_arn,
            "allowed_account_ids": allowed_account_ids,
            **dict.fromkeys(("arn", "version_id", "restored", "tags_all")),
        }
        options = pulumi.ResourceOptions.merge(
            opts,
            pulumi.ResourceOptions(
                additional_secret_outputs=[*_VALUES, *(["tags_all"] if deferred(tags) else [])]
            ),
        )
        if options.id is not None:
            props["lookup"] = True
        props.update(_identity(resource_name, options, self._resource_type_name))
        configuration.configure(props)
        super().__init__(SecretProvider(), resource_name, props, options)

    @staticmethod
    def get(
        resource_name: str,
        id: pulumi.Input[str],  # noqa: A002  # Pulumi's own name
        opts: pulumi.ResourceOptions | None = None,
        **where: Any,
    ) -> Secret:
        """Refer to a live secret without managing it.

        Args:
            resource_name: Pulumi's name of the reference.
            id: Full ARN or exact name of the secret.
            opts: Pulumi's resource options.
            **where: `region`, `profile` and the other arguments that say where it is.
        """
        return Secret(
            resource_name,
            pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=id)),
            **where,
        )


def _as_secret(
    given: pulumi.Input[Any] | None, fits: Callable[[object], bool]
) -> pulumi.Output[Any] | None:
    """Return a value as a Pulumi secret, and anything that is none as `False`.

    The SDK prints what it cannot serialise, such as bytes. `check` refuses the stand-in, together
    with all other problems.
    """
    if given is None:
        return None
    return pulumi.Output.secret(given).apply(
        lambda content: content if content is None or fits(content) else False
    )


def _is_text(content: object) -> bool:
    return isinstance(content, str)


def _is_json(content: object) -> bool:
    """Whether this is a mapping of what JSON knows."""

    def plain(part: object) -> bool:
        if isinstance(part, Mapping):
            return all(isinstance(key, str) for key in part) and all(map(plain, part.values()))
        if isinstance(part, list | tuple):
            return all(map(plain, part))
        return part is None or isinstance(part, str | int | float)

    return isinstance(content, Mapping) and plain(content)


def _either(name: str, given: Any, alias: str, other: Any) -> dict[str, Any]:
    """Return an argument that has two names; both are kept if both are given, to be refused."""
    if other is None:
        return {name: given}
    return {name: other} if given is None else {name: given, alias: other}


def _identity(
    resource_name: str, opts: pulumi.ResourceOptions, type_name: str
) -> dict[str, pulumi.Output[str]]:
    """Return the default name and owner, from the URN that the resource is going to have."""
    urn = serving.urn(resource_name, opts, type_name)
    return {
        "default_name": urn.apply(default_name),
        "default_owner": urn.apply(default_owner),
    }


def default_name(urn: str) -> str:
    """Return the name of a secret that declares none.

    >>> default_name("urn:pulumi:dev::shop::pulumi-python:dynamic/recoverable-secrets:Secret::db")
    'shop/dev/db'
    """
    stack, project, types, name = _parts(urn)
    parents = [kind.replace(":", ".") for kind in types[:-1]]
    return ownership.default_name([project, stack, *parents, name])


def default_owner(urn: str) -> str:
    """Return the owner tag of a resource that names none."""
    stack, project, _, name = _parts(urn)
    return ownership.owner(("pulumi", project, stack, name), urn)


def _parts(urn: str) -> tuple[str, str, list[str], str]:
    stack, project, types, name = urn.removeprefix("urn:pulumi:").split("::", 3)
    return stack, project, types.split("$"), name
