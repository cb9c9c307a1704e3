"""What is scheduled for deletion, and until when it can be had back.

A store tells one date of a scheduled deletion. AWS documents it in two ways, as the end of the
recovery window and as the time of the request, and tells the length of the window nowhere:

    the date                             the deletion was requested    it can be had back
    to come                              7 to 30 days before it        until then
    past                                 then                          7 days surely, 30 at most
    past, where others' are to come      7 to 30 days before it        no longer surely

The last line is for a store that has shown that it tells ends: see `by_urgency`. A window is a
minimum. What is purged late can be had back until then, which nobody can rely on.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from . import ownership, replication
from .errors import InvalidInput
from .facts import Listed
from .parse import name_problems
from .policy import Capabilities

DAY = dt.timedelta(days=1)
SHORTEST, LONGEST = 7 * DAY, 30 * DAY
"""The windows that there are."""

_DIGEST = re.compile(r":[0-9a-f]{16}$")


class Restorable(enum.StrEnum):
    """Whether a secret can be had back now.

    Attributes:
        SURELY: Its window has not ended, however short it is.
        PERHAPS: Its window has ended if it was a short one.
        UNTIL_PURGED: Its window has ended, and the purge is late.
    """

    SURELY = "surely"
    PERHAPS = "perhaps"
    UNTIL_PURGED = "until purged"


class Since(enum.StrEnum):
    """Whether a secret was read after its deletion was scheduled.

    Attributes:
        NO: It was last read on an earlier day, or never.
        MAYBE: It was last read on the same day, or on one of those that come into question.
        YES: It was last read on a later day.
    """

    NO = "no"
    MAYBE = "maybe"
    YES = "yes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """What a date says of a scheduled deletion; all in UTC.

    Attributes:
        requested_from: The first moment at which it may have been requested.
        requested_until: The last moment at which it may have been requested.
        surely_until: Until when the secret can be had back, however short the window is.
        at_most_until: Until when, if the window is the longest; after that, as long as the purge
            is late.
    """

    requested_from: dt.datetime
    requested_until: dt.datetime
    surely_until: dt.datetime
    at_most_until: dt.datetime

    @property
    def requested(self) -> dt.datetime | None:
        """When the deletion was requested; `None` if the store does not tell."""
        return self.requested_from if self.requested_from == self.requested_until else None

    def restorable(self, now: dt.datetime) -> Restorable:
        """Return whether the secret can be had back now; the last moment counts."""
        if now <= self.surely_until:
            return Restorable.SURELY
        return Restorable.PERHAPS if now <= self.at_most_until else Restorable.UNTIL_PURGED

    def days_left(self, now: dt.datetime) -> int:
        """Return how many whole days are surely left, rounded down: 0 is less than one, or none."""
        return max((self.surely_until - now) // DAY, 0)

    def accessed_since(self, accessed: dt.datetime | None) -> Since:
        """Return whether the secret was read since; `accessed` is a day, its time means nothing."""
        if accessed is None or accessed.date() < self.requested_from.date():
            return Since.NO
        return Since.YES if accessed.date() > self.requested_until.date() else Since.MAYBE


def deadline(date: dt.datetime, now: dt.datetime, *, ends: bool = False) -> Deadline:
    """Return what the date of a scheduled deletion says.

    Args:
        date: As the store tells it, in UTC.
        now: The time, in UTC.
        ends: Whether the store is known to tell the ends of windows, and not the requests.
    """
    if ends or date > now:
        return Deadline(
            requested_from=date - LONGEST,
            requested_until=min(date - SHORTEST, now),
            surely_until=date,
            at_most_until=date,
        )
    return Deadline(
        requested_from=date,
        requested_until=date,
        surely_until=date + SHORTEST,
        at_most_until=date + LONGEST,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A secret that is scheduled for deletion.

    Attributes:
        name: Its exact name.
        id: The store's id (on AWS the full ARN).
        region: Where it is, if the store has regions.
        owner: The readable part of its owner tag; `None` if it has none.
        owner_tag: The whole tag, as other commands want it.
        told: The date that the store tells.
        deleted_on: When its deletion was requested; `None` if the store does not tell.
        surely_until: Until when it can surely be had back.
        at_most_until: Until when it can be had back if its window is the longest.
        days_left: Whole days until `surely_until`, rounded down; 0 for less than one, or none.
        accessed: On which day it was last read; `None` if never, or not told.
        accessed_since_deletion: Whether that was after the request.
        replicas: Regions of the copies that a restore brings back.
        restorable: Whether it can be had back now.
    """

    name: str
    id: str
    region: str | None
    owner: str | None
    owner_tag: str | None
    told: dt.datetime
    deleted_on: dt.datetime | None
    surely_until: dt.datetime
    at_most_until: dt.datetime
    days_left: int
    accessed: dt.datetime | None
    accessed_since_deletion: Since
    replicas: tuple[str, ...]
    restorable: Restorable


def label(owner_tag: str | None) -> str | None:
    """Return the part of an owner tag that is for people.

    >>> label("pulumi/shop/prod/db:0123456789abcdef")
    'pulumi/shop/prod/db'
    """
    return _DIGEST.sub("", owner_tag) if owner_tag else None


def rows(listed: Iterable[Listed], now: dt.datetime) -> Iterator[Row]:
    """Yield a row for each secret that is scheduled for deletion, as they come.

    Each secret once: a listing that changes while its pages are read shows some twice. Only
    their ids are kept.

    Args:
        listed: The rows of a listing, live secrets among them.
        now: The time, in UTC.
    """
    seen: set[str] = set()
    for each in listed:
        if each.date is not None and each.secret.id not in seen:
            seen.add(each.secret.id)
            yield _row(each, each.date, now)


def _row(listed: Listed, date: dt.datetime, now: dt.datetime) -> Row:
    secret, until = listed.secret, deadline(date, now)
    tag = secret.tags.get(ownership.OWNER)
    return Row(
        name=secret.name,
        id=secret.id,
        region=secret.region,
        owner=label(tag),
        owner_tag=tag,
        told=date,
        accessed=secret.accessed,
        replicas=tuple(replica.region for replica in replication.recorded(secret.tags)),
        **_dates(until, secret.accessed, now),
    )


def _dates(until: Deadline, accessed: dt.datetime | None, now: dt.datetime) -> dict[str, Any]:
    return {
        "deleted_on": until.requested,
        "surely_until": until.surely_until,
        "at_most_until": until.at_most_until,
        "days_left": until.days_left(now),
        "accessed_since_deletion": until.accessed_since(accessed),
        "restorable": until.restorable(now),
    }


def by_urgency(found: Iterable[Row], now: dt.datetime) -> list[Row]:
    """Return rows sorted by how soon they can surely not be had back any more, then by name.

    If the date of any of them is to come, the store tells ends: then those whose date is past
    have no days left, and are not taken for fresh ones. A row that came alone, as in a stream,
    could not know that.

    Args:
        found: All rows of one account.
        now: The time that they were made with, in UTC.
    """
    known = list(found)
    if any(row.told > now for row in known):
        known = [row if row.told > now else _ended(row, now) for row in known]
    return sorted(known, key=_urgency)


def _ended(row: Row, now: dt.datetime) -> Row:
    until = deadline(row.told, now, ends=True)
    return dataclasses.replace(row, **_dates(until, row.accessed, now))


def _urgency(row: Row) -> tuple[dt.datetime, str, str]:
    return (row.surely_until, row.name, row.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which rows are asked for: those to which all that is given applies.

    Attributes:
        owner: The owner tag, or its beginning up to a full step; see `of_owner`.
        prefix: What the name begins with, in its case.
        within: In how many days, at most, it can no longer be surely had back.
    """

    owner: str = ""
    prefix: str = ""
    within: int | None = None

    def matches(self, row: Row, now: dt.datetime) -> bool:
        """Whether a row is asked for."""
        return (
            of_owner(row.owner_tag, self.owner)
            and row.name.startswith(self.prefix)
            and (self.within is None or due(row, self.within, now))
        )


def of_owner(owner_tag: str | None, owner: str) -> bool:
    """Whether an owner tag is what is asked for, or begins with it up to a full step.

    What has no owner is of none; no owner asked for is all.

    >>> of_owner("pulumi/shop/prod/db:0123456789abcdef", "pulumi/shop/prod")
    True
    >>> of_owner("pulumi/shop/prod2/db:0123456789abcdef", "pulumi/shop/prod")
    False
    """
    tag, steps = owner_tag or "", (owner.rstrip("/") + step for step in "/:")
    return not owner or tag == owner or tag.startswith(tuple(steps))


def due(row: Row, days: int, now: dt.datetime) -> bool:
    """Whether a row's sure time ends within some days, exactly then included, or has ended."""
    return row.surely_until - now <= days * DAY


def check_prefix(prefix: str, store: Capabilities) -> None:
    """Refuse what no name begins with.

    Raises:
        InvalidInput: It is too long, or has a character that names cannot have.
    """
    problems = tuple(name_problems(prefix, store, "the prefix of names")) if prefix else ()
    if problems:
        raise InvalidInput(problems)
