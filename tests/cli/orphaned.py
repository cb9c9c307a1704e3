"""Secrets, states and stacks for the tests of `orphans`."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli import services
from cli.schema import problems_of
from cli.services import Fault, Services
from recoverable_secrets.cli import findings
from recoverable_secrets.core import ownership

ACCOUNT = "123456789012"
HERE, THERE = "us-east-1", "eu-west-1"
PULUMI = ownership.owner(("pulumi", "shop", "dev", "db"), "urn")
DB = ownership.owner(("cloudformation", "net", "Db"), "label")
CANARY = "canary-77ab-value"
GONE = Fault("ValidationError", "Stack with id net does not exist")


@contextlib.contextmanager
def formation(monkeypatch: pytest.MonkeyPatch, world: Any) -> Iterator[Services]:
    """CloudFormation without any stack."""
    with services.serve() as (canned, variables):
        for name, url in variables.items():
            monkeypatch.setenv(name, url)
            world.env[name] = url
        canned.answers["cloudformation:ListStackResources"] = GONE
        canned.answers["cloudformation:ListStacks"] = {"StackSummaries": []}
        yield canned


def written(path: Path, *, owner: str = PULUMI, arn: str | None = None, stack: str = "dev") -> Path:
    urn = f"urn:pulumi:{stack}::shop::pulumi-python:dynamic/recoverable-secrets:Secret::db"
    sealed = {"secret_string": {"plaintext": json.dumps(CANARY)}, "description": CANARY}
    listed = [{"urn": f"urn:pulumi:{stack}::shop::pulumi:pulumi:Stack::shop-{stack}"}]
    listed += [{"urn": urn, "id": arn, "outputs": {"owner": owner, "arn": arn, **sealed}}]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        json.dumps({"version": 3, "deployment": {"resources": listed[: 1 + bool(arn)]}})
    )
    return path


def summary(logical: str, physical: str | None, kind: str = "Custom::RecoverableSecret") -> Any:
    told = {"LogicalResourceId": logical, "ResourceType": kind, "ResourceStatus": "CREATE_COMPLETE"}
    return told | ({"PhysicalResourceId": physical} if physical else {})


def stack(*resources: Any, status: str = "CREATE_COMPLETE") -> Any:
    return {"StackResourceSummaries": [each | {"ResourceStatus": status} for each in resources]}


def verdicts(ran: Any, *arguments: str, code: int) -> dict[str, tuple[str, str]]:
    run = ran("orphans", "--json", *arguments)
    assert run.code == code, run.err
    assert problems_of("orphans", run.json) == []
    told = findings.Orphans.model_validate(run.json)
    return {f"{each.name} {each.region}": (str(each.verdict), each.why) for each in told.secrets}
