"""Programs run by the real Pulumi engine, over a file backend in a temporary folder.

    engine = Engine(tmp_path, env={"AWS_REGION": "us-east-1"})
    run = engine.up(program)
    assert run.steps == {"create": 2}
    assert "hunter2" not in engine.text()

Theory: programs are plain callables, served to the CLI by Pulumi's Automation API from the test's
own process. The dynamic provider is a child of the CLI, under the same interpreter. One Engine is
one stack with its own backend, PULUMI_HOME and work folder, all below the given folder. Its stack
is made once and used for every run, and what the Automation API would ask of the CLI after each
run (outputs, history: three more processes) is left out until a test asks.

Rules:

- Nothing of the caller's AWS and Pulumi settings reaches the CLI, only ``env``.
- Outputs are made inside the program: they belong to the event loop of its run.
- Every CLI call has a time limit (``seconds=``), see command.py. A *program* that never returns
  cannot be ended: it is a thread of the test's own process.
- A failed run raises EngineError with the whole output, unless ``expect_failure=True``.
"""

from __future__ import annotations

import dataclasses
import json
import runpy
import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pulumi import automation as auto
from pulumi.automation import errors
from tools import pulumi_cli

from e2e import command

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

Program = Callable[[], None]
"""What a stack declares; called once per run, in the test's own process."""

PASSPHRASE = "correct horse battery staple"


class EngineError(AssertionError):
    """A run failed that was expected to succeed, or the other way round."""


@dataclasses.dataclass
class Run:
    """What one engine operation did.

    Attributes:
        steps: resources by operation, e.g. ``{"create": 1, "same": 2}``, as the engine sums it up.
        stdout: what the user sees.
        stderr: what the CLI wrote to stderr.
        events: the engine's events, in order.
        failed: whether the CLI ended with an error.
        error: the CLI's whole output if it did, else "".
        seconds: how long it took.
    """

    steps: dict[str, int] = dataclasses.field(default_factory=dict)
    stdout: str = ""
    stderr: str = ""
    events: list[auto.EngineEvent] = dataclasses.field(default_factory=list)
    failed: bool = False
    error: str = ""
    seconds: float = 0.0

    @property
    def output(self) -> str:
        """Both outputs."""
        return f"{self.stdout}\n{self.stderr}"

    @property
    def operations(self) -> dict[str, list[str]]:
        """Operations by resource name, in the order in which the engine began them."""
        found: dict[str, list[str]] = {}
        for event in self.events:
            if event.resource_pre_event:
                step = event.resource_pre_event.metadata
                found.setdefault(step.urn.rsplit("::", 1)[1], []).append(str(step.op.value))
        return found

    @property
    def messages(self) -> list[tuple[str, str]]:
        """Diagnostics as (severity, text), in order; debug lines are not shown to users."""
        shown = (event.diagnostic_event for event in self.events)
        return [(one.severity, one.message) for one in shown if one and one.severity != "debug"]


class Engine:
    """One project and stack in a folder of its own."""

    def __init__(
        self,
        directory: Path,
        *,
        root: Path | None = None,
        project: str = "demo",
        stack: str = "dev",
        env: Mapping[str, str],
        config: Mapping[str, auto.ConfigValue | str] | None = None,
    ) -> None:
        """Make the stack, or select it where the folder has it already.

        Args:
            directory: where everything goes; Engines of one folder share backend and home.
            root: the folder whose bin has the CLI and its helper; None finds one.
            project: name of the project.
            stack: name of the stack.
            env: variables for the CLI, and with it for the provider.
            config: the stack's configuration; plain strings are not secret.
        """
        self.directory = directory
        self.project = project
        self.backend = directory / "backend"
        self.home = directory / "home"
        self.work = directory / "work" / project
        for folder in (self.backend, self.home, self.work):
            folder.mkdir(parents=True, exist_ok=True)
        self._command = command.of(root or pulumi_cli.locate())
        settings = auto.ProjectSettings(
            name=project, runtime="python", backend=auto.ProjectBackend(f"file://{self.backend}")
        )
        workspace = auto.LocalWorkspace(
            work_dir=str(self.work),
            pulumi_home=str(self.home),
            project_settings=settings,
            pulumi_command=self._command,
            env_vars={
                "PULUMI_BACKEND_URL": f"file://{self.backend}",
                "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
                "PULUMI_SKIP_UPDATE_CHECK": "true",
                "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
                "PULUMI_PYTHON_CMD": sys.executable,
                **env,
            },
        )
        self._stack = command.stack(stack, workspace, exists=self._file(stack).exists())
        if config:
            self.configure(config)

    def configure(self, config: Mapping[str, auto.ConfigValue | str]) -> None:
        """Set configuration of the stack; plain strings are not secret."""
        self._stack.set_all_config(
            {
                key: auto.ConfigValue(value) if isinstance(value, str) else value
                for key, value in config.items()
            }
        )

    def up(self, program: Program, **options: Any) -> Run:
        """Create or update; options as of ``Stack.up``, and those of ``_run``."""
        return self._run(self._stack.up, program=program, **options)

    def preview(self, program: Program, **options: Any) -> Run:
        """Say what up would do."""
        return self._run(self._stack.preview, program=program, **options)

    def refresh(self, program: Program | None = None, **options: Any) -> Run:
        """Read every resource; without a program from what the state says alone."""
        return self._run(self._stack.refresh, program=program, **options)

    def destroy(self, program: Program | None = None, **options: Any) -> Run:
        """Delete every resource; without a program as ``pulumi destroy`` does."""
        return self._run(self._stack.destroy, program=program, **options)

    def rename(self, stack: str) -> None:
        """Give the stack another name: every URN in it changes."""
        self._stack.rename(stack)

    def cli(self, *arguments: str) -> str:
        """Run any other command of the CLI on this stack, and return its stdout."""
        workspace = self._stack.workspace
        env = {"PULUMI_HOME": str(self.home), **workspace.env_vars}
        args = [*arguments, "--stack", self._stack.name]
        return self._command.run(args, str(self.work), env).stdout

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs, secrets in plain text."""
        shown: dict[str, Any] = json.loads(self.cli("stack", "output", "--json", "--show-secrets"))
        return shown

    def state(self) -> dict[str, Any]:
        """The state file as it lies on disk: secrets are encrypted in it."""
        state: dict[str, Any] = json.loads(self._file(self._stack.name).read_text(encoding="utf-8"))
        return state

    def resources(self) -> list[dict[str, Any]]:
        """The resources of the state file, in its order."""
        latest = self.state()["checkpoint"].get("latest") or {}
        return list(latest.get("resources", []))

    def resource(self, name: str) -> dict[str, Any]:
        """One resource of the state file; of a half-replaced one, the new.

        Raises:
            KeyError: there is none of this name.
        """
        named = {
            entry["urn"].rsplit("::", 1)[1]: entry
            for entry in self.resources()
            if not entry.get("delete")
        }
        if name not in named:
            raise KeyError(f"no resource {name!r} in the state, which has {sorted(named)}")
        return named[name]

    def files(self) -> Iterator[tuple[Path, bytes]]:
        """Every file of backend, home and work folder: state, backups, history, logs, settings."""
        for top in (self.backend, self.home, self.directory / "work"):
            for path in sorted(top.rglob("*")):
                if path.is_file():
                    yield path, path.read_bytes()

    def text(self) -> str:
        """All of these files in one string, for looking for what must not be in them."""
        return "\n".join(data.decode("utf-8", "replace") for _, data in self.files())

    def _file(self, stack: str) -> Path:
        return self.backend / ".pulumi" / "stacks" / self.project / f"{stack}.json"

    def _run(
        self,
        operation: Callable[..., object],
        *,
        program: Program | None,
        expect_failure: bool = False,
        seconds: float = command.SECONDS,
        **options: Any,
    ) -> Run:
        """Run one operation and collect what it did.

        Raises:
            EngineError: it failed, or succeeded where a failure was expected.
        """
        run = Run()
        over = threading.Event()

        def on_event(event: auto.EngineEvent) -> None:
            run.events.append(event)
            if event.summary_event:
                changes = event.summary_event.resource_changes
                run.steps = {str(getattr(op, "value", op)): n for op, n in changes.items()}
            if event.cancel_event:  # The last one of every run, whether it went well or not.
                over.set()

        noted, clear_up = command.watched(program) if program else (None, over.set)
        self._command.seconds = seconds
        start = time.monotonic()
        try:
            operation(on_event=on_event, program=noted, **options)
        except errors.CommandError as error:
            run.failed, run.error = True, str(error)
        finally:
            self._command.seconds = command.SECONDS
        run.seconds = time.monotonic() - start
        over.wait(0.2 if run.failed else 2.0)
        if run.failed:
            clear_up()
        run.stdout, run.stderr = self._command.last.stdout, self._command.last.stderr
        if run.failed != expect_failure:
            what = "failed" if run.failed else "succeeded, but was expected to fail"
            raise EngineError(f"{operation.__name__} {what}:\n{run.output}")
        return run


def example(path: Path, arguments: Sequence[str] = ()) -> Program:
    """A stored program as a callable, run as ``pulumi up`` would run the same file."""

    def program() -> None:
        folder = str(path.parent)
        argv, sys.argv = sys.argv, [str(path), *arguments]
        sys.path.insert(0, folder)
        try:
            runpy.run_path(str(path), run_name="__main__")
        finally:
            sys.argv = argv
            sys.path.remove(folder)

    return program
