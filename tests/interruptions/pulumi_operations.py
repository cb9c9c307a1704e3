"""What a Pulumi program can do to a secret: every kind of operation, each to be interrupted."""

from __future__ import annotations

from typing import Any

from engine.scene import (
    COMPARE,
    CREATE,
    DELETE,
    DOCUMENT,
    FAR,
    FUNCTION,
    LOOK,
    MOVE,
    NEAR,
    NO_POLICY,
    NO_ROTATION,
    PUT_POLICY,
    REPLICATE,
    RESTORE,
    ROTATE,
    STRANGER,
    TAG,
    UNREPLICATE,
    UNTAG,
    UPDATE,
)
from interruptions.pulumi_stage import EMPTY, NAME, Operation, Prepare, PulumiStage, program

PLAIN: dict[str, Any] = {
    "secret_string": "the value",
    "description": "of the database",
    "tags": {"team": "a", "stage": "p"},
}
COPIES: dict[str, Any] = {
    "replicas": [{"region": NEAR}, {"region": FAR, "kms_key_id": "alias/far"}]
}
GUARD: dict[str, Any] = {"policy": DOCUMENT}
OTHER_GUARD: dict[str, Any] = {"policy": '{"Version": "2012-10-17", "Statement": []}'}
ROTATED: dict[str, Any] = {
    "rotation_lambda_arn": FUNCTION,
    "rotation_rules": {"automatically_after_days": 30},
}
LABELS: dict[str, Any] = {"version_stages": ["blue", "green"]}
ALL: dict[str, Any] = {**PLAIN, **COPIES, **GUARD, **ROTATED, **LABELS}
NEW: dict[str, Any] = {
    "secret_string": "new",
    "description": "new",
    "kms_key_id": "alias/ours",
    "tags": {"team": "b", "new": "1"},
}
NONE: dict[str, Any] = {"replicas": [], "policy": "", "rotation_enabled": False}
GENERATED: dict[str, Any] = {
    "generate_secret_string": {"secret_string_template": "{}", "generate_string_key": "generated"}
}
FORCE: dict[str, Any] = {"deletion": "force"}
PARAMETER: dict[str, Any] = {"value_from": {"ssm_parameter": "/shop/db"}}
SECRET: dict[str, Any] = {"value_from": {"secret": "shop/source"}}
OTHER_SIDE: dict[str, Any] = {
    "restore_on_live": "refused",
    "purging_error": "refused",
    "deleted_date": "window-end",
    "replication_seconds": 2,
    "removal_seconds": 2,
    "cancel_unconfigured": "ok",
    "primary_shows_region": True,
}
"""The other side of what AWS leaves open."""


def live(**fields: Any) -> Prepare:
    """Begin with a live secret."""
    return lambda stage: stage.engine.up(program(**fields))


def pending(**fields: Any) -> Prepare:
    """Begin with one that was torn down."""

    def prepare(stage: PulumiStage) -> None:
        stage.engine.up(program(**fields))
        stage.engine.up(EMPTY)

    return prepare


def _then(before: Prepare, *actions: tuple[str, dict[str, Any]]) -> Prepare:
    """Begin with what somebody did to the secret by hand."""

    def prepare(stage: PulumiStage) -> None:
        before(stage)
        for action, params in actions:
            stage.aws.by_hand(action, SecretId=NAME, **params)

    return prepare


def _unowned(stage: PulumiStage) -> None:
    stage.aws.by_hand("CreateSecret", Name=NAME, SecretString="somebody's")


def _persons_value(stage: PulumiStage) -> None:
    live(**PLAIN)(stage)
    stage.aws.put_by_hand(NAME, "by a person")
    stage.engine.up(EMPTY)


def _sources(stage: PulumiStage) -> None:
    stage.aws.add_parameter("/shop/db", "elsewhere")
    stage.aws.by_hand("CreateSecret", Name="shop/source", SecretString="elsewhere")


def _read_before(fields: dict[str, Any]) -> Prepare:
    def prepare(stage: PulumiStage) -> None:
        _sources(stage)
        live(**PLAIN, **{k: v for k, v in fields.items() if k not in PLAIN})(stage)

    return prepare


def _update(old: dict[str, Any], new: dict[str, Any], *expects: str, **more: Any) -> Operation:
    """Return an update from one program to another."""
    return Operation(program(**{**PLAIN, **new}), live(**{**PLAIN, **old}), expects, **more)


CREATES = {
    "create": Operation(program(**PLAIN), expects=(CREATE,)),
    "create, all groups": Operation(
        program(**ALL), expects=(CREATE, PUT_POLICY, MOVE, MOVE, ROTATE)
    ),
    "create without a value": Operation(program(description="d"), expects=(CREATE,)),
    "create, generated": Operation(program(**GENERATED, **COPIES), expects=(CREATE,)),
    "create, write-only": Operation(
        program(secret_string_wo="w", secret_string_wo_version=1), expects=(CREATE,)
    ),
    "create, read from a parameter": Operation(
        program(**PARAMETER), _sources, ("GetParameter", CREATE)
    ),
    "create, read from a secret": Operation(
        program(**SECRET), _sources, ("GetSecretValue", CREATE)
    ),
    "adopt": Operation(program(**PLAIN, adopt="unowned"), _unowned, (CREATE, LOOK, TAG)),
}

UPDATES = {
    "update, description": _update({}, {"description": "new"}, LOOK, UPDATE),
    "update, value": _update({}, {"secret_string": "new"}, LOOK, UPDATE),
    "update, value, before deprecated": _update(
        {}, {"secret_string": "new", "previous_version": "deprecate"}, LOOK, UPDATE, MOVE
    ),
    "update, key": _update({}, {"kms_key_id": "alias/ours"}, LOOK, UPDATE),
    "update, other key": _update(
        {"kms_key_id": "alias/ours"}, {"kms_key_id": "alias/other"}, LOOK, UPDATE
    ),
    "update, tags": _update({}, {"tags": {"team": "b", "new": "1"}}, LOOK, TAG, UNTAG),
    "update, owner": _update({}, {"owner": "team-blue"}, LOOK, TAG),
    "update, policy set": _update({}, GUARD, LOOK, PUT_POLICY),
    "update, policy changed": _update(GUARD, OTHER_GUARD, LOOK, PUT_POLICY),
    "update, policy dropped": _update(GUARD, {}, LOOK, NO_POLICY),
    "update, replicas added": _update({}, COPIES, LOOK, REPLICATE),
    "update, replicas removed": _update(COPIES, {}, LOOK, UNTAG, UNREPLICATE),
    "update, other keys of replicas": _update(
        COPIES, {"replicas": [{"region": NEAR, "kms_key_id": "alias/near"}, {"region": FAR}]},
        LOOK, UNREPLICATE, REPLICATE, behaviour=OTHER_SIDE,
    ),
    "update, rotation set": _update({}, ROTATED, LOOK, ROTATE),
    "update, rotation changed": _update(
        ROTATED, {**ROTATED, "rotation_rules": {"automatically_after_days": 7}}, LOOK, ROTATE
    ),
    "update, rotation cancelled": _update(ROTATED, {}, LOOK, NO_ROTATION),
    "update, labels": _update(LABELS, {"version_stages": ["red"]}, LOOK, MOVE, MOVE, MOVE),
    "update, value and labels": _update(
        LABELS, {"secret_string": "new", "version_stages": ["green"]}, LOOK, UPDATE, MOVE
    ),
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
        program(**GENERATED, regenerate_when="2"), live(**GENERATED, regenerate_when="1"),
        (LOOK, UPDATE),
    ),
    "update, write-only": Operation(
        program(secret_string_wo="x", secret_string_wo_version=2),
        live(secret_string_wo="w", secret_string_wo_version=1), (LOOK, UPDATE),
    ),
    "update, read anew": Operation(
        program(**PARAMETER, value_version="2"),
        lambda s: (_sources(s), live(**PARAMETER)(s), s.aws.add_parameter("/shop/db", "new"))[0],
        (LOOK, "GetParameter", UPDATE),
    ),
    "update, drift that a refresh finds": Operation(
        program(**ALL),
        _then(
            live(**ALL),
            (UPDATE, {"Description": "by a person"}),
            (TAG, {"Tags": [{"Key": "team", "Value": "by a person"}]}),
            (NO_POLICY, {}),
            (UNREPLICATE, {"RemoveReplicaRegions": [NEAR]}),
        ),
        (LOOK, "GetResourcePolicy", LOOK, PUT_POLICY, UPDATE, TAG, REPLICATE), refresh=True,
    ),
}  # fmt: skip

RESTORES = {
    "restore": Operation(
        program(**PLAIN), pending(**PLAIN), (CREATE, LOOK, RESTORE, NO_POLICY, COMPARE)
    ),
    "restore, everything differs": Operation(
        program(**{**ALL, **NEW}), pending(**PLAIN, **OTHER_GUARD),
        (CREATE, LOOK, RESTORE, PUT_POLICY, COMPARE, UPDATE, TAG, UNTAG, REPLICATE, ROTATE),
    ),
    "restore, everything differs, the other side": Operation(
        program(**{**ALL, **NEW}), pending(**PLAIN, **OTHER_GUARD), (CREATE, LOOK, RESTORE),
        behaviour=OTHER_SIDE,
    ),
    "restore, all groups": Operation(
        program(**ALL), pending(**ALL), (CREATE, LOOK, RESTORE, PUT_POLICY, REPLICATE, ROTATE)
    ),
    "restore, all groups from the record": Operation(
        program(**PLAIN), pending(**ALL), (CREATE, LOOK, RESTORE, NO_POLICY, REPLICATE)
    ),
    "restore, all groups taken away": Operation(
        program(**PLAIN, **NONE), pending(**ALL), (CREATE, LOOK, RESTORE, NO_POLICY)
    ),
    "restore, a key": Operation(
        program(**PLAIN, kms_key_id="alias/ours"), pending(**PLAIN, kms_key_id="alias/ours"),
        (CREATE, LOOK, RESTORE, "DescribeKey"),
    ),
    "restore, a person's value": Operation(
        program(**{**PLAIN, **NEW}), _persons_value, (CREATE, LOOK, RESTORE, UPDATE)
    ),
    "restore, overwrite": Operation(
        program(**PLAIN, on_value_drift="overwrite"), _persons_value, (CREATE, LOOK, RESTORE)
    ),
    "restore, generated": Operation(
        program(**GENERATED), pending(**GENERATED), (CREATE, LOOK, RESTORE)
    ),
    "replace what is pending": Operation(
        program(**PLAIN, **FORCE, on_recreate="replace"), pending(**PLAIN),
        (CREATE, LOOK, DELETE, CREATE),
    ),
}  # fmt: skip

DELETES = {
    "delete": Operation(EMPTY, live(**PLAIN, recovery_window_in_days=7), (LOOK, DELETE)),
    "delete, all groups": Operation(
        EMPTY, live(**ALL), (LOOK, NO_ROTATION, UNREPLICATE, DELETE)
    ),
    "delete, all groups, the other side": Operation(
        EMPTY, live(**ALL), (LOOK, NO_ROTATION, UNREPLICATE, DELETE), behaviour=OTHER_SIDE
    ),
    "delete, what others added": Operation(
        EMPTY,
        _then(
            live(**PLAIN),
            (REPLICATE, {"AddReplicaRegions": [{"Region": NEAR}]}),
            (ROTATE, {"RotationLambdaARN": FUNCTION, "RotateImmediately": False,
                      "RotationRules": {"AutomaticallyAfterDays": 30}}),
        ),
        (LOOK, TAG, NO_ROTATION, UNREPLICATE, DELETE),
    ),
    "delete, another's by now": Operation(
        EMPTY,
        _then(live(**PLAIN), (TAG, {"Tags": [
            {"Key": "recoverable-secrets:owner", "Value": STRANGER}]})),
        (LOOK,),
    ),
    "force delete": Operation(EMPTY, live(**PLAIN, **FORCE), (LOOK, DELETE)),
    "force delete, all groups": Operation(
        EMPTY, live(**ALL, **FORCE), (LOOK, UNREPLICATE, DELETE)
    ),
    "force delete, all groups, the other side": Operation(
        EMPTY, live(**ALL, **FORCE), (LOOK, UNREPLICATE, DELETE), behaviour=OTHER_SIDE
    ),
}  # fmt: skip

RENAMED = "shop/dev/renamed"
REPLACES = {
    "replace, another name": Operation(
        program(**PLAIN, name=RENAMED), live(**PLAIN), (CREATE, LOOK, DELETE)
    ),
    "replace, another name, all groups": Operation(
        program(**ALL, name=RENAMED), live(**ALL),
        (CREATE, PUT_POLICY, MOVE, MOVE, ROTATE, LOOK, NO_ROTATION, UNREPLICATE, DELETE),
    ),
    "replace by force, another name": Operation(
        program(**PLAIN, **FORCE, name=RENAMED), live(**PLAIN, **FORCE), (CREATE, LOOK, DELETE)
    ),
    "replace, the same name": Operation(
        program(**PLAIN), live(**PLAIN), (CREATE, LOOK, TAG, LOOK), replace=True
    ),
    "replace, the same name, all groups": Operation(
        program(**{**ALL, **NEW}), live(**ALL), (CREATE, LOOK, UPDATE, TAG, LOOK), replace=True
    ),
}  # fmt: skip

OPERATIONS = {**CREATES, **UPDATES, **RESTORES, **DELETES, **REPLACES}
