"""Whether the stack that an owner tag names still declares the secret."""

from __future__ import annotations

import pytest

from recoverable_secrets.core import orphans, ownership
from recoverable_secrets.core.orphans import (
    Claim,
    Declares,
    Gone,
    Judged,
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
        pytest.param("cloudformation/shop//Db:0123456789abcdef", None, id="a name that is empty"),
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


@pytest.mark.parametrize("spare", [1, 0])
def test_a_tag_of_full_length_that_was_not_cut_hides_nothing(spare: int) -> None:
    names = ("a" * 76, "b" * 76, "c" * (67 - spare))
    tag = ownership.owner(("cloudformation", *names, "Db"), "label")
    assert len(tag) == 256 - spare
    assert orphans.claim(tag) == Claim(Stack(Tool.CLOUDFORMATION, names), "Db", "Db")


def test_a_tag_one_character_too_long_does_not_tell_its_stack() -> None:
    names = ("a" * 76, "b" * 76, "c" * 68)
    tag = ownership.owner(("cloudformation", *names, "Db"), "label")
    assert orphans.cut(tag)
    assert orphans.claim(tag) is None


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


JUDGED: dict[str, tuple[str, dict[Stack, Told], Verdict, str]] = {
    "no source": (PULUMI, {}, Verdict.UNKNOWN, "nothing is known of pulumi/shop/dev"),
    "could not ask": (PULUMI, {DEV: Untold("not asked")}, Verdict.UNKNOWN, "not asked"),
    "gone": (PULUMI, {DEV: Gone("it is gone")}, Verdict.ORPHAN, "it is gone"),
    "not declared": (
        PULUMI, {DEV: Declares({})}, Verdict.ORPHAN,
        "pulumi/shop/dev does not declare db any more",
    ),
    "is": (
        PULUMI, {DEV: Declares({PULUMI: ARN})}, Verdict.DECLARED, "pulumi/shop/dev declares it"),
    "its resource is another secret now": (
        PULUMI, {DEV: Declares({PULUMI: OTHER})}, Verdict.ORPHAN,
        f"pulumi/shop/dev does not declare db with this secret any more, but with {OTHER}",
    ),
    "no id yet": (
        PULUMI, {DEV: Declares({PULUMI: None})}, Verdict.DECLARED,
        "pulumi/shop/dev declares it, and is at work on it",
    ),
    "the stack was renamed, and has not run since": (
        PULUMI,
        {DEV: Gone("renamed"), Stack(Tool.PULUMI, ("shop", "new")): Declares({"x": ARN})},
        Verdict.DECLARED, "pulumi/shop/new declares it",
    ),
    "another type of resource took it over": (
        PULUMI, {DEV: Declares({}, frozenset({ARN}))}, Verdict.DECLARED,
        "pulumi/shop/dev declares it",
    ),
    "nested": (
        NESTED, {INNER: Declares({"Db": ARN})}, Verdict.DECLARED,
        "cloudformation/shop/Inner declares it",
    ),
    "nested, and not declared": (
        NESTED, {INNER: Declares({"Other": None})}, Verdict.ORPHAN,
        "cloudformation/shop/Inner does not declare Db any more",
    ),
    "named by people": (
        "team", {}, Verdict.UNKNOWN, "its owner tag names no stack that could be looked at"),
    "people may name one owner for many secrets": (
        "team", {DEV: Declares({"team": OTHER})}, Verdict.UNKNOWN,
        "its owner tag names no stack that could be looked at",
    ),
    "found by id": (
        "team", {DEV: Declares({"team": ARN})}, Verdict.DECLARED, "pulumi/shop/dev declares it"),
}  # fmt: skip


@pytest.mark.parametrize(("tag", "told", "verdict", "why"), JUDGED.values(), ids=JUDGED)
def test_the_verdict(tag: str, told: dict[Stack, Told], verdict: Verdict, why: str) -> None:
    assert Known(told).judge(ARN, tag) == Judged(verdict, why)


def test_what_is_known_is_as_it_was_told() -> None:
    told: dict[Stack, Told] = {DEV: Gone("it is gone")}
    known = Known(told)
    told.clear()
    assert known.judge(ARN, PULUMI) == Judged(Verdict.ORPHAN, "it is gone")


def test_a_long_owner_leaves_the_reason_readable() -> None:
    tag = ownership.owner(("pulumi", "p", "s", LONG), "urn")
    stack = Stack(Tool.PULUMI, ("p", "s"))
    assert len(Known({stack: Declares({tag: "a" * 300})}).judge(ARN, tag).why) < 240
