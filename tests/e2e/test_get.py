"""``Secret.get``: a reference to a live secret, which is never managed by it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi

from e2e.secrets_program import (
    CREATE,
    DELETE,
    INSTANCE,
    LOOK,
    NAME,
    OWNER,
    VALUE,
    Story,
    one,
    several,
)
from recoverable_secrets import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from e2e.engine import Engine, Program
    from emulation import Aws

TAGS = [{"Key": "team", "Value": "theirs"}]


def references(ids: Mapping[str, tuple[str, dict[str, Any]]]) -> Program:
    """A program that refers to secrets and exports what it learns."""

    def program() -> None:
        for resource, (id_, where) in ids.items():
            found = Secret.get(resource, id_, **where)
            pulumi.export(resource, pulumi.Output.all(found.arn, found.name, found.version_id))

    return program


def test_live_secrets_are_read_and_left_alone(engine: Engine, aws: Aws) -> None:
    story = Story(engine, aws)
    aws.by_hand("CreateSecret", Name="shop/db", SecretString=VALUE, Tags=TAGS)
    aws.by_hand("CreateSecret", Name="shop/db", SecretString="there", region="eu-west-1")
    here, there = aws.secret("shop/db"), aws.secret("shop/db", region="eu-west-1")
    program = references(
        {
            "by-name": ("shop/db", {}),
            "by-arn": (str(here.arn), {}),
            "there-by-name": ("shop/db", {"region": "eu-west-1"}),
            "there-by-arn": (str(there.arn), {}),
        }
    )
    story.preview(program)
    assert story.calls == LOOK * 4
    story.up(program)
    assert story.calls == LOOK * 4
    learned = stack_outputs(engine)
    for resource in learned:
        found = there if resource.startswith("there") else here
        assert learned[resource] == [found.arn, "shop/db", found.version_id], resource
        state = engine.resource(resource)
        assert state["external"] is True
        assert not {"secret_string", "secret_binary"} & set(state["outputs"]), "never its value"
    assert engine.resource("by-arn")["outputs"]["tags"] == {"team": "theirs"}
    assert VALUE not in engine.text()
    rotated = aws.put_by_hand("shop/db", "rotated")
    story.refresh()
    assert story.calls == LOOK * 4
    story.up(program)
    assert stack_outputs(engine)["by-name"][2] == rotated
    after = aws.secret("shop/db")
    story.destroy()
    assert (story.calls, story.names(), aws.secret("shop/db")) == ([], [], after)


def stack_outputs(engine: Engine) -> dict[str, Any]:
    """The outputs that the state file has of the stack."""
    found: dict[str, Any] = engine.resource("demo-dev")["outputs"]
    return found


def test_what_is_not_live_is_refused(engine: Engine, aws: Aws) -> None:
    story = Story(engine, aws)
    for name in ("shop/pending", "shop/db"):
        aws.by_hand("CreateSecret", Name=name, SecretString=VALUE)
    aws.by_hand("DeleteSecret", SecretId="shop/pending")
    part = str(aws.secret("shop/db").arn).rpartition("-")[0]
    program = references(
        {
            "missing": ("shop/missing", {}),
            "pending": ("shop/pending", {}),
            "part": (part, {}),
        }
    )
    for verb in (story.preview, story.up):
        told = verb(program, expect_failure=True)
        advice = "give the full ARN or the exact name of a live secret"
        assert f"secret shop/missing does not exist: {advice}" in told.output
        assert f"secret shop/pending is pending deletion: {advice}" in told.output
        assert f"secret {part} does not exist: {advice}" in told.output
    assert story.names() == []


def test_from_managed_to_reference_and_back(engine: Engine, aws: Aws) -> None:
    """Pulumi deletes what is no longer managed: only ``retain`` lets go of a secret unharmed."""
    story = Story(engine, aws)
    story.up(several({"db": {"deletion": "retain"}, "scheduled": {}}))
    created = story.agree()
    story.up(references({"db": (NAME, {}), "scheduled": ("demo/dev/scheduled", {})}))
    assert (story.about(), story.live()) == (LOOK, created), "let go of, and left as it is"
    assert engine.resource("db")["external"] is True
    assert story.about("demo/dev/scheduled") == LOOK + DELETE
    assert story.pending("demo/dev/scheduled").value == VALUE
    story.up(one())
    assert story.calls[:2] == CREATE + LOOK
    found = story.agree()
    assert (found.arn, found.tags[OWNER]) == (created.arn, created.tags[OWNER])
    assert found.tags[INSTANCE] != created.tags[INSTANCE]
