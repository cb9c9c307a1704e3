"""Replicas, policy, rotation, labels and type through check, diff, create, update, delete."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from emulation import Aws
from recoverable_secrets import resource
from recoverable_secrets.core import errors, ownership
from surfaces import whole
from surfaces.held import CANARY, DEFAULTS, ENGINE_DECIDES, NOTHING, Held, Seen, declare
from surfaces.whole import (
    EU,
    LAMBDA,
    LOOK,
    NAME,
    OHIO,
    ROTATION,
    WHOLE,
    as_declared,
    attached,
    labels,
    policy,
    regions,
    rotates,
)


@pytest.fixture
def held(aws: Aws) -> Held:
    return whole.made(aws)


# create and diff ----------------------------------------------------------------------------------


def test_create_needs_one_call_for_what_one_call_can_do(aws: Aws) -> None:
    held = declare(**WHOLE).create()
    assert aws.actions()[0] == "CreateSecret"
    assert sorted(call for call in aws.actions() if call != "DescribeSecret") == [
        "CreateSecret",
        "PutResourcePolicy",
        "RotateSecret",
        "UpdateSecretVersionStage",
        "UpdateSecretVersionStage",
    ]
    assert as_declared(aws)
    for name in WHOLE:
        assert name in held.outputs, f"{name} is remembered, for refresh, diff and delete"
    assert held.diff() == NOTHING


DIFFERENCES: dict[str, tuple[dict[str, Any], Seen]] = {
    "the same": ({}, NOTHING),
    "replicas in another order": ({"replicas": [OHIO, EU]}, NOTHING),
    "a replica less": ({"replicas": [EU]}, ENGINE_DECIDES),
    "a replica's key": ({"replicas": [EU, {"region": "us-east-2"}]}, ENGINE_DECIDES),
    "replicas no longer declared": ({"replicas": None}, ENGINE_DECIDES),
    "no replicas": ({"replicas": []}, ENGINE_DECIDES),
    "a policy spelt otherwise": ({"policy": json.dumps(policy(), indent=2)}, NOTHING),
    "another policy": ({"policy": policy("secretsmanager:DescribeSecret")}, ENGINE_DECIDES),
    "no policy": ({"policy": ""}, ENGINE_DECIDES),
    "policy no longer declared": ({"policy": None}, ENGINE_DECIDES),
    "a public policy allowed": ({"block_public_policy": False}, ENGINE_DECIDES),
    "labels in another order": ({"version_stages": ["GREEN", "BLUE"]}, NOTHING),
    "a label less": ({"version_stages": ["GREEN"]}, ENGINE_DECIDES),
    "other days": ({"rotation_rules": {"automatically_after_days": 9}}, ENGINE_DECIDES),
    "rotation no longer declared": (dict.fromkeys(ROTATION), ENGINE_DECIDES),
    "rotation off": ({**dict.fromkeys(ROTATION), "rotation_enabled": False}, ENGINE_DECIDES),
    "rotation, now said to be on": ({"rotation_enabled": True}, ENGINE_DECIDES),
    "another type": ({"type": "BigIDClientSecret"}, ENGINE_DECIDES),
    "how to rotate at a change": ({"rotate_immediately": True}, ENGINE_DECIDES),
    "what to overwrite": ({"force_overwrite_replica_secret": True}, ENGINE_DECIDES),
    "the version before": ({"previous_version": "deprecate"}, ENGINE_DECIDES),
}


@pytest.mark.parametrize(("changes", "seen"), DIFFERENCES.values(), ids=DIFFERENCES)
def test_diff(changes: dict[str, Any], seen: Seen, held: Held, aws: Aws) -> None:
    assert held.diff(**changes) == seen
    assert aws.calls == []


# update -------------------------------------------------------------------------------------------

UPDATES: dict[str, tuple[dict[str, Any], list[str], Callable[[Aws], object], object]] = {
    "a replica added": (
        {"replicas": [EU, OHIO, {"region": "eu-west-2"}]},
        ["ReplicateSecretToRegions", *LOOK],
        lambda aws: sorted(regions(aws)),
        ["eu-west-1", "eu-west-2", "us-east-2"],
    ),
    "a replica removed": (
        {"replicas": [EU]},
        ["RemoveRegionsFromReplication"],
        regions,
        {"eu-west-1": None},
    ),
    "replicas no longer declared": (
        {"replicas": None},
        ["UntagResource", "RemoveRegionsFromReplication"],
        regions,
        {},
    ),
    "no replicas": (
        {"replicas": []},
        ["RemoveRegionsFromReplication"],
        regions,
        {},
    ),
    "another policy": (
        {"policy": policy("secretsmanager:DescribeSecret")},
        ["PutResourcePolicy"],
        attached,
        "secretsmanager:describesecret",
    ),
    "no policy": ({"policy": "{}"}, ["DeleteResourcePolicy"], attached, None),
    "policy no longer declared": ({"policy": None}, ["DeleteResourcePolicy"], attached, None),
    "a label exchanged": (
        {"version_stages": ["BLUE", "RED"]},
        ["UpdateSecretVersionStage", "UpdateSecretVersionStage"],
        labels,
        {"BLUE", "RED"},
    ),
    "labels no longer declared": (
        {"version_stages": None},
        ["UpdateSecretVersionStage", "UpdateSecretVersionStage"],
        labels,
        set(),
    ),
    "other days": (
        {"rotation_rules": {"automatically_after_days": 9}},
        ["RotateSecret"],
        lambda aws: aws.secret(NAME).rotation["RotationRules"]["AutomaticallyAfterDays"],
        9,
    ),
    "rotation off": (
        {**dict.fromkeys(ROTATION), "rotation_enabled": False},
        ["CancelRotateSecret"],
        rotates,
        False,
    ),
    "rotation no longer declared": (
        dict.fromkeys(ROTATION),
        ["UntagResource", "CancelRotateSecret"],
        rotates,
        False,
    ),
    "another type": (
        {"type": "BigIDClientSecret"},
        ["UpdateSecret"],
        lambda aws: aws.secret(NAME).type,
        "BigIDClientSecret",
    ),
}


@pytest.mark.parametrize(("changes", "calls", "look", "seen"), UPDATES.values(), ids=UPDATES)
def test_update_of_one_group(
    changes: dict[str, Any],
    calls: list[str],
    look: Callable[[Aws], object],
    seen: object,
    *,
    held: Held,
    aws: Aws,
) -> None:
    version = aws.secret(NAME).version_id
    held.update(**changes)
    assert sorted(aws.actions()) == sorted(LOOK + calls)
    assert look(aws) == seen
    assert (aws.secret(NAME).value, aws.secret(NAME).version_id) == (CANARY, version)
    assert held.diff() == NOTHING
    held.refresh()
    assert held.diff() == NOTHING, "what was changed is no drift"


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"rotate_immediately": True}, id="rotates at a change only"),
        pytest.param({"force_overwrite_replica_secret": True}, id="for new replicas only"),
        pytest.param({"previous_version": "deprecate"}, id="for a new value only"),
        pytest.param({"policy": json.dumps(policy())}, id="the same policy"),
    ],
)
def test_update_that_needs_no_call(changes: dict[str, Any], held: Held, aws: Aws) -> None:
    held.update(**changes)
    assert aws.calls == []
    assert as_declared(aws)
    assert held.diff() == NOTHING


# delete and restore -------------------------------------------------------------------------------


def test_it_goes_and_comes_back_whole(held: Held, aws: Aws) -> None:
    held.delete()
    gone = aws.secret(NAME)
    assert (gone.state, gone.replicas) == ("pending", {})
    assert not gone.rotation["RotationEnabled"], "it would fire right after the restore"
    aws.clock.advance(days=29)
    aws.calls.clear()
    again = declare(**WHOLE).create()
    assert again.outputs["restored"] is True
    assert again.id == held.id
    assert as_declared(aws)
    assert aws.actions()[:4] == ["CreateSecret", "DescribeSecret", "RestoreSecret",
                                 "PutResourcePolicy"]  # fmt: skip
    assert again.diff() == NOTHING


def test_it_comes_back_with_other_settings(held: Held, aws: Aws) -> None:
    """What is declared now counts; the record of the replicas only where none are declared."""
    held.delete()
    other = {"secret_string": "new", "replicas": [EU], "policy": None, "type": WHOLE["type"]}
    again = declare(**other).create()
    live = aws.secret(NAME)
    assert (again.id, live.value, attached(aws)) == (held.id, "new", None)
    assert regions(aws) == {"eu-west-1": None}
    again.delete()
    again = declare(secret_string="new").create()
    assert regions(aws) == {"eu-west-1": None}, "by the record in our tag"
    assert again.diff() == NOTHING


def test_a_restore_brings_back_what_is_recorded(held: Held, aws: Aws) -> None:
    held.delete()
    declare(secret_string=CANARY).create()
    assert regions(aws) == {"eu-west-1": None, "us-east-2": "alias/ohio"}
    assert rotates(aws)
    assert attached(aws) is None, "a policy is never brought back from a time before"


def test_a_replica_that_fails_is_an_error_and_heals(aws: Aws) -> None:
    aws.by_hand("CreateSecret", Name=NAME, SecretString="in the way", region="eu-west-1")
    with pytest.raises(errors.StoreError, match="the replica in eu-west-1 failed"):
        declare(**WHOLE).create()
    again = declare(**WHOLE, force_overwrite_replica_secret=True).create()
    assert as_declared(aws)
    assert again.diff() == NOTHING


# bad input ----------------------------------------------------------------------------------------


def checked(*, first: bool = True, **inputs: Any) -> tuple[str, ...]:
    return resource.check({**DEFAULTS, **inputs}, (), first=first, say=print)


def test_all_of_it_passes_the_check(aws: Aws) -> None:
    assert checked(**WHOLE, default_region="us-east-1") == ()
    assert aws.calls == []


def test_check_finds_every_problem_at_once(aws: Aws) -> None:
    problems = checked(
        replicas=[{"region": "nowhere"}, {"region": "eu-west-1", "kms_key": "a"}],
        policy="{",
        rotation_lambda_arn=LAMBDA,
        version_stages=["AWSCURRENT"],
        previous_version="burn",
    )
    for words in (
        "replicas[0].region must be",
        "replicas[1].kms_key is not an argument",
        "policy must",
        "rotation_lambda_arn",
        "version_stages",
        "previous_version must be one of",
    ):
        assert any(words in problem for problem in problems), words
    assert aws.calls == []


@pytest.mark.parametrize(
    "where",
    [
        pytest.param({"region": "eu-west-1"}, id="argument"),
        pytest.param({"default_region": "eu-west-1"}, id="configuration"),
    ],
)
def test_the_secret_s_own_region_is_no_replica_s(where: dict[str, str]) -> None:
    (problem,) = checked(replicas=[EU], **where)
    assert "replicas name eu-west-1, where the secret itself is" in problem


def test_a_secret_stays_where_it_is_when_the_configured_region_moves(aws: Aws) -> None:
    """So that region may become a replica's; the secret's own still may not."""
    held = declare(default_region="us-east-1").create()
    moved = {"default_region": "eu-west-1", "replicas": [EU]}
    assert checked(first=False, **moved) == ()
    held.update(**moved)
    assert regions(aws) == {"eu-west-1": None}
    aws.calls.clear()
    with pytest.raises(errors.InvalidInput, match="where the secret itself is"):
        held.update(replicas=[{"region": "us-east-1"}])
    assert aws.calls == []


def test_a_replica_in_the_state_is_not_the_secret(held: Held, aws: Aws) -> None:
    """Who declares the secret where only its replica is, learns where the primary is."""
    with pytest.raises(errors.Refused, match="its primary is in us-east-1"):
        declare(region="eu-west-1", secret_string=CANARY).create()
    assert ownership.OWNER in aws.secret(NAME, region="eu-west-1").tags
