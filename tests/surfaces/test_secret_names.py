"""Default names and owners: made from the URN, the same at each run, and never two alike."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoverable_secrets import dynamic
from recoverable_secrets.core import parse
from recoverable_secrets.stores import limits

OURS = "pulumi-python:dynamic/recoverable-secrets:Secret"

settings.register_profile("surfaces", derandomize=True, deadline=None, max_examples=200)
FIXED = settings.get_profile("surfaces")

# Pulumi: letters, digits, "-_." for stacks and projects; a resource's name may be any text.
ours = st.text(st.sampled_from("ab-_.1"), min_size=1, max_size=8)
types = st.lists(
    st.builds(
        "{}:{}:{}".format, *[st.text(st.sampled_from("aB-_./1"), min_size=1, max_size=5)] * 3
    ),
    max_size=3,
)
names = st.one_of(
    st.text(st.sampled_from("ab-_./:$ =%ü\n\0🔑"), min_size=1, max_size=12),
    st.text(min_size=1, max_size=40).filter(
        lambda text: max(text) < "\ud800" or max(text) > "\udfff"
    ),
    st.builds(str.__mul__, st.sampled_from(["a", "/", "ü", "a-"]), st.integers(200, 900)),
)


def urn(stack: str, project: str, parents: list[str], name: str) -> str:
    return f"urn:pulumi:{stack}::{project}::{'$'.join([*parents, OURS])}::{name}"


urns = st.builds(urn, ours, ours, types, names)


def test_they_read_like_what_they_stand_for() -> None:
    plain = urn("dev", "shop", [], "db")
    assert dynamic.default_name(plain) == "shop/dev/db"
    assert re.fullmatch(r"pulumi/shop/dev/db:[0-9a-f]{16}", dynamic.default_owner(plain))
    nested = urn("dev", "shop", ["pkg:index:Site", "pkg:web:Server"], "db")
    assert dynamic.default_name(nested) == "shop/dev/pkg.index.Site/pkg.web.Server/db"


def test_they_are_the_same_in_every_release() -> None:
    """A new name would be a new secret, a new owner a stranger to what exists."""
    nested = urn("dev", "shop", ["pkg:web:Server"], "schlüssel: a/b")
    assert dynamic.default_name(nested) == "shop/dev/pkg.web.Server/schl=C3=BCssel=3A=20a/b"
    owner = "pulumi/shop/dev/schl=C3=BCssel=3A a=2Fb:0e0f2fa30aab2c95"
    assert dynamic.default_owner(nested) == owner


@settings(FIXED)
@given(urns)
def test_a_name_is_one_that_aws_takes(each: str) -> None:
    name = dynamic.default_name(each)
    assert list(parse.name_problems(name, limits.AWS)) == []
    assert name == dynamic.default_name(each)


@settings(FIXED)
@given(urns)
def test_an_owner_is_a_tag_that_aws_takes(each: str) -> None:
    owner = dynamic.default_owner(each)
    assert len(owner) <= limits.AWS.tag_value_length
    assert all(c in "_.:/=+-@" or unicodedata.category(c)[0] in "LZN" for c in owner)
    assert owner.isascii()
    assert owner == dynamic.default_owner(each)


@settings(FIXED)
@given(urns, urns)
def test_two_resources_never_have_one_owner(one: str, other: str) -> None:
    assert (dynamic.default_owner(one) == dynamic.default_owner(other)) == (one == other)


@settings(FIXED)
@given(st.tuples(ours, ours, names), st.tuples(ours, ours, names))
def test_two_resources_without_parents_never_have_one_name(
    one: tuple[str, str, str], other: tuple[str, str, str]
) -> None:
    made = [dynamic.default_name(urn(a, b, [], c)) for a, b, c in (one, other)]
    assert (made[0] == made[1]) == (one == other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(urn("dev", "a-b", [], "c"), urn("dev", "a", [], "b-c"), id="hyphens"),
        pytest.param(urn("b", "a", [], "c"), urn("a", "b", [], "c"), id="project and stack"),
        pytest.param(urn("s", "p", [], "a b"), urn("s", "p", [], "a=20b"), id="escaped by hand"),
        pytest.param(urn("s", "p", [], "é"), urn("s", "p", [], "e\u0301"), id="composed accents"),
        pytest.param(urn("s", "p", [], "A"), urn("s", "p", [], "a"), id="case"),
        pytest.param(urn("s", "p", [], "a"), urn("s", "p", [], "a "), id="trailing space"),
        pytest.param(
            urn("s", "p", [], "x" * 600), urn("s", "p", [], "x" * 599 + "y"), id="the end is cut"
        ),
        pytest.param(urn("s", "p", ["a:b:C"], "n"), urn("s", "p", [], "n"), id="with a parent"),
        pytest.param(
            urn("s", "p", ["a:b:C", "d:e:F"], "n"),
            urn("s", "p", ["d:e:F", "a:b:C"], "n"),
            id="order",
        ),
        pytest.param(urn("s", "p", [], "a::b"), urn("s", "p", [], "a:b"), id="colons in a name"),
    ],
)
def test_what_is_easily_mixed_up(one: str, other: str) -> None:
    assert dynamic.default_owner(one) != dynamic.default_owner(other)
    assert dynamic.default_name(one) != dynamic.default_name(other)
