"""AWS has a bad day: answers are lost, come late, or do not come; stacks end as they should."""

from __future__ import annotations

import threading
import time

import pytest

from emulation import faults
from stacks import cloud as clouds
from stacks import stories
from stacks.cloud import Cloud

FIRST = {"SecretString": "a", "Description": "a", "Tags": [{"Key": "a", "Value": "1"}]}
SECOND = {"SecretString": "b", "Description": "b", "Tags": [{"Key": "b", "Value": "2"}]}
CALLS = (
    "CreateSecret",
    "DeleteSecret",
    "DescribeSecret",
    "PutSecretValue",
    "RestoreSecret",
    "TagResource",
    "UntagResource",
    "UpdateSecret",
    "UpdateSecretVersionStage",
)


@pytest.mark.parametrize("action", CALLS)
@pytest.mark.parametrize("fault", [faults.LostResponse, faults.InternalError])
def test_a_call_that_has_to_be_repeated(
    cloud: Cloud, fault: type[faults.Fault], action: str
) -> None:
    """At its first time, in each operation of a whole life."""

    def trouble() -> None:
        cloud.aws.heal()
        cloud.aws.inject(fault(action))

    trouble()
    outcome = cloud.create("shop", cloud.template(**FIRST))
    assert outcome.outputs["Restored"] == "false"
    assert len(cloud.secret().versions) == 1
    failing = cloud.template({"Broken": clouds.broken("Secret")}, SecretString="c")
    trouble()
    cloud.update("shop", failing, ends="UPDATE_ROLLBACK_COMPLETE")
    assert (cloud.secret().value, cloud.secret().description) == ("a", "a")
    trouble()
    cloud.update("shop", cloud.template(**SECOND))
    before = cloud.secret()
    assert (before.value, before.description, before.tags["b"]) == ("b", "b", "2")
    assert ("a" in before.tags, len(before.versions)) == (False, 3)
    trouble()
    cloud.delete("shop")
    assert cloud.secret().state == "pending"
    trouble()
    outcome = cloud.create("shop", cloud.template(**SECOND))
    after = cloud.secret()
    assert (after.state, outcome.outputs["Restored"]) == ("live", "true")
    assert stories.same(after, before)
    assert after.tags[stories.ORIGIN] == "restored"


@pytest.mark.parametrize("operation", ["update", "delete"])
def test_an_answer_of_yesterday(cloud: Cloud, operation: str) -> None:
    """Just after a write, AWS may describe what was before it: even that there is nothing."""
    cloud.create("shop", cloud.template(**FIRST))
    before = cloud.secret()
    cloud.aws.inject(faults.StaleDescribe("DescribeSecret"))
    if operation == "update":
        outcome = cloud.update("shop", cloud.template(**SECOND))
        assert outcome.outputs["Ref"] == before.arn
        assert (cloud.secret().value, cloud.secret().description) == ("b", "b")
        assert cloud.secret().arn == before.arn
    else:
        cloud.delete("shop")
        assert cloud.secret().state == "pending"


def test_the_same_change_again_after_it_was_rolled_back(cloud: Cloud) -> None:
    """Its version cannot have the id of the one before: that one was taken back."""
    cloud.create("shop", cloud.template(**FIRST))
    cloud.aws.inject(faults.Error("UntagResource", code="ValidationException"))
    cloud.update("shop", cloud.template(**SECOND), ends="UPDATE_ROLLBACK_COMPLETE")
    assert (cloud.secret().value, cloud.secret().description) == ("a", "a")
    cloud.aws.heal()
    cloud.update("shop", cloud.template(**SECOND))
    assert (cloud.secret().value, cloud.secret().description) == ("b", "b")


def test_a_call_that_hangs(cloud: Cloud) -> None:
    """The function answers before Lambda ends it, and the next attempt finds what came of it."""
    token = cloud.functions.install("short-lived", {}, timeout=clouds.HANGING_SECONDS)
    goes_on = threading.Event()
    cloud.aws.hook("CreateSecret", "before", lambda _: goes_on.wait(clouds.SECONDS))
    hung = cloud.create("shop", cloud.template(token=token, **FIRST), ends="ROLLBACK_COMPLETE")
    assert "time was up" in hung.reason()
    goes_on.set()  # Nobody waits for this answer any more.
    deadline = time.monotonic() + clouds.SECONDS
    while cloud.secret().state != "live" and time.monotonic() < deadline:
        time.sleep(0.02)
    late = cloud.secret()
    assert late.state == "live"
    cloud.delete("shop")
    outcome = cloud.create("shop", cloud.template(token=token, **FIRST))
    assert outcome.outputs["Ref"] == late.arn
    assert stories.same(cloud.secret(), late)
    cloud.delete("shop")
    assert cloud.secret().state == "pending"


def test_credentials_that_ran_out(cloud: Cloud) -> None:
    cloud.create("shop", cloud.template(**FIRST))
    before = cloud.secret()
    cloud.aws.inject(faults.ExpiredToken(times=None))
    outcome = cloud.update("shop", cloud.template(**SECOND), ends="UPDATE_ROLLBACK_FAILED")
    assert "credentials" in outcome.reason()
    cloud.aws.heal()
    assert cloud.secret() == before
