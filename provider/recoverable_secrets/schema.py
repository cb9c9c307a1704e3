"""What is generated from the model: the Pulumi package schema and the reference page.

    python -m recoverable_secrets.schema pulumi      > schema.json
    python -m recoverable_secrets.schema reference   > docs/reference.md

Both are committed; the checks fail when they drift from the model. The schema carries no
defaults: an SDK would send them as if the user had said so, and some arguments exclude others
only when said. The descriptions tell the defaults.
"""

from __future__ import annotations

import enum
import json
import sys
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic.fields import FieldInfo

from . import __version__
from .core import fields
from .core.model import FIELDS
from .core.sealed import Sealed

PACKAGE = "recoverable-secrets"
TOKEN = f"{PACKAGE}:index:Secret"

OUTPUTS: Mapping[str, tuple[str, str]] = {
    "arn": ("string", "The full ARN; the same again after a restore."),
    "version_id": ("string", "Id of the version that was current when last seen."),
    "restored": ("boolean", "Whether the last operation that made the secret restored it."),
}
"""What the resource tells besides its inputs: name, type and meaning."""


def pulumi_schema() -> dict[str, Any]:
    """Return the Pulumi package schema of the resource."""
    inputs = {fields.camel(name): _property(info) for name, info in FIELDS.items()}
    told = {
        fields.camel(name): {"type": kind, "description": doc}
        for name, (kind, doc) in OUTPUTS.items()
    }
    outputs = {
        name: {key: part for key, part in each.items() if key != "willReplaceOnChanges"}
        for name, each in inputs.items()
    }
    return {
        "name": PACKAGE,
        "displayName": "Recoverable Secrets",
        "version": __version__,
        "description": "Secrets that survive their stack: teardown schedules deletion, "
        "recreate restores the same secret.",
        "keywords": ["pulumi", "aws", "secrets", "category/cloud"],
        "license": "Apache-2.0",
        "types": dict(_enums()),
        "provider": {"description": "Keeps secrets recoverable."},
        "resources": {
            TOKEN: {
                "description": "A secret in AWS Secrets Manager that survives its stack.",
                "properties": outputs | told,
                "required": ["arn", "name", "region", "restored"],
                "inputProperties": inputs,
                "requiredInputs": [],
            }
        },
    }


def _property(info: FieldInfo) -> dict[str, Any]:
    known = fields.traits(info)
    described: dict[str, Any] = {**_type(info), "description": _doc(info)}
    if known.sensitive:
        described["secret"] = True
    if known.replaces:
        described["willReplaceOnChanges"] = True
    return described


def _type(info: FieldInfo) -> dict[str, Any]:
    """Return a field's type in the schema's terms."""
    kind = _bare(info)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return {"$ref": f"#/types/{PACKAGE}:index:{kind.__name__}"}
    if typing.get_origin(kind) is dict:
        return {"type": "object", "additionalProperties": {"type": "string"}}
    if typing.get_origin(kind) is list:
        return {"type": "array", "items": {"type": "string"}}
    return {"type": {bool: "boolean", int: "integer", str: "string", Sealed: "string"}[kind]}


def _bare(info: FieldInfo) -> Any:
    """Return a field's type without `None` and without how it is checked."""
    kind = info.annotation
    if isinstance(kind, types.UnionType) or typing.get_origin(kind) is typing.Union:
        kind = next(each for each in typing.get_args(kind) if each is not type(None))
    return typing.get_args(kind)[0] if hasattr(kind, "__metadata__") else kind


def _doc(info: FieldInfo) -> str:
    """Return a field's meaning, with its default where it has one of its own."""
    default = info.default
    if default is None:
        return str(info.description)
    shown = str(default).lower() if isinstance(default, bool) else str(default)
    return f"{info.description} Default: {shown}."


def _enums() -> Iterator[tuple[str, dict[str, Any]]]:
    for info in FIELDS.values():
        kind = _bare(info)
        if isinstance(kind, type) and issubclass(kind, enum.Enum):
            members = [
                {"name": fields.pascal(each.name.lower()), "value": each.value} for each in kind
            ]
            yield (
                f"{PACKAGE}:index:{kind.__name__}",
                {"type": "string", "description": (kind.__doc__ or "").strip(), "enum": members},
            )


_RULES = (
    "All are optional. *Not declared* means not managed; *declared and then removed* means "
    "removed; *empty* means none. A change of what is marked *policy* makes no call."
)


def reference() -> str:
    """Return the reference page, in Markdown."""
    rows = [
        f"| `{name}` | `{fields.camel(name)}` | `{fields.pascal(name)}` | {_word(info)} "
        f"| {_effect(info)} | {_doc(info)} |"
        for name, info in FIELDS.items()
    ]
    told = [f"| `{name}` | {kind} | {doc} |" for name, (kind, doc) in OUTPUTS.items()]
    return "\n".join([
        "# Reference",
        "",
        "<!-- Generated from the model by `make schema`; do not edit. -->",
        "",
        "## Arguments",
        "",
        _RULES,
        "",
        "| Python | Pulumi schema | CloudFormation | type | a change means | meaning |",
        "|---|---|---|---|---|---|",
        *rows,
        "",
        "## Outputs",
        "",
        "`name`, `region` and `owner` as they are, and:",
        "",
        "| output | type | meaning |",
        "|---|---|---|",
        *told,
        "",
    ])  # fmt: skip


def _word(info: FieldInfo) -> str:
    kind = _bare(info)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return " \\| ".join(f"`{each.value}`" for each in kind)
    shape = str(_type(info)["type"])
    return {"object": "map of text", "array": "list of text", "string": "text"}.get(shape, shape)


def _effect(info: FieldInfo) -> str:
    known = fields.traits(info)
    if known.replaces:
        return "another secret"
    return "policy" if known.policy_only else "update in place"


def main(arguments: list[str]) -> str:
    """Return what the arguments ask for, as text that ends in a newline."""
    made: Mapping[str, Callable[[], str]] = {
        "pulumi": lambda: json.dumps(pulumi_schema(), indent=2) + "\n",
        "reference": reference,
    }
    if len(arguments) != 1 or arguments[0] not in made:
        sys.exit(f"usage: python -m recoverable_secrets.schema {' | '.join(made)}")
    return made[arguments[0]]()


if __name__ == "__main__":
    sys.stdout.write(main(sys.argv[1:]))
