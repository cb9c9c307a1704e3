"""The examples, deployed as their READMEs say.

The token's export is made by a stack of this test, with the install parameters that it needs.
ministack keeps native secrets, and those that dynamic references read, in a store of its own; what
the function sees is in the double. So what both see on AWS is made in both here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from cfnlint.decode import cfn_yaml

from emulation import SecretSnapshot
from recoverable_secrets.core import documents
from stacks import stories
from stacks.cloud import Cloud, Outcome, Template, broken

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
EXPORT = "recoverable-secrets-service-token"


def example(path: str) -> Template:
    """Return a template of the examples, its functions in their long form."""
    text = (EXAMPLES / path).read_text(encoding="utf-8")
    loaded: Template = json.loads(json.dumps(cfn_yaml.loads(text)))
    return loaded


def install(cloud: Cloud, **settings: str) -> None:
    """Export a function's ARN, as the installation does."""
    handle = {"Type": "AWS::CloudFormation::WaitConditionHandle"}
    token = {"Value": cloud.functions.token(settings), "Export": {"Name": EXPORT}}
    cloud.create("installation", {"Resources": {"Any": handle}, "Outputs": {"Token": token}})


@pytest.fixture
def own(cloud: Cloud) -> Iterator[Any]:
    """A client of ministack's own Secrets Manager, which is empty before and after."""
    client = cloud.client("secretsmanager")
    assert client.list_secrets()["SecretList"] == []
    yield client
    cloud.clear()
    for secret in client.list_secrets(IncludePlannedDeletion=True)["SecretList"]:
        client.delete_secret(SecretId=secret["ARN"], ForceDeleteWithoutRecovery=True)


# 02 -------------------------------------------------------------------------------------------


def test_a_secret_in_a_stack(cloud: Cloud) -> None:
    install(cloud)
    template, parameters = example("02-cloudformation-secret/template.yaml"), {"Password": "first"}
    first = cloud.create("shop", template, parameters=parameters)
    before = cloud.secret("shop/DatabasePassword")
    assert (before.state, before.value, first.outputs["Restored"]) == ("live", "first", "false")
    assert first.outputs["Arn"] == before.arn
    cloud.delete("shop")
    gone = cloud.secret("shop/DatabasePassword")
    assert gone.state == "pending"
    again = cloud.create("shop", template, parameters=parameters)
    assert again.outputs == {"Arn": before.arn, "Restored": "true"}
    assert stories.same(cloud.secret("shop/DatabasePassword"), before)


# 03 -------------------------------------------------------------------------------------------


def test_a_generated_value_in_another_resource(cloud: Cloud, own: Any) -> None:
    """By name here, because the ARN in ministack's own store has another end."""
    install(cloud)
    held = json.dumps({"password": "p" * 48})
    own.create_secret(Name="shop/CachePassword", SecretString=held)
    template = json.dumps(example("03-generated-value/template.yaml"))
    by_name = template.replace("${CachePassword}", "${CachePassword.Name}")
    assert by_name != template
    outcome = cloud.create("shop", by_name)
    secret = cloud.secret("shop/CachePassword")
    assert outcome.outputs["SecretArn"] == secret.arn
    value = json.loads(str(secret.value))
    assert value["username"] == "app"
    assert len(value["password"]) == 48
    assert not set(value["password"]) & set(',"/@')
    users = cloud.client("elasticache").describe_users(UserId="shop-app")["Users"]
    assert [user["UserName"] for user in users] == ["app"]
    cloud.delete("shop")
    cloud.create("shop", by_name)
    assert stories.same(cloud.secret("shop/CachePassword"), secret), "the same password is back"


# 04 -------------------------------------------------------------------------------------------

NAME = "shop/database"
MADE_BY_CLOUDFORMATION = {
    "aws:cloudformation:stack-name": "shop",
    "aws:cloudformation:logical-id": "DatabaseSecret",
}
HANDOVER = {"recoverable-secrets:handover": "yes"}


class Migration:
    """A stack with a native secret, in ministack's store and, as the function sees it, here."""

    def __init__(self, cloud: Cloud, own: Any) -> None:
        self.cloud = cloud
        self._own = own
        cloud.create("shop", self._native("before"))
        template = example("04-migrate-from-native/before.yaml")["Resources"]
        cloud.aws.by_hand(
            "CreateSecret",
            Name=NAME,
            SecretString="by CloudFormation",
            AddReplicaRegions=template["DatabaseSecret"]["Properties"]["ReplicaRegions"],
        )
        policy = template["DatabasePolicy"]["Properties"]["ResourcePolicy"]
        cloud.aws.by_hand("PutResourcePolicy", SecretId=NAME, ResourcePolicy=json.dumps(policy))
        self.tag(MADE_BY_CLOUDFORMATION)
        self.before = self.secret

    def _native(self, name: str) -> Template:
        """Return a template of before; ministack knows no AWS::SecretsManager::ResourcePolicy."""
        template = example(f"04-migrate-from-native/{name}.yaml")
        del template["Resources"]["DatabasePolicy"]
        return template

    def tag(self, tags: Mapping[str, str]) -> None:
        """Tag as only AWS itself can."""
        found: Any = self.cloud.aws._shelf(None, None).named(NAME)
        found.tags = (found.tags or []) + [{"Key": k, "Value": v} for k, v in tags.items()]

    def retain(self) -> None:
        """Do deployment 1."""
        self.cloud.update("shop", self._native("retain"))
        self.tag(HANDOVER)

    def adopt(self, ends: str = "UPDATE_COMPLETE", **changed: Any) -> Outcome:
        """Do deployment 2, with properties changed or, by None, left out."""
        template = example("04-migrate-from-native/template.yaml")
        properties = template["Resources"]["Database"]["Properties"] | changed
        kept = {name: each for name, each in properties.items() if each is not None}
        template["Resources"]["Database"]["Properties"] = kept
        return self.cloud.update("shop", template, ends=ends)

    @property
    def secret(self) -> SecretSnapshot:
        """What the double holds."""
        return self.cloud.secret(NAME)

    def native_is_there(self) -> bool:
        """Whether CloudFormation has left its own secret."""
        listed = self._own.list_secrets()["SecretList"]
        return NAME in {one["Name"] for one in listed}

    def assert_the_rest_is_kept(self) -> None:
        """The replica was never away, and the policy means what it meant."""
        assert list(self.before.replicas) == ["eu-central-1"]
        assert self.secret.replicas == self.before.replicas
        assert "RemoveRegionsFromReplication" not in self.cloud.writes()
        held, before = (documents.normal(str(one.policy)) for one in (self.secret, self.before))
        assert held == before

    def assert_nothing_is_lost(self) -> None:
        """The secret is live with its value, and its native resource is still in the stack."""
        assert stories.same(self.secret, self.before)
        self.assert_the_rest_is_kept()
        assert self.secret.state == "live"
        assert not stories.MARKS & set(self.secret.tags), "nobody's, as before"
        assert self.native_is_there()
        assert "DatabaseSecret" in self.cloud.resources("shop")


@pytest.fixture
def migration(cloud: Cloud, own: Any) -> Migration:
    """What people have before; the installation allows to adopt what nobody owns."""
    install(cloud, ALLOW_ADOPT="unowned")
    return Migration(cloud, own)


def test_a_native_secret_is_migrated_in_two_deployments(migration: Migration) -> None:
    migration.retain()
    outcome = migration.adopt()
    assert outcome.outputs["SecretArn"] == migration.before.arn
    assert stories.same(migration.secret, migration.before)
    migration.assert_the_rest_is_kept()
    assert migration.secret.tags[stories.ORIGIN] == "adopted"
    assert stories.owner(migration.secret) == "cloudformation/shop/Database"
    assert migration.native_is_there(), "retained"
    assert list(migration.cloud.resources("shop")) == ["Database"]


def test_after_the_migration_it_survives_its_stack(migration: Migration) -> None:
    migration.retain()
    migration.adopt()
    migration.adopt(Adopt=None)  # No longer needed.
    migration.assert_the_rest_is_kept()
    migration.cloud.delete("shop")
    assert (migration.secret.state, migration.secret.replicas) == ("pending", {})
    migration.cloud.create("shop", example("04-migrate-from-native/template.yaml"))
    assert stories.same(migration.secret, migration.before)
    assert migration.secret.replicas == migration.before.replicas
    assert migration.secret.policy is not None


def test_deployment_2_that_declares_neither_keeps_both(migration: Migration) -> None:
    """What others have set up before stays, as long as nobody says otherwise."""
    migration.retain()
    migration.adopt(ReplicaRegions=None, ResourcePolicy=None)
    migration.assert_the_rest_is_kept()


def test_deployment_2_without_deployment_1_loses_nothing(migration: Migration) -> None:
    """CloudFormation would have destroyed what ours had adopted."""
    outcome = migration.adopt(ends="UPDATE_ROLLBACK_COMPLETE")
    assert "resource DatabaseSecret of stack shop" in outcome.reason("Database")
    assert "recoverable-secrets:handover" in outcome.reason("Database")
    assert migration.cloud.writes() == ["CreateSecret"], "which found the name taken"
    migration.assert_nothing_is_lost()


def test_deployment_2_without_adopt_loses_nothing(migration: Migration) -> None:
    migration.retain()
    outcome = migration.adopt(ends="UPDATE_ROLLBACK_COMPLETE", Adopt=None)
    assert "set Adopt to unowned" in outcome.reason("Database")
    migration.assert_nothing_is_lost()


def test_deployment_2_without_the_installations_leave_loses_nothing(cloud: Cloud, own: Any) -> None:
    install(cloud)
    migration = Migration(cloud, own)
    migration.retain()
    outcome = migration.adopt(ends="UPDATE_ROLLBACK_COMPLETE")
    assert "AllowAdopt" in outcome.reason("Database")
    migration.assert_nothing_is_lost()


def test_deployment_2_that_fails_later_loses_nothing(migration: Migration) -> None:
    migration.retain()
    template = example("04-migrate-from-native/template.yaml")
    template["Resources"]["Broken"] = broken("Database")
    migration.cloud.update("shop", template, ends="UPDATE_ROLLBACK_COMPLETE")
    assert "TagResource" in migration.cloud.writes(), "it was adopted"
    migration.assert_nothing_is_lost()


def test_deployment_2_without_a_name_makes_another_secret(migration: Migration) -> None:
    migration.retain()
    outcome = migration.adopt(Name=None)
    assert outcome.outputs["SecretArn"] == migration.cloud.secret("shop/Database").arn
    assert stories.same(migration.secret, migration.before)
    assert migration.native_is_there()


# 08 -------------------------------------------------------------------------------------------


def test_replicas_policy_and_rotation(cloud: Cloud) -> None:
    function = "arn:aws:lambda:us-east-1:123456789012:function:rotate-db"
    install(cloud, ALLOWED_ROTATION_FUNCTIONS=function)
    template = example("08-replicas-policy-rotation/template.yaml")
    given = {"parameters": {"ReaderAccount": "210987654321", "RotationFunction": function}}
    cloud.create("shop", template, **given)
    before = cloud.secret("shop/Database")
    assert list(before.replicas) == ["eu-central-1"]
    assert "210987654321" in str(before.policy)
    assert before.rotation["RotationRules"]["ScheduleExpression"] == "rate(30 days)"
    cloud.delete("shop")
    gone = cloud.secret("shop/Database")
    assert (gone.state, gone.replicas) == ("pending", {})
    assert not gone.rotation["RotationEnabled"]
    cloud.aws.clock.advance(days=29)
    outcome = cloud.create("shop", template, **given)
    after = cloud.secret("shop/Database")
    assert outcome.outputs == {"SecretArn": before.arn, "Restored": "true"}
    assert stories.same(after, before), "rotation did not fire either"
    assert (after.replicas, after.policy) == (before.replicas, before.policy)
    assert after.rotation["RotationEnabled"]


# 05 -------------------------------------------------------------------------------------------


def test_nested_stacks(cloud: Cloud) -> None:
    """The README's `package` uploads the inner template; here the test does."""
    install(cloud)
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="templates")
    inner = json.dumps(example("05-nested-stacks/database.yaml"))
    s3.put_object(Bucket="templates", Key="database.json", Body=inner)
    template = example("05-nested-stacks/template.yaml")
    data = template["Resources"]["Data"]["Properties"]
    assert data["TemplateURL"] == "database.yaml"
    data["TemplateURL"] = f"{s3.meta.endpoint_url}/templates/database.json"
    outcome = cloud.create("shop", template)
    secret = cloud.secret(outcome.outputs["SecretName"])
    assert (secret.state, secret.arn) == ("live", outcome.outputs["SecretArn"])
    assert str(secret.value).isalnum()
    cloud.delete("shop")
    assert cloud.secret(secret.name).state == "pending"


# 06 -------------------------------------------------------------------------------------------


def test_many_stacks_share_one_function(cloud: Cloud) -> None:
    install(cloud)
    template = example("06-shared-function/template.yaml")
    cloud.create("shop-test", template)
    cloud.create("shop", template, parameters={"Stage": "production"})
    names = ["shop-test/Session", "shop-test/Webhook", "shop/Session", "shop/Webhook"]
    secrets = [cloud.secret(name) for name in names]
    assert len({secret.value for secret in secrets}) == 4
    assert [secret.tags.get("stage") for secret in secrets] == [None, "test", None, "production"]
    cloud.delete("shop-test")
    assert [cloud.secret(name).state for name in names] == ["pending", "pending", "live", "live"]
    cloud.delete("shop")
    for name, days in {"shop-test/Session": 7, "shop/Session": 30, "shop/Webhook": 30}.items():
        gone = cloud.secret(name)
        assert gone.deleted_date is not None
        assert gone.purge_date is not None
        assert (gone.purge_date - gone.deleted_date).days == days, name
