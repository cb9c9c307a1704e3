"""`alarm` in this process, over moto; as a process, over ministack, in tests/stacks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from alarm.account import (
    DENIED,
    GROUP,
    HOME,
    NOTHING,
    Account,
    Response,
    account,
    forgotten,
    response,
)
from cli.conftest import Ran, Typist
from cli.schema import problems_of
from recoverable_secrets import cli
from recoverable_secrets.stores import aws as store

__all__ = ["account", "forgotten"]  # fixtures

TEMPLATE = Path(__file__).parents[2] / "examples" / "09-access-alarm" / "template.yaml"
NAME = "recoverable-secrets-access-alarm"
EVENTS = ("install", "--way", "events")
TRAIL = ("install", "--way", "trail", "--log-group", GROUP)

Runner = Callable[..., Ran]


@pytest.fixture
def ran(
    account: Account, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Runner:
    """Run the command in this process, on a wide terminal, and check what it writes as JSON."""
    monkeypatch.setenv("COLUMNS", "150")

    def run(*arguments: str) -> Ran:
        capsys.readouterr()
        code = cli.main(["alarm", *arguments])
        done = Ran(code, *capsys.readouterr())
        if "--json" in arguments and arguments[0] != "show-template" and code != 2:
            assert problems_of(f"alarm {arguments[0]}", done.json) == []
        return done

    return run


@pytest.mark.parametrize("install", [EVENTS, TRAIL])
def test_installed_shown_and_removed(
    ran: Runner, account: Account, install: tuple[str, ...]
) -> None:
    done = ran(*install)
    assert (done.code, done.err) == (0, "")
    assert f"alarm {NAME} in {HOME}, way {install[2]}" in done.out
    assert done.out.count("put (was missing)") == (4 if install is EVENTS else 5)
    done = ran(*install)
    assert "put" not in done.out, "nothing to do"
    done = ran("status")
    assert (done.code, done.err) == (0, "")
    assert done.out.count(" ok") >= 4
    done = ran("remove", "--yes")
    assert (done.code, done.err) == (0, "")
    assert "removed (was ok)" in done.out
    assert account.names() == NOTHING
    done = ran("remove", "--yes")
    assert (done.code, done.out) == (0, "")
    assert f"note: {HOME} has no alarm {NAME}" in done.err


def test_another_way_takes_the_place_of_the_first(ran: Runner, account: Account) -> None:
    ran(*TRAIL, "--name", "x")
    ran(*EVENTS, "--name", "x", "--name-prefix", "shop/")
    assert account.names() == {**NOTHING, "topics": ["x"], "rules": ["x"]}
    (alarm,) = ran("status", "--name", "x", "--json").json["alarms"]
    assert alarm["name_prefix"] == "shop/"
    assert (alarm["way"], alarm["log_group_name"]) == ("events", None)
    assert alarm["topic_arn"] == f"arn:aws:sns:{HOME}:123456789012:x"
    assert alarm["owner"] == "recoverable-secrets alarm"
    assert {each["state"] for each in alarm["parts"]} == {"ok"}


def subscribed(account: Account) -> set[str]:
    found = account.client("sns").list_subscriptions()["Subscriptions"]
    return {each["Endpoint"] for each in found}


def test_what_people_subscribed_stays(ran: Runner, account: Account) -> None:
    """The command does not remember which addresses were its own."""
    ran(*EVENTS, "--email", "first@b.c")
    topic = f"arn:aws:sns:{HOME}:123456789012:{NAME}"
    sns = account.client("sns")
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="human@b.c")
    assert ran(*EVENTS, "--name-prefix", "shop/").code == 0
    assert ran(*TRAIL, "--email", "second@b.c").code == 0
    assert subscribed(account) == {"first@b.c", "human@b.c", "second@b.c"}
    assert ran("remove", "--yes").code == 0
    assert account.names() == NOTHING


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(TRAIL, EVENTS, id="another way"),
        pytest.param(EVENTS, TRAIL, id="and back"),
        pytest.param(TRAIL, (*TRAIL[:-1], "other"), id="another log group"),
    ],
)
def test_a_change_that_was_broken_off_is_told_and_ended(
    ran: Runner, account: Account, first: tuple[str, ...], second: tuple[str, ...]
) -> None:
    """The new parts are there, and the old ones still: as after any call of the removal."""
    account.client("logs").create_log_group(logGroupName="other")
    for end in (second, ("remove", "--yes")):
        assert ran(*first).code == 0
        heals = [
            account.refuses("cloudwatch", "DeleteAlarms"),
            account.refuses("logs", "DeleteMetricFilter"),
            account.refuses("events", "RemoveTargets"),
        ]
        assert ran(*second).code == 4
        for heal in heals:
            heal()
        done = ran("status", "--json")
        assert (done.code, len(done.json["alarms"])) == (6, 2)
        assert "was broken off" in done.err
        assert ran(*end).code == 0
        if end is second:
            assert ran("status").code == 0
            assert ran("remove", "--yes").code == 0
        assert account.names() == NOTHING


def test_what_goes_is_shown(ran: Runner, account: Account) -> None:
    ran(*TRAIL)
    for options, done in ((("--dry-run",), None), ((), "removed")):
        (alarm,) = ran(*EVENTS, *options, "--json").json["alarms"]
        told = {(each["kind"], each["name"]): each["done"] for each in alarm["parts"]}
        assert told["AWS::CloudWatch::Alarm", NAME] == done
        assert told["AWS::Logs::MetricFilter", NAME] == done


def test_a_filter_that_is_gone_is_seen_and_made_again(ran: Runner, account: Account) -> None:
    logs = account.client("logs")
    for names in ([NAME], [NAME, f"{NAME}-by-reader"]):
        ran(*TRAIL)
        for name in names:
            logs.delete_metric_filter(logGroupName=GROUP, filterName=name)
        done = ran("status", "--json")
        assert done.code == 6
        (alarm,) = done.json["alarms"]
        assert [each["name"] for each in alarm["parts"] if each["state"] == "missing"] == names
        assert ran(*TRAIL).code == 0
        assert (ran("status").code, len(account.names()["filters"])) == (0, 2)
    logs.delete_metric_filter(logGroupName=GROUP, filterName=NAME)
    assert ran("remove", "--yes").code == 0
    assert account.names() == NOTHING


@pytest.mark.parametrize(
    ("command", "operation", "says"),
    [
        pytest.param(EVENTS, "PutTargets", f"alarm {NAME} is perhaps half done in {HOME}"),
        pytest.param(("remove", "--yes"), "DeleteRule", "To go on, run the same command again"),
        pytest.param(("status",), "DescribeRule", "interrupted: nothing more was done"),
    ],
)
def test_ctrl_c(
    ran: Runner, account: Account, command: tuple[str, ...], operation: str, says: str
) -> None:
    def pressed(_service: str, called: str) -> Response | None:
        if called == operation:
            raise KeyboardInterrupt
        return None

    if command is not EVENTS:
        ran(*EVENTS)
    heal = account.intercepted(pressed)
    done = ran(*command)
    heal()
    assert (done.code, says in done.err) == (130, True), done.err
    assert ran(*command).code == 0


def test_a_dry_run_refuses_what_the_run_would(ran: Runner, account: Account) -> None:
    account.topic("x")
    assert ran(*EVENTS, "--name", "x", "--dry-run").code == 3


def test_a_dry_run_makes_and_removes_nothing(ran: Runner, account: Account) -> None:
    done = ran(*EVENTS, "--dry-run", "--json")
    assert (done.code, done.json["dry_run"], account.names()) == (0, True, NOTHING)
    (alarm,) = done.json["alarms"]
    assert {(each["state"], each["done"]) for each in alarm["parts"]} == {("missing", None)}
    ran(*EVENTS)
    done = ran("remove", "--dry-run", "--json")
    assert (done.code, done.json["dry_run"]) == (0, True)
    assert account.names()["rules"] == [NAME]


def test_status_finds_what_is_missing_and_changed(ran: Runner, account: Account) -> None:
    done = ran("status")
    assert done.code == 6
    assert f"{HOME} has no alarm {NAME}: `alarm install` makes one" in done.err
    assert ran("status", "--json").json["absent"] == [HOME]
    ran(*EVENTS)
    account.client("events").disable_rule(Name=NAME)
    account.client("events").remove_targets(Rule=NAME, Ids=["topic"])
    done = ran("status", "--json")
    assert done.code == 6
    (alarm,) = done.json["alarms"]
    states = {each["kind"]: each["state"] for each in alarm["parts"]}
    assert states["AWS::Events::Rule"] == "changed"
    assert states["AWS::Events::Rule Target"] == "missing"
    assert ran(*EVENTS).code == 0
    assert ran("status").code == 0


def test_several_regions(ran: Runner, account: Account) -> None:
    """One that fails does not stop the others."""
    regions = ("--region", "eu-west-1", "--region", HOME)
    made: list[str] = []

    def second(_service: str, operation: str) -> Response | None:
        made.extend([operation] if operation == "CreateTopic" else [])
        return response(403, {"Error": DENIED}) if made[1:] else None

    heal = account.intercepted(second)
    done = ran(*EVENTS, *regions, "--json")
    heal()
    assert done.code == 4
    assert [each["region"] for each in done.json["alarms"]] == ["eu-west-1"]
    (problem,) = done.json["problems"]
    assert problem["region"] == HOME
    assert problem["text"].startswith("CreateTopic of ")
    assert "it needs sns:CreateTopic and sns:TagResource" in problem["text"]
    done = ran("remove", "--yes", *regions)
    assert done.code == 0


@pytest.mark.parametrize("command", [EVENTS, ("status",), ("remove", "--yes")])
@pytest.mark.usefixtures("_no_waiting")
def test_trouble_has_its_exit_code(
    ran: Runner, account: Account, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    ran(*EVENTS, "--name-prefix", "first/")
    account.refuses("events", "DescribeRule", "ThrottlingException")
    done = ran(*command)
    assert done.code == 5
    assert "run again later" in done.err
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    store.open_store.cache_clear()
    done = ran(*command)
    assert done.code == 4
    assert "no usable AWS credentials" in done.err
    store.open_store.cache_clear()


def test_removal_is_confirmed(ran: Runner, account: Account, types: Typist) -> None:
    ran(*EVENTS)
    done = ran("remove")
    assert (done.code, account.names()["rules"]) == (2, [NAME]), "nobody to ask"
    types("n")
    done = ran("remove")
    assert (done.code, account.names()["rules"]) == (3, [NAME])
    assert "not confirmed: nothing was removed" in done.err
    types("y")
    assert (ran("remove").code, account.names()) == (0, NOTHING)


def test_what_others_made_is_refused(ran: Runner, account: Account) -> None:
    topic = account.topic("x")
    done = ran(*EVENTS, "--name", "x")
    assert (done.code, account.names()["rules"]) == (3, [])
    done = ran("remove", "--yes", "--name", "x")
    assert (done.code, account.names()["topics"]) == (3, ["x"])
    assert "belongs to something else" in done.err
    tags = [{"Key": "recoverable-secrets:owner", "Value": "pulumi/shop/prod/alarm"}]
    account.client("sns").tag_resource(ResourceArn=topic, Tags=tags)
    done = ran("remove", "--yes", "--name", "x")
    assert (done.code, account.names()["topics"]) == (3, ["x"])
    assert "belongs to pulumi/shop/prod/alarm, not to this command" in done.err


def test_a_given_topic_is_warned_of_and_stays(ran: Runner, account: Account) -> None:
    topic = account.topic()
    done = ran(*EVENTS, "--topic", topic)
    assert done.code == 0
    assert "warning: the policy of topic" in done.err
    assert ran("remove", "--yes").code == 0
    assert account.names() == {**NOTHING, "topics": ["ops"]}


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("install",), "--way"),
        (("install", "--way", "both"), "both"),
        (("install", "--way", "trail"), "log_group_name is needed"),
        ((*EVENTS, "--email", "nobody"), "email must be a list"),
        ((*EVENTS, "--name-prefix", "*"), "name_prefix must have"),
        ((*EVENTS, "--topic", "ops"), "topic_arn must be"),
    ],
)
def test_wrong_input(ran: Runner, arguments: tuple[str, ...], problem: str) -> None:
    done = ran(*arguments)
    assert done.code == 2
    assert problem in done.err


def test_the_template(ran: Runner) -> None:
    done = ran("show-template")
    assert (done.code, done.out) == (0, TEMPLATE.read_text(encoding="utf-8"))
    assert set(ran("show-template", "--json").json["Resources"]) >= {"Alarm", "Rule", "Topic"}


@pytest.mark.parametrize("command", ["install", "status", "remove", "show-template"])
def test_each_command_has_help_with_examples(ran: Runner, command: str) -> None:
    done = ran(command, "--help")
    assert done.code == 0
    assert f"recoverable-secrets alarm {command}" in done.out
