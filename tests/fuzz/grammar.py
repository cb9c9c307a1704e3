"""Good input, from which mutations start: declarations, policies, ARNs, schedules.

What is made here is accepted, or close to it: contradictions are left in on purpose.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import strategies as st
from pydantic import BaseModel

from fuzz.judge import CANARY
from recoverable_secrets.core import fields, model
from recoverable_secrets.core.model import FIELDS, Declaration
from recoverable_secrets.core.sealed import Sealed

Draw = Callable[[st.SearchStrategy[Any]], Any]

REGIONS = ("eu-west-1", "us-east-1", "ap-southeast-2", "us-gov-west-1", "cn-north-1")
NAMES = ("app/db", "shop/dev/db", "a", "app-secret", "x" * 512, "a_b+c=d.e@f-g!h", "db-AbCdEf")
KEYS = ("", "alias/app", "alias/aws/secretsmanager", "1234abcd-12ab-34cd-56ef-1234567890ab",
        "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab")  # fmt: skip
SCHEDULES = ("rate(10 days)", "rate(4 hours)", "cron(0 8 1 * ? *)", "cron(0 /4 ? * SUN#2 *)",
             "cron(0 16 ? * 2-4,6L *)", "rate(1 day)")  # fmt: skip
FUNCTION = "arn:aws:lambda:eu-central-1:111122223333:function:rotate"
ROLE = "arn:aws:iam::111122223333:role/service/rotate"
ARN = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:app/db-AbCdEf"
PARAMETERS = ("/app/db", "app.db-1_x", "/app/db:3", "/app/db:label",
              "arn:aws:ssm:eu-central-1:111122223333:parameter/app/db")  # fmt: skip
TEMPLATES = ('{"username": "app"}', "{}", ' {"a": [1, {"b": null}]} ', '{"a":1e999}',
             '{"a": "\\ud83d\\ude00"}', '{"a":1,"a":2}')  # fmt: skip
TAGGED = st.dictionaries(
    st.sampled_from(("team", "cost centre", "a:b/c", "ä", "x" * 128)),
    st.sampled_from(("", "shop", "1", "true", "a b_.:/=+-@", "ü" * 256)),
    max_size=4,
)
VALUES = st.sampled_from((CANARY, f"{CANARY}\n", f'{{"password": "{CANARY}"}}', f"ü{CANARY}\0"))


def some(content: Mapping[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Mappings with some of these."""
    return st.fixed_dictionaries({}, optional=dict(content))


GENERATE = some({
    "password_length": st.sampled_from((1, 4, 32, 64, 4096)),
    "exclude_characters": st.sampled_from(("", "\"'@/\\", "0123456789", "abc ", "üé")),
    **dict.fromkeys(("exclude_lowercase", "exclude_uppercase", "exclude_numbers",
                     "exclude_punctuation", "include_space", "require_each_included_type"),
                    st.booleans()),
})  # fmt: skip


@st.composite
def generated(draw: Draw) -> dict[str, Any]:
    """How a value is generated."""
    made: dict[str, Any] = draw(GENERATE)
    if draw(st.booleans()):
        made["secret_string_template"] = draw(st.sampled_from(TEMPLATES))
        made["generate_string_key"] = draw(st.sampled_from(("password", "a", 'p"w', "ü", "")))
    return made


STATEMENTS = some({
    "Sid": st.sampled_from(("One", "")),
    "Effect": st.sampled_from(("Allow", "Deny")),
    "Action": st.sampled_from((
        "secretsmanager:GetSecretValue", ["secretsmanager:getsecretvalue", "kms:Decrypt"], "*",
    )),
    "NotAction": st.just(["secretsmanager:DeleteSecret"]),
    "Resource": st.sampled_from(("*", ["*"], [ARN, ARN + "?"])),
    "Principal": st.sampled_from((
        "*", {"AWS": "*"}, {"AWS": "111122223333"}, {"Service": ["a.amazonaws.com"]},
        {"AWS": ["arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:role/x"]},
    )),
    "Condition": st.sampled_from((
        {"Bool": {"aws:SecureTransport": False}},
        {"StringEquals": {"aws:PrincipalOrgID": ["o-1", "o-2"], "a": "b"}},
        {"NumericLessThan": {"aws:MultiFactorAuthAge": 3600.0}}, {},
    )),
})  # fmt: skip
"""Statements of policies."""

POLICIES = some({
    "Version": st.sampled_from(("2012-10-17", "2008-10-17")),
    "Id": st.just("policy"),
    "Statement": STATEMENTS | st.lists(STATEMENTS, max_size=3),
}).filter(lambda made: made.get("Statement", ()) != ())  # fmt: skip
"""Resource policies."""

_VALUE: tuple[Mapping[str, st.SearchStrategy[Any]], ...] = (
    {},
    {"secret_string": VALUES},
    {"secret_binary": VALUES.map(lambda text: base64.b64encode(text.encode()).decode())},
    {"secret_json": some({"password": VALUES, "port": st.just(5432), "ssl": st.booleans(),
                          "more": st.just([1.5, None])})},
    {"secret_string_wo": VALUES, "secret_string_wo_version": st.sampled_from((0, 1, 999_999_999))},
    {"generate_secret_string": generated(), "regenerate_when": st.sampled_from(("", "1", 7))},
    {"value_from": some({"ssm_parameter": st.sampled_from(PARAMETERS)}),
     "value_version": st.sampled_from(("1", 2))},
    {"value_from": some({"secret": st.sampled_from((ARN, *NAMES))})},
)  # fmt: skip

_TEARDOWN: tuple[Mapping[str, st.SearchStrategy[Any]], ...] = (
    {},
    {"recovery_window_in_days": st.integers(7, 30)},
    {"force_delete_without_recovery": st.just(True), "on_recreate": st.just("replace")},
    {"deletion": st.sampled_from(("schedule", "retain"))},
)

_ROTATION: tuple[Mapping[str, st.SearchStrategy[Any]], ...] = (
    {},
    {},
    {"rotation_enabled": st.just(False)},
    {"rotation_lambda_arn": st.just(FUNCTION),
     "rotation_rules": some({"duration": st.sampled_from(("3h", "24h"))}).flatmap(
         lambda rest: st.sampled_from((
             {**rest, "automatically_after_days": 30},
             *({**rest, "schedule_expression": each} for each in SCHEDULES),
         )))},
    {"external_secret_rotation_role_arn": st.just(ROLE),
     "external_secret_rotation_metadatas": TAGGED},
)  # fmt: skip

_REST: Mapping[str, st.SearchStrategy[Any]] = {
    "name": st.sampled_from(NAMES),
    "name_prefix": st.sampled_from(("app/", "x")),
    "description": st.sampled_from(("", "A database", "ü" * 2048)),
    "kms_key_id": st.sampled_from(KEYS),
    "type": st.just("MongoDB"),
    "version_stages": st.lists(st.sampled_from(("blue", "x y", "ü")), unique=True, max_size=3),
    "tags": TAGGED,
    "replicas": st.lists(st.sampled_from(REGIONS), unique=True, max_size=3).map(
        lambda regions: [{"region": each, "kms_key_id": "alias/app"} for each in regions]),
    "policy": POLICIES,
    "block_public_policy": st.booleans(),
    "refuse_deletion_if_accessed_within": st.sampled_from((0, 365)),
    "adopt": st.sampled_from(("no", "unowned", "any")),
    "on_value_drift": st.sampled_from(("keep", "overwrite")),
    "previous_version": st.sampled_from(("keep", "deprecate")),
    "force_overwrite_replica_secret": st.booleans(),
    "rotate_immediately": st.booleans(),
}  # fmt: skip
_PROGRAMS: Mapping[str, st.SearchStrategy[Any]] = {
    "owner": st.sampled_from(("pulumi/shop/dev/db", "ü=")),
    "timeout": st.sampled_from((1, 3600)),
    "region": st.sampled_from(REGIONS),
    "profile": st.just("dev"),
    "assume_role_arn": st.just(ROLE),
    "allowed_account_ids": st.lists(st.sampled_from(("111122223333", 12345)), max_size=2),
}


@st.composite
def declarations(draw: Draw, *, programs: bool = True) -> dict[str, Any]:
    """Declarations by the names of the fields; most of them are right as a whole."""
    rest: dict[str, Any] = draw(some({**_REST, **_PROGRAMS} if programs else _REST))
    if "name" in rest and draw(st.integers(0, 9)):
        rest.pop("name_prefix", None)
    for group in (_VALUE, _TEARDOWN, _ROTATION):
        rest |= draw(st.fixed_dictionaries(dict(draw(st.sampled_from(group)))))
    return rest


NAMES_OF_FIELDS = (*FIELDS, "replica_regions", "resource_policy", "SecretString", "secretString")
PASCAL = tuple(map(fields.pascal, FIELDS))


def spelt(given: Mapping[str, Any], spelling: fields.Spelling) -> dict[str, Any]:
    """Return a declaration with its fields' names, nested ones included, as a surface has them."""
    made = {}
    for name, content in given.items():
        inner = fields.nested(FIELDS[name]) if name in FIELDS else None
        made[spelling(name)] = _spelt(content, spelling) if inner else content
    return made


def _spelt(content: Any, spelling: fields.Spelling) -> Any:
    if isinstance(content, list):
        return [_spelt(each, spelling) for each in content]
    if isinstance(content, Mapping):
        return {spelling(name): each for name, each in content.items()}
    return content


def rendered(declaration: Declaration) -> dict[str, Any]:
    """Return what declares the same: what was said, in plain data, values in the open."""
    made: dict[str, Any] = {}
    for part in (declaration.spec, declaration.policy, declaration.location):
        for name in part.model_fields_set:
            made[name] = _plain(name, getattr(part, name))
    return made


def _plain(name: str, content: Any) -> Any:
    if isinstance(content, Sealed):
        shown = content.reveal()
        if name == "secret_json":
            return json.loads(shown)
        return base64.b64encode(shown).decode() if isinstance(shown, bytes) else shown
    if isinstance(content, BaseModel):
        return {each: getattr(content, each) for each in content.model_fields_set}
    if isinstance(content, model.documents.Document):
        return str(content)
    return [_plain(name, each) for each in content] if isinstance(content, list) else content


def texted(content: Any) -> Any:
    """Return data as CloudFormation hands it on: every scalar is text."""
    match content:
        case bool():
            return "true" if content else "false"
        case int() | float():
            return str(int(content)) if content == int(content) else str(content)
        case dict():
            return {key: texted(part) for key, part in content.items()}
        case list():
            return [texted(part) for part in content]
    return content
