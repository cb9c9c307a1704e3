"""Whether the stack that an owner tag names still declares the secret.

    the secret's id is declared             the tag names a stack that is       verdict
    by any stack that is known              anything                            declared
    by none                                 not told, or the tag names none     unknown
                                            gone                                orphan
                                            known, and has no such resource     orphan
                                            known, its resource has another id  orphan
                                            known, its resource has no id yet   declared

The first line goes by the id alone: a tag is rewritten only when its new stack runs next.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from . import ownership
from .errors import short

_PULUMI = re.compile(r"pulumi/([^/]+/[^/]+)/([^/]+):[0-9a-f]{16}")
_CLOUDFORMATION = re.compile(r"cloudformation/(.+)/([^/]+):[0-9a-f]{16}")
_TAG_LIMIT = 256
_CUT = re.compile(r"==[0-9a-f]{16}(:[0-9a-f]{16})?$")


class Tool(enum.StrEnum):
    """What keeps a stack."""

    PULUMI = "pulumi"
    CLOUDFORMATION = "cloudformation"


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack, as owner tags name it.

    Attributes:
        tool: What keeps it.
        path: For Pulumi project and stack; for CloudFormation the names from the root stack down.
            As they stand in tags: see `part`.
    """

    tool: Tool
    path: tuple[str, ...]

    def __str__(self) -> str:
        """Return it as a tag begins, such as `pulumi/shop/dev`."""
        return "/".join((self.tool, *self.path))


@dataclass(frozen=True, slots=True)
class Claim:
    """What an owner tag says.

    Attributes:
        stack: Whose the secret is.
        resource: What the resource is called there, as it stands in the tag.
        key: What the resource is looked up by in `Declares`: for Pulumi the whole tag, for
            CloudFormation the logical id as it stands in the tag.
    """

    stack: Stack
    resource: str
    key: str


@dataclass(frozen=True, slots=True)
class Declares:
    """A stack that exists, and its resources.

    Attributes:
        resources: Their ids by their keys; `None` where one has none yet.
        others: Ids of resources that have no key.
    """

    resources: Mapping[str, str | None]
    others: frozenset[str] = frozenset()

    def ids(self) -> Iterator[str]:
        """Yield all ids."""
        yield from (each for each in self.resources.values() if each)
        yield from self.others


@dataclass(frozen=True, slots=True)
class Gone:
    """A stack that does not exist any more.

    Attributes:
        why: How that is known, as a sentence without its end.
    """

    why: str


@dataclass(frozen=True, slots=True)
class Untold:
    """A stack of which nothing is known.

    Attributes:
        why: Why not, as a sentence without its end.
    """

    why: str


Told = Declares | Gone | Untold


class Verdict(enum.StrEnum):
    """What is said of a secret."""

    ORPHAN = "orphan"
    DECLARED = "declared"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict.

    Attributes:
        verdict: The verdict.
        why: Its reason, as a sentence without its end.
    """

    verdict: Verdict
    why: str


def part(text: str) -> str:
    """Return a name as it stands in an owner tag: escaped, and cut if it is long.

    >>> part("dev")
    'dev'
    """
    return ownership.owner((text,), "").rpartition(":")[0]


def cut(name: str) -> bool:
    """Whether a name from a tag is only the beginning of the whole one."""
    return _CUT.search(name) is not None


def claim(owner_tag: str) -> Claim | None:
    """Return what an owner tag says; `None` if it names no stack, or not the whole of it."""
    if found := _PULUMI.fullmatch(owner_tag):
        return Claim(Stack(Tool.PULUMI, tuple(found[1].split("/"))), found[2], owner_tag)
    found = _CLOUDFORMATION.fullmatch(owner_tag)
    # A tag of the full length was perhaps cut anywhere: with it go the ends of a long path.
    if found is None or (len(owner_tag) == _TAG_LIMIT and cut(owner_tag)):
        return None
    path = tuple(found[1].split("/"))
    return Claim(Stack(Tool.CLOUDFORMATION, path), found[2], found[2]) if all(path) else None


class Known:
    """What is known of stacks."""

    def __init__(self, told: Mapping[Stack, Told]) -> None:
        """Take what is told of each stack."""
        self._told = dict(told)
        self._by_id = {
            id_: stack
            for stack, about in self._told.items()
            if isinstance(about, Declares)
            for id_ in about.ids()
        }

    def judge(self, id_: str, owner_tag: str) -> Judged:
        """Return whether a secret is still declared.

        Args:
            id_: The store's id of the secret.
            owner_tag: Its owner tag, whole.
        """
        if id_ in self._by_id:
            return Judged(Verdict.DECLARED, f"{self._by_id[id_]} declares it")
        claimed = claim(owner_tag)
        if claimed is None:
            return Judged(Verdict.UNKNOWN, "its owner tag names no stack that could be looked at")
        about = self._told.get(claimed.stack, Untold(f"nothing is known of {claimed.stack}"))
        if isinstance(about, Untold):
            return Judged(Verdict.UNKNOWN, about.why)
        if isinstance(about, Gone):
            return Judged(Verdict.ORPHAN, about.why)
        return _within(claimed, about)


def _within(claimed: Claim, about: Declares) -> Judged:
    """Return what a stack that exists says of a resource, where it does not have its id."""
    named = f"{claimed.stack} does not declare {short(claimed.resource)}"
    if claimed.key not in about.resources:
        return Judged(Verdict.ORPHAN, f"{named} any more")
    other = about.resources[claimed.key]
    if other is None:
        return Judged(Verdict.DECLARED, f"{claimed.stack} declares it, and is at work on it")
    return Judged(Verdict.ORPHAN, f"{named} with this secret any more, but with {short(other)}")
