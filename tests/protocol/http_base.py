"""What both servers of this folder share: threads that end, connections that break off."""

from __future__ import annotations

import contextlib
import http.server
import socket
import struct
import threading
from collections.abc import Iterator

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Server(http.server.ThreadingHTTPServer):
    """An HTTP server on a free port of this machine that leaves nothing behind."""

    daemon_threads = True

    def __init__(self, handler: type[Handler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.connections: set[socket.socket] = set()
        self.guard = threading.Lock()

    def hang_up(self) -> None:
        """Break off every open connection."""
        with self.guard:
            for connection in self.connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, *_args: object) -> None:
        """Stay silent: clients break off on purpose here."""

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Serve while the block runs."""
        thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield
        finally:
            self.shutdown()
            self.hang_up()
            self.server_close()
            thread.join()


class Handler(http.server.BaseHTTPRequestHandler):
    """Reads one request after the other; subclasses answer them."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 30
    server: Server
    connection: socket.socket

    def setup(self) -> None:
        """Remember the connection."""
        super().setup()
        with self.server.guard:
            self.server.connections.add(self.connection)

    def finish(self) -> None:
        """Forget the connection."""
        with self.server.guard:
            self.server.connections.discard(self.connection)
        with contextlib.suppress(OSError):
            super().finish()

    def body(self) -> bytes:
        """Return the request's body."""
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def answer(self, status: int, body: bytes = b"", kind: str = "text/plain") -> None:
        """Send an answer."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def drop(self) -> None:
        """Send no answer: a reset, as when a machine on the way dies."""
        with contextlib.suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self.close_connection = True

    def log_message(self, *_args: object) -> None:
        """Stay silent; each server has a log of its own."""
