"""The AWS double in this process, free of the caller's own settings."""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Iterator

import pytest

from emulation import DEFAULT_REGION, Aws, Clock
from recoverable_secrets.stores import aws as aws_store

START = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)


@pytest.fixture(scope="module", autouse=True)
def _forgotten() -> Iterator[None]:
    """No store of another module, whose credentials may be others; making one takes 0.2 s."""
    aws_store.open_store.cache_clear()
    yield
    aws_store.open_store.cache_clear()


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """No AWS setting of the caller, neither in variables nor in files."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)


@pytest.fixture
def aws(bare: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """The double, at a fixed time, which passes only when somebody pauses.

    This process's boto3 clients talk to it.
    """
    monkeypatch.setenv("AWS_REGION", DEFAULT_REGION)
    with Aws(clock=Clock(START)).in_process() as double:
        monkeypatch.setattr(time, "sleep", lambda pause: double.clock.advance(seconds=pause))
        yield double
