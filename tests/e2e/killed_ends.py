"""What an operation leaves in AWS and in Pulumi's state, without what is random."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from cli import killed_world
from e2e.secrets_program import Story
from e2e.toys import readable
from emulation.log import Record

_NAME = re.compile(r"(?:^|/)(?P<name>[a-z])(?:-\w{6})?$")
_RANDOM = [
    (re.compile(r"recoverable-secrets-[0-9a-f]{32}"), "<version>"),
    (re.compile(r"\b[0-9a-f]{32}\b"), "<mark>"),
    (re.compile(r"(:secret:[^\"]*-)\w{6}\b"), r"\1<random>"),
]


def subject(parameters: Mapping[str, Any]) -> str:
    """Return which of the secrets a call is about, by the last part of its name or ARN."""
    told = str(parameters.get("SecretId") or parameters.get("Name") or "")
    found = _NAME.search(told)
    return found["name"] if found else ""


def by_secret(calls: Sequence[Record]) -> dict[str, list[str]]:
    """Return the actions about each secret, in order; those about none are left out."""
    found: dict[str, list[str]] = {}
    for record in calls:
        if name := subject(record.parameters):
            found.setdefault(name, []).append(record.action)
    return dict(sorted(found.items()))


def end(story: Story) -> dict[str, Any]:
    """Return all that is there: what AWS holds, and what the state says, once they agree."""
    told = {each["urn"].rsplit("::", 1)[1]: each for each in story.engine.resources()}
    said = {name: in_state(told[name]) for name in story.names()}
    for name in said:
        story.agree(name)
    latest = story.engine.state()["checkpoint"].get("latest") or {}
    begun = [each["type"] for each in latest.get("pending_operations") or ()]
    return {"aws": killed_world.held(story.aws), "state": said, "pending": begun}


def in_state(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return id, inputs and outputs of a resource of the state; of values, that there are some.

    Whether it was restored is left out: it is told of the last run alone.
    """
    bags = {kind: readable(entry.get(kind, {})) for kind in ("id", "inputs", "outputs")}
    text = json.dumps(bags, sort_keys=True)
    for pattern, word in _RANDOM:
        text = pattern.sub(word, text)
    found: dict[str, Any] = json.loads(text)
    for bag in (found["inputs"], found["outputs"]):
        for name in ("__provider", "restored"):
            bag.pop(name, None)
    return found
