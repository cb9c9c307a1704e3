"""A process in which the libraries are loaded, and the product is not: each run is a fork of it.

Most of a run's time is the loading of libraries. What a fork imports of the product is found on
its own path first, and it tells where each of its modules came from.

    python -m defects.warm      reads one order a line, `{"copy", "ids", "told", "output"}`, and
                                answers each by a line when its results are written
"""

from __future__ import annotations

import importlib.machinery
import json
import os
import sys
import traceback
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

import boto3  # noqa: F401  # loaded here, once for all
import hypothesis  # noqa: F401
import pytest
import rich  # noqa: F401
import typer  # noqa: F401

import emulation  # noqa: F401  # moto comes with it, and it knows nothing of the product

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("recoverable_secrets", "lambda_handler")
WRONG = (AssertionError, pytest.fail.Exception)
"""What a test raises that has found something wrong, and is not broken itself."""


class Watcher:
    """Finds the product's modules as ever, and notes where: tests may unload them again."""

    def __init__(self) -> None:
        self.files: set[str] = set()

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: Any = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Find a module as Python does, if it is the product's."""
        if name.partition(".")[0] not in PACKAGES:
            return None
        found = importlib.machinery.PathFinder.find_spec(name, path, target)
        self.files |= {found.origin} if found and found.origin else set()
        return found


class Told:
    """What became of each test, and of the modules that could not be collected."""

    def __init__(self) -> None:
        self.ended: dict[str, str] = {}
        self.broken: list[str] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Note how a test ended: `passed`, `failed`, or what else it raised, and when."""
        report = yield
        if report.when == "call" or not report.passed:
            kind = call.excinfo.type if call.excinfo else None
            found = kind is not None and issubclass(kind, WRONG) and report.when == "call"
            raised = f"{report.when}: {report.outcome} with {kind.__name__ if kind else None}"
            ended = "failed" if found and report.failed else raised
            self.ended[item.nodeid] = "passed" if report.passed else ended
        return report

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note what could not be collected."""
        if report.failed:
            self.broken.append(report.nodeid)


def run(order: Mapping[str, Any]) -> None:
    """Run some tests on a copy of the product, and write what became of them."""
    copy, told, watcher = Path(order["copy"]), Told(), Watcher()
    first = [str(copy / "provider"), str(copy)]
    sys.path[:0] = first
    sys.meta_path.insert(0, watcher)
    os.environ["PYTHONPATH"] = os.pathsep.join(first)  # for the processes that tests start
    os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(copy / ".hypothesis")
    # In place of the project's own setting, which puts the unbroken lambda_handler first.
    options = ["-q", "--tb=short", "-p", "no:cacheprovider", "-o", f"pythonpath={ROOT / 'tests'}"]
    options += ["--basetemp", str(copy / "temp"), "-p", "pytest_timeout", "--timeout", "100"]
    code = pytest.main([*options, *order["ids"]], plugins=[told])
    files = sorted(watcher.files)
    result = {"code": int(code), "ended": told.ended, "broken": told.broken, "files": files}
    Path(order["told"]).write_text(json.dumps(result))


def forked(order: Mapping[str, Any]) -> int:
    """Carry out an order in a process of its own; return how that ended."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    try:
        output = os.open(order["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(output, 1)
        os.dup2(output, 2)
        run(order)
    except BaseException:  # noqa: BLE001  # whatever it is, this process must not go on
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def main() -> None:
    """Carry out the orders on stdin until it ends."""
    for line in sys.stdin:
        print(forked(json.loads(line)), flush=True)  # noqa: T201  # the answer


if __name__ == "__main__":
    main()
