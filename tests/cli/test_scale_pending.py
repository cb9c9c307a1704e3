"""Thousands of pending secrets listed while AWS throttles ListSecrets: nothing is left out."""

from __future__ import annotations

import json
import os
import random
from collections import Counter

import pytest

from cli.conftest import REGIONS, Runner, World
from emulation import crowd, rates
from protocol.passing import Passing

SOAKED = pytest.mark.skipif(
    not os.environ.get("RECOVERABLE_SECRETS_SOAK"), reason="minutes: RECOVERABLE_SECRETS_SOAK=1"
)
ONE = ("--region", REGIONS[0])
BOTH = (*ONE, "--region", REGIONS[1])


@pytest.fixture
def time(world: World, monkeypatch: pytest.MonkeyPatch) -> Passing:
    """Time that passes by command: what is throttled is tried again after pauses that take none."""
    random.seed(7)
    passing = Passing(world.aws.clock)
    passing.install(monkeypatch)
    return passing


@pytest.mark.parametrize("ways", [("--json",), ("--json", "--stream")], ids=" ".join)
@pytest.mark.parametrize(
    ("asked", "per_region", "share"),
    [
        pytest.param(ONE, 3_000, 1 / 1000, id="3,000-a-page-in-ten-seconds"),
        pytest.param(ONE, 10_000, 1 / 100, id="10,000-a-page-a-second", marks=SOAKED),
        pytest.param(BOTH, 5_000, 1 / 100, id="twice-5,000-a-page-a-second", marks=SOAKED),
        pytest.param(ONE, 10_000, 1 / 20, id="10,000-five-pages-a-second", marks=SOAKED),
    ],
)
def test_all_are_listed(
    ran: Runner,
    world: World,
    time: Passing,
    asked: tuple[str, ...],
    per_region: int,
    share: float,
    ways: tuple[str, ...],
) -> None:
    """The SDK's retries have a budget for each client, which a list of many pages uses up."""
    regions = asked[1::2]
    arns = [arn for region in regions for arn in crowd.plant(world.aws, per_region, region=region)]
    pages = len(arns) // 100
    world.aws.inject(rates.Rates(share=share))
    done = ran("pending", *asked, *ways)
    assert done.code == 0, done.err[-500:]
    rows = (
        [json.loads(line) for line in done.out.splitlines()]
        if "--stream" in ways
        else done.json["secrets"]
    )
    assert sorted(row["arn"] for row in rows) == sorted(arns)
    assert set(world.aws.actions()) == {"ListSecrets"}
    came = Counter(call.outcome for call in world.aws.calls)
    assert came["ok"] == pages
    assert came["ThrottlingException"] > 10, "nothing was throttled, so nothing is proved"
    assert set(world.aws.actions()) == {"ListSecrets"}
    assert sum(time.slept) < 25 * pages
