"""Many secrets in one stack: each takes the calls of one alone, and throttled ones do not fail."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from e2e import many
from emulation import rates

if TYPE_CHECKING:
    from collections.abc import Callable

    from e2e.engine import Engine
    from emulation import Aws

SOAK = bool(os.environ.get("RECOVERABLE_SECRETS_SOAK"))
SOAKED = pytest.mark.skipif(not SOAK, reason="many minutes: RECOVERABLE_SECRETS_SOAK=1")
THOUSAND = 1000
STATES = {"destroy": "pending"}


def lived(engine: Engine, aws: Aws, count: int, **options: object) -> list[many.Life]:
    """Run all of it; check after each run what is there, what was sent, and the steps."""
    told = []
    for run in many.lives(engine, aws, count, **options):  # type: ignore[arg-type]
        assert sum(run.steps.values()) == count + 1, f"{run.name}: the stack's own is one"
        assert run.calls == run.design(count), run.name
        many.check(aws, count, STATES.get(run.name, "live"))
        told.append(run)
    return told


@pytest.mark.timeout(600)  # three runs, each of which waits for AWS
def test_two_dozen_while_aws_throttles(make_engine: Callable[..., Engine], aws: Aws) -> None:
    """A twentieth of AWS's rates: 2.5 changes of a kind a second, whatever is asked at once."""
    aws.inject(rates.Rates(share=1 / 20, seconds=time.monotonic))
    engine = make_engine(env=many.UNSAVED)
    names = ("up", "destroy", "up again")
    runs = lived(engine, aws, 24, names=names, parallel=100)
    for run in runs:
        assert run.throttled.total() > 0, f"{run.name}: nothing was throttled, nothing is proved"


@SOAKED
@pytest.mark.timeout(9000)
def test_a_thousand(engine: Engine, aws: Aws) -> None:
    runs = lived(engine, aws, THOUSAND)
    assert [run.name for run in runs] == list(many.DESIGN)
    assert all(run.throttled.total() == 0 for run in runs)


@SOAKED
@pytest.mark.parametrize("parallel", [None, 200], ids=["default-parallel", "parallel-200"])
@pytest.mark.timeout(3600)
def test_a_thousand_while_aws_throttles(
    make_engine: Callable[..., Engine], aws: Aws, parallel: int | None
) -> None:
    aws.inject(rates.Rates(share=1 / 10, seconds=time.monotonic))
    engine = make_engine(env=many.UNSAVED)
    runs = lived(engine, aws, THOUSAND, parallel=parallel)
    for run in runs:
        assert (run.throttled.total() > 0) == (run.name in {"up", "destroy", "up again"})
