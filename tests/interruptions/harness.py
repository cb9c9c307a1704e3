"""Any operation, interrupted at any call by any fault, and run again as its user would.

Theory: a surface sets a *stage* for an operation: an empty double, brought to where the operation
begins. An undisturbed run on one tells the calls, and where it ends. Then each call meets each
fault on a stage of its own; if the run did not succeed, it is run again; in the end all that AWS
holds must be the same. No call is written by hand.
"""

from __future__ import annotations

import collections
import contextlib
import functools
import os
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import emulation
from emulation import wire
from engine import scene
from interruptions import disturbances
from interruptions.disturbances import Call, Killed

SOAK = bool(os.environ.get("RECOVERABLE_SECRETS_SOAK"))
"""Whether all cases are played, and not a part of them."""

SHARE = 15
"""Otherwise one of so many is, always the same ones."""

_LONG = 600
"""Seconds after which no name is reserved any more."""


SECOND = "the second run"
"""In the place of a part of a secret, if that does not succeed."""


class Stage(Protocol):
    """One operation on a double of its own, ready to run."""

    aws: emulation.Aws
    way: str

    def log(self) -> list[tuple[str, str]]:
        """Return the service and the action of each call so far."""

    def disturb(self, call: Call, fault: str) -> disturbances.Disturbed:
        """Let a call go wrong."""

    def heal(self) -> None:
        """Let nothing go wrong any more."""

    def run(self) -> bool:
        """Run it; whether it succeeded for its user.

        Raises:
            Killed: The process died.
        """

    def again(self) -> bool:
        """Do, in this way, what a user does after a failure; whether it succeeded now."""

    def settled(self) -> str:
        """Return what is wrong with what the surface remembers in the end; empty if nothing."""


Op = TypeVar("Op")
SetStage = Callable[[], contextlib.AbstractContextManager[Stage]]


@dataclass(frozen=True)
class Case:
    """One interruption.

    Attributes:
        call: Which call is disturbed.
        fault: How.
        way: How it is run again.
    """

    call: Call
    fault: str
    way: str

    def __str__(self) -> str:
        return f"{self.call}, {self.fault}, {self.way}"

    def drawn(self, operation: str, share: int) -> bool:
        """Whether a run that plays one case of so many plays this one; always the same ones."""
        return zlib.crc32(f"{operation}: {self}".encode()) % share == 0


Excuse = Callable[[Case, Mapping[str, Any], bool], str]
"""Takes a case, what differs, and whether all is as at some moment; returns a reason."""


@dataclass
class Came:
    """What the cases of an operation came to.

    Attributes:
        cases: How many were played.
        again: How many of them did not succeed at first.
        undone: Stale reads that left something as it was, and no second run did it.
        wrong: By case, what was wrong.
        excused: How many ended elsewhere for a known reason, by that reason.
        unmet: Cases whose fault did not hit.
        timeless: Stale reads for which there was nothing older to show.
    """

    cases: int = 0
    again: int = 0
    undone: list[str] = field(default_factory=list)
    wrong: dict[str, Any] = field(default_factory=dict)
    excused: collections.Counter[str] = field(default_factory=collections.Counter)
    unmet: list[str] = field(default_factory=list)
    timeless: int = 0

    def told(self) -> str:
        """Return what was wrong, a line for each difference."""
        return "".join(
            f"\n{case}: {part}: {seen}"
            for case, parts in self.wrong.items()
            for part, seen in parts.items()
        )


@dataclass
class Interruptions:
    """All interruptions of one operation on one surface.

    Attributes:
        name: The operation.
        stage: Sets a new stage for it.
        ways: Returns the ways to run it again after a fault.
        excuse: Returns why a case may end elsewhere, from what is otherwise; empty if it may not.
        moments: What AWS holds before each call of an undisturbed run, and in the end.
        calls: The calls of an undisturbed run.
        expected: Where that ends.
    """

    name: str
    stage: SetStage
    ways: Callable[[str], Sequence[str]]
    excuse: Excuse = lambda _case, _wrong, _underway: ""
    moments: list[dict[str, Any]] = field(init=False, default_factory=list)
    calls: list[Call] = field(init=False)
    expected: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        """Run it undisturbed."""
        with self.stage() as undisturbed:
            double = undisturbed.aws
            double.hook("*", "before", lambda _: self.moments.append(held(double)), times=None)
            assert undisturbed.run(), "an undisturbed run does not succeed"
            double.heal()
            self.calls = disturbances.enumerated(undisturbed.log())
            assert undisturbed.settled() == ""
            self.expected = ends(double)
            self.moments.append(self.expected)

    def cases(self) -> Iterator[Case]:
        """Yield every interruption there is."""
        for call in self.calls:
            for fault in disturbances.apply_to(call):
                for way in self.ways(fault):
                    yield Case(call, fault, way)

    def play(self, share: int = SHARE) -> Came:
        """Play the cases, or one of so many; return what they came to."""
        came = Came()
        for case in self.cases():
            if SOAK or case.drawn(self.name, share):
                self.play_one(case, came)
        return came

    def play_one(self, case: Case, came: Came) -> None:
        """Play a case, and add what it came to."""
        with self.stage() as stage:
            stage.way = case.way
            disturbed = stage.disturb(case.call, case.fault)
            done = False
            with contextlib.suppress(Killed):
                done = stage.run()
            stage.heal()
            if disturbed.pointless:
                came.timeless += 1
                return
            came.cases += 1
            if not disturbed.met:
                came.unmet.append(str(case))
            wrong = self._wrong(stage, case, came, done=done)
            if not wrong and (memory := stage.settled()):
                wrong = {"what the surface remembers": memory}
            if wrong:
                came.wrong[str(case)] = wrong

    def _wrong(self, stage: Stage, case: Case, came: Came, *, done: bool) -> dict[str, Any]:
        """Run it again if it did not succeed; return what is wrong in the end."""
        if not done and case.fault in disturbances.SURVIVED:
            return {"the run": "does not succeed"}
        wrong = compared(ends(stage.aws), self.expected) if done else self._again(stage, came)
        if wrong and case.fault == "stale":
            return self._misled(stage, case, came)
        underway = all(self._underway(stage, part) for part in wrong)
        if wrong and (reason := self.excuse(case, wrong, underway)):
            came.excused[reason] += 1
            return {}
        return wrong

    def _again(self, stage: Stage, came: Came) -> dict[str, Any]:
        """Run it once more; return what is wrong then."""
        came.again += 1
        done = stage.again()
        wrong = compared(ends(stage.aws), self.expected)
        return wrong if done else {**wrong, SECOND: "does not succeed"}

    def _misled(self, stage: Stage, case: Case, came: Came) -> dict[str, Any]:
        """Run it once more after a look at the past; return what is as it never was.

        Nobody can do what AWS says is not there to be done; but nothing else may come of it.
        """
        wrong = self._again(stage, came)
        if wrong:
            came.undone.append(str(case))
        return {
            part: seen
            for part, seen in wrong.items()
            if part == SECOND or not self._underway(stage, part)
        }

    def _underway(self, stage: Stage, part: str) -> bool:
        """Whether all of a secret is as at some moment of an undisturbed run."""
        name = part.partition(": ")[0]
        return between(held(stage.aws).get(name), [moment.get(name) for moment in self.moments])


def between(now: Any, moments: Sequence[Any]) -> bool:
    """Whether each part of something is as it was at one of several moments."""
    if now in moments:
        return True
    if isinstance(now, list):
        return between(_by_label(now), [_by_label(each) for each in moments])
    if not isinstance(now, dict):
        return False
    known = [each or {} for each in moments]
    return all(
        between(now.get(name), [each.get(name) for each in known])
        for name in now.keys() | {name for each in known for name in each}
    )


def _by_label(versions: Any) -> dict[str, Any] | None:
    """Return the values of versions, and where each label is."""
    if not isinstance(versions, list):
        return None
    places = {label: value for labels, value in versions for label in labels}
    return {**places, "all values": tuple(value for _, value in versions)}


def of(
    name: str,
    operation: Op,
    staged: Callable[[Op], contextlib.AbstractContextManager[Stage]],
    ways: Callable[[Op, str], Sequence[str]],
    excuse: Callable[[Op], Excuse] | None = None,
) -> Interruptions:
    """Return all interruptions of an operation of some surface."""
    made = Interruptions(
        name, functools.partial(staged, operation), functools.partial(ways, operation)
    )
    if excuse:
        made.excuse = excuse(operation)
    return made


class StageOnDouble:
    """What all stages have in common whose calls all go to the double.

    Attributes:
        aws: The double.
        way: How what was interrupted is run again.
        older_list: What ListSecrets showed before the last write.
    """

    aws: emulation.Aws
    way = ""
    older_list: wire.Params | None = None

    def log(self) -> list[tuple[str, str]]:
        """Return the service and the action of each call so far."""
        return [(one.service, one.action) for one in self.aws.calls]

    def disturb(self, call: Call, fault: str) -> disturbances.Disturbed:
        """Let a call go wrong."""
        return disturbances.disturb(self.aws, call, fault, self.older_list)

    def heal(self) -> None:
        """Let nothing go wrong any more."""
        self.aws.heal()


def ends(double: emulation.Aws) -> dict[str, Any]:
    """Return all that AWS holds in the end, once no name is reserved any more."""
    double.clock.advance(seconds=_LONG)
    return held(double)


def held(double: emulation.Aws) -> dict[str, Any]:
    """Return all that AWS holds."""
    return {
        f"{one.name} in {one.region}": {**scene.end_of(one), "window": _window(one)}
        for one in double.secrets()
    }


def _window(one: emulation.SecretSnapshot) -> int | None:
    if one.deleted_date is None or one.purge_date is None:
        return None
    return (one.purge_date - one.deleted_date).days


def compared(came_to: dict[str, Any], expected: dict[str, Any]) -> dict[str, Any]:
    """Return what differs, as pairs of what is and what should be."""
    wrong: dict[str, Any] = {}
    for name in came_to.keys() | expected.keys():
        here, there = came_to.get(name), expected.get(name)
        if here is None or there is None:
            wrong[name] = (here, there)
            continue
        wrong |= {
            f"{name}: {part}": (content, there[part])
            for part, content in here.items()
            if content != there[part]
        }
    return wrong
