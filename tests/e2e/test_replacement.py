"""Replacement: with the same name the secret goes on, with another name there are two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi
import pytest

from e2e import toy
from e2e.secrets_program import (
    COMPARE,
    CREATE,
    DELETE,
    INSTANCE,
    LOOK,
    NAME,
    OWNER,
    RESTORE,
    VALUE,
    Story,
    declare,
    told,
)
from e2e.toys import TESTS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from e2e.engine import Engine, Program
    from emulation import Aws

TAKEN = [*CREATE, *LOOK, "DeleteResourcePolicy", *COMPARE, "TagResource"]
"""What a create sends that finds its own live secret; only the incarnation mark differs."""


@pytest.fixture
def story(make_engine: Callable[..., Engine], aws: Aws, tmp_path: Path) -> Story:
    """A stack that can hold toys beside secrets."""
    (tmp_path / "script.json").write_text("{}", encoding="utf-8")
    env = {"TOY_FOLDER": str(tmp_path), "PYTHONPATH": str(TESTS)}
    return Story(make_engine(env=env), aws)


def with_a_database(opts: dict[str, Any] | None = None, /, **arguments: Any) -> Program:
    """A secret, and something dear that depends on it."""

    def program() -> None:
        secret = declare("db", pulumi.ResourceOptions(**(opts or {})), **arguments)
        toy.Toy("database", {"secret": secret.arn})

    return program


def replaced(story: Story, program: Program, **options: Any) -> None:
    """Run up, which has to replace the secret by itself, and leave the rest alone."""
    before = story.agree()
    run = story.up(program, **options)
    assert run.operations["db"] == ["create-replacement", "replace", "delete-replaced"]
    assert run.operations["database"] == ["same"], "not torn down, not even touched"
    assert story.calls == [*TAKEN, *LOOK], "taken over, and left alone by its old half"
    after = story.agree()
    assert (after.arn, after.versions, after.tags[OWNER]) == (
        before.arn,
        before.versions,
        before.tags[OWNER],
    )
    assert after.tags[INSTANCE] != before.tags[INSTANCE], "another incarnation"
    assert story.outputs()["restored"] is False
    assert f"{NAME} goes on in its replacement: left alone" in told(run)
    assert story.names() == ["db", "database"], "no half-replaced rest"


def test_replaced_by_hand(story: Story, aws: Aws) -> None:
    program = with_a_database()
    story.up(program)
    urn = story.state()["urn"]
    replaced(story, program, replace=[urn])
    story.engine.cli("state", "taint", "--yes", urn)
    replaced(story, program)
    assert story.up(program).steps == {"same": 3}
    assert story.calls == []
    story.destroy()
    assert (story.calls, story.window()) == (DELETE, 30)


def by_the_program(word: str) -> Program:
    """Secrets that are replaced when the word changes, each with something dear."""

    def program() -> None:
        cause = declare("cause", name=f"shop/{word}")
        trigger = {"replacement_trigger": word}
        for name, opts, arguments in (
            ("triggered", trigger, {}),
            ("forced", trigger, {"deletion": "force", "secret_string": word}),
            ("together", {"replace_with": [cause]}, {}),
            ("first-gone", {**trigger, "delete_before_replace": True}, {}),
        ):
            secret = declare(name, pulumi.ResourceOptions(**opts), **arguments)
            toy.Toy(f"of-{name}", {"secret": secret.arn})

    return program


def test_replaced_by_the_program(story: Story, aws: Aws) -> None:
    names = {each: f"demo/dev/{each}" for each in ("triggered", "forced", "together", "first-gone")}
    story.up(by_the_program("one"))
    before = {each: story.agree(each) for each in names}
    run = story.up(by_the_program("two"))
    taken = {
        "triggered": [*TAKEN, *LOOK],
        "forced": [*TAKEN[:-1], "UpdateSecret", "TagResource", *LOOK],
        "together": [*TAKEN, *LOOK],
        "first-gone": [*DELETE, *RESTORE, *COMPARE],
    }
    for each, name in names.items():
        after = story.agree(each)
        assert story.about(name) == taken[each], each
        assert after.arn == before[each].arn, each
        assert after.value == ("two" if each == "forced" else VALUE)
        first_gone = each == "first-gone"
        assert story.outputs(each)["restored"] is first_gone
        if not first_gone:
            assert run.operations[each] == ["create-replacement", "replace", "delete-replaced"]
            assert run.operations[f"of-{each}"] == ["same"], "not torn down, not even touched"
            assert after.tags[INSTANCE] != before[each].tags[INSTANCE]
    assert "deleted for good" not in run.output, "force never hits what goes on"
    assert (story.pending("shop/one").value, story.live("shop/two").value) == (VALUE, VALUE)
    assert story.up(by_the_program("two")).steps == {"same": 10}
    story.destroy()
    assert {name: aws.secret(name).state for name in names.values()} == {
        "demo/dev/triggered": "pending",
        "demo/dev/forced": "purging",
        "demo/dev/together": "pending",
        "demo/dev/first-gone": "pending",
    }


def test_a_new_name_is_a_new_secret_before_the_old_one_goes(story: Story, aws: Aws) -> None:
    story.up(with_a_database())
    old = story.agree()
    renamed = with_a_database(name="shop/new")
    run = story.preview(renamed)
    assert (run.steps.get("replace"), story.calls) == (1, [])
    run = story.up(renamed)
    assert story.calls == [*CREATE, *DELETE]
    order = [
        f"{event.resource_pre_event.metadata.op.value} {urn.rsplit('::', 1)[1]}"
        for event in run.events
        if event.resource_pre_event and (urn := event.resource_pre_event.metadata.urn)
    ]
    used = order.index("update database")
    assert order.index("create-replacement db") < used < order.index("delete-replaced db")
    new = story.agree()
    assert (new.name, new.value, new.arn == old.arn) == ("shop/new", VALUE, False)
    assert (story.pending(NAME).arn, story.window(NAME)) == (old.arn, 30)
    assert story.up(with_a_database()).steps == {"same": 3}, "no name said: it keeps the one it has"
    story.up(with_a_database(name=NAME))
    assert story.agree().arn == old.arn, "the old name again: the old secret, restored"
    assert story.pending("shop/new").arn == new.arn
    story.up(with_a_database(name=NAME, region="eu-west-1"))
    assert story.agree(region="eu-west-1").value == VALUE
    assert story.pending().arn == old.arn, "another region is another secret"
