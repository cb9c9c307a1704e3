"""Resource policies: equal text means equal meaning, and the other way round."""

from __future__ import annotations

import copy
import datetime as dt
import json
import random
from types import MappingProxyType
from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import states
from recoverable_secrets.core import documents
from recoverable_secrets.core.documents import normal

ACCOUNT = "123456789012"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/app"
GET = "secretsmanager:GetSecretValue"
BASE: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": {
        "Sid": "Readers",
        "Effect": "Allow",
        "Principal": {"AWS": [ROLE, ACCOUNT]},
        "Action": [GET, "secretsmanager:DescribeSecret"],
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:PrincipalTag/team": ["a", "b"]}},
    },
}
OTHER = {"Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*"}


def having(**members: Any) -> dict[str, Any]:
    """Return the base with other members of its statement; `None` leaves one out."""
    policy = copy.deepcopy(BASE)
    policy["Statement"] = {
        name: content
        for name, content in {**policy["Statement"], **members}.items()
        if content is not None
    }
    return policy


def condition(operator: str, key: str, values: object) -> dict[str, Any]:
    return having(Condition={operator: {key: values}})


SAME = [
    pytest.param(BASE, json.dumps(BASE, indent=4), id="a mapping and its text"),
    pytest.param(
        BASE, dict(reversed(list(having(Sid="Readers").items()))), id="members in any order"
    ),
    pytest.param(BASE, {**BASE, "Statement": [BASE["Statement"]]}, id="one statement in a list"),
    pytest.param(
        {**BASE, "Statement": [BASE["Statement"], OTHER]},
        {**BASE, "Statement": [OTHER, BASE["Statement"], OTHER]},
        id="statements in any order, and twice",
    ),
    pytest.param(
        having(Action=[GET, "kms:Decrypt"]),
        having(Action=["kms:Decrypt", GET, GET]),
        id="actions in any order, and twice",
    ),
    pytest.param(having(Action=[GET]), having(Action=GET), id="one action"),
    pytest.param(
        having(Action=["SecretsManager:getsecretvalue", "S3:Get*"]),
        having(Action=[GET, "s3:get*"]),
        id="actions in any case: prefix and name",
    ),
    pytest.param(
        having(Action=None, NotAction=["KMS:*"]),
        having(Action=None, NotAction="kms:*"),
        id="excepted actions",
    ),
    pytest.param(having(Resource=["*"]), having(Resource="*"), id="one resource"),
    pytest.param(
        having(Resource=None, NotResource=["b", "a"]),
        having(Resource=None, NotResource=("a", "b")),
        id="excepted resources, as a tuple",
    ),
    pytest.param(
        having(Principal={"AWS": ROOT}),
        having(Principal={"AWS": [ACCOUNT]}),
        id="an account by its id or the ARN of its root",
    ),
    pytest.param(
        having(Principal={"AWS": f"arn:aws-us-gov:iam::{ACCOUNT}:root"}),
        having(Principal={"AWS": ACCOUNT}),
        id="an account of another partition: a policy never leaves its own",
    ),
    pytest.param(
        having(Principal={"AWS": float(ACCOUNT)}),
        having(Principal={"AWS": int(ACCOUNT)}),
        id="an account as a number",
    ),
    pytest.param(having(Principal="*"), having(Principal={"AWS": ["*"]}), id="everyone"),
    pytest.param(
        having(Principal=None, NotPrincipal={"AWS": [ROOT]}),
        having(Principal=None, NotPrincipal={"AWS": ACCOUNT}),
        id="excepted principals",
    ),
    pytest.param(
        having(Principal={"Service": ["b", "a"], "Federated": ["f"], "CanonicalUser": ["c"]}),
        having(Principal={"CanonicalUser": "c", "Federated": "f", "Service": ["a", "b"]}),
        id="principals of every kind",
    ),
    pytest.param(
        condition("Bool", "aws:SecureTransport", [True]),
        condition("Bool", "aws:SecureTransport", "true"),
        id="a boolean as CloudFormation hands it over",
    ),
    pytest.param(
        condition("NumericLessThan", "aws:MultiFactorAuthAge", 3600.0),
        condition("NumericLessThan", "aws:MultiFactorAuthAge", "3600"),
        id="a number as Pulumi hands it over",
    ),
    pytest.param(
        condition("NumericLessThan", "k", 0.5),
        condition("NumericLessThan", "k", ["0.5"]),
        id="a number with a fraction",
    ),
    pytest.param(
        condition("StringLike", "k", ["b", "a", "b"]),
        condition("StringLike", "k", ["a", "b"]),
        id="condition values in any order, and twice",
    ),
    pytest.param(MappingProxyType(BASE), BASE, id="any kind of mapping"),
    pytest.param({**BASE, "Id": 7}, {**BASE, "Id": "7"}, id="scalars anywhere"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_meaning(one: object, other: object) -> None:
    assert normal(one) == normal(other) != ""


DIFFERENT = [
    pytest.param(having(Effect="Deny"), id="effect"),
    pytest.param({k: v for k, v in BASE.items() if k != "Version"}, id="no version: an older one"),
    pytest.param({**BASE, "Version": "2008-10-17"}, id="version"),
    pytest.param({**BASE, "Id": "x"}, id="an id"),
    pytest.param({**BASE, "Statement": []}, id="no statement in it"),
    pytest.param({**BASE, "Statement": [BASE["Statement"], OTHER]}, id="one statement more"),
    pytest.param(having(Sid="readers"), id="the name of a statement"),
    pytest.param(having(Sid=None), id="no name of a statement"),
    pytest.param(having(Action=GET), id="an action less"),
    pytest.param(having(Action=[GET, "secretsmanager:Describe*"]), id="a wildcard"),
    pytest.param(
        having(Action=None, NotAction=BASE["Statement"]["Action"]), id="all actions but these"
    ),
    pytest.param(having(Resource=None, NotResource="*"), id="all resources but these"),
    pytest.param(having(Resource=["*", "arn:x"]), id="a resource more"),
    pytest.param(having(Resource=[]), id="an empty list of resources"),
    pytest.param(having(Resource=None), id="no resources"),
    pytest.param(having(Principal={"AWS": [ROLE, "210987654321"]}), id="another account"),
    pytest.param(having(Principal={"AWS": [ROLE.upper(), ACCOUNT]}), id="a role in upper case"),
    pytest.param(having(Principal={"Service": [ROLE, ACCOUNT]}), id="another kind of principal"),
    pytest.param(
        having(Principal=None, NotPrincipal=BASE["Statement"]["Principal"]),
        id="all principals but these",
    ),
    pytest.param(having(Principal=None), id="no principals"),
    pytest.param(having(Principal="*"), id="everyone"),
    pytest.param(having(Principal={"AWS": "*", "Service": "s"}), id="everyone and a service"),
    pytest.param(having(Principal={"Federated": ROOT}), id="a root that is no account"),
    pytest.param(having(Principal={"Federated": ACCOUNT}), id="an id that is no account"),
    pytest.param(having(Principal={"Federated": "*"}), id="everyone who is federated"),
    pytest.param(having(Condition=None), id="no condition"),
    pytest.param(having(Condition={}), id="an empty condition: nowhere documented as none"),
    pytest.param(condition("StringLike", "aws:PrincipalTag/team", ["a", "b"]), id="operator"),
    pytest.param(condition("StringEquals", "aws:PrincipalTag/Team", ["a", "b"]), id="key"),
    pytest.param(condition("StringEquals", "aws:PrincipalTag/team", ["A", "b"]), id="value's case"),
    pytest.param(condition("StringEquals", "aws:PrincipalTag/team", []), id="no values"),
    pytest.param(condition("StringEquals", "aws:PrincipalTag/team", "a"), id="a value less"),
    pytest.param(condition("StringEquals", "aws:PrincipalTag/team", "a,b"), id="one joined value"),
    pytest.param(condition("ArnEquals", "aws:PrincipalArn", ROOT), id="a root in a condition"),
    pytest.param(condition("ArnEquals", "aws:PrincipalArn", ACCOUNT), id="an id in a condition"),
    pytest.param(having(Principal=[ROLE, ACCOUNT]), id="malformed principals: AWS's to refuse"),
    pytest.param(having(Condition={"StringEquals": "a"}), id="a malformed test: AWS's to refuse"),
    pytest.param(having(Condition="a"), id="a malformed condition: AWS's to refuse"),
    pytest.param(having(Action=[{"a": "b"}]), id="a malformed action: AWS's to refuse"),
    pytest.param(having(Action=[[GET]]), id="a list in a list: AWS's to refuse"),
]


def test_different_meanings_differ() -> None:
    """From the base, and each from each other."""
    policies = [BASE, *(case.values[0] for case in DIFFERENT)]
    names = ["the base", *(case.id for case in DIFFERENT)]
    first: dict[str, object] = {}
    for policy, name in zip(policies, names, strict=True):
        assert first.setdefault(normal(policy), name) is name, f"{name} = {first[normal(policy)]}"


@pytest.mark.parametrize(
    "given",
    [
        pytest.param("", id="empty text"),
        pytest.param(" \n\t", id="white space"),
        pytest.param("{}", id="an empty object in text"),
        pytest.param(" { } ", id="with white space"),
        pytest.param({}, id="an empty mapping"),
    ],
)
def test_no_policy(given: object) -> None:
    assert normal(given) == ""


def test_the_text_that_is_sent() -> None:
    """Compact, sorted, with the usual spelling of actions; a missing Version stays missing."""
    policy = [{"Effect": "Allow", "Principal": {"AWS": [ROOT]}, "Resource": ["*"],
               "Action": ["SECRETSMANAGER:GETSECRETVALUE", "KMS:Decrypt"]}]  # fmt: skip
    assert normal({"Statement": policy}) == (
        '{"Statement":{"Action":["kms:decrypt","secretsmanager:GetSecretValue"],'
        '"Effect":"Allow","Principal":{"AWS":"123456789012"},"Resource":"*"}}'
    )


def test_every_action_of_the_service_keeps_its_spelling() -> None:
    """The list is drawn from nothing: this says when AWS has added to it."""
    model = boto3.Session(region_name="us-east-1")._session.get_service_model("secretsmanager")  # type: ignore[attr-defined]
    known = [f"secretsmanager:{name}" for name in model.operation_names]
    assert len(known) > 20
    for action in known:
        assert json.loads(normal(having(Action=action.upper())))["Statement"]["Action"] == action


DEEP = "[" * 100_000
CYCLE: dict[str, Any] = {}
CYCLE["Statement"] = CYCLE
REFUSED = [
    pytest.param("{", documents.NO_JSON, id="cut off"),
    pytest.param("{'a': 1}", documents.NO_JSON, id="Python, not JSON"),
    pytest.param(f'{{"Statement": {{"a": {"1" * 5000}}}}}', documents.NO_JSON, id="5,000 digits"),
    pytest.param('{"Statement": {}, "Statement": []}', documents.TWICE, id="the same key twice"),
    pytest.param('{"Statement": {"Sid": 1, "Sid": 1}}', documents.TWICE, id="twice, further in"),
    pytest.param('{"Statement": {"a": NaN}}', documents.NO_NUMBER, id="NaN"),
    pytest.param('{"Statement": {"a": -Infinity}}', documents.NO_NUMBER, id="infinity"),
    pytest.param('{"Statement": {"a": 1e999}}', documents.NO_NUMBER, id="too large to be read"),
    pytest.param({"Statement": {"a": float("nan")}}, documents.NO_NUMBER, id="NaN in a mapping"),
    pytest.param({"Statement": {"a": 10**5000}}, documents.NO_NUMBER, id="a huge whole number"),
    pytest.param("[]", documents.NEITHER, id="a list in text"),
    pytest.param('"{}"', documents.NEITHER, id="text in text"),
    pytest.param("null", documents.NEITHER, id="null in text"),
    pytest.param([BASE], documents.NEITHER, id="a list"),
    pytest.param(None, documents.NEITHER, id="nothing"),
    pytest.param(7, documents.NEITHER, id="a number"),
    pytest.param(b"{}", documents.FOREIGN, id="bytes"),
    pytest.param({"Version": "2012-10-17"}, documents.NO_STATEMENT, id="no statement"),
    pytest.param({"Statement": None}, documents.NO_STATEMENT, id="null for a statement"),
    pytest.param({"Statement": "Allow"}, documents.NO_STATEMENT, id="text for a statement"),
    pytest.param({"Statement": [OTHER, "x"]}, documents.NO_STATEMENT, id="text among statements"),
    pytest.param({"statement": OTHER}, documents.NO_STATEMENT, id="in lower case"),
    pytest.param({"Statement": {1: "a"}}, documents.NO_TEXT_KEY, id="a number for a key"),
    pytest.param(
        {"Version": dt.date(2012, 10, 17), "Statement": []},
        documents.FOREIGN,
        id="the version without quotes, as YAML reads it",
    ),
    pytest.param({"Statement": {"Action": {GET}}}, documents.FOREIGN, id="a set"),
    pytest.param(DEEP, documents.TOO_DEEP, id="nested too deeply"),
    pytest.param(CYCLE, documents.TOO_DEEP, id="a mapping that holds itself"),
]


@pytest.mark.parametrize(("given", "text"), REFUSED)
def test_what_is_no_policy(given: object, text: str) -> None:
    """The text repeats nothing, and nothing hangs on the error that does."""
    with pytest.raises(ValueError, match=r"^must ") as caught:
        normal(given)
    assert str(caught.value) == text
    assert caught.value.__context__ is None
    assert len(text) < 80, "there must be room for the field's name and what to do"


# Any policy at all ------------------------------------------------------------------------------

WORDS = st.sampled_from(["a", "b", "*", "é", "\ud800", GET, GET.lower(), "KMS:x", ROOT, ACCOUNT])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(-1e9, 1e9) | WORDS
JUNK = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3)
)
LISTS = WORDS | st.lists(WORDS, max_size=4)
STATEMENTS = st.fixed_dictionaries(
    {"Effect": st.sampled_from(["Allow", "Deny"])},
    optional={
        "Sid": WORDS,
        "Action": LISTS,
        "NotAction": LISTS | JUNK,
        "Resource": LISTS,
        "Principal": st.just("*") | st.dictionaries(st.sampled_from(["AWS", "Service"]), LISTS),
        "NotPrincipal": JUNK,
        "Condition": st.dictionaries(
            st.sampled_from(["Bool", "StringLike"]),
            st.dictionaries(WORDS, st.lists(SCALARS, max_size=3) | SCALARS, max_size=2),
        )
        | JUNK,
    },
)
POLICIES = st.fixed_dictionaries(
    {"Statement": STATEMENTS | st.lists(STATEMENTS, max_size=3)},
    optional={"Version": st.sampled_from(["2012-10-17", "2008-10-17"]), "Id": SCALARS},
)
SET_MEMBERS = ("Action", "NotAction", "Resource", "NotResource")


def shuffled(policy: dict[str, Any], by: random.Random) -> dict[str, Any]:
    """Return the same policy, said in another order, some of it twice or as a list of one."""

    def again(items: object) -> object:
        listed = list(items) if isinstance(items, list) else [items]
        if listed and not any(isinstance(item, list) for item in listed):
            listed += by.sample(listed, by.randrange(len(listed) + 1))
        by.shuffle(listed)
        return listed

    def members(given: dict[str, Any]) -> dict[str, Any]:
        return dict(by.sample(list(given.items()), len(given)))

    def statement(given: dict[str, Any]) -> dict[str, Any]:
        said = {
            name: again(content) if name in SET_MEMBERS else content
            for name, content in members(given).items()
        }
        if isinstance(said.get("Principal"), dict):
            said["Principal"] = {k: again(v) for k, v in members(said["Principal"]).items()}
        return said

    stated = policy["Statement"]
    statements = [statement(each) for each in (stated if isinstance(stated, list) else [stated])]
    return members({**policy, "Statement": again(statements)})


@states.THOROUGH
@given(POLICIES)
def test_the_normal_text_is_its_own(policy: dict[str, Any]) -> None:
    text = normal(policy)
    assert normal(text) == normal(json.loads(text)) == text


@states.THOROUGH
@given(POLICIES, st.randoms(use_true_random=False))
def test_order_and_repetition_mean_nothing(policy: dict[str, Any], by: random.Random) -> None:
    assert normal(shuffled(policy, by)) == normal(policy)


@states.THOROUGH
@given(POLICIES, st.sampled_from([None, 2]))
def test_text_and_mapping_agree(policy: dict[str, Any], indent: int | None) -> None:
    before = copy.deepcopy(policy)
    assert normal(json.dumps(policy, indent=indent)) == normal(policy)
    assert policy == before, "what is given must stay as it was"


@states.THOROUGH
@given(POLICIES)
def test_nothing_gets_lost(policy: dict[str, Any]) -> None:
    """Worked out in a cruder way, the normal text names as many different things."""
    assert crude(json.loads(normal(policy))) == crude(policy)


def crude(policy: dict[str, Any]) -> object:
    """Return versions, effects, and how many different actions and resources are named."""

    def count(statement: dict[str, Any], name: str) -> int:
        content = statement.get(name, [])
        items = content if isinstance(content, list) else [content]
        return len({item.lower() for item in items} if name == "Action" else set(items))

    stated = policy["Statement"]
    statements = stated if isinstance(stated, list) else [stated]
    return policy.get("Version"), {
        (each["Effect"], count(each, "Action"), count(each, "Resource")) for each in statements
    }


TEXTS = {content for content in vars(documents).values() if isinstance(content, str)}


@states.THOROUGH
@given(JUNK | st.text() | st.fixed_dictionaries({"Statement": JUNK}))
def test_whatever_is_given(given: object) -> None:
    """A text that is its own, or one of the refusals; never anything else."""
    try:
        text = normal(given)
    except ValueError as fault:
        told = str(fault)
        assert told in TEXTS
    else:
        assert normal(text) == text
