"""An update that is taken back: only what it did is undone, and what people did stays.

CloudFormation tells what was attempted, not what was done: the Update may have been refused before
its first call, may have broken off, or may have ended well before another resource failed.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import pytest

from protocol.stack import Stack
from protocol.world import Delivery, World

SECRET = "shop/Secret"
MARK = "recoverable-secrets:"
ONE = {"SecretString": "first-value"}
TWO = {"SecretString": "second-value"}
PEOPLES = "value-of-people"


def people_change(world: World) -> None:
    """Let people put a value, a description and a tag."""
    world.aws.put_by_hand(SECRET, PEOPLES)
    world.aws.by_hand("UpdateSecret", SecretId=SECRET, Description="by hand")
    tags = [{"Key": "cost", "Value": "people"}]
    world.aws.by_hand("TagResource", SecretId=SECRET, Tags=tags)


def facts(world: World, name: str = SECRET) -> tuple[Any, ...]:
    """Return all that an update can change."""
    one = world.aws.secret(name)
    tags = {key: value for key, value in one.tags.items() if not key.startswith(MARK)}
    return one.state, one.value, one.description, one.kms_key_id, tags


def all_succeed(*deliveries: Delivery) -> None:
    """Check that nothing gets stuck: a failed rollback needs hands."""
    for each in deliveries:
        each.expect_success()


class TestWhatPeopleDid:
    def test_a_refused_update_changes_nothing_on_its_way_back(self, world: World) -> None:
        stack = Stack(world)
        stack.create(ONE)
        people_change(world)
        before = facts(world)
        new = {**TWO, "Description": "x", "Tags": [{"Key": "cost", "Value": "mine"}], "Typo": "x"}
        update, back = stack.deploy({"Secret": new})
        update.expect_failure("Typo")
        back.expect_success()
        assert facts(world) == before

    def test_a_literal_that_was_no_longer_declared(self, world: World) -> None:
        """The Update wrote nothing, so there is nothing to take back: the value stays people's."""
        stack = Stack(world)
        stack.create(ONE)
        people_change(world)
        before = facts(world)
        all_succeed(*stack.deploy({"Secret": {}}, fails=True))
        assert facts(world) == before

    def test_a_literal_that_replaced_it(self, world: World) -> None:
        """The version before is made current again: it is people's, and no literal is written."""
        stack = Stack(world)
        stack.create(ONE)
        people_change(world)
        versions = set(world.aws.secret(SECRET).versions)
        update, back = stack.deploy({"Secret": TWO}, fails=True)
        all_succeed(update, back)
        assert world.aws.secret(SECRET).value == PEOPLES
        assert len(set(world.aws.secret(SECRET).versions) - versions) == 1, "the update's own"

    def test_a_generated_value_that_a_literal_replaced(self, world: World) -> None:
        """It is not generated anew: what it was can be had back."""
        stack = Stack(world)
        stack.create({"GenerateSecretString": {}})
        generated = world.aws.secret(SECRET).value
        all_succeed(*stack.deploy({"Secret": TWO}, fails=True))
        assert world.aws.secret(SECRET).value == generated

    def test_what_people_put_between_the_update_and_its_rollback(self, world: World) -> None:
        stack = Stack(world)
        stack.create(ONE)
        id_ = stack.resources["Secret"].id
        stack.record.becomes("UPDATE_IN_PROGRESS")
        new = {**TWO, "Description": "new", "Tags": [{"Key": "cost", "Value": "mine"}]}
        stack.send("Update", new, old=ONE, id=id_).expect_success()
        people_change(world)
        before = facts(world)
        stack.record.becomes("UPDATE_ROLLBACK_IN_PROGRESS")
        stack.send("Update", ONE, old=new, id=id_).expect_success()
        assert facts(world) == before

    def test_a_renamed_secret_is_not_written_at_all(self, world: World) -> None:
        """The Update was about the new one; the old one was never touched."""
        stack = Stack(world)
        stack.create(ONE)
        people_change(world)
        before = facts(world)
        new = {**TWO, "Name": "app/db", "Description": "new"}
        _, back, cleanup = stack.deploy({"Secret": new}, fails=True)
        all_succeed(back, cleanup)
        assert facts(world) == before
        assert set(back.actions) <= {"DescribeSecret", "CreateSecret"}


class TestNothingGetsStuck:
    def test_the_owner_tag_was_taken_away(self, world: World) -> None:
        stack = Stack(world)
        stack.create(ONE)
        world.aws.by_hand("UntagResource", SecretId=SECRET, TagKeys=[f"{MARK}owner"])
        before = facts(world)
        update, back = stack.deploy({"Secret": {**ONE, "Description": "d"}})
        update.expect_failure("no owner")
        back.expect_success()
        assert facts(world) == before

    def test_it_is_pending_and_on_recreate_is_fail(self, world: World) -> None:
        stack = Stack(world)
        old = {**ONE, "OnRecreate": "fail"}
        stack.create(old)
        world.aws.by_hand("DeleteSecret", SecretId=SECRET)
        update, back = stack.deploy({"Secret": {**old, "Description": "d"}})
        update.expect_failure("OnRecreate is fail")
        back.expect_success()
        assert world.aws.secret(SECRET).state == "pending"

    def test_it_vanished_and_the_answer_about_the_new_one_was_lost(self, world: World) -> None:
        """CloudFormation knows the id of the vanished one: by name the new one is found."""
        stack = Stack(world)
        stack.create(ONE)
        world.aws.by_hand("DeleteSecret", SecretId=SECRET, ForceDeleteWithoutRecovery=True)
        world.aws.clock.advance(days=1)
        new = {**ONE, "Description": "d"}
        all_succeed(*stack.deploy({"Secret": new}, lost=["Secret"]))
        assert stack.resources["Secret"].id == world.aws.secret(SECRET).arn
        assert world.aws.secret(SECRET).state == "live"
        all_succeed(*stack.delete())
        assert world.aws.secret(SECRET).state == "pending"

    def test_a_service_took_it(self, world: World) -> None:
        stack = Stack(world)
        stack.create(ONE)
        world.aws.plant(SECRET, OwningService="rds")
        update, back = stack.deploy({"Secret": {**ONE, "Description": "d"}})
        update.expect_failure("rds")
        back.expect_success()


class TestTags:
    def test_thirty_for_thirty_fit(self, world: World) -> None:
        """Added first they would be sixty: then the old ones go first."""
        stack = Stack(world)
        old, new = ({f"{letter}{n}": "x" for n in range(30)} for letter in "ab")
        stack.create({**ONE, "Tags": old}).expect_success()
        stack.update({**ONE, "Tags": new}).expect_success()
        assert facts(world)[-1] == new
        all_succeed(*stack.deploy({"Secret": {**ONE, "Tags": old}}, fails=True))
        assert facts(world)[-1] == new

    def test_the_stacks_tags_count_and_are_named(self, world: World) -> None:
        stack = Stack(world, tags={f"t{n}": "x" for n in range(48)})
        stack.create({**ONE, "Tags": {"a": "1"}}).expect_failure("Tags, the stack's included")

    def test_the_stacks_tags_do_not_block_a_rollback(self, world: World) -> None:
        stack = Stack(world)
        stack.create(ONE)
        stack.record.tags.update({f"t{n}": "x" for n in range(48)})
        update, back = stack.deploy({"Secret": {**ONE, "Description": "x"}})
        update.expect_failure("Tags, the stack's included")
        back.expect_success()


def test_what_was_adopted_long_ago_is_never_made_exact(world: World) -> None:
    """Adopted, retained, found, retained, found: people's tags and policy stay all the time."""
    world.install(ALLOW_ADOPT="unowned")
    tags = [{"Key": "team", "Value": "x"}]
    world.aws.by_hand("CreateSecret", Name=SECRET, SecretString=PEOPLES, Tags=tags)
    policy = '{"Version": "2012-10-17", "Statement": []}'
    world.aws.by_hand("PutResourcePolicy", SecretId=SECRET, ResourcePolicy=policy)
    for _ in range(3):
        stack = Stack(world)
        stack.create({"Adopt": "unowned"}).expect_success()
        stack.delete(retain=["Secret"])
        assert facts(world)[-1] == {"team": "x"}
        assert world.aws.secret(SECRET).policy == policy
    assert world.aws.secret(SECRET).tags[f"{MARK}origin"] == "found adopted"
    world.install(ALLOW_FORCE_DELETE="yes")
    stack = Stack(world)
    forced = {"Adopt": "unowned", "ForceDeleteWithoutRecovery": True}
    all_succeed(*stack.deploy({"Secret": forced}, fails=True))
    assert world.aws.secret(SECRET).state == "live"
    stack = Stack(world)
    stack.create(forced).expect_success()
    all_succeed(*stack.delete())
    assert world.aws.secret(SECRET).state == "pending", "never purged"


def test_the_service_timeout_bounds_the_work(world: World) -> None:
    """CloudFormation waits no longer than that: an answer after it would be nobody's."""
    world.install(ALLOW_FORCE_DELETE="yes")
    world.aws.behaviour.reserved_seconds = 10**6
    before = Stack(world)
    before.create({**ONE, "ForceDeleteWithoutRecovery": True})
    before.delete()
    stack = Stack(world)
    stack.record.becomes("CREATE_IN_PROGRESS")
    started = world.time.monotonic()
    event = stack.event("Create", {**ONE, "ServiceTimeout": 30})
    world.deliver(event, seconds=480).expect_failure("reserved")
    assert world.time.monotonic() - started < 30


# Random lives ------------------------------------------------------------------------------------


def _properties(dice: random.Random) -> dict[str, Any]:
    made: dict[str, Any] = {"ForceDeleteWithoutRecovery": dice.random() < 0.5}
    if dice.random() < 0.8:
        made["SecretString"] = dice.choice("ABC") + "-literal"
    if dice.random() < 0.5:
        made["Description"] = dice.choice(["d1", "d2"])
    if dice.random() < 0.5:
        made["Tags"] = {key: dice.choice("12") for key in dice.sample("xyz", dice.randint(0, 2))}
    if dice.random() < 0.3:
        made["KmsKeyId"] = dice.choice(["k1", "k2"])
    if dice.random() < 0.7:
        made["Name"] = dice.choice("abc")
    return made


def _snapshot(world: World) -> dict[str, tuple[Any, ...]]:
    return {one.name: facts(world, one.name) for one in world.aws.secrets()}


def _taken_back(
    before: Mapping[str, tuple[Any, ...]], after: Mapping[str, tuple[Any, ...]], held: str | None
) -> None:
    """Check what a rollback leaves: the held secret as it was, nothing new live, nothing gone."""
    for name, was in before.items():
        if name == held:
            assert after[name] == was
        elif was[0] in {"live", "pending"}:
            assert after[name][0] == was[0]
    assert all(after[name][0] == "pending" for name in set(after) - set(before))


@pytest.mark.parametrize("seed", range(16))
def test_random_lives(world: World, seed: int) -> None:
    """Deployments that succeed or fail, renames, deletions and returns; force is allowed."""
    dice = random.Random(seed)
    world.install(ALLOW_FORCE_DELETE="yes")
    stack: Stack | None = None
    for _ in range(7):
        if stack is not None and dice.random() < 0.25:
            all_succeed(*stack.delete(retain=["Secret"] if dice.random() < 0.4 else []))
            stack = None
            continue
        before, held = _snapshot(world), stack.resources["Secret"].id if stack else None
        name = next((one.name for one in world.aws.secrets() if one.arn == held), None)
        current = stack or Stack(world)
        fails = dice.random() < 0.5
        all_succeed(*current.deploy({"Secret": _properties(dice)}, fails=fails))
        if fails:
            _taken_back(before, _snapshot(world), name)
        stack = current if current.resources else None
        if stack is not None:
            live = {one.arn for one in world.aws.secrets() if one.state == "live"}
            assert stack.resources["Secret"].id in live
