"""Fifty secrets in one stack: each as one alone, none mixed up with another."""

from __future__ import annotations

import collections
from typing import TYPE_CHECKING

import pytest

from e2e.secrets_program import COMPARE, INSTANCE, OWNER, RESTORE, Story, declare

if TYPE_CHECKING:
    from e2e.engine import Engine, Program
    from emulation import Aws

NUMBERS = range(50)


def fifty(word: str) -> Program:
    """Fifty secrets that all say a word."""

    def program() -> None:
        for number in NUMBERS:
            declare(
                f"s{number}",
                description=f"{word} {number}",
                secret_string=f"value {number} {word}",
                tags={"number": str(number), word: "1"},
            )

    return program


def by_secret(aws: Aws) -> set[tuple[str, ...]]:
    """The different sequences of calls that the last run sent to one secret each."""
    sent: dict[str, list[str]] = collections.defaultdict(list)
    for record in aws.calls:
        about = record.parameters.get("SecretId") or record.parameters["Name"]
        name = about.rpartition(":secret:")[2][: -len("-AbCdEf")] if ":" in about else about
        sent[name].append(record.action)
    assert len(sent) == len(NUMBERS)
    return {tuple(actions) for actions in sent.values()}


def check(story: Story, word: str, versions: int) -> list[str | None]:
    """Check all fifty, in the state and in AWS; return their ARNs."""
    found = [story.agree(f"s{number}") for number in NUMBERS]
    for number, secret in enumerate(found):
        assert secret.name == f"demo/dev/s{number}"
        assert secret.value == f"value {number} {word}"
        assert secret.description == f"{word} {number}"
        users = {k: v for k, v in secret.tags.items() if not k.startswith("recoverable-secrets:")}
        assert users == {"number": str(number), word: "1"}
        assert len(secret.versions) == versions
    assert len({secret.tags[OWNER] for secret in found}) == len(NUMBERS)
    assert len({secret.tags[INSTANCE] for secret in found}) == len(NUMBERS)
    return [secret.arn for secret in found]


@pytest.mark.timeout(300)  # eight runs of fifty on a busy machine
def test_fifty_secrets(engine: Engine, aws: Aws) -> None:
    story = Story(engine, aws)
    assert story.preview(fifty("one")).steps == {"create": 51}
    assert story.calls == []
    assert story.up(fifty("one")).steps == {"create": 51}
    assert by_secret(aws) == {("CreateSecret",)}
    arns = check(story, "one", 1)
    assert story.up(fifty("one")).steps == {"same": 51}
    assert story.calls == []
    assert story.up(fifty("two")).steps == {"same": 1, "update": 50}
    changes = ("DescribeSecret", "UpdateSecret", "TagResource", "UntagResource")
    assert by_secret(aws) == {changes}
    assert check(story, "two", 2) == arns
    aws.put_by_hand("demo/dev/s7", "rotated")
    aws.by_hand("DeleteSecret", SecretId="demo/dev/s8", RecoveryWindowInDays=7)
    run = story.refresh()
    assert by_secret(aws) == {("DescribeSecret",)}
    assert "s8" not in story.names()
    assert run.steps["delete"] == 1
    assert story.up(fifty("two")).steps == {"same": 50, "create": 1}
    assert story.calls == RESTORE + COMPARE
    assert story.destroy().steps == {"delete": 51}
    assert by_secret(aws) == {("DescribeSecret", "DeleteSecret")}
    assert {secret.state for secret in aws.secrets()} == {"pending"}
    assert story.names() == []
    assert story.up(fifty("two")).steps == {"create": 51}
    kept = tuple(RESTORE)
    assert by_secret(aws) == {(*kept, *COMPARE), kept}, "the rotated value is not compared"
    assert story.live("demo/dev/s7").value == "rotated"
    assert [story.agree(f"s{number}").arn for number in NUMBERS] == arns
