"""Playing rows on both sides, and what the two outcomes come to."""

from __future__ import annotations

import contextlib
import dataclasses
import enum
import typing
from collections.abc import Iterable, Iterator
from typing import Any

from botocore import exceptions

import emulation

from .outcome import Outcome
from .rows import Row
from .scene import Scene, Side

DENIED = ("AccessDenied", "AccessDeniedException")


class Verdict(enum.Enum):
    """What a row came to."""

    SAME = "same"
    OTHER_WORDS = "same, other words"
    FINDING = "finding"
    DIFFERENT = "DIFFERENT"
    BROKEN = "BROKEN"
    NOT_ALLOWED = "not allowed"
    SKIPPED = "skipped"


FAILING = frozenset({Verdict.DIFFERENT, Verdict.BROKEN})


@dataclasses.dataclass(frozen=True)
class Result:
    """A row, what each side answered, and the verdict.

    Attributes:
        why: Why it was skipped or broke, or what a finding means for the double.
    """

    row: Row
    verdict: Verdict
    real: Outcome | None = None
    double: Outcome | None = None
    why: str = ""


@dataclasses.dataclass
class Double:
    """The double's side, and the double itself to turn its knobs."""

    aws: emulation.Aws
    side: Side

    @contextlib.contextmanager
    def behaving(self, **knobs: object) -> Iterator[None]:
        """Turn knobs while the block runs."""
        before = {name: getattr(self.aws.behaviour, name) for name in knobs}
        for name, choice in knobs.items():
            setattr(self.aws.behaviour, name, choice)
        try:
            yield
        finally:
            for name, choice in before.items():
                setattr(self.aws.behaviour, name, choice)


def choices(knob: str) -> tuple[object, ...]:
    """Return what a knob of the double can be set to."""
    kind = typing.get_type_hints(emulation.Behaviour)[knob]
    return (False, True) if kind is bool else typing.get_args(kind)


def play(rows: Iterable[Row], real: Side, double: Double, *, slow: bool) -> Iterator[Result]:
    """Play rows, one after the other; whatever a row raises is its own result."""
    for number, row in enumerate(rows):
        if row.play is None:
            yield Result(row, Verdict.SKIPPED, why=row.never)
        elif row.slow and not slow:
            yield Result(row, Verdict.SKIPPED, why=f"{row.slow}: --slow")
        else:
            yield _play(row, number, real, double)


def _play(row: Row, number: int, real: Side, double: Double) -> Result:
    assert row.play is not None
    try:
        answered = row.play(Scene(real, number))
    except exceptions.ClientError as error:
        code, operation = error.response["Error"].get("Code"), error.operation_name
        allowed = code not in DENIED
        verdict = Verdict.BROKEN if allowed else Verdict.NOT_ALLOWED
        return Result(row, verdict, why=f"AWS: {operation}: {code}")
    except Exception as error:  # noqa: BLE001 - the other rows are worth playing all the same
        return Result(row, Verdict.BROKEN, why=f"AWS: {type(error).__name__}: {error}")
    try:
        return _judge(row, number, answered, double)
    except Exception as error:  # noqa: BLE001 - likewise
        why = f"the double: {type(error).__name__}: {error}"
        return Result(row, Verdict.BROKEN, real=answered, why=why)


def _judge(row: Row, number: int, answered: Outcome, double: Double) -> Result:
    assert row.play is not None
    expected = row.play(Scene(double.side, number))
    if row.knob is not None:
        return _find(row, number, answered, expected, double)
    if _agree(answered, expected, words=True):
        return Result(row, Verdict.SAME, answered, expected)
    if answered.code in DENIED:
        return Result(row, Verdict.NOT_ALLOWED, answered, expected, why=answered.code)
    if _agree(answered, expected, words=row.quoted):
        return Result(row, Verdict.OTHER_WORDS, answered, expected)
    return Result(row, Verdict.DIFFERENT, answered, expected)


def _find(row: Row, number: int, answered: Outcome, expected: Outcome, double: Double) -> Result:
    """Tell to which setting of its knob AWS's answer corresponds."""
    assert row.knob is not None
    assert row.play is not None
    now = getattr(double.aws.behaviour, row.knob)
    for choice in sorted(choices(row.knob), key=lambda one: one != now):
        with double.behaving(**{row.knob: choice}):
            possible = row.play(Scene(double.side, number))
        if _agree(answered, possible, words=False):
            meaning = f"{row.knob} = {choice!r}"
            kept = ", as it is" if choice == now else f", where the double has {now!r}"
            return Result(row, Verdict.FINDING, answered, expected, why=meaning + kept)
    if answered.code in DENIED:
        return Result(row, Verdict.NOT_ALLOWED, answered, expected, why=answered.code)
    why = f"no setting of {row.knob} answers so"
    return Result(row, Verdict.DIFFERENT, answered, expected, why=why)


def _agree(one: Outcome, other: Outcome, *, words: bool) -> bool:
    told: Any = (one.code, one.shape), (other.code, other.shape)
    return bool(told[0] == told[1]) and (not words or one.message == other.message)
