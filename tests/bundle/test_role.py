"""The function's role: what it grants is what the code calls, on what is ours, and no more."""

from __future__ import annotations

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

NOT_THE_FUNCTIONS = {"sts:AssumeRole"}
"""What the store can call, but only for the Pulumi surface."""
SURROUNDINGS = {
    "cloudformation:DescribeStacks",
    "cloudformation:DescribeStackEvents",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
}
INSTALLATIONS = [
    pytest.param({}, id="default"),
    pytest.param({"KmsKeyArn": KEY}, id="with a key"),
    pytest.param({"AllowForceDelete": "yes"}, id="force"),
    pytest.param({"AllowAdopt": "unowned"}, id="adopts unowned"),
    pytest.param({"AllowAdopt": "any"}, id="adopts any"),
    pytest.param(
        {"AllowAdopt": "yes", "AllowForceDelete": "yes", "KmsKeyArn": KEY, "NamePrefix": ""},
        id="all that can be allowed",
    ),
]


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
    kms = {one for needed in aws_errors.KMS_PERMISSIONS.values() for one in needed}
    wanted = called() - NOT_THE_FUNCTIONS | SURROUNDINGS | (kms if "KmsKeyArn" in given else set())
    assert set(iam.actions(role(**given))) == wanted


def test_the_table_has_the_dependents() -> None:
    """It says what the API reference says, which stands in the double, written separately."""
    for operation, needed in aws_errors.PERMISSIONS.items():
        told = {
            one.action
            for one in emulation.PERMISSIONS[operation]
            if one.when in {emulation.When.ALWAYS, emulation.When.TAGS}
        }
        assert set(needed) == told, operation


@pytest.mark.parametrize("given", INSTALLATIONS)
def test_no_wildcards(given: dict[str, str]) -> None:
    """No action by a pattern; each resource begins with this account's and region's ARN."""
    for one in role(**given):
        assert not [action for action in iam.actions([one]) if "*" in action or "?" in action]
        if one["Effect"] == "Allow":
            assert isinstance(one["Resource"], str), one["Sid"]
            assert one["Resource"].startswith(("arn:aws:", "getatt:LogGroup.Arn")), one["Sid"]


def test_values_are_never_read() -> None:
    everything = {"AllowAdopt": "any", "AllowForceDelete": "yes", "KmsKeyArn": KEY}
    granted = set(iam.actions(role(**everything)))
    assert not {one for one in granted if "GetSecretValue" in one or "RandomPassword" in one}


def test_only_lambda_takes_the_role() -> None:
    properties = template.evaluated()["Resources"]["Role"]["Properties"]
    (statement,) = properties["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}
    assert statement["Action"] == "sts:AssumeRole"


# On which secrets ------------------------------------------------------------------------------

CHANGES = sorted(
    called() - NOT_THE_FUNCTIONS - {"secretsmanager:CreateSecret", "secretsmanager:DescribeSecret"}
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
    keys[f"aws:ResourceTag/{ownership.OWNER}"] = live
    return iam.Request(action, resource, {k: v for k, v in keys.items() if v is not None})


@pytest.mark.parametrize("action", CHANGES)
@pytest.mark.parametrize("given", INSTALLATIONS)
def test_ours_can_be_changed(given: dict[str, str], action: str) -> None:
    assert iam.allows(role(**given), request(action))


@pytest.mark.parametrize("action", CHANGES)
@pytest.mark.parametrize("live", [None, FOREIGN, "cloudformation"], ids=["none", "Pulumi's", "odd"])
def test_others_cannot(action: str, live: str | None) -> None:
    assert not iam.allows(role(), request(action, live=live))
    tags = {"owner": FOREIGN, "origin": "created"}
    assert not iam.allows(role(), request(action, live=live, **tags))


@pytest.mark.parametrize("action", [*CHANGES, "secretsmanager:DescribeSecret"])
@pytest.mark.parametrize("given", INSTALLATIONS[:-1])
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


def test_any_stack_of_this_account_and_region_can_be_looked_at() -> None:
    look = "cloudformation:DescribeStacks"
    assert iam.allows(role(), iam.Request(look, STACK))
    assert not iam.allows(role(), iam.Request(look, STACK.replace("eu-central-1", "us-east-1")))


def test_only_its_own_log() -> None:
    """CloudFormation makes the group, with its retention; the function cannot make another."""
    (log,) = [one for one in role() if one["Sid"] == "Log"]
    assert log["Resource"] == "getatt:LogGroup.Arn"
    assert sorted(log["Action"]) == ["logs:CreateLogStream", "logs:PutLogEvents"]
