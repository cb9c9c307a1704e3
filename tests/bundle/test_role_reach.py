"""The function's role: what else it reaches - rotators, policies, sources - is what was named."""

from __future__ import annotations

import dataclasses

import pytest

from bundle import iam
from bundle.test_role import (
    FOREIGN,
    INSIDE,
    OURS,
    REPLICATE,
    ROTATE,
    ROTATOR,
    SECRET_SOURCE,
    SECRETS,
    SOURCES,
    request,
    role,
)


def keyed(call: iam.Request, **keys: str) -> iam.Request:
    """Return a call with more condition keys of Secrets Manager."""
    more = {f"secretsmanager:{name}": content for name, content in keys.items()}
    return dataclasses.replace(call, keys={**call.keys, **more})


@pytest.mark.parametrize(
    ("function", "may"),
    [
        pytest.param(ROTATOR.replace("*", "db"), True, id="one of the pattern"),
        pytest.param(None, True, id="the one that is configured already"),
        pytest.param(ROTATOR.replace("rotate-*", "other"), False, id="another one"),
        pytest.param(ROTATOR.replace("123456789012", "999999999999"), False, id="another's"),
    ],
)
def test_only_named_functions_rotate(function: str | None, *, may: bool) -> None:
    keys = {} if function is None else {"RotationLambdaARN": function}
    statements = role(AllowedRotationFunctions=ROTATOR)
    assert iam.allows(statements, keyed(request(ROTATE), **keys)) is may
    assert not iam.allows(role(), keyed(request(ROTATE), **keys)), "nobody is named"
    assert not iam.allows(statements, keyed(request(ROTATE, live=FOREIGN), **keys))
    assert not iam.allows(statements, keyed(request(ROTATE, live=None), **keys))
    if function:
        invoke = iam.Request("lambda:InvokeFunction", function)
        assert iam.allows(statements, invoke) is may
        assert not iam.allows(role(), invoke)


@pytest.mark.parametrize(("given", "public"), [("no", False), ("yes", True)])
def test_public_policies(given: str, *, public: bool) -> None:
    """Where they are not allowed, the role refuses what does not ask AWS to block them."""
    statements = role(AllowPublicPolicy=given)
    put = request("secretsmanager:PutResourcePolicy")
    unsaid = {k: v for k, v in put.keys.items() if not k.endswith("BlockPublicPolicy")}
    assert iam.allows(statements, put)
    assert iam.allows(statements, keyed(put, BlockPublicPolicy="false")) is public
    assert iam.allows(statements, dataclasses.replace(put, keys=unsaid)) is public


READ, PARAMETER = "secretsmanager:GetSecretValue", "ssm:GetParameter"


def test_only_named_sources_are_read() -> None:
    statements = role(AllowedValueSources=f"{SOURCES},{SECRET_SOURCE}")
    inside = f"{SECRETS}shared/db-AbCdEf"
    assert iam.allows(statements, iam.Request(PARAMETER, SOURCES.replace("*", "db")))
    assert iam.allows(statements, iam.Request(READ, inside))
    for action, arn in (
        (PARAMETER, SOURCES.replace("shared/*", "other")),
        (READ, f"{SECRETS}other-AbCdEf"),
        (READ, INSIDE),
    ):
        assert not iam.allows(statements, iam.Request(action, arn))
    assert not iam.allows(role(), iam.Request(READ, inside))


def test_a_stacks_secret_is_no_source_however_wide_the_pattern() -> None:
    statements = role(AllowedValueSources=f"{SECRETS}*")
    assert not iam.allows(statements, request(READ))
    assert iam.allows(statements, request(READ, live=FOREIGN)), "the account's owner named it"
    assert iam.allows(statements, request(READ, live=None))


@pytest.mark.parametrize(("given", "overwrites"), [("no", False), ("yes", True)])
def test_replicas_that_overwrite(given: str, *, overwrites: bool) -> None:
    """They destroy for good what has the name in that region, whoever owns it."""
    statements = role(AllowForceDelete=given)
    create = request("secretsmanager:CreateSecret", live=None, owner=OURS)
    for call in (create, request(REPLICATE)):
        assert iam.allows(statements, keyed(call, ForceOverwriteReplicaSecret="false"))
        overwriting = keyed(call, ForceOverwriteReplicaSecret="true")
        assert iam.allows(statements, overwriting) is overwrites
