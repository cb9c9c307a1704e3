"""The dynamic provider in this process: what the engine gets back, and what never leaves it."""

from __future__ import annotations

import concurrent.futures
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pulumi.output import Unknown

from emulation import Aws, faults
from recoverable_secrets.core import errors
from recoverable_secrets.dynamic import SecretProvider
from surfaces.held import CANARY, DEFAULTS

NAME = DEFAULTS["default_name"]
PROPS = {**DEFAULTS, "secret_string": CANARY, "__provider": "gASV"}

METHODS: dict[str, Callable[[SecretProvider, dict[str, Any]], object]] = {
    "check": lambda provider, props: provider.check({}, props),
    "diff": lambda provider, props: provider.diff("id", props, props),
    "create": lambda provider, props: provider.create(props),
    "read": lambda provider, props: provider.read("id", props),
    "update": lambda provider, props: provider.update("id", props, props),
    "delete": lambda provider, props: provider.delete("id", props),
}


class Exploding(dict[str, Any]):
    """Properties that cannot be read: a fault that nobody foresaw, its text with a value."""

    def items(self) -> Any:
        raise RuntimeError(f"cannot read {CANARY}") from LookupError(CANARY)


def shown(call: Callable[[], object]) -> tuple[BaseException, str]:
    """Return what a call raises, and what the provider server would print of it."""
    try:
        call()
    except Exception as failure:  # noqa: BLE001  # as the server does
        return failure, traceback.format_exc()
    pytest.fail("nothing was raised")


def clean(failure: BaseException, text: str) -> bool:
    """Whether nothing but our own sentence is shown."""
    alone = failure.__cause__ is None and (
        failure.__context__ is None or failure.__suppress_context__
    )
    short = text.count("Traceback") == 1 and "recoverable_secrets/engine.py" not in text
    return alone and short and CANARY not in text + str(failure)


@pytest.fixture
def provider() -> SecretProvider:
    return SecretProvider()


# errors -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_an_unforeseen_fault_is_named_but_not_shown(method: str, provider: SecretProvider) -> None:
    failure, text = shown(lambda: METHODS[method](provider, Exploding(PROPS)))
    assert clean(failure, text), text
    assert isinstance(failure, errors.StoreError)
    assert failure.code == "RuntimeError"
    assert f"RuntimeError at {__name__}:" in str(failure), "type and line are enough to report it"
    assert "cannot read" not in text
    assert len(str(failure)) <= errors.LIMIT


def raising(failure: BaseException) -> Callable[[object], None]:
    def callback(_: object) -> None:
        raise failure

    return callback


def refused() -> errors.Refused:
    """One of our own errors, with a cause that holds the value, raised while handling another."""
    try:
        try:
            {}[CANARY]
        except KeyError:
            raise errors.Refused("left alone") from ValueError(CANARY)
    except errors.Refused as failure:
        return failure


@pytest.mark.parametrize(
    ("failure", "kind", "told"),
    [
        pytest.param(refused(), errors.Refused, "left alone", id="ours, with causes"),
        pytest.param(RuntimeError(CANARY), errors.StoreError, "RuntimeError", id="any other"),
        pytest.param(UnicodeDecodeError("utf-8", CANARY.encode(), 0, 1, CANARY),
                     errors.Temporary, "not AWS's", id="one that carries bytes"),
        pytest.param(ExceptionGroup(CANARY, [ValueError(CANARY)]),
                     errors.StoreError, "ExceptionGroup", id="a group"),
    ],
)  # fmt: skip
def test_what_breaks_below_is_scrubbed(
    failure: Exception, kind: type[Exception], told: str, provider: SecretProvider, aws: Aws
) -> None:
    aws.hook("CreateSecret", "before", raising(failure), times=None)
    seen, text = shown(lambda: provider.create(dict(PROPS)))
    assert clean(seen, text), text
    assert isinstance(seen, kind)
    assert told in str(seen)


@pytest.mark.parametrize(
    ("fault", "kind", "told"),
    [
        pytest.param(
            faults.Error("CreateSecret", code="ValidationException", message=f"1: {CANARY}"),
            errors.StoreError,
            "withheld",
            id="AWS repeats the value",
        ),
        pytest.param(
            faults.Error("CreateSecret", code="SomethingNewException", message=f"no: {CANARY}"),
            errors.StoreError,
            "[sealed]",
            id="in a text that is passed on",
        ),
        pytest.param(
            faults.Error("CreateSecret", code="EncryptionFailure", message=f"no: {CANARY}"),
            errors.StoreError,
            "CancelKeyDeletion",
            id="its key cannot be used",
        ),
        pytest.param(
            faults.Error("CreateSecret", code="AccessDeniedException", message=CANARY),
            errors.AccessDenied,
            "secretsmanager:CreateSecret",
            id="denied",
        ),
        pytest.param(
            faults.ExpiredToken("CreateSecret"), errors.AccessDenied, "Renew", id="expired"
        ),
    ],
)
def test_what_aws_says_is_scrubbed(
    fault: faults.Fault, kind: type[Exception], told: str, provider: SecretProvider, aws: Aws
) -> None:
    aws.inject(fault)
    failure, text = shown(lambda: provider.create(dict(PROPS)))
    assert clean(failure, text), text
    assert isinstance(failure, kind)
    assert told in str(failure)


def test_bad_input_that_reaches_create_shows_no_value(provider: SecretProvider, aws: Aws) -> None:
    """As through ignore_changes or a transformation; check() refuses it before."""
    failure, text = shown(lambda: provider.create({**PROPS, "secret_string": [CANARY]}))
    assert clean(failure, text), text
    assert isinstance(failure, errors.InvalidInput)
    assert aws.calls == []


def test_the_end_of_the_process_is_not_held_up(provider: SecretProvider, aws: Aws) -> None:
    aws.hook("CreateSecret", "before", raising(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        provider.create(dict(PROPS))


# check and diff ---------------------------------------------------------------------------------


def test_check_failures_name_no_property(provider: SecretProvider) -> None:
    """The engine prints the content of a property that a failure names."""
    news = {**PROPS, "secret_string": "", "secret_binary": CANARY, "timeout": 0.0}
    result = provider.check({}, news)
    assert result.failures is not None
    assert [failure.property for failure in result.failures] == [""] * len(result.failures)
    reasons = "\n".join(failure.reason for failure in result.failures)
    for field in ("secret_string", "secret_binary", "timeout"):
        assert field in reasons
    assert CANARY not in reasons


def test_check_returns_the_inputs_untouched(provider: SecretProvider) -> None:
    unknown = Unknown()
    news = {**PROPS, "tags": {"a": unknown, "b": "c"}, "timeout": 60.0, "description": unknown}
    before = {**news, "tags": dict(news["tags"])}
    result = provider.check({}, news)
    assert result.inputs == before, "an input that check adds is never a secret"
    assert list(result.inputs) == list(before)
    assert result.inputs["tags"]["a"] is unknown
    assert result.failures == []


def test_check_warns_of_new_resources_only(
    provider: SecretProvider, capsys: pytest.CaptureFixture[str]
) -> None:
    news = {**PROPS, "name": "app-secret"}
    provider.check({}, dict(news))
    assert capsys.readouterr().out.startswith("recoverable-secrets: name app-secret ends in")
    provider.check(news, dict(news))
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(Unknown(), id="whole"),
        pytest.param({"a": Unknown(), "b": "c"}, id="in a mapping"),
        pytest.param({"a": {"b": {"c": [Unknown()]}}}, id="deep"),
        pytest.param(["x", Unknown()], id="in a list"),
        pytest.param(("x", Unknown()), id="in a tuple"),
    ],
)
@pytest.mark.parametrize(
    "field",
    ["name", "secret_string", "tags", "allowed_account_ids", "recovery_window_in_days", "owner",
     "default_owner", "default_name", "deletion", "region", "endpoints", "assume_roles"],
)  # fmt: skip
def test_what_is_unknown_is_neither_checked_nor_compared(
    field: str, content: object, provider: SecretProvider
) -> None:
    news = {**PROPS, field: content}
    assert provider.check({}, dict(news)).failures == []
    olds = {**PROPS, "name": NAME, "owner": DEFAULTS["default_owner"], "region": "us-east-1"}
    result = provider.diff("id", olds, news)
    assert (result.changes, result.replaces) == (None, [])


def test_all_unknown_as_for_a_dependent_of_what_is_deleted_first(provider: SecretProvider) -> None:
    olds = {**PROPS, "name": NAME, "owner": DEFAULTS["default_owner"], "region": "us-east-1"}
    news = {name: Unknown() for name in PROPS if name != "__provider"} | {"__provider": "gASV"}
    assert provider.diff("id", olds, news).changes is None
    assert provider.check(olds, news).failures == []


def test_diff_ignores_how_the_provider_is_pickled(provider: SecretProvider, aws: Aws) -> None:
    outputs = provider.create(dict(PROPS)).outs
    assert outputs is not None
    news = {**PROPS, "__provider": "of another Python"}
    result = provider.diff("id", {**outputs, "__provider": "gASV"}, news)
    assert (result.changes, result.replaces, result.delete_before_replace) == (False, [], False)


# the whole life ---------------------------------------------------------------------------------


def test_the_life_of_a_secret(
    provider: SecretProvider, aws: Aws, capsys: pytest.CaptureFixture[str]
) -> None:
    created = provider.create(dict(PROPS))
    assert created.outs is not None
    assert "__provider" not in created.outs, "the server adds it"
    read = provider.read(created.id, created.outs)
    assert (read.id, read.outs, read.inputs) == (created.id, created.outs, None)
    updated = provider.update(created.id, created.outs, {**PROPS, "description": "new"})
    assert updated.outs is not None
    assert updated.outs["description"] == aws.secret(NAME).description == "new"
    provider.delete(created.id, updated.outs)
    gone = provider.read(created.id, updated.outs)
    assert (gone.id, gone.outs) == ("", {}), "ReadResult() without both would crash the server"
    again = provider.create(dict(PROPS))
    assert again.outs is not None
    assert (again.id, again.outs["restored"]) == (created.id, True)
    told = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in told] == ["recoverable-secrets"] * len(told)
    assert "scheduled for deletion" in told[0]
    assert "restored" in told[1]
    assert CANARY not in "".join(told)


def test_the_old_half_of_a_same_name_replacement_leaves_the_secret_alone(
    provider: SecretProvider, aws: Aws, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--replace` and taint: create finds the live secret, then delete is called for the old."""
    old, new = provider.create(dict(PROPS)), provider.create(dict(PROPS))
    assert old.outs is not None
    assert new.outs is not None
    assert old.id == new.id
    assert old.outs["instance"] != new.outs["instance"]
    provider.delete(old.id, old.outs)
    assert aws.secret(NAME).state == "live"
    assert len(aws.secret(NAME).versions) == 1
    assert "goes on in its replacement: left alone" in capsys.readouterr().out
    provider.delete(new.id, new.outs)
    assert aws.secret(NAME).state == "pending"


@pytest.fixture
def switching() -> Iterator[None]:
    """Threads that take turns more often than they would."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def test_four_threads_share_one_provider(
    provider: SecretProvider, aws: Aws, switching: None
) -> None:
    together = threading.Barrier(4)

    def live(number: int) -> str:
        owner = {"default_name": f"s/{number}", "default_owner": f"pulumi/s:{number:016x}"}
        props = {**owner, "secret_string": f"{CANARY}-{number}", "tags": {"number": str(number)}}
        if number < 4:
            together.wait(timeout=30)
        made = provider.create(dict(props))
        assert made.outs is not None
        changed = provider.update(made.id, made.outs, {**props, "description": f"d{number}"})
        assert changed.outs is not None
        assert (
            provider.diff(made.id, changed.outs, {**props, "description": f"d{number}"}).changes
            is False
        )
        if number % 2:
            provider.delete(made.id, changed.outs)
        return made.id

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        ids = list(pool.map(live, range(24)))
    assert len(set(ids)) == 24
    for number, id_ in enumerate(ids):
        secret = aws.secret(f"s/{number}")
        assert (secret.arn, secret.value) == (id_, f"{CANARY}-{number}")
        assert (secret.description, secret.tags["number"]) == (f"d{number}", str(number))
        assert secret.state == ("pending" if number % 2 else "live")
        assert len(secret.versions) == 1
    assert vars(provider) == {}


def test_a_provider_holds_nothing(provider: SecretProvider, aws: Aws) -> None:
    """What it held would be pickled into the state, and tie it to this version of the code."""
    made = provider.create(dict(PROPS))
    provider.read(made.id, made.outs or {})
    assert vars(provider) == {}
    assert SecretProvider.serialize_as_secret_always is False
    assert CANARY not in repr(vars(SecretProvider))
