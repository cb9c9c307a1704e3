"""KMS as far as secrets need it: which keys there are, and in which state."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
import uuid
from collections.abc import Mapping
from typing import Literal

from . import errors
from .clock import Clock
from .permissions import MANAGED_KEY, is_customer_key
from .wire import Params

KeyState = Literal["Enabled", "Disabled", "PendingDeletion"]

DEFAULT_WINDOW = dt.timedelta(days=30)
_ARN = re.compile(
    r"arn:[^:]+:kms:(?P<region>[^:]*):(?P<account>[^:]*):(?P<rest>(key|alias)/.+)", re.DOTALL
)


@dataclasses.dataclass(frozen=True)
class Key:
    """One customer managed key.

    Attributes:
        key_id: The key's own id, which no alias is.
        state: KMS's word for it.
        deletion_date: When a key in PendingDeletion is gone for good.
    """

    key_id: str
    state: KeyState = "Enabled"
    deletion_date: dt.datetime | None = None


def bare(key_id: str) -> str:
    """Return a key's id or alias ("alias/x"), whichever form it is written in."""
    arn = _ARN.fullmatch(key_id)
    return (arn["rest"] if arn else key_id).removeprefix("key/")


class Keys:
    """The keys that tests told of; each exists in every account and region.

    Secrets can use keys that nobody told of: only DescribeKey does not know them.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._keys: dict[str, Key] = {}
        self._aliases: dict[str, str] = {}

    def put(self, key_id: str, state: KeyState, deletion_date: dt.datetime | None) -> None:
        """Add a key, or change the one that has this id, ARN or alias."""
        name = bare(key_id)
        if name.startswith("alias/"):
            made_up = str(uuid.uuid5(uuid.NAMESPACE_URL, name))
            name = self._aliases.setdefault(name, made_up)
        if state == "PendingDeletion" and deletion_date is None:
            deletion_date = self._clock.now() + DEFAULT_WINDOW
        self._keys[name] = Key(name, state, deletion_date)

    def name(self, alias: str, key_id: str) -> None:
        """Give a key an alias."""
        self._aliases[bare(alias)] = bare(key_id)

    def usable(self, key_id: str | None) -> bool:
        """Tell whether this key encrypts and decrypts; the managed key always does."""
        if not is_customer_key(key_id):
            return True
        key = self._find(str(key_id))
        return key is None or key.state == "Enabled"

    def perform(self, account: str, region: str, action: str, params: Params) -> Params:
        """Carry out a KMS call.

        Raises:
            AwsError: The call is not emulated, or there is no such key.
        """
        if action != "DescribeKey":
            raise errors.unknown_operation(action)
        wanted = params.get("KeyId") or ""
        arn, name = _ARN.fullmatch(wanted), bare(wanted)
        if name == MANAGED_KEY:
            made_up = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{account}/{region}"))
            return _metadata(account, region, Key(made_up), "AWS")
        key = self._find(wanted)
        elsewhere = arn is not None and (arn["account"], arn["region"]) != (account, region)
        if key is None or elsewhere or self._is_gone(key):
            raise errors.unknown_key(account, region, name)
        return _metadata(account, region, key, "CUSTOMER")

    def _find(self, key_id: str) -> Key | None:
        name = bare(key_id)
        return self._keys.get(self._aliases.get(name, name))

    def _is_gone(self, key: Key) -> bool:
        if key.state != "PendingDeletion" or key.deletion_date is None:
            return False
        return key.deletion_date <= self._clock.now()


def _metadata(account: str, region: str, key: Key, manager: str) -> Params:
    deletion: Mapping[str, float] = {}
    if key.state == "PendingDeletion" and key.deletion_date:
        deletion = {"DeletionDate": key.deletion_date.timestamp()}
    return {
        "KeyMetadata": {
            "AWSAccountId": account,
            "KeyId": key.key_id,
            "Arn": f"arn:aws:kms:{region}:{account}:key/{key.key_id}",
            "Enabled": key.state == "Enabled",
            "KeyState": key.state,
            "KeyManager": manager,
            "KeyUsage": "ENCRYPT_DECRYPT",
            "KeySpec": "SYMMETRIC_DEFAULT",
            "Origin": "AWS_KMS",
            "MultiRegion": False,
            **deletion,
        }
    }
