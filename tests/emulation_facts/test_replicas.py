"""Replicas in other regions, service-owned secrets, cross-account replicas."""

from __future__ import annotations

import pytest

IRE, IPE = "InvalidRequestException", "InvalidParameterException"
RNF, REE = "ResourceNotFoundException", "ResourceExistsException"
EU, ASIA = "eu-west-1", "ap-south-1"
NOT_ON_REPLICA = (
    "Operation not permitted on a replica secret. Call must be made in primary secret's region."
)
OTHER = {"AddReplicaRegions": [{"Region": ASIA}]}
WRITES = {
    "put_secret_value": {"SecretString": "x"},
    "update_secret": {"Description": "x"},
    "delete_secret": {},
    "delete_secret force": {"ForceDeleteWithoutRecovery": True},
    "restore_secret": {},
    "tag_resource": {"Tags": [{"Key": "k", "Value": "x"}]},
    "untag_resource": {"TagKeys": ["k"]},
    "put_resource_policy": {"ResourcePolicy": '{"Statement": []}'},
    "delete_resource_policy": {},
    "replicate_secret_to_regions": OTHER,
    "remove_regions_from_replication": {"RemoveReplicaRegions": [EU]},
    "rotate_secret": {"RotationLambdaARN": "arn:aws:lambda:us-east-1:123456789012:function:f"},
    "cancel_rotate_secret": {},
    "update_secret_version_stage": {"VersionStage": "x", "MoveToVersionId": "a" * 32},
}


@pytest.fixture
def eu(make):
    """A client in the replica's region."""
    return make(region=EU)


@pytest.fixture
def replicated(sm):
    """A secret with one replica; returns the answer that created it."""
    return sm.create_secret(
        Name="s",
        SecretString="v",
        Tags=[{"Key": "k", "Value": "v"}],
        KmsKeyId="alias/primary",
        ClientRequestToken="a" * 32,
        AddReplicaRegions=[{"Region": EU, "KmsKeyId": "alias/replica"}],
    )


@pytest.mark.usefixtures("replicated")
@pytest.mark.parametrize("force", [False, True])
def test_primary_with_replicas_refuses_deletion(aws, sm, refused, force):
    """Forced or not: IPE "You can't delete secret … that still has replica regions [..]" (T)."""
    code, message = refused(sm.delete_secret, SecretId="s", ForceDeleteWithoutRecovery=force)
    assert code == IPE
    assert message == f"You can't delete secret s that still has replica regions [{EU}]"
    assert aws.secret("s").state == "live"


@pytest.mark.usefixtures("replicated")
def test_removed_replicas_are_gone_at_once(aws, sm, eu, refused):
    """RemoveRegionsFromReplication first; "gone at once and a restore does not bring them back"."""
    answer = sm.remove_regions_from_replication(SecretId="s", RemoveReplicaRegions=[EU])
    assert answer["ReplicationStatus"] == []
    assert refused(eu.describe_secret, SecretId="s")[0] == RNF
    sm.delete_secret(SecretId="s")
    sm.restore_secret(SecretId="s")
    assert aws.secret("s").replicas == {}
    assert aws.secret("s", region=EU).state == "absent"
    eu.create_secret(Name="s")


@pytest.mark.usefixtures("replicated")
def test_removal_may_take_a_moment(aws, sm, eu, refused):
    """Until it is through, the replica is listed and deletion is refused."""
    aws.behaviour.removal_seconds = 20
    for _ in range(2):
        answer = sm.remove_regions_from_replication(SecretId="s", RemoveReplicaRegions=[EU])
        assert [entry["Region"] for entry in answer["ReplicationStatus"]] == [EU]
    aws.clock.advance(seconds=19)
    assert [one["Region"] for one in sm.describe_secret(SecretId="s")["ReplicationStatus"]] == [EU]
    assert refused(sm.delete_secret, SecretId="s")[0] == IPE
    assert eu.get_secret_value(SecretId="s")["SecretString"] == "v"
    aws.clock.advance(seconds=1)
    assert "ReplicationStatus" not in sm.describe_secret(SecretId="s")
    assert aws.secret("s", region=EU).state == "absent"
    sm.delete_secret(SecretId="s")


def test_replicas_in_the_call_that_creates(aws, sm, eu):
    """AddReplicaRegions: a name that is taken fails or, forced, is overwritten; Create succeeds."""
    eu.create_secret(Name="s", SecretString="somebody else's")
    eu.create_secret(Name="t", SecretString="somebody else's")
    regions = {"AddReplicaRegions": [{"Region": EU}, {"Region": ASIA, "KmsKeyId": "alias/asia"}]}
    answer = sm.create_secret(Name="s", SecretString="v", **regions)
    assert {one["Status"] for one in answer["ReplicationStatus"]} == {"InProgress"}
    replicas = aws.secret("s").replicas
    assert (replicas[EU].status, replicas[ASIA].status) == ("Failed", "InSync")
    assert replicas[ASIA].kms_key_id == "alias/asia"
    sm.create_secret(Name="t", SecretString="v", ForceOverwriteReplicaSecret=True, **regions)
    assert aws.secret("t").replicas[EU].status == "InSync"
    assert aws.secret("t", region=EU).value == "v"


@pytest.mark.usefixtures("replicated")
def test_removing_what_is_not_there(sm, refused):
    """A region without a replica is refused."""
    call = {"SecretId": "s", "RemoveReplicaRegions": [ASIA]}
    assert refused(sm.remove_regions_from_replication, **call)[0] == IPE


@pytest.mark.usefixtures("replicated")
@pytest.mark.parametrize("write", sorted(WRITES))
def test_writes_in_the_replicas_region(aws, eu, refused, write):
    """Writes and deletes in a replica's region: IPE "Operation not permitted on a replica…"."""
    before = aws.secrets()
    found = refused(getattr(eu, write.split()[0]), SecretId="s", **WRITES[write])
    assert found == (IPE, NOT_ON_REPLICA)
    assert aws.secrets() == before


@pytest.mark.usefixtures("replicated")
def test_create_on_a_replicas_name(eu, refused):
    """The replica's name is taken in its region."""
    assert refused(eu.create_secret, Name="s", SecretString="v")[0] == REE


def test_replica_describes_itself(aws, sm, eu, replicated):
    """DescribeSecret has PrimaryRegion; tags replicate; KmsKeyId of the replica kept."""
    described = eu.describe_secret(SecretId="s")
    assert described["PrimaryRegion"] == "us-east-1"
    assert described["KmsKeyId"] == "alias/replica"
    assert described["ARN"] == replicated["ARN"].replace("us-east-1", EU)
    assert described["Tags"] == [{"Key": "k", "Value": "v"}]
    assert eu.get_secret_value(SecretId="s")["SecretString"] == "v"
    sm.tag_resource(SecretId="s", Tags=[{"Key": "k2", "Value": "v2"}])
    assert {"Key": "k2", "Value": "v2"} in eu.describe_secret(SecretId=described["ARN"])["Tags"]
    assert sm.describe_secret(SecretId="s")["KmsKeyId"] == "alias/primary"
    assert "PrimaryRegion" not in sm.describe_secret(SecretId="s")
    assert aws.secret("s", region=EU).primary_region == "us-east-1"
    assert aws.secret("s").replicas[EU].kms_key_id == "alias/replica"


@pytest.mark.usefixtures("replicated")
def test_primary_may_show_its_region_too(aws, sm):
    """Whether a primary shows its own PrimaryRegion is selectable."""
    aws.behaviour.primary_shows_region = True
    assert sm.describe_secret(SecretId="s")["PrimaryRegion"] == "us-east-1"


def test_replicating_onto_an_existing_name(aws, sm, eu):
    """The call succeeds, ReplicationStatus says Failed + message."""
    eu.create_secret(Name="s", SecretString="somebody else's")
    sm.create_secret(Name="s", SecretString="v")
    sm.replicate_secret_to_regions(SecretId="s", AddReplicaRegions=[{"Region": EU}])
    (status,) = sm.describe_secret(SecretId="s")["ReplicationStatus"]
    assert status["Status"] == "Failed"
    assert f"Secret name s already exists in region {EU}" in status["StatusMessage"]
    assert aws.secret("s", region=EU).value == "somebody else's"
    sm.remove_regions_from_replication(SecretId="s", RemoveReplicaRegions=[EU])
    assert aws.secret("s", region=EU).value == "somebody else's"


def test_overwriting_an_existing_name(aws, sm, eu):
    """ForceOverwriteReplicaSecret replaces what has the name; a failed entry can be retried."""
    eu.create_secret(Name="s", SecretString="somebody else's")
    sm.create_secret(Name="s", SecretString="v")
    regions = {"AddReplicaRegions": [{"Region": EU}]}
    sm.replicate_secret_to_regions(SecretId="s", **regions)
    sm.replicate_secret_to_regions(SecretId="s", **regions, ForceOverwriteReplicaSecret=True)
    assert aws.secret("s", region=EU).value == "v"
    assert [entry.status for entry in aws.secret("s").replicas.values()] == ["InSync"]


def test_status_goes_from_in_progress_to_in_sync(aws, sm):
    """Status goes InProgress -> InSync."""
    aws.behaviour.replication_seconds = 30
    sm.create_secret(Name="s", SecretString="v")
    answer = sm.replicate_secret_to_regions(SecretId="s", AddReplicaRegions=[{"Region": EU}])
    assert [entry["Status"] for entry in answer["ReplicationStatus"]] == ["InProgress"]
    aws.clock.advance(seconds=29)
    assert aws.secret("s").replicas[EU].status == "InProgress"
    aws.clock.advance(seconds=1)
    assert aws.secret("s").replicas[EU].status == "InSync"


@pytest.mark.parametrize(
    "regions",
    [["us-east-1"], [EU, EU], ["NOPE"]],
    ids=["the primary's own", "twice the same", "not a region"],
)
def test_regions_that_cannot_be(aws, sm, refused, regions):
    """Bad replica regions are refused and nothing is made."""
    add = [{"Region": region} for region in regions]
    code, _ = refused(sm.create_secret, Name="s", AddReplicaRegions=add)
    assert code in {IPE, "ValidationException"}
    assert aws.secret("s").state == "absent"


@pytest.mark.usefixtures("replicated")
def test_replicating_twice(sm, refused):
    """A region that has a replica already is refused."""
    add = [{"Region": EU}]
    assert refused(sm.replicate_secret_to_regions, SecretId="s", AddReplicaRegions=add)[0] == IPE


@pytest.mark.usefixtures("replicated")
def test_promoting_a_replica(aws, sm, eu, refused):
    """StopReplicationToReplica makes the replica a secret of its own, in its region."""
    assert refused(sm.stop_replication_to_replica, SecretId="s")[0] == IPE
    arn = eu.stop_replication_to_replica(SecretId="s")["ARN"]
    alone = aws.secret("s", region=EU)
    assert (alone.arn, alone.primary_region, alone.value) == (arn, None, "v")
    assert aws.secret("s").replicas == {}
    eu.put_secret_value(SecretId="s", SecretString="new")
    assert aws.secret("s").value == "v"
    sm.delete_secret(SecretId="s")


@pytest.mark.parametrize("write", sorted(set(WRITES) - {"restore_secret"}))
def test_owned_by_a_service(aws, sm, refused, write):
    """`OwningService` (e.g. rds) secrets refuse most writes: say so."""
    sm.create_secret(Name="s", SecretString="v", ClientRequestToken="a" * 32)
    aws.plant("s", OwningService="rds")
    assert sm.describe_secret(SecretId="s")["OwningService"] == "rds"
    code, message = refused(getattr(sm, write.split()[0]), SecretId="s", **WRITES[write])
    assert (code, "managed by rds" in message) == (IRE, True)
    assert aws.secret("s").state == "live"


@pytest.mark.parametrize("force", [False, True])
def test_cross_account_replica(aws, sm, refused, force):
    """A primary with an associated cross-account replica "cannot be deleted"."""
    sm.create_secret(Name="s", SecretString="v")
    replica = {"ReplicaSecretARN": "arn:aws:secretsmanager:eu-west-1:999999999999:secret:s-abcdef"}
    aws.plant("s", CrossAccountReplicas=[replica])
    assert sm.describe_secret(SecretId="s")["CrossAccountReplicas"] == [replica]
    assert refused(sm.delete_secret, SecretId="s", ForceDeleteWithoutRecovery=force)[0] == IPE
    assert aws.secret("s").state == "live"


def test_planting_needs_a_secret(aws):
    """A planted part needs a secret to be in."""
    with pytest.raises(ValueError, match="not a secret"):
        aws.plant("s", OwningService="rds")
