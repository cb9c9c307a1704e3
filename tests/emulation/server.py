"""The double as an HTTP endpoint, for other processes; one endpoint serves all services."""

from __future__ import annotations

import contextlib
import http.server
import socket
import struct
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from . import wire

if TYPE_CHECKING:
    from .aws import Aws

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class _Server(http.server.ThreadingHTTPServer):
    """Knows the double, and its open connections so that none is left behind."""

    daemon_threads = True

    def __init__(self, aws: Aws, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.aws = aws
        self.connections: set[socket.socket] = set()
        self.guard = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def hang_up(self) -> None:
        with self.guard:
            for connection in self.connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)


class _Handler(http.server.BaseHTTPRequestHandler):
    """Passes requests to the double; everything that it knows about HTTP is here."""

    protocol_version = "HTTP/1.1"
    # Headers and body go out as two packets; with Nagle each answer would wait 40 ms.
    disable_nagle_algorithm = True
    server: _Server
    connection: socket.socket

    def setup(self) -> None:
        super().setup()
        with self.server.guard:
            self.server.connections.add(self.connection)

    def finish(self) -> None:
        with self.server.guard:
            self.server.connections.discard(self.connection)
        with contextlib.suppress(OSError):
            super().finish()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            answer = self.server.aws.handle_raw(dict(self.headers.items()), body)
        except BaseException as problem:  # noqa: BLE001 - a hook may raise anything
            answer = wire.Dropped(f"hook raised {type(problem).__name__}")
        if isinstance(answer, wire.Dropped):
            self._drop()
            return
        self.send_response(answer.status)
        for key, value in answer.headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def _drop(self) -> None:
        # No answer and a reset instead of an orderly end, as when a machine on the way dies.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self.close_connection = True

    def log_message(self, *_args: object) -> None:
        """Stay silent; the call log has it."""


@contextlib.contextmanager
def serve(aws: Aws, port: int = 0) -> Iterator[str]:
    """Serve `aws` on 127.0.0.1 while the block runs.

    Args:
        aws: The double.
        port: The port; 0 takes a free one.

    Yields:
        The endpoint's URL.
    """
    server = _Server(aws, port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.url
    finally:
        server.shutdown()
        server.hang_up()
        server.server_close()
        thread.join()
