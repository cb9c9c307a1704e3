"""What another tool manages, and would destroy for good, is taken over only when it lets go."""

from __future__ import annotations

import pytest

from core import cases
from recoverable_secrets.core import errors, facts, ownership, plan
from recoverable_secrets.core.decide import decide

MANAGER = "resource Db of stack shop"


def found(owner: str | None, *, handover: bool, state: type) -> facts.Observed:
    tags = {**cases.marks(owner), **({ownership.HANDOVER: "yes"} if handover else {})}
    seen: facts.Observed = state(secret=cases.secret(tags=tags, manager=MANAGER))
    return seen


@pytest.mark.parametrize("mandate", [facts.Mandate.OWN, facts.Mandate.DEPUTY])
@pytest.mark.parametrize("owner", [None, cases.OTHERS], ids=["unowned", "foreign"])
@pytest.mark.parametrize("state", [facts.Present, facts.PendingDeletion])
def test_it_is_refused_until_it_is_handed_over(
    mandate: facts.Mandate, owner: str | None, state: type
) -> None:
    wanted, policy = cases.kept(mandate=mandate), cases.policy(adopt="any")
    refused = decide(found(owner, handover=False, state=state), wanted, policy, cases.AWS)
    assert isinstance(refused, plan.Refusal)
    assert MANAGER in refused.text
    assert "DeletionPolicy: Retain and the tag recoverable-secrets:handover" in refused.text
    taken = decide(found(owner, handover=True, state=state), wanted, policy, cases.AWS)
    assert "SetTags" in cases.kinds(taken)


def test_it_is_no_matter_once_it_is_ours() -> None:
    """The tags of the other tool stay for ever."""
    seen = found(cases.OURS, handover=False, state=facts.Present)
    assert not isinstance(decide(seen, cases.kept(), cases.policy(), cases.AWS), plan.Refusal)


def test_without_adopt_the_owner_is_what_is_told() -> None:
    seen = found(None, handover=False, state=facts.Present)
    refused = decide(seen, cases.kept(), cases.policy(), cases.AWS)
    assert isinstance(refused, plan.Refusal)
    assert "has no owner" in refused.text


def test_the_text_fits_the_longest_names() -> None:
    secret = cases.secret(name="n" * 512, tags={}, manager=f"resource {'r' * 255} of stack s")
    refused = decide(
        facts.Present(secret=secret), cases.kept(), cases.policy(adopt="any"), cases.AWS
    )
    assert isinstance(refused, plan.Refusal)
    assert str(errors.Refused(refused.text)) == refused.text, f"{len(refused.text)}: clipped"
