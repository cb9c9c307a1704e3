"""Bad input: all that is wrong is told at once, in clear words, and nothing is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from e2e.secrets_program import LOOK, Story, one, told

if TYPE_CHECKING:
    from e2e.engine import Engine
    from emulation import Aws

TAGS = {f"key-{number}": "x" for number in range(48)}

WRONG: list[tuple[str, dict[str, Any], list[str]]] = [
    (
        "one of each",
        {
            "name": "what?",
            "secret_string": "",
            "description": "d" * 2049,
            "kms_key_id": "not a key",
            "recovery_window_in_days": 0,
            "deletion": "never",
            "on_recreate": "ask",
            "adopt": "all",
            "on_value_drift": "merge",
            "timeout": 0,
            "region": "Europe",
            "profile": "",
            "assume_role_arn": "deployer",
            "allowed_account_ids": ["1"],
            "tags": {"recoverable-secrets:owner": "me", "aws:x": "y", "a": "v" * 257},
        },
        [
            "name may contain letters, digits and /_+=.@-! only",
            "secret_string must have 1 to 65536 bytes; it has 0",
            "description must have at most 2048 characters",
            "kms_key_id must be an ARN, id or alias of a key",
            "recovery_window_in_days is 0, which elsewhere means deletion without recovery",
            "deletion must be one of schedule, force or retain",
            "on_recreate must be one of restore, fail or replace",
            "adopt must be one of no, unowned or any",
            "on_value_drift must be one of keep or overwrite",
            "timeout must be a whole number from 1 to 3600",
            "region must be a region such as eu-west-1",
            "profile must be the name of a profile",
            "assume_role_arn must be the ARN of an IAM role",
            "allowed_account_ids must be account ids of 12 digits",
            "the prefix recoverable-secrets: is reserved",
            "the prefix aws: is reserved",
            "a value must have at most 256 characters",
        ],
    ),
    (
        "limits and types",
        {
            "name": "n" * 513,
            "secret_binary": "?",
            "recovery_window_in_days": "7.5",
            "force_delete_without_recovery": "yes",
            "timeout": "soon",
            "description": 5,
            "tags": {**TAGS, "": "x"},
        },
        [
            "name must have 1 to 512 characters; it has 513",
            "secret_binary must be base64 text of the bytes",
            "recovery_window_in_days must be a whole number from 7 to 30",
            "force_delete_without_recovery must be true or false",
            "timeout must be a whole number from 1 to 3600",
            "description must be text",
            "tags has 49 tags, but 47 fit",
            "a key must have 1 to 128 characters",
        ],
    ),
    (
        "contradictions",
        {
            "secret_string": "text",
            "secret_binary": "Ynl0ZXM=",
            "recovery_window_in_days": 7,
            "force_delete_without_recovery": True,
            "deletion": "retain",
        },
        [
            "secret_string and secret_binary exclude each other",
            "recovery_window_in_days and deletion by force exclude each other",
            "force_delete_without_recovery contradicts deletion = retain",
        ],
    ),
    (
        "one byte too many",
        {"recovery_window_in_days": 6, "secret_string": "v" * 65_537, "on_recreate": "replace"},
        [
            "recovery_window_in_days must be a whole number from 7 to 30",
            "secret_string must have 1 to 65536 bytes; it has 65537",
            "on_recreate = replace destroys the pending secret for good: it needs",
        ],
    ),
]


def test_all_problems_at_once(engine: Engine, aws: Aws) -> None:
    story = Story(engine, aws)
    for what, arguments, reasons in WRONG:
        run = story.preview(one(**arguments), expect_failure=True)
        said = [text for severity, text in run.messages if severity == "error"]
        for reason in reasons:
            assert any(reason in text for text in said), f"{what}: {reason}; told: {said}"
        assert len([text for text in said if "has a problem" in text]) == len(reasons), what
        assert "Traceback" not in run.output
        assert (story.calls, aws.secrets()) == ([], [])


def test_bad_input_changes_nothing_that_is(engine: Engine, aws: Aws) -> None:
    story = Story(engine, aws)
    surprise = "app-secret ends in a hyphen and six characters, like the suffix of an ARN"
    run = story.up(one(name="app-secret"))
    assert surprise in told(run), "allowed, but warned of"
    aws.by_hand("CreateSecret", Name="app", SecretString="another's")
    before = story.agree(), story.state()
    bad = one(name="app-secret", recovery_window_in_days=31, description="")
    run = story.up(bad, expect_failure=True)
    assert "recovery_window_in_days must be a whole number from 7 to 30" in run.output
    assert story.calls == []
    assert (story.agree(), story.state()) == before
    run = story.up(one(name="app-secret", recovery_windw=7), expect_failure=True)
    assert "recovery_windw" in run.output
    run = story.up(one(name="app-secret"), refresh=True)
    assert surprise not in run.output, "once is enough"
    assert (story.calls, story.agree()) == (LOOK, before[0]), "full ARNs are not confused"
