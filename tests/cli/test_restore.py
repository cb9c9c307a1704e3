"""`restore`: what comes back, in which order it is said, and how it ends early."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest

from cli.conftest import OWNER, REGIONS, Runner, Typist, World
from cli.schema import problems_of
from emulation import faults
from recoverable_secrets.core import facts, plan
from recoverable_secrets.stores import aws

BOTH = ("--region", REGIONS[0], "--region", REGIONS[1])
OTHER = "pulumi/shop/blue/db:0123456789abcdef"


def torn_down(ran: Runner, world: World, name: str) -> str:
    """Create a secret with a replica and tear it down as this project does; return its ARN."""
    arn = world.make(name, AddReplicaRegions=[{"Region": REGIONS[1]}])
    assert ran("delete", name, "--yes").code == 0
    world.aws.calls.clear()
    return arn


def test_the_same_secret_comes_back_with_its_replicas(ran: Runner, world: World) -> None:
    arn = torn_down(ran, world, "db")
    assert world.aws.secret("db").state == "pending"
    done = ran("restore", "db", "--yes")
    assert done.code == 0
    back = world.aws.secret("db")
    assert (back.state, back.arn, back.value) == ("live", arn, "hush-hush")
    assert set(back.replicas) == {REGIONS[1]}
    assert done.out.splitlines() == [
        f"db in us-east-1 (pending deletion, of {OWNER})",
        "  restore",
        "  add replicas: replicas = eu-west-1",
        "db restored: its scheduled deletion is cancelled",
        "db in us-east-1: done",
    ]


def test_a_dry_run_shows_the_plan_and_does_none_of_it(ran: Runner, world: World) -> None:
    torn_down(ran, world, "db")
    done = ran("restore", "db", "--dry-run", "--json")
    assert done.code == 0
    assert world.aws.actions() == ["DescribeSecret"]
    (change,) = done.json["changes"]
    assert change["plan"] == ["restore", "add replicas: replicas = eu-west-1"]
    assert (change["result"], done.json["confirmed"]) == ("planned", False)
    assert problems_of("restore", done.json) == []
    assert "dry run: nothing was done" in done.err


@pytest.mark.parametrize(
    ("typed", "state", "code"),
    [("y", "live", 0), ("YES", "live", 0), ("", "pending", 3), ("n", "pending", 3)],
)
def test_it_is_asked_once(
    ran: Runner,
    world: World,
    types: Typist,
    typed: str,
    state: str,
    code: int,
) -> None:
    world.pending("a")
    world.pending("b")
    terminal = types(typed)
    done = ran("restore", "a", "b")
    assert done.code == code
    assert terminal.lines == []
    assert "Restore 2 secrets? [y/N]" in done.err
    assert {world.aws.secret(name).state for name in "ab"} == {state}


def test_nobody_to_ask_is_wrong_input(ran: Runner, world: World) -> None:
    world.pending("db")
    done = ran("restore", "db")
    assert (done.code, world.aws.secret("db").state) == (2, "pending")
    assert "say --yes" in done.err


def test_all_of_an_owner_in_two_regions(ran: Runner, world: World) -> None:
    for region in REGIONS:
        world.pending("ours", region=region)
        world.pending("theirs", region=region, owner=OTHER)
        world.pending("free", region=region, owner=None)
    done = ran("restore", "--owner", "pulumi/shop/prod", *BOTH, "--yes", "--json")
    assert done.code == 0
    assert {(each["name"], each["region"], each["result"]) for each in done.json["changes"]} == {
        ("ours", region, "done") for region in REGIONS
    }
    states = {(s.name, s.state) for s in world.aws.secrets()}
    assert states == {("ours", "live"), ("theirs", "pending"), ("free", "pending")}


def test_all_takes_also_what_nobody_owns(ran: Runner, world: World) -> None:
    """People name it: whose it is, is for them to judge."""
    world.pending("ours")
    world.pending("free", owner=None)
    assert ran("restore", "--all", "--yes").code == 0
    assert {s.state for s in world.aws.secrets()} == {"live"}


def test_nothing_to_restore_is_well(ran: Runner, world: World) -> None:
    done = ran("restore", "--all", "--yes")
    assert (done.code, world.aws.actions()) == (0, ["ListSecrets"])
    assert "nothing to restore" in done.err


def test_a_live_secret_needs_nothing(ran: Runner, world: World) -> None:
    world.make("db")
    done = ran("restore", "db")
    assert done.code == 0
    assert "db is live: nothing to restore" in done.out
    assert world.aws.actions() == ["DescribeSecret"]


@pytest.mark.parametrize(
    "arguments", [(), ("db", "--all"), ("--all", "--owner", "x"), ("db", "--owner", "x")]
)
def test_it_must_be_clear_which(ran: Runner, world: World, arguments: tuple[str, ...]) -> None:
    done = ran("restore", *arguments, "--yes")
    assert (done.code, world.aws.calls) == (2, [])
    assert "names, or --owner, or --all" in done.err


def test_a_secret_that_changed_hands_since_is_left_alone(ran: Runner, world: World) -> None:
    """Others restored it and gave it to another owner while this one was being confirmed."""
    world.pending("db")

    def meanwhile(_: object) -> None:
        world.aws.by_hand("RestoreSecret", SecretId="db")
        tags = [{"Key": "recoverable-secrets:owner", "Value": OTHER}]
        world.aws.by_hand("TagResource", SecretId="db", Tags=tags)

    world.aws.hook("DescribeSecret", "before", meanwhile, nth=2)
    done = ran("restore", "db", "--yes", "--json")
    assert (done.code, done.json["changes"][0]["result"]) == (3, "refused")
    assert "changed hands" in done.json["problems"][0]["text"]
    assert world.aws.actions() == ["DescribeSecret"] * 2


def test_one_that_fails_does_not_stop_the_others(ran: Runner, world: World) -> None:
    names = ["a", "b", "c"]
    for name in names:
        world.pending(name)
    world.aws.hook("RestoreSecret", "before", lambda _: world.aws.purge("b"), nth=2)
    done = ran("restore", *names, "--yes", "--json")
    assert done.code == 3
    results = {each["name"]: each["result"] for each in done.json["changes"]}
    assert results == {"a": "done", "b": "refused", "c": "done"}
    assert problems_of("restore", done.json) == []


def interrupting(world: World, nth: int) -> None:
    """Press Ctrl-C right after the nth restore took effect."""
    press = lambda _: os.kill(os.getpid(), signal.SIGINT)  # noqa: E731
    world.aws.hook("RestoreSecret", "after", press, nth=nth)


def test_an_interrupted_run_says_how_far_it_came(ran: Runner, world: World) -> None:
    for name in "abcd":
        world.pending(name)
    interrupting(world, 2)
    done = ran("restore", "--all", "--yes", "--json")
    assert done.code == 130
    assert [each["result"] for each in done.json["changes"]] == [
        "done", "done", "not begun", "not begun"
    ]  # fmt: skip
    assert "interrupted: 2 of 4 done; 2 not begun. To go on, run the same command again" in done.err
    assert problems_of("restore", done.json) == []
    again = ran("restore", "--all", "--yes")
    assert again.code == 0
    assert {world.aws.secret(name).state for name in "abcd"} == {"live"}


def test_what_was_broken_off_half_way_is_named_and_can_be_finished(
    ran: Runner, world: World
) -> None:
    torn_down(ran, world, "copied")
    world.pending("later")
    interrupting(world, 1)
    done = ran("restore", "copied", "later", "--yes")
    assert done.code == 130
    assert world.aws.secret("copied").state == "live"
    assert not world.aws.secret("copied").replicas
    assert "copied in us-east-1: interrupted" in done.out
    assert "left to do: add replicas: replicas = eu-west-1" in done.out
    assert "0 of 2 done; broken off at copied in us-east-1; 1 not begun" in done.err
    assert ran("restore", "copied", "later", "--yes").code == 0
    assert set(world.aws.secret("copied").replicas) == {REGIONS[1]}
    assert world.aws.secret("later").state == "live"


def test_a_second_ctrl_c_ends_it_at_once(ran: Runner, world: World) -> None:
    """It comes while the first is being dealt with: by then nothing is changed any more."""
    world.pending("a")
    interrupting(world, 1)
    press = lambda _: os.kill(os.getpid(), signal.SIGINT)  # noqa: E731
    world.aws.hook("DescribeSecret", "before", press, nth=3)
    done = ran("restore", "a", "--yes", "--json")
    assert done.code == 130
    assert "broken off at a in us-east-1" in done.err
    assert [each["result"] for each in done.json["changes"]] == ["interrupted"], "reported still"


def test_credentials_that_end_half_way_stop_the_rest(ran: Runner, world: World) -> None:
    for name in "abc":
        world.pending(name)
    world.aws.hook("RestoreSecret", "after", lambda _: world.aws.expire(), nth=1)
    done = ran("restore", *"abc", "--yes", "--json")
    assert done.code == 4
    results = [each["result"] for each in done.json["changes"]]
    assert results == ["done", "failed", "not begun"]
    assert "the rest in us-east-1 was not begun" in done.err


def test_an_unforeseen_fault_shows_no_text(
    ran: Runner, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its text may hold anything; the other secrets are still brought back."""
    kept = aws.AwsStore.apply

    def broken(store: aws.AwsStore, ref: facts.Ref, action: plan.Action, *rest: Any) -> Any:
        if ref.name == "a":
            raise RuntimeError("hush-hush")
        return kept(store, ref, action, *rest)

    world.pending("a")
    world.pending("b")
    monkeypatch.setattr(aws.AwsStore, "apply", broken)
    done = ran("restore", "a", "b", "--yes")
    assert done.code == 1
    assert "a fault of recoverable-secrets itself: RuntimeError at " in done.err
    assert world.aws.secret("b").state == "live"
    assert "hush-hush" not in done.out + done.err


def test_a_throttled_restore_can_be_run_again(
    ran: Runner, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    world.pending("db")
    throttled = world.aws.inject(faults.Throttle("RestoreSecret", times=None))
    done = ran("restore", "db", "--yes")
    assert done.code == 5
    assert "run again later" in done.err
    world.aws.remove(throttled)
    assert ran("restore", "db", "--yes").code == 0
