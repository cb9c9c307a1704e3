"""The installation's template: lint, names, what stays, and what each parameter does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from lambda_handler.properties import Installation

from bundle import template

ARN = "arn:aws:sns:eu-central-1:123456789012:alarms"
KEY = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"

PARAMETERS = "arn:aws:ssm:eu-central-1:123456789012:parameter/shared/*"
SECRETS = "arn:aws:secretsmanager:eu-*:123456789012:secret:shared/db-??????"
ROTATOR = "arn:aws:lambda:eu-central-1:123456789012:function:rotate-*"
PARTNER = "arn:aws:iam::123456789012:role/partners/*"


def resources(**given: str) -> dict[str, Any]:
    """Return the resources for these parameters."""
    found: dict[str, Any] = template.evaluated(**given)["Resources"]
    return found


def test_cfn_lint_finds_nothing() -> None:
    """Warnings and remarks included."""
    command = [str(Path(sys.executable).with_name("cfn-lint")), "--include-checks", "I"]
    ran = subprocess.run(
        [*command, "--", str(template.PATH)], capture_output=True, text=True, check=False
    )
    assert (ran.stdout, ran.returncode) == ("", 0)


def test_it_is_plain_yaml() -> None:
    """CloudFormation takes no anchors, and a tab or a very long line is hard to review."""
    lines = template.PATH.read_text().splitlines()
    assert not [line for line in lines if "&" in line.split("#")[0] or "\t" in line]
    assert max(map(len, lines)) <= 125


def test_what_is_installed() -> None:
    kinds = {name: one["Type"] for name, one in resources(AlarmTopicArn=ARN).items()}
    assert kinds == {
        "Function": "AWS::Lambda::Function",
        "Invocation": "AWS::Lambda::EventInvokeConfig",
        "LogGroup": "AWS::Logs::LogGroup",
        "Role": "AWS::IAM::Role",
        "Alarm": "AWS::CloudWatch::Alarm",
    }


@pytest.mark.parametrize("name", ["Function", "Role", "LogGroup"])
def test_what_stacks_need_outlives_the_installation(name: str) -> None:
    """A stack whose function or role is gone can be neither updated nor deleted."""
    resource = resources()[name]
    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_names_are_fixed() -> None:
    """What stays has to be found again by the next installation, and by the stacks."""
    found = resources(NamePrefix="x/", Architecture="x86_64")
    assert found["Function"]["Properties"]["FunctionName"] == "recoverable-secrets"
    assert found["Role"]["Properties"]["RoleName"] == "recoverable-secrets-eu-central-1"
    assert found["LogGroup"]["Properties"]["LogGroupName"] == "/aws/lambda/recoverable-secrets"


def test_the_function() -> None:
    function = resources()["Function"]["Properties"]
    assert function["Handler"] == "lambda_handler.handler.handler"
    assert function["Runtime"] == "python3.13"
    assert function["Timeout"] == 480, "well below CloudFormation's hour"
    assert function["MemorySize"] == 512
    assert function["Role"] == "getatt:Role.Arn"
    assert function["LoggingConfig"]["LogGroup"] == "ref:LogGroup"


def test_safe_by_default() -> None:
    function = resources()["Function"]["Properties"]
    assert function["Architectures"] == ["arm64"]
    assert function["Environment"]["Variables"] == {
        "NAME_PREFIX": "cloudformation/",
        "ALLOW_FORCE_DELETE": "no",
        "ALLOW_ADOPT": "no",
        "ALLOW_PUBLIC_POLICY": "no",
        "ALLOWED_VALUE_SOURCES": "",
        "ALLOWED_ROTATION_FUNCTIONS": "",
    }
    assert function["Code"] == {"S3Bucket": "code", "S3Key": "lambda-arm64.zip"}
    assert "Alarm" not in resources()


@pytest.mark.parametrize(
    ("parameter", "given", "variable"),
    [
        ("NamePrefix", "", "NAME_PREFIX"),
        ("NamePrefix", "team/a_b+c=d.e@f-g/", "NAME_PREFIX"),
        ("AllowForceDelete", "yes", "ALLOW_FORCE_DELETE"),
        ("AllowAdopt", "unowned", "ALLOW_ADOPT"),
        ("AllowAdopt", "any", "ALLOW_ADOPT"),
        ("AllowAdopt", "yes", "ALLOW_ADOPT"),
        ("AllowPublicPolicy", "yes", "ALLOW_PUBLIC_POLICY"),
        ("AllowedValueSources", f"{PARAMETERS},{SECRETS}", "ALLOWED_VALUE_SOURCES"),
        ("AllowedRotationFunctions", f"{ROTATOR},{PARTNER}", "ALLOWED_ROTATION_FUNCTIONS"),
    ],
)
def test_install_parameters_reach_the_function(parameter: str, given: str, variable: str) -> None:
    """As they are, and so that the function understands them."""
    function = resources(**{parameter: given})["Function"]["Properties"]
    variables = function["Environment"]["Variables"]
    assert variables[variable] == given
    assert Installation.of(variables) != Installation.of({**variables, variable: ""}) or not given


@pytest.mark.parametrize(
    ("parameter", "given"),
    [
        pytest.param("NamePrefix", "a*", id="a wildcard would widen the role"),
        pytest.param("NamePrefix", "a?", id="so would this one"),
        pytest.param("NamePrefix", "${aws:username}", id="a policy variable"),
        pytest.param("NamePrefix", "a:b", id="no character of a secret's name"),
        pytest.param("NamePrefix", "a" * 129, id="too long: names end at 512"),
        pytest.param("AllowForceDelete", "true", id="yes or no, nothing that looks like it"),
        pytest.param("AllowAdopt", "all", id="a word that is not known"),
        pytest.param("KmsKeyArn", "*", id="every key"),
        pytest.param("KmsKeyArn", KEY + "*", id="more than one key"),
        pytest.param("KmsKeyArn", KEY.replace("key/", "alias/"), id="IAM knows no aliases"),
        pytest.param("ReplicaKmsKeyArns", f"{KEY},*", id="every key of every region"),
        pytest.param("AllowPublicPolicy", "maybe", id="yes or no"),
        pytest.param("AllowedValueSources", "*", id="everything"),
        pytest.param("AllowedValueSources", f"{PARAMETERS},/app/db", id="no name: whose is it?"),
        pytest.param("AllowedValueSources", ROTATOR, id="a function has no value"),
        pytest.param("AllowedValueSources", PARAMETERS + "${aws:username}", id="a variable"),
        pytest.param("AllowedRotationFunctions", "*", id="every function"),
        pytest.param("AllowedRotationFunctions", SECRETS, id="a secret rotates nothing"),
        pytest.param("AlarmTopicArn", "alarms", id="a name is no ARN"),
        pytest.param("Architecture", "aarch64", id="Linux's name, not Lambda's"),
        pytest.param("CodeKey", "", id="no code"),
        pytest.param("LogRetentionInDays", "0", id="CloudWatch knows no zero"),
    ],
)
def test_bad_parameters_are_refused(parameter: str, given: str) -> None:
    with pytest.raises(ValueError, match=parameter):
        resources(**{parameter: given})


def test_the_other_parameters() -> None:
    found = resources(
        Architecture="x86_64", CodeVersion="v1", LogRetentionInDays="7", AlarmTopicArn=ARN
    )
    function = found["Function"]["Properties"]
    assert function["Architectures"] == ["x86_64"]
    assert function["Code"]["S3ObjectVersion"] == "v1"
    assert found["LogGroup"]["Properties"]["RetentionInDays"] == "7"
    alarm = found["Alarm"]["Properties"]
    assert alarm["AlarmActions"] == [ARN]
    assert alarm["Dimensions"] == [{"Name": "FunctionName", "Value": "ref:Function"}]


def test_events_are_delivered_once() -> None:
    invocation = resources()["Invocation"]["Properties"]
    assert invocation["MaximumRetryAttempts"] == 0
    assert invocation["Qualifier"] == "$LATEST", "the one that the exported ARN invokes"
    assert invocation["MaximumEventAgeInSeconds"] == 3600


def test_the_service_token_is_exported() -> None:
    """An import keeps the installation from being deleted before the stacks that use it."""
    token = template.evaluated()["Outputs"]["ServiceToken"]
    assert token["Value"] == "getatt:Function.Arn"
    assert token["Export"] == {"Name": "recoverable-secrets-service-token"}


def test_every_parameter_is_described_and_grouped() -> None:
    declared = template.source()["Parameters"]
    assert all(one["Description"] for one in declared.values())
    interface = template.source()["Metadata"]["AWS::CloudFormation::Interface"]
    grouped = [name for group in interface["ParameterGroups"] for name in group["Parameters"]]
    assert sorted(grouped) == sorted(declared)
