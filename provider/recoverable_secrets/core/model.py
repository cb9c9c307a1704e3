"""What a user declares: one model for the secret, one for where it lives, one to hold all.

`Spec` says what the secret is, `Policy` (policy.py) what may happen to it, `Location` where it
is kept. Every field is declared here or there, once; see fields.py.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, PlainValidator
from pydantic_core import PydanticCustomError

from . import documents, fields
from .fields import field
from .generate import Generate
from .policy import Policy
from .references import ValueFrom
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


def _sealed_json(given: object) -> object:
    """Take a mapping for its JSON text, which is the same whatever the order of its keys."""
    if isinstance(given, Sealed):
        return given
    if not isinstance(given, Mapping):
        raise PydanticCustomError("sealed", "must be a mapping; text goes into `secret_string`")
    try:
        text = json.dumps(_whole_numbers(given), sort_keys=True, allow_nan=False)
    except PydanticCustomError:
        raise
    except (TypeError, ValueError, RecursionError):
        text = None
    if text is None:  # Outside of the handler: what was caught might show the value.
        raise PydanticCustomError("sealed", "must hold text, numbers, truths, lists and mappings")
    return Sealed(text)


def _whole_numbers(content: object) -> object:
    """Return content with 5432 for 5432.0, which is how Pulumi hands whole numbers on.

    Beyond 2**53 it has lost digits by then, so that another number would be stored.
    """
    if isinstance(content, float) and content.is_integer() and abs(content) > _EXACT:
        raise PydanticCustomError(
            "sealed", "must not hold whole numbers of more than 15 digits: give them as text"
        )
    if isinstance(content, Mapping):
        return {str(key): _whole_numbers(each) for key, each in content.items()}
    if isinstance(content, list | tuple):
        return [_whole_numbers(each) for each in content]
    return int(content) if isinstance(content, float) and content.is_integer() else content


def _document(given: object) -> object:
    """Take a resource policy as text or mapping."""
    try:
        return documents.declared(given)
    except ValueError as failure:
        raise PydanticCustomError("document", "{text}", {"text": str(failure)}) from None


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


_EXACT = 10**15
"""What floating-point numbers can tell from their neighbours, and more."""

SealedText = Annotated[Sealed, BeforeValidator(_sealed_text)]
SealedBinary = Annotated[Sealed, BeforeValidator(_sealed_binary)]
SealedJson = Annotated[Sealed, BeforeValidator(_sealed_json)]
Document = Annotated[documents.Document, PlainValidator(_document)]
Tags = Annotated[dict[fields.Text, fields.Text], BeforeValidator(_tags)]
Account = Annotated[fields.Text, BeforeValidator(_account)]


class Replica(BaseModel):
    """A copy of the secret in another region. Frozen."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    region: fields.Text = field(..., "Region of the replica.")
    kms_key_id: fields.Text | None = field(
        None,
        "ARN, id or alias of the KMS key of that region. Default: the key `aws/secretsmanager`.",
    )


class RotationRules(BaseModel):
    """When a value is rotated. Frozen."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    automatically_after_days: fields.Whole | None = field(
        None,
        "Days from one rotation to the next, 1 to 1000. Excludes `schedule_expression`.",
        minimum=1,
        maximum=1000,
    )
    schedule_expression: fields.Text | None = field(
        None,
        "When to rotate, such as `rate(10 days)` or `cron(0 8 1 * ? *)`. Excludes "
        "`automatically_after_days`.",
    )
    duration: fields.Text | None = field(
        None, "How long a rotation may take, in hours, such as `3h`. Default: the service's own."
    )


def _by_region(replicas: list[Replica]) -> list[Replica]:
    return sorted(replicas, key=lambda replica: replica.region)


# Their order means nothing: sorted, two that mean the same are equal.
Replicas = Annotated[list[Replica], AfterValidator(_by_region)]
Labels = Annotated[list[fields.Text], AfterValidator(sorted)]


class Spec(BaseModel):
    """What a secret is. Frozen; `None` means not declared, and so not managed."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: fields.Text | None = field(
        None,
        "Name of the secret. Default: made of project, stack and resource name. A change means "
        "another secret.",
        replaces=True,
    )
    name_prefix: fields.Text | None = field(
        None,
        "Beginning of the name; the rest is made of the owner and is the same at each run, so "
        "that a secret is found again. A change means another secret. Excludes `name`.",
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
    type: fields.Text | None = field(
        None,
        "Type of a secret that an external partner rotates, as AWS names it. It can be changed, "
        "but not taken away.",
    )
    secret_string: SealedText | None = field(
        None,
        "The value, as text. Excludes every other way to give a value.",
        sensitive=True,
    )
    secret_binary: SealedBinary | None = field(
        None,
        "The value, as base64 of its bytes. Excludes every other way to give a value.",
        sensitive=True,
    )
    secret_json: SealedJson | None = field(
        None,
        "The value, as a mapping; its JSON text is stored, the keys sorted. Excludes every other "
        "way to give a value.",
        sensitive=True,
    )
    secret_string_wo: SealedText | None = field(
        None,
        "The value, as text that no output keeps: it is written again only when "
        "`secret_string_wo_version` changes. Excludes every other way to give a value.",
        sensitive=True,
    )
    secret_string_wo_version: fields.Whole | None = field(
        None,
        "Any whole number; a change writes `secret_string_wo` again. Goes with it.",
        minimum=0,
        maximum=999_999_999,
    )
    generate_secret_string: Generate | None = field(
        None,
        "How to generate a value for a secret that has none; empty means 32 characters of all "
        "kinds. A value that is there stays, whatever changes here. Excludes every other way to "
        "give a value.",
        initial=True,
    )
    regenerate_when: fields.Trigger | None = field(
        None,
        "Any text or whole number; a change generates a new value. Goes with "
        "`generate_secret_string`.",
    )
    value_from: ValueFrom | None = field(
        None,
        "Where the value is read from when it is written, and then again only when "
        "`value_version` changes. Excludes every other way to give a value.",
        initial=True,
    )
    value_version: fields.Trigger | None = field(
        None,
        "Any text or whole number; a change reads the value again. Goes with `value_from`.",
    )
    version_stages: Labels | None = field(
        None,
        "Staging labels of the current version besides AWSCURRENT. Labels that others attach are "
        "left alone.",
    )
    tags: Tags | None = field(
        None,
        "Tags of the secret. Tags that others add are left alone; an empty mapping means none.",
    )
    replicas: Replicas | None = field(
        None,
        "Copies in other regions; they go when the secret is torn down, and come back with it. An "
        "empty list means none.",
        aliases=("replica_regions",),
    )
    policy: Document | None = field(
        None,
        "Resource policy, as JSON text or as a mapping. Declared and then removed, or empty, means "
        "none.",
        aliases=("resource_policy",),
    )
    block_public_policy: fields.Truth = field(
        True, "Whether a resource policy that lets everyone in is refused."
    )
    rotation_lambda_arn: fields.Text | None = field(
        None,
        "ARN of the Lambda function that rotates the value. Goes with `rotation_rules`. Rotation "
        "is cancelled before a deletion is scheduled, and set again after a restore.",
    )
    rotation_rules: RotationRules | None = field(
        None, "When the value is rotated: one of days and schedule."
    )
    rotation_enabled: fields.Truth | None = field(
        None, "`false` cancels rotation, and excludes the other arguments about it."
    )
    external_secret_rotation_metadatas: Tags | None = field(
        None,
        "What an external partner needs to rotate its secret, as a mapping.",
        aliases=("external_secret_rotation_metadata",),
    )
    external_secret_rotation_role_arn: fields.Text | None = field(
        None, "ARN of the role with which an external partner's secret is rotated."
    )
    owner: fields.Text | None = field(
        None,
        "Who owns the secret, written to its owner tag. Default: made of project, stack and the "
        "resource's URN. Set it to hand a secret over to another stack.",
    )

    @property
    def value(self) -> Sealed | None:
        """The declared literal, if there is one."""
        return self.secret_string or self.secret_binary or self.secret_json


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
