"""All that a production secret carries, on the real engine: through change, drift, loss, return.

Each secret of the stack carries one thing, so that one run tries them all.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from e2e.secrets_program import ENCRYPTED, NAME, VALUE, Story, one, several, told
from e2e.test_leaks import spellings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from e2e.engine import Engine, Run
    from emulation import Aws, SecretSnapshot

LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:rotate"
BYTES = b"\0\xff of bytes"
WORD = "canary-5d1c77"
IN_JSON = {"user": "app", "port": 5432, "tls": True, "ratio": 0.5, "inner": {"hosts": ["a", 1]}}
LOOK = ["DescribeSecret"]


def policy(*actions: str) -> dict[str, Any]:
    role = {"AWS": "arn:aws:iam::123456789012:role/app"}
    told = {"Effect": "Allow", "Principal": role, "Action": list(actions), "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [told]}


READ = policy("secretsmanager:GetSecretValue")
ROTATION = {
    "rotation_lambda_arn": LAMBDA,
    "rotation_rules": {"schedule_expression": "rate(10 days)", "duration": "3h"},
}
NONE = {"secret_string": None}
REPLICAS = [{"region": "eu-west-1"}, {"region": "us-east-2", "kms_key_id": "alias/ohio"}]

FIRST: dict[str, dict[str, Any]] = {
    "replicas": {"replicas": REPLICAS},
    "policy": {"policy": READ},
    "rotation": ROTATION,
    "labels": {"version_stages": ["BLUE"]},
    "type": {"type": "BigIDClientSecret"},
    "json": {**NONE, "secret_json": IN_JSON},
    "generated": {**NONE, "generate_secret_string": {}, "regenerate_when": 1},
    "deprecated": {"previous_version": "deprecate"},
}
SECOND: dict[str, dict[str, Any]] = {
    "replicas": {"replicas": [{"region": "eu-west-1"}, {"region": "eu-west-2"}]},
    "policy": {"policy": json.dumps(policy("secretsmanager:DescribeSecret"))},
    "rotation": {**ROTATION, "rotation_rules": {"automatically_after_days": 7}},
    "labels": {"version_stages": ["GREEN"]},
    "type": {"type": "SnowflakeKeyPairAuthentication"},
    "json": {**NONE, "secret_json": {**IN_JSON, "port": 5433}},
    "generated": {**NONE, "generate_secret_string": {}, "regenerate_when": 2},
    "deprecated": {"previous_version": "deprecate", "secret_string": "second"},
}
UPDATED = {
    "replicas": ["RemoveRegionsFromReplication", "ReplicateSecretToRegions"],
    "policy": ["PutResourcePolicy"],
    "rotation": ["RotateSecret"],
    "labels": ["UpdateSecretVersionStage", "UpdateSecretVersionStage"],
    "type": ["UpdateSecret"],
    "json": ["PutSecretValue", "UpdateSecret"],
    "generated": ["UpdateSecret"],
    "deprecated": ["UpdateSecret", "UpdateSecretVersionStage"],
}
REMOVED: dict[str, dict[str, Any]] = {
    name: {"type": SECOND["type"]["type"]} if name == "type" else {} for name in FIRST
}


def seen(found: SecretSnapshot) -> dict[str, Any]:
    """What there is of all that this page is about."""
    text, rotation = found.policy, found.rotation
    statements = json.loads(text)["Statement"] if text else []
    statement = statements[0] if isinstance(statements, list) and statements else statements
    current = found.versions[found.version_id].labels if found.version_id else ()
    return {
        "replicas": {region: one.kms_key_id for region, one in found.replicas.items()},
        "policy": " ".join(_actions(statement)).lower() if statement else None,
        "rotation": rotation["RotationRules"] if rotation.get("RotationEnabled") else None,
        "labels": set(current) - {"AWSCURRENT"},
        "type": found.type,
        "json": json.loads(found.value) if str(found.value).startswith("{") else None,
    }


def _actions(statement: dict[str, Any]) -> list[str]:
    """Return what a statement is about, however it is written."""
    actions = statement["Action"]
    return actions if isinstance(actions, list) else [actions]


AFTER_FIRST = {
    "replicas": {"eu-west-1": None, "us-east-2": "alias/ohio"},
    "policy": "secretsmanager:getsecretvalue",
    "rotation": {"ScheduleExpression": "rate(10 days)", "Duration": "3h"},
    "labels": {"BLUE"},
    "type": "BigIDClientSecret",
    "json": IN_JSON,
}
AFTER_SECOND = {
    "replicas": {"eu-west-1": None, "eu-west-2": None},
    "policy": "secretsmanager:describesecret",
    "rotation": {"AutomaticallyAfterDays": 7},
    "labels": {"GREEN"},
    "type": "SnowflakeKeyPairAuthentication",
    "json": {**IN_JSON, "port": 5433},
}
AFTER_REMOVED = {
    "replicas": {},
    "policy": None,
    "rotation": None,
    "labels": set(),
    "type": "SnowflakeKeyPairAuthentication",
    "json": None,
}


def are(story: Story, expected: dict[str, Any]) -> dict[str, SecretSnapshot]:
    """Check that each secret has what is expected of it; return them all."""
    found = {name: story.agree(name) for name in FIRST}
    for name, content in expected.items():
        assert seen(found[name])[name] == content, name
    return found


def repaired(story: Story, expected: dict[str, Any], program: Callable[[], None]) -> None:
    """Check that a refresh shows all as different, and that the next up repairs it."""
    run = story.refresh()
    assert run.steps["update"] == len(expected), "each drift is shown"
    drifted = {name: story.outputs(name).get("drifted") for name in expected}
    assert None not in drifted.values(), drifted
    assert "GetSecretValue" not in story.calls
    run = story.up(program)
    assert run.steps["update"] == len(expected)
    are(story, expected)
    assert story.up(program).steps == {"same": 1 + len(FIRST)}
    assert story.calls == []


def test_created_drifted_changed_and_removed(engine: Engine, aws: Aws) -> None:
    story = Story(engine, aws)
    story.up(several(FIRST))
    first = are(story, AFTER_FIRST)
    assert first["json"].value == json.dumps(IN_JSON, sort_keys=True), "5432, and not 5432.0"
    state = story.state("json")
    assert state["inputs"]["secret_json"] == state["outputs"]["secret_json"] == ENCRYPTED

    def by_hand(name: str, action: str, **given: Any) -> None:
        aws.by_hand(action, SecretId=first[name].arn, **given)

    by_hand("replicas", "RemoveRegionsFromReplication", RemoveReplicaRegions=["us-east-2"])
    by_hand("policy", "DeleteResourcePolicy")
    by_hand("rotation", "CancelRotateSecret")
    by_hand("type", "UpdateSecret", Type="SnowflakeKeyPairAuthentication")
    aws.put_by_hand(first["labels"].name, "by hand")
    for name in ("json", "generated"):
        aws.put_by_hand(first[name].name, "by hand")
    others = {name: AFTER_FIRST[name] for name in AFTER_FIRST if name != "json"}
    repaired(story, others, several(FIRST))
    kept = {name: aws.secret(first[name].name).value for name in ("json", "generated", "labels")}
    assert set(kept.values()) == {"by hand"}, "a value by hand is kept"

    story.up(several(SECOND))
    second = are(story, AFTER_SECOND)
    for name, calls in UPDATED.items():
        about = [call for call in story.about(second[name].name) if call not in LOOK]
        assert sorted(about) == sorted(calls), name
    assert second["generated"].value not in {"by hand", first["generated"].value}
    aws.drop_unlabelled()
    deprecated = aws.secret(second["deprecated"].name)
    assert [one.value for one in deprecated.versions.values()] == ["second"]
    assert {one.arn for one in second.values()} == {one.arn for one in first.values()}

    story.up(several(REMOVED))
    are(story, AFTER_REMOVED)
    assert story.up(several(REMOVED)).steps == {"same": 1 + len(FIRST)}
    assert story.calls == []


def test_gone_and_back_from_an_empty_state(
    engine: Engine, make_engine: Callable[..., Engine], aws: Aws, tmp_path: Path
) -> None:
    story = Story(engine, aws)
    story.up(several(FIRST))
    first = are(story, AFTER_FIRST)
    run = story.destroy()
    for name, one_of_them in first.items():
        gone = story.pending(one_of_them.name)
        assert (gone.replicas, seen(gone)["rotation"]) == ({}, None), name
    assert story.about(first["replicas"].name) == [
        *("DescribeSecret", "RemoveRegionsFromReplication", "DeleteSecret")
    ]
    assert story.about(first["rotation"].name) == [
        *("DescribeSecret", "CancelRotateSecret", "DeleteSecret")
    ]
    assert "scheduled for deletion" in told(run)
    aws.clock.advance(days=20)  # the rotation's date passes meanwhile

    story.up(several(FIRST))
    back = are(story, AFTER_FIRST)
    for name, one_of_them in back.items():
        assert story.outputs(name)["restored"] is True, name
        assert one_of_them.arn == first[name].arn, name
        assert one_of_them.value == first[name].value, f"{name}: not even rotation changed it"
    assert story.about(first["policy"].name)[:4] == [
        *("CreateSecret", "DescribeSecret", "RestoreSecret", "PutResourcePolicy")
    ]
    assert story.up(several(FIRST)).steps == {"same": 1 + len(FIRST)}

    story.destroy()
    story = Story(make_engine(folder=tmp_path / "another machine"), aws)
    story.up(several(SECOND))
    again = are(story, AFTER_SECOND)
    assert {one.arn for one in again.values()} == {one.arn for one in first.values()}
    assert again["generated"].value == first["generated"].value, "the value that is there stays"

    story.destroy()
    story.up(several({name: {} for name in FIRST}))
    assert seen(story.agree("replicas"))["replicas"] == AFTER_SECOND["replicas"], "as recorded"
    assert seen(story.agree("rotation"))["rotation"] == AFTER_SECOND["rotation"]
    assert seen(story.agree("policy"))["policy"] is None, "never brought back from before"


def unseen(story: Story, *runs: Run) -> None:
    """Check that the canary is in nothing that the runs told or left behind, or sent as such."""
    texts = [run.output + repr(run.events) + run.error for run in runs]
    texts += [data.decode("utf-8", "replace") for _, data in story.engine.files()]
    texts += [repr(call.parameters) for call in story.aws.calls]
    assert not [spelt for text in texts for spelt in spellings(WORD) if spelt in text]


def test_values_by_reference_and_write_only(
    make_engine: Callable[..., Engine], aws: Aws, tmp_path: Path
) -> None:
    """A relative path is one of the program's folder; a variable is one of `pulumi`'s own."""
    story = Story(make_engine(env={"SOURCE_OF_VALUE": WORD}), aws)
    aws.by_hand("CreateSecret", Name="source", SecretString=WORD)
    aws.add_parameter("/source", WORD)
    (tmp_path / "full").write_text(WORD)
    (story.engine.work / "relative").write_bytes(BYTES)
    places = {
        "variable": {"environment_variable": "SOURCE_OF_VALUE"},
        "full": {"file": str(tmp_path / "full")},
        "relative": {"file": "relative"},
        "parameter": {"ssm_parameter": "/source"},
        "secret": {"secret": "source"},
    }

    def program(version: int, text: str = WORD, **more: Any) -> Callable[[], None]:
        by_reference = {
            name: {**NONE, "value_from": place, "value_version": version, **more}
            for name, place in places.items()
        }
        write_only = {**NONE, "secret_string_wo": text, "secret_string_wo_version": version}
        return several({**by_reference, "write-only": write_only})

    runs = [story.preview(program(1))]
    assert story.calls == [], "nothing is read ahead"
    runs.append(story.up(program(1), diff=True))
    first = {name: story.agree(name) for name in (*places, "write-only")}
    assert [one.value for one in first.values()] == [WORD, WORD, BYTES, WORD, WORD, WORD]
    assert "secret_string_wo" not in story.outputs("write-only")
    assert story.state("write-only")["inputs"]["secret_string_wo"] == ENCRYPTED
    assert story.outputs("variable")["value_from"] == places["variable"]
    unseen(story, *runs)

    aws.put_by_hand("source", f"{WORD}-2")
    aws.add_parameter("/source", f"{WORD}-2")
    (tmp_path / "full").write_text(f"{WORD}-2")
    run = story.up(program(1, f"{WORD}-2"))
    assert (run.steps, story.calls) == ({"same": 7}, []), "only a change of the version counts"
    (tmp_path / "full").unlink()
    run = story.up(program(2, f"{WORD}-2"), expect_failure=True, continue_on_error=True)
    assert "cannot be read" in run.output
    assert story.agree("full") == first["full"], "as it was"
    for name in ("parameter", "secret", "write-only"):
        assert story.agree(name).value == f"{WORD}-2", name
    unseen(story, run)
    (tmp_path / "full").write_text(f"{WORD}-2")
    runs = [story.up(program(2, f"{WORD}-2")), story.refresh(diff=True), story.destroy()]
    assert aws.secret(first["full"].name).value == f"{WORD}-2"
    runs.append(story.up(program(2, f"{WORD}-2"), diff=True))
    versions = {name: len(story.agree(name).versions) for name in first}
    assert versions == dict.fromkeys(first, 2), "one for each version that was declared"
    unseen(story, *runs)


def test_key_and_secret_that_go_together(engine: Engine, aws: Aws) -> None:
    """As `pulumi destroy` of a program that has both: the key's own window may be shorter."""
    story = Story(engine, aws)
    aws.add_key("alias/shop")
    program = one(kms_key_id="alias/shop")
    story.up(program)
    made = story.agree()
    run = story.destroy()
    assert story.calls == ["DescribeSecret", "kms:DescribeKey", "DeleteSecret"]
    assert f"{NAME} can be read again only as long as its key alias/shop exists" in told(run)
    assert "CancelKeyDeletion keeps it" in told(run)
    aws.add_key("alias/shop", state="PendingDeletion")
    run = story.up(program, expect_failure=True)
    assert "its key alias/shop is pending deletion. Call CancelKeyDeletion" in run.output
    assert (story.pending().arn, story.names()) == (made.arn, []), "scheduled again"
    aws.enable_key("alias/shop")
    story.up(program)
    back = story.agree()
    assert (back.arn, back.value, back.versions) == (made.arn, VALUE, made.versions)
    aws.disable_key("alias/shop")
    run = story.destroy()
    assert "key alias/shop" in told(run)
    assert "is disabled" in told(run)
    assert story.pending().arn == made.arn


def test_replicas_and_what_is_in_their_way(engine: Engine, aws: Aws) -> None:
    story = Story(engine, aws)
    aws.by_hand("CreateSecret", Name=NAME, SecretString="in the way", region="us-east-2")
    program = one(replicas=REPLICAS, timeout=60)
    run = story.up(program, expect_failure=True)
    assert "the replica in us-east-2 failed" in run.output
    assert "force_overwrite_replica_secret" in run.output
    assert aws.secret(NAME, region="us-east-2").value == "in the way"
    story.up(one(replicas=REPLICAS, force_overwrite_replica_secret=True))
    assert seen(story.agree())["replicas"] == AFTER_FIRST["replicas"]
    run = story.up(one(replicas=[{"region": "us-east-1"}], region="us-east-1"), expect_failure=True)
    assert "where the secret itself is" in run.output
    assert story.calls == []
    aws.deny("secretsmanager:DeleteSecret")
    run = story.destroy(expect_failure=True)
    assert "secretsmanager:DeleteSecret" in run.output
    assert seen(story.live())["replicas"] == AFTER_FIRST["replicas"], "put back"
    aws.allow_everything()
    story.destroy()
    assert seen(story.pending())["replicas"] == {}
    story.up(one(replicas=REPLICAS))
    assert seen(story.agree())["replicas"] == AFTER_FIRST["replicas"]
    found = aws.secret(NAME, region="us-east-2")
    assert (found.value, found.primary_region) == (VALUE, "us-east-1")


def test_default_tags_of_the_program(make_engine: Callable[..., Engine], aws: Aws) -> None:
    config = {"aws:defaultTags": json.dumps({"tags": {"company": "acme", "team": "platform"}})}
    story = Story(make_engine(config=config), aws)
    program = one(tags={"team": "shop"})
    story.up(program)
    assert story.outputs()["tags"] == {"team": "shop"}
    both = {"company": "acme", "team": "shop"}
    assert story.outputs()["tags_all"] == both
    assert both.items() <= story.agree().tags.items()
    aws.by_hand("UntagResource", SecretId=NAME, TagKeys=["company"])
    run = story.up(program, refresh=True)
    assert run.steps == {"same": 1, "update": 1}
    assert story.agree().tags["company"] == "acme"
    story.engine.configure({"aws:defaultTags": json.dumps({"tags": {"company": "b"}})})
    run = story.up(program)
    assert run.steps == {"same": 1, "update": 1}
    assert story.agree().tags["company"] == "b"
    assert story.up(program).steps == {"same": 2}


def test_binary_and_literal_are_as_before(engine: Engine, aws: Aws) -> None:
    """From one way to another within one resource; the same value makes no version."""
    story = Story(engine, aws)
    story.up(one(**NONE, secret_binary=base64.b64encode(b'{"a": 1}').decode()))
    story.up(one(**NONE, secret_json={"a": 1}))
    live = story.agree()
    assert (live.value, len(live.versions)) == ('{"a": 1}', 2), "bytes are no text"
    story.up(one(secret_string='{"a": 1}'))
    assert story.agree().versions == live.versions
