"""What is generated from the model: the schemas of Pulumi and CloudFormation, the reference page.

    python -m recoverable_secrets.schema pulumi           > schema.json
    python -m recoverable_secrets.schema reference        > docs/reference.md
    python -m recoverable_secrets.schema cloudformation   > (this package)/cloudformation.json

All are committed; the checks fail when they drift from the model. The Pulumi schema carries no
defaults: an SDK would send them as if the user had said so, and some arguments exclude others
only when said. The descriptions tell the defaults.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from pydantic.fields import FieldInfo

from . import __version__, cloudformation, cloudformation_schema, described
from .core import fields, parse
from .core.model import FIELDS
from .described import Shape

PACKAGE = "recoverable-secrets"
TOKEN = f"{PACKAGE}:index:Secret"

OUTPUTS: Mapping[str, tuple[Shape, str]] = {
    "arn": (Shape.TEXT, "The full ARN; the same again after a restore."),
    "version_id": (Shape.TEXT, "Id of the version that was current when last seen."),
    "restored": (Shape.TRUTH, "Whether the last operation that made the secret restored it."),
    "tags_all": (Shape.MAP, "All tags of the secret, the provider's default tags included."),
}
"""What the resource tells besides its inputs: name, shape and meaning."""

UNTOLD = frozenset({"secret_string_wo"})
"""The inputs that are no outputs: write-only."""


def pulumi_schema() -> dict[str, Any]:
    """Return the Pulumi package schema of the resource."""
    inputs = _properties(FIELDS)
    told = {
        fields.camel(name): {**_SHAPES[shape], "description": doc}
        for name, (shape, doc) in OUTPUTS.items()
    }
    outputs = {
        name: {key: part for key, part in each.items() if key != "willReplaceOnChanges"}
        for name, each in inputs.items()
        if name not in set(map(fields.camel, UNTOLD))
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
    doc = described.respelt(described.doc(info), fields.camel)
    shown: dict[str, Any] = {**_type(name, info), "description": doc}
    if known.sensitive:
        shown["secret"] = True
    if known.replaces:
        shown["willReplaceOnChanges"] = True
    return shown


_ANY = {"$ref": "pulumi.json#/Any"}
_TEXT = {"type": "string"}
_SHAPES: Mapping[Shape, dict[str, Any]] = {
    Shape.TRUTH: {"type": "boolean"},
    Shape.NUMBER: {"type": "integer"},
    Shape.TEXT: _TEXT,
    Shape.TRIGGER: {"oneOf": [_TEXT, {"type": "integer"}]},
    Shape.JSON: {"type": "object", "additionalProperties": _ANY},
    Shape.DOCUMENT: _ANY,
    Shape.MAP: {"type": "object", "additionalProperties": _TEXT},
    Shape.TEXTS: {"type": "array", "items": _TEXT},
}
"""The types of the schema for all shapes but those that have a name of their own."""


def _type(name: str, info: FieldInfo) -> dict[str, Any]:
    """Return a field's type in the schema's terms."""
    kind, shape = described.bare(info), described.shape(info)
    if shape in _SHAPES:
        return _SHAPES[shape]
    named = kind.__name__ if shape is Shape.CHOICE else described.type_name(name, info)
    ref = {"$ref": f"#/types/{PACKAGE}:index:{named}"}
    return {"type": "array", "items": ref} if shape is Shape.PARTS else ref


def _enums() -> Iterator[tuple[str, dict[str, Any]]]:
    for info in FIELDS.values():
        kind = described.bare(info)
        if described.shape(info) is Shape.CHOICE:
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
        if inner is None:
            continue
        needed = [fields.camel(n) for n, i in inner.model_fields.items() if i.is_required()]
        yield (
            f"{PACKAGE}:index:{described.type_name(name, info)}",
            {
                "type": "object",
                "description": described.respelt(str(info.description), fields.camel),
                "properties": _properties(inner.model_fields),
                **({"required": needed} if needed else {}),
            },
        )


_RULES = (
    "All are optional. *Not declared* means not managed; *declared and then removed* means "
    "removed; *empty* means none. A change of what is marked *policy* makes no call. A dash: "
    "CloudFormation has no such property, because the stack or the function decides it. Where a "
    "cell holds two names, both mean the same."
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


_WAYS: tuple[tuple[str, str, str, str, str], ...] = (
    ("way", "arguments", "written at creation, and then when", "after a restore",
     "when others put a value"),
    ("---", "---", "---", "---", "---"),
    ("literal", "`secret_string`, `secret_binary` or `secret_json`", "it is declared otherwise",
     "compared, and written if it differs", "by `on_value_drift`"),
    ("write-only", "`secret_string_wo` with `secret_string_wo_version`", "the version changes",
     "as a literal", "by `on_value_drift`"),
    ("read", "`value_from`, with `value_version` or without", "`value_version` changes",
     "what is there stays", "by `on_value_drift`"),
    ("generated", "`generate_secret_string`, with `regenerate_when` or without",
     "`regenerate_when` changes", "what is there stays", "theirs stays"),
    ("none", "", "never", "what is there stays", "theirs stays"),
)  # fmt: skip
"""The ways to give a value: a table with its head."""

_OF_VALUES = """\
- Another way to give the value counts as a change, except to generate one: that is done only
  where there is none, or when `regenerate_when` changes.
- By `on_value_drift`: with `keep`, theirs stays until the declared value changes; with
  `overwrite`, theirs is compared with the declared one at each update and restore.
- Comparing needs no right to read: the declared value is offered as the version that is there,
  and is refused if it differs.
- What `value_from` names is read where the work is done, as whoever does it: by the Pulumi
  program, or by the function for a template. No state, template or event
  holds it.
- A new value leaves the old one as AWSPREVIOUS; with `previous_version` = `deprecate` that label
  is taken away, and AWS drops the version."""


def reference() -> str:
    """Return the reference page, in Markdown."""
    rows = [
        f"| {_named(name, info)} | `{fields.camel(name)}` | {_in_template(name)} | {_word(info)} "
        f"| {_effect(info)} | {described.doc(info)} |"
        for name, info in FIELDS.items()
    ]
    told = [f"| `{name}` | {shape.value} | {doc} |" for name, (shape, doc) in OUTPUTS.items()]
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
        "## Values",
        "",
        "A version of a secret holds one value. One of these says which; they exclude each other.",
        "",
        *(f"| {' | '.join(cells)} |" for cells in _WAYS),
        "",
        _OF_VALUES,
        "",
        "## Outputs",
        "",
        "The arguments, `name`, `region` and `owner` also where they are not declared, and:",
        "",
        "| output | type | meaning |",
        "|---|---|---|",
        *told,
        "",
        f"No output: {', '.join(f'`{name}`' for name in sorted(UNTOLD))}.",
        "",
        *_template_notes(),
        "",
    ])  # fmt: skip


def _named(name: str, info: FieldInfo) -> str:
    return _cell(parse.spellings(name, info, fields.snake))


def _cell(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


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
                path = f"{name}.{part}"
                absent = path in cloudformation.PARTS_ELSEWHERE
                spelt = "-" if absent else f"`{fields.pascal(part)}`"
                yield (
                    f"| `{path}` | `{fields.camel(part)}` | {spelt} | {_word(each)} "
                    f"| {described.doc(each)} |"
                )
            yield ""


def _in_template(field: str) -> str:
    absent = field in cloudformation.ELSEWHERE
    return "-" if absent else _cell(parse.spellings(field, FIELDS[field], fields.pascal))


def _template_notes() -> list[str]:
    """Return the part about templates: what is other there than the arguments' table tells."""
    notes = [f"- `{name}`: {text}" for name, text in cloudformation.MEANINGS.items()]
    absent = [
        f"- No `{'.'.join(map(fields.pascal, path.split('.')))}`: {why}."
        for path, why in {**cloudformation.ELSEWHERE, **cloudformation.PARTS_ELSEWHERE}.items()
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


def _word(info: FieldInfo) -> str:
    shape = described.shape(info)
    if shape is Shape.CHOICE:
        return " \\| ".join(f"`{each.value}`" for each in described.bare(info))
    return str(shape.value)


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
