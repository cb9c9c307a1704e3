"""What no test noticed when the code was broken on purpose; see tests/defects."""

from __future__ import annotations

import pytest

from core import cases
from recoverable_secrets.core import plan
from recoverable_secrets.core.decide import decide
from recoverable_secrets.core.facts import Replica
from recoverable_secrets.core.model import Replica as Declared

OHIO, PARIS = Replica(region="us-east-2"), Replica(region="eu-west-3")


@pytest.mark.parametrize("deletion", ["schedule", "force"])
def test_copies_that_others_made_are_taken_away_with_those_that_are_declared(deletion: str) -> None:
    """AWS refuses to delete what has any copy at all, whoever made it."""
    remembered = cases.memory(spec=cases.spec(replicas=[Declared(region=OHIO.region)]))
    live = cases.present(cases.secret(replicas=(OHIO, PARIS)))
    gone = cases.gone(memory=remembered)
    found = decide(live, gone, cases.policy(deletion=deletion), cases.AWS)
    assert isinstance(found, plan.Plan)
    removals = [step for step in found.actions if isinstance(step, plan.RemoveReplicas)]
    assert [step.regions for step in removals] == [(PARIS.region, OHIO.region)]
    assert [step.undo for step in removals] == [plan.AddReplicas(replicas=(OHIO, PARIS))]


@pytest.mark.parametrize("deletion", ["schedule", "force"])
def test_that_anothers_secret_is_left_alone_is_said_with_its_owner(deletion: str) -> None:
    """The teardown ends well, so only a note tells that the secret is still there."""
    live = cases.present(cases.secret(tags=cases.marks(cases.OTHERS)))
    gone = cases.gone(memory=cases.memory())
    found = decide(live, gone, cases.policy(deletion=deletion), cases.AWS)
    assert found == plan.Plan(notes=(f"{cases.NAME} belongs to {cases.OTHERS}: left alone",))
