"""What `Secret` takes from the program's `aws:` configuration, as users of pulumi-aws write it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from recoverable_secrets import dynamic, resource
from recoverable_secrets.core import errors
from recoverable_secrets.stores import aws
from surfaces import registered
from surfaces.held import DEFAULTS, sent

ROLE = "arn:aws:iam::123456789012:role/deploy"


def run(config: Mapping[str, Any], **arguments: Any) -> registered.Run:
    """Run a program with one secret; what is no text goes into the configuration as JSON."""
    texts = {
        f"aws:{key}": content if isinstance(content, str) else json.dumps(content)
        for key, content in config.items()
    }
    return registered.run(lambda: dynamic.Secret("db", **arguments), config=texts)


def inputs(config: Mapping[str, Any], **arguments: Any) -> dict[str, Any]:
    """Return what the configuration adds to the inputs."""
    found = run(config, **arguments).inputs()
    return {name: content for name, content in found.items() if name not in DEFAULTS}


@pytest.mark.parametrize(
    ("config", "arguments", "expected"),
    [
        pytest.param({}, {}, {}, id="nothing configured"),
        pytest.param({"region": "eu-west-1"}, {}, {"default_region": "eu-west-1"}, id="region"),
        pytest.param(
            {"region": "eu-west-1"},
            {"region": "us-east-2"},
            {"default_region": "eu-west-1", "region": "us-east-2"},
            id="region: both kept, the argument wins later",
        ),
        pytest.param({"profile": "ops"}, {}, {"profile": "ops"}, id="profile"),
        pytest.param({"profile": "ops"}, {"profile": "me"}, {"profile": "me"}, id="argument wins"),
        pytest.param(
            {"allowedAccountIds": ["123456789012"]},
            {},
            {"allowed_account_ids": ["123456789012"]},
            id="accounts",
        ),
        pytest.param(
            {"allowedAccountIds": ["123456789012"]},
            {"allowed_account_ids": ["210987654321"]},
            {"allowed_account_ids": ["210987654321"]},
            id="accounts: argument wins",
        ),
        pytest.param(
            {"allowedAccountIds": ["123456789012"]},
            {"allowed_account_ids": []},
            {"allowed_account_ids": []},
            id="none by argument lifts the limit",
        ),
        pytest.param(
            {"endpoints": [{"secretsmanager": "http://a", "sts": "http://b", "s3": "http://c"}]},
            {},
            {"endpoints": {"secretsmanager": "http://a", "sts": "http://b"}},
            id="endpoints in one entry; others' left out",
        ),
        pytest.param(
            {"endpoints": [{"secretsmanager": "http://a"}, {"sts": "http://b"}]},
            {},
            {"endpoints": {"secretsmanager": "http://a", "sts": "http://b"}},
            id="endpoints in two entries",
        ),
        pytest.param(
            {"endpoints": {"sts": "http://b"}}, {}, {"endpoints": {"sts": "http://b"}},
            id="endpoints, not in a list",
        ),
        pytest.param({"endpoints": [{"s3": "http://c"}]}, {}, {}, id="only endpoints of others"),
        pytest.param({"endpoints": [{"sts": ""}]}, {}, {}, id="an empty endpoint is none"),
        pytest.param({"endpoints": []}, {}, {}, id="no endpoints"),
        pytest.param({"skipMetadataApiCheck": "true"}, {}, {}, id="settings of no concern"),
    ],
)  # fmt: skip
def test_what_configuration_adds(
    config: dict[str, Any], arguments: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert inputs(config, **arguments) == expected


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        pytest.param({}, {}, id="the role alone"),
        pytest.param({"externalId": "x"}, {"external_id": "x"}, id="external id"),
        pytest.param({"sessionName": "ci"}, {"session_name": "ci"}, id="session"),
        pytest.param({"sessionName": ""}, {}, id="an empty session name is none"),
        pytest.param({"duration": "1h"}, {"duration_seconds": 3600}, id="hours"),
        pytest.param({"duration": "15m"}, {"duration_seconds": 900}, id="minutes"),
        pytest.param({"duration": "900s"}, {"duration_seconds": 900}, id="seconds"),
        pytest.param({"duration": "1h30m"}, {"duration_seconds": 5400}, id="in parts"),
        pytest.param({"duration": "1.5h"}, {"duration_seconds": 5400}, id="with a fraction"),
        pytest.param({"duration": ""}, {}, id="no duration"),
    ],
)
@pytest.mark.parametrize(
    "form",
    [
        pytest.param(lambda role: {"assumeRoles": [role]}, id="assumeRoles"),
        pytest.param(lambda role: {"assumeRoles": role}, id="assumeRoles, not in a list"),
        pytest.param(lambda role: {"assumeRole": role}, id="assumeRole of older releases"),
        pytest.param(lambda role: {"assumeRole": [role]}, id="assumeRole in a list"),
    ],
)
def test_roles(form: Any, role: dict[str, str], expected: dict[str, Any]) -> None:
    found = inputs(form({"roleArn": ROLE, **role}))
    assert found == {"assume_roles": [{"arn": ROLE, **expected}]}
    [taken] = aws.connection(sent(found)).roles
    assert (taken.arn, taken.external_id) == (ROLE, expected.get("external_id"))
    assert taken.session_name == expected.get("session_name", "recoverable-secrets")
    assert taken.duration_seconds == expected.get("duration_seconds")


@pytest.mark.parametrize("duration", ["soon", "500ms", "-1h", "1h30", "1d"])
def test_a_duration_that_makes_no_sense_is_not_taken_for_another(duration: str) -> None:
    """Rather AWS's default than some other time, and not without a word."""
    done = run({"assumeRoles": [{"roleArn": ROLE, "duration": duration}]})
    [role] = done.inputs()["assume_roles"]
    assert role == {"arn": ROLE}
    assert any("duration" in text for _, text in done.messages)


def test_several_roles_are_assumed_in_their_order() -> None:
    roles = [{"roleArn": ROLE}, {"roleArn": f"{ROLE}2", "externalId": "x"}]
    found = inputs({"assumeRoles": roles, "assumeRole": {"roleArn": "of older releases"}})
    arns = [role.arn for role in aws.connection(sent(found)).roles]
    assert arns == [ROLE, f"{ROLE}2"]


def test_a_role_by_argument_wins_over_configured_ones() -> None:
    found = inputs({"assumeRoles": [{"roleArn": ROLE}]}, assume_role_arn=f"{ROLE}2")
    assert found == {"assume_role_arn": f"{ROLE}2"}
    assert [role.arn for role in aws.connection(found).roles] == [f"{ROLE}2"]


@pytest.mark.parametrize("roles", [[], [{}], [{"externalId": "x"}]], ids=str)
def test_a_role_without_an_arn_is_none(roles: list[dict[str, str]]) -> None:
    assert aws.connection(sent(inputs({"assumeRoles": roles}))).roles == ()


@pytest.mark.parametrize("key", ["policy", "policyArns", "tags", "sourceIdentity"])
def test_what_of_a_role_is_not_taken_over_is_said(key: str) -> None:
    """A session policy that is left out means more rights than configured."""
    done = run({"assumeRoles": [{"roleArn": ROLE, key: "x"}]})
    assert [level for level, text in done.messages if key in text] == ["WARNING"]


def test_keys_in_the_configuration_are_warned_of_and_not_taken() -> None:
    done = run({"accessKey": "AKIACANARY", "secretKey": "canary"})
    assert [level for level, _ in done.messages] == ["WARNING"]
    assert "aws:accessKey" in done.messages[0][1]
    assert "canary" not in f"{done.messages}{done.inputs()}".lower()
    assert run({"region": "eu-west-1"}).messages == []


@pytest.mark.parametrize(
    "config",
    [
        pytest.param({"allowedAccountIds": ["123456789012"]}, id="texts"),
        pytest.param({"allowedAccountIds": [123456789012]}, id="numbers, as YAML writes them"),
    ],
)
def test_configured_accounts_pass_the_check(config: dict[str, Any]) -> None:
    found = sent(run(config).inputs())
    assert resource.check(found, (), first=True, say=print) == ()


def test_an_account_as_a_number_is_that_account(aws: Any) -> None:
    """Through the whole of it: compared with what STS says."""
    found = sent(run({"allowedAccountIds": [123456789012]}).inputs())
    id_, _ = resource.create(found, print)
    assert ":123456789012:" in id_
    other = sent(run({"allowedAccountIds": [12345678901]}).inputs())
    with pytest.raises(errors.Refused, match="allowed_account_ids does not name"):
        resource.create({**other, "default_name": "b"}, print)
