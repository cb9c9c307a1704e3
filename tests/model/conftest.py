"""The process, cut off from the machine's own AWS settings."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from recoverable_secrets.stores import aws as aws_store


@pytest.fixture(autouse=True)
def _isolated(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No AWS setting of the caller, and no store of another test."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    aws_store.open_store.cache_clear()
    yield
    aws_store.open_store.cache_clear()
