"""Whose account: NotFound is believed only there, nothing is done in one not allowed, roles."""

from __future__ import annotations

import pytest

import emulation
from contract import table, worlds
from emulation import faults
from recoverable_secrets.core import errors, facts, plan
from recoverable_secrets.core.sealed import Sealed
from recoverable_secrets.stores import aws as aws_store
from recoverable_secrets.stores.aws import AwsStore, Connection, Role

OURS, OTHER, THIRD = emulation.DEFAULT_ACCOUNT, "210987654321", "333333333333"
OTHER_ARN = f"arn:aws:secretsmanager:{worlds.REGION}:{OTHER}:secret:s-AbCdEf"
OUR_ARN = f"arn:aws:secretsmanager:{worlds.REGION}:{OURS}:secret:s-AbCdEf"


@pytest.fixture
def fresh() -> AwsStore:
    """A store that has not asked yet whose account it is."""
    return AwsStore(worlds.connection())


def test_gone_in_its_own_account(aws: emulation.Aws, fresh: AwsStore) -> None:
    """Believed after STS told the account; asked once, as an account does not change."""
    for _ in range(2):
        assert fresh.observe(facts.Ref("s", OUR_ARN)) == facts.Absent()
    assert [record.action for record in aws.calls] == [
        "DescribeSecret", "GetCallerIdentity", "DescribeSecret",
    ]  # fmt: skip


def test_not_found_in_another_account(aws: emulation.Aws, fresh: AwsStore) -> None:
    """It may well be there: it is not taken for gone."""
    with pytest.raises(errors.Refused) as caught:
        fresh.observe(facts.Ref("s", OTHER_ARN))
    assert str(caught.value) == (
        f"s is in account {OTHER}, but the credentials are of {OURS}: whether it still exists is "
        "unknown. Use credentials of its account"
    )


def test_denied_in_another_account(aws: emulation.Aws, fresh: AwsStore) -> None:
    """The other way in which AWS may answer there."""
    aws.behaviour.foreign_arn = "access-denied"
    with pytest.raises(errors.AccessDenied, match="it needs secretsmanager:DescribeSecret"):
        fresh.observe(facts.Ref("s", OTHER_ARN))


def test_a_long_name_in_another_account(aws: emulation.Aws, fresh: AwsStore) -> None:
    name = "n" * 512
    with pytest.raises(errors.Refused) as caught:
        fresh.observe(facts.Ref(name, OTHER_ARN.replace("s-AbCdEf", f"{name}-AbCdEf")))
    text = str(caught.value)
    assert OTHER in text
    assert OURS in text
    assert text.endswith("Use credentials of its account")


def test_a_name_has_no_account(aws: emulation.Aws, fresh: AwsStore) -> None:
    """By name alone, the caller's account is the one that is meant."""
    assert fresh.observe(facts.Ref("s")) == facts.Absent()
    assert aws.actions("sts") == []


def test_the_account_cannot_be_told(aws: emulation.Aws, fresh: AwsStore) -> None:
    """Then nothing is believed."""
    aws.inject(faults.Throttle("GetCallerIdentity", times=None))
    with pytest.raises(errors.Temporary, match="GetCallerIdentity of the caller failed"):
        fresh.observe(facts.Ref("s", OUR_ARN))
    aws.heal()
    assert fresh.observe(facts.Ref("s", OUR_ARN)) == facts.Absent()


ACTIONS = [
    pytest.param(table.creation(), id="create"),
    pytest.param(plan.Restore(), id="restore"),
    pytest.param(plan.DropPolicy(), id="change"),
    pytest.param(plan.Purge(), id="purge"),
]


@pytest.mark.parametrize("action", ACTIONS)
def test_an_account_that_is_not_allowed(aws: emulation.Aws, action: plan.Action) -> None:
    """Refused before anything is called, looks included."""
    store = AwsStore(Connection(region=worlds.REGION, accounts=(OTHER, THIRD)))
    told = f"the credentials are of account {OURS}, which allowed_account_ids does not name"
    with pytest.raises(errors.Refused, match=told):
        store.apply(facts.Ref("s", OUR_ARN), action, Sealed("v") if plan.valued(action) else None)
    with pytest.raises(errors.Refused, match=told):
        store.observe(facts.Ref("s"))
    assert aws.actions() == []
    assert aws.actions("sts") == ["GetCallerIdentity"]


def test_an_account_that_is_allowed(aws: emulation.Aws) -> None:
    store = AwsStore(Connection(region=worlds.REGION, accounts=(OTHER, OURS)))
    assert isinstance(store.apply(facts.Ref("s"), table.creation(), Sealed("v")), plan.Done)
    assert isinstance(store.observe(facts.Ref("s")), facts.Present)
    assert [record.action for record in aws.calls] == [
        "GetCallerIdentity", "CreateSecret", "DescribeSecret",
    ]  # fmt: skip


def test_an_account_that_cannot_be_told_is_not_allowed(aws: emulation.Aws) -> None:
    store = AwsStore(Connection(region=worlds.REGION, accounts=(OURS,)))
    aws.inject(faults.ExpiredToken("GetCallerIdentity"))
    with pytest.raises(errors.AccessDenied, match=r"GetCallerIdentity of the caller.*expired"):
        store.apply(facts.Ref("s"), table.creation(), Sealed("v"))
    assert aws.actions() == []


ROLE = Role(arn=f"arn:aws:iam::{OTHER}:role/team/deploy")


def test_a_role(aws: emulation.Aws) -> None:
    """Calls are made as the role, in its account; nothing that is not given is sent."""
    store = AwsStore(Connection(region=worlds.REGION, roles=(ROLE,)))
    assert aws.calls == []
    store.apply(facts.Ref("s"), table.creation(), Sealed("v"))
    store.observe(facts.Ref("s"))
    assume, create, look = aws.calls
    assert (assume.action, assume.account) == ("AssumeRole", OURS)
    sent = {k: v for k, v in assume.parameters.items() if k != "Version"}
    assert sent == {"RoleArn": ROLE.arn, "RoleSessionName": "recoverable-secrets"}
    assert {create.account, look.account} == {OTHER}
    assert create.access_key == look.access_key != assume.access_key
    assert aws.secret("s", account=OTHER).state == "live"
    assert aws.secret("s").state == "absent"


def test_a_roles_options(aws: emulation.Aws) -> None:
    role = Role(arn=ROLE.arn, session_name="ci", external_id="e-1", duration_seconds=1800)
    AwsStore(Connection(region=worlds.REGION, roles=(role,))).observe(facts.Ref("s"))
    sent = {k: v for k, v in aws.calls[0].parameters.items() if k != "Version"}
    assert sent == {
        "RoleArn": ROLE.arn, "RoleSessionName": "ci", "ExternalId": "e-1",
        "DurationSeconds": "1800",
    }  # fmt: skip


def test_roles_one_through_the_other(aws: emulation.Aws) -> None:
    second = Role(arn=f"arn:aws:iam::{THIRD}:role/app")
    store = AwsStore(Connection(region=worlds.REGION, roles=(ROLE, second), accounts=(THIRD,)))
    store.apply(facts.Ref("s"), table.creation(), Sealed("v"))
    assert [(record.action, record.account) for record in aws.calls] == [
        ("AssumeRole", OURS), ("AssumeRole", OTHER), ("GetCallerIdentity", THIRD),
        ("CreateSecret", THIRD),
    ]  # fmt: skip


def test_a_roles_account_is_the_one_that_counts(aws: emulation.Aws) -> None:
    """NotFound there is believed, although the first credentials are of another account."""
    store = AwsStore(Connection(region=worlds.REGION, roles=(ROLE,)))
    assert store.observe(facts.Ref("s", OTHER_ARN)) == facts.Absent()
    with pytest.raises(errors.Refused, match=f"credentials are of {OTHER}"):
        store.observe(facts.Ref("s", OUR_ARN))


def test_a_role_that_may_not_be_assumed(aws: emulation.Aws) -> None:
    aws.deny("sts:AssumeRole")
    store = AwsStore(Connection(region=worlds.REGION, roles=(ROLE,)))
    for _ in range(2):
        with pytest.raises(errors.AccessDenied) as caught:
            store.observe(facts.Ref("s"))
        assert str(caught.value) == (
            f"AssumeRole of {ROLE.arn} was denied: it needs sts:AssumeRole. "
            "Grant it to the credentials in use"
        )
    assert aws.actions() == []
    aws.allow_everything()
    assert store.observe(facts.Ref("s")) == facts.Absent(), "a failure must not stay for ever"


def test_a_role_that_is_none(aws: emulation.Aws) -> None:
    store = AwsStore(Connection(region=worlds.REGION, roles=(Role(arn="x" * 30),)))
    with pytest.raises(errors.StoreError) as caught:
        store.observe(facts.Ref("s"))
    assert caught.value.code == "ValidationError"


def test_a_roles_keys_are_renewed() -> None:
    """Before they end: a long run must not break off in the middle."""
    short = Role(arn=ROLE.arn, duration_seconds=900)
    now = emulation.Aws(clock=emulation.Clock())  # The SDK compares with the real time.
    with now.in_process():
        store = AwsStore(Connection(region=worlds.REGION, roles=(short,)))
        store.observe(facts.Ref("s"))
        before, used = len(now.actions("sts")), now.calls[-1].access_key
        now.expire(used)
        assert store.observe(facts.Ref("s")) == facts.Absent()
    assert len(now.actions("sts")) == before + 1
    assert now.calls[-1].access_key != used


SETTINGS = [
    pytest.param({}, Connection(), id="nothing: all from the environment"),
    pytest.param(
        {"region": None, "profile": None, "assume_role_arn": None, "allowed_account_ids": None,
         "assume_roles": None, "endpoints": None},
        Connection(), id="nulls are nothing",
    ),
    pytest.param(
        {"region": "r", "profile": "p", "allowed_account_ids": ["1", "2"],
         "endpoints": {"sts": "u", "secretsmanager": "v"}, "name": "not ours to read"},
        Connection(region="r", profile="p", accounts=("1", "2"),
                   endpoints=(("secretsmanager", "v"), ("sts", "u"))),
        id="each setting in its place",
    ),
    pytest.param(
        {"assume_role_arn": "a"}, Connection(roles=(Role(arn="a"),)), id="one role by its ARN"
    ),
    pytest.param(
        {"assume_role_arn": "a", "assume_roles": [{"arn": "b"}]},
        Connection(roles=(Role(arn="a"),)), id="the argument before the configuration",
    ),
    pytest.param(
        {"assume_roles": [{"arn": "a", "session_name": "s", "external_id": "e",
                           "duration_seconds": 900},
                          {"arn": "b", "session_name": None, "later": "unknown"}]},
        Connection(roles=(Role(arn="a", session_name="s", external_id="e", duration_seconds=900),
                          Role(arn="b"))),
        id="several, with options; those that are not known here are left out",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("settings", "where"), SETTINGS)
def test_settings(settings: dict[str, object], where: Connection) -> None:
    assert aws_store.connection(settings) == where


def test_stores_are_opened_once() -> None:
    """The same connection, the same store: clients and account are not made and asked again."""
    one = aws_store.open_store(Connection(region="eu-west-1", roles=(ROLE,)))
    assert aws_store.open_store(Connection(region="eu-west-1", roles=(Role(arn=ROLE.arn),))) is one
    for other in (
        Connection(region="eu-west-2", roles=(ROLE,)),
        Connection(region="eu-west-1"),
        Connection(region="eu-west-1", roles=(ROLE,), accounts=(OTHER,)),
        Connection(region="eu-west-1", roles=(ROLE,), profile="p"),
        Connection(region="eu-west-1", roles=(ROLE,), endpoints=(("sts", "u"),)),
    ):
        assert aws_store.open_store(other) is not one
