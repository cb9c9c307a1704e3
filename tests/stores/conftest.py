"""The AWS store over the strict double, in this process."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest

import emulation
from contract import table, worlds
from recoverable_secrets.core import facts, plan
from recoverable_secrets.core.sealed import Sealed
from recoverable_secrets.stores import aws as aws_store


@pytest.fixture(autouse=True)
def _isolated(monkeypatch: pytest.MonkeyPatch) -> None:
    worlds.isolate(monkeypatch)


@pytest.fixture
def aws() -> Iterator[emulation.Aws]:
    """An empty double that answers every client of this process."""
    double = emulation.Aws(clock=emulation.Clock(worlds.START))
    with double.in_process():
        yield double


@pytest.fixture(scope="session")
def session() -> boto3.Session:
    """One session for all tests: reading the service models is what takes the time."""
    return boto3.Session(aws_access_key_id="AKIANOBODY", aws_secret_access_key="none")


@pytest.fixture
def store(session: boto3.Session) -> aws_store.AwsStore:
    """A store with a client of its own: the SDK's budget of retries is the client's."""
    made = aws_store.AwsStore(worlds.connection())
    made._session = session
    return made


@pytest.fixture
def ref(aws: emulation.Aws, store: aws_store.AwsStore) -> facts.Ref:
    """A live secret with a value and a policy; the call log starts after it."""
    made = store.apply(facts.Ref(table.NAME), table.creation(), Sealed("old"))
    assert isinstance(made, plan.Done)
    aws.by_hand("PutResourcePolicy", SecretId=table.NAME, ResourcePolicy='{"Statement": []}')
    aws.calls.clear()
    return facts.Ref(table.NAME, made.id)
