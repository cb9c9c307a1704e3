"""A state written under one Python is refreshed and destroyed under every other installed one.

Pulumi pickles the provider into the state, so a state is tied to what its bytes mean elsewhere.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tools import environments

from e2e import pythons
from e2e.under_another import VALUE, program

if TYPE_CHECKING:
    from collections.abc import Callable

    from e2e.engine import Engine
    from emulation import Aws

NAME = "demo/dev/db"
NONE = "no other Python from 3.11 on is installed (looked on PATH and at pyenv)"

# An environment is made once, which takes a minute or two.
pytestmark = [pytest.mark.timeout(environments.LOCK_SECONDS + environments.BUILD_SECONDS)]


@pytest.fixture(
    scope="module",
    params=[pytest.param(each, id=each.version) for each in pythons.others()]
    or [pytest.param(None, id="none", marks=pytest.mark.skip(reason=NONE))],
)
def other(request: pytest.FixtureRequest) -> Path:
    """Another Python, with all that the provider needs."""
    return pythons.environment(request.param)


@pytest.fixture
def watched(other: Path, tmp_path: Path) -> tuple[Path, Path]:
    """The same as a command, and a file that gets its version at every start."""
    starts, command = tmp_path / "starts", tmp_path / "python"
    note = f'"{other}" -c "import sys; print(*sys.version_info[:3], sep=chr(46))" >> "{starts}"'
    command.write_text(f'#!/bin/sh\n{note}\nexec "{other}" "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    return command, starts


def test_what_this_python_made_is_destroyed_under_another(
    watched: tuple[Path, Path],
    make_engine: Callable[..., Engine],
    aws: Aws,
    request: pytest.FixtureRequest,
) -> None:
    command, starts = watched
    here = make_engine()
    here.up(program)
    made = aws.secret(NAME)
    env = {"PULUMI_PYTHON_CMD": str(command), "PYTHONPATH": str(pythons.PACKAGE)}
    there = make_engine(env=env)
    aws.by_hand("UpdateSecret", SecretId=NAME, Description="by hand")
    there.refresh()
    assert there.resource("db")["outputs"]["drifted"] == ["description"]
    assert there.destroy().steps["delete"] == 2, "the secret and its stack"
    versions = set(starts.read_text(encoding="utf-8").split())
    assert versions == {request.node.callspec.params["other"].version}
    gone = aws.secret(NAME)
    assert (gone.state, gone.arn) == ("pending", made.arn)
    assert gone.purge_date is not None
    assert (gone.purge_date - aws.clock.now()).days == 9, "by the policy in the state"
    assert there.resources() == []
    assert VALUE not in there.text()
    here.up(program)
    assert (aws.secret(NAME).state, aws.secret(NAME).value) == ("live", VALUE)


def test_what_another_python_made_is_kept_and_destroyed_under_this(
    *,
    other: Path,
    make_engine: Callable[..., Engine],
    aws: Aws,
    aws_env: dict[str, str],
    pulumi_root: Path,
    tmp_path: Path,
) -> None:
    paths = [pythons.ROOT / "tests", pythons.ROOT, pythons.PACKAGE]
    env = {"PYTHONPATH": os.pathsep.join(map(str, paths))}
    told = {"directory": str(tmp_path), "root": str(pulumi_root), "env": {**aws_env, **env}}
    ran = subprocess.run(
        [str(other), "-m", "e2e.under_another", json.dumps(told)],
        env={**os.environ, **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    made = aws.secret(NAME)
    assert made.value == VALUE
    here = make_engine()
    writes = aws.actions()
    assert here.up(program).steps == {"same": 2}, "nothing about it depends on the Python"
    assert aws.actions() == writes
    assert here.destroy().steps["delete"] == 2
    assert (aws.secret(NAME).state, aws.secret(NAME).arn) == ("pending", made.arn)
    assert VALUE not in here.text()
