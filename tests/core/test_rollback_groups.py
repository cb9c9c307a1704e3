"""Policy, labels, replicas, rotation and type of an update that is taken back.

As in test_rollback.py: what the live secret still shows of the attempt is undone, and no more.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from core import cases
from core.attempts import NEW, OLD, steps, wanted
from recoverable_secrets.core import facts, ownership, plan, rollback
from recoverable_secrets.core.model import Replica, RotationRules, Spec

ATTEMPTED, BEFORE = cases.OTHER_VALUE, cases.VALUE
MOVE = plan.MoveStage(current=NEW, to=OLD)
OTHER_DOCUMENT = cases.DOCUMENT.replace("Allow", "Deny")

POLICIES: list[Any] = [
    pytest.param(cases.DOCUMENT, "", [plan.SetPolicy], id="removed by the attempt"),
    pytest.param(cases.DOCUMENT, OTHER_DOCUMENT, [plan.SetPolicy], id="changed by the attempt"),
    pytest.param(None, cases.DOCUMENT, [plan.DropPolicy], id="added by the attempt"),
    pytest.param("", cases.DOCUMENT, [plan.DropPolicy], id="added where none was declared"),
    pytest.param(cases.DOCUMENT, cases.DOCUMENT, [], id="the same"),
    pytest.param(None, "", [], id="none, said otherwise"),
]


@pytest.mark.parametrize(("before", "attempted", "expected"), POLICIES)
def test_a_resource_policy(
    before: str | None, attempted: str | None, expected: list[type[plan.Action]]
) -> None:
    """Blindly: no look shows it."""
    specs = cases.spec(policy=before, block_public_policy=False), cases.spec(policy=attempted)
    done = steps(*specs)
    assert [type(step) for step in done] == expected
    if expected == [plan.SetPolicy]:
        assert done == [plan.SetPolicy(document=cases.DOCUMENT, block_public=False)]
    assert steps(*specs, policed=True) == [], "once an operation"


def test_where_there_are_no_policies_none_is_put_back() -> None:
    back = wanted(cases.spec(), cases.spec(policy=cases.DOCUMENT))
    assert list(rollback.actions(cases.present(), back, cases.NO_POLICIES)) == []


GREEN, NONE = {"version_stages": ["green"]}, dict[str, Any]()
LABELS: list[Any] = [
    pytest.param(NONE, GREEN, {"green": NEW}, (NEW, None), id="attached by the attempt"),
    pytest.param(NONE, GREEN, {"green": OLD}, (OLD, None), id="attached to the attempt's version"),
    pytest.param(NONE, GREEN, {"green": cases.FOREIGN}, None, id="attached, then a person's"),
    pytest.param(NONE, GREEN, {}, None, id="never attempted"),
    pytest.param(GREEN, NONE, {}, (None, NEW), id="taken away by the attempt"),
    pytest.param(GREEN, NONE, {"green": NEW}, None, id="never taken away"),
    pytest.param(GREEN, NONE, {"green": cases.FOREIGN}, None, id="taken away, then a person's"),
    pytest.param(GREEN, GREEN, {"green": OLD}, (OLD, NEW), id="left on the attempt's version"),
    pytest.param(GREEN, GREEN, {"green": cases.FOREIGN}, None, id="a person's"),
    pytest.param(GREEN, GREEN, {"green": NEW}, None, id="where it was"),
    pytest.param(NONE, NONE, {"blue": OLD}, None, id="another's"),
]


@pytest.mark.parametrize(("before", "attempted", "live", "back"), LABELS)
def test_labels(
    before: dict[str, Any],
    attempted: dict[str, Any],
    live: dict[str, str],
    back: tuple[str | None, str | None] | None,
) -> None:
    """`NEW` is current here, and `OLD` was the attempt's: the value was put back already."""
    done = steps(
        cases.spec(**before), cases.spec(**attempted), version=NEW, previous=OLD, labels=live
    )
    expected = [plan.MoveStage(current=back[0], to=back[1], stage="green")] if back else []
    assert done == expected


def test_labels_wait_for_the_value() -> None:
    """They follow the version that is current in the end."""
    before, attempted = cases.spec(BEFORE, **GREEN), cases.spec(ATTEMPTED, **GREEN)
    live = {"version": NEW, "previous": OLD, "labels": {"green": NEW}}
    assert steps(before, attempted, **live, holds=NEW) == [MOVE]
    never_moved = {**live, "labels": {"green": OLD}}
    assert steps(before, attempted, **never_moved, holds=NEW) == [MOVE], "it is right then"
    moved = {"version": OLD, "previous": NEW, "labels": {"green": NEW}}
    assert steps(before, attempted, **moved, holds=NEW) == [
        plan.MoveStage(current=NEW, to=OLD, stage="green")
    ]


def test_a_secret_without_a_version_has_no_labels() -> None:
    assert steps(cases.spec(**GREEN), cases.spec(), version=None) == []


OHIO, PARIS = facts.Replica(region="us-east-2"), facts.Replica(region="eu-west-3")
KEYED = facts.Replica(region="us-east-2", kms_key_id="alias/a")
ADD, REMOVE = plan.AddReplicas(replicas=(OHIO,)), plan.RemoveReplicas(regions=("us-east-2",))
WAIT = [plan.Wait(), plan.Look()]
COPIES: list[Any] = [
    pytest.param([], [OHIO], [OHIO], {}, [REMOVE], id="added by the attempt"),
    pytest.param([], [OHIO], [], {}, [], id="never attempted"),
    pytest.param([], [OHIO], [KEYED], {}, [], id="a person made another"),
    pytest.param([OHIO], [], [], {}, [ADD], id="removed by the attempt"),
    pytest.param([OHIO], [], [OHIO], {}, [], id="never removed"),
    pytest.param([OHIO], [], [KEYED], {}, [], id="removed, then a person's"),
    pytest.param([OHIO], [KEYED], [KEYED], {}, [REMOVE, *WAIT], id="made anew by the attempt"),
    pytest.param([OHIO], [KEYED], [KEYED], {"removed": True}, WAIT, id="still listed"),
    pytest.param([OHIO], [KEYED], [], {"removed": True}, [ADD], id="gone at last"),
    pytest.param([OHIO], [OHIO], [], {}, [], id="the same: drift is left alone"),
    pytest.param(None, None, [PARIS], {}, [], id="another's"),
    pytest.param([], [OHIO], [OHIO, PARIS], {}, [REMOVE], id="beside another's"),
    pytest.param([PARIS], [PARIS, OHIO], [PARIS, OHIO], {}, [REMOVE], id="beside one from before"),
    pytest.param([OHIO], [OHIO], [OHIO], {}, [], id="the same, and there"),
]


@pytest.mark.parametrize(("before", "attempted", "live", "known", "expected"), COPIES)
def test_replicas(
    before: list[facts.Replica] | None,
    attempted: list[facts.Replica] | None,
    live: list[facts.Replica],
    known: dict[str, Any],
    expected: list[plan.Action],
) -> None:
    removed = frozenset({"us-east-2"}) if known else frozenset()
    done = steps(copies(before), copies(attempted), replicas=tuple(live), removed=removed)
    assert done == expected


def copies(declared: list[facts.Replica] | None) -> Spec:
    if declared is None:
        return cases.spec()
    made = [Replica(region=each.region, kms_key_id=each.kms_key_id) for each in declared]
    return cases.spec(replicas=made)


def test_the_record_of_replicas_is_left_to_the_teardown() -> None:
    """It is put right there: no update writes it, so none has to be taken back."""
    tags = {ownership.REPLICAS: "us-east-2"}
    assert steps(copies([]), copies([OHIO]), tags=tags) == []


MONTHLY = facts.Rotation(function=cases.FUNCTION, days=30)
WEEKLY = facts.Rotation(function=cases.FUNCTION, days=7)
OFF = dataclasses.replace(MONTHLY, enabled=False)
SET, CANCEL = plan.SetRotation(rotation=MONTHLY), plan.CancelRotation()
ROTATIONS: list[Any] = [
    pytest.param(None, 30, MONTHLY, [CANCEL], id="set by the attempt"),
    pytest.param(None, 30, None, [], id="never attempted"),
    pytest.param(None, 30, WEEKLY, [], id="a person's since"),
    pytest.param(30, 7, WEEKLY, [SET], id="changed by the attempt"),
    pytest.param(30, 7, MONTHLY, [], id="never changed"),
    pytest.param(30, None, OFF, [SET], id="cancelled by the attempt"),
    pytest.param(30, None, MONTHLY, [], id="never cancelled"),
    pytest.param(30, 30, WEEKLY, [], id="the same: drift is left alone"),
    pytest.param(None, None, WEEKLY, [], id="another's"),
]


@pytest.mark.parametrize(("before", "attempted", "live", "expected"), ROTATIONS)
def test_rotation(
    before: int | None,
    attempted: int | None,
    live: facts.Rotation | None,
    expected: list[plan.Action],
) -> None:
    """It never fires at once: nobody asked for another value."""
    flag = {ownership.ROTATION: "on"}
    specs = rotated(before), rotated(attempted)
    done = steps(*specs, rotation=live, tags=flag)
    assert done == expected
    assert steps(*specs, rotation=live, tags=flag, rotated=True) == []


def rotated(days: int | None) -> Spec:
    if days is None:
        return cases.spec()
    rules = RotationRules(automatically_after_days=days)
    return cases.spec(rotation_lambda_arn=cases.FUNCTION, rotation_rules=rules)


KINDS: list[Any] = [
    pytest.param("was", "tried", "tried", "was", id="changed by the attempt"),
    pytest.param("was", "tried", "was", None, id="never attempted"),
    pytest.param("was", "tried", "a person's", None, id="a person's since"),
    pytest.param(None, "tried", "tried", None, id="a type cannot be taken away"),
    pytest.param("was", "was", "a person's", None, id="no difference: drift is left alone"),
    pytest.param("was", "was", "was", None, id="no difference, and no drift"),
]


@pytest.mark.parametrize(("before", "attempted", "live", "back"), KINDS)
def test_a_type(before: str | None, attempted: str | None, live: str, back: str | None) -> None:
    done = steps(cases.spec(type=before), cases.spec(type=attempted), type=live)
    assert done == ([] if back is None else [plan.SetMetadata(type=back)])


EVERYTHING = cases.spec(
    BEFORE,
    description="was",
    kms_key_id="alias/was",
    type="was",
    tags={"t": "was"},
    policy=cases.DOCUMENT,
    version_stages=["was"],
    replicas=[Replica(region="us-east-2")],
    rotation_lambda_arn=cases.FUNCTION,
    rotation_rules=RotationRules(automatically_after_days=30),
)


@pytest.mark.parametrize("before", [EVERYTHING, cases.spec()], ids=["all", "nothing"])
@pytest.mark.parametrize("attempted", [EVERYTHING, cases.spec()], ids=["all", "nothing"])
def test_what_a_person_has_put_since_stays(before: Spec, attempted: Spec) -> None:
    """But for the policy, which no look shows."""
    live = {
        "description": "a person's",
        "kms_key_id": "alias/persons",
        "type": "a person's",
        "tags": {"t": "a person's", "by": "a person"},
        "version": cases.FOREIGN,
        "previous": OLD,
        "labels": {"was": "a person's"},
        "replicas": (facts.Replica(region="us-east-2", kms_key_id="alias/persons"),),
        "rotation": facts.Rotation(function="a person's", days=1),
        "policed": True,
    }
    assert steps(before, attempted, **live) == []
