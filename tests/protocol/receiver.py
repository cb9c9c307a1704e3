"""Where the answers go: the HTTPS side of a ResponseURL, which CloudFormation has on S3."""

from __future__ import annotations

import contextlib
import dataclasses
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from . import http_base

SIGNATURE = "canary-5be2-signature"
"""Stands in every ResponseURL: whoever has it may answer for the resource."""

Conduct = Literal["accept", "refuse", "fail", "drop", "deaf", "hang"]
"""What happens to one PUT: 200; 403; 500; taken, then no answer; lost on the way; never answered.

All but the last three are recorded and answered; `drop` is recorded too, `deaf` is not.
"""

_LONGEST_HANG = 20.0


@dataclasses.dataclass(frozen=True)
class Put:
    """One PUT as it arrived.

    Attributes:
        target: Path and query of the URL.
        headers: By lower-case name.
        body: The bytes.
        conduct: What was done with it.
    """

    target: str
    headers: dict[str, str]
    body: bytes = dataclasses.field(repr=False)
    conduct: Conduct = "accept"


class Receiver:
    """The server, and what it got.

    Attributes:
        puts: Everything that arrived, in order.
        conducts: What to do with the next PUTs; `accept` when it is empty.
        released: Lets go what hangs.
    """

    def __init__(self, certificate: Path) -> None:
        """Prepare it; nothing is served before `running()`."""
        self.puts: list[Put] = []
        self.conducts: list[Conduct] = []
        self.released = threading.Event()
        self._served = 0
        self._server = _Server(self)
        secured = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        secured.load_cert_chain(certificate)
        # The handshake is made by the connection's thread, so that one cannot block the others.
        self._server.socket = secured.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )

    @contextlib.contextmanager
    def running(self) -> Iterator[Receiver]:
        """Serve while the block runs."""
        with self._server.running():
            yield self
            self.released.set()

    def reset(self) -> None:
        """Forget all that came, and what is to go wrong."""
        self.released.set()
        self.released = threading.Event()
        self.puts.clear()
        self.conducts.clear()

    def url(self) -> str:
        """Return a new ResponseURL."""
        self._served += 1
        port = self._server.server_port
        return (
            f"https://localhost:{port}/answer-{self._served}"
            f"?X-Amz-Expires=7200&X-Amz-Signature={SIGNATURE}%2B{self._served}"
        )

    def sent_to(self, url: str) -> list[Put]:
        """Return what arrived at a ResponseURL."""
        return [put for put in self.puts if url.endswith(put.target)]

    def take(self, put: Put) -> Conduct:
        """Record what arrived, unless it is to be lost; return what to do with it."""
        conduct = self.conducts.pop(0) if self.conducts else "accept"
        if conduct != "deaf":
            self.puts.append(dataclasses.replace(put, conduct=conduct))
        return conduct


class _Server(http_base.Server):
    def __init__(self, receiver: Receiver) -> None:
        super().__init__(_Handler)
        self.receiver = receiver


class _Handler(http_base.Handler):
    server: _Server

    def do_PUT(self) -> None:  # noqa: N802 - http.server's name
        """Take one answer.

        The connection is closed at once: crhelper leaves its half open, which Python warns of.
        """
        self.close_connection = True
        receiver = self.server.receiver
        headers = {name.lower(): content for name, content in self.headers.items()}
        conduct = receiver.take(Put(self.path, headers, self.body()))
        if conduct == "hang":
            receiver.released.wait(_LONGEST_HANG)
        if conduct in {"drop", "deaf", "hang"}:
            self.drop()
            return
        self.answer({"refuse": 403, "fail": 500}.get(conduct, 200))
