"""How commands change secrets: show the plan, ask once, do it, and say what came of each.

Whatever ends such a run early, it says for each secret whether it is done, half done or not begun,
and the same command again goes on where it stopped.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Annotated

import typer

from recoverable_secrets.core import decide, errors, facts, plan
from recoverable_secrets.core.errors import short
from recoverable_secrets.core.policy import Policy

from . import exits, reports
from .exits import Exit
from .reports import Done
from .targets import Target
from .where import Run

AGAIN = "run the same command again"

_CREDENTIALS = "AWS credentials"
"""What stands in a text that says that no call can succeed."""

DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Show what would be done, and do none of it.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")]


@dataclass(slots=True, kw_only=True)
class Change:
    """What is to be done with a secret, and what came of it.

    Attributes:
        target: The secret as it was seen.
        wanted: What should be.
        policy: What may happen.
        refused: Why it is not done, where the command itself knows.
        remedy: What to run instead, if that is so.
        then: What declarations will do with it afterwards.
        decision: What would be done with the secret as it was seen.
        result: What came of it.
        actions: What was done, a line for each step.
        notes: What people should know of it.
    """

    target: Target
    wanted: facts.Wanted
    policy: Policy = field(default_factory=Policy)
    refused: str = ""
    remedy: str = ""
    then: Sequence[str] = ()
    decision: plan.Decision = field(init=False)
    result: Done = Done.NOT_BEGUN
    actions: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Decide what would be done; this makes no call."""
        store = self.target.place.store.capabilities
        self.decision = (
            plan.Refusal(self.refused)
            if self.refused
            else decide.decide(self.target.seen, self.wanted, self.policy, store)
        )

    @property
    def lines(self) -> list[str]:
        """What would be done, or why not, a line for each."""
        return plan.describe(self.decision).splitlines()

    @property
    def needed(self) -> bool:
        """Whether there is anything to do."""
        return isinstance(self.decision, plan.Plan) and bool(self.decision.actions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a command is told to do with all its secrets.

    Attributes:
        command: Its name, for the report and for what to run again.
        question: What is asked before anything is done; {} stands for how many secrets.
        dry_run: Whether nothing is done.
        yes: Whether it was confirmed beforehand.
        again: What to do if it is interrupted.
        broken: What to do besides if a secret was broken off.
        confirmed: What asks in another way than by one question.
    """

    command: str
    question: str
    dry_run: bool = False
    yes: bool = False
    again: str = AGAIN
    broken: str = ""
    confirmed: Callable[[Sequence[Change]], bool] | None = None


def carry_out(run: Run, order: Order, changes: Sequence[Change]) -> None:
    """Show what would be done, ask, do it, and report.

    Raises:
        Interrupted: The user interrupted it; the text says how far it came.
        InvalidInput: There is nobody to ask.
    """
    for change in changes:
        _show(run, change)
    needed = [change for change in changes if change.needed]
    confirmed = False
    if order.dry_run:
        for change in needed:
            change.result = Done.PLANNED
        run.out.note("dry run: nothing was done")
    elif needed:
        confirmed = _confirmed(run, order, needed)
        if confirmed:
            run.out.must_finish = True
            _all(run, order, needed, changes)
        else:
            run.out.problem("not confirmed: nothing was done")
            run.ended(Exit.REFUSED)
    _report(run, order, changes, confirmed=confirmed)


def _confirmed(run: Run, order: Order, needed: Sequence[Change]) -> bool:
    if order.confirmed:
        return order.confirmed(needed)
    secrets = "1 secret" if len(needed) == 1 else f"{len(needed)} secrets"
    return run.out.confirm(order.question.format(secrets), yes=order.yes)


def _show(run: Run, change: Change) -> None:
    """Show the plan of a secret, to people in any case: they are going to be asked."""
    say = run.out.aside if run.out.json else run.out.line
    if isinstance(change.decision, plan.Plan):
        say(f"{change.target} ({_state(change.target)})")
        for line in change.lines:
            say(f"  {line}")
        for line in change.then:
            say(f"    {line}")
        if not change.decision.actions:
            change.result = Done.NOTHING
    else:
        change.result = Done.REFUSED
        kind = errors.Refused if isinstance(change.decision, plan.Refusal) else None
        text = change.decision.text
        run.problem(
            kind(text) if kind else errors.StoreError(text, "NotPossible"),
            change.target.place.region,
            change.target.secret.name,
        )
        if change.remedy:
            run.out.aside(f"  {change.remedy}")


def _state(target: Target) -> str:
    return (
        f"{target.state}, of {target.owner}" if target.owner else f"{target.state}, without owner"
    )


def _all(run: Run, order: Order, needed: Sequence[Change], changes: Sequence[Change]) -> None:
    hopeless: set[str] = set()
    begun: Change | None = None
    try:
        for number, change in enumerate(needed, 1):
            region = change.target.place.region
            if region in hopeless:
                continue
            begun = change
            with run.out.busy(f"{number} of {len(needed)}: {change.target}"):
                error = _do(run, change)
            if error and _CREDENTIALS in str(error):
                hopeless.add(region)
                run.out.problem(f"the rest in {region} was not begun; {order.again}")
    except KeyboardInterrupt:
        if begun and begun.result is Done.NOT_BEGUN:
            with contextlib.suppress(KeyboardInterrupt):  # Pressed again: it stays unknown.
                _interrupted(run, begun)
        _report(run, order, changes, confirmed=True)
        raise exits.Interrupted(_how_far(order, needed)) from None


def _do(run: Run, change: Change) -> errors.RecoverableSecretsError | None:
    """Do what is to be done with one secret, say what came of it, and return what went wrong."""
    target = change.target

    def say(note: str) -> None:
        change.notes.append(note)
        run.out.line(note)

    try:
        done = target.place.engine(say).run(change.wanted, change.policy)
    except Exception as failure:  # noqa: BLE001  # The other secrets are still to be done.
        error = exits.told(failure)
        change.result = Done.REFUSED if isinstance(error, errors.Refused) else Done.FAILED
        run.problem(error, target.place.region, target.secret.name)
        return error
    change.actions = plan.describe(plan.Plan(done.actions)).splitlines() if done.actions else []
    if _left(change, done.known):
        change.result = Done.REFUSED
        error = errors.Refused(
            f"{short(target.secret.name)} was left alone: it is another's now, or another one than "
            "was shown. Look again, then decide anew"
        )
        run.problem(error, target.place.region, target.secret.name)
        return error
    change.result = Done.DONE if done.actions else Done.NOTHING
    run.out.line(f"{target}: {change.result.value}", "green")
    return None


def _left(change: Change, known: facts.Observed) -> bool:
    """Whether a secret that was to be deleted is still there, or one to be purged pending."""
    there = facts.Present | facts.PendingDeletion if change.policy.force else facts.Present
    return isinstance(change.wanted, facts.Gone) and isinstance(known, there)


def _interrupted(run: Run, change: Change) -> None:
    """Find out what an operation came to that was broken off, for nobody else knows."""
    target = change.target
    change.result = Done.INTERRUPTED
    with contextlib.suppress(errors.RecoverableSecretsError):
        left = target.place.engine().preview(change.wanted, change.policy)
        whole = isinstance(left, plan.Plan) and not left.actions
        change.result = Done.DONE if whole else Done.INTERRUPTED
        if not whole:
            change.notes = [f"left to do: {line}" for line in plan.describe(left).splitlines()]
    run.out.line(f"{target}: {change.result.value}")
    for note in change.notes:
        run.out.line(f"  {note}")


def _how_far(order: Order, needed: Sequence[Change]) -> str:
    """Return how far an interrupted run came, and how to go on."""
    count = {done: sum(change.result is done for change in needed) for done in Done}
    wrong = count[Done.FAILED] + count[Done.REFUSED]
    ended = len(needed) - count[Done.INTERRUPTED] - count[Done.NOT_BEGUN] - wrong
    failed = f"; {wrong} failed" if wrong else ""
    half = [str(change.target) for change in needed if change.result is Done.INTERRUPTED]
    broken_off = f"; broken off at {half[0]}" if half else ""
    more = f". To go on, {order.again}{order.broken if half else ''}"
    return (
        f"interrupted: {ended} of {len(needed)} done{failed}{broken_off}; "
        f"{count[Done.NOT_BEGUN]} not begun{'' if ended == len(needed) else more}"
    )


def _report(run: Run, order: Order, changes: Sequence[Change], *, confirmed: bool) -> None:
    if not run.out.json:
        return
    run.out.document(
        reports.Changes(
            problems=run.problems,
            command=order.command,
            dry_run=order.dry_run,
            confirmed=confirmed,
            changes=[
                reports.Change(
                    name=each.target.secret.name,
                    arn=each.target.secret.id,
                    region=each.target.place.region,
                    owner=each.target.owner,
                    plan=each.lines,
                    then=list(each.then),
                    result=each.result,
                    actions=each.actions,
                    notes=each.notes,
                )
                for each in changes
            ],
        )
    )
