"""Resource policies: what is taken for one, and which of them mean the same."""

from __future__ import annotations

import json
import operator
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from fuzz import grammar, judge, odd
from fuzz.budget import ACCEPTED, REFUSED, Fuzz
from recoverable_secrets.core import documents
from recoverable_secrets.core.documents import Document
from recoverable_secrets.stores import aws_wire

Draw = Callable[[st.SearchStrategy[Any]], Any]

NAMES = ("Statement", "Action", "NotAction", "Principal", "Condition", "AWS", "action", "Version")
MAPPINGS = odd.mutated(grammar.POLICIES, names=NAMES)
FAULTS = frozenset(
    {
        documents.NEITHER, documents.NO_JSON, documents.TWICE, documents.NO_NUMBER,
        documents.NO_TEXT_KEY, documents.FOREIGN, documents.NO_STATEMENT, documents.TOO_DEEP,
    }
)  # fmt: skip


@st.composite
def texts(draw: Draw) -> str:
    """Policies as text, well formed or not."""
    text = odd._json(draw(MAPPINGS))
    return draw(odd.mutated_text(st.just(text))) if draw(st.booleans()) else text


def understood(given: object) -> str | None:
    """Return the normal form, or `None` of what is no policy; checks what is refused and how."""
    try:
        return documents.normal(given)
    except ValueError as failed:
        failure = failed
    assert str(failure) in FAULTS, "the text is none of the module's: it may repeat the policy"
    assert failure.__cause__ is None
    return None


def test_policies(fuzz: Fuzz) -> None:
    """The normal form is one; what is sent means what was declared, and nothing is repeated."""

    def check(given: object) -> str:
        normal = understood(given)
        live = {"ResourcePolicy": given} if isinstance(given, str) else {}
        shown = aws_wire.policy(live)
        if normal is None:
            assert shown == (given if live else "")
            return REFUSED
        assert normal.isascii()
        assert documents.normal(normal) == normal
        assert not live or shown == normal
        sent = documents.declared(given)
        assert documents.normal(str(sent)) == normal, "another policy is sent than was declared"
        assert str(documents.declared(sent)) == str(sent)
        same = Document(normal)
        assert sent == same == sent
        assert hash(sent) == hash(same)
        assert sent == normal
        assert not operator.ne(sent, same)
        return ACCEPTED

    fuzz.run(check, MAPPINGS | texts())


def reworded(draw: Draw, given: Any) -> Any:
    """Return a policy that IAM documents as equal."""
    match given:
        case dict():
            pairs = draw(st.permutations(list(given.items())))
            return {key: reworded(draw, _member(draw, key, part)) for key, part in pairs}
        case list():
            items = [reworded(draw, each) for each in draw(st.permutations(given))]
            return items + items[:1] * draw(st.integers(0, 1))
        case bool():
            return draw(st.sampled_from((given, str(given).lower())))
        case float() if given == int(given):
            return draw(st.sampled_from((given, int(given), str(int(given)))))
    return given


def _member(draw: Draw, key: str, part: Any) -> Any:
    """Return a member as it may be said otherwise: alone or as a list, its case, its account."""
    if key in {"Action", "NotAction"} and isinstance(part, str):
        part = draw(st.sampled_from((part, part.upper(), part.lower())))
    if key == "AWS" and part == "111122223333":
        part = draw(st.sampled_from((part, "arn:aws:iam::111122223333:root")))
    if key in {"Action", "NotAction", "Resource", "AWS", "Service", "Statement"}:
        if isinstance(part, list) and len(part) == 1 and draw(st.booleans()):
            return part[0]
        if not isinstance(part, list) and draw(st.booleans()):
            return [part]
    if key == "Principal" and part in ("*", {"AWS": "*"}):
        return draw(st.sampled_from(("*", {"AWS": "*"})))
    return part


@st.composite
def pairs(draw: Draw) -> tuple[Any, Any, Any]:
    """A policy, the same in other words, and one that means something else."""
    policy = draw(grammar.POLICIES)
    other = draw(odd.mutated(st.just(policy), names=NAMES, most=1))
    return policy, reworded(draw, policy), other


def test_equal_policies(fuzz: Fuzz) -> None:
    """Equal both ways and hashed alike, or different both ways."""

    def check(given: tuple[Any, Any, Any]) -> str:
        policy, same, other = given
        one, two = documents.declared(policy), documents.declared(same)
        assert one == two, (str(one), str(two))
        assert two == one
        assert hash(one) == hash(two)
        normal = understood(other)
        if normal is None:
            return REFUSED
        third = documents.declared(other)
        assert (one == third) is (third == one) is (not operator.ne(one, third))
        assert (one == third) is (documents.normal(policy) == normal)
        widened = {**policy, "Statement": [*_statements(policy), {"Effect": "Allow", "X": "y"}]}
        assert documents.declared(widened) != one, "a statement more is no difference"
        return ACCEPTED

    fuzz.run(check, pairs(), fewest=0.01)


def _statements(policy: dict[str, Any]) -> list[Any]:
    stated = policy.get("Statement", [])
    return stated if isinstance(stated, list) else [stated]


def test_equality_does_not_hang_on_how_deep_the_caller_is() -> None:
    """The same two policies are equal wherever they are compared, and hash alike."""
    inner = json.dumps(odd.deep(80))
    text = f'{{"Statement":{{"Effect":"Deny","Condition":{inner}}}}}'
    one, two = Document(text), Document(text.replace(":", " : "))
    assert one == two

    def below(levels: int) -> tuple[bool, int]:
        return below(levels - 1) if levels else (one == two, hash(one))

    assert below(600) == (True, hash(one))
    assert judge.found(judge.CANARY)
