"""The points in which the native types contradict each other: docs/native-types.md, row by row."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from lambda_handler import properties

from recoverable_secrets import cloudformation, resource
from recoverable_secrets.core import errors, facts, fields, ownership, parse
from recoverable_secrets.core.facts import Gone, Kept, Memory
from recoverable_secrets.core.model import FIELDS, Spec
from recoverable_secrets.core.policy import Policy
from recoverable_secrets.engine import Engine
from recoverable_secrets.stores import limits
from recoverable_secrets.stores.memory import MemoryStore

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = (ROOT / "docs" / "native-types.md").read_text()
ALLOWED = properties.Installation()
STATEMENT = {
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
    "Action": "secretsmanager:GetSecretValue",
    "Resource": "*",
}
DOCUMENT = {"Version": "2012-10-17", "Statement": [STATEMENT]}
POLICY = json.dumps(DOCUMENT)


class Life:
    """One secret in the memory store, under declarations that follow one another."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.memory: Memory | None = None

    def declare(self, **told: Any) -> facts.Secret:
        """Run one declaration; return the secret with its policy."""
        wanted = Kept(
            name="db",
            spec=Spec(**told),
            owner="shop/db",
            instance="1" * 32,
            version=ownership.version_id("1" * 32),
            memory=self.memory,
        )
        known = Engine(self.store).run(wanted, Policy()).known
        assert isinstance(known, facts.Present)
        self.memory = Memory(id=known.secret.id, owner="shop/db", spec=wanted.spec)
        seen = self.store.observe(facts.Ref("db"), policy=True)
        assert isinstance(seen, facts.Present)
        return seen.secret

    def destroy(self) -> None:
        assert self.memory
        Engine(self.store).run(Gone(name="db", owner="shop/db", memory=self.memory), Policy())


def test_every_point_names_its_test() -> None:
    rows = re.findall(r"^\| ([a-z]) \|.*\| `(test_\w+)` \|$", PAGE, re.MULTILINE)
    assert [letter for letter, _ in rows] == list("abcdefghi")
    assert all(name in globals() for _, name in rows), "each is a test of this file"


def test_every_shape_of_tags_and_policy_means_the_same() -> None:
    single = {"Version": "2012-10-17", "Statement": STATEMENT}
    listed = [{"Key": "team", "Value": "a"}]
    shapes = [
        ({"team": "a"}, POLICY),
        (listed, DOCUMENT),
        ([{"key": "team", "value": "a"}], json.dumps(single, indent=4)),
    ]
    read = [parse.parse({"tags": t, "policy": p}, limits.AWS).spec for t, p in shapes]
    assert read[0].tags == {"team": "a"}
    assert read[0].policy
    assert read[0] == read[1] == read[2]
    template = properties.declared({"Tags": listed, "ResourcePolicy": DOCUMENT}, ALLOWED)
    assert (template.spec.tags, template.spec.policy) == (read[0].tags, read[0].policy)


@pytest.mark.parametrize("none", [None, "", "{}", {}, " \n"], ids=repr)
def test_a_policy_that_is_declared_no_more_is_deleted(none: object) -> None:
    life = Life()
    assert life.declare(policy=POLICY).policy
    assert life.declare(policy=none).policy == ""


def test_a_key_that_is_declared_no_more_becomes_the_default_key() -> None:
    life = Life()
    assert life.declare(kms_key_id="alias/ours").kms_key_id == "alias/ours"
    assert life.declare().kms_key_id is None


def test_a_type_is_changed_in_place() -> None:
    life = Life()
    made = life.declare(type="SalesforceClientSecret")
    changed = life.declare(type="BigIDClientSecret")
    assert (changed.id, changed.type) == (made.id, "BigIDClientSecret")
    assert life.declare().type == "BigIDClientSecret", "nothing takes it away"


@pytest.mark.parametrize("name", ["secret_id", "secret_arn"])
def test_there_is_no_argument_for_another_resource(name: str) -> None:
    with pytest.raises(errors.InvalidInput, match=f"{name} is not an argument"):
        parse.parse({name: "arn"}, limits.AWS)
    with pytest.raises(errors.InvalidInput, match=f"{fields.pascal(name)} is no property"):
        properties.declared({fields.pascal(name): "arn"}, ALLOWED)


def test_the_id_is_the_full_arn(aws: Any) -> None:
    inputs = {"name": "db", "default_owner": "shop/db", "region": "us-east-1"}
    id_, outputs = resource.create(inputs, lambda _: None)
    assert id_ == outputs["arn"] == aws.secret("db").arn
    schema = json.loads((Path(resource.__file__).parent / "cloudformation.json").read_text())
    assert schema["primaryIdentifier"] == ["/properties/Arn"]


def test_arn_and_id_are_the_same_attribute() -> None:
    assert {"Arn", "Id"} <= set(cloudformation.ATTRIBUTES)
    assert "same as `Arn`" in cloudformation.ATTRIBUTES["Id"]


def test_a_prefixed_name_is_the_same_at_each_run() -> None:
    made = [ownership.prefixed_name("app/", owner) for owner in ("shop/db", "shop/db", "shop/x")]
    assert made[0] == made[1] != made[2]
    assert re.fullmatch("app/[0-9a-f]{26}", made[0])


def test_a_region_is_an_argument_in_programs_only() -> None:
    assert "region" in FIELDS
    with pytest.raises(errors.InvalidInput, match="Region is no property"):
        properties.declared({"Region": "eu-west-1"}, ALLOWED)
