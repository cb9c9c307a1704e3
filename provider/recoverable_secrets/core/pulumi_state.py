"""Which secrets a Pulumi state declares: of `pulumi stack export`, or a backend's own file.

    export                 deployment.resources
    a backend's own file   checkpoint.latest.resources, checkpoint.stack

A state holds the values of secrets. While it is read all else than what is needed here is
dropped, object by object, so that nothing of them is left to be shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .errors import InvalidInput, short
from .orphans import Declares, Stack, Tool, part

_KEPT = frozenset(
    {
        "arn",
        "checkpoint",
        "delete",
        "deployment",
        "external",
        "id",
        "latest",
        "outputs",
        "owner",
        "resources",
        "stack",
        "urn",
    }
)
_URN = re.compile(r"urn:pulumi:(?P<stack>[^:]+)::(?P<project>[^:]+)::")
_STACK = re.compile(r"[^/]+/([A-Za-z0-9_.-]+)/([A-Za-z0-9_.-]+)")
_NAMED = re.compile(r"([A-Za-z0-9_.-]+)/([A-Za-z0-9_.-]+)")
_SECRET = ":secretsmanager:"


def kept(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Return what is needed of an object of a state: for `object_pairs_hook`."""
    return {name: content for name, content in pairs if name in _KEPT}


def named(text: str) -> Stack | None:
    """Return the stack that people name by `project/stack`; `None` if it is no such name."""
    found = _NAMED.fullmatch(text)
    return _stack(found[1], found[2]) if found else None


def read(document: object, source: str, name: Stack | None = None) -> tuple[Stack, Declares]:
    """Return which stack a state is of, and what it declares.

    Args:
        document: The state, read with `kept`.
        source: Where it came from, for the texts.
        name: Which stack it is of, if the user said so.

    Raises:
        InvalidInput: It is no state, of another stack, or does not tell of which.
    """
    top = document if isinstance(document, Mapping) else {}
    within = top.get("deployment", top.get("checkpoint"))
    if not isinstance(within, Mapping):
        raise _wrong(
            source, "is no state of Pulumi: give what `pulumi stack export` writes, or a backend's "
            "file below .pulumi/stacks"
        )  # fmt: skip
    inner = within.get("latest") if "checkpoint" in top else within
    listed = inner.get("resources") if isinstance(inner, Mapping) else None
    resources = [
        each for each in (listed if isinstance(listed, list) else ()) if isinstance(each, Mapping)
    ]
    told = set(_stacks(resources)) or set(_told(within.get("stack")))
    if len(told) > 1:
        one, other, *_ = sorted(map(str, told))
        raise _wrong(source, f"names several stacks, {short(one)} and {short(other)}: give one's")
    if name and told - {name}:
        raise _wrong(source, f"is the state of {min(map(str, told))}, not of {name}")
    found = {name} if name else told
    if len(found) != 1:
        raise _wrong(
            source, "does not tell of which stack it is, as it has no resources: say "
            "--state PROJECT/STACK=FILE"
        )  # fmt: skip
    return found.pop(), _declared(resources)


def _stack(project: str, stack: str) -> Stack:
    return Stack(Tool.PULUMI, (part(project), part(stack)))


def _wrong(source: str, what: str) -> InvalidInput:
    return InvalidInput([f"{short(source, 80)} {what}"])


def _stacks(resources: Iterable[Mapping[str, Any]]) -> Iterator[Stack]:
    for resource in resources:
        found = _URN.match(str(resource.get("urn")))
        if found:
            yield _stack(found["project"], found["stack"])


def _told(stack: object) -> Iterator[Stack]:
    """Yield the stack that a backend's file names: `organization/project/stack`."""
    found = _STACK.fullmatch(str(stack))
    if found:
        yield _stack(found[1], found[2])


def _declared(resources: Iterable[Mapping[str, Any]]) -> Declares:
    """Return which secrets are declared; of whatever type, as any can take one over."""
    owned: dict[str, str | None] = {}
    others: set[str] = set()
    for resource in resources:
        # What is only read, and the old half of a replacement, declare nothing.
        if resource.get("external") is True or resource.get("delete") is True:
            continue
        outputs = resource.get("outputs")
        outputs = outputs if isinstance(outputs, Mapping) else {}
        arns = list(_secrets(outputs.get("arn"), resource.get("id")))
        if isinstance(outputs.get("owner"), str):
            owned[outputs["owner"]] = arns[0] if arns else None
        others.update(arns)
    return Declares(owned, frozenset(others))


def _secrets(*ids: object) -> Iterator[str]:
    """Yield those of these ids that are of secrets."""
    for each in ids:
        if isinstance(each, str) and _SECRET in each:
            yield each
