"""Rotation: set, changed, cancelled, and brought back after a restore.

What is done is a table: what is live x declared x remembered x flagged by a teardown x restored.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from core import cases
from core.tables import Cell, Row, cells, check
from recoverable_secrets.core import facts, learn, ownership, plan, rotation
from recoverable_secrets.core.decide import decide
from recoverable_secrets.core.facts import Rotation
from recoverable_secrets.core.model import RotationRules, Spec

FUNCTION = cases.FUNCTION
MONTHLY = Rotation(function=FUNCTION, days=30)
WEEKLY = dataclasses.replace(MONTHLY, days=7)
OFF = dataclasses.replace(MONTHLY, enabled=False)
FLAG = {ownership.ROTATION: "on"}
ABOUT = (plan.SetRotation, plan.CancelRotation)


def spec(days: int = 30, **told: Any) -> Spec:
    rules = RotationRules(automatically_after_days=days)
    return cases.spec(rotation_lambda_arn=FUNCTION, rotation_rules=rules, **told)


CANCELLED = cases.spec(rotation_enabled=False)


def live(found: Rotation | None, tags: Mapping[str, str] | None = None, **known: Any) -> Any:
    secret = cases.secret(rotation=found, tags={**(tags or {}), **cases.marks()})
    return cases.present(secret, policed=True, **known)


def decided(
    found: facts.Observed, wanted: facts.Kept, **policy: Any
) -> tuple[plan.SetRotation | plan.CancelRotation, ...]:
    decision = decide(found, wanted, cases.policy(**policy), cases.AWS)
    assert isinstance(decision, plan.Plan), decision
    return tuple(step for step in decision.actions if isinstance(step, ABOUT))


FACTORS = {
    "live": ("never", "on", "otherwise", "off"),
    "declared": ("not", "it", "off"),
    "remembered": ("nothing", "not declared", "it", "off"),
    "flagged": (False, True),
    "restored": (False, True),
}
LIVE = {"never": None, "on": MONTHLY, "otherwise": WEEKLY, "off": OFF}
SPECS: dict[str, Spec | None] = {
    "nothing": None,
    "not": cases.spec(),
    "not declared": cases.spec(),
    "it": spec(),
    "off": CANCELLED,
}


def on(c: Cell) -> bool:
    return c.live in {"on", "otherwise"}


def back(c: Cell) -> bool:
    """Whether a teardown has cancelled it, and what it was comes back."""
    known = c.restored or c.remembered == "nothing"
    return bool(c.flagged and c.live == "off" and known)


ROWS: tuple[Row, ...] = (
    ("as declared", lambda c: c.declared == "it" and c.live == "on", ()),
    ("declared, and never set, changed or cancelled", lambda c: c.declared == "it",
     ("SetRotation",)),
    ("declared off, and on", lambda c: c.declared == "off" and on(c), ("CancelRotation",)),
    ("declared off, and off", lambda c: c.declared == "off", ()),
    ("declared before and not now, and on", lambda c: c.remembered in {"it", "off"} and on(c),
     ("CancelRotation",)),
    ("declared before and not now, and off", lambda c: c.remembered in {"it", "off"}, ()),
    ("cancelled by a teardown: set again as it was", back, ("SetRotation",)),
    ("nobody says anything: it is left alone", lambda _: True, ()),
)  # fmt: skip


def test_what_is_done_about_rotation() -> None:
    def found() -> Iterator[tuple[Cell, tuple[str, ...]]]:
        for cell in cells(FACTORS):
            before = SPECS[cell.remembered]
            memory = None if before is None else cases.memory(spec=before)
            seen = live(LIVE[cell.live], FLAG if cell.flagged else {}, restored=cell.restored)
            steps = decided(seen, cases.kept(SPECS[cell.declared], memory=memory))
            for step in steps:
                if isinstance(step, plan.SetRotation):
                    assert step.rotation == MONTHLY
            yield cell, cases.kinds(plan.Plan(steps))

    assert check(ROWS, found()) == 192


@pytest.mark.parametrize("immediately", [False, True])
def test_it_fires_at_once_only_on_demand(*, immediately: bool) -> None:
    wanted = cases.kept(spec(), memory=cases.memory())
    (step,) = decided(live(None), wanted, rotate_immediately=immediately)
    assert step == plan.SetRotation(rotation=MONTHLY, immediately=immediately)


def test_what_a_restore_brings_back_never_fires_at_once() -> None:
    """Nobody asked for another value: the dates count from the restore on."""
    found = live(OFF, FLAG, restored=True)
    (step,) = decided(found, cases.kept(), rotate_immediately=True)
    assert step == plan.SetRotation(rotation=MONTHLY, immediately=False)


def test_a_rotation_is_off_again_where_what_was_restored_cannot_stay() -> None:
    """It is scheduled again then, and an overdue date would fire right after the next restore."""
    wanted = cases.kept(spec(), memory=cases.memory(spec=spec()))
    for tags, kept in ((None, wanted), (FLAG, cases.kept())):
        (step,) = decided(live(OFF, tags, restored=True), kept)
        assert isinstance(step, plan.SetRotation)
        assert step.undo == plan.CancelRotation()
    (step,) = decided(live(OFF), wanted)
    assert step.undo is None, "a live secret stays, and so does its rotation"


def test_a_rotation_stays_where_a_run_broke_off_after_the_restore() -> None:
    """The secret was live when this operation met it, so it is not scheduled again."""
    (step,) = decided(live(OFF, FLAG), cases.kept())
    assert (step, step.undo) == (plan.SetRotation(rotation=MONTHLY), None)


PENDING = plan.MoveStage(current=cases.OLDER, to=None, stage="AWSPENDING")
PUT_BACK = plan.MoveStage(current=None, to=cases.OLDER, stage="AWSPENDING")
REMEMBERED = cases.memory(spec=spec())
BROKEN_OFF: dict[str, tuple[Rotation, dict[str, str], bool, facts.Kept, bool]] = {
    "restored, and declared": (OFF, FLAG, True, cases.kept(spec(), memory=REMEMBERED), True),
    "restored, and not declared": (OFF, FLAG, True, cases.kept(), True),
    "a run broke off after the restore": (OFF, FLAG, False, cases.kept(spec()), True),
    "likewise, and not declared": (OFF, FLAG, False, cases.kept(), True),
    "no teardown cancelled it": (OFF, {}, True, cases.kept(spec()), False),
    "it is on, and a rotation may be at work": (WEEKLY, FLAG, True, cases.kept(spec()), False),
    "long since restored": (OFF, FLAG, False, cases.kept(spec(), memory=REMEMBERED), False),
}


@pytest.mark.parametrize(
    ("found", "tags", "restored", "wanted", "ended"), BROKEN_OFF.values(), ids=BROKEN_OFF
)
def test_a_rotation_that_a_teardown_broke_off_is_ended_before_another_is_set(
    found: Rotation, tags: dict[str, str], wanted: facts.Kept, *, restored: bool, ended: bool
) -> None:
    """The service refuses another one while the label of the first is there."""
    secret = cases.secret(
        rotation=found,
        tags={**tags, **cases.marks()},
        version=cases.FIRST,
        labels={"AWSPENDING": cases.OLDER},
    )
    seen = cases.present(secret, restored=restored)
    exact = wanted.memory is None
    steps = list(rotation.actions(seen, wanted, cases.policy(), exact=exact))
    assert steps == [*([PENDING] if ended else []), plan.SetRotation(rotation=MONTHLY)]
    off = plan.CancelRotation() if restored else None
    assert [step.undo for step in steps] == [*([PUT_BACK] if ended else []), off]
    there = dataclasses.replace(secret, version=cases.OLDER)
    done = rotation.actions(
        dataclasses.replace(seen, secret=there), wanted, cases.policy(), exact=exact
    )
    assert list(done) == [plan.SetRotation(rotation=MONTHLY)], "it had come to its end"


def test_it_is_settled_once_an_operation() -> None:
    """What the service then shows may be in other words than what was declared."""
    wanted = cases.kept(spec(), memory=cases.memory())
    assert decided(live(WEEKLY, rotated=True), wanted) == ()


def test_a_foreign_flag_is_not_ours_to_heed() -> None:
    """Only what a teardown of ours writes means that it was on."""
    assert decided(live(OFF, {ownership.ROTATION: "yes"}, restored=True), cases.kept()) == ()


def test_a_new_secret_is_rotated_by_one_more_call() -> None:
    wanted = cases.kept(spec())
    made = decide(facts.Absent(), wanted, cases.policy(), cases.AWS)
    assert isinstance(made, plan.Plan)
    known = learn.fold(facts.Absent(), made.actions[0], plan.Done(), facts.Ref(cases.NAME))
    assert isinstance(known, facts.Present)
    assert known.secret.tags[ownership.ROTATION] == "on", "written down with the creation"
    decision = decide(known, wanted, cases.policy(), cases.AWS)
    assert decision == plan.Plan((plan.SetRotation(rotation=MONTHLY),))


DECLARED: dict[str, tuple[Spec, Rotation | None]] = {
    "nothing": (cases.spec(), None),
    "off": (CANCELLED, None),
    "on, by nothing but that": (cases.spec(rotation_enabled=True), Rotation()),
    "by days": (spec(), MONTHLY),
    "by a schedule": (
        cases.spec(
            rotation_lambda_arn=FUNCTION,
            rotation_rules=RotationRules(schedule_expression="rate(4 hours)", duration="3h"),
        ),
        Rotation(function=FUNCTION, schedule="rate(4 hours)", duration="3h"),
    ),
    "by a partner": (
        cases.spec(
            external_secret_rotation_metadatas={"a": "b"}, external_secret_rotation_role_arn="r"
        ),
        Rotation(metadata={"a": "b"}, role="r"),
    ),
}


@pytest.mark.parametrize(("declared", "meant"), DECLARED.values(), ids=DECLARED)
def test_what_a_declaration_means(declared: Spec, meant: Rotation | None) -> None:
    assert rotation.declared(declared) == meant


FITS: dict[str, tuple[Rotation, Rotation | None, bool]] = {
    "the same": (MONTHLY, MONTHLY, True),
    "never set": (MONTHLY, None, False),
    "other days": (MONTHLY, WEEKLY, False),
    "what is not asked for may be anything": (
        MONTHLY, dataclasses.replace(MONTHLY, duration="3h", role="r"), True),
    "another function": (MONTHLY, dataclasses.replace(MONTHLY, function="f"), False),
    "cancelled": (MONTHLY, OFF, False),
}  # fmt: skip


@pytest.mark.parametrize(("asked", "found", "fits"), FITS.values(), ids=FITS)
def test_what_is_live_need_only_be_what_is_asked_for(
    asked: Rotation, found: Rotation | None, *, fits: bool
) -> None:
    assert rotation.fits(asked, found) is fits


def test_a_teardown_cancels_what_is_on_and_undone_it_goes_on_as_it_was() -> None:
    (cancel,) = rotation.cancelled(live(MONTHLY).secret, cases.AWS)
    assert cancel.undo == plan.SetRotation(rotation=MONTHLY, immediately=False)
    assert rotation.cancelled(live(OFF).secret, cases.AWS) == ()
    assert rotation.cancelled(live(None).secret, cases.AWS) == ()
    assert rotation.cancelled(live(MONTHLY).secret, cases.BARE) == ()


def shown(found: Rotation | None, declared: Spec) -> dict[str, Any]:
    told = rotation.shown(live(found).secret, declared)
    return {name: content for name, content in told.items() if content is not None}


def as_declared(declared: Spec) -> dict[str, Any]:
    fields = {name: getattr(declared, name) for name in rotation.FIELDS}
    return {name: content for name, content in fields.items() if content is not None}


def test_what_is_shown_is_as_declared_where_that_fits() -> None:
    """Anything else is a difference, which an update repairs."""
    assert shown(MONTHLY, cases.spec()) == {}, "what nobody declared is not managed"
    assert shown(MONTHLY, spec()) == as_declared(spec())
    longer = dataclasses.replace(MONTHLY, duration="3h")
    assert shown(longer, spec()) == as_declared(spec()), "what was not asked for is no drift"
    assert shown(WEEKLY, spec()) == as_declared(spec(7))
    hourly = Rotation(function=FUNCTION, schedule="rate(4 hours)", duration="3h")
    assert shown(hourly, spec()) == as_declared(DECLARED["by a schedule"][0])
    partner = Rotation(metadata={"a": "b"}, role="r")
    assert shown(partner, spec()) == {
        "rotation_rules": RotationRules(),
        **as_declared(DECLARED["by a partner"][0]),
    }
    assert shown(OFF, spec()) == {**as_declared(spec()), "rotation_enabled": False}
    assert shown(None, spec()) == {**as_declared(spec()), "rotation_enabled": False}
    assert shown(MONTHLY, CANCELLED) == {"rotation_enabled": True}, "somebody set it"
    assert shown(OFF, CANCELLED) == as_declared(CANCELLED)
    assert shown(None, CANCELLED) == as_declared(CANCELLED)
