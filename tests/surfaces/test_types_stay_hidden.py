"""No public type shows a value that it holds, in whatever way it is printed."""

from __future__ import annotations

import copy
import dataclasses
import enum
import importlib
import inspect
import json
import pickle
import pkgutil
import pprint
import traceback
import typing
from collections.abc import Callable, Iterator
from typing import Any

import pydantic
import pytest

import recoverable_secrets
from recoverable_secrets import engine
from recoverable_secrets.cli import carry, targets, where
from recoverable_secrets.core import facts, model, parse, plan
from recoverable_secrets.core.policy import Policy
from recoverable_secrets.core.sealed import Sealed
from recoverable_secrets.stores import aws, aws_errors, limits, memory
from surfaces.held import CANARY

SEALED = Sealed(CANARY)
DECLARED = parse.parse({"secret_string": CANARY, "tags": {"a": "b"}}, limits.AWS)
BINARY = parse.parse({"secret_binary": "Y2FuYXJ5LTdmM2EtdmFsdWU="}, limits.AWS)
MEMORY = facts.Memory(id="id", owner="me", spec=DECLARED.spec)
KEPT = facts.Kept(
    name="n", spec=DECLARED.spec, owner="me", instance="i", version="v" * 32, memory=MEMORY
)


def ran() -> tuple[memory.MemoryStore, engine.Engine, engine.Result]:
    """A store, an engine and a result that have all had the value."""
    store = memory.MemoryStore()
    made = engine.Engine(store)
    return store, made, made.run(dataclasses.replace(KEPT, memory=None), Policy())


STORE, ENGINE, RESULT = ran()

INSTANCES: list[object] = [
    SEALED,
    DECLARED,
    DECLARED.spec,
    BINARY,
    BINARY.spec,
    MEMORY,
    KEPT,
    facts.Gone(name="n", owner="me", memory=MEMORY),
    facts.Back(name="n", memory=MEMORY),
    facts.Handed(name="n", memory=MEMORY, owner="you"),
    facts.Labelled(name="n", memory=MEMORY, labels={"blue": None}, shown={"blue": "v"}),
    STORE,
    STORE.entries["n"],
    ENGINE,
    RESULT,
    aws_errors.Subject("CreateSecret", "n", SEALED),
    carry.Change(
        target=targets.Target(
            where.Place("eu-west-1", aws.AwsStore(aws.Connection(region="eu-west-1"))),
            facts.Present(secret=facts.Secret(id="id", name="n")),
        ),
        wanted=KEPT,
    ),
]
"""One of every type that can hold a value."""

WAYS: dict[str, Callable[[Any], str]] = {
    "repr": repr,
    "str": str,
    "format": "{:}".format,
    "a list": lambda each: repr([each, {"k": each}]),
    "pprint": pprint.pformat,
    "a copy": lambda each: repr(copy.copy(each)),
    "an exception": lambda each: "".join(traceback.format_exception(ValueError(each))),
    "JSON": lambda each: json.dumps(each, default=str),
}


def classes() -> Iterator[type]:
    """Yield every public class of the package."""
    found = pkgutil.walk_packages(recoverable_secrets.__path__, "recoverable_secrets.")
    for module in [importlib.import_module(each.name) for each in found]:
        for name, each in inspect.getmembers(module, inspect.isclass):
            if each.__module__ == module.__name__ and not name.startswith("_"):
                yield each


def parts(each: type) -> Iterator[type]:
    """Yield the types that a class says its fields have, however nested."""
    is_record = dataclasses.is_dataclass(each) or issubclass(each, pydantic.BaseModel)
    late = {"AwsStore": aws.AwsStore}  # Most modules import it only where it is needed.
    hints = typing.get_type_hints(each, localns=late) if is_record else {}
    stack: list[Any] = list(hints.values())
    while stack:
        hint = stack.pop()
        stack.extend(typing.get_args(hint))
        if isinstance(hint, type):
            yield hint


def holds_values(each: type, seen: frozenset[type] = frozenset()) -> bool:
    """Whether a value can be reached through the fields of a class."""
    if each is Sealed:
        return True
    return each not in seen and any(
        holds_values(part, seen | {each}) for part in parts(each) if part is not each
    )


def test_every_type_that_can_hold_a_value_is_tried() -> None:
    able = {each for each in classes() if holds_values(each)}
    assert {Sealed, model.Spec, facts.Kept, memory.Entry} <= able
    assert able - {type(each) for each in INSTANCES} == set()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("each", INSTANCES, ids=lambda each: type(each).__name__)
def test_no_type_shows_its_value(each: object, way: str) -> None:
    try:
        shown = WAYS[way](each)
    except TypeError as refused:  # a copy or JSON of it cannot be had at all
        shown = str(refused)
    assert CANARY not in shown
    assert CANARY.encode().hex() not in shown


def test_models_show_no_value_in_json_or_as_a_mapping() -> None:
    for each in (DECLARED, BINARY):
        assert CANARY not in each.model_dump_json()
        assert CANARY not in repr(each.model_dump())
        assert CANARY not in json.dumps(each.model_dump(mode="json"))


@pytest.mark.parametrize("each", INSTANCES, ids=lambda each: type(each).__name__)
def test_no_value_is_pickled(each: object) -> None:
    try:
        packed = pickle.dumps(each)
    except (TypeError, AttributeError):  # a lock, or a value
        return
    assert CANARY.encode() not in packed


def test_plans_hold_no_value_at_all() -> None:
    """Not hidden, but absent: a plan can be kept, compared and sent."""
    actions = [each for each in classes() if issubclass(each, plan.Action | plan.Plan)]
    assert len(actions) > 10
    assert not any(map(holds_values, actions))
    assert not any(holds_values(each) for each in classes() if issubclass(each, enum.Enum))
    assert CANARY not in repr(RESULT.actions)
