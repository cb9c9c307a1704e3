"""Resource policies are sent as people wrote them, and compared by what they mean."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from core.test_documents import BASE, GET, OTHER, ROOT, condition, having
from recoverable_secrets.core import documents
from recoverable_secrets.core.documents import normal

OTHER_POLICY = {"Statement": [OTHER]}


AS_DECLARED = [
    pytest.param(BASE, BASE, id="a mapping"),
    pytest.param(json.dumps(BASE, indent=2), BASE, id="text over lines"),
    pytest.param(having(Action=(GET,)), having(Action=[GET]), id="a tuple"),
    pytest.param(
        condition("NumericLessThan", "aws:MultiFactorAuthAge", 30.0),
        condition("NumericLessThan", "aws:MultiFactorAuthAge", 30),
        id="a whole number of Pulumi's",
    ),
    pytest.param(
        condition("NumericLessThan", "aws:MultiFactorAuthAge", 0.5),
        condition("NumericLessThan", "aws:MultiFactorAuthAge", 0.5),
        id="a fraction",
    ),
    pytest.param(
        having(Principal={"AWS": [ROOT]}), having(Principal={"AWS": [ROOT]}), id="a list of one"
    ),
]


@pytest.mark.parametrize(("written", "sent"), AS_DECLARED)
def test_what_is_sent_is_what_was_declared(written: Any, sent: Any) -> None:
    """People, scanners and other tools look for what they wrote."""
    text = documents.declared(written)
    assert json.loads(text) == sent
    assert ": " not in text
    assert text == normal(written), "compared, it is its meaning"


def test_documents_compare_by_their_meaning() -> None:
    text, same = (
        documents.declared(BASE),
        documents.declared(having(Action=BASE["Statement"]["Action"][::-1])),
    )
    assert str(text) != str(same)
    assert (text == same, text != same, hash(text) == hash(same)) == (True, False, True)
    other = documents.declared(OTHER_POLICY)
    assert (text == other, text != other) == (False, True)
    assert normal(BASE) == text, "the other way round, too"
    assert text != 1
    assert documents.declared("{}") == "" == documents.Document()
    assert text != "no policy at all", "what somebody else has put may be anything"


def test_what_is_no_policy_means_only_itself() -> None:
    one = documents.Document("no policy at all")
    assert one == "no policy at all"
    assert one != "nor is this"
    assert hash(one) != hash(documents.Document("nor is this"))


def test_other_meanings_have_other_hashes() -> None:
    """A set or a dict of policies would find them all the same, but only one by one."""
    one, other = documents.declared(BASE), documents.declared(OTHER_POLICY)
    assert hash(one) != hash(other)


def test_whole_numbers_are_sent_without_a_fraction() -> None:
    """Pulumi makes a float of each; IAM has to see what was written."""
    sent = documents.declared(condition("NumericEquals", "k", [30.0, 0.5, -2.0, 7]))
    assert str(sent).endswith('"Condition":{"NumericEquals":{"k":[30,0.5,-2,7]}}}}')


@pytest.mark.parametrize(("truth", "text"), [(True, "true"), (False, "false")])
def test_truths_mean_their_text(truth: bool, text: str) -> None:  # noqa: FBT001  # a row of a table
    given = condition("Bool", "aws:SecureTransport", truth)
    assert normal(given) == normal(condition("Bool", "aws:SecureTransport", text))


def test_the_largest_number_is_taken_and_the_next_is_not() -> None:
    largest = 1e300
    assert f'"{int(largest)}"' in normal(condition("NumericEquals", "k", largest))
    with pytest.raises(ValueError, match=documents.NO_NUMBER):
        normal(condition("NumericEquals", "k", math.nextafter(largest, math.inf)))


@pytest.mark.parametrize("account", [None, {"a": "b"}, ["a", "b"]])
def test_a_principal_that_is_no_text_is_the_service_s_to_refuse(account: object) -> None:
    given = {"Statement": {"Principal": {"AWS": [account]}}}
    assert json.loads(normal(given)) == {
        "Statement": {"Principal": {"AWS": [account] if isinstance(account, list) else account}}
    }
