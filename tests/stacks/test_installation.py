"""The installation's own template, deployed: its token is used, it is upgraded, it is removed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from stacks import stories
from stacks.cloud import Cloud
from stacks.installation import FUNCTION, Installation, using

SECRET = "cloudformation/shop/Secret"


@pytest.fixture
def installation(cloud: Cloud) -> Iterator[Installation]:
    """Nothing is installed yet."""
    made = Installation(cloud)
    try:
        yield made
    finally:
        cloud.clear()
        made.remove_what_stays()


def test_it_is_installed_and_used(cloud: Cloud, installation: Installation) -> None:
    token = installation.install().outputs["ServiceToken"]
    assert token == f"arn:aws:lambda:us-east-1:123456789012:function:{FUNCTION}"
    cloud.create("shop", using(cloud, SecretString="x"))
    before = cloud.secret(SECRET)
    assert before.state == "live"
    cloud.delete("shop")
    cloud.create("shop", using(cloud, SecretString="x"))
    assert stories.same(cloud.secret(SECRET), before)
    outside = cloud.create("other", using(cloud, Name="db"), ends="ROLLBACK_COMPLETE")
    assert "cloudformation/" in outside.reason()


def test_its_parameters_reach_the_function(cloud: Cloud, installation: Installation) -> None:
    installation.install(NamePrefix="team/", AllowForceDelete="yes", AllowAdopt="unowned")
    stories.by_hand(cloud, "team/db")
    forced = using(cloud, Name="team/db", Adopt="unowned", ForceDeleteWithoutRecovery="true")
    cloud.create("shop", forced)
    assert cloud.secret("team/db").tags[stories.ORIGIN] == "adopted"
    refused = cloud.create("more", using(cloud, Adopt="any"), ends="ROLLBACK_COMPLETE")
    assert "AllowAdopt" in refused.reason()


def test_its_alarm_watches_the_function(cloud: Cloud, installation: Installation) -> None:
    topic = cloud.client("sns").create_topic(Name="alarms")["TopicArn"]
    installation.install(AlarmTopicArn=topic)
    (alarm,) = cloud.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert alarm["Dimensions"] == [{"Name": "FunctionName", "Value": FUNCTION}]
    assert alarm["AlarmActions"] == [topic]


def test_it_is_upgraded_under_live_stacks(cloud: Cloud, installation: Installation) -> None:
    token = installation.install().outputs["ServiceToken"]
    cloud.create("shop", using(cloud, SecretString="x"))
    before = cloud.secret(SECRET)
    assert installation.upgrade("the release of tomorrow").outputs["ServiceToken"] == token
    cloud.update("shop", using(cloud, SecretString="x", Description="new"))
    assert "the release of tomorrow" in cloud.logs()
    after = cloud.secret(SECRET)
    assert (after.description, after.tags) == ("new", before.tags)
    assert stories.same(after, before)


def test_it_stays_as_long_as_it_is_used(cloud: Cloud, installation: Installation) -> None:
    """And what it installed stays longer: stacks that were given its token still need it."""
    token = installation.install().outputs["ServiceToken"]
    cloud.create("shop", using(cloud, SecretString="x"))
    with pytest.raises(ClientError, match="imported by stack shop"):
        cloud.delete("installation")
    cloud.create("told", cloud.template(token=token, SecretString="y"))
    cloud.delete("shop")
    outcome = cloud.delete("installation")
    for kept in ("Function", "Role", "LogGroup"):
        assert outcome.statuses(kept) == ["DELETE_SKIPPED"]
    cloud.delete("told")
    assert cloud.secret("cloudformation/told/Secret").state == "pending"
