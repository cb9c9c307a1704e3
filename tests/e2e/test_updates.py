"""Changes of a live secret: each group of what differs is one call, and a look comes before."""

from __future__ import annotations

import base64
from functools import partial
from typing import TYPE_CHECKING, Any

import pulumi

from e2e.secrets_program import COMPARE, LOOK, NAME, VALUE, Story, one, told

if TYPE_CHECKING:
    from e2e.engine import Engine
    from emulation import Aws

KEY = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
METADATA, TAG, UNTAG = "UpdateSecret", "TagResource", "UntagResource"


def test_each_group_is_one_call(engine: Engine, aws: Aws) -> None:
    story = Story(engine, aws)
    said: dict[str, Any] = {"description": "a", "tags": {"team": "shop", "stage": "dev"}}
    story.up(one(**said))
    first = story.agree()
    versions = 1
    steps: list[tuple[str, dict[str, Any], list[str]]] = [
        ("a description", {"description": "b"}, [METADATA]),
        ("a key", {"kms_key_id": KEY}, [METADATA]),
        ("a value", {"secret_string": "second"}, [METADATA]),
        (
            "description, key and value are one group",
            {"description": "c", "kms_key_id": "alias/other", "secret_string": "third"},
            [METADATA],
        ),
        ("a tag more, a tag changed", {"tags": {"team": "web", "stage": "dev", "x": "y"}}, [TAG]),
        ("tags fewer", {"tags": {"team": "web"}}, [UNTAG]),
        (
            "everything at once",
            {
                "description": None,
                "kms_key_id": None,
                "secret_string": None,
                "secret_binary": base64.b64encode(b"\0\xff").decode(),
                "tags": {"new": "1"},
            },
            [METADATA, TAG, UNTAG],
        ),
    ]
    for what, change, expected in steps:
        said.update(change)
        run = story.up(one(**said))
        assert (run.steps, story.calls) == ({"same": 1, "update": 1}, LOOK + expected), what
        found = story.agree()
        assert found.arn == first.arn, what
        assert (found.description, found.kms_key_id) == (
            said.get("description"),
            said.get("kms_key_id"),
        ), what
        assert users(found.tags) == said["tags"], what
        versions += any(key.startswith("secret_") for key in change)
        assert len(found.versions) == versions, what
    assert story.live().value == b"\0\xff"
    assert story.up(one(**said)).steps == {"same": 2}
    assert story.calls == []
    story.up(one(secret_string=None, tags={}))
    assert story.calls == [*LOOK, UNTAG], "a value no longer declared is left, tags are not"
    assert story.agree().value == b"\0\xff"


def test_refresh_shows_a_change_by_hand_and_up_takes_it_back(engine: Engine, aws: Aws) -> None:
    story = Story(engine, aws)
    program = one(description="ours", kms_key_id=KEY, tags={"team": "shop"})
    story.up(program)
    created = story.agree()
    aws.by_hand("UpdateSecret", SecretId=NAME, Description="by hand", KmsKeyId="alias/theirs")
    aws.by_hand("TagResource", SecretId=NAME, Tags=[{"Key": "team", "Value": "web"}])
    aws.by_hand("TagResource", SecretId=NAME, Tags=[{"Key": "bill", "Value": "42"}])
    assert story.up(program).steps == {"same": 2}, "without a refresh nobody looks"
    story.refresh()
    assert story.calls == LOOK
    outputs = story.outputs()
    assert (outputs["description"], outputs["kms_key_id"]) == ("by hand", "alias/theirs")
    assert outputs["tags"] == {"team": "web"}, "of tags only what is declared"
    run = story.preview(program)
    assert (run.steps, story.calls) == ({"same": 1, "update": 1}, [])
    story.up(program)
    assert story.calls == [*LOOK, METADATA, TAG]
    found = story.agree()
    assert (found.description, found.kms_key_id, found.value) == ("ours", KEY, VALUE)
    assert users(found.tags) == {"team": "shop", "bill": "42"}, "a tag of others stays"
    assert found.versions == created.versions
    assert story.up(program).steps == {"same": 2}
    story.refresh()
    assert story.up(program).steps == {"same": 2}, "and the drift is forgotten"


def test_a_rotated_value_is_kept(engine: Engine, aws: Aws) -> None:
    story = Story(engine, aws)
    story.up(one())
    rotated = aws.put_by_hand(NAME, "rotated")
    run = story.refresh()
    assert (run.steps, story.calls) == ({"same": 2}, LOOK)
    assert story.outputs()["version_id"] == rotated
    assert story.up(one()).steps == {"same": 2}
    assert story.calls == []
    story.up(one(description="new"))
    assert story.calls == [*LOOK, METADATA]
    assert story.agree().value == "rotated", "another change does not touch the value"
    story.destroy()
    run = story.up(one(description="new"))
    found = story.agree()
    assert (found.value, found.version_id, len(found.versions)) == ("rotated", rotated, 2)
    kept = f"{NAME} keeps the value that was put outside of this declaration"
    assert kept in told(run), "a restore does not either, and says so"
    story.up(one(description="new", secret_string="declared anew"))
    assert story.calls == [*LOOK, *COMPARE, METADATA], "a new literal is meant to be written"
    assert story.agree().value == "declared anew"


def test_a_rotated_value_is_overwritten_where_that_is_wanted(engine: Engine, aws: Aws) -> None:
    story = Story(engine, aws)
    program = one(on_value_drift="overwrite")
    story.up(program)
    created = story.agree()
    aws.put_by_hand(NAME, "rotated")
    assert story.up(program).steps == {"same": 2}
    assert story.live().value == "rotated", "not seen before a refresh"
    story.refresh()
    assert story.preview(program).steps == {"same": 1, "update": 1}
    story.up(program)
    assert story.calls == [*LOOK, *COMPARE, METADATA]
    found = story.agree()
    assert (found.value, len(found.versions)) == (VALUE, 3)
    assert created.version_id in found.versions
    assert story.up(program).steps == {"same": 2}
    story.refresh()
    assert story.up(program).steps == {"same": 2}
    assert story.calls == []
    aws.put_by_hand(NAME, "rotated again")
    story.destroy()
    story.up(program)
    assert story.agree().value == VALUE, "after a restore likewise"


def test_ignored_changes_are_not_made(engine: Engine, aws: Aws) -> None:
    story = Story(engine, aws)
    ignored = ["secret_string", "description"]
    opts = partial(pulumi.ResourceOptions, ignore_changes=ignored)
    story.up(one("db", opts, description="first"))
    before = story.agree()
    assert story.up(one("db", opts, description="b", secret_string="c")).steps == {"same": 2}
    story.up(one("db", opts, description="b", secret_string="c", tags={"team": "shop"}))
    assert story.calls == [*LOOK, TAG]
    after = story.agree()
    assert (after.description, after.value, after.versions) == ("first", VALUE, before.versions)


def users(tags: Any) -> dict[str, str]:
    """The tags that are not ours."""
    return {key: text for key, text in tags.items() if not key.startswith("recoverable-secrets:")}
