"""All groups at once: what is done in which order, and what is refused to a store without them."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from core import cases
from recoverable_secrets.core import facts, learn, ownership, plan, values
from recoverable_secrets.core.decide import decide
from recoverable_secrets.core.facts import Mandate
from recoverable_secrets.core.model import Replica, RotationRules, Spec

MONTHLY = facts.Rotation(function=cases.FUNCTION, days=30)
USABLE = facts.Key(state=facts.KeyState.USABLE)

WHOLE: dict[str, Any] = {
    "description": "new",
    "kms_key_id": cases.KEY,
    "type": "partner",
    "tags": {"team": "a"},
    "policy": cases.DOCUMENT,
    "version_stages": ["green"],
    "replicas": [Replica(region="us-east-2")],
    "rotation_lambda_arn": cases.FUNCTION,
    "rotation_rules": RotationRules(automatically_after_days=30),
}
NEW = cases.spec(cases.VALUE, **WHOLE)
OLD = cases.spec(cases.OTHER_VALUE, tags={"once": "declared"})
NEXT = ownership.next_version_id(cases.ID, cases.FIRST)

POLICY = plan.SetPolicy(document=cases.DOCUMENT, block_public=True)
METADATA = plan.SetMetadata(
    description="new",
    kms_key_id=cases.KEY,
    type="partner",
    source=plan.Source.LITERAL,
    version=NEXT,
)
TAGS = plan.SetTags(tags={"team": "a"})
DROP = plan.DropTags(keys=("once",))
ADD = plan.AddReplicas(replicas=(facts.Replica(region="us-east-2"),))
ROTATE = plan.SetRotation(rotation=MONTHLY)


def live(**told: Any) -> facts.Secret:
    tags = {"once": "declared", **cases.marks(told.pop("owner", cases.OURS))}
    return cases.secret(**{"tags": tags, "version": cases.FIRST, "description": "old", **told})


def decided(found: facts.Observed, wanted: facts.Kept, **policy: Any) -> tuple[plan.Action, ...]:
    decision = decide(found, wanted, cases.policy(**policy), cases.AWS)
    assert isinstance(decision, plan.Plan), decision
    return decision.actions


def remembered(spec: Spec = NEW) -> facts.Kept:
    return cases.kept(spec, memory=cases.memory(spec=OLD, version=cases.FIRST))


def after(found: facts.Present, steps: tuple[plan.Action, ...]) -> facts.Present:
    known: facts.Observed = found
    for step in steps:
        made = getattr(step, "version", None) if plan.valued(step) else None
        known = learn.fold(known, step, plan.Done(version=made, key=USABLE), facts.Ref(cases.NAME))
    assert isinstance(known, facts.Present)
    return known


def test_an_update_of_all_groups_is_one_call_a_group() -> None:
    found = cases.present(live())
    steps = decided(found, remembered())
    assert steps == (POLICY, METADATA, TAGS, DROP, ADD, ROTATE)
    known = after(found, steps)
    label = plan.MoveStage(current=None, to=NEXT, stage="green")
    assert decided(known, remembered()) == (label,), "a label follows the value"
    labelled = after(known, (label,))
    assert decided(labelled, remembered()) == (plan.Wait(), plan.Look()), "the copy is begun"


def test_a_claim_comes_first_and_carries_all_tags() -> None:
    found = cases.present(live(owner=cases.OTHERS))
    wanted = cases.kept(NEW)
    kinds = cases.kinds(plan.Plan(decided(found, wanted, adopt="any", on_value_drift="overwrite")))
    assert kinds == (
        "SetTags", "SetPolicy", "Compare", "SetMetadata", "AddReplicas", "SetRotation",
    )  # fmt: skip


def test_a_restore_goes_no_further_than_the_policy_until_the_key_is_known() -> None:
    secret = live(kms_key_id=cases.KEY)
    pending = facts.PendingDeletion(secret=secret)
    steps = decided(pending, cases.kept(NEW))
    assert steps == (plan.Restore(), POLICY, plan.CheckKey(kms_key_id=cases.KEY))
    found = cases.present(secret, restored=True, policed=True, key=USABLE)
    then = decided(found, cases.kept(NEW))
    assert cases.kinds(plan.Plan(then)) == (
        "Compare", "SetMetadata", "SetTags", "DropTags", "AddReplicas", "SetRotation",
    )  # fmt: skip


def test_a_deputys_mark_is_the_last_of_the_tags_and_copies_and_rotation_follow_it() -> None:
    """What they bring back is told by the record, not by the mark."""
    wanted = cases.kept(NEW, instance="aaaa.1", mandate=Mandate.DEPUTY)
    steps = decided(cases.present(live(), policed=True, holds=cases.FIRST), wanted)
    tags = [step.tags.keys() for step in steps if isinstance(step, plan.SetTags)]
    assert [ownership.INSTANCE in keys for keys in tags] == [False, True]


KINDS = {
    "another type": ("partner", "other", "partner"),
    "the same": ("partner", "partner", None),
    "none is declared: it cannot be taken away": (None, "partner", None),
    "none is there": ("partner", None, "partner"),
}


@pytest.mark.parametrize(("declared", "found", "then"), KINDS.values(), ids=KINDS)
def test_a_type_is_set_and_never_cleared(
    declared: str | None, found: str | None, then: str | None
) -> None:
    before = cases.memory(spec=cases.spec(type="partner"))
    wanted = cases.kept(cases.spec(type=declared), memory=before)
    steps = decided(cases.present(cases.secret(type=found)), wanted)
    assert steps == ((plan.SetMetadata(type=then),) if then else ())


def test_a_store_that_has_none_of_it_is_asked_for_none_of_it() -> None:
    """Not even after a restore, and not at a teardown: what it cannot, it never had."""
    secret = cases.secret(kms_key_id=cases.KEY, version=cases.FIRST)
    restored = cases.present(secret, restored=True)
    kept = decide(restored, cases.kept(cases.spec()), cases.policy(), cases.BARE)
    gone = decide(restored, cases.gone(memory=cases.memory()), cases.policy(), cases.BARE)
    assert kept == plan.Plan((plan.SetMetadata(kms_key_id=""),))
    assert gone == plan.Plan((plan.ScheduleDeletion(days=30),))


TRIGGERS: dict[str, tuple[dict[str, Any], str | None]] = {
    "text tells itself": ({"secret_string": cases.VALUE}, None),
    "nothing is declared": ({}, None),
    "write-only": ({"secret_string_wo": cases.VALUE, "secret_string_wo_version": 7}, "7"),
    "referenced": ({"value_from": {"file": "f"}, "value_version": "v"}, "v"),
    "referenced, and never again": ({"value_from": {"file": "f"}}, None),
    "generated": ({"generate_secret_string": {}, "regenerate_when": "w"}, "w"),
}


@pytest.mark.parametrize(("declared", "trigger"), TRIGGERS.values(), ids=TRIGGERS)
def test_what_makes_a_value_be_written_again(declared: dict[str, Any], trigger: str | None) -> None:
    spec = Spec.model_validate(declared)
    assert values.trigger(spec) == trigger
    assert values.same(spec, spec)
    assert not values.same(spec, cases.spec(cases.OTHER_VALUE))


@pytest.mark.parametrize("group", [name for name in WHOLE if name != "rotation_lambda_arn"])
def test_memory_alone_proves_nothing_of_a_group_that_is_declared_otherwise(group: str) -> None:
    before = dataclasses.replace(cases.memory(), spec=NEW.model_copy(update={group: None}))
    known = dataclasses.replace(before, version=cases.FIRST, live_version=cases.FIRST)
    assert decided(facts.Unknown(), cases.kept(NEW, memory=known)) == (plan.Look(),)
    same = dataclasses.replace(known, spec=NEW)
    assert decided(facts.Unknown(), cases.kept(NEW, memory=same)) == ()
