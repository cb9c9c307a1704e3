"""How long the Lambda function takes until it can handle an event, next to what boto3 alone takes.

    python bench/cold_start.py [ROUNDS]

Each figure is the processor time of a fresh process up to its end, the median of many rounds in
which all take turns; so what else the machine does hardly shows. The function comes from its
bundle, as in Lambda. Exit code 1 if the ratio to the floor is above the target.
"""

from __future__ import annotations

import contextlib
import os
import re
import statistics
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from tools import bundle  # noqa: E402  # found only now

ROUNDS = 21
TARGET = 1.7
"""Most times the floor that the function may take until it is ready."""

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "never-used",
    "AWS_SECRET_ACCESS_KEY": "never-used",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_REGION": "eu-central-1",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "PATH": os.defpath,
    "PYTHONHASHSEED": "0",
}
FLOOR, READY = "boto3 and one client: the floor", "the function, ready"
_HANDLER = "import lambda_handler.handler"
_CLIENT = "boto3.client({!r}, region_name='eu-central-1')"
_CLIENTS = """
import lambda_handler.handler
from recoverable_secrets.stores import aws
store = aws.open_store(aws.Connection())
for service in ("secretsmanager", "cloudformation"):
    store.client(service, "eu-central-1")
"""
_SECRETS, _FORMATION = _CLIENT.format("secretsmanager"), _CLIENT.format("cloudformation")


@dataclass(frozen=True)
class Start:
    """One kind of process.

    Attributes:
        code: What it runs.
        compiled: Whether it finds the bundle's modules compiled.
    """

    code: str
    compiled: bool = True


STARTS: Mapping[str, Start] = {
    "Python": Start("pass"),
    "boto3": Start("import boto3"),
    FLOOR: Start(f"import boto3; {_SECRETS}"),
    "boto3 and two clients": Start(f"import boto3; {_SECRETS}; {_FORMATION}"),
    "crhelper as it comes": Start("import crhelper; crhelper.CfnResource()"),
    "pydantic": Start("import pydantic"),
    READY: Start(_HANDLER),
    "with its two clients": Start(_CLIENTS),
    "if Lambda had to compile": Start(_HANDLER, compiled=False),
}
"""What is measured, in the order of the table."""

GROUPS = {
    "boto3": "boto3 botocore s3transfer jmespath dateutil six urllib3",
    "pydantic": "pydantic pydantic_core annotated_types typing_extensions typing_inspection",
    "crhelper": "crhelper",
    "recoverable_secrets": "recoverable_secrets",
    "lambda_handler": "lambda_handler",
}
"""Top-level modules by what they belong to; all others are Python's own."""


class Bench:
    """The bundle, twice: with what is compiled, and without."""

    def __init__(self, folder: Path) -> None:
        files = bundle.content(bundle.packages_for())
        made = bundle.compiled(files, Path(sys.executable))
        self.bundles = {
            True: bundle.write(folder / "compiled", files | made),
            False: bundle.write(folder / "plain", files),
        }

    def command(self, start: Start, *options: str) -> list[str]:
        """Return a command that runs the code with the bundle before what the runtime has."""
        paths = [str(self.bundles[start.compiled]), sysconfig.get_path("purelib")]
        prepared = f"import sys; sys.path[:1] = [{paths[0]!r}]; sys.path.append({paths[1]!r})"
        ended = "import os; os._exit(0)"  # Ready is where the way to the end begins.
        code = f"{prepared}\n{start.code}\nsys.stderr.flush(); {ended}"
        return [sys.executable, "-E", "-s", "-S", "-B", *options, "-c", code]

    def measured(self, start: Start) -> float:
        """Return the processor time of one process, in milliseconds.

        Raises:
            RuntimeError: The process failed.
        """
        with tempfile.TemporaryFile() as errors:
            process = subprocess.Popen(
                self.command(start), env=ENVIRONMENT, stdin=subprocess.DEVNULL, stderr=errors
            )
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                errors.seek(0)
                raise RuntimeError(errors.read().decode(errors="replace"))
        return 1000 * (used.ru_utime + used.ru_stime)

    def medians(self, rounds: int) -> dict[str, float]:
        """Return each process's median over rounds in which all take turns."""
        found: dict[str, list[float]] = {name: [] for name in STARTS}
        for _ in range(rounds):
            for name, start in STARTS.items():
                found[name].append(self.measured(start))
        return {name: statistics.median(times) for name, times in found.items()}

    def imports(self, rounds: int) -> dict[str, float]:
        """Return the milliseconds that the function's imports take by group.

        Python measures them by the clock on the wall, so the least of several rounds tells most.
        """
        found: dict[str, list[float]] = {}
        for _ in range(rounds):
            for group, spent in self._grouped().items():
                found.setdefault(group, []).append(spent)
        return {group: min(times) for group, times in found.items()}

    def loaded(self) -> set[str]:
        """Return the names of all modules that the function's import loads."""
        return {name for name, _ in self._imported()}

    def _grouped(self) -> dict[str, float]:
        found = dict.fromkeys([*GROUPS, "Python's own"], 0.0)
        for name, spent in self._imported():
            top = name.partition(".")[0]
            owners = (group for group, tops in GROUPS.items() if top in tops.split())
            found[next(owners, "Python's own")] += spent
        return found

    def _imported(self) -> Iterator[tuple[str, float]]:
        """Yield each module and the milliseconds that it took, those it imports not counted."""
        ran = subprocess.run(
            self.command(STARTS[READY], "-X", "importtime"),
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            check=True,
        )
        for spent, name in re.findall(
            r"^import time:\s+(\d+) \|[^|]+\|\s*(\S+)$", ran.stderr, re.MULTILINE
        ):
            yield name, int(spent) / 1000


def left_out(loaded: set[str]) -> list[str]:
    """Return the modules of the bundle's own packages that the function does without so far."""
    found = []
    for name in bundle.content(bundle.packages_for()):
        if name.startswith(("recoverable_secrets/", "lambda_handler/")) and name.endswith(".py"):
            module = name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
            found += [module] if module not in loaded else []
    return found


@contextlib.contextmanager
def bench() -> Iterator[Bench]:
    """Lay the bundles out while the block runs."""
    with tempfile.TemporaryDirectory() as folder:
        yield Bench(Path(folder))


def main(arguments: list[str]) -> int:
    """Measure, print, and compare with the target; return the exit code."""
    rounds = int(arguments[0]) if arguments else ROUNDS
    console = Console(width=100)
    with bench() as made:
        for start in STARTS.values():
            made.measured(start)  # What is read from disk is read now.
        medians = made.medians(rounds)
        imports = made.imports(max(3, rounds // 3))
        loaded = made.loaded()
    table = Table("process", "ms", "ratio", title=f"Cold start, medians of {rounds} rounds")
    for name, spent in medians.items():
        table.add_row(name, f"{spent:.0f}", f"{spent / medians[FLOOR]:.2f}")
    console.print(table)
    table = Table("imported by the function", "ms", "share", title="What its imports take")
    whole = sum(imports.values())
    for group, spent in sorted(imports.items(), key=lambda one: -one[1]):
        table.add_row(group, f"{spent:.0f}", f"{spent / whole:.0%}")
    console.print(table)
    console.print(f"Left for later, or never loaded: {', '.join(left_out(loaded))}; all clients.")
    ratio = medians[READY] / medians[FLOOR]
    console.print(f"Ready at {ratio:.2f} times the floor; the target is {TARGET} at most.")
    return int(ratio > TARGET)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
