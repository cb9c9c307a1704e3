"""Bringing a secret into a state, doing an action twice, and comparing with the table."""

from __future__ import annotations

import dataclasses

from contract import worlds
from contract.table import NAME, NEW, NEXT, OLD, C, Row, creation
from contract.worlds import Shot
from recoverable_secrets.core import facts, plan
from recoverable_secrets.core.plan import Source


def prepare(
    world: worlds.World,
    state: str,
    *,
    written: bool = False,
    first: tuple[plan.Action, ...] = (),
) -> facts.Ref:
    """Bring the name into a state, through the store alone; return how an engine refers to it.

    Absent is a secret that was: actions know it by the id that it had.

    Args:
        world: Where.
        state: Which one.
        written: Whether the value was written anew since its creation, if it has one.
        first: What was done to it before, if it is live and has a value.
    """
    valued = "without" not in state
    made = world.store.apply(
        facts.Ref(NAME), creation(Source.LITERAL if valued else None), OLD if valued else None
    )
    assert isinstance(made, plan.Done)
    ref = facts.Ref(NAME, made.id)
    world.person_writes_policy(NAME)
    if written and valued:
        write = plan.SetMetadata(source=Source.LITERAL, version=NEXT)
        assert isinstance(world.store.apply(ref, write, NEW), plan.Done)
    for action in first if state == "live" else ():
        assert isinstance(world.store.apply(ref, action), plan.Done)
    if state.startswith("pending"):
        assert isinstance(world.store.apply(ref, plan.ScheduleDeletion(days=30)), plan.Done)
    elif state in {"reserved", "absent"}:
        assert isinstance(world.store.apply(ref, plan.Purge()), plan.Done)
    if state == "absent":
        world.pass_time(seconds=worlds.RESERVED_SECONDS)
    return ref


def run_twice(world: worlds.World, row: Row, state: str) -> None:
    """Do an action twice, and hold what came of it against the table."""
    ref = prepare(world, state, written=row.written, first=row.first)
    before = world.shot(NAME)
    first_kinds, second_kinds = row.cells.get(state, (C, C))
    expected = row.after(before) if state in row.cells else before

    first = world.store.apply(ref, row.action, row.payload)
    middle = world.shot(NAME)
    second = world.store.apply(_known(ref, first), row.action, row.payload)

    assert type(first) in first_kinds, first
    if isinstance(row.action, plan.Create) and isinstance(first, plan.Done):
        assert middle.id == first.id
        expected = dataclasses.replace(expected, id=first.id)
    assert middle == expected
    assert type(second) in second_kinds, second
    assert world.shot(NAME) == expected, "done twice, the end state is another one"
    agrees(world, facts.Ref(NAME))
    agrees(world, _known(ref, first))


def _known(ref: facts.Ref, outcome: plan.Outcome) -> facts.Ref:
    made = outcome.id if isinstance(outcome, plan.Done) else None
    return facts.Ref(ref.name, made or ref.id)


def agrees(world: worlds.World, ref: facts.Ref) -> None:
    """Check that a look tells what is there, all of it, and changes nothing."""
    shot = world.shot(ref.name)
    seen = world.store.observe(ref)
    assert world.shot(ref.name) == shot
    if shot.state == "absent":
        assert seen == facts.Absent()
    elif shot.state == "reserved":
        assert isinstance(seen, facts.Absent | facts.PendingDeletion)
    else:
        kind = facts.Present if shot.state == "live" else facts.PendingDeletion
        assert isinstance(seen, kind)
        assert seen.secret.policy is None, "nobody asked for it"
        _agrees_in_groups(world.store.observe(ref, policy=True), shot)
        told = (seen.secret.id, seen.secret.version, seen.secret.previous, seen.secret.tags,
                seen.secret.description, seen.secret.kms_key_id, seen.secret.name)  # fmt: skip
        assert told == (shot.id, shot.version, shot.previous, shot.tags, shot.description,
                        shot.key, ref.name)  # fmt: skip


def _agrees_in_groups(seen: object, shot: Shot) -> None:
    """Check that a look with the policy tells what a secret has besides a value."""
    assert isinstance(seen, facts.Present | facts.PendingDeletion)
    secret = seen.secret
    told = (worlds.replicas_of(secret.replicas), worlds.rotation_of(secret.rotation),
            dict(secret.labels), secret.type)  # fmt: skip
    assert told == (shot.replicas, shot.rotation, shot.labels, shot.type)
    assert not [one for one in secret.replicas if one.failed or one.status]
    assert secret.primary_region is None
    live = isinstance(seen, facts.Present)
    assert secret.policy == ((shot.policy or "") if live else None)
