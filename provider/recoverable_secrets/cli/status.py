"""`status`: all that is known of a secret, and what would be done with it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import typer

from recoverable_secrets.core import facts, keys, ownership, pending, plan
from recoverable_secrets.core.errors import RecoverableSecretsError

from . import outlook, output, reports, targets, versions, where
from .targets import Name, Target
from .where import Run


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("status", epilog=where.epilog("status shop/prod/db", "status shop/prod/db --json"))(
        where.command(show)
    )


def show(run: Run, name: Name) -> None:
    """Show all that is known of a secret but its value, and what would be done with it now.

    What a recreate by its owner would do is decided as a deployment decides it, for a declaration
    that says no more than the name; likewise for its teardown.
    """
    found = targets.named(run, [name])
    told = [_told(run, target) for target in found]
    for target, secret in zip(found, told, strict=True):
        if not run.out.json:
            _show(run, target, secret)
    run.out.document(reports.Status(problems=run.problems, secrets=told))


def _told(run: Run, target: Target) -> reports.Secret:
    secret, tags = target.secret, target.secret.tags
    return reports.Secret(
        name=secret.name,
        arn=secret.id,
        region=target.place.region,
        state=target.state,
        description=secret.description,
        owner=target.owner,
        instance=tags.get(ownership.INSTANCE),
        origin=tags.get(ownership.ORIGIN),
        pending=_pending(target),
        created=secret.created,
        changed=secret.changed,
        last_accessed=secret.accessed.date() if secret.accessed else None,
        kms_key_id=None if keys.same(secret.kms_key_id, None) else secret.kms_key_id,
        rotation=_rotation(secret.rotation),
        rotated_next=secret.rotated_next,
        primary_region=secret.primary_region,
        service=secret.service,
        replicas=[
            reports.Replica(
                region=each.region,
                kms_key_id=each.kms_key_id,
                status="failed" if each.failed else each.status or "in step",
            )
            for each in secret.replicas
        ],
        recorded_replicas=reports.recorded(secret),
        tags=ownership.of_users(tags),
        versions=_versions(run, target),
        recreate=_outlook(outlook.recreate(target, target.owner)),
        teardown=_outlook(outlook.teardown(target, target.owner)),
    )


def _pending(target: Target) -> reports.PendingSecret | None:
    seen = target.seen
    if not isinstance(seen, facts.PendingDeletion) or seen.date is None:
        return None
    now = dt.datetime.now(dt.UTC)
    rows = pending.rows([facts.Listed(secret=seen.secret, date=seen.date)], now)
    return reports.PendingSecret.of(next(rows))


def _rotation(rotation: facts.Rotation | None) -> str | None:
    if rotation is None or not rotation.enabled:
        return None
    every = rotation.schedule or (f"every {rotation.days} days" if rotation.days else None)
    return " by ".join(filter(None, (every, rotation.function))) or "on"


def _versions(run: Run, target: Target) -> list[reports.Version] | None:
    try:
        return [reports.Version.of(version) for version in versions.known(target)]
    except RecoverableSecretsError as error:
        run.problem(error, target.place.region, target.secret.name)
        return None


def _outlook(decision: plan.Decision) -> reports.Outlook:
    possible = isinstance(decision, plan.Plan)
    return reports.Outlook(possible=possible, steps=plan.describe(decision).splitlines())


def _show(run: Run, target: Target, told: reports.Secret) -> None:
    run.out.line(str(target), "bold")
    run.out.pairs([(name, content) for name, content in _pairs(told) if content])
    if told.versions is not None:
        versions.table(run, told.versions, "Versions")
    for name, then in (
        ("A recreate by its owner would", told.recreate),
        ("A teardown by its owner would", told.teardown),
    ):
        run.out.line(f"{name}:" if then.possible else f"{name} be refused:", "bold")
        for step in then.steps:
            run.out.line(f"  {step.removeprefix('refused: ')}")


def _pairs(told: reports.Secret) -> Iterator[tuple[str, str | None]]:
    """Yield what there is to say, in words."""
    yield "ARN", told.arn
    yield "State", told.state
    if told.pending:
        yield "Deleted on", output.day(told.pending.deleted_on, "not told by AWS")
        yield "Last day", _until(told.pending)
        yield "A restore brings", " ".join(told.recorded_replicas)
    yield "Owner", told.owner or "none"
    yield "Origin", told.origin
    yield "Description", told.description
    yield "Created", output.day(told.created, "")
    yield "Changed", output.day(told.changed, "")
    yield "Last read", str(told.last_accessed or "never, or not told")
    yield "Key", told.kms_key_id or "the default key"
    yield "Rotation", told.rotation
    yield "Rotated next", output.day(told.rotated_next, "")
    yield "Replica of", told.primary_region
    yield "Managed by", told.service
    yield "Replicas", "\n".join(f"{each.region}: {each.status}" for each in told.replicas)
    yield "Tags", "\n".join(f"{key} = {content}" for key, content in sorted(told.tags.items()))


def _until(until: reports.PendingSecret) -> str:
    if until.surely_until == until.at_most_until:
        return output.day(until.surely_until)
    surely, at_most = output.day(until.surely_until), output.day(until.at_most_until)
    return f"{surely} for certain, {at_most} if its window is 30 days: AWS does not tell"
