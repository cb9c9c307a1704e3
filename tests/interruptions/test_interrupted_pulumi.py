"""Pulumi's surface: `up` and `destroy`, interrupted at every call, and run again: promise 3."""

from __future__ import annotations

import pytest

from interruptions import completeness, counts, harness, pulumi_stage
from interruptions.pulumi_operations import OPERATIONS

UNDONE = {
    "update, rotation cancelled": "rotation was set right before, and is not shown yet",
    "update, labels": "the last label was put right before, and is not shown yet",
    "update, all groups taken away": "rotation was set right before, and is not shown yet",
    "delete": "created right before, and not shown yet: it stays live, `orphans` finds it",
    "delete, all groups": "rotation was set right before: it is not cancelled, nor written down",
}
"""What is left undone where DescribeSecret shows the past; nothing else comes of that."""


@pytest.mark.parametrize("name", OPERATIONS)
def test_interrupted(name: str, pauses: None, record_property: counts.Record) -> None:
    interruptions = harness.of(name, OPERATIONS[name], pulumi_stage.staged, pulumi_stage.ways)
    came = interruptions.play()
    counts.tell(record_property, "Pulumi", came)
    assert not came.wrong, came.told()
    assert not came.undone or name in UNDONE
    assert came.unmet == []


WRITES = {
    "CreateSecret", "UpdateSecret", "PutSecretValue", "RestoreSecret", "DeleteSecret",
    "TagResource", "UntagResource", "PutResourcePolicy", "DeleteResourcePolicy",
    "ReplicateSecretToRegions", "RemoveRegionsFromReplication", "RotateSecret",
    "CancelRotateSecret", "UpdateSecretVersionStage",
}  # fmt: skip
READS = {
    "DescribeSecret", "GetResourcePolicy", "DescribeKey", "GetParameter", "GetSecretValue"
}  # fmt: skip


def test_the_enumeration_is_complete(pauses: None) -> None:
    """Each operation makes the calls that it is for, and each of them meets each fault."""
    made: set[str] = set()
    for name, operation in OPERATIONS.items():
        of = harness.of(name, operation, pulumi_stage.staged, pulumi_stage.ways)
        assert not completeness.missing(of, operation.expects), name
        assert completeness.unequal(of) == {}, name
        made |= {call.action for call in of.calls}
    assert made == WRITES | READS
