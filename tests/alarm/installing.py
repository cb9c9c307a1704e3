"""Alarms to install: what is asked for, whose they are, and what is there then."""

from __future__ import annotations

from typing import Any

import pytest

from alarm.account import GROUP, HOME, NOTHING, Account
from recoverable_secrets.alarm import alarms, parts
from recoverable_secrets.alarm.alarms import State
from recoverable_secrets.alarm.apply import Mark
from recoverable_secrets.alarm.parts import Kind, Wanted

MINE, LATER, THEIRS = Mark("me", "1"), Mark("me", "2"), Mark("somebody else", "1")
WAYS: dict[str, dict[str, Any]] = {
    "trail": {"way": "trail", "log_group_name": GROUP},
    "events": {"way": "events"},
}
MADE = {
    "trail": {**NOTHING, "topics": ["x"], "filters": ["x", "x-by-reader"], "alarms": ["x"]},
    "events": {**NOTHING, "topics": ["x"], "rules": ["x"]},
}
each_way = pytest.mark.parametrize("way", WAYS)


def wanted(way: str, **more: Any) -> Wanted:
    return parts.parse({"name": "x", **WAYS[way], **more}, HOME)


def install(account: Account, asked: Wanted, mark: Mark = MINE, **more: Any) -> list[Kind]:
    """Install, and return the kinds of what was put."""
    return [
        part.kind
        for part in alarms.install(account.here, asked, mark, say=account.said.append, **more)
    ]


def states(account: Account, asked: Wanted) -> set[State]:
    return {each.state for each in alarms.look(account.here, asked)}
