"""The command as a process: signals, pipes, terminals, and the shell's completion."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable

import pytest

import recoverable_secrets
from cli.conftest import Runner, World
from cli.schema import problems_of
from cli.terminal import on_a_terminal
from emulation import crowd
from recoverable_secrets import cli

COLOUR = re.compile(r"\x1b\[[0-9;]*3[0-9]")


def test_it_runs_as_a_module(world: World) -> None:
    done = world.process("--version")
    assert (done.code, done.out) == (0, f"recoverable-secrets {recoverable_secrets.__version__}\n")


def test_help_needs_neither_aws_nor_credentials() -> None:
    program = (
        "import sys; from recoverable_secrets import cli; code = cli.main(['restore', '--help']); "
        "assert not {'boto3', 'botocore', 'pulumi'} & set(sys.modules); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


def test_without_its_libraries_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    find: Callable[[str], object] = lambda name: None if name == "typer" else object()  # noqa: E731
    monkeypatch.setattr("importlib.util.find_spec", find)
    assert cli.main(["pending"]) == 1
    assert "pip install 'recoverable-secrets[cli]'" in capsys.readouterr().err


def test_ctrl_c_before_it_has_begun(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def pressed(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("recoverable_secrets.cli.app.run", pressed)
    assert cli.main([]) == 130
    assert capsys.readouterr().err == "interrupted: nothing was done\n"


def test_ctrl_c_in_the_middle_of_restore_all(world: World) -> None:
    crowd.plant(world.aws, 20)
    started: list[subprocess.Popen[str]] = []
    press = lambda _: started[0].send_signal(signal.SIGINT)  # noqa: E731
    world.aws.hook("RestoreSecret", "after", press, nth=5)
    started.append(world.start("restore", "--all", "--yes", "--json"))
    out, err = started[0].communicate(timeout=60)
    assert started[0].returncode == 130
    report = json.loads(out)
    assert problems_of("restore", report) == []
    results = [each["result"] for each in report["changes"]]
    assert results == ["done"] * 5 + ["not begun"] * 15
    live = {secret.name for secret in world.aws.secrets() if secret.state == "live"}
    assert live == {each["name"] for each in report["changes"][:5]}
    assert "interrupted: 5 of 20 done; 15 not begun" in err
    assert "Traceback" not in err
    again = world.process("restore", "--all", "--yes")
    assert again.code == 0
    assert {secret.state for secret in world.aws.secrets()} == {"live"}


def test_ctrl_c_in_the_middle_of_a_list(world: World) -> None:
    crowd.plant(world.aws, 300)
    started: list[subprocess.Popen[str]] = []
    press = lambda _: started[0].send_signal(signal.SIGINT)  # noqa: E731
    world.aws.hook("ListSecrets", "before", press, nth=2)
    started.append(world.start("pending"))
    out, err = started[0].communicate(timeout=60)
    assert (started[0].returncode, out) == (130, "")
    assert err == "error: interrupted: nothing more was done\n"


@pytest.mark.parametrize(
    "arguments", [("pending",), ("pending", "--stream"), ("pending", "--json")]
)
def test_a_reader_that_goes_away_is_no_error_to_be_shown(
    world: World, arguments: tuple[str, ...]
) -> None:
    """As with `| head -1`: more is written than a pipe takes."""
    crowd.plant(world.aws, 1500)
    with world.start(*arguments) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr is not None
        err = process.stderr.read()
        assert process.wait(60) == 1
    assert "Traceback" not in err
    assert "Error" not in err


def test_restoring_goes_on_when_nobody_reads(world: World) -> None:
    """What is begun is brought to its end, and what came of it is said on stderr."""
    crowd.plant(world.aws, 5)
    begun, closed = threading.Event(), threading.Event()
    world.aws.hook("RestoreSecret", "before", lambda _: (begun.set(), closed.wait(30)))
    with world.start("restore", "--all", "--yes") as process:
        assert process.stdout is not None
        assert begun.wait(60)
        process.stdout.close()
        closed.set()
        assert process.stderr is not None
        err = process.stderr.read()
        assert process.wait(60) == 0
    assert {secret.state for secret in world.aws.secrets()} == {"live"}
    assert "crowd/00004 in us-east-1: done" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("env", "coloured"),
    [
        pytest.param({}, True, id="a terminal"),
        pytest.param({"NO_COLOR": "1"}, False, id="no colour wanted"),
        pytest.param({"TERM": "dumb"}, False, id="a terminal without colours"),
    ],
)
def test_colours_on_a_terminal(world: World, env: dict[str, str], coloured: bool) -> None:  # noqa: FBT001
    world.pending("db")
    with on_a_terminal({**world.env, **env}, "pending", "--fail-if-within", "9") as screen:
        assert screen.end() == 6
    assert bool(COLOUR.search(screen.shown)) is coloured
    assert "error: 1 of them" in screen.shown


def test_no_control_sequence_where_no_terminal_is(world: World) -> None:
    world.pending("db")
    done = world.process("pending", "--fail-if-within", "9", env={"TERM": "xterm-256color"})
    assert "\x1b" not in done.out + done.err


def test_progress_on_a_terminal_leaves_the_results_whole(world: World) -> None:
    """The line of progress is on stderr and the rows on stdout: they must not take each other's."""
    crowd.plant(world.aws, 1200)
    reader, writer = os.pipe()
    rows: list[str] = []
    with (
        os.fdopen(reader, encoding="utf-8") as results,
        on_a_terminal(world.env, "pending", "--stream", stdout=writer) as screen,
    ):
        os.close(writer)
        reading = threading.Thread(target=lambda: rows.extend(results.read().splitlines()))
        reading.start()
        assert screen.end() == 0
        reading.join(60)
    assert len(rows) == 1200
    assert all(row.startswith("crowd/") for row in rows)
    assert "pages" in screen.shown
    assert "crowd/" not in screen.shown


def test_the_question_is_asked_on_the_terminal(world: World) -> None:
    world.pending("db")
    with on_a_terminal(world.env, "restore", "db") as screen:
        screen.wait_for("Restore 1 secret? [y/N]")
        assert world.aws.secret("db").state == "pending"
        screen.type("y")
        assert screen.end() == 0
    assert world.aws.secret("db").state == "live"
    assert "db in us-east-1: done" in screen.shown


def test_ctrl_c_at_the_question(world: World) -> None:
    world.pending("db")
    with on_a_terminal(world.env, "restore", "db") as screen:
        screen.wait_for("[y/N]")
        screen.process.send_signal(signal.SIGINT)
        assert screen.end() == 130
    assert "interrupted: nothing more was done" in screen.shown
    assert world.aws.secret("db").state == "pending"


def test_an_ended_input_is_no_yes(world: World) -> None:
    world.pending("db")
    with on_a_terminal(world.env, "restore", "db") as screen:
        screen.wait_for("[y/N]")
        os.write(screen._master, b"\x04")
        assert screen.end() == 3
    assert world.aws.secret("db").state == "pending"


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_the_shells_completion_can_be_shown(world: World, shell: str) -> None:
    env = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    done = world.process("--show-completion", shell, env=env)
    assert done.code == 0, done.err
    assert "_RECOVERABLE_SECRETS_COMPLETE=complete_" + shell in done.out


def test_bash_completes_commands_and_options(world: World) -> None:
    for words, expected in (("pen", "pending"), ("pending --all", "--all-regions")):
        env = {
            "_RECOVERABLE_SECRETS_COMPLETE": "complete_bash",
            "COMP_WORDS": f"recoverable-secrets {words}",
            "COMP_CWORD": str(len(words.split())),
        }
        assert expected in world.process(env=env).out.split()


def test_a_letter_that_the_terminal_does_not_have(ran: Runner, world: World) -> None:
    world.make("db", Description="für alle")
    done = world.process("status", "db", env={"PYTHONIOENCODING": "ascii"})
    assert done.code == 0, done.err
    assert "f\\xfcr alle" in done.out
