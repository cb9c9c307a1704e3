"""What AWS and botocore say when something goes wrong, and what it means for us.

Their texts are not passed on as they are: botocore prints parameters, and a chained exception
reaches the user's log with all that it holds.
"""

from __future__ import annotations

import base64
import html
import json
import re
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from recoverable_secrets.core import errors, plan
from recoverable_secrets.core.sealed import SHOWN, Sealed

PERMISSIONS: Mapping[str, tuple[str, ...]] = {
    "CreateSecret": ("secretsmanager:CreateSecret", "secretsmanager:TagResource"),
    "DescribeSecret": ("secretsmanager:DescribeSecret",),
    "RestoreSecret": ("secretsmanager:RestoreSecret",),
    "DeleteSecret": ("secretsmanager:DeleteSecret",),
    "UpdateSecret": ("secretsmanager:UpdateSecret",),
    "PutSecretValue": ("secretsmanager:PutSecretValue",),
    "TagResource": ("secretsmanager:TagResource",),
    "UntagResource": ("secretsmanager:UntagResource",),
    "PutResourcePolicy": ("secretsmanager:PutResourcePolicy",),
    "GetResourcePolicy": ("secretsmanager:GetResourcePolicy",),
    "ReplicateSecretToRegions": ("secretsmanager:ReplicateSecretToRegions",),
    "RemoveRegionsFromReplication": ("secretsmanager:RemoveRegionsFromReplication",),
    "RotateSecret": (
        "secretsmanager:RotateSecret",
        "lambda:InvokeFunction",
        "iam:PassRole",
    ),
    "CancelRotateSecret": ("secretsmanager:CancelRotateSecret",),
    "DescribeKey": ("kms:DescribeKey",),
    "DeleteResourcePolicy": ("secretsmanager:DeleteResourcePolicy",),
    "UpdateSecretVersionStage": ("secretsmanager:UpdateSecretVersionStage",),
    "AssumeRole": ("sts:AssumeRole",),
    "GetCallerIdentity": (),
}
"""What each operation that we call needs, from the service authorization reference."""

KMS_PERMISSIONS: Mapping[str, tuple[str, ...]] = {
    "CreateSecret": ("kms:GenerateDataKey", "kms:Decrypt"),
    "PutSecretValue": ("kms:GenerateDataKey", "kms:Decrypt"),
    "UpdateSecret": ("kms:GenerateDataKey", "kms:Decrypt", "kms:Encrypt"),
    "ReplicateSecretToRegions": ("kms:Decrypt", "kms:GenerateDataKey", "kms:Encrypt"),
}
"""What each operation needs besides under a customer's own key, a replica's included."""

_REPEATED = frozenset(
    {
        "InvalidParameterException",
        "InvalidRequestException",
        "ResourceExistsException",
        "ResourceNotFoundException",
    }
)

CONFLICTS: Mapping[str, frozenset[str]] = {
    "CreateSecret": frozenset({"ResourceExistsException", "InvalidRequestException"}),
    "DescribeSecret": frozenset({"ResourceNotFoundException"}),
    "AssumeRole": frozenset(),
    "GetCallerIdentity": frozenset(),
    "UpdateSecret": frozenset(
        {"ResourceExistsException", "InvalidRequestException", "ResourceNotFoundException"}
    ),
    "PutSecretValue": frozenset(
        {"ResourceExistsException", "InvalidRequestException", "ResourceNotFoundException"}
    ),
    # Which code a repeated call meets, is not documented: a look tells what is so.
    "ReplicateSecretToRegions": _REPEATED,
    "RemoveRegionsFromReplication": _REPEATED,
    # Which code says that the label is not on that version any more, is not documented.
    "UpdateSecretVersionStage": frozenset(
        {"InvalidParameterException", "InvalidRequestException", "ResourceNotFoundException"}
    ),
}
"""Codes that say: the secret is in another state than the call needs."""

_CONFLICTS = frozenset({"InvalidRequestException", "ResourceNotFoundException"})
_DENIED = frozenset(
    {
        "AccessDeniedException",
        "AccessDenied",
        "AuthorizationError",
        "AuthorizationErrorException",  # SNS says it so.
        "UnauthorizedOperation",
    }
)
_CREDENTIALS = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
_TEMPORARY = frozenset(
    {
        "InternalFailure",
        "InternalServiceError",
        "PriorRequestNotComplete",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
    }
)
_THROTTLED = frozenset(
    {
        "RequestLimitExceeded",
        "RequestThrottledException",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "TooManyRequestsException",
    }
)
_UNUSABLE = frozenset(
    {
        "CredentialRetrievalError",
        "NoCredentialsError",
        "PartialCredentialsError",
        "SSOError",
        "TokenRetrievalError",
    }
)
_KEY_TROUBLE = frozenset({"DecryptionFailure", "EncryptionFailure"})
ODD = (AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError)
"""What the SDK, and who reads its answers, stumbles with over a shape that AWS never sends."""

_SHORTEST = 4
_ECHOING = frozenset({"InvalidParameterException", "SerializationException", "ValidationException"})


@dataclass(frozen=True, slots=True)
class Subject:
    """What a call is about, for the texts.

    Attributes:
        operation: AWS's name of the operation.
        name: Name of the secret, or of the role.
        payload: The value that the call carries; looked for in texts, never shown.
        needs: The permissions that it needs, where no table here knows the operation.
    """

    operation: str
    name: str
    payload: Sealed | None = None
    needs: tuple[str, ...] = ()


def from_service(
    response: Mapping[str, Any], subject: Subject
) -> plan.Conflict | plan.Later | errors.RecoverableSecretsError:
    """Return what an error answer of AWS means.

    Args:
        response: The answer: `Error` with `Code` and `Message`, and `ResponseMetadata`.
        subject: What the call was about.
    """
    told = response.get("Error", {})
    code, text = _told(told, "Code") or "Unknown", _told(told, "Message")
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    name = errors.short(subject.name)
    if _conflicts(code, text, subject.operation):
        known = subject.operation == "UpdateSecret" and code == "ResourceExistsException"
        return plan.Conflict(code, _scrubbed(text, code, subject.payload), version_known=known)
    if code == "MalformedPolicyDocumentException" and "principal" in text.lower():
        return plan.Later(code, _scrubbed(text, code, subject.payload))
    if code in _KEY_TROUBLE:
        return errors.StoreError(
            f"{subject.operation} of {name}: its KMS key cannot be used ({code}). If it is pending "
            "deletion, call CancelKeyDeletion; if it is disabled, EnableKey; then run again",
            code,
        )
    if code in _DENIED:
        return _denied(text, subject)
    if code in _CREDENTIALS:
        return errors.AccessDenied(
            f"{subject.operation} of {name}: the AWS credentials are expired or not valid "
            f"({code}). Renew them, then run again"
        )
    if code in _THROTTLED:
        return errors.Throttled(
            f"{subject.operation} of {name} failed after all retries ({code}): too many calls at "
            "once; run again later"
        )
    if code in _TEMPORARY or status >= 500:  # noqa: PLR2004  # HTTP's own number
        return errors.Temporary(
            f"{subject.operation} of {name} failed after all retries ({code}): run again later"
        )
    shown = _scrubbed(text, code, subject.payload)
    return errors.StoreError(
        f"{subject.operation} of {name} was refused with {code}: "
        f"{errors.clip(shown, 120) or 'its text is withheld, as it may repeat the value'}",
        code,
    )


def _told(error: Mapping[str, Any], what: str) -> str:
    """Return a text of an error; what is none comes from no AWS, and may be nested for ever."""
    found = error.get(what)
    return str(found) if isinstance(found, str | int) else ""


def _conflicts(code: str, text: str, operation: str) -> bool:
    """Whether an error says that the secret is in another state than the call needs."""
    if code in CONFLICTS.get(operation, _CONFLICTS):
        return True
    # Replicas that others made meanwhile, or whose removal is not through yet; and a replica that
    # has the name here: writes in its region are refused so.
    told = {"DeleteSecret": "replica", "CreateSecret": "on a replica secret"}.get(operation)
    return bool(told and code == "InvalidParameterException" and told in text.lower())


def _denied(text: str, subject: Subject) -> errors.AccessDenied:
    """Name the permission that the service names, or those that the operation needs."""
    named = re.findall(r"perform:? ([a-z-]+:[A-Za-z]+)", text)
    table = KMS_PERMISSIONS if "KMS" in text else PERMISSIONS
    needed = tuple(named) or subject.needs or table.get(subject.operation, ())
    needed = needed or PERMISSIONS[subject.operation]
    needed = needed or (f"sts:{subject.operation}",)  # Given to all, unless a policy denies it.
    of_key = " of its KMS key" if any(each.startswith("kms:") for each in needed) else ""
    explicit = ", which an explicit deny forbids" if "explicit deny" in text else ""
    return errors.AccessDenied(
        f"{subject.operation} of {errors.short(subject.name)} was denied: it needs "
        f"{' and '.join(needed)}{of_key}{explicit}. Grant it to the credentials in use"
    )


def from_sdk(kind: type[Exception], subject: Subject) -> errors.RecoverableSecretsError:
    """Return what an exception of botocore means, by its class and the classes it comes from.

    Its text is not looked at: it repeats parameters.
    """
    at = f"{subject.operation} of {errors.short(subject.name)}"
    lineage = {parent.__name__ for parent in kind.__mro__}
    if "ParamValidationError" in lineage:
        return errors.InvalidInput([f"{at}: the SDK finds a parameter malformed"])
    if "NoRegionError" in lineage:
        return errors.InvalidInput([f"{at}: no region: set the region argument or AWS_REGION"])
    if "ProfileNotFound" in lineage:
        return errors.AccessDenied(
            f"{at}: the AWS profile was not found: configure it, or name another"
        )
    if lineage & _UNUSABLE:
        return errors.AccessDenied(
            f"{at}: no usable AWS credentials ({kind.__name__}). Log in, set AWS_PROFILE, or set "
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        )
    if lineage & {"HTTPClientError", "ConnectionError"}:
        return errors.Temporary(
            f"{at} got no answer ({kind.__name__}): check network and endpoint, then run again"
        )
    if "ResponseParserError" in lineage or issubclass(kind, ODD):
        return strange(subject)
    return errors.StoreError(f"{at} failed in the SDK ({kind.__name__})", kind.__name__)


def strange(subject: Subject) -> errors.Temporary:
    """Return what an answer means that no AWS would give, such as the page of a proxy."""
    return errors.Temporary(
        f"{subject.operation} of {errors.short(subject.name)} got an answer that is not AWS's: "
        "check endpoint and proxy, then run again"
    )


def _scrubbed(text: str, code: str, payload: Sealed | None) -> str:
    """Return the service's text without control characters and without the value."""
    plain = " ".join(text.split())
    if payload is None:
        return plain
    if code in _ECHOING:
        return ""
    content = payload.reveal()
    raw = content.encode() if isinstance(content, str) else content
    spelt = (" ".join(each.split()) for each in _spellings(raw))
    for each in sorted(filter(_telling, spelt), key=len, reverse=True):
        plain = plain.replace(each, SHOWN)
    return plain


def _spellings(raw: bytes) -> set[str]:
    """Return how a service may write a value: as it is, in JSON, in XML, in an address, encoded."""
    text = raw.decode(errors="replace")
    as_json = {json.dumps(text, ensure_ascii=ascii_)[1:-1] for ascii_ in (True, False)}
    as_xml = {html.escape(text), html.escape(text, quote=False)}
    encoded = {base64.b64encode(raw).decode(), raw.hex(), raw.hex().upper()}
    return {text, *as_json, *as_xml, *encoded, urllib.parse.quote(raw, safe="")}


def _telling(spelt: str) -> bool:
    """Whether a gap would not tell more than the text: very short values stand in every text."""
    return len(spelt) >= _SHORTEST
