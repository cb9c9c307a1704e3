"""Whose a secret is: others' are left alone unless adopted, and one's own is known again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pulumi
import pytest

from e2e.secrets_program import (
    COMPARE,
    CREATE,
    DELETE,
    INSTANCE,
    LOOK,
    NAME,
    ORIGIN,
    OWNER,
    VALUE,
    Story,
    declare,
    one,
    told,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from e2e.engine import Engine, Program
    from emulation import Aws

OTHERS = "cloudformation/their-stack/Db:0123456789abcdef"


def two(first: Program, second: Program) -> Program:
    """Both in one program."""

    def program() -> None:
        first()
        second()

    return program


def by_others(aws: Aws, *, owner: str | None, pending: bool) -> None:
    """A secret that was there before us."""
    tags = [{"Key": "team", "Value": "theirs"}]
    tags += [{"Key": OWNER, "Value": owner}] if owner else []
    aws.by_hand("CreateSecret", Name=NAME, SecretString="theirs", Tags=tags)
    if pending:
        aws.by_hand("DeleteSecret", SecretId=NAME, RecoveryWindowInDays=10)


@pytest.mark.parametrize("pending", [False, True], ids=["live", "pending"])
@pytest.mark.parametrize(
    ("owner", "adopt", "too_little"),
    [
        pytest.param(None, "unowned", "no", id="unowned"),
        pytest.param(OTHERS, "any", "unowned", id="foreign"),
    ],
)
def test_secrets_of_others_are_refused_then_adopted(
    engine: Engine, aws: Aws, owner: str | None, adopt: str, too_little: str, *, pending: bool
) -> None:
    story = Story(engine, aws)
    by_others(aws, owner=owner, pending=pending)
    before = aws.secret(NAME)
    run = story.up(one(adopt=too_little, deletion="force"), expect_failure=True)
    state = "is scheduled for deletion" if pending else "exists"
    whose = f"belongs to {owner} and {state}" if owner else f"{state} and has no owner"
    assert f"{NAME} {whose}: left alone" in run.output
    assert f"set adopt to {adopt} to take it over" in run.output
    assert (story.calls, aws.secret(NAME), story.names()) == (CREATE + LOOK, before, [])
    story.up(one(adopt=adopt, deletion="force", tags={"team": "ours"}))
    restore = ["RestoreSecret"] if pending else []
    assert story.calls == [*CREATE, *LOOK, *restore, "TagResource"]
    adopted = story.agree()
    assert (adopted.arn, adopted.value, adopted.versions) == (
        before.arn,
        "theirs",
        before.versions,
    ), "their value is kept"
    assert (adopted.tags["team"], adopted.tags[ORIGIN]) == ("ours", "adopted")
    assert adopted.tags[OWNER].startswith("pulumi/demo/dev/db:")
    assert story.up(one(adopt=adopt, deletion="force", tags={"team": "ours"})).steps == {"same": 2}


def test_an_adopted_secret_is_scheduled_and_restored_as_ones_own(engine: Engine, aws: Aws) -> None:
    story = Story(engine, aws)
    by_others(aws, owner=None, pending=False)
    before = aws.secret(NAME)
    story.up(one(adopt="unowned"))
    story.destroy()
    assert (story.calls, story.window()) == (DELETE, 30)
    story.up(one())
    found = story.agree()
    assert (found.arn, found.value, found.tags["team"]) == (before.arn, "theirs", "theirs")
    assert found.tags[ORIGIN] == "adopted", "their tags and policy are still not ours to drop"
    assert "DeleteResourcePolicy" not in story.calls


def test_another_resource_name_without_an_alias_is_another_owner(engine: Engine, aws: Aws) -> None:
    story = Story(engine, aws)
    story.up(one("db", name="shop/db"))
    created = story.agree()
    run = story.up(one("data", name="shop/db"), expect_failure=True)
    assert f"shop/db belongs to {created.tags[OWNER]} and exists: left alone" in run.output
    assert (story.names(), story.agree()) == (["db"], created)
    run = story.up(one("data", name="shop/db", adopt="any"))
    taken = story.agree("data")
    assert (taken.arn, taken.versions) == (created.arn, created.versions)
    assert f"shop/db belongs to {taken.tags[OWNER]}: left alone" in told(run), "by the old one"
    assert story.names() == ["data"]


def test_who_lost_a_secret_leaves_it_alone(make_engine: Callable[..., Engine], aws: Aws) -> None:
    loser, taker = (Story(make_engine(stack=name), aws) for name in ("loser", "taker"))
    loser.up(one(name="shop/db", description="loser's"))
    taker.up(one(name="shop/db", adopt="any"))
    taken = taker.agree()
    assert (taken.value, taken.description) == (VALUE, "loser's")
    assert taken.tags[OWNER].startswith("pulumi/demo/taker/db:")
    run = loser.up(one(name="shop/db", description="again"), expect_failure=True)
    assert loser.calls == LOOK
    refusal = f"shop/db belongs to {taken.tags[OWNER]} and exists: left alone"
    assert refusal in run.output
    assert loser.outputs()["description"] == "loser's", "the state is as it was"
    run = loser.destroy()
    assert (loser.calls, loser.names()) == (LOOK, [])
    assert f"shop/db belongs to {taken.tags[OWNER]}: left alone" in told(run)
    assert taker.agree() == taken
    taker.destroy()
    assert taker.pending("shop/db").arn == taken.arn


def test_a_named_owner_hands_over_between_stacks(
    make_engine: Callable[..., Engine], aws: Aws
) -> None:
    old, new = (Story(make_engine(stack=name), aws) for name in ("old", "new"))
    old.up(one(name="shop/db"))
    created = old.agree()
    old.up(one(name="shop/db", owner="team shop"))
    assert old.calls == [*LOOK, "TagResource"]
    assert old.agree().tags[OWNER] == "team shop"
    new.up(one(name="shop/db", owner="team shop"))
    assert new.calls == [*CREATE, *LOOK, "DeleteResourcePolicy", *COMPARE, "TagResource"]
    handed = new.agree()
    assert (handed.arn, handed.versions) == (created.arn, created.versions)
    assert handed.tags[INSTANCE] != created.tags[INSTANCE]
    run = old.destroy()
    assert (old.calls, old.names()) == (LOOK, [])
    assert "shop/db goes on in its replacement: left alone" in told(run)
    assert new.agree() == handed
    new.destroy()
    assert new.pending("shop/db").arn == created.arn


def test_two_resources_with_one_name(engine: Engine, aws: Aws) -> None:
    story = Story(engine, aws)
    both = two(one("a", name="shop/db"), one("b", name="shop/db", secret_string="other"))
    run = story.up(both, expect_failure=True)
    assert len(story.names()) == 1, "one of them got it"
    [winner], [loser] = story.names(), {"a", "b"} - set(story.names())
    owner = story.agree(winner).tags[OWNER]
    assert owner.startswith(f"pulumi/demo/dev/{winner}:")
    assert f"shop/db belongs to {owner} and exists: left alone" in run.output
    assert story.live("shop/db").value == {"a": VALUE, "b": "other"}[winner]
    run = story.up(both, expect_failure=True)
    assert (story.calls, story.names()) == (CREATE + LOOK, [winner])
    assert run.operations[winner] == ["same"]
    assert run.operations[loser] == ["create"]
    assert len(story.live("shop/db").versions) == 1


class Shop(pulumi.ComponentResource):
    """A component with a secret."""

    def __init__(self, name: str, kind: str = "my:shop:Shop", **child: Any) -> None:
        """Declare both."""
        super().__init__(kind, name)
        aliases = child.pop("aliases", None)
        declare("db", pulumi.ResourceOptions(parent=self, aliases=aliases), **child)


def test_components_with_children_of_one_name(engine: Engine, aws: Aws) -> None:
    story = Story(engine, aws)

    def program() -> None:
        Shop("one", "my:shop:Shop", secret_string="of one")
        Shop("two", "my:shop:Stall", secret_string="of two")
        declare("db", secret_string="of the stack")

    expected = {
        "demo/dev/my.shop.Shop/db": "of one",
        "demo/dev/my.shop.Stall/db": "of two",
        NAME: "of the stack",
    }
    assert story.preview(program).steps == {"create": 6}
    for _ in range(2):
        story.up(program)
        held = {found.name: found.value for found in aws.secrets()}
        assert held == expected
        assert len({found.tags[OWNER] for found in aws.secrets()}) == 3
        assert sorted(story.names()) == ["db", "db", "db", "one", "two"]
        assert story.up(program).steps == {"same": 6}
        story.destroy()
        assert {found.state for found in aws.secrets()} == {"pending"}


def test_a_stack_rename_an_alias_and_a_new_parent_keep_the_secret(engine: Engine, aws: Aws) -> None:
    story = Story(engine, aws)
    story.up(one())
    created = story.agree()

    def check(owner: str, resource: str) -> None:
        found = story.agree(resource)
        assert (story.calls, found.arn, found.versions) == (
            [*LOOK, "TagResource"],
            created.arn,
            created.versions,
        )
        assert re.fullmatch(owner + ":[0-9a-f]{16}", found.tags[OWNER])
        assert found.tags[INSTANCE] == created.tags[INSTANCE], "the same incarnation"
        assert found.name == story.outputs(resource)["name"] == NAME, "names are sticky"

    engine.rename("prod")
    run = story.up(one())
    assert run.steps == {"same": 1, "update": 1}
    check("pulumi/demo/prod/db", "db")
    was = [pulumi.Alias(name="db")]
    moved = one("data", lambda: pulumi.ResourceOptions(aliases=was))
    assert story.preview(moved).steps == {"same": 1, "update": 1}
    story.up(moved)
    check("pulumi/demo/prod/data", "data")

    def program() -> None:
        Shop("one", aliases=[pulumi.Alias(name="data", parent=pulumi.ROOT_STACK_RESOURCE)])

    run = story.up(program)
    assert run.steps == {"create": 1, "same": 1, "update": 1}
    check("pulumi/demo/prod/db", "db")
    assert "my:shop:Shop$" in story.state()["urn"]
    assert story.up(program).steps == {"same": 3}
    assert story.calls == []
    story.destroy()
    assert story.pending().arn == created.arn
    story.up(one(name=NAME), expect_failure=True)
    assert story.pending().tags[OWNER] != "", "under another parent it is another resource"


def test_wrong_account_on_destroy(make_engine: Callable[..., Engine], aws: Aws) -> None:
    story = Story(make_engine(), aws)
    story.up(one())
    created = story.agree()
    stranger = aws.user("stranger", account="210987654321")
    env = {
        "AWS_ACCESS_KEY_ID": stranger.access_key_id,
        "AWS_SECRET_ACCESS_KEY": stranger.secret_access_key,
    }
    there = Story(make_engine(env=env), aws)
    before = story.state()
    for verb in (there.destroy, there.refresh):
        run = verb(expect_failure=True)
        assert there.calls == [*LOOK, "sts:GetCallerIdentity"]
        refusal = f"{NAME} is in account 123456789012, but the credentials are of 210987654321"
        assert refusal in run.output
        assert (story.state(), story.agree()) == (before, created), "state and secret are kept"
    aws.behaviour.foreign_arn = "access-denied"
    run = there.destroy(expect_failure=True)
    assert there.calls == LOOK
    assert f"DescribeSecret of {NAME} was denied: it needs secretsmanager:Desc" in run.output
    assert (story.state(), story.agree()) == (before, created)
    story.destroy()
    assert story.pending().arn == created.arn
