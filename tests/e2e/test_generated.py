"""A generated value on the real engine: made once, kept through everything, and seen by nobody."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from e2e.secrets_program import (
    COMPARE,
    CREATE,
    DELETE,
    LOOK,
    NAME,
    RESTORE,
    VALUE,
    Story,
    one,
    told,
)
from e2e.test_leaks import spellings

if TYPE_CHECKING:
    from e2e.engine import Engine, Program, Run
    from emulation import Aws

KEPT = f"{NAME} keeps its value: one is generated only where there is none"


def generated(length: int = 24, **more: Any) -> Program:
    how = {
        "secret_string_template": '{"username": "app"}',
        "generate_string_key": "password",
        "password_length": length,
        "exclude_punctuation": True,  # so that no escaping hides it from the search
    }
    return one(secret_string=None, generate_secret_string=how, **more)


def unseen(story: Story, run: Run, password: str) -> bool:
    """Whether a password is nowhere in what a run told, and in no file of the stack."""
    texts = [run.output, run.error, *map(repr, run.events), story.engine.cli("stack", "export")]
    texts += [data.decode("utf-8", "replace") for _, data in story.engine.files()]
    return not any(spelt in text for text in texts for spelt in spellings(password))


def test_a_generated_value_stays(engine: Engine, aws: Aws) -> None:
    story = Story(engine, aws)
    run = story.preview(generated())
    assert (run.steps, story.calls) == ({"create": 2}, [])
    run = story.up(generated())
    assert (run.steps, story.calls) == ({"create": 2}, CREATE)
    made = story.agree()
    value = json.loads(str(made.value))
    assert (value["username"], len(value["password"])) == ("app", 24)
    assert unseen(story, run, value["password"])
    parameters = story.outputs()["generate_secret_string"]
    assert parameters["password_length"] == 24, "in clear text: they are no secret"
    assert story.up(generated()).steps == {"same": 2}

    run = story.up(generated(30))
    assert (run.steps, story.calls) == ({"same": 1, "update": 1}, [])
    assert KEPT in told(run)
    assert story.outputs()["generate_secret_string"]["password_length"] == 30
    assert story.agree() == made

    run = story.destroy()
    assert (story.calls, story.pending().value) == (DELETE, made.value)
    assert unseen(story, run, value["password"])
    run = story.up(generated(30))
    assert story.calls == RESTORE, "nothing to compare: what is there is the value"
    restored = story.agree()
    assert (restored.arn, restored.value, restored.versions) == (
        made.arn,
        made.value,
        made.versions,
    )
    assert unseen(story, run, value["password"])
    assert story.up(generated(30)).steps == {"same": 2}

    story.up(one())
    assert story.calls == [*LOOK, *COMPARE, "UpdateSecret"], "a literal is what is declared"
    assert story.agree().value == VALUE
    run = story.up(generated())
    assert (story.calls, story.agree().value) == (LOOK, VALUE)
    assert KEPT in told(run)


def test_a_secret_without_a_value_gets_one(engine: Engine, aws: Aws) -> None:
    story = Story(engine, aws)
    story.up(one(secret_string=None))
    assert story.agree().value is None
    run = story.up(one(secret_string=None, generate_secret_string={}))
    assert (run.steps, story.calls) == ({"same": 1, "update": 1}, [*LOOK, "UpdateSecret"])
    value = str(story.agree().value)
    assert len(value) == 32
    wrong = {"password_length": 3, "passwordLength": 8, "generate_string_key": "a"}
    run = story.up(one(generate_secret_string=wrong), expect_failure=True)
    for problem in (
        "secret_string and generate_secret_string exclude each other",
        "generate_secret_string.passwordLength is not an argument of a recoverable secret: did you",
        "generate_secret_string.password_length must be at least 4",
        "need each other",
    ):
        assert problem in run.output
    assert (story.calls, story.agree().value) == ([], value)
