"""E9503: a native secret that says it will be let go, and would be destroyed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from lint.linting import Fault, by_resource

KEY = "recoverable-secrets:handover"
TAG = {"Key": KEY, "Value": "yes"}
WRONG = Fault(
    "E9503",
    (),
    f"Native has the tag {KEY}, but is destroyed when it is removed: set DeletionPolicy to Retain",
)


def native(tags: Any = None, **attributes: str) -> dict[str, Any]:
    """Return a resource of CloudFormation's own type."""
    properties: dict[str, Any] = {"Name": "shop/database"} | ({"Tags": tags} if tags else {})
    return {"Type": "AWS::SecretsManager::Secret", "Properties": properties, **attributes}


def found(resource: Mapping[str, Any]) -> list[Fault]:
    return [f for f in by_resource({"Native": resource}).get("Native", []) if f.rule == "E9503"]


@pytest.mark.parametrize(
    "resource",
    [
        pytest.param(native([TAG]), id="no policy, so Delete"),
        pytest.param(native([TAG], DeletionPolicy="Delete"), id="Delete in so many words"),
        pytest.param(native([TAG], UpdateReplacePolicy="Retain"), id="the other policy only"),
        pytest.param(native([{"Key": "a", "Value": "b"}, TAG]), id="not the first tag"),
    ],
)
def test_what_would_be_destroyed_is_found(resource: Mapping[str, Any]) -> None:
    assert found(resource) == [WRONG]


@pytest.mark.parametrize(
    "resource",
    [
        pytest.param(native([TAG], DeletionPolicy="Retain"), id="retained"),
        pytest.param(native([TAG], DeletionPolicy="RetainExceptOnCreate"), id="later retained"),
        pytest.param(native(), id="not handed over"),
        pytest.param(native([{"Key": "a", "Value": KEY}]), id="another tag"),
        pytest.param(native({"Ref": "AWS::NoValue"}), id="no tags, by a function"),
        pytest.param({"Type": "AWS::SecretsManager::Secret"}, id="no properties"),
        pytest.param(
            {"Type": "AWS::SSM::Parameter", "Properties": {"Tags": [TAG]}}, id="other type"
        ),
    ],
)
def test_what_is_kept_or_not_meant_is_left_alone(resource: Mapping[str, Any]) -> None:
    assert found(resource) == []
