"""SSM's parameters, as far as secrets take values from them."""

from __future__ import annotations

import base64
import dataclasses
import re

from . import errors
from .keys import Keys
from .wire import Params

_ARN = re.compile(r"arn:[^:]+:ssm:(?P<region>[^:]*):(?P<account>[^:]*):parameter(?P<path>/.+)")


@dataclasses.dataclass(frozen=True)
class Parameter:
    """One parameter; a secure one is encrypted with `key`, or SSM's own key without one."""

    name: str
    value: str
    secure: bool
    key: str | None
    version: int


class Parameters:
    """The parameters that tests planted, by account and region."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._planted: dict[tuple[str, str, str], Parameter] = {}

    def put(
        self, account: str, region: str, name: str, value: str, *, secure: bool, key: str | None
    ) -> None:
        """Add a parameter, or a new version of it."""
        place = (account, region, name.removeprefix("/"))
        before = self._planted.get(place)
        version = before.version + 1 if before else 1
        self._planted[place] = Parameter(name, value, secure, key, version)

    def find(self, account: str, region: str, name: str) -> Parameter | None:
        """Find a parameter by name or by an ARN of this account and region."""
        arn = _ARN.fullmatch(name)
        if arn is not None and (arn["account"], arn["region"]) != (account, region):
            return None
        path = arn["path"] if arn else name
        found = self._planted.get((account, region, path.removeprefix("/")))
        # Only the ARN hides whether the name begins with a slash.
        return found if found and (arn or found.name == name) else None

    def perform(self, account: str, region: str, action: str, params: Params) -> Params:
        """Carry out an SSM call.

        Raises:
            AwsError: The call is not emulated, there is no such parameter, or its key is
                disabled.
        """
        if action != "GetParameter":
            raise errors.unknown_operation(action)
        found = self.find(account, region, params.get("Name") or "")
        if found is None:
            raise errors.unknown_parameter()
        readable = not found.secure or bool(params.get("WithDecryption"))
        if found.secure and readable and not self._keys.usable(found.key):
            raise errors.invalid_key()
        path = found.name if found.name.startswith("/") else f"/{found.name}"
        return {
            "Parameter": {
                "Name": found.name,
                "Type": "SecureString" if found.secure else "String",
                "Value": found.value if readable else _ciphertext(found),
                "Version": found.version,
                "ARN": f"arn:aws:ssm:{region}:{account}:parameter{path}",
                "DataType": "text",
            }
        }


def _ciphertext(parameter: Parameter) -> str:
    text = f"encrypted version {parameter.version} of {parameter.name}"
    return base64.b64encode(text.encode()).decode()
