"""Rows that go wrong, each in its own way, and one that does not."""

from __future__ import annotations

from live.outcome import Outcome
from live.rows import Rows
from live.scene import Scene

rows = Rows("Planted")


@rows.add("breaks off", "E")
def breaks_off(at: Scene) -> Outcome:
    """Leaves one live, one with a replica, one promoted, one pending."""
    at.live()
    at.pending()
    add = [{"Region": at.side.far}]
    at.live(AddReplicaRegions=add)
    promoted = at.live(AddReplicaRegions=add)
    at.do("StopReplicationToReplica", SecretId=promoted, far=True)
    raise RuntimeError("in the middle")


@rows.add("is interrupted", "E")
def is_interrupted(at: Scene) -> Outcome:
    """Ctrl-C."""
    at.live(AddReplicaRegions=[{"Region": at.side.far}])
    raise KeyboardInterrupt


@rows.add("goes astray", "E")
def goes_astray(at: Scene) -> Outcome:
    """Touches what it has not made."""
    return at.ask("DeleteSecret", SecretId="production/db", ForceDeleteWithoutRecovery=True)


@rows.add("lists everything", "E")
def lists_everything(at: Scene) -> Outcome:
    """Likewise."""
    return at.ask("ListSecrets")


@rows.add("is fine", "E")
def is_fine(at: Scene) -> Outcome:
    """Makes one secret."""
    return at.ask("DescribeSecret", SecretId=at.live())


@rows.add("runs into a lost answer", "E")
def lost(at: Scene) -> Outcome:
    """The secret is there, but the row never learns of it."""
    return at.ask("CreateSecret", Name=at.name(), SecretString="v")


PLANTED = {row.title: row for row in rows}
