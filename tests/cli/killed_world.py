"""What AWS holds, put back to where it was, and compared without what is random."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from typing import Any

from emulation import Aws, SecretSnapshot
from recoverable_secrets.core import ownership


class Dead(Exception):
    """Who asked for this is dead: the connection breaks."""


def kept(aws: Aws) -> Callable[[], None]:
    """Remember all that AWS holds; return what puts it back, as often as wanted."""
    shared = {id(each): each for each in (aws.clock, aws.behaviour)}
    store = copy.deepcopy(aws._store, dict(shared))

    def back() -> None:
        with aws._lock:
            vars(aws._store).update(vars(copy.deepcopy(store, dict(shared))))

    return back


def held(aws: Aws) -> dict[str, Any]:
    """Return all that AWS holds, by name and region of each secret."""
    return {f"{each.name} in {each.region}": content(each) for each in aws.secrets()}


def content(secret: SecretSnapshot) -> dict[str, Any]:
    """Return all that AWS holds of a secret."""
    tags = {k: "<mark>" if k == ownership.INSTANCE else v for k, v in secret.tags.items()}
    return {
        "state": secret.state,
        "deleted": (secret.deleted_date, secret.purge_date),
        "versions": [(one.labels, one.value) for one in secret.versions.values()],
        "tags": tags,
        "description": secret.description,
        "key": secret.kms_key_id,
        "policy": json.loads(secret.policy) if secret.policy else None,
        "type": secret.type,
        "replicas": {region: one.kms_key_id for region, one in secret.replicas.items()},
        "primary": secret.primary_region,
        "rotation": {k: v for k, v in secret.rotation.items() if not k.endswith("Date")},
    }


def difference(found: object, expected: object) -> dict[str, Any]:
    """Return where two ends differ, as deep as both go: what was found, and what was expected."""
    if not (isinstance(found, Mapping) and isinstance(expected, Mapping)):
        return {} if found == expected else {"": (found, expected)}
    differing: dict[str, Any] = {}
    for key in sorted({*found, *expected}, key=str):
        inner = difference(found.get(key), expected.get(key))
        differing |= {f"{key}: {rest}".removesuffix(": "): pair for rest, pair in inner.items()}
    return differing
