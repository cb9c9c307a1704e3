"""Arguments of `Secret` that have arguments of their own, for programs that are type-checked.

Their entries are explained in docs/reference.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NotRequired, TypedDict

import pulumi


class GenerateSecretString(TypedDict, total=False):
    """How a value is generated."""

    secret_string_template: pulumi.Input[str]
    generate_string_key: pulumi.Input[str]
    password_length: pulumi.Input[int]
    exclude_characters: pulumi.Input[str]
    exclude_lowercase: pulumi.Input[bool]
    exclude_uppercase: pulumi.Input[bool]
    exclude_numbers: pulumi.Input[bool]
    exclude_punctuation: pulumi.Input[bool]
    include_space: pulumi.Input[bool]
    require_each_included_type: pulumi.Input[bool]


class ValueFrom(TypedDict, total=False):
    """Where a value is read from: exactly one place."""

    environment_variable: pulumi.Input[str]
    file: pulumi.Input[str]
    ssm_parameter: pulumi.Input[str]
    secret: pulumi.Input[str]


class Replica(TypedDict):
    """A copy in another region."""

    region: pulumi.Input[str]
    kms_key_id: NotRequired[pulumi.Input[str] | None]


class RotationRules(TypedDict, total=False):
    """When a value is rotated: one of days and schedule."""

    automatically_after_days: pulumi.Input[int]
    schedule_expression: pulumi.Input[str]
    duration: pulumi.Input[str]


def deferred(given: object) -> bool:
    """Whether an argument holds an Output, which may be a secret; nobody can ask it by now.

    The engine hides an output because the input of that name is a secret. Others it shows.
    """
    if isinstance(given, Mapping):
        return any(map(deferred, given.values()))
    return isinstance(given, pulumi.Output)
