"""The command line: each command that writes, interrupted at every call, and typed again."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from interruptions import command_stage, completeness, counts, harness
from interruptions.command_operations import OPERATIONS

PAGE = Path(__file__).parents[2] / "docs" / "commands.md"
NO_SECRET = {"alarm install", "alarm remove"}
"""They write as well, but no secret: tests/alarm interrupts them."""


UNDONE = {
    "delete, all groups": "rotation was set right before: it is not cancelled, nor written down",
}
"""What is left undone where DescribeSecret shows the past; nothing else comes of that."""


@pytest.mark.parametrize("name", OPERATIONS)
def test_interrupted(name: str, pauses: None, record_property: counts.Record) -> None:
    interruptions = harness.of(name, OPERATIONS[name], command_stage.staged, command_stage.ways)
    came = interruptions.play()
    counts.tell(record_property, "the command", came)
    assert not came.wrong, came.told()
    assert not came.undone or name in UNDONE
    assert came.unmet == []


def test_every_command_that_writes() -> None:
    """Those that can be tried with --dry-run, as the page of all commands has them."""
    sections = re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    writing = {text.partition("\n")[0] for text in sections if "--dry-run" in text}
    typed = {" ".join(operation.words) for operation in OPERATIONS.values()}
    played = {name for name in writing if any(words.startswith(name) for words in typed)}
    assert len(played) >= 8
    assert writing - played == NO_SECRET


CALLS = {
    "DescribeSecret", "ListSecrets", "ListSecretVersionIds", "RestoreSecret", "DeleteSecret",
    "TagResource", "UntagResource", "UpdateSecretVersionStage", "ReplicateSecretToRegions",
    "RemoveRegionsFromReplication", "RotateSecret", "CancelRotateSecret", "DescribeKey",
}  # fmt: skip


def test_the_enumeration_is_complete(pauses: None) -> None:
    """Each command makes the calls that it is for, and each of them meets each fault."""
    made: set[str] = set()
    for name, operation in OPERATIONS.items():
        of = harness.of(name, operation, command_stage.staged, command_stage.ways)
        assert not completeness.missing(of, operation.expects), name
        assert completeness.unequal(of) == {}, name
        made |= {call.action for call in of.calls}
    assert made == CALLS
