"""A stack of many secrets, whose events CloudFormation sends at once, to many sandboxes.

    with around(folder) as outside, Crowd(outside, 10) as crowd:
        for round_ in crowd.life(500):
            assert not round_.failed

As in Lambda each sandbox is a process of its own, with clients and retries of its own, and keeps
warm for the next event. All that they talk to is served by this process, in real time.
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from emulation import Aws

from . import certificate, judge
from .receiver import Receiver
from .stack import Stack
from .stacks import Stacks
from .world import ACCOUNT, REGION, TROUBLES, Event, World

ROOT = Path(__file__).parents[2]
SECONDS = 300.0
"""How long the function may run: the template's own number."""

DESIGN: dict[str, list[str]] = {
    "create": ["CreateSecret"],
    "delete": ["DescribeSecret", "DeleteSecret"],
    "create again": [
        "CreateSecret",
        "DescribeSecret",
        "RestoreSecret",
        "DeleteResourcePolicy",
        "PutSecretValue",
        "TagResource",
    ],
}
"""What each round sends for one secret (design, section 10): the last call is the mark."""


@dataclasses.dataclass
class Round:
    """One event for each secret of a stack.

    Attributes:
        name: Which, as `DESIGN` has it.
        failed: The reasons of answers that say FAILED.
        calls: Calls that AWS took up, by action; CloudFormation's too.
        throttled: Attempts that it throttled, by action.
        seconds: How long it took.
        least: The least time that an event left of the function's.
    """

    name: str
    failed: list[str]
    calls: collections.Counter[str]
    throttled: collections.Counter[str]
    seconds: float
    least: float

    def design(self, count: int) -> collections.Counter[str]:
        """Return the calls that so many secrets take by the design."""
        return collections.Counter(dict.fromkeys([*DESIGN[self.name], "DescribeStacks"], count))


@dataclasses.dataclass
class Outside:
    """What the function talks to, served.

    Attributes:
        aws: Secrets Manager.
        stacks: CloudFormation.
        receiver: Where answers go.
        env: Variables by which a process finds them.
    """

    aws: Aws
    stacks: Stacks
    receiver: Receiver
    env: dict[str, str]


@contextlib.contextmanager
def around(folder: Path) -> Iterator[Outside]:
    """Serve all of it, empty, while the block runs; the certificate goes into the folder."""
    trusted, aws = certificate.make(folder), Aws(account=ACCOUNT, region=REGION)
    stacks, receiver = Stacks(), Receiver(trusted)
    with stacks.running(), receiver.running(), aws.serve() as url:
        env = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(str(ROOT / part) for part in (".", "provider", "tests")),
            "AWS_ENDPOINT_URL_CLOUDFORMATION": stacks.url,
            "AWS_ENDPOINT_URL_SECRETS_MANAGER": url,
            "AWS_ENDPOINT_URL_STS": url,
            "AWS_ACCESS_KEY_ID": "AKIANOBODY",
            "AWS_SECRET_ACCESS_KEY": "none",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "SSL_CERT_FILE": str(trusted),
        }
        yield Outside(aws, stacks, receiver, env)


class Crowd:
    """The sandboxes, and the stack whose events they handle."""

    def __init__(self, outside: Outside, sandboxes: int) -> None:
        """Start so many; they end with the block."""
        self.outside = outside
        # Of a World, a stack needs no more than its API and its name for the function.
        world = World(outside.aws, outside.stacks, outside.receiver, *(None,) * 3)  # type: ignore[arg-type]
        self._world, self._tasks = world, queue.SimpleQueue[Event | None]()
        command = [sys.executable, "-m", "protocol.sandboxed", world.token(), str(SECONDS)]
        self._processes = [
            subprocess.Popen(
                command,
                cwd=ROOT,
                env=outside.env,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                encoding="utf-8",
            )
            for _ in range(sandboxes)
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.kill()
            process.communicate()

    def life(self, count: int) -> Iterator[Round]:
        """Create a stack of so many secrets, delete it, create one of its name; yield each."""
        for name in DESIGN:
            kind = "Delete" if name == "delete" else "Create"
            if kind == "Create":
                stack, ids = Stack(self._world), dict[str, str]()
            stack.record.becomes(f"{kind.upper()}_IN_PROGRESS")
            events = [self._event(stack, kind, number, ids) for number in range(count)]
            yield self._round(name, events, ids)
            stack.record.becomes(f"{kind.upper()}_COMPLETE")

    def _event(self, stack: Stack, kind: str, number: int, ids: Mapping[str, str]) -> Event:
        logical = f"S{number}"
        properties = {
            "Description": f"number {number}",
            "SecretString": f"value of {number}",
            "Tags": [{"Key": "number", "Value": str(number)}],
        }
        known = {"id": ids[logical]} if kind == "Delete" else {}
        url = self.outside.receiver.url()
        return stack.event(kind, properties, logical=logical, ResponseURL=url, **known)

    def _round(self, name: str, events: list[Event], ids: dict[str, str]) -> Round:
        for log in (self.outside.aws.calls, self.outside.stacks.calls, self.outside.receiver.puts):
            log.clear()  # type: ignore[attr-defined]
        left: list[float] = []
        start = time.monotonic()
        self._handled(events, left)
        seconds = time.monotonic() - start
        assert len(left) == len(events), "a sandbox died"
        answers = self._answers(events)
        ids |= {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in answers}
        sent = [*self.outside.aws.calls, *self.outside.stacks.calls]
        return Round(
            name=name,
            failed=[one["Reason"] for one in answers if one["Status"] != "SUCCESS"],
            calls=_counted(sent, refused=False),
            throttled=_counted(sent, refused=True),
            seconds=seconds,
            least=min(left),
        )

    def _handled(self, events: Iterable[Event], left: list[float]) -> None:
        """Let the sandboxes handle the events, each the next one as soon as it is free."""
        for event in events:
            self._tasks.put(event)

        def work(process: subprocess.Popen[str]) -> None:
            assert process.stdin
            assert process.stdout
            while (event := self._tasks.get()) is not None:
                process.stdin.write(json.dumps(event) + "\n")
                process.stdin.flush()
                left.append(float(process.stdout.readline()))

        threads = [threading.Thread(target=work, args=(one,)) for one in self._processes]
        for thread in threads:
            self._tasks.put(None)
            thread.start()
        for thread in threads:
            thread.join()

    def _answers(self, events: Iterable[Event]) -> list[dict[str, Any]]:
        """Return the one answer to each event; all that must hold of any answer is checked."""
        puts = collections.defaultdict(list)
        for put in self.outside.receiver.puts:
            puts[put.target].append(put)
        found = []
        for event in events:
            mine = puts["/" + event["ResponseURL"].split("/", 3)[3]]
            wrong = list(judge.faults(event, mine))
            assert not wrong, wrong
            found.append(json.loads(mine[-1].body))
        return found


def _counted(sent: Iterable[Any], *, refused: bool) -> collections.Counter[str]:
    throttled = {one for one in TROUBLES if one.startswith("Throttling")}
    return collections.Counter(
        call.action for call in sent if (call.outcome in throttled) is refused
    )
