"""The JSON documents of the commands: what scripts may rely on.

Fields are added, never renamed or taken away. Dates are in UTC, in ISO form. No field ever holds
the value of a secret.
"""

from __future__ import annotations

import datetime as dt
import enum
import json
import sys
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, json_schema

from recoverable_secrets.core import facts, ownership, pending, replication


class Part(BaseModel):
    """Base of all parts of a document."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Problem(Part):
    """Something that went wrong."""

    region: str | None = Field(None, description="Where; null if it was nowhere in particular.")
    secret: str | None = Field(None, description="With which secret; null if with none.")
    error: str = Field(description="Its kind, such as AccessDenied.")
    text: str = Field(description="What happened, why, and what to do.")


class Report(Part):
    """Base of all documents."""

    problems: list[Problem] = Field(description="What went wrong; the exit code says so too.")


class Failed(Report):
    """What any command writes that ended before it had any result."""


class Walked(Report):
    """Base of the documents of commands that list."""

    regions: list[str] = Field(description="The regions that were asked.")
    skipped: list[str] = Field(description="Regions that are not enabled for the account.")


class PendingSecret(Part):
    """A secret whose deletion is scheduled."""

    name: str
    arn: str
    region: str | None
    owner: str | None = Field(description="Its owner tag, whole; null if it has none.")
    deletion_date: dt.datetime = Field(description="DeletedDate, as AWS tells it.")
    deleted_on: dt.datetime | None = Field(
        description="When its deletion was requested; null if AWS does not tell."
    )
    surely_until: dt.datetime = Field(
        description="Until when it can surely be restored, however short its window is."
    )
    at_most_until: dt.datetime = Field(
        description="Until when it can be restored if its window is the longest."
    )
    days_left: int = Field(description="Whole days until surely_until.")
    restorable: pending.Restorable = Field(description="Whether it can be restored now.")
    last_accessed: dt.date | None = Field(description="The day of the last read, in any region.")
    accessed_since_deletion: pending.Since = Field(
        description="Whether it was read since its deletion was requested."
    )
    replicas: list[str] = Field(description="Regions of the replicas that a restore brings back.")

    @classmethod
    def of(cls, row: pending.Row) -> PendingSecret:
        """Return what a row tells."""
        return cls(
            name=row.name,
            arn=row.id,
            region=row.region,
            owner=row.owner_tag,
            deletion_date=row.told,
            deleted_on=row.deleted_on,
            surely_until=row.surely_until,
            at_most_until=row.at_most_until,
            days_left=row.days_left,
            restorable=row.restorable,
            last_accessed=row.accessed.date() if row.accessed else None,
            accessed_since_deletion=row.accessed_since_deletion,
            replicas=list(row.replicas),
        )


class Pending(Walked):
    """What `pending` writes."""

    secrets: list[PendingSecret] = Field(description="Sorted by urgency.")
    due: int = Field(description="How many of them are due by --fail-if-within; 0 without it.")


class Done(enum.StrEnum):
    """What came of a secret that was to be changed."""

    DONE = "done"
    NOTHING = "nothing to do"
    PLANNED = "planned"
    REFUSED = "refused"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    NOT_BEGUN = "not begun"


class Change(Part):
    """What was to be done with a secret, and what came of it."""

    name: str
    arn: str | None
    region: str | None
    owner: str | None = Field(description="Its owner tag before, whole; null if it had none.")
    plan: list[str] = Field(description="What was shown that would be done, a line for each step.")
    then: list[str] = Field(description="What declarations will do with it afterwards.")
    result: Done
    actions: list[str] = Field(description="What was done, a line for each step.")
    notes: list[str] = Field(description="What people should know of it.")


class Changes(Report):
    """What `restore`, `delete`, `purge`, `versions` and `owner` write."""

    command: str
    dry_run: bool
    confirmed: bool = Field(description="Whether the plan was confirmed; else nothing was done.")
    changes: list[Change]


class Version(Part):
    """A version of a secret."""

    id: str
    labels: list[str]
    created: dt.datetime | None
    last_accessed: dt.date | None
    ours: bool = Field(description="Whether its id says that a declaration wrote it.")

    @classmethod
    def of(cls, version: facts.Version) -> Version:
        """Return what is known of a version."""
        return cls(
            id=version.id,
            labels=list(version.labels),
            created=version.created,
            last_accessed=version.accessed.date() if version.accessed else None,
            ours=ownership.is_ours(version.id),
        )


class Versions(Report):
    """What `versions list` writes."""

    name: str
    arn: str
    region: str | None
    versions: list[Version]


class Owner(Part):
    """Whose a secret is."""

    name: str
    arn: str
    region: str | None
    owner: str | None = Field(description="Its owner tag, whole; null if it has none.")
    instance: str | None = Field(description="Its incarnation mark.")
    origin: str | None = Field(description="How its owner came by it.")
    state: Literal["live", "pending deletion"]


class Owners(Report):
    """What `owner show` writes."""

    secrets: list[Owner]


class Replica(Part):
    """A copy in another region."""

    region: str
    kms_key_id: str | None
    status: str


class Outlook(Part):
    """What would be done with a secret now."""

    possible: bool = Field(description="Whether it would be done, and not refused.")
    steps: list[str] = Field(description="What would be done or why not, a line for each.")


class Secret(Part):
    """All that is known of a secret but its value."""

    name: str
    arn: str
    region: str | None
    state: Literal["live", "pending deletion"]
    description: str
    owner: str | None
    instance: str | None
    origin: str | None
    pending: PendingSecret | None = Field(description="Of its deletion; null if it is live.")
    created: dt.datetime | None
    changed: dt.datetime | None
    last_accessed: dt.date | None
    kms_key_id: str | None = Field(description="Its key; null for the default key.")
    rotation: str | None = Field(description="How it is rotated; null if it is not.")
    rotated_next: dt.datetime | None
    primary_region: str | None = Field(description="Where its primary is, if it is a replica.")
    service: str | None = Field(description="The service that manages it, if one does.")
    replicas: list[Replica]
    recorded_replicas: list[str] = Field(description="Replicas that a restore brings back.")
    tags: dict[str, str]
    versions: list[Version] | None = Field(description="Null if they could not be listed.")
    recreate: Outlook = Field(description="What a recreate by its owner would do.")
    teardown: Outlook = Field(description="What a teardown by its owner would do.")


class Status(Report):
    """What `status` writes."""

    secrets: list[Secret] = Field(description="One for each region that has the name.")


DOCUMENTS: Mapping[str, type[BaseModel]] = {
    "any that ends early": Failed,
    "pending": Pending,
    "pending --stream": PendingSecret,
    "status": Status,
    "restore": Changes,
    "delete": Changes,
    "purge": Changes,
    "versions list": Versions,
    "versions label": Changes,
    "versions rollback": Changes,
    "versions deprecate": Changes,
    "owner show": Owners,
    "owner set": Changes,
    "owner clear": Changes,
}
"""What each command writes; with `--stream` each line is a document."""


def recorded(secret: facts.Secret) -> list[str]:
    """Return the regions of the replicas that a restore brings back."""
    return [replica.region for replica in replication.recorded(secret.tags)]


def schema() -> dict[str, Any]:
    """Return the JSON schema of all documents; `documents` tells which one each command writes."""
    from . import alarm_reports, findings  # noqa: PLC0415  # They need this module.

    of_alarms = dict.fromkeys(("install", "status", "remove"), alarm_reports.Alarms)
    known: dict[str, type[BaseModel]] = {
        **DOCUMENTS,
        **findings.DOCUMENTS,
        **{f"alarm {name}": model for name, model in of_alarms.items()},
    }
    modes: dict[str, tuple[type[BaseModel], json_schema.JsonSchemaMode]] = {
        name: (model, "serialization") for name, model in known.items()
    }
    refs, parts = json_schema.models_json_schema(list(modes.values()))
    documents = {name: refs[mode] for name, mode in modes.items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What the command recoverable-secrets writes with --json",
        "documents": documents,
        "anyOf": [{"$ref": ref} for ref in sorted({each["$ref"] for each in documents.values()})],
        **parts,
    }


if __name__ == "__main__":
    from recoverable_secrets.cli.reports import schema  # As the other modules know it.

    sys.stdout.write(json.dumps(schema(), indent=2) + "\n")
