"""resource.py's check, diff, create, update and delete, each against the double in this process."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from emulation import Aws
from recoverable_secrets import resource
from recoverable_secrets.core import errors, ownership
from surfaces.held import CANARY, DEFAULTS, ENGINE_DECIDES, NOTHING, Held, Seen, declare

NOBODY = "pulumi/other/dev/db:fedcba9876543210"
OWNER = DEFAULTS["default_owner"]


def checked(said: list[str], *unknown: str, first: bool = True, **inputs: Any) -> tuple[str, ...]:
    return resource.check(inputs, unknown, first=first, say=said.append)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def held(aws: Aws) -> Held:
    """A secret with all there is to declare; the calls that made it are forgotten."""
    made = declare(
        description="of the shop", kms_key_id="alias/shop", tags={"team": "a"}, secret_string=CANARY
    ).create()
    aws.calls.clear()
    return made


# check ------------------------------------------------------------------------------------------


def test_check_finds_every_problem_and_shows_no_value(aws: Aws, said: list[str]) -> None:
    problems = checked(
        said, name="no spaces", recovery_window_in_days=6.0, secret_string=[CANARY], tgas={}
    )
    assert len(problems) == 4
    for word in ("name", "recovery_window_in_days", "secret_string", "did you mean tags"):
        assert any(word in problem for problem in problems), word
    assert CANARY not in str(problems)
    assert (said, aws.calls) == ([], [])


def test_check_passes_what_the_resource_class_adds(said: list[str]) -> None:
    added = {
        "default_region": "eu-west-1",
        "endpoints": {"sts": "http://localhost"},
        "assume_roles": [{"arn": "arn:aws:iam::123456789012:role/r"}],
        "lookup": True,
        "arn": None,
        "version_id": None,
        "restored": None,
    }
    assert checked(said, **DEFAULTS, **added) == ()


@pytest.mark.parametrize(
    "inputs",
    [
        pytest.param({"name": "app-secret"}, id="a name that was given"),
        pytest.param({"default_name": "shop/dev/app-s3cr3T"}, id="a name made of the resource's"),
    ],
)
def test_check_warns_once_of_a_name_like_an_arn(inputs: dict[str, str], said: list[str]) -> None:
    assert checked(said, **inputs) == ()
    assert len(said) == 1
    assert "hyphen and six characters" in said[0]
    assert checked(said, first=False, **inputs) == ()
    assert len(said) == 1, "said again for a resource that exists"


@pytest.mark.parametrize(
    ("inputs", "unknown"),
    [
        pytest.param({"name": "app-secrets"}, (), id="seven characters"),
        pytest.param({"name": "app-secret"}, ("name",), id="the name is not known yet"),
        pytest.param({"default_name": "app-secret"}, ("default_name",), id="nor the default"),
    ],
)
def test_check_does_not_warn(
    inputs: dict[str, Any], unknown: tuple[str, ...], said: list[str]
) -> None:
    assert checked(said, *unknown, **inputs) == ()
    assert said == []


def test_check_leaves_unknown_inputs_alone(said: list[str]) -> None:
    fields = ("secret_string", "tags", "recovery_window_in_days", "deletion", "description")
    assert checked(said, *fields, **dict.fromkeys(fields, object()), **DEFAULTS) == ()
    assert len(checked(said, "secret_string", secret_string=object(), timeout=0.0)) == 1


# diff -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "seen"),
    [
        pytest.param({}, NOTHING, id="the same inputs"),
        pytest.param({"description": "new"}, ENGINE_DECIDES, id="description"),
        pytest.param({"description": None}, ENGINE_DECIDES, id="no longer declared"),
        pytest.param({"kms_key_id": "alias/b"}, ENGINE_DECIDES, id="key"),
        pytest.param({"tags": {"team": "b"}}, ENGINE_DECIDES, id="a tag"),
        pytest.param({"tags": {}}, ENGINE_DECIDES, id="no tags"),
        pytest.param({"secret_string": "other"}, ENGINE_DECIDES, id="value"),
        pytest.param({"owner": "me"}, ENGINE_DECIDES, id="an owner by name"),
        pytest.param({"default_owner": NOBODY}, ENGINE_DECIDES, id="the resource was renamed"),
        pytest.param({"recovery_window_in_days": 7}, ENGINE_DECIDES, id="window counts after up"),
        pytest.param({"recovery_window_in_days": 30}, NOTHING, id="the default, now said"),
        pytest.param({"force_delete_without_recovery": True}, ENGINE_DECIDES, id="force"),
        pytest.param({"deletion": "retain"}, ENGINE_DECIDES, id="retain"),
        pytest.param({"profile": "other"}, ENGINE_DECIDES, id="profile: delete uses the state's"),
        pytest.param({"allowed_account_ids": ["123456789012"]}, ENGINE_DECIDES, id="accounts"),
        pytest.param({"endpoints": {"sts": "http://x"}}, ENGINE_DECIDES, id="endpoints"),
        pytest.param({"assume_roles": [{"arn": "a"}]}, ENGINE_DECIDES, id="roles"),
        pytest.param({"name": "else"}, (None, ["name"]), id="another name, another secret"),
        pytest.param({"name": "shop/dev/db"}, NOTHING, id="its name, now said"),
        pytest.param({"region": "eu-west-1"}, (None, ["region"]), id="another region"),
        pytest.param({"region": "us-east-1"}, NOTHING, id="its region, now said"),
        pytest.param({"default_name": "shop/prod/db"}, NOTHING, id="stack renamed: name sticks"),
        pytest.param({"default_region": "eu-west-1"}, NOTHING, id="aws:region moved: it stays"),
        pytest.param(
            {"name": "else", "region": "eu-west-1", "deletion": "force"},
            (None, ["name", "region"]),
            id="all that forces another secret is named",
        ),
    ],
)
def test_diff_of_changed_inputs(changes: dict[str, Any], seen: Seen, held: Held, aws: Aws) -> None:
    assert held.diff(**changes) == seen
    assert aws.calls == []


@pytest.mark.parametrize("field", ["name", "secret_string", "tags", "owner", "default_owner"])
def test_diff_compares_nothing_with_what_is_unknown(field: str, held: Held) -> None:
    inputs = {**held.inputs, field: object()}
    assert resource.diff(held.outputs, inputs, {field}) == ENGINE_DECIDES
    inputs["region"] = "eu-west-1"
    assert resource.diff(held.outputs, inputs, {field}) == (None, ["region"])


def test_diff_of_base64_is_of_its_bytes(aws: Aws) -> None:
    packed = base64.b64encode(bytes(60)).decode()
    held = declare(secret_binary=packed).create()
    assert aws.secret("shop/dev/db").value == bytes(60)
    assert held.diff(secret_binary=f"{packed[:40]}\n{packed[40:]}") == NOTHING


# create -----------------------------------------------------------------------------------------


def test_create_makes_all_in_one_call_and_tells_all_that_delete_needs(aws: Aws) -> None:
    held = declare(description="d", tags={"team": "a"}, secret_string=CANARY, profile=None).create()
    live = aws.secret("shop/dev/db")
    assert aws.actions() == ["CreateSecret"]
    assert (live.value, live.description, held.id) == (CANARY, "d", live.arn)
    assert live.tags == {
        "team": "a",
        ownership.OWNER: OWNER,
        ownership.INSTANCE: held.outputs["instance"],
        ownership.ORIGIN: ownership.CREATED,
    }
    assert held.outputs == {
        "arn": live.arn,
        "name": "shop/dev/db",
        "owner": OWNER,
        "region": "us-east-1",
        "description": "d",
        "tags": {"team": "a"},
        "tags_all": {"team": "a"},
        "secret_string": CANARY,
        "version_id": live.version_id,
        "declared_version": live.version_id,
        "instance": held.outputs["instance"],
        "restored": False,
    }
    assert held.diff() == NOTHING
    assert held.said == []


def test_create_without_a_value(aws: Aws) -> None:
    held = declare().create()
    assert aws.secret("shop/dev/db").versions == {}
    assert {"version_id", "declared_version"}.isdisjoint(held.outputs)
    assert held.diff() == NOTHING
    assert held.diff(on_value_drift="overwrite") == ENGINE_DECIDES


@pytest.mark.parametrize(
    ("where", "region"),
    [
        pytest.param({}, "us-east-1", id="the environment's"),
        pytest.param({"default_region": "eu-west-1"}, "eu-west-1", id="aws:region before that"),
        pytest.param(
            {"default_region": "eu-west-1", "region": "eu-west-2"}, "eu-west-2", id="the argument"
        ),
    ],
)
def test_create_in_a_region(where: dict[str, str], region: str, aws: Aws) -> None:
    held = declare(**where).create()
    assert aws.secret("shop/dev/db", region=region).arn == held.id
    assert held.outputs["region"] == region
    aws.calls.clear()
    held.update(default_region="ap-south-1", description="d").delete()
    assert {call.region for call in aws.calls} == {region}, "it stays where it is"


def test_create_for_an_owner_by_name(aws: Aws) -> None:
    held = declare(owner="team=a, of ünit").create()
    tag = ownership.named_owner("team=a, of ünit")
    assert (aws.secret("shop/dev/db").tags[ownership.OWNER], held.outputs["owner"]) == (tag, tag)
    assert held.diff() == NOTHING


def test_create_through_a_role_and_in_allowed_accounts_only(aws: Aws) -> None:
    role = {"arn": "arn:aws:iam::222222222222:role/deploy", "session_name": "ci", "unheard_of": 1}
    held = declare(assume_roles=[role], allowed_account_ids=["222222222222"]).create()
    assert ":222222222222:" in held.id
    assert held.diff() == NOTHING
    with pytest.raises(errors.Refused, match="of account 222222222222, which allowed_account_ids"):
        declare(name="b", assume_roles=[role], allowed_account_ids=["111111111111"]).create()
    held.delete()
    assert aws.secret("shop/dev/db", account="222222222222").state == "pending"


def test_recreated_within_the_window_it_is_the_same_secret(aws: Aws) -> None:
    first = declare(description="d", secret_string=CANARY).create()
    first.delete()
    aws.clock.advance(days=29)
    again = declare(description="d", secret_string=CANARY).create()
    assert again.outputs == {**first.outputs, "restored": True}
    assert len(aws.secret("shop/dev/db").versions) == 1
    assert any("restored" in note for note in again.said)


# update -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "calls"),
    [
        pytest.param({"description": "new"}, ["UpdateSecret"], id="description"),
        pytest.param({"description": ""}, ["UpdateSecret"], id="cleared"),
        pytest.param({"description": None}, ["UpdateSecret"], id="removed means cleared"),
        pytest.param({"kms_key_id": "alias/b"}, ["UpdateSecret"], id="key"),
        pytest.param({"secret_string": "other"}, ["UpdateSecret"], id="value"),
        pytest.param(
            {"description": "n", "kms_key_id": "alias/b", "secret_string": "other"},
            ["UpdateSecret"],
            id="one group",
        ),
        pytest.param({"tags": {"team": "b"}}, ["TagResource"], id="a tag changed"),
        pytest.param({"tags": {"x": "y"}}, ["TagResource", "UntagResource"], id="exchanged"),
        pytest.param({"tags": None}, ["UntagResource"], id="tags removed"),
        pytest.param({"default_owner": NOBODY}, ["TagResource"], id="owner renamed in place"),
    ],
)
def test_update_of_one_group(
    changes: dict[str, Any], calls: list[str], held: Held, aws: Aws
) -> None:
    before = dict(held.outputs)
    held.update(**changes)
    assert aws.actions() == ["DescribeSecret", *calls]
    live, out = aws.secret("shop/dev/db"), held.outputs
    assert (live.arn, live.version_id) == (held.id, out["version_id"])
    assert live.description == (held.inputs["description"] or None)
    assert live.value == held.inputs["secret_string"] == out["secret_string"]
    assert live.tags[ownership.OWNER] == out["owner"] == held.inputs["default_owner"]
    assert ownership.of_users(live.tags) == (held.inputs["tags"] or {})
    assert out["declared_version"] == out["version_id"]
    assert (out["version_id"] == before["version_id"]) == ("secret_string" not in changes)
    assert out["instance"] == before["instance"]
    assert held.diff() == NOTHING


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"recovery_window_in_days": 7}, id="window"),
        pytest.param({"force_delete_without_recovery": True}, id="force"),
        pytest.param({"deletion": "retain", "on_recreate": "fail"}, id="retain and fail"),
        pytest.param({"refuse_deletion_if_accessed_within": 7}, id="guard"),
        pytest.param({"adopt": "any", "on_value_drift": "overwrite", "timeout": 9}, id="others"),
        pytest.param({"profile": "not-there"}, id="profile"),
        pytest.param({"assume_role_arn": "arn:aws:iam::123456789012:role/r"}, id="role"),
        pytest.param({"assume_roles": [{"arn": "arn:aws:iam::123456789012:role/r"}]}, id="roles"),
        pytest.param({"allowed_account_ids": ["000000000000"]}, id="accounts"),
        pytest.param({"endpoints": {"secretsmanager": "http://127.0.0.1:9"}}, id="endpoints"),
        pytest.param({"default_name": "shop/prod/db"}, id="default name"),
    ],
)
def test_update_of_policy_or_connection_makes_no_call(
    changes: dict[str, Any], held: Held, aws: Aws
) -> None:
    before = dict(held.outputs)
    held.update(**changes)
    assert aws.calls == []
    kept = {key: content for key, content in changes.items() if key not in DEFAULTS}
    assert held.outputs == {**before, **kept}, "7.0 is 7"
    assert held.diff() == NOTHING


def test_update_keeps_saying_that_it_was_restored(held: Held) -> None:
    held.delete()
    again = declare(**held.inputs).create()
    for changes in ({"deletion": "retain"}, {"description": "new"}, {"secret_string": "new"}):
        assert again.update(**changes).outputs["restored"] is True, changes


def test_update_of_a_secret_that_is_pending_restores_it(held: Held, aws: Aws) -> None:
    aws.by_hand("DeleteSecret", SecretId="shop/dev/db", RecoveryWindowInDays=7)
    held.update(description="new")
    assert held.outputs["restored"] is True
    assert aws.secret("shop/dev/db").description == "new"
    assert any("restored" in note for note in held.said)


def test_update_of_a_secret_that_is_gone_says_what_to_do(held: Held, aws: Aws) -> None:
    aws.by_hand("DeleteSecret", SecretId="shop/dev/db", ForceDeleteWithoutRecovery=True)
    aws.clock.advance(days=1)
    with pytest.raises(errors.Refused, match="refresh"):
        held.update(description="new")


def test_update_writes_the_value_again_where_drift_is_overwritten(held: Held, aws: Aws) -> None:
    aws.put_by_hand("shop/dev/db", "of a person")
    assert held.refresh() is held
    assert held.diff() == NOTHING, "kept by default"
    assert held.diff(on_value_drift="overwrite") == (True, [])
    held.update(on_value_drift="overwrite")
    assert aws.secret("shop/dev/db").value == CANARY
    assert held.outputs["declared_version"] == held.outputs["version_id"]
    assert held.diff() == NOTHING


# delete -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "state", "days"),
    [
        pytest.param({}, "pending", 30, id="default window"),
        pytest.param({"recovery_window_in_days": 7}, "pending", 7, id="window; came as a float"),
        pytest.param({"force_delete_without_recovery": True}, "purging", 0, id="force"),
        pytest.param({"deletion": "retain"}, "live", None, id="retain"),
    ],
)
def test_delete_by_its_policy(
    fields: dict[str, Any], state: str, days: int | None, aws: Aws
) -> None:
    held = declare(**fields).create()
    held.delete()
    live = aws.secret("shop/dev/db")
    left = live.purge_date - aws.clock.now() if live.purge_date else None
    assert (live.state, None if left is None else left.days) == (state, days)
    assert len(held.said) == 1, "what happened is said"


@pytest.mark.parametrize(
    ("kept", "added", "state"),
    [
        pytest.param(("owner",), {}, "pending", id="an owner is enough"),
        pytest.param(("owner", "name", "region"), {}, "pending", id="no mark of its incarnation"),
        pytest.param(("owner",), {"recovery_window_in_days": 99}, "pending", id="window too long"),
        pytest.param(("owner",), {"deletion": "vanish"}, "pending", id="an option of the future"),
        pytest.param(("owner",), {"deletion": "vanish", "tags": 5, "x": []}, "pending", id="more"),
        pytest.param((), {}, "live", id="nothing at all: not proved ours, so left alone"),
        pytest.param(("owner",), {"instance": "other"}, "live", id="gone on as another one"),
        pytest.param((), {"owner": NOBODY}, "live", id="of another owner"),
    ],
)
def test_delete_from_an_ancient_or_poor_state(
    kept: tuple[str, ...], added: dict[str, Any], state: str, held: Held, aws: Aws
) -> None:
    held.outputs = {name: held.outputs[name] for name in kept} | added
    held.delete()
    assert aws.secret("shop/dev/db").state == state
    if state == "live":
        assert "left alone" in held.said[0]


@pytest.mark.parametrize("days", [7, 31], ids=["still pending", "gone by now"])
def test_delete_of_what_is_on_its_way(days: int, held: Held, aws: Aws) -> None:
    aws.by_hand("DeleteSecret", SecretId="shop/dev/db", RecoveryWindowInDays=30)
    aws.clock.advance(days=days)
    held.delete()
    assert "DeleteSecret" not in aws.actions()
    assert held.said == []
