"""Encryption keys: when two spellings mean one, and when one cannot be used."""

from __future__ import annotations

from .errors import short
from .facts import Key, KeyState, Present
from .plan import Action, CheckKey, Failure
from .policy import Capabilities

PATTERN = r"[A-Za-z0-9_+=,.@:/-]{0,2048}"
"""What an ARN, id or alias of a key looks like."""

_WHOLE = 86
"""Most characters of a key that is told whole: all ARNs of keys have fewer."""


def same(declared: str | None, live: str | None) -> bool:
    """Whether two spellings can mean one key: an ARN, its id, an alias' ARN, its alias."""
    return _last(declared) == _last(live)


def _last(spelt: str | None) -> str:
    last = (spelt or "").rsplit(":", 1)[-1].removeprefix("key/")
    return "" if last == "alias/aws/secretsmanager" else last


def check(present: Present, store: Capabilities) -> tuple[Action, ...]:
    """Return what finds out about the key of a secret, where there is something to find out."""
    key = present.secret.kms_key_id
    if not store.keys or not key or not _last(key) or present.key is not None:
        return ()
    return (CheckKey(kms_key_id=key),)


def unusable(present: Present) -> Failure | None:
    """Return why a secret cannot be brought back: its value could not be read."""
    key, name = present.key, short(present.secret.name, 36)
    shown = _shown(present)
    match key:
        case Key(state=KeyState.PENDING_DELETION):
            return Failure(
                f"{name} cannot be read: its key {shown} is pending deletion. Call "
                "CancelKeyDeletion and EnableKey for it, then run again",
                "KeyPendingDeletion",
            )
        case Key(state=KeyState.DISABLED):
            return Failure(
                f"{name} cannot be read: its key {shown} is disabled. Call EnableKey for it, then "
                "run again",
                "KeyDisabled",
            )
    return None


def _shown(present: Present) -> str:
    """Return the key as it is declared; of a very long ARN the end, which a call takes too."""
    key = present.secret.kms_key_id or ""
    return key if len(key) <= _WHOLE else short(_last(key))


def warnings(present: Present) -> tuple[str, ...]:
    """Return what to know of the key of a secret whose deletion is being scheduled."""
    key, name = present.key, short(present.secret.name, 36)
    shown = _shown(present)
    if key is None:
        return ()
    when = f" on {key.date:%Y-%m-%d}" if key.date else ""
    told = {
        KeyState.PENDING_DELETION: f"key {shown} of {name} is to be deleted{when}: after that its "
        "value is lost, restored or not. CancelKeyDeletion keeps it",
        KeyState.DISABLED: f"key {shown} of {name} is disabled: its value cannot be read until "
        "EnableKey",
        KeyState.MISSING: f"key {shown} of {name} was not found: its value may be lost",
        KeyState.USABLE: f"{name} can be read again only as long as its key {shown} exists: if "
        "that goes with this stack, CancelKeyDeletion keeps it",
    }
    return (told[key.state],) if key.state in told else ()
