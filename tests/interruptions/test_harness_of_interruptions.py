"""The harness can fail: what is not made good, not met, or lost by a look at the past is found."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from interruptions import harness, pulumi_stage, stack_excuses, stack_operations, stack_stage
from interruptions.disturbances import Call
from interruptions.harness import Came, Case, Interruptions
from interruptions.pulumi_operations import OPERATIONS

VALUE = [(("AWSCURRENT",), "v")]


@pytest.fixture
def update(pauses: None) -> Interruptions:
    return harness.of(
        "update, tags", OPERATIONS["update, tags"], pulumi_stage.staged, pulumi_stage.ways
    )


def played(update: Interruptions, number: int, fault: str) -> Came:
    came = Came()
    call = update.calls[number - 1]
    update.play_one(Case(call, fault, pulumi_stage.PLAIN), came)
    return came


def test_a_second_run_is_needed(update: Interruptions, monkeypatch: pytest.MonkeyPatch) -> None:
    assert played(update, 2, "killed after").wrong == {}
    monkeypatch.setattr(pulumi_stage.PulumiStage, "again", lambda _: True)
    assert "tags" in str(played(update, 2, "killed after").wrong)


def test_a_second_run_that_fails_is_found(
    update: Interruptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulumi_stage.PulumiStage, "again", lambda _: False)
    assert harness.SECOND in str(played(update, 2, "denied").wrong)


def test_a_fault_that_is_not_met_is_found(update: Interruptions) -> None:
    missed = dataclasses.replace(update.calls[1], nth=2)
    came = Came()
    update.play_one(Case(missed, "throttled once", pulumi_stage.PLAIN), came)
    assert len(came.unmet) == 1
    update.play_one(Case(Call(9, "DeleteSecret", 1), "killed before", pulumi_stage.PLAIN), came)
    assert len(came.unmet) == 2


def test_what_the_state_says_wrongly_is_found(
    update: Interruptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulumi_stage.PulumiStage, "settled", lambda _: "wrong")
    assert "wrong" in str(played(update, 1, "500").wrong)


@pytest.mark.parametrize(
    ("now", "harmless"),
    [
        pytest.param({"state": "live", "tags": {"a": "1"}}, True, id="nothing done"),
        pytest.param({"state": "pending", "tags": {"a": "1"}}, True, id="a part done"),
        pytest.param({"state": "pending", "tags": {"a": "3"}}, False, id="something else"),
        pytest.param({"state": "live", "tags": {"a": "1", "b": "1"}}, False, id="more"),
        pytest.param(None, False, id="lost"),
    ],
)
def test_what_is_left_undone_is_told_from_harm(now: dict[str, Any] | None, harmless: bool) -> None:  # noqa: FBT001
    before = {"state": "live", "tags": {"a": "1"}}
    wanted = {"state": "pending", "tags": {"a": "2"}}
    assert harness.between(now, [before, wanted]) is harmless


def test_a_version_is_there_or_it_is_not() -> None:
    assert not harness.between([], [VALUE, [(("AWSCURRENT", "blue"), "v")]])
    red = [(("red", "AWSCURRENT"), "v")]
    assert harness.between([(("AWSCURRENT", "red"), "v")], [VALUE, red])


LOSSES: dict[str, Any] = {
    "a version": {"db in r: versions": ([], VALUE)},
    "a value": {"db in r: versions": ([(("AWSCURRENT",), "w")], VALUE)},
    "the secret": {"db in r": (None, {"state": "live"})},
    "its policy": {"db in r: policy": (None, "{}")},
    "its owner": {"db in r: tags": ({}, {"recoverable-secrets:owner": "o"})},
    "purged for scheduled": {"db in r: state": ("absent", "pending")},
    "no end": {harness.SECOND: "does not succeed"},
}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("fault", ["killed after", "denied", "reset from here on"])
def test_no_loss_is_excused(loss: str, fault: str) -> None:
    calls = (Call(1, "RestoreSecret", 1), Call(2, "DescribeStacks", 1, "cloudformation"))
    for operation in stack_operations.OPERATIONS.values():
        excuse = stack_excuses.excuse(operation)
        for way in stack_stage.ways(operation, fault):
            for call in calls:
                assert excuse(Case(call, fault, way), LOSSES[loss], False) == ""
