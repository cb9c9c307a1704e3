"""The harness itself: what it promises to the tests that use it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pulumi
import pytest

from e2e.engine import Engine, EngineError, example
from e2e.toys import declare

if TYPE_CHECKING:
    from pathlib import Path

    from e2e.toys import Toys


def empty() -> None:
    """A program without resources."""
    pulumi.export("set", pulumi.Config().get("key"))


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended but was not fetched yet does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    shown = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, check=False)
    return not shown.stdout.strip().startswith(b"Z")


def test_a_run_that_takes_too_long_is_ended_with_its_provider(toys: Toys) -> None:
    toys.script(create={"seconds": 600})
    with pytest.raises(EngineError, match="killed by the test harness: up took over 5 s"):
        toys.up(declare(a="1"), seconds=5)
    pids = {call["process"] for call in toys.calls()}
    assert pids
    assert not any(map(alive, pids))
    toys.script()
    toys.engine.cli("cancel", "--yes")
    assert toys.up(declare(a="1")).steps["create"] == 1, "the stack is usable again"


def test_failures_are_raised_with_the_output(toys: Toys) -> None:
    toys.script(create={"raise": "what went wrong"})
    with pytest.raises(EngineError, match="what went wrong"):
        toys.up(declare(a="1"))
    toys.script()
    with pytest.raises(EngineError, match="was expected to fail"):
        toys.up(declare(a="1"), expect_failure=True)


def test_stacks_of_one_folder_are_their_own(
    tmp_path: Path, pulumi_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", "https://nowhere.invalid")
    monkeypatch.setenv("AWS_PROFILE", "of-the-developer")
    one = Engine(tmp_path, root=pulumi_root, env={}, config={"key": "1"})
    two = Engine(tmp_path, root=pulumi_root, env={}, project="other")
    assert one.up(empty).steps == {"create": 1}
    two.up(empty)
    assert (one.outputs(), two.outputs()) == ({"set": "1"}, {})
    one.rename("prod")
    assert one.up(empty).steps == {"same": 1}
    again = Engine(tmp_path, root=pulumi_root, env={}, stack="prod")
    assert again.state() == one.state()
    one.destroy()
    assert again.resources() == []
    assert any("history" in str(path) for path, _ in one.files())
    assert os.environ["AWS_PROFILE"] == "of-the-developer", "only the CLI's is changed"


def test_a_stored_program_runs_as_it_is(tmp_path: Path, pulumi_root: Path) -> None:
    folder = tmp_path / "program"
    folder.mkdir()
    (folder / "beside.py").write_text("WORD = 'beside'\n", encoding="utf-8")
    code = "import beside, pulumi\nif __name__ == '__main__': pulumi.export('w', beside.WORD)\n"
    (folder / "__main__.py").write_text(code, encoding="utf-8")
    engine = Engine(tmp_path / "engine", root=pulumi_root, env={})
    engine.up(example(folder / "__main__.py"))
    assert engine.outputs() == {"w": "beside"}


def test_a_provider_with_this_environment_reaches_the_double(aws_env: dict[str, str]) -> None:
    code = "import boto3; print(boto3.client('secretsmanager').create_secret(Name='n')['ARN'])"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env=aws_env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.stdout.startswith("arn:aws:secretsmanager:us-east-1:"), ran.stderr
