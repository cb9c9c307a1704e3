"""What to do about a value, decided from version ids alone: no value is ever read.

Every version id that we write tells that it is ours, so a look at the ids tells our values from
those of people and rotation; memory tells which of ours held the declared one. Where that does
not suffice, a version is compared with the declared value, which needs no right to read.

    source       declared by                  written again when
    -----------  ---------------------------  ------------------------------------------------
    literal      secret_string, secret_json,  it differs
                 secret_binary
    write-only   secret_string_wo             secret_string_wo_version changes
    referenced   value_from                   value_version changes
    generated    generate_secret_string       regenerate_when changes
"""

from __future__ import annotations

import enum
from collections.abc import Iterator

from . import ownership
from .facts import Kept, Mandate, Memory, Present
from .model import Spec
from .plan import Action, Compare, MoveStage, Source
from .policy import OnValueDrift, Policy, PreviousVersion

CURRENT, PREVIOUS, PENDING = "AWSCURRENT", "AWSPREVIOUS", "AWSPENDING"
OF_SERVICE = frozenset({CURRENT, PREVIOUS, PENDING})
_REPETITIONS = 8


class Step(enum.Enum):
    """What to do about the value."""

    LEAVE = "leave"
    COMPARE = "compare"
    WRITE = "write"


def source(spec: Spec) -> Source | None:
    """Return where the declared value comes from; `None` if none is declared."""
    if spec.generate_secret_string is not None:
        return Source.GENERATED
    if spec.value_from is not None:
        return Source.REFERENCED
    if spec.secret_string_wo_version is not None:  # What remembers it, remembers no value.
        return Source.WRITE_ONLY
    return None if spec.value is None else Source.LITERAL


def trigger(spec: Spec) -> str | None:
    """Return what a change of makes the value be written again; `None` where it tells itself."""
    match source(spec):
        case Source.GENERATED:
            return spec.regenerate_when
        case Source.REFERENCED:
            return spec.value_version
        case Source.WRITE_ONLY:
            return str(spec.secret_string_wo_version)
    return None


def same(before: Spec, spec: Spec) -> bool:
    """Whether two declarations mean the same version of a value."""
    now = source(spec)
    if now is Source.LITERAL:
        return before.value == spec.value and now is source(before)
    return now is source(before) and trigger(before) == trigger(spec)


def step(present: Present, wanted: Kept, policy: Policy) -> Step:
    """Return what to do about the value, from version ids alone."""
    spec, current, memory = wanted.spec, present.secret.version, wanted.memory
    now = source(spec)
    if now is None or (current is not None and current == present.holds):
        return Step.LEAVE
    if current is None or current in present.differs:
        return Step.WRITE
    overwrite = policy.on_value_drift is OnValueDrift.OVERWRITE
    if present.holds is not None and not (overwrite or ownership.is_ours(current)):
        return Step.LEAVE  # Put after this operation saw to the value, as a rotation at once does.
    if memory and current in replacements(present.secret.id, memory, spec):
        # Written by this very operation, which was interrupted or repeated. Where versions are
        # remembered, its id does not tell what was declared then: the value has to.
        told = now is Source.GENERATED or wanted.mandate is not Mandate.OWN
        return Step.LEAVE if told else Step.COMPARE
    if now is Source.GENERATED:
        # It is no better than the value that is there, unless another one is asked for.
        return Step.WRITE if memory and _regenerated(memory.spec, spec) else Step.LEAVE
    if memory is None:
        # Restored, or left by a run that broke off: ours may hold an older value.
        ours = ownership.is_ours(current) and now is not Source.REFERENCED
        return Step.COMPARE if overwrite or ours else Step.LEAVE
    if not same(memory.spec, spec):
        # A value that was declared in another way may well be the same one.
        another = source(memory.spec) in {now, Source.GENERATED}
        return Step.WRITE if current == memory.version and another else Step.COMPARE
    if current == memory.version:
        return Step.LEAVE
    # Unchanged, but another version is current: our own interrupted update, or a drift.
    before = memory.version
    interrupted = before and current == ownership.next_version_id(memory.id, before)
    if before is None and now is not Source.LITERAL and ownership.is_ours(current):
        return Step.LEAVE  # No version is remembered, but nothing says that this is another one.
    return Step.COMPARE if overwrite or interrupted else Step.LEAVE


def moved_back(present: Present, wanted: Kept) -> Iterator[Action]:
    """Yield what makes an earlier version current again that holds the declared value.

    A value that is to be written may be there already, under another label: somebody has moved
    the label, or a call was repeated.
    """
    secret, memory = present.secret, wanted.memory
    held = {secret.previous, *secret.labels.values()} - {None, secret.version}
    if source(wanted.spec) is Source.GENERATED:
        return
    proved = memory.version if memory and same(memory.spec, wanted.spec) else present.holds
    if proved in held - present.differs:
        yield MoveStage(current=secret.version, to=proved)
    elif present.spent in held - present.differs and present.spent is not None:
        yield Compare(source=source(wanted.spec) or Source.LITERAL, version=present.spent)


def _regenerated(before: Spec, spec: Spec) -> bool:
    """Whether another generated value is asked for."""
    generated = source(before) is source(spec) is Source.GENERATED
    return generated and trigger(before) != trigger(spec)


def next_version(present: Present, wanted: Kept) -> str:
    """Return the id to write under; the next one if somebody moved back from that version."""
    secret, memory = present.secret, wanted.memory
    ids = replacements(secret.id, memory, wanted.spec) if memory else ()
    if not ids:
        return ownership.next_version_id(secret.id, present.spent or secret.version)
    spent = ids.index(present.spent) if present.spent in ids[:-1] else -1
    return ids[spent + 1]


def replacements(secret_id: str, memory: Memory, spec: Spec) -> tuple[str, ...]:
    """Return the ids for a value that takes another's place and cannot be told by comparing it.

    They come from the version that is remembered, or else from what was declared before and what
    is declared now. So an operation that is repeated or taken back knows its version again,
    though it remembers nothing of the first time. More than one is needed where a declaration
    goes back and forth.
    """
    before, now = memory.spec, source(spec)
    if now in {None, Source.LITERAL} or same(before, spec):
        return ()
    if now is Source.GENERATED and not _regenerated(before, spec):
        return ()
    parts = (source(before), trigger(before), now, trigger(spec))
    ids = [memory.version or ownership.digest(*(part or "" for part in parts))]
    while len(ids) <= _REPETITIONS:
        ids.append(ownership.next_version_id(secret_id, ids[-1]))
    return tuple(ids[1:])


def deprecated(present: Present, policy: Policy) -> Iterator[Action]:
    """Yield what lets the store drop the version that a new value has replaced."""
    secret = present.secret
    replaced = secret.version is not None and secret.version == present.holds
    if policy.previous_version is PreviousVersion.DEPRECATE and replaced and secret.previous:
        yield MoveStage(current=secret.previous, to=None, stage=PREVIOUS)


def labels(present: Present, wanted: Kept, *, exact: bool) -> Iterator[Action]:
    """Yield what brings the extra staging labels to the current version, one a label.

    Args:
        present: The live secret.
        wanted: What is declared, and what is remembered.
        exact: Whether declared labels are all that there should be; what a rotation is at work
            on keeps its own.
    """
    secret, current = present.secret, present.secret.version
    declared = set(wanted.spec.version_stages or ())
    before = set(wanted.memory.spec.version_stages or ()) if wanted.memory else set()
    if current is None:
        return  # There is no version to label.
    if exact and wanted.spec.version_stages is not None:
        before = set(secret.labels) - {PENDING}
    for label in sorted(declared):
        if secret.labels.get(label) != current:
            yield MoveStage(current=secret.labels.get(label), to=current, stage=label)
    for label in sorted(before - declared):
        if label in secret.labels:
            yield MoveStage(current=secret.labels[label], to=None, stage=label)


def valueless(spec: Spec, live: str | None) -> bool:
    """Whether a value is to be made or read, as there is no current version."""
    return source(spec) in {Source.GENERATED, Source.REFERENCED} and live is None


def drifted(version: str | None, live: str | None, policy: Policy) -> bool:
    """Whether a value that others put has to be overwritten.

    Args:
        version: The version that held the declared value, if one is remembered.
        live: The version that is current; one of ours is nobody else's, if none is remembered.
        policy: What the user allows.
    """
    others = live != version
    if version is None and live is not None:
        others = not ownership.is_ours(live)
    return policy.on_value_drift is OnValueDrift.OVERWRITE and others


def put_by_others(before: str | None, live: str | None, spec: Spec, policy: Policy) -> bool:
    """Whether others have put a value since the last look, in place of a declared one that stays.

    Args:
        before: The version that was current at the last look.
        live: The version that is current now.
        spec: What is declared.
        policy: What the user allows.
    """
    if live in {None, before} or ownership.is_ours(live or ""):
        return False
    declared = source(spec) not in {None, Source.GENERATED}
    return declared and policy.on_value_drift is OnValueDrift.KEEP


def unchanged(memory: Memory, spec: Spec, policy: Policy) -> bool:
    """Whether memory alone proves that nothing is to be done about the value."""
    match source(spec):
        case None:
            return True
        case Source.GENERATED if source(memory.spec) not in {None, Source.GENERATED}:
            return False
        case Source.GENERATED:
            return memory.live_version is not None and not _regenerated(memory.spec, spec)
        case Source.REFERENCED if memory.live_version is None:
            return False
    if not same(memory.spec, spec):
        return False
    return not drifted(memory.version, memory.live_version, policy)


def kept_foreign(present: Present, wanted: Kept, policy: Policy) -> bool:
    """Whether a value is declared but the value of someone else stays."""
    current = present.secret.version
    if current is None or ownership.is_ours(current):
        return False
    if source(wanted.spec) in {None, Source.GENERATED}:
        return False
    return current != present.holds and step(present, wanted, policy) is Step.LEAVE


def kept_generated(present: Present | None, wanted: Kept) -> bool:
    """Whether a value stays although how to generate one is declared otherwise than before.

    Args:
        present: The live secret; `None` where memory alone decides.
        wanted: What is declared, and what is remembered.
    """
    memory, declared = wanted.memory, wanted.spec.generate_secret_string
    if memory is None or declared is None or memory.spec.generate_secret_string == declared:
        return False
    if _regenerated(memory.spec, wanted.spec):
        return False
    if present is None:
        return memory.live_version is not None
    # What this operation wrote is new, also where the answer to that was lost.
    return present.secret.version not in {None, present.holds, present.spent}
