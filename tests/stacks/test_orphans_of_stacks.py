"""`orphans` over real stacks: those that exist, no longer declare a secret, or are deleted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from emulation import DEFAULT_ACCOUNT, DEFAULT_REGION
from recoverable_secrets import cli
from recoverable_secrets.stores import aws as aws_store
from stacks.cloud import Cloud
from stacks.emulator import CREDENTIAL, Emulator

Told = Callable[..., tuple[int, dict[str, tuple[str, str]]]]


@pytest.fixture
def told(
    cloud: Cloud,
    running: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Told]:
    """The exit code of the command, and verdict and state of each secret."""

    def run(*arguments: str) -> tuple[int, dict[str, tuple[str, str]]]:
        capsys.readouterr()
        code = cli.main(["orphans", "--json", *arguments])
        secrets = json.loads(capsys.readouterr().out)["secrets"]
        return code, {each["name"]: (each["verdict"], each["state"]) for each in secrets}

    aws_store.open_store.cache_clear()
    with cloud.aws.in_process():
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", DEFAULT_ACCOUNT)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", CREDENTIAL)
        monkeypatch.setenv("AWS_REGION", DEFAULT_REGION)
        monkeypatch.setenv("AWS_CA_BUNDLE", str(running.certificate))
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFORMATION", running.url)
        yield run
    aws_store.open_store.cache_clear()


def test_the_life_of_a_stack(cloud: Cloud, told: Told) -> None:
    two = {"Other": cloud.declare(SecretString="two", retain=True)}
    cloud.create("shop", cloud.template(two, SecretString="one"))
    live = ("declared", "live")
    assert told() == (0, {"shop/Secret": live, "shop/Other": live})
    cloud.update("shop", cloud.template(SecretString="one"))
    assert told() == (6, {"shop/Secret": live, "shop/Other": ("orphan", "live")}), "it was retained"
    cloud.delete("shop")
    gone = {"shop/Secret": ("orphan", "pending deletion"), "shop/Other": ("orphan", "live")}
    assert told() == (6, gone)
    cloud.create("shop", cloud.template(two, SecretString="one"))
    assert told() == (0, {"shop/Secret": live, "shop/Other": live}), "the stack knows its own again"
