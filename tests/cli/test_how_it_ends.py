"""What is said at the end, and where: nothing that is not known, and all that is, in one piece."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cli.conftest import REGIONS, Ran, Runner, World
from cli.schema import problems_of
from emulation import Request, crowd, faults
from recoverable_secrets.cli import pending, where
from recoverable_secrets.core import facts
from recoverable_secrets.core import pending as core

BOTH = ("--region", REGIONS[0], "--region", REGIONS[1])
EARLY = "any that ends early"
ESCAPED = ("\\u001b", "\\u009b", "\\u202e", "\\u007f", "\\udb40\\udc01")
HOSTILE = "shop\x1b[2J\x9b31m\u202e\x7f\U000e0001 für"
ENDINGS = [signal.SIGTERM, signal.SIGHUP]


def only(code: int, done: Ran) -> list[str]:
    """Check the exit code, and that nothing crashed; return the lines of stderr."""
    assert done.code == code, done.err
    assert "Traceback" not in done.err
    return done.err.splitlines()


@pytest.fixture(params=["denied", "a dead endpoint"])
def failing(request: pytest.FixtureRequest, world: World, monkeypatch: pytest.MonkeyPatch) -> int:
    """Let every list fail; the exit code that says so."""
    world.pending("db")
    if request.param == "denied":
        world.aws.deny("secretsmanager:ListSecrets")
        return 4
    monkeypatch.setattr("time.sleep", lambda _: None)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    return 5


@pytest.mark.parametrize("command", [("pending",), ("orphans",), ("restore", "--all", "--yes")])
def test_a_list_that_failed_is_no_empty_list(
    ran: Runner, failing: int, command: tuple[str, ...]
) -> None:
    """`nothing is pending` would be taken for an all-clear."""
    done = ran(*command)
    assert (done.code, done.out) == (failing, "")
    assert "nothing to restore" not in done.err
    several = ran(*command, *BOTH)
    assert (several.code, several.out) == (failing, "")


def denied_in(region: str) -> faults.Fault:
    return faults.Error(
        "ListSecrets",
        code="AccessDeniedException",
        message="not authorized to perform: secretsmanager:ListSecrets",
        times=None,
        where=lambda request: request.region == region,
    )


def test_only_regions_that_told_are_counted(ran: Runner, world: World) -> None:
    world.aws.inject(denied_in(REGIONS[1]))
    done = ran("pending", *BOTH)
    assert (done.code, done.out) == (4, "no secret is scheduled for deletion in us-east-1\n")
    assert ran("orphans", *BOTH).out.startswith("orphans: 0 live")
    world.pending("db")
    assert ran("pending", *BOTH).out.startswith("1 scheduled for deletion in us-east-1")


def press(number: int = signal.SIGINT) -> Any:
    """Return a hook that sends this process a signal."""
    return lambda _: os.kill(os.getpid(), number)


def restoring(name: str) -> Callable[[Request], bool]:
    """Return what tells whether a request is about a secret."""
    return lambda request: f":secret:{name}-" in str(request.parameters["SecretId"])


def press_after(name: str) -> faults.Fault:
    """Return what presses Ctrl-C right after the restore of a secret took effect."""
    about = restoring(name)
    return faults.Hook("RestoreSecret", where=about, callback=press(), when="after")


def test_what_failed_is_not_counted_as_done(ran: Runner, world: World) -> None:
    for name in "abcdef":
        world.pending(name)
    for name in "ab":
        world.aws.inject(
            faults.Error(
                "RestoreSecret",
                code="AccessDeniedException",
                message="not authorized to perform: secretsmanager:RestoreSecret",
                where=restoring(name),
            )
        )
    world.aws.inject(press_after("c"))
    done = ran("restore", *"abcdef", "--yes", "--json")
    assert done.code == 130
    results = [each["result"] for each in done.json["changes"]]
    assert results == ["failed", "failed", "done"] + ["not begun"] * 3
    assert "interrupted: 1 of 6 done; 2 failed; 3 not begun. To go on, run" in done.err
    assert problems_of("restore", done.json) == []


@pytest.mark.parametrize(
    ("more", "named"),
    [
        pytest.param({"AddReplicaRegions": [{"Region": REGIONS[1]}]}, True, id="broken off"),
        pytest.param({}, False, id="between two"),
    ],
)
def test_one_that_was_broken_off_is_to_be_named_if_there_is_one(
    ran: Runner,
    world: World,
    more: dict[str, Any],
    named: bool,  # noqa: FBT001
) -> None:
    """It is live by then, and so `--all` does not find it."""
    world.make("a", **more)
    assert ran("delete", "a", "--yes").code == 0
    world.pending("b")
    world.aws.inject(press_after("a"))
    done = ran("restore", "--all", "--yes")
    assert done.code == 130
    assert ("broken off at a" in done.err) is named
    assert ("name the one that was broken off" in done.err) is named


@contextlib.contextmanager
def ignoring(*numbers: int) -> Iterator[None]:
    """Ignore signals, as a parent that starts the command so."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@pytest.mark.parametrize("number", ENDINGS)
def test_being_asked_to_end_is_as_ctrl_c(world: World, number: int) -> None:
    crowd.plant(world.aws, 6)
    started: list[subprocess.Popen[str]] = []
    world.aws.hook("RestoreSecret", "after", lambda _: started[0].send_signal(number), nth=2)
    started.append(world.start("restore", "--all", "--yes", "--json"))
    out, err = started[0].communicate(timeout=60)
    lines = only(130, Ran(started[0].returncode, out, err))
    report = json.loads(out)
    assert problems_of("restore", report) == []
    results = [each["result"] for each in report["changes"]]
    assert results == ["done"] * 2 + ["not begun"] * 4
    assert lines[-1].startswith("error: interrupted: 2 of 6 done; 4 not begun. To go on, run")


@pytest.mark.parametrize("number", [*ENDINGS, signal.SIGINT])
def test_what_the_parent_lets_be_ignored_stays_ignored(world: World, number: int) -> None:
    """As under nohup, and in the background of a shell's script."""
    crowd.plant(world.aws, 3)
    started: list[subprocess.Popen[str]] = []
    world.aws.hook("RestoreSecret", "after", lambda _: started[0].send_signal(number), nth=1)
    with ignoring(number):
        started.append(world.start("restore", "--all", "--yes"))
    _, err = started[0].communicate(timeout=60)
    assert (started[0].returncode, err) == (0, "")
    assert {secret.state for secret in world.aws.secrets()} == {"live"}


def test_signals_that_come_in_twos_are_one(ran: Runner, world: World) -> None:
    """A terminal that closes and a service that is stopped send two: one report is written."""
    for name in "abc":
        world.pending(name)
    world.aws.hook("RestoreSecret", "after", press(signal.SIGTERM), nth=2)
    world.aws.hook("DescribeSecret", "before", press(signal.SIGHUP), nth=6)
    before = [signal.getsignal(number) for number in ENDINGS]
    done = ran("restore", *"abc", "--yes", "--json")
    assert done.code == 130
    assert [each["result"] for each in done.json["changes"]] == ["done", "done", "not begun"]
    assert [signal.getsignal(number) for number in ENDINGS] == before


def lost_terminal(world: World, number: int | None) -> tuple[int, list[str]]:
    """Restore six on a terminal that goes after the third; the exit code, and all states."""
    crowd.plant(world.aws, 6)
    master, slave = pty.openpty()
    started: list[subprocess.Popen[bytes]] = []

    def lost(_: object) -> None:
        os.close(master)
        if number:
            started[0].send_signal(number)

    world.aws.hook("RestoreSecret", "after", lost, nth=3)
    started.append(
        subprocess.Popen(
            [sys.executable, "-m", "recoverable_secrets", "restore", "--all", "--yes"],
            env={"TERM": "xterm-256color", **world.env},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
    )
    os.close(slave)
    with started[0] as process:
        try:
            code = process.wait(60)
        finally:
            process.kill()
    return code, sorted(secret.state for secret in world.aws.secrets())


@pytest.mark.parametrize(
    ("number", "code", "live"),
    [
        pytest.param(signal.SIGHUP, 130, 3, id="hung up"),
        pytest.param(None, 0, 6, id="it was not told: the line of progress cannot be written"),
    ],
)
def test_a_terminal_that_is_lost(world: World, number: int | None, code: int, live: int) -> None:
    """What is begun is brought to its end, although nobody can be told."""
    assert lost_terminal(world, number) == (code, ["live"] * live + ["pending"] * (6 - live))


WRONG = [
    ("pending", "--nope", "--json"),
    ("delete", "x", "--window", "3", "--yes", "--json"),
    ("alarm", "install", "--way", "nope", "--json"),
    ("delete", "--json"),
    ("nope", "--json"),
    ("--json",),
]


@pytest.mark.parametrize("arguments", WRONG, ids=" ".join)
def test_wrong_input_is_a_document_too(
    ran: Runner, world: World, arguments: tuple[str, ...]
) -> None:
    done = ran(*arguments)
    assert (done.code, world.aws.calls) == (2, [])
    assert problems_of(EARLY, done.json) == []
    (problem,) = done.json["problems"]
    assert problem["error"] == "InvalidInput"
    assert problem["text"].split("'")[0] in " ".join(done.err.split())


def test_help_is_no_error_and_no_document(ran: Runner) -> None:
    done = ran("pending", "--json", "--help")
    assert (done.code, done.err) == (0, "")
    assert "Usage" in done.out


@pytest.mark.parametrize("number", [signal.SIGINT, *ENDINGS])
@pytest.mark.parametrize("command", [("pending",), ("orphans",), ("restore", "--all", "--yes")])
def test_an_interrupted_list_is_a_document_too(
    ran: Runner, world: World, command: tuple[str, ...], number: int
) -> None:
    world.pending("db")
    world.aws.hook("ListSecrets", "before", press(number))
    done = ran(*command, "--json")
    assert done.code == 130
    assert problems_of(EARLY, done.json) == []
    assert [each["error"] for each in done.json["problems"]] == ["Interrupted"]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        pytest.param((), 130, id="ctrl-c"),
        pytest.param(("--nope",), 2, id="an unknown option"),
        pytest.param(("--name-prefix", "a*"), 2, id="a wrong prefix"),
    ],
)
def test_a_stream_is_one_document_a_line_to_its_end(
    ran: Runner, world: World, more: tuple[str, ...], code: int
) -> None:
    crowd.plant(world.aws, 120)
    world.aws.hook("ListSecrets", "before", press(), nth=2)
    done = ran("pending", "--stream", "--json", *more)
    assert done.code == code
    *rows, last = [json.loads(line) for line in done.out.splitlines()]
    assert len(rows) == (100 if code == 130 else 0)
    assert problems_of(EARLY, last) == []


def test_json_steers_no_terminal(ran: Runner, world: World) -> None:
    """The same text still, for those who parse it; letters of people stay readable."""
    world.make("db", Description=HOSTILE)
    done = ran("status", "db", "--json")
    assert all(each.isprintable() or each == "\n" for each in done.out)
    assert all(escaped in done.out for escaped in ESCAPED)
    assert "für" in done.out
    assert done.json["secrets"][0]["description"] == HOSTILE
    assert problems_of("status", done.json) == []


def test_json_of_a_stream_steers_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """AWS takes no such tag; what stands in for it by its API, may."""
    now = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
    tags = {"recoverable-secrets:owner": HOSTILE}
    listed = facts.Listed(secret=facts.Secret(id="arn", name="db", tags=tags), date=now)
    (row,) = core.rows([listed], now)
    run = where.Run(json=True)
    run.out.streams = True
    pending._line(run, row)
    line = capsys.readouterr().out.removesuffix("\n")
    assert line.isprintable()
    assert all(escaped in line for escaped in ESCAPED)
    assert json.loads(line)["owner"] == HOSTILE


def shell(world: World, line: str) -> Ran:
    """Run the command as a shell does, with its redirections."""
    done = subprocess.run(
        ["/bin/sh", "-c", f'"$PYTHON" -m recoverable_secrets {line}'],
        env={**world.env, "PYTHON": sys.executable},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("command", ["pending --json", "--help"])
@pytest.mark.parametrize(
    ("to", "why"),
    [(">/dev/full", "No space left on device"), (">&-", "Bad file descriptor")],
)
def test_results_that_cannot_be_written(world: World, command: str, to: str, why: str) -> None:
    """A script must not take a report that is not there for an empty one."""
    done = shell(world, f"{command} {to}")
    assert only(1, done) == [f"error: the results cannot be written: {why}"]


@pytest.mark.parametrize("command", ["pending --nope --json", "restore --json"])
def test_an_error_that_cannot_be_written_as_a_document(world: World, command: str) -> None:
    lines = only(1, shell(world, f"{command} >/dev/full"))
    assert lines[-1] == "error: the results cannot be written: No space left on device"


@pytest.mark.parametrize("to", ["2>&-", "2>/dev/full"])
@pytest.mark.parametrize(
    ("command", "code"),
    [("pending --json", 0), ("pending --json --name-prefix 'a*'", 2)],
)
def test_stderr_is_not_needed(world: World, command: str, code: int, to: str) -> None:
    done = shell(world, f"{command} {to}")
    assert only(code, done) == []
    assert problems_of(EARLY if code else "pending", done.json) == []


def test_nothing_open_at_all(world: World) -> None:
    world.pending("db")
    assert shell(world, "pending <&- >&- 2>&-") == Ran(1, "", "")


def test_restoring_goes_on_when_the_disk_is_full(world: World, ran: Runner) -> None:
    """Only what is said before the work begins can keep it from beginning."""
    world.pending("db")
    done = shell(world, "restore db --yes --json >/dev/full")
    assert world.aws.secret("db").state == "live"
    assert "the results cannot be written" in only(0, done)[-1]
    assert ran("restore", "db", "--yes").code == 0
