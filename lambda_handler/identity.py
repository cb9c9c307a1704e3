"""Which secret an event is about, and whose: names, owners and marks. Pure."""

from __future__ import annotations

import re

from recoverable_secrets.core import ownership
from recoverable_secrets.stores import aws_wire, limits

from .properties import Installation
from .protocol import NOT_CREATED, Request


def of_stack(mark: str) -> str:
    """Return the part of a mark that all operations of a stack share."""
    return mark.partition(".")[0]


def owner(request: Request, path: tuple[str, ...]) -> str:
    """Return the owner tag: names only, so that a stack that is created anew knows its own."""
    label = ("cloudformation", *path, request.logical_id)
    return ownership.owner(label, "\0".join(label))


def default_name(
    request: Request, allowed: Installation, path: tuple[str, ...], prefix: str | None
) -> str:
    """Return the name of a secret that declares none, or a prefix: the same for a stack anew."""
    if prefix:
        return ownership.prefixed_name(prefix, owner(request, path))
    room = limits.AWS.name_length - len(allowed.name_prefix)
    made = ownership.default_name([*path, request.logical_id])
    return allowed.name_prefix + ownership.escape_tail(made, room)


def is_here(request: Request) -> bool:
    """Whether the physical id is a full ARN of a secret in this account and region."""
    function = request.function.split(":")
    where = (function[1], function[3], function[4])
    arn = aws_wire.Arn.parse(request.id)
    if arn is None or (arn.partition, arn.region, arn.account) != where:
        return False
    return _ARN_END.fullmatch(request.id.rpartition(":")[2]) is not None


_ARN_END = re.compile(f"({limits.AWS.name_characters})+-[A-Za-z0-9]{{6}}")


def name_in(arn: str) -> str:
    """Return the name that a full ARN holds."""
    return arn.rpartition(":")[2].rpartition("-")[0]


def mark_to_delete(request: Request) -> str:
    """Return the mark of what may go: of one failed Create if the id tells which, else any."""
    told = request.id.removeprefix(NOT_CREATED)
    own = told != request.id and of_stack(told) == of_stack(request.mark)
    return told if own else of_stack(request.mark)
