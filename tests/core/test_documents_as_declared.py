"""Resource policies are sent as people wrote them, and compared by what they mean."""

from __future__ import annotations

import json
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
