"""The promises of the product, held against every step of a race.

A write to what is not its own is a broken promise, unless nobody could have known: AWS has no
compare-and-set, so between a look that showed the secret as our own and the write that follows,
somebody may always take it. Those writes are not passed over but told, each with how many calls
of the operation lie between the look and the write: one is what no client can do without.
"""

from __future__ import annotations

import collections
from collections.abc import Sequence
from dataclasses import dataclass

import emulation
from engine.scene import LOOK
from races import parts, schedules
from recoverable_secrets.core import facts, ownership
from recoverable_secrets.core.policy import Adopt
from recoverable_secrets.engine import Result


@dataclass(frozen=True)
class Leftover:
    """A write that met what was no longer its own.

    Attributes:
        part: Whose write.
        action: The write.
        state: Where the secret stood.
        owner: Whose it was by then.
        calls: Calls of the operation since its look, the write included.
    """

    part: str
    action: str
    state: str
    owner: str
    calls: int


def owner_of(secret: emulation.SecretSnapshot) -> str | None:
    """Return the owner tag."""
    return secret.tags.get(ownership.OWNER)


def may_change(run: parts.Running, secret: emulation.SecretSnapshot, *, purge: bool) -> bool:
    """Whether the promises let an operation change a secret as it is."""
    wanted, policy, owner = run.wanted, run.policy, owner_of(secret)
    memory = wanted.memory
    if isinstance(wanted, facts.Asked):
        assert memory
        told = {memory.owner or None}
        return owner in (told | {wanted.owner} if isinstance(wanted, facts.Handed) else told)
    ours = owner is not None and (
        owner == wanted.owner or (memory and (memory.id, memory.owner) == (secret.arn, owner))
    )
    if purge:
        return bool(policy.force and ours)
    if isinstance(wanted, facts.Kept) and policy.adopt is not Adopt.NO:
        return bool(ours or owner is None or policy.adopt is Adopt.ANY)
    remembered = isinstance(wanted, facts.Gone) and memory and memory.id == secret.arn
    return bool(ours or (owner is None and remembered))


def leftovers(run: parts.Running, steps: Sequence[schedules.Step]) -> collections.Counter[Leftover]:
    """Return the writes of an operation that nobody could prevent.

    Raises:
        AssertionError: A write that it should have known better than to make.
    """
    found: collections.Counter[Leftover] = collections.Counter()
    told: emulation.SecretSnapshot | None = None
    calls = 0
    for step in steps:
        if step.actor != run.part.name:
            continue
        calls += 1
        if step.action == LOOK and step.outcome == "ok":
            told, calls = step.before, 0
        if not step.changed:
            continue
        if step.action == "CreateSecret":
            told, calls = step.after, 0
            continue
        purge = bool(step.parameters.get("ForceDeleteWithoutRecovery"))
        if may_change(run, step.before, purge=purge):
            if owner_of(step.before) != owner_of(step.after):
                told, calls = step.after, 0  # It wrote the tag itself.
            continue
        assert told is not None, "changed what it never looked at"
        assert may_change(run, told, purge=purge), "changed what it saw was not its own"
        owner = "nobody" if owner_of(step.before) is None else "another"
        name = "DeleteSecret, forced" if purge else step.action
        found[Leftover(run.part.name, name, step.before.state, owner, calls)] += 1
    return found


def nothing_lost(runs: Sequence[parts.Running], steps: Sequence[schedules.Step]) -> None:
    """Assert that every secret is still there, but for force, people, and the window's end."""
    forced = any(run.policy.force for run in runs)
    for step in steps:
        if step.before.arn and step.before.state in {"live", "pending"}:
            gone = step.after.arn != step.before.arn or step.after.state in {"purging", "absent"}
            by_us = step.actor in {run.part.name for run in runs}
            assert forced or not (gone and by_us), "purged without force"
            if not gone and by_us:
                lost = step.before.versions.keys() - step.after.versions.keys()
                assert not lost, "a version is gone"


def values_kept(secret: emulation.SecretSnapshot, steps: Sequence[schedules.Step]) -> None:
    """Assert that a value that a person put is current, or the one before: never lost."""
    for step in steps:
        if step.action == "puts_a_value" and step.changed and secret.versions:
            put = step.after.version_id
            assert put is not None
            same = secret.arn == step.after.arn
            assert not same or secret.versions[put].labels, "a person's value is lost"


def told(run: parts.Running, steps: Sequence[schedules.Step]) -> None:
    """Assert promise 11: a restore, and what was left alone, is said."""
    mine = [step for step in steps if step.actor == run.part.name]
    restored = any(step.action == "RestoreSecret" and step.changed for step in mine)
    said = " ".join(run.said)
    result = run.actor.came_to
    if restored and isinstance(result, Result):
        assert "restored" in said, "a restore was not told"
    if not isinstance(run.wanted, facts.Gone) or not isinstance(result, Result):
        return
    if isinstance(result.known, facts.Present):
        assert "left alone" in said or "stays" in said or "goes on" in said, "not told as left"
