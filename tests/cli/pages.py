"""What is written for operators, taken apart."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

_ROW = re.compile(r"^\| (.+) \|$", re.MULTILINE)


def sections(page: str, level: str) -> dict[str, str]:
    """Return the text under each heading of a level, up to the next one of that level or above."""
    _, *parts = re.split(rf"^{level} (.+)$", page, flags=re.MULTILINE)
    above = rf"^#{{1,{len(level)}}} "
    ends = [re.split(above, text, maxsplit=1, flags=re.MULTILINE)[0] for text in parts[1::2]]
    return dict(zip(parts[::2], ends, strict=True))


def rows(text: str) -> list[list[str]]:
    """Return the cells of a table, without its head."""
    found = [[cell.strip() for cell in re.split(r" ?\| ?", row)] for row in _ROW.findall(text)]
    return found[1:]


README = (ROOT / "README.md").read_text()
PAGE = (ROOT / "docs" / "operators.md").read_text()
PARTS = sections(PAGE, "##")
REFERENCE = sections((ROOT / "docs" / "commands.md").read_text(), "##")
