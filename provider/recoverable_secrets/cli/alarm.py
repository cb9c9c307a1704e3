"""`alarm`: be told of attempts to read secrets whose deletion is scheduled."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated

import typer

from recoverable_secrets.alarm import alarms, parts, template
from recoverable_secrets.alarm.alarms import Seen, State
from recoverable_secrets.alarm.apply import Mark
from recoverable_secrets.alarm.parts import Wanted, Way
from recoverable_secrets.alarm.region import Region
from recoverable_secrets.core import errors

from . import alarm_reports, carry, exits, where
from .alarm_reports import Alarm, AlarmPart
from .carry import DryRun, Yes
from .exits import Exit
from .output import Column
from .where import Run

OWN = Mark("recoverable-secrets alarm", "command")
"""The mark of what the command makes."""

NAME = "recoverable-secrets-access-alarm"

_Name = Annotated[str, typer.Option("--name", help="Name of the alarm and of its topic.")]

app = typer.Typer(
    help="Be told of attempts to read secrets whose deletion is scheduled.",
    no_args_is_help=True,
)


def register(whole: typer.Typer) -> None:
    """Add the commands."""
    whole.add_typer(app, name="alarm")


def install(
    run: Run,
    *,
    way: Annotated[
        Way,
        typer.Option(
            help="trail: metric filter and alarm on the log group of CloudTrail. events: rule of "
            "EventBridge, whose message says who read what."
        ),
    ],
    log_group: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="With trail: the log group CloudTrail delivers to."),
    ] = None,
    topic: Annotated[
        str | None,
        typer.Option(metavar="ARN", help="SNS topic to tell; without, one is made."),
    ] = None,
    email: Annotated[
        list[str] | None,
        typer.Option(metavar="ADDRESS", help="Subscribes to the topic that is made; repeatable."),
    ] = None,
    name_prefix: Annotated[str, typer.Option(help="Only secrets whose names begin so.")] = "",
    name: _Name = NAME,
    dry_run: DryRun = False,
) -> None:
    """Make the alarm, or bring it to what is said here; what is as it should be is left alone.

    Addresses get a message that they have to confirm; none is taken off a topic that stays. What it
    needs and costs, and what each way can tell, stands in docs/access-alarm.md.
    """
    settings = {
        "name": name,
        "way": way,
        "log_group_name": log_group,
        "topic_arn": topic,
        "email": email or None,
        "name_prefix": name_prefix or None,
    }

    def work(here: Region) -> Iterator[Alarm]:
        wanted = parts.parse(settings, here.name)
        # Who subscribed the addresses that are there, is not known: they stay.
        old = [dataclasses.replace(each, email=()) for each in alarms.find(here, name)]
        seen, gone = alarms.compare(here, wanted, OWN, old=old)
        if not dry_run:
            alarms.install(here, wanted, OWN, old=old, say=run.out.warn)

        def done(each: Seen) -> str:
            did = "removed" if each in gone else "put" if each.state is not State.OK else ""
            return "" if dry_run else did

        yield _told(here, wanted, [*seen, *gone], done)

    _each_region(run, work, f"alarm {name}", dry_run=dry_run, changing=not dry_run)


def status(run: Run, *, name: _Name = NAME) -> None:
    """Show the alarm's parts: which are there, missing, or changed by others.

    It ends with exit code 6 if there is no alarm, or a part is not as it should be.
    """

    def work(here: Region) -> Iterator[Alarm]:
        found = alarms.find(here, name)
        if not found:
            run.out.problem(f"{here.name} has no alarm {name}: `alarm install` makes one")
            run.ended(Exit.FOUND)
        if len(found) > 1:
            run.out.problem(
                f"a change of the alarm was broken off in {here.name}: `alarm install` ends it"
            )
            run.ended(Exit.FOUND)
        for wanted in found:
            seen = alarms.look(here, wanted)
            if any(each.state is not State.OK for each in seen):
                run.out.problem(f"parts of the alarm are missing or changed in {here.name}")
                run.ended(Exit.FOUND)
            yield _told(here, wanted, seen)

    _each_region(run, work, f"alarm {name}")


def remove(run: Run, *, name: _Name = NAME, dry_run: DryRun = False, yes: Yes = False) -> None:
    """Take the alarm away, with the topic that was made for it; a given topic stays.

    What a Pulumi or CloudFormation stack made is left to its stack.
    """
    if not (dry_run or run.out.confirm(f"Remove alarm {name}?", yes=yes)):
        raise errors.Refused("not confirmed: nothing was removed")

    def work(here: Region) -> Iterator[Alarm]:
        found = alarms.find(here, name)
        if not found:
            run.out.note(f"{here.name} has no alarm {name}")
        _refuse_others([each for wanted in found for each in alarms.look(here, wanted)])
        for wanted in found:
            seen = alarms.look(here, wanted)
            if not dry_run:
                alarms.remove(here, wanted, OWN, run.out.warn)
            present = [each for each in seen if each.state is not State.MISSING]
            yield _told(here, wanted, present, lambda _: "" if dry_run else "removed")

    _each_region(run, work, f"alarm {name}", dry_run=dry_run, changing=not dry_run)


def show_template(run: Run) -> None:
    """Write the alarm as a CloudFormation template; calls nothing.

    Its parameters are those of `alarm install`.
    """
    whole = json.dumps(template.template(), indent=2) if run.out.json else template.text()
    run.out.raw(whole.rstrip())


def _each_region(
    run: Run,
    work: Callable[[Region], Iterator[Alarm]],
    title: str,
    *,
    dry_run: bool = False,
    changing: bool = False,
) -> None:
    """Work in each region, and show what came of it, also if it is interrupted."""
    found: list[Alarm] = []
    absent: list[str] = []
    at = ""
    try:
        for place in run.places:
            at = place.region
            with run.guarded(at):
                before = len(found)
                for alarm in work(Region(place.store, at)):
                    found.append(alarm)
                    _shown(run, alarm, title)
                if len(found) == before:
                    absent.append(at)
    except KeyboardInterrupt:
        if not (changing and at):
            raise
        _reported(run, found, absent, dry_run=dry_run)
        raise exits.Interrupted(
            f"interrupted: {title} is perhaps half done in {at}. To go on, {carry.AGAIN}"
        ) from None
    _reported(run, found, absent, dry_run=dry_run)


def _reported(run: Run, found: list[Alarm], absent: list[str], *, dry_run: bool) -> None:
    run.settle()
    run.out.document(
        alarm_reports.Alarms(problems=run.problems, alarms=found, absent=absent, dry_run=dry_run)
    )


def _refuse_others(seen: Sequence[Seen]) -> None:
    for each in seen:
        if each.others or (each.mark and each.mark.owner != OWN.owner):
            owner = each.mark.owner if each.mark else "something else"
            raise errors.Refused(
                f"{each.part.label} belongs to {errors.short(owner)}, not to this command: nothing "
                "was removed. Remove it where it was made"
            )


def _told(
    here: Region, wanted: Wanted, seen: Sequence[Seen], done: Callable[[Seen], str] = lambda _: ""
) -> Alarm:
    owners = [each.mark.owner for each in seen if each.mark]
    return Alarm(
        region=here.name,
        name=wanted.name,
        way=wanted.way,
        log_group_name=wanted.log_group_name,
        topic_arn=parts.topic(wanted, here.place),
        name_prefix=wanted.name_prefix,
        owner=owners[0] if owners else None,
        parts=[AlarmPart.of(each, done(each) or None) for each in seen],
    )


def _shown(run: Run, alarm: Alarm, title: str) -> None:
    if run.out.json:
        return
    heads = [Column(head="Part"), Column(head="Name", ratio=1), Column(head="State")]
    rows = [
        [
            parts.LABELS[each.kind],
            each.name,
            f"{each.done} (was {each.state})" if each.done else each.state,
        ]
        for each in alarm.parts
    ]
    run.out.table(heads, rows, f"{title} in {alarm.region}, way {alarm.way}")


for _name, _work, *_examples in (
    (
        "install",
        install,
        "alarm install --way events --email ops@example.com",
        "alarm install --way trail --log-group CloudTrail/DefaultLogGroup --topic ARN",
    ),
    ("status", status, "alarm status --region eu-west-1 --region us-east-1"),
    ("remove", remove, "alarm remove", "alarm remove --dry-run"),
    ("show-template", show_template, "alarm show-template > access-alarm.yaml"),
):
    app.command(_name, epilog=where.epilog(*_examples))(where.command(_work))
