"""Stacks of secrets: what they declare, and how the tests look at what came of it.

    story = Story(engine, aws)
    story.up(one(description="of the shop"))
    assert story.calls == ["CreateSecret"]
    assert story.live().value == VALUE

Rules:

- A run starts with an empty call log: ``calls`` is what the last run sent, STS included.
- Arguments of ``one`` that are callables are called inside the program, since outputs belong to the
  event loop of a run.
- State is read from the file on disk, where values are encrypted; AWS is looked at from outside.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pulumi

from e2e.toys import readable
from recoverable_secrets import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from e2e.engine import Engine, Program, Run
    from emulation import Aws, SecretSnapshot

NAME = "demo/dev/db"
"""The default name of the secret that ``one`` declares."""

VALUE = "hunter2-of-the-shop"

ENCRYPTED = "<encrypted>"

OWNER, INSTANCE, ORIGIN = (
    f"recoverable-secrets:{mark}" for mark in ("owner", "instance", "origin")
)

CREATE = ["CreateSecret"]
LOOK = ["DescribeSecret"]
DELETE = ["DescribeSecret", "DeleteSecret"]
RESTORE = ["CreateSecret", "DescribeSecret", "RestoreSecret", "DeleteResourcePolicy"]
"""What a recreate sends where nothing differs, without the comparison of the value."""
COMPARE = ["PutSecretValue"]


def made(argument: Any) -> Any:
    """An argument as the program gives it: callables called, also inside mappings."""
    if isinstance(argument, dict):
        return {key: made(inner) for key, inner in argument.items()}
    return argument() if callable(argument) else argument


def declare(
    resource: str = "db", opts: pulumi.ResourceOptions | None = None, /, **arguments: Any
) -> Secret:
    """Declare a secret with a value, inside a program; ``secret_string=None`` gives none."""
    if "secret_binary" not in arguments:
        arguments.setdefault("secret_string", VALUE)
    return Secret(resource, opts=opts, **made(arguments))


def one(
    resource: str = "db", opts: pulumi.ResourceOptions | None = None, /, **arguments: Any
) -> Program:
    """A program with one secret."""

    def program() -> None:
        declare(resource, opts, **arguments)

    return program


def several(secrets: Mapping[str, Mapping[str, Any]]) -> Program:
    """A program with secrets, given as arguments by resource name; ``opts`` is one of them."""

    def program() -> None:
        for resource, arguments in secrets.items():
            rest = dict(arguments)
            declare(resource, rest.pop("opts", None), **rest)

    return program


def nothing() -> None:
    """A program that declares nothing."""


@dataclasses.dataclass
class Story:
    """One stack over one AWS, run by run.

    Attributes:
        engine: The stack.
        aws: The AWS double.
        calls: What the last run sent, in order, each attempt counted; that of other services
            with their names, such as ``sts:Action``.
    """

    engine: Engine
    aws: Aws
    calls: list[str] = dataclasses.field(default_factory=list)

    def up(self, program: Program, **options: Any) -> Run:
        """Create or update."""
        return self._run(self.engine.up, program, **options)

    def preview(self, program: Program, **options: Any) -> Run:
        """Say what up would do."""
        return self._run(self.engine.preview, program, **options)

    def refresh(self, program: Program | None = None, **options: Any) -> Run:
        """Read every resource."""
        return self._run(self.engine.refresh, program, **options)

    def destroy(self, program: Program | None = None, **options: Any) -> Run:
        """Delete every resource."""
        return self._run(self.engine.destroy, program, **options)

    def _run(self, operation: Callable[..., Run], program: Program | None, **options: Any) -> Run:
        self.aws.calls.clear()
        try:
            return operation(program, **options)
        finally:
            self.calls = [
                record.action
                if record.service == "secretsmanager"
                else f"{record.service}:{record.action}"
                for record in self.aws.calls
            ]

    def about(self, name: str = NAME) -> list[str]:
        """What the last run sent about the secret of this name, in order."""
        return [record.action for record in self.aws.calls if subject(record.parameters) == name]

    def sent(self, action: str) -> dict[str, Any]:
        """Parameters of the last call of this action in the last run; values are left out."""
        found = [record for record in self.aws.calls if record.action == action]
        return dict(found[-1].parameters)

    def live(self, name: str = NAME) -> SecretSnapshot:
        """The secret, which has to be live."""
        return self._in("live", name)

    def pending(self, name: str = NAME) -> SecretSnapshot:
        """The secret, which has to be pending deletion."""
        return self._in("pending", name)

    def gone(self, name: str = NAME) -> bool:
        """Whether there is nothing of the secret but perhaps its reserved name."""
        return self.aws.secret(name).state in {"absent", "purging"}

    def _in(self, state: str, name: str, region: str | None = None) -> SecretSnapshot:
        found = self.aws.secret(name, region=region)
        held = [(one.name, one.state) for one in self.aws.secrets()]
        assert found.state == state, f"{name} is {found.state}; AWS holds {held}"
        return found

    def window(self, name: str = NAME) -> int:
        """Days between the deletion and the end of the pending secret."""
        found = self.pending(name)
        assert found.purge_date
        assert found.deleted_date
        return (found.purge_date - found.deleted_date).days

    def names(self) -> list[str]:
        """Names of the resources in the state file; the stack and providers left out."""
        entries: Sequence[dict[str, Any]] = self.engine.resources()
        return [
            entry["urn"].rsplit("::", 1)[1]
            for entry in entries
            if not entry["type"].startswith("pulumi:")
        ]

    def state(self, name: str = "db") -> dict[str, Any]:
        """Id, inputs and outputs in the state file, ciphertexts replaced by a word."""
        entry = self.engine.resource(name)
        bags = {kind: readable(entry.get(kind, {})) for kind in ("inputs", "outputs")}
        return {"id": entry["id"], "urn": entry["urn"], **bags}

    def outputs(self, name: str = "db") -> dict[str, Any]:
        """Outputs in the state file, ciphertexts replaced by a word."""
        found: dict[str, Any] = self.state(name)["outputs"]
        return found

    def agree(self, name: str = "db", *, region: str | None = None) -> SecretSnapshot:
        """Check that state and AWS tell the same of a live secret; return what AWS tells."""
        state = self.state(name)
        outputs = state["outputs"]
        found = self._in("live", outputs["name"], region)
        assert state["id"] == outputs["arn"] == found.arn
        assert outputs.get("version_id") == found.version_id
        assert (outputs["owner"], outputs["instance"]) == (found.tags[OWNER], found.tags[INSTANCE])
        assert outputs["region"] == found.region
        for bag in (state["inputs"], outputs):
            for key in ("secret_string", "secret_binary"):
                assert bag.get(key) in {None, ENCRYPTED}
        return found


def subject(parameters: Mapping[str, Any]) -> str:
    """Name of the secret that a call is about."""
    id_ = str(parameters.get("SecretId") or parameters.get("Name"))
    return id_.rpartition(":secret:")[2][: -len("-AbCdEf")] if id_.startswith("arn:") else id_


def users(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags that are not ours."""
    return {key: text for key, text in tags.items() if not key.startswith("recoverable-secrets:")}


def told(run: Run) -> str:
    """What the user is told by messages, in one string."""
    return "\n".join(text.strip() for _, text in run.messages)
