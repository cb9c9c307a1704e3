"""The AWS store without the SDK in between: the same requests to the double, ten times faster.

All schedules of two operations are some thousands of runs; signing and parsing would take most
of their time. What the SDK adds to a call is added here: a token where none is given, dates in
the answer, an error as an exception. `test_scheduler.py` shows that a race comes to the same over
the real client.
"""

from __future__ import annotations

import base64
import datetime as dt
import functools
import json
import uuid
from collections.abc import Callable
from typing import Any

import botocore.exceptions
from botocore import xform_name

import emulation
from contract import worlds
from emulation import wire
from recoverable_secrets.stores import aws

_WITH_TOKEN = ("CreateSecret", "PutSecretValue", "RotateSecret", "UpdateSecret")
_ACTIONS = (
    *_WITH_TOKEN, "CancelRotateSecret", "DeleteResourcePolicy", "DeleteSecret", "DescribeKey",
    "DescribeSecret", "PutResourcePolicy", "RemoveRegionsFromReplication",
    "ReplicateSecretToRegions", "RestoreSecret", "TagResource", "UntagResource",
    "UpdateSecretVersionStage",
)  # fmt: skip


class Client:
    """Stands in for a boto3 client; an attribute is a method for each action of AWS."""

    def __init__(self, double: emulation.Aws, service: str) -> None:
        self._double, self._service = double, service
        for action in _ACTIONS:
            method: Callable[..., Any] = functools.partial(self._call, action)
            setattr(self, xform_name(action), method)

    def _call(self, action: str, **given: Any) -> dict[str, Any]:
        value = aws._VALUE.get()
        if value is not None:
            for stand_in in aws._STAND_IN:
                given.pop(stand_in, None)
            content = value.reveal()
            if isinstance(content, bytes):
                given["SecretBinary"] = base64.b64encode(content).decode()
            else:
                given["SecretString"] = content
        if action in _WITH_TOKEN:
            given.setdefault("ClientRequestToken", str(uuid.uuid4()))
        request = wire.Request(
            self._service, action, worlds.REGION, "AKIANOBODY", json.loads(json.dumps(given))
        )
        answer = self._double.handle(request)
        assert isinstance(answer, wire.Response), "faults belong to the real client"
        told: dict[str, Any] = json.loads(answer.body)
        if answer.status != 200:
            error = {"Code": told["__type"], "Message": told["message"]}
            metadata: Any = {"HTTPStatusCode": answer.status}
            raise botocore.exceptions.ClientError(
                {"Error": error, "ResponseMetadata": metadata}, action
            )
        return _dated(told)


def _dated(told: Any) -> Any:
    """Return an answer with its dates as the SDK gives them."""
    if isinstance(told, list):
        return [_dated(each) for each in told]
    if not isinstance(told, dict):
        return told
    return {
        key: dt.datetime.fromtimestamp(content, tz=dt.UTC)
        if key.endswith("Date") and isinstance(content, int | float)
        else _dated(content)
        for key, content in told.items()
    }


def store(double: emulation.Aws) -> aws.AwsStore:
    """Return a store whose every call goes straight to the double."""
    made = aws.AwsStore(worlds.connection())
    for service in ("secretsmanager", "kms"):
        made._clients[service, worlds.REGION] = Client(double, service)
    made._account = double.account
    return made
