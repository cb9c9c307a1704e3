"""Values that are read from AWS: the right one, or an error that says what to do."""

from __future__ import annotations

import concurrent.futures
import json
import re
import threading
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest

import emulation
from emulation import faults
from recoverable_secrets.core import errors
from recoverable_secrets.core.sealed import Sealed
from recoverable_secrets.stores import aws_sources
from recoverable_secrets.stores.aws import AwsStore, Connection
from stores import scripted
from stores.scripted import (
    ACCOUNT,
    ELSEWHERE,
    KEY,
    NAME,
    PARAMETER_ARN,
    REGION,
    TEXT,
    VALUES,
    failing,
    planted,
)


@pytest.fixture
def endpoint() -> Iterator[scripted.Scripted]:
    with scripted.serving() as server:
        yield server


@pytest.fixture
def over_http(endpoint: scripted.Scripted, session: boto3.Session) -> AwsStore:
    """A store whose every call goes to the scripted endpoint."""
    return scripted.store_at(endpoint.url, session)


# the right value --------------------------------------------------------------------------------


@pytest.mark.parametrize("value", VALUES)
def test_a_secret_by_name_or_arn(aws: emulation.Aws, store: AwsStore, value: str | bytes) -> None:
    """One call each, and no other."""
    arn = planted(aws, value)
    for one in (NAME, arn):
        assert aws_sources.secret(store, one) == Sealed(value)
        assert aws.calls[-1].parameters == {"SecretId": one}
    assert aws.actions() == ["GetSecretValue"] * 2


def test_a_secret_of_another_region(aws: emulation.Aws, store: AwsStore) -> None:
    """Its ARN tells where to call."""
    made = aws.by_hand(
        "CreateSecret", region=ELSEWHERE, Name=NAME, SecretString=TEXT, ClientRequestToken="t" * 32
    )
    assert aws_sources.secret(store, made["ARN"]) == Sealed(TEXT)
    assert aws.calls[-1].region == ELSEWHERE


def test_the_current_value(aws: emulation.Aws, store: AwsStore) -> None:
    planted(aws)
    aws.put_by_hand(NAME, "newer")
    assert aws_sources.secret(store, NAME) == Sealed("newer")


@pytest.mark.parametrize(
    ("name", "region"),
    [
        pytest.param("/app/key", REGION, id="a name: the store's region"),
        pytest.param("/app/key:3", REGION, id="a version of it"),
        pytest.param(PARAMETER_ARN, ELSEWHERE, id="an ARN: its own region"),
    ],
)
def test_a_parameter(
    endpoint: scripted.Scripted, over_http: AwsStore, name: str, region: str
) -> None:
    """Decrypted, in one call."""
    endpoint.will({"Parameter": {"Name": "/app/key", "Type": "SecureString", "Value": TEXT}})
    assert aws_sources.parameter(over_http, name) == Sealed(TEXT)
    asked = {"Name": name, "WithDecryption": True}
    assert endpoint.asked == [("AmazonSSM.GetParameter", region, asked)]


def test_reads_at_the_same_time(endpoint: scripted.Scripted, over_http: AwsStore) -> None:
    """Each thread gets its own value, from its first call on, through one shared client."""
    together = threading.Barrier(8, timeout=30)

    def answer(asked: dict[str, Any]) -> tuple[int, bytes]:
        together.wait()
        return 200, json.dumps({"Parameter": {"Value": f"value of {asked['Name']}"}}).encode()

    endpoint.answer = answer
    names = [f"/p/{number}" for number in range(8)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda name: aws_sources.parameter(over_http, name), names))
    assert found == [Sealed(f"value of {name}") for name in names]


def test_retries(aws: emulation.Aws, store: AwsStore) -> None:
    """What the SDK tries again is read in the end."""
    planted(aws)
    aws.inject(faults.Throttle(times=2))
    aws.inject(faults.LostResponse(nth=3))
    assert aws_sources.secret(store, NAME) == Sealed(TEXT)
    assert aws.actions() == ["GetSecretValue"] * 4


# what cannot be read ----------------------------------------------------------------------------


def test_a_secret_that_does_not_exist(aws: emulation.Aws, store: AwsStore) -> None:
    with failing(errors.StoreError) as told:
        aws_sources.secret(store, NAME)
    assert told == [
        (
            f"the secret {NAME} in {REGION} does not exist, or not in the account of these "
            "credentials. Make it first, or correct value_from"
        )
    ]


def test_a_secret_without_a_value(aws: emulation.Aws, store: AwsStore) -> None:
    planted(aws, None)
    with failing(errors.StoreError) as told:
        aws_sources.secret(store, NAME)
    assert told == [
        (
            f"the secret {NAME} in {REGION} has no current value. Put one, or name another in "
            "value_from"
        )
    ]


@pytest.mark.parametrize("options", [{}, {"ForceDeleteWithoutRecovery": True}], ids=str)
def test_a_secret_that_is_being_deleted(
    aws: emulation.Aws, store: AwsStore, options: dict[str, Any]
) -> None:
    """Its window runs, or its name is still reserved: each has its own answer of AWS."""
    planted(aws)
    aws.by_hand("DeleteSecret", SecretId=NAME, **options)
    with failing(errors.StoreError) as told:
        aws_sources.secret(store, NAME)
    assert re.search("scheduled for deletion or being deleted|does not exist", told[0])
    if not options:
        assert told == [
            (
                f"the secret {NAME} in {REGION} cannot be read, as it is scheduled for deletion or "
                "being deleted. Restore it, or name another in value_from"
            )
        ]


def test_a_secret_under_a_disabled_key(aws: emulation.Aws, store: AwsStore) -> None:
    planted(aws, KmsKeyId=KEY)
    aws.disable_key(KEY)
    with failing(errors.StoreError) as told:
        aws_sources.secret(store, NAME)
    assert told == [
        (
            f"the secret {NAME} in {REGION} cannot be decrypted: its KMS key is disabled or "
            "pending deletion. Enable the key, or cancel its deletion (CancelKeyDeletion)"
        )
    ]


@pytest.mark.parametrize(
    "permission", ["secretsmanager:GetSecretValue", "kms:Decrypt"], ids=["the secret", "its key"]
)
def test_a_secret_without_permission(aws: emulation.Aws, store: AwsStore, permission: str) -> None:
    planted(aws, KmsKeyId=KEY)
    aws.deny(permission)
    with failing(errors.AccessDenied) as told:
        aws_sources.secret(store, NAME)
    assert told[0].startswith(f"GetSecretValue of {NAME} was denied: it needs ")
    assert permission in told[0]
    assert aws.actions() == ["GetSecretValue"], "a denial is final"


SSM_FAILURES = [
    pytest.param(
        "ParameterNotFound", "",
        "does not exist, or not in the account of these credentials. Make it first, or correct "
        "value_from",
        id="missing",
    ),
    pytest.param(
        "ParameterVersionNotFound", "no version 9",
        "does not exist, or not in the account of these credentials. Make it first, or correct "
        "value_from",
        id="a version that is missing",
    ),
    pytest.param(
        "InvalidKeyId", "key is disabled",
        "cannot be decrypted: its KMS key is disabled or pending deletion. Enable the key, or "
        "cancel its deletion (CancelKeyDeletion)",
        id="key",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("code", "message", "says"), SSM_FAILURES)
def test_a_parameter_that_cannot_be_read(
    endpoint: scripted.Scripted, over_http: AwsStore, code: str, message: str, says: str
) -> None:
    endpoint.will({"__type": code, "message": message}, 400)
    with failing(errors.StoreError) as told:
        aws_sources.parameter(over_http, "/app/key")
    assert told == [f"the parameter /app/key in {REGION} {says}"]


@pytest.mark.parametrize(
    ("message", "needs"),
    [
        pytest.param(
            "User: x is not authorized to perform: ssm:GetParameter on resource: y",
            "ssm:GetParameter", id="the parameter",
        ),
        pytest.param(
            "The ciphertext refers to a customer master key that does not exist, does not exist "
            "in this region, or you are not allowed to access.",
            "ssm:GetParameter and kms:Decrypt of its KMS key", id="its key",
        ),
    ],
)  # fmt: skip
def test_a_parameter_without_permission(
    endpoint: scripted.Scripted, over_http: AwsStore, message: str, needs: str
) -> None:
    endpoint.will({"__type": "AccessDeniedException", "Message": message}, 400)
    with failing(errors.AccessDenied) as told:
        aws_sources.parameter(over_http, "/app/key")
    assert told == [
        f"GetParameter of /app/key was denied: it needs {needs}. Grant it to the credentials in use"
    ]


def test_a_refusal_of_another_kind(endpoint: scripted.Scripted, over_http: AwsStore) -> None:
    """The service's own words say it best."""
    endpoint.will({"__type": "ValidationException", "message": "Parameter name: no."}, 400)
    with failing(errors.StoreError) as told:
        aws_sources.parameter(over_http, "a b")
    assert told == ["GetParameter of a b was refused with ValidationException: Parameter name: no."]


def test_a_service_that_cannot_answer(
    aws: emulation.Aws, store: AwsStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    planted(aws)
    aws.inject(faults.Throttle(times=None))
    with failing(errors.Throttled) as told:
        aws_sources.secret(store, NAME)
    assert "run again later" in told[0]


PARTIAL = [
    pytest.param(lambda arn: arn[:-7], id="no six characters: AWS would find it all the same"),
    pytest.param(lambda arn: f"{arn}:key::", id="a JSON key behind it, as ECS writes it"),
    pytest.param(lambda _: "arn:aws:s3:::bucket", id="of something else"),
    pytest.param(lambda _: "arn:aws:ssm:" + "x" * 500, id="a long one"),
]


@pytest.mark.parametrize("spelt", PARTIAL)
def test_a_secret_is_never_found_by_a_part_of_its_arn(
    aws: emulation.Aws, store: AwsStore, spelt: Callable[[str], str]
) -> None:
    id_ = spelt(planted(aws))
    with failing(errors.InvalidInput) as told:
        aws_sources.secret(store, id_)
    assert told[0].startswith(f"value_from.secret {errors.short(id_)} is neither an exact name nor")


@pytest.mark.parametrize(
    "name", [f"arn:aws:ssm:{REGION}:{ACCOUNT}:document/x", "arn:aws:secretsmanager:" + "x" * 500]
)
def test_an_arn_of_no_parameter(aws: emulation.Aws, store: AwsStore, name: str) -> None:
    with failing(errors.InvalidInput) as told:
        aws_sources.parameter(store, name)
    assert "is no ARN of a parameter" in told[0]
    assert aws.calls == []


def test_a_name_that_the_sdk_refuses(aws: emulation.Aws, store: AwsStore) -> None:
    with failing(errors.InvalidInput):
        aws_sources.secret(store, "")
    assert aws.calls == []


def test_an_account_that_is_not_allowed(aws: emulation.Aws) -> None:
    """Values are not read there either."""
    planted(aws)
    store = AwsStore(Connection(region=REGION, accounts=("210987654321",)))
    with failing(errors.Refused) as told:
        aws_sources.secret(store, NAME)
    assert "nothing was called" in told[0]
    assert aws.actions() == []


def test_the_store_reads_both(
    aws: emulation.Aws, store: AwsStore, endpoint: scripted.Scripted, over_http: AwsStore
) -> None:
    """What the rest of the product calls."""
    planted(aws)
    assert store.read_secret(NAME) == Sealed(TEXT)
    endpoint.will({"Parameter": {"Value": TEXT}})
    assert over_http.read_parameter("/app/key") == Sealed(TEXT)
