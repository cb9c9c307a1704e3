"""The patterns, read by matchers that are not ours, over records of CloudTrail.

For metric filters that is filter_pattern.py, written after the user guide; for rules moto's own
EventBridge here, and ministack's in tests/stacks/test_access_alarm.py.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from moto.events.models import EventPattern

from alarm import filter_pattern, records
from recoverable_secrets.alarm import parts, patterns
from recoverable_secrets.core import errors

Record = dict[str, Any]

PREFIXES = ("", "shop/", "shop/prod/db", "s")
"""Of all secrets in the records that are read one by one."""

BATCH = "batch-as-a-whole"


def counted(record: Record, prefix: str = "") -> bool:
    """Whether the metric filter counts a record."""
    return filter_pattern.matches(patterns.metric_filter(prefix), record)


def delivered(record: Record, prefix: str = "") -> bool:
    """Whether the rule matches the event of a record."""
    pattern = EventPattern.load(json.dumps(patterns.event_pattern(prefix)))
    return bool(pattern.matches_event(records.event(record)))


@pytest.mark.parametrize("name", records.TELLS)
def test_a_read_of_a_pending_secret_is_told(name: str) -> None:
    record = records.TELLS[name]
    assert counted(record)
    assert delivered(record)


@pytest.mark.parametrize("name", records.QUIET)
def test_all_else_is_not(name: str) -> None:
    record = records.QUIET[name]
    assert not counted(record)
    assert not delivered(record)


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("name", [name for name in records.TELLS if name != BATCH])
def test_a_prefix_finds_names_and_arns(name: str, prefix: str) -> None:
    assert counted(records.TELLS[name], prefix)
    assert delivered(records.TELLS[name], prefix)


@pytest.mark.parametrize(
    "prefix", ["hop/", "prod/", "shop/prod/db2", "shop/prod/db-z", "S", "arn/"]
)
@pytest.mark.parametrize("name", records.TELLS)
def test_a_prefix_leaves_out_other_names(name: str, prefix: str) -> None:
    """A part of a name, another one, another case, and what only the ARN has."""
    assert not counted(records.TELLS[name], prefix)
    assert not delivered(records.TELLS[name], prefix)


def test_a_batch_as_a_whole_has_no_prefix() -> None:
    """CloudTrail writes one GetSecretValue for each of its secrets; those are found."""
    assert not counted(records.TELLS[BATCH], "shop/")
    assert not delivered(records.TELLS[BATCH], "shop/")
    assert counted(records.TELLS["one-of-a-batch"], "shop/")


@pytest.mark.parametrize("index", range(len(patterns.CONDITIONS)))
def test_each_condition_is_needed(index: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it, one of the quiet records would be told: so the records can fail the tests."""
    fewer = [each for at, each in enumerate(patterns.CONDITIONS) if at != index]
    monkeypatch.setattr(patterns, "CONDITIONS", tuple(fewer))
    assert any(map(counted, records.QUIET.values()))
    said_twice = patterns.CONDITIONS[0].field == ("eventName",)  # The event names its source too.
    assert any(map(delivered, records.QUIET.values())) or said_twice


@pytest.mark.parametrize("at", range(2))
@pytest.mark.parametrize("field", ["errorMessage", "eventName"])
def test_each_alternative_is_needed(field: str, at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def without(condition: patterns.Condition) -> patterns.Condition:
        kept = tuple(each for number, each in enumerate(condition.matches) if number != at)
        return patterns.Condition(condition.field, kept)

    fewer = [without(one) if one.field == (field,) else one for one in patterns.CONDITIONS]
    monkeypatch.setattr(patterns, "CONDITIONS", tuple(fewer))
    assert not all(map(counted, records.TELLS.values()))
    assert not all(map(delivered, records.TELLS.values()))


def test_the_filter_finds_what_that_of_the_user_guide_finds() -> None:
    """AWS's own: one operation, one text."""
    guide = (
        '{ $.eventName = "GetSecretValue" && '
        '$.errorMessage = "*secret because it was marked for deletion*" }'
    )
    theirs = {name for name, one in records.TELLS.items() if filter_pattern.matches(guide, one)}
    assert set(records.TELLS) - theirs == {BATCH, "older-wording"}


def test_asterisks_stand_at_the_ends_only() -> None:
    """The user guide shows them nowhere else."""
    for kind, text in filter_pattern.tokens(patterns.metric_filter("a/")):
        assert kind != "text" or "*" not in text[1:-1]


def test_the_longest_prefix_has_room() -> None:
    longest = "p" * parts.PREFIX_LIMIT
    assert len(patterns.metric_filter(longest)) <= patterns.FILTER_LIMIT
    assert len(json.dumps(patterns.event_pattern(longest))) <= 2048, "AWS's limit"


@pytest.mark.parametrize("prefix", ["", "shop/", "a.b+c=d@e!f_g-", "x" * parts.PREFIX_LIMIT])
def test_the_prefix_is_found_again(prefix: str) -> None:
    assert patterns.prefix_of(patterns.metric_filter(prefix)) == prefix
    assert patterns.prefix_of(json.dumps(patterns.event_pattern(prefix))) == prefix


@pytest.mark.parametrize(
    "prefix", ["a", "ar", "arn", 'a"', "a*", "a\\", "a b", "a${b}", "a:b", "p" * 97]
)
def test_a_prefix_that_would_mislead_gets_into_no_pattern(prefix: str) -> None:
    """What no name has, what means something in a pattern, and what all ARNs begin with."""
    with pytest.raises(errors.InvalidInput, match="name_prefix"):
        parts.parse({"name": "x", "way": "events", "name_prefix": prefix})


def test_the_query_asks_for_the_same() -> None:
    assert patterns.query("shop/") == (
        "fields @timestamp, userIdentity.arn, userIdentity.principalId, "
        "requestParameters.secretId, awsRegion, sourceIPAddress, userAgent"
        ' | filter eventSource in ["secretsmanager.amazonaws.com"]'
        ' and eventName in ["GetSecretValue","BatchGetSecretValue"]'
        ' and (errorMessage like "secret because it was marked for deletion"'
        ' or errorMessage like "secret because it was deleted")'
        ' and requestParameters.secretId like "shop/" | sort @timestamp desc'
    )
    assert "secretId like" not in patterns.query()


# The matcher itself ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ('{ $.a = "b" }', True),
        ('{ $.a = "B" }', False),
        ('{ $.a != "b" }', False),
        ('{ $.z != "b" }', False),
        ('{ $.n = "1" }', False),
        ('{ $.c.d = "e*" }', True),
        ('{ $.c.d = "*e" }', False),
        ('{ $.c.d = "e.*" }', False),
        ('{ $.a = "b" || $.a = "x" && $.a = "y" }', True),
        ('{ ($.a = "b" || $.a = "x") && $.a = "y" }', False),
    ],
)
def test_the_matcher(pattern: str, found: bool) -> None:  # noqa: FBT001
    assert filter_pattern.matches(pattern, {"a": "b", "c": {"d": "efg"}, "n": 1}) is found


@pytest.mark.parametrize(
    "pattern",
    ['$.a = "b"', '{ $.a = "b" ', '{ $.a "b" }', "{ $.a = b }", '{ ($.a = "b" }', '{ } "x"', "{",
     '{ $.a = "' + "x" * 1024 + '" }'],
)  # fmt: skip
def test_the_matcher_refuses_what_is_no_pattern(pattern: str) -> None:
    with pytest.raises(filter_pattern.PatternError):
        filter_pattern.matches(pattern, {"a": "b"})
