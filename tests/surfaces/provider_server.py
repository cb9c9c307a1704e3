"""The provider server as a process of its own, driven over gRPC as the engine drives it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import json_format, struct_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from surfaces.held import GOLDEN, sent

PROVIDER = Path(__file__).parents[2] / "provider"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What the engine sends for a content that is not known yet."""

SECONDS = 30.0


def packed(properties: Mapping[str, Any]) -> struct_pb2.Struct:
    """Return properties as the engine sends them, the pickled provider included."""
    struct = struct_pb2.Struct()
    struct.update(sent({**properties, "__provider": properties.get("__provider", GOLDEN)}))
    return struct


def unpacked(struct: struct_pb2.Struct) -> dict[str, Any]:
    """Return properties as the engine gets them."""
    return json_format.MessageToDict(struct)


class Server:
    """A running provider server.

    Attributes:
        first_line: What it wrote before all else.
        printed: Stdout and stderr, once it has ended; the first line left out.
    """

    def __init__(self, env: Mapping[str, str], python: str = sys.executable) -> None:
        """Start it, under another Python if one is given."""
        own = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        self.process = subprocess.Popen(
            [python, "-u", "-m", "pulumi.dynamic", "127.0.0.1:1"],  # the engine's own address
            env={**own, "PYTHONPATH": str(PROVIDER), **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        assert self.process.stdout is not None
        self.printed: tuple[str, str] = ("", "")
        self.first_line = self.process.stdout.readline()
        if not self.first_line.strip().isdigit():
            rest = self.end()
            raise AssertionError(f"no port, but {self.first_line!r} and {rest}")
        self.channel = grpc.insecure_channel(f"127.0.0.1:{self.first_line.strip()}")
        self.stub = provider_pb2_grpc.ResourceProviderStub(self.channel)

    def end(self) -> tuple[str, str]:
        """End it by its id, and return what it printed."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.printed = self.process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.printed = self.process.communicate()
        return self.printed

    def check(
        self, news: Mapping[str, Any], olds: Mapping[str, Any] | None = None
    ) -> provider_pb2.CheckResponse:
        """Ask for the faults of inputs."""
        request = provider_pb2.CheckRequest(olds=packed(olds) if olds else None, news=packed(news))
        return self.stub.Check(request, timeout=SECONDS)

    def diff(
        self, id_: str, olds: Mapping[str, Any], news: Mapping[str, Any]
    ) -> provider_pb2.DiffResponse:
        """Ask what is to be done."""
        request = provider_pb2.DiffRequest(id=id_, olds=packed(olds), news=packed(news))
        return self.stub.Diff(request, timeout=SECONDS)

    def create(self, inputs: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """Create; return id and outputs."""
        request = provider_pb2.CreateRequest(properties=packed(inputs))
        answer = self.stub.Create(request, timeout=SECONDS)
        return answer.id, unpacked(answer.properties)

    def update(self, id_: str, olds: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, Any]:
        """Update; return the outputs."""
        request = provider_pb2.UpdateRequest(id=id_, olds=packed(olds), news=packed(news))
        return unpacked(self.stub.Update(request, timeout=SECONDS).properties)

    def read(self, id_: str, outputs: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """Refresh; return id and outputs."""
        request = provider_pb2.ReadRequest(id=id_, properties=packed(outputs))
        answer = self.stub.Read(request, timeout=SECONDS)
        return answer.id, unpacked(answer.properties)

    def delete(self, id_: str, outputs: Mapping[str, Any]) -> None:
        """Delete."""
        request = provider_pb2.DeleteRequest(id=id_, properties=packed(outputs))
        self.stub.Delete(request, timeout=SECONDS)


@contextlib.contextmanager
def running(env: Mapping[str, str], python: str = sys.executable) -> Iterator[Server]:
    """Run a provider server while the block runs."""
    server = Server(env, python)
    try:
        yield server
    finally:
        server.channel.close()
        server.end()
