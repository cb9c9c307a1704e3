"""Random lives of one secret: two stacks, a person, a rotation, and time.

After each step of a stack the promises are held against every call that reached the store, and
the same step again has nothing to do.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from core import cases, states
from engine import watched
from recoverable_secrets.core import errors, facts, ownership, plan
from recoverable_secrets.core.policy import Policy
from recoverable_secrets.core.sealed import Sealed
from recoverable_secrets.engine import Engine
from recoverable_secrets.stores import memory

NEAR, FAR = "eu-north-1", "us-west-2"
SPECS = st.sampled_from([
    cases.spec(),
    cases.spec(cases.VALUE, tags={"a": "1"}),
    cases.spec(cases.VALUE, description="text"),
    cases.spec(cases.OTHER_VALUE, description="", tags={"a": "2", "b": "1"}),
    cases.spec(kms_key_id="alias/a", tags={}),
    cases.spec(cases.VALUE, replicas=[{"region": NEAR}], version_stages=["blue"]),
    cases.spec(replicas=[{"region": NEAR, "kms_key_id": "alias/k"}, {"region": FAR}]),
    cases.spec(replicas=[], policy="", rotation_enabled=False),
    cases.spec(cases.VALUE, policy=cases.DOCUMENT, rotation_lambda_arn=cases.FUNCTION,
               rotation_rules={"automatically_after_days": 30}, replicas=[{"region": FAR}]),
    cases.spec(version_stages=["blue", "green"], type="Partner"),
])  # fmt: skip


@dataclasses.dataclass
class Stack:
    """A stack that declares the secret, and what its state remembers of it."""

    owner: str
    memory: facts.Memory | None = None


class Life(RuleBasedStateMachine):
    """One name in one store."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = watched.Clock()
        self.store = watched.Watched(self.clock)
        self.engine = Engine(self.store, clock=self.clock)
        self.stacks = [Stack(cases.OURS), Stack(cases.OTHERS)]
        self.marks = (f"{number:032x}" for number in itertools.count())

    @property
    def live(self) -> bool:
        entry = self.store.entries.get(cases.NAME)
        return entry is not None and entry.delete_on is None

    def secret(self, **changes: Any) -> None:
        """Change the secret behind everybody's back."""
        entry = self.store.entries[cases.NAME]
        entry.secret = dataclasses.replace(entry.secret, **changes)

    def tag(self, key: str, content: str | None) -> None:
        tags = {**self.store.entries[cases.NAME].secret.tags, key: content}
        self.secret(tags=plan.frozen({k: v for k, v in tags.items() if v is not None}))

    @rule(who=st.integers(0, 3), spec=SPECS, policy=states.policies)
    def up(self, who: int, spec: Any, policy: Policy) -> None:
        stack = self.stacks[who == 3]
        wanted = cases.kept(
            spec,
            owner=stack.owner,
            memory=stack.memory,
            instance=next(self.marks),
            version=ownership.version_id(next(self.marks)),
        )
        self.store.forget_calls()
        try:
            result = self.engine.run(wanted, policy)
        except errors.Refused:
            assert not [call for call in self.store.calls if call.effective]
            return
        finally:
            self.hold_promises(wanted, policy)
        stack.memory = watched.remembered(wanted, result)
        before = self.store.content()
        self.store.forget_calls()
        self.engine.run(dataclasses.replace(wanted, memory=stack.memory), policy)
        assert (self.store.calls, self.store.looks) == ([], 0)
        assert self.store.content() == before

    @rule(who=st.integers(0, 3), policy=states.policies)
    def down(self, who: int, policy: Policy) -> None:
        stack = self.stacks[who == 3]
        told = stack.memory
        wanted = cases.gone(owner=told.owner if told else stack.owner, memory=told)
        self.store.forget_calls()
        try:
            self.engine.run(wanted, policy)
        except errors.Refused:
            assert not [call for call in self.store.calls if call.effective]
            return
        finally:
            self.hold_promises(wanted, policy)
        stack.memory = None
        before = self.store.content()
        self.engine.run(wanted, policy)
        assert self.store.content() == before

    @rule(who=st.integers(0, 1))
    def refresh(self, who: int) -> None:
        """Forget what is gone, note which version is current; as resource.py does."""
        stack = self.stacks[who]
        if stack.memory is not None:
            seen = self.store.observe(facts.Ref(cases.NAME, stack.memory.id))
            if isinstance(seen, facts.Present):
                live = seen.secret.version
                stack.memory = dataclasses.replace(stack.memory, live_version=live)
            else:
                stack.memory = None

    @rule()
    def lose_the_state(self) -> None:
        self.stacks[0].memory = None

    @rule()
    def rename_the_stack(self) -> None:
        stack = self.stacks[0]
        stack.owner = cases.RENAMED if stack.owner == cases.OURS else cases.OURS

    @rule(days=st.sampled_from([0.0001, 1.0, 8.0, 31.0]))
    def time_passes(self, days: float) -> None:
        self.clock.pass_days(days)

    @precondition(lambda self: self.live)
    @rule(value=st.sampled_from([cases.VALUE, Sealed("by hand")]))
    def somebody_puts_a_value(self, value: Sealed) -> None:
        self.store.put(cases.NAME, value)

    @precondition(lambda self: self.live)
    @rule(data=st.data())
    def somebody_moves_back_to_a_version(self, data: st.DataObject) -> None:
        versions = sorted(self.store.entries[cases.NAME].values)
        if versions:
            self.secret(version=data.draw(st.sampled_from(versions)))

    @precondition(lambda self: self.live)
    @rule(owner=st.sampled_from([None, cases.OURS, cases.OTHERS, "nobody we know"]))
    def somebody_changes_the_owner_tag(self, owner: str | None) -> None:
        self.tag(ownership.OWNER, owner)

    @precondition(lambda self: self.live)
    @rule(key=st.sampled_from([ownership.INSTANCE, ownership.ORIGIN, "a", "hand"]))
    def somebody_changes_a_tag(self, key: str) -> None:
        self.tag(key, "by hand")

    @precondition(lambda self: self.live)
    @rule(region=st.sampled_from([NEAR, FAR, "eu-west-3"]), made=st.booleans())
    def somebody_changes_the_replicas(self, region: str, *, made: bool) -> None:
        """Drift that no stack knows of until it looks."""
        live = self.store.entries[cases.NAME].secret.replicas
        others = tuple(replica for replica in live if replica.region != region)
        self.secret(replicas=others + ((facts.Replica(region=region),) if made else ()))

    @precondition(lambda self: self.live)
    @rule(enabled=st.booleans())
    def somebody_sets_or_cancels_rotation(self, *, enabled: bool) -> None:
        self.secret(rotation=facts.Rotation(enabled=enabled, function="theirs", days=9))

    @precondition(lambda self: self.live and self.store.entries[cases.NAME].values)
    @rule(data=st.data(), label=st.sampled_from(["blue", "theirs"]))
    def somebody_moves_a_label(self, data: st.DataObject, label: str) -> None:
        entry = self.store.entries[cases.NAME]
        version = data.draw(st.sampled_from(sorted(entry.values)))
        self.secret(labels=plan.frozen({**entry.secret.labels, label: version}))

    @precondition(
        lambda self: (
            cases.NAME in self.store.entries and not self.store.entries[cases.NAME].secret.replicas
        )
    )
    @rule(days=st.sampled_from([None, 7, 30]))
    def somebody_deletes_or_restores(self, days: int | None) -> None:
        due = None if days is None else self.clock.now() + dt.timedelta(days=days)
        self.store.entries[cases.NAME].delete_on = due

    @precondition(lambda self: cases.NAME not in self.store.entries)
    @rule()
    def somebody_makes_one_by_hand(self) -> None:
        made = facts.Secret(
            id=cases.ID + next(self.marks), name=cases.NAME, tags=plan.frozen({"hand": "made"})
        )
        self.store.entries[cases.NAME] = memory.Entry(made)

    def hold_promises(self, wanted: facts.Wanted, policy: Policy) -> None:
        watched.assert_promises_kept(self.store.calls, wanted, policy)


Life.TestCase.settings = settings(states.STEADY, max_examples=100, stateful_step_count=20)
TestRandomLives = Life.TestCase
