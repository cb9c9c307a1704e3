"""What the models themselves tell of one field: the kind of the fault, and its words."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from core.cases import CANARY
from recoverable_secrets.core import documents
from recoverable_secrets.core.model import Location, Spec
from recoverable_secrets.core.sealed import Sealed

LARGE = "must not hold whole numbers of more than 15 digits: give them as text"
TWICE = [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]

# What is wrong: the field, what is given, the kind of the fault and its words.
BAD: dict[str, tuple[str, object, str, str]] = {
    "bytes as text": (
        "secret_string", CANARY.encode(), "sealed",
        "must be text; turn other data into JSON text first"),
    "half a character": (
        "secret_string", CANARY + "\ud800", "sealed", "must be valid Unicode text"),
    "no base64": ("secret_binary", CANARY, "sealed", "must be base64 text of the bytes"),
    "text as JSON": (
        "secret_json", CANARY, "sealed", "must be a mapping; text goes into `secret_string`"),
    "a set in JSON": (
        "secret_json", {"a": {CANARY}}, "sealed",
        "must hold text, numbers, truths, lists and mappings"),
    "NaN in JSON": (
        "secret_json", {"a": float("nan")}, "sealed",
        "must hold text, numbers, truths, lists and mappings"),
    "more than a float can tell from its neighbours": (
        "secret_json", {"a": 1e15 + 1}, "sealed", LARGE),
    "below zero as well, deeper inside": (
        "secret_json", {"a": [{"b": -1e15 - 1}]}, "sealed", LARGE),
    "no policy": ("policy", "?", "document", documents.NO_JSON),
    "a list that is no mapping": (
        "tags", ["a"], "tags", "must be a mapping, or a list of Key and Value"),
    "a key twice": ("tags", TWICE, "tags", "must not have the same key twice"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "content", "kind", "words"), BAD.values(), ids=BAD)
def test_a_wrong_field_is_told_by_kind_and_words(
    name: str, content: object, kind: str, words: str
) -> None:
    given: dict[str, Any] = {name: content}
    with pytest.raises(ValidationError) as caught:
        Spec(**given)
    (fault,) = caught.value.errors()
    assert (fault["type"], fault["msg"], fault["loc"]) == (kind, words, (name,))
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        pytest.param(1e15, '{"a": 1000000000000000}', id="the largest"),
        pytest.param(-1e15, '{"a": -1000000000000000}', id="the smallest"),
        pytest.param(10**15 + 1, '{"a": 1000000000000001}', id="larger, but no float"),
        pytest.param(1e15 + 0.5, '{"a": 1000000000000000.5}', id="larger, but not whole"),
    ],
)
def test_whole_numbers_that_a_float_can_tell_are_taken(number: float, text: str) -> None:
    assert Spec.model_validate({"secret_json": {"a": number}}).secret_json == Sealed(text)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        pytest.param(0, "000000000000", id="the smallest number"),
        pytest.param(1, "000000000001", id="its zeros are put back"),
        pytest.param(999_999_999_999, "999999999999", id="the largest number"),
        pytest.param(111122223333.0, "111122223333", id="Pulumi's number"),
    ],
)
def test_a_number_is_taken_for_the_account_id_that_it_was(given: float, meant: str) -> None:
    location = Location.model_validate({"allowed_account_ids": [given]})
    assert location.allowed_account_ids == [meant]


@pytest.mark.parametrize("given", [-1, 10**12, 0.5, 1e12, True])
def test_a_number_that_was_no_account_id_is_refused(given: float) -> None:
    with pytest.raises(ValidationError) as caught:
        Location.model_validate({"allowed_account_ids": [given]})
    assert [fault["msg"] for fault in caught.value.errors()] == ["must be text"]
