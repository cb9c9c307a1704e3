"""Finding the CLI, with small scripts in place of Pulumi, Go and the network."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from tools import pulumi_cli

TOOL = Path(pulumi_cli.__file__)


class Box:
    """A machine with nothing on its PATH, and an empty cache."""

    def __init__(self, folder: Path) -> None:
        self.path, self.cache, self.asked = folder / "bin", folder / "cache", folder / "asked"
        self.path.mkdir()

    def put(self, name: str, script: str, folder: Path | None = None) -> Path:
        """Put a program somewhere; on PATH, unless said otherwise."""
        file = (folder or self.path) / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        file.chmod(0o755)
        return file

    def pulumi(self, version: str) -> str:
        """A script that answers with a version, and notes that it was asked."""
        return f'echo asked >> "{self.asked}"\necho {version}'

    def start(self) -> subprocess.Popen[str]:
        """Start the tool."""
        code = f"""if True:
            import sys
            sys.path.insert(0, {str(TOOL.parent.parent)!r})
            from tools import pulumi_cli as tool
            tool.INSTALLER = "http://127.0.0.1:1"
            tool.VERSIONS = ("3.302.0", "3.301.0")
            sys.exit(tool.main())
        """
        env = {"PATH": f"{self.path}:/usr/bin:/bin", "RECOVERABLE_SECRETS_CACHE": str(self.cache)}
        pipe = subprocess.PIPE
        command = [sys.executable, "-c", code]
        return subprocess.Popen(command, env=env, stdout=pipe, stderr=pipe, text=True)

    def run(self) -> tuple[int, str, str]:
        """Run the tool: exit code, stdout, stderr."""
        process = self.start()
        stdout, stderr = process.communicate(timeout=60)
        return process.returncode, stdout.strip(), stderr


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def test_one_on_path_is_taken_and_asked_once(box: Box) -> None:
    box.put("pulumi", box.pulumi("v3.300.0"))
    code, root, _ = box.run()
    assert (code, root) == (0, str(box.cache / "pulumi" / "on-path"))
    assert pulumi_cli.complete(Path(root)), "with a helper put beside it"
    start = time.monotonic()
    assert box.run()[:2] == (0, root)
    assert time.monotonic() - start < 2, "0.1 s on a machine at rest"
    assert box.asked.read_text(encoding="utf-8").count("asked") == 1
    box.put("pulumi", box.pulumi("v3.100.0") + "\n# another file now")
    assert box.run()[0] == 1, "an update or downgrade is noticed"


def test_a_whole_install_on_path_is_used_where_it_is(box: Box) -> None:
    box.put("pulumi", box.pulumi("v3.300.0"))
    box.put(pulumi_cli.HELPER, "exit 0")
    assert box.run()[:2] == (0, str(box.path.parent))


def test_the_newest_of_the_cache_is_used_unasked(box: Box) -> None:
    box.put("pulumi", box.pulumi("v3.100.0"))
    for version in ("3.250.0", "3.1000.0", "3.99.0"):
        for name in ("pulumi", pulumi_cli.HELPER):
            box.put(name, "exit 1", box.cache / "pulumi" / version / "bin")
    assert box.run()[:2] == (0, str(box.cache / "pulumi" / "3.1000.0"))


GO = """
case "$1 $3" in
  "get "*@v3.302.0) echo "first line" >&2; echo "403 Forbidden" >&2; exit 1;;
  "build "*) for last in "$@"; do [ "$before" = -o ] && out="$last"; before="$last"; done
    mkdir -p "$(dirname "$out")"; printf '#!/bin/sh\\necho v3.301.0\\n' > "$out"; chmod +x "$out";;
esac
"""


def test_go_builds_the_newest_version_that_is_served(box: Box) -> None:
    box.put("go", GO)
    code, root, said = box.run()
    assert (code, root) == (0, str(box.cache / "pulumi" / "3.301.0"))
    assert "v3.302.0: not served: 403 Forbidden" in said
    assert "about 6 minutes" in said
    assert sorted(path.name for path in (box.cache / "pulumi").iterdir()) == ["3.301.0", "lock"]
    assert box.run() == (0, root, ""), "quiet from now on"


def test_two_builders_build_once(box: Box) -> None:
    box.put("go", GO.replace("mkdir", f'echo built >> "{box.asked}"; sleep 1; mkdir'))
    both = [box.start(), box.start()]
    roots = {process.communicate(timeout=60)[0] for process in both}
    assert [process.returncode for process in both] == [0, 0]
    assert len(roots) == 1
    assert box.asked.read_text(encoding="utf-8").count("built") == 1


def test_what_was_tried_is_said_when_nothing_works(box: Box) -> None:
    box.put("pulumi", box.pulumi("v3.100.0"))
    box.put("go", "echo 'no route to any proxy' >&2; exit 1")
    code, root, said = box.run()
    assert (code, root) == (1, "")
    assert "is v3.100.0, older than" in said
    assert "official installer: http://127.0.0.1:1: " in said
    assert "v3.301.0: not served: no route to any proxy" in said
    assert [p.name for p in (box.cache / "pulumi").iterdir()] == ["lock"], (
        "nothing half-made is left"
    )
