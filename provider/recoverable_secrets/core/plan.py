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

from .facts import Key, Replica, Rotation


class Source(enum.StrEnum):
    """Where a value comes from."""

    LITERAL = "literal"
    ATTEMPTED = "attempted"
    """The literal of an operation that is taken back."""
    GENERATED = "generated"
    WRITE_ONLY = "write-only"
    REFERENCED = "referenced"


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
        replicas: Copies to make in other regions.
        overwrite: Whether a copy may overwrite a secret of the same name.
        type: Type of an external partner's secret.
    """

    description: str | None
    kms_key_id: str | None
    tags: Mapping[str, str]
    version: str
    source: Source | None
    replicas: tuple[Replica, ...] = ()
    overwrite: bool = False
    type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Restore(Action):
    """Cancel the scheduled deletion. Conflict if there is nothing to restore."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetMetadata(Action):
    """Set description, key, type and value together; `None` leaves one alone, "" clears it.

    Attributes:
        version: Id for the new version, if `source` gives a value.
    """

    description: str | None = None
    kms_key_id: str | None = None
    type: str | None = None
    source: Source | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Compare(Action):
    """Find out, without reading it, whether a version holds the value. Conflict if not."""

    source: Source
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveStage(Action):
    """Move a staging label, by default the one that makes a version the current one.

    Conflict if it is not where it is said to be.

    Attributes:
        current: Id of the version that has the label; `None` if none has.
        to: Id of the version that is to have it; `None` for none.
        stage: The label.
    """

    current: str | None
    to: str | None
    stage: str = "AWSCURRENT"


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
class SetPolicy(Action):
    """Attach a resource policy in place of any other. Later if it names a new principal.

    Attributes:
        document: The policy, as JSON text.
        block_public: Refuse one that lets everyone in.
    """

    document: str
    block_public: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AddReplicas(Action):
    """Start copies in other regions; whether they come about, only a later look tells."""

    replicas: tuple[Replica, ...]
    overwrite: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveReplicas(Action):
    """Take copies in other regions away. Conflict, and none is, if one of them is not there."""

    regions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetRotation(Action):
    """Rotate the value as told, from now on or at once."""

    rotation: Rotation
    immediately: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRotation(Action):
    """Rotate the value no more. A service may refuse it where rotation never was set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckKey(Action):
    """Ask for the state of the encryption key. Changes nothing, and never fails."""

    kms_key_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleDeletion(Action):
    """Delete with a recovery window of so many days. Conflict if it is no longer live."""

    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Purge(Action):
    """Delete for good, at once. Irreversible."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait(Action):
    """Let some time pass, as the service is not done yet with what was asked of it."""


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


@dataclass(frozen=True, slots=True)
class Failure:
    """Why what was begun cannot be brought to its end; what can be taken back, is.

    Attributes:
        text: What is so, why that is the end, and what to do.
        code: The kind of failure, as a service would name it.
    """

    text: str
    code: str


Decision = Plan | Refusal | Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The action took effect, or its effect was already there.

    Attributes:
        id: The store's id of a created secret.
        version: Id of the version that a call made.
        date: When a scheduled deletion will be carried out, in UTC.
        key: What the service told of a key.
    """

    id: str | None = None
    version: str | None = None
    date: dt.datetime | None = None
    key: Key | None = None


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


@dataclass(frozen=True, slots=True)
class Later:
    """The service does not know yet what the action refers to: the same again, in a moment.

    Attributes:
        code: The service's error code.
        text: What the service said, free of values.
    """

    code: str
    text: str = ""


Outcome = Done | Conflict | Later


def valued(action: Action) -> bool:
    """Whether a value goes with an action."""
    return getattr(action, "source", None) is not None


def describe(plan: Decision) -> str:
    """Return a plan as lines of text, values and random marks left out."""
    if isinstance(plan, Refusal):
        return f"refused: {plan.text}"
    if isinstance(plan, Failure):
        return f"failed: {plan.text}"
    lines = [*(_line(step) for step in plan.actions), *(f"note: {note}" for note in plan.notes)]
    return "\n".join(lines) or "nothing to do"


def _line(action: Action) -> str:
    words = "".join(f" {c.lower()}" if c.isupper() else c for c in type(action).__name__).strip()
    told = ", ".join(_details(action))
    return f"{words}: {told}" if told else words


def _details(action: Action) -> Iterator[str]:
    for part in dataclasses.fields(action):
        content = getattr(action, part.name)
        empty = content is None or content is False or content == ()
        if part.name in {"undo", "version", "document"} or empty:
            continue
        name = "value" if part.name == "source" else part.name
        yield f"{name} = {_shown(content) or 'none'}"


def _shown(content: object) -> str:
    if isinstance(content, Rotation):
        return " ".join(filter(None, (content.function, content.schedule)))
    if isinstance(content, Replica):
        return content.region
    if isinstance(content, Mapping | tuple):
        return ", ".join(map(_shown, content))
    return str(content)


def frozen(tags: Mapping[str, str]) -> Mapping[str, str]:
    """Return an unchangeable copy."""
    return MappingProxyType(dict(tags))
