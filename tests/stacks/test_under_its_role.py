"""The function has no more rights than its role: enough for a whole life, none too many.

ministack and the double enforce the policy that the installation's template made.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from bundle import iam
from stacks import cloud as clouds
from stacks import emulator, roles, stories
from stacks.cloud import Cloud, Functions, StackError
from stacks.installation import FUNCTION, ROLE, Installation, using

KEY = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
OTHER_KEY = KEY.replace("1111", "9999")
WEST_KEY = KEY.replace("us-east-1", "eu-west-1")
FUNCTIONS = "arn:aws:lambda:us-east-1:123456789012:function"
DEFAULTS = {
    "NamePrefix": "cloudformation/",
    "AllowForceDelete": "no",
    "AllowAdopt": "no",
    "AllowPublicPolicy": "no",
    "AllowedValueSources": ",".join(
        f"arn:aws:{place}/*"
        for place in (
            "ssm:us-east-1:123456789012:parameter/shared",
            "secretsmanager:us-east-1:123456789012:secret:shared",
        )
    ),
    "AllowedRotationFunctions": f"{FUNCTIONS}:rotate-*",
    "ReplicaKmsKeyArns": WEST_KEY,
}
WITHOUT = {
    "logs:CreateLogStream": "the runtime's, not the code's",
    "logs:PutLogEvents": "likewise",
    "kms:DescribeKey": "a key that cannot be looked at is no reason to fail",
    "iam:PassRole": "only a partner's rotation hands a role over, which the emulator cannot do",
}
ACTIONS = [
    "cloudformation:DescribeStackEvents",
    "cloudformation:DescribeStacks",
    "kms:Decrypt",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "secretsmanager:CreateSecret",
    "secretsmanager:DeleteResourcePolicy",
    "secretsmanager:DeleteSecret",
    "secretsmanager:DescribeSecret",
    "secretsmanager:PutSecretValue",
    "secretsmanager:RestoreSecret",
    "secretsmanager:TagResource",
    "secretsmanager:UntagResource",
    "secretsmanager:UpdateSecret",
    "secretsmanager:UpdateSecretVersionStage",
]
OF_THE_WHOLE = [
    "lambda:InvokeFunction",
    "secretsmanager:CancelRotateSecret",
    "secretsmanager:GetSecretValue",
    "secretsmanager:PutResourcePolicy",
    "secretsmanager:RemoveRegionsFromReplication",
    "secretsmanager:ReplicateSecretToRegions",
    "secretsmanager:RotateSecret",
    "ssm:GetParameter",
]
"""What only a secret needs that has all that a secret can have."""


class Account:
    """An account in which policies hold, with one installation; each test has a cloud of its own.

    Attributes:
        cloud: The stacks and secrets of the test.
        document: The policy that the template gave the role.
    """

    def __init__(self, strict: emulator.Emulator) -> None:
        self._strict = strict
        self._host = Cloud(strict, Functions(strict))
        self._installation = Installation(self._host)
        self._iam = self._host.client("iam")
        self._installed: dict[str, str] = {}
        self.document: dict[str, Any] = {"Statement": []}
        self.renew()

    def renew(self) -> None:
        """Give the next test a cloud."""
        self.cloud = Cloud(self._strict, Functions(self._strict))

    def install(self, **parameters: str) -> None:
        """Install the function with these parameters, and hold it to its role."""
        wanted = {"KmsKeyArn": KEY, **DEFAULTS, **parameters}
        if wanted != self._installed:
            self._installation.install(again=bool(self._installed), **wanted)
            self._installed = wanted
            found = self._iam.get_role_policy(RoleName=ROLE, PolicyName=FUNCTION)["PolicyDocument"]
            self.document = json.loads(found) if isinstance(found, str) else found
        self.hold(self.document)

    def pretend(self, **variables: str) -> None:
        """Give the function other variables than the template did."""
        self._installed = {**self._installed, "pretended": "yes"}
        self._host.functions.configure(FUNCTION, variables)

    def hold(self, document: dict[str, Any]) -> None:
        """Let the role have this policy, for both that enforce it."""
        self.cloud.aws.heal()
        self.cloud.aws.inject(roles.Enforced(statements=tuple(document["Statement"])))
        self._iam.put_role_policy(
            RoleName=ROLE, PolicyName=FUNCTION, PolicyDocument=json.dumps(document)
        )

    def without(self, action: str) -> None:
        """Take one action out of every statement that allows it."""
        kept = [dict(one) for one in self.document["Statement"]]
        for one in kept:
            named = [one["Action"]] if isinstance(one["Action"], str) else one["Action"]
            one["Action"] = [each for each in named if each != action or one["Effect"] == "Deny"]
        self.hold({**self.document, "Statement": [one for one in kept if one["Action"]]})


@pytest.fixture(scope="module")
def strict(
    running: emulator.Emulator, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Account]:
    """Another ministack, which enforces policies; `running` says whether there can be one."""
    with emulator.start(tmp_path_factory.mktemp("strict"), enforced=True) as started:
        yield Account(started)


@pytest.fixture
def account(strict: Account) -> Iterator[Account]:
    """An account without stacks, but the installation's, and without secrets."""
    strict.renew()
    try:
        yield strict
    finally:
        strict.hold(strict.document)
        strict.cloud.clear()


def tagged(**tags: str) -> dict[str, Any]:
    """Return tags as a property."""
    return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


def life(cloud: Cloud) -> None:
    """Do all that stacks can do with a secret of their own."""
    first = {"SecretString": "a", "Description": "a", "KmsKeyId": KEY, **tagged(a="1", b="2")}
    second = {"SecretString": "b", "Description": "b", "KmsKeyId": KEY, **tagged(b="3")}
    broken = {"Broken": clouds.broken("Secret")}
    cloud.create("shop", using(cloud, **first))
    failing = using(cloud, others=broken, **second)
    cloud.update("shop", failing, ends="UPDATE_ROLLBACK_COMPLETE")
    assert cloud.secret("cloudformation/shop/Secret").value == "a"
    cloud.update("shop", using(cloud, **second))
    cloud.delete("shop")
    cloud.create("shop", using(cloud, **second))
    cloud.update("shop", using(cloud, Name="cloudformation/renamed", **second))
    cloud.delete("shop")
    cloud.create("forced", using(cloud, ForceDeleteWithoutRecovery=True, **first))
    cloud.delete("forced")
    assert cloud.secret("cloudformation/forced/Secret").state == "purging"


def policy(action: str) -> dict[str, Any]:
    """Return a resource policy."""
    allow = {"Effect": "Allow", "Principal": {"AWS": "210987654321"}, "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [{**allow, "Action": action}]}


def rotated(function: str, days: int) -> dict[str, Any]:
    """Return a rotation as properties."""
    rules = {"RotationRules": {"AutomaticallyAfterDays": days}}
    return {"RotationLambdaARN": f"{FUNCTIONS}:{function}", **rules}


def whole_life(cloud: Cloud) -> None:
    """Do all that stacks can do with what belongs to a secret beside its value."""
    cloud.aws.add_parameter("/shared/db", "a")
    cloud.aws.by_hand("CreateSecret", Name="shared/api", SecretString="b")
    plain = {"KmsKeyId": KEY, "VersionStages": ["blue"]}
    first = {
        **plain,
        "ValueFrom": {"SsmParameter": "/shared/db"},
        "ReplicaRegions": [{"Region": "eu-west-1", "KmsKeyId": WEST_KEY}],
        "ResourcePolicy": policy("secretsmanager:GetSecretValue"),
        **rotated("rotate-db", 30),
    }
    second = {
        **plain,
        "ValueFrom": {"Secret": "shared/api"},
        "ValueVersion": 2,
        "ReplicaRegions": [{"Region": "eu-central-1"}],
        "ResourcePolicy": policy("secretsmanager:DescribeSecret"),
        **rotated("rotate-web", 10),
    }
    name = "cloudformation/shop/Secret"
    cloud.create("shop", using(cloud, **first))
    failing = using(cloud, others={"Broken": clouds.broken("Secret")}, **second)
    cloud.update("shop", failing, ends="UPDATE_ROLLBACK_COMPLETE")
    assert (cloud.secret(name).value, list(cloud.secret(name).replicas)) == ("a", ["eu-west-1"])
    cloud.update("shop", using(cloud, **second))
    assert (cloud.secret(name).value, list(cloud.secret(name).replicas)) == ("b", ["eu-central-1"])
    cloud.delete("shop")
    cloud.create("shop", using(cloud, **first))
    assert cloud.secret(name).rotation["RotationEnabled"]
    cloud.update("shop", using(cloud, **plain))
    assert (cloud.secret(name).policy, cloud.secret(name).replicas) == (None, {})


def test_a_whole_life(account: Account) -> None:
    account.install(AllowForceDelete="yes")
    life(account.cloud)
    granted = set(iam.actions(account.document["Statement"]))
    assert granted == {*ACTIONS, *OF_THE_WHOLE, *WITHOUT}


def test_a_whole_secret(account: Account) -> None:
    account.install(AllowForceDelete="yes")
    whole_life(account.cloud)


@pytest.mark.parametrize("action", [*ACTIONS, *OF_THE_WHOLE])
def test_each_right_is_needed_and_missed_by_its_name(account: Account, action: str) -> None:
    account.install(AllowForceDelete="yes")
    account.without(action)
    with pytest.raises(StackError) as failed:
        (whole_life if action in OF_THE_WHOLE else life)(account.cloud)
    assert action in str(failed.value)


NOT_NAMED: list[tuple[dict[str, Any], str]] = [
    ({"ValueFrom": {"Secret": "cloudformation/victim/Secret"}}, "GetSecretValue"),
    ({"ValueFrom": {"SsmParameter": "/private/db"}}, "ssm:GetParameter"),
    (rotated("evil", 1), "secretsmanager:RotateSecret"),
    ({"ReplicaRegions": [{"Region": "eu-west-1", "KmsKeyId": OTHER_KEY}]}, "kms:"),
    ({"ResourcePolicy": policy("*"), "BlockPublicPolicy": False}, "PutResourcePolicy"),
]
"""What the installation does not allow, and the right that is missing then."""


def test_the_role_alone_keeps_what_was_not_named(account: Account) -> None:
    """Though the function were told by its variables that stacks may use all of it."""
    account.install(AllowedValueSources="arn:aws:secretsmanager:us-east-1:123456789012:secret:*")
    account.pretend(
        NAME_PREFIX="cloudformation/",
        ALLOWED_VALUE_SOURCES="arn:aws:ssm:*:*:*,arn:aws:secretsmanager:*:*:*",
        ALLOWED_ROTATION_FUNCTIONS="arn:aws:lambda:*:*:*",
        ALLOW_PUBLIC_POLICY="yes",
    )
    cloud = account.cloud
    cloud.aws.add_parameter("/private/db", "x")
    cloud.create("victim", using(cloud, SecretString="victims-value"))
    for number, (declared, told) in enumerate(NOT_NAMED):
        name = f"thief-{number}"
        outcome = cloud.create(name, using(cloud, **declared), ends="ROLLBACK_COMPLETE")
        assert told in outcome.reason(), outcome.reason()
        made = cloud.secret(f"cloudformation/{name}/Secret")
        assert (made.value, made.policy, made.replicas, made.rotation) == (None, None, {}, {})


def test_an_adoption_with_all_that_belongs_to_a_secret_is_taken_back(account: Account) -> None:
    """The claim goes last of all but the deletion: without it nothing else may be changed."""
    account.install(AllowAdopt="unowned")
    cloud, name = account.cloud, "cloudformation/legacy"
    stories.by_hand(cloud, name)
    cloud.aws.by_hand("DeleteSecret", SecretId=name)
    declared = {
        "Adopt": "unowned",
        "Name": name,
        "ReplicaRegions": [{"Region": "eu-west-1"}],
        "ResourcePolicy": policy("secretsmanager:GetSecretValue"),
        **rotated("rotate-db", 30),
    }
    failing = using(cloud, others={"Broken": clouds.broken("Secret")}, **declared)
    cloud.create("failing", failing, ends="ROLLBACK_COMPLETE")
    left = cloud.secret(name)
    assert (left.state, left.replicas) == ("pending", {})
    assert not left.rotation["RotationEnabled"]
    assert stories.OWNER not in left.tags
    cloud.create("shop", using(cloud, **declared))
    assert list(cloud.secret(name).replicas) == ["eu-west-1"]


@pytest.mark.parametrize("allowed", ["unowned", "any"])
def test_adoption(account: Account, allowed: str) -> None:
    """Of a live one, and of one that is pending deletion; and their way back."""
    account.install(AllowAdopt=allowed)
    tags = stories.SOMEBODY if allowed == "any" else {}
    for name in ("live", "pending"):
        stories.by_hand(account.cloud, f"cloudformation/{name}", tags)
    account.cloud.aws.by_hand("DeleteSecret", SecretId="cloudformation/pending")
    for name in ("live", "pending"):
        declared = using(account.cloud, Name=f"cloudformation/{name}", Adopt=allowed)
        account.cloud.create(name, declared)
        adopted = account.cloud.secret(f"cloudformation/{name}")
        assert adopted.state == "live"
        assert stories.owner(adopted) == f"cloudformation/{name}/Secret"
        account.cloud.delete(name)
        assert account.cloud.secret(f"cloudformation/{name}").state == "pending"


def test_a_key_that_the_installation_was_not_given(account: Account) -> None:
    account.install()
    declared = using(account.cloud, SecretString="x", KmsKeyId=OTHER_KEY)
    outcome = account.cloud.create("shop", declared, ends="ROLLBACK_COMPLETE")
    assert "kms:" in outcome.reason()
    assert account.cloud.aws.secrets() == []


def test_the_role_alone_keeps_strangers_secrets_safe(account: Account) -> None:
    """Though the function were told by its variables that it may take and force anything."""
    account.install()
    account.pretend(NAME_PREFIX="", ALLOW_FORCE_DELETE="yes", ALLOW_ADOPT="any")
    cloud = account.cloud
    before = [
        stories.by_hand(cloud, name, stories.SOMEBODY) for name in ("out", "cloudformation/in")
    ]
    for number, secret in enumerate(before):
        declared = using(cloud, Name=secret.name, Adopt="any", Description="mine")
        cloud.create(f"wants-{number}", declared, ends="ROLLBACK_COMPLETE")
    assert [cloud.secret(secret.name) for secret in before] == before
    forced = using(cloud, Name="cloudformation/own", ForceDeleteWithoutRecovery=True)
    cloud.create("shop", forced)
    cloud.delete("shop", ends="DELETE_FAILED")
    assert cloud.secret("cloudformation/own").state == "live"
    account.pretend(NAME_PREFIX="", ALLOW_FORCE_DELETE="no")
    cloud.delete("shop")
    assert cloud.secret("cloudformation/own").state == "pending"
