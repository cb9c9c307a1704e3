"""The repository as others get it: files, wheel, Makefile, pins, records, sizes."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import recoverable_secrets
from project import readme

ROOT = Path(__file__).resolve().parent.parent.parent
SOURCE = ROOT / "provider" / "recoverable_secrets"
PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
MAKEFILE = (ROOT / "Makefile").read_text()
MAX_KILOBYTES = 400
MAX_MODULE_LINES = 400
MAX_FUNCTION_LINES = 60


def git_files() -> list[Path]:
    """Return the files that are tracked, or would be: ignored ones are left out."""
    ran = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    found = [ROOT / name for name in ran.stdout.split("\0") if name]
    return [path for path in found if path.is_file()]


FILES = git_files()
TEXTS = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8", errors="replace")
    for path in FILES
}

# Files -----------------------------------------------------------------------------------------

HOSTS = {
    "127.0.0.1": "the double, on this machine",
    "get.pulumi.com": "Pulumi's official installer",
    "json-schema.org": "which JSON Schema the command's schema is",
    "nowhere.invalid": "a name that never resolves",
    "semver.org": "what the changelog's versions mean",
    "sts.amazonaws.com": "the namespace of STS's answers",
    "www.apache.org": "the licence's own text",
    "www.w3.org": "the namespace of SVG",
}
# A letter in brackets keeps a pattern from matching itself.
REGISTRIES = re.compile(
    r"pyp[i]\.(?:org|python)|pythonhoste[d]|(?:proxy|sum)\.golan[g]|npmj[s]\.|crate[s]\.io"
    r"|inde[x]-url|truste[d]-host|GOPROX[Y]|artifactor[y]",
    re.IGNORECASE,
)
MACHINE_PATHS = re.compile(r"(?<![\w./])/(?:root|home|Users|work|tmp|mnt|opt|srv|var)/[\w.]")


def test_there_is_something_to_look_at() -> None:
    assert {"README.md", "Makefile", "provider/recoverable_secrets/core/decide.py"} <= set(TEXTS)


def test_every_host_has_its_reason() -> None:
    """Whatever has to be fetched is fetched from where the machine is set up to look."""
    for name, text in TEXTS.items():
        hosts = {host for host in re.findall(r"https?://([\w.-]+)", text) if "." in host}
        assert hosts <= set(HOSTS), f"{name}: {hosts - set(HOSTS)}"


def test_no_registry_is_named() -> None:
    found = {name: REGISTRIES.findall(text) for name, text in TEXTS.items()}
    assert {name: words for name, words in found.items() if words} == {}


def test_no_path_of_a_machine() -> None:
    found = {name: MACHINE_PATHS.findall(text) for name, text in TEXTS.items()}
    assert {name: paths for name, paths in found.items() if paths} == {}


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (REGISTRIES, "pip install --index" + "-url x"),
        (REGISTRIES, "files.python" + "hosted.org"),
        (MACHINE_PATHS, "cd " + "/home" + "/me/project"),
        (MACHINE_PATHS, '"' + "/root" + '/.cache"'),
    ],
)
def test_the_patterns_find_what_they_are_for(pattern: re.Pattern[str], text: str) -> None:
    assert pattern.search(text)


def test_no_file_is_large() -> None:
    large = {path.name: path.stat().st_size for path in FILES}
    assert {name: size for name, size in large.items() if size > MAX_KILOBYTES * 1000} == {}


def test_the_licence_is_apache_2() -> None:
    text = TEXTS["LICENSE"]
    for line in ("Apache License", "Version 2.0, January 2004", "END OF TERMS AND CONDITIONS"):
        assert line in text
    assert len(text) > 11_000, "the whole of it"
    assert PYPROJECT["project"]["license"] == "Apache-2.0"
    assert PYPROJECT["project"]["license-files"] == ["LICENSE"]


# The wheel -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Build the wheel from a copy, with this environment's own tools; return the names in it."""
    folder = tmp_path_factory.mktemp("wheel")
    for path in FILES:
        target = folder / "source" / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation"]
    quiet = ["--no-index", "-q", "--disable-pip-version-check", "--no-cache-dir"]
    ran = subprocess.run(
        [*command, *quiet, "-w", folder / "built", folder / "source"],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    (built,) = (folder / "built").glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        return [name for name in archive.namelist() if not name.endswith("/")]


def test_the_wheel_holds_the_package_and_nothing_else(wheel: list[str]) -> None:
    info = f"recoverable_secrets-{recoverable_secrets.__version__}.dist-info/"
    modules = {f"recoverable_secrets/{one.relative_to(SOURCE)}" for one in SOURCE.rglob("*.py")}
    content = {name for name in wheel if not name.startswith(info)}
    data = {f"recoverable_secrets/{name}" for name in ("cloudformation.json", "py.typed")}
    assert content == modules | data
    assert f"{info}licenses/LICENSE" in wheel


def test_the_package_is_typed(wheel: list[str]) -> None:
    assert "recoverable_secrets/py.typed" in wheel


# Makefile, pins, records -----------------------------------------------------------------------


def test_make_help_lists_every_target() -> None:
    targets = readme.make_targets(MAKEFILE)
    assert {"help", "demo", "test", "check", "schema", "live-aws", "bench"} <= set(targets)
    told = subprocess.run(
        ["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    lines = dict(line.split(maxsplit=2)[1:] for line in told.stdout.splitlines())
    assert lines == targets
    assert all(targets.values()), "each with its help line"


def test_every_target_is_phony() -> None:
    (phony,) = re.findall(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)
    assert set(phony.split()) == set(readme.make_targets(MAKEFILE))


def test_make_runs_modules_that_exist() -> None:
    for name in re.findall(r"-m tools\.(\w+)", MAKEFILE):
        assert (ROOT / "tools" / f"{name}.py").is_file(), name
    for script in re.findall(r"python (\w+/\w+\.py)", MAKEFILE):
        assert (ROOT / script).is_file(), script


def test_importing_the_package_loads_no_sdk() -> None:
    code = (
        "import sys, recoverable_secrets; assert recoverable_secrets.__version__;"
        "print(sorted({'pulumi', 'boto3', 'botocore', 'pydantic', 'grpc'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def normal(name: str) -> str:
    """Return a distribution's name as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def required() -> Iterator[str]:
    """Yield the names of all distributions that pyproject.toml asks for."""
    project = PYPROJECT["project"]
    extras = [one for group in project["optional-dependencies"].values() for one in group]
    for requirement in [*project["dependencies"], *extras]:
        yield normal(re.split(r"[\[<>=!~;\s]", requirement, maxsplit=1)[0])


def test_constraints_pin_all_that_is_asked_for() -> None:
    lines = [line for line in TEXTS["constraints.txt"].splitlines() if not line.startswith("#")]
    pins = [re.fullmatch(r"([A-Za-z0-9_.-]+)==([0-9][\w.]*)", line) for line in lines]
    assert None not in pins, "names and versions only: no addresses, no options"
    names = [normal(pin[1]) for pin in pins if pin]
    assert set(required()) - {"recoverable-secrets"} <= set(names)
    assert len(set(names)) == len(names), "each once"


def test_decisions_are_numbered_without_gaps() -> None:
    records = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [int(path.name[:4]) for path in records] == list(range(len(records)))
    assert len(records) > 4
    headings = re.findall(r"^## .+$", records[0].read_text(), re.MULTILINE)
    for path in records[1:]:
        text = path.read_text()
        assert re.match(rf"# {path.name[:4]}\. \S", text), path.name
        assert re.findall(r"^## .+$", text, re.MULTILINE) == headings, path.name
        assert re.search(r"^- Status: (accepted|proposed|replaced by \d{4})$", text, re.MULTILINE)
        assert re.search(r"^- Date: \d{4}-\d\d-\d\d$", text, re.MULTILINE), path.name


def test_the_changelog_names_the_version() -> None:
    headings = re.findall(r"^## (\S+)", TEXTS["CHANGELOG.md"], re.MULTILINE)
    assert headings[0] == PYPROJECT["project"]["version"] == recoverable_secrets.__version__


# Sizes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("folder", ["provider", "tests", "tools", "examples", "bench"])
def test_modules_are_short(folder: str) -> None:
    sizes = {
        name: len(text.splitlines())
        for name, text in TEXTS.items()
        if name.startswith(f"{folder}/") and name.endswith(".py")
    }
    assert sizes
    assert {name: size for name, size in sizes.items() if size > MAX_MODULE_LINES} == {}


def functions(text: str) -> Iterator[tuple[str, int]]:
    """Yield each function's name and the lines of its body, the docstring not counted."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            told = ast.get_docstring(node, clean=False) is not None
            first = node.body[1 if told and len(node.body) > 1 else 0]
            assert node.end_lineno is not None
            yield node.name, node.end_lineno - first.lineno + 1


def test_functions_are_measured() -> None:
    """Without decorator, signature and docstring; inner functions too."""
    text = 'def f(\n    a,\n):\n    """Doc.\n\n    More.\n    """\n    x = 1\n\n    return x\n'
    assert list(functions(text)) == [("f", 3)]
    assert list(functions("class A:\n    def g(self):\n        pass\n")) == [("g", 1)]


def test_functions_are_short() -> None:
    long = {
        f"{name}:{function}": size
        for name, text in TEXTS.items()
        if name.startswith("provider/") and name.endswith(".py")
        for function, size in functions(text)
        if size > MAX_FUNCTION_LINES
    }
    assert long == {}
