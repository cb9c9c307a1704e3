"""What dynamic providers have in common: how they speak to the engine, and what they let out."""

from __future__ import annotations

import asyncio
import functools
import sys
from collections.abc import Callable, Mapping
from typing import Any, Concatenate, ParamSpec, TypeVar

import pulumi
from pulumi.output import Unknown

from .core import errors

P = ParamSpec("P")
R = TypeVar("R")
Self = TypeVar("Self")


def say(note: str) -> None:
    """Tell the user: what a provider prints, the engine shows as a message of the stack."""
    sys.stdout.write(f"recoverable-secrets: {note}\n")
    sys.stdout.flush()


def scrubbed(method: Callable[Concatenate[Self, P], R]) -> Callable[Concatenate[Self, P], R]:
    """Let no error out with a cause, a long traceback, or a text that is not ours."""

    @functools.wraps(method)
    def scrub(self: Self, /, *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return method(self, *args, **kwargs)
        except errors.RecoverableSecretsError as failure:
            told: Exception = failure.with_traceback(None)
        except Exception as failure:  # noqa: BLE001  # any text might hold a value
            told = errors.fault(failure)
        raise told from None

    return scrub


def unknown(properties: Mapping[str, Any]) -> frozenset[str]:
    """Return the names of properties that are not known yet, in whole or in part."""

    def blurred(content: object) -> bool:
        if isinstance(content, Mapping):
            return any(map(blurred, content.values()))
        if isinstance(content, list | tuple):
            return any(map(blurred, content))
        return isinstance(content, Unknown)

    return frozenset(name for name, content in properties.items() if blurred(content))


def plain(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return properties without the provider, which the engine keeps among them."""
    return {name: content for name, content in properties.items() if name != "__provider"}


def urn(
    resource_name: str, opts: pulumi.ResourceOptions | None, type_name: str
) -> pulumi.Output[str]:
    """Return the URN that a resource is going to have.

    Pulumi's own Output of it depends on the parent; passed on as it is, the engine would see a
    circle.
    """
    parent = opts.parent if opts else None
    known = pulumi.create_urn(resource_name, f"pulumi-python:{type_name}", parent)
    independent: pulumi.Output[str | None] = pulumi.Output.from_input(
        asyncio.ensure_future(known.future())
    )
    return independent.apply(str)
