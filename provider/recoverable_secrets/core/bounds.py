"""What a store would refuse, by its limits and by what it can do at all."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from . import diff, errors, generate, keys, ownership, replication, rotation
from .fields import Spelling
from .model import Declaration, Spec, listed
from .policy import Capabilities

LABELS_OF_SERVICE = ("AWSCURRENT", "AWSPREVIOUS", "AWSPENDING")
LABEL_LENGTH = 256
METADATA_LENGTH = 2048
TYPE_LENGTH = 256
_SECRETS_AS_PARAMETERS = "aws/reference/secretsmanager/"

_NAME = r"[A-Za-z0-9/_+=.@!-]{1,512}"
_KEY = (keys.PATTERN, "an ARN, id or alias of a key")
_REGION = (replication.REGION, "a region such as eu-west-1")
_ROLE = (r"arn:[a-z-]+:iam::[0-9]{12}:role/[!-~]{1,1900}", "the ARN of an IAM role")
_FUNCTION = (
    r"arn:[a-z-]+:lambda:[a-z0-9-]+:[0-9]{12}:function:[A-Za-z0-9_-]{1,140}(:[A-Za-z0-9$_-]{1,128})?",
    "the ARN of a Lambda function",
)

PATTERNS: Mapping[str, tuple[str, str]] = {
    "kms_key_id": _KEY,
    "rotation_lambda_arn": _FUNCTION,
    "external_secret_rotation_role_arn": _ROLE,
    "owner": (r"(?s).{1,256}", "1 to 256 characters"),
    "region": _REGION,
    "profile": (r"(?s).+", "the name of a profile"),
    "assume_role_arn": _ROLE,
    "replicas.region": _REGION,
    "replicas.kms_key_id": _KEY,
    "rotation_rules.schedule_expression": (
        r"(rate|cron)\([0-9A-Za-z#?*/, -]{1,250}\)",
        "such as rate(10 days) or cron(0 8 1 * ? *)",
    ),
    "rotation_rules.duration": (r"[0-9]{1,2}h", "hours, such as 3h"),
    "value_from.environment_variable": (r"[^=\0]{1,2048}", "the name of an environment variable"),
    "value_from.file": (r"[^\0]{1,4096}", "the path of a file"),
    "value_from.ssm_parameter": (
        r"[A-Za-z0-9_./:-]{1,2048}",
        "the name or ARN of a parameter of Systems Manager",
    ),
    "value_from.secret": (
        rf"{_NAME}|arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{{12}}:secret:{_NAME}-[A-Za-z0-9]{{6}}",
        "the exact name or the full ARN of a secret",
    ),
}
"""What a text must look like, and how people say that."""


def exceeded(
    declaration: Declaration,
    raw: Mapping[str, Any],
    store: Capabilities,
    spelling: Spelling,
    region: str | None,
) -> Iterator[str]:
    """Yield a text for each limit that is exceeded, and for each thing that a store cannot do.

    Args:
        declaration: What was understood.
        raw: What was given, by the names of the fields.
        store: The limits.
        spelling: How the surface spells a field's name.
        region: Region of the secret where the declaration does not tell it; `None` if unknown.
    """
    spec, location = declaration.spec, declaration.location
    yield from _unable(spec, store, spelling)
    yield from _sizes(spec, store, spelling)
    yield from _patterns(declaration, raw, spelling)
    yield from _replicas(spec, location.region or region, spelling)
    yield from _labels(spec, store, spelling)
    yield from _metadata(spec, spelling)
    kept = ownership.MARKS + len(diff.records(spec))
    yield from _tags(_readable(raw.get("tags")), kept, store, spelling("tags"))


def _unable(spec: Spec, store: Capabilities, spelling: Spelling) -> Iterator[str]:
    """Yield what this store does not have: it is refused, never left out."""
    rotated = [name for name in rotation.FIELDS if getattr(spec, name) is not None]
    asked: tuple[tuple[bool, bool, str, list[str]], ...] = (
        (store.replicas, bool(spec.replicas), "replicas", ["replicas"]),
        (store.policies, bool(spec.policy), "resource policies", ["policy"]),
        (store.types, spec.type is not None, "types", ["type"]),
        (store.labels > 0, bool(spec.version_stages), "labels of one's own", ["version_stages"]),
        (store.rotation, spec.rotation_enabled is not False and bool(rotated), "rotation", rotated),
    )
    for able, wanted, what, names in asked:
        if wanted and not able:
            shown = " and ".join(map(spelling, names))
            yield f"{store.service} has no {what}: remove {shown}"


def _sizes(spec: Spec, store: Capabilities, spelling: Spelling) -> Iterator[str]:
    if spec.description is not None and len(spec.description) > store.description_length:
        yield f"{spelling('description')} must have at most {store.description_length} characters"
    for name in ("secret_string", "secret_binary", "secret_json", "secret_string_wo"):
        value = getattr(spec, name)
        if value is not None and not 1 <= value.size <= store.value_bytes:
            yield (
                f"{spelling(name)} must have 1 to {store.value_bytes} bytes; it has {value.size}. "
                "Leave it out for a secret without a value"
            )
    if spec.generate_secret_string is not None:
        at, size = (
            spelling("generate_secret_string"),
            generate.largest(spec.generate_secret_string),
        )
        if size > store.value_bytes:
            yield f"{at} can make a value of {size} bytes, but {store.value_bytes} fit: shorten it"
    if spec.type is not None and not 1 <= len(spec.type) <= TYPE_LENGTH:
        yield f"{spelling('type')} must have 1 to {TYPE_LENGTH} characters"
    if spec.policy is not None and len(spec.policy) > store.policy_length:
        yield (
            f"{spelling('policy')} must have at most {store.policy_length} characters without "
            f"spaces; it has {len(spec.policy)}"
        )


def _patterns(
    declaration: Declaration, raw: Mapping[str, Any], spelling: Spelling
) -> Iterator[str]:
    for path, content, shown in _texts(declaration, raw, spelling):
        pattern, meant = PATTERNS[path]
        if not re.fullmatch(pattern, content):
            yield f"{shown} must be {meant}"
        elif path == "value_from.ssm_parameter" and _is_secret(content):
            yield (
                f"{shown} names a secret by way of a parameter: use "
                f"{spelling('value_from')}.{spelling('secret')}"
            )
    accounts = declaration.location.allowed_account_ids or []
    if not all(re.fullmatch(r"[0-9]{12}", account) for account in accounts):
        yield f"{spelling('allowed_account_ids')} must be account ids of 12 digits"


def _texts(
    declaration: Declaration, raw: Mapping[str, Any], spelling: Spelling
) -> Iterator[tuple[str, str, str]]:
    """Yield each text that has a pattern: its path, the text, and what people call it.

    Items of a list are taken as they were given: the model has put them in its own order.
    """
    for path in PATTERNS:
        name, _, part = path.partition(".")
        shown = spelling(name)
        items = raw.get(name)
        if part and isinstance(items, list | tuple):
            for at, item in enumerate(items):
                given = item.get(spelling(part)) if isinstance(item, Mapping) else None
                if isinstance(given, str):
                    yield path, given, f"{shown}[{at}].{spelling(part)}"
            continue
        content = declaration.of(name)
        text = getattr(content, part, None) if part else content
        if text is not None:
            yield path, text, f"{shown}.{spelling(part)}" if part else shown


def _is_secret(parameter: str) -> bool:
    """Whether a parameter's name or ARN stands for a secret, which has rules of its own."""
    is_arn = parameter.startswith("arn:")
    name = parameter.split(":", 5)[-1].removeprefix("parameter") if is_arn else parameter
    return name.lstrip("/").lower().startswith(_SECRETS_AS_PARAMETERS)


def _replicas(spec: Spec, region: str | None, spelling: Spelling) -> Iterator[str]:
    regions = [replica.region for replica in spec.replicas or []]
    for twice in sorted({each for each in regions if regions.count(each) > 1}):
        yield f"{spelling('replicas')} name {errors.short(twice)} twice: keep one of them"
    if region in regions:
        yield (
            f"{spelling('replicas')} name {region}, where the secret itself is: remove it, or name "
            "another region"
        )


def _labels(spec: Spec, store: Capabilities, spelling: Spelling) -> Iterator[str]:
    labels, shown = spec.version_stages or [], spelling("version_stages")
    if len(labels) > store.labels > 0:
        yield f"{shown} has {len(labels)} labels, but {store.labels} fit: remove some"
    for label in dict.fromkeys(labels):
        at = f"{shown} ({errors.short(label, 40)})"
        if label in LABELS_OF_SERVICE:
            yield f"{at}: this label is the service's own; remove it"
        if not 1 <= len(label) <= LABEL_LENGTH:
            yield f"{at}: a label must have 1 to {LABEL_LENGTH} characters"
        if labels.count(label) > 1:
            yield f"{at}: this label is there twice; keep one of them"


def _metadata(spec: Spec, spelling: Spelling) -> Iterator[str]:
    shown = spelling("external_secret_rotation_metadatas")
    for key, content in (spec.external_secret_rotation_metadatas or {}).items():
        at = f"{shown} ({errors.short(key, 40)})"
        if not 1 <= len(key) <= LABEL_LENGTH:
            yield f"{at}: a key must have 1 to {LABEL_LENGTH} characters"
        if not 1 <= len(content) <= METADATA_LENGTH:
            yield f"{at}: a value must have 1 to {METADATA_LENGTH} characters"


def _tags(tags: Mapping[str, str], kept: int, store: Capabilities, shown: str) -> Iterator[str]:
    room = store.tags - kept
    if len(tags) > room:
        yield (
            f"{shown} has {len(tags)} tags, but {room} fit: a secret has {store.tags}, "
            f"{kept} of them kept for ownership"
            + (" and for what a restore brings back" if kept > ownership.MARKS else "")
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
