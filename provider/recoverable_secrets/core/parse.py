"""From what a user wrote to a `Declaration`, or to all that is wrong with it at once."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from . import errors, fields, generate, ownership
from .fields import Spelling, snake, traits
from .model import FIELDS, Declaration, Location, Spec, listed
from .policy import Capabilities, Deletion, OnRecreate, Policy

M = TypeVar("M", bound=BaseModel)


def parse(
    given: Mapping[str, Any],
    capabilities: Capabilities,
    *,
    spelling: Spelling = snake,
    unknown: Collection[str] = (),
    allowed: Collection[str] = FIELDS,
) -> Declaration:
    """Return the declaration that `given` makes.

    Args:
        given: The user's arguments by the surface's names; `None` counts as not given.
        capabilities: Limits of the store that will hold the secret.
        spelling: How the surface spells a field's name; errors use the same.
        unknown: Names whose content cannot be known yet; they are not looked at.
        allowed: The fields that the surface has.

    Raises:
        InvalidInput: With every problem found, none of which shows what was given.
    """
    names = {spelling(name): name for name in FIELDS if name in allowed}
    named, problems = _named(given, FIELDS, spelling)
    raw = {name: content for name, content in named.items() if spelling(name) not in unknown}
    parts: list[BaseModel] = []
    for model in (Spec, Policy, Location):
        part, faults = _validate(model, raw, spelling)
        parts.append(part)
        problems += faults
    declaration = Declaration(spec=parts[0], policy=parts[1], location=parts[2])
    understood = {name for part in parts for name in part.model_fields_set}
    unsure = (raw.keys() - understood) | {names[name] for name in unknown if name in names}
    problems += _contradictions(declaration, spelling, unsure)
    problems += _generate_problems(declaration.spec, raw, capabilities, spelling)
    problems += _over_limits(declaration, capabilities, spelling)
    problems += _tag_problems(_readable(raw.get("tags")), capabilities, spelling("tags"))
    if problems:
        raise errors.InvalidInput(problems)
    return declaration


def recall(remembered: Mapping[str, Any]) -> Declaration:
    """Return the declaration that a surface remembers, without what is no longer understood.

    Raises nothing: what was stored once must never block a deletion.
    """
    raw = {name: remembered[name] for name in FIELDS if remembered.get(name) is not None}
    spec, policy, location = (_validate(model, raw, snake)[0] for model in (Spec, Policy, Location))
    return Declaration(spec=spec, policy=policy, location=location)


def _named(
    given: Mapping[Any, Any], declared: Mapping[str, FieldInfo], spelling: Spelling, at: str = ""
) -> tuple[dict[str, Any], list[str]]:
    """Return what is given by the names of the fields, and a text for each name that is none."""
    names = {spelling(name): name for name in declared}
    problems = [_stranger(key, names, at) for key in given if key not in names]
    return {f: given[name] for name, f in names.items() if given.get(name) is not None}, problems


def _validate(
    model: type[M], raw: Mapping[str, Any], spelling: Spelling, at: str = ""
) -> tuple[M, list[str]]:
    """Return the model made of the fields that are right, and a text for each that is not.

    Args:
        model: What to make.
        raw: What is given, by the names of the fields.
        spelling: How the surface spells a field's name.
        at: The place of the model inside another one, for the texts.
    """
    mine = {name: raw[name] for name in model.model_fields if name in raw}
    texts: list[str] = []
    for name, content in mine.items():
        inner = fields.nested(model.model_fields[name])
        if inner and isinstance(content, Mapping):
            place = f"{at}{spelling(name)}."
            named, strangers = _named(content, inner.model_fields, spelling, place)
            mine[name], faults = _validate(inner, named, spelling, place)
            texts += [*strangers, *faults]
    try:
        return model.model_validate(mine), texts
    except ValidationError as failure:
        found = failure.errors(include_input=False, include_url=False)
    wrong = {str(fault["loc"][0]) for fault in found}
    rest = {name: content for name, content in mine.items() if name not in wrong}
    texts += dict.fromkeys(_text(fault, model, mine, spelling, at) for fault in found)
    return model.model_validate(rest), texts


def _text(
    fault: ErrorDetails,
    model: type[BaseModel],
    raw: Mapping[str, Any],
    spelling: Spelling,
    at: str,
) -> str:
    """Say what is wrong with one field, in the words of its declaration."""
    name = str(fault["loc"][0])
    shown = at + spelling(name)
    known = traits(model.model_fields[name])
    if name == "recovery_window_in_days" and raw[name] in ("0", 0) and raw[name] is not False:
        force = spelling("force_delete_without_recovery")
        return (
            f"{shown} is 0, which elsewhere means deletion without recovery: use 7 to 30 (a "
            f"recreated secret is restored, so the name is not blocked), or say {force}"
        )
    if fault["type"] == "enum":
        return f"{shown} must be one of {fault['ctx']['expected'].replace(chr(39), '')}"
    if known.maximum is not None:
        return f"{shown} must be a whole number from {known.minimum} to {known.maximum}"
    inner = [errors.short(str(part)) for part in fault["loc"][1:]]
    where = f" ({', '.join(inner)})" if inner and not known.sensitive else ""
    told = fault["msg"] if fault["msg"].startswith("must ") else _shape(fault["type"])
    return f"{shown}{where} {told}"


def _shape(kind: str) -> str:
    return {
        "dict_type": "must be a mapping of text to text",
        "list_type": "must be a list of text",
        "model_type": "must be a mapping",
    }.get(kind, "has the wrong type")


def _stranger(key: object, names: Mapping[str, str], at: str) -> str:
    near = difflib.get_close_matches(str(key), names, n=2, cutoff=0.65)
    hint = f"did you mean {' or '.join(near)}?" if near else "remove it"
    return f"{at}{errors.short(str(key))} is not an argument of a recoverable secret: {hint}"


def _contradictions(
    declaration: Declaration, spelling: Spelling, unsure: Collection[str]
) -> Iterator[str]:
    """Yield what fits no secret although each field alone is right."""
    spec, policy = declaration.spec, declaration.policy
    window, force, deletion, recreate = map(
        spelling,
        (
            "recovery_window_in_days",
            "force_delete_without_recovery",
            "deletion",
            "on_recreate",
        ),
    )
    said = policy.model_fields_set
    values = ("secret_string", "secret_binary", "generate_secret_string")
    several = [spelling(name) for name in values if getattr(spec, name) is not None]
    if len(several) > 1:
        yield f"{' and '.join(several)} exclude each other: a version holds one of them; keep one"
    if policy.force and "recovery_window_in_days" in said:
        yield f"{window} and deletion by force exclude each other: remove one of them"
    scheduled = "deletion" in said and policy.deletion is not Deletion.FORCE
    if policy.force_delete_without_recovery and scheduled:
        yield f"{force} contradicts {deletion} = {policy.deletion}: remove one of them"
    maybe = {"force_delete_without_recovery", "deletion"} & set(unsure)
    if policy.on_recreate is OnRecreate.REPLACE and not policy.force and not maybe:
        yield (
            f"{recreate} = replace destroys the pending secret for good: it needs {force} as well, "
            "or use restore"
        )


def _generate_problems(
    spec: Spec, raw: Mapping[str, Any], store: Capabilities, spelling: Spelling
) -> Iterator[str]:
    """Yield why no value can be generated as declared, or none that fits."""
    parameters, at = spec.generate_secret_string, spelling("generate_secret_string")
    if parameters is None:
        return
    given = raw["generate_secret_string"]
    unsure = {
        name
        for name in generate.Generate.model_fields.keys() - parameters.model_fields_set
        if isinstance(given, Mapping) and given.get(spelling(name)) is not None
    }
    yield from generate.problems(parameters, lambda name: f"{at}.{spelling(name)}", unsure)
    size = generate.largest(parameters)
    if size > store.value_bytes:
        yield f"{at} can make a value of {size} bytes, but {store.value_bytes} fit: shorten it"


def _over_limits(
    declaration: Declaration, store: Capabilities, spelling: Spelling
) -> Iterator[str]:
    """Yield what the store would refuse, by its limits."""
    spec, location = declaration.spec, declaration.location
    if spec.name is not None:
        yield from name_problems(spec.name, store, spelling("name"))
    if spec.description is not None and len(spec.description) > store.description_length:
        yield f"{spelling('description')} must have at most {store.description_length} characters"
    for name in ("secret_string", "secret_binary"):
        value = getattr(spec, name)
        if value is not None and not 1 <= value.size <= store.value_bytes:
            yield (
                f"{spelling(name)} must have 1 to {store.value_bytes} bytes; it has {value.size}. "
                "Leave it out for a secret without a value"
            )
    checks: tuple[tuple[str, str | None, str, str], ...] = (
        ("kms_key_id", spec.kms_key_id, r"[A-Za-z0-9_+=,.@:/-]{0,2048}",
         "an ARN, id or alias of a key"),
        ("owner", spec.owner, r"(?s).{1,256}", "1 to 256 characters"),
        ("region", location.region, r"([a-z]+-)+[0-9]+", "a region such as eu-west-1"),
        ("profile", location.profile, r"(?s).+", "the name of a profile"),
        ("assume_role_arn", location.assume_role_arn, r"arn:[a-z-]+:iam::[0-9]{12}:role/[!-~]+",
         "the ARN of an IAM role"),
    )  # fmt: skip
    for name, content, pattern, meant in checks:
        if content is not None and not re.fullmatch(pattern, content):
            yield f"{spelling(name)} must be {meant}"
    accounts = location.allowed_account_ids or []
    if not all(re.fullmatch(r"[0-9]{12}", account) for account in accounts):
        yield f"{spelling('allowed_account_ids')} must be account ids of 12 digits"


def name_problems(name: str, store: Capabilities, shown: str = "name") -> Iterator[str]:
    """Yield what is wrong with a name, derived ones included."""
    if not 1 <= len(name) <= store.name_length:
        yield f"{shown} must have 1 to {store.name_length} characters; it has {len(name)}"
    if not re.fullmatch(f"(?:{store.name_characters})*", name):
        yield f"{shown} may contain letters, digits and /_+=.@-! only: remove other characters"


def _tag_problems(tags: Mapping[str, str], store: Capabilities, shown: str) -> Iterator[str]:
    room = store.tags - ownership.MARKS
    if len(tags) > room:
        yield (
            f"{shown} has {len(tags)} tags, but {room} fit: a secret has {store.tags}, "
            f"{ownership.MARKS} of them kept for ownership"
        )
    for key, content in tags.items():
        at = f"{shown} ({errors.short(key, 40)})"
        for prefix in (*store.reserved_tags, ownership.PREFIX):
            if key.lower().startswith(prefix):
                yield f"{at}: the prefix {prefix} is reserved; choose another key"
        if not 1 <= len(key) <= store.tag_key_length:
            yield f"{at}: a key must have 1 to {store.tag_key_length} characters"
        if len(content) > store.tag_value_length:
            yield f"{at}: a value must have at most {store.tag_value_length} characters"
        if not (_taggable(key) and _taggable(content)):
            yield f"{at}: only letters, digits, spaces and _.:/=+-@ are allowed"


def _readable(tags: object) -> dict[str, str]:
    """Return those tags that are text, so that one bad tag does not hide the others' faults."""
    pairs = listed(tags) if isinstance(tags, list) else tags
    if not isinstance(pairs, Mapping):
        return {}
    return {k: v for k, v in pairs.items() if isinstance(k, str) and isinstance(v, str)}


def _taggable(text: str) -> bool:
    return all(c in "_.:/=+-@" or unicodedata.category(c)[0] in "LZN" for c in text)


def warnings(name: str, store: Capabilities) -> Iterator[str]:
    """Yield what is allowed but will surprise."""
    if store.hyphen_suffix and re.search(r"-[A-Za-z0-9]{6}$", name):
        yield (
            f"name {errors.short(name, 40)} ends in a hyphen and six characters, like the suffix "
            "of an ARN: look-ups by partial ARN fail for it; use the full ARN or the exact name"
        )
