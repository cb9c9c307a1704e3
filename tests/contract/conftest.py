"""Every store that the contract holds for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import emulation
from contract import worlds
from recoverable_secrets.stores import aws

OTHER_SIDE = emulation.Behaviour(
    reserved_seconds=worlds.RESERVED_SECONDS,
    deleted_visible_seconds=0,
    purging_error="refused",
    restore_on_live="refused",
    deleted_date="window-end",
    primary_shows_region=True,
    cancel_unconfigured="ok",
)
"""The other answer to each question that AWS leaves open."""


@pytest.fixture(autouse=True)
def _isolated(monkeypatch: pytest.MonkeyPatch) -> None:
    worlds.isolate(monkeypatch)


@pytest.fixture(scope="session")
def shared_store() -> aws.AwsStore:
    """One store for all doubles of this process: making a client is what takes the time."""
    return aws.AwsStore(worlds.connection())


def _double(behaviour: emulation.Behaviour | None = None) -> emulation.Aws:
    return emulation.Aws(clock=emulation.Clock(worlds.START), behaviour=behaviour)


@pytest.fixture(params=["memory", "aws", "aws-other-side"])
def world(request: pytest.FixtureRequest, shared_store: aws.AwsStore) -> Iterator[worlds.World]:
    """Each store in turn."""
    if request.param == "memory":
        yield worlds.MemoryWorld()
        return
    double = _double(OTHER_SIDE if request.param == "aws-other-side" else None)
    with double.in_process():
        yield worlds.AwsWorld(double, shared_store)


@pytest.fixture(scope="module")
def http_double() -> Iterator[tuple[emulation.Aws, aws.AwsStore]]:
    """A double behind a URL and a store that calls it there."""
    double = _double()
    with double.serve() as url:
        yield double, aws.AwsStore(worlds.connection(url))


@pytest.fixture
def http_world(
    http_double: tuple[emulation.Aws, aws.AwsStore], monkeypatch: pytest.MonkeyPatch
) -> Iterator[worlds.World]:
    """The AWS store over HTTP; what a test leaves behind is cleared away."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIANOBODY")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    double, store = http_double
    yield worlds.AwsWorld(double, store)
    for secret in double.secrets():
        if secret.primary_region is not None:
            continue  # A replica goes with its primary.
        if secret.replicas:
            double.by_hand(
                "RemoveRegionsFromReplication", SecretId=secret.name,
                RemoveReplicaRegions=list(secret.replicas),
            )  # fmt: skip
        double.by_hand("DeleteSecret", SecretId=secret.name, ForceDeleteWithoutRecovery=True)
    double.clock.advance(seconds=worlds.RESERVED_SECONDS)
