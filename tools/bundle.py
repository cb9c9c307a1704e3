"""Build the zip files that Lambda runs, one for each architecture: the same bytes each time.

    python -m tools.bundle [FOLDER]        # dist/ by default

In a zip are the packages of `lambda_handler/requirements.txt`, `recoverable_secrets`,
`lambda_handler` and the licences; boto3 comes with the Lambda runtime. Names are sorted, times,
modes and compression fixed, so the same sources and pins give the same bytes (with the same zlib).

Lambda cannot keep what it compiles, so each cold start would compile all modules again. Where a
Python of the runtime's version is found, what it compiles is in the zip too; a runtime that
differs ignores it.

pip finds the packages where it is set up to look. They are kept in the cache (see pulumi_cli.py)
under `bundle`, named by a hash of the pins.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import re
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tools import pulumi_cli

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
from e2e import pythons  # noqa: E402  # found only now

REQUIREMENTS = ROOT / "lambda_handler" / "requirements.txt"
RUNTIME = (3, 13)
"""Version of the Lambda runtime, as `lambda_handler/template.yaml` names it."""

MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}
"""Lambda's name of each architecture, and the one of wheels and of Linux."""

NEWEST_GLIBC = 34
"""Minor version of the C library of Amazon Linux 2023, on which the runtime stands."""

PIP_SECONDS = 300.0
COMPILE_SECONDS = 120.0
EPOCH = (1980, 1, 1, 0, 0, 0)
MODE = 0o100644

_METADATA = re.compile(
    r"METADATA|NOTICE.*|LICEN[CS]E.*|COPYING.*|AUTHORS.*|licenses", re.IGNORECASE
)
_UNUSED = re.compile(r"__pycache__|tests?|test_.*\.py|py\.typed|.*\.py[ci]|bin")


class BundleError(Exception):
    """A bundle cannot be built; the text says why."""


class Built(NamedTuple):
    """A zip file.

    Attributes:
        path: Where it is.
        size: Its bytes.
        unpacked: Bytes of all that is in it.
        digest: Its SHA-256, in hexadecimal.
    """

    path: Path
    size: int
    unpacked: int
    digest: str


def pins() -> dict[str, str]:
    """Return the version of each bundled distribution, by its name as registries compare it."""
    lines = REQUIREMENTS.read_text(encoding="utf-8").splitlines()
    pairs = (line.split("==") for line in lines if line and not line.startswith("#"))
    return {_normal(name): version for name, version in pairs}


def content(packages: Path) -> dict[str, bytes]:
    """Return what belongs into a bundle: bytes by path, sorted.

    Args:
        packages: Folder that pip has installed the requirements into.
    """
    found = {name: path for name, path in _files(packages) if _needed(name)}
    for package in (ROOT / "provider" / "recoverable_secrets", ROOT / "lambda_handler"):
        inner = ((f"{package.name}/{name}", path) for name, path in _files(package))
        found |= {name: path for name, path in inner if _needed(name)}
    for beside in ("requirements.txt", "template.yaml"):  # For those who build and install.
        found.pop(f"lambda_handler/{beside}", None)
    found["LICENSE"] = ROOT / "LICENSE"
    return {name: found[name].read_bytes() for name in sorted(found)}


def packages_for_lambda(architecture: str) -> Path:
    """Return a folder with the requirements for the Lambda runtime, from the cache if it is there.

    Raises:
        BundleError: pip cannot get them.
    """
    machine = MACHINES[architecture]
    tags = [f"manylinux_2_{minor}_{machine}" for minor in range(NEWEST_GLIBC, 16, -1)]
    platforms = [f"--platform={tag}" for tag in [*tags, f"manylinux2014_{machine}"]]
    version = ".".join(map(str, RUNTIME))
    return _installed(
        f"lambda-{architecture}",
        [sys.executable, "-m", "pip"],
        [*platforms, f"--python-version={version}", "--implementation=cp"],
    )


def packages_for(python: Path | str = sys.executable) -> Path:
    """Return a folder with the requirements for an interpreter of this machine, likewise.

    Raises:
        BundleError: pip cannot get them.
    """
    pip = [sys.executable, "-m", "pip", "--python", str(python)]
    return _installed(f"python-{_tag(str(python))}", pip, [])


def unpack(folder: Path, python: Path | str = sys.executable) -> Path:
    """Write a bundle for an interpreter of this machine into a folder, and return the folder."""
    return write(folder, content(packages_for(python)))


def build(architecture: str, folder: Path, compiler: Path | None = None) -> Built:
    """Write the bundle for Lambda.

    Args:
        architecture: `arm64` or `x86_64`.
        folder: Where to write it, as `lambda-<architecture>.zip`.
        compiler: A Python of the runtime's version, whose compiled modules are added.

    Raises:
        BundleError: pip cannot get the packages, or they do not compile.
    """
    files = content(packages_for_lambda(architecture))
    if compiler:
        files |= compiled(files, compiler)
    return pack(folder / f"lambda-{architecture}.zip", files)


def pack(target: Path, files: Mapping[str, bytes]) -> Built:
    """Write a zip file in which nothing but names and content tells it from another."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.create_system = 3  # Unix: else the modes are not looked at.
            entry.external_attr = MODE << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[name], compresslevel=9)
    packed = target.read_bytes()
    whole = sum(map(len, files.values()))
    return Built(target, len(packed), whole, hashlib.sha256(packed).hexdigest())


def compiled(files: Mapping[str, bytes], compiler: Path) -> dict[str, bytes]:
    """Return the modules as an interpreter compiles them, by the paths where it looks for them.

    They are taken unchecked: a zip holds no times that could be compared with.

    Raises:
        BundleError: A module does not compile.
    """
    modules = tuple((name, data) for name, data in files.items() if name.endswith(".py"))
    return dict(_compiled(modules, compiler))


@functools.lru_cache(maxsize=4)
def _compiled(modules: tuple[tuple[str, bytes], ...], compiler: Path) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as name:
        folder = write(Path(name), dict(modules))
        options = ["-q", "-s", str(folder), "--invalidation-mode", "unchecked-hash"]
        _run(
            [str(compiler), "-I", "-m", "compileall", *options, str(folder)],
            seconds=COMPILE_SECONDS,
            env={"PYTHONHASHSEED": "0"},
        )
        return {name: path.read_bytes() for name, path in _files(folder) if path.suffix == ".pyc"}


def compiler() -> Path | None:
    """Return a Python of the runtime's version, if there is one on this machine."""
    if sys.version_info[:2] == RUNTIME:
        return Path(sys.executable)
    return next((each.path for each in pythons.others() if each.minor == RUNTIME), None)


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield each file's path inside the folder, with slashes, and where it is."""
    for path in folder.rglob("*"):
        if path.is_file():
            yield path.relative_to(folder).as_posix(), path


def _needed(name: str) -> bool:
    """Whether a file is of use at run time, or has to go with it: licences, names, versions."""
    first, *rest = name.split("/")
    if first.endswith(".dist-info"):
        return _METADATA.fullmatch(rest[0]) is not None
    return not any(_UNUSED.fullmatch(part) for part in [first, *rest])


def write(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Write files into a folder, by their paths inside, and return the folder."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def _installed(label: str, pip: Sequence[str], options: Sequence[str]) -> Path:
    """Return a folder that pip has installed the requirements into."""
    asked = repr((REQUIREMENTS.read_bytes(), options)).encode()
    name = f"{label}-{hashlib.sha256(asked).hexdigest()[:12]}"
    folder = pulumi_cli.cache_folder().parent / "bundle" / name
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as beside:
            made = Path(beside) / "made"
            _install(made, pip, options)
            with contextlib.suppress(OSError):  # Another process was first: its own is as good.
                made.rename(folder)
    return folder


def _install(folder: Path, pip: Sequence[str], options: Sequence[str]) -> None:
    """Let pip install the requirements, and see that they are what was asked for and no more."""
    quiet = ["--quiet", "--disable-pip-version-check", "--no-compile", "--only-binary=:all:"]
    command = [*pip, "install", *quiet, *options, f"--target={folder}", "-r", str(REQUIREMENTS)]
    _run(command, seconds=PIP_SECONDS)
    infos = (path.name.removesuffix(".dist-info") for path in folder.glob("*.dist-info"))
    got = {_normal(name): version for name, version in (info.split("-", 1) for info in infos)}
    if got != pins():
        odd = sorted(set(got.items()) ^ set(pins().items()))
        raise BundleError(f"{REQUIREMENTS.name} does not name all that is needed: {odd}")


def _run(
    command: Sequence[str], *, seconds: float, env: Mapping[str, str] | None = None
) -> pulumi_cli.Ran:
    try:
        ran = pulumi_cli.run(command, seconds=seconds, env=env)
    except pulumi_cli.Attempt as error:
        raise BundleError(str(error)) from error
    if ran.code != 0:
        raise BundleError(f"{' '.join(command[:4])} ... failed: {ran.last_line()}")
    return ran


@functools.cache
def _tag(python: str) -> str:
    """Return what compiled packages depend on, such as `cpython-313-linux-x86_64`."""
    code = "import sys, sysconfig as s; print(sys.implementation.cache_tag, s.get_platform())"
    return "-".join(_run([python, "-I", "-c", code], seconds=30).stdout.split())


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def main(arguments: Sequence[str]) -> int:
    """Build all bundles and print what they are; exit code 1 if one cannot be built."""
    folder = Path(arguments[0]) if arguments else ROOT / "dist"
    python = compiler()
    try:
        built = [build(architecture, folder, python) for architecture in MACHINES]
    except BundleError as error:
        print(f"Not built: {error}", file=sys.stderr)
        return 1
    for one in built:
        print(f"{one.path.name}  {one.size:,} bytes, {one.unpacked:,} unpacked")
        print(f"  sha256 {one.digest}")
    version = ".".join(map(str, RUNTIME))
    if python is None:
        print(f"No Python {version} here: modules are not compiled, each cold start compiles them.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
