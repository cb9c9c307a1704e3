"""`refuse_deletion_if_accessed_within`: what was read lately does not go, and when "lately" ends.

Whose secret, which state and which policy: those are factors of the decision tables. Here stand the
days, the moment in a teardown at which the guard speaks, and what it says.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator

import pytest

from core import cases, states
from core.tables import Cell, Row, cells, check
from recoverable_secrets.core import errors, facts, plan, refusals
from recoverable_secrets.core.decide import decide
from recoverable_secrets.core.facts import Mandate, Replica

DAY = dt.datetime(2030, 1, 15, tzinfo=dt.UTC)
"""The day of the last read, as AWS tells it: its midnight."""
NOON = dt.timedelta(hours=12)
LAST = dt.timedelta(hours=23, minutes=59, seconds=59)
HAWAII, KIRIBATI = (dt.timezone(dt.timedelta(hours=hours)) for hours in (-10, 14))


def days(count: int) -> dt.timedelta:
    return dt.timedelta(days=count)


LATELY = {
    "the same moment": (1, DAY, DAY, True),
    "the same day": (1, DAY, DAY + LAST, True),
    "24 hours after the day began: it may have been read at its end": (
        1, DAY, DAY + days(1), True),
    "the last moment at which a read may be a day old": (1, DAY, DAY + days(1) + LAST, True),
    "more than a day ago, whenever it was": (1, DAY, DAY + days(2), False),
    "the last moment of a week": (7, DAY, DAY + days(7) + LAST, True),
    "after a week": (7, DAY, DAY + days(8), False),
    "the last moment of a year": (365, DAY, DAY + days(365) + LAST, True),
    "after a year": (365, DAY, DAY + days(366), False),
    "a day that is told by another time than midnight": (1, DAY + NOON, DAY + days(2), False),
    "told in another zone, where it is the day before": (
        1, DAY.astimezone(HAWAII), DAY + days(1) + LAST, True),
    "and where it is the day after": (1, (DAY + NOON).astimezone(KIRIBATI), DAY + days(2), False),
    "asked where it is the day after already": (
        1, DAY, (DAY + days(1) + LAST).astimezone(KIRIBATI), True),
    "asked where it is the day before still": (
        1, DAY, (DAY + days(2)).astimezone(HAWAII), False),
    "a clock that is behind AWS's": (1, DAY, DAY - days(3), True),
    "never read": (365, None, DAY, False),
    "read this very day, and no guard": (0, DAY, DAY, False),
    "nobody tells the time: it may be any": (1, DAY, None, True),
    "nobody tells the time, and no guard": (0, DAY, None, False),
    "nobody tells the time, and never read": (1, None, None, False),
}  # fmt: skip


@pytest.mark.parametrize(("guard", "accessed", "now", "lately"), LATELY.values(), ids=LATELY)
def test_how_long_a_read_counts(
    guard: int, accessed: dt.datetime | None, now: dt.datetime | None, *, lately: bool
) -> None:
    assert refusals.read_within(accessed, guard, now) is lately
    decision = decide(
        cases.present(cases.secret(accessed=accessed)),
        cases.gone(memory=cases.memory(), now=now),
        cases.policy(refuse_deletion_if_accessed_within=guard),
        cases.AWS,
    )
    assert isinstance(decision, plan.Refusal) is lately


@pytest.fixture(params=["east", "west"])
def elsewhere(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine where it is the next day already, or still the day before."""
    with monkeypatch.context() as patched:
        patched.setenv("TZ", {"east": "EAST-14", "west": "WEST+12"}[request.param])
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize(("read", "asked"), [(DAY, LAST), (DAY + LAST, dt.timedelta())])
def test_the_zone_of_the_machine_means_nothing(read: dt.datetime, asked: dt.timedelta) -> None:
    policy = cases.policy(refuse_deletion_if_accessed_within=1)
    seen = cases.present(cases.secret(accessed=read))
    last, first = (cases.gone(now=DAY + days(count) + asked) for count in (1, 2))
    refused = decide(seen, last, policy, cases.AWS)
    assert isinstance(refused, plan.Refusal)
    assert "was last read on 2030-01-15: not deleted" in refused.text
    assert "wait until 2030-01-17, or" in refused.text
    assert cases.kinds(decide(seen, first, policy, cases.AWS)) == ("ScheduleDeletion",)


@pytest.mark.parametrize("guard", [1, 7, 30, 365])
def test_the_day_that_the_refusal_names_is_the_first_on_which_it_may_go(guard: int) -> None:
    policy = cases.policy(refuse_deletion_if_accessed_within=guard)
    seen = cases.present(cases.secret(accessed=DAY))
    refused = decide(seen, cases.gone(now=DAY), policy, cases.AWS)
    assert isinstance(refused, plan.Refusal)
    told = dt.date.fromisoformat(refused.text.partition("wait until ")[2][:10])
    first = dt.datetime.combine(told, dt.time(), dt.UTC)
    before = first - dt.timedelta(microseconds=1)
    kinds = [
        cases.kinds(decide(seen, cases.gone(now=now), policy, cases.AWS)) for now in (before, first)
    ]
    assert kinds == [("refuse",), ("ScheduleDeletion",)]


def test_what_is_said() -> None:
    policy = cases.policy(refuse_deletion_if_accessed_within=14)
    seen = cases.present(cases.secret(accessed=DAY))
    refused = decide(seen, cases.gone(now=DAY + days(3)), policy, cases.AWS)
    assert refused == plan.Refusal(
        "shop/dev/db was last read on 2030-01-15: not deleted. Find the reader (CloudTrail, "
        "access alarm), wait until 2030-01-30, or set refuse_deletion_if_accessed_within to less "
        "and deploy first"
    )
    assert plan.describe(refused).startswith("refused: shop/dev/db was last read on 2030-01-15")


def test_what_is_said_fits_whatever_the_name() -> None:
    seen = cases.present(cases.secret(name=states.LONG, accessed=DAY))
    policy = cases.policy(refuse_deletion_if_accessed_within=365)
    refused = decide(seen, cases.gone(name=states.LONG, now=DAY), policy, cases.AWS)
    assert isinstance(refused, plan.Refusal)
    assert len(refused.text) <= errors.LIMIT
    assert states.LONG[-60:] in refused.text


OHIO = Replica(region="us-east-2")
MONTHLY = facts.Rotation(function=cases.FUNCTION, days=30)
FACTORS = {
    "state": ("present", "pending"),
    "deletion": ("schedule", "force", "retain"),
    "mandate": tuple(Mandate),
    "key": (False, True),
    "begun": ("", "replicas", "rotation"),
    "lately": (False, True),
}
ROWS: tuple[Row, ...] = (
    ("retain, where nothing is taken back", lambda c: c.deletion == "retain"
     and c.mandate in {Mandate.OWN, Mandate.DEPUTY}, ()),
    ("force would hasten what somebody needs", lambda c: c.state == "pending" and c.lately
     and c.deletion == "force" and c.mandate in {Mandate.OWN, Mandate.DEPUTY}, ("refuse",)),
    ("force hastens it", lambda c: c.state == "pending" and c.deletion == "force"
     and c.mandate in {Mandate.OWN, Mandate.DEPUTY}, ("Purge",)),
    ("on its way already", lambda c: c.state == "pending", ()),
    ("before the key is looked at, and before anything is changed", lambda c: c.lately
     and not c.begun and c.mandate in {Mandate.OWN, Mandate.DEPUTY}, ("refuse",)),
    ("retain, of what is taken back", lambda c: c.deletion == "retain", ()),
    ("by force: what was begun is ended, for a secret must not be left without its copies",
     lambda c: c.deletion == "force" and c.mandate in {Mandate.OWN, Mandate.DEPUTY}
     and c.begun == "replicas", ("Purge",)),
    ("by force", lambda c: c.deletion == "force"
     and c.mandate in {Mandate.OWN, Mandate.DEPUTY}, ("RemoveReplicas", "Purge")),
    ("the key is looked at first", lambda c: c.key, ("CheckKey",)),
    ("what was begun is ended, and what is taken back goes: its rotation is left",
     lambda c: c.begun == "replicas", ("SetTags", "CancelRotation", "ScheduleDeletion")),
    ("its copies are left", lambda c: c.begun == "rotation",
     ("SetTags", "RemoveReplicas", "ScheduleDeletion")),
    ("all of it", lambda _: True,
     ("SetTags", "CancelRotation", "RemoveReplicas", "ScheduleDeletion")),
)  # fmt: skip


def torn_down(c: Cell) -> tuple[str, ...]:
    found = cases.secret(
        tags=cases.marks(instance="aaaa.1"),
        accessed=DAY,
        replicas=() if c.begun == "replicas" or c.state == "pending" else (OHIO,),
        rotation=None if c.begun == "rotation" else MONTHLY,
        kms_key_id=cases.KEY if c.key else None,
    )
    seen: facts.Observed = facts.PendingDeletion(secret=found)
    if c.state == "present":
        removed = frozenset({"us-east-2"} if c.begun == "replicas" else ())
        seen = cases.present(found, removed=removed, rotated=c.begun == "rotation")
    mark = None if c.mandate is Mandate.OWN else "aaaa"
    now = DAY + days(3 if c.lately else 30)
    wanted = cases.gone(instance=mark, mandate=c.mandate, now=now)
    policy = cases.policy(deletion=c.deletion, refuse_deletion_if_accessed_within=14)
    return cases.kinds(decide(seen, wanted, policy, cases.AWS))


def test_when_in_a_teardown_the_guard_speaks() -> None:
    def found() -> Iterator[tuple[Cell, tuple[str, ...]]]:
        yield from ((cell, torn_down(cell)) for cell in cells(FACTORS))

    assert check(ROWS, found()) == 288


def test_a_secret_that_is_replaced_is_not_guarded() -> None:
    """Those who read it by its name go on with the new one, and nobody reads what is pending."""
    seen = facts.PendingDeletion(secret=cases.secret(accessed=DAY))
    policy = cases.policy(
        on_recreate="replace", deletion="force", refuse_deletion_if_accessed_within=365
    )
    decision = decide(seen, cases.kept(cases.spec(cases.VALUE)), policy, cases.AWS)
    assert cases.kinds(decision) == ("Purge", "Wait", "Create")


def test_a_secret_that_is_left_alone_anyway_is_not_refused() -> None:
    """It would block the teardown of a stack that has no say in it."""
    policy = cases.policy(refuse_deletion_if_accessed_within=14)
    others = {
        "another's": (cases.marks(cases.OTHERS), None),
        "its replacement's": (cases.marks(), cases.PAST_MARK),
    }
    for why, (tags, mark) in others.items():
        seen = cases.present(cases.secret(tags=tags, accessed=DAY))
        decision = decide(seen, cases.gone(instance=mark, now=DAY), policy, cases.AWS)
        assert isinstance(decision, plan.Plan), why
        assert decision.actions == ()
        assert decision.notes
