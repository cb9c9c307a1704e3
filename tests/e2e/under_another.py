"""Runs `up` of one secret, for a Python that is not the one of the tests.

python -m e2e.under_another '{"directory": …, "root": …, "env": …}'
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from e2e.engine import Engine
from recoverable_secrets import Secret

VALUE = "canary-of-another-python"


def program() -> None:
    """One secret with something of every kind in its state."""
    Secret(
        "db",
        description="d",
        secret_string=VALUE,
        tags={"team": "a"},
        recovery_window_in_days=9,
        allowed_account_ids=["123456789012"],
    )


def main() -> None:
    """Run it in the stack that the argument describes."""
    told = json.loads(sys.argv[1])
    Engine(Path(told["directory"]), root=Path(told["root"]), env=told["env"]).up(program)


if __name__ == "__main__":
    main()
