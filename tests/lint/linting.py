"""Runs cfn-lint with our rules on templates that are made here."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from cfnlint import api
from cfnlint.config import ManualArgs

from recoverable_secrets import cloudformation

RULES = "recoverable_secrets.lint"
OURS = ("E9501", "E9502", "E9503")
TOKEN = "arn:aws:lambda:eu-west-1:111122223333:function:recoverable-secrets"
CANARY = "hunter2-Canary"
NO_PROPERTY = "is not a property of Custom::RecoverableSecret:"


@dataclass(frozen=True, order=True)
class Fault:
    """What was found: the rule, where, and what it says. `Properties` is left out of the place."""

    rule: str
    place: tuple[str | int, ...]
    message: str


class Case(NamedTuple):
    """One mistake."""

    properties: Mapping[str, Any]
    place: tuple[str | int, ...]
    message: str


def one(name: str, content: Any, message: str, *inner: str | int) -> Case:
    """Return a mistake in one property."""
    return Case({name: content}, (name, *inner), message)


def secret(properties: Mapping[str, Any], **attributes: Any) -> dict[str, Any]:
    """Return a resource of ours."""
    own = {"ServiceToken": TOKEN, "ServiceTimeout": 120}
    return {"Type": cloudformation.TYPE, "Properties": own | dict(properties), **attributes}


def linted(template: Mapping[str, Any] | str) -> list[Fault]:
    """Return all that cfn-lint says of a template."""
    text = template if isinstance(template, str) else json.dumps(template)
    matches = api.lint(text, config=ManualArgs(append_rules=[RULES], regions=["eu-west-1"]))
    return sorted(
        Fault(match.rule.id, tuple(match.path), match.message)
        for match in matches
    )  # fmt: skip


def by_resource(resources: Mapping[str, Any], **rest: Any) -> Mapping[str, list[Fault]]:
    """Return what is said of each resource, in one run over a template that holds them all."""
    found: dict[str, list[Fault]] = defaultdict(list)
    for fault in linted({"Resources": resources, **rest}):
        head, *place = fault.place
        if head != "Resources":
            found[str(head)].append(fault)
            continue
        resource, *inner = place
        short = tuple(inner[1:] if inner[:1] == ["Properties"] else inner)
        found[str(resource)].append(Fault(fault.rule, short, fault.message))
    return found
