"""No way that a value is shown by accident shows it."""

from __future__ import annotations

import copy
import dataclasses
import json
import logging
import pickle
import pprint
import traceback
from collections.abc import Callable

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import cases, states
from core.cases import CANARY
from recoverable_secrets.core.model import Spec
from recoverable_secrets.core.sealed import Sealed

TEXT, BINARY = Sealed(CANARY), Sealed(CANARY.encode())


class Model(pydantic.BaseModel):
    value: Sealed


@dataclasses.dataclass
class Holder:
    value: Sealed


def fails(told: Exception) -> str:
    """Return all that an error with this cause shows."""
    failure = ValueError("shown")
    failure.__cause__ = told
    return "".join(traceback.format_exception(failure)) + repr(failure.__cause__)


def invalid(value: Sealed) -> str:
    """Return what pydantic says of a model into which the value does not fit."""
    try:
        pydantic.TypeAdapter(dict[str, int]).validate_python({"a": value})
    except pydantic.ValidationError as failure:
        return f"{failure} {failure.errors()} {failure!r}"
    raise AssertionError("accepted")


SHOWN: dict[str, Callable[[Sealed], object]] = {
    "repr": repr,
    "str": str,
    "ascii": ascii,
    "f-string": lambda value: f"{value}",
    "f-string with a conversion": lambda value: f"{value!r:>40}",
    "f-string with a width": lambda value: f"{value:>40}",
    "f-string with a precision": lambda value: f"{value:.200}",
    "percent": lambda value: "%s %r" % (value, value),  # noqa: UP031  # as old code has it
    "format": "{0} {0!r}".format,
    "inside of containers": lambda value: f"{[value, (value,), {1: value}, frozenset([value])]}",
    "pprint": lambda value: pprint.pformat({"a": [value]}),
    "json with str": lambda value: json.dumps({"a": value}, default=str),
    "json with repr": lambda value: json.dumps({"a": value}, default=repr),
    "dataclass": Holder,
    "asdict": lambda value: dataclasses.asdict(Holder(value)),
    "astuple": lambda value: dataclasses.astuple(Holder(value)),
    "model": lambda value: Model(value=value),
    "model as JSON": lambda value: Model(value=value).model_dump_json(),
    "model as JSON data": lambda value: Model(value=value).model_dump(mode="json"),
    "model as Python data": lambda value: Model(value=value).model_dump(),
    "spec": lambda value: Spec(secret_string=value),
    "spec as JSON": lambda value: Spec(secret_string=value).model_dump_json(),
    "copy": copy.copy,
    "deep copy": lambda value: copy.deepcopy({"a": [value]}),
    "exception text": lambda value: ValueError("shown", value),
    "traceback": lambda value: fails(ValueError(value)),
    "validation error": invalid,
    "hash": hash,
    "dir": dir,
    "memory": lambda value: cases.memory(spec=Spec(secret_string=value)),
    "wanted": lambda value: cases.kept(Spec(secret_string=value)),
}


@pytest.mark.parametrize("show", SHOWN.values(), ids=SHOWN)
@pytest.mark.parametrize("value", [TEXT, BINARY], ids=["text", "binary"])
def test_nothing_shows_it(value: Sealed, show: Callable[[Sealed], object]) -> None:
    shown = show(value)
    assert CANARY not in f"{shown} {shown!r}"


def test_the_canary_would_be_seen() -> None:
    """What the test above relies on: the same ways show what is not sealed.

    But for two that never show anything, and a spec, which seals what it is given.
    """
    naked: object = CANARY
    blind = {name for name, show in SHOWN.items() if CANARY not in _shown(show, naked)}
    assert blind == {"hash", "dir", "spec", "spec as JSON", "memory", "wanted"}


def _shown(show: Callable[[Sealed], object], naked: object) -> str:
    try:
        shown = show(naked)  # type: ignore[arg-type]
    except pydantic.ValidationError as failure:
        return str(failure.errors())
    return f"{shown} {shown!r}"


@pytest.mark.parametrize("pattern", ["%s", "%r", "%a", "%(value)s"])
def test_no_log_shows_it(pattern: str, caplog: pytest.LogCaptureFixture) -> None:
    argument = {"value": TEXT} if "(" in pattern else TEXT
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("shown").debug(pattern, argument)
    assert "sealed" in caplog.text
    assert CANARY not in caplog.text


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("inside", [False, True], ids=["alone", "in a model"])
def test_it_is_never_pickled(protocol: int, *, inside: bool) -> None:
    held: object = Spec(secret_string=TEXT) if inside else TEXT
    with pytest.raises(TypeError) as caught:
        pickle.dumps(held, protocol)
    told = "a sealed value is never pickled: pass its source and read it again there"
    assert str(caught.value) == told


def test_json_without_help_refuses() -> None:
    with pytest.raises(TypeError, match="not JSON serializable") as caught:
        json.dumps({"a": TEXT})
    assert CANARY not in str(caught.value)


def test_only_reveal_tells() -> None:
    assert (TEXT.reveal(), BINARY.reveal()) == (CANARY, CANARY.encode())


def test_a_copy_is_the_same_object() -> None:
    assert copy.copy(TEXT) is TEXT
    assert copy.deepcopy([TEXT])[0] is TEXT


def test_a_model_takes_sealed_values_only() -> None:
    with pytest.raises(pydantic.ValidationError):
        Model(value=CANARY)  # type: ignore[arg-type]
    assert Model(value=TEXT).model_dump() == {"value": TEXT}


def test_what_pydantic_takes_and_shows() -> None:
    adapter = pydantic.TypeAdapter(Sealed)
    assert adapter.dump_json(TEXT) == b'"[sealed]"'
    assert adapter.dump_python(TEXT, mode="json") == "[sealed]"
    assert adapter.dump_python(TEXT) is TEXT
    assert adapter.validate_python(TEXT) is TEXT
    with pytest.raises(pydantic.ValidationError, match="instance of Sealed"):
        adapter.validate_python(CANARY)


def test_it_is_laid_out_as_any_text() -> None:
    assert f"{TEXT}" == "[sealed]"
    assert f"{TEXT:>12}" == "    [sealed]"


EQUAL: dict[str, tuple[Sealed, object, bool]] = {
    "same text": (Sealed("a"), Sealed("a"), True),
    "other text": (Sealed("a"), Sealed("b"), False),
    "a longer text": (Sealed("a"), Sealed("ab"), False),
    "same bytes": (Sealed(b"a"), Sealed(b"a"), True),
    "text is not its bytes": (Sealed("a"), Sealed(b"a"), False),
    "not the content itself": (Sealed("a"), "a", False),
    "not nothing": (Sealed(""), None, False),
    "beyond ASCII": (Sealed("é"), Sealed("é"), True),
    "composed otherwise": (Sealed("é"), Sealed("e\u0301"), False),
    "not even valid Unicode": (Sealed("\ud800"), Sealed("\ud800"), True),
}


@pytest.mark.parametrize(("one", "other", "equal"), EQUAL.values(), ids=EQUAL)
def test_equality(one: Sealed, other: object, *, equal: bool) -> None:
    assert (one == other) is equal
    assert (one != other) is not equal


@given(st.text() | st.binary(), st.text() | st.binary())
@states.STEADY
def test_equal_as_their_contents_and_all_of_one_hash(one: str | bytes, other: str | bytes) -> None:
    assert (Sealed(one) == Sealed(other)) is (one == other)
    assert hash(Sealed(one)) == hash(Sealed(other)), "a hash tells values apart"


@pytest.mark.parametrize(
    ("content", "size"),
    [("", 0), ("abc", 3), ("é", 2), ("😀", 4), (b"", 0), (b"\xff\x00", 2), ("\ud800", 3)],
)
def test_size_counts_bytes(content: str | bytes, size: int) -> None:
    assert Sealed(content).size == size
