"""What holds of every decision, whatever the state: the promises, as far as the core makes them."""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given

from core import cases, states
from core.states import World
from recoverable_secrets.core import errors, facts, learn, ownership, plan
from recoverable_secrets.core.decide import decide
from recoverable_secrets.core.plan import Failure, Plan, Refusal
from recoverable_secrets.core.policy import Adopt, Policy
from recoverable_secrets.core.sealed import Sealed

HARMLESS = (plan.Look, plan.Wait, plan.CheckKey)


def decided(world: World) -> plan.Decision:
    return decide(world.observed, world.wanted, world.policy, world.store)


def actions(world: World) -> tuple[plan.Action, ...]:
    decision = decided(world)
    return decision.actions if isinstance(decision, Plan) else ()


def writes(world: World) -> list[plan.Action]:
    return [action for action in actions(world) if not isinstance(action, HARMLESS)]


@given(states.worlds())
@states.STEADY
def test_only_worlds_that_can_exist_are_made(world: World) -> None:
    assert list(states.impossible(world)) == []


KEPT, PRESENT = cases.kept(), cases.present()
COPIED = cases.secret(replicas=(facts.Replica(region="us-east-2"),))
USABLE = facts.Key(state=facts.KeyState.USABLE)
IMPOSSIBLE = {
    "another secret": World(cases.present(cases.secret(name="x")), KEPT, Policy(), cases.AWS),
    "by its id": World(
        PRESENT, cases.kept(memory=cases.memory(id=cases.OTHER_ID)), Policy(), cases.AWS),
    "two ways": World(
        cases.present(cases.secret(service="a", primary_region="b")), KEPT, Policy(), cases.AWS),
    "more tags": World(
        cases.present(cases.secret(tags={str(n): "" for n in range(51)})), KEPT, Policy(),
        cases.AWS),
    "to compare with": World(
        cases.present(differs=frozenset({cases.FIRST})), KEPT, Policy(), cases.AWS),
    "nobody declared": World(cases.present(holds=cases.FIRST), KEPT, Policy(), cases.AWS),
    "and does not": World(
        cases.present(holds=cases.FIRST, differs=frozenset({cases.FIRST})),
        cases.kept(cases.spec(cases.VALUE)), Policy(), cases.AWS),
    "is pending, has no replicas": World(
        facts.PendingDeletion(secret=COPIED), KEPT, Policy(), cases.AWS),
    "there can be none": World(cases.present(COPIED), KEPT, Policy(), cases.BARE),
    "rotation where there can be none": World(
        cases.present(cases.secret(rotation=facts.Rotation())), KEPT, Policy(), cases.BARE),
    "labels without": World(
        cases.present(cases.secret(labels={"a": "b"})), KEPT, Policy(), cases.AWS),
    "restored at once": World(
        cases.present(created=True, restored=True), KEPT, Policy(), cases.AWS),
    "that there is not": World(
        cases.present(restored=True, key=USABLE), KEPT, Policy(), cases.AWS),
    "for nothing": World(
        cases.present(cases.secret(kms_key_id="k"), key=USABLE), KEPT, Policy(), cases.AWS),
    "has no resource policies": World(
        PRESENT, cases.kept(cases.spec(policy=cases.DOCUMENT)), Policy(), cases.BARE),
    "restores nothing": World(cases.present(restored=True), cases.gone(), Policy(), cases.AWS),
    "without a name": World(PRESENT, cases.gone(owner=""), Policy(), cases.AWS),
    "it needs force": World(
        PRESENT, KEPT, cases.policy(on_recreate="replace"), cases.AWS),
    "is reserved": World(
        PRESENT, cases.kept(cases.spec(tags={"aws:a": "b"})), Policy(), cases.AWS),
}  # fmt: skip


@pytest.mark.parametrize(("why", "world"), IMPOSSIBLE.items(), ids=IMPOSSIBLE)
def test_the_checker_rejects_what_cannot_exist(why: str, world: World) -> None:
    assert why in " ".join(states.impossible(world))


@given(states.worlds())
@states.THOROUGH
def test_every_state_is_decided_and_always_alike(world: World) -> None:
    decision = decided(world)
    assert isinstance(decision, Plan | Refusal | Failure)
    again = dataclasses.replace(world, policy=world.policy.model_copy(deep=True))
    assert decided(again) == decision
    assert plan.describe(decision)
    told = decision.notes if isinstance(decision, Plan) else (decision.text,)
    assert all(len(text) <= errors.LIMIT for text in told)


@given(states.worlds())
@states.THOROUGH
def test_nothing_is_purged_without_force_and_our_owner(world: World) -> None:
    """Promise 1."""
    if not any(isinstance(action, plan.Purge) for action in actions(world)):
        return
    assert world.policy.force_delete_without_recovery or world.policy.deletion == "force"
    assert world.ours
    if world.wanted.mandate is not facts.Mandate.OWN:
        assert world.wanted.mandate is facts.Mandate.DEPUTY, "never in a rollback"
        assert world.secret is not None
        assert world.secret.tags[ownership.ORIGIN] == ownership.CREATED
    elif isinstance(world.wanted, facts.Gone) and world.secret is not None:
        memory = world.wanted.memory
        live = world.secret.tags.get(ownership.INSTANCE)
        marks = {memory.instance if memory else None, live} - {None}
        assert len(marks) <= 1, "another incarnation than the one that is to go"


@given(states.worlds())
@states.THOROUGH
def test_what_is_not_ours_is_not_written_without_adopt(world: World) -> None:
    """Promise 4."""
    if world.secret is None or world.ours or not writes(world):
        return
    if isinstance(world.wanted, facts.Kept):
        allowed = {Adopt.ANY} if world.owner is not None else {Adopt.UNOWNED, Adopt.ANY}
        assert world.policy.adopt in allowed
    else:
        # Lost its owner tag: what is remembered may go the way that can be taken back.
        assert world.owner is None
        assert world.wanted.mandate is facts.Mandate.OWN
        assert world.wanted.memory is not None
        assert cases.kinds(decided(world))[-1] == "ScheduleDeletion"


@given(states.worlds())
@states.THOROUGH
def test_a_deputy_deletes_only_what_carries_its_mark(world: World) -> None:
    wanted = world.wanted
    if wanted.mandate is facts.Mandate.OWN or not isinstance(wanted, facts.Gone):
        return
    if writes(world):
        assert world.secret is not None
        assert wanted.instance is not None
        assert world.owner == wanted.owner or world.ours
        assert ownership.marks(wanted.instance, world.secret.tags)


@given(states.worlds())
@states.THOROUGH
def test_what_was_read_lately_is_deleted_only_where_that_takes_something_back(world: World) -> None:
    wanted, secret, days = world.wanted, world.secret, world.policy
    decision = decided(world)
    if not isinstance(wanted, facts.Gone) or secret is None or secret.accessed is None:
        return
    if not isinstance(decision, Plan) or not decision.destructive:
        return
    begun = isinstance(world.observed, facts.Present) and world.observed.removed
    if begun or wanted.mandate in {facts.Mandate.ROLLBACK, facts.Mandate.LATE}:
        return
    guard = dt.timedelta(days=days.refuse_deletion_if_accessed_within)
    assert not guard or (wanted.now is not None and wanted.now - secret.accessed > guard)


@given(states.worlds())
@states.THOROUGH
def test_undoing_destroys_nothing_for_good(world: World) -> None:
    days = world.policy.recovery_window_in_days
    for action in actions(world):
        match action.undo:
            case None:
                assert not isinstance(action, plan.Restore)
            case plan.ScheduleDeletion():
                assert isinstance(action, plan.Restore)
                assert action.undo == plan.ScheduleDeletion(days=days)
            case plan.SetRotation() | plan.AddReplicas():
                # What a teardown takes away comes back if the deletion fails.
                assert isinstance(world.wanted, facts.Gone)
                assert isinstance(action, plan.CancelRotation | plan.RemoveReplicas)
            case plan.RemoveReplicas():
                assert isinstance(action, plan.AddReplicas)
            case plan.CancelRotation():
                assert isinstance(action, plan.SetRotation)
            case plan.SetPolicy() | plan.DropPolicy():
                assert isinstance(action, plan.SetPolicy | plan.DropPolicy)
                assert world.wanted.memory is not None
            case plan.MoveStage():
                # The label of a rotation that a teardown broke off.
                assert isinstance(action, plan.MoveStage)
                assert (
                    (action.stage, action.to) == (action.undo.stage, None) == ("AWSPENDING", None)
                )
            case _:
                assert isinstance(action, plan.SetTags)


@given(states.worlds())
@states.THOROUGH
def test_a_claim_that_is_undone_leaves_the_tags_as_they_were(world: World) -> None:
    live = dict(world.secret.tags) if world.secret else {}
    claims = [each for each in actions(world) if isinstance(each, plan.SetTags) and each.undo]
    for claim in claims:
        secret = world.secret
        assert secret is not None
        known: facts.Observed = facts.Present(secret=secret)
        for step in (claim, claim.undo):
            assert step is not None
            known = learn.fold(known, step, plan.Done(), facts.Ref(secret.name))
        assert isinstance(known, facts.Present)
        ours = {k: v for k, v in known.secret.tags.items() if k in ownership.CLAIM}
        before = {k: v for k, v in live.items() if k in ownership.CLAIM}
        assert {k: ours.get(k) for k in before} == before
        assert set(ours) == set(before) or before, "what was nobody's is nobody's again"


@given(states.worlds())
@states.THOROUGH
def test_plans_hold_no_value(world: World) -> None:
    """Promise 5: where it comes from, never what it is."""
    decision = decided(world)
    assert not [part for part in cases.parts(decision) if isinstance(part, Sealed)]
    assert cases.CANARY not in f"{decision!r} {plan.describe(decision)}"
    assert cases.DOCUMENT_CANARY not in plan.describe(decision)


FIXES = (
    "set adopt to unowned to take it over",
    "set adopt to any to take it over",
    "set on_recreate to restore",
    "then deploy again",
    "or promote the replica first",
    "or use another name",
    "Disassociate that replica first",
    "or give it the owner tag",
    "set refuse_deletion_if_accessed_within to less and deploy first",
    "declare a value for ",
    "Declare the key that it has, or another name",
)


def long_worlds() -> Iterator[World]:
    """Yield worlds of all kinds with the longest names that there are."""
    long = {"id": cases.ID, "name": states.LONG, "version": cases.FIRST, "kms_key_id": "alias/a"}
    seen: list[facts.Observed] = [facts.Unknown(), facts.Absent(), facts.Purging()]
    tied: list[dict[str, Any]] = [{}, {"primary_region": "ap-southeast-2"}]
    tied += [{"service": "s" * 128}, {"partners": (states.PARTNER,)}]
    for owner, tie in itertools.product((None, "o" * 256, cases.OURS), tied):
        secret = cases.secret(
            **long, **tie, tags=cases.marks(owner), accessed=dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
        )
        seen += [facts.Present(secret=secret), facts.PendingDeletion(secret=secret)]
    spec = cases.spec(kms_key_id="alias/b")
    wants: list[facts.Wanted] = []
    for memory in (None, cases.memory(id=cases.OTHER_ID)):
        wants.append(cases.kept(spec, name=states.LONG, memory=memory))
        wants.append(cases.gone(name=states.LONG, memory=memory))
    guard = cases.policy(refuse_deletion_if_accessed_within=365)
    policies = (Policy(), cases.policy(on_recreate="fail"), guard)
    for observed, wanted, policy in itertools.product(seen, wants, policies):
        for store in states.STORES:
            yield World(observed, wanted, policy, store)


def test_each_refusal_says_what_why_and_what_to_do_in_240_characters() -> None:
    reached = set()
    for world in long_worlds():
        decision = decided(world)
        if not isinstance(decision, Refusal):
            assert all(len(note) <= errors.LIMIT for note in decision.notes)
            continue
        text = decision.text
        assert str(errors.Refused(text)) == text, f"{len(text)} characters: clipped"
        # The name is last where a value has to be declared for it.
        fix = next((f for f in FIXES if text.endswith(f) or f in text[-85:]), None)
        assert fix, f"no fix, or not at its end: {text}"
        reached.add(fix)
        named = ("ap-southeast-2", "s" * 39, "444455556666", "o" * 59, states.LONG[-60:])
        assert any(name in text for name in named), f"about what? {text}"
        secret = world.secret
        if secret is not None and secret.primary_region:
            assert secret.primary_region in text
        if secret is not None and secret.partners:
            assert "444455556666" in text, "the account is named"
    assert reached == set(FIXES)
