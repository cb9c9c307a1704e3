"""How one field is declared, and how its name is spelt on each surface.

One declaration carries the documentation, the default, the bounds and the traits of a field.
The Python arguments, the Pulumi schema, the CloudFormation properties, the coercions and the
reference table all come from it.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What a surface must know of a field beyond its type.

    Attributes:
        replaces: A change means another secret.
        sensitive: The content is a secret.
        policy_only: A change makes no call.
        initial: A change makes no call either: it counts for what is made from then on.
        minimum: Smallest number allowed, inclusive.
        maximum: Largest number allowed, inclusive.
        aliases: Other names, in the Python spelling.
    """

    replaces: bool = False
    sensitive: bool = False
    policy_only: bool = False
    initial: bool = False
    minimum: int | None = None
    maximum: int | None = None
    aliases: tuple[str, ...] = ()


def field(default: Any, doc: str, **traits: Any) -> Any:
    """Declare a field: its default, what it means, and its `Traits`."""
    bounds = {"ge": traits.get("minimum"), "le": traits.get("maximum")}
    return Field(
        default,
        description=doc,
        json_schema_extra={"traits": Traits(**traits)},  # type: ignore[dict-item]
        **{name: bound for name, bound in bounds.items() if bound is not None},
    )


def traits(info: FieldInfo) -> Traits:
    """Return what `field()` was told of a field."""
    extra = info.json_schema_extra
    found = extra.get("traits") if isinstance(extra, dict) else None
    return found if isinstance(found, Traits) else Traits()


def declared(*models: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return all fields of the models, in the order of declaration."""
    return {name: info for model in models for name, info in model.model_fields.items()}


def nested(info: FieldInfo) -> type[BaseModel] | None:
    """Return the model that a field holds, or holds a list of, if there is one."""
    return next(_models(info.annotation), None)


def _models(kind: Any) -> Iterator[type[BaseModel]]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    for part in typing.get_args(kind):
        yield from _models(part)


Spelling = Callable[[str], str]


def snake(name: str) -> str:
    """The Python spelling, in which fields are declared."""
    return name


def camel(name: str) -> str:
    """The Pulumi spelling.

    >>> camel("kms_key_id")
    'kmsKeyId'
    """
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


_NATIVE: Mapping[str, str] = {
    "external_secret_rotation_metadatas": "ExternalSecretRotationMetadata",
    "policy": "ResourcePolicy",
    "replicas": "ReplicaRegions",
    "rotate_immediately": "RotateImmediatelyOnUpdate",
    "rotation_lambda_arn": "RotationLambdaARN",
}
"""Fields that CloudFormation's own types call otherwise."""


def pascal(name: str) -> str:
    """The CloudFormation spelling.

    >>> pascal("kms_key_id")
    'KmsKeyId'
    """
    return _NATIVE.get(name) or "".join(part.capitalize() for part in name.split("_"))


def _whole(given: object) -> object:
    """Take 7, 7.0 (Pulumi sends floats) and "7" (CloudFormation sends strings) for seven."""
    if isinstance(given, bool):
        raise PydanticCustomError("whole", "must be a whole number")
    if isinstance(given, int):
        return given
    if isinstance(given, float) and given.is_integer():
        return int(given)
    if isinstance(given, str) and re.fullmatch(r"-?[0-9]{1,9}", given):
        return int(given)
    raise PydanticCustomError("whole", "must be a whole number")


def _truth(given: object) -> object:
    """Take true and "true" for true; anything that only looks like it is refused."""
    if isinstance(given, bool):
        return given
    if isinstance(given, str) and given.lower() in {"true", "false"}:
        return given.lower() == "true"
    raise PydanticCustomError("truth", "must be true or false")


def _text(given: object) -> object:
    """Take text only: a number silently turned into text hides a mistake."""
    if not isinstance(given, str):
        raise PydanticCustomError("text", "must be text")
    try:
        given.encode()
    except UnicodeEncodeError:
        raise PydanticCustomError("text", "must be valid Unicode text") from None
    return given


def _trigger(given: object) -> object:
    """Take text, or a whole number for its digits: what counts is only whether it changes."""
    if isinstance(given, float) and given.is_integer():
        given = int(given)
    if isinstance(given, int) and not isinstance(given, bool):
        given = str(given)
    return _text(given)


Whole = Annotated[int, BeforeValidator(_whole)]
Truth = Annotated[bool, BeforeValidator(_truth)]
Text = Annotated[str, BeforeValidator(_text)]
Trigger = Annotated[str, BeforeValidator(_trigger)]
