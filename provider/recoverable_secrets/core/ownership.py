"""Whose a secret is, which incarnation it is, and who wrote a version.

All of it stands in tags and version ids that DescribeSecret shows, so that no decision needs
the right to read a value. Tags are written at creation: they cannot change while a deletion
is pending.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping

PREFIX = "recoverable-secrets:"
OWNER = f"{PREFIX}owner"
INSTANCE = f"{PREFIX}instance"
ORIGIN = f"{PREFIX}origin"
CLAIM = (OWNER, INSTANCE, ORIGIN)
"""The tags that say whose a secret is."""
MARKS = len(CLAIM)

REPLICAS = f"{PREFIX}replicas"
"""Which replicas there were when the secret was torn down; see replication.py."""
ROTATION = f"{PREFIX}rotation"
"""That the teardown cancelled a rotation; see rotation.py."""

HANDOVER = f"{PREFIX}handover"
"""A tag that says: whoever managed this secret will let it go and not destroy it."""

CREATED = "created"
RESTORED = "restored"
FOUND = "found"
"""It was live and its owner's already, such as after `DeletionPolicy: Retain`."""
FOUND_ADOPTED = "found adopted"
"""The same, and it had been others' before it came to its owner."""
ADOPTED = "adopted"
ADOPTED_PENDING = "adopted pending"
"""It was adopted while its deletion was scheduled."""

VERSION_PREFIX = "recoverable-secrets-"
"""Every version id that we write begins so: 20 characters, then 32 hexadecimal digits."""

_TAG_LIMIT = 256
_NAME_LIMIT = 512
_DIGEST = 16
_SUFFIX = 26


def digest(*parts: str, length: int = _DIGEST) -> str:
    """Return `length` hexadecimal digits that tell these parts from any others."""
    joined = "\0".join(f"{len(part)}:{part}" for part in parts)
    # Halves of characters as well: JSON can hold them, and whoever sent them wants an answer.
    return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()[:length]


def escape(text: str, allowed: str, limit: int) -> str:
    """Return `text` in allowed characters only; different texts stay different.

    Other characters become `=` and the hexadecimal digits of their UTF-8 bytes, `=` itself
    included. What is too long keeps its head, and a digest stands for its tail.

    Args:
        text: Any text.
        allowed: Body of a regular expression's character class, without `=`.
        limit: Most characters of the result.
    """
    return escape_tail(re.sub(f"[^{allowed}]", _hexadecimal, text), limit)


def escape_tail(text: str, limit: int) -> str:
    """Return escaped text in at most `limit` characters, a digest in place of what is cut.

    Two equals signs never stand together in escaped text, so nothing else looks like it.
    """
    return text if len(text) <= limit else text[: limit - _DIGEST - 2] + "==" + digest(text)


def _hexadecimal(found: re.Match[str]) -> str:
    return "".join(f"={byte:02X}" for byte in found.group().encode("utf-8", "surrogatepass"))


def owner(label: Iterable[str], identity: str) -> str:
    """Return the owner tag of a resource: readable first, then a digest that makes it unique.

    Args:
        label: Parts to read, such as `pulumi`, project, stack and resource name.
        identity: What tells this resource from all others, such as its URN with its parents.
    """
    readable = "/".join(escape(part, "A-Za-z0-9 _.+@-", 80) for part in label)
    suffix = f":{digest(identity)}"
    return escape_tail(readable, _TAG_LIMIT - len(suffix)) + suffix


def named_owner(text: str) -> str:
    """Return the owner tag for an owner that the user has named."""
    return escape(text, "A-Za-z0-9 _.:/+@-", _TAG_LIMIT)


def default_name(parts: Iterable[str]) -> str:
    """Return a name that is the same at each run, from project, stack and resource name.

    The parts are joined by slashes, so that `a-b`, `c` and `a`, `b-c` differ.
    """
    escaped = "/".join(escape(part, "A-Za-z0-9/_+.@-", _NAME_LIMIT) for part in parts)
    return escape_tail(escaped, _NAME_LIMIT)


def prefixed_name(prefix: str, owner_tag: str) -> str:
    """Return a name that begins so and ends in what is the same for an owner at each run."""
    return prefix + digest(owner_tag, length=_SUFFIX)


def version_id(random: str) -> str:
    """Return the id of a first version, from 32 random hexadecimal digits."""
    return VERSION_PREFIX + random


def next_version_id(secret: str, current: str | None) -> str:
    """Return the id of the version that follows `current`, the same at each attempt.

    It comes from the secret's id and the version that is replaced, never from the value: an
    update that was interrupted finds its own version again, and a reader learns nothing.
    """
    return VERSION_PREFIX + digest(secret, current or "", length=32)


def is_ours(version: str) -> bool:
    """Whether a version id is one that we wrote."""
    return re.fullmatch(VERSION_PREFIX + "[0-9a-f]{32}", version) is not None


def adopted(tags: Mapping[str, str]) -> bool:
    """Whether a secret was others' before it came to its owner."""
    return tags.get(ORIGIN) in {ADOPTED, ADOPTED_PENDING, FOUND_ADOPTED}


def marks(mark: str, tags: Mapping[str, str]) -> bool:
    """Whether a secret carries this incarnation mark, or one that begins with it and a dot.

    A deputy's marks are `<stack>.<operation>`: the first part alone stands for all operations
    of the stack.
    """
    live = tags.get(INSTANCE, "")
    return live == mark or live.startswith(f"{mark}.")


def of_users(tags: Mapping[str, str]) -> dict[str, str]:
    """Return the tags that belong to users: neither ours nor AWS's own."""
    return {k: v for k, v in tags.items() if not k.startswith(("aws:", PREFIX))}
