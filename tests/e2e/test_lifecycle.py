"""A secret's life on the real engine: created, left, scheduled, restored, and gone at last."""

from __future__ import annotations

import base64
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
    nothing,
    one,
    several,
    told,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from e2e.engine import Engine
    from emulation import Aws, Request

BINARY = bytes(range(256))
BASE64 = base64.b64encode(BINARY).decode()


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
    assert story.up(program).steps == {"same": 2}
    assert (story.calls, story.state()) == ([], before)
    run = story.destroy()
    assert (run.steps, story.calls, story.names()) == ({"delete": 2}, DELETE, [])
    assert story.sent("DeleteSecret") == {"SecretId": created.arn, "RecoveryWindowInDays": 30}
    pending = story.pending()
    assert (story.window(), pending.value) == (30, VALUE)
    assert f"{NAME} scheduled for deletion on {pending.purge_date:%Y-%m-%d}" in told(run)
    run = story.up(one(on_recreate="fail"), expect_failure=True)
    assert story.calls == CREATE + LOOK
    assert f"{NAME} is scheduled for deletion and on_recreate is fail: restore it" in run.output
    assert (story.pending(), story.names()) == (pending, []), "as it was"
    run = story.up(program)
    assert (run.steps["create"], story.calls) == (1, RESTORE + COMPARE)
    assert f"{NAME} restored: its scheduled deletion is cancelled" in told(run)
    restored = story.agree()
    assert (restored.arn, restored.versions) == (created.arn, created.versions)
    assert (restored.value, restored.tags) == (VALUE, created.tags)
    assert story.outputs()["restored"] is True
    assert story.up(program).steps == {"same": 2}
    assert story.calls == []
    assert story.up(nothing).steps == {"delete": 1, "same": 1}, "as by destroy"
    assert (story.calls, story.window()) == (DELETE, 30)
    story.up(one(secret_string="changed meanwhile"))
    assert story.about() == [*RESTORE, *COMPARE, "UpdateSecret", "UntagResource"]
    again = story.agree()
    assert (again.arn, again.value) == (created.arn, "changed meanwhile")
    assert (again.description, "team" in again.tags) == (None, False), "as declared now"


@dataclasses.dataclass(frozen=True)
class End:
    """How a secret ends at teardown, and how it comes back.

    Attributes:
        state: what the teardown leaves, some days later.
        teardown: calls of the teardown.
        back: calls of the up after it.
        first: what is declared at first.
        policy: what is declared besides, before the teardown.
        later: what is declared besides, after the teardown.
        restored: whether that up restored it.
        anew: whether it is another secret then.
    """

    state: str
    teardown: list[str]
    back: list[str]
    first: dict[str, Any] = dataclasses.field(default_factory=dict)
    policy: dict[str, Any] = dataclasses.field(default_factory=dict)
    later: dict[str, Any] = dataclasses.field(default_factory=dict)
    restored: bool = False
    anew: bool = False


TAKEN = [*CREATE, *LOOK, "DeleteResourcePolicy", *COMPARE, "TagResource"]
PURGED = [*CREATE, *LOOK, "DeleteSecret"]
RETAINED = {"opts": pulumi.ResourceOptions(retain_on_delete=True)}
FORCE = {"force_delete_without_recovery": True}
ENDS = {
    "binary": End("pending", DELETE, RESTORE + COMPARE, {"secret_binary": BASE64}, restored=True),
    "empty": End("pending", DELETE, RESTORE, {"secret_string": None}, restored=True),
    "short": End("absent", DELETE, CREATE, policy={"recovery_window_in_days": 7}, anew=True),
    "forced": End("absent", DELETE, CREATE, policy={**FORCE, "adopt": "any"}, anew=True),
    "kept": End("live", [], TAKEN, policy={"deletion": "retain", "timeout": 60}),
    "by-pulumi": End("live", [], TAKEN, RETAINED),
    "replaced": End(
        "pending",
        DELETE,
        [*PURGED, *CREATE, *LOOK, *CREATE],  # its name is reserved for a while
        later={**FORCE, "on_recreate": "replace"},
        anew=True,
    ),
}


def test_each_end_and_each_return(engine: Engine, aws: Aws) -> None:
    story = Story(engine, aws)
    story.up(several({name: end.first for name, end in ENDS.items()}))
    old = {name: story.agree(name) for name in ENDS}
    said = {name: {**end.first, **end.policy} for name, end in ENDS.items()}
    run = story.up(several(said))
    assert (run.steps, story.calls) == ({"same": 5, "update": 3}, []), "a policy makes no call"
    assert {name: story.agree(name) for name in ENDS} == old
    assert story.outputs("short")["recovery_window_in_days"] == 7

    run = story.destroy(several({name: {"recovery_window_in_days": 9} for name in ENDS}))
    assert story.names() == []
    windows = {name: story.window(f"demo/dev/{name}") for name in ("short", "binary")}
    assert windows == {"short": 7, "binary": 30}, "by the state, not by the program"
    assert "demo/dev/forced deleted for good, without recovery" in told(run)
    assert "demo/dev/kept stays as it is: deletion is retain" in told(run)
    aws.clock.advance(days=8)
    for name, end in ENDS.items():
        assert aws.secret(old[name].name).state == end.state, name
        assert story.about(old[name].name) == end.teardown, name

    waited = aws.hook("CreateSecret", "after", wait_for_a_reserved_name(aws), times=None)
    story.up(several({name: {**said[name], **end.later} for name, end in ENDS.items()}))
    aws.remove(waited)
    for name, end in ENDS.items():
        before, after = old[name], story.agree(name)
        assert story.about(after.name) == end.back, name
        assert (after.arn != before.arn) is end.anew, name
        assert (after.tags[INSTANCE] == before.tags[INSTANCE]) is end.restored, "else a fresh mark"
        assert story.outputs(name)["restored"] is end.restored, name
        assert (after.value, after.tags[OWNER]) == (before.value, before.tags[OWNER]), name
        assert end.anew or after.versions == before.versions, name
    values = story.live("demo/dev/binary").value, story.live("demo/dev/empty").value
    assert values == (BINARY, None)


def test_a_secret_that_somebody_reads_stays(engine: Engine, aws: Aws) -> None:
    """The guard of the state counts at destroy; to get rid of it is an update without a call."""
    story = Story(engine, aws)
    story.up(one(refuse_deletion_if_accessed_within=7))
    aws.by_hand("GetSecretValue", SecretId=NAME)
    before = story.agree()
    run = story.destroy(one(), expect_failure=True)
    assert f"{NAME} was last read on {aws.clock.now():%Y-%m-%d}: not deleted" in run.output
    assert "or set refuse_deletion_if_accessed_within to less and deploy first" in run.output
    assert story.about() == LOOK, "by the state, not by the program"
    assert story.live() == before
    run = story.up(one())
    assert (run.steps["update"], story.calls) == (1, [])
    story.destroy()
    assert (story.about(), story.names()) == (DELETE, [])
    assert story.pending()


def wait_for_a_reserved_name(aws: Aws) -> Callable[[Request], None]:
    """Let some minutes pass when a create has met a reserved name."""

    def callback(request: Request) -> None:
        if aws.secret(request.parameters["Name"]).state == "purging":
            aws.clock.advance(seconds=300)

    return callback


def test_deleted_by_hand(engine: Engine, aws: Aws) -> None:
    story = Story(engine, aws)
    names = {name: f"demo/dev/{name}" for name in ("seen", "unseen", "lost")}

    def schedule(name: str) -> None:
        aws.by_hand("DeleteSecret", SecretId=names[name], RecoveryWindowInDays=7)

    def purge(name: str) -> None:
        aws.by_hand("DeleteSecret", SecretId=names[name], ForceDeleteWithoutRecovery=True)
        aws.clock.advance(seconds=300)

    story.up(several({name: {} for name in names}))
    old = {name: story.agree(name).arn for name in names}
    schedule("seen")
    purge("lost")
    assert story.up(several({name: {} for name in names})).steps == {"same": 4}
    assert story.calls == [], "nobody looks without a reason"
    run = story.refresh()
    assert (run.steps["delete"], story.names()) == (2, ["unseen"])
    assert (story.about(names["seen"]), story.about(names["lost"])) == (LOOK, LOOK)
    assert story.calls.count("sts:GetCallerIdentity") == 1, "lost only if it is this account"
    schedule("unseen")
    second = several({name: {"description": "second"} for name in names})
    story.up(second)
    assert story.about(names["seen"]) == [*RESTORE, *COMPARE, "UpdateSecret"]
    assert story.about(names["unseen"]) == [*LOOK, "RestoreSecret", "UpdateSecret"], "remembered"
    assert story.about(names["lost"]) == CREATE
    assert {name: story.agree(name).arn == arn for name, arn in old.items()} == {
        "seen": True,
        "unseen": True,
        "lost": False,
    }
    purge("unseen")
    third = several({**{name: {"description": "second"} for name in names}, "unseen": {}})
    run = story.up(third, expect_failure=True)
    advice = "demo/dev/unseen is remembered but cannot be brought back in place: run a refresh"
    assert advice in run.output
    assert story.outputs("unseen")["description"] == "second", "the state stays"
    story.up(third, refresh=True)
    assert story.about(names["unseen"]) == LOOK + CREATE
    assert story.agree("unseen").arn != old["unseen"]
    schedule("seen")
    purge("lost")
    story.destroy()
    assert story.about(names["unseen"]) == DELETE
    assert story.about(names["seen"]) == story.about(names["lost"]) == LOOK
    assert (story.window(names["seen"]), story.names()) == (7, []), "its window stays"
    assert story.gone(names["lost"])
