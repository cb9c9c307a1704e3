"""A stack of many secrets, its events handled at once while AWS throttles: nothing fails."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from emulation import rates
from protocol import crowded

SOAK = bool(os.environ.get("RECOVERABLE_SECRETS_SOAK"))
MOST = 500
"""Resources of a stack: CloudFormation takes no more."""

CASES = [
    pytest.param(24, 4, 1 / 12, id="24-secrets"),
    pytest.param(
        MOST,
        12,
        1 / 10,
        id="500-secrets",
        marks=pytest.mark.skipif(not SOAK, reason="minutes: RECOVERABLE_SECRETS_SOAK=1"),
    ),
]


@pytest.mark.parametrize(("count", "sandboxes", "share"), CASES)
@pytest.mark.timeout(1800)
def test_a_stack_of_many_while_aws_throttles(
    tmp_path: Path, count: int, sandboxes: int, share: float
) -> None:
    """Each call that is not throttled is one of the design's, and each event has time to spare."""
    with crowded.around(tmp_path) as outside, crowded.Crowd(outside, sandboxes) as crowd:
        limit = rates.Rates(share=share, seconds=time.monotonic)
        outside.aws.inject(limit)
        for done in crowd.life(count):
            assert done.failed == []
            assert done.calls == done.design(count)
            assert done.throttled, f"{done.name}: nothing was throttled, so nothing was proved"
            assert done.least > crowded.SECONDS / 4
            state = "pending" if done.name == "delete" else "live"
            found = outside.aws.secrets()
            assert {one.state for one in found} == {state}
            values = {f"shop/S{number}": f"value of {number}" for number in range(count)}
            assert {one.name: one.value for one in found} == values
            assert {len(one.versions) for one in found} == {1}
