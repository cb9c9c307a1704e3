"""The lists of AWS: which calls they make, and what goes wrong in the middle of one."""

from __future__ import annotations

import json
import math
from typing import Any

import boto3
import pytest

import emulation
from contract import worlds
from emulation import crowd, faults
from recoverable_secrets.core import errors, facts, ownership, pending
from recoverable_secrets.stores import Page, aws_inventory, limits
from recoverable_secrets.stores.aws import AwsStore, Connection
from recoverable_secrets.stores.aws_inventory import AwsInventory
from stores import scripted

LIST, VERSIONS = "ListSecrets", "ListSecretVersionIds"


@pytest.fixture
def inventory(store: AwsStore) -> AwsInventory:
    """Lists of a store with a client of its own."""
    return AwsInventory(store)


def found(inventory: AwsInventory, **asked: Any) -> list[facts.Listed]:
    return [listed for page in inventory.pages(**asked) for listed in page.rows]


def names(inventory: AwsInventory, **asked: Any) -> set[str]:
    return {listed.secret.name for listed in found(inventory, **asked)}


# Calls ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 200, 5_000])
def test_one_call_for_each_page_and_no_other(
    aws: emulation.Aws, inventory: AwsInventory, count: int
) -> None:
    """The account's number included: nobody asks who calls."""
    arns = crowd.plant(aws, count)
    pages = list(inventory.pages(pending=True))
    calls = max(math.ceil(count / 100), 1)
    assert [record.action for record in aws.calls] == [LIST] * calls
    assert [len(page.rows) for page in pages[:-1]] == [100] * (calls - 1)
    assert [page.more for page in pages] == [True] * (calls - 1) + [False]
    told = [listed.secret.id for page in pages for listed in page.rows]
    assert told == arns[::-1], "all, once each, in AWS's own order: those made last come first"
    assert all(listed.date for page in pages for listed in page.rows)


def test_what_is_asked_for(aws: emulation.Aws, inventory: AwsInventory) -> None:
    crowd.plant(aws, 101, prefix="a/")
    list(inventory.pages(prefix="a/", pending=True))
    first, second = (dict(record.parameters) for record in aws.calls)
    filters = [{"Key": "name", "Values": ["a/"]}]
    asked = {"MaxResults": 100, "IncludePlannedDeletion": True, "Filters": filters}
    assert second.pop("NextToken")
    assert first == second == asked


def test_live_secrets_are_asked_for_in_as_few_words(
    aws: emulation.Aws, inventory: AwsInventory
) -> None:
    list(inventory.pages())
    assert [record.parameters for record in aws.calls] == [{"MaxResults": 100}]


def test_no_call_before_its_page_is_asked_for(aws: emulation.Aws, inventory: AwsInventory) -> None:
    """So a stream holds one page at a time, and ends when its reader does."""
    crowd.plant(aws, 350)
    pages = inventory.pages(pending=True)
    assert not aws.calls
    for number in range(1, 4):
        next(pages)
        assert len(aws.calls) == number


def test_other_regions_and_accounts_are_not_listed(
    aws: emulation.Aws, inventory: AwsInventory
) -> None:
    crowd.plant(aws, 3, prefix="far/", region="eu-west-1")
    crowd.plant(aws, 3, prefix="others/", account="999999999999")
    crowd.plant(aws, 1, prefix="here/")
    assert names(inventory, pending=True) == {"here/00000"}


def test_two_regions_are_two_inventories(aws: emulation.Aws, session: boto3.Session) -> None:
    crowd.plant(aws, 101, prefix="far/", region="eu-west-1")
    there = AwsStore(Connection(region="eu-west-1"))
    there._session = session
    assert {listed.secret.region for listed in found(AwsInventory(there), pending=True)} == {
        "eu-west-1"
    }
    assert [(record.action, record.region) for record in aws.calls] == [(LIST, "eu-west-1")] * 2


# Prefixes ---------------------------------------------------------------------------------------


def test_a_prefix_is_filtered_by_aws(aws: emulation.Aws, inventory: AwsInventory) -> None:
    crowd.plant(aws, 300, prefix="others/", pending=False)
    crowd.plant(aws, 2, prefix="mine/", pending=False)
    assert names(inventory, prefix="mine/") == {"mine/00000", "mine/00001"}
    assert len(aws.calls) == 1


def test_an_exclamation_mark_would_mean_all_but_these(
    aws: emulation.Aws, inventory: AwsInventory
) -> None:
    """AWS's notation for the opposite; a name may begin with one."""
    for name in ("!a", "a", "!b"):
        crowd.plant(aws, 1, prefix=name, pending=False)
    assert names(inventory, prefix="!a") == {"!a00000"}
    assert "Filters" not in aws.calls[0].parameters
    assert names(inventory, prefix="a") == {"a00000"}


def test_an_impossible_prefix_makes_no_call(aws: emulation.Aws, inventory: AwsInventory) -> None:
    with pytest.raises(errors.InvalidInput, match="letters, digits"):
        inventory.pages(prefix="prod/*")
    assert not aws.calls


# What an entry says -----------------------------------------------------------------------------


def test_the_newest_day_of_all_regions(aws: emulation.Aws, store: AwsStore, ref: facts.Ref) -> None:
    """Each region tells when the secret was read there, and nothing if it never was."""
    days = [worlds.START + day * pending.DAY for day in range(4)]
    cases: list[tuple[Any, list[Any], Any]] = [
        (None, [], None),
        (days[1], [], days[1]),
        (None, [days[2]], days[2]),
        (days[3], [days[1], days[2]], days[3]),
        (days[0], [days[2], None, days[1]], days[2]),
    ]
    for own, copies, newest in cases:
        status = [
            {"Region": f"eu-west-{n}", "Status": "InSync",
             "LastAccessedDate": day.timestamp() if day else None}
            for n, day in enumerate(copies)
        ]  # fmt: skip
        aws.plant(ref.name, ReplicationStatus=status,
                  LastAccessedDate=own.timestamp() if own else None)  # fmt: skip
        seen = store.observe(ref)
        assert isinstance(seen, facts.Present)
        assert seen.secret.accessed == newest, (own, copies)


def test_an_entry_has_its_days_and_dates(
    aws: emulation.Aws, store: AwsStore, inventory: AwsInventory, ref: facts.Ref
) -> None:
    """In UTC, whatever the machine's zone; AWS tells the day of a reading, not its time."""
    aws.clock.advance(days=2, seconds=3)
    reader = store.client("secretsmanager", worlds.REGION)
    reader.get_secret_value(SecretId=ref.name)
    turn = worlds.START + 9 * pending.DAY
    aws.plant(ref.name, NextRotationDate=turn.timestamp(), RotationEnabled=True)
    (listed,) = found(inventory)
    told = listed.secret
    assert (told.created, told.changed, told.accessed, told.rotated_next) == (
        worlds.START, worlds.START, worlds.START + 2 * pending.DAY, turn,
    )  # fmt: skip
    dates = (told.created, told.changed, told.accessed, told.rotated_next)
    assert {date.tzname() for date in dates if date} == {"UTC"}


@pytest.mark.parametrize("meaning", ["requested", "window-end"])
def test_a_pending_entry_has_the_date_that_aws_tells(
    aws: emulation.Aws, inventory: AwsInventory, meaning: Any
) -> None:
    aws.behaviour.deleted_date = meaning
    crowd.plant(aws, 1, tags={ownership.OWNER: "me", ownership.REPLICAS: "eu-west-1"})
    (listed,) = found(inventory, pending=True)
    requested = worlds.START
    assert listed.date == requested + (
        7 * pending.DAY if meaning == "window-end" else 0 * pending.DAY
    )
    (row,) = pending.rows([listed], aws.clock.now())
    assert row.surely_until == requested + 7 * pending.DAY
    assert (row.owner, row.replicas) == ("me", ("eu-west-1",))


# Changes meanwhile ------------------------------------------------------------------------------


def test_a_secret_made_between_two_pages(aws: emulation.Aws, inventory: AwsInventory) -> None:
    """It pushes the last of the first page onto the second: listed twice, shown once."""
    crowd.plant(aws, 150)
    aws.hook(
        LIST,
        "after",
        lambda _: aws.by_hand("CreateSecret", Name="new", ClientRequestToken="t" * 32),
    )
    listed = found(inventory, pending=True)
    ids = [each.secret.id for each in listed]
    assert (len(ids), len(set(ids))) == (151, 150)
    rows = list(pending.rows(listed, aws.clock.now()))
    assert len({row.id for row in rows}) == len(rows) == 150


def test_a_secret_purged_between_two_pages(aws: emulation.Aws, inventory: AwsInventory) -> None:
    """What is gone moves the rest up: one may be missing, nothing breaks."""
    crowd.plant(aws, 150)
    aws.hook(LIST, "after", lambda _: aws.purge("crowd/00149"))
    assert len(found(inventory, pending=True)) == 149


# Faults -----------------------------------------------------------------------------------------


def test_throttled_in_the_middle(aws: emulation.Aws, inventory: AwsInventory) -> None:
    """The SDK waits and asks for the same page again: nothing is lost, nothing comes twice."""
    arns = crowd.plant(aws, 250)
    aws.inject(faults.Throttle(LIST, times=3, nth=2))
    assert [listed.secret.id for listed in found(inventory, pending=True)] == arns[::-1]
    assert [record.outcome for record in aws.calls] == [
        "ok", *["ThrottlingException"] * 3, "ok", "ok",
    ]  # fmt: skip


BREAKS: list[Any] = [
    pytest.param(faults.Throttle, errors.Temporary, "ThrottlingException", id="throttled"),
    pytest.param(faults.InternalError, errors.Temporary, "InternalServiceError", id="a 500"),
    pytest.param(faults.ConnectionReset, errors.Temporary, "no answer", id="no connection"),
    pytest.param(faults.ExpiredToken, errors.AccessDenied, "expired", id="credentials ran out"),
    pytest.param(faults.InvalidCredentials, errors.AccessDenied, "not valid", id="key revoked"),
]


@pytest.mark.parametrize(("fault", "kind", "says"), BREAKS)
def test_a_listing_that_breaks_off(
    aws: emulation.Aws, inventory: AwsInventory, fault: Any, kind: type[Exception], says: str
) -> None:
    """The pages before it were told; the region is named; the next run starts afresh."""
    crowd.plant(aws, 150)
    broken = aws.inject(fault(LIST, times=None, nth=2))
    pages = inventory.pages(pending=True)
    assert len(next(pages).rows) == 100
    with pytest.raises(kind, match=says) as caught:
        next(pages)
    assert str(caught.value).startswith(f"ListSecrets of {worlds.REGION}")
    assert len(str(caught.value)) <= errors.LIMIT
    assert caught.value.__context__ is None
    with pytest.raises(StopIteration):
        next(pages)
    aws.remove(broken)
    assert len(found(inventory, pending=True)) == 150


def test_the_place_of_the_next_page_has_expired(
    aws: emulation.Aws, inventory: AwsInventory
) -> None:
    """As when a reader pauses for long: run again."""
    crowd.plant(aws, 150)
    aws.inject(faults.Error(LIST, nth=2, code="InvalidNextTokenException", message="Expired."))
    pages = inventory.pages(pending=True)
    next(pages)
    with pytest.raises(errors.Temporary, match="What was shown is not all; run again"):
        next(pages)


@pytest.mark.parametrize(
    "code", ["InvalidRequestException", "InvalidParameterException", "ResourceNotFoundException"]
)
def test_what_is_a_state_elsewhere_is_an_error_here(
    aws: emulation.Aws, inventory: AwsInventory, code: str
) -> None:
    """A listing has no secret that could be in another state."""
    aws.inject(faults.Error(LIST, code=code, message="Not so. " * 40))
    with pytest.raises(errors.StoreError) as caught:
        found(inventory)
    assert caught.value.code == code
    assert str(caught.value).startswith(f"ListSecrets of us-east-1 was refused with {code}: Not so")
    assert len(str(caught.value)) <= errors.LIMIT


@pytest.mark.parametrize("operation", [LIST, VERSIONS])
def test_a_missing_permission_is_named(
    aws: emulation.Aws, inventory: AwsInventory, ref: facts.Ref, operation: str
) -> None:
    aws.deny(f"secretsmanager:{operation}")
    with pytest.raises(errors.AccessDenied) as caught:
        found(inventory) if operation == LIST else inventory.versions(ref)
    what = worlds.REGION if operation == LIST else ref.name
    assert str(caught.value) == (
        f"{operation} of {what} was denied: it needs secretsmanager:{operation}. Grant it to the "
        "credentials in use"
    )


def test_a_missing_permission_that_aws_does_not_name(
    aws: emulation.Aws, inventory: AwsInventory
) -> None:
    aws.inject(faults.Error(LIST, code="AccessDeniedException", message="No."))
    with pytest.raises(errors.AccessDenied, match="needs secretsmanager:ListSecrets"):
        found(inventory)


def test_the_permissions_are_enough(
    aws: emulation.Aws, inventory: AwsInventory, ref: facts.Ref
) -> None:
    """And each is needed, by the documentation, which stands in the double."""
    for operation, needed in aws_inventory.PERMISSIONS.items():
        assert set(needed) == {
            one.action for one in emulation.PERMISSIONS[operation]
            if one.when is emulation.When.ALWAYS
        }  # fmt: skip
    aws.allow_only([one for needed in aws_inventory.PERMISSIONS.values() for one in needed])
    assert found(inventory, prefix="prod", pending=True)
    assert inventory.versions(ref)


def test_an_account_that_is_not_allowed(aws: emulation.Aws, session: boto3.Session) -> None:
    store = AwsStore(Connection(region=worlds.REGION, accounts=("999999999999",)))
    store._session = session
    with pytest.raises(errors.Refused, match="allowed_account_ids"):
        found(AwsInventory(store))
    assert aws.actions() == []


# Answers that the double never gives ------------------------------------------------------------


@pytest.fixture
def endless(session: boto3.Session) -> Any:
    """An endpoint that answers what a test says, and lists that come from there."""
    with scripted.serving() as server:
        yield server, AwsInventory(scripted.store_at(server.url, session))


def test_an_empty_page_is_not_the_end(endless: Any) -> None:
    """With a filter AWS may answer fewer than there are, even none."""
    server, inventory = endless
    entry = {"ARN": f"arn:aws:secretsmanager:{worlds.REGION}:1:secret:s-AbCdEf", "Name": "s"}
    answers = iter([{"SecretList": [], "NextToken": "t"}, {"NextToken": "u"},
                    {"SecretList": [entry]}])  # fmt: skip
    server.answer = lambda _: (200, json.dumps(next(answers)).encode())
    empty = Page((), more=True)
    bare = facts.Secret(id=entry["ARN"], name="s", region=worlds.REGION)
    assert list(inventory.pages()) == [empty, empty, Page((facts.Listed(secret=bare),), more=False)]


def test_the_same_page_again_and_again(endless: Any) -> None:
    """Some stand-ins for AWS forget where they were: that must not go on for ever."""
    server, inventory = endless
    server.will({"SecretList": [], "NextToken": "here"})
    with pytest.raises(errors.StoreError, match="the same page again") as caught:
        found(inventory)
    assert caught.value.code == "SamePageAgain"
    assert len(server.asked) == 2


def test_the_limits_are_those_that_the_store_shows(store: AwsStore) -> None:
    """Prefixes are checked against them before the store is known."""
    assert store.capabilities is limits.AWS
