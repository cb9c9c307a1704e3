"""The other Pythons of this machine, each with what the Pulumi surface needs.

    python -m e2e.pythons        # with tests/ and the repository on PYTHONPATH

makes their environments before the tests and says what it found. One environment per version lies
in the cache (see tools/pulumi_cli.py), under `venvs`, named by the version and a hash of all that
goes into it; the package itself stays outside, so that it is always the checkout's that runs.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tools import environments, pulumi_cli

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "provider"
OLDEST = (3, 11)

PROBE = (
    "import ensurepip, json, sys, venv; "
    "print(json.dumps([*sys.version_info[:4], sys.implementation.name]))"
)


class Python(NamedTuple):
    """An interpreter that works.

    Attributes:
        path: Where it is.
        version: Such as 3.13.0.
    """

    path: Path
    version: str

    @property
    def minor(self) -> tuple[int, int]:
        """The part of its version by which code and pickles differ."""
        major, minor, _ = self.version.split(".")
        return int(major), int(minor)


@functools.cache
def others() -> tuple[Python, ...]:
    """Return one working Python for each other version from 3.11 on, oldest first.

    Whether one works is tried: a shim of a version manager can be there without what it is for.
    Releases only: for others there are no packages to install.
    """
    found: dict[tuple[int, int], Python] = {}
    for path in candidates():
        if (3, int(path.name.removeprefix("python3."))) in {sys.version_info[:2], *found}:
            continue
        with contextlib.suppress(pulumi_cli.Attempt, ValueError):
            ran = pulumi_cli.run([str(path), "-c", PROBE], seconds=environments.ANSWER_SECONDS)
            major, minor, micro, level, kind = json.loads(ran.stdout)
            python = Python(path, f"{major}.{minor}.{micro}")
            if (level, kind) == ("final", "cpython") and python.minor >= OLDEST:
                found.setdefault(python.minor, python)
    return tuple(found[minor] for minor in sorted(found))


def candidates() -> Iterator[Path]:
    """Yield what is called python3.N: beside this one, on PATH, and of pyenv."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    folders = [
        Path(sys.base_prefix) / "bin",
        *map(Path, os.environ.get("PATH", "").split(os.pathsep)),
        *sorted(pyenv.glob("versions/*/bin"), reverse=True),
    ]
    seen: set[Path] = set()
    for folder in folders:
        for path in sorted(folder.glob("python3.[0-9]*")):
            named = re.fullmatch(r"python3\.([0-9]+)", path.name)
            if named and int(named[1]) >= OLDEST[1] and path.resolve() not in seen:
                seen.add(path.resolve())
                yield path


def requirements() -> list[str]:
    """Return what pyproject.toml says that the `pulumi` extra needs, with the package's own."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [*project["dependencies"], *project["optional-dependencies"]["pulumi"]]


def environment(python: Python) -> Path:
    """Return the executable of a Python that has all requirements; makes it the first time.

    Raises:
        pulumi_cli.Attempt: It cannot be made, or not in time; the text says why.
    """
    constraints = ROOT / "constraints.txt"
    pinned = constraints.read_bytes() if constraints.exists() else b""
    inside = hashlib.sha256(repr((requirements(), pinned, str(python.path))).encode()).hexdigest()
    return environments.Environment(
        folder=pulumi_cli.cache_folder().parent / "venvs" / f"{python.version}-{inside[:12]}",
        base=python.path,
        install=[*(["-c", str(constraints)] if pinned else []), *requirements()],
        probe="import boto3, dill, grpc, pulumi.dynamic.dynamic, pydantic",
        title=f"Python {python.version}",
    ).made()


def main() -> int:
    """Make all environments; exit code 1 if one cannot be made."""
    failed = False
    for python in others():
        try:
            pulumi_cli.say(f"Python {python.version}: {environment(python)}")
        except pulumi_cli.Attempt as error:
            failed = True
            pulumi_cli.say(str(error))
    if not others():
        pulumi_cli.say("no other Python from 3.11 on is installed")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
