"""The memory store under watch, a clock that nobody waits for, and states to start from."""

from __future__ import annotations

import dataclasses
import datetime as dt
from dataclasses import dataclass, field

from hypothesis import strategies as st

from core import cases, states
from recoverable_secrets.core import facts, ownership, plan
from recoverable_secrets.core.policy import Adopt, Capabilities, Policy
from recoverable_secrets.core.sealed import Sealed
from recoverable_secrets.engine import Engine, Result
from recoverable_secrets.stores import memory

ELSEWHERE = Sealed("what stands elsewhere")
"""What every reference leads to."""
START = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
RESERVED_SECONDS = 60
"""How long a purged name stays taken: shorter than any operation may last."""


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> dt.datetime:
        return START + dt.timedelta(seconds=self.seconds)

    def sleep(self, seconds: float) -> None:
        assert seconds > 0, "sleeping without end"
        self.seconds += seconds

    def pass_days(self, days: float) -> None:
        self.seconds += days * 86_400


@dataclass(frozen=True)
class Call:
    """One action that reached the store, and what it met there.

    Attributes:
        action: The action.
        before: The secret as it was right before; `None` if there was none.
        outcome: What came of it.
    """

    action: plan.Action
    before: facts.Secret | None
    outcome: plan.Outcome

    @property
    def owner(self) -> str | None:
        return self.before.tags.get(ownership.OWNER) if self.before else None

    @property
    def effective(self) -> bool:
        """Whether it may have changed something: conflicts and comparisons do not."""
        comparing = isinstance(self.action, plan.Compare)
        return isinstance(self.outcome, plan.Done) and not comparing


class Watched(memory.MemoryStore):
    """A memory store that writes down what reaches it."""

    def __init__(self, clock: Clock, capabilities: Capabilities = cases.AWS) -> None:
        super().__init__(
            now=clock.now, reserved_seconds=RESERVED_SECONDS, capabilities=capabilities
        )
        self.calls: list[Call] = []
        self.looks = 0

    def observe(
        self, ref: facts.Ref, *, policy: bool = False
    ) -> facts.Absent | facts.Present | facts.PendingDeletion:
        self.looks += 1
        return super().observe(ref, policy=policy)

    def apply(
        self, ref: facts.Ref, action: plan.Action, payload: Sealed | None = None
    ) -> plan.Outcome:
        assert (payload is not None) is plan.valued(action), "a value goes only with its source"
        entry = self.entries.get(ref.name)
        before = entry.secret if entry else None
        outcome = super().apply(ref, action, payload)
        self.calls.append(Call(action, before, outcome))
        return outcome

    def forget_calls(self) -> None:
        self.calls, self.looks = [], 0

    def content(self) -> object:
        """Return all that the store holds, to compare."""
        return {
            name: (entry.secret, dict(entry.values), entry.delete_on, entry.policy)
            for name, entry in self.entries.items()
        }


@dataclass
class Start:
    """Where an operation begins.

    Attributes:
        entry: The secret that is there, if there is one.
        reserved: For how many seconds the name is still taken.
        wanted: What is wanted.
        policy: What is allowed.
        capabilities: What the store can do.
    """

    entry: memory.Entry | None
    reserved: int
    wanted: facts.Wanted
    policy: Policy
    capabilities: Capabilities
    clock: Clock = field(default_factory=Clock)

    def store(self) -> Watched:
        """Return a new store in this state, at a new time."""
        self.clock = Clock()
        store = Watched(self.clock, self.capabilities)
        if self.entry is not None:
            copied = memory.Entry(
                self.entry.secret, dict(self.entry.values), self.entry.delete_on, self.entry.policy
            )
            store.entries[self.entry.secret.name] = copied
        if self.reserved:
            store.reserved[self.wanted.name] = START + dt.timedelta(seconds=self.reserved)
        return store

    def engine(self, store: Watched) -> Engine:
        return Engine(store, clock=self.clock, read=lambda _: ELSEWHERE)


def on_day(days: float) -> dt.datetime:
    """Return the time so many days after the start."""
    return START + dt.timedelta(days=days)


DUE = (None, -7.0, 0.0, 0.0001, 9.0)
"""Days until the deletion: not scheduled, past, now, within the operation, later."""


@st.composite
def entries(draw: st.DrawFn, wanted: facts.Wanted) -> memory.Entry:
    """Return a secret with a history of versions that fits what is remembered of it."""
    secret = draw(states.secrets(wanted.name))
    values = {version: cases.VALUE for version in draw(past) if version}
    for version in filter(None, (secret.previous, secret.version)):
        values[version] = draw(st.sampled_from([cases.VALUE, cases.OTHER_VALUE]))
    remembered = wanted.memory
    if remembered and remembered.version and remembered.spec.value:
        values[remembered.version] = remembered.spec.value
    due = draw(st.sampled_from(DUE))
    return memory.Entry(
        secret=secret,
        values=values,
        delete_on=None if due is None else on_day(due),
        policy=draw(st.sampled_from([None, "{}"])),
    )


past = st.sampled_from([(), (cases.OLDER,), states.VERSIONS])


@st.composite
def starts(draw: st.DrawFn, *stores: Capabilities) -> Start:
    wanted = draw(states.wants())
    kind = draw(st.sampled_from(["nothing", "reserved", *4 * ["something"]]))
    store = draw(st.sampled_from(stores or states.STORES))
    entry = draw(entries(wanted)) if kind == "something" else None
    return Start(
        entry=entry and _possible(entry, store),
        reserved=draw(st.sampled_from([1, 30, RESERVED_SECONDS])) if kind == "reserved" else 0,
        wanted=wanted,
        policy=draw(states.policies),
        capabilities=store,
    )


def _possible(entry: memory.Entry, store: Capabilities) -> memory.Entry:
    """Return what is there without what the store does not know."""
    secret = dataclasses.replace(
        entry.secret,
        replicas=entry.secret.replicas if store.replicas else (),
        rotation=entry.secret.rotation if store.rotation else None,
    )
    return dataclasses.replace(entry, secret=secret)


def remembered(wanted: facts.Kept, result: Result) -> facts.Memory | None:
    """Return what a surface remembers of a run, as Pulumi's does; see resource.py."""
    old = wanted.memory
    if not isinstance(result.known, facts.Present):
        assert old is not None, "a secret that nobody knows of is not there"
        return facts.Memory(
            id=old.id,
            owner=wanted.owner,
            spec=wanted.spec,
            instance=old.instance,
            version=old.version,
            live_version=old.live_version,
        )
    secret = result.known.secret
    return facts.Memory(
        id=secret.id,
        owner=wanted.owner,
        spec=wanted.spec,
        instance=secret.tags.get(ownership.INSTANCE),
        version=result.known.holds or (old.version if old else None),
        live_version=secret.version,
    )


def assert_promises_kept(calls: list[Call], wanted: facts.Wanted, policy: Policy) -> None:
    """Assert promises 1 and 4 of each call that reached the store."""
    remembered = wanted.memory
    mine = {wanted.owner} | ({remembered.owner} if remembered else set())
    for call in calls:
        if call.before is None or isinstance(call.action, plan.Compare | plan.Create):
            continue
        if isinstance(call.action, plan.Purge):
            assert policy.force
            assert call.owner in mine
        elif call.owner in mine:
            continue
        elif isinstance(wanted, facts.Kept):
            assert policy.adopt in ({Adopt.ANY} if call.owner else {Adopt.ANY, Adopt.UNOWNED})
        else:
            assert call.owner is None
            assert remembered is not None
            assert remembered.id == call.before.id
            assert _of_a_teardown(call.action)


def _of_a_teardown(action: plan.Action) -> bool:
    """Whether a step schedules a deletion, makes it possible, or writes down what it takes away."""
    if isinstance(action, plan.SetTags):
        return action.tags.keys() <= {ownership.REPLICAS, ownership.ROTATION}
    return isinstance(
        action, plan.ScheduleDeletion | plan.CheckKey | plan.RemoveReplicas | plan.CancelRotation
    )
