"""The role suffices by another judge: ministack's own IAM before ministack's own Secrets Manager.

What is needed for which call, and that nothing can be missing, is shown in test_under_its_role.py.
There the double enforces, by the evaluator of these tests; here nothing of it is ours.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stacks import cloud as clouds
from stacks import emulator, stories
from stacks.cloud import Cloud, Functions
from stacks.installation import Installation, using

GENEROUS = {"AllowAdopt": "any", "AllowForceDelete": "yes", "NamePrefix": ""}
DEFAULTS = {"AllowAdopt": "no", "AllowForceDelete": "no", "NamePrefix": "cloudformation/"}
PLAIN = emulator.environment


def environment(folder: Path, port: int, double: str) -> dict[str, str]:
    """Return ministack's environment without the double.

    It gives each function credentials of its role, which fixed ones would cover.
    """
    covering = ("AWS_ENDPOINT_URL", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    plain = PLAIN(folder, port, double)
    return {name: text for name, text in plain.items() if not name.startswith(covering)}


class Account:
    """An account where policies hold, with the installation that its template makes.

    Attributes:
        cloud: The stacks of a test.
        secrets: Secrets Manager, without any limit.
    """

    def __init__(self, enforcing: emulator.Emulator) -> None:
        self._enforcing = enforcing
        self.secrets = enforcing.client("secretsmanager")
        self._installation = Installation(self._new_cloud())
        self._installation.install(**DEFAULTS)
        self._given = DEFAULTS
        self.cloud = self._new_cloud()

    def _new_cloud(self) -> Cloud:
        return Cloud(self._enforcing, Functions(self._enforcing))

    def install(self, given: dict[str, str]) -> None:
        """Change the installation's parameters, if they are others."""
        if given != self._given:
            self._installation.install(again=True, **given)
            self._given = given

    def clear(self) -> None:
        """Delete the stacks of a test and all secrets."""
        self.cloud.clear()
        self.cloud = self._new_cloud()
        for secret in self.secrets.list_secrets(IncludePlannedDeletion=True)["SecretList"]:
            self.secrets.delete_secret(SecretId=secret["ARN"], ForceDeleteWithoutRecovery=True)

    def seen(self, name: str) -> dict[str, Any]:
        """Return what DescribeSecret tells, tags as a mapping."""
        found: dict[str, Any] = self.secrets.describe_secret(SecretId=name)
        tags = {tag["Key"]: tag["Value"] for tag in found.get("Tags", ())}
        return {**found, "Tags": tags}


@pytest.fixture(scope="module")
def enforcing(
    running: emulator.Emulator, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Account]:
    """Another ministack; `running` says whether there can be one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(emulator, "environment", environment)
        with emulator.start(tmp_path_factory.mktemp("enforcing"), enforced=True) as started:
            yield Account(started)


@pytest.fixture
def account(enforcing: Account) -> Iterator[Account]:
    """The account, without stacks and secrets."""
    try:
        yield enforcing
    finally:
        enforcing.clear()


@pytest.mark.parametrize(
    ("given", "name"),
    [
        pytest.param(DEFAULTS, "cloudformation/shop/Secret", id="safe by default"),
        pytest.param(GENEROUS, "shop/Secret", id="everything allowed"),
    ],
)
def test_a_whole_life(account: Account, given: dict[str, str], name: str) -> None:
    """Created, changed in every group, deleted, restored, renamed, and deleted for good."""
    account.install(given)
    cloud = account.cloud
    first = {"SecretString": "one", "Tags": [{"Key": "a", "Value": "1"}]}
    then = {"SecretString": "two", "Description": "x", "Tags": [{"Key": "b", "Value": "2"}]}
    cloud.create("shop", using(cloud, **first))
    arn = account.seen(name)["ARN"]
    cloud.update("shop", using(cloud, **then))
    changed = account.seen(name)
    assert changed["Description"] == "x"
    assert (changed["Tags"].get("a"), changed["Tags"].get("b")) == (None, "2")
    cloud.delete("shop")
    assert "DeletedDate" in account.seen(name)
    outcome = cloud.create("shop", using(cloud, **then))
    assert (outcome.outputs["Ref"], outcome.outputs["Restored"]) == (arn, "true")
    cloud.update("shop", using(cloud, Name=f"{name}-renamed", **then))
    assert "DeletedDate" in account.seen(name)
    assert "DeletedDate" not in account.seen(f"{name}-renamed")
    if given is GENEROUS:
        cloud.create("forced", using(cloud, ForceDeleteWithoutRecovery=True, **first))
        cloud.delete("forced")
        with pytest.raises(account.secrets.exceptions.ResourceNotFoundException):
            account.seen("forced/Secret")


@pytest.mark.parametrize("tags", [{}, stories.SOMEBODY], ids=["of nobody", "of somebody else"])
@pytest.mark.parametrize("pending", [False, True], ids=["live", "pending deletion"])
def test_adoption_and_the_way_back(
    account: Account, tags: dict[str, str], *, pending: bool
) -> None:
    """Another resource fails: what was taken over is released, and scheduled again if it was so.

    By then it has no owner tag any more, as tags cannot change while a deletion is pending.
    """
    account.install(GENEROUS if tags else {**GENEROUS, "AllowAdopt": "unowned"})
    listed = [{"Key": key, "Value": tag} for key, tag in tags.items()]
    account.secrets.create_secret(Name="db", SecretString="x", Tags=listed)
    if pending:
        account.secrets.delete_secret(SecretId="db", RecoveryWindowInDays=7)
    adopt = "any" if tags else "unowned"
    declared = using(account.cloud, Name="db", Adopt=adopt, Description="ours now")
    broken = copy.deepcopy(declared)
    broken["Resources"]["Broken"] = clouds.broken("Secret")
    account.cloud.create("failing", broken, ends="ROLLBACK_COMPLETE")
    assert ("DeletedDate" in account.seen("db")) is pending
    assert not stories.MARKS & set(account.seen("db")["Tags"])
    account.cloud.create("shop", declared)
    after = account.seen("db")
    assert after["Tags"][stories.OWNER].startswith("cloudformation/shop/Secret:")
    assert after["Description"] == "ours now"
