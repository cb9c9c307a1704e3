"""A run that dies half-way, a refresh, and the run again: the refresh forgets nothing of ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emulation import Aws
from surfaces import whole
from surfaces.held import Held, declare
from surfaces.whole import NAME


class Killed(BaseException):
    """A process that dies."""


def _die(_: object) -> None:
    raise Killed


def killed_after(aws: Aws, action: str, run: Callable[[], Any]) -> None:
    aws.hook(action, "after", _die)
    with pytest.raises(Killed):
        run()
    aws.heal()


def test_a_label_that_is_no_longer_declared_is_taken_off(aws: Aws) -> None:
    held = declare(secret_string="one", version_stages=["BLUE", "RED"]).create()
    changed = {"secret_string": "two", "version_stages": ["GREEN", "RED"]}
    killed_after(aws, "UpdateSecret", lambda: held.update(**changed))
    held.refresh()
    assert held.outputs["drifted"] == ["version_stages"]
    held.update(**changed)
    secret = aws.secret(NAME)
    stages = [(version.value, set(version.labels)) for version in secret.versions.values()]
    assert sorted(stages) == [("one", {"AWSPREVIOUS"}), ("two", {"AWSCURRENT", "GREEN", "RED"})]


def tags_after_a_teardown(aws: Aws, held: Held) -> dict[str, str]:
    held.delete()
    kept = ("recoverable-secrets:replicas", "recoverable-secrets:rotation")
    return {key: aws.secret(NAME).tags[key] for key in kept}


@pytest.mark.parametrize("action", ["CancelRotateSecret", "RemoveRegionsFromReplication"])
def test_a_teardown_still_records_what_a_restore_needs(aws: Aws, action: str) -> None:
    held = whole.made(aws)
    killed_after(aws, action, held.delete)
    held.refresh()
    assert held.outputs["drifted"], "the refresh sees what the teardown has done so far"
    told = tags_after_a_teardown(aws, held)
    assert told == {
        "recoverable-secrets:replicas": "eu-west-1 us-east-2=alias/ohio",
        "recoverable-secrets:rotation": "on",
    }


def test_a_replacement_does_not_destroy_what_it_has_just_restored(aws: Aws) -> None:
    """Somebody scheduled the deletion; `up --replace` restores, then the old half is deleted."""
    force = {"force_delete_without_recovery": True}
    held = declare(secret_string="typed in", **force).create()
    aws.by_hand("DeleteSecret", SecretId=NAME)
    again = declare(secret_string="typed in", **force).create()
    held.delete()
    assert (aws.secret(NAME).state, aws.secret(NAME).arn) == ("live", again.id)
    again.delete()
    assert aws.secret(NAME) is None or aws.secret(NAME).state != "live"
