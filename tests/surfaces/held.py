"""One resource as an infrastructure engine holds it between calls: id, inputs and outputs.

Theory: the functions of `resource.py` see their own outputs again only after a trip through the
engine, which turns whole numbers into floats and leaves out what is None. `sent()` is that trip,
and `Held` makes it before every call.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from recoverable_secrets import resource

CANARY = "canary-7f3a-value"
"""A value to look for where it must not be."""

DEFAULTS = {"default_name": "shop/dev/db", "default_owner": "pulumi/shop/dev/db:0123456789abcdef"}

GOLDEN = "gASVNQAAAAAAAACMG3JlY292ZXJhYmxlX3NlY3JldHMuZHluYW1pY5SMDlNlY3JldFByb3ZpZGVylJOUKYGULg=="
"""The provider as it lies in the state of every stack; test_state_abi.py says what that means."""

Seen = tuple[bool | None, list[str]]
NOTHING: Seen = (False, [])
ENGINE_DECIDES: Seen = (None, [])


def sent(content: Any) -> Any:
    """Return what arrives at the other side of the engine."""
    if isinstance(content, dict):
        return {key: sent(inner) for key, inner in content.items() if inner is not None}
    if isinstance(content, list):
        return [sent(inner) for inner in content]
    if isinstance(content, int) and not isinstance(content, bool):
        return float(content)
    return content


@dataclasses.dataclass
class Held:
    """A resource in the state.

    Attributes:
        said: What the user was told, in order.
    """

    id: str = ""
    inputs: dict[str, Any] = dataclasses.field(default_factory=dict)
    outputs: dict[str, Any] = dataclasses.field(default_factory=dict)
    said: list[str] = dataclasses.field(default_factory=list)

    def create(self) -> Held:
        """Create it from its inputs."""
        self.id, outputs = resource.create(sent(self.inputs), self.said.append)
        self.outputs = sent(outputs)
        return self

    def diff(self, **changes: Any) -> Seen:
        """Say what changed inputs would mean; what becomes None is no longer declared."""
        return resource.diff(sent(self.outputs), sent({**self.inputs, **changes}), ())

    def update(self, **changes: Any) -> Held:
        """Change inputs, whether diff would see it or not."""
        self.inputs = {**self.inputs, **changes}
        outputs = resource.update(self.id, sent(self.outputs), sent(self.inputs), self.said.append)
        self.outputs = sent(outputs)
        return self

    def refresh(self) -> Held | None:
        """Read it; None if it is gone."""
        outputs = resource.read(self.id, sent(self.outputs), self.said.append)
        if outputs is None:
            return None
        self.outputs = sent(outputs)
        return self

    def delete(self) -> None:
        """Delete it by what its state says."""
        resource.delete(self.id, sent(self.outputs), self.said.append)


Declare = Callable[..., Held]


def declare(**fields: Any) -> Held:
    """Return a resource that declares these fields, not created yet."""
    return Held(inputs={**DEFAULTS, **fields})
