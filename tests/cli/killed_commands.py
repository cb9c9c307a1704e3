"""The commands that change secrets, each with what there is before it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cli.conftest import REGIONS, World

DB, WEB = "shop/prod/db", "shop/prod/web"
BLUE = "team-blue"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:rotate"

Words = tuple[str, ...]


@dataclass(frozen=True)
class Command:
    """A command to kill.

    Attributes:
        prepare: Makes what there is before; returns the words of the command.
        looks: Whether a user has to look first what came of it, and not simply to run it again.
        all_of_them: Whether a user has to name all secrets first, as they may not be found again.
    """

    prepare: Callable[[World], Words]
    looks: bool = False
    all_of_them: bool = False


def whole(world: World, name: str = DB) -> str:
    """Make a secret that has everything that goes and comes back; return its ARN."""
    arn = world.make(name, AddReplicaRegions=[{"Region": REGIONS[1]}, {"Region": "us-west-2"}])
    rotation: dict[str, Any] = {
        "RotationLambdaARN": FUNCTION,
        "RotationRules": {"AutomaticallyAfterDays": 30},
        "RotateImmediately": False,
    }
    world.aws.by_hand("RotateSecret", SecretId=arn, **rotation)
    return arn


def torn_down(world: World, *names: str) -> None:
    """Make secrets that have everything, and delete them as the command does."""
    for name in names:
        whole(world, name)
    assert world.process("delete", *names, "--yes").code == 0


def versions(world: World, *labels: str) -> list[str]:
    """Make a secret with three versions, the second of which has these labels; return their ids."""
    arn = world.make(DB)
    first = str(world.aws.secret(DB).version_id)
    ids = [first, *(world.aws.put_by_hand(DB, f"hush {number}") for number in (2, 3))]
    for label in labels:
        world.aws.by_hand(
            "UpdateSecretVersionStage", SecretId=arn, VersionStage=label, MoveToVersionId=ids[1]
        )
    return ids


def _restore(world: World) -> Words:
    torn_down(world, DB)
    return ("restore", DB, "--yes")


def _restore_all(world: World) -> Words:
    torn_down(world, DB, WEB)
    return ("restore", "--all", "--yes")


def _delete(world: World) -> Words:
    whole(world)
    return ("delete", DB, "--window", "7", "--yes")


def _delete_two(world: World) -> Words:
    for name in (DB, WEB):
        whole(world, name)
    return ("delete", DB, WEB, "--yes")


def _purge(world: World) -> Words:
    return ("purge", whole(world), "--yes")


def _purge_pending(world: World) -> Words:
    torn_down(world, DB)
    return ("purge", str(world.aws.secret(DB).arn), "--yes")


def _set(world: World) -> Words:
    world.make(DB)
    return ("owner", "set", BLUE, DB, "--yes")


def _set_unowned(world: World) -> Words:
    world.make(DB, owner=None)
    return ("owner", "set", BLUE, DB, "--yes")


def _clear(world: World) -> Words:
    world.make(DB)
    return ("owner", "clear", DB, "--yes")


def _label(world: World) -> Words:
    ids = versions(world, "BLUE")
    return ("versions", "label", DB, "BLUE", ids[2], "--yes")


def _label_off(world: World) -> Words:
    versions(world, "BLUE")
    return ("versions", "label", DB, "BLUE", "--off", "--yes")


def _rollback(world: World) -> Words:
    versions(world)
    return ("versions", "rollback", DB, "--yes")


def _deprecate(world: World) -> Words:
    ids = versions(world, "BLUE", "GREEN")
    return ("versions", "deprecate", DB, ids[1], "--yes")


COMMANDS = {
    "restore": Command(_restore),
    "restore --all": Command(_restore_all, all_of_them=True),
    "delete": Command(_delete),
    "delete two": Command(_delete_two),
    "purge": Command(_purge),
    "purge what is pending": Command(_purge_pending),
    "owner set": Command(_set),
    "owner set, of nobody": Command(_set_unowned),
    "owner clear": Command(_clear),
    "versions label": Command(_label),
    "versions label --off": Command(_label_off),
    "versions rollback": Command(_rollback, looks=True),
    "versions deprecate": Command(_deprecate),
}
