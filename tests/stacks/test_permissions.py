"""The installation, from its own template, with IAM enforced: its role suffices, and is needed.

ministack enforces policies on what it keeps itself, so the secrets of these tests are ministack's
own. Keys of KMS and what a call needs besides it does not enforce; the double does.
"""

from __future__ import annotations

import contextlib
import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bundle import iam, template
from recoverable_secrets.stores import aws_errors
from stacks import cloud as clouds
from stacks import emulator, stories
from stacks.bundle import bundle_for_this_python
from stacks.cloud import Cloud, Functions

INSTALLATION = "installation"
ROLE = f"recoverable-secrets-{clouds.DEFAULT_REGION}"
POLICY = "recoverable-secrets"
GENEROUS = {"AllowAdopt": "any", "AllowForceDelete": "yes", "NamePrefix": ""}
ROLLED_BACK, UPDATE_BACK = "ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"
STUCK = "UPDATE_ROLLBACK_FAILED"
"""Where the way back needs the missing permission as well."""


def environment(folder: Path, port: int, double: str) -> dict[str, str]:
    """Return ministack's environment without the double, and with policies enforced.

    It gives each function credentials of its role, which fixed ones would cover.
    """
    plain = ORDINARY(folder, port, double)
    ours = ("AWS_ENDPOINT_URL", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    kept = {name: text for name, text in plain.items() if not name.startswith(ours)}
    return {**kept, "AUTH": "true"}


ORDINARY = emulator.environment


class Account:
    """An account where policies are enforced and the installation is made from its template.

    Attributes:
        cloud: The stacks that use it.
        secrets: Secrets Manager, without any limit.
    """

    def __init__(self, running: emulator.Emulator) -> None:
        self.running = running
        self.secrets = running.client("secretsmanager")
        self._iam = running.client("iam")
        storage = running.client("s3")
        storage.create_bucket(Bucket="code")
        storage.put_object(Bucket="code", Key="one.zip", Body=bundle_for_this_python())
        self._cloud().create(INSTALLATION, template.source(), **self._options())
        self.cloud = self._cloud()

    def _cloud(self) -> Cloud:
        return Cloud(self.running, Functions(self.running))

    @staticmethod
    def _options(**given: str) -> dict[str, Any]:
        named = {"CodeBucket": "code", "CodeKey": "one.zip", **given}
        return {"parameters": named, "Capabilities": ["CAPABILITY_NAMED_IAM"]}

    def clear(self) -> None:
        """Delete the stacks of a test and all secrets."""
        self.cloud.clear()
        self.cloud = self._cloud()
        for secret in self.secrets.list_secrets(IncludePlannedDeletion=True)["SecretList"]:
            self.secrets.delete_secret(SecretId=secret["ARN"], ForceDeleteWithoutRecovery=True)

    def installed(self, **given: str) -> None:
        """Update the installation to other parameters."""
        formation = self.running.client("cloudformation")
        with contextlib.suppress(formation.exceptions.ClientError):  # There may be no change.
            formation.update_stack(
                StackName=INSTALLATION,
                UsePreviousTemplate=True,
                **clouds.arguments(**self._options(**given)),
            )
        waiter = formation.get_waiter("stack_update_complete")
        waiter.wait(StackName=INSTALLATION, WaiterConfig={"Delay": 0.1, "MaxAttempts": 100})

    @contextlib.contextmanager
    def without(self, action: str) -> Iterator[None]:
        """Take one action out of the role's policy."""
        found = self._iam.get_role_policy(RoleName=ROLE, PolicyName=POLICY)["PolicyDocument"]
        less = copy.deepcopy(found)
        for one in less["Statement"]:
            listed = [one["Action"]] if isinstance(one["Action"], str) else one["Action"]
            one["Action"] = [each for each in listed if each != action]
        less["Statement"] = [one for one in less["Statement"] if one["Action"]]
        assert less != found, "an action that the role has"
        self._put(less)
        try:
            yield
        finally:
            self._put(found)

    def _put(self, document: dict[str, Any]) -> None:
        text = json.dumps(document)
        self._iam.put_role_policy(RoleName=ROLE, PolicyName=POLICY, PolicyDocument=text)

    def declared(self, **properties: Any) -> clouds.Template:
        """Return a template of one secret that imports the exported token."""
        made = self.cloud.template(token="here", **properties)
        token = {"Fn::ImportValue": "recoverable-secrets-service-token"}
        made["Resources"]["Secret"]["Properties"]["ServiceToken"] = token
        return made

    def seen(self, name: str) -> dict[str, Any]:
        """Return what DescribeSecret tells, tags as a mapping."""
        found: dict[str, Any] = self.secrets.describe_secret(SecretId=name)
        tags = {tag["Key"]: tag["Value"] for tag in found.get("Tags", ())}
        return {**found, "Tags": tags}


@pytest.fixture(scope="module")
def enforcing(
    running: emulator.Emulator, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Account]:
    """A second ministack, started where the first one could be."""
    assert running.healthy()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(emulator, "environment", environment)
        started = emulator.start(tmp_path_factory.mktemp("enforcing"))
        with started as other:
            yield Account(other)


@pytest.fixture
def account(enforcing: Account) -> Iterator[Account]:
    """The account, without stacks and secrets, where everything is allowed."""
    enforcing.installed(**GENEROUS)
    try:
        yield enforcing
    finally:
        enforcing.clear()


# Its role suffices -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "name"),
    [
        pytest.param({}, "cloudformation/shop/Secret", id="safe by default"),
        pytest.param(GENEROUS, "shop/Secret", id="everything allowed"),
    ],
)
def test_a_whole_life(account: Account, given: dict[str, str], name: str) -> None:
    """Created, changed in every group, deleted, restored, renamed, and back again."""
    account.installed(**given)
    cloud = account.cloud
    cloud.create("shop", account.declared(SecretString="one", Tags=[{"Key": "a", "Value": "1"}]))
    arn = account.seen(name)["ARN"]
    all_else = {"SecretString": "two", "Description": "x", "Tags": [{"Key": "b", "Value": "2"}]}
    cloud.update("shop", account.declared(**all_else))
    assert account.seen(name)["Description"] == "x"
    assert {"b": "2"}.items() <= account.seen(name)["Tags"].items()
    assert "a" not in account.seen(name)["Tags"]
    cloud.delete("shop")
    assert "DeletedDate" in account.seen(name)
    outcome = cloud.create("shop", account.declared(**all_else))
    assert outcome.outputs["Restored"] == "true"
    assert account.seen(name)["ARN"] == arn
    renamed = f"{name}-renamed"
    cloud.update("shop", account.declared(Name=renamed, **all_else))
    assert "DeletedDate" in account.seen(name)
    assert "DeletedDate" not in account.seen(renamed)


def test_a_failed_creation_is_taken_back(account: Account) -> None:
    broken = account.declared(SecretString="x")
    broken["Resources"]["Broken"] = clouds.broken("Secret")
    account.cloud.create("shop", broken, ends=ROLLED_BACK)
    assert "DeletedDate" in account.seen("shop/Secret")


@pytest.mark.parametrize("tags", [{}, stories.SOMEBODY], ids=["of nobody", "of somebody else"])
@pytest.mark.parametrize("pending", [False, True], ids=["live", "pending deletion"])
def test_adoption(account: Account, tags: dict[str, str], *, pending: bool) -> None:
    """Taken over, changed, and released again when another resource fails."""
    listed = [{"Key": key, "Value": tag} for key, tag in tags.items()]
    account.secrets.create_secret(Name="db", SecretString="x", Tags=listed)
    if pending:
        account.secrets.delete_secret(SecretId="db", RecoveryWindowInDays=7)
    declared = account.declared(Name="db", Adopt="any", Description="ours now")
    broken = copy.deepcopy(declared)
    broken["Resources"]["Broken"] = clouds.broken("Secret")
    account.cloud.create("failing", broken, ends=ROLLED_BACK)
    assert ("DeletedDate" in account.seen("db")) is pending
    assert not stories.MARKS & set(account.seen("db")["Tags"])
    account.cloud.create("shop", declared)
    after = account.seen("db")
    assert after["Tags"][stories.OWNER].startswith("cloudformation/shop/Secret:")
    assert after["Description"] == "ours now"


def test_force(account: Account) -> None:
    """Where the installation allows it; otherwise it is a scheduled deletion."""
    forced = account.declared(SecretString="x", ForceDeleteWithoutRecovery=True)
    account.cloud.create("shop", forced)
    account.cloud.delete("shop")
    with pytest.raises(account.secrets.exceptions.ResourceNotFoundException):
        account.seen("shop/Secret")


def test_the_installation_is_changed_under_live_stacks(account: Account) -> None:
    """What a stack made before is updated and deleted with the new parameters."""
    account.cloud.create(
        "shop", account.declared(SecretString="x", ForceDeleteWithoutRecovery=True)
    )
    account.installed(AllowAdopt="no", AllowForceDelete="no", NamePrefix="")
    account.cloud.update(
        "shop", account.declared(SecretString="y", ForceDeleteWithoutRecovery=False)
    )
    account.cloud.delete("shop")
    assert "DeletedDate" in account.seen("shop/Secret")


# And all of it is needed -----------------------------------------------------------------------

FIRST = {"SecretString": "x", "Tags": [{"Key": "a", "Value": "1"}]}


def create(account: Account) -> str:
    """Create a stack that fails; return why."""
    return account.cloud.create("shop", account.declared(**FIRST), ends=ROLLED_BACK).reason()


def update(*, ends: str = UPDATE_BACK, **changed: Any) -> Callable[[Account], str]:
    """Return a story: an update that fails."""

    def story(account: Account) -> str:
        declared = account.declared(**{**FIRST, **changed})
        return account.cloud.update("shop", declared, ends=ends).reason()

    return story


def delete(account: Account) -> str:
    """Delete a stack, which fails; return why."""
    return account.cloud.delete("shop", ends="DELETE_FAILED").reason()


def live(account: Account) -> None:
    """Start from a stack that exists."""
    account.cloud.create("shop", account.declared(**FIRST))


def forced(account: Account) -> None:
    """Start from one whose secret is to be deleted for good, which its history must allow."""
    account.cloud.create("shop", account.declared(**FIRST, ForceDeleteWithoutRecovery=True))


def torn_down(account: Account) -> None:
    """Start from a stack that was deleted."""
    live(account)
    account.cloud.delete("shop")


def nothing(_: Account) -> None:
    """Start from nothing."""


STORIES: dict[str, tuple[Callable[[Account], None], Callable[[Account], str]]] = {
    "cloudformation:DescribeStacks": (nothing, create),
    "cloudformation:DescribeStackEvents": (forced, delete),
    "secretsmanager:CreateSecret": (nothing, create),
    "secretsmanager:DescribeSecret": (live, update(Description="x", ends=STUCK)),
    "secretsmanager:UpdateSecret": (live, update(Description="x")),
    "secretsmanager:TagResource": (live, update(Tags=[{"Key": "a", "Value": "2"}])),
    "secretsmanager:UntagResource": (live, update(Tags=[])),
    "secretsmanager:DeleteSecret": (live, delete),
    "secretsmanager:RestoreSecret": (torn_down, create),
    "secretsmanager:DeleteResourcePolicy": (torn_down, create),
    # ministack does not keep our version ids, so its values look like those of people.
    "secretsmanager:PutSecretValue": (
        live,
        update(OnValueDrift="overwrite", SecretString="y", ends=STUCK),
    ),
}
"""For each action: what was there before, and what fails without it."""

NOT_TOLD = {"logs:CreateLogStream", "logs:PutLogEvents"}
"""Lambda itself uses these; without them everything works, and there is no log."""


def test_every_action_has_its_story() -> None:
    found = template.evaluated(**GENEROUS)["Resources"]["Role"]["Properties"]["Policies"]
    granted = set(iam.actions(found[0]["PolicyDocument"]["Statement"]))
    assert set(STORIES) == granted - NOT_TOLD


@pytest.mark.parametrize("action", STORIES)
def test_without_one_action_the_stack_says_which(account: Account, action: str) -> None:
    before, fails = STORIES[action]
    before(account)
    with account.without(action):
        reason = fails(account)
    assert action in reason
    assert "Grant it" in reason
    assert len(reason) <= 240


def test_a_secret_outside_the_prefix_is_out_of_reach(account: Account) -> None:
    """By the function's own words; the role says the same (tests/bundle/test_role.py)."""
    account.installed(**GENEROUS | {"NamePrefix": "team/"})
    outside = account.declared(SecretString="x", Name="other/db")
    assert "team/" in account.cloud.create("shop", outside, ends=ROLLED_BACK).reason()


# What only the double enforces -----------------------------------------------------------------

KEYS = [
    pytest.param(changed, operation, action, id=f"{operation} without {action}")
    for operation, changed in {
        "CreateSecret": None,
        "PutSecretValue": {"SecretString": "y"},
        "UpdateSecret": {"KmsKeyId": "alias/other"},
    }.items()
    for action in aws_errors.KMS_PERMISSIONS[operation]
]


@pytest.mark.parametrize(("changed", "operation", "action"), KEYS)
def test_a_key_that_may_not_be_used(
    cloud: Cloud, changed: dict[str, str] | None, operation: str, action: str
) -> None:
    """KMS does not say which of its actions is missing, so all that the call needs are named."""
    declared = {"SecretString": "x", "KmsKeyId": "alias/shop"}
    if changed:
        cloud.create("shop", cloud.template(**declared))
        cloud.aws.deny(action)
        ends = STUCK if "SecretString" in changed else UPDATE_BACK
        reason = cloud.update("shop", cloud.template(**declared | changed), ends=ends).reason()
    else:
        cloud.aws.deny(action)
        reason = cloud.create("shop", cloud.template(**declared), ends=ROLLED_BACK).reason()
    assert reason.startswith(operation)
    assert " and ".join(aws_errors.KMS_PERMISSIONS[operation]) in reason


def test_tags_at_creation_need_their_own_permission(cloud: Cloud) -> None:
    cloud.aws.deny("secretsmanager:TagResource")
    declared = cloud.template(SecretString="x")
    reason = cloud.create("shop", declared, ends=ROLLED_BACK).reason()
    assert "secretsmanager:TagResource" in reason
