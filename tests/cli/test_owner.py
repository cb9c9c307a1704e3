"""`owner` and `status`: whose a secret is, and what its stacks will do with it."""

from __future__ import annotations

import pytest

from cli.conftest import OWNER, REGIONS, Runner, Typist, World
from cli.schema import problems_of
from recoverable_secrets.cli import outlook
from recoverable_secrets.cli.targets import Target
from recoverable_secrets.cli.where import Place
from recoverable_secrets.core import facts, plan
from recoverable_secrets.stores.aws import AwsStore, Connection

OTHER = "pulumi/shop/blue/db:0123456789abcdef"


def owner(world: World, name: str) -> str | None:
    return world.aws.secret(name).tags.get("recoverable-secrets:owner")


def test_show(ran: Runner, world: World) -> None:
    world.make("db")
    world.pending("gone")
    world.make("free", owner=None)
    done = ran("owner", "show", "db", "gone", "free", "--json")
    assert (done.code, problems_of("owner show", done.json)) == (0, [])
    found = {(each["name"], each["owner"], each["state"]) for each in done.json["secrets"]}
    assert found == {
        ("db", OWNER, "live"),
        ("gone", OWNER, "pending deletion"),
        ("free", None, "live"),
    }
    assert "none" in ran("owner", "show", "free").out


def test_set_hands_a_secret_over_and_says_what_follows(
    ran: Runner, world: World, types: Typist
) -> None:
    world.make("db")
    types("y")
    done = ran("owner", "set", OTHER, "db")
    assert (done.code, owner(world, "db")) == (0, OTHER)
    before = done.out[: done.out.index(OTHER + ", then:")]
    after = done.out[done.out.index(OTHER + ", then:") :]
    assert f"{OWNER}, which has it now:" in before
    assert "next update: refused: db belongs to" in before
    assert "teardown: note: db belongs to" in before
    assert "next deployment: nothing to do" in after or "next deployment: drop policy" in after
    assert "teardown: schedule deletion: days = 30" in after
    assert "Hand 1 secret over? [y/N]" in done.err


def test_what_was_said_of_the_old_stack_holds(ran: Runner, world: World) -> None:
    """Its teardown, as the same command runs it for an owner of its own, leaves it alone."""
    world.make("db")
    done = ran("owner", "set", OTHER, "db", "--yes", "--json")
    assert problems_of("owner set", done.json) == []
    assert done.json["changes"][0]["then"][0] == f"{OWNER}, which has it now:"
    again = ran("owner", "set", OTHER, "db", "--yes")
    assert again.out.splitlines()[1] == "  nothing to do"


def test_a_secret_that_nobody_owned_has_no_old_stack(ran: Runner, world: World) -> None:
    world.make("free", owner=None)
    done = ran("owner", "set", OTHER, "free", "--yes")
    assert (done.code, owner(world, "free")) == (0, OTHER)
    assert "which has it now" not in done.out
    assert f"{OTHER}, then:" in done.out


def test_what_would_be_gone_has_no_outlook(world: World) -> None:
    """A plan that leaves no secret behind: what is known stays what was seen."""
    seen = facts.Present(secret=facts.Secret(id="arn", name="db"))
    target = Target(Place("us-east-1", AwsStore(Connection())), seen)
    assert outlook.after(target, plan.Plan((plan.Purge(),))) is target
    assert outlook.after(target, plan.Refusal("no")).seen == seen


def test_clear_releases_a_secret_and_warns_of_the_old_stack(ran: Runner, world: World) -> None:
    world.make("db")
    done = ran("owner", "clear", "db", "--yes")
    assert (done.code, owner(world, "db")) == (0, None)
    assert "any stack, then:" in done.out
    assert "set adopt to unowned to take it over" in done.out
    assert "teardown: schedule deletion: days = 30" in done.out


def test_a_cloudformation_stack_leaves_alone_what_was_released(ran: Runner, world: World) -> None:
    """Its function deletes only what carries the mark of its stack; a Pulumi program remembers."""
    world.make("db", owner="cloudformation/shop/Db:0123456789abcdef")
    done = ran("owner", "clear", "db", "--dry-run")
    assert "teardown: note: db has no owner tag: left alone" in done.out
    assert "schedule deletion" not in done.out
    assert "schedule deletion: days = 30" in ran("status", "db").out


@pytest.mark.parametrize(
    ("tag", "shown"),
    [
        pytest.param("a!b", "a=21b", id="a character that no tag has"),
        pytest.param("", "''", id="nothing"),
        pytest.param("x" * 257, "no owner tag", id="too long"),
    ],
)
def test_what_is_no_owner(ran: Runner, world: World, tag: str, shown: str) -> None:
    done = ran("owner", "set", tag, "db", "--yes")
    assert (done.code, world.aws.calls) == (2, [])
    assert shown in done.err


def test_an_escaped_owner_is_taken_as_it_is(ran: Runner, world: World) -> None:
    world.make("db")
    assert ran("owner", "set", "a=21b", "db", "--yes").code == 0
    assert owner(world, "db") == "a=21b"


def test_a_pending_secret_keeps_its_owner(ran: Runner, world: World) -> None:
    world.pending("db")
    for arguments in (("set", OTHER, "db"), ("clear", "db")):
        done = ran("owner", *arguments, "--yes")
        assert (done.code, owner(world, "db")) == (3, OWNER)
        assert "restore it first" in done.err


def test_status_of_a_live_secret(ran: Runner, world: World) -> None:
    world.make(
        "db",
        Description="first \x1b[31mline",
        AddReplicaRegions=[{"Region": REGIONS[1]}],
    )
    world.aws.by_hand("TagResource", SecretId="db", Tags=[{"Key": "team", "Value": "shop"}])
    done = ran("status", "db", "--json")
    assert (done.code, problems_of("status", done.json)) == (0, [])
    (secret,) = done.json["secrets"]
    assert (secret["state"], secret["owner"], secret["tags"]) == ("live", OWNER, {"team": "shop"})
    assert secret["replicas"][0]["region"] == REGIONS[1]
    assert secret["teardown"]["possible"]
    assert secret["teardown"]["steps"][-1] == "schedule deletion: days = 30"
    shown = ran("status", "db").out
    assert "A teardown by its owner would:" in shown
    assert "remove replicas: regions = eu-west-1" in shown
    assert "team = shop" in shown
    assert "\x1b" not in shown + done.out
    assert "hush" not in shown + done.out


def test_status_of_a_pending_secret_tells_what_a_recreate_would_do(
    ran: Runner, world: World
) -> None:
    world.make("db", AddReplicaRegions=[{"Region": REGIONS[1]}])
    assert ran("delete", "db", "--yes").code == 0
    done = ran("status", "db", "--json")
    assert problems_of("status", done.json) == []
    (secret,) = done.json["secrets"]
    assert secret["pending"]["restorable"] == "surely"
    assert secret["recorded_replicas"] == [REGIONS[1]]
    assert secret["recreate"]["steps"][0] == "restore"
    assert secret["teardown"]["steps"] == ["nothing to do"]
    shown = ran("status", "db").out
    assert "Last day" in shown
    assert "A restore brings" in shown


def test_status_of_the_end_of_a_window(ran: Runner, world: World) -> None:
    world.aws.behaviour.deleted_date = "window-end"
    world.pending("db", days=10)
    shown = ran("status", "db").out
    assert "not told by AWS" in shown
    assert "for certain" not in shown


def test_status_of_what_nobody_owns_says_who_would_be_refused(ran: Runner, world: World) -> None:
    world.make("free", owner=None)
    shown = ran("status", "free").out
    assert "A recreate by its owner would be refused:" in shown
    assert "set adopt to unowned" in shown


def test_status_tells_rotation_and_the_service_that_manages_a_secret(
    ran: Runner, world: World
) -> None:
    world.make("db")
    world.aws.by_hand(
        "RotateSecret",
        SecretId="db",
        RotationLambdaARN="arn:aws:lambda:us-east-1:123456789012:function:turn",
        RotationRules={"AutomaticallyAfterDays": 9},
        RotateImmediately=False,
    )
    shown = ran("status", "db").out
    assert "every 9 days by arn:aws:lambda" in " ".join(shown.split())
    assert "Rotated next" in shown
    world.make("theirs", owner=None)
    world.aws.plant("theirs", OwningService="rds")
    assert "Managed by" in ran("status", "theirs").out


def test_status_without_the_right_to_list_versions_tells_the_rest(
    ran: Runner, world: World
) -> None:
    world.make("db")
    world.aws.deny("secretsmanager:ListSecretVersionIds")
    done = ran("status", "db", "--json")
    assert (done.code, done.json["secrets"][0]["versions"]) == (4, None)
    assert "secretsmanager:ListSecretVersionIds" in done.json["problems"][0]["text"]
    assert problems_of("status", done.json) == []


def test_status_in_two_regions_shows_both(ran: Runner, world: World) -> None:
    world.make("db")
    world.pending("db", region=REGIONS[1])
    done = ran("status", "db", "--region", REGIONS[0], "--region", REGIONS[1], "--json")
    states = [(each["region"], each["state"]) for each in done.json["secrets"]]
    assert states == [(REGIONS[0], "live"), (REGIONS[1], "pending deletion")]
