"""Reading and writing values, and moving staging labels."""

from __future__ import annotations

from . import errors, versions
from .context import Context, Operation, page
from .store import CURRENT, DAY, Replica, Secret, customer_key
from .wire import Params

_ACCESSED = "accessed"
_MANAGED = "DefaultEncryptionKey"


def get(ctx: Context) -> Params:
    """Carry out GetSecretValue."""
    secret, params = ctx.secret, ctx.params
    version_id, stage = params.get("VersionId"), params.get("VersionStage")
    if version_id is None:
        what = f"staging label: {stage or CURRENT}"
        version_id = versions.with_label(secret, stage or CURRENT)
    else:
        what = f"VersionId: {version_id}"
    version = secret.versions.get(version_id or "")
    if version is None:
        raise errors.no_value(what)
    if stage is not None and stage not in version["version_stages"]:
        message = "You provided a VersionStage that is not associated to the provided VersionId."
        raise errors.invalid_request(message)
    assert isinstance(ctx.found, Secret | Replica)
    ctx.require_decryption(ctx.found.kms_key_id)
    secret.accessed = version[_ACCESSED] = ctx.now
    names = {"secret_string": "SecretString", "secret_binary": "SecretBinary"}
    return {
        **ctx.identity,
        "VersionId": version_id,
        "VersionStages": list(version["version_stages"]),
        "CreatedDate": version["createdate"],
        **{shown: version[stored] for stored, shown in names.items() if stored in version},
    }


def batch_get(ctx: Context) -> Params:
    """Carry out BatchGetSecretValue by SecretIdList; errors are per secret."""
    read: list[Params] = []
    failed: list[Params] = []
    for secret_id in ctx.params.get("SecretIdList") or []:
        try:
            found = ctx.shelf.find(secret_id)
            if not isinstance(found, Secret | Replica):
                raise errors.not_found()
            if found.primary.deletion:
                raise errors.marked_for_deletion()
            one = Context(ctx.store, ctx.shelf, found, {})
            read.append(get(one))
        except errors.AwsError as problem:
            failed.append(
                {"SecretId": secret_id, "ErrorCode": problem.code, "Message": problem.message}
            )
    return {"SecretValues": read, "Errors": failed}


def put(ctx: Context) -> Params:
    """Carry out PutSecretValue.

    "A known token + same value does nothing (other value: refused, REE), and does NOT move
    AWSCURRENT back to it: look at VersionStages in the answer."
    """
    secret, params = ctx.secret, ctx.params
    token = params.get("ClientRequestToken")
    known = secret.versions.get(token or "")
    if known is not None and token is not None:
        if not versions.holds(known, versions.value_of(params)):
            raise errors.token_in_use(token, secret.arn)
        version_id: str = token
    else:
        ctx.require_encryption(secret.kms_key_id)
        labels = params.get("VersionStages") or [CURRENT]
        version_id = versions.add(secret, params, labels, ctx.now)
    stages = list(secret.versions[version_id]["version_stages"])
    return {**ctx.identity, "VersionId": version_id, "VersionStages": stages}


def update(ctx: Context) -> Params:
    """Carry out UpdateSecret: description, key and value in one call.

    "Without a value it makes no version"; a known token is an error even with the same value;
    an empty Description clears it; KmsKeyId "" goes back to the managed key.
    """
    secret, params = ctx.secret, ctx.params
    token = params.get("ClientRequestToken")
    if token in secret.versions:
        raise errors.token_in_use(str(token), secret.arn)
    new_type = params.get("Type", secret.type)
    if new_type != secret.type and ctx.store.behaviour.type_change == "refused":
        message = "You can't change the Type of a secret."
        raise errors.invalid_parameter(message)
    key = params.get("KmsKeyId", secret.kms_key_id)
    value = versions.value_of(params)
    if value or "KmsKeyId" in params:
        ctx.require_encryption(key)
    secret.kms_key_id = customer_key(key)
    secret.description = params.get("Description", secret.description)
    secret.type = new_type
    secret.last_changed_date = int(ctx.now)
    if not value:
        return ctx.identity
    return {**ctx.identity, "VersionId": versions.add(secret, params, [CURRENT], ctx.now)}


def list_version_ids(ctx: Context) -> Params:
    """Carry out ListSecretVersionIds; unlabelled versions only with IncludeDeprecated.

    "LastAccessedDate" is a day; KmsKeyIds has a word of its own for the managed key.
    """
    deprecated = bool(ctx.params.get("IncludeDeprecated"))
    entries: list[Params] = [
        {
            "VersionId": version_id,
            "CreatedDate": version["createdate"],
            "KmsKeyIds": [ctx.secret.kms_key_id or _MANAGED],
            **(
                {"LastAccessedDate": version[_ACCESSED] // DAY * DAY}
                if _ACCESSED in version
                else {}
            ),
            **({"VersionStages": list(stages)} if stages else {}),
        }
        for version_id, version in ctx.secret.versions.items()
        if (stages := version["version_stages"]) or deprecated
    ]
    shown, more = page(entries, ctx.params)
    return {**ctx.identity, "Versions": shown, **more}


def update_stage(ctx: Context) -> Params:
    """Carry out UpdateSecretVersionStage: "AWSCURRENT can be moved, not removed"."""
    secret, params = ctx.secret, ctx.params
    label = params["VersionStage"]
    source, target = params.get("RemoveFromVersionId"), params.get("MoveToVersionId")
    holder = versions.with_label(secret, label)
    for version_id in (source, target):
        if version_id is not None and version_id not in secret.versions:
            what = f"VersionId: {version_id}"
            raise errors.no_value(what)
    if source is not None and source != holder:
        message = f"The staging label {label} is not attached to version {source}."
        raise errors.invalid_parameter(message)
    if target is None:
        if label == CURRENT or source is None:
            message = (
                f"The staging label {label} can't be removed: name the version to move it to"
                " in MoveToVersionId."
            )
            raise errors.invalid_parameter(message)
        versions.take_off(secret, label)
        return ctx.identity
    if holder not in (None, source, target):
        message = (
            "The parameter RemoveFromVersionId can't be empty. Staging label"
            f" {label} is currently attached to version {holder}, so you must explicitly"
            " reference that version in RemoveFromVersionId."
        )
        raise errors.invalid_parameter(message)
    versions.move(secret, label, target)
    return ctx.identity


OPERATIONS: dict[str, Operation] = {
    "BatchGetSecretValue": batch_get,
    "GetSecretValue": get,
    "ListSecretVersionIds": list_version_ids,
    "PutSecretValue": put,
    "UpdateSecret": update,
    "UpdateSecretVersionStage": update_stage,
}
