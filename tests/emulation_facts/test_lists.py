"""What ListSecrets and ListSecretVersionIds show besides names; secrets by the thousand."""

from __future__ import annotations

import datetime as dt

import pytest

from emulation import crowd
from emulation_facts.conftest import START

DAY = dt.timedelta(days=1)


def names(sm, *filters, **params):
    asked = [{"Key": key, "Values": list(values)} for key, *values in filters]
    return {entry["Name"] for entry in sm.list_secrets(Filters=asked, **params)["SecretList"]}


@pytest.fixture
def four(aws, sm):
    """Four secrets that differ in all that can be filtered for."""
    for name in ("app/a", "app/b", "App/c", "web/d"):
        sm.create_secret(Name=name, Tags=[{"Key": f"team-{name[-1]}", "Value": name[:3]}])
    aws.plant("app/a", OwningService="rds")
    return sm


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ([("name", "app/")], "ab"),
        ([("name", "app/", "web")], "abd"),
        ([("name", "!app/")], "cd"),
        ([("name", "app/"), ("tag-key", "team-b")], "b"),
        ([("tag-value", "We")], ""),
        ([("tag-value", "we")], "d"),
        ([("owning-service", "r")], "a"),
        ([("owning-service", "ds")], ""),
        ([("primary-region", "us-")], "abcd"),
        ([("primary-region", "east")], ""),
        ([], "abcd"),
    ],
)
def test_filters(four, filters, found):
    """All filters apply, one value of each: "Prefix match, case-sensitive"; `!` turns it round."""
    assert {name[-1] for name in names(four, *filters)} == set(found)


@pytest.mark.parametrize(
    "values",
    [["a*"], ["ä"], ["x" * 513], ["a"] * 11, ["ok", "a?b"]],
    ids=["a star", "a letter of no name", "too long", "too many", "one of two"],
)
def test_filter_values_have_a_pattern(four, refused, values):
    """The model: 1 to 10 values of `^\\!?[a-zA-Z0-9 :_@/+=.\\-!]*$`, at most 512 characters."""
    code, message = refused(four.list_secrets, Filters=[{"Key": "name", "Values": values}])
    assert (code, "filters.values" in message) == ("ValidationException", True)


def test_only_describe_shows_replication_and_other_accounts(aws, sm):
    """The model's SecretListEntry has none of these; it has tags, dates and labels."""
    sm.create_secret(Name="s", SecretString="v", Tags=[{"Key": "k", "Value": "v"}])
    arn = "arn:aws:secretsmanager:us-east-1:999999999999:secret:s-AbCdEf"
    aws.plant(
        "s",
        CrossAccountReplicas=[{"ReplicaSecretARN": arn}],
        CrossAccountPrimary={"PrimarySecretARN": arn},
        OwningService="rds",
        NextRotationDate=START.timestamp(),
    )
    # boto3 drops what its model does not have, so that it could not be seen there.
    (raw,) = aws.by_hand("ListSecrets")["SecretList"]
    (entry,) = sm.list_secrets()["SecretList"]
    assert set(raw) == set(entry)
    assert set(entry) == {
        "ARN",
        "CreatedDate",
        "LastChangedDate",
        "Name",
        "NextRotationDate",
        "OwningService",
        "SecretVersionsToStages",
        "Tags",
    }
    described = sm.describe_secret(SecretId="s")
    for name in set(entry) - {"SecretVersionsToStages"}:
        assert described[name] == entry[name]


def test_a_replica_is_listed_in_its_region(make, sm):
    """With the primary's tags, and PrimaryRegion."""
    tags = [{"Key": "k", "Value": "v"}]
    sm.create_secret(Name="s", Tags=tags, AddReplicaRegions=[{"Region": "eu-west-1"}])
    (entry,) = make(region="eu-west-1").list_secrets()["SecretList"]
    assert (entry["PrimaryRegion"], entry["Tags"]) == ("us-east-1", tags)


@pytest.mark.parametrize(
    ("by", "order"),
    [("created-date", "abc"), ("last-changed-date", "acb"), ("last-accessed-date", "cba")],
)
def test_order(aws, sm, by, order):
    """SortBy; never read comes before all that was read, in ascending order."""
    for name in "abc":
        sm.create_secret(Name=name, SecretString="v")
        aws.clock.advance(days=1)
    sm.update_secret(SecretId="b", Description="changed last")
    for name in "ba":
        aws.clock.advance(days=1)
        sm.get_secret_value(SecretId=name)

    def listed(**params):
        return "".join(one["Name"] for one in sm.list_secrets(SortBy=by, **params)["SecretList"])

    assert listed(SortOrder="asc") == order
    assert listed(SortOrder="desc") == listed() == order[::-1]


def test_a_version_tells_its_key_and_the_day_it_was_read(aws, sm):
    """LastAccessedDate is a day, and of that version only."""
    first = sm.create_secret(Name="s", SecretString="v")["VersionId"]
    sm.put_secret_value(SecretId="s", SecretString="w")
    aws.clock.advance(days=2, seconds=5)
    sm.get_secret_value(SecretId="s", VersionId=first)
    told = {one["VersionId"]: one for one in sm.list_secret_version_ids(SecretId="s")["Versions"]}
    assert told.pop(first)["LastAccessedDate"] == START + 2 * DAY
    (second,) = told.values()
    assert "LastAccessedDate" not in second
    assert second["KmsKeyIds"] == ["DefaultEncryptionKey"]
    assert second["VersionStages"] == ["AWSCURRENT"]
    sm.create_secret(Name="t", SecretString="v", KmsKeyId="alias/ours")
    (own,) = sm.list_secret_version_ids(SecretId="t")["Versions"]
    assert own["KmsKeyIds"] == ["alias/ours"]


def test_a_crowd_is_as_if_called_for(aws, sm, refused):
    """Planted secrets look, restore and delete like those that calls made."""
    (live,) = crowd.plant(aws, 1, pending=False, prefix="live", tags={"k": "v"})
    pending = crowd.plant(aws, 31, tags={"k": "v"})
    made = sm.create_secret(Name="made", SecretString="v", Tags=[{"Key": "k", "Value": "v"}])
    shape = set(sm.describe_secret(SecretId=made["ARN"]))
    assert set(sm.describe_secret(SecretId=live)) == shape
    assert {frozenset(sm.describe_secret(SecretId=arn)) for arn in pending} == {
        frozenset(shape | {"DeletedDate"})
    }
    assert sm.get_secret_value(SecretId=live)["SecretString"] == "value 0"
    assert refused(sm.get_secret_value, SecretId=pending[0])[0] == "InvalidRequestException"
    windows = [
        (one.purge_date - one.deleted_date) / DAY
        for one in map(aws.secret, (f"crowd/{number:05}" for number in range(31)))
    ]
    assert windows == [*range(7, 31), *range(7, 14)]
    sm.restore_secret(SecretId=pending[6])
    assert aws.secret("crowd/00006").state == "live"
    aws.clock.advance(days=30)
    assert {aws.secret(f"crowd/{number:05}").state for number in range(6)} == {"absent"}
