"""`orphans`: secrets whose owner tag names a stack that no longer declares them."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from recoverable_secrets.core import errors, facts, orphans, ownership
from recoverable_secrets.core.orphans import Claim, Known, Stack, Told, Tool, Untold, Verdict
from recoverable_secrets.core.pending import check_prefix, of_owner
from recoverable_secrets.stores import limits

from . import exits, output, states, where
from .findings import Orphans, Owned
from .output import Column
from .where import Place, Run

if TYPE_CHECKING:
    from recoverable_secrets.stores.aws_stacks import Stacks

_ORDER = (Verdict.ORPHAN, Verdict.UNKNOWN, Verdict.DECLARED)
_STYLES = {Verdict.ORPHAN: "bold red", Verdict.UNKNOWN: "yellow", Verdict.DECLARED: "green"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "orphans",
        epilog=where.epilog(
            "orphans --region eu-west-1",
            "orphans --state ~/.pulumi/stacks/shop --owner pulumi/shop",
            "orphans --removed shop/dev",
            "orphans --json | jq '.secrets[] | select(.verdict == \"orphan\")'",
        ),
    )(where.command(show))


def show(
    run: Run,
    *,
    state: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[PROJECT/STACK=]FILE",
            help="A state of Pulumi: what `pulumi stack export` writes, a backend's file or "
            "folder, or - for stdin. May be given again.",
        ),
    ] = None,
    removed: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PROJECT/STACK",
            help="A stack of Pulumi that is known to be gone. May be given again.",
        ),
    ] = None,
    cloudformation: Annotated[
        bool, typer.Option(help="Ask CloudFormation for the stacks that owner tags name.")
    ] = True,
    owner: Annotated[str, typer.Option(help="Only those whose owner tag begins with this.")] = "",
    name_prefix: Annotated[str, typer.Option(help="Only those whose name begins with this.")] = "",
) -> None:
    """Show secrets whose owner tag names a stack that no longer declares them.

    Of CloudFormation the account's own stacks are asked, in the region of the secret. Of Pulumi
    only the given states tell: without one, the secrets of its stacks are unknown. A state is
    read for ids and owners alone.

    An orphan that is pending deletion is what a teardown leaves, and goes by itself. The exit code
    is 6 if there is one that is live.
    """
    check_prefix(name_prefix, limits.AWS)
    told = states.read(state or (), removed or ())
    looker = _Looker(run, told, cloudformation=cloudformation)
    for place in run.places:
        with run.guarded(place.region):
            looker.look(place, _listed(run, place, name_prefix), owner)
    run.settle()
    _reported(run, looker)
    if looker.orphans(live=True):
        run.ended(exits.Exit.FOUND)


def _listed(run: Run, place: Place, prefix: str) -> list[facts.Listed]:
    """Return all secrets of a region, each once; replicas are judged where their primary is."""
    found = {row.secret.id: row for row in run.listed(place, prefix) if not _replica(row.secret)}
    return list(found.values())


def _replica(secret: facts.Secret) -> bool:
    return secret.primary_region not in {None, secret.region}


class _Looker:
    """Finds out about the stacks that owner tags name, and judges their secrets.

    Attributes:
        found: All secrets that have an owner tag.
        stacks: All stacks that were looked at.
        unowned: How many secrets have no owner tag.
    """

    def __init__(self, run: Run, told: Mapping[Stack, Told], *, cloudformation: bool) -> None:
        self._run, self._states, self._asks = run, told, cloudformation
        self.found: list[Owned] = []
        self.stacks: set[Stack] = set(told)
        self.unowned = 0

    def look(self, place: Place, listed: Iterable[facts.Listed], owner: str) -> None:
        """Judge the secrets of a region."""
        tagged = [(row.secret.tags.get(ownership.OWNER), row) for row in listed]
        self.unowned += sum(tag is None for tag, _ in tagged) if not owner else 0
        mine = [(tag, row) for tag, row in tagged if tag and of_owner(tag, owner)]
        claims = dict.fromkeys(filter(None, (orphans.claim(tag) for tag, _ in mine)))
        known = Known({**self._states, **dict(self._told(place, claims))})
        for tag, row in mine:
            self.found.append(_owned(place, row, tag, known.judge(row.secret.id, tag)))

    def orphans(self, *, live: bool) -> int:
        """Return how many orphans are live, or how many are not."""
        return sum(
            each.verdict is Verdict.ORPHAN and (each.state == "live") is live for each in self.found
        )

    def sorted(self) -> list[Owned]:
        """Return all secrets: orphans first, the live ones before the others."""

        def key(each: Owned) -> tuple[int, bool, str, str]:
            return (_ORDER.index(each.verdict), each.state != "live", each.name, each.arn)

        return sorted(self.found, key=key)

    def _told(self, place: Place, claims: Iterable[Claim]) -> Iterator[tuple[Stack, Told]]:
        """Yield what can be found out about each stack that no state tells of."""
        from recoverable_secrets.stores.aws_stacks import Stacks  # noqa: PLC0415

        service, failed = Stacks(place.store), False
        for stack in dict.fromkeys(claim.stack for claim in claims):
            if stack in self._states:
                continue
            if stack.tool is Tool.PULUMI:
                yield stack, Untold(f"no state was given for {stack}: give --state")
            elif not self._asks:
                yield stack, Untold("CloudFormation was not asked")
            elif failed:
                yield stack, Untold("CloudFormation could not be asked")
            else:
                about, failed = self._asked(place, service, stack)
                yield stack, about

    def _asked(self, place: Place, service: Stacks, stack: Stack) -> tuple[Told, bool]:
        """Return what CloudFormation tells of a stack, and whether asking on is of no use."""
        try:
            with self._run.out.busy(f"{place.region}: {stack}"):
                about = service.told(stack)
        except errors.RecoverableSecretsError as error:
            self._run.problem(error, place.region)
            return Untold("CloudFormation could not be asked"), True
        self.stacks.add(stack)
        return about, False


def _owned(place: Place, row: facts.Listed, tag: str, judged: orphans.Judged) -> Owned:
    live = row.date is None
    return Owned(
        name=row.secret.name,
        arn=row.secret.id,
        region=place.region,
        owner=tag,
        state="live" if live else "pending deletion",
        verdict=judged.verdict,
        why=judged.why,
        todo=_todo(row.secret.id, live=live) if judged.verdict is Verdict.ORPHAN else [],
    )


def _todo(arn: str, *, live: bool) -> list[str]:
    """Return the commands that settle an orphan."""
    words = ("owner set OWNER", "delete") if live else ("restore",)
    return [f"recoverable-secrets {each} {shlex.quote(arn)}" for each in words]


def _reported(run: Run, looker: _Looker) -> None:
    found = looker.sorted()
    if not run.out.json:
        _tabled(run, found, looker)
        return
    run.out.document(
        Orphans(
            problems=run.problems,
            regions=run.enabled,
            skipped=run.skipped,
            stacks=sorted(map(str, looker.stacks)),
            secrets=found,
            live_orphans=looker.orphans(live=True),
            pending_orphans=looker.orphans(live=False),
            unowned=looker.unowned,
        )
    )


def _tabled(run: Run, found: Sequence[Owned], looker: _Looker) -> None:
    shown = [each for each in found if each.verdict is not Verdict.DECLARED]
    live, gone = looker.orphans(live=True), looker.orphans(live=False)
    counts = f"orphans: {live} live, {gone} pending deletion; unknown: {len(shown) - live - gone}"
    counts += f"; declared: {len(found) - len(shown)}; without an owner: {looker.unowned}"
    if shown:
        heads = [
            Column(head="Secret", ratio=3),
            Column(head="State", ratio=1),
            Column(head="Verdict"),
            Column(head="Why", ratio=3),
        ]
        run.out.table(heads, [_row(each, many=len(run.places) > 1) for each in shown], counts)
    elif run.reached:
        run.out.line(counts)
    if live:
        run.out.line(
            "Live orphans: `recoverable-secrets owner set OWNER NAME` hands one over to the stack "
            "that needs it, `recoverable-secrets delete NAME` schedules its deletion.",
            "dim",
        )
    if gone:
        run.out.line(
            "Those pending deletion go by themselves; `recoverable-secrets restore NAME` brings "
            "one back.",
            "dim",
        )


def _row(each: Owned, *, many: bool) -> list[object]:
    under = (each.owner, each.region if many else None)
    lines = [(f"\n{output.clean(line)}", "dim") for line in under if line]
    return [
        Text.assemble(output.clean(each.name), *lines),
        each.state,
        Text(each.verdict, _STYLES[each.verdict]),
        each.why,
    ]
