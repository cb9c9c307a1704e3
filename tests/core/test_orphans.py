"""Whether the stack that an owner tag names still declares the secret."""

from __future__ import annotations

import pytest

from recoverable_secrets.core import orphans, ownership
from recoverable_secrets.core.orphans import (
    Claim,
    Declares,
    Gone,
    Known,
    Stack,
    Told,
    Tool,
    Untold,
    Verdict,
)

ARN, OTHER = "arn:of:the:secret", "arn:of:another"
PULUMI = ownership.owner(("pulumi", "shop", "dev", "db"), "urn")
DEV = Stack(Tool.PULUMI, ("shop", "dev"))
NESTED = ownership.owner(("cloudformation", "shop", "Inner", "Db"), "label")
INNER = Stack(Tool.CLOUDFORMATION, ("shop", "Inner"))
LONG = "x" * 120


@pytest.mark.parametrize(
    ("tag", "found"),
    [
        pytest.param(PULUMI, Claim(DEV, "db", PULUMI), id="Pulumi's form"),
        pytest.param(NESTED, Claim(INNER, "Db", "Db"), id="CloudFormation's, nested"),
        pytest.param(
            ownership.owner(("cloudformation", "shop", "Db"), "label"),
            Claim(Stack(Tool.CLOUDFORMATION, ("shop",)), "Db", "Db"),
            id="CloudFormation's",
        ),
        pytest.param("team-payments", None, id="named by people"),
        pytest.param("pulumi/shop/dev/db", None, id="named by people, alike but for the digest"),
        pytest.param("cloudformation//Db:0123456789abcdef", None, id="a path with nothing in it"),
        pytest.param("cloudformation/Db:0123456789abcdef", None, id="no stack at all"),
        pytest.param("", None, id="empty"),
        pytest.param(
            ownership.owner(("cloudformation", LONG, LONG, LONG, "Db"), "label"),
            None,
            id="cut to the length of a tag: where it was cut is not told",
        ),
    ],
)
def test_what_a_tag_claims(tag: str, found: Claim | None) -> None:
    assert orphans.claim(tag) == found


def test_a_long_logical_id_alone_does_not_hide_the_stack() -> None:
    found = orphans.claim(ownership.owner(("cloudformation", "shop", LONG), "label"))
    assert found is not None
    assert found.key == orphans.part(LONG), "else no listing of resources would ever fit it"
    assert orphans.cut(found.resource)
    assert not orphans.cut(found.stack.path[0])


def test_a_long_name_in_pulumi_never_hides_the_stack() -> None:
    found = orphans.claim(ownership.owner(("pulumi", LONG, LONG, LONG), "urn"))
    assert found is not None
    assert found.stack == Stack(Tool.PULUMI, (orphans.part(LONG), orphans.part(LONG)))


@pytest.mark.parametrize(
    ("tag", "told", "verdict", "says"),
    [
        pytest.param(PULUMI, {}, Verdict.UNKNOWN, "nothing is known", id="no source"),
        pytest.param(
            PULUMI, {DEV: Untold("not asked")}, Verdict.UNKNOWN, "not asked", id="could not ask"
        ),
        pytest.param(PULUMI, {DEV: Gone("it is gone")}, Verdict.ORPHAN, "it is gone", id="gone"),
        pytest.param(PULUMI, {DEV: Declares({})}, Verdict.ORPHAN, "any more", id="not declared"),
        pytest.param(
            PULUMI, {DEV: Declares({PULUMI: ARN})}, Verdict.DECLARED, "pulumi/shop/dev", id="is"
        ),
        pytest.param(
            PULUMI,
            {DEV: Declares({PULUMI: OTHER})},
            Verdict.ORPHAN,
            OTHER,
            id="its resource is another secret now",
        ),
        pytest.param(
            PULUMI, {DEV: Declares({PULUMI: None})}, Verdict.DECLARED, "at work", id="no id yet"
        ),
        pytest.param(
            PULUMI,
            {DEV: Gone("renamed"), Stack(Tool.PULUMI, ("shop", "new")): Declares({"x": ARN})},
            Verdict.DECLARED,
            "pulumi/shop/new",
            id="the stack was renamed, and has not run since",
        ),
        pytest.param(
            PULUMI,
            {DEV: Declares({}, frozenset({ARN}))},
            Verdict.DECLARED,
            "declares it",
            id="another type of resource took it over",
        ),
        pytest.param(
            NESTED, {INNER: Declares({"Db": ARN})}, Verdict.DECLARED, "shop/Inner", id="nested"
        ),
        pytest.param("team", {}, Verdict.UNKNOWN, "names no stack", id="named by people"),
        pytest.param(
            "team",
            {DEV: Declares({"team": OTHER})},
            Verdict.UNKNOWN,
            "names no stack",
            id="people may name one owner for many secrets",
        ),
        pytest.param(
            "team", {DEV: Declares({"team": ARN})}, Verdict.DECLARED, "shop/dev", id="found by id"
        ),
    ],
)
def test_the_verdict(tag: str, told: dict[Stack, Told], verdict: Verdict, says: str) -> None:
    judged = Known(told).judge(ARN, tag)
    assert judged.verdict is verdict
    assert says in judged.why


def test_a_long_owner_leaves_the_reason_readable() -> None:
    tag = ownership.owner(("pulumi", "p", "s", LONG), "urn")
    stack = Stack(Tool.PULUMI, ("p", "s"))
    assert len(Known({stack: Declares({tag: "a" * 300})}).judge(ARN, tag).why) < 240
