"""What a store would refuse, in whole sentences; and each limit, exactly met."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import pytest

from core.test_parse import problems
from core.test_parse_limits import replicas, source
from recoverable_secrets.core import errors, generate, parse
from recoverable_secrets.core.generate import Generate
from recoverable_secrets.stores import limits

AWS = limits.AWS
BY_WAY = "value_from.ssm_parameter names a secret by way of a parameter: use value_from.secret"
HERE = "arn:aws:ssm:eu-west-1:111122223333:parameter/aws/reference/secretsmanager/app/db"
METADATA = "external_secret_rotation_metadatas"
TAGGABLE = "only letters, digits, spaces and _.:/=+-@ are allowed"

# What is given, and what is told of it.
TEXTS: dict[str, tuple[Mapping[str, Any], str]] = {
    "no value": (
        {"secret_string": ""},
        ("secret_string must have 1 to 65536 bytes; it has 0. Leave it out for a secret without a "
        "value")),
    "a generated value that is too long": (
        {"generate_secret_string": {
            "secret_string_template": '{"a": "' + "x" * 65_500 + '"}',
            "generate_string_key": "password"}},
        "generate_secret_string can make a value of 65589 bytes, but 65536 fit: shorten it"),
    "a description": (
        {"description": "d" * 2049}, "description must have at most 2048 characters"),
    "a type": ({"type": "t" * 257}, "type must have 1 to 256 characters"),
    "a policy": (
        {"policy": {"Statement": [{"Sid": "x" * 20_480}]}},
        "policy must have at most 20480 characters without spaces; it has 20506"),
    "a secret by way of a parameter": (
        source("ssm_parameter", "/aws/reference/secretsmanager/app/db"), BY_WAY),
    "without a slash": (source("ssm_parameter", "aws/reference/secretsmanager/app/db"), BY_WAY),
    "by its ARN": (source("ssm_parameter", HERE), BY_WAY),
    "by its ARN, with a selector": (source("ssm_parameter", HERE + ":live"), BY_WAY),
    "accounts": (
        {"allowed_account_ids": ["1"]}, "allowed_account_ids must be account ids of 12 digits"),
    "a region twice": (
        replicas("eu-west-1", "eu-west-1"), "replicas name eu-west-1 twice: keep one of them"),
    "the secret's own region": (
        {**replicas("eu-west-1"), "region": "eu-west-1"},
        "replicas name eu-west-1, where the secret itself is: remove it, or name another region"),
    "19 labels": (
        {"version_stages": [f"l{n}" for n in range(19)]},
        "version_stages has 19 labels, but 18 fit: remove some"),
    "a label of the service": (
        {"version_stages": ["AWSPREVIOUS"]},
        "version_stages (AWSPREVIOUS): this label is the service's own; remove it"),
    "no label": (
        {"version_stages": [""]}, "version_stages (): a label must have 1 to 256 characters"),
    "the longest label that is told whole": (
        {"version_stages": ["l" * 40, "l" * 40]},
        f"version_stages ({'l' * 40}): this label is there twice; keep one of them"),
    "one character more of a label": (
        {"version_stages": ["l" * 41, "l" * 41]},
        f"version_stages (…{'l' * 39}): this label is there twice; keep one of them"),
    "no key of metadata": (
        {METADATA: {"": "a"}}, f"{METADATA} (): a key must have 1 to 256 characters"),
    "the longest key of metadata that is told whole": (
        {METADATA: {"k" * 40: ""}},
        f"{METADATA} ({'k' * 40}): a value must have 1 to 2048 characters"),
    "one character more of metadata": (
        {METADATA: {"k" * 41: ""}},
        f"{METADATA} (…{'k' * 39}): a value must have 1 to 2048 characters"),
    "48 tags": (
        {"tags": {f"key{n}": "" for n in range(48)}},
        "tags has 48 tags, but 47 fit: a secret has 50, 3 of them kept for ownership"),
    "47 tags and a copy": (
        {"tags": {f"key{n}": "" for n in range(47)}, **replicas("eu-west-1")},
        ("tags has 47 tags, but 46 fit: a secret has 50, 4 of them kept for ownership and for what "
        "a restore brings back")),
    "a prefix of the service": (
        {"tags": {"aws:a": ""}}, "tags (aws:a): the prefix aws: is reserved; choose another key"),
    "no key of a tag": ({"tags": {"": ""}}, "tags (): a key must have 1 to 128 characters"),
    "the value of a tag": (
        {"tags": {"k": "v" * 257}}, "tags (k): a value must have at most 256 characters"),
    "the longest key of a tag that is told whole": (
        {"tags": {"k" * 40: "#"}}, f"tags ({'k' * 40}): {TAGGABLE}"),
    "one character more of a tag": ({"tags": {"k" * 41: "#"}}, f"tags (…{'k' * 39}): {TAGGABLE}"),
}  # fmt: skip


@pytest.mark.parametrize(("given", "text"), TEXTS.values(), ids=TEXTS)
def test_what_is_wrong_is_told_in_whole(given: Mapping[str, Any], text: str) -> None:
    assert problems(given) == (text,)


LONGEST: dict[str, Mapping[str, Any]] = {
    "a type": {"type": "t" * 256},
    "a description": {"description": "d" * 2048},
    "a label": {"version_stages": ["l" * 256]},
    "18 labels": {"version_stages": [f"l{n}" for n in range(18)]},
    "metadata": {METADATA: {"k" * 256: "v" * 2048}},
    "a tag": {"tags": {"k" * 128: "v" * 256}},
    "a tag of all kinds of characters": {"tags": {"aZ09 é中": "_.:/=+-@\u00a0"}},
}


@pytest.mark.parametrize("given", LONGEST.values(), ids=LONGEST)
def test_what_just_fits_is_taken(given: Mapping[str, Any]) -> None:
    parse.parse(given, AWS)


def test_the_largest_value_that_can_be_generated_fits_exactly() -> None:
    size = generate.largest(Generate())
    given = {"generate_secret_string": {}}
    parse.parse(given, dataclasses.replace(AWS, value_bytes=size))
    small = dataclasses.replace(AWS, value_bytes=size - 1)
    with pytest.raises(errors.InvalidInput, match=rf"of {size} bytes, but {size - 1} fit"):
        parse.parse(given, small)


@pytest.mark.parametrize(
    "name", ["/app/db", "Xaws/reference/secretsmanager/db", HERE.replace("aws/reference/", "")]
)
def test_a_parameter_that_stands_for_no_secret_is_taken(name: str) -> None:
    parse.parse(source("ssm_parameter", name), AWS)
