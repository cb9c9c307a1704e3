"""The published schema of what `--json` writes."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from typing import Any

import pytest

from cli.conftest import Runner, World
from cli.schema import WHOLE, problems_of
from recoverable_secrets.cli import reports


def test_the_published_schema_is_the_generated_one() -> None:
    assert json.loads(json.dumps(reports.schema())) == WHOLE


def test_the_module_writes_the_published_schema(world: World) -> None:
    """As `make schema` runs it: models that were loaded twice would get other names."""
    written = subprocess.run(
        [sys.executable, "-m", "recoverable_secrets.cli.reports"],
        env=world.env,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=True,
    )
    assert json.loads(written.stdout) == WHOLE


@pytest.fixture
def document(ran: Runner, world: World) -> Any:
    """What `pending` writes of one secret."""
    world.pending("db")
    return ran("pending", "--json").json


def test_a_real_document_is_valid(document: Any) -> None:
    assert problems_of("pending", document) == []


@pytest.mark.parametrize(
    ("path", "content", "problem"),
    [
        pytest.param(["due"], "1", "pending.due is no integer", id="a number as text"),
        pytest.param(["more"], 1, "pending.more is not foreseen", id="another field"),
        pytest.param(
            ["secrets", 0, "deletion_date"], "soon", "is no date-time", id="a date in words"
        ),
        pytest.param(["secrets", 0, "restorable"], "yes", "is none of", id="another word"),
        pytest.param(["secrets", 0, "owner"], 1, "is no string", id="neither text nor null"),
    ],
)
def test_the_checker_finds_what_is_wrong(
    document: Any, path: list[Any], content: Any, problem: str
) -> None:
    wrong = copy.deepcopy(document)
    place = wrong
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = content
    assert any(problem in found for found in problems_of("pending", wrong))


def test_the_checker_misses_no_field(document: Any) -> None:
    del document["secrets"][0]["arn"]
    assert problems_of("pending", document) == ["pending.secrets[0].arn is missing"]
