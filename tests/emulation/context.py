"""What an operation gets to see, and the guards that several operations share."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from . import errors
from .store import Found, Replica, Secret, Shelf, Store
from .wire import Params


@dataclasses.dataclass(frozen=True)
class Context:
    """One call, after the state table let it through.

    Attributes:
        store: All secrets.
        shelf: Those of the caller's account in the call's region.
        found: What the SecretId (CreateSecret: the Name) led to.
        params: The call's parameters, validated.
    """

    store: Store
    shelf: Shelf
    found: Found | None
    params: Params

    @property
    def now(self) -> float:
        """Return the present time in seconds."""
        return self.store.clock.timestamp()

    @property
    def secret(self) -> Secret:
        """Return the secret that holds the data; a replica's is its primary."""
        assert isinstance(self.found, Secret | Replica)
        return self.found.primary

    @property
    def identity(self) -> Params:
        """Return the ARN and Name that most answers carry."""
        assert isinstance(self.found, Secret | Replica)
        return {"ARN": self.found.arn, "Name": self.found.name}

    def require_encryption(self, key: str | None) -> None:
        """Refuse to encrypt with a key that is disabled or pending deletion.

        Raises:
            AwsError: EncryptionFailure.
        """
        if not self.store.keys.usable(key):
            message = (
                "Secrets Manager can't encrypt the protected secret text using the provided KMS"
                " key."
            )
            code = "EncryptionFailure"
            raise errors.AwsError(code, message)

    def require_decryption(self, key: str | None) -> None:
        """Refuse to decrypt with a key that is disabled or pending deletion.

        Raises:
            AwsError: DecryptionFailure.
        """
        if not self.store.keys.usable(key):
            message = (
                "Secrets Manager can't decrypt the protected secret text using the provided KMS"
                " key."
            )
            code = "DecryptionFailure"
            raise errors.AwsError(code, message)


Operation = Callable[[Context], Params]


def page(entries: list[Params], params: Params, default: int = 100) -> tuple[list[Params], Params]:
    """Cut one page out of a list.

    Returns:
        The page, and {"NextToken": ...} if there is more.

    Raises:
        AwsError: InvalidNextTokenException.
    """
    token = params.get("NextToken") or "0"
    if not token.isdecimal():
        code, message = "InvalidNextTokenException", "The NextToken value is invalid."
        raise errors.AwsError(code, message)
    start = int(token)
    end = start + (params.get("MaxResults") or default)
    more = {"NextToken": str(end)} if end < len(entries) else {}
    return entries[start:end], more
