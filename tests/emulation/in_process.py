"""boto3 clients of this process talk to the double, below the SDK's retry loop.

botocore's own "before-send" event takes the request just before it would go to the network, so
signing, retries and parsing are the real ones.
"""

from __future__ import annotations

import contextlib
import io
import os
import urllib.parse
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from unittest import mock

import boto3
from botocore import awsrequest, exceptions, handlers
from botocore.compat import HTTPHeaders

from . import wire

if TYPE_CHECKING:
    from .aws import Aws

# The innermost `with aws.in_process()` is the last one.
_active: list[Aws] = []
_ENVIRONMENT = {
    # Never the real ones, whatever happens.
    "AWS_ACCESS_KEY_ID": "AKIAEMULATEDDEFAULT0",
    "AWS_SECRET_ACCESS_KEY": "emulated",
    "AWS_EC2_METADATA_DISABLED": "true",
}


class _Body(io.BytesIO):
    """A response body as urllib3's, as far as botocore reads it."""

    def stream(self, **_kwargs: object) -> Iterator[bytes]:
        while chunk := self.read():
            yield chunk


def _answer(request: awsrequest.AWSPreparedRequest, **_kwargs: Any) -> object:
    host = urllib.parse.urlsplit(request.url).hostname or ""
    # A client with an endpoint of its own means that endpoint.
    if not _active or not host.endswith((".amazonaws.com", ".amazonaws.com.cn")):
        return None
    headers = {
        key: value.decode() if isinstance(value, bytes) else str(value)
        for key, value in request.headers.items()
    }
    body = request.body or b""
    assert isinstance(body, bytes | str)
    answer = _active[-1].handle_raw(headers, body.encode() if isinstance(body, str) else body)
    if isinstance(answer, wire.Dropped):
        raise exceptions.ConnectionClosedError(endpoint_url=request.url)
    sent = HTTPHeaders.from_dict(answer.headers)
    return awsrequest.AWSResponse(request.url, answer.status, sent, _Body(answer.body))


# Sessions copy this list when they are made; without an active double the handlers do nothing.
for _service in ("kms", "secrets-manager", "ssm", "sts"):
    handlers.BUILTIN_HANDLERS.append((f"before-send.{_service}", _answer))


@contextlib.contextmanager
def activate(aws: Aws) -> Iterator[None]:
    """Route this process's calls of the emulated services to `aws` while the block runs."""
    with mock.patch.dict(os.environ, _ENVIRONMENT):
        os.environ.pop("AWS_SESSION_TOKEN", None)
        # A default session from before would keep its credentials and lack the handlers.
        before, boto3.DEFAULT_SESSION = boto3.DEFAULT_SESSION, None
        _active.append(aws)
        try:
            yield
        finally:
            _active.remove(aws)
            boto3.DEFAULT_SESSION = before
