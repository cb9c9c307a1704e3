"""What a teardown says, word for word, and how much it keeps of what is long."""

from __future__ import annotations

from typing import Any

import pytest

from core import cases, states
from recoverable_secrets.core import errors, facts, ownership, plan
from recoverable_secrets.core.decide import decide
from recoverable_secrets.core.facts import Mandate, Replica

LONG = states.LONG
"""A name of the greatest length; that it is cut shows at its end."""
OWNER = "o" * 251 + "/end!"
NAMES = pytest.mark.parametrize("name", [cases.NAME, LONG], ids=["a name", "a long name"])


def end(text: str, limit: int) -> str:
    """Return a text, or its last characters after a sign that there were more."""
    return text if len(text) <= limit else "…" + text[1 - limit :]


def said(seen: facts.Observed, wanted: facts.Gone, **policy: Any) -> list[str]:
    """Return what is done and what is said, in this order; of a refusal what is said."""
    decision = decide(seen, wanted, cases.policy(**policy), cases.AWS)
    if isinstance(decision, plan.Refusal):
        return ["refuse", decision.text]
    assert isinstance(decision, plan.Plan)
    assert all(len(note) <= errors.LIMIT for note in decision.notes)
    return [*cases.kinds(decision), *decision.notes]


BY_USER = {"memory": cases.memory()}
DEPUTY = {"instance": "aaaa", "mandate": Mandate.DEPUTY}
ROLLBACK = {"instance": "aaaa", "mandate": Mandate.ROLLBACK}
LATE = {"instance": "aaaa", "mandate": Mandate.LATE}
SCHEDULED = "ScheduleDeletion"
NOT_REMEMBERED = (
    "{} has no owner tag and is not remembered: not deleted. Delete it by hand, or give it the "
    "owner tag"
)
Situation = tuple[dict[str, str], dict[str, Any], str, list[str]]


def marked(owner: str | None = cases.OURS, origin: str | None = "created") -> dict[str, str]:
    return cases.marks(owner, "aaaa.1", origin)


TOLD: dict[str, Situation] = {
    "another's": (cases.marks(cases.OTHERS), BY_USER, "schedule",
                  [f"{{}} belongs to {cases.OTHERS}: left alone"]),
    "another's, of a long name": (cases.marks(OWNER), BY_USER, "schedule",
                                  [f"{{}} belongs to {end(OWNER, 60)}: left alone"]),
    "nobody's, for a deputy": (marked(None), DEPUTY, "schedule",
                               ["{} has no owner tag: left alone"]),
    "the old half of a replacement": (
        cases.marks(), {"instance": cases.PAST_MARK}, "schedule",
        ["{} goes on in its replacement: left alone"]),
    "of another life of the stack": (
        cases.marks(instance="bbbb.1"), DEPUTY, "schedule",
        ["{} goes on in another life of its stack: left alone"]),
    "nobody's, and not remembered": (
        cases.marks(None), {}, "schedule",
        ["refuse", NOT_REMEMBERED]),
    "nobody's, and another is remembered": (
        cases.marks(None), {"memory": cases.memory(id=cases.OTHER_ID)}, "schedule",
        ["refuse", NOT_REMEMBERED]),
    "nobody's, remembered, by force": (
        cases.marks(None), BY_USER, "force",
        [SCHEDULED, "{} has lost its owner tag: it is scheduled, not purged"]),
    "not created by the stack, by force": (
        marked(origin="restored"), DEPUTY, "force",
        [SCHEDULED, "{} was not created by its stack: it is scheduled, not purged"]),
    "nobody's, remembered, and not by force": (
        cases.marks(None), BY_USER, "schedule", [SCHEDULED]),
    "found, and taken back": (
        marked(origin="found"), ROLLBACK, "schedule", ["{} was there before: left alone"]),
    "found adopted, and taken back": (
        marked(origin="found adopted"), LATE, "schedule", ["{} was there before: left alone"]),
    "adopted, and asked for late": (
        marked(origin="adopted"), LATE, "schedule", ["{} was adopted for good: left alone"]),
    "adopted while it was pending, and asked for late": (
        marked(origin="adopted pending"), LATE, "schedule",
        ["{} was adopted for good: left alone"]),
    "adopted, and taken back": (
        marked(origin="adopted"), ROLLBACK, "schedule",
        ["DropTags", "{} released: it stays live"]),
    "created, taken back, and retained": (
        marked(), ROLLBACK, "retain", ["{} stays as it is: deletion is retain"]),
    "restored, taken back, and retained": (
        marked(origin="restored"), ROLLBACK, "retain", [SCHEDULED]),
    "retained": (cases.marks(), BY_USER, "retain", ["{} stays as it is: deletion is retain"]),
}  # fmt: skip


@NAMES
@pytest.mark.parametrize(("tags", "gone", "deletion", "told"), TOLD.values(), ids=TOLD)
def test_what_is_said_of_a_secret_that_nobody_wants_any_more(
    name: str, tags: dict[str, str], gone: dict[str, Any], deletion: str, told: list[str]
) -> None:
    seen = cases.present(cases.secret(name=name, tags=tags), confirmed=True)
    wanted = cases.gone(name=name, **gone)
    assert said(seen, wanted, deletion=deletion) == [each.format(end(name, 64)) for each in told]


FULL = {f"t{number}": "" for number in range(50 - ownership.MARKS)}
OHIO = Replica(region="us-east-2")
KEYED = Replica(region="eu-west-3", kms_key_id="alias/a")
MONTHLY = facts.Rotation(function=cases.FUNCTION, days=30)
MANY = tuple(Replica(region=f"ap-southeast-{number:02}") for number in range(40))
KEYS = tuple(
    Replica(region=f"ap-southeast-{n:02}", kms_key_id="alias/" + 30 * "k") for n in range(12)
)
"""There is no room for these keys in one tag."""
NO_ROOM = "no room in the tags of {} for "
LOST = NO_ROOM + "its replicas in {}: a restore brings them back only where they are declared"
UNROTATED = NO_ROOM + "its rotation: a restore brings it back only where it is declared"
KEYLESS = NO_ROOM + (
    "the keys of its replicas in {}: where they are not declared, they get the default key"
)


@NAMES
def test_what_is_said_of_what_a_restore_will_not_know(name: str) -> None:
    def notes(tags: dict[str, str], **told: Any) -> list[str]:
        seen = cases.present(cases.secret(name=name, tags={**tags, **cases.marks()}, **told))
        wanted = cases.gone(name=name, memory=cases.memory())
        return [each for each in said(seen, wanted) if " " in each]

    at = end(name, 64)
    assert notes(FULL, replicas=(OHIO,), rotation=MONTHLY) == [
        LOST.format(at, "us-east-2"),
        UNROTATED.format(at),
    ]
    assert notes(FULL, replicas=MANY) == [
        LOST.format(at, end(", ".join(copy.region for copy in MANY), 72))
    ]
    assert notes({}, replicas=KEYS) == [
        KEYLESS.format(at, end(", ".join(copy.region for copy in KEYS), 48))
    ]
    assert notes({}, replicas=(OHIO, KEYED), rotation=MONTHLY) == []
