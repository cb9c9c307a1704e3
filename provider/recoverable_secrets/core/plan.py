"""Actions, plans and refusals: what would be done, as plain values.

An action is at most one API call. A plan holds where a value comes from, never the value.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


class Source(enum.StrEnum):
    """Where a value comes from."""

    LITERAL = "literal"
    ATTEMPTED = "attempted"
    """The literal of an operation that is taken back."""
    GENERATED = "generated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One step. Idempotent: done twice it leaves the same end state.

    Attributes:
        undo: What takes it back if a later step fails for good.
    """

    undo: Action | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look(Action):
    """Observe the secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Create(Action):
    """Create the secret, all in one call. Conflict if the name is taken.

    Attributes:
        version: Id for the first version; also makes a repeated call safe.
        source: Where the value comes from; `None` for no value.
    """

    description: str | None
    kms_key_id: str | None
    tags: Mapping[str, str]
    version: str
    source: Source | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Restore(Action):
    """Cancel the scheduled deletion. Conflict if there is nothing to restore."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetMetadata(Action):
    """Set description, key and value together; `None` leaves a part alone, "" clears it.

    Attributes:
        version: Id for the new version, if `source` gives a value.
    """

    description: str | None = None
    kms_key_id: str | None = None
    source: Source | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Compare(Action):
    """Find out, without reading it, whether a version holds the value. Conflict if not."""

    source: Source
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveStage(Action):
    """Make another version the current one. Conflict if `current` is not the current one."""

    current: str
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTags(Action):
    """Add tags or change their values."""

    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class DropTags(Action):
    """Remove tags by their keys."""

    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DropPolicy(Action):
    """Remove the resource policy, whether there is one or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleDeletion(Action):
    """Delete with a recovery window of so many days. Conflict if it is no longer live."""

    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Purge(Action):
    """Delete for good, at once. Irreversible."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait(Action):
    """Let time pass until the name is free."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do next, in order, and what people should be told.

    Attributes:
        actions: The steps; none means that all is as wanted.
        notes: Sentences for the user, such as why a secret is left alone.
    """

    actions: tuple[Action, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def destructive(self) -> bool:
        """Whether the secret will be no longer usable."""
        return any(isinstance(step, ScheduleDeletion | Purge) for step in self.actions)

    @property
    def irreversible(self) -> bool:
        """Whether a value can be lost for good."""
        return any(isinstance(step, Purge) for step in self.actions)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nothing is done: what is so, why that forbids it, and what to do."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The action took effect, or its effect was already there.

    Attributes:
        id: The store's id of a created secret.
        version: Id of the version that a call made.
        date: When a scheduled deletion will be carried out, in UTC.
    """

    id: str | None = None
    version: str | None = None
    date: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Conflict:
    """The secret is not in the state that the action needs.

    Attributes:
        code: The service's error code.
        text: What the service said, free of values.
        version_known: The version id that was to be written is one that the secret has had.
    """

    code: str
    text: str = ""
    version_known: bool = False


Outcome = Done | Conflict


def valued(action: Action) -> bool:
    """Whether a value goes with an action."""
    return getattr(action, "source", None) is not None


def describe(plan: Plan | Refusal) -> str:
    """Return a plan as lines of text, values and random marks left out."""
    if isinstance(plan, Refusal):
        return f"refused: {plan.text}"
    lines = [*(_line(step) for step in plan.actions), *(f"note: {note}" for note in plan.notes)]
    return "\n".join(lines) or "nothing to do"


def _line(action: Action) -> str:
    words = "".join(f" {c.lower()}" if c.isupper() else c for c in type(action).__name__).strip()
    told = ", ".join(_details(action))
    return f"{words}: {told}" if told else words


def _details(action: Action) -> Iterator[str]:
    for part in dataclasses.fields(action):
        content = getattr(action, part.name)
        if part.name in {"undo", "version"} or content is None:
            continue
        name = "value" if part.name == "source" else part.name
        if isinstance(content, Mapping):
            content = ", ".join(content) or "none"
        elif isinstance(content, tuple):
            content = ", ".join(content)
        yield f"{name} = {content if content != '' else 'none'}"


def frozen(tags: Mapping[str, str]) -> Mapping[str, str]:
    """Return an unchangeable copy."""
    return MappingProxyType(dict(tags))
