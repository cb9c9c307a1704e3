"""One ministack for the session, and for each test an account that is as good as new."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tools import bundle, ministack, pulumi_cli

from stacks import emulator
from stacks.bundle import content
from stacks.cloud import Cloud, Functions

HERE = Path(__file__).parent
FOUND: pytest.StashKey[str | None] = pytest.StashKey()
"""Why there is no ministack; None if there is one."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what runs stacks, so that ``-m "not stacks"`` leaves all of it out."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.stacks)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Get what pip has to get before the first test, which may not take that long."""
    wanted = any(item.get_closest_marker("stacks") for item in session.items)
    if not wanted or session.config.option.collectonly:
        return
    capture = session.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():  # Else nobody sees why nothing happens.
        try:
            ministack.locate()
            content()
            session.config.stash[FOUND] = None
        except (pulumi_cli.Attempt, bundle.BundleError) as error:
            session.config.stash[FOUND] = str(error)


@pytest.fixture(scope="session")
def running(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[emulator.Emulator]:
    """A ministack.

    Where it cannot be had at all, tests are skipped with the reason; in CI they fail.
    """
    missing = request.config.stash[FOUND]
    if missing and os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(missing, pytrace=False)
    if missing:
        pytest.skip(missing)
    with emulator.start(tmp_path_factory.mktemp("ministack")) as started:
        yield started


@pytest.fixture(scope="session")
def functions(running: emulator.Emulator) -> Functions:
    """What is installed; grows with the tests."""
    return Functions(running)


@pytest.fixture
def cloud(running: emulator.Emulator, functions: Functions) -> Iterator[Cloud]:
    """An account without stacks and secrets."""
    made = Cloud(running, functions)
    try:
        yield made
    finally:
        made.clear()
