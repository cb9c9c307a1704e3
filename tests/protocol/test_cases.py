"""Every event case of the folder `cases`; see cases.py for what they say."""

from __future__ import annotations

import pytest

from protocol import cases
from protocol.world import World

ALL = cases.load()


@pytest.mark.parametrize("name", ALL)
def test_case(world: World, name: str) -> None:
    cases.run(ALL[name], world)


def test_there_are_enough_cases_and_each_has_its_reason() -> None:
    assert len(ALL) >= 100
    reasons = [case["reason"] for case in ALL.values()]
    assert all(len(reason) > 20 for reason in reasons)
    assert len(set(reasons)) == len(reasons)
    assert all("expect" in case for case in ALL.values())
