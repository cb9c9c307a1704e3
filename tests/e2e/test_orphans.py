"""`orphans` over states as the engine writes them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from e2e.secrets_program import nothing, one, several
from recoverable_secrets import cli
from recoverable_secrets.stores import aws as aws_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from e2e.engine import Engine
    from emulation import Aws

VALUE = "canary-6d0e-value"


@pytest.fixture
def told(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., dict[str, str]]]:
    """The verdict of each secret, by its name."""

    def run(engine: Engine) -> dict[str, str]:
        capsys.readouterr()
        cli.main(["orphans", "--json", "--state", str(engine.backend)])
        out, err = capsys.readouterr()
        assert VALUE not in out + err
        return {each["name"]: each["verdict"] for each in json.loads(out)["secrets"]}

    aws_store.open_store.cache_clear()
    with aws.in_process():
        monkeypatch.setenv("AWS_REGION", "us-east-1")
        yield run
    aws_store.open_store.cache_clear()


def test_what_the_engine_writes_down(engine: Engine, told: Any, aws: Aws) -> None:
    both = {name: {"secret_string": VALUE} for name in ("db", "api")}
    engine.up(several(both))
    assert told(engine) == {"demo/dev/db": "declared", "demo/dev/api": "declared"}
    engine.up(one("db", secret_string=VALUE))
    assert told(engine) == {"demo/dev/db": "declared", "demo/dev/api": "orphan"}
    assert aws.secret("demo/dev/api").state == "pending"
    engine.up(nothing)
    assert set(told(engine).values()) == {"orphan"}, "an empty backend's file still names its stack"
