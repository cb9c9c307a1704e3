"""The resource policy on AWS: a principal that is not known yet, and what AWS refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest

from emulation import faults
from engine.scene import (
    CREATE,
    DOCUMENT,
    LOOK,
    NAME,
    NO_POLICY,
    PUT_POLICY,
    RESTORE,
    UPDATE,
    Scene,
    gone,
    kept,
    spec,
)  # fmt: skip
from recoverable_secrets.core import documents, errors, plan
from recoverable_secrets.core.policy import Policy

ROLE = "arn:aws:iam::123456789012:role/new"
EVERYBODY = "*"


def naming(principal: Any) -> str:
    """Return a policy that lets somebody read."""
    statement = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}
    return documents.normal({"Statement": {**statement, "Principal": principal}})


NEW_ROLE = naming({"AWS": ROLE})


def test_a_principal_that_is_not_known_yet_is_waited_for(scene: Scene) -> None:
    """A role of the same program: AWS knows it some seconds later."""
    scene.aws.know_principal_after(ROLE, 10)
    result = scene.run(kept(spec(policy=NEW_ROLE)))
    assert scene.calls == [CREATE, *5 * [PUT_POLICY]]
    assert scene.time.pauses == [1, 2, 4, 8]
    assert [type(one) for one in result.actions] == [plan.Create, plan.SetPolicy]
    assert scene.secret.policy == NEW_ROLE


def test_what_comes_before_is_done_once(scene: Scene) -> None:
    """The wait repeats the refused call alone; what follows comes after it."""
    memory = scene.remember()
    scene.aws.know_principal_after(ROLE, 100)
    scene.run(kept(spec("new", policy=NEW_ROLE), memory))
    assert scene.calls == [LOOK, *11 * [PUT_POLICY], UPDATE]
    assert sum(scene.time.pauses) >= 100
    assert scene.secret.value == "new"


def test_it_is_given_up_with_the_services_words(scene: Scene) -> None:
    """A principal that nobody makes: two minutes are what AWS takes at most."""
    scene.aws.know_principal_after(ROLE, 100_000)
    with pytest.raises(errors.StoreError) as caught:
        scene.run(kept(spec(policy=NEW_ROLE)))
    assert caught.value.code == "MalformedPolicyDocumentException"
    assert str(caught.value) == (
        f"SetPolicy of {NAME} was refused for 120 seconds: This resource policy contains an "
        "unsupported principal. Correct it, then run again"
    )
    assert 120 <= sum(scene.time.pauses) < 140
    scene.aws.know_principal_after(ROLE, -1)
    scene.run(kept(spec(policy=NEW_ROLE)))
    assert scene.secret.policy == NEW_ROLE
    assert len(scene.secret.versions) == 1


def test_it_is_given_up_earlier_if_time_runs_out(scene: Scene) -> None:
    scene.aws.know_principal_after(ROLE, 100_000)
    with pytest.raises(errors.OutOfTime, match="done so far: Create"):
        scene.run(kept(spec(policy=NEW_ROLE)), timeout=60)
    assert sum(scene.time.pauses) <= 60


def test_a_restore_is_taken_back_if_it_is_given_up(scene: Scene) -> None:
    """Live with an old policy is what must not stay."""
    scene.pending(spec(policy=DOCUMENT))
    scene.aws.know_principal_after(ROLE, 100_000)
    with pytest.raises(errors.StoreError, match="refused for 120 seconds"):
        scene.run(kept(spec(policy=NEW_ROLE)))
    assert scene.secret.state == "pending"
    assert scene.said[-1] == f"{NAME}: put back after the failure (ScheduleDeletion)"


REFUSED: list[Any] = [
    pytest.param(naming(EVERYBODY), True, "PublicPolicyException", id="lets everyone in"),
    pytest.param(NEW_ROLE, True, "MalformedPolicyDocumentException", id="malformed for AWS"),
]


@pytest.mark.parametrize(("document", "block", "code"), REFUSED)
def test_what_the_service_refuses_is_not_waited_for(
    scene: Scene, document: str, code: str, *, block: bool
) -> None:
    memory = scene.remember(spec(policy=DOCUMENT))
    if code.startswith("Malformed"):
        scene.aws.inject(faults.Error(PUT_POLICY, code=code, message="It has a syntax error."))
    with pytest.raises(errors.StoreError, match=f"refused with {code}") as caught:
        scene.run(kept(spec(policy=document, block_public_policy=block), memory))
    assert caught.value.code == code
    assert scene.calls == [LOOK, PUT_POLICY]
    assert scene.secret.policy == DOCUMENT


def test_a_policy_that_lets_everyone_in_if_the_user_says_so(scene: Scene) -> None:
    public = naming(EVERYBODY)
    scene.run(kept(spec(policy=public, block_public_policy=False)))
    assert scene.secret.policy == public


@pytest.mark.parametrize("declared", [DOCUMENT, None], ids=["another one", "none"])
def test_an_old_policy_goes_also_when_a_crash_came_between(
    scene: Scene, declared: str | None
) -> None:
    """Restored, and the process died: the next run does not know, and settles it all the same."""
    scene.pending(spec(policy=naming({"AWS": "123456789012"})))
    scene.aws.by_hand(RESTORE, SecretId=NAME)
    scene.run(kept(spec(policy=declared)))
    assert scene.calls[:3] == [CREATE, LOOK, PUT_POLICY if declared else NO_POLICY]
    assert scene.secret.policy == declared


def test_no_text_tells_what_a_policy_says(scene: Scene) -> None:
    """It is no secret, but long, and names accounts: a preview does not print it."""
    memory = scene.remember()
    shown = scene.engine.preview(kept(spec(policy=NEW_ROLE), memory), Policy())
    assert "set policy" in plan.describe(shown)
    assert ROLE not in plan.describe(shown)
    scene.run(kept(spec(policy=NEW_ROLE), memory))
    scene.run(gone(memory))
    assert ROLE not in json.dumps(scene.said)
