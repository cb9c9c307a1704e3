"""What every answer must be, whatever was asked."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from . import schema
from .receiver import SIGNATURE, Put

MOST_BYTES = 4096
ATTRIBUTES = {"Arn", "Id", "Name", "VersionId", "Restored"}
_LONGEST_ID = 1024
_SHORTEST = 6
"""Shorter values stand in every text by chance."""


def faults(
    event: Mapping[str, Any], puts: Sequence[Put], *, vanished: bool = False
) -> Iterator[str]:
    """Yield what is wrong with the answers to one event.

    Several are only right if they are copies of one, sent again because the receiver broke off
    or failed.

    Args:
        event: The event.
        puts: What arrived.
        vanished: There was no secret with the event's id, so that an Update makes another.
    """
    if not puts:
        yield "there is no answer"
        return
    if len(puts) > 1 and not all(put.conduct in {"drop", "fail"} for put in puts[:-1]):
        yield f"there are {len(puts)} answers"
    if len({put.body for put in puts}) > 1:
        yield "the answers differ"
    for put in puts:
        yield from _of_put(event, put, vanished=vanished)


def _of_put(event: Mapping[str, Any], put: Put, *, vanished: bool) -> Iterator[str]:
    if len(put.body) > MOST_BYTES:
        yield f"the answer has {len(put.body)} bytes"
    if put.headers.get("content-length") != str(len(put.body)):
        yield "content-length is wrong"
    if put.headers.get("content-type", "") != "":
        yield "content-type must be empty: the URL is signed so"
    try:
        body = json.loads(put.body)
    except ValueError:
        yield "the answer is no JSON"
        return
    yield from schema.problems(body)
    for name in ("StackId", "RequestId", "LogicalResourceId"):
        if name in event and body.get(name) != event[name]:
            yield f"{name} is not the event's"
    yield from _of_data(event, body)
    yield from _of_id(event, body, vanished=vanished)
    yield from _leaks(event, put.body.decode(errors="replace"))


def _of_data(event: Mapping[str, Any], body: Mapping[str, Any]) -> Iterator[str]:
    data = body.get("Data", {})
    if body.get("Status") != "SUCCESS" or event.get("RequestType") == "Delete":
        return
    if set(data) != ATTRIBUTES:
        yield f"Data lacks {sorted(ATTRIBUTES - set(data))}: GetAtt of it would fail"
        return
    if not data["Arn"] == data["Id"] == body["PhysicalResourceId"]:
        yield "Arn, Id and Ref differ"
    if not re.search(re.escape(f":secret:{data['Name']}") + "-[A-Za-z0-9]{6}$", data["Arn"]):
        yield "Name is not the ARN's"


def _of_id(event: Mapping[str, Any], body: Mapping[str, Any], *, vanished: bool) -> Iterator[str]:
    """Yield what is wrong with the id: changing it tells CloudFormation to delete the old one."""
    before, now = event.get("PhysicalResourceId"), body.get("PhysicalResourceId")
    if not isinstance(before, str) or not before or now == before:
        return
    if len(before) > _LONGEST_ID or len(json.dumps(before)) > 2 * _LONGEST_ID:
        return  # No answer of ours could hold it.
    kind, succeeded = event.get("RequestType"), body.get("Status") == "SUCCESS"
    if kind == "Delete" or (kind == "Update" and not succeeded):
        yield f"the id changed although the {kind} {body.get('Status')}"
    elif kind == "Update" and not vanished and f":secret:{body['Data'].get('Name')}-" in before:
        yield "the id changed although the name did not"


def values(properties: object) -> Iterator[str]:
    """Yield the values in properties, wherever they stand."""
    if isinstance(properties, Mapping):
        for name, content in properties.items():
            if name in {"SecretString", "SecretBinary"} and isinstance(content, str):
                yield content
            else:
                yield from values(content)


def _leaks(event: Mapping[str, Any], text: str) -> Iterator[str]:
    for part in ("ResourceProperties", "OldResourceProperties"):
        for value in values(event.get(part)):
            if len(value) >= _SHORTEST and (value in text or json.dumps(value)[1:-1] in text):
                yield "the answer shows a value"
    if SIGNATURE in text:
        yield "the answer shows its URL"
