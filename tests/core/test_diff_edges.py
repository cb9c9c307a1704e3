"""What a comparison of plans does not show: how a claim is undone; and rare ways to differ."""

from __future__ import annotations

import pytest

from core import cases
from recoverable_secrets.core import diff, ownership, plan

CLAIMED = (ownership.OWNER, ownership.INSTANCE, ownership.ORIGIN)
WHOLE = {
    ownership.OWNER: cases.OTHERS,
    ownership.INSTANCE: cases.PAST_MARK,
    ownership.ORIGIN: ownership.CREATED,
}

CLAIMS: dict[str, tuple[dict[str, str], plan.Action]] = {
    "no mark was there: all go again": ({"hand": "made"}, plan.DropTags(keys=CLAIMED)),
    "another's marks: they come back": ({"hand": "made", **WHOLE}, plan.SetTags(tags=WHOLE)),
    "a mark without an owner comes back": (
        {ownership.INSTANCE: cases.PAST_MARK},
        plan.SetTags(tags={ownership.INSTANCE: cases.PAST_MARK}),
    ),
}


@pytest.mark.parametrize(("tags", "undo"), CLAIMS.values(), ids=CLAIMS)
def test_a_claim_is_undone_if_the_rest_fails(tags: dict[str, str], undo: plan.Action) -> None:
    seen, wanted = cases.present(cases.secret(tags=tags)), cases.kept()
    (claim,) = diff.actions(seen, wanted, cases.policy(adopt="any"), cases.AWS)
    assert isinstance(claim, plan.SetTags)
    assert claim.undo == undo


def test_labels_that_are_not_declared_go_where_all_is_to_be_as_declared() -> None:
    """It is found without memory: as after a restore, or after a run that broke off."""
    labels = plan.frozen({"blue": cases.FIRST, "green": cases.FIRST, "AWSPENDING": cases.OLDER})
    seen = cases.present(cases.secret(version=cases.FIRST, labels=labels))
    wanted = cases.kept(cases.spec(version_stages=["blue"]))
    told = list(diff.actions(seen, wanted, cases.policy(), cases.AWS))
    moves = [action for action in told if isinstance(action, plan.MoveStage)]
    assert moves == [plan.MoveStage(current=cases.FIRST, to=None, stage="green")]
