"""Rotation: what is configured, and the versions that the function makes when it is due.

The function itself is this module: a rotation gives the secret a new text.
"""

from __future__ import annotations

import re
import uuid

from . import errors, versions
from .behaviour import Behaviour
from .context import Context, Operation
from .store import CURRENT, DAY, PENDING, Secret, Store, Turn
from .wire import Params

_RATE = re.compile(r"rate\((?P<count>\d+) (?P<unit>hour|day)s?\)")
_UNITS = {"hour": 3600.0, "day": DAY}


def interval(rules: Params, behaviour: Behaviour) -> float | None:
    """Return the seconds to the next rotation; None without a schedule."""
    if days := rules.get("AutomaticallyAfterDays"):
        return float(days * DAY)
    schedule = rules.get("ScheduleExpression")
    rate = _RATE.fullmatch(schedule or "")
    if rate:
        return int(rate["count"]) * _UNITS[rate["unit"]]
    return behaviour.cron_seconds if schedule else None


def rotate(ctx: Context) -> Params:
    """Carry out RotateSecret: configure, then rotate at once unless told not to."""
    secret, params = ctx.secret, ctx.params
    known = secret.rotation
    kept = {
        name: params.get(name) or known.get(name)
        for name in (
            "RotationLambdaARN",
            "RotationRules",
            "ExternalSecretRotationMetadata",
            "ExternalSecretRotationRoleArn",
        )
    }
    if not (kept["RotationLambdaARN"] or kept["ExternalSecretRotationRoleArn"]):
        message = "No Lambda rotation function ARN is associated with this secret."
        raise errors.invalid_request(message)
    if versions.with_label(secret, PENDING) not in (None, versions.with_label(secret, CURRENT)):
        message = "A previous rotation isn't complete. That rotation will be reattempted."
        raise errors.invalid_request(message)
    version_id = params.get("ClientRequestToken") or str(uuid.uuid4())
    if version_id in secret.versions:
        raise errors.token_in_use(version_id, secret.arn)
    immediately = params.get("RotateImmediately", True)
    last = {"LastRotatedDate": known["LastRotatedDate"]} if "LastRotatedDate" in known else {}
    secret.rotation = {
        "RotationEnabled": True,
        **{name: value for name, value in kept.items() if value},
        **last,
    }
    _schedule(secret, ctx.store.behaviour, ctx.now)
    _begin(ctx.store, secret, version_id, ctx.now, lasting=immediately)
    return {**ctx.identity, **({"VersionId": version_id} if immediately else {})}


def _schedule(secret: Secret, behaviour: Behaviour, now: float) -> None:
    seconds = interval(secret.rotation.get("RotationRules") or {}, behaviour)
    if seconds is not None:
        secret.rotation["NextRotationDate"] = now + seconds


def _begin(store: Store, secret: Secret, version_id: str, now: float, *, lasting: bool) -> None:
    """Start a rotation, or the test of one, which makes an AWSPENDING version for a while."""
    secret.turn = Turn(version_id, now + store.behaviour.rotation_seconds, lasting=lasting)
    if store.behaviour.rotation_seconds:
        value = {"ClientRequestToken": version_id, "SecretString": f"rotated {uuid.uuid4()}"}
        # Not `versions.add`: a mere test does not make a secret's first version current.
        secret.versions[version_id] = versions.blank(value, now)
        versions.move(secret, PENDING, version_id)
    _finish(secret, now)


def _finish(secret: Secret, now: float) -> None:
    turn = secret.turn
    if turn is None or turn.ends_at > now:
        return
    secret.turn = None
    if not turn.lasting:
        secret.versions.pop(turn.version_id, None)
        return
    if turn.version_id not in secret.versions:
        value = {"ClientRequestToken": turn.version_id, "SecretString": f"rotated {uuid.uuid4()}"}
        secret.versions[turn.version_id] = versions.blank(value, turn.ends_at)
    versions.take_off(secret, PENDING)
    versions.move(secret, CURRENT, turn.version_id)
    secret.rotation["LastRotatedDate"] = turn.ends_at
    secret.last_changed_date = int(turn.ends_at)


def settle(store: Store) -> None:
    """Bring rotations to the present: end those under way, start one that is overdue.

    A secret whose deletion is pending does not rotate; its overdue date fires after a restore.
    """
    now = store.clock.timestamp()
    for shelf in store.shelves.values():
        for secret in shelf:
            if isinstance(secret, Secret) and secret.deletion is None:
                _finish(secret, now)
                _fire(store, secret, now)


def _fire(store: Store, secret: Secret, now: float) -> None:
    due = secret.rotation.get("NextRotationDate")
    if due is None or due > now or secret.turn or not secret.rotation["RotationEnabled"]:
        return
    _schedule(secret, store.behaviour, now)
    # It was restored after the date: whether AWS catches up is not documented.
    late = secret.restored_at is not None and secret.restored_at >= due
    if store.keys.usable(secret.kms_key_id) and (
        store.behaviour.overdue_rotation_fires or not late
    ):
        _begin(store, secret, str(uuid.uuid4()), now, lasting=True)


def cancel(ctx: Context) -> Params:
    """Carry out CancelRotateSecret: the function and the rules stay, the schedule stops.

    A rotation under way stops where it is, AWSPENDING included.
    """
    rotation = ctx.secret.rotation
    if not rotation:
        if ctx.store.behaviour.cancel_unconfigured == "ok":
            return ctx.identity
        message = "No rotation is configured for this secret."
        raise errors.invalid_request(message)
    rotation["RotationEnabled"] = False
    rotation.pop("NextRotationDate", None)
    ctx.secret.turn = None
    return ctx.identity


OPERATIONS: dict[str, Operation] = {"CancelRotateSecret": cancel, "RotateSecret": rotate}
