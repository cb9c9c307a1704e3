"""Values, versions, tokens and staging labels."""

from __future__ import annotations

import pytest

IRE, IPE = "InvalidRequestException", "InvalidParameterException"
RNF, REE = "ResourceNotFoundException", "ResourceExistsException"
A, B, C, D = ("a" * 32, "b" * 32, "c" * 32, "d" * 32)
CURRENT, PREVIOUS = "AWSCURRENT", "AWSPREVIOUS"


def labels(aws, name="s"):
    """Return the labels per version, the unlabelled ones too."""
    return {key: set(version.labels) for key, version in aws.secret(name).versions.items()}


def test_create_again_with_the_same_token_and_value(aws, anyhow, refused):
    """CreateSecret, same ClientRequestToken + same value: "200, does nothing; other value: REE"."""
    sm = anyhow()
    first = sm.create_secret(Name="s", SecretString="v", ClientRequestToken=A)
    again = sm.create_secret(Name="s", SecretString="v", ClientRequestToken=A)
    assert (again["ARN"], again["VersionId"]) == (first["ARN"], A)
    assert labels(aws) == {A: {CURRENT}}
    assert refused(sm.create_secret, Name="s", SecretString="w", ClientRequestToken=A)[0] == REE
    assert refused(sm.create_secret, Name="s", SecretString="v", ClientRequestToken=B)[0] == REE
    assert refused(sm.create_secret, Name="s", SecretString="v")[0] == REE


def test_create_again_on_pending_even_with_the_known_token(aws, anyhow, refused):
    """CreateSecret, same ClientRequestToken + same value, on pending: IRE."""
    sm = anyhow()
    sm.create_secret(Name="s", SecretString="v", ClientRequestToken=A)
    sm.delete_secret(SecretId="s")
    again = {"Name": "s", "SecretString": "v", "ClientRequestToken": A}
    assert refused(sm.create_secret, **again)[0] == IRE
    sm.delete_secret(SecretId="s", ForceDeleteWithoutRecovery=True)
    assert refused(sm.create_secret, **again)[0] == IRE
    assert aws.secret("s").state == "purging"


def test_token_becomes_the_version_id(aws, anyhow):
    """CreateSecret's ClientRequestToken becomes the VersionId."""
    sm = anyhow()
    assert sm.create_secret(Name="s", SecretString="v", ClientRequestToken=A)["VersionId"] == A
    put = sm.put_secret_value(SecretId="s", SecretString="w", ClientRequestToken=B)
    assert (put["VersionId"], put["VersionStages"]) == (B, [CURRENT])
    update = sm.update_secret(SecretId="s", SecretString="x", ClientRequestToken=C)
    assert update["VersionId"] == C
    assert aws.secret("s").version_id == C


def test_put_with_a_known_token(aws, anyhow, refused):
    """PutSecretValue: known token + same value "does nothing (other value: refused, REE)"."""
    sm = anyhow()
    sm.create_secret(Name="s", SecretString="1", ClientRequestToken=A)
    again = sm.put_secret_value(SecretId="s", SecretString="1", ClientRequestToken=A)
    assert again["VersionStages"] == [CURRENT]
    code, message = refused(
        sm.put_secret_value, SecretId="s", SecretString="2", ClientRequestToken=A
    )
    assert (code, A in message) == (REE, True)
    assert labels(aws) == {A: {CURRENT}}


def test_text_and_binary_are_different_values(sm, refused):
    """The same characters on the wire (binary travels as base64) are another value."""
    sm.create_secret(Name="s", SecretString="MQ==", ClientRequestToken=A)
    binary = {"SecretId": "s", "SecretBinary": b"1", "ClientRequestToken": A}
    assert refused(sm.put_secret_value, **binary)[0] == REE


def test_put_does_not_move_current_back(aws, anyhow):
    """It "does NOT move AWSCURRENT back to it: look at VersionStages in the answer"."""
    sm = anyhow()
    sm.create_secret(Name="s", SecretString="1", ClientRequestToken=A)
    sm.put_secret_value(SecretId="s", SecretString="2", ClientRequestToken=B)
    again = sm.put_secret_value(SecretId="s", SecretString="1", ClientRequestToken=A)
    assert again["VersionStages"] == [PREVIOUS]
    assert aws.secret("s").value == "2"


@pytest.mark.parametrize("value", ["1", "2"])
def test_update_with_a_known_token(aws, anyhow, refused, value):
    """UpdateSecret with a known token "is an error by the text, even with the same value"."""
    sm = anyhow()
    sm.create_secret(Name="s", SecretString="1", ClientRequestToken=A)
    code, _ = refused(sm.update_secret, SecretId="s", SecretString=value, ClientRequestToken=A)
    assert code == REE
    assert aws.secret("s").value == "1"


def test_update_without_a_value_makes_no_version(aws, sm):
    """UpdateSecret "without a value makes no version"."""
    sm.create_secret(Name="s", SecretString="1", ClientRequestToken=A)
    answer = sm.update_secret(SecretId="s", Description="d", ClientRequestToken=B)
    assert "VersionId" not in answer
    assert labels(aws) == {A: {CURRENT}}
    assert aws.secret("s").description == "d"


def test_update_changes_everything_in_one_call(aws, sm):
    """UpdateSecret changes description, key and value in one call."""
    sm.create_secret(Name="s", SecretString="1")
    sm.update_secret(SecretId="s", Description="d", KmsKeyId="alias/mine", SecretBinary=b"2")
    secret = aws.secret("s")
    assert (secret.description, secret.kms_key_id, secret.value) == ("d", "alias/mine", b"2")


def test_update_clears_the_description(sm):
    """An empty Description clears it; one that is not given stays."""
    sm.create_secret(Name="s", Description="d")
    sm.update_secret(SecretId="s", KmsKeyId="alias/mine")
    assert sm.describe_secret(SecretId="s")["Description"] == "d"
    sm.update_secret(SecretId="s", Description="")
    assert not sm.describe_secret(SecretId="s").get("Description")


def test_key_is_omitted_for_the_managed_one(aws, sm):
    """KmsKeyId "" = back to aws/secretsmanager; "KmsKeyId (omitted for the managed key)"."""
    sm.create_secret(Name="s", KmsKeyId="alias/mine")
    assert sm.describe_secret(SecretId="s")["KmsKeyId"] == "alias/mine"
    sm.update_secret(SecretId="s", KmsKeyId="")
    assert "KmsKeyId" not in sm.describe_secret(SecretId="s")
    sm.update_secret(SecretId="s", KmsKeyId="alias/aws/secretsmanager")
    assert "KmsKeyId" not in sm.describe_secret(SecretId="s")
    assert aws.secret("s").kms_key_id is None


def test_third_put_leaves_the_oldest_unlabelled(aws, sm):
    """Third put leaves the oldest version unlabelled; "labelled versions only" are described."""
    for token in (A, B, C):
        (sm.create_secret if token == A else sm.put_secret_value)(
            **({"Name": "s"} if token == A else {"SecretId": "s"}),
            SecretString=token,
            ClientRequestToken=token,
        )
    assert labels(aws) == {A: set(), B: {PREVIOUS}, C: {CURRENT}}
    described = sm.describe_secret(SecretId="s")["VersionIdsToStages"]
    assert described == {B: [PREVIOUS], C: [CURRENT]}
    listed = sm.list_secret_version_ids(SecretId="s")["Versions"]
    assert [one["VersionId"] for one in listed] == [B, C]
    everything = sm.list_secret_version_ids(SecretId="s", IncludeDeprecated=True)["Versions"]
    assert [one["VersionId"] for one in everything] == [A, B, C]
    assert sm.get_secret_value(SecretId="s", VersionId=A)["SecretString"] == A


def test_create_without_a_value(aws, sm, refused):
    """Create without a value is allowed: no version, GetSecretValue RNF."""
    assert "VersionId" not in sm.create_secret(Name="s")
    assert "VersionIdsToStages" not in sm.describe_secret(SecretId="s")
    code, message = refused(sm.get_secret_value, SecretId="s")
    assert (code, "AWSCURRENT" in message) == (RNF, True)
    assert sm.list_secret_version_ids(SecretId="s")["Versions"] == []
    sm.put_secret_value(SecretId="s", SecretString="v", VersionStages=["mine"])
    assert set(aws.secret("s").versions.popitem()[1].labels) == {"mine", CURRENT}


@pytest.mark.parametrize("value", ["text", b"\x00\xff binary"])
def test_value_comes_back(aws, anyhow, value):
    """String or binary, and which of the two is kept."""
    sm = anyhow()
    field = "SecretString" if isinstance(value, str) else "SecretBinary"
    sm.create_secret(Name="s", **{field: value})
    answer = sm.get_secret_value(SecretId="s")
    assert answer[field] == value
    assert len({"SecretString", "SecretBinary"} & set(answer)) == 1
    assert aws.secret("s").value == value


def test_get_by_version_and_stage(sm, refused):
    """GetSecretValue by VersionId, by VersionStage, and by both when they disagree."""
    sm.create_secret(Name="s", SecretString="1", ClientRequestToken=A)
    sm.put_secret_value(SecretId="s", SecretString="2", ClientRequestToken=B)
    assert sm.get_secret_value(SecretId="s", VersionStage=PREVIOUS)["SecretString"] == "1"
    assert sm.get_secret_value(SecretId="s", VersionId=B)["VersionStages"] == [CURRENT]
    assert refused(sm.get_secret_value, SecretId="s", VersionId=C)[0] == RNF
    both = {"VersionId": A, "VersionStage": CURRENT}
    assert refused(sm.get_secret_value, SecretId="s", **both)[0] == IRE


def test_labels_of_our_own_stay(aws, sm):
    """A put moves AWSCURRENT and AWSPREVIOUS only; other labels move when named."""
    sm.create_secret(Name="s", SecretString="1", ClientRequestToken=A)
    sm.update_secret_version_stage(SecretId="s", VersionStage="mine", MoveToVersionId=A)
    sm.put_secret_value(SecretId="s", SecretString="2", ClientRequestToken=B)
    assert labels(aws) == {A: {"mine", PREVIOUS}, B: {CURRENT}}
    sm.put_secret_value(
        SecretId="s", SecretString="3", ClientRequestToken=C, VersionStages=["mine"]
    )
    assert labels(aws) == {A: {PREVIOUS}, B: {CURRENT}, C: {"mine"}}


def test_current_can_be_moved_not_removed(aws, sm, refused):
    """AWSCURRENT can be moved, not removed; AWSPREVIOUS goes where it left."""
    sm.create_secret(Name="s", SecretString="1", ClientRequestToken=A)
    sm.put_secret_value(SecretId="s", SecretString="2", ClientRequestToken=B)
    stage = {"SecretId": "s", "VersionStage": CURRENT}
    assert refused(sm.update_secret_version_stage, **stage, RemoveFromVersionId=B)[0] == IPE
    assert refused(sm.update_secret_version_stage, **stage, MoveToVersionId=A)[0] == IPE
    wrong = {"MoveToVersionId": A, "RemoveFromVersionId": A}
    assert refused(sm.update_secret_version_stage, **stage, **wrong)[0] == IPE
    sm.update_secret_version_stage(**stage, MoveToVersionId=A, RemoveFromVersionId=B)
    assert labels(aws) == {A: {CURRENT}, B: {PREVIOUS}}
    again = {"MoveToVersionId": A, "RemoveFromVersionId": B}
    assert refused(sm.update_secret_version_stage, **stage, **again)[0] == IPE
    unknown = {"MoveToVersionId": B, "RemoveFromVersionId": D}
    assert refused(sm.update_secret_version_stage, **stage, **unknown)[0] == RNF
    assert labels(aws) == {A: {CURRENT}, B: {PREVIOUS}}
    assert sm.get_secret_value(SecretId="s")["SecretString"] == "1"
    assert refused(sm.update_secret_version_stage, **stage, MoveToVersionId=D)[0] == RNF


def test_a_version_loses_its_labels(aws, sm, refused):
    """Versions cannot be deleted: remove all staging labels, each where it is."""
    sm.create_secret(Name="s", SecretString="1", ClientRequestToken=A)
    sm.put_secret_value(SecretId="s", SecretString="2", ClientRequestToken=B)
    elsewhere = {"VersionStage": PREVIOUS, "RemoveFromVersionId": B}
    assert refused(sm.update_secret_version_stage, SecretId="s", **elsewhere)[0] == IPE
    assert labels(aws) == {A: {PREVIOUS}, B: {CURRENT}}
    sm.update_secret_version_stage(SecretId="s", VersionStage=PREVIOUS, RemoveFromVersionId=A)
    assert labels(aws) == {A: set(), B: {CURRENT}}


def test_dates_follow_the_clock(aws, sm):
    """CreatedDate, LastChangedDate and LastAccessedDate (the day) come from the movable clock."""
    created = aws.clock.now()
    sm.create_secret(Name="s", SecretString="1")
    aws.clock.advance(days=2, seconds=100)
    sm.put_secret_value(SecretId="s", SecretString="2")
    sm.get_secret_value(SecretId="s")
    described = sm.describe_secret(SecretId="s")
    assert described["CreatedDate"] == created
    assert described["LastChangedDate"] == aws.clock.now()
    assert (aws.clock.now() - described["LastAccessedDate"]).total_seconds() == 100


def test_batch_get(sm):
    """BatchGetSecretValue answers errors per secret."""
    sm.create_secret(Name="s", SecretString="1")
    sm.create_secret(Name="gone", SecretString="2")
    sm.delete_secret(SecretId="gone")
    answer = sm.batch_get_secret_value(SecretIdList=["s", "gone", "never"])
    assert [one["SecretString"] for one in answer["SecretValues"]] == ["1"]
    assert [(one["SecretId"], one["ErrorCode"]) for one in answer["Errors"]] == [
        ("gone", IRE),
        ("never", RNF),
    ]


def test_disabled_key(aws, sm, refused):
    """A restored secret whose KMS key is disabled "restores, but its value cannot be read"."""
    sm.create_secret(Name="s", SecretString="1", KmsKeyId="alias/mine")
    sm.delete_secret(SecretId="s")
    aws.disable_key("alias/mine")
    sm.restore_secret(SecretId="s")
    assert refused(sm.get_secret_value, SecretId="s")[0] == "DecryptionFailure"
    put = {"SecretId": "s", "SecretString": "2"}
    assert refused(sm.put_secret_value, **put)[0] == "EncryptionFailure"
    assert refused(sm.update_secret, **put)[0] == "EncryptionFailure"
    create = {"Name": "t", "KmsKeyId": "alias/mine", "SecretString": "x"}
    assert refused(sm.create_secret, **create)[0] == "EncryptionFailure"
    aws.enable_key("alias/mine")
    assert sm.get_secret_value(SecretId="s")["SecretString"] == "1"


def test_a_version_without_labels_goes_in_time(aws, sm, refused):
    """ "Remove all staging labels and AWS drops them in time"; a labelled one stays."""
    aws.behaviour.unlabelled_seconds = 600
    sm.create_secret(Name="s", SecretString="1", ClientRequestToken=A)
    sm.put_secret_value(SecretId="s", SecretString="2", ClientRequestToken=B)
    sm.put_secret_value(SecretId="s", SecretString="3", ClientRequestToken=C)
    aws.clock.advance(seconds=599)
    assert set(labels(aws)) == {A, B, C}
    aws.clock.advance(seconds=1)
    assert set(labels(aws)) == {B, C}
    assert refused(sm.get_secret_value, SecretId="s", VersionId=A)[0] == RNF


def test_a_label_given_again_in_time_keeps_the_version(aws, sm):
    """The time without labels starts anew."""
    aws.behaviour.unlabelled_seconds = 600
    sm.create_secret(Name="s", SecretString="1", ClientRequestToken=A)
    sm.put_secret_value(SecretId="s", SecretString="2", ClientRequestToken=B)
    stage = {"SecretId": "s", "VersionStage": PREVIOUS}
    sm.update_secret_version_stage(**stage, RemoveFromVersionId=A)
    aws.clock.advance(seconds=500)
    sm.update_secret_version_stage(**stage, MoveToVersionId=A)
    sm.update_secret_version_stage(**stage, RemoveFromVersionId=A)
    aws.clock.advance(seconds=500)
    assert set(labels(aws)) == {A, B}
    aws.drop_unlabelled()
    assert set(labels(aws)) == {B}


def test_any_label(aws, sm, refused):
    """A label is attached, moved and removed; where it is must be told when it moves."""
    sm.create_secret(Name="s", SecretString="1", ClientRequestToken=A)
    sm.put_secret_value(SecretId="s", SecretString="2", ClientRequestToken=B)
    call, stage = sm.update_secret_version_stage, {"SecretId": "s", "VersionStage": "blue"}
    call(**stage, MoveToVersionId=A)
    call(**stage, MoveToVersionId=A)
    assert refused(call, **stage, MoveToVersionId=B)[0] == IPE
    assert refused(call, **stage, MoveToVersionId=B, RemoveFromVersionId=B)[0] == IPE
    assert refused(call, **stage)[0] == IPE
    call(**stage, MoveToVersionId=B, RemoveFromVersionId=A)
    assert labels(aws) == {A: {PREVIOUS}, B: {CURRENT, "blue"}}
    call(**stage, RemoveFromVersionId=B)
    assert refused(call, **stage, RemoveFromVersionId=B)[0] == IPE
    assert labels(aws) == {A: {PREVIOUS}, B: {CURRENT}}


def test_type(aws, sm, refused):
    """Type is kept and shown; whether it can be changed is selectable."""
    sm.create_secret(Name="s", Type="SalesforceClientSecret")
    assert sm.describe_secret(SecretId="s")["Type"] == "SalesforceClientSecret"
    sm.update_secret(SecretId="s", Type="BigIDClientSecret")
    assert aws.secret("s").type == "BigIDClientSecret"
    aws.behaviour.type_change = "refused"
    assert refused(sm.update_secret, SecretId="s", Type="SalesforceClientSecret")[0] == IPE
    sm.update_secret(SecretId="s", Type="BigIDClientSecret", Description="d")
    assert aws.secret("s").type == "BigIDClientSecret"
