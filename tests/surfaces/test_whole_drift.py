"""What a refresh makes of replicas, policy, rotation, labels and type that others changed."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from emulation import Aws
from recoverable_secrets.core import errors
from surfaces import whole
from surfaces.held import CANARY, NOTHING, Held, declare
from surfaces.whole import (
    LAMBDA,
    LOOK,
    NAME,
    as_declared,
    attached,
    labels,
    policy,
)


@pytest.fixture
def held(aws: Aws) -> Held:
    return whole.made(aws)


@dataclasses.dataclass(frozen=True)
class Drift:
    """What others did, and how a refresh names it."""

    action: str
    given: dict[str, Any]
    field: str


DRIFT = {
    "a replica removed": Drift(
        "RemoveRegionsFromReplication", {"RemoveReplicaRegions": ["eu-west-1"]}, "replicas"
    ),
    "a replica added": Drift(
        "ReplicateSecretToRegions", {"AddReplicaRegions": [{"Region": "eu-west-2"}]}, "replicas"
    ),
    "another policy": Drift(
        "PutResourcePolicy",
        {"ResourcePolicy": json.dumps(policy("secretsmanager:DescribeSecret"))},
        "policy",
    ),
    "the policy removed": Drift("DeleteResourcePolicy", {}, "policy"),
    "rotation cancelled": Drift("CancelRotateSecret", {}, "rotation_enabled"),
    "another schedule": Drift(
        "RotateSecret",
        {"RotationRules": {"AutomaticallyAfterDays": 1}, "RotateImmediately": False},
        "rotation_rules",
    ),
    "another type": Drift("UpdateSecret", {"Type": "BigIDClientSecret"}, "type"),
}


@pytest.mark.parametrize("drift", DRIFT.values(), ids=DRIFT)
def test_drift_is_seen_named_and_repaired(drift: Drift, held: Held, aws: Aws) -> None:
    aws.by_hand(drift.action, SecretId=NAME, **drift.given)
    assert not as_declared(aws)
    assert held.refresh() is held
    assert held.outputs["drifted"] == [drift.field]
    assert aws.actions() == ["DescribeSecret", "GetResourcePolicy"]
    assert held.diff() == (True, [])
    held.refresh()
    assert held.outputs["drifted"] == [drift.field], "until it is repaired"
    held.update()
    assert as_declared(aws)
    assert held.diff() == NOTHING
    held.refresh()
    assert held.diff() == NOTHING


def test_a_label_that_was_moved(held: Held, aws: Aws) -> None:
    """A new value by hand leaves our labels on the version before."""
    aws.put_by_hand(NAME, "by hand")
    held.refresh()
    assert held.outputs["drifted"] == ["version_stages"]
    held.update()
    assert labels(aws) == {"BLUE", "GREEN"}
    assert aws.secret(NAME).value == "by hand", "it is kept"
    assert held.diff() == NOTHING


def test_a_replica_that_fails_later(held: Held, aws: Aws) -> None:
    """One that somebody made anew where another secret is in the way counts as missing."""
    aws.by_hand("RemoveRegionsFromReplication", SecretId=NAME, RemoveReplicaRegions=["eu-west-1"])
    aws.by_hand("CreateSecret", Name=NAME, SecretString="in the way", region="eu-west-1")
    again = [{"Region": "eu-west-1"}]
    aws.by_hand("ReplicateSecretToRegions", SecretId=NAME, AddReplicaRegions=again)
    held.refresh()
    assert [one["region"] for one in held.outputs["replicas"]] == ["us-east-2"]
    with pytest.raises(errors.StoreError, match="the replica in eu-west-1 failed"):
        held.update()
    held.update(force_overwrite_replica_secret=True)
    assert as_declared(aws)
    assert held.diff() == NOTHING


def test_the_policy_is_asked_for_only_where_it_is_managed(aws: Aws) -> None:
    held = declare(secret_string=CANARY).create()
    aws.by_hand("PutResourcePolicy", SecretId=NAME, ResourcePolicy=json.dumps(policy()))
    aws.calls.clear()
    held.refresh()
    assert (aws.actions(), held.diff()) == (LOOK, NOTHING)
    held.update(policy="")
    aws.by_hand("PutResourcePolicy", SecretId=NAME, ResourcePolicy=json.dumps(policy()))
    held.refresh()
    assert held.outputs["drifted"] == ["policy"], "declared to be none"
    held.update()
    assert attached(aws) is None


@pytest.mark.parametrize("drift", DRIFT.values(), ids=DRIFT)
def test_what_is_not_declared_does_not_drift(drift: Drift, aws: Aws) -> None:
    held = declare(secret_string=CANARY).create()
    aws.by_hand("RotateSecret", SecretId=NAME, RotationLambdaARN=LAMBDA, RotateImmediately=False,
                RotationRules={"AutomaticallyAfterDays": 30})  # fmt: skip
    if drift.action == "RemoveRegionsFromReplication":
        there = [{"Region": "eu-west-1"}, {"Region": "eu-west-2"}]
        aws.by_hand("ReplicateSecretToRegions", SecretId=NAME, AddReplicaRegions=there)
    aws.by_hand(drift.action, SecretId=NAME, **drift.given)
    before = dict(held.outputs)
    held.refresh()
    assert held.outputs == before
    assert held.diff() == NOTHING
