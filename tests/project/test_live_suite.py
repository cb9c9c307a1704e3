"""The live suite, with a second double in the place of AWS: over HTTP, by the usual variables."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tools import live_aws

import emulation
import live
from emulation import faults
from live import compare, leftovers
from project.planted_rows import PLANTED

ROOT = Path(__file__).resolve().parent.parent.parent
REGION, FAR = "eu-central-1", "us-east-1"
OLD = f"{leftovers.PREFIX}01234567/001"

Play = Callable[..., tuple[int, str]]


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[emulation.Aws]:
    """What plays AWS, with this process's variables leading to it; opted in."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "RECOVERABLE_"))]:
        monkeypatch.delenv(name)
    double = emulation.Aws(clock=emulation.Clock(), region=REGION)
    with double.serve() as url:
        settings = {
            "AWS_ENDPOINT_URL_SECRETS_MANAGER": url,
            "AWS_ENDPOINT_URL_STS": url,
            "AWS_ACCESS_KEY_ID": "AKIALIVE",
            "AWS_SECRET_ACCESS_KEY": "none",
            "AWS_REGION": REGION,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            live_aws.VARIABLE: "yes",
        }
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        yield double


@pytest.fixture
def play(aws: emulation.Aws, capsys: pytest.CaptureFixture[str]) -> Play:
    """Run the suite in this process; returns its exit code and what it printed, on one line."""

    def run(*arguments: str, **options: Any) -> tuple[int, str]:
        options.setdefault("pause", lambda seconds: aws.clock.advance(seconds=seconds))
        code = live_aws.main(arguments, **options)
        return code, " ".join(capsys.readouterr().out.split())

    return run


def left(aws: emulation.Aws) -> list[str]:
    """Return the names of all secrets that are live or pending."""
    return sorted({one.name for one in aws.secrets() if one.state in {"live", "pending"}})


def test_no_difference_and_nothing_left(aws: emulation.Aws, play: Play) -> None:
    """Every row, the slow ones too; "AWS" is another double, so nothing may differ."""
    code, text = play("--slow")
    assert code == live_aws.SAME
    playable = [row for row in live.ROWS if row.play is not None]
    findings = sum(row.knob is not None for row in playable)
    counted = f"{len(playable) - findings} same, {findings} finding, "
    assert counted + f"{len(live.ROWS) - len(playable)} skipped" in text
    assert left(aws) == []
    created = [one.parameters for one in aws.calls if one.action == "CreateSecret"]
    assert len(created) > 150
    run = {name[: len(OLD) - 3] for name in (one["Name"] for one in created)}
    assert len(run) == 1, "one random prefix for the whole run"
    assert leftovers.RUN.fullmatch(run.pop())
    elsewhere = {"GetRandomPassword", "ValidateResourcePolicy"}
    elsewhere |= {"AssumeRole", "GetCallerIdentity", "DescribeKey", "GetParameter"}
    assert set(emulation.PERMISSIONS) - elsewhere <= set(aws.actions()), "each call has a row"


def test_every_open_question_has_a_row() -> None:
    """A knob of the double that no row asks about would stay a guess for ever."""
    answers = set(emulation.Behaviour.__annotations__)
    times = {one for one in answers if one.endswith("_seconds")}
    assert {row.knob for row in live.ROWS if row.knob} == answers - times


def test_rows_that_wait_are_skipped_with_their_reason(aws: emulation.Aws, play: Play) -> None:
    """Without --slow nothing waits and no replica is made."""
    code, text = play("--only", "replica")
    assert code == live_aws.SAME
    assert "makes a replica, waits up" in text
    assert "needs a second account" in text
    regions = {one.region for one in aws.calls if one.action == "CreateSecret"}
    assert regions <= {REGION}
    assert not [one for one in aws.secrets() if one.replicas]


def test_titles_are_unique() -> None:
    """A title in the table means one row."""
    titles = [row.title for row in live.ROWS]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize(
    ("knob", "other"),
    [
        (knob, choice)
        for knob in sorted({row.knob for row in live.ROWS if row.knob and row.play})
        for choice in compare.choices(knob)
        if choice != getattr(emulation.Behaviour(), knob)
    ],
)
def test_an_open_question_that_aws_answers_otherwise(
    aws: emulation.Aws, play: Play, knob: str, other: object
) -> None:
    """It is a finding, which says how to set the double; no difference."""
    setattr(aws.behaviour, knob, other)
    rows = [row for row in live.ROWS if row.knob == knob][:2]
    code, text = play("--slow", rows=rows)
    assert code == live_aws.SAME
    now = getattr(emulation.Behaviour(), knob)
    assert f"finding {knob} = {other!r}, where the double has {now!r}" in text


def refusal(action: str, message: str, code: str = "InvalidRequestException") -> faults.Error:
    """Return a fault: every such call is answered by this error."""
    return faults.Error(action, times=None, code=code, message=message)


MARKED = "You can't perform this operation on the secret because it was marked for deletion."


def another_code(aws: emulation.Aws) -> None:
    aws.inject(refusal("UntagResource", "no"))


def another_answer(aws: emulation.Aws) -> None:
    aws.behaviour.reserved_seconds = 0


def another_state(aws: emulation.Aws) -> None:
    def restored(request: emulation.Request) -> None:
        aws.by_hand("RestoreSecret", SecretId=request.parameters["SecretId"], region=REGION)

    aws.hook("DeleteSecret", "after", restored)


def no_side_of_the_question(aws: emulation.Aws) -> None:
    aws.inject(refusal("RestoreSecret", "no", code="InternalServiceSurprise"))


def other_words_of_a_quoted_text(aws: emulation.Aws) -> None:
    aws.inject(refusal("TagResource", MARKED.upper()))


@pytest.mark.parametrize(
    ("plant", "only", "title"),
    [
        pytest.param(another_code, "UntagResource on live", "UntagResource on live", id="code"),
        pytest.param(another_answer, "on purging", "CreateSecret on purging", id="behaviour"),
        pytest.param(another_state, "neither force", "DeleteSecret, neither force", id="state"),
        pytest.param(
            no_side_of_the_question, "RestoreSecret on live", "no setting of", id="open question"
        ),
        pytest.param(
            other_words_of_a_quoted_text, "TagResource on pending", MARKED.upper(), id="words"
        ),
    ],
)
def test_a_planted_difference_is_found(
    aws: emulation.Aws,
    play: Play,
    plant: Callable[[emulation.Aws], None],
    only: str,
    title: str,
) -> None:
    """Exit code 1, and both answers are shown."""
    plant(aws)
    code, text = play("--only", only)
    assert code == live_aws.DIFFERENT
    told = text.partition("DIFFERENT ")[2]
    assert title in text
    assert "| AWS: " in told
    assert "| double: " in told
    aws.heal()
    assert left(aws) == []


def test_other_words_where_nobody_knows_the_text(aws: emulation.Aws, play: Play) -> None:
    """They are shown, so that the double can learn them, and are no difference."""
    aws.inject(refusal("RotateSecret", "You need a function."))
    code, text = play("--only", "RotateSecret on live")
    assert code == live_aws.SAME
    assert "1 same, other words" in text
    assert "AWS: InvalidRequestException: You need a function." in text


def test_what_the_caller_may_not_do_is_no_difference(aws: emulation.Aws, play: Play) -> None:
    """It says nothing about the double; if nothing at all was allowed, nothing was checked."""
    aws.deny("secretsmanager:UntagResource")
    code, text = play("--only", "tag")
    assert (code, "not allowed AccessDeniedException (UntagResource on live" in text) == (0, True)
    aws.deny("secretsmanager:CreateSecret")
    code, text = play("--only", "UntagResource on live")
    assert code == live_aws.UNABLE
    assert "AWS: CreateSecret: AccessDeniedException" in text


def test_a_row_that_raises_is_reported_and_cleaned_up(aws: emulation.Aws, play: Play) -> None:
    """The other rows are played all the same."""
    chosen = [PLANTED["breaks off"], PLANTED["is fine"]]
    code, text = play(rows=chosen)
    assert code == live_aws.DIFFERENT
    assert "AWS: RuntimeError: in the middle (breaks off)" in text
    assert "1 same, 1 BROKEN" in text
    assert len([one for one in aws.calls if one.action == "CreateSecret"]) == 5
    assert left(aws) == []


def test_ctrl_c_cleans_up(aws: emulation.Aws, play: Play) -> None:
    """What was played so far is shown; the rest is not played."""
    chosen = [PLANTED["is fine"], PLANTED["is interrupted"], PLANTED["breaks off"]]
    code, text = play(rows=chosen)
    assert code == live_aws.INTERRUPTED
    assert "is fine" in text
    assert "breaks off" not in text
    assert left(aws) == []


def test_a_lost_answer_is_cleaned_up(aws: emulation.Aws, play: Play) -> None:
    """Names are noted before they are created."""
    aws.inject(faults.LostResponse("CreateSecret", times=1))
    aws.inject(refusal("CreateSecret", "no", code="SurpriseException"))
    assert play(rows=[PLANTED["runs into a lost answer"]])[0] == live_aws.DIFFERENT
    assert left(aws) == []


def test_others_secrets_are_never_touched(aws: emulation.Aws, play: Play) -> None:
    """A call without the prefix is refused before it is sent, and the row says so."""
    aws.by_hand("CreateSecret", Name="production/db", SecretString="v")
    before = aws.secret("production/db")
    code, text = play(rows=[PLANTED["goes astray"], PLANTED["lists everything"]])
    assert code == live_aws.DIFFERENT
    assert "Untouchable: DeleteSecret of production/db" in text
    assert "Untouchable: ListSecrets" in text
    assert aws.secret("production/db") == before
    assert set(aws.actions()) == {"ListSecrets"}, "the look for leftovers, under the prefix"


def test_leftovers_are_told_and_deleted_on_demand(aws: emulation.Aws, play: Play) -> None:
    """Those of earlier runs only: the prefix with eight random digits and a slash."""
    kept = ["production/db", f"{leftovers.PREFIX}notes", f"{leftovers.PREFIX}0123456/short"]
    add = [{"Region": FAR}]
    for name in [*kept, OLD, f"{OLD}-pending"]:
        aws.by_hand("CreateSecret", Name=name, SecretString="v", AddReplicaRegions=add)
    pending = {"SecretId": f"{OLD}-pending"}
    aws.by_hand("RemoveRegionsFromReplication", **pending, RemoveReplicaRegions=[FAR])
    aws.by_hand("DeleteSecret", **pending)
    aws.by_hand("CreateSecret", Name=f"{OLD}-far", region=FAR)
    code, text = play(rows=[PLANTED["is fine"]])
    assert (code, f"3 secrets of earlier runs are left, such as {OLD}" in text) == (0, True)
    assert "--clean-up" in text
    assert len(left(aws)) == len(kept) + 3
    code, text = play("--clean-up")
    assert (code, left(aws)) == (live_aws.SAME, sorted(kept))
    assert f"left: {OLD}-far in {FAR}" in text
    assert aws.secret(kept[0]).replicas, "not even a replica of theirs"
    assert "are left" not in play(rows=[PLANTED["is fine"]])[1]


def test_without_the_right_to_list(aws: emulation.Aws, play: Play) -> None:
    """What this run made is known and deleted all the same; leftovers are not."""
    aws.deny("secretsmanager:ListSecrets")
    code, text = play("--only", "CreateSecret on live")
    assert (code, left(aws)) == (live_aws.SAME, [])
    assert "What earlier runs left is unknown: " in text
    assert play("--clean-up")[0] == live_aws.UNABLE


def test_what_cannot_be_deleted_is_said(aws: emulation.Aws, play: Play) -> None:
    """Exit code 1, and how to try again; the others are deleted."""
    at_first = refusal("DeleteSecret", "not now")
    at_first.times = 1
    aws.inject(at_first)
    code, text = play(rows=[PLANTED["is fine"], PLANTED["is fine"]])
    assert code == live_aws.DIFFERENT
    assert "NOT DELETED: " in text
    assert "--clean-up" in text
    assert len(left(aws)) == 1


@pytest.mark.parametrize("given", [None, "no", "1", ""])
def test_it_refuses_unless_asked_for(
    aws: emulation.Aws, play: Play, monkeypatch: pytest.MonkeyPatch, given: str | None
) -> None:
    """Exit code 2, nothing called; it says what it would do, what that costs, and how."""
    monkeypatch.delenv(live_aws.VARIABLE)
    if given is not None:
        monkeypatch.setenv(live_aws.VARIABLE, given)
    for arguments in ([], ["--clean-up"]):
        code, text = play(*arguments)
        assert (code, aws.calls) == (live_aws.UNABLE, [])
        assert f"{live_aws.VARIABLE}=yes make live-aws" in text
        assert f"{leftovers.PREFIX}<random>/" in text
        assert "costs less than a dollar" in text


def test_without_credentials(
    aws: emulation.Aws, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 2, with the SDK's reason."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    code, text = play()
    assert code == live_aws.UNABLE
    assert "AWS cannot be asked: " in text
    assert "credentials" in text
    assert aws.calls == []


def test_with_credentials_that_expired(aws: emulation.Aws, play: Play) -> None:
    """Exit code 2, nothing made."""
    aws.expire()
    code, text = play()
    assert (code, aws.actions()) == (live_aws.UNABLE, [])
    assert "ExpiredToken" in text


def test_without_a_region(aws: emulation.Aws, play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 2."""
    monkeypatch.delenv("AWS_REGION")
    code, text = play()
    assert (code, aws.actions()) == (live_aws.UNABLE, [])
    assert "region" in text


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_process_cleans_up_when_it_is_ended(aws: emulation.Aws, number: signal.Signals) -> None:
    """As users run it, ended from outside in the middle of a row."""
    command = [sys.executable, "-m", "tools.live_aws", "--settle", "0"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    aws.hook("CreateSecret", "after", lambda _: process.send_signal(number), nth=5)
    try:
        out, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == live_aws.INTERRUPTED, out
    created = [one for one in aws.calls if one.action == "CreateSecret"]
    assert 5 <= len(created) < 20, "it ended early"
    assert left(aws) == []


def test_make_runs_it() -> None:
    """`make live-aws` is what the texts name."""
    told = subprocess.run(
        ["make", "--no-print-directory", "-n", "live-aws"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.rstrip().endswith("-m tools.live_aws")
