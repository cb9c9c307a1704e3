"""A throwaway dynamic provider over a JSON file: what the tests of the engine's ways need.

It has no behaviour of its own. ``script.json`` in the folder ``TOY_FOLDER`` says what each verb
does, for a toy with an input ``case`` under ``verb:case``; ``calls.jsonl`` gets a line per call
with what the engine passed, types included.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pulumi
from pulumi import dynamic
from pulumi.output import Unknown

LOCK = threading.Lock()


def shown(value: Any) -> Any:
    """A value with its types spelt out, so that numbers and unknowns can be told apart."""
    if isinstance(value, Unknown):
        return "<Unknown>"
    if isinstance(value, dict):
        return {key: shown(inner) for key, inner in value.items() if key != "__provider"}
    if isinstance(value, list):
        return [shown(inner) for inner in value]
    return f"{type(value).__name__}:{value}"


class Provider(dynamic.ResourceProvider):
    """Does what the script says."""

    serialize_as_secret_always = False

    def _called(self, verb: str, **seen: Any) -> dict[str, Any]:
        folder = Path(os.environ["TOY_FOLDER"])
        line = json.dumps({"verb": verb, "process": os.getpid(), **shown(seen)})
        with LOCK, (folder / "calls.jsonl").open("a", encoding="utf-8") as file:
            file.write(line + "\n")
        script = json.loads((folder / "script.json").read_text(encoding="utf-8"))
        bags = [bag for bag in seen.values() if isinstance(bag, dict) and "case" in bag]
        case = f"{verb}:{bags[-1]['case']}" if bags else verb
        does: dict[str, Any] = script.get(case, script.get(verb, {}))
        for stream in ("stdout", "stderr"):
            getattr(sys, stream).write(does.get(stream, ""))
        time.sleep(does.get("seconds", 0))
        if "raise" in does:
            raise RuntimeError(does["raise"])
        return does

    def check(self, olds: dict[str, Any], news: dict[str, Any]) -> dynamic.CheckResult:
        """Add and drop inputs, or fail."""
        does = self._called("check", olds=olds, news=news)
        inputs = {key: value for key, value in news.items() if key not in does.get("drop", [])}
        for source, target in does.get("copy", {}).items():
            inputs[target] = news[source]
        failures = [dynamic.CheckFailure(*pair) for pair in does.get("failures", [])]
        return dynamic.CheckResult({**inputs, **does.get("add", {})}, failures)

    def diff(self, id: str, olds: dict[str, Any], news: dict[str, Any]) -> dynamic.DiffResult:  # noqa: A002
        """Answer what the script says; without one, nothing known."""
        does = self._called("diff", id=id, olds=olds, news=news)
        return dynamic.DiffResult(
            changes=does.get("changes"),
            replaces=does.get("replaces"),
            delete_before_replace=does.get("delete_before_replace"),
        )

    def create(self, props: dict[str, Any]) -> dynamic.CreateResult:
        """Echo the inputs as outputs."""
        does = self._called("create", props=props)
        return dynamic.CreateResult(does.get("id", "id-1"), {**props, **does.get("outs", {})})

    def read(self, id: str, props: dict[str, Any]) -> dynamic.ReadResult:  # noqa: A002
        """Echo, or what the script says."""
        does = self._called("read", id=id, props=props)
        outs = does["only"] if "only" in does else {**props, **does.get("outs", {})}
        return dynamic.ReadResult(does.get("id", id), outs, does.get("inputs"))

    def update(self, id: str, olds: dict[str, Any], news: dict[str, Any]) -> dynamic.UpdateResult:  # noqa: A002
        """Echo the inputs as outputs."""
        does = self._called("update", id=id, olds=olds, news=news)
        return dynamic.UpdateResult(
            None if does.get("outs") == "none" else {**news, **does.get("outs", {})}
        )

    def delete(self, id: str, props: dict[str, Any]) -> None:  # noqa: A002
        """Only note the call."""
        self._called("delete", id=id, props=props)


class Toy(dynamic.Resource, module="toys", name="Toy"):
    """A resource with any properties."""

    def __init__(
        self, name: str, props: dict[str, Any], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare it."""
        super().__init__(Provider(), name, props, opts)
