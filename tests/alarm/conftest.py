"""The account that tests of whole alarms work in."""

from __future__ import annotations

from alarm.account import account, forgotten

__all__ = ["account", "forgotten"]
