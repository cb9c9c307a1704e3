"""What a Pulumi program's `aws:` configuration says, read as pulumi-aws reads it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pulumi

from .core import errors


def configure(props: dict[str, Any]) -> None:
    """Add what the program's `aws:` configuration says; arguments win over it."""
    config = pulumi.Config("aws")
    default_tags = _mappings(config, "defaultTags")
    props["default_tags"] = (
        _texts("defaultTags", default_tags[0].get("tags")) if default_tags else None
    )
    props["default_region"] = config.get("region")
    roles = _mappings(config, "assumeRoles") or _mappings(config, "assumeRole")
    if props["assume_role_arn"] is None and roles:
        props["assume_roles"] = [_role(role) for role in roles if role.get("roleArn")]
    if props["profile"] is None:
        props["profile"] = config.get("profile")
    if props["allowed_account_ids"] is None:
        props["allowed_account_ids"] = _accounts(config.get_object("allowedAccountIds"))
    endpoints = {k: v for entry in _mappings(config, "endpoints") for k, v in entry.items()}
    used = {
        name: endpoints[name]
        for name in ("secretsmanager", "sts", "kms", "ssm")
        if endpoints.get(name)
    }
    props["endpoints"] = used or None
    if config.get("accessKey"):
        pulumi.log.warn(
            "recoverable-secrets does not use aws:accessKey: give credentials by profile, role or "
            "environment"
        )


def _accounts(given: Any) -> list[Any] | None:
    if given is None:
        return None
    if not isinstance(given, list) or not all(type(each) in {str, int, float} for each in given):
        raise errors.InvalidInput(["aws:allowedAccountIds must be a list of account ids"])
    return given


def _mappings(config: pulumi.Config, name: str) -> list[dict[str, Any]]:
    """Return the mappings that stand under a name: none, one, or a list of them."""
    content = config.get_object(name)
    if content is None:
        return []
    listed = content if isinstance(content, list) else [content]
    if not all(isinstance(each, dict) for each in listed):
        raise errors.InvalidInput([f"aws:{name} must be a mapping or a list of mappings"])
    return listed


def _texts(name: str, tags: Any) -> dict[str, str] | None:
    if tags is not None and not (
        isinstance(tags, dict) and all(isinstance(each, str) for each in tags.values())
    ):
        raise errors.InvalidInput([f"aws:{name}.tags must be a mapping of texts"])
    return tags


def _role(configured: Mapping[str, Any]) -> dict[str, Any]:
    """Return one of pulumi-aws' roles in our terms; warn of what is not taken over."""
    duration = str(configured.get("duration") or "")
    ignored = set(configured) - {"roleArn", "externalId", "sessionName", "duration"}
    if not re.fullmatch(r"([0-9]{1,6}(\.[0-9]{1,6})?[hms])*", duration):
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
