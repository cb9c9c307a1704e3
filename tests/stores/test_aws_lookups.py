"""What a look tells, field by field, and what it must never find."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from typing import Any

import pytest

import emulation
from contract import table, worlds
from recoverable_secrets.core import facts, plan
from recoverable_secrets.core.sealed import Sealed
from recoverable_secrets.stores import aws as aws_store
from recoverable_secrets.stores.aws import AwsStore
from recoverable_secrets.stores.aws_wire import Arn

KEY_ARN = f"arn:aws:kms:{worlds.REGION}:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def present(store: AwsStore, ref: facts.Ref) -> facts.Secret:
    """Return what a look tells of a live secret."""
    seen = store.observe(ref)
    assert isinstance(seen, facts.Present)
    return seen.secret


def test_all_that_is_told(aws: emulation.Aws, store: AwsStore, ref: facts.Ref) -> None:
    assert store.observe(ref) == facts.Present(
        secret=facts.Secret(
            id=str(ref.id), name=table.NAME, description="of the database", kms_key_id=table.KEY,
            tags=table.TAGS, version=table.FIRST, region=worlds.REGION,
            created=worlds.START, changed=worlds.START,
        )
    )  # fmt: skip


def test_what_is_not_there_is_empty(aws: emulation.Aws, store: AwsStore) -> None:
    bare = aws.by_hand("CreateSecret", Name="bare")
    assert present(store, facts.Ref("bare")) == facts.Secret(
        id=bare["ARN"], name="bare", region=worlds.REGION,
        created=worlds.START, changed=worlds.START,
    )  # fmt: skip


def test_the_current_version_is_the_one_with_the_label(
    aws: emulation.Aws, store: AwsStore, ref: facts.Ref
) -> None:
    """Not the newest one, and not one that is being rotated in."""
    aws.by_hand(
        "PutSecretValue", SecretId=ref.name, SecretString="next", ClientRequestToken="t" * 32,
        VersionStages=["AWSPENDING"],
    )  # fmt: skip
    assert present(store, ref).version == table.FIRST
    put = aws.put_by_hand(ref.name, "by a person")
    assert present(store, ref).version == put
    aws.by_hand(
        "UpdateSecretVersionStage", SecretId=ref.name, VersionStage="AWSCURRENT",
        RemoveFromVersionId=put, MoveToVersionId=table.FIRST,
    )  # fmt: skip
    assert present(store, ref).version == table.FIRST


LABELS: list[Any] = [
    pytest.param({}, (None, None), id="no version has a label"),
    pytest.param({"v" * 32: ["AWSPENDING"]}, (None, None), id="only one that is rotated in"),
    pytest.param({"v" * 32: ["AWSCURRENT"]}, ("v" * 32, None), id="none was before"),
    pytest.param(
        {"v" * 32: ["AWSCURRENT"], "u" * 32: ["AWSPREVIOUS"]}, ("v" * 32, "u" * 32), id="both"
    ),
    pytest.param(
        {"u" * 32: ["AWSPREVIOUS"], "v" * 32: ["AWSCURRENT"]}, ("v" * 32, "u" * 32),
        id="the order is no matter",
    ),
    pytest.param(
        {
            "v" * 32: ["mine", "AWSCURRENT", "AWSPENDING"], "u" * 32: ["theirs", "AWSPREVIOUS"],
            "w" * 32: ["AWSPENDINGTOO"],
        },
        ("v" * 32, "u" * 32), id="people's own labels are no matter",
    ),
    pytest.param({"u" * 32: ["AWSPREVIOUS"]}, (None, "u" * 32), id="only one that was before"),
    pytest.param(
        {"v" * 32: ["AWSCURRENT", "AWSPREVIOUS"]}, ("v" * 32, "v" * 32), id="one has both labels"
    ),
    pytest.param(
        {"v" * 32: ["awscurrent"], "u" * 32: ["AWSPREVIOUS2"]}, (None, None),
        id="labels that look alike",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("labels", "told"), LABELS)
def test_versions_are_known_by_their_labels(
    aws: emulation.Aws,
    store: AwsStore,
    ref: facts.Ref,
    labels: dict[str, list[str]],
    told: tuple[str | None, str | None],
) -> None:
    """DescribeSecret names labelled versions only, in no order."""
    aws.plant(ref.name, VersionIdsToStages=labels)
    secret = present(store, ref)
    assert (secret.version, secret.previous) == told


def test_the_version_before_is_told_of_a_pending_secret(
    aws: emulation.Aws, store: AwsStore, ref: facts.Ref
) -> None:
    """What is taken back may be an update of a secret that was restored for it."""
    put = aws.put_by_hand(ref.name, "by a person")
    store.apply(ref, plan.ScheduleDeletion(days=7))
    seen = store.observe(ref)
    assert isinstance(seen, facts.PendingDeletion)
    assert (seen.secret.version, seen.secret.previous) == (put, table.FIRST)


def test_a_replica_tells_its_primary(aws: emulation.Aws, store: AwsStore, ref: facts.Ref) -> None:
    """Its tags are the primary's, so the owner alone would not tell."""
    aws.by_hand(
        "ReplicateSecretToRegions", SecretId=ref.name,
        AddReplicaRegions=[{"Region": "eu-west-1"}, {"Region": "ap-south-1"}],
    )  # fmt: skip
    primary = present(store, ref)
    assert primary.primary_region is None
    assert {replica.region for replica in primary.replicas} == {"ap-south-1", "eu-west-1"}
    there = AwsStore(aws_store.Connection(region="eu-west-1"))
    replica = present(there, facts.Ref(ref.name))
    assert (replica.primary_region, replica.replicas) == (worlds.REGION, primary.replicas)
    assert replica.tags == table.TAGS
    assert replica.id != primary.id


def test_a_primary_that_names_its_own_region(
    aws: emulation.Aws, store: AwsStore, ref: facts.Ref
) -> None:
    """Is still no replica."""
    aws.behaviour.primary_shows_region = True
    aws.by_hand(
        "ReplicateSecretToRegions", SecretId=ref.name, AddReplicaRegions=[{"Region": "eu-west-1"}]
    )
    assert present(store, ref).primary_region is None


PARTNER = f"arn:aws:secretsmanager:{worlds.REGION}:210987654321:secret:theirs-AbCdEf"
PLANTED: list[Any] = [
    pytest.param({"OwningService": "rds"}, {"service": "rds"}, id="owned by a service"),
    pytest.param(
        {"CrossAccountReplicas": [{"ReplicaSecretARN": PARTNER}]}, {"partners": (PARTNER,)},
        id="the primary of another account's replica",
    ),
    pytest.param(
        {"CrossAccountPrimary": {"PrimarySecretARN": PARTNER}}, {"partners": (PARTNER,)},
        id="the replica of another account's primary",
    ),
    pytest.param(
        {"CrossAccountReplicas": [], "CrossAccountPrimary": {}}, {"partners": ()}, id="no ties",
    ),
    pytest.param({"KmsKeyId": KEY_ARN}, {"kms_key_id": KEY_ARN}, id="a key told as its ARN"),
]  # fmt: skip


@pytest.mark.parametrize(("planted", "told"), PLANTED)
def test_ties(
    aws: emulation.Aws,
    store: AwsStore,
    ref: facts.Ref,
    planted: dict[str, Any],
    told: dict[str, Any],
) -> None:
    aws.plant(ref.name, **planted)
    secret = present(store, ref)
    assert {name: getattr(secret, name) for name in told} == told


@pytest.fixture
def far_away(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose local time is far from UTC."""
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("far_away")
def test_dates_are_in_utc(aws: emulation.Aws, store: AwsStore, ref: facts.Ref) -> None:
    """The day that people are told must not depend on the machine's own time."""
    done = store.apply(ref, plan.ScheduleDeletion(days=7))
    assert isinstance(done, plan.Done)
    assert done.date == aws.clock.now() + dt.timedelta(days=7)
    assert done.date.utcoffset() == dt.timedelta(0)
    seen = store.observe(ref)
    assert isinstance(seen, facts.PendingDeletion)
    assert seen.date == aws.clock.now()
    assert seen.date.utcoffset() == dt.timedelta(0)


ARNS = [
    pytest.param("arn:aws:secretsmanager:eu-west-1:1:secret:a/b-AbCdEf",
                 Arn("aws", "eu-west-1", "1"), id="full"),
    pytest.param("arn:aws-cn:secretsmanager:cn-north-1:1:secret:a-AbCdEf",
                 Arn("aws-cn", "cn-north-1", "1"), id="another partition"),
    pytest.param("prod/db", None, id="a name"),
    pytest.param("", None, id="empty"),
    pytest.param("arn:aws:kms:eu-west-1:1:key/k", None, id="of another service"),
    pytest.param("arn:aws:secretsmanager:eu-west-1:1:secret", None, id="cut off"),
    pytest.param("arn:aws:secretsmanager:eu-west-1:1:secret:a:b", None, id="too many parts"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "parts"), ARNS)
def test_parts_of_an_arn(text: str, parts: Arn | None) -> None:
    assert Arn.parse(text) == parts


def test_a_partial_arn_as_a_name(aws: emulation.Aws, store: AwsStore) -> None:
    """AWS finds `app` by `…:secret:app`; we were asked for something else."""
    made = store.apply(facts.Ref("app"), table.creation(), Sealed("v"))
    assert isinstance(made, plan.Done)
    assert made.id is not None
    for part in (made.id[:-7], made.id[:-6], made.id[:-1], "secret:app"):
        assert store.observe(facts.Ref(part)) == facts.Absent()
        assert store.observe(facts.Ref("app", part)) == facts.Absent()
    assert present(store, facts.Ref(made.id)).name == "app"


MANAGED = {
    "aws:cloudformation:stack-name": "shop",
    "aws:cloudformation:logical-id": "Db",
    "aws:cloudformation:stack-id": "arn:aws:cloudformation:eu-west-1:1:stack/shop/guid",
}


def test_what_cloudformation_made_itself_is_told(aws: emulation.Aws, store: AwsStore) -> None:
    """Its own type destroys for good what it manages; the tags that it puts tell."""
    aws.by_hand("CreateSecret", Name="native")
    assert present(store, facts.Ref("native")).manager is None
    aws.plant("native", Tags=[{"Key": key, "Value": text} for key, text in MANAGED.items()])
    assert present(store, facts.Ref("native")).manager == "resource Db of stack shop"
