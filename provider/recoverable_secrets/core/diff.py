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

from . import ownership, plan
from .facts import Kept, Mandate, Present, Secret, Wanted
from .fields import traits
from .model import FIELDS, Declaration, Spec
from .policy import Capabilities, OnValueDrift, Policy


class Relation(enum.Enum):
    """Whose secret it is, as its owner tag tells."""

    OURS = "ours"
    UNOWNED = "unowned"
    FOREIGN = "foreign"


class Step(enum.Enum):
    """What to do about the value."""

    LEAVE = "leave"
    COMPARE = "compare"
    WRITE = "write"


def relation(secret: Secret, wanted: Wanted) -> Relation:
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
    """Yield what brings a live secret to what is wanted, at most one action a group.

    What was not ours is claimed before it is changed. The resource policy comes next: an old one
    must not outlive a restore by a moment more than needed. Tags are added before others are
    removed.
    """
    taken = relation(present.secret, wanted) is not Relation.OURS
    exact = _exact(present, wanted)
    if taken:
        yield _claim(present, wanted)
    if exact and store.policies and not present.unpoliced:
        yield plan.DropPolicy()
    step = value_step(present, wanted, policy)
    if step is Step.COMPARE and present.secret.version:
        yield plan.Compare(source=plan.Source.LITERAL, version=present.secret.version)
    metadata = _metadata(present, wanted, exact=exact, write=step is Step.WRITE)
    if not store.key_mutable:
        metadata = dataclasses.replace(metadata, kms_key_id=None)
    if metadata != plan.SetMetadata():
        yield metadata
    yield from _tags(present, wanted, store, exact=exact, taken=taken)


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


def value_step(present: Present, wanted: Kept, policy: Policy) -> Step:
    """Return what to do about the value, from version ids alone.

    Our version ids tell our values from those of people and rotation; memory tells which of
    ours held the declared one. A generated value is for a secret without one: it is no better
    than the value that is there.
    """
    literal, current, memory = wanted.spec.value, present.secret.version, wanted.memory
    source = _source(wanted.spec)
    if source is None or (current is not None and current == present.holds):
        return Step.LEAVE
    if current is None or current == present.differs:
        return Step.WRITE
    if source is plan.Source.GENERATED:
        return Step.LEAVE
    overwrite = policy.on_value_drift is OnValueDrift.OVERWRITE
    if memory is None:
        # Restored, or left by a run that broke off: ours may hold an older literal.
        return Step.COMPARE if overwrite or ownership.is_ours(current) else Step.LEAVE
    if memory.spec.value != literal:
        return Step.WRITE if current == memory.version else Step.COMPARE
    if current == memory.version:
        return Step.LEAVE
    # Unchanged, but another version is current: our own interrupted update, or a drift.
    interrupted = current == ownership.next_version_id(memory.id, memory.version)
    return Step.COMPARE if overwrite or interrupted else Step.LEAVE


def _source(spec: Spec) -> plan.Source | None:
    """Return where the declared value comes from; `None` if none is declared."""
    if spec.generate_secret_string is not None:
        return plan.Source.GENERATED
    return None if spec.value is None else plan.Source.LITERAL


def valueless(spec: Spec, live: str | None) -> bool:
    """Whether a value is to be generated, as there is no current version."""
    return _source(spec) is plan.Source.GENERATED and live is None


def kept_foreign_value(present: Present, wanted: Kept, policy: Policy) -> bool:
    """Whether a literal is declared but the value of someone else stays."""
    current = present.secret.version
    if current is None or wanted.spec.value is None or ownership.is_ours(current):
        return False
    return current != present.holds and value_step(present, wanted, policy) is Step.LEAVE


def kept_generated_value(present: Present | None, wanted: Kept) -> bool:
    """Whether a value stays although how to generate one is declared otherwise than before.

    Args:
        present: The live secret; `None` where memory alone decides.
        wanted: What is declared, and what is remembered.
    """
    memory, declared = wanted.memory, wanted.spec.generate_secret_string
    if memory is None or declared is None or memory.spec.generate_secret_string == declared:
        return False
    if present is None:
        return memory.live_version is not None
    # What this operation wrote is new, also where the answer to that was lost.
    return present.secret.version not in {None, present.holds, present.spent}


def _metadata(present: Present, wanted: Kept, *, exact: bool, write: bool) -> plan.SetMetadata:
    secret, spec = present.secret, wanted.spec
    old = wanted.memory.spec if wanted.memory else Spec()
    description = _managed(spec.description, old.description, exact=exact)
    key = _managed(spec.kms_key_id, old.kms_key_id, exact=exact)
    return plan.SetMetadata(
        description=description if description != secret.description else None,
        kms_key_id=None if key is None or same_key(key, secret.kms_key_id) else key,
        source=_source(spec) if write else None,
        version=_next_version(present) if write else None,
    )


def _next_version(present: Present) -> str:
    """Return the id to write under; the next one if somebody moved back from that version."""
    return ownership.next_version_id(present.secret.id, present.spent or present.secret.version)


def stuck_key(secret: Secret, wanted: Kept, store: Capabilities) -> bool:
    """Whether another key is declared than the one that the store cannot change any more."""
    declared = wanted.spec.kms_key_id
    if store.key_mutable or declared is None:
        return False
    return not same_key(declared, secret.kms_key_id)


def _managed(declared: str | None, before: str | None, *, exact: bool) -> str | None:
    """Return the wanted text, empty for none, or `None` where it is not ours to manage."""
    if declared is not None:
        return declared
    return "" if exact or before is not None else None


def same_key(declared: str | None, live: str | None) -> bool:
    """Whether two spellings can mean one key: an ARN, its id, an alias' ARN, its alias."""
    return _key(declared) == _key(live)


def _key(spelt: str | None) -> str:
    last = (spelt or "").rsplit(":", 1)[-1].removeprefix("key/")
    return "" if last == "alias/aws/secretsmanager" else last


def _claim(present: Present, wanted: Kept) -> plan.SetTags:
    """Return what takes a secret over, and gives it back if the rest fails."""
    live, marks = present.secret.tags, _marks(present, wanted)
    before = {key: live[key] for key in marks if key in live}
    undo = plan.SetTags(tags=plan.frozen(before)) if before else plan.DropTags(keys=tuple(marks))
    changed = _changed(live, {**users_tags(wanted.spec), **marks})
    return plan.SetTags(tags=plan.frozen(changed), undo=undo)


def _tags(
    present: Present, wanted: Kept, store: Capabilities, *, exact: bool, taken: bool
) -> Iterator[plan.Action]:
    live, memory, declared = present.secret.tags, wanted.memory, users_tags(wanted.spec)
    marks = _marks(present, wanted)
    # A deputy's mark says that all else was done, so it is written last.
    marked_last = exact and wanted.mandate is not Mandate.OWN
    changed = _changed(live, declared if marked_last else {**declared, **marks})
    before = users_tags(memory.spec) if memory else {}
    ours = ownership.of_users(live) if exact else before
    extra = [key for key in ours if key in live and key not in declared]
    yield from exchanged({**live, **marks}, {} if taken else changed, extra, store.tags)
    if marked_last and _changed(live, marks):
        yield plan.SetTags(tags=plan.frozen(_changed(live, marks)))


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


def _marks(present: Present, wanted: Kept) -> dict[str, str]:
    """Return the tags that claim the secret.

    A live secret that is taken over without memory gets a fresh incarnation mark: the old half
    of a same-name replacement then finds that its own is gone. A restored one keeps its mark,
    unless a deputy restored it: what that operation did may have to be taken back.
    """
    live, memory = present.secret.tags, wanted.memory
    deputy = wanted.mandate is not Mandate.OWN
    taken = relation(present.secret, wanted) is not Relation.OURS
    remembered, mark = memory.instance if memory else None, live.get(ownership.INSTANCE)
    kept = memory or _claimed(present.secret, wanted) or (present.restored and not deputy)
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


def unchanged(wanted: Kept, policy: Policy) -> bool:
    """Whether memory alone proves that no call is needed."""
    memory = wanted.memory
    if memory is None or memory.owner != wanted.owner:
        return False
    parts = ("description", "kms_key_id", "value", "tags")
    if any(getattr(memory.spec, part) != getattr(wanted.spec, part) for part in parts):
        return False
    if wanted.spec.value is None:
        return not valueless(wanted.spec, memory.live_version)
    return not value_drifted(memory.version, memory.live_version, policy)


def value_drifted(version: str | None, live: str | None, policy: Policy) -> bool:
    """Whether a value that others put has to be overwritten."""
    return policy.on_value_drift is OnValueDrift.OVERWRITE and live != version


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


def desired(wanted: Kept) -> plan.Create:
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
        tags=plan.frozen({**users_tags(spec), **marks}),
        version=wanted.version,
        source=_source(spec),
    )
