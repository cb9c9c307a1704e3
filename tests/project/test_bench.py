"""bench/calls.py: what it counts is what the design allows, and it says so when it is not."""

from __future__ import annotations

import dataclasses
import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SCRIPT = ROOT / "bench" / "calls.py"


def loaded() -> ModuleType:
    """Load the script, which is in no package."""
    spec = importlib.util.spec_from_file_location("bench_calls", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


BENCH = loaded()

DESIGN = {
    "create: value, description, key, tags": ["CreateSecret"],
    "create: and two replicas, one poll": ["CreateSecret", "DescribeSecret"],
    "create: and replicas, policy, rotation": [
        "CreateSecret",
        "PutResourcePolicy",
        "RotateSecret",
        "DescribeSecret",
    ],
    "unchanged run": [],
    "policy only: window, on_recreate, timeout": [],
    "unchanged run: and replicas, policy, rotation": [],
    "refresh": ["DescribeSecret"],
    "refresh: and a policy": ["DescribeSecret", "GetResourcePolicy"],
    "update: description": ["DescribeSecret", "UpdateSecret"],
    "update: value": ["DescribeSecret", "UpdateSecret"],
    "update: description, key and value": ["DescribeSecret", "UpdateSecret"],
    "update: tags added": ["DescribeSecret", "TagResource"],
    "update: tags dropped": ["DescribeSecret", "UntagResource"],
    "update: all of these": ["DescribeSecret", "UpdateSecret", "TagResource", "UntagResource"],
    "update: two replicas added, one poll": [
        "DescribeSecret",
        "ReplicateSecretToRegions",
        "DescribeSecret",
    ],
    "update: replicas removed": ["DescribeSecret", "RemoveRegionsFromReplication"],
    "update: policy": ["DescribeSecret", "PutResourcePolicy"],
    "update: policy removed": ["DescribeSecret", "DeleteResourcePolicy"],
    "update: rotation set": ["DescribeSecret", "RotateSecret"],
    "update: rotation cancelled": ["DescribeSecret", "CancelRotateSecret"],
    "update: a staging label": ["DescribeSecret", "UpdateSecretVersionStage"],
    "update: value, the version before deprecated": [
        "DescribeSecret",
        "UpdateSecret",
        "UpdateSecretVersionStage",
    ],
    "delete": ["DescribeSecret", "DeleteSecret"],
    "delete: under a key of one's own": ["DescribeSecret", "DescribeKey", "DeleteSecret"],
    "delete: and replicas, policy, rotation": [
        "DescribeSecret",
        "CancelRotateSecret",
        "RemoveRegionsFromReplication",
        "DeleteSecret",
    ],
    "recreate while pending: nothing differs": [
        "CreateSecret",
        "DescribeSecret",
        "RestoreSecret",
        "DeleteResourcePolicy",
        "PutSecretValue",
    ],
    "recreate while pending: another value": [
        "CreateSecret",
        "DescribeSecret",
        "RestoreSecret",
        "DeleteResourcePolicy",
        "PutSecretValue",
        "UpdateSecret",
    ],
    "recreate while pending: all differs": [
        "CreateSecret",
        "DescribeSecret",
        "RestoreSecret",
        "DeleteResourcePolicy",
        "PutSecretValue",
        "UpdateSecret",
        "TagResource",
        "UntagResource",
    ],
    "recreate while pending: under a key of one's own": [
        "CreateSecret",
        "DescribeSecret",
        "RestoreSecret",
        "DeleteResourcePolicy",
        "DescribeKey",
        "PutSecretValue",
    ],
    "recreate while pending: and replicas, policy, rotation": [
        "CreateSecret",
        "DescribeSecret",
        "RestoreSecret",
        "PutResourcePolicy",
        "PutSecretValue",
        "ReplicateSecretToRegions",
        "RotateSecret",
        "DescribeSecret",
    ],
}
"""The design's table of calls, each operation spelt out."""


def test_every_operation_is_counted() -> None:
    assert [operation.name for operation in BENCH.OPERATIONS] == list(DESIGN)


@pytest.mark.parametrize("operation", BENCH.OPERATIONS, ids=lambda one: one.name)
def test_it_makes_the_calls_of_the_design(operation: object) -> None:
    assert isinstance(operation, BENCH.Operation)
    made = BENCH.calls(operation)
    assert made == DESIGN[operation.name]
    assert len(made) == operation.design >= operation.floor
    assert len(operation.peers) in {0, len(BENCH.PEERS)}


def test_the_script_prints_its_table() -> None:
    """As `make bench` runs it."""
    ran = subprocess.run(
        [sys.executable, SCRIPT], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    text = " ".join(ran.stdout.split())
    assert "Peers' figures of 2026" in text
    for peer in BENCH.PEERS:
        assert peer.split()[0].strip(",") in text
    assert "7-8 (7.0-8.0x)" in text


def test_more_calls_than_designed_fail(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tight = dataclasses.replace(BENCH.OPERATIONS[0], design=0)
    monkeypatch.setattr(BENCH, "OPERATIONS", (tight, *BENCH.OPERATIONS[1:3]))
    assert BENCH.main() == 1
    assert f"more calls than designed: {tight.name}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("theirs", "ours", "text"),
    [
        ((7, 8), 2, "3.5-4.0x"),
        ((3, 3), 2, "1.5x"),
        ((1, 1), 2, "0.5x"),
        ((3, 3), 0, "none of ours"),
    ],
)
def test_ratios(theirs: tuple[int, int], ours: int, text: str) -> None:
    assert BENCH.ratio(theirs, ours) == text
