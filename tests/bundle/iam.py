"""What a policy allows, for the operators and keys that the installation's role uses.

From IAM's evaluation logic: a deny wins, all conditions of a statement must hold, one of several
values suffices. A key that the request lacks fails an operator, unless that ends in IfExists.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Statement = Mapping[str, Any]


@dataclass(frozen=True)
class Request:
    """A call, as IAM sees it.

    Attributes:
        action: Such as `secretsmanager:TagResource`.
        resource: ARN of what it is about.
        keys: Condition keys and what they hold.
    """

    action: str
    resource: str
    keys: Mapping[str, str] = field(default_factory=dict)


def allows(statements: Iterable[Statement], request: Request) -> bool:
    """Whether the statements together allow a call."""
    effects = {one["Effect"] for one in statements if _applies(one, request)}
    return effects == {"Allow"}


def actions(statements: Iterable[Statement]) -> Iterator[str]:
    """Yield every action that any statement allows."""
    for one in statements:
        if one["Effect"] == "Allow":
            yield from _listed(one["Action"])


def _applies(statement: Statement, request: Request) -> bool:
    assert set(statement) <= {"Sid", "Effect", "Action", "Resource", "Condition"}
    conditions: Mapping[str, Mapping[str, Any]] = statement.get("Condition", {})
    return (
        request.action in _listed(statement["Action"])
        and any(_like(request.resource, one) for one in _listed(statement["Resource"]))
        and all(
            _holds(operator, request.keys.get(key), _listed(wanted))
            for operator, tests in conditions.items()
            for key, wanted in tests.items()
        )
    )


def _holds(operator: str, found: str | None, wanted: list[str]) -> bool:
    match operator.removesuffix("IfExists"):
        case "Null":
            return str(found is None).lower() in wanted
        case _ if found is None:
            return operator.endswith("IfExists")
        case "StringEquals":
            return found in wanted
        case "StringLike":
            return any(_like(found, one) for one in wanted)
        case "ArnLike":
            return any(_like_part_by_part(found, one) for one in wanted)
        case "Bool":
            return found.lower() in wanted
    raise AssertionError(f"{operator} is not known here")


def _like(text: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(text, pattern.replace("[", "[[]"))


def _like_part_by_part(arn: str, pattern: str) -> bool:
    found, wanted = arn.split(":", 5), pattern.split(":", 5)
    return len(found) == len(wanted) and all(map(_like, found, wanted))


def _listed(one: Any) -> list[str]:
    return [one] if isinstance(one, str) else list(one)
