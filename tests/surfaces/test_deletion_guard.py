"""The deletion guard as an infrastructure engine meets it: what the state remembers counts."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from typing import Any

import pytest

from emulation import DEFAULT_REGION, Aws, Clock
from recoverable_secrets import resource
from recoverable_secrets.core import errors
from surfaces.held import CANARY, Held, declare

NAME = "shop/dev/db"
AGO = 40
"""So many days ago is now, in AWS: what the provider takes for today is this process's date."""
WITHIN, LONG_AGO = AGO + 5, AGO - 5
GUARD = "refuse_deletion_if_accessed_within"


@pytest.fixture
def aws(bare: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """The double, at a time that is past for the provider."""
    monkeypatch.setenv("AWS_REGION", DEFAULT_REGION)
    clock = Clock(dt.datetime.now(dt.UTC) - dt.timedelta(days=AGO))
    with Aws(clock=clock).in_process() as double:
        monkeypatch.setattr(time, "sleep", lambda pause: double.clock.advance(seconds=pause))
        yield double


def read_secret(aws: Aws, **guard: Any) -> Held:
    """Return a secret whose value somebody reads."""
    held = declare(secret_string=CANARY, **guard).create()
    aws.by_hand("GetSecretValue", SecretId=NAME)
    aws.calls.clear()
    return held


@pytest.mark.parametrize("more", [{}, {"deletion": "force"}], ids=["scheduled", "forced"])
def test_a_destroy_is_refused_after_one_look(aws: Aws, more: dict[str, str]) -> None:
    held = read_secret(aws, **{GUARD: WITHIN}, **more)
    with pytest.raises(errors.Refused) as caught:
        held.delete()
    day = aws.clock.now().date()
    assert str(caught.value) == (
        f"{NAME} was last read on {day}: not deleted. Find the reader (CloudTrail, access alarm), "
        f"wait until {day + dt.timedelta(days=WITHIN + 1)}, or set {GUARD} to less and deploy first"
    )
    assert (aws.actions(), held.said) == (["DescribeSecret"], [])
    assert aws.secret(NAME).state == "live"


@pytest.mark.parametrize(
    "guard", [{GUARD: LONG_AGO}, {GUARD: 0}, {}], ids=["read long ago", "off", "not declared"]
)
def test_a_destroy_that_the_guard_does_not_mind(aws: Aws, guard: dict[str, int]) -> None:
    held = read_secret(aws, **guard)
    held.delete()
    assert aws.actions() == ["DescribeSecret", "DeleteSecret"]
    assert aws.secret(NAME).state == "pending"


def test_the_state_decides_and_an_update_of_it_makes_no_call(aws: Aws) -> None:
    """What the refusal says to do: set it to less, and deploy that first."""
    held = read_secret(aws, **{GUARD: WITHIN})
    assert held.diff(**{GUARD: LONG_AGO}) == (None, [])
    held.update(**{GUARD: LONG_AGO})
    assert aws.calls == []
    held.delete()
    assert aws.secret(NAME).state == "pending"


def test_a_guard_that_is_no_longer_declared_is_off(aws: Aws) -> None:
    held = read_secret(aws, **{GUARD: WITHIN}).update(**{GUARD: None})
    held.delete()
    assert aws.secret(NAME).state == "pending"


@pytest.mark.parametrize("stored", ["soon", -1.0, 366.0, [7.0], True])
def test_a_state_that_is_not_understood_holds_nothing_up(aws: Aws, stored: Any) -> None:
    held = read_secret(aws)
    held.outputs[GUARD] = stored
    held.delete()
    assert aws.secret(NAME).state == "pending"


def test_a_refresh_shows_no_drift_of_it(aws: Aws) -> None:
    """Nor does a read of the value: the guard is not a thing of AWS."""
    held = read_secret(aws, **{GUARD: WITHIN})
    assert held.refresh()
    assert (held.diff(), held.outputs[GUARD]) == ((False, []), WITHIN)


def test_the_old_half_of_a_replacement_is_not_held_up(aws: Aws) -> None:
    """The new half goes on with the same secret, and those who read it go on reading."""
    old = read_secret(aws, **{GUARD: WITHIN})
    new = Held(inputs=old.inputs).create()
    resource.delete(old.id, old.outputs, old.said.append)
    assert "left alone" in old.said[-1]
    assert (aws.secret(NAME).state, new.outputs[GUARD]) == ("live", WITHIN)
