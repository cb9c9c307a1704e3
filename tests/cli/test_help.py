"""Help: every command says what it does and shows an example, every option what it means."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from cli.conftest import Runner, World
from cli.schema import WHOLE
from recoverable_secrets.cli import page, where

COMMON = {"--json", "--region", "--all-regions", "--profile", "--role-arn"}


COMMANDS = dict(page.commands())


def test_the_commands_are_these() -> None:
    assert {
        "pending", "status", "restore", "delete", "purge", "versions list", "versions label",
        "versions rollback", "versions deprecate", "owner show", "owner set", "owner clear",
    } <= COMMANDS.keys()  # fmt: skip


@pytest.mark.parametrize("path", COMMANDS)
def test_it_has_the_options_of_all_commands(path: str) -> None:
    assert {name for each in COMMANDS[path].params for name in each.opts} >= COMMON


@pytest.mark.parametrize("path", COMMANDS)
def test_it_says_what_it_does_and_what_its_options_mean(
    ran: Runner, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("TERMINAL_WIDTH", "100")
    done = ran(*path.split(), "--help")
    assert (done.code, done.err) == (0, "")
    assert COMMANDS[path].help
    for example in where.examples(COMMANDS[path]):
        assert "".join(example.split()) in "".join(done.out.split())
    for each in COMMANDS[path].params:
        assert each.help, each.name
        assert each.opts[0].removeprefix("--") in done.out or each.metavar in done.out


@pytest.mark.parametrize("path", COMMANDS)
def test_its_examples_are_taken_by_the_command(path: str) -> None:
    """Each is parsed as it would be typed; what follows a pipe or > is the shell's."""
    assert where.examples(COMMANDS[path])
    for example in where.examples(COMMANDS[path]):
        words = shlex.split(re.split("[|>]", example)[0])
        assert words[: 1 + len(path.split())] == ["recoverable-secrets", *path.split()]
        rest = words[1 + len(path.split()) :]
        with COMMANDS[path].make_context(path, rest) as context:
            assert context.params


def test_the_schema_names_all_commands() -> None:
    assert {name.partition(" --")[0] for name in WHOLE["documents"]} >= {
        path for path in COMMANDS if path != "alarm show-template"
    }


def test_nothing_typed_shows_the_help(ran: Runner, world: World) -> None:
    done = ran()
    assert done.code == 2
    assert "restore" in done.out + done.err


def test_the_page_is_the_generated_one(world: World) -> None:
    """`make schema` writes it; every command and option stands in it."""
    written = subprocess.run(
        [sys.executable, "-m", "recoverable_secrets.cli.page"],
        env={**world.env, "COLUMNS": "40"},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=True,
    )
    kept = (Path(__file__).parents[2] / "docs" / "commands.md").read_text()
    assert written.stdout == page.page() == kept
    for path, command in COMMANDS.items():
        assert f"## {path}\n" in kept
        for each in command.params:
            assert each.name in where.COMMON or each.help in kept
