"""A process whose children do one operation each, and may be killed over it.

Run as a program it reads requests from stdin, a JSON object on each line, forks for each, and
answers on stdout: first the child's pid, then what became of it. What is imported once serves all
children, so that a death costs no more than a life.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_TESTS = Path(__file__).parents[1]
_KNOWN = ("AWS_", "SSL_CERT_FILE", "ALLOW", "NAME_PREFIX")


@dataclass
class Victim:
    """The process, as tests see it.

    Attributes:
        pid: The child that is at work.
        deaths: How many were killed.
    """

    process: subprocess.Popen[str]
    pid: int = 0
    deaths: int = 0
    env: dict[str, str] = field(default_factory=dict)

    def ask(self, kind: str, **request: Any) -> dict[str, Any] | None:
        """Let a child do something; `None` if it was killed over it."""
        known = {name: text for name, text in os.environ.items() if name.startswith(_KNOWN)}
        whole = {"kind": kind, "env": {**known, **self.env}, **request}
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(whole) + "\n")
        self.process.stdin.flush()
        self.pid = int(self.process.stdout.readline())
        answer: dict[str, Any] | None = json.loads(self.process.stdout.readline())
        self.deaths += answer is None
        return answer


@contextlib.contextmanager
def started() -> Iterator[Victim]:
    """Start the process, and end it."""
    paths = os.pathsep.join([str(_TESTS), str(_TESTS.parent), str(_TESTS.parent / "provider")])
    process = subprocess.Popen(
        [sys.executable, "-m", "interruptions.victim"],
        env={**os.environ, "PYTHONPATH": paths},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    try:
        yield Victim(process)
    finally:
        assert process.stdin
        process.stdin.close()
        process.wait(30)
        assert process.stdout
        process.stdout.close()


class _Context:
    """What Lambda hands to a function, of what was sent of it."""

    function_name = "recoverable-secrets"
    aws_request_id = log_stream_name = log_group_name = "none"

    def __init__(self, arn: str, seconds: float) -> None:
        self.invoked_function_arn, self._end = arn, time.monotonic() + seconds

    def get_remaining_time_in_millis(self) -> int:
        return round(1000 * (self._end - time.monotonic()))


def _pulumi(request: Mapping[str, Any]) -> dict[str, Any]:
    from recoverable_secrets import resource  # noqa: PLC0415  # in the child, as all that follows
    from recoverable_secrets.core import errors  # noqa: PLC0415

    say = io.StringIO().write
    try:
        made: Any = getattr(resource, request["method"])(*request["args"], say)
    except errors.RecoverableSecretsError as failure:
        return {"failed": str(failure)}
    return {"made": made}


def _command(request: Mapping[str, Any]) -> dict[str, Any]:
    from recoverable_secrets import cli  # noqa: PLC0415

    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        return {"code": cli.main(request["words"]), "said": said.getvalue()}


def _function(request: Mapping[str, Any]) -> dict[str, Any]:
    from lambda_handler import handler  # noqa: PLC0415

    handler.handler(request["event"], _Context(request["arn"], request["seconds"]))
    return {}


_KINDS = {"pulumi": _pulumi, "command": _command, "function": _function}


def _live(request: Mapping[str, Any], answers: int) -> None:
    """Do what is asked for in a child, and end it."""
    os.environ.update(request["env"])
    answer = json.dumps(_KINDS[request["kind"]](request))
    with os.fdopen(answers, "w", encoding="utf-8") as told:
        told.write(answer)
    os._exit(0)


def _serve() -> None:
    """Fork for each request until there are no more."""
    from lambda_handler import handler  # noqa: PLC0415

    from recoverable_secrets import cli, dynamic  # noqa: PLC0415
    from recoverable_secrets.cli import app  # noqa: PLC0415
    from recoverable_secrets.stores import aws  # noqa: PLC0415

    assert all((aws, cli, app, dynamic, handler)), "imported once for all children"
    for line in sys.stdin:
        answers, theirs = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(answers)
            _live(json.loads(line), theirs)
        os.close(theirs)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()
        with os.fdopen(answers, encoding="utf-8") as told:
            answer = told.read()
        os.waitpid(pid, 0)
        sys.stdout.write((answer or "null") + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _serve()
