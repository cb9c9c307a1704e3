"""Operations to disturb: where each begins, and what is wanted of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.scene import (
    CURRENT,
    DOCUMENT,
    FAR,
    FUNCTION,
    KEY,
    MOVE,
    NAME,
    NEAR,
    REPLICAS,
    REPLICATE,
    ROTATE,
    ROTATION,
    STRANGER,
    Scene,
    generated,
    gone,
    kept,
    referenced,
    spec,
    write_only,
)  # fmt: skip
from recoverable_secrets.core import facts, ownership
from recoverable_secrets.core.facts import Back, Handed, Kept, Labelled, Memory
from recoverable_secrets.core.model import Spec

ANY = {
    "CreateSecret", "DescribeSecret", "RestoreSecret", "UpdateSecret", "PutSecretValue",
    "DeleteSecret", "TagResource", "UntagResource", "DeleteResourcePolicy", "PutResourcePolicy",
    "ReplicateSecretToRegions", "RemoveRegionsFromReplication", "RotateSecret",
    "CancelRotateSecret", "UpdateSecretVersionStage",
}  # fmt: skip


@dataclass(frozen=True)
class Operation:
    """One operation to disturb.

    Attributes:
        prepare: Brings the scene to where the operation starts; returns what is wanted.
        policy: What the user allows.
        open_side: Whether it meets what AWS leaves open.
    """

    prepare: Callable[[Scene], facts.Wanted]
    policy: dict[str, Any] = dataclasses.field(default_factory=dict)
    open_side: bool = False

    def again(self, wanted: facts.Wanted) -> facts.Wanted:
        """Return the same wish as a surface makes it anew: fresh marks, same memory."""
        if not isinstance(wanted, Kept):
            return wanted
        fresh = kept()
        return dataclasses.replace(wanted, instance=fresh.instance, version=fresh.version)


CHANGED = spec("new", description="new", kms_key_id=KEY, tags={"team": "b", "new": "1"})


def _policied(scene: Scene) -> None:
    scene.aws.by_hand("PutResourcePolicy", SecretId=NAME, ResourcePolicy='{"Statement": []}')


def _unchanged_after_policy(scene: Scene) -> Kept:
    scene.remember()
    _policied(scene)
    scene.run(gone())
    return kept()


def _changed_while_pending(scene: Scene) -> Kept:
    scene.remember()
    _policied(scene)
    scene.run(gone())
    return kept(CHANGED)


def _persons_value_while_pending(scene: Scene) -> Kept:
    scene.remember()
    scene.aws.put_by_hand(NAME, "by a person")
    scene.run(gone())
    return kept(CHANGED)


def _foreign(scene: Scene) -> Kept:
    scene.remember()
    scene.hand_over(STRANGER)
    return kept(CHANGED)


def _pending_then(scene: Scene, wanted: facts.Wanted, declared: Spec | None = None) -> facts.Wanted:
    scene.pending(declared)
    return wanted


ALL: dict[str, Any] = {"replicas": REPLICAS, "policy": DOCUMENT, **ROTATION}
NONE: dict[str, Any] = {"replicas": [], "policy": "", "rotation_enabled": False}
REKEYED = [{"region": NEAR, "kms_key_id": "alias/near"}, {"region": FAR}]


def _enriched(scene: Scene) -> facts.Wanted:
    """Add by hand what no declaration knows; tear it down."""
    memory = scene.remember()
    scene.aws.by_hand(REPLICATE, SecretId=NAME, AddReplicaRegions=[{"Region": NEAR}])
    scene.aws.by_hand(
        ROTATE, SecretId=NAME, RotationLambdaARN=FUNCTION, RotateImmediately=False,
        RotationRules={"AutomaticallyAfterDays": 30},
    )  # fmt: skip
    return gone(memory)


def _moved_back(scene: Scene) -> Kept:
    """Move the value back by hand: a version of ours is current, but not the declared one."""
    before = scene.remember(spec("at first"))
    after = scene.remembering(scene.run(kept(spec(), before)), spec())
    scene.aws.by_hand(
        MOVE, SecretId=NAME, VersionStage=CURRENT, MoveToVersionId=before.version,
        RemoveFromVersionId=after.version,
    )  # fmt: skip
    return kept(spec(), dataclasses.replace(after, live_version=before.version))


def _shown(scene: Scene) -> Memory:
    """Return the secret as a person is shown it, by a look."""
    secret = scene.secret
    return Memory(id=secret.arn, owner=secret.tags.get(ownership.OWNER, ""))


def _back(scene: Scene) -> Back:
    _enriched_away(scene)
    return Back(name=NAME, memory=_shown(scene))


def _enriched_away(scene: Scene) -> None:
    """Tear down a secret with replicas and rotation."""
    scene.run(gone(scene.remember(spec(**ALL))))


def _handed(scene: Scene, owner: str | None) -> Handed:
    scene.remember()
    return Handed(name=NAME, memory=_shown(scene), owner=owner)


def _labelled(scene: Scene) -> Labelled:
    before = scene.remember(spec("at first"))
    scene.run(kept(spec(), before))
    labels = {CURRENT: before.version, "blue": before.version}
    shown = {CURRENT: scene.secret.version_id}
    return Labelled(name=NAME, memory=_shown(scene), labels=labels, shown=shown)


BY_HAND = {
    "by hand: restored": Operation(_back, open_side=True),
    "by hand: handed over": Operation(lambda s: _handed(s, STRANGER)),
    "by hand: released": Operation(lambda s: _handed(s, None)),
    "by hand: rolled back, and labelled": Operation(_labelled),
}

GROUPS = {
    "create, all groups": Operation(lambda _: kept(spec(**ALL)), open_side=True),
    "create, labels": Operation(lambda _: kept(spec(version_stages=["blue", "green"]))),
    "create, referenced": Operation(lambda _: kept(referenced())),
    "create, write-only": Operation(lambda _: kept(write_only("w", 1))),
    "update, all groups set": Operation(lambda s: kept(spec(**ALL), s.remember()), open_side=True),
    "update, all groups taken away": Operation(
        lambda s: kept(spec(), s.remember(spec(**ALL))), open_side=True
    ),
    "update, other keys of replicas": Operation(
        lambda s: kept(spec(replicas=REKEYED), s.remember(spec(replicas=REPLICAS))),
        open_side=True,
    ),
    "update, labels and value": Operation(
        lambda s: kept(
            spec("new", version_stages=["green"]), s.remember(spec(version_stages=["blue"]))
        )
    ),
    "update, the version before deprecated": Operation(
        lambda s: kept(spec("new"), s.remember()), {"previous_version": "deprecate"}
    ),
    "update, generated anew": Operation(
        lambda s: kept(
            generated(regenerate_when="2", description="new"),
            s.remember(generated(regenerate_when="1")),
        )
    ),
    "update, write-only": Operation(
        lambda s: kept(write_only("x", 2, description="new"), s.remember(write_only("w", 1)))
    ),
    "update, read anew": Operation(
        lambda s: kept(referenced(value_version="2"), s.remember(referenced(value_version="1")))
    ),
    "update, a person moved back": Operation(_moved_back, {"on_value_drift": "overwrite"}),
    "restore, all groups": Operation(
        lambda s: _pending_then(s, kept(spec(**ALL)), spec(**ALL)), open_side=True
    ),
    "restore, all groups from the record": Operation(
        lambda s: _pending_then(s, kept(), spec(**ALL)), open_side=True
    ),
    "restore, all groups taken away": Operation(
        lambda s: _pending_then(s, kept(spec(**NONE)), spec(**ALL))
    ),
    "restore, all groups added": Operation(lambda s: _pending_then(s, kept(spec(**ALL)))),
    "delete, all groups": Operation(lambda s: gone(s.remember(spec(**ALL))), open_side=True),
    "delete, what others added": Operation(_enriched),
    "force delete, all groups": Operation(
        lambda s: gone(s.remember(spec(**ALL))), {"deletion": "force"}, open_side=True
    ),
}

OPERATIONS = {
    **GROUPS,
    **BY_HAND,
    "create": Operation(lambda _: kept()),
    "create without a value": Operation(lambda _: kept(spec(None))),
    "create, generated": Operation(lambda _: kept(generated())),
    "update, generated where there is no value": Operation(
        lambda s: kept(generated(description="new"), s.remember(spec(None)))
    ),
    "restore, generated": Operation(lambda s: _pending_then(s, kept(generated()), generated())),
    "restore, generated where there is no value": Operation(
        lambda s: _pending_then(s, kept(generated()), spec(None))
    ),
    "update, every group": Operation(lambda s: kept(CHANGED, s.remember())),
    "update, tags only": Operation(lambda s: kept(spec(tags={"n": "1"}), s.remember())),
    "update, owner renamed": Operation(lambda s: kept(CHANGED, s.remember(), owner=STRANGER)),
    "restore, nothing differs": Operation(_unchanged_after_policy, open_side=True),
    "restore, every group differs": Operation(_changed_while_pending, open_side=True),
    "restore, a person's value": Operation(_persons_value_while_pending),
    "restore, overwrite": Operation(_persons_value_while_pending, {"on_value_drift": "overwrite"}),
    "adopt": Operation(_foreign, {"adopt": "any"}),
    "replace": Operation(
        lambda s: _pending_then(s, kept(CHANGED)),
        {"deletion": "force", "on_recreate": "replace"},
        open_side=True,
    ),
    "delete": Operation(lambda s: gone(s.remember())),
    "delete by name": Operation(lambda s: (s.remember(), gone())[1]),
    "force delete": Operation(lambda s: gone(s.remember()), {"deletion": "force"}, open_side=True),
    "force delete while pending": Operation(
        lambda s: gone(s.pending()), {"deletion": "force"}, open_side=True
    ),
}
