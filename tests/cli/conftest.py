"""The command in this process and as a process, against the double over HTTP."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from emulation import Aws, Clock
from protocol.passing import Passing
from recoverable_secrets import cli
from recoverable_secrets.stores import aws as aws_store

PROVIDER = Path(__file__).parents[2] / "provider"
REGIONS = ("us-east-1", "eu-west-1")
OWNER = "pulumi/shop/prod/db:0123456789abcdef"


@dataclass(frozen=True)
class Ran:
    """What a run of the command came to.

    Attributes:
        code: Its exit code.
        out: Its stdout.
        err: Its stderr.
    """

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class World:
    """The double, and where it is served.

    Attributes:
        aws: The double, at the present time.
        env: The variables by which a process finds it.
        started: The processes that were started; those still running are killed at the end.
    """

    aws: Aws
    env: dict[str, str]
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def make(
        self, name: str, *, region: str = REGIONS[0], owner: str | None = OWNER, **more: Any
    ) -> str:
        """Create a secret by hand; return its ARN."""
        marks = {"owner": owner, "instance": "1f" * 16, "origin": "created"} if owner else {}
        tags = [{"Key": f"recoverable-secrets:{k}", "Value": v} for k, v in marks.items()]
        made = self.aws.by_hand(
            "CreateSecret", region=region, Name=name, SecretString="hush-hush", Tags=tags, **more
        )
        return str(made["ARN"])

    def pending(self, name: str, *, days: int = 30, region: str = REGIONS[0], **more: Any) -> str:
        """Create a secret and schedule its deletion; return its ARN."""
        arn = self.make(name, region=region, **more)
        self.aws.by_hand("DeleteSecret", region=region, SecretId=arn, RecoveryWindowInDays=days)
        return arn

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        """Start the command as a process."""
        process = subprocess.Popen(
            [sys.executable, "-m", "recoverable_secrets", *arguments],
            env={**self.env, **options.pop("env", {})},
            stdin=options.pop("stdin", subprocess.DEVNULL),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            **options,
        )
        self.started.append(process)
        return process

    def process(self, *arguments: str, **options: Any) -> Ran:
        """Run the command as a process to its end."""
        process = self.start(*arguments, **options)
        out, err = process.communicate(timeout=60)
        return Ran(process.returncode, out, err)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The double over HTTP, and this process's environment set so that it is found."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "RICH", "TTY_"))]:
        monkeypatch.delenv(name)
    for name in ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "TERM", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    aws = Aws()
    with aws.serve() as url:
        own = {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "AKIANOBODY",
            "AWS_SECRET_ACCESS_KEY": "none",
            "AWS_REGION": REGIONS[0],
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        for name, content in own.items():
            monkeypatch.setenv(name, content)
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        aws_store.open_store.cache_clear()
        world = World(aws, {**kept, **own, "PYTHONPATH": str(PROVIDER)})
        yield world
        for process in world.started:
            process.kill()
            process.wait()
        aws_store.open_store.cache_clear()


@pytest.fixture
def aws(world: World) -> Aws:
    """The double of `world`."""
    return world.aws


Runner = Callable[..., Ran]
Typist = Callable[..., "Terminal"]


@pytest.fixture
def ran(world: World, capsys: pytest.CaptureFixture[str]) -> Runner:
    """Run the command in this process; its stdin is no terminal."""

    def run(*arguments: str) -> Ran:
        capsys.readouterr()
        code = cli.main(arguments)
        out, err = capsys.readouterr()
        return Ran(code, out, err)

    return run


@pytest.fixture
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses of this process take no time: who is throttled tries again for a minute."""
    Passing(Clock()).install(monkeypatch)


class Terminal:
    """A stdin on which somebody types."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = list(lines)

    def isatty(self) -> bool:
        return True

    def readline(self) -> str:
        return self.lines.pop(0) + "\n" if self.lines else ""


@pytest.fixture
def types(monkeypatch: pytest.MonkeyPatch) -> Typist:
    """Let somebody type lines on stdin."""

    def typed(*lines: str) -> Terminal:
        terminal = Terminal(lines)
        monkeypatch.setattr(sys, "stdin", terminal)
        return terminal

    return typed
