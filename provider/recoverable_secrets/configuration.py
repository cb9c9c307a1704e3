"""What a Pulumi program's `aws:` configuration says, read as pulumi-aws reads it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pulumi


def configure(props: dict[str, Any]) -> None:
    """Add what the program's `aws:` configuration says; arguments win over it."""
    config = pulumi.Config("aws")
    default_tags = config.get_object("defaultTags") or {}
    props["default_tags"] = default_tags.get("tags")
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
