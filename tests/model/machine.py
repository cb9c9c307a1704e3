"""Runs one operation of an actor, disturbed or not, and holds the promises after each of its parts.

A disturbed operation is run twice: undisturbed on a copy of AWS, and disturbed on the real one,
where it is then run again as its user would. Both must come to the same end.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, ClassVar
from unittest import mock

import emulation
from emulation import inspection
from recoverable_secrets.core import errors, ownership
from recoverable_secrets.core.facts import Mandate

from . import actors, declarations, promise
from .actors import Actor, Program, State, Template
from .promise import Broken, Ledger, Right
from .troubles import WRITES, Killed, Trouble

START = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
VALUE_FIELDS = ("secret_string", "secret_json")
"""Outputs that hold the value; Pulumi encrypts them."""

Work = Callable[[Callable[[str], None]], State | None]


@dataclasses.dataclass
class Outcome:
    """What came of an operation.

    Attributes:
        state: What is remembered from now on; `None` for nothing.
        error: What it failed with.
        said: What the user was told.
    """

    state: State | None = None
    error: BaseException | None = None
    said: list[str] = dataclasses.field(default_factory=list)

    @property
    def kind(self) -> str:
        """What came of it, in a word."""
        return type(self.error).__name__ if self.error else "done"


class World:
    """One AWS, its ledger, and what happens in it.

    Attributes:
        happened: How often what happened, over all worlds.
    """

    happened: ClassVar[Counter[str]] = Counter()

    def __init__(self, behaviour: emulation.Behaviour) -> None:
        self.open = contextlib.ExitStack()
        self.aws = emulation.Aws(
            clock=emulation.Clock(START), behaviour=dataclasses.replace(behaviour)
        )
        self.open.enter_context(self.aws.in_process())
        self.ledger = Ledger(self.aws)

    def found(self, name: str) -> inspection.SecretSnapshot | None:
        """Return a secret as it is, live or pending."""
        one = self.aws.secret(name)
        return one if one.state in {"live", "pending"} else None

    # One operation ------------------------------------------------------------------------

    def attempt(self, aws: emulation.Aws, work: Work) -> Outcome:
        """Run an operation once; its pauses take the double's time."""
        outcome = Outcome()
        with self._its_time(aws):
            try:
                outcome.state = work(outcome.said.append)
            except (errors.RecoverableSecretsError, Killed) as error:
                outcome.error = error
        self._hold_tongue(aws, outcome)
        return outcome

    @contextlib.contextmanager
    def _its_time(self, aws: emulation.Aws) -> Iterator[None]:
        start = aws.clock.timestamp()

        def now() -> float:
            return aws.clock.timestamp() - start

        with (
            mock.patch.object(time, "sleep", lambda pause: aws.clock.advance(seconds=pause)),
            mock.patch.object(time, "monotonic", now),
        ):
            yield

    def _hold_tongue(self, aws: emulation.Aws, outcome: Outcome) -> None:
        """Look for values where none may be: texts, errors, outputs, and all else in AWS."""
        state, error = outcome.state, outcome.error
        outputs = {
            name: content
            for name, content in (state.outputs if state else {}).items()
            if name not in VALUE_FIELDS
        }
        others = [
            {k: v for k, v in promise.whole(one).items() if k not in {"versions", "value"}}
            for one in promise.all_of(aws)
        ]
        chain = [error, error and error.__cause__, error and error.__context__]
        told = [*outcome.said, *map(repr, chain), outputs, *others]
        told += [call.parameters for call in aws.calls]
        leaks = self.ledger.leaks(told)
        if leaks:
            raise Broken(f"a value stands where it must not: {leaks}")
        if error and not isinstance(error, Killed) and error.__context__ is not None:
            raise Broken(f"an error has a context, which logs show: {error.__context__!r}")

    def run(self, work: Work, right: Right) -> Outcome:
        """Run an operation undisturbed, and hold the promises."""
        self.ledger.begin()
        self.aws.calls.clear()
        outcome = self.attempt(self.aws, work)
        self.ledger.hold(right)
        return outcome

    def disturbed(
        self,
        name: str,
        work: Work,
        right: Callable[[], Right],
        trouble: Trouble | None,
        *,
        undone: bool = False,
        rotated: bool = False,
    ) -> tuple[Outcome, bool]:
        """Run an operation, disturbed; where it breaks off, run it again.

        Args:
            name: The secret that it is about.
            work: The operation.
            right: What it may do, as things are when it is called.
            trouble: What goes wrong.
            undone: Whether a restore has to be taken back if the rest fails.
            rotated: It rotates at once: run again, it cannot know what rotation put in between.

        Returns:
            What came of it, and whether it had failed for good at first.
        """
        if trouble is None:
            return self.run(work, right()), False
        self.ledger.begin()
        before = self.found(name)
        twin = promise.fork(self.aws)
        with twin.in_process():
            expected = self.attempt(twin, work)
        allowed = right()
        self.aws.calls.clear()
        fault = trouble.inject(self.aws)
        outcome = self.attempt(self.aws, work)
        self.aws.remove(fault)
        self.ledger.hold(allowed)
        self.happened[f"trouble: {trouble.kind}, {outcome.kind}"] += 1
        if undone and before and before.state == "pending":
            self._scheduled_again(name, outcome)
        failed = outcome.kind not in {expected.kind, "done"}
        again = failed or trouble.kind == "stale"
        if again:
            outcome = self.run(work, right())
        if outcome.kind != expected.kind:
            raise Broken(
                f"undisturbed: {expected.kind} ({expected.error}); after {trouble} and once more: "
                f"{outcome.kind} ({outcome.error})"
            )
        if not rotated:
            self._same_end(name, twin, trouble)
        return outcome, failed

    def _scheduled_again(self, name: str, outcome: Outcome) -> None:
        """What was restored for a stack that then failed is held by nobody: it must not stay."""
        failed = isinstance(outcome.error, errors.RecoverableSecretsError)
        told = any("after the failure failed" in text or "not be put" in text
                   for text in outcome.said)  # fmt: skip
        now = self.found(name)
        if failed and not told and now and now.state == "live":
            raise Broken(f"{name} stays live after a failure, and nobody was told")

    def _same_end(self, name: str, twin: emulation.Aws, trouble: Trouble) -> None:
        for aws in (twin, self.aws):
            aws.clock.advance(seconds=3)  # Copies that were removed may still be listed.
        ends = [promise.end(aws, name, declarations.MADE_UP) for aws in (twin, self.aws)]
        if ends[0] != ends[1]:
            parts = {k: [e.get(k) for e in ends] for k in ends[0] if ends[0][k] != ends[1].get(k)}
            raise Broken(f"after {trouble} another end than undisturbed: {parts}")

    # What an engine does with it ----------------------------------------------------------

    def up(self, actor: Actor, fields: Any, trouble: Trouble | None = None) -> Outcome:
        """Bring a secret to what a stack declares, whatever goes wrong on the way."""
        state, mark = actor.state, actor.mark()
        before = self.found(actor.name)

        def right() -> Right:
            return actors.right_to_up(actor, state, fields, self.ledger.look())

        excuses = list(self._excuses(actor, state, fields, before))
        if isinstance(actor, Template) and trouble and "killed" not in trouble.kind:
            return self._event(actor, fields, trouble, mark)
        outcome, _ = self.disturbed(
            actor.name,
            lambda say: actor.up(state, fields, say, mark),
            right,
            trouble,
            undone=True,
            rotated="rotate_immediately" in fields,
        )
        self.happened[f"up: {outcome.kind}"] += 1
        if outcome.error is None:
            actor.state = outcome.state
            self._arrived(actor, state, fields, before, outcome)
        elif outcome.kind not in excuses:
            raise Broken(f"{actor.name} should have come about: {outcome.error!r}")
        return outcome

    def _event(self, actor: Template, fields: Any, trouble: Trouble, mark: str) -> Outcome:
        """Deliver an event that may fail; CloudFormation then takes it back."""
        state = actor.state
        self.ledger.begin()
        right = actors.right_to_up(actor, state, fields, self.ledger.look())
        self.aws.calls.clear()
        fault = trouble.inject(self.aws)
        outcome = self.attempt(self.aws, lambda say: actor.up(state, fields, say, mark))
        self.aws.remove(fault)
        self.ledger.hold(right)
        self.happened[f"event: {trouble.kind}, {outcome.kind}"] += 1
        if outcome.error is None:
            actor.state = outcome.state
        else:
            self.take_back(actor, state, fields, mark)
        return outcome

    def take_back(self, actor: Template, before: State | None, fields: Any, mark: str) -> None:
        """Roll a Create or an Update back; this must never fail, and never destroys."""
        there = self.ledger.look()
        right = actors.right_to_up(actor, before, fields, there)
        declared = actors.parsed(before.fields if before else fields).policy
        right = dataclasses.replace(
            right, force=frozenset(), puts=0, creates="",
            window=None if before else declared.recovery_window_in_days,
        )  # fmt: skip
        if before is None:
            tried = actor.state
            outcome = self.run(
                lambda say: actor.down(tried, say, mark, Mandate.ROLLBACK, fields),
                right,
            )
        else:
            attempted = State(actor.state.id if actor.state else before.id, fields)
            outcome = self.run(
                lambda say: actor.up(attempted, before.fields, say, mark, Mandate.ROLLBACK), right
            )
        self.happened[f"rollback: {outcome.kind}"] += 1
        if outcome.error is None:
            actor.state = outcome.state if before else None

    def _excuses(
        self, actor: Actor, state: State | None, fields: Any, before: Any
    ) -> Iterator[str]:
        """Yield the errors with which an undisturbed operation may end."""
        policy = actors.parsed(fields).policy
        if actor.bound(state) and (before is None or (state and before.arn != state.id)):
            yield "Refused"  # It is gone, and Pulumi cannot change the id.
        if self.aws.secret(actor.name).state == "purging":
            yield "Refused"  # For some moments AWS shows what was purged as if it were pending.
        if before is None:
            pass
        elif not actors.may_take(actor, state, fields, before) or (
            before.state == "pending" and policy.on_recreate != "restore"
        ):
            yield "Refused"
        elsewhere = [
            one for one in promise.all_of(self.aws)
            if one.name == actor.name and one.region != actors.REGION
        ]  # fmt: skip
        if elsewhere and not policy.force_overwrite_replica_secret:
            yield "StoreError"  # A copy's name is taken in its region.

    def _arrived(
        self, actor: Actor, state: State | None, fields: Any, before: Any, outcome: Outcome
    ) -> None:
        """Check what a user counts on who is told that all went well."""
        now = self.found(actor.name)
        if not self.aws.calls:
            return  # Memory alone proved that there is nothing to do.
        if now is None or now.state != "live" or actor.state is None:
            raise Broken(f"{actor.name} is not there, and nobody was told")
        if now.arn != actor.state.id or now.tags.get(ownership.OWNER) != actor.owner:
            raise Broken(f"{actor.name} is another's, or has another ARN than was told")
        if before and before.arn in self.ledger.lives and before.arn != now.arn:
            raise Broken(f"{actor.name} has another ARN than before")
        value = declarations.literal(fields)
        anew = state is None or declarations.literal(dict(state.fields)) != value
        kept = any("keeps the value" in text for text in outcome.said)
        rotated = fields.get("rotate_immediately")
        if value is not None and anew and not kept and not rotated and now.value != value:
            raise Broken(f"the declared value of {actor.name} is not the current one")
        self.happened["restored" if before and before.state == "pending" else "arrived"] += 1

    def down(self, actor: Actor, trouble: Trouble | None = None) -> Outcome:
        """Tear a secret down, whatever goes wrong on the way."""
        state = actor.state
        if state is None:
            return Outcome()
        before = self.found(actor.name)

        def right() -> Right:
            return actors.right_to_down(actor, state, state.fields, self.ledger.look())

        allowed = right()

        def work(say: Callable[[str], None]) -> None:
            actor.down(state, say, "")

        outcome, _ = self.disturbed(actor.name, work, right, trouble)
        self.happened[f"down: {outcome.kind}"] += 1
        if outcome.error is not None:
            raise Broken(f"{actor.name} cannot be torn down: {outcome.error!r}")
        actor.state = None
        mine = before is not None and before.arn in allowed.touch and before.arn == state.id
        now = self.found(actor.name)
        if mine and now and now.state == "live" and allowed.window is not None:
            left_alone = any("goes on in" in text for text in outcome.said)
            if not left_alone:
                raise Broken(f"{actor.name} is live after its teardown, and nobody was told")
        return outcome

    def _all(self) -> dict[str, Any]:
        return {arn: promise.whole(one) for arn, one in self.ledger.look().items()}

    def unchanged(self, actor: Program) -> None:
        """The same declaration again, with and without a refresh: no write, no version."""
        state = actor.state
        if state is None:
            return
        self.ledger.begin()
        before = self._all()
        fresh = actor.refreshed(state, lambda _: None)
        if fresh is None or not actor.same(fresh, state.fields):
            raise Broken(f"{actor.name} is not settled: {fresh and fresh.outputs.get('drifted')}")
        for one in (state, fresh):
            inputs = actor.inputs(state.fields)
            outcome = self.run(
                lambda say, one=one, inputs=inputs: State(  # type: ignore[misc]
                    one.id, state.fields,
                    actors.resource.update(one.id, one.outputs, inputs, say),
                ),
                Right(),
            )  # fmt: skip
            wrote = [call for call in self.aws.actions() if call in WRITES]
            changed = [
                (part, before[arn][part], content)
                for arn, now in self._all().items()
                for part, content in now.items()
                if content != before[arn][part]
            ]
            if wrote or outcome.error or changed:
                raise Broken(f"{actor.name}, unchanged: {wrote} {outcome.error!r} {changed}")
        self.happened["unchanged"] += 1


def right_by_hand(arns: Iterable[str | None], **more: Any) -> Right:
    """Return what a person may do in the console."""
    touched = frozenset(str(arn) for arn in arns if arn)
    return Right(touch=touched, unlabel=True, puts=9, **more)
