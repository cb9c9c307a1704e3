"""How a field is declared, spelt and taken from what the surfaces hand over."""

from __future__ import annotations

import doctest
import re
from types import ModuleType
from typing import Any

import annotated_types
import pydantic
import pytest

from recoverable_secrets.core import errors, fields, parse, sealed
from recoverable_secrets.core.fields import Traits, camel, pascal, snake, traits
from recoverable_secrets.core.model import FIELDS, Declaration, Location, Spec
from recoverable_secrets.core.policy import Policy


class Numbers(pydantic.BaseModel):
    whole: fields.Whole = 0
    truth: fields.Truth = False
    text: fields.Text = ""
    trigger: fields.Trigger = ""


TAKEN: dict[str, tuple[str, object, object]] = {
    "a whole number": ("whole", 7, 7),
    "Pulumi's number": ("whole", 7.0, 7),
    "CloudFormation's number": ("whole", "7", 7),
    "a negative one": ("whole", "-7", -7),
    "leading zeros": ("whole", "007", 7),
    "true": ("truth", True, True),
    "false": ("truth", False, False),
    "CloudFormation's true": ("truth", "true", True),
    "CloudFormation's false": ("truth", "false", False),
    "in capitals": ("truth", "TRUE", True),
    "text": ("text", "a", "a"),
    "empty text": ("text", "", ""),
    "a word as a trigger": ("trigger", "2", "2"),
    "a number as a trigger": ("trigger", 2, "2"),
    "Pulumi's number as a trigger": ("trigger", 2.0, "2"),
}


@pytest.mark.parametrize(("name", "given", "taken"), TAKEN.values(), ids=TAKEN)
def test_what_can_only_mean_one_thing_is_taken(name: str, given: object, taken: object) -> None:
    found = getattr(Numbers.model_validate({name: given}), name)
    assert (found, type(found)) == (taken, type(taken))


REFUSED: dict[str, tuple[str, object]] = {
    "half a day": ("whole", 7.5),
    "half a day as text": ("whole", "7.5"),
    "a whole float as text": ("whole", "7.0"),
    "true is no number": ("whole", True),
    "no number": ("whole", "seven"),
    "spaces": ("whole", " 7"),
    "a line end": ("whole", "7\n"),
    "nothing": ("whole", ""),
    "ten digits": ("whole", "1234567890"),
    "other scripts' digits": ("whole", "\N{ARABIC-INDIC DIGIT SEVEN}"),
    "an exponent": ("whole", "1e3"),
    "infinity": ("whole", float("inf")),
    "not a number": ("whole", float("nan")),
    "none at all": ("whole", None),
    "a list": ("whole", [7]),
    "yes": ("truth", "yes"),
    "on": ("truth", "on"),
    "one": ("truth", 1),
    "zero": ("truth", 0),
    "one as text": ("truth", "1"),
    "empty": ("truth", ""),
    "a number is no text": ("text", 5),
    "truth is no text": ("text", True),
    "bytes are no text": ("text", b"a"),
    "half a number is no trigger": ("trigger", 2.5),
    "truth is no trigger": ("trigger", True),
    "a list is no trigger": ("trigger", ["2"]),
}


@pytest.mark.parametrize(("name", "given"), REFUSED.values(), ids=REFUSED)
def test_what_only_looks_like_it_is_refused(name: str, given: object) -> None:
    with pytest.raises(pydantic.ValidationError) as caught:
        Numbers.model_validate({name: given})
    assert [fault["loc"] for fault in caught.value.errors()] == [(name,)]
    assert caught.value.errors()[0]["msg"].startswith("must be ")


FAULTS: dict[str, tuple[str, object, tuple[str, str]]] = {
    "no whole number": ("whole", "7.5", ("whole", "must be a whole number")),
    "truth for a number": ("whole", True, ("whole", "must be a whole number")),
    "no truth": ("truth", "yes", ("truth", "must be true or false")),
    "no text": ("text", 5, ("text", "must be text")),
    "half a character": ("text", "\ud800", ("text", "must be valid Unicode text")),
    "no trigger": ("trigger", 2.5, ("text", "must be text")),
}


@pytest.mark.parametrize(("name", "given", "told"), FAULTS.values(), ids=FAULTS)
def test_what_is_refused_is_told_in_kind_and_words(
    name: str, given: object, told: tuple[str, str]
) -> None:
    with pytest.raises(pydantic.ValidationError) as caught:
        Numbers.model_validate({name: given})
    assert [(fault["type"], fault["msg"]) for fault in caught.value.errors()] == [told]


SPELT = {
    "name": ("name", "name", "Name"),
    "kms_key_id": ("kms_key_id", "kmsKeyId", "KmsKeyId"),
    "recovery_window_in_days": (
        "recovery_window_in_days",
        "recoveryWindowInDays",
        "RecoveryWindowInDays",
    ),
    "replicas": ("replicas", "replicas", "ReplicaRegions"),
    "rotation_lambda_arn": ("rotation_lambda_arn", "rotationLambdaArn", "RotationLambdaARN"),
}


@pytest.mark.parametrize(("name", "spelt"), SPELT.items())
def test_each_surface_spells_in_its_own_way(name: str, spelt: tuple[str, str, str]) -> None:
    assert (snake(name), camel(name), pascal(name)) == spelt


@pytest.mark.parametrize("spelling", [snake, camel, pascal])
def test_no_two_fields_are_spelt_alike(spelling: fields.Spelling) -> None:
    assert len({spelling(name) for name in FIELDS}) == len(FIELDS)


@pytest.mark.parametrize(
    ("name", "spelling", "names"),
    [
        ("description", pascal, ("Description",)),
        ("replicas", snake, ("replicas", "replica_regions")),
        ("replicas", camel, ("replicas", "replicaRegions")),
        ("replicas", pascal, ("ReplicaRegions", "Replicas")),
        ("policy", snake, ("policy", "resource_policy")),
        ("policy", pascal, ("ResourcePolicy", "Policy")),
        ("rotate_immediately", snake, ("rotate_immediately",)),
        ("rotate_immediately", pascal, ("RotateImmediatelyOnUpdate", "RotateImmediately")),
        ("rotation_lambda_arn", pascal, ("RotationLambdaARN", "RotationLambdaArn")),
        ("external_secret_rotation_metadatas", pascal,
         ("ExternalSecretRotationMetadata", "ExternalSecretRotationMetadatas")),
    ],
)  # fmt: skip
def test_a_field_has_more_names_where_others_call_it_otherwise(
    name: str, spelling: fields.Spelling, names: tuple[str, ...]
) -> None:
    assert parse.spellings(name, FIELDS[name], spelling) == names


@pytest.mark.parametrize("spelling", [snake, camel, pascal])
def test_no_name_means_two_fields(spelling: fields.Spelling) -> None:
    names = [each for n, info in FIELDS.items() for each in parse.spellings(n, info, spelling)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", FIELDS)
def test_every_field_tells_what_it_means(name: str) -> None:
    info = FIELDS[name]
    assert re.search(r"^[A-Z`].*\.$", info.description or "", re.DOTALL)
    assert isinstance(info.json_schema_extra, dict), "declared by field()"
    assert isinstance(info.json_schema_extra["traits"], Traits)


def test_traits_are_as_declared() -> None:
    found = {name: traits(info) for name, info in FIELDS.items()}
    assert {n for n, t in found.items() if t.sensitive} == {
        "secret_string", "secret_binary", "secret_json", "secret_string_wo",
    }  # fmt: skip
    assert {n for n, t in found.items() if t.replaces} == {"name", "name_prefix", "region"}
    elsewhere = set(Spec.model_fields) | {"region"}
    assert {n for n, t in found.items() if t.policy_only} == set(FIELDS) - elsewhere
    assert {n for n, t in found.items() if t.initial} == {
        "generate_secret_string", "value_from",
    }  # fmt: skip
    assert {n: t.aliases for n, t in found.items() if t.aliases} == {
        "replicas": ("replica_regions",),
        "policy": ("resource_policy",),
        "external_secret_rotation_metadatas": ("external_secret_rotation_metadata",),
    }
    bounds = {n: (t.minimum, t.maximum) for n, t in found.items() if t.maximum is not None}
    assert bounds == {
        "recovery_window_in_days": (7, 30),
        "refuse_deletion_if_accessed_within": (0, 365),
        "timeout": (1, 3600),
        "secret_string_wo_version": (0, 999_999_999),
    }


def test_a_field_that_is_not_ours_has_no_traits() -> None:
    plain: dict[str, Any] = Numbers.model_fields
    assert traits(plain["whole"]) == Traits()
    other = pydantic.fields.FieldInfo(json_schema_extra={"traits": "of another kind"})
    assert traits(other) == Traits()


LEAST, MOST = annotated_types.Ge(7), annotated_types.Le(30)

BOUNDED: dict[str, tuple[dict[str, int], list[object]]] = {
    "none": ({}, []),
    "the smallest alone": ({"minimum": 7}, [LEAST]),
    "the largest alone": ({"maximum": 30}, [MOST]),
    "both": ({"minimum": 7, "maximum": 30}, [LEAST, MOST]),
    "nought is a bound as well": ({"minimum": 0}, [annotated_types.Ge(0)]),
}


@pytest.mark.parametrize(("bounds", "checked"), BOUNDED.values(), ids=BOUNDED)
def test_a_field_is_declared_once_for_all_surfaces(
    bounds: dict[str, int], checked: list[object]
) -> None:
    info = fields.field(8, "What it means.", sensitive=True, aliases=("other",), **bounds)
    assert (info.default, info.description) == (8, "What it means.")
    assert traits(info) == Traits(sensitive=True, aliases=("other",), **bounds)
    assert info.metadata == checked, "what pydantic refuses by itself"


HELD: dict[str, tuple[object, type[pydantic.BaseModel] | None]] = {
    "a number": (int, None),
    "a list of text": (tuple[str, ...], None),
    "nothing declared": (None, None),
    "a model": (Numbers, Numbers),
    "a model or nothing": (Numbers | None, Numbers),
    "a list of models": (tuple[Numbers, ...] | None, Numbers),
}


@pytest.mark.parametrize(("kind", "model"), HELD.values(), ids=HELD)
def test_a_model_is_found_in_whatever_holds_it(
    kind: Any, model: type[pydantic.BaseModel] | None
) -> None:
    assert fields.nested(pydantic.fields.FieldInfo(annotation=kind)) is model


def test_a_declaration_tells_of_any_field() -> None:
    declared = Declaration(
        spec=Spec(name="a"), policy=Policy(timeout=5), location=Location(region="eu-west-1")
    )
    assert [declared.of(n) for n in ("name", "timeout", "region")] == ["a", 5, "eu-west-1"]
    assert declared.of("recovery_window_in_days") == 30, "its default included"


@pytest.mark.parametrize("model", [Spec, Policy, Location, Declaration])
def test_models_are_frozen_closed_and_hide_what_they_refuse(
    model: type[pydantic.BaseModel],
) -> None:
    made = model()
    name = next(iter(model.model_fields))
    with pytest.raises(pydantic.ValidationError):
        setattr(made, name, getattr(made, name))
    with pytest.raises(pydantic.ValidationError) as caught:
        model.model_validate({"stranger": "canary"})
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("module", [errors, fields, sealed], ids=lambda m: m.__name__)
def test_examples_in_docstrings_hold(module: ModuleType) -> None:
    done = doctest.testmod(module)
    assert done.attempted > 0
    assert done.failed == 0
