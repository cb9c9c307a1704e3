"""`Secret` for Pulumi programs, and the dynamic provider behind it.

This module's path and the provider's class name are in the state of every stack that uses them:
Pulumi stores the provider by reference and deletes with what it finds there. Both stay as they
are for ever (docs/decisions/0001). The provider holds no data, so that reference is all there is.
"""

from __future__ import annotations

import asyncio
import functools
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Concatenate, ParamSpec, TypedDict, TypeVar

import pulumi
from pulumi import dynamic
from pulumi.output import Unknown

from . import resource
from .core import errors, ownership

P = ParamSpec("P")
R = TypeVar("R")


def _say(note: str) -> None:
    """Tell the user: what a provider prints, the engine shows as a message of the stack."""
    sys.stdout.write(f"recoverable-secrets: {note}\n")
    sys.stdout.flush()


def _scrubbed(
    method: Callable[Concatenate[SecretProvider, P], R],
) -> Callable[Concatenate[SecretProvider, P], R]:
    """Let no error out with a cause, a long traceback, or a text that is not ours."""

    @functools.wraps(method)
    def scrub(self: SecretProvider, /, *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return method(self, *args, **kwargs)
        except errors.RecoverableSecretsError as failure:
            told: Exception = failure.with_traceback(None)
        except Exception as failure:  # noqa: BLE001  # any text might hold a value
            told = errors.fault(failure)
        raise told from None

    return scrub


def _unknown(properties: Mapping[str, Any]) -> frozenset[str]:
    """Return the names of properties that are not known yet, in whole or in part."""

    def blurred(content: object) -> bool:
        if isinstance(content, Mapping):
            return any(map(blurred, content.values()))
        if isinstance(content, list | tuple):
            return any(map(blurred, content))
        return isinstance(content, Unknown)

    return frozenset(name for name, content in properties.items() if blurred(content))


def _plain(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {name: content for name, content in properties.items() if name != "__provider"}


class SecretProvider(dynamic.ResourceProvider):
    """The dynamic provider of `Secret`. Stateless; several threads call one of it."""

    serialize_as_secret_always = False

    @_scrubbed
    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> dynamic.CheckResult:
        """Refuse bad input, all problems at once; names the fields in the reasons only.

        The engine prints the content of a property that a failure names.
        """
        problems = resource.check(_plain(news), _unknown(news), first=not _olds, say=_say)
        return dynamic.CheckResult(news, [dynamic.CheckFailure("", text) for text in problems])

    @_scrubbed
    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> dynamic.DiffResult:
        """Tell whether there is anything to do. Calls nothing."""
        changes, replaces = resource.diff(_plain(_olds), _plain(_news), _unknown(_news))
        return dynamic.DiffResult(changes=changes, replaces=replaces, delete_before_replace=False)

    @_scrubbed
    def create(self, props: dict[str, Any]) -> dynamic.CreateResult:
        """Create, restore or take over the secret."""
        id_, outputs = resource.create(_plain(props), _say)
        return dynamic.CreateResult(id_, outputs)

    @_scrubbed
    def read(self, id_: str, props: dict[str, Any]) -> dynamic.ReadResult:
        """Refresh the outputs; a secret that is gone or pending deletion is gone for Pulumi."""
        outputs = resource.read(id_, _plain(props))
        if outputs is None:
            return dynamic.ReadResult("", {})
        return dynamic.ReadResult(id_, outputs)

    @_scrubbed
    def update(
        self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]
    ) -> dynamic.UpdateResult:
        """Bring the secret to what is declared."""
        return dynamic.UpdateResult(resource.update(_id, _plain(_olds), _plain(_news), _say))

    @_scrubbed
    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Schedule the deletion, or what else the policy says."""
        resource.delete(_id, _plain(_props), _say)


class GenerateSecretString(TypedDict, total=False):
    """How a value is generated. The entries are explained in docs/reference.md."""

    secret_string_template: pulumi.Input[str]
    generate_string_key: pulumi.Input[str]
    password_length: pulumi.Input[int]
    exclude_characters: pulumi.Input[str]
    exclude_lowercase: pulumi.Input[bool]
    exclude_uppercase: pulumi.Input[bool]
    exclude_numbers: pulumi.Input[bool]
    exclude_punctuation: pulumi.Input[bool]
    include_space: pulumi.Input[bool]
    require_each_included_type: pulumi.Input[bool]


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
    kms_key_id: pulumi.Output[str | None]
    """The key, if one is declared."""
    tags: pulumi.Output[Mapping[str, str] | None]
    """The tags that are declared."""
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
        description: pulumi.Input[str] | None = None,
        kms_key_id: pulumi.Input[str] | None = None,
        secret_string: pulumi.Input[str] | None = None,
        secret_binary: pulumi.Input[str] | None = None,
        generate_secret_string: pulumi.Input[GenerateSecretString] | None = None,
        tags: pulumi.Input[Mapping[str, pulumi.Input[str]]] | None = None,
        owner: pulumi.Input[str] | None = None,
        recovery_window_in_days: pulumi.Input[int] | None = None,
        force_delete_without_recovery: pulumi.Input[bool] | None = None,
        deletion: pulumi.Input[str] | None = None,
        on_recreate: pulumi.Input[str] | None = None,
        adopt: pulumi.Input[str] | None = None,
        on_value_drift: pulumi.Input[str] | None = None,
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
            description: Description; empty text clears it.
            kms_key_id: ARN, id or alias of the KMS key.
            secret_string: The value, as text. Always handled as a Pulumi secret.
            secret_binary: The value, as base64 of its bytes. Likewise.
            generate_secret_string: How to generate a value where there is none; `{}` for defaults.
            tags: Tags; those that others add are left alone.
            owner: Owner to write into the owner tag, to hand a secret over.
            recovery_window_in_days: 7 to 30 days, 30 by default.
            force_delete_without_recovery: Delete for good at teardown.
            deletion: `schedule`, `force` or `retain`.
            on_recreate: `restore`, `fail` or `replace`.
            adopt: `no`, `unowned` or `any`.
            on_value_drift: `keep` or `overwrite`.
            timeout: Seconds for one operation, 300 by default.
            region: Region; a change means another secret.
            profile: Profile of the shared AWS configuration.
            assume_role_arn: Role to assume for all calls.
            allowed_account_ids: The only accounts in which anything may be done.
        """
        props: dict[str, Any] = {
            "name": name,
            "description": description,
            "kms_key_id": kms_key_id,
            "secret_string": _as_secret(secret_string),
            "secret_binary": _as_secret(secret_binary),
            "generate_secret_string": generate_secret_string,
            "tags": tags,
            "owner": owner,
            "recovery_window_in_days": recovery_window_in_days,
            "force_delete_without_recovery": force_delete_without_recovery,
            "deletion": deletion,
            "on_recreate": on_recreate,
            "adopt": adopt,
            "on_value_drift": on_value_drift,
            "timeout": timeout,
            "region": region,
            "profile": profile,
            "assume_role_arn": assume_role_arn,
            "allowed_account_ids": allowed_account_ids,
            **dict.fromkeys(("arn", "version_id", "restored")),
        }
        options = pulumi.ResourceOptions.merge(
            opts,
            pulumi.ResourceOptions(additional_secret_outputs=["secret_string", "secret_binary"]),
        )
        if options.id is not None:
            props["lookup"] = True
        props.update(_identity(resource_name, options, self._resource_type_name))
        _configure(props)
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


def _as_secret(given: pulumi.Input[str] | None) -> pulumi.Output[Any] | None:
    """Return a value as a Pulumi secret, and anything that is no text as `False`.

    The SDK prints what it cannot serialise, such as bytes. `check` refuses the stand-in, together
    with all other problems.
    """
    if given is None:
        return None
    return pulumi.Output.secret(given).apply(
        lambda content: content if content is None or isinstance(content, str) else False
    )


def _identity(
    resource_name: str, opts: pulumi.ResourceOptions, type_name: str
) -> dict[str, pulumi.Output[str]]:
    """Return the default name and owner, from the URN that the resource is going to have.

    The URN's Output depends on the parent; passed on as it is, the engine would see a circle.
    """
    urn = pulumi.create_urn(resource_name, f"pulumi-python:{type_name}", opts.parent)
    independent: pulumi.Output[str | None] = pulumi.Output.from_input(
        asyncio.ensure_future(urn.future())
    )
    return {
        "default_name": independent.apply(lambda text: default_name(str(text))),
        "default_owner": independent.apply(lambda text: default_owner(str(text))),
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


def _configure(props: dict[str, Any]) -> None:
    """Add what the program's `aws:` configuration says; arguments win over it."""
    config = pulumi.Config("aws")
    props["default_region"] = config.get("region")
    roles = config.get_object("assumeRoles") or config.get_object("assumeRole") or []
    if props["assume_role_arn"] is None and roles:
        props["assume_roles"] = [_role(role) for role in _listed(roles) if role.get("roleArn")]
    if props["profile"] is None:
        props["profile"] = config.get("profile")
    if props["allowed_account_ids"] is None:
        props["allowed_account_ids"] = config.get_object("allowedAccountIds")
    endpoints = {
        k: v for entry in _listed(config.get_object("endpoints")) for k, v in entry.items()
    }
    used = {name: endpoints[name] for name in ("secretsmanager", "sts") if endpoints.get(name)}
    props["endpoints"] = used or None
    if config.get("accessKey"):
        pulumi.log.warn(
            "recoverable-secrets does not use aws:accessKey: give credentials by profile, role or "
            "environment"
        )


def _listed(content: Any) -> list[Any]:
    if content is None:
        return []
    return content if isinstance(content, list) else [content]


def _role(configured: Mapping[str, Any]) -> dict[str, Any]:
    """Return one of pulumi-aws' roles in our terms; warn of what is not taken over."""
    duration = str(configured.get("duration") or "")
    ignored = set(configured) - {"roleArn", "externalId", "sessionName", "duration"}
    if not re.fullmatch(r"([0-9]+(\.[0-9]+)?[hms])*", duration):
        ignored, duration = ignored | {"duration"}, ""
    if ignored:
        names = ", ".join(sorted(ignored))
        pulumi.log.warn(f"recoverable-secrets ignores {names} of aws:assumeRoles")
    spans = re.findall(r"([0-9.]+)([hms])", duration)
    seconds = int(sum(float(count) * {"h": 3600, "m": 60, "s": 1}[unit] for count, unit in spans))
    told = {
        "arn": configured["roleArn"],
        "external_id": configured.get("externalId"),
        "session_name": configured.get("sessionName"),
        "duration_seconds": seconds,
    }
    return {name: content for name, content in told.items() if content}
