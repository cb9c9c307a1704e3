"""From every state, every run ends, and a second one has nothing to do."""

from __future__ import annotations

import copy
import dataclasses
import itertools
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings

from core import cases, states
from engine import watched
from engine.watched import Call, Start, Watched
from recoverable_secrets.core import diff, errors, facts, plan
from recoverable_secrets.core.model import Spec
from recoverable_secrets.engine import Result
from recoverable_secrets.stores import memory

STEADY = settings(states.STEADY, max_examples=150)
MOST_CALLS = 40
"""More than any plan and all waiting for a reserved name take; far less than going in circles."""


def run(start: Start, store: Watched) -> Result | errors.Refused:
    """Run to the end; any other error than a refusal is a fault."""
    try:
        return start.engine(store).run(start.wanted, start.policy)
    except errors.Refused as refusal:
        return refusal


def effective(store: Watched) -> list[Call]:
    return [call for call in store.calls if call.effective]


def ends(start: Start) -> None:
    """It ends soon; a refusal has changed nothing, and nothing is said twice."""
    store = start.store()
    ended = run(start, store)
    assert len(store.calls) + store.looks <= MOST_CALLS
    if isinstance(ended, errors.Refused):
        assert effective(store) == []
    else:
        done = [call.action for call in store.calls if isinstance(call.outcome, plan.Done)]
        assert list(ended.actions) == done
        assert len(set(ended.notes)) == len(ended.notes), "each is said once"


def unawaited(secret: facts.Secret, start: Start) -> facts.Secret:
    """Return a secret without how far its copies are, where an operation does not wait for them."""
    wanted = start.wanted
    if not isinstance(wanted, facts.Kept) or wanted.mandate is not facts.Mandate.ROLLBACK:
        return secret
    copies = tuple(dataclasses.replace(copy, status=None) for copy in secret.replicas)
    return dataclasses.replace(secret, replicas=copies)


def knows(start: Start) -> None:
    """Outcomes are folded in without a look; they come to what a look would show."""
    store = start.store()
    ended = run(start, store)
    if isinstance(ended, errors.Refused) or isinstance(ended.known, facts.Unknown):
        return
    seen = store.observe(facts.Ref(start.wanted.name))
    if isinstance(ended.known, facts.Purging):
        assert isinstance(seen, facts.Absent)
        return
    assert type(seen) is type(ended.known)
    if isinstance(ended.known, facts.Present) and isinstance(seen, facts.Present):
        assert unawaited(ended.known.secret, start) == unawaited(seen.secret, start)
    if isinstance(ended.known, facts.Present) and ended.known.holds is not None:
        assert isinstance(start.wanted, facts.Kept)
        values = store.entries[start.wanted.name].values
        spec = compared(start.wanted, ended)
        declared, how = spec.value or spec.secret_string_wo, spec.generate_secret_string
        declared = watched.ELSEWHERE if spec.value_from else declared
        found = values[ended.known.holds]
        assert found.size == how.password_length if how else found == declared


def compared(wanted: facts.Kept, ended: Result) -> Spec:
    """Return whose value versions were compared with: a rollback's is what was attempted."""
    created = any(isinstance(action, plan.Create) for action in ended.actions)
    takes_back = wanted.mandate is facts.Mandate.ROLLBACK and wanted.memory and not created
    return wanted.memory.spec if takes_back and wanted.memory else wanted.spec


def settles(start: Start) -> None:
    """A second run makes no write and no version, and of what is kept no call at all.

    Nobody remembers what took an update back: that can only be delivered again, and does the same.
    """
    store = start.store()
    ended = run(start, store)
    again = start
    remembers = start.wanted.mandate is not facts.Mandate.ROLLBACK
    if isinstance(start.wanted, facts.Kept) and isinstance(ended, Result) and remembers:
        told = watched.remembered(start.wanted, ended)
        again = dataclasses.replace(start, wanted=dataclasses.replace(start.wanted, memory=told))
    store.forget_calls()
    before = store.content()
    second = run(again, store)
    assert store.content() == before
    assert str(second) == str(ended) or isinstance(second, Result)
    assert type(second) is type(ended)
    assert effective(store) == [] or not remembers
    if isinstance(second, Result) and isinstance(again.wanted, facts.Kept) and remembers:
        assert (store.calls, store.looks) == ([], looks_needed(again)), "memory proves it"


def looks_needed(unchanged: Start) -> int:
    """Return how often an unchanged declaration is looked at: only what comes late is."""
    return 1 if unchanged.wanted.mandate is facts.Mandate.LATE else 0


def previews(start: Start) -> None:
    """A preview shows what a run then does first, and does nothing itself."""
    store = start.store()
    engine = start.engine(store)
    blind = engine.preview(start.wanted, start.policy, look=False)
    assert store.looks == 0
    shown = engine.preview(start.wanted, start.policy)
    assert store.calls == []
    assert store.looks == 1
    ended = run(start, store)
    if isinstance(start.wanted, facts.Kept) and start.wanted.mandate is facts.Mandate.LATE:
        assert blind == plan.Plan((plan.Look(),)), "memory proves nothing of another moment"
        assert effective(store) == [], "what comes late changes nothing"
    elif isinstance(start.wanted, facts.Kept) and diff.unchanged(start.wanted, start.policy):
        assert isinstance(blind, plan.Plan)
        assert blind.actions == (), "memory alone proves that nothing differs"
        assert store.calls == []
    elif start.capabilities.value_required and isinstance(blind, plan.Refusal):
        assert str(ended) == blind.text, "refused before the first call"
    elif isinstance(shown, plan.Refusal):
        assert str(ended) == shown.text
    else:
        begins_with(store.calls, shown)


def begins_with(calls: list[Call], shown: plan.Plan) -> None:
    """Assert that a run does what was shown, up to the first surprise."""
    steps = [step for step in shown.actions if not isinstance(step, plan.Look | plan.Wait)]
    first = calls[0] if calls else None
    if first and isinstance(first.action, plan.Create) and isinstance(first.outcome, plan.Conflict):
        calls = calls[1:]  # One call if the name is free; it was not.
    for step, call in zip(steps, calls, strict=False):
        assert call.action == step
        if isinstance(call.outcome, plan.Conflict):
            return
    assert len(calls) >= len(steps)


def keeps_promises(start: Start) -> None:
    """Nothing is purged without force and our owner; what is not ours is not written."""
    store = start.store()
    run(start, store)
    watched.assert_promises_kept(store.calls, start.wanted, start.policy)
    done = {type(call.action) for call in effective(store)}
    if start.wanted.mandate is facts.Mandate.LATE:
        assert done <= ({plan.ScheduleDeletion} if isinstance(start.wanted, facts.Gone) else set())
    elif start.wanted.mandate is not facts.Mandate.ROLLBACK:
        moves_to_what_is_declared(store, start.wanted)


def moves_to_what_is_declared(store: Watched, wanted: facts.Wanted) -> None:
    """A version from before becomes current again only if it holds the declared literal."""
    for call in effective(store):
        action = call.action
        if not (isinstance(action, plan.MoveStage) and action.stage == "AWSCURRENT"):
            continue
        assert isinstance(wanted, facts.Kept)
        literal = wanted.spec.value
        assert literal is None or store.entries[wanted.name].values[action.to or ""] == literal
        assert wanted.spec.generate_secret_string is None


PROPERTIES = (ends, knows, settles, previews, keeps_promises)


@pytest.mark.parametrize("holds", PROPERTIES, ids=lambda p: p.__name__)
def test_from_any_start(holds: Callable[[Start], None]) -> None:
    @given(watched.starts())
    @STEADY
    def checked(start: Start) -> None:
        holds(start)

    checked()


STATES = ("nothing", "reserved", "live", "pending", "overdue", "about to be purged")
DUE = {"pending": 9.0, "overdue": -7.0, "about to be purged": 0.0001}
OWNERS = {"ours": cases.OURS, "of old": cases.RENAMED, "unowned": None, "foreign": cases.OTHERS}
HELD = (None, cases.FIRST, cases.OLDER, cases.FOREIGN)
DECLARED = cases.spec(cases.VALUE, description="new", tags={"team": "b"})
BEFORE = cases.spec(cases.OTHER_VALUE, description="old", tags={"team": "a", "once": "declared"})
MEMORIES = {
    "none": None,
    "changed": cases.memory(spec=BEFORE, version=cases.FIRST, owner=cases.RENAMED),
    "another incarnation": cases.memory(spec=DECLARED, instance=cases.PAST_MARK),
}


def entry(state: str, owner: str | None, version: str | None) -> memory.Entry | None:
    if state in {"nothing", "reserved"}:
        return None
    users = {"team": "a", "once": "declared", "by": "hand"}
    values = {cases.FIRST: cases.OTHER_VALUE, cases.OLDER: cases.VALUE, cases.FOREIGN: cases.VALUE}
    return memory.Entry(
        secret=cases.secret(
            description="old", version=version, tags={**users, **cases.marks(owner)}
        ),
        values={} if version is None else values,
        delete_on=watched.on_day(DUE[state]) if state in DUE else None,
        policy="{}",
    )


KEPT = (("schedule", "restore"), ("schedule", "fail"), ("force", "restore"), ("force", "replace"))
GONE = (("schedule", "restore"), ("force", "restore"), ("retain", "restore"))


def every_start() -> Iterator[tuple[str, Start]]:
    """Yield one start for each combination, with its name.

    Not multiplied out is what the decision table shows to be no matter.
    """
    for state, (whose, owner), (past, told) in itertools.product(
        STATES, OWNERS.items(), MEMORIES.items()
    ):
        nothing = entry(state, owner, None) is None
        if nothing and whose != "ours":
            continue  # Nothing is nobody's.
        kept = itertools.product(HELD[:1] if nothing else HELD, KEPT, ("no", "unowned", "any"))
        gone = itertools.product(HELD[1:2], GONE, ("no",))
        wants = ((cases.kept(DECLARED, memory=told), kept), (cases.gone(memory=told), gone))
        for wanted, allowed in wants:
            for version, (deletion, recreate), adopt in allowed:
                name = (type(wanted).__name__, state, whose, past, version, deletion, recreate)
                yield (
                    f"{name}, adopt {adopt}",
                    Start(
                        entry=entry(state, owner, version),
                        reserved=watched.RESERVED_SECONDS if state == "reserved" else 0,
                        wanted=wanted,
                        policy=cases.policy(deletion=deletion, on_recreate=recreate, adopt=adopt),
                        capabilities=cases.AWS,
                    ),
                )


def test_from_every_combination() -> None:
    faults, starts = [], 0
    for name, start in every_start():
        starts += 1
        for holds in PROPERTIES:
            try:
                holds(copy.copy(start))
            except (AssertionError, errors.RecoverableSecretsError) as fault:
                faults.append(f"{holds.__name__}: {name}: {str(fault).splitlines()[:1]}")
    assert not faults, f"{len(faults)} faults, such as\n" + "\n".join(faults[:10])
    assert starts == 2_538


ATTEMPTED = cases.spec(cases.VALUE, description="new", tags={"team": "b", "more": "1"})
TO_BE = cases.spec(cases.OTHER_VALUE, description="old", tags={"team": "a"})
HOLDING = {
    "what was attempted": (cases.FIRST, cases.VALUE),
    "what was before": (cases.FIRST, cases.OTHER_VALUE),
    "what a person put": (cases.FOREIGN, cases.VALUE),
}
"""The current version of a secret whose update is taken back, and its value."""
BEFORE_IT = {"nothing": None, "ours": cases.OLDER, "a person's": "p" * 32}


def every_rollback() -> Iterator[tuple[str, Start]]:
    """Yield one start for each combination of an update that is taken back, with its name."""
    wanted = cases.kept(
        TO_BE, memory=cases.memory(spec=ATTEMPTED, instance=None), instance="aaaa.1111",
        mandate=facts.Mandate.ROLLBACK,
    )  # fmt: skip
    for *names, text, recreate in itertools.product(
        ("live", "pending"), OWNERS, HOLDING, BEFORE_IT, ("new", "old", "by hand"),
        ("restore", "fail"),
    ):  # fmt: skip
        state, whose, held, before = names
        (version, value), previous = HOLDING[held], BEFORE_IT[before]
        tags = {"team": "b" if text == "new" else text, "more": "1", **cases.marks(OWNERS[whose])}
        there = memory.Entry(
            secret=cases.secret(description=text, version=version, previous=previous, tags=tags),
            values={version: value, **({previous: cases.OTHER_VALUE} if previous else {})},
            delete_on=watched.on_day(DUE[state]) if state in DUE else None,
        )
        policy = cases.policy(on_recreate=recreate)
        yield (
            ", ".join([*names, text, recreate]),
            Start(entry=there, reserved=0, wanted=wanted, policy=policy, capabilities=cases.AWS),
        )


def takes_back(start: Start) -> None:
    """The version before is current again where ours holds what was attempted; none is written."""
    store, was = start.store(), start.entry
    assert was is not None
    ended = run(start, store)
    assert isinstance(ended, Result), "a rollback that is refused leaves the stack stuck"
    there = store.entries[start.wanted.name]
    assert there.values.keys() == was.values.keys(), "no version is made"
    ours = was.secret.tags.get("recoverable-secrets:owner") == cases.OURS
    attempted = was.secret.version == cases.FIRST and was.values[cases.FIRST] == cases.VALUE
    left = was.delete_on is not None and start.policy.on_recreate == "fail"
    moves = ours and attempted and not left and was.secret.previous is not None
    versions = (was.secret.version, was.secret.previous)
    assert (there.secret.version, there.secret.previous) == versions[:: -1 if moves else 1]
    moved = [action for action in ended.actions if isinstance(action, plan.MoveStage)]
    assert len(moved) == moves


def test_from_every_rollback() -> None:
    faults, starts = [], 0
    for name, start in every_rollback():
        starts += 1
        for holds in (*PROPERTIES, takes_back):
            try:
                holds(copy.copy(start))
            except (AssertionError, errors.RecoverableSecretsError) as fault:
                faults.append(f"{holds.__name__}: {name}: {str(fault).splitlines()[:1]}")
    assert not faults, f"{len(faults)} faults, such as\n" + "\n".join(faults[:10])
    assert starts == 2 * 4 * 3 * 3 * 3 * 2
