"""`versions`: which there are, and which one is the current one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from recoverable_secrets.core import by_hand, errors, facts
from recoverable_secrets.core.errors import short
from recoverable_secrets.core.facts import Labelled
from recoverable_secrets.core.values import CURRENT, PREVIOUS

from . import carry, exits, output, reports, targets, where
from .carry import Change, DryRun, Order, Yes
from .output import Column
from .targets import Name, Target
from .where import Run

_WIDE = 96
"""Characters in a line in which the longest id fits in one piece."""

_FORWARD = "look at `versions list` first: a second rollback takes back the first"

_Version = Annotated[str, typer.Argument(metavar="VERSION", help="Id of a version.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Show the versions of a secret, and move their staging labels.")
    for name, work, *examples in (
        ("list", show, "versions list shop/prod/db"),
        ("label", label, "versions label shop/prod/db BLUE 3f2a…", "versions label db BLUE --off"),
        ("rollback", rollback, "versions rollback shop/prod/db", "versions rollback db --yes"),
        ("deprecate", deprecate, "versions deprecate shop/prod/db 3f2a…"),
    ):
        group.command(name, epilog=where.epilog(*examples))(where.command(work))
    app.add_typer(group, name="versions", no_args_is_help=True)


def show(run: Run, name: Name) -> None:
    """List the versions of a secret with their staging labels, those without any included.

    A version without a label is dropped by AWS in time.
    """
    target = targets.one(run, name)
    found = [reports.Version.of(version) for version in known(target)]
    if not run.out.json:
        table(run, found, f"versions of {target}")
    run.out.document(
        reports.Versions(
            problems=run.problems,
            name=target.secret.name,
            arn=target.secret.id,
            region=target.place.region,
            versions=found,
        )
    )


def known(target: Target) -> tuple[facts.Version, ...]:
    """Return the versions of a secret, the newest first.

    Raises:
        RecoverableSecretsError: They cannot be listed.
    """
    ref = facts.Ref(target.secret.name, target.secret.id)
    found = target.place.inventory.versions(ref)
    return tuple(
        sorted(found, key=lambda version: (version.created is None, version.created), reverse=True)
    )


def table(run: Run, found: Sequence[reports.Version], title: str) -> None:
    """Show versions to people."""
    heads = [
        Column(head="Version", ratio=None if run.out.width >= _WIDE else 5),
        Column(head="Labels", ratio=2),
        Column(head="Created"),
        Column(head="Last read"),
    ]
    rows = [
        [
            version.id,
            " ".join(version.labels) or "none",
            output.day(version.created),
            str(version.last_accessed or "-"),
        ]
        for version in found
    ]
    run.out.table(heads, rows, title)
    if not all(version.labels for version in found):
        run.out.line("Labels none: AWS drops the version in time.", "dim")


def label(
    run: Run,
    name: Name,
    staging_label: Annotated[str, typer.Argument(metavar="LABEL", help="A staging label.")],
    version: Annotated[
        str | None, typer.Argument(metavar="VERSION", help="The version that is to have it.")
    ] = None,
    *,
    off: Annotated[bool, typer.Option("--off", help="Take the label off.")] = False,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Put a staging label on a version, or take it off; a label stands at one version only."""
    if off == (version is not None):
        raise exits.wrong("say a VERSION that is to have the label, or --off")
    if staging_label.startswith("AWS"):
        raise exits.wrong(
            f"{short(staging_label, 40)} is one of AWS's own labels: `versions rollback` moves "
            "AWSCURRENT, and AWS moves AWSPREVIOUS with it"
        )
    target = targets.one(run, name)
    if version is not None:
        _exists(target, version)
    _move(run, target, {staging_label: version}, "label", dry_run=dry_run, yes=yes)


def rollback(run: Run, name: Name, *, dry_run: DryRun = False, yes: Yes = False) -> None:
    """Make the previous version the current one again.

    AWS moves AWSPREVIOUS to the version that was current until then: the same command again goes
    forward.
    """
    target = targets.one(run, name)
    if target.secret.previous is None:
        raise errors.Refused(
            f"{short(target.secret.name)} has no version labelled {PREVIOUS}: there is nothing to "
            "roll back to. `versions list` shows what there is"
        )
    _move(run, target, {CURRENT: target.secret.previous}, "rollback", dry_run=dry_run, yes=yes)


def deprecate(
    run: Run, name: Name, version: _Version, *, dry_run: DryRun = False, yes: Yes = False
) -> None:
    """Take all labels off a version, so that AWS deletes it in time.

    That is AWS's way to delete a version. The current one cannot be deprecated.
    """
    target = targets.one(run, name)
    _exists(target, version)
    labels = [label for label, at in by_hand.held(target.secret).items() if at == version]
    if CURRENT in labels:
        raise errors.Refused(
            f"{short(version)} is the current version of {short(target.secret.name)}: what reads "
            "the secret would find nothing. Put another value or roll back first"
        )
    _move(run, target, dict.fromkeys(labels), "deprecate", dry_run=dry_run, yes=yes)


def _exists(target: Target, version: str) -> None:
    """Refuse a version that there is not."""
    if all(each.id != version for each in known(target)):
        raise exits.wrong(
            f"{short(target.secret.name)} has no version {short(version)}: `versions list` shows "
            "what there is"
        )


def _move(
    run: Run,
    target: Target,
    labels: dict[str, str | None],
    command: str,
    *,
    dry_run: bool,
    yes: bool,
) -> None:
    name = target.secret.name
    held = by_hand.held(target.secret)
    wanted = Labelled(name=name, memory=target.memory, labels=labels, shown=held)
    order = Order(
        command=f"versions {command}",
        question=f"Move the labels of {name}?",
        dry_run=dry_run,
        yes=yes,
        again=_FORWARD if command == "rollback" else carry.AGAIN,
    )
    carry.carry_out(run, order, [Change(target=target, wanted=wanted)])
