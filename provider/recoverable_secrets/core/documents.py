"""Resource policies: sent as they are declared, compared by what they say.

`Document` holds what people wrote; `==` compares canonical texts, of which there is one for each
meaning. Only what IAM documents as equal becomes equal; where that is open, two policies count as
different, as a needless write harms less than a change that is not made.

What is equal, from the "IAM JSON policy elements reference":

- the order of members, statements and list items, and whatever is said twice;
- a list of one item and the item;
- numbers and booleans and their text: CloudFormation makes text of every scalar;
- actions in upper and lower case: those of Secrets Manager get AWS's own spelling, which people
  and scanners look for, all others lower case;
- an account's id and the ARN of its root, as principals: the id stays;
- the principals `"*"` and `{"AWS": "*"}`, as in every resource policy: `"*"` stays.

A missing Version means 2008-10-17, and another one changes what `${...}` means: never added.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

NEITHER = "must be a JSON object, as text or as a mapping"
NO_JSON = "must be valid JSON"
TWICE = "must not have the same key twice in one object"
NO_NUMBER = "must not hold NaN or a number without bounds"
NO_TEXT_KEY = "must have text for all keys"
FOREIGN = "must hold only what JSON has: dates and the like are to be quoted"
NO_STATEMENT = "must have a Statement that is an object or a list of objects"
TOO_DEEP = "must not be nested so deeply"

_SPELT = MappingProxyType({f"secretsmanager:{name}".lower(): f"secretsmanager:{name}" for name in (
    "AssociateCrossAccountReplica", "BatchGetSecretValue", "CancelRotateSecret", "CreateSecret",
    "DeleteResourcePolicy", "DeleteSecret", "DescribeSecret", "DisassociateCrossAccountReplica",
    "GetRandomPassword", "GetResourcePolicy", "GetSecretValue", "ListResourcePolicies",
    "ListSecretVersionIds", "ListSecrets", "PutResourcePolicy", "PutSecretValue",
    "RemoveRegionsFromReplication", "ReplicateSecretToRegions", "RestoreSecret", "RotateSecret",
    "StopReplicationToReplica", "TagResource", "UntagResource", "UpdateSecret",
    "UpdateSecretVersionStage", "ValidateResourcePolicy",
)})  # fmt: skip
_LARGEST = 1e300
_ROOT = re.compile(r"arn:[a-z0-9-]+:iam::([0-9]{12}):root")


class Document(str):
    """A resource policy as JSON text without spaces, as it was declared; empty for none.

    Equal to each text that means the same.
    """

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        """Whether another text means the same."""
        return isinstance(other, str) and _meaning(self) == _meaning(other)

    def __ne__(self, other: object) -> bool:
        """Whether another text means something else."""
        return not self == other

    def __hash__(self) -> int:
        """Return the same number for all texts that mean the same."""
        return hash(_meaning(self))


def _meaning(text: str) -> str:
    """Return the canonical text; what is no policy means only itself."""
    try:
        return normal(str(text))
    except ValueError:
        return str(text)


def declared(given: object) -> Document:
    """Return a resource policy as it is declared.

    Args:
        given: JSON text, or the mapping that it would be read as; tuples count as lists.

    Raises:
        ValueError: As `normal()` does.
    """
    if not normal(given):
        return Document()
    policy = _parsed(given) if isinstance(given, str) else given
    return Document(json.dumps(_sent(policy), separators=(",", ":")))


def _sent(given: Any) -> Any:
    """Return a copy for JSON, whole numbers without a fraction: Pulumi makes floats of them."""
    match given:
        case Mapping():
            return {key: _sent(content) for key, content in given.items()}
        case list() | tuple():
            return [_sent(item) for item in given]
        case float() if given == int(given):
            return int(given)
    return given


def normal(given: object) -> str:
    """Return the canonical JSON text of a resource policy's meaning.

    >>> normal({"Statement": [{"Effect": "Deny", "Action": ["*"], "Resource": "*"}]})
    '{"Statement":{"Action":"*","Effect":"Deny","Resource":"*"}}'

    Args:
        given: JSON text, or the mapping that it would be read as; tuples count as lists.

    Returns:
        ASCII text without spaces; `""` where no policy is meant: empty text, `{}`.

    Raises:
        ValueError: It is no policy. The text is one of this module's constants: it fits behind
            the name of a field, and repeats nothing of the policy.
    """
    try:
        policy = _plain(_parsed(given) if isinstance(given, str) else given)
        return _text(_policy(policy)) if policy != {} else ""
    except RecursionError:
        pass  # Raised again outside of here, where it brings no thousand frames with it.
    raise ValueError(TOO_DEEP)


def _parsed(text: str) -> object:
    """Read JSON text, more strictly than the standard library by itself."""
    if not text.strip():
        return {}
    try:
        return json.loads(text, object_pairs_hook=_unique)
    except _Fault:
        raise
    except ValueError:
        pass  # Its text, and the document that hangs on it, would reach the user's log.
    raise _Fault(NO_JSON)


class _Fault(ValueError):
    """A fault that has its text already."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Fault(TWICE)
    return found


def _plain(given: object) -> Any:
    """Return a copy of dicts, lists, text and nulls only; every other scalar becomes text."""
    match given:
        case None | str():
            return given
        case bool():
            return "true" if given else "false"
        case int() | float():
            return _number(given)
        case Mapping():
            if not all(isinstance(key, str) for key in given):
                raise ValueError(NO_TEXT_KEY)
            return {key: _plain(content) for key, content in given.items()}
        case list() | tuple():
            return [_plain(item) for item in given]
    raise ValueError(FOREIGN)


def _number(given: float) -> str:
    """Return a number as people write it: Pulumi makes a float of every whole number."""
    if not abs(given) <= _LARGEST:  # That is how NaN compares.
        raise ValueError(NO_NUMBER)
    return str(int(given)) if given == int(given) else str(given)


def _policy(policy: object) -> dict[str, Any]:
    if not isinstance(policy, dict):
        raise ValueError(NEITHER)  # noqa: TRY004  # one class for all: callers show the text
    stated = policy.get("Statement")
    return {**policy, "Statement": _set(_statement(each) for each in _listed(stated))}


def _statement(statement: object) -> dict[str, Any]:
    if not isinstance(statement, dict):
        raise ValueError(NO_STATEMENT)  # noqa: TRY004  # as above
    return {
        name: _MEMBERS[name](content) if name in _MEMBERS else content
        for name, content in statement.items()
    }


def _actions(content: object) -> object:
    return _set(_action(each) for each in _listed(content))


def _action(action: object) -> object:
    if not isinstance(action, str):
        return action
    return _SPELT.get(action.lower(), action.lower())


def _resources(content: object) -> object:
    return _set(_listed(content))


def _principal(content: object) -> object:
    if not isinstance(content, dict):
        return content
    principal = {
        kind: _set(_account(each) if kind == "AWS" else each for each in _listed(named))
        for kind, named in content.items()
    }
    return "*" if principal == {"AWS": "*"} else principal


def _account(principal: object) -> object:
    root = _ROOT.fullmatch(principal) if isinstance(principal, str) else None
    return root[1] if root else principal


def _condition(content: object) -> object:
    """Return conditions with each key's values as a set: any of them may match."""
    if not isinstance(content, dict):
        return content
    return {
        operator: {key: _set(_listed(values)) for key, values in tests.items()}
        if isinstance(tests, dict)
        else tests
        for operator, tests in content.items()
    }


_MEMBERS: Mapping[str, Callable[[object], object]] = MappingProxyType({
    "Action": _actions,
    "NotAction": _actions,
    "Resource": _resources,
    "NotResource": _resources,
    "Principal": _principal,
    "NotPrincipal": _principal,
    "Condition": _condition,
})  # fmt: skip
"""The members of a statement of which more than one spelling means the same."""


def _listed(content: object) -> list[Any]:
    return content if isinstance(content, list) else [content]


def _set(items: Iterable[object]) -> object:
    """Return different items in order; a single one by itself, unless it is a list."""
    found = {_text(item): item for item in items}
    ordered = [found[text] for text in sorted(found)]
    return ordered[0] if len(ordered) == 1 and not isinstance(ordered[0], list) else ordered


def _text(content: object) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"))
