"""What is told of a declaration as a whole, in whole sentences: by the names that people used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from core.cases import CANARY
from core.test_parse import problems
from recoverable_secrets.core import parse
from recoverable_secrets.core.fields import Spelling, camel, pascal, snake
from recoverable_secrets.stores import limits

STRANGER = "{} is not an argument of a recoverable secret: {}"
LONG = {"Statement": [{"Sid": "x" * 20_480}]}


@pytest.mark.parametrize(
    ("spelling", "given", "told"),
    [
        pytest.param(
            snake, {"resource_policy": "?"}, "resource_policy must be valid JSON", id="a field"),
        pytest.param(
            snake, {"resource_policy": LONG},
            "resource_policy must have at most 20480 characters without spaces; it has 20506",
            id="a limit"),
        pytest.param(
            snake, {"replica_regions": [{}]},
            "replica_regions[0].region is missing: declare it", id="a field inside"),
        pytest.param(
            pascal, {"Replicas": [{"Region": "us-east-1"}], "Region": "us-east-1"},
            "Replicas name us-east-1, where the secret itself is: remove it, or name another "
            "region", id="what contradicts another field"),
        pytest.param(
            camel, {"replicaRegions": 5}, "replicaRegions must be a list of mappings", id="a list"),
    ],
)  # fmt: skip
def test_a_field_is_called_by_the_name_that_people_used(
    spelling: Spelling, given: Mapping[str, Any], told: str
) -> None:
    """Where a field has two names, its own is not the one to look for in the program."""
    assert problems(given, spelling=spelling) == (told,)


def test_faults_inside_of_several_fields_are_told_besides_those_of_the_fields() -> None:
    given = {
        "value_from": {"file": 5},
        "tags": "a=b",
        "replicas": [{"region": 5}],
        "rotation_rules": {"automatically_after_days": 30, "duration": 5},
        "external_secret_rotation_metadatas": {},
    }
    assert problems(given) == (
        "value_from.file must be text",
        "replicas[0].region must be text",
        "rotation_rules.duration must be text",
        "tags must be a mapping of text to text",
    )


def broken() -> Iterator[str]:
    """Yield one label, then fail with a text that nobody may see."""
    yield "blue"
    raise RuntimeError(CANARY)


def test_what_cannot_be_read_has_the_wrong_type() -> None:
    """The library's own text would show what failed."""
    assert problems({"version_stages": broken()}) == ("version_stages (1) has the wrong type",)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        pytest.param("regions", "did you mean region?",
                     id="replica_regions is a little less than near enough"),
        pytest.param("rotation_lambda",
                     "did you mean rotation_lambda_arn or rotation_enabled?",
                     id="the two nearest of three"),
        pytest.param("zzz", "remove it", id="nothing near"),
    ],
)  # fmt: skip
def test_what_may_have_been_meant(name: str, hint: str) -> None:
    assert problems({name: "x"}) == (STRANGER.format(name, hint),)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"Name": ""}, "Name must have 1 to 512 characters; it has 0"),
        (
            {"Name": "a b"},
            "Name may contain letters, digits and /_+=.@-! only: remove other characters",
        ),
        (
            {"NamePrefix": ""},
            "NamePrefix must have 1 to 486 characters (26 more are added); it has 0",
        ),
    ],
)
def test_a_wrong_name_is_told_in_the_surface_s_spelling(
    given: Mapping[str, Any], told: str
) -> None:
    assert problems(given, spelling=pascal) == (told,)


def test_a_name_is_called_name_unless_told_otherwise() -> None:
    told = "name must have 1 to 512 characters; it has 0"
    assert list(parse.name_problems("", limits.AWS)) == [told]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        pytest.param("a" * 33 + "-abc123", "a" * 33 + "-abc123", id="40 characters: whole"),
        pytest.param("a" * 34 + "-abc123", "…" + "a" * 32 + "-abc123", id="41: its end"),
    ],
)
def test_a_name_that_ends_like_an_arn_is_warned_of(name: str, shown: str) -> None:
    (told,) = parse.warnings(name, limits.AWS)
    assert told == (
        f"name {shown} ends in a hyphen and six characters, like the suffix of an ARN: look-ups "
        "by partial ARN fail for it; use the full ARN or the exact name"
    )
