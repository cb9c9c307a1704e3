"""Values that the function reads elsewhere appear nowhere but in the secret; see test_canary.py."""

from __future__ import annotations

from typing import Any

import pytest

from emulation import faults
from protocol.stack import SECRET, Stack
from protocol.test_canary import (
    NAME,
    TEXT,
    Echo,
    EchoDenied,
    EchoOdd,
    Everything,
    assert_silent,
    seen,
    share,
)
from protocol.world import World

__all__ = ["seen"]


def test_a_value_that_is_read_again(
    world: World, seen: Everything, capfd: pytest.CaptureFixture[str]
) -> None:
    """Read for each new version, compared, rolled back, restored; the answer is in no log."""
    share(world)
    stack = Stack(world)
    declared = {"ValueFrom": {"SsmParameter": "/shared/db"}}
    stack.create({**declared, "ValueVersion": 1}).expect_success()
    assert world.aws.secret(NAME).value == TEXT, "the canary went through"
    world.aws.add_parameter("/shared/db", TEXT + "2")
    stack.update({**declared, "ValueVersion": 2}).expect_success()
    assert world.aws.secret(NAME).value == TEXT + "2"
    stack.deploy({SECRET: {**declared, "ValueVersion": 3}}, fails=True)
    stack.delete()[0].expect_success()
    Stack(world).create({**declared, "ValueVersion": 4}).expect_success()
    assert_silent(world, seen, capfd)
    assert world.aws.actions("ssm"), "it was read"


@pytest.mark.parametrize("action", ["GetParameter", "PutSecretValue"])
@pytest.mark.parametrize("fault", [Echo, EchoOdd, EchoDenied, faults.LostResponse])
def test_failing_calls_with_a_value_that_was_read(
    world: World,
    seen: Everything,
    capfd: pytest.CaptureFixture[str],
    fault: Any,
    action: str,
) -> None:
    """Before it was read, when its answer got lost, and when it could not be stored."""
    share(world)
    declared = {"ValueFrom": {"SsmParameter": "/shared/db"}}
    stack = Stack(world)
    stack.create({**declared, "ValueVersion": 1}).expect_success()
    world.aws.add_parameter("/shared/db", TEXT + "2")
    world.aws.inject(fault(action))
    stack.deploy({SECRET: {**declared, "ValueVersion": 2}})
    assert_silent(world, seen, capfd)
