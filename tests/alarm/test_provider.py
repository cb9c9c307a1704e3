"""The provider's own answers, as the SDK's server asks for them."""

from __future__ import annotations

import pytest
from pulumi.output import Unknown

from alarm.account import HOME, Account
from recoverable_secrets.access_alarm import AccessAlarmProvider
from recoverable_secrets.core import errors

PROVIDER = AccessAlarmProvider()
INPUTS = {
    "__provider": "its own",
    "way": "events",
    "name": "x",
    "default_owner": "me",
    "default_region": HOME,
}


def test_a_life(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    assert PROVIDER.check({}, INPUTS).failures == []
    made = PROVIDER.create(INPUTS)
    assert made.outs is not None
    assert "__provider" not in made.outs
    assert PROVIDER.diff(made.id, made.outs, INPUTS).changes is False
    assert PROVIDER.read(made.id, made.outs).id == made.id
    changed = {**INPUTS, "name": "y", "topic_arn": Unknown()}
    seen = PROVIDER.diff(made.id, made.outs, changed)
    assert (seen.changes, seen.replaces, seen.delete_before_replace) == (None, ["name"], False)
    outs = PROVIDER.update(made.id, made.outs, {**INPUTS, "name_prefix": "shop/"}).outs
    assert outs is not None
    assert outs["declared"] == {"way": "events", "name_prefix": "shop/"}
    topic = account.topic()
    PROVIDER.update(made.id, outs, {**INPUTS, "topic_arn": topic})
    assert "recoverable-secrets: the policy of topic" in capsys.readouterr().out
    PROVIDER.delete(made.id, {**made.outs, "topic_arn": topic})
    assert account.names()["rules"] == []
    gone = PROVIDER.read(made.id, made.outs)
    assert (gone.id, gone.outs) == ("", {})


def test_problems_name_no_property(account: Account) -> None:
    """The engine would print the content of one."""
    failures = PROVIDER.check({}, {**INPUTS, "way": "no", "email": "x"}).failures
    assert [each.property for each in failures] == ["", ""]


def test_errors_come_without_a_cause(account: Account) -> None:
    account.refuses("sns", "CreateTopic")
    with pytest.raises(errors.AccessDenied) as denied:
        PROVIDER.create(INPUTS)
    assert denied.value.__suppress_context__
    with pytest.raises(errors.StoreError, match="a fault of recoverable-secrets itself: KeyError"):
        PROVIDER.delete("x", {})
