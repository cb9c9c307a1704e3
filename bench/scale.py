"""Many secrets: calls, memory and time with 1,000 in one stack, 500 in another, 10,000 in a list.

    python bench/scale.py [stack] [throttled] [throttled-200] [function] [pending]

Everything without arguments: about an hour on two cores. Against the tests' double of AWS, which
throttles as AWS's quotas say, at a share of their rates: the real Pulumi engine, the Lambda
function in processes of its own, as in Lambda, and the command as a process. Exit code 1 if
anything failed, or made other calls than the design.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
from e2e import many  # noqa: E402  # found only now
from e2e.engine import Engine, EngineError  # noqa: E402
from emulation import Aws, Clock, crowd, rates  # noqa: E402
from protocol import crowded  # noqa: E402

SECRETS, RESOURCES, PENDING = 1000, 500, 10_000
SANDBOXES = 12
TENTH = 1 / 10
WIDTH = 120
OWNER = {"recoverable-secrets:owner": "pulumi/shop/prod/db:0123456789abcdef"}

Row = tuple[str, ...]


def variables(url: str) -> dict[str, str]:
    """Return what leads a process to the double, and to nothing else."""
    services = ("KMS", "SECRETS_MANAGER", "SSM", "STS")
    return {
        **{f"AWS_ENDPOINT_URL_{service}": url for service in services},
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def told(calls: Counter[str]) -> str:
    """Return calls as text; those of which there are equally many, together."""
    by_number: dict[int, list[str]] = {}
    for action, number in calls.items():
        by_number.setdefault(number, []).append(action)
    shown = (
        f"{number:,} {'each of ' if len(actions) > 1 else ''}{', '.join(sorted(actions))}"
        for number, actions in by_number.items()
    )
    return "; ".join(shown) or "none"


def once(calls: Counter[str], throttled: Counter[str]) -> str:
    """Return how many attempts were throttled, and their ratio to the calls that were needed."""
    total = throttled.total()
    return f"{total:,} ({total / calls.total():.2f})" if total else "0"


def stack(
    share: float | None = None, parallel: int | None = None, **env: str
) -> Iterator[tuple[Row, bool]]:
    """Bring a stack up, up again unchanged, refresh it, destroy it, and bring it back."""
    aws = Aws(clock=Clock())
    if share:
        aws.inject(rates.Rates(share=share, seconds=time.monotonic))
    with tempfile.TemporaryDirectory() as folder, aws.serve() as url:
        engine = Engine(Path(folder), env={**variables(url), **env})
        for run in many.lives(engine, aws, SECRETS, parallel=parallel):
            many.check(aws, SECRETS, "pending" if run.name == "destroy" else "live")
            right = run.calls == run.design(SECRETS)
            sizes = (f"{run.memory.get(part, 0):.0f}" for part in ("provider", "engine"))
            counts = (told(run.calls), once(run.calls, run.throttled))
            yield (run.name, *counts, f"{run.seconds:.0f}", *sizes), right


def throttled(parallel: int | None = None) -> Iterator[tuple[Row, bool]]:
    """Do the same at a tenth of AWS's rates."""
    return stack(TENTH, parallel, **many.UNSAVED)


def function() -> Iterator[tuple[Row, bool]]:
    """Create the largest stack, delete it, and create it again, at a tenth of AWS's rates."""
    with (
        tempfile.TemporaryDirectory() as folder,
        crowded.around(Path(folder)) as outside,
        crowded.Crowd(outside, SANDBOXES) as events,
    ):
        outside.aws.inject(rates.Rates(share=TENTH, seconds=time.monotonic))
        for done in events.life(RESOURCES):
            right = done.calls == done.design(RESOURCES) and not done.failed
            longest = f"{crowded.SECONDS - done.least:.0f}"
            counts = (told(done.calls), once(done.calls, done.throttled))
            yield (done.name, *counts, str(len(done.failed)), longest, f"{done.seconds:.0f}"), right


def command(env: dict[str, str], *arguments: str) -> tuple[int, float, float, int]:
    """Run the command; return its exit code, seconds, its most memory in MiB, and lines."""
    program = (
        "import pathlib, sys; from recoverable_secrets import cli; code = cli.main(sys.argv[1:]); "
        "sys.stderr.write(pathlib.Path('/proc/self/status').read_text()); sys.exit(code)"
    )
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env={**env, "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "provider")},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    seconds = time.monotonic() - start
    peak = re.findall(r"^VmHWM:\s+(\d+) kB", done.stderr, re.MULTILINE)
    return done.returncode, seconds, int(peak[0]) / 1024, done.stdout.count('"arn"')


def pending() -> Iterator[tuple[Row, bool]]:
    """List ten thousand, as the command does, ListSecrets at its own rate and at a hundredth."""
    regions = ("us-east-1", "eu-west-1")
    for asked, share, ways in (
        (1, 1, ("--json",)),
        (2, 1, ("--json",)),
        (1, 1, ("--json", "--stream")),
        (1, 1, ()),
        (1, 1 / 100, ("--json",)),
        (2, 1 / 100, ("--json", "--stream")),
    ):
        aws = Aws(clock=Clock())
        for region in regions[:asked]:
            crowd.plant(aws, PENDING // asked, region=region, tags=OWNER)
        aws.inject(rates.Rates(share=share, seconds=time.monotonic))
        where = [part for region in regions[:asked] for part in ("--region", region)]
        with aws.serve() as url:
            code, seconds, peak, rows = command(variables(url), "pending", *where, *ways)
        sent = Counter(call.outcome for call in aws.calls)
        calls = Counter({"ListSecrets": sent["ok"]})
        refused = Counter({"ListSecrets": sent[many.THROTTLED]})
        right = (code, calls["ListSecrets"]) == (0, PENDING // 100)
        right = right and ("--json" not in ways or rows == PENDING)
        name = f"{asked} region{'s' if asked > 1 else ''}, {' '.join(ways) or 'table'}"
        rate = f"{100 * share:.0f}/s"
        yield (
            (name, rate, told(calls), once(calls, refused), f"{seconds:.0f}", f"{peak:.0f}"),
            right,
        )


RUNS = ("run", "calls", "throttled (ratio)", "s", "provider MiB", "engine MiB")
PARTS: dict[str, tuple[str, Row, Callable[[], Iterable[tuple[Row, bool]]]]] = {
    "stack": (f"{SECRETS:,} secrets in one Pulumi stack", RUNS, stack),
    "throttled": ("The same at a tenth of AWS's rates", RUNS, throttled),
    "throttled-200": ("The same with --parallel 200", RUNS, lambda: throttled(200)),
    "function": (
        f"{RESOURCES} secrets in one CloudFormation stack, {SANDBOXES} sandboxes, a tenth of rates",
        ("events", "calls", "throttled (ratio)", "failed", "longest s", "s"),
        function,
    ),
    "pending": (
        f"{PENDING:,} pending secrets listed",
        ("list", "ListSecrets", "calls", "throttled (ratio)", "s", "MiB"),
        pending,
    ),
}


def main(arguments: list[str]) -> int:
    """Measure and print, each row as it comes to stderr; 1 if one failed."""
    wrong, console = [], Console(width=WIDTH)
    for part in arguments or PARTS:
        title, headings, measure = PARTS[part]
        table = Table(*headings, title=title)
        try:
            for row, right in measure():
                table.add_row(*row)
                print(part, *row, sep=" | ", file=sys.stderr, flush=True)
                if not right:
                    wrong.append(f"{part}: {row[0]}")
        except EngineError as failure:
            wrong.append(f"{part}: {failure}")
        console.print(table)
    for text in wrong:
        console.print(f"[red]not as designed:[/red] {text}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
