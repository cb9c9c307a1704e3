"""The errors: one tree, texts of at most 240 characters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import cases, states
from recoverable_secrets.core import errors

TREE = {
    errors.InvalidInput: errors.RecoverableSecretsError,
    errors.Refused: errors.RecoverableSecretsError,
    errors.AccessDenied: errors.RecoverableSecretsError,
    errors.Temporary: errors.RecoverableSecretsError,
    errors.OutOfTime: errors.Temporary,
    errors.Throttled: errors.Temporary,
    errors.StoreError: errors.RecoverableSecretsError,
}


def family(base: type[Exception]) -> set[type[Exception]]:
    return {base}.union(*(family(child) for child in base.__subclasses__()))


def test_the_tree_is_as_it_is_drawn() -> None:
    for child, parent in TREE.items():
        assert child.__bases__ == (parent,)
        assert f"+-- {child.__name__}" in (errors.__doc__ or "")
    here = {
        kind
        for kind in family(errors.RecoverableSecretsError)
        if kind.__module__ == errors.__name__
    }
    assert here == {*TREE, errors.RecoverableSecretsError}


@given(st.text(max_size=600), st.integers(1, 600))
@states.STEADY
def test_clip_loses_the_end_and_short_the_beginning(text: str, limit: int) -> None:
    clipped, shortened = errors.clip(text, limit), errors.short(text, limit + 1)
    assert len(clipped) <= limit
    assert len(shortened) <= limit + 1
    assert text.startswith(clipped.removesuffix("…"))
    assert text.endswith(shortened.removeprefix("…"))
    if len(text) <= limit:
        assert clipped == shortened == text
    else:
        assert clipped.endswith("…")


def test_a_name_is_short_with_64_characters() -> None:
    assert errors.short("a" * 64) == "a" * 64
    assert errors.short("b" + "a" * 64) == "…" + "a" * 63


@pytest.mark.parametrize(
    ("given", "told"),
    [
        pytest.param("Straße 😀", "Straße 😀", id="all that is Unicode stays"),
        pytest.param("a\ud800b", "a\\ud800b", id="half a character is spelt out"),
    ],
)
def test_a_text_can_be_read_anywhere(given: str, told: str) -> None:
    assert errors.readable(given) == told
    assert str(errors.Refused(given)) == told
    assert errors.InvalidInput([given]).problems == (told,)


@pytest.mark.parametrize(
    "kind", [errors.Refused, errors.AccessDenied, errors.Temporary, errors.OutOfTime]
)
def test_a_text_has_at_most_240_characters(kind: type[errors.RecoverableSecretsError]) -> None:
    assert str(kind("a" * 240)) == "a" * 240
    assert str(kind("a" * 241)) == "a" * 239 + "…"


def test_a_store_error_keeps_the_code_of_the_service() -> None:
    failure = errors.StoreError("a" * 500, "LimitExceededException")
    assert failure.code == "LimitExceededException"
    assert len(str(failure)) == 240


def test_all_problems_of_an_input_are_kept_and_each_is_clipped_alone() -> None:
    failure = errors.InvalidInput(text for text in ("a" * 500, "short"))
    assert failure.problems == ("a" * 239 + "…", "short")
    assert str(failure) == "a" * 239 + "…; short"


def test_a_fault_of_our_own_tells_where_it_is_and_never_its_text() -> None:
    """The text of an exception may hold what was given, a value included."""

    def fails() -> None:
        raise KeyError(cases.CANARY)

    try:
        fails()
    except KeyError as failure:
        told = errors.fault(failure)
    assert told.code == "KeyError"
    assert str(told) == _fault(f"{__name__}:{fails.__code__.co_firstlineno + 1}")
    never_raised = errors.fault(KeyError(cases.CANARY))
    assert (str(never_raised), never_raised.code) == (_fault("?"), "KeyError")


def _fault(where: str) -> str:
    return (
        f"a fault of recoverable-secrets itself: KeyError at {where}. "
        "Please report it with this line"
    )
