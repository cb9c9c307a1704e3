"""Rotation, as far as it goes without a Lambda function."""

from __future__ import annotations

import functools
from typing import Any

from .outcome import Outcome
from .rows import Rows
from .scene import Scene

rows = Rows("Rotation")

WITHOUT = "needs a Lambda function"


def _rotate(at: Scene, *, rules: dict[str, Any]) -> Outcome:
    name = at.live()
    function = f"arn:{at.side.partition}:lambda:{at.side.region}:{at.side.account}:function:no"
    answer = at.ask(
        "RotateSecret",
        SecretId=name,
        RotationLambdaARN=function,
        RotationRules=rules,
        RotateImmediately=False,
    )
    return answer.also(enabled=at.described(name).get("RotationEnabled", "not told"))


RULES: dict[str, dict[str, Any]] = {
    "1,001 days": {"AutomaticallyAfterDays": 1001},
    "days and a schedule": {"AutomaticallyAfterDays": 9, "ScheduleExpression": "rate(10 days)"},
    "a schedule that is none": {"ScheduleExpression": "every day!"},
    "a duration that is none": {"AutomaticallyAfterDays": 9, "Duration": "3d"},
}

for _title, _rules in RULES.items():
    rows.put(functools.partial(_rotate, rules=_rules), f"RotateSecret, {_title}", "D")


@rows.add("RotateSecret with rules and no function", "D")
def no_function(at: Scene) -> Outcome:
    """IRE, and nothing is set."""
    name = at.live()
    answer = at.ask("RotateSecret", SecretId=name, RotationRules={"AutomaticallyAfterDays": 30})
    return answer.also(rules="RotationRules" in at.described(name))


rows.unplayable("RotateSecret, and CancelRotateSecret after it: the rules stay", "D", WITHOUT)
rows.unplayable("RotateSecret, not at once: AWSPENDING comes and goes", "D", WITHOUT)
rows.unplayable("RotateSecret while one is under way", "D", WITHOUT)
rows.unplayable(
    "A rotation whose date passed while deletion was pending",
    "?",
    f"{WITHOUT}, and days",
    knob="overdue_rotation_fires",
)
