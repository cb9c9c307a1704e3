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


def test_replaced_under_the_same_name_by_hand(story: Story, aws: Aws) -> None:
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
    story.up(program)
    assert story.agree().value == VALUE


def test_replaced_under_the_same_name_by_the_program(story: Story, aws: Aws) -> None:
    story.up(with_a_database({"replacement_trigger": "one"}))
    replaced(story, with_a_database({"replacement_trigger": "two"}))
    assert story.up(with_a_database({"replacement_trigger": "two"})).steps == {"same": 3}
    story.destroy()
    assert story.calls == DELETE


def test_replaced_with_force_and_with_another_value(story: Story, aws: Aws) -> None:
    forced = {"force_delete_without_recovery": True}
    story.up(with_a_database(**forced))
    before = story.agree()
    urn = story.state()["urn"]
    changed = with_a_database(**forced, secret_string="second", description="new")
    run = story.up(changed, replace=[urn])
    assert run.operations["database"] == ["same"]
    assert "deleted for good" not in run.output, "force never hits what goes on"
    after = story.agree()
    assert (after.arn, after.value, after.description) == (before.arn, "second", "new")
    story.destroy()
    assert story.gone()


def test_replaced_together_with_another_resource(story: Story, aws: Aws) -> None:
    def program(word: str) -> Program:
        def declared() -> None:
            cause = declare("cause", name=f"shop/{word}")
            secret = declare("db", pulumi.ResourceOptions(replace_with=[cause]))
            toy.Toy("database", {"secret": secret.arn})

        return declared

    story.up(program("one"))
    before = story.agree()
    run = story.up(program("two"))
    assert run.operations["db"] == ["create-replacement", "replace", "delete-replaced"]
    assert run.operations["database"] == ["same"]
    after = story.agree()
    assert (after.arn, after.versions) == (before.arn, before.versions)
    assert (story.pending("shop/one").value, story.live("shop/two").value) == (VALUE, VALUE)


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
    moved = story.state()["id"]
    assert moved.startswith("arn:aws:secretsmanager:eu-west-1:")
    assert aws.secret(NAME, region="eu-west-1").value == VALUE
    assert story.pending().arn == old.arn, "another region is another secret"


def test_without_create_before_delete_it_is_scheduled_and_restored(story: Story, aws: Aws) -> None:
    program = with_a_database({"delete_before_replace": True})
    story.up(program)
    before = story.agree()
    story.up(program, replace=[story.state()["urn"]])
    assert story.calls[:2] == DELETE
    assert "RestoreSecret" in story.calls
    after = story.agree()
    assert (after.arn, after.versions) == (before.arn, before.versions)
    assert story.outputs()["restored"] is True
