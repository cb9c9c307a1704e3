"""Which records of CloudTrail say that something tried to read a secret pending deletion.

Such a read is refused with InvalidRequestException and one of two texts, the older of which AWS
still uses in places. The code alone says too little, and the text alone too much: every other
operation on such a secret is refused with the same one. CloudTrail writes one GetSecretValue record
for each secret of a BatchGetSecretValue; the batch's own record is taken too if it has the text.

`CONDITIONS` is the one definition. Metric filters, event patterns and queries are made of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

SOURCE = "secretsmanager.amazonaws.com"
READS = ("GetSecretValue", "BatchGetSecretValue")
TEXTS = ("secret because it was marked for deletion", "secret because it was deleted")

FILTER_LIMIT = 1024
"""Most characters of a metric filter's pattern."""

IN_ARN = ":secret:"
"""What stands before the name in a secret's ARN, and in no name."""


@dataclass(frozen=True, slots=True)
class Match:
    """A text to compare with.

    Attributes:
        text: Literal: no character of it has a meaning of its own.
        before: Whether anything may stand before it.
        after: Whether anything may stand after it.
    """

    text: str
    before: bool = False
    after: bool = False

    @property
    def starred(self) -> str:
        """The text, with an asterisk for anything."""
        return "*" * self.before + self.text + "*" * self.after


@dataclass(frozen=True, slots=True)
class Condition:
    """A field of the record that has to match.

    Attributes:
        field: The names that lead to it.
        matches: At least one of these.
    """

    field: tuple[str, ...]
    matches: tuple[Match, ...]


CONDITIONS = (
    Condition(("eventSource",), (Match(SOURCE),)),
    Condition(("eventName",), tuple(map(Match, READS))),
    Condition(("errorMessage",), tuple(Match(text, before=True, after=True) for text in TEXTS)),
)
"""All of these have to hold."""


def conditions(name_prefix: str = "") -> tuple[Condition, ...]:
    """Return what has to hold of a record.

    Args:
        name_prefix: Only secrets whose names begin so; a read names them or gives the ARN. A
            record of several secrets, which names none of them there, does not match then.
    """
    if not name_prefix:
        return CONDITIONS
    named = Match(name_prefix, after=True), Match(IN_ARN + name_prefix, before=True, after=True)
    return (*CONDITIONS, Condition(("requestParameters", "secretId"), named))


def metric_filter(name_prefix: str = "") -> str:
    """Return the pattern of a metric filter of CloudWatch Logs."""

    def told(condition: Condition) -> str:
        selector = ".".join(("$", *condition.field))
        either = [f"({selector} = {json.dumps(each.starred)})" for each in condition.matches]
        return either[0] if len(either) == 1 else f"({' || '.join(either)})"

    return f"{{ {' && '.join(map(told, conditions(name_prefix)))} }}"


def event_pattern(name_prefix: str = "") -> dict[str, Any]:
    """Return the pattern of a rule of EventBridge."""
    detail: dict[str, Any] = {}
    for condition in conditions(name_prefix):
        inner = detail
        for name in condition.field[:-1]:
            inner = inner.setdefault(name, {})
        inner[condition.field[-1]] = [_operator(each) for each in condition.matches]
    return {
        "source": ["aws.secretsmanager"],
        "detail-type": ["AWS API Call via CloudTrail"],
        "detail": detail,
    }


def _operator(match: Match) -> str | Mapping[str, str]:
    if match.before:
        return {"wildcard": match.starred}
    return {"prefix": match.text} if match.after else match.text


def query(name_prefix: str = "") -> str:
    """Return a query of CloudWatch Logs Insights that tells who read what."""
    shown = (
        "@timestamp, userIdentity.arn, userIdentity.principalId, requestParameters.secretId, "
        "awsRegion, sourceIPAddress, userAgent"
    )
    held = " and ".join(map(_asked, conditions(name_prefix)))
    return f"fields {shown} | filter {held} | sort @timestamp desc"


def _asked(condition: Condition) -> str:
    field = ".".join(condition.field)
    literal = [each.text for each in condition.matches if not (each.before or each.after)]
    if literal:
        return f"{field} in {json.dumps(literal, separators=(',', ':'))}"
    # A prefix is looked for anywhere: what is found is read by people.
    shortest = dict.fromkeys(_outermost([each.text for each in condition.matches]))
    either = " or ".join(f"{field} like {json.dumps(text)}" for text in shortest)
    return f"({either})" if len(shortest) > 1 else either


def _outermost(texts: Iterable[str]) -> list[str]:
    """Return those texts that hold none of the others."""
    kept = list(texts)
    return [one for one in kept if not any(other != one and other in one for other in kept)]


def prefix_of(pattern: str) -> str:
    """Return the name prefix that a metric filter or an event pattern has; empty for none.

    >>> prefix_of(metric_filter("shop/"))
    'shop/'
    """
    _, found, rest = pattern.partition(f'"*{IN_ARN}')
    return rest.partition("*")[0] if found else ""
