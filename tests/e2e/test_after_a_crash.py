"""What users do after a crash, by the page for them, on the real engine.

docs/when-something-went-wrong.md is read: its commands are run, its quotations have to be told. The
processes are killed by the double right after a call took effect, before its answer leaves; at each
call of each operation in test_killed_on_the_engine.py.
"""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from e2e.engine import Engine
from e2e.killed import doing
from e2e.killed_traps import PROVIDER, PULUMI
from e2e.secrets_program import VALUE, Story, one
from e2e.test_interruptions import kill
from emulation import Aws
from project import trouble

NAME = "shop/prod/db"
SHOP = one(description="of the shop")
WEB = one(description="of the web", secret_string="of the web")
SOAK = float(os.environ.get("RECOVERABLE_SECRETS_SOAK", "0"))
MARK = "recoverable-secrets:"
SOAKED = pytest.mark.skipif(not SOAK, reason="minutes: RECOVERABLE_SECRETS_SOAK=1")


def killing(story: Story, action: str, *processes: str) -> None:
    """Have processes killed, the engine's first, right after the next call of this kind."""
    story.aws.hook(action, "after", lambda _: kill(*processes))


def pending(engine: Engine) -> list[str]:
    """Return what the state says that Pulumi was doing."""
    latest = engine.state()["checkpoint"].get("latest") or {}
    return [str(each["type"]) for each in latest.get("pending_operations") or ()]


def asked(engine: Engine, *words: str) -> str:
    """Run a command on a terminal until it asks something; return what stands there then."""
    command, workspace = engine._command, engine._stack.workspace
    foreign = ("AWS_", "PULUMI_", "CI")
    own = {key: text for key, text in os.environ.items() if not key.startswith(foreign)}
    env = {**own, "PULUMI_HOME": str(engine.home), **workspace.env_vars, "TERM": "xterm"}
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(engine.work)
        os.execve(command.command, ["pulumi", *words, "--stack", engine._stack.name], env)
    seen, deadline = b"", time.monotonic() + 30
    while b"import (the CREATE" not in seen and time.monotonic() < deadline:
        if select.select([terminal], [], [], 0.1)[0]:
            seen += os.read(terminal, 4096)
            if seen.endswith(b"\x1b[6n"):  # Where is the cursor?
                os.write(terminal, b"\x1b[1;1R")
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(terminal)
    return seen.decode(errors="replace")


def whole(story: Story, description: str, value: str, versions: int) -> None:
    """Check that state and AWS agree on what an uninterrupted run would have made."""
    found = story.agree()
    assert (found.description, found.value, len(found.versions)) == (description, value, versions)
    assert (found.tags[f"{MARK}origin"], pending(story.engine)) == ("created", [])


@pytest.fixture
def story(make_engine: Callable[..., Engine], aws: Aws) -> Story:
    """The stack of the page."""
    return Story(make_engine("shop", "prod"), aws)


def test_pulumi_and_its_provider_killed_while_they_create_update_and_destroy(
    story: Story,
) -> None:
    """One life: after each kill the commands of the page, and the end is the usual one."""
    engine = story.engine
    killing(story, "CreateSecret", PULUMI, PROVIDER)
    story.up(SHOP, expect_failure=True)
    assert (story.names(), story.live(NAME).value, pending(engine)) == ([], VALUE, ["creating"])
    locked = story.up(SHOP, expect_failure=True)
    trouble.check("Pulumi was killed", locked.output)
    engine.cli("cancel", "--yes")
    trouble.check("Pulumi was killed", story.up(SHOP).output, block=1)
    assert pending(engine) == ["creating"], "without a refresh the warning stays"
    trouble.check("Pulumi was killed", asked(engine, "refresh"), block=2)
    trouble.follow("Pulumi was killed", doing(story, SHOP), block=0)
    whole(story, "of the shop", VALUE, 1)

    killing(story, "UpdateSecret", PULUMI, PROVIDER)
    story.up(WEB, expect_failure=True)
    assert (story.live(NAME).value, pending(engine)) == ("of the web", ["updating"])
    trouble.follow("Pulumi was killed", doing(story, WEB), block=1)
    whole(story, "of the web", "of the web", 2)

    killing(story, "DeleteSecret", PULUMI, PROVIDER)
    story.destroy(expect_failure=True)
    assert (story.window(NAME), pending(engine)) == (30, ["deleting"])
    trouble.follow("Pulumi was killed", doing(story, None), block=0)
    assert (story.names(), story.pending(NAME).value) == ([], "of the web")


@SOAKED
def test_a_killed_provider_and_states_that_are_old_or_lost(
    story: Story, make_engine: Callable[..., Engine], tmp_path: Path
) -> None:
    """One life: the provider killed, then an older state, then none.

    In the normal run test_interruptions.py kills the provider, and test_whole_secret.py begins with
    an empty state.
    """
    killing(story, "CreateSecret", PROVIDER)
    run = story.up(SHOP, expect_failure=True)
    trouble.check("The provider was killed", run.output)
    trouble.follow("The provider was killed", doing(story, SHOP))
    whole(story, "of the shop", VALUE, 1)
    arn = story.agree().arn
    backup = story.engine.work / "backup.json"
    story.engine.cli("stack", "export", "--file", str(backup))
    story.up(WEB)

    trouble.follow("The state is an older one", doing(story, WEB))
    assert (story.agree().arn, len(story.agree().versions)) == (arn, 2), "nothing written again"

    story.engine = make_engine("shop", "prod", folder=tmp_path / "another")
    init = {"pulumi stack init": lambda name: story.engine._stack.name == name}
    trouble.follow("The state is lost", {**doing(story, WEB), **init})
    assert (story.agree().arn, len(story.agree().versions)) == (arn, 2)
    assert "RestoreSecret" not in story.calls


@SOAKED
def test_what_others_deleted(story: Story, aws: Aws) -> None:
    """With a window, and for good; without the engine in tests/surfaces, in less time."""
    story.up(SHOP)
    arn = story.agree().arn
    aws.by_hand("DeleteSecret", SecretId=NAME, RecoveryWindowInDays=7)
    told: list[str] = []
    up = lambda: told.append(story.up(WEB).output)  # noqa: E731
    trouble.follow("Deleted by somebody", {**doing(story, WEB), "pulumi up": up})
    trouble.check("Deleted by somebody", told[0])
    assert (story.agree().arn, story.agree().value) == (arn, "of the web")

    aws.by_hand("DeleteSecret", SecretId=NAME, ForceDeleteWithoutRecovery=True)
    aws.clock.advance(seconds=900)
    trouble.check("Deleted for good by somebody", story.up(SHOP, expect_failure=True).output)
    trouble.follow("Deleted for good by somebody", doing(story, SHOP))
    assert story.agree().arn != arn
    whole(story, "of the shop", VALUE, 1)


LINES = sorted(
    {
        line
        for heading in trouble.SECTIONS
        for block in trouble.blocks(heading, "sh")
        for line in block.splitlines()
        if line.startswith("pulumi ") and "--" in line
    }
)


@pytest.mark.parametrize("line", LINES)
def test_options_of_the_page_are_pulumi_s(pulumi_root: Path, line: str) -> None:
    """Also of those that are not run here, such as `--parallel`."""
    words = [str(pulumi_root / "bin" / "pulumi"), *line.partition(" --")[0].split()[1:], "--help"]
    ran = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True)
    for option in re.findall(r"--[a-z-]+", line):
        assert f"{option} " in ran.stdout, option
