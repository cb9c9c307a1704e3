"""Values that are read from AWS: a parameter of Systems Manager, or another secret.

An answer's body is logged by botocore, and returned by it as plain text. So the value is taken
out of the body right before botocore parses it: the mirror image of how values are sent.
"""

from __future__ import annotations

import base64
import contextvars
import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from recoverable_secrets.core import errors
from recoverable_secrets.core.sealed import Sealed

from . import aws, aws_errors, aws_wire, patience
from .aws_calls import Clients


@dataclass(frozen=True, slots=True)
class _Read:
    """One way of reading: what botocore and people call it.

    Attributes:
        service: As boto3 names it.
        event: The event before an answer is parsed, which botocore emits for this call only.
        operation: AWS's name of it.
        needs: The permissions, that for a customer's own key included.
        what: What is read, for the texts.
        missing: The code that says that there is none.
    """

    service: str
    event: str
    operation: str
    needs: tuple[str, ...]
    what: str
    missing: str


_PARAMETER = _Read(
    "ssm", "before-parse.ssm.GetParameter", "GetParameter",
    ("ssm:GetParameter", "kms:Decrypt"), "parameter", "ParameterNotFound",
)  # fmt: skip
_SECRET = _Read(
    "secretsmanager", "before-parse.secrets-manager.GetSecretValue", "GetSecretValue",
    ("secretsmanager:GetSecretValue", "kms:Decrypt"), "secret",
    "ResourceNotFoundException",
)  # fmt: skip

_PARAMETER_ARN = re.compile(r"arn:[a-z0-9-]+:ssm:([a-z0-9-]+):[0-9]{12}:parameter/.+")
_HARMLESS = frozenset({"ARN", "Name", "__type", "code", "Code", "message", "Message"})
_UNREADABLE_KEY = frozenset({"DecryptionFailure", "InvalidKeyId"})
_TAKEN: contextvars.ContextVar[Sealed | None] = contextvars.ContextVar("taken", default=None)
_LOCK = threading.Lock()  # An emitter that two threads register with can lose one of the two.


def parameter(store: Clients, name: str) -> Sealed:
    """Return the decrypted value of a parameter; one call.

    Args:
        store: Whose clients to use.
        name: Its name, or its ARN, which also tells the region. `:<version>` or `:<label>` may
            follow, as in any call of Systems Manager.

    Raises:
        InvalidInput: An ARN that is none of a parameter.
        RecoverableSecretsError: As `SecretStore` promises; `StoreError` if there is none.
    """
    found = _PARAMETER_ARN.fullmatch(name)
    if found is None and name.startswith("arn:"):
        problem = (
            f"value_from.ssm_parameter {errors.short(name)} is no ARN of a parameter: write its "
            "name, or arn:aws:ssm:<region>:<account>:parameter/<name>"
        )
        raise errors.InvalidInput([problem])
    region = found[1] if found else store.region
    answer = _call(store, _PARAMETER, region, name, Name=name, WithDecryption=True)
    return _value(answer, _PARAMETER, name)


def secret(store: Clients, id: str) -> Sealed:  # noqa: A002  # as all ids here
    """Return the current value of a secret, text or binary; one call.

    Args:
        store: Whose clients to use.
        id: Its exact name, or its full ARN, which also tells the region.

    Raises:
        InvalidInput: Not an exact name or full ARN.
        RecoverableSecretsError: As `SecretStore` promises; `StoreError` if there is none, it has
            no value, or its deletion is scheduled.
    """
    arn = aws_wire.Arn.parse(id)
    if arn is None and id.startswith("arn:"):
        raise _partial(id)
    region = arn.region if arn else store.region
    answer = _call(store, _SECRET, region, id, SecretId=id)
    if id not in (answer.get("ARN"), answer.get("Name")):
        raise _partial(id)
    return _value(answer, _SECRET, id)


def _partial(id: str) -> errors.InvalidInput:  # noqa: A002
    problem = (
        f"value_from.secret {errors.short(id)} is neither an exact name nor a full ARN: write the "
        "name, or the ARN with the six characters at its end and nothing behind them"
    )
    return errors.InvalidInput([problem])


def _call(store: Clients, read: _Read, region: str, name: str, **request: Any) -> dict[str, Any]:
    """Return what of the answer is needed: `ARN`, `Name`, and under `taken` the value, sealed."""

    def call() -> dict[str, Any]:
        client = store.client(read.service, region)
        with _LOCK:
            client.meta.events.register(read.event, _take_value, unique_id=read.event)
        token = _TAKEN.set(None)
        try:
            answer = store.ask(read.service, region, read.operation, request)
            return {"ARN": answer.get("ARN"), "Name": answer.get("Name"), "taken": _TAKEN.get()}
        finally:
            _TAKEN.reset(token)

    subject = aws_errors.Subject(read.operation, name, needs=read.needs)
    try:
        answer = patience.answered(lambda: aws.translated(subject, call))
    except errors.StoreError as failure:
        code = failure.code
        if code not in {read.missing, "ParameterVersionNotFound", *_UNREADABLE_KEY}:
            raise
    else:
        if isinstance(answer, dict):
            return answer
        code = "NoValue" if "label" in answer.text else answer.code
    raise _failure(read, name, region, code)


def _failure(read: _Read, name: str, region: str, code: str) -> errors.StoreError:
    """Return the error of a state in which there is nothing to read."""
    at = f"the {read.what} {errors.short(name)} in {region}"
    if code in _UNREADABLE_KEY:
        text = (
            f"{at} cannot be decrypted: its KMS key is disabled or pending deletion. Enable the "
            "key, or cancel its deletion (CancelKeyDeletion)"
        )
    elif code == "InvalidRequestException":
        text = (
            f"{at} cannot be read, as it is scheduled for deletion or being deleted. Restore it, "
            "or name another in value_from"
        )
    elif code == "NoValue":
        text = f"{at} has no current value. Put one, or name another in value_from"
    else:
        text = (
            f"{at} does not exist, or not in the account of these credentials. Make it first, or "
            "correct value_from"
        )
    return errors.StoreError(text, code)


def _value(answer: Mapping[str, Any], read: _Read, name: str) -> Sealed:
    taken = answer["taken"]
    if isinstance(taken, Sealed) and taken.size:
        return taken
    raise errors.StoreError(
        f"{read.operation} of {errors.short(name)} was answered without a value that can be read. "
        f"Look at the {read.what}, or name another in value_from",
        "NoValue",
    )


def _take_value(response_dict: dict[str, Any], **_: object) -> None:
    """Take the value out of an answer, and leave no more of it than what is known to be harmless.

    botocore logs the body next. What is no JSON, or of an unknown shape, may hold the value
    anywhere: nothing of it stays. Never raises, as its own frame holds the plain answer.
    """
    _TAKEN.set(None)  # An attempt before this one may have been answered too.
    try:
        body = json.loads(response_dict["body"])
        shown = {name: body[name] for name in _HARMLESS & body.keys()}
        _TAKEN.set(_taken(body))  # Of an error's too: botocore raises, and nobody asks for it.
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
        shown = {}
    response_dict["body"] = json.dumps(shown).encode()


def _taken(body: Mapping[str, Any]) -> Sealed | None:
    """Return the value that an answer carries; `None` for one of no known shape."""
    match body:
        case {"Parameter": {"Value": str(text)}} | {"SecretString": str(text)}:
            return Sealed(text)
        case {"SecretBinary": str(encoded)}:
            return Sealed(base64.b64decode(encoded, validate=True))
    return None
