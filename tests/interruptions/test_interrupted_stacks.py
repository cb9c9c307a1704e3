"""CloudFormation's surface: stacks whose function is interrupted at every call: promise 3.

Lambda runs a function that died again, with the same event; CloudFormation rolls back what failed
or was never answered, and the user deploys again.
"""

from __future__ import annotations

import pytest

from interruptions import completeness, counts, harness, stack_excuses, stack_stage
from interruptions.stack_operations import OPERATIONS
from interruptions.stack_stage import Cloud
from protocol.conftest import environment, sandboxes, served_receiver, served_stacks
from protocol.receiver import Receiver
from protocol.stacks import Stacks
from protocol.world import Sandbox

__all__ = ["environment", "sandboxes", "served_receiver", "served_stacks"]


@pytest.fixture
def cloud(
    environment: None,
    served_stacks: Stacks,
    served_receiver: Receiver,
    sandboxes: dict[str, Sandbox],
) -> Cloud:
    """The servers, and the function, warm from the tests before."""
    if "warm" not in sandboxes:
        sandboxes["warm"] = Sandbox()
    return Cloud(served_stacks, served_receiver, sandboxes["warm"])


UNDONE = dict.fromkeys(
    (
        "delete, all groups",
        "create, all groups, then rolled back",
        "update, another name, all groups",
    ),
    "rotation was set right before: it is not cancelled, nor written down",
)
"""What is left undone where DescribeSecret shows the past; nothing else comes of that."""


@pytest.mark.parametrize("name", OPERATIONS)
def test_interrupted(name: str, cloud: Cloud, record_property: counts.Record) -> None:
    interruptions = harness.of(
        name, OPERATIONS[name], cloud.staged, stack_stage.ways, stack_excuses.excuse
    )
    came = interruptions.play()
    counts.tell(record_property, "CloudFormation", came)
    assert not came.wrong, came.told()
    assert not came.undone or name in UNDONE
    assert came.unmet == []


CALLS = {
    "CreateSecret", "UpdateSecret", "PutSecretValue", "RestoreSecret", "DeleteSecret",
    "TagResource", "UntagResource", "PutResourcePolicy", "DeleteResourcePolicy",
    "ReplicateSecretToRegions", "RemoveRegionsFromReplication", "RotateSecret",
    "CancelRotateSecret", "UpdateSecretVersionStage", "DescribeSecret", "GetParameter",
    "DescribeStacks", "DescribeStackEvents", "DescribeKey",
}  # fmt: skip


def test_the_enumeration_is_complete(cloud: Cloud) -> None:
    """Each operation makes the calls that it is for, and each of them meets each fault."""
    made: set[str] = set()
    for name, operation in OPERATIONS.items():
        of = harness.of(name, operation, cloud.staged, stack_stage.ways)
        assert not completeness.missing(of, operation.expects), name
        assert completeness.unequal(of) == {}, name
        made |= {call.action for call in of.calls}
    assert made == CALLS
