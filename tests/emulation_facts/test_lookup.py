"""Which SecretIds find a secret, and what the lists show."""

from __future__ import annotations

import pytest

RNF, DENIED = "ResourceNotFoundException", "AccessDeniedException"


def test_full_arn_and_exact_name(sm):
    """Full ARNs and exact names find the secret."""
    arn = sm.create_secret(Name="a/b", SecretString="v")["ARN"]
    for secret_id in (arn, "a/b"):
        assert sm.describe_secret(SecretId=secret_id)["ARN"] == arn


def test_partial_arn_matches(sm):
    """Partial ARNs match if unique."""
    arn = sm.create_secret(Name="app", SecretString="v")["ARN"]
    assert sm.get_secret_value(SecretId=arn[:-7])["SecretString"] == "v"


@pytest.mark.parametrize("name", ["app-secret", "prod-apikey"])
def test_partial_arn_trap(sm, refused, name):
    """Partial ARN: "one whose name ends in `-` + 6 characters is taken for a complete ARN"."""
    arn = sm.create_secret(Name=name, SecretString="v")["ARN"]
    assert refused(sm.get_secret_value, SecretId=arn[:-7])[0] == RNF
    assert sm.get_secret_value(SecretId=arn)["SecretString"] == "v"
    assert sm.get_secret_value(SecretId=name)["SecretString"] == "v"


@pytest.mark.parametrize("secret_id", ["ap", "app2", "APP"])
def test_names_match_exactly(sm, refused, secret_id):
    """A name matches as a whole and in its case."""
    sm.create_secret(Name="app")
    assert refused(sm.describe_secret, SecretId=secret_id)[0] == RNF


def test_arn_of_a_former_incarnation(aws, sm, refused):
    """A complete ARN finds its own secret only, not the next one of the name."""
    old = sm.create_secret(Name="s")["ARN"]
    sm.delete_secret(SecretId=old, ForceDeleteWithoutRecovery=True)
    aws.clock.advance(seconds=60)
    sm.create_secret(Name="s")
    assert refused(sm.describe_secret, SecretId=old)[0] == RNF
    sm.delete_secret(SecretId=old, ForceDeleteWithoutRecovery=True)
    assert aws.secret("s").state == "live"


def test_other_region(make, sm, refused):
    """NotFound may mean the wrong region."""
    arn = sm.create_secret(Name="s")["ARN"]
    elsewhere = make(region="eu-west-1")
    assert refused(elsewhere.describe_secret, SecretId="s")[0] == RNF
    assert refused(elsewhere.describe_secret, SecretId=arn)[0] == RNF
    assert refused(elsewhere.describe_secret, SecretId=arn[:-7])[0] == RNF


def test_list_shows_pending_only_when_asked(sm):
    """ListSecrets: pending "only with IncludePlannedDeletion (D)"."""
    for name in ("live", "pending", "purged"):
        sm.create_secret(Name=name, SecretString="v")
    sm.delete_secret(SecretId="pending")
    sm.delete_secret(SecretId="purged", ForceDeleteWithoutRecovery=True)

    def names(**params):
        return {entry["Name"] for entry in sm.list_secrets(**params)["SecretList"]}

    assert names() == {"live"}
    assert names(IncludePlannedDeletion=True) == {"live", "pending"}


def test_list_pages(sm, refused):
    """MaxResults 1-100, NextToken."""
    for number in range(101):
        sm.create_secret(Name=f"s{number:03}")
    first = sm.list_secrets()
    assert len(first["SecretList"]) == 100
    rest = sm.list_secrets(NextToken=first["NextToken"])
    assert [entry["Name"] for entry in rest["SecretList"]] == ["s100"]
    assert "NextToken" not in rest
    pages = sm.get_paginator("list_secrets").paginate(PaginationConfig={"PageSize": 40})
    assert [len(page["SecretList"]) for page in pages] == [40, 40, 21]
    assert refused(sm.list_secrets, MaxResults=101)[0] == "ValidationException"
    assert refused(sm.list_secrets, NextToken="x")[0] == "InvalidNextTokenException"


def test_list_filters_and_order(aws, sm, refused):
    """ListSecrets' name filter is a prefix; tags and services filter; SortBy name."""
    sm.create_secret(Name="app-b", Tags=[{"Key": "team", "Value": "x"}])
    sm.create_secret(Name="app-a", Description="words in it")
    aws.plant("app-b", OwningService="rds")

    def names(key=None, *values, **params):
        if key:
            params["Filters"] = [{"Key": key, "Values": list(values)}]
        return [entry["Name"] for entry in sm.list_secrets(**params)["SecretList"]]

    assert names("name", "app", SortBy="name", SortOrder="asc") == ["app-a", "app-b"]
    assert names("name", "app", SortBy="name", SortOrder="desc") == ["app-b", "app-a"]
    assert names("name", "pp") == []
    assert names("tag-key", "team") == ["app-b"]
    assert names("tag-value", "x") == ["app-b"]
    assert names("description", "words") == ["app-a"]
    assert names("owning-service", "rds") == ["app-b"]
    assert names("primary-region", "eu-west-1") == []
    assert names("all", "team") == ["app-b"]
    bad = [{"Key": "name", "Values": ["x"]}] * 11
    assert refused(sm.list_secrets, Filters=bad)[0] == "ValidationException"
    unknown = [{"Key": "unknown", "Values": ["x"]}]
    assert refused(sm.list_secrets, Filters=unknown)[0] == "ValidationException"


def test_list_entry(sm):
    """An entry has SecretVersionsToStages "and is without replication fields"."""
    sm.create_secret(Name="s", SecretString="v", AddReplicaRegions=[{"Region": "eu-west-1"}])
    (entry,) = sm.list_secrets()["SecretList"]
    assert list(entry["SecretVersionsToStages"].values()) == [["AWSCURRENT"]]
    assert not {"ReplicationStatus", "VersionIdsToStages"} & set(entry)


@pytest.mark.parametrize(("answer", "code"), [("not-found", RNF), ("access-denied", DENIED)])
def test_arn_of_another_account(aws, sm, refused, answer, code):
    """NotFound may mean the wrong account; AccessDenied is selectable."""
    aws.behaviour.foreign_arn = answer
    aws.by_hand("CreateSecret", Name="s", account="999999999999")
    arn = aws.secret("s", account="999999999999").arn
    found, message = refused(sm.describe_secret, SecretId=arn)
    assert found == code
    reason = "no resource-based policy allows the secretsmanager:DescribeSecret action"
    assert (reason in message) == (answer == "access-denied")
    # A partial ARN of another account does not find a secret of ours either.
    sm.create_secret(Name="s", SecretString="v")
    assert refused(sm.get_secret_value, SecretId=arn[:-7])[0] == code
