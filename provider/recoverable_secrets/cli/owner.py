"""`owner`: whose a secret is, and handing it over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer

from recoverable_secrets.core import ownership, plan
from recoverable_secrets.core.errors import short
from recoverable_secrets.core.facts import Handed

from . import carry, exits, outlook, reports, targets, where
from .carry import Change, DryRun, Order, Yes
from .output import Column
from .targets import Names, Target
from .where import Run

_Owner = Annotated[
    str, typer.Argument(metavar="OWNER", help="The owner tag, whole, as `owner show` tells it.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Show whose a secret is, hand it over, or release it.")
    for name, work, *examples in (
        ("show", show, "owner show shop/prod/db"),
        ("set", hand_over, "owner set pulumi/shop/blue/db:0123456789abcdef shop/prod/db"),
        ("clear", release, "owner clear shop/prod/db"),
    ):
        group.command(name, epilog=where.epilog(*examples))(where.command(work))
    app.add_typer(group, name="owner", no_args_is_help=True)


def show(run: Run, names: Names) -> None:
    """Show whose secrets are, as their owner tags say."""
    found = targets.named(run, names)
    if not run.out.json:
        heads = [
            Column(head="Secret", ratio=2),
            Column(head="Owner", ratio=3),
            Column(head="State"),
        ]
        rows = [[str(each), each.owner or "none", each.state] for each in found]
        run.out.table(heads, rows)
    run.out.document(reports.Owners(problems=run.problems, secrets=list(map(_told, found))))


def _told(target: Target) -> reports.Owner:
    tags = target.secret.tags
    return reports.Owner(
        name=target.secret.name,
        arn=target.secret.id,
        region=target.place.region,
        owner=target.owner,
        instance=tags.get(ownership.INSTANCE),
        origin=tags.get(ownership.ORIGIN),
        state=target.state,
    )


def hand_over(
    run: Run, owner: _Owner, names: Names, *, dry_run: DryRun = False, yes: Yes = False
) -> None:
    """Hand live secrets over to another stack.

    Only the owner tag changes. From then on the old stack leaves the secret alone, at its teardown
    too, and the new one takes it for its own.
    """
    usual = ownership.named_owner(owner)
    if not owner or usual.replace("=3D", "=") != owner:
        raise exits.wrong(
            f"{short(owner, 60)!r} is no owner tag. An owner that is declared so has the tag "
            f"{short(usual, 60)}"
        )
    _handed(run, owner, names, "set", dry_run=dry_run, yes=yes)


def release(run: Run, names: Names, *, dry_run: DryRun = False, yes: Yes = False) -> None:
    """Release live secrets: they are nobody's then, and stay as they are.

    A stack takes such a secret over only if it says `adopt: unowned`. A Pulumi
    stack that still has it in its state, and is torn down, schedules its deletion all the same:
    set another owner, or take it out of that stack's state.
    """
    _handed(run, None, names, "clear", dry_run=dry_run, yes=yes)


def _handed(
    run: Run, owner: str | None, names: Names, command: str, *, dry_run: bool, yes: bool
) -> None:
    changes = []
    for each in targets.named(run, names):
        wanted = Handed(name=each.secret.name, memory=each.memory, owner=owner)
        changes.append(Change(target=each, wanted=wanted))
        if changes[-1].needed:
            changes[-1].then = list(_then(changes[-1], owner))
    order = Order(
        command=f"owner {command}",
        question="Hand {} over?" if owner else "Release {}?",
        dry_run=dry_run,
        yes=yes,
    )
    carry.carry_out(run, order, changes)


def _then(change: Change, owner: str | None) -> Iterator[str]:
    """Yield what the old and the new stack will do with a secret once it is handed over."""
    before = change.target.owner
    after = outlook.after(change.target, change.decision)
    if before:
        yield f"{before}, which has it now:"
        yield from _said("next update", outlook.update(after, before, change.target.memory))
        yield from _said("teardown", outlook.teardown(after, before, change.target.memory))
    yield f"{owner or 'any stack'}, then:"
    yield from _said("next deployment", outlook.recreate(after, owner))
    if owner:
        yield from _said("teardown", outlook.teardown(after, owner))


def _said(when: str, decision: plan.Decision) -> Iterator[str]:
    for line in plan.describe(decision).splitlines():
        yield f"  {when}: {line}"
