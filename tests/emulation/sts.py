"""Who calls: credentials, accounts, and the two STS calls that tell and change it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
import secrets

from . import errors
from .clock import Clock
from .wire import Params

_ROLE = re.compile(r"arn:(?P<partition>[^:]+):iam::(?P<account>\d{12}):role/(?P<name>.+)")
_DEFAULT_SECONDS = 3600


@dataclasses.dataclass(frozen=True)
class Credentials:
    """Credentials as boto3.client() takes them: `boto3.client(..., **credentials.as_kwargs())`."""

    access_key_id: str
    secret_access_key: str = dataclasses.field(repr=False)
    session_token: str | None = dataclasses.field(default=None, repr=False)

    def as_kwargs(self) -> dict[str, str | None]:
        """Return the keyword arguments for a boto3 client or session."""
        return {
            "aws_access_key_id": self.access_key_id,
            "aws_secret_access_key": self.secret_access_key,
            "aws_session_token": self.session_token,
        }


@dataclasses.dataclass(frozen=True)
class Caller:
    """The principal behind an access key."""

    account: str
    arn: str
    user_id: str


class Identities:
    """The access keys that are known, and those that no longer work."""

    def __init__(self, account: str, clock: Clock) -> None:
        self._default = Caller(account, f"arn:aws:iam::{account}:user/x", "AIDAEXAMPLE")
        self._clock = clock
        self._callers: dict[str, Caller] = {}
        self._expired: set[str] = set()
        self._revoked: set[str] = set()

    def add(self, caller: Caller, *, temporary: bool = False) -> Credentials:
        """Issue credentials for a caller."""
        token = secrets.token_hex(32) if temporary else None
        key = ("ASIA" if temporary else "AKIA") + secrets.token_hex(8).upper()
        self._callers[key] = caller
        return Credentials(key, secrets.token_hex(20), token)

    def user(self, account: str, name: str) -> Credentials:
        """Issue credentials for an IAM user."""
        return self.add(Caller(account, f"arn:aws:iam::{account}:user/{name}", f"AIDA{name}"))

    def expire(self, access_key: str) -> None:
        """Let credentials run out; "*" means all."""
        self._expired.add(access_key)

    def revoke(self, access_key: str) -> None:
        """Delete credentials; "*" means all."""
        self._revoked.add(access_key)

    def account_of(self, access_key: str) -> str:
        """Tell an access key's account, whether it still works or not."""
        return self._callers.get(access_key, self._default).account

    def caller(self, access_key: str) -> Caller:
        """Tell who calls; a key nobody issued belongs to the default user.

        Raises:
            AwsError: The credentials expired or were deleted.
        """
        if {access_key, "*"} & self._expired:
            raise errors.expired_token()
        if {access_key, "*"} & self._revoked:
            raise errors.unrecognized_client()
        return self._callers.get(access_key, self._default)

    def perform(self, caller: Caller, action: str, params: Params) -> Params:
        """Carry out an STS call.

        Raises:
            AwsError: The call is not emulated or its role is not an ARN.
        """
        if action == "GetCallerIdentity":
            return {"Arn": caller.arn, "UserId": caller.user_id, "Account": caller.account}
        if action == "AssumeRole":
            return self._assume_role(params)
        raise errors.unknown_operation(action)

    def _assume_role(self, params: Params) -> Params:
        role = _ROLE.fullmatch(params.get("RoleArn", ""))
        if role is None:
            code, message = "ValidationError", "RoleArn is not the ARN of a role."
            raise errors.AwsError(code, message)
        session = params.get("RoleSessionName", "")
        account, name = role["account"], role["name"].rpartition("/")[2]
        arn = f"arn:{role['partition']}:sts::{account}:assumed-role/{name}/{session}"
        user_id = f"AROAEXAMPLE:{session}"
        issued = self.add(Caller(account, arn, user_id), temporary=True)
        seconds = int(params.get("DurationSeconds", _DEFAULT_SECONDS))
        expiration = self._clock.now() + dt.timedelta(seconds=seconds)
        return {
            "Credentials": {
                "AccessKeyId": issued.access_key_id,
                "SecretAccessKey": issued.secret_access_key,
                "SessionToken": issued.session_token,
                "Expiration": expiration.strftime("%Y-%m-%dT%H:%M:%SZ"),
            },
            "AssumedRoleUser": {"AssumedRoleId": user_id, "Arn": arn},
        }
