"""What a user declares: one model for the secret, one for where it lives, one to hold all.

`Spec` says what the secret is, `Policy` (policy.py) what may happen to it, `Location` where it
is kept. Every field is declared here or there, once; see fields.py.
"""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict
from pydantic_core import PydanticCustomError

from . import fields
from .fields import field
from .generate import Generate
from .policy import Policy
from .sealed import Sealed


def _sealed_text(given: object) -> object:
    if isinstance(given, Sealed):
        return given
    if not isinstance(given, str):
        raise PydanticCustomError("sealed", "must be text; turn other data into JSON text first")
    try:
        given.encode()
    except UnicodeEncodeError:
        raise PydanticCustomError("sealed", "must be valid Unicode text") from None
    return Sealed(given)


def _sealed_binary(given: object) -> object:
    if isinstance(given, Sealed):
        return given
    if isinstance(given, bytes):
        return Sealed(given)
    try:
        packed = "".join(given.split()) if isinstance(given, str) else ""
        content = base64.b64decode(packed.encode(), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        content = b""
    if not isinstance(given, str) or (given and not content):
        raise PydanticCustomError("sealed", "must be base64 text of the bytes")
    return Sealed(content)


def _tags(given: object) -> object:
    """Take CloudFormation's list of {Key, Value} for the mapping that it means."""
    if not isinstance(given, list):
        return given
    mapping = listed(given)
    if mapping is None:
        raise PydanticCustomError("tags", "must be a mapping, or a list of Key and Value")
    if len(mapping) < len(given):
        raise PydanticCustomError("tags", "must not have the same key twice")
    return mapping


def listed(items: list[Any]) -> dict[str, Any] | None:
    """Return the mapping that a list of {Key, Value} means, or `None` if it is no such list."""
    mapping: dict[str, Any] = {}
    for item in items:
        pair = {str(k).lower(): v for k, v in item.items()} if isinstance(item, dict) else {}
        if set(pair) != {"key", "value"} or not isinstance(pair["key"], str):
            return None
        mapping[pair["key"]] = pair["value"]
    return mapping


def _account(given: object) -> object:
    """Take an account id that a configuration file has turned into a number."""
    if isinstance(given, bool) or not isinstance(given, int | float):
        return given
    if 0 <= given < 10**12 and given == int(given):
        return f"{int(given):012d}"
    return given


SealedText = Annotated[Sealed, BeforeValidator(_sealed_text)]
SealedBinary = Annotated[Sealed, BeforeValidator(_sealed_binary)]
Tags = Annotated[dict[fields.Text, fields.Text], BeforeValidator(_tags)]
Account = Annotated[fields.Text, BeforeValidator(_account)]


class Spec(BaseModel):
    """What a secret is. Frozen; `None` means not declared, and so not managed."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: fields.Text | None = field(
        None,
        "Name of the secret. Default: made of project, stack and resource name. A change means "
        "another secret.",
        replaces=True,
    )
    description: fields.Text | None = field(
        None, "Description of the secret; empty text clears it."
    )
    kms_key_id: fields.Text | None = field(
        None,
        "ARN, id or alias of the KMS key that encrypts the value. Default: the key "
        "`aws/secretsmanager`.",
    )
    secret_string: SealedText | None = field(
        None,
        "The value, as text. Excludes `secret_binary` and `generate_secret_string`.",
        sensitive=True,
    )
    secret_binary: SealedBinary | None = field(
        None,
        "The value, as base64 of its bytes. Excludes `secret_string` and `generate_secret_string`.",
        sensitive=True,
    )
    generate_secret_string: Generate | None = field(
        None,
        "How to generate a value for a secret that has none; empty means 32 characters of all "
        "kinds. A value that is there stays, whatever changes here. Excludes `secret_string` and "
        "`secret_binary`.",
        initial=True,
    )
    tags: Tags | None = field(
        None,
        "Tags of the secret. Tags that others add are left alone; an empty mapping means none.",
    )
    owner: fields.Text | None = field(
        None,
        "Who owns the secret, written to its owner tag. Default: made of project, stack and the "
        "resource's URN. Set it to hand a secret over to another stack.",
    )

    @property
    def value(self) -> Sealed | None:
        """The declared literal, if there is one."""
        return self.secret_string or self.secret_binary


class Location(BaseModel):
    """Where the secret is kept and with which credentials. Frozen."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    region: fields.Text | None = field(
        None,
        "Region of the secret. Default: `aws:region`, else the environment's. A change of the "
        "argument means another secret.",
        replaces=True,
    )
    profile: fields.Text | None = field(
        None, "Profile of the shared configuration. Default: `aws:profile`.", policy_only=True
    )
    assume_role_arn: fields.Text | None = field(
        None,
        "ARN of a role to assume for all calls. Default: `aws:assumeRoles`.",
        policy_only=True,
    )
    allowed_account_ids: list[Account] | None = field(
        None,
        "The only accounts in which anything may be done. Default: `aws:allowedAccountIds`.",
        policy_only=True,
    )


class Declaration(BaseModel):
    """All that a user said of one secret, valid as a whole."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    spec: Spec = Spec()
    policy: Policy = Policy()
    location: Location = Location()

    def of(self, field_name: str) -> Any:
        """Return what was declared of any field, its default included."""
        parts = (self.spec, self.policy, self.location)
        return next(getattr(p, field_name) for p in parts if field_name in type(p).model_fields)


FIELDS = fields.declared(Spec, Policy, Location)
"""Every declared field by its Python name, in the order in which they are documented."""
