"""States of Pulumi as people give them: files, folders of a backend, stdin."""

from __future__ import annotations

import gzip
import io
import json
import re
import sys
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, cast

from recoverable_secrets.core import errors, pulumi_state
from recoverable_secrets.core.errors import short
from recoverable_secrets.core.orphans import Declares, Gone, Stack, Told

LIMIT = 256 * 2**20
"""Most bytes of a state, unpacked: for a moment all of it is in memory, once more as text."""

_SPELT = re.compile(r"(?:(?P<stack>[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+)=)?(?P<file>.+)", re.DOTALL)
_PIECE = 2**20
_PACKED = b"\x1f\x8b"


def read(given: Sequence[str], removed: Sequence[str]) -> dict[Stack, Told]:
    """Return what states tell of their stacks.

    Args:
        given: Files, folders, or `-` for stdin; each may begin with `PROJECT/STACK=`.
        removed: Stacks that are known to be gone, as `PROJECT/STACK`.

    Raises:
        InvalidInput: Some cannot be read or are no states; all are said at once.
    """
    told: dict[Stack, Told] = {}
    problems: list[str] = []
    for text in given:
        try:
            for stack, declares in _all(text):
                told[stack] = _joined(told.get(stack), declares)
        except errors.InvalidInput as error:
            problems += error.problems
    for text in removed:
        found = pulumi_state.named(text)
        if found is None:
            problems.append(f"--removed {short(text, 80)}: say PROJECT/STACK")
        elif isinstance(told.get(found), Declares):
            problems.append(f"--removed {short(text, 80)}: a given state shows that it exists")
        else:
            told[found] = Gone(f"the stack {found} was removed, as --removed says")
    if problems:
        raise errors.InvalidInput(problems)
    return told


def _joined(known: Told | None, more: Declares) -> Declares:
    """Return what two states of one stack declare together: one may be of another backend."""
    if not isinstance(known, Declares):
        return more
    return Declares({**known.resources, **more.resources}, known.others | more.others)


def _all(text: str) -> Iterator[tuple[Stack, Declares]]:
    spelt = _SPELT.fullmatch(text)
    if spelt is None:
        raise _wrong("--state", "is empty: give a file")
    name = pulumi_state.named(spelt["stack"]) if spelt["stack"] else None
    if spelt["file"] == "-":
        yield pulumi_state.read(_parsed(sys.stdin.buffer, "stdin"), "stdin", name)
        return
    for path in _files(Path(spelt["file"])):
        try:
            with path.open("rb") as file:
                document = _parsed(file, str(path))
        except (OSError, ValueError) as fault:  # A name with a NUL byte is a ValueError.
            reason = getattr(fault, "strerror", None) or "no such name is possible"
            raise _wrong(str(path), f"cannot be read: {reason}. Check the path") from None
        yield pulumi_state.read(document, str(path), name)


def _files(path: Path) -> list[Path]:
    """Return the files that are meant: those of a whole folder, old states left out."""
    try:
        folders = (path / ".pulumi" / "stacks", path / "stacks", path)
        folder = next((each for each in folders if each.is_dir()), None)
        if folder is None:
            return [path]
        found = sorted([*folder.rglob("*.json"), *folder.rglob("*.json.gz")])
    except (OSError, ValueError):  # It is said when it is opened.
        return [path]
    if not found:
        raise _wrong(str(path), "is a folder without any state: give one such as .pulumi/stacks")
    return found


def _parsed(file: IO[bytes], source: str) -> object:
    """Return a state without what is not needed of it; nothing of it is in any text.

    Raises:
        InvalidInput: It is too large, or not JSON.
        OSError: It cannot be read.
    """
    try:
        text = _bytes(file, source).decode("utf-8-sig")
        return json.loads(text, object_pairs_hook=pulumi_state.kept)
    except UnicodeDecodeError:
        what = "is not text in UTF-8"
    except json.JSONDecodeError as fault:
        what = f"is not JSON: line {fault.lineno}, column {fault.colno}"
    except (ValueError, RecursionError):
        what = "is JSON that no state is: too deep, or with a number that is too long"
    raise _wrong(source, f"{what}. Give what `pulumi stack export` writes")


def _bytes(file: IO[bytes], source: str) -> bytearray:
    content = _some(file)
    if content.startswith(_PACKED):
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(content)) as unpacked:
                content = _some(cast("IO[bytes]", unpacked))
        except (EOFError, zlib.error, gzip.BadGzipFile):
            raise _wrong(source, "is not whole: it cannot be unpacked") from None
    if len(content) > LIMIT:
        raise _wrong(
            source, f"is larger than {LIMIT // 2**20} MiB: make it smaller with jq; of each "
            "resource urn, id, outputs.arn and outputs.owner are needed"
        )  # fmt: skip
    return content


def _some(file: IO[bytes]) -> bytearray:
    """Return what is in a file, not much more than the limit; in pieces, as little as there is."""
    content = bytearray()
    while len(content) <= LIMIT and (piece := file.read(_PIECE)):
        content += piece
    return content


def _wrong(source: str, what: str) -> errors.InvalidInput:
    return errors.InvalidInput([f"{short(source, 80)} {what}"])
