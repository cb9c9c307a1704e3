"""What differs, group by group: which action, with which content, and what is left alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import pytest

from core import cases
from core.cases import ID, memory, secret, spec
from recoverable_secrets.core import diff, facts, ownership, plan
from recoverable_secrets.core.decide import decide
from recoverable_secrets.core.diff import Relation
from recoverable_secrets.core.fields import traits
from recoverable_secrets.core.generate import Generate
from recoverable_secrets.core.model import (
    FIELDS,
    Declaration,
    Location,
    Replica,
    RotationRules,
    Spec,
)
from recoverable_secrets.core.policy import Policy
from recoverable_secrets.core.references import ValueFrom

KEY = cases.KEY
LITERAL = plan.Source.LITERAL

OWNER_TAG, INSTANCE_TAG, ORIGIN_TAG = ownership.OWNER, ownership.INSTANCE, ownership.ORIGIN


def steps(
    live: facts.Present | facts.PendingDeletion, wanted: facts.Kept, **policy: str
) -> tuple[plan.Action, ...]:
    decision = decide(live, wanted, cases.policy(**policy), cases.AWS)
    assert isinstance(decision, plan.Plan), decision
    return decision.actions


def live(*, tags: Mapping[str, str] | None = None, **told: Any) -> facts.Present:
    """Return a live secret of ours with those tags of its users."""
    return facts.Present(secret=secret(tags={**(tags or {}), **cases.marks()}, **told))


def same(declared: Spec, before: Spec | None = None, **told: Any) -> facts.Kept:
    """Return what is wanted of a secret that is remembered."""
    return cases.kept(declared, memory=memory(spec=before or declared, **told))


def generated() -> Spec:
    return spec(generate_secret_string=Generate())


DECLARED = spec(cases.VALUE, description="text", kms_key_id=KEY, tags={"team": "a"})

UNKNOWN = {
    "nothing changed": (same(DECLARED, version=cases.FIRST, live_version=cases.FIRST), {}, ()),
    "another description": (same(spec(description="b"), spec(description="a")), {}, ("Look",)),
    "a description no longer declared": (same(spec(), spec(description="a")), {}, ("Look",)),
    "another key": (same(spec(kms_key_id="b"), spec(kms_key_id="a")), {}, ("Look",)),
    "another value": (same(spec(cases.VALUE), spec(cases.OTHER_VALUE)), {}, ("Look",)),
    "another tag": (same(spec(tags={"a": "2"}), spec(tags={"a": "1"})), {}, ("Look",)),
    "no tags where none were declared": (same(spec(tags={}), spec()), {}, ("Look",)),
    "the owner was renamed": (same(DECLARED, owner=cases.RENAMED), {}, ("Look",)),
    "a window is policy only": (same(DECLARED), {"recovery_window_in_days": 7}, ()),
    "force is policy only": (same(DECLARED), {"force_delete_without_recovery": True}, ()),
    "deletion is policy only": (same(DECLARED), {"deletion": "retain"}, ()),
    "the guard is policy only": (
        same(DECLARED), {"refuse_deletion_if_accessed_within": 7}, ()),
    "on_recreate is policy only": (same(DECLARED), {"on_recreate": "fail"}, ()),
    "adopt is policy only": (same(DECLARED), {"adopt": "any"}, ()),
    "a timeout is policy only": (same(DECLARED), {"timeout": 1}, ()),
    "a value of others may stay": (
        same(DECLARED, version=cases.FIRST, live_version=cases.FOREIGN), {}, ()),
    "a value of others is to be overwritten": (
        same(DECLARED, version=cases.FIRST, live_version=cases.FOREIGN),
        {"on_value_drift": "overwrite"}, ("Look",)),
    "other parameters count for a new value only": (
        same(spec(generate_secret_string=Generate(password_length=8)), generated(),
             live_version=cases.FIRST), {}, ()),
    "a value to be generated where one is known to be": (
        same(generated(), spec(), live_version=cases.FOREIGN), {}, ()),
    "a value to be generated where none is known to be": (
        same(generated(), spec()), {}, ("Look",)),
    "a generated value that is gone": (
        same(generated(), version=cases.FIRST), {}, ("Look",)),
    "a value of others is no worse than a generated one": (
        same(generated(), version=cases.FIRST, live_version=cases.FOREIGN),
        {"on_value_drift": "overwrite"}, ()),
    "generated instead of declared": (
        same(generated(), spec(cases.VALUE), live_version=cases.FIRST), {}, ("Look",)),
    "nothing to overwrite it with": (
        same(spec(), version=cases.FIRST, live_version=cases.FOREIGN),
        {"on_value_drift": "overwrite"}, ()),
}  # fmt: skip


@pytest.mark.parametrize(("wanted", "allowed", "then"), UNKNOWN.values(), ids=UNKNOWN)
def test_memory_alone_proves_that_no_call_is_needed(
    wanted: facts.Kept, allowed: dict[str, Any], then: tuple[str, ...]
) -> None:
    policy = cases.policy(**allowed)
    assert cases.kinds(decide(facts.Unknown(), wanted, policy, cases.AWS)) == then


VERSION = ownership.next_version_id(ID, cases.FIRST)

GROUPS: dict[str, tuple[facts.Present, facts.Kept, tuple[plan.Action, ...]]] = {
    "as wanted": (
        live(description="text", kms_key_id=KEY, tags={"team": "a"}, version=cases.FIRST),
        same(DECLARED, version=cases.FIRST), ()),
    "description changed": (
        live(description="a"), same(spec(description="b"), spec(description="a")),
        (plan.SetMetadata(description="b"),)),
    "description cleared by empty text": (
        live(description="a"), same(spec(description=""), spec(description="a")),
        (plan.SetMetadata(description=""),)),
    "description no longer declared is removed": (
        live(description="a"), same(spec(), spec(description="a")),
        (plan.SetMetadata(description=""),)),
    "description never declared is not managed": (
        live(description="by hand"), same(spec()), ()),
    "empty text declared where there is none": (live(), same(spec(description="")), ()),
    "key changed": (
        live(kms_key_id="alias/a"), same(spec(kms_key_id="alias/b"), spec(kms_key_id="alias/a")),
        (plan.SetMetadata(kms_key_id="alias/b"),)),
    "key no longer declared goes back to the default": (
        live(kms_key_id=KEY), same(spec(), spec(kms_key_id=KEY)),
        (plan.SetMetadata(kms_key_id=""),)),
    "key never declared is not managed": (live(kms_key_id=KEY), same(spec()), ()),
    "key in another spelling": (live(kms_key_id=KEY), same(spec(kms_key_id="1111-2222")), ()),
    "the default key, said in so many words": (
        live(), same(spec(kms_key_id="alias/aws/secretsmanager")), ()),
    "description, key and value in one call": (
        live(description="a", kms_key_id="alias/a", version=cases.FIRST),
        same(spec(cases.VALUE, description="b", kms_key_id="alias/b"),
             spec(cases.OTHER_VALUE, description="a", kms_key_id="alias/a"), version=cases.FIRST),
        (plan.SetMetadata(description="b", kms_key_id="alias/b", source=LITERAL,
                          version=VERSION),)),
    "a value no longer declared stays": (
        live(version=cases.FIRST), same(spec(), spec(cases.VALUE), version=cases.FIRST), ()),
    "tag added": (
        live(), same(spec(tags={"a": "1"}), spec()),
        (plan.SetTags(tags={"a": "1"}),)),
    "only the tag that changed is sent": (
        live(tags={"a": "1", "b": "1"}),
        same(spec(tags={"a": "1", "b": "2"}), spec(tags={"a": "1", "b": "1"})),
        (plan.SetTags(tags={"b": "2"}),)),
    "tag no longer declared is dropped, others' tags are not": (
        live(tags={"a": "1", "hand": "made"}), same(spec(tags={}), spec(tags={"a": "1"})),
        (plan.DropTags(keys=("a",)),)),
    "all tags no longer declared are dropped, in one call": (
        live(tags={"b": "1", "a": "1"}), same(spec(), spec(tags={"b": "1", "a": "1"})),
        (plan.DropTags(keys=("a", "b")),)),
    "a tag that is gone already is not dropped": (
        live(), same(spec(), spec(tags={"a": "1"})), ()),
    "tags added before others are dropped": (
        live(tags={"a": "1"}), same(spec(tags={"b": "1"}), spec(tags={"a": "1"})),
        (plan.SetTags(tags={"b": "1"}), plan.DropTags(keys=("a",)))),
    "a declared tag that drifted comes back": (
        live(tags={"a": "by hand"}), same(spec(tags={"a": "1"})),
        (plan.SetTags(tags={"a": "1"}),)),
    "the owner was renamed: rewritten in place": (
        facts.Present(secret=secret(tags=cases.marks(cases.RENAMED))),
        same(spec(), owner=cases.RENAMED),
        (plan.SetTags(tags={OWNER_TAG: cases.OURS}),)),
    "our mark of this incarnation was changed": (
        facts.Present(secret=secret(tags=cases.marks(instance=cases.PAST_MARK))), same(spec()),
        (plan.SetTags(tags={INSTANCE_TAG: cases.LIVE_MARK}),)),
    "a surface that keeps no mark leaves the live one": (live(), same(spec(), instance=None), ()),
    "no mark anywhere: a fresh one": (
        facts.Present(secret=secret(tags=cases.marks(instance=None))), same(spec(), instance=None),
        (plan.SetTags(tags={INSTANCE_TAG: cases.FRESH_MARK}),)),
}  # fmt: skip


@pytest.mark.parametrize(("found", "wanted", "then"), GROUPS.values(), ids=GROUPS)
def test_each_differing_group_is_one_action(
    found: facts.Present, wanted: facts.Kept, then: tuple[plan.Action, ...]
) -> None:
    assert steps(found, wanted) == then


def test_what_is_found_without_memory_becomes_exactly_what_is_declared() -> None:
    """As it is after a restore, or after a run that broke off."""
    tags = {"team": "old", "hand": "made", "aws:cloudformation:stack-name": "x"}
    left = live(tags=tags, description="old", kms_key_id=KEY, version=cases.FIRST)
    wanted = cases.kept(spec(cases.VALUE, tags={"team": "a"}))
    rest = (
        plan.Compare(source=LITERAL, version=cases.FIRST),
        plan.SetMetadata(description="", kms_key_id=""),
    )
    dropped = plan.DropTags(keys=("hand",))
    fresh = plan.SetTags(tags={"team": "a", INSTANCE_TAG: cases.FRESH_MARK})
    assert steps(left, wanted) == (plan.DropPolicy(), *rest, fresh, dropped)
    pending = facts.PendingDeletion(secret=left.secret)
    # A customer's key may be unusable: nothing but the policy is touched before that is known.
    check = plan.CheckKey(kms_key_id=KEY)
    assert steps(pending, wanted) == (plan.Restore(), plan.DropPolicy(), check)
    checked = dataclasses.replace(
        left, restored=True, policed=True, key=facts.Key(state=facts.KeyState.USABLE)
    )
    # A restored secret keeps its mark: it is the same incarnation that comes back.
    restored = plan.SetTags(tags={"team": "a"})
    assert steps(checked, wanted) == (*rest, restored, dropped)


def test_the_resource_policy_is_dropped_once_an_operation() -> None:
    found = facts.Present(secret=secret(), restored=True, policed=True)
    assert steps(found, cases.kept()) == ()


def test_what_was_adopted_once_keeps_what_others_made() -> None:
    tags = {"hand": "made", **cases.marks(origin="adopted")}
    found = secret(tags=tags, description="by hand", kms_key_id=KEY)
    check = plan.CheckKey(kms_key_id=KEY)
    assert steps(facts.PendingDeletion(secret=found), cases.kept()) == (plan.Restore(), check)
    checked = facts.Present(secret=found, restored=True, key=facts.Key(state=facts.KeyState.USABLE))
    assert steps(checked, cases.kept()) == ()


@pytest.mark.parametrize("owner", [None, cases.OTHERS], ids=["unowned", "foreign"])
@pytest.mark.parametrize("pending", [False, True], ids=["live", "pending"])
@pytest.mark.parametrize("remembers", [False, True], ids=["new", "remembered"])
def test_taking_over_claims_by_tags(owner: str | None, *, pending: bool, remembers: bool) -> None:
    """A fresh mark tells the former owner's surface that its incarnation is over."""
    found = secret(tags={"hand": "made", **cases.marks(owner, cases.PAST_MARK)}, description="x")
    wanted = same(spec(tags={"a": "1"})) if remembers else cases.kept(spec(tags={"a": "1"}))
    claim = {
        "a": "1",
        OWNER_TAG: cases.OURS,
        INSTANCE_TAG: cases.LIVE_MARK if remembers else cases.FRESH_MARK,
        ORIGIN_TAG: "adopted",
    }
    expected = (plan.SetTags(tags=claim),)
    if pending:
        done = steps(facts.PendingDeletion(secret=found), wanted, adopt="any")
        assert done == (plan.Restore(), *expected)
    else:
        assert steps(facts.Present(secret=found), wanted, adopt="any") == expected


@pytest.mark.parametrize("days", [7, 30])
def test_a_restore_is_undone_by_the_same_window(days: int) -> None:
    policy = cases.policy(recovery_window_in_days=days)
    decision = decide(facts.PendingDeletion(secret=secret()), cases.kept(), policy, cases.AWS)
    assert isinstance(decision, plan.Plan)
    assert decision.actions[0].undo == plan.ScheduleDeletion(days=days)


def test_a_version_id_that_was_used_is_not_used_again() -> None:
    """Somebody moved back from the version that our update would make again."""
    found = dataclasses.replace(live(version=cases.FIRST), spent=VERSION)
    wanted = same(spec(cases.VALUE), spec(cases.OTHER_VALUE), version=cases.FIRST)
    following = ownership.next_version_id(ID, VERSION)
    assert steps(found, wanted) == (plan.SetMetadata(source=LITERAL, version=following),)


FIXED = {
    "another key than it has": ("alias/b", "refuse"),
    "the key that it has": ("alias/a", ""),
    "no key: whatever it has": (None, ""),
}


@pytest.mark.parametrize(("key", "then"), FIXED.values(), ids=FIXED)
@pytest.mark.parametrize("pending", [False, True], ids=["live", "pending"])
@pytest.mark.parametrize("remembers", [False, True], ids=["new", "remembered"])
def test_a_store_of_fixed_keys_is_never_asked_to_change_one(
    key: str | None, then: str, *, pending: bool, remembers: bool
) -> None:
    """A request that a store cannot honour is refused, never weakened and never sent."""
    declared = spec(kms_key_id=key)
    wanted = same(declared, spec(kms_key_id="alias/a")) if remembers else cases.kept(declared)
    found = live(kms_key_id="alias/a").secret
    seen = facts.PendingDeletion(secret=found) if pending else facts.Present(secret=found)
    decision = decide(seen, wanted, cases.policy(), cases.FIXED_KEY)
    if then:
        assert isinstance(decision, plan.Refusal), decision
        assert "the key that it has" in decision.text
    else:
        assert "SetMetadata" not in cases.kinds(decision)
        assert cases.kinds(decision) != ("refuse",)


RELATIONS: dict[str, tuple[str | None, facts.Memory | None, Relation]] = {
    "our tag": (cases.OURS, None, Relation.OURS),
    "our tag, another id remembered": (cases.OURS, memory(id=cases.OTHER_ID), Relation.OURS),
    "no tag": (None, None, Relation.UNOWNED),
    "no tag, although remembered": (None, memory(), Relation.UNOWNED),
    "another's tag": (cases.OTHERS, None, Relation.FOREIGN),
    "another's tag, although remembered": (cases.OTHERS, memory(), Relation.FOREIGN),
    "our tag of old": (cases.RENAMED, memory(owner=cases.RENAMED), Relation.OURS),
    "our tag of old on another id": (
        cases.RENAMED, memory(owner=cases.RENAMED, id=cases.OTHER_ID), Relation.FOREIGN),
}  # fmt: skip


@pytest.mark.parametrize(("tag", "remembered", "whose"), RELATIONS.values(), ids=RELATIONS)
def test_whose_it_is(tag: str | None, remembered: facts.Memory | None, whose: Relation) -> None:
    found = secret(tags=cases.marks(tag))
    for wanted in (cases.kept(memory=remembered), cases.gone(memory=remembered)):
        assert diff.relation(found, wanted) is whose


def test_only_name_and_region_force_a_replacement() -> None:
    old = {"name": "a", "region": "eu-west-1", "description": "x"}
    new = Declaration(spec=Spec(name="b", description="y"), location=Location(region="eu-north-1"))
    assert diff.replaced(old, new, cases.AWS) == ["name", "region"]
    assert diff.replaced({"name": "b", "region": "eu-north-1"}, new, cases.AWS) == []
    assert diff.replaced(old, Declaration(), cases.AWS) == [], "not declared stays as it is"
    replacing = {name for name, info in FIELDS.items() if traits(info).replaces}
    assert replacing == {"name", "name_prefix", "region"}


IN_PLACE = [name for name, info in FIELDS.items() if not traits(info).replaces]


@pytest.mark.parametrize("name", IN_PLACE)
def test_every_other_field_can_change_in_place(name: str) -> None:
    content: dict[str, Any] = {
        "kms_key_id": "k", "description": "d", "secret_string": cases.VALUE,
        "secret_binary": cases.VALUE, "generate_secret_string": Generate(), "tags": {},
        "owner": "o", "recovery_window_in_days": 7,
        "force_delete_without_recovery": True, "deletion": "retain", "on_recreate": "fail",
        "adopt": "any", "on_value_drift": "overwrite", "timeout": 1, "profile": "p",
        "assume_role_arn": "r", "allowed_account_ids": ["1"], "type": "t",
        "secret_json": cases.VALUE, "secret_string_wo": cases.VALUE,
        "secret_string_wo_version": 1, "regenerate_when": "1",
        "value_from": ValueFrom(file="f"), "value_version": "1", "version_stages": ["a"],
        "replicas": [Replica(region="us-east-2")], "policy": cases.DOCUMENT,
        "block_public_policy": False, "rotation_lambda_arn": "l",
        "rotation_rules": RotationRules(automatically_after_days=1), "rotation_enabled": False,
        "external_secret_rotation_metadatas": {}, "external_secret_rotation_role_arn": "r",
        "previous_version": "deprecate", "force_overwrite_replica_secret": True,
        "rotate_immediately": True, "refuse_deletion_if_accessed_within": 1,
    }  # fmt: skip
    told = {name: content[name]}
    models = {"spec": Spec, "policy": Policy, "location": Location}
    new = Declaration(**{
        part: model(**(told if name in model.model_fields else {}))
        for part, model in models.items()
    })  # fmt: skip
    assert diff.changed(Declaration(), new) == [name]
    assert diff.changed(new, new) == []
    assert diff.replaced({}, new, cases.AWS) == []
    fixed = diff.replaced({}, new, cases.FIXED_KEY)
    assert fixed == (["kms_key_id"] if name == "kms_key_id" else [])


def test_a_new_secret_is_made_in_one_call() -> None:
    wanted = cases.kept(spec(cases.VALUE, description="d", kms_key_id="k", tags={"a": "1"}))
    tags = {"a": "1", OWNER_TAG: cases.OURS, INSTANCE_TAG: cases.FRESH_MARK, ORIGIN_TAG: "created"}
    assert diff.desired(wanted, Policy()) == plan.Create(
        description="d", kms_key_id="k", tags=tags, version=cases.FRESH, source=LITERAL
    )
    bare = cases.kept(spec(description="", kms_key_id=""))
    made = diff.desired(bare, Policy())
    assert (made.description, made.kms_key_id, made.source) == (None, None, None)
    assert diff.desired(cases.kept(generated()), Policy()).source is plan.Source.GENERATED


OWN = {ownership.ORIGIN: "created", ownership.OWNER: "another's"}


@pytest.mark.parametrize("mandate", facts.Mandate)
def test_our_own_tags_are_never_a_users(mandate: facts.Mandate) -> None:
    """What a surface remembers, or hands over unchecked, can neither forge nor drop a mark."""
    live = cases.secret(tags=cases.marks(cases.OURS, "aaaa.1", "adopted"))
    kept = {"mandate": mandate, "instance": "aaaa.1"}
    forged = cases.kept(cases.spec(tags=OWN), memory=cases.memory(instance=None), **kept)
    actions = list(diff.actions(cases.present(live), forged, cases.policy(), cases.AWS))
    assert actions == []
    before = cases.memory(instance=None, spec=cases.spec(tags=OWN))
    dropped = cases.kept(memory=before, **kept)
    assert list(diff.actions(cases.present(live), dropped, cases.policy(), cases.AWS)) == []
    assert diff.desired(forged, Policy()).tags[ownership.OWNER] == cases.OURS


@pytest.mark.parametrize(("others", "first"), [(0, "SetTags"), (17, "SetTags"), (18, "DropTags")])
def test_tags_that_do_not_fit_together_are_dropped_first(others: int, first: str) -> None:
    """Fifteen for fifteen beside those of others and our three: fifty fit."""
    old, new = ({f"{letter}{n}": "" for n in range(15)} for letter in "ab")
    live = {**old, **{f"x{n}": "" for n in range(others)}, **cases.marks()}
    wanted = cases.kept(cases.spec(tags=new), memory=cases.memory(spec=cases.spec(tags=old)))
    seen = cases.present(cases.secret(tags=live))
    kinds = [type(a).__name__ for a in diff.actions(seen, wanted, cases.policy(), cases.AWS)]
    assert kinds == [first, "DropTags" if first == "SetTags" else "SetTags"]
