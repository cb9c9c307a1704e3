"""Whose a secret is: others' are left alone unless adopted, and one's own is known again."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any

import pulumi

from e2e.secrets_program import (
    COMPARE,
    CREATE,
    DELETE,
    INSTANCE,
    LOOK,
    NAME,
    ORIGIN,
    OWNER,
    RESTORE,
    VALUE,
    Story,
    declare,
    one,
    several,
    told,
    users,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from e2e.engine import Engine
    from emulation import Aws

STRANGER = "cloudformation/their-stack/Db:0123456789abcdef"


@dataclasses.dataclass(frozen=True)
class Found:
    """A secret that was there before us.

    Attributes:
        owner: its owner tag.
        pending: whether its deletion is scheduled.
        too_little: the adopt that does not do.
        adopt: the adopt that does.
        reason: why it is refused without.
    """

    owner: str | None
    pending: bool
    too_little: str
    adopt: str
    reason: str


FOREIGN = f"belongs to {STRANGER} and"
FOUND = {
    "unowned": Found(None, False, "no", "unowned", "exists and has no owner"),
    "unowned-pending": Found(
        None, True, "no", "unowned", "is scheduled for deletion and has no owner"
    ),
    "foreign": Found(STRANGER, False, "unowned", "any", f"{FOREIGN} exists"),
    "foreign-pending": Found(
        STRANGER, True, "unowned", "any", f"{FOREIGN} is scheduled for deletion"
    ),
}


def test_secrets_of_others_are_refused_then_adopted(engine: Engine, aws: Aws) -> None:
    story = Story(engine, aws)
    names = {each: f"demo/dev/{each}" for each in FOUND}
    for each, name in names.items():
        by_others(aws, name, FOUND[each])
    before = {each: aws.secret(name) for each, name in names.items()}
    refused = {each: {"adopt": it.too_little, "deletion": "force"} for each, it in FOUND.items()}
    run = story.up(several(refused), expect_failure=True, continue_on_error=True)
    for each, found in FOUND.items():
        assert f"{names[each]} {found.reason}: left alone" in run.output
        assert f"set adopt to {found.adopt} to take it over" in run.output
        assert story.about(names[each]) == CREATE + LOOK
        assert aws.secret(names[each]) == before[each], "not touched"
    assert story.names() == []
    adopted = several({each: {"adopt": it.adopt, "tags": {"x": "y"}} for each, it in FOUND.items()})
    story.up(adopted)
    for each, found in FOUND.items():
        taken = story.agree(each)
        restore = ["RestoreSecret"] if found.pending else []
        assert story.about(taken.name) == [*CREATE, *LOOK, *restore, "TagResource"], each
        assert (taken.arn, taken.versions) == (before[each].arn, before[each].versions)
        assert (taken.value, users(taken.tags)) == ("theirs", {"team": "theirs", "x": "y"})
        assert taken.tags[ORIGIN] == "adopted"
        assert taken.tags[OWNER].startswith(f"pulumi/demo/dev/{each}:")
    assert story.up(adopted).steps == {"same": 5}
    story.destroy()
    assert {story.window(name) for name in names.values()} == {30}
    story.up(several({each: {} for each in FOUND}))
    for each in FOUND:
        back = story.agree(each)
        assert (back.arn, back.value) == (before[each].arn, "theirs")
        assert users(back.tags)["team"] == "theirs", "their tags are still not ours to drop"
        assert "DeleteResourcePolicy" not in story.about(back.name), "nor is their policy"


def by_others(aws: Aws, name: str, found: Found) -> None:
    """Make a secret that was there before us."""
    tags = [{"Key": "team", "Value": "theirs"}]
    tags += [{"Key": OWNER, "Value": found.owner}] if found.owner else []
    aws.by_hand("CreateSecret", Name=name, SecretString="theirs", Tags=tags)
    if found.pending:
        aws.by_hand("DeleteSecret", SecretId=name, RecoveryWindowInDays=10)


def test_two_stacks_and_one_secret(make_engine: Callable[..., Engine], aws: Aws) -> None:
    """One is taken away by ``adopt``, another is handed over by a common ``owner``."""
    old, new = (Story(make_engine(stack=name), aws) for name in ("old", "new"))
    lost, handed = {"name": "shop/lost"}, {"name": "shop/handed"}
    old.up(several({"lost": lost, "handed": handed}))
    created = {each: old.agree(each) for each in ("lost", "handed")}
    old.up(several({"lost": lost, "handed": {**handed, "owner": "team shop"}}))
    assert old.calls == [*LOOK, "TagResource"]
    assert old.agree("handed").tags[OWNER] == "team shop"
    new.up(several({"lost": {**lost, "adopt": "any"}, "handed": {**handed, "owner": "team shop"}}))
    assert new.about("shop/lost") == [*CREATE, *LOOK, "TagResource", *COMPARE]
    taken = [*CREATE, *LOOK, "DeleteResourcePolicy", *COMPARE, "TagResource"]
    assert new.about("shop/handed") == taken
    now = {each: new.agree(each) for each in created}
    for each, before in created.items():
        assert (now[each].arn, now[each].versions) == (before.arn, before.versions)
        assert now[each].tags[INSTANCE] != before.tags[INSTANCE]
    owner = now["lost"].tags[OWNER]
    assert owner.startswith("pulumi/demo/new/lost:")
    run = old.up(several({"lost": {**lost, "description": "again"}}), expect_failure=True)
    assert f"shop/lost belongs to {owner} and exists: left alone" in run.output
    assert "description" not in old.outputs("lost"), "the state is as it was"
    run = old.destroy()
    assert (set(old.calls), old.names()) == (set(LOOK), [])
    assert f"shop/lost belongs to {owner}: left alone" in told(run)
    assert {each: new.agree(each) for each in created} == now
    new.destroy()
    assert {new.pending(f"shop/{each}").arn for each in created} == {it.arn for it in now.values()}


def test_two_resources_with_one_name(engine: Engine, aws: Aws) -> None:
    story = Story(engine, aws)
    values = {"a": VALUE, "b": "other"}
    both = several({one: {"name": "shop/db", "secret_string": it} for one, it in values.items()})
    run = story.up(both, expect_failure=True)
    assert len(story.names()) == 1, "one of them got it"
    [winner] = story.names()
    found = story.agree(winner)
    assert found.tags[OWNER].startswith(f"pulumi/demo/dev/{winner}:")
    assert f"shop/db belongs to {found.tags[OWNER]} and exists: left alone" in run.output
    assert (found.value, len(found.versions)) == (values[winner], 1)


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
    assert story.up(program).steps == {"create": 6}
    created = aws.secrets()
    assert {found.name: found.value for found in created} == expected
    assert len({found.tags[OWNER] for found in created}) == 3
    assert sorted(story.names()) == ["db", "db", "db", "one", "two"]
    story.destroy()
    assert {found.state for found in aws.secrets()} == {"pending"}
    story.up(program)
    assert {tuple(story.about(name)) for name in expected} == {tuple(RESTORE + COMPARE)}
    assert aws.secrets() == created, "each got its own back"


def test_a_stack_rename_an_alias_and_a_new_parent_keep_the_secret(engine: Engine, aws: Aws) -> None:
    story = Story(engine, aws)
    story.up(one())
    created = story.agree()

    def check(owner: str, resource: str) -> None:
        found = story.agree(resource)
        assert story.calls == [*LOOK, "TagResource"]
        assert (found.arn, found.versions) == (created.arn, created.versions)
        assert re.fullmatch(owner + ":[0-9a-f]{16}", found.tags[OWNER])
        assert found.tags[INSTANCE] == created.tags[INSTANCE], "the same incarnation"
        assert found.name == story.outputs(resource)["name"] == NAME, "names are sticky"

    engine.rename("prod")
    assert story.up(one()).steps == {"same": 1, "update": 1}
    check("pulumi/demo/prod/db", "db")
    story.up(one("data", pulumi.ResourceOptions(aliases=[pulumi.Alias(name="db")])))
    check("pulumi/demo/prod/data", "data")

    def program() -> None:
        Shop("one", aliases=[pulumi.Alias(name="data", parent=pulumi.ROOT_STACK_RESOURCE)])

    run = story.up(program)
    assert run.steps == {"create": 1, "same": 1, "update": 1}
    check("pulumi/demo/prod/db", "db")
    assert "my:shop:Shop$" in story.state()["urn"]
    story.destroy()
    assert (story.calls, story.pending().arn) == (DELETE, created.arn)


def test_wrong_account_on_destroy(make_engine: Callable[..., Engine], aws: Aws) -> None:
    story = Story(make_engine(), aws)
    story.up(one())
    created, before = story.agree(), story.state()
    stranger = aws.user("stranger", account="210987654321")
    env = {
        "AWS_ACCESS_KEY_ID": stranger.access_key_id,
        "AWS_SECRET_ACCESS_KEY": stranger.secret_access_key,
    }
    there = Story(make_engine(env=env), aws)
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
