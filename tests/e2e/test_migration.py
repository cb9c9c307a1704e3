"""examples/07-migrate-pulumi-program on the real engine: in the right order and in the wrong one.

The half that is ours is ours; pulumi-aws is native.py, under that package's name.
"""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pulumi import automation as auto

from e2e import native
from e2e.engine import example
from e2e.secrets_program import OWNER, Story, told, users
from e2e.toys import TESTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from e2e.engine import Engine, Program
    from emulation import Aws, SecretSnapshot

EXAMPLE = TESTS.parent / "examples" / "07-migrate-pulumi-program"
NAME = "shop/database"
FIRST = "first-of-the-shop"


@pytest.fixture
def story(make_engine: Callable[..., Engine], aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Story:
    """The example's stack, with pulumi-aws' stand-in."""
    package = types.ModuleType("pulumi_aws")
    package.secretsmanager = native  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pulumi_aws", package)
    engine = make_engine(
        "shop",
        env={"PYTHONPATH": str(TESTS)},
        config={"shop:password": auto.ConfigValue(FIRST, secret=True)},
    )
    return Story(engine, aws)


def stage(name: str) -> Program:
    return example(EXAMPLE / f"{name}.py")


def same(before: SecretSnapshot, after: SecretSnapshot) -> bool:
    """Whether nothing but tags has changed, and of these only ours were added."""
    kept = ("arn", "versions", "description", "kms_key_id", "replicas")
    alike = all(getattr(before, name) == getattr(after, name) for name in kept)
    return alike and users(after.tags) == users(before.tags) and bool(after.policy)


def test_in_two_deployments(story: Story, aws: Aws) -> None:
    story.up(stage("before"))
    before = story.live(NAME)
    assert (before.value, before.tags, bool(before.policy)) == (FIRST, {"service": "shop"}, True)
    assert set(before.replicas) == {"eu-west-1"}
    story.up(stage("retain"))
    assert (story.calls, story.live(NAME)) == ([], before)
    run = story.up(stage("after"))
    assert "PutResourcePolicy" in story.calls
    assert {"DeleteSecret", "DeleteResourcePolicy", "PutSecretValue"}.isdisjoint(story.calls)
    after = story.live(NAME)
    assert same(before, after)
    assert OWNER in after.tags
    assert story.names() == ["database"], told(run)
    assert story.up(stage("after")).steps == {"same": 2}

    story.engine.configure({"shop:password": auto.ConfigValue("second", secret=True)})
    story.up(stage("after"))
    assert story.live(NAME).value == "second", "a change after the migration is written"
    story.destroy()
    assert story.window(NAME) == 30
    story.up(stage("after"))
    back = story.live(NAME)
    assert (back.arn, back.value, bool(back.policy)) == (before.arn, "second", True)


def test_the_wrong_order_loses_nothing(story: Story, aws: Aws) -> None:
    """The swap alone: the old resources are deleted after ours has taken the secret over."""
    story.up(stage("before"))
    before = story.live(NAME)
    story.up(stage("after"))
    assert story.calls[-1] == "DeleteSecret", "by the old one, last"
    assert story.pending(NAME).versions == before.versions
    run = story.up(stage("after"), refresh=True)
    assert f"{NAME} restored: its scheduled deletion is cancelled" in told(run)
    assert same(before, story.live(NAME))
    assert story.up(stage("after"), refresh=True).steps == {"same": 2}


def test_without_adopt_nothing_happens(story: Story, aws: Aws, tmp_path: Path) -> None:
    story.up(stage("before"))
    before = story.live(NAME)
    text = (EXAMPLE / "after.py").read_text(encoding="utf-8")
    (tmp_path / "after.py").write_text(text.replace('adopt="unowned"', 'adopt="no"'))
    run = story.up(example(tmp_path / "after.py"), expect_failure=True)
    assert "has no owner: left alone. Use another name, set adopt to unowned" in run.output
    assert (story.live(NAME), len(story.names())) == (before, 3)
