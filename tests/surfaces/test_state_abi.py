"""What lies in the state of existing stacks, and so can never change (docs/decisions/0001).

A failure here is not to be mended by new expectations: it says that stacks which exist could no
longer be refreshed or destroyed.
"""

from __future__ import annotations

import base64
import pickle
import pickletools
import subprocess
import sys
from typing import Any

import dill
import pulumi
import pytest
from pulumi.dynamic import dynamic

import recoverable_secrets
from emulation import Aws
from recoverable_secrets import resource
from recoverable_secrets.core.model import FIELDS
from recoverable_secrets.dynamic import SecretProvider
from surfaces import registered
from surfaces.held import CANARY, GOLDEN, Held, declare
from surfaces.whole import WHOLE, as_declared

PROTOCOLS = {
    4: GOLDEN,
    5: "gAWVNQAAAAAAAACMG3JlY292ZXJhYmxlX3NlY3JldHMuZHluYW1pY5SMDlNlY3JldFByb3ZpZGVylJOUKYGULg==",
}
"""The pickled provider, by the protocol that a Python writes by default (5 from 3.14 on)."""

TYPE = "pulumi-python:dynamic/recoverable-secrets:Secret"

ARGUMENTS = {
    "name",
    "name_prefix",
    "description",
    "kms_key_id",
    "type",
    "secret_string",
    "secret_binary",
    "secret_json",
    "secret_string_wo",
    "secret_string_wo_version",
    "generate_secret_string",
    "regenerate_when",
    "value_from",
    "value_version",
    "version_stages",
    "tags",
    "replicas",
    "policy",
    "block_public_policy",
    "rotation_lambda_arn",
    "rotation_rules",
    "rotation_enabled",
    "external_secret_rotation_metadatas",
    "external_secret_rotation_role_arn",
    "rotate_immediately",
    "previous_version",
    "force_overwrite_replica_secret",
    "owner",
    "recovery_window_in_days",
    "force_delete_without_recovery",
    "deletion",
    "refuse_deletion_if_accessed_within",
    "on_recreate",
    "adopt",
    "on_value_drift",
    "timeout",
    "region",
    "profile",
    "assume_role_arn",
    "allowed_account_ids",
}
"""Names under which arguments stand in inputs and outputs. More may come; none may go."""

CONNECTION = {"assume_roles", "endpoints"}
ADDED = {"default_name", "default_owner", "default_region"}
OUTPUTS = {
    "arn",
    "name",
    "region",
    "owner",
    "instance",
    "version_id",
    "declared_version",
    "restored",
    "drifted",
    "tags_all",
}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_provider_of_every_state_still_loads(protocol: int) -> None:
    raw = base64.b64decode(PROTOCOLS[protocol])
    loaded = dill.loads(raw)  # as the provider server does
    assert type(loaded) is SecretProvider
    assert type(pickle.loads(raw)) is SecretProvider, "nothing but a reference"
    assert vars(loaded) == {}


def test_what_is_written_today_is_what_was_always_written() -> None:
    assert dynamic.serialize_provider(SecretProvider()) == PROTOCOLS[pickle.DEFAULT_PROTOCOL]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_bytes_of_each_protocol(protocol: int) -> None:
    raw = dill.dumps(SecretProvider(), protocol=protocol, recurse=True)
    assert base64.b64encode(raw).decode() == PROTOCOLS[protocol]
    texts = [argument for _, argument, _ in pickletools.genops(raw) if isinstance(argument, str)]
    assert texts == ["recoverable_secrets.dynamic", "SecretProvider"]


def test_another_program_writes_the_same() -> None:
    """Of another folder, with a module of the name `provider` and after other imports."""
    code = (
        "import sys, types; sys.modules['provider'] = types.ModuleType('provider')\n"
        "import json, decimal, recoverable_secrets\n"
        "from pulumi.dynamic.dynamic import serialize_provider\n"
        "from recoverable_secrets.dynamic import SecretProvider\n"
        "print(serialize_provider(SecretProvider()))\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd="/"
    )
    assert ran.stdout.strip() == PROTOCOLS[pickle.DEFAULT_PROTOCOL]


def all_inputs() -> dict[str, Any]:
    given: dict[str, Any] = {name: f"of {name}" for name in ARGUMENTS - {"assume_role_arn"}}

    def program() -> None:
        recoverable_secrets.Secret("db", **given)

    config = {
        "aws:region": "eu-west-1",
        "aws:assumeRoles": '[{"roleArn": "arn:aws:iam::123456789012:role/r", "duration": "1h"}]',
        "aws:endpoints": '[{"sts": "http://localhost"}]',
    }
    return registered.run(program, config=config).inputs()


def test_the_type_and_the_plain_provider() -> None:
    def program() -> None:
        recoverable_secrets.Secret("db", secret_string=pulumi.Output.secret(CANARY))

    request = registered.run(program).requests[0]
    assert request.type == TYPE
    assert request.object.fields["__provider"].string_value in PROTOCOLS.values(), "not encrypted"


def test_the_names_of_inputs() -> None:
    inputs = all_inputs()
    assert set(inputs) == ARGUMENTS - {"assume_role_arn"} | CONNECTION | ADDED
    assert set(inputs["assume_roles"][0]) == {"arn", "duration_seconds"}
    assert set(inputs["endpoints"]) == {"sts"}
    assert set(FIELDS) >= ARGUMENTS


def test_the_names_of_outputs(aws: Aws) -> None:
    held = declare(
        secret_string=CANARY,
        description="d",
        kms_key_id="alias/k",
        tags={"a": "b"},
        endpoints={"lambda": "http://unused"},
        assume_roles=[],
    ).create()
    given = {"secret_string", "description", "kms_key_id", "tags"}
    outputs, _ = pinned(held.outputs, given)
    assert outputs == OUTPUTS - {"drifted"}
    aws.by_hand("UpdateSecret", SecretId=held.id, Description="by hand")
    held.refresh()
    assert pinned(held.outputs, given)[0] == OUTPUTS
    held.update()
    assert pinned(held.outputs, given)[0] == OUTPUTS - {"drifted"}


def pinned(found: dict[str, Any], given: set[str]) -> tuple[set[str], set[str]]:
    """Return the outputs besides arguments, and these; fails where an argument lost its name."""
    assert given <= set(found)
    assert set(found) >= CONNECTION
    return set(found) - given - CONNECTION, given


STATE_OF_THE_FIRST_RELEASE = {
    "name": "shop/dev/db",
    "owner": "pulumi/shop/dev/db:0123456789abcdef",
    "region": "us-east-1",
    "instance": None,
    "version_id": None,
    "declared_version": None,
    "restored": False,
    "description": "d",
    "tags": {"team": "a"},
    "secret_string": CANARY,
    "recovery_window_in_days": 9.0,
    "deletion": "schedule",
    "on_recreate": "restore",
    "adopt": "no",
    "on_value_drift": "keep",
    "timeout": 300.0,
    "allowed_account_ids": ["123456789012"],
}
"""Outputs as this release writes them; ARN, instance and versions are each secret's own."""


def of_the_first_release() -> tuple[Held, dict[str, Any]]:
    """Return a live secret, and its outputs as the first release wrote them."""
    told = STATE_OF_THE_FIRST_RELEASE.items()
    made = declare(**{name: content for name, content in told if name not in OUTPUTS}).create()
    own = {name: made.outputs[name] for name in ("arn", "instance", "version_id")}
    version = {"declared_version": made.outputs["version_id"]}
    return made, {**STATE_OF_THE_FIRST_RELEASE, **own, **version}


def test_the_first_release_is_read_updated_and_destroyed(aws: Aws) -> None:
    made, old = of_the_first_release()
    assert resource.diff(old, made.inputs, ()) == (False, [])
    read = resource.read(made.id, old)
    assert read is not None
    assert {name: content for name, content in read.items() if content is not None} == old
    updated = resource.update(made.id, old, {**made.inputs, "description": "e"}, print)
    assert aws.secret("shop/dev/db").description == updated["description"] == "e"
    resource.delete(made.id, old, print)
    gone = aws.secret("shop/dev/db")
    assert gone.purge_date is not None
    assert (gone.purge_date - aws.clock.now()).days == 9


def test_the_first_release_takes_on_what_came_later(aws: Aws) -> None:
    """Outputs without `tags_all`, and without any of the arguments that there were not yet."""
    made, made.outputs = of_the_first_release()
    aws.by_hand("UntagResource", SecretId=made.id, TagKeys=["team"])
    assert made.refresh()
    assert made.outputs["drifted"] == ["tags"]
    later = {**WHOLE, "tags": {"team": "a"}, "default_tags": {"company": "acme"}}
    assert made.diff(**later) == (True, [])
    made.update(**later)
    assert as_declared(aws)
    assert made.outputs["tags_all"] == {"team": "a", "company": "acme"}
    assert len(aws.secret("shop/dev/db").versions) == 1
    assert made.diff() == (False, [])
    made.delete()
    assert aws.secret("shop/dev/db").state == "pending"


def test_a_value_that_is_written_only_never_came_into_a_state(aws: Aws) -> None:
    made = declare(secret_string_wo=CANARY, secret_string_wo_version=3).create()
    assert pinned(made.outputs | dict.fromkeys(CONNECTION), {"secret_string_wo_version"})[0] == (
        OUTPUTS - {"drifted"}
    )
