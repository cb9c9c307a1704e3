"""Replicas in another region; most rows wait until AWS has made one."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

from .outcome import Outcome
from .rows import Rows
from .scene import Scene

rows = Rows("Replicas")

SLOW = "makes a replica, waits up to 2 minutes"
READY_SECONDS = 120.0


def _statuses(at: Scene, name: str) -> list[str]:
    return sorted(one["Status"] for one in at.described(name).get("ReplicationStatus", []))


def _replicated(at: Scene, **params: Any) -> str:
    """Create a secret with one replica, and wait for it; return its name."""
    name = at.live(AddReplicaRegions=[{"Region": at.side.far}], **params)
    at.until(lambda: "InProgress" not in _statuses(at, name), READY_SECONDS)
    return name


@rows.add("CreateSecret with a replica", "D", slow=SLOW)
def create_with_replica(at: Scene) -> Outcome:
    """InProgress first, InSync then."""
    name = at.name()
    answer = at.do(
        "CreateSecret", Name=name, SecretString="v", AddReplicaRegions=[{"Region": at.side.far}]
    )
    first = [one["Status"] for one in answer["ReplicationStatus"]]
    at.until(lambda: "InProgress" not in _statuses(at, name), READY_SECONDS)
    return at.words.answer(answer).also(first=first, then=_statuses(at, name))


@rows.add("A replica tells its primary", "D", slow=SLOW)
def replica_tells(at: Scene) -> Outcome:
    """PrimaryRegion; the tags are the primary's."""
    name = _replicated(at, Tags=[{"Key": "k", "Value": "v"}])
    return at.ask("DescribeSecret", SecretId=name, far=True, show=("PrimaryRegion", "Tags"))


@rows.add("A primary tells its own region", "?", slow=SLOW, knob="primary_shows_region")
def primary_tells(at: Scene) -> Outcome:
    """Or does not."""
    return Outcome().also(shown="PrimaryRegion" in at.described(_replicated(at)))


def _delete(at: Scene, *, force: bool) -> Outcome:
    name = _replicated(at)
    call = {"ForceDeleteWithoutRecovery": True} if force else {"RecoveryWindowInDays": 7}
    return at.ask("DeleteSecret", SecretId=name, **call).also(state=at.state(name))


for _force in (False, True):
    _how = "forced, " if _force else ""
    _title = f"DeleteSecret, {_how}of a primary with a replica"
    rows.put(functools.partial(_delete, force=_force), _title, "T", quoted=True, slow=SLOW)

WRITES: dict[str, dict[str, Any]] = {
    "DeleteSecret": {"RecoveryWindowInDays": 7},
    "PutSecretValue": {"SecretString": "x"},
    "TagResource": {"Tags": [{"Key": "k", "Value": "v"}]},
    "UpdateSecret": {"Description": "d"},
}


def _write(at: Scene, *, action: str) -> Outcome:
    name = _replicated(at)
    return at.ask(action, SecretId=name, far=True, **WRITES[action])


for _action in WRITES:
    _play = functools.partial(_write, action=_action)
    rows.put(_play, f"{_action} in the replica's region", "T", quoted=True, slow=SLOW)


@rows.add("CreateSecret on a replica's name", "D", slow=SLOW)
def create_on_replica(at: Scene) -> Outcome:
    """REE."""
    return at.ask("CreateSecret", Name=_replicated(at), SecretString="x", far=True)


@rows.add("A removed replica is gone, and a restore does not bring it back", "D", slow=SLOW)
def removed_replica(at: Scene) -> Outcome:
    """It is gone at once."""
    name = _replicated(at)
    region = [at.side.far]
    answer = at.ask("RemoveRegionsFromReplication", SecretId=name, RemoveReplicaRegions=region)
    gone = at.ask("DescribeSecret", SecretId=name, far=True).code
    at.do("DeleteSecret", SecretId=name, RecoveryWindowInDays=7)
    at.do("RestoreSecret", SecretId=name)
    return answer.also(replica=gone, after=_statuses(at, name))


@rows.add("ReplicateSecretToRegions, twice to one region", "E", slow=SLOW)
def replicate_twice(at: Scene) -> Outcome:
    """IPE."""
    add = [{"Region": at.side.far}]
    return at.ask("ReplicateSecretToRegions", SecretId=_replicated(at), AddReplicaRegions=add)


@rows.add("ReplicateSecretToRegions onto an existing name", "D", slow=SLOW)
def replicate_onto(at: Scene) -> Outcome:
    """The call succeeds, the status says Failed."""
    name = at.live()
    at.do("CreateSecret", Name=name, SecretString="other", far=True)
    add = [{"Region": at.side.far}]
    answer = at.ask("ReplicateSecretToRegions", SecretId=name, AddReplicaRegions=add)
    at.until(lambda: "InProgress" not in _statuses(at, name), READY_SECONDS)
    told = at.described(name)["ReplicationStatus"][0]
    return answer.also(then=told["Status"], why=at.words.of(told.get("StatusMessage", "")))


@rows.add("ReplicateSecretToRegions onto an existing name, overwriting", "D", slow=SLOW)
def replicate_over(at: Scene) -> Outcome:
    """What was there is gone, and the replica comes about."""
    name = at.live()
    at.do("CreateSecret", Name=name, SecretString="other", far=True)
    answer = at.ask(
        "ReplicateSecretToRegions",
        SecretId=name,
        AddReplicaRegions=[{"Region": at.side.far}],
        ForceOverwriteReplicaSecret=True,
    )
    at.until(lambda: "InProgress" not in _statuses(at, name), READY_SECONDS)
    value = at.do("GetSecretValue", SecretId=name, far=True)["SecretString"]
    return answer.also(then=_statuses(at, name), value=value)


@rows.add("ReplicateSecretToRegions again, after it failed", "E", slow=SLOW)
def replicate_again(at: Scene) -> Outcome:
    """The failed one is listed until it is removed, or made once more."""
    name = at.live()
    at.do("CreateSecret", Name=name, SecretString="other", far=True)
    add = [{"Region": at.side.far}]
    at.do("ReplicateSecretToRegions", SecretId=name, AddReplicaRegions=add)
    at.until(lambda: "InProgress" not in _statuses(at, name), READY_SECONDS)
    again = at.ask("ReplicateSecretToRegions", SecretId=name, AddReplicaRegions=add)
    at.until(lambda: "InProgress" not in _statuses(at, name), READY_SECONDS)
    region = [at.side.far]
    gone = at.ask("RemoveRegionsFromReplication", SecretId=name, RemoveReplicaRegions=region)
    return again.also(removed=gone.code, left=_statuses(at, name))


@rows.add("RemoveRegionsFromReplication, one region with a replica and one without", "E", slow=SLOW)
def remove_too_many(at: Scene) -> Outcome:
    """All or nothing: the replica stays."""
    name = _replicated(at)
    nowhere = next(one for one in ("ap-south-1", "ap-northeast-1") if one != at.side.far)
    both = [at.side.far, nowhere]
    answer = at.ask("RemoveRegionsFromReplication", SecretId=name, RemoveReplicaRegions=both)
    return dataclasses.replace(answer, message="").also(left=len(_statuses(at, name)))


@rows.add("DeleteSecret right after RemoveRegionsFromReplication", "E", slow=SLOW)
def delete_at_once(at: Scene) -> Outcome:
    """It may be refused for a moment; in the end it is not."""
    name = _replicated(at)
    at.do("RemoveRegionsFromReplication", SecretId=name, RemoveReplicaRegions=[at.side.far])
    answers = [at.ask("DeleteSecret", SecretId=name, RecoveryWindowInDays=7)]

    def through() -> bool:
        if answers[-1].code != "ok":
            answers.append(at.ask("DeleteSecret", SecretId=name, RecoveryWindowInDays=7))
        return answers[-1].code == "ok"

    waited = at.until(through, READY_SECONDS)
    first = answers[0]
    return answers[-1].also(note=f"first {first.code} {first.message}; {waited} s in all")


@rows.add("A label moved on the primary moves on the replica", "D", slow=SLOW)
def label_follows(at: Scene) -> Outcome:
    """Replicas have the primary's versions, labels, tags and description."""
    token = at.token("first")
    name = _replicated(at, ClientRequestToken=token)
    at.do("UpdateSecretVersionStage", SecretId=name, VersionStage="mine", MoveToVersionId=token)

    def told() -> dict[str, list[str]]:
        held = at.described(name, far=True).get("VersionIdsToStages", {})
        return {version: sorted(labels) for version, labels in held.items()}

    at.until(lambda: "mine" in str(told()), READY_SECONDS)
    return Outcome().also(labels=at.words.value(told()))


@rows.add("StopReplicationToReplica of a primary", "E")
def stop_primary(at: Scene) -> Outcome:
    """IPE."""
    return at.ask("StopReplicationToReplica", SecretId=at.live())


@rows.add("StopReplicationToReplica makes a secret of its own", "D", slow=SLOW)
def stop_replica(at: Scene) -> Outcome:
    """Without PrimaryRegion, and with a value of its own."""
    name = _replicated(at)
    answer = at.ask("StopReplicationToReplica", SecretId=name, far=True)
    put = at.ask("PutSecretValue", SecretId=name, SecretString="own", far=True)
    alone = "PrimaryRegion" not in at.described(name, far=True)
    return answer.also(put=put.code, alone=alone, value=at.value(name))


@rows.add("CreateSecret with a replica in its own region", "D")
def own_region(at: Scene) -> Outcome:
    """Refused, and nothing is made."""
    return _bad(at, [at.side.region])


@rows.add("CreateSecret with one replica region twice", "E")
def region_twice(at: Scene) -> Outcome:
    """Likewise."""
    return _bad(at, [at.side.far, at.side.far])


@rows.add("CreateSecret with a replica in no region", "D")
def no_region(at: Scene) -> Outcome:
    """Likewise."""
    return _bad(at, ["NOPE"])


def _bad(at: Scene, regions: list[str]) -> Outcome:
    name = at.name()
    add = [{"Region": region} for region in regions]
    answer = at.ask("CreateSecret", Name=name, SecretString="v", AddReplicaRegions=add)
    return answer.also(state=at.state(name))


rows.unplayable("DeleteSecret with a cross-account replica", "D", "needs a second account")
rows.unplayable("Writes to a secret of another service", "D", "needs a database with such a secret")
rows.unplayable("GetSecretValue under a disabled key", "D", "needs a KMS key to disable")
