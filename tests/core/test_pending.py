"""Until when a secret can be had back, as far as one date tells."""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoverable_secrets.core import errors, facts, ownership, pending, plan
from recoverable_secrets.core.pending import DAY, Restorable, Since
from recoverable_secrets.stores import limits

NOW = dt.datetime(2040, 6, 15, 12, 0, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)
TAG = "pulumi/shop/prod/db:0123456789abcdef"


def listed(name: str = "s", date: dt.datetime | None = NOW, **told: Any) -> facts.Listed:
    """Return what a listing tells of a secret, pending since this moment unless told."""
    tags = plan.frozen(told.pop("tags", {}))
    secret = facts.Secret(id=told.pop("id", f"id:{name}"), name=name, tags=tags, **told)
    return facts.Listed(secret=secret, date=date)


def row(date: dt.datetime = NOW, **told: Any) -> pending.Row:
    (made,) = pending.rows([listed(date=date, **told)], NOW)
    return made


# What a date means ------------------------------------------------------------------------------

DATES: list[Any] = [
    pytest.param(NOW + 5 * DAY, NOW + 5 * DAY, NOW + 5 * DAY, None, 5, Restorable.SURELY,
                 id="to come: the end of the window, to the second"),
    pytest.param(NOW + SECOND, NOW + SECOND, NOW + SECOND, None, 0, Restorable.SURELY,
                 id="to come in a second: sure, but for no whole day"),
    pytest.param(NOW, NOW + 7 * DAY, NOW + 30 * DAY, NOW, 7, Restorable.SURELY,
                 id="now: requested now"),
    pytest.param(NOW - DAY, NOW + 6 * DAY, NOW + 29 * DAY, NOW - DAY, 6, Restorable.SURELY,
                 id="yesterday"),
    pytest.param(NOW - SECOND, NOW + 7 * DAY - SECOND, NOW + 30 * DAY - SECOND, NOW - SECOND, 6,
                 Restorable.SURELY, id="days are rounded down"),
    pytest.param(NOW - 7 * DAY, NOW, NOW + 23 * DAY, NOW - 7 * DAY, 0, Restorable.SURELY,
                 id="the last moment of the shortest window counts"),
    pytest.param(NOW - 7 * DAY - SECOND, NOW - SECOND, NOW + 23 * DAY - SECOND,
                 NOW - 7 * DAY - SECOND, 0, Restorable.PERHAPS, id="past the shortest window"),
    pytest.param(NOW - 30 * DAY, NOW - 23 * DAY, NOW, NOW - 30 * DAY, 0, Restorable.PERHAPS,
                 id="the last moment of the longest window counts"),
    pytest.param(NOW - 30 * DAY - SECOND, NOW - 23 * DAY - SECOND, NOW - SECOND,
                 NOW - 30 * DAY - SECOND, 0, Restorable.UNTIL_PURGED,
                 id="past every window: the purge is late"),
]  # fmt: skip


@pytest.mark.parametrize(("date", "surely", "at_most", "requested", "days", "restorable"), DATES)
def test_what_a_date_means(
    date: dt.datetime,
    surely: dt.datetime,
    at_most: dt.datetime,
    requested: dt.datetime | None,
    days: int,
    restorable: Restorable,
) -> None:
    shown = row(date)
    assert (shown.surely_until, shown.at_most_until) == (surely, at_most)
    assert (shown.deleted_on, shown.days_left, shown.restorable) == (requested, days, restorable)
    assert shown.told == date


MINUTES = st.integers(min_value=0, max_value=60 * 24 * 60)


@given(
    window=st.integers(min_value=7, max_value=30),
    age=MINUTES,
    ends=st.booleans(),
)
def test_it_promises_no_day_too_many(window: int, age: int, *, ends: bool) -> None:
    """Whatever the store tells, while the window runs: the truth lies between the two dates."""
    requested = NOW - dt.timedelta(minutes=age)
    end = requested + window * DAY
    if end <= NOW and ends:
        told = pending.deadline(end, NOW, ends=True)  # Only then it cannot be told otherwise.
    else:
        told = pending.deadline(end if ends else requested, NOW)
    assert told.requested_from <= requested <= told.requested_until
    assert told.surely_until <= end <= told.at_most_until
    if end >= NOW:
        assert told.restorable(NOW) is not Restorable.UNTIL_PURGED
    else:
        assert told.restorable(NOW) is not Restorable.SURELY
    assert told.days_left(NOW) * DAY <= max(end - NOW, dt.timedelta())


def test_a_deletion_is_never_requested_in_the_future() -> None:
    """Ends that are almost 30 days off: the request was just made."""
    until = pending.deadline(NOW + 29 * DAY, NOW)
    assert (until.requested_from, until.requested_until) == (NOW - DAY, NOW)
    assert until.requested is None


# Whether it was read since ----------------------------------------------------------------------

TODAY = NOW.replace(hour=0)
ACCESSED: list[Any] = [
    pytest.param(NOW, None, Since.NO, id="never read"),
    pytest.param(NOW, TODAY - DAY, Since.NO, id="the day before the request"),
    pytest.param(NOW, TODAY, Since.MAYBE, id="on the day of the request: before or after"),
    pytest.param(NOW, NOW + SECOND, Since.MAYBE, id="the time of a day means nothing"),
    pytest.param(NOW - DAY, TODAY, Since.YES, id="on the day after the request"),
    pytest.param(NOW - DAY, NOW + DAY, Since.YES, id="a clock that is ahead"),
    pytest.param(NOW + 10 * DAY, TODAY - 21 * DAY, Since.NO, id="before any window began"),
    pytest.param(NOW + 10 * DAY, TODAY - 20 * DAY, Since.MAYBE, id="the longest window began"),
    pytest.param(NOW + 10 * DAY, TODAY, Since.MAYBE, id="the shortest may begin now"),
    pytest.param(NOW + 5 * DAY, TODAY - 2 * DAY, Since.MAYBE, id="the shortest began that day"),
    pytest.param(NOW + 5 * DAY, TODAY - DAY, Since.YES, id="all windows had begun"),
]


@pytest.mark.parametrize(("date", "accessed", "since"), ACCESSED)
def test_read_since_the_request(
    date: dt.datetime, accessed: dt.datetime | None, since: Since
) -> None:
    shown = row(date, accessed=accessed)
    assert (shown.accessed, shown.accessed_since_deletion) == (accessed, since)


@given(read=MINUTES, age=MINUTES, window=st.integers(7, 30), ends=st.booleans())
def test_a_day_is_taken_for_no_more_than_it_is(
    read: int, age: int, window: int, *, ends: bool
) -> None:
    """`no` and `yes` are true whatever the hours were; the day has its own midnight."""
    requested = NOW - dt.timedelta(minutes=age)
    at = NOW - dt.timedelta(minutes=read)
    day = at.replace(hour=0, minute=0)
    end = requested + window * DAY
    date = end if ends and end > NOW else requested
    told = pending.deadline(date, NOW).accessed_since(day)
    assert told is Since.MAYBE or (told is Since.YES) == (at > requested)


# Rows -------------------------------------------------------------------------------------------


def test_what_a_row_shows() -> None:
    tags = {ownership.OWNER: TAG, ownership.REPLICAS: "eu-west-1 us-east-2=alias/ours", "team": "x"}
    secret = listed("app/db", NOW - DAY, id="arn", region="us-east-1", tags=tags,
                    accessed=TODAY - 3 * DAY)  # fmt: skip
    assert list(pending.rows([secret], NOW)) == [
        pending.Row(
            name="app/db",
            id="arn",
            region="us-east-1",
            owner="pulumi/shop/prod/db",
            owner_tag=TAG,
            told=NOW - DAY,
            deleted_on=NOW - DAY,
            surely_until=NOW + 6 * DAY,
            at_most_until=NOW + 29 * DAY,
            days_left=6,
            accessed=TODAY - 3 * DAY,
            accessed_since_deletion=Since.NO,
            replicas=("eu-west-1", "us-east-2"),
            restorable=Restorable.SURELY,
        )
    ]


OWNERS = [
    pytest.param(TAG, "pulumi/shop/prod/db", id="the digest is for machines"),
    pytest.param("team a:billing", "team a:billing", id="an owner that a user has named"),
    pytest.param("x:0123456789abcde", "x:0123456789abcde", id="15 digits are no digest"),
    pytest.param("", None, id="an empty tag"),
    pytest.param(None, None, id="no tag"),
]


@pytest.mark.parametrize(("tag", "shown"), OWNERS)
def test_owners(tag: str | None, shown: str | None) -> None:
    assert pending.label(tag) == shown
    made = row(tags={} if tag is None else {ownership.OWNER: tag})
    assert (made.owner, made.owner_tag) == (shown, tag)


def test_the_label_of_every_owner_tag_that_we_write() -> None:
    made = ownership.owner(("pulumi", "shop", "prod", "dä:tabase"), "urn:pulumi:x")
    assert pending.label(made) == made.rpartition(":")[0]


def test_live_secrets_have_no_row() -> None:
    mixed = [listed("live", None), listed("pending"), listed("live too", None)]
    assert [each.name for each in pending.rows(mixed, NOW)] == ["pending"]


def test_a_secret_that_comes_twice_has_one_row() -> None:
    """As when the listing changes while its pages are read; the first one is shown."""
    twice = [listed("a"), listed("b"), listed("a", NOW - DAY), listed("b")]
    made = list(pending.rows(twice, NOW))
    assert [(each.name, each.told) for each in made] == [("a", NOW), ("b", NOW)]


def test_two_secrets_of_one_name_have_two_rows() -> None:
    """In two regions, or two incarnations while the listing lags behind."""
    both = [listed("a", id="arn:1"), listed("a", id="arn:2")]
    assert [each.id for each in pending.rows(both, NOW)] == ["arn:1", "arn:2"]


def test_a_secret_that_was_live_on_an_earlier_page() -> None:
    """Its deletion was scheduled in between: it is shown."""
    assert len(list(pending.rows([listed("a", None), listed("a")], NOW))) == 1


def test_rows_come_as_the_pages_come() -> None:
    """A stream shows them before the listing has ended."""
    endless = (listed(f"s{number}") for number in itertools.count())
    first = list(itertools.islice(pending.rows(endless, NOW), 3))
    assert [each.name for each in first] == ["s0", "s1", "s2"]


# Order ------------------------------------------------------------------------------------------


def test_the_most_urgent_first() -> None:
    wanted = [row(NOW - 40 * DAY, name="z"), row(NOW - 2 * DAY, name="b"), row(NOW - DAY, name="a"),
              row(NOW - DAY, name="c"), row(NOW, name="0")]  # fmt: skip
    mixed = random.Random(6).sample(wanted, len(wanted))
    assert mixed != wanted
    assert pending.by_urgency(mixed, NOW) == wanted


def test_one_name_in_two_places_stands_in_a_fixed_order() -> None:
    two = [row(name="a", id="arn:2"), row(name="a", id="arn:1")]
    ids = [[each.id for each in pending.by_urgency(order, NOW)] for order in (two, two[::-1])]
    assert ids == [["arn:1", "arn:2"]] * 2


def test_none_at_all() -> None:
    assert pending.by_urgency([], NOW) == []


def test_a_store_that_tells_ends_is_believed_about_all() -> None:
    """Else what is overdue looked as if it had just been deleted, with 7 days left."""
    late, other = row(NOW - DAY, name="late", accessed=TODAY - 8 * DAY), row(NOW + DAY, name="next")
    assert late.days_left == 6
    first, second = pending.by_urgency(iter([other, late]), NOW)
    assert second == other
    assert first == dataclasses.replace(
        late, deleted_on=None, surely_until=NOW - DAY, at_most_until=NOW - DAY, days_left=0,
        restorable=Restorable.UNTIL_PURGED, accessed_since_deletion=Since.MAYBE,
    )  # fmt: skip


def test_where_ends_are_told_a_window_that_ends_now_has_ended() -> None:
    """Alone its date meant that the deletion had just been requested."""
    ending, other = row(NOW, name="now"), row(NOW + SECOND, name="next")
    assert ending.days_left == 7
    first, second = pending.by_urgency([other, ending], NOW)
    assert (first.name, first.days_left, first.surely_until) == ("now", 0, NOW)
    assert second == other


def test_a_store_that_tells_requests_is_left_at_that() -> None:
    rows = [row(NOW - DAY, name="a"), row(NOW, name="b")]
    assert pending.by_urgency(rows, NOW) == rows


# Filters ----------------------------------------------------------------------------------------

OF_TEAM = {"date": NOW - 3 * DAY, "name": "app/db", "tags": {ownership.OWNER: TAG}}
FILTERS: list[Any] = [
    pytest.param({}, True, id="nothing is asked: all"),
    pytest.param({"owner": TAG}, True, id="owner: the whole tag"),
    pytest.param({"owner": "pulumi/shop/prod/db"}, True, id="owner: as it is shown"),
    pytest.param({"owner": "pulumi/shop/prod"}, True, id="owner: its stack"),
    pytest.param({"owner": "pulumi/shop/prod/"}, True, id="owner: its stack, with the slash"),
    pytest.param({"owner": "pulumi/shop/pro"}, False, id="owner: half a step is another stack"),
    pytest.param({"owner": "pulumi/shopX"}, False, id="owner: a letter more is another project"),
    pytest.param({"owner": "shop/prod"}, False, id="owner: a part is no beginning"),
    pytest.param({"owner": "Pulumi/shop"}, False, id="owner: its case counts"),
    pytest.param({"prefix": "app/"}, True, id="name: its beginning"),
    pytest.param({"prefix": "db"}, False, id="name: a part is no beginning"),
    pytest.param({"prefix": "APP/"}, False, id="name: its case counts"),
    pytest.param({"within": 4}, True, id="within: exactly then is within"),
    pytest.param({"within": 3}, False, id="within: later"),
    pytest.param({"within": 30}, True, id="within: long before"),
    pytest.param({"owner": "pulumi", "prefix": "app/", "within": 4}, True, id="all apply"),
    pytest.param({"owner": "pulumi", "prefix": "app/", "within": 3}, False, id="one does not"),
]


@pytest.mark.parametrize(("asked", "matches"), FILTERS)
def test_filters(asked: dict[str, Any], *, matches: bool) -> None:
    assert pending.Filter(**asked).matches(row(**OF_TEAM), NOW) is matches


def test_a_secret_without_an_owner_is_nobodys() -> None:
    bare = row()
    assert pending.Filter().matches(bare, NOW)
    for owner in ("a", "/", ":", "XXXX"):
        assert not pending.Filter(owner=owner).matches(bare, NOW)


@pytest.mark.parametrize("letter", [*"0Xx-_.=+@ "])
def test_only_a_slash_or_a_colon_ends_a_step(letter: str) -> None:
    for end in ("/", ":"):
        assert pending.of_owner(f"pulumi/shop{end}db", "pulumi/shop")
    assert not pending.of_owner(f"pulumi/shop{letter}/db", "pulumi/shop")
    assert not pending.of_owner("pulumi/shop/db", f"pulumi/shop{letter}")


def test_what_is_overdue_is_within_any_time() -> None:
    assert pending.due(row(NOW - 60 * DAY), 0, NOW)
    assert not pending.due(row(), 0, NOW)


# Prefixes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["", "a", "!", "app/x@y+z=_.-", "a" * 512])
def test_a_name_can_begin_so(prefix: str) -> None:
    pending.check_prefix(prefix, limits.AWS)


@pytest.mark.parametrize("prefix", ["a b", "ä", "a*", "a\n", "a" * 513])
def test_no_name_begins_so(prefix: str) -> None:
    with pytest.raises(errors.InvalidInput, match="the prefix of names m") as caught:
        pending.check_prefix(prefix, limits.AWS)
    (problem,) = caught.value.problems
    assert len(problem) <= errors.LIMIT


def test_all_that_is_wrong_with_a_prefix() -> None:
    with pytest.raises(errors.InvalidInput) as caught:
        pending.check_prefix("ä" * 513, limits.AWS)
    assert len(caught.value.problems) == 2
