"""A CloudFormation API that knows the stacks a test tells it: DescribeStacks, DescribeStackEvents.

The query protocol over HTTP, for a client that has AWS_ENDPOINT_URL_CLOUDFORMATION.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import re
import urllib.parse
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal
from xml.sax import saxutils

from . import http_base

STACK = "AWS::CloudFormation::Stack"
PAGE = 3
"""Stack events on a page; AWS has about a hundred, which tests would not fill."""

_FIRST = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
_CREDENTIAL = re.compile(r"Credential=([^/]+)/\d{8}/([^/]+)/cloudformation/aws4_request")


@dataclasses.dataclass(frozen=True)
class Event:
    """One line of a stack's history."""

    logical_id: str
    kind: str
    status: str
    at: dt.datetime
    event_id: str = dataclasses.field(default_factory=lambda: str(uuid.uuid4()))


@dataclasses.dataclass
class Record:
    """A stack as CloudFormation tells of it.

    Attributes:
        updated: LastUpdatedTime. Set by an update, and by the first change set too.
        events: Its history, oldest first.
    """

    name: str
    id: str
    status: str
    tags: dict[str, str] = dataclasses.field(default_factory=dict)
    parent: str | None = None
    root: str | None = None
    role: str | None = None
    created: dt.datetime = _FIRST
    updated: dt.datetime | None = None
    events: list[Event] = dataclasses.field(default_factory=list)

    def becomes(self, status: str) -> None:
        """Take a status, and write it into the history."""
        self.status = status
        self.note(self.name, STACK, status)

    def note(self, logical_id: str, kind: str, status: str) -> None:
        """Write a line into the history."""
        at = self.created + dt.timedelta(seconds=len(self.events))
        self.events.append(Event(logical_id, kind, status, at))

    @property
    def region(self) -> str:
        """Region of the stack."""
        return self.id.split(":")[3]


@dataclasses.dataclass(frozen=True)
class Call:
    """One call as it arrived."""

    action: str
    parameters: Mapping[str, str]
    region: str
    outcome: str


Kind = Literal["throttle", "internal", "denied", "expired", "reset", "odd"]

_ERRORS: dict[str, tuple[int, str, str]] = {
    "throttle": (400, "Throttling", "Rate exceeded"),
    "internal": (500, "InternalFailure", "An internal error occurred."),
    "denied": (
        403,
        "AccessDenied",
        "User: x is not authorized to perform: cloudformation:{action} on resource: {stack}",
    ),
    "odd": (400, "OptInRequired", "You are not subscribed to this service"),
    "unsigned": (403, "MissingAuthenticationToken", "Missing Authentication Token"),
    "expired": (403, "ExpiredToken", "The security token included in the request is expired"),
}


@dataclasses.dataclass
class Fault:
    """What goes wrong with some calls.

    Attributes:
        kind: How it goes wrong.
        action: Which action, "*" for all.
        times: How many calls; `None` for all from now on.
        stack: Only calls about this stack.
    """

    kind: Kind
    action: str = "*"
    times: int | None = 1
    stack: str | None = None

    def hits(self, action: str, stack: str) -> bool:
        """Tell whether it applies, and count."""
        if self.action not in {"*", action} or self.stack not in {None, stack} or self.times == 0:
            return False
        self.times = self.times and self.times - 1
        return True


class Stacks:
    """All stacks, deleted ones included; the server, its call log and its faults.

    Attributes:
        calls: The call log.
        faults: What is to go wrong.
        hooks: Called before each answer with the action and the stack asked for.
    """

    def __init__(self) -> None:
        """Prepare it; nothing is served before `running()`."""
        self.calls: list[Call] = []
        self.faults: list[Fault] = []
        self.hooks: list[Callable[[str, str], object]] = []
        self._records: dict[str, Record] = {}
        self._server = _Server(self)

    @contextlib.contextmanager
    def running(self) -> Iterator[Stacks]:
        """Serve while the block runs."""
        with self._server.running():
            yield self

    @property
    def url(self) -> str:
        """The endpoint."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def reset(self) -> None:
        """Forget everything."""
        for part in (self.calls, self.faults, self.hooks, self._records):
            part.clear()

    def add(self, record: Record) -> Record:
        """Let a stack exist."""
        self._records[record.id] = record
        return record

    def record(self, stack: str) -> Record:
        """Return a stack by its id."""
        return self._records[stack]

    def forget(self, stack: str) -> None:
        """Let a stack no longer be known, as 90 days after its deletion."""
        del self._records[stack]

    def actions(self) -> list[str]:
        """Return the actions that were called, in order, each attempt counted."""
        return [call.action for call in self.calls]

    def handle(self, headers: Mapping[str, str], body: bytes) -> tuple[int, str] | None:
        """Answer one call; `None` breaks the connection off."""
        form = dict(urllib.parse.parse_qsl(body.decode(), keep_blank_values=True))
        action, stack = form.pop("Action", ""), form.get("StackName", "")
        signed = _CREDENTIAL.search(headers.get("Authorization", ""))
        region = signed[2] if signed else ""
        for hook in tuple(self.hooks):
            hook(action, stack)
        fault = next((fault for fault in self.faults if fault.hits(action, stack)), None)
        if fault and fault.kind == "reset":
            self.calls.append(Call(action, form, region, "reset"))
            return None
        try:
            if fault or not signed:
                raise _refusal(fault.kind if fault else "unsigned", action, stack)
            result = self._perform(action, form, region)
        except _Refused as error:
            self.calls.append(Call(action, form, region, error.code))
            inner = {"Type": "Sender", "Code": error.code, "Message": error.text}
            return error.status, _xml({"ErrorResponse": {"Error": inner, "RequestId": "r"}})
        self.calls.append(Call(action, form, region, "ok"))
        return 200, _xml({f"{action}Response": {f"{action}Result": result}})

    def _perform(self, action: str, form: Mapping[str, str], region: str) -> dict[str, Any]:
        if action == "DescribeStacks":
            asked = form.get("StackName")
            found = (
                [self._find(asked, region)]
                if asked
                else [one for one in self._records.values() if one.region == region]
            )
            return {"Stacks": [_described(one) for one in found]}
        if action == "DescribeStackEvents":
            record = self._find(form.get("StackName", ""), region)
            newest_first = record.events[::-1]
            start = int(form.get("NextToken", "page-0").removeprefix("page-"))
            more = start + PAGE < len(newest_first)
            shown = newest_first[start : start + PAGE]
            told = {"StackEvents": [_event(record, one) for one in shown]}
            return told | ({"NextToken": f"page-{start + PAGE}"} if more else {})
        raise _Refused(403, "AccessDenied", f"not authorized to perform: cloudformation:{action}")

    def _find(self, asked: str, region: str) -> Record:
        """Return a stack by id, deleted or not, or a living one by name."""
        if asked.startswith("arn:"):
            found = self._records.get(asked)
        else:
            living = [one for one in self._records.values() if one.status != "DELETE_COMPLETE"]
            found = next((one for one in living if one.name == asked), None)
        if found is None or found.region != region:
            text = f"Stack with id {asked} does not exist"
            raise _Refused(400, "ValidationError", text)
        return found


class _Refused(Exception):
    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(text)
        self.status, self.code, self.text = status, code, text


def _refusal(kind: str, action: str, stack: str) -> _Refused:
    status, code, text = _ERRORS[kind]
    return _Refused(status, code, text.format(action=action, stack=stack))


def _described(record: Record) -> dict[str, Any]:
    told = {
        "StackId": record.id,
        "StackName": record.name,
        "CreationTime": _date(record.created),
        "LastUpdatedTime": record.updated and _date(record.updated),
        "StackStatus": record.status,
        "DisableRollback": "false",
        "EnableTerminationProtection": "false",
        "RoleARN": record.role,
        "ParentId": record.parent,
        "RootId": record.root,
        "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"},
        "Tags": [{"Key": key, "Value": value} for key, value in record.tags.items()],
        "NotificationARNs": [],
        "Capabilities": ["CAPABILITY_IAM"],
    }
    return {name: content for name, content in told.items() if content is not None}


def _event(record: Record, event: Event) -> dict[str, Any]:
    own = event.kind == STACK and event.logical_id == record.name
    return {
        "StackId": record.id,
        "EventId": event.event_id,
        "StackName": record.name,
        "LogicalResourceId": event.logical_id,
        "PhysicalResourceId": record.id if own else f"{event.logical_id}-id",
        "ResourceType": event.kind,
        "Timestamp": _date(event.at),
        "ResourceStatus": event.status,
    }


def _date(at: dt.datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _xml(value: object) -> str:
    if isinstance(value, Mapping):
        return "".join(f"<{name}>{_xml(inner)}</{name}>" for name, inner in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "".join(f"<member>{_xml(inner)}</member>" for inner in value)
    return saxutils.escape(str(value))


class _Server(http_base.Server):
    def __init__(self, stacks: Stacks) -> None:
        super().__init__(_Handler)
        self.stacks = stacks


class _Handler(http_base.Handler):
    server: _Server

    def do_POST(self) -> None:  # noqa: N802 - http.server's name
        """Answer one call."""
        answer = self.server.stacks.handle(dict(self.headers.items()), self.body())
        if answer is None:
            self.drop()
            return
        self.answer(answer[0], answer[1].encode(), "text/xml")
