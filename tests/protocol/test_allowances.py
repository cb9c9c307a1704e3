"""What an installation allows: which values may be read, who may rotate, who may be let in.

One function serves all stacks of an account. So what a template names is compared with patterns
that only the account's owner writes, and nothing that a template can say widens them.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from lambda_handler import properties
from lambda_handler.properties import Installation

from recoverable_secrets.core import errors
from recoverable_secrets.core.model import RotationRules, Spec

HERE = "eu-west-1:111122223333"
FUNCTION = f"arn:aws:lambda:{HERE}:function:recoverable-secrets"
PARAMETERS, SECRETS = f"arn:aws:ssm:{HERE}:parameter", f"arn:aws:secretsmanager:{HERE}:secret"
ROTATOR = f"arn:aws:lambda:{HERE}:function:rotate"
ROLE = "arn:aws:iam::111122223333:role/partner"


def installed(**environment: str) -> Installation:
    """Return an installation in its own account and region."""
    return Installation.of(environment, FUNCTION)


def refusal(given: dict[str, Any], allowed: Installation) -> str:
    """Return why properties are refused, in one problem; empty text if they are not."""
    try:
        properties.declared(given, allowed)
    except errors.InvalidInput as failure:
        (problem,) = failure.problems
        assert len(problem) <= errors.LIMIT
        return problem
    return ""


# The pattern, the kind of place, what a template names, whether it may be read, and why.
SOURCES: tuple[tuple[str, str, str, bool, str], ...] = (
    (f"{PARAMETERS}/app/*", "SsmParameter", "/app/db", True, "a name means here"),
    (f"{PARAMETERS}/app/*", "SsmParameter", "app/db", True, "a slash less means the same"),
    (f"{PARAMETERS}/app/*", "SsmParameter", f"{PARAMETERS}/app/db", True, "the ARN of it"),
    (f"{PARAMETERS}/app/*", "SsmParameter", "/app/db:3", True, "a version of it"),
    (f"{PARAMETERS}/app/db", "SsmParameter", "/app/db:live", True, "a label of exactly it"),
    (f"{PARAMETERS}/app/db", "SsmParameter", "/app/db2", False, "more than was written"),
    (f"{PARAMETERS}/app/*", "SsmParameter", "/application", False, "another path"),
    (f"{PARAMETERS}/app/*", "SsmParameter", "/App/db", False, "case counts"),
    (f"{PARAMETERS}/app/*", "SsmParameter", "/app/../db", False, "a path that goes up"),
    (f"{PARAMETERS}/app/*", "SsmParameter", "/app/./db", False, "a path that stays"),
    (f"{PARAMETERS}/app/?", "SsmParameter", "/app/a", True, "one character"),
    (f"{PARAMETERS}/app/?", "SsmParameter", "/app/ab", False, "and no more"),
    ("arn:aws:ssm:us-east-1:111122223333:parameter/app/*", "SsmParameter", "/app/db", False,
     "a name never means another region"),
    ("arn:aws:ssm:eu-west-1:444455556666:parameter/app/*", "SsmParameter", "/app/db", False,
     "nor another account"),
    ("arn:aws-cn:ssm:*:*:parameter/app/*", "SsmParameter", "/app/db", False,
     "nor another partition"),
    (f"{PARAMETERS}/*", "SsmParameter", "arn:aws:ssm:us-east-1:111122223333:parameter/app", False,
     "another region's ARN"),
    (f"{PARAMETERS}/*", "SsmParameter", "arn:aws:ssm:eu-west-1:444455556666:parameter/app", False,
     "another account's ARN"),
    ("arn:aws:ssm:*:*:parameter/app/*", "SsmParameter",
     "arn:aws:ssm:us-east-1:444455556666:parameter/app/db", True, "who allows others, allows them"),
    ("arn:aws:ssm:*:111122223333:parameter/app/*", "SsmParameter",
     "arn:aws:ssm:us-east-1:444455556666:parameter/app/:111122223333:parameter/app/x", False,
     "a star does not reach into the next part"),
    (f"{SECRETS}:app/*", "Secret", "app/db", True, "a name means here"),
    (f"{SECRETS}:app/*", "Secret", f"{SECRETS}:app/db-AbCdEf", True, "the full ARN of it"),
    (f"{SECRETS}:app/db-??????", "Secret", "app/db", True, "its suffix is not known"),
    (f"{SECRETS}:app/db-AbCdEf", "Secret", f"{SECRETS}:app/db-AbCdEf", True, "exactly it"),
    (f"{SECRETS}:app/db-AbCdEf", "Secret", "app/db", False,
     "the name may be another secret's by now: the ARN says which"),
    (f"{SECRETS}:app/db-??????", "Secret", "app/db-AbCdEf", False, "the name of another secret"),
    (f"{SECRETS}:app/db-??????", "Secret", "app/db2", False, "more than was written"),
    (f"{SECRETS}:app/*", "Secret", "App/db", False, "case counts"),
    (f"{SECRETS}:app/*", "Secret", "app/../db", False, "a path that goes up"),
    (f"{SECRETS}:*", "Secret",
     "arn:aws:secretsmanager:us-east-1:111122223333:secret:app/db-AbCdEf", False,
     "another region's ARN"),
    (f"{SECRETS}:*", "SsmParameter", "app", False, "a pattern of secrets allows no parameter"),
    (f"{PARAMETERS}/*", "Secret", "app", False, "a pattern of parameters allows no secret"),
    ("", "Secret", "app", False, "nothing is allowed by default"),
    (f"{PARAMETERS}/a, {SECRETS}:b-*", "Secret", "b", True, "the second of two patterns"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("pattern", "kind", "place", "allowed"),
    [row[:4] for row in SOURCES],
    ids=[row[4] for row in SOURCES],
)
def test_what_may_be_read(pattern: str, kind: str, place: str, *, allowed: bool) -> None:
    told = refusal({"ValueFrom": {kind: place}}, installed(ALLOWED_VALUE_SOURCES=pattern))
    assert (told == "") is allowed
    assert allowed or "AllowedValueSources" in told or "must be" in told
    assert place not in told


@pytest.mark.parametrize("place", ["/app/*", "/app/?", "arn:aws:ssm:*:*:parameter/app/db"])
def test_wildcards_of_a_template_mean_nothing(place: str) -> None:
    allowed = installed(ALLOWED_VALUE_SOURCES=f"{PARAMETERS}/app/db")
    assert refusal({"ValueFrom": {"SsmParameter": place}}, allowed)


@pytest.mark.parametrize("kind", ["File", "EnvironmentVariable"])
def test_what_is_the_function_s_own_is_never_read(kind: str) -> None:
    allowed = installed(ALLOWED_VALUE_SOURCES=f"{PARAMETERS}/*,{SECRETS}:*")
    assert f"ValueFrom.{kind} is not an argument" in refusal({"ValueFrom": {kind: "a"}}, allowed)


def test_names_of_secrets_as_parameters_are_refused() -> None:
    allowed = installed(ALLOWED_VALUE_SOURCES=f"{PARAMETERS}/*")
    place = {"SsmParameter": "/aws/reference/secretsmanager/db"}
    assert "use ValueFrom.Secret" in refusal({"ValueFrom": place}, allowed)


def test_names_need_a_function_that_knows_where_it_is() -> None:
    allowed = Installation.of({"ALLOWED_VALUE_SOURCES": "arn:*:ssm:*:*:parameter/*"})
    assert refusal({"ValueFrom": {"SsmParameter": "app"}}, allowed)
    assert not refusal({"ValueFrom": {"SsmParameter": f"{PARAMETERS}/app"}}, allowed)


ROTATORS: tuple[tuple[str, dict[str, Any], bool, str], ...] = (
    (ROTATOR, {"RotationLambdaARN": ROTATOR}, True, "exactly it"),
    (f"{ROTATOR}-*", {"RotationLambdaARN": f"{ROTATOR}-db"}, True, "one of a kind"),
    (ROTATOR, {"RotationLambdaARN": f"{ROTATOR}-db"}, False, "more than was written"),
    (ROTATOR, {"RotationLambdaARN": f"{ROTATOR}:live"}, False, "an alias is another target"),
    (f"{ROTATOR}:*", {"RotationLambdaARN": f"{ROTATOR}:live"}, True, "which a star allows"),
    ("arn:aws:lambda:us-east-1:111122223333:function:*", {"RotationLambdaARN": ROTATOR}, False,
     "another region's"),
    ("", {"RotationLambdaARN": ROTATOR}, False, "nothing is allowed by default"),
    ("", {}, True, "rotation without a function of ours is the service's own"),
    (ROLE, {"ExternalSecretRotationRoleArn": ROLE}, True, "a partner's role"),
    (ROTATOR, {"ExternalSecretRotationRoleArn": ROLE}, False, "a role is handed over as well"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("pattern", "more", "allowed"),
    [row[:3] for row in ROTATORS],
    ids=[row[3] for row in ROTATORS],
)
def test_who_may_rotate(pattern: str, more: dict[str, Any], *, allowed: bool) -> None:
    given = {"RotationRules": {"AutomaticallyAfterDays": "30"}, **more}
    told = refusal(given, installed(ALLOWED_ROTATION_FUNCTIONS=pattern))
    assert (told == "") is allowed
    assert allowed or "AllowedRotationFunctions" in told


def test_a_public_policy_needs_to_be_allowed() -> None:
    given = {"BlockPublicPolicy": "false"}
    assert "AllowPublicPolicy" in refusal(given, installed())
    assert refusal(given, installed(ALLOW_PUBLIC_POLICY="yes")) == ""
    assert refusal({"BlockPublicPolicy": "true"}, installed()) == ""


def test_a_prefix_begins_as_names_must() -> None:
    allowed = installed(NAME_PREFIX="team/")
    assert refusal({"NamePrefix": "team/app-"}, allowed) == ""
    told = refusal({"NamePrefix": "other/"}, allowed)
    assert told.startswith("NamePrefix must begin with team/")


@pytest.mark.parametrize(
    ("variable", "content"),
    [
        pytest.param("ALLOWED_VALUE_SOURCES", "*", id="a star for everything"),
        pytest.param("ALLOWED_VALUE_SOURCES", "/app/*", id="a name"),
        pytest.param("ALLOWED_VALUE_SOURCES", "arn:aws:ssm:*", id="parts are missing"),
        pytest.param("ALLOWED_VALUE_SOURCES", "arn:aws:*:*:*:*", id="any service"),
        pytest.param("ALLOWED_VALUE_SOURCES", ROTATOR, id="another service"),
        pytest.param("ALLOWED_VALUE_SOURCES", f"{PARAMETERS}/[ab]", id="brackets"),
        pytest.param("ALLOWED_ROTATION_FUNCTIONS", f"{PARAMETERS}/a", id="a parameter rotates"),
        pytest.param("ALLOW_PUBLIC_POLICY", "maybe", id="neither yes nor no"),
    ],
)
def test_an_installation_that_says_something_else_is_refused(variable: str, content: str) -> None:
    """Before anything is done, so that a slip allows nothing."""
    with pytest.raises(errors.InvalidInput, match=variable):
        installed(**{variable: content})


def test_what_is_not_allowed_any_more_is_left_out_of_a_rollback() -> None:
    """What a rollback goes back to was right once, and must not make it fail."""
    given = {
        "ValueFrom": {"SsmParameter": "/app/db"},
        "ValueVersion": "1",
        "RotationLambdaARN": ROTATOR,
        "RotationRules": {"AutomaticallyAfterDays": "30"},
        "BlockPublicPolicy": "false",
        "Description": "stays",
    }
    before = properties.recalled(given)
    assert properties.within(before, installed()).spec == Spec(description="stays")
    generous = installed(
        ALLOWED_VALUE_SOURCES=f"{PARAMETERS}/app/*",
        ALLOWED_ROTATION_FUNCTIONS=ROTATOR,
        ALLOW_PUBLIC_POLICY="yes",
    )
    assert properties.within(before, generous) == before
    assert before.spec.rotation_rules == RotationRules(automatically_after_days=30)


@pytest.mark.parametrize(
    "source", [{"File": "/a"}, {"SsmParameter": "arn:aws:ssm"}, {"Secret": "a", "File": "b"}, {}]
)
def test_what_was_never_right_is_never_read(source: dict[str, str]) -> None:
    """A rollback looks at properties that nothing has checked."""
    widest = dataclasses.replace(installed(), value_sources=("arn:*:ssm:*:*:*",))
    before = properties.recalled({"ValueFrom": source})
    assert before.spec.value_from is not None
    assert properties.within(before, widest).spec.value_from is None
