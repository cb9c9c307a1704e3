"""What both demos stand on: the emulated AWS, a console, and what was claimed of them."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
from emulation import Aws  # noqa: E402  # found only now


class Stage:
    """Shows what the emulated AWS holds, and whether what is claimed of it is so.

    Attributes:
        failed: How many claims did not hold.
    """

    def __init__(self, aws: Aws, console: Console, values: Mapping[str, str]) -> None:
        """Make it.

        Args:
            aws: The emulated AWS.
            console: Where to print.
            values: What stands in the tables in place of values, which are never shown.
        """
        self.aws, self.console, self.values = aws, console, values
        self.failed = 0

    def say(self, title: str, *lines: str) -> None:
        """Print a step's title and what is worth knowing of it."""
        self.console.rule(f"[bold]{title}")
        for line in lines:
            self.console.print(line)

    def claim(self, text: str, *, holds: bool) -> None:
        """Print a claim and whether it holds."""
        self.failed += not holds
        mark = "[green]✓[/]" if holds else "[red]✗ NOT SO:[/]"
        self.console.print(f" {mark} {text}")

    def show(self) -> None:
        """Print a table of what AWS holds."""
        table = Table("name", "state", "ARN ends in", "value", "versions", "deleted on")
        for secret in self.aws.secrets():
            table.add_row(
                secret.name,
                secret.state,
                (secret.arn or "")[-6:],
                self.values.get(str(secret.value), "none"),
                str(len(secret.versions)),
                f"{secret.purge_date:%Y-%m-%d}" if secret.purge_date else "",
            )
        self.console.print(table)

    def readable(self, name: str) -> bool:
        """Whether an application could read the value now."""
        with contextlib.suppress(Exception):
            self.aws.by_hand("GetSecretValue", SecretId=name)
            return True
        return False
