"""`pending`: what it asks, what it shows, and how much it takes."""

from __future__ import annotations

import datetime as dt
import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.conftest import OWNER, REGIONS, Runner, World
from cli.schema import problems_of
from emulation import AwsError, Request, crowd, faults
from recoverable_secrets.cli import pending, where
from recoverable_secrets.core import facts
from recoverable_secrets.core import pending as core

BOTH = ("--region", REGIONS[0], "--region", REGIONS[1])


def planted(world: World, count: int) -> None:
    for region in REGIONS:
        crowd.plant(world.aws, count, region=region, tags={"recoverable-secrets:owner": OWNER})


@pytest.mark.parametrize(("count", "pages"), [(0, 1), (1, 1), (100, 1), (101, 2), (5000, 50)])
def test_two_regions_take_their_pages_and_no_other_call(
    ran: Runner, world: World, count: int, pages: int
) -> None:
    planted(world, count)
    done = ran("pending", *BOTH, "--json")
    assert done.code == 0, done.err
    assert [(call.action, call.region) for call in world.aws.calls] == [
        ("ListSecrets", region) for region in REGIONS for _ in range(pages)
    ]
    assert problems_of("pending", done.json) == []
    assert len(done.json["secrets"]) == 2 * count
    assert done.json["regions"] == list(REGIONS)


@pytest.mark.parametrize(("count", "pages"), [(0, 1), (1, 1), (5000, 50)])
def test_a_stream_writes_each_row_as_a_document(
    ran: Runner, world: World, count: int, pages: int
) -> None:
    planted(world, count)
    done = ran("pending", *BOTH, "--json", "--stream")
    lines = done.out.splitlines()
    assert (done.code, len(lines)) == (0, 2 * count)
    assert world.aws.actions() == ["ListSecrets"] * 2 * pages
    for line in [*lines[:3], *lines[-3:]]:
        assert problems_of("pending --stream", json.loads(line)) == []


def test_progress_is_told_while_pages_come(ran: Runner, world: World) -> None:
    planted(world, 2500)
    done = ran("pending", *BOTH, "--json")
    told = [f"{region}: {n} pages, {n * 100} secrets ..." for region in REGIONS for n in (10, 20)]
    assert done.err.splitlines() == told


def test_a_stream_comes_while_pages_are_still_to_come(world: World) -> None:
    """The first rows are read before the last page is asked for."""
    crowd.plant(world.aws, 500)
    read = threading.Event()
    waited = world.aws.hook("ListSecrets", "before", lambda _: read.wait(30), nth=3)
    with world.start("pending", "--stream") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        first = process.stdout.readline()
        assert (first[:5], waited._seen < 5) == ("crowd", True)
        read.set()
        rest, err = process.stdout.readlines(), process.stderr.read()
        assert (process.wait(60), err) == (0, "")
    assert len(rest) == 499


def peak(world: World, *arguments: str) -> int:
    """Return the most memory, in KiB, of a process that runs the command.

    getrusage() would tell that of this process too: its value survives the start of another
    program.
    """
    program = (
        "import pathlib, sys; from recoverable_secrets import cli; code = cli.main(sys.argv[1:]); "
        "sys.stderr.write(pathlib.Path('/proc/self/status').read_text()); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env=world.env,
        capture_output=True,
        encoding="utf-8",
        timeout=110,
        check=True,
    )
    return int(re.findall(r"^VmHWM:\s+(\d+) kB", done.stderr, re.MULTILINE)[0])


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells it so")
def test_memory_is_bounded(
    world: World, record_property: Callable[[str, object], None], capsys: pytest.CaptureFixture[str]
) -> None:
    """A stream keeps no rows; the table and the document keep some kilobytes for each."""
    none = peak(world, "pending")
    crowd.plant(world.aws, 5000, tags={"recoverable-secrets:owner": OWNER})
    used = {way: peak(world, "pending", *way.split()) for way in ("--stream", "--json", "")}
    report = f"nothing pending {none} KiB, 5,000 pending: " + ", ".join(
        f"{way or 'table'} {kib} KiB" for way, kib in used.items()
    )
    record_property("memory", report)
    with capsys.disabled():
        sys.stdout.write(f"\n{report}\n")
    assert used["--stream"] < none * 1.1, report
    assert used["--json"] < none + 5000 * 10, report
    assert used[""] < none + 5000 * 20, report


def test_the_most_urgent_comes_first(ran: Runner, world: World) -> None:
    now = dt.datetime.now(dt.UTC)
    world.aws.behaviour.deleted_date = "window-end"
    for name, days, region in (("b", 20, 0), ("c", 7, 1), ("a", 20, 1)):
        world.pending(name, days=days, region=REGIONS[region])
    done = ran("pending", *BOTH, "--json")
    assert [row["name"] for row in done.json["secrets"]] == ["c", "a", "b"]
    assert done.json["secrets"][0]["deleted_on"] is None
    left = dt.datetime.fromisoformat(done.json["secrets"][0]["surely_until"]) - now
    assert 6 <= left.days <= 7
    shown = ran("pending", *BOTH).out
    assert "Deleted on -: AWS tells the end of the window" in shown
    assert "the first date is certain" not in shown


def test_a_date_that_is_past_says_no_more_than_it_can(ran: Runner, world: World) -> None:
    world.pending("db", days=7)
    row = ran("pending", "--json").json["secrets"][0]
    first, last = (dt.datetime.fromisoformat(row[k]) for k in ("surely_until", "at_most_until"))
    deleted = dt.datetime.fromisoformat(row["deleted_on"])
    assert (first - deleted, last - deleted) == (dt.timedelta(days=7), dt.timedelta(days=30))
    shown = ran("pending").out
    assert f"{first:%Y-%m-%d}" in shown
    assert f"{last:%Y-%m-%d}?" in shown
    assert "the first date is certain" in shown


@pytest.mark.parametrize(
    ("options", "names"),
    [
        pytest.param(("--owner", "pulumi/shop/prod"), {"shop/a"}, id="an owner's whole step"),
        pytest.param(("--owner", "pulumi/shop/pro"), set(), id="a part of a step is another"),
        pytest.param(("--owner", "pulumi/shop/prod/"), {"shop/a"}, id="with its slash"),
        pytest.param(("--owner", OWNER), {"shop/a"}, id="the whole tag"),
        pytest.param(("--name-prefix", "shop/"), {"shop/a", "shop/b"}, id="names"),
        pytest.param(("--within", "6"), set(), id="all have more days left"),
        pytest.param(("--within", "7"), {"shop/a", "shop/b", "free"}, id="exactly so many"),
    ],
)
def test_filters(ran: Runner, world: World, options: tuple[str, ...], names: set[str]) -> None:
    world.pending("shop/a")
    world.pending("shop/b", owner="pulumi/shop/blue/db:0123456789abcdef")
    world.pending("free", owner=None)
    world.make("live")
    done = ran("pending", "--json", *options)
    assert {row["name"] for row in done.json["secrets"]} == names
    assert world.aws.actions() == ["ListSecrets"]
    lines = ran("pending", "--stream", *options).out.splitlines()
    assert {line.split("\t")[0] for line in lines} == names


@pytest.mark.parametrize(("days", "code", "due"), [("6", 0, 0), ("7", 6, 1)])
@pytest.mark.parametrize("stream", [(), ("--stream",)])
def test_schedulers_are_told_by_the_exit_code(
    ran: Runner, world: World, days: str, code: int, due: int, stream: tuple[str, ...]
) -> None:
    world.pending("db")
    done = ran("pending", "--fail-if-within", days, *stream)
    assert done.code == code
    assert ("1 of them can surely be restored for at most 7 days more" in done.err) is bool(due)


def test_what_is_due_is_in_the_document(ran: Runner, world: World) -> None:
    world.pending("db")
    done = ran("pending", "--fail-if-within", "30", "--json")
    assert (done.code, done.json["due"]) == (6, 1)


@pytest.mark.parametrize("columns", [60, 80, 100, 160])
@pytest.mark.parametrize("regions", [(), BOTH])
def test_the_table_fits_the_width(
    ran: Runner,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    columns: int,
    regions: tuple[str, ...],
) -> None:
    world.pending("shop/production/database/" + "password" * 8)
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = ran("pending", *regions).out.splitlines()
    table = lines[: next(n for n, line in enumerate(lines) if line.startswith("Last day:"))]
    assert max(len(line.rstrip()) for line in table) <= columns
    assert "Left" in "".join(table)


def test_a_terminal_too_narrow_for_a_table_breaks_its_lines(
    ran: Runner, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is left out: a cell without any width would be."""
    world.pending("shop")
    monkeypatch.setenv("COLUMNS", "20")
    shown = ran("pending").out
    assert all(part in shown for part in ("shop", "Left", "Last read"))


def test_a_wide_terminal_has_a_column_for_each_thing(
    ran: Runner, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.aws.by_hand("CreateSecret", Name="copied", SecretString="x", Tags=[
        {"Key": "recoverable-secrets:replicas", "Value": "eu-west-1 eu-central-1=alias/k"}
    ])  # fmt: skip
    world.aws.by_hand("DeleteSecret", SecretId="copied", RecoveryWindowInDays=30)
    monkeypatch.setenv("COLUMNS", "120")
    wide = ran("pending", *BOTH).out
    assert all(head in wide for head in ("Owner", "Region", "Replicas"))
    assert "eu-west-1 " in wide
    assert "eu-central-1 " in wide
    monkeypatch.setenv("COLUMNS", "80")
    assert "replicas: eu-west-1 eu-central-1" in re.sub(r"\s+", " ", ran("pending").out)


def test_reads_since_the_deletion_stand_out(ran: Runner, world: World) -> None:
    world.make("db")
    world.aws.by_hand("GetSecretValue", SecretId="db")
    world.aws.by_hand("DeleteSecret", SecretId="db", RecoveryWindowInDays=30)
    assert ran("pending", "--json").json["secrets"][0]["accessed_since_deletion"] == "maybe"
    assert "perhaps after it" in ran("pending").out


def test_what_is_past_its_certain_day_may_still_be_there(ran: Runner, world: World) -> None:
    start = dt.datetime.now(dt.UTC) - dt.timedelta(days=10)
    world.aws.clock._now = start
    world.pending("db")
    world.aws.clock._now = start + dt.timedelta(days=10)
    done = ran("pending")
    assert "0?" in done.out
    assert "as long as AWS has not purged it" in done.out


def test_nothing_pending_is_said(ran: Runner, world: World) -> None:
    assert ran("pending").out == "no secret is scheduled for deletion in us-east-1\n"
    assert ran("pending", *BOTH).out == "no secret is scheduled for deletion in 2 regions\n"


class DeniedThere(faults.Refusing):
    """A permission that is missing in one region only."""

    def hits(self, request: Request) -> bool:
        return request.region == REGIONS[0] and super().hits(request)

    def error(self) -> AwsError:
        return AwsError(
            "AccessDeniedException", "not authorized to perform: secretsmanager:ListSecrets", 400
        )


def test_a_region_that_fails_does_not_stop_the_others(ran: Runner, world: World) -> None:
    world.pending("db", region=REGIONS[1])
    world.aws.inject(DeniedThere("ListSecrets", times=None))
    done = ran("pending", *BOTH, "--json")
    assert done.code == 4
    assert [row["name"] for row in done.json["secrets"]] == ["db"]
    (problem,) = done.json["problems"]
    assert (problem["region"], problem["error"]) == (REGIONS[0], "AccessDenied")
    assert "secretsmanager:ListSecrets" in problem["text"]
    assert done.err.startswith("error: us-east-1: ListSecrets")
    assert problems_of("pending", done.json) == []


def test_all_regions_are_those_of_the_partition(ran: Runner, world: World) -> None:
    world.pending("db", region="ap-southeast-2")
    done = ran("pending", "--all-regions", "--json")
    asked = {call.region for call in world.aws.calls}
    assert {"us-east-1", "eu-west-1", "ap-southeast-2"} <= asked
    assert not any(region.startswith(("cn-", "us-gov-")) for region in asked)
    assert [row["region"] for row in done.json["secrets"]] == ["ap-southeast-2"]


def test_a_role_is_assumed_once_for_all_regions(ran: Runner, world: World) -> None:
    """From a region that every account has: one that is not enabled could assume none."""
    role = "arn:aws:iam::123456789012:role/operator"
    assert ran("pending", "--all-regions", "--role-arn", role).code == 0
    (assumed,) = [call for call in world.aws.calls if call.service == "sts"]
    assert (assumed.action, assumed.region) == ("AssumeRole", "us-east-1")


def test_a_region_that_is_not_enabled_is_skipped_and_said(ran: Runner, world: World) -> None:
    unknown = faults.InvalidCredentials(
        "ListSecrets", times=None, where=lambda request: request.region == "ap-east-1"
    )
    world.aws.inject(unknown)
    done = ran("pending", "--all-regions", "--json")
    assert done.code == 0
    assert done.json["skipped"] == ["ap-east-1"]
    assert "ap-east-1" not in done.json["regions"]
    assert "note: ap-east-1 is not enabled for the account: skipped" in done.err


def test_a_region_that_is_not_enabled_is_said_once(ran: Runner, world: World) -> None:
    """However many names are looked up there."""
    unknown = faults.InvalidCredentials(
        "DescribeSecret", times=None, where=lambda request: request.region == "ap-east-1"
    )
    world.aws.inject(unknown)
    world.pending("a")
    world.pending("b")
    done = ran("restore", "a", "b", "--all-regions", "--dry-run")
    assert (done.code, done.err.count("ap-east-1")) == (0, 1), done.err


def test_credentials_that_no_region_knows_are_wrong(ran: Runner, world: World) -> None:
    world.aws.inject(faults.InvalidCredentials(times=None))
    done = ran("pending", "--all-regions", "--json")
    assert done.code == 4
    assert done.json["skipped"] == []
    assert {problem["error"] for problem in done.json["problems"]} == {"AccessDenied"}


def test_a_tag_makes_no_row_of_its_own_and_steers_no_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """AWS takes no such tag; what stands in for it by its API, may."""
    now = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
    tags = {"recoverable-secrets:owner": "pulumi/a\nforged\tus-east-1\x1b[2J"}
    listed = facts.Listed(secret=facts.Secret(id="arn", name="db", tags=tags), date=now)
    (row,) = core.rows([listed], now)
    pending._line(where.Run(), row)
    name, _, owner, *rest = capsys.readouterr().out.removesuffix("\n").split("\t")
    assert (name, len(rest)) == ("db", 6)
    assert owner == "pulumi/a\ufffdforged\ufffdus-east-1\ufffd[2J"
