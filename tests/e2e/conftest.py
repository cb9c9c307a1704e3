"""The real engine for the tests of this folder, and the AWS double that its provider talks to."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tools import pulumi_cli

from e2e.engine import Engine
from e2e.toys import Toys
from emulation import Aws, Clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).parent
REGION = "us-east-1"
FOUND: pytest.StashKey[Path | str] = pytest.StashKey()
"""The CLI's folder, or why there is none."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what runs the engine, so that ``-m "not engine"`` leaves all of it out."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.engine)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Get the CLI before the first test: a build takes minutes, a test may take two at most."""
    wanted = any(item.get_closest_marker("engine") for item in session.items)
    if not wanted or session.config.option.collectonly:
        return
    capture = session.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():  # Else nobody sees why nothing happens.
        try:
            session.config.stash[FOUND] = pulumi_cli.locate()
        except pulumi_cli.NotFoundError as error:
            session.config.stash[FOUND] = str(error)


@pytest.fixture(scope="session")
def pulumi_root(request: pytest.FixtureRequest) -> Path:
    """The folder of the Pulumi CLI.

    Where none can be had at all, tests are skipped with the reason; in CI they fail.
    """
    found = request.config.stash[FOUND]
    if isinstance(found, Path):
        return found
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(found, pytrace=False)
    pytest.skip(found)


@pytest.fixture
def toys(tmp_path: Path, pulumi_root: Path) -> Toys:
    """An empty stack of toys."""
    return Toys(tmp_path, pulumi_root)


@pytest.fixture
def aws() -> Aws:
    """The strict AWS double, empty."""
    return Aws(clock=Clock())


@pytest.fixture
def aws_env(aws: Aws) -> Iterator[dict[str, str]]:
    """Variables that lead the provider to the double, and to nothing else."""
    with aws.serve() as url:
        yield {
            "AWS_ENDPOINT_URL_KMS": url,
            "AWS_ENDPOINT_URL_SECRETS_MANAGER": url,
            "AWS_ENDPOINT_URL_SSM": url,
            "AWS_ENDPOINT_URL_STS": url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }


@pytest.fixture
def make_engine(
    pulumi_root: Path, aws_env: dict[str, str], tmp_path: Path
) -> Callable[..., Engine]:
    """Make stacks by project and stack name, over one double.

    They have one backend, unless another `folder` is given.
    """

    def make(
        project: str = "demo", stack: str = "dev", folder: Path = tmp_path, **options: object
    ) -> Engine:
        env = {**aws_env, **options.pop("env", {})}  # type: ignore[dict-item]
        return Engine(folder, root=pulumi_root, project=project, stack=stack, env=env, **options)  # type: ignore[arg-type]

    return make


@pytest.fixture
def engine(make_engine: Callable[..., Engine]) -> Engine:
    """One stack over the double."""
    return make_engine()
