"""The answer to CloudFormation: crhelper sends it, and here stands what crhelper leaves open.

crhelper answers twice when its timer was first, with an empty id when nobody has set one, in any
size, and logs errors with all that they hold; its timer leaves half a second for the answer, which
a slow machine does not make. CloudFormation in turn takes an answer's id for the resource's for
good, and deletes by it.
"""

from __future__ import annotations

import functools
import json
import logging
import os
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import crhelper

from recoverable_secrets.core import errors, ownership

LIMIT = 4096
"""Most bytes of an answer."""

NOT_CREATED = "recoverable-secrets:not-created:"
"""How the id of a secret that does not exist (yet) begins; the operation's mark follows."""

_SHARE = 0.25
_MARGIN_SECONDS = 20.0
_ANSWER_SHARE = 0.125
_ANSWER_SECONDS = (0.5, 5.0)
"""Least and most time for the last answer: the most lets crhelper try again once or twice."""

_LONGEST_PATIENCE = 3600.0
_KNOWN = frozenset(
    {
        "RequestType",
        "ResponseURL",
        "StackId",
        "RequestId",
        "ResourceType",
        "LogicalResourceId",
        "PhysicalResourceId",
        "ResourceProperties",
        "OldResourceProperties",
    }
)
_IDS = {"StackId": 1024, "RequestId": 256, "LogicalResourceId": 255}
_ID_BYTES = 1024 + len('""')
_URL = re.compile(r"https://[!-~]+")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One event, as far as it is understood.

    Attributes:
        kind: Create, Update or Delete.
        stack_id: ARN of the stack.
        logical_id: The resource's name in its template.
        id: The physical id that CloudFormation knows; empty if it knows none.
        properties: What is declared now.
        old: What was declared before, for an update.
        mark: This operation's incarnation mark, `<stack and resource>.<request>`.
        function: ARN of this function.
        seconds: Returns how long the operation may take from now.
    """

    kind: str
    stack_id: str
    logical_id: str
    id: str
    properties: Mapping[str, Any]
    old: Mapping[str, Any]
    mark: str
    function: str
    seconds: Callable[[], float]

    @property
    def placeholder(self) -> str:
        """An id for a secret that does not exist: the same at each delivery of this event."""
        return self.id or NOT_CREATED + self.mark


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request came to.

    Attributes:
        id: The physical id.
        data: What `Fn::GetAtt` gives.
    """

    id: str
    data: Mapping[str, str]


Work = Callable[[Request], Answer]


class Protocol(crhelper.CfnResource):
    """One event's way through crhelper. Made for each event, so that none sees another's."""

    _context: Any  # crhelper's own, as _event is.
    _event: Mapping[str, Any]

    def __init__(self, work: Work, spelt: Callable[[str], str]) -> None:
        """Make it.

        Args:
            work: Does what a request asks. What it raises becomes the reason of a failure.
            spelt: Returns a text of the core in CloudFormation's spelling.
        """
        # crhelper makes three clients for polling, which we never use, unless it is told so.
        os.environ.setdefault("AWS_SAM_LOCAL", "true")
        super().__init__(log_level="INFO", boto_level="ERROR", sleep_on_delete=0)
        self._work, self._spelt = work, spelt
        self._lock = threading.Lock()
        self._answered = False
        self._fallback = NOT_CREATED
        for register in (self.create, self.update, self.delete):
            register(self._do)

    def __call__(self, event: Any, context: Any) -> None:
        """Do what an event asks and answer it; what is no event of CloudFormation is dropped."""
        _scrub_logs()
        if not _answerable(event):
            logger.error("not an event of CloudFormation: nothing was done and nobody is answered")
            return
        known = {name: content for name, content in event.items() if name in _KNOWN}
        request = _request(known, context)
        self._fallback = request.placeholder
        if known.get("RequestType") in ("Create", "Update", "Delete"):  # any type
            self.PhysicalResourceId = self._fallback
            super().__call__(known, context)
            return
        for name in _IDS:
            setattr(self, name, known[name])
        self._response_url = known["ResponseURL"]
        self._send(crhelper.FAILED, "RequestType must be Create, Update or Delete")

    def _do(self, event: Mapping[str, Any], context: Any) -> str:
        """Do the work; let nothing out but an id, and texts of ours."""
        self.PhysicalResourceId = self._fallback
        try:
            _demand_properties(event)
            answer = self._work(_request(event, context))
        except errors.RecoverableSecretsError as failure:
            text = str(failure)
            if not isinstance(failure, errors.InvalidInput):  # That names what was given.
                text = self._spelt(text)
            self.Status, self.Reason = crhelper.FAILED, errors.clip(text)
            logger.error("%s", text)  # noqa: TRY400  # a traceback tells what must not be told
        except Exception as failure:  # noqa: BLE001  # any text might hold a value
            self.Status, self.Reason = crhelper.FAILED, str(errors.fault(failure))
            logger.error("%s", self.Reason)  # noqa: TRY400
        else:
            self.Data = dict(answer.data)
            return answer.id
        return self._fallback

    def _set_timeout(self) -> None:
        """Have FAILED sent while Lambda still lets it out and CloudFormation still waits for it."""
        left = self._context.get_remaining_time_in_millis() / 1000
        left = min(left, _patience(self._event))
        least, most = _ANSWER_SECONDS
        margin = max(least, min(most, _ANSWER_SHARE * left))
        self._timer = threading.Timer(left - margin, self._timeout)
        self._timer.start()

    def _timeout(self) -> None:
        self._send(
            crhelper.FAILED,
            "the function's time was up before the work was done: run it again; it goes on from "
            "what is there",
        )

    def _send(self, status: str | None = None, reason: str = "", *_: object) -> None:
        """Answer, once, in a form that CloudFormation takes whatever went before."""
        with self._lock:
            if self._answered:
                return
            self._answered = True
        if not isinstance(self.PhysicalResourceId, str) or not self.PhysicalResourceId:
            self.PhysicalResourceId = self._fallback
        if crhelper.FAILED in {status, self.Status}:
            self.Data = {}
        text = errors.clip(errors.readable(reason or self.Reason))
        while len(text) and self._size(text) > LIMIT:
            text = text[: len(text) // 2]
        self.Reason = text
        super()._send(status, text)  # type: ignore[misc]  # crhelper's own is not typed

    def _size(self, reason: str) -> int:
        ids = (self.PhysicalResourceId, self.StackId, self.RequestId, self.LogicalResourceId)
        return len(json.dumps([*ids, reason, self.Data])) + _KEYS


_KEYS = 200
"""Bytes of an answer's own words: its keys, its status and its punctuation."""


def _answerable(event: object) -> bool:
    """Whether there is someone to answer to, in a form that CloudFormation takes."""
    if not isinstance(event, dict):
        return False
    url = event.get("ResponseURL")
    named = all(
        isinstance(event.get(name), str) and 1 <= len(json.dumps(event[name])) - len('""') <= limit
        for name, limit in _IDS.items()
    )
    return named and isinstance(url, str) and _URL.fullmatch(url) is not None


def _request(event: Mapping[str, Any], context: Any) -> Request:
    stack, logical = event["StackId"], event["LogicalResourceId"]
    id_ = event.get("PhysicalResourceId")
    mark = ownership.digest(stack, logical)
    return Request(
        kind=str(event.get("RequestType")),
        stack_id=stack,
        logical_id=logical,
        id=id_ if isinstance(id_, str) and len(json.dumps(id_)) <= _ID_BYTES else "",
        properties=_mapping(event.get("ResourceProperties")),
        old=_mapping(event.get("OldResourceProperties")),
        mark=f"{mark}.{ownership.digest(event['RequestId'])}",
        function=context.invoked_function_arn,
        seconds=functools.partial(_seconds, context, _patience(event), time.monotonic()),
    )


def _demand_properties(event: Mapping[str, Any]) -> None:
    """Refuse an event that declares nothing at all; a deletion needs no declaration.

    Raises:
        InvalidInput: To go on would remove all that is declared.
    """
    if event["RequestType"] != "Delete" and not isinstance(event.get("ResourceProperties"), dict):
        raise errors.InvalidInput(
            ["ResourceProperties must be a mapping: only CloudFormation may send events"]
        )


def _mapping(given: object) -> Mapping[str, Any]:
    return given if isinstance(given, dict) else {}


def _patience(event: Mapping[str, Any]) -> float:
    """Return how long CloudFormation waits for the answer, in seconds."""
    declared = str(_mapping(event.get("ResourceProperties")).get("ServiceTimeout"))
    return float(declared) if re.fullmatch(r"[1-9][0-9]{0,3}", declared) else _LONGEST_PATIENCE


def _seconds(context: Any, patience: float, start: float) -> float:
    """Return the time for the work: what is left for the answer, and some of it set aside."""
    left = context.get_remaining_time_in_millis() / 1000
    left = min(left, patience - (time.monotonic() - start))
    return float(left - min(_MARGIN_SECONDS, _SHARE * left))


class _Scrubber(logging.Filter):
    """Keeps from every log what crhelper tells of events, and the SDK of requests and answers."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.exc_info = record.exc_text = None
        return record.levelno >= logging.INFO


_SCRUBBER = _Scrubber()


def _scrub_logs() -> None:
    """Put the filter on each logger of theirs: one on a parent does not see its children's."""
    for name in list(logging.root.manager.loggerDict):
        if name.startswith(("crhelper.", "botocore.", "urllib3.")):
            logging.getLogger(name).addFilter(_SCRUBBER)
