"""What is bundled is what everything else is tested with."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from tools import bundle

from bundle import template

ROOT = Path(__file__).parents[2]


def constraints() -> dict[str, str]:
    """Return the versions that the tests run with."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pairs = (line.split("==") for line in lines if not line.startswith("#"))
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in pairs}


def test_the_same_versions_as_in_the_tests() -> None:
    assert bundle.pins().items() <= constraints().items()


def test_versions_only() -> None:
    """Where pip gets the packages is the business of the machine, not of this file."""
    lines = bundle.REQUIREMENTS.read_text().splitlines()
    assert all(re.fullmatch(r"#.*|[A-Za-z0-9_.-]+==[0-9.]+", line) for line in lines)
    pinned = [line for line in lines if not line.startswith("#")]
    assert pinned == sorted(pinned)


def test_the_sdk_comes_with_the_runtime() -> None:
    assert not {"boto3", "botocore"} & set(bundle.pins())


def test_crhelper_is_pinned_for_users_too() -> None:
    """Its faults are defended one by one, so another release has to be looked at first."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = project["optional-dependencies"]["lambda"]
    assert f"crhelper=={bundle.pins()['crhelper']}" in asked


def test_the_runtime_is_the_template_s() -> None:
    function = template.evaluated()["Resources"]["Function"]["Properties"]
    assert function["Runtime"] == "python" + ".".join(map(str, bundle.RUNTIME))
    allowed = template.source()["Parameters"]["Architecture"]["AllowedValues"]
    assert allowed == list(bundle.MACHINES)


def test_a_pin_that_is_missing_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What pip installs besides is not pinned, and so not the same bytes tomorrow."""
    short = tmp_path / "requirements.txt"
    short.write_text(f"pydantic=={bundle.pins()['pydantic']}\n")
    monkeypatch.setattr(bundle, "REQUIREMENTS", short)
    monkeypatch.setenv("RECOVERABLE_SECRETS_CACHE", str(tmp_path / "cache"))
    with pytest.raises(bundle.BundleError, match=r"does not name all that is needed.*annotated"):
        bundle.packages_for_lambda("x86_64")
    assert list((tmp_path / "cache" / "bundle").iterdir()) == [], "nothing half-made is kept"
