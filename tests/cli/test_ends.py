"""How a command ends that cannot do what it should: a clear sentence, and the right exit code."""

from __future__ import annotations

import itertools

import pytest

from cli.conftest import REGIONS, Runner, World
from cli.schema import problems_of
from emulation import faults
from recoverable_secrets.cli import exits
from recoverable_secrets.cli.exits import Exit
from recoverable_secrets.core import errors

ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-a1B2c3"
READING = (("pending",), ("status", "db"), ("versions", "list", "db"), ("owner", "show", "db"))
CHANGING = (
    ("restore", "db", "--yes"),
    ("delete", "db", "--yes"),
    ("purge", ARN, "--yes"),
    ("versions", "rollback", "db", "--yes"),
    ("owner", "clear", "db", "--yes"),
)
ALL = (*READING, *CHANGING)


def words(arguments: tuple[str, ...]) -> str:
    return " ".join(arguments[:2])


@pytest.mark.parametrize("arguments", ALL, ids=words)
def test_no_credentials(
    ran: Runner, world: World, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    done = ran(*arguments)
    assert (done.code, world.aws.calls) == (4, [])
    assert "no usable AWS credentials" in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("arguments", ALL, ids=words)
def test_a_profile_that_does_not_exist(
    ran: Runner, world: World, arguments: tuple[str, ...]
) -> None:
    done = ran(*arguments, "--profile", "nobody")
    assert (done.code, world.aws.calls) == (4, [])
    assert "the AWS profile was not found" in done.err


@pytest.mark.parametrize("arguments", [("pending",), ("status", "db")], ids=words)
def test_no_region(
    ran: Runner, world: World, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.delenv("AWS_REGION")
    done = ran(*arguments, "--json")
    assert (done.code, world.aws.calls) == (2, [])
    assert "no region" in done.err
    assert problems_of("any that ends early", done.json) == []


def test_a_full_arn_needs_no_region(
    ran: Runner, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = world.pending("db", region=REGIONS[1])
    monkeypatch.delenv("AWS_REGION")
    assert ran("restore", arn, "--yes").code == 0
    assert world.aws.secret("db", region=REGIONS[1]).state == "live"


@pytest.mark.parametrize("arguments", ALL, ids=words)
def test_a_permission_is_missing(ran: Runner, world: World, arguments: tuple[str, ...]) -> None:
    world.make("db")
    world.aws.allow_only(["sts:*"])
    done = ran(*arguments)
    action = "ListSecrets" if arguments == ("pending",) else "DescribeSecret"
    assert done.code == 4
    assert f"secretsmanager:{action}" in done.err
    assert "Grant it" in done.err


@pytest.mark.parametrize(
    ("fault", "code", "told"),
    [
        pytest.param(faults.Throttle(times=None), 5, "run again later", id="throttled"),
        pytest.param(faults.InternalError(times=None), 5, "run again later", id="a failure"),
        pytest.param(faults.ConnectionReset(times=None), 5, "got no answer", id="unreachable"),
        pytest.param(faults.ExpiredToken(times=None), 4, "Renew them", id="expired"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("arguments", [("pending",), ("restore", "db", "--yes")], ids=words)
def test_a_service_that_does_not_answer(
    ran: Runner,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    fault: faults.Fault,
    code: int,
    told: str,
    arguments: tuple[str, ...],
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    world.pending("db")
    world.aws.inject(fault)
    done = ran(*arguments)
    assert done.code == code
    assert told in done.err
    world.aws.heal()
    assert ran(*arguments).code == 0  # Nothing is left behind that would keep it from working.


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        pytest.param(("restore", "a*"), "patterns are not taken", id="a pattern"),
        pytest.param(("restore", "a b"), "is no name", id="a space"),
        pytest.param(("purge", ARN[:-7]), "is no full ARN", id="a part of an ARN"),
        pytest.param(("status", "arn:aws:sqs:us-east-1:1:q"), "is no full ARN", id="another ARN"),
        pytest.param(
            ("status", ARN, "--region", "eu-west-1"), "not in --region", id="ARN elsewhere"
        ),
        pytest.param(
            ("pending", "--all-regions", "--region", "eu-west-1"), "exclude each other", id="both"
        ),
        pytest.param(("pending", "--name-prefix", "a*"), "the prefix of names", id="prefix"),
        pytest.param(("pending", "--region", "US East"), "is no region", id="region"),
        pytest.param(("pending", "--within", "-1"), "--within", id="negative days"),
        pytest.param(("pending", "--nope"), "No such option", id="unknown option"),
        pytest.param(("nope",), "No such command", id="unknown command"),
        pytest.param(("versions",), "Usage", id="nothing said"),
        pytest.param(("delete",), "Missing argument", id="no name"),
    ],
)
def test_wrong_input_makes_no_call(
    ran: Runner, world: World, arguments: tuple[str, ...], told: str
) -> None:
    done = ran(*arguments)
    assert (done.code, world.aws.calls) == (2, [])
    assert told in done.err + done.out


def test_all_wrong_names_are_said_at_once(ran: Runner, world: World) -> None:
    done = ran("restore", "a*", ARN[:-7], "fine", "--yes")
    assert (done.code, len(done.err.splitlines()), world.aws.calls) == (2, 2, [])


def test_a_name_that_does_not_exist_is_said_and_the_rest_is_done(ran: Runner, world: World) -> None:
    world.pending("db")
    done = ran("restore", "nope", "db", "--yes", "--json")
    assert (done.code, world.aws.secret("db").state) == (2, "live")
    assert done.json["problems"][0]["secret"] == "nope"


def test_a_region_that_cannot_tell_proves_no_absence(ran: Runner, world: World) -> None:
    world.aws.deny("secretsmanager:DescribeSecret")
    done = ran("status", "db", "--region", REGIONS[0], "--region", REGIONS[1])
    assert done.code == 4
    assert "there is no secret" not in done.err


def test_another_account_is_looked_into_with_its_role(ran: Runner, world: World) -> None:
    world.aws.by_hand("CreateSecret", account="999988887777", Name="theirs", SecretString="x")
    role = "arn:aws:iam::999988887777:role/operator"
    done = ran("status", "theirs", "--role-arn", role, "--json")
    assert done.code == 0, done.err
    assert ":999988887777:" in done.json["secrets"][0]["arn"]
    assert "AssumeRole" in world.aws.actions("sts")


def test_a_fault_of_ours_is_one_line_without_its_text(
    ran: Runner, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError("hush-hush")

    monkeypatch.setattr("recoverable_secrets.stores.aws_inventory.AwsInventory.pages", broken)
    done = ran("pending", "--json")
    assert done.code == 1
    assert "hush-hush" not in done.err + done.out
    assert done.err.startswith("error: a fault of recoverable-secrets itself: ValueError at ")
    assert len(done.err.splitlines()) == 1


def test_ctrl_c_before_anything_is_changed(
    ran: Runner, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pressed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("recoverable_secrets.stores.aws_inventory.AwsInventory.pages", pressed)
    done = ran("pending")
    assert (done.code, done.err) == (130, "error: interrupted: nothing more was done\n")


def test_every_error_has_an_exit_code() -> None:
    kinds: list[type[errors.RecoverableSecretsError]] = [
        errors.InvalidInput, errors.Refused, errors.AccessDenied, errors.Temporary,
        errors.OutOfTime, errors.StoreError,
    ]  # fmt: skip
    samples = [kind(*(["x", "y"] if kind is errors.StoreError else ["x"])) for kind in kinds]
    assert [int(exits.of(sample)) for sample in samples] == [2, 3, 4, 5, 5, 1]


@pytest.mark.parametrize(
    ("codes", "together"),
    [
        ((), Exit.DONE),
        ((Exit.DONE, Exit.DONE), Exit.DONE),
        ((Exit.DENIED, Exit.DONE), Exit.DENIED),
        ((Exit.DENIED, Exit.DENIED), Exit.DENIED),
        ((Exit.DENIED, Exit.LATER), Exit.FAILED),
        ((Exit.DENIED, Exit.FOUND), Exit.FOUND),
        ((Exit.INTERRUPTED, Exit.FOUND), Exit.INTERRUPTED),
    ],
)
def test_several_ends_make_one(codes: tuple[Exit, ...], together: Exit) -> None:
    for order in itertools.permutations(codes):
        assert exits.together(order) is together


def test_the_exit_codes_are_those_of_the_help(ran: Runner) -> None:
    shown = " ".join(ran("--help").out.split())
    for code in Exit:
        assert f"{int(code)} " in shown
