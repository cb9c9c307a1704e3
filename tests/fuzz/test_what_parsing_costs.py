"""What reading large input costs: no expression that runs away, work and memory that keep pace.

Work is counted in calls, not in seconds: the same on any machine.
"""

from __future__ import annotations

import ast
import importlib
import io
import json
import pkgutil
import re
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import lambda_handler
import pytest
from lambda_handler import properties

import recoverable_secrets
from fuzz import expressions, judge, odd
from recoverable_secrets.cli import states
from recoverable_secrets.core import bounds, documents, orphans, ownership, parse, replication
from recoverable_secrets.stores import limits

ELSEWHERE = {"recoverable_secrets.lint", "recoverable_secrets.__main__"}
"""Modules that are not imported here: one needs cfn-lint, one runs."""


def modules() -> Iterator[Any]:
    """Yield all modules of the product."""
    for package in (recoverable_secrets, lambda_handler):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if found.name not in ELSEWHERE:
                yield importlib.import_module(found.name)


def patterns() -> dict[str, str]:
    """Return all expressions that modules keep, by where they are."""
    kept = {
        f"{module.__name__}.{name}": content.pattern
        for module in modules()
        for name, content in vars(module).items()
        if isinstance(content, re.Pattern)
    }
    kept |= {f"bounds.{path}": pattern for path, (pattern, _) in bounds.PATTERNS.items()}
    return kept | {"name": f"(?:{limits.AWS.name_characters})*"}


def written() -> dict[str, str]:
    """Return the expressions that stand in calls, where they are plain text."""
    found = {}
    for folder in (recoverable_secrets.__path__[0], lambda_handler.__path__[0]):
        for path in Path(folder).rglob("*.py"):
            for call in ast.walk(ast.parse(path.read_text())):
                match call:
                    case ast.Call(
                        func=ast.Attribute(value=ast.Name(id="re")),
                        args=[ast.Constant(value=str(text)), *_],
                    ):
                        found[f"{path.name}:{call.lineno}"] = text
    return found


def test_no_expression_runs_away() -> None:
    """None has an unbounded repeat within another that takes the same characters."""
    assert min(len(patterns()), len(written())) > 15, "they are not found any more"
    found = patterns() | written()
    doubtful = {where: faults for where, each in found.items()
                if (faults := expressions.doubtful(each))}  # fmt: skip
    assert not doubtful


@pytest.mark.parametrize("bad", ["(a+)+b", "(a*)*", "(?:[a-z]+|[a-z]+-)*x", r"(\w+\s?)*$"])
def test_one_that_would_is_seen(bad: str) -> None:
    assert expressions.doubtful(bad)


@pytest.mark.parametrize("good", ["([a-z]+-)+[0-9]+", "[a-z]{1,512}-x", "(a{1,3}b)*", "a.*b"])
def test_one_that_does_not_is_not(good: str) -> None:
    assert not expressions.doubtful(good)


def declared(given: dict[str, Any]) -> Callable[[], object]:
    return lambda: judge.outcome(lambda: parse.parse(given, limits.AWS))


def template(given: dict[str, Any]) -> Callable[[], object]:
    allowed = properties.Installation()
    return lambda: judge.outcome(lambda: properties.declared(given, allowed))


def state(count: int) -> bytes:
    listed = [{"urn": f"urn:pulumi:dev::shop::t::{n}", "id": str(n)} for n in range(count)]
    return json.dumps({"deployment": {"resources": listed}}).encode()


def statements(count: int) -> dict[str, Any]:
    return {"Statement": [{"Sid": str(n), "Action": ["a:b", "a:c"]} for n in range(count)]}


WORK: dict[str, Callable[[int], Callable[[], object]]] = {
    "strange names": lambda n: declared({f"secret_strin{i}": 1 for i in range(n)}),
    "strange properties": lambda n: template({f"SecretStrin{i}": 1 for i in range(n)}),
    "tags": lambda n: declared({"tags": {f"k{i}": "v" for i in range(n)}}),
    "tags as a list": lambda n: declared(
        {"tags": [{"Key": str(i), "Value": "v"} for i in range(n)]}),
    "replicas": lambda n: declared({"replicas": [{"region": f"a-{i}"} for i in range(n)]}),
    "labels": lambda n: declared({"version_stages": [f"l{i}" for i in range(n)]}),
    "one label": lambda n: declared({"version_stages": ["l"] * n}),
    "a policy": lambda n: lambda: documents.normal(statements(n)),
    "equal policies": lambda n: lambda: (
        documents.declared(statements(n)) == documents.declared(statements(n))),
    "excluded characters": lambda n: declared(
        {"generate_secret_string": {"exclude_characters": "x" * n}}),
    "a state": lambda n: lambda: states._parsed(io.BytesIO(state(n)), "s"),
    "a record": lambda n: lambda: replication.recorded({ownership.REPLICAS: "a-1 " * n}),
    "an owner": lambda n: lambda: orphans.claim("pulumi/" + "a/" * n),
    "an escaped name": lambda n: lambda: ownership.default_name(["\u00fc" * n]),
    "a number": lambda n: declared({"timeout": "9" * n}),
}  # fmt: skip


def calls(work: Callable[[], object]) -> int:
    """Return how many calls some work makes, Python's own functions included."""
    counted = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal counted
        counted += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return counted


@pytest.mark.parametrize("kind", WORK)
def test_twice_the_input_is_about_twice_the_work(kind: str) -> None:
    """Up to the largest input that is read in one go: 10 kB and more."""
    WORK[kind](10)()
    some, twice = calls(WORK[kind](300)), calls(WORK[kind](600))
    assert twice <= 2.6 * some + 500, f"{some} calls become {twice}"
    assert twice < 3_000_000, "ten kilobytes take seconds"


@pytest.mark.parametrize("kind", WORK)
def test_memory_keeps_pace_with_the_input(kind: str) -> None:
    """Some kilobytes for each part, whatever it is."""
    WORK[kind](10)()
    tracemalloc.start()
    try:
        WORK[kind](600)()
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 600 * 16_384, f"{most} bytes"


def test_an_odd_input_is_small() -> None:
    """The fuzzing's own largest atoms stay in the range that these tests look at."""
    assert max(len(atom) for atom in odd.TEXTS) <= 10_100
