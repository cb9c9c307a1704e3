"""`doctor`: whether everything is there that the product needs, and what to grant."""

from __future__ import annotations

import datetime as dt
import json
import os
import urllib.parse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from recoverable_secrets.core import errors
from recoverable_secrets.core.parse import name_problems
from recoverable_secrets.stores import limits

from . import output, where
from .exits import Exit
from .findings import Check, Doctor, For, Permission, State
from .output import Column
from .where import Place, Run

if TYPE_CHECKING:
    from recoverable_secrets.stores.aws_checks import Caller, Finding
    from recoverable_secrets.stores.aws_trails import Trail

    from .needs import Need

_REFUSED = dt.timedelta(minutes=5)
"""From here on AWS takes no signature."""
_ODD = dt.timedelta(minutes=1)
_WORST = (State.MISSING, State.UNKNOWN, State.WARNING, State.OK)
_STYLES = {
    State.OK: "green",
    State.MISSING: "bold red",
    State.WARNING: "yellow",
    State.UNKNOWN: "yellow",
}
_VARIABLE = "AWS_ENDPOINT_URL"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "doctor",
        epilog=where.epilog(
            "doctor",
            "doctor --for resource --for replicas --name shop/prod/db",
            "doctor --for alarm --region eu-west-1",
            "doctor --json | jq .policy",
        ),
    )(where.command(show))


def show(
    run: Run,
    *,
    for_: Annotated[
        list[For] | None,
        typer.Option("--for", help="What you want to do; may be given again. By default all."),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(help="Check the permissions for the secret of this name, made or not."),
    ] = None,
) -> None:
    """Check credentials, region, clock, permissions and CloudTrail, and say what to grant.

    Nothing is changed. What can be read harmlessly is read; what would change something is
    simulated by IAM, if the credentials may ask it. Policies of keys and of secrets, and session
    policies, are not known to that simulation.

    The exit code is 6 if something is missing; what cannot be told is no reason for it.
    """
    problems = [] if name is None else list(name_problems(name, limits.AWS, "--name"))
    if problems:
        raise errors.InvalidInput(problems)
    round_ = _Round(run, tuple(for_ or For), name)
    round_.checks += _endpoints(os.environ)
    for place in run.places:
        with run.guarded(place.region):
            round_.visit(place)
    run.settle()
    _reported(run, round_)


class _Round:
    """All that is checked in one run.

    Attributes:
        checks: What came of it.
        missing: Actions to grant, by the ARNs that they are needed for.
        asks: Actions that would let the rest be known.
    """

    def __init__(self, run: Run, areas: Sequence[For], name: str | None) -> None:
        self._run, self._areas, self._name = run, areas, name
        self.checks: list[Check] = []
        self.missing: dict[str, set[str]] = {}
        self.asks: set[str] = set()

    def visit(self, place: Place) -> None:
        """Check one region.

        Raises:
            RecoverableSecretsError: There is no telling who the caller is.
        """
        from recoverable_secrets.stores import aws_checks  # noqa: PLC0415  # boto3 is slow to load.

        known = aws_checks.known_region(place.store)
        self.checks.append(_region(self._run, place, known=known))
        with self._run.out.busy(f"{place.region}: credentials"):
            answer = aws_checks.who(place.store, _now, self._name or aws_checks.NOBODYS)
        self.checks.append(_clock(place.region, answer.ahead))
        if isinstance(answer.who, errors.RecoverableSecretsError):
            raise answer.who
        self.checks.append(_credentials(place.region, answer.who))
        if For.ALARM in self._areas:
            with self._run.out.busy(f"{place.region}: CloudTrail"):
                self._trails(place)
        with self._run.out.busy(f"{place.region}: permissions"):
            self._permissions(place, answer.who)

    def _trails(self, place: Place) -> None:
        from recoverable_secrets.stores import aws_trails  # noqa: PLC0415

        try:
            found = aws_trails.trails(place.store)
        except errors.RecoverableSecretsError as error:
            if isinstance(error, errors.AccessDenied):
                self.asks.update(aws_trails.PERMISSIONS["DescribeTrails"])
            self.checks.append(
                _check(place.region, "cloudtrail", "trail", State.UNKNOWN, str(error))
            )
            return
        for trail in found:
            self.asks.update(trail.asks)
        self.checks += _of_trails(place.region, found)

    def _permissions(self, place: Place, caller: Caller) -> None:
        from recoverable_secrets.stores import aws_checks  # noqa: PLC0415

        from .needs import NEEDS  # noqa: PLC0415

        needs = [need for need in NEEDS if need.area in self._areas]
        actions = [action for need in needs for action in need.actions]
        found = aws_checks.findings(place.store, caller, actions)
        self.checks += [_allowed(place.region, need, found) for need in needs]
        name = f"{self._name}-??????" if self._name else "*"
        for action, finding in found.items():
            self.asks.update(finding.asks)
            if finding.grant is aws_checks.Grant.DENIED:
                arn = aws_checks.resource(caller, action, name)
                self.missing.setdefault(arn, set()).add(action)

    def policy(self) -> dict[str, Any] | None:
        """Return the smallest policy that grants what is missing; `None` if nothing is."""
        together: dict[tuple[str, ...], list[str]] = {}
        for arn, actions in self.missing.items():
            together.setdefault(tuple(sorted(actions)), []).append(arn)
        statements = [
            {"Effect": "Allow", "Action": list(actions), "Resource": sorted(arns)}
            for actions, arns in together.items()
        ]
        if self.asks:
            asks = sorted(self.asks)
            statements.append(
                {"Sid": "Doctor", "Effect": "Allow", "Action": asks, "Resource": ["*"]}
            )
        return {"Version": "2012-10-17", "Statement": statements} if statements else None


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _check(region: str | None, area: str, what: str, state: State, detail: str) -> Check:
    return Check(region=region, area=area, what=what, state=state, detail=detail, permissions=[])


def _endpoints(environment: Mapping[str, str]) -> Iterator[Check]:
    """Yield which variables lead the calls elsewhere, without what stands in their URLs besides."""
    hosts: dict[str, list[str]] = {}
    for name, url in sorted(environment.items()):
        if name == _VARIABLE or name.startswith(f"{_VARIABLE}_"):
            host = urllib.parse.urlsplit(url).netloc.rpartition("@")[2] or "nowhere"
            hosts.setdefault(host, []).append(name)
    for host, names in hosts.items():
        detail = f"calls go to {errors.short(host)}, and not to AWS, by {', '.join(names)}"
        yield _check(None, "endpoint", "endpoint", State.WARNING, detail)


def _region(run: Run, place: Place, *, known: bool) -> Check:
    variables = (name for name in ("AWS_REGION", "AWS_DEFAULT_REGION") if os.environ.get(name))
    origin = next(variables, "the profile")
    if run.region or run.all_regions:
        origin = "--region" if run.region else "--all-regions"
    detail = f"{place.region}, from {origin}"
    if not known:
        detail += ": the SDK knows no such region with Secrets Manager. Check how it is spelt"
    state = State.OK if known else State.WARNING
    return _check(place.region, "region", "region", state, detail)


def _credentials(region: str, caller: Caller) -> Check:
    root = caller.arn.endswith(":root")
    detail = f"{caller.arn} of account {caller.account}"
    detail += ": the root user. Use a role that is allowed what is needed" if root else ""
    state = State.WARNING if root else State.OK
    return _check(region, "credentials", "caller", state, detail)


def _clock(region: str, ahead: dt.timedelta | None) -> Check:
    if ahead is None:
        return _check(region, "clock", "clock", State.UNKNOWN, "the answer of STS told no time")
    off = abs(ahead)
    state = State.MISSING if off >= _REFUSED else State.WARNING if off >= _ODD else State.OK
    detail = (
        f"{round(off.total_seconds())} s {'ahead of' if ahead > dt.timedelta() else 'behind'} AWS"
    )
    if state is not State.OK:
        detail += ": AWS refuses requests that are off by 5 minutes. Set the clock, best by NTP"
    return _check(region, "clock", "clock", state, detail)


def _of_trails(region: str, found: Sequence[Trail]) -> Iterator[Check]:
    """Yield whether reads reach a trail, and a log group."""
    seeing = [trail for trail in found if trail.sees]
    others = "; ".join(f"{errors.short(trail.name)} {trail.why}" for trail in found if trail.why)
    if seeing:
        state, detail = State.OK, f"{errors.short(seeing[0].name)} logs reads of secrets"
    elif any(trail.sees is None for trail in found):
        state, detail = State.UNKNOWN, others
    else:
        state, detail = (
            State.MISSING,
            (
                f"no trail logs reads of secrets here, which an access alarm needs: create one for "
                f"read-only management events{f' ({others})' if others else ''}"
            ),
        )
    yield _check(region, "cloudtrail", "trail", state, detail)
    if not seeing:
        return
    trail = next((trail for trail in seeing if trail.log_group), None)
    if trail is None:
        detail = "no such trail delivers to a log group: make the alarm with --way events"
        yield _check(region, "cloudtrail", "log group", State.WARNING, detail)
    else:
        detail = f"{trail.log_group} in {trail.home}, where the alarm of --way trail has to be"
        yield _check(region, "cloudtrail", "log group", State.OK, detail)


def _allowed(region: str, need: Need, found: Mapping[str, Finding]) -> Check:
    told = [
        Permission(action=action, state=_state(found[action]), how=found[action].how)
        for action in need.actions
    ]
    state = next(each for each in _WORST if each in {one.state for one in told})
    return Check(
        region=region,
        area=need.area,
        what=need.what,
        state=state,
        detail="allowed" if state is State.OK else _summed(told),
        permissions=told,
    )


def _state(finding: Finding) -> State:
    from recoverable_secrets.stores.aws_checks import Grant  # noqa: PLC0415

    return {Grant.ALLOWED: State.OK, Grant.UNSURE: State.UNKNOWN}.get(finding.grant, State.MISSING)


def _summed(told: Iterable[Permission]) -> str:
    """Return what is not allowed, the same reasons together."""
    same: dict[tuple[State, str], list[str]] = {}
    for each in told:
        if each.state is not State.OK:
            same.setdefault((each.state, each.how), []).append(each.action)
    return "; ".join(
        f"{state}: {', '.join(actions)} ({how})" for (state, how), actions in same.items()
    )


def _reported(run: Run, round_: _Round) -> None:
    checks = [each for each in round_.checks if each.region not in run.skipped]
    missing = sum(each.state is State.MISSING for each in checks)
    policy = round_.policy()
    if missing:
        run.ended(Exit.FOUND)
    if run.out.json:
        run.out.document(
            Doctor(
                problems=run.problems,
                regions=run.enabled,
                skipped=run.skipped,
                checks=checks,
                missing=missing,
                policy=policy,
            )
        )
        return
    _tabled(run, checks)
    if policy:
        run.out.line("To grant" + _hints(policy, round_), "bold")
        run.out.raw(json.dumps(policy, indent=2))


def _hints(policy: Mapping[str, Any], round_: _Round) -> str:
    """Return what people should know of the policy."""
    hints = []
    if any(arn.endswith(":secret:*") for each in policy["Statement"] for arn in each["Resource"]):
        hints.append("--name makes it the policy for one secret")
    if round_.asks:
        hints.append("the statement Doctor only lets doctor find out the rest")
    return f" ({'; '.join(hints)}):" if hints else ":"


def _tabled(run: Run, checks: Sequence[Check]) -> None:
    many = len(run.places) > 1
    heads = [Column(head="State"), Column(head="Check", ratio=2), Column(head="Found", ratio=5)]
    rows: list[list[object]] = []
    for each in checks:
        area = "" if each.what == each.area else f"{each.area}: "
        place = f"\n{each.region}" if many and each.region else ""
        what = Text.assemble(output.clean(area + each.what), (output.clean(place), "dim"))
        rows.append([Text(each.state, _STYLES[each.state]), what, each.detail])
    counts = {state: sum(each.state is state for each in checks) for state in reversed(_WORST)}
    title = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    run.out.table(heads, rows, title)
