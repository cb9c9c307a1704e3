"""`versions`: the labels of versions, without any value."""

from __future__ import annotations

import os
import signal

import pytest

from cli.conftest import Runner, World
from cli.schema import problems_of


@pytest.fixture
def three(world: World) -> list[str]:
    """The ids of a secret's versions, the first one unlabelled, the last one current."""
    world.make("db")
    first = world.aws.secret("db").version_id
    return [str(first), *(world.aws.put_by_hand("db", f"hush {number}") for number in (2, 3))]


def labels(world: World, version: str) -> tuple[str, ...]:
    return world.aws.secret("db").versions[version].labels


def test_list_shows_all_and_no_value(ran: Runner, world: World, three: list[str]) -> None:
    done = ran("versions", "list", "db", "--json")
    assert (done.code, problems_of("versions list", done.json)) == (0, [])
    found = {each["id"]: each["labels"] for each in done.json["versions"]}
    assert found == {three[0]: [], three[1]: ["AWSPREVIOUS"], three[2]: ["AWSCURRENT"]}
    shown = ran("versions", "list", "db").out
    assert "Labels none: AWS drops the version in time." in shown
    assert "hush" not in shown + done.out
    assert set(world.aws.actions()) == {"DescribeSecret", "ListSecretVersionIds"}


def test_the_longest_id_stands_in_one_line_of_a_wide_terminal(
    ran: Runner, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = "recoverable-secrets-" + "0a" * 16
    world.make("db", ClientRequestToken=ours)
    monkeypatch.setenv("COLUMNS", "96")
    shown = ran("versions", "list", "db").out
    assert ours in shown
    assert "AWSCURRENT" in shown


def test_rollback_and_forward_again(ran: Runner, world: World, three: list[str]) -> None:
    done = ran("versions", "rollback", "db", "--yes", "--json")
    assert (done.code, problems_of("versions rollback", done.json)) == (0, [])
    assert labels(world, three[1]) == ("AWSCURRENT",)
    assert labels(world, three[2]) == ("AWSPREVIOUS",)
    assert ran("versions", "rollback", "db", "--yes").code == 0
    assert labels(world, three[2]) == ("AWSCURRENT",)


def test_a_rollback_that_was_broken_off_is_not_simply_run_again(
    ran: Runner, world: World, three: list[str]
) -> None:
    """The same command would take it back, if it took effect."""
    press = lambda _: os.kill(os.getpid(), signal.SIGINT)  # noqa: E731
    world.aws.hook("UpdateSecretVersionStage", "after", press)
    done = ran("versions", "rollback", "db", "--yes")
    assert done.code == 130
    assert "interrupted: 1 of 1 done; 0 not begun\n" in done.err, "it was looked at"
    world.aws.hook("UpdateSecretVersionStage", "before", press)
    world.aws.hook("DescribeSecret", "before", lambda _: world.aws.expire(), nth=3)
    done = ran("versions", "rollback", "db", "--yes")
    assert done.code == 130
    assert "To go on, look at `versions list` first" in done.err
    assert "same command" not in done.err


def test_a_label_that_moved_since_is_left_where_it_is(
    ran: Runner, world: World, three: list[str]
) -> None:
    """A new value came in between: AWSPREVIOUS is at the one that was current."""
    put = lambda _: world.aws.put_by_hand("db", "hush 4")  # noqa: E731
    world.aws.hook("DescribeSecret", "before", put, nth=2)
    done = ran("versions", "deprecate", "db", three[1], "--yes")
    assert done.code == 3
    assert "AWSPREVIOUS of db moved since it was shown" in done.err
    assert labels(world, three[2]) == ("AWSPREVIOUS",)


def test_nothing_to_roll_back_to(ran: Runner, world: World) -> None:
    world.make("db")
    done = ran("versions", "rollback", "db", "--yes")
    assert done.code == 3
    assert "no version labelled AWSPREVIOUS" in done.err


def test_deprecate_takes_all_labels_off(ran: Runner, world: World, three: list[str]) -> None:
    assert ran("versions", "label", "db", "BLUE", three[1], "--yes").code == 0
    assert set(labels(world, three[1])) == {"AWSPREVIOUS", "BLUE"}
    done = ran("versions", "deprecate", "db", three[1], "--yes", "--json")
    assert (done.code, problems_of("versions deprecate", done.json)) == (0, [])
    assert labels(world, three[1]) == ()
    world.aws.drop_unlabelled()
    assert set(world.aws.secret("db").versions) == {three[2]}


def test_the_current_version_is_not_deprecated(ran: Runner, world: World, three: list[str]) -> None:
    done = ran("versions", "deprecate", "db", three[2], "--yes")
    assert done.code == 3
    assert "is the current version of db" in done.err
    assert labels(world, three[2]) == ("AWSCURRENT",)


def test_a_version_without_labels_needs_nothing(
    ran: Runner, world: World, three: list[str]
) -> None:
    done = ran("versions", "deprecate", "db", three[0])
    assert (done.code, done.out.splitlines()[1]) == (0, "  nothing to do")


def test_a_label_is_moved_and_taken_off(ran: Runner, world: World, three: list[str]) -> None:
    for version in (three[2], three[1]):
        assert ran("versions", "label", "db", "BLUE", version, "--yes").code == 0
    assert "BLUE" in labels(world, three[1])
    assert "BLUE" not in labels(world, three[2])
    assert ran("versions", "label", "db", "BLUE", "--off", "--yes").code == 0
    assert "BLUE" not in labels(world, three[1])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        pytest.param(("label", "db", "BLUE"), "or --off", id="no version"),
        pytest.param(("label", "db", "BLUE", "x", "--off"), "or --off", id="both"),
        pytest.param(("label", "db", "AWSCURRENT", "x"), "versions rollback", id="AWS's own"),
        pytest.param(("label", "db", "BLUE", "x"), "has no version x", id="unknown version"),
        pytest.param(("deprecate", "db", "x"), "has no version x", id="nothing to deprecate"),
        pytest.param(("list", "nope"), "there is no secret nope", id="unknown secret"),
        pytest.param(("list", "d*"), "patterns are not taken", id="a pattern"),
    ],
)
def test_wrong_input(
    ran: Runner, world: World, three: list[str], arguments: tuple[str, ...], told: str
) -> None:
    done = ran("versions", *arguments)
    assert done.code == 2
    assert told in done.err
    assert set(world.aws.actions()) <= {"DescribeSecret", "ListSecretVersionIds"}


def test_one_name_in_two_regions_is_not_one_secret(ran: Runner, world: World) -> None:
    world.make("db")
    arn = world.make("db", region="eu-west-1")
    both = ("--region", "us-east-1", "--region", "eu-west-1")
    done = ran("versions", "list", "db", *both)
    assert done.code == 2
    assert "db is in us-east-1, eu-west-1: say which" in done.err
    assert ran("versions", "list", arn).code == 0


def test_a_pending_secret_keeps_its_labels(ran: Runner, world: World, three: list[str]) -> None:
    world.aws.by_hand("DeleteSecret", SecretId="db", RecoveryWindowInDays=30)
    done = ran("versions", "rollback", "db", "--yes")
    assert done.code == 3
    assert "restore it first" in done.err
    assert ran("versions", "list", "db").code == 0
