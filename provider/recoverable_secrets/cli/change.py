"""`restore`, `delete` and `purge`."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Annotated

import typer

from recoverable_secrets.core import errors, facts, refusals
from recoverable_secrets.core.errors import short
from recoverable_secrets.core.facts import Back, Gone
from recoverable_secrets.core.pending import of_owner
from recoverable_secrets.core.policy import Deletion, Policy

from . import carry, exits, output, pending, reports, targets, where
from .carry import Change, DryRun, Order, Yes
from .targets import Names, Target
from .where import Run

_ACCESSED = 7
_Some = Annotated[
    list[str] | None, typer.Argument(metavar="NAME", help="Exact names or full ARNs.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(
        "restore",
        epilog=where.epilog(
            "restore shop/prod/db",
            "restore --owner pulumi/shop/prod --dry-run",
            "restore --all --region eu-west-1 --yes",
        ),
    )(where.command(restore))
    app.command(
        "delete",
        epilog=where.epilog("delete shop/prod/db --window 14", "delete shop/prod/db --dry-run"),
    )(where.command(delete))
    app.command(
        "purge",
        epilog=where.epilog(
            "purge shop/prod/db",
            "purge arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/prod/db-a1B2c3 --yes",
        ),
    )(where.command(purge))


def restore(
    run: Run,
    names: _Some = None,
    *,
    owner: Annotated[
        str, typer.Option(help="All that are pending whose owner tag begins with this.")
    ] = "",
    everything: Annotated[
        bool, typer.Option("--all", help="All that are pending in the regions meant.")
    ] = False,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Bring secrets back whose deletion is scheduled, with replicas and rotation.

    Name, ARN, value, policy and tags are those from before. The replicas that the teardown wrote
    down come back, and so does the rotation that it cancelled. A run that was interrupted goes on
    when it is run again.
    """
    if (bool(names), bool(owner), everything).count(True) != 1:
        raise exits.wrong("say which to restore: names, or --owner, or --all")
    found = targets.named(run, names) if names else list(_pending(run, owner))
    if not found and not run.problems:
        run.out.note("no such secret is scheduled for deletion: nothing to restore")
    changes = [
        Change(target=each, wanted=Back(name=each.secret.name, memory=each.memory))
        for each in found
    ]
    broken = "; name the one that was broken off, for it may not be pending any more"
    carry.carry_out(
        run,
        Order(
            command="restore",
            question="Restore {}?",
            dry_run=dry_run,
            yes=yes,
            broken="" if names else broken,
        ),
        changes,
    )


def _pending(run: Run, owner: str) -> Iterator[Target]:
    """Yield all that is pending in the regions meant, of an owner if one is given."""
    for place in run.places:
        with run.guarded(place.region):
            for row in pending.listed(run, place):
                target = Target(place, facts.PendingDeletion(secret=row.secret, date=row.date))
                if of_owner(target.owner, owner):
                    yield target
    run.settle()


def delete(
    run: Run,
    names: Names,
    *,
    window: Annotated[
        int, typer.Option(min=7, max=30, metavar="DAYS", help="Days in which it can be restored.")
    ] = 30,
    accessed_within: Annotated[
        int,
        typer.Option(
            min=0, max=365, metavar="DAYS", help="Refuse what was read in the last so many days."
        ),
    ] = _ACCESSED,
    ignore_access: Annotated[
        bool, typer.Option("--ignore-access", help="Delete even what was read a moment ago.")
    ] = False,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Schedule the deletion of live secrets; until the window ends they can be restored.

    Replicas go at once, and are written down first, so that a restore brings them back. A secret
    that was read lately is refused: something may still need it.
    """
    guard = 0 if ignore_access else accessed_within
    policy = Policy(recovery_window_in_days=window, refuse_deletion_if_accessed_within=guard)
    found = targets.named(run, names)
    changes = [
        Change(target=each, wanted=_gone(each), policy=policy, refused=_guarded(each, guard))
        for each in found
    ]
    order = Order(
        command="delete",
        question=f"Delete {{}}, to be restored within {window} days?",
        dry_run=dry_run,
        yes=yes,
    )
    carry.carry_out(run, order, changes)


def _guarded(target: Target, days: int) -> str:
    """Return why a live secret that was read lately is not deleted; empty if it may be."""
    read = target.secret.accessed
    if not target.live or not refusals.read_within(read, days, dt.datetime.now(dt.UTC)):
        return ""
    return (
        f"{short(target.secret.name)} was last read on {output.day(read)}, within the last {days} "
        "days: something may still need it. Find out what does, wait, or say --ignore-access"
    )


def _gone(target: Target) -> Gone:
    return Gone(
        name=target.secret.name,
        owner=target.owner or "",
        memory=target.memory,
        now=dt.datetime.now(dt.UTC),
        by_hand=True,
    )


def purge(run: Run, names: Names, *, dry_run: DryRun = False, yes: Yes = False) -> None:
    """Delete secrets for good, at once: nothing brings them back.

    What is lost is shown, and each name wants to be typed. With --yes nothing is asked: then only
    full ARNs are taken, for a name may stand for another secret tomorrow. What has no owner tag
    is left alone.
    """
    if yes and not all(map(targets.arn, names)):
        raise exits.wrong(
            "purge --yes takes full ARNs only: a name may stand for another secret by now. Give "
            "the ARNs, or leave --yes out and type the names"
        )
    found = targets.named(run, names, gone=True)
    policy = Policy(deletion=Deletion.FORCE)
    changes = []
    for each in found:
        _show_loss(run, each)
        refused, remedy = ("", "") if each.owner else (_unowned(each), _by_aws(each))
        changes.append(
            Change(target=each, wanted=_gone(each), policy=policy, refused=refused, remedy=remedy)
        )
    order = Order(
        command="purge",
        question="",
        dry_run=dry_run,
        yes=yes,
        confirmed=lambda needed: yes or _typed(run, needed),
    )
    carry.carry_out(run, order, changes)


def _show_loss(run: Run, target: Target) -> None:
    """Show what would be lost."""
    secret = target.secret
    versions: str | int = "unknown"
    with contextlib.suppress(errors.RecoverableSecretsError):
        versions = len(target.place.inventory.versions(facts.Ref(secret.name, secret.id)))
    copies = [each.region for each in secret.replicas] or reports.recorded(secret)
    run.out.aside(f"{target} would be lost for good:")
    for name, content in (
        ("ARN", secret.id),
        ("state", target.state),
        ("owner", target.owner or "none"),
        ("description", secret.description or "-"),
        ("versions", versions),
        ("replicas", " ".join(copies) or "none"),
        ("last read", output.day(secret.accessed, "never, or not told")),
    ):
        run.out.aside(f"  {name:<12} {content}")


def _unowned(target: Target) -> str:
    return (
        f"{short(target.secret.name)} has no owner tag: what nobody is known to own is never "
        "purged here. If you mean it, do it with the AWS CLI, by the command below"
    )


def _by_aws(target: Target) -> str:
    return (
        f"aws secretsmanager delete-secret --region {target.place.region} --secret-id "
        f"{target.secret.id} --force-delete-without-recovery"
    )


def _typed(run: Run, needed: Sequence[Change]) -> bool:
    """Whether the name of each was typed; a wrong one ends it before anything is done."""
    return all(
        run.out.ask(f"Type the name of {each.target} to purge it:", "--yes, with full ARNs")
        == each.target.secret.name
        for each in needed
    )
