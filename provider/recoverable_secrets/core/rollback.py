"""What takes back an update that was declared and perhaps never done.

The operation that is taken back may have failed before its first call, half-way, or after all of
it. So memory is what was *attempted*, not what is: only what the live secret still shows of it is
changed back, and what people have put since then stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from . import diff, ownership, plan
from .facts import Kept, Present
from .model import Spec
from .policy import Capabilities


def actions(present: Present, wanted: Kept, store: Capabilities) -> Iterator[plan.Action]:
    """Yield what brings back what was before the operation that memory holds.

    Without memory nothing was done to this secret: the operation was about another one, as after
    a change of its name.
    """
    if wanted.memory is None:
        return
    attempted, before = wanted.memory.spec, wanted.spec
    yield from _value(present, attempted, before)
    metadata = plan.SetMetadata(
        description=_text(present.secret.description, attempted.description, before.description),
        kms_key_id=_key(present.secret.kms_key_id, attempted.kms_key_id, before.kms_key_id),
    )
    if metadata != plan.SetMetadata():
        yield metadata
    tags = present.secret.tags, diff.users_tags(attempted), diff.users_tags(before)
    yield from _tags(*tags, room=store.tags)


def _value(present: Present, attempted: Spec, before: Spec) -> Iterator[plan.Action]:
    """Make the previous version current again, if the current one holds what was attempted.

    No literal is written: the version before may be one that a person or a rotation put.
    """
    current, previous = present.secret.version, present.secret.previous
    if attempted.value is None or attempted.value == before.value:
        return
    if current is None or previous in {None, current} or not ownership.is_ours(current):
        return
    if current == present.holds:
        yield plan.MoveStage(current=current, to=previous)
    elif current != present.differs:
        yield plan.Compare(source=plan.Source.ATTEMPTED, version=current)


def _text(live: str, attempted: str | None, before: str | None) -> str | None:
    """Return the text to set, or `None` where the attempt is not what is live."""
    if attempted == before or live != (attempted or ""):
        return None
    return None if live == (before or "") else before or ""


def _key(live: str | None, attempted: str | None, before: str | None) -> str | None:
    if diff.same_key(attempted, before) or not diff.same_key(live, attempted):
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
