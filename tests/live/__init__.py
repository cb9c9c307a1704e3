"""The facts about AWS as rows that play against AWS itself and against its double.

`python -m tools.live_aws` compares the two; `tests/project/test_live_suite.py` runs it with a
double in the place of AWS. Nothing here is a test of its own.
"""

from __future__ import annotations

from . import deletion, labels, limits, lookup, replicas, rotation, states, versions
from .outcome import Outcome
from .rows import Row

ROWS: tuple[Row, ...] = (
    *states.rows,
    *deletion.rows,
    *versions.rows,
    *labels.rows,
    *rotation.rows,
    *limits.rows,
    *lookup.rows,
    *replicas.rows,
)

__all__ = ["ROWS", "Outcome", "Row"]
