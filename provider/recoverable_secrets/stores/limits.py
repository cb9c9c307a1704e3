"""The limits of each service, as data.

They stand apart from the stores so that input can be checked without loading any SDK.
"""

from __future__ import annotations

import dataclasses

from recoverable_secrets.core.policy import Capabilities

CALL_ATTEMPTS = 6
CONNECT_SECONDS = 3
READ_SECONDS = 10

_BACKOFF_SECONDS = 1 + 2 + 4 + 8 + 16

AWS = Capabilities(
    service="AWS Secrets Manager",
    name_length=512,
    name_characters=r"[A-Za-z0-9/_+=.@!-]",
    value_bytes=65_536,
    value_required=False,
    description_length=2_048,
    tags=50,
    tag_key_length=128,
    tag_value_length=256,
    reserved_tags=("aws:",),
    key_mutable=True,
    policies=True,
    policy_length=20_480,
    replicas=True,
    rotation=True,
    types=True,
    labels=18,
    keys=True,
    call_seconds=CALL_ATTEMPTS * (CONNECT_SECONDS + READ_SECONDS) + _BACKOFF_SECONDS,
    hyphen_suffix=True,
)
"""From the API reference of AWS Secrets Manager; characters of names as seen in practice."""

MEMORY = dataclasses.replace(AWS, service="the memory store", call_seconds=0.1)
"""The memory store shows the limits of the service that programs are written for."""
