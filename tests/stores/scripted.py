"""Sources of values for tests: in the double, or an endpoint that answers what a test says."""

from __future__ import annotations

import base64
import contextlib
import http.server
import json
import re
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import botocore
import pytest

import emulation
import recoverable_secrets
from contract import worlds
from recoverable_secrets.core import errors
from recoverable_secrets.stores.aws import AwsStore, Connection

ACCOUNT, REGION, ELSEWHERE = emulation.DEFAULT_ACCOUNT, worlds.REGION, "eu-central-1"
TEXT = "canary-71d2aa06-text"
BINARY = b"canary-71d2aa06-\xff\x00-binary"
ENCODED = base64.b64encode(BINARY).decode()
TRACES = ("71d2aa06", ENCODED, base64.b64encode(TEXT.encode()).decode())
VALUES = [pytest.param(TEXT, id="text"), pytest.param(BINARY, id="binary")]
NAME = "the/source"
PARAMETER_ARN = f"arn:aws:ssm:{ELSEWHERE}:{ACCOUNT}:parameter/app/key"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"


class Scripted(http.server.ThreadingHTTPServer):
    """An endpoint that answers what it is told, and keeps what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer: Callable[[dict[str, Any]], tuple[int, bytes]] = lambda _: (500, b"")
        self.asked: list[tuple[str, str, dict[str, Any]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def will(self, body: object, status: int = 200) -> None:
        """Answer this from now on: bytes as they are, anything else as JSON."""
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.answer = lambda _: (status, sent)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Scripted

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        signed = re.search(r"Credential=[^/]+/\d+/([^/]+)/", self.headers["Authorization"])
        assert signed
        self.server.asked.append((self.headers["X-Amz-Target"], signed[1], body))
        status, sent = self.server.answer(body)
        self.send_response(status)
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@contextlib.contextmanager
def serving() -> Iterator[Scripted]:
    """Serve while the block runs."""
    with Scripted() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def store_at(url: str, session: boto3.Session) -> AwsStore:
    services = ("secretsmanager", "ssm", "sts")
    made = AwsStore(Connection(region=REGION, endpoints=tuple((each, url) for each in services)))
    made._session = session
    return made


def planted(aws: emulation.Aws, value: str | bytes | None = TEXT, **options: Any) -> str:
    """Make the source by hand; returns its ARN."""
    if isinstance(value, bytes):
        options["SecretBinary"] = value
    elif value is not None:
        options["SecretString"] = value
    token = "00000000-0000-0000-0000-000000000000"
    made = aws.by_hand("CreateSecret", Name=NAME, ClientRequestToken=token, **options)
    return str(made["ARN"])


def assert_hidden(shown: str) -> None:
    assert not [trace for trace in TRACES if trace in shown]


PRODUCT_AND_SDK = tuple(
    str(Path(str(module.__file__)).parent) for module in (recoverable_secrets, boto3, botocore)
)


def assert_clean(error: BaseException) -> None:
    """Check all that logs and error trackers show of an exception, locals of frames included."""
    assert error.__context__ is None
    assert_hidden("".join(traceback.format_exception(error)) + repr(vars(error)))
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_filename.startswith(PRODUCT_AND_SDK):
            assert_hidden(repr(frame.f_locals))


@contextlib.contextmanager
def failing(kind: type[errors.RecoverableSecretsError]) -> Iterator[list[str]]:
    """Expect a failure of exactly this kind, readable and clean; its text is handed over."""
    told: list[str] = []
    with pytest.raises(kind) as caught:
        yield told
    assert type(caught.value) is kind
    told.append(str(caught.value))
    assert len(told[0]) <= errors.LIMIT
    assert not told[0].endswith("…"), "cut off"
    assert_clean(caught.value)
