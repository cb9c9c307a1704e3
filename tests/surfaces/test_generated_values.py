"""Generated values in Pulumi: parameters are plain inputs and outputs, values are in neither."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pulumi
import pytest
from pulumi import dynamic as sdk
from pulumi.output import Unknown

from emulation import Aws
from recoverable_secrets import Secret, dynamic, resource
from recoverable_secrets.core.generate import Generate
from surfaces import registered
from surfaces.held import DEFAULTS, ENGINE_DECIDES, NOTHING, Held, Seen, declare

NAME = "shop/dev/db"
IN_JSON = {
    "secret_string_template": '{"username": "app"}',
    "generate_string_key": "password",
    "password_length": 20,
}
DRIFTED: Seen = (True, [])


@pytest.fixture
def held(aws: Aws) -> Held:
    """A secret with a generated value; the calls that made it are forgotten."""
    made = declare(generate_secret_string=IN_JSON).create()
    aws.calls.clear()
    return made


def test_outputs_have_the_parameters_and_not_the_value(aws: Aws) -> None:
    held = declare(generate_secret_string=IN_JSON).create()
    live = aws.secret(NAME)
    password = json.loads(str(live.value))["password"]
    assert len(password) == 20
    assert held.outputs["generate_secret_string"] == IN_JSON
    assert (held.outputs["version_id"], held.outputs["declared_version"]) == (
        live.version_id,
        live.version_id,
    )
    assert password not in f"{held.outputs} {held.said}"
    assert "secret_string" not in held.outputs


CHANGES: dict[str, tuple[dict[str, Any], Seen]] = {
    "nothing": ({}, NOTHING),
    "a default, now said": (
        {"generate_secret_string": {**IN_JSON, "include_space": False}},
        NOTHING,
    ),
    "a parameter: the state has to know it": (
        {"generate_secret_string": {**IN_JSON, "password_length": 21}},
        ENGINE_DECIDES,
    ),
    "all defaults": ({"generate_secret_string": {}}, ENGINE_DECIDES),
    "no longer declared": ({"generate_secret_string": None}, ENGINE_DECIDES),
    "a literal": ({"generate_secret_string": None, "secret_string": "a"}, ENGINE_DECIDES),
    "a policy": ({"on_value_drift": "overwrite"}, ENGINE_DECIDES),
}


@pytest.mark.parametrize(("changes", "seen"), CHANGES.values(), ids=CHANGES)
def test_diff(changes: dict[str, Any], seen: Seen, held: Held, aws: Aws) -> None:
    assert held.diff(**changes) == seen
    assert aws.calls == []


def test_other_parameters_make_no_call_and_are_remembered(held: Held, aws: Aws) -> None:
    value = aws.secret(NAME).value
    held.update(generate_secret_string={"exclude_punctuation": True})
    assert aws.calls == []
    assert held.said == [f"{NAME} keeps its value: one is generated only where there is none"]
    assert held.outputs["generate_secret_string"] == {"exclude_punctuation": True}
    assert held.diff() == NOTHING
    assert aws.secret(NAME).value == value


def test_a_person_s_value_is_no_drift(held: Held, aws: Aws) -> None:
    """Not even where drift is to be overwritten: there is nothing to overwrite it with."""
    held.update(on_value_drift="overwrite")
    aws.put_by_hand(NAME, "by a person")
    assert held.refresh()
    assert held.diff() == NOTHING
    held.update()
    assert aws.secret(NAME).value == "by a person"


def test_a_secret_that_was_found_without_a_value_gets_one(aws: Aws) -> None:
    """As after a refresh that found none, or by a version of ours that knew no generation."""
    held = declare(generate_secret_string={})
    without = declare().create()
    held.id, held.outputs = without.id, {**without.outputs, "generate_secret_string": {}}
    assert held.diff() == DRIFTED
    held.update()
    assert len(str(aws.secret(NAME).value)) == 32
    assert held.outputs["version_id"] == aws.secret(NAME).version_id
    assert held.diff() == NOTHING


def test_recreated_it_has_the_same_value(held: Held, aws: Aws) -> None:
    before = aws.secret(NAME)
    held.delete()
    again = declare(generate_secret_string={"password_length": 9}).create()
    after = aws.secret(NAME)
    assert (after.arn, after.value, after.versions) == (before.arn, before.value, before.versions)
    assert again.outputs["restored"] is True


def test_check_finds_what_is_wrong_inside() -> None:
    told = {"password_length": 0.0, "lenght": 3.0, "generate_string_key": "a"}
    inputs = {**DEFAULTS, "generate_secret_string": told, "secret_string": "a"}
    problems = resource.check(inputs, (), first=True, say=lambda _: None)
    assert len(problems) == 4
    for words in (
        "generate_secret_string.password_length must be a whole number from 1 to 4096",
        "generate_secret_string.lenght is not an argument",
        "need each other",
        "secret_string and generate_secret_string exclude each other",
    ):
        assert any(words in problem for problem in problems), words


@pytest.mark.parametrize(
    "inner",
    [
        pytest.param(Unknown(), id="all"),
        pytest.param({"secret_string_template": Unknown(), "generate_string_key": "a"}, id="part"),
    ],
)
def test_what_is_not_known_yet_is_not_judged(inner: Any) -> None:
    provider = dynamic.SecretProvider()
    news = {**DEFAULTS, "generate_secret_string": inner}
    checked: sdk.CheckResult = provider.check({}, news)
    assert checked.failures == []
    outputs = {**DEFAULTS, "generate_secret_string": IN_JSON, "name": NAME, "version_id": "v"}
    assert provider.diff("id", outputs, news).changes is None


@pytest.mark.parametrize("preview", [False, True], ids=["up", "preview"])
@pytest.mark.parametrize(
    ("given", "sent"),
    [
        pytest.param(dict, {}, id="empty is not the same as not declared"),
        pytest.param(lambda: IN_JSON, IN_JSON, id="plain"),
        pytest.param(
            lambda: {"exclude_characters": pulumi.Output.from_input("'")},
            {"exclude_characters": "'"},
            id="an output inside",
        ),
        pytest.param(lambda: pulumi.Output.from_input(IN_JSON), IN_JSON, id="an output"),
    ],
)
def test_a_program_hands_the_parameters_over(
    given: Callable[[], Any], sent: Any, *, preview: bool
) -> None:
    run = registered.run(lambda: Secret("db", generate_secret_string=given()), preview=preview)
    assert run.inputs()["generate_secret_string"] == sent
    assert "secret_string" not in run.inputs()


def test_the_typed_arguments_are_those_of_the_model() -> None:
    """Programs are checked against the one, inputs against the other."""
    assert list(dynamic.GenerateSecretString.__annotations__) == list(Generate.model_fields)
    for name, kind in dynamic.GenerateSecretString.__annotations__.items():
        (plain,) = re.findall(r"pulumi\.Input\[(\w+)\]", str(kind))
        assert re.findall(r"\b(?:str|int|bool)\b", str(Generate.model_fields[name].annotation)) == [
            plain
        ], name
