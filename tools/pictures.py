"""Make the pictures of docs/pictures: the command's own output, of real runs on a terminal.

    python -m tools.pictures

The command runs as a process against the tests' double of AWS, which holds a few secrets whose
deletion was scheduled on the days before. Dates are moved, so that today is always the same day,
and the random ends of ARNs are replaced: a picture changes only when what the command writes does.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "provider")]
from emulation import Aws, Clock  # noqa: E402  # found only now
from recoverable_secrets.core import ownership  # noqa: E402

FOLDER = ROOT / "docs" / "pictures"
WIDTH = 100
TODAY = dt.date(2026, 3, 2)
HOME, OTHER = "us-east-1", "eu-west-1"
BOTH = ("--region", HOME, "--region", OTHER)

PICTURES: Mapping[str, tuple[str, ...]] = {
    "pending": ("pending", *BOTH),
    "status": ("status", "shop/prod/db"),
    "restore": ("restore", "shop/prod/db", "--yes"),
}
"""What is run for each picture, in this order."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_SUFFIX = re.compile(r"(:secret:\S+-)[A-Za-z0-9]{6}\b")
_ELSEWHERE = re.compile(r"\s*(@font-face \{\{.*?\}\}|<!--.*?-->)", re.DOTALL)
"""Fonts that would be loaded from elsewhere, and an address."""
_FONTS = "Menlo, DejaVu Sans Mono, Consolas"
_ASPECT = 0.602
"""Width of a character by its height in Menlo and DejaVu Sans Mono."""


@dataclass(frozen=True)
class Scene:
    """The double, and how the command finds it.

    Attributes:
        aws: The double.
        url: Where it is served.
    """

    aws: Aws
    url: str

    def run(self, *arguments: str) -> str:
        """Return what the command writes on a terminal.

        Raises:
            RuntimeError: It failed.
        """
        known = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        own = {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "AKIANOBODY",
            "AWS_SECRET_ACCESS_KEY": "none",
            "AWS_REGION": HOME,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "COLUMNS": str(WIDTH),
            "FORCE_COLOR": "1",
            "TERM": "xterm-256color",
            "PYTHONPATH": str(ROOT / "provider"),
        }
        done = subprocess.run(
            [sys.executable, "-m", "recoverable_secrets", *arguments],
            env=known | own,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        if done.returncode:
            message = f"{' '.join(arguments)} ended with {done.returncode}: {done.stdout}"
            raise RuntimeError(message)
        return done.stdout

    def make(
        self, name: str, *owner: str, region: str = HOME, replicas: tuple[str, ...] = ()
    ) -> None:
        """Create a secret, as a declaration of this owner does, and read it once."""
        marks = {"origin": "created", "instance": "1f" * 16}
        if owner:
            marks["owner"] = ownership.owner(owner, "/".join(owner))
        self.aws.by_hand(
            "CreateSecret",
            region=region,
            Name=name,
            SecretString="nobody sees it",
            ClientRequestToken=ownership.version_id("3f2a" * 8),
            Tags=[
                {"Key": f"recoverable-secrets:{key}", "Value": text}
                for key, text in (marks if owner else {}).items()
            ],
            **({"AddReplicaRegions": [{"Region": each} for each in replicas]} if replicas else {}),
        )
        self.aws.by_hand("GetSecretValue", region=region, SecretId=name)

    def delete(self, name: str, region: str = HOME) -> None:
        """Schedule its deletion, by the command."""
        self.run("delete", name, "--region", region, "--ignore-access", "--yes")

    def set_up(self) -> None:
        """Make all secrets, and let the days go by."""
        days = self.aws.clock.advance
        self.make("shop/prod/api-token", "cloudformation", "shop", "ApiToken")
        self.make("shop/prod/db", "pulumi", "shop", "prod", "db", replicas=(OTHER, "eu-central-1"))
        self.make("shop/prod/mail", "pulumi", "shop", "prod", "mail", region=OTHER)
        self.make("old/ftp", region=OTHER)
        days(days=20)
        self.delete("shop/prod/api-token")
        days(days=16)
        self.aws.by_hand("GetSecretValue", region=OTHER, SecretId="shop/prod/mail")
        self.delete("shop/prod/db")
        days(days=2)
        self.delete("shop/prod/mail", OTHER)
        days(days=1)
        self.delete("old/ftp", OTHER)
        days(days=1)


DAYS = 40
"""How many of them `Scene.set_up` lets go by."""


def texts() -> Iterator[tuple[str, str]]:
    """Yield the name of each picture, and what was written on the terminal."""
    today = dt.datetime.now(dt.UTC)
    aws = Aws(clock=Clock(today.replace(microsecond=0) - dt.timedelta(days=DAYS)))

    def moved(found: re.Match[str]) -> str:
        return str(dt.date.fromisoformat(found[0]) + (TODAY - today.date()))

    with aws.serve() as url:
        scene = Scene(aws, url)
        scene.set_up()
        for name, arguments in PICTURES.items():
            written = _SUFFIX.sub(r"\1a1B2c3", scene.run(*arguments))
            yield name, _DATE.sub(moved, written)


def svg(name: str, arguments: tuple[str, ...], text: str) -> str:
    """Return a picture of a run.

    Args:
        name: Name of the picture.
        arguments: What was run.
        text: What was written on the terminal, with its control sequences.
    """
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        console = Console(record=True, width=WIDTH, file=nowhere, force_terminal=True)
        console.print(Text(f"$ recoverable-secrets {' '.join(arguments)}", "bold"))
        console.print(Text.from_ansi(text.rstrip("\n")))
    local = _ELSEWHERE.sub("", CONSOLE_SVG_FORMAT).replace("Fira Code, ", f"{_FONTS}, ")
    drawn = console.export_svg(
        title="recoverable-secrets", code_format=local, unique_id=name, font_aspect_ratio=_ASPECT
    )
    return "\n".join(line.rstrip() for line in drawn.splitlines()) + "\n"


def pictures() -> dict[Path, str]:
    """Return all pictures, by their paths."""
    return {FOLDER / f"{name}.svg": svg(name, PICTURES[name], text) for name, text in texts()}


def main() -> None:
    """Write the pictures."""
    for path, drawn in pictures().items():
        path.write_text(drawn, encoding="utf-8")
        print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
