"""The examples of docs/operators.md and of the README: each runs, and ends as it says."""

from __future__ import annotations

import json
import re
import shlex
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from alarm.account import Account, account, forgotten
from cli import services
from cli.conftest import Runner, Typist, World
from cli.pages import PAGE, README, sections
from cli.services import Fault
from cli.terminal import on_a_terminal
from cli.test_help import COMMANDS
from emulation import crowd
from project import readme
from recoverable_secrets import cli
from recoverable_secrets.core import ownership

__all__ = ["account", "forgotten"]  # fixtures

PROGRAM = "recoverable-secrets"
HERE, THERE = "us-east-1", "eu-west-1"
FIRST, SECOND = (ownership.version_id(letter * 32) for letter in "ab")
README_PART = sections(README, "##")["For operators"]
ELSEWHERE = ["pulumi stack export --file prod.json"]
"""Lines of the page that are another program's."""


@dataclass(frozen=True)
class Example:
    """A line of a page.

    Attributes:
        line: As it stands there.
        code: The exit code that it says, or 0.
    """

    line: str
    code: int

    def words(self, variables: Mapping[str, str]) -> list[str]:
        """Return what the shell makes of our part of the line, without the program's name."""
        ours = re.split(r" [|>]", self.line.partition("  # ")[0])[0]
        program, *rest = shlex.split(string.Template(ours).substitute(variables))
        assert program == PROGRAM, self.line
        return rest


def examples(page: str) -> Iterator[Example]:
    """Yield the lines of the shell's blocks that are ours, in order."""
    for block in readme.blocks(page):
        if block.language == "crontab":
            lines = [line.split(" ", 5)[5] for line in block.text.splitlines()]
        else:
            assert block.language == "sh", block
            lines = block.text.splitlines()
        for line in lines:
            if line.startswith(f"{PROGRAM} "):
                found = re.search(r"  # exit code (\d+)", line)
                yield Example(line, int(found[1]) if found else 0)
            else:
                assert line.startswith("pip install ") or line in ELSEWHERE, line


def test_each_command_has_an_example_on_the_page() -> None:
    shown = {" ".join(each.line.split()[1:]) for each in examples(PAGE)}
    for path in COMMANDS:
        assert any(line.startswith(path) for line in shown), path


def owner(*parts: str) -> str:
    return ownership.owner(("pulumi", *parts), "urn")


@pytest.fixture
def stage(world: World, ran: Runner, types: Typist) -> World:
    """The secrets of which both pages tell; those of shop/stage were deleted on the last days."""
    shop = ("shop", "prod")
    world.make(
        "shop/prod/db", owner=owner(*shop, "db"), AddReplicaRegions=[{"Region": "eu-central-1"}]
    )
    done = ran("delete", "shop/prod/db", "--yes")
    assert done.code == 0, done.err
    world.pending("shop/prod/mail", region=THERE, owner=owner(*shop, "mail"))
    world.make("shop/prod/old", owner=owner(*shop, "old"))
    world.make("shop/prod/cache", owner=owner(*shop, "cache"))
    world.aws.by_hand("GetSecretValue", SecretId="shop/prod/cache")
    token = world.make("shop/prod/token", owner=owner(*shop, "token"), ClientRequestToken=FIRST)
    world.aws.by_hand("PutSecretValue", SecretId=token, SecretString="x", ClientRequestToken=SECOND)
    world.pending("shop/old/ftp", owner=owner("shop", "old", "ftp"))
    world.make("shop/dev/db", owner=owner("shop", "dev", "db"))
    crowd.plant(world.aws, 5, prefix="shop/stage/")
    return world


@pytest.fixture
def elsewhere(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[dict[str, str]]:
    """What the page's lines refer to: variables, a profile, a state, and other services."""
    config = tmp_path / "config"
    config.write_text("[profile prod]\naws_access_key_id = x\naws_secret_access_key = y\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.chdir(tmp_path)
    services.once(monkeypatch)
    missing = Fault("ResourceNotFoundException", "no such thing")
    trail = {"Name": "main", "HomeRegion": HERE, "TrailARN": "arn:aws:cloudtrail:x:1:trail/main"}
    selectors = [{"ReadWriteType": "All", "IncludeManagementEvents": True}]
    with services.serve() as (canned, variables):
        for name, url in variables.items():
            monkeypatch.setenv(name, url)
        canned.answers.update(
            {
                "iam:SimulatePrincipalPolicy": _allowed,
                "cloudformation:ListStackResources": Fault("ValidationError", "does not exist"),
                "cloudformation:ListStacks": {"StackSummaries": []},
                "cloudtrail:DescribeTrails": {"trailList": [trail]},
                "cloudtrail:GetTrailStatus": {"IsLogging": True},
                "cloudtrail:GetEventSelectors": {"EventSelectors": selectors},
                "cloudwatch:DescribeAlarms": {},
                "events:DescribeRule": missing,
                "events:ListTargetsByRule": missing,
                "logs:DescribeMetricFilters": {"metricFilters": []},
                "sns:GetTopicAttributes": Fault("NotFound", "no topic", 404),
                "sns:ListSubscriptionsByTopic": Fault("NotFound", "no topic", 404),
            }
        )
        arn = world.pending("shop/old/api", owner=owner("shop", "old", "api"))
        yield {"ARN": arn, "VERSION": SECOND, "CURRENT": FIRST}


def _allowed(params: dict[str, Any], _: str) -> dict[str, Any]:
    (arn,) = params["ResourceArns"]
    results = [
        {"EvalActionName": action, "EvalResourceName": arn, "EvalDecision": "allowed"}
        for action in params["ActionNames"]
    ]
    return {"EvaluationResults": results, "IsTruncated": False}


def _state(world: World, path: Path) -> None:
    """Write the state of shop/prod: it declares all that is live of it."""
    urn = "urn:pulumi:prod::shop::pulumi-python:dynamic/recoverable-secrets:Secret::"
    listed: list[dict[str, Any]] = [
        {"urn": "urn:pulumi:prod::shop::pulumi:pulumi:Stack::shop-prod"}
    ]
    for secret in world.aws.secrets():
        tag = secret.tags.get("recoverable-secrets:owner", "")
        outputs = {"owner": tag, "arn": secret.arn}
        listed.append({"urn": urn + secret.name, "id": secret.arn, "outputs": outputs})
    path.write_text(json.dumps({"version": 3, "deployment": {"resources": listed}}))


def answer(words: list[str]) -> str:
    """Return what somebody types who means it."""
    return words[1] if words[0] == "purge" else "y"


def test_the_examples_of_the_page_end_as_they_say(
    stage: World, elsewhere: dict[str, str], ran: Runner, types: Typist
) -> None:
    """One after another, as a reader runs them."""
    for example in examples(PAGE):
        words = example.words(elsewhere)
        if words[0] in {"alarm", "--install-completion"}:
            continue  # See below.
        if "--state" in words:
            _state(stage, Path("prod.json"))
        types(answer(words))
        done = ran(*words)
        assert done.code == example.code, (example.line, done.err)
        assert "hush-hush" not in done.out + done.err


@pytest.mark.usefixtures("account", "forgotten")
def test_the_examples_of_the_alarm_end_as_they_say(
    account: Account, types: Typist, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [each for each in examples(PAGE) if each.line.startswith(f"{PROGRAM} alarm")]
    assert len(lines) > 3
    for example in lines:
        types("y")
        assert cli.main(example.words({})) == example.code, (example.line, capsys.readouterr())


def test_the_completion_is_installed_as_the_page_says(world: World, tmp_path: Path) -> None:
    """Which shell is in use cannot be told here: it is said."""
    assert f"{PROGRAM} --install-completion" in [each.line for each in examples(PAGE)]
    env = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1", "HOME": str(tmp_path)}
    done = world.process("--install-completion", "bash", env=env)
    assert done.code == 0, done.err
    assert any(PROGRAM in path.read_text() for path in tmp_path.rglob("*") if path.is_file())


def test_the_lines_of_the_readme_end_as_they_say(stage: World) -> None:
    """Each as a process on a terminal, where somebody agrees."""
    lines = list(examples(README_PART))
    assert len(lines) >= 4
    for example in lines:
        words = example.words({})
        with on_a_terminal(stage.env, *words) as screen:
            if words[0] in {"restore", "delete"}:
                screen.wait_for("[y/N]")
                screen.type("y")
            code = screen.end()
        assert code == example.code, (example.line, screen.shown)
    assert stage.aws.secret("shop/prod/db").state == "live"
    assert stage.aws.secret("shop/prod/old").state == "pending"
