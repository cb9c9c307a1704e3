"""What differs between a live secret and what is wanted of it, group by group.

Three rules decide what may be removed:

* declared and then removed means removed: memory tells what was declared;
* without memory a secret of ours is brought to exactly what is declared, as if it were new: it
  was just restored, or a run broke off after restoring it;
* what was adopted was others' work before: only what is declared changes.

A deputy knows its own operation by the mark that it wrote last: met again, the same operation
was delivered twice, and what others added since then is left alone.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from . import keys, ownership, plan, replication, rotation, values
from .facts import Declared, Kept, Mandate, Present, Secret
from .fields import traits
from .model import FIELDS, Declaration, Spec
from .policy import Capabilities, Policy


class Relation(enum.Enum):
    """Whose secret it is, as its owner tag tells."""

    OURS = "ours"
    UNOWNED = "unowned"
    FOREIGN = "foreign"


def relation(secret: Secret, wanted: Declared) -> Relation:
    """Return whose secret this is.

    A renamed owner still knows its own: the id is the remembered one, and the tag is the owner
    that was remembered with it.
    """
    tag, memory = secret.tags.get(ownership.OWNER), wanted.memory
    if tag is None:
        return Relation.UNOWNED
    if tag == wanted.owner or (memory and memory.id == secret.id and memory.owner == tag):
        return Relation.OURS
    return Relation.FOREIGN


def actions(
    present: Present, wanted: Kept, policy: Policy, store: Capabilities
) -> Iterator[plan.Action]:
    """Yield what brings a live secret to what is wanted, group by group.

    What was not ours is claimed before it is changed. The resource policy comes next: an old one
    must not outlive a restore by a moment more than needed. A restored secret goes no further
    until it is known whether its key can be used. Tags are added before others are removed.
    """
    taken = relation(present.secret, wanted) is not Relation.OURS
    exact = _exact(present, wanted)
    if taken:
        yield _claim(present, wanted, policy)
    if store.policies:
        yield from _resource_policy(present, wanted, exact=exact)
    unknown = keys.check(present, store) if present.restored else ()
    if unknown:
        yield from unknown
        return
    step = values.step(present, wanted, policy)
    moved = tuple(values.moved_back(present, wanted)) if step is values.Step.WRITE else ()
    source = values.source(wanted.spec)
    if step is values.Step.COMPARE and present.secret.version and source:
        yield plan.Compare(source=source, version=present.secret.version)
    yield from moved
    write = step is values.Step.WRITE and not moved
    metadata = _metadata(present, wanted, exact=exact, write=write)
    if not store.key_mutable:
        metadata = dataclasses.replace(metadata, kms_key_id=None)
    if metadata != plan.SetMetadata():
        yield metadata
    if step is values.Step.LEAVE:
        yield from values.deprecated(present, policy)
        yield from values.labels(present, wanted, exact=exact)
    replicas = replication.wanted(present, wanted, exact=exact)
    yield from _tags(present, wanted, policy, store, exact=exact, taken=taken)
    yield from replication.actions(present, replicas, policy)
    yield from rotation.actions(present, wanted, policy, exact=exact)


def unsettled(present: Present, wanted: Kept) -> plan.Failure | tuple[plan.Action, ...]:
    """Return what has to be waited for after all was done, or why it will not come about."""
    replicas = replication.wanted(present, wanted, exact=_exact(present, wanted))
    return replication.settled(present, replicas)


def _resource_policy(present: Present, wanted: Kept, *, exact: bool) -> Iterator[plan.Action]:
    """Yield what sets or drops the resource policy; blindly, as a look does not show it."""
    if present.policed:
        return
    spec, memory = wanted.spec, wanted.memory
    if spec.policy:
        told = memory and (memory.spec.policy, memory.spec.block_public_policy)
        if present.restored or present.created or told != (spec.policy, spec.block_public_policy):
            yield plan.SetPolicy(
                document=spec.policy,
                block_public=spec.block_public_policy,
                undo=_policy_from_before(present, wanted),
            )
        return
    # What memory does not prove to be gone: it was declared, or "none" is declared only now.
    before = memory.spec.policy if memory else None
    unproved = before or (spec.policy == "" and before is None)
    if not present.created and (exact or unproved):
        yield plan.DropPolicy(undo=_policy_from_before(present, wanted))


def _policy_from_before(present: Present, wanted: Kept) -> plan.Action | None:
    """Return what makes memory true again if an update fails: no look shows that it is not."""
    if present.restored or wanted.memory is None:
        return None
    before = wanted.memory.spec
    if not before.policy:
        return plan.DropPolicy()
    return plan.SetPolicy(document=before.policy, block_public=before.block_public_policy)


def _exact(present: Present, wanted: Kept) -> bool:
    secret = present.secret
    if wanted.memory or relation(secret, wanted) is not Relation.OURS:
        return False
    adopted, claimed = ownership.adopted(secret.tags), _claimed(secret, wanted)
    if wanted.mandate is not Mandate.OWN and present.restored:
        return not (adopted and claimed)
    return not (adopted or claimed)


def _claimed(secret: Secret, wanted: Kept) -> bool:
    """Whether this very operation of a deputy wrote the marks."""
    deputy = wanted.mandate is not Mandate.OWN
    return deputy and secret.tags.get(ownership.INSTANCE) == wanted.instance


def _metadata(present: Present, wanted: Kept, *, exact: bool, write: bool) -> plan.SetMetadata:
    secret, spec = present.secret, wanted.spec
    old = wanted.memory.spec if wanted.memory else Spec()
    description = _managed(spec.description, old.description, exact=exact)
    key = _managed(spec.kms_key_id, old.kms_key_id, exact=exact)
    return plan.SetMetadata(
        description=description if description != secret.description else None,
        kms_key_id=None if key is None or keys.same(key, secret.kms_key_id) else key,
        type=spec.type if spec.type != secret.type else None,
        source=values.source(spec) if write else None,
        version=values.next_version(present, wanted) if write else None,
    )


def stuck_key(secret: Secret, wanted: Kept, store: Capabilities) -> bool:
    """Whether another key is declared than the one that the store cannot change any more."""
    declared = wanted.spec.kms_key_id
    if store.key_mutable or declared is None:
        return False
    return not keys.same(declared, secret.kms_key_id)


def _managed(declared: str | None, before: str | None, *, exact: bool) -> str | None:
    """Return the wanted text, empty for none, or `None` where it is not ours to manage."""
    if declared is not None:
        return declared
    return "" if exact or before is not None else None


def _claim(present: Present, wanted: Kept, policy: Policy) -> plan.SetTags:
    """Return what takes a secret over, and gives it back if the rest fails."""
    live, marks = present.secret.tags, _marks(present, wanted, policy)
    before = {key: live[key] for key in marks if key in live}
    undo = plan.SetTags(tags=plan.frozen(before)) if before else plan.DropTags(keys=tuple(marks))
    changed = _changed(live, {**users_tags(wanted.spec), **marks})
    return plan.SetTags(tags=plan.frozen(changed), undo=undo)


def _tags(
    present: Present,
    wanted: Kept,
    policy: Policy,
    store: Capabilities,
    *,
    exact: bool,
    taken: bool,
) -> Iterator[plan.Action]:
    live, memory, declared = present.secret.tags, wanted.memory, users_tags(wanted.spec)
    marks = _marks(present, wanted, policy)
    # A deputy's mark says that all else was done, so it is written last.
    marked_last = exact and wanted.mandate is not Mandate.OWN
    changed = _changed(live, declared if marked_last else {**declared, **marks})
    before = users_tags(memory.spec) if memory else {}
    ours = ownership.of_users(live) if exact else before
    stale = _unsaid(memory.spec, wanted.spec) if memory else ()
    extra = [key for key in (*ours, *stale) if key in live and key not in declared]
    yield from exchanged({**live, **marks}, {} if taken else changed, extra, store.tags)
    if marked_last and _changed(live, marks):
        yield plan.SetTags(tags=plan.frozen(_changed(live, marks)))


def records(spec: Spec) -> dict[str, str]:
    """Return the tags that say what a restore brings back where it is not declared any more.

    They are written at creation, for nothing, and put right by the teardown: until then the
    declaration tells.
    """
    replicas, rotated = replication.declared(spec), rotation.declared(spec)
    told = {
        ownership.REPLICAS: replication.record(replicas or ()),
        ownership.ROTATION: rotation.CANCELLED if rotated else "",
    }
    return {key: content for key, content in told.items() if content}


def _unsaid(before: Spec, spec: Spec) -> Iterator[str]:
    """Yield the records that would bring back what is declared no more, and was before."""
    if before.replicas is not None and spec.replicas is None:
        yield ownership.REPLICAS
    if rotation.managed(before) and not rotation.managed(spec):
        yield ownership.ROTATION


def exchanged(
    live: Mapping[str, str], changed: Mapping[str, str], extra: Collection[str], room: int
) -> Iterator[plan.Action]:
    """Yield what sets some tags and drops others: added first, unless that is more than fits."""
    steps: list[plan.Action] = []
    if changed:
        steps.append(plan.SetTags(tags=plan.frozen(changed)))
    if extra:
        steps.append(plan.DropTags(keys=tuple(sorted(extra))))
    yield from steps if len({*live, *changed}) <= room else reversed(steps)


def users_tags(spec: Spec) -> dict[str, str]:
    """Return the tags of a spec, whatever was remembered: our own are never a user's to set."""
    return ownership.of_users(spec.tags or {})


def _changed(live: Mapping[str, str], target: Mapping[str, str]) -> dict[str, str]:
    return {key: content for key, content in target.items() if live.get(key) != content}


def _marks(present: Present, wanted: Kept, policy: Policy) -> dict[str, str]:
    """Return the tags that claim the secret.

    A live secret that is taken over without memory gets a fresh incarnation mark: the old half
    of a same-name replacement then finds that its own is gone. A restored one keeps its mark, which
    saves a call, unless that half would destroy it for good, or a deputy restored it: what that
    operation did may have to be taken back.
    """
    live, memory = present.secret.tags, wanted.memory
    deputy = wanted.mandate is not Mandate.OWN
    taken = relation(present.secret, wanted) is not Relation.OURS
    remembered, mark = memory.instance if memory else None, live.get(ownership.INSTANCE)
    marked = present.restored and not deputy and not policy.force
    kept = memory or _claimed(present.secret, wanted) or marked
    if taken or not kept:
        mark = wanted.instance
    marks = {
        ownership.OWNER: wanted.owner,
        ownership.INSTANCE: remembered or mark or wanted.instance,
    }
    if taken:
        pending = present.restored and deputy
        origin = ownership.ADOPTED_PENDING if pending else ownership.ADOPTED
        return {**marks, ownership.ORIGIN: origin}
    if deputy and not kept:
        adopted = ownership.adopted(live)
        found = ownership.FOUND_ADOPTED if adopted else ownership.FOUND
        return {**marks, ownership.ORIGIN: ownership.RESTORED if present.restored else found}
    return marks


_PROVED_BY_MEMORY = (
    "description",
    "kms_key_id",
    "type",
    "tags",
    "replicas",
    "policy",
    "version_stages",
    *rotation.FIELDS,
)


def unchanged(wanted: Kept, policy: Policy) -> bool:
    """Whether memory alone proves that no call is needed."""
    memory, spec = wanted.memory, wanted.spec
    if memory is None or memory.owner != wanted.owner or memory.drifted:
        return False
    if any(getattr(memory.spec, part) != getattr(spec, part) for part in _PROVED_BY_MEMORY):
        return False
    if spec.policy and memory.spec.block_public_policy != spec.block_public_policy:
        return False
    return values.unchanged(memory, spec, policy)


def replaced(old: Mapping[str, Any], new: Declaration, store: Capabilities) -> list[str]:
    """Return the fields whose change means another secret.

    A field that is not declared stays as it is.

    Args:
        old: What is, by field.
        new: What is declared now.
        store: What the store can change in place.
    """
    fields = [name for name, info in FIELDS.items() if traits(info).replaces]
    fields += [] if store.key_mutable else ["kms_key_id"]
    return [name for name in fields if new.of(name) is not None and new.of(name) != old.get(name)]


def changed(old: Declaration, new: Declaration) -> list[str]:
    """Return the fields that are declared otherwise than before, replacements not counted."""
    fields = [name for name, info in FIELDS.items() if not traits(info).replaces]
    return [name for name in fields if new.of(name) != old.of(name)]


def desired(wanted: Kept, policy: Policy) -> plan.Create:
    """Return the call that makes the secret as it is wanted."""
    spec: Spec = wanted.spec
    marks = {
        ownership.OWNER: wanted.owner,
        ownership.INSTANCE: wanted.instance,
        ownership.ORIGIN: ownership.CREATED,
    }
    return plan.Create(
        description=spec.description or None,
        kms_key_id=spec.kms_key_id or None,
        tags=plan.frozen({**users_tags(spec), **records(spec), **marks}),
        version=wanted.version,
        source=values.source(spec),
        replicas=replication.declared(spec) or (),
        overwrite=policy.force_overwrite_replica_secret and bool(spec.replicas),
        type=spec.type,
    )
