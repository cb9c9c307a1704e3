"""The command in its stage: `recoverable-secrets …` in this process, typed again if it fails."""

from __future__ import annotations

import contextlib
import dataclasses
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import emulation
from contract import worlds
from interruptions.harness import Stage, StageOnDouble
from recoverable_secrets import cli

AGAIN = "the same command"


def ways(_: Operation, __: str) -> tuple[str, ...]:
    """Return the only way there is."""
    return (AGAIN,)


OWNER = "pulumi/shop/prod/db:0123456789abcdef"
NAME = "prod/db"


@dataclass(frozen=True)
class Operation:
    """A command.

    Attributes:
        words: What is typed; `{db}` and the like stand for the ARNs of secrets, `{old}` for the
            id of the version before.
        prepare: Brings the double to where it begins.
        expects: Calls that it makes at least, in this order.
        after: What its text and the documentation want besides the same command, if it broke off.
        toggles: Whether to run it again would take back what it did. Its documentation wants
            `versions list` first, so the user runs it again only if that shows it undone.
        behaviour: What AWS does where it leaves that open.
    """

    words: tuple[str, ...]
    prepare: Callable[[CommandStage], None]
    expects: tuple[str, ...]
    after: tuple[tuple[str, ...], ...] = ()
    toggles: bool = False
    behaviour: Mapping[str, Any] = field(default_factory=dict)


class CommandStage(StageOnDouble):
    """One command and its double."""

    def __init__(self, operation: Operation) -> None:
        self.operation = operation
        behaviour = emulation.Behaviour(reserved_seconds=3, deleted_visible_seconds=1)
        self.aws = emulation.Aws(
            clock=emulation.Clock(worlds.START),
            behaviour=dataclasses.replace(behaviour, **operation.behaviour),
        )
        self.words: dict[str, str] = {}
        self.said = ""

    def make(self, name: str = NAME, **more: Any) -> None:
        """Create a secret by hand, as a stack of ours would."""
        marks = {"owner": OWNER, "instance": "1f" * 16, "origin": "created"}
        tags = [{"Key": f"recoverable-secrets:{k}", "Value": v} for k, v in marks.items()]
        made = self.aws.by_hand("CreateSecret", Name=name, SecretString="first", Tags=tags, **more)
        self.words[name.rpartition("/")[2]] = made["ARN"]

    def typed(self, *words: str) -> bool:
        """Type a command; whether it succeeded."""
        given = [word.format(**self.words) for word in words]
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            code = cli.main(given)
        self.said = said.getvalue()
        return code == 0

    def run(self) -> bool:
        """Type the command once."""
        return self.typed(*self.operation.words)

    def again(self) -> bool:
        """Type it once more, and what the documentation wants besides."""
        if self.operation.toggles and self.aws.secret(NAME).version_id == self.words["old"]:
            return True
        return self.run() and all(self.typed(*words) for words in self.operation.after)

    def settled(self) -> str:
        """Return nothing: the command remembers nothing."""
        return ""


@contextlib.contextmanager
def staged(operation: Operation) -> Iterator[Stage]:
    """Set a stage for a command; its stdin is no terminal."""
    stage = CommandStage(operation)
    for key in ("alias/ours", "alias/near", "alias/far"):
        stage.aws.add_key(key)
    with stage.aws.in_process():
        operation.prepare(stage)
        stage.aws.calls.clear()
        yield stage
