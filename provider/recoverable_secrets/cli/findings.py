"""The JSON documents of `doctor` and `orphans`: see `reports`."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, Field

from recoverable_secrets.core import orphans

from .reports import Part, Report, Walked


class Owned(Part):
    """A secret that has an owner tag, and whether its stack still declares it."""

    name: str
    arn: str
    region: str | None
    owner: str = Field(description="Its owner tag, whole.")
    state: Literal["live", "pending deletion"]
    verdict: orphans.Verdict
    why: str = Field(description="The reason of the verdict.")
    todo: list[str] = Field(
        description="Commands that would settle it; none if there is nothing to do."
    )


class Orphans(Walked):
    """What `orphans` writes."""

    stacks: list[str] = Field(description="The stacks that were looked at, as owner tags begin.")
    secrets: list[Owned] = Field(
        description="Orphans first, then unknown ones, then declared ones."
    )
    live_orphans: int = Field(description="How many orphans are live; the exit code is 6 if any.")
    pending_orphans: int = Field(description="How many orphans are pending deletion already.")
    unowned: int = Field(description="How many secrets without an owner tag were passed over.")


class For(enum.StrEnum):
    """What people want to do."""

    RESOURCE = "resource"
    REPLICAS = "replicas"
    POLICY = "policy"
    ROTATION = "rotation"
    KEY = "key"
    COMMANDS = "commands"
    ALARM = "alarm"


class State(enum.StrEnum):
    """What came of a check."""

    OK = "ok"
    MISSING = "missing"
    WARNING = "warning"
    UNKNOWN = "unknown"


class Permission(Part):
    """An action of IAM, and whether it is allowed."""

    action: str
    state: State
    how: str = Field(description="How that is known, or why it is not.")


class Check(Part):
    """One check."""

    region: str | None
    area: str = Field(
        description="What it is about: one of --for, or endpoint, region, clock, credentials, "
        "cloudtrail."
    )
    what: str = Field(description="What is checked, or what the permissions are needed for.")
    state: State
    detail: str = Field(description="What was found, and what to do.")
    permissions: list[Permission] = Field(
        description="One for each action; empty for other checks."
    )


class Doctor(Report):
    """What `doctor` writes."""

    regions: list[str] = Field(description="The regions that were asked.")
    skipped: list[str] = Field(description="Regions that are not enabled for the account.")
    checks: list[Check]
    missing: int = Field(description="How many checks found something missing; exit code 6 if any.")
    policy: dict[str, Any] | None = Field(
        description="The smallest IAM policy that grants what is missing, and in the statement "
        "Doctor what lets doctor find out the rest; null if nothing is to be granted."
    )


DOCUMENTS: Mapping[str, type[BaseModel]] = {"doctor": Doctor, "orphans": Orphans}
"""All documents of this module, by the names of their schemas."""
