"""The directions between modules: enforced by import-linter, and the enforcement itself tested."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGE = ROOT / "provider" / "recoverable_secrets"
MODULES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))


def linted(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter over a copy of the project."""
    own = {key: text for key, text in os.environ.items() if key != "PYTHONPATH"}
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache"],
        cwd=folder,
        env={**own, "PYTHONPATH": f"{folder}/provider{os.pathsep}{folder}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of what import-linter looks at."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    ignore = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for folder in ("provider", "lambda_handler"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignore)
    return tmp_path


def test_all_contracts_are_kept(copied: Path) -> None:
    ran = linted(copied)
    assert ran.returncode == 0, ran.stdout
    assert ", 0 broken." in ran.stdout


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        pytest.param(
            "core/decide.py", "import os", "The core is pure", id="core reads environment"
        ),
        pytest.param("core/diff.py", "import boto3", "The core is pure", id="core knows AWS"),
        pytest.param(
            "core/plan.py",
            "from recoverable_secrets import engine",
            "Surfaces stand on the engine and the stores, all on the core",
            id="core knows the engine",
        ),
        pytest.param(
            "engine.py",
            "from recoverable_secrets import resource",
            "Surfaces stand on the engine and the stores, all on the core",
            id="engine knows a surface",
        ),
        pytest.param(
            "stores/memory.py",
            "from recoverable_secrets.stores import aws",
            "Stores do not know each other",
            id="a store knows another",
        ),
        pytest.param(
            "engine.py",
            "import botocore",
            "Only the AWS store knows the AWS SDK",
            id="engine knows the SDK",
        ),
        pytest.param(
            "resource.py",
            "import pulumi",
            "Only the Pulumi surface knows Pulumi",
            id="wrong surface",
        ),
        pytest.param(
            "cloudformation.py",
            "import cfnlint",
            "Only the lint rules know cfn-lint",
            id="the function would need a linter",
        ),
        pytest.param(
            "engine.py",
            "import lambda_handler",
            "The package does not know the Lambda function, nor what only that needs",
            id="engine knows the function",
        ),
        pytest.param(
            "../../lambda_handler/handler.py",
            "from recoverable_secrets import resource",
            "The Lambda function stands on the engine, not on the other surface",
            id="one surface knows the other",
        ),
        pytest.param(
            "../../lambda_handler/properties.py",
            "import boto3",
            "In the Lambda function one module calls CloudFormation, and one answers it",
            id="properties make calls",
        ),
    ],
)
def test_a_planted_violation_is_found(copied: Path, module: str, line: str, contract: str) -> None:
    path = copied / "provider" / "recoverable_secrets" / module
    path.write_text(f"{path.read_text()}\n{line}\n")
    ran = linted(copied)
    assert ran.returncode != 0
    assert f"{contract} BROKEN" in ran.stdout


def imported(path: Path) -> Iterator[str]:
    """Yield the top-level names of absolute imports, wherever in the module they stand."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0]


@pytest.mark.parametrize(
    ("names", "allowed"),
    [
        pytest.param({"boto3", "botocore"}, {"stores/aws.py"}, id="the AWS SDK"),
        pytest.param(
            {"pulumi"},
            {"access_alarm.py", "arguments.py", "configuration.py", "dynamic.py", "serving.py"},
            id="Pulumi",
        ),
        pytest.param({"cfnlint"}, {"lint.py"}, id="cfn-lint"),
    ],
)
def test_one_module_knows_it(names: set[str], allowed: set[str]) -> None:
    """Of all modules, those that no contract names yet included."""
    assert {one for one in MODULES if names & set(imported(PACKAGE / one))} == allowed


def test_the_core_needs_pydantic_and_the_standard_library_only() -> None:
    known = {"pydantic", "pydantic_core", "recoverable_secrets", *sys.stdlib_module_names}
    for module in MODULES:
        if module.startswith("core/"):
            assert set(imported(PACKAGE / module)) <= known, module
