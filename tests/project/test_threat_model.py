"""docs/security.md: each claim about an actor names a test, and each of those is there."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

import pytest

from project import readme

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text()
MODEL = re.split(r"^## ", PAGE, flags=re.MULTILINE)[1]
_LINK = re.compile(r"\[`(tests/[a-z0-9_/]+\.py)::(\w+)`\]\(\.\./([^)]+)\)")
LINKS = _LINK.findall(PAGE)
ACTORS = dict(re.findall(r"^### (.+?)\n(.*?)(?=^### |\Z)", MODEL, flags=re.MULTILINE | re.DOTALL))
EXPECTED = {
    "Another stack",
    "A template author",
    "An invoker of the function",
    "An operator with read rights",
    "A log reader",
    "A state reader",
    "A reader of CloudTrail",
}


def claims(text: str) -> list[str]:
    """Return the points of all lists, each with the lines that go on with it."""
    return re.findall(r"^- .+(?:\n {2}.+)*", text, flags=re.MULTILINE)


@functools.cache
def named_in(path: str) -> dict[str, list[str]]:
    """Return the tests of a module by name, with their decorators as they are written."""
    tree = ast.parse((ROOT / path).read_text())
    return {
        node.name: [ast.unparse(one) for one in node.decorator_list]
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def test_there_is_a_model_of_each_actor() -> None:
    assert MODEL.startswith("Threat model\n")
    assert set(ACTORS) == {*EXPECTED, "What remains"}
    for actor in EXPECTED:
        can, cannot = ACTORS[actor].split("\nCannot:\n")
        assert "\nCan:\n" in f"\n{can}", actor
        assert claims(can), actor
        assert claims(cannot), actor


@pytest.mark.parametrize("actor", sorted(EXPECTED))
def test_each_claim_names_a_test(actor: str) -> None:
    for claim in claims(ACTORS[actor]):
        assert _LINK.search(claim), claim


def test_what_remains_names_a_test_or_where_it_is_told() -> None:
    anchors = {
        re.sub(r"[^a-z -]", "", one.lower()).replace(" ", "-")
        for one in re.findall(r"^#+ (.+)$", PAGE, re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE)) <= anchors
    for risk in claims(ACTORS["What remains"]):
        assert _LINK.search(risk) or "](#" in risk, risk


@pytest.mark.parametrize(("path", "name", "target"), sorted(set(LINKS)))
def test_each_test_that_is_named_exists_and_is_run(path: str, name: str, target: str) -> None:
    assert target == path
    found = named_in(path)
    assert name in found
    assert not [one for one in found[name] if ".skip" in one or ".xfail" in one]


def test_no_link_to_a_test_is_spelt_otherwise() -> None:
    """Else the pattern would overlook it. How many there are is said, so that none gets lost."""
    assert len(LINKS) == PAGE.count("::test_") == sum("tests/" in one for one in readme.links(PAGE))
    assert (len(LINKS), len(set(LINKS))) == (COUNT, DIFFERENT)


COUNT, DIFFERENT = 58, 56
