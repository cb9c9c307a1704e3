"""Which trails of CloudTrail see reads of secrets: they are what an access alarm stands on."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from recoverable_secrets.core import errors

from . import aws_calls, aws_errors
from .aws_calls import Clients

PERMISSIONS = {
    "DescribeTrails": ("cloudtrail:DescribeTrails",),
    "GetEventSelectors": ("cloudtrail:GetEventSelectors",),
    "GetTrailStatus": ("cloudtrail:GetTrailStatus",),
}
"""What each operation needs that is called here."""

_READ = {
    "eventCategory": "Management",
    "eventName": "GetSecretValue",
    "eventSource": "secretsmanager.amazonaws.com",
    "eventType": "AwsApiCall",
    "readOnly": "true",
}
"""A read of a secret, in the fields that selectors speak of."""

_MISSING = frozenset({"ResourceNotFoundException"})
_OPERATORS: Mapping[str, Callable[[str, str], bool]] = {
    "Equals": str.__eq__,
    "StartsWith": str.startswith,
    "EndsWith": str.endswith,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """A trail that logs events of a region.

    Attributes:
        name: Its name.
        home: The region that it belongs to.
        log_group: Name of the log group that it sends to; `None` if it sends to none.
        sees: Whether it is at work and logs reads of secrets; `None` if that is not told.
        why: Why not, as a part of a sentence; empty if it does.
        asks: The actions that would let it be told.
    """

    name: str
    home: str
    log_group: str | None
    sees: bool | None
    why: str
    asks: tuple[str, ...] = ()


def trails(store: Clients) -> tuple[Trail, ...]:
    """Return the trails that log the events of a region, those of the organization included.

    Raises:
        RecoverableSecretsError: They cannot be listed.
    """
    listed = _call(store, store.region, "DescribeTrails", includeShadowTrails=True)
    return tuple(_trail(store, each) for each in listed.get("trailList") or ())


def _trail(store: Clients, told: Mapping[str, Any]) -> Trail:
    home = told.get("HomeRegion") or store.region
    group = told.get("CloudWatchLogsLogGroupArn")
    trail = Trail(
        name=str(told["Name"]),
        home=home,
        log_group=group.split(":log-group:")[-1].removesuffix(":*") if group else None,
        sees=None,
        why="chooses events by fields that are not known here",
    )
    arn = str(told.get("TrailARN") or trail.name)
    try:
        if not _call(store, home, "GetTrailStatus", Name=arn).get("IsLogging"):
            return dataclasses.replace(trail, sees=False, why="is switched off")
        selectors = _call(store, home, "GetEventSelectors", TrailName=arn)
    except errors.AccessDenied:
        asks = PERMISSIONS["GetTrailStatus"] + PERMISSIONS["GetEventSelectors"]
        why = f"cannot be looked at: grant {' and '.join(asks)}"
        return dataclasses.replace(trail, why=why, asks=asks)
    except errors.RecoverableSecretsError as error:
        return dataclasses.replace(trail, why=f"cannot be looked at: {error}")
    sees = reads(
        selectors.get("EventSelectors") or (), selectors.get("AdvancedEventSelectors") or ()
    )
    why = {True: "", False: "does not log read-only management events", None: trail.why}[sees]
    return dataclasses.replace(trail, sees=sees, why=why)


def reads(plain: Iterable[Mapping[str, Any]], advanced: Iterable[Mapping[str, Any]]) -> bool | None:
    """Return whether event selectors let a read of a secret pass; `None` if that is not clear.

    Args:
        plain: EventSelectors, as GetEventSelectors tells them.
        advanced: AdvancedEventSelectors, likewise.
    """
    if any(map(_chooses, plain)):
        return True
    found = [_fits(each.get("FieldSelectors") or ()) for each in advanced]
    return True if True in found else None if None in found else False


def _chooses(selector: Mapping[str, Any]) -> bool:
    return (
        selector.get("IncludeManagementEvents", True)
        and selector.get("ReadWriteType", "All") in {"All", "ReadOnly"}
        and _READ["eventSource"] not in (selector.get("ExcludeManagementEventSources") or ())
    )


def _fits(fields: Iterable[Mapping[str, Any]]) -> bool | None:
    """Return whether a read passes all conditions of one selector."""
    each = [_passes(field) for field in fields]
    return False if False in each else None if None in each else True


def _passes(field: Mapping[str, Any]) -> bool | None:
    content = _READ.get(str(field.get("Field")))
    if content is None:
        return None
    for operator, matches in _OPERATORS.items():
        wanted, unwanted = field.get(operator), field.get(f"Not{operator}")
        if wanted and not any(matches(content, each) for each in wanted):
            return False
        if unwanted and any(matches(content, each) for each in unwanted):
            return False
    return True


def _call(store: Clients, region: str, operation: str, **request: Any) -> dict[str, Any]:
    subject = aws_errors.Subject(operation, "CloudTrail", needs=PERMISSIONS[operation])
    return aws_calls.called(store, "cloudtrail", region, subject, request, missing=_MISSING)
