"""README.md: each block executed or checked, each link and each claim true."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pulumi import automation as auto
from tools import demo, demo_stacks

from e2e.engine import Engine, Program, example
from emulation import Aws
from project import readme
from recoverable_secrets.core.model import FIELDS

ROOT = Path(__file__).resolve().parent.parent.parent
README = (ROOT / "README.md").read_text()
BLOCKS = readme.blocks(README)
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
TARGETS = readme.make_targets((ROOT / "Makefile").read_text())
EXTRAS = set(PROJECT["optional-dependencies"])
NAME = "demo/dev/database-password"
STORY, VALUES = (block for block in BLOCKS if block.language == "python")


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.text.splitlines()[0])
def test_every_block_is_covered(block: readme.Block) -> None:
    readme.check(block, targets=TARGETS, extras=EXTRAS)


def test_all_fences_were_found() -> None:
    """A block that the pattern overlooks would be checked by nobody."""
    assert len(re.findall(r"^\s*(```|~~~)", README, re.MULTILINE)) == 2 * len(BLOCKS)
    prose = README
    for block in BLOCKS:
        prose = prose.replace(block.text, "")
    assert not re.findall(r"^(?: {4}|\t)\S.*$", prose, re.MULTILINE), "no indented ones"
    assert len(BLOCKS) == 8


@pytest.mark.parametrize(
    ("markdown", "problem"),
    [
        pytest.param("```sh\ncurl x | sh\n```\n", readme.Uncovered, id="another command"),
        pytest.param("```\nmake test\n```\n", readme.Uncovered, id="no language"),
        pytest.param("```json\n{}\n```\n", readme.Uncovered, id="another language"),
        pytest.param("```yaml\na: 1\n```\n", AssertionError, id="another template"),
        pytest.param("```sh\ncfn-lint x.yaml\n```\n", readme.Uncovered, id="other arguments"),
        pytest.param("```sh\nrecoverable-secrets pnding\n```\n", AssertionError, id="no command"),
        pytest.param("```sh\nmake test check\n```\n", readme.Uncovered, id="two targets"),
        pytest.param("```sh\nmake tset\n```\n", AssertionError, id="no such target"),
        pytest.param("```sh\nmake hidden\n```\n", AssertionError, id="target without help"),
        pytest.param("```sh\npip install x\n```\n", AssertionError, id="another package"),
        pytest.param(
            "```sh\npip install 'recoverable-secrets[gcp]'\n```\n", AssertionError, id="no extra"
        ),
        pytest.param("```python\nimport\n```\n", SyntaxError, id="no program"),
        pytest.param("~~~sh\nrm -r x\n~~~\n", readme.Uncovered, id="other fence"),
        pytest.param("1. x\n   ```sh\n   rm x\n   ```\n", readme.Uncovered, id="indented"),
    ],
)
def test_a_block_without_a_rule_fails(markdown: str, problem: type[Exception]) -> None:
    (block,) = readme.blocks(markdown)
    with pytest.raises(problem):
        readme.check(block, targets={**TARGETS, "hidden": ""}, extras=EXTRAS)


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs"])
def test_links_lead_somewhere(page: str) -> None:
    path = ROOT / page
    pages = sorted(path.rglob("*.md")) if path.is_dir() else [path]
    assert pages
    for each in pages:
        for target in readme.links(each.read_text()):
            assert (each.parent / target).exists(), f"{each.name}: {target}"


def test_the_readme_links_to_all_pages() -> None:
    """A page that nothing leads to is not found by readers."""
    linked = {(ROOT / target).resolve() for target in readme.links(README)}
    pages = {page.resolve() for page in (ROOT / "docs").glob("*.md")}
    assert pages <= linked
    assert (ROOT / "docs" / "decisions").resolve() in linked


def test_arguments_are_told_as_they_are() -> None:
    """The table's options and defaults are those of the model."""
    table = dict(re.findall(r"^\| `([a-z_]+)` \| (.+) \|$", README, re.MULTILINE))
    assert set(table) == {
        "deletion",
        "on_recreate",
        "adopt",
        "on_value_drift",
        "previous_version",
        "refuse_deletion_if_accessed_within",
        "owner",
        "timeout",
    }
    for name, text in table.items():
        default = FIELDS[name].default
        options = re.findall(r"`([a-z]+)`", text)
        if options:
            assert options == [one.value for one in type(default)], name
            assert f"`{default}` (default)" in text, name


@pytest.mark.engine
def test_the_program_does_what_is_said(engine: Engine, aws: Aws, tmp_path: Path) -> None:
    """Destroyed and brought back: same ARN, same value; a person's value is kept."""
    assert len(STORY.text.strip().splitlines()) <= 10
    program = written(STORY, tmp_path)
    engine.configure({"demo:password": auto.ConfigValue("hunter2", secret=True)})
    engine.up(program)
    created = aws.secret(NAME)
    assert (created.state, created.value) == ("live", "hunter2")
    assert engine.outputs() == {"arn": created.arn}
    engine.destroy()
    pending = aws.secret(NAME)
    assert pending.state == "pending"
    assert pending.purge_date is not None
    assert (pending.purge_date - aws.clock.now()).days == 14
    engine.up(program)
    assert aws.secret(NAME) == created
    aws.put_by_hand(NAME, "typed in")
    engine.destroy()
    engine.up(program)
    kept = aws.secret(NAME)
    assert (kept.arn, kept.value) == (created.arn, "typed in")


def written(block: readme.Block, folder: Path) -> Program:
    """Return a program of the page, as the engine runs it."""
    path = folder / "readme" / "__main__.py"
    path.parent.mkdir()
    path.write_text(block.text)
    return example(path)


@pytest.mark.engine
def test_each_way_to_give_a_value_does_what_is_said(
    engine: Engine, aws: Aws, tmp_path: Path
) -> None:
    aws.add_parameter("/shop/token", "from elsewhere")
    engine.configure({"demo:token": auto.ConfigValue("hunter2", secret=True)})
    engine.up(written(VALUES, tmp_path))
    held = {each.name.rpartition("/")[2]: each.value for each in aws.secrets()}
    generated = held.pop("generated")
    assert isinstance(generated, str)
    assert len(generated) == 40
    assert held == {
        "typed-in": None,
        "literal": "hunter2",
        "object": '{"password": "hunter2", "user": "app"}',
        "elsewhere": "from elsewhere",
        "write-only": "hunter2",
    }


@pytest.mark.engine
@pytest.mark.timeout(400)
@pytest.mark.usefixtures("pulumi_root")
def test_the_demo_holds() -> None:
    """As `make demo` runs it: every claim of its source is made, and ticked."""
    ran = subprocess.run(
        [sys.executable, "-m", "tools.demo"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=360,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    stories = [ROOT / "tools" / name for name in ("demo_stacks.py", "demo.py")]
    claims = [path.read_text().count("demo.claim(") for path in stories]
    assert ran.stdout.count("✓") == sum(claims)
    assert min(claims) > 10
    assert "✗" not in ran.stdout
    assert ran.stdout.rstrip().endswith("All claims hold.")
    assert ran.stdout.index("CloudFormation") < ran.stdout.index("Pulumi"), "Python only, so first"
    for value in {**demo.VALUES, **demo_stacks.VALUES}:
        assert value not in ran.stdout + ran.stderr, "the tables never show a value"


@pytest.mark.engine
@pytest.mark.usefixtures("pulumi_root")
@pytest.mark.parametrize(
    ("claims", "code", "last"),
    [
        pytest.param([True, False, True], 1, "1 claims do not hold.", id="one fails"),
        pytest.param([True, True], 0, "All claims hold.", id="none fails"),
    ],
)
def test_a_false_claim_fails_the_demo(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    claims: list[bool],
    code: int,
    last: str,
) -> None:
    """On its own stage, with another story."""

    def story(on: demo.Demo) -> None:
        for holds in claims:
            on.claim("a claim", holds=holds)

    monkeypatch.setattr(demo, "story", story)
    monkeypatch.setattr(demo, "STORIES", (demo.tell,))
    assert demo.main() == code
    text = capsys.readouterr().out
    assert text.count("✗ NOT SO: a claim") == claims.count(False)
    assert text.rstrip().endswith(last)


@pytest.mark.parametrize("target", ["demo", "test"])
def test_the_two_commands_set_up_what_they_need(target: str) -> None:
    """Both stand on the target that makes the environment."""
    text = (ROOT / "Makefile").read_text()
    assert re.search(rf"^{target}: \$\(READY\) ## ", text, re.MULTILINE)
