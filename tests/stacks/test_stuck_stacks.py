"""What users do with a stack that is stuck, by the page for them.

docs/when-something-went-wrong.md is read: its commands are given, its quotations have to be told.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import botocore
import pytest

from emulation import SecretSnapshot, faults
from project import trouble
from stacks import cloud as clouds
from stacks import stories
from stacks.cloud import Cloud, Outcome

FIRST = {"SecretString": "a", "Description": "a"}
SECOND = {"SecretString": "b", "Description": "b"}
DENIED = "secretsmanager:DeleteSecret"


def told(cloud: Cloud, service: str, *words: str) -> Any:
    """Make the call that a command of the AWS CLI is; its options are the parameters' names."""
    command, *options = words
    client = cloud.client(service)
    methods = client.meta.method_to_api_mapping
    method = command.replace("-", "_")
    shape = client.meta.service_model.operation_model(methods[method]).input_shape
    names = {botocore.xform_name(name, "-"): name for name in shape.members}
    given: dict[str, list[str]] = {}
    for word in options:
        if word.startswith("--"):
            given[names[word.removeprefix("--")]] = []
        else:
            list(given.values())[-1].append(word)
    lists = {name for name, member in shape.members.items() if member.type_name == "list"}
    typed = {name: words if name in lists else words[0] for name, words in given.items()}
    return getattr(client, method)(**typed)


def doing(cloud: Cloud, ends: str, before: str, ended: list[Outcome]) -> trouble.Does:
    """Return what the page's commands do; those on a stack are waited for."""

    def formation(*words: str) -> None:
        told(cloud, "cloudformation", *words)
        if not words[0].startswith("describe-"):
            ended.append(cloud._settled("shop", ends, {before}))

    return {"aws cloudformation": formation}


@pytest.fixture
def ended() -> list[Outcome]:
    """How what was done by the page ended."""
    return []


def test_an_update_or_a_creation_that_failed(cloud: Cloud, ended: list[Outcome]) -> None:
    failing = cloud.template({"Broken": clouds.broken("Secret")}, **FIRST)
    cloud.create("shop", failing, ends="ROLLBACK_COMPLETE")
    made = cloud.secret()
    assert made.state == "pending"
    does = doing(cloud, "DELETE_COMPLETE", "ROLLBACK_COMPLETE", ended)
    trouble.follow("An update or a creation failed", does)
    outcome = cloud.create("shop", cloud.template(**FIRST))
    assert outcome.outputs["Restored"] == "true"
    assert stories.same(cloud.secret(), made)


def refused(cloud: Cloud) -> str:
    """Delete the stack, whose deletion may have failed before; return why it fails now."""
    told(cloud, "cloudformation", "delete-stack", "--stack-name", "shop")
    news: list[clouds.Event] = []
    deadline = time.monotonic() + clouds.SECONDS
    while not any(one.logical_id == "shop" and one.status == "DELETE_FAILED" for one in news):
        assert time.monotonic() < deadline, news
        time.sleep(0.02)
        news += cloud._news("shop")
    return next(one.reason for one in news if one.status == "DELETE_FAILED")


def refusals(cloud: Cloud, settings: dict[str, str]) -> Iterator[str]:
    """Yield why a stack cannot be deleted, for each of the reasons that the page quotes."""
    cloud.aws.deny(DENIED)
    yield refused(cloud)
    cloud.aws.allow_everything()
    cloud.aws.by_hand("GetSecretValue", SecretId="shop/Secret")
    yield refused(cloud)
    cloud.aws.plant("shop/Secret", LastAccessedDate=cloud.aws.clock.timestamp() - 9 * 86_400)
    cloud.functions.configure(cloud.functions.token(settings), {"NAME_PREFIX": "elsewhere/"})
    yield refused(cloud)
    cloud.functions.configure(cloud.functions.token(settings), settings)


@pytest.mark.parametrize("block", [0, 1])
def test_delete_failed(cloud: Cloud, ended: list[Outcome], block: int) -> None:
    """Deleted again after what the text asked for; or gone without its secret, which is found."""
    settings = {"NAME_PREFIX": "shop/"}
    template = cloud.template(
        settings=settings, Name="shop/Secret", RefuseDeletionIfAccessedWithin=7, **FIRST
    )
    cloud.create("shop", template)
    before = cloud.secret()
    does = doing(cloud, "DELETE_COMPLETE", "DELETE_FAILED", ended)
    if block == 0:
        trouble.check("DELETE_FAILED", "\n".join(refusals(cloud, settings)))
        trouble.follow("DELETE_FAILED", does, block=0)
        assert cloud.secret().state == "pending"
    else:
        cloud.aws.deny(DENIED)
        cloud.delete("shop", ends="DELETE_FAILED")
        cloud.aws.allow_everything()
        trouble.follow("DELETE_FAILED", does, block=1)
        assert (ended[0].statuses()[-1], cloud.secret().state) == ("DELETE_SKIPPED", "live")
    cloud.create("shop", template)
    assert stories.same(cloud.secret(), before)


def stuck(cloud: Cloud) -> SecretSnapshot:
    """Have an update fail, and its rollback; return the secret as it was before."""
    cloud.create("shop", cloud.template(**FIRST))
    before = cloud.secret()
    cloud.aws.inject(faults.ExpiredToken(times=None))
    outcome = cloud.update("shop", cloud.template(**SECOND), ends="UPDATE_ROLLBACK_FAILED")
    trouble.check("UPDATE_ROLLBACK_FAILED", outcome.reason())
    return before


def test_update_rollback_failed(cloud: Cloud, ended: list[Outcome]) -> None:
    before = stuck(cloud)
    cloud.aws.heal()
    does = doing(cloud, "UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED", ended)
    trouble.follow("UPDATE_ROLLBACK_FAILED", does)
    assert (ended[0].statuses(), cloud.secret()) == (
        ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"],
        before,
    )
    cloud.update("shop", cloud.template(**SECOND))
    assert cloud.secret().value == "b"


def test_update_rollback_failed_and_the_secret_is_skipped(
    cloud: Cloud, ended: list[Outcome]
) -> None:
    """While nothing answers: the stack gets out of it, and a later update finds the secret."""
    before = stuck(cloud)
    does = doing(cloud, "UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED", ended)
    trouble.follow("UPDATE_ROLLBACK_FAILED", does, block=1)
    cloud.aws.heal()
    assert cloud.secret() == before
    cloud.update("shop", cloud.template(**SECOND))
    assert (cloud.secret().arn, cloud.secret().value) == (before.arn, "b")


def test_a_function_whose_time_was_up(cloud: Cloud, ended: list[Outcome]) -> None:
    token = cloud.functions.install("little-time", {}, timeout=clouds.HANGING_SECONDS)
    goes_on = threading.Event()
    cloud.aws.hook("CreateSecret", "before", lambda _: goes_on.wait(clouds.SECONDS))
    hung = cloud.create("shop", cloud.template(token=token, **FIRST), ends="ROLLBACK_COMPLETE")
    goes_on.set()
    trouble.check("The function's time was up", hung.reason())
    does = doing(cloud, "DELETE_COMPLETE", "ROLLBACK_COMPLETE", ended)
    trouble.follow("The function's time was up", does)
    cloud.create("shop", cloud.template(token=token, **FIRST))
    assert (cloud.secret().value, len(cloud.secret().versions)) == ("a", 1)


def test_a_function_that_does_not_answer(cloud: Cloud) -> None:
    """It crashes before its first line of ours: the stack waits, settles, and goes on later."""
    cloud.create("shop", cloud.template(**FIRST))
    before = cloud.secret()
    nobody = cloud.functions.install("nobody", {}, handler="lambda_handler.nowhere.handler")
    changed = cloud.template({"Other": cloud.declare(token=nobody, timeout=2)}, **FIRST)
    outcome = cloud.update("shop", changed, ends="UPDATE_ROLLBACK_COMPLETE")
    assert "timed out after 2s" in outcome.reason("Other")
    logged: list[str] = []

    def logs(*words: str) -> None:
        group = {"/aws/lambda/recoverable-secrets": "/aws/lambda/nobody"}
        page = told(cloud, "logs", *(group.get(word, word) for word in words))
        logged.extend(event["message"] for event in page["events"])

    def cancel(*words: str) -> None:
        # The stack has settled: all that can be seen is that there is such a call.
        with pytest.raises(botocore.exceptions.ClientError, match="from current stack status"):
            told(cloud, "cloudformation", *words)

    does = {"aws logs": logs, "aws cloudformation": cancel}
    trouble.follow("The stack waits for the function", does)
    assert not any("shop" in line for line in logged), "nothing of ours: it never came so far"
    cloud.update("shop", cloud.template(**SECOND))
    assert (cloud.secret().arn, cloud.secret().value) == (before.arn, "b")


def test_deleted_by_somebody_and_then_for_good(cloud: Cloud) -> None:
    """A stack sees neither; an update that changes the secret restores it, or makes another."""
    first = cloud.create("shop", cloud.template(**FIRST)).outputs["Ref"]
    cloud.aws.by_hand("DeleteSecret", SecretId="shop/Secret", RecoveryWindowInDays=7)
    second = cloud.update("shop", cloud.template(**SECOND)).outputs["Ref"]
    assert (second, cloud.secret().state, cloud.secret().value) == (first, "live", "b")
    cloud.aws.by_hand("DeleteSecret", SecretId="shop/Secret", ForceDeleteWithoutRecovery=True)
    cloud.aws.clock.advance(seconds=900)
    third = cloud.update("shop", cloud.template(**FIRST)).outputs["Ref"]
    assert third != first
    assert (cloud.secret().arn, cloud.secret().value) == (third, "a")
