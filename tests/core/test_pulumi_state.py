"""Which secrets a Pulumi state declares."""

from __future__ import annotations

import json
from typing import Any

import pytest

from recoverable_secrets.core import errors, orphans, ownership, pulumi_state
from recoverable_secrets.core.orphans import Stack, Tool

ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/dev/db-AbCdEf"
URN = "urn:pulumi:dev::shop::pulumi-python:dynamic/recoverable-secrets:Secret::db"
OTHER = ARN.replace("AbCdEf", "GhIjKl")
ROOT = "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev"
OWNER = "pulumi/shop/dev/db:0123456789abcdef"
DEV = Stack(Tool.PULUMI, ("shop", "dev"))
CANARY = "canary-1f0c-value"


def _resource(**changes: Any) -> dict[str, Any]:
    outputs = {"arn": ARN, "owner": OWNER, "secret_string": {"plaintext": f'"{CANARY}"'}}
    return {"urn": URN, "id": ARN, "outputs": outputs} | changes


def _export(*resources: Any) -> dict[str, Any]:
    return {"version": 3, "deployment": {"resources": [{"urn": ROOT}, *resources]}}


def _read(document: object, name: Stack | None = None) -> tuple[Stack, orphans.Declares]:
    text = json.dumps(document)
    return pulumi_state.read(
        json.loads(text, object_pairs_hook=pulumi_state.kept), "dev.json", name
    )


def test_what_a_stack_declares() -> None:
    stack, declares = _read(_export(_resource()))
    assert stack == DEV
    assert declares.resources == {OWNER: ARN}
    assert set(declares.ids()) == {ARN}


def test_nothing_of_a_value_is_kept() -> None:
    text = json.dumps(_export(_resource()))
    assert CANARY in text
    assert CANARY not in repr(json.loads(text, object_pairs_hook=pulumi_state.kept))


@pytest.mark.parametrize(
    ("resource", "ids"),
    [
        pytest.param(_resource(external=True), set(), id="`.get` only reads"),
        pytest.param(_resource(delete=True), set(), id="the old half of a replacement"),
        pytest.param(
            {"urn": URN, "id": ARN}, {ARN}, id="of another type, which may have taken it over"
        ),
        pytest.param({"urn": URN, "id": "bucket"}, set(), id="no secret"),
        pytest.param(_resource(outputs=None), {ARN}, id="no outputs"),
        pytest.param(
            _resource(outputs={"owner": {"ciphertext": "x"}}), {ARN}, id="an owner that is sealed"
        ),
        pytest.param("text", set(), id="no resource"),
    ],
)
def test_what_counts_as_declared(resource: Any, ids: set[str]) -> None:
    assert set(_read(_export(resource))[1].ids()) == ids


def test_a_resource_whose_creation_failed_half_way_has_no_id_yet() -> None:
    found = _read(_export(_resource(id=None, outputs={"owner": OWNER})))[1]
    assert found.resources == {OWNER: None}


def test_what_is_not_declared_hides_nothing_of_what_comes_after_it() -> None:
    after = {"urn": URN, "id": OTHER}
    found = _read(_export(_resource(external=True), _resource(delete=True), after))[1]
    assert found == orphans.Declares({}, frozenset({OTHER}))


@pytest.mark.parametrize(
    ("resource", "declares"),
    [
        pytest.param(
            _resource(), orphans.Declares({OWNER: ARN}, frozenset({ARN})), id="id and ARN alike"
        ),
        pytest.param(
            _resource(id="other"), orphans.Declares({OWNER: ARN}, frozenset({ARN})), id="the ARN"
        ),
        pytest.param(
            _resource(outputs={"owner": OWNER}),
            orphans.Declares({OWNER: ARN}, frozenset({ARN})),
            id="the id",
        ),
        pytest.param(
            _resource(id=OTHER),
            orphans.Declares({OWNER: ARN}, frozenset({ARN, OTHER})),
            id="two: the ARN is whose the tag speaks of",
        ),
        pytest.param(
            _resource(external=False, delete=False),
            orphans.Declares({OWNER: ARN}, frozenset({ARN})),
            id="it says that it is neither read only nor replaced",
        ),
    ],
)
def test_a_secret_is_known_by_its_arn_or_its_id(
    resource: dict[str, Any], declares: orphans.Declares
) -> None:
    assert _read(_export(resource)) == (DEV, declares)


def test_a_backends_own_file_tells_its_stack_even_when_it_is_empty() -> None:
    document = {"version": 3, "checkpoint": {"stack": "organization/shop/dev", "latest": None}}
    assert _read(document) == (DEV, orphans.Declares({}))


def test_a_backends_own_file() -> None:
    document = {"checkpoint": {"stack": "dev", "latest": {"resources": [_resource()]}}}
    assert _read(document)[0] == DEV, "an old backend names the stack without its project"


def test_long_names_are_cut_as_in_tags() -> None:
    long = "p" * 100
    urn = f"urn:pulumi:dev::{long}::pulumi:pulumi:Stack::x"
    tag = ownership.owner(("pulumi", long, "dev", "db"), "urn")
    claimed = orphans.claim(tag)
    assert claimed is not None
    assert _read(_export() | {"deployment": {"resources": [{"urn": urn}]}})[0] == claimed.stack


def test_an_empty_export_is_of_the_stack_that_is_named() -> None:
    stack = pulumi_state.named("shop/dev")
    assert _read({"deployment": {}}, stack) == (DEV, orphans.Declares({}))


NO_STATE = (
    "dev.json is no state of Pulumi: give what `pulumi stack export` writes, or a backend's file "
    "below .pulumi/stacks"
)
UNNAMED = (
    "dev.json does not tell of which stack it is, as it has no resources: say "
    "--state PROJECT/STACK=FILE"
)
ANOTHER = "dev.json is the state of pulumi/shop/dev, not of pulumi/shop/prod"


@pytest.mark.parametrize(
    ("document", "name", "text"),
    [
        pytest.param([], None, NO_STATE, id="a list"),
        pytest.param({}, None, NO_STATE, id="an empty object"),
        pytest.param({"deployment": 1}, None, NO_STATE, id="no deployment"),
        pytest.param({"checkpoint": None}, None, NO_STATE, id="no checkpoint"),
        pytest.param({"deployment": {}}, None, UNNAMED, id="does not tell its stack"),
        pytest.param(
            {"deployment": {"resources": [{"urn": "odd"}, {}]}},
            None,
            UNNAMED,
            id="nor do its resources",
        ),
        pytest.param({"deployment": {"resources": {"urn": ROOT}}}, None, UNNAMED, id="no list"),
        pytest.param({"checkpoint": {"stack": "dev"}}, None, UNNAMED, id="nor its project"),
        pytest.param(_export(), "shop/prod", ANOTHER, id="another one"),
        pytest.param(
            {"checkpoint": {"stack": "organization/shop/dev"}},
            "shop/prod",
            ANOTHER,
            id="another one, and empty",
        ),
    ],
)
def test_what_is_refused(document: Any, name: str | None, text: str) -> None:
    with pytest.raises(errors.InvalidInput) as caught:
        _read(document, pulumi_state.named(name) if name else None)
    assert str(caught.value) == text


@pytest.mark.parametrize("name", [None, "shop/dev", "shop/test", "shop/prod"])
def test_a_state_of_two_stacks_is_of_neither(name: str | None) -> None:
    document = _export({"urn": ROOT.replace("dev", "test")})
    with pytest.raises(errors.InvalidInput) as caught:
        _read(document, pulumi_state.named(name) if name else None)
    assert str(caught.value) == (
        "dev.json names several stacks, pulumi/shop/dev and pulumi/shop/test: give one's"
    )


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        pytest.param("s" * 80, "s" * 80, id="as long as may be"),
        pytest.param("s" * 81, "…" + "s" * 79, id="longer"),
    ],
)
def test_the_name_of_a_long_file_leaves_room_for_what_is_wrong(source: str, shown: str) -> None:
    with pytest.raises(errors.InvalidInput) as caught:
        pulumi_state.read({}, source)
    assert str(caught.value) == NO_STATE.replace("dev.json", shown)


@pytest.mark.parametrize("text", ["shop", "shop/dev/db", "/dev", "a b/c", ""])
def test_what_names_no_stack(text: str) -> None:
    assert pulumi_state.named(text) is None
