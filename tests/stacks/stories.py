"""Words that the stories of this folder share."""

from __future__ import annotations

from collections.abc import Mapping

from emulation import SecretSnapshot
from stacks.cloud import Cloud

OWNER = "recoverable-secrets:owner"
INSTANCE = "recoverable-secrets:instance"
ORIGIN = "recoverable-secrets:origin"
MARKS = {OWNER, INSTANCE, ORIGIN}

GENEROUS = {"ALLOW_ADOPT": "any", "ALLOW_FORCE_DELETE": "yes"}
"""Install parameters of an account where everything is allowed."""

SOMEBODY = {OWNER: "pulumi/other/dev/db:0123456789abcdef", INSTANCE: "0" * 32, ORIGIN: "created"}
"""The tags of a secret that belongs to another."""


def by_hand(
    cloud: Cloud, name: str = "legacy", tags: Mapping[str, str] | None = None, **more: object
) -> SecretSnapshot:
    """Make a secret as a person does in the console."""
    given = [{"Key": key, "Value": value} for key, value in (tags or {}).items()]
    cloud.aws.by_hand(
        "CreateSecret", **{"Name": name, "SecretString": "by hand", "Tags": given, **more}
    )
    return cloud.secret(name)


def same(one: SecretSnapshot, other: SecretSnapshot) -> bool:
    """Whether this is the same secret with the same versions, whatever its state and tags."""
    return (one.arn, one.value, one.versions) == (other.arn, other.value, other.versions)


def owner(secret: SecretSnapshot) -> str:
    """Return the readable part of its owner tag."""
    return secret.tags[OWNER].rsplit(":", 1)[0]
