"""Secrets that survive their stack.

Importing this package loads neither Pulumi nor boto3; `Secret` loads Pulumi when it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .dynamic import Secret

__all__ = ["Secret", "__version__"]

__version__ = "0.1.0"


if not TYPE_CHECKING:  # A type checker would take any name for one that is here.

    def __getattr__(name: str) -> Any:
        """Load `Secret` on first use."""
        if name == "Secret":
            from .dynamic import Secret  # noqa: PLC0415

            return Secret
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
