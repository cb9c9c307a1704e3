"""A secret with all that a production secret carries, and how to look at each part of it."""

from __future__ import annotations

import json
from typing import Any

from emulation import Aws
from surfaces.held import CANARY, DEFAULTS, Held, declare

NAME = DEFAULTS["default_name"]
LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:rotate"


def policy(action: str = "secretsmanager:GetSecretValue") -> dict[str, Any]:
    """A policy that lets a role of the same account do one thing."""
    role = {"AWS": "arn:aws:iam::123456789012:role/app"}
    told = {"Effect": "Allow", "Principal": role, "Action": action, "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [told]}


EU: dict[str, Any] = {"region": "eu-west-1"}
OHIO: dict[str, Any] = {"region": "us-east-2", "kms_key_id": "alias/ohio"}
ROTATION: dict[str, Any] = {
    "rotation_lambda_arn": LAMBDA,
    "rotation_rules": {"automatically_after_days": 30, "duration": "2h"},
}
WHOLE: dict[str, Any] = {
    "secret_string": CANARY,
    "replicas": [EU, OHIO],
    "policy": policy(),
    "version_stages": ["BLUE", "GREEN"],
    "type": "SnowflakeKeyPairAuthentication",
    **ROTATION,
}
"""All that this page is about."""

LOOK = ["DescribeSecret"]


def made(aws: Aws) -> Held:
    """Make a secret with all of it; the calls that made it are forgotten."""
    held = declare(**WHOLE).create()
    assert as_declared(aws)
    aws.calls.clear()
    return held


def regions(aws: Aws) -> dict[str, str | None]:
    """The live replicas and their keys."""
    return {region: one.kms_key_id for region, one in aws.secret(NAME).replicas.items()}


def attached(aws: Aws) -> str | None:
    """The action that the live policy allows, in small letters, or None."""
    text = aws.secret(NAME).policy
    if text is None:
        return None
    told = json.loads(text)["Statement"]  # A list of one may stand as its only item.
    return str((told if isinstance(told, dict) else told[0])["Action"]).lower()


def rotates(aws: Aws) -> bool:
    return bool(aws.secret(NAME).rotation.get("RotationEnabled"))


def labels(aws: Aws) -> set[str]:
    """The labels of the current version, AWS's own left out."""
    live = aws.secret(NAME)
    return set(live.versions[live.version_id or ""].labels) - {"AWSCURRENT"}


def as_declared(aws: Aws) -> bool:
    """Whether the live secret is as WHOLE says."""
    rules = aws.secret(NAME).rotation.get("RotationRules")
    return (
        regions(aws) == {"eu-west-1": None, "us-east-2": "alias/ohio"}
        and attached(aws) == "secretsmanager:getsecretvalue"
        and labels(aws) == {"BLUE", "GREEN"}
        and aws.secret(NAME).type == WHOLE["type"]
        and rotates(aws)
        and rules == {"AutomaticallyAfterDays": 30, "Duration": "2h"}
        and aws.secret(NAME).value == CANARY
    )
