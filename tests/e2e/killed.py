"""One operation on the real engine, killed at each of its calls, each time from the same beginning.

    scene = Scene(story, OPERATIONS["create"])
    scene.calls                          what an undisturbed run sends about a secret, in order
    scene.sweep(SETS["provider"])        where the end was another than that of an undisturbed run

Theory: a run of the engine takes seconds. So a stack has as many secrets as the provider has
threads, declared alike, and each is held at another point: before a call is carried out, or after
it and before its answer leaves. Once all are there the processes are killed, and one run has tried
them all. State is files and AWS is the double: both are put back to where the operation begins.

Rules:

- What is done after a kill is read in docs/when-something-went-wrong.md.
- Compared is all that AWS holds and all that the state says, without what is random.
- Who cannot be at its point together with the others has its turn in a later run.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from cli import killed_world
from e2e import killed_ends
from e2e.engine import Program
from e2e.killed_traps import PROVIDER, PULUMI, Point, Trap
from e2e.secrets_program import Story, declare, nothing
from e2e.test_whole_secret import READ, REPLICAS, ROTATION, policy
from project import trouble

SECRETS = "abcd"
"""Resources of a stack: as many as Pulumi's dynamic provider has threads."""

ATTEMPTS = 3
"""How often a run may fail by itself, where the machine is too busy, before it is at any point."""

SETS = {"provider": (PROVIDER,), "pulumi": (PULUMI,), "both": (PULUMI, PROVIDER)}
"""What is killed; the engine first, else it would hear of the other."""

FIRST: dict[str, Any] = {
    "description": "first",
    "kms_key_id": "alias/first",
    "secret_string": "first",
    "tags": {"team": "shop", "stage": "dev"},
    "policy": READ,
    "replicas": REPLICAS,
    "version_stages": ["BLUE"],
    **ROTATION,
}
SECOND: dict[str, Any] = {
    "description": "second",
    "kms_key_id": "alias/second",
    "secret_string": "second",
    "tags": {"team": "web", "bill": "42"},
    "policy": policy("secretsmanager:DescribeSecret"),
    "replicas": [{"region": "eu-west-1"}, {"region": "eu-west-2"}],
    "version_stages": ["GREEN"],
    **ROTATION,
    "rotation_rules": {"automatically_after_days": 7},
}
FORCED = {**FIRST, "force_delete_without_recovery": True}


def all_of_them(
    arguments: dict[str, Any], *, prefix: str | None = None, trigger: str | None = None
) -> Program:
    """Return a program with all secrets of a stack, declared alike.

    Args:
        arguments: Of each of them.
        prefix: How their names begin; by default they have the default names.
        trigger: They are replaced, under the same name, when this changes.
    """

    def program() -> None:
        for each in SECRETS:
            opts = pulumi.ResourceOptions(replacement_trigger=trigger) if trigger else None
            named = {"name": f"{prefix}{each}"} if prefix else {}
            declare(each, opts, **arguments, **named)

    return program


@dataclass(frozen=True)
class Operation:
    """One operation to kill.

    Attributes:
        before: What was run until then; `None` destroys.
        wanted: What is run; `None` destroys.
    """

    before: tuple[Program | None, ...]
    wanted: Program | None


CREATED = all_of_them(FIRST)
OPERATIONS = {
    "create": Operation((), CREATED),
    "update": Operation((CREATED,), all_of_them(SECOND)),
    "destroy": Operation((CREATED,), None),
    "force": Operation((all_of_them(FORCED),), None),
    "restore": Operation((CREATED, None), all_of_them(SECOND)),
    "rename": Operation((CREATED,), all_of_them(FIRST, prefix="shop/new/")),
    "rename, force": Operation((all_of_them(FORCED),), all_of_them(FORCED, prefix="shop/new/")),
    "replace": Operation((all_of_them(FIRST, trigger="1"),), all_of_them(SECOND, trigger="2")),
    "taken out": Operation((CREATED,), nothing),
}


def doing(story: Story, program: Program | None) -> trouble.Does:
    """Return what the page's commands do here; a program of None is none, and destroys."""
    engine = story.engine

    def refresh(*options: str) -> None:
        # A preview before it says the same at twice the price.
        engine.cli("refresh", "--yes", "--skip-preview", *options)

    def up(*options: str) -> None:
        assert not options
        run(story, program)

    return {
        "pulumi up": up,
        "pulumi refresh": refresh,
        "pulumi cancel": lambda: engine.cli("cancel", "--yes"),
        "pulumi stack export": lambda *words: engine.cli("stack", "export", *words),
        "pulumi stack import": lambda *words: engine.cli("stack", "import", *words),
    }


def run(story: Story, program: Program | None, **options: Any) -> None:
    """Bring a stack to a program, or destroy it."""
    if program is None:
        story.destroy(**options)
    else:
        story.up(program, **options)


@dataclass
class Count:
    """How much was tried.

    Attributes:
        runs: Runs that were killed.
        points: Points at which a secret was then.
        outlived: Runs whose provider went on without its engine.
    """

    runs: int = 0
    points: int = 0
    outlived: int = 0


class Scene:
    """One operation in a stack of its own.

    Attributes:
        calls: What an undisturbed run sends about each of the secrets, in order.
        expected: What it leaves.
        count: What was tried until now.
    """

    def __init__(self, story: Story, operation: Operation) -> None:
        self.story, self.wanted = story, operation.wanted
        self.count = Count()
        for program in operation.before:
            run(story, program)
        self._put_back = killed_world.kept(story.aws)
        self._backend = story.engine.directory / "beginning"
        shutil.copytree(story.engine.backend, self._backend)
        run(story, operation.wanted)
        sent = killed_ends.by_secret(story.aws.calls)
        self.calls = sent[SECRETS[0]]
        assert sent == dict.fromkeys(SECRETS, self.calls), "alike in this, too"
        self.expected = killed_ends.end(story)
        assert self._unchanged() == {}

    def points(self, processes: Sequence[str]) -> list[Point]:
        """Both sides of each call; if the engine is killed, the beginning, and after each call.

        AWS holds the same after a call as before the next one, the engine is told of neither, and
        three more runs follow each of these, where one follows the others.
        """
        numbers = range(1, len(self.calls) + 1)
        both = [Point(nth, when) for nth in numbers for when in ("before", "after")]
        return both if PULUMI not in processes else [both[0], *both[1::2]]

    def sweep(self, processes: Sequence[str], points: Sequence[Point]) -> dict[str, Any]:
        """Kill at each of these points, and return where the end was another one."""
        left, found, missed = list(points), {}, 0
        while left and missed < ATTEMPTS:
            group, left = left[: len(SECRETS)], left[len(SECRETS) :]
            reached, difference = self._killed(processes, group)
            missed = 0 if reached else missed + 1
            if difference and reached:
                found[self._told(reached)] = difference
            left = [each for each in group if each not in reached] + left
        return found | ({"never reached": self._told(left)} if left else {})

    def _killed(
        self, processes: Sequence[str], points: Sequence[Point]
    ) -> tuple[list[Point], dict[str, Any]]:
        """Kill once, do as the page says; return where, and what is other than it should be."""
        self._back()
        held = dict(zip(SECRETS, points, strict=False))
        trap = Trap(self.story.aws, held, processes)
        try:
            with trap:
                run(self.story, self.wanted, expect_failure=True)
            if processes == (PROVIDER,):
                trouble.follow("The provider was killed", doing(self.story, self.wanted))
            else:
                trouble.follow("Pulumi was killed", doing(self.story, self.wanted), block=0)
            end = killed_ends.end(self.story)
            difference = killed_world.difference(end, self.expected) | self._unchanged()
        except Exception as problem:  # noqa: BLE001 - told with all others
            difference = {"raised": f"{type(problem).__name__}: {problem}"}
        self.count.runs += 1
        self.count.points += len(trap.reached)
        self.count.outlived += trap.outlived
        return trap.reached, difference

    def _told(self, points: Sequence[Point]) -> str:
        return ", ".join(f"{each.when} {each.nth} {self.calls[each.nth - 1]}" for each in points)

    def _unchanged(self) -> dict[str, Any]:
        """Return what another run would do: nothing is right."""
        if self.wanted is None:
            return {"left": self.story.names()} if self.story.names() else {}
        shown = self.story.preview(self.wanted)
        others = {step: n for step, n in shown.steps.items() if step != "same"}
        return {"changes": others, "calls": self.story.calls} if others or self.story.calls else {}

    def _back(self) -> None:
        """Put state and AWS back to where the operation begins."""
        self._put_back()
        backend = self.story.engine.backend
        shutil.rmtree(backend)
        shutil.copytree(self._backend, backend)
