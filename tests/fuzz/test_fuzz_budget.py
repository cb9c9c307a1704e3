"""The fuzzing itself: it uses its time, repeats itself, names its seed, and is not one-sided."""

from __future__ import annotations

import re
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import strategies as st

from fuzz import budget, counts, odd
from fuzz.budget import ACCEPTED, REFUSED, Fuzz

HERE = Path(__file__).parent
NUMBERS = st.integers(0, 1000)


def test_every_target_has_its_share_of_the_time() -> None:
    """The table names the tests that there are, and no others."""
    texts = [path.read_text() for path in HERE.glob("test_fuzz_*.py")]
    named = {
        name for text in texts for name in re.findall(r"def test_(\w+)\([^)]*fuzz: Fuzz", text)
    }
    assert named - {"what"} == set(budget.SHARES)
    total = sum(budget.of(name)._seconds for name in budget.SHARES)
    assert total == pytest.approx(budget.SECONDS * budget.SOAK)


def test_a_failure_names_its_seed_and_comes_again() -> None:
    """Whoever starts with that seed meets it in the first block."""

    def check(number: int) -> str:
        assert number % 97 != 96
        return ACCEPTED

    with pytest.raises(AssertionError) as met:
        Fuzz(5.0, 0).run(check, NUMBERS, fewest=0)
    note = next(each for each in met.value.__notes__ if each.startswith("seed "))
    seed = int(re.findall(r"seed (\d+)", note)[0])
    again = Fuzz(0.0, seed)
    with pytest.raises(AssertionError):
        again.run(check, NUMBERS, fewest=0)
    assert again.blocks == 0


def test_the_same_seed_makes_the_same_inputs() -> None:
    met: list[list[object]] = []
    for _ in range(2):
        seen: list[object] = []
        Fuzz(0.0, 7).run(lambda part, seen=seen: seen.append(repr(part)) or ACCEPTED,  # type: ignore[misc]
                         odd.mutated(st.just({"a": [1, "x"]})), fewest=0)  # fmt: skip
        met.append(seen)
    assert met[0] == met[1]
    assert len(set(map(str, met[0]))) > 50


def test_the_time_is_used_and_not_much_more() -> None:
    fuzzing, begun = Fuzz(0.5, 0), time.process_time()
    fuzzing.run(lambda _: ACCEPTED, NUMBERS, fewest=0)
    assert 0.5 <= time.process_time() - begun < 5
    assert fuzzing.blocks > 1
    assert fuzzing.executions >= fuzzing.blocks * 50


@pytest.mark.parametrize("verdict", [ACCEPTED, REFUSED])
def test_a_target_that_sees_one_side_only_proves_nothing(verdict: str) -> None:
    with pytest.raises(AssertionError, match=r"only 0\.0% are"):
        Fuzz(0.0).run(lambda _: verdict, NUMBERS)


def test_the_report_counts_all() -> None:
    told = {"b": Counter({ACCEPTED: 3}), "a": Counter({REFUSED: 1, ACCEPTED: 1})}
    first, second, last = counts.summary(told)
    assert first.split() == ["a", "2", "1", "accepted,", "1", "refused"]
    assert second.split() == ["b", "3", "3", "accepted"]
    assert last.split()[-1] == "5"
