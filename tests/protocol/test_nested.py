"""Nested stacks and StackSets: names with generated endings, and statuses that mislead."""

from __future__ import annotations

import pytest

from protocol.stack import Stack
from protocol.stacks import PAGE, STACK, Fault
from protocol.world import ACCOUNT, World

ONE = {"SecretString": "first-value"}
FORCED = {**ONE, "ForceDeleteWithoutRecovery": True}
OWNER = "recoverable-secrets:owner"
NAME = "shop/Kid/Secret"
SET_ROLES = [
    f"arn:aws:iam::{ACCOUNT}:role/AWSCloudFormationStackSetExecutionRole",
    f"arn:aws:iam::{ACCOUNT}:role/stacksets-exec-0123456789abcdef0123456789abcdef",
]


def family(world: World) -> tuple[Stack, Stack]:
    """Let there be a stack that is being created, and one nested in it."""
    root = Stack(world, "shop")
    root.record.becomes("CREATE_IN_PROGRESS")
    return root, Stack(world, "Kid", parent=root)


def grown_up(world: World, properties: dict[str, object]) -> tuple[Stack, Stack]:
    """Let both be complete."""
    root, child = family(world)
    child.create(properties).expect_success()
    root.record.becomes("CREATE_COMPLETE")
    return root, child


class TestNames:
    def test_the_generated_ending_is_no_part_of_the_name(self, world: World) -> None:
        _, child = family(world)
        told = child.create(ONE).expect_success()
        assert told["Name"] == NAME
        assert world.aws.secret(NAME).tags[OWNER].startswith("cloudformation/shop/Kid/Secret:")

    def test_a_nested_stack_that_is_made_anew_gets_its_secret_back(self, world: World) -> None:
        """Its name has another ending then, its path has not."""
        root, child = grown_up(world, ONE)
        root.record.becomes("DELETE_IN_PROGRESS")
        child.delete()[0].expect_success()
        root.record.becomes("DELETE_COMPLETE")
        _, again = family(world)
        assert again.record.name != child.record.name
        assert again.create(ONE).expect_success()["Restored"] == "true"

    def test_three_levels(self, world: World) -> None:
        root, child = family(world)
        child.record.becomes("CREATE_IN_PROGRESS")
        inner = Stack(world, "Inner", parent=child)
        assert inner.create(ONE).expect_success()["Name"] == "shop/Kid/Inner/Secret"
        assert inner.record.root == root.id

    def test_two_children_do_not_share(self, world: World) -> None:
        root, child = family(world)
        other = Stack(world, "Kid2", parent=root)
        assert child.create(ONE).id != other.create(ONE).id
        assert {one.name for one in world.aws.secrets()} == {NAME, "shop/Kid2/Secret"}

    def test_a_plain_stack_named_like_a_nested_one_is_another(self, world: World) -> None:
        """The name alone proves no parent: only CloudFormation's ParentId does."""
        _, child = grown_up(world, ONE)
        double = Stack(world, child.record.name + "X")
        told = double.create(ONE).expect_success()
        assert told["Name"] == f"{double.record.name}/Secret"
        lookalike = Stack(world, "shop-Kid-1A2B3C4D5E6F")
        assert lookalike.create(ONE).expect_success()["Name"] == "shop-Kid-1A2B3C4D5E6F/Secret"

    def test_a_plain_stack_with_a_slashless_name_cannot_reach_a_nested_path(
        self, world: World
    ) -> None:
        """A child `Kid` of `shop` and a logical id cannot be spelt by a stack's name: no slashes.

        A declared Name can be: then the owner tag tells them apart.
        """
        grown_up(world, ONE)
        made = Stack(world, "thief").create({**ONE, "Name": NAME})
        made.expect_failure("cloudformation/shop/Kid/Secret")

    def test_names_that_cloudformation_cut_stay_apart(self, world: World) -> None:
        """A nested stack's name has 128 characters at most: the logical id loses its end.

        What is left can be a sister's too, so such a name keeps its generated ending.
        """
        root = Stack(world, "shop")
        root.record.becomes("CREATE_IN_PROGRESS")
        made = []
        for end in "AB":
            child = Stack(world, "K" * 120 + end, parent=root)
            ending = child.record.name.rpartition("-")[2]
            child.record.name = f"shop-{'K' * (128 - 6 - len(ending))}-{ending}"
            assert len(child.record.name) == 128
            made.append(child.create({"SecretString": f"value of {end}"}).expect_success())
        assert made[0]["Name"] != made[1]["Name"]
        for told, end in zip(made, "AB", strict=True):
            assert world.aws.secret(told["Name"]).value == f"value of {end}"


class TestRollbackOfTheParent:
    """A child that was complete shows DELETE_IN_PROGRESS then; only its root tells the truth."""

    @pytest.mark.parametrize(
        "status",
        [
            "ROLLBACK_IN_PROGRESS",
            "UPDATE_ROLLBACK_IN_PROGRESS",
            "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
            "CREATE_FAILED",
            "CREATE_IN_PROGRESS",
            "UPDATE_IN_PROGRESS",
        ],
    )
    def test_force_does_not_purge(self, world: World, status: str) -> None:
        world.install(ALLOW_FORCE_DELETE="yes")
        root, child = family(world)
        child.create(FORCED).expect_success()
        root.record.becomes(status)
        child.fails_after_all()[0].expect_success()
        assert world.aws.secret(NAME).state == "pending"

    def test_on_failure_delete_of_the_root_does_not_purge(self, world: World) -> None:
        """Both show DELETE_IN_PROGRESS, the child was complete once: the root was not."""
        world.install(ALLOW_FORCE_DELETE="yes")
        root, child = family(world)
        root.record.updated = root.record.created
        child.create(FORCED).expect_success()
        root.record.note("Kid", STACK, "CREATE_COMPLETE")
        root.record.becomes("DELETE_IN_PROGRESS")
        child.fails_after_all()[0].expect_success()
        assert world.aws.secret(NAME).state == "pending"

    def test_adopted_and_found_stay_live(self, world: World) -> None:
        world.install(ALLOW_ADOPT="unowned")
        world.aws.by_hand("CreateSecret", Name=NAME)
        root, child = family(world)
        child.create({"Adopt": "unowned"}).expect_success()
        root.record.becomes("ROLLBACK_IN_PROGRESS")
        child.fails_after_all()[0].expect_success()
        left = world.aws.secret(NAME)
        assert left.state == "live"
        assert OWNER not in left.tags

    def test_a_middle_stack_cannot_hide_it(self, world: World) -> None:
        world.install(ALLOW_FORCE_DELETE="yes")
        root, child = family(world)
        child.record.becomes("CREATE_IN_PROGRESS")
        inner = Stack(world, "Inner", parent=child)
        inner.create(FORCED).expect_success()
        child.record.becomes("CREATE_COMPLETE")
        root.record.becomes("ROLLBACK_IN_PROGRESS")
        child.record.becomes("DELETE_IN_PROGRESS")
        inner.fails_after_all()[0].expect_success()
        assert world.aws.secret("shop/Kid/Inner/Secret").state == "pending"

    def test_a_child_added_by_a_failed_update(self, world: World) -> None:
        """The root was complete before, so its history proves nothing: its status does."""
        world.install(ALLOW_FORCE_DELETE="yes")
        root = Stack(world, "shop")
        root.record.becomes("CREATE_COMPLETE")
        root.record.updated = root.record.created
        root.record.becomes("UPDATE_IN_PROGRESS")
        child = Stack(world, "Kid", parent=root)
        child.create(FORCED).expect_success()
        root.record.becomes("UPDATE_ROLLBACK_IN_PROGRESS")
        child.fails_after_all()[0].expect_success()
        assert world.aws.secret(NAME).state == "pending"

    def test_an_update_of_a_child_is_rolled_back(self, world: World) -> None:
        root, child = grown_up(world, ONE)
        root.record.becomes("UPDATE_IN_PROGRESS")
        for each in child.deploy({"Secret": {"SecretString": "second-value"}}, fails=True):
            each.expect_success()
        assert world.aws.secret(NAME).value == "first-value"


class TestOrdinaryDeletion:
    def test_with_the_root_force_purges(self, world: World) -> None:
        world.install(ALLOW_FORCE_DELETE="yes")
        root, child = grown_up(world, FORCED)
        root.record.becomes("DELETE_IN_PROGRESS")
        child.delete()[0].expect_success()
        assert world.aws.secret(NAME).state == "purging"

    def test_removed_from_the_root_force_purges(self, world: World) -> None:
        """The child goes in the root's cleanup after a completed update."""
        world.install(ALLOW_FORCE_DELETE="yes")
        root, child = grown_up(world, FORCED)
        root.record.becomes("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        child.delete()[0].expect_success()
        assert world.aws.secret(NAME).state == "purging"

    def test_a_child_that_is_deleted_alone_is_not_proved(self, world: World) -> None:
        """Somebody deletes the child by hand below a settled root: scheduled, not purged."""
        world.install(ALLOW_FORCE_DELETE="yes")
        _, child = grown_up(world, FORCED)
        child.delete()[0].expect_success()
        assert world.aws.secret(NAME).state == "pending"


class TestHistory:
    """What proves that a stack was complete stands in its events: newest first, in pages."""

    @pytest.mark.parametrize(
        ("pages", "state"), [(1, "purging"), (7, "purging"), (1000, "pending")]
    )
    def test_the_proof_may_be_far_back(self, world: World, pages: int, state: str) -> None:
        """Pages are bounded: what cannot be proved in time is not purged."""
        world.install(ALLOW_FORCE_DELETE="yes")
        stack = Stack(world)
        stack.create(FORCED).expect_success()
        for number in range(pages * PAGE):
            stack.record.note(f"Other{number}", "AWS::SNS::Topic", "UPDATE_COMPLETE")
        [deletion] = stack.delete()
        deletion.expect_success()
        assert world.aws.secret("shop/Secret").state == state
        assert len(deletion.looks) < 40

    @pytest.mark.parametrize(
        "status",
        ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE"],
    )
    def test_each_way_of_being_complete(self, world: World, status: str) -> None:
        world.install(ALLOW_FORCE_DELETE="yes")
        stack = Stack(world)
        stack.create(FORCED, failing="nothing", fails=True)
        stack.record.becomes(status)
        stack.delete()[0].expect_success()
        assert world.aws.secret("shop/Secret").state == "purging"

    @pytest.mark.parametrize(
        "status",
        ["CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED",
         "UPDATE_ROLLBACK_FAILED", "REVIEW_IN_PROGRESS"],
    )  # fmt: skip
    def test_what_is_not_complete(self, world: World, status: str) -> None:
        world.install(ALLOW_FORCE_DELETE="yes")
        stack = Stack(world)
        stack.create(FORCED, failing="nothing", fails=True)
        stack.record.becomes(status)
        stack.delete()[0].expect_success()
        assert world.aws.secret("shop/Secret").state == "pending"

    def test_a_resource_named_like_the_stack_proves_nothing(self, world: World) -> None:
        """A logical id can be the stack's own name; its physical id is another."""
        world.install(ALLOW_FORCE_DELETE="yes")
        stack = Stack(world)
        stack.create(FORCED, failing="nothing", fails=True)
        stack.record.note("shop", "AWS::SNS::Topic", "CREATE_COMPLETE")
        stack.delete()[0].expect_success()
        assert world.aws.secret("shop/Secret").state == "pending"


class TestWhatCannotBeSeen:
    def test_a_root_that_may_not_be_looked_at(self, world: World) -> None:
        """A name made of half a path would be another secret's: a Create fails."""
        root, child = family(world)
        world.stacks.faults.append(Fault("denied", stack=root.id, times=None))
        child.create(ONE, failing="nothing").expect_failure("cloudformation:DescribeStacks")
        assert world.aws.secrets() == []

    def test_a_deletion_below_a_root_that_is_gone(self, world: World) -> None:
        world.install(ALLOW_FORCE_DELETE="yes")
        root, child = grown_up(world, FORCED)
        world.stacks.forget(root.id)
        child.delete()[0].expect_success()
        assert world.aws.secret(NAME).state == "pending"

    def test_stacks_that_name_each_other_as_parents_end_somewhere(self, world: World) -> None:
        root, child = family(world)
        root.record.parent = child.id
        child.record.becomes("CREATE_IN_PROGRESS")
        made = child.send("Create", ONE)
        assert made.answer
        assert len(made.looks) < 60


class TestStackSets:
    def instance(self, world: World, number: int, role: str | None) -> Stack:
        name = f"StackSet-shop-{number:08x}-1111-2222-3333-0123456789ab"
        stack = Stack(world, name, change_set=True)
        stack.record.role = role
        return stack

    @pytest.mark.parametrize("role", SET_ROLES, ids=["self-managed", "service-managed"])
    def test_an_instance_made_anew_gets_its_secret_back(self, world: World, role: str) -> None:
        first = self.instance(world, 1, role)
        told = first.create(ONE).expect_success()
        assert told["Name"] == "StackSet-shop/Secret"
        first.delete()[0].expect_success()
        second = self.instance(world, 2, role)
        assert second.create(ONE).expect_success()["Restored"] == "true"

    def test_a_stack_that_is_only_named_so_is_another(self, world: World) -> None:
        """Whoever may create stacks chooses their names: the role has to agree."""
        told = self.instance(world, 1, None).create(ONE).expect_success()
        assert told["Name"].startswith("StackSet-shop-00000001-")
        role = f"arn:aws:iam::{ACCOUNT}:role/deploy"
        told = self.instance(world, 2, role).create(ONE).expect_success()
        assert told["Name"].startswith("StackSet-shop-00000002-")

    @pytest.mark.parametrize("role", SET_ROLES, ids=["self-managed", "service-managed"])
    def test_a_role_whose_name_only_begins_so_is_another(self, world: World, role: str) -> None:
        """Whoever may create some roles could have one of that beginning."""
        told = self.instance(world, 1, f"{role}-Copy").create(ONE).expect_success()
        assert told["Name"].startswith("StackSet-shop-00000001-")

    def test_the_first_deployment_has_a_last_updated_time(self, world: World) -> None:
        """Instances are made through change sets: LastUpdatedTime proves nothing."""
        world.install(ALLOW_FORCE_DELETE="yes")
        stack = self.instance(world, 1, SET_ROLES[0])
        for each in stack.deploy({"Secret": FORCED}, fails=True, failing="delete"):
            each.expect_success()
        assert world.aws.secret("StackSet-shop/Secret").state == "pending"
