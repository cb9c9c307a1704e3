"""Where the engine turns: the last second, the other id, the same refusal in another state."""

from __future__ import annotations

import pytest

from engine import scripted
from engine.scene import (
    COMPARE,
    CREATE,
    KEY,
    LOOK,
    NAME,
    NO_POLICY,
    OWNER,
    PUT_POLICY,
    RESTORE,
    ROTATION,
    Scene,
    gone,
    kept,
    referenced,
    spec,
)  # fmt: skip
from engine.scripted import ID, MARK, VERSION, Scripted, StandingClock
from recoverable_secrets.core import errors, facts, plan
from recoverable_secrets.core.facts import Memory
from recoverable_secrets.core.policy import Deletion, Policy
from recoverable_secrets.core.references import ValueFrom
from recoverable_secrets.core.sealed import Sealed
from recoverable_secrets.engine import Engine

ROLE = "arn:aws:iam::123456789012:role/of-this-deployment"
DOCUMENT = '{"Statement":[]}'
NEW_ROLE = (
    '{"Statement":{"Action":"secretsmanager:GetSecretValue","Effect":"Allow",'
    f'"Principal":{{"AWS":"{ROLE}"}},"Resource":"*"}},"Version":"2012-10-17"}}'
)
MEMORY = Memory(
    id=ID, owner=OWNER, spec=spec(), instance=MARK, version=VERSION, live_version=VERSION
)
LIVE = facts.Present(secret=scripted.secret())
PENDING = facts.PendingDeletion(secret=LIVE.secret)


def unreadable(_: ValueFrom) -> Sealed:
    raise errors.InvalidInput(["value_from: the environment variable DB_PASSWORD is not set"])


def test_a_value_that_is_needed_behind_a_key_is_read_before_the_restore(scene: Scene) -> None:
    """The key is asked of in a round of its own; what follows it is known before."""
    before = referenced(kms_key_id=KEY, value_version="1")
    memory = scene.pending(before)
    after = kept(referenced(kms_key_id=KEY, value_version="2"), memory)
    scene.aws.calls.clear()
    with pytest.raises(errors.InvalidInput, match="DB_PASSWORD is not set"):
        Engine(scene.store, clock=scene.time, read=unreadable).run(after, Policy())
    assert scene.calls_of_all == [LOOK]
    assert scene.secret.state == "pending"


def test_an_engine_that_cannot_read_says_what_to_do() -> None:
    with pytest.raises(errors.InvalidInput) as caught:
        Engine(Scripted(lambda _: LIVE)).run(kept(referenced()), Policy())
    assert str(caught.value) == "value_from is not available here: declare the value otherwise"


def test_the_old_policy_does_not_serve_while_a_new_one_is_waited_for(scene: Scene) -> None:
    """Once is enough."""
    scene.pending(spec(policy=DOCUMENT))
    scene.aws.know_principal_after(ROLE, 5)
    scene.run(kept(spec(policy=NEW_ROLE)))
    again = [PUT_POLICY] * (scene.calls.count(PUT_POLICY) - 1)
    assert len(again) > 1
    assert scene.calls == [CREATE, LOOK, RESTORE, PUT_POLICY, NO_POLICY, *again, COMPARE]


class Hours(StandingClock):
    """Starts long after zero; each pause takes a minute."""

    now = 1000.0

    def __init__(self) -> None:
        """Keep the start."""

    def sleep(self, seconds: float) -> None:
        self.now += 60


def test_a_policy_is_tried_for_the_last_time_after_exactly_two_minutes() -> None:
    later = plan.Later("MalformedPolicyDocumentException", "unsupported principal")
    store = Scripted(lambda _: LIVE, lambda _, __: later)
    wanted = kept(spec(policy=NEW_ROLE), MEMORY)
    with pytest.raises(errors.StoreError, match="refused for 120 seconds"):
        Engine(store, clock=Hours()).run(wanted, Policy(timeout=3600))
    assert [type(step) for step in store.applied] == [plan.SetPolicy] * 3


def test_a_refusal_in_another_state_is_another_refusal() -> None:
    """Scheduled by somebody in between: the purge is tried once more, and then given up."""
    states: list[scripted.Seen] = [LIVE, PENDING]
    store = Scripted(lambda n: states[min(n, 1)], lambda _, __: plan.Conflict("Odd", ""))
    with pytest.raises(errors.StoreError, match="was refused twice"):
        Engine(store, clock=StandingClock()).run(gone(MEMORY), Policy(deletion=Deletion.FORCE))
    assert [type(step) for step in store.applied] == [plan.Purge] * 3


def test_after_a_refusal_it_is_looked_at_the_same_secret() -> None:
    """By its id: the name may have become another's."""
    refs: list[facts.Ref] = []

    class Noting(Scripted):
        def observe(self, ref: facts.Ref, *, policy: bool = False) -> scripted.Seen:
            refs.append(ref)
            return super().observe(ref, policy=policy)

    store = Noting(lambda _: LIVE, lambda n, _: plan.Done() if n else plan.Conflict("Odd", ""))
    Engine(store, clock=StandingClock()).run(kept(spec(description="new"), MEMORY), Policy())
    assert refs == [facts.Ref(NAME, ID)] * 2


def test_what_is_throttled_waits_by_the_engine_s_clock() -> None:
    def act(number: int, _: plan.Action) -> plan.Outcome:
        if not number:
            raise errors.Throttled("slow down")
        return plan.Done()

    clock = StandingClock()
    Engine(Scripted(lambda _: LIVE, act), clock=clock).run(gone(MEMORY), Policy())
    assert clock.now > 0


def test_so_does_the_look_of_a_preview() -> None:
    def look(number: int) -> scripted.Seen:
        if not number:
            raise errors.Throttled("slow down")
        return LIVE

    clock = StandingClock()
    shown = Engine(Scripted(look), clock=clock).preview(gone(MEMORY), Policy())
    assert "schedule deletion" in plan.describe(shown)
    assert clock.now > 0


def test_taking_back_copies_of_a_secret_that_is_gone() -> None:
    """Nothing is left to take back; the deletion that was cancelled cannot be put back."""

    def act(number: int, step: plan.Action) -> plan.Outcome:
        if isinstance(step, plan.RemoveReplicas | plan.ScheduleDeletion):
            return plan.Conflict("ResourceNotFoundException", "")
        if isinstance(step, plan.SetRotation):
            raise errors.StoreError("no such function", "ResourceNotFoundException")
        return plan.Done()

    said: list[str] = []
    store = Scripted(lambda n: facts.Absent() if n else PENDING, act)
    wanted = kept(spec(**ROTATION, replicas=[{"region": "eu-west-1"}]), MEMORY)
    with pytest.raises(errors.StoreError, match="no such function"):
        Engine(store, clock=StandingClock(), say=said.append).run(wanted, Policy())
    assert said[1:] == [
        f"{NAME}: put back after the failure (RemoveReplicas)",
        f"{NAME}: could not be put back (ScheduleDeletion)",
    ]
