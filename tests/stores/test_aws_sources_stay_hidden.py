"""A value that is read is sealed before botocore, a log or anyone else sees it."""

from __future__ import annotations

import http.client
import http.server
import json
import logging
from collections.abc import Callable, Iterator

import boto3
import pytest

import emulation
from emulation import faults
from recoverable_secrets.core import errors
from recoverable_secrets.core.sealed import Sealed
from recoverable_secrets.stores import aws_sources
from recoverable_secrets.stores.aws import AwsStore
from stores import scripted
from stores.scripted import (
    ENCODED,
    NAME,
    REGION,
    TEXT,
    VALUES,
    assert_clean,
    assert_hidden,
    failing,
    planted,
    store_at,
)


@pytest.fixture
def endpoint() -> Iterator[scripted.Scripted]:
    with scripted.serving() as server:
        yield server


@pytest.fixture
def over_http(endpoint: scripted.Scripted, session: boto3.Session) -> AwsStore:
    """A store whose every call goes to the scripted endpoint."""
    return scripted.store_at(endpoint.url, session)


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """All that every logger there is says at DEBUG, and whether the SDK spoke at all."""
    caplog.set_level(logging.DEBUG)
    for name in [*logging.root.manager.loggerDict, "botocore.parsers", "botocore.endpoint"]:
        caplog.set_level(logging.DEBUG, logger=name)

    def text() -> str:
        spoken = {record.name.split(".")[0] for record in caplog.records}
        assert {"botocore", "urllib3"} <= spoken
        assert "Response body" in caplog.text, "botocore no longer logs what it was answered"
        told = (r.getMessage() + repr(r.args) + (r.exc_text or "") for r in caplog.records)
        return caplog.text + "".join(told)

    return text


@pytest.mark.parametrize("value", VALUES)
def test_no_log_shows_a_secrets_value(
    aws: emulation.Aws,
    session: boto3.Session,
    logged: Callable[[], str],
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    value: str | bytes,
) -> None:
    """Over real HTTP; retries and what http.client prints included."""
    monkeypatch.setattr(http.client.HTTPConnection, "debuglevel", 9)
    planted(aws, value)
    with aws.serve() as url:
        store = store_at(url, session)
        aws.inject(faults.Throttle())
        aws.inject(faults.ConnectionReset(nth=2))
        assert aws_sources.secret(store, NAME) == Sealed(value)
    printed = "".join(capfd.readouterr())
    assert "reply:" in printed
    assert NAME in logged()
    assert_hidden(logged() + printed)


def test_no_log_shows_a_parameters_value(
    endpoint: scripted.Scripted, over_http: AwsStore, logged: Callable[[], str]
) -> None:
    endpoint.will({"Parameter": {"Name": "/app/key", "Value": TEXT}})
    assert aws_sources.parameter(over_http, "/app/key") == Sealed(TEXT)
    assert_hidden(logged())


def test_what_botocore_returns_has_no_value(aws: emulation.Aws, store: AwsStore) -> None:
    """So no other hook, tracer or debugger behind it sees one."""
    planted(aws)
    seen: list[str] = []
    client = store.client("secretsmanager", REGION)
    client.meta.events.register("after-call", lambda parsed, **_: seen.append(repr(parsed)))
    assert aws_sources.secret(store, NAME) == Sealed(TEXT)
    assert "HTTPStatusCode" in seen[0]
    assert_hidden(seen[0])


GOOD = {"ARN": "a", "Name": NAME, "SecretString": TEXT}
ODD = [
    pytest.param(200, json.dumps(GOOD).encode()[:-1], id="cut off"),
    pytest.param(200, b"\xff" + TEXT.encode(), id="no text"),
    pytest.param(200, b"[" * 100_000 + TEXT.encode(), id="nested too deeply"),
    pytest.param(200, [GOOD], id="a list"),
    pytest.param(200, {"Name": NAME, "Value": TEXT}, id="a member of another name"),
    pytest.param(200, {"Name": NAME, "SecretString": [TEXT]}, id="a value in a list"),
    pytest.param(200, {"Name": NAME, "SecretString": {"x": TEXT}}, id="a value in an object"),
    pytest.param(200, {"Name": NAME, "SecretBinary": f"{ENCODED}!"}, id="binary that is no base64"),
    pytest.param(200, {"Name": NAME, "Parameter": {"Value": [TEXT]}}, id="a parameter's list"),
    pytest.param(200, {"Name": NAME, "Parameter": TEXT}, id="a parameter that is none"),
    pytest.param(200, {"Name": NAME, "SecretString": ""}, id="an empty value"),
    pytest.param(400, {"__type": "Odd", "message": "no", **GOOD}, id="an error with a value"),
    pytest.param(500, f"<html>{TEXT}</html>".encode(), id="a failure of something in between"),
    pytest.param(302, GOOD, id="a redirection with a value"),
]


@pytest.mark.parametrize(("status", "body"), ODD)
def test_answers_of_an_unknown_shape(
    endpoint: scripted.Scripted,
    over_http: AwsStore,
    logged: Callable[[], str],
    status: int,
    body: object,
) -> None:
    """No value is made up from them, and nothing of them is shown."""
    endpoint.will(body, status)
    with pytest.raises(errors.RecoverableSecretsError) as caught:
        aws_sources.secret(over_http, NAME)
    assert isinstance(caught.value, errors.StoreError | errors.Temporary | errors.InvalidInput)
    assert_clean(caught.value)
    assert_hidden(logged())


def test_a_failed_attempts_value_is_not_the_answers(
    endpoint: scripted.Scripted, over_http: AwsStore
) -> None:
    """What counts is the last attempt, also where it brings nothing."""
    bodies = [(500, json.dumps({"SecretString": "stale"}).encode()), (200, b'{"Name": "s"}')]
    endpoint.answer = lambda _: bodies[len(endpoint.asked) - 1]
    with failing(errors.StoreError) as told:
        aws_sources.secret(over_http, "s")
    assert "without a value that can be read" in told[0]
    assert len(endpoint.asked) == 2


def test_an_answer_without_a_value(endpoint: scripted.Scripted, over_http: AwsStore) -> None:
    endpoint.will({"Parameter": {"Name": "/app/key", "Type": "String"}})
    with failing(errors.StoreError) as told:
        aws_sources.parameter(over_http, "/app/key")
    assert told == [
        (
            "GetParameter of /app/key was answered without a value that can be read. Look at the "
            "parameter, or name another in value_from"
        )
    ]


def test_the_hook_fails_safe(
    aws: emulation.Aws, store: AwsStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Should botocore ever stop calling before it parses, there is no value, and none is shown."""
    planted(aws)
    monkeypatch.setattr(aws_sources, "_take_value", lambda **_: None)
    with failing(errors.StoreError) as told:
        aws_sources.secret(store, NAME)
    assert "without a value that can be read" in told[0]


def test_the_value_is_forgotten_after_the_call(aws: emulation.Aws, store: AwsStore) -> None:
    """One that fails after one that succeeds must not hand out the earlier value."""
    planted(aws)
    assert aws_sources.secret(store, NAME) == Sealed(TEXT)
    assert aws_sources._TAKEN.get() is None
    aws.by_hand("DeleteSecret", SecretId=NAME)
    with failing(errors.StoreError):
        aws_sources.secret(store, NAME)


def test_other_clients_of_the_program_are_left_alone(aws: emulation.Aws, store: AwsStore) -> None:
    """The hook sits on our clients only: a program reads its own secrets as ever."""
    planted(aws)
    theirs = boto3.client("secretsmanager", region_name=REGION)
    read: list[str] = []
    aws.hook("GetSecretValue", "before", lambda _: read.append(
        theirs.get_secret_value(SecretId=NAME)["SecretString"]))  # fmt: skip
    assert aws_sources.secret(store, NAME) == Sealed(TEXT)
    assert read == [TEXT]


def test_hooks_do_not_pile_up(endpoint: scripted.Scripted, over_http: AwsStore) -> None:
    """A warm process reads many times with the same client."""
    endpoint.will({"Parameter": {"Value": TEXT}})
    client = over_http.client("ssm", REGION)
    for _ in range(3):
        aws_sources.parameter(over_http, "/app/key")
    called = client.meta.events.emit("before-parse.ssm.GetParameter", response_dict={"body": b""})
    assert len(called) == 1
