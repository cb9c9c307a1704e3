"""Fail unless branch coverage is 100 % for core and engine and 95 % for every other module.

Quiet when all is well, so that the tests' own summary stays the last line.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

PACKAGE = "provider/recoverable_secrets/"
MEASURED = re.compile(rf"(?:{PACKAGE}|lambda_handler/).*")
WHOLE = (f"{PACKAGE}core/", f"{PACKAGE}engine.py")


def shortfalls(report: dict[str, dict[str, dict[str, dict[str, float]]]]) -> list[str]:
    """Return a line for each module that is covered less than it has to be."""
    found = []
    for name, file in sorted(report["files"].items()):
        measured = MEASURED.search(name)
        if measured is None:
            continue
        inner = measured.group()
        wanted = 100.0 if inner.startswith(WHOLE) else 95.0
        got = file["summary"]["percent_covered"]
        if got < wanted:
            found.append(f"{inner}: {got:.1f} % covered, {wanted:.0f} % wanted")
    return found


def main() -> int:
    """Combine what the processes measured, and judge it."""
    run = [sys.executable, "-m", "coverage"]
    subprocess.run([*run, "combine", "-q", "--keep"], check=False, capture_output=True)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "coverage.json"
        subprocess.run([*run, "json", "-q", "-o", str(path)], check=True)
        report = json.loads(path.read_text())
    missing = shortfalls(report)
    for line in missing:
        sys.stderr.write(f"{line}\n")
    if not any(MEASURED.search(name) for name in report["files"]):
        sys.stderr.write("nothing of the package was measured\n")
        return 1
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
