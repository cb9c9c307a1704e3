"""No region, no credentials, an unknown profile, expired keys: each says what to do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import emulation
from contract import table, worlds
from emulation import faults
from recoverable_secrets.core import errors, facts, plan
from recoverable_secrets.core.sealed import Sealed
from recoverable_secrets.stores.aws import AwsStore, Connection

REF = facts.Ref("s")
KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shared configuration: profiles with and without a region, one that cannot work."""
    path = tmp_path / "config"
    path.write_text(
        "[default]\nregion = sa-east-1\n"
        "[profile plain]\nregion = eu-north-1\n"
        "aws_access_key_id = AKIAPROFILE\naws_secret_access_key = none\n"
        "[profile nowhere]\naws_access_key_id = AKIAPROFILE\naws_secret_access_key = none\n"
        "[profile half]\nregion = eu-north-1\naws_access_key_id = AKIAPROFILE\n"
        "[profile failing]\nregion = eu-north-1\ncredential_process = false\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(path))
    return path


def test_no_region(aws: emulation.Aws) -> None:
    with pytest.raises(errors.InvalidInput) as caught:
        AwsStore(Connection()).observe(REF)
    assert caught.value.problems == (
        "no region: set the region argument, aws:region, AWS_REGION, or a profile with one",
    )
    assert aws.calls == []


def test_a_profile_without_a_region(aws: emulation.Aws, config: Path) -> None:
    with pytest.raises(errors.InvalidInput, match="no region"):
        AwsStore(Connection(profile="nowhere")).observe(REF)
    assert aws.calls == []


REGIONS = [
    pytest.param({"AWS_DEFAULT_REGION": "eu-west-1"}, {}, "eu-west-1", id="AWS_DEFAULT_REGION"),
    pytest.param({"AWS_REGION": "eu-west-2"}, {}, "eu-west-2", id="AWS_REGION"),
    pytest.param(
        {"AWS_REGION": "eu-west-2", "AWS_DEFAULT_REGION": "eu-west-1"}, {}, "eu-west-2",
        id="AWS_REGION before AWS_DEFAULT_REGION, as every SDK but boto3 has it",
    ),
    pytest.param({}, {}, "sa-east-1", id="the default profile"),
    pytest.param({"AWS_PROFILE": "plain"}, {}, "eu-north-1", id="the profile of the environment"),
    pytest.param({}, {"profile": "plain"}, "eu-north-1", id="the profile that is given"),
    pytest.param(
        {"AWS_REGION": "eu-west-2", "AWS_DEFAULT_REGION": "eu-west-1"},
        {"region": "us-west-2", "profile": "plain"}, "us-west-2",
        id="the region that is given, before all others",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("environment", "given", "region"), REGIONS)
def test_which_region(
    aws: emulation.Aws,
    config: Path,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    given: dict[str, str],
    region: str,
) -> None:
    for name, content in environment.items():
        monkeypatch.setenv(name, content)
    AwsStore(Connection(**given)).apply(REF, table.creation(), Sealed("v"))  # type: ignore[arg-type]
    assert [record.region for record in aws.calls] == [region]
    assert aws.secret("s", region=region).state == "live"


def test_the_region_of_an_id_wins(aws: emulation.Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the program is configured for now, a known secret is where it is."""
    monkeypatch.setenv("AWS_REGION", "eu-west-2")
    made = AwsStore(Connection(region="ap-south-1")).apply(REF, table.creation(), Sealed("v"))
    assert isinstance(made, plan.Done)
    known = facts.Ref("s", made.id)
    moved = AwsStore(Connection(region="us-west-2"))
    aws.calls.clear()
    assert isinstance(moved.observe(known), facts.Present)
    moved.apply(known, plan.ScheduleDeletion(days=7))
    assert moved.observe(REF) == facts.Absent()
    assert [record.region for record in aws.calls] == ["ap-south-1", "ap-south-1", "us-west-2"]
    without_any = AwsStore(Connection())
    assert isinstance(without_any.observe(known), facts.PendingDeletion)


def test_no_credentials(aws: emulation.Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in KEYS:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", os.devnull)
    with pytest.raises(errors.AccessDenied) as caught:
        AwsStore(worlds.connection()).observe(REF)
    assert str(caught.value) == (
        "DescribeSecret of s: no usable AWS credentials (NoCredentialsError). Log in, set "
        "AWS_PROFILE, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    )
    assert aws.calls == []


UNUSABLE = [
    pytest.param("never-configured", "the AWS profile was not found", id="unknown profile"),
    pytest.param("half", "no usable AWS credentials (PartialCredentialsError)", id="half a key"),
    pytest.param(
        "failing", "no usable AWS credentials (CredentialRetrievalError)", id="process that fails"
    ),
]


@pytest.mark.parametrize("name", ["s", "n" * 512], ids=["short name", "512 characters"])
@pytest.mark.parametrize(("profile", "says"), UNUSABLE)
def test_a_profile_that_cannot_work(
    aws: emulation.Aws,
    config: Path,
    monkeypatch: pytest.MonkeyPatch,
    profile: str,
    says: str,
    name: str,
) -> None:
    for variable in KEYS:
        monkeypatch.delenv(variable)
    with pytest.raises(errors.AccessDenied) as caught:
        AwsStore(Connection(region=worlds.REGION, profile=profile)).observe(facts.Ref(name))
    assert says in str(caught.value)
    assert errors.short(name) in str(caught.value)
    assert len(str(caught.value)) <= errors.LIMIT
    assert caught.value.__context__ is None
    assert aws.calls == []


def test_a_profiles_keys_are_used(aws: emulation.Aws, config: Path) -> None:
    AwsStore(Connection(profile="plain")).observe(REF)
    assert [record.access_key for record in aws.calls] == ["AKIAPROFILE"]


ACTIONS = [
    pytest.param(table.creation(), id="create"),
    pytest.param(plan.DropPolicy(), id="change"),
    pytest.param(plan.ScheduleDeletion(days=7), id="delete"),
]


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        pytest.param(emulation.Aws.expire, "ExpiredTokenException", id="expired"),
        pytest.param(emulation.Aws.revoke, "UnrecognizedClientException", id="revoked"),
    ],
)
def test_keys_that_ended(
    aws: emulation.Aws, store: AwsStore, ref: facts.Ref, spoil: object, code: str,
    action: plan.Action,
) -> None:  # fmt: skip
    before = aws.secret(table.NAME)
    spoil(aws)  # type: ignore[operator]
    with pytest.raises(errors.AccessDenied) as caught:
        store.apply(ref, action, Sealed("v") if plan.valued(action) else None)
    (record,) = aws.calls
    assert str(caught.value) == (
        f"{record.action} of {table.NAME}: the AWS credentials are expired or not valid ({code}). "
        "Renew them, then run again"
    )
    assert aws.secret(table.NAME) == before


def test_expired_keys_are_not_a_secret_that_is_gone(
    aws: emulation.Aws, store: AwsStore, ref: facts.Ref
) -> None:
    aws.inject(faults.ExpiredToken("DescribeSecret"))
    with pytest.raises(errors.AccessDenied, match="expired or not valid"):
        store.observe(ref)
    assert isinstance(store.observe(ref), facts.Present)
