"""Requests and answers, the same for both transports."""

from __future__ import annotations

import dataclasses
import json
import re
import urllib.parse
import uuid
from collections.abc import Mapping
from typing import Any
from xml.sax import saxutils

from .errors import AwsError

KMS = "kms"
SECRETS_MANAGER = "secretsmanager"
SSM = "ssm"
STS = "sts"
VALUE_MARKER = "<value>"

_CREDENTIAL = re.compile(
    r"Credential=(?P<key>[^/]+)/\d{8}/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request"
)
_HIDDEN = ("SecretString", "SecretBinary", "RotationToken")
_STS_CODES = {
    "ExpiredTokenException": "ExpiredToken",
    "UnrecognizedClientException": "InvalidClientTokenId",
    "AccessDeniedException": "AccessDenied",
    "ThrottlingException": "Throttling",
    "InternalServiceError": "InternalFailure",
}

Params = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Request:
    """One call as it arrived.

    Attributes:
        service: "kms", "secretsmanager", "ssm" or "sts".
        action: AWS's name of the operation.
        region: From the signature.
        access_key: From the signature; it tells who calls.
        parameters: The decoded body.
    """

    service: str
    action: str
    region: str
    access_key: str
    parameters: Params

    def loggable(self) -> Params:
        """Return the parameters with every secret value replaced by a marker."""
        return {
            key: VALUE_MARKER if key in _HIDDEN else value for key, value in self.parameters.items()
        }


@dataclasses.dataclass(frozen=True)
class Response:
    """An answer that reaches the caller."""

    status: int
    body: bytes
    content_type: str

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers AWS sends that the SDK reads."""
        return {"Content-Type": self.content_type, "x-amzn-RequestId": str(uuid.uuid4())}


@dataclasses.dataclass(frozen=True)
class Dropped:
    """No answer: the connection breaks. `why` is what the call log says."""

    why: str


def parse(headers: Mapping[str, str], body: bytes) -> Request:
    """Read service, region and access key from the signature and the action from the rest.

    Raises:
        AwsError: The request is not signed, or for a service that is not emulated.
    """
    lower = {key.lower(): value for key, value in headers.items()}
    found = _CREDENTIAL.search(lower.get("authorization", ""))
    if found is None:
        code = "MissingAuthenticationTokenException"
        raise AwsError(code, "Missing Authentication Token", 403)
    key, region, service = found["key"], found["region"], found["service"]
    if service in (KMS, SECRETS_MANAGER, SSM):
        action = lower.get("x-amz-target", "").rpartition(".")[2]
        return Request(service, action, region, key, json.loads(body or b"{}"))
    if service == STS:
        form = dict(urllib.parse.parse_qsl(body.decode(), keep_blank_values=True))
        return Request(service, form.pop("Action", ""), region, key, form)
    code = "UnknownOperationException"
    raise AwsError(code, f"{service} is not emulated", 404)


def success(request: Request, result: Params) -> Response:
    """Encode a result in the protocol of the request's service."""
    if request.service == STS:
        name = request.action
        text = (
            f'<{name}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
            f"<{name}Result>{_xml(result)}</{name}Result></{name}Response>"
        )
        return Response(200, text.encode(), "text/xml")
    return Response(200, json.dumps(result).encode(), "application/x-amz-json-1.1")


def failure(service: str, error: AwsError) -> Response:
    """Encode an error in the protocol of `service`."""
    if service == STS:
        code = _STS_CODES.get(error.code, error.code)
        fault = {"Type": "Sender", "Code": code, "Message": error.message}
        text = f"<ErrorResponse><Error>{_xml(fault)}</Error></ErrorResponse>"
        return Response(max(error.status, 403), text.encode(), "text/xml")
    body = json.dumps({"__type": error.code, "message": error.message}).encode()
    return Response(error.status, body, "application/x-amz-json-1.1")


def _xml(value: object) -> str:
    if isinstance(value, Mapping):
        return "".join(f"<{key}>{_xml(inner)}</{key}>" for key, inner in value.items())
    return saxutils.escape(str(value))
