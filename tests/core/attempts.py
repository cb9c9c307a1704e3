"""What is done to take an operation back, in few words."""

from __future__ import annotations

from typing import Any

from core import cases
from recoverable_secrets.core import facts, plan, rollback
from recoverable_secrets.core.facts import Mandate
from recoverable_secrets.core.model import Spec

MARK = "aaaa.1111"
NEW, OLD = cases.FIRST, cases.OLDER
"""The version that the attempt wrote, and the one that was current before."""


def wanted(before: Spec, attempted: Spec | None, **told: Any) -> facts.Kept:
    memory = None
    if attempted is not None:
        memory = facts.Memory(id=cases.ID, owner=cases.OURS, spec=attempted)
    ready = {"memory": memory, "mandate": Mandate.ROLLBACK, "instance": MARK}
    return cases.kept(before, **{**ready, **told})


def steps(before: Spec, attempted: Spec, **live: Any) -> list[plan.Action]:
    """Return what is done about a secret that looks like this now."""
    tags = {**live.pop("tags", {}), **cases.marks(cases.OURS, "aaaa.2222")}
    told = ("holds", "differs", "removed", "policed", "rotated")
    known = {name: live.pop(name) for name in told if name in live}
    present = cases.present(cases.secret(tags=tags, **live), **known)
    return list(rollback.actions(present, wanted(before, attempted), cases.AWS))
