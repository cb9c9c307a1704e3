"""Where and as whom a command works, and what becomes of its failures.

Every command has the same options for that. `@where.command` adds them to a function and hands it
a `Run` in their place; it reports what goes wrong, region by region, and ends with the exit code.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recoverable_secrets.core import errors, facts
from recoverable_secrets.stores import aws_calls, aws_errors

from . import exits, reports
from .exits import Exit
from .output import Output

if TYPE_CHECKING:
    from recoverable_secrets.engine import Engine
    from recoverable_secrets.stores.aws import AwsStore
    from recoverable_secrets.stores.aws_inventory import AwsInventory

_NOT_ENABLED = ("(UnrecognizedClientException)", "(InvalidClientTokenId)", "OptInRequired")
"""What a region answers that the account has not enabled."""

_USUAL = "us-east-1"
_REGION = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")

_COLON = ":[b][/b]"
"""A colon from which no emoji begins: help pages take `:secret:` for one."""

_PANEL = "Where and as whom"
_Json = Annotated[bool, typer.Option("--json", help="Write one JSON document to stdout.")]
_Region = Annotated[
    list[str] | None,
    typer.Option(
        "--region", metavar="REGION", help="A region; may be given again.", rich_help_panel=_PANEL
    ),
]
_AllRegions = Annotated[
    bool,
    typer.Option(
        "--all-regions",
        help="All regions that are enabled for the account.",
        rich_help_panel=_PANEL,
    ),
]
_Profile = Annotated[
    str | None,
    typer.Option("--profile", help="A profile of the AWS configuration.", rich_help_panel=_PANEL),
]
_Role = Annotated[
    str | None,
    typer.Option("--role-arn", metavar="ARN", help="A role to assume.", rich_help_panel=_PANEL),
]
COMMON: dict[str, tuple[Any, Any]] = {
    "json": (_Json, False),
    "region": (_Region, None),
    "all_regions": (_AllRegions, False),
    "profile": (_Profile, None),
    "role_arn": (_Role, None),
}
"""The options of all commands, by the names of their parameters: types and defaults."""


@dataclass(frozen=True, slots=True)
class Place:
    """One region of an account, as the caller sees it.

    Attributes:
        region: Its name.
        store: The secrets there.
    """

    region: str
    store: AwsStore

    @property
    def inventory(self) -> AwsInventory:
        """What lists secrets and versions there."""
        from recoverable_secrets.stores.aws_inventory import AwsInventory  # noqa: PLC0415

        return AwsInventory(self.store)

    def engine(self, say: Callable[[str], None] = lambda _: None) -> Engine:
        """Return what carries out operations there.

        Args:
            say: Called with each sentence for the user as it comes up.
        """
        from recoverable_secrets.engine import Engine  # noqa: PLC0415

        return Engine(self.store, say=say)


class Run:
    """One run of a command.

    Attributes:
        out: Where it writes.
        region: The regions that were named.
        all_regions: Whether all regions are meant.
        profile: The profile that was named.
        role_arn: The role that was named.
        problems: What went wrong so far, in order.
        skipped: Regions that are not enabled for the account.
    """

    def __init__(
        self,
        *,
        json: bool = False,
        region: Sequence[str] | None = None,
        all_regions: bool = False,
        profile: str | None = None,
        role_arn: str | None = None,
    ) -> None:
        """Take what the options of all commands say; nothing is looked up yet."""
        self.out = Output(json=json)
        self.region = tuple(dict.fromkeys(region or ()))
        self.all_regions = all_regions
        self.profile, self.role_arn = profile, role_arn
        self.problems: list[reports.Problem] = []
        self.skipped: list[str] = []
        self._codes: list[Exit] = []
        self._deferred: list[tuple[str, errors.AccessDenied]] = []
        self._answered = False

    def place(self, region: str | None = None) -> Place:
        """Return one region; by default the one of the environment or of the profile.

        Raises:
            RecoverableSecretsError: None is set anywhere, or the profile does not exist.
        """
        from recoverable_secrets.stores import aws  # noqa: PLC0415  # It takes 0.3 seconds.

        roles = (aws.Role(arn=self.role_arn),) if self.role_arn else ()
        here = aws.Connection(region=region, profile=self.profile, roles=roles)
        store = aws.open_store(here)
        return Place(region or self._usual(store), store)

    def _usual(self, store: AwsStore) -> str:
        subject = aws_errors.Subject("the region", f"profile {self.profile or 'in use'}")
        return aws_calls.answered(subject, lambda: store.region)

    @functools.cached_property
    def places(self) -> tuple[Place, ...]:
        """All regions that are meant, in order.

        Raises:
            RecoverableSecretsError: They contradict each other, or cannot be found out.
        """
        if self.region and self.all_regions:
            raise exits.wrong("--region and --all-regions exclude each other: say one")
        strange = [region for region in self.region if not _REGION.fullmatch(region)]
        if strange:
            raise exits.wrong(f"{errors.short(strange[0], 40)!r} is no region, such as eu-west-1")
        if self.all_regions:
            return self._over_one_session(self._all())
        return self._over_one_session(self.region) if self.region else (self.place(),)

    def _over_one_session(self, regions: Sequence[str]) -> tuple[Place, ...]:
        """Return several regions; credentials are found, and roles assumed, once for all."""
        # A region that is not enabled could assume no role.
        first = _USUAL if self.all_regions and _USUAL in regions else regions[0]
        store, subject = self.place(first).store, aws_errors.Subject("the credentials", first)

        def places() -> tuple[Place, ...]:
            usual = store.elsewhere(first)
            return tuple(Place(region, usual.elsewhere(region)) for region in regions)

        return aws_calls.answered(subject, places)

    def _all(self) -> tuple[str, ...]:
        from recoverable_secrets.stores import aws  # noqa: PLC0415

        subject = aws_errors.Subject("the regions", f"profile {self.profile or 'in use'}")
        store = aws.open_store(aws.Connection(profile=self.profile))
        return aws_calls.answered(subject, lambda: store.regions)

    @property
    def enabled(self) -> list[str]:
        """The regions that are meant and not known to be disabled for the account, in order."""
        return [place.region for place in self.places if place.region not in self.skipped]

    @property
    def reached(self) -> list[str]:
        """The regions that told all that they were asked, in order."""
        failed = {problem.region for problem in self.problems if problem.secret is None}
        return [region for region in self.enabled if region not in failed]

    @property
    def many(self) -> bool:
        """Whether several regions are meant."""
        return self.all_regions or len(self.region) > 1

    def listed(self, place: Place, prefix: str = "") -> Iterator[facts.Listed]:
        """Yield the secrets of a region, those pending deletion too; say how far the list is.

        Raises:
            RecoverableSecretsError: The list ended early.
        """
        seen = 0
        with self.out.progress(place.region) as told:
            for number, page in enumerate(place.inventory.pages(prefix=prefix, pending=True), 1):
                seen += len(page.rows)
                told(number, seen)
                yield from page.rows

    @contextlib.contextmanager
    def guarded(self, region: str | None = None, secret: str | None = None) -> Iterator[None]:
        """Report what goes wrong in this block, and go on after it.

        Args:
            region: Where it works.
            secret: What it works on.
        """
        try:
            yield
        except errors.AccessDenied as error:
            if self.all_regions and any(said in str(error) for said in _NOT_ENABLED):
                self._deferred.append((region or "", error))
            else:
                self.problem(error, region, secret)
        except errors.RecoverableSecretsError as error:
            self.problem(error, region, secret)
        else:
            self._answered = True

    def problem(
        self,
        error: errors.RecoverableSecretsError,
        region: str | None = None,
        secret: str | None = None,
    ) -> None:
        """Report one thing that went wrong; the exit code will say so."""
        self._codes.append(exits.of(error))
        at = f"{region}: " if region and self.many else ""
        texts = error.problems if isinstance(error, errors.InvalidInput) else (str(error),)
        for text in texts:
            self.out.problem(f"{at}{text}")
            told = reports.Problem(
                region=region, secret=secret, error=type(error).__name__, text=text
            )
            self.problems.append(told)

    def ended(self, code: Exit) -> None:
        """Let the exit code say this, besides what went wrong."""
        self._codes.append(code)

    def settle(self) -> None:
        """Decide what regions that know nothing of the credentials mean: before a report is made.

        Where others do know them, the account has not enabled the region.
        """
        deferred, self._deferred = self._deferred, []
        for region, error in deferred:
            if region in self.skipped:
                continue
            if self._answered:
                self.skipped.append(region)
                self.out.note(f"{region} is not enabled for the account: skipped")
            else:
                self.problem(error, region)

    def carry_out(self, work: Callable[[], object]) -> Exit:
        """Do the work of the command, report what ends it early, and return the exit code."""
        try:
            work()
            self.settle()
            return exits.together(self._codes)
        except KeyboardInterrupt:
            text = "interrupted: nothing more was done"
            self.out.problem(text)
            self.problems.append(reports.Problem(error="Interrupted", text=text))
            self.out.document(reports.Failed(problems=self.problems))
            return Exit.INTERRUPTED
        except exits.Interrupted as end:
            self.out.problem(str(end))
            return Exit.INTERRUPTED
        except exits.Told:
            return exits.together(self._codes)
        except exits.Closed:
            return Exit.FAILED
        except Exception as failure:  # noqa: BLE001  # Nobody above would know what to say.
            return self._failed(exits.told(failure))

    def _failed(self, error: errors.RecoverableSecretsError) -> Exit:
        self.problem(error)
        self.out.document(reports.Failed(problems=self.problems))
        return exits.of(error)


def command(function: Callable[..., object]) -> Callable[..., None]:
    """Give a command the options of all commands, and a `Run` made of them as its first argument.

    Args:
        function: The command: the run first, then its own arguments and options by name.
    """
    _first, *own = inspect.signature(function, eval_str=True).parameters.values()
    common = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
        for name, (kind, default) in COMMON.items()
    ]

    def called(**given: Any) -> None:
        run = Run(**{name: given.pop(name) for name in COMMON})
        code = run.carry_out(lambda: function(run, **given))
        raise typer.Exit(int(code))

    called.__name__, called.__doc__ = function.__name__, _joined(function.__doc__ or "")
    own_annotations = {each.name: each.annotation for each in [*own, *common]}
    called.__annotations__ = own_annotations
    called.__signature__ = inspect.Signature([*own, *common])  # type: ignore[attr-defined]
    return called


def _joined(doc: str) -> str:
    """Return a docstring with each paragraph in one line: a terminal breaks it by its width."""
    paragraphs = inspect.cleandoc(doc).split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def epilog(*examples: str) -> str:
    """Return the end of a help page: examples, one a line."""
    shown = (f"  recoverable-secrets {each}".replace(":", _COLON) for each in examples)
    return "\n\n".join(["Examples:", *shown])


def examples(command: Any) -> list[str]:
    """Return the examples that a command's help ends in, as they are typed."""
    _, *shown = (command.epilog or "").replace(_COLON, ":").split("\n\n")
    return [each.strip() for each in shown]
