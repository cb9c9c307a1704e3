"""A run that breaks off after any call, and is run again, ends where it would have ended.

The provider's process is killed by the double right after the call took effect, before its answer
leaves: nobody undoes anything, and Pulumi learns nothing.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from typing import TYPE_CHECKING

from e2e.command import descendants
from e2e.secrets_program import COMPARE, DELETE, LOOK, NAME, ORIGIN, VALUE, Story, one
from emulation import faults

if TYPE_CHECKING:
    from collections.abc import Callable

    from e2e.engine import Engine, Program, Run
    from emulation import Aws, Request

MARKS = "recoverable-secrets:"
SHOP = one(description="of the shop", tags={"team": "shop", "shop": "1"})
WEB = one(description="of the web", secret_string="of the web", tags={"team": "web", "web": "1"})
POLICY = '{"Version":"2012-10-17","Statement":[]}'


def kill(*commands: str) -> None:
    """Kill the processes below this one that run any of these commands, outermost first."""
    below = [str(pid) for pid in descendants(os.getpid())]
    listing = subprocess.run(
        ["ps", "-A", "-ww", "-o", "pid=,stat=,command="], capture_output=True, text=True, check=True
    )
    rows = [line.split(None, 2) for line in listing.stdout.splitlines()]
    lines = {pid: line for pid, stat, line in rows if not stat.startswith("Z")}
    for command in commands:
        found = [pid for pid in below if command in lines.get(pid, "")]
        assert found, f"nothing runs {command}"
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)


def kill_the_provider(_request: Request) -> None:
    """Kill the dynamic provider."""
    kill("pulumi.dynamic")


def interrupted(story: Story, run: Callable[..., Run], program: Program, *at: str) -> None:
    """Break a run off at each of these calls, one after the other."""
    for action in at:
        story.aws.hook(action, "after", kill_the_provider)
        told = run(program, expect_failure=True)
        assert "error reading from server: EOF" in told.output
        assert story.calls[-1] == action, "nothing came after"


def check(story: Story, description: str, value: str, team: str, versions: int) -> None:
    """Check all that an uninterrupted run would have made of the secret."""
    found = story.agree()
    assert (found.description, found.value, len(found.versions)) == (description, value, versions)
    users = {key: text for key, text in found.tags.items() if not key.startswith(MARKS)}
    assert users == {"team": team, team: "1"}
    assert found.tags[ORIGIN] == "created"
    assert found.versions[str(found.version_id)].labels == ("AWSCURRENT",)
    assert found.policy is None


def test_after_each_call_that_changes_something(engine: Engine, aws: Aws) -> None:
    story = Story(engine, aws)
    interrupted(story, story.up, SHOP, "CreateSecret")
    assert (story.names(), story.live().value) == ([], VALUE), "made, and nobody knows"
    story.up(SHOP)
    check(story, "of the shop", VALUE, "shop", 1)
    assert "RestoreSecret" not in story.calls
    arn, mark, before = story.agree().arn, story.outputs()["instance"], story.state()

    interrupted(story, story.up, WEB, "UpdateSecret", "TagResource", "UntagResource")
    assert (story.state(), story.live().value) == (before, "of the web"), "the state is behind"
    story.up(WEB)
    check(story, "of the web", "of the web", "web", 2)
    assert (story.agree().arn, story.outputs()["instance"]) == (arn, mark)

    aws.by_hand("PutResourcePolicy", SecretId=NAME, ResourcePolicy=POLICY)
    interrupted(story, story.destroy, SHOP, "DeleteSecret")
    assert (story.names(), story.window()) == (["db"], 30)
    story.destroy()
    assert (story.calls, story.names(), story.window()) == (LOOK, [], 30)

    interrupted(story, story.up, SHOP, "RestoreSecret", "DeleteResourcePolicy", "UpdateSecret")
    assert story.names() == []
    story.up(SHOP)
    check(story, "of the shop", VALUE, "shop", 3)
    assert story.agree().arn == arn
    assert story.up(SHOP).steps == {"same": 2}
    assert story.calls == []


def test_everything_killed_after_the_create(engine: Engine, aws: Aws) -> None:
    story = Story(engine, aws)

    def kill_the_engine(request: Request) -> None:
        kill("pulumi --non-interactive", "pulumi.dynamic")

    aws.hook("CreateSecret", "after", kill_the_engine)
    story.up(SHOP, expect_failure=True)
    assert (story.names(), story.live().value) == ([], VALUE)
    assert VALUE not in engine.text(), "nor in what the engine noted before it began"
    engine.cli("cancel", "--yes")
    run = story.up(SHOP)
    check(story, "of the shop", VALUE, "shop", 1)
    assert run.failed is False
    story.destroy()
    assert story.pending().value == VALUE


def test_lost_answers_and_a_restore_that_is_taken_back(engine: Engine, aws: Aws) -> None:
    story = Story(engine, aws)
    for action in ("CreateSecret", "UpdateSecret", "DeleteSecret"):
        aws.inject(faults.LostResponse(action))
    story.up(SHOP)
    assert story.calls == ["CreateSecret", "CreateSecret"]
    check(story, "of the shop", VALUE, "shop", 1)
    story.up(WEB)
    update = [*LOOK, "UpdateSecret", "UpdateSecret"]
    known = [*LOOK, *COMPARE]
    assert story.calls == [*update, *known, "TagResource", "UntagResource"], "its token was known"
    check(story, "of the web", "of the web", "web", 2)
    story.destroy()
    assert (story.calls[:2], story.names(), story.window()) == (DELETE, [], 30)
    before = story.pending()
    aws.deny("secretsmanager:UpdateSecret")
    run = story.up(SHOP, expect_failure=True)
    assert "UpdateSecret of demo/dev/db was denied: it needs secretsmanager:Upd" in run.output
    assert f"{NAME}: put back after the failure (ScheduleDeletion)" in run.output
    assert (story.calls[-2:], story.names()) == (["UpdateSecret", "DeleteSecret"], [])
    assert (story.pending().arn, story.window()) == (before.arn, 30)
    assert story.pending().value == "of the web"
    aws.allow_everything()
    story.up(SHOP)
    check(story, "of the shop", VALUE, "shop", 3)
