"""A look does not show the resource policy: what an update that fails has set must not stay.

The surface remembers what was before. Nobody would find out, as an unchanged declaration makes
no call, and another one sets only what it says differently.
"""

from __future__ import annotations

from typing import Any

import pytest

from engine.scene import DOCUMENT, NAME, NEAR, Scene, kept, spec
from recoverable_secrets.core import documents, errors

OTHER = documents.normal({
    "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "secretsmanager:PutSecretValue",
                   "Resource": "*"}],
})  # fmt: skip


@pytest.mark.parametrize(
    ("before", "attempted"),
    [
        pytest.param(DOCUMENT, OTHER, id="another one"),
        pytest.param(DOCUMENT, "", id="none any more"),
        pytest.param("", OTHER, id="there was none"),
        pytest.param(None, OTHER, id="none was declared"),
    ],
)
def test_it_is_put_back(scene: Scene, before: Any, attempted: str) -> None:
    memory = scene.remember(spec(policy=before))
    live = scene.secret.policy
    scene.aws.by_hand("CreateSecret", region=NEAR, Name=NAME)
    failing = spec(policy=attempted, replicas=[{"region": NEAR}])
    with pytest.raises(errors.StoreError, match="the replica in"):
        scene.run(kept(failing, memory))
    assert scene.secret.policy == live
    scene.run(kept(spec(policy=before, description="another attempt"), memory))
    assert scene.secret.policy == live
