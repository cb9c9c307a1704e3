"""From what a user wrote to a `Declaration`, or to all that is wrong with it at once."""

from __future__ import annotations

import difflib
import re
import typing
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from . import bounds, contradictions, errors, fields
from .fields import Spelling, snake, traits
from .model import FIELDS, Declaration, Location, Spec
from .policy import Capabilities, Policy

M = TypeVar("M", bound=BaseModel)

SUFFIX = 26
"""Hexadecimal digits, made of the owner, that follow a `name_prefix`."""


def parse(
    given: Mapping[str, Any],
    capabilities: Capabilities,
    *,
    spelling: Spelling = snake,
    unknown: Collection[str] = (),
    allowed: Collection[str] = FIELDS,
    elsewhere: Mapping[str, str] | None = None,
    region: str | None = None,
) -> Declaration:
    """Return the declaration that `given` makes.

    Args:
        given: The user's arguments by the surface's names, aliases included; `None` counts as
            not given.
        capabilities: Limits of the store that will hold the secret.
        spelling: How the surface spells a field's name; errors use the same.
        unknown: Names whose content cannot be known yet; they are not looked at.
        allowed: The fields that the surface has.
        elsewhere: Parts of fields that the surface does not have, with the reason, such as
            `value_from.file`.
        region: Region of the secret where no field tells it, if that is known.

    Raises:
        InvalidInput: With every problem found, none of which shows what was given.
    """
    place = _Place(spelling, elsewhere=elsewhere or {})
    names = {spelt: f for spelt, f in _names(FIELDS, place).items() if f in allowed}
    said = {f: spelt for spelt, f in names.items() if given.get(spelt) is not None}

    def shown(name: str) -> str:
        return said.get(name) or spelling(name)

    skipped = {names[name] for name in unknown if name in names}
    named, problems = _named(given, FIELDS, place)
    raw = {name: content for name, content in named.items() if name not in skipped}
    place = replace(place, said=said)
    spec, faults = _validate(Spec, raw, place)
    policy, more = _validate(Policy, raw, place)
    location, rest = _validate(Location, raw, place)
    problems += [*faults, *more, *rest]
    declaration = Declaration(
        spec=spec or Spec(), policy=policy or Policy(), location=location or Location()
    )
    understood = {
        name for part in (spec, policy, location) if part for name in part.model_fields_set
    }
    unsure = (raw.keys() - understood) | skipped
    problems += contradictions.found(declaration, raw, unsure, shown)
    problems += _names_of_secret(declaration.spec, capabilities, shown)
    problems += bounds.exceeded(declaration, raw, capabilities, shown, region)
    if problems:
        raise errors.InvalidInput(problems)
    return declaration


def recall(remembered: Mapping[str, Any], spelling: Spelling = snake) -> Declaration:
    """Return the declaration that a surface remembers, without what is no longer understood.

    Raises nothing: what was stored once must never block a deletion.

    Args:
        remembered: What was stored, by the surface's names, aliases included.
        spelling: How those names are spelt.
    """
    place = _Place(spelling)
    raw, _ = _named(remembered, FIELDS, place)
    spec, policy, location = (_validate(model, raw, place)[0] for model in (Spec, Policy, Location))
    return Declaration.model_validate(
        {"spec": spec or Spec(), "policy": policy or Policy(), "location": location or Location()}
    )


def spellings(name: str, info: FieldInfo, spelling: Spelling) -> tuple[str, ...]:
    """Return all names by which a surface takes a field, its own first.

    Besides the field's aliases these are, in CloudFormation, the field's plain name where a
    native type calls it otherwise: `ReplicaRegions` and `Replicas` both mean `replicas`.
    """
    plain = fields.camel(name)
    native = (plain[:1].upper() + plain[1:],) if spelling is fields.pascal else ()
    others = (spelling(alias) for alias in traits(info).aliases)
    return tuple(dict.fromkeys((spelling(name), *others, *native)))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in a declaration something stands, for the texts.

    Attributes:
        spelling: How the surface spells a field's name.
        at: What to put before a name, such as `ReplicaRegions[0].`.
        path: The same in fields, such as `replicas.`.
        elsewhere: The parts that the surface does not have, by path and name; the reason.
        said: What the user calls a field, where that is known.
    """

    spelling: Spelling
    at: str = ""
    path: str = ""
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    said: Mapping[str, str] = field(default_factory=dict)

    def shown(self, name: str) -> str:
        """Return what people call a field that stands here."""
        return self.at + (self.said.get(name) or self.spelling(name))

    def inside(self, name: str, at: int | None = None) -> _Place:
        """Return the place inside a field, or inside an item of it."""
        item = "" if at is None else f"[{at}]"
        return _Place(
            self.spelling, f"{self.shown(name)}{item}.", f"{self.path}{name}.", self.elsewhere
        )


def _names(declared: Mapping[str, FieldInfo], place: _Place) -> dict[str, str]:
    """Return the fields by all names that they can have here."""
    return {
        spelt: name
        for name, info in declared.items()
        if place.path + name not in place.elsewhere
        for spelt in spellings(name, info, place.spelling)
    }


def _named(
    given: Mapping[Any, Any], declared: Mapping[str, FieldInfo], place: _Place
) -> tuple[dict[str, Any], list[str]]:
    """Return what is given by the names of the fields, and a text for each name that is wrong."""
    names = _names(declared, place)
    problems = [_stranger(key, declared, names, place) for key in given if key not in names]
    said: dict[str, list[str]] = {}
    for spelt, name in names.items():
        if given.get(spelt) is not None:
            said.setdefault(name, []).append(spelt)
    for several in said.values():
        if len(several) > 1:
            shown = " and ".join(place.at + spelt for spelt in several)
            problems.append(f"{shown} are two names of one argument: keep one of them")
    return {name: given[spelt[0]] for name, spelt in said.items()}, problems


def _validate(model: type[M], raw: Mapping[str, Any], place: _Place) -> tuple[M | None, list[str]]:
    """Return the model made of the fields that are right, and a text for each that is not.

    It is `None` where a field is wrong or missing without which there is no such model.

    Args:
        model: What to make.
        raw: What is given, by the names of the fields.
        place: Where the model stands.
    """
    mine: dict[str, Any] = {}
    texts: list[str] = []
    for name in (name for name in model.model_fields if name in raw):
        mine[name], faults = _parts(model.model_fields[name], raw[name], place, name)
        texts += faults
    try:
        return model.model_validate(mine), texts
    except ValidationError as failure:
        found = failure.errors(include_input=False, include_url=False)
    wrong = {str(fault["loc"][0]) for fault in found}
    rest = {name: content for name, content in mine.items() if name not in wrong}
    texts += dict.fromkeys(_text(fault, model, mine, place) for fault in found)
    required = {name for name, info in model.model_fields.items() if info.is_required()}
    return (None if required - rest.keys() else model.model_validate(rest)), texts


def _parts(info: FieldInfo, content: object, place: _Place, name: str) -> tuple[object, list[str]]:
    """Return content with the models made that it holds, and a text for each fault in them."""
    model = fields.nested(info)
    if model is None or isinstance(content, BaseModel):
        return content, []
    if not many(info):
        return _part(model, content, place.inside(name))
    if not isinstance(content, list | tuple):
        return content, []
    made = [_part(model, item, place.inside(name, at)) for at, item in enumerate(content)]
    wrong = [
        f"{place.inside(name, at).at[:-1]} must be a mapping"
        for at, (item, _) in enumerate(made)
        if not isinstance(item, BaseModel | None)
    ]
    items = [item for item, _ in made if isinstance(item, BaseModel)]
    return items, [*wrong, *(text for _, texts in made for text in texts)]


def _part(model: type[BaseModel], content: object, place: _Place) -> tuple[object, list[str]]:
    """Return the model that a mapping makes; anything else stays as it is."""
    if not isinstance(content, Mapping):
        return content, []
    named, strangers = _named(content, model.model_fields, place)
    made, faults = _validate(model, named, place)
    return made, [*strangers, *faults]


def many(info: FieldInfo) -> bool:
    """Whether a field holds a list."""
    return _is_list(info.annotation)


def _is_list(kind: Any) -> bool:
    return typing.get_origin(kind) is list or any(map(_is_list, typing.get_args(kind)))


def _text(
    fault: ErrorDetails, model: type[BaseModel], raw: Mapping[str, Any], place: _Place
) -> str:
    """Say what is wrong with one field, in the words of its declaration."""
    name = str(fault["loc"][0])
    shown, info = place.shown(name), model.model_fields[name]
    known = traits(info)
    if name == "recovery_window_in_days" and raw[name] in ("0", 0) and raw[name] is not False:
        force = place.spelling("force_delete_without_recovery")
        return (
            f"{shown} is 0, which elsewhere means deletion without recovery: use 7 to 30 (a "
            f"recreated secret is restored, so the name is not blocked), or say {force}"
        )
    if fault["type"] == "enum":
        return f"{shown} must be one of {fault['ctx']['expected'].replace(chr(39), '')}"
    if fault["type"] == "missing":
        return f"{shown} is missing: declare it"
    if known.maximum is not None:
        return f"{shown} must be a whole number from {known.minimum} to {known.maximum}"
    inner = [errors.short(str(part)) for part in fault["loc"][1:]]
    where = f" ({', '.join(inner)})" if inner and not known.sensitive else ""
    told = fault["msg"] if fault["msg"].startswith("must ") else _shape(fault["type"], info)
    named = re.sub("`([a-z_]+)`", lambda found: place.spelling(found[1]), told)
    return f"{shown}{where} {named}"


def _shape(kind: str, info: FieldInfo) -> str:
    items = "mappings" if fields.nested(info) else "text"
    return {
        "dict_type": "must be a mapping of text to text",
        "list_type": f"must be a list of {items}",
        "model_type": "must be a mapping",
    }.get(kind, "has the wrong type")


def _stranger(
    key: object, declared: Mapping[str, FieldInfo], names: Mapping[str, str], place: _Place
) -> str:
    reasons = {place.spelling(name): place.elsewhere.get(place.path + name) for name in declared}
    near = difflib.get_close_matches(str(key), names, n=2, cutoff=0.65)
    hint = f"did you mean {' or '.join(near)}?" if near else "remove it"
    shown = f"{place.at}{errors.short(str(key))}"
    why = reasons.get(str(key)) or hint
    return f"{shown} is not an argument of a recoverable secret: {why}"


def _names_of_secret(spec: Spec, store: Capabilities, spelling: Spelling) -> Iterator[str]:
    if spec.name is not None:
        yield from name_problems(spec.name, store, spelling("name"))
    if spec.name_prefix is not None:
        room = store.name_length - SUFFIX
        yield from name_problems(spec.name_prefix, store, spelling("name_prefix"), room)


def name_problems(
    name: str, store: Capabilities, shown: str = "name", room: int | None = None
) -> Iterator[str]:
    """Yield what is wrong with a name, derived ones included.

    Args:
        name: The name, or its beginning.
        store: The store that will hold the secret.
        shown: What people call it.
        room: Most characters; as many as a name has, by default.
    """
    most = store.name_length if room is None else room
    if not 1 <= len(name) <= most:
        more = "" if room is None else f" ({SUFFIX} more are added)"
        yield f"{shown} must have 1 to {most} characters{more}; it has {len(name)}"
    if not re.fullmatch(f"(?:{store.name_characters})*", name):
        yield f"{shown} may contain letters, digits and /_+=.@-! only: remove other characters"


def warnings(name: str, store: Capabilities) -> Iterator[str]:
    """Yield what is allowed but will surprise."""
    if store.hyphen_suffix and re.search(r"-[A-Za-z0-9]{6}$", name):
        yield (
            f"name {errors.short(name, 40)} ends in a hyphen and six characters, like the suffix "
            "of an ARN: look-ups by partial ARN fail for it; use the full ARN or the exact name"
        )
