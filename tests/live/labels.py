"""Staging labels of one's own, types, and resource policies: what an update changes besides."""

from __future__ import annotations

import json
from typing import Any

from .outcome import Outcome
from .rows import Rows
from .scene import Scene
from .states import policy

rows = Rows("Labels, types, policies")

TYPE = "SalesforceClientSecret"
"""A type of an external partner, of which AWS has some."""


def _labelled(at: Scene) -> tuple[str, str, str]:
    """Create a secret with two versions, the first with a label; return its name and their ids."""
    first, second = at.token("first"), at.token("second")
    name = at.live(SecretString="1", ClientRequestToken=first)
    at.do("UpdateSecretVersionStage", SecretId=name, VersionStage="mine", MoveToVersionId=first)
    at.do("PutSecretValue", SecretId=name, SecretString="2", ClientRequestToken=second)
    return name, first, second


def _move(at: Scene, name: str, **where: str) -> Outcome:
    answer = at.ask("UpdateSecretVersionStage", SecretId=name, VersionStage="mine", **where)
    return answer.also(labels=at.labels(name))


@rows.add("A label attached once more, where it is", "E")
def attach_again(at: Scene) -> Outcome:
    """It is there already: a repeated call whose answer was lost does no harm."""
    name, first, _ = _labelled(at)
    return _move(at, name, MoveToVersionId=first)


@rows.add("A label that is attached, moved without saying from where", "D")
def move_blindly(at: Scene) -> Outcome:
    """IPE, and it stays: the move compares and sets."""
    name, _, second = _labelled(at)
    return _move(at, name, MoveToVersionId=second)


@rows.add("A label moved from where it is", "D")
def move(at: Scene) -> Outcome:
    """One version loses it, the other gets it."""
    name, first, second = _labelled(at)
    return _move(at, name, MoveToVersionId=second, RemoveFromVersionId=first)


@rows.add("A label moved from where it is not", "E")
def move_from_elsewhere(at: Scene) -> Outcome:
    """IPE."""
    name, first, second = _labelled(at)
    return _move(at, name, MoveToVersionId=first, RemoveFromVersionId=second)


@rows.add("A label taken away", "D")
def take_away(at: Scene) -> Outcome:
    """The version keeps the labels that it has besides."""
    name, first, _ = _labelled(at)
    return _move(at, name, RemoveFromVersionId=first)


@rows.add("A label taken away twice", "E")
def take_away_twice(at: Scene) -> Outcome:
    """IPE, so that a repeated call whose answer was lost looks like a conflict."""
    name, first, _ = _labelled(at)
    call = {"VersionStage": "mine", "RemoveFromVersionId": first}
    at.do("UpdateSecretVersionStage", SecretId=name, **call)
    return _move(at, name, RemoveFromVersionId=first)


@rows.add("A label outlives a deletion that is taken back", "D")
def label_restored(at: Scene) -> Outcome:
    """As all versions do."""
    name, _, _ = _labelled(at)
    at.do("DeleteSecret", SecretId=name, RecoveryWindowInDays=7)
    answer = at.ask("RestoreSecret", SecretId=name)
    return answer.also(labels=at.labels(name))


@rows.add("UpdateSecret, another Type", "?", knob="type_change")
def change_type(at: Scene) -> Outcome:
    """The API reference has the parameter, and other tools replace the secret."""
    name = at.live()
    answer = at.ask("UpdateSecret", SecretId=name, Type=TYPE)
    return answer.also(type=at.described(name).get("Type", "none"))


def _named(at: Scene, principal: object) -> str:
    document = json.loads(policy(at))
    document["Statement"][0]["Principal"] = principal
    return json.dumps(document)


def _put(at: Scene, document: str, **params: Any) -> Outcome:
    name = at.live()
    answer = at.ask("PutResourcePolicy", SecretId=name, ResourcePolicy=document, **params)
    return answer.also(held="ResourcePolicy" in at.do("GetResourcePolicy", SecretId=name))


@rows.add("PutResourcePolicy takes the place of any other", "D")
def replace_policy(at: Scene) -> Outcome:
    """There is one policy; the later one counts."""
    name = at.live()
    at.do("PutResourcePolicy", SecretId=name, ResourcePolicy=_named(at, {"AWS": at.side.account}))
    answer = at.ask("PutResourcePolicy", SecretId=name, ResourcePolicy=policy(at))
    held = at.do("GetResourcePolicy", SecretId=name)["ResourcePolicy"]
    return answer.also(root=":root" in held)


@rows.add("PutResourcePolicy, an account's id as the principal", "D")
def account_principal(at: Scene) -> Outcome:
    """It means the account's root."""
    return _put(at, _named(at, {"AWS": at.side.account}), BlockPublicPolicy=True)


rows.unplayable(
    "PutResourcePolicy, public and not blocked", "D", "nobody should make a secret public"
)
rows.unplayable(
    "PutResourcePolicy, a role that was made moments ago", "T", "needs a role to make and delete"
)
