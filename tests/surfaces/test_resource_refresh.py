"""resource.py's read, as refresh and as a look-up, and what diff and update make of the drift."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emulation import DEFAULT_REGION, Aws
from recoverable_secrets import resource
from recoverable_secrets.core import errors, ownership
from surfaces.held import CANARY, DEFAULTS, Held, declare

NAME = DEFAULTS["default_name"]
ARN = f"arn:aws:secretsmanager:{DEFAULT_REGION}:123456789012:secret:"


def described(text: str) -> Callable[[Aws], object]:
    return lambda aws: aws.by_hand("UpdateSecret", SecretId=NAME, Description=text)


def keyed(key: str) -> Callable[[Aws], object]:
    return lambda aws: aws.by_hand("UpdateSecret", SecretId=NAME, KmsKeyId=key)


def tagged(**tags: str) -> Callable[[Aws], object]:
    pairs = [{"Key": key, "Value": text} for key, text in tags.items()]
    return lambda aws: aws.by_hand("TagResource", SecretId=NAME, Tags=pairs)


def untagged(*keys: str) -> Callable[[Aws], object]:
    return lambda aws: aws.by_hand("UntagResource", SecretId=NAME, TagKeys=list(keys))


def put(text: str) -> Callable[[Aws], object]:
    return lambda aws: aws.put_by_hand(NAME, text)


ALL: dict[str, Any] = {
    "description": "of the shop",
    "kms_key_id": "alias/shop",
    "tags": {"team": "a", "cost": "1"},
    "secret_string": CANARY,
}


@pytest.fixture
def held(aws: Aws) -> Held:
    """A secret with all there is to declare; the call that made it is forgotten."""
    made = declare(**ALL).create()
    aws.calls.clear()
    return made


def test_read_of_what_is_as_it_was(held: Held, aws: Aws) -> None:
    before = dict(held.outputs)
    assert held.refresh() is held
    assert held.outputs == before
    assert aws.actions() == ["DescribeSecret"]
    assert held.diff() == (False, [])


@pytest.mark.parametrize(
    ("change", "drifted", "seen"),
    [
        pytest.param(described("by hand"), "description", "by hand", id="description"),
        pytest.param(described(""), "description", "", id="description cleared"),
        pytest.param(keyed("alias/else"), "kms_key_id", "alias/else", id="key"),
        pytest.param(tagged(team="b"), "tags", {"team": "b", "cost": "1"}, id="tag changed"),
        pytest.param(untagged("team"), "tags", {"cost": "1"}, id="tag removed"),
        pytest.param(untagged("team", "cost"), "tags", {}, id="all tags removed"),
    ],
)
def test_drift_is_seen_named_and_repaired(
    change: Callable[[Aws], object], drifted: str, seen: object, held: Held, aws: Aws
) -> None:
    change(aws)
    assert held.refresh() is held
    assert held.outputs["drifted"] == [drifted]
    assert held.outputs[drifted] == seen
    assert held.diff() == (True, []), "no input shows it, so the engine must be told"
    assert held.diff(name="else") == (True, ["name"])
    held.update()
    live = aws.secret(NAME)
    assert (live.description, live.kms_key_id) == (ALL["description"], ALL["kms_key_id"])
    assert ownership.of_users(live.tags) == ALL["tags"]
    assert held.outputs.get("drifted") is None
    assert held.diff() == (False, [])
    aws.calls.clear()
    held.update()
    assert aws.calls == [], "repaired once"


def test_all_drift_at_once(held: Held, aws: Aws) -> None:
    for change in (described("x"), keyed("alias/x"), untagged("team")):
        change(aws)
    held.refresh()
    assert held.outputs["drifted"] == ["description", "kms_key_id", "tags"]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(tagged(other="x"), id="a tag that others added"),
        pytest.param(put("by hand"), id="a value that a person put, which is kept"),
        pytest.param(untagged(ownership.INSTANCE), id="our own marks"),
        pytest.param(tagged(**{ownership.OWNER: "pulumi/thief:0"}), id="a claim of a stranger"),
    ],
)
def test_what_is_no_drift(change: Callable[[Aws], object], held: Held, aws: Aws) -> None:
    before = dict(held.outputs)
    change(aws)
    held.refresh()
    live = aws.secret(NAME)
    assert held.outputs == {**before, "version_id": live.version_id}
    assert held.diff() == (False, [])


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(described("by hand"), id="description"),
        pytest.param(keyed("alias/else"), id="key"),
        pytest.param(tagged(team="b"), id="tags"),
    ],
)
def test_what_is_not_declared_does_not_drift(change: Callable[[Aws], object], aws: Aws) -> None:
    held = declare().create()
    change(aws)
    before = dict(held.outputs)
    held.refresh()
    assert held.outputs == before
    assert {"description", "kms_key_id", "tags"}.isdisjoint(held.outputs)


def test_a_value_that_a_person_put_stays_through_other_updates(held: Held, aws: Aws) -> None:
    version = put("by hand")(aws)
    held.refresh()
    assert held.outputs["secret_string"] == CANARY, "the declared one, or diff would see a change"
    assert held.outputs["version_id"] == version
    held.update(description="new")
    assert aws.secret(NAME).value == "by hand"
    assert any("keeps the value" in note for note in held.said)
    assert held.outputs["declared_version"] != held.outputs["version_id"] == version
    assert held.diff() == (False, [])


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        pytest.param({}, 1, id="kept, though another one is declared"),
        pytest.param({"on_value_drift": "overwrite"}, 0, id="shown as a difference"),
        pytest.param({"secret_string": None}, 0, id="none is declared"),
        pytest.param(
            {"secret_string": None, "generate_secret_string": {}}, 0, id="a generated one"
        ),
    ],
)
def test_a_value_that_a_person_put_is_said_once(
    declared: dict[str, Any], said: int, aws: Aws
) -> None:
    held = declare(**{"secret_string": CANARY, **declared}).create()
    held.said.clear()
    put("by hand")(aws)
    held.refresh()
    assert sum("put outside of this declaration" in note for note in held.said) == said
    held.said.clear()
    held.refresh()
    assert held.said == []


def test_there_is_nothing_to_overwrite_with_where_no_value_is_declared(aws: Aws) -> None:
    held = declare(on_value_drift="overwrite").create()
    put("by hand")(aws)
    held.refresh()
    assert held.diff() == (False, [])
    assert held.diff(secret_string=CANARY) == (True, [])
    held.update(secret_string=CANARY)
    assert aws.secret(NAME).value == CANARY
    assert held.diff() == (False, [])


def test_drift_is_remembered_until_it_is_repaired(held: Held, aws: Aws) -> None:
    described("by hand")(aws)
    held.refresh()
    held.refresh()
    assert held.outputs["drifted"] == ["description"], "outputs show it already; still drift"
    untagged("team")(aws)
    held.refresh()
    assert held.outputs["drifted"] == ["description", "tags"]
    described(ALL["description"])(aws)
    tagged(team="a")(aws)
    held.refresh()
    assert held.diff() == (True, []), "whether repaired by hand is for the update to find out"
    held.update()
    assert ownership.of_users(aws.secret(NAME).tags) == ALL["tags"]
    assert held.diff() == (False, [])


def test_drift_of_what_is_no_longer_declared_is_cleared(held: Held, aws: Aws) -> None:
    described("by hand")(aws)
    held.refresh()
    held.update(description=None)
    assert aws.secret(NAME).description is None
    held.refresh()
    assert held.outputs.get("drifted") is None


@pytest.mark.parametrize(
    ("declared", "live"),
    [
        pytest.param("", None, id="none declared, the default in use"),
        pytest.param("alias/aws/secretsmanager", None, id="the default by its alias"),
        pytest.param(
            "1234abcd-12ab-34cd-56ef-1234567890ab",
            "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            id="an id, told as an ARN",
        ),
        pytest.param(
            "alias/shop", "arn:aws:kms:us-east-1:123456789012:alias/shop", id="an alias likewise"
        ),
    ],
)
def test_a_key_that_is_only_spelt_otherwise(declared: str, live: str | None, aws: Aws) -> None:
    held = declare(kms_key_id=declared).create()
    if live:
        keyed(live)(aws)
    assert aws.secret(NAME).kms_key_id == live or declared == "alias/aws/secretsmanager"
    held.refresh()
    assert held.outputs["kms_key_id"] == declared
    assert held.diff() == (False, [])


def test_tags_declared_as_a_list_of_pairs_are_no_drift(aws: Aws) -> None:
    """CloudFormation's way to write tags, which check() takes as well."""
    tags = [{"Key": "team", "Value": "a"}]
    assert resource.check({**DEFAULTS, "tags": tags}, (), first=True, say=print) == ()
    held = declare(tags=tags).create()
    held.refresh()
    assert held.outputs.get("drifted") is None
    assert held.diff() == (False, [])


@pytest.mark.parametrize("days", [1, 31], ids=["pending", "gone"])
def test_read_of_what_is_no_longer_there(days: int, held: Held, aws: Aws) -> None:
    held.delete()
    aws.clock.advance(days=days)
    assert held.refresh() is None


def test_read_in_the_wrong_account_is_not_gone(
    held: Held, aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = aws.user("stranger", account="999999999999")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", stranger.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", stranger.secret_access_key)
    elsewhere = {"endpoints": {"lambda": "https://unused"}}  # a store of its own
    with pytest.raises(errors.Refused, match="is in account 123456789012"):
        resource.read(held.id, {**held.outputs, **elsewhere})
    with pytest.raises(errors.Refused, match="is in account 123456789012"):
        resource.delete(held.id, {**held.outputs, **elsewhere}, print)


def test_read_from_a_poor_state(held: Held) -> None:
    poor = resource.read(held.id, {})
    assert poor == {"version_id": held.outputs["version_id"], "drifted": None}


# look-ups ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["arn", "name"])
def test_lookup(by: str, held: Held, aws: Aws) -> None:
    tagged(other="x")(aws)
    aws.calls.clear()
    asked = {"lookup": True, "profile": None, **DEFAULTS}
    found = resource.read(held.id if by == "arn" else NAME, asked)
    assert found == {
        **asked,
        "arn": held.id,
        "name": NAME,
        "description": "of the shop",
        "kms_key_id": "alias/shop",
        "tags": {"team": "a", "cost": "1", "other": "x"},
        "tags_all": {"team": "a", "cost": "1", "other": "x"},
        "version_id": held.outputs["version_id"],
        "restored": False,
    }
    assert aws.actions() == ["DescribeSecret"]
    assert resource.read(held.id, found) == found, "refreshed"


@pytest.mark.parametrize(
    ("id_", "message"),
    [
        pytest.param("shop/dev/other", "does not exist", id="no such name"),
        pytest.param(f"{ARN}shop/dev/db-AbCdEf", "does not exist", id="no such ARN"),
        pytest.param(f"{ARN}{NAME}", "does not exist", id="an ARN without its suffix"),
        pytest.param("pending", "is pending deletion", id="pending"),
    ],
)
def test_lookup_of_what_is_not_live_fails(id_: str, message: str, held: Held) -> None:
    declare(name="pending").create().delete()
    with pytest.raises(errors.Refused, match=f"{message}: give the full ARN or the exact name"):
        resource.read(id_, {"lookup": True})


@pytest.mark.parametrize(
    "where",
    [
        pytest.param({"region": "eu-west-1"}, id="argument"),
        pytest.param({"default_region": "eu-west-1"}, id="configuration"),
    ],
)
def test_lookup_in_another_region(where: dict[str, str], aws: Aws) -> None:
    held = declare(**where).create()
    by_name = resource.read(NAME, {"lookup": True, **where})
    by_arn = resource.read(held.id, {"lookup": True})
    assert by_name is not None
    assert by_arn is not None
    assert by_name["arn"] == by_arn["arn"] == held.id
