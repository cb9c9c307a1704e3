"""``Secret.get``: a reference to a live secret, which is never managed by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pytest

from e2e.secrets_program import DELETE, INSTANCE, LOOK, NAME, OWNER, VALUE, Story, one
from recoverable_secrets import Secret

if TYPE_CHECKING:
    from e2e.engine import Engine, Program
    from emulation import Aws


def reference(id_: str) -> Program:
    """A program that refers to a secret and exports what it learns."""

    def program() -> None:
        found = Secret.get("ref", id_)
        pulumi.export("arn", found.arn)
        pulumi.export("name", found.name)
        pulumi.export("version", found.version_id)

    return program


def test_a_live_secret_is_read_and_left_alone(engine: Engine, aws: Aws) -> None:
    story = Story(engine, aws)
    tags = [{"Key": "team", "Value": "theirs"}]
    aws.by_hand("CreateSecret", Name="shop/db", SecretString=VALUE, Tags=tags)
    before = aws.secret("shop/db")
    assert before.arn
    for id_ in ("shop/db", before.arn):
        story.preview(reference(id_))
        assert story.calls == LOOK
        story.up(reference(id_))
        assert story.calls == LOOK
        known = {"arn": before.arn, "name": "shop/db", "version": before.version_id}
        assert engine.outputs() == known
        state = engine.resource("ref")
        assert state["external"] is True
        assert state["outputs"]["tags"] == {"team": "theirs"}
        assert not {"secret_string", "secret_binary"} & set(state["outputs"]), "never its value"
        assert VALUE not in engine.text()
    rotated = aws.put_by_hand("shop/db", "rotated")
    story.refresh()
    assert story.calls == LOOK
    story.up(reference("shop/db"))
    assert engine.outputs()["version"] == rotated
    after = aws.secret("shop/db")
    story.destroy()
    assert (story.calls, story.names(), aws.secret("shop/db")) == ([], [], after)


@pytest.mark.parametrize("state", ["does not exist", "is pending deletion"])
def test_what_is_not_live_is_refused(engine: Engine, aws: Aws, state: str) -> None:
    story = Story(engine, aws)
    if "pending" in state:
        aws.by_hand("CreateSecret", Name="shop/db", SecretString=VALUE)
        aws.by_hand("DeleteSecret", SecretId="shop/db")
    for run in (story.preview, story.up):
        told = run(reference("shop/db"), expect_failure=True)
        assert f"secret shop/db {state}: give the full ARN or the exact name" in told.output
        assert story.calls == LOOK
    assert story.names() == []


def test_part_of_an_arn_is_no_reference(engine: Engine, aws: Aws) -> None:
    story = Story(engine, aws)
    aws.by_hand("CreateSecret", Name="shop/db", SecretString=VALUE)
    part = str(aws.secret("shop/db").arn).rpartition("-")[0]
    run = story.up(reference(part), expect_failure=True)
    assert "does not exist: give the full ARN or the exact name" in run.output


def test_a_reference_in_another_region(engine: Engine, aws: Aws) -> None:
    story = Story(engine, aws)
    aws.by_hand("CreateSecret", Name="shop/db", SecretString=VALUE, region="eu-west-1")

    def program() -> None:
        found = Secret.get("ref", "shop/db", region="eu-west-1")
        pulumi.export("arn", found.arn)

    story.up(program)
    assert engine.outputs() == {"arn": aws.secret("shop/db", region="eu-west-1").arn}
    arn = engine.outputs()["arn"]
    story.up(reference(arn))
    assert engine.outputs()["arn"] == arn, "an ARN tells its region"


def test_from_managed_to_reference_and_back(engine: Engine, aws: Aws) -> None:
    story = Story(engine, aws)
    story.up(one(deletion="retain"))
    created = story.agree()

    def refer() -> None:
        Secret.get("db", NAME)

    story.up(refer)
    assert (story.calls, story.live()) == (LOOK, created), "let go of, and left as it is"
    assert engine.resource("db")["external"] is True
    story.up(one())
    found = story.agree()
    assert (found.arn, found.tags[OWNER]) == (created.arn, created.tags[OWNER])
    assert found.tags[INSTANCE] != created.tags[INSTANCE]
    story.destroy()
    assert (story.calls, story.pending().arn) == (DELETE, created.arn)
