"""The command for people: what is pending, bring it back, know who still needs it.

Thin over the same core, engine and stores as the other surfaces. Importing this package loads
neither typer nor rich: they come with the extra `cli`.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Sequence
from pathlib import Path

__all__ = ["main"]

_NEEDED = ("typer", "rich", "boto3")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit code.

    Args:
        arguments: What stands after the command's name; by default what the process was given.
    """
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        sys.stderr.write(
            f"recoverable-secrets needs {' and '.join(missing)} for its command: "
            "pip install 'recoverable-secrets[cli]'\n"
        )
        return 1
    for name in ("stdin", "stderr"):
        if getattr(sys, name) is None:  # The caller has closed it.
            setattr(sys, name, Path(os.devnull).open("r+", encoding="utf-8"))  # noqa: SIM115
    if sys.stdout is None:  # Writing to what stands in for it fails, so that this is not silent.
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_RDONLY), "w", encoding="utf-8")
    try:
        from . import app  # noqa: PLC0415  # It loads what may be missing.

        return app.run(sys.argv[1:] if arguments is None else arguments)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted: nothing was done\n")
        return 130
