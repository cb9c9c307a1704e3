"""What lies in the state of stacks that have an alarm, and so can never change.

See tests/surfaces/test_state_abi.py: a failure here is not to be mended by new expectations.
"""

from __future__ import annotations

import base64
import pickle
import pickletools
from typing import Any

import dill
import pulumi
import pytest
from pulumi.dynamic import dynamic

import recoverable_secrets
from alarm.account import HOME, Account
from recoverable_secrets.access_alarm import ENDPOINTS, AccessAlarmProvider, default_name
from recoverable_secrets.alarm import managed
from recoverable_secrets.alarm.region import SERVICES
from surfaces import registered

REFERENCE = (
    "VPwAAAAAAAACMIHJlY292ZXJhYmxlX3NlY3JldHMuYWNjZXNzX2FsYXJtlIwTQWNjZXNzQWxhcm1Qcm92aWRlcpSTlCmB"
    "lC4="
)
PROTOCOLS = {4: f"gAS{REFERENCE}", 5: f"gAW{REFERENCE}"}
"""The pickled provider, by the protocol that a Python writes by default (5 from 3.14 on)."""

TYPE = "pulumi-python:dynamic/recoverable-secrets:AccessAlarm"

ARGUMENTS: dict[str, Any] = {
    "way": "trail",
    "log_group_name": "group",
    "topic_arn": "arn:aws:sns:eu-west-1:123456789012:ops",
    "email": ["a@b.c"],
    "name_prefix": "shop/",
    "name": "x",
    "region": "eu-west-1",
    "profile": "p",
    "assume_role_arn": "arn:aws:iam::123456789012:role/r",
    "allowed_account_ids": ["123456789012"],
}
ADDED = {"default_name", "default_owner", "default_region"}
STATE_OF_THE_FIRST_RELEASE = {
    "arn": f"arn:aws:events:{HOME}:123456789012:rule/x",
    "topic_arn": f"arn:aws:sns:{HOME}:123456789012:x",
    "name": "x",
    "region": HOME,
    "declared": {"way": "events", "name_prefix": "shop/"},
    "owner": "pulumi/shop/dev/alarm:0123456789abcdef",
    "instance": "0f" * 16,
}
"""Outputs as this release writes them."""


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_provider_of_every_state_still_loads(protocol: int) -> None:
    raw = base64.b64decode(PROTOCOLS[protocol])
    assert type(dill.loads(raw)) is AccessAlarmProvider, "as the provider server does"
    assert type(pickle.loads(raw)) is AccessAlarmProvider, "nothing but a reference"
    written = dill.dumps(AccessAlarmProvider(), protocol=protocol, recurse=True)
    assert written == raw
    texts = [argument for _, argument, _ in pickletools.genops(raw) if isinstance(argument, str)]
    assert texts == ["recoverable_secrets.access_alarm", "AccessAlarmProvider"]


def test_what_is_written_today_is_what_was_always_written() -> None:
    written = dynamic.serialize_provider(AccessAlarmProvider())
    assert written == PROTOCOLS[pickle.DEFAULT_PROTOCOL]


def run(monkeypatch: pytest.MonkeyPatch, given: dict[str, Any], **options: Any) -> registered.Run:
    monkeypatch.setattr(registered, "TYPE", TYPE)

    def program() -> pulumi.Output[str]:
        return recoverable_secrets.AccessAlarm("alarm", **given).urn

    return registered.run(program, **options)


def test_the_type_and_the_names_of_inputs(monkeypatch: pytest.MonkeyPatch) -> None:
    done = run(monkeypatch, ARGUMENTS, config={"aws:region": "eu-west-1"})
    assert done.requests[0].type == TYPE
    assert done.requests[0].object.fields["__provider"].string_value in PROTOCOLS.values()
    inputs = done.inputs()
    assert {name: inputs[name] for name in ARGUMENTS} == ARGUMENTS
    assert set(inputs) == set(ARGUMENTS) | ADDED
    assert inputs["default_name"] == default_name(
        "urn:pulumi:dev::shop::pulumi-python:dynamic/recoverable-secrets:AccessAlarm::alarm"
    )
    assert inputs["default_owner"].startswith("pulumi/shop/dev/alarm:")


def test_the_configuration_of_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """Roles, profile, accounts, and endpoints by any of the names that pulumi-aws has for them."""
    done = run(
        monkeypatch,
        {"way": "events"},
        config={
            "aws:profile": "p",
            "aws:assumeRoles": '[{"roleArn": "arn:aws:iam::123456789012:role/r"}]',
            "aws:allowedAccountIds": '["123456789012"]',
            "aws:endpoints": '[{"cloudwatchlogs": "http://l", "sns": "http://s", "sqs": "http://q"}]',
        },
    )
    assert done.inputs() == {
        "way": "events",
        "profile": "p",
        "assume_roles": [{"arn": "arn:aws:iam::123456789012:role/r"}],
        "allowed_account_ids": ["123456789012"],
        "endpoints": {"logs": "http://l", "sns": "http://s"},
        "default_name": done.inputs()["default_name"],
        "default_owner": done.inputs()["default_owner"],
    }


def test_endpoints_are_those_of_the_services_that_are_called() -> None:
    assert set(ENDPOINTS) == {*SERVICES, "sts"}


def test_endpoints_of_other_services_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    config = {"aws:endpoints": '{"sqs": "http://q"}'}
    assert "endpoints" not in run(monkeypatch, {"way": "events"}, config=config).inputs()


def test_default_names_are_valid_and_unique() -> None:
    urns = [
        f"urn:pulumi:{stack}::shop::{kind}::{name}"
        for stack in ("dev", "d.e/v" * 20)
        for kind in ("a:A", "p:P$a:A")
        for name in ("alarm", "äöü", "a b")
    ]
    names = [default_name(urn) for urn in urns]
    assert len(set(names)) == len(urns)
    for name in names:
        assert managed.check({"way": "events", "default_name": name}, ()) == ()


def test_the_first_release_is_read_updated_and_destroyed(account: Account) -> None:
    inputs = {
        "way": "events",
        "name_prefix": "shop/",
        "name": "x",
        "default_owner": STATE_OF_THE_FIRST_RELEASE["owner"],
        "default_region": HOME,
    }
    _, outputs = managed.create(inputs, str(STATE_OF_THE_FIRST_RELEASE["instance"]), print)
    written = {name: each for name, each in outputs.items() if each is not None}
    old = STATE_OF_THE_FIRST_RELEASE
    assert written == old
    assert managed.diff(old, inputs, ()) == (False, [])
    assert managed.read(old) == {**old, "drifted": None}
    assert managed.update(old, inputs, print) == outputs
    managed.delete(old, print)
    assert account.names()["rules"] == []
