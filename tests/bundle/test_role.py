"""The function's role: what it grants is what the code calls, on what is ours, and no more."""

from __future__ import annotations

import json
from typing import Any

import pytest

import emulation
from bundle import iam, template
from recoverable_secrets.core import ownership
from recoverable_secrets.stores import aws_errors

KEY = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
SECRETS = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:"
INSIDE = f"{SECRETS}cloudformation/shop/Password-AbCdEf"
OUTSIDE = f"{SECRETS}other/Password-AbCdEf"
STACK = "arn:aws:cloudformation:eu-central-1:123456789012:stack/shop/1234"

OURS = "cloudformation/shop/Password:0123456789abcdef"
FOREIGN = "pulumi/shop/dev/password:0123456789abcdef"

SOURCES = "arn:aws:ssm:eu-central-1:123456789012:parameter/shared/*"
SECRET_SOURCE = f"{SECRETS}shared/*"
ROTATOR = "arn:aws:lambda:eu-central-1:123456789012:function:rotate-*"
REPLICA_KEY = KEY.replace("eu-central-1", "eu-west-1")

NOT_THE_FUNCTIONS = {"sts:AssumeRole", "secretsmanager:GetResourcePolicy"}
"""What the store can call, but only for the Pulumi surface: another account, and a refresh."""
SURROUNDINGS = {
    "cloudformation:DescribeStacks",
    "cloudformation:DescribeStackEvents",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
}
EVERYTHING_ID = "all that can be allowed"
INSTALLATIONS = [
    pytest.param({}, id="default"),
    pytest.param({"KmsKeyArn": KEY}, id="with a key"),
    pytest.param({"AllowForceDelete": "yes"}, id="force"),
    pytest.param({"AllowAdopt": "unowned"}, id="adopts unowned"),
    pytest.param({"AllowAdopt": "any"}, id="adopts any"),
    pytest.param({"AllowPublicPolicy": "yes"}, id="public policies"),
    pytest.param({"AllowedValueSources": f"{SOURCES}, {SECRET_SOURCE}"}, id="with sources"),
    pytest.param({"AllowedRotationFunctions": ROTATOR}, id="with rotation"),
    pytest.param({"ReplicaKmsKeyArns": REPLICA_KEY}, id="with a key for replicas"),
    pytest.param(
        {
            "AllowAdopt": "yes",
            "AllowForceDelete": "yes",
            "AllowPublicPolicy": "yes",
            "AllowedRotationFunctions": ROTATOR,
            "AllowedValueSources": SOURCES,
            "KmsKeyArn": KEY,
            "NamePrefix": "",
            "ReplicaKmsKeyArns": REPLICA_KEY,
        },
        id=EVERYTHING_ID,
    ),
]
BY_PARAMETER = {
    "AllowedRotationFunctions": {
        "iam:PassRole",
        "lambda:InvokeFunction",
        "secretsmanager:RotateSecret",
    },
    "AllowedValueSources": {"secretsmanager:GetSecretValue", "ssm:GetParameter"},
    "KmsKeyArn": {"kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"},
    "ReplicaKmsKeyArns": {"kms:Encrypt", "kms:GenerateDataKey"},
}
"""What only an installation with that parameter may do."""
EVERYTHING: dict[str, str] = INSTALLATIONS[-1].values[0]  # type: ignore[assignment]


def role(**given: str) -> list[dict[str, Any]]:
    """Return the statements of the role for these parameters."""
    properties = template.evaluated(**given)["Resources"]["Role"]["Properties"]
    assert set(properties) == {"RoleName", "Description", "AssumeRolePolicyDocument", "Policies"}
    (policy,) = properties["Policies"]
    statements: list[dict[str, Any]] = policy["PolicyDocument"]["Statement"]
    return statements


def called() -> set[str]:
    """Return the permissions that the store's calls need."""
    return {one for needed in aws_errors.PERMISSIONS.values() for one in needed}


# Which actions ---------------------------------------------------------------------------------


@pytest.mark.parametrize("given", INSTALLATIONS)
def test_exactly_what_is_called(given: dict[str, str]) -> None:
    optional = {one for actions in BY_PARAMETER.values() for one in actions}
    wanted = called() - NOT_THE_FUNCTIONS - optional | SURROUNDINGS
    for parameter, actions in BY_PARAMETER.items():
        wanted |= actions if parameter in given else set()
    assert set(iam.actions(role(**given))) == wanted


def test_every_call_is_in_some_installation() -> None:
    """Those that read values stand beside the tables, see stores/aws_sources.py."""
    kms = {one for needed in aws_errors.KMS_PERMISSIONS.values() for one in needed}
    wanted = called() - NOT_THE_FUNCTIONS | kms | BY_PARAMETER["AllowedValueSources"]
    assert set(iam.actions(role(**EVERYTHING))) == wanted | SURROUNDINGS


def test_the_policy_is_as_small_as_iam_takes_it() -> None:
    """10,240 characters for all inline policies of a role; three quarters leave room for lists."""
    longest = {**EVERYTHING, "NamePrefix": "p" * 128}
    assert len(json.dumps(role(**longest), separators=(",", ":"))) < 7_680


def test_the_table_has_the_dependents() -> None:
    """It says what the API reference says, which stands in the double, written separately."""
    when = emulation.When
    named = {when.ALWAYS, when.TAGS, when.FUNCTION, when.ROLE}
    for operation, needed in aws_errors.PERMISSIONS.items():
        told = {one.action for one in emulation.PERMISSIONS[operation] if one.when in named}
        assert set(needed) == told, operation


@pytest.mark.parametrize("given", INSTALLATIONS)
def test_no_wildcards(given: dict[str, str]) -> None:
    """No action by a pattern; each resource begins with this account's and region's ARN."""
    for one in role(**given):
        assert not [action for action in iam.actions([one]) if "*" in action or "?" in action]
        if one["Effect"] == "Allow":
            listed = one["Resource"] if isinstance(one["Resource"], list) else [one["Resource"]]
            assert listed, one["Sid"]
            for each in listed:
                assert each.startswith(("arn:aws:", "getatt:LogGroup.Arn")), one["Sid"]


def test_values_are_never_read() -> None:
    """Except where the installation names them."""
    granted = set(iam.actions(role(**{**EVERYTHING, "AllowedValueSources": ""})))
    assert not {one for one in granted if "GetSecretValue" in one or "GetParameter" in one}
    assert "secretsmanager:GetRandomPassword" not in iam.actions(role(**EVERYTHING))


def test_only_lambda_takes_the_role() -> None:
    properties = template.evaluated()["Resources"]["Role"]["Properties"]
    (statement,) = properties["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}
    assert statement["Action"] == "sts:AssumeRole"


# On which secrets ------------------------------------------------------------------------------

ROTATE = "secretsmanager:RotateSecret"
REPLICATE = "secretsmanager:ReplicateSecretToRegions"
CHANGES = sorted(
    one
    for one in called() - NOT_THE_FUNCTIONS - {ROTATE}
    if one.startswith("secretsmanager:")
    and one not in {"secretsmanager:CreateSecret", "secretsmanager:DescribeSecret"}
)


def request(
    action: str, resource: str = INSIDE, live: str | None = OURS, **asked: str | None
) -> iam.Request:
    """Return a call.

    Args:
        action: The permission that it needs.
        resource: The secret.
        live: Owner tag of that secret.
        asked: Our tags in the request, by the word after the colon; `force` for a purge.
    """
    keys = {f"aws:RequestTag/{ownership.PREFIX}{key}": tag for key, tag in asked.items()}
    force = keys.pop(f"aws:RequestTag/{ownership.PREFIX}force", None)
    keys["secretsmanager:ForceDeleteWithoutRecovery"] = force
    keys["secretsmanager:BlockPublicPolicy"] = "true"
    keys[f"aws:ResourceTag/{ownership.OWNER}"] = live
    return iam.Request(action, resource, {k: v for k, v in keys.items() if v is not None})


@pytest.mark.parametrize("action", CHANGES)
@pytest.mark.parametrize("given", INSTALLATIONS)
def test_ours_can_be_changed(given: dict[str, str], action: str) -> None:
    assert iam.allows(role(**given), request(action))


@pytest.mark.parametrize("action", CHANGES)
@pytest.mark.parametrize("live", [None, FOREIGN, "cloudformation"], ids=["none", "Pulumi's", "odd"])
def test_others_cannot(action: str, live: str | None) -> None:
    if (action, live) == (REPLICATE, None):
        return  # The exception, see test_replicas_of_a_new_secret.
    assert not iam.allows(role(), request(action, live=live))
    tags = {"owner": FOREIGN, "origin": "created"}
    assert not iam.allows(role(), request(action, live=live, **tags))


@pytest.mark.parametrize("action", [*CHANGES, "secretsmanager:DescribeSecret"])
@pytest.mark.parametrize("given", [each for each in INSTALLATIONS if each.id != EVERYTHING_ID])
def test_nothing_outside_the_prefix(given: dict[str, str], action: str) -> None:
    assert not iam.allows(role(**given), request(action, OUTSIDE, owner=OURS))
    assert iam.allows(role(**given | {"NamePrefix": ""}), request(action, OUTSIDE, owner=OURS))


def test_only_as_ours_can_be_created() -> None:
    create = "secretsmanager:CreateSecret"
    assert iam.allows(role(), request(create, live=None, owner=OURS))
    assert not iam.allows(role(), request(create, live=None))
    assert not iam.allows(role(), request(create, live=None, owner=FOREIGN))
    assert not iam.allows(role(), request(create, OUTSIDE, live=None, owner=OURS))


def test_any_secret_can_be_looked_at() -> None:
    """Whose it is stands in its tags, so the look cannot depend on them."""
    for live in (None, OURS, FOREIGN):
        assert iam.allows(role(), request("secretsmanager:DescribeSecret", live=live))


def test_replicas_of_a_new_secret() -> None:
    """AWS asks for this permission at CreateSecret, of a secret that has no tags yet."""
    assert iam.allows(role(), request(REPLICATE, live=None))
    assert not iam.allows(role(), request(REPLICATE, live=FOREIGN))
    assert not iam.allows(role(), request(REPLICATE, OUTSIDE, live=None))


NO, UNOWNED, ANY = {"AllowAdopt": "no"}, {"AllowAdopt": "unowned"}, {"AllowAdopt": "any"}
TAG, RESTORE = "secretsmanager:TagResource", "secretsmanager:RestoreSecret"
DELETE = "secretsmanager:DeleteSecret"
CREATED, ADOPTED, PENDING = "created", "adopted", "adopted pending"


@pytest.mark.parametrize(
    ("action", "live", "asked", "who_may"),
    [
        pytest.param(
            TAG, None, {"owner": OURS, "origin": CREATED}, [NO, UNOWNED, ANY],
            id="create with tags: AWS asks for this permission as well",
        ),
        pytest.param(
            TAG, None, {"owner": OURS, "origin": ADOPTED}, [UNOWNED, ANY],
            id="claim a live secret that nobody owns",
        ),
        pytest.param(
            TAG, None, {"owner": OURS, "origin": PENDING}, [UNOWNED, ANY],
            id="claim one that was pending",
        ),
        pytest.param(
            TAG, None, {"owner": FOREIGN, "origin": ADOPTED}, [], id="claim it for somebody else"
        ),
        pytest.param(TAG, None, {"origin": ADOPTED}, [], id="tag it without a claim"),
        pytest.param(
            TAG, FOREIGN, {"owner": OURS, "origin": ADOPTED}, [ANY], id="claim somebody else's"
        ),
        pytest.param(TAG, FOREIGN, {}, [], id="tag somebody else's"),
        pytest.param(TAG, OURS, {"owner": FOREIGN}, [], id="give ours away"),
        pytest.param(TAG, OURS, {}, [NO, UNOWNED, ANY], id="tag ours"),
        pytest.param(RESTORE, None, {}, [UNOWNED, ANY], id="restore what nobody owns"),
        pytest.param(RESTORE, FOREIGN, {}, [ANY], id="restore somebody else's"),
        pytest.param(RESTORE, OURS, {}, [NO, UNOWNED, ANY], id="restore ours"),
        pytest.param(
            DELETE, None, {}, [UNOWNED, ANY], id="put back what was pending: schedule it again"
        ),
        pytest.param(DELETE, FOREIGN, {}, [ANY], id="put back somebody else's"),
        pytest.param(DELETE, None, {"force": "true"}, [], id="purge what nobody owns"),
        pytest.param(DELETE, FOREIGN, {"force": "true"}, [], id="purge somebody else's"),
        pytest.param(
            "secretsmanager:UpdateSecret", None, {}, [], id="change what is not claimed yet"
        ),
    ],
)  # fmt: skip
def test_adoption(
    action: str, live: str | None, asked: dict[str, str], who_may: list[dict[str, str]]
) -> None:
    """The code decides; the role bounds what it could do if it decided wrongly."""
    call = request(action, live=live, **asked)
    assert [given for given in (NO, UNOWNED, ANY) if iam.allows(role(**given), call)] == who_may


@pytest.mark.parametrize(("given", "purges"), [("no", False), ("yes", True)])
def test_deletion_for_good(given: str, *, purges: bool) -> None:
    """Where it is not allowed, the role denies it whatever the function does."""
    statements = role(AllowForceDelete=given)
    assert iam.allows(statements, request(DELETE, force="true")) is purges
    assert iam.allows(statements, request(DELETE, force="false"))
    assert iam.allows(statements, request(DELETE)), "a deletion that is scheduled"
    statements = role(AllowForceDelete=given, AllowAdopt="any")
    for others in (None, FOREIGN):
        assert not iam.allows(statements, request(DELETE, live=others, force="true"))


# On what else ----------------------------------------------------------------------------------


def test_the_key_only_through_secrets_manager() -> None:
    decrypt, via = "kms:Decrypt", "kms:ViaService"
    secrets, storage = (
        {via: f"{one}.eu-central-1.amazonaws.com"} for one in ("secretsmanager", "s3")
    )
    assert iam.allows(role(KmsKeyArn=KEY), iam.Request(decrypt, KEY, secrets))
    assert not iam.allows(role(KmsKeyArn=KEY), iam.Request(decrypt, KEY, storage))
    assert not iam.allows(role(KmsKeyArn=KEY), iam.Request(decrypt, f"{KEY}0", secrets))
    assert not iam.allows(role(), iam.Request(decrypt, KEY, secrets))


def test_a_source_may_have_the_key_and_a_replica_one_of_its_own() -> None:
    via = {
        one: {"kms:ViaService": f"{one}.amazonaws.com"}
        for one in ("ssm.eu-central-1", "secretsmanager.eu-west-1", "s3.eu-west-1")
    }
    given = {"KmsKeyArn": KEY, "ReplicaKmsKeyArns": REPLICA_KEY, "AllowedValueSources": SOURCES}
    statements = role(**given)
    assert iam.allows(statements, iam.Request("kms:Decrypt", KEY, via["ssm.eu-central-1"]))
    without = role(KmsKeyArn=KEY)
    assert not iam.allows(without, iam.Request("kms:Decrypt", KEY, via["ssm.eu-central-1"]))
    for action in ("kms:Encrypt", "kms:GenerateDataKey"):
        secrets, storage = (via[one] for one in ("secretsmanager.eu-west-1", "s3.eu-west-1"))
        assert iam.allows(statements, iam.Request(action, REPLICA_KEY, secrets))
        assert not iam.allows(statements, iam.Request(action, REPLICA_KEY, storage))
        assert not iam.allows(without, iam.Request(action, REPLICA_KEY, secrets))
    decrypt = iam.Request("kms:Decrypt", REPLICA_KEY, via["secretsmanager.eu-west-1"])
    assert not iam.allows(statements, decrypt), "nothing reads a replica"


def test_the_key_can_be_looked_at() -> None:
    """By the function itself, not by Secrets Manager: before a deletion, and after a restore."""
    look = iam.Request("kms:DescribeKey", KEY)
    assert iam.allows(role(KmsKeyArn=KEY), look)
    assert not iam.allows(role(), look)


def test_any_stack_of_this_account_and_region_can_be_looked_at() -> None:
    look = "cloudformation:DescribeStacks"
    assert iam.allows(role(), iam.Request(look, STACK))
    assert not iam.allows(role(), iam.Request(look, STACK.replace("eu-central-1", "us-east-1")))


def test_only_its_own_log() -> None:
    """CloudFormation makes the group, with its retention; the function cannot make another."""
    (log,) = [one for one in role() if one["Sid"] == "Log"]
    assert log["Resource"] == "getatt:LogGroup.Arn"
    assert sorted(log["Action"]) == ["logs:CreateLogStream", "logs:PutLogEvents"]
