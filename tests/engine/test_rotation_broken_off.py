"""A rotation that was under way, or stuck, when the teardown cancelled it.

AWS then leaves AWSPENDING where it is, and refuses RotateSecret for as long as it is there.
"""

from __future__ import annotations

from typing import Any

import pytest

from engine.scene import NAME, ROTATE, ROTATION, Scene, gone, kept, spec
from recoverable_secrets.core import errors

MONTHLY = spec(**ROTATION)


@pytest.mark.parametrize(
    "declared",
    [pytest.param(MONTHLY, id="declared"), pytest.param(spec(), id="from the record")],
)
def test_a_secret_comes_back_with_its_rotation(scene: Scene, declared: Any) -> None:
    scene.aws.behaviour.rotation_seconds = 3600
    memory = scene.remember(MONTHLY)
    scene.aws.clock.advance(days=1)
    scene.aws.by_hand(ROTATE, SecretId=NAME, RotateImmediately=True)
    scene.run(gone(memory))
    begun = scene.secret
    assert [one for one in begun.versions.values() if "AWSPENDING" in one.labels]
    result = scene.run(kept(declared))
    assert result.restored
    assert scene.secret.rotation["RotationEnabled"] is True
    assert scene.secret.value == begun.value


def test_what_a_rotation_had_begun_is_put_back_if_it_cannot_be_set_again(scene: Scene) -> None:
    scene.aws.behaviour.rotation_seconds = 3600
    memory = scene.remember(MONTHLY)
    scene.aws.clock.advance(days=1)
    scene.aws.by_hand(ROTATE, SecretId=NAME, RotateImmediately=True)
    scene.run(gone(memory))
    before = {version: set(found.labels) for version, found in scene.secret.versions.items()}
    scene.aws.deny("secretsmanager:RotateSecret")
    with pytest.raises(errors.AccessDenied):
        scene.run(kept(MONTHLY))
    after = {version: set(found.labels) for version, found in scene.secret.versions.items()}
    assert (scene.secret.state, after) == ("pending", before)
    assert any("AWSPENDING" in labels for labels in before.values())
