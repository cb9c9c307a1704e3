"""The function's world, empty for each test. Servers and warm sandboxes live for the session."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator

import pytest

from emulation import Aws, Clock
from protocol import certificate
from protocol.passing import Passing
from protocol.receiver import Receiver
from protocol.stacks import Stacks
from protocol.world import ACCOUNT, REGION, Sandbox, World
from recoverable_secrets.stores import aws as aws_store

START = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
ENOUGH_TROUBLES = 8
PARAMETERS = (
    "NAME_PREFIX",
    "ALLOW_FORCE_DELETE",
    "ALLOW_ADOPT",
    "ALLOW_PUBLIC_POLICY",
    "ALLOWED_VALUE_SOURCES",
    "ALLOWED_ROTATION_FUNCTIONS",
)


@pytest.fixture(scope="session")
def served_stacks() -> Iterator[Stacks]:
    """CloudFormation's API, which warm clients know by one address."""
    with Stacks().running() as stacks:
        yield stacks


@pytest.fixture(scope="session")
def served_receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    """The receiver of answers, with its certificate trusted."""
    made = certificate.make(tmp_path_factory.mktemp("tls"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(made))
        with Receiver(made).running() as receiver:
            yield receiver


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, served_stacks: Stacks) -> None:
    """The function's environment, and nothing of the caller's."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name in PARAMETERS:
        monkeypatch.delenv(name, raising=False)
    settings = {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_LAMBDA_FUNCTION_NAME": "recoverable-secrets",
        "AWS_ENDPOINT_URL_CLOUDFORMATION": served_stacks.url,
    }
    for name, content in settings.items():
        monkeypatch.setenv(name, content)


@pytest.fixture
def aws(environment: None) -> Iterator[Aws]:
    """The strict double, empty; this process's clients talk to it."""
    with Aws(clock=Clock(START), account=ACCOUNT, region=REGION).in_process() as double:
        yield double


@pytest.fixture(scope="session")
def sandboxes() -> Iterator[dict[str, Sandbox]]:
    """Warm sandboxes by name. No store of other tests, whose credentials may be others."""
    aws_store.open_store.cache_clear()
    yield {}
    aws_store.open_store.cache_clear()


@pytest.fixture(scope="session")
def troubles() -> list[str]:
    """Calls that the SDK tried again: its clients have a budget for that, which tests share."""
    return []


@pytest.fixture
def time(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Passing:
    """Time that passes by command."""
    passing = Passing(aws.clock)
    passing.install(monkeypatch)
    return passing


@pytest.fixture
def outside(
    aws: Aws,
    time: Passing,
    served_stacks: Stacks,
    served_receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> World:
    """The world, without a function in it."""
    served_stacks.reset()
    served_receiver.reset()

    def nothing(*_: object) -> None:
        pytest.fail("no function is installed")

    return World(aws, served_stacks, served_receiver, time, monkeypatch, nothing)


@pytest.fixture
def world(outside: World, sandboxes: dict[str, Sandbox], troubles: list[str]) -> Iterator[World]:
    """The world with the function, warm from the tests before."""
    if "warm" not in sandboxes:
        sandboxes["warm"] = Sandbox()
    outside.sandbox = sandboxes["warm"]
    yield outside
    troubles += outside.troubles()
    if len(troubles) > ENOUGH_TROUBLES:
        aws_store.open_store.cache_clear()
        troubles.clear()


@pytest.fixture
def second(world: World, sandboxes: dict[str, Sandbox]) -> Sandbox:
    """A second sandbox, for what runs at the same time."""
    if "second" not in sandboxes:
        sandboxes["second"] = Sandbox()
    return sandboxes["second"]
