"""The JSON documents of `alarm`; see reports.py for what scripts may rely on."""

from __future__ import annotations

from pydantic import Field

from recoverable_secrets.alarm.alarms import Seen, State
from recoverable_secrets.alarm.parts import Kind, Way

from .reports import Part, Report


class AlarmPart(Part):
    """One thing that an alarm is made of."""

    kind: Kind = Field(description="What it is, by CloudFormation's name of it.")
    name: str
    state: State = Field(description="How it is, or was when the command looked.")
    done: str | None = Field(None, description="What the command did: put or removed.")

    @classmethod
    def of(cls, seen: Seen, done: str | None = None) -> AlarmPart:
        """Return what is known of a part."""
        return cls(kind=seen.part.kind, name=seen.part.name, state=seen.state, done=done)


class Alarm(Part):
    """An access alarm in one region."""

    region: str
    name: str
    way: Way
    log_group_name: str | None
    topic_arn: str
    name_prefix: str
    owner: str | None = Field(description="Who made it; null if nobody's mark is on it.")
    parts: list[AlarmPart]


class Alarms(Report):
    """What `alarm install`, `alarm status` and `alarm remove` write."""

    alarms: list[Alarm]
    absent: list[str] = Field(description="Regions that have no alarm of this name.")
    dry_run: bool
