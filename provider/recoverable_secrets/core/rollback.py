"""What takes back an update that was declared and perhaps never done.

The operation that is taken back may have failed before its first call, half-way, or after all of
it. So memory is what was *attempted*, not what is: only what the live secret still shows of it is
changed back, and what people have put since then stays.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

from . import diff, keys, ownership, plan, replication, rotation, values
from .facts import Kept, Memory, Present, Replica
from .model import Spec
from .policy import Capabilities


def actions(present: Present, wanted: Kept, store: Capabilities) -> Iterator[plan.Action]:
    """Yield what brings back what was before the operation that memory holds.

    Without memory nothing was done to this secret: the operation was about another one, as after
    a change of its name.
    """
    if wanted.memory is None:
        return
    secret, before, attempted = present.secret, wanted.spec, wanted.memory.spec
    if store.policies and not present.policed:
        yield from _resource_policy(attempted, before)
    value = tuple(_value(present, wanted.memory, before))
    yield from value
    kind = before.type if before.type and secret.type == attempted.type else None
    metadata = plan.SetMetadata(
        description=_text(secret.description, attempted.description, before.description),
        kms_key_id=_key(secret.kms_key_id, attempted.kms_key_id, before.kms_key_id),
        type=kind if kind != secret.type else None,
    )
    if metadata != plan.SetMetadata():
        yield metadata
    if not value:  # Labels follow the version that is current in the end.
        yield from _labels(present, attempted, before)
    tags = (diff.users_tags(spec) for spec in (attempted, before))
    yield from _tags(secret.tags, *tags, room=store.tags)
    yield from _replicas(present, attempted, before)
    yield from _rotation(present, attempted, before)


def _resource_policy(attempted: Spec, before: Spec) -> Iterator[plan.Action]:
    """Yield what sets the policy from before; blindly, as a look does not show any."""
    if (attempted.policy or "") == (before.policy or ""):
        return
    if before.policy:
        yield plan.SetPolicy(document=before.policy, block_public=before.block_public_policy)
    else:
        yield plan.DropPolicy()


def _value(present: Present, memory: Memory, before: Spec) -> Iterator[plan.Action]:
    """Make the previous version current again, if the current one is what was attempted.

    No value is written: the version before may be one that a person or a rotation put.
    """
    secret, attempted = present.secret, memory.spec
    current, previous = secret.version, secret.previous
    moved = present.holds is not None and present.holds != current
    source = values.source(attempted)
    if source is None or values.same(attempted, before) or moved:
        return
    if current is None or previous in {None, current} or not ownership.is_ours(current):
        return
    # Read the other way round, memory is what was before, and the spec what was attempted.
    told = dataclasses.replace(memory, spec=before)
    ids = values.replacements(secret.id, told, attempted)
    if current in ids or (not ids and current == present.holds):
        yield plan.MoveStage(current=current, to=previous)
    elif not ids and current not in present.differs and source is not plan.Source.GENERATED:
        # A generated one takes nobody's place, unless another one was asked for.
        yield plan.Compare(source=plan.Source.ATTEMPTED, version=current)


def _labels(present: Present, attempted: Spec, before: Spec) -> Iterator[plan.Action]:
    """Yield what takes away the labels of the attempt, and brings back those that it took."""
    live, current = present.secret.labels, present.secret.version
    # Bad ones were refused, so nobody has attempted them.
    tried, wanted = (
        set(spec.version_stages or ()) - values.OF_SERVICE for spec in (attempted, before)
    )
    for label in sorted(tried - wanted):
        if label in live and live[label] in {current, present.secret.previous}:
            yield plan.MoveStage(current=live[label], to=None, stage=label)
    for label in sorted(wanted):
        # As the attempt left it: taken away, or on the version that was the attempt's.
        left = None if label not in tried else present.secret.previous
        if None not in {current, left or current} and live.get(label) == left:
            yield plan.MoveStage(current=left, to=current, stage=label)


def _replicas(present: Present, attempted: Spec, before: Spec) -> Iterator[plan.Action]:
    """Yield what takes away the copies of the attempt, and brings back those that it took."""
    tried, wanted = (
        {replica.region: replica for replica in replication.declared(spec) or ()}
        for spec in (attempted, before)
    )
    live = {replica.region: replica for replica in present.secret.replicas}
    made = [
        r for r in tried if _shows(live.get(r), tried[r]) and not _shows(live[r], wanted.get(r))
    ]
    gone = [r for r in wanted if (r not in live or r in made) and tried.get(r) != wanted[r]]
    if taken := set(made) - present.removed:
        yield plan.RemoveReplicas(regions=tuple(sorted(taken)))
    if set(gone) & live.keys():
        # A region that still lists the attempt's copy would refuse the one from before.
        yield from (plan.Wait(), plan.Look())
    elif gone:
        yield plan.AddReplicas(replicas=tuple(wanted[region] for region in gone))


def _shows(live: Replica | None, declared: Replica | None) -> bool:
    if live is None or declared is None:
        return False
    return keys.same(live.kms_key_id, declared.kms_key_id)


def _rotation(present: Present, attempted: Spec, before: Spec) -> Iterator[plan.Action]:
    """Yield what sets rotation as it was, if it is as the attempt set it."""
    live, tried, wanted = present.secret.rotation, *map(rotation.declared, (attempted, before))
    if present.rotated or tried == wanted:
        return
    on = live is not None and live.enabled
    as_attempted = rotation.fits(tried, live) if tried else not on
    if wanted and as_attempted:
        yield plan.SetRotation(rotation=wanted)
    elif not wanted and on and as_attempted:
        yield plan.CancelRotation()


def _text(live: str, attempted: str | None, before: str | None) -> str | None:
    """Return the text to set, or `None` where the attempt is not what is live."""
    if attempted == before or live != (attempted or ""):
        return None
    return None if live == (before or "") else before or ""


def _key(live: str | None, attempted: str | None, before: str | None) -> str | None:
    if keys.same(attempted, before) or not keys.same(live, attempted):
        return None
    return before or ""


def _tags(
    live: Mapping[str, str], attempted: Mapping[str, str], before: Mapping[str, str], *, room: int
) -> Iterator[plan.Action]:
    changed = {
        key: content
        for key, content in before.items()
        if attempted.get(key) != content and live.get(key) == attempted.get(key)
    }
    extra = [k for k, v in attempted.items() if k not in before and live.get(k) == v]
    return diff.exchanged(live, changed, extra, room)
