"""Other services of AWS over HTTP, as far as `doctor` and `orphans` ask them: canned answers.

A request is told apart by the service in its signature; each service speaks its own protocol.
"""

from __future__ import annotations

import contextlib
import http.server
import json
import re
import threading
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.sax import saxutils

import botocore.config
import pytest

from recoverable_secrets.stores import aws as aws_store

QUERY = ("cloudformation", "iam", "sns")
VARIABLES = ("CLOUDFORMATION", "CLOUDTRAIL", "CLOUDWATCH", "CLOUDWATCH_LOGS", "EVENTBRIDGE", "IAM")
VARIABLES += ("SNS",)

_SIGNED = re.compile(r"Credential=[^/]+/\d{8}/(?P<region>[^/]+)/(?P<service>[^/]+)/")


@dataclass(frozen=True)
class Fault:
    """An error answer."""

    code: str
    message: str = "as the test says"
    status: int = 400


DENIED = Fault("AccessDenied", "User: x is not authorized to perform: y", 403)

Answer = Mapping[str, Any] | Fault | None
Handler = Callable[[dict[str, Any], str], Answer]


@dataclass
class Services:
    """What the services answer, and what they were asked.

    Attributes:
        answers: By `service:Operation`: an answer, or what makes it of request and region. `None`
            breaks the connection.
        asked: All requests: service, operation, region and parameters.
    """

    answers: dict[str, Answer | Handler] = field(default_factory=dict)
    asked: list[tuple[str, str, str, dict[str, Any]]] = field(default_factory=list)

    def answer(self, service: str, operation: str, region: str, params: dict[str, Any]) -> Answer:
        self.asked.append((service, operation, region, params))
        found = self.answers.get(f"{service}:{operation}", Fault("UnknownOperationException"))
        return found(params, region) if callable(found) else found

    def operations(self, service: str) -> list[str]:
        return [operation for asked, operation, _, _ in self.asked if asked == service]


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, services: Services) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.services = services


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        signed = _SIGNED.search(self.headers["Authorization"])
        assert signed
        service = signed["service"]
        service = "cloudwatch" if service == "monitoring" else service
        target = self.headers.get("X-Amz-Target", "")
        if service in QUERY:
            params = _form(body.decode())
            operation = str(params.pop("Action"))
        elif target:
            operation, params = target.rpartition(".")[2], json.loads(body or b"{}")
        else:  # The newest protocol has its operation in the path, and no text in its body.
            operation, params = self.path.rpartition("/")[2], {}
        answer = self.server.services.answer(service, operation, signed["region"], params)
        if answer is None:
            self.close_connection = True
            return
        self._send(service, operation, answer)

    def _send(self, service: str, operation: str, answer: Mapping[str, Any] | Fault) -> None:
        kind = "application/x-amz-json-1.1"
        if service in QUERY:
            kind, body = "text/xml", _xml_body(operation, answer).encode()
        elif "X-Amz-Target" not in self.headers:
            kind, body = "application/cbor", _cbor(answer)
        elif isinstance(answer, Fault):
            body = json.dumps({"__type": answer.code, "message": answer.message}).encode()
        else:
            body = json.dumps(answer).encode()
        self.send_response(answer.status if isinstance(answer, Fault) else 200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("smithy-protocol", "rpc-v2-cbor")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Stay silent."""


def _form(text: str) -> dict[str, Any]:
    """Return a form's fields; `Name.member.1` and the like become lists."""
    fields: dict[str, Any] = {}
    for name, value in urllib.parse.parse_qsl(text, keep_blank_values=True):
        first, member, _ = name.partition(".member.")
        if member:
            fields.setdefault(first, []).append(value)
        else:
            fields[name] = value
    return fields


def _xml_body(operation: str, answer: Mapping[str, Any] | Fault) -> str:
    if isinstance(answer, Fault):
        told = {"Type": "Sender", "Code": answer.code, "Message": answer.message}
        return f"<ErrorResponse><Error>{_xml(told)}</Error></ErrorResponse>"
    name = f"{operation}Result"
    return f"<{operation}Response><{name}>{_xml(answer)}</{name}></{operation}Response>"


def _xml(value: object) -> str:
    if isinstance(value, Mapping):
        return "".join(f"<{name}>{_xml(inner)}</{name}>" for name, inner in value.items())
    if isinstance(value, list):
        return "".join(f"<member>{_xml(inner)}</member>" for inner in value)
    return saxutils.escape(str(value).lower() if isinstance(value, bool) else str(value))


def _cbor(answer: Mapping[str, Any] | Fault) -> bytes:
    """Return an answer in CBOR: an empty one, or an error."""
    if not isinstance(answer, Fault):
        return b"\xa0"
    texts = [part.encode() for part in ("__type", answer.code, "message", answer.message)]
    return b"\xa2" + b"".join(b"\x78" + bytes([len(text)]) + text for text in texts)


def once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each call be made once: what the SDK does between attempts is to wait."""
    single = botocore.config.Config(retries={"mode": "standard", "total_max_attempts": 1})
    for name in ("CONFIG", "HASTY"):
        monkeypatch.setattr(aws_store, name, getattr(aws_store, name).merge(single))


@contextlib.contextmanager
def serve() -> Iterator[tuple[Services, dict[str, str]]]:
    """Serve while the block runs; yields the services, and the variables that lead there."""
    services = Services()
    server = _Server(services)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield services, {f"AWS_ENDPOINT_URL_{name}": url for name in VARIABLES}
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
