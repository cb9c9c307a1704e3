"""Check what the tests' double of AWS claims, row by row, against AWS itself.

    RECOVERABLE_SECRETS_LIVE_AWS=yes python -m tools.live_aws [--slow] [--only TEXT]
    RECOVERABLE_SECRETS_LIVE_AWS=yes python -m tools.live_aws --clean-up

It makes secrets named `recoverable-secrets-live-<random>/...` in the account and region of the
usual AWS settings, touches nothing else, and deletes them for good when it ends, Ctrl-C included.
Rows that wait or make replicas are played with --slow only.

Exit codes: 0 the double answers as AWS does; 1 it differs somewhere, a row broke, or something
could not be deleted; 2 not opted in, or AWS cannot be reached; 130 interrupted.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import datetime as dt
import os
import secrets
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import boto3
import botocore.config
from botocore import exceptions
from rich.console import Console
from rich.markup import escape
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
import emulation  # noqa: E402  # found only now
import live  # noqa: E402
from live import compare, leftovers, scene  # noqa: E402
from live.compare import Result, Verdict  # noqa: E402

VARIABLE = "RECOVERABLE_SECRETS_LIVE_AWS"
SAME, DIFFERENT, UNABLE, INTERRUPTED = 0, 1, 2, 130
FARS = ("us-east-1", "eu-west-1")
WIDTH = 132

_CONFIG = botocore.config.Config(
    retries={"mode": "standard", "total_max_attempts": 8}, connect_timeout=5, read_timeout=20
)
_COLOURS = {
    Verdict.SAME: "green",
    Verdict.OTHER_WORDS: "green",
    Verdict.FINDING: "cyan",
    Verdict.DIFFERENT: "bold red",
    Verdict.BROKEN: "bold red",
    Verdict.NOT_ALLOWED: "yellow",
    Verdict.SKIPPED: "dim",
}

Pause = Callable[[float], None]


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.live_aws", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--slow", action="store_true", help="play rows that wait for AWS, too")
    parser.add_argument(
        "--only", default="", metavar="TEXT", help="only rows with this in the title"
    )
    parser.add_argument("--clean-up", action="store_true", help="delete what earlier runs left")
    parser.add_argument("--profile", help="profile of the shared AWS configuration")
    parser.add_argument("--region", help="where to make the secrets")
    parser.add_argument("--replica-region", help="where to make replicas")
    parser.add_argument(
        "--settle", type=float, default=1.0, metavar="SECONDS", help="pause after a write (1)"
    )
    return parser.parse_args(arguments)


def refuse(console: Console, rows: int) -> None:
    """Say what would be done, and how to ask for it."""
    console.print(
        f"This would make about {rows} secrets named {leftovers.PREFIX}<random>/... in the AWS "
        "account of your credentials, ask AWS what it answers in each state, and delete them for "
        "good again. It takes about 10 minutes (with --slow an hour) and costs less than a "
        "dollar. It touches nothing else. Nothing was called so far.\n\n"
        f"To do it: {VARIABLE}=yes make live-aws",
        highlight=False,
    )


@contextlib.contextmanager
def both(
    options: argparse.Namespace, prefix: str, pause: Pause
) -> Iterator[tuple[scene.Side, compare.Double]]:
    """Yield AWS's side and the double's, both with the caller's account and region.

    Raises:
        BotoCoreError: There are no credentials, or no connection.
        ClientError: AWS does not take the credentials.
    """
    region = options.region or os.environ.get("AWS_REGION")
    session = boto3.Session(profile_name=options.profile, region_name=region)
    who = session.client("sts", config=_CONFIG).get_caller_identity()
    partition, region = who["Arn"].split(":")[1], str(session.region_name)
    known = (
        FARS if partition == "aws" else session.get_available_regions("secretsmanager", partition)
    )
    far = options.replica_region or next(one for one in known if one != region)
    aws = emulation.Aws(clock=emulation.Clock(), account=who["Account"], region=region)
    with aws.serve() as url:
        made_up = boto3.Session(aws_access_key_id="AKIADOUBLE", aws_secret_access_key="none")

        def real_client(where: str) -> Any:
            return session.client("secretsmanager", where, config=_CONFIG)

        def double_client(where: str) -> Any:
            return made_up.client("secretsmanager", where, endpoint_url=url, config=_CONFIG)

        real = scene.Side(
            make=real_client,
            prefix=prefix,
            account=who["Account"],
            partition=partition,
            region=region,
            far=far,
            now=lambda: dt.datetime.now(dt.UTC),
            pause=pause,
            settle=options.settle,
        )
        side = dataclasses.replace(
            real.under(prefix),
            make=double_client,
            now=aws.clock.now,
            pause=lambda seconds: aws.clock.advance(seconds=seconds),
            settle=0.0,
        )
        yield real, compare.Double(aws, side)


def played(
    rows: Sequence[live.Row],
    real: scene.Side,
    double: compare.Double,
    console: Console,
    *,
    slow: bool,
) -> tuple[list[Result], bool]:
    """Play the rows; return the results, and whether Ctrl-C came before the end."""
    results: list[Result] = []
    try:
        with console.status("") as status:
            for result in compare.play(rows, real, double, slow=slow):
                results.append(result)
                status.update(f"{len(results)} of {len(rows)}: {escape(result.row.title)}")
    except KeyboardInterrupt:
        return results, True
    return results, False


def clean(real: scene.Side, console: Console) -> bool:
    """Delete all that was made; return whether nothing is left."""
    count = len(real.made)
    console.print(f"Deleting what was made under {count} names ...", highlight=False)
    problems: list[str] = []
    try:
        problems = leftovers.delete(real, real.made)
    except KeyboardInterrupt:
        problems = [f"{name} in {region}: interrupted" for region, name in sorted(real.made)]
    for problem in problems:
        console.print(f"[red]NOT DELETED:[/] {escape(problem)}", highlight=False)
    if problems:
        console.print(f"To try again: {VARIABLE}=yes python -m tools.live_aws --clean-up")
    return not problems


def show(results: Sequence[Result], console: Console) -> None:
    """Print the table, and below it what does not fit into one."""
    table = Table("row", "source", "AWS", "the double", "verdict")
    section = ""
    for result in results:
        if result.row.section != section:
            section = result.row.section
            table.add_section()
            table.add_row(f"[bold]{section}")
        colour = _COLOURS[result.verdict]
        skipped = result.verdict is Verdict.SKIPPED
        table.add_row(
            escape(result.row.title),
            result.row.source,
            f"[dim]{escape(result.why)}" if skipped else brief(result.real),
            brief(result.double),
            f"[{colour}]{result.verdict.value}[/]",
        )
    console.print(table)
    for verdict in (Verdict.NOT_ALLOWED, Verdict.FINDING, Verdict.OTHER_WORDS, *compare.FAILING):
        explain_all([one for one in results if one.verdict is verdict], console)
    for result in results:
        if result.real is not None and result.real.note:
            told = f"{result.row.title}: {result.real.note}"
            console.print(f"[cyan]noted[/] {escape(told)}", highlight=False)


def explain_all(results: Sequence[Result], console: Console) -> None:
    """Print what there is to say of results with one verdict, those of one reason together."""
    for why in dict.fromkeys(one.why for one in results):
        alike = [one for one in results if one.why == why]
        titles = "; ".join(one.row.title for one in alike)
        colour, verdict = _COLOURS[alike[0].verdict], alike[0].verdict
        told = f"{why} ({titles})" if why else titles
        console.print(f"[{colour}]{verdict.value}[/] {escape(told)}", highlight=False)
        if verdict not in compare.FAILING | {Verdict.OTHER_WORDS}:
            continue
        for one in alike:
            for name, outcome in (("AWS", one.real), ("double", one.double)):
                if outcome is not None:
                    line = f"    {one.row.title} | {name}: {outcome}"
                    console.print(escape(line), highlight=False)


def brief(outcome: live.Outcome | None) -> str:
    """Return a cell: the code, and what was found besides."""
    if outcome is None:
        return ""
    code = outcome.code.removesuffix("Exception")
    found = ", ".join(part for part in outcome.shape if " = " in part)
    return escape(f"{code}; {found}" if found else code)


def judge(results: Sequence[Result], console: Console) -> int:
    """Print the last line; return the exit code that the results deserve."""
    count = {verdict: sum(one.verdict is verdict for one in results) for verdict in Verdict}
    console.print(
        ", ".join(f"{number} {verdict.value}" for verdict, number in count.items() if number),
        highlight=False,
    )
    if any(count[verdict] for verdict in compare.FAILING):
        return DIFFERENT
    judged = len(results) - count[Verdict.SKIPPED] - count[Verdict.NOT_ALLOWED]
    return SAME if judged else UNABLE


def run(
    options: argparse.Namespace, rows: Sequence[live.Row], pause: Pause, console: Console
) -> int:
    """Do what was asked for, once it was; return the exit code."""
    prefix = leftovers.PREFIX if options.clean_up else f"{leftovers.PREFIX}{secrets.token_hex(4)}/"
    with both(options, prefix, pause) as (real, double):
        console.print(f"AWS account {real.account}, {real.region}, replicas in {real.far}.")
        if options.clean_up:
            return clean_up(real, console)
        tell_leftovers(real, console)
        console.print(f"Playing {len(rows)} rows on secrets named {prefix}...", highlight=False)
        results: list[Result] = []
        interrupted = True
        try:
            results, interrupted = played(rows, real, double, console, slow=options.slow)
        finally:
            cleaned = clean(real, console)
        show(results, console)
        code = judge(results, console)
        if interrupted:
            return INTERRUPTED
        return code if cleaned else DIFFERENT


def tell_leftovers(real: scene.Side, console: Console) -> None:
    """Say what earlier runs left, and how to get rid of it."""
    try:
        found = leftovers.find(real.under(leftovers.PREFIX))
    except exceptions.ClientError as error:
        console.print(f"What earlier runs left is unknown: {escape(str(error))}", highlight=False)
        return
    if found:
        console.print(
            f"{len(found)} secrets of earlier runs are left, such as {found[0][1]}. "
            f"To delete them: {VARIABLE}=yes python -m tools.live_aws --clean-up",
            highlight=False,
        )


def clean_up(real: scene.Side, console: Console) -> int:
    """Delete what earlier runs left; return the exit code."""
    real.made.update(leftovers.find(real))
    for region, name in sorted(real.made):
        console.print(f"left: {name} in {region}", highlight=False)
    return SAME if clean(real, console) else DIFFERENT


def main(
    arguments: Sequence[str] | None = None,
    *,
    rows: Sequence[live.Row] = live.ROWS,
    pause: Pause = time.sleep,
) -> int:
    """Run from the command line; return the exit code."""
    console = Console(width=WIDTH)
    options = parse(arguments)
    chosen = [row for row in rows if options.only.lower() in row.title.lower()]
    if os.environ.get(VARIABLE) != "yes":
        refuse(console, len(chosen))
        return UNABLE
    try:
        return run(options, chosen, pause, console)
    except (exceptions.BotoCoreError, exceptions.ClientError) as error:
        console.print(f"AWS cannot be asked: {escape(str(error))}", highlight=False)
        return UNABLE


if __name__ == "__main__":
    # Ended by others, it cleans up as after Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
