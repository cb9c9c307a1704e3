"""Where and as whom: the program's ``aws:`` configuration, the arguments, the environment."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from e2e.engine import Engine
from e2e.secrets_program import CREATE, LOOK, NAME, VALUE, Story, one, told

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from emulation import Aws

    Make = Callable[..., Story]

OTHER = "210987654321"
ROLE = f"arn:aws:iam::{OTHER}:role/deployer"
HUB = "arn:aws:iam::111122223333:role/hub"


@pytest.fixture
def make(tmp_path: Path, pulumi_root: Path, aws_env: dict[str, str], aws: Aws) -> Make:
    """Stacks with a configuration, and without some variables of the environment."""

    def made(config: Mapping[str, Any], *without: str, **env: str) -> Story:
        kept = {key: text for key, text in aws_env.items() if not key.endswith(without or "?")}
        spelt = {
            f"aws:{key}": content if isinstance(content, str) else json.dumps(content)
            for key, content in config.items()
        }
        return Story(Engine(tmp_path, root=pulumi_root, env=kept | env, config=spelt), aws)

    return made


def test_no_region_and_no_credentials(make: Make, aws: Aws) -> None:
    story = make({}, "REGION")
    run = story.up(one(), expect_failure=True)
    assert "no region: set the region argument, aws:region, AWS_REGION, or a profile" in run.output
    assert (story.calls, story.names()) == ([], [])
    story.up(one(region="us-west-2"))
    assert story.agree(region="us-west-2").value == VALUE
    story = make({}, "KEY_ID", "ACCESS_KEY")
    run = story.up(one("data"), expect_failure=True)
    reason = "CreateSecret of demo/dev/data: no usable AWS credentials (NoCredentialsError)"
    assert reason in run.output
    assert "During handling of" not in run.output, "no chain of causes"
    assert story.calls == []
    aws.expire()
    run = make({}).up(one("data"), expect_failure=True)
    assert "CreateSecret of demo/dev/data: the AWS credentials are expired or not" in run.output
    assert "During handling of" not in run.output
    assert story.names() == ["db"]


def test_region_of_the_configuration(make: Make, aws: Aws) -> None:
    stranger = aws.user("stranger", account=OTHER)
    keys = {"accessKey": stranger.access_key_id, "secretKey": stranger.secret_access_key}
    story = make({"region": "eu-west-1", **keys})
    run = story.up(one())
    assert "recoverable-secrets does not use aws:accessKey: give credentials by" in told(run)
    assert aws.calls[0].access_key == "testing"
    assert stranger.access_key_id not in json.dumps(story.state())
    created = story.agree(region="eu-west-1")
    assert aws.secret(NAME).state == "absent", "the environment's does not count"
    story.engine.configure({"aws:region": "us-west-2"})
    assert story.up(one()).steps == {"same": 2}, "an existing secret stays where it is"
    assert story.calls == []
    story.up(one(description="new"))
    assert story.calls == [*LOOK, "UpdateSecret"]
    assert story.agree(region="eu-west-1").arn == created.arn
    story.up(one(region="us-west-2"))
    assert story.agree(region="us-west-2").value == VALUE, "the argument moves it"
    assert aws.secret(NAME, region="eu-west-1").state == "pending"


def test_profile_and_allowed_accounts(make: Make, aws: Aws, tmp_path: Path) -> None:
    mine, other = aws.user("mine"), aws.user("other", account=OTHER)
    shared = tmp_path / "aws-config"
    shared.write_text(
        "".join(
            f"[profile {name}]\nregion = {region}\naws_access_key_id = {user.access_key_id}\n"
            f"aws_secret_access_key = {user.secret_access_key}\n"
            for name, region, user in (("one", "eu-west-1", mine), ("two", "eu-west-2", other))
        ),
        encoding="utf-8",
    )
    config = {"profile": "one", "allowedAccountIds": [aws.account]}
    story = make(config, "REGION", "KEY_ID", "ACCESS_KEY", AWS_CONFIG_FILE=str(shared))
    story.up(one())
    assert story.calls == ["sts:GetCallerIdentity", *CREATE]
    assert {record.access_key for record in aws.calls} == {mine.access_key_id}
    created = story.agree(region="eu-west-1")
    run = story.up(one("elsewhere", profile="two"), expect_failure=True)
    assert story.calls == ["sts:GetCallerIdentity"]
    assert {record.access_key for record in aws.calls} == {other.access_key_id}
    refusal = f"the credentials are of account {OTHER}, which allowed_account_ids does not name"
    assert refusal in run.output
    assert story.agree(region="eu-west-1") == created
    story.up(one("elsewhere", profile="two", allowed_account_ids=[OTHER]))
    found = aws.secret("demo/dev/elsewhere", region="eu-west-2", account=OTHER)
    assert (found.state, found.value) == ("live", VALUE)
    assert aws.secret(NAME, region="eu-west-1").state == "pending"


def test_roles_and_endpoints(make: Make, aws: Aws, aws_env: dict[str, str]) -> None:
    url = aws_env["AWS_ENDPOINT_URL_STS"]
    roles = [
        {"roleArn": HUB, "externalId": "shop", "sessionName": "hub", "duration": "1h"},
        {"roleArn": ROLE},
    ]
    config = {"assumeRoles": roles, "endpoints": [{"secretsmanager": url, "sts": url}]}
    nowhere = "http://127.0.0.1:9"
    story = make(config, AWS_ENDPOINT_URL_STS=nowhere, AWS_ENDPOINT_URL_SECRETS_MANAGER=nowhere)
    story.up(one())
    assert story.calls == ["sts:AssumeRole", "sts:AssumeRole", *CREATE]
    hub, role = (record.parameters for record in aws.calls[:2])
    assert (hub["RoleArn"], hub["ExternalId"], hub["RoleSessionName"]) == (HUB, "shop", "hub")
    assert (int(hub["DurationSeconds"]), role["RoleArn"]) == (3600, ROLE)
    accounts = [record.account for record in aws.calls]
    assert accounts == [aws.account, "111122223333", OTHER], "one through the other"
    found = aws.secret(NAME, account=OTHER)
    assert (found.state, found.arn) == ("live", story.state()["id"])
    story.refresh()
    assert story.calls == ["sts:AssumeRole", "sts:AssumeRole", *LOOK]
    story.engine.cli("config", "rm", "aws:assumeRoles")
    story.up(one(assume_role_arn=ROLE))
    assert story.calls == [], "how to connect is no change of the secret"
    story.destroy()
    assert story.calls == ["sts:AssumeRole", *LOOK, "DeleteSecret"], "by what the last up said"
    assert aws.secret(NAME, account=OTHER).state == "pending"
