"""Whether an enumeration is complete: what must be in it, held against what was recorded."""

from __future__ import annotations

import collections
from collections.abc import Iterable

from interruptions import disturbances
from interruptions.harness import Interruptions


def missing(of: Interruptions, expects: Iterable[str]) -> list[str]:
    """Return the calls that an operation was to make, in this order, and did not."""
    made = iter([call.action for call in of.calls])
    return [action for action in expects if action not in made]


def unequal(of: Interruptions) -> dict[str, object]:
    """Return the calls that do not meet each fault there is for them at least once."""
    met: dict[str, set[str]] = collections.defaultdict(set)
    for case in of.cases():
        met[str(case.call)].add(case.fault)
    wanted = {str(call): set(disturbances.apply_to(call)) for call in of.calls}
    return {call: met[call] ^ faults for call, faults in wanted.items() if met[call] != faults}
