"""The function killed, or ended by Lambda, at each call that it makes for a stack.

What calls there are, an undisturbed stack tells; what a user does then,
docs/when-something-went-wrong.md, which is read.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from counted import Record
from sections import KILLED, tell
from stacks import emulator
from stacks import killed_functions as killed
from stacks.cloud import Cloud, Functions
from stacks.killed_sweep import WAYS, Installed, Sweep

SOAK = float(os.environ.get("RECOVERABLE_SECRETS_SOAK", "0"))
SOAKED = pytest.mark.skipif(not SOAK, reason="minutes: RECOVERABLE_SECRETS_SOAK=1")


@pytest.fixture(scope="module")
def dying(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    """A ministack that does about dead functions what Lambda does, with functions of both kinds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(emulator, "SERVE", Path(killed.__file__).with_name("killed_serve.py"))
        with emulator.start(tmp_path_factory.mktemp("dying")) as started:
            functions = Functions(started)
            names = {function for function, _ in WAYS.values()}
            tokens = {name: functions.install(name, killed.SETTINGS) for name in names}
            yield lambda name: (Cloud(started, functions), tokens[name])


@SOAKED
@pytest.mark.parametrize("name", killed.OPERATIONS)
@pytest.mark.parametrize("way", WAYS)
def test_at_each_call(dying: Installed, way: str, name: str, record_property: Record) -> None:
    sweep = Sweep(dying, way, name)
    found = sweep.differences(sweep.points)
    tell(record_property, KILLED, f"functions, {way}", sweep.tried)
    assert found == {}
    assert sweep.tried == len(sweep.points) > 0


DRAWN = [
    ("killed", "restore", 2),
    ("killed", "rollback of an update", 1),
    ("killed, and delivered again", "update", 3),
    ("its time was up", "delete", 1),
]


@pytest.mark.parametrize(("way", "name", "how_many"), DRAWN)
def test_at_some_calls(
    dying: Installed, way: str, name: str, how_many: int, record_property: Record
) -> None:
    """Drawn from all of them."""
    sweep = Sweep(dying, way, name)
    drawn = random.Random(f"{way} {name}").sample(sweep.points, how_many)
    found = sweep.differences(drawn)
    tell(record_property, KILLED, f"functions, {way}", sweep.tried)
    assert found == {}
