"""Changes of a live secret: each group of what differs is one call, and a look comes before."""

from __future__ import annotations

import base64
import dataclasses
from typing import TYPE_CHECKING, Any

import pulumi

from e2e.secrets_program import (
    COMPARE,
    LOOK,
    NAME,
    RESTORE,
    VALUE,
    Story,
    one,
    several,
    told,
    users,
)

if TYPE_CHECKING:
    from e2e.engine import Engine
    from emulation import Aws

KEY = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
BYTES = b"\0\xff"
METADATA, TAG, UNTAG = "UpdateSecret", "TagResource", "UntagResource"
FIRST: dict[str, Any] = {
    "description": "first",
    "kms_key_id": "alias/first",
    "secret_string": "first",
    "tags": {"team": "shop", "stage": "dev"},
}
IGNORED = {"opts": pulumi.ResourceOptions(ignore_changes=["secret_string", "description"])}


@dataclasses.dataclass(frozen=True)
class Change:
    """One change of a declaration.

    Attributes:
        made: what is declared otherwise than before.
        calls: what it takes after a look.
        left: what stays although it is declared otherwise.
    """

    made: dict[str, Any]
    calls: list[str]
    left: dict[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def result(self) -> dict[str, Any]:
        """What the secret is afterwards."""
        return {**FIRST, **self.made, **self.left}


BINARY = {"secret_string": None, "secret_binary": base64.b64encode(BYTES).decode()}
FEWER = {"team": "shop"}
CHANGES = {
    "description": Change({"description": "second"}, [METADATA]),
    "no-description": Change({"description": None}, [METADATA]),
    "key": Change({"kms_key_id": KEY}, [METADATA]),
    "no-key": Change({"kms_key_id": None}, [METADATA]),
    "value": Change({"secret_string": "second"}, [METADATA]),
    "binary": Change(BINARY, [METADATA]),
    "no-value": Change({"secret_string": None}, [], left={"secret_string": "first"}),
    "one-group": Change({"description": "2", "kms_key_id": KEY, "secret_string": "2"}, [METADATA]),
    "tag-more": Change({"tags": {**FIRST["tags"], "x": "y"}}, [TAG]),
    "tag-changed": Change({"tags": {**FIRST["tags"], "team": "web"}}, [TAG]),
    "tag-fewer": Change({"tags": FEWER}, [UNTAG]),
    "no-tags": Change({"tags": None}, [UNTAG]),
    "all": Change(
        {"description": "2", "kms_key_id": KEY, "secret_string": "2", "tags": {"team": "2"}},
        [METADATA, TAG, UNTAG],
    ),
    "ignored": Change(
        {"description": "2", "secret_string": "2", "tags": FEWER},
        [UNTAG],
        left={"description": "first", "secret_string": "first"},
    ),
}


def test_each_group_is_one_call(engine: Engine, aws: Aws) -> None:
    story = Story(engine, aws)
    base = {name: {**FIRST, **(IGNORED if name == "ignored" else {})} for name in CHANGES}
    story.up(several(base))
    before = {name: story.agree(name) for name in CHANGES}
    after = several({name: {**base[name], **change.made} for name, change in CHANGES.items()})
    assert story.up(after).steps == {"same": 1, "update": len(CHANGES)}
    for name, change in CHANGES.items():
        found, result = story.agree(name), change.result
        calls = LOOK + change.calls if change.calls else []
        assert story.about(found.name) == calls, name
        assert (found.description, found.kms_key_id) == (
            result["description"],
            result["kms_key_id"],
        ), name
        assert found.value == (BYTES if name == "binary" else result["secret_string"]), name
        assert users(found.tags) == (result["tags"] or {}), name
        written = found.value != "first"
        assert len(found.versions) == 1 + written, name
        assert found.arn == before[name].arn, name
    assert story.up(after).steps == {"same": 1 + len(CHANGES)}
    assert story.calls == []


def test_changes_by_hand_and_rotation(engine: Engine, aws: Aws) -> None:
    """A refresh shows them; the next up takes back all but a value, unless that is wanted."""
    story = Story(engine, aws)
    names = {name: f"demo/dev/{name}" for name in ("described", "kept", "overwritten")}
    secrets: dict[str, dict[str, Any]] = {
        "described": {"description": "ours", "kms_key_id": KEY, "tags": {"team": "shop"}},
        "kept": {},
        "overwritten": {"on_value_drift": "overwrite"},
    }
    story.up(several(secrets))
    created = {name: story.agree(name) for name in names}
    by_hand(aws, names["described"])
    rotated = {name: aws.put_by_hand(names[name], "rotated") for name in ("kept", "overwritten")}
    assert story.up(several(secrets)).steps == {"same": 4}
    assert story.calls == [], "without a refresh nobody looks"
    story.refresh()
    assert story.calls == LOOK * 3
    shown = story.outputs("described")
    assert (shown["description"], shown["kms_key_id"]) == ("by hand", "alias/theirs")
    assert shown["tags"] == {"team": "web"}, "of tags only what is declared"
    assert {name: story.outputs(name)["version_id"] for name in rotated} == rotated
    run = story.preview(several(secrets))
    assert (run.steps, story.calls) == ({"same": 2, "update": 2}, [])
    story.up(several(secrets))
    assert story.about(names["described"]) == [*LOOK, METADATA, TAG]
    assert story.about(names["kept"]) == []
    back = [*LOOK, *COMPARE, "UpdateSecretVersionStage"]
    assert story.about(names["overwritten"]) == back, "the version that holds ours is there still"
    found = story.agree("described")
    assert (found.description, found.kms_key_id, found.value) == ("ours", KEY, VALUE)
    assert users(found.tags) == {"team": "shop", "bill": "42"}, "a tag of others stays"
    assert found.versions == created["described"].versions
    assert story.agree("kept").value == "rotated"
    assert (story.agree("overwritten").value, len(story.agree("overwritten").versions)) == (
        VALUE,
        2,
    )
    story.refresh()
    assert story.up(several(secrets)).steps == {"same": 4}, "and the drift is forgotten"
    assert story.calls == []


def by_hand(aws: Aws, name: str) -> None:
    """Change all of a secret but its value, and add a tag."""
    aws.by_hand("UpdateSecret", SecretId=name, Description="by hand", KmsKeyId="alias/theirs")
    tags = [{"Key": "team", "Value": "web"}, {"Key": "bill", "Value": "42"}]
    aws.by_hand("TagResource", SecretId=name, Tags=tags)


def test_a_rotated_value_survives_all_but_a_new_literal(engine: Engine, aws: Aws) -> None:
    story = Story(engine, aws)
    both: dict[str, dict[str, Any]] = {"db": {}, "overwritten": {"on_value_drift": "overwrite"}}
    story.up(several(both))
    rotated = aws.put_by_hand(NAME, "rotated")
    aws.put_by_hand("demo/dev/overwritten", "rotated")
    story.up(several({**both, "db": {"description": "new"}}))
    assert story.calls == [*LOOK, METADATA]
    assert story.agree().value == "rotated", "another change does not touch the value"
    story.destroy()
    run = story.up(several(both))
    found = story.agree()
    assert story.about() == [*RESTORE, METADATA], "not compared: its version is not ours"
    assert (found.value, found.version_id, len(found.versions)) == ("rotated", rotated, 2)
    kept = f"{NAME} keeps the value that was put outside of this declaration"
    assert kept in told(run), "nor does a restore, and it says so"
    assert story.agree("overwritten").value == VALUE, "where overwriting is wanted, it is"
    story.up(one(secret_string="declared anew"))
    assert story.about() == [*LOOK, *COMPARE, METADATA], "a new literal is meant to be written"
    assert story.agree().value == "declared anew"
