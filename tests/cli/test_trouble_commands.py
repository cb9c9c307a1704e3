"""What docs/when-something-went-wrong.md has users do with our command, and what it says."""

from __future__ import annotations

import os
import signal

import pytest

from cli.conftest import Runner, World
from cli.test_examples import account, elsewhere, forgotten, stage
from project import trouble

__all__ = ["account", "elsewhere", "forgotten", "stage"]  # fixtures


def doing(ran: Runner, code: int = 0) -> trouble.Does:
    """Return what runs a command of the page, and expects it to end so."""

    def ours(*words: str) -> None:
        done = ran(*words)
        assert done.code == code, (words, done.err)

    return {"recoverable-secrets": ours}


def test_what_is_so(stage: World, ran: Runner) -> None:
    trouble.follow("", doing(ran))


def test_interrupted_and_run_again(world: World, ran: Runner) -> None:
    for name in "abcd":
        world.pending(name)
    press = lambda _: os.kill(os.getpid(), signal.SIGINT)  # noqa: E731
    world.aws.hook("RestoreSecret", "after", press, nth=2)
    done = ran("restore", "--all", "--yes")
    assert done.code == 130
    trouble.check("The command was interrupted", done.err)
    trouble.follow("The command was interrupted", doing(ran))
    assert {world.aws.secret(name).state for name in "abcd"} == {"live"}


def test_orphans_of_a_lost_state(stage: World, ran: Runner) -> None:
    trouble.follow("The state is lost", doing(ran), block=1)


@pytest.mark.usefixtures("elsewhere")
def test_a_permission_is_missing(stage: World, ran: Runner) -> None:
    """`doctor` finds nothing here, as all is allowed; what it finds is in test_doctor.py."""
    trouble.follow("No permission", doing(ran))
