"""What fits no secret although each field alone is right.

What is not known yet, or was given and not understood, is *unsure*: it may be what is missing,
and nothing that follows from it is a problem of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from . import generate, rotation
from .fields import Spelling
from .model import Declaration, Spec
from .policy import Deletion, OnRecreate, Policy

VALUES = (
    "secret_string",
    "secret_binary",
    "secret_json",
    "secret_string_wo",
    "generate_secret_string",
    "value_from",
)
"""The ways to give a value, each of which excludes the others."""

NEEDS: Mapping[str, tuple[str, str]] = {
    "secret_string_wo": ("secret_string_wo_version", "a change of it writes the value again"),
    "secret_string_wo_version": ("secret_string_wo", "it says when that is written again"),
    "regenerate_when": ("generate_secret_string", "it says when a new value is generated"),
    "value_version": ("value_from", "it says when the value is read again"),
    "rotation_lambda_arn": ("rotation_rules", "they say when it rotates the value"),
}
"""Fields that mean nothing without another: that one, and what it is for."""


@dataclass(frozen=True, slots=True)
class _Said:
    """What was said, for a check of one group of fields."""

    declaration: Declaration
    raw: Mapping[str, Any]
    unsure: Collection[str]
    spelling: Spelling

    def lacks(self, name: str) -> bool:
        """Whether a field is certainly not declared."""
        return self.declaration.of(name) is None and name not in self.unsure

    def unclear(self, name: str, part: BaseModel) -> set[str]:
        """Return which parts of a field were given but not understood."""
        given = self.raw.get(name)
        if not isinstance(given, Mapping):
            return set()
        missing = type(part).model_fields.keys() - part.model_fields_set
        return {each for each in missing if given.get(self.spelling(each)) is not None}


def found(
    declaration: Declaration,
    raw: Mapping[str, Any],
    unsure: Collection[str],
    spelling: Spelling,
) -> Iterator[str]:
    """Yield a text for each contradiction.

    Args:
        declaration: What was understood.
        raw: What was given, by the names of the fields.
        unsure: Fields that may be declared all the same.
        spelling: How the surface spells a field's name.
    """
    said = _Said(declaration, raw, unsure, spelling)
    yield from _values(declaration.spec, spelling)
    yield from _needs(said)
    yield from _teardown(declaration.policy, said)
    if declaration.spec.name is not None and declaration.spec.name_prefix is not None:
        name, prefix = spelling("name"), spelling("name_prefix")
        yield f"{name} and {prefix} exclude each other: keep one of them"
    yield from _rotation(said)
    yield from _place_of_value(said)
    yield from _generated(said)


def _values(spec: Spec, spelling: Spelling) -> Iterator[str]:
    several = [spelling(name) for name in VALUES if getattr(spec, name) is not None]
    if len(several) > 1:
        yield f"{' and '.join(several)} exclude each other: a version holds one of them; keep one"


def _needs(said: _Said) -> Iterator[str]:
    for name, (needed, why) in NEEDS.items():
        if said.declaration.of(name) is not None and said.lacks(needed):
            yield f"{said.spelling(name)} needs {said.spelling(needed)}, as {why}: declare both"


def _teardown(policy: Policy, said: _Said) -> Iterator[str]:
    window, force, deletion, recreate = map(
        said.spelling,
        (
            "recovery_window_in_days",
            "force_delete_without_recovery",
            "deletion",
            "on_recreate",
        ),
    )
    if policy.force and "recovery_window_in_days" in policy.model_fields_set:
        yield f"{window} and deletion by force exclude each other: remove one of them"
    scheduled = "deletion" in policy.model_fields_set and policy.deletion is not Deletion.FORCE
    if policy.force_delete_without_recovery and scheduled:
        yield f"{force} contradicts {deletion} = {policy.deletion}: remove one of them"
    maybe = {"force_delete_without_recovery", "deletion"} & set(said.unsure)
    if policy.on_recreate is OnRecreate.REPLACE and not policy.force and not maybe:
        yield (
            f"{recreate} = replace destroys the pending secret for good: it needs {force} as well, "
            "or use restore"
        )


def _rotation(said: _Said) -> Iterator[str]:
    spec, spelling = said.declaration.spec, said.spelling
    enabled, at = spelling("rotation_enabled"), spelling("rotation_rules")
    if spec.rotation_enabled is False:
        declared = [n for n in rotation.FIELDS if getattr(spec, n) is not None]
        others = [spelling(name) for name in declared if name != "rotation_enabled"]
        if others:
            yield f"{enabled} = false excludes {' and '.join(others)}: remove it, or remove them"
    elif (
        spec.rotation_enabled and spec.rotation_lambda_arn is None and said.lacks("rotation_rules")
    ):
        yield f"{enabled} = true needs {at}, which say when the value is rotated: declare them"
    rules = spec.rotation_rules
    if rules is None:
        return
    days, schedule = (
        f"{at}.{spelling(name)}" for name in ("automatically_after_days", "schedule_expression")
    )
    given = (rules.automatically_after_days, rules.schedule_expression)
    if None not in given:
        yield f"{days} and {schedule} exclude each other: keep one of them"
    hidden = said.unclear("rotation_rules", rules) - {"duration"}
    if given == (None, None) and not hidden:
        yield f"{at} needs {days} or {schedule}: declare one of them"


def _place_of_value(said: _Said) -> Iterator[str]:
    reference, at = said.declaration.spec.value_from, said.spelling("value_from")
    if reference is None:
        return
    places = [f"{at}.{said.spelling(name)}" for name in reference.places]
    if len(places) > 1:
        yield f"{' and '.join(places)} exclude each other: a value is in one place; keep one"
    if not places and not _given(said.raw["value_from"]):
        yield f"{at} says no place to read the value from: declare one, such as {at}." + (
            said.spelling("ssm_parameter")
        )


def _given(content: object) -> bool:
    """Whether a mapping holds anything: what is wrong in it has a text of its own."""
    return isinstance(content, Mapping) and any(each is not None for each in content.values())


def _generated(said: _Said) -> Iterator[str]:
    """Yield why no value can be generated as declared."""
    parameters, at = said.declaration.spec.generate_secret_string, "generate_secret_string"
    if parameters is None:
        return

    def spelt(name: str) -> str:
        return f"{said.spelling(at)}.{said.spelling(name)}"

    yield from generate.problems(parameters, spelt, said.unclear(at, parameters))
