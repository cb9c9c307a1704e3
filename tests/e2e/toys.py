"""A stack of toys: the programs, scripts and records of the tests that use the toy provider."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pulumi

from e2e import toy
from e2e.engine import Engine

if TYPE_CHECKING:
    from e2e.engine import Program, Run

SECRET = "hunter2-value"
TESTS = Path(__file__).parent.parent


class Toys:
    """A stack of toys, the script that they follow, and the calls that they got."""

    def __init__(self, folder: Path, root: Path) -> None:
        """Make an empty stack with an empty script."""
        self.folder = folder
        env = {"TOY_FOLDER": str(folder), "PYTHONPATH": str(TESTS)}
        self.script()
        self.engine = Engine(folder / "engine", root=root, env=env)

    def script(self, **verbs: dict[str, Any]) -> None:
        """Say what each verb does from now on."""
        (self.folder / "script.json").write_text(json.dumps(verbs), encoding="utf-8")

    def calls(self) -> list[dict[str, Any]]:
        """The calls since the last time this was asked."""
        file = self.folder / "calls.jsonl"
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        file.unlink(missing_ok=True)
        return [json.loads(line) for line in lines]

    def verbs(self) -> list[str]:
        """The verbs of these calls."""
        return [call["verb"] for call in self.calls()]

    def up(self, program: Program, **options: Any) -> Run:
        """Run up with an empty record of calls."""
        self.calls()
        return self.engine.up(program, **options)

    def bag(self, kind: str, name: str = "r") -> dict[str, Any]:
        """Inputs or outputs in the state file; "<encrypted>" where that is what they are."""
        found = self.engine.resource(name)[kind]
        return {key: readable(value) for key, value in found.items() if key != "__provider"}


def readable(value: Any) -> Any:
    """A value of the state file, ciphertexts replaced by a word."""
    if isinstance(value, dict):
        if "ciphertext" in value:
            return "<encrypted>"
        return {key: readable(inner) for key, inner in value.items()}
    return value


def declare(opts: pulumi.ResourceOptions | None = None, **props: Any) -> Program:
    """A program with one toy, named r; callables are called inside the program."""

    def made(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: made(inner) for key, inner in value.items()}
        return value() if callable(value) else value

    def program() -> None:
        toy.Toy("r", made(props), opts)

    return program


def secret() -> pulumi.Output[str]:
    """The secret value, marked as such."""
    return pulumi.Output.secret(SECRET)
