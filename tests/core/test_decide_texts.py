"""What is said of a pending deletion that is not simply taken back, to the letter."""

from __future__ import annotations

from core import cases
from recoverable_secrets.core import facts, plan
from recoverable_secrets.core.decide import decide
from recoverable_secrets.core.policy import Deletion, OnRecreate

PENDING = facts.PendingDeletion(secret=cases.secret(tags=cases.marks(origin="adopted")))


def test_a_pending_secret_that_is_to_stay_pending() -> None:
    policy = cases.policy(on_recreate=OnRecreate.FAIL)
    assert decide(PENDING, cases.kept(), policy, cases.AWS) == plan.Refusal(
        "shop/dev/db is scheduled for deletion and on_recreate is fail: restore it by hand, or "
        "set on_recreate to restore"
    )


def test_a_pending_secret_that_no_stack_created_is_not_destroyed() -> None:
    policy = cases.policy(on_recreate=OnRecreate.REPLACE, deletion=Deletion.FORCE)
    wanted = cases.kept(mandate=facts.Mandate.DEPUTY)
    assert decide(PENDING, wanted, policy, cases.AWS) == plan.Refusal(
        "shop/dev/db was not created by its stack, so on_recreate = replace does not destroy it: "
        "set on_recreate to restore"
    )
