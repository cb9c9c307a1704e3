"""What AWS refuses in a request before it looks at any secret.

botocore checks types, required members and minimum lengths only; maximum lengths, patterns and
ranges come back from the service.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterable

from . import errors
from .wire import Params

MAX_TAGS = 50
MAX_VALUE_BYTES = 65_536
WINDOW_DAYS = range(7, 31)

_NAME = re.compile(r"[A-Za-z0-9/_+=.@!-]+")
_REGION = re.compile(r"([a-z]+-)+\d+")
_DURATION = re.compile(r"[0-9]+h")
_SCHEDULE = re.compile(r"[0-9A-Za-z()#?*\-/, ]+")
_ROTATION_DAYS = range(1, 1001)
_TAG_PUNCTUATION = frozenset(" _.:/=+-@")

# Field: the lengths that the API model allows.
LENGTHS: dict[str, tuple[int, int]] = {
    "Name": (1, 512),
    "SecretId": (1, 2048),
    "VersionId": (32, 64),
    "MoveToVersionId": (32, 64),
    "RemoveFromVersionId": (32, 64),
    "Description": (0, 2048),
    "KmsKeyId": (0, 2048),
    "Type": (0, 256),
    "VersionStage": (1, 256),
    "ResourcePolicy": (1, 20_480),
    "RotationLambdaARN": (0, 2048),
    "ExternalSecretRotationRoleArn": (20, 2048),
}
# Field: the numbers that the API model allows.
RANGES: dict[str, range] = {"MaxResults": range(1, 101), "PasswordLength": range(1, 4097)}
# Field: how many entries the API model allows.
COUNTS: dict[str, range] = {
    "VersionStages": range(1, 21),
    "Filters": range(11),
    "AddReplicaRegions": range(1, 1000),
    "RemoveReplicaRegions": range(1, 1000),
}


def check(action: str, params: Params) -> None:
    """Refuse a request that AWS would refuse whatever the secret's state.

    Raises:
        AwsError: ValidationException for what the API model bounds; InvalidParameterException
            or InvalidRequestException for what the service checks itself.
    """
    _required(action, params)
    for name, (low, high) in LENGTHS.items():
        if name in params and params[name] is not None:
            _length(name, len(str(params[name])), low, high)
    for name, allowed in (RANGES | COUNTS).items():
        value = params.get(name)
        size = len(value) if isinstance(value, list) else value
        if size is not None and size not in allowed:
            raise _bounds(name, f"between {allowed[0]} and {allowed[-1]}")
    for rule in _RULES:
        rule(action, params)


def _bounds(name: str, constraint: str) -> errors.AwsError:
    field = name[0].lower() + name[1:]
    return errors.validation(
        f"1 validation error detected: Value at '{field}' failed to satisfy constraint:"
        f" Member must have value or length {constraint}"
    )


def _length(name: str, size: int, low: int, high: int) -> None:
    if size > high:
        raise _bounds(name, f"less than or equal to {high}")
    if size < low:
        raise _bounds(name, f"greater than or equal to {low}")


# Every other action needs a SecretId.
REQUIRED: dict[str, tuple[str, ...]] = {
    "BatchGetSecretValue": (),
    "CreateSecret": ("Name",),
    "GetRandomPassword": (),
    "ListSecrets": (),
    "PutResourcePolicy": ("SecretId", "ResourcePolicy"),
    "RemoveRegionsFromReplication": ("SecretId", "RemoveReplicaRegions"),
    "ReplicateSecretToRegions": ("SecretId", "AddReplicaRegions"),
    "TagResource": ("SecretId", "Tags"),
    "UntagResource": ("SecretId", "TagKeys"),
    "UpdateSecretVersionStage": ("SecretId", "VersionStage"),
    "ValidateResourcePolicy": ("ResourcePolicy",),
}


def _required(action: str, params: Params) -> None:
    for name in REQUIRED.get(action, ("SecretId",)):
        if params.get(name) is None:
            message = f"You must provide a value for the {name} parameter."
            raise errors.invalid_parameter(message)


def _name(action: str, params: Params) -> None:
    if action == "CreateSecret" and not _NAME.fullmatch(params["Name"]):
        message = (
            "Invalid name. Must be a valid name containing alphanumeric characters, or any of the"
            " following: -/_+=.@!"
        )
        raise errors.validation(message)


def _token(_action: str, params: Params) -> None:
    token = params.get("ClientRequestToken")
    if token is not None and not 32 <= len(token) <= 64:
        message = "ClientRequestToken must be 32-64 characters long."
        raise errors.invalid_parameter(message)


def _value(action: str, params: Params) -> None:
    text, binary = params.get("SecretString"), params.get("SecretBinary")
    if text is not None and binary is not None:
        message = (
            "You can't specify both a binary secret value and a string secret value in the same"
            " secret."
        )
        raise errors.invalid_parameter(message)
    if text is not None:
        _length("SecretString", len(text.encode()), 1, MAX_VALUE_BYTES)
    if binary is not None:
        _length("SecretBinary", len(_decoded(binary)), 1, MAX_VALUE_BYTES)
    if action == "PutSecretValue" and text is None and binary is None:
        message = "You must provide either SecretString or SecretBinary."
        raise errors.invalid_request(message)


def _decoded(binary: str) -> bytes:
    try:
        return base64.b64decode(binary, validate=True)
    except binascii.Error as problem:
        code, message = "SerializationException", "SecretBinary is not base64."
        raise errors.AwsError(code, message) from problem


def _tags(_action: str, params: Params) -> None:
    tags: list[Params] = params.get("Tags") or []
    keys = [tag.get("Key", "") for tag in tags]
    count_tags(keys)
    if len(set(keys)) < len(keys):
        message = "Tag keys must be unique in one request."
        raise errors.invalid_parameter(message)
    for tag in tags:
        key, value = tag.get("Key", ""), tag.get("Value", "")
        _length("Tags.Key", len(key), 1, 128)
        _length("Tags.Value", len(value), 0, 256)
        if key.lower().startswith("aws:"):
            message = "Tag keys that start with aws: are reserved."
            raise errors.invalid_parameter(message)
        if not (_is_tag_text(key) and _is_tag_text(value)):
            message = (
                "Tag keys and values may hold letters, digits, spaces and the characters"
                " _ . : / = + - @"
            )
            raise errors.invalid_parameter(message)


def count_tags(keys: Iterable[str]) -> None:
    """Refuse more tags than a secret can have.

    Raises:
        AwsError: InvalidParameterException.
    """
    if len(set(keys)) > MAX_TAGS:
        message = f"A secret can have at most {MAX_TAGS} tags."
        raise errors.invalid_parameter(message)


def _is_tag_text(text: str) -> bool:
    return all(char.isalnum() or char in _TAG_PUNCTUATION for char in text)


def _tag_keys(_action: str, params: Params) -> None:
    for key in params.get("TagKeys") or []:
        _length("TagKeys", len(key), 1, 128)
        if key.lower().startswith("aws:"):
            message = "Tag keys that start with aws: are reserved."
            raise errors.invalid_parameter(message)


def _window(action: str, params: Params) -> None:
    if action != "DeleteSecret":
        return
    days = params.get("RecoveryWindowInDays")
    if days is not None and params.get("ForceDeleteWithoutRecovery"):
        message = (
            "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays."
        )
        raise errors.invalid_parameter(message)
    if days is not None and days not in WINDOW_DAYS:
        message = "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive)."
        raise errors.invalid_parameter(message)


def _regions(_action: str, params: Params) -> None:
    names = [entry.get("Region", "") for entry in params.get("AddReplicaRegions") or []]
    names += params.get("RemoveReplicaRegions") or []
    for name in names:
        _length("Region", len(name), 1, 128)
        if not _REGION.fullmatch(name):
            problem = _bounds("Region", r"of the pattern ^([a-z]+-)+\d+$")
            raise problem
    if len(set(names)) < len(names):
        message = "Invalid replica region: the same one twice."
        raise errors.invalid_parameter(message)


def _rotation(action: str, params: Params) -> None:
    if action != "RotateSecret":
        return
    rules: Params = params.get("RotationRules") or {}
    days, schedule = rules.get("AutomaticallyAfterDays"), rules.get("ScheduleExpression")
    duration = rules.get("Duration")
    if days is not None and days not in _ROTATION_DAYS:
        raise _bounds("RotationRules.AutomaticallyAfterDays", "between 1 and 1000")
    if schedule is not None:
        _length("RotationRules.ScheduleExpression", len(schedule), 1, 256)
        if not _SCHEDULE.fullmatch(schedule):
            raise _bounds("RotationRules.ScheduleExpression", f"of the pattern {_SCHEDULE.pattern}")
    if duration is not None:
        _length("RotationRules.Duration", len(duration), 2, 3)
        if not _DURATION.fullmatch(duration):
            raise _bounds("RotationRules.Duration", f"of the pattern {_DURATION.pattern}")
    if days is not None and schedule is not None:
        message = "Use AutomaticallyAfterDays or ScheduleExpression, not both."
        raise errors.invalid_parameter(message)
    for item in params.get("ExternalSecretRotationMetadata") or []:
        _length("ExternalSecretRotationMetadata.Key", len(item.get("Key", "")), 1, 256)
        _length("ExternalSecretRotationMetadata.Value", len(item.get("Value", "")), 1, 2048)


def _policy(action: str, params: Params) -> None:
    if action not in ("PutResourcePolicy", "ValidateResourcePolicy"):
        return
    try:
        document = json.loads(params["ResourcePolicy"])
    except ValueError as problem:
        message = "The policy is not valid JSON."
        raise errors.malformed_policy(message) from problem
    if not isinstance(document, dict) or "Statement" not in document:
        message = "This resource policy contains a syntax error: no Statement."
        raise errors.malformed_policy(message)


_RULES: tuple[Callable[[str, Params], None], ...] = (
    _name,
    _token,
    _value,
    _tags,
    _tag_keys,
    _window,
    _regions,
    _policy,
    _rotation,
)
