"""Make the environment that ministack needs, once, and print the path of its Python.

ministack plays CloudFormation and really runs Lambda functions, in its own interpreter. It pins
another botocore than the tests do, hence an environment of its own: in the cache (see
pulumi_cli.py), under `ministack`, named by the version of the running Python and a digest of all
that goes into it.

Two processes may ask at once: one makes it, the other waits. Every step is bounded in time.
Progress goes to stderr, the path alone to stdout. Exit code 1 means that it cannot be made; why is
said.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import platform
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tools import pulumi_cli

PINS = (
    "Hypercorn==0.18.0",
    "PyYAML==6.0.3",
    "boto3==1.43.106",  # What its botocore allows; ministack itself comes without.
    "botocore==1.43.106",
    "defusedxml==0.7.1",
    "graphql-core==3.2.12",
    "h11==0.16.0",
    "h2==4.4.1",
    "hpack==4.2.0",
    "hyperframe==6.1.0",
    "jmespath==1.1.0",
    "jsonata-python==0.7.1",
    "ministack==1.5.33",
    "priority==2.0.0",
    "python-dateutil==2.9.0.post0",
    "s3transfer==0.19.3",
    "six==1.17.0",
    "urllib3==2.8.0",
    "wsproto==1.3.2",
)
"""All that is installed: names and versions only, pip finds them where it is set up to look."""

READY = "import boto3, ministack.app"

ANSWER_SECONDS = 30.0
BUILD_SECONDS = 300.0
LOCK_SECONDS = 2 * BUILD_SECONDS


def folder() -> Path:
    """Where the environment belongs; it need not exist yet."""
    inside = hashlib.sha256(repr((PINS, sys.base_prefix)).encode()).hexdigest()
    name = f"{platform.python_version()}-{inside[:12]}"
    return pulumi_cli.cache_folder().parent / "ministack" / name


def locate() -> Path:
    """The environment's Python; makes the environment the first time.

    Raises:
        pulumi_cli.Attempt: It cannot be made, or not in time; the text says why.
    """
    place = folder()
    python = place / "bin" / "python"
    if ready(place):
        return python
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with locked(place.parent / f"{place.name}.lock"):
            if not ready(place):  # Another process may have made it meanwhile.
                make(place)
    except OSError as error:
        raise pulumi_cli.Attempt(f"the cache folder: {error}") from error
    return python


def ready(place: Path) -> bool:
    """Whether an environment is there, whole, and still works."""
    if not (place / "whole").exists():
        return False
    with contextlib.suppress(pulumi_cli.Attempt):
        command = [str(place / "bin" / "python"), "-c", READY]
        return pulumi_cli.run(command, seconds=ANSWER_SECONDS).code == 0
    return False


def make(place: Path) -> None:
    """Make the environment and mark it as whole.

    Wheels only: building one from source takes longer than a test may.
    """
    sys.stderr.write("ministack: setting up its environment, half a minute, once\n")
    shutil.rmtree(place, ignore_errors=True)
    pip = [str(place / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install"]
    for command in (
        [sys.executable, "-m", "venv", str(place)],
        [*pip, "--quiet", "--no-deps", "--only-binary", ":all:", *PINS],
    ):
        ran = pulumi_cli.run(command, seconds=BUILD_SECONDS)
        if ran.code != 0:
            raise pulumi_cli.Attempt(f"{command[2]} {command[-1]}: {ran.last_line()}")
    (place / "whole").touch()


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock, of which the system lets go when its holder dies.

    Raises:
        pulumi_cli.Attempt: Another process holds it for too long.
    """
    deadline = time.monotonic() + LOCK_SECONDS
    with path.open("w", encoding="utf-8") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError as error:
                if time.monotonic() > deadline:
                    raise pulumi_cli.Attempt(f"another process kept {path.name}") from error
            time.sleep(0.5)
        yield


def main() -> int:
    """Print the path; exit code 0, or 1 when there is none."""
    try:
        sys.stdout.write(f"{locate()}\n")
    except pulumi_cli.Attempt as error:
        sys.stderr.write(f"ministack: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
