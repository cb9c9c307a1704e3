"""A value that rotation puts at once, while the same operation declares another one."""

from __future__ import annotations

from typing import Any

import pytest

from engine.scene import REPLICAS, ROTATION, Scene, kept, spec


@pytest.mark.parametrize("lost", [False, True], ids=["from memory", "its state lost"])
@pytest.mark.parametrize("more", [{}, {"replicas": REPLICAS}], ids=["", "looked at again"])
def test_what_rotation_put_is_kept(scene: Scene, more: dict[str, Any], *, lost: bool) -> None:
    """The function has set it where the value is used: the declared one would be wrong."""
    before = scene.remember(spec("at first"))
    wanted = kept(spec("declared", **ROTATION, **more), None if lost else before)
    scene.run(wanted, rotate_immediately=True)
    assert str(scene.secret.value).startswith("rotated")


def test_what_rotation_put_is_kept_where_nothing_else_changes(scene: Scene) -> None:
    before = scene.remember(spec("declared"))
    scene.run(kept(spec("declared", **ROTATION), before), rotate_immediately=True)
    assert str(scene.secret.value).startswith("rotated")
