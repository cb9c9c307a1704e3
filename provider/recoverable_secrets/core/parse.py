"""From what a user wrote to a `Declaration`, or to all that is wrong with it at once."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from . import errors, ownership
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
) -> Declaration:
    """Return the declaration that `given` makes.

    Args:
        given: The user's arguments by the surface's names; `None` counts as not given.
        capabilities: Limits of the store that will hold the secret.
        spelling: How the surface spells a field's name; errors use the same.
        unknown: Names whose content cannot be known yet; they are not looked at.

    Raises:
        InvalidInput: With every problem found, none of which shows what was given.
    """
    names = {spelling(name): name for name in FIELDS}
    problems = [_stranger(key, names) for key in given if key not in names]
    raw = {
        field: given[name]
        for name, field in names.items()
        if name not in unknown and given.get(name) is not None
    }
    parts: list[BaseModel] = []
    for model in (Spec, Policy, Location):
        part, faults = _validate(model, raw, spelling)
        parts.append(part)
        problems += faults
    declaration = Declaration(spec=parts[0], policy=parts[1], location=parts[2])
    understood = {name for part in parts for name in part.model_fields_set}
    unsure = (raw.keys() - understood) | {names[name] for name in unknown if name in names}
    problems += _contradictions(declaration, spelling, unsure)
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


def _validate(model: type[M], raw: Mapping[str, Any], spelling: Spelling) -> tuple[M, list[str]]:
    """Return the model made of the fields that are right, and a text for each that is not."""
    mine = {name: raw[name] for name in model.model_fields if name in raw}
    try:
        return model.model_validate(mine), []
    except ValidationError as failure:
        found = failure.errors(include_input=False, include_url=False)
    wrong = {str(fault["loc"][0]) for fault in found}
    rest = {name: content for name, content in mine.items() if name not in wrong}
    texts = dict.fromkeys(_text(fault, mine, spelling) for fault in found)
    return model.model_validate(rest), list(texts)


def _text(fault: ErrorDetails, raw: Mapping[str, Any], spelling: Spelling) -> str:
    """Say what is wrong with one field, in the words of its declaration."""
    name = str(fault["loc"][0])
    shown = spelling(name)
    known = traits(FIELDS[name])
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
    }.get(kind, "has the wrong type")


def _stranger(key: object, names: Mapping[str, str]) -> str:
    near = difflib.get_close_matches(str(key), names, n=2, cutoff=0.65)
    hint = f"did you mean {' or '.join(near)}?" if near else "remove it"
    return f"{errors.short(str(key))} is not an argument of a recoverable secret: {hint}"


def _contradictions(
    declaration: Declaration, spelling: Spelling, unsure: Collection[str]
) -> Iterator[str]:
    """Yield what fits no secret although each field alone is right."""
    spec, policy = declaration.spec, declaration.policy
    text, binary, window, force, deletion, recreate = map(
        spelling,
        (
            "secret_string",
            "secret_binary",
            "recovery_window_in_days",
            "force_delete_without_recovery",
            "deletion",
            "on_recreate",
        ),
    )
    said = policy.model_fields_set
    if spec.secret_string and spec.secret_binary:
        yield f"{text} and {binary} exclude each other: a version holds one of them; remove one"
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
