"""A double, and clients that reach it in-process or over HTTP. Nothing here sleeps."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore import config, exceptions

import emulation

START = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)

MakeClient = Callable[..., Any]


@pytest.fixture(scope="session")
def session() -> boto3.Session:
    """One session for all tests: reading the service models is what takes the time."""
    return boto3.Session(aws_access_key_id="AKIANOBODY", aws_secret_access_key="none")


@pytest.fixture
def aws() -> emulation.Aws:
    """A fresh double at a fixed time."""
    return emulation.Aws(clock=emulation.Clock(START))


@pytest.fixture(params=["in-process", "http"])
def anyhow(
    request: pytest.FixtureRequest, aws: emulation.Aws, session: boto3.Session
) -> Iterator[MakeClient]:
    """Make clients over each transport in turn."""
    if request.param == "in-process":
        with aws.in_process():
            yield _maker(session, None)
    else:
        with aws.serve() as url:
            yield _maker(session, url)


@pytest.fixture
def make(aws: emulation.Aws, session: boto3.Session) -> Iterator[MakeClient]:
    """Make in-process clients."""
    with aws.in_process():
        yield _maker(session, None)


@pytest.fixture
def sm(make: MakeClient) -> Any:
    """A Secrets Manager client in the default region, which does not retry."""
    return make()


def _retrying(attempts: int) -> config.Config:
    return config.Config(retries={"total_max_attempts": attempts, "mode": "standard"})


def _maker(session: boto3.Session, url: str | None) -> MakeClient:
    def client(
        service: str = "secretsmanager",
        region: str = emulation.DEFAULT_REGION,
        attempts: int = 1,
        **credentials: str | None,
    ) -> Any:
        return session.client(
            service, region_name=region, endpoint_url=url, config=_retrying(attempts), **credentials
        )

    return client


@pytest.fixture
def refused() -> Callable[..., tuple[str, str]]:
    """Make a call that must fail; return AWS's code and message."""

    def code_and_message(call: Callable[..., object], **params: object) -> tuple[str, str]:
        with pytest.raises(exceptions.ClientError) as caught:
            call(**params)
        error = caught.value.response["Error"]
        return error["Code"], error["Message"]

    return code_and_message
