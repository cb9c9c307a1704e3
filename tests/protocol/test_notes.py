"""What the function says in its log of what people must know, beside its answer."""

from __future__ import annotations

import logging

import pytest

from protocol.stack import Stack
from protocol.world import ACCOUNT, REGION, World

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"


@pytest.mark.parametrize(
    ("state", "told"),
    [("PendingDeletion", "CancelKeyDeletion"), ("Disabled", "EnableKey"), ("Enabled", "its key")],
)
def test_a_key_that_may_go_with_the_stack(
    world: World, caplog: pytest.LogCaptureFixture, state: str, told: str
) -> None:
    """The deletion goes on, as the stack wants it; without the key its value cannot be read."""
    world.aws.add_key(KEY)
    stack = Stack(world)
    stack.create({"SecretString": "x", "KmsKeyId": KEY}).expect_success()
    world.aws.add_key(KEY, state)  # type: ignore[arg-type]
    caplog.set_level(logging.INFO)
    stack.delete()[0].expect_success()
    assert world.aws.secret("shop/Secret").state == "pending"
    assert [text for text in caplog.messages if told in text and "11111111" in text]


def test_a_value_that_others_put_and_stays(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Rotation is such another: its value is kept over the declared one."""
    stack = Stack(world)
    stack.create({"SecretString": "x"}).expect_success()
    world.aws.put_by_hand("shop/Secret", "rotated")
    caplog.set_level(logging.INFO)
    stack.update({"SecretString": "x", "Description": "new"}).expect_success()
    assert world.aws.secret("shop/Secret").value == "rotated"
    assert [text for text in caplog.messages if "OnValueDrift" in text]
