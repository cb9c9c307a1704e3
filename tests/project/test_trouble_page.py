"""docs/when-something-went-wrong.md: nothing stands there that no test has seen or done."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import botocore
import botocore.session
import pytest

from project import readme, trouble

TESTS = Path(__file__).parents[1]
HANDS = sorted(path for path in TESTS.rglob("test_*.py") if "trouble." in path.read_text())
LANGUAGES = {"check": "text", "follow": "sh"}


def held() -> Iterator[tuple[str, str, int]]:
    """Yield language, heading and number of each block that a test checks or follows."""
    for path in HANDS:
        for call in filter(_ours, ast.walk(ast.parse(path.read_text()))):
            language = LANGUAGES[call.func.attr]  # type: ignore[attr-defined]
            heading = ast.literal_eval(call.args[0])  # type: ignore[attr-defined]
            given = [one.value for one in call.keywords if one.arg == "block"]  # type: ignore[attr-defined]
            yield language, heading, ast.literal_eval(given[0]) if given else 0


def _ours(node: ast.AST) -> bool:
    """Whether this is a call of `trouble.check` or `trouble.follow`."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return False
    on = node.func.value
    return isinstance(on, ast.Name) and on.id == "trouble" and node.func.attr in LANGUAGES


def test_each_block_is_in_the_hands_of_a_test() -> None:
    """Both ways: no quotation and no command is left out, and no test holds one that is gone."""
    there = {
        (language, heading, number)
        for heading in trouble.SECTIONS
        for language in LANGUAGES.values()
        for number, _ in enumerate(trouble.blocks(heading, language))
    }
    assert there == set(held())
    assert len(there) == BLOCKS


BLOCKS = 62
"""How many there are: a block of another kind, or one that the pattern overlooks, is not missed."""


def test_there_are_no_other_blocks() -> None:
    kinds = {block.language for block in readme.blocks(trouble.PAGE)}
    assert kinds == {"text", "sh"}
    assert len(re.findall(r"^```", trouble.PAGE, re.MULTILINE)) == 2 * BLOCKS


def test_each_section_says_whether_anything_is_lost_and_what_to_do() -> None:
    """Of a refusal it is said once for all of them."""
    refusals = list(trouble.SECTIONS)[list(trouble.SECTIONS).index("It belongs to another") + 1 :]
    for heading, text in trouble.SECTIONS.items():
        if heading in {"", "What was not tried"}:
            continue
        assert "**Do" in text, heading
        assert "**Lost:**" in text or heading in refusals, heading
    assert "nothing was changed: so with all refusals" in trouble.SECTIONS["It belongs to another"]


def test_the_page_says_what_is_there_at_its_head() -> None:
    listed = re.findall(r"^- \[(.+)\]\(#(.+)\)$", trouble.PAGE, re.MULTILINE)
    assert [name for name, _ in listed] == [name for name in trouble.SECTIONS if name]
    for name, anchor in listed:
        assert anchor == re.sub(r"[^a-z_ -]", "", name.lower()).replace(" ", "-")
    assert {anchor for _, anchor in listed} >= set(re.findall(r"\]\(#([^)]+)\)", trouble.PAGE))


@pytest.mark.parametrize("link", re.findall(r"\]\(([a-z-]+\.md)#([^)]+)\)", trouble.PAGE))
def test_parts_of_other_pages_are_there(link: tuple[str, str]) -> None:
    page, anchor = link
    headings = re.findall(r"^#+ (.+)$", (trouble.PATH.parent / page).read_text(), re.MULTILINE)
    assert anchor in {re.sub(r"[^a-z_ -]", "", one.lower()).replace(" ", "-") for one in headings}


AWS = sorted(
    {
        tuple(shlex.split(line)[1:])
        for heading in trouble.SECTIONS
        for block in trouble.blocks(heading, "sh")
        for line in block.splitlines()
        if line.startswith("aws ")
    }
)


@pytest.mark.parametrize("words", AWS, ids=" ".join)
def test_commands_of_the_aws_cli_are_calls_that_exist(words: tuple[str, ...]) -> None:
    """Also those that no emulator carries out; with options that they have, and all they need."""
    service, command, *rest = words
    model = botocore.session.get_session().get_service_model(service)
    calls = {botocore.xform_name(name, "-"): name for name in model.operation_names}
    shape = model.operation_model(calls[command]).input_shape
    given = {word.removeprefix("--") for word in rest if word.startswith("--")}
    assert given <= {botocore.xform_name(name, "-") for name in shape.members}
    assert {botocore.xform_name(name, "-") for name in shape.required_members} <= given


def test_a_line_that_was_not_told_is_missed() -> None:
    """What differs may differ, and nothing else."""
    told = "shop/prod/db belongs to pulumi/shop/stage/db:0123 and exists: left alone. Use another "
    told += "name, set adopt to any to take it over, or run recoverable-secrets owner set"
    trouble.check("It belongs to another", f"error:\n {told}\n")
    with pytest.raises(AssertionError, match="not told"):
        trouble.check("It belongs to another", told.replace("any", "all"))


def test_a_command_that_nothing_does_is_missed() -> None:
    done: list[tuple[str, ...]] = []
    with pytest.raises(AssertionError, match="nothing here does: pulumi up"):
        trouble.follow("Throttled", {"pulumi u": lambda *words: done.append(words)})
    trouble.follow("Throttled", {"pulumi": int, "pulumi up": lambda *words: done.append(words)})
    assert done == [("--parallel", "4")]
