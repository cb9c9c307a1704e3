"""`pending`: which secrets are scheduled for deletion, and how long they can be had back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

import typer
from rich.text import Text

from recoverable_secrets.core import facts, pending
from recoverable_secrets.core.pending import Filter, Restorable, Row, Since
from recoverable_secrets.stores import limits

from . import output, reports, where
from .exits import Exit
from .output import Column
from .where import Place, Run

_WIDE = 120
_SOON, _URGENT = 7, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which rows are asked for, and when one is due.

    Attributes:
        now: The time, in UTC.
        owner: Beginning of the owner tag.
        prefix: Beginning of the name.
        within: Most days left.
        limit: Days left at which a row is due; `None` if none is.
    """

    now: dt.datetime
    owner: str
    prefix: str
    within: int | None
    limit: int | None

    def matches(self, row: Row) -> bool:
        """Whether a row is asked for."""
        asked = Filter(owner=self.owner, prefix=self.prefix, within=self.within)
        return asked.matches(row, self.now)

    def due(self, row: Row) -> bool:
        """Whether a row is due."""
        return self.limit is not None and pending.due(row, self.limit, self.now)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "pending",
        epilog=where.epilog(
            "pending --region eu-west-1 --region us-east-1",
            "pending --owner pulumi/shop/prod --within 7",
            "pending --all-regions --fail-if-within 3",
            "pending --stream --json | jq -r .arn",
        ),
    )(where.command(show))


def show(
    run: Run,
    *,
    owner: Annotated[str, typer.Option(help="Only those whose owner tag begins with this.")] = "",
    name_prefix: Annotated[str, typer.Option(help="Only those whose name begins with this.")] = "",
    within: Annotated[
        int | None,
        typer.Option(min=0, metavar="DAYS", help="Only those with at most so many days left."),
    ] = None,
    fail_if_within: Annotated[
        int | None,
        typer.Option(
            min=0, metavar="DAYS", help="End with exit code 6 if one has at most so many days left."
        ),
    ] = None,
    stream: Annotated[
        bool,
        typer.Option("--stream", help="Show each as its page comes, unsorted, in little memory."),
    ] = False,
) -> None:
    """Show which secrets are scheduled for deletion, the most urgent first.

    AWS tells one date of a scheduled deletion and not the length of its window. Where the date is
    past, it is the day of the request, and the secret can be restored for 7 to 30 days from then:
    both ends are shown. Days left are those that are certain.
    """
    now = dt.datetime.now(dt.UTC)
    run.out.streams = stream
    pending.check_prefix(name_prefix, limits.AWS)
    asked = Asked(now=now, owner=owner, prefix=name_prefix, within=within, limit=fail_if_within)
    due = (_streamed if stream else _sorted)(run, asked)
    if due:
        run.ended(Exit.FOUND)
        run.out.problem(
            f"{due} of them can surely be restored for at most {fail_if_within} days more: "
            "restore what is still needed"
        )


def listed(run: Run, place: Place, prefix: str = "") -> Iterator[facts.Listed]:
    """Return what is pending in a region; see `Run.listed`."""
    return (row for row in run.listed(place, prefix) if row.date is not None)


def _sorted(run: Run, asked: Asked) -> int:
    found: list[Row] = []
    for place in run.places:
        with run.guarded(place.region):
            found += pending.rows(listed(run, place, asked.prefix), asked.now)
    run.settle()
    # What a date means, and so what is due, is known only when all of them are there.
    found = [row for row in pending.by_urgency(found, asked.now) if asked.matches(row)]
    due = sum(map(asked.due, found))
    if not run.out.json:
        _tabled(run, found)
        return due
    run.out.document(
        reports.Pending(
            problems=run.problems,
            regions=run.enabled,
            skipped=run.skipped,
            secrets=[reports.PendingSecret.of(row) for row in found],
            due=due,
        )
    )
    return due


def _streamed(run: Run, asked: Asked) -> int:
    due = 0
    for place in run.places:
        with run.guarded(place.region):
            for row in pending.rows(listed(run, place, asked.prefix), asked.now):
                if asked.matches(row):
                    due += asked.due(row)
                    _line(run, row)
    return due


def _line(run: Run, row: Row) -> None:
    if run.out.json:
        run.out.document(reports.PendingSecret.of(row))
        return
    days = (row.deleted_on, row.surely_until, row.at_most_until)
    # A tag is anybody's text: it makes no row of its own, and steers no terminal.
    run.out.fields(
        (
            row.name,
            row.region or "",
            row.owner_tag or "",
            *map(output.day, days),
            str(row.days_left),
            output.day(row.accessed),
            " ".join(row.replicas),
        )
    )


def _tabled(run: Run, found: Sequence[Row]) -> None:
    if not found:
        if run.reached:
            run.out.line("no secret is scheduled for deletion" + _where(run))
        return
    wide = run.out.width >= _WIDE
    many = len(run.places) > 1
    heads = [Column(head="Secret", ratio=3)]
    if wide:
        heads.append(Column(head="Owner", ratio=3))
        heads += [Column(head="Region")] if many else []
    heads += [
        Column(head="Deleted on"),
        Column(head="Last day"),
        Column(head="Left", right=True),
        Column(head="Last read"),
        *([Column(head="Replicas")] if wide else []),
    ]
    named = _apart if wide else _stacked
    rows = [named(row, many=many) for row in found]
    run.out.table(heads, rows, f"{len(found)} scheduled for deletion{_where(run)}")
    for text in _legend(found):
        run.out.line(text, "dim")


def _where(run: Run) -> str:
    places = run.reached or run.enabled
    return f" in {places[0]}" if len(places) == 1 else f" in {len(places)} regions"


def _apart(row: Row, *, many: bool) -> list[object]:
    """Return the cells of a row where the terminal is wide."""
    region = [row.region] if many else []
    return [row.name, row.owner or "-", *region, *_cells(row), "\n".join(row.replicas) or "-"]


def _stacked(row: Row, *, many: bool) -> list[object]:
    """Return the cells of a row where it is not: whose and where stands below the name."""
    replicas = f"replicas: {' '.join(row.replicas)}" if row.replicas else None
    under = filter(None, (row.owner, row.region if many else None, replicas))
    lines = [(f"\n{output.clean(line)}", "dim") for line in under]
    return [Text.assemble(output.clean(row.name), *lines), *_cells(row)]


def _cells(row: Row) -> list[object]:
    until = output.day(row.surely_until)
    if row.at_most_until != row.surely_until:
        until += f"\n{output.day(row.at_most_until)}?"
    left = str(row.days_left)
    if row.restorable is not Restorable.SURELY:
        left = "0?"
    since = {Since.YES: "!", Since.MAYBE: "?", Since.NO: ""}[row.accessed_since_deletion]
    urgent = "bold red" if row.days_left < _URGENT else "yellow" if row.days_left < _SOON else ""
    return [
        output.day(row.deleted_on),
        until,
        Text(left, urgent),
        Text(output.day(row.accessed) + since, "bold red" if since == "!" else ""),
    ]


def _legend(found: Iterable[Row]) -> Iterator[str]:
    """Yield what the marks mean that stand in the table."""
    rows = list(found)
    if any(row.at_most_until != row.surely_until for row in rows):
        yield (
            "Last day: AWS tells when the deletion was requested and not the window: the first "
            "date is certain, the second counts if the window is 30 days."
        )
    if any(row.deleted_on is None for row in rows):
        yield "Deleted on -: AWS tells the end of the window and not when it began."
    if any(row.restorable is not Restorable.SURELY for row in rows):
        yield "0?: past the certain day; it can be restored as long as AWS has not purged it."
    if any(row.accessed_since_deletion is not Since.NO for row in rows):
        yield "Last read !: after its deletion was requested; ?: perhaps after it."
