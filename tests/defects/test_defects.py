"""Copies of the product that each break a promise, caught by the tests that are about it.

Each patch in this folder is one defect of the kind that gets merged: a dropped condition, a swapped
order, a look saved. It names the tests that catch it. Exactly those have to fail, each because it
found something wrong; on the product as it is, all of them pass.
"""

from __future__ import annotations

import compileall
import json
import os
import py_compile
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from defects import patching
from defects.patching import DEFECTS, DRAWN, Defect, Hunk

ROOT = Path(__file__).resolve().parents[2]
PROMISES = range(1, 12)
FOLDERS = ("provider", "lambda_handler")
NAMED = tuple(dict.fromkeys(name for defect in (*DEFECTS, *DRAWN) for name in defect.caught_by))
_LONGEST = 110


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a run came to.

    Attributes:
        code: pytest's exit code.
        ended: How each test ended: `passed`, `failed`, or what else it raised, and when.
        broken: The modules that could not be collected.
        files: From which files the product's modules were imported.
        output: What pytest wrote.
    """

    code: int
    ended: dict[str, str]
    broken: list[str]
    files: list[str]
    output: str


class Warm:
    """A process with the libraries loaded, of which each run is a fork; see warm.py."""

    def __init__(self) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
        # Nothing of the run that this test is part of: no coverage, no options, no paths.
        own = {"PYTHONPATH": str(ROOT / "tests"), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "defects.warm"],
            cwd=ROOT,
            env={**kept, **own},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            start_new_session=True,
        )

    def run(self, copy: Path, names: Sequence[str]) -> Ran:
        """Run tests on a copy of the product."""
        told, output = copy / "told.json", copy / "output.txt"
        order: dict[str, Any] = {"copy": str(copy), "ids": list(names)}
        assert self._process.stdin
        assert self._process.stdout
        print(
            json.dumps({**order, "told": str(told), "output": str(output)}),
            file=self._process.stdin,
            flush=True,
        )
        assert self._process.stdout.readline() == "0\n"
        assert told.exists(), f"the run ended without results:\n{output.read_text()}"
        return Ran(**json.loads(told.read_text()), output=output.read_text())

    def end(self) -> None:
        """End it, and what may still run under it."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate()


@pytest.fixture(scope="session")
def warm() -> Iterator[Warm]:
    """One for all runs: to load the libraries takes longer than most of the tests."""
    started = Warm()
    yield started
    started.end()


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the product as it is, compiled once for all copies of it."""
    copy = tmp_path_factory.mktemp("product")
    for folder in FOLDERS:
        ignored = shutil.ignore_patterns("*.egg-info")
        shutil.copytree(ROOT / folder, copy / folder, ignore=ignored)
    assert compileall.compile_dir(copy, quiet=1)
    return copy


@pytest.fixture
def copy(product: Path, tmp_path: Path) -> Path:
    """A copy to be broken."""
    return Path(shutil.copytree(product, tmp_path / "copy"))


def told_of(ran: Ran, copy: Path, *paths: str) -> dict[str, str]:
    """Return how the tests ended, all of which ran on the copy and on nothing else."""
    assert ran.broken == [], ran.output
    imported = {Path(file) for file in ran.files}
    assert {file for file in imported if copy not in file.parents} == set(), "not of the copy"
    assert imported >= {copy / path for path in paths}, f"not imported\n{ran.output}"
    return ran.ended


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)
def test_a_defect_is_caught(defect: Defect, warm: Warm, copy: Path) -> None:
    defect.apply(copy)
    ran = warm.run(copy, defect.caught_by)
    ended = told_of(ran, copy, *defect.paths)
    assert ended == dict.fromkeys(defect.caught_by, "failed"), f"{defect.lost}\n{ran.output}"


@pytest.mark.parametrize("mutant", DRAWN, ids=lambda mutant: mutant.name)
def test_a_mutant_is_caught(mutant: Defect, warm: Warm, copy: Path) -> None:
    """No more than one call or name is another: that may well end in an exception."""
    mutant.apply(copy)
    ran = warm.run(copy, mutant.caught_by)
    ended = told_of(ran, copy)
    assert list(ended) == list(mutant.caught_by), ran.output
    assert "passed" not in ended.values(), f"{mutant.lost}\n{ran.output}"


def test_fifty_mutants_were_drawn() -> None:
    assert len({mutant.lost for mutant in DRAWN}) == 50


def test_without_a_defect_the_same_tests_pass(warm: Warm, copy: Path) -> None:
    ran = warm.run(copy, NAMED)
    ended = told_of(ran, copy, *(path for defect in DEFECTS for path in defect.paths))
    assert ended == dict.fromkeys(NAMED, "passed"), ran.output


def test_what_cannot_be_imported_catches_nothing(warm: Warm, copy: Path) -> None:
    (copy / "provider" / "recoverable_secrets" / "core" / "decide.py").write_text("import nothing_")
    ran = warm.run(copy, ["tests/core/test_teardown.py"])
    assert (ran.ended, bool(ran.broken)) == ({}, True)


def test_every_promise_is_broken_by_some() -> None:
    assert {number for defect in DEFECTS for number in defect.promises} == set(PROMISES)


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)
def test_a_patch_tells_what_it_is(defect: Defect) -> None:
    assert defect.name.startswith(f"{defect.promises[0]:02}-")
    assert 0 < len(defect.lost) <= _LONGEST
    assert defect.caught_by
    assert len(set(defect.caught_by)) == len(defect.caught_by)
    assert {path.partition("/")[0] for path in defect.paths} <= set(FOLDERS)


def test_every_broken_copy_is_right_python(product: Path, tmp_path: Path) -> None:
    """A defect is none that a compiler or a linter would find."""
    for defect in DEFECTS:
        copied = tmp_path / defect.name
        for path in defect.paths:
            (copied / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(product / path, copied / path)
        defect.apply(copied)
        for path in defect.paths:
            py_compile.compile(str(copied / path), doraise=True)
    ruff = [Path(sys.executable).with_name("ruff"), "check", "--isolated", "--no-cache", "-q"]
    linted = subprocess.run(
        [*ruff, "--select", "E9,F", tmp_path], capture_output=True, text=True, check=False
    )
    assert linted.returncode == 0, linted.stdout + linted.stderr


HUNK = Hunk("a.py", ("two", "three"), ("two", "and a half"))


def test_lines_may_have_moved() -> None:
    moved = patching.exchanged("new\nnew\none\ntwo\nthree\n", HUNK, "name")
    assert moved == "new\nnew\none\ntwo\nand a half\n"


@pytest.mark.parametrize(
    ("text", "times"), [("one\ntwo\n", 0), ("two\nthree\n\ntwo\nthree\n", 2)], ids=["gone", "twice"]
)
def test_a_patch_that_does_not_fit_any_more_says_so(text: str, times: int) -> None:
    with pytest.raises(patching.Outdated, match=rf"has {times} times, not once: renew the patch"):
        patching.exchanged(text, HUNK, "name")
