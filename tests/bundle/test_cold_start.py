"""bench/cold_start.py and bench/warm.py: the function is ready soon, and adds little when warm."""

from __future__ import annotations

import contextlib
import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


def loaded(name: str) -> ModuleType:
    """Load a script of bench/, which is no package."""
    spec = importlib.util.spec_from_file_location(f"bench_{name}", ROOT / "bench" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


COLD, WARM = loaded("cold_start"), loaded("warm")


@pytest.fixture(scope="module")
def bench() -> Iterator[Any]:
    """The function's bundles, laid out once."""
    with COLD.bench() as made:
        yield made


def ran(bench: Any, code: str) -> str:
    """Run code where the bundle is found; return what it prints."""
    command = bench.command(COLD.Start(f"{code}\nsys.stdout.flush()"))
    return subprocess.check_output(command, env=COLD.ENVIRONMENT, text=True, timeout=60)


def test_it_is_ready_soon(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Processor time, and in turns: what else this machine does hardly counts."""
    kept = {name: COLD.STARTS[name] for name in (COLD.FLOOR, COLD.READY)}
    monkeypatch.setattr(COLD, "STARTS", kept)
    medians = bench.medians(9)
    assert medians[COLD.READY] / medians[COLD.FLOOR] <= COLD.TARGET


def test_what_is_measured_is_the_bundle(bench: Any) -> None:
    code = "import lambda_handler.handler, pydantic, boto3\nprint([m.__file__ for m in {}])"
    inside = ran(bench, code.format("(lambda_handler.handler, pydantic)"))
    assert inside.count(str(bench.bundles[True])) == 2
    assert str(bench.bundles[True]) not in ran(bench, code.format("(boto3,)"))


def test_modules_are_found_compiled(bench: Any) -> None:
    code = "import lambda_handler.handler as h\nfrom pathlib import Path\n"
    assert ran(bench, f"{code}print(Path(h.__cached__).exists())") == "True\n"
    assert list(bench.bundles[False].rglob("*.pyc")) == [], "nothing is kept"


def test_the_import_makes_no_client(bench: Any) -> None:
    """Neither ours nor the three of crhelper: nothing that could fail or take time at import."""
    code = "import botocore.client, lambda_handler.handler\n"
    assert ran(bench, f"{code}print(botocore.client.BaseClient.__subclasses__())") == "[]\n"
    one = f"{code}import boto3; boto3.client('sts')\n"
    assert "STS" in ran(bench, f"{one}print(botocore.client.BaseClient.__subclasses__())")


def test_what_the_function_never_needs_is_not_loaded(bench: Any) -> None:
    names = bench.loaded()
    assert {"lambda_handler.handler", "recoverable_secrets.engine", "boto3"} <= names
    tops = {name.partition(".")[0] for name in names}
    assert not tops & {"pulumi", "grpc", "cfnlint", "rich", "pytest", "moto"}
    later = set(COLD.left_out(names))
    assert {"recoverable_secrets.dynamic", "recoverable_secrets.stores.memory"} <= later
    assert not later & names
    reading = {"recoverable_secrets.sources", "recoverable_secrets.stores.aws_sources"}
    assert not reading & names, "only who declares ValueFrom waits for them"


def test_every_import_has_its_group(bench: Any) -> None:
    groups = bench.imports(1)
    assert set(groups) == {*COLD.GROUPS, "Python's own"}
    assert all(spent > 0 for spent in groups.values())


def test_the_script_prints_its_tables(
    bench: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(COLD, "bench", lambda: contextlib.nullcontext(bench))
    assert COLD.main(["1"]) in {0, 1}, "one round proves nothing"
    told = capsys.readouterr().out
    for name in (*COLD.STARTS, *COLD.GROUPS):
        assert name in told
    assert "the target is 1.7 at most" in told


def test_too_slow_fails(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `make bench` then does."""
    monkeypatch.setattr(COLD, "bench", lambda: contextlib.nullcontext(bench))
    kept = {name: COLD.STARTS[name] for name in (COLD.FLOOR, COLD.READY)}
    monkeypatch.setattr(COLD, "STARTS", kept)
    monkeypatch.setattr(COLD, "TARGET", 0.1)
    assert COLD.main(["1"]) == 1


def test_a_process_that_fails_is_no_figure(bench: Any) -> None:
    with pytest.raises(RuntimeError, match="no_such_module"):
        bench.measured(COLD.Start("import no_such_module"))


def test_a_warm_unchanged_update() -> None:
    """Two looks, of the stack and of the secret, and no write."""
    command = [sys.executable, ROOT / "bench" / "warm.py", "5"]
    told = subprocess.check_output(command, cwd=ROOT, text=True, timeout=60)
    assert "calls: DescribeStacks, DescribeSecret" in told
    figures = dict(
        line.strip("│ ").rsplit("│", 1) for line in told.splitlines() if line.startswith("│")
    )
    values = {name.strip(): float(figure) for name, figure in figures.items()}
    assert 0 < values["what is left: ours"] < values["all of it"]


def test_the_parts_of_an_event() -> None:
    watch = WARM.Stopwatch()
    for whole, calls in ((10.0, 2.0), (30.0, 4.0), (20.0, 9.0)):
        watch.next_event()
        watch.spent["whole"][-1], watch.spent["calls"][-1] = whole, calls
    assert watch.medians() == {"whole": 20.0, "calls": 4.0, "answer": 0.0, "ours": 11.0}
