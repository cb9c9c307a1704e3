"""`delete` and `purge`: what goes, what is left alone, and what people are told before."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from cli.conftest import OWNER, REGIONS, Runner, Typist, World
from cli.schema import problems_of
from emulation import DEFAULT_ACCOUNT

OTHER = "pulumi/shop/blue/db:0123456789abcdef"


def read(world: World, name: str, days_ago: int) -> None:
    """Read a secret some days ago, less some minutes: midnight may pass while the test runs."""
    world.aws.by_hand("GetSecretValue", SecretId=name)
    world.aws.clock._now = dt.datetime.now(dt.UTC)
    found = world.aws._store.shelf(DEFAULT_ACCOUNT, REGIONS[0]).named(name)
    assert found is not None
    since = dt.timedelta(days=days_ago, minutes=-10)
    found.accessed = (dt.datetime.now(dt.UTC) - since).timestamp()  # type: ignore[union-attr]


@pytest.mark.parametrize("days", [7, 14, 30])
def test_delete_schedules_with_the_window(ran: Runner, world: World, days: int) -> None:
    world.make("db")
    done = ran("delete", "db", "--window", str(days), "--yes", "--json")
    assert done.code == 0
    gone = world.aws.secret("db")
    assert gone.state == "pending"
    assert gone.purge_date is not None
    assert gone.deleted_date is not None
    assert gone.purge_date - gone.deleted_date == dt.timedelta(days=days)
    assert problems_of("delete", done.json) == []
    assert done.json["changes"][0]["actions"] == [f"schedule deletion: days = {days}"]


@pytest.mark.parametrize("days", ["0", "6", "31", "x"])
def test_a_window_that_aws_does_not_have(ran: Runner, world: World, days: str) -> None:
    done = ran("delete", "db", "--window", days, "--yes")
    assert (done.code, world.aws.calls) == (2, [])
    assert "--window" in done.err


@pytest.mark.parametrize(
    ("days_ago", "options", "code"),
    [
        pytest.param(0, (), 3, id="read today"),
        pytest.param(7, (), 3, id="read on the last day that counts"),
        pytest.param(9, (), 0, id="read before"),
        pytest.param(9, ("--accessed-within", "10"), 3, id="more days count"),
        pytest.param(3, ("--accessed-within", "1"), 0, id="fewer days count"),
        pytest.param(0, ("--accessed-within", "0"), 0, id="switched off"),
        pytest.param(0, ("--ignore-access",), 0, id="overridden"),
    ],
)
def test_what_was_read_lately_is_refused(
    ran: Runner, world: World, days_ago: int, options: tuple[str, ...], code: int
) -> None:
    world.make("db")
    read(world, "db", days_ago)
    done = ran("delete", "db", "--yes", *options)
    assert done.code == code
    assert world.aws.secret("db").state == ("live" if code else "pending")
    assert ("something may still need it" in done.err) is bool(code)
    assert ("--ignore-access" in done.err) is bool(code)


def test_a_read_between_the_plan_and_the_deletion_counts(ran: Runner, world: World) -> None:
    world.make("db")
    look = lambda _: world.aws.by_hand("GetSecretValue", SecretId="db")  # noqa: E731
    world.aws.hook("DescribeSecret", "before", look, nth=2)
    done = ran("delete", "db", "--yes")
    assert (done.code, world.aws.secret("db").state) == (3, "live")


def test_deleting_again_is_nothing(ran: Runner, world: World) -> None:
    world.pending("db")
    done = ran("delete", "db")
    assert done.code == 0
    assert done.out.splitlines()[1] == "  nothing to do"


def test_what_nobody_owns_can_be_deleted_for_it_can_come_back(ran: Runner, world: World) -> None:
    world.make("free", owner=None)
    assert ran("delete", "free", "--yes").code == 0
    assert world.aws.secret("free").state == "pending"


@pytest.mark.parametrize("command", ["delete", "purge"])
@pytest.mark.parametrize(
    ("call", "more", "says"),
    [
        pytest.param(
            "TagResource",
            {"Tags": [{"Key": "recoverable-secrets:owner", "Value": OTHER}]},
            "changed hands since it was shown",
            id="another's",
        ),
        pytest.param(
            "UntagResource",
            {"TagKeys": ["recoverable-secrets:owner"]},
            "changed hands since it was shown",
            id="nobody's",
        ),
        pytest.param(
            "TagResource",
            {"Tags": [{"Key": "recoverable-secrets:instance", "Value": "2e" * 16}]},
            "left alone: it is another's now, or another one",
            id="another life",
        ),
    ],
)
def test_a_secret_that_changed_hands_since_is_left_alone(
    ran: Runner, world: World, command: str, call: str, more: dict[str, Any], says: str
) -> None:
    arn = world.make("db")
    hand = lambda _: world.aws.by_hand(call, SecretId="db", **more)  # noqa: E731
    world.aws.hook("DescribeSecret", "before", hand, nth=2)
    done = ran(command, arn, "--yes", "--json")
    assert (done.code, done.json["changes"][0]["result"]) == (3, "refused")
    assert world.aws.secret("db").state == "live"
    assert says in done.err
    assert problems_of(command, done.json) == []


def test_replicas_of_the_regions_asked_are_part_of_their_primary(ran: Runner, world: World) -> None:
    world.make("db", AddReplicaRegions=[{"Region": REGIONS[1]}])
    done = ran("delete", "db", "--yes", "--region", REGIONS[0], "--region", REGIONS[1])
    assert done.code == 0, done.err
    assert world.aws.secret("db").state == "pending"


def test_a_replica_alone_is_refused(ran: Runner, world: World) -> None:
    world.make("db", AddReplicaRegions=[{"Region": REGIONS[1]}])
    done = ran("delete", "db", "--yes", "--region", REGIONS[1])
    assert done.code == 3
    assert "its primary is in us-east-1" in done.err


@pytest.mark.parametrize("state", ["live", "pending"])
def test_purge_wants_the_name_typed(ran: Runner, world: World, types: Typist, state: str) -> None:
    world.make("db") if state == "live" else world.pending("db")
    types("db")
    done = ran("purge", "db")
    assert done.code == 0
    assert world.aws.secret("db").state == "purging"
    for shown in ("would be lost for good", "ARN", "versions     1", f"owner        {OWNER}"):
        assert shown in done.err
    assert "db deleted for good, without recovery" in done.out


@pytest.mark.parametrize("typed", ["", "y", "yes", "DB", "db "])
def test_no_other_word_purges(ran: Runner, world: World, types: Typist, typed: str) -> None:
    world.pending("db-1")
    types(typed)
    done = ran("purge", "db-1")
    assert (done.code, world.aws.secret("db-1").state) == (3, "pending")
    assert "not confirmed: nothing was done" in done.err


def test_of_several_each_is_typed_before_any_goes(ran: Runner, world: World, types: Typist) -> None:
    world.pending("a")
    world.pending("b")
    types("a", "a")
    assert ran("purge", "a", "b").code == 3
    assert {world.aws.secret(name).state for name in "ab"} == {"pending"}
    types("a", "b")
    assert ran("purge", "a", "b").code == 0
    assert {world.aws.secret(name).state for name in "ab"} == {"purging"}


def test_a_name_and_its_arn_are_one_secret(ran: Runner, world: World, types: Typist) -> None:
    arn = world.pending("db")
    types("db")
    done = ran("purge", "db", arn, "--json")
    assert (done.code, len(done.json["changes"])) == (0, 1)


def test_purge_without_a_terminal_takes_arns_only(ran: Runner, world: World) -> None:
    arn = world.pending("db")
    for arguments in (("db",), ("db", "--yes"), (arn,)):
        done = ran("purge", *arguments)
        assert (done.code, world.aws.secret("db").state) == (2, "pending")
        assert "--yes" in done.err
    done = ran("purge", arn, "--yes", "--json")
    assert (done.code, world.aws.secret("db").state) == (0, "purging")
    assert problems_of("purge", done.json) == []


def test_purging_again_goes_on_with_the_rest(ran: Runner, world: World) -> None:
    first, second = world.pending("a"), world.pending("b")
    assert ran("purge", first, "--yes").code == 0
    world.aws.clock.advance(days=1)
    done = ran("purge", first, second, "--yes")
    assert done.code == 0
    assert f"note: {first} is not there any more: nothing to do" in done.err
    assert world.aws.secret("b").state == "purging"


def test_purge_takes_replicas_away_first(ran: Runner, world: World) -> None:
    arn = world.make("db", AddReplicaRegions=[{"Region": REGIONS[1]}])
    done = ran("purge", arn, "--yes")
    assert done.code == 0, done.err
    assert "replicas     eu-west-1" in done.err
    assert world.aws.secret("db").state == "purging"


@pytest.mark.parametrize("state", ["live", "pending"])
def test_what_nobody_owns_is_never_purged(ran: Runner, world: World, state: str) -> None:
    make = world.make if state == "live" else world.pending
    arn = make("free", owner=None)
    done = ran("purge", arn, "--yes")
    assert (done.code, world.aws.secret("free").state) == (3, state)
    assert (
        f"aws secretsmanager delete-secret --region us-east-1 --secret-id {arn} "
        "--force-delete-without-recovery"
    ) in done.err


def test_what_is_lost_is_shown_as_far_as_it_may_be_known(ran: Runner, world: World) -> None:
    arn = world.pending("db")
    world.aws.deny("secretsmanager:ListSecretVersionIds")
    done = ran("purge", arn, "--dry-run")
    assert (done.code, world.aws.secret("db").state) == (0, "pending")
    assert "versions     unknown" in done.err
