"""The records of CloudTrail in events/: those that tell of a read of a pending secret, and others.

They have the shape that CloudTrail records have, with made-up names, ids and addresses.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "events"


def _load(folder: str) -> dict[str, dict[str, Any]]:
    return {
        path.stem: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted((HERE / folder).glob("*.json"))
    }


TELLS: Mapping[str, dict[str, Any]] = _load("tells")
QUIET: Mapping[str, dict[str, Any]] = _load("quiet")


def event(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return what EventBridge delivers of a record."""
    return {
        "version": "0",
        "id": "bbbbbbbb-cccc-4ddd-8eee-ffffffffffff",
        "detail-type": "AWS API Call via CloudTrail",
        "source": f"aws.{record['eventSource'].partition('.')[0]}",
        "account": record["recipientAccountId"],
        "time": record["eventTime"],
        "region": record["awsRegion"],
        "resources": [],
        "detail": dict(record),
    }
