"""What is generated from the model: the schemas of Pulumi and CloudFormation, the reference page.

    python -m recoverable_secrets.schema pulumi           > schema.json
    python -m recoverable_secrets.schema reference        > docs/reference.md
    python -m recoverable_secrets.schema cloudformation   > (this package)/cloudformation.json

All are committed; the checks fail when they drift from the model. The Pulumi schema carries no
defaults: an SDK would send them as if the user had said so, and some arguments exclude others
only when said. The descriptions tell the defaults.
"""

from __future__ import annotations

import enum
import json
import sys
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic.fields import FieldInfo

from . import __version__, cloudformation, cloudformation_schema, described
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
    inputs = _properties(FIELDS)
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
        "types": {**dict(_enums()), **dict(_objects())},
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


def _properties(declared: Mapping[str, FieldInfo]) -> dict[str, dict[str, Any]]:
    return {fields.camel(name): _property(name, info) for name, info in declared.items()}


def _property(name: str, info: FieldInfo) -> dict[str, Any]:
    known = fields.traits(info)
    shown: dict[str, Any] = {**_type(name, info), "description": described.doc(info)}
    if known.sensitive:
        shown["secret"] = True
    if known.replaces:
        shown["willReplaceOnChanges"] = True
    return shown


def _type(name: str, info: FieldInfo) -> dict[str, Any]:
    """Return a field's type in the schema's terms."""
    kind = described.bare(info)
    if fields.nested(info):
        return {"$ref": f"#/types/{PACKAGE}:index:{fields.pascal(name)}"}
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return {"$ref": f"#/types/{PACKAGE}:index:{kind.__name__}"}
    if typing.get_origin(kind) is dict:
        return {"type": "object", "additionalProperties": {"type": "string"}}
    if typing.get_origin(kind) is list:
        return {"type": "array", "items": {"type": "string"}}
    return {"type": {bool: "boolean", int: "integer", str: "string", Sealed: "string"}[kind]}


def _enums() -> Iterator[tuple[str, dict[str, Any]]]:
    for info in FIELDS.values():
        kind = described.bare(info)
        if isinstance(kind, type) and issubclass(kind, enum.Enum):
            members = [
                {"name": fields.pascal(each.name.lower()), "value": each.value} for each in kind
            ]
            yield (
                f"{PACKAGE}:index:{kind.__name__}",
                {"type": "string", "description": (kind.__doc__ or "").strip(), "enum": members},
            )


def _objects() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, info in FIELDS.items():
        inner = fields.nested(info)
        if inner:
            yield (
                f"{PACKAGE}:index:{fields.pascal(name)}",
                {
                    "type": "object",
                    "description": info.description,
                    "properties": _properties(inner.model_fields),
                },
            )


_RULES = (
    "All are optional. *Not declared* means not managed; *declared and then removed* means "
    "removed; *empty* means none. A change of what is marked *policy* makes no call. A dash: "
    "CloudFormation has no such property, because the stack or the function decides it."
)

_CLOUDFORMATION = (
    f"In a template the type is `{cloudformation.TYPE}`. `ServiceToken` is required: the ARN of "
    "the installed function. `ServiceTimeout` bounds how long CloudFormation waits for it, in "
    "seconds. Scalars may be written as text, which is how CloudFormation hands them on."
)

_LINT = (
    "CloudFormation itself checks no property before the function runs. cfn-lint does, with the "
    "rules that come with this package: `cfn-lint template.yaml -a recoverable_secrets.lint`, or "
    "`append_rules: [recoverable_secrets.lint]` in `.cfnlintrc`. They find wrong properties "
    "(E9501), wrong attributes (E9502), and a native secret that is handed over without being "
    "retained (E9503)."
)


def reference() -> str:
    """Return the reference page, in Markdown."""
    rows = [
        f"| `{name}` | `{fields.camel(name)}` | {_in_template(name)} | {_word(name, info)} "
        f"| {_effect(info)} | {described.doc(info)} |"
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
        *_inner_tables(),
        "## Outputs",
        "",
        "`name`, `region` and `owner` as they are, and:",
        "",
        "| output | type | meaning |",
        "|---|---|---|",
        *told,
        "",
        *_template_notes(),
        "",
    ])  # fmt: skip


def _inner_tables() -> Iterator[str]:
    """Yield a table for each argument that has arguments of its own."""
    for name, info in FIELDS.items():
        inner = fields.nested(info)
        if inner:
            yield from (
                f"### `{name}`",
                "",
                "| Python | Pulumi schema | CloudFormation | type | meaning |",
                "|---|---|---|---|---|",
            )
            for part, each in inner.model_fields.items():
                yield (
                    f"| `{name}.{part}` | `{fields.camel(part)}` | `{fields.pascal(part)}` "
                    f"| {_word(part, each)} | {described.doc(each)} |"
                )
            yield ""


def _in_template(field: str) -> str:
    return "-" if field in cloudformation.ELSEWHERE else f"`{fields.pascal(field)}`"


def _template_notes() -> list[str]:
    """Return the part about templates: what is other there than the arguments' table tells."""
    notes = [f"- `{name}`: {text}" for name, text in cloudformation.MEANINGS.items()]
    refused = ", ".join(f"`{name}`" for name in sorted(cloudformation.NOT_YET))
    if refused:
        notes.append(f"- Properties of the native type that are refused for now: {refused}.")
    absent = [
        f"- No `{fields.pascal(name)}`: {why}." for name, why in cloudformation.ELSEWHERE.items()
    ]
    told = [f"| `{name}` | {text} |" for name, text in cloudformation.ATTRIBUTES.items()]
    return [
        "## In CloudFormation",
        "",
        _CLOUDFORMATION,
        "",
        _LINT,
        "",
        "What is more, or other, than the table above tells:",
        "",
        *notes,
        *absent,
        "",
        "`Ref` gives the full ARN. `Fn::GetAtt` gives, always as text:",
        "",
        "| attribute | meaning |",
        "|---|---|",
        *told,
    ]


def _word(name: str, info: FieldInfo) -> str:
    kind = described.bare(info)
    if fields.nested(info):
        return "mapping, see below"
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return " \\| ".join(f"`{each.value}`" for each in kind)
    shape = str(_type(name, info)["type"])
    return {"object": "map of text", "array": "list of text", "string": "text"}.get(shape, shape)


def _effect(info: FieldInfo) -> str:
    known = fields.traits(info)
    if known.replaces:
        return "another secret"
    if known.initial:
        return "nothing until there is no value"
    return "policy" if known.policy_only else "update in place"


def main(arguments: list[str]) -> str:
    """Return what the arguments ask for, as text that ends in a newline."""
    made: Mapping[str, Callable[[], str]] = {
        "pulumi": lambda: json.dumps(pulumi_schema(), indent=2) + "\n",
        "reference": reference,
        "cloudformation": lambda: (
            json.dumps(cloudformation_schema.resource_schema(), indent=2) + "\n"
        ),
    }
    if len(arguments) != 1 or arguments[0] not in made:
        sys.exit(f"usage: python -m recoverable_secrets.schema {' | '.join(made)}")
    return made[arguments[0]]()


if __name__ == "__main__":
    sys.stdout.write(main(sys.argv[1:]))
