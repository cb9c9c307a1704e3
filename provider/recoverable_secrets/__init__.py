"""Secrets that survive their stack.

Importing this package loads neither Pulumi nor boto3; `Secret` and `AccessAlarm` load Pulumi when
they are asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .access_alarm import AccessAlarm
    from .dynamic import Secret

__all__ = ["AccessAlarm", "Secret", "__version__"]

__version__ = "0.1.0"


if not TYPE_CHECKING:  # A type checker would take any name for one that is here.

    def __getattr__(name: str) -> Any:
        """Load a resource on first use."""
        if name == "AccessAlarm":
            from .access_alarm import AccessAlarm  # noqa: PLC0415

            return AccessAlarm
        if name == "Secret":
            from .dynamic import Secret  # noqa: PLC0415

            return Secret
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
