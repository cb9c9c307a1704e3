"""What docs/security.md says of actors, where no other test has tried it."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from emulation import Aws
from recoverable_secrets.core import errors, ownership
from surfaces.held import CANARY, Held, declare
from surfaces.whole import NAME, WHOLE

OTHERS = "pulumi/other/dev/db:fedcba9876543210"


def recorded(aws: Aws) -> str:
    """Return the parameters of all calls as CloudTrail shows them: without the two for values."""
    shown = [
        {key: told for key, told in record.parameters.items() if key not in HIDDEN}
        for record in aws.calls
    ]
    return json.dumps(shown, default=str)


HIDDEN = ("SecretString", "SecretBinary")


@pytest.mark.parametrize(
    "value",
    [
        {"secret_string": CANARY},
        {"secret_binary": base64.b64encode(CANARY.encode()).decode()},
        {"secret_json": {"password": CANARY}},
        {"secret_string_wo": CANARY, "secret_string_wo_version": 1},
    ],
    ids=lambda value: next(iter(value)),
)
def test_no_other_parameter_of_a_call_holds_a_value(aws: Aws, value: dict[str, Any]) -> None:
    """Created, changed, compared after a restore, torn down: with all that a secret can have."""
    whole = {key: told for key, told in WHOLE.items() if key != "secret_string"}
    made = declare(**whole, **value).create()
    made.update(description="another", tags={"team": "a"})
    made.delete()
    declare(**whole, **value).create().delete()
    actions = set(aws.actions())
    assert {"CreateSecret", "PutSecretValue", "RestoreSecret", "DeleteSecret"} <= actions
    assert "GetSecretValue" not in actions
    assert CANARY not in recorded(aws)
    assert base64.b64encode(CANARY.encode()).decode() not in recorded(aws)


def test_the_tokens_of_equal_values_differ(aws: Aws) -> None:
    """So who reads them cannot tell which secrets, or whose versions, hold the same value."""
    tokens: list[str] = []
    for name in "ab":
        declare(name=name, secret_string=CANARY).create()
        tokens += [
            record.parameters["ClientRequestToken"]
            for record in aws.calls
            if record.action == "CreateSecret"
        ]
        aws.calls.clear()
    assert len(set(tokens)) == len(tokens) == 2


def foreign(aws: Aws) -> Held:
    """Make another's secret; return a state that says it was ours all along."""
    marks = {"owner": OTHERS, "instance": "1f" * 16, "origin": "created"}
    tags = [{"Key": f"recoverable-secrets:{key}", "Value": text} for key, text in marks.items()]
    arn = aws.by_hand("CreateSecret", Name=NAME, SecretString="theirs", Tags=tags)["ARN"]
    held = declare(name="mine").create()
    forged = {**held.outputs, "name": NAME, "arn": arn, "owner": OTHERS, "instance": "1f" * 16}
    return Held(arn, held.inputs, forged)


def test_a_forged_state_has_another_s_secret_scheduled(aws: Aws) -> None:
    """Who may write the state says what is remembered: nothing was forced, so it comes back."""
    forged = foreign(aws)
    forged.delete()
    left = aws.secret(NAME)
    assert (left.state, left.value, left.tags[ownership.OWNER]) == ("pending", "theirs", OTHERS)


def test_an_id_alone_makes_nothing_ours(aws: Aws) -> None:
    """Without the owner in the tag, a state that names another's secret gets nowhere."""
    forged = foreign(aws)
    forged.outputs["owner"] = declare().inputs["default_owner"]
    before = aws.secret(NAME)
    with pytest.raises(errors.Refused, match="left alone"):
        forged.update(description="evil")
    forged.delete()
    assert aws.secret(NAME) == before
    assert "left alone" in forged.said[-1]
