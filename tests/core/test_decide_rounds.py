"""What holds of decision after decision: they come to an end, and a break loses nothing."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from core import cases, states
from core.states import World
from recoverable_secrets.core import facts, keys, learn, ownership, plan, replication
from recoverable_secrets.core.decide import decide
from recoverable_secrets.core.facts import Kept, Mandate, PendingDeletion, Present
from recoverable_secrets.core.plan import Failure, Plan

ROUNDS = 12
"""As the engine: most decisions of an operation."""

SOME = settings(states.STEADY, max_examples=200)
USABLE = facts.Key(state=facts.KeyState.USABLE)


@st.composite
def live(draw: st.DrawFn, wanted: facts.Wanted, **marks: Any) -> facts.Secret:
    """Return a live secret that belongs to whom it is wanted by, and is tied to nothing."""
    secret = draw(states.secrets(wanted.name))
    ours = {**secret.tags, ownership.OWNER: wanted.owner, **marks}
    free = {"primary_region": None, "service": None, "partners": ()}
    return dataclasses.replace(secret, tags=plan.frozen(ours), **free)


@st.composite
def keepings(draw: st.DrawFn) -> World:
    """Return a world in which a live secret of ours, with a value, is kept as declared."""
    wanted = draw(states.wants().filter(lambda wanted: isinstance(wanted, Kept)))
    assert isinstance(wanted, Kept)
    value = draw(st.sampled_from([each for each in states.VALUES if each]))
    plain = dict.fromkeys(VALUE_FIELDS)
    spec = wanted.spec.model_copy(update={**plain, **value})
    wanted = dataclasses.replace(wanted, spec=spec)
    known = draw(states.observations(wanted).filter(lambda seen: isinstance(seen, Present)))
    assert isinstance(known, Present)
    known = dataclasses.replace(known, secret=draw(live(wanted)), key=None)
    return World(known, wanted, draw(states.policies), cases.AWS)


@st.composite
def teardowns(draw: st.DrawFn) -> World:
    """Return a world in which a live secret of ours, which nobody reads, is to be scheduled."""
    mandate = draw(st.sampled_from(facts.Mandate))
    own = mandate is Mandate.OWN
    now = states.NOW + dt.timedelta(days=60)
    wanted = cases.gone(mandate=mandate, instance=None if own else "aaaa", now=now)
    marks = {ownership.INSTANCE: cases.LIVE_MARK if own else "aaaa.1"}
    origin = draw(st.sampled_from(["created", "restored"]))
    secret = draw(live(wanted, **marks, **{ownership.ORIGIN: origin}))
    policy = draw(states.policies.filter(lambda policy: not policy.force and not policy.retain))
    return World(Present(secret=secret), wanted, policy, cases.AWS)


VALUE_FIELDS = {name for value in states.VALUES for name in value}


def decided(world: World) -> plan.Decision:
    return decide(world.observed, world.wanted, world.policy, world.store)


def actions(world: World) -> tuple[plan.Action, ...]:
    decision = decided(world)
    return decision.actions if isinstance(decision, Plan) else ()


def done(action: plan.Action) -> plan.Done:
    """Return what a store answers."""
    version = getattr(action, "version", None) if plan.valued(action) else None
    made = cases.ID if isinstance(action, plan.Create) else None
    return plan.Done(id=made, version=version, key=USABLE)


def looked(known: facts.Observed) -> facts.Observed:
    """Return what a look teaches: all copies are in step by then."""
    if not isinstance(known, Present):
        return learn.looked(known, known)
    replicas = tuple(
        dataclasses.replace(replica, status=None)
        for replica in known.secret.replicas
        if not replica.failed and replica.region not in known.removed
    )
    secret = dataclasses.replace(known.secret, replicas=replicas)
    return learn.looked(known, Present(secret=secret))


def after(world: World, *, steps: int | None = None, differs: bool = False) -> World:
    """Return the world after what was decided took effect.

    Args:
        world: Where it was decided.
        steps: How many of the steps were done; all by default.
        differs: Whether a comparison finds another value.
    """
    known = world.observed
    for action in actions(world)[:steps]:
        if isinstance(action, plan.Look):
            known = looked(known)
        elif differs and isinstance(action, plan.Compare) and isinstance(known, Present):
            known = dataclasses.replace(known, differs=known.differs | {action.version})
        else:
            known = learn.fold(known, action, done(action), facts.Ref(world.wanted.name))
    return dataclasses.replace(world, observed=known)


def ended(world: World, *, differs: bool = False) -> tuple[World, list[plan.Decision]]:
    """Return where an operation ends, and all that was decided on the way there."""
    told: list[plan.Decision] = []
    while len(told) < ROUNDS:
        told.append(decided(world))
        if not actions(world):
            return world, told
        if actions(world) == (plan.Look(),) and not isinstance(world.observed, Present):
            assume(False)  # What it shows is a world of its own.
        world = after(world, differs=differs)
    raise AssertionError("\n".join(plan.describe(each) for each in told))


LATER = {"Wait", "Look", "AddReplicas", "MoveStage"}
"""What may be decided after what was decided first: waiting for copies, and what can be done only
then. A label follows a value that was written."""


@given(states.worlds())
@SOME
def test_one_plan_is_enough_but_for_what_has_to_be_waited_for(world: World) -> None:
    end, told = ended(world)
    assert not actions(end)
    plans = [cases.kinds(each) for each in told if isinstance(each, Plan) and each.actions]
    asked = [kinds for kinds in plans if kinds[-1] == "CheckKey"]
    others = [kinds for kinds in plans if kinds[-1] not in {"CheckKey", "Look"}]
    assert len(asked) <= 1
    later = {kind for kinds in others[1:] for kind in kinds}
    first = {"SetPolicy", "SetRotation"} if "Create" in str(plans) else set()
    assert later <= LATER | first | ({"SetMetadata"} if _compared(told) else set())


def _compared(told: list[plan.Decision]) -> bool:
    return any("Compare" in cases.kinds(each) for each in told)


@given(keepings())
@SOME
def test_a_compare_that_finds_another_value_leads_to_one_version(world: World) -> None:
    """It is written once, or the label moves to the version that holds it; or it is left alone."""
    if not _compared([decided(world)]):
        return
    _, told = ended(world, differs=True)
    steps = steps_of(told)
    writes = [step for step in steps if isinstance(step, plan.SetMetadata) and step.source]
    moves = [s for s in steps if isinstance(s, plan.MoveStage) and s.stage == "AWSCURRENT"]
    rollback = world.wanted.mandate is Mandate.ROLLBACK
    assert len(writes) + len(moves) == (0 if rollback else 1)


@given(keepings())
@SOME
def test_only_a_copy_or_a_key_that_failed_ends_in_a_failure(world: World) -> None:
    known, decision = world.observed, decided(world)
    assert isinstance(known, Present)
    if isinstance(decision, Failure):
        assert any(replica.failed for replica in known.secret.replicas)
        assert decision.code


def steps_of(told: list[plan.Decision]) -> list[plan.Action]:
    return [step for each in told if isinstance(each, Plan) for step in each.actions]


def secret_of(world: World) -> facts.Secret:
    assert world.secret is not None
    return world.secret


@given(teardowns())
@SOME
def test_replicas_go_before_the_secret_and_come_back_if_it_stays(world: World) -> None:
    """Promise 2; from the live list, not from the record."""
    replicas = secret_of(world).replicas
    end, told = ended(world)
    assert isinstance(end.observed, PendingDeletion)
    steps = steps_of(told)
    kinds = [type(step) for step in steps]
    if not replicas:
        assert plan.RemoveReplicas not in kinds
        return
    assert kinds.index(plan.RemoveReplicas) < kinds.index(plan.ScheduleDeletion)
    removal = steps[kinds.index(plan.RemoveReplicas)]
    live = {replica.region: replica.kms_key_id for replica in replicas}
    assert removal == plan.RemoveReplicas(regions=tuple(sorted(live)))
    back = {r.region: r.kms_key_id for r in getattr(removal.undo, "replicas", ())}
    failed = {replica.region for replica in replicas if replica.failed}
    assert back == {region: key for region, key in live.items() if region not in failed}


@given(teardowns())
@SOME
def test_a_rotation_is_cancelled_before_the_secret_goes_and_goes_on_if_it_stays(
    world: World,
) -> None:
    _, told = ended(world)
    cancels = [step for step in steps_of(told) if isinstance(step, plan.CancelRotation)]
    live = secret_of(world).rotation
    on = live is not None and live.enabled
    assert [step.undo for step in cancels] == ([plan.SetRotation(rotation=live)] if on else [])


@given(teardowns(), st.integers(min_value=0, max_value=6))
@SOME
def test_a_teardown_that_breaks_off_loses_no_record(world: World, steps: int) -> None:
    """The next run knows nothing of the one before, and finds no copies any more."""
    secret = secret_of(world)
    live = [replica for replica in secret.replicas if not replica.failed]
    on = secret.rotation is not None and secret.rotation.enabled
    began = after(world) if isinstance(actions(world)[0], plan.CheckKey) else world
    broken = after(began, steps=min(steps, len(actions(began)) - 1)).observed
    assert isinstance(broken, Present)
    again = Present(secret=broken.secret)
    end, _ = ended(dataclasses.replace(world, observed=again))
    assert isinstance(end.observed, PendingDeletion)
    tags = end.observed.secret.tags
    kept = {r.region: r.kms_key_id for r in replication.recorded(tags)}
    assert {r.region for r in live} <= kept.keys()
    assert all(keys.same(kept[r.region], r.kms_key_id) for r in live)
    assert not on or tags[ownership.ROTATION] == "on"
