"""Plays a race in every order there is, and settles it afterwards as its users would."""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import emulation
from contract import worlds
from engine.scene import NAME, OWNER, Scene, memory_of
from races import direct, parts, promises, schedules
from recoverable_secrets.core import errors, facts, ownership
from recoverable_secrets.core.facts import Memory
from recoverable_secrets.core.policy import Adopt

SOAK = bool(os.environ.get("RECOVERABLE_SECRETS_SOAK"))
"""Whether each play is settled, and not only one for each end."""

OURS = "pulumi/shop/*"
"""The owner tags that IAM lets our stacks write to; see docs/security.md."""

LIMIT = 4000
"""More schedules than any race here has: one that grows is found, and made smaller."""

Prepare = Callable[[Scene], Memory | None]


def quick() -> emulation.Behaviour:
    """Return how AWS behaves; names are reserved for a few calls only, each of them a turn."""
    return emulation.Behaviour(reserved_seconds=3, deleted_visible_seconds=1)


@dataclass(frozen=True)
class Race:
    """Who races, from where.

    Attributes:
        prepare: Brings the double to where it starts; returns what surfaces remember.
        parts: The operations.
        people: Who acts in between.
        behaviour: What the double does where AWS leaves it open.
    """

    prepare: Prepare
    parts: tuple[parts.Part, ...]
    people: tuple[parts.Person, ...] = ()
    behaviour: emulation.Behaviour = field(default_factory=quick)


@dataclass
class Came:
    """What all schedules of a race came to.

    Attributes:
        schedules: How many there are.
        leftovers: The writes that nobody could prevent.
        ends: How often each end was reached: the state, then what each part came to.
    """

    schedules: int = 0
    leftovers: collections.Counter[promises.Leftover] = field(default_factory=collections.Counter)
    ends: collections.Counter[tuple[str, ...]] = field(default_factory=collections.Counter)
    _known: set[tuple[object, ...]] = field(default_factory=set)

    def is_new(self, essentials: tuple[object, ...], *, every: bool) -> bool:
        """Whether no play came to this before."""
        new = every or essentials not in self._known
        self._known.add(essentials)
        return new


class Staged:
    """One race, set up on an empty double."""

    def __init__(self, race: Race, store: Any = None, *, conditions: bool = False) -> None:
        self.race = race
        self.double = schedules.Double(
            clock=emulation.Clock(worlds.START), behaviour=dataclasses.replace(race.behaviour)
        )
        self.store = store or direct.store(self.double)
        self._wire = contextlib.ExitStack()
        if store:
            self._wire.enter_context(self.double.in_process())
        self.memory = race.prepare(Scene(self.double, self.store))
        self.runs = [self.running(part) for part in race.parts]
        people = [parts.person(self.double, who) for who in race.people]
        if conditions:
            self.double.conditions = {
                run.part.name: OURS for run in self.runs if _within_its_rights(run)
            }
        self.play = schedules.Play(self.double, [*(run.actor for run in self.runs), *people])

    def running(self, part: parts.Part, memory: Memory | None = None) -> parts.Running:
        """Return a part with what its surface remembers, ready to run."""
        remembered = memory or (self.memory if part.remembers else None)
        return parts.running(self.double, part, remembered, self.store)

    def close(self) -> None:
        """Take the double off the wire, if it is there."""
        self._wire.close()

    @property
    def secret(self) -> emulation.SecretSnapshot:
        """The secret as it is."""
        return self.double.secret(NAME)

    # Afterwards ---------------------------------------------------------------------------------

    def judge(self, came: Came) -> None:
        """Hold the promises against the play, settle it, and count what it came to.

        Raises:
            AssertionError: A promise is broken.
        """
        steps = self.double.steps
        for run in self.runs:
            failed = run.actor.failed
            if failed is not None and not isinstance(failed, errors.RecoverableSecretsError):
                raise failed
            came.leftovers.update(promises.leftovers(run, steps))
            promises.told(run, steps)
        promises.nothing_lost(self.runs, steps)
        promises.values_kept(self.secret, steps)
        came.schedules += 1
        ends = (type(run.actor.failed).__name__ if run.actor.failed else "ok" for run in self.runs)
        came.ends[self.secret.state, *ends] += 1
        if came.is_new(self.essentials(), every=SOAK):
            self.settle()

    def essentials(self) -> tuple[object, ...]:
        """Return all that settling depends on: two plays alike in this need it but once."""
        secret = self.secret
        known = {version: str(n) for n, version in enumerate(secret.versions)}
        instance = secret.tags.get(ownership.INSTANCE, "")
        marks = {
            run.wanted.instance: run.part.name
            for run in self.runs
            if isinstance(run.wanted, facts.Kept)
        }
        return (
            secret.state, secret.arn == (self.memory and self.memory.id), secret.description,
            secret.policy, secret.kms_key_id, secret.type, str(sorted(secret.rotation)),
            str(sorted(secret.replicas)),
            tuple((known[k], v.labels, v.value) for k, v in secret.versions.items()),
            tuple(sorted((k, v) for k, v in secret.tags.items() if k != ownership.INSTANCE)),
            self.memory is not None and instance == self.memory.instance, marks.get(instance),
            tuple(run.part.name for run in self.runs if run.actor.failed),
        )  # fmt: skip

    def settle(self) -> None:
        """Run the losers again, then everybody: all comes about, or is refused with reason."""
        for run in self.runs:
            if run.actor.failed:
                self._again(run.part)
        for run in self.runs:
            self._wanted_still(run.part)

    def _again(self, part: parts.Part) -> None:
        """Run a loser once more, then, as a user would, after a refresh."""
        for remembered in (part.remembers, False):
            tried = self.running(
                dataclasses.replace(part, remembers=remembered or _asks(part, self))
            )
            before = schedules.essence(self.secret)
            try:
                tried.run()
            except errors.Refused:
                assert schedules.essence(self.secret) == before, "refused, yet changed"
            else:
                return
        if not isinstance(tried.wanted, facts.Asked):
            self._not_its_own(tried)

    def _not_its_own(self, refused: parts.Running) -> None:
        """Assert that who is refused for good had no right."""
        assert not promises.may_change(refused, self.secret, purge=False), "refused what is its own"

    def _wanted_still(self, part: parts.Part) -> None:
        """Assert that what a part wants comes about now, and that there is nothing to do then."""
        tried = self.running(dataclasses.replace(part, remembers=_asks(part, self)))
        wanted = tried.wanted
        if isinstance(wanted, facts.Asked):
            return
        before = schedules.essence(self.secret)
        try:
            result = tried.run()
        except errors.Refused:
            assert schedules.essence(self.secret) == before, "refused, yet changed"
            self._not_its_own(tried)
            return
        if isinstance(wanted, facts.Kept):
            self._as_declared(wanted)
            memory = memory_of(result, wanted)
            self._settled(dataclasses.replace(part, remembers=True), memory, silent=True)
        else:
            live = self.secret.state == "live"
            assert not live or "left alone" in " ".join(tried.said), "neither gone nor told"
            self._settled(part, None, silent=False)

    def _settled(self, part: parts.Part, memory: Memory | None, *, silent: bool) -> None:
        before, calls = schedules.essence(self.secret), len(self.double.calls)
        tried = self.running(part, memory)
        tried.run()
        assert schedules.essence(self.secret) == before, "not settled"
        made = len(self.double.calls) - calls
        assert not silent or made == 0 or tried.wanted.memory is None, "an unchanged up calls"

    def _as_declared(self, wanted: facts.Kept) -> None:
        """Assert promise 6: the secret is as declared, whatever happened on the way."""
        secret, spec = self.secret, wanted.spec
        assert secret.state == "live"
        assert secret.description == spec.description
        assert promises.owner_of(secret) == wanted.owner
        tags = ownership.of_users(secret.tags)
        adopted = ownership.adopted(secret.tags)
        assert tags == spec.tags or (adopted and {**tags, **(spec.tags or {})} == tags)
        assert set(secret.replicas) == {each.region for each in spec.replicas or ()}
        if self.hands_off_values and spec.value:
            assert secret.value == spec.value.reveal()
        if not adopted:
            assert (secret.policy or None) == spec.policy

    @property
    def hands_off_values(self) -> bool:
        """Whether nobody but the parts puts values."""
        return all(parts.puts_a_value not in who.acts for who in self.race.people)


def _asks(part: parts.Part, staged: Staged) -> bool:
    """Whether a part cannot do without memory: a person has been shown a secret."""
    return isinstance(part.wish(staged.memory), facts.Asked) if staged.memory else False


def _within_its_rights(run: parts.Running) -> bool:
    """Whether a part never has to write to what is another's."""
    owner = run.wanted.memory.owner if run.wanted.memory else run.wanted.owner  # type: ignore[union-attr]
    return owner == OWNER and run.policy.adopt is Adopt.NO


def played(
    race: Race, store: Any = None, *, all_orders: bool = SOAK, conditions: bool = False
) -> Iterator[Staged]:
    """Yield the race after each of its schedules; see `schedules.schedules`."""
    at: list[Staged] = []

    def make() -> schedules.Play:
        for before in at:
            before.close()
        at[:] = [Staged(race, store, conditions=conditions)]
        return at[0].play

    for _ in schedules.schedules(make, all_orders=all_orders):
        yield at[0]
        at[0].close()


def judged(race: Race, *, conditions: bool = False) -> Came:
    """Play all schedules of a race, and return what they came to.

    Args:
        race: Who races.
        conditions: Whether IAM lets the parts of our owner write to nothing but their own.

    Raises:
        AssertionError: A promise is broken; the note tells in which order.
    """
    came = Came()
    for staged in played(race, conditions=conditions):
        assert SOAK or came.schedules < LIMIT, "too many to play all"
        try:
            staged.judge(came)
        except BaseException as failure:
            said = {run.part.name: (run.said, repr(run.actor.failed)) for run in staged.runs}
            failure.add_note(f"{staged.play.script()}\n{said}\n{staged.secret}")
            raise
    return came
