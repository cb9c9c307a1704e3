"""ministack as a process of its own, with TLS, beside the strict double of Secrets Manager.

    with emulator.start(folder) as running:
        client = running.client("cloudformation")

CloudFormation, Lambda and the rest are ministack's. What functions say to Secrets Manager, STS, KMS
and Systems Manager goes to the double instead, because ministack's own are weaker:
`running.double` is the one that answers at the moment, and a test puts its own there.

crhelper answers CloudFormation by HTTPS only, so there is a certificate, made for the run.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from tools import ministack

from emulation import DEFAULT_ACCOUNT, DEFAULT_REGION, Aws, server
from protocol import certificate

START_SECONDS = 30.0
STOP_SECONDS = 1.0
ATTEMPTS = 3
ANSWER_SECONDS = 30

CREDENTIAL = "credential-of-functions-9c41f0"
"""The secret key and the session token of everybody; to be seen nowhere."""

SERVE = Path(__file__).with_name("serve.py")


class EmulatorError(Exception):
    """ministack cannot be had, or does not start; the text says why."""


class Switch:
    """Hands each request to the double that is in use."""

    def __init__(self) -> None:
        self.double = Aws()

    def handle_raw(self, headers: dict[str, str], body: bytes) -> Any:
        """Answer one HTTP request."""
        return self.double.handle_raw(headers, body)


class Emulator:
    """A ministack that runs.

    Attributes:
        process: Its process, the first one of a group of its own.
        url: Its endpoint, for all services.
        log: The file with its own output.
    """

    def __init__(self, process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
        self.process = process
        self.url = f"https://localhost:{port}"
        self.certificate = folder / "certificate.pem"
        self.log = folder / "ministack.log"
        self.switch = Switch()
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """Return a boto3 client for ministack, in the account that the double knows too."""
        if service not in self._clients:
            self._clients[service] = self._made(service)
        return self._clients[service]

    def _made(self, service: str) -> Any:
        return boto3.client(
            service,
            region_name=DEFAULT_REGION,
            endpoint_url=self.url,
            verify=str(self.certificate),
            # ministack takes twelve digits for the account.
            aws_access_key_id=DEFAULT_ACCOUNT,
            aws_secret_access_key=CREDENTIAL,
            aws_session_token=CREDENTIAL,
            config=Config(retries={"total_max_attempts": 1}, read_timeout=ANSWER_SECONDS),
        )

    def healthy(self) -> bool:
        """Whether it answers."""
        trusted = ssl.create_default_context(cafile=str(self.certificate))
        with contextlib.suppress(OSError):
            health = f"{self.url}/_ministack/health"
            with urllib.request.urlopen(health, timeout=5, context=trusted) as answer:
                return bool(answer.status == 200)
        return False

    def stop(self) -> None:
        """End it and the functions that it runs: all of its group, and nothing else."""
        for how in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, how)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_SECONDS)
        if self.process.stdin:
            self.process.stdin.close()


@contextlib.contextmanager
def start(folder: Path, *, enforced: bool = False) -> Iterator[Emulator]:
    """Run ministack and the double while the block runs.

    Args:
        folder: An empty folder for the certificate, the log and what functions leave behind.
        enforced: Whether functions may do only what the policies of their roles allow. That is
            for ministack's part; the double knows nothing of roles, see roles.py.

    Yields:
        The running emulator.

    Raises:
        EmulatorError: It does not start.
    """
    make_certificate(folder)
    switch = Switch()
    with server.serve(switch, 0) as double:  # type: ignore[arg-type]
        running = launch(folder, double, enforced=enforced)
        running.switch = switch
        try:
            yield running
        finally:
            running.stop()


def launch(folder: Path, double: str, *, enforced: bool = False) -> Emulator:
    """Start ministack; again with another port if that one was taken meanwhile."""
    try:
        python = ministack.locate()
    except ministack.pulumi_cli.Attempt as error:
        raise EmulatorError(str(error)) from error
    for _ in range(ATTEMPTS):
        port = free_port()
        with (folder / "ministack.log").open("wb") as log:
            process = subprocess.Popen(
                [str(python), str(SERVE)],
                env=environment(folder, port, double) | ({"AUTH": "true"} if enforced else {}),
                cwd=folder,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        running = Emulator(process, port, folder)
        deadline = time.monotonic() + START_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            if running.healthy():
                return running
            time.sleep(0.05)
        running.stop()
    raise EmulatorError(f"ministack does not start:\n{running.log.read_text(errors='replace')}")


def environment(folder: Path, port: int, double: str) -> dict[str, str]:
    """Return ministack's whole environment, which each function inherits.

    Nothing of the caller's gets in, and REQUESTS_CA_BUNDLE must not be there.
    """
    trusted = str(folder / "certificate.pem")
    home = folder / "home"
    home.mkdir(exist_ok=True)
    return {
        "PATH": os.defpath,
        "HOME": str(home),
        "TMPDIR": str(home),
        "PYTHONDONTWRITEBYTECODE": "1",
        "USE_SSL": "1",
        "MINISTACK_SSL_CERT": trusted,
        "MINISTACK_SSL_KEY": str(folder / "key.pem"),
        "SSL_CERT_FILE": trusted,
        "AWS_CA_BUNDLE": trusted,
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_HOST": "localhost",
        "AWS_ENDPOINT_URL_SECRETS_MANAGER": double,
        "AWS_ENDPOINT_URL_STS": double,
        "AWS_ENDPOINT_URL_KMS": double,
        "AWS_ENDPOINT_URL_SSM": double,
        "AWS_SECRET_ACCESS_KEY": CREDENTIAL,
        "AWS_SESSION_TOKEN": CREDENTIAL,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def free_port() -> int:
    """Return a port that nothing listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def make_certificate(folder: Path) -> None:
    """Write a certificate for this machine's own names, and its key; good for two days."""
    found, key = certificate.made()
    (folder / "certificate.pem").write_bytes(found)
    (folder / "key.pem").write_bytes(key)
