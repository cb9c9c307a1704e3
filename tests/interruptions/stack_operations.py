"""What a stack can do to a secret: every kind of operation, each to be interrupted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.scene import (
    COMPARE,
    CREATE,
    DELETE,
    FUNCTION,
    LOOK,
    MOVE,
    NO_POLICY,
    NO_ROTATION,
    PUT_POLICY,
    REPLICATE,
    RESTORE,
    ROTATE,
    TAG,
    UNREPLICATE,
    UNTAG,
    UPDATE,
)
from interruptions.pulumi_operations import OTHER_SIDE
from interruptions.stack_stage import NAME, Operation, StackStage
from protocol.stack import SECRET
from protocol.world import ACCOUNT, REGION

Prepare = Callable[[StackStage], None]
Properties = dict[str, Any]

PLAIN: Properties = {
    "SecretString": "the-value",
    "Description": "of the database",
    "Tags": [{"Key": "team", "Value": "a"}, {"Key": "stage", "Value": "p"}],
}
NEAR, FAR = "eu-west-1", "ap-south-1"
COPIES: Properties = {
    "ReplicaRegions": [{"Region": NEAR}, {"Region": FAR, "KmsKeyId": "alias/far"}]
}
GUARD: Properties = {"ResourcePolicy": {"Version": "2012-10-17", "Statement": [
    {"Effect": "Deny", "Principal": "*", "Action": "secretsmanager:DeleteSecret", "Resource": "*"},
]}}  # fmt: skip
OTHER_GUARD: Properties = {"ResourcePolicy": {"Version": "2012-10-17", "Statement": []}}
HERE = FUNCTION.replace("us-east-1", REGION).replace("123456789012", ACCOUNT)
ROTATED: Properties = {
    "RotationLambdaARN": HERE, "RotationRules": {"AutomaticallyAfterDays": 30},
}  # fmt: skip
LABELS: Properties = {"VersionStages": ["blue", "green"]}
ALL: Properties = {**PLAIN, **COPIES, **GUARD, **ROTATED, **LABELS}
NEW: Properties = {
    "SecretString": "new-value",
    "Description": "new",
    "KmsKeyId": "alias/ours",
    "Tags": [{"Key": "team", "Value": "b"}, {"Key": "new", "Value": "1"}],
}
GENERATED: Properties = {
    "GenerateSecretString": {"SecretStringTemplate": "{}", "GenerateStringKey": "generated"}
}
FORCE: Properties = {"Deletion": "force"}
MAY_FORCE = {"ALLOW_FORCE_DELETE": "yes"}
MAY_ADOPT = {"ALLOW_ADOPT": "unowned"}
MAY_ROTATE = {"ALLOWED_ROTATION_FUNCTIONS": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:*"}
MAY_READ = {"ALLOWED_VALUE_SOURCES": f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/*"}


def live(**properties: Any) -> Prepare:
    """Begin with a stack that has its secret."""

    def prepare(stage: StackStage) -> None:
        stage.stack.create(properties).expect_success()

    return prepare


def pending(**properties: Any) -> Prepare:
    """Begin with one whose stack was deleted; another of the same name comes."""

    def prepare(stage: StackStage) -> None:
        live(**properties)(stage)
        assert stage.stack.torn_down()
        stage.stack = type(stage.stack)(stage.world)

    return prepare


def _unowned(stage: StackStage) -> None:
    stage.aws.by_hand(CREATE, Name=NAME, SecretString="somebody's")


def _unowned_pending(stage: StackStage) -> None:
    _unowned(stage)
    stage.aws.by_hand(DELETE, SecretId=NAME)


def _parameter(stage: StackStage) -> None:
    stage.aws.add_parameter("/shop/db", "elsewhere")


def _update(old: Properties, new: Properties, *expects: str, **more: Any) -> Operation:
    return Operation(
        {**PLAIN, **new}, live(**{**PLAIN, **old}), expects, **{"install": MAY_ROTATE, **more}
    )


CREATES = {
    "create": Operation(PLAIN, expects=(CREATE,)),
    "create, all groups": Operation(
        ALL, expects=(CREATE, PUT_POLICY, MOVE, MOVE, ROTATE), install=MAY_ROTATE
    ),
    "create, generated": Operation(GENERATED, expects=(CREATE,)),
    "create, read from a parameter": Operation(
        {"ValueFrom": {"SsmParameter": "/shop/db"}}, _parameter, ("GetParameter", CREATE),
        install=MAY_READ,
    ),
    "create, then rolled back": Operation(PLAIN, expects=(CREATE, DELETE), fails=True),
    "create, all groups, then rolled back": Operation(
        ALL, expects=(CREATE, PUT_POLICY, NO_ROTATION, UNREPLICATE, DELETE), fails=True,
        install=MAY_ROTATE,
    ),
    "adopt": Operation(
        {**PLAIN, "Adopt": "unowned"}, _unowned, (CREATE, LOOK, TAG), install=MAY_ADOPT
    ),
    "adopt, then rolled back": Operation(
        {"Adopt": "unowned"}, _unowned, (CREATE, LOOK, TAG, UNTAG), fails=True, install=MAY_ADOPT
    ),
    "adopt what is pending": Operation(
        {"Adopt": "unowned"}, _unowned_pending, (CREATE, LOOK, RESTORE, TAG), install=MAY_ADOPT
    ),
}  # fmt: skip

UPDATES = {
    "update, description": _update({}, {"Description": "new"}, LOOK, UPDATE),
    "update, value": _update({}, {"SecretString": "new-value"}, LOOK, UPDATE),
    "update, value, before deprecated": _update(
        {}, {"SecretString": "new-value", "PreviousVersion": "deprecate"}, LOOK, UPDATE, MOVE
    ),
    "update, key": _update({}, {"KmsKeyId": "alias/ours"}, LOOK, UPDATE),
    "update, tags": _update({}, {"Tags": NEW["Tags"]}, LOOK, TAG, UNTAG),
    "update, policy set": _update({}, GUARD, LOOK, PUT_POLICY),
    "update, policy changed": _update(GUARD, OTHER_GUARD, LOOK, PUT_POLICY),
    "update, policy dropped": _update(GUARD, {}, LOOK, NO_POLICY),
    "update, replicas added": _update({}, COPIES, LOOK, REPLICATE),
    "update, replicas removed": _update(COPIES, {}, LOOK, UNREPLICATE),
    "update, rotation set": _update({}, ROTATED, LOOK, ROTATE),
    "update, rotation changed": _update(
        ROTATED, {**ROTATED, "RotationRules": {"AutomaticallyAfterDays": 7}}, LOOK, ROTATE
    ),
    "update, rotation cancelled": _update(ROTATED, {}, LOOK, NO_ROTATION),
    "update, labels": _update(LABELS, {"VersionStages": ["red"]}, LOOK, MOVE, MOVE, MOVE),
    "update, everything": _update(
        {}, {**ALL, **NEW}, LOOK, PUT_POLICY, UPDATE, TAG, UNTAG, REPLICATE, ROTATE, MOVE
    ),
    "update, everything, the other side": _update(
        {}, {**ALL, **NEW}, LOOK, UPDATE, behaviour=OTHER_SIDE
    ),
    "update, all groups taken away": _update(
        ALL, {}, LOOK, NO_POLICY, UNREPLICATE, NO_ROTATION, behaviour=OTHER_SIDE
    ),
    "update, generated anew": Operation(
        {**GENERATED, "RegenerateWhen": "2"}, live(**GENERATED, RegenerateWhen="1"), (LOOK, UPDATE)
    ),
    "update, then rolled back": _update(
        {}, {**NEW, **GUARD}, LOOK, PUT_POLICY, UPDATE, TAG, LOOK, NO_POLICY, fails=True
    ),
    "update, another name": _update({}, {"Name": "shop/renamed"}, CREATE, LOOK, DELETE),
    "update, another name, all groups": _update(
        ALL, {**ALL, "Name": "shop/renamed"}, CREATE, PUT_POLICY, NO_ROTATION, UNREPLICATE, DELETE
    ),
    "update, another name, then rolled back": _update(
        {}, {"Name": "shop/renamed"}, CREATE, LOOK, DELETE, fails=True
    ),
}

RESTORES = {
    "restore": Operation(PLAIN, pending(**PLAIN), (CREATE, LOOK, RESTORE, NO_POLICY, COMPARE)),
    "restore, everything differs": Operation(
        {**ALL, **NEW}, pending(**PLAIN, **OTHER_GUARD),
        (CREATE, LOOK, RESTORE, PUT_POLICY, COMPARE, UPDATE, TAG, UNTAG, REPLICATE, ROTATE),
        install=MAY_ROTATE,
    ),
    "restore, all groups": Operation(
        ALL, pending(**ALL), (CREATE, LOOK, RESTORE, PUT_POLICY, REPLICATE, ROTATE),
        install=MAY_ROTATE,
    ),
    "restore, all groups, the other side": Operation(
        ALL, pending(**ALL), (CREATE, LOOK, RESTORE, PUT_POLICY, REPLICATE, ROTATE),
        install=MAY_ROTATE, behaviour=OTHER_SIDE,
    ),
    "restore, then rolled back": Operation(
        PLAIN, pending(**PLAIN), (CREATE, LOOK, RESTORE, DELETE), fails=True
    ),
    "restore, generated": Operation(GENERATED, pending(**GENERATED), (CREATE, LOOK, RESTORE)),
    "replace what is pending": Operation(
        {**PLAIN, **FORCE, "OnRecreate": "replace"}, pending(**PLAIN),
        (CREATE, LOOK, DELETE, CREATE), install=MAY_FORCE,
    ),
}  # fmt: skip

DELETES = {
    "delete": Operation(None, live(**PLAIN, RecoveryWindowInDays=7), (LOOK, DELETE)),
    "delete, all groups": Operation(
        None, live(**ALL), (LOOK, NO_ROTATION, UNREPLICATE, DELETE), install=MAY_ROTATE
    ),
    "delete, all groups, the other side": Operation(
        None, live(**ALL), (LOOK, NO_ROTATION, UNREPLICATE, DELETE), install=MAY_ROTATE,
        behaviour=OTHER_SIDE,
    ),
    "force delete": Operation(None, live(**PLAIN, **FORCE), (LOOK, DELETE), install=MAY_FORCE),
    "force delete, all groups": Operation(
        None, live(**ALL, **FORCE), (LOOK, UNREPLICATE, DELETE), install={**MAY_FORCE, **MAY_ROTATE}
    ),
    "force delete, all groups, the other side": Operation(
        None, live(**ALL, **FORCE), (LOOK, UNREPLICATE, DELETE),
        install={**MAY_FORCE, **MAY_ROTATE}, behaviour=OTHER_SIDE,
    ),
}  # fmt: skip

OPERATIONS = {**CREATES, **UPDATES, **RESTORES, **DELETES}
assert SECRET
