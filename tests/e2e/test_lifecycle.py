"""A secret's life on the real engine: created, left, scheduled, restored, and gone at last."""

from __future__ import annotations

import base64
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
    RESTORE,
    VALUE,
    Story,
    nothing,
    one,
    told,
)

if TYPE_CHECKING:
    from e2e.engine import Engine
    from emulation import Aws

BINARY = bytes(range(256))


def test_created_scheduled_and_restored(engine: Engine, aws: Aws) -> None:
    story = Story(engine, aws)
    program = one(description="of the shop", tags={"team": "shop"})
    run = story.preview(program)
    assert (run.steps, story.calls, aws.secrets()) == ({"create": 2}, [], []), "only looked ahead"
    run = story.up(program)
    assert (run.steps, story.calls) == ({"create": 2}, CREATE)
    created = story.agree()
    assert (created.value, created.description) == (VALUE, "of the shop")
    assert (created.tags["team"], created.tags[ORIGIN]) == ("shop", "created")
    assert re.fullmatch(r"pulumi/demo/dev/db:[0-9a-f]{16}", created.tags[OWNER])
    assert re.fullmatch(r"recoverable-secrets-[0-9a-f]{32}", created.version_id or "")
    assert story.outputs()["restored"] is False
    before = story.state()
    for again in (story.up, story.preview):
        run = again(program)
        assert (run.steps, story.calls) == ({"same": 2}, [])
    assert story.state() == before
    run = story.destroy()
    assert (run.steps, story.calls, story.names()) == ({"delete": 2}, DELETE, [])
    assert story.sent("DeleteSecret") == {"SecretId": created.arn, "RecoveryWindowInDays": 30}
    pending = story.pending()
    assert (story.window(), pending.value) == (30, VALUE)
    assert f"{NAME} scheduled for deletion on {pending.purge_date:%Y-%m-%d}" in told(run)
    run = story.up(program)
    assert (run.steps, story.calls) == ({"create": 2}, RESTORE + COMPARE)
    assert f"{NAME} restored: its scheduled deletion is cancelled" in told(run)
    restored = story.agree()
    assert (restored.arn, restored.versions) == (created.arn, created.versions)
    assert (restored.value, restored.tags) == (VALUE, created.tags)
    assert story.outputs()["restored"] is True
    assert story.up(program).steps == {"same": 2}
    assert story.calls == []
    story.destroy()
    assert story.pending().arn == created.arn


@pytest.mark.parametrize(
    ("arguments", "content", "compared"),
    [
        pytest.param(
            {"secret_binary": base64.b64encode(BINARY).decode()}, BINARY, COMPARE, id="binary"
        ),
        pytest.param({"secret_string": None}, None, [], id="no value, so nothing to compare"),
    ],
)
def test_other_values_come_back_too(
    engine: Engine, aws: Aws, arguments: dict[str, Any], content: bytes | None, compared: list[str]
) -> None:
    story = Story(engine, aws)
    story.up(one(**arguments))
    created = story.agree()
    assert created.value == content
    story.destroy()
    story.up(one(**arguments))
    assert story.calls == RESTORE + compared
    restored = story.agree()
    assert (restored.arn, restored.value) == (created.arn, content)
    assert restored.versions == created.versions


def test_taken_out_of_the_program_and_put_back(engine: Engine, aws: Aws) -> None:
    story = Story(engine, aws)
    story.up(one())
    arn = story.agree().arn
    assert story.up(nothing).steps == {"delete": 1, "same": 1}
    assert (story.calls, story.window()) == (DELETE, 30)
    assert story.up(one(secret_string="changed meanwhile")).steps == {"create": 1, "same": 1}
    assert story.calls == [*RESTORE, *COMPARE, "UpdateSecret"], "another value: written"
    restored = story.agree()
    assert (restored.arn, restored.value) == (arn, "changed meanwhile")


def test_policy_counts_after_an_up_only(engine: Engine, aws: Aws) -> None:
    story = Story(engine, aws)
    story.up(one())
    arn = story.agree().arn
    story.destroy(one(recovery_window_in_days=7))
    assert story.window() == 30, "destroy goes by the state, not by the program"
    story.up(one())
    before = story.agree()
    run = story.up(one(recovery_window_in_days=7, timeout=60, on_recreate="fail"))
    assert (run.steps, story.calls) == ({"same": 1, "update": 1}, []), "a policy makes no call"
    assert story.agree() == before
    assert story.outputs()["recovery_window_in_days"] == 7
    story.destroy()
    assert (story.window(), story.pending().arn) == (7, arn)


def test_on_recreate_fail_leaves_it_pending(engine: Engine, aws: Aws) -> None:
    story = Story(engine, aws)
    story.up(one())
    story.destroy()
    pending = story.pending()
    run = story.up(one(on_recreate="fail"), expect_failure=True)
    assert story.calls == CREATE + LOOK
    assert f"{NAME} is scheduled for deletion and on_recreate is fail: restore it" in run.output
    assert (story.pending(), story.names()) == (pending, []), "as it was"


def test_on_recreate_replace_purges_and_starts_afresh(engine: Engine, aws: Aws) -> None:
    story = Story(engine, aws)
    story.up(one())
    old = story.agree()
    story.destroy()
    reserved = aws.hook("CreateSecret", "after", lambda _: aws.clock.advance(seconds=300), nth=2)
    run = story.up(one(on_recreate="replace", deletion="force", secret_string="new"))
    aws.remove(reserved)
    purged = [*CREATE, *LOOK, "DeleteSecret"]
    assert story.calls == [*purged, *CREATE, *LOOK, *CREATE], "the name was reserved for a while"
    assert story.sent("DeleteSecret") == {"SecretId": old.arn, "ForceDeleteWithoutRecovery": True}
    new = story.agree()
    assert new.arn != old.arn
    assert (new.value, len(new.versions), story.outputs()["restored"]) == ("new", 1, False)
    assert new.tags[INSTANCE] != old.tags[INSTANCE]
    assert f"{NAME} deleted for good, without recovery" in told(run)


def test_force_is_final_and_its_name_is_waited_for(engine: Engine, aws: Aws) -> None:
    story = Story(engine, aws)
    story.up(one())
    old = story.agree()
    story.up(one(force_delete_without_recovery=True))
    assert (story.calls, story.live().state) == ([], "live"), "only said so far"
    run = story.destroy()
    assert (story.calls, story.gone(), story.names()) == (DELETE, True, [])
    assert story.sent("DeleteSecret") == {"SecretId": old.arn, "ForceDeleteWithoutRecovery": True}
    assert f"{NAME} deleted for good, without recovery" in told(run)
    aws.clock.advance(seconds=20)
    aws.hook("DescribeSecret", "after", lambda _: aws.clock.advance(seconds=300))
    story.up(one())
    assert story.calls == CREATE + LOOK + CREATE, "the name was reserved for a while"
    new = story.agree()
    assert new.arn != old.arn
    assert story.outputs()["restored"] is False


def test_retained_secrets_stay_and_are_found_again(engine: Engine, aws: Aws) -> None:
    story = Story(engine, aws)
    story.up(one(deletion="retain"))
    created = story.agree()
    run = story.destroy()
    assert (run.steps, story.calls, story.names()) == ({"delete": 2}, [], [])
    assert f"{NAME} stays as it is: deletion is retain" in told(run)
    assert story.live() == created
    by_pulumi = one(opts=lambda: pulumi.ResourceOptions(retain_on_delete=True))
    story.up(by_pulumi)
    found = story.agree()
    assert (found.arn, found.versions) == (created.arn, created.versions), "its own again"
    assert found.tags[INSTANCE] != created.tags[INSTANCE]
    assert found.tags[OWNER] == created.tags[OWNER]
    story.destroy()
    assert (story.calls, story.live(), story.names()) == ([], found, [])


def test_past_its_window_it_is_made_anew(engine: Engine, aws: Aws) -> None:
    story = Story(engine, aws)
    story.up(one(recovery_window_in_days=7))
    old = story.agree()
    story.destroy()
    aws.behaviour.purge_delay_seconds = 86400
    aws.clock.advance(days=7.5)
    story.up(one(recovery_window_in_days=7))
    assert story.agree().arn == old.arn, "over, but AWS has not got to it yet: still restored"
    story.destroy()
    aws.clock.advance(days=9)
    assert story.gone()
    story.up(one(recovery_window_in_days=7))
    new = story.agree()
    assert story.calls == CREATE
    assert new.arn != old.arn
    assert (new.value, len(new.versions)) == (VALUE, 1)
    assert story.outputs()["restored"] is False


def test_deleted_by_hand(engine: Engine, aws: Aws) -> None:
    story = Story(engine, aws)
    program = one(description="first")
    story.up(program)
    created = story.agree()
    aws.by_hand("DeleteSecret", SecretId=NAME, RecoveryWindowInDays=7)
    assert story.up(program).steps == {"same": 2}, "nobody looks without a reason"
    assert story.calls == []
    run = story.refresh()
    assert (run.steps["delete"], story.calls, story.names()) == (1, LOOK, [])
    story.up(program)
    assert story.calls == RESTORE + COMPARE
    assert story.agree().arn == created.arn
    aws.by_hand("DeleteSecret", SecretId=NAME, RecoveryWindowInDays=7)
    story.up(one(description="second"))
    assert story.calls == [*LOOK, "RestoreSecret", "UpdateSecret"], "memory proves the rest"
    assert story.agree().description == "second"
    aws.by_hand("DeleteSecret", SecretId=NAME, ForceDeleteWithoutRecovery=True)
    aws.clock.advance(seconds=300)
    run = story.up(one(description="third"), expect_failure=True)
    assert f"{NAME} is remembered but cannot be brought back in place: run a refresh" in run.output
    assert story.outputs()["description"] == "second"
    run = story.up(one(description="third"), refresh=True)
    assert story.calls == [*LOOK, "sts:GetCallerIdentity", *CREATE], "gone only in this account"
    new = story.agree()
    assert (new.description, new.arn == created.arn) == ("third", False)


def test_destroy_of_what_is_gone_already(engine: Engine, aws: Aws) -> None:
    story = Story(engine, aws)
    story.up(one())
    aws.by_hand("DeleteSecret", SecretId=NAME, RecoveryWindowInDays=7)
    story.destroy()
    assert (story.calls, story.window(), story.names()) == (LOOK, 7, []), "its window stays"
    story.up(one())
    aws.by_hand("DeleteSecret", SecretId=NAME, ForceDeleteWithoutRecovery=True)
    aws.clock.advance(seconds=300)
    story.destroy()
    assert story.calls == [*LOOK, "sts:GetCallerIdentity"]
    assert (story.gone(), story.names()) == (True, [])
