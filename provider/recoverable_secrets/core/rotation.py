"""Rotation by the service: set, changed, cancelled, and brought back after a restore.

A rotation whose date passes while the secret is pending deletion would fire right after a
restore. So a teardown cancels it, and one of our tags says that it did; setting it again counts
its dates from then on.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from . import ownership, values
from .facts import Kept, Present, Rotation, Secret
from .model import RotationRules, Spec
from .plan import Action, CancelRotation, MoveStage, SetRotation
from .policy import Capabilities, Policy

FIELDS = (
    "rotation_lambda_arn",
    "rotation_rules",
    "rotation_enabled",
    "external_secret_rotation_metadatas",
    "external_secret_rotation_role_arn",
)
"""The fields of a spec that are about rotation."""

CANCELLED = "on"
"""The tag's content: rotation was on, and a teardown cancelled it."""
OFF = "off"


def managed(spec: Spec) -> bool:
    """Whether a spec says anything about rotation."""
    return any(getattr(spec, name) is not None for name in FIELDS)


def declared(spec: Spec) -> Rotation | None:
    """Return how a spec wants the value rotated, `None` for not at all."""
    if not managed(spec) or spec.rotation_enabled is False:
        return None
    rules = spec.rotation_rules or RotationRules()
    return Rotation(
        function=spec.rotation_lambda_arn,
        days=rules.automatically_after_days,
        schedule=rules.schedule_expression,
        duration=rules.duration,
        metadata=spec.external_secret_rotation_metadatas,
        role=spec.external_secret_rotation_role_arn,
    )


def actions(present: Present, wanted: Kept, policy: Policy, *, exact: bool) -> Iterator[Action]:
    """Yield what brings rotation to what is wanted; what nobody declared stays as it is."""
    if present.rotated:
        return
    live = present.secret.rotation
    on = live is not None and live.enabled
    before = wanted.memory is not None and managed(wanted.memory.spec)
    # Scheduled again because the rest failed, the secret would be rotated by the next restore.
    undo = CancelRotation() if present.restored else None
    cancelled_by_us = not on and (exact or present.restored) and _flagged(present)
    if managed(wanted.spec):
        asked = declared(wanted.spec)
        if asked is None and on:
            yield CancelRotation()
        elif asked is not None and not (on and fits(asked, live)):
            yield from _broken_off(present) if cancelled_by_us else ()
            yield SetRotation(rotation=asked, immediately=policy.rotate_immediately, undo=undo)
    elif before and on:
        yield CancelRotation()
    elif not before and (exact or present.restored):
        yield from brought_back(present)


def brought_back(present: Present) -> Iterator[Action]:
    """Yield what sets a rotation again that a teardown cancelled."""
    live = present.secret.rotation
    if live and not live.enabled and not present.rotated and _flagged(present):
        undo = CancelRotation() if present.restored else None
        yield from _broken_off(present)
        yield SetRotation(rotation=dataclasses.replace(live, enabled=True), undo=undo)


def _flagged(present: Present) -> bool:
    return present.secret.tags.get(ownership.ROTATION) == CANCELLED


def _broken_off(present: Present) -> Iterator[Action]:
    """Yield what ends a rotation that was under way, or stuck, when our teardown cancelled it.

    Nobody goes on with it, and while its label is there the service refuses to set another.
    """
    secret = present.secret
    left = secret.labels.get(values.PENDING)
    if left not in {None, secret.version}:
        undo = MoveStage(current=None, to=left, stage=values.PENDING)
        yield MoveStage(current=left, to=None, stage=values.PENDING, undo=undo)


def fits(asked: Rotation, live: Rotation | None) -> bool:
    """Whether what is live is what is asked for; what is not asked for may be anything."""
    if live is None:
        return False
    parts = (part.name for part in dataclasses.fields(asked))
    asked_for = (part for part in parts if getattr(asked, part) is not None)
    return all(getattr(asked, part) == getattr(live, part) for part in asked_for)


def cancelled(secret: Secret, store: Capabilities) -> tuple[CancelRotation, ...]:
    """Return what keeps rotation from firing after a restore; undone, it goes on as it was."""
    live = secret.rotation
    if live is None or not live.enabled or not store.rotation:
        return ()
    return (CancelRotation(undo=SetRotation(rotation=live)),)


def shown(secret: Secret, spec: Spec) -> dict[str, Any]:
    """Return the fields of a spec about rotation as they are; those that fit, as declared."""
    live = secret.rotation or Rotation(enabled=False)
    told: dict[str, Any] = {name: getattr(spec, name) for name in FIELDS}
    if not managed(spec):
        return {}
    asked = declared(spec)
    if asked is None or not live.enabled:
        told["rotation_enabled"] = live.enabled
        return told
    if fits(asked, live):
        return told
    rules = RotationRules(
        automatically_after_days=live.days,
        schedule_expression=live.schedule,
        duration=live.duration,
    )
    return {
        **told,
        "rotation_lambda_arn": live.function,
        "rotation_rules": rules,
        "external_secret_rotation_metadatas": live.metadata,
        "external_secret_rotation_role_arn": live.role,
    }
