"""Nobody waits, nothing of the machine's own settings is used, and the cases are counted."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

import pytest
from botocore.retries import quota

import emulation
from contract import worlds
from emulation import in_process
from recoverable_secrets.stores import aws as aws_store


@pytest.fixture(autouse=True)
def _isolated(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    worlds.isolate(monkeypatch)
    monkeypatch.setenv("AWS_REGION", emulation.DEFAULT_REGION)
    random.seed(7)  # The SDK draws its pauses.
    # Each case is a process of its own, which begins with a whole budget of retries.
    monkeypatch.setattr(quota.RetryQuota, "acquire", lambda *_: True)
    aws_store.open_store.cache_clear()
    yield
    aws_store.open_store.cache_clear()


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pause of the process is time that passes for the double, and for the process's deadline."""
    passed, monotonic = [0.0], time.monotonic

    def wait(seconds: float) -> None:
        in_process._active[-1].clock.advance(seconds=seconds)
        passed[0] += seconds

    monkeypatch.setattr(time, "sleep", wait)
    monkeypatch.setattr(time, "monotonic", lambda: monotonic() + passed[0])
