"""Random programs of stacks, operators, strangers, time and trouble; the promises hold throughout.

The model (`promise.py`) is what the user was promised and no second implementation: it knows who
put what in, whose it is and until when it must come back, and reads all of it after each step in a
copy of AWS. What is a stack's right follows from its declaration alone (`actors.py`). A step that
is disturbed is compared with the same step undisturbed on a copy (`machine.py`).

Two Pulumi stacks and a CloudFormation stack fight over one name, while others have names of their
own; state is lost or comes back from a backup; an operator acts on what was shown some steps ago;
people put values, delete, restore, retag and copy in the console.

    RECOVERABLE_SECRETS_SOAK    how many times as many programs; 1 in the normal run
    RECOVERABLE_SECRETS_SEED    the first seed; 1 in the normal run
    RECOVERABLE_SECRETS_SHRINK  if set, a failing program is made as short as possible: minutes
"""

from __future__ import annotations

import dataclasses
import os
from collections import Counter
from typing import Any, ClassVar

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

import emulation
from counted import Record
from emulation import errors as aws_errors
from recoverable_secrets.core import facts, ownership
from recoverable_secrets.core.facts import Back, Gone, Handed, Labelled, Memory
from recoverable_secrets.core.policy import Deletion, Policy
from sections import MODEL, tell

from . import actors, console, declarations
from .actors import Program, State, Template
from .console import BLUE, CLOUD, GREEN, OWNERS, RENAMED
from .declarations import BY_HAND, NEAR
from .machine import World, right_by_hand
from .promise import Broken, Right
from .troubles import TROUBLES, Trouble

ONE, OTHER = "shop/app-secret", "shop/db"
NAMES = st.sampled_from([ONE, ONE, OTHER])
WHO = st.sampled_from(["blue", "green", "cloud", "green's other", "cloud's other"])
MEMORY = (
    "refreshed", "state lost", "state backed up", "state from a backup", "renamed",
    "another value elsewhere",
)  # fmt: skip
MAYBE = st.one_of(
    st.none(),
    st.none(),
    st.builds(Trouble, st.sampled_from(TROUBLES), st.sampled_from([1, 2, 2, 3, 3, 4, 5, 7])),
)

ONE_SIDE = emulation.Behaviour(
    reserved_seconds=3, deleted_visible_seconds=1, unlabelled_seconds=86_400
)
OTHER_SIDE = dataclasses.replace(
    ONE_SIDE,
    restore_on_live="refused",
    purging_error="refused",
    deleted_date="window-end",
    replication_seconds=2,
    removal_seconds=2,
    cancel_unconfigured="ok",
    primary_shows_region=True,
)
SIDES = {"one": ONE_SIDE, "other": OTHER_SIDE}
"""Both answers to what AWS leaves open."""


class Promises(RuleBasedStateMachine):
    """One AWS, everybody in it, and the ledger of what was promised."""

    steps: ClassVar[Counter[str]] = Counter()

    @initialize(
        side=st.sampled_from(sorted(SIDES)),
        who=WHO,
        fields=st.one_of(st.none(), declarations.FIELDS),
    )
    def begin(self, side: str, who: str, fields: Any) -> None:
        """Start with an empty AWS, or with one secret."""
        self.world = World(SIDES[side])
        self.aws, self.ledger = self.world.aws, self.world.ledger
        self.stacks: dict[str, Program | Template] = {
            "blue": Program(ONE, BLUE, RENAMED),
            "green": Program(ONE, GREEN, GREEN),
            "cloud": Template(ONE, CLOUD, "c" * 16),
            "green's other": Program(OTHER, GREEN, GREEN),
            "cloud's other": Template(OTHER, CLOUD + "b", "d" * 16),
        }
        self.backups: dict[str, State | None] = {}
        self.shown: dict[str, Memory] = {}
        os.environ[declarations.VARIABLE] = declarations.ELSEWHERE[0]
        if fields is not None:
            self.world.up(self.stacks[who], fields)

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.world.open.close()

    def count(self, what: str) -> None:
        self.steps[what] += 1

    def deployed(self, who: str) -> str:
        """Return this stack, or if it has no secret, one like it or any that has."""
        alike = [other for other in self.stacks if other.startswith(who[:5])]
        for each in (who, *alike, *self.stacks):
            if self.stacks[each].state is not None:
                return each
        return who

    def there(self, name: str) -> str:
        """Return this name, or the other one if only that has a secret."""
        other = OTHER if name == ONE else ONE
        return other if self.world.found(other) and not self.world.found(name) else name

    # Stacks -------------------------------------------------------------------------------

    @rule(who=WHO, fields=declarations.FIELDS, trouble=MAYBE, again=st.booleans())
    def up(self, who: str, fields: Any, trouble: Trouble | None, *, again: bool) -> None:
        self.count("up")
        actor = self.stacks[who]
        outcome = self.world.up(actor, fields, trouble)
        if again and outcome.error is None and isinstance(actor, Program):
            self.world.unchanged(actor)

    @rule(who=WHO, value=st.one_of(st.none(), declarations.VALUES), trouble=MAYBE)
    def another_value(self, who: str, value: Any, trouble: Trouble | None) -> None:
        """The value is declared in another way, or in the same way anew."""
        self.count("another value")
        actor = self.stacks[self.deployed(who)]
        if actor.state is not None:
            fields = actor.state.fields
            rest = {k: v for k, v in fields.items() if k not in declarations.OF_VALUES}
            anew = declarations.turned(fields) if value is None else value
            self.world.up(actor, {**rest, **anew}, trouble)

    @rule(who=WHO, trouble=MAYBE)
    def the_same_again(self, who: str, trouble: Trouble | None) -> None:
        """Nothing was changed in the program; others may have changed the secret."""
        self.count("the same again")
        actor = self.stacks[self.deployed(who)]
        if actor.state is not None:
            self.world.up(actor, actor.state.fields, trouble)

    @rule(who=WHO, trouble=MAYBE)
    def down(self, who: str, trouble: Trouble | None) -> None:
        self.count("down")
        self.world.down(self.stacks[self.deployed(who)], trouble)

    @rule(who=WHO, trouble=MAYBE)
    def down_and_up(self, who: str, trouble: Trouble | None) -> None:
        """Tear down and deploy the same program anew: the heart of the promise."""
        self.count("down and up")
        actor = self.stacks[self.deployed(who)]
        if actor.state is not None:
            fields = actor.state.fields
            self.world.down(actor)
            self.world.up(actor, fields, trouble)

    @precondition(lambda self: self.deployed("cloud") in {"cloud", "cloud's other"})
    @rule(who=st.sampled_from(["cloud", "cloud's other"]))
    def the_rest_of_the_stack_fails(self, who: str) -> None:
        """CloudFormation takes back what has succeeded, an Update or a Create."""
        self.count("rollback")
        actor = self.stacks[self.deployed(who)]
        if isinstance(actor, Template) and actor.state is not None:
            fields = {**actor.state.fields, "description": "three"}
            before, mark = actor.state, actor.mark()
            right = actors.right_to_up(actor, before, fields, self.ledger.look())
            done = self.world.run(lambda say: actor.up(before, fields, say, mark), right)
            if done.error is None:
                actor.state = done.state
                self.world.take_back(actor, before, fields, mark)

    @rule(who=WHO, what=st.sampled_from(MEMORY))
    def something_happens_to_a_stack(self, who: str, what: str) -> None:
        """Its state is refreshed, lost, kept aside or brought back; it gets another name."""
        self.count(what)
        actor, blue = self.stacks[who], self.stacks["blue"]
        assert isinstance(blue, Program)
        match what:
            case "refreshed" if isinstance(actor, Program) and actor.state is not None:
                actor.state = actor.refreshed(actor.state, lambda _: None)
            case "state lost":
                actor.state = None
            case "state backed up":
                self.backups[who] = actor.state
            case "state from a backup" if who in self.backups:
                actor.state = self.backups[who]
            case "renamed":
                blue.owner, blue.renamed = blue.renamed, blue.owner
            case "another value elsewhere":
                one, other = declarations.ELSEWHERE
                now = os.environ[declarations.VARIABLE]
                os.environ[declarations.VARIABLE] = other if now == one else one

    # Time ---------------------------------------------------------------------------------

    @rule(name=NAMES, days=st.sampled_from([0.0001, 1.0, 8.0, 21.0, None, None, None, None]),
          past=st.booleans())  # fmt: skip
    def time_passes(self, name: str, days: float | None, *, past: bool) -> None:
        """Some days, or to the end of a window: an hour before it all must be there still."""
        name = self.there(name)
        found = self.world.found(name)
        seconds = (days or 0.0) * 86_400
        if days is None:
            if found is None or found.purge_date is None:
                return
            left = (found.purge_date - self.aws.clock.now()).total_seconds()
            seconds = left + (3600 if past else -3600)
        if seconds > 0:
            self.count("time" if days else f"window ends: {past}")
            self.ledger.begin()
            self.aws.clock.advance(seconds=seconds)
            self.ledger.hold(right_by_hand([one.arn for one in self.ledger.look().values()]))

    # The operator -------------------------------------------------------------------------

    def the_operator_looks(self, name: str) -> None:
        self.count("operator looks")
        found = self.world.found(name)
        if found is not None:
            self.shown[name] = Memory(
                id=str(found.arn),
                owner=found.tags.get(ownership.OWNER, ""),
                instance=found.tags.get(ownership.INSTANCE),
            )

    @rule(
        name=NAMES,
        what=st.sampled_from(["look", "restore", "restore", "delete", "purge", "rollback", "hand"]),
        to=st.sampled_from(OWNERS),
        anew=st.sampled_from([True, True, False]),
        trouble=MAYBE,
    )
    def the_operator_acts(
        self, name: str, what: str, to: str | None, trouble: Trouble | None, *, anew: bool
    ) -> None:
        """Act on what is shown now, or was some steps ago."""
        name = self.there(name)
        if anew:
            self.the_operator_looks(name)
        self.count(f"operator: {what}")
        shown = self.shown.get(name)
        if shown is None or (what == "purge" and not shown.owner):
            return
        wanted, policy = self._asked(name, what, shown, to)
        if wanted is not None:
            self._operate(name, wanted, policy, trouble)

    def _asked(
        self, name: str, what: str, shown: Memory, to: str | None
    ) -> tuple[facts.Wanted | None, Policy]:
        gone = Gone(name=name, owner=shown.owner, memory=shown)
        if what == "hand":
            return Handed(name=name, memory=shown, owner=to), Policy()
        if what == "restore":
            return Back(name=name, memory=shown), Policy()
        if what == "rollback":
            found = self.world.found(name)
            earlier = [v for v, held in (found.versions if found else {}).items()
                       if "AWSPREVIOUS" in held.labels]  # fmt: skip
            if not earlier:
                return None, Policy()
            assert found is not None
            wanted = Labelled(name=name, memory=shown, labels={"AWSCURRENT": earlier[0]},
                              shown={"AWSCURRENT": found.version_id})  # fmt: skip
            return wanted, Policy()
        if what == "purge":
            return gone, Policy(deletion=Deletion.FORCE)
        return (gone if what == "delete" else None), Policy(recovery_window_in_days=9)

    def _operate(
        self, name: str, wanted: facts.Wanted, policy: Policy, trouble: Trouble | None
    ) -> None:
        """Do what the operator confirmed: with what was shown then, and with nothing else."""
        shown = wanted.memory
        assert shown is not None

        def right() -> Right:
            found = self.world.found(name)
            if found is None or found.arn != shown.id:
                return Right()
            tag = found.tags.get(ownership.OWNER)
            told = {shown.owner or None}
            told |= {wanted.owner} if isinstance(wanted, Handed) else set()
            if isinstance(wanted, Gone):
                told |= {None}  # A tag that was lost makes nobody else the owner.
            if tag not in told:
                return Right()
            mine = frozenset({shown.id})
            window = policy.recovery_window_in_days if isinstance(wanted, Gone) else None
            force = mine if policy.force and tag is not None else frozenset()
            return Right(touch=mine, window=window, force=force)

        allowed = right()
        outcome, _ = self.world.disturbed(
            name, lambda say: actors.engine(say).run(wanted, policy) and None, right, trouble
        )
        self.world.happened[f"operator: {type(wanted).__name__}, {outcome.kind}"] += 1
        found = self.world.found(name)
        if outcome.error is not None or shown.id not in allowed.touch:
            return
        if isinstance(wanted, Back) and (found is None or found.state != "live"):
            raise Broken(f"{name} was to be restored, and is not live")
        if isinstance(wanted, Handed) and (
            found is None or found.tags.get(ownership.OWNER) != wanted.owner
        ):
            raise Broken(f"{name} was to be handed over, and is not {wanted.owner}'s")

    # People in the console ----------------------------------------------------------------

    def by_hand(self, name: str, action: str, *, right: Any = None, **params: Any) -> None:
        """Act in the console; what AWS refuses is not done."""
        arns = [one.arn for one in self.ledger.look().values() if one.name == name]
        self.ledger.begin()
        try:
            self.aws.by_hand(action, **params)
        except aws_errors.AwsError:
            self.count(f"console refused: {action}")
        else:
            self.count(f"console: {action}")
        self.ledger.hold(right_by_hand(arns, **(right or {})))

    @rule(name=NAMES, what=st.sampled_from(console.ACTS), data=st.data())
    def somebody_in_the_console(self, name: str, what: str, data: st.DataObject) -> None:
        name = self.there(name)
        found = self.world.found(name)
        if found is None or what == "create":
            region = data.draw(st.sampled_from([None, NEAR]))
            where = {"region": region} if region else {}
            self.by_hand(name, "CreateSecret", Name=name, SecretString=BY_HAND[0],
                         ClientRequestToken=self.token(), right={"creates": name},
                         **where)  # fmt: skip
        elif what == "delete":
            self._deleted_by_hand(name, found, data.draw(st.sampled_from([7, 7, 30, 30, None])))
        else:
            action, params = console.call(what, found, data.draw, self.token())
            self.by_hand(name, action, SecretId=name, **params)

    def token(self) -> str:
        """Return a version id as the console makes them, the same in each run."""
        return f"{sum(self.steps.values()):032d}"

    def _deleted_by_hand(
        self, name: str, found: emulation.SecretSnapshot, days: int | None
    ) -> None:
        for region in found.replicas:
            self.by_hand(name, "RemoveRegionsFromReplication", SecretId=name,
                         RemoveReplicaRegions=[region])  # fmt: skip
        self.aws.clock.advance(seconds=3)
        if days is None:
            self.by_hand(name, "DeleteSecret", SecretId=name, ForceDeleteWithoutRecovery=True,
                         right={"force": frozenset({str(found.arn)})})  # fmt: skip
        else:
            self.by_hand(name, "DeleteSecret", SecretId=name, RecoveryWindowInDays=days,
                         right={"window": days})  # fmt: skip


SOAK = int(os.environ.get("RECOVERABLE_SECRETS_SOAK") or 1)
FIRST = int(os.environ.get("RECOVERABLE_SECRETS_SEED") or 1)
SHRINK = "RECOVERABLE_SECRETS_SHRINK" in os.environ
SEEDS = range(FIRST, FIRST + 3 * SOAK)
PROGRAMS, LENGTH = 25, 30
BRIEF = settings(
    max_examples=PROGRAMS, stateful_step_count=LENGTH, deadline=None, database=None,
    print_blob=False, suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, *([Phase.shrink] if SHRINK else [])],
)  # fmt: skip


@pytest.mark.parametrize("seed", SEEDS)
def test_every_promise_holds(seed: int, record_property: Record) -> None:
    """Each seed is another set of programs, the same at each run."""

    class Seeded(Promises):
        steps: ClassVar[Counter[str]] = Counter()

    World.happened.clear()
    run_state_machine_as_test(hypothesis.seed(seed)(Seeded), settings=BRIEF)
    taken = sum(Seeded.steps.values())
    assert taken > PROGRAMS * LENGTH / 2, "most rules found nothing to do"
    assert World.happened["restored"] > 0
    tell(record_property, MODEL, "programs", PROGRAMS)
    tell(record_property, MODEL, "steps", taken)
    tell(record_property, MODEL, "restores", World.happened["restored"])
