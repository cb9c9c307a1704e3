"""What the engine says of each step, and of a refusal, to the letter and to the last character."""

from __future__ import annotations

import pytest

from engine.scene import NAME, OWNER, ROTATE, ROTATION, Scene, gone, kept, spec
from engine.scripted import ID, MARK, VERSION, Scripted, StandingClock, secret
from recoverable_secrets.core import errors, facts, plan
from recoverable_secrets.core.facts import Memory
from recoverable_secrets.core.policy import Deletion, Policy
from recoverable_secrets.engine import Engine

MEMORY = Memory(
    id=ID, owner=OWNER, spec=spec(), instance=MARK, version=VERSION, live_version=VERSION
)
FORCE = Policy(deletion=Deletion.FORCE)


@pytest.mark.parametrize(
    ("owner", "shown"),
    [("o" * 90, "o" * 90), ("p" + "o" * 90, "…" + "o" * 89), (None, "nobody")],
    ids=["all of it", "its end", "none"],
)
def test_whose_it_is_now(owner: str | None, shown: str) -> None:
    store = Scripted(lambda _: facts.Present(secret=secret()))
    wanted = facts.Handed(name=NAME, memory=Memory(id=ID, owner=OWNER), owner=owner)
    notes = Engine(store, clock=StandingClock()).run(wanted, Policy()).notes
    assert notes == (f"{NAME} belongs to {shown} now",)


def copies(*regions: str, failed: bool = False) -> facts.Present:
    told = tuple(facts.Replica(region=region, failed=failed) for region in regions)
    return facts.Present(secret=secret(replicas=told))


SIX = [f"eu-region-{number}11" for number in range(1, 7)]
"""Their names and what is between them have 88 characters."""
BACK = "; they come back with a restore"


@pytest.mark.parametrize(
    ("seen", "policy", "said"),
    [
        (copies("eu-west-1"), Policy(), f"eu-west-1 removed{BACK}"),
        (copies("eu-west-1"), FORCE, "eu-west-1 removed"),
        (copies("eu-west-1", failed=True), Policy(), "eu-west-1 removed"),
        (copies(*SIX[:5], SIX[5] + "11"), FORCE, f"{', '.join(SIX)}11 removed"),
        (copies(*SIX[:5], SIX[5] + "111"), FORCE, f"…{', '.join(SIX)[2:]}111 removed"),
    ],
    ids=["recorded", "by force", "a failed one", "up to 90 characters", "cut to 90"],
)
def test_which_copies_were_removed(seen: facts.Present, policy: Policy, said: str) -> None:
    def look(number: int) -> facts.Present:
        return facts.Present(secret=secret()) if number else seen

    engine = Engine(Scripted(look), clock=StandingClock())
    assert engine.run(gone(MEMORY), policy).notes[0] == f"{NAME}: replicas in {said}"


def test_a_rotation_that_a_deletion_broke_off(scene: Scene) -> None:
    scene.aws.behaviour.rotation_seconds = 3600
    memory = scene.remember(spec(**ROTATION))
    scene.aws.clock.advance(days=1)
    scene.aws.by_hand(ROTATE, SecretId=NAME, RotateImmediately=True)
    scene.run(gone(memory))
    versions = scene.secret.versions
    (begun,) = (one for one, found in versions.items() if "AWSPENDING" in found.labels)
    scene.run(kept(spec(**ROTATION)))
    assert (
        f"{NAME}: a rotation was broken off by the deletion; version {begun}, which it had begun, "
        "is no longer AWSPENDING"
    ) in scene.said


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("It is no REGEX.", "It is no REGEX"),
        ("x" * 90 + "...", "x" * 90),
        ("x" * 91, "x" * 89 + "…"),
        ("", "InvalidRequestException"),
    ],
    ids=["without its full stop", "up to 90 characters", "cut to 90", "none"],
)
def test_what_the_service_said(text: str, shown: str) -> None:
    met = plan.Conflict("InvalidRequestException", text)
    store = Scripted(lambda _: facts.Present(secret=secret()), lambda _, __: met)
    with pytest.raises(errors.StoreError) as caught:
        Engine(store, clock=StandingClock()).run(kept(spec(description="new"), MEMORY), Policy())
    assert str(caught.value) == (
        f"SetMetadata of {NAME} was refused twice: {shown}. Look what else changes it, then run "
        "again"
    )
