"""Which resources CloudFormation stacks have, as owner tags name them.

A tag names a stack without what CloudFormation appended to the names of nested stacks and of
StackSets' instances. So a nested one is found through its parent's resources, and an instance by
the list of all stacks.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Any

from recoverable_secrets.core import errors, orphans
from recoverable_secrets.core.errors import short
from recoverable_secrets.core.orphans import Declares, Gone, Stack, Told, Untold

from . import aws_calls, aws_errors

PERMISSIONS = {
    "ListStackResources": ("cloudformation:ListStackResources",),
    "ListStacks": ("cloudformation:ListStacks",),
}
"""What each operation needs that is called here; the second is for some stacks only."""

_MISSING = "ValidationError"
_NESTED = "AWS::CloudFormation::Stack"
_NO_LONGER = frozenset({"DELETE_COMPLETE", "DELETE_SKIPPED"})
_INSTANCE = re.compile(r"(StackSet-.+)-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_RANDOM = re.compile(r"-[A-Z0-9]{10,}$")

Resource = dict[str, Any]


class Stacks:
    """The stacks of one region; each is asked for once."""

    def __init__(self, store: aws_calls.Clients) -> None:
        """Stand on a store's clients; nothing is called before the first stack is asked for."""
        self._store = store
        self._lists: dict[str, list[Resource] | None] = {}

    def told(self, stack: Stack) -> Told:
        """Return what CloudFormation tells of a stack; one call for each page of its resources.

        Raises:
            RecoverableSecretsError: As `aws_calls.answered` says.
        """
        root, *below = stack.path
        found = self._root(root)
        if isinstance(found, Gone | Untold):
            return found
        for name in below:
            inner = _nested(found, name)
            if inner is None:
                return Gone(f"the stack {short(root)} has no nested stack {short(name)} any more")
            listed = self._resources(inner)
            if listed is None:
                return Gone(f"the nested stack {short(name)} of {short(root)} does not exist")
            found = listed
        return _declares(found)

    def _root(self, name: str) -> list[Resource] | Gone | Untold:
        """Return the resources of a root stack, by its name from a tag."""
        if not orphans.cut(name):
            found = self._resources(name)
            if found is not None:
                return found
            if not name.startswith("StackSet-"):
                return Gone(f"there is no stack {short(name)} in {self._store.region}")
        alike = [full for full in self._names if name in {orphans.part(full), _of_set(full)}]
        if not alike:
            return Gone(f"there is no stack {short(name)} in {self._store.region}")
        if len(alike) > 1:
            return Untold(f"several stacks of {self._store.region} go by the name {short(name)}")
        return self._resources(alike[0]) or []

    @functools.cached_property
    def _names(self) -> tuple[str, ...]:
        """The names of all stacks that exist."""
        return tuple(
            each["StackName"]
            for page in self._pages("ListStacks", self._store.region, {})
            for each in page.get("StackSummaries") or ()
            if each.get("StackStatus") != "DELETE_COMPLETE" and not each.get("ParentId")
        )

    def _resources(self, stack: str) -> list[Resource] | None:
        """Return the resources of a stack, by name or id; `None` if it does not exist."""
        if stack not in self._lists:
            self._lists[stack] = self._asked(stack)
        return self._lists[stack]

    def _asked(self, stack: str) -> list[Resource] | None:
        try:
            pages = list(self._pages("ListStackResources", stack, {"StackName": stack}))
        except errors.StoreError as failure:
            if failure.code != _MISSING:
                raise
            return None
        listed = (each for page in pages for each in page.get("StackResourceSummaries") or ())
        return [each for each in listed if each.get("ResourceStatus") not in _NO_LONGER]

    def _pages(self, operation: str, name: str, request: dict[str, str]) -> Iterator[Any]:
        subject = aws_errors.Subject(operation, name, needs=PERMISSIONS[operation])
        return aws_calls.pages(self._store, "cloudformation", self._store.region, subject, request)


def _of_set(name: str) -> str | None:
    """Return what tags call an instance of a StackSet; `None` for any other stack."""
    found = _INSTANCE.fullmatch(name)
    return orphans.part(found[1]) if found else None


def _nested(resources: list[Resource], name: str) -> str | None:
    """Return the id of a nested stack: by its logical id, or by its whole name if that was cut."""
    for each in resources:
        id_ = str(each.get("PhysicalResourceId") or "")
        if each.get("ResourceType") == _NESTED and ":stack/" in id_:
            full = id_.split(":stack/")[1].partition("/")[0]
            short_of = _RANDOM.sub("", full)  # Its parent's name, then the logical id, if cut too.
            whole = name in {orphans.part(each["LogicalResourceId"]), orphans.part(full)}
            if whole or short_of.endswith(f"-{name}"):
                return id_
    return None


def _declares(resources: list[Resource]) -> Declares:
    """Return what a stack declares; of whatever type, as any can take a secret over."""
    return Declares({
        orphans.part(each["LogicalResourceId"]): _secret(each.get("PhysicalResourceId"))
        for each in resources
    })  # fmt: skip


def _secret(id_: str | None) -> str | None:
    """Return a physical id that names something; what begins so is a place-holder of ours."""
    return id_ if id_ and id_.startswith("arn:") else None
