"""What the stories stand on: what ministack does, and what the harness makes of it."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from tools import ministack

from stacks import cloud as clouds
from stacks import emulator
from stacks.bundle import bundle_for_this_python
from stacks.cloud import Cloud, StackError

TOY = Path(__file__).with_name("toy.py").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def toy(functions: clouds.Functions) -> str:
    """The ServiceToken of a function that does as it is told."""
    code = bundle_for_this_python({"toy.py": TOY})
    return functions.install("toy", {"SETTING": "as installed"}, code, handler="toy.handler")


def template(token: str, *, broken: bool = False, **properties: str) -> dict[str, Any]:
    """Return a template with one toy, and if wanted what always fails after it."""
    resources: dict[str, Any] = {
        "Toy": {
            "Type": "Custom::Toy",
            "Properties": {"ServiceToken": token, "ServiceTimeout": 20, **properties},
        }
    }
    if broken:
        resources["Broken"] = clouds.broken("Toy")
    return {
        "Resources": resources,
        "Outputs": {"Setting": {"Value": {"Fn::GetAtt": ["Toy", "Environment"]}}},
    }


def told(cloud: Cloud, since: int = 0) -> list[tuple[str, str, str]]:
    """Return what the toy was asked to do: request, id, status of the stack."""
    lines = [line for line in cloud.logs().splitlines() if line.startswith("TOLD ")]
    found = [json.loads(line.removeprefix("TOLD ")) for line in lines[since:]]
    return [(one["type"], one["id"], one["status"]) for one in found]


def test_a_stack_lives_and_ends(cloud: Cloud, toy: str) -> None:
    before = len(told(cloud))
    cloud.aws.by_hand("CreateSecret", Name="seen", SecretString="x")
    outcome = cloud.create("shop", template(toy, Look="seen"))
    assert outcome.outputs == {"Setting": "as installed"}
    assert outcome.statuses("Toy") == ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]
    assert cloud.resources("shop") == {"Toy": "toy"}
    (call,) = cloud.aws.calls
    assert (call.action, call.account) == ("DescribeSecret", clouds.DEFAULT_ACCOUNT)
    cloud.update("shop", template(toy, Id="other"))
    assert cloud.delete("shop").statuses("Toy") == ["DELETE_IN_PROGRESS", "DELETE_COMPLETE"]
    assert told(cloud, before) == [
        ("Create", None, "CREATE_IN_PROGRESS"),
        ("Update", "toy", "UPDATE_IN_PROGRESS"),
        ("Delete", "toy", "UPDATE_IN_PROGRESS"),  # AWS: UPDATE_COMPLETE_CLEANUP_IN_PROGRESS
        ("Delete", "other", "DELETE_IN_PROGRESS"),
    ]


def test_what_fails_is_rolled_back(cloud: Cloud, toy: str) -> None:
    before = len(told(cloud))
    outcome = cloud.create("shop", template(toy, broken=True), ends="ROLLBACK_COMPLETE")
    assert "not-there" in outcome.reason("Broken")
    cloud.delete("shop")
    cloud.create("shop", template(toy))
    cloud.update("shop", template(toy, broken=True, A="1"), ends="UPDATE_ROLLBACK_COMPLETE")
    outcome = cloud.update("shop", template(toy, Fails="Update"), ends="UPDATE_ROLLBACK_COMPLETE")
    assert outcome.reason("Toy") == "as told"
    assert told(cloud, before) == [
        ("Create", None, "CREATE_IN_PROGRESS"),
        ("Delete", "toy", "ROLLBACK_IN_PROGRESS"),
        ("Create", None, "CREATE_IN_PROGRESS"),
        ("Update", "toy", "UPDATE_IN_PROGRESS"),
        ("Update", "toy", "UPDATE_ROLLBACK_IN_PROGRESS"),
        ("Update", "toy", "UPDATE_IN_PROGRESS"),
        ("Update", "toy", "UPDATE_ROLLBACK_IN_PROGRESS"),
    ]


def test_a_failed_stack_can_delete_itself(cloud: Cloud, toy: str) -> None:
    before = len(told(cloud))
    cloud.create("shop", template(toy, broken=True), OnFailure="DELETE", ends="DELETE_COMPLETE")
    cloud.create("shop", template(toy, broken=True), OnFailure="DO_NOTHING", ends="CREATE_FAILED")
    cloud.delete("shop")
    assert told(cloud, before) == [
        ("Create", None, "CREATE_IN_PROGRESS"),
        ("Delete", "toy", "ROLLBACK_IN_PROGRESS"),  # AWS probably: DELETE_IN_PROGRESS
        ("Create", None, "CREATE_IN_PROGRESS"),
        ("Delete", "toy", "DELETE_IN_PROGRESS"),
    ]


def test_another_end_than_expected_is_an_error(cloud: Cloud, toy: str) -> None:
    with pytest.raises(StackError, match=r"(?s)should have ended CREATE_COMPLETE.*as told"):
        cloud.create("shop", template(toy, Fails="Create"))
    with pytest.raises(StackError, match="should have ended ROLLBACK_COMPLETE"):
        cloud.create("other", template(toy), ends="ROLLBACK_COMPLETE")


def test_an_account_is_empty_again(cloud: Cloud) -> None:
    """After the tests above, whatever they left."""
    found = cloud.client("cloudformation").describe_stacks()["Stacks"]
    assert found == []
    assert cloud.aws.secrets() == []


def test_ministack_keeps_to_its_port(running: emulator.Emulator) -> None:
    ports = re.findall(r"Running on https://127\.0\.0\.1:(\d+) ", running.log.read_text())
    assert {f"https://localhost:{port}" for port in ports} == {running.url}


def test_it_ends_with_those_who_started_it(tmp_path: Path) -> None:
    emulator.make_certificate(tmp_path)
    left = emulator.launch(tmp_path, "http://127.0.0.1:9")
    assert left.process.stdin is not None
    left.process.stdin.close()
    assert left.process.wait(10) != 0
    assert not left.healthy()


def test_the_environment_is_made_once() -> None:
    assert ministack.locate() == ministack.locate() == ministack.folder() / "bin" / "python"


def test_of_the_callers_settings_none_gets_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", os.devnull)
    given = emulator.environment(tmp_path, 1, "http://127.0.0.1:2")
    assert {"AWS_PROFILE", "REQUESTS_CA_BUNDLE"} & set(given) == set()
    assert given["AWS_CONFIG_FILE"] == os.devnull
