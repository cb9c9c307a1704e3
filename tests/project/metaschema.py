"""Which keys the Pulumi package schema may have at each level.

Written down by hand from the package metaschema (pkg/codegen/schema/pulumi.json of the Pulumi
repository, as of the CLI that the tests run, without what only other languages' SDKs read). The
checker of the CLI ignores keys that it does not know, so a misspelt one is silently without effect.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

PACKAGE = frozenset(
    {
        "allowedPackageNames",
        "attribution",
        "config",
        "dependencies",
        "description",
        "displayName",
        "functions",
        "homepage",
        "keywords",
        "language",
        "license",
        "logoUrl",
        "meta",
        "name",
        "namespace",
        "parameterization",
        "pluginDownloadURL",
        "provider",
        "publisher",
        "repository",
        "resources",
        "types",
        "version",
    }
)
CONFIG = frozenset({"defaults", "variables"})
OBJECT = frozenset(
    {
        "description",
        "isOverlay",
        "language",
        "overlaySupportedLanguages",
        "properties",
        "required",
        "type",
    }
)
RESOURCE = OBJECT | {
    "aliases",
    "deprecationMessage",
    "inputProperties",
    "isComponent",
    "listInputs",
    "methods",
    "requiredInputs",
    "stateInputs",
}
ENUM = frozenset({"description", "enum", "isOverlay", "language", "type"})
ENUM_VALUE = frozenset({"deprecationMessage", "description", "name", "value"})
TYPE = frozenset(
    {"$ref", "additionalProperties", "discriminator", "items", "oneOf", "plain", "type"}
)
PROPERTY = TYPE | {
    "const",
    "default",
    "defaultInfo",
    "deprecationMessage",
    "description",
    "language",
    "replaceOnChanges",
    "secret",
    "willReplaceOnChanges",
}
DEFAULT_INFO = frozenset({"environment", "language"})

Part = Mapping[str, Any]


def unknown_keys(package: Part) -> Iterator[str]:
    """Yield the place of every key that the metaschema does not know at its level.

    Raises:
        NotImplementedError: The package has parts that this table does not cover yet.
    """
    uncovered = {"functions", "meta", "dependencies", "language", "parameterization"} & set(package)
    if uncovered:
        raise NotImplementedError(f"write the keys of {sorted(uncovered)} down first")
    yield from _of(package, PACKAGE, "")
    config = package.get("config", {})
    yield from _of(config, CONFIG, "config")
    yield from _properties(config.get("variables", {}), "config.variables")
    yield from _resource(package.get("provider", {}), "provider")
    for token, resource in package.get("resources", {}).items():
        yield from _resource(resource, token)
    for token, kind in package.get("types", {}).items():
        if "enum" in kind:
            yield from _of(kind, ENUM, token)
            for member in kind["enum"]:
                yield from _of(member, ENUM_VALUE, f"{token}.enum")
        else:
            yield from _of(kind, OBJECT, token)
            yield from _properties(kind.get("properties", {}), token)


def _of(part: Part, known: frozenset[str], place: str) -> Iterator[str]:
    for key in part:
        if key not in known:
            yield f"{place}.{key}".lstrip(".")


def _resource(resource: Part, place: str) -> Iterator[str]:
    uncovered = {"methods", "aliases", "stateInputs", "listInputs", "language"} & set(resource)
    if uncovered:
        raise NotImplementedError(f"write the keys of {sorted(uncovered)} down first")
    yield from _of(resource, RESOURCE, place)
    for group in ("properties", "inputProperties"):
        yield from _properties(resource.get(group, {}), f"{place}.{group}")


def _properties(properties: Part, place: str) -> Iterator[str]:
    for name, described in properties.items():
        yield from _of(described, PROPERTY, f"{place}.{name}")
        yield from _of(described.get("defaultInfo", {}), DEFAULT_INFO, f"{place}.{name}")
        yield from _inner(described, f"{place}.{name}")


def _inner(kind: Part, place: str) -> Iterator[str]:
    """Go through the types inside a type."""
    inside = [kind[key] for key in ("items", "additionalProperties") if key in kind]
    for each in [*inside, *kind.get("oneOf", [])]:
        yield from _of(each, TYPE, place)
        yield from _inner(each, place)
