"""Refusals and errors as Pulumi's resource tells them, and the way out of them.

docs/when-something-went-wrong.md is read: its commands are done, its quotations have to be told.
`pulumi up` is what the engine then asks of the provider; the engine itself is run by
tests/e2e/test_after_a_crash.py.
"""

from __future__ import annotations

import datetime as dt
import functools
import time
from typing import Any

import boto3
import pytest

from emulation import Aws, faults
from project import trouble
from recoverable_secrets import cli
from recoverable_secrets.core import errors, ownership
from surfaces import held
from surfaces.held import CANARY, Held

NAME = "shop/prod/db"
OURS = "pulumi/shop/prod/db:0123456789abcdef"
ANOTHERS = "pulumi/shop/stage/db:fedcba9876543210"
KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
THERE, OTHER = "eu-west-1", "210987654321"


def declare(**fields: Any) -> Held:
    """Return the resource of the page, not created yet."""
    usual = {"default_name": NAME, "default_owner": OURS, "secret_string": CANARY}
    return held.declare(**{**usual, **fields})


def refused(call: Any, **arguments: Any) -> str:
    """Return the text of the error that a call raises."""
    with pytest.raises(errors.RecoverableSecretsError) as caught:
        call(**arguments)
    return str(caught.value)


def ours(*words: str) -> None:
    """Run our command, confirmed where it asks."""
    asks = words[0] in {"restore", "delete"} or words[:2] == ("owner", "set")
    assert cli.main([*words, *(["--yes"] if asks else [])]) == 0


def by_hand(aws: Aws, owner: str | None = None, **more: Any) -> None:
    """Make the secret by hand, with the tags of an owner."""
    marks = {"owner": owner, "instance": "1f" * 16, "origin": "created"} if owner else {}
    tags = [{"Key": f"recoverable-secrets:{key}", "Value": text} for key, text in marks.items()]
    aws.by_hand("CreateSecret", Name=NAME, SecretString="theirs", Tags=tags, **more)


def test_an_update_fails_half_way(aws: Aws) -> None:
    declare(description="old").create().delete()
    aws.deny("secretsmanager:UpdateSecret")
    again = declare(description="new")
    told = refused(again.create)
    trouble.check("An update failed half-way", "\n".join([told, *again.said]))
    assert aws.secret(NAME).state == "pending"
    aws.allow_everything()
    trouble.follow("An update failed half-way", {"pulumi up": again.create})
    assert (aws.secret(NAME).description, aws.secret(NAME).value) == ("new", CANARY)


def test_a_deletion_fails_half_way(aws: Aws) -> None:
    """The copies that it took away come back, as the page says."""
    whole = declare(replicas=[{"region": THERE}]).create()
    aws.deny("secretsmanager:DeleteSecret")
    assert "DeleteSecret" in refused(whole.delete)
    assert (aws.secret(NAME).state, set(aws.secret(NAME).replicas)) == ("live", {THERE})
    aws.allow_everything()
    whole.delete()
    assert aws.secret(NAME).state == "pending"


def refreshed(known: Held) -> None:
    """Refresh; what is not live is forgotten, as tests/e2e/test_engine_facts.py tells."""
    assert known.refresh() is None


def test_deleted_by_somebody(aws: Aws) -> None:
    known = declare().create()
    before = aws.secret(NAME)
    aws.by_hand("DeleteSecret", SecretId=NAME, RecoveryWindowInDays=7)
    assert known.diff() == (False, []), "an up that changes nothing does nothing"
    again = declare()
    does = {"pulumi refresh": functools.partial(refreshed, known), "pulumi up": again.create}
    trouble.follow("Deleted by somebody", does)
    trouble.check("Deleted by somebody", "\n".join(again.said))
    found = aws.secret(NAME)
    assert (found.state, found.arn, found.value) == ("live", before.arn, CANARY)


def test_deleted_for_good_by_somebody(aws: Aws) -> None:
    known = declare().create()
    aws.by_hand("DeleteSecret", SecretId=NAME, ForceDeleteWithoutRecovery=True)
    aws.clock.advance(seconds=900)
    told = refused(known.update, description="new")
    trouble.check("Deleted for good by somebody", told)
    again = declare()
    does = {"pulumi refresh": functools.partial(refreshed, known), "pulumi up": again.create}
    trouble.follow("Deleted for good by somebody", does)
    assert aws.secret(NAME).value == CANARY
    assert again.id != known.id


def test_restored_by_the_command(aws: Aws) -> None:
    """Instead of a refresh: what Pulumi's state holds is right again."""
    known = declare().create()
    aws.by_hand("DeleteSecret", SecretId=NAME, RecoveryWindowInDays=7)
    trouble.follow("Deleted by somebody", {"recoverable-secrets": ours}, block=1)
    assert aws.secret(NAME).state == "live"
    assert known.refresh() is not None
    assert known.diff() == (False, [])


def test_an_older_state_of_what_was_replaced_since(aws: Aws) -> None:
    """It is of another life of the secret: left alone, and taken up again by a deployment."""
    older = declare().create()
    declare().create()
    older.delete()
    assert aws.secret(NAME).state == "live"
    trouble.check("The state is an older one", "\n".join(older.said))
    again = declare()
    does = {"pulumi up": again.create, "pulumi destroy": again.delete}
    trouble.follow("The state is an older one", does, block=1)
    assert (aws.secret(NAME).state, aws.secret(NAME).value) == ("pending", CANARY)


def test_another_account(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    known = declare().create()
    elsewhere = Held(known.id.replace("123456789012", OTHER), known.inputs, known.outputs)
    trouble.check("Another account", refused(elsewhere.refresh))
    aws.calls.clear()
    not_ours = declare(allowed_account_ids=[OTHER])
    trouble.check("Another account", refused(not_ours.create), block=1)
    assert aws.actions() == []
    sts = boto3.client("sts")
    trouble.follow("Another account", {"aws sts get-caller-identity": sts.get_caller_identity})


def test_another_region(aws: Aws) -> None:
    """Moved by mistake, and moved back: the first secret is restored."""
    first = declare(region="us-east-1").create()
    arn = aws.secret(NAME).arn
    assert first.diff(region=THERE)[1] == ["region"]
    second = declare(region=THERE).create()
    first.delete()
    assert aws.secret(NAME).state == "pending"

    def up() -> None:
        declare(region="us-east-1").create()
        second.delete()

    trouble.follow("Another region", {"pulumi up": up})
    assert (aws.secret(NAME).arn, aws.secret(NAME).state) == (arn, "live")
    assert aws.secret(NAME, region=THERE).state == "pending"


def test_a_configured_region_that_moves(aws: Aws) -> None:
    """It moves nothing, as the page says."""
    known = declare(default_region="us-east-1").create()
    assert known.diff(default_region=THERE)[1] == []


def test_a_name_that_is_still_reserved(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """For longer than the timeout, by the clock of the double, which each pause moves."""
    monkeypatch.setattr(time, "monotonic", aws.clock.timestamp)
    aws.behaviour.reserved_seconds = 400
    declare(deletion="force").create().delete()
    made = declare()
    trouble.check("The name is still reserved", refused(made.create))
    aws.clock.advance(seconds=300)
    trouble.follow("The name is still reserved", {"pulumi up": made.create})
    assert aws.secret(NAME).value == CANARY


def test_throttled(aws: Aws) -> None:
    aws.inject(faults.Throttle("CreateSecret", times=None))
    made = declare()
    trouble.check("Throttled", refused(made.create))
    aws.heal()
    fewer: list[tuple[str, ...]] = []

    def up(*options: str) -> None:
        fewer.append(options)  # For the engine: test_after_a_crash.py knows that it has them.
        made.create()

    trouble.follow("Throttled", {"pulumi up": up})
    assert fewer == [("--parallel", "4")]
    assert aws.secret(NAME).value == CANARY


def test_a_permission_is_missing(aws: Aws) -> None:
    aws.deny("secretsmanager:CreateSecret")
    trouble.check("No permission", refused(declare().create))


def test_credentials_that_ran_out(aws: Aws) -> None:
    known = declare().create()
    aws.inject(faults.ExpiredToken(times=None))
    trouble.check("Credentials that ran out", refused(known.update, description="new"))
    aws.heal()
    again = functools.partial(known.update, description="new")
    trouble.follow("Credentials that ran out", {"pulumi up": again})
    assert aws.secret(NAME).description == "new"


@pytest.mark.parametrize("state", ["Disabled", "PendingDeletion"])
def test_its_key(aws: Aws, state: Any) -> None:
    """The restore is taken back; with the key back, it succeeds. KMS is played by hand here."""
    aws.add_key(KEY_ID, alias="alias/shop")
    declare(kms_key_id="alias/shop").create().delete()
    told = []
    for each in ("PendingDeletion", "Disabled"):
        aws.add_key(KEY_ID, each, alias="alias/shop")
        aws.clock.advance(days=3)
        told.append(refused(declare(kms_key_id="alias/shop").create))
        left = aws.secret(NAME)
        assert left.purge_date is not None
        assert (left.state, (left.purge_date - aws.clock.now()).days >= 29) == ("pending", True)
    trouble.check("Its key is about to be deleted", "\n".join(told))
    aws.add_key(KEY_ID, state, alias="alias/shop")
    made = declare(kms_key_id="alias/shop")
    does = {
        f"aws kms cancel-key-deletion --key-id {KEY_ID}": lambda: aws.disable_key(KEY_ID),
        f"aws kms enable-key --key-id {KEY_ID}": lambda: aws.enable_key(KEY_ID),
        "pulumi up": made.create,
    }
    trouble.follow("Its key is about to be deleted", does)
    assert (aws.secret(NAME).state, aws.secret(NAME).value) == ("live", CANARY)


def test_it_belongs_to_another(aws: Aws) -> None:
    by_hand(aws, ANOTHERS)
    before = aws.secret(NAME)
    trouble.check("It belongs to another", refused(declare().create))
    assert aws.secret(NAME) == before, "nothing was changed"
    trouble.follow("It belongs to another", {"recoverable-secrets": ours})
    declare(owner="team-blue", secret_string=None).create()
    assert (aws.secret(NAME).arn, aws.secret(NAME).value) == (before.arn, "theirs")


def test_it_belongs_to_nobody(aws: Aws) -> None:
    by_hand(aws)
    before = aws.secret(NAME)
    trouble.check("It belongs to nobody", refused(declare().create))
    assert aws.secret(NAME) == before
    trouble.follow("It belongs to nobody", {"pulumi up": declare(adopt="unowned").create})
    assert aws.secret(NAME).tags[ownership.OWNER] == OURS


def test_it_changed_hands(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    """Between the look that is shown and the one before the change; then for good."""
    known = declare().create()
    aws.by_hand("DeleteSecret", SecretId=NAME, RecoveryWindowInDays=7)

    def meanwhile(_: object) -> None:
        aws.by_hand("RestoreSecret", SecretId=NAME)
        tags = [{"Key": ownership.OWNER, "Value": ANOTHERS}]
        aws.by_hand("TagResource", SecretId=NAME, Tags=tags)

    aws.hook("DescribeSecret", "before", meanwhile, nth=2)
    assert cli.main(["restore", NAME, "--yes"]) == 3
    trouble.check("It changed hands", capsys.readouterr().err)
    trouble.check("It belongs to another", refused(known.update, description="new"))
    known.delete()
    assert aws.secret(NAME).state == "live"
    trouble.check("It changed hands", "\n".join(known.said), block=1)
    trouble.follow("It changed hands", {"recoverable-secrets": ours})
    assert ANOTHERS in capsys.readouterr().out


def test_it_was_read_lately(aws: Aws) -> None:
    known = declare(refuse_deletion_if_accessed_within=7).create()
    today = dt.datetime.now(dt.UTC).timestamp()
    aws.plant(NAME, LastAccessedDate=today)
    trouble.check("It was read lately", refused(known.delete))
    assert aws.secret(NAME).state == "live"
    lowered = functools.partial(known.update, refuse_deletion_if_accessed_within=0)
    trouble.follow("It was read lately", {"pulumi up": lowered, "pulumi destroy": known.delete})
    assert aws.secret(NAME).state == "pending"


def test_it_is_a_replica_here(aws: Aws) -> None:
    """Promoted, it has the owner's tag of the primary: the same stack takes it up."""
    declare(replicas=[{"region": THERE}]).create()
    here = declare(region=THERE)
    trouble.check("It is a replica here", refused(here.create))
    there = boto3.client("secretsmanager", region_name=THERE)

    def promote(*words: str) -> None:
        option, name = words
        assert option == "--secret-id"
        there.stop_replication_to_replica(SecretId=name)

    does = {"aws secretsmanager stop-replication-to-replica": promote}
    trouble.follow("It is a replica here", does)
    here.create()
    assert aws.secret(NAME, region=THERE).value == CANARY
    assert aws.secret(NAME, region=THERE).tags[ownership.OWNER] == OURS


def test_it_belongs_to_a_service(aws: Aws) -> None:
    by_hand(aws)
    aws.plant(NAME, OwningService="rds")
    trouble.check("It belongs to a service", refused(declare(adopt="any").create))


def test_it_must_not_be_restored(aws: Aws) -> None:
    declare().create().delete()
    asks = declare(on_recreate="fail")
    trouble.check("It must not be restored", refused(asks.create))
    assert aws.secret(NAME).state == "pending"
    does = {"recoverable-secrets": ours, "pulumi up": asks.create}
    trouble.follow("It must not be restored", does)
    assert aws.secret(NAME).state == "live"
