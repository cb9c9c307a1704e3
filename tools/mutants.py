"""All changes that mutmut makes of the core and the engine, one at a time.

What tries them is tools/mutation.py.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import libcst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation import file_mutation

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "provider" / "recoverable_secrets"
FILES = [*sorted((PACKAGE / "core").glob("*.py")), PACKAGE / "engine.py"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One change of one function.

    Attributes:
        path: The file.
        function: The name of the function or method.
        span: The first and last line of the function.
        lines: The lines that are changed.
        before: What stands there, without blanks around.
        after: What comes in its place.
        text: The whole file, changed.
        nth: Which one of those that are told alike.
    """

    path: Path
    function: str
    span: tuple[int, int]
    lines: frozenset[int]
    before: str
    after: str
    text: str
    nth: int = 1

    @property
    def name(self) -> str:
        """How it is told from others; does not change when lines move."""
        module = self.path.relative_to(PACKAGE).with_suffix("").as_posix()
        told = f"{module}:{self.function}: {self.before} -> {self.after or 'nothing'}"
        return told if self.nth == 1 else f"{told} ({self.nth})"


def mutants(paths: Iterable[Path]) -> Iterator[Mutant]:
    """Yield all mutants that mutmut makes of some files, each with a name of its own."""
    names: Counter[str] = Counter()
    for mutant in _mutants(paths):
        names[mutant.name] += 1
        yield dataclasses.replace(mutant, nth=names[mutant.name])


def _mutants(paths: Iterable[Path]) -> Iterator[Mutant]:
    for path in paths:
        source = path.read_text()
        module, mutations, _, _ = file_mutation.create_mutations(str(path), source)
        wrapper = MetadataWrapper(module, unsafe_skip_copy=True)
        places = wrapper.resolve(PositionProvider)
        for mutation in mutations:
            function = mutation.contained_by_top_level_function
            if not isinstance(function, libcst.FunctionDef):
                continue
            changed = file_mutation.deep_replace(
                function, mutation.original_node, mutation.mutated_node
            )
            if not isinstance(changed, libcst.FunctionDef):
                continue
            start = places[function].start
            first = places[function.decorators[0]].start if function.decorators else start
            old, new = (_code(node, start.column > 0) for node in (function, changed))
            assert source.count(old) == 1, f"{path}: {function.name.value}"
            if old != new:
                span = first.line, places[function].end.line
                yield _mutant(path, function, span, source, source.replace(old, new))


def _code(function: libcst.FunctionDef, method: bool) -> str:  # noqa: FBT001
    """Return a function as it stands in its file."""
    if not method:
        return libcst.parse_module("").code_for_node(function)
    body = libcst.IndentedBlock([function])
    around = libcst.ClassDef(libcst.Name("Around"), body)
    return libcst.parse_module("").code_for_node(around).partition("\n")[2]


def _mutant(
    path: Path, function: libcst.FunctionDef, span: tuple[int, int], source: str, text: str
) -> Mutant:
    """Return the mutant that a changed file is."""
    was, now = source.splitlines(), text.splitlines()
    changes = [
        (a, b, c, d)
        for tag, a, b, c, d in difflib.SequenceMatcher(None, was, now, autojunk=False).get_opcodes()
        if tag != "equal"
    ]
    first, last = changes[0][0], changes[-1][1]
    return Mutant(
        path=path,
        function=function.name.value,
        span=span,
        lines=frozenset(range(first + 1, max(last, first + 1) + 1)),
        before=" ".join(" ".join(was[first:last]).split()),
        after=" ".join(" ".join(now[changes[0][2] : changes[-1][3]]).split()),
        text=text,
    )
