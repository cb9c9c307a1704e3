"""How many API calls each operation makes, next to the floor and to what users would otherwise run.

    python bench/calls.py

It counts on the tests' double of AWS, in this process, every attempt and STS included. The peers'
figures are of 2026: read from the source (Terraform's provider, which pulumi-aws wraps), or
measured (Ansible's community.aws, binxio's CloudFormation handler), each without faults. Exit code
1 if an operation makes more calls than the design allows.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

from rich.console import Console
from rich.table import Column, Table

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
from emulation import Aws, Clock  # noqa: E402  # found only now
from recoverable_secrets.stores import aws as aws_store  # noqa: E402
from surfaces.held import Held, declare  # noqa: E402

HEADINGS = ("ours", "design", "floor", "ours/floor")
PEERS = ("Terraform, pulumi-aws", "Ansible", "binxio")
WIDTH = 160


@dataclass(frozen=True)
class Peer:
    """What another tool needs.

    Attributes:
        calls: The fewest and the most calls; None where it has no such operation, or fails.
        remark: What has to be known of it.
    """

    calls: tuple[int, int] | None
    remark: str = ""


def times(low: int, high: int | None = None, remark: str = "") -> Peer:
    """Return a peer's figure."""
    return Peer((low, high or low), remark)


@dataclass(frozen=True)
class Operation:
    """One row.

    Attributes:
        name: What is done.
        design: How many calls the design allows (section 10).
        floor: How few would do, for any tool.
        act: Does it to a resource that exists, or does not yet.
        before: Brings the resource to where it starts from; not counted.
        peers: The other tools' figures, in the order of `PEERS`; none where nobody was counted.
        fields: What is declared besides `START`.
    """

    name: str
    design: int
    floor: int
    act: Callable[[Held], object]
    before: Callable[[Held], object] = field(default=lambda _: None)
    peers: tuple[Peer, ...] = ()
    fields: Mapping[str, object] = field(default_factory=dict)


TAGS = {"team": "shop", "stage": "dev"}
START = {
    "description": "of the shop",
    "secret_string": "first",
    "tags": TAGS,
}
KEY = {"kms_key_id": "alias/shop"}
REPLICAS = {"replicas": [{"region": "eu-west-1"}, {"region": "us-east-1"}]}
STATEMENT = {"Effect": "Deny", "Principal": "*", "Action": "secretsmanager:DeleteSecret"}
POLICY = {"policy": {"Version": "2012-10-17", "Statement": [{**STATEMENT, "Resource": "*"}]}}
ROTATION = {
    "rotation_lambda_arn": "arn:aws:lambda:eu-central-1:123456789012:function:rotate",
    "rotation_rules": {"automatically_after_days": 30},
}
GROUPS = {**REPLICAS, **POLICY, **ROTATION}


def created(one: Held) -> None:
    """Start from a secret that exists."""
    one.create()


def torn_down(one: Held) -> None:
    """Start from a secret whose stack was destroyed."""
    one.create()
    one.delete()


def same(one: Held) -> None:
    """Look at an unchanged program, as a preview and an `up` do."""
    assert one.diff() == (False, []), "the engine would call update"


def changed(**fields: object) -> Callable[[Held], object]:
    """Declare some fields otherwise."""
    return lambda one: one.update(**fields)


def again(**fields: object) -> Callable[[Held], object]:
    """Bring the stack back, with some fields declared otherwise."""
    return lambda one: declare(**{**one.inputs, **fields}).create()


FAILED = Peer(None, "FAILED")
ERROR = Peer(None, "error after about 16 calls in 2 minutes")
OPERATIONS = (
    Operation(
        "create: value, description, key, tags",
        design=1,
        floor=1,
        act=created,
        peers=(times(7, 8), times(3), times(1)),
        fields=KEY,
    ),
    Operation(
        "create: and two replicas, one poll",
        design=2,
        floor=2,
        act=created,
        fields=REPLICAS,
    ),
    Operation(
        "create: and replicas, policy, rotation",
        design=4,
        floor=4,
        act=created,
        fields=GROUPS,
    ),
    Operation(
        "unchanged run",
        design=0,
        floor=0,
        before=created,
        act=same,
        peers=(times(3, remark="refresh"), times(4, remark="reads the value"), Peer(None)),
    ),
    Operation(
        "policy only: window, on_recreate, timeout",
        design=0,
        floor=0,
        before=created,
        act=changed(recovery_window_in_days=7, on_recreate="fail", timeout=60),
    ),
    Operation(
        "unchanged run: and replicas, policy, rotation",
        design=0,
        floor=0,
        before=created,
        act=same,
        fields=GROUPS,
    ),
    Operation("refresh", design=1, floor=1, before=created, act=Held.refresh),
    Operation(
        "refresh: and a policy", design=2, floor=2, before=created, act=Held.refresh, fields=GROUPS
    ),
    Operation(
        "update: description",
        design=2,
        floor=1,
        before=created,
        act=changed(description="other"),
        peers=(times(3), times(4, remark="a new version"), times(1, remark="a new version")),
    ),
    Operation(
        "update: value",
        design=2,
        floor=1,
        before=created,
        act=changed(secret_string="second"),
        peers=(times(4), times(5), times(1)),
    ),
    Operation(
        "update: description, key and value",
        design=2,
        floor=1,
        before=created,
        act=changed(description="other", kms_key_id="alias/other", secret_string="second"),
    ),
    Operation(
        "update: tags added",
        design=2,
        floor=1,
        before=created,
        act=changed(tags={**TAGS, "more": "1"}),
    ),
    Operation(
        "update: tags dropped",
        design=2,
        floor=1,
        before=created,
        act=changed(tags={"team": "shop"}),
    ),
    Operation(
        "update: all of these",
        design=4,
        floor=3,
        before=created,
        act=changed(description="other", secret_string="second", tags={"team": "x", "more": "1"}),
    ),
    Operation(
        "update: two replicas added, one poll",
        design=3,
        floor=2,
        before=created,
        act=changed(**REPLICAS),
    ),
    Operation(
        "update: replicas removed",
        design=2,
        floor=1,
        before=created,
        act=changed(replicas=[]),
        fields=REPLICAS,
    ),
    Operation("update: policy", design=2, floor=1, before=created, act=changed(**POLICY)),
    Operation(
        "update: policy removed",
        design=2,
        floor=1,
        before=created,
        act=changed(policy=None),
        fields=POLICY,
    ),
    Operation("update: rotation set", design=2, floor=1, before=created, act=changed(**ROTATION)),
    Operation(
        "update: rotation cancelled",
        design=2,
        floor=1,
        before=created,
        act=changed(rotation_enabled=False, rotation_lambda_arn=None, rotation_rules=None),
        fields=ROTATION,
    ),
    Operation(
        "update: a staging label",
        design=2,
        floor=1,
        before=created,
        act=changed(version_stages=["blue"]),
    ),
    Operation(
        "update: value, the version before deprecated",
        design=3,
        floor=2,
        before=created,
        act=changed(secret_string="second", previous_version="deprecate"),
    ),
    Operation(
        "delete",
        design=2,
        floor=1,
        before=created,
        act=Held.delete,
        peers=(
            times(2, 3, "6-7 with the refresh"),
            times(2),
            times(1, remark="FAILED if pending"),
        ),
    ),
    Operation(
        "delete: under a key of one's own",
        design=3,
        floor=1,
        before=created,
        act=Held.delete,
        fields=KEY,
    ),
    Operation(
        "delete: and replicas, policy, rotation",
        design=4,
        floor=3,
        before=created,
        act=Held.delete,
        fields=GROUPS,
    ),
    Operation(
        "recreate while pending: nothing differs",
        design=5,
        floor=3,
        before=torn_down,
        act=again(),
        peers=(ERROR, times(5), FAILED),
    ),
    Operation(
        "recreate while pending: another value",
        design=6,
        floor=4,
        before=torn_down,
        act=again(secret_string="second"),
    ),
    Operation(
        "recreate while pending: all differs",
        design=8,
        floor=6,
        before=torn_down,
        act=again(description="other", secret_string="second", tags={"team": "x", "more": "1"}),
        peers=(ERROR, times(7), FAILED),
    ),
    Operation(
        "recreate while pending: under a key of one's own",
        design=6,
        floor=3,
        before=torn_down,
        act=again(),
        fields=KEY,
    ),
    Operation(
        "recreate while pending: and replicas, policy, rotation",
        design=8,
        floor=6,
        before=torn_down,
        act=again(),
        fields=GROUPS,
    ),
)


def calls(operation: Operation) -> list[str]:
    """Return the calls that an operation makes, in order."""
    own = {name: text for name, text in os.environ.items() if not name.startswith("AWS_")}
    settings = {"AWS_REGION": "eu-central-1", "AWS_CONFIG_FILE": os.devnull}
    settings["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    clean = mock.patch.dict(os.environ, {**own, **settings}, clear=True)
    with clean, Aws(clock=Clock()).in_process() as aws:
        aws_store.open_store.cache_clear()  # Its clients belong to another double.
        one = declare(**START, **operation.fields)
        operation.before(one)
        aws.calls.clear()
        operation.act(one)
        aws_store.open_store.cache_clear()
        return [record.action for record in aws.calls]


def ratio(theirs: tuple[int, int], ours: int) -> str:
    """Return how many of their calls there are to one of ours."""
    if not ours:
        return "none of ours"
    return "-".join(dict.fromkeys(f"{count / ours:.1f}" for count in theirs)) + "x"


def cell(peer: Peer, ours: int) -> str:
    """Return a peer's figure, its ratio to ours, and its remark."""
    if peer.calls is None:
        return peer.remark or "-"
    count = "-".join(dict.fromkeys(map(str, peer.calls)))
    remark = f", {peer.remark}" if peer.remark else ""
    return f"{count} ({ratio(peer.calls, ours)}){remark}"


def main() -> int:
    """Count, print, and compare with the design; return the exit code."""
    table = Table("operation", Column("calls", min_width=21), *HEADINGS, *PEERS)
    over = []
    for operation in OPERATIONS:
        made = calls(operation)
        count = len(made)
        if count > operation.design:
            over.append(operation.name)
        table.add_row(
            operation.name,
            ", ".join(made) or "none",
            str(count),
            str(operation.design),
            str(operation.floor),
            f"{count / operation.floor:.1f}x" if operation.floor else "",
            *(cell(peer, count) for peer in operation.peers),
        )
    console = Console(width=WIDTH)
    console.print(table)
    console.print(
        "Peers' figures of 2026, without faults: read from the source of Terraform's provider, "
        "measured for the others; their create is one of a value and two tags. In brackets: their "
        "calls to one of ours."
    )
    for name in over:
        console.print(f"[red]more calls than designed:[/] {name}")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
