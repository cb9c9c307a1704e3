"""Mutation testing of the core and the engine: mutmut makes the mutants, forks try them.

    make mutants                      all of them; tells what survived and is not explained
    make mutants ONLY=core/decide     those of some files
    python -m tools.mutation draw     fifty by a fixed seed, as patches in tests/defects/drawn

mutmut's own runner wants the sources in src/, runs all tests of a function in no order, and calls
through trampolines; a run took it days. Here one process collects the tests of tests/core and
tests/engine, notes which lines each of them runs, and forks once for each mutant: the fork puts the
mutant's code in the place of the function's, and runs the tests of its lines, those first that
killed its neighbours, until one fails. What all of them pass has survived; the file
tests/defects/survivors.txt says why it may.
"""

from __future__ import annotations

import argparse
import dataclasses
import difflib
import gc
import itertools
import json
import math
import os
import random
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import coverage
import pytest
from _pytest import runner
from tools.mutants import FILES, ROOT, Mutant, mutants

SURVIVORS = ROOT / "tests" / "defects" / "survivors.txt"
DRAWN = ROOT / "tests" / "defects" / "drawn"
TESTS = ("tests/core", "tests/engine")
SEED, DRAWS = 7, 50
PATIENCE = 10.0
"""Seconds of CPU after which a test counts as hanging, beside ten times those it takes."""
KILLED, SURVIVED, HANGS, UNREACHED = "killed", "SURVIVED", "hangs", "NO TEST"
UNCHANGED = "what it was"


Running = dict[int, tuple[Mutant, int]]


@dataclass(slots=True)
class Known:
    """What the undisturbed run told: each test's time, and which tests run each line."""

    seconds: dict[str, float] = field(default_factory=dict)
    tests: dict[str, dict[int, list[str]]] = field(default_factory=dict)


class Forking:
    """A pytest plugin that runs the collected tests undisturbed, then once for each mutant."""

    def __init__(self, wanted: list[Mutant], asked: argparse.Namespace) -> None:
        self.children: int = asked.children
        self.at_most: float = asked.at_most
        self.notes: Path | None = asked.notes
        self.kept: Path | None = asked.results
        self.results: dict[str, tuple[str, str]] = {}
        if self.kept and self.kept.exists():
            self.results = json.loads(self.kept.read_text())
        self.wanted = [mutant for mutant in wanted if mutant.name not in self.results]
        self.known = Known()
        self.items: dict[str, pytest.Item] = {}
        self.killers: defaultdict[tuple[Path, str], Counter[str]] = defaultdict(Counter)
        self.functions: list[FunctionType] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Do both in pytest's place."""
        self.items = {item.nodeid: item for item in session.items}
        if self.notes and self.notes.exists():
            self.known = _recalled(json.loads(self.notes.read_text()))
        self._learn()
        self._warm()
        if self.notes:
            self.notes.write_text(json.dumps(dataclasses.asdict(self.known)))
        self.functions = _functions()
        gc.freeze()  # Or each fork would copy what it only looks through.
        running: Running = {}
        for mutant in {mutant.path: mutant for mutant in self.wanted}.values():
            unchanged = dataclasses.replace(mutant, text=mutant.path.read_text(), after=UNCHANGED)
            self._begin(unchanged, self._tests(mutant)[:50], running)
            self._wait(running)
            verdict, test = self.results.pop(unchanged.name)
            assert verdict == SURVIVED, f"fails without a mutant, run alone: {test}"
        for number, mutant in enumerate(self.wanted, 1):
            while len(running) >= self.children:
                self._wait(running)
            tests = self._tests(mutant)
            if not tests:
                self.results[mutant.name] = (UNREACHED, "")
                continue
            self._begin(mutant, tests, running)
            if number % 100 == 0:
                print(f"{number} of {len(self.wanted)}", file=sys.stderr, flush=True)
                self._keep()
        while running:
            self._wait(running)
        self._keep()
        return True

    def _begin(self, mutant: Mutant, tests: list[str], running: Running) -> None:
        inlet, outlet = os.pipe()
        pid = os.fork()
        if pid == 0:
            self._try(mutant, tests, outlet)
        os.close(outlet)
        running[pid] = (mutant, inlet)

    def _keep(self) -> None:
        if self.kept:
            self.kept.write_text(json.dumps(self.results, indent=1))

    def _learn(self) -> None:
        """Run each new test with its lines noted; one that fails undisturbed tells nothing."""
        items = [item for test, item in self.items.items() if test not in self.known.seconds]
        if not items:
            return
        measured = coverage.Coverage(
            data_file=None, config_file=False, include=[str(path) for path in FILES]
        )
        measured.start()
        for item, following in itertools.zip_longest(items, items[1:]):
            measured.switch_context(item.nodeid)
            began = time.process_time()
            if _passes(item, following):
                self.known.seconds[item.nodeid] = time.process_time() - began
            else:
                print(f"fails without any mutant: {item.nodeid}", file=sys.stderr)
        measured.stop()
        data = measured.get_data()
        for path in FILES:
            by_line = self.known.tests.setdefault(_short(path), {})
            for line, tests in data.contexts_by_lineno(str(path)).items():
                by_line.setdefault(line, []).extend(filter(None, tests))

    def _warm(self) -> None:
        """Run a quick test of each file, so that no fork has to import and set up all of it."""
        slow_first = sorted(self.known.seconds, key=self.known.seconds.__getitem__, reverse=True)
        known = [self.items[test] for test in slow_first if test in self.items]
        items = list({item.path: item for item in known}.values())
        for item, following in itertools.zip_longest(items, items[1:]):
            _passes(item, following)

    def _tests(self, mutant: Mutant) -> list[str]:
        """Return the tests that run a mutant's lines, those first that may kill it soonest."""
        by_line = self.known.tests[_short(mutant.path)]
        inside = [line for line in by_line if mutant.span[0] < line <= mutant.span[1]]
        first, last = min(mutant.lines), max(mutant.lines)
        # A statement of several lines is noted where it begins.
        begins = max((line for line in inside if line <= first), default=first)
        meant = [line for line in inside if begins <= line <= last] or inside
        known = self.items.keys() & self.known.seconds.keys()
        found = {test for line in meant for test in by_line[line]} & known
        near = self.killers[mutant.path, mutant.function]
        return sorted(found, key=lambda test: (-near[test], self.known.seconds[test], test))

    def _try(self, mutant: Mutant, tests: list[str], outlet: int) -> None:
        """Run tests with a mutant, in a fork, until one fails."""
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1)
        os.dup2(nothing, 2)
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        told = SURVIVED
        try:
            _put(mutant, self.functions)
            items = [self.items[test] for test in tests]
            for item, following in itertools.zip_longest(items, items[1:]):
                if time.process_time() > self.at_most:
                    break
                patience = PATIENCE + 10 * self.known.seconds[item.nodeid]
                signal.setitimer(signal.ITIMER_PROF, patience)
                if not _passes(item, following):
                    told = item.nodeid
                    break
        except BaseException as failure:  # noqa: BLE001  # It breaks whoever imports it.
            told = f"{type(failure).__name__}"
        os.write(outlet, told.encode())
        os._exit(0)

    def _wait(self, running: Running) -> None:
        pid, _ = os.wait()
        if pid not in running:
            return
        mutant, inlet = running.pop(pid)
        told = os.read(inlet, 4096).decode()
        os.close(inlet)
        verdict = {SURVIVED: SURVIVED, "": HANGS}.get(told, KILLED)
        self.results[mutant.name] = (verdict, told if verdict == KILLED else "")
        if told in self.items:
            self.killers[mutant.path, mutant.function][told] += 1


def _short(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _recalled(noted: dict[str, Any]) -> Known:
    lines = {
        path: {int(line): tests for line, tests in by_line.items()}
        for path, by_line in noted["tests"].items()
    }
    return Known(noted["seconds"], lines)


def _passes(item: pytest.Item, following: pytest.Item | None) -> bool:
    reports = runner.runtestprotocol(item, log=False, nextitem=following)
    return all(report.passed or report.skipped for report in reports)


def _functions() -> list[FunctionType]:
    """Return all functions of the core and the engine, whoever holds them."""
    paths = {str(path) for path in FILES}
    held = (thing for thing in gc.get_objects() if isinstance(thing, FunctionType))
    return [function for function in held if function.__code__.co_filename in paths]


def _put(mutant: Mutant, functions: Iterable[FunctionType]) -> None:
    """Put a mutant's code in the place of the function's."""
    path = str(mutant.path)
    codes = list(_codes(compile(mutant.text, path, "exec", dont_inherit=True)))
    for held in functions:
        was = held.__code__
        if was.co_filename != path or was.co_name != mutant.function:
            continue
        if mutant.span[0] <= was.co_firstlineno <= mutant.span[1]:
            for code in codes:
                if (code.co_qualname, code.co_firstlineno) == (was.co_qualname, was.co_firstlineno):
                    held.__code__ = code


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _codes(inner)


def tried(wanted: list[Mutant], asked: argparse.Namespace) -> dict[str, tuple[str, str]]:
    """Return the verdict on each mutant, and the test that killed it; goes on from what is kept."""
    os.chdir(ROOT)
    forking = Forking(wanted, asked)
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:cov", "--timeout", "0"]
    pytest.main([*options, *TESTS], plugins=[forking])
    return forking.results


def explained() -> set[str]:
    """Return the names of the survivors for which the file gives a reason."""
    lines = SURVIVORS.read_text().splitlines() if SURVIVORS.exists() else []
    return {line for line in lines if line and not line.startswith(("#", " "))}


def main() -> int:
    """Try mutants, or draw some."""
    parser = argparse.ArgumentParser(description="Mutation testing of the core and the engine.")
    parser.add_argument("what", choices=("run", "draw"), nargs="?", default="run")
    parser.add_argument("--only", default="", help="a part of the path of the files")
    parser.add_argument("--children", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--sample", type=int, help="so many, by the fixed seed")
    parser.add_argument(
        "--at-most", type=float, default=math.inf, help="seconds of CPU after which one survives"
    )
    parser.add_argument("--notes", type=Path, help="where to keep what the undisturbed run told")
    parser.add_argument("--results", type=Path, help="where to keep all verdicts (JSON)")
    asked = parser.parse_args()
    paths = [path for path in FILES if asked.only in str(path)]
    wanted = list(mutants(paths))
    total, number = len(wanted), DRAWS if asked.what == "draw" else asked.sample
    if number:
        drawn = random.Random(SEED).sample(wanted, min(total, number + len(explained())))
        wanted = [mutant for mutant in drawn if mutant.name not in explained()][:number]
    results = tried(wanted, asked)
    if asked.what == "draw":
        _write(wanted, results)
    return _tell(results, total)


def _write(wanted: list[Mutant], results: dict[str, tuple[str, str]]) -> None:
    """Write the drawn mutants as patches, each with the test that catches it."""
    DRAWN.mkdir(parents=True, exist_ok=True)
    for old in DRAWN.glob("*.patch"):
        old.unlink()
    for number, mutant in enumerate(wanted, 1):
        path = _short(mutant.path)
        lines = mutant.path.read_text().splitlines(), mutant.text.splitlines()
        diff = difflib.unified_diff(*lines, f"a/{path}", f"b/{path}", lineterm="", n=4)
        head = f"Mutant: {mutant.name}\nCaught by: {results[mutant.name][1]}\n"
        module = mutant.path.stem.replace("_", "-")
        (DRAWN / f"{number:02}-{module}.patch").write_text(head + "\n".join(diff) + "\n")


def _tell(results: dict[str, tuple[str, str]], total: int) -> int:
    counts: defaultdict[str, int] = defaultdict(int)
    for verdict, _ in results.values():
        counts[verdict] += 1
    known = explained()
    left = [name for name, (verdict, _) in results.items() if verdict in {SURVIVED, UNREACHED}]
    for name in sorted(set(left) - known):
        print(f"{results[name][0]:9} {name}")
    said: Any = ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items()))
    print(f"{len(results)} of {total} mutants tried: {said}; {len(set(left) & known)} explained")
    return int(bool(set(left) - known))


if __name__ == "__main__":
    sys.exit(main())
