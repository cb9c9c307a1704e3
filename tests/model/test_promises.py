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
"""

from __future__ import annotations

import dataclasses
import os
from collections import Counter
from typing import Any

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
from emulation import errors as aws_errors
from recoverable_secrets.core import facts, ownership
from recoverable_secrets.core.facts import Back, Gone, Handed, Labelled, Memory
from recoverable_secrets.core.policy import Deletion, Policy

from . import actors, declarations
from .actors import Program, State, Template
from .declarations import BY_HAND, FAR, NEAR
from .machine import TROUBLES, Trouble, World, right_by_hand
from .promise import Broken, Right

ONE, OTHER = "shop/app-secret", "shop/db"
BLUE = "pulumi/shop/blue/db:0123456789abcdef"
RENAMED = "pulumi/shop/cyan/db:0123456789abcdef"
GREEN = "pulumi/shop/green/db:fedcba9876543210"
CLOUD = "cloudformation/shop/Secret:00112233445566aa"
OWNERS = (None, BLUE, GREEN, CLOUD, "somebody")
NAMES = st.sampled_from([ONE, ONE, OTHER])
WHO = st.sampled_from(["blue", "green", "cloud", "green's other", "cloud's other"])
MAYBE = st.one_of(
    st.none(),
    st.none(),
    st.builds(Trouble, st.sampled_from(TROUBLES), st.integers(1, 7)),
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


class Promises(RuleBasedStateMachine):
    """One AWS, everybody in it, and the ledger of what was promised."""

    steps = Counter[str]()

    @initialize(side=st.sampled_from([ONE_SIDE, OTHER_SIDE]))
    def begin(self, side: emulation.Behaviour) -> None:
        self.world = World(side)
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

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.world.open.close()

    def count(self, what: str) -> None:
        self.steps[what] += 1

    # Stacks -------------------------------------------------------------------------------

    @rule(who=WHO, fields=declarations.FIELDS, trouble=MAYBE, again=st.booleans())
    def up(self, who: str, fields: Any, trouble: Trouble | None, *, again: bool) -> None:
        self.count("up")
        actor = self.stacks[who]
        outcome = self.world.up(actor, fields, trouble)
        if again and outcome.error is None and isinstance(actor, Program):
            self.world.unchanged(actor)

    @rule(who=WHO, value=declarations.VALUES, trouble=MAYBE)
    def another_value(self, who: str, value: Any, trouble: Trouble | None) -> None:
        self.count("another value")
        actor = self.stacks[who]
        if actor.state is not None:
            kinds = {name for name in actor.state.fields if name in _OF_VALUES}
            rest = {k: v for k, v in actor.state.fields.items() if k not in kinds}
            self.world.up(actor, {**rest, **value}, trouble)

    @rule(who=WHO, trouble=MAYBE)
    def the_same_again(self, who: str, trouble: Trouble | None) -> None:
        """Nothing was changed in the program; others may have changed the secret."""
        self.count("the same again")
        actor = self.stacks[who]
        if actor.state is not None:
            self.world.up(actor, actor.state.fields, trouble)

    @rule(who=WHO, trouble=MAYBE)
    def down(self, who: str, trouble: Trouble | None) -> None:
        self.count("down")
        self.world.down(self.stacks[who], trouble)

    @rule(who=WHO, trouble=MAYBE)
    def down_and_up(self, who: str, trouble: Trouble | None) -> None:
        """Tear down and deploy the same program anew: the heart of the promise."""
        self.count("down and up")
        actor = self.stacks[who]
        if actor.state is not None:
            fields = actor.state.fields
            self.world.down(actor)
            self.world.up(actor, fields, trouble)

    @rule(who=WHO)
    def the_rest_of_the_stack_fails(self, who: str) -> None:
        """CloudFormation takes back what has succeeded, an Update or a Create."""
        self.count("rollback")
        actor = self.stacks[who]
        if isinstance(actor, Template) and actor.state is not None:
            fields = {**actor.state.fields, "description": "three"}
            before, mark = actor.state, actor.mark()
            right = actors.right_to_up(actor, before, fields, self.ledger.look())
            done = self.world.run(lambda say: actor.up(before, fields, say, mark), right)
            if done.error is None:
                actor.state = done.state
                self.world.take_back(actor, before, fields, mark)

    @rule(who=WHO)
    def refresh(self, who: str) -> None:
        self.count("refresh")
        actor = self.stacks[who]
        if isinstance(actor, Program) and actor.state is not None:
            actor.state = actor.refreshed(actor.state, lambda _: None)

    @rule(who=WHO)
    def lose_the_state(self, who: str) -> None:
        self.count("state lost")
        self.stacks[who].state = None

    @rule(who=WHO, back=st.booleans())
    def back_up_the_state(self, who: str, *, back: bool) -> None:
        self.count("state backed up, or back")
        if back and who in self.backups:
            self.stacks[who].state = self.backups[who]
        self.backups[who] = self.stacks[who].state

    @rule()
    def rename_the_stack(self) -> None:
        self.count("renamed")
        blue = self.stacks["blue"]
        assert isinstance(blue, Program)
        blue.owner, blue.renamed = blue.renamed, blue.owner

    @rule(which=st.integers(0, 1))
    def the_value_elsewhere_changes(self, which: int) -> None:
        self.count("value elsewhere")
        os.environ[declarations.VARIABLE] = declarations.ELSEWHERE[which]

    # Time ---------------------------------------------------------------------------------

    @rule(days=st.sampled_from([0.0001, 1.0, 8.0, 21.0]))
    def time_passes(self, days: float) -> None:
        self.count("time")
        self.ledger.begin()
        self.aws.clock.advance(days=days)
        self.ledger.hold(right_by_hand([one.arn for one in self.ledger.look().values()]))

    @rule(name=NAMES, past=st.booleans())
    def to_the_end_of_the_window(self, name: str, *, past: bool) -> None:
        """An hour before it all must be there still; an hour after it all may be gone."""
        self.count("end of a window")
        found = self.world.found(name)
        if found is None or found.purge_date is None:
            return
        hours = 3600 if past else -3600
        seconds = (found.purge_date - self.aws.clock.now()).total_seconds() + hours
        if seconds > 0:
            self.ledger.begin()
            self.aws.clock.advance(seconds=seconds)
            self.ledger.hold(right_by_hand([one.arn for one in self.ledger.look().values()]))

    # The operator -------------------------------------------------------------------------

    @rule(name=NAMES)
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
        what=st.sampled_from(["restore", "restore", "delete", "purge", "rollback"]),
        anew=st.booleans(),
        trouble=MAYBE,
    )
    def the_operator_acts(
        self, name: str, what: str, trouble: Trouble | None, *, anew: bool
    ) -> None:
        if anew:
            self.the_operator_looks(name)
        self.count(f"operator: {what}")
        shown = self.shown.get(name)
        if shown is None or (what == "purge" and not shown.owner):
            return
        wanted, policy = self._asked(name, what, shown)
        if wanted is not None:
            self._operate(name, wanted, policy, trouble)

    @rule(name=NAMES, to=st.sampled_from(OWNERS), anew=st.booleans(), trouble=MAYBE)
    def the_operator_hands_over(
        self, name: str, to: str | None, trouble: Trouble | None, *, anew: bool
    ) -> None:
        if anew:
            self.the_operator_looks(name)
        self.count("operator: hands over")
        if name in self.shown:
            wanted = Handed(name=name, memory=self.shown[name], owner=to)
            self._operate(name, wanted, Policy(), trouble)

    def _asked(self, name: str, what: str, shown: Memory) -> tuple[facts.Wanted | None, Policy]:
        gone = Gone(name=name, owner=shown.owner, memory=shown)
        if what == "restore":
            return Back(name=name, memory=shown), Policy()
        if what == "rollback":
            found = self.world.found(name)
            earlier = [v for v, held in (found.versions if found else {}).items()
                       if "AWSPREVIOUS" in held.labels]  # fmt: skip
            if not earlier:
                return None, Policy()
            return Labelled(name=name, memory=shown, labels={"AWSCURRENT": earlier[0]}), Policy()
        if what == "purge":
            return gone, Policy(deletion=Deletion.FORCE)
        return gone, Policy(recovery_window_in_days=9)

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
        found = self.world.found(name)
        region = params.get("region")
        arns = [one.arn for one in self.ledger.look().values() if one.name == name]
        self.ledger.begin()
        try:
            self.aws.by_hand(action, **params)
        except aws_errors.AwsError:
            self.count(f"console refused: {action}")
        else:
            self.count(f"console: {action}")
        self.ledger.hold(right_by_hand(arns, **(right or {})))
        assert found is not None or region is not None or action == "CreateSecret"

    @precondition(lambda self: self.world.found(ONE) or self.world.found(OTHER))
    @rule(data=st.data())
    def somebody_puts_a_value(self, data: st.DataObject) -> None:
        name = self._existing(data)
        value = data.draw(st.sampled_from(BY_HAND))
        token = f"{sum(self.steps.values()):032d}"
        stages = data.draw(st.sampled_from([["AWSCURRENT"], ["AWSCURRENT"], ["theirs"]]))
        self.by_hand(name, "PutSecretValue", SecretId=name, SecretString=value,
                     ClientRequestToken=token, VersionStages=stages)  # fmt: skip

    @precondition(lambda self: self.world.found(ONE) or self.world.found(OTHER))
    @rule(data=st.data(), days=st.sampled_from([7, 7, 30, 30, None]))
    def somebody_deletes(self, data: st.DataObject, days: int | None) -> None:
        name = self._existing(data)
        found = self.world.found(name)
        assert found is not None
        for region in found.replicas if days else ():
            self.by_hand(name, "RemoveRegionsFromReplication", SecretId=name,
                         RemoveReplicaRegions=[region])  # fmt: skip
        self.aws.clock.advance(seconds=3)
        if days is None:
            self.by_hand(name, "DeleteSecret", SecretId=name, ForceDeleteWithoutRecovery=True,
                         right={"force": frozenset({str(found.arn)})})  # fmt: skip
        else:
            self.by_hand(name, "DeleteSecret", SecretId=name, RecoveryWindowInDays=days,
                         right={"window": days})  # fmt: skip

    @precondition(lambda self: self.world.found(ONE) or self.world.found(OTHER))
    @rule(data=st.data())
    def somebody_restores(self, data: st.DataObject) -> None:
        name = self._existing(data)
        self.by_hand(name, "RestoreSecret", SecretId=name)

    @precondition(lambda self: self.world.found(ONE) or self.world.found(OTHER))
    @rule(data=st.data(), owner=st.sampled_from(OWNERS))
    def somebody_retags(self, data: st.DataObject, owner: str | None) -> None:
        name = self._existing(data)
        key = data.draw(
            st.sampled_from([ownership.OWNER, ownership.OWNER, ownership.INSTANCE, "a", "hand"])
        )
        content = owner if key == ownership.OWNER else "by hand"
        if content is None:
            self.by_hand(name, "UntagResource", SecretId=name, TagKeys=[key])
        else:
            self.by_hand(name, "TagResource", SecretId=name, Tags=[{"Key": key, "Value": content}])

    @precondition(lambda self: self.world.found(ONE) or self.world.found(OTHER))
    @rule(data=st.data(), region=st.sampled_from([NEAR, FAR, "eu-west-3"]))
    def somebody_changes_the_copies(self, data: st.DataObject, region: str) -> None:
        name = self._existing(data)
        found = self.world.found(name)
        assert found is not None
        if region in found.replicas:
            self.by_hand(name, "RemoveRegionsFromReplication", SecretId=name,
                         RemoveReplicaRegions=[region])  # fmt: skip
        else:
            self.by_hand(name, "ReplicateSecretToRegions", SecretId=name,
                         AddReplicaRegions=[{"Region": region}])  # fmt: skip

    @precondition(lambda self: self.world.found(ONE) or self.world.found(OTHER))
    @rule(data=st.data(), what=st.sampled_from(_CONSOLE := ("policy", "no policy", "rotate",
          "cancel", "move back", "label", "describe")))  # fmt: skip
    def somebody_changes_something(self, data: st.DataObject, what: str) -> None:
        name = self._existing(data)
        found = self.world.found(name)
        assert found is not None
        versions = sorted(found.versions)
        one = data.draw(st.sampled_from(versions)) if versions else None
        label = "AWSCURRENT" if what == "move back" else "theirs"
        holder = [v for v, held in found.versions.items() if label in held.labels]
        moved = {"MoveToVersionId": one} if one else {}
        moved |= {"RemoveFromVersionId": holder[0]} if holder else {}
        action, params = {
            "policy": ("PutResourcePolicy", {"ResourcePolicy": '{"Statement": []}'}),
            "no policy": ("DeleteResourcePolicy", {}),
            "rotate": ("RotateSecret", {
                "RotationLambdaARN": declarations.FUNCTION,
                "RotationRules": {"AutomaticallyAfterDays": 20}}),
            "cancel": ("CancelRotateSecret", {}),
            "move back": ("UpdateSecretVersionStage", {"VersionStage": label, **moved}),
            "label": ("UpdateSecretVersionStage", {"VersionStage": label, **moved}),
            "describe": ("UpdateSecret", {"Description": "by hand"}),
        }[what]  # fmt: skip
        self.by_hand(name, action, SecretId=name, **params)

    @rule(name=NAMES, region=st.sampled_from([None, None, NEAR]))
    def somebody_makes_one(self, name: str, region: str | None) -> None:
        token = f"{sum(self.steps.values()):032d}"
        where = {"region": region} if region else {}
        self.by_hand(name, "CreateSecret", Name=name, SecretString=BY_HAND[0],
                     ClientRequestToken=token, right={"creates": name}, **where)  # fmt: skip

    def _existing(self, data: st.DataObject) -> str:
        return str(data.draw(st.sampled_from([n for n in (ONE, OTHER) if self.world.found(n)])))


_OF_VALUES = frozenset({
    "secret_string", "secret_json", "secret_string_wo", "secret_string_wo_version",
    "generate_secret_string", "regenerate_when", "value_from", "value_version",
})  # fmt: skip

SOAK = int(os.environ.get("RECOVERABLE_SECRETS_SOAK") or 1)
FIRST = int(os.environ.get("RECOVERABLE_SECRETS_SEED") or 1)
SEEDS = range(FIRST, FIRST + 4 * SOAK)
PROGRAMS, LENGTH = 25, 30
BRIEF = settings(
    max_examples=PROGRAMS, stateful_step_count=LENGTH, deadline=None, database=None,
    print_blob=False, suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],
)  # fmt: skip


@pytest.mark.parametrize("seed", SEEDS)
def test_every_promise_holds(seed: int, record_property: Any) -> None:
    """Each seed is another set of programs, the same at each run."""

    class Seeded(Promises):
        steps = Counter[str]()

    World.happened.clear()
    run_state_machine_as_test(hypothesis.seed(seed)(Seeded), settings=BRIEF)
    record_property("model steps", sum(Seeded.steps.values()))
    record_property("model events", dict(sorted(World.happened.items())))
    print(sum(Seeded.steps.values()), dict(Seeded.steps), dict(World.happened))  # noqa: T201
