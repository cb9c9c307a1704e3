"""Operations that fail, played as CloudFormation plays them: what is undone, and what is not."""

from __future__ import annotations

import pytest

from protocol.stack import Failing, Stack
from protocol.world import World

VALUE = "first-value"
ONE = {"SecretString": VALUE}
SECRET = "shop/Secret"
FORCED = {**ONE, "ForceDeleteWithoutRecovery": True}
MARKS = {f"recoverable-secrets:{name}" for name in ("owner", "instance", "origin")}
OWNER = "recoverable-secrets:owner"


def theirs(world: World, name: str = SECRET, *, pending: bool = False) -> str:
    """Let there be a secret of nobody; return its ARN."""
    made = world.aws.by_hand("CreateSecret", Name=name, SecretString="theirs")
    if pending:
        world.aws.by_hand("DeleteSecret", SecretId=name)
    return str(made["ARN"])


FAILING: list[Failing] = ["rollback", "delete"]


@pytest.mark.parametrize("failing", FAILING)
@pytest.mark.parametrize("change_set", [False, True], ids=["plain", "change set"])
class TestAnotherResourceFailsAfterOurs:
    """Shown as ROLLBACK_IN_PROGRESS, or as DELETE_IN_PROGRESS with OnFailure = DELETE."""

    def test_created_is_scheduled_in_spite_of_force(
        self, world: World, failing: Failing, *, change_set: bool
    ) -> None:
        world.install(ALLOW_FORCE_DELETE="yes")
        stack = Stack(world, change_set=change_set)
        create, deletion = stack.deploy({"Secret": FORCED}, fails=True, failing=failing)
        create.expect_success()
        deletion.expect_success()
        assert world.aws.secret(SECRET).state == "pending"

    def test_restored_is_scheduled_again(
        self, world: World, failing: Failing, *, change_set: bool
    ) -> None:
        world.install(ALLOW_FORCE_DELETE="yes")
        before = Stack(world)
        arn = before.create(ONE).id
        before.delete()
        stack = Stack(world, change_set=change_set)
        create, deletion = stack.deploy({"Secret": FORCED}, fails=True, failing=failing)
        assert create.expect_success()["Restored"] == "true"
        deletion.expect_success()
        assert (world.aws.secret(SECRET).state, world.aws.secret(SECRET).arn) == ("pending", arn)

    def test_adopted_stays_live_without_our_tags(
        self, world: World, failing: Failing, *, change_set: bool
    ) -> None:
        world.install(ALLOW_ADOPT="unowned", ALLOW_FORCE_DELETE="yes")
        theirs(world)
        stack = Stack(world, change_set=change_set)
        template = {"Secret": {**FORCED, "Adopt": "unowned"}}
        for each in stack.deploy(template, fails=True, failing=failing):
            each.expect_success()
        left = world.aws.secret(SECRET)
        assert (left.state, left.value) == ("live", "theirs")
        assert not MARKS & set(left.tags)

    def test_adopted_while_pending_is_scheduled_again(
        self, world: World, failing: Failing, *, change_set: bool
    ) -> None:
        world.install(ALLOW_ADOPT="unowned")
        theirs(world, pending=True)
        stack = Stack(world, change_set=change_set)
        template = {"Secret": {"Adopt": "unowned"}}
        for each in stack.deploy(template, fails=True, failing=failing):
            each.expect_success()
        left = world.aws.secret(SECRET)
        assert (left.state, left.value) == ("pending", "theirs")
        assert not MARKS & set(left.tags)

    def test_found_stays_live(self, world: World, failing: Failing, *, change_set: bool) -> None:
        """It was retained by the stack before: this one did not make it."""
        before = Stack(world)
        before.create(ONE)
        before.delete(retain=["Secret"])
        stack = Stack(world, change_set=change_set)
        for each in stack.deploy({"Secret": ONE}, fails=True, failing=failing):
            each.expect_success()
        assert world.aws.secret(SECRET).state == "live"


class TestAfterARollback:
    """The next attempt comes with a new stack, whose name is the same."""

    def test_the_next_creation_restores(self, world: World) -> None:
        first = Stack(world).deploy({"Secret": ONE}, fails=True)[0]
        again = Stack(world).create(ONE)
        assert again.expect_success()["Restored"] == "true"
        assert again.id == first.id

    def test_a_released_secret_can_be_adopted_again(self, world: World) -> None:
        world.install(ALLOW_ADOPT="unowned")
        arn = theirs(world)
        Stack(world).deploy({"Secret": {"Adopt": "unowned"}}, fails=True)
        assert Stack(world).create({"Adopt": "unowned"}).id == arn

    def test_a_found_secret_is_scheduled_by_its_stack_in_the_end(self, world: World) -> None:
        """Retained, found, rolled back, found again: then an ordinary deletion schedules it."""
        before = Stack(world)
        before.create(ONE)
        before.delete(retain=["Secret"])
        Stack(world).deploy({"Secret": ONE}, fails=True)
        last = Stack(world)
        last.create(ONE).expect_success()
        last.delete()[0].expect_success()
        assert world.aws.secret(SECRET).state == "pending"

    def test_a_creation_that_stays_failed_is_deleted_as_a_rollback(self, world: World) -> None:
        """OnFailure = DO_NOTHING leaves CREATE_FAILED: the stack was never complete."""
        world.install(ALLOW_FORCE_DELETE="yes")
        stack = Stack(world)
        stack.deploy({"Secret": FORCED}, fails=True, failing="nothing")
        stack.delete()[0].expect_success()
        assert world.aws.secret(SECRET).state == "pending"

    def test_a_rolled_back_stack_is_deleted_without_its_secret(self, world: World) -> None:
        """ROLLBACK_COMPLETE has no resources left, so no second Delete comes."""
        stack = Stack(world)
        stack.deploy({"Secret": ONE}, fails=True)
        assert stack.delete() == []


class TestOurOwnFailure:
    """Our Create or Update fails: CloudFormation deletes or swaps with the id that we answered."""

    def test_a_create_that_failed_on_a_foreign_secret_leaves_it(self, world: World) -> None:
        arn = theirs(world)
        create, deletion = Stack(world).deploy({"Secret": ONE})
        create.expect_failure("no owner")
        deletion.expect_success()
        left = world.aws.secret(SECRET)
        assert (left.state, left.arn, left.tags) == ("live", arn, {})

    def test_a_create_that_failed_half_way_leaves_nothing_behind(self, world: World) -> None:
        """Restored, then denied: the engine schedules it again, before the Delete comes."""
        before = Stack(world)
        before.create(ONE)
        before.delete()
        world.aws.deny("secretsmanager:UpdateSecret")
        create, deletion = Stack(world).deploy({"Secret": {**ONE, "Description": "new"}})
        create.expect_failure("secretsmanager:UpdateSecret")
        deletion.expect_success()
        assert world.aws.secret(SECRET).state == "pending"

    def test_an_adoption_that_failed_half_way_is_given_back(self, world: World) -> None:
        world.install(ALLOW_ADOPT="unowned")
        theirs(world)
        world.aws.deny("secretsmanager:UpdateSecret")
        template = {"Secret": {"Adopt": "unowned", "Description": "new"}}
        create, deletion = Stack(world).deploy(template)
        create.expect_failure("secretsmanager:UpdateSecret")
        deletion.expect_success()
        left = world.aws.secret(SECRET)
        assert (left.state, left.value, left.description) == ("live", "theirs", None)
        assert not MARKS & set(left.tags)

    def test_a_failed_update_is_swapped_back(self, world: World) -> None:
        stack = Stack(world)
        arn = stack.create(ONE).id
        forward, back = stack.deploy({"Secret": {**ONE, "RecoveryWindowInDays": "x"}})
        forward.expect_failure("RecoveryWindowInDays")
        back.expect_success()
        assert stack.resources["Secret"].id == arn
        assert world.aws.secret(SECRET).value == VALUE
        assert stack.record.status == "UPDATE_ROLLBACK_COMPLETE"

    def test_an_update_that_failed_half_way_is_brought_back(self, world: World) -> None:
        """Tags were set, then the rest was denied; the rollback is denied nothing it needs."""
        stack = Stack(world)
        old = {**ONE, "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "1"}]}
        stack.create(old)
        world.aws.deny("secretsmanager:UntagResource")
        forward, back = stack.deploy({"Secret": {**ONE, "Description": "new", "Tags": []}})
        forward.expect_failure("secretsmanager:UntagResource")
        back.expect_success()
        left = world.aws.secret(SECRET)
        assert {k: v for k, v in left.tags.items() if k not in MARKS} == {"a": "1", "b": "1"}
        assert left.description is None

    def test_old_properties_that_are_bad_by_now_can_be_rolled_back_to(self, world: World) -> None:
        """The installation forbade force meanwhile: a rollback must not fail on that.

        UPDATE_ROLLBACK_FAILED would need hands; and nothing is destroyed by keeping a secret.
        """
        world.install(ALLOW_FORCE_DELETE="yes")
        stack = Stack(world)
        stack.create(FORCED)
        world.install(ALLOW_FORCE_DELETE="no")
        _, back = stack.deploy({"Secret": {**ONE, "Description": "new"}}, fails=True)
        back.expect_success()
        assert world.aws.secret(SECRET).description is None


class TestUpdateRollbacks:
    """Another resource fails after our Update: old and new swapped, new ids deleted."""

    def test_everything_that_was_declared_is_back(self, world: World) -> None:
        stack = Stack(world)
        old = {**ONE, "Description": "old", "Tags": [{"Key": "a", "Value": "1"}]}
        new = {
            "SecretString": "second-value",
            "Tags": [{"Key": "b", "Value": "2"}],
            "KmsKeyId": "k",
        }
        arn = stack.create(old).id
        for each in stack.deploy({"Secret": new}, fails=True):
            each.expect_success()
        left = world.aws.secret(SECRET)
        assert (left.value, left.description, left.kms_key_id) == (VALUE, "old", None)
        assert {k: v for k, v in left.tags.items() if k not in MARKS} == {"a": "1"}
        assert stack.resources["Secret"].id == arn

    def test_a_rename_goes_back_to_the_old_secret(self, world: World) -> None:
        """Force must not purge the new one either: it belongs to a failed update."""
        world.install(ALLOW_FORCE_DELETE="yes")
        stack = Stack(world)
        arn = stack.create({**FORCED, "Name": "a"}).id
        _, back, cleanup = stack.deploy({"Secret": {**FORCED, "Name": "b"}}, fails=True)
        assert back.id == arn
        cleanup.expect_success()
        assert world.aws.secret("a").state == "live"
        assert world.aws.secret("b").state == "pending"

    def test_a_rename_onto_an_adopted_secret_gives_it_back(self, world: World) -> None:
        world.install(ALLOW_ADOPT="unowned")
        theirs(world, "b")
        stack = Stack(world)
        stack.create({**ONE, "Name": "a"})
        template = {"Secret": {"Name": "b", "Adopt": "unowned"}}
        for each in stack.deploy(template, fails=True):
            each.expect_success()
        left = world.aws.secret("b")
        assert (left.state, left.value) == ("live", "theirs")
        assert not MARKS & set(left.tags)

    def test_a_rename_onto_a_pending_own_secret_schedules_it_again(self, world: World) -> None:
        stack = Stack(world)
        stack.create({**ONE, "Name": "a"})
        stack.update({**ONE, "Name": "b"})
        assert world.aws.secret("a").state == "pending"
        for each in stack.deploy({"Secret": {**ONE, "Name": "a"}}, fails=True):
            each.expect_success()
        assert world.aws.secret("a").state == "pending"
        assert world.aws.secret("b").state == "live"

    def test_an_added_secret_is_scheduled(self, world: World) -> None:
        world.install(ALLOW_FORCE_DELETE="yes")
        stack = Stack(world)
        stack.create(ONE)
        for each in stack.deploy({"Secret": ONE, "More": FORCED}, fails=True):
            each.expect_success()
        assert world.aws.secret("shop/More").state == "pending"
        assert world.aws.secret(SECRET).state == "live"

    def test_an_added_adopted_secret_is_released(self, world: World) -> None:
        world.install(ALLOW_ADOPT="unowned")
        theirs(world, "shop/More")
        stack = Stack(world)
        stack.create(ONE)
        for each in stack.deploy({"Secret": ONE, "More": {"Adopt": "unowned"}}, fails=True):
            each.expect_success()
        left = world.aws.secret("shop/More")
        assert left.state == "live"
        assert OWNER not in left.tags

    def test_a_rollback_can_itself_be_interrupted_and_go_on(self, world: World) -> None:
        """ContinueUpdateRollback sends the swapped Update once more."""
        stack = Stack(world)
        stack.create({**ONE, "Name": "a"})
        _, back, _ = stack.deploy({"Secret": {**ONE, "Name": "b"}}, fails=True)
        stack.record.becomes("UPDATE_ROLLBACK_IN_PROGRESS")
        again = world.deliver({**back.event, "ResponseURL": world.receiver.url()})
        assert again.id == back.id
        assert world.aws.secret("a").state == "live"

    def test_an_adoption_by_update_is_not_undone_by_a_later_deletion(self, world: World) -> None:
        """What an update adopted for good is the stack's: an ordinary deletion schedules it."""
        world.install(ALLOW_ADOPT="unowned")
        theirs(world, "b")
        stack = Stack(world)
        stack.create({**ONE, "Name": "a"})
        stack.update({"Name": "b", "Adopt": "unowned"})
        stack.delete()[0].expect_success()
        assert world.aws.secret("b").state == "pending"


class TestLostAnswers:
    """CloudFormation never hears of the end: it makes an id up, or keeps the old one."""

    def test_a_created_secret_is_found_and_scheduled(self, world: World) -> None:
        create, deletion = Stack(world).deploy({"Secret": ONE}, lost=["Secret"])
        assert not deletion.event["PhysicalResourceId"].startswith("arn:")
        assert create.succeeded
        deletion.expect_success()
        assert world.aws.secret(SECRET).state == "pending"

    def test_a_restored_one_is_scheduled_again(self, world: World) -> None:
        before = Stack(world)
        before.create(ONE)
        before.delete()
        for each in Stack(world).deploy({"Secret": ONE}, lost=["Secret"]):
            each.expect_success()
        assert world.aws.secret(SECRET).state == "pending"

    def test_an_adopted_one_is_released(self, world: World) -> None:
        world.install(ALLOW_ADOPT="unowned")
        theirs(world)
        for each in Stack(world).deploy({"Secret": {"Adopt": "unowned"}}, lost=["Secret"]):
            each.expect_success()
        assert world.aws.secret(SECRET).state == "live"
        assert OWNER not in world.aws.secret(SECRET).tags

    def test_a_renamed_one_stays_behind_under_its_new_name(self, world: World) -> None:
        """CloudFormation knows the old id only. The new secret is live and nobody's to delete.

        It is named in the documentation: the next rename finds it.
        """
        stack = Stack(world)
        arn = stack.create({**ONE, "Name": "a"}).id
        _, back = stack.deploy({"Secret": {**ONE, "Name": "b"}}, lost=["Secret"])
        assert back.id == arn
        assert world.aws.secret("a").state == "live"
        assert world.aws.secret("b").state == "live"
        stack.update({**ONE, "Name": "b"}).expect_success()
        assert len(world.aws.secret("b").versions) == 1

    def test_a_lost_update_is_swapped_back(self, world: World) -> None:
        stack = Stack(world)
        stack.create(ONE)
        for each in stack.deploy({"Secret": {"SecretString": "second-value"}}, lost=["Secret"]):
            each.expect_success()
        assert world.aws.secret(SECRET).value == VALUE

    def test_a_lost_deletion_is_asked_for_again(self, world: World) -> None:
        stack = Stack(world)
        stack.create(ONE)
        [first] = stack.delete()
        again = world.deliver({**first.event, "ResponseURL": world.receiver.url()})
        assert again.id == first.id
        assert "DeleteSecret" not in again.actions


class TestRemovedFromTheTemplate:
    """The resource goes in an update: its Delete comes in cleanup, and is an ordinary one."""

    def test_it_is_scheduled(self, world: World) -> None:
        stack = Stack(world)
        stack.deploy({"Secret": ONE, "More": ONE})
        [cleanup] = stack.deploy({"Secret": ONE})
        cleanup.expect_success()
        assert world.aws.secret("shop/More").state == "pending"
        assert world.aws.secret(SECRET).state == "live"

    def test_it_comes_back_when_declared_again(self, world: World) -> None:
        stack = Stack(world)
        first = stack.deploy({"Secret": ONE, "More": ONE})[1]
        stack.deploy({"Secret": ONE})
        [again] = stack.deploy({"Secret": ONE, "More": ONE})
        assert again.expect_success()["Restored"] == "true"
        assert again.id == first.id

    def test_force_purges_it(self, world: World) -> None:
        world.install(ALLOW_FORCE_DELETE="yes")
        stack = Stack(world)
        stack.deploy({"Secret": ONE, "More": FORCED})
        stack.deploy({"Secret": ONE})
        assert world.aws.secret("shop/More").state == "purging"

    def test_moved_to_another_logical_id_with_its_name(self, world: World) -> None:
        """CloudFormation creates the new one first: the name is taken by the other owner.

        Two logical ids are two owners, so nothing is taken over silently.
        """
        stack = Stack(world)
        stack.create({**ONE, "Name": "app/db"})
        create, *rest = stack.deploy({"Other": {**ONE, "Name": "app/db"}})
        create.expect_failure("cloudformation/shop/Secret")
        for each in rest:
            each.expect_success()
        assert world.aws.secret("app/db").state == "live"
