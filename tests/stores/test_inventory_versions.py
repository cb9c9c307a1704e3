"""The versions of a secret in AWS, over all pages."""

from __future__ import annotations

import itertools
import json
from typing import Any

import boto3
import pytest

import emulation
from contract import table, worlds
from emulation import crowd, faults
from recoverable_secrets.core import errors, facts, pending
from recoverable_secrets.stores.aws import AwsStore
from recoverable_secrets.stores.aws_inventory import AwsInventory
from stores import scripted

VERSIONS = "ListSecretVersionIds"
SECOND = pending.DAY / 86_400


@pytest.fixture
def inventory(store: AwsStore) -> AwsInventory:
    """Lists of a store with a client of its own."""
    return AwsInventory(store)


def test_versions_over_two_pages(
    aws: emulation.Aws, inventory: AwsInventory, ref: facts.Ref
) -> None:
    put = [aws.put_by_hand(ref.name, f"value {number}") for number in range(110)]
    told = inventory.versions(ref)
    assert [version.id for version in told] == [table.FIRST, *put]
    assert {version.id: version.labels for version in told if version.labels} == {
        put[-1]: ("AWSCURRENT",), put[-2]: ("AWSPREVIOUS",),
    }  # fmt: skip
    assert [record.parameters.get("MaxResults") for record in aws.calls] == [100, 100]
    assert all(record.parameters["IncludeDeprecated"] for record in aws.calls)


def test_when_a_version_was_made_and_read(
    aws: emulation.Aws, store: AwsStore, inventory: AwsInventory, ref: facts.Ref
) -> None:
    aws.clock.advance(days=1, seconds=5)
    put = aws.put_by_hand(ref.name, "new")
    store.client("secretsmanager", worlds.REGION).get_secret_value(SecretId=ref.name)
    made = worlds.START + pending.DAY
    assert inventory.versions(ref) == (
        facts.Version(id=table.FIRST, labels=("AWSPREVIOUS",), created=worlds.START),
        facts.Version(id=put, labels=("AWSCURRENT",), created=made + 5 * SECOND, accessed=made),
    )


def test_the_region_of_the_arn_counts(aws: emulation.Aws, inventory: AwsInventory) -> None:
    (arn,) = crowd.plant(aws, 1, prefix="far", region="eu-west-1")
    (version,) = inventory.versions(facts.Ref("far00000", arn))
    assert version.labels == ("AWSCURRENT",)
    assert [record.region for record in aws.calls] == ["eu-west-1"]


NOT_THERE: list[Any] = [
    pytest.param(lambda _: facts.Ref("never"), id="no such name"),
    pytest.param(lambda ref: facts.Ref(ref.id[:-7]), id="a part of an ARN, which AWS takes"),
    pytest.param(lambda _: facts.Ref("n" * 512), id="a long name: the text stays short"),
]


@pytest.mark.parametrize("ref_of", NOT_THERE)
def test_no_such_secret(inventory: AwsInventory, aws: emulation.Aws, ref_of: Any) -> None:
    arn = aws.by_hand("CreateSecret", Name="plain", ClientRequestToken="t" * 32)["ARN"]
    with pytest.raises(errors.StoreError, match="no such secret here") as caught:
        inventory.versions(ref_of(facts.Ref("plain", arn)))
    assert caught.value.code == "ResourceNotFoundException"
    assert len(str(caught.value)) <= errors.LIMIT
    assert str(caught.value).endswith("Check name, region and account")


def test_the_place_of_the_next_versions_has_expired(
    aws: emulation.Aws, inventory: AwsInventory
) -> None:
    aws.inject(faults.Error(VERSIONS, code="InvalidNextTokenException", message="Expired."))
    with pytest.raises(errors.Temporary) as caught:
        inventory.versions(facts.Ref("n" * 512))
    assert len(str(caught.value)) <= errors.LIMIT
    assert str(caught.value).endswith("run again")


def test_a_version_on_two_pages(session: boto3.Session) -> None:
    """As when others are made meanwhile: it is one version."""
    answer: dict[str, Any] = {"ARN": "arn", "Name": "s", "Versions": [{"VersionId": "v"}]}
    answers = itertools.chain([{**answer, "NextToken": "t"}], itertools.repeat(answer))
    with scripted.serving() as server:
        server.answer = lambda _: (200, json.dumps(next(answers)).encode())
        inventory = AwsInventory(scripted.store_at(server.url, session))
        assert inventory.versions(facts.Ref("s")) == (facts.Version(id="v"),)
        assert len(server.asked) == 2


ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:s-a1B2c3"


@pytest.mark.parametrize(
    ("ref", "answer"),
    [
        pytest.param(facts.Ref("s"), {"ARN": ARN, "Name": "s"}, id="AWS, by name"),
        pytest.param(facts.Ref("s", ARN), {"ARN": ARN, "Name": "s"}, id="AWS, by ARN"),
        pytest.param(facts.Ref("s", ARN), {"ARN": "s", "Name": "s"}, id="the name for the ARN"),
        pytest.param(facts.Ref("s", ARN), {"ARN": "s"}, id="the name for the ARN alone"),
    ],
)
def test_the_secret_that_was_meant(
    session: boto3.Session, ref: facts.Ref, answer: dict[str, Any]
) -> None:
    """Emulators may answer the name where AWS answers the ARN."""
    with scripted.serving() as server:
        server.will({**answer, "Versions": [{"VersionId": "v"}]})
        inventory = AwsInventory(scripted.store_at(server.url, session))
        assert inventory.versions(ref) == (facts.Version(id="v"),)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({"ARN": ARN, "Name": "other"}, id="another name"),
        pytest.param({"ARN": ARN}, id="no name: what is missing on both sides is no match"),
    ],
)
@pytest.mark.parametrize("ref", [facts.Ref(ARN[:-7]), facts.Ref("s", ARN[:-7])])
def test_another_secret_than_was_meant(
    session: boto3.Session, ref: facts.Ref, answer: dict[str, Any]
) -> None:
    """AWS takes a part of an ARN for any secret that fits."""
    with scripted.serving() as server:
        server.will({**answer, "Versions": [{"VersionId": "v"}]})
        inventory = AwsInventory(scripted.store_at(server.url, session))
        with pytest.raises(errors.StoreError, match="no such secret here"):
            inventory.versions(ref)
