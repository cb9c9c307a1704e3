"""Make the environment that ministack needs, once, and print the path of its Python.

ministack plays CloudFormation and really runs Lambda functions, in its own interpreter. It pins
another botocore than the tests do, hence an environment of its own: in the cache (see
pulumi_cli.py), under `ministack`, named by the version of the running Python and a digest of all
that goes into it.

Progress goes to stderr, the path alone to stdout. Exit code 1 means that it cannot be made; why is
said.
"""

from __future__ import annotations

import hashlib
import platform
import sys
from pathlib import Path

from tools import environments, pulumi_cli

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
    return environments.Environment(
        folder=folder(),
        base=Path(sys.executable),
        install=["--no-deps", *PINS],
        probe="import boto3, ministack.app",
        title="ministack's environment",
    ).made()


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
