"""The call log: what arrived, in order, and what came of it."""

from __future__ import annotations

import dataclasses

from .wire import Params


@dataclasses.dataclass
class Record:
    """One call; each attempt of the SDK is one.

    Attributes:
        parameters: As sent, secret values replaced by `wire.VALUE_MARKER`.
        outcome: "ok", AWS's error code, "connection reset", "response lost", or "in progress".
    """

    service: str
    action: str
    region: str
    account: str
    access_key: str
    parameters: Params
    outcome: str = "in progress"
