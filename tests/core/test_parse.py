"""Bad input is refused before the first call: every problem at once, and no value in any."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import cases, states
from core.cases import CANARY
from recoverable_secrets.core import errors, ownership, parse
from recoverable_secrets.core.fields import camel, pascal
from recoverable_secrets.core.model import FIELDS, Declaration
from recoverable_secrets.stores import limits

Given = Mapping[Any, Any]
VALUE = {"secret_string": CANARY}


def declared(given: Given, **how: Any) -> Declaration:
    return parse.parse(given, limits.AWS, **how)


def problems(given: Given, **how: Any) -> tuple[str, ...]:
    """Return what is wrong, after a look that the refusal shows no value in any way."""
    with pytest.raises(errors.InvalidInput) as caught:
        declared(given, **how)
    failure = caught.value
    assert CANARY not in f"{failure} {failure!r} {failure.args} {failure.problems}"
    assert failure.__cause__ is None, "a chained error shows what it was about"
    assert failure.__context__ is None
    assert all(len(text) <= errors.LIMIT and "…" not in text[-1:] for text in failure.problems)
    return failure.problems


TAGS_48 = {f"key{number}": "x" for number in range(48)}
BIG = 65_536
WINDOW_0 = (
    "recovery_window_in_days is 0, which elsewhere means deletion without recovery: use 7 to 30 (a "
    "recreated secret is restored, so the name is not blocked), or say "
    "force_delete_without_recovery"
)

# What is wrong: what is given, and what each of the problems must say.
BAD: dict[str, tuple[Given, tuple[str, ...]]] = {
    "window 0 is another tool's way to force": (
        {"recovery_window_in_days": 0},
        (WINDOW_0,)),
    "window 0 as text": ({"recovery_window_in_days": "0"}, ("which elsewhere means",)),
    "window 0 as Pulumi sends it": ({"recovery_window_in_days": 0.0}, ("which elsewhere means",)),
    "false is not 0": ({"recovery_window_in_days": False}, ("whole number from 7 to 30",)),
    "window 6": ({"recovery_window_in_days": 6}, ("whole number from 7 to 30",)),
    "window 31": ({"recovery_window_in_days": 31}, ("whole number from 7 to 30",)),
    "window -7": ({"recovery_window_in_days": -7}, ("whole number from 7 to 30",)),
    "half a day": ({"recovery_window_in_days": "7.5"}, ("whole number from 7 to 30",)),
    "half a day as a number": ({"recovery_window_in_days": 7.5}, ("whole number from 7 to 30",)),
    "true is no window": ({"recovery_window_in_days": True}, ("whole number from 7 to 30",)),
    "a window in words": ({"recovery_window_in_days": "a week"}, ("whole number from 7 to 30",)),
    "a window in a list": ({"recovery_window_in_days": [7]}, ("whole number from 7 to 30",)),
    "a guard of -1 days": (
        {"refuse_deletion_if_accessed_within": -1},
        ("refuse_deletion_if_accessed_within must be a whole number from 0 to 365",)),
    "a guard of more than a year": (
        {"refuse_deletion_if_accessed_within": "366"}, ("whole number from 0 to 365",)),
    "a guard of half a day": (
        {"refuse_deletion_if_accessed_within": 0.5}, ("whole number from 0 to 365",)),
    "a guard that is on": (
        {"refuse_deletion_if_accessed_within": True}, ("whole number from 0 to 365",)),
    "no time at all": ({"timeout": 0}, ("timeout must be a whole number from 1 to 3600",)),
    "more than an hour": ({"timeout": 3601}, ("from 1 to 3600",)),
    "an endless time": ({"timeout": float("inf")}, ("from 1 to 3600",)),
    "yes is not true": (
        {"force_delete_without_recovery": "yes"},
        ("force_delete_without_recovery must be true or false",)),
    "1 is not true": ({"force_delete_without_recovery": 1}, ("must be true or false",)),
    "force and a window": (
        {"force_delete_without_recovery": True, "recovery_window_in_days": 7},
        ("recovery_window_in_days and deletion by force exclude each other",)),
    "force in other words and a window": (
        {"deletion": "force", "recovery_window_in_days": 30}, ("exclude each other",)),
    "force and schedule": (
        {"force_delete_without_recovery": True, "deletion": "schedule"},
        ("contradicts deletion = schedule",)),
    "force and retain": (
        {"force_delete_without_recovery": "true", "deletion": "retain"},
        ("contradicts deletion = retain",)),
    "replace without force": (
        {"on_recreate": "replace"}, ("it needs force_delete_without_recovery as well",)),
    "replace and force misspelt: one problem, not two": (
        {"on_recreate": "replace", "force_delete_without_recovery": "yes"},
        ("must be true or false",)),
    "string and binary": (
        {"secret_string": CANARY, "secret_binary": "YQ=="}, ("exclude each other",)),
    "an unknown deletion": (
        {"deletion": "destroy"}, ("deletion must be one of schedule, force or retain",)),
    "an unknown on_recreate": (
        {"on_recreate": "x"}, ("on_recreate must be one of restore, fail or replace",)),
    "an unknown adopt": ({"adopt": True}, ("adopt must be one of no, unowned or any",)),
    "an unknown on_value_drift": (
        {"on_value_drift": ["keep"]}, ("on_value_drift must be one of keep or overwrite",)),
    "another case": ({"adopt": "ANY"}, ("must be one of",)),
    "an empty value": ({"secret_string": ""}, ("secret_string must have 1 to 65536 bytes",)),
    "an empty binary value": ({"secret_binary": ""}, ("1 to 65536 bytes; it has 0",)),
    "one byte too many": ({"secret_string": "a" * (BIG + 1)}, ("it has 65537",)),
    "one byte too many, two bytes each": (
        {"secret_string": "é" * (BIG // 2) + "a"}, ("it has 65537",)),
    "one byte too many, as binary": (
        {"secret_binary": base64.b64encode(b"a" * (BIG + 1)).decode()}, ("it has 65537",)),
    "a number as a value": (
        {"secret_string": 5}, ("secret_string must be text; turn other data into JSON text",)),
    "a mapping as a value": ({"secret_string": {"password": CANARY}}, ("must be text",)),
    "a list as a value": ({"secret_string": [CANARY]}, ("must be text",)),
    "bytes as a text value": ({"secret_string": CANARY.encode()}, ("must be text",)),
    "half a character": ({"secret_string": CANARY + "\ud800"}, ("valid Unicode",)),
    "no base64": ({"secret_binary": CANARY}, ("secret_binary must be base64 text",)),
    "base64 with letters of URLs": ({"secret_binary": "-_-_"}, ("must be base64 text",)),
    "base64 without its padding": ({"secret_binary": "YQ"}, ("must be base64 text",)),
    "two base64 texts": ({"secret_binary": "YQ==YQ=="}, ("must be base64 text",)),
    "only spaces": ({"secret_binary": " "}, ("must be base64 text",)),
    "beyond ASCII": ({"secret_binary": "é" + CANARY}, ("must be base64 text",)),
    "half a character in base64": ({"secret_binary": "\ud800"}, ("must be base64 text",)),
    "a number as binary": ({"secret_binary": 5}, ("must be base64 text",)),
    "an empty name": ({"name": ""}, ("name must have 1 to 512 characters; it has 0",)),
    "a name of 513 characters": ({"name": "a" * 513}, ("it has 513",)),
    "a space in a name": ({"name": "a b"}, ("name may contain letters, digits and /_+=.@-!",)),
    "a line end after a name": ({"name": "a\n"}, ("name may contain",)),
    "letters beyond ASCII": ({"name": "é"}, ("name may contain",)),
    "too long and of bad characters": (
        {"name": "?" * 513}, ("it has 513", "name may contain")),
    "a number as a name": ({"name": 5}, ("name must be text",)),
    "half a character in a name": ({"name": "\ud800"}, ("name must be valid Unicode",)),
    "a description of 2049 characters": (
        {"description": "a" * 2049}, ("description must have at most 2048 characters",)),
    "a number as a description": ({"description": 5}, ("description must be text",)),
    "half a character in a description": ({"description": "\ud800"}, ("valid Unicode",)),
    "a key with a space": ({"kms_key_id": "my key"}, ("kms_key_id must be an ARN, id or alias",)),
    "an empty owner": ({"owner": ""}, ("owner must be 1 to 256 characters",)),
    "an owner of 257 characters": ({"owner": "a" * 257}, ("owner must be",)),
    "no region": ({"region": "europe"}, ("region must be a region such as eu-west-1",)),
    "an empty region": ({"region": ""}, ("region must be",)),
    "an empty profile": ({"profile": ""}, ("profile must be the name of a profile",)),
    "a user instead of a role": (
        {"assume_role_arn": "arn:aws:iam::111122223333:user/a"}, ("the ARN of an IAM role",)),
    "an account of 11 digits": (
        {"allowed_account_ids": ["11112222333"]}, ("must be account ids of 12 digits",)),
    "an account in another script": (
        {"allowed_account_ids": ["\N{ARABIC-INDIC DIGIT ONE}" * 12]}, ("12 digits",)),
    "an account by name": ({"allowed_account_ids": ["prod"]}, ("12 digits",)),
    "one account, not in a list": (
        {"allowed_account_ids": "111122223333"}, ("must be a list of text",)),
    "true is no account": ({"allowed_account_ids": [True]}, ("(0) must be text",)),
    "a broken account": ({"allowed_account_ids": [1.5]}, ("(0) must be text",)),
    "an infinite account": ({"allowed_account_ids": [float("inf")]}, ("allowed_account_ids",)),
    "an account beyond all bounds": ({"allowed_account_ids": [10**5000]}, ("allowed_account_ids",)),
    "48 tags": ({"tags": TAGS_48}, ("tags has 48 tags, but 47 fit",)),
    "text as tags": ({"tags": "a=b"}, ("tags must be a mapping of text to text",)),
    "a number as a tag": ({"tags": {"a": 1}}, ("tags (a) must be text",)),
    "nothing as a tag": ({"tags": {"a": None}}, ("tags (a) must be text",)),
    "a number as a tag's key": ({"tags": {1: "a"}}, ("tags (1, [key]) must be text",)),
    "two bad tags": (
        {"tags": {"a": 1, "b": 2}}, ("tags (a) must be text", "tags (b) must be text")),
    "a bad tag does not hide another": (
        {"tags": {"a": 1, "aws:b": "x"}}, ("tags (a) must be text", "prefix aws: is reserved")),
    "a list of pairs without a value": (
        {"tags": [{"Key": "a"}]}, ("tags must be a mapping, or a list of Key and Value",)),
    "a list of pairs with more": (
        {"tags": [{"Key": "a", "Value": "b", "More": "c"}]}, ("a list of Key and Value",)),
    "a list of texts": ({"tags": ["a"]}, ("a list of Key and Value",)),
    "a list with a number as key": ({"tags": [{"Key": 1, "Value": "b"}]}, ("Key and Value",)),
    "a list with a number as value": ({"tags": [{"Key": "a", "Value": 1}]}, ("tags (a) must be",)),
    "the same key twice": (
        {"tags": [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]},
        ("tags must not have the same key twice",)),
    "an empty key": ({"tags": {"": "a"}}, ("a key must have 1 to 128 characters",)),
    "a key of 129 characters": ({"tags": {"a" * 129: "a"}}, ("1 to 128 characters",)),
    "a tag of 257 characters": ({"tags": {"a": "a" * 257}}, ("at most 256 characters",)),
    "a sign in a tag": ({"tags": {"a": "a{b}"}}, ("only letters, digits, spaces and",)),
    "a line end in a key": ({"tags": {"a\n": "a"}}, ("only letters, digits, spaces and",)),
    "half a character in a key": (
        {"tags": {"\ud800": "a"}}, ("must be valid Unicode", "only letters, digits")),
    "the service's prefix": ({"tags": {"aws:a": "b"}}, ("the prefix aws: is reserved",)),
    "in capitals": ({"tags": {"AWS:a": "b"}}, ("the prefix aws: is reserved",)),
    "our prefix": ({"tags": {ownership.OWNER: "b"}}, ("prefix recoverable-secrets: is reserved",)),
    "ours in capitals": (
        {"tags": {"Recoverable-Secrets:x": "b"}}, ("prefix recoverable-secrets: is reserved",)),
    "ours in a list": (
        {"tags": [{"Key": "recoverable-secrets:x", "Value": "b"}]}, ("is reserved",)),
    "an argument misspelt": (
        {"descripton": "a"},
        ("descripton is not an argument of a recoverable secret: did you mean description",)),
    "another tool's name for it": (
        {"recovery_window": 7}, ("did you mean recovery_window_in_days",)),
    "nothing like it": ({"zzz": 1}, ("zzz is not an argument of a recoverable secret: remove it",)),
    "a very long argument": ({"z" * 600: 1}, ("is not an argument",)),
    "not even text": ({5: 1}, ("5 is not an argument",)),
    "a value under a wrong name": ({"secret_strng": CANARY}, ("did you mean secret_string",)),
}  # fmt: skip


@pytest.mark.parametrize(("given", "told"), BAD.values(), ids=BAD)
def test_what_is_wrong_is_told(given: Given, told: tuple[str, ...]) -> None:
    value = {} if {"secret_string", "secret_binary"} & set(given) else VALUE
    found = problems({**value, **given})
    assert len(found) == len(told), found
    for text, fragment in zip(found, told, strict=True):
        assert fragment in text
        text.encode()


def test_all_problems_are_told_at_once() -> None:
    given = {
        "nmae": "a", "name": "a b", "secret_string": 5, "secret_binary": "?", "kms_key_id": "a b",
        "recovery_window_in_days": 5, "deletion": "x", "region": 5, "tags": {"aws:a": "b"},
        "allowed_account_ids": ["x"], "timeout": "soon", "description": "d" * 3000,
    }  # fmt: skip
    found = problems(given)
    assert len(found) == len(given)
    for name in given:
        assert any(text.startswith(name) for text in found), name


@pytest.mark.parametrize(
    ("spelling", "given", "told"),
    [
        (camel, {"recoveryWindowInDays": 0}, "or say forceDeleteWithoutRecovery"),
        (pascal, {"RecoveryWindowInDays": 0}, "or say ForceDeleteWithoutRecovery"),
        (camel, {"kms_key_id": "a"}, "did you mean kmsKeyId"),
        (pascal, {"OnRecreate": "replace"}, "it needs ForceDeleteWithoutRecovery"),
        (pascal, {"SecretString": "a", "SecretBinary": "YQ=="}, "SecretString and SecretBinary"),
        (camel, {"kmsKeyId": "a b"}, "kmsKeyId must be"),
        (pascal, {"Tags": {"": "b"}}, "Tags (): a key"),
        (pascal, {"Tags": {"a": 1}}, "Tags (a) must be text"),
    ],
)
def test_problems_are_told_in_the_surface_s_spelling(
    spelling: Any, given: Given, told: str
) -> None:
    (found,) = problems(given, spelling=spelling)
    assert told in found


def test_limits_are_the_store_s_own() -> None:
    small = {"name": "abc", "secret_string": "abc", "description": "abc", "tags": {"abc": "abc"}}
    with pytest.raises(errors.InvalidInput) as caught:
        parse.parse(small, cases.TINY)
    assert len(caught.value.problems) == 6
    assert all("2" in text for text in caught.value.problems[:3])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=6,
)
MAPPINGS = st.dictionaries(
    st.sampled_from([*FIELDS, "replica_regions", "stranger", "arn"]), JSON, max_size=8
)


@given(MAPPINGS)
@states.STEADY
def test_any_input_is_taken_or_refused_in_our_words(given: dict[str, Any]) -> None:
    told: tuple[str, ...] = ()
    try:
        declared(given)
    except errors.InvalidInput as failure:
        told = (*failure.problems, str(failure)[: errors.LIMIT])
    assert all(len(text) <= errors.LIMIT for text in told)
    assert all(text.encode() for text in told), "an empty problem, or one that cannot be printed"


@given(MAPPINGS)
@states.STEADY
def test_what_is_remembered_never_fails(remembered: dict[str, Any]) -> None:
    """What was stored once must never block a deletion; what is understood is kept."""
    found = parse.recall(remembered)
    changed = {"policy", "regenerate_when", "value_version"}  # Brought to one form.
    for name in found.spec.model_fields_set - changed:
        assert not isinstance(getattr(found.spec, name), str) or found.of(name) == remembered[name]


@given(st.text(alphabet=st.characters(), min_size=3), st.sampled_from(["string", "binary"]))
@states.STEADY
def test_no_problem_shows_the_value(value: str, kind: str) -> None:
    marked = CANARY + value
    given = {f"secret_{kind}": marked, "recovery_window_in_days": 5, "zzz": marked}
    problems(given)
