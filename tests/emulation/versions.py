"""Versions and staging labels: how AWSCURRENT and AWSPREVIOUS move."""

from __future__ import annotations

import uuid
from typing import Any

from .store import CURRENT, PREVIOUS, Secret
from .wire import Params

Version = dict[str, Any]
# When a version was first seen without labels.
UNLABELLED_SINCE = "unlabelled_since"


def value_of(params: Params) -> dict[str, str]:
    """Return the value in a request, in the form versions store it; empty if there is none."""
    names = {"SecretString": "secret_string", "SecretBinary": "secret_binary"}
    return {stored: params[name] for name, stored in names.items() if params.get(name) is not None}


def holds(version: Version, value: dict[str, str]) -> bool:
    """Tell whether a version has exactly this value; text and binary are different."""
    stored = {key: version[key] for key in ("secret_string", "secret_binary") if key in version}
    return stored == value


def with_label(secret: Secret, label: str) -> str | None:
    """Return the id of the version that carries `label`."""
    for version_id, version in secret.versions.items():
        if label in version["version_stages"]:
            return version_id
    return None


def move(secret: Secret, label: str, to: str) -> None:
    """Attach `label` to version `to`, taking it from where it was.

    When AWSCURRENT moves, AWSPREVIOUS goes to the version it left.
    """
    came_from = take_off(secret, label)
    secret.versions[to]["version_stages"].append(label)
    secret.versions[to].pop(UNLABELLED_SINCE, None)
    if label == CURRENT:
        # moto reads the current version from here.
        secret.set_default_version_id(to)
        if came_from is not None and came_from != to:
            move(secret, PREVIOUS, came_from)


def take_off(secret: Secret, label: str) -> str | None:
    """Remove `label` from the version that has it; return that version's id."""
    holder = with_label(secret, label)
    if holder is not None:
        secret.versions[holder]["version_stages"].remove(label)
    return holder


def blank(params: Params, now: float) -> Version:
    """Return a version of the value in `params`, still without labels."""
    return {
        "version_id": params["ClientRequestToken"],
        "createdate": now,
        "version_stages": [],
        **value_of(params),
    }


def drop_unlabelled(secret: Secret, now: float, kept_seconds: float) -> None:
    """Drop the versions that have had no label for that long."""
    for version_id, version in list(secret.versions.items()):
        if version["version_stages"]:
            continue
        if now - version.setdefault(UNLABELLED_SINCE, now) >= kept_seconds:
            del secret.versions[version_id]


def add(secret: Secret, params: Params, labels: list[str], now: float) -> str:
    """Make a version of the value in `params`; "the token becomes the VersionId".

    Callers have made sure that the token is a new one.

    Returns:
        The new version's id.
    """
    version_id: str = params.get("ClientRequestToken") or str(uuid.uuid4())
    # The first version is always the current one.
    wanted = labels if secret.versions else list(dict.fromkeys([*labels, CURRENT]))
    secret.versions[version_id] = blank({**params, "ClientRequestToken": version_id}, now)
    for label in wanted:
        move(secret, label, version_id)
    secret.last_changed_date = int(now)
    return version_id
