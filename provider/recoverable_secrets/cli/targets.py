"""Which secrets a command is about: names, full ARNs, or all that are pending."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import typer

from recoverable_secrets.core import errors, facts, ownership
from recoverable_secrets.core.errors import short
from recoverable_secrets.stores import limits, patience

from . import exits
from .where import Place, Run

Seen = facts.Present | facts.PendingDeletion

_ARN = re.compile(
    r"arn:[a-z-]+:secretsmanager:(?P<region>[a-z0-9-]+):[0-9]{12}:secret:"
    rf"(?P<name>(?:{limits.AWS.name_characters})+)-[A-Za-z0-9]{{6}}"
)
_NAME = re.compile(f"(?:{limits.AWS.name_characters}){{1,{limits.AWS.name_length}}}")

Names = Annotated[list[str], typer.Argument(metavar="NAME", help="Exact names or full ARNs.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="Exact name or full ARN.")]


@dataclass(frozen=True, slots=True)
class Target:
    """A secret that a command is about, as it was seen.

    Attributes:
        place: Where it is.
        seen: Its state.
    """

    place: Place
    seen: Seen

    @property
    def secret(self) -> facts.Secret:
        """What is known of it."""
        return self.seen.secret

    @property
    def owner(self) -> str | None:
        """Its owner tag, whole; `None` if it has none."""
        return self.secret.tags.get(ownership.OWNER)

    @property
    def live(self) -> bool:
        """Whether its deletion is not scheduled."""
        return isinstance(self.seen, facts.Present)

    @property
    def state(self) -> Literal["live", "pending deletion"]:
        """The same in words."""
        return "live" if self.live else "pending deletion"

    @property
    def memory(self) -> facts.Memory:
        """What people have been shown: a secret that changed hands since is not touched."""
        return facts.Memory(
            id=self.secret.id,
            owner=self.owner or "",
            instance=self.secret.tags.get(ownership.INSTANCE),
        )

    def __str__(self) -> str:
        """Return how people read which secret it is."""
        return f"{self.secret.name} in {self.place.region}"


def named(run: Run, names: Sequence[str], *, gone: bool = False) -> list[Target]:
    """Return the secrets of these names in all regions that are meant.

    What is not there or cannot be looked at is reported, and left out.

    Args:
        run: The run of the command.
        names: Exact names and full ARNs.
        gone: Whether it is as well if a secret is not there; an ARN stands for no other one.

    Raises:
        InvalidInput: Some are neither names nor full ARNs; all are said at once.
    """
    wanted = tuple(dict.fromkeys(names))
    problems = [problem for name in wanted for problem in _malformed(name, run)]
    if problems:
        raise errors.InvalidInput(problems)
    found: dict[str, Target] = {}  # By ARN: a name and an ARN may mean the same one.
    for name in wanted:
        here, whole = _looked_up(run, name)
        found |= {each.secret.id: each for each in here}
        if whole and not here and gone and arn(name):
            run.out.note(f"{short(name, 120)} is not there any more: nothing to do")
        elif whole and not here:
            run.problem(exits.wrong(_missing(run, name)), secret=name)
    return list(found.values())


def one(run: Run, name: str) -> Target:
    """Return the secret of this name.

    Raises:
        InvalidInput: There is none, or one in each of several regions.
        RecoverableSecretsError: It cannot be looked at.
    """
    found = named(run, [name])
    if len(found) > 1:
        regions = ", ".join(target.place.region for target in found)
        raise exits.wrong(
            f"{short(name)} is in {short(regions, 90)}: say which, with --region or its full ARN"
        )
    if not found:
        raise exits.Told
    return found[0]


def arn(name: str) -> re.Match[str] | None:
    """Return the parts of a full ARN, or `None` for anything else."""
    return _ARN.fullmatch(name)


def _malformed(name: str, run: Run) -> Iterator[str]:
    """Yield why something cannot be a name."""
    whole = arn(name)
    if whole and run.region and whole["region"] not in run.region:
        yield f"{short(name, 90)} is in {whole['region']}, not in --region: leave that out"
    elif name.startswith("arn:") and not whole:
        yield (
            f"{short(name, 60)} is no full ARN: AWS takes a part of one for any secret that fits, "
            "perhaps another's. Give the whole ARN, with its last hyphen and six characters, or "
            "the exact name"
        )
    elif not whole and not _NAME.fullmatch(name):
        yield f"{short(name, 60)!r} is no name: patterns are not taken. Give exact names"


def _looked_up(run: Run, name: str) -> tuple[list[Target], bool]:
    """Return what has the name, and whether all regions could tell."""
    whole = arn(name)
    places = (run.place(whole["region"]),) if whole else run.places
    ref = facts.Ref(whole["name"], name) if whole else facts.Ref(name)
    found: list[Target] = []
    before = len(run.problems)
    for place in places:
        with run.guarded(place.region, name):
            seen = patience.look(place.store, ref)
            if not isinstance(seen, facts.Absent):
                found.append(Target(place, seen))
    run.settle()
    primaries = {target.place.region for target in found}
    # A replica is dealt with where its primary is.
    found = [target for target in found if target.secret.primary_region not in primaries]
    return found, len(run.problems) == before


def _missing(run: Run, name: str) -> str:
    at = f"in {run.places[0].region}" if len(run.places) == 1 else "in any of the regions"
    where = "" if arn(name) else f" {at}"
    return (
        f"there is no secret {short(name, 90)}{where}, neither live nor pending deletion. Check "
        "the name, the region and the account"
    )
