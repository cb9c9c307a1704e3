"""What is written for operators: each command, option, exit code and permission, both ways."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable
from typing import Any

import pytest
from tools import pictures

from cli.conftest import Runner, Typist, World
from cli.pages import PAGE, PARTS, REFERENCE, rows
from cli.test_help import COMMANDS
from recoverable_secrets.cli import exits, needs, where
from recoverable_secrets.cli.findings import For
from recoverable_secrets.core import decide, facts, ownership, plan
from recoverable_secrets.core.model import Spec
from recoverable_secrets.core.policy import Adopt, Policy
from recoverable_secrets.stores import limits

FIRST, SECOND = (ownership.version_id(letter * 32) for letter in "ab")


# Commands and options -------------------------------------------------------------------------


def spelt(parameter: Any) -> frozenset[str]:
    """Return what is typed for an argument or an option."""
    if parameter.param_type_name == "argument":
        return frozenset({parameter.metavar})
    return frozenset([*parameter.opts, *parameter.secondary_opts])


def meanings(parameters: Iterable[Any]) -> dict[frozenset[str], str]:
    """Return what a page should say of parameters."""
    return {spelt(each): each.help for each in parameters}


def told(heading: str) -> dict[frozenset[str], str]:
    """Return what the page says of parameters under a heading, defaults left out."""
    return {
        frozenset(code.split()[0] for code in re.findall("`([^`]+)`", names)): re.sub(
            r" Default: \S+\.$", "", text
        )
        for names, text in rows(REFERENCE[heading])
    }


def test_the_reference_names_the_commands_that_there_are() -> None:
    assert list(REFERENCE) == ["Exit codes", "Options of all commands", *COMMANDS]


@pytest.mark.parametrize("path", COMMANDS)
def test_a_command_and_its_options_are_told_as_its_help_tells_them(path: str) -> None:
    """Both ways: nothing is missing, and nothing is told that is not there."""
    command = COMMANDS[path]
    assert told(path) == meanings(x for x in command.params if x.name not in where.COMMON)
    assert command.help in REFERENCE[path]


def test_the_options_of_all_commands_are_told() -> None:
    common = [each for each in COMMANDS["pending"].params if each.name in where.COMMON]
    assert told("Options of all commands") == meanings(common)


def test_each_exit_code_is_told() -> None:
    codes = {int(code): text for code, text in rows(PARTS["JSON and exit codes"])}
    assert set(codes) == set(exits.Exit)
    found = {name for name in COMMANDS if name.split()[0] in {"orphans", "doctor"}}
    assert all(f"`{name}`" in codes[exits.Exit.FOUND] for name in found)


def test_the_page_says_what_is_there_at_its_head() -> None:
    listed = re.findall(r"^- \[(.+)\]\(#(.+)\)$", PAGE, re.MULTILINE)
    assert [name for name, _ in listed] == list(PARTS)
    for name, anchor in listed:
        assert anchor == re.sub(r"[^a-z -]", "", name.lower()).replace(" ", "-")


# Permissions ----------------------------------------------------------------------------------


GRANTED = {
    row[0].strip("`"): [
        name if ":" in name else f"secretsmanager:{name}"
        for cell in row[1:]
        for name in re.findall("`([a-z]*:?[A-Z][A-Za-z]+)`", cell)
    ]
    for row in rows(PARTS["Permissions"])
}
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:rotate"
USES = {
    "pending": ["pending"],
    "status": ["status whole"],
    "restore": ["restore gone --yes", "restore --all --yes"],
    "delete": ["delete whole --yes"],
    "purge": ["purge whole"],
    "versions": ["versions list whole", "versions rollback whole --yes"],
    "owner": ["owner show whole", "owner set team-blue whole --yes", "owner clear whole --yes"],
    "orphans": ["orphans --no-cloudformation"],
}
MILD = {("purge", "secretsmanager:ListSecretVersionIds")}
"""What is left out where it is not allowed."""

CASES = [
    (command, missing)
    for command, actions in GRANTED.items()
    for missing in [None, *dict.fromkeys(actions)]
    if not (missing or "").startswith("cloudformation:")
]


def _whole(world: World, name: str) -> str:
    """Make a secret with two versions, a replica and rotation."""
    arn = world.make(name, ClientRequestToken=FIRST, AddReplicaRegions=[{"Region": "eu-central-1"}])
    world.aws.by_hand("PutSecretValue", SecretId=arn, SecretString="x", ClientRequestToken=SECOND)
    rotation = {"RotationLambdaARN": FUNCTION, "RotationRules": {"AutomaticallyAfterDays": 30}}
    world.aws.by_hand("RotateSecret", SecretId=arn, RotateImmediately=False, **rotation)
    return arn


def test_the_table_of_permissions_has_all_commands() -> None:
    assert {*GRANTED, "doctor", "alarm"} == {path.split()[0] for path in COMMANDS}
    assert set(USES) == set(GRANTED)


@pytest.mark.parametrize(("command", "missing"), CASES)
def test_a_command_needs_the_permissions_that_the_page_tells_and_no_others(
    world: World, ran: Runner, types: Typist, command: str, missing: str | None
) -> None:
    """With all of them it does its work; with one less it fails, and names that one."""
    _whole(world, "whole")
    _whole(world, "gone")
    done = ran("delete", "gone", "--yes")
    assert done.code == 0, done.err
    world.aws.allow_only({*GRANTED[command], "lambda:InvokeFunction"} - {missing})
    codes, said = [], ""
    for line in USES[command]:
        types("whole")
        done = ran(*line.split())
        codes.append(done.code)
        said += done.err
    if missing is None or (command, missing) in MILD:
        assert set(codes) == {0}, said
    else:
        assert exits.Exit.DENIED in codes, said
        assert missing in said


def test_the_page_grants_what_doctor_checks() -> None:
    checked = {
        action for need in needs.NEEDS if need.area is For.COMMANDS for action in need.actions
    }
    granted = {action for actions in GRANTED.values() for action in actions}
    assert checked - granted == {"lambda:InvokeFunction", "iam:PassRole"}, "told below the table"
    assert granted <= checked
    for action in checked - granted:
        assert f"`{action}`" in PARTS["Permissions"]


# What becomes of a secret that was handed over ----------------------------------------------------

OLD, NEW = "pulumi/shop/old/db:0123456789abcdef", "pulumi/shop/new/db:0123456789abcdef"
STACK = "cloudformation/shop/Db:0123456789abcdef"
HANDED = {row[0]: row[1:] for row in rows(PARTS["Whose is it?"])}


@pytest.mark.parametrize(
    ("row", "before", "after", "teardown"),
    [
        ("`set`", OLD, NEW, "leaves the secret alone"),
        ("`clear`, of a Pulumi stack", OLD, None, "still schedules its deletion"),
        ("`clear`, of a CloudFormation stack", STACK, None, "leaves the secret alone"),
    ],
)
def test_both_stacks_do_what_the_page_tells(
    row: str, before: str, after: str | None, teardown: str
) -> None:
    tags = {ownership.OWNER: after} if after else {}
    secret = facts.Secret(name="db", id="arn:db", tags=tags)
    memory = facts.Memory(id="arn:db", owner=before)
    mandate = facts.Mandate.DEPUTY if before == STACK else facts.Mandate.OWN

    def decided(wanted: facts.Wanted, adopt: str = "no") -> plan.Decision:
        policy = Policy(adopt=Adopt(adopt))
        seen = facts.Present(secret=secret, confirmed=True)  # A deputy would look twice.
        return decide.decide(seen, wanted, policy, limits.AWS)

    spec = Spec(description="another")
    kept = facts.Kept(
        name="db",
        spec=spec,
        owner=before,
        instance="1",
        version=FIRST,
        memory=memory,
        mandate=mandate,
    )
    assert isinstance(decided(kept), plan.Refusal)
    assert "is refused" in HANDED[row][0] or HANDED[row][0] == "the same"
    gone = decided(facts.Gone(name="db", owner=before, memory=memory, mandate=mandate))
    assert isinstance(gone, plan.Plan)
    assert bool(gone.actions) is teardown.startswith("still schedules")
    assert HANDED[row][1].startswith(teardown)
    new = dataclasses.replace(kept, owner=NEW, memory=None, mandate=facts.Mandate.OWN)
    assert isinstance(decided(new), plan.Plan if after else plan.Refusal)
    assert isinstance(decided(new, "unowned"), plan.Plan)


# Pictures -------------------------------------------------------------------------------------


def test_the_pictures_are_those_of_real_runs() -> None:
    """They are made anew; `make pictures` does it where the command writes something else."""
    drawn = pictures.pictures()
    assert {path: path.read_text() for path in pictures.FOLDER.iterdir()} == drawn
    for path in drawn:
        assert f"](pictures/{path.name})" in PAGE


def test_a_picture_loads_nothing_from_elsewhere() -> None:
    for path in pictures.FOLDER.iterdir():
        assert not re.findall(r"url\((?!#)|href|@import|<script", path.read_text())
