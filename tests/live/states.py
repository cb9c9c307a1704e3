"""Every call in every state: the first table of the facts."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any

from .outcome import Outcome
from .rows import Rows, Source
from .scene import Scene

rows = Rows("States")

Params = dict[str, Any]

CALLS: dict[str, Params] = {
    "CancelRotateSecret": {},
    "DeleteResourcePolicy": {},
    "DeleteSecret": {"RecoveryWindowInDays": 7},
    "DescribeSecret": {},
    "GetResourcePolicy": {},
    "GetSecretValue": {},
    "ListSecretVersionIds": {},
    "PutResourcePolicy": {},
    "PutSecretValue": {"SecretString": "x"},
    "RemoveRegionsFromReplication": {},
    "ReplicateSecretToRegions": {},
    "RestoreSecret": {},
    "RotateSecret": {},
    "TagResource": {"Tags": [{"Key": "k", "Value": "v"}]},
    "UntagResource": {"TagKeys": ["k"]},
    "UpdateSecret": {"Description": "d"},
    "UpdateSecretVersionStage": {"VersionStage": "mine"},
}
"""Every call on an existing secret; what depends on the place is added by `params`."""

COSTLY = {"ReplicateSecretToRegions"}
"""Not called on a live secret here: rows of their own do it."""
WORDED = {"CreateSecret", "DescribeSecret", "ListSecretVersionIds", "RestoreSecret"}


def policy(at: Scene) -> str:
    """Return a resource policy that gives the account what it has anyway."""
    root = f"arn:{at.side.partition}:iam::{at.side.account}:root"
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": root},
        "Action": "secretsmanager:DescribeSecret",
        "Resource": "*",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def params(at: Scene, action: str, token: str) -> Params:
    """Return the parameters of a call, without its secret."""
    placed: dict[str, Params] = {
        "PutResourcePolicy": {"ResourcePolicy": policy(at)},
        "RemoveRegionsFromReplication": {"RemoveReplicaRegions": [at.side.far]},
        "ReplicateSecretToRegions": {"AddReplicaRegions": [{"Region": at.side.far}]},
        "UpdateSecretVersionStage": {"MoveToVersionId": token},
    }
    return {**CALLS[action], **placed.get(action, {})}


def _play(at: Scene, *, action: str, state: str) -> Outcome:
    token = at.token("first")
    makers: dict[str, Callable[..., str]] = {
        "live": at.live,
        "pending": at.pending,
        "purging": at.purging,
    }
    name = makers[state](ClientRequestToken=token) if state in makers else at.name()
    return at.ask(action, SecretId=name, **params(at, action, token))


def _put(action: str, state: str, source: Source, **more: Any) -> None:
    play = functools.partial(_play, action=action, state=state)
    rows.put(play, f"{action} on {state}", source, **more)


for _action in sorted(set(CALLS) - COSTLY - {"CancelRotateSecret", "RestoreSecret"}):
    _put(_action, "live", "D")
_put("CancelRotateSecret", "live", "?", knob="cancel_unconfigured")
_put("RestoreSecret", "live", "?", knob="restore_on_live")
for _action in sorted(set(CALLS) - {"DeleteSecret"}):
    _put(_action, "pending", "S", quoted=_action not in WORDED)
for _action in sorted(CALLS):
    _put(_action, "absent", "D", quoted=True)
for _action in sorted(set(CALLS) - {"DescribeSecret"}):
    _put(_action, "purging", "?", knob="purging_error")


@rows.add("CreateSecret on live", "S")
def create_on_live(at: Scene) -> Outcome:
    """REE "...already exists"."""
    return at.ask("CreateSecret", Name=at.live(), SecretString="x")


@rows.add("CreateSecret on pending", "S", quoted=True)
def create_on_pending(at: Scene) -> Outcome:
    """IRE "...a secret with this name is already scheduled for deletion."."""
    return at.ask("CreateSecret", Name=at.pending(), SecretString="x")


@rows.add("CreateSecret on purging", "S")
def create_on_purging(at: Scene) -> Outcome:
    """IRE, in the same words or in others."""
    return at.ask("CreateSecret", Name=at.purging(), SecretString="x")


@rows.add("DescribeSecret on purging, at once", "S")
def describe_on_purging(at: Scene) -> Outcome:
    """DeletedDate for some seconds."""
    name = at.purging()
    return at.ask("DescribeSecret", SecretId=name)


@rows.add("DeleteSecret on pending; the date stays", "D")
def delete_on_pending(at: Scene) -> Outcome:
    """IRE; the date cannot be moved without restoring first."""
    name = at.pending(days=7)
    before = at.described(name)["DeletedDate"]
    again = at.ask("DeleteSecret", SecretId=name, RecoveryWindowInDays=30)
    return again.also(moved=at.described(name)["DeletedDate"] != before)


@rows.add("DeleteSecret, forced, on pending", "S")
def force_on_pending(at: Scene) -> Outcome:
    """It purges early."""
    name = at.pending()
    answer = at.ask("DeleteSecret", SecretId=name, ForceDeleteWithoutRecovery=True)
    return answer.also(restorable=at.ask("RestoreSecret", SecretId=name).code == "ok")


@rows.add("DeleteSecret, forced, on absent", "D")
def force_on_absent(at: Scene) -> Outcome:
    """200: force proves nothing about existence."""
    return at.ask("DeleteSecret", SecretId=at.name(), ForceDeleteWithoutRecovery=True)


@rows.add("DeleteSecret, forced, on purging", "D")
def force_on_purging(at: Scene) -> Outcome:
    """200."""
    name = at.purging()
    return at.ask("DeleteSecret", SecretId=name, ForceDeleteWithoutRecovery=True)
