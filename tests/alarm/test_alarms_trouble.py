"""What goes wrong: told, and finished by the next run."""

from __future__ import annotations

import contextlib

import pytest

from alarm.account import HOME, NOTHING, Account
from alarm.installing import LATER, MINE, each_way, install, states, wanted
from recoverable_secrets.alarm import alarms, region
from recoverable_secrets.alarm.alarms import State
from recoverable_secrets.core import errors
from recoverable_secrets.stores import aws as aws_store

NEEDED = {
    ("sns", "CreateTopic", "events"): "sns:CreateTopic and sns:TagResource",
    ("sns", "GetTopicAttributes", "events"): "sns:GetTopicAttributes",
    ("sns", "SetTopicAttributes", "events"): "sns:SetTopicAttributes",
    ("sns", "Subscribe", "events"): "sns:Subscribe",
    ("logs", "PutMetricFilter", "trail"): "logs:PutMetricFilter",
    ("cloudwatch", "PutMetricAlarm", "trail"): "cloudwatch:PutMetricAlarm and cloudwatch:Tag",
    ("events", "PutRule", "events"): "events:PutRule and events:TagResource",
    ("events", "PutTargets", "events"): "events:PutTargets",
    ("sts", "GetCallerIdentity", "events"): "sts:GetCallerIdentity",
}


@pytest.mark.parametrize("case", NEEDED, ids=lambda case: case[1])
def test_a_missing_permission_is_named_and_a_next_run_goes_on(
    account: Account, case: tuple[str, str, str]
) -> None:
    service, operation, way = case
    heal = account.refuses(service, operation)
    asked = wanted(way, email=["a@b.c"])
    with pytest.raises(errors.AccessDenied, match=f"it needs {NEEDED[case]}"):
        install(account, asked)
    heal()
    install(account, asked)
    assert states(account, asked) == {State.OK}
    alarms.remove(account.here, asked, MINE, account.said.append)
    assert account.names() == NOTHING


@pytest.mark.parametrize("service", ["sns", "cloudwatch", "events"])
def test_the_right_to_read_marks_is_named(account: Account, service: str) -> None:
    asked = wanted("events" if service == "events" else "trail")
    install(account, asked)
    account.refuses(service, "ListTagsForResource")
    with pytest.raises(errors.AccessDenied, match=f"it needs {service}:ListTagsForResource"):
        alarms.look(account.here, asked)


def test_every_call_has_its_permission(account: Account) -> None:
    for operation, (needed, *_) in region.PERMISSIONS.items():
        service, _, named = needed.partition(":")
        assert named == operation
        assert named in account.client(service).meta.service_model.operation_names
    for service in {*region.SERVICES} - {"logs"}:
        assert {*region.TAGGING} <= {*account.client(service).meta.service_model.operation_names}


@pytest.mark.parametrize(
    ("service", "operation", "way"),
    [("sns", "SetTopicAttributes", "events"), ("events", "PutTargets", "events"),
     ("sns", "TagResource", "events")],
)  # fmt: skip
def test_what_vanishes_meanwhile_is_no_success(
    account: Account, service: str, operation: str, way: str
) -> None:
    asked = wanted(way)
    if operation == "TagResource":
        install(account, asked, LATER)
    heal = account.refuses(service, operation, "ResourceNotFoundException")
    with pytest.raises(errors.Temporary, match="vanished while it was put"):
        install(account, asked)
    heal()
    install(account, asked)
    assert states(account, asked) == {State.OK}


def test_what_the_service_says_is_told(account: Account) -> None:
    account.refuses("sns", "CreateTopic", "TopicLimitExceeded", "Too many topics")
    with pytest.raises(errors.StoreError, match="refused with TopicLimitExceeded: Too many topics"):
        install(account, wanted("events"))


def test_a_target_that_is_not_taken_is_no_success(account: Account) -> None:
    failed = {"FailedEntryCount": 1, "FailedEntries": [{"ErrorCode": "LimitExceededException"}]}
    account.answers("events", "PutTargets", 200, failed)
    with pytest.raises(errors.StoreError, match="PutTargets of x failed: LimitExceeded"):
        install(account, wanted("events"))


def test_the_same_page_again_and_again(account: Account) -> None:
    asked = wanted("events", email=["a@b.c"])
    install(account, asked)
    account.answers("sns", "ListSubscriptionsByTopic", 200, {"Subscriptions": [], "NextToken": "t"})
    with pytest.raises(errors.StoreError, match="answers the same page again and again") as caught:
        alarms.look(account.here, asked)
    assert caught.value.code == "SamePageAgain"


def test_an_account_that_is_not_allowed_is_left_alone(account: Account) -> None:
    where = aws_store.Connection(region=HOME, accounts=("999999999999",))
    here = region.Region(aws_store.open_store(where))
    with pytest.raises(errors.Refused, match="allowed_account_ids does not name"):
        alarms.install(here, wanted("events"), MINE, say=account.said.append)
    assert account.names() == NOTHING


@each_way
def test_interrupted_after_any_call_the_next_run_goes_on(account: Account, way: str) -> None:
    """Installing and removing alike: nothing is refused, doubled or left over."""
    asked = wanted(way, email=["a@b.c"])
    at = 0
    while True:
        heal = account.interrupted(at)
        try:
            install(account, asked)
            alarms.remove(account.here, asked, MINE, account.said.append)
            break
        except errors.AccessDenied:
            heal()
        install(account, asked)
        assert states(account, asked) == {State.OK}
        heal = account.interrupted(at)
        with contextlib.suppress(errors.AccessDenied):
            alarms.remove(account.here, asked, MINE, account.said.append)
        heal()
        alarms.remove(account.here, asked, MINE, account.said.append)
        assert (account.names(), account.said) == (NOTHING, [])
        at += 1
    assert at > 20, "each call was the last one once"
    assert account.names() == NOTHING
