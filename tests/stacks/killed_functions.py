"""Operations on a stack whose function is killed, or hangs, at one of its calls.

    life = Life(cloud, token, "function", OPERATIONS["update"])
    outcome = life.disturbed(Trouble(3, "after", "killed"))
    life.put_right(outcome.status)

Theory: CloudFormation learns nothing from a function that is killed, and waits until its time is
up; of a hanging one it learns what the function's own timer says before Lambda ends it. Either way
the operation fails. What follows is CloudFormation's: it rolls back, or stops at DELETE_FAILED or
UPDATE_ROLLBACK_FAILED. What follows then is the user's, as docs/when-something-went-wrong.md tells.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli import killed_world
from e2e.command import descendants
from emulation import Request
from project import trouble
from recoverable_secrets.core import ownership
from stacks import cloud as clouds
from stacks import stories
from stacks.cloud import Cloud, Outcome
from stacks.test_stuck_stacks import doing
from stacks.test_whole_secret_stories import FIRST, SECOND, SHARING

SETTINGS = {**SHARING, "ALLOW_FORCE_DELETE": "yes"}
FORCED = {**FIRST, "ForceDeleteWithoutRecovery": True}
SETTLED_SECONDS = 4 * clouds.SECONDS
"""Longest for what is disturbed: a function begins anew, and CloudFormation rolls back."""

NEIGHBOUR = "shop/of-another"
"""A secret that belongs to another, and is never to be touched."""

OTHERS = f"{NEIGHBOUR} in us-east-1"
"""The same as `held` names it."""


@dataclass(frozen=True)
class Trouble:
    """What happens, and when.

    Attributes:
        nth: Number of the call in the operation, counted from 1.
        when: On which side of it: "before" it is carried out or "after" that.
        kind: "killed", or "hangs" until Lambda ends the function.
    """

    nth: int
    when: str
    kind: str


@dataclass(frozen=True)
class Operation:
    """One operation on a stack.

    Attributes:
        before: What was deployed until then; `None` deletes.
        wanted: What is deployed; `None` deletes.
        fails: Whether another resource fails after the secret, so that all is rolled back.
    """

    before: tuple[dict[str, Any] | None, ...]
    wanted: dict[str, Any] | None
    fails: bool = False


OPERATIONS = {
    "create": Operation((), FIRST),
    "update": Operation((FIRST,), SECOND),
    "delete": Operation((FIRST,), None),
    "force": Operation((FORCED,), None),
    "restore": Operation((FIRST, None), SECOND),
    "rollback of a create": Operation((), FIRST, fails=True),
    "rollback of an update": Operation((FIRST,), SECOND, fails=True),
    "rollback of a restore": Operation((FIRST, None), SECOND, fails=True),
}


class Life:
    """One stack, up to the operation that is disturbed, and what comes after.

    Attributes:
        before: What AWS holds when the operation begins.
        ended: How the user's own commands ended.
    """

    def __init__(self, cloud: Cloud, token: str, function: str, operation: Operation) -> None:
        self.cloud, self.operation = cloud, operation
        self._function, self._token = function, token
        self.deployed = False
        self.ended: list[Outcome] = []
        stories.by_hand(cloud, NEIGHBOUR, stories.SOMEBODY)
        for properties in operation.before:
            self.deploy(properties)
        self.before = held(cloud)
        cloud.aws.calls.clear()

    @property
    def goes_well(self) -> str:
        """How the stack ends undisturbed."""
        if self.operation.fails:
            return self.fails
        if self.operation.wanted is None:
            return "DELETE_COMPLETE"
        return "UPDATE_COMPLETE" if self.deployed else "CREATE_COMPLETE"

    @property
    def fails(self) -> str:
        """How the stack ends if the operation fails, and what CloudFormation does then does not."""
        if self.operation.wanted is None:
            return "DELETE_FAILED"
        return "UPDATE_ROLLBACK_COMPLETE" if self.deployed else "ROLLBACK_COMPLETE"

    @property
    def badly(self) -> set[str]:
        """How the stack may end otherwise: what CloudFormation does then may fail as well."""
        return {self.fails, self.fails.replace("_COMPLETE", "_FAILED")}

    def operate(self) -> Outcome:
        """Do the operation, however it ends."""
        wanted, formation = self.operation.wanted, self.cloud._formation
        passing = {self.cloud._describe("shop")["StackStatus"]} if self.deployed else set()
        if wanted is None:
            formation.delete_stack(StackName=self.cloud._stacks["shop"])
        else:
            body = clouds.body(self._template(wanted, fails=self.operation.fails))
            do = formation.update_stack if self.deployed else formation.create_stack
            made = do(StackName="shop", TemplateBody=body)
            self.cloud._stacks["shop"] = made["StackId"]
            passing = set()
        return settled(self.cloud, passing)

    def disturbed(self, trouble: Trouble) -> Outcome:
        """Do the operation, and let it be disturbed; return how it ended."""
        over, struck = threading.Event(), threading.Event()

        def strike(_: Request) -> None:
            struck.set()
            working = set(processes(self.cloud, self._function))
            if trouble.kind == "killed":
                kill(working)
            else:
                while working & set(processes(self.cloud, self._function)):
                    if over.wait(0.05):
                        break
            if trouble.when == "before":
                raise killed_world.Dead

        self.cloud.aws.hook("*", trouble.when, strike, nth=trouble.nth)  # type: ignore[arg-type]
        if trouble.kind == "hangs":
            self._may_take(clouds.HANGING_SECONDS)
        try:
            return self.operate()
        finally:
            over.set()
            self.cloud.aws.heal()
            self._may_take(clouds.FUNCTION_TIMEOUT)
            assert struck.is_set(), "it never came so far"

    def _may_take(self, seconds: int) -> None:
        """Say when Lambda ends the function."""
        functions = self.cloud.client("lambda")
        if functions.get_function_configuration(FunctionName=self._token)["Timeout"] != seconds:
            functions.update_function_configuration(FunctionName=self._token, Timeout=seconds)

    def put_right(self, status: str) -> str:
        """Do what the page tells the user to, from how the operation ended; return how it ends."""
        page, ends = PAGE.get(status, ("", status))
        if page:
            does = doing(self.cloud, ends, status, self.ended)
            if page == "DELETE_FAILED":
                trouble.follow("DELETE_FAILED", does, block=0)
            elif page == "UPDATE_ROLLBACK_FAILED":
                trouble.follow("UPDATE_ROLLBACK_FAILED", does)
            else:
                trouble.follow("The function's time was up", does)
        self.deployed = self.deployed and ends != "DELETE_COMPLETE"
        return ends

    def deploy(self, properties: dict[str, Any] | None) -> None:
        """Deploy the secret with these properties, or delete the stack."""
        if properties is None:
            self.cloud.delete("shop")
        elif self.deployed:
            self.cloud.update("shop", self._template(properties))
        else:
            self.cloud.create("shop", self._template(properties))
        self.deployed = properties is not None

    def _template(self, properties: dict[str, Any], *, fails: bool = False) -> dict[str, Any]:
        others = {"Broken": clouds.broken("Secret")} if fails else None
        return self.cloud.template(others, token=self._token, **properties)


PAGE = {
    "DELETE_FAILED": ("DELETE_FAILED", "DELETE_COMPLETE"),
    "UPDATE_ROLLBACK_FAILED": ("UPDATE_ROLLBACK_FAILED", "UPDATE_ROLLBACK_COMPLETE"),
    "ROLLBACK_COMPLETE": ("The function's time was up", "DELETE_COMPLETE"),
    "ROLLBACK_FAILED": ("The function's time was up", "DELETE_COMPLETE"),
}
"""Where the page tells what to do with a stack that ended so, and how it ends then."""


def settled(cloud: Cloud, passing: set[str]) -> Outcome:
    """Wait for the end of an operation, whatever it is."""
    deadline = time.monotonic() + SETTLED_SECONDS
    status = "REVIEW_IN_PROGRESS"
    while status.endswith("_IN_PROGRESS") or status in passing:
        assert time.monotonic() < deadline, status
        time.sleep(0.02)
        status = cloud._describe("shop")["StackStatus"]
    return Outcome(cloud._stacks["shop"], status, {}, cloud._news("shop"))


def kill(pids: Iterable[int]) -> None:
    """Kill processes, those that are gone already left out."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def processes(cloud: Cloud, function: str) -> list[int]:
    """Return the ids of the processes that run a function."""
    marked = f"ministack-lambda-{function}-"
    found = []
    for pid in descendants(cloud._emulator.process.pid):
        with contextlib.suppress(OSError):
            if marked in Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8"):
                found.append(pid)
    return found


def replicas(there: dict[str, Any]) -> set[str]:
    """Return which of the secrets are replicas: they go with a deletion, and come back."""
    return {name for name, each in there.items() if each["primary"]}


def held(cloud: Cloud) -> dict[str, Any]:
    """Return all that AWS holds, but for how a secret came to its stack.

    A second try may find what the first one made: then it is restored, and its value is a version
    of its own. Its records of replicas and rotation are of its last teardown, of which there was
    one more; they count while it is pending. What is of another is told whole.
    """
    found = killed_world.held(cloud.aws)
    for name, each in found.items():
        if name.startswith(NEIGHBOUR):
            continue
        lived = {ownership.REPLICAS, ownership.ROTATION} if each["state"] == "live" else set()
        for mark in {ownership.ORIGIN, *lived}:
            each["tags"].pop(mark, None)
        each.pop("versions")
        each.pop("deleted")
    return found
