"""The zip files for Lambda: the same bytes each time, all that is needed in them, and no more."""

from __future__ import annotations

import compileall
import hashlib
import os
import platform
import re
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tools import bundle

from bundle import elf
from e2e import pythons

ROOT = Path(__file__).parents[2]
HERE = {bundle.MACHINES[name]: name for name in bundle.MACHINES}.get(platform.machine())
"""Lambda's name of this machine's architecture, if it has one."""
MOST_PACKED, MOST_UNPACKED = 5_000_000, 14_000_000
PURE = ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six.py", "urllib3")
"""What the Lambda runtime has, as far as it is needed: written in Python, so good for any."""

Zips = dict[str, zipfile.ZipFile]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build all bundles as `make lambda` does."""
    target = tmp_path_factory.mktemp("dist")
    assert bundle.main([str(target)]) == 0
    return target


@pytest.fixture(scope="module")
def zips(folder: Path) -> Iterator[Zips]:
    """Return the open zip files by architecture."""
    opened = {name: zipfile.ZipFile(folder / f"lambda-{name}.zip") for name in bundle.MACHINES}
    yield opened
    for one in opened.values():
        one.close()


def test_the_same_bytes_again(folder: Path, tmp_path: Path) -> None:
    """From another folder, with another umask and hash seed, packages got anew."""
    env = {**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": str(ROOT)}
    env["RECOVERABLE_SECRETS_CACHE"] = str(tmp_path / "cache")
    again = tmp_path / "again"
    ran = subprocess.run(
        [sys.executable, "-m", "tools.bundle", str(again)],
        cwd=tmp_path,
        env=env,
        umask=0o077,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    for name in bundle.MACHINES:
        first, second = (one / f"lambda-{name}.zip" for one in (folder, again))
        assert first.read_bytes() == second.read_bytes(), name
        assert hashlib.sha256(second.read_bytes()).hexdigest() in ran.stdout


def test_sizes_are_told_and_bounded(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Far below Lambda's own limits of 50 MB and 250 MB; what grows is looked at here first."""
    assert bundle.main([str(folder)]) == 0
    told = capsys.readouterr().out
    for name in bundle.MACHINES:
        packed = folder / f"lambda-{name}.zip"
        with zipfile.ZipFile(packed) as archive:
            unpacked = sum(one.file_size for one in archive.infolist())
        assert packed.stat().st_size < MOST_PACKED
        assert unpacked < MOST_UNPACKED
        line = f"{packed.name}  {packed.stat().st_size:,} bytes, {unpacked:,} unpacked"
        assert line in told.splitlines()


def sources() -> set[str]:
    """Return the modules of ours that belong in."""
    inner = ROOT / "provider", ROOT / "lambda_handler"
    found = [*inner[0].joinpath("recoverable_secrets").rglob("*.py"), *inner[1].rglob("*.py")]
    return {one.relative_to(ROOT).as_posix().removeprefix("provider/") for one in found}


@pytest.mark.parametrize("name", bundle.MACHINES)
def test_content(zips: Zips, name: str) -> None:
    names = zips[name].namelist()
    assert names == sorted(set(names)), "sorted, each once"
    assert sources() | {"LICENSE"} <= set(names)
    tops = {one.split("/")[0] for one in names}
    infos = {one for one in tops if one.endswith(".dist-info")}
    assert tops - infos == {
        "LICENSE",
        "__pycache__",
        "annotated_types",
        "crhelper",
        "lambda_handler",
        "pydantic",
        "pydantic_core",
        "recoverable_secrets",
        "typing_extensions.py",
        "typing_inspection",
    } - (set() if bundle.compiler() else {"__pycache__"})
    assert len(infos) == len(bundle.pins())


@pytest.mark.parametrize("name", bundle.MACHINES)
def test_nothing_useless(zips: Zips, name: str) -> None:
    odd = re.compile(
        r"boto3|botocore|(^|/)tests?/|(^|/)test_|\.pyi$|\.yaml$|\.txt$|(^|/)RECORD$|(^|/)bin/"
    )
    assert [one for one in zips[name].namelist() if odd.search(one)] == []


@pytest.mark.parametrize("name", bundle.MACHINES)
def test_names_versions_and_licences_are_kept(zips: Zips, name: str) -> None:
    """Scanners look for them, and the licences ask for it."""
    names = zips[name].namelist()
    infos = {one.split("/")[0] for one in names if ".dist-info/" in one}
    for info in infos:
        inner = [one.removeprefix(f"{info}/") for one in names if one.startswith(f"{info}/")]
        assert "METADATA" in inner
        assert any("LICEN" in one.upper() for one in inner), info
    (crhelper,) = [info for info in infos if info.startswith("crhelper")]
    assert f"{crhelper}/NOTICE" in names, "the Apache licence asks for it"


@pytest.mark.parametrize("name", bundle.MACHINES)
def test_nothing_of_this_machine(zips: Zips, name: str) -> None:
    """Neither times nor modes nor paths."""
    for entry in zips[name].infolist():
        assert entry.date_time == (1980, 1, 1, 0, 0, 0)
        assert (entry.create_system, entry.external_attr >> 16) == (3, 0o100644)
        assert str(ROOT).encode() not in zips[name].read(entry), entry.filename


@pytest.mark.parametrize(("name", "machine"), bundle.MACHINES.items())
def test_compiled_libraries_are_for_the_architecture(zips: Zips, name: str, machine: str) -> None:
    libraries = [one for one in zips[name].namelist() if one.endswith(".so")]
    assert libraries == [f"pydantic_core/_pydantic_core.cpython-313-{machine}-linux-gnu.so"]
    for one in libraries:
        content = zips[name].read(one)
        assert elf.machine(content) == machine
        versions = {int(found) for found in re.findall(rb"GLIBC_2\.(\d+)", content)}
        assert max(versions) <= bundle.NEWEST_GLIBC, "the runtime's C library is older"


def test_a_library_for_something_else_is_found() -> None:
    head = bytearray(b"\x7fELF\x02\x01\x01".ljust(16, b"\0") + b"\x03\x00\xb7\x00")
    assert elf.machine(bytes(head)) == "aarch64"
    for place, odd in ((0, 0), (4, 1), (5, 2), (16, 2), (18, 40)):
        with pytest.raises(ValueError, match="not a library for Lambda"):
            elf.machine(bytes(head[:place]) + bytes([odd]) + bytes(head[place + 1 :]))


def test_modules_are_compiled_where_that_is_possible(zips: Zips) -> None:
    """Lambda cannot keep what it compiles: each cold start would compile all again."""
    if bundle.compiler() is None:
        pytest.skip("no Python of the runtime's version on this machine")
    for name, archive in zips.items():
        names = set(archive.namelist())
        plain = {one for one in names if one.endswith(".py")}
        made = {one for one in names if one.endswith(".pyc")}
        assert made == {
            re.sub(r"([^/]+)\.py$", r"__pycache__/\1.cpython-313.pyc", one) for one in plain
        }, name
        flags = {archive.read(one)[4] for one in made}
        assert flags == {1}, "by hash, and not checked: no time can make them stale"


def test_without_a_compiler(tmp_path: Path) -> None:
    """The same without what is compiled, and still the same bytes twice."""
    built = [bundle.build("arm64", tmp_path / each) for each in ("first", "second")]
    assert built[0].digest == built[1].digest
    with zipfile.ZipFile(built[0].path) as archive:
        assert not [one for one in archive.namelist() if "__pycache__" in one]


# In a clean environment ------------------------------------------------------------------------

PROBE = """
import sys
bundled, sdk = sys.argv[1:]
sys.path[:0] = [bundled]
sys.path.append(sdk)
import lambda_handler.handler as entry
assert callable(entry.handler)
ours = {"annotated_types", "crhelper", "lambda_handler", "pydantic", "pydantic_core",
        "recoverable_secrets", "typing_extensions", "typing_inspection"}
for name, module in sorted(sys.modules.items()):
    if name.partition(".")[0] in ours:
        assert module.__file__.startswith(bundled), (name, module.__file__)
import boto3
assert boto3.__file__.startswith(sdk)
print(len([name for name in sys.modules if name.partition(".")[0] in ours]))
"""


def sdk(folder: Path) -> Path:
    """Lay out what the Lambda runtime has of the SDK, and nothing else."""
    folder.mkdir()
    for name in PURE:
        (folder / name).symlink_to(Path(sysconfig.get_path("purelib")) / name)
    return folder


def import_handler(python: Path | str, bundled: Path, folder: Path) -> int:
    """Import the entry point with nothing but the bundle and the SDK; return what was loaded."""
    ran = subprocess.run(
        [str(python), "-I", "-S", "-B", "-c", PROBE, str(bundled), str(sdk(folder / "sdk"))],
        env={"AWS_REGION": "eu-central-1", "PATH": os.environ["PATH"]},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return int(ran.stdout)


def test_the_bundle_runs_in_the_runtime_s_python(folder: Path, tmp_path: Path) -> None:
    """The zip that is uploaded, unpacked as Lambda does, in a Python of the same version."""
    python = bundle.compiler()
    if HERE is None or python is None:
        pytest.skip("no Python of the runtime's version, or no machine of its kind")
    unpacked = tmp_path / "unpacked"
    with zipfile.ZipFile(folder / f"lambda-{HERE}.zip") as archive:
        archive.extractall(unpacked)
    assert import_handler(python, unpacked, tmp_path) > 50


@pytest.mark.parametrize(
    "python",
    [Path(sys.executable), *(each.path for each in pythons.others())],
    ids=["this one", *(each.version for each in pythons.others())],
)
def test_a_bundle_for_a_python_of_this_machine(python: Path, tmp_path: Path) -> None:
    """What tests use that run the function outside of Lambda."""
    unpacked = bundle.unpack(tmp_path / "unpacked", python)
    assert import_handler(python, unpacked, tmp_path) > 50


# When it cannot be built -----------------------------------------------------------------------


def test_pip_that_fails_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = tmp_path / "requirements.txt"
    odd.write_text("annotated-types==0.0.0.9\n")
    monkeypatch.setattr(bundle, "REQUIREMENTS", odd)
    monkeypatch.setenv("RECOVERABLE_SECRETS_CACHE", str(tmp_path / "cache"))
    assert bundle.main([str(tmp_path / "dist")]) == 1
    assert "Not built:" in (told := capsys.readouterr().err)
    assert "annotated-types" in told
    assert not (tmp_path / "dist").exists()


def test_a_module_that_does_not_compile_is_told() -> None:
    python = bundle.compiler() or Path(sys.executable)
    with pytest.raises(bundle.BundleError, match="compileall"):
        bundle.compiled({"odd.py": b"def"}, python)


def test_what_is_compiled_is_the_same_as_by_hand(tmp_path: Path) -> None:
    """And the path of the folder where it was compiled is not in it."""
    made = bundle.compiled({"a/b.py": b"def f(): return __file__\n"}, Path(sys.executable))
    (name,) = made
    assert name == f"a/__pycache__/b.{sys.implementation.cache_tag}.pyc"
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b.py").write_text("def f(): return __file__\n")
    assert compileall.compile_dir(
        tmp_path,
        quiet=1,
        stripdir=str(tmp_path),
        invalidation_mode=compileall.py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
    assert (tmp_path / name).read_bytes() == made[name]
