"""Scenes for the engine."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest

from contract import worlds
from engine.scene import Scene, make_scene


@pytest.fixture(autouse=True)
def _isolated(monkeypatch: pytest.MonkeyPatch) -> None:
    worlds.isolate(monkeypatch)


@pytest.fixture(scope="session")
def session() -> boto3.Session:
    """One session for all tests: reading the service models is what takes the time."""
    return boto3.Session(aws_access_key_id="AKIANOBODY", aws_secret_access_key="none")


@pytest.fixture
def scene(session: boto3.Session) -> Iterator[Scene]:
    """An empty double and an engine on it."""
    made = make_scene(session)
    with made.aws.in_process():
        yield made
