"""Find the Pulumi CLI, or get one, and print the folder it lives in.

The printed folder ROOT holds ``ROOT/bin/pulumi`` and ``ROOT/bin/pulumi-resource-pulumi-python``:
what ``pulumi.automation.PulumiCommand(root=ROOT)`` and PATH need to run programs with dynamic
providers. Ways, in this order:

1. ``pulumi`` on PATH, when it is new enough;
2. the cache: ``$RECOVERABLE_SECRETS_CACHE``, else ``$XDG_CACHE_HOME/recoverable-secrets``, else
   ``~/.cache/recoverable-secrets``;
3. the official installer, into that cache;
4. a build from source with Go, into that cache (about 6 minutes on 2 cores, once).

POSIX only: the helper is a sh script. Every step is bounded in time. Progress goes to stderr, ROOT
alone to stdout. Exit code 1 means that none of the ways worked; what was tried is said.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence


MINIMUM = "3.230.0"
"""Oldest CLI that is taken from PATH or from the cache."""

VERSIONS = ("3.259.0", "3.258.0", "3.257.0", "3.255.0", "3.250.0")
"""What to install or build, newest first: module proxies do not serve every one of them."""

INSTALLER = "https://get.pulumi.com"
MODULE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"
HELPER = "pulumi-resource-pulumi-python"
HELPER_SCRIPT = """#!/bin/sh
exec ${PULUMI_PYTHON_CMD:-python3} -u -m pulumi.dynamic "$@"
"""

ANSWER_SECONDS = 30.0
FIRST_BYTE_SECONDS = 10.0
DOWNLOAD_SECONDS = 300.0
BUILD_SECONDS = 2400.0
LOCK_SECONDS = 2700.0

Version = tuple[int, int, int]


class Attempt(Exception):
    """One way did not work; the text says why in one line."""


class NotFoundError(Exception):
    """None of the ways worked; the text has a line for each that was tried."""


class Ran(NamedTuple):
    """Outcome of a process: its exit code and both outputs."""

    code: int
    stdout: str
    stderr: str

    def last_line(self) -> str:
        """The line that most likely names the cause, at most 200 characters."""
        lines = [line.strip() for line in (self.stderr or self.stdout).splitlines() if line.strip()]
        return lines[-1][:200] if lines else f"exit code {self.code}"


def say(text: str) -> None:
    """Write one line of progress to stderr."""
    sys.stderr.write(f"pulumi_cli: {text}\n")
    sys.stderr.flush()


def parse(text: str) -> Version:
    """``v3.259.0`` or ``3.260.0-alpha.1`` as numbers; (0, 0, 0) when it is no version."""
    found = re.match(r"v?(\d+)\.(\d+)\.(\d+)", text.strip())
    return (int(found[1]), int(found[2]), int(found[3])) if found else (0, 0, 0)


def new_enough(text: str) -> bool:
    """Whether a version as printed by the CLI is at least MINIMUM."""
    return parse(text) >= parse(MINIMUM)


def cache_folder() -> Path:
    """Where installs of ours live; it need not exist yet."""
    own = os.environ.get("RECOVERABLE_SECRETS_CACHE")
    if own:
        return Path(own) / "pulumi"
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "recoverable-secrets" / "pulumi"


def run(
    command: Sequence[str],
    *,
    seconds: float,
    folder: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Ran:
    """Run a process to its end, or end it and all it started after ``seconds``.

    Raises:
        Attempt: it cannot be started, or ran out of time.
    """
    try:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=None if env is None else {**os.environ, **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )
    except OSError as error:
        raise Attempt(f"{command[0]} does not start: {error}") from error
    try:
        stdout, stderr = process.communicate(timeout=seconds)
    except BaseException as error:
        # Its own session: the group is what this process started, and nothing else.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        if isinstance(error, subprocess.TimeoutExpired):
            raise Attempt(f"{command[0]} {command[1]} took over {seconds:.0f} s") from error
        raise
    return Ran(process.returncode, stdout, stderr)


def complete(root: Path, names: Sequence[str] = ("pulumi", HELPER)) -> bool:
    """Whether ROOT has both executables, or those that are named."""
    return all(os.access(root / "bin" / name, os.X_OK) for name in names)


def ask_version(pulumi: Path) -> str:
    """What ``pulumi version`` prints, without the v.

    Raises:
        Attempt: it prints none, or one that is too old.
    """
    with tempfile.TemporaryDirectory() as home:
        env = {"PULUMI_SKIP_UPDATE_CHECK": "true", "PULUMI_HOME": home}
        ran = run([str(pulumi), "version"], seconds=ANSWER_SECONDS, env=env)
    version = ran.stdout.strip()
    if ran.code != 0 or parse(version) == (0, 0, 0):
        raise Attempt(f"{pulumi} version: {ran.last_line()}")
    if not new_enough(version):
        raise Attempt(f"{pulumi} is {version}, older than {MINIMUM}")
    return version.removeprefix("v")


def put_helper(folder: Path) -> None:
    """Write the helper beside ``pulumi``, unless the install has its own."""
    helper = folder / HELPER
    if os.access(helper, os.X_OK):
        return
    part = folder / f".{HELPER}.{os.getpid()}"
    part.write_text(HELPER_SCRIPT, encoding="utf-8")
    part.chmod(0o755)
    part.replace(helper)


def from_path(cache: Path) -> Path:
    """A CLI on PATH; asked for its version once, then known by its place, size and age.

    Raises:
        Attempt: there is none, or it is too old.
    """
    found = shutil.which("pulumi")
    if found is None:
        raise Attempt("not there")
    pulumi = Path(found).resolve()
    root, ours = pulumi.parent.parent, cache / "on-path"
    if pulumi.parent.name != "bin" or not complete(root):
        root = ours
    size, changed = pulumi.stat().st_size, pulumi.stat().st_mtime_ns
    mark = {"at": str(pulumi), "size": size, "changed": changed, "minimum": MINIMUM}
    known = cache / "on-path.json"
    if complete(root) and known.is_file() and json.loads(known.read_bytes()) == mark:
        return root
    ask_version(pulumi)
    (ours / "bin").mkdir(parents=True, exist_ok=True)
    if root == ours:  # A copy: of a link the engine warns that the helper is not beside the CLI.
        part = ours / "bin" / f".pulumi.{os.getpid()}"
        shutil.copy2(pulumi, part)
        part.replace(ours / "bin" / "pulumi")
        put_helper(ours / "bin")
    part = ours / f".known.{os.getpid()}"
    part.write_text(json.dumps(mark), encoding="utf-8")
    part.replace(known)
    return root


def from_cache(cache: Path) -> Path:
    """The newest install in the cache.

    Raises:
        Attempt: there is none.
    """
    roots = [root for root in cache.glob("*.*.*") if new_enough(root.name) and complete(root)]
    if not roots:
        raise Attempt("empty")
    return max(roots, key=lambda root: parse(root.name))


def fetch_installer() -> bytes:
    """The official install script.

    In a thread of its own, because looking up a name has no time limit of its own.

    Raises:
        Attempt: it cannot be had in time.
    """
    got: list[bytes | Exception] = []

    def fetch() -> None:
        try:
            with urllib.request.urlopen(INSTALLER, timeout=FIRST_BYTE_SECONDS) as answer:
                got.append(answer.read())
        except Exception as error:  # noqa: BLE001 - whatever it is, it is handed on below
            got.append(error)

    thread = threading.Thread(target=fetch, daemon=True)
    thread.start()
    thread.join(FIRST_BYTE_SECONDS * 1.5)
    if not got:
        raise Attempt(f"{INSTALLER}: no answer in {FIRST_BYTE_SECONDS * 1.5:.0f} s")
    if isinstance(got[0], Exception):
        raise Attempt(f"{INSTALLER}: {got[0]}") from got[0]
    if not got[0].startswith(b"#!"):
        raise Attempt(f"{INSTALLER}: the answer is no script")
    return got[0]


def install(cache: Path) -> Path:
    """Run the official installer.

    Raises:
        Attempt: it is out of reach, or fails.
    """
    script = fetch_installer()
    version = VERSIONS[0]
    say(f"installing Pulumi {version} with the official installer")
    with tempfile.TemporaryDirectory(dir=cache, prefix="install-") as folder:
        file = Path(folder) / "install.sh"
        file.write_bytes(script)
        root = Path(folder) / "root"
        arguments = ["--no-edit-path", "--install-root", str(root), "--version", version]
        ran = run(["sh", str(file), *arguments], seconds=DOWNLOAD_SECONDS, env={"HOME": folder})
        if ran.code != 0 or not complete(root, ["pulumi"]):
            raise Attempt(f"the installer failed: {ran.last_line()}")
        return put_in_place(root, cache)


def build(cache: Path) -> Path:
    """Build the CLI from its Go module, the newest version that is served.

    Raises:
        Attempt: there is no Go, or no version can be had or built.
    """
    go = shutil.which("go")
    if go is None:
        raise Attempt("there is no go on PATH")
    say("building Pulumi with Go: about 6 minutes on 2 cores, once")
    failures = []
    for version in VERSIONS:
        with tempfile.TemporaryDirectory(dir=cache, prefix="build-") as folder:
            try:
                return put_in_place(compile_version(go, version, Path(folder)), cache)
            except Attempt as error:
                say(f"v{version}: {error}")
                failures.append(f"v{version}: {error}")
    raise Attempt("; ".join(failures))


def compile_version(go: str, version: str, folder: Path) -> Path:
    """Compile one version in an empty module.

    A module of its own, because ``go install`` refuses a module with replace directives.

    Raises:
        Attempt: this version is not served or does not build.
    """
    env = {"GOWORK": "off"}
    (folder / "go.mod").write_text("module build\n", encoding="utf-8")
    tool = f"{MODULE}@v{version}"
    ran = run([go, "get", "-tool", tool], seconds=DOWNLOAD_SECONDS, folder=folder, env=env)
    if ran.code != 0:
        raise Attempt(f"not served: {ran.last_line()}")
    flags = ["-trimpath", "-tags", "osusergo,grpcnotrace"]
    link = ["-ldflags", f"-w -s -X {VERSION_VARIABLE}=v{version}"]
    target = folder / "root" / "bin" / "pulumi"
    command = [go, "build", *flags, *link, "-o", str(target), MODULE]
    ran = run(command, seconds=BUILD_SECONDS, folder=folder, env=env)
    if ran.code != 0:
        raise Attempt(f"does not build: {ran.last_line()}")
    return folder / "root"


def put_in_place(root: Path, cache: Path) -> Path:
    """Move a new install into the cache, whole or not at all.

    Raises:
        Attempt: the new CLI does not answer.
    """
    put_helper(root / "bin")
    place = cache / ask_version(root / "bin" / "pulumi")
    if place.exists():  # Left half-empty by hand: a complete one would have been found before.
        shutil.rmtree(place)
    root.rename(place)
    return place


@contextlib.contextmanager
def locked(path: Path, seconds: float, what: str) -> Iterator[None]:
    """Hold a lock, of which the system lets go when its holder dies.

    Raises:
        Attempt: another process holds it for too long.
    """
    deadline = time.monotonic() + seconds
    with path.open("w", encoding="utf-8") as file:
        waiting = False
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError as error:
                if time.monotonic() > deadline:
                    raise Attempt(f"another process kept {path} locked") from error
            if not waiting:
                say(f"another process is getting {what}: waiting for it")
                waiting = True
            time.sleep(0.5)
        yield


def locate() -> Path:
    """ROOT, by the first of the four ways that works.

    Raises:
        NotFoundError: none did.
    """
    cache = cache_folder()
    tried: list[str] = []

    def attempt(name: str, way: Callable[[Path], Path]) -> Path | None:
        try:
            return way(cache)
        except (Attempt, OSError) as error:
            tried.append(f"{name}: {error}")
            return None

    def get() -> Path | None:
        cache.mkdir(parents=True, exist_ok=True)
        with locked(cache / "lock", LOCK_SECONDS, "Pulumi"):
            with contextlib.suppress(Attempt):
                return from_cache(cache)  # Another process may have put it there meanwhile.
            return attempt("official installer", install) or attempt("build with Go", build)

    root = attempt("on PATH", from_path) or attempt("cache", from_cache)
    try:
        root = root or get()
    except (Attempt, OSError) as error:
        tried.append(f"the cache folder: {error}")
    if root is None:
        raise NotFoundError("\n  ".join(["no Pulumi CLI; tried:", *tried]))
    return root


def main() -> int:
    """Print ROOT; exit code 0, or 1 when there is none."""
    try:
        sys.stdout.write(f"{locate()}\n")
    except NotFoundError as error:
        say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
