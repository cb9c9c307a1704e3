"""A value passes by botocore: it is in the signed body of one call, and nowhere else."""

from __future__ import annotations

import base64
import json
import logging
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import botocore
import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest

import emulation
import recoverable_secrets
from contract import table, worlds
from emulation import faults
from recoverable_secrets.core import errors, facts, plan
from recoverable_secrets.core.plan import Source
from recoverable_secrets.core.sealed import Sealed
from recoverable_secrets.stores import aws as aws_store
from recoverable_secrets.stores import aws_errors, memory

TEXT = "canary-93c1e7f0-text"
BINARY = b"canary-93c1e7f0-\xff\x00-binary"
ENCODED = base64.b64encode(BINARY).decode()
SENT = {TEXT: TEXT, BINARY: ENCODED}
TRACES = ("93c1e7f0", ENCODED, base64.b64encode(TEXT.encode()).decode())

PRODUCT_AND_SDK = tuple(
    str(Path(str(module.__file__)).parent) for module in (recoverable_secrets, boto3, botocore)
)

WRITES = [
    pytest.param(table.creation(version=table.NEXT), id="create"),
    pytest.param(plan.SetMetadata(source=Source.LITERAL, version=table.NEXT), id="update"),
    pytest.param(plan.Compare(source=Source.LITERAL, version=table.FIRST), id="compare"),
]
VALUES = [pytest.param(TEXT, id="text"), pytest.param(BINARY, id="binary")]


def assert_hidden(shown: str) -> None:
    """Check that neither the value nor its base64 is in a text."""
    assert not [trace for trace in TRACES if trace in shown]


def everything_of(error: BaseException) -> Iterator[str]:
    """Yield all that a log or an error tracker could show of an exception, its chain included."""
    pending: list[BaseException | None] = [error]
    while pending:
        one = pending.pop()
        if one is None:
            continue
        yield from (str(one), repr(one), repr(one.args), repr(vars(one)))
        yield "".join(traceback.format_exception(one))
        for frame, _ in traceback.walk_tb(one.__traceback__):
            if frame.f_code.co_filename.startswith(PRODUCT_AND_SDK):
                yield repr(frame.f_locals)
        pending += [one.__cause__, one.__context__]


def target(ref: facts.Ref, action: plan.Action) -> facts.Ref:
    """Return the secret to write to: a new one for a creation."""
    return facts.Ref("new") if isinstance(action, plan.Create) else ref


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("action", WRITES)
def test_no_log_shows_a_value(
    aws: emulation.Aws,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    action: plan.Action,
    value: str | bytes,
) -> None:
    """Every logger there is, at DEBUG, over real HTTP; retries included."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIANOBODY")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    caplog.set_level(logging.DEBUG)
    for name in logging.root.manager.loggerDict:
        caplog.set_level(logging.DEBUG, logger=name)
    with aws.serve() as url:
        store = aws_store.AwsStore(worlds.connection(url))
        made = store.apply(facts.Ref(table.NAME), table.creation(), Sealed(value))
        assert isinstance(made, plan.Done)
        aws.inject(faults.Throttle())
        aws.inject(faults.ConnectionReset(nth=2))
        ref = target(facts.Ref(table.NAME, made.id), action)
        assert isinstance(store.apply(ref, action, Sealed(value)), plan.Done)
    assert aws.secret(ref.name).value == value
    assert {"botocore", "urllib3"} <= {record.name.split(".")[0] for record in caplog.records}
    assert '"SecretString": "-"' in caplog.text, "botocore no longer logs what it was given"
    for record in caplog.records:
        assert_hidden(record.getMessage() + repr(record.args) + (record.exc_text or ""))
    assert_hidden(caplog.text)


def echoing(code: str, status: int = 400) -> Callable[[str], faults.Fault]:
    """Return the making of an error answer that repeats what it was sent."""
    return lambda sent: faults.Error(
        code=code, status=status, times=None, message=f"not to perform: x:Y:\n'{sent}' is wrong"
    )


FAILURES = [
    pytest.param(echoing("ValidationException"), id="validation"),
    pytest.param(echoing("InvalidParameterException"), id="invalid parameter"),
    pytest.param(echoing("SerializationException"), id="serialization"),
    pytest.param(echoing("LimitExceededException"), id="any other code"),
    pytest.param(echoing("Odd", 503), id="a failing service"),
    pytest.param(echoing("AccessDeniedException"), id="a denial"),
    pytest.param(lambda _: faults.Throttle(times=None), id="throttled"),
    pytest.param(lambda _: faults.ConnectionReset(times=None), id="reset"),
    pytest.param(lambda _: faults.ExpiredToken(times=None), id="expired"),
]


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("action", WRITES)
@pytest.mark.parametrize("fault", FAILURES)
def test_no_error_shows_a_value(
    aws: emulation.Aws,
    store: aws_store.AwsStore,
    ref: facts.Ref,
    fault: Callable[[str], faults.Fault],
    action: plan.Action,
    value: str | bytes,
) -> None:
    """Neither its text nor anything that hangs on it, the locals of its frames included."""
    aws.inject(fault(SENT[value]))
    with pytest.raises(errors.RecoverableSecretsError) as caught:
        store.apply(target(ref, action), action, Sealed(value))
    assert aws.calls, "nothing was called: the test would prove nothing"
    assert caught.value.__cause__ is None
    for shown in everything_of(caught.value):
        assert_hidden(shown)


@pytest.mark.parametrize(
    "code", ["ResourceExistsException", "InvalidRequestException"], ids=["exists", "state"]
)
@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("action", WRITES)
def test_no_conflict_shows_a_value(
    aws: emulation.Aws,
    store: aws_store.AwsStore,
    ref: facts.Ref,
    action: plan.Action,
    value: str | bytes,
    code: str,
) -> None:
    """What the service said is kept, the value cut out of it."""
    aws.inject(faults.Error(code=code, message=f"no:\n{SENT[value]}: in use"))
    outcome = store.apply(target(ref, action), action, Sealed(value))
    assert isinstance(outcome, plan.Conflict)
    assert outcome.code == code
    assert outcome.text == "no: [sealed]: in use"


@pytest.mark.parametrize("value", VALUES)
def test_the_sdks_own_validation_shows_nothing(
    aws: emulation.Aws, store: aws_store.AwsStore, value: str | bytes
) -> None:
    """ParamValidationError prints every parameter: it gets none that matters."""
    create = plan.Create(
        description="d", kms_key_id=None, tags=plan.frozen({"": "too short a key"}),
        version=table.FIRST, source=Source.LITERAL,
    )  # fmt: skip
    with pytest.raises(errors.InvalidInput) as caught:
        store.apply(facts.Ref(table.NAME), create, Sealed(value))
    assert aws.calls == []
    assert str(caught.value) == f"CreateSecret of {table.NAME}: the SDK finds a parameter malformed"
    chain = list(everything_of(caught.value))
    for shown in chain:
        assert_hidden(shown)


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("action", WRITES)
def test_the_stand_in_fails_safe(
    aws: emulation.Aws,
    store: aws_store.AwsStore,
    ref: facts.Ref,
    action: plan.Action,
    value: str | bytes,
) -> None:
    """Should botocore ever stop calling before it signs, AWS refuses: a stand-in is no value."""
    client = store.client("secretsmanager", worlds.REGION)
    client.meta.events.unregister("before-sign.secrets-manager", aws_store._put_value)
    before = aws.secrets()
    with pytest.raises(errors.StoreError) as caught:
        store.apply(target(ref, action), action, Sealed(value))
    assert caught.value.code == "InvalidParameterException"
    assert aws.secrets() == before


@pytest.mark.parametrize("value", [*VALUES, pytest.param('é"\\\u2028', id="escapes")])
@pytest.mark.parametrize("action", WRITES)
def test_what_is_signed_is_what_is_sent(
    aws: emulation.Aws,
    store: aws_store.AwsStore,
    ref: facts.Ref,
    action: plan.Action,
    value: str | bytes,
) -> None:
    """AWS refuses a body that is not the signed one: signature and length fit the real value."""
    sent: list[botocore.awsrequest.AWSPreparedRequest] = []

    def keep(request: botocore.awsrequest.AWSPreparedRequest, **_: object) -> None:
        sent.append(request)

    client = store.client("secretsmanager", worlds.REGION)
    client.meta.events.register_first("before-send.secrets-manager", keep)
    store.apply(target(ref, action), action, Sealed(value))
    (request,) = sent
    assert isinstance(request.body, bytes)
    body = json.loads(request.body)
    assert (body.get("SecretString"), body.get("SecretBinary")) == (
        (value, None) if isinstance(value, str) else (None, base64.b64encode(value).decode())
    )
    assert int(request.headers["Content-Length"]) == len(request.body)
    assert resigned(request) in as_text(request.headers["Authorization"])


def resigned(request: botocore.awsrequest.AWSPreparedRequest) -> str:
    """Return the signature that the request's body, as sent, ought to have."""
    headers = {name: as_text(content) for name, content in request.headers.items()}
    signed = headers.pop("Authorization").split("SignedHeaders=")[1].split(",")[0].split(";")
    again = botocore.awsrequest.AWSRequest(
        request.method,
        request.url,
        {name: content for name, content in headers.items() if name.lower() in signed},
        request.body,
    )
    again.context["timestamp"] = headers["X-Amz-Date"]
    keys = botocore.credentials.Credentials("AKIANOBODY", "none")
    auth = botocore.auth.SigV4Auth(keys, "secretsmanager", worlds.REGION)
    text = auth.string_to_sign(again, auth.canonical_request(again))
    return str(auth.signature(text, again))


def as_text(header: str | bytes) -> str:
    """Return a header as text; botocore has both."""
    return header.decode() if isinstance(header, bytes) else header


def test_the_value_is_forgotten_after_the_call(
    aws: emulation.Aws, store: aws_store.AwsStore, ref: facts.Ref
) -> None:
    """A call without a value that follows one with a value carries none, failed ones included."""
    write = plan.SetMetadata(source=Source.LITERAL, version=table.NEXT)
    aws.inject(faults.Error("UpdateSecret", code="EncryptionFailure"))
    with pytest.raises(errors.StoreError):
        store.apply(ref, write, Sealed(TEXT))
    assert aws_store._VALUE.get() is None
    assert aws.secret(table.NAME).value == "old"
    store.apply(ref, write, Sealed(TEXT))
    assert aws_store._VALUE.get() is None
    store.apply(ref, plan.SetMetadata(description="d"))
    assert "SecretString" not in aws.calls[-1].parameters


def test_other_clients_of_the_program_are_left_alone(
    aws: emulation.Aws, store: aws_store.AwsStore, ref: facts.Ref
) -> None:
    """The hook sits on our clients only: a program's own calls are not touched by it."""
    theirs = boto3.client("secretsmanager", region_name=worlds.REGION)
    aws.hook("UpdateSecret", "before", lambda _: theirs.put_secret_value(
        SecretId=table.NAME, SecretString="theirs"))  # fmt: skip
    write = plan.SetMetadata(source=Source.LITERAL, version=table.NEXT)
    assert isinstance(store.apply(ref, write, Sealed(TEXT)), plan.Done)
    values = [version.value for version in aws.secret(table.NAME).versions.values()]
    assert values == ["old", "theirs", TEXT]


def test_no_repr_shows_a_value(
    aws: emulation.Aws, store: aws_store.AwsStore, ref: facts.Ref
) -> None:
    """Of no type that the store takes, gives or keeps."""
    for value in (TEXT, BINARY):
        sealed = Sealed(value)
        kept = memory.MemoryStore()
        kept.apply(facts.Ref("m"), table.creation(), sealed)
        write = plan.SetMetadata(source=Source.LITERAL, version=table.NEXT)
        subject = aws_errors.Subject("CreateSecret", "n", sealed)
        shown = [sealed, [sealed], {"v": sealed}, kept, kept.entries, subject, store, write,
                 store.apply(ref, write, sealed), store.observe(ref)]  # fmt: skip
        for each in shown:
            assert_hidden(f"{each!r} {each!s} {each}")
        assert_hidden(repr(aws.calls))
