"""A plan is a value: it prints, compares, tells whether it destroys, and holds no value."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from core import cases
from recoverable_secrets.core import facts, plan
from recoverable_secrets.core.plan import Plan, Refusal

LITERAL = plan.Source.LITERAL
VERSION = cases.FIRST
RESTORE = plan.Restore(undo=plan.ScheduleDeletion(days=30))

TOLD: dict[str, tuple[plan.Action, str]] = {
    "look": (plan.Look(), "look"),
    "wait": (plan.Wait(), "wait"),
    "create": (
        plan.Create(
            description="text", kms_key_id="k", tags={"a": "1", "b": "2"}, version=VERSION,
            source=LITERAL,
        ),
        "create: description = text, kms_key_id = k, tags = a, b, value = literal",
    ),
    "create with nothing": (
        plan.Create(description=None, kms_key_id=None, tags={}, version=VERSION, source=None),
        "create: tags = none",
    ),
    "restore": (RESTORE, "restore"),
    "description": (plan.SetMetadata(description="text"), "set metadata: description = text"),
    "cleared": (
        plan.SetMetadata(description="", kms_key_id=""),
        "set metadata: description = none, kms_key_id = none",
    ),
    "value": (
        plan.SetMetadata(source=LITERAL, version=VERSION), "set metadata: value = literal"),
    "a generated value": (
        plan.SetMetadata(source=plan.Source.GENERATED, version=VERSION),
        "set metadata: value = generated",
    ),
    "a value that was attempted": (
        plan.Compare(source=plan.Source.ATTEMPTED, version=VERSION), "compare: value = attempted"),
    "compare": (plan.Compare(source=LITERAL, version=VERSION), "compare: value = literal"),
    "another version is current": (
        plan.MoveStage(current=cases.FOREIGN, to="the-one-before"),
        f"move stage: current = {cases.FOREIGN}, to = the-one-before, stage = AWSCURRENT",
    ),
    "set tags": (plan.SetTags(tags={"a": "1"}), "set tags: tags = a"),
    "drop tags": (plan.DropTags(keys=("a", "b")), "drop tags: keys = a, b"),
    "drop policy": (plan.DropPolicy(), "drop policy"),
    "a label goes": (
        plan.MoveStage(current=cases.FOREIGN, to=None, stage="green"),
        f"move stage: current = {cases.FOREIGN}, stage = green",
    ),
    "set policy: what it says is nobody else's business": (
        plan.SetPolicy(document=cases.DOCUMENT, block_public=True),
        "set policy: block_public = True",
    ),
    "set policy, a public one too": (
        plan.SetPolicy(document=cases.DOCUMENT, block_public=False), "set policy"),
    "create with replicas and a type": (
        plan.Create(
            description=None, kms_key_id=None, tags={"a": "1"}, version=VERSION, source=None,
            replicas=(facts.Replica(region="us-east-2", kms_key_id="k"),), overwrite=True,
            type="partner",
        ),
        "create: tags = a, replicas = us-east-2, overwrite = True, type = partner",
    ),
    "add replicas": (
        plan.AddReplicas(
            replicas=(facts.Replica(region="us-east-2"), facts.Replica(region="us-west-2")),
        ),
        "add replicas: replicas = us-east-2, us-west-2",
    ),
    "remove replicas": (
        plan.RemoveReplicas(regions=("us-east-2",)), "remove replicas: regions = us-east-2"),
    "rotate by days": (
        plan.SetRotation(rotation=facts.Rotation(function=cases.FUNCTION, days=30)),
        f"set rotation: rotation = {cases.FUNCTION}",
    ),
    "rotate by a schedule, at once": (
        plan.SetRotation(
            rotation=facts.Rotation(function=cases.FUNCTION, schedule="rate(4 hours)"),
            immediately=True,
        ),
        f"set rotation: rotation = {cases.FUNCTION} rate(4 hours), immediately = True",
    ),
    "rotate by a partner": (
        plan.SetRotation(rotation=facts.Rotation(days=30)), "set rotation: rotation = none"),
    "cancel rotation": (plan.CancelRotation(), "cancel rotation"),
    "check the key": (plan.CheckKey(kms_key_id=cases.KEY), f"check key: kms_key_id = {cases.KEY}"),
    "type": (plan.SetMetadata(type="partner"), "set metadata: type = partner"),
    "a value that is read": (
        plan.SetMetadata(source=plan.Source.REFERENCED, version=VERSION),
        "set metadata: value = referenced",
    ),
    "schedule": (plan.ScheduleDeletion(days=30), "schedule deletion: days = 30"),
    "purge": (plan.Purge(), "purge"),
}  # fmt: skip


@pytest.mark.parametrize(("action", "line"), TOLD.values(), ids=TOLD)
def test_each_action_is_told_in_a_line(action: plan.Action, line: str) -> None:
    assert plan.describe(Plan((action,))) == line


def test_every_action_is_told_above() -> None:
    names = {kind.__name__ for kind in plan.Action.__subclasses__()}
    assert names == {type(action).__name__ for action, _ in TOLD.values()}


def test_a_plan_is_told_step_by_step_with_its_notes() -> None:
    told = Plan((plan.Purge(), plan.Wait()), ("first note", "second note"))
    assert plan.describe(told).splitlines() == [
        "purge", "wait", "note: first note", "note: second note",
    ]  # fmt: skip
    assert plan.describe(Plan()) == "nothing to do"
    assert plan.describe(Plan(notes=("left alone",))) == "note: left alone"
    assert plan.describe(Refusal("because")) == "refused: because"
    assert plan.describe(plan.Failure("because", "Code")) == "failed: because"


def test_marks_and_version_ids_are_not_told() -> None:
    """They differ at each run, so that two previews would never look alike."""
    for action, _ in TOLD.values():
        assert cases.DOCUMENT_CANARY not in plan.describe(Plan((action,))), "the text of a policy"
        assert "recoverable-secrets-" not in plan.describe(Plan((action,)))
    tags = cases.marks(instance="random")
    assert "random" not in plan.describe(Plan((plan.SetTags(tags=tags),)))


@pytest.mark.parametrize(
    ("actions", "destructive", "irreversible"),
    [
        pytest.param((), False, False, id="nothing"),
        pytest.param((plan.Look(), RESTORE), False, False, id="an undo that schedules is no plan"),
        pytest.param((plan.DropPolicy(), plan.DropTags(keys=("a",))), False, False, id="changes"),
        pytest.param((plan.MoveStage(current="a", to="b"),), False, False, id="both versions stay"),
        pytest.param(
            (plan.RemoveReplicas(regions=("us-east-2",)), plan.CancelRotation()),
            False,
            False,
            id="the secret itself stays",
        ),
        pytest.param((plan.ScheduleDeletion(days=7),), True, False, id="schedule"),
        pytest.param((plan.Purge(),), True, True, id="purge"),
        pytest.param((plan.Purge(), plan.Wait()), True, True, id="purge and go on"),
    ],
)
def test_what_destroys_says_so(
    actions: tuple[plan.Action, ...], *, destructive: bool, irreversible: bool
) -> None:
    made = Plan(actions)
    assert (made.destructive, made.irreversible) == (destructive, irreversible)


def test_plans_compare_by_what_they_do() -> None:
    again = plan.SetTags(tags=plan.frozen({"a": "1"}))
    assert Plan((plan.SetTags(tags={"a": "1"}),)) == Plan((again,))
    assert Plan((plan.SetTags(tags={"a": "2"}),)) != Plan((again,))
    assert Plan((plan.Look(),)) != Plan((plan.Wait(),))
    assert Plan(notes=("a",)) != Plan()


def test_how_a_step_is_undone_does_not_make_it_another_step() -> None:
    """A step that meets the same conflict twice is found by comparing it."""
    assert plan.Restore() == RESTORE


@pytest.mark.parametrize("action", [action for action, _ in TOLD.values()], ids=TOLD)
def test_actions_cannot_be_changed(action: Any) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        action.undo = None


def test_frozen_tags_are_a_copy_that_cannot_be_changed() -> None:
    tags = {"a": "1"}
    copy: Any = plan.frozen(tags)
    tags["a"] = "2"
    assert copy == {"a": "1"}
    with pytest.raises(TypeError):
        copy["a"] = "3"


@pytest.mark.parametrize(("action", "line"), TOLD.values(), ids=TOLD)
def test_a_value_goes_only_with_an_action_that_has_its_source(
    action: plan.Action, line: str
) -> None:
    assert plan.valued(action) is ("value = " in line)
