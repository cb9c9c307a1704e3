"""What the command can do to secrets: each of its commands that writes, to be interrupted.

The acts of docs/commands.md that change a secret are all here; `test_every_command_that_writes`
compares. `orphans` only reports, and `alarm` changes no secret.
"""

from __future__ import annotations

from engine.scene import (
    DELETE,
    FUNCTION,
    LOOK,
    MOVE,
    NEAR,
    NO_ROTATION,
    REPLICATE,
    RESTORE,
    ROTATE,
    TAG,
    UNREPLICATE,
    UNTAG,
)
from interruptions.command_stage import NAME, CommandStage, Operation
from interruptions.pulumi_operations import OTHER_SIDE

OTHER = "pulumi/shop/blue/db:0123456789abcdef"
LIST, VERSIONS = "ListSecrets", "ListSecretVersionIds"


def live(stage: CommandStage) -> None:
    """Begin with a live secret."""
    stage.make()


def keyed(stage: CommandStage) -> None:
    """Begin with one that has a key of its own."""
    stage.make(KmsKeyId="alias/ours")
    delete(stage)


def whole(stage: CommandStage) -> None:
    """Begin with one that has replicas, a policy and rotation."""
    stage.make(AddReplicaRegions=[{"Region": NEAR}])
    act = stage.aws.by_hand
    act("PutResourcePolicy", SecretId=NAME, ResourcePolicy='{"Statement": []}')
    act(ROTATE, SecretId=NAME, RotationLambdaARN=FUNCTION, RotateImmediately=False,
        RotationRules={"AutomaticallyAfterDays": 30})  # fmt: skip


def delete(stage: CommandStage) -> None:
    """Delete with the command itself, which writes the record of the replicas."""
    assert stage.typed("delete", NAME, "--yes"), stage.said


def pending(stage: CommandStage) -> None:
    """Begin with a scheduled deletion."""
    live(stage)
    delete(stage)


def whole_pending(stage: CommandStage) -> None:
    """Begin with the scheduled deletion of a secret that had everything."""
    whole(stage)
    delete(stage)


def several(stage: CommandStage) -> None:
    """Begin with three that are pending, one of them with everything."""
    whole(stage)
    for name in ("prod/one", "prod/two"):
        stage.make(name)
    stage.older_list = stage.aws.by_hand("ListSecrets", IncludePlannedDeletion=True)
    assert stage.typed("delete", "prod/one", NAME, "prod/two", "--yes"), stage.said


def two_live(stage: CommandStage) -> None:
    """Begin with two that are live."""
    live(stage)
    stage.make("prod/one")


def values(stage: CommandStage) -> None:
    """Begin with three versions, the second of which is labelled."""
    live(stage)
    stage.words["first"] = str(stage.aws.secret(NAME).version_id)
    stage.words["old"] = stage.aws.put_by_hand(NAME, "second")
    stage.aws.by_hand(MOVE, SecretId=NAME, VersionStage="blue", MoveToVersionId=stage.words["old"])
    stage.words["new"] = stage.aws.put_by_hand(NAME, "third")


NAMED = ("restore", NAME, "prod/one", "prod/two", "--yes")
OPERATIONS = {
    "restore": Operation(("restore", NAME, "--yes"), pending, (LOOK, LOOK, RESTORE)),
    "restore, a key": Operation(
        ("restore", NAME, "--yes"), keyed, (LOOK, LOOK, RESTORE, "DescribeKey")
    ),
    "restore, all groups": Operation(
        ("restore", NAME, "--yes"), whole_pending, (LOOK, LOOK, RESTORE, REPLICATE, ROTATE)
    ),
    "restore, all groups, the other side": Operation(
        ("restore", NAME, "--yes"), whole_pending, (LOOK, LOOK, RESTORE, REPLICATE, ROTATE),
        behaviour=OTHER_SIDE,
    ),
    # What is broken off is live already: it is to be named, as the command says.
    "restore --all": Operation(
        ("restore", "--all", "--yes"), several, (LIST, LOOK, RESTORE, LOOK, RESTORE), (NAMED,)
    ),
    "restore --owner": Operation(
        ("restore", "--owner", "pulumi/shop", "--yes"), several, (LIST, LOOK, RESTORE), (NAMED,)
    ),
    "delete": Operation(("delete", NAME, "--window", "7", "--yes"), live, (LOOK, LOOK, DELETE)),
    "delete, all groups": Operation(
        ("delete", NAME, "--yes"), whole, (LOOK, LOOK, TAG, NO_ROTATION, UNREPLICATE, DELETE)
    ),
    "delete, all groups, the other side": Operation(
        ("delete", NAME, "--yes"), whole, (LOOK, LOOK, TAG, NO_ROTATION, UNREPLICATE, DELETE),
        behaviour=OTHER_SIDE,
    ),
    "delete, several": Operation(
        ("delete", NAME, "prod/one", "--yes"), two_live, (LOOK, LOOK, LOOK, DELETE, LOOK, DELETE)
    ),
    "purge": Operation(("purge", "{db}", "--yes"), live, (LOOK, VERSIONS, LOOK, DELETE)),
    "purge, pending": Operation(
        ("purge", "{db}", "--yes"), whole_pending, (LOOK, VERSIONS, LOOK, DELETE)
    ),
    "purge, all groups": Operation(
        ("purge", "{db}", "--yes"), whole, (LOOK, VERSIONS, LOOK, UNREPLICATE, DELETE)
    ),
    "purge, all groups, the other side": Operation(
        ("purge", "{db}", "--yes"), whole, (LOOK, VERSIONS, LOOK, UNREPLICATE, DELETE),
        behaviour=OTHER_SIDE,
    ),
    "purge, several": Operation(
        ("purge", "{db}", "{one}", "--yes"), two_live, (LOOK, VERSIONS, LOOK, DELETE, LOOK, DELETE)
    ),
    "owner set": Operation(("owner", "set", OTHER, NAME, "--yes"), live, (LOOK, LOOK, TAG)),
    "owner set, several": Operation(
        ("owner", "set", OTHER, NAME, "prod/one", "--yes"), two_live, (LOOK, LOOK, TAG, LOOK, TAG)
    ),
    "owner clear": Operation(("owner", "clear", NAME, "--yes"), live, (LOOK, LOOK, UNTAG)),
    "versions label": Operation(
        ("versions", "label", NAME, "green", "{first}", "--yes"), values,
        (LOOK, VERSIONS, LOOK, MOVE),
    ),
    "versions label, moved": Operation(
        ("versions", "label", NAME, "blue", "{new}", "--yes"), values, (LOOK, VERSIONS, LOOK, MOVE)
    ),
    "versions label, off": Operation(
        ("versions", "label", NAME, "blue", "--off", "--yes"), values, (LOOK, LOOK, MOVE)
    ),
    "versions rollback": Operation(
        ("versions", "rollback", NAME, "--yes"), values, (LOOK, LOOK, MOVE), toggles=True
    ),
    "versions deprecate": Operation(
        ("versions", "deprecate", NAME, "{old}", "--yes"), values,
        (LOOK, VERSIONS, LOOK, MOVE, MOVE),
    ),
}  # fmt: skip
