"""The lint rules on any template: they end, say what they mean, and show no value."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from cfnlint import api
from cfnlint.config import ManualArgs
from hypothesis import strategies as st

from fuzz import grammar, judge, odd
from fuzz.budget import ACCEPTED, REFUSED, Fuzz
from recoverable_secrets import cloudformation
from recoverable_secrets.core import fields, ownership

Draw = Callable[[st.SearchStrategy[Any]], Any]

OURS = {"E9501", "E9502", "E9503"}
CRASHED = "E0002"
"""What cfn-lint says when a rule ends in an exception."""
TOKEN = "arn:aws:lambda:eu-west-1:111122223333:function:recoverable-secrets"
PROPERTIES = grammar.declarations(programs=False).map(
    lambda given: {**grammar.spelt(given, fields.pascal), "ServiceToken": TOKEN}
)
ASKED = st.sampled_from((
    {"Fn::GetAtt": ["Secret", "Arn"]}, {"Fn::GetAtt": "Secret.Arn"}, {"Fn::Sub": "${Secret.Name}"},
    {"Fn::Sub": ["${Secret.Arn}${x}", {"x": "y"}]}, {"Fn::GetAtt": ["Secret", "Value"]},
    {"Fn::Sub": "${Secret.Vaule}"}, {"Ref": "Secret"}, {"Fn::Sub": ["${Secret.Id}", {}]},
))  # fmt: skip
NAMES = ("Fn::GetAtt", "Fn::Sub", "Fn::If", "Ref", "Properties", "Type", "Tags", "Key", "Secret",
         "DeletionPolicy", "Condition", *grammar.PASCAL)  # fmt: skip


@st.composite
def templates(draw: Draw) -> dict[str, Any]:
    """Templates with a secret of ours, one of CloudFormation's own, and what asks for them."""
    own = draw(st.one_of(PROPERTIES, PROPERTIES, odd.mutated(PROPERTIES, names=NAMES)))
    native = {
        "Type": "AWS::SecretsManager::Secret",
        "DeletionPolicy": draw(st.sampled_from(("Retain", "Delete"))),
        "Properties": {"Tags": [{"Key": ownership.HANDOVER, "Value": "x"}], "Name": "other"},
    }
    whole = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Conditions": {"Yes": {"Fn::Equals": ["a", "a"]}},
        "Resources": {"Secret": {"Type": cloudformation.TYPE, "Properties": own}},
        "Outputs": {"Arn": {"Value": draw(ASKED)}},
    }
    if draw(st.booleans()):
        whole["Resources"]["Native"] = native
    if draw(st.booleans()):
        part = draw(odd.mutated(st.just(whole["Outputs"]), names=NAMES, most=2))
        whole["Outputs"] = part
    return draw(odd.mutated(st.just(whole), names=NAMES, most=1)) if draw(st.booleans()) else whole


def linted(text: str) -> list[Any]:
    """Return all that cfn-lint says of a template."""
    given = ManualArgs(append_rules=["recoverable_secrets.lint"], regions=["eu-west-1"])
    return api.lint(text, config=given)


def check(whole: Any) -> str:
    """Lint one template."""
    text = odd._json(whole)
    try:
        text.encode()
        found = linted(text)
    except (UnicodeEncodeError, RecursionError, ValueError):
        return "not read"  # By cfn-lint itself, before any rule sees it.
    ours = [match for match in found if match.rule.id in OURS]
    for match in found:
        crashed = match.rule.id == CRASHED and any(each in match.message for each in OURS)
        assert not crashed, match.message
    for match in ours:
        match.message.encode()
        assert match.message.strip()
    resources = whole.get("Resources") if isinstance(whole, dict) else None
    secret = resources.get("Secret") if isinstance(resources, dict) else None
    own = secret.get("Properties") if isinstance(secret, dict) else None
    sensitive = tuple(map(fields.pascal, judge.SENSITIVE))
    stray = judge.astray(own, sensitive) or judge.found(
        {k: v for k, v in whole.items() if k != "Resources"} if isinstance(whole, dict) else whole
    )
    if not stray:
        judge.hidden(match.message for match in ours)
    return REFUSED if ours else ACCEPTED


OWN = {"Type": cloudformation.TYPE, "Properties": {"ServiceToken": TOKEN}}
SUB = {"Resources": {"Secret": OWN},
       "Outputs": {"A": {"Value": {"Fn::Sub": ["${Secret.Arn}", 5]}}}}  # fmt: skip
TAGS = {"Resources": {"Native": {"Type": "AWS::SecretsManager::Secret",
                                 "Properties": {"Tags": [{"Key": {"Ref": "x"}}, 5]}}}}  # fmt: skip


def test_templates(fuzz: Fuzz) -> None:
    """No template makes a rule end in an exception, or show a value."""
    fuzz.run(check, templates(), [SUB, TAGS], block=20)


def test_a_rule_that_crashes_would_be_seen(monkeypatch: Any) -> None:
    """The check of the check: cfn-lint hides what a rule raises behind a code of its own."""
    monkeypatch.setattr("recoverable_secrets.lint._handed_over", lambda _: 1 / 0)
    whole = json.loads(json.dumps(TAGS))
    assert any(match.rule.id == CRASHED for match in linted(json.dumps(whole)))
