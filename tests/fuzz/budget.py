"""How long each target is fuzzed, and what came of it.

A target is a check that says what became of one input: `accepted`, `refused`, or a word of its
own. It runs in blocks of examples; the seeds 0, 1, 2, ... make each block the same at each run,
until the target's share of the time is used. So a failure names its seed.

    RECOVERABLE_SECRETS_FUZZ    seconds of CPU for all targets together; 60 by default
    RECOVERABLE_SECRETS_SOAK    so many times as long
    RECOVERABLE_SECRETS_SEED    the first seed; 0 by default
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import hypothesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

T = TypeVar("T")

ACCEPTED, REFUSED = "accepted", "refused"
SECONDS = float(os.environ.get("RECOVERABLE_SECRETS_FUZZ") or 60)
SOAK = float(os.environ.get("RECOVERABLE_SECRETS_SOAK") or 1)
FIRST = int(os.environ.get("RECOVERABLE_SECRETS_SEED") or 0)
BLOCK = 100
"""Examples of a block."""
FEWEST = 0.04
"""The least share of inputs that are accepted, and of those that are refused."""

SHARES: Mapping[str, float] = {
    "declarations": 6,
    "equal_declarations": 3,
    "memories": 2,
    "inputs_of_programs": 3,
    "previews": 3,
    "configurations": 1,
    "properties": 4,
    "installations": 1,
    "events": 8,
    "policies": 4,
    "equal_policies": 2,
    "generated_values": 3,
    "schedules_and_places": 2,
    "references": 2,
    "arns": 1,
    "owner_tags": 1,
    "marks": 1,
    "replica_records": 1,
    "tags_of_others": 1,
    "states": 4,
    "arguments": 4,
    "alarm_patterns": 1,
    "alarm_settings": 1,
    "answers": 5,
    "error_bodies": 2,
    "values_in_answers": 1,
    "stacks_answers": 2,
    "templates": 6,
}
"""How the time is divided."""

BASE = settings(
    max_examples=BLOCK, deadline=None, database=None, print_blob=False,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


class Fuzz:
    """One target's time, and its counts.

    Attributes:
        verdicts: How many inputs came to what.
        blocks: How many blocks were run.
    """

    def __init__(self, seconds: float, first: int = FIRST) -> None:
        """Take the time, in seconds of CPU, and the first seed."""
        self.verdicts: Counter[str] = Counter()
        self.blocks = 0
        self._seconds, self._first = seconds, first

    @property
    def executions(self) -> int:
        """How many inputs there were."""
        return self.verdicts.total()

    def run(
        self,
        check: Callable[[T], str],
        inputs: st.SearchStrategy[T],
        examples: Sequence[T] = (),
        *,
        fewest: float = FEWEST,
        block: int = BLOCK,
    ) -> None:
        """Fuzz, block by block.

        Args:
            check: Fails, or returns what became of an input.
            inputs: Makes inputs.
            examples: What once failed; they come first.
            fewest: The least share of `accepted` and of `refused`; 0 where there is no refusing.
            block: Examples of a block: fewer where each takes long.
        """
        end = time.process_time() + self._seconds
        while not self.blocks or time.process_time() < end:
            self._block(check, inputs, examples if not self.blocks else (), block)
            self.blocks += 1
        for verdict in (ACCEPTED, REFUSED) if fewest else ():
            share = self.verdicts[verdict] / self.executions
            assert share >= fewest, f"only {share:.1%} are {verdict}: {dict(self.verdicts)}"

    def _block(
        self,
        check: Callable[[T], str],
        inputs: st.SearchStrategy[T],
        examples: Sequence[T],
        size: int,
    ) -> None:
        seed = self._first + self.blocks

        def once(given: T) -> None:
            self.verdicts[check(given)] += 1

        run: Callable[[], object] = hypothesis.given(given=inputs)(once)
        for example in reversed(examples):
            run = hypothesis.example(given=example)(run)
        phases = [Phase.generate, Phase.shrink, *([Phase.explicit] if examples else [])]
        chosen = settings(BASE, max_examples=size, phases=phases)
        try:
            chosen(hypothesis.seed(seed)(run))()
        except BaseException as failure:
            failure.add_note(f"seed {seed}: RECOVERABLE_SECRETS_SEED={seed} begins with it")
            raise


def of(target: str) -> Fuzz:
    """Return a target's fuzzing, with its share of the time."""
    return Fuzz(SECONDS * SOAK * SHARES[target] / sum(SHARES.values()))
