"""What the function's log tells of a deletion undone, a restore, and what is left alone."""

from __future__ import annotations

import logging

import pytest

from protocol.stack import Stack
from protocol.world import World

NAME = "shop/Secret"


def test_a_restore(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """The answer says the same to the template, but not to who reads the log."""
    stack = Stack(world)
    stack.create({"SecretString": "x"}).expect_success()
    stack.delete()[0].expect_success()
    caplog.set_level(logging.INFO)
    Stack(world).create({"SecretString": "x"}).expect_success()
    assert world.aws.secret(NAME).state == "live"
    assert f"{NAME} restored: its scheduled deletion is cancelled" in caplog.messages


def test_a_restore_that_is_undone(world: World, caplog: pytest.LogCaptureFixture) -> None:
    stack = Stack(world)
    stack.create({"SecretString": "x"}).expect_success()
    stack.delete()[0].expect_success()
    world.aws.deny("secretsmanager:UpdateSecret")
    caplog.set_level(logging.INFO)
    Stack(world).send("Create", {"Description": "new"}).expect_failure("UpdateSecret")
    assert world.aws.secret(NAME).state == "pending"
    assert f"{NAME}: put back after the failure (ScheduleDeletion)" in caplog.messages


def test_what_is_another_owners(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """The deletion is answered with success: a resource that fails would block its stack."""
    stack = Stack(world)
    stack.create({"SecretString": "x"}).expect_success()
    owner = [{"Key": "recoverable-secrets:owner", "Value": "another"}]
    world.aws.by_hand("TagResource", SecretId=NAME, Tags=owner)
    caplog.set_level(logging.INFO)
    stack.delete()[0].expect_success()
    assert world.aws.secret(NAME).state == "live"
    assert f"{NAME} belongs to another: left alone" in caplog.messages
