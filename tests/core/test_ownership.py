"""Whose a secret is, as tags and version ids tell: allowed characters, within limits, unique."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import states
from recoverable_secrets.core import ownership, parse
from recoverable_secrets.stores import limits

TAG_VALUE = re.compile(r"[A-Za-z0-9 _.:/=+@-]{1,256}")
VERSION = re.compile(r"[A-Za-z0-9-]{32,64}")
"""AWS: 32 to 64 characters for a ClientRequestToken, which becomes the version id."""

texts = st.text(max_size=40)
urns = st.text(min_size=1, max_size=300)


@given(st.lists(texts, min_size=1, max_size=5), st.lists(texts, min_size=1, max_size=5))
@states.STEADY
def test_a_digest_tells_parts_apart(one: list[str], other: list[str]) -> None:
    same = ownership.digest(*one) == ownership.digest(*other)
    assert same is (one == other)


def test_a_digest_depends_on_where_its_parts_end() -> None:
    assert ownership.digest("ab", "c") != ownership.digest("a", "bc")
    assert re.fullmatch("[0-9a-f]{16}", ownership.digest("a"))
    assert re.fullmatch("[0-9a-f]{32}", ownership.digest("a", length=32))


ESCAPED = {
    "nothing to escape": ("a-b", "a-b"),
    "a space": ("a b", "a=20b"),
    "the sign itself": ("a=b", "a=3Db"),
    "what looks escaped": ("a=20b", "a=3D20b"),
    "beyond ASCII": ("é", "=C3=A9"),
    "an emoji": ("😀", "=F0=9F=98=80"),
    "a line end": ("a\n", "a=0A"),
    "half a character": ("\ud800", "=ED=A0=80"),
}


@pytest.mark.parametrize(("text", "escaped"), ESCAPED.values(), ids=ESCAPED)
def test_escaping(text: str, escaped: str) -> None:
    assert ownership.escape(text, "A-Za-z0-9-", 100) == escaped


@given(st.text(), st.text(), st.integers(20, 60))
@states.STEADY
def test_different_texts_stay_different(one: str, other: str, limit: int) -> None:
    escaped = [ownership.escape(text, "A-Za-z", limit) for text in (one, other)]
    assert all(re.fullmatch("[A-Za-z0-9=]*", text) and len(text) <= limit for text in escaped)
    assert (escaped[0] == escaped[1]) is (one == other)


def test_what_is_made_of_names_is_the_same_in_every_release() -> None:
    """Else a secret would change hands, its name or its next version when we are updated."""
    assert ownership.digest("ab", "c") == "0b410f4f5c3086a9"
    assert ownership.digest("é", "\ud800") == "b085f724efc189a2"
    owner = ownership.owner(("pulumi", "Shop-1", "dev", "my db/a:b=c"), "urn")
    assert owner == "pulumi/Shop-1/dev/my db=2Fa=3Ab=3Dc:48bc1ebd52a2035e"
    assert ownership.named_owner("Team-A, b=c") == "Team-A=2C b=3Dc"
    assert ownership.default_name(["Shop-1", "dev", "my db"]) == "Shop-1/dev/my=20db"
    assert ownership.prefixed_name("shop/", "team-a") == "shop/8beffd9553706a4a78c26b77af"
    versions = [ownership.next_version_id("arn", current) for current in ("v1", "", None)]
    of_none = "recoverable-secrets-800b0ef4469374e7ba1c3be754f4ef92"
    assert versions == ["recoverable-secrets-34056b4a12a29ee15b76dc11a605cb28", of_none, of_none]


def test_a_part_of_an_owner_is_cut_beyond_80_characters() -> None:
    assert ownership.owner(("p" * 80, "db"), "urn") == "p" * 80 + "/db:48bc1ebd52a2035e"
    cut = ownership.owner(("q" * 81, "db"), "urn")
    assert cut == "q" * 62 + "==beaaee5885ce2646/db:48bc1ebd52a2035e"


@pytest.mark.parametrize(
    ("make", "limit"),
    [
        pytest.param(ownership.named_owner, 256, id="an owner of the user"),
        pytest.param(lambda text: ownership.default_name([text]), 512, id="a default name"),
        pytest.param(
            lambda text: ownership.default_name(
                [text[: len(text) // 2], text[len(text) // 2 + 1 :]]
            ),
            512,
            id="a default name in two parts",
        ),
    ],
)
def test_a_name_is_cut_beyond_its_limit(make: Callable[[str], str], limit: int) -> None:
    assert "=" not in make("a" * limit)
    assert len(make("a" * limit)) == limit
    assert re.fullmatch(r"[a/]+==[0-9a-f]{16}", make("a" * (limit + 1)))
    assert len(make("a" * (limit + 1))) == limit


def test_what_is_cut_looks_like_nothing_else() -> None:
    long = ownership.escape("a" * 100, "a", 30)
    assert re.fullmatch("a{12}==[0-9a-f]{16}", long)
    assert ownership.escape(long, "a-f0-9", 100).count("==") == 0
    assert ownership.escape("a" * 30, "a", 30) == "a" * 30


@given(st.lists(texts, min_size=1, max_size=6), urns, urns)
@states.STEADY
def test_an_owner_fits_a_tag_and_is_unique(label: list[str], one: str, other: str) -> None:
    owner = ownership.owner(label, one)
    assert TAG_VALUE.fullmatch(owner)
    assert (ownership.owner(label, other) == owner) is (one == other)


def test_an_owner_is_readable_first() -> None:
    urn = "urn:pulumi:dev::shop::pulumi-python:dynamic/recoverable-secrets:Secret::db"
    owner = ownership.owner(("pulumi", "shop", "dev", "my db"), urn)
    assert re.fullmatch("pulumi/shop/dev/my db:[0-9a-f]{16}", owner)


def test_a_long_owner_keeps_its_digest() -> None:
    label = ["p" * 200] * 5
    one, other = ownership.owner(label, "one"), ownership.owner(label, "other")
    assert one != other
    assert (len(one), len(other)) == (256, 256)


@given(st.text(min_size=1, max_size=256))
@states.STEADY
def test_an_owner_of_the_user_fits_a_tag(named: str) -> None:
    assert TAG_VALUE.fullmatch(ownership.named_owner(named))


def test_an_owner_of_the_user_stays_as_it_is_where_it_can() -> None:
    assert ownership.named_owner("Team A/b_c.d:e+f@g-h") == "Team A/b_c.d:e+f@g-h"


@given(st.lists(st.text(min_size=1, max_size=300), min_size=1, max_size=5))
@states.STEADY
def test_a_default_name_is_a_valid_name(parts: list[str]) -> None:
    name = ownership.default_name(parts)
    assert list(parse.name_problems(name, limits.AWS)) == []
    assert name == ownership.default_name(tuple(parts)), "the same at each run"


def test_default_names_of_neighbours_differ() -> None:
    assert ownership.default_name(["a-b", "c"]) == "a-b/c"
    assert ownership.default_name(["a", "b-c"]) == "a/b-c"
    heads = [ownership.default_name(["p" * 600, end]) for end in "ab"]
    assert heads[0] != heads[1]


def test_version_ids_tell_who_wrote_them() -> None:
    first = ownership.version_id("0" * 32)
    following = ownership.next_version_id("id", first)
    for version in (first, following, ownership.next_version_id("id", None)):
        assert ownership.is_ours(version)
        assert VERSION.fullmatch(version)


@pytest.mark.parametrize(
    "version",
    [
        pytest.param("5f0c1ed8-2b0e-4c11-9d0a-0a6f9e1b7c21", id="the SDK's own"),
        pytest.param("recoverable-secrets-", id="the prefix alone"),
        pytest.param("recoverable-secrets-" + "0" * 31, id="too short"),
        pytest.param("recoverable-secrets-" + "0" * 33, id="too long"),
        pytest.param("recoverable-secrets-" + "A" * 32, id="capitals"),
        pytest.param("recoverable-secrets-" + "0" * 31 + "\n", id="a line end"),
        pytest.param("x-recoverable-secrets-" + "0" * 32, id="in the middle"),
        pytest.param("", id="nothing"),
    ],
)
def test_other_version_ids_are_not_ours(version: str) -> None:
    assert not ownership.is_ours(version)


@given(texts, texts, st.none() | texts, st.none() | texts)
@states.STEADY
def test_the_next_version_depends_on_secret_and_version_alone(
    one: str, other: str, current: str | None, past: str | None
) -> None:
    following = ownership.next_version_id(one, current)
    assert following == ownership.next_version_id(one, current), "the same at each attempt"
    same = (one, current or "") == (other, past or "")
    assert (following == ownership.next_version_id(other, past)) is same


@pytest.mark.parametrize(
    ("origin", "others"),
    [
        pytest.param({}, False, id="it is not told"),
        pytest.param({ownership.ORIGIN: "created"}, False, id="created"),
        pytest.param({ownership.ORIGIN: "restored"}, False, id="restored"),
        pytest.param({ownership.ORIGIN: "found"}, False, id="found"),
        pytest.param({ownership.ORIGIN: "found adopted"}, True, id="found, adopted before"),
        pytest.param({ownership.ORIGIN: "adopted"}, True, id="adopted"),
        pytest.param({ownership.ORIGIN: "adopted pending"}, True, id="adopted in its window"),
    ],
)
def test_where_a_secret_comes_from_tells_whether_it_was_others(
    origin: dict[str, str], *, others: bool
) -> None:
    assert ownership.adopted(origin) is others


@pytest.mark.parametrize(
    ("live", "carried"),
    [
        pytest.param({ownership.INSTANCE: "stack"}, True, id="the mark itself"),
        pytest.param({ownership.INSTANCE: "stack.operation"}, True, id="one of its operations"),
        pytest.param({ownership.INSTANCE: "stacks.operation"}, False, id="a longer name"),
        pytest.param({ownership.INSTANCE: "other"}, False, id="another"),
        pytest.param({ownership.OWNER: "stack"}, False, id="no mark"),
    ],
)
def test_a_mark_stands_for_all_operations_of_its_stack(
    live: dict[str, str], *, carried: bool
) -> None:
    assert ownership.marks("stack", live) is carried


def test_tags_of_users_are_told_from_ours_and_the_service_s() -> None:
    mine = {"team": "a", "awsome": "b", "recoverable": "c", "Aws:x": "d"}
    marked = {"aws:cloudformation:stack-id": "x", **dict.fromkeys(MARKS, "x")}
    assert ownership.of_users({**mine, **marked}) == mine
    assert len(MARKS) == ownership.MARKS


MARKS = (ownership.OWNER, ownership.INSTANCE, ownership.ORIGIN)
