"""The README's blocks, and the rule for each of them.

Every fenced block is either a program, which the tests run, or shell lines, each of which has to
be one of the kinds below. What no rule covers is an error: it would promise what nobody checks.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from recoverable_secrets.cli import app

ROOT = Path(__file__).resolve().parent.parent.parent

_FENCE = re.compile(
    r"^( *)(`{3,}|~{3,})[ ]*(\S*)[^\n]*\n(.*?)^\1\2`*[ ]*$", re.MULTILINE | re.DOTALL
)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_TARGET = re.compile(r"^([a-z-]+):[^=\n]*?(?:## (.+))?$", re.MULTILINE)
_APP: Any = typer.main.get_command(app.app)


class Uncovered(Exception):
    """A block that no rule covers."""


@dataclass(frozen=True)
class Block:
    """A fenced block: its language as written, and its text."""

    language: str
    text: str


def blocks(markdown: str) -> list[Block]:
    """Return all fenced blocks, in order."""
    return [Block(found[3], found[4]) for found in _FENCE.finditer(markdown)]


def links(markdown: str) -> Iterator[str]:
    """Yield where links inside the repository lead, without their anchors."""
    for target in _LINK.findall(markdown):
        if not re.match(r"[a-z]+:", target) and not target.startswith("#"):
            yield target.partition("#")[0]


def make_targets(makefile: str) -> dict[str, str]:
    """Return the Makefile's targets with their help lines; "" where there is none."""
    return dict(_TARGET.findall(makefile))


def check_shell(text: str, *, targets: dict[str, str], extras: set[str]) -> None:
    """Check each line of a shell block.

    Raises:
        Uncovered: A line of another kind than `make TARGET`, `pip install 'PACKAGE[EXTRA]'` or
            `recoverable-secrets COMMAND`.
        AssertionError: A target without a help line, or an extra or command that does not exist.
    """
    for line in filter(None, text.splitlines()):
        match shlex.split(line, comments=True):
            case ["make", target]:
                assert targets.get(target), f"make {target}: no such target with a help line"
            case ["pip", "install", requirement]:
                found = re.fullmatch(r"recoverable-secrets\[([a-z]+)\]", requirement)
                assert found, f"{requirement} is not ours"
                assert found[1] in extras, f"there is no extra {found[1]}"
            case ["recoverable-secrets", command, *_]:
                # tests/cli/test_examples.py runs it as a process.
                assert command in _APP.commands, f"there is no command {command}"
            case ["cfn-lint", "template.yaml", "-a", "recoverable_secrets.lint"]:
                pass  # tests/stacks/test_readme_block.py runs it on the README's template.
            case _:
                raise Uncovered(line)


def check(block: Block, *, targets: dict[str, str], extras: set[str]) -> None:
    """Check a block, as far as it can be without the engine.

    Raises:
        Uncovered: No rule covers it.
        AssertionError: It promises what is not there.
        SyntaxError: A program that is none.
    """
    if block.language == "python":
        compile(block.text, "README.md", "exec")
    elif block.language == "yaml":
        # tests/stacks/test_readme_block.py deploys it.
        assert "Type: Custom::RecoverableSecret" in block.text, "a template of ours"
    elif block.language == "sh":
        check_shell(block.text, targets=targets, extras=extras)
    else:
        raise Uncovered(f"a block of {block.language or 'no language'}")
