"""The README's template: linted by the README's command, deployed, deleted and brought back."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from cfnlint.decode import cfn_yaml

from project import readme
from stacks.cloud import Cloud

BLOCKS = readme.blocks((readme.ROOT / "README.md").read_text())
TEMPLATES = [block.text for block in BLOCKS if block.language == "yaml"]
COMMANDS = [
    line
    for block in BLOCKS
    if block.language == "sh"
    for line in block.text.splitlines()
    if line.startswith("cfn-lint ")
]


def test_there_is_one_of_each() -> None:
    assert (len(TEMPLATES), len(COMMANDS)) == (1, 1)


def lint(folder: Path, template: str) -> subprocess.CompletedProcess[str]:
    """Run the README's command on a template."""
    (folder / "template.yaml").write_text(template)
    _, *arguments = shlex.split(COMMANDS[0])
    return subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), *arguments],
        cwd=folder,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        pytest.param("", "", None, id="as it stands"),
        pytest.param("RecoveryWindowInDays: 14", "RecoveryWindowInDays: 3", "14", id="too short"),
        pytest.param("RecoveryWindowInDays", "RecoveryWindow", "RecoveryWindow", id="misspelt"),
    ],
)
def test_its_template_passes_the_lint_rule(
    tmp_path: Path, before: str, after: str, found: str | None
) -> None:
    ran = lint(tmp_path, TEMPLATES[0].replace(before, after, 1))
    assert (ran.returncode == 0) is (found is None), ran.stdout + ran.stderr
    if found:
        assert "E95" in ran.stdout


def test_its_template_does_what_is_said(cloud: Cloud) -> None:
    """The window counts from the deletion; the generated value comes back as it was."""
    template = cfn_yaml.loads(TEMPLATES[0])
    (declared,) = template["Resources"].values()
    declared["Properties"]["ServiceToken"] = cloud.functions.token({})
    cloud.create("shop", template)
    created = cloud.secret("shop/DatabasePassword")
    assert created.value is not None
    assert len(created.value) == 40
    cloud.delete("shop")
    pending = cloud.secret("shop/DatabasePassword")
    assert pending.purge_date is not None
    assert (pending.purge_date - cloud.aws.clock.now()).days in {13, 14}
    cloud.create("shop", template)
    back = cloud.secret("shop/DatabasePassword")
    assert (back.state, back.arn, back.value) == ("live", created.arn, created.value)
