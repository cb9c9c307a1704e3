"""Brings a secret to what is wanted: observe, decide, apply, until there is nothing to do.

It never assumes that a call did what it said: each outcome is folded into what is known, a
conflict is looked into, and the core decides again. Rounds and time are bounded. What was done
half-way is taken back if the rest fails for good.
"""

from __future__ import annotations

import dataclasses
import functools
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from .core import decide, errors, facts, generate, learn, ownership, plan, values
from .core.facts import Observed, PendingDeletion, Present, Purging, Wanted
from .core.model import Spec
from .core.policy import Policy
from .core.references import ValueFrom
from .core.sealed import Sealed
from .stores import SecretStore, patience

_Answer = TypeVar("_Answer")

ROUNDS = 12
"""Most decisions of one operation, those that wait for the service not counted."""

_PATIENCE = 120.0
"""Seconds for which a service may not know yet what a call refers to, such as a new role."""


def nowhere(_: ValueFrom) -> Sealed:
    """Read no value: what an engine does that was given no way to read one.

    Raises:
        InvalidInput: Always.
    """
    raise errors.InvalidInput(["value_from is not available here: declare the value otherwise"])


def random_hex() -> str:
    """Return 32 random hexadecimal digits."""
    return secrets.token_hex(16)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What an operation came to.

    Attributes:
        known: The state it ended in.
        actions: What was done, in order.
        notes: Sentences for the user, in the order in which they came up.
    """

    known: Observed
    actions: tuple[plan.Action, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def restored(self) -> bool:
        """Whether this operation restored the secret."""
        return isinstance(self.known, Present) and self.known.restored


class Engine:
    """Runs operations on one store. Thread-safe if the store is: it keeps no state itself."""

    def __init__(
        self,
        store: SecretStore,
        *,
        clock: patience.Clock = time,
        say: Callable[[str], None] = lambda _: None,
        read: Callable[[ValueFrom], Sealed] = nowhere,
    ) -> None:
        """Make an engine.

        Args:
            store: Where the secrets are kept.
            clock: What tells and lets pass the time; the `time` module by default.
            say: Called with each sentence for the user as it comes up.
            read: Reads a value that is declared by where it is; called before anything is
                changed with it, and only if it has to be written or compared.
        """
        self.store = store
        self.clock = clock
        self.say = say
        self.read = read

    def run(self, wanted: Wanted, policy: Policy, *, known: Observed | None = None) -> Result:
        """Do what is needed, and return what it came to.

        Args:
            wanted: What should be.
            policy: What may happen.
            known: What the surface has just observed, if it had to look itself.

        Raises:
            InvalidInput: A value cannot be read where it should be.
            Refused: Another's secret, or against the policy; nothing more was changed.
            AccessDenied: A permission is missing; what was restored is scheduled again.
            OutOfTime: `policy.timeout` seconds did not suffice; likewise.
            Temporary: The service could not answer; likewise.
            StoreError: The service refused, or the secret keeps changing; likewise.
        """
        return _Operation(self, wanted, policy, known or facts.Unknown()).run()

    def preview(self, wanted: Wanted, policy: Policy, *, look: bool = True) -> plan.Decision:
        """Return the plan for the secret as it is, and do none of it.

        A run that memory proves needless looks at nothing, and so leaves alone what a look here
        may find to differ.

        Args:
            wanted: As for `run()`.
            policy: As for `run()`.
            look: Whether to observe the secret first; without, memory alone decides.
        """
        known: Observed = facts.Unknown()
        if look:
            known = patience.look(self.store, facts.ref(wanted), clock=self.clock)
        return decide.decide(known, wanted, policy, self.store.capabilities)


class _Operation:
    """One run: what is known, what was done, and how much time is left."""

    def __init__(self, engine: Engine, wanted: Wanted, policy: Policy, known: Observed) -> None:
        self.engine, self.wanted, self.policy = engine, wanted, policy
        self.store = engine.store
        self.known = known
        self.done: list[plan.Action] = []
        self.undos: list[tuple[facts.Ref, plan.Action]] = []
        self.notes: list[str] = []
        self.conflicts: list[tuple[plan.Action, str, type[Observed]]] = []
        self.reserved = False
        self.pause = 1.0
        self.unheard: float | None = None
        self.deadline = engine.clock.monotonic() + policy.timeout

    def run(self) -> Result:
        try:
            return self._to_the_end()
        except errors.Refused:
            raise  # It is not ours to touch, so not to put back either.
        except errors.RecoverableSecretsError:
            self._undo()
            raise

    def _to_the_end(self) -> Result:
        rounds = 0
        while rounds < ROUNDS:
            decision = decide.decide(self.known, self.wanted, self.policy, self.store.capabilities)
            if isinstance(decision, plan.Refusal):
                raise errors.Refused(decision.text)
            if isinstance(decision, plan.Failure):
                raise errors.StoreError(decision.text, decision.code)
            for note in decision.notes:
                self._note(note)
            if not decision.actions:
                return Result(known=self.known, actions=tuple(self.done), notes=tuple(self.notes))
            waiting = isinstance(decision.actions[0], plan.Wait)
            advanced = self._carry_out(decision.actions)
            rounds += 1 if advanced and not waiting else 0
        raise errors.StoreError(
            f"{errors.short(self.wanted.name)} kept changing: {self._so_far()}. Look what else "
            "changes it, then run again",
            "NoFixedPoint",
        )

    def _carry_out(self, actions: tuple[plan.Action, ...]) -> bool:
        """Do the actions in order, until one meets a secret in another state than expected.

        Returns:
            Whether that counts as a round: waiting for the service does not.
        """
        valued = next(filter(plan.valued, (*actions, *self._behind_the_key(actions))), None)
        if valued:
            self._payload(valued)  # Fails, if so, before any change.
        for action in actions:
            if isinstance(action, plan.Wait):
                self._wait()
                continue
            self._check_time()
            ref = self._ref()
            if isinstance(action, plan.Look):
                self.known = learn.looked(self.known, self._observe(ref))
                return True
            value = self._payload(action)
            outcome = self._apply(ref, action, value)
            if isinstance(outcome, plan.Later):
                self._be_patient(action, outcome)
                return False
            if isinstance(outcome, plan.Conflict):
                self._conflict(action, outcome, waited=plan.Wait() in actions)
                return True
            self.known = learn.fold(self.known, action, outcome, ref)
            self.reserved = self.reserved or isinstance(self.known, Purging)
            self._did(action, outcome)
        return True

    def _behind_the_key(self, actions: tuple[plan.Action, ...]) -> tuple[plan.Action, ...]:
        """Return what follows a restore once its key is known: that may need a value as well."""
        checks = any(isinstance(action, plan.CheckKey) for action in actions)
        if not (checks and isinstance(self.known, PendingDeletion)):
            return ()
        live = Present(secret=self.known.secret)
        then = decide.decide(live, self.wanted, self.policy, self.store.capabilities)
        return then.actions if isinstance(then, plan.Plan) else ()

    def _be_patient(self, action: plan.Action, met: plan.Later) -> None:
        """Let some time pass, unless what the call refers to has been unknown for too long."""
        now = self.engine.clock.monotonic()
        restored = isinstance(self.known, Present) and self.known.restored
        if self.unheard is None and restored and isinstance(action, plan.SetPolicy):
            # The policy from before the deletion must not serve meanwhile.
            self._apply(self._ref(), plan.DropPolicy())
        self.unheard = now if self.unheard is None else self.unheard
        if now - self.unheard >= _PATIENCE:
            raise errors.StoreError(
                f"{type(action).__name__} of {errors.short(self.wanted.name)} was refused for "
                f"{_PATIENCE:.0f} seconds: {_said(met)}. Correct it, "
                "then run again",
                met.code,
            )
        self._wait()

    def _payload(self, action: plan.Action) -> Sealed | None:
        """Return the value that goes with an action, if one does."""
        if not plan.valued(action):
            return None
        if getattr(action, "source", None) is not plan.Source.ATTEMPTED:
            return self._value
        spec = self.wanted.memory.spec if self.wanted.memory else Spec()
        return spec.value or spec.secret_string_wo

    @functools.cached_property
    def _value(self) -> Sealed | None:
        """The value to write, the same for all calls of an operation."""
        spec = self.wanted.spec if isinstance(self.wanted, facts.Kept) else Spec()
        if spec.generate_secret_string:
            return generate.generate(spec.generate_secret_string, secrets.randbelow)
        if spec.value_from:
            return self.engine.read(spec.value_from)
        return spec.value or spec.secret_string_wo

    def _conflict(self, action: plan.Action, met: plan.Conflict, *, waited: bool) -> None:
        if isinstance(action, plan.Compare) and isinstance(self.known, Present):
            differs = self.known.differs | {action.version}
            self.known = dataclasses.replace(self.known, differs=differs)
            return  # It holds another value: that is an answer, not a surprise.
        conflict = action, met.code, type(self.known)
        if conflict in self.conflicts and not waited:
            raise errors.StoreError(
                f"{type(action).__name__} of {errors.short(self.wanted.name)} was refused twice: "
                f"{_said(met)}. Look what else changes it, then run "
                "again",
                met.code,
            )
        self.conflicts.append(conflict)
        self._check_time()
        # The name may be taken by another secret than the one that is remembered.
        taken = isinstance(action, plan.Create)
        seen = self._observe(facts.Ref(self.wanted.name) if taken else self._ref())
        self.known = learn.after_conflict(self.known, action, met, seen, reserved=self.reserved)
        self.reserved = self.reserved or isinstance(self.known, Purging)
        restored = isinstance(action, plan.Restore) and isinstance(self.known, Present)
        scheduled = isinstance(action, plan.ScheduleDeletion) and isinstance(seen, PendingDeletion)
        if restored or scheduled:
            self._did(action, plan.Done())  # It took effect; only its answer was lost.

    def _did(self, action: plan.Action, done: plan.Done) -> None:
        self.done.append(action)
        if action.undo:  # Another secret may have come to the name by the time it is taken back.
            self.undos.append((self._ref(), action.undo))
        self._tell(action, done)

    def _ref(self) -> facts.Ref:
        """Return the secret by its id where one is known to stand behind the name."""
        if isinstance(self.known, Present | PendingDeletion):
            return facts.Ref(self.wanted.name, self.known.secret.id)
        return facts.ref(self.wanted)

    def _left(self) -> float:
        """Return the seconds left for pauses: the next call and all undoing set aside."""
        calls = 1 + len(self.undos)
        reserve = min(calls * self.store.capabilities.call_seconds, self.policy.timeout / 2)
        return self.deadline - self.engine.clock.monotonic() - reserve

    def _observe(self, ref: facts.Ref) -> Observed:
        return self._answered(functools.partial(self.store.observe, ref))

    def _apply(
        self, ref: facts.Ref, action: plan.Action, value: Sealed | None = None
    ) -> plan.Outcome:
        return self._answered(functools.partial(self.store.apply, ref, action, value))

    def _answered(self, call: Callable[[], _Answer]) -> _Answer:
        return patience.answered(call, self._left, self.engine.clock)

    def _check_time(self) -> None:
        if self._left() <= 0:
            reserved = "its name is still reserved; " if self.reserved else ""
            raise errors.OutOfTime(
                f"{errors.short(self.wanted.name)} is not finished after {self.policy.timeout} "
                f"seconds: {reserved}{self._so_far()}. Run again, or set a longer timeout"
            )

    def _wait(self) -> None:
        self._check_time()
        self.engine.clock.sleep(min(self.pause, self._left()))
        self.pause = min(2 * self.pause, patience.LONGEST_PAUSE)

    def _so_far(self) -> str:
        return "done so far: " + (", ".join(type(a).__name__ for a in self.done) or "nothing")

    def _undo(self) -> None:
        """Take back what can be, last first; say what could not be."""
        while self.undos:
            ref, undo = self.undos.pop()
            step, name = type(undo).__name__, errors.short(self.wanted.name)
            try:
                undone = self._undone(ref, undo)
            except errors.RecoverableSecretsError as failure:
                self._note(f"{name}: {step} after the failure failed too: {failure}")
            else:
                state = "put back after the failure" if undone else "could not be put back"
                self._note(f"{name}: {state} ({step})")

    def _undone(self, ref: facts.Ref, step: plan.Action) -> bool:
        """Carry out an undo; a conflict may be no more than its own answer that was lost."""
        if isinstance(self._apply(ref, step), plan.Done):
            return True
        if isinstance(step, plan.RemoveReplicas):
            return self._removed(ref, step.regions)
        if not isinstance(step, plan.ScheduleDeletion):
            return False
        seen = self._observe(ref)
        while isinstance(seen, Present) and seen.secret.replicas:
            self._wait()  # Until replicas that were removed right before are gone.
            if isinstance(self._apply(ref, step), plan.Done):
                return True
            seen = self._observe(ref)
        return isinstance(seen, PendingDeletion)

    def _removed(self, ref: facts.Ref, regions: tuple[str, ...]) -> bool:
        """Remove those replicas that are still there: one that is not makes a call be refused."""
        seen = self._observe(ref)
        live = seen.secret.replicas if isinstance(seen, Present) else ()
        left = tuple(replica.region for replica in live if replica.region in regions)
        again = plan.RemoveReplicas(regions=left)
        return not left or isinstance(self._apply(ref, again), plan.Done)

    def _tell(self, action: plan.Action, done: plan.Done) -> None:
        """Say what people must know of a step that took effect."""
        name = errors.short(self.wanted.name)
        if isinstance(action, plan.Restore):
            self._note(f"{name} restored: its scheduled deletion is cancelled")
        elif isinstance(self.wanted, facts.Handed):
            self._note(f"{name} belongs to {errors.short(self.wanted.owner or 'nobody', 90)} now")
        elif isinstance(action, plan.SetTags) and ownership.adopted(action.tags):
            self._note(f"{name} adopted: from now on it belongs to this declaration")
        elif isinstance(action, plan.RemoveReplicas) and isinstance(self.wanted, facts.Gone):
            regions = errors.short(", ".join(action.regions), 90)
            live = isinstance(self.known, Present) and ownership.REPLICAS in self.known.secret.tags
            back = "; they come back with a restore" if live and not self.policy.force else ""
            self._note(f"{name}: replicas in {regions} removed{back}")
        elif isinstance(action, plan.MoveStage) and action.stage == values.PENDING:
            self._note(
                f"{name}: a rotation was broken off by the deletion; version {action.current}, "
                f"which it had begun, is no longer {action.stage}"
            )
        elif isinstance(action, plan.Purge):
            self._note(f"{name} deleted for good, without recovery")
        elif isinstance(action, plan.ScheduleDeletion):
            until = f"on {done.date:%Y-%m-%d}" if done.date else f"in {action.days} days"
            self._note(f"{name} scheduled for deletion {until}; until then it can be restored")

    def _note(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)
            self.engine.say(note)


def _said(met: plan.Conflict | plan.Later) -> str:
    """Return the service's sentence, to be a part of ours."""
    return errors.clip((met.text or met.code).rstrip("."), 90)
