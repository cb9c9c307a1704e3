"""The double throttles by rate as AWS's quotas have it: per quota, account and region."""

from __future__ import annotations

import threading
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from emulation import Aws, Clock, rates

ONCE = Config(retries={"total_max_attempts": 1})


@pytest.fixture
def aws():
    with Aws(clock=Clock()).in_process() as double:
        yield double


def client(region: str = "us-east-1", key: str = "AKIANOBODY") -> Any:
    return boto3.client(
        "secretsmanager", region, aws_access_key_id=key, aws_secret_access_key="x", config=ONCE
    )


def taken(call, times: int) -> int:
    """Count how many of so many calls are not throttled; what else they come to does not matter."""
    found = 0
    for _ in range(times):
        try:
            call()
        except ClientError as error:
            found += error.response["Error"]["Code"] != "ThrottlingException"
        else:
            found += 1
    return found


@pytest.mark.parametrize(
    ("action", "arguments", "rate"),
    [
        ("create_secret", {"Name": "a", "ClientRequestToken": "t" * 32, "SecretString": "x"}, 50),
        ("delete_secret", {"SecretId": "a"}, 50),
        ("restore_secret", {"SecretId": "a"}, 50),
        ("delete_resource_policy", {"SecretId": "a"}, 50),
        ("put_secret_value", {"SecretId": "a", "SecretString": "x"}, 50),
        ("tag_resource", {"SecretId": "a", "Tags": []}, 50),
        ("cancel_rotate_secret", {"SecretId": "a"}, 50),
        ("list_secrets", {}, 100),
    ],
)
def test_as_many_calls_a_second_as_the_quota_says(aws, action, arguments, rate):
    aws.inject(rates.Rates())
    one = client()

    def call():
        getattr(one, action)(**arguments)

    assert taken(call, 2 * rate) == rate
    aws.clock.advance(seconds=0.5)
    assert taken(call, rate) == rate / 2
    aws.clock.advance(seconds=3600)
    assert taken(call, 2 * rate) == rate, "no more than those of a second are saved up"


def test_throttled_calls_do_nothing_and_take_no_token(aws):
    aws.inject(rates.Rates(share=1 / 50))
    one = client()
    assert taken(lambda: one.create_secret(Name="a", SecretString="x"), 1) == 1
    assert taken(lambda: one.create_secret(Name="b", SecretString="x"), 20) == 0
    assert [found.name for found in aws.secrets()] == ["a"]
    assert [record.outcome for record in aws.calls] == ["ok", *["ThrottlingException"] * 20]
    aws.clock.advance(seconds=1)
    assert taken(lambda: one.create_secret(Name="b", SecretString="x"), 1) == 1


def test_actions_of_one_quota_share_it(aws):
    aws.inject(rates.Rates(share=4 / 50))
    one = client()
    one.create_secret(Name="a", SecretString="x")
    tags = [{"Key": "k", "Value": "v"}]
    assert taken(lambda: one.tag_resource(SecretId="a", Tags=tags), 3) == 3
    assert taken(lambda: one.untag_resource(SecretId="a", TagKeys=["k"]), 3) == 1
    assert taken(lambda: one.put_secret_value(SecretId="a", SecretString="y"), 3) == 3


def test_each_region_and_each_account_has_its_own(aws):
    aws.inject(rates.Rates(share=1 / 50))
    other = aws.user("eve", account="999999999999")
    for one in (client(), client("eu-west-1"), client(key=other.access_key_id)):
        assert taken(lambda one=one: one.create_secret(Name="a", SecretString="x"), 3) == 1


def test_the_same_account_shares_it_whoever_calls(aws):
    aws.inject(rates.Rates(share=1 / 50))
    users = [client(key=aws.user(name).access_key_id) for name in ("eve", "adam")]
    assert [taken(one.list_secrets, 1) for one in (*users, *users)] == [1, 1, 0, 0]


def test_other_services_are_not_throttled(aws):
    aws.inject(rates.Rates(share=1 / 10_000))
    sts = boto3.client("sts", "us-east-1", config=ONCE)
    assert taken(sts.get_caller_identity, 5) == 5


def test_another_clock_can_tell_the_time(aws):
    now = [0.0]
    aws.inject(rates.Rates(share=1 / 50, seconds=lambda: now[0]))
    one = client()
    aws.clock.advance(seconds=3600)
    assert taken(one.get_random_password, 3) == 1
    now[0] = 2.0
    assert taken(one.get_random_password, 3) == 1


def test_threads_take_no_token_twice(aws):
    aws.inject(rates.Rates())
    made = []

    def work():
        one = client()
        made.append(taken(one.get_random_password, 30))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(made) == 50
