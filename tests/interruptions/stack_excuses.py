"""Why a stack may end elsewhere than an undisturbed one: each reason, and exactly when it holds.

CloudFormation does not go on where a stack stopped: it rolls back, and the user begins anew. What
the rollback did shows in the end, as it is meant to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from interruptions.disturbances import CLOUDFORMATION
from interruptions.harness import SECOND, Case, Excuse
from interruptions.stack_stage import RETRY, Operation
from recoverable_secrets.core import ownership

UNFINISHED = "what had not been done when it failed is not there, and so not taken back either"
ANOTHER_WAY = "its marks tell: scheduled by the rollback and restored, or found live after a kill"
UNMARKED = "killed or cut off between the restore and the mark: a rollback leaves it live"
UNPROVEN = "that nothing tells of the stack: taken for a rollback, and scheduled instead of purged"
ABANDONED = "a version that the rollback took all labels off, so that AWS drops it"
"""docs/security.md has them too, under "Left over" and among what a rollback does."""

Wrong = Mapping[str, Any]
Holds = Callable[[Operation, Case, Wrong, bool], bool]


def _unfinished(operation: Operation, case: Case, wrong: Wrong, underway: bool) -> bool:  # noqa: FBT001
    return operation.fails and underway


_HOW_IT_CAME = {ownership.ORIGIN, ownership.REPLICAS, ownership.ROTATION}
"""Tags that tell how a secret came to its stack, and what a teardown took away for a while."""


def _came_otherwise(seen: Any) -> bool:
    """Whether two sets of tags differ in nothing else."""
    here, there = ({k: v for k, v in tags.items() if k not in _HOW_IT_CAME} for tags in seen)
    return here == there


def _another_way(operation: Operation, case: Case, wrong: Wrong, underway: bool) -> bool:  # noqa: FBT001
    origins = all(part.endswith(": tags") and _came_otherwise(seen) for part, seen in wrong.items())
    return origins and (case.way == RETRY or case.fault.startswith("killed"))


def _unmarked(operation: Operation, case: Case, wrong: Wrong, underway: bool) -> bool:  # noqa: FBT001
    lost = case.fault.startswith("killed") or case.fault == "reset from here on"
    parts = {part.rpartition(": ")[2]: seen for part, seen in wrong.items()}
    live = parts.get("state") == ("live", "pending") and parts.keys() <= {"state", "window", "tags"}
    return operation.fails and lost and live


def _unproven(operation: Operation, case: Case, wrong: Wrong, underway: bool) -> bool:  # noqa: FBT001
    scheduled = all(
        seen[1] is None and isinstance(seen[0], dict) and seen[0].get("state") == "pending"
        for seen in wrong.values()
    )
    asked = case.call.service == CLOUDFORMATION and case.fault == "denied"
    return asked and operation.properties is None and scheduled


def _abandoned(operation: Operation, case: Case, wrong: Wrong, underway: bool) -> bool:  # noqa: FBT001
    def labelled(versions: Any) -> list[Any]:
        return [version for version in versions if version[0]]

    same = all(
        part.endswith(": versions") and labelled(seen[0]) == labelled(seen[1])
        for part, seen in wrong.items()
    )
    return same and case.way == RETRY


TABLE: Mapping[str, Holds] = {
    UNFINISHED: _unfinished,
    ANOTHER_WAY: _another_way,
    UNMARKED: _unmarked,
    UNPROVEN: _unproven,
    ABANDONED: _abandoned,
}


def excuse(operation: Operation) -> Excuse:
    """Return what excuses cases of an operation."""

    def found(case: Case, wrong: Wrong, underway: bool) -> str:  # noqa: FBT001
        for reason, holds in TABLE.items():
            if SECOND not in wrong and holds(operation, case, wrong, underway):
                return reason
        return ""

    return found
