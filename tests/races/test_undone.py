"""What an operation takes back, it takes back from the secret that it changed, and no other."""

from __future__ import annotations

import emulation
from contract import worlds
from emulation import faults
from engine.scene import NAME, OWNER, RESTORE, UPDATE, Scene, kept
from races import direct, schedules, stage
from races.parts import CHANGED, destroys
from recoverable_secrets.core import errors, ownership


def test_a_restore_is_not_taken_back_from_the_next_secret_of_that_name() -> None:
    """What was restored is destroyed, a new one made: it fails for us, and yet it stays live."""
    double = schedules.Double(clock=emulation.Clock(worlds.START), behaviour=stage.quick())
    scene = Scene(double, direct.store(double))
    scene.pending()

    def another_takes_its_place(_: object) -> None:
        destroys(double)
        double.clock.advance(seconds=double.behaviour.reserved_seconds)
        tags = [{"Key": ownership.OWNER, "Value": OWNER}]
        double.by_hand(
            "CreateSecret", Name=NAME, SecretString="-", Tags=tags, ClientRequestToken="t" * 32
        )

    double.hook(RESTORE, "after", another_takes_its_place)
    double.inject(faults.Error(UPDATE, code="EncryptionFailure", message="no", times=None))
    try:
        scene.run(kept(CHANGED))
    except errors.StoreError:
        assert scene.secret.state == "live"
        assert scene.said[-1] == f"{NAME}: could not be put back (ScheduleDeletion)"
    else:
        raise AssertionError


def test_a_restored_secret_that_is_destroyed_is_made_anew() -> None:
    """Its name was taken before the restore, and is so again: that is no endless conflict."""
    double = schedules.Double(clock=emulation.Clock(worlds.START), behaviour=stage.quick())
    scene = Scene(double, direct.store(double))
    scene.pending()

    def is_destroyed(_: object) -> None:
        destroys(double)
        double.clock.advance(seconds=double.behaviour.deleted_visible_seconds)

    double.hook(RESTORE, "after", is_destroyed)
    scene.run(kept())
    assert scene.secret.state == "live"
    assert scene.secret.value == "the value"
