"""Declarations as programs and templates make them: what is taken, refused, and means the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import strategies as st
from lambda_handler import properties
from pulumi.output import Unknown

from fuzz import grammar, judge, odd
from fuzz.budget import ACCEPTED, REFUSED, Fuzz
from recoverable_secrets import cloudformation, dynamic, resource, serving
from recoverable_secrets.core import fields, parse
from recoverable_secrets.core.model import FIELDS, Declaration
from recoverable_secrets.stores import limits

Draw = Callable[[st.SearchStrategy[Any]], Any]

DECLARED = odd.mutated(grammar.declarations(), names=grammar.NAMES_OF_FIELDS)


def mapping(given: Any) -> dict[str, Any]:
    """Return what an engine can hand over: a mapping with text for all its keys."""
    return {str(key): part for key, part in given.items()} if isinstance(given, dict) else {}


def seen(declaration: Declaration, given: Any) -> None:
    """Check that nothing shows the values of a declaration."""
    if not judge.astray(given):
        judge.hidden([declaration, declaration.spec, declaration.model_dump_json()])


def test_declarations(fuzz: Fuzz) -> None:
    """What is accepted says all that it means: rendered, it declares the same."""

    def check(given: Any) -> str:
        given = mapping(given)
        told, texts = judge.outcome(
            lambda: parse.parse(given, limits.AWS), silent=not judge.astray(given)
        )
        if texts:
            return REFUSED
        seen(told, given)
        assert parse.parse(grammar.rendered(told), limits.AWS) == told
        remembered = parse.recall(given)
        assert remembered == told, "what was right is not remembered as it was declared"
        assert told == remembered
        return ACCEPTED

    fuzz.run(check, DECLARED)


def variants(given: dict[str, Any]) -> dict[str, Any]:
    """Return a declaration that means the same in other words, as far as there are some."""
    other = dict(reversed(given.items()))
    for name in ("tags", "external_secret_rotation_metadatas"):
        if isinstance(given.get(name), dict):
            other[name] = [{"Key": key, "Value": part} for key, part in given[name].items()][::-1]
    for name in ("recovery_window_in_days", "timeout", "secret_string_wo_version"):
        if isinstance(given.get(name), int):
            other[name] = float(given[name])
    for name in ("replicas", "version_stages"):
        if isinstance(given.get(name), list):
            other[name] = given[name][::-1]
    if isinstance(given.get("policy"), dict):
        other["policy"] = json.dumps(given["policy"], indent=1)
    if "replicas" in other:
        other["replica_regions"] = other.pop("replicas")
    return other


def test_equal_declarations(fuzz: Fuzz) -> None:
    """Two ways to say the same are equal, both ways; to an engine they are no difference."""

    def check(given: dict[str, Any]) -> str:
        one, texts = judge.outcome(lambda: parse.parse(given, limits.AWS))
        other, others = judge.outcome(lambda: parse.parse(variants(given), limits.AWS))
        assert bool(texts) == bool(others), (texts, others)
        if texts:
            return REFUSED
        assert one == other
        assert other == one
        text = {name: part for name, part in given.items() if name not in UNSPOKEN}
        assert parse.recall(grammar.texted(text)) == parse.recall(text)
        template = grammar.spelt(given, fields.pascal)
        assert parse.parse(template, limits.AWS, spelling=fields.pascal) == one
        differs = resource.diff(outputs(given), {**variants(given), **DEFAULTS}, ())
        assert differs == (False, []), differs
        return ACCEPTED

    fuzz.run(check, grammar.declarations(), fewest=0.02)


UNSPOKEN = ("allowed_account_ids",)
"""What CloudFormation never hands on; from a file of Pulumi it may come as a number."""
UNSPOKEN = ("secret_json", "allowed_account_ids")
"""What means another thing as text: JSON's own numbers, and ids that have lost their noughts."""
DEFAULTS = {"default_name": "shop/dev/db", "default_owner": "pulumi/shop/dev/db:0123456789abcdef"}


def outputs(given: dict[str, Any]) -> dict[str, Any]:
    """Return what the engine remembers of a secret that was made so."""
    told = dict(resource._remembered(given))
    owner = resource._owner({**given, **DEFAULTS})
    version = {"version_id": "recoverable-secrets-1", "declared_version": "recoverable-secrets-1"}
    name = {"name": resource._name({**given, **DEFAULTS})}
    named = name if "name" not in given else {}
    return {**told, **named, **version, "owner": owner, "tags_all": given.get("tags") or {}}


def test_memories(fuzz: Fuzz) -> None:
    """Nothing that was stored once keeps a secret from being deleted: it is read as far as it goes.

    What a memory holds is valid: it can be declared again, but for what contradicts.
    """

    def check(given: Any) -> str:
        spelling = fields.snake if "secret_string" in str(list(given)[:9]) else fields.pascal
        for names in (fields.snake, fields.pascal, spelling):
            told = parse.recall(mapping(given), names)
            seen(told, given)
            assert parse.recall(grammar.rendered(told)) == told
        resource._recalled(mapping(given))
        properties.recalled(mapping(given))
        return ACCEPTED

    fuzz.run(check, DECLARED.filter(lambda given: isinstance(given, dict)), fewest=0)


UNKNOWN = st.lists(st.sampled_from((*FIELDS, "default_name", "endpoints")), max_size=4)
CONFIGURED = grammar.some({
    "default_region": st.sampled_from(grammar.REGIONS),
    "default_tags": grammar.TAGGED,
    "endpoints": st.just({"sts": "http://127.0.0.1:1", "kms": "https://kms"}),
    "assume_roles": st.just([{"arn": grammar.ROLE}]),
    "lookup": st.just(True),
})  # fmt: skip
ARGUMENTS = st.tuples(DECLARED, CONFIGURED, UNKNOWN, st.booleans())


def test_inputs_of_programs(fuzz: Fuzz) -> None:
    """The engine is told all that is wrong; with parts that it does not know yet, no more."""

    def check(given: tuple[Any, dict[str, Any], list[str], bool]) -> str:
        own, configured, unknown, first = given
        inputs = {**mapping(own), **configured, **DEFAULTS}
        said: list[str] = []
        problems = resource.check(inputs, (), first=first, say=said.append)
        for text in (*problems, *said):
            judge.text(text)
        if not judge.astray(own):
            judge.hidden([*problems, *said])
        fewer = resource.check(inputs, unknown, first=first, say=lambda _: None)
        if problems:
            return REFUSED  # An engine asks no more about these.
        assert not fewer, "what is not known makes a fault"
        changes, replaces = resource.diff({**outputs(mapping(own)), **configured}, inputs, unknown)
        assert not replaces or changes is not False, replaces
        assert unknown or first or changes in {None, False}
        return ACCEPTED

    fuzz.run(check, ARGUMENTS)


@st.composite
def previews(draw: Draw) -> tuple[dict[str, Any], Any, tuple[Any, ...]]:
    """Inputs of a preview, and the place of a part that is not known yet."""
    bases = draw(st.sampled_from((grammar.declarations(), DECLARED)))
    inputs = mapping(draw(bases))
    path = draw(st.sampled_from(odd._paths(inputs)))
    return inputs, odd.put(inputs, path, Unknown()) if path else inputs, path


def test_previews(fuzz: Fuzz) -> None:
    """A part that is not known yet, wherever it is, is no fault, and makes no other a fault."""
    provider = dynamic.SecretProvider()

    def check(given: tuple[dict[str, Any], Any, tuple[Any, ...]]) -> str:
        own, blurred, path = given
        inputs, blurred = {**own, **DEFAULTS}, {**blurred, **DEFAULTS}
        known, texts = judge.outcome(lambda: provider.check({}, {**inputs, "__provider": "x"}))
        later, more = judge.outcome(lambda: provider.check({}, {**blurred, "__provider": "x"}))
        assert not texts, texts
        assert not more, more
        told = [failure.reason for failure in known.failures]
        unsure = [failure.reason for failure in later.failures]
        for text in (*told, *unsure):
            judge.text(text)
        assert all(not failure.property for failure in later.failures)
        assert not path or told or not unsure, "what is not known makes a fault"
        if not judge.astray(own):
            judge.hidden([*told, *unsure])
        if told or unsure:
            return REFUSED
        changed = provider.diff("id", {**outputs(own), "__provider": "x"}, blurred)
        known_to = not path or serving.unknown(blurred) <= {"lookup"}
        assert changed.changes is not False or known_to, "it may change, and nobody looks"
        return ACCEPTED

    fuzz.run(check, previews().filter(lambda given: odd.levels(given[0]) < PROTOBUF))


PROTOBUF = 90
"""Deeper data cannot come from Pulumi's engine."""
HOME = "arn:aws:lambda:eu-central-1:111122223333:function:recoverable-secrets"
OPEN = properties.Installation.of(
    {
        "ALLOW_FORCE_DELETE": "yes",
        "ALLOW_ADOPT": "any",
        "ALLOW_PUBLIC_POLICY": "yes",
        "ALLOWED_VALUE_SOURCES": "arn:*:ssm:*:*:parameter/*,arn:*:secretsmanager:*:*:secret:*",
        "ALLOWED_ROTATION_FUNCTIONS": "arn:*:lambda:*:*:function:*,arn:*:iam::*:role/*",
    },
    HOME,
)
SHUT = properties.Installation.of({"NAME_PREFIX": "app/"}, HOME)
SENSITIVE = tuple(map(fields.pascal, judge.SENSITIVE))
TEMPLATES = odd.mutated(
    grammar.declarations(programs=False).map(lambda given: grammar.spelt(given, fields.pascal)),
    names=(*grammar.PASCAL, *cloudformation.ALIASES, *cloudformation.OWN, "Region", "Owner"),
)


def test_properties(fuzz: Fuzz) -> None:
    """A template says what a program says; what an installation forbids is taken out or refused."""

    def check(given: Any) -> str:
        given = mapping(given)
        silent = not judge.astray(given, SENSITIVE)
        told, texts = judge.outcome(lambda: properties.declared(given, OPEN), silent=silent)
        tight, refused = judge.outcome(lambda: properties.declared(given, SHUT), silent=silent)
        for text in (*texts, *refused):
            judge.text(properties.spelt(text)[:240])
        recalled = properties.recalled(given)
        within = properties.within(recalled, SHUT)
        assert not within.policy.force
        assert within.policy.adopt == "no"
        assert within.spec.value_from is None
        if texts:
            assert refused, "a stricter installation takes more"
            return REFUSED
        assert told == recalled
        assert refused or tight == told == within
        plain = grammar.spelt(grammar.rendered(told), fields.pascal)
        assert properties.declared(plain, OPEN) == told
        tagged = {"Tags": [{"Key": "stack", "Value": "x"}]} if "Tags" not in given else {}
        stack = properties.declared(given, OPEN, {"stack": "x"} if tagged else None)
        assert stack == properties.declared({**given, **tagged}, OPEN)
        return ACCEPTED

    fuzz.run(check, TEMPLATES)


VARIABLES = grammar.some({
    "NAME_PREFIX": st.sampled_from(("", "team/", "*")),
    **dict.fromkeys(("ALLOW_FORCE_DELETE", "ALLOW_PUBLIC_POLICY"), st.sampled_from(
        ("yes", "no", "", "True", "false", "1"))),
    "ALLOW_ADOPT": st.sampled_from(("no", "unowned", "any", "Yes", "ANY", "")),
    "ALLOWED_VALUE_SOURCES": st.sampled_from((
        "", "arn:aws:ssm:*:*:parameter/app/*", " arn:aws:secretsmanager:*:*:secret:a-?????? ,,")),
    "ALLOWED_ROTATION_FUNCTIONS": st.sampled_from(("", grammar.FUNCTION, grammar.ROLE)),
})  # fmt: skip


def test_installations(fuzz: Fuzz) -> None:
    """What the owner of an account sets is understood, or refused: never taken for more."""

    def check(given: Any) -> str:
        variables = {k: v for k, v in mapping(given).items() if isinstance(v, str)}
        told, texts = judge.outcome(lambda: properties.Installation.of(variables, HOME))
        if texts:
            return REFUSED
        yes = {"yes", "true"}
        assert told.force == (variables.get("ALLOW_FORCE_DELETE", "").lower() in yes)
        assert told.public_policy == (variables.get("ALLOW_PUBLIC_POLICY", "").lower() in yes)
        assert (told.adopt == "any") <= (variables.get("ALLOW_ADOPT", "").lower() in yes | {"any"})
        for pattern in (*told.value_sources, *told.rotation_functions):
            assert pattern.isascii()
            assert pattern.startswith("arn:")
        for arn in (grammar.ARN, grammar.FUNCTION, grammar.ROLE, ""):
            assert properties._allows(told.value_sources, arn) in {True, False}
        return ACCEPTED

    fuzz.run(check, odd.mutated(VARIABLES))


@pytest.mark.parametrize("name", sorted(judge.SENSITIVE))
def test_the_canary_is_looked_for_where_values_are(name: str) -> None:
    """The check of the check: a value that is shown would be seen."""
    given = {name: judge.CANARY}
    assert not judge.astray(given)
    assert judge.astray({"description": judge.CANARY})
    with pytest.raises(AssertionError, match="a value is shown"):
        judge.hidden([f"{name} is {judge.CANARY}"])
