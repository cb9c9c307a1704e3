"""The ways in which people load the rules, each as a command of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lint.linting import RULES, secret

CLEAN, WRONG, UNTOUCHED = 0, 2, 0


def ran(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run cfn-lint in a folder."""
    return subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a clean template, and one with a fault and a wrong attribute."""
    good = {"Resources": {"Secret": secret({"RecoveryWindowInDays": 7})}}
    bad = {
        "Resources": {"Secret": secret({"RecoveryWindowInDays": 3})},
        "Outputs": {"It": {"Value": {"Fn::GetAtt": ["Secret", "Nothing"]}}},
    }
    (tmp_path / "good.yaml").write_text(json.dumps(good))
    (tmp_path / "bad.yaml").write_text(json.dumps(bad))
    return tmp_path


def test_without_the_rules_all_is_well(folder: Path) -> None:
    """The reason why they exist: when this fails, cfn-lint has learnt to look."""
    for name in ("good.yaml", "bad.yaml"):
        assert (ran(folder, name).returncode, ran(folder, name).stdout) == (UNTOUCHED, "")


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("{}", "-a", RULES), id="after the template"),
        pytest.param(("-a", RULES, "-t", "{}"), id="before the template"),
        pytest.param(("-a", RULES, "--", "{}"), id="before the template, with two dashes"),
        pytest.param(("--append-rules", RULES, "--template", "{}"), id="in long words"),
    ],
)
def test_on_the_command_line(folder: Path, arguments: tuple[str, ...]) -> None:
    good = ran(folder, *(part.format("good.yaml") for part in arguments))
    assert (good.returncode, good.stdout, good.stderr) == (CLEAN, "", "")
    bad = ran(folder, *(part.format("bad.yaml") for part in arguments))
    assert bad.returncode == WRONG, bad.stderr
    assert [line.split()[0] for line in bad.stdout.splitlines()[::3]] == ["E9501", "E9502"]


def test_by_the_configuration_of_a_folder(folder: Path) -> None:
    """As `sam validate --lint` reads it too."""
    (folder / ".cfnlintrc").write_text(f"append_rules: [{RULES}]\n")
    assert (ran(folder, "good.yaml").returncode, ran(folder, "bad.yaml").returncode) == (0, WRONG)


def test_one_rule_can_be_left_out(folder: Path) -> None:
    """By its id, as any of cfn-lint's own."""
    assert ran(folder, "bad.yaml", "-i", "E9501", "E9502", "-a", RULES).returncode == UNTOUCHED
    only = ran(folder, "bad.yaml", "-i", "E9501", "-a", RULES)
    assert ("E9501" in only.stdout, "E9502" in only.stdout) == (False, True)


def test_the_rules_are_listed(folder: Path) -> None:
    listed = ran(folder, "-l", "-a", RULES).stdout
    for rule in ("E9501: ", "E9502: "):
        assert rule in listed


def test_the_template_right_after_the_option_is_taken_for_a_rule(folder: Path) -> None:
    """What the documentation says not to write; when this fails, it may say so no more."""
    assert ran(folder, "-a", RULES, "good.yaml").returncode not in {CLEAN, WRONG}
