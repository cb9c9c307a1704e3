"""Each way to give a value, as Pulumi sees it: what is compared, what is kept, what is nowhere."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.output import Unknown

from emulation import Aws
from recoverable_secrets import Secret, dynamic, resource
from recoverable_secrets.core import errors
from surfaces import registered
from surfaces.held import CANARY, DEFAULTS, ENGINE_DECIDES, NOTHING, Held, declare, sent

NAME = DEFAULTS["default_name"]
CONNECTION = {"user": "app", "port": 5432, "ratio": 0.5, "tls": True, "none": None, "hosts": ["a"]}


def checked(**inputs: Any) -> tuple[str, ...]:
    return resource.check(sent({**DEFAULTS, **inputs}), (), first=True, say=print)


# secret_json --------------------------------------------------------------------------------------


def test_json_is_stored_as_it_was_written(aws: Aws) -> None:
    """Pulumi hands 5432 on as 5432.0; whoever reads the secret must find a whole number."""
    held = declare(secret_json=CONNECTION)
    held.create()
    live = aws.secret(NAME)
    # The engine leaves out what is null; keys are sorted, so that the text is always the same.
    assert live.value == (
        '{"hosts": ["a"], "port": 5432, "ratio": 0.5, "tls": true, "user": "app"}'
    )
    assert held.diff() == NOTHING
    assert held.diff(secret_json=dict(reversed(CONNECTION.items()))) == NOTHING, "order"
    assert held.diff(secret_json={**CONNECTION, "port": 5433}) == ENGINE_DECIDES
    assert held.diff(secret_json=None, secret_string=live.value) == ENGINE_DECIDES
    held.update(secret_json={**CONNECTION, "port": 5433})
    assert json.loads(str(aws.secret(NAME).value))["port"] == 5433
    held.delete()
    again = declare(secret_json={**CONNECTION, "port": 5433}).create()
    assert (again.outputs["restored"], len(aws.secret(NAME).versions)) == (True, 2)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        pytest.param("{}", "must be a mapping; text goes into `secret_string`", id="text"),
        pytest.param(["a"], "must be a mapping", id="a list"),
        pytest.param(False, "must be a mapping", id="what the class makes of anything else"),
        pytest.param(
            {"id": 12345678901234567890},
            "must not hold whole numbers of more than 15 digits: give them as text",
            id="a number of which Pulumi has lost the last digits",
        ),
        pytest.param({"a": "x" * 65536}, "must have 1 to 65536 bytes", id="too long"),
    ],
)
def test_what_is_no_json_object_is_refused(given: object, words: str, aws: Aws) -> None:
    (problem,) = checked(secret_json=given)
    assert problem.replace("`", "").startswith(f"secret_json {words}".replace("`", ""))
    assert aws.calls == []


def test_json_hands_nested_secrets_and_outputs_over_as_one_secret() -> None:
    def program() -> None:
        inner = {"password": pulumi.Output.secret(CANARY), "host": pulumi.Output.from_input("h")}
        Secret("db", secret_json={"user": "app", "inner": inner})

    run = registered.run(program)
    found = registered.plain(run.inputs()["secret_json"])
    assert found == {"user": "app", "inner": {"password": CANARY, "host": "h"}}


@pytest.mark.parametrize("field", ["secret_json", "replicas", "value_from", "policy"])
def test_what_is_not_known_inside_is_not_judged(field: str) -> None:
    inner: dict[str, Any] = {
        "secret_json": {"a": {"b": [Unknown()]}},
        "replicas": [{"region": Unknown()}],
        "value_from": {"ssm_parameter": Unknown()},
        "policy": {"Statement": [{"Resource": Unknown()}]},
    }
    provider = dynamic.SecretProvider()
    news = {**DEFAULTS, field: inner[field]}
    assert provider.check({}, news).failures == []
    outputs = {**DEFAULTS, "name": NAME, "owner": DEFAULTS["default_owner"]}
    assert provider.diff("id", outputs, news).changes is None


# secret_string_wo ---------------------------------------------------------------------------------


@pytest.fixture
def written(aws: Aws) -> Held:
    """A secret with a write-only value; the calls that made it are forgotten."""
    made = declare(secret_string_wo=CANARY, secret_string_wo_version=1).create()
    assert aws.secret(NAME).value == CANARY
    aws.calls.clear()
    return made


def test_a_write_only_value_is_in_no_output(written: Held, aws: Aws) -> None:
    assert "secret_string_wo" not in written.outputs
    assert CANARY not in repr(written.outputs)
    written.refresh()
    written.update(description="d")
    assert CANARY not in repr(written.outputs)
    assert aws.actions().count("PutSecretValue") == 0


def test_a_write_only_value_changes_with_its_version_only(written: Held, aws: Aws) -> None:
    assert written.diff() == NOTHING
    assert written.diff(secret_string_wo="other") == NOTHING, "only the text"
    written.update(secret_string_wo="other")
    assert (aws.calls, aws.secret(NAME).value) == ([], CANARY)
    assert written.diff(secret_string_wo_version=2) == ENGINE_DECIDES
    written.update(secret_string_wo_version=2)
    assert aws.secret(NAME).value == "other"
    assert aws.actions() == ["DescribeSecret", "UpdateSecret"]
    assert written.diff() == NOTHING


def test_a_write_only_value_is_compared_after_a_restore(written: Held, aws: Aws) -> None:
    written.delete()
    again = declare(secret_string_wo=CANARY, secret_string_wo_version=1).create()
    assert len(aws.secret(NAME).versions) == 1
    again.delete()
    declare(secret_string_wo="other", secret_string_wo_version=1).create()
    assert aws.secret(NAME).value == "other", "nothing remembers that version 1 was another text"


def test_a_write_only_value_and_its_version_need_each_other() -> None:
    for given in ({"secret_string_wo": CANARY}, {"secret_string_wo_version": 1}):
        (problem,) = checked(**given)
        assert "secret_string_wo" in problem
        assert CANARY not in problem


# value_from ---------------------------------------------------------------------------------------


@pytest.fixture
def places(
    aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], dict[str, dict[str, str]]]:
    """Put a value into each place that can be referred to; returns the references."""
    aws.by_hand("CreateSecret", Name="source", SecretString="to be replaced")

    def put(value: str) -> dict[str, dict[str, str]]:
        monkeypatch.setenv("SOURCE_OF_VALUE", value)
        (tmp_path / "value").write_text(value)
        aws.add_parameter("/source/value", value)
        aws.put_by_hand("source", value)
        return {
            "variable": {"environment_variable": "SOURCE_OF_VALUE"},
            "file": {"file": str(tmp_path / "value")},
            "parameter": {"ssm_parameter": "/source/value"},
            "secret": {"secret": "source"},
        }

    return put


KINDS = ("variable", "file", "parameter", "secret")


@pytest.fixture
def everything(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """All that any logger says at any level."""
    for name in ("", "botocore", "boto3", "urllib3"):
        caplog.set_level(logging.DEBUG, name)
    yield caplog
    caplog.clear()


@pytest.mark.parametrize("kind", KINDS)
def test_a_value_by_reference_is_in_the_secret_and_nowhere_else(
    kind: str,
    *,
    places: Callable[[str], dict[str, dict[str, str]]],
    aws: Aws,
    everything: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    reference = places(CANARY)[kind]
    provider = dynamic.SecretProvider()
    props = sent({**DEFAULTS, "value_from": reference, "value_version": 1})
    assert provider.check({}, props).failures == []
    made = provider.create(props)
    assert aws.secret(NAME).value == CANARY
    places(f"{CANARY}-2")
    outs = sent(made.outs)
    assert provider.diff(made.id, outs, props).changes is False, "read again only when asked for"
    news = {**props, "value_version": 2.0}
    assert provider.diff(made.id, outs, news).changes is None
    updated = provider.update(made.id, outs, news)
    assert aws.secret(NAME).value == f"{CANARY}-2"
    read = provider.read(made.id, sent(updated.outs))
    provider.delete(made.id, sent(read.outs))
    provider.create(news)
    assert aws.secret(NAME).value == f"{CANARY}-2", "kept through the restore"
    told = capsys.readouterr()
    calls = [repr(call.parameters) for call in aws.calls]
    seen = [made.outs, updated.outs, read.outs, told, everything.text, calls]
    assert CANARY not in repr(seen)


BAD: dict[str, tuple[dict[str, str], str]] = {
    "no variable": ({"environment_variable": "NOT_SET_HERE"}, "NOT_SET_HERE is not set"),
    "no file": ({"file": "/not/there"}, "cannot be read"),
    "a folder": ({"file": "/"}, "is no regular file"),
    "no parameter": ({"ssm_parameter": "/not/there"}, "/not/there"),
    "no secret": ({"secret": "not/there"}, "not/there"),
}


@pytest.mark.parametrize(("reference", "words"), BAD.values(), ids=BAD)
def test_what_cannot_be_read_is_an_error_before_anything_changes(
    reference: dict[str, str], words: str, aws: Aws
) -> None:
    fresh = declare(value_from=reference)
    with pytest.raises(errors.RecoverableSecretsError, match=words):
        fresh.create()
    assert aws.secrets() == []
    held = declare(secret_string=CANARY, description="d").create()
    before = aws.secret(NAME)
    with pytest.raises(errors.RecoverableSecretsError, match=words):
        held.update(secret_string=None, value_from=reference, description="e")
    assert aws.secret(NAME) == before


@pytest.mark.parametrize(
    ("denied", "reference"),
    [
        pytest.param("ssm:GetParameter", {"ssm_parameter": "/source/value"}, id="parameter"),
        pytest.param("secretsmanager:GetSecretValue", {"secret": "source"}, id="secret"),
    ],
)
def test_a_missing_permission_is_named(
    denied: str,
    reference: dict[str, str],
    places: Callable[[str], object],
    aws: Aws,
) -> None:
    places(CANARY)
    aws.deny(denied)
    with pytest.raises(errors.AccessDenied, match=denied):
        declare(value_from=reference).create()
    assert aws.secret(NAME).state == "absent"


@pytest.mark.parametrize("kind", KINDS)
def test_drift_of_a_referenced_value(
    kind: str, places: Callable[[str], dict[str, dict[str, str]]], aws: Aws
) -> None:
    held = declare(value_from=places(CANARY)[kind]).create()
    aws.put_by_hand(NAME, "by hand")
    held.refresh()
    assert held.diff() == NOTHING, "kept by default"
    assert held.diff(on_value_drift="overwrite") == (True, [])
    held.update(on_value_drift="overwrite")
    assert aws.secret(NAME).value == CANARY
    assert held.diff() == NOTHING


# from one way to another --------------------------------------------------------------------------

WAYS: dict[str, dict[str, Any]] = {
    "text": {"secret_string": '{"a": 1}'},
    "json": {"secret_json": {"a": 1}},
    "write-only": {"secret_string_wo": '{"a": 1}', "secret_string_wo_version": 1},
    "referenced": {"value_from": {"environment_variable": "SOURCE_OF_VALUE"}},
    "none": {},
}


@pytest.mark.parametrize("after", WAYS)
@pytest.mark.parametrize("before", WAYS)
def test_the_same_value_given_in_another_way_makes_no_version(
    before: str, after: str, aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_OF_VALUE", '{"a": 1}')
    held = declare(**WAYS[before]).create()
    version = aws.secret(NAME).version_id
    held.update(**{**dict.fromkeys(WAYS[before]), **WAYS[after]})
    live = aws.secret(NAME)
    assert live.value == ('{"a": 1}' if before != "none" or after != "none" else None)
    assert len(live.versions) <= 1
    assert before == "none" or live.version_id == version
    assert held.diff() == NOTHING


@pytest.mark.parametrize("second", ["secret_json", "value_from", "secret_binary"])
def test_two_ways_at_once_are_refused(second: str) -> None:
    given: Any = {"secret_json": {}, "value_from": {"secret": "a"}, "secret_binary": "YQ=="}
    problems = checked(secret_string=CANARY, **{second: given[second]})
    assert any("secret_string" in one and second in one and "exclude" in one for one in problems)
    assert CANARY not in str(problems)


# versions -----------------------------------------------------------------------------------------


def test_another_generated_value_when_it_is_asked_for(aws: Aws) -> None:
    held = declare(generate_secret_string={}, regenerate_when=1).create()
    first = aws.secret(NAME).value
    assert held.diff(regenerate_when="1") == NOTHING, "as a number or as text"
    assert held.diff(regenerate_when=2) == ENGINE_DECIDES
    held.update(regenerate_when=2)
    second = aws.secret(NAME).value
    assert second != first
    held.update(description="d")
    assert aws.secret(NAME).value == second
    assert str(second) not in repr(held.outputs)


def test_the_version_before_is_deprecated_where_that_is_declared(aws: Aws) -> None:
    held = declare(secret_string="a", previous_version="deprecate").create()
    held.update(secret_string="b")
    aws.drop_unlabelled()
    live = aws.secret(NAME)
    assert [one.value for one in live.versions.values()] == ["b"], "AWS has dropped the other"
    held.update(previous_version="keep", secret_string="c")
    aws.drop_unlabelled()
    assert {one.value for one in aws.secret(NAME).versions.values()} == {"b", "c"}
    assert held.diff() == NOTHING


def test_another_value_than_an_adopted_secret_has_is_written_only_if_told_so(aws: Aws) -> None:
    aws.by_hand("CreateSecret", Name=NAME, SecretString="of others")
    held = declare(adopt="unowned", secret_string=CANARY).create()
    assert aws.secret(NAME).value == "of others"
    assert any("keeps the value that was put outside" in note for note in held.said)
    assert held.diff() == NOTHING
    assert held.diff(on_value_drift="overwrite") == (True, [])
    held.update(on_value_drift="overwrite")
    assert aws.secret(NAME).value == CANARY
