"""CloudWatch, EventBridge, CloudWatch Logs and SNS over HTTP: moto's, told of each call.

    with serve(before, after) as url:
        ...

A request is told apart by the service in its signature, and handed to moto under the address that
it would have gone to. moto has to be active, as by the fixture `account` of tests/alarm.
"""

from __future__ import annotations

import contextlib
import http.server
import re
import threading
import urllib.parse
from collections.abc import Callable, Iterator

from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from moto.core.models import botocore_stubber

Told = Callable[[str], object]
"""Is told `service:Operation`; what it raises breaks the connection."""

_SIGNED = re.compile(r"Credential=[^/]+/\d{8}/(?P<region>[^/]+)/(?P<service>[^/]+)/")


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, before: Told, after: Told) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.before, self.after = before, after
        self.lock = threading.Lock()

    def handle_error(self, *_: object) -> None:
        """Stay silent: who is dead reads no answers."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        signed = _SIGNED.search(self.headers["Authorization"])
        assert signed, "who asks has credentials"
        service, region = signed["service"], signed["region"]
        called = f"{service}:{self._operation(body)}"
        self.server.before(called)
        with self.server.lock:
            answer = self._moto(f"https://{service}.{region}.amazonaws.com{self.path}", body)
        self.server.after(called)
        status, headers, content = answer
        data = content if isinstance(content, bytes) else content.encode()
        self.send_response(status)
        for key, value in headers.items():
            if key.lower() not in {"content-length", "transfer-encoding"}:
                self.send_header(key, str(value))
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _operation(self, body: bytes) -> str:
        """Return what is asked, in whichever of AWS's protocols."""
        target = self.headers.get("X-Amz-Target") or self.path.partition("/operation/")[2]
        told = target.rpartition(".")[2]
        return told or urllib.parse.parse_qs(body.decode())["Action"][0]

    def _moto(self, url: str, body: bytes) -> tuple[int, dict[str, str], str | bytes]:
        headers = HTTPHeaders()
        for key, value in self.headers.items():
            headers[key] = value
        asked = AWSPreparedRequest("POST", url, headers, body, stream_output=False)
        answer = botocore_stubber.process_request(asked)
        assert answer is not None
        return answer

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@contextlib.contextmanager
def serve(before: Told, after: Told) -> Iterator[str]:
    """Serve while the block runs; yields the endpoint of all these services."""
    server = _Server(before, after)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
